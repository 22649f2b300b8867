"""A slip is owed by its value; what it deducts repays signed advances; nobody is paid more than owed."""

from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.households import services as households
from marketplace.ledger import periods
from marketplace.ledger import services as ledger
from marketplace.ledger.models import Journal
from marketplace.linkage import services as linkage
from marketplace.linkage import standing as standings
from marketplace.linkage.accounts import advance as advance_account
from marketplace.linkage.models import Advance, Slip
from tests.counts import count
from tests.factories.world import VILLAGES, World
from tests.linkage.helpers import delivery, refused, standing, weighed


def give(world: World, household, fen: int, days_ago: int = 1):
    return linkage.give_advance(
        world.clerk,
        household_id=household,
        fen=fen,
        given_on=clock.today() - timedelta(days=days_ago),
        method="cash",
        evidence="借据 1",
    )


def test_a_slip_is_owed_by_its_value_and_its_deduction_is_received(world):
    """Red when deliveries._owe owes what is payable instead of the value."""
    household = world.households[0]
    with transaction():
        give(world, household, 20_000)
        [slip] = weighed(world, delivery(household, deduction_fen=15_000))
    with transaction(write=False):
        assert (slip.value_fen, slip.payable_fen, slip.deduction_fen) == (34_000, 19_000, 15_000)
        assert standing(world, household) == (34_000, 15_000)
        assert ledger.balance(advance_account(household, world.manager.organisation)) == -5_000
        assert linkage.open_advances(world.manager.organisation) == {household: 5_000}


def test_a_deduction_repays_the_oldest_advance_first(world):
    """Red when advances.Open does not sort by the day."""
    household = world.households[0]
    with transaction():
        late = give(world, household, 10_000, days_ago=1).id
        early = give(world, household, 10_000, days_ago=9).id
        [slip] = weighed(world, delivery(household, deduction_fen=12_000))
    with transaction(write=False):
        repaid = {id_: db.session.get_one(Advance, id_).repaid_fen for id_ in (early, late)}
        assert repaid == {early: 10_000, late: 2_000}
        assert [(row.slip_id, row.fen) for row in linkage.repayments_of(late)] == [(slip.id, 2_000)]


def test_deductions_of_one_sheet_share_what_is_open_and_are_refused_by_row(world):
    """Red when Open.take does not lower what it took."""
    one, other = world.households[:2]
    with transaction():
        give(world, one, 10_000)
    sheet = [delivery(one, deduction_fen=7_000), delivery(one, deduction_fen=4_000), delivery(other, deduction_fen=1)]
    assert refused(lambda: weighed(world, *sheet)) == [
        ("deduction_beyond_advances", 2),
        ("deduction_beyond_advances", 3),
    ]


def test_a_consigned_slip_deducts_nothing_because_nothing_is_owed_yet(app):
    with transaction():
        world = World.build(basis="consignment")
        give(world, world.households[0], 10_000)
    assert refused(lambda: weighed(world, delivery(world.households[0], deduction_fen=1_000))) == [
        ("deduction_not_owed", 1)
    ]
    with transaction():
        weighed(world, delivery(world.households[0]))
        assert standing(world, world.households[0]) == (0, 0)


def test_a_slip_may_be_wholly_set_off(world):
    household = world.households[0]
    with transaction():
        give(world, household, 50_000)
        [slip] = weighed(world, delivery(household, deduction_fen=34_000))
    with transaction(write=False):
        assert slip.payable_fen == 0
        assert standing(world, household) == (34_000, 34_000)
        assert linkage.unpaid_slips(world.manager.organisation) == []


