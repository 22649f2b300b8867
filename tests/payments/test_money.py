"""Payments in parts, payers' credits, terms, months and prepayments: each yuan once, each line settled once."""

import random
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, DomainError, Refused
from marketplace.payments import services as payments
from marketplace.payments.models import Bill, BillPart, CreditUse, PayerCredit, Transfer
from marketplace.procurement import services as procurement
from marketplace.settlement import billing, checks
from marketplace.settlement import services as settlement
from marketplace.settlement.models import SettledLine
from marketplace.settlement.settling import settle_ready
from tests.counts import count
from tests.factories.world import World
from tests.faults.test_races import race, refused


def wrong() -> dict[str, list[str]]:
    return {check.__name__: found for check in checks.CHECKS if (found := check())}


def settled_fen() -> int:
    return int(db.session.scalar(select(func.sum(SettledLine.money_fen))) or 0)


def agree(world: World, **terms: object) -> None:
    """Terms from today on, agreed by both sides."""
    given: dict = {
        "supplier_id": world.manager.organisation,
        "from_day": clock.today(),
        "billing": "acceptance",
        "terms": "credit",
        "clock_from": "delivery",
        "days": 30,
        "interest_ppm": 500,
    } | terms
    payments.answer_term(world.manager, payments.propose_term(world.finance, **given).id, agreed=True)


def record(world: World, bill: Bill, fen: int, serial: str = "TX") -> object:
    return payments.record_transfer(world.finance, bill.id, fen=fen, paid_on=clock.today(), bank_serial=serial)


def part(world: World, bill: Bill, fen: int, serial: str) -> Bill:
    return settlement.confirm_payment(world.manager, record(world, bill, fen, serial).id)[1]


def came(world: World, bill_id: UUID, fen: int, serial: str) -> Bill:
    """Money that a statement shows, settled as the job settles it."""
    _, bill = payments.receive(world.manager, bill_id, fen=fen, paid_on=clock.today(), serial=serial)
    settle_ready(world.manager, payments.acceptances_paid_by(bill))
    return bill


@pytest.fixture
def world(app) -> World:
    with transaction():
        return World.build(families=3)


def test_a_bill_paid_in_part_settles_nothing_and_settles_once_with_the_last_part(world: World):
    """Red when `settle_ready` takes bills that are not paid in full."""
    with transaction():
        _, bill = world.accepted(world.shipped(world.lot(), 100_000))  # 120,000 fen
        assert part(world, bill, 50_000, "A").state == "partly_paid"
        assert settled_fen() == 0
        assert part(world, bill, 70_000, "B").state == "paid"
        assert settled_fen() == 120_000
        assert settle_ready(world.manager, [bill.acceptance_id]) == 0
        assert wrong() == {}


def test_more_than_is_asked_cannot_be_recorded(world: World):
    """Red when `record_transfer` does not count what is recorded already (`open_fen`)."""
    with transaction():
        _, bill = world.accepted(world.shipped(world.lot(), 100_000))
        record(world, bill, 50_000, "A")
        with pytest.raises(Refused) as refusal:
            record(world, bill, 70_001, "B")
        assert refusal.value.facts["due_fen"] == 70_000
        record(world, bill, 70_000, "B")
        with pytest.raises(Conflict):
            record(world, bill, 1, "C")


def test_the_same_serial_is_recorded_once(world: World):
    with transaction():
        _, bill = world.accepted(world.shipped(world.lot(), 100_000))
        record(world, bill, 10_000, "A")
        with pytest.raises(Conflict):
            record(world, bill, 10_000, "A")


@pytest.mark.parametrize(
    "change",
    ["paid_fen = total_fen + 1, state = 'paid'", "recorded_fen = total_fen + 1", "paid_fen = 1", "kind = 'month'"],
)
def test_the_database_refuses_a_bill_that_does_not_add_up(world: World, change: str):
    """Red when the CHECK of that name goes from models.Bill."""
    from sqlalchemy import text

    with transaction():
        world.accepted(world.shipped(world.lot(), 100_000))
        with pytest.raises(IntegrityError), db.session.begin_nested():
            db.session.execute(text(f"UPDATE bill SET {change}"))


