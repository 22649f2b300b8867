"""Suppliers' connected accounts at Stripe. The supplier gives its papers there; we keep the account's id and state."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from ..core import audit, clock
from ..core.actor import SYSTEM, Actor
from ..core.db import db, is_sqlite, new_id, transaction
from ..core.errors import NotFound
from ..identity import services as identity
from . import gateway
from .stripe_models import StripeAccount


def ask_account(actor: Actor) -> StripeAccount:
    """The supplier's row, made on first asking; its id is the key of the account at Stripe."""
    actor.require("card_account.edit")
    if actor.kind != "supplier" or actor.organisation is None:
        raise NotFound("organisation")
    insert = sqlite.insert if is_sqlite() else postgresql.insert
    values = {
        "id": new_id(),
        "supplier_id": actor.organisation,
        "state": "pending",
        "methods": [],
        "due": 0,
        "asked_by": actor.user,
        "asked_at": clock.now(),
    }
    made = insert(StripeAccount).values(values).on_conflict_do_nothing(index_elements=["supplier_id"])
    if db.session.scalar(made.returning(StripeAccount.id)):
        audit.record(actor, "card_account.ask", "organisation", actor.organisation)
    return _of(actor.organisation)


def connect(actor: Actor, return_url: str) -> tuple[StripeAccount, str]:
    """The supplier's account, made at Stripe where there is none yet, and the page there that asks for its papers.

    Outside a transaction: the row is committed before Stripe is asked under its id. Raises what the gateway raises.
    """
    db.session.rollback()
    way = gateway.current()
    with transaction():
        row = ask_account(actor)
        of = identity.named({row.supplier_id})[row.supplier_id]
        id_, account, name, credit_code = row.id, row.account, of.name, of.credit_code
    seen = way.account(account) if account else way.create_account(key=str(id_), name=name, credit_code=credit_code)
    with transaction():
        row = name_account(id_, seen)
        db.session.expunge(row)
    return row, way.onboarding_link(seen.id, return_url=return_url, refresh_url=return_url)


def look_at_account(actor: Actor) -> StripeAccount | None:
    """Asks Stripe how the supplier's account stands. Outside a transaction. Raises what the gateway raises."""
    actor.require("card_account.edit")
    db.session.rollback()
    with transaction(write=False):
        row = account_of(actor)
        account = row.account if row else None
    if account is None:
        return None
    seen = gateway.current().account(account)
    with transaction():
        row = follow_account(seen)
        db.session.expunge(row)
    return row


def name_account(row_id: UUID, seen: gateway.Account) -> StripeAccount:
    """Stripe made the account: its id is written down, once."""
    db.session.execute(
        update(StripeAccount).where(StripeAccount.id == row_id, StripeAccount.account.is_(None)).values(account=seen.id)
    )
    return follow_account(seen)


def follow_account(seen: gateway.Account) -> StripeAccount:
    """What Stripe says of an account is what stands here. Raises NotFound for one that is no supplier's."""
    row = db.session.scalar(select(StripeAccount).where(StripeAccount.account == seen.id).with_for_update())
    if row is None:
        raise NotFound("card_account")
    if row.state != seen.state:
        facts = {"before": row.state, "after": seen.state}
        audit.record(SYSTEM, "card_account.change", "organisation", row.supplier_id, **facts)
    row.state, row.methods, row.due, row.seen_at = seen.state, list(seen.methods), seen.due, clock.now()
    db.session.flush()
    return row


def account_of(actor: Actor) -> StripeAccount | None:
    """The actor's own account, if it asked for one."""
    actor.require("bill.read")
    return db.session.scalar(select(StripeAccount).where(StripeAccount.supplier_id == actor.organisation))


def active_account(supplier_id: UUID) -> StripeAccount | None:
    """The account that may be paid to now: None where card payment is not offered."""
    query = select(StripeAccount).where(StripeAccount.supplier_id == supplier_id, StripeAccount.state == "active")
    return db.session.scalar(query)


def supplier_of(account: str) -> UUID | None:
    return db.session.scalar(select(StripeAccount.supplier_id).where(StripeAccount.account == account))


def named_accounts() -> list[str]:
    """Every account that Stripe has made for a supplier."""
    query = select(StripeAccount.account).where(StripeAccount.account.is_not(None)).order_by(StripeAccount.id)
    return [account for account in db.session.scalars(query) if account]


def _of(supplier_id: UUID) -> StripeAccount:
    return db.session.scalars(select(StripeAccount).where(StripeAccount.supplier_id == supplier_id)).one()
