"""One small check for each invariant of the ledger; each answers with what is wrong. The verifier is `CHECKS`."""

from collections.abc import Callable

from sqlalchemy import func, or_, select

from ..core import clock
from ..core.db import db
from . import chain_checks
from .models import Account, Entry, Journal, PostedSource
from .services import _ref


def journals_are_complete() -> list[str]:
    """A journal has its n entries, numbered 1 to n."""
    numbers = func.count(Entry.no), func.coalesce(func.min(Entry.no), 0), func.coalesce(func.max(Entry.no), 0)
    rows = db.session.execute(
        select(Journal.id, Journal.n, *numbers)
        .outerjoin(Entry, Entry.journal_id == Journal.id)
        .group_by(Journal.id, Journal.n)
        .having(or_(numbers[0] != Journal.n, numbers[1] != 1, numbers[2] != Journal.n))
    )
    return [f"journal {id_}: {n} slots, {count} entries, numbered {low} to {high}" for id_, n, count, low, high in rows]


def entries_have_their_journal() -> list[str]:
    """No entry stands without a journal or carries another's number of slots."""
    rows = db.session.execute(
        select(Entry.journal_id, Entry.no)
        .outerjoin(Journal, Journal.id == Entry.journal_id)
        .where(or_(Journal.id.is_(None), Journal.n != Entry.n))
    )
    return [f"entry {no} of journal {id_}: its journal is missing or has other slots" for id_, no in rows]


def entries_have_two_accounts() -> list[str]:
    """Both sides exist, differ, and move more than nothing."""
    known = select(Account.id)
    rows = db.session.execute(
        select(Entry.journal_id, Entry.no).where(
            or_(
                Entry.debit_id == Entry.credit_id,
                Entry.amount <= 0,
                Entry.debit_id.not_in(known),
                Entry.credit_id.not_in(known),
            )
        )
    )
    return [f"entry {no} of journal {id_}: wrong accounts or amount" for id_, no in rows]


def sources_and_journals_are_one_to_one() -> list[str]:
    """A journal has its posted source, and a posted source its journal."""
    both = (
        (PostedSource.journal_id == Journal.id)
        & (PostedSource.kind == Journal.kind)
        & (PostedSource.source == Journal.source)
    )
    journals = db.session.execute(
        select(Journal.id, Journal.source).outerjoin(PostedSource, both).where(PostedSource.journal_id.is_(None))
    )
    sources = db.session.execute(
        select(PostedSource.kind, PostedSource.source).outerjoin(Journal, both).where(Journal.id.is_(None))
    )
    return [f"journal {id_}: source {source} is not posted" for id_, source in journals] + [
        f"source {kind} {source}: its journal is missing" for kind, source in sources
    ]


def sources_posted_once() -> list[str]:
    """No two journals share a source, whatever their region and period."""
    rows = db.session.execute(
        select(Journal.kind, Journal.source, func.count())
        .group_by(Journal.kind, Journal.source)
        .having(func.count() > 1)
    )
    return [f"source {kind} {source}: posted {count} times" for kind, source, count in rows]


def debits_equal_credits() -> list[str]:
    """The balances of all accounts sum to nothing."""
    moved = db.session.scalar(select(func.coalesce(func.sum(Entry.amount), 0)))
    sides = [
        db.session.scalar(select(func.coalesce(func.sum(Entry.amount), 0)).join(Account, Account.id == side))
        for side in (Entry.debit_id, Entry.credit_id)
    ]
    return [f"{moved} fen moved, but accounts hold {side} on a side" for side in sides if side != moved]


def periods_are_months_of_their_day() -> list[str]:
    """A journal's period is its day's month, and it concerns no later one."""
    rows = db.session.execute(
        select(Journal.day, Journal.period, Journal.concerns_period, func.count()).group_by(
            Journal.day, Journal.period, Journal.concerns_period
        )
    )
    return [
        f"{count} journals of {day}: period {period}, concerning {concerns}"
        for day, period, concerns, count in rows
        if period != clock.period(day) or (concerns or 0) > period
    ]


def regions_are_divisions() -> list[str]:
    """A journal's region is a code of twelve digits."""
    regions = db.session.execute(select(Journal.region, func.count()).group_by(Journal.region))
    return [
        f"{count} journals of region {region!r}: not twelve digits"
        for region, count in regions
        if len(region) != 12 or not (region.isascii() and region.isdigit())
    ]


def accounts_carry_their_derived_id() -> list[str]:
    """An account's id follows from kind, owner and party: no second row stands for the same account."""
    accounts = db.session.scalars(select(Account).execution_options(yield_per=1000))
    return [
        f"account {account.id}: is not the id of {_ref(account)}"
        for account in accounts
        if account.id != _ref(account).id
    ]


CHECKS: list[Callable[[], list[str]]] = [
    journals_are_complete,
    entries_have_their_journal,
    entries_have_two_accounts,
    sources_and_journals_are_one_to_one,
    sources_posted_once,
    debits_equal_credits,
    periods_are_months_of_their_day,
    regions_are_divisions,
    accounts_carry_their_derived_id,
    *chain_checks.CHECKS,
]
