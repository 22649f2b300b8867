"""The form of a request: what stands in it at first, "such as this product", and whom it asks, found by searching."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response, request

from ...catalogue import services as catalogue
from ...core import clock
from ...core.quantity import format_quantity
from ...edge.current import actor
from ...edge.forms import Form
from ...identity import registry
from ...identity import services as identity
from ...products import services as products
from ...products.rules import BASE_UNITS
from ...regions import services as regions
from ...sourcing import services as sourcing
from ...sourcing.requests import PROGRAMME

ROWS = 5
FOUND = 20


def usual() -> dict[str, Any]:
    today = clock.today()
    return {
        "kind": "rfq",
        "answer_on": today + timedelta(days=7),
        "until_day": today + timedelta(days=90),
        "address": identity.own(actor()).address,
    }


def such_as(code: str) -> dict[str, Any]:
    """The first line, and whom to look for, as the product of an offer has them."""
    offer = catalogue.by_codes([code]).get(code) if code else None
    if offer is None:
        return {}
    product = products.one(offer.product_id)
    line = {
        "name": product.name,
        "category_code": product.category_code,
        "unit": product.comparable_unit,
        "spec": product.grade,
        "product_id": product.id,
    }
    return {f"lines.0.{name}": value for name, value in line.items()} | {
        "title": product.name,
        "find_category": product.category_code,
    }


def present(row: Any) -> dict[str, Any]:
    party = next(one for one in sourcing.parties_of(row.id) if one.agency_id == row.agency_id)
    wants = sourcing.wants_of(row.id)
    values: dict[str, Any] = {name: getattr(row, name) for name in ("title", "note", "county", "until_day")}
    values |= {"address": party.address, "contact": party.contact, "answer_on": clock.local(row.answer_by).date()}
    values["join_on"] = clock.local(row.join_by).date() if row.join_by else ""
    for place, line in enumerate(sourcing.request_lines(row.id)):
        for name in ("category_code", "name", "spec", "unit", "from_day", "until_day"):
            values[f"lines.{place}.{name}"] = getattr(line, name)
        values[f"lines.{place}.product_id"] = line.product_id or ""
        values[f"lines.{place}.quantity"] = format_quantity(sum(wants[line.id].values()))
    return values


def asks_to_find() -> bool:
    """Whether the form was sent to look for suppliers, and not to be stored."""
    return "find" in request.form


def writing(form: Form, row: Any, labels: dict[str, Any]) -> Response:
    if form.posted and asks_to_find():
        form.status = 422  # nothing was done: the key on the page stays free for the draft itself
    kept = sum(1 for name in form.typed if str(name).startswith("lines.") and str(name).endswith(".name"))
    return form.page(
        "buyer/sourcing_form.html",
        row=row,
        labels=labels,
        rows=min(max(ROWS, kept + 2), 50),
        categories=products.categories(),
        units=BASE_UNITS,
        goods=_goods(form, kept),
        **_suppliers(form, row),
    )


def _goods(form: Form, lines: int) -> dict[str, Any]:
    """Product → itself, of the lines that are "such as" one."""
    ids = {one for place in range(lines) if (one := _id(form.value(f"lines.{place}.product_id")))}
    return {str(id_): product for id_, product in products.by_ids(ids).items()}


def _suppliers(form: Form, row: Any) -> dict[str, Any]:
    """Who is chosen, who was found besides, and the counties that may be asked as a whole."""
    asked = request.form.getlist("supplier_ids") if form.posted else sourcing.invited(row.id) if row else []
    ids = {id_ for one in asked if (id_ := _id(one))}
    chosen = sorted(identity.named(ids).values(), key=lambda one: one.name)
    places = registry.supplier_places()
    paths = regions.name_paths(places | {one.division for one in chosen})
    codes = {regions.county_of(place).code for place in places}
    names = regions.name_paths(codes)
    find = {name: str(form.value(f"find_{name}"))[:40] for name in ("words", "county", "category")}
    if find["county"] not in codes:
        find["county"] = ""
    found, total = sourcing.suppliers_found(
        actor(), words=find["words"].strip(), county=find["county"], category_code=find["category"], size=FOUND
    )
    listed = regions.counties_of(PROGRAMME, clock.today())
    return {
        "chosen": chosen,
        "found": [one for one in found if one.id not in ids],
        "more": max(0, total - FOUND),
        "total": total,
        "paths": paths,
        "find": find,
        "places": sorted(names.items()),
        "counties": sorted((code, name) for code, name in names.items() if code in listed),
    }


def _id(text: Any) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
