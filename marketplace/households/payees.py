"""Who is paid for a household: proposed by one person, approved by another, in force after a cooling-off.

Who may: an office's clerk or head for its division (the village officer is one of them), a supplier's manager for the
households linked to it. Two different persons, at least one of them an office's; the database says the same. The first
payee of a household stands from its approval; every later one, an agreement's own included, `cooling_days` after it,
and until then the old one is paid and anybody of the two sides can stop the change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update

from ..core import audit, clock, crypto
from ..core.actor import Actor
from ..core.db import by_id, db, new_id
from ..core.errors import Conflict, DomainError, Forbidden, Many, Refused
from ..findings import services as findings
from . import rules
from .models import PAYEE_KINDS, SIDES, Household, Member, Payee
from .register import reached, within

cooling_days = 3  # the settings' value, set at start-up


@dataclass(frozen=True)
class NewPayee:
    """The person is a member (`member_id`), or a proxy named in the paper `file_id` with its own number and time.

    `kind` one of models.PAYEE_KINDS; `holder_name` is the account's name as the bank has it; cash has no account.
    """

    household_id: UUID
    kind: str
    agreement_id: UUID | None = None
    member_id: UUID | None = None
    bank: str = ""
    account: str = ""
    holder_name: str = ""
    proxy_name: str = ""
    proxy_relation: str = ""
    proxy_id_number: str = ""
    file_id: UUID | None = None
    until: date | None = None


def propose_payee(actor: Actor, household_id: UUID, *, linked: Sequence[UUID] | None = None, **facts: Any) -> Payee:
    """Proposes one payee; `facts` are those of NewPayee. Raises Refused naming the field, NotFound."""
    try:
        return propose_payees(actor, [NewPayee(household_id, **facts)], linked=linked)[0]
    except Many as refused:
        error = refused.errors[0]
        error.row = None
        raise error from refused


def propose_payees(actor: Actor, news: Sequence[NewPayee], *, linked: Sequence[UUID] | None = None) -> list[Payee]:
    """Proposes payees; statements do not grow with them. `linked`: the households that the caller saw linked.

    An account that another household already uses opens a finding and is no refusal: families share cards.
    Raises NotFound, Many with rows: payee_person_needed, not_a_member, proxy_paper_needed, proxy_until_needed, the
    faults of identity numbers, id_name_differs, bank_needed, account_malformed, account_for_cash, holder_differs,
    payee_waiting.
    """
    side = _side(actor, "payee.propose")
    families = reached(actor, {new.household_id for new in news}, linked, lock=True)
    members = _members({new.member_id for new in news if new.member_id})
    numbers = {new.proxy_id_number: crypto.blind_index("id_number", new.proxy_id_number) for new in news}
    known = _names_by_index([index for number, index in numbers.items() if number])
    waiting = _waiting_keys(set(families))
    errors: list[DomainError] = []
    for row, new in enumerate(news, 1):
        code, field = _fault(new, members.get(new.member_id), known.get(numbers[new.proxy_id_number], set()))
        if not code and (new.household_id, new.agreement_id) in waiting:
            code, field = "payee_waiting", "kind"
        if code:
            errors.append(Refused(code, field=field or None, row=row))
        waiting.add((new.household_id, new.agreement_id))
    if errors:
        raise Many(errors)
    rows = [_row(actor, side, new, members.get(new.member_id)) for new in news]
    db.session.add_all(rows)
    for payee_ in rows:
        audit.record(actor, "payee.propose", "household", payee_.household_id, payee=str(payee_.id), kind=payee_.kind)
    db.session.flush()
    _open_findings(rows, families)
    return rows


def _side(actor: Actor, permission: str) -> str:
    actor.require(permission)
    if actor.kind not in SIDES or actor.user is None:
        raise Forbidden(permission)
    return actor.kind


def _members(ids: set[UUID]) -> dict[UUID | None, Member]:
    rows = db.session.scalars(select(Member).where(Member.id.in_(ids), Member.left_on.is_(None))) if ids else ()
    return {row.id: row for row in rows}


def _names_by_index(indexes: Sequence[bytes]) -> dict[bytes, set[str]]:
    """The names under which identity numbers are known, by blind index."""
    found: dict[bytes, set[str]] = {}
    if indexes:
        query = select(Member.id_index, Member.name).where(Member.id_index.in_(indexes))
        for index, name in db.session.execute(query):
            found.setdefault(bytes(index), set()).add(name)
    return found


def _waiting_keys(households: set[UUID]) -> set[tuple[UUID, UUID | None]]:
    """(household, agreement) of which a proposal or a change in its cooling-off is open."""
    query = select(Payee.household_id, Payee.agreement_id).where(Payee.household_id.in_(households), _open())
    return {(household, agreement) for household, agreement in db.session.execute(query)}


def _open() -> ColumnElement[bool]:
    return (Payee.state == "proposed") | ((Payee.state == "approved") & (Payee.in_force_from > clock.today()))


def _fault(new: NewPayee, member: Member | None, known_names: set[str]) -> tuple[str | None, str]:
    """(code of what is wrong, its field)."""
    if new.kind not in PAYEE_KINDS:
        return "not_a_choice", "kind"
    if new.member_id is not None:
        if new.proxy_name or new.proxy_id_number:
            return "payee_person_needed", "member_id"
        if member is None or member.household_id != new.household_id:
            return "not_a_member", "member_id"
    elif wrong := _proxy_fault(new, known_names):
        return wrong
    return _account_fault(new, member.name if member else new.proxy_name)


def _proxy_fault(new: NewPayee, known_names: set[str]) -> tuple[str, str] | None:
    today = clock.today()
    if not new.proxy_name or not new.proxy_relation:
        return "payee_person_needed", "proxy_relation" if new.proxy_name else "member_id"
    if wrong := rules.id_number_fault(crypto.normalised(new.proxy_id_number), today):
        return wrong, "proxy_id_number"
    if known_names and new.proxy_name not in known_names:
        return "id_name_differs", "proxy_name"
    if new.file_id is None:
        return "proxy_paper_needed", "file"
    if new.until is None or new.until < today:
        return "proxy_until_needed", "until"
    return None


def _account_fault(new: NewPayee, person: str) -> tuple[str | None, str]:
    number = crypto.normalised(new.account)
    if new.kind == "cash":
        return ("account_for_cash", "account") if number else (None, "")
    if not new.bank:
        return "bank_needed", "bank"
    if wrong := rules.account_fault(number):
        return wrong, "account"
    # The account's name and the identity number's belong to one person.
    return ("holder_differs", "holder_name") if new.holder_name != person else (None, "")


def _row(actor: Actor, side: str, new: NewPayee, member: Member | None) -> Payee:
    id_, account = new_id(), crypto.normalised(new.account)
    number = (
        crypto.unseal("member", "id_sealed", member.id, member.id_sealed)
        if member
        else crypto.normalised(new.proxy_id_number)
    )
    return Payee(
        id=id_,
        household_id=new.household_id,
        agreement_id=new.agreement_id,
        member_id=new.member_id,
        name=member.name if member else new.proxy_name,
        relation=member.relation if member else new.proxy_relation,
        id_sealed=crypto.seal("payee", "id_sealed", id_, number),
        id_index=member.id_index if member else crypto.blind_index("id_number", number),
        id_last4=crypto.last4(number),
        file_id=None if member else new.file_id,
        from_day=clock.today(),
        until=None if member else new.until,
        kind=new.kind,
        bank=new.bank if account else "",
        account_sealed=crypto.seal("payee", "account_sealed", id_, account) if account else None,
        account_index=crypto.blind_index("account", account) if account else None,
        account_last4=crypto.last4(account),
        odd_account=bool(account) and rules.odd_account(account),
        state="proposed",
        proposed_by=actor.user,
        proposed_side=side,
        proposed_at=clock.now(),
    )


def _open_findings(rows: Sequence[Payee], families: dict[UUID, Household]) -> None:
    """One account for several households: a suspicion, with the household's number and how many share it."""
    indexes = [row.account_index for row in rows if row.account_index]
    if not indexes:
        return
    live = Payee.state.in_(("proposed", "approved"))
    users = dict(
        db.session.execute(
            select(Payee.account_index, func.count(Payee.household_id.distinct()))
            .where(Payee.account_index.in_(indexes), live)
            .group_by(Payee.account_index)
        ).all()
    )
    findings.open_many(
        [
            {
                "kind": "payee_account_shared",
                "object_kind": "payee",
                "object_id": str(row.id),
                "division": families[row.household_id].present_division,
                "facts": {"number": families[row.household_id].code, "households": users[row.account_index]},
            }
            for row in rows
            if row.account_index and users[row.account_index] > 1
        ]
    )


