"""Distributions: cut, seen by household, approved by another person, paid out with evidence."""

from typing import Any
from uuid import UUID

from flask import Response, render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...attribution import services as attribution
from ...core import clock
from ...core.errors import Refused
from ...core.money import format_yuan, yuan
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from .. import sheets
from . import blueprint, people
from .schemas import PaidSchema, PrepareSchema

LABELS = {
    "cut_on": _l("截至"),
    "payouts": _l("农户"),
    "paid_on": _l("付款日"),
    "method": _l("付款方式"),
    "evidence": _l("凭证号"),
    "approver": _l("审批人"),
}


@blueprint.route("/distributions", methods=["GET", "POST"])
@guard("distribution.prepare")
def distributions() -> Response:
    """The list; its form prepares the next one."""
    form = Form(PrepareSchema(), {"cut_on": clock.today().isoformat()})
    if form.posted:
        with form.attempt():
            row = attribution.prepare(actor(), **form.data())
            words_ = _("%(number)s 已编制，请核对后交另一人审批。", number=row.number)
            return done(words_, "supplier.distribution", distribution_id=row.id)
    rows = attribution.listed(actor())
    return form.page(
        "supplier/distributions.html",
        rows=rows,
        paid=attribution.paid_so_far([row.id for row in rows]),
        waiting=attribution.waiting_fen(actor().organisation, clock.today()),  # type: ignore[arg-type]
        draft=next((row for row in rows if row.state == "draft"), None),
        labels=LABELS,
    )


@blueprint.get("/distributions/<uuid:distribution_id>")
@guard("distribution.prepare")
def distribution(distribution_id: UUID) -> Response:
    return _page(distribution_id, Form(PaidSchema(), {"paid_on": clock.today().isoformat(), "method": "transfer"}))


def _page(distribution_id: UUID, form: Form) -> Response:
    row = attribution.distribution(actor(), distribution_id)
    payouts = attribution.payouts_of(distribution_id)
    shares = {payout.household_id: payout.fen for payout in payouts} or attribution.shares_of(distribution_id)
    known = people.of(shares)
    by_household = {payout.household_id: payout for payout in payouts}
    staff = {row.prepared_by, row.approved_by, *(payout.paid_by for payout in payouts)}
    return form.page(
        "supplier/distribution.html",
        distribution=row,
        rows=[(one, shares[one.id], by_household.get(one.id)) for one in known.values()],
        to_pay=sum(payout.fen for payout in payouts if payout.state == "to_pay"),
        paid=sum(payout.fen for payout in payouts if payout.state == "paid"),
        left=sum(payout.state == "to_pay" for payout in payouts),
        users=identity.user_names({user for user in staff if user}),
        chosen=set(form.typed.getlist("payouts")) if form.posted and hasattr(form.typed, "getlist") else set(),
        labels=LABELS,
    )


@blueprint.post("/distributions/<uuid:distribution_id>/approve")
@guard("distribution.approve")
def distribution_approve(distribution_id: UUID) -> Response:
    form = Form()
    with form.attempt():
        row = attribution.approve(actor(), distribution_id)
        words_ = _("%(number)s 已批准，可以兑付。", number=row.number)
        return done(words_, "supplier.distribution", distribution_id=distribution_id)
    return _page(distribution_id, form)


@blueprint.post("/distributions/<uuid:distribution_id>/discard")
@guard("distribution.prepare")
def distribution_discard(distribution_id: UUID) -> Response:
    row = attribution.discard(actor(), distribution_id)
    return done(_("%(number)s 已作废，可以重新编制。", number=row.number), "supplier.distributions")


@blueprint.post("/distributions/<uuid:distribution_id>/paid")
@guard("payout.record")
def distribution_paid(distribution_id: UUID) -> Response:
    """Marks the chosen payouts of this distribution paid, all with one evidence."""
    form = Form(PaidSchema())
    with form.attempt():
        data = form.data()
        attribution.distribution(actor(), distribution_id)
        fen = {payout.id: payout.fen for payout in attribution.payouts_of(distribution_id)}
        chosen = data.pop("payouts")
        if not chosen or any(payout not in fen for payout in chosen):
            raise Refused("payouts_none", field="payouts")
        count = attribution.mark_paid(actor(), chosen, **data)
        total = format_yuan(sum(fen[payout] for payout in chosen))
        words_ = _("已记 %(count)s 户付款，合计 %(fen)s。", count=count, fen=total)
        return done(words_, "supplier.distribution", distribution_id=distribution_id)
    return _page(distribution_id, form)


@blueprint.get("/distributions/<uuid:distribution_id>/list")
@guard("distribution.prepare")
def payout_list(distribution_id: UUID) -> str:
    """发放花名册 to be printed and signed, by village and group."""
    row = attribution.distribution(actor(), distribution_id)
    return render_template("supplier/payout_list.html", distribution=row, rows=_payees(distribution_id))


@blueprint.get("/distributions/<uuid:distribution_id>/list.csv")
@guard("distribution.prepare")
def payout_csv(distribution_id: UUID) -> Response:
    row = attribution.distribution(actor(), distribution_id)
    heads = [_("序号"), _("村"), _("组"), _("户主"), _("户号"), _("项目"), _("应发（元）"), _("状态"), _("凭证号")]
    return sheets.download(
        f"payouts-{row.number}",
        heads,
        (
            [
                number,
                one.village,
                one.group,
                one.name,
                one.code,
                row.number,
                yuan(payout.fen),
                payout.state,
                payout.evidence,
            ]
            for number, (one, payout) in enumerate(_payees(distribution_id), 1)
        ),
    )


def _payees(distribution_id: UUID) -> list[tuple[people.Person, Any]]:
    payouts = {payout.household_id: payout for payout in attribution.payouts_of(distribution_id)}
    return [(one, payouts[id_]) for id_, one in people.of(payouts).items()]
