"""Messages by e-mail (work addresses): who wants them where, and the mails that the worker makes and sends.

A message's own row is its outbox event: `spread` makes a mail for each person who may see it and asked for mails, once
(unique by message and person). `send_due` claims one person's due mails in a short transaction, sends them as one
outside any, and marks them. A worker that dies in between leaves a claim that grows stale and is claimed again: a mail
goes out at least once, and twice only when the worker died between the server's word and the mark.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from ..core import audit, clock, mail
from ..core.actor import Actor
from ..core.crypto import blind_index, seal, unseal
from ..core.db import db, insert_rows, new_id, transaction
from ..core.errors import Refused, SignInNeeded, TooMany
from ..identity import services as identity
from .models import WISHES, MailDelivery, MailSetting, Message
from .rules import ATTEMPTS, MAIL, is_address, next_eight, wait_minutes

STALE = timedelta(minutes=5)
CONFIRM_WITHIN = timedelta(days=2)
ASKED_A_DAY = 5  # mails that ask to confirm, to one person's addresses
A_MAIL = 100  # messages


@dataclass(frozen=True)
class Setting:
    """As its owner sees it."""

    address: str
    wish: str
    confirmed: bool


@dataclass(frozen=True)
class Parcel:
    """What one mail is made of: no messages means that it asks to confirm the address."""

    address: str
    name: str
    locale: str
    stop: str  # the tokens of the links in it
    confirm: str | None = None
    messages: list[Message] = field(default_factory=list)


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str
    headers: dict[str, str] = field(default_factory=dict)


def setting(actor: Actor) -> Setting | None:
    """The actor's own address and wish."""
    row = _setting_of(actor.user)
    return Setting(_address(row), row.wish, row.confirmed_at is not None) if row else None


def _setting_of(user_id: UUID | None) -> MailSetting | None:
    return db.session.scalar(select(MailSetting).where(MailSetting.user_id == user_id))


def _address(row: MailSetting) -> str:
    return unseal("mail_setting", "address_sealed", row.id, row.address_sealed)


def set_address(actor: Actor, address: str, wish: str) -> bool:
    """Sets the actor's work address and when messages go there; whether a mail was queued that asks to confirm it.

    Another address counts once it is confirmed. Raises Refused: mail_address_wrong, not_a_choice; TooMany: mail_asked_often.
    """
    if actor.user is None:
        raise SignInNeeded
    address = address.strip()
    if not is_address(address):
        raise Refused("mail_address_wrong", field="address")
    if wish not in WISHES:
        raise Refused("not_a_choice", field="wish")
    row = _setting_of(actor.user)
    if row is not None and row.confirmed_at and _address(row) == address:
        row.wish = wish
        db.session.flush()
        return False
    _refuse_often(actor.user)
    id_ = row.id if row else new_id()
    sealed = seal("mail_setting", "address_sealed", id_, address)
    if row is None:
        row = MailSetting(id=id_, user_id=actor.user, address_sealed=sealed, wish=wish, asked_at=clock.now())
        db.session.add(row)
    else:
        row.address_sealed, row.wish, row.asked_at, row.confirmed_at = sealed, wish, clock.now(), None
    db.session.add(MailDelivery(user_id=actor.user, due_at=clock.now()))
    audit.record(actor, "mail.ask", "user", actor.user)
    db.session.flush()
    return True


def _refuse_often(user_id: UUID) -> None:
    day = clock.now() - timedelta(days=1)
    asked = select(func.count()).select_from(MailDelivery)
    asked = asked.where(MailDelivery.user_id == user_id, MailDelivery.message_id.is_(None), MailDelivery.due_at > day)
    if (db.session.scalar(asked) or 0) >= ASKED_A_DAY:
        raise TooMany("mail_asked_often", retry_after=86400)


def forget_address(actor: Actor) -> None:
    """Takes the actor's address away; what was queued for it is dropped when its turn comes."""
    if (row := _setting_of(actor.user)) is not None:
        db.session.delete(row)
        audit.record(actor, "mail.forget", "user", actor.user or "")
        db.session.flush()


