"""A card refund and the return that it repays: linked once, and never more than the return's money."""

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from marketplace.core.db import db, transaction
from marketplace.core.errors import Refused
from marketplace.payments.stripe_models import CardRefund
from marketplace.settlement import card_work
from marketplace.settlement import services as settlement
from tests.payments.test_stripe_refunds import ask, refund


def give_back(counter, row, serial, quantity=5_000, number="H1"):
    """Goods of ¥12.00 a kilogram come back."""
    with transaction():
        bill = counter.bill_now(row.bill_id)
        [line, *_] = settlement.settled_of([bill.order_id])[bill.order_id]
        made = settlement.reverse(
            counter.world.manager,
            line.id,
            quantity=quantity,
            reason="坏果",
            red_invoice_number=number,
            refund_serial=serial,
        )
        return made.id


@pytest.fixture
def done(counter):
    """A payment of ¥1,200.00 of which ¥60.00 went back."""
    row = counter.paid()
    id_ = ask(counter, row, 6_000)
    card_work.work()
    return counter, row, refund(id_)


def test_a_return_that_names_the_refund_is_what_it_repays(done):
    """Red when reverse_for does not link."""
    counter, row, back = done
    return_id = give_back(counter, row, back.stripe_id)
    assert (refund(back.id).return_id, refund(back.id).return_fen) == (return_id, 6_000)


def test_a_refund_repays_one_return_and_no_more_than_it(done):
    """Red when `link` does not look at what the refund repays already, or at its money."""
    counter, row, back = done
    with pytest.raises(Refused) as refused:
        give_back(counter, row, back.stripe_id, 4_999)
    assert refused.value.code == "refund_beyond_return"
    give_back(counter, row, back.stripe_id)
    with pytest.raises(Refused) as refused:
        give_back(counter, row, back.stripe_id, number="H2")
    assert refused.value.code == "refund_repays_another"


def test_a_refund_that_failed_repays_nothing(done):
    counter, row, back = done
    counter.double.sends_back(counter.double.objects[back.stripe_id])
    counter.hear()
    with pytest.raises(Refused) as refused:
        give_back(counter, row, back.stripe_id)
    assert refused.value.code == "refund_not_done"


def test_the_database_keeps_refunds_within_their_return(done):
    """Red when one of card_refund's constraints on the return goes."""
    counter, row, back = done
    return_id = give_back(counter, row, back.stripe_id)
    other = ask(counter, row, 6_001)
    for values in (
        {"return_id": return_id, "return_fen": 6_000},  # more than the return
        {"return_id": return_id, "return_fen": 6_001},  # not the return's money
        {"return_id": return_id, "return_fen": 6_000, "fen": 1},  # a second one of the same return
        {"return_id": return_id},
    ):
        with pytest.raises(IntegrityError), transaction():
            db.session.execute(update(CardRefund).where(CardRefund.id == other).values(**values))