def test_money_that_surely_came_is_never_lost(world: World):
    """Red when `receive` drops what the bill does not ask."""
    with transaction():
        _, bill = world.accepted(world.shipped(world.lot(), 100_000))
        transfer, bill = payments.receive(world.manager, bill.id, fen=150_000, paid_on=clock.today(), serial="BANK")
        assert (transfer.applied_fen, bill.state) == (120_000, "paid")
        [credit] = payments.credits_listed(world.finance)
        assert (credit.fen, credit.state, credit.kind) == (30_000, "to_refund", "overpaid")


def test_a_credit_pays_another_bill_of_the_same_supplier_and_settles_it(world: World):
    with transaction():
        lot = world.lot()
        _, bill = world.accepted(world.shipped(lot, 100_000))
        payments.receive(world.manager, bill.id, fen=300_000, paid_on=clock.today(), serial="BANK")
        settle_ready(world.manager, [bill.acceptance_id])
        _, other = world.accepted(world.shipped(lot, 100_000))
        [credit] = payments.credits_listed(world.finance)
        assert settlement.use_credit(world.finance, credit.id, other.id).state == "paid"
        assert settled_fen() == 240_000
        assert (credit.used_fen, credit.state) == (120_000, "to_refund")
        payments.refund_credit(world.manager, credit.id, serial="R", refunded_on=clock.today())
        assert (credit.refunded_fen, credit.state) == (60_000, "refunded")
        with pytest.raises(Conflict):
            payments.refund_credit(world.manager, credit.id, serial="R", refunded_on=clock.today())
        assert wrong() == {}


def test_terms_hold_once_both_sides_agreed_and_from_their_day_on(world: World):
    with transaction():
        pair = (world.requester.organisation, world.manager.organisation)
        row = payments.propose_term(
            world.finance,
            supplier_id=world.manager.organisation,
            from_day=clock.today() + timedelta(days=5),
            billing="month",
            terms="credit",
            clock_from="delivery",
            days=20,
            interest_ppm=500,
        )
        later = clock.today() + timedelta(days=6)
        assert payments.terms_on(*pair, later).days == 30
        payments.answer_term(world.manager, row.id, agreed=True)
        assert payments.terms_on(*pair, later).days == 20
        assert payments.terms_on(*pair, clock.today()).days == 30
        with pytest.raises(Conflict):
            payments.answer_term(world.manager, row.id, agreed=False)


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"days": 61}, "days_to_pay_too_many"),
        ({"days": 45}, "contract_needed"),
        ({"clock_from": "acceptance"}, "contract_needed"),
        ({"interest_ppm": 499}, "contract_needed"),
    ],
)
def test_what_the_state_council_forbids_cannot_be_proposed(world: World, terms: dict, code: str):
    """Order 802: 30 days from delivery, from acceptance only by contract, never above 60."""
    with transaction(), pytest.raises(DomainError) as refusal:
        agree(world, **terms)
    assert refusal.value.code == code


def test_a_months_acceptances_are_billed_once_and_together(world: World):
    """Red when `bill_months` does not set the part's bill."""
    with transaction():
        agree(world, billing="month")
        lot = world.lot()
        acceptances = [world.accepted(world.shipped(lot, 50_000)) for _ in range(3)]
        assert [bill for _, bill in acceptances] == [None, None, None]
        assert [row[2:] for row in payments.unbilled(world.manager)] == [(3, 180_000)]
        assert billing.bill_month_ends() == 0  # the month has not ended
        bill = payments.make_month_bill(world.manager, world.requester.organisation)
        assert (bill.kind, bill.total_fen, bill.order_id) == ("month", 180_000, None)
        with pytest.raises(Conflict):
            payments.make_month_bill(world.manager, world.requester.organisation)
        part(world, bill, 80_000, "A")
        assert settled_fen() == 0
        part(world, bill, 100_000, "B")
        assert settled_fen() == 180_000
        orders = [acceptance.order_id for acceptance, _ in acceptances]
        assert all(procurement.order(world.manager, order).state == "settled" for order in orders)
        assert all([bill] == found for found in payments.bills_of(orders).values())
        assert wrong() == {}


