"""Every figure of docs/attribution.md, recomputed through the real services: a table line that differs fails by itself."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select

from marketplace.attribution import services as attribution
from marketplace.attribution.models import Pool, PoolMovement
from marketplace.core import clock, files
from marketplace.core.db import db, transaction
from marketplace.core.money import format_yuan
from marketplace.core.quantity import format_quantity
from marketplace.linkage import services as linkage
from marketplace.linkage.models import Slip
from marketplace.linkage.standing import of_supplier
from marketplace.settlement import services as settlement
from marketplace.settlement.models import SettledLine
from tests.factories.world import World, start_agreement

DOCUMENT = Path(__file__).parents[2] / "docs" / "attribution.md"
NAMES = ("甲", "乙", "丙", "丁")


def yuan(fen: int) -> str:
    return format_yuan(fen, "")


@dataclass
class Example:
    """What the services made of it: table lines as the document has them, and every figure that stands in them."""

    lines: list[str] = field(default_factory=list)

    def row(self, *cells: object) -> None:
        self.lines.append("| " + " | ".join("" if cell is None else str(cell) for cell in cells) + " |")

    @property
    def figures(self) -> set[str]:
        return {figure for line in self.lines for figure in figures_in(line)}


def figures_in(text: str) -> set[str]:
    """Amounts with two decimals and quantities with three."""
    return {found.lstrip("−") for found in re.findall(r"−?\d{1,3}(?:,\d{3})*\.\d{2,3}(?!\d)", text)}


@pytest.fixture
def example(app) -> Example:
    with transaction():
        world = World.build(families=4, minimum=1_000, pack=1_000, breaks=[(1_000, 1_200)])
        one, two, three, four = world.households
        world.agreement = start_agreement(
            world.manager,
            world.households,
            kind="produce",
            basis="floor_plus",
            rate_basis_points=2_000,
            service_order=10,
        )
        start_agreement(world.manager, [one, four], kind="dividend", rate_basis_points=200, service_order=20)
        premium(world, {two: 2, three: 1})
        linkage.give_advance(
            world.clerk, household_id=one, fen=20_000, given_on=clock.today(), method="cash", evidence="借据 1"
        )
        lot = lot_of(world)
        for quantity in (120_000, 167_000):
            world.settled(lot, quantity)
        first = db.session.scalars(select(SettledLine).where(SettledLine.quantity == 120_000)).one()
        settlement.reverse(
            world.manager,
            first.id,
            quantity=20_000,
            reason="变质",
            red_invoice_number="26430001",
            refund_serial="TK1",
        )
    with transaction(write=False):
        made = Example()
        at_the_scale(made, world)
        sales_and_return(made)
        to_the_households(made, world)
        return made


def premium(world: World, weights: dict) -> None:
    """An agreement by shares, which start_agreement has not."""
    row = linkage.draft_agreement(
        world.manager, kind="premium", rate_fen=20, weights="share", service_order=30, starts_on=clock.today()
    )
    consent = {"day": clock.today(), "method": "signature", "witness": "甲", "second_witness": "乙"}
    linkage.record_consents(world.manager, row.id, [{"household_id": one, **consent} for one in weights])
    linkage.put_roster(world.manager, row.id, row.starts_on, weights)
    linkage.start(world.manager, row.id)


def lot_of(world: World):
    heaps = zip(world.households[:3], (100_000, 150_000, 50_000), (680, 680, 660), (8_000, 0, 0), strict=True)
    slips = linkage.record_slips(
        world.clerk,
        world.agreement,
        clock.today(),
        [
            linkage.Delivery(
                household_id=household,
                item="黄桃",
                unit="千克",
                gross=net + 2_000,
                tare=2_000,
                price_fen=price,
                deduction_fen=deduction,
            )
            for household, net, price, deduction in heaps
        ],
    )
    lot = linkage.make_lot(
        world.clerk,
        product_id=world.product,
        harvested_on=clock.today(),
        size=287_000,
        slip_ids=[slip.id for slip in slips],
    )
    linkage.add_paper(world.clerk, lot.id, "conformity", "HGZ-001", clock.today())
    return lot.id


def at_the_scale(made: Example, world: World) -> None:
    slips = {slip.household_id: slip for slip in db.session.scalars(select(Slip))}
    rows = [slips[household] for household in world.households[:3]]
    for name, slip in zip(NAMES, rows, strict=False):
        money = (slip.price_fen, slip.value_fen, slip.deduction_fen, slip.payable_fen)
        made.row(name, format_quantity(slip.net), *map(yuan, money))
    sums = [sum(getattr(slip, name) for slip in rows) for name in ("value_fen", "deduction_fen", "payable_fen")]
    made.row("合计", format_quantity(sum(slip.net for slip in rows)), None, *map(yuan, sums))


def shares_of(line: SettledLine) -> list[int]:
    """What a line, or a reversal, moved into the pools in the document's order, and what it left the supplier."""
    query = select(Pool.kind, Pool.mechanism, PoolMovement.after_fen - PoolMovement.before_fen).join(
        PoolMovement, PoolMovement.pool_id == Pool.id
    )
    moved = {
        (kind, mechanism): int(fen)
        for kind, mechanism, fen in db.session.execute(query.where(PoolMovement.source_id == line.id))
    }
    order = [("lot", "produce"), ("supplement", "supplement"), ("roster", "dividend"), ("roster", "premium")]
    shares = [moved.pop(key) for key in order]
    assert not moved
    return [*shares, line.money_fen - sum(shares)]


