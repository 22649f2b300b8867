"""Invariant 9: nobody is paid more than owed, a household is paid once per distribution, whatever happens at once.

Fifty threads, each with a connection of its own: cash, transfer, the bank's file and its result, payouts taken back and
tried again, payments at the farm gate, refunds, the next distribution.
"""

import random
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from marketplace.attribution import services as attribution
from marketplace.attribution.models import DistributionHousehold, Payout
from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.core.errors import DomainError
from marketplace.ledger.models import Account, Entry, PostedSource
from marketplace.linkage import services as linkage
from marketplace.linkage.standing import Standing
from marketplace.settlement import services as settlement
from marketplace.settlement.models import SettledLine
from tests.attribution.test_payouts import result
from tests.counts import count
from tests.factories.world import World, give_payees, scan, start_agreement
from tests.faults.test_races import race

AT_ONCE, ROUNDS = 50, count(500)


class Races:
    """One supplier of six households; each round a sale, its distribution, and fifty who want to pay it at once."""

    def __init__(self, app) -> None:
        self.app, self.day = app, clock.today()
        with transaction():
            self.world = world = World.build(families=6)
            start_agreement(world.manager, world.households, kind="dividend", rate_basis_points=900, service_order=20)
            give_payees(world)
            self.lot = world.lot(10_000_000)
            self.scan = scan(world.clerk)
            self.slips = {slip.id: slip.payable_fen for slip in linkage.unpaid_slips(world.manager.organisation)}

    def listed(self) -> UUID:
        """A sale divided and approved; its notice ends today."""
        with transaction():
            self.world.settled(self.lot, 10_000)
            try:
                row = attribution.prepare(self.world.clerk, self.day, notice_days=1)
            except DomainError:  # a racer left its own draft
                held = next(one for one in attribution.listed(self.world.manager) if one.state == "draft")
                attribution.discard(self.world.clerk, held.id)
                row = attribution.prepare(self.world.clerk, self.day, notice_days=1)
            return attribution.approve(self.world.manager, row.id).id

    def acts(self, id_: UUID, chooser: random.Random) -> list:
        with transaction(write=False):
            payouts = [row.id for row in attribution.payouts_of(id_)]
            lines = list(db.session.scalars(select(SettledLine.id).where(SettledLine.reverses_id.is_(None))))
        world, after = self.world, self.day + timedelta(days=1)
        some = [chooser.sample(payouts, chooser.randint(1, len(payouts))) for _ in range(AT_ONCE)]

        def later(act):
            def acted():
                """As the edge does: what the database broke off is tried again."""
                for left in (2, 1, 0):
                    try:
                        with clock.fixed(clock.at(after)):
                            return act()
                    except OperationalError:
                        db.session.rollback()
                        if not left:
                            raise
                return None

            return acted

        def cash(chosen):
            attribution.mark_paid(world.clerk, chosen, paid_on=after, method="cash", file_id=self.scan)

        def transfer(chosen):
            attribution.mark_paid(world.manager, chosen, paid_on=after, method="transfer", evidence="TX")

        def bank():
            file = attribution.make_bank_file(world.clerk, template="generic-csv", distribution_id=id_)
            states = {f"n{n}": {"state": chooser.choice(["成功", "失败", "处理中"])} for n in range(1, 7)}
            attribution.read_result(world.clerk, "r.xlsx", result(file.id, **states), good_only=True)

        def back(chosen):
            attribution.take_back(world.manager, chosen[:1], reason="错户")

        def again(chosen):
            attribution.retry(world.clerk, chosen[:1], channel="cash")

        def gate(slip):
            linkage.pay_slips(world.manager, {slip: 10}, day=after, method="cash", evidence="现场")

        def refund():
            settlement.reverse(world.manager, chooser.choice(lines), quantity=1_000, reason="退货")

        def another():
            row = attribution.prepare(world.clerk, after, notice_days=1)
            attribution.approve(world.manager, row.id)

        kinds = [
            lambda chosen: later(lambda: cash(chosen)),
            lambda chosen: later(lambda: cash(chosen[:1])),
            lambda chosen: later(lambda: transfer(chosen)),
            lambda _: later(bank),
            lambda chosen: later(lambda: back(chosen)),
            lambda chosen: later(lambda: again(chosen)),
            lambda _: later(lambda: gate(chooser.choice(list(self.slips)))),
            lambda _: later(refund),
            lambda _: later(another),
        ]
        return [chooser.choices(kinds, weights=[8, 8, 4, 3, 1, 1, 2, 1, 1])[0](chosen) for chosen in some]


