"""Posting and reading. Posting costs the same number of statements for one posting as for a thousand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import func, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from ..core import clock
from ..core.db import db, insert_rows, new_id
from ..core.errors import Conflict
from ..core.money import MAX_FEN
from . import periods
from .models import NOBODY, Account, Entry, Journal, PostedSource

_ACCOUNTS = UUID("6f1d7c52-8f0b-5d3a-9c41-2b7e4a90d1e6")


@dataclass(frozen=True)
class AccountRef:
    """An account by its meaning: a kind ('pool', 'household_owed') with an owner and a party, either may be nobody."""

    kind: str
    owner: UUID | None = None
    party: UUID | None = None

    @cached_property
    def id(self) -> UUID:
        """Derived, so that whoever names an account knows its row without asking."""
        return uuid5(_ACCOUNTS, f"{self.kind}:{self.owner or NOBODY}:{self.party or NOBODY}")


@dataclass(frozen=True)
class Line:
    """`fen` > 0 from the debit to the credit account, which differ. Raises ValueError."""

    debit: AccountRef
    credit: AccountRef
    fen: int

    def __post_init__(self) -> None:
        if type(self.fen) is not int or not 0 < self.fen <= MAX_FEN:
            raise ValueError(f"an entry moves 1 to {MAX_FEN} fen, not {self.fen!r}")
        if self.debit == self.credit:
            raise ValueError(f"an entry needs two accounts, not {self.debit} twice")


@dataclass(frozen=True)
class Posting:
    """What a source posts: `day` decides the period, `concerns` names an earlier one that it corrects."""

    kind: str
    source: str
    region: str
    day: date
    lines: Sequence[Line]
    concerns: int | None = None

    def __post_init__(self) -> None:
        if not self.lines:
            raise ValueError(f"{self.kind} {self.source}: a journal has at least one entry")


@dataclass(frozen=True)
class Posted:
    """An entry read back."""

    journal: UUID
    no: int
    debit: AccountRef
    credit: AccountRef
    fen: int


def post(kind: str, source: str, region: str, day: date, lines: Sequence[Line], concerns: int | None = None) -> UUID:
    """Posts one journal and returns its id. Raises Conflict('already_posted')."""
    return post_many([Posting(kind, source, region, day, lines, concerns)])[0]


def post_many(postings: Sequence[Posting]) -> list[UUID]:
    """Posts one journal for each and returns their ids in order, all or none.

    Raises Conflict('already_posted', kind, source) if a source was posted before, in any period or region, and
    Conflict('period_closed') where a month is closed for a region.
    """
    if not postings:
        return []
    ids = [new_id() for _ in postings]
    _claim(postings, ids)
    _open_accounts(ref for posting in postings for line in posting.lines for ref in (line.debit, line.credit))
    try:
        insert_rows(Journal, [_journal(posting, id_) for posting, id_ in zip(postings, ids, strict=True)])
    except IntegrityError as refused:
        if periods.is_refusal(refused):
            raise Conflict("period_closed") from refused
        raise
    insert_rows(Entry, [row for posting, id_ in zip(postings, ids, strict=True) for row in _entries(posting, id_)])
    return ids


def _claim(postings: Sequence[Posting], ids: Sequence[UUID]) -> None:
    """The sources' primary key decides who posts: a second claim waits for the first one's commit, and fails."""
    rows = [{"kind": p.kind, "source": p.source, "journal_id": id_} for p, id_ in zip(postings, ids, strict=True)]
    rows.sort(key=lambda row: (row["kind"], row["source"]))  # two batches wait for each other in one order
    try:
        with db.session.begin_nested():
            insert_rows(PostedSource, rows)
    except IntegrityError as refused:
        kind, source = _claimed(rows)
        raise Conflict("already_posted", kind=kind, source=source) from refused


def _claimed(rows: list[dict[str, Any]]) -> tuple[str, str]:
    """The first source that stands already, or that the batch names twice."""
    keys = [(str(row["kind"]), str(row["source"])) for row in rows]
    key = tuple_(PostedSource.kind, PostedSource.source)
    for start in range(0, len(keys), 1000):  # a refusal may look about; SQLite bounds a statement's parameters
        found = db.session.execute(
            select(PostedSource.kind, PostedSource.source).where(key.in_(keys[start : start + 1000])).limit(1)
        ).first()
        if found:
            return found.kind, found.source
    return next(key for key, following in pairwise(keys) if key == following)


def _open_accounts(refs: Iterable[AccountRef]) -> None:
    # Sorted: two transactions that open the same accounts wait for each other in one order.
    rows = [
        {"id": ref.id, "kind": ref.kind, "owner_id": ref.owner or NOBODY, "party_id": ref.party or NOBODY}
        for ref in sorted(set(refs), key=lambda ref: ref.id)
    ]
    insert_rows(Account, rows, unless_there=True)


def _journal(posting: Posting, id_: UUID) -> dict[str, Any]:
    return {
        "id": id_,
        "kind": posting.kind,
        "region": posting.region,
        "period": clock.period(posting.day),
        "day": posting.day,
        "source": posting.source,
        "concerns_period": posting.concerns,
        "n": len(posting.lines),
        "at": clock.now(),
    }


def _entries(posting: Posting, id_: UUID) -> list[dict[str, Any]]:
    n = len(posting.lines)
    return [
        {
            "journal_id": id_,
            "no": no,
            "n": n,
            "debit_id": line.debit.id,
            "credit_id": line.credit.id,
            "amount": line.fen,
        }
        for no, line in enumerate(posting.lines, 1)
    ]


def balance(ref: AccountRef) -> int:
    """Credits − debits, fen; 0 for an account that nobody has used."""
    credits = select(func.coalesce(func.sum(Entry.amount), 0)).where(Entry.credit_id == ref.id).scalar_subquery()
    debits = select(func.coalesce(func.sum(Entry.amount), 0)).where(Entry.debit_id == ref.id).scalar_subquery()
    return int(db.session.execute(select(credits - debits)).scalar_one())


def balances(kind: str, *, owner: UUID | None = None, party: UUID | None = None) -> dict[AccountRef, int]:
    """Credits − debits, fen, of every account of a kind, or of those with that owner or party."""
    credits = select(func.coalesce(func.sum(Entry.amount), 0)).where(Entry.credit_id == Account.id).scalar_subquery()
    debits = select(func.coalesce(func.sum(Entry.amount), 0)).where(Entry.debit_id == Account.id).scalar_subquery()
    query = select(Account, credits - debits).where(Account.kind == kind)
    if owner is not None:
        query = query.where(Account.owner_id == owner)
    if party is not None:
        query = query.where(Account.party_id == party)
    return {_ref(account): int(fen) for account, fen in db.session.execute(query)}


def entries_of(kind: str, source: str) -> list[Posted]:
    """What a source posted, in order of number; nothing if it has not posted."""
    debit, credit = aliased(Account), aliased(Account)
    query = (
        select(Entry.journal_id, Entry.no, debit, credit, Entry.amount)
        .join(PostedSource, PostedSource.journal_id == Entry.journal_id)
        .join(debit, debit.id == Entry.debit_id)
        .join(credit, credit.id == Entry.credit_id)
        .where(PostedSource.kind == kind, PostedSource.source == source)
        .order_by(Entry.no)
    )
    return [Posted(id_, no, _ref(one), _ref(other), fen) for id_, no, one, other, fen in db.session.execute(query)]


def _ref(account: Account) -> AccountRef:
    return AccountRef(account.kind, _somebody(account.owner_id), _somebody(account.party_id))


def _somebody(id_: UUID) -> UUID | None:
    return None if id_ == NOBODY else id_
