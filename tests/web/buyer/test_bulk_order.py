"""The pages of the bulk order: chain and stand-ins, the delivery plan, an agreed price, the confirmation."""

import io
import re
from datetime import timedelta
from uuid import UUID

from marketplace.core import clock
from marketplace.core.db import transaction
from marketplace.procurement import services as procurement
from tests.factories.world import World, actor
from tests.procurement.test_agreed_lines import agreed


def test_a_chain_is_set_on_its_page_and_shown(world, ask):
    """Red when the page loses a tier or a step."""
    with transaction():
        leader = actor(world.requester.organisation, {"leader"})
    form = {
        "from_day": clock.today().isoformat(),
        "tiers.0.from_fen": "0",
        "tiers.0.title1": "总务处",
        "tiers.0.who1": "approver",
        "tiers.2.from_fen": "50000",
        "tiers.2.hold_days": "7",
        "tiers.2.who1": "approver",
        "tiers.2.who2": str(leader.user),
    }
    ask(leader, "/buyer/approval/chain", form, 303)
    page = ask(leader, "/buyer/approval").text
    assert "总务处" in page
    assert "50,000.00" in page
    with transaction(write=False):
        [rules] = procurement.chain(leader).values()
        assert [(rule.from_fen, len(rule.steps), rule.hold_days) for rule in rules] == [(0, 1, 3), (5_000_000, 2, 7)]
    refused = ask(leader, "/buyer/approval/chain", form | {"tiers.0.who1": ""}, 422).text
    assert "bf-summary" in refused


def test_a_deputy_is_named_on_the_page_and_ended(world, ask):
    """Red when the page cannot name, or end, a stand-in."""
    with transaction():
        leader = actor(world.requester.organisation, {"leader"}, "何校长")
    day = clock.today().isoformat()
    form = {"principal_id": str(leader.user), "deputy_id": str(world.approver.user), "from_day": day, "until_day": day}
    ask(leader, "/buyer/approval/deputies", form, 303)
    page = ask(leader, "/buyer/approval").text
    [end] = re.findall(r'action="(/buyer/approval/deputies/[^"]+/end)"', page)
    ask(leader, end, {}, 303)
    assert end not in ask(leader, "/buyer/approval").text


def test_a_plan_is_filled_parted_evenly_and_dropped(world, ask):
    """Red when a button of the plan loses what was typed."""
    with transaction():
        draft = world.draft(200_000)
    path, day = f"/buyer/requisitions/{draft}/plan", (clock.today() + timedelta(days=3)).isoformat()
    place = {"deliver_on.1": day, "address.1": "甲校区", "contact.1": "张", "count": "1", "part.1.1": "200"}
    ask(world.requester, path, place | {"do": "add"}, 303)
    assert len(plan_of(world, draft)) == 2
    both = place | {"deliver_on.2": day, "address.2": "乙校区", "contact.2": "李", "count": "2", "part.2.1": "15"}
    ask(world.requester, path, both | {"do": "save"}, 303)
    assert "第 1 行" in ask(world.requester, path).text  # 215 of 200: told on the page, kept as typed
    ask(world.requester, path, both | {"do": "even"}, 303)
    assert [list(one.parts.values()) for one in plan_of(world, draft)] == [[100_000], [100_000]]
    assert ask(world.requester, path, both | {"deliver_on.2": "昨天"}, 422)
    ask(world.requester, path, both | {"do": "drop"}, 303)
    assert plan_of(world, draft) == []


def plan_of(world: World, draft: UUID):
    with transaction(write=False):
        return procurement.plan_of(procurement.requisition(world.requester, draft))


def test_the_builder_offers_the_agreed_price_and_takes_it(world, ask):
    """Red when saving loses the line's agreed price."""
    with transaction():
        price = agreed(world)
        draft = world.draft(200_000)
    path = f"/buyer/requisitions/{draft}"
    page = ask(world.requester, path).text
    assert f'value="agree:1:{price}"' in page
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    form = {"title": "采购", "channel": "online", "contact": "张", "counted_as": "union", "version": version}
    line = {"lines.0.offer_id": str(world.offer), "lines.0.quantity": "200"}
    ask(world.requester, path, form | line | {"do": f"agree:1:{price}"}, 303)
    with transaction(write=False):
        assert [one.agreed_id for one in procurement.requisition_lines(draft)] == [price]
        assert procurement.requisition(world.requester, draft).counted_as == "union"
    assert "FA-2026-000001" in ask(world.requester, path).text


def test_the_page_tells_whose_turn_it_is_and_refuses_a_step_that_has_passed(world, ask):
    """Red when the decision does not carry the step that was seen."""
    with transaction():
        leader = actor(world.requester.organisation, {"leader"}, "何校长")
        steps = [{"title": "科室", "role": "approver"}, {"title": "校长", "role": "leader"}]
        procurement.set_chain(leader, clock.today(), [{"from_fen": 0, "steps": steps}])
        draft = procurement.submit(world.requester, world.draft()).id
    path = f"/buyer/requisitions/{draft}"
    assert "科室" in ask(world.approver, path).text
    decision = {"decision": "approve", "step": "1"}
    ask(world.approver, f"{path}/decide", decision, 303)
    assert ask(leader, f"{path}/decide", decision, 422)
    assert ask(world.approver, f"{path}/decide", {"decision": "approve", "step": "2"}, 422)
    ask(leader, f"{path}/decide", {"decision": "approve", "step": "2"}, 303)
    with transaction(write=False):
        assert procurement.requisition(world.requester, draft).state == "approved"


def test_the_confirmation_is_printed_and_its_scan_sent_back(world, ask):
    """Red when either side's page loses the PDF or the scan."""
    with transaction():
        [order] = world.approved()
    for who, side in ((world.requester, "buyer"), (world.manager, "supplier")):
        base = f"/{side}/orders/{order}"
        assert ask(who, f"{base}/confirmation.pdf").get_data().startswith(b"%PDF-")
        assert ask(who, f"{base}/confirmation", {}, 422)
        scan = {"file": (io.BytesIO(b"%PDF-1.4 stamped"), "盖章.pdf")}
        ask(who, f"{base}/confirmation", scan, 303)
        page = ask(who, base).text
        [link] = re.findall(rf'href="({base}/confirmation/[0-9a-f-]+)"', page)[:1]
        assert ask(who, link).get_data() == b"%PDF-1.4 stamped"