def wrong(day: date) -> list[str]:
    """What the database says against the invariant, in words."""
    found = []
    for row in db.session.scalars(select(Standing)):
        credits = db.session.scalar(select(func.sum(Entry.amount)).where(Entry.credit_id == row.id)) or 0
        debits = db.session.scalar(select(func.sum(Entry.amount)).where(Entry.debit_id == row.id)) or 0
        given_back = sum(
            db.session.scalars(
                select(Entry.amount)
                .join(Account, Account.id == Entry.credit_id)
                .where(Entry.debit_id == row.id, Account.kind == "pool")
            )
        )
        if (row.owed_fen, row.received_fen) != (credits - given_back, debits - given_back):
            found.append(
                f"standing {row.owed_fen}/{row.received_fen}, ledger {credits - given_back}/{debits - given_back}"
            )
        if row.received_fen > row.owed_fen + given_back:
            found.append(f"{row.household_id} received {row.received_fen} of {row.owed_fen}")
    paid = select(Payout.distribution_id, Payout.household_id, func.count(), func.sum(Payout.fen)).where(
        Payout.state == "paid"
    )
    for list_, household, times, fen in db.session.execute(paid.group_by(Payout.distribution_id, Payout.household_id)):
        listed = db.session.get_one(DistributionHousehold, (list_, household))
        if times > 1 or fen > (listed.fen or 0):
            found.append(f"{household} paid {times} times, {fen} of {listed.fen}")
    posted = set(db.session.scalars(select(PostedSource.source).where(PostedSource.kind == "payout")))
    held = {str(id_) for id_ in db.session.scalars(select(Payout.id).where(Payout.state == "paid"))}
    if posted != held:
        found.append(f"{len(posted)} payouts in the ledger, {len(held)} marked paid")
    return found


def test_a_household_is_paid_once_whoever_pays_at_once(app):
    """Red when `moves` is left out of the statement that pays (paid twice: already_posted is the second wall), and
    when `receive` does not ask the standing (more than owed after a refund)."""
    chooser = random.Random(9)
    races = Races(app)
    refusals: dict[str, int] = {}
    for _ in range(ROUNDS):
        for outcome in race(app, races.acts(races.listed(), chooser), workers=AT_ONCE):
            if isinstance(outcome, DomainError):
                for error in getattr(outcome, "errors", [outcome]):
                    refusals[error.code] = refusals.get(error.code, 0) + 1
    with transaction(write=False):
        assert wrong(races.day) == []
        assert {row.state for row in db.session.scalars(select(Payout))} >= {"paid"}
    assert refusals.get("already_paid", 0) > ROUNDS
    assert not {"unexpected", "rule_in_database"} & set(refusals)


def test_one_of_fifty_pays_a_payout(app):
    """Fifty mark the same list at once: one succeeds, forty-nine are told who was first."""
    races = Races(app)
    for _ in range(count(40)):
        id_ = races.listed()
        after = races.day + timedelta(days=1)
        with transaction(write=False):
            chosen = [row.id for row in attribution.payouts_of(id_)]
            before = db.session.scalar(select(func.sum(Standing.received_fen))) or 0

        def pay(chosen=chosen, after=after):
            with clock.fixed(clock.at(after)):
                return attribution.mark_paid(
                    races.world.clerk, chosen, paid_on=after, method="cash", file_id=races.scan
                )

        outcomes = race(app, [pay] * AT_ONCE, workers=AT_ONCE)
        assert sum(not isinstance(outcome, DomainError) for outcome in outcomes) == 1
        with transaction(write=False):
            received = db.session.scalar(select(func.sum(Standing.received_fen))) or 0
            assert received - before == sum(row.fen for row in attribution.payouts_of(id_))