def test_the_month_that_ended_is_billed_by_the_clock(world: World):
    with transaction():
        agree(world, billing="month")
        world.accepted(world.shipped(world.lot(), 50_000))
        following = (clock.today().replace(day=1) + timedelta(days=32)).replace(day=1)
        with clock.fixed(clock.at(following)):
            assert billing.bill_month_ends() == 1
            bill = db.session.scalars(select(Bill)).one()
            # periodic settlement counts from its bill, and never beyond 60 days from the first delivery
            assert bill.due_on == min(following + timedelta(days=30), bill.delivered_on + timedelta(days=60))
            assert billing.bill_month_ends() == 0


def prepaid(world: World, quantity: int = 100_000) -> tuple[object, Bill]:
    """A prepaid order, confirmed: its id, and the prepayment asked."""
    agree(world, terms="prepaid")
    order = world.approved(quantity)[0]
    settlement.confirm_order(world.manager, order)
    return order, db.session.scalars(select(Bill).where(Bill.kind == "prepay")).one()


def test_prepaid_then_delivered_settles_as_soon_as_it_is_signed(world: World):
    with transaction():
        order, asked = prepaid(world)
        assert asked.total_fen == 120_000
        part(world, asked, 120_000, "P")
        assert settled_fen() == 0
        acceptance, bill = world.accepted(world.shipped(world.lot(), 60_000, order))
        settle_ready(world.receiver, [acceptance.id])
        assert (bill.state, bill.total_fen, settled_fen()) == ("paid", 72_000, 72_000)
        [held] = payments.credits_listed(world.finance)
        assert (held.fen, held.used_fen, held.state) == (120_000, 72_000, "held")
        procurement.cancel(
            world.approver, order, {line.id: line.open for line in procurement.lines_of([order])[order]}, "够了"
        )
        assert billing.end_prepayments() == 1
        assert (held.state, held.fen - held.used_fen) == ("to_refund", 48_000)
        assert billing.end_prepayments() == 0
        assert wrong() == {}


def test_delivered_then_prepaid_settles_once(world: World):
    """Red when a payment on a prepayment does not look for the order's bills, or the acceptance leaves both asking."""
    with transaction():
        order, asked = prepaid(world)
        record_ = record(world, asked, 120_000, "P")  # on its way when the goods come
        _, bill = world.accepted(world.shipped(world.lot(), 60_000, order))
        assert (bill.state, settled_fen()) == ("to_pay", 0)
        settlement.confirm_payment(world.manager, record_.id)
        assert (bill.state, settled_fen()) == ("paid", 72_000)
        _, second = world.accepted(world.shipped(world.lot(), 40_000, order))
        settle_ready(world.receiver, [second.acceptance_id])
        assert (second.state, settled_fen()) == ("paid", 120_000)
        [held] = payments.credits_listed(world.finance)
        assert held.state == "used"
        assert wrong() == {}


def test_goods_that_came_before_the_prepayment_are_asked_for_once(world: World):
    """The acceptance's bill asks, and the prepayment so much less."""
    with transaction():
        order, asked = prepaid(world)
        _, bill = world.accepted(world.shipped(world.lot(), 60_000, order))
        assert (bill.total_fen, asked.credited_fen) == (72_000, 72_000)
        part(world, bill, 72_000, "B")
        part(world, asked, 48_000, "P")
        _, second = world.accepted(world.shipped(world.lot(), 40_000, order))
        settle_ready(world.receiver, [second.acceptance_id])
        assert (second.state, settled_fen()) == ("paid", 120_000)
        assert wrong() == {}


def test_a_payment_and_an_acceptance_that_meet_settle_once(app):
    """Red when `bill_acceptance` does not lock the prepayment before it makes the bill."""
    with transaction():
        world = World.build(families=2)
        agree(world, terms="prepaid")
    for number in range(1, 5):
        with transaction():
            order = world.approved(100_000)[0]
            settlement.confirm_order(world.manager, order)
            asked = db.session.scalars(select(Bill).where(Bill.order_id == order)).one()
            id_ = record(world, asked, 120_000, f"P{number}").id
            shipment = world.shipped(world.lot(), 100_000, order)
        acts = [lambda of=shipment: world.accepted(of), lambda of=id_: settlement.confirm_payment(world.manager, of)]
        assert not any(map(refused, race(app, acts)))
        with transaction(write=False):
            assert settled_fen() == 120_000 * number
            assert wrong() == {}


