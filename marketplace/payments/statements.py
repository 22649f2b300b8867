"""Bank and treasury statements read by the supplier: rows that brought money, each once, and what each would pay."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from ..core import audit, clock, files, sheets
from ..core.actor import Actor
from ..core.db import db, insert_rows, new_id
from ..core.errors import DomainError, Refused
from ..core.fields import legible
from ..core.money import parse_yuan
from ..core.numbers import numbered
from . import bank_rules, matching
from .bank_models import BankRow, BankStatement
from .statement_templates import Template, templates

MOST_ROWS = 60_000
MOST_HEAD = 20  # rows of titles that may stand above the head
# 2026-8-5, 2026年8月5日, 20260805; a time may follow, another digit of the day may not.
_DAY = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})(?!\d)|(\d\d)(\d\d)(?=\D|$|\d{4}(?:\d\d)?$))")


class Told(NamedTuple):
    """One incoming payment: `number` in the file, from 1 with the head."""

    number: int
    serial: str
    day: date
    fen: int
    payer: str
    unit: str
    remark: str


@dataclass
class Answer:
    """What reading did: `rows` that brought money, `same` of them known, `outcomes` of the others; refusals with rows."""

    rows: int = 0
    same: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    errors: list[DomainError] = field(default_factory=list)
    statement: BankStatement | None = None


def read_statement(actor: Actor, name: str, content: bytes, *, account: str, good_only: bool = False) -> Answer:
    """Reads a statement (XLSX or CSV) of the account that the supplier calls `account`.

    With bad rows nothing is kept unless `good_only`; then `errors` tell them. A row of the same account, serial, day and
    amount is kept once, however often it is read. What is kept is proposed or waits for a person; nothing is paid yet.
    Raises Refused: what `sheets.read` raises, statement_account, statement_columns.
    """
    actor.require("bank_row.import")
    supplier_id: UUID = actor.organisation  # type: ignore[assignment]
    account = account.strip()
    if not account or not legible(account) or len(account) > 40:
        raise Refused("statement_account", field="account")
    rows = sheets.read(content, sheets.Limits(rows=MOST_ROWS))[0].rows
    template, head, places = _template(rows)
    answer = Answer()
    told = _told(rows[head + 1 :], head + 2, template, places, answer.errors)
    answer.rows = len(told)
    fresh = _fresh(supplier_id, account, told)
    answer.same = len(told) - len(fresh)
    matches = matching.propose(supplier_id, fresh)
    for match in matches:
        answer.outcomes[match.outcome] = answer.outcomes.get(match.outcome, 0) + 1
    if (answer.errors and not good_only) or not told:
        return answer
    answer.statement = _keep(actor, supplier_id, account, template, name, fresh, matches, answer)
    return answer


def _keep(
    actor: Actor,
    supplier_id: UUID,
    account: str,
    template: Template,
    name: str,
    fresh: Sequence[Told],
    matches: Sequence[bank_rules.Match],
    answer: Answer,
) -> BankStatement:
    row = BankStatement(
        id=new_id(),
        number=numbered("LS", clock.today().year)[0],
        supplier_id=supplier_id,
        account=account,
        template=template.code,
        name=files.plain_name(name),
        rows=answer.rows,
        fen=0,
        same=answer.same,
        refused=len(answer.errors),
        read_by=actor.user,
        read_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    insert_rows(
        BankRow,
        [_values(row, told, match) for told, match in zip(fresh, matches, strict=True)],
        unless_there=True,  # another reader of the same file was first
    )
    kept, fen = db.session.execute(
        select(func.count(), func.coalesce(func.sum(BankRow.fen), 0)).where(BankRow.statement_id == row.id)
    ).one()
    row.same, row.fen = answer.rows - kept, int(fen)
    answer.same = row.same
    audit.record(actor, "bank_statement.read", "bank_statement", row.id, number=row.number, rows=kept, fen=row.fen)
    db.session.flush()
    return row


def _values(statement: BankStatement, told: Told, match: bank_rules.Match) -> dict[str, object]:
    return {
        "id": new_id(),
        "statement_id": statement.id,
        "no": told.number,
        "supplier_id": statement.supplier_id,
        "account": statement.account,
        "serial": told.serial,
        "day": told.day,
        "fen": told.fen,
        "payer": told.unit or told.payer,
        "remark": told.remark,
        "outcome": match.outcome,
        "state": "queued" if match.outcome in bank_rules.FOR_A_PERSON else "proposed",
        "bill_id": match.bill_id,
        "transfer_id": None,
        "reason": "",
        "decided_by": None,
        "decided_at": None,
    }


def _template(rows: Sequence[Sequence[str]]) -> tuple[Template, int, dict[str, list[int]]]:
    """The template whose columns the head has, the head's place, and where its fields stand."""
    best: list[str] = ["day", "serial", "income"]
    for place, row in enumerate(rows[:MOST_HEAD]):
        for template in templates():
            places = template.places(row)
            missing = template.missing(places)
            if not missing:
                return template, place, places
            best = min(best, missing, key=len)
    words = {"day": "日期", "serial": "流水号", "income": "收入金额"}
    raise Refused("statement_columns", field="file", missing="、".join(words[name] for name in best))


