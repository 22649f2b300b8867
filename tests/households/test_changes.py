"""Changes of households: recorded with evidence, money turned by two persons, days that run one way."""

from datetime import timedelta

import pytest
from sqlalchemy import event, select, text, update
from sqlalchemy.exc import IntegrityError

from marketplace.core import clock
from marketplace.core.db import db, new_id, transaction
from marketplace.core.errors import DomainError, Forbidden, Many, NotFound
from marketplace.households import services as households
from marketplace.households.models import Household, HouseholdChange, HouseholdChangePart, Member
from tests.factories import people
from tests.factories import world as factory
from tests.households.conftest import Village


def change(kind: str, days: int = 0, **facts: object) -> households.NewChange:
    return households.NewChange(kind, clock.today() - timedelta(days=days), "村委证明 12 号", **facts)


def record(of: Village, place: int, /, *args: object, **facts: object):
    return households.record_change(of.clerk, of.homes[place], change(*args, **facts))


def stand(of: Village, place: int, /, *args: object, **facts: object):
    return households.approve_change(of.city, record(of, place, *args, **facts).id)


def refused(call, *args, **options) -> str:
    with pytest.raises(DomainError) as error, transaction():
        call(*args, **options)
    return (error.value.errors[0] if isinstance(error.value, Many) else error.value).code


def test_a_merger_turns_the_money_once_a_second_person_says_so(village: Village) -> None:
    """Red when a merger stands as recorded."""
    a, b, _ = village.homes
    with transaction():
        row = record(village, 0, "merged", parts=[(b, 10_000)])
        assert households.heirs_on(village.homes, clock.today()) == {}
    assert refused(households.approve_change, village.clerk, row.id) == "approver_is_recorder"
    with transaction():
        households.approve_change(village.city, row.id)
        assert households.heirs_on(village.homes, clock.today()) == {a: [(b, 10_000)]}
        assert households.heirs_on(village.homes, clock.today() - timedelta(days=1)) == {}
        assert households.ended([a, b], clock.today()) == {a}
    assert refused(households.approve_change, village.city, row.id) == "wrong_state"


def test_the_members_of_a_merged_household_join_the_other(village: Village) -> None:
    with transaction():
        stand(village, 0, "merged", parts=[(village.homes[1], 10_000)])
    with transaction():
        moved = next(row for row in households.members_of(village.homes[1]) if row.name == "张三0")
        assert (moved.relation, moved.left_on) == ("other", None)
        assert households.reveal_member(village.city, moved.id, "核对")[1] == people.id_number(1)


def test_a_split_divides_and_a_part_may_stay(village: Village) -> None:
    a, b, c = village.homes
    with transaction():
        stand(village, 0, "split", parts=[(a, 5000), (b, 3000), (c, 2000)])
        assert households.heirs_on([a], clock.today()) == {a: [(a, 5000), (b, 3000), (c, 2000)]}
        assert households.ended([a], clock.today()) == set()


def test_chains_are_followed(village: Village) -> None:
    a, b, c = village.homes
    with transaction():
        stand(village, 0, "merged", 5, parts=[(b, 10_000)])
        stand(village, 1, "merged", 2, parts=[(c, 10_000)])
        assert households.heirs_on([a, b], clock.today()) == {a: [(c, 10_000)], b: [(c, 10_000)]}
        assert households.heirs_on([a, b], clock.today() - timedelta(days=3)) == {a: [(b, 10_000)]}


def test_who_left_is_paid_itself(village: Village) -> None:
    with transaction():
        record(village, 0, "left")
        assert households.heirs_on(village.homes, clock.today()) == {}


def test_what_cannot_be_is_refused(village: Village) -> None:
    a, b, c = village.homes
    cases = {
        "part_is_itself": change("merged", parts=[(a, 10_000)]),
        "parts_one": change("merged", parts=[(b, 9_000)]),
        "parts_sum": change("split", parts=[(b, 5_000), (c, 4_000)]),
        "part_twice_named": change("split", parts=[(b, 5_000), (b, 5_000)]),
        "household_unknown": change("merged", parts=[(new_id(), 10_000)]),
        "day_in_future": change("merged", -1, parts=[(b, 10_000)]),
        "village_unknown": change("moved", village="999999999999"),
        "village_without_households": change("moved", village=factory.TOWNSHIP),
        "not_moved": change("moved", village=factory.VILLAGES[0], group_name="一组"),
        "not_a_member": change("died", member_id=village.members[1]),
        "not_a_choice": change("vanished"),
        "change_evidence_needed": households.NewChange("left", clock.today(), " "),
        "number_in_reason": households.NewChange("left", clock.today(), people.id_number(1)),
    }
    for code, new in cases.items():
        assert refused(households.record_change, village.clerk, a, new) == code
    assert refused(record, village, 0, "split", parts=[(b, 10_000)]) == "parts_sum"
    assert refused(record, village, 0, "merged", parts=[]) == "parts_one"


def test_a_circle_is_refused(village: Village) -> None:
    """Red when a household that is no more may receive."""
    a, b, _ = village.homes
    with transaction():
        stand(village, 0, "merged", parts=[(b, 10_000)])
    assert refused(record, village, 1, "merged", parts=[(a, 10_000)]) == "part_ended"
    assert refused(record, village, 0, "left") == "household_ended"


