"""Rows of bank statements and the bills they pay: proposed when read, decided by a person, found again when confirmed."""

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db
from ..core.errors import Refused
from ..identity import services as identity
from . import bank_rules, bills, prepayments, rules, transfers
from .bank_models import BankRow, BankStatement
from .bank_rules import Claim, Match, Open
from .models import Bill, Transfer

if TYPE_CHECKING:
    from .statements import Told

A_STATEMENT = 5_000


def propose(supplier_id: UUID, told: Sequence["Told"]) -> list[Match]:
    """What each row would pay, in the file's order: a bill that one row pays is paid for the next."""
    codes = {code for row in told for code in bank_rules.codes_in(row.remark)}
    named: dict[UUID, Bill] = {}
    for start in range(0, len(listed := sorted(codes)), A_STATEMENT):
        query = select(Bill).where(
            Bill.supplier_id == supplier_id, Bill.payment_code.in_(listed[start : start + A_STATEMENT])
        )
        named |= {row.id: row for row in db.session.scalars(query)}
    open_ = select(Bill).where(Bill.supplier_id == supplier_id, Bill.state.in_(bills.TO_PAY)).order_by(Bill.due_on)
    asking = {row.id: row for row in db.session.scalars(open_)}
    everything = named | asking
    seen = _as_open(everything.values())
    names = identity.named({row.agency_id for row in asking.values()})
    by_payer: dict[str, list[Open]] = {}
    for row in asking.values():
        by_payer.setdefault(bank_rules.same_name(names[row.agency_id].name), []).append(seen[row.id])
    by_code = {row.payment_code: seen[row.id] for row in everything.values()}
    return [bank_rules.match(row.fen, row.serial, row.remark, (row.payer, row.unit), by_code, by_payer) for row in told]


def _as_open(of: Collection[Bill]) -> dict[UUID, Open]:
    """Bills as matching sees them, with the transfers that no row of a statement stands for yet."""
    found = {row.id: Open(row.id, rules.left_fen(row)) for row in of}
    ids = sorted(found)
    for start in range(0, len(ids), A_STATEMENT):
        for row in db.session.scalars(_unfound(Transfer.bill_id.in_(ids[start : start + A_STATEMENT]))):
            claims = found[row.bill_id].recorded if row.state == "recorded" else found[row.bill_id].confirmed
            claims.append(Claim(row.id, row.fen, row.bank_serial))
    return found


def _unfound(of: ColumnElement[bool]) -> Any:
    """Transfers that the agency recorded, waiting or confirmed by the supplier's word, without a row of a statement."""
    row_of = select(BankRow.id).where(BankRow.transfer_id == Transfer.id)
    told = or_(Transfer.state == "recorded", (Transfer.state == "confirmed") & Transfer.recorded_by.is_not(None))
    return select(Transfer).where(of, told, ~row_of.exists()).order_by(Transfer.recorded_at, Transfer.id)


def lock_row(actor: Actor, row_id: UUID) -> BankRow:
    return by_id(BankRow, row_id, BankRow.supplier_id == actor.organisation, "bank_row", lock=True)


def judge(row: BankRow) -> tuple[Match, Bill]:
    """What a locked row does to its bill now, under the bill's lock."""
    prepayments.lock_orders_of(row.bill_id)  # type: ignore[arg-type]
    bill = by_id(Bill, row.bill_id, lock=True)  # type: ignore[arg-type]
    return bank_rules.by_bill(row.fen, row.serial, _as_open([bill])[bill.id]), bill


def settle_row(actor: Actor, row: BankRow, transfer_id: UUID) -> None:
    """The row's money is that transfer."""
    row.state = rules.ROW.after("confirm", row.state)
    row.transfer_id, row.reason = transfer_id, ""
    row.decided_by, row.decided_at = row.decided_by or actor.user, clock.now()
    db.session.flush()


def to_queue(row: BankRow, outcome: str, reason: str = "") -> None:
    """What was proposed is no longer so: a person looks at it."""
    row.state, row.outcome, row.reason = rules.ROW.after("queue", row.state), outcome, reason
    row.decided_by, row.decided_at = None, None
    db.session.flush()


def assign(actor: Actor, row_id: UUID, bill_id: UUID) -> BankRow:
    """A person says which bill a row pays, whatever its code and amount; confirming it comes after."""
    actor.require("bank_row.confirm")
    row = lock_row(actor, row_id)
    state = rules.ROW.after("assign", row.state)
    bill = by_id(Bill, bill_id, Bill.supplier_id == actor.organisation, "bill")
    match = bank_rules.by_bill(row.fen, row.serial, _as_open([bill])[bill.id])
    row.state, row.bill_id, row.outcome, row.reason = state, bill_id, match.outcome, ""
    row.decided_by, row.decided_at = actor.user, clock.now()
    transfers.tell_about(bill, "bank_row.assign", actor, fen=row.fen, serial=row.serial)
    db.session.flush()
    return row