def _code(purpose: str, row: MailSetting) -> str:
    """Opens a link of a mail to this address: a MAC, so that nothing need be kept and nobody can guess it."""
    when = int(row.asked_at.timestamp()) if purpose == "confirm" else 0
    about = hashlib.sha256(f"{row.id.hex}|{_address(row)}|{when}".encode()).hexdigest()
    return blind_index(f"mail_{purpose}", about).hex()[:32]


def token(purpose: str, row: MailSetting) -> str:
    """What a link carries: the setting's id and its code, 64 hex digits."""
    return row.id.hex + _code(purpose, row)


def _by_token(purpose: str, text: str) -> MailSetting:
    """Raises Refused('mail_link_wrong'), alike for rubbish, an unknown setting and a wrong code."""
    id_, code = text[:32], text[32:80]
    known = len(id_) == 32 and all(char in "0123456789abcdef" for char in id_)
    row = db.session.get(MailSetting, UUID(id_)) if known else None
    if row is None or not hmac.compare_digest(_code(purpose, row).encode(), code.encode()):
        raise Refused("mail_link_wrong")
    return row


def confirm(text: str) -> None:
    """Whoever reads the address's mail says yes. Raises Refused: mail_link_wrong, also when two days have gone."""
    row = _by_token("confirm", text)
    if clock.now() > row.asked_at + CONFIRM_WITHIN:
        raise Refused("mail_link_wrong")
    row.confirmed_at = row.confirmed_at or clock.now()
    db.session.flush()


def unsubscribe(text: str) -> None:
    """No more mails there; messages stay in the application. Raises Refused('mail_link_wrong')."""
    _by_token("stop", text).wish = "none"
    db.session.flush()


def latest(actor: Actor, limit: int = 5) -> list[MailDelivery]:
    """The actor's own last mails, newest first: whether they went out."""
    query = select(MailDelivery).where(MailDelivery.user_id == actor.user)
    return list(db.session.scalars(query.order_by(MailDelivery.due_at.desc(), MailDelivery.id.desc()).limit(limit)))


def spread(limit: int = 200) -> int:
    """Makes mails of messages that have none yet, in the present transaction; how many messages there were.

    For those who may see a message, can still sign in, and asked for mails to an address that they confirmed.
    """
    query = select(Message).where(Message.spread_at.is_(None)).order_by(Message.at).limit(limit)
    rows = list(db.session.scalars(query.with_for_update(skip_locked=True)))
    open_ = [row for row in rows if row.done_at is None]
    people = identity.holders({row.organisation_id for row in open_}) if open_ else []
    wishes = _wishes([user for user, _, _ in people])
    now, eight = clock.now(), clock.at(next_eight(clock.local(clock.now())), 8)
    insert_rows(
        MailDelivery,
        [
            {
                "id": new_id(),
                "message_id": row.id,
                "user_id": user,
                "state": "queued",
                "attempts": 0,
                "error": "",
                "due_at": eight if wishes[user] == "daily" else now,
            }
            for row in open_
            for user, organisation, permissions in people
            if user in wishes and organisation == row.organisation_id and _reaches(row, user, permissions)
        ],
        unless_there=True,
    )
    db.session.execute(
        update(Message).where(Message.id.in_([row.id for row in rows])).values(spread_at=now),
        execution_options={"synchronize_session": False},
    )
    return len(rows)


def _reaches(row: Message, user: UUID, permissions: frozenset[str]) -> bool:
    return row.user_id == user if row.user_id else not row.permission or row.permission in permissions


def _wishes(users: Sequence[UUID]) -> dict[UUID, str]:
    query = select(MailSetting.user_id, MailSetting.wish)
    query = query.where(
        MailSetting.user_id.in_(users), MailSetting.confirmed_at.is_not(None), MailSetting.wish != "none"
    )
    return dict(db.session.execute(query).all()) if users else {}


