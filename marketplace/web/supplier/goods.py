"""Products: the list, one product with its offers, grants and lots, adding and editing."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...accreditation import services as accreditation
from ...catalogue import services as catalogue
from ...core import clock
from ...core.errors import NotFound
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...linkage import services as linkage
from ...products import services as products
from ...products.rules import BASE_UNITS
from ...regions import services as regions
from .. import kit
from ..tables import Table
from . import blueprint
from .home import lacks
from .schemas import ProductEditSchema, ProductSchema

LABELS = {
    "code": _l("编码"),
    "name": _l("品名"),
    "category_code": _l("品类"),
    "base_unit": _l("基本单位"),
    "origin": _l("产地"),
    "grade": _l("等级规格"),
    "storage": _l("储存条件"),
    "shelf_life_days": _l("保质期"),
    "certificates": _l("证书"),
    "description": _l("说明"),
}


@blueprint.get("/products", endpoint="products")
@guard("product.edit")
def own_products() -> str:
    table = Table(keys=("code", "name", "used"), default="code", per_page=50)
    rows = products.own(actor())
    wanted = request.args.get("q", "").strip()
    rows = [row for row in rows if wanted.lower() in f"{row.name} {row.code}".lower()]
    offers, grants = _offers(), _grants()
    used = {row.id: sum(grant.used_fen for grant in grants.get(row.id, [])) for row in rows}
    keys = {"code": lambda row: row.code, "name": lambda row: row.name, "used": lambda row: used[row.id]}
    rows.sort(key=keys[table.key], reverse=table.descending)
    table.total = len(rows)
    return render_template(
        "supplier/products.html",
        rows=rows[table.offset : table.offset + table.limit],
        table=table,
        q=wanted,
        offers=offers,
        grants=grants,
        used=used,
        lacking={lack.product.id: lack for lack in reversed(lacks(actor()))},
        categories={row.code: row for row in products.categories()},
    )


def _offers() -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    for offer in catalogue.own(actor()):
        found.setdefault(offer.product_id, []).append(offer)
    return found


def _grants() -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    for grant in accreditation.listed(actor()):
        found.setdefault(grant.product_id, []).append(grant)
    return found


def own(product_id: UUID) -> Any:
    """A product of the actor's supplier. Raises NotFound: a foreign one answers as an unknown one."""
    row = products.by_ids([product_id]).get(product_id)
    if row is None or row.supplier_id != actor().organisation:
        raise NotFound("product")
    return row


@blueprint.get("/products/<uuid:product_id>")
@guard("product.edit")
def product(product_id: UUID) -> str:
    row = own(product_id)
    return render_template(
        "supplier/product.html",
        product=row,
        category={found.code: found for found in products.categories()}[row.category_code],
        origin=regions.name_path(row.origin),
        needed=products.papers_needed([product_id])[product_id],
        offers=_offers().get(product_id, []),
        grants=accreditation.of_product(product_id),
        lots=linkage.lots_of([product_id])[:20],
        lacks=[lack for lack in lacks(actor()) if lack.product.id == product_id],
    )


@blueprint.route("/products/new", methods=["GET", "POST"])
@guard("product.edit")
def product_new() -> Response:
    form = Form(ProductSchema(), {"base_unit": "千克"})
    if form.posted:
        with form.attempt():
            data = form.data()
            data.pop("version")
            row = products.add_product(actor(), **{**data, "certificates": _listed(data["certificates"])})
            words = _("已添加 %(name)s，接着上架一个供应。", name=row.name)
            return done(words, "supplier.offer_new", product_id=row.id)
    categories = products.categories()
    parents = {row.parent_code for row in categories}
    return form.page(
        "supplier/product_form.html",
        product=None,
        labels=LABELS,
        categories=[(row.code, row.name) for row in categories if row.code not in parents],
        units=[(unit, kit.unit_word(unit)) for unit in BASE_UNITS],
        places=places(),
    )


@blueprint.route("/products/<uuid:product_id>/edit", methods=["GET", "POST"])
@guard("product.edit")
def product_edit(product_id: UUID) -> Response:
    row = own(product_id)
    values = {name: getattr(row, name) or "" for name in ("name", "grade", "storage", "shelf_life_days", "description")}
    form = Form(ProductEditSchema(), values | {"certificates": "、".join(row.certificates), "version": row.version})
    if form.posted:
        with form.attempt():
            data = form.data()
            data["certificates"] = _listed(data["certificates"])
            products.edit_product(actor(), product_id, data.pop("version"), **data)
            return done(_("已保存。"), "supplier.product", product_id=product_id)
    return form.page("supplier/product_form.html", product=row, labels=LABELS)


def _listed(text: str) -> list[str]:
    return [word.strip() for word in text.replace("，", "、").replace(",", "、").split("、") if word.strip()]


def places() -> list[tuple[str, str]]:
    """The townships and villages of the supplier's county, as choices: a village under its township."""
    county = identity.named({actor().organisation})[actor().organisation].division  # type: ignore[arg-type,index]
    towns = regions.below(county, 4, clock.today())
    villages: dict[str | None, list[Any]] = {}
    for village in regions.below(county, 5, clock.today()):
        villages.setdefault(village.parent_code, []).append(village)
    return [
        choice
        for town in towns
        for choice in [
            (town.code, town.name),
            *((village.code, f"{town.name} {village.name}") for village in villages.get(town.code, [])),
        ]
    ]