def approve_payee(actor: Actor, payee_id: UUID, *, linked: Sequence[UUID] | None = None) -> Payee:
    """Approves one. Raises as `approve_payees`, without a row."""
    return approve_payees(actor, [payee_id], linked=linked)[0]


def approve_payees(actor: Actor, payee_ids: Sequence[UUID], *, linked: Sequence[UUID] | None = None) -> list[Payee]:
    """The second person's word: from when each is paid.

    Raises NotFound, Conflict('wrong_state'), Refused: approver_is_proposer, office_needed, not_a_member.
    """
    side = _side(actor, "payee.approve")
    homes = set(
        db.session.scalars(
            select(Payee.household_id).join(Household).where(Payee.id.in_(payee_ids), within(actor, linked))
        )
    )
    reached(actor, homes, linked, lock=True)  # whether one is a household's first is told one after the other
    rows = [payee(actor, payee_ids[0], linked, lock=True)] if len(payee_ids) == 1 else _locked(payee_ids, homes)
    present = _members({row.member_id for row in rows if row.member_id})
    for row in rows:
        if row.state != "proposed":
            raise Conflict("wrong_state", what="payee")
        if row.proposed_by == actor.user:
            raise Refused("approver_is_proposer")
        if "office" not in (row.proposed_side, side):
            raise Refused("office_needed")
        if row.member_id and row.member_id not in present:
            raise Refused("not_a_member")
    held = select(Payee.household_id).where(Payee.household_id.in_(homes), Payee.approved_by.is_not(None))
    not_first = set(db.session.scalars(held))
    today = clock.today()
    for row in rows:
        cooling = row.household_id in not_first
        not_first.add(row.household_id)
        row.state, row.approved_by, row.approved_side, row.approved_at = "approved", actor.user, side, clock.now()
        row.in_force_from = today + timedelta(days=cooling_days) if cooling else today
        audit.record(
            actor, "payee.approve", "household", row.household_id, payee=str(row.id), in_force=str(row.in_force_from)
        )
    db.session.flush()
    return rows


