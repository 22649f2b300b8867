"""Payees: two persons, one of them an office's, a cooling-off in which the old one is paid and the change can stop."""

from datetime import timedelta

import pytest
from sqlalchemy import event, select, text, update
from sqlalchemy.exc import IntegrityError

from marketplace.core import clock, files
from marketplace.core.audit import AuditEvent
from marketplace.core.db import db, new_id, transaction
from marketplace.core.errors import Conflict, DomainError, Forbidden, Many, NotFound
from marketplace.findings.models import Finding
from marketplace.households import payees, rules
from marketplace.households import services as households
from marketplace.households.models import Payee
from marketplace.settings import SettingsError, from_environment
from tests.factories import people
from tests.factories import world as factory
from tests.households.conftest import Village


def refused(call, *args, **options) -> tuple[str, str | None]:
    with pytest.raises(DomainError) as error, transaction():
        call(*args, **options)
    found = error.value.errors[0] if isinstance(error.value, Many) else error.value
    return found.code, found.field


def last4(village: Village, days: int = 0, place: int = 0) -> str | None:
    """The last four of the account that is paid in so many days."""
    with transaction(write=False):
        found = households.payees_on([village.homes[place]], clock.today() + timedelta(days=days))
        value = found.get((village.homes[place], None))
        return value.account_last4 if value else None


def test_a_first_payee_stands_when_a_second_person_says_so(village: Village) -> None:
    with transaction():
        [row] = households.propose_payees(village.clerk, [village.new()])
    assert last4(village) is None
    with transaction():
        households.approve_payee(village.city, row.id)
    assert last4(village) == people.account(1)[-4:]


def test_nobody_approves_what_he_proposed(village: Village) -> None:
    """Red when the proposer is not compared; the CHECK two_persons refuses below it."""
    with transaction():
        [row] = households.propose_payees(village.city, [village.new()])
    assert refused(households.approve_payee, village.city, row.id)[0] == "approver_is_proposer"
    with pytest.raises(IntegrityError), transaction():
        values = {"state": "approved", "approved_by": village.city.user, "approved_side": "office"}
        db.session.execute(
            update(Payee)
            .where(Payee.id == row.id)
            .values(**values, approved_at=clock.now(), in_force_from=clock.today())
        )


def test_one_of_the_two_is_an_office(village: Village) -> None:
    """Red when the sides are not compared; the CHECK one_office refuses below it."""
    with transaction():
        colleague = factory.actor(village.manager.organisation, {"supplier_manager"})
        [row] = households.propose_payees(village.manager, [village.new()], linked=village.homes)
    assert refused(households.approve_payee, colleague, row.id, linked=village.homes)[0] == "office_needed"
    with pytest.raises(IntegrityError), transaction():
        values = {"state": "approved", "approved_by": colleague.user, "approved_side": "supplier"}
        db.session.execute(
            update(Payee)
            .where(Payee.id == row.id)
            .values(**values, approved_at=clock.now(), in_force_from=clock.today())
        )
    with transaction():
        households.approve_payee(village.clerk, row.id)


def test_a_change_is_paid_only_after_its_cooling_off(village: Village) -> None:
    """Red when a later payee stands at once: the old account is paid on each day before."""
    with transaction():
        village.paid()
        changed = village.paid(serial=77)
    assert last4(village) == people.account(1)[-4:]
    assert last4(village, 2) == people.account(1)[-4:]
    assert last4(village, 3) == people.account(77)[-4:]
    with transaction():
        rows = households.payees_of(village.homes[0])
        assert households.standing_of(rows, clock.today())[changed] == "cooling"
        later = households.standing_of(rows, clock.today() + timedelta(days=3))
    assert sorted(later.values()) == ["in_force", "replaced"]


def test_a_stopped_change_never_stands(village: Village) -> None:
    with transaction():
        village.paid()
        changed = village.paid(serial=77)
        households.stop_payee(village.manager, changed, "农户说不是他本人要改", linked=village.homes)
    assert last4(village, 30) == people.account(1)[-4:]
    assert refused(households.stop_payee, village.city, changed, "再停一次")[0] == "wrong_state"
    assert refused(households.approve_payee, village.city, changed)[0] == "wrong_state"


def test_an_agreement_of_its_own_cools_off_too(village: Village) -> None:
    """Red when the cooling-off asks for the same agreement: a new row for one agreement would turn its money at once."""
    with transaction():
        village.paid()
        village.paid(serial=78, agreement_id=village.world.agreement)
        now = households.payees_on(village.homes, clock.today())
        then = households.payees_on(village.homes, clock.today() + timedelta(days=3))
    home = village.homes[0]
    assert set(now) == {(home, None)}
    assert then[home, village.world.agreement].account_last4 == people.account(78)[-4:]
    assert then[home, None].account_last4 == people.account(1)[-4:]


def test_one_change_waits_at_a_time(village: Village) -> None:
    with transaction():
        [row] = households.propose_payees(village.clerk, [village.new()])
    assert refused(households.propose_payees, village.clerk, [village.new(serial=5)])[0] == "payee_waiting"
    with transaction():
        households.approve_payee(village.city, row.id)
        village.paid(serial=6)
    assert refused(households.propose_payees, village.clerk, [village.new(serial=7)])[0] == "payee_waiting"


