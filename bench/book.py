"""A county's book of many settled lines, as the services would have left it: `build(lines)` into a migrated, empty database.

Parties, agreements and one order go through the services; the rest are copies of that order's rows, with ids, numbers,
days and sums of their own, so that every check of the verifier holds. Two years; each month of a supplier is one lot of
50 slips (bought outright, paid at the gate, sold out) and one dividend pool. Then the services close the county's months
and the journals are sealed.

`python -m bench.book LINES` with the environment of the database (its owner on PostgreSQL).
"""

import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

MONTHS = [(year, month) for year in (2024, 2025) for month in range(1, 13)]
SUPPLIERS, FAMILIES, SLIPS, EACH = 40, 200, 50, 20  # households of a supplier, slips of a lot, lines of an order
QUANTITY, MONEY, COST, DIVIDEND = 10_000, 12_000, 6_800, 240  # of a line: ten kilogrammes at ¥12.00, bought at ¥6.80
PRESENT = date(2026, 3, 2)
SALES, SLIP, PAYMENT = "sales", "slip", "payment"
BATCH = 20_000


def build(lines: int, say: Callable[[str], None] = print) -> dict[str, float]:
    """Fills the application's database; seconds of each step. Needs an application's context."""
    from marketplace.core import clock

    told: dict[str, float] = {}
    with clock.fixed(clock.at(date(2024, 1, 1))):
        parties = _step(told, "parties", say, _parties)
    with _Writer() as writer:
        _step(told, "rows", say, lambda: _Book(writer, parties, lines).write())
    with clock.fixed(clock.at(PRESENT)):
        _step(told, "figures", say, _figures)
        _step(told, "closing", say, lambda: _close(parties))
    _step(told, "seals", say, _seal)
    return told


def _step(told: dict[str, float], name: str, say: Callable[[str], None], work: Callable[[], Any]) -> Any:
    started = time.perf_counter()
    found = work()
    told[name] = round(time.perf_counter() - started, 1)
    say(f"{name}: {told[name]:,.1f} s")
    return found


def _parties() -> dict[str, Any]:
    """Suppliers with their households, agreements and an offer; the first has one settled order, the pattern of all."""
    from marketplace.accreditation import services as accreditation
    from marketplace.core import clock
    from marketplace.core.actor import SYSTEM
    from marketplace.core.db import transaction
    from marketplace.households import services as households
    from marketplace.identity import services as identity
    from marketplace.products import services as products
    from tests.factories.world import TOWNSHIP, VILLAGES, YANLING, World, actor, list_offer, start_agreement

    with transaction():
        world = World.build(families=FAMILIES)
        bonus = start_agreement(
            world.manager, world.households, kind="dividend", rate_basis_points=200, service_order=20
        )
        world.settled(world.lot(size=FAMILIES * 1000), QUANTITY)
        maker, checker = (
            actor(world.office.organisation, {"office_clerk"}),
            actor(world.office.organisation, {"office_head"}),
        )
        suppliers = [(world.manager.organisation, world.product, world.offer, world.agreement, bonus, world.households)]
    for number in range(1, SUPPLIERS):
        with transaction():
            row = identity.add_organisation(
                SYSTEM,
                "supplier",
                f"合作社{number}",
                YANLING,
                supplier_kind="cooperative",
                account_name="账",
                bank_reference="行",
            )
            manager = actor(row.id, {"supplier_manager"})
            families = [
                households.add(
                    world.office,
                    head_name=f"李四{place}",
                    village=VILLAGES[place % 2],
                    group_name="一组",
                    size=4,
                    class_="none",
                ).id
                for place in range(FAMILIES)
            ]
            bought = start_agreement(manager, families, kind="produce", basis="outright", service_order=10)
            bonus = start_agreement(manager, families, kind="dividend", rate_basis_points=200, service_order=20)
            product = products.add_product(
                manager, code=f"BK-{number}", name="炎陵黄桃", category_code="peach", base_unit="千克", origin=TOWNSHIP
            ).id
            accreditation.give(
                world.office,
                product,
                programme="832",
                valid_from=clock.today(),
                valid_to=date(2027, 1, 1),
                committed_value_fen=10**13,
            )
            suppliers.append((row.id, product, list_offer(manager, product, f"BK-{number}"), bought, bonus, families))
    with transaction(write=False):
        rosters = _rosters([bonus for *_, bonus, _ in suppliers])
    return {"suppliers": suppliers, "rosters": rosters, "maker": maker, "checker": checker}


