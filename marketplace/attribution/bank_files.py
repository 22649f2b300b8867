"""Bank files: payouts by transfer, each under a reference of its own, in one live file at a time."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, change_rows, db, new_id, visible
from ..core.errors import Conflict, DomainError, Many, Refused
from ..core.numbers import numbered
from ..households import services as households
from ..regions import services as regions
from . import bank_templates
from .models import BankFile, BankFileLine, Distribution, Payout
from .payouts import (
    NOT_PAYABLE,
    STATES,
    TRANSFER,
    _supplier,
    as_query,
    blocked,
    gate,
    moves,
    open_ids,
    refuse_unchanged,
    require_payable,
)

LIVE = ("sent", "unknown")


def make(
    actor: Actor, *, template: str, payout_ids: Sequence[UUID] | None = None, distribution_id: UUID | None = None
) -> BankFile:
    """Puts payouts into a new bank file: those named, or all of a list that can be paid by transfer now.

    Raises Refused: bank_template_unknown, nothing_to_send; Many with rows: notice_running, objection_open, cash_payee,
    already_paid, payout_in_bank_file, payout_held, payout_failed.
    """
    actor.require("payout.record")
    supplier_id = _supplier(actor)
    bank_templates.template(template)
    chosen = list(payout_ids) if payout_ids is not None else _sendable(supplier_id, distribution_id)
    if not chosen:
        raise Refused("nothing_to_send", field="payouts")
    require_payable(supplier_id, chosen, clock.today())
    _refuse_cash(supplier_id, chosen)
    gate(supplier_id, chosen)
    changed = change_rows(
        Payout,
        [{"id": id_} for id_ in sorted(set(chosen))],
        set_=lambda payout, wanted: {"state": STATES.transitions["send"][1]},
        where=lambda payout, wanted: (
            moves("send", payout) & (payout.supplier_id == supplier_id) & (payout.channel == TRANSFER)
        ),
        returning=("id", "fen", "payee_id", "account_last4", "division", "household_id"),
    )
    refuse_unchanged(supplier_id, chosen, {row.id for row in changed})
    row = BankFile(
        id=new_id(),
        number=numbered("DF", clock.today().year)[0],
        supplier_id=supplier_id,
        template=template,
        state="live",
        lines=len(changed),
        total_fen=sum(line.fen for line in changed),
        made_by=actor.user,
        made_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    order = sorted(changed, key=lambda line: (line.division, line.household_id, line.id))
    db.session.execute(
        insert(BankFileLine),
        [
            {
                "bank_file_id": row.id,
                "no": no,
                "reference": f"{row.number.replace('-', '')}{no:05d}",
                "payout_id": line.id,
                "payee_id": line.payee_id,
                "account_last4": line.account_last4,
                "fen": line.fen,
                "state": "sent",
                "reason": "",
                "told_at": None,
            }
            for no, line in enumerate(order, 1)
        ],
    )
    audit.record(actor, "bank_file.make", "bank_file", row.id, number=row.number, count=row.lines, fen=row.total_fen)
    return row


def _sendable(supplier_id: UUID, distribution_id: UUID | None) -> list[UUID]:
    """A list's payouts by transfer that nothing makes wait."""
    if distribution_id is None:
        return []
    ids = open_ids(supplier_id, distribution_id, channel=TRANSFER)
    waiting = blocked(supplier_id, ids, clock.today())
    if waiting and len(waiting) == len(ids):
        code, until = waiting[ids[0]]
        facts: dict[str, Any] = {} if until is None else {"until": until}
        raise Refused(code, field="payouts", **facts)
    return [id_ for id_ in ids if id_ not in waiting]


def _refuse_cash(supplier_id: UUID, payout_ids: Sequence[UUID]) -> None:
    query = select(Payout.id, Payout.state).where(
        Payout.id.in_(as_query(payout_ids)), Payout.supplier_id == supplier_id, Payout.channel != TRANSFER
    )
    cash = dict(db.session.execute(query).all())  # type: ignore[arg-type]
    errors: list[DomainError] = [
        Refused(NOT_PAYABLE.get(cash[id_], "cash_payee"), field="payouts", row=number)
        for number, id_ in enumerate(payout_ids, 1)
        if id_ in cash
    ]
    if errors:
        raise Many(errors)


def content(actor: Actor, bank_file_id: UUID, *, reason: str) -> tuple[str, bytes, str]:
    """(file name, content, media type) with the accounts in full: for the bank. The reason stands in the trail.

    Raises Conflict('wrong_state') for one that was withdrawn, and what `reveal_accounts` raises.
    """
    actor.require("payout.record")
    row = by_id(BankFile, bank_file_id, BankFile.supplier_id == actor.organisation, "bank_file")
    if row.state != "live":
        raise Conflict("wrong_state", what="bank_file", state=row.state, verb="download")
    lines = bank_lines(row.id)
    payees = {line.payee_id for line in lines}
    numbers = households.reveal_accounts(actor, sorted(payees), reason)
    of_payouts = {
        payout.id: payout for payout in db.session.scalars(select(Payout).where(Payout.id.in_(_payouts_of(row.id))))
    }
    named = households.payee_names(payees)
    lists = _lists({payout.distribution_id for payout in of_payouts.values()})
    places = regions.name_paths({payout.division for payout in of_payouts.values()})
    form = bank_templates.template(row.template)
    rows = []
    for line in lines:
        payout = of_payouts[line.payout_id]
        payee = named[line.payee_id]
        account, id_number = numbers[line.payee_id]
        rows.append(
            {
                "no": line.no,
                "reference": line.reference,
                "account": account,
                "name": payee.name,
                "id_number": id_number,
                "bank": payee.bank,
                "amount": line.fen,
                "purpose": f"{lists[payout.distribution_id]}联农分配",
                "village": places.get(payout.division, ""),
            }
        )
    audit.record(actor, "bank_file.download", "bank_file", row.id, number=row.number, count=len(rows))
    return f"{row.number}.{form.format}", form.content(rows), form.media_type


