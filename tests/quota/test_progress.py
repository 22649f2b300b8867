"""Progress: settled lines by whose money it was, returns taken back, a tree's sum equal to its distinct settled lines,
what is still to order and by when, and orders that may miss the year."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Uuid, bindparam, func, select, text

from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.core.errors import NotFound
from marketplace.findings.models import Finding
from marketplace.identity import services as identity
from marketplace.identity.models import Organisation
from marketplace.notices.models import Message
from marketplace.payments import services as payments
from marketplace.payments.models import Bill
from marketplace.procurement import services as procurement
from marketplace.quota import services as quota
from marketplace.quota.filing import name_contractor
from marketplace.quota.models import QuotaPlan
from marketplace.settlement import checks, trade_checks
from marketplace.settlement import plans as progress
from marketplace.settlement import services as settlement
from marketplace.settlement.models import SettledLine
from tests.factories.world import World, actor
from tests.quota import helpers as h


def buyers(unit_id):
    """The people of a unit that its orders need."""
    roles = {"requester", "approver", "receiver", "finance"}
    return {role: actor(unit_id, {role}) for role in roles}


def bought(world: World, lot, people, fen_per: int = 20_000, counted_as: str = "canteen") -> list[SettledLine]:
    """One order of a unit, from the request to the settled line."""
    order = ordered(world, people, fen_per, counted_as)
    procurement.confirm(world.manager, order)
    line = procurement.lines_of([order])[order][0]
    part = procurement.Part(line.id, lot, fen_per)
    shipment = procurement.ship(world.clerk, order, [part], expected_on=clock.today()).id
    row, _ = procurement.shipment(people["receiver"], shipment)
    counts = [procurement.Count(one.id, one.quantity, None, "") for one in row.lines]
    settlement.accept(people["receiver"], shipment, counts, witness="周立新")
    bill = db.session.scalars(select(Bill).where(Bill.order_id == order)).one()
    transfer = payments.record_transfer(
        people["finance"], bill.id, fen=bill.total_fen, paid_on=clock.today(), bank_serial=str(order)[:20]
    )
    settlement.confirm_payment(world.manager, transfer.id)
    return list(db.session.scalars(select(SettledLine).where(SettledLine.order_id == order)))


def ordered(world: World, people, quantity: int = 20_000, counted_as: str = "canteen", deliver_on=None):
    requisition = submitted(world, people, quantity, counted_as, deliver_on)
    return procurement.approve(people["approver"], requisition)[0].id


def submitted(world: World, people, quantity: int = 20_000, counted_as: str = "canteen", deliver_on=None):
    row = procurement.open_requisition(
        people["requester"],
        title="备货",
        deliver_on=deliver_on or clock.today() + timedelta(days=3),
        window="上午",
        contact="陈老师",
        address="云阳街道 2 号",
        counted_as=counted_as,
    )
    procurement.put_lines(people["requester"], row.id, [{"offer_id": world.offer, "quantity": quantity}])
    procurement.submit(people["requester"], row.id)
    return row.id


@pytest.fixture
def world(app):
    with transaction():
        return World.build()


def people_of(world: World):
    return {name: getattr(world, name) for name in ("requester", "approver", "receiver", "finance")}


def test_each_kind_of_money_stands_apart_and_their_sum_is_the_plans(world):
    """Red when a contractor's order under the default name is counted as the canteen's."""
    with transaction():
        lot = world.lot()
        cook = h.unit()
        plan = quota.plan_of(world.requester.organisation, clock.today().year)
        plan.unit_case = "outsourced"
        db.session.flush()
        name_contractor(plan, cook.id, date(clock.today().year, 1, 1))
        own, others = people_of(world), buyers(cook.id)
        fen = {
            "canteen": bought(world, lot, own)[0].money_fen,
            "union": bought(world, lot, own, 25_000, "union")[0].money_fen,
            "employee": bought(world, lot, own, 30_000, "employee")[0].money_fen,
            "contractor": bought(world, lot, others, 35_000)[0].money_fen
            + bought(world, lot, others, 40_000, "contractor")[0].money_fen,
        }
        assert settlement.counted_of_plans([plan.id])[plan.id] == fen
        db.session.refresh(plan)
        assert plan.settled_fen == sum(fen.values())
        lines, total = settlement.lines_of_plan(plan.id, counted_as="contractor")
        assert (total, sum(line.money_fen for line in lines)) == (2, fen["contractor"])
        assert checks.settled_money_of_a_plan_is_its_lines() == []


def test_an_order_counts_only_once_reviewed_where_the_region_says_so(world):
    """Red when `counted_of_plans` does not ask `count_reviewed_only`, or an unconfirmed parameter asks."""
    year = clock.today().year
    with transaction():
        heads = h.office()
        lot = world.lot()
        first, second = (bought(world, lot, people_of(world), each)[0] for each in (20_000, 30_000))
        plan = quota.plan_of(world.requester.organisation, year)
        both = first.money_fen + second.money_fen
        values = {"minimum_bp": 1000, "source": "文件 1", "needs_review": True}
        row = quota.set_rule(heads[0], year, "4302", **values)
        assert settlement.unreviewed_of_plans([plan.id]) == {}
        assert settlement.outlook(plan).sums.counted_fen == both
        quota.confirm_rule(heads[1], row.id)
        sums = settlement.outlook(plan).sums
        assert (sums.settled_fen, sums.unreviewed_fen, sums.counted_fen) == (both, both, 0)
        assert sums.to_order_fen == plan.target_fen - both  # what was bought need not be bought again
        procurement.review(world.requester, first.order_line_id, quality=5, packing=4, punctuality=5)
        assert settlement.unreviewed_of_plans([plan.id]) == {plan.id: second.money_fen}
        assert settlement.counted_of_plans([plan.id])[plan.id]["canteen"] == first.money_fen
        total = progress.consolidated(world.requester, year).total
        assert (total.settled_fen, total.unreviewed_fen) == (first.money_fen, second.money_fen)
        assert checks.settled_money_of_a_plan_is_its_lines() == []
        procurement.review(world.requester, second.order_line_id, quality=5, packing=4, punctuality=5)
        assert settlement.outlook(plan).sums.counted_fen == both


def test_a_return_takes_its_money_back_and_progress_may_pass_the_whole(world):
    with transaction():
        lot = world.lot()
        line = bought(world, lot, people_of(world), 900_000)[0]
        plan = quota.plan_of(world.requester.organisation, clock.today().year)
        assert plan.settled_fen == line.money_fen > plan.target_fen
        assert settlement.outlook(plan).sums.to_order_fen == 0
        settlement.reverse(
            world.manager, line.id, quantity=900_000, reason="压伤", red_invoice_number="R1", refund_serial="T9"
        )
        plan = quota.plan_of(world.requester.organisation, clock.today().year)
        assert (plan.settled_fen, settlement.counted_of_plans([plan.id])[plan.id]["canteen"]) == (0, 0)


def test_what_is_still_to_order_counts_settled_approved_and_submitted(world):
    with transaction():
        lot, people = world.lot(), people_of(world)
        settled = bought(world, lot, people)[0].money_fen
        ordered(world, people, 25_000)
        submitted(world, people, 30_000)
        plan = quota.plan_of(world.requester.organisation, clock.today().year)
        sums = settlement.outlook(plan).sums
        assert (sums.settled_fen, sums.committed_fen, sums.submitted_fen) == (settled, 30_000, 36_000)
        assert sums.to_order_fen == plan.target_fen - settled - 30_000 - 36_000


def test_orders_that_may_miss_the_year_are_told_once_and_found_by_the_office(app):
    """From 1 November: a term of payment that ends after 31 December. Red when the day of warning is not looked at."""
    with transaction():
        with h.on(10, 30):
            world = World.build()
            people, agency = people_of(world), world.requester.organisation
            in_time = ordered(world, people, 20_000, deliver_on=date(h.YEAR, 12, 1))
            late = ordered(world, people, 25_000, deliver_on=date(h.YEAR, 12, 2))
            assert settlement.outlook(quota.plan_of(agency, h.YEAR)).may_miss == []
            assert settlement.warn_of_the_year() == 0
        with h.on(11, 1):
            found = settlement.outlook(quota.plan_of(agency, h.YEAR))
            assert [(order.id, day) for order, day in found.may_miss] == [(late, date(h.YEAR + 1, 1, 1))]
            assert found.may_miss_fen == found.may_miss[0][0].committed_fen > 0
            assert settlement.warn_of_the_year() == settlement.warn_of_the_year() == 1
        told = select(Message.about_id).where(Message.kind == "order_may_miss_year")
        assert list(db.session.scalars(told)) == [late] != [in_time]
        assert list(db.session.scalars(select(Finding.object_id).where(Finding.kind == "order_may_miss_year"))) == [
            str(late)
        ]


@pytest.fixture
def tree(world):
    """A department over two bureaus over units of every case; outside it a unit whose canteen serves one of them.

    department ─ north ─ own canteen, outsourced (contractor: cook, a unit of the department), without plan
               └ south ─ shared (counted at host, outside), merged into another, renamed
    """
    year = clock.today().year
    with transaction():
        department = h.unit(name="教育局")
        north, south = h.unit(department, name="北区"), h.unit(department, name="南区")
        cook, host = h.unit(department, name="配餐公司"), h.unit(name="外单位")
        units = {
            "own": h.unit(north),
            "outsourced": h.unit(north),
            "without": h.unit(north),
            "shared": h.unit(south),
            "merged": h.unit(south),
            "into": h.unit(south),
            "old": h.unit(south),
            "new": h.unit(south),
            "cook": cook,
            "host": host,
            "department": department,
            "north": north,
        }
        head = world.office
        filing = {"year": year}
        with clock.fixed(clock.at(date(year, 1, 10))):
            for name in ("own", "host", "merged", "into", "old", "department"):
                h.approved(units[name], head, **filing)
            h.approved(units["outsourced"], head, unit_case="outsourced", contractor_ids=(cook.id,), **filing)
            h.approved(units["shared"], head, unit_case="shared", shared_with_id=host.id, **filing)
    return units


def test_a_departments_progress_counts_every_line_once(world, tree):
    """Three levels and every unit case: the total equals the distinct settled lines of the tree's plans, bought by
    whomever. Red when a covered plan, a contractor's unit or a unit that was followed is counted as well."""
    year = clock.today().year
    with transaction():
        lot = world.lot(10_000_000)
        teams = {name: buyers(unit.id) for name, unit in tree.items()}
        for name, quantity in (
            ("own", 20_000),
            ("outsourced", 25_000),
            ("cook", 30_000),
            ("without", 35_000),
            ("shared", 40_000),
            ("host", 45_000),
            ("merged", 50_000),
            ("into", 55_000),
            ("old", 60_000),
            ("department", 65_000),
        ):
            bought(world, lot, teams[name], quantity)
        open_order = ordered(world, teams["merged"], 70_000)
        for old, new in (("merged", "into"), ("old", "new")):
            quota.abolish(
                world.office,
                tree[old].id,
                abolished_on=clock.today(),
                document="机编办 1 号",
                successor_id=tree[new].id,
            )
        bought(world, lot, teams["into"], 75_000)
        bought(world, lot, teams["new"], 80_000)
        chief = h.seen_again(tree["department"]).checker
        found = progress.consolidated(chief, year)

        inside = {row.id for row in found.rows}
        assert {tree[name].id for name in ("own", "outsourced", "without", "shared", "into", "new", "cook")} <= inside
        assert not {tree[name].id for name in ("host", "merged", "old")} & inside
        plans = {plan.id for row in found.rows for plan in row.plans}
        assert len(plans) == sum(len(row.plans) for row in found.rows) == found.total.plans == 7
        distinct = select(func.sum(SettledLine.money_fen)).where(SettledLine.plan_id.in_(plans))
        assert found.total.settled_fen == db.session.scalar(distinct)
        assert found.total.settled_fen == (20 + 25 + 30 + 50 + 55 + 60 + 65 + 75 + 80) * 1200
        assert found.total.uncounted_fen == 35 * 1200
        assert found.total.committed_fen == sum(
            line.committed_fen for line in procurement.lines_of([open_order])[open_order]
        )

        rows = {row.id: row for row in found.rows}
        own = {name: rows[tree[name].id].own.settled_fen // 1200 for name in tree if tree[name].id in rows}
        assert own == {
            "own": 20,
            "outsourced": 55,
            "without": 0,
            "shared": 0,
            "into": 50 + 55 + 75,
            "new": 60 + 80,
            "cook": 0,
            "department": 65,
            "north": 0,
        }
        assert rows[tree["outsourced"].id].own.contractor_done_fen == 30 * 1200
        assert rows[tree["shared"].id].counted_at == tree["host"].id
        assert rows[tree["cook"].id].counted_at == tree["outsourced"].id
        assert rows[tree["north"].id].whole.settled_fen == 75 * 1200
        assert [row.depth for row in found.rows if row.id == tree["department"].id] == [0]
        for name, unit in tree.items():  # every plan's counters, wherever the lines came from
            plan = quota.plan_of(unit.id, year)
            assert plan is None or plan.settled_fen == sum(
                settlement.counted_of_plans([plan.id]).get(plan.id, {}).values()
            ), name
        assert checks.settled_money_of_a_plan_is_its_lines() == []

        part = progress.consolidated(chief, year, root=tree["north"].id)
        assert part.total.settled_fen == 75 * 1200
        whole = progress.consolidated(
            world.office, year
        )  # the county's office sees the host and the world's school too
        assert whole.total.settled_fen == db.session.scalar(
            select(func.sum(SettledLine.money_fen)).where(SettledLine.plan_id.is_not(None))
        )
        with pytest.raises(NotFound):
            progress.consolidated(chief, year, root=tree["host"].id)


def test_a_bill_past_its_day_is_overdue_where_its_buyer_stands(world, tree):
    with transaction():
        lot, team = world.lot(), buyers(tree["own"].id)
        order = ordered(world, team)
        procurement.confirm(world.manager, order)
        line = procurement.lines_of([order])[order][0]
        shipment = procurement.ship(
            world.clerk, order, [procurement.Part(line.id, lot, 20_000)], expected_on=clock.today()
        ).id
        row, _ = procurement.shipment(team["receiver"], shipment)
        counts = [procurement.Count(one.id, one.quantity, None, "") for one in row.lines]
        settlement.accept(team["receiver"], shipment, counts, witness="周立新")
        year = clock.today().year
        chief = h.seen_again(tree["department"]).checker
        assert progress.consolidated(chief, year).total.overdue_fen == 0
        with clock.fixed(clock.now() + timedelta(days=31)):
            found = progress.consolidated(chief, year)
            assert (found.total.overdue_fen, found.total.settled_fen) == (24_000, 0)


def test_units_of_others_are_not_in_it(world):
    with transaction(write=False):
        stranger = identity.actor_by_id(world.requester.user)
        found = progress.consolidated(stranger, clock.today().year)
        assert [row.id for row in found.rows] == [world.requester.organisation]
        assert db.session.scalar(select(func.count()).select_from(Organisation)) > 1
        assert db.session.scalar(select(func.count()).select_from(QuotaPlan)) == 1


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE quota_plan SET unit_case = 'shared', committed_fen = 0, settled_fen = 0, covered_by_id ="
        " (SELECT id FROM quota_plan WHERE unit_case = 'outsourced') WHERE agency_id = :host",
        "INSERT INTO quota_contractor (id, plan_id, year, contractor_id, from_day, until_day)"
        " SELECT plan_id, plan_id, year, contractor_id, from_day, from_day FROM quota_contractor",
    ],
)
def test_the_verifier_finds_what_two_plans_would_count(world, tree, edit):
    """A chain of covered plans, a contractor named twice: neither can be made by the verbs."""
    assert trade_checks.each_unit_is_counted_by_one_plan() == []
    with transaction():
        statement = text(edit)
        if ":host" in edit:
            statement = statement.bindparams(bindparam("host", tree["host"].id, Uuid()))
        db.session.execute(statement)
    assert len(trade_checks.each_unit_is_counted_by_one_plan()) == 1
