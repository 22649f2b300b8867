"""A household's pages of people, as office, supplier and auditor see them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.core import clock
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.db import transaction
from marketplace.households import services as households
from marketplace.identity import services as identity
from marketplace.identity import tokens
from tests.factories import people
from tests.factories import world as factory
from tests.households.conftest import Village, village

__all__ = ["village"]


@pytest.fixture
def ask(app: Flask, client: FlaskClient) -> Callable[..., Any]:
    """ask(actor, url) gets, ask(actor, url, form) posts."""
    secrets: dict[Any, str] = {}

    def ask(actor: Actor, url: str, form: dict | None = None, status: int = 200) -> Any:
        if actor.user not in secrets:
            with transaction():
                secrets[actor.user] = tokens.create_token(actor, "test")[1]
        headers = {"Authorization": f"Bearer {secrets[actor.user]}"}
        answer = client.get(url, headers=headers) if form is None else client.post(url, data=form, headers=headers)
        assert answer.status_code == status, answer.text[:2000]
        return answer.text

    return ask


@pytest.fixture
def filled(village: Village) -> Village:
    with transaction():
        village.paid(0)
        village.paid(0, 77)
        households.propose_payees(village.clerk, [village.new(1)])
    return village


def test_same_names_stand_with_group_number_and_last_four(filled: Village, ask) -> None:
    page = ask(filled.city, f"/office/households/{filled.homes[0]}/people")
    for word in ("一组", "430225-000001", people.id_number(1)[-4:], "138＊＊＊＊0000", "冷静期", "按此付款"):
        assert word in page
    for number in (people.id_number(1), people.account(1), people.account(77), "13800000000"):
        assert number not in page


def test_an_auditor_reads_masked_names_and_no_verbs(filled: Village, ask) -> None:
    with transaction():
        place = identity.add_organisation(SYSTEM, "auditor", "审计组", factory.ZHUZHOU)
        auditor = factory.actor(place.id, {"auditor"})
    for url in (f"/office/households/{filled.homes[0]}/people", "/office/payees"):
        page = ask(auditor, url)
        assert "张＊0" in page
        assert "张三0" not in page
        assert "批准</button>" not in page
        assert ">停止<" not in page


def test_a_supplier_sees_linked_households_alone(filled: Village, ask) -> None:
    assert "430225-000001" in ask(filled.manager, f"/supplier/households/{filled.homes[0]}/people")
    with transaction():
        new = households.add(
            filled.city, head_name="外人", village=factory.VILLAGES[0], group_name="", size=1, class_="none"
        )
    for part in ("people", "members/new", "payees/new"):
        ask(filled.manager, f"/supplier/households/{new.id}/{part}", status=404)


def test_what_was_typed_is_kept_with_its_error(filled: Village, ask) -> None:
    url = f"/office/households/{filled.homes[0]}/members/new"
    page = ask(filled.city, url, {"name": "李四", "relation": "spouse", "id_number": "123"}, 422)
    assert "身份证号应为 18 位" in page
    assert 'value="李四"' in page
    assert 'value="123"' in page
    good = {"name": "李四", "relation": "spouse", "id_number": people.id_number(300)}
    ask(filled.city, url, good, 303)


def test_the_proposer_is_told_that_another_approves(filled: Village, ask) -> None:
    with transaction(write=False):
        [waiting] = [row for row in households.payees_of(filled.homes[1]) if row.state == "proposed"]
    assert "请另一人批准" in ask(filled.clerk, f"/office/payees/{waiting.id}/approve", {}, 422)
    ask(filled.city, f"/office/payees/{waiting.id}/approve", {}, 303)
    assert "现在的状态不能" in ask(filled.city, f"/office/payees/{waiting.id}/approve", {}, 409)


def test_either_side_stops_a_change_with_a_reason(filled: Village, ask) -> None:
    with transaction(write=False):
        cooling = households.payees_of(filled.homes[0])[0]
    url = f"/supplier/payees/{cooling.id}/stop"
    assert "必须填写" in ask(filled.manager, url, {"reason": ""}, 422)
    assert "不要写证件号" in ask(filled.manager, url, {"reason": people.id_number(1)}, 422)
    ask(filled.manager, url, {"reason": "农户说不是他要改"}, 303)


def test_the_list_of_what_waits_leads_to_both_verbs(filled: Village, ask) -> None:
    page = ask(filled.city, "/office/payees")
    assert page.count("/stop") == 2
    assert page.count("/approve") == 1


def test_a_split_is_typed_by_number_name_and_share(filled: Village, ask) -> None:
    url = f"/office/households/{filled.homes[0]}/changes/new"
    assert "什么变动" in ask(filled.clerk, url)
    url += "?kind=split"
    form = {
        "from_day": clock.today().isoformat(),
        "evidence": "村委证明 12 号",
        "parts.0.code": "430225-000001",
        "parts.0.head_name": "张三0",
        "parts.0.percent": "60",
        "parts.1.code": "430225-000002",
        "parts.1.head_name": "李四",
        "parts.1.percent": "40",
    }
    page = ask(filled.clerk, url, form, 422)
    assert "户号与户主姓名对不上" in page
    assert 'value="60"' in page
    form["parts.1.head_name"] = "张三1"
    assert "100 %" in ask(filled.clerk, url, form | {"parts.1.percent": "30"}, 422)
    ask(filled.clerk, url, form, 303)
    with transaction(write=False):
        [change], _total = households.changes_waiting(filled.city)
        assert dict(change.parts) == {filled.homes[0]: 6000, filled.homes[1]: 4000}
    assert "请另一人批准" in ask(filled.clerk, f"/office/changes/{change.row.id}/approve", {}, 422)
    ask(filled.city, f"/office/changes/{change.row.id}/approve", {}, 303)


@pytest.mark.parametrize(
    ("kind", "more", "status"),
    [
        ("merged", {"parts.0.code": "430225-000002", "parts.0.head_name": "张三1"}, 303),
        ("merged", {}, 422),
        ("merged", {"parts.0.code": "430225-000001", "parts.0.head_name": "张三0"}, 422),
        ("moved", {"village": factory.VILLAGES[1], "group_name": "五组"}, 303),
        ("moved", {"village": "999999999999"}, 422),
        ("moved", {"village": "x"}, 422),
        ("left", {}, 303),
        ("left", {"from_day": (clock.today() + timedelta(days=2)).isoformat()}, 422),
        ("left", {"from_day": "gestern"}, 422),
        ("left", {"evidence": ""}, 422),
        ("died", {}, 422),
        ("died", {"member_id": "not an id"}, 422),
    ],
)
def test_each_change_has_its_form(filled: Village, ask, kind: str, more: dict, status: int) -> None:
    form = {"from_day": clock.today().isoformat(), "evidence": "村委证明 12 号"} | more
    ask(filled.clerk, f"/office/households/{filled.homes[0]}/changes/new?kind={kind}", form, status)


def test_a_death_names_the_member(filled: Village, ask) -> None:
    url = f"/office/households/{filled.homes[0]}/changes/new?kind=died"
    assert people.id_number(1)[-4:] in ask(filled.clerk, url)
    form = {"from_day": clock.today().isoformat(), "evidence": "火化证", "member_id": str(filled.members[0])}
    ask(filled.clerk, url, form, 303)
    assert "原收款人已去世" in ask(filled.clerk, f"/office/households/{filled.homes[0]}/people")


def test_a_number_in_full_asks_for_the_password(filled: Village, ask, client: FlaskClient) -> None:
    """A token is no person: the page sends to the confirmation. Shown in full: tests/households/test_canaries.py."""
    ask(filled.city, f"/office/members/{filled.members[0]}/number", status=303)
    ask(filled.city, f"/office/members/{filled.members[0]}/number", {"reason": "核对"}, 303)
