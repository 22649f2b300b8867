"""The order confirmation: a PDF for both sides, and its stamped scan back."""

import io
from datetime import timedelta

import pypdf
import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from marketplace.core import clock
from marketplace.core.audit import AuditEvent
from marketplace.core.db import db, transaction
from marketplace.core.errors import NotFound
from marketplace.notices.models import Message
from marketplace.procurement import services as procurement
from marketplace.procurement.plan_models import OrderConfirmationScan
from tests.api.callers import Caller, neighbours, token_of
from tests.factories.world import World, scan
from tests.procurement.test_delivery_plans import built, planned


def text_of(content: bytes) -> str:
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def test_the_confirmation_names_parties_lines_plan_and_the_amount_in_words(app):
    """Red when a delivery or the words are left out."""
    with transaction():
        world = built()
        draft = planned(world, 60_000, 140_000, offsets=(3, 5))
        procurement.submit(world.requester, draft)
        [order] = procurement.approve(world.approver, draft)
        name, content = procurement.confirmation(world.manager, order.id)
    words = text_of(content).replace("\n", "").replace(" ", "")
    assert name.startswith(order.number)
    later = clock.today() + timedelta(days=5)
    for part in (
        "茶陵县沿河中学",
        "炎陵县桃源合作社",
        "炎陵黄桃大果",
        "校区1",
        "校区2",
        "贰仟肆佰元整",
        "甲方（盖章）",
    ):
        assert part in words, part
    assert f"{later.year}年{later.month}月{later.day}日" in words


def test_either_side_sends_the_stamped_scan_back_and_both_see_it(app):
    """Red when a scan is of the wrong side, or the other is not told."""
    with transaction():
        world = World.build()
        [order] = world.approved()
        procurement.add_confirmation_scan(world.requester, order, scan(world.requester))
        kept = procurement.add_confirmation_scan(world.clerk, order, scan(world.clerk))
        for actor in (world.requester, world.manager, world.office):
            assert [one.side for one in procurement.scans_of(actor, order)] == ["supplier", "agency"]
        for actor in (world.requester, world.manager):
            assert procurement.confirmation_scan(actor, order, kept.id).id == kept.file_id
        told = db.session.scalars(select(Message.kind).where(Message.about_id == order))
        assert {"order_confirmation_for_supplier", "order_confirmation_for_agency"} <= set(told)


def test_an_office_opens_a_stamped_scan_only_on_the_record(app):
    """Red when `confirmation_scan` opens to offices, or `open_scan` writes nothing."""
    with transaction():
        world = World.build()
        [order] = world.approved()
        kept = procurement.add_confirmation_scan(world.requester, order, scan(world.requester))
        with pytest.raises(NotFound):
            procurement.confirmation_scan(world.office, order, kept.id)
        assert procurement.open_scan(world.office, order, kept.id).id == kept.file_id
        opened = select(AuditEvent.user_id).where(AuditEvent.verb == "order.confirmation_read")
        assert db.session.scalars(opened).all() == [world.office.user]


def test_a_stranger_neither_reads_nor_adds_a_confirmation(app):
    """Red when the order is fetched without its sides."""
    with transaction():
        world = World.build()
        [order] = world.approved()
        kept = procurement.add_confirmation_scan(world.requester, order, scan(world.requester))
        other = neighbours()["supplier_manager"]
        for act in (
            lambda: procurement.confirmation(other, order),
            lambda: procurement.confirmation_scan(other, order, kept.id),
            lambda: procurement.open_scan(other, order, kept.id),
            lambda: procurement.add_confirmation_scan(other, order, scan(other)),
            lambda: procurement.add_confirmation_scan(world.requester, order, scan(world.manager)),  # not its own file
        ):
            with pytest.raises(NotFound):
                act()


def test_a_scan_is_not_changed(app):
    """Red when the table is no longer append-only."""
    with transaction():
        world = World.build()
        [order] = world.approved()
        procurement.add_confirmation_scan(world.requester, order, scan(world.requester))
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(update(OrderConfirmationScan).values(side="supplier"))


def test_the_offices_page_lists_plan_and_scans_and_opens_one_by_a_button(app):
    """Red when an office opens a scan by a link, which leaves no trace, or reads the contact of a delivery."""
    with transaction():
        world = built()
        draft = planned(world, 60_000, 140_000, offsets=(3, 5))
        procurement.submit(world.requester, draft)
        [order] = [row.id for row in procurement.approve(world.approver, draft)]
        kept = procurement.add_confirmation_scan(world.requester, order, scan(world.requester)).id
        tokens = {name: token_of(getattr(world, name)) for name in ("office", "requester")}
    office, buyer = (Caller(app, tokens[name]) for name in ("office", "requester"))
    url = f"/office/orders/{order}"
    shown = office("GET", url).text
    assert "订单确认书" in shown
    assert "校区 1" in shown
    assert "校区 2" in shown
    assert "李老师" not in shown
    assert "采购人盖章件" in shown
    assert office("GET", f"{url}/confirmation/{kept}").status_code == 405
    assert office("GET", f"/buyer/orders/{order}/confirmation/{kept}").status_code == 404
    assert office("POST", f"{url}/confirmation/{kept}").status_code == 200
    assert office("GET", f"{url}/confirmation.pdf").status_code == 200
    assert "查看盖章的订单确认书" in buyer("GET", f"/buyer/orders/{order}").text
    assert buyer("GET", f"/buyer/orders/{order}/confirmation/{kept}").status_code == 200
