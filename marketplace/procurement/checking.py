"""What a bulk order's lines would cost today, and everything that stands against them. Nothing is changed here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from ..accreditation import services as accreditation
from ..accreditation.services import Verdict
from ..catalogue import rules as prices
from ..catalogue import services as catalogue
from ..core import clock
from ..core.db import db
from ..core.errors import DomainError, Refused
from ..core.money import MAX_FEN
from ..identity import services as identity
from .models import Requisition, RequisitionLine


@dataclass
class CheckedLine:
    """A line with what it would cost today and what stands against it. Money in fen, quantities in thousandths.

    `agreed`: the agreed price that it calls off, whatever the offer's breaks say. `available`: the offer's stock that
    is free, and what this line itself holds.
    """

    no: int
    line: Any  # as it is kept, or as somebody typed it
    offer: catalogue.Goods
    product: Any
    price_fen: int = 0
    money_fen: int = 0
    comparable_fen: int = 0
    reference_fen: int | None = None
    over_basis_points: int = 0
    verdict: Verdict | None = None
    supplier: Any = None
    agreed: Any = None
    available: int = 0
    problems: list[DomainError] = field(default_factory=list)


_LINES = (
    select(*RequisitionLine.__table__.c)
    .where(RequisitionLine.requisition_id == bindparam("id"))
    .order_by(RequisitionLine.no)
)


def lines_of(requisition_id: UUID) -> list[RequisitionLine]:
    query = select(RequisitionLine).where(RequisitionLine.requisition_id == requisition_id).order_by(RequisitionLine.no)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def typed_line(
    no: int, offer_id: UUID, quantity: int, counts: bool, reason: str, agreed_id: UUID | None = None
) -> RequisitionLine:
    """A line that is only typed, for `check`."""
    return RequisitionLine(
        no=no, offer_id=offer_id, quantity=quantity, counts=counts, reason=reason, agreed_id=agreed_id
    )


def check(
    row: Requisition, programme: str = "832", lines: Sequence[RequisitionLine] | None = None
) -> list[CheckedLine]:
    """Every line with today's price and every rule it breaks. Statements do not grow with the lines.

    `lines`: instead of those kept, lines as somebody typed them just now (of offers that exist).
    """
    kept: Sequence[Any] = list(db.session.execute(_LINES, {"id": row.id})) if lines is None else lines
    if not kept:
        return []
    offers = catalogue.goods(line.offer_id for line in kept)
    found = {offer.product_id: offer.product for offer in offers.values()}
    suppliers = identity.named({offer.supplier_id for offer in offers.values()})
    verdicts = accreditation.verdicts_on(found, suppliers, clock.today(), programme)
    wanted = {line.agreed_id for line in kept if line.agreed_id}
    agreed = catalogue.agreed(wanted) if wanted else {}
    return [
        _checked(
            CheckedLine(
                no=line.no,
                line=line,
                offer=offers[line.offer_id],
                product=offers[line.offer_id].product,
                verdict=verdicts.get(offers[line.offer_id].product_id),
                supplier=suppliers[offers[line.offer_id].supplier_id],
                agreed=agreed.get(line.agreed_id) if line.agreed_id else None,
                available=offers[line.offer_id].available + (line.quantity if row.hold_until else 0),
            )
        )
        for line in kept
    ]


def _checked(item: CheckedLine) -> CheckedLine:
    line, offer = item.line, item.offer
    if item.agreed is not None:
        item.price_fen = item.agreed.price_fen
    else:
        item.price_fen = prices.price_at(offer.breaks, line.quantity)
    item.reference_fen = offer.reference_fen
    item.comparable_fen = prices.comparable_price(
        pricing=offer.pricing,
        price_fen=item.price_fen,
        content=offer.content,
        comparable_per_base=item.product.comparable_per_base,
    )
    item.over_basis_points = prices.above_reference(item.comparable_fen, item.reference_fen)
    item.problems = _problems(item)
    if not item.problems:
        item.money_fen = prices.money(
            line.quantity, pricing=offer.pricing, price_fen=item.price_fen, content=offer.content
        )
    if item.money_fen > MAX_FEN:  # no sum of lines may leave the database's integers
        item.money_fen = 0
        item.problems = [Refused("line_too_large", field="quantity", row=item.no, most_fen=MAX_FEN)]
    return item


def _problems(item: CheckedLine) -> list[DomainError]:
    offer, line = item.offer, item.line
    problems: list[DomainError] = []
    if offer.state != "on_sale":
        return [Refused("offer_withdrawn", field="offer_id", row=item.no)]
    try:
        prices.check_quantity(
            line.quantity, minimum=offer.minimum, pack=offer.pack, step=offer.step, available=item.available
        )
    except Refused as refusal:
        refusal.row = item.no
        problems.append(refusal)
    if line.counts and item.verdict and not item.verdict.grant_id:
        problems.append(Refused(f"not_eligible_{item.verdict.reason}", field="counts", row=item.no))
    if item.agreed is not None:
        problems += _of_agreed(item, clock.today())
    elif item.over_basis_points and not line.reason.strip():  # an agreed price was argued for when it was awarded
        problems.append(
            Refused(
                "above_reference",
                field="reason",
                row=item.no,
                over=item.over_basis_points,
                reference_fen=item.reference_fen,
            )
        )
    return problems


def _of_agreed(item: CheckedLine, day: date) -> list[DomainError]:
    agreed = item.agreed
    if agreed.ended or not agreed.from_day <= day <= agreed.until_day:
        return [Refused("agreed_not_in_force", field="agreed_id", row=item.no, number=agreed.number)]
    if agreed.ceiling is not None and item.line.quantity > agreed.ceiling - agreed.used:
        return [Refused("beyond_agreed", field="quantity", row=item.no, left_qty=agreed.ceiling - agreed.used)]
    return []


def head_problems(row: Requisition) -> list[DomainError]:
    problems: list[DomainError] = [
        Refused("required", field=name) for name in ("title", "address", "contact") if not getattr(row, name).strip()
    ]
    if row.deliver_on is None:
        problems.append(Refused("required", field="deliver_on"))
    elif row.deliver_on < clock.today():
        problems.append(Refused("day_in_past", field="deliver_on"))
    return problems
