"""A settled line's money into pools and ledger. The number of rows does not depend on the households behind it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select, true
from sqlalchemy.dialects import postgresql, sqlite

from ..core import clock
from ..core.db import Change, db, insert_rows, is_sqlite, new_id
from ..core.money import price_of, share_of
from ..findings import services as findings
from ..ledger.services import AccountRef, Line, Posting, post_many
from ..linkage import services as linkage
from ..linkage.rules import is_sale_tied, supplement_of
from . import rules
from .models import Pool, PoolMovement

LEDGER_KIND = "settled_line"
Key = tuple[str, UUID]


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
    """What an agreement asks of a line: `fen`, or for a supplement `rate` (basis points) of what the line's money leaves
    above the floor cost that it traced. `base` of the lot's base unit is sold by it."""

    service_order: int
    agreement_id: UUID
    pool: "Held"
    fen: int = 0
    base: int = 0
    rate: int = 0

    @property
    def order(self) -> tuple[int, str, int]:
        """By the agreements' service order; within one a lot's cost, its revisions, its supplement."""
        return (
            self.service_order,
            str(self.agreement_id),
            ("lot", "revision", "supplement", "roster").index(self.pool.kind),
        )


def post(facts: Sequence[Fact], accepted_on: date, settled_on: date) -> dict[UUID, Outcome]:
    """Posts the lines' money: one entry per pool fed in the agreements' order of service, and the supplier's remainder.

    `accepted_on` decides which agreements and rosters; `settled_on` the period. Statements do not grow with the lines.
    A line that was posted before raises Conflict('already_posted') and nothing is changed.
    """
    supplier_id = facts[0].supplier_id
    linkage.settling(supplier_id, accepted_on)
    lots = linkage.by_ids(fact.lot_id for fact in facts)
    terms = linkage.agreements_on(supplier_id, accepted_on)
    book = _Book(supplier_id, facts, lots, terms)
    outcomes: dict[UUID, Outcome] = {}
    postings, shortfalls = [], []
    for fact in facts:
        outcome, posting, short = _apply(fact, lots[fact.lot_id].division, book.claims(fact), settled_on)
        outcomes[fact.line_id] = outcome
        postings.append(posting)
        shortfalls += short + book.beyond_yield(fact)
    _put(book.pools.values())
    movements = [movement for outcome in outcomes.values() for movement in outcome.movements]
    insert_rows(PoolMovement, movements)
    post_many(postings)
    findings.open_many(shortfalls)
    return outcomes


class _Book:
    """The pools that a call's lines may feed, locked, and what each line owes them."""

    def __init__(self, supplier_id: UUID, facts: Sequence[Fact], lots: dict[UUID, Any], terms: list[Any]) -> None:
        self.lots, self.terms = lots, terms
        self.orders = {term.agreement_id: term.service_order for term in terms}
        self.pools = locked(supplier_id, {**of_lots(lots.values()), **_of_rosters(facts, terms)})
        # Read once the lots' pools are locked: whoever revises a lot holds its pool meanwhile.
        self.revisions = linkage.revisions_of(lots)
        self.pools |= locked(supplier_id, _of_revisions(lots, self.revisions))
        self.rates = _rates(lots.values())
        self.plausible = linkage.most_saleable(lots.values())

    def claims(self, fact: Fact) -> list[Claim]:
        """In the order of service."""
        found = [*self._of_lot(fact, self.lots[fact.lot_id]), *self._of_rosters(fact)]
        return sorted(found, key=lambda claim: claim.order)

    def _of_lot(self, fact: Fact, lot: Any) -> Iterator[Claim]:
        pool = self.pools.get(("lot", lot.id))
        if pool is None:
            return
        order, sold = self.orders.get(lot.agreement_id, 0), min(pool.sold + fact.base, lot.size)
        fen = rules.next_posting(rules.lot_target(lot.cost_fen, sold, lot.size), pool.total_fen)
        yield Claim(order, lot.agreement_id, pool, fen, fact.base)
        for revision in self.revisions.get(lot.id, ()):
            late = self.pools["revision", revision.id]
            fen = rules.next_posting(rules.lot_target(revision.fen, sold, lot.size), late.total_fen)
            yield Claim(order, lot.agreement_id, late, fen)
        if lot.basis == "floor_plus":
            yield Claim(order, lot.agreement_id, self.pools["supplement", lot.id], rate=self.rates[lot.agreement_id])

    def _of_rosters(self, fact: Fact) -> Iterator[Claim]:
        for term in self.terms:
            pool = self.pools.get(("roster", term.roster_id))
            if pool is None or not _feeds(term, fact):
                continue
            fen = (
                share_of(fact.money_fen, term.rate_basis_points)
                if term.kind == "dividend"
                else price_of(fact.priced, term.rate_fen)
            )
            yield Claim(term.service_order, term.agreement_id, pool, fen)

    def beyond_yield(self, fact: Fact) -> list[dict[str, Any]]:
        """A finding once more of a lot is sold than its households' deliveries can have given."""
        pool, most = self.pools.get(("lot", fact.lot_id)), self.plausible.get(fact.lot_id)
        if pool is None or most is None or pool.sold <= most:
            return []
        lot = self.lots[fact.lot_id]
        facts = {"sold": pool.sold, "most": most, "delivered": lot.delivered, "delivered_unit": lot.delivered_unit}
        return [
            {
                "kind": "sales_beyond_yield",
                "object_kind": "lot",
                "object_id": str(lot.id),
                "division": lot.division,
                "facts": facts,
            }
        ]


