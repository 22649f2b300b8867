"""Filling a bulk order: every button keeps what was typed and does its one thing."""

import pytest

from marketplace.core.db import transaction
from marketplace.procurement import services as procurement
from marketplace.web.buyer import typed


@pytest.fixture
def draft(world):
    with transaction():
        return world.draft(200_000)


def url(draft) -> str:
    return f"/buyer/requisitions/{draft}"


def kept(world, draft) -> list[tuple[int, bool, str]]:
    with transaction(write=False):
        return [(line.quantity, line.counts, line.reason) for line in procurement.requisition_lines(draft)]


def typed_form(world, draft, quantity: str = "200", **more: str) -> dict[str, str]:
    with transaction(write=False):
        row = procurement.requisition(world.requester, draft)
        head = {"title": row.title, "channel": row.channel, "deliver_on": row.deliver_on.isoformat()}
        head |= {"address": row.address, "contact": row.contact, "version": str(row.version)}
    line = {"lines.0.offer_id": str(world.offer), "lines.0.quantity": quantity, "lines.0.counts": "1"}
    return head | line | more


def test_saving_keeps_head_and_lines(world, ask, draft):
    form = typed_form(world, draft, "505", title="冬季备货", do="save")
    ask(world.requester, url(draft), form, 303)
    assert kept(world, draft) == [(505_000, True, "")]
    page = ask(world.requester, url(draft)).text
    assert "冬季备货" in page
    assert "¥5,757.00" in page


def test_an_entry_adds_the_offer_of_that_code_and_merges_with_its_line(world, ask, draft):
    ask(world.requester, url(draft), typed_form(world, draft, do="add", entry="yl-ht-0312 50"), 303)
    assert kept(world, draft) == [(250_000, True, "")]
    ask(world.requester, url(draft), typed_form(world, draft, "250", do="add", entry="YL-HT-0313"), 303)
    assert kept(world, draft) == [(250_000, True, ""), (20_000, True, "")]  # no quantity: the minimum


def test_a_word_that_means_several_offers_shows_them_to_pick_from(world, ask, draft):
    page = ask(world.requester, url(draft), typed_form(world, draft, do="add", entry="黄桃 60")).text
    assert page.count('value="pick:') == 2
    assert kept(world, draft) == [(200_000, True, "")]
    pick = f"pick:{world.extra['second']}:60"
    ask(world.requester, url(draft), typed_form(world, draft, do=pick), 303)
    assert [line[0] for line in kept(world, draft)] == [200_000, 60_000]


def test_pasted_rows_are_added_and_unknown_codes_stay_with_near_ones(world, ask, draft):
    paste = "编码\t数量\nYL-HT-0313\t40\nYL-HT-0399 5\nYL-HT-0312，abc"
    page = ask(world.requester, url(draft), typed_form(world, draft, do="paste", paste=paste)).text
    assert [line[0] for line in kept(world, draft)] == [200_000, 40_000]
    assert "3 行中识别 1 行" in page
    assert "第 3 行 YL-HT-0399" in page
    assert "相近" in page
    assert "YL-HT-0399\t5\nYL-HT-0312\tabc" in page  # what was not taken stays in the box


def test_a_repair_sets_the_quantity_that_the_rules_take(world, ask, draft):
    ask(world.requester, url(draft), typed_form(world, draft, "203", do="save"), 303)
    page = ask(world.requester, url(draft)).text
    assert "数量须是 5 千克的整数倍" in page
    assert 'value="set:1:200000"' in page
    assert 'value="set:1:205000"' in page
    ask(world.requester, url(draft), typed_form(world, draft, "203", do="set:1:205000"), 303)
    assert kept(world, draft)[0][0] == 205_000


def test_text_that_is_no_quantity_is_shown_again_and_nothing_is_kept(world, ask, draft):
    page = ask(world.requester, url(draft), typed_form(world, draft, "二百", title="别的", do="save"), 422).text
    assert 'value="二百"' in page
    assert 'value="别的"' in page
    assert "不是数量" in page
    assert kept(world, draft) == [(200_000, True, "")]


def test_a_submit_with_problems_shows_each_at_its_line_and_keeps_what_was_typed(world, ask, draft):
    page = ask(world.requester, url(draft), typed_form(world, draft, "3", contact="", do="submit"), 422).text
    assert "低于起订量 10 千克" in page
    assert 'value="3"' in page
    assert 'href="#f-contact"' in page
    with transaction(write=False):
        assert procurement.requisition(world.requester, draft).state == "draft"


