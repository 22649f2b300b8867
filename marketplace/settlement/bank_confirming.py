"""Confirming what a bank statement brought: each row's money pays its bill, and what is signed settles.

A batch is a job in short transactions, one for each row: one that was broken off goes on where it was.
"""

from uuid import UUID

from ..core.actor import Actor
from ..core.db import transaction
from ..core.errors import Conflict, DomainError
from ..core.jobs import Job, Progress, start
from ..identity import services as identity
from ..payments import matching
from ..payments import services as payments
from ..payments.bank_models import BankRow
from .settling import settle_paid

KIND = "bank_confirm"
# What a person who assigned a row has seen, and nobody has of a row that was only proposed.
SURPRISES = frozenset(("double", "differs"))


def confirm_row(actor: Actor, row_id: UUID) -> BankRow:
    """The row's money is the supplier's: it pays its bill as far as that asks, and is the payer's credit beyond.

    Where the bill was paid or claimed otherwise since the row was proposed, a person is asked instead.
    Raises NotFound, Conflict('wrong_state').
    """
    actor.require("bank_row.confirm")
    row = matching.lock_row(actor, row_id)
    if row.state != "proposed":
        raise Conflict("wrong_state", what="bank_row", state=row.state, verb="confirm")
    match, bill = matching.judge(row)
    if match.outcome in SURPRISES and row.decided_by is None:
        matching.to_queue(row, match.outcome)
        return row
    row.outcome = match.outcome
    if match.outcome == "known":
        matching.settle_row(actor, row, match.transfer_id)  # type: ignore[arg-type]
        return row
    transfer, bill = payments.receive(
        actor, bill.id, fen=row.fen, paid_on=row.day, serial=row.serial, transfer_id=match.transfer_id
    )
    matching.settle_row(actor, row, transfer.id)
    settle_paid(actor, bill)
    return row


def start_confirming(actor: Actor, statement_id: UUID) -> Job:
    """A person has looked at a statement's proposals, and confirms all of them. Raises Conflict('nothing_to_confirm')."""
    actor.require("bank_row.confirm")
    of = matching.statement(actor, statement_id)
    if not matching.proposed_ids(of.supplier_id, of.id):
        raise Conflict("nothing_to_confirm")
    return start(actor, KIND, statement_id=str(of.id), number=of.number)


def work(job: Job, progress: Progress) -> dict[str, object]:
    """Each row in a transaction of its own; one that is refused waits for a person, with the reason's code."""
    with transaction(write=False):
        actor = identity.actor_by_id(job.started_by)  # type: ignore[arg-type]
        supplier_id: UUID = actor.organisation  # type: ignore[assignment]
        waiting = matching.proposed_ids(supplier_id, UUID(job.payload["statement_id"]))
    confirmed = asked = 0
    for done, row_id in enumerate(waiting):
        try:
            with transaction():
                state = confirm_row(actor, row_id).state
        except Conflict:  # somebody confirmed or assigned it meanwhile
            continue
        except DomainError as refused:
            with transaction():
                matching.to_queue(matching.lock_row(actor, row_id), "unmatched", refused.code)
            state = "queued"
        confirmed += state == "confirmed"
        asked += state == "queued"
        progress(done + 1, len(waiting), job.payload["number"])
    return {"number": job.payload["number"], "confirmed": confirmed, "queued": asked}
