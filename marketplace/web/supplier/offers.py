"""Offers of a product: how it is packed and priced, what there is of it, and when it is on sale."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...catalogue import services as catalogue
from ...core.errors import NotFound
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from . import blueprint, fields
from .goods import own as own_product
from .schemas import OfferEditSchema, OfferSchema, StockSchema

LABELS = {
    "code": _l("供应编码"),
    "pricing": _l("计价方式"),
    "order_unit": _l("订货单位"),
    "content": _l("每单位含量"),
    "step": _l("递增"),
    "pack": _l("整包倍数"),
    "minimum": _l("起订量"),
    "tolerance_basis_points": _l("净重允许偏差"),
    "stock": _l("库存"),
    "season_from": _l("供应期起"),
    "season_to": _l("供应期止"),
    "lead_days": _l("备货天数"),
    "breaks": _l("价格档"),
    "from_quantity": _l("数量从"),
    "price_fen": _l("单价"),
}
BREAK_ROWS = 5


@blueprint.route("/products/<uuid:product_id>/offers/new", methods=["GET", "POST"])
@guard("offer.edit")
def offer_new(product_id: UUID) -> Response:
    product = own_product(product_id)
    values = {"pricing": "counted", "step": "1", "pack": "1", "lead_days": "2", "order_unit": product.base_unit}
    form = Form(OfferSchema(), values | {"content": "1"})
    if form.posted:
        with form.attempt():
            data = _priced(form.data())
            data.pop("version")
            row = catalogue.list_offer(actor(), product_id, **data)
            return done(_("%(code)s 已上架。", code=row.code), "supplier.product", product_id=product_id)
    return form.page("supplier/offer_form.html", product=product, offer=None, labels=LABELS, break_rows=BREAK_ROWS)


def _priced(data: dict[str, Any]) -> dict[str, Any]:
    breaks = [(row["from_quantity"], row["price_fen"]) for row in data["breaks"]]
    return {**data, "breaks": breaks}


def own(offer_id: UUID) -> Any:
    """An offer of the actor's supplier. Raises NotFound."""
    row = catalogue.by_ids([offer_id]).get(offer_id)
    if row is None or row.supplier_id != actor().organisation:
        raise NotFound("offer")
    return row


@blueprint.route("/offers/<uuid:offer_id>/edit", methods=["GET", "POST"])
@guard("offer.edit")
def offer_edit(offer_id: UUID) -> Response:
    row = own(offer_id)
    form = Form(OfferEditSchema(), _present(row))
    if form.posted:
        with form.attempt():
            data = _priced(form.data())
            catalogue.edit_offer(actor(), offer_id, data.pop("version"), **data)
            return done(_("%(code)s 已保存。", code=row.code), "supplier.product", product_id=row.product_id)
    product = own_product(row.product_id)
    return form.page("supplier/offer_form.html", product=product, offer=row, labels=LABELS, break_rows=BREAK_ROWS)


def _present(row: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        name: fields.decimal(getattr(row, name)) for name in ("content", "step", "pack", "minimum")
    }
    for number, found in enumerate(row.breaks):
        values[f"breaks.{number}.from_quantity"] = fields.decimal(found.from_quantity)
        values[f"breaks.{number}.price_fen"] = fields.yuan(found.price_fen)
    return values | {
        "order_unit": row.order_unit,
        "tolerance_basis_points": fields.percent(row.tolerance_basis_points),
        "season_from": fields.season(row.season_from),
        "season_to": fields.season(row.season_to),
        "lead_days": row.lead_days,
        "version": row.version,
    }


@blueprint.route("/offers/<uuid:offer_id>/stock", methods=["GET", "POST"])
@guard("offer.edit")
def stock(offer_id: UUID) -> Response:
    """`seen` tells what the page showed: goods that left meanwhile are a conflict, not a loss."""
    row = own(offer_id)
    form = Form(StockSchema(), {"stock": fields.decimal(row.stock), "seen": row.stock})
    if form.posted:
        with form.attempt():
            catalogue.set_stock(actor(), offer_id, **form.data())
            return done(_("%(code)s 的库存已改。", code=row.code), "supplier.product", product_id=row.product_id)
    row = own(offer_id)
    product = own_product(row.product_id)
    return form.page("supplier/stock.html", offer=row, product=product, labels=LABELS)


@blueprint.post("/offers/<uuid:offer_id>/<any(withdraw, relist):verb>")
@guard("offer.edit")
def turn_offer(offer_id: UUID, verb: str) -> Response:
    row = {"withdraw": catalogue.withdraw, "relist": catalogue.relist}[verb](actor(), offer_id)
    words = _("%(code)s 已下架。", code=row.code) if verb == "withdraw" else _("%(code)s 已上架。", code=row.code)
    return done(words, "supplier.product", product_id=row.product_id)