def test_the_database_keeps_one_proposal_too(village: Village) -> None:
    """Red when uq_payee_proposal is dropped."""
    with transaction():
        [row] = households.propose_payees(village.clerk, [village.new()])
        columns = ", ".join(f'"{column.name}"' for column in Payee.__table__.columns if column.name != "id")
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(
            text(f"INSERT INTO payee (id, {columns}) SELECT :id, {columns} FROM payee").bindparams(
                id=new_id().hex if db.engine.dialect.name == "sqlite" else new_id()
            )
        )
    assert row.id


@pytest.mark.parametrize(
    ("facts", "code", "field"),
    [
        ({"holder_name": "别人"}, "holder_differs", "holder_name"),
        ({"account": "12"}, "account_malformed", "account"),
        ({"account": "62220A1234567890"}, "account_malformed", "account"),
        ({"bank": ""}, "bank_needed", "bank"),
        ({"kind": "cash"}, "account_for_cash", "account"),
        ({"kind": "wechat"}, "not_a_choice", "kind"),
        ({"member_id": None}, "payee_person_needed", "member_id"),
        ({"proxy_name": "王五"}, "payee_person_needed", "member_id"),
        ({"member_id": new_id()}, "not_a_member", "member_id"),
    ],
)
def test_what_is_no_payee_is_refused(village: Village, facts: dict, code: str, field: str) -> None:
    assert refused(households.propose_payees, village.clerk, [village.new(**facts)]) == (code, field)


def test_a_member_of_another_household_is_no_payee(village: Village) -> None:
    assert refused(households.propose_payees, village.clerk, [village.new(member_id=village.members[1])])[0] == (
        "not_a_member"
    )


def proxy(village: Village, **facts: object) -> dict:
    file = files.keep(village.clerk, "weituo.pdf", b"%PDF-1.4")
    db.session.flush()
    given = {
        "member_id": None,
        "proxy_name": "王五",
        "proxy_relation": "邻居",
        "proxy_id_number": people.id_number(500),
        "holder_name": "王五",
        "file_id": file.id,
        "until": clock.today() + timedelta(days=30),
    }
    return given | facts


def test_a_proxy_is_named_in_writing_and_for_a_time(village: Village) -> None:
    with transaction():
        village.paid(**proxy(village))
        home, today = village.homes[0], clock.today()
        value = households.payees_on([home], today)[home, None]
        assert (value.is_proxy, value.proxy_name, value.relation) == (True, "王五", "邻居")
        assert households.payees_on([home], today + timedelta(days=31)) == {}
        assert households.why_no_payee([home], today + timedelta(days=31)) == {home: "payee_ended"}


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"file_id": None}, "proxy_paper_needed"),
        ({"until": None}, "proxy_until_needed"),
        ({"proxy_relation": ""}, "payee_person_needed"),
        ({"proxy_id_number": "1"}, "id_number_malformed"),
        # The number is a known person's, whose name is another.
        ({"proxy_id_number": people.id_number(2)}, "id_name_differs"),
    ],
)
def test_what_is_no_proxy_is_refused(village: Village, facts: dict, code: str) -> None:
    with transaction():
        new = village.new(**proxy(village, **facts))
    assert refused(households.propose_payees, village.clerk, [new])[0] == code


def test_an_account_of_two_households_is_a_finding_and_no_refusal(village: Village) -> None:
    with transaction():
        village.paid(0, 9)
        village.paid(1, 9)
        [finding] = db.session.scalars(select(Finding)).all()
        assert (finding.kind, finding.facts["households"]) == ("payee_account_shared", 2)
        assert people.account(9)[-8:] not in str(finding.facts)


def test_a_strange_check_digit_is_a_warning(village: Village) -> None:
    assert rules.odd_account("6222021234567891")
    assert not rules.odd_account("4111111111111111")
    with transaction():
        [row] = households.propose_payees(village.clerk, [village.new(account="6222021234567891")])
        assert row.odd_account


def test_a_payee_never_changes_in_place(village: Village) -> None:
    """Red when the table's guard is dropped: an account would be exchanged without a second person."""
    with transaction():
        payee = village.paid()
    for values in ({"account_index": b"x" * 32}, {"name": "别人"}, {"account_last4": "0000"}, {"member_id": None}):
        with pytest.raises(IntegrityError), transaction():
            db.session.execute(update(Payee).where(Payee.id == payee).values(values))


def test_a_member_who_leaves_takes_the_payee_along_and_the_old_one_does_not_return(village: Village) -> None:
    """Red when `payees_on` falls back to the payee that was replaced."""
    with transaction():
        village.paid()
        other = households.add_member(
            village.city, village.homes[0], name="李四", relation="spouse", id_number=people.id_number(90)
        )
        village.paid(serial=91, member_id=other.id, holder_name="李四")
    with clock.fixed(clock.now() + timedelta(days=4)):
        assert last4(village) == people.account(91)[-4:]
        with transaction():
            households.leave(village.city, other.id, clock.today())
        assert last4(village) is None
        with transaction():
            assert households.why_no_payee(village.homes[:1], clock.today()) == {village.homes[0]: "payee_ended"}


