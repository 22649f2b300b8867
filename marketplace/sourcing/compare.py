"""Quotations side by side: each line's answers per comparable unit, the cheapest first."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ..accreditation import services as accreditation
from ..catalogue import rules as prices
from ..catalogue import services as catalogue
from ..core import clock
from ..core.actor import Actor
from ..procurement import services as procurement
from ..products import services as products
from . import quotations, reads, rules
from .models import Quotation, QuotationLine, Request, RequestLine
from .requests import PROGRAMME


@dataclass
class Answer:
    """One quotation's answer to a line. `over_basis_points`: above the reference by more than needs no reason, else 0.

    `most` and `first` (what the cheapest ones together leave for it) are thousandths of the line's unit.
    `changed`: the offer is packed otherwise than when it was quoted, so that it cannot be awarded.
    """

    quotation: Quotation
    line: QuotationLine
    offer: Any
    product: Any
    grant_id: UUID | None
    why_not: str
    over_basis_points: int
    changed: bool
    lapsed: bool
    first: int = 0


@dataclass
class Compared:
    """A line, what all agencies want of it, its reference price, and its answers, the cheapest first."""

    line: RequestLine
    wanted: int
    reference_fen: int | None
    answers: list[Answer]


@dataclass
class Comparison:
    """`sealed`: nothing is told before the deadline, not even how many there are. `past`: supplier → (order lines
    delivered so far, those of which something was rejected)."""

    sealed: bool
    lines: list[Compared]
    quotations: list[Quotation]
    past: dict[UUID, tuple[int, int]]


def compare(actor: Actor, request: Request) -> Comparison:
    """Statements do not grow with the lines or the suppliers."""
    if actor.kind == "supplier" or quotations.is_sealed(request):
        return Comparison(True, [], [], {})
    sent = quotations.opened(actor, request)
    below = quotations.lines_of([row.id for row in sent])
    offers = catalogue.by_ids({line.offer_id for lines in below.values() for line in lines})
    found = products.by_ids({offer.product_id for offer in offers.values()})
    verdicts = accreditation.eligible(found, clock.today(), PROGRAMME) if found else {}
    lines = reads.lines_of(request.id)
    references = catalogue.references({line.category_code for line in lines})
    wants = reads.wants_of(request.id)
    compared = []
    for line in lines:
        reference = references.get((line.category_code, line.unit))
        answers = [
            _answer(
                row, answer, offers[answer.offer_id], found[offers[answer.offer_id].product_id], verdicts, reference
            )
            for row in sent
            for answer in below[row.id]
            if answer.line_id == line.id
        ]
        answers.sort(key=lambda one: (one.line.comparable_fen, one.quotation.sent_at, one.quotation.id))
        wanted = sum(wants.get(line.id, {}).values())
        _fill(answers, wanted)
        compared.append(Compared(line, wanted, reference, answers))
    return Comparison(False, compared, sent, procurement.past_of({row.supplier_id for row in sent}))


def _answer(
    row: Quotation, line: QuotationLine, offer: Any, product: Any, verdicts: dict[UUID, Any], reference: int | None
) -> Answer:
    verdict = verdicts[product.id]
    return Answer(
        quotation=row,
        line=line,
        offer=offer,
        product=product,
        grant_id=verdict.grant_id,
        why_not=verdict.reason,
        over_basis_points=prices.above_reference(line.comparable_fen, reference),
        changed=line.per_unit != rules.per_unit(offer.content, product.comparable_per_base)
        or line.comparable_fen != quotations.comparable_of(offer, product, line.price_fen),
        lapsed=row.valid_until < clock.today(),
    )


def _fill(answers: list[Answer], wanted: int) -> None:
    """What each would get if the cheapest are served first: the award's proposal."""
    for one in answers:
        if one.grant_id and not one.changed and not one.lapsed:
            one.first = min(wanted, one.line.most)
            wanted -= one.first
