"""What the bank says of a file: paid, failed with a reason, or not yet known. Read row by row, repeatable, never twice.

A row names its payout by the reference; the amount and the account's last four must agree.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select, update

from ..core import audit, clock, files, sheets
from ..core.actor import Actor
from ..core.db import change_rows, db, new_id
from ..core.errors import DomainError, Many, Refused
from ..core.fields import legible
from ..core.money import parse_yuan
from .models import BankFileLine, BankResult, Payout
from .payouts import STATES, TRANSFER, _supplier, change_to_paid, gate, moves, receive

# What the banks call their columns and their answers.
HEADINGS: dict[str, tuple[str, ...]] = {
    "reference": ("代发编号", "编号", "流水号", "明细编号", "reference"),
    "amount": ("金额", "交易金额", "实发金额", "金额元", "amount"),
    "fen": ("金额分", "fen"),
    "account": ("账号", "卡号", "收款账号", "account"),
    "state": ("处理结果", "结果", "状态", "交易状态", "state"),
    "reason": ("失败原因", "原因", "备注", "说明", "reason"),
}
ANSWERS: dict[str, tuple[str, ...]] = {
    "paid": ("成功", "交易成功", "已入账", "已付", "paid", "success"),
    "failed": ("失败", "交易失败", "退票", "退汇", "failed"),
    "unknown": ("处理中", "未知", "待处理", "unknown", "pending"),
}
MOST_ROWS = 60_000


class Told(NamedTuple):
    """One row: `number` in the file, from 1 with the head; `fen` None where the amount is no money."""

    number: int
    reference: str
    fen: int | None
    last4: str
    state: str
    reason: str
    typed: tuple[str, str]  # amount and state as they stand in the file


@dataclass
class Answer:
    """What reading did: rows that were booked by state, and the refusals with their rows. `read_before`: the day."""

    rows: int = 0
    paid: int = 0
    failed: int = 0
    unknown: int = 0
    same: int = 0
    errors: list[DomainError] = field(default_factory=list)
    read_before: date | None = None
    imported: bool = False

    @property
    def good(self) -> int:
        return self.paid + self.failed + self.unknown


def read_result(
    actor: Actor, name: str, content: bytes, *, good_only: bool = False, paid_on: date | None = None
) -> Answer:
    """Reads a result file (XLSX or CSV). With bad rows nothing is booked unless `good_only`; then `errors` tell them.

    `paid_on`: the day the bank paid, today unless told. The same content again books nothing and says when it was read.
    Raises Refused: what `sheets.read` raises, result_columns, day_in_future.
    """
    actor.require("payout.record")
    supplier_id, day = _supplier(actor), paid_on or clock.today()
    if day > clock.today():
        raise Refused("day_in_future", field="paid_on")
    digest = hashlib.sha256(content).hexdigest()
    before = db.session.scalar(
        select(BankResult).where(BankResult.supplier_id == supplier_id, BankResult.sha256 == digest)
    )
    if before is not None:
        return Answer(rows=before.rows, read_before=clock.local(before.read_at).date())
    told = _rows(sheets.read(content, sheets.Limits(rows=MOST_ROWS))[0].rows)
    lines = _lines(supplier_id, {row.reference for row in told})
    answer, good = Answer(rows=len(told)), []
    seen: set[str] = set()
    for row in told:
        line = lines.get(row.reference)
        error = _fault(row, line, seen)
        if error is not None or line is None:
            answer.errors.append(error or Refused("reference_unknown", field="reference", row=row.number))
            continue
        seen.add(row.reference)
        if line.state == row.state:  # told before, in a file with other content
            answer.same += 1
            continue
        good.append((row, line))
    if answer.errors and not good_only:
        for state in ANSWERS:
            setattr(answer, state, sum(row.state == state for row, _ in good))
        return answer
    _book(actor, supplier_id, good, answer, day)
    if answer.errors and not good_only:  # somebody booked one of them meanwhile: all or none
        raise Many(answer.errors)
    answer.imported = True
    db.session.add(
        BankResult(
            id=new_id(),
            supplier_id=supplier_id,
            sha256=digest,
            name=files.plain_name(name),
            rows=answer.rows,
            paid=answer.paid,
            failed=answer.failed,
            unknown=answer.unknown,
            refused=len(answer.errors),
            read_by=actor.user,
            read_at=clock.now(),
        )
    )
    audit.record(
        actor,
        "bank_result.read",
        "supplier",
        supplier_id,
        rows=answer.rows,
        paid=answer.paid,
        failed=answer.failed,
        unknown=answer.unknown,
        refused=len(answer.errors),
    )
    db.session.flush()
    return answer


def _plain(heading: str) -> str:
    return re.sub(r"[\s()（）:：/]", "", heading).lower()


def _rows(rows: list[list[str]]) -> list[Told]:
    """The rows below the head, which may stand below a title. Raises Refused('result_columns')."""
    places: dict[str, int] = {}
    below = 0
    for below, row in enumerate(rows[:10], 1):  # noqa: B007  where the head ends
        headings = [_plain(cell) for cell in row]
        found = {name: headings.index(word) for name, words in HEADINGS.items() for word in words if word in headings}
        places = max(places, found, key=len)
        if "reference" in found:
            break
    missing = [HEADINGS[name][0] for name in ("reference", "account", "state") if name not in places]
    if "amount" not in places and "fen" not in places:
        missing.append(HEADINGS["amount"][0])
    if missing:
        raise Refused("result_columns", field="file", columns="、".join(missing))

    def cell(row: list[str], name: str) -> str:
        place = places.get(name)
        return row[place] if place is not None and place < len(row) else ""

    return [
        Told(
            number,
            cell(row, "reference")[:40],
            _fen(cell(row, "amount"), cell(row, "fen")),
            re.sub(r"\s", "", cell(row, "account"))[-4:],
            _state(cell(row, "state")),
            _words(cell(row, "reason")),
            ((cell(row, "amount") or cell(row, "fen"))[:30], cell(row, "state")[:30]),
        )
        for number, row in enumerate(rows[below:], below + 1)
        if any(row)
    ]


def _fen(amount: str, fen: str) -> int | None:
    if fen:
        return int(fen) if re.fullmatch("[0-9]{1,15}", fen) else None
    try:
        return parse_yuan(amount)
    except Refused:
        return None


def _state(word: str) -> str:
    return next((state for state, words in ANSWERS.items() if word.strip().lower() in words), "")


def _words(text: str) -> str:
    return text[:120] if legible(text) else ""


def _lines(supplier_id: UUID, references: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    wanted = sorted(references)
    columns = (
        BankFileLine.bank_file_id, BankFileLine.no, BankFileLine.reference, BankFileLine.payout_id, BankFileLine.fen,
        BankFileLine.account_last4, BankFileLine.state,
    )  # fmt: skip
    for start in range(0, len(wanted), 5_000):  # SQLite bounds a statement's parameters
        query = (
            select(*columns)
            .join(Payout, Payout.id == BankFileLine.payout_id)
            .where(BankFileLine.reference.in_(wanted[start : start + 5_000]), Payout.supplier_id == supplier_id)
        )
        found |= {row.reference: row for row in db.session.execute(query)}
    return found


def _fault(row: Told, line: Any, seen: set[str]) -> Refused | None:
    """What stands against a row, or None."""
    if line is None:
        return Refused("reference_unknown", field="reference", row=row.number, value=row.reference)
    if row.reference in seen:
        return Refused("named_twice", field="reference", row=row.number)
    if row.fen != line.fen:
        return Refused("result_amount_differs", field="amount", row=row.number, due_fen=line.fen, value=row.typed[0])
    if row.last4 != line.account_last4:
        return Refused("result_account_differs", field="account", row=row.number, last4=line.account_last4)
    if not row.state:
        return Refused("result_state_unknown", field="state", row=row.number, value=row.typed[1])
    if line.state == "withdrawn":
        return Refused("reference_withdrawn", field="reference", row=row.number)
    if line.state == "paid" and row.state != "paid":
        return Refused("already_paid", field="reference", row=row.number)
    if line.state == "failed" and row.state != "failed":
        return Refused("result_already_failed", field="reference", row=row.number)
    return None


def _book(actor: Actor, supplier_id: UUID, good: Sequence[tuple[Told, Any]], answer: Answer, day: date) -> None:
    """Books the rows: each payout by its one statement; one that somebody else booked meanwhile is refused."""
    gate(supplier_id, [line.payout_id for _, line in good])
    paid = {line.payout_id: (row, line) for row, line in good if row.state == "paid"}
    changed = change_to_paid(
        supplier_id,
        list(paid),
        "pay_by_bank",
        {"paid_on": day, "method": TRANSFER, "evidence": "", "file_id": None, "paid_by": actor.user},
    )
    done = {row.id for row in changed}
    receive(supplier_id, changed)
    failed = {line.payout_id: (row, line) for row, line in good if row.state == "failed"}
    done |= {row.id for row in _fail(supplier_id, failed)}
    unknown = {line.payout_id: (row, line) for row, line in good if row.state == "unknown"}
    done |= set(unknown)
    booked: list[tuple[Told, Any]] = []
    for told in (paid, failed, unknown):
        for payout_id, (row, line) in told.items():
            if payout_id not in done:
                answer.errors.append(Refused("already_paid", field="reference", row=row.number))
                continue
            setattr(answer, row.state, getattr(answer, row.state) + 1)
            booked.append((row, line))
    _tell(booked)


def _fail(supplier_id: UUID, failed: dict[UUID, tuple[Told, Any]]) -> list[Any]:
    """Failed payouts keep the bank's reason: one statement per reason."""
    by_reason: dict[str, list[dict[str, Any]]] = {}
    for payout_id, (row, _) in sorted(failed.items()):
        by_reason.setdefault(row.reason or "银行未写原因", []).append({"id": payout_id})
    changed: list[Any] = []
    for reason, rows in sorted(by_reason.items()):
        changed += change_rows(
            Payout,
            rows,
            set_=lambda payout, wanted, reason=reason: {  # type: ignore[misc]
                "state": STATES.transitions["fail"][1],
                "reason": reason,
            },
            where=lambda payout, wanted: moves("fail", payout) & (payout.supplier_id == supplier_id),
        )
    return changed


