"""A few sellers and buyers beside the demo's, made through the services, for orders that never run out of goods.

Each pair is a supplier of twenty products out of twenty lots of a hundred households, and an agency with its plan;
consignment and a dividend, so that a line settles into two pools.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from marketplace.accreditation import services as accreditation
from marketplace.catalogue import services as catalogue
from marketplace.core import clock
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.db import db, transaction
from marketplace.households import services as households
from marketplace.identity import services as identity
from marketplace.identity import tokens
from marketplace.identity.models import User
from marketplace.linkage import services as linkage
from marketplace.products import services as products
from marketplace.quota import services as quota
from marketplace.regions.models import Division

LINES = 20
FAMILIES = 100
COUNTY = "430225000000"
PEOPLE = {
    "manager": ("supplier", "supplier_manager"),
    "requester": ("agency", "requester"),
    "approver": ("agency", "approver"),
    "receiver": ("agency", "receiver"),
    "finance": ("agency", "finance"),
}


@dataclass(frozen=True)
class Pair:
    """A supplier and an agency: `tokens` by person; offers and the lot of each product."""

    tokens: dict[str, str]
    offers: list[UUID]
    lots: dict[UUID, UUID]  # offer → lot

    def headers(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[who]}"}


def pairs(count: int, each: int) -> list[Pair]:
    """`count` pairs with goods for `each` orders of ten units a line. Commits."""
    with transaction():
        villages = list(
            db.session.query(Division.code).filter(Division.level == 5, Division.code.startswith(COUNTY[:6])).limit(2)
        )
        village = villages[0][0] if villages else COUNTY
        office = identity.add_organisation(SYSTEM, "office", "测量用主管部门", "430200000000", level=2)
        head = _person(office.id, "office_head", "bench-office")
        return [_pair(number, head, village, each) for number in range(count)]


def _pair(number: int, head: Actor, village: str, each: int) -> Pair:
    supplier = identity.add_organisation(
        SYSTEM, "supplier", f"测量用合作社{number}", COUNTY, supplier_kind="cooperative"
    )
    agency = identity.add_organisation(
        SYSTEM, "agency", f"测量用单位{number}", "430224000000", agency_kind="budget_unit"
    )
    homes = {"supplier": supplier.id, "agency": agency.id}
    people = {name: _person(homes[kind], role, f"bench-{name}{number}") for name, (kind, role) in PEOPLE.items()}
    manager = people["manager"]
    families = [
        households.add(head, head_name=f"测量户{n}", village=village, group_name="一组", size=4, class_="none").id
        for n in range(FAMILIES)
    ]
    produce = _agreement(manager, families, kind="produce", basis="consignment", service_order=10)
    _agreement(manager, families, kind="dividend", rate_basis_points=300, service_order=20)
    quota.file_plan(head, agency.id, clock.today().year, base_fen=10**12, target_fen=10**11, ceiling_fen=None)
    category = products.categories()[-1].code
    offers: list[UUID] = []
    lots: dict[UUID, UUID] = {}
    for place in range(LINES):
        code = f"BENCH-{number}-{place:02d}"
        product = products.add_product(
            manager,
            code=code,
            name=f"测量用品{number}{place:02d}",
            category_code=category,
            base_unit="千克",
            origin=village,
        )
        _grant(head, product.id)
        offer = _offer(manager, product.id, code, each)
        offers.append(offer)
        lots[offer] = _lot(manager, produce, families, product, each)
    return Pair({name: tokens.create_token(actor, "bench", 2)[1] for name, actor in people.items()}, offers, lots)


def _person(organisation: UUID, role: str, name: str) -> Actor:
    user = identity.add_user(SYSTEM, organisation, name, name, {role}, "x")
    return identity.actor_of(db.session.get_one(User, user.id))


def _agreement(manager: Actor, families: list[UUID], **terms: Any) -> UUID:
    row = linkage.draft_agreement(manager, starts_on=clock.today() - timedelta(days=5), **terms)
    signed = {"day": clock.today(), "method": "signature", "witness": "甲", "second_witness": "乙"}
    linkage.record_consents(manager, row.id, [{"household_id": family, **signed} for family in families])
    linkage.put_roster(manager, row.id, row.starts_on, dict.fromkeys(families, 1))
    linkage.start(manager, row.id)
    return row.id


def _grant(head: Actor, product: UUID) -> None:
    accreditation.give(
        head,
        product,
        programme="832",
        valid_from=clock.today() - timedelta(days=5),
        valid_to=clock.today() + timedelta(days=300),
        committed_value_fen=10**12,
    )


def _offer(manager: Actor, product: UUID, code: str, each: int) -> UUID:
    fields: dict[str, Any] = {"order_unit": "千克", "content": 1000, "stock": each * 20_000}
    return catalogue.list_offer(
        manager, product, code=code, pricing="counted", minimum=1000, breaks=[(1000, 1200), (50_000, 1140)], **fields
    ).id


def _lot(manager: Actor, agreement: UUID, families: list[UUID], product: Any, each: int) -> UUID:
    net = each * 20_000 // len(families) + 1000
    deliveries = [
        linkage.Delivery(household_id=family, item="鲜品", unit="千克", gross=net + n, tare=0, price_fen=700)
        for n, family in enumerate(families)
    ]
    slips = linkage.record_slips(manager, agreement, clock.today(), deliveries)
    lot = linkage.make_lot(
        manager,
        product_id=product.id,
        harvested_on=clock.today(),
        size=sum(slip.net for slip in slips),
        slip_ids=[slip.id for slip in slips],
    )
    category = next(row for row in products.categories() if row.code == product.category_code)
    for kind in category.papers:
        linkage.add_paper(manager, lot.id, kind, "BENCH", clock.today())
    return lot.id