def _feeds(term: Any, fact: Fact) -> bool:
    return is_sale_tied(term.kind, term.sale_tied) and term.product_id in (None, fact.product_id)


def of_lots(lots: Iterable[Any]) -> dict[Key, dict[str, Any]]:
    """A lot's own pool traces its cost, and makes the debt where its produce was consigned."""
    wanted: dict[Key, dict[str, Any]] = {}
    for lot in lots:
        if not lot.agreement_id or not lot.cost_fen:
            continue
        of = {"agreement_id": lot.agreement_id, "mechanism": "produce"}
        wanted["lot", lot.id] = of | {"makes_debt": lot.basis == "consignment"}
        if lot.basis == "floor_plus":
            wanted["supplement", lot.id] = of | {"mechanism": "supplement", "makes_debt": True}
    return wanted


def _of_revisions(lots: dict[UUID, Any], revisions: dict[UUID, list[Any]]) -> dict[Key, dict[str, Any]]:
    return {
        ("revision", revision.id): {
            "agreement_id": lots[lot_id].agreement_id,
            "mechanism": "produce",
            "makes_debt": not revision.owed_now,
        }
        for lot_id, rows in revisions.items()
        for revision in rows
    }


def _of_rosters(facts: Sequence[Fact], terms: list[Any]) -> dict[Key, dict[str, Any]]:
    return {
        ("roster", term.roster_id): {
            "agreement_id": term.agreement_id,
            "mechanism": term.kind,
            "makes_debt": True,
        }
        for term in terms
        if any(_feeds(term, fact) for fact in facts)
    }


def _rates(lots: Iterable[Any]) -> dict[UUID, int]:
    """Agreement → basis points of its supplement. What was delivered under it carries it, whenever it ended."""
    wanted = {lot.agreement_id for lot in lots if lot.basis == "floor_plus"}
    found = linkage.agreements_by_ids(wanted) if wanted else {}
    return {id_: row.rate_basis_points or 0 for id_, row in found.items()}


@dataclass
class Held:
    """A locked pool as far as a sale moves it; `_put` writes it back."""

    id: UUID
    kind: str
    source_id: UUID
    makes_debt: bool
    total_fen: int
    sold: int
    seq: int


_COLUMNS = [getattr(Pool, each.name) for each in fields(Held)]


def locked(supplier_id: UUID, wanted: dict[Key, dict[str, Any]]) -> dict[Key, Held]:
    """(kind, source) → its pool, made where it is the first sale out of a lot or under a roster; all locked in order."""
    if not wanted:
        return {}
    found = _lock(wanted)
    if len(found) < len(wanted):
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


def _lock(wanted: Iterable[Key]) -> dict[Key, Held]:
    keys = set(wanted)
    query = select(*_COLUMNS).where(Pool.source_id.in_({source for _, source in keys})).order_by(Pool.id)
    rows = [Held(*row) for row in db.session.execute(query.with_for_update())]
    return {(row.kind, row.source_id): row for row in rows if (row.kind, row.source_id) in keys}


def _put(pools: Iterable[Held]) -> None:
    """The totals of locked pools, one statement."""
    _TOTALS([{"id": pool.id, "total_fen": pool.total_fen, "sold": pool.sold, "seq": pool.seq} for pool in pools])


_TOTALS = Change(
    Pool,
    set_=lambda _, wanted: {"total_fen": wanted.total_fen, "sold": wanted.sold, "seq": wanted.seq},
    where=lambda _pool, _wanted: true(),  # they are locked
)


def _asked(claims: Sequence[Claim], money_fen: int) -> list[int]:
    """Each claim's fen: a supplement asks after what the line traced of its lot's floor cost, late revisions included."""
    asked: list[int] = []
    for claim in claims:
        if claim.pool.kind != "supplement":
            asked.append(claim.fen)
            continue
        granted, _ = rules.fit(asked, money_fen)
        of_lot = [fen for fen, one in zip(granted, claims, strict=False) if one.pool.kind in ("lot", "revision")]
        asked.append(supplement_of(money_fen, sum(of_lot), claim.rate))
    return asked


def _apply(fact: Fact, division: str, claims: list[Claim], settled_on: date) -> tuple[Outcome, Posting, list[dict]]:
    granted, written_off = rules.fit(_asked(claims, fact.money_fen), fact.money_fen)
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
