"""A bank statement of 10,000 rows read and matched: `python -m bench.bank`. Prints seconds, and the machine's load."""

import json
import os
import time
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text

from marketplace.core import clock, sheets
from marketplace.core.db import db, insert_rows, new_id, transaction
from marketplace.payments import services as payments
from marketplace.payments.models import Bill
from marketplace.payments.rules import check_digit
from tests.conftest import build_schema
from tests.factories.world import World

ROWS = 10_000
HEAD = ["交易日期", "交易流水号", "收入金额", "支出金额", "对方户名", "附言"]


def main() -> None:
    from marketplace.app import create_app
    from tests.conftest import settings_for

    with TemporaryDirectory() as folder:
        app = create_app(settings_for(f"sqlite:///{folder}/bank.sqlite", Path(folder) / "var"))
        build_schema(app)
        with app.app_context():
            print(json.dumps(measure() | {"load": os.getloadavg()[0]}, indent=1))


def measure() -> dict[str, float]:
    with transaction():
        world = World.build(families=2)
        _, one = world.accepted(world.shipped(world.lot(), 100_000))
        codes = bills_like(one, ROWS)
    today = clock.today().isoformat()
    rows = [[today, f"S{n:06d}", "1200.00", "", "某财政局", f"货款 {code}"] for n, code in enumerate(codes)]
    content = sheets.to_xlsx([HEAD, *rows])
    started = time.perf_counter()
    with transaction():
        answer = payments.read_statement(world.clerk, "a.xlsx", content, account="基本户")
    first = time.perf_counter() - started
    assert answer.outcomes == {"exact": ROWS}, answer.outcomes
    started = time.perf_counter()
    with transaction():
        again = payments.read_statement(world.clerk, "a.xlsx", content, account="基本户")
    assert again.same == ROWS
    return {
        "rows": ROWS,
        "read_and_matched_s": round(first, 2),
        "read_again_s": round(time.perf_counter() - started, 2),
    }


def bills_like(one: Bill, count: int) -> list[str]:
    """Prepayments of the same order, written straight into the table: matching sees bills, however they came."""
    values = {column.key: getattr(one, column.key) for column in Bill.__table__.columns}
    rows, codes = [], []
    for n in range(count):
        digits = f"26{n + 5_000_000:07d}"
        codes.append(f"BF{digits}{check_digit(digits)}")
        rows.append(
            values
            | {
                "id": new_id(),
                "number": f"JB-{n:08d}",
                "payment_code": codes[-1],
                "kind": "prepay",
                "acceptance_id": None,
                "due_on": one.due_on + timedelta(days=n % 30),
            }
        )
    insert_rows(Bill, rows)
    db.session.execute(text("SELECT 1"))
    return codes


if __name__ == "__main__":
    main()
