"""发放花名册: on the screen, and as PDF (A4 across), XLSX and CSV in the office's columns; in full only with a reason."""

import io
from typing import Any
from uuid import UUID

from flask import Response, request, send_file
from flask_babel import force_locale
from flask_babel import lazy_gettext as _l

from ...attribution import pay_lists
from ...attribution import services as attribution
from ...core import clock, pdf
from ...core.errors import Refused
from ...core.money import format_yuan
from ...core.sheets import to_csv_bytes, to_xlsx
from ...edge.current import actor
from ...edge.forms import Form
from ...edge.guard import guard
from ...households import services as households
from ...identity import services as identity
from ..people.words import relation
from . import blueprint
from .distributions import village_names
from .schemas import RevealListSchema

LABELS = {"reason": _l("理由"), "format": _l("格式")}
FORMATS = [("pdf", "PDF"), ("xlsx", "XLSX"), ("csv", "CSV")]
WIDTHS = {"no": 5, "signature": 12, "account": 20, "id_number": 20, "village": 14, "note": 14, "item": 15}
# Shares of the paper's width; 0 takes what its text needs.
PARTS = {"signature": 3, "note": 2, "proxy": 2, "account": 3, "id_number": 3, "bank": 3}
MOST_ON_PAPER = 5_000  # households of one PDF; a longer list is printed by village
MEDIA = {
    "pdf": "application/pdf",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@blueprint.get("/distributions/<uuid:distribution_id>/list")
@guard("distribution.prepare")
def payout_list(distribution_id: UUID) -> Response:
    """发放花名册 to be looked at, printed and signed, by village and group; numbers by their ends."""
    return _page(distribution_id, Form(RevealListSchema(), {"format": "xlsx"}))


def _page(distribution_id: UUID, form: Form) -> Response:
    row = attribution.distribution(actor(), distribution_id)
    rows = _rows(row)
    return form.page(
        "supplier/payout_list.html",
        distribution=row,
        rows=rows,
        columns=_columns(row),
        sums=pay_lists.sums(rows),
        money=pay_lists.MONEY,
        village=_village(),
        villages=[one.division for one in attribution.by_village(row.id)],
        places=village_names([one.division for one in attribution.by_village(row.id)]),
        formats=FORMATS,
        labels=LABELS,
    )


def _rows(row: Any, revealed: dict[UUID, tuple[str, str]] | None = None) -> list[dict[str, Any]]:
    rows = pay_lists.rows_of(row, division=_village(), revealed=revealed)
    for one in rows:
        one["relation"] = str(relation(one["relation"])) if one["relation"] else ""
    return rows


def _columns(row: Any) -> tuple[tuple[str, str], ...]:
    return pay_lists.columns_for(identity.named({row.supplier_id})[row.supplier_id].division)


@blueprint.get("/distributions/<uuid:distribution_id>/list.csv")
@guard("distribution.prepare")
def payout_csv(distribution_id: UUID) -> Response:
    return _file(attribution.distribution(actor(), distribution_id), "csv")


@blueprint.get("/distributions/<uuid:distribution_id>/list.xlsx")
@guard("distribution.prepare")
def payout_xlsx(distribution_id: UUID) -> Response:
    return _file(attribution.distribution(actor(), distribution_id), "xlsx")


@blueprint.get("/distributions/<uuid:distribution_id>/list.pdf")
@guard("distribution.prepare")
def payout_pdf(distribution_id: UUID) -> Response:
    return _file(attribution.distribution(actor(), distribution_id), "pdf")


@blueprint.post("/distributions/<uuid:distribution_id>/list")
@guard("payee.reveal", fresh=True)
def payout_list_revealed(distribution_id: UUID) -> Response:
    """With the numbers in full, for the bank or the office; the reason stands in the trail."""
    form = Form(RevealListSchema())
    with form.attempt():
        data = form.data()
        row = attribution.distribution(actor(), distribution_id)
        revealed = households.reveal_accounts(actor(), pay_lists.payees_of_list(row.id), data["reason"])
        response = _file(row, data["format"], revealed)
        response.headers["Cache-Control"] = "private, no-store"
        return response
    return _page(distribution_id, form)


def _village() -> str | None:
    """The village that the URL narrows a list to."""
    asked = request.args.get("village", "")
    return asked if len(asked) == 12 and asked.isdecimal() else None


def _file(row: Any, format_: str, revealed: dict[UUID, tuple[str, str]] | None = None) -> Response:
    if format_ == "pdf" and row.households > MOST_ON_PAPER and _village() is None:
        raise Refused("list_too_long", most=MOST_ON_PAPER)
    with force_locale("zh_Hans_CN"):  # paper is Chinese, whatever the reader's language
        columns, rows = _columns(row), _rows(row, revealed)
    if format_ == "pdf":
        content = _pdf(row, columns, rows)
    else:
        table = pay_lists.table(rows, columns)
        widths = [WIDTHS.get(field, 10) for field, _ in columns]
        content = to_xlsx(table, "发放花名册", widths) if format_ == "xlsx" else to_csv_bytes(table)
    return send_file(
        io.BytesIO(content), MEDIA[format_], as_attachment=True, download_name=f"payouts-{row.number}.{format_}"
    )


def _pdf(row: Any, columns: tuple[tuple[str, str], ...], rows: list[dict[str, Any]]) -> bytes:
    sums = pay_lists.sums(rows)
    supplier = identity.named({row.supplier_id})[row.supplier_id].name

    def cell(field: str, value: Any) -> str:
        if field in pay_lists.MONEY:
            return "" if value is None else format_yuan(value, "")
        return str(value)

    first = next(field for field, _ in columns if field not in pay_lists.MONEY)
    return pdf.render(
        "pay_list",
        {
            "title": "联农带农收益发放花名册",
            "below": f"{row.number}，截至 {row.cut_on.year} 年 {row.cut_on.month} 月 {row.cut_on.day} 日",
            "unit": supplier,
            "columns": [heading for _, heading in columns],
            "widths": [PARTS.get(field, 0) for field, _ in columns],
            "rows": [[cell(field, one[field]) for field, _ in columns] for one in rows],
            "sum": [
                format_yuan(sums[field], "") if field in sums else "合计" if field == first else ""
                for field, _ in columns
            ],
            "right": [place for place, (field, _) in enumerate(columns) if field in ("no", *pay_lists.MONEY)],
            "signers": [["填报人", ""], ["审核人", ""], ["负责人", ""], ["盖章", ""]],
            "made": f"本表由系统于 {clock.local(clock.now()):%Y-%m-%d %H:%M} 生成，共 {len(rows)} 行。",
            "foot": f"{supplier}　{row.number}",
        },
    )
