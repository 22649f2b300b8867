"""A small county whose agency is a union and whose supplier takes cards at a double of Stripe."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from marketplace.core.db import db, transaction
from marketplace.identity.models import Organisation
from marketplace.payments import accounts, gateway, intents
from marketplace.payments.models import Bill
from marketplace.payments.stripe_models import CardPayment
from marketplace.settlement import card_work
from tests.factories.world import World
from tests.payments.stripe_double import SECRET, StripeDouble, signed

RETURN = "https://bangfu.example/buyer/bills/x/card"


@pytest.fixture
def double(app: Flask) -> Iterator[StripeDouble]:
    """The gateway talks to a double of Stripe."""
    client = StripeDouble()
    gateway.configure(gateway.Gateway(gateway.Config("sk_test_canary_key", SECRET), client))
    yield client
    gateway.configure(None)


@dataclass
class Counter:
    """The county, its double and its webhook: what tests do again and again."""

    world: World
    double: StripeDouble
    client: FlaskClient
    account: str
    lot: UUID

    def bill(self, quantity: int = 100_000) -> Bill:
        """A bill that waits for its money, of ¥12.00 a kilogram."""
        with transaction():
            _, bill = self.world.accepted(self.world.shipped(self.lot, quantity))
            id_ = bill.id
        return self.bill_now(id_)

    def asked(self, bill: Bill | None = None) -> CardPayment:
        """A payment whose page is open at Stripe."""
        return intents.start(self.world.finance, (bill or self.bill()).id, RETURN)

    def paid(self, bill: Bill | None = None, **how: Any) -> CardPayment:
        """A payment that succeeded, its webhooks delivered and worked off."""
        row = self.asked(bill)
        self.double.pays(row.checkout_id, **how)
        self.hear()
        return self.payment(row.id)

    def deliver(self, event: Any) -> int:
        body, headers = signed(event)
        return self.client.post("/stripe/webhook", data=body, headers=headers).status_code

    def hear(self, events: list[Any] | None = None) -> None:
        """Delivers what Stripe has to tell, and the worker works it off."""
        for event in self.double.told() if events is None else events:
            assert self.deliver(event) == 200
        card_work.work()

    def payment(self, id_: UUID) -> CardPayment:
        db.session.rollback()
        with transaction(write=False):
            row = db.session.get_one(CardPayment, id_, populate_existing=True)
            db.session.expunge(row)
        return row

    def bill_now(self, id_: UUID) -> Bill:
        db.session.rollback()
        with transaction(write=False):
            row = db.session.get_one(Bill, id_, populate_existing=True)
            db.session.expunge(row)
        return row


def open_account(world: World, double: StripeDouble) -> str:
    """An account of the world's supplier that may be paid to."""
    made = double.add_account()["id"]
    with transaction():
        row = accounts.ask_account(world.manager)
        accounts.name_account(row.id, gateway.current().account(made))
    return made


def built() -> tuple[World, UUID]:
    """The county, whose agency is a union, and a lot of ten tons."""
    with transaction():
        world = World.build()
        agency = Organisation.id == world.finance.organisation
        db.session.execute(update(Organisation).where(agency).values(agency_kind="union"))
        return world, world.lot(10_000_000)


@pytest.fixture
def counter(app: Flask, client: FlaskClient, double: StripeDouble) -> Counter:
    world, lot = built()
    return Counter(world, double, client, open_account(world, double), lot)
