"""Objections to a notice: raised by anybody, answered by the supplier, decided by the township's office."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.crypto import seal, unseal
from ..core.db import by_id, db, new_id, visible
from ..core.errors import NotFound, Refused, TooMany
from ..core.numbers import numbered
from ..core.states import States
from .models import Notice, Objection
from .posting import locked

STATES = States(
    "objection",
    {
        "answer": ({"open"}, "answered"),
        "uphold": ({"open", "answered"}, "upheld"),
        "dismiss": ({"answered"}, "dismissed"),
        "settle": ({"upheld"}, "settled"),
    },
)
TOWNSHIP = 9  # digits of a division: the township decides, or an office above it; a village records
MOST_AN_HOUR = 20  # from the public, against one notice: more is somebody who wants to stop a village's pay


def raise_objection(
    notice_id: UUID, *, line_no: int | None, words: str, name: str = "", contact: str = ""
) -> Objection:
    """Anybody objects to a line or (None) to the whole list, while the notice runs.

    Raises Refused: notice_over, line_unknown, contact_needed; TooMany('objections_many').
    """
    if not contact.strip():
        raise Refused("contact_needed", field="contact")
    notice = _running(notice_id, line_no)
    since = clock.now() - timedelta(hours=1)
    recent = db.session.scalar(
        select(func.count()).where(
            Objection.notice_id == notice.id, Objection.voice == "public", Objection.raised_at > since
        )
    )
    if (recent or 0) >= MOST_AN_HOUR:
        raise TooMany("objections_many", retry_after=3600)
    row = _add(notice, "public", line_no, words, name, contact, None)
    db.session.flush()
    return row


def record_objection(
    actor: Actor, notice_id: UUID, *, line_no: int | None, words: str, name: str = "", contact: str = ""
) -> Objection:
    """The village officer objects for somebody who came to the office. Raises as raise_objection, and NotFound."""
    actor.require("objection.record")
    notice = _running(notice_id, line_no)
    actor.require_lies_in(notice.division, "notice")
    row = _add(notice, "officer", line_no, words, name, contact, actor.user)
    audit.record(actor, "objection.record", "objection", row.id, number=row.number)
    db.session.flush()
    return row


def _running(notice_id: UUID, line_no: int | None) -> Notice:
    notice = locked(notice_id)
    if clock.today() > notice.until_day:
        raise Refused("notice_over", field="words", day=notice.until_day)
    if line_no is not None and not 1 <= line_no <= notice.households:
        raise Refused("line_unknown", field="line_no")
    return notice


def _add(
    notice: Notice, voice: str, line_no: int | None, words: str, name: str, contact: str, user: UUID | None
) -> Objection:
    if not words.strip():
        raise Refused("reason_needed", field="words")
    id_ = new_id()
    row = Objection(
        id=id_,
        number=numbered("YY", clock.today().year)[0],
        notice_id=notice.id,
        line_no=line_no,
        voice=voice,
        name=name.strip(),
        contact_sealed=seal("objection", "contact_sealed", id_, contact.strip()) if contact.strip() else None,
        words=words.strip(),
        hold="list" if line_no is None else "household",
        state="open",
        raised_at=clock.now(),
        recorded_by=user,
    )
    db.session.add(row)
    return row


def _locked(actor: Actor, objection_id: UUID) -> tuple[Objection, Notice]:
    """The objection and its notice, both locked, within scope. Raises NotFound."""
    row = by_id(Objection, objection_id, None, "objection")
    notice = locked(row.notice_id)
    if not _reaches(actor, notice):
        raise NotFound("objection")
    return by_id(Objection, objection_id, None, "objection", lock=True), notice


def _reaches(actor: Actor, notice: Notice) -> bool:
    scope = actor.scope
    if scope.everything or (scope.supplier is not None and scope.supplier == notice.supplier_id):
        return True
    return scope.division is not None and notice.division.startswith(scope.division)


def answer(actor: Actor, objection_id: UUID, *, words: str) -> Objection:
    """The supplier answers. Raises Refused('reason_needed'), Conflict('wrong_state'), NotFound."""
    actor.require("objection.answer")
    row, _ = _locked(actor, objection_id)
    row.state = STATES.after("answer", row.state)
    row.answer, row.answered_by, row.answered_at = _said(words), actor.user, clock.now()
    audit.record(actor, "objection.answer", "objection", row.id, number=row.number)
    db.session.flush()
    return row


def decide(actor: Actor, objection_id: UUID, *, upheld: bool, words: str, whole_list: bool = False) -> Objection:
    """The township's office, or one above it, decides. Upheld: the household, or the whole list, waits until put right.

    Raises Refused('township_decides') for a village's office; Conflict('wrong_state'): dismissed needs an answer first.
    """
    actor.require("objection.decide")
    row, _ = _locked(actor, objection_id)
    if actor.scope.division is not None and len(actor.scope.division) > TOWNSHIP:
        raise Refused("township_decides", field="upheld")
    row.state = STATES.after("uphold" if upheld else "dismiss", row.state)
    if upheld and (whole_list or row.line_no is None):
        row.hold = "list"
    row.decision, row.decided_by, row.decided_at = _said(words), actor.user, clock.now()
    audit.record(actor, "objection.decide", "objection", row.id, number=row.number, upheld=upheld, hold=row.hold)
    db.session.flush()
    return row


def settle(actor: Actor, objection_id: UUID, *, words: str) -> Objection:
    """The office finds that what was upheld has been put right: payment goes on. Raises Conflict('wrong_state')."""
    actor.require("objection.decide")
    row, _ = _locked(actor, objection_id)
    if actor.scope.division is not None and len(actor.scope.division) > TOWNSHIP:
        raise Refused("township_decides", field="words")
    row.state = STATES.after("settle", row.state)
    row.settled, row.settled_by, row.settled_at = _said(words), actor.user, clock.now()
    audit.record(actor, "objection.settle", "objection", row.id, number=row.number)
    db.session.flush()
    return row


def _said(words: str) -> str:
    if not words.strip():
        raise Refused("reason_needed", field="words")
    return words.strip()


def _visible(actor: Actor):  # type: ignore[no-untyped-def]
    return visible(actor.scope, supplier=Notice.supplier_id, division=Notice.division)


def objection(actor: Actor, objection_id: UUID) -> tuple[Objection, Notice]:
    """An objection within scope, with its notice. Raises NotFound."""
    actor.require("objection.read")
    query = select(Objection, Notice).join(Notice, Notice.id == Objection.notice_id)
    found = db.session.execute(query.where(Objection.id == objection_id, _visible(actor))).one_or_none()
    if found is None:
        raise NotFound("objection")
    return found[0], found[1]


def objections_of(notice_ids: list[UUID]) -> dict[UUID, list[Objection]]:
    """Notice → its objections, oldest first; the caller has checked scope."""
    found: dict[UUID, list[Objection]] = {}
    query = select(Objection).where(Objection.notice_id.in_(notice_ids)).order_by(Objection.id)
    for row in db.session.scalars(query):
        found.setdefault(row.notice_id, []).append(row)
    return found


def register(
    actor: Actor, *, state: str | None = None, page: int = 1, size: int = 50
) -> tuple[list[tuple[Objection, Notice]], int]:
    """Objections within scope with their notices, newest first, and how many."""
    actor.require("objection.read")
    query = select(Objection, Notice).join(Notice, Notice.id == Objection.notice_id).where(_visible(actor))
    if state:
        query = query.where(Objection.state == state)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = db.session.execute(query.order_by(Objection.id.desc()).limit(size).offset((page - 1) * size))
    return [(row, notice) for row, notice in rows], total


def waiting(actor: Actor) -> dict[str, int]:
    """State → objections within scope that are not ended, one statement."""
    actor.require("objection.read")
    query = (
        select(Objection.state, func.count())
        .join(Notice, Notice.id == Objection.notice_id)
        .where(_visible(actor), Objection.state.in_(("open", "answered", "upheld")))
        .group_by(Objection.state)
    )
    return {state: int(count) for state, count in db.session.execute(query)}


def contact_of(actor: Actor, objection_id: UUID) -> str:
    """How to reach who objected, in full: a read that leaves a trace. For the office alone; '' where none was left."""
    actor.require("objection.decide")
    row, _ = objection(actor, objection_id)
    audit.record(actor, "objection.contact", "objection", row.id, number=row.number)
    return unseal("objection", "contact_sealed", row.id, row.contact_sealed) if row.contact_sealed else ""
