"""Acceptance at the door: the scale, the papers, the tests, photographs; the draft that survives a weak signal."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DatabaseError

from marketplace.core import clock
from marketplace.core.actor import SYSTEM
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, DomainError, Many, NotFound, Refused
from marketplace.core.files import MAX_BYTES
from marketplace.identity import services as identity
from marketplace.linkage import services as linkage
from marketplace.procurement import services as procurement
from marketplace.procurement.delivery_models import AcceptanceDraft, Weighing
from marketplace.procurement.services import Scale, Seen
from marketplace.settlement import services as settlement
from tests.factories.world import BEIJING_COUNTY, actor, list_offer
from tests.faults.test_races import race

JPEG, PNG = b"\xff\xd8\xff\xe0" + b"0" * 50, b"\x89PNG\r\n\x1a\n" + b"0" * 50


def accept(world, shipment=None, quantity=None, **found):
    shipment = shipment or world.extra["shipment"]
    row, _ = procurement.shipment(world.receiver, shipment)
    line = row.lines[0]
    count = procurement.Count(line.id, line.quantity if quantity is None else quantity, **found)
    return settlement.accept(world.receiver, shipment, [count], witness="周立新")


def codes(act) -> list[str]:
    with pytest.raises(DomainError) as refusal, transaction():
        act()
    errors = refusal.value.errors if isinstance(refusal.value, Many) else [refusal.value]
    return [error.code for error in errors]


@pytest.fixture
def weighed(world):
    """A shipment of four geese of about 3.5 千克, weighed at the door, 10 % of tolerance."""
    with transaction():
        offer = list_offer(
            world.manager,
            world.product,
            "YL-GO-1",
            pricing="weighed",
            order_unit="只",
            content=3_500,
            minimum=1_000,
            pack=1_000,
            step=1_000,
            tolerance_basis_points=1_000,
            breaks=[(1_000, 5200)],
        )
        order = world.approved(offers={offer: 4_000})[0]
        return world.shipped(world.extra["lot"], 4_000, order=order)


def test_a_lines_net_weight_is_the_sum_of_its_crates(world, weighed):
    """Red when net_of adds gross weights, or the entries are not kept."""
    with transaction():
        row, bill = accept(world, weighed, scales=(Scale(8_000, 700), Scale(7_400, 700)))
        line = row.lines[0]
        assert line.net == 14_000
        assert bill.total_fen == 14 * 5200
        entries = procurement.weighings_of([line.id])[line.id]
        assert [(entry.gross, entry.tare, entry.net) for entry in entries] == [(8_000, 700, 7_300), (7_400, 700, 6_700)]


def test_scale_entries_that_cannot_be_are_refused(world, weighed):
    assert codes(lambda: accept(world, weighed, scales=(Scale(700, 700),))) == ["crate_tare_above_gross"]
    assert codes(lambda: accept(world, weighed, scales=(Scale(8_000, -1),))) == ["crate_tare_above_gross"]
    assert codes(lambda: accept(world, weighed, net=14_000, scales=(Scale(8_000, 700),))) == ["net_differs"]
    assert codes(lambda: accept(world, weighed, scales=(Scale(20_000, 700),))) == ["net_beyond_tolerance"]
    assert codes(lambda: accept(world, weighed)) == ["net_needed"]
    assert codes(lambda: accept(world, weighed, scales=(Scale(80, 1),) * 201)) == ["too_many_crates"]


def test_a_scale_entry_stays_as_it_was_weighed(world, weighed):
    with transaction():
        accept(world, weighed, scales=(Scale(14_700, 700),))
    with pytest.raises(DatabaseError), transaction():
        db.session.execute(update(Weighing).values(gross=1, net=1, tare=0))


def test_the_checklist_blocks_what_nobody_saw_and_what_is_no_longer_valid(world):
    """Red when check_papers is not asked, or compares the day the other way."""
    yesterday, today = clock.today() - timedelta(days=1), clock.today()
    assert codes(lambda: accept(world, papers=())) == ["papers_not_seen"]
    assert codes(lambda: accept(world, papers=(Seen("conformity", yesterday),))) == ["paper_expired"]
    with transaction():
        row, _bill = accept(world, papers=(Seen("conformity", today),))
        line = row.lines[0].id
        seen = procurement.seen_papers([line])[line]
        assert [(paper.kind, paper.number, paper.valid_until) for paper in seen] == [("conformity", "HGZ-001", today)]


def test_a_paper_that_is_missing_blocks_what_is_accepted_and_not_what_is_rejected(world):
    with transaction():
        shipment = world.shipped(world.lot(papers=False), 20_000)
    assert codes(lambda: accept(world, shipment)) == ["papers_missing"]
    with transaction():
        row, bill = accept(world, shipment, quantity=0, reason="papers")
        assert (row.money_fen, bill) == (0, None)


def test_what_fails_its_test_is_not_accepted(world):
    """Red when _check_count does not look; below it stands the CHECK failed_is_rejected."""
    assert codes(lambda: accept(world, quick_test="fail")) == ["test_failed"]
    assert codes(lambda: accept(world, sensory="off")) == ["sensory_off"]
    with transaction():
        row, _ = accept(world, quantity=0, reason="quick_test", quick_test="fail", temperature_tenths=82)
        line = row.lines[0]
        assert (line.quick_test, line.temperature_tenths, line.reason) == ("fail", 82, "quick_test")


def test_a_late_delivery_may_be_refused_whole(world):
    with transaction():
        assert accept(world, quantity=0, reason="late")[1] is None


def test_accepting_twice_at_once_is_accepting_once(app, world):
    """Red when record_acceptance does not lock the order, and shipments may have two acceptances."""
    results = race(app, [lambda: accept(world)[0].number] * 4)
    assert sum(isinstance(result, str) for result in results) == 1


# Photographs


def test_a_photograph_is_a_picture_of_a_delivery_that_is_under_way(world):
    shipment = world.extra["shipment"]
    add = procurement.add_photo
    assert codes(lambda: add(world.receiver, shipment, "a.pdf", b"%PDF-1.7 x")) == ["photo_type"]
    assert codes(lambda: add(world.receiver, shipment, "a.jpg", b"GIF89a")) == ["file_type"]
    assert codes(lambda: add(world.receiver, shipment, "a.jpg", JPEG + b"0" * MAX_BYTES)) == ["file_too_large"]
    with transaction():
        line = procurement.shipment(world.receiver, shipment)[0].lines[0].id
        first = add(world.receiver, shipment, "门口.jpg", JPEG).id
        add(world.receiver, shipment, "桃.png", PNG, line)
        assert [row.shipment_line_id for row in procurement.delivery_photos(shipment)] == [None, line]
    with transaction(write=False):
        for who in (world.receiver, world.clerk, world.office):
            assert procurement.delivery_photo(who, first).media_type == "image/jpeg"
    with transaction():
        accept(world)
    assert codes(lambda: add(world.receiver, shipment, "晚了.jpg", JPEG)) == ["wrong_state"]


def test_a_strangers_photograph_is_unknown(world):
    shipment = world.extra["shipment"]
    with transaction():
        first = procurement.add_photo(world.receiver, shipment, "a.jpg", JPEG).id
        stranger = receiver_elsewhere()
        other = world.shipped(world.extra["lot"], 20_000)
        foreign_line = procurement.shipment(world.receiver, other)[0].lines[0].id
    with transaction(write=False), pytest.raises(NotFound):
        procurement.delivery_photo(stranger, first)
    with pytest.raises(NotFound), transaction():
        procurement.add_photo(stranger, shipment, "a.jpg", JPEG)
    with pytest.raises(NotFound), transaction():
        procurement.add_photo(world.receiver, shipment, "a.jpg", JPEG, foreign_line)


# The draft


def receiver_elsewhere():
    other = identity.add_organisation(SYSTEM, "agency", "别的学校", BEIJING_COUNTY, agency_kind="budget_unit")
    return actor(other.id, {"receiver"})


def save(world, version, who=None, **fields):
    return procurement.save_acceptance_draft(who or world.receiver, world.extra["shipment"], version, fields).version


def test_a_draft_is_resumed_by_a_colleague_and_gone_once_it_is_accepted(world):
    shipment = world.extra["shipment"]
    with transaction():
        assert save(world, 0, a="1") == 1
        assert save(world, 1, a="12", b="x") == 2
    with transaction(write=False):
        held = procurement.acceptance_draft(world.extra["second"], shipment)
        assert (held.fields, held.version, held.saved_by) == ({"a": "12", "b": "x"}, 2, world.receiver.user)
    with transaction():
        accept(world)
        assert db.session.scalar(select(func.count()).select_from(AcceptanceDraft)) == 0
    with pytest.raises(Conflict), transaction():
        save(world, 0, a="1")


def test_who_saves_over_a_version_that_is_gone_is_told(app, world):
    """Red when save_draft does not compare versions under the shipment's lock."""
    with transaction():
        save(world, 0, a="1")
    for version in (0, 2):
        with pytest.raises(Conflict) as refusal, transaction():
            save(world, version, a="2")
        assert refusal.value.code == "draft_changed"
    results = race(app, [lambda number=number: save(world, 1, a=str(number)) for number in range(5)])
    assert sum(not isinstance(result, DomainError) for result in results) == 1


def test_a_foreign_shipment_has_no_draft(world):
    with transaction():
        save(world, 0, a="1")
        stranger = receiver_elsewhere()
    with transaction(write=False), pytest.raises(NotFound):
        procurement.acceptance_draft(stranger, world.extra["shipment"])
    with pytest.raises(NotFound), transaction():
        save(world, 1, stranger, a="2")


def test_a_draft_has_a_size(world):
    with pytest.raises(Refused), transaction():
        save(world, 0, a="x" * 501)
    with pytest.raises(Refused), transaction():
        save(world, 0, **{f"f{number}": "x" for number in range(6_001)})


def test_a_lots_papers_are_read_as_they_were_that_day(world):
    with transaction():
        row, _ = accept(world, papers=(Seen("conformity"),))
        linkage.add_paper(world.clerk, world.extra["lot"], "test_report", "JC-9", clock.today())
        assert len(procurement.seen_papers([row.lines[0].id])[row.lines[0].id]) == 1
