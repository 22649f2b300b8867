"""Our own sheets of a papers pack, as data of `paper.typ`. Chinese papers, whatever language the screen has."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from ..core import clock
from ..core.money import format_yuan
from ..core.quantity import format_quantity

KINDS = {
    "request": "采购申请单",
    "order": "订单确认书",
    "stamped": "订单确认书（盖章扫描件）",
    "delivery": "送货单",
    "acceptance": "验收单",
    "batch": "批次证明",
    "bill": "结算单",
    "invoice": "发票",
    "payment": "付款凭证",
    "card_payment": "网上支付凭证",
    "return": "退货单",
    "red_invoice": "红字发票",
}
MISSING = {
    "unconfirmed": "订单 {number}：供应商还没有接单",
    "not_delivered": "订单 {number}：还没有发货",
    "not_accepted": "送货单 {number}：还没有验收",
    "not_signed": "验收单 {number}：缺第二人签字",
    "not_billed": "验收单 {number}：还没有开结算单",
    "no_paper": "批次 {number}：缺{paper}",
    "no_invoice": "结算单 {number}：缺发票 {fen}",
    "no_scan": "发票 {number}：缺扫描件",
    "not_confirmed": "结算单 {number}：{fen} 已付，供应商还没有确认到账",
    "not_paid": "结算单 {number}：还有 {fen} 没有付",
    "card_processing": "结算单 {number}：{fen} 网上支付正在处理",
    "refund_pending": "网上支付 {number}：退款 {fen} 还没有完成",
    "no_red_invoice": "退货单 {number}：缺红字发票 {fen}",
}
METHODS = {"card": "银行卡", "alipay": "支付宝", "wechat_pay": "微信支付"}
REFUNDS = {"new": "已提交", "pending": "处理中", "succeeded": "已退回"}
PAPERS = {
    "conformity": "承诺达标合格证",
    "quarantine": "动物检疫合格证明",
    "meat_inspection": "肉品品质检验合格证",
    "sc_licence": "食品生产许可证",
    "test_report": "检测报告",
}


def day(value: date | datetime | None) -> str:
    if isinstance(value, datetime):
        value = clock.local(value).date()
    return value.isoformat() if value else "—"


def sheet(
    kind: str,
    number: str,
    facts: Sequence[tuple[str, str]],
    tables: Sequence[dict[str, Any]] = (),
    notes: Sequence[str] = (),
    signatures: Sequence[tuple[str, str]] = (),
) -> dict[str, Any]:
    """Data of one sheet. Facts stand two beside each other."""
    return {
        "title": KINDS[kind],
        "below": number,
        "facts": [[label, words or "—"] for label, words in facts],
        "tables": list(tables),
        "notes": list(notes),
        "signatures": [[label, words] for label, words in signatures],
        "foot": f"{KINDS[kind]} {number}",
    }


def table(
    widths: str, head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int], sum_: Sequence[str] = ()
) -> dict[str, Any]:
    """`widths`: "auto 1fr …"; `right`: the columns of figures."""
    return {
        "caption": "",
        "widths": widths.split(),
        "head": list(head),
        "rows": [list(row) for row in rows],
        "right": list(right),
        "sum": list(sum_),
    }


def money(fen: int) -> str:
    return format_yuan(fen, "")


def request(order: Any, requisition: Any, parties: Mapping[Any, Any], names: Mapping[Any, str], steps: Any) -> dict:
    """The agency's own request, as far as this order's supplier carries it out, with who approved it."""
    rows = _order_rows(order)
    decided = [[one.title or "审批", names.get(one.decided_by, "—"), day(one.at), "同意"] for one in steps]
    if not decided:
        decided = [["审批", names.get(requisition.decided_by, "—"), day(requisition.decided_at), "同意"]]
    return sheet(
        "request",
        requisition.number,
        [
            ("申请单位", parties[order.agency_id].name),
            ("申请人", names.get(requisition.submitted_by, "")),
            ("事由", requisition.title),
            ("提交", day(requisition.submitted_at)),
            ("预算项目", requisition.budget_line),
            ("要求送达", f"{day(order.deliver_on)} {order.window}".strip()),
            ("供应商", parties[order.supplier_id].name),
            ("采购单合计", format_yuan(requisition.total_fen)),
        ],
        [
            _lines_table(order, rows),
            table("auto 1fr auto auto", ("环节", "审批人", "日期", "意见"), decided, ()),
        ],
    )


def _order_rows(order: Any) -> list[list[str]]:
    return [
        [
            str(line.no),
            line.name,
            line.code,
            format_quantity(line.ordered),
            line.order_unit,
            f"{money(line.price_fen)}/{line.price_unit}",
            money(line.money_fen),
        ]
        for line in order.lines
    ]


def _lines_table(order: Any, rows: list[list[str]]) -> dict[str, Any]:
    head = ("序号", "品名", "编码", "数量", "单位", "单价（元）", "金额（元）")
    total = ("", "合计", "", "", "", "", money(order.total_fen))
    return table("auto 1fr auto auto auto auto auto", head, rows, (0, 3, 5, 6), total)


def bill(row: Any, parties: Mapping[Any, Any], parts: Sequence[tuple[str, int]]) -> dict[str, Any]:
    asked = row.total_fen - row.credited_fen
    rows = [[number, money(fen)] for number, fen in parts]
    return sheet(
        "bill",
        row.number,
        [
            ("付款单位", parties[row.agency_id].name),
            ("收款单位", row.account_name),
            ("开出", day(row.issued_on)),
            ("最迟付款", day(row.due_on)),
            ("付款码", row.payment_code),
            ("收款账户", row.bank_reference),
            ("应付", format_yuan(asked)),
            ("已付", format_yuan(row.paid_fen)),
        ],
        [table("1fr auto", ("验收单", "金额（元）"), rows, (1,), ("合计", money(row.total_fen)))] if rows else [],
        [f"退货冲减 {format_yuan(row.credited_fen)}。"] if row.credited_fen else [],
    )


def invoice(row: Any, bills: Sequence[tuple[str, int]]) -> dict[str, Any]:
    """`bills`: (number, its part of the invoice)."""
    of = "、".join(number if fen == row.amount_fen else f"{number}（{format_yuan(fen)}）" for number, fen in bills)
    rate = "免税" if row.rate_basis_points is None else f"{row.rate_basis_points / 100:g}%"
    facts = [
        ("结算单", of),
        ("开票日期", day(row.issued_on)),
        ("销售方", row.seller),
        ("税率", rate),
        ("价税合计", format_yuan(row.amount_fen)),
        ("登记", day(row.recorded_at)),
    ]
    scan = "发票扫描件见后页。" if row.file_id else "没有上传发票扫描件。"
    return sheet("invoice", row.number, facts, notes=[scan])


def payment(row: Any, bill_row: Any, parties: Mapping[Any, Any], names: Mapping[Any, str]) -> dict[str, Any]:
    states = {"recorded": "等供应商确认", "confirmed": "供应商已确认到账", "refused": "供应商未收到"}
    facts = [
        ("付款单位", parties[bill_row.agency_id].name),
        ("收款单位", bill_row.account_name),
        ("付款日期", day(row.paid_on)),
        ("银行流水号", row.bank_serial),
        ("金额", format_yuan(row.fen)),
        ("结算单", bill_row.number),
        ("登记人", names.get(row.recorded_by, "")),
        ("到账", states.get(row.state, row.state)),
    ]
    return sheet("payment", row.bank_serial, facts)


def card_payment(row: Any, bill_row: Any, parties: Mapping[Any, Any], refunds: Sequence[Any]) -> dict[str, Any]:
    """Of one that Stripe confirmed: amount, day, method, reference, and what went back of it."""
    facts = [
        ("付款单位", parties[bill_row.agency_id].name),
        ("收款单位", bill_row.account_name),
        ("付款日期", day(row.succeeded_at)),
        ("付款方式", METHODS.get(row.method, "网上支付")),
        ("Stripe 编号", row.stripe_id),
        ("金额", format_yuan(row.fen)),
        ("结算单", bill_row.number),
        ("已退", format_yuan(row.refunded_fen)),
    ]
    rows = [
        [one.stripe_id or "—", day(one.ended_at or one.asked_at), REFUNDS[one.state], format_yuan(one.fen)]
        for one in refunds
        if one.state in REFUNDS
    ]
    heads = ("退款流水号", "日期", "状态", "金额")
    tables = [table("1fr auto auto auto", heads, rows, (3,))] if rows else []
    return sheet("card_payment", row.stripe_id, facts, tables)


def batch(lot: Any, supplier: str, papers: Sequence[Any]) -> dict[str, Any]:
    rows = [
        [
            PAPERS.get(paper.kind, paper.kind),
            paper.number,
            day(paper.issued_on),
            "见后页" if paper.file_id else "只登记编号",
        ]
        for paper in papers
    ]
    facts = [("供应商", supplier), ("采收", day(lot.harvested_on))]
    return sheet(
        "batch", lot.number, facts, [table("1fr 1fr auto auto", ("证明", "编号", "出具日期", "扫描件"), rows, ())]
    )


def returned(row: Any, order: Any, name: str) -> dict[str, Any]:
    facts = [
        ("订单", order.number),
        ("日期", day(row.day)),
        ("品名", name),
        ("数量", format_quantity(row.quantity)),
        ("金额", format_yuan(row.money_fen)),
        ("理由", row.reason),
    ]
    return sheet("return", row.number, facts)


def red_invoice(row: Any, bill_number: str) -> dict[str, Any]:
    facts = [
        ("结算单", bill_number),
        ("开票日期", day(row.issued_on)),
        ("金额", format_yuan(-row.amount_fen)),
        ("退款流水号", row.refund_serial),
    ]
    return sheet("red_invoice", row.number, facts)
