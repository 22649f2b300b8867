"""What a household says is wrong: raised by a `Voice`, answered by the supplier, decided by the township, in time.

What an upheld dispute leads to is a correction by the supplier through the verbs that correct (a payment, a flow, a late
revision, a reversal); the dispute names it, and changes no money itself.
"""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, select

from ..core import audit, clock, files
from ..core.actor import Actor
from ..core.db import by_id, db, new_id, visible
from ..core.errors import Conflict, NotFound, Refused
from ..core.numbers import numbered
from ..core.states import States
from ..households import services as households
from ..linkage import services as linkage
from ..linkage import statement_reads
from .confirmations import Voice
from .household_models import ABOUT, OPEN, REMEDIES, Dispute, DisputeTerm
from .models import Distribution, Payout
from .statements import pools_of

STATES = States(
    "dispute",
    {
        "answer": ({"raised"}, "answered"),
        # Undecided for want of an answer: an overdue supplier does not keep the township from deciding.
        "uphold": ({"raised", "answered"}, "upheld"),
        "reject": ({"raised", "answered"}, "rejected"),
        "withdraw": ({"raised", "answered"}, "withdrawn"),
        "correct": ({"upheld"}, "upheld"),
    },
)
ANSWER_DAYS, DECIDE_DAYS = 7, 15  # where no region says otherwise (DisputeTerm)
TOWNSHIP_PREFIX = 9


def raise_dispute(
    actor: Actor,
    voice: Voice,
    *,
    about_kind: str,
    about_id: UUID,
    words: str,
    claimed_fen: int | None = None,
    file_id: UUID | None = None,
) -> Dispute:
    """Says what is wrong with a row of the household's statement, in its own words.

    `file_id`: a photograph that was kept just now by who speaks (the officer's is the signature, in `voice`).
    Raises NotFound for what is not the household's; Refused: dispute_words; Conflict('dispute_open').
    """
    actor.require("dispute.raise")
    if not words.strip():
        raise Refused("dispute_words", field="words")
    supplier, number, shown = _about(voice, about_kind, about_id)
    household = households.by_ids([voice.household_id])[voice.household_id]
    already = select(Dispute.id).where(
        Dispute.household_id == voice.household_id,
        Dispute.about_kind == about_kind,
        Dispute.about_id == about_id,
        Dispute.state.in_(OPEN),
    )
    if db.session.scalar(already):
        raise Conflict("dispute_open")
    today = clock.today()
    answer_days, decide_days = terms_on(household.present_division, today)
    row = Dispute(
        id=new_id(),
        number=numbered("YY", today.year)[0],
        household_id=household.id,
        supplier_id=supplier,
        division=household.present_division,
        about_kind=about_kind,
        about_id=about_id,
        about_number=number,
        shown_fen=shown,
        claimed_fen=claimed_fen,
        words=words.strip(),
        voice=voice.kind,
        voice_name=voice.name,
        link_id=voice.link_id,
        user_id=voice.user_id,
        file_id=voice.file_id or file_id,
        raised_at=clock.now(),
        answer_due_on=today + timedelta(days=answer_days),
        decide_due_on=today + timedelta(days=decide_days),
        state="raised",
    )
    db.session.add(row)
    audit.record(
        actor, "dispute.raise", "dispute", row.id, number=row.number, voice=voice.kind, link=str(voice.link_id or "")
    )
    db.session.flush()
    return row


def _about(voice: Voice, kind: str, id_: UUID) -> tuple[UUID, str, int | None]:
    """Supplier, readable number and fen of the row that is disputed. Raises NotFound, Refused('not_a_choice')."""
    if kind not in ABOUT:
        raise Refused("not_a_choice", field="about_kind")
    found = _ABOUT[kind](voice.household_id, id_)
    if found is None or voice.supplier_id not in (None, found[0]):
        raise NotFound(kind if kind in ("payout", "slip", "payment") else "row")
    return found


About = tuple[UUID, str, int | None] | None


def _payout(household_id: UUID, id_: UUID) -> About:
    query = (
        select(Payout.supplier_id, Distribution.number, Payout.fen)
        .join(Distribution, Distribution.id == Payout.distribution_id)
        .where(Payout.id == id_, Payout.household_id == household_id)
    )
    row = db.session.execute(query).one_or_none()
    return (row[0], row[1], row[2]) if row else None


def _slip(household_id: UUID, id_: UUID) -> About:
    row = next((slip for slip in linkage.slips_of_household(household_id) if slip.id == id_), None)
    return (row.supplier_id, row.number, row.payable_fen + row.deduction_fen) if row else None


def _payment(household_id: UUID, id_: UUID) -> About:
    row = next((one for one in linkage.payments_of_household(household_id) if one.id == id_), None)
    return (row.supplier_id, row.evidence[:40], row.fen) if row else None


def _flow(household_id: UUID, id_: UUID) -> About:
    row = next((one for one in statement_reads.flows_of_household(household_id) if one.id == id_), None)
    return (row.supplier_id, row.batch, row.fen) if row else None


def _share(household_id: UUID, id_: UUID) -> About:
    pool = next((one for one in pools_of(household_id) if one.id == id_), None)
    if pool is None:
        return None
    agreement = linkage.agreements_by_ids([pool.agreement_id])[pool.agreement_id]
    lot = linkage.by_ids([pool.source_id]).get(pool.source_id)
    return pool.supplier_id, lot.number if lot else agreement.number, None


def _missing(household_id: UUID, id_: UUID) -> About:
    """A row that should stand there and does not: of a supplier that the household has to do with."""
    if household_id not in linkage.linked_households(id_) | linkage.consented(id_):
        return None
    return id_, "", None


