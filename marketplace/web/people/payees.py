"""Payees: proposed on one page, approved by another person, stopped in the cooling-off; the list of what waits."""

from typing import Any
from uuid import UUID

from flask import Response, render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...core import clock
from ...core.errors import NotFound
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...households import services as households
from ...households.schemas import NewPayeeSchema, WhySchema
from ...identity import services as identity
from ...linkage import services as linkage
from ..tables import Table
from . import around, linked, one_of, paper, shown, uploaded, words
from . import names as households_named

LABELS = {
    "kind": _l("收款方式"),
    "agreement_id": _l("用于哪份协议"),
    "member_id": _l("收款人"),
    "bank": _l("开户行"),
    "account": _l("账号"),
    "holder_name": _l("账户户名"),
    "proxy_name": _l("代领人姓名"),
    "proxy_relation": _l("与户主的关系"),
    "proxy_id_number": _l("代领人身份证号"),
    "until": _l("代领到哪一天"),
    "file": _l("书面委托的扫描件"),
    "reason": _l("理由"),
}


@guard("payee.propose")
def payee_new(household_id: UUID) -> Response:
    household = one_of(household_id)
    members = [row for row in households.members_of(household_id) if row.left_on is None]
    form = Form(NewPayeeSchema(exclude=("file_id",)), {"kind": "card"})
    if form.posted:
        with form.attempt():
            data = form.data()
            if data["agreement_id"] and str(data["agreement_id"]) not in dict(_agreements(household_id)):
                raise NotFound("agreement")
            data["file_id"] = None if data["member_id"] else uploaded()
            households.propose_payee(actor(), household_id, linked=linked(), **data)
            return done(_("已提出，等另一人批准后生效。"), ".people", household_id=household_id)
    return form.page(
        "people/payee_new.html",
        **around(household),
        labels=LABELS,
        members=members,
        kinds=[(code, word, words.KIND_NOTES[code]) for code, word in words.KINDS.items()],
        agreements=_agreements(household_id),
        first=not any(row.approved_by for row in households.payees_of(household_id)),
    )


def _agreements(household_id: UUID) -> list[tuple[str, str]]:
    """(id, number) of the supplier's agreements with the household; an office names payees for the household alone."""
    who = actor()
    if who.kind != "supplier" or who.organisation is None:
        return []
    linked_ = linkage.agreements_of_households(who.organisation).get(household_id, set())
    return [(str(id_), row.number) for id_, row in linkage.agreements_by_ids(linked_).items()]


@guard("payee.approve")
def payee_approve(payee_id: UUID) -> Response:
    home = households.payee(actor(), payee_id, linked()).household_id
    form = Form()
    with form.attempt():
        row = households.approve_payee(actor(), payee_id, linked=linked())
        if row.in_force_from and row.in_force_from > clock.today():
            word = _("已批准。冷静期到 %(day)s，期间仍按原来的付，也可以停止。", day=row.in_force_from.isoformat())
        else:
            word = _("已批准，从今天起按此付款。")
        return done(word, ".people", household_id=home)
    return form.page("people/refused.html", **around(one_of(home)), labels=LABELS)


@guard("payee.propose")
def payee_stop(payee_id: UUID) -> Response:
    row = households.payee(actor(), payee_id, linked())
    form = Form(WhySchema())
    if form.posted:
        with form.attempt():
            households.stop_payee(actor(), payee_id, form.data()["reason"], linked=linked())
            return done(_("已停止。"), ".people", household_id=row.household_id)
    states = households.standing_of(households.payees_of(row.household_id), clock.today())
    return form.page(
        "people/payee_stop.html", **around(one_of(row.household_id)), payee=row, state=states[row.id], labels=LABELS
    )


@guard("household.read")
def payee_paper(payee_id: UUID) -> Response:
    """The paper that names a proxy."""
    return paper(households.payee(actor(), payee_id, linked()).file_id)


@guard("household.read")
def payees() -> str:
    """What waits for a second person or cools off, and the mergers and splits that wait."""
    table = Table(per_page=50)
    rows, table.total = households.payees_waiting(actor(), linked(), page=table.page, size=table.per_page)
    changes: list[Any] = []
    if actor().kind != "supplier":
        changes, _total = households.changes_waiting(actor(), size=50)
    others = [id_ for change in changes for id_, _bp in change.parts] + [change.row.household_id for change in changes]
    users = {row.proposed_by for row in rows} | {change.row.recorded_by for change in changes}
    return render_template(
        "people/payees.html",
        nav="supplier.agreements" if actor().kind == "supplier" else "office.households",
        rows=rows,
        table=table,
        states=households.standing_of(rows, clock.today()),
        changes=changes,
        families=households_named([row.household_id for row in rows] + others),
        users=identity.user_names(users),
        words=words,
        shown=shown,
    )


ROUTES = [
    ("/households/<uuid:household_id>/payees/new", payee_new, ["GET", "POST"]),
    ("/payees", payees, ["GET"]),
    ("/payees/<uuid:payee_id>/approve", payee_approve, ["POST"]),
    ("/payees/<uuid:payee_id>/stop", payee_stop, ["GET", "POST"]),
    ("/payees/<uuid:payee_id>/paper", payee_paper, ["GET"]),
]
