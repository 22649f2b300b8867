"""Members: a person with a number that can be one, in one household at a time."""

from datetime import date, timedelta

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.exc import IntegrityError

from marketplace.core import clock, crypto
from marketplace.core.actor import SYSTEM
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, DomainError, Forbidden, Many, NotFound
from marketplace.households import rules
from marketplace.households import services as households
from marketplace.households.models import Member
from tests.factories import people

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("990000197001010018", None),
        ("990000197001010017", "id_number_checksum"),
        ("99000019700101001", "id_number_malformed"),
        ("9900001970010100181", "id_number_malformed"),
        ("99000019700101001x", "id_number_malformed"),
        ("A90000197001010018", "id_number_malformed"),
        ("", "id_number_malformed"),
        (people.id_number(1, date(2026, 11, 23)), "id_number_birth"),
        (people.id_number(1, date(1895, 1, 1)), "id_number_birth"),
        (people.id_number(1, date(2026, 11, 22)), None),
    ],
)
def test_an_id_number_has_its_form_check_digit_and_a_birth_date_of_the_living(number: str, code: str | None) -> None:
    assert rules.id_number_fault(number, TODAY) == code


def test_a_birth_date_that_is_no_day_is_refused() -> None:
    digits = "99000019700231001"
    number = digits + rules.ric.calc_check_digit(digits + "0")
    assert rules.id_number_fault(number, TODAY) == "id_number_birth"


def test_one_changed_digit_or_two_exchanged_are_found() -> None:
    """Red when the check digit is not looked at."""
    good = people.id_number(123)
    wrong = {good[:i] + d + good[i + 1 :] for i in range(17) for d in "0123456789" if d != good[i]}
    wrong |= {good[:i] + good[i + 1] + good[i] + good[i + 2 :] for i in range(16) if good[i] != good[i + 1]}
    assert all(rules.id_number_fault(number, TODAY) for number in wrong)


def test_a_member_is_sealed_and_shown_by_last_four(village) -> None:
    with transaction():
        row = db.session.get_one(Member, village.members[0])
        number = people.id_number(1)
        assert row.id_last4 == number[-4:]
        assert number.encode() not in bytes(row.id_sealed)
        assert crypto.unseal("member", "id_sealed", row.id, row.id_sealed) == number
        assert households.shown_phone(row) == "138＊＊＊＊0000"


def test_a_person_is_a_member_of_one_household_at_a_time(village) -> None:
    """Red when neither the service nor the partial unique index looks: also typed with small x or spaces."""
    with pytest.raises(DomainError) as refused, transaction():
        typed = f" {people.id_number(1)[:6]} {people.id_number(1)[6:]} "
        households.add_member(village.city, village.homes[1], name="张三0", relation="other", id_number=typed)
    assert (refused.value.code, refused.value.field) == ("person_elsewhere", "id_number")


def test_the_database_keeps_one_household_per_person_too(village) -> None:
    """Red when uq_member_present is dropped: two offices that type at the same moment."""
    with pytest.raises(IntegrityError), transaction():
        first = db.session.get_one(Member, village.members[0])
        db.session.execute(update(Member).where(Member.id == village.members[1]).values(id_index=first.id_index))


def test_who_left_may_join_another_household(village) -> None:
    with transaction():
        households.leave(village.city, village.members[0], clock.today())
    with transaction():
        households.add_member(
            village.city, village.homes[1], name="张三0", relation="other", id_number=people.id_number(1)
        )
        assert [row.left_on for row in households.members_of(village.homes[0])] == [clock.today()]


