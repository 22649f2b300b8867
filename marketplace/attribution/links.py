"""Statement links: a card's QR code opens its household's statement, after a second fact, for a short time.

The token is 128 random bits, printed once and kept as its SHA-256. A wrong fact, a revoked link and a token that never
was answer alike: each attempt is written down as a failure first, and what is looked at afterwards costs the same.
Thirty guesses against one link revoke it; then only who knows the household can issue a new one.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, func, select, text, update

from ..core import audit, clock
from ..core.actor import SYSTEM, Actor
from ..core.db import db, is_sqlite, new_id, transaction
from ..core.errors import NotFound, Refused, TooMany
from ..households import facts
from ..households import services as households
from ..linkage import services as linkage
from .household_models import LinkAttempt, StatementLink

WINDOW = timedelta(minutes=15)
PER_LINK, PER_ADDRESS = 5, 30
GUESSES = 30  # failures since the last success after which the link is dead: 30 of 10,000 facts
OPEN_FOR = timedelta(minutes=20)
TOKEN_LENGTH = 22  # 128 bits, base64url
_NOBODY = UUID(int=0)


def issue(actor: Actor, household_id: UUID) -> str:
    """A new link's token; the organisation's former link of that household is dead from now on."""
    return issue_many(actor, [household_id])[household_id]


def issue_many(actor: Actor, household_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Household → token of its new link; statements do not grow with them. Raises NotFound outside the actor's reach."""
    actor.require("link.issue")
    wanted = sorted(set(household_ids))
    _require_reach(actor, wanted)
    if actor.organisation is None:
        raise NotFound("organisation")
    _end(actor, wanted, "reissued", StatementLink.organisation_id == actor.organisation)
    tokens = {household: secrets.token_urlsafe(16) for household in wanted}
    for household, token in tokens.items():
        row = StatementLink(
            id=new_id(),
            household_id=household,
            supplier_id=actor.organisation if actor.kind == "supplier" else None,
            organisation_id=actor.organisation,
            digest=digest_of(token),
            issued_at=clock.now(),
            issued_by=actor.user,
            revoked_why="",
        )
        db.session.add(row)
        audit.record(actor, "link.issue", "household", household)
    db.session.flush()
    return tokens


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def revoke(actor: Actor, household_id: UUID) -> int:
    """Ends the household's links, and every session that they opened: of one's own issue, or all for an office.

    Returns how many there were. Raises NotFound outside the actor's reach.
    """
    actor.require("link.issue")
    _require_reach(actor, [household_id])
    own = StatementLink.organisation_id == actor.organisation
    ended = _end(actor, [household_id], "asked", *([] if actor.kind == "office" else [own]))
    if ended:
        audit.record(actor, "link.revoke", "household", household_id, links=ended)
        db.session.flush()
    return ended


def _end(actor: Actor, household_ids: Sequence[UUID], why: str, *conditions: object) -> int:
    changed = db.session.execute(
        update(StatementLink)
        .where(StatementLink.household_id.in_(household_ids), StatementLink.revoked_at.is_(None), *conditions)  # type: ignore[arg-type]
        .values(revoked_at=clock.now(), revoked_by=actor.user, revoked_why=why)
        .returning(StatementLink.id),
        execution_options={"synchronize_session": False},
    ).all()
    db.session.expire_all()
    return len(changed)


def _require_reach(actor: Actor, household_ids: Iterable[UUID]) -> None:
    """A supplier reaches its linked households, an office those of its place. Raises NotFound."""
    wanted = set(household_ids)
    if actor.kind == "supplier" and actor.organisation is not None:
        if not wanted <= linkage.linked_households(actor.organisation) | linkage.consented(actor.organisation):
            raise NotFound("household")
        return
    known = households.by_ids(list(wanted))
    here = actor.scope.division
    for id_ in wanted:
        row = known.get(id_)
        places = (row.present_division, row.division) if row else ()
        if here is None or not any(place.startswith(here) for place in places):
            raise NotFound("household")


def links_of(actor: Actor, household_id: UUID) -> list[StatementLink]:
    """The household's links, newest first: an office sees all of them, a supplier its own. The caller checked scope."""
    query = select(StatementLink).where(StatementLink.household_id == household_id)
    if actor.kind == "supplier":
        query = query.where(StatementLink.organisation_id == actor.organisation)
    return list(db.session.scalars(query.order_by(StatementLink.issued_at.desc(), StatementLink.id.desc())))


