"""Slips: the list, one slip, and paying them at the farm gate."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import pgettext

from ...core import clock
from ...core.errors import NotFound, Refused
from ...core.money import format_yuan, yuan
from ...core.quantity import to_json
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...linkage import services as linkage
from .. import sheets
from ..tables import Table
from . import blueprint, fields, people
from .schemas import PaySlipSchema, PaySlipsSchema

ONLY = {"": _l("全部"), "open": _l("未归批"), "unpaid": _l("未付清")}
LABELS = {
    "slip_ids": _l("过磅单"),
    "fen": _l("金额"),
    "day": _l("付款日"),
    "method": _l("付款方式"),
    "evidence": _l("凭证号"),
}


@blueprint.get("/slips")
@guard("slip.record")
def slips() -> Response | str:
    table = Table(per_page=50)
    only = request.args.get("only", "")
    only = only if only in ONLY else ""
    if request.args.get("format") == "csv":
        return _csv(linkage.listed_slips(actor(), only=only, size=10_000)[0])
    rows, table.total = linkage.listed_slips(actor(), only=only, page=table.page, size=table.limit)
    return render_template(
        "supplier/slips.html",
        rows=rows,
        table=table,
        only=only,
        choices=list(ONLY.items()),
        people=people.of({row.household_id for row in rows}),
        lots=linkage.by_ids({row.lot_id for row in rows if row.lot_id}),
    )


def _csv(rows: list[Any]) -> Response:
    known = people.of({row.household_id for row in rows})
    lots = linkage.by_ids({row.lot_id for row in rows if row.lot_id})
    heads = [
        _("过磅单"), _("日期"), _("户号"), _("户主"), _("村"), _("组"), _("品名"), _("等级"), _("件数"), pgettext("measure", "单位"),
        _("毛重"), _("皮重"), _("净重"), _("单价（元）"), _("货款（元）"), _("抵预支款（元）"), _("应付（元）"), _("已付（元）"), _("批次"),
    ]  # fmt: skip
    return sheets.download(
        "slips",
        heads,
        (
            [
                row.number,
                row.delivered_on,
                one.code,
                one.name,
                one.village,
                one.group,
                row.item,
                row.grade,
                row.pieces,
                row.unit,
                to_json(row.gross),
                to_json(row.tare),
                to_json(row.net),
                yuan(row.price_fen),
                yuan(row.value_fen),
                yuan(row.deduction_fen),
                yuan(row.payable_fen),
                yuan(row.paid_fen),
                lots[row.lot_id].number if row.lot_id else "",
            ]
            for row in rows
            for one in [known[row.household_id]]
        ),
    )


@blueprint.route("/slips/<uuid:slip_id>", methods=["GET", "POST"])
@guard("slip.record")
def slip(slip_id: UUID) -> Response:
    """One slip; its form pays a part or the rest."""
    row = linkage.slip(actor(), slip_id)
    if row.supplier_id != actor().organisation:
        raise NotFound("slip")
    left = row.payable_fen - row.paid_fen
    now = linkage.payable_now([row]).get(slip_id, 0) if left else 0
    form = Form(PaySlipSchema(), {"fen": fields.yuan(now), "day": clock.today().isoformat(), "method": "cash"})
    if form.posted:
        with form.attempt():
            data = form.data()
            fen = data.pop("fen")
            if fen > left:
                raise Refused("paid_beyond_payable", field="fen")
            linkage.pay_slips(actor(), {slip_id: fen}, **data)
            return done(_("已付 %(fen)s。", fen=format_yuan(fen)), "supplier.slip", slip_id=slip_id)
    payments = linkage.payments_of_slip(slip_id)
    return form.page(
        "supplier/slip.html",
        slip=row,
        left=left,
        covered=left - now if row.basis != "consignment" else 0,
        set_offs=linkage.set_offs_of_slip(slip_id),
        household=people.of([row.household_id])[row.household_id],
        lot=linkage.by_ids([row.lot_id])[row.lot_id] if row.lot_id else None,
        agreement=linkage.agreements_by_ids([row.agreement_id])[row.agreement_id],
        payments=payments,
        users=identity.user_names({user for user in {row.recorded_by, *(one.recorded_by for one in payments)} if user}),
        labels=LABELS,
    )


@blueprint.route("/slips/pay", methods=["GET", "POST"])
@guard("slip.record")
def pay_slips() -> Response:
    """Pays the chosen slips in full, each household by each slip, with one evidence for all of them."""
    rows = linkage.unpaid_slips(actor().organisation)  # type: ignore[arg-type]
    asked = request.args.getlist("slip")
    form = Form(PaySlipsSchema(), {"day": clock.today().isoformat(), "method": "cash"})
    if form.posted:
        with form.attempt():
            data = form.data()
            known = {row.id: row for row in rows}
            chosen = data.pop("slip_ids")
            if not chosen or any(slip_id not in known for slip_id in chosen):
                raise Refused("slips_none" if not chosen else "paid_beyond_payable", field="slip_ids")
            # What earlier money covers is set off with the payment and not paid again.
            due = linkage.payable_now(rows)
            paid = linkage.pay_slips(actor(), {id_: due[id_] for id_ in chosen if id_ in due}, **data)
            fen = format_yuan(sum(row.fen for row in paid))
            return done(_("已付 %(count)s 张，合计 %(fen)s。", count=len(paid), fen=fen), "supplier.pay_slips")
    return form.page(
        "supplier/pay_slips.html",
        rows=rows,
        chosen=set(request.form.getlist("slip_ids") or asked),
        people=people.of({row.household_id for row in rows}),
        labels=LABELS,
    )
