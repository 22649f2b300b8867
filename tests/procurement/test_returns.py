"""A return that the buyer asks for: days, answers, and money exact to the fen whether its line had settled or not."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, DomainError, NotFound, Refused
from marketplace.findings.models import Finding
from marketplace.linkage.models import Lot
from marketplace.notices.models import Message
from marketplace.payments import services as payments
from marketplace.payments.models import Bill, PaymentTerm, RedInvoice
from marketplace.procurement import after_terms, return_requests
from marketplace.procurement import services as procurement
from marketplace.procurement.after_models import ReturnRequest
from marketplace.procurement.models import AcceptanceLine, Order, OrderLine
from marketplace.quota import services as quota
from marketplace.settlement import services as settlement
from marketplace.settlement.checks import CHECKS, NEED_A_WORKER
from marketplace.settlement.models import SettledLine
from tests.counts import count
from tests.factories.world import World
from tests.faults.test_races import race


def faults() -> list[str]:
    return [fault for check in CHECKS if check not in NEED_A_WORKER for fault in check()]


def ask(world: World, line: AcceptanceLine, quantity: int = 50_000, reason: str = "quality", **more):
    return procurement.ask_return(world.receiver, line.id, quantity=quantity, reason=reason, words="有霉斑", **more)


def back(world: World, line: AcceptanceLine, quantity: int, *, restocked: bool = False, **papers):
    """The whole way of a return; `papers` are what its end asks for."""
    row = ask(world, line, quantity)
    procurement.answer_return(world.manager, row.id, agreed=True)
    procurement.send_return(world.receiver, row.id, "自提")
    procurement.receive_return(world.manager, row.id, restocked=restocked)
    return settlement.finish_return(world.manager, row.id, **papers)


def line_of(acceptance) -> AcceptanceLine:
    return db.session.scalars(select(AcceptanceLine).where(AcceptanceLine.acceptance_id == acceptance.id)).one()


@pytest.fixture
def accepted(app):
    """A world, one accepted and unpaid line of 200 千克 at ¥12.00, and its bill."""
    with transaction():
        world = World.build()
        world.extra["lot"] = world.lot()
        acceptance, bill = world.accepted(world.shipped(world.extra["lot"]))
        world.extra |= {"acceptance": acceptance.id, "bill": bill.id, "line": line_of(acceptance).id}
    return world


def the_line(world: World) -> AcceptanceLine:
    return db.session.get_one(AcceptanceLine, world.extra["line"])


def test_a_return_before_payment_lowers_the_bill_and_the_plan(app, accepted):
    """Red when mark_credited keeps what the goods held of the plan, or the bill asks for what came back."""
    with transaction():
        done = back(accepted, the_line(accepted), 50_000, restocked=True)
        bill = db.session.get_one(Bill, accepted.extra["bill"])
        assert (done.state, bill.credited_fen, bill.state) == ("done", 60_000, "to_pay")
        plan = quota.plan_of(accepted.requester.organisation, clock.today().year)
        assert plan.committed_fen == 180_000
        assert db.session.get_one(Lot, accepted.extra["lot"]).taken == 150_000
        assert faults() == []
    with pytest.raises(Refused) as refused, transaction():
        payments.record_transfer(accepted.finance, bill.id, fen=240_001, paid_on=clock.today(), bank_serial="TX")
    assert refused.value.code
    with transaction():
        transfer = payments.record_transfer(
            accepted.finance, bill.id, fen=180_000, paid_on=clock.today(), bank_serial="TX"
        )
        settlement.confirm_payment(accepted.manager, transfer.id)
        sale = db.session.scalars(select(SettledLine)).one()
        assert (sale.money_fen, sale.quantity, sale.net) == (180_000, 150_000, 150_000)
        plan = quota.plan_of(accepted.requester.organisation, clock.today().year)
        assert (plan.committed_fen, plan.settled_fen) == (0, 180_000)
        assert db.session.scalars(select(Order)).one().state == "settled"
        assert faults() == []


def test_what_came_back_before_and_after_payment_is_all_of_the_line(app, accepted):
    """Invariant 4. Red when a reversal counts what was credited before the line settled as reversed."""
    with transaction():
        back(accepted, the_line(accepted), 33_333)
    with transaction():
        bill = db.session.get_one(Bill, accepted.extra["bill"])
        fen = bill.total_fen - bill.credited_fen
        transfer = payments.record_transfer(accepted.finance, bill.id, fen=fen, paid_on=clock.today(), bank_serial="T")
        settlement.confirm_payment(accepted.manager, transfer.id)
        back(accepted, the_line(accepted), 66_667, red_invoice_number="H1", refund_serial="R1")
        back(accepted, the_line(accepted), 100_000, red_invoice_number="H2", refund_serial="R2")
        sums = select(func.sum(SettledLine.money_fen), func.sum(SettledLine.quantity), func.sum(SettledLine.owed_fen))
        assert tuple(map(int, db.session.execute(sums).one())) == (0, 0, 0)
        assert the_line(accepted).returned_fen == the_line(accepted).money_fen
        assert faults() == []


def test_a_bill_of_which_all_came_back_is_paid_by_nobody(app, accepted):
    with transaction():
        back(accepted, the_line(accepted), 200_000)
        bill = db.session.get_one(Bill, accepted.extra["bill"])
        order = db.session.scalars(select(Order)).one()
        assert (bill.state, bill.credited_fen, order.state) == ("credited", bill.total_fen, "returned")
        assert quota.plan_of(accepted.requester.organisation, clock.today().year).committed_fen == 0
        assert faults() == []
    with pytest.raises(DomainError), transaction():
        payments.record_transfer(accepted.finance, bill.id, fen=1, paid_on=clock.today(), bank_serial="TX")


def test_goods_on_their_way_to_be_paid_come_back_once_the_money_is_answered(app, accepted):
    """Red when a bill is lowered below what a transfer has sent."""
    with transaction():
        row = ask(accepted, the_line(accepted))
        procurement.answer_return(accepted.manager, row.id, agreed=True)
        procurement.receive_return(accepted.manager, row.id, restocked=False)
        transfer = payments.record_transfer(
            accepted.finance, accepted.extra["bill"], fen=240_000, paid_on=clock.today(), bank_serial="TX"
        )
    with pytest.raises(Conflict) as refused, transaction():
        settlement.finish_return(accepted.manager, row.id)
    assert refused.value.code == "transfer_waits"
    with transaction():
        settlement.confirm_payment(accepted.manager, transfer.id)
        settlement.finish_return(accepted.manager, row.id, red_invoice_number="H1", refund_serial="R1")
        assert db.session.scalar(select(func.sum(SettledLine.money_fen))) == 180_000
        assert faults() == []


def test_a_red_letter_invoice_is_asked_for_where_there_is_an_invoice(app, accepted):
    with transaction():
        invoice = {"number": "F1", "issued_on": clock.today(), "amount_fen": 240_000, "rate_basis_points": None}
        payments.record_invoice(accepted.manager, accepted.extra["bill"], **invoice)
    with pytest.raises(Refused) as refused, transaction():
        back(accepted, the_line(accepted), 50_000)
    assert refused.value.code == "invoice_number_needed"
    with transaction():
        back(accepted, the_line(accepted), 50_000, red_invoice_number="H1")
        red = db.session.scalars(select(RedInvoice)).one()
        assert (red.amount_fen, red.refund_serial) == (60_000, "")
        assert faults() == []


def test_a_red_letter_invoice_without_an_invoice_is_refused(app, accepted):
    with pytest.raises(Refused) as refused, transaction():
        back(accepted, the_line(accepted), 50_000, red_invoice_number="H1")
    assert refused.value.code == "nothing_invoiced"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"quantity": 0}, "quantity_not_positive"),
        ({"quantity": 200_001}, "return_beyond_accepted"),
        ({"reason": "不喜欢"}, "not_a_choice"),
        ({"reason": "recalled"}, "lot_not_recalled"),
        ({"words": "  "}, "reason_needed"),
    ],
)
def test_a_request_that_cannot_be_is_refused(app, accepted, change, code):
    given = {"quantity": 1_000, "reason": "quality", "words": "有霉斑"} | change
    with pytest.raises(Refused) as refused, transaction():
        procurement.ask_return(accepted.receiver, accepted.extra["line"], **given)
    assert refused.value.code == code


def test_a_foreign_line_and_a_foreign_request_are_unknown(app, accepted):
    with transaction():
        row = ask(accepted, the_line(accepted))
        stranger = replace(accepted.receiver, organisation=uuid4())
    with pytest.raises(NotFound), transaction():
        procurement.ask_return(stranger, accepted.extra["line"], quantity=1_000, reason="quality", words="x")
    with pytest.raises(NotFound), transaction():
        procurement.withdraw_return(stranger, row.id)


def test_the_days_to_ask_are_the_reasons_and_a_place_may_set_its_own(app, accepted):
    """Red when the days are a constant, or damage has as many as quality."""
    with clock.fixed(clock.now() + timedelta(days=2)):
        with pytest.raises(Refused) as refused, transaction():
            ask(accepted, the_line(accepted), reason="damaged")
        assert refused.value.code == "return_too_late"
        with transaction():
            ask(accepted, the_line(accepted), reason="quality")
    with transaction():
        assert after_terms.days("return_ask", "430225000000", clock.today()) == 7
        after_terms.set_days(accepted.office, "return_ask", 1, clock.today())
        assert after_terms.days("return_ask", "430225000000", clock.today()) == 1
        assert after_terms.days("return_ask", "110101000000", clock.today()) == 7


def test_one_request_at_a_time_asks_for_a_line(app, accepted):
    """Red when uq_return_request_line_open is dropped and `ask` does not look."""
    with transaction():
        row = ask(accepted, the_line(accepted))
        values = {column.key: getattr(row, column.key) for column in ReturnRequest.__table__.columns}
    with pytest.raises(Conflict), transaction():
        ask(accepted, the_line(accepted))
    with pytest.raises(Exception, match=r"(?i)unique"), transaction():
        db.session.add(ReturnRequest(**values | {"id": uuid4(), "number": "TS-X"}))


def test_while_a_request_is_open_the_supplier_records_no_other_return_of_the_line(app, accepted):
    with transaction():
        accepted.paid(db.session.get_one(Bill, accepted.extra["bill"]))
        ask(accepted, the_line(accepted))
    with pytest.raises(Conflict) as refused, transaction():
        settlement.reverse(
            accepted.manager,
            accepted.extra["line"],
            quantity=1_000,
            reason="x",
            red_invoice_number="H",
            refund_serial="R",
        )
    assert refused.value.code == "return_requested"


def test_an_answer_is_given_once_and_a_refusal_says_why(app, accepted):
    with transaction():
        row = ask(accepted, the_line(accepted))
    with pytest.raises(Refused), transaction():
        procurement.answer_return(accepted.manager, row.id, agreed=False)
    with transaction():
        procurement.answer_return(accepted.manager, row.id, agreed=False, words="是运输之后受潮")
    with pytest.raises(Conflict), transaction():
        procurement.answer_return(accepted.manager, row.id, agreed=True)
    with pytest.raises(Conflict), transaction():
        procurement.receive_return(accepted.manager, row.id, restocked=True)


def test_silence_is_a_finding_and_no_agreement(app, accepted):
    """Red when follow_up agrees, or tells twice."""
    with transaction():
        row = ask(accepted, the_line(accepted))
    with clock.fixed(clock.now() + timedelta(days=3)), transaction():
        assert return_requests.follow_up() == 1
        return_requests.follow_up()
        assert db.session.get_one(ReturnRequest, row.id).state == "asked"
        assert db.session.scalars(select(Finding.kind)).all() == ["return_unanswered"]
        told = select(func.count()).select_from(Message).where(Message.kind == "return_unanswered")
        assert db.session.scalar(told) == 1


def test_messages_are_open_until_somebody_did_it(app, accepted):
    with transaction():
        row = ask(accepted, the_line(accepted))
        open_ = select(Message.kind).where(Message.about_id == row.id, Message.done_at.is_(None))
        assert db.session.scalars(open_).all() == ["return_asked"]
        procurement.answer_return(accepted.manager, row.id, agreed=True)
        assert db.session.scalars(open_).all() == ["return_agreed"]
        procurement.receive_return(accepted.manager, row.id, restocked=False)
        assert db.session.scalars(open_).all() == ["return_to_finish"]


def test_the_database_refuses_more_credited_than_billed(app, accepted):
    """Red when ck_bill_paid_within_total or ck_order_line_settled is dropped."""
    with pytest.raises(Exception, match=r"(?i)within_total|credited_in_full"), transaction():
        db.session.execute(update(Bill).values(credited_fen=Bill.total_fen + 1))
    with transaction():
        back(accepted, the_line(accepted), 50_000)
    with pytest.raises(Exception, match=r"(?i)ck_order_line_settled"), transaction():
        db.session.execute(update(OrderLine).values(settled=OrderLine.accepted))


def received(world: World, quantity: int = 50_000) -> ReturnRequest:
    row = ask(world, the_line(world), quantity)
    procurement.answer_return(world.manager, row.id, agreed=True)
    return procurement.receive_return(world.manager, row.id, restocked=False)


@pytest.mark.parametrize("_round", range(count(40)))
def test_a_return_and_the_confirmation_of_its_payment_end_exact_in_either_order(app, accepted, _round):
    """Red when finish_return asks whether the line settled before it holds the bill's lock."""
    with transaction():
        request = received(accepted).id
        transfer = payments.record_transfer(
            accepted.finance, accepted.extra["bill"], fen=240_000, paid_on=clock.today(), bank_serial="TX"
        ).id
    papers = {"red_invoice_number": "H1", "refund_serial": "R1"}
    ended, paid = race(
        app,
        [
            lambda: settlement.finish_return(accepted.manager, request, **papers).state,
            lambda: settlement.confirm_payment(accepted.manager, transfer)[1].id,
        ],
    )
    assert not isinstance(paid, DomainError)
    assert ended == "done" or ended.code == "transfer_waits"
    with transaction(write=False):
        back_fen = 60_000 if ended == "done" else 0
        assert db.session.scalar(select(func.sum(SettledLine.money_fen))) == 240_000 - back_fen
        assert faults() == []


