"""A small county as tests need it, made through the services: one supplier, one agency, households, a product on sale.

`World.build()` inside a transaction; its verbs (`order`, `approved`, `shipped`, `accepted`, `settled`) walk the path.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from uuid import UUID, uuid4

from marketplace.accreditation import services as accreditation
from marketplace.attribution import services as attribution
from marketplace.catalogue import services as catalogue
from marketplace.channels import services as channels
from marketplace.core import clock, files
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.db import db
from marketplace.households import services as households
from marketplace.identity import services as identity
from marketplace.identity.models import User
from marketplace.linkage import services as linkage
from marketplace.notices import services as notices
from marketplace.payments import services as payments
from marketplace.procurement import services as procurement
from marketplace.products import services as products
from marketplace.quota import services as quota
from marketplace.regions import services as regions
from marketplace.regions.models import Division, Programme, ProgrammeCounty
from marketplace.settlement import services as settlement

YANLING, TOWNSHIP, VILLAGES = "430225000000", "430225103000", ("430225103201", "430225103202")
CHALING, ZHUZHOU, HUNAN, BEIJING_COUNTY = "430224000000", "430200000000", "430000000000", "110101000000"
PLACES = (
    (HUNAN, "湖南省", 1, None),
    (ZHUZHOU, "株洲市", 2, HUNAN),
    (YANLING, "炎陵县", 3, ZHUZHOU),
    (CHALING, "茶陵县", 3, ZHUZHOU),
    (TOWNSHIP, "中村瑶族乡", 4, YANLING),
    (VILLAGES[0], "道任村", 5, TOWNSHIP),
    (VILLAGES[1], "梅岗村", 5, TOWNSHIP),
    ("110000000000", "北京市", 1, None),
    ("110100000000", "市辖区", 2, "110000000000"),
    (BEIJING_COUNTY, "东城区", 3, "110100000000"),
)
_serial = count(1)


def base() -> None:
    """Places, the list of counties, categories and the online channel."""
    db.session.add_all(
        Division(code=code, name=name, level=level, parent_code=parent) for code, name, level, parent in PLACES
    )
    db.session.add(Programme(code="832", name="832"))
    db.session.flush()
    for code in (YANLING, CHALING):
        db.session.add(ProgrammeCounty(programme="832", county_code=code, name=code, starts=date(2014, 1, 1)))
    db.session.flush()
    regions.forget()
    products.add_category("fruit", "水果", "Fruit", "果", ["conformity"], None, 1)
    products.add_category("peach", "黄桃", "Yellow peaches", "桃", ["conformity"], "fruit", 2)
    products.add_category("tea", "茶叶", "Tea", "茶", [], None, 3)
    channels.add(channels.ONLINE, "online", "帮扶平台", HUNAN)


def actor(organisation_id: UUID, roles: set[str], name: str | None = None) -> Actor:
    """A new user of an organisation, as an actor."""
    user = identity.add_user(SYSTEM, organisation_id, f"u{next(_serial)}", name or f"人{next(_serial)}", roles, "x")
    return identity.actor_of(db.session.get_one(User, user.id))


@dataclass
class World:
    """Actors and rows of one small county. Prices in fen, quantities in thousandths."""

    manager: Actor
    clerk: Actor
    requester: Actor
    approver: Actor
    receiver: Actor
    finance: Actor
    office: Actor
    households: list[UUID]
    agreement: UUID
    product: UUID
    offer: UUID
    plan: UUID
    extra: dict = field(default_factory=dict)

    @classmethod
    def build(
        cls, *, families: int = 3, basis: str = "outright", ceiling_fen: int | None = None, **offer: object
    ) -> "World":
        base()
        supplier = identity.add_organisation(
            SYSTEM,
            "supplier",
            "炎陵县桃源合作社",
            YANLING,
            supplier_kind="cooperative",
            account_name="炎陵县桃源合作社",
            bank_reference="示例银行 000000",
        )
        agency = identity.add_organisation(
            SYSTEM, "agency", "茶陵县沿河中学", CHALING, agency_kind="budget_unit", address="云阳街道 1 号"
        )
        office = identity.add_organisation(SYSTEM, "office", "株洲市农业农村局", ZHUZHOU, level=2)
        manager, clerk = actor(supplier.id, {"supplier_manager"}), actor(supplier.id, {"supplier_clerk"})
        head = actor(office.id, {"office_head"})
        families_ = [
            households.add(
                head, head_name=f"张三{number}", village=VILLAGES[number % 2], group_name="一组", size=4, class_="none"
            ).id
            for number in range(families)
        ]
        agreement = start_agreement(manager, families_, kind="produce", basis=basis, service_order=10)
        product = products.add_product(
            manager, code="YL-HT-0312", name="炎陵黄桃 大果", category_code="peach", base_unit="千克", origin=TOWNSHIP
        )
        accreditation.give(
            head,
            product.id,
            programme="832",
            valid_from=clock.today() - timedelta(days=30),
            valid_to=clock.today() + timedelta(days=365),
            committed_value_fen=100_000_000,
        )
        listed = list_offer(manager, product.id, "YL-HT-0312", **offer)
        plan = quota.file_plan(
            head, agency.id, clock.today().year, base_fen=10_000_000, target_fen=1_000_000, ceiling_fen=ceiling_fen
        )
        return cls(
            manager=manager,
            clerk=clerk,
            requester=actor(agency.id, {"requester"}),
            approver=actor(agency.id, {"approver"}),
            receiver=actor(agency.id, {"receiver"}),
            finance=actor(agency.id, {"finance"}),
            office=head,
            households=families_,
            agreement=agreement,
            product=product.id,
            offer=listed,
            plan=plan.id,
        )

    def lot(self, size: int = 1_000_000, price_fen: int = 680, papers: bool = True) -> UUID:
        """A lot to which every household delivered an equal part, thousandths of 千克."""
        each = size // len(self.households)
        slips = linkage.record_slips(
            self.clerk,
            self.agreement,
            clock.today(),
            [
                linkage.Delivery(
                    household_id=household,
                    item="黄桃",
                    unit="千克",
                    gross=each + 1000 + place,
                    tare=1000,
                    price_fen=price_fen,
                )
                for place, household in enumerate(self.households)
            ],
        )
        lot = linkage.make_lot(
            self.clerk,
            product_id=self.product,
            harvested_on=clock.today(),
            size=sum(slip.net for slip in slips),
            slip_ids=[slip.id for slip in slips],
        )
        if papers:
            linkage.add_paper(self.clerk, lot.id, "conformity", "HGZ-001", clock.today())
        return lot.id

    def draft(self, quantity: int = 200_000, offers: dict[UUID, int] | None = None) -> UUID:
        row = procurement.open_requisition(
            self.requester,
            title="秋季备货",
            deliver_on=clock.today() + timedelta(days=3),
            window="上午",
            contact="陈老师",
        )
        wanted = offers or {self.offer: quantity}
        procurement.put_lines(
            self.requester, row.id, [{"offer_id": offer, "quantity": n} for offer, n in wanted.items()]
        )
        return row.id

    def approved(self, quantity: int = 200_000, offers: dict[UUID, int] | None = None) -> list[UUID]:
        requisition = self.draft(quantity, offers)
        procurement.submit(self.requester, requisition)
        return [order.id for order in procurement.approve(self.approver, requisition)]

    def shipped(self, lot: UUID, quantity: int = 200_000, order: UUID | None = None) -> UUID:
        order = order or self.approved(quantity)[0]
        if procurement.order(self.manager, order).state == "to_confirm":
            procurement.confirm(self.manager, order)
        line = procurement.lines_of([order])[order][0]
        return procurement.ship(
            self.clerk, order, [procurement.Part(line.id, lot, quantity)], expected_on=clock.today()
        ).id

    def accepted(self, shipment: UUID, accepted: int | None = None, net: int | None = None):
        row, _ = procurement.shipment(self.receiver, shipment)
        counts = [
            procurement.Count(line.id, line.quantity if accepted is None else accepted, net, "bruised")
            for line in row.lines
        ]
        return settlement.accept(self.receiver, shipment, counts, witness="周立新")

    def paid(self, bill) -> None:
        transfer = payments.record_transfer(
            self.finance, bill.id, fen=bill.total_fen, paid_on=clock.today(), bank_serial="TX1"
        )
        settlement.confirm_payment(self.manager, transfer.id)

    def settled(self, lot: UUID, quantity: int = 200_000):
        """The whole path for one order of one line; returns its paid bill."""
        _, bill = self.accepted(self.shipped(lot, quantity))
        self.paid(bill)
        return bill

    def distributed(self, cut_on: date | None = None, kind: str = "card") -> UUID:
        """Payees named, everything settled so far cut by one person and approved by another; the notice runs."""
        give_payees(self, kind)
        row = attribution.prepare(self.clerk, cut_on or clock.today())
        return attribution.approve(self.manager, row.id).id

    def after_notice(self, distribution: UUID):
        """A clock that stands the day after the distribution's notices have run."""
        until = notices.of_subjects("distribution", [distribution])[distribution]
        return clock.fixed(clock.at(max(until + timedelta(days=1), clock.today()), hour=15))

    def paid_out(self, distribution: UUID, payouts: list[UUID] | None = None, **how: object) -> list[UUID]:
        """The distribution's payouts (or those named) paid in cash on the day after the notice; returns them."""
        give_payees(self)
        with self.after_notice(distribution):
            attribution.release(self.manager.organisation)
            chosen = payouts or [row.id for row in attribution.payouts_of(distribution)]
            given = {"paid_on": clock.today(), "method": "cash", "evidence": "花名册 1", "file_id": scan(self.clerk)}
            attribution.mark_paid(self.clerk, chosen, **(given | how))
        return chosen


