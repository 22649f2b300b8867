"""Suppliers with their four figures, and one supplier."""

from typing import Any
from uuid import UUID

from flask import render_template, request

from ...accreditation import services as accreditation
from ...core.errors import NotFound
from ...edge.current import actor
from ...edge.guard import guard
from ...identity import registry
from ...identity import services as identity
from ...products import services as products
from ...regions import services as regions
from ...reporting import services as reporting
from ...reporting.services import Figures
from ..tables import Table
from . import asking, blueprint, words

KEYS = ("name", "settled", "attributed", "owed", "received", "to_pay", "households")


@blueprint.get("/suppliers")
@guard("report.read")
def suppliers() -> str:
    question = asking.asked(actor())
    report = reporting.volume(actor(), question, "supplier")
    rows = {row.key: (row.key, row.name, row.figures) for row in report.rows}
    told = report.tells_owed
    for id_, name in registry.choices(actor(), "supplier"):
        rows.setdefault(str(id_), (str(id_), name, Figures() if told else Figures(owed_fen=None, received_fen=None)))
    typed = request.args.get("q", "").strip()[:40]
    found = [row for row in rows.values() if typed in row[1]]
    table = Table(KEYS, "-settled", per_page=50, total=len(found))
    found.sort(key=lambda row: _key(row, table.key), reverse=table.descending)
    shown = found[table.offset : table.offset + table.limit]
    named = identity.named({UUID(key) for key, _, _ in shown})
    return render_template(
        "office/suppliers.html",
        rows=shown,
        total=report.total,
        table=table,
        typed=typed,
        question=question,
        named=named,
        places=asking.short_places({row.division for row in named.values()}),
        kinds=words.SUPPLIER_KINDS,
        to_rows=asking.arguments,
        rows_url=asking.row_links(),
        typed_month=asking.typed_month,
    )


def _key(row: tuple[str, str, Figures], key: str) -> Any:
    if key == "name":
        return row[1]
    return getattr(row[2], "households" if key == "households" else f"{key}_fen") or 0


@blueprint.get("/suppliers/<uuid:supplier_id>")
@guard("report.read")
def supplier(supplier_id: UUID) -> str:
    row = identity.organisation(actor(), supplier_id)
    if row.kind != "supplier":
        raise NotFound("organisation")
    question = asking.asked(actor()).narrowed("supplier", str(supplier_id))
    report = reporting.volume(actor(), question, "category")
    whole = reporting.volume(actor(), question, "month")
    grants, count = accreditation.register(actor(), supplier_id=supplier_id, size=20)
    return render_template(
        "office/supplier.html",
        supplier=row,
        place=regions.name_path(row.division),
        kinds=words.SUPPLIER_KINDS,
        question=question,
        total=whole.total,
        months=asking.columns_chart(whole),
        categories=report.rows,
        grants=grants,
        grant_count=count,
        products=products.by_ids({grant.product_id for grant in grants}),
        to_rows=asking.arguments(question),
        arguments=asking.arguments,
        rows_url=asking.row_links(),
    )
