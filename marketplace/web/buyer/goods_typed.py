"""Codes and quantities typed into rows: the offers that they name."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...catalogue import services as catalogue
from ...core.errors import DomainError, Many, Refused
from ...core.quantity import format_quantity, parse
from ...products import services as products


def read(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of `code` and `quantity` → offer_id and quantity. Raises Many with rows: code_unknown, not_a_quantity …"""
    offers = catalogue.by_codes({row["code"] for row in rows})
    found, errors = [], []
    for no, row in enumerate(rows, 1):
        try:
            found.append(_one(no, row, offers))
        except DomainError as error:
            errors.append(error)
    if errors:
        raise Many(errors)
    return found


def _one(no: int, row: Mapping[str, Any], offers: Mapping[str, Any]) -> dict[str, Any]:
    offer = offers.get(row["code"].strip().upper())
    if offer is None or offer.state != "on_sale":
        raise Refused("code_unknown", field="code", row=no, value=row["code"][:40])
    return {"offer_id": offer.id, "quantity": parse(row["quantity"], "quantity", no, offer.order_unit)}


def shown(goods: Sequence[Any]) -> list[dict[str, Any]]:
    """Rows of offers and quantities with what people know them by."""
    offers = catalogue.by_ids({good.offer_id for good in goods})
    named = products.by_ids({offer.product_id for offer in offers.values()})
    return [
        {
            "offer_id": good.offer_id,
            "code": offers[good.offer_id].code,
            "name": named[offers[good.offer_id].product_id].name,
            "unit": offers[good.offer_id].order_unit,
            "quantity": good.quantity,
            "text": format_quantity(good.quantity),
            "on_sale": offers[good.offer_id].state == "on_sale",
        }
        for good in goods
        if good.offer_id in offers
    ]


def controls(goods: Sequence[dict[str, Any]]) -> dict[str, str]:
    """The same as a form's controls: lines.0.code, lines.0.quantity, …"""
    return {
        f"lines.{number}.{name}": str(good[key])
        for number, good in enumerate(goods)
        for name, key in (("code", "code"), ("quantity", "text"))
    }