def test_a_circle_of_two_that_wait_is_refused_at_the_second(village: Village) -> None:
    """Red when approval does not look again."""
    a, b, _ = village.homes
    with transaction():
        first = record(village, 0, "merged", parts=[(b, 10_000)])
        second = record(village, 1, "merged", parts=[(a, 10_000)])
        households.approve_change(village.city, first.id)
    assert refused(households.approve_change, village.city, second.id) == "part_ended"


def test_days_run_one_way(village: Village) -> None:
    """Red when a change may be dated before another of the same households, its parts included."""
    with transaction():
        stand(village, 0, "merged", 2, parts=[(village.homes[1], 10_000)])
    assert refused(record, village, 1, "left", 3) == "change_before_another"
    assert refused(record, village, 2, "merged", 3, parts=[(village.homes[1], 10_000)]) == "change_before_another"


def test_a_refused_merger_leaves_everything_as_it_was(village: Village) -> None:
    with transaction():
        row = record(village, 0, "merged", parts=[(village.homes[1], 10_000)])
        households.refuse_change(village.city, row.id, "两户不愿意")
        assert households.heirs_on(village.homes, clock.today()) == {}
        record(village, 0, "left", 5)


def test_a_move_keeps_where_it_lived(village: Village) -> None:
    with transaction():
        record(village, 0, "moved", village=factory.VILLAGES[1], group_name="五组")
        row = db.session.get_one(Household, village.homes[0])
        assert (row.division, row.present_division, row.group_name) == (*factory.VILLAGES, "五组")
        [told] = households.changes_of(row.id)
        assert (told.row.village_before, told.row.group_before) == (factory.VILLAGES[0], "一组")


def test_a_death_holds_the_payout_until_a_new_payee_stands(village: Village) -> None:
    home = village.homes[0]
    with transaction():
        village.paid()
        wife = households.add_member(village.city, home, name="李四", relation="spouse", id_number=people.id_number(90))
    assert refused(record, village, 0, "died", member_id=village.members[0]) == "new_head_needed"
    with transaction():
        record(village, 0, "died", member_id=village.members[0], new_head_id=wife.id)
        assert households.payees_on([home], clock.today()) == {}
        assert households.why_no_payee([home], clock.today()) == {home: "payee_died"}
        row = db.session.get_one(Household, home)
        assert row.head_name == "李四"
        dead = db.session.get_one(Member, village.members[0])
        assert (dead.died_on, dead.left_on) == (clock.today(), clock.today())
    with transaction():
        village.paid(serial=90, member_id=wife.id, holder_name="李四")
        later = clock.today() + timedelta(days=3)
        assert households.payees_on([home], clock.today()) == {}
        assert households.payees_on([home], later)[home, None].name == "李四"


def test_a_death_that_is_known_late_may_come_before_a_move(village: Village) -> None:
    with transaction():
        db.session.execute(update(Member).values(joined_on=clock.today() - timedelta(days=30)))
        record(village, 0, "moved", 2, village=factory.VILLAGES[1])
        record(village, 0, "died", 5, member_id=village.members[0])


def test_changes_are_of_the_division_alone(village: Village) -> None:
    with transaction():
        other = people.office("110101000000", level=3)
        waiting = record(village, 0, "merged", parts=[(village.homes[1], 10_000)])
        for call in (
            lambda: households.record_change(other, village.homes[0], change("left")),
            lambda: households.approve_change(other, waiting.id),
            lambda: households.refuse_change(other, waiting.id, "理由"),
        ):
            with pytest.raises(NotFound):
                call()
        assert households.changes_waiting(other) == ([], 0)
        assert households.changes_waiting(village.city)[1] == 1
        with pytest.raises(Forbidden):
            households.record_change(village.manager, village.homes[0], change("left"))


def test_changes_are_never_rewritten(village: Village) -> None:
    """Red when the guards are dropped, or the CHECK two_persons."""
    with transaction():
        row = record(village, 0, "merged", parts=[(village.homes[1], 10_000)])
    for statement in (
        update(HouseholdChange).values(from_day=clock.today() - timedelta(days=9)),
        update(HouseholdChangePart).values(basis_points=1),
        text("DELETE FROM household_change_part"),
        text("DELETE FROM household_change"),
        update(HouseholdChange).values(state="in_force"),
        update(HouseholdChange).values(state="in_force", decided_by=village.clerk.user, decided_at=clock.now()),
    ):
        with pytest.raises(IntegrityError), transaction():
            db.session.execute(statement)
    with transaction():
        assert db.session.scalars(select(HouseholdChange.state)).all() == ["proposed"]
        assert row.id


def test_thousands_of_households_are_few_statements(village: Village) -> None:

    with transaction():
        stand(village, 0, "merged", 5, parts=[(village.homes[1], 10_000)])
        stand(village, 1, "merged", 2, parts=[(village.homes[2], 10_000)])
        counted = []
        event.listen(db.engine, "before_cursor_execute", listener := lambda *_: counted.append(1))
        try:
            found = households.heirs_on([*village.homes, *(new_id() for _ in range(5000))], clock.today())
        finally:
            event.remove(db.engine, "before_cursor_execute", listener)
        assert set(found) == set(village.homes[:2])
        assert len(counted) == 1  # all links of the chain were asked for already