def test_two_confirmations_at_once_pay_once(app):
    """Red when `answer_transfer` reads the bill without its lock."""
    with transaction():
        world = World.build(families=2)
        _, bill = world.accepted(world.shipped(world.lot(), 100_000))
        ids = [record(world, bill, fen, serial).id for fen, serial in ((50_000, "A"), (70_000, "B"))]
    acts = [lambda id_=id_: settlement.confirm_payment(world.manager, id_) for id_ in (*ids, *ids)]
    results = race(app, acts)
    assert sum(map(refused, results)) == 2
    with transaction(write=False):
        assert db.session.get_one(Bill, bill.id).paid_fen == 120_000
        assert settled_fen() == 120_000
        assert wrong() == {}


def test_two_months_bills_at_once_bill_once(app):
    with transaction():
        world = World.build(families=2)
        agree(world, billing="month")
        lot = world.lot()
        for _ in range(3):
            world.accepted(world.shipped(lot, 50_000))
    agency = world.requester.organisation
    results = race(app, [lambda: payments.make_month_bill(world.manager, agency).id for _ in range(4)])
    assert sum(map(refused, results)) == 3
    with transaction(write=False):
        assert db.session.scalar(select(func.sum(Bill.total_fen))) == 180_000
        assert db.session.scalar(select(func.sum(BillPart.fen))) == 180_000


def test_a_credit_is_used_once_however_many_ask(app):
    with transaction():
        world = World.build(families=2)
        lot = world.lot()
        _, bill = world.accepted(world.shipped(lot, 100_000))
        payments.receive(world.manager, bill.id, fen=240_000, paid_on=clock.today(), serial="BANK")
        settle_ready(world.manager, [bill.acceptance_id])
        others = [world.accepted(world.shipped(lot, 100_000))[1].id for _ in range(3)]
        credit = payments.credits_listed(world.finance)[0].id
    acts = [lambda other=other: settlement.use_credit(world.finance, credit, other) for other in others]
    acts.append(lambda: payments.refund_credit(world.manager, credit, serial="R", refunded_on=clock.today()))
    race(app, acts)
    with transaction(write=False):
        row = db.session.get_one(PayerCredit, credit)
        assert row.used_fen + row.refunded_fen == row.fen == 120_000
        assert wrong() == {}


@pytest.mark.parametrize("_round", range(count(40)))
def test_a_payment_confirmed_while_a_credit_pays_the_same_bill_never_pays_more_than_it(app, _round):
    """Whichever comes first, the bill has its money and no more, and what was too much is a credit again.

    Red on PostgreSQL when `use_credit` locks neither the order nor the bill.
    """
    with transaction():
        world = World.build(families=2)
        lot = world.lot()
        first, second = (world.accepted(world.shipped(lot, 100_000))[1].id for _ in range(2))
        came(world, first, 150_000, "B-1")
        [credit] = [row.id for row in payments.credits_listed(world.finance) if row.state == "to_refund"]
        recorded = record(world, payments.bill(world.finance, second), 120_000 if _round % 2 else 60_000, "TX").id
    acts = [
        lambda: settlement.confirm_payment(world.manager, recorded)[1].paid_fen,
        lambda: settlement.use_credit(world.finance, credit, second).paid_fen,
        lambda: came(world, second, 120_000, "B-2").paid_fen,
    ]
    random.Random(_round).shuffle(acts)
    results = race(app, acts)
    assert any(not refused(result) for result in results)
    assert all(refused(result) or result <= 120_000 for result in results)
    with transaction(write=False):
        bill = db.session.get_one(Bill, second)
        assert (bill.paid_fen, bill.recorded_fen, bill.state) == (120_000, 0, "paid")
        applied = select(func.sum(Transfer.applied_fen)).where(Transfer.bill_id == second)
        used = select(func.sum(CreditUse.fen)).where(CreditUse.bill_id == second)
        assert int(db.session.scalar(applied)) + int(db.session.scalar(used) or 0) == 120_000
        assert wrong() == {}
