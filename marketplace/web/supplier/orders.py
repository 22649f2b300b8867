"""Orders: the list with its export, one order's page, taking it on or declining it."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import pgettext

from ...channels import services as channels
from ...core import clock
from ...core.money import yuan
from ...core.quantity import to_json
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...linkage import services as linkage
from ...payments import services as payments
from ...procurement import services as procurement
from ...settlement import services as settlement
from .. import navigation, sheets, story
from ..states import badge
from ..tables import Table
from . import blueprint
from .schemas import ReasonSchema

# What the list can be narrowed to, and the states that this means.
ONLY: dict[str, tuple[Any, tuple[str, ...]]] = {
    "": (_l("全部"), ()),
    "to_confirm": (_l("待接单"), ("to_confirm",)),
    "to_ship": (_l("待发货"), ("to_ship", "part_delivered", "in_transit")),
    "accepted": (_l("已验收，等付款"), ("accepted",)),
    "settled": (_l("已结清"), ("settled",)),
    "closed": (_l("未成交"), ("declined", "lapsed", "cancelled", "rejected")),
}
EXPORT_LIMIT = 10_000
LABELS = {"reason": _l("理由")}


@blueprint.get("/orders")
@guard("order.read")
def orders() -> Response | str:
    table = Table(keys=("number", "approved_at", "deliver_on", "total_fen"), default="-approved_at", per_page=50)
    only, number = request.args.get("only", ""), request.args.get("number", "")[:20]
    only = only if only in ONLY else ""
    narrowed: dict[str, Any] = {"states": ONLY[only][1], "number": number, "sort": table.sort}
    if request.args.get("format") == "csv":
        return _csv(procurement.listed(actor(), size=EXPORT_LIMIT, **narrowed)[0])
    rows, table.total = procurement.listed(actor(), page=table.page, size=table.limit, **narrowed)
    return render_template(
        "supplier/orders.html",
        rows=rows,
        table=table,
        only=only,
        number=number,
        choices=[(key, label) for key, (label, _states) in ONLY.items()],
        lines=procurement.lines_of([row.id for row in rows]),
        names=identity.named({row.agency_id for row in rows}),
        bills=payments.bills_of([row.id for row in rows]),
    )


def _csv(rows: list[Any]) -> Response:
    lines = procurement.lines_of([row.id for row in rows])
    names = identity.named({row.agency_id for row in rows})
    heads = [
        _("订单"), _("状态"), pgettext("done", "批准"), _("送达"), _("采购人"), _("产品"), _("编码"), pgettext("measure", "单位"), _("订购"), _("未发"),
        _("运输中"), _("已验收"), _("拒收"), _("取消"), _("单价（元）"), _("金额（元）"), _("已结清（元）"),
    ]  # fmt: skip
    quantities = ("ordered", "open", "in_transit", "accepted", "rejected", "cancelled")
    return sheets.download(
        "orders",
        heads,
        (
            [
                row.number,
                badge("order", row.state)[1],
                row.approved_at,
                row.deliver_on,
                names[row.agency_id].name,
                line.name,
                line.code,
                line.order_unit,
                *(to_json(getattr(line, name)) for name in quantities),
                yuan(line.price_fen),
                yuan(line.money_fen),
                yuan(line.settled_fen),
            ]
            for row in rows
            for line in lines.get(row.id, [])
        ),
    )


@blueprint.get("/orders/<uuid:order_id>")
@guard("order.read")
@navigation.on_own_side
def order(order_id: UUID) -> Response:
    return order_page(order_id, Form(ReasonSchema()))


@blueprint.post("/orders/<uuid:order_id>/confirm")
@guard("order.confirm")
def confirm(order_id: UUID) -> Response:
    form = Form()
    with form.attempt():
        row = settlement.confirm_order(actor(), order_id)
        words_ = _("已接单 %(number)s，请在 %(day)s 前送达。", number=row.number, day=row.deliver_on.isoformat())
        return done(words_, "supplier.order", order_id=order_id)
    return order_page(order_id, form)


@blueprint.route("/orders/<uuid:order_id>/decline", methods=["GET", "POST"])
@guard("order.confirm")
def decline(order_id: UUID) -> Response:
    form = Form(ReasonSchema())
    if form.posted:
        with form.attempt():
            row = procurement.decline(actor(), order_id, **form.data())
            return done(_("已回绝 %(number)s，库存已放回。", number=row.number), "supplier.order", order_id=order_id)
    row = procurement.order(actor(), order_id)
    return form.page(
        "supplier/decline.html",
        order=row,
        lines=procurement.lines_of([order_id]).get(order_id, []),
        agency=identity.named({row.agency_id})[row.agency_id],
        labels=LABELS,
    )


def order_page(order_id: UUID, form: Form) -> Response:
    row = procurement.order(actor(), order_id)
    lines = procurement.lines_of([order_id]).get(order_id, [])
    shipments = procurement.shipments_of([order_id]).get(order_id, [])
    acceptances = {found.shipment_id: found for found in procurement.acceptances_of([order_id]).get(order_id, [])}
    bills = payments.bill_by_acceptance([found.id for found in acceptances.values()])
    people = {row.requested_by, *(found.accepted_by for found in acceptances.values())}
    users = identity.user_names({user for user in people | {one.shipped_by for one in shipments} if user})
    return form.page(
        "supplier/order.html",
        order=row,
        lines=lines,
        line_of={line.id: line for line in lines},
        shipments=shipments,
        acceptances=acceptances,
        bills=bills,
        lots=linkage.by_ids({part.lot_id for one in shipments for part in one.lines}),
        agency=identity.named({row.agency_id})[row.agency_id],
        channel=next((found.name for found in channels.all_channels() if found.code == row.channel), row.channel),
        users=users,
        open_total=sum(line.open for line in lines),
        late=(row.deliver_on - clock.today()).days,
        steps=story.steps_of(row.id),
        labels=LABELS,
    )
