"""Invariants 6 to 8 under races: threads with a connection each, on a real database."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, update

from marketplace.catalogue import services as catalogue
from marketplace.catalogue.models import Offer
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, DomainError
from marketplace.payments import services as payments
from marketplace.payments.models import Bill
from marketplace.procurement import services as procurement
from marketplace.procurement.models import Order, OrderLine
from marketplace.quota import services as quota
from marketplace.quota.models import QuotaPlan
from marketplace.settlement import services as settlement
from marketplace.settlement.checks import CHECKS
from marketplace.settlement.models import SettledLine
from tests.counts import count
from tests.factories.world import World


def race(app, acts, workers=12):
    """Runs every act in its own transaction, many at once; returns what came of each: a value or the refusal."""
    gate = threading.Barrier(min(workers, len(acts)))

    def run(place, act):
        if place < gate.parties:
            gate.wait()
        with app.app_context():
            try:
                with transaction():
                    return act()
            except DomainError as refusal:
                return refusal
            finally:
                db.session.remove()

    with ThreadPoolExecutor(gate.parties) as pool:
        return [future.result() for future in [pool.submit(run, place, act) for place, act in enumerate(acts)]]


def refused(result) -> bool:
    return isinstance(result, DomainError)


@pytest.mark.parametrize("_round", range(count(60)))
def test_stock_is_never_sold_twice_and_is_sold_out_when_more_is_wanted(app, _round):
    """Submitting holds, approving makes firm; both race. Red when `reserve` reads the stock first and writes afterwards,
    its WHERE loses the comparison, or `firm` reserves what is held already."""
    with transaction():
        world = World.build(stock=50_000, minimum=1_000, pack=1_000, breaks=[(1_000, 1200)])
        drafts = [world.draft(1_000 * random.Random(number).randint(1, 4)) for number in range(40)]

    def submit_and_approve(draft):
        with transaction():
            procurement.submit(world.requester, draft)
        return len(procurement.approve(world.approver, draft))

    results = race(app, [lambda draft=draft: submit_and_approve(draft) for draft in drafts])
    with transaction(write=False):
        offer = catalogue.one(world.offer)
        held = db.session.scalar(select(func.sum(OrderLine.open))) or 0
        wanted = sum(line.quantity for draft in drafts for line in procurement.requisition_lines(draft))
        assert offer.reserved == held
        assert held <= 50_000 < wanted
        assert 50_000 - held < 4_000  # what is left is less than the smallest refused line may want
        assert sum(not refused(result) for result in results) == db.session.scalar(select(func.count(Order.id)))


def test_a_plan_is_never_committed_beyond_its_ceiling(app):
    """Red when `quota.commit` compares in Python and the constraint of the table is dropped."""
    with transaction():
        world = World.build(ceiling_fen=1_000_000)
        drafts = [world.draft(50_000 + 5_000 * number) for number in range(30)]
        for draft in drafts:
            procurement.submit(world.requester, draft)
    results = race(app, [lambda draft=draft: procurement.approve(world.approver, draft) for draft in drafts])
    with transaction(write=False):
        plan = db.session.scalars(select(QuotaPlan)).one()
        assert plan.committed_fen == db.session.scalar(select(func.sum(OrderLine.committed_fen)))
        assert 1_000_000 - 240_000 < plan.committed_fen <= 1_000_000
        assert {result.code for result in results if refused(result)} == {"beyond_ceiling"}


def test_two_approvers_at_once_make_one_set_of_orders(app):
    """Red when the requisition is not locked before its state is read."""
    with transaction():
        world = World.build()
        draft = world.draft()
        procurement.submit(world.requester, draft)
    results = race(app, [lambda: [order.id for order in procurement.approve(world.approver, draft)]] * 6)
    assert sum(not refused(result) for result in results) == 1
    with transaction(write=False):
        assert db.session.scalar(select(func.count(Order.id))) == 1


def test_a_bill_is_paid_and_settled_once_however_often_it_is_confirmed(app):
    """Red when the transfer is not locked, or posted_source loses its key."""
    with transaction():
        world = World.build()
        _, bill = world.accepted(world.shipped(world.lot()))
        bill_id, total = bill.id, bill.total_fen
        day = bill.issued_on

    def record():
        return payments.record_transfer(world.finance, bill_id, fen=total, paid_on=day, bank_serial="TX").id

    recorded = [result for result in race(app, [record] * 6) if not refused(result)]
    assert len(recorded) == 1
    confirmed = race(app, [lambda: settlement.confirm_payment(world.manager, recorded[0])[1].id] * 6)
    assert sum(not refused(result) for result in confirmed) == 1
    assert all(isinstance(result, Conflict) for result in confirmed if refused(result))
    with transaction(write=False):
        assert db.session.scalar(select(func.sum(SettledLine.money_fen))) == total
        assert quota.plan_of(world.requester.organisation, day.year).settled_fen == total


def test_the_database_records_no_more_transfers_than_a_bill_asks(app):
    """Red when ck_bill_paid_within_total is dropped."""
    with transaction():
        world = World.build()
        _, bill = world.accepted(world.shipped(world.lot()))
        payments.record_transfer(world.finance, bill.id, fen=bill.total_fen, paid_on=bill.issued_on, bank_serial="TX")
    with pytest.raises(Exception, match=r"(?i)paid_within_total"), transaction():
        db.session.execute(update(Bill).values(recorded_fen=Bill.recorded_fen + 1))


def test_the_database_refuses_a_broken_quantity_identity(app):
    """Red when ck_order_line_identity is dropped."""
    with transaction():
        world = World.build()
        world.approved()
    for column in ("open", "accepted", "cancelled"):
        with pytest.raises(Exception, match=r"(?i)identity"), transaction():
            db.session.execute(update(OrderLine).values({column: getattr(OrderLine, column) + 1}))


def test_the_database_refuses_to_reserve_more_than_there_is(app):
    """Red when ck_offer_reserved_within_stock is dropped."""
    with transaction():
        World.build(stock=10_000, minimum=10_000)
    with pytest.raises(Exception, match=r"(?i)reserved_within_stock"), transaction():
        db.session.execute(update(Offer).values(reserved=10_001))


def test_cancelling_and_approving_at_once_lose_no_stock_and_no_quota(app):
    """Red when `release` and `reserve` lock in different orders, or a counter is written from a value read before."""
    with transaction():
        world = World.build(stock=480_000)
        drafts = [world.draft(20_000) for _ in range(24)]
        for draft in drafts:
            procurement.submit(world.requester, draft)
        orders = [procurement.approve(world.approver, draft)[0].id for draft in drafts[:12]]

    def cancel(order):
        open_ = {line.id: line.open for line in procurement.lines_of([order])[order]}
        procurement.cancel(world.approver, order, open_, "不要了")

    acts = [lambda order=order: cancel(order) for order in orders]
    acts += [lambda draft=draft: procurement.approve(world.approver, draft) for draft in drafts[12:]]
    random.Random(1).shuffle(acts)
    assert not [result for result in race(app, acts) if refused(result)]
    with transaction(write=False):
        assert catalogue.one(world.offer).reserved == db.session.scalar(select(func.sum(OrderLine.open))) == 240_000
        plan = db.session.scalars(select(QuotaPlan)).one()
        assert plan.committed_fen == db.session.scalar(select(func.sum(OrderLine.committed_fen)))


@pytest.mark.parametrize("_round", range(count(60)))
def test_no_more_comes_back_than_was_accepted_whoever_records_it(app, _round):
    """Red when record_return reads what is left without the row's lock and the CHECK of acceptance_line is dropped."""
    with transaction():
        world = World.build()
        bill = world.settled(world.lot())
        sale = db.session.scalars(select(SettledLine).where(SettledLine.bill_id == bill.id)).one()
        sale_id, fen = sale.id, sale.money_fen

    def back(number):
        return settlement.reverse(
            world.manager, sale_id, quantity=30_000, reason="变质", red_invoice_number=f"H{number}", refund_serial="R"
        ).money_fen

    results = race(app, [lambda number=number: back(number) for number in range(12)])
    with transaction(write=False):
        taken = [-result for result in results if not refused(result)]
        assert len(taken) == 6  # 200 of them, by thirty
        assert sum(taken) == fen * 180 // 200
        money = select(func.sum(SettledLine.money_fen))
        assert db.session.scalar(money) == fen - sum(taken)
        assert [fault for check in CHECKS for fault in check()] == []
