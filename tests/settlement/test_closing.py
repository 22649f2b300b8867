"""Closing a month: two persons, in order, frozen as the live report stands; what is late goes to the open month."""

from datetime import date

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from marketplace.core import clock
from marketplace.core.actor import SYSTEM
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, DomainError, Forbidden, NotFound, Refused
from marketplace.identity import services as identity
from marketplace.linkage import services as linkage
from marketplace.payments import services as payments
from marketplace.reporting import restated
from marketplace.reporting import services as reporting
from marketplace.reporting.reached import reached
from marketplace.reporting.volume import read
from marketplace.settlement import closing, frozen
from marketplace.settlement import services as settlement
from marketplace.settlement.closing_models import Closing, FrozenFigure
from marketplace.settlement.models import SettledLine
from tests.factories.world import World, actor, start_agreement

AUGUST, SEPTEMBER, NOVEMBER = (clock.at(date(2026, month, 20)) for month in (8, 9, 11))
REPORTED = {"origin": "origin", "supplier": "supplier", "buyer": "agency", "category": "category", "channel": "channel"}


def head_of(world):
    """Another head of the same office."""
    return actor(world.office.organisation, {"office_head"})


def clerk_of(world):
    return actor(world.office.organisation, {"office_clerk"})


def sell(world):
    """A month of the world: a lot settled, a part of its slips paid at the gate, a dividend distributed and paid."""
    lot = world.lot()
    world.settled(lot, 200_000)
    slip = linkage.slips_of_lot(lot)[0]
    linkage.pay_slips(world.clerk, {slip.id: 1_000}, day=clock.today(), method="cash", evidence="收条")


@pytest.fixture
def world(app):
    with clock.fixed(AUGUST), transaction():
        world = World.build(families=5)
        start_agreement(world.manager, world.households, kind="dividend", rate_basis_points=200, service_order=20)
        sell(world)
    with clock.fixed(SEPTEMBER), transaction():
        sell(world)
        world.maker, world.checker = clerk_of(world), head_of(world)
    with clock.fixed(NOVEMBER):
        yield world


def close(world, through=202609):
    with transaction():
        row = closing.propose(world.maker, through)
        closing.approve(world.checker, row.id)
        return row.id


def test_what_is_frozen_is_the_live_report_of_that_moment(world):
    """Red when a figure's definition here and in the report part."""
    live = {}
    with transaction(write=False):
        for month in (202608, 202609):
            asked = reporting.Asked(month, month, "4302")
            for by in REPORTED:
                live[month, REPORTED[by]] = (read(SYSTEM, asked, by)[0], reached(SYSTEM, asked, by))
            live[month, "total"] = ({"": reporting.volume(SYSTEM, asked, "month").total}, None)
    held = frozen_of(close(world))
    for (month, dimension), (groups, households) in live.items():
        kept = {key: sums for (period, name, key), sums in held.items() if (period, name) == (month, dimension)}
        told = {
            key: figures for key, figures in groups.items() if figures.lines or figures.owed_fen or figures.received_fen
        }
        assert told
        assert kept == {
            key: frozen.Sums(
                figures.lines,
                figures.settled_fen,
                figures.attributed_fen,
                figures.owed_fen,
                figures.received_fen,
                len(figures.reached if households is None else households.get(key, ())),
            )
            for key, figures in told.items()
        }


def frozen_of(closing_id):
    with transaction(write=False):
        return closing.frozen_of(closing_id)


def test_a_month_is_closed_with_every_open_one_before_it(world):
    close(world, 202608)
    row_id = close(world, 202610)
    with transaction(write=False):
        row = closing.closing(world.maker, row_id)
        assert (row.first, row.last, row.state) == (202609, 202610, "approved")
        assert [(month.period, month.state) for month in closing.months(world.maker)] == [
            (202611, "open"),
            (202610, "closed"),
            (202609, "closed"),
            (202608, "closed"),
        ]


@pytest.mark.parametrize(
    ("through", "code"), [(202611, "period_not_over"), (209912, "period_not_over"), (13, "not_a_month")]
)
def test_a_month_that_is_not_over_or_no_month_is_refused(world, through, code):
    with transaction(), pytest.raises(Refused, match=code):
        closing.propose(world.maker, through)


def test_what_is_closed_is_not_proposed_again(world):
    close(world)
    with transaction(), pytest.raises(Refused, match="nothing_to_close"):
        closing.propose(world.maker, 202609)


def test_nobody_approves_what_they_proposed(world):
    """Red when `approve` does not compare the two, and then when ck_closing_two_persons is dropped."""
    with transaction():
        row = closing.propose(world.checker, 202609).id
    with transaction(), pytest.raises(Refused, match="closing_own"):
        closing.approve(world.checker, row)
    with pytest.raises(IntegrityError, match="two_persons"), transaction():
        db.session.execute(update(Closing).values(state="approved", decided_by=world.checker.user))


def test_a_clerk_approves_nothing_and_a_supplier_proposes_nothing(world):
    with transaction():
        row = closing.propose(world.checker, 202609).id
        with pytest.raises(Forbidden):
            closing.approve(world.maker, row)
        with pytest.raises(Forbidden):
            closing.propose(world.manager, 202609)


