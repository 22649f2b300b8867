"""Substitutes only with consent: what may be proposed, who answers, and what moves."""

import pytest
from sqlalchemy import select

from marketplace.accreditation import services as accreditation
from marketplace.catalogue import services as catalogue
from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, DomainError, Forbidden, Many, NotFound
from marketplace.procurement import services as procurement
from marketplace.procurement.models import OrderLine
from marketplace.products import services as products
from marketplace.quota import services as quota
from marketplace.settlement import checks
from tests.factories.world import TOWNSHIP, list_offer
from tests.faults.test_races import race


@pytest.fixture
def line(world):
    """A confirmed order's line of 100 千克 at ¥12, and `extra["other"]`: another peach at ¥11 in boxes of 5 千克."""
    with transaction():
        other = peach(world, "YL-HT-0400", granted=True)
        world.extra["other"] = list_offer(
            world.manager, other, "YL-HT-0400", order_unit="箱", content=5_000, minimum=1_000, pack=1_000, step=1_000,
            stock=100_000, breaks=[(1_000, 5_500)],
        )  # fmt: skip
        [order] = world.approved(100_000)
        procurement.confirm(world.manager, order)
        return procurement.lines_of([order])[order][0].id


def peach(world, code, granted, category="peach"):
    product = products.add_product(
        world.manager, code=code, name=f"炎陵黄桃 {code}", category_code=category, base_unit="千克", origin=TOWNSHIP
    ).id
    if granted:
        accreditation.give(
            world.office,
            product,
            programme="832",
            valid_from=clock.today(),
            valid_to=clock.today(),
            committed_value_fen=10**9,
        )
    return product


def propose(world, line, **other):
    asked = {"offer_id": world.extra["other"], "quantity": 40_000, "instead": 8_000, "price_fen": 5_500}
    return procurement.propose_substitute(world.clerk, line, **(asked | {"reason": "大果断货"} | other))


def code_of(act) -> str:
    with pytest.raises(DomainError) as refusal, transaction():
        act()
    error = refusal.value
    return error.errors[0].code if isinstance(error, Many) else error.code


def plan(world):
    return quota.plan_of(world.requester.organisation, clock.today().year)


def test_consent_moves_the_quantity_its_stock_and_no_more_of_the_plan(world, line):
    """Red when consent commits the new line beside the old, or forgets one of the two offers."""
    with transaction():
        held = plan(world).committed_fen
        stocks = {offer: catalogue.one(offer).reserved for offer in (world.offer, world.extra["other"])}
        row = propose(world, line)
        assert db.session.get_one(OrderLine, line).open == 100_000  # nothing moves before consent
        row = procurement.consent_to_substitute(world.requester, row.id)
    with transaction(write=False):
        old, new = db.session.get_one(OrderLine, line), db.session.get_one(OrderLine, row.new_line_id)
        assert (old.open, old.cancelled) == (60_000, 40_000)
        assert (new.ordered, new.open, new.price_fen, new.money_fen) == (8_000, 8_000, 5_500, 44_000)
        assert new.counts
        assert new.grant_id is not None
        assert plan(world).committed_fen == old.committed_fen + new.committed_fen + held - 120_000 <= held
        assert catalogue.one(world.offer).reserved == stocks[world.offer] - 40_000
        assert catalogue.one(world.extra["other"]).reserved == stocks[world.extra["other"]] + 8_000
        assert checks.committed_money_of_a_plan_is_its_open_lines() == []


def test_what_is_dearer_another_kind_or_not_eligible_is_not_proposed(world, line):
    with transaction():
        tea = peach(world, "YL-TE-1", granted=True, category="tea")
        tea = list_offer(world.manager, tea, "YL-TE-1")
        strange = list_offer(world.manager, peach(world, "YL-HT-0401", granted=False), "YL-HT-0401")
    assert code_of(lambda: propose(world, line, price_fen=6_005)) == "price_above"
    assert code_of(lambda: propose(world, line, instead=9_000)) == "money_above"
    assert code_of(lambda: propose(world, line, quantity=100_001)) == "beyond_open"
    assert code_of(lambda: propose(world, line, quantity=0)) == "quantity_zero"
    assert code_of(lambda: propose(world, line, offer_id=world.offer)) == "same_offer"
    assert code_of(lambda: propose(world, line, offer_id=tea)) == "other_category"
    assert code_of(lambda: propose(world, line, offer_id=strange, instead=1_000, price_fen=1_000)).startswith(
        "not_eligible"
    )
    assert code_of(lambda: propose(world, line, reason=" ")) == "reason_needed"


def test_a_line_has_one_proposal_at_a_time_and_each_is_answered_once(app, world, line):
    with transaction():
        row = propose(world, line).id
    assert code_of(lambda: propose(world, line)) == "substitute_waits"
    results = race(app, [lambda: procurement.consent_to_substitute(world.requester, row)] * 4)
    assert sum(not isinstance(result, DomainError) for result in results) == 1
    with transaction(write=False):
        assert len(db.session.scalars(select(OrderLine).where(OrderLine.offer_id == world.extra["other"])).all()) == 1
    with pytest.raises(Conflict), transaction():
        procurement.refuse_substitute(world.requester, row, "不要")


def test_what_is_refused_or_withdrawn_moves_nothing(world, line):
    with transaction():
        row = propose(world, line).id
    assert code_of(lambda: procurement.refuse_substitute(world.requester, row, " ")) == "reason_needed"
    with transaction():
        assert procurement.refuse_substitute(world.requester, row, "只要大果").state == "refused"
        assert procurement.withdraw_substitute(world.clerk, propose(world, line).id).state == "withdrawn"
        assert db.session.get_one(OrderLine, line).open == 100_000


def test_who_may_not_answer_does_not(world, line):
    with transaction():
        row = propose(world, line).id
    with pytest.raises(Forbidden), transaction():
        procurement.consent_to_substitute(world.clerk, row)
    with pytest.raises(Forbidden), transaction():
        procurement.consent_to_substitute(world.receiver, row)
    with pytest.raises(NotFound), transaction():
        procurement.propose_substitute(
            world.clerk, world.offer, offer_id=world.offer, quantity=1, instead=1, price_fen=1, reason="x"
        )


def test_stock_that_is_gone_meanwhile_is_not_promised(world, line):
    with transaction():
        row = propose(world, line).id
        catalogue.set_stock(world.manager, world.extra["other"], 1_000)
    assert code_of(lambda: procurement.consent_to_substitute(world.requester, row)) == "beyond_stock"
