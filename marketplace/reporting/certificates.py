"""Certificate of assistance purchase (消费帮扶采购证明): what an agency bought and paid, by county of origin.

Settled money of eligible goods and nothing else: of one order, or of a period by the day of settlement. What came back
until the issue is taken off. The figures are frozen with the certificate; what comes back later shows on the public
page, which compares them with the present ones. One certificate of the same stands at a time: a new one replaces it.

Its check code is a MAC of its number and id under the key of blind indexes: kept nowhere, guessed by nobody.
"""

import hmac
import io
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import segno
from sqlalchemy import ColumnElement, func, select

from ..core import audit, clock, pdf
from ..core.actor import Actor
from ..core.crypto import blind_index, normalised
from ..core.db import by_id, db, new_id, transaction, visible
from ..core.errors import NotFound, Refused, TooMany
from ..core.money import format_yuan
from ..core.numbers import numbered
from ..identity import services as identity
from ..ledger.models import Journal
from ..procurement import services as procurement
from ..regions import services as regions
from ..settlement.models import SettledLine
from ..settlement.ranges import id_text
from .certificate_models import Certificate, CertificateAttempt
from .rules import CERTIFICATE

WINDOW, PER_ADDRESS = timedelta(minutes=15), 30
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U
_ALIKE = str.maketrans("OIL", "011")


@dataclass(frozen=True)
class Figures:
    """Settled fen by county: [code, name, fen], the largest first."""

    total_fen: int
    lines: int
    counties: list[list[Any]]


def figures(
    agency_id: UUID, from_day: date, until_day: date, order_id: UUID | None = None, *, as_of: datetime | None = None
) -> Figures:
    """What is settled now of the sales of these days (or of an order), less what came back of them, whenever it did.

    `as_of`: what of it was posted by then.
    """
    sale = (SettledLine.agency_id == agency_id) & SettledLine.eligible & SettledLine.reverses_id.is_(None)
    sale &= SettledLine.order_id == order_id if order_id else SettledLine.day.between(from_day, until_day)
    back = SettledLine.reverses_id.in_(select(SettledLine.id).where(sale))
    if as_of is not None:
        posted = id_text(SettledLine.id).in_(select(Journal.source).where(Journal.at <= as_of))
        sale, back = sale & posted, back & posted
    sold, returned = _by_county(sale), _by_county(back)
    sums = {code: fen + returned.get(code, (0, 0))[0] for code, (fen, _lines) in sold.items()}
    names = regions.name_paths(sums)
    counties: list[list[Any]] = [[code, names.get(code) or code, fen] for code, fen in sums.items() if fen]
    counties.sort(key=lambda one: (-sums[one[0]], one[0]))
    return Figures(sum(sums.values()), sum(lines for _fen, lines in sold.values()), counties)


def _by_county(which: ColumnElement[bool]) -> dict[str, tuple[int, int]]:
    county = func.substr(SettledLine.origin, 1, 6)
    query = select(county, func.sum(SettledLine.money_fen), func.count()).where(which).group_by(county)
    return {f"{code}000000": (int(fen), int(lines)) for code, fen, lines in db.session.execute(query)}


def issue(
    actor: Actor, *, from_day: date | None = None, until_day: date | None = None, order_id: UUID | None = None
) -> Certificate:
    """Certifies an order of the actor's agency, or the days between two, both included; replaces the one that stood.

    Raises Refused: required, certificate_ahead, certificate_days, certificate_nothing; NotFound for a foreign order.
    """
    actor.require("certificate.issue")
    agency = identity.own(actor)
    order = procurement.order(actor, order_id) if order_id else None
    if order is not None:
        actor.require_own(order.agency_id, "order")
        from_day, until_day = clock.local(order.approved_at).date(), clock.today()
    if from_day is None or until_day is None:
        raise Refused("required", field="from_day" if from_day is None else "until_day")
    if until_day > clock.today():
        raise Refused("certificate_ahead", field="until_day")
    if until_day < from_day:
        raise Refused("certificate_days", field="until_day")
    found = figures(agency.id, from_day, until_day, order_id)
    if found.total_fen <= 0:
        raise Refused("certificate_nothing", field="until_day")
    former = _end_former(actor, agency.id, from_day, until_day, order_id)
    row = Certificate(
        id=new_id(),
        number=numbered("ZM", clock.today().year)[0],
        agency_id=agency.id,
        agency_name=agency.name,
        agency_code=agency.credit_code or "",
        agency_division=agency.division,
        order_id=order_id,
        order_number=order.number if order else "",
        from_day=from_day,
        until_day=until_day,
        total_fen=found.total_fen,
        lines=found.lines,
        counties=found.counties,
        replaces_id=former,
        issued_at=clock.now(),
        issued_by=actor.user,
    )
    db.session.add(row)
    audit.record(actor, "certificate.issue", "certificate", row.id, number=row.number, fen=row.total_fen)
    db.session.flush()
    return row


def _end_former(actor: Actor, agency: UUID, from_day: date, until_day: date, order_id: UUID | None) -> UUID | None:
    same = (Certificate.agency_id == agency) & (Certificate.state == "standing")
    if order_id:
        same &= Certificate.order_id == order_id
    else:
        same &= Certificate.order_id.is_(None)
        same &= (Certificate.from_day == from_day) & (Certificate.until_day == until_day)
    row = db.session.scalars(select(Certificate).where(same).with_for_update()).one_or_none()
    if row is None:
        return None
    _end(actor, row, "replace", "")
    return row.id