def test_an_office_closes_its_own_division_and_sees_no_other(world):
    with transaction():
        county = identity.add_organisation(SYSTEM, "office", "茶陵县农业农村局", "430224000000", level=3)
        other = actor(county.id, {"office_head"})
        row = closing.propose(world.maker, 202609)
        for verb in (closing.approve, lambda who, id_: closing.refuse(who, id_, "不对"), closing.closing):
            with pytest.raises(NotFound):
                verb(other, row.id)
        with pytest.raises(NotFound):
            closing.months(other, "430225")
        assert [month.state for month in closing.months(other)] == ["open"]


def test_one_proposal_at_a_time_and_it_can_be_taken_back_or_refused(world):
    with transaction():
        first = closing.propose(world.maker, 202609)
        with pytest.raises(Conflict, match="closing_open"):
            closing.propose(world.checker, 202610)
        assert closing.refuse(world.maker, first.id, "").state == "withdrawn"
        second = closing.propose(world.maker, 202609)
        with pytest.raises(Refused, match="reason_needed"):
            closing.refuse(world.checker, second.id, " ")
        assert closing.refuse(world.checker, second.id, "还有争议").state == "refused"
        with pytest.raises(Conflict, match="wrong_state"):
            closing.approve(world.checker, second.id)


def test_a_late_slip_and_a_late_payment_go_to_the_open_month(world):
    """Red when a verb of linkage posts on the day typed in, whatever is closed."""
    held = frozen_of(close(world))
    with transaction():
        delivery = linkage.Delivery(
            household_id=world.households[0], item="黄桃", unit="千克", gross=9_000, tare=0, price_fen=500
        )
        slip = linkage.record_slips(world.clerk, world.agreement, date(2026, 9, 21), [delivery])[0]
        payment = linkage.pay_slips(world.clerk, {slip.id: 100}, day=date(2026, 9, 22), method="cash", evidence="收条")[
            0
        ]
        assert (slip.delivered_on, slip.period) == (date(2026, 9, 21), 202611)
        assert (payment.paid_on, payment.period) == (date(2026, 9, 22), 202611)
        rows = db.session.execute(text("SELECT period, concerns_period FROM journal ORDER BY at DESC, id DESC")).all()
        assert [tuple(row) for row in rows[:2]] == [(202611, 202609)] * 2
        db.session.expire_all()
        assert frozen.recomputed("4302", [202608, 202609]) == held


@pytest.mark.parametrize("change", [update(FrozenFigure).values(money_fen=0), delete(FrozenFigure), delete(Closing)])
def test_what_was_frozen_is_not_changed(world, change):
    """Red when frozen_figure is not append-only."""
    close(world)
    with pytest.raises(DBAPIError, match=r"append-only|permission denied"), transaction():
        db.session.execute(change)


def test_the_checker_is_told_what_is_late(world):
    with transaction():
        _, bill = world.accepted(world.shipped(world.lot(), 20_000))
    with transaction():
        payments.record_transfer(world.finance, bill.id, fen=bill.total_fen, paid_on=date(2026, 11, 1), bank_serial="T")
        told = [closing.warnings(*asked) for asked in (("4302", [202611]), ("4302", [202610]), ("1101", [202611]))]
        assert [found.get("transfers_waiting") for found in told] == [1, None, None]


def test_a_restated_month_shows_both_and_the_rows_between(world):
    """Red when a late row is added to the month it was posted in, or the difference is not the sum of its rows."""
    close(world)
    with transaction():
        delivery = linkage.Delivery(world.households[0], "黄桃", "千克", gross=9_000, tare=0, price_fen=500)
        linkage.record_slips(world.clerk, world.agreement, date(2026, 9, 21), [delivery])
        line = db.session.scalar(select(SettledLine.id).where(SettledLine.period == 202609))
        settlement.reverse(
            world.manager, line, quantity=10_000, reason="腐烂", red_invoice_number="H1", refund_serial="T1"
        )
    with transaction(write=False):
        found = restated.restated(world.maker, 202609)
        assert found.closing is not None
        assert [(row.kind, row.added, row.period) for row in found.rows] == [
            ("slip", True, 202611),
            ("reversal", True, 202611),
        ]
        for figure in ("lines", "money_fen", "attributed_fen", "owed_fen", "received_fen"):
            assert found.total.more(figure) == sum(getattr(row, figure) for row in found.rows)
            told = [cell.more(figure) for cell in found.cells]
            assert sum(told) == found.total.more(figure)
        assert found.total.more("money_fen") == -12_000
        assert found.total.more("owed_fen") == 4_500 - 240
        month = restated.restated(world.maker, 202611)
        assert {(row.kind, row.added) for row in month.rows} == {("slip", False), ("reversal", False)}
        assert month.total.now.money_fen == 0
        for by in ("supplier", "agency", "category", "channel"):
            assert (
                sum(cell.more("money_fen") for cell in restated.restated(world.maker, 202609, by=by).cells) == -12_000
            )


@pytest.mark.parametrize(
    ("period", "prefix", "by", "error"),
    [
        (202613, None, "origin", "not_a_month"),
        (1, None, "origin", "not_a_month"),
        (202609, "43", "origin", "not_found"),
        (202609, "x", "origin", "not_a_prefix"),
        (202609, None, "household", "not_a_dimension"),
    ],
)
def test_a_restatement_of_nothing_is_refused(world, period, prefix, by, error):
    with transaction(write=False), pytest.raises(DomainError, match=error):
        restated.restated(world.maker, period, prefix, by)
