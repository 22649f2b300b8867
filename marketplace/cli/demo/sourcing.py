"""What is being asked at the first agencies: a request to compare and award, an open one, a pooled demand, frameworks."""

from datetime import timedelta
from typing import Any

from ...accreditation import services as accreditation
from ...catalogue import services as catalogue
from ...core import clock
from ...products import services as products
from ...sourcing import services as sourcing
from .people import Cast, Supplier

Seller = tuple[Supplier, Any]  # with an offer of what is asked


def make(cast: Cast) -> None:
    today = clock.today()
    category, unit, name, sellers = _most_sold(cast)
    agency, other = cast.agencies[0], cast.agencies[1 % len(cast.agencies)]
    asked = [supplier.id for supplier, _offer in sellers]

    def line(quantity: int, days: int) -> dict[str, Any]:
        day = today + timedelta(days=days)
        wanted = {"category_code": category, "name": name, "unit": unit, "quantity": quantity}
        return wanted | {"from_day": day, "until_day": day + timedelta(days=7)}

    with clock.fixed(clock.at(today - timedelta(days=9))):
        until = today + timedelta(days=90)
        head = {"answer_on": today - timedelta(days=1), "until_day": until, "contact": "食堂王老师"}
        row = sourcing.write(
            agency.requester, "rfq", title="食堂备货", supplier_ids=asked, lines=[line(2_000_000, 7)], **head
        )
        sourcing.open_request(agency.requester, row.id)
        for place, seller in enumerate(sellers):
            _answer(row.id, seller, 100 - 4 * place)
    soon = {"answer_on": today + timedelta(days=6), "until_day": until, "contact": "食堂王老师"}
    row = sourcing.write(
        agency.requester, "rfq", title="开学备货", supplier_ids=asked, lines=[line(1_000_000, 14)], **soon
    )
    sourcing.open_request(agency.requester, row.id)
    pooled = sourcing.write(
        agency.requester,
        "demand",
        title=f"学校联合采购{name}",
        join_on=today + timedelta(days=3),
        lines=[line(5_000_000, 20)],
        **soon,
    )
    sourcing.open_request(agency.requester, pooled.id)
    if other is not agency:
        wants = [{"line_id": one.id, "quantity": 3_000_000} for one in sourcing.request_lines(pooled.id)]
        sourcing.join(other.requester, pooled.id, lines=wants, contact="后勤李老师")
    _frameworks(cast)


def _most_sold(cast: Cast) -> tuple[str, str, str, list[Seller]]:
    """(category, comparable unit, its name, up to four suppliers with an eligible offer) of what most of them sell."""
    items = [(supplier, item) for supplier in cast.suppliers for item in supplier.items]
    found = products.by_ids({item.product for _supplier, item in items})
    verdicts = accreditation.eligible(found, clock.today(), "832")
    offers = catalogue.by_ids({item.offer for _supplier, item in items})
    sold: dict[tuple[str, str], dict[Any, Seller]] = {}
    for supplier, item in items:
        product = found[item.product]
        if verdicts[product.id].grant_id and offers[item.offer].state == "on_sale":
            of = sold.setdefault((product.category_code, product.comparable_unit), {})
            of.setdefault(supplier.id, (supplier, offers[item.offer]))
    (category, unit), sellers = max(sold.items(), key=lambda one: (len(one[1]), one[0]))
    names = {row.code: row.name for row in products.categories()}
    return category, unit, names[category], list(sellers.values())[:4]


def _answer(request_id: Any, seller: Seller, percent: int) -> None:
    supplier, offer = seller
    [line] = sourcing.request_lines(request_id)
    price = max(1, offer.breaks[0].price_fen * percent // 100)
    answer = {"line_id": line.id, "offer_id": offer.id, "price_fen": price, "most": 1_500_000, "lead_days": 2}
    sourcing.send(supplier.manager, request_id, lines=[answer], valid_until=clock.today() + timedelta(days=45))


def _frameworks(cast: Cast) -> None:
    """One in force, and one that waits for its supplier."""
    agency, today = cast.agencies[0], clock.today()
    for place, supplier in enumerate(cast.suppliers[:2]):
        item = supplier.items[0]
        offer = catalogue.one(item.offer)
        row = sourcing.draft_framework(
            agency.requester,
            supplier_id=supplier.id,
            title="全年框架协议",
            terms="每周两次送货，次品当场退回",
            from_day=today,
            until_day=today + timedelta(days=365),
            lines=[
                {
                    "offer_id": offer.id,
                    "price_fen": max(1, offer.breaks[0].price_fen * 95 // 100),
                    "ceiling": 200 * max(offer.minimum, offer.pack),
                }
            ],
        )
        sourcing.propose(agency.approver, row.id)
        if place == 0:
            sourcing.sign(supplier.manager, row.id)
