"""The whole path once through the API, from the weighing slip to the household's statement."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from marketplace.core import clock
from marketplace.core.actor import SYSTEM
from marketplace.core.db import transaction
from marketplace.identity import services as identity
from marketplace.identity.permissions import ROLES as ALL_ROLES
from tests.api.callers import ROLES, Caller
from tests.factories import world as factory
from tests.factories.people import office, with_payees


@pytest.fixture
def people(app: Flask, caller: Callable[..., Caller]) -> dict[str, Caller]:
    """Organisations and users are all that is there."""
    with transaction():
        factory.base()
        supplier = identity.add_organisation(
            SYSTEM, "supplier", "炎陵县桃源合作社", factory.YANLING, supplier_kind="cooperative"
        ).id
        agency = identity.add_organisation(SYSTEM, "agency", "茶陵县沿河中学", factory.CHALING).id
        office = identity.add_organisation(SYSTEM, "office", "株洲市农业农村局", factory.ZHUZHOU, level=2).id
        homes = {"supplier": supplier, "agency": agency, "office": office}
        actors = {name: factory.actor(homes[ALL_ROLES[role][0]], {role}) for name, role in ROLES.items()}
    return {name: caller(actor) for name, actor in actors.items()}


def linked(people: dict[str, Caller], today: str) -> tuple[list[str], str]:
    """Three households and an agreement in force with them."""
    families = [
        people["office"].post(
            "households", {"head_name": f"张三{number}", "village": village, "group_name": "一组", "size": 4}
        )["id"]
        for number, village in enumerate((*factory.VILLAGES, factory.VILLAGES[0]))
    ]
    manager = people["manager"]
    agreement = manager.post("agreements", {"kind": "produce", "basis": "outright", "starts_on": today})["id"]
    signed = {"day": today, "method": "signature", "witness": "甲", "second_witness": "乙"}
    manager.post(f"agreements/{agreement}/consents", {"consents": [signed | {"household_id": one} for one in families]})
    entries = [{"household_id": one} for one in families]
    manager.post(f"agreements/{agreement}/rosters", {"from_day": today, "entries": entries})
    assert manager.post(f"agreements/{agreement}/start")["state"] == "in_force"
    return families, agreement


def dividend(manager: Caller, families: list[str], today: str) -> None:
    """Two in a hundred of net sales, shared equally."""
    terms = {"kind": "dividend", "rate_basis_points": 200, "starts_on": today, "service_order": 200}
    agreement = manager.post("agreements", terms)["id"]
    signed = {"day": today, "method": "thumbprint", "witness": "甲", "second_witness": "乙"}
    manager.post(f"agreements/{agreement}/consents", {"consents": [signed | {"household_id": one} for one in families]})
    manager.post(
        f"agreements/{agreement}/rosters",
        {"from_day": today, "entries": [{"household_id": one} for one in families]},
    )
    manager.post(f"agreements/{agreement}/start")


def lot_of(people: dict[str, Caller], families: list[str], agreement: str, product: str, today: str) -> str:
    """A lot of what each household delivered, with the paper that its category needs."""
    delivery = {"item": "黄桃", "gross": "334.500", "tare": "1.500", "price_fen": 680}
    slips = people["clerk"].post(
        "slips",
        {"agreement_id": agreement, "day": today, "deliveries": [delivery | {"household_id": one} for one in families]},
    )["items"]
    assert [(slip["net"], slip["payable_fen"]) for slip in slips] == [("333.000", 226440)] * 3
    lot = people["clerk"].post(
        "lots",
        {
            "product_id": product,
            "harvested_on": today,
            "size": "999.000",
            "slip_ids": [slip["id"] for slip in slips],
        },
    )
    assert (lot["cost_fen"], lot["households"], lot["division"]) == (679320, 3, factory.TOWNSHIP)
    people["clerk"].post(f"lots/{lot['id']}/papers", {"kind": "conformity", "number": "HG-1", "issued_on": today})
    return lot["id"]


def offer_of(people: dict[str, Caller], today: str) -> tuple[str, str]:
    manager = people["manager"]
    product = manager.post(
        "products",
        {"code": "YL-1", "name": "炎陵黄桃", "category_code": "peach", "base_unit": "千克", "origin": factory.TOWNSHIP},
    )["id"]
    people["office"].post(
        "grants",
        {
            "product_id": product,
            "valid_from": today,
            "valid_to": (clock.today() + timedelta(days=300)).isoformat(),
            "committed_value_fen": 100_000_000,
        },
    )
    offer = manager.post(
        "offers",
        {
            "product_id": product,
            "code": "YL-1-5",
            "pricing": "counted",
            "order_unit": "箱",
            "content": "5.000",
            "minimum": "2.000",
            "stock": "150.000",
            "breaks": [
                {"from_quantity": "2.000", "price_fen": 6000},
                {"from_quantity": "100.000", "price_fen": 5700},
            ],
        },
    )["id"]
    return product, offer


def ordered(people: dict[str, Caller], offer: str, quantity: str) -> dict:
    """The one order that an approved bulk order of that line made."""
    requester = people["requester"]
    draft = requester.post(
        "requisitions",
        {
            "title": "八月食堂",
            "deliver_on": clock.today().isoformat(),
            "address": "云阳街道 1 号",
            "contact": "食堂办公室",
        },
    )
    row = requester.change(
        "PUT", f"requisitions/{draft['id']}/lines", {"lines": [{"offer_id": offer, "quantity": quantity}]}, 1
    )
    assert (row["lines"][0]["problems"], row["total_fen"]) == ([], 240_000)
    assert requester.post(f"requisitions/{draft['id']}/submit")["state"] == "submitted"
    [order] = people["approver"].post(f"requisitions/{draft['id']}/approve")["items"]
    return order


def test_the_whole_path_goes_through_the_api(people: dict[str, Caller]) -> None:
    today = clock.today().isoformat()
    families, agreement = linked(people, today)
    dividend(people["manager"], families, today)
    product, offer = offer_of(people, today)
    lot = lot_of(people, families, agreement, product, today)
    agency = people["requester"].actor.organisation
    plan = people["office"].post(
        "plans",
        {"agency_id": str(agency), "year": clock.today().year, "base_fen": 10_000_000, "target_fen": 1_000_000},
    )["id"]

    order = ordered(people, offer, "40.000")
    assert people["finance"].get(f"plans/{plan}")["committed_fen"] == 240_000
    assert people["manager"].post(f"orders/{order['id']}/confirm")["state"] == "to_ship"
    [line] = people["clerk"].get(f"orders/{order['id']}")["lines"]
    shipment = people["clerk"].post(
        f"orders/{order['id']}/shipments",
        {
            "parts": [{"order_line_id": line["id"], "lot_id": lot, "quantity": "40.000"}],
            "expected_on": today,
        },
    )
    counted = {"shipment_line_id": shipment["lines"][0]["id"], "accepted": "39.000", "reason": "bruised"}
    accepted = people["receiver"].post(
        f"shipments/{shipment['id']}/acceptance", {"lines": [counted], "witness": "周立新"}
    )
    assert accepted["money_fen"] == 39 * 6000
    bill = people["finance"].get(f"bills/{accepted['bill_id']}")
    transfer = people["finance"].post(
        f"bills/{bill['id']}/transfers", {"fen": bill["total_fen"], "paid_on": today, "bank_serial": "TX-1"}
    )
    people["clerk"].post(
        f"bills/{bill['id']}/invoices",
        {"number": "FP-1", "issued_on": today, "amount_fen": bill["total_fen"], "rate_basis_points": None},
    )
    assert people["manager"].post(f"transfers/{transfer['id']}/confirm")["state"] == "paid"

    assert people["requester"].get(f"orders/{order['id']}")["state"] == "settled"
    [settled] = people["manager"].get(f"orders/{order['id']}/settled-lines")["items"]
    # 195 kg of 999 at a cost of 679,320 fen, and 2 % of the line
    assert (settled["money_fen"], settled["attributed_fen"]) == (234_000, 132_600 + 4_680)
    assert people["finance"].get(f"plans/{plan}")["settled_fen"] == 234_000
    assert people["finance"].get(f"plans/{plan}/lines")["total"] == 1

    with transaction():
        households = [UUID(one["id"]) for one in people["office"].get("households")["items"]]
        with_payees(people["office"].actor, office(factory.YANLING, 3, "office_head"), households)
    draft = people["clerk"].post("distributions", {"cut_on": today})
    assert (draft["total_fen"], sum(share["fen"] for share in draft["shares"])) == (4_680, 4_680)
    people["manager"].post(f"distributions/{draft['id']}/approve")
    payouts = people["manager"].get(f"distributions/{draft['id']}/payouts")["items"]
    paid = {"payout_ids": [payouts[0]["id"]], "paid_on": today, "method": "transfer", "evidence": "回单 1"}
    early = people["clerk"]("POST", "payouts/payments", paid)
    assert (early.status_code, early.json["errors"][0]["code"]) == (422, "notice_running")
    with clock.fixed(clock.now() + timedelta(days=8)):
        paid["paid_on"] = clock.today().isoformat()
        assert people["clerk"].post("payouts/payments", paid) == {"paid": 1}
    assert people["manager"].get("owing")["total_fen"] == 679_320 + 4_680 - 1_560

    household = payouts[0]["household_id"]
    statement = people["office"].get(f"households/{household}/statement")
    assert (statement["owed_fen"], statement["received_fen"]) == (226_440 + 1_560, 1_560)
    assert statement["payable_fen"] == 226_440
    assert sum(share["fen"] for share in statement["pools"]) == statement["attributed_fen"] == 44_200 + 1_560
    pool = next(share for share in statement["pools"] if share["mechanism"] == "dividend")
    [part] = people["manager"].get(f"households/{household}/pools/{pool['pool_id']}/lines")["items"]
    assert (part["line_id"], part["order_id"], part["fen"]) == (settled["id"], order["id"], 1_560)
