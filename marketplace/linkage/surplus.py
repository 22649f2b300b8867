"""A cooperative's yearly surplus (盈余返还): what the members' meeting resolved, divided to the fen, by two persons.

distributable = profit − past losses − reserves; at least 60 % of it by members' transaction volume, the rest by
capital, reserve and quantified-subsidy shares (RULES.md, Linkage and income). Approved, it becomes flows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, insert, select

from ..core import audit, clock, files
from ..core.actor import Actor
from ..core.apportion import apportion
from ..core.db import by_id, db, new_id, visible
from ..core.errors import Conflict, Many, Refused
from ..core.numbers import numbered
from ..households import services as households
from . import rules
from .agreements import own
from .flows import write
from .models import Agreement, Slip, SurplusShare, SurplusYear
from .rosters import roster_on


@dataclass(frozen=True)
class Resolution:
    """The members' meeting's resolution: its number, day and signed file."""

    number: str
    day: date
    file_id: UUID | None


def prepare_surplus(
    actor: Actor,
    agreement_id: UUID,
    year: int,
    *,
    resolution: Resolution,
    profit_fen: int,
    losses_fen: int = 0,
    reserves_fen: int = 0,
    volume_basis_points: int,
    volumes: Mapping[UUID, int] | None = None,
    capitals: Mapping[UUID, int] | None = None,
) -> SurplusYear:
    """Drafts a year's division among the members, the households of the agreement's roster on the resolution's day.

    `volumes`: household → its transactions in whatever unit, else the value of its slips of the year. `capitals`:
    household → capital, reserve and quantified-subsidy share. Raises Refused: not_surplus, resolution_needed,
    day_in_future, year_not_over, surplus_exists, surplus_nothing, volume_part_low, volume_weights_missing,
    capital_weights_missing; Many with rows: not_on_roster, weight_not_positive.
    """
    actor.require("distribution.prepare")
    agreement = own(actor, agreement_id, lock=True)
    members = _members(agreement, year, resolution)
    if resolution.file_id:
        files.kept(actor, resolution.file_id)
    if db.session.scalar(
        select(SurplusYear.id).where(
            SurplusYear.supplier_id == agreement.supplier_id, SurplusYear.year == year, SurplusYear.state != "discarded"
        )
    ):
        raise Refused("surplus_exists", field="year", year=year)
    by_volume, by_capital = rules.surplus_parts(profit_fen, losses_fen, reserves_fen, volume_basis_points)
    weights = {
        "volumes": dict(volumes) if volumes else _values_of_slips(agreement.supplier_id, year, members),
        "capitals": dict(capitals or {}),
    }
    _check_weights(weights, members)
    if by_volume and not any(weights["volumes"].values()):
        raise Refused("volume_weights_missing", field="volumes")
    if by_capital and not any(weights["capitals"].values()):
        raise Refused("capital_weights_missing", field="capitals")
    row = SurplusYear(
        id=new_id(),
        number=numbered("YY", year)[0],
        supplier_id=agreement.supplier_id,
        agreement_id=agreement.id,
        year=year,
        resolution=resolution.number.strip(),
        resolved_on=resolution.day,
        file_id=resolution.file_id,
        profit_fen=profit_fen,
        losses_fen=losses_fen,
        reserves_fen=reserves_fen,
        volume_basis_points=volume_basis_points,
        volume_fen=by_volume,
        capital_fen=by_capital,
        state="draft",
        prepared_by=actor.user,
        prepared_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    _insert_shares(row, weights["volumes"], weights["capitals"])
    audit.record(actor, "surplus.prepare", "surplus", row.id, year=year, fen=by_volume + by_capital)
    return row


def _members(agreement: Agreement, year: int, resolution: Resolution) -> set[UUID]:
    if agreement.kind != "surplus":
        raise Refused("not_surplus", field="agreement_id", number=agreement.number)
    if not resolution.number.strip() or resolution.file_id is None:
        raise Refused("resolution_needed", field="file" if resolution.number.strip() else "resolution")
    if resolution.day > clock.today():
        raise Refused("day_in_future", field="resolved_on")
    if resolution.day.year < year or clock.today().year < year:
        raise Refused("year_not_over", field="year", year=year)
    members = set(roster_on(agreement.id, resolution.day))
    if agreement.state != "in_force" or not members:
        raise Refused("agreement_not_in_force", field="agreement_id", number=agreement.number)
    return members


def _values_of_slips(supplier_id: UUID, year: int, members: set[UUID]) -> dict[UUID, int]:
    """Household → fen of what it delivered in a year."""
    query = (
        select(Slip.household_id, func.sum(Slip.value_fen))
        .where(
            Slip.supplier_id == supplier_id,
            Slip.household_id.in_(members),
            Slip.delivered_on.between(date(year, 1, 1), date(year, 12, 31)),
        )
        .group_by(Slip.household_id)
    )
    return {household: int(fen) for household, fen in db.session.execute(query)}


def _check_weights(weights: Mapping[str, Mapping[UUID, int]], members: set[UUID]) -> None:
    errors = []
    for field, given in weights.items():
        for number, (household, weight) in enumerate(given.items(), 1):
            if household not in members:
                errors.append(Refused("not_on_roster", field=field, row=number))
            elif weight < 0:
                errors.append(Refused("weight_not_positive", field=field, row=number))
    if errors:
        raise Many(errors)


def _insert_shares(row: SurplusYear, volumes: Mapping[UUID, int], capitals: Mapping[UUID, int]) -> None:
    everybody = sorted(
        household for household in {*volumes, *capitals} if volumes.get(household, 0) + capitals.get(household, 0)
    )
    names = households.pseudonyms(everybody)
    by_volume = _divided(row.volume_fen, volumes, names, row.id.bytes)
    by_capital = _divided(row.capital_fen, capitals, names, row.id.bytes)
    db.session.execute(
        insert(SurplusShare),
        [
            {
                "surplus_id": row.id,
                "household_id": household,
                "volume": volumes.get(household, 0),
                "capital": capitals.get(household, 0),
                "volume_fen": by_volume.get(household, 0),
                "capital_fen": by_capital.get(household, 0),
            }
            for household in everybody
        ],
    )


def _divided(fen: int, weights: Mapping[UUID, int], names: Mapping[UUID, bytes], salt: bytes) -> dict[UUID, int]:
    """Household → its fen of a part."""
    rows = [(household, weight) for household, weight in sorted(weights.items()) if weight]
    if not fen or not rows:
        return {}
    parts = apportion(fen, [(names[household], weight) for household, weight in rows], salt)
    return {household: part for (household, _), part in zip(rows, parts, strict=True)}


def approve_surplus(actor: Actor, surplus_id: UUID) -> SurplusYear:
    """Another person approves: every member household is owed its part from now on, as a flow.

    Raises Refused('approver_is_preparer'), Conflict('wrong_state').
    """
    actor.require("distribution.approve")
    row = own_surplus(actor, surplus_id, lock=True)
    if row.state != "draft":
        raise Conflict("wrong_state", what="surplus", state=row.state, verb="approve")
    if actor.user is not None and actor.user == row.prepared_by:
        raise Refused("approver_is_preparer", field="approver")
    row.state, row.approved_by, row.approved_at = "approved", actor.user, clock.now()
    db.session.flush()
    entries = [
        {
            "household_id": share.household_id,
            "member": "",
            "quantity": None,
            "unit": "",
            "rate_fen": None,
            "fen": share.volume_fen + share.capital_fen,
            "evidence": row.resolution,
        }
        for share in shares_of_surplus(row.id)
        if share.volume_fen + share.capital_fen
    ]
    agreement = db.session.get_one(Agreement, row.agreement_id)
    write(actor, agreement, clock.today(), entries, row.file_id, row.number)
    audit.record(actor, "surplus.approve", "surplus", row.id, households=len(entries))
    return row


def discard_surplus(actor: Actor, surplus_id: UUID) -> SurplusYear:
    """Drops a draft, so that the year can be prepared anew. Raises Conflict('wrong_state')."""
    actor.require("distribution.prepare")
    row = own_surplus(actor, surplus_id, lock=True)
    if row.state != "draft":
        raise Conflict("wrong_state", what="surplus", state=row.state, verb="discard")
    row.state = "discarded"
    audit.record(actor, "surplus.discard", "surplus", row.id)
    db.session.flush()
    return row


def own_surplus(actor: Actor, surplus_id: UUID, *, lock: bool = False) -> SurplusYear:
    return by_id(SurplusYear, surplus_id, SurplusYear.supplier_id == actor.organisation, "surplus", lock=lock)


def surplus_years(actor: Actor) -> list[SurplusYear]:
    """The years within scope, newest first."""
    actor.require("statement.read")
    query = select(SurplusYear).where(visible(actor.scope, supplier=SurplusYear.supplier_id))
    return list(db.session.scalars(query.order_by(SurplusYear.year.desc(), SurplusYear.id.desc())))


def shares_of_surplus(surplus_id: UUID) -> list[SurplusShare]:
    """Every member household's part; the caller has checked scope."""
    query = select(SurplusShare).where(SurplusShare.surplus_id == surplus_id).order_by(SurplusShare.household_id)
    return list(db.session.scalars(query))