def test_an_advance_is_never_repaid_beyond_itself(world):
    """Red when the CHECK `repaid_within_fen` is dropped or advances._repay asks no condition."""
    with transaction():
        row = give(world, world.households[0], 10_000)
    assert refused(
        lambda: linkage.repay_advance(world.clerk, row.id, fen=10_001, day=clock.today(), evidence="收据 1")
    ) == [("beyond_advance", None)]
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(text("UPDATE advance SET repaid_fen = fen + 1"))
    with transaction():
        linkage.repay_advance(world.clerk, row.id, fen=10_000, day=clock.today(), evidence="收据 1")
        assert ledger.balance(advance_account(world.households[0], world.manager.organisation)) == 0


def test_an_advance_goes_to_a_household_of_the_suppliers_rosters_against_evidence(world):
    facts = {"fen": 100, "given_on": clock.today(), "method": "cash", "evidence": "借据"}
    assert refused(lambda: linkage.give_advance(world.clerk, household_id=uuid4(), **facts)) == [("not_found", None)]
    own = {"household_id": world.households[0], **facts}
    for change, code in (
        ({"evidence": " "}, "evidence_needed"),
        ({"fen": 0}, "not_money"),
        ({"given_on": clock.today() + timedelta(days=1)}, "day_in_future"),
        ({"method": "card"}, "method_unknown"),
    ):
        assert refused(lambda change=change: linkage.give_advance(world.clerk, **(own | change))) == [(code, None)]


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"gross": 1_000, "tare": 1_000}, "tare_above_gross"),
        ({"gross": 1_000, "tare": 2_000}, "tare_above_gross"),
        ({"gross": 900_000_000}, "weight_absurd"),
        ({"unit": "斤"}, "unit_unknown"),
        ({"price_fen": 0}, "price_needed"),
        ({"net": 1, "price_fen": 1}, "nothing_payable"),
        ({"deduction_fen": 999_999}, "nothing_payable"),
    ],
)
def test_a_bad_slip_is_refused_by_its_row_and_none_is_recorded(world, facts, code):
    sheet = [delivery(world.households[0]), delivery(world.households[1], **facts)]
    assert refused(lambda: weighed(world, *sheet)) == [(code, 2)]
    with transaction(write=False):
        assert linkage.open_slips(world.clerk) == []


def test_who_may_not_deliver_is_told_what_is_missing(world):
    """One that consented is not on the roster; one that did not answers as one that does not exist."""
    with transaction():
        add = {"village": VILLAGES[0], "group_name": "一组", "size": 3, "class_": "none"}
        stranger = households.add(world.office, head_name="李四", **add).id
        consented = households.add(world.office, head_name="王五", **add).id
        consent = {"day": clock.today(), "method": "signature", "witness": "甲", "second_witness": "乙"}
        linkage.record_consents(world.manager, world.agreement, [{"household_id": consented, **consent}])
    sheet = [delivery(uuid4()), delivery(stranger), delivery(consented)]
    assert refused(lambda: weighed(world, *sheet)) == [
        ("no_consent", 1),
        ("no_consent", 2),
        ("not_on_roster", 3),
    ]


def test_no_payment_at_the_gate_goes_beyond_what_the_household_is_owed(world):
    """Red when pay_slips does not ask the standing: the slip alone would allow it."""
    household = world.households[0]
    with transaction():
        [slip] = weighed(world, delivery(household))
        # as a reversal leaves it: paid a dividend of 1,000 that was taken back later
        standings.add_owed(world.manager.organisation, {household: 1_000})
        standings.receive(world.manager.organisation, {household: 1_000})
        standings.add_owed(world.manager.organisation, {household: -1_000})
    pay = {"day": clock.today(), "method": "cash", "evidence": "收条"}
    assert refused(lambda: linkage.pay_slips(world.clerk, {slip.id: 34_000}, **pay)) == [("paid_beyond_payable", 1)]
    with transaction():
        slip = db.session.get_one(Slip, slip.id)
        assert linkage.payable_now([slip]) == {slip.id: 33_000}
        linkage.pay_slips(world.clerk, {slip.id: 33_000}, **pay)
        slip = db.session.get_one(Slip, slip.id, populate_existing=True)
        assert slip.paid_fen == slip.payable_fen
        assert [row.fen for row in linkage.set_offs_of_slip(slip.id)] == [1_000]