def sales_and_return(made: Example) -> None:
    lines = sorted(
        db.session.scalars(select(SettledLine)), key=lambda line: (line.reverses_id is not None, line.quantity)
    )
    first, second, back = lines
    rows = {line: [line.money_fen, *shares_of(line)] for line in lines}
    sold = [first.quantity + second.quantity, *map(sum, zip(rows[first], rows[second], strict=True))]
    for name, line in (("第一笔", first), ("第二笔", second)):
        made.row(name, format_quantity(line.quantity), *map(yuan, rows[line]))
    made.row("合计", format_quantity(sold[0]), *map(yuan, sold[1:]))
    made.row("第一笔退六分之一", format_quantity(back.quantity), *map(yuan, rows[back]))
    left = [sold[0] + back.quantity, *map(sum, zip(sold[1:], rows[back], strict=True))]
    made.row("退货后", format_quantity(left[0]), *map(yuan, left[1:]))


def to_the_households(made: Example, world: World) -> None:
    pools = {(pool.kind, pool.mechanism): pool for pool in db.session.scalars(select(Pool))}
    keys = [("supplement", "supplement"), ("roster", "dividend"), ("roster", "premium")]
    parts = [attribution.shares_of_pool(pools[key]) for key in keys]
    held = of_supplier(world.manager.organisation)  # what was owed at the scale, and set off there
    sums = [0] * 7
    for name, household in zip(NAMES, world.households, strict=True):
        row = held.get(household)
        scale, received = (row.owed_fen, row.received_fen) if row else (0, 0)
        shares = [part.get(household, 0) for part in parts]
        owed = scale + sum(shares)
        cells = [scale, *shares, owed, received, owed - received]
        sums = [total + cell for total, cell in zip(sums, cells, strict=True)]
        made.row(name, *map(yuan, cells))
    made.row("合计", *map(yuan, sums))


def test_every_line_of_the_worked_example_is_what_the_services_make(example):
    """Red when a figure in the document, a rate, a rounding or an order of service changes."""
    text = DOCUMENT.read_text()
    missing = [line for line in example.lines if line not in text]
    assert missing == []


def test_no_figure_stands_in_the_worked_example_that_the_services_did_not_make(example):
    agreed = {"0.20", "12.00", "240.00"}  # rates and the price; the refund is in the table below zero
    surplus = {"400,000.00", "40,000.00", "360,000.00", "252,000.00", "108,000.00"}
    sizes = {"287.000", "20.000"}
    assert figures_in(DOCUMENT.read_text()) - example.figures - agreed - surplus - sizes == set()


def test_the_surplus_of_the_worked_example_is_divided_as_it_says(app):
    """252,000.00 by 8,000,000 斤 is 0.0315 a 斤, 108,000.00 by 1,700,000 yuan is 0.0635 a yuan."""
    with transaction():
        world = World.build(families=2)
        agreement = start_agreement(world.manager, world.households, kind="surplus")
        one, other = world.households
        row = linkage.prepare_surplus(
            world.clerk,
            agreement,
            clock.today().year,
            resolution=linkage.Resolution("1 号", clock.today(), files.keep(world.clerk, "a.pdf", b"%PDF-1").id),
            profit_fen=40_000_000,
            reserves_fen=4_000_000,
            volume_basis_points=7_000,
            volumes={one: 10_000, other: 7_990_000},
            capitals={one: 1_000_000, other: 169_000_000},
        )
        assert (row.volume_fen, row.capital_fen) == (25_200_000, 10_800_000)
        share = next(share for share in linkage.shares_of_surplus(row.id) if share.household_id == one)
        assert share.volume_fen == 10_000 * 315 // 100  # 10,000 斤 at 0.0315 yuan
        assert share.capital_fen == 63_529  # 10,000 yuan at 0.0635294…