def _end(actor: Actor, row: Certificate, verb: str, reason: str) -> None:
    row.state = CERTIFICATE.after(verb, row.state)
    row.ended_at, row.ended_by, row.reason = clock.now(), actor.user, reason
    audit.record(actor, f"certificate.{verb}", "certificate", row.id, number=row.number)
    db.session.flush()


def revoke(actor: Actor, certificate_id: UUID, reason: str) -> Certificate:
    """The agency's finance or the office of its place takes one back. Raises Refused('reason_needed'), NotFound, Conflict."""
    actor.require("certificate.revoke")
    if not reason.strip():
        raise Refused("reason_needed", field="reason")
    row = by_id(Certificate, certificate_id, _within(actor), "certificate", lock=True)
    if actor.kind == "agency":
        actor.require_own(row.agency_id, "certificate")
    _end(actor, row, "revoke", reason.strip()[:200])
    return row


def _within(actor: Actor) -> ColumnElement[bool]:
    return visible(actor.scope, agency=Certificate.agency_id, division=Certificate.agency_division)


def certificate(actor: Actor, certificate_id: UUID) -> Certificate:
    """Raises NotFound."""
    actor.require("certificate.read")
    return by_id(Certificate, certificate_id, _within(actor), "certificate")


def listed(actor: Actor, *, page: int = 1, size: int = 25) -> tuple[list[Certificate], int]:
    """Certificates within scope, newest first, and how many."""
    actor.require("certificate.read")
    total = db.session.scalar(select(func.count()).select_from(Certificate).where(_within(actor))) or 0
    query = select(Certificate).where(_within(actor)).order_by(Certificate.issued_at.desc(), Certificate.number.desc())
    return list(db.session.scalars(query.limit(size).offset((page - 1) * size))), total


def code_of(row: Certificate) -> str:
    """The check code: 12 characters, 60 bits, as ABCD-EFGH-JKMN."""
    digest = blind_index("certificate", f"{row.number}{row.id.hex}")
    number = int.from_bytes(digest[:8], "big") >> 4
    text = "".join(_ALPHABET[number >> shift & 31] for shift in range(55, -1, -5))
    return "-".join(text[place : place + 4] for place in (0, 4, 8))


@dataclass(frozen=True)
class Shown:
    """A certificate as the public sees it: as it was issued, and the figures as they are now."""

    row: Certificate
    now: Figures
    replaced_by: str = ""

    @property
    def stands(self) -> bool:
        """Whether it says today what it said when it was issued."""
        return self.row.state == "standing" and self.now.total_fen == self.row.total_fen


def look(number: str, code: str, address: str) -> Shown:
    """What the public may see with number and code. A wrong one is noted in a short transaction of its own.

    Raises NotFound alike for an unknown number and a wrong code; TooMany('certificate_throttled').
    """
    since = clock.now() - WINDOW
    tried = select(func.count()).select_from(CertificateAttempt)
    tried = tried.where(CertificateAttempt.address == address[:45], CertificateAttempt.at > since)
    if (db.session.scalar(tried) or 0) >= PER_ADDRESS:
        raise TooMany("certificate_throttled", retry_after=int(WINDOW.total_seconds()), minutes=15)
    row = db.session.scalar(select(Certificate).where(Certificate.number == number.strip().upper()[:20]))
    typed = normalised(code[:40]).translate(_ALIKE).encode()
    if row is None or not hmac.compare_digest(normalised(code_of(row)).encode(), typed):
        _note(number, address)
        raise NotFound("certificate")
    return shown(row)


def _note(number: str, address: str) -> None:
    db.session.rollback()
    with transaction():
        db.session.add(CertificateAttempt(number=number.strip()[:20], address=address[:45], at=clock.now()))


def shown(row: Certificate) -> Shown:
    """With the present figures, two statements."""
    later = select(Certificate.number).where(Certificate.replaces_id == row.id)
    replaced = db.session.scalar(later) if row.state == "replaced" else None
    return Shown(row, figures(row.agency_id, row.from_day, row.until_day, row.order_id), replaced or "")


def url_of(row: Certificate, base_url: str) -> str:
    """What the QR code holds."""
    return f"{base_url.rstrip('/')}/certificates/{row.number}?code={code_of(row)}"


def paper(actor: Actor, certificate_id: UUID, base_url: str) -> bytes:
    """The certificate as PDF, as it was issued, to be stamped. A Chinese paper. Raises NotFound."""
    row = certificate(actor, certificate_id)
    return pdf.render("certificate", _data(row, base_url))


def _data(row: Certificate, base_url: str) -> dict[str, Any]:
    of = f"订单 {row.order_number}" if row.order_number else f"{_day(row.from_day)}至{_day(row.until_day)}"
    ended = {"replaced": "本证明已换发新证明，不再有效。", "revoked": f"本证明已撤销：{row.reason}"}
    out = io.BytesIO()
    segno.make(url_of(row, base_url), error="m", micro=False).save(out, kind="svg", xmldecl=False, border=2)
    return {
        "number": row.number,
        "agency": row.agency_name,
        "agency_code": row.agency_code,
        "of": of,
        "total": format_yuan(row.total_fen, ""),
        "lines": row.lines,
        "counties": [[name, format_yuan(fen, "")] for _code, name, fen in row.counties],
        "issued": _day(clock.local(row.issued_at).date()),
        "code": code_of(row),
        "qr": out.getvalue().decode(),
        "url": f"{base_url.rstrip('/')}/certificates/{row.number}",
        "ended": ended.get(row.state, ""),
    }


def _day(value: date) -> str:
    return f"{value.year}年{value.month}月{value.day}日"