def _rosters(agreements: list[UUID]) -> dict[UUID, UUID]:
    from sqlalchemy import text

    from marketplace.core.db import db

    found = {}
    for id_ in agreements:
        shown = id_.hex if _sqlite() else id_
        held = db.session.execute(text("SELECT id FROM roster WHERE agreement_id = :id"), {"id": shown}).scalar_one()
        found[id_] = UUID(str(held))
    return found


def _sqlite() -> bool:
    from marketplace.core.db import is_sqlite

    return is_sqlite()


class _Writer:
    """Rows into tables past the ORM, its triggers and its foreign keys: a table's rows are its pattern with changes."""

    def __init__(self) -> None:
        from marketplace.core.db import db

        self.sqlite = _sqlite()
        url = db.engine.url
        db.session.remove()
        db.engine.dispose()  # without a journal, SQLite wants the file for itself
        if self.sqlite:
            self.driver: Any = sqlite3.connect(str(url.database), isolation_level=None)
            for pragma in (
                "busy_timeout=30000",
                "journal_mode=OFF",
                "foreign_keys=OFF",
                "synchronous=OFF",
                "cache_size=-1000000",
            ):
                self.driver.execute(f"PRAGMA {pragma}")
        else:
            import psycopg

            self.driver = psycopg.connect(url.render_as_string(hide_password=False).replace("+psycopg", ""))
            self.driver.execute("SET session_replication_role = replica")
        self.patterns: dict[str, dict[str, Any]] = {}
        self.rows: dict[str, list[dict[str, Any]]] = {}

    def __enter__(self) -> "_Writer":
        if self.sqlite:
            self.driver.execute("BEGIN IMMEDIATE")
        return self

    def __exit__(self, *failed: object) -> None:
        if not failed[0]:
            for table in list(self.rows):
                self._flush(table)
            self.driver.commit()
            if self.sqlite:
                self.driver.execute("PRAGMA journal_mode=WAL")
        self.driver.close()

    def id(self, value: UUID | int) -> Any:
        made = value if isinstance(value, UUID) else UUID(int=value)
        return made.hex if self.sqlite else made

    def day(self, value: date) -> Any:
        return value.isoformat() if self.sqlite else value

    def pattern(self, table: str, where: str = "true", key: str = "") -> dict[str, Any]:
        """The first row that the services made."""
        name = key or table
        if name not in self.patterns:
            cursor = self.driver.execute(f'SELECT * FROM "{table}" WHERE {where} LIMIT 1')
            row = cursor.fetchone()
            self.patterns[name] = dict(zip([column[0] for column in cursor.description], row, strict=True))
            self.patterns[name].pop("after", None) if table == "entry" else None
        return self.patterns[name]

    def add(self, table: str, key: str = "", **changes: Any) -> None:
        rows = self.rows.setdefault(table, [])
        rows.append(self.patterns[key or table] | changes)
        if len(rows) >= BATCH:
            self._flush(table)

    def _flush(self, table: str) -> None:
        rows = self.rows.pop(table, [])
        if not rows:
            return
        names = list(rows[0])
        columns = ", ".join(f'"{name}"' for name in names)
        values = ([row[name] for name in names] for row in rows)
        if self.sqlite:
            marks = ", ".join("?" * len(names))
            self.driver.executemany(f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', values)
            return
        with self.driver.cursor() as cursor, cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy:
            for row in values:
                copy.write_row(row)

    def update(self, table: str, id_: Any, **values: Any) -> None:
        mark = "?" if self.sqlite else "%s"
        set_ = ", ".join(f"{name} = {mark}" for name in values)
        self.driver.execute(f'UPDATE "{table}" SET {set_} WHERE id = {mark}', [*values.values(), id_])


class _Book:
    def __init__(self, writer: _Writer, parties: dict[str, Any], lines: int) -> None:
        self.writer, self.parties = writer, parties
        orders = max(1, round(lines / (SUPPLIERS * len(MONTHS) * EACH)))
        self.orders, self.number = orders, 0x0190_0000 << 96  # ids that grow, below those of the services
        for table in _PATTERNS:
            writer.pattern(table, _PATTERNS[table])
        for key, where in (("lot_pool", "kind = 'lot'"), ("roster_pool", "kind = 'roster'")):
            writer.pattern("pool", where, key)
        for kind in ("slip", "settled_line"):
            writer.pattern("journal", f"kind = '{kind}'", f"journal_{kind}")
            writer.pattern("posted_source", f"kind = '{kind}'", f"posted_{kind}")
        writer.patterns["farm_payment"] = _farm_payment(writer)

    def new(self) -> int:
        self.number += 1
        return self.number

    def write(self) -> None:
        from marketplace.ledger.services import AccountRef
        from marketplace.linkage import accounts

        for supplier, product, offer, bought, bonus, families in self.parties["suppliers"]:
            self.refs: dict[AccountRef, Any] = {}
            self.supplier, self.product, self.offer = supplier, product, offer
            first = supplier == self.parties["suppliers"][0][0]
            roster_pool = self.writer.patterns["roster_pool"]
            pool_id = roster_pool["id"] if first else self.writer.id(self.new())
            total, seq = (roster_pool["total_fen"], roster_pool["seq"]) if first else (0, 0)
            owed = dict.fromkeys(families, 0)
            for year, month in MONTHS:
                total, seq = self._month(year, month, bought, families, pool_id, total, seq, owed)
            rest = {"total_fen": total, "seq": seq, "distributed_fen": 0}
            if first:
                self.writer.update("pool", pool_id, **rest)
            else:
                ids = {"id": pool_id, "source_id": self.writer.id(self.parties["rosters"][bonus])}
                self.writer.add(
                    "pool",
                    "roster_pool",
                    **ids,
                    supplier_id=self.writer.id(supplier),
                    agreement_id=self.writer.id(bonus),
                    **rest,
                )
            self._stand(first, owed, accounts)
            known = self._known() if first else set()
            for ref, id_ in self.refs.items():
                if id_ not in known:
                    owner, party = (self.writer.id(value or 0) for value in (ref.owner, ref.party))
                    self.writer.add("account", id=id_, kind=ref.kind, owner_id=owner, party_id=party)

    def _known(self) -> set[Any]:
        return {row[0] for row in self.writer.driver.execute("SELECT id FROM account").fetchall()}

    def _stand(self, first: bool, owed: dict[UUID, int], accounts: Any) -> None:
        for family, fen in owed.items():
            id_ = self.writer.id(accounts.owed(family, self.supplier).id)
            if first:
                self.writer.driver.execute(
                    f"UPDATE standing SET owed_fen = owed_fen + {fen}, received_fen = received_fen + {fen} WHERE id = "
                    + ("?" if self.writer.sqlite else "%s"),
                    [id_],
                )
            else:
                of = {"household_id": self.writer.id(family), "supplier_id": self.writer.id(self.supplier)}
                self.writer.add("standing", id=id_, **of, owed_fen=fen, received_fen=fen)

    def _account(self, ref: Any) -> Any:
        if ref not in self.refs:
            self.refs[ref] = self.writer.id(ref.id)
        return self.refs[ref]

    def _journal(self, kind: str, source: Any, region: str, day: date, lines: list[tuple[Any, Any, int]]) -> None:
        pattern = "settled_line" if kind == "settled_line" else "slip"
        id_, add = self.writer.id(self.new()), self.writer.add
        text = str(UUID(source) if isinstance(source, str) else source)
        period = day.year * 100 + day.month
        add("posted_source", f"posted_{pattern}", kind=kind, source=text, journal_id=id_)
        at = f"{day.isoformat()} 01:00:00.000000"
        about = {"kind": kind, "source": text, "region": region, "day": self.writer.day(day), "period": period}
        add("journal", f"journal_{pattern}", id=id_, **about, concerns_period=None, n=len(lines), at=at)
        for no, (debit, credit, fen) in enumerate(lines, 1):
            sides = {"debit_id": self._account(debit), "credit_id": self._account(credit)}
            add("entry", journal_id=id_, no=no, n=len(lines), amount=fen, **sides)

    def _month(
        self,
        year: int,
        month: int,
        bought: UUID,
        families: list[UUID],
        roster_pool: Any,
        total: int,
        seq: int,
        owed: Any,
    ) -> tuple[int, int]:
        from marketplace.ledger.services import AccountRef

        writer, add = self.writer, self.writer.add
        supplier, product = writer.id(self.supplier), writer.id(self.product)
        lines = self.orders * EACH
        start, sold_on = date(year, month, 5), date(year, month, 20)
        period = year * 100 + month
        lot_id, lot_pool = writer.id(self.new()), writer.id(self.new())
        self._slips(year * 12 + month, lot_id, lines, start, bought, families, owed)
        size, cost = lines * QUANTITY, lines * COST
        about = {"supplier_id": supplier, "agreement_id": writer.id(bought)}
        add(
            "lot", id=lot_id, number=f"PB-{period}-{self.new() & 0xFFFFFFFF:x}", product_id=product, size=size, taken=size,
            cost_fen=cost, households=SLIPS, harvested_on=writer.day(start), delivered=size, division=self.origin, **about,
        )  # fmt: skip
        add(
            "pool",
            "lot_pool",
            id=lot_pool,
            source_id=lot_id,
            total_fen=cost,
            sold=size,
            seq=lines,
            distributed_fen=0,
            **about,
        )
        sold = AccountRef("sold", self.supplier, None)
        places = [AccountRef("pool", UUID(str(pool)), self.supplier) for pool in (lot_pool, roster_pool)]
        rest = AccountRef("remainder", self.supplier, None)
        day, dated = writer.day(sold_on), {"day": writer.day(sold_on), "period": period}
        made = 0
        for _ in range(self.orders):
            number = self.new()
            short = f"{number & 0xFFFFFFFFFF:010x}"
            order, shipment, acceptance, bill = (writer.id(self.new()) for _ in range(4))
            fen = EACH * MONEY
            add("purchase_order", id=order, number=f"SB-{short}", supplier_id=supplier, plan_id=None, period=period)
            add("shipment", id=shipment, number=f"FH-{short}", order_id=order)
            add(
                "acceptance",
                id=acceptance,
                number=f"YS-{short}",
                shipment_id=shipment,
                order_id=order,
                day=day,
                period=period,
                money_fen=fen,
            )
            add(
                "bill", id=bill, number=f"JB-{short}", payment_code=short[-8:] + "BK", acceptance_id=acceptance, order_id=order,
                supplier_id=supplier, total_fen=fen, paid_fen=fen, issued_on=day, due_on=day, paid_on=day,
            )  # fmt: skip
            add("transfer", id=writer.id(self.new()), bill_id=bill, fen=fen, paid_on=day)
            for no in range(1, EACH + 1):
                line, sent, id_ = (writer.id(self.new()) for _ in range(3))
                add(
                    "order_line", id=line, order_id=order, no=no, offer_id=writer.id(self.offer), product_id=product,
                    grant_id=None, counts=0 if writer.sqlite else False, ordered=QUANTITY, open=0, in_transit=0,
                    accepted=QUANTITY, settled=QUANTITY, money_fen=MONEY, accepted_base=QUANTITY, accepted_fen=MONEY,
                    settled_fen=MONEY, committed_fen=0,
                )  # fmt: skip
                add(
                    "shipment_line",
                    id=sent,
                    shipment_id=shipment,
                    order_line_id=line,
                    lot_id=lot_id,
                    quantity=QUANTITY,
                    no=no,
                )
                add(
                    "acceptance_line", id=id_, acceptance_id=acceptance, shipment_line_id=sent, order_line_id=line,
                    lot_id=lot_id, no=no, accepted=QUANTITY, net=QUANTITY, money_fen=MONEY,
                )  # fmt: skip
                add(
                    "settled_line", id=id_, line_id=id_, order_id=order, order_line_id=line, bill_id=bill, lot_id=lot_id,
                    supplier_id=supplier, plan_id=None, product_id=product, origin=self.origin, quantity=QUANTITY,
                    net=QUANTITY, money_fen=MONEY, attributed_fen=COST + DIVIDEND, owed_fen=DIVIDEND, **dated,
                )  # fmt: skip
                made += 1
                seq += 1
                add(
                    "pool_movement",
                    pool_id=lot_pool,
                    seq=made,
                    before_fen=COST * (made - 1),
                    after_fen=COST * made,
                    source_id=id_,
                    **dated,
                )
                add(
                    "pool_movement",
                    pool_id=roster_pool,
                    seq=seq,
                    before_fen=total,
                    after_fen=total + DIVIDEND,
                    source_id=id_,
                    **dated,
                )
                total += DIVIDEND
                entries = [(sold, places[0], COST), (sold, places[1], DIVIDEND), (sold, rest, MONEY - COST - DIVIDEND)]
                self._journal("settled_line", id_, self.origin, sold_on, entries)
        return total, seq

    def _slips(
        self, turn: int, lot_id: Any, lines: int, day: date, bought: UUID, families: list[UUID], owed: dict[UUID, int]
    ) -> None:
        from marketplace.linkage import accounts

        writer, add = self.writer, self.writer.add
        self.origin = writer.patterns["settled_line"]["origin"]
        net, fen = lines * QUANTITY // SLIPS, lines * COST // SLIPS
        period, on = day.year * 100 + day.month, writer.day(day)
        supplier = writer.id(self.supplier)
        village = writer.patterns["slip"]["division"]
        for place in range(SLIPS):
            family = families[(turn * SLIPS + place) % FAMILIES]
            slip, payment = writer.id(self.new()), writer.id(self.new())
            household = writer.id(family)
            add(
                "slip", id=slip, number=f"GB-{self.new() & 0xFFFFFFFFFF:x}", supplier_id=supplier, agreement_id=writer.id(bought),
                household_id=household, gross=net + 1000, tare=1000, net=net, payable_fen=fen, deduction_fen=0, paid_fen=fen,
                delivered_on=on, period=period, lot_id=lot_id, division=village,
            )  # fmt: skip
            of = {"supplier_id": supplier, "household_id": household, "division": village}
            add("farm_payment", id=payment, slip_id=slip, fen=fen, paid_on=on, period=period, **of)
            ref = accounts.owed(family, self.supplier)
            self._journal("slip", slip, village, day, [(accounts.purchase(self.supplier), ref, fen)])
            self._journal("farm_payment", payment, village, day, [(ref, accounts.paid(self.supplier), fen)])
            owed[family] += fen


_PATTERNS = {
    "purchase_order": "true",
    "order_line": "true",
    "shipment": "true",
    "shipment_line": "true",
    "acceptance": "true",
    "acceptance_line": "true",
    "bill": "true",
    "transfer": "true",
    "settled_line": "true",
    "pool_movement": "true",
    "entry": "true",
    "account": "true",
    "standing": "true",
    "slip": "true",
    "lot": "true",
}


def _farm_payment(writer: _Writer) -> dict[str, Any]:
    return {"method": "cash", "evidence": "收条", "file_id": None, "recorded_by": None}


def _figures() -> None:
    from marketplace.core import outbox
    from marketplace.core.db import transaction
    from marketplace.search import gather
    from marketplace.settlement import figures
    from marketplace.worker import HANDLERS

    with transaction():
        figures.rebuild()
    with transaction():
        gather.rebuild()
    while outbox.relay(HANDLERS):
        pass


def _close(parties: dict[str, Any]) -> None:
    from marketplace.core.db import transaction
    from marketplace.settlement import closing

    with transaction():
        row = closing.propose(parties["maker"], 202512)
        closing.approve(parties["checker"], row.id)


def _seal() -> None:
    from marketplace.ledger import seals

    while seals.seal(None):
        pass


@contextmanager
def _application() -> Iterator[None]:
    from marketplace.app import create_app

    with create_app().app_context():
        yield


if __name__ == "__main__":
    with _application():
        build(int(sys.argv[1]))
