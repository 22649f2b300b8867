"""Standing orders: drafted ahead of each delivery, once, in a person's name."""

from datetime import date, timedelta

import pytest

from marketplace.catalogue import services as catalogue
from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, DomainError, Many, NotFound, Refused
from marketplace.identity.models import User
from marketplace.procurement import services as procurement
from marketplace.sourcing import standing
from marketplace.sourcing.standing_models import StandingRun
from tests.factories.world import CHALING, SYSTEM, World, actor, identity
from tests.faults.test_races import race

TERM = {"from_day": date(2026, 11, 23), "until_day": date(2026, 12, 31)}


@pytest.fixture
def world(app) -> World:
    with transaction():
        return World.build()


@pytest.fixture
def monday() -> None:
    with clock.fixed(clock.at(date(2026, 11, 22), hour=9)):
        yield


def set_up(world: World, **how: object):
    head = TERM | {"title": "每周送菜", "weekdays": "14", "in_term": False, "ahead_days": 5, "contact": "陈老师"} | how
    lines = head.pop("lines", [{"offer_id": world.offer, "quantity": 100_000}])
    with transaction():
        return standing.open_standing(world.requester, lines=lines, **head).id


def drafted() -> list[tuple[date, object]]:
    made = []
    for standing_id, day in standing.due():
        with transaction():
            made.append((day, standing.draft_for(standing_id, day)))
    return made


def test_a_delivery_is_drafted_once_ahead_of_its_day(world: World, monday: None) -> None:
    """Red when the run is not kept, or `ahead_days` is not looked at."""
    set_up(world)
    made = drafted()
    assert [day.isoformat() for day, _ in made] == ["2026-11-23", "2026-11-26"]
    assert drafted() == []
    with transaction(write=False):
        draft = procurement.requisition(world.requester, made[1][1])
        assert (draft.state, draft.deliver_on, draft.contact, draft.created_by) == (
            "draft",
            date(2026, 11, 26),
            "陈老师",
            world.requester.user,
        )
        assert [line.quantity for line in procurement.requisition_lines(draft.id)] == [100_000]


def test_two_workers_draft_a_day_once(app, world: World, monday: None) -> None:
    """Red when `draft_for` does not lock the standing order."""
    standing_id = set_up(world)

    def draft():
        with clock.fixed(clock.at(date(2026, 11, 22), hour=9)):
            return standing.draft_for(standing_id, date(2026, 11, 23))

    results = race(app, [draft] * 6)
    assert len([one for one in results if one is not None]) == 1
    with transaction(write=False):
        assert db.session.query(StandingRun).count() == 1


def test_paused_and_ended_ones_draft_nothing(world: World, monday: None) -> None:
    standing_id = set_up(world)
    with transaction():
        standing.turn(world.requester, standing_id, "pause")
    assert drafted() == []
    with transaction():
        standing.turn(world.requester, standing_id, "resume")
        standing.turn(world.requester, standing_id, "end")
    assert drafted() == []
    with pytest.raises(Conflict), transaction():
        standing.turn(world.requester, standing_id, "resume")


def test_nobody_orders_in_the_name_of_who_left(world: World, monday: None) -> None:
    standing_id = set_up(world)
    with transaction():
        db.session.get_one(User, world.requester.user).active = False
    assert [made for _, made in drafted()] == [None, None]
    with transaction(write=False):
        assert {run.skipped for run in standing.runs_of(standing_id).values()} == {"nobody"}


def test_a_day_is_left_out_when_asked_and_not_after_its_draft(world: World, monday: None) -> None:
    standing_id = set_up(world)
    with transaction():
        standing.skip_day(world.requester, standing_id, date(2026, 11, 26))
    assert [day.isoformat() for day, _ in drafted()] == ["2026-11-23"]
    for day, code in ((date(2026, 11, 23), "standing_drafted"), (date(2026, 11, 25), "day_not_planned")):
        with pytest.raises(DomainError) as refused, transaction():
            standing.skip_day(world.requester, standing_id, day)
        assert refused.value.code == code


def test_terms_and_closed_days_decide_what_comes(world: World, monday: None) -> None:
    with transaction():
        standing.put_span(world.requester, "term", "秋季学期", date(2026, 9, 1), date(2026, 11, 27))
        closed = standing.put_span(world.requester, "closed", "运动会", date(2026, 11, 26), date(2026, 11, 26)).id
    standing_id = set_up(world, in_term=True)
    with transaction(write=False):
        row = standing.standing_order(world.requester, standing_id)
        assert standing.days_of(row) == [date(2026, 11, 23)]
    with transaction():
        standing.drop_span(world.requester, closed)
    with transaction(write=False):
        row = standing.standing_order(world.requester, standing_id)
        assert standing.days_of(row) == [date(2026, 11, 23), date(2026, 11, 26)]
    with pytest.raises(Refused) as refused, transaction():
        standing.put_span(world.requester, "term", "又一学期", date(2026, 11, 1), date(2026, 12, 1))
    assert refused.value.code == "span_overlaps"


def test_the_agreed_price_with_room_is_called_off(world: World, monday: None) -> None:
    day = date(2026, 11, 22)
    with transaction():
        common = {
            "offer_id": world.offer,
            "agency_id": world.requester.organisation,
            "from_day": day,
            "until_day": day + timedelta(days=60),
            "source_kind": "framework",
            "source_id": world.offer,
            "number": "KJ-1",
        }
        spent, open_ = catalogue.agree(
            [common | {"price_fen": 900, "ceiling": 50_000}, common | {"price_fen": 1000, "ceiling": 500_000}]
        )
    set_up(world)
    draft = drafted()[0][1]
    with transaction(write=False):
        assert [line.agreed_id for line in procurement.requisition_lines(draft)] == [open_]
    assert spent != open_


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"until_day": date(2026, 11, 1)}, "ends_before_start"),
        ({"until_day": date(2028, 12, 1)}, "days_too_many"),
        ({"weekdays": ""}, "weekday_needed"),
        ({"weekdays": "18"}, "weekday_needed"),
        ({"lines": []}, "no_lines"),
    ],
)
def test_what_has_no_rhythm_is_refused(world: World, how: dict, code: str) -> None:
    with pytest.raises(Refused) as refused:
        set_up(world, **how)
    assert refused.value.code == code


def test_lines_are_offers_once_each_with_a_quantity(world: World) -> None:
    line = {"offer_id": world.offer, "quantity": 0}
    with pytest.raises(Many) as many:
        set_up(world, lines=[line, {"offer_id": world.product, "quantity": 1}, line | {"quantity": 5}])
    assert [(error.code, error.row) for error in many.value.errors] == [
        ("quantity_zero", 1),
        ("offer_unknown", 2),
        ("line_twice", 3),
    ]


def test_another_agencys_standing_order_is_unknown(world: World) -> None:
    standing_id = set_up(world)
    with transaction():
        other = identity.add_organisation(SYSTEM, "agency", "别的学校", CHALING, agency_kind="budget_unit")
        theirs = actor(other.id, {"requester"})
    for verb in (
        lambda: standing.standing_order(theirs, standing_id),
        lambda: standing.turn(theirs, standing_id, "end"),
    ):
        with pytest.raises(NotFound), transaction():
            verb()
