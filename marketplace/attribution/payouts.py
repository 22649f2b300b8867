"""Payouts: what may happen to one, and paying it once, with evidence, after its notice has run."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from ..core import audit, clock, files
from ..core.actor import Actor
from ..core.db import by_id, change_rows, db, is_sqlite, rows_as_query, visible
from ..core.errors import DomainError, Many, NotFound, Refused
from ..core.states import States
from ..ledger.periods import posting_days
from ..ledger.services import Line, Posting, post_many
from ..linkage import standing
from ..linkage.accounts import owed, paid
from ..linkage.standing import Standing
from ..notices import services as notices
from . import payees
from .models import Distribution, Payout

STATES = States(
    "payout",
    {
        "release": ({"held"}, "to_pay"),
        "hold": ({"to_pay", "failed"}, "held"),
        "send": ({"to_pay"}, "sent"),
        "recall": ({"sent"}, "to_pay"),
        "pay": ({"to_pay"}, "paid"),
        "pay_by_bank": ({"sent"}, "paid"),
        "fail": ({"sent"}, "failed"),
        "retry": ({"failed"}, "to_pay"),
        "withdraw": ({"to_pay", "held", "failed"}, "void"),
    },
)
CASH, TRANSFER = "cash", "transfer"
# Why a payout in another state cannot be paid.
NOT_PAYABLE = {
    "paid": "already_paid",
    "held": "payout_held",
    "sent": "payout_in_bank_file",
    "failed": "payout_failed",
    "void": "payout_void",
}


def moves(verb: str, payout: Any) -> Any:
    """The condition under which a verb may change a payout, as SQL: the table of transitions decides nothing twice."""
    return payout.state.in_(sorted(STATES.transitions[verb][0]))


def mark_paid(
    actor: Actor,
    payout_ids: Sequence[UUID],
    *,
    paid_on: date,
    method: str,
    evidence: str = "",
    file_id: UUID | None = None,
) -> int:
    """Records that payouts were paid, with evidence. Each once, whoever else clicks. Returns how many.

    Cash needs the scan of what was signed or thumb-printed (`file_id`, of the supplier), a transfer its number.
    Raises Refused: evidence_needed, scan_needed, method_unknown, day_in_future; Many with rows: already_paid (or
    unknown), payout_held, payout_in_bank_file, payout_failed, notice_running, objection_open, paid_beyond_owed.
    """
    actor.require("payout.record")
    if method not in (CASH, TRANSFER):
        raise Refused("method_unknown", field="method", value=method)
    if method == CASH and file_id is None:
        raise Refused("scan_needed", field="file_id")
    if method == TRANSFER and not evidence.strip():
        raise Refused("evidence_needed", field="evidence")
    if paid_on > clock.today():
        raise Refused("day_in_future", field="paid_on")
    if file_id is not None:
        files.kept(actor, file_id)
    supplier_id = _supplier(actor)
    require_payable(supplier_id, payout_ids, paid_on)
    gate(supplier_id, payout_ids)
    changed = change_to_paid(
        supplier_id,
        payout_ids,
        "pay",
        {"paid_on": paid_on, "method": method, "evidence": evidence.strip(), "file_id": file_id, "paid_by": actor.user},
    )
    refuse_unchanged(supplier_id, payout_ids, {row.id for row in changed})
    receive(supplier_id, changed, payout_ids)
    audit.record(actor, "payout.paid", "supplier", supplier_id, count=len(changed), method=method)
    return len(changed)


def _supplier(actor: Actor) -> UUID:
    if actor.organisation is None:
        raise NotFound("payout")
    return actor.organisation


def gate(supplier_id: UUID, payout_ids: Iterable[UUID]) -> None:
    """Locks the standings of the payouts' households, in order, before any payout, as an approval does.

    So whoever changes payouts of the same households waits for the other at the same door, never in a circle.
    """
    ids = set(payout_ids)
    if not ids or is_sqlite():
        return
    owners = select(Payout.household_id).where(Payout.id.in_(as_query(ids)), Payout.supplier_id == supplier_id)
    held = select(Standing.id).where(Standing.supplier_id == supplier_id, Standing.household_id.in_(owners))
    db.session.execute(held.order_by(Standing.id).with_for_update()).all()


def as_query(ids: Iterable[UUID]) -> Any:
    """Ids as a query of one parameter: a list may have more than a statement takes parameters."""
    return select(rows_as_query([], [{"id": id_} for id_ in ids]).subquery().c.id)


def change_to_paid(supplier_id: UUID, payout_ids: Iterable[UUID], verb: str, values: dict[str, Any]) -> list[Any]:
    """The payouts that `verb` could change, paid: one conditional statement, locks in order. Call `gate` before."""
    ids = sorted(set(payout_ids))
    state, period = STATES.transitions[verb][1], clock.period(values["paid_on"])
    return change_rows(
        Payout,
        [{"id": payout} for payout in ids],
        set_=lambda payout, wanted: {"state": state, "reason": "", "period": period, **values},
        where=lambda payout, wanted: moves(verb, payout) & (payout.supplier_id == supplier_id),
        returning=("id", "household_id", "supplier_id", "division", "fen"),
    )


def receive(supplier_id: UUID, changed: Sequence[Any], order: Sequence[UUID] = ()) -> None:
    """Posts what was paid and adds it to the standings. Raises Many of Refused('paid_beyond_owed') with rows."""
    if not changed:
        return
    received: dict[UUID, int] = {}
    for row in changed:
        received[row.household_id] = received.get(row.household_id, 0) + row.fen
    beyond = standing.receive(supplier_id, received)
    if beyond:
        of = {row.id: row.household_id for row in changed}
        listed = [id_ for id_ in order if id_ in of] or list(of)
        raise Many(
            [
                Refused("paid_beyond_owed", field="payouts", row=number)
                for number, id_ in enumerate(listed, 1)
                if of[id_] in beyond
            ]
        )
    paid_on = changed[0].paid_on
    days = posting_days({row.division for row in changed}, paid_on)
    late: dict[int, list[dict[str, Any]]] = {}
    for row in changed:
        day, concerns = days[row.division]
        if concerns is not None:
            late.setdefault(clock.period(day), []).append({"id": row.id})
    for period, rows in late.items():  # a closed month takes no figure: the payment counts in the open one
        change_rows(
            Payout,
            rows,
            set_=lambda payout, wanted, period=period: {"period": period},  # type: ignore[misc]
            where=lambda payout, wanted: payout.state == "paid",
        )
    post_many(
        [
            Posting(
                "payout",
                str(row.id),
                row.division,
                days[row.division][0],
                [Line(owed(row.household_id, row.supplier_id), paid(row.supplier_id), row.fen)],
                days[row.division][1],
            )
            for row in changed
        ]
    )


def refuse_unchanged(supplier_id: UUID, payout_ids: Sequence[UUID], done: set[UUID]) -> None:
    """Raises Many: why each of those that did not change could not."""
    missing = [id_ for id_ in payout_ids if id_ not in done]
    twice = len(set(payout_ids)) != len(payout_ids)
    if not missing and not twice:
        return
    query = select(Payout.id, Payout.state).where(Payout.id.in_(as_query(missing)), Payout.supplier_id == supplier_id)
    states = dict(db.session.execute(query).all()) if missing else {}  # type: ignore[arg-type]
    errors: list[DomainError] = []
    seen: set[UUID] = set()
    for number, id_ in enumerate(payout_ids, 1):
        if id_ in seen:
            errors.append(Refused("named_twice", field="payouts", row=number))
        elif id_ not in done:
            code = NOT_PAYABLE.get(states.get(id_, "paid"), "already_paid")
            errors.append(Refused(code, field="payouts", row=number))
        seen.add(id_)
    raise Many(errors)


def require_payable(supplier_id: UUID, payout_ids: Sequence[UUID], day: date, field: str = "payouts") -> None:
    """Nothing is paid before its notice has run and its objections are decided (RULES.md).

    Raises Many with rows: notice_running, objection_open. What is unknown is left to the statement that pays.
    """
    if reasons := blocked(supplier_id, payout_ids, day, lock=True):
        rows = [(number, id_) for number, id_ in enumerate(payout_ids, 1) if id_ in reasons]
        raise Many([_blocked(*reasons[id_], field, number) for number, id_ in rows])


def _blocked(code: str, until: date | None, field: str, row: int) -> Refused:
    facts: dict[str, Any] = {} if until is None else {"until": until}
    return Refused(code, field=field, row=row, **facts)


def blocked(
    supplier_id: UUID, payout_ids: Iterable[UUID], day: date, *, lock: bool = False
) -> dict[UUID, tuple[str, date | None]]:
    """Payout → ('notice_running', until) or ('objection_open', None) for those that must wait on a day."""
    columns = (Payout.id, Payout.distribution_id, Payout.division, Payout.household_id, Distribution.notice_days)
    asked = set(payout_ids)
    if not asked:
        return {}
    rows = db.session.execute(
        select(*columns)
        .join(Distribution, Distribution.id == Payout.distribution_id)
        .where(Payout.id.in_(as_query(asked)), Payout.supplier_id == supplier_id)
    ).all()
    lists = {row.distribution_id for row in rows if row.notice_days}
    waits = notices.waits("distribution", lists, day, lock=lock) if lists else {}
    found: dict[UUID, tuple[str, date | None]] = {}
    for row in rows:
        if not row.notice_days:
            continue
        wait = waits.get((row.distribution_id, row.division))
        if wait is None or wait.runs:
            found[row.id] = ("notice_running", None if wait is None else wait.until)
        elif wait.whole or row.household_id in wait.households:
            found[row.id] = ("objection_open", None)
    return found


def retry(actor: Actor, payout_ids: Sequence[UUID], *, channel: str | None = None) -> int:
    """Failed payouts are to be paid again, to whoever is the payee today, or in cash. Returns how many.

    Raises Many with rows: payee_none … (nobody to pay), or what `mark_paid` says of other states.
    """
    actor.require("payout.record")
    supplier_id = _supplier(actor)
    gate(supplier_id, payout_ids)
    rows = _own(supplier_id, payout_ids)
    found, why = payees.of_today({row.household_id for row in rows.values()})
    values: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    errors: list[DomainError] = []
    for number, id_ in enumerate(payout_ids, 1):
        row = rows.get(id_)
        payee = found.get(row.household_id) if row else None
        if row is None or payee is None:
            code = "already_paid" if row is None else why.get(row.household_id, "payee_none")
            errors.append(Refused(code, field="payouts", row=number))
            continue
        key = (payee.id, channel or payee.channel, payee.account_last4)
        values.setdefault(key, []).append({"id": id_})
    if errors:
        raise Many(errors)
    done = _give_payees("retry", supplier_id, values)
    refuse_unchanged(supplier_id, payout_ids, done)
    audit.record(actor, "payout.retry", "supplier", supplier_id, count=len(done))
    return len(done)


def release(supplier_id: UUID) -> int:
    """Held payouts whose household has a payee by now can be paid. Returns how many."""
    query = select(Payout.id, Payout.household_id).where(Payout.supplier_id == supplier_id, Payout.state == "held")
    held: dict[UUID, UUID] = dict(db.session.execute(query).all())  # type: ignore[arg-type]
    if not held:
        return 0
    gate(supplier_id, held)
    found, _ = payees.of_today(set(held.values()))
    values: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for id_, household in held.items():
        payee = found.get(household)
        if payee is not None:
            values.setdefault((payee.id, payee.channel, payee.account_last4), []).append({"id": id_})
    return len(_give_payees("release", supplier_id, values))


def suppliers_with_held() -> list[UUID]:
    """Whoever has payouts that wait for a payee."""
    return list(db.session.scalars(select(Payout.supplier_id).where(Payout.state == "held").distinct()))


def _give_payees(verb: str, supplier_id: UUID, values: dict[tuple[Any, ...], list[dict[str, Any]]]) -> set[UUID]:
    """Changes payouts by who is paid now: one statement for each kind of way, the payee's id among the wanted values."""
    by_way: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for (payee_id, channel, last4), rows in values.items():
        by_way.setdefault((channel, last4), []).extend({**row, "payee": payee_id} for row in rows)
    done: set[UUID] = set()
    state = STATES.transitions[verb][1]
    for (channel, last4), rows in sorted(by_way.items()):
        changed = change_rows(
            Payout,
            rows,
            set_=lambda payout, wanted, channel=channel, last4=last4: {  # type: ignore[misc]
                "state": state,
                "reason": "",
                "payee_id": wanted.payee,
                "channel": channel,
                "account_last4": last4 if channel == TRANSFER else "",
            },
            where=lambda payout, wanted: moves(verb, payout) & (payout.supplier_id == supplier_id),
        )
        done |= {row.id for row in changed}
    return done