def live(link_id: UUID) -> StatementLink | None:
    """The link if it has not been revoked: asked with every request of its session."""
    query = select(StatementLink).where(StatementLink.id == link_id, StatementLink.revoked_at.is_(None))
    return db.session.scalar(query)


def enter(token: str, fact: str, address: str) -> tuple[StatementLink, facts.Fact]:
    """The link that token and second fact open, and whose fact it was. Makes its own short transactions.

    Raises Refused('link_wrong') alike for a wrong fact, a revoked link and an unknown token; TooMany('link_throttled').
    """
    digest = digest_of(token)
    attempt = _reserve(digest, address[:45])
    with transaction(write=False):
        found = db.session.scalar(
            select(StatementLink).where(StatementLink.digest == digest, StatementLink.revoked_at.is_(None))
        )
        known = second_facts(found.household_id if found else _NOBODY) or [facts.Fact("----")]
        if found:
            db.session.expunge(found)
    typed = fact.strip().upper().encode()
    # Every fact is compared, so that time tells neither which matched nor whether there was a household.
    matching = [one for one in known if hmac.compare_digest(one.last4.upper().encode(), typed)]
    if found is None or not matching:
        _note_failure(digest, found)
        raise Refused("link_wrong", field="fact")
    with transaction():
        db.session.execute(update(LinkAttempt).where(LinkAttempt.id == attempt).values(ok=True))
        audit.record(SYSTEM, "link.opened", "link", found.id)
    return found, matching[0]


def second_facts(household_id: UUID) -> list[facts.Fact]:
    """What may follow the code: the last four of its members' and proxies' ID numbers; of its household number where
    no number is on record. Members come first: who is both speaks as the household."""
    known = households.by_ids([household_id]).get(household_id)
    if known is None:
        return []
    return facts.of_people(household_id) or [facts.Fact(known.code[-4:])]


def _reserve(digest: str, address: str) -> UUID:
    """Writes the attempt down as a failure, if the limits leave room for one more. Raises TooMany."""
    db.session.rollback()
    with transaction():
        if not is_sqlite():  # on SQLite writers stand in line anyway
            for part in sorted((f"link {digest}", f"link address {address}")):
                number = int.from_bytes(hashlib.sha256(part.encode()).digest()[:8], "big", signed=True)
                db.session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
        _refuse_beyond(_failures(digest), PER_LINK)
        by_address = select(LinkAttempt.at).where(LinkAttempt.address == address, LinkAttempt.ok.is_(False))
        _refuse_beyond(by_address, PER_ADDRESS)
        attempt = LinkAttempt(id=new_id(), digest=digest, address=address, at=clock.now(), ok=False)
        db.session.add(attempt)
        return attempt.id


def _failures(digest: str) -> Select[datetime]:
    """When a link failed since it last opened."""
    opened = select(func.max(LinkAttempt.at)).where(LinkAttempt.digest == digest, LinkAttempt.ok).scalar_subquery()
    return select(LinkAttempt.at).where(
        LinkAttempt.digest == digest,
        LinkAttempt.ok.is_(False),
        LinkAttempt.at > func.coalesce(opened, datetime(2000, 1, 1, tzinfo=clock.SHANGHAI)),
    )


def _refuse_beyond(failures: Select[datetime], limit: int) -> None:
    since = clock.now() - WINDOW
    query = failures.where(LinkAttempt.at > since).order_by(LinkAttempt.at.desc()).limit(limit)
    latest = db.session.scalars(query).all()
    if len(latest) >= limit:
        wait = int((latest[-1] + WINDOW - clock.now()).total_seconds()) + 1
        raise TooMany("link_throttled", retry_after=wait, minutes=-(-wait // 60))


def _note_failure(digest: str, found: StatementLink | None) -> None:
    """The attempt stays a failure; too many since the last success end the link."""
    with transaction():
        failed = db.session.scalar(select(func.count()).select_from(_failures(digest).subquery())) or 0
        if found is not None and failed >= GUESSES:
            _end(SYSTEM, [found.household_id], "guessed", StatementLink.id == found.id)
        audit.record(SYSTEM, "link.failed", "link", found.id if found else "unknown")