def _tell(booked: Sequence[tuple[Told, Any]]) -> None:
    """The lines say what the bank said, and a paid payout's evidence is its reference: two batches."""
    if not booked:
        return
    lines: Any = BankFileLine.__table__
    payouts: Any = Payout.__table__
    now = clock.now()
    db.session.execute(
        update(lines)
        .where(lines.c.reference == bindparam("of_reference"))
        .values(state=bindparam("to_state"), reason=bindparam("for_reason"), told_at=now),
        [{"of_reference": row.reference, "to_state": row.state, "for_reason": row.reason} for row, _ in booked],
    )
    if paid := [(row, line) for row, line in booked if row.state == "paid"]:
        db.session.execute(
            update(payouts).where(payouts.c.id == bindparam("of_id")).values(evidence=bindparam("reference")),
            [{"of_id": line.payout_id, "reference": row.reference} for row, line in paid],
        )
    db.session.expire_all()


def results(actor: Actor, limit: int = 50) -> list[BankResult]:
    """The supplier's result files, newest first."""
    actor.require("statement.read")
    query = select(BankResult).where(BankResult.supplier_id == actor.organisation)
    return list(db.session.scalars(query.order_by(BankResult.read_at.desc()).limit(limit)))


def refuse_bad(answer: Answer) -> None:
    """For callers that have no other way to tell the rows. Raises Many."""
    if answer.errors and not answer.imported:
        raise Many(answer.errors)