def test_what_was_received_too_much_covers_the_next_slip_at_once(world):
    household, supplier = world.households[0], world.manager.organisation
    with transaction():
        standings.add_owed(supplier, {household: 40_000})
        standings.receive(supplier, {household: 40_000})
        standings.add_owed(supplier, {household: -40_000})
        give(world, household, 10_000)
    # the deduction would be received beyond what is owed: the older money is set off first
    assert refused(lambda: weighed(world, delivery(household, deduction_fen=1))) == [("deduction_beyond_owed", 1)]
    with transaction():
        first, second = weighed(world, delivery(household), delivery(household))
        assert [db.session.get_one(Slip, one.id, populate_existing=True).paid_fen for one in (first, second)] == [
            34_000,
            6_000,
        ]


def test_paying_a_slip_twice_at_once_pays_it_once(world):
    household = world.households[0]
    with transaction():
        [slip] = weighed(world, delivery(household))
        pay = {"day": clock.today(), "method": "cash", "evidence": "收条"}
        linkage.pay_slips(world.clerk, {slip.id: 34_000}, **pay)
        assert standing(world, household) == (34_000, 34_000)
    assert refused(lambda: linkage.pay_slips(world.clerk, {slip.id: 1}, **pay)) == [("paid_beyond_payable", 1)]


def test_what_concerns_a_closed_month_is_posted_today_and_names_it(world):
    """Red when give_advance posts on the day it was given."""
    day = clock.today().replace(day=1) - timedelta(days=1)
    with transaction():
        periods.close("430225000000", "430225", [clock.period(day)], by=None)
    with transaction():
        given = give(world, world.households[0], 5_000, days_ago=(clock.today() - day).days)
        assert given.period == clock.period(clock.today())
        journal = db.session.scalars(select(Journal).where(Journal.source == str(given.id))).one()
        assert (journal.day, journal.concerns_period) == (clock.today(), clock.period(day))


@settings(max_examples=count(400))
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2), st.integers(1, 40_000), st.integers(0, 30_000), st.sampled_from("slip give pay".split())
        ),
        min_size=1,
        max_size=12,
    )
)
def test_any_run_of_slips_advances_and_payments_keeps_the_books(app, database, steps):
    """Owed is the slips' value, received what was deducted and paid, and no advance is repaid beyond itself."""
    database.fresh()
    with transaction():
        world = World.build(families=3)
    owed, received, open_ = [0] * 3, [0] * 3, [0] * 3
    for place, amount, deduction, kind in steps:
        household = world.households[place]
        value = (amount * 680 + 500) // 1000
        if kind == "give":
            with transaction():
                give(world, household, amount)
            open_[place] += amount
        elif kind == "pay":
            with transaction():
                due = [
                    slip for slip in linkage.unpaid_slips(world.manager.organisation) if slip.household_id == household
                ]
                if due:
                    part = max(1, (due[0].payable_fen - due[0].paid_fen) // 2)
                    linkage.pay_slips(world.clerk, {due[0].id: part}, day=clock.today(), method="cash", evidence="收条")
                    received[place] += part
        elif value and deduction <= min(open_[place], value):
            with transaction():
                weighed(world, delivery(household, net=amount, deduction_fen=deduction))
            owed[place] += value
            received[place] += deduction
            open_[place] -= deduction
        else:
            assert refused(
                lambda h=household, n=amount, d=deduction: weighed(world, delivery(h, net=n, deduction_fen=d))
            )
    with transaction(write=False):
        assert [standing(world, household) for household in world.households] == list(zip(owed, received, strict=True))
        left = linkage.open_advances(world.manager.organisation)
        assert [left.get(household, 0) for household in world.households] == open_
