"""Papers of a delivery as PDF: the delivery note (送货单) that rides along, the acceptance (验收单). Chinese papers.

Each answers (file name without ending, PDF). Columns: RULES.md, Paper forms.
"""

import io
from typing import Any
from uuid import UUID

import segno

from ..core import clock, pdf
from ..core.actor import Actor
from ..core.money import format_yuan
from ..core.quantity import format_quantity
from ..identity import services as identity
from ..linkage import services as linkage
from ..procurement import services as procurement
from ..procurement.delivery_schemas import shown_celsius

PAPERS = {
    "conformity": "承诺达标合格证",
    "quarantine": "动物检疫合格证明",
    "meat_inspection": "肉品品质检验合格证",
    "sc_licence": "食品生产许可证",
    "test_report": "检测报告",
}
CRATES = {"basket": "周转筐", "crate": "周转箱", "foam_box": "泡沫箱", "pallet": "托盘"}
REASONS = {
    "bruised": "压伤",
    "rotten": "腐烂",
    "off_spec": "规格不符",
    "temperature": "超温",
    "papers": "单据不齐",
    "quick_test": "快检不合格",
    "short": "短少",
    "late": "迟到",
}
SENSORY, TESTS = {"": "—", "good": "正常", "off": "异常"}, {"": "—", "pass": "合格", "fail": "不合格"}


def delivery_note(actor: Actor, shipment_id: UUID) -> tuple[str, bytes]:
    """送货单 of a shipment, with its number as a QR code. Raises NotFound."""
    row, order = procurement.shipment(actor, shipment_id)
    lines = {line.id: line for line in procurement.lines_of([order.id])[order.id]}
    lots = linkage.by_ids(part.lot_id for part in row.lines)
    held = linkage.papers_of(lots)
    crates = procurement.crates_of([row.id]).get(row.id, [])
    rows = [
        [
            str(part.no),
            lines[part.order_line_id].name,
            lines[part.order_line_id].code,
            lots[part.lot_id].number,
            _count(part.packages),
            _weight(part.gross),
            _weight(part.net),
            f"{format_quantity(part.quantity)} {lines[part.order_line_id].order_unit}",
            "\n".join(f"{PAPERS.get(paper.kind, paper.kind)} {paper.number}" for paper in held.get(part.lot_id, [])),
        ]
        for part in row.lines
    ]
    data = _head(row, order) | {
        "rows": rows,
        "crates": [
            [
                CRATES[each.kind],
                str(each.count),
                _yuan(each.deposit_fen),
                _yuan(each.count * each.deposit_fen),
            ]
            for each in crates
        ],
        "note": row.note,
    }
    return row.number, pdf.render("delivery_note", data)


def acceptance(actor: Actor, acceptance_id: UUID) -> tuple[str, bytes]:
    """验收单 of an acceptance, signed or still to be signed. Raises NotFound."""
    row, order = procurement.acceptance(actor, acceptance_id)
    shipment, _order = procurement.shipment(actor, row.shipment_id)
    lines = {line.id: line for line in procurement.lines_of([order.id])[order.id]}
    parts = {part.id: part for part in shipment.lines}
    lots = linkage.by_ids(line.lot_id for line in row.lines)
    ids = [line.id for line in row.lines]
    scales, seen = procurement.weighings_of(ids), procurement.seen_papers(ids)
    held = linkage.papers_of(lots)
    rows = [
        _accepted(
            line,
            lines[line.order_line_id],
            parts[line.shipment_line_id],
            lots[line.lot_id],
            scales.get(line.id, []),
            seen.get(line.id) or held.get(line.lot_id, []),
        )
        for line in row.lines
    ]
    names = identity.user_names({by for by in (row.accepted_by, row.second_by) if by})
    data = _head(shipment, order) | {
        "acceptance": row.number,
        "arrived": _moment(row.at),
        "rows": rows,
        "total": _yuan(row.money_fen),
        "note": row.note,
        "deemed": f"{row.deemed_on:%Y年%-m月%-d日}起视同验收（逾期未验收）" if row.deemed_on else "",
        "first": names.get(row.accepted_by, "") if row.accepted_by else "",
        "second": names.get(row.second_by, "") if row.second_by else row.witness,
        "signed": _moment(row.signed_at) if row.signed_at else "",
    }
    return row.number, pdf.render("acceptance", data)


def _accepted(line: Any, of: Any, part: Any, lot: Any, scales: list[Any], papers: list[Any]) -> list[str]:
    gross = sum(entry.gross for entry in scales) if scales else part.gross
    tare = sum(entry.tare for entry in scales) if scales else None
    if not scales and part.gross is not None and part.net is not None:
        tare = part.gross - part.net
    weighed = of.pricing == "weighed" or of.base_unit == "千克"
    conformity = [paper for paper in papers if paper.kind == "conformity"]
    others = [paper for paper in papers if paper.kind != "conformity"]
    tests = [f"{PAPERS.get(paper.kind, paper.kind)} {paper.number}" for paper in others]
    if line.quick_test:
        tests.append(f"快检{TESTS[line.quick_test]}")
    return [
        str(line.no),
        f"{of.name}\n{of.code}",
        f"{format_quantity(of.content)} {of.base_unit}/{of.order_unit}",
        lot.number,
        _count(line.packages),
        _weight(gross),
        _weight(tare),
        _weight(line.net if weighed else part.net),
        f"{format_quantity(line.accepted)}\n{of.order_unit}",
        f"{_yuan(of.price_fen)}\n/{of.price_unit}",
        _yuan(line.money_fen),
        f"{line.best_before:%Y-%m-%d}" if line.best_before else "—",
        "\n".join(paper.number for paper in conformity) or "—",
        "\n".join(tests) or "—",
        SENSORY[line.sensory],
        "—" if line.temperature_tenths is None else shown_celsius(line.temperature_tenths).replace("-", "−"),
        f"{format_quantity(line.rejected)}\n{REASONS.get(line.reason, line.reason)}" if line.rejected else "—",
    ]


def _head(row: Any, order: Any) -> dict[str, Any]:
    sides = identity.named({order.agency_id, order.supplier_id})
    late = "（晚于约定）" if procurement.is_late(row) else ""
    return {
        "shipment": row.number,
        "qr": _qr(row.number),
        "order": order.number,
        "supplier": sides[order.supplier_id].name,
        "agency": sides[order.agency_id].name,
        "address": order.address,
        "contact": order.contact,
        "part": f"第 {row.no} 批" + (f"，送货计划第 {row.delivery_no} 次" if row.delivery_no > 1 else ""),
        "sent": _moment(row.shipped_at),
        "expected": f"{row.expected_on:%Y-%m-%d} {row.window}{late}".strip(),
        "carrier": "，".join(word for word in (row.carrier, row.plate, row.driver) if word) or "—",
        "temperature": "—"
        if row.temperature_tenths is None
        else shown_celsius(row.temperature_tenths).replace("-", "−") + " ℃",
        "day": _moment(clock.now()),
    }


def _moment(at: Any) -> str:
    return f"{clock.local(at):%Y-%m-%d %H:%M}"


def _count(number: int | None) -> str:
    return "—" if number is None else str(number)


def _yuan(fen: int) -> str:
    """The column's head says the unit."""
    return format_yuan(fen).removeprefix("¥")


def _weight(thousandths: int | None) -> str:
    return "—" if thousandths is None else format_quantity(thousandths)


def _qr(text: str) -> str:
    out = io.BytesIO()
    segno.make(text, error="q", micro=False).save(out, kind="svg", xmldecl=False, border=1)
    return out.getvalue().decode()