def anything_to_spread() -> bool:
    return db.session.scalar(select(Message.id).where(Message.spread_at.is_(None)).limit(1)) is not None


def _free() -> ColumnElement[bool]:
    stale = and_(MailDelivery.state == "sending", MailDelivery.claimed_at < clock.now() - STALE)
    return and_(MailDelivery.due_at <= clock.now(), or_(MailDelivery.state == "queued", stale))


def claim() -> list[UUID]:
    """Claims one person's due mails, or one mail that asks to confirm; in the present transaction."""
    first = db.session.execute(
        select(MailDelivery.id, MailDelivery.user_id, MailDelivery.message_id)
        .where(_free())
        .order_by(MailDelivery.due_at)
        .limit(1)
    ).first()
    if first is None:
        return []
    same = MailDelivery.id == first.id
    if first.message_id is not None:
        of_user = and_(MailDelivery.user_id == first.user_id, MailDelivery.message_id.is_not(None), _free())
        ids = select(MailDelivery.id).where(of_user).order_by(MailDelivery.due_at).limit(A_MAIL)
        same = MailDelivery.id.in_(list(db.session.scalars(ids)))
    claimed = update(MailDelivery).where(same, _free())
    claimed = claimed.values(
        state=MAIL.transitions["claim"][1], claimed_at=clock.now(), attempts=MailDelivery.attempts + 1
    )
    quiet = {"synchronize_session": False}
    return list(db.session.scalars(claimed.returning(MailDelivery.id), execution_options=quiet))


def parcel(delivery_ids: Sequence[UUID]) -> Parcel | None:
    """What the claimed mails of one person hold now; None where nothing is left to say, or nobody to say it to."""
    rows = list(db.session.scalars(select(MailDelivery).where(MailDelivery.id.in_(delivery_ids))))
    person = identity.reached(rows[0].user_id) if rows else None
    row = _setting_of(rows[0].user_id) if rows else None
    if person is None or row is None:
        return None
    stop = token("stop", row)
    wanted = [one.message_id for one in rows if one.message_id]
    if not wanted:
        asked = row.confirmed_at is None
        return Parcel(_address(row), *person, stop, token("confirm", row)) if asked else None
    query = select(Message).where(Message.id.in_(wanted), Message.done_at.is_(None))
    messages = list(db.session.scalars(query.order_by(Message.act_by.is_(None), Message.act_by, Message.at)))
    if not messages or row.confirmed_at is None or row.wish == "none":
        return None
    db.session.expunge_all()
    return Parcel(_address(row), *person, stop, None, messages)


def _move(verb: str, delivery_ids: Sequence[UUID], **values: Any) -> None:
    sources, state = MAIL.transitions[verb]
    with transaction():
        db.session.execute(
            update(MailDelivery)
            .where(MailDelivery.id.in_(delivery_ids), MailDelivery.state.in_(sources))
            .values(state=state, claimed_at=None, **values),
            execution_options={"synchronize_session": False},
        )


def send_next(compose: Callable[[Parcel], Letter]) -> bool:
    """Sends one person's due mails as one, in transactions of its own around the sending; whether there was any."""
    with transaction(write=False):
        if db.session.scalar(select(MailDelivery.id).where(_free()).limit(1)) is None:
            return False
    with transaction():
        ids = claim()
    if not ids:
        return False
    with transaction(write=False):
        found = parcel(ids)
        attempts = db.session.scalar(select(func.max(MailDelivery.attempts)).where(MailDelivery.id.in_(ids))) or 1
    if found is None:
        _move("drop", ids)
        return True
    letter = compose(found)
    try:
        mail.send(found.address, letter.subject, letter.text, letter.headers)
    except mail.MailError as failure:
        if attempts >= ATTEMPTS:
            _move("give_up", ids, error=failure.reason[:60])
        else:
            later = clock.now() + timedelta(minutes=wait_minutes(attempts))
            _move("retry", ids, error=failure.reason[:60], due_at=later)
    else:
        _move("send", ids, sent_at=clock.now(), error="")
    return True