@pytest.mark.parametrize("_round", range(count(40)))
def test_a_return_and_a_transfer_that_meet_leave_one_of_them_refused(app, accepted, _round):
    """Red when a transfer is recorded, or a bill lowered, without the bill's lock."""
    with transaction():
        request = received(accepted).id
    bill = accepted.extra["bill"]
    sent = {"fen": 240_000, "paid_on": clock.today(), "bank_serial": "TX"}
    ended, recorded = race(
        app,
        [
            lambda: settlement.finish_return(accepted.manager, request).state,
            lambda: payments.record_transfer(accepted.finance, bill, **sent).id,
        ],
    )
    assert isinstance(ended, DomainError) != isinstance(recorded, DomainError)
    with transaction(write=False):
        assert faults() == []


@pytest.mark.parametrize("_round", range(count(40)))
def test_one_return_ended_by_several_at_once_moves_its_money_once(app, accepted, _round):
    """Red when a request is not locked before its state is read."""
    with transaction():
        request = received(accepted, 200_000).id
    results = race(app, [lambda: settlement.finish_return(accepted.manager, request).state] * 5)
    assert results.count("done") == 1
    with transaction(write=False):
        assert db.session.get_one(Bill, accepted.extra["bill"]).credited_fen == 240_000
        assert faults() == []


def test_a_month_that_is_billed_asks_for_what_was_kept(app, accepted):
    """Red when a part that waits for the month's bill stays as it was accepted."""
    with transaction():
        terms = {"billing": "month", "terms": "credit", "clock": "delivery", "days": 30, "interest_ppm": 500}
        db.session.add(
            PaymentTerm(
                agency_id=accepted.receiver.organisation,
                supplier_id=accepted.manager.organisation,
                from_day=clock.today(),
                state="agreed",
                proposed_at=clock.now(),
                **terms,
            )
        )
        db.session.flush()
        lines = []
        for _ in range(2):
            acceptance, bill = accepted.accepted(accepted.shipped(accepted.extra["lot"], 100_000))
            assert bill is None
            lines.append(line_of(acceptance))
        back(accepted, lines[0], 100_000)
        back(accepted, lines[1], 25_000)
        made = payments.bill_months(clock.today())
        assert [bill.total_fen for bill in made] == [90_000]
        accepted.paid(made[0])
        assert db.session.scalar(select(func.sum(SettledLine.money_fen))) == 90_000
        assert faults() == []
