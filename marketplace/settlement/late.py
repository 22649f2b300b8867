"""What whoever closes a month should know: things of that time that are not posted yet. They are not lost by closing:
they are posted to the open month and name the one that they concern."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import func, select

from ..attribution.household_models import OPEN, Dispute
from ..attribution.models import Distribution, Payout
from ..core.db import db, lies_in
from ..ledger import seals
from ..payments.models import Bill, Transfer

UNPAID = ("to_pay", "held", "sent", "failed")  # listed, and not with the household


def warnings(prefix: str, months: Sequence[int]) -> dict[str, int]:
    """Warning → how many, of a division up to the last of the months; none that is zero."""
    end = last_day(max(months))
    queries = {
        # The buyer says it paid, the supplier has not said that the money came.
        "transfers_waiting": select(func.count())
        .select_from(Transfer)
        .join(Bill, Bill.id == Transfer.bill_id)
        .where(Transfer.state == "recorded", Transfer.paid_on <= end, lies_in(Bill.division, prefix)),
        # Cut for these months, approved, and not with the household.
        "payouts_open": select(func.count())
        .select_from(Payout)
        .join(Distribution, Distribution.id == Payout.distribution_id)
        .where(Payout.state.in_(UNPAID), Distribution.cut_on <= end, lies_in(Payout.division, prefix)),
        # What a household contests and nobody has decided.
        "disputes_open": select(func.count())
        .select_from(Dispute)
        .where(Dispute.state.in_(OPEN), lies_in(Dispute.division, prefix)),
    }
    found = {name: int(db.session.scalar(query) or 0) for name, query in queries.items()}
    found["journals_unsealed"] = seals.window().count
    return {name: count for name, count in found.items() if count}


def last_day(period: int) -> date:
    """202602 → 28 February 2026."""
    following = date(period // 100 + period % 100 // 12, period % 100 % 12 + 1, 1)
    return following - timedelta(days=1)
