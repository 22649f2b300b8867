"""Who there is: offices, suppliers with households and agreements, agencies with plans, products on sale."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from stdnum import luhn
from stdnum.cn import ric

from ...accreditation import services as accreditation
from ...catalogue import services as catalogue
from ...channels import services as channels
from ...core import clock
from ...core.actor import SYSTEM, Actor
from ...core.db import transaction
from ...households import services as households
from ...identity import services as identity
from ...identity.sign_in import hash_password
from ...linkage import services as linkage
from ...products import services as products
from ...quota import services as quota
from ...regions import services as regions
from . import goods
from .sign_ins import PASSWORD

ZHUZHOU = "430200000000"
SURNAMES = "罗 谭 陈 刘 周 尹 邓 彭 段 龙 颜 黄 李 张 王 万 郭 盘 赵 肖".split()
GIVEN = "明 华 芳 兰 平 军 英 建 秀 春 国 辉 玉 文 红 志 珍 福 云 海 菊 林 生 莲 德 凤 勇 梅 贵 香".split()
BANK = "演示农商银行"
NO_HOUSEHOLDS = ("大院", "桃源洞", "红色农场")

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Size:
    """How much of everything: about three orders come of a requisition."""

    suppliers: int = 60
    households: int = 3000
    agencies: int = 80
    products: int = 400
    requisitions: int = 790


@dataclass
class Item:
    """A product on sale, as the year needs it: thousandths, fen per base unit for which households deliver."""

    offer: UUID
    product: UUID
    good: goods.Good
    content: int
    pack: int
    minimum: int
    base_price: int
    papers: list[str] = field(default_factory=list)


@dataclass
class Supplier:
    id: UUID
    manager: Actor
    clerk: Actor
    families: list[UUID] = field(default_factory=list)
    agreement: UUID | None = None
    basis: str = "outright"
    pieces: UUID | None = None
    rent: UUID | None = None
    workers: list[UUID] = field(default_factory=list)
    land: list[int] = field(default_factory=list)  # thousandths of 亩 that each of the workers lets
    items: list[Item] = field(default_factory=list)


@dataclass
class Agency:
    id: UUID
    requester: Actor
    approver: Actor
    receiver: Actor
    finance: Actor
    appetite: float = 1.0


@dataclass
class Cast:
    start: date
    size: Size
    suppliers: list[Supplier]
    agencies: list[Agency]
    office: Actor
    clerk: Actor


def make(rng: random.Random, start: date, size: Size, progress: Progress) -> Cast:
    """Registers everybody as of a day before the year starts."""
    maker = _Maker(rng, start, size, progress)
    with clock.fixed(clock.at(start - timedelta(days=40))):
        return maker.run()


def id_number(serial: int) -> str:
    """An identity number of county 990000, which no place has, with its check digit; each of 16,000 serials its own."""
    born = date(1951, 1, 1) + timedelta(days=serial * 131 % 16_000)
    digits = f"990000{born:%Y%m%d}{serial % 1000:03d}"
    return digits + ric.calc_check_digit(digits + "0")


def account(serial: int) -> str:
    """A card number of no bank: none begins with 0000."""
    digits = f"0000{serial:014d}"
    return digits + luhn.calc_check_digit(digits)


def phone(serial: int) -> str:
    """A telephone of a range that nobody was given."""
    return f"100{serial:08d}"


def recent(cast: Cast) -> None:
    """What is under way today: a card that cools off, a card and a merger that wait for a second person."""
    supplier = cast.suppliers[0]
    married = [family for family in supplier.families if len(households.members_of(family)) > 1][:2]
    for place, family in enumerate(married):
        spouse = households.members_of(family)[1]
        changed = households.propose_payee(
            supplier.manager,
            family,
            linked=supplier.families,
            kind="card",
            member_id=spouse.id,
            bank=BANK,
            account=account(9_000_000 + place),
            holder_name=spouse.name,
        )
        if place == 0:
            households.approve_payee(cast.clerk, changed.id)
    gone, stays = [family for family in supplier.families if family not in married][:2]
    evidence = "村民委员会证明（演示）"
    merger = households.NewChange("merged", clock.today(), evidence, parts=[(stays, 10_000)])
    households.record_change(cast.clerk, gone, merger)


class _Maker:
    def __init__(self, rng: random.Random, start: date, size: Size, progress: Progress) -> None:
        self.rng, self.start, self.size, self.progress = rng, start, size, progress
        self.password = hash_password(PASSWORD)
        self.names = self.persons = 0
        self.taken: set[tuple[UUID, str]] = set()  # nobody in an organisation shares a name with a colleague

    def run(self) -> Cast:
        with transaction():
            self._registry()
            office = self._offices()
        suppliers = self._suppliers(office)
        agencies = self._agencies(office)
        with transaction():
            catalogue.refresh_references()
        return Cast(self.start, self.size, suppliers, agencies, office, self.clerk)

    def person(self) -> str:
        return f"{self.rng.choice(SURNAMES)}例{self.rng.choice(GIVEN)}"

    def user(self, organisation: UUID, sign_in: str, roles: set[str]) -> Actor:
        name = self.person()
        while (organisation, name) in self.taken:
            name = self.person()
        self.taken.add((organisation, name))
        return identity.actor_of(identity.add_user(SYSTEM, organisation, sign_in, name, roles, self.password))

    def _registry(self) -> None:
        for position, (code, name, english, tile, papers, parent) in enumerate(goods.CATEGORIES):
            products.add_category(code, name, english, tile, papers, parent, position)
        for code, kind, name in goods.CHANNELS:
            channels.add(code, kind, name, ZHUZHOU)

    def _offices(self) -> Actor:
        platform = identity.add_organisation(SYSTEM, "platform", "帮扶平台运营", ZHUZHOU)
        self.user(platform.id, "platform", {"platform"})
        auditor = identity.add_organisation(SYSTEM, "auditor", "株洲市审计组", ZHUZHOU)
        self.user(auditor.id, "auditor", {"auditor"})
        city = identity.add_organisation(SYSTEM, "office", "株洲市农业农村局", ZHUZHOU, level=2)
        head = self.user(city.id, "office", {"office_head"})
        self.clerk = self.user(city.id, "office-clerk", {"office_clerk"})
        for code, name, sign_in in (("430225000000", "炎陵县", "yanling"), ("430224000000", "茶陵县", "chaling")):
            county = identity.add_organisation(SYSTEM, "office", f"{name}农业农村局", code, level=3)
            self.user(county.id, sign_in, {"office_head"})
            self.user(county.id, f"{sign_in}-clerk", {"office_clerk"})
            for place in self._townships(code)[:4]:
                row = identity.add_organisation(
                    SYSTEM, "office", f"{name}{place.name}农业综合服务中心", place.code, level=4
                )
                self.user(row.id, f"office-{place.code[6:9]}-{sign_in}", {"office_clerk"})
        self._quota_rules(head)
        return head

    def _quota_rules(self, head: Actor) -> None:
        """What the city asks of both years, so that plans tell their ratio; the clerk enters it, the head confirms."""
        asked = {"minimum_bp": 1000, "encouraged_bp": 1500, "union_share_bp": 2000, "filing_md": 220}
        for year in (self.start.year, self.start.year + 1):
            row = quota.set_rule(self.clerk, year, ZHUZHOU[:4], source="演示参数，不是公布的比例", **asked)
            quota.confirm_rule(head, row.id)

    def _townships(self, county: str) -> list[regions.Place]:
        places = regions.children(county, self.start)
        return [place for place in places if place.has_households and not place.name.startswith(NO_HOUSEHOLDS)]

    def _suppliers(self, office: Actor) -> list[Supplier]:
        kinds = [kind for kind, _, count in goods.SUPPLIER_KINDS for _ in range(count)]
        suffix = {kind: text for kind, text, _ in goods.SUPPLIER_KINDS}
        towns = {code: self._townships(f"{code}000000") for code in (goods.YANLING, goods.CHALING)}
        per_supplier = self.size.households // self.size.suppliers
        made = []
        for number in range(self.size.suppliers):
            county = (goods.YANLING, goods.CHALING)[number % 2]
            town = towns[county][number // 2 % len(towns[county])]
            kind = kinds[(number * 7) % len(kinds)]
            name = (
                f"{'炎陵县' if county == goods.YANLING else '茶陵县'}{goods.SUPPLIER_NAMES[number // 2]}{suffix[kind]}"
            )
            with transaction():
                made.append(self._supplier(number, name, kind, county, town, per_supplier, office))
            self.progress("供应商、农户与产品", number + 1, self.size.suppliers)
        return made

    def _supplier(
        self, number: int, name: str, kind: str, county: str, town: regions.Place, families: int, office: Actor
    ) -> Supplier:
        row = identity.add_organisation(
            SYSTEM,
            "supplier",
            name,
            f"{county}000000",
            supplier_kind=kind,
            short_name=goods.SUPPLIER_NAMES[number // 2],
            account_name=name,
            bank_reference=f"演示农商银行 {town.name}支行 0000 {number:04d}",
            address=town.name,
        )
        sign_in = "supplier" if number == 0 else f"supplier-{number}"
        supplier = Supplier(
            row.id,
            self.user(row.id, sign_in, {"supplier_manager"}),
            self.user(row.id, f"{sign_in}-clerk", {"supplier_clerk"}),
            basis=("floor_plus", "outright", "outright", "consignment")[number % 4],
        )
        self._families(supplier, town, families, office)
        self._agreements(supplier, number)
        self._products(supplier, number, county, town, office)
        return supplier

    def _families(self, supplier: Supplier, town: regions.Place, count: int, office: Actor) -> None:
        villages = [place for place in regions.children(town.code, self.start) if place.has_households]
        chosen = self.rng.sample(villages, min(len(villages), self.rng.randint(2, 4)))
        classes = ["none"] * 6 + ["registered"] * 10 + ["unstable", "marginal", "sudden"]
        news = [
            households.NewHousehold(
                head_name=self.person(),
                village=self.rng.choice(chosen).code,
                group_name=f"{self.rng.choice('一二三四五六七八')}组",
                size=self.rng.randint(1, 6),
                class_=self.rng.choice(classes),
            )
            for _ in range(count)
        ]
        families = households.add_many(office, news)
        supplier.families = [family.id for family in families]
        self._people(supplier, families, office)

    def _people(self, supplier: Supplier, families: list[households.Household], office: Actor) -> None:
        """A head with a card in each household and a spouse in every other; named by the office, approved by the
        supplier. Every number is one that nobody has."""
        news = []
        for family in families:
            self.persons += 2
            news.append(
                households.NewMember(family.id, family.head_name, "head", id_number(self.persons), phone(self.persons))
            )
            if self.persons % 4 == 0:
                name = f"{SURNAMES[self.persons % len(SURNAMES)]}例{GIVEN[self.persons % len(GIVEN)]}"
                news.append(households.NewMember(family.id, name, "spouse", id_number(self.persons + 1)))
        heads = [row for row in households.add_members(office, news) if row.relation == "head"]
        payees = [
            households.NewPayee(
                row.household_id,
                "card",
                member_id=row.id,
                bank=BANK,
                account=account(self.persons * 1000 + place),
                holder_name=row.name,
            )
            for place, row in enumerate(heads)
        ]
        proposed = households.propose_payees(office, payees)
        households.approve_payees(supplier.manager, [row.id for row in proposed], linked=supplier.families)

    def _agreements(self, supplier: Supplier, number: int) -> None:
        rate = {"rate_basis_points": self.rng.choice((1_000, 1_500, 2_000))} if supplier.basis == "floor_plus" else {}
        supplier.agreement = self._agreement(
            supplier, supplier.families, kind="produce", basis=supplier.basis, service_order=10, **rate
        )
        poorest = supplier.families[: max(5, len(supplier.families) // 3)]
        if number % 5 in (0, 2):
            rate = self.rng.choice((100, 150, 200, 300))
            self._agreement(
                supplier, poorest, kind="dividend", rate_basis_points=rate, weights="equal", service_order=20
            )
        if number % 5 in (1, 2):
            self._agreement(
                supplier,
                poorest,
                kind="premium",
                rate_fen=self.rng.choice((10, 20, 40)),
                weights="share",
                service_order=30,
            )

        self._work_and_land(supplier, number)

    def _work_and_land(self, supplier: Supplier, number: int) -> None:
        """What is not tied to sales: every third supplier has piece workers, the first of these let their land too."""
        supplier.workers = self.rng.sample(supplier.families, min(8, len(supplier.families)))
        supplier.land = [self.rng.randint(2, 18) * 500 for _ in supplier.workers]
        if number % 3 == 0:
            supplier.pieces = self._agreement(
                supplier, supplier.workers, kind="piece_wage", rate_fen=self.rng.choice((20, 35, 50))
            )
        if number % 6 == 0:
            supplier.rent = self._agreement(supplier, supplier.workers, kind="rent", rate_fen=60_000)

    def _agreement(self, supplier: Supplier, families: list[UUID], **terms: object) -> UUID:
        today = clock.today()
        row = linkage.draft_agreement(supplier.manager, starts_on=today, ends_on=today + timedelta(days=1100), **terms)  # type: ignore[arg-type]
        witness, second = self.person() + "（见证）", self.person() + "（村委）"
        linkage.record_consents(
            supplier.manager,
            row.id,
            [
                {
                    "household_id": family,
                    "day": today,
                    "method": "signature",
                    "witness": witness,
                    "second_witness": second,
                }
                for family in families
            ],
        )
        linkage.put_roster(supplier.manager, row.id, today, {family: self.rng.randint(1, 4) for family in families})
        linkage.start(supplier.manager, row.id)
        return row.id

    def _products(self, supplier: Supplier, number: int, county: str, town: regions.Place, office: Actor) -> None:
        local = [good for good in goods.GOODS if good.county == county]
        count = self.size.products // self.size.suppliers + (1 if number % 3 else 0)
        taken: set[str] = set()
        while len(supplier.items) < count:
            good = local[(number // 2 + len(taken)) % len(local)] if len(taken) < 3 else self.rng.choice(local)
            name = f"{good.name} {self.rng.choice(good.variants)}"
            unit, content = self.rng.choice(good.units)
            if (label := f"{name} {unit}{content}") in taken:
                continue
            taken.add(label)
            supplier.items.append(self._item(supplier, number, good, name, unit, content, county, town, office))

    def _item(
        self, supplier: Supplier, number: int, good: goods.Good, name: str, unit: str, content: int, county: str,
        town: regions.Place, office: Actor,
    ) -> Item:  # fmt: skip
        self.names += 1
        code = f"{'YL' if county == goods.YANLING else 'CL'}-{good.category[:2].upper()}-{self.names:04d}"
        product = products.add_product(
            supplier.manager,
            code=code,
            name=name,
            category_code=good.category,
            base_unit=good.base_unit,
            origin=town.code,
            grade=self.rng.choice(("一级", "特级", "统货")),
            storage=good.storage,
            shelf_life_days=good.shelf_life_days,
            certificates=[one for one in good.certificates if self.rng.random() < 0.7],
            description=f"{town.name}出产，由联结农户交售，合作分级包装。",
        )
        base_price = int(self.rng.triangular(good.price_from, good.price_to))
        price = base_price if good.pricing == "weighed" else max(50, base_price * content // 1000 // 10 * 10)
        pack = 1000 if content >= 2000 else self.rng.choice((1000, 5000, 10000))
        minimum = pack * self.rng.choice((2, 4, 10))
        offer = catalogue.list_offer(
            supplier.manager,
            product.id,
            code=code,
            pricing=good.pricing,
            order_unit=unit,
            content=content,
            pack=pack,
            minimum=minimum,
            stock=minimum * self.rng.randint(60, 400),
            breaks=[(minimum, price), (minimum * 5, price * 96 // 100), (minimum * 20, price * 92 // 100)],
            season_from=good.season[0],
            season_to=good.season[1],
            lead_days=self.rng.randint(1, 4),
            tolerance_basis_points=1000 if good.pricing == "weighed" else 0,
        )
        if self.rng.random() < 0.93:
            accreditation.give(
                office,
                product.id,
                programme="832",
                valid_from=clock.today(),
                valid_to=self.start + timedelta(days=200 if self.names % 40 == 7 else 800),
                committed_value_fen=self.rng.choice((50_000_000, 80_000_000, 180_000_000)),
            )
        papers = products.papers_needed([product.id])[product.id]
        return Item(offer.id, product.id, good, content, pack, minimum, base_price, papers)

    def _agencies(self, office: Actor) -> list[Agency]:
        made: list[Agency] = []
        names = [
            (kind, f"{district}{name}", code, label)
            for kind, titles, label in goods.AGENCY_KINDS
            for name in titles
            for code, district in goods.DISTRICTS
        ]
        self.rng.shuffle(names)
        first = next(row for row in names if row[1] == "茶陵县沿河中学")  # the demo's buyer
        names.remove(first)
        names.insert(0, first)
        with transaction():
            for number, (kind, name, code, label) in enumerate(names[: self.size.agencies]):
                made.append(self._agency(number, kind, name, code, label, office))
        self.progress("采购人与预留份额", self.size.agencies, self.size.agencies)
        return made

    def _agency(self, number: int, kind: str, name: str, code: str, label: str, office: Actor) -> Agency:
        row = identity.add_organisation(
            SYSTEM, "agency", name, code, agency_kind=kind, address=f"{name}（{label}）食堂后门"
        )
        sign_in = "buyer" if number == 0 else f"buyer-{number}"
        agency = Agency(
            row.id,
            self.user(row.id, sign_in, {"requester"}),
            self.user(row.id, f"{sign_in}-approver", {"approver"}),
            self.user(row.id, f"{sign_in}-receiver", {"receiver"}),
            self.user(row.id, f"{sign_in}-finance", {"finance"}),
            appetite=2.5 if number == 0 else self.rng.uniform(0.4, 1.6),
        )
        base = int(agency.appetite * self.rng.randint(200, 420)) * 1_000_000
        for year in {self.start.year, self.start.year + 1}:
            if number % 13 != 12:  # a few order without a plan: shown as not counted
                quota.file_plan(office, row.id, year, base_fen=base, target_fen=base * 15 // 100)
        return agency
