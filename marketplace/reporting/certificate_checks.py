"""Checks of certificates of assistance purchase: what they certified had settled, and is what was issued."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from ..core.audit import AuditEvent
from ..core.db import db
from . import certificates
from .certificate_models import Certificate

# What was being settled in the very minute of the issue may be in it or not.
SETTLING = timedelta(minutes=1)


def certificates_are_their_settled_lines() -> list[str]:
    """Each says what had settled of its days or order when it was issued, less what had come back by then."""
    return [
        f"certificate {row.number}: {row.total_fen} fen, settled when it was issued: {_then(row).total_fen}"
        for row in db.session.scalars(select(Certificate).order_by(Certificate.number))
        if _said(_then(row)) != _of(row) and _said(_then(row, SETTLING)) != _of(row)
    ]


def _then(row: Certificate, before: timedelta = timedelta()) -> certificates.Figures:
    return certificates.figures(row.agency_id, row.from_day, row.until_day, row.order_id, as_of=row.issued_at - before)


def _said(found: certificates.Figures) -> tuple[int, int, dict[str, int]]:
    return found.total_fen, found.lines, {code: fen for code, _name, fen in found.counties}


def _of(row: Certificate) -> tuple[int, int, dict[str, int]]:
    return row.total_fen, row.lines, {code: fen for code, _name, fen in row.counties}


def certificates_are_as_issued() -> list[str]:
    """Number and money are those of the trail's entry, so that the check code on paper still opens it; no two codes agree."""
    rows = list(db.session.scalars(select(Certificate).order_by(Certificate.number)))
    query = select(AuditEvent.object_id, AuditEvent.facts).where(AuditEvent.verb == "certificate.issue")
    issued = {id_: (facts.get("number"), facts.get("fen")) for id_, facts in db.session.execute(query)}
    wrong = [
        f"certificate {row.number}: {row.total_fen} fen, issued as {issued.get(str(row.id))}"
        for row in rows
        if issued.get(str(row.id)) != (row.number, row.total_fen)
    ]
    codes = Counter(certificates.code_of(row) for row in rows)
    return wrong + [f"{number} certificates have the same check code" for number in codes.values() if number > 1]


CHECKS: list[Callable[[], list[str]]] = [certificates_are_their_settled_lines, certificates_are_as_issued]
