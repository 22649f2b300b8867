"""Public notices: posted by village, masked, for their days; objections by anybody, answered, decided by the township."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from marketplace.core import clock
from marketplace.core.actor import SYSTEM
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, Forbidden, NotFound, Refused, TooMany
from marketplace.identity import services as identity
from marketplace.notices import services as notices
from marketplace.notices.objections import MOST_AN_HOUR
from marketplace.notices.schemas import shown_lines
from tests.attribution.test_distributions import dividends
from tests.factories.people import office
from tests.factories.world import CHALING, VILLAGES, actor


def posted(families: int = 5):
    world = dividends(families=families)
    return world, notices.of_subject("distribution", world.distributed())


def test_each_village_gets_its_part_of_the_list_masked_and_complete(app):
    with transaction():
        world, rows = posted()
        assert {row.division for row in rows} == set(VILLAGES)
        assert sum(row.households for row in rows) == 5
        assert sum(row.total_fen for row in rows) == 4_800
        for row in rows:
            lines = shown_lines(row)
            assert sum(line["fen"] for line in lines) == row.total_fen
            assert all(line["name"].startswith("张*") and len(line["number"]) == 4 for line in lines)
            assert not any(str(home) in str(lines) or home.hex in str(lines) for home in world.households)
            assert (row.from_day, row.until_day) == (clock.today(), clock.today() + timedelta(days=6))


def test_the_days_are_what_was_asked_for(app):
    from marketplace.attribution import services as attribution

    with transaction():
        world = dividends()
        row = attribution.prepare(world.clerk, clock.today(), notice_days=15)
        attribution.approve(world.manager, row.id)
        assert {one.until_day for one in notices.of_subject("distribution", row.id)} == {
            clock.today() + timedelta(days=14)
        }


def test_a_notice_does_not_change(app):
    """Red when the table is not append-only."""
    with transaction():
        posted()
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(text("UPDATE notice SET until_day = from_day"))


def test_anybody_objects_while_it_runs_and_leaves_a_contact(app):
    with transaction():
        _, [row, *_] = posted()
        for facts, code in (
            ({"contact": " "}, "contact_needed"),
            ({"line_no": 99}, "line_unknown"),
            ({"words": " "}, "reason_needed"),
        ):
            with pytest.raises(Refused) as raised:
                notices.raise_objection(row.id, **({"line_no": 1, "words": "少了", "contact": "1"} | facts))
            assert raised.value.code == code
        objection = notices.raise_objection(row.id, line_no=1, words="少了一筐", contact="13800000000")
        assert (objection.state, objection.hold, objection.voice) == ("open", "household", "public")
        assert b"13800000000" not in objection.contact_sealed
        with clock.fixed(clock.at(row.until_day + timedelta(days=1))), pytest.raises(Refused) as raised:
            notices.raise_objection(row.id, line_no=1, words="少了一筐", contact="13800000000")
        assert raised.value.code == "notice_over"


def test_nobody_stops_a_village_by_objecting_without_end(app):
    with transaction():
        _, [row, *_] = posted()
        for _ in range(MOST_AN_HOUR):
            notices.raise_objection(row.id, line_no=1, words="不对", contact="1")
        with pytest.raises(TooMany):
            notices.raise_objection(row.id, line_no=1, words="不对", contact="1")
        with clock.fixed(clock.now() + timedelta(hours=2)):
            notices.raise_objection(row.id, line_no=1, words="不对", contact="1")


def test_the_supplier_answers_and_the_township_decides(app):
    with transaction():
        world, [row, *_] = posted()
        township = office()
        village = actor(
            identity.add_organisation(SYSTEM, "office", "村委会", row.division, level=5).id, {"office_clerk"}
        )
        objection = notices.record_objection(village, row.id, line_no=1, words="张家来反映少了一筐")
        assert objection.voice == "officer"
        with pytest.raises(Conflict):  # dismissed only when the supplier has answered
            notices.decide(township, objection.id, upheld=False, words="不属实")
        with pytest.raises(Forbidden):
            notices.answer(township, objection.id, words="不归我答")
        notices.answer(world.manager, objection.id, words="已核对")
        with pytest.raises(Conflict):
            notices.answer(world.manager, objection.id, words="再答一次")
        with pytest.raises(Refused) as raised:
            notices.decide(village, objection.id, upheld=True, words="属实")
        assert raised.value.code == "township_decides"
        with pytest.raises(Forbidden):
            notices.decide(world.manager, objection.id, upheld=False, words="自己裁")
        notices.decide(township, objection.id, upheld=True, words="属实", whole_list=True)
        waits = notices.waits("distribution", [row.subject_id], row.until_day + timedelta(days=1))
        assert waits[row.subject_id, row.division].whole
        with pytest.raises(Conflict):
            notices.decide(township, objection.id, upheld=False, words="改判")
        notices.settle(township, objection.id, words="已补记")
        waits = notices.waits("distribution", [row.subject_id], row.until_day + timedelta(days=1))
        assert not waits[row.subject_id, row.division].whole


def test_an_undecided_objection_to_the_whole_list_holds_all_of_it(app):
    with transaction():
        _, rows = posted()
        notices.raise_objection(rows[0].id, line_no=None, words="名单不对", contact="1")
        after = rows[0].until_day + timedelta(days=1)
        waits = notices.waits("distribution", [rows[0].subject_id], after)
        assert {village: wait.whole for (_, village), wait in waits.items()} == {
            rows[0].division: True,
            rows[1].division: False,
        }


def test_an_office_elsewhere_sees_and_decides_nothing(app):
    with transaction():
        _, [row, *_] = posted()
        objection = notices.raise_objection(row.id, line_no=1, words="少了", contact="1")
        elsewhere = office(CHALING, level=3)
        assert notices.register(elsewhere) == ([], 0)
        for verb in (
            lambda: notices.objection(elsewhere, objection.id),
            lambda: notices.decide(elsewhere, objection.id, upheld=True, words="x"),
            lambda: notices.record_objection(elsewhere, row.id, line_no=1, words="x"),
            lambda: notices.notice(elsewhere, row.id),
        ):
            with pytest.raises(NotFound):
                verb()


def test_the_contact_is_read_by_the_office_alone_and_that_leaves_a_trace(app):
    with transaction():
        world, [row, *_] = posted()
        objection = notices.raise_objection(row.id, line_no=1, words="少了", contact="13812345678")
        assert notices.contact_of(world.office, objection.id) == "13812345678"
        with pytest.raises(Forbidden):
            notices.contact_of(world.manager, objection.id)
        db.session.flush()
        verbs = db.session.execute(text("SELECT verb FROM audit_event WHERE object_kind = 'objection'")).scalars().all()
        assert "objection.contact" in verbs
