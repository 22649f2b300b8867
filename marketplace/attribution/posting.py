"""A settled line's money into pools and ledger. The number of rows does not depend on the households behind it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from ..core import clock
from ..core.db import db, insert_rows, is_sqlite, new_id
from ..core.money import price_of, share_of
from ..findings import services as findings
from ..ledger.services import AccountRef, Line, Posting, post_many
from ..linkage import services as linkage
from . import rules
from .models import Pool, PoolMovement

LEDGER_KIND = "settled_line"


@dataclass(frozen=True)
class Fact:
    """What attribution needs of a settled line: ids, `money_fen` net, `base` thousandths of the base unit of its lot,
    `priced` thousandths of the price unit. All facts of one call share the supplier and the acceptance's day."""

    line_id: UUID
    supplier_id: UUID
    product_id: UUID
    lot_id: UUID
    money_fen: int
    base: int
    priced: int


@dataclass
class Outcome:
    """Fen of a line that reached pools (`attributed`), and that made debt by this sale (`owed`); `division` its lot's."""

    division: str
    attributed_fen: int = 0
    owed_fen: int = 0
    movements: list[dict] = field(default_factory=list)


@dataclass(frozen=True)
class Claim:
    service_order: int
    agreement_id: UUID
    pool: Pool
    fen: int
    base: int = 0


def post(facts: Sequence[Fact], accepted_on: date, settled_on: date) -> dict[UUID, Outcome]:
    """Posts the lines' money: one entry per pool fed in the agreements' order of service, and the supplier's remainder.

    `accepted_on` decides which agreements and rosters; `settled_on` the period. Statements do not grow with the lines.
    A line that was posted before raises Conflict('already_posted') and nothing is changed.
    """
    supplier_id = facts[0].supplier_id
    lots = linkage.by_ids(fact.lot_id for fact in facts)
    terms = linkage.agreements_on(supplier_id, accepted_on)
    pools = _locked_pools(supplier_id, facts, lots, terms)
    outcomes: dict[UUID, Outcome] = {}
    postings, shortfalls = [], []
    for fact in facts:
        claims = _claims(fact, lots[fact.lot_id], terms, pools)
        outcome, posting, short = _apply(fact, lots[fact.lot_id].division, claims, settled_on)
        outcomes[fact.line_id] = outcome
        postings.append(posting)
        shortfalls.extend(short)
    db.session.flush()  # the pools' totals, locked above, in one executemany
    movements = [movement for outcome in outcomes.values() for movement in outcome.movements]
    insert_rows(PoolMovement, movements)
    post_many(postings)
    findings.open_many(shortfalls)
    return outcomes


def _locked_pools(supplier_id: UUID, facts: Sequence[Fact], lots: dict, terms: list) -> dict[tuple[str, UUID], Pool]:
    wanted: dict[tuple[str, UUID], dict] = {}
    for fact in facts:
        lot = lots[fact.lot_id]
        if lot.agreement_id and lot.cost_fen:
            wanted["lot", lot.id] = {
                "agreement_id": lot.agreement_id,
                "mechanism": "produce",
                "makes_debt": lot.basis == "consignment",
            }
        for term in terms:
            if term.kind != "produce" and term.product_id in (None, fact.product_id):
                wanted["roster", term.roster_id] = {
                    "agreement_id": term.agreement_id,
                    "mechanism": term.kind,
                    "makes_debt": True,
                }
    if not wanted:
        return {}
    found = _lock(wanted)
    if len(found) < len(wanted):  # the first sale out of a lot, or under a roster
        zero = {"total_fen": 0, "distributed_fen": 0, "sold": 0, "seq": 0, "supplier_id": supplier_id}
        values = [
            {"id": new_id(), "kind": key[0], "source_id": key[1], **zero, **pool}
            for key, pool in sorted(wanted.items())
            if key not in found
        ]
        build = sqlite.insert if is_sqlite() else postgresql.insert
        db.session.execute(
            build(Pool.__table__).on_conflict_do_nothing(index_elements=["kind", "source_id"]),  # type: ignore[arg-type]
            values,
        )
        found = _lock(wanted)
    return found


def _lock(wanted: Iterable[tuple[str, UUID]]) -> dict[tuple[str, UUID], Pool]:
    query = select(Pool).where(Pool.source_id.in_([source for _, source in wanted])).order_by(Pool.id).with_for_update()
    rows = db.session.scalars(query.execution_options(populate_existing=True))
    return {(row.kind, row.source_id): row for row in rows}


def _claims(fact: Fact, lot, terms: list, pools: dict[tuple[str, UUID], Pool]) -> list[Claim]:  # type: ignore[no-untyped-def]
    claims = []
    orders = {term.agreement_id: term.service_order for term in terms}
    pool = pools.get(("lot", lot.id))
    if pool is not None:
        target = rules.lot_target(lot.cost_fen, min(pool.sold + fact.base, lot.size), lot.size)
        claims.append(
            Claim(
                orders.get(lot.agreement_id, 0),
                lot.agreement_id,
                pool,
                rules.next_posting(target, pool.total_fen),
                fact.base,
            )
        )
    for term in terms:
        pool = pools.get(("roster", term.roster_id))
        if term.kind == "produce" or pool is None or term.product_id not in (None, fact.product_id):
            continue
        fen = (
            share_of(fact.money_fen, term.rate_basis_points)
            if term.kind == "dividend"
            else price_of(fact.priced, term.rate_fen)
        )
        claims.append(Claim(term.service_order, term.agreement_id, pool, fen))
    return sorted(claims, key=lambda claim: (claim.service_order, str(claim.agreement_id)))


def _apply(fact: Fact, division: str, claims: list[Claim], settled_on: date) -> tuple[Outcome, Posting, list[dict]]:
    granted, written_off = rules.fit([claim.fen for claim in claims], fact.money_fen)
    outcome, entries, short = Outcome(division), [], []
    sold = AccountRef("sold", fact.supplier_id, None)
    for claim, fen, lost in zip(claims, granted, written_off, strict=True):
        pool = claim.pool
        pool.sold += claim.base
        if fen:
            pool.seq += 1
            outcome.movements.append(
                {
                    "pool_id": pool.id,
                    "seq": pool.seq,
                    "before_fen": pool.total_fen,
                    "after_fen": pool.total_fen + fen,
                    "source_id": fact.line_id,
                    "day": settled_on,
                    "period": clock.period(settled_on),
                }
            )
            pool.total_fen += fen
            outcome.attributed_fen += fen
            outcome.owed_fen += fen if pool.makes_debt else 0
            entries.append(Line(sold, AccountRef("pool", pool.id, fact.supplier_id), fen))
        if lost:
            short.append(
                {
                    "kind": "line_money_short",
                    "object_kind": "settled_line",
                    "object_id": f"{fact.line_id}:{claim.agreement_id}",
                    "division": division,
                    "facts": {"written_off_fen": lost, "money_fen": fact.money_fen},
                }
            )
    remainder = fact.money_fen - outcome.attributed_fen
    if remainder:
        entries.append(Line(sold, AccountRef("remainder", fact.supplier_id, None), remainder))
    return outcome, Posting(LEDGER_KIND, str(fact.line_id), division, settled_on, entries), short
