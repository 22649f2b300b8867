"""What a payout list asks: who is paid on a day, why somebody is not, and numbers in full for the bank's file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from ..core import audit, crypto
from ..core.actor import Actor
from ..core.db import db
from ..core.errors import NotFound, Refused
from . import rules
from .members import member
from .models import Household, Member, Payee
from .register import ids_as_query, within


@dataclass(frozen=True)
class PayeeValue:
    """Who is paid, as lists show it: numbers by their last four. `kind` card, bank or cash; for a proxy (代领人)
    `name` and `proxy_name` are both the person who is paid."""

    id: UUID
    household_id: UUID
    agreement_id: UUID | None
    name: str
    relation: str
    is_proxy: bool
    proxy_name: str | None
    kind: str
    bank: str
    account_last4: str
    id_last4: str


def payees_on(household_ids: Sequence[UUID], day: date) -> dict[tuple[UUID, UUID | None], PayeeValue]:
    """(household, agreement or None) → who is paid on a day; an agreement without its own is paid to the household's.

    One statement, whatever the number of households. Who is missing is held: `why_no_payee` says why.
    """
    if not household_ids:
        return {}
    columns = (
        Payee.id, Payee.household_id, Payee.agreement_id, Payee.name, Payee.relation, Payee.member_id, Payee.kind,
        Payee.bank, Payee.account_last4, Payee.id_last4, Payee.ended_on, Payee.until,
    )  # fmt: skip
    query = select(*columns).where(
        Payee.household_id.in_(ids_as_query(household_ids)),
        Payee.state.in_(("approved", "ended")),
        Payee.in_force_from <= day,
    )
    found: dict[tuple[UUID, UUID | None], PayeeValue] = {}
    # The newest decides: one that ended leaves nobody, never the one that it had replaced.
    for row in db.session.execute(query.order_by(Payee.in_force_from, Payee.id)):
        key, proxy = (row.household_id, row.agreement_id), row.member_id is None
        if (row.ended_on is not None and row.ended_on <= day) or (row.until is not None and row.until < day):
            found.pop(key, None)
            continue
        found[key] = PayeeValue(
            row.id, row.household_id, row.agreement_id, row.name, row.relation, proxy, row.name if proxy else None,
            row.kind, row.bank, row.account_last4, row.id_last4,
        )  # fmt: skip
    return found


def why_no_payee(household_ids: Sequence[UUID], day: date) -> dict[UUID, str]:
    """Household → why nobody is paid for it as a whole on a day, for those of whom that is so.

    payee_none, payee_proposed (waits for a second person), payee_cooling, payee_died, payee_ended (left, stopped, or the
    proxy's paper is over).
    """
    if not household_ids:
        return {}
    paid = {household for household, agreement in payees_on(household_ids, day) if agreement is None}
    missing = [household for household in household_ids if household not in paid]
    why = dict.fromkeys(missing, "payee_none")
    if not missing:
        return why
    query = (
        select(Payee.household_id, Payee.state, Payee.in_force_from, Member.died_on)
        .outerjoin(Member, Member.id == Payee.member_id)
        .where(Payee.household_id.in_(ids_as_query(missing)), Payee.agreement_id.is_(None), Payee.state != "stopped")
    )
    for household, state, in_force_from, died_on in db.session.execute(query.order_by(Payee.id)):
        if state == "proposed":
            why[household] = "payee_proposed"
        elif in_force_from is None or in_force_from > day:
            why[household] = "payee_cooling"
        else:
            why[household] = "payee_died" if died_on is not None and died_on <= day else "payee_ended"
    return why


def reveal_accounts(
    actor: Actor, payee_ids: Sequence[UUID], reason: str, *, linked: Sequence[UUID] | None = None
) -> dict[UUID, tuple[str, str]]:
    """Payee → (account number, '' for cash; identity number), in full: for the bank's file. Told once in the trail.

    An office reaches its division's. A supplier's caller has seen that the households are its own (its distribution's),
    or gives them as `linked`. The edge asks for a fresh sign-in.
    Raises Forbidden, NotFound, Refused: reason_needed, number_in_reason.
    """
    actor.require("payee.reveal")
    _tell(reason)
    if not payee_ids:
        return {}
    query = select(Payee.id, Payee.id_sealed, Payee.account_sealed).where(Payee.id.in_(ids_as_query(payee_ids)))
    if linked is not None or actor.kind != "supplier":
        query = query.join(Household).where(within(actor, linked))
    rows = {row.id: row for row in db.session.execute(query)}
    if set(payee_ids) - set(rows):
        raise NotFound("payee")
    audit.record(
        actor,
        "payee.reveal",
        "payee",
        payee_ids[0] if len(payee_ids) == 1 else f"{len(payee_ids)}",
        count=len(payee_ids),
        reason=reason.strip()[:200],
    )
    return {id_: (_opened(row.id, "account_sealed", row.account_sealed), _opened(row.id, "id_sealed", row.id_sealed))
            for id_, row in rows.items()}  # fmt: skip


def _opened(id_: UUID, column: str, sealed: bytes | None) -> str:
    return crypto.unseal("payee", column, id_, sealed) if sealed is not None else ""


def payee_names(payee_ids: Iterable[UUID]) -> dict[UUID, PayeeValue]:
    """Payees by id as lists show them, whatever has become of them since; the caller has checked scope."""
    rows = db.session.scalars(select(Payee).where(Payee.id.in_(ids_as_query(payee_ids))))
    return {
        row.id: PayeeValue(
            row.id, row.household_id, row.agreement_id, row.name, row.relation, row.member_id is None,
            row.name if row.member_id is None else None, row.kind, row.bank, row.account_last4, row.id_last4,
        )
        for row in rows
    }  # fmt: skip


def reveal_member(
    actor: Actor, member_id: UUID, reason: str, *, linked: Sequence[UUID] | None = None
) -> tuple[Member, str, str]:
    """The member, its identity number and telephone in full. Raises as `reveal_accounts`."""
    actor.require("payee.reveal")
    _tell(reason)
    row = member(actor, member_id, linked)
    number = crypto.unseal("member", "id_sealed", row.id, row.id_sealed)
    phone = crypto.unseal("member", "phone_sealed", row.id, row.phone_sealed) if row.phone_sealed else ""
    audit.record(actor, "member.reveal", "household", row.household_id, member=str(row.id), reason=reason.strip()[:200])
    return row, number, phone


def _tell(reason: str) -> None:
    if fault := rules.told_fault(reason):
        raise Refused(fault, field="reason")