def _told(
    rows: Sequence[Sequence[str]],
    first: int,
    template: Template,
    places: dict[str, list[int]],
    errors: list[DomainError],
) -> list[Told]:
    """The rows that brought money; blank ones, sums without a serial and day, and outgoing ones are passed over."""
    found: list[Told] = []
    for number, row in enumerate(rows, first):

        def cell(name: str, row: Sequence[str] = row) -> str:
            return next((row[at] for at in places.get(name, ()) if at < len(row) and row[at]), "")

        money = cell("income") if "income" in places else cell("amount")
        if not any(row) or not (cell("serial") or cell("day")) or _outgoing(template, cell, money):
            continue
        try:
            found.append(
                Told(
                    number,
                    _serial(cell("serial")),
                    _day(cell("day")),
                    _fen(money),
                    _text(cell("payer"), 120),
                    _text(cell("unit"), 120),
                    _text(" ".join(row[at] for at in places.get("remark", ()) if at < len(row) and row[at]), 200),
                )
            )
        except Refused as refused:
            refused.row = number
            errors.append(refused)
    return found


def _outgoing(template: Template, cell: Callable[[str], str], money: str) -> bool:
    if "outgo" in template.columns and cell("outgo").strip(" 0.,-") and not money.strip(" 0.,-"):
        return True
    return bool(template.incoming) and cell("direction") not in template.incoming


def _serial(text: str) -> str:
    if not text or len(text) > 60 or not legible(text):
        raise Refused("statement_serial", field="serial")
    return text


def _day(text: str) -> date:
    found = _DAY.match(text)
    try:
        day = date(*(int(part) for part in found.groups() if part)) if found else None
    except ValueError:
        day = None
    if day is None or not date(2000, 1, 1) <= day:
        raise Refused("statement_day", field="day", value=text[:30])
    if day > clock.today():
        raise Refused("statement_day_future", field="day", value=text[:30])
    return day


def _fen(text: str) -> int:
    try:
        fen = parse_yuan(text)
    except Refused:
        fen = 0
    if fen <= 0:
        raise Refused("statement_amount", field="amount", value=text[:30])
    return fen


def _text(text: str, most: int) -> str:
    return "".join(char if legible(char) else " " for char in text)[:most]


def _fresh(supplier_id: UUID, account: str, told: Sequence[Told]) -> list[Told]:
    """Those that no statement of the account has told yet, each of the file's once."""
    seen: set[tuple[str, date, int]] = set()
    serials = list({row.serial for row in told})
    for start in range(0, len(serials), 5_000):
        query = select(BankRow.serial, BankRow.day, BankRow.fen).where(
            BankRow.supplier_id == supplier_id,
            BankRow.account == account,
            BankRow.serial.in_(serials[start : start + 5_000]),
        )
        seen |= {(serial, day, fen) for serial, day, fen in db.session.execute(query)}
    fresh = []
    for row in told:
        key = (row.serial, row.day, row.fen)
        if key not in seen:
            seen.add(key)
            fresh.append(row)
    return fresh