def test_a_complete_draft_is_submitted_and_another_person_decides(world, ask, draft):
    ask(world.requester, url(draft), typed_form(world, draft, do="submit"), 303)
    ask(world.requester, f"{url(draft)}/decide", {"decision": "approve"}, 403)
    assert "批准后剩余份额" in ask(world.approver, url(draft)).text
    refused = ask(world.approver, f"{url(draft)}/decide", {"decision": "reject", "reason": " "}, 422).text
    assert "请写明理由" in refused
    ask(world.approver, f"{url(draft)}/decide", {"decision": "approve"}, 303)
    assert "SO-" in ask(world.approver, url(draft)).text


def test_the_second_of_two_editors_sees_both_and_may_keep_either(world, ask, draft):
    seen = typed_form(world, draft, "300", do="save")
    ask(world.requester, url(draft), typed_form(world, draft, "205", do="save"), 303)
    page = ask(world.requester, url(draft), seen, 409).text
    assert "300" in page
    assert "205.000" in page
    assert 'value="overwrite"' in page
    assert kept(world, draft)[0][0] == 205_000
    ask(world.requester, url(draft), seen | {"do": "overwrite"}, 303)
    assert kept(world, draft)[0][0] == 300_000


def test_a_change_that_leaves_the_sum_as_it_was_is_a_conflict_too(world, ask, draft):
    """Red when put_lines does not mark the order itself as changed."""
    seen = typed_form(world, draft, "200", do="save")
    ask(world.requester, url(draft), seen | {"lines.0.reason": "独家"}, 303)
    ask(world.requester, url(draft), seen, 409)
    assert kept(world, draft)[0][2] == "独家"


def test_blank_rows_do_not_shift_a_refusal_to_another_line(world, ask):
    """Red when a cancelled line's row is counted among the filled ones only."""
    with transaction():
        order = world.approved(offers={world.offer: 200_000, world.extra["second"]: 40_000})[0]
        lines = procurement.lines_of([order])[order]
    form = {"reason": "x", "lines.1.quantity": "999"}
    form |= {f"lines.{place}.order_line_id": str(line.id) for place, line in enumerate(lines)}
    page = ask(world.requester, f"/buyer/orders/{order}/cancel", form, 422).text
    assert 'id="e-lines.1.quantity"' in page


def test_a_foreign_bulk_order_is_not_found(world, ask, draft):
    ask(world.manager, url(draft), status=403)
    ask(world.requester, "/buyer/requisitions/01a20036-c5e1-77b3-b7b2-810ed65992ac", status=404)


def test_a_product_page_puts_its_quantity_into_a_new_draft(world, ask):
    answer = ask(world.requester, "/buyer/lines", {"code": "YL-HT-0312", "quantity": "60"}, 303)
    draft = answer.location.rsplit("/", 1)[1]
    assert "720.00" in ask(world.requester, url(draft)).text


@pytest.mark.parametrize(
    ("text", "words", "quantity"),
    [
        ("ylht 600", "ylht", "600"),
        ("炎陵 黄桃 12.5", "炎陵 黄桃", "12.5"),
        ("YL-HT-0312", "YL-HT-0312", ""),
        ("桃 50斤", "桃", "50斤"),
    ],
)
def test_an_entry_ends_in_its_quantity(text, words, quantity):
    assert typed.split_entry(text) == (words, quantity)


def test_the_builder_asks_a_constant_number_of_statements(world, ask, draft):
    from sqlalchemy import event

    from marketplace.core.db import db
    from tests.factories.world import list_offer

    def statements() -> int:
        ask(world.requester, url(draft))  # what a process remembers for a while is read again now, if it is time
        seen: list[str] = []
        event.listen(db.engine, "before_cursor_execute", note := lambda *found: seen.append(found[2]))
        ask(world.requester, url(draft))
        event.remove(db.engine, "before_cursor_execute", note)
        return len(seen)

    few = statements()
    with transaction():
        offers = [list_offer(world.manager, world.product, f"YL-X-{number}") for number in range(40)]
        lines = [{"offer_id": offer, "quantity": 10_000} for offer in offers]
        procurement.put_lines(world.requester, draft, lines)
    # Forty lines more. A row that the session holds is not read again; whether it still does is the collector's affair.
    assert abs(statements() - few) <= 1