def put_by(actor: Actor, row_id: UUID, verb: str, reason: str) -> BankRow:
    """`return`: the money went back to who sent it; `set_aside`: it is not for any bill; `take_up`: it is after all.

    Raises Refused('reason_needed') for the first two without one, Conflict('wrong_state').
    """
    actor.require("bank_row.confirm")
    row = lock_row(actor, row_id)
    state = rules.ROW.after(verb, row.state)
    if verb != "take_up" and not reason.strip():
        raise Refused("reason_needed", field="reason")
    row.state, row.reason = state, reason.strip()
    row.decided_by, row.decided_at = actor.user, clock.now()
    audit.record(actor, f"bank_row.{verb}", "bank_row", row.id, fen=row.fen, serial=row.serial)
    db.session.flush()
    return row


def proposed_ids(supplier_id: UUID, statement_id: UUID) -> list[UUID]:
    """The rows of a statement that a confirmation of the batch takes, in the file's order."""
    query = select(BankRow.id).where(
        BankRow.statement_id == statement_id, BankRow.supplier_id == supplier_id, BankRow.state == "proposed"
    )
    return list(db.session.scalars(query.order_by(BankRow.no)))


def statement(actor: Actor, statement_id: UUID) -> BankStatement:
    """Raises NotFound."""
    actor.require("bank_row.import")
    return by_id(BankStatement, statement_id, BankStatement.supplier_id == actor.organisation, "bank_statement")


def statements(actor: Actor, *, page: int = 1, size: int = 25) -> tuple[list[BankStatement], int]:
    """The supplier's, newest first, and how many there are."""
    actor.require("bank_row.import")
    query = select(BankStatement).where(BankStatement.supplier_id == actor.organisation)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    query = query.order_by(BankStatement.read_at.desc(), BankStatement.id.desc()).limit(size).offset((page - 1) * size)
    return list(db.session.scalars(query)), total


def rows(
    actor: Actor, *, statement_id: UUID | None = None, state: str | None = None, page: int = 1, size: int = 50
) -> tuple[list[BankRow], int]:
    """Rows of one statement or of all, in a state or in any; and how many there are."""
    actor.require("bank_row.import")
    query = select(BankRow).where(BankRow.supplier_id == actor.organisation)
    if statement_id:
        query = query.where(BankRow.statement_id == statement_id)
    if state:
        query = query.where(BankRow.state == state)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    query = query.order_by(BankRow.day.desc(), BankRow.statement_id, BankRow.no)
    return list(db.session.scalars(query.limit(size).offset((page - 1) * size))), total


def row(actor: Actor, row_id: UUID) -> BankRow:
    """Raises NotFound."""
    actor.require("bank_row.import")
    return by_id(BankRow, row_id, BankRow.supplier_id == actor.organisation, "bank_row")


def counts(actor: Actor, statement_ids: Iterable[UUID]) -> dict[UUID, dict[str, tuple[int, int]]]:
    """Statement → state → (rows, fen)."""
    actor.require("bank_row.import")
    query = (
        select(BankRow.statement_id, BankRow.state, func.count(), func.sum(BankRow.fen))
        .where(BankRow.supplier_id == actor.organisation, BankRow.statement_id.in_(set(statement_ids)))
        .group_by(BankRow.statement_id, BankRow.state)
    )
    found: dict[UUID, dict[str, tuple[int, int]]] = {}
    for statement_id, state, number, fen in db.session.execute(query):
        found.setdefault(statement_id, {})[state] = (number, int(fen))
    return found


def candidates(actor: Actor, row: BankRow, limit: int = 30) -> list[Bill]:
    """Open bills that a person may mean: of the same amount first, then of a payer of that name, then those due first."""
    actor.require("bank_row.import")
    query = select(Bill).where(Bill.supplier_id == actor.organisation, Bill.state.in_(bills.TO_PAY))
    found = list(db.session.scalars(query.order_by(Bill.due_on, Bill.number).limit(2_000)))
    names = identity.named({bill.agency_id for bill in found})
    payer = bank_rules.same_name(row.payer)

    def far(bill: Bill) -> tuple[bool, bool]:
        return rules.left_fen(bill) != row.fen, bank_rules.same_name(names[bill.agency_id].name) != payer

    return sorted(found, key=far)[:limit]
