"""To whom a household's payout goes: its heirs and payees on the day, an agreement's own payee first."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from ..core import clock
from ..core.db import db
from ..core.money import half_up
from ..households import services as households
from ..linkage import debts
from .models import Distribution, DistributionShare, Pool


class Payee(NamedTuple):
    """Who is paid: `channel` transfer (to a card or account) or cash; without an id `reason` says why nobody is."""

    id: UUID | None
    channel: str
    account_last4: str
    reason: str


@dataclass(frozen=True)
class Part:
    """One payout: part `no` of a household's."""

    household_id: UUID
    no: int
    fen: int
    payee_id: UUID | None
    channel: str
    account_last4: str
    reason: str


def on_today(household_ids: Iterable[UUID]) -> tuple[dict[tuple[UUID, UUID | None], Payee], dict[UUID, str]]:
    """(household, agreement or None) → payee today, and household → why it has none."""
    asked = list(household_ids)
    today = clock.today()
    found = {
        key: Payee(one.id, "cash" if one.kind == "cash" else "transfer", one.account_last4, "")
        for key, one in households.payees_on(asked, today).items()
    }
    missing = [household for household in asked if (household, None) not in found]
    return found, households.why_no_payee(missing, today) if missing else {}


def of_today(household_ids: Iterable[UUID]) -> tuple[dict[UUID, Payee], dict[UUID, str]]:
    """Household → who is paid for it today, and why nobody is: for payouts that were held or failed.

    One that another household followed is paid to that one's payee. One that several followed has nobody: its payout is
    taken back, and the next list divides it anew.
    """
    asked = set(household_ids)
    heirs = households.heirs_on(list(asked), clock.today())
    followed = {one: heirs[one][0][0] if one in heirs else one for one in asked if len(heirs.get(one, [None])) == 1}
    found, why = on_today(set(followed.values()))
    payees = {one: found[heir, None] for one, heir in followed.items() if (heir, None) in found}
    reasons = {one: why.get(followed[one], "payee_none") if one in followed else "payee_split" for one in asked}
    return payees, {one: reasons[one] for one in asked - set(payees)}


def parts_of(row: Distribution, payable: dict[UUID, int], ids: Any) -> list[Part]:
    """The payouts of households: fen > 0 each, in a fixed order; statements do not grow with them."""
    if not payable:
        return []
    heirs = households.heirs_on(list(payable), clock.today())
    everybody = set(payable) | {heir for parts in heirs.values() for heir, _ in parts}
    found, why = on_today(everybody)
    own = _of_agreements(row, ids) if any(agreement is not None for _, agreement in found) else {}
    result: list[Part] = []
    for household, fen in sorted(payable.items()):
        pieces: dict[Payee, int] = {}
        for heir, part in inherited(fen, heirs.get(household) or [(household, 10_000)]):
            for payee, amount in _to(heir, part, own.get(household, {}), found, why).items():
                pieces[payee] = pieces.get(payee, 0) + amount
        result += [
            Part(household, no, amount, payee.id, payee.channel, payee.account_last4, payee.reason)
            for no, (payee, amount) in enumerate(pieces.items())
            if amount
        ]
    return result


def inherited(fen: int, parts: list[tuple[UUID, int]]) -> list[tuple[UUID, int]]:
    """Fen by heir: basis points that sum to 10,000, rounded cumulatively so that nothing is lost."""
    given, points, found = 0, 0, []
    for heir, part in parts:
        points += part
        until = half_up(fen * points, 10_000)
        found.append((heir, until - given))
        given = until
    return found


def _to(
    household: UUID,
    fen: int,
    due: dict[UUID, int],
    found: dict[tuple[UUID, UUID | None], Payee],
    why: dict[UUID, str],
) -> dict[Payee, int]:
    """What each payee of a household gets of its money: an agreement's payee what that agreement brought."""
    parts: dict[Payee, int] = {}
    for agreement, brought in sorted(due.items()):
        payee = found.get((household, agreement))
        amount = min(fen, max(0, brought))
        if payee is not None and amount:
            parts[payee] = parts.get(payee, 0) + amount
            fen -= amount
    if fen:
        rest = found.get((household, None)) or Payee(None, "cash", "", why.get(household, "payee_none"))
        parts[rest] = parts.get(rest, 0) + fen
    return parts


def _of_agreements(row: Distribution, ids: Any) -> dict[UUID, dict[UUID, int]]:
    """Household → agreement → fen due by this distribution."""
    query = (
        select(DistributionShare.household_id, Pool.agreement_id, func.sum(DistributionShare.fen))
        .join(Pool, Pool.id == DistributionShare.pool_id)
        .where(DistributionShare.distribution_id == row.id, Pool.makes_debt, DistributionShare.household_id.in_(ids))
        .group_by(DistributionShare.household_id, Pool.agreement_id)
    )
    found: dict[UUID, dict[UUID, int]] = {}
    for household, agreement, fen in db.session.execute(query):
        found.setdefault(household, {})[agreement] = int(fen)
    for (household, agreement), fen in debts.flows_by_agreement(row.id, ids).items():
        of = found.setdefault(household, {})
        of[agreement] = of.get(agreement, 0) + fen
    return found
