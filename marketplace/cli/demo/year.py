"""What they do, day by day: every step is an event in time order, carried out through the services at its own clock."""

import heapq
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from ...attribution import services as attribution
from ...catalogue import rules as prices
from ...core import clock
from ...core.db import db, transaction
from ...core.errors import Many, Refused
from ...linkage import services as linkage
from ...linkage.services import Entry
from ...payments import services as payments
from ...procurement import services as procurement
from ...settlement import services as settlement
from .people import Agency, Cast, Item, Progress, Supplier

BATCH = 60  # events per commit
REASONS = ("bruised", "rotten", "off_spec", "temperature")
TITLES = ("食堂周采购", "开学备货", "月度食材", "节前福利", "食堂补货", "冬季储备", "职工慰问")
WINDOWS = ("上午 6–8 点", "上午 8–10 点", "下午 2–4 点")

Act = Callable[[], object]
Event = tuple[datetime, int, Act]


class Year:
    """One run. `until` is the present: what would come later is left undone, so every state is among the orders."""

    def __init__(self, cast: Cast, rng: random.Random, until: datetime, progress: Progress) -> None:
        self.cast, self.rng, self.until, self.progress = cast, rng, until, progress
        self.events: list[Event] = []
        self.serial = count()
        self.lots: dict[UUID, list[list]] = {}  # product → [lot, base-unit thousandths left]
        self.supplier_of = {supplier.id: supplier for supplier in cast.suppliers}
        self.item_of = {item.offer: item for supplier in cast.suppliers for item in supplier.items}
        self.owner_of = {item.offer: supplier for supplier in cast.suppliers for item in supplier.items}

    def at(self, moment: datetime, act: Act) -> None:
        if moment <= self.until:
            heapq.heappush(self.events, (moment, next(self.serial), act))

    def later(self, hours: float, act: Act) -> None:
        """After some hours, in working time: people sign by day."""
        moment = clock.now() + timedelta(hours=hours)
        local = clock.local(moment)
        if not 7 <= local.hour < 20:
            day = local.date() + timedelta(days=local.hour >= 20)
            moment = max(clock.now(), clock.at(day, self.rng.randint(7, 10), local.minute))
        self.at(moment, act)

    def run(self) -> None:
        days = (self.until.date() - self.cast.start).days
        per_agency = self.cast.size.requisitions / self.cast.size.agencies
        for agency in self.cast.agencies:
            for _ in range(max(2, round(per_agency * agency.appetite))):
                day = self.cast.start + timedelta(days=self.rng.randint(0, days))
                moment = clock.at(day, self.rng.randint(8, 17), self.rng.randint(0, 59))
                self.at(moment, lambda agency=agency: self.request(agency))
        self._busy_days()
        for supplier in self.cast.suppliers:
            for month in range(1, 13):
                moment = clock.at(self.cast.start + timedelta(days=30 * month + self.rng.randint(1, 4)), 10)
                self.at(moment, lambda supplier=supplier: self.pay_families(supplier))
        total, done = days, 0
        while self.events:
            with transaction():
                for _ in range(min(BATCH, len(self.events))):
                    moment, _, act = heapq.heappop(self.events)
                    with clock.fixed(moment):
                        act()
            db.session.expunge_all()
            done = max(done, (moment.date() - self.cast.start).days)
            self.progress("一年的采购、发货、验收与付款", min(done, total), total)

    def _busy_days(self) -> None:
        """The last days are fuller, so that the demo's buyer and supplier find work waiting in every state."""
        buyer, supplier = self.cast.agencies[0], self.cast.suppliers[0]
        for agency in self.cast.agencies:
            for _ in range(8 if agency is buyer else self.rng.randint(0, 1)):
                day = (self.until - timedelta(days=self.rng.randint(0, 11))).date()
                moment = clock.at(day, self.rng.randint(8, 17), self.rng.randint(0, 59))
                among = [supplier] if agency is buyer or self.rng.random() < 0.2 else []
                self.at(moment, lambda agency=agency, among=among: self.request(agency, among))

    # From request to payment

    def request(self, agency: Agency, among: Sequence[Supplier] = ()) -> None:
        lines = self._choose_lines(among)
        if not lines:
            return
        row = procurement.open_requisition(
            agency.requester,
            title=self.rng.choice(TITLES),
            channel=self.rng.choices(("online", "pavilion", "zone", "counter"), (7, 1, 1, 1))[0],
            deliver_on=clock.today() + timedelta(days=self.rng.randint(4, 9)),
            window=self.rng.choice(WINDOWS),
            contact=f"{agency.receiver.name}（验收员）",
            budget_line="食材采购",
        )
        procurement.put_lines(agency.requester, row.id, lines)
        if self.rng.random() < 0.02:
            return  # stays a draft
        for _ in range(2):
            try:
                procurement.submit(agency.requester, row.id)
                break
            except Many as refused:
                lines = self._mended(lines, refused)
                if not lines:
                    return
                procurement.put_lines(agency.requester, row.id, lines)
        requisition = row.id
        self.later(self.rng.uniform(2, 30), lambda: self.decide(agency, requisition))

    def _choose_lines(self, among: Sequence[Supplier]) -> list[dict]:
        today = clock.today()
        lines = []
        others = [supplier for supplier in self.cast.suppliers if supplier not in among]
        for supplier in [*among, *self.rng.sample(others, self.rng.randint(2, 4) - len(among))]:
            season = [item for item in supplier.items if prices.in_season(*item.good.season, today)]
            for item in self.rng.sample(season, min(len(season), self.rng.randint(1, 4))):
                lines.append({"offer_id": item.offer, "quantity": item.minimum * self.rng.choice((1, 2, 2, 3, 5))})
        return lines

    def _mended(self, lines: list[dict], refused: Many) -> list[dict]:
        """What a person would do with each refusal: give the reason, leave the plan out, or drop the line."""
        dropped = set()
        for error in refused.errors:
            line = lines[(error.row or 1) - 1]
            if error.code == "above_reference":
                line["reason"] = "比三家后仅此规格合用，附询价单"
            elif error.field == "counts":
                line["counts"] = False
            else:
                dropped.add((error.row or 1) - 1)
        return [line for place, line in enumerate(lines) if place not in dropped]

    def decide(self, agency: Agency, requisition: UUID) -> None:
        if self.rng.random() < 0.03:
            procurement.reject(agency.approver, requisition, "本月预算已满，请压缩后再报")
            return
        try:
            orders = procurement.approve(agency.approver, requisition)
        except Many:
            procurement.reject(agency.approver, requisition, "有货品缺货，请调整")
            return
        for order in orders:
            id_, supplier, due = order.id, self.supplier_of[order.supplier_id], order.deliver_on
            self.later(self.rng.uniform(1, 34), lambda id_=id_, s=supplier, due=due: self.answer(agency, s, id_, due))

    def answer(self, agency: Agency, supplier: Supplier, order: UUID, due) -> None:  # type: ignore[no-untyped-def]
        draw = self.rng.random()
        if draw < 0.02:
            procurement.decline(supplier.manager, order, "连日阴雨，采收推迟，无法按期供货")
            return
        if draw < 0.03:
            self.later(60, procurement.lapse_overdue)
            return
        procurement.confirm(supplier.clerk, order)
        parts = 2 if self.rng.random() < 0.15 else 1
        when = clock.at(max(due, clock.today()) - timedelta(days=1), 4, 30)
        when = max(when, clock.now() + timedelta(hours=5))
        self.at(when, lambda: self.ship(agency, supplier, order, parts))

    def ship(self, agency: Agency, supplier: Supplier, order: UUID, parts: int) -> None:
        pieces = []
        for line in procurement.lines_of([order])[order]:
            item = self.item_of[line.offer_id]
            quantity = line.open
            if parts > 1:
                quantity = max(item.pack, line.open // 2 // item.pack * item.pack)
            quantity = min(quantity, line.open)
            if quantity:
                pieces.append(procurement.Part(line.id, self._lot(supplier, item, quantity), quantity))
        if not pieces:
            return
        shipment = procurement.ship(
            supplier.clerk,
            order,
            pieces,
            expected_on=clock.today() + timedelta(days=1),
            carrier=self.rng.choice(("自有冷藏车", "县域共配", "客运带货")),
        )
        id_ = shipment.id
        self.later(self.rng.uniform(20, 34), lambda: self.receive(agency, supplier, order, id_))
        if parts > 1:
            self.later(72, lambda: self.second_part(agency, supplier, order))

    def second_part(self, agency: Agency, supplier: Supplier, order: UUID) -> None:
        open_ = {line.id: line.open for line in procurement.lines_of([order])[order] if line.open}
        if not open_:
            return
        if self.rng.random() < 0.2:
            procurement.cancel(agency.approver, order, open_, "本周改食谱，余量不要")
        else:
            self.ship(agency, supplier, order, 1)

    def receive(self, agency: Agency, supplier: Supplier, order: UUID, shipment: UUID) -> None:
        row, _ = procurement.shipment(agency.receiver, shipment)
        lines = {line.id: line for line in procurement.lines_of([order])[order]}
        counts = [self._count(piece, lines[piece.order_line_id]) for piece in row.lines]
        _, bill = settlement.accept(agency.receiver, shipment, counts, witness=agency.finance.name + "（见证）")
        if bill is None:
            return
        id_, total = bill.id, bill.total_fen
        self.later(self.rng.uniform(6, 60), lambda: self.invoice(supplier, id_, total))
        self.later(24 * self.rng.triangular(5, 45, 18), lambda: self.pay(agency, supplier, id_, total))

    def _count(self, piece, line) -> procurement.Count:  # type: ignore[no-untyped-def]
        accepted, reason = piece.quantity, ""
        if self.rng.random() < 0.05:
            accepted -= min(piece.quantity, 1000 * max(1, piece.quantity // 1000 // 20))
            reason = self.rng.choice(REASONS)
        net = None
        if line.pricing == "weighed":
            net = prices.nominal_base(accepted, line.content) * self.rng.randint(960, 1040) // 1000
        return procurement.Count(piece.id, accepted, net, reason)

    def invoice(self, supplier: Supplier, bill: UUID, total: int) -> None:
        payments.record_invoice(
            supplier.clerk,
            bill,
            number=f"2643{self.rng.randrange(10**15, 10**16)}",
            issued_on=clock.today(),
            amount_fen=total,
            rate_basis_points=None,
        )

    def pay(self, agency: Agency, supplier: Supplier, bill: UUID, total: int) -> None:
        transfer = payments.record_transfer(
            agency.finance, bill, fen=total, paid_on=clock.today(), bank_serial=f"GK{self.rng.randrange(10**10):010d}"
        )
        id_ = transfer.id
        self.later(self.rng.uniform(3, 50), lambda: self.settle(supplier, id_))

    def settle(self, supplier: Supplier, transfer: UUID) -> None:
        _, bill = settlement.confirm_payment(supplier.manager, transfer)
        if self.rng.random() < 0.02:  # something was found to be off after it was paid
            lines = [
                line.id for line in settlement.settled_of([bill.order_id])[bill.order_id] if line.bill_id == bill.id
            ]
            self.later(self.rng.uniform(30, 900), lambda: self.take_back(supplier, self.rng.choice(lines)))

    def take_back(self, supplier: Supplier, line: UUID) -> None:
        sale = settlement.sale(supplier.manager, line)
        pieces = sale.quantity // 1000
        back = self.rng.choice((pieces, max(1, pieces // 4))) * 1000
        settlement.reverse(
            supplier.manager,
            line,
            quantity=back,
            net=sale.net * back // sale.quantity,
            reason=self.rng.choice(("开箱后发现变质", "规格与约定不符", "检测不合格，退回")),
            red_invoice_number=f"2643{self.rng.randrange(10**15, 10**16)}",
            refund_serial=f"TK{self.rng.randrange(10**10):010d}",
        )

    # Households

    def _lot(self, supplier: Supplier, item: Item, quantity: int) -> UUID:
        """A lot with enough left, or a new one of what households deliver that morning."""
        base = prices.nominal_base(quantity, item.content)
        for lot in self.lots.setdefault(item.product, []):
            if lot[1] >= base:
                lot[1] -= base
                return lot[0]
        size = base * self.rng.randint(4, 9)
        size = -(-size // 1000) * 1000
        made = self._new_lot(supplier, item, size)
        self.lots[item.product].append([made, size - base])
        return made

    def _new_lot(self, supplier: Supplier, item: Item, size: int) -> UUID:
        raw, unit, per_base = item.good.raw
        families = self.rng.sample(supplier.families, min(len(supplier.families), self.rng.randint(6, 14)))
        shares = [self.rng.randint(2, 9) for _ in families]
        total = -(-size * per_base // 1000)
        price = max(10, item.base_price * self.rng.randint(48, 60) * 10 // per_base)
        deliveries = []
        open_ = linkage.open_advances(supplier.id) if supplier.basis != "consignment" else {}
        for family, share in zip(families, shares, strict=True):
            net = -(-total * share // sum(shares) // 1000) * 1000 + 1000
            tare = 2000 * (1 + net // 40_000)
            deliveries.append(
                linkage.Delivery(
                    household_id=family,
                    item=raw,
                    unit=unit,
                    gross=net + tare,
                    tare=tare,
                    price_fen=price,
                    deduction_fen=min(open_.get(family, 0), net * price // 4000),
                    grade=self.rng.choice(("一级", "二级", "统货")),
                    pieces=1 + net // 20_000,
                )
            )
        slips = linkage.record_slips(supplier.clerk, supplier.agreement, clock.today(), deliveries)  # type: ignore[arg-type]
        lot = linkage.make_lot(
            supplier.clerk,
            product_id=item.product,
            harvested_on=clock.today(),
            size=size,
            slip_ids=[slip.id for slip in slips],
            yields=-(-1_000_000 // per_base) if unit != item.good.base_unit else None,
        )
        for kind in item.papers:
            linkage.add_paper(
                supplier.clerk, lot.id, kind, f"{kind[:2].upper()}{self.rng.randrange(10**8):08d}", clock.today()
            )
        due = linkage.payable_now(slips) if supplier.basis != "consignment" else {}
        if due and self.rng.random() < 0.5:
            linkage.pay_slips(
                supplier.manager, due, day=clock.today(), method="cash", evidence="过磅现场付款，签字在单"
            )
        return lot.id

    def _flows(self, supplier: Supplier) -> None:
        """The month's piece work and rent, by the sheets that were signed; and a few advances before the harvest."""
        today = clock.today()
        if supplier.pieces:
            entries = [Entry(family, quantity=self.rng.randint(80, 900) * 1000) for family in supplier.workers]
            linkage.record_flows(supplier.clerk, supplier.pieces, today, entries, evidence=f"计件单 {today:%Y%m}")
        if supplier.rent and today.month == 1 + supplier.land[1] % 12:
            entries = [Entry(family, quantity=mu) for family, mu in zip(supplier.workers, supplier.land, strict=False)]
            linkage.record_flows(supplier.clerk, supplier.rent, today, entries, evidence=f"租金收条 {today.year}")
        if supplier.basis != "consignment" and self.rng.random() < 0.25:
            linkage.give_advance(
                supplier.clerk,
                household_id=self.rng.choice(supplier.families),
                fen=self.rng.randint(2, 12) * 10_000,
                given_on=today,
                method="cash",
                evidence=f"借据 {self.rng.randrange(1000):03d}",
            )

    def pay_families(self, supplier: Supplier) -> None:
        """Month end: older slips are paid by transfer, sale-tied income is distributed by two persons and paid out."""
        today = clock.today()
        self._flows(supplier)
        unpaid = linkage.unpaid_slips(supplier.id)
        due = linkage.payable_now(unpaid)
        old = {
            slip.id: due[slip.id]
            for slip in unpaid
            if slip.id in due and (today - slip.delivered_on).days > 12 and self.rng.random() < 0.93
        }
        if old:
            linkage.pay_slips(supplier.manager, old, day=today, method="transfer", evidence=f"一卡通批次 {today:%Y%m}")
        try:
            row = attribution.prepare(supplier.clerk, today - timedelta(days=today.day))
        except Refused:
            return
        id_ = row.id
        self.later(26, lambda: self._approve_distribution(supplier, id_))

    def _approve_distribution(self, supplier: Supplier, distribution: UUID) -> None:
        attribution.approve(supplier.manager, distribution)
        self.later(24 * 8, lambda: self._pay_out(supplier, distribution))  # once its notice of seven days has run

    def _pay_out(self, supplier: Supplier, distribution: UUID) -> None:
        payouts = [row for row in attribution.payouts_of(distribution) if row.state == "to_pay"]
        chosen = [row.id for row in payouts if self.rng.random() < 0.96]
        if chosen:
            attribution.mark_paid(
                supplier.clerk,
                chosen,
                paid_on=clock.today(),
                method="transfer",
                evidence=f"一卡通批次 {clock.today():%Y%m}-F",
            )
