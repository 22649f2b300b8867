"""Closing months: the list, a proposal with what it will freeze, a month as it was closed and as it is known now."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...core.errors import Refused
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...reporting import restated, verification
from ...settlement import closing
from ...settlement.closing_schemas import ProposeSchema, RefuseSchema
from ..tables import Table
from . import asking, blueprint, words

LABELS = {"through": _l("结到"), "note": _l("说明"), "reason": _l("理由")}
WARNINGS = {
    "transfers_waiting": _l("采购人已登记付款、供应商还没有确认到账"),
    "payouts_open": _l("已批准、还没有发到户的兑付"),
    "disputes_open": _l("农户提出、还没有办结的异议"),
    "journals_unsealed": _l("还没有封存的凭证"),
    "verify_faults": _l("最近一次核验查出的问题"),
}
BY = {
    "origin": words.DIMENSIONS["origin"],
    "supplier": words.DIMENSIONS["supplier"],
    "agency": words.DIMENSIONS["buyer"],
    "category": words.DIMENSIONS["category"],
    "channel": words.DIMENSIONS["channel"],
}
KINDS = {
    "reversal": _l("冲销"),
    "slip": _l("过磅单"),
    "flow": _l("工资租金等"),
    "revision": _l("批次补价"),
    "farm_payment": _l("收购付款"),
    "payout": _l("分配兑付"),
}


@blueprint.route("/periods", methods=["GET", "POST"])
@guard("period.read")
def periods() -> Response:
    """The division's months; its clerks propose to close here."""
    form = Form(ProposeSchema(), {"note": ""})
    if form.posted:
        with form.attempt():
            row = closing.propose(actor(), **form.data())
            return done(_("已提出，等另一人批准。"), "office.closing", closing_id=row.id)
    prefix = closing.prefix_of(actor(), request.args.get("division"))
    months = closing.months(actor(), prefix)
    people = {row.closing.decided_by or row.closing.proposed_by for row in months if row.closing}
    return form.page(
        "office/periods.html",
        months=months,
        prefix=prefix,
        place=asking.place_name(prefix),
        pending=next((row.closing for row in months if row.state == "proposed"), None),
        to_close=[(str(row.period), row.period) for row in months if row.state == "to_close"],
        own=actor().scope.division == prefix,
        users=identity.user_names({person for person in people if person}),
        above=_places(months),
        labels=LABELS,
    )


def _places(months: list[closing.Month]) -> dict[str, str]:
    return {row.closed_above: asking.place_name(row.closed_above) for row in months if row.closed_above}


@blueprint.get("/periods/closings/<uuid:closing_id>", endpoint="closing")
@guard("period.read")
def closing_(closing_id: UUID) -> Response:
    return _closing(closing_id, Form(RefuseSchema(), {"reason": ""}))


def _closing(closing_id: UUID, form: Form) -> Response:
    row = closing.closing(actor(), closing_id)
    shown = closing.preview(actor(), row)
    late = dict(shown.warnings)
    if row.state == "proposed":
        late |= verification.warnings()
    return form.page(
        "office/closing.html",
        closing=row,
        shown=shown,
        late=late,
        words=WARNINGS,
        place=asking.place_name(row.prefix),
        own=actor().scope.division == row.prefix,
        mine=row.proposed_by == actor().user,
        users=identity.user_names({person for person in (row.proposed_by, row.decided_by) if person}),
        labels=LABELS,
    )


@blueprint.post("/periods/closings/<uuid:closing_id>/approve")
@guard("period.approve")
def closing_approve(closing_id: UUID) -> Response:
    form = Form()
    with form.attempt():
        row = closing.approve(actor(), closing_id)
        return done(_("已结账，数字已定格。"), "office.closing", closing_id=row.id)
    return _closing(closing_id, form)


@blueprint.post("/periods/closings/<uuid:closing_id>/refuse")
@guard("period.propose")
def closing_refuse(closing_id: UUID) -> Response:
    form = Form(RefuseSchema())
    with form.attempt():
        row = closing.refuse(actor(), closing_id, form.data()["reason"])
        word = _("已撤回。") if row.state == "withdrawn" else _("已退回。")
        return done(word, "office.periods")
    return _closing(closing_id, form)


@blueprint.get("/periods/<int:period>")
@guard("period.read")
def period(period: int) -> str:
    """One month as it was closed and as it is known now."""
    by = request.args.get("by", "origin")
    if by not in BY:
        raise Refused("not_a_dimension", field="by", value=by[:20])
    table = Table(per_page=50)
    prefix = closing.prefix_of(actor(), request.args.get("division"))
    found = restated.restated(actor(), period, prefix, by, page=table.page, size=table.per_page)
    table.total = found.rows_total
    return render_template(
        "office/period.html",
        found=found,
        table=table,
        by=by,
        dimensions=BY,
        kinds=KINDS,
        place=asking.place_name(prefix),
        places=asking.short_places({row.division for row in found.rows}),
        organisations=identity.named({row.supplier_id for row in found.rows}),
        **_links(prefix, found),
    )


def _links(prefix: str, found: Any) -> dict[str, Any]:
    """A month that nobody restates opens to the report's rows."""
    question = {"origin": prefix, "from": str(found.period), "to": str(found.period)}
    return {"question": question}
