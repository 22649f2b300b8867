"""Invariant 15, search's half: the index is the catalogue, once the worker has been."""

from datetime import timedelta

from marketplace import worker
from marketplace.accreditation import services as accreditation
from marketplace.catalogue import services as catalogue
from marketplace.core import clock, outbox
from marketplace.core.db import transaction
from marketplace.products import services as products
from marketplace.search import gather
from marketplace.search import services as search
from marketplace.search.documents import Query
from tests.factories.world import TOWNSHIP, World, list_offer


def found(text: str, **filters) -> list:
    with transaction(write=False):
        return list(search.search(Query(day=clock.today(), text=text, **filters)).ids)


def test_a_listed_offer_is_found_by_a_word_inside_its_name_once_the_worker_has_been(app):
    """Red when `list_offer` emits nothing."""
    with transaction():
        world = World.build()
        gift = products.add_product(
            world.manager, code="G1", name="炎陵黄桃礼盒装", category_code="peach", base_unit="千克", origin=TOWNSHIP
        )
        offer = list_offer(world.manager, gift.id, "G1")
    assert found("黄桃") == []
    outbox.relay(worker.HANDLERS)
    assert set(found("黄桃")) == {world.offer, offer}
    assert found("黄桃", eligible=True) == [world.offer]


def test_a_withdrawn_offer_and_a_revoked_grant_leave_the_index(app):
    """Red when `withdraw` or the end of a grant emits nothing."""
    with transaction():
        world = World.build()
    outbox.relay(worker.HANDLERS)
    with transaction():
        [grant] = accreditation.of_product(world.product)
        accreditation.end(world.office, grant.id, "revoke", "转售")
    outbox.relay(worker.HANDLERS)
    assert found("黄桃", eligible=True) == []
    assert found("黄桃") == [world.offer]
    with transaction():
        catalogue.withdraw(world.manager, world.offer)
    outbox.relay(worker.HANDLERS)
    assert found("黄桃") == []


def test_a_lost_index_is_made_again_by_the_worker(app):
    """Red when `mend_index` is not among the worker's duties."""
    with transaction():
        World.build()
    outbox.relay(worker.HANDLERS)
    with transaction():
        search.rebuild([])
    assert worker.mend_index in worker.DUTIES
    worker.mend_index()
    with transaction(write=False):
        assert search.count() == gather.on_sale() == 1


def test_an_order_that_nobody_confirms_lapses_and_releases_what_it_held(app):
    """Red when the worker forgets `lapse_orders`, or lapsing leaves stock reserved."""
    with transaction():
        world = World.build()
        world.approved()
    assert worker.lapse_orders in worker.DUTIES
    with clock.fixed(clock.now() + timedelta(days=3)):
        worker.lapse_orders()
    with transaction(write=False):
        assert catalogue.one(world.offer).reserved == 0
