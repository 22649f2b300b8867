"""Deliveries under way: notices with vehicle and temperature, crates on deposit, a draft at the door, one signature."""

from ...catalogue import rules as prices
from ...core import clock
from ...linkage import services as linkage
from ...procurement import services as procurement
from ...settlement import services as settlement
from .people import Agency, Cast, Supplier

PLATES = ("湘B·D1826", "湘B·F0377", "湘B·A5590")


def make(cast: Cast) -> None:
    agencies = {agency.id: agency for agency in cast.agencies}
    drafted = signed = False
    for supplier, plate in zip(cast.suppliers, PLATES, strict=False):
        for row, order in procurement.arriving(supplier.clerk, 2):
            procurement.amend_shipment(
                supplier.clerk,
                row.id,
                expected_on=max(row.expected_on, clock.today()),
                window="6:30–7:30",
                plate=plate,
                temperature_tenths=61,
            )
            if not drafted:
                fields = {"lines.0.shipment_line_id": str(row.lines[0].id), "lines.0.accepted": "1", "touched.0": "1"}
                procurement.save_acceptance_draft(agencies[order.agency_id].receiver, row.id, 0, fields)
                drafted = True
            elif not signed:
                signed = _accept(agencies[order.agency_id], row)
        _with_crates(supplier)


def _accept(agency: Agency, row) -> bool:  # type: ignore[no-untyped-def]
    """One has signed; the second has not come yet."""
    lines = {line.id: line for line in procurement.lines_of([row.order_id])[row.order_id]}
    counts = [
        procurement.Count(
            piece.id,
            piece.quantity,
            prices.nominal_base(piece.quantity, lines[piece.order_line_id].content),
            sensory="good",
            quick_test="pass",
        )
        for piece in row.lines
    ]
    settlement.accept(agency.receiver, row.id, counts)
    return True


def _with_crates(supplier: Supplier) -> None:
    """What is still to be sent of one order leaves in baskets, as far as one lot holds it."""
    for order in procurement.own_open(supplier.clerk):
        for line in procurement.lines_of([order.id])[order.id]:
            needed = prices.nominal_base(line.open, line.content)
            lots = [lot for lot in linkage.lots_of([line.product_id], available=True) if lot.size - lot.taken >= needed]
            if line.open and lots:
                part = procurement.Part(line.id, lots[-1].id, line.open, packages=12)
                baskets = [procurement.Crates("basket", 12, 3000)]
                procurement.ship(
                    supplier.clerk, order.id, [part], expected_on=clock.today(), carrier="县域共配", sent_crates=baskets
                )
                return