def take_back(actor: Actor, payout_ids: Sequence[UUID], *, reason: str) -> int:
    """Takes payouts back that are not paid nor at the bank: what is owed comes with the next distribution.

    Raises Refused('reason_needed'), Many with rows as `mark_paid`.
    """
    actor.require("distribution.approve")
    if not reason.strip():
        raise Refused("reason_needed", field="reason")
    supplier_id = _supplier(actor)
    gate(supplier_id, payout_ids)
    changed = change_rows(
        Payout,
        [{"id": id_} for id_ in sorted(set(payout_ids))],
        set_=lambda payout, wanted: {"state": "void", "reason": "withdrawn"},
        where=lambda payout, wanted: moves("withdraw", payout) & (payout.supplier_id == supplier_id),
    )
    refuse_unchanged(supplier_id, payout_ids, {row.id for row in changed})
    audit.record(actor, "payout.withdraw", "supplier", supplier_id, count=len(changed), reason=reason.strip()[:200])
    return len(changed)


def _own(supplier_id: UUID, payout_ids: Sequence[UUID]) -> dict[UUID, Any]:
    query = select(Payout.id, Payout.household_id, Payout.state).where(
        Payout.id.in_(payout_ids), Payout.supplier_id == supplier_id
    )
    return {row.id: row for row in db.session.execute(query)}


