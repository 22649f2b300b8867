"""Agreements of every kind have their own terms, never overlap for a household, and their rosters begin after what settled."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.linkage import rules
from marketplace.linkage import services as linkage
from marketplace.linkage.rules import Span
from tests.factories.world import start_agreement
from tests.linkage.helpers import refused

TODAY = clock.today
GOOD = [
    {"kind": "produce", "basis": "outright"},
    {"kind": "produce", "basis": "consignment"},
    {"kind": "produce", "basis": "floor_plus", "rate_basis_points": 1_000},
    {"kind": "dividend", "rate_basis_points": 200},
    {"kind": "premium", "rate_fen": 20},
    {"kind": "piece_wage", "rate_fen": 35},
    {"kind": "piece_wage", "rate_fen": 35, "sale_tied": True},
    {"kind": "wage"},
    {"kind": "rent", "rate_fen": 60_000},
    {"kind": "fixed_dividend"},
    {"kind": "surplus"},
]


@pytest.mark.parametrize("terms", GOOD, ids=lambda terms: "-".join(str(value) for value in terms.values()))
def test_every_mechanism_can_be_agreed(world, terms):
    with transaction():
        row = linkage.draft_agreement(world.manager, starts_on=TODAY(), **terms)
        assert row.state == "draft"


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"kind": "produce"}, "basis_needed"),
        ({"kind": "produce", "basis": "floor_plus"}, "rate_out_of_range"),
        ({"kind": "dividend", "rate_basis_points": 10_001}, "rate_out_of_range"),
        ({"kind": "premium"}, "rate_out_of_range"),
        ({"kind": "rent", "rate_fen": 0}, "rate_out_of_range"),
        ({"kind": "premium", "rate_fen": 5, "sale_tied": True}, "sale_tied_piece_wage"),
        ({"kind": "gift"}, "mechanism_unknown"),
        ({"kind": "wage", "ends_on": TODAY() - timedelta(days=1)}, "ends_before_start"),
        ({"kind": "wage", "weights": "random"}, "weights_unknown"),
    ],
)
def test_terms_that_make_no_sense_are_refused(world, terms, code):
    assert refused(lambda: linkage.draft_agreement(world.manager, starts_on=TODAY(), **terms)) == [(code, None)]


def test_the_database_knows_which_rate_belongs_to_which_mechanism(world):
    """Red when a CHECK of agreement is dropped."""
    for change in (
        "kind = 'dividend'",  # without its share
        "kind = 'rent', basis = NULL",  # without its amount
        "sale_tied = true",
        "basis = 'floor_plus'",
        "ends_on = starts_on - 1" if db.engine.dialect.name != "sqlite" else "ends_on = '2001-01-01'",
    ):
        with pytest.raises(IntegrityError), transaction():
            db.session.execute(text(f"UPDATE agreement SET {change}"))


def drafted(world, families, starts_on=None, **terms):
    row = linkage.draft_agreement(world.manager, starts_on=starts_on or TODAY(), **terms)
    day = {"day": TODAY(), "method": "signature", "witness": "甲", "second_witness": "乙"}
    linkage.record_consents(world.manager, row.id, [{"household_id": household, **day} for household in families])
    return row


def test_an_agreement_that_overlaps_for_a_household_is_refused_with_the_others_number(world):
    """Red when start or put_roster does not ask overlaps.problems."""
    with transaction():
        first = start_agreement(world.manager, world.households[:2], kind="dividend", rate_basis_points=200)
        number = linkage.own(world.manager, first).number
        second = drafted(world, world.households, kind="dividend", rate_basis_points=300).id
    assert refused(lambda: linkage.put_roster(world.manager, second, TODAY(), dict.fromkeys(world.households, 1))) == [
        ("agreement_overlaps", 1),
        ("agreement_overlaps", 2),
    ]
    with transaction():  # the third household stands in no other
        linkage.put_roster(world.manager, second, TODAY(), {world.households[2]: 1})
        linkage.start(world.manager, second)
        other_kind = drafted(world, world.households, kind="premium", rate_fen=5).id
        linkage.put_roster(world.manager, other_kind, TODAY(), dict.fromkeys(world.households, 1))
        linkage.start(world.manager, other_kind)
    with pytest.raises(Exception) as found, transaction():
        linkage.put_roster(world.manager, second, TODAY() + timedelta(days=1), {world.households[0]: 1})
    assert found.value.errors[0].facts == {"number": number}


def test_two_drafts_that_overlap_cannot_both_start(world):
    with transaction():
        one, other = (drafted(world, world.households, kind="premium", rate_fen=5).id for _ in range(2))
        for row in (one, other):
            linkage.put_roster(world.manager, row, TODAY(), dict.fromkeys(world.households, 1))
        linkage.start(world.manager, one)
    assert refused(lambda: linkage.start(world.manager, other)) == [("agreement_overlaps", row) for row in (1, 2, 3)]


def test_one_that_begins_after_the_others_end_does_not_overlap(world):
    tomorrow = TODAY() + timedelta(days=1)
    with transaction():
        first = start_agreement(world.manager, world.households, kind="dividend", rate_basis_points=200)
        linkage.end(world.manager, first, TODAY())
        second = drafted(world, world.households, tomorrow, kind="dividend", rate_basis_points=300).id
        linkage.put_roster(world.manager, second, tomorrow, dict.fromkeys(world.households, 1))
        linkage.start(world.manager, second)


@pytest.mark.parametrize(
    ("one", "other", "meets"),
    [((1, 5), (5, 9), True), ((1, 4), (5, 9), False), ((1, None), (9, None), True), ((6, 9), (1, 5), False)],
)
def test_spans_meet_where_they_share_a_day(one, other, meets):
    def span(first, last):
        day = TODAY()
        return Span(day + timedelta(days=first), None if last is None else day + timedelta(days=last))

    assert span(*one).meets(span(*other)) is span(*other).meets(span(*one)) is meets


def test_an_agreement_is_never_prolonged(world):
    with transaction():
        row = start_agreement(world.manager, world.households, kind="wage", ends_on=TODAY() + timedelta(days=9))
    assert refused(lambda: linkage.end(world.manager, row, TODAY() + timedelta(days=10))) == [("end_later", None)]


@pytest.mark.parametrize(
    ("weight", "code"), [(0, "weight_not_positive"), (-1, "weight_not_positive"), (None, "weight_not_positive")]
)
def test_weights_of_zero_below_or_missing_are_refused_by_row(world, weight, code):
    with transaction():
        row = drafted(world, world.households, kind="dividend", rate_basis_points=200, weights="share").id
    weights = {world.households[0]: 1, world.households[1]: weight, uuid4(): 1}
    assert refused(lambda: linkage.put_roster(world.manager, row, TODAY(), weights)) == [
        (code, 2),
        ("no_consent", 3),
    ]


def test_who_has_not_consented_is_on_no_roster(world):
    with transaction():
        row = drafted(world, world.households[:1], kind="dividend", rate_basis_points=200).id
    assert refused(lambda: linkage.put_roster(world.manager, row, TODAY(), dict.fromkeys(world.households, 1))) == [
        ("no_consent", 2),
        ("no_consent", 3),
    ]


def test_no_roster_begins_on_a_day_whose_lines_settled(world):
    """Red when attribution.post does not say linkage.settling, or put_roster does not ask."""
    with transaction():
        shares = start_agreement(world.manager, world.households, kind="dividend", rate_basis_points=200)
        other = drafted(world, world.households, kind="premium", rate_fen=5).id
        world.settled(world.lot(), 100_000)
    tomorrow, one = TODAY() + timedelta(days=1), {world.households[0]: 1}
    for agreement in (shares, other):
        assert refused(lambda agreement=agreement: linkage.put_roster(world.manager, agreement, TODAY(), one)) == [
            ("roster_before_settled", None)
        ]
    with transaction():
        linkage.put_roster(world.manager, shares, tomorrow, one)
        assert linkage.roster_on(shares, TODAY()) == dict.fromkeys(world.households, 1)
        assert linkage.roster_on(shares, tomorrow) == one


def test_a_line_accepted_before_a_new_roster_settles_under_the_old_one(world):
    """The acceptance's day decides, not the settlement's."""
    with transaction():
        shares = start_agreement(world.manager, world.households, kind="dividend", rate_basis_points=200)
        _, bill = world.accepted(world.shipped(world.lot(), 100_000))
    tomorrow = TODAY() + timedelta(days=1)
    with clock.fixed(clock.at(tomorrow)), transaction():
        linkage.put_roster(world.manager, shares, tomorrow, {world.households[0]: 1})
        world.paid(bill)
        rosters = linkage.rosters_of(shares)
        from marketplace.attribution import services as attribution

        assert attribution.pool_of("roster", rosters[0].id) is None
        assert attribution.pool_of("roster", rosters[1].id).total_fen == 2_400


def test_a_roster_never_begins_after_its_agreement_ends(world):
    with transaction():
        row = start_agreement(world.manager, world.households, kind="wage", ends_on=TODAY() + timedelta(days=3))
    assert refused(
        lambda: linkage.put_roster(world.manager, row, TODAY() + timedelta(days=4), {world.households[0]: 1})
    ) == [("roster_after_end", None)]


def test_which_kinds_feed_on_sales_and_which_on_flows():
    tied = {(kind, flag) for kind in rules.KINDS for flag in (False, True) if rules.is_sale_tied(kind, flag)}
    assert {kind for kind, _ in tied} == {"dividend", "premium", "piece_wage"}
    assert ("piece_wage", False) not in tied
    assert [kind for kind in rules.KINDS if rules.is_flow(kind, False)] == [
        "piece_wage",
        "wage",
        "rent",
        "fixed_dividend",
    ]