def test_bad_rows_are_all_told_and_none_is_written(village) -> None:
    with pytest.raises(Many) as refused, transaction():
        households.add_members(
            village.city,
            [
                households.NewMember(village.homes[0], "李四", "spouse", people.id_number(50)),
                households.NewMember(village.homes[0], "李五", "spouse", people.id_number(50)),
                households.NewMember(village.homes[0], "李六", "head", people.id_number(51)),
                households.NewMember(village.homes[0], "李七", "uncle", people.id_number(52)),
                households.NewMember(village.homes[0], "李八", "child", people.id_number(53), phone="12"),
                households.NewMember(
                    village.homes[0],
                    "李九",
                    "child",
                    people.id_number(54),
                    joined_on=clock.today() + timedelta(days=1),
                ),
                households.NewMember(village.homes[0], "李十", "child", "1"),
            ],
        )
    assert [(error.row, error.code) for error in refused.value.errors] == [
        (2, "person_elsewhere"),
        (3, "head_exists"),
        (4, "relation_unknown"),
        (5, "phone_malformed"),
        (6, "day_in_future"),
        (7, "id_number_malformed"),
    ]
    with transaction():
        assert db.session.scalars(select(Member.id)).all().__len__() == 3


def test_a_head_has_the_name_of_the_household(village) -> None:
    with transaction():
        households.leave(village.city, village.members[0], clock.today())
    with pytest.raises(DomainError) as refused, transaction():
        households.add_member(
            village.city, village.homes[0], name="别人", relation="head", id_number=people.id_number(60)
        )
    assert refused.value.code == "head_name_differs"


def test_members_are_of_the_division_alone(village) -> None:
    """Red when `reached` does not ask for the scope."""
    with transaction():
        other = people.office("110101000000", level=3)
    facts = {"name": "李四", "relation": "other", "id_number": people.id_number(70)}
    with transaction():
        for actor, linked in ((other, None), (village.manager, []), (village.manager, [village.homes[1]])):
            with pytest.raises(NotFound):
                households.add_member(actor, village.homes[0], linked=linked, **facts)
        with pytest.raises(Forbidden):
            households.add_member(village.world.requester, village.homes[0], **facts)
        households.add_member(village.manager, village.homes[0], linked=[village.homes[0]], **facts)


def test_a_number_in_full_needs_permission_scope_and_a_reason(village) -> None:
    with transaction():
        assert households.reveal_member(village.city, village.members[0], "核对身份")[1:] == (
            people.id_number(1),
            "13800000000",
        )
        for reason, code in (("", "reason_needed"), (f"查 {people.id_number(1)}", "number_in_reason")):
            with pytest.raises(DomainError) as refused:
                households.reveal_member(village.city, village.members[0], reason)
            assert refused.value.code == code
        with pytest.raises(Forbidden):
            households.reveal_member(village.world.clerk, village.members[0], "核对", linked=village.homes)
        with pytest.raises(NotFound):
            households.reveal_member(village.manager, village.members[0], "核对", linked=[village.homes[1]])


def test_a_number_copied_to_another_person_does_not_open(village) -> None:
    """Red when the row's id is left out of what a sealed value is bound to."""
    with transaction():
        first = db.session.get_one(Member, village.members[0])
        sealed = first.id_sealed
        db.session.execute(update(Member).where(Member.id == village.members[1]).values(id_sealed=sealed))
    with pytest.raises(Conflict) as refused, transaction():
        households.reveal_member(village.city, village.members[1], "核对身份")
    assert refused.value.code == "sealed_unreadable"


def test_statements_do_not_grow_with_the_members(village) -> None:
    counted = []
    with transaction():
        event.listen(db.engine, "before_cursor_execute", listener := lambda *_: counted.append(1))
        try:
            seen = []
            for size in (2, 60):
                counted.clear()
                households.add_members(
                    village.city,
                    [
                        households.NewMember(village.homes[0], f"人{n}", "other", people.id_number(100 + size * 2 + n))
                        for n in range(size)
                    ],
                )
                seen.append(len(counted))
        finally:
            event.remove(db.engine, "before_cursor_execute", listener)
    assert seen[1] <= seen[0], seen


def test_the_system_may_look_everywhere(village) -> None:
    with transaction():
        assert households.member(SYSTEM, village.members[0]).id == village.members[0]
