"""Certificates of assistance purchase: settled money and nothing else, frozen, replaced, revoked, checked in public."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from marketplace.core import clock
from marketplace.core.actor import SYSTEM
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, Forbidden, NotFound, Refused, TooMany
from marketplace.identity import services as identity
from marketplace.reporting import certificate_checks, certificates
from marketplace.reporting.certificate_models import Certificate, CertificateAttempt
from marketplace.settlement import services as settlement
from marketplace.settlement.models import SettledLine
from tests.factories.world import BEIJING_COUNTY, CHALING, YANLING, World
from tests.factories.world import actor as person
from tests.households.test_checks import plant


@pytest.fixture
def world(app) -> World:
    """One order settled (¥2,400), another accepted and not paid, a third only approved."""
    with transaction():
        world = World.build()
        lot = world.lot()
        world.extra["order"] = world.settled(lot).order_id
        world.accepted(world.shipped(lot))
        world.approved()
    return world


def of_this_month(world, actor=None):
    with transaction():
        today = clock.today()
        row = certificates.issue(actor or world.finance, from_day=today.replace(day=1), until_day=today)
        return row.id, row.number, certificates.code_of(row)


def held(id_) -> Certificate:
    db.session.expire_all()
    return db.session.get_one(Certificate, id_)


def give_back(world, quantity: int = 50_000):
    line = db.session.scalars(select(SettledLine.id).where(SettledLine.reverses_id.is_(None))).first()
    with transaction():
        settlement.reverse(
            world.manager,
            line,
            quantity=quantity,
            reason="变质",
            red_invoice_number=f"H{quantity}",
            refund_serial="T1",
        )


def test_settled_money_counts_and_nothing_else(world):
    """Red when accepted or ordered money is counted, or goods that were not eligible."""
    id_, number, _code = of_this_month(world)
    row = held(id_)
    assert (row.total_fen, row.lines, row.counties) == (240_000, 1, [[YANLING, "湖南省株洲市炎陵县", 240_000]])
    assert number == f"ZM-{clock.today().year}-000001"


def test_an_orders_certificate_is_of_that_order(world):
    with transaction():
        row = certificates.issue(world.requester, order_id=world.extra["order"])
        assert (row.total_fen, row.order_number[:2]) == (240_000, "SO")


def test_what_came_back_before_the_issue_is_taken_off(world):
    """Red when reversals are left out: a certificate would say more than was bought."""
    give_back(world)
    assert held(of_this_month(world)[0]).total_fen == 180_000


def test_a_return_afterwards_changes_what_is_shown_and_not_the_certificate(world):
    """Red when `look` shows the frozen figures alone, or the row follows the present."""
    id_, number, code = of_this_month(world)
    assert certificates.look(number, code, "1").stands
    give_back(world)
    shown = certificates.look(number, code, "1")
    assert (shown.row.total_fen, shown.now.total_fen, shown.stands) == (240_000, 180_000, False)
    assert held(id_).state == "standing"


def test_all_came_back_nothing_is_certified(world):
    give_back(world, 200_000)
    with pytest.raises(Refused) as refused:
        of_this_month(world)
    assert refused.value.code == "certificate_nothing"


def test_a_new_one_of_the_same_replaces_the_former(world):
    """Red when two stand: the same money would be shown twice."""
    first, number, code = of_this_month(world)
    second, other, _code = of_this_month(world, world.requester)
    assert (held(first).state, held(second).state, held(second).replaces_id) == ("replaced", "standing", first)
    shown = certificates.look(number, code, "1")
    assert (shown.stands, shown.replaced_by) == (False, other)


def test_two_that_stand_for_the_same_are_refused_by_the_database(world):
    """Red when the unique index goes: two clerks at once."""
    id_, _number, _code = of_this_month(world)
    row = held(id_)
    values = {column.key: getattr(row, column.key) for column in Certificate.__table__.columns}
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(
            Certificate.__table__.insert().values(**(values | {"id": certificates.new_id(), "number": "ZM-1"}))
        )


@pytest.mark.parametrize("change", ["total_fen = 1", "number = 'X'", "counties = '[]'", "agency_name = 'x'"])
def test_what_was_certified_is_never_changed(world, change):
    """Red when the guard of the table goes."""
    of_this_month(world)
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(text(f"UPDATE certificate SET {change}"))
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(text("DELETE FROM certificate"))


def test_a_revoked_one_says_so_and_cannot_be_revoked_again(world):
    id_, number, code = of_this_month(world)
    with pytest.raises(Refused), transaction():
        certificates.revoke(world.finance, id_, " ")
    with transaction():
        certificates.revoke(world.finance, id_, "开错单位")
    shown = certificates.look(number, code, "1")
    assert (shown.row.state, shown.row.reason, shown.stands) == ("revoked", "开错单位", False)
    with pytest.raises(Conflict), transaction():
        certificates.revoke(world.finance, id_, "再来")
    of_this_month(world)  # and a new one may be issued


def test_who_may_issue_read_and_revoke(world):
    """Red when scope is not asked: an agency beside, an office elsewhere."""
    id_, _number, _code = of_this_month(world)
    with transaction():
        agency = identity.add_organisation(SYSTEM, "agency", "别的学校", CHALING, agency_kind="budget_unit")
        away = identity.add_organisation(SYSTEM, "office", "东城区", BEIJING_COUNTY, level=3)
        beside, elsewhere = person(agency.id, {"finance"}), person(away.id, {"office_head"})
    for stranger in (beside, elsewhere):
        with pytest.raises(NotFound):
            certificates.certificate(stranger, id_)
        with pytest.raises(NotFound), transaction():
            certificates.revoke(stranger, id_, "不关我事")
        assert certificates.listed(stranger)[1] == 0
    with pytest.raises(NotFound), transaction():
        certificates.issue(beside, order_id=world.extra["order"])
    for nobody in (world.approver, world.receiver, world.manager, world.office):
        with pytest.raises(Forbidden), transaction():
            certificates.issue(nobody, order_id=world.extra["order"])
    assert certificates.listed(world.office)[1] == 1
    with transaction():
        certificates.revoke(world.office, id_, "核查有误")


@pytest.mark.parametrize(
    ("days", "code"), [((0, 1), "certificate_ahead"), ((0, -1), "certificate_days"), ((None, 0), "required")]
)
def test_days_that_make_no_period_are_refused(world, days, code):
    begin, end = (None if day is None else clock.today() + timedelta(days=day) for day in days)
    with pytest.raises(Refused) as refused, transaction():
        certificates.issue(world.finance, from_day=begin, until_day=end)
    assert refused.value.code == code


def test_a_code_is_read_as_people_write_it_and_a_wrong_one_tells_nothing(world):
    """Red when an unknown number and a wrong code answer differently, or the code is not compared."""
    _id, number, code = of_this_month(world)
    for typed in (code, code.lower(), code.replace("-", " "), f" {code} "):
        assert certificates.look(number, typed, "1").row.number == number
    wrong = "0000-0000-0000" if code != "0000-0000-0000" else "1111-1111-1111"
    for what, typed in ((number, wrong), (number, ""), (number, "中文"), ("ZM-2000-000001", code), ("\0", code)):
        with pytest.raises(NotFound):
            certificates.look(what.replace("\0", ""), typed, "1")


def test_guessing_is_throttled_by_address(world):
    """Red when failures are not counted, or rolled back with the refusal."""
    _id, number, code = of_this_month(world)
    for _guess in range(certificates.PER_ADDRESS):
        with pytest.raises(NotFound):
            certificates.look(number, "WRONG", "10.0.0.1")
    with pytest.raises(TooMany):
        certificates.look(number, code, "10.0.0.1")
    assert certificates.look(number, code, "10.0.0.2").stands
    assert len(db.session.scalars(select(CertificateAttempt)).all()) == certificates.PER_ADDRESS


def test_codes_of_two_certificates_are_no_neighbours(world):
    """Red when the code is made of the number alone without a key."""
    codes = {of_this_month(world)[2] for _another in range(5)}
    assert len(codes) == 5
    assert all(len(code) == 14 for code in codes)
    assert len({code[:4] for code in codes}) > 1


def test_the_paper_carries_number_code_and_figures(world):
    import io

    import pypdf

    id_, number, code = of_this_month(world)
    made = pypdf.PdfReader(io.BytesIO(certificates.paper(world.approver, id_, "https://bangfu.example")))
    words = made.pages[0].extract_text()
    assert number in words
    assert code in words
    assert "2,400.00" in words
    assert "炎陵县" in words


def checked() -> list[list[str]]:
    with transaction(write=False):
        return [check() for check in certificate_checks.CHECKS]


def test_certificates_agree_with_their_settled_lines_whatever_comes_later(world):
    of_this_month(world)
    with transaction():
        certificates.issue(world.requester, order_id=world.extra["order"])
    with clock.fixed(clock.now() + timedelta(minutes=5)):
        give_back(world)
    with clock.fixed(clock.now() + timedelta(minutes=10)):
        of_this_month(world)
        assert checked() == [[], []]


@pytest.mark.parametrize(
    ("change", "lines", "issued"),
    [
        ("total_fen = total_fen + 1", 1, 1),
        ("lines = lines + 1", 1, 0),
        ("number = 'ZM-2026-999999'", 0, 1),
        ("from_day = '2020-01-01', until_day = '2020-12-31'", 1, 0),
    ],
)
def test_a_certificate_that_somebody_changed_is_found(world, database, change, lines, issued):
    """Red when either check is taken out of CHECKS, or does not compare what was changed."""
    of_this_month(world)
    plant(database, f"UPDATE certificate SET {change}")
    assert [len(found) for found in checked()] == [lines, issued]
