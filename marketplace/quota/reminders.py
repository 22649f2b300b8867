"""What the clock asks of plans: who has to file by a day and has not."""

from datetime import timedelta

from sqlalchemy import select

from ..core import clock
from ..core.db import db
from ..identity import registry
from ..notices import services as notices
from . import rules
from .models import QuotaContractor, QuotaPlan, QuotaRule
from .rules import COUNTING
from .successions import successors

BEFORE = (timedelta(days=30), timedelta(days=7))  # before the deadline


def remind_to_file() -> int:
    """Tells agencies without a filed plan: a month and a week before their region's deadline, and once it has passed.
    Each is told once. A region whose parameter is not published has no deadline. Returns how many are behind."""
    today = clock.today()
    published = list(db.session.scalars(select(QuotaRule).where(QuotaRule.year == today.year)))
    if not any(rule.filing_md and rule.status == "confirmed" for rule in published):
        return 0
    filed = select(QuotaPlan.agency_id).where(QuotaPlan.year == today.year, QuotaPlan.state.in_(COUNTING))
    excused = set(db.session.scalars(filed)) | set(successors())
    named = select(QuotaContractor.contractor_id).where(QuotaContractor.year == today.year)
    excused |= set(db.session.scalars(named))
    reminders = []
    for agency in registry.agencies():
        deadline = rules.calendar(rules.finest(published, agency.division), today.year).filing
        if agency.id in excused or deadline is None or today < deadline - BEFORE[0]:
            continue
        late = today > deadline
        turn = "late" if late else sum(today >= deadline - before for before in BEFORE)
        reminders.append(
            notices.Telling(
                "plan_overdue" if late else "plan_due",
                organisation_id=agency.id,
                about=("organisation", agency.id),
                number=str(today.year),
                permission="plan.file",
                act_by=deadline,
                once=f"plan_due:{agency.id}:{today.year}:{turn}",
                facts={"year": today.year},
            )
        )
    notices.tell_many(reminders)
    return len(reminders)