def payout(actor: Actor, payout_id: UUID) -> Payout:
    """A payout within scope. Raises NotFound."""
    actor.require("statement.read")
    within = visible(actor.scope, supplier=Payout.supplier_id, division=Payout.division)
    return by_id(Payout, payout_id, within, "payout")


def payouts_of(distribution_id: UUID) -> list[Payout]:
    """The payout list, by village and household; the caller has checked scope."""
    query = select(Payout).where(Payout.distribution_id == distribution_id)
    return list(db.session.scalars(query.order_by(Payout.division, Payout.household_id, Payout.part)))


def of_list(distribution_id: UUID, payout_ids: Iterable[UUID]) -> list[UUID]:
    """Those of the payouts that a list has, in the order given; the caller has checked scope."""
    asked = list(payout_ids)
    if not asked:
        return []
    query = select(Payout.id).where(Payout.distribution_id == distribution_id, Payout.id.in_(as_query(asked)))
    held = set(db.session.scalars(query))
    return [id_ for id_ in asked if id_ in held]


def paged(
    actor: Actor,
    *,
    distribution_id: UUID | None = None,
    state: str | None = None,
    division: str | None = None,
    household_ids: Sequence[UUID] | None = None,
    page: int = 1,
    size: int = 100,
) -> tuple[list[Payout], int]:
    """Payouts within scope, newest list first, by village and household, and how many."""
    actor.require("statement.read")
    query = select(Payout).where(visible(actor.scope, supplier=Payout.supplier_id, division=Payout.division))
    if distribution_id:
        query = query.where(Payout.distribution_id == distribution_id)
    if state:
        query = query.where(Payout.state == state)
    if division:
        query = query.where(Payout.division == division)
    if household_ids is not None:
        query = query.where(Payout.household_id.in_(household_ids))
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = Payout.distribution_id.desc(), Payout.division, Payout.household_id, Payout.part
    return list(db.session.scalars(query.order_by(*order).limit(size).offset((page - 1) * size))), total


def by_state(supplier_id: UUID, distribution_id: UUID | None = None) -> dict[str, tuple[int, int]]:
    """State → (payouts, fen) of a supplier, or of one list. One statement; the caller has checked scope."""
    query = select(Payout.state, func.count(), func.sum(Payout.fen)).where(Payout.supplier_id == supplier_id)
    if distribution_id:
        query = query.where(Payout.distribution_id == distribution_id)
    return {state: (int(n), int(fen)) for state, n, fen in db.session.execute(query.group_by(Payout.state))}


def open_ids(supplier_id: UUID, distribution_id: UUID, *, channel: str | None = None) -> list[UUID]:
    """A list's payouts that are to be paid, in its order; the caller has checked scope."""
    query = select(Payout.id).where(
        Payout.supplier_id == supplier_id, Payout.distribution_id == distribution_id, Payout.state == "to_pay"
    )
    if channel:
        query = query.where(Payout.channel == channel)
    return list(db.session.scalars(query.order_by(Payout.division, Payout.household_id, Payout.part)))
