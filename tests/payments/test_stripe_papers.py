"""A card payment in the papers pack: a slip of its own with method, reference and what went back."""

import pytest

from marketplace.core.db import transaction
from marketplace.reporting import papers_pack
from marketplace.settlement import card_work
from tests.payments.test_stripe_refunds import ask
from tests.reporting.test_papers_pack import text_of


def pack_of(counter, bill_id):
    with transaction(write=False):
        return papers_pack.of_bill(counter.world.finance, bill_id)


@pytest.mark.parametrize(("method", "words"), [("alipay", "支付宝"), ("card", "银行卡")])
def test_a_card_payments_slip_says_amount_day_method_reference_and_refunds(counter, method, words):
    """Red when the charge is not read with its payment, or the transfer that it made is shown as a slip as well."""
    row = counter.paid(method=method)
    ask(counter, row, 5_000)
    card_work.work()
    pack = pack_of(counter, row.bill_id)
    [slip] = [one for one in pack.documents if one.kind in ("payment", "card_payment")]
    assert (slip.kind, slip.number) == ("card_payment", row.stripe_id)
    with transaction(write=False):
        pages = text_of(papers_pack.build(counter.world.finance, pack))
    [page] = [page for page in pages if "网上支付凭证" in page and "付款方式" in page]
    for part in (words, row.stripe_id, "1,200.00", "50.00", "已退回"):
        assert part in page


def test_what_is_still_under_way_is_missing_from_the_pack(counter):
    row = counter.asked()
    intent = counter.double.begins(row.checkout_id)
    counter.hear()
    assert [one.code for one in pack_of(counter, row.bill_id).missing] == ["no_invoice", "card_processing"]
    counter.double.succeeds(intent)
    counter.hear()
    ask(counter, row, 300)
    assert [one.code for one in pack_of(counter, row.bill_id).missing] == ["no_invoice", "refund_pending"]
    card_work.work()
    assert [one.code for one in pack_of(counter, row.bill_id).missing] == ["no_invoice"]
