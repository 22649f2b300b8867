"""Suppliers: the list by county, and one supplier with what it sells, its grants and its figures of the year."""

from uuid import UUID

from flask import render_template, request
from flask_babel import lazy_gettext as _l

from ...accreditation import services as accreditation
from ...catalogue import services as catalogue
from ...core import clock
from ...core.actor import PUBLIC
from ...core.errors import NotFound
from ...edge.guard import guard
from ...identity import services as identity
from ...linkage import services as linkage
from ...products import services as products
from ...regions import services as regions
from ...regions.rules import county_code
from ...settlement import services as settlement
from . import blueprint
from .cards import cards
from .home import FEW, state_of

KINDS = {
    "enterprise": _l("企业"),
    "cooperative": _l("农民专业合作社"),
    "family_farm": _l("家庭农场"),
    "workshop": _l("帮扶车间"),
}


@blueprint.get("/suppliers")
@guard(public=True)
def suppliers() -> str:
    rows = identity.suppliers_in("")
    county = request.args.get("county", "")
    counties: dict[str, int] = {}
    for row in rows:
        code = county_code(row.division)
        counties[code] = counties.get(code, 0) + 1
    shown = [row for row in rows if not county or county_code(row.division) == county]
    return render_template(
        "public/suppliers.html",
        rows=shown,
        total=len(rows),
        county=county,
        counties=[(code, regions.division(code).name, count) for code, count in sorted(counties.items())],
        households=linkage.households_of_suppliers({row.id for row in shown}) if shown else {},
        places=regions.name_paths({row.division for row in shown}),
        kinds=KINDS,
        few=FEW,
    )


@blueprint.get("/suppliers/<uuid:supplier_id>")
@guard(public=True)
def supplier(supplier_id: UUID) -> str:
    row = identity.organisation(PUBLIC, supplier_id)
    if row.kind != "supplier":
        raise NotFound("organisation")
    offers = catalogue.of_supplier(row.id)
    grants, total = accreditation.published(supplier_id=row.id)
    return render_template(
        "public/supplier.html",
        supplier=row,
        cards=cards([offer.id for offer in offers]),
        grants=grants,
        grants_total=total,
        products=products.by_ids({grant.product_id for grant in grants}) if grants else {},
        place=regions.name_path(row.division),
        kinds=KINDS,
        households=linkage.households_of_suppliers({row.id}).get(row.id, 0),
        volume=settlement.volume_of(clock.today().year, "supplier", str(row.id)),
        year=clock.today().year,
        state_of=state_of,
        few=FEW,
    )