def _payouts_of(bank_file_id: UUID) -> Any:
    return select(BankFileLine.payout_id).where(BankFileLine.bank_file_id == bank_file_id)


def _lists(ids: set[UUID]) -> dict[UUID, str]:
    query = select(Distribution.id, Distribution.number).where(Distribution.id.in_(ids))
    return dict(db.session.execute(query).all())  # type: ignore[arg-type]


def withdraw(actor: Actor, bank_file_id: UUID, *, reason: str) -> BankFile:
    """Takes back a file that the bank has not worked: its payouts are to be paid again.

    Raises Refused: reason_needed, bank_file_told (the bank has answered already).
    """
    actor.require("distribution.approve")
    if not reason.strip():
        raise Refused("reason_needed", field="reason")
    row = by_id(BankFile, bank_file_id, BankFile.supplier_id == actor.organisation, "bank_file", lock=True)
    if row.state != "live":
        raise Conflict("wrong_state", what="bank_file", state=row.state, verb="withdraw")
    told = select(BankFileLine.no).where(BankFileLine.bank_file_id == row.id, BankFileLine.state != "sent")
    if db.session.scalar(told.limit(1)) is not None:
        raise Refused("bank_file_told", field="reason")
    back = [{"id": id_} for id_ in sorted(db.session.scalars(_payouts_of(row.id)))]
    gate(row.supplier_id, [one["id"] for one in back])
    changed = change_rows(
        Payout,
        back,
        set_=lambda payout, wanted: {"state": STATES.transitions["recall"][1]},
        where=lambda payout, wanted: moves("recall", payout),
    )
    if len(changed) != len(back):
        raise Refused("bank_file_told", field="reason")
    db.session.execute(
        update(BankFileLine)
        .where(BankFileLine.bank_file_id == row.id, BankFileLine.state == "sent")
        .values(state="withdrawn", reason=reason.strip()[:120], told_at=clock.now()),
        execution_options={"synchronize_session": False},
    )
    row.state = "withdrawn"
    audit.record(actor, "bank_file.withdraw", "bank_file", row.id, number=row.number, reason=reason.strip()[:200])
    db.session.flush()
    return row


def bank_file(actor: Actor, bank_file_id: UUID) -> BankFile:
    """A bank file within scope. Raises NotFound."""
    actor.require("statement.read")
    return by_id(BankFile, bank_file_id, visible(actor.scope, supplier=BankFile.supplier_id), "bank_file")


def bank_files(actor: Actor, *, page: int = 1, size: int = 50) -> tuple[list[BankFile], int]:
    """Bank files within scope, newest first, and how many."""
    actor.require("statement.read")
    query = select(BankFile).where(visible(actor.scope, supplier=BankFile.supplier_id))
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = db.session.scalars(query.order_by(BankFile.made_at.desc()).limit(size).offset((page - 1) * size))
    return list(rows), total


def bank_lines(bank_file_id: UUID, state: str | None = None) -> list[BankFileLine]:
    """A file's lines in order, all or of one state; the caller has checked scope."""
    query = select(BankFileLine).where(BankFileLine.bank_file_id == bank_file_id)
    if state:
        query = query.where(BankFileLine.state == state)
    return list(db.session.scalars(query.order_by(BankFileLine.no)))


def told_of(bank_file_ids: Sequence[UUID]) -> dict[UUID, dict[str, tuple[int, int]]]:
    """File → state → (lines, fen), one statement; the caller has checked scope."""
    query = (
        select(BankFileLine.bank_file_id, BankFileLine.state, func.count(), func.sum(BankFileLine.fen))
        .where(BankFileLine.bank_file_id.in_(bank_file_ids))
        .group_by(BankFileLine.bank_file_id, BankFileLine.state)
    )
    found: dict[UUID, dict[str, tuple[int, int]]] = {}
    for id_, state, count, fen in db.session.execute(query):
        found.setdefault(id_, {})[state] = (int(count), int(fen))
    return found


def files_of(payout_ids: Sequence[UUID]) -> dict[UUID, tuple[BankFileLine, str]]:
    """Payout → (its latest line in a bank file, the file's number); the caller has checked scope."""
    query = (
        select(BankFileLine, BankFile.number)
        .join(BankFile, BankFile.id == BankFileLine.bank_file_id)
        .where(BankFileLine.payout_id.in_(payout_ids))
        .order_by(BankFile.made_at)
    )
    return {line.payout_id: (line, number) for line, number in db.session.execute(query)}
