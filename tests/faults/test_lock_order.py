"""Whoever accepts, signs, pays or takes back locks the order first: two that meet wait, and neither is a deadlock's victim."""

import threading
from contextlib import closing

import psycopg
import pytest
from sqlalchemy import func, select

from marketplace.core.db import db, transaction
from marketplace.payments import prepayments
from marketplace.payments.models import Bill
from marketplace.procurement import services as procurement
from marketplace.settlement import services as settlement
from marketplace.settlement.models import SettledLine
from marketplace.settlement.settling import settle_ready
from tests.factories.world import World, actor
from tests.payments.test_money import prepaid, record

pytestmark = pytest.mark.engine("postgresql")  # SQLite has one writer


def waiting(database) -> bool:
    """Whether somebody waits for a row; asked by the owner, whom nobody keeps waiting."""
    with closing(psycopg.connect(database.owner_url.replace("+psycopg", ""), autocommit=True)) as owner:
        found = owner.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
    return bool(found and found[0])


def meet(app, database, first, then, other):
    """`other` runs as soon as `first` has its locks, and until it waits for one; then `then` ends the transaction.

    An error of either is raised: nobody tries again here, as the edge does.
    """
    errors = []

    def run():
        with app.app_context():
            try:
                with transaction():
                    other()
            except Exception as error:
                errors.append(error)
            finally:
                db.session.remove()

    thread = threading.Thread(target=run)
    with transaction():
        first()
        thread.start()
        while thread.is_alive() and not waiting(database):
            pass
        then()
    thread.join()
    assert errors == []


def settled_fen() -> int:
    return int(db.session.scalar(select(func.sum(SettledLine.money_fen))) or 0)


@pytest.fixture
def world(app):
    with transaction():
        made = World.build(families=2)
        made.extra["second"] = actor(made.receiver.organisation, {"receiver"}, "周立新")
    return made


def signing(world: World, order=None):
    """A delivery that one has signed for."""
    shipment = world.shipped(world.lot(), 100_000, order)
    row, _ = procurement.shipment(world.receiver, shipment)
    counts = [procurement.Count(line.id, line.quantity) for line in row.lines]
    return settlement.accept(world.receiver, shipment, counts)[0].id


def test_a_signature_and_a_payment_of_what_was_deemed_accepted_wait_for_each_other_in_turn(app, world, database):
    """Red when sign_acceptance locks the acceptance alone, against keys, and a payment changes its bill in two steps."""
    with transaction():
        row, bill = settlement.deem(world.shipped(world.lot(), 100_000))
        settlement.sign(world.receiver, row.id)
        acceptance_id, transfer_id = row.id, record(world, bill, 120_000, "D").id
    meet(
        app,
        database,
        lambda: procurement.sign_acceptance(world.extra["second"], acceptance_id),
        lambda: settle_ready(world.extra["second"], [acceptance_id]),
        lambda: settlement.confirm_payment(world.manager, transfer_id),
    )
    with transaction(write=False):
        assert settled_fen() == 120_000


def test_a_signature_and_a_prepayment_wait_for_each_other_in_turn(app, world, database):
    """Red when sign_acceptance does not lock the order: it has the prepayment then, and waits for the order to settle."""
    with transaction():
        order, asked = prepaid(world)
        bill_id, transfer_id = asked.id, record(world, asked, 120_000, "P").id
        acceptance_id = signing(world, order)
    meet(
        app,
        database,
        lambda: prepayments.lock_orders_of(bill_id),
        lambda: settlement.confirm_payment(world.manager, transfer_id),
        lambda: settlement.sign(world.extra["second"], acceptance_id),
    )
    with transaction(write=False):
        assert db.session.get_one(Bill, bill_id).paid_fen == 120_000
        assert settled_fen() == 120_000
