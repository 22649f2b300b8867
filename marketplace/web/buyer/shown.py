"""How a bulk order's table is shown: each line with its price step, problems and the repairs that would put it right."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask_babel import gettext as _

from ...catalogue import services as catalogue
from ...core import clock
from ...core.errors import DomainError
from ...edge.messages import sentence
from ...identity import services as identity
from ...products import services as products
from ...quota import services as quota
from .. import kit
from ..public.cards import brief
from . import typed
from .typed import Typed


@dataclass
class Line:
    """A line of the table. `repairs`: (what a button does, its word); `step` of `steps` price breaks is reached."""

    no: int
    typed: Typed
    offer: Any
    product: Any
    supplier: Any
    item: Any = None
    step: int = 1
    more: tuple[int, int] | None = None
    less: int = 0  # fen per price unit that the next step saves
    agreed: Any = None  # the agreed price that it calls off
    offered: Any = None  # the best one that it might
    words: list[str] = field(default_factory=list)
    repairs: list[tuple[str, str]] = field(default_factory=list)
    tone: str = ""

    @property
    def short_words(self) -> list[str]:
        return [words.rstrip("。.") for words in self.words]

    @property
    def good(self) -> bool:
        return self.item is not None and not self.item.problems

    @property
    def money_fen(self) -> int:
        return self.item.money_fen if self.item else 0


@dataclass(frozen=True)
class Summary:
    """What the sticky bar says. `left_fen`: of the plan once this is approved; None without a plan."""

    lines: int
    good: int
    suppliers: int
    total_fen: int
    counted_fen: int
    plan: Any
    left_fen: int | None
    by_supplier: list[tuple[Any, int, int]]


def lines_of(row: Any, entries: Sequence[Typed], errors: Sequence[DomainError] = ()) -> list[Line]:
    """Every typed line as the table shows it; `errors` are the refusals of a submit, by row."""
    items = typed.checked(row, entries)
    offers = catalogue.by_ids({line.offer_id for line in entries}) if entries else {}
    found = products.by_ids({offer.product_id for offer in offers.values()}) if offers else {}
    suppliers = identity.named({offer.supplier_id for offer in offers.values()})
    agreed = catalogue.agreed_for(row.agency_id, offers, clock.today()) if offers else {}
    shown = []
    for no, line in enumerate(entries, 1):
        offer = offers.get(line.offer_id)
        if offer is None:
            continue
        one = Line(no, line, offer, found[offer.product_id], suppliers[offer.supplier_id], items.get(no))
        _agreed(one, agreed.get(offer.id, []))
        _steps(one)
        _problems(one, [error for error in errors if error.row == no])
        shown.append(one)
    return shown


def _agreed(one: Line, prices: Sequence[Any]) -> None:
    """The agreed price of the line, or the best one that would cost less than its step."""
    one.agreed = one.item.agreed if one.item else None
    one.offered = next((price for price in prices if price.id != one.typed.agreed_id), None)


def _steps(one: Line) -> None:
    quantity = one.typed.quantity or 0
    one.step = sum(quantity >= step.from_quantity for step in one.offer.breaks) or 1
    following = next((step for step in one.offer.breaks if step.from_quantity > quantity), None)
    if following:
        one.more = following.from_quantity - quantity, following.price_fen
        one.less = one.offer.breaks[one.step - 1].price_fen - following.price_fen


def _problems(one: Line, errors: Sequence[DomainError]) -> None:
    problems = list(one.item.problems) if one.item else []
    problems += [error for error in errors if error.code not in {problem.code for problem in problems}]
    for problem in problems:
        one.words.append(_sentence(problem, one))
        one.repairs += _repairs(problem, one)
        one.tone = "warn" if problem.code == "above_reference" and one.tone != "bad" else "bad"
    if not problems and one.item and one.item.over_basis_points:
        one.tone = "noted"


def _sentence(problem: DomainError, one: Line) -> str:
    unit = kit.unit_word(one.offer.order_unit)
    if problem.code == "off_pack":
        return _("数量须是 %(pack)s %(unit)s的整数倍。", pack=brief(problem.facts["pack"]), unit=unit)
    if problem.code == "off_step":
        return _("数量按 %(step)s %(unit)s递增。", step=brief(problem.facts["step"]), unit=unit)
    if problem.code == "below_minimum":
        return _("低于起订量 %(minimum)s %(unit)s。", minimum=brief(problem.facts["minimum"]), unit=unit)
    if problem.code == "beyond_stock":
        return _("超过可供数量：现有 %(available)s %(unit)s。", available=brief(problem.facts["available"]), unit=unit)
    return sentence(problem)


def _repairs(problem: DomainError, one: Line) -> list[tuple[str, str]]:
    """One-click repairs: quantities that the rules would take, or what else puts the line right."""
    facts, offer, no = problem.facts, one.offer, one.no
    if problem.code in ("not_a_quantity", "too_many_decimals", "quantity_too_large", "quantity_zero"):
        return [_to(no, offer.minimum)]
    if problem.code == "below_minimum":
        return [_to(no, facts["minimum"])]
    if problem.code == "off_step":
        return [_to(no, max(facts["lower"], offer.minimum))]
    if problem.code == "off_pack":
        return [_to(no, quantity) for quantity in dict.fromkeys((facts["lower"], facts["upper"]))]
    if problem.code == "beyond_stock":
        most = offer.available - offer.available % offer.pack
        return [_to(no, most)] if most >= offer.minimum else [(f"remove:{no}", _("删除这一行"))]
    if problem.code == "agreed_not_in_force":
        return [(f"unagree:{no}", _("按目录价买"))]
    if problem.code == "beyond_agreed":
        most = facts["left_qty"] - facts["left_qty"] % offer.pack
        return ([_to(no, most)] if most >= offer.minimum else []) + [(f"unagree:{no}", _("按目录价买"))]
    if problem.code == "offer_withdrawn":
        return [(f"remove:{no}", _("删除这一行"))]
    if problem.code.startswith("not_eligible"):
        return [(f"uncount:{no}", _("照买，不计入份额"))]
    return []


def _to(no: int, quantity: int) -> tuple[str, str]:
    return f"set:{no}:{quantity}", _("改为 %(quantity)s", quantity=brief(quantity))


def summary_of(row: Any, lines: Sequence[Line]) -> Summary:
    good = [line for line in lines if line.good]
    by_supplier: dict[UUID, tuple[Any, int, int]] = {}
    for line in lines:
        supplier, count, fen = by_supplier.get(line.offer.supplier_id, (line.supplier, 0, 0))
        by_supplier[line.offer.supplier_id] = (supplier, count + line.good, fen + line.money_fen)
    total = sum(line.money_fen for line in good)
    counted = sum(line.money_fen for line in good if line.typed.counts)
    plan = quota.plan_for(row.agency_id, clock.today().year, row.counted_as)
    left = plan.target_fen - plan.settled_fen - plan.committed_fen - counted if plan else None
    return Summary(
        len(lines),
        len(good),
        sum(count > 0 for _supplier, count, _fen in by_supplier.values()),
        total,
        counted,
        plan,
        left,
        sorted(by_supplier.values(), key=lambda one: -one[2]),
    )
