"""A day of a supplier's bank statement, read and not yet looked at: rows that fit, and such that a person must decide."""

from typing import Any

from ...core import clock, sheets
from ...core.money import yuan
from ...payments import services as payments
from ...payments.rules import open_fen
from .people import Cast, Supplier

HEAD = ["交易日期", "交易流水号", "收入金额", "支出金额", "对方户名", "附言"]


def make(cast: Cast) -> None:
    """Of the first supplier that waits for three bills; a small demo may have none."""
    for supplier in cast.suppliers:
        waiting = [bill for bill in payments.listed(supplier.clerk, state="to_pay")[0] if open_fen(bill) > 1]
        if len(waiting) >= 3:
            _read(supplier, waiting[:3])
            return


def _read(supplier: Supplier, waiting: list[Any]) -> None:
    """Paid as asked, in part, too much; and money of which nobody says what it is for."""
    exact, partial, over = waiting
    paid = [
        (open_fen(exact), "县财政国库支付中心", exact.payment_code),
        (open_fen(partial) // 2, "县财政国库支付中心", f"货款 {partial.payment_code} 第一笔"),
        (open_fen(over) + 50_000, "县财政国库支付中心", over.payment_code),
        (88_800, "例某某", "货款"),
    ]
    today = clock.today()
    rows = [
        [today.isoformat(), f"{today:%Y%m%d}{no:06d}", str(yuan(fen)), "", payer, remark]
        for no, (fen, payer, remark) in enumerate(paid, 1)
    ]
    content = sheets.to_csv_bytes([["账户明细"], HEAD, *rows])
    payments.read_statement(supplier.clerk, f"银行流水{today:%m%d}.csv", content, account="基本户")
