"""A small demo made as the whole one is: through the services, and right by every check."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from marketplace.cli.demo import load as demo
from marketplace.cli.demo.people import Size
from marketplace.cli.ledger import CHECKS
from marketplace.core import clock
from marketplace.core.actor import SYSTEM
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict
from marketplace.households.models import Household
from marketplace.identity.models import User
from marketplace.payments.bank_models import BankRow
from marketplace.procurement.models import Order
from marketplace.quota.models import QuotaPlan
from marketplace.reporting import services as reporting
from marketplace.reporting.services import Asked
from marketplace.settlement.models import SettledLine

SMALL = Size(suppliers=4, households=40, agencies=4, products=20, requisitions=16)


def test_the_demo_is_right_by_every_check_and_its_report_is_its_settled_lines(app):
    """Red when a service that the year calls breaks an invariant, the report drops a line, or a person has no 例.

    One test, because loading even a small demo takes seconds: it is loaded once, into an empty database only.
    """
    demo.load(lambda *_: None, size=SMALL)
    with transaction(write=False):
        assert {check.__name__: check() for check in CHECKS} == {check.__name__: [] for check in CHECKS}
        settled = db.session.scalar(select(func.sum(SettledLine.money_fen)))
        assert settled > 0
        for by in ("origin", "buyer", "supplier", "category", "channel", "month"):
            assert reported(by) == settled, by
        assert len(set(db.session.scalars(select(Order.state)))) >= 3
        assert set(db.session.scalars(select(BankRow.outcome))) == {"exact", "partial", "over", "unmatched"}
        plans = db.session.scalars(select(QuotaPlan)).all()
        assert {plan.minimum_basis_points for plan in plans} == {1000}  # confirmed before they were filed
        names = [*db.session.scalars(select(User.display_name)), *db.session.scalars(select(Household.head_name))]
        assert all(name[1] == "例" for name in names)
    with pytest.raises(Conflict):
        demo.load(lambda *_: None, size=SMALL)


def reported(by: str) -> int:
    """What the volume report of the year says was sold: its total, which is the sum of its groups."""
    first = clock.today() - timedelta(days=370)
    report = reporting.volume(SYSTEM, Asked(clock.period(first), clock.period(clock.today())), by)
    assert sum(row.figures.settled_fen for row in report.rows) == report.total.settled_fen
    return report.total.settled_fen
