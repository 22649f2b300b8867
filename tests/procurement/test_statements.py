"""Statements of an order do not grow with its lines."""

from marketplace.accreditation import services as accreditation
from marketplace.catalogue import services as catalogue
from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.payments import services as payments
from marketplace.procurement import services as procurement
from marketplace.products import services as products
from marketplace.settlement import services as settlement
from tests.factories.world import TOWNSHIP, World, list_offer
from tests.statements import counted


def cost(world: World, lots: dict, lines: int) -> dict[str, int]:
    """Statements of each verb for an order of so many lines."""
    spent = {}

    def measured(name, act):
        db.session.expunge_all()
        with counted() as seen:
            result = act()
            db.session.flush()
        spent[name] = len(seen)
        return result

    offers = list(lots)[:lines]
    requisition = world.draft(offers=dict.fromkeys(offers, 10_000))
    measured("submit", lambda: procurement.submit(world.requester, requisition))
    order = measured("approve", lambda: procurement.approve(world.approver, requisition))[0].id
    measured("confirm", lambda: procurement.confirm(world.manager, order))
    parts = [procurement.Part(line.id, lots[line.offer_id], line.open) for line in procurement.lines_of([order])[order]]
    shipment = measured("ship", lambda: procurement.ship(world.clerk, order, parts, expected_on=clock.today())).id
    row, _ = procurement.shipment(world.receiver, shipment)
    counts = [procurement.Count(piece.id, piece.quantity) for piece in row.lines]
    _, bill = measured("accept", lambda: settlement.accept(world.receiver, shipment, counts, witness="周"))
    transfer = payments.record_transfer(
        world.finance, bill.id, fen=bill.total_fen, paid_on=clock.today(), bank_serial="TX"
    ).id
    measured("settle", lambda: settlement.confirm_payment(world.manager, transfer))
    return spent


def test_statements_of_an_order_do_not_grow_with_its_lines(app):
    """Red when a loop over lines asks the database anything (try: a lot looked up per shipment line)."""
    with transaction():
        world = World.build()
        lots = {}
        for number in range(40):
            product = products.add_product(
                world.manager,
                code=f"P-{number}",
                name=f"茶 {number}",
                category_code="tea",
                base_unit="千克",
                origin=TOWNSHIP,
            )
            offer = list_offer(world.manager, product.id, f"P-{number}")
            world.product = product.id
            lots[offer] = world.lot(600_000, papers=False)
    with transaction():
        for offer in catalogue.by_ids(lots).values():
            accreditation.give(
                world.office,
                offer.product_id,
                programme="832",
                valid_from=clock.today(),
                valid_to=clock.today(),
                committed_value_fen=10**9,
            )
    with transaction():
        cost(world, lots, 4)  # pools and accounts exist from now on
        few = cost(world, lots, 4)
        cost(world, lots, 40)
        many = cost(world, lots, 40)
    # Each is one of the busiest path's: on SQLite, which begins by a statement, and without the edge's own.
    assert many["submit"] <= 13, many
    assert many["approve"] <= 18, many
    assert many["confirm"] <= 5, many
    # A row that the session holds is not read again; whether it still does is the collector's affair.
    assert {verb: many[verb] - few[verb] for verb in few if abs(many[verb] - few[verb]) > 1} == {}