_ABOUT = {
    "payout": _payout,
    "slip": _slip,
    "payment": _payment,
    "flow": _flow,
    "share": _share,
    "missing": _missing,
}


def terms_on(division: str, day: date) -> tuple[int, int]:
    """Days to answer and to decide in a division: the nearest place that set its own, from a day that has come."""
    prefixes = [division[:length] for length in (2, 4, 6, 9, 12)]
    query = (
        select(DisputeTerm)
        .where(DisputeTerm.prefix.in_(prefixes), DisputeTerm.from_day <= day)
        .order_by(func.length(DisputeTerm.prefix).desc(), DisputeTerm.from_day.desc())
    )
    row = db.session.scalar(query.limit(1))
    return (row.answer_days, row.decide_days) if row else (ANSWER_DAYS, DECIDE_DAYS)


def set_terms(actor: Actor, *, answer_days: int, decide_days: int, from_day: date) -> DisputeTerm:
    """An office's own days for its division, for disputes raised from a day on. Raises Refused: day_in_past, out_of_range."""
    actor.require("dispute.decide")
    if from_day < clock.today():
        raise Refused("day_in_past", field="from_day")
    if not 1 <= answer_days <= 90 or not answer_days <= decide_days <= 180:
        raise Refused("out_of_range", field="decide_days")
    key = actor.scope.division or "", from_day
    if db.session.get(DisputeTerm, key):
        raise Refused("named_twice", field="from_day")
    row = DisputeTerm(prefix=key[0], from_day=from_day, answer_days=answer_days, decide_days=decide_days)
    db.session.add(row)
    audit.record(actor, "dispute.terms", "division", row.prefix, answer_days=answer_days, decide_days=decide_days)
    db.session.flush()
    return row


def answer(actor: Actor, dispute_id: UUID, words: str, file_id: UUID | None = None) -> Dispute:
    """The supplier's side of it. Raises NotFound, Refused('dispute_words'), Conflict('wrong_state')."""
    actor.require("dispute.answer")
    row = by_id(Dispute, dispute_id, Dispute.supplier_id == actor.organisation, "dispute", lock=True)
    state = STATES.after("answer", row.state)
    if not words.strip():
        raise Refused("dispute_words", field="words")
    if file_id:
        files.kept(actor, file_id)
    row.state, row.answer, row.answer_file_id = state, words.strip(), file_id
    row.answered_by, row.answered_at = actor.user, clock.now()
    return _done(actor, "dispute.answer", row)


def decide(actor: Actor, dispute_id: UUID, *, upheld: bool, words: str, remedy: str | None = None) -> Dispute:
    """The township (or an office above it) decides. `remedy`: what the supplier must do if it is upheld.

    Raises NotFound outside the division; Refused: township_decides, decider_is_raiser, answer_awaited, dispute_words,
    remedy_needed; Conflict('wrong_state').
    """
    actor.require("dispute.decide")
    row = by_id(Dispute, dispute_id, visible(actor.scope, division=Dispute.division), "dispute", lock=True)
    state = STATES.after("uphold" if upheld else "reject", row.state)
    if len(actor.scope.division or "") > TOWNSHIP_PREFIX:
        raise Refused("township_decides", field="decision")
    if row.user_id is not None and row.user_id == actor.user:
        raise Refused("decider_is_raiser", field="decision")
    if row.state == "raised" and row.answer_due_on >= clock.today():
        raise Refused("answer_awaited", field="decision", day=row.answer_due_on)
    if not words.strip():
        raise Refused("dispute_words", field="words")
    if upheld and remedy not in REMEDIES:
        raise Refused("remedy_needed", field="remedy")
    row.state, row.decision, row.remedy = state, words.strip(), remedy if upheld else None
    row.decided_by, row.decided_at = actor.user, clock.now()
    return _done(actor, "dispute.decide", row, upheld=upheld)


def withdraw_dispute(actor: Actor, voice: Voice, dispute_id: UUID) -> Dispute:
    """Who raised it takes it back. Raises NotFound, Conflict('wrong_state')."""
    actor.require("dispute.raise")
    condition = Dispute.household_id == voice.household_id
    if voice.supplier_id:
        condition &= Dispute.supplier_id == voice.supplier_id
    row = by_id(Dispute, dispute_id, condition, "dispute", lock=True)
    row.state, row.withdrawn_at = STATES.after("withdraw", row.state), clock.now()
    return _done(actor, "dispute.withdraw", row, voice=voice.kind)


def correct(actor: Actor, dispute_id: UUID, *, kind: str, source_id: UUID | None, note: str) -> Dispute:
    """The supplier names what put right an upheld dispute: once. The caller has found `source_id` among its own rows.

    Raises NotFound, Refused: remedy_needed, dispute_words, dispute_corrected; Conflict('wrong_state').
    """
    actor.require("dispute.answer")
    row = by_id(Dispute, dispute_id, Dispute.supplier_id == actor.organisation, "dispute", lock=True)
    STATES.after("correct", row.state)
    if row.corrected_at is not None:
        raise Conflict("dispute_corrected")
    if kind not in REMEDIES:
        raise Refused("remedy_needed", field="kind")
    if not note.strip() and source_id is None:
        raise Refused("dispute_words", field="note")
    row.correction_kind, row.correction_id, row.correction_note = kind, source_id, note.strip()
    row.corrected_by, row.corrected_at = actor.user, clock.now()
    return _done(actor, "dispute.correct", row, correction=kind)


def _done(actor: Actor, verb: str, row: Dispute, **facts: object) -> Dispute:
    audit.record(actor, verb, "dispute", row.id, number=row.number, **facts)
    db.session.flush()
    return row