def _locked(ids: Sequence[UUID], homes: set[UUID]) -> list[Payee]:
    query = select(Payee).where(Payee.id.in_(ids), Payee.household_id.in_(homes)).order_by(Payee.id)
    rows = list(db.session.scalars(query.with_for_update().execution_options(populate_existing=True)))
    if len(rows) != len(set(ids)):
        raise Conflict("wrong_state", what="payee")
    return rows


def stop_payee(actor: Actor, payee_id: UUID, reason: str, *, linked: Sequence[UUID] | None = None) -> Payee:
    """Withdraws a proposal, stops a change in its cooling-off, or ends one in force from today: payouts are held then.

    Each is on the safe side, so one person does it. Raises NotFound, Conflict('wrong_state'), Refused: reason_needed,
    number_in_reason.
    """
    _side(actor, "payee.propose")
    if fault := rules.told_fault(reason):
        raise Refused(fault, field="reason")
    row = payee(actor, payee_id, linked, lock=True)
    if row.state not in ("proposed", "approved"):
        raise Conflict("wrong_state", what="payee")
    if row.state == "approved" and row.in_force_from is not None and row.in_force_from <= clock.today():
        row.state, row.ended_on = "ended", clock.today()
    else:
        row.state, row.stopped_by, row.stopped_at = "stopped", actor.user, clock.now()
    audit.record(actor, "payee.stop", "household", row.household_id, payee=str(row.id), reason=reason.strip()[:200])
    db.session.flush()
    return row


def end_of_member(actor: Actor, member_id: UUID, day: date) -> None:
    """The member left or died: what rests on it is paid no more from that day, and what was to come does not."""
    options = {"synchronize_session": "fetch"}
    mine = update(Payee).where(Payee.member_id == member_id)
    stopped = {"state": "stopped", "stopped_by": actor.user, "stopped_at": clock.now()}
    to_come = (Payee.state == "approved") & (Payee.in_force_from > day)
    db.session.execute(mine.where((Payee.state == "proposed") | to_come).values(stopped), execution_options=options)
    ended = {"state": "ended", "ended_on": day}
    db.session.execute(mine.where(Payee.state == "approved").values(ended), execution_options=options)


def payee(actor: Actor, payee_id: UUID, linked: Sequence[UUID] | None = None, *, lock: bool = False) -> Payee:
    """A payee of a household within reach. Raises NotFound."""
    homes = select(Household.id).where(within(actor, linked))
    return by_id(Payee, payee_id, Payee.household_id.in_(homes), "payee", lock=lock)


def payees_of(household_id: UUID) -> list[Payee]:
    """Of a household, newest first; the caller has checked scope."""
    return list(db.session.scalars(select(Payee).where(Payee.household_id == household_id).order_by(Payee.id.desc())))


def standing_of(rows: Sequence[Payee], day: date) -> dict[UUID, str]:
    """Payee → its state as of a day, given all of a household's: cooling, in_force and replaced beside the kept ones."""
    newest: dict[UUID | None, tuple[date, UUID]] = {}
    for row in rows:
        if row.state in ("approved", "ended") and row.in_force_from and row.in_force_from <= day:
            key = row.in_force_from, row.id
            newest[row.agreement_id] = max(newest.get(row.agreement_id, key), key)
    return {row.id: _standing(row, day, newest) for row in rows}


def _standing(row: Payee, day: date, newest: dict[UUID | None, tuple[date, UUID]]) -> str:
    if row.state != "approved" or row.in_force_from is None:
        return row.state
    if row.in_force_from > day:
        return "cooling"
    if newest[row.agreement_id] != (row.in_force_from, row.id):
        return "replaced"
    return "ended" if row.until is not None and row.until < day else "in_force"


def count_waiting(actor: Actor) -> int:
    """How many payees wait or cool off within an office's reach: the number beside its menu."""
    query = select(func.count()).select_from(Payee).join(Household).where(within(actor), _open())
    return db.session.scalar(query) or 0


def payees_waiting(
    actor: Actor, linked: Sequence[UUID] | None = None, *, page: int = 1, size: int = 50
) -> tuple[list[Payee], int]:
    """What waits for a second person or cools off within reach, the oldest first, and how many: the village's notice."""
    actor.require("household.read")
    query = select(Payee).join(Household).where(within(actor, linked), _open())
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    return list(db.session.scalars(query.order_by(Payee.id).limit(size).offset((page - 1) * size))), total