def scan(actor: Actor) -> UUID:
    """A scan of a signed list, kept for the actor's organisation."""
    row = files.keep(actor, "签字花名册.pdf", b"%PDF-1.7\n" + uuid4().bytes)
    db.session.flush()
    return row.id


def give_payees(world: "World", kind: str = "card") -> None:
    """Every household of the world that has none gets its head as payee, named by two people of the office."""
    from tests.factories import people  # it makes its actors with this module

    without = list(households.why_no_payee(world.households, clock.today()))
    if not without:
        return
    heads = people.with_members(world.office, without, first=500)
    other = actor(world.office.organisation, {"office_head"})  # type: ignore[arg-type]
    named = households.by_ids(without)
    rows = households.propose_payees(
        other,
        [
            households.NewPayee(
                home,
                kind,
                member_id=head,
                **(
                    {
                        "bank": "演示农商银行",
                        "account": people.account(9000 + place),
                        "holder_name": named[home].head_name,
                    }
                    if kind != "cash"
                    else {}
                ),
            )
            for place, (home, head) in enumerate(zip(without, heads, strict=True))
        ],
    )
    households.approve_payees(world.office, [row.id for row in rows])


def start_agreement(
    manager: Actor, families: list[UUID], weights: dict[UUID, int] | None = None, **terms: object
) -> UUID:
    """An agreement in force with everybody's consent."""
    row = linkage.draft_agreement(manager, starts_on=clock.today() - timedelta(days=20), **terms)
    linkage.record_consents(
        manager,
        row.id,
        [
            {
                "household_id": household,
                "day": clock.today(),
                "method": "signature",
                "witness": "甲",
                "second_witness": "乙",
            }
            for household in families
        ],
    )
    linkage.put_roster(manager, row.id, row.starts_on, weights or dict.fromkeys(families, 1))
    linkage.start(manager, row.id)
    return row.id


def list_offer(manager: Actor, product: UUID, code: str, **fields: object) -> UUID:
    """An offer counted by 千克, minimum 10, pack 5, at ¥12.00 and ¥11.40 from 500, stock 10,000 unless told."""
    values: dict = {
        "pricing": "counted",
        "order_unit": "千克",
        "content": 1000,
        "minimum": 10_000,
        "pack": 5_000,
        "stock": 10_000_000,
        "breaks": [(10_000, 1200), (500_000, 1140)],
    } | fields
    return catalogue.list_offer(manager, product, code=code, **values).id
