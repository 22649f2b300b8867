"""A remembered page never shows an old price, stock or state, and belongs to nobody who is signed in."""

import pytest

from marketplace.catalogue import services as catalogue
from marketplace.core.db import db, transaction
from marketplace.search import gather
from marketplace.search import services as search
from marketplace.web.public import remembered
from tests.factories.world import World


@pytest.fixture
def world(app):
    with transaction():
        world = World.build()
    with transaction():
        search.rebuild(gather.documents())
    return world


def text(client, url):
    response = client.get(url)
    assert response.status_code == 200
    return response.get_data(as_text=True)


def test_a_second_look_at_a_product_is_the_remembered_page(world, client, monkeypatch):
    """Fails when the page is rendered for every request again."""
    first = text(client, "/products/YL-HT-0312")
    monkeypatch.setattr("marketplace.web.public.product.render_template", None)
    assert text(client, "/products/YL-HT-0312") == first


def test_a_changed_price_break_shows_at_once(world, client):
    """Fails when a change of the breaks alone keeps the offer's version."""
    assert "11.40" in text(client, "/products/YL-HT-0312")
    assert "11.40" in text(client, "/catalogue")
    with transaction():
        version = catalogue.by_code("YL-HT-0312").version
        catalogue.edit_offer(world.manager, world.offer, version, breaks=[(10_000, 1200), (500_000, 1130)])
    assert "11.30" in text(client, "/products/YL-HT-0312")
    assert "11.30" in text(client, "/catalogue")


def test_stock_that_an_order_holds_is_gone_from_the_product_page_at_once(world, client):
    """Fails when the page's stamp forgets what is reserved."""
    assert "10,000 千克" in text(client, "/products/YL-HT-0312")
    with transaction():
        catalogue.reserve({world.offer: 4_000_000})
    assert "6,000 千克" in text(client, "/products/YL-HT-0312")


def test_remembered_pages_stay_within_their_bytes(world, client, monkeypatch):
    """Fails when the oldest page is not dropped for the newest."""
    monkeypatch.setattr(remembered, "PAGES_BYTES", 60_000)
    for quantity in range(10, 20):
        text(client, f"/products/YL-HT-0312?quantity={quantity * 5}")
    assert remembered._held["bytes"] == sum(len(body) for _until, body in remembered._pages.values()) <= 60_000
    db.session.rollback()