def test_a_change_that_rests_on_who_left_does_not_come(village: Village) -> None:
    with transaction():
        village.paid()
        other = households.add_member(
            village.city, village.homes[0], name="李四", relation="spouse", id_number=people.id_number(90)
        )
        village.paid(serial=91, member_id=other.id, holder_name="李四")
        households.leave(village.city, other.id, clock.today())
    assert last4(village, 10) == people.account(1)[-4:]


def test_why_nobody_is_paid_is_told(village: Village) -> None:
    home = village.homes[0]
    with transaction():
        assert households.why_no_payee([home], clock.today()) == {home: "payee_none"}
        [row] = households.propose_payees(village.clerk, [village.new()])
        assert households.why_no_payee([home], clock.today()) == {home: "payee_proposed"}
        households.approve_payee(village.city, row.id)
        assert households.why_no_payee(village.homes, clock.today()) == dict.fromkeys(village.homes[1:], "payee_none")
        assert households.why_no_payee([home], clock.today() - timedelta(days=1)) == {home: "payee_cooling"}
        households.stop_payee(village.city, row.id, "账户错了")
        assert households.why_no_payee([home], clock.today()) == {home: "payee_ended"}


def test_the_village_office_sees_what_waits_and_cools(village: Village) -> None:
    with transaction():
        village.paid()
        cooling = village.paid(serial=66)
        [proposed] = households.propose_payees(village.manager, [village.new(1)], linked=village.homes)
        rows, total = households.payees_waiting(village.clerk)
        assert ({row.id for row in rows}, total) == ({cooling, proposed.id}, 2)
        other = people.office("110101000000", level=3)
        assert households.payees_waiting(other) == ([], 0)
        assert households.payees_waiting(village.manager, [village.homes[1]])[1] == 1


def test_payees_are_of_the_division_alone(village: Village) -> None:
    with transaction():
        other = people.office("110101000000", level=3)
        payee = village.paid()
        [open_] = households.propose_payees(village.clerk, [village.new(1)])
        for actor, linked in ((other, None), (village.manager, [])):
            with pytest.raises(NotFound):
                households.propose_payees(actor, [village.new(2)], linked=linked)
            with pytest.raises((NotFound, Conflict)):
                households.approve_payee(actor, open_.id, linked=linked)
            with pytest.raises(NotFound):
                households.stop_payee(actor, payee, "理由", linked=linked)
            with pytest.raises(NotFound):
                households.reveal_accounts(actor, [payee], "理由", linked=linked)
        for actor in (village.world.clerk, village.world.finance):
            with pytest.raises(Forbidden):
                households.propose_payees(actor, [village.new(2)], linked=village.homes)


def test_accounts_in_full_are_told_once_for_a_file(village: Village) -> None:
    with transaction():
        ids = [village.paid(place) for place in range(3)]
        found = households.reveal_accounts(village.city, ids, "十一月兑付银行文件")
        assert found[ids[1]] == (people.account(2), people.id_number(2))
        db.session.flush()
        [told] = db.session.scalars(select(AuditEvent).where(AuditEvent.verb == "payee.reveal")).all()
        assert told.facts == {"count": 3, "reason": "十一月兑付银行文件"}


def test_the_trail_of_a_payee_names_nobody(village: Village) -> None:
    with transaction():
        village.paid()
        facts = str([event.facts for event in db.session.scalars(select(AuditEvent))])
        for word in (people.account(1), people.account(1)[-6:], people.id_number(1), "13800000000"):
            assert word not in facts


def test_five_thousand_households_are_one_statement(village: Village) -> None:
    with transaction():
        village.paid()
        ids = [*village.homes, *(new_id() for _ in range(5000))]
        counted = []
        event.listen(db.engine, "before_cursor_execute", listener := lambda *_: counted.append(1))
        try:
            found = households.payees_on(ids, clock.today())
        finally:
            event.remove(db.engine, "before_cursor_execute", listener)
        assert len(counted) == 1
        assert set(found) == {(village.homes[0], None)}
        assert households.payees_on([], clock.today()) == {}
        assert households.payee_names([]) == {}  # red when no rows are no query


def test_the_cooling_off_is_the_installations(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payees, "cooling_days", 7)
    with transaction():
        village.paid()
        village.paid(serial=77)
    assert last4(village, 6) == people.account(1)[-4:]
    assert last4(village, 7) == people.account(77)[-4:]


@pytest.mark.parametrize("days", ["0", "31", "-1", "three", "٣"])
def test_a_cooling_off_of_no_days_does_not_start(days: str) -> None:
    """Red when a setting could switch the cooling-off away."""
    with pytest.raises(SettingsError, match="BANGFU_COOLING_DAYS"):
        from_environment({"BANGFU_DEMO": "1", "BANGFU_COOLING_DAYS": days})
