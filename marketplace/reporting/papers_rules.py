"""When a papers pack (报销资料包) is complete, from plain values: what is missing, each with its facts. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

MOST_DOCUMENTS, MOST_MB = 300, 120
AT_ONCE = 25  # documents; more are put together by a job


@dataclass(frozen=True)
class Missing:
    code: str
    number: str
    fen: int = 0
    paper: str = ""


@dataclass(frozen=True)
class Delivered:
    number: str
    accepted: bool


@dataclass(frozen=True)
class Accepted:
    number: str
    signed: bool
    billed: bool


@dataclass(frozen=True)
class Billed:
    """`asked_fen`: what it asks after what was taken off; `recorded_fen`: transferred, says the agency, and not
    confirmed yet; `processing_fen`: paid online, which Stripe has not confirmed; `refunding`: (reference, fen) of money
    on its way back. A prepayment is invoiced with what is delivered."""

    number: str
    asked_fen: int
    paid_fen: int
    recorded_fen: int = 0
    invoiced_fen: int = 0
    prepaid: bool = False
    without_scan: tuple[str, ...] = ()
    processing_fen: int = 0
    refunding: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Batch:
    code: str
    needed: tuple[str, ...]
    held: frozenset[str]


@dataclass(frozen=True)
class Returned:
    number: str
    fen: int
    red: bool


@dataclass(frozen=True)
class Facts:
    """What a pack is about. `confirmed`: the supplier took the order on."""

    order: str
    confirmed: bool
    deliveries: Sequence[Delivered] = ()
    acceptances: Sequence[Accepted] = ()
    bills: Sequence[Billed] = ()
    batches: Sequence[Batch] = ()
    returns: Sequence[Returned] = field(default_factory=tuple)


def missing(facts: Facts) -> list[Missing]:
    """What is missing for the money to be accounted for, in the order in which it comes about."""
    found: list[Missing] = []
    if not facts.confirmed:
        found.append(Missing("unconfirmed", facts.order))
    if facts.confirmed and not facts.deliveries:
        found.append(Missing("not_delivered", facts.order))
    found += [Missing("not_accepted", one.number) for one in facts.deliveries if not one.accepted]
    for accepted in facts.acceptances:
        if not accepted.signed:
            found.append(Missing("not_signed", accepted.number))
        if not accepted.billed:
            found.append(Missing("not_billed", accepted.number))
    for batch in facts.batches:
        lacking = [kind for kind in batch.needed if kind not in batch.held]
        found += [Missing("no_paper", batch.code, paper=kind) for kind in lacking]
    for bill in facts.bills:
        found += _of_bill(bill)
    found += [Missing("no_red_invoice", one.number, one.fen) for one in facts.returns if one.fen and not one.red]
    return found


def _of_bill(bill: Billed) -> list[Missing]:
    found = []
    if not bill.prepaid and bill.invoiced_fen < bill.asked_fen:
        found.append(Missing("no_invoice", bill.number, bill.asked_fen - bill.invoiced_fen))
    found += [Missing("no_scan", number) for number in bill.without_scan]
    left = bill.asked_fen - bill.paid_fen
    if left > 0:
        told = min(left, bill.recorded_fen)
        processing = min(left - told, bill.processing_fen)
        if told:
            found.append(Missing("not_confirmed", bill.number, told))
        if processing:
            found.append(Missing("card_processing", bill.number, processing))
        if left > told + processing:
            found.append(Missing("not_paid", bill.number, left - told - processing))
    found += [Missing("refund_pending", reference, fen) for reference, fen in bill.refunding]
    return found
