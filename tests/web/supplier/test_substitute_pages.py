"""A substitute from the supplier's page to the agency's answer."""

from marketplace.core.db import transaction
from marketplace.procurement import services as procurement
from tests.factories.world import list_offer


def test_a_substitute_is_proposed_seen_and_answered(world, ask):
    with transaction():
        other = list_offer(
            world.manager, world.product, "YL-HT-0400", order_unit="箱", content=5_000, minimum=1_000, pack=1_000,
            step=1_000, breaks=[(1_000, 5_500)],
        )  # fmt: skip
        [order] = world.approved(100_000)
        procurement.confirm(world.manager, order)
        line = procurement.lines_of([order])[order][0].id
    url = f"/supplier/orders/{order}/substitutes"
    form = {"order_line_id": str(line), "offer_id": str(other), "quantity": "40", "instead": "9", "price_fen": "55"}
    page = ask(world.clerk, url, form | {"reason": "大果断货"}, 422).text
    assert "替代的金额不能高于让出的" in page
    assert 'value="9"' in page
    ask(world.clerk, url, form | {"instead": "8", "reason": "大果断货"}, 303)
    assert "待采购人同意" in ask(world.clerk, url).text
    with transaction(write=False):
        row = procurement.substitutes_of([order])[order][0].id
    assert "同意替代" in ask(world.requester, f"/buyer/substitutes/{row}").text
    ask(world.requester, f"/buyer/substitutes/{row}/refuse", {"answer": ""}, 422)
    ask(world.requester, f"/buyer/substitutes/{row}/consent", {}, 303)
    assert "YL-HT-0400" in ask(world.requester, f"/buyer/orders/{order}").text
    ask(world.requester, f"/buyer/substitutes/{row}/consent", {}, 409)
