"""The small county with one of everything that has an address of its own: an id for each argument of the URL map."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from marketplace.attribution import services as attribution
from marketplace.attribution.models import BankFile
from marketplace.core import clock, files
from marketplace.core.db import db, new_id
from marketplace.linkage import services as linkage
from marketplace.notices import services as notices
from marketplace.notices.models import Message
from marketplace.payments import services as payments
from marketplace.payments.models import Bill, InterestClaim
from marketplace.payments.stripe_models import CardPayment
from marketplace.procurement import services as procurement
from marketplace.procurement.delivery_models import CrateBalance
from marketplace.procurement.models import AcceptanceLine, OrderLine
from marketplace.reporting import certificates, papers_pack
from marketplace.sourcing import standing, welfare
from tests.factories import people
from tests.factories import world as factory
from tests.factories.world import World
from tests.sourcing.asking import one_of_each

# What everybody may open, and what is said there is published.
PUBLISHED = {
    "product_id", "offer_id", "organisation_id", "supplier_id", "grant_id", "notice_id", "demand_id", "code", "channel", "category"
}  # fmt: skip


class County:
    """The small county after two orders, and all of it that is nobody else's business."""

    def __init__(self) -> None:
        self.world = world = World.build()
        factory.start_agreement(
            world.manager, world.households, kind="dividend", rate_basis_points=200, service_order=20
        )
        pieces = factory.start_agreement(world.manager, world.households, kind="piece_wage", rate_fen=35)
        surplus = factory.start_agreement(world.manager, world.households, kind="surplus")
        lot = world.lot()
        bill = world.settled(lot, 100_000)
        open_shipment = world.shipped(lot)
        _, open_bill = world.accepted(world.shipped(lot))
        transfer = payments.record_transfer(
            world.finance, open_bill.id, fen=open_bill.total_fen, paid_on=clock.today(), bank_serial="TX-CANARY"
        )
        distribution = attribution.prepare(world.clerk, clock.today())
        attribution.approve(world.manager, distribution.id)
        file = files.keep(world.manager, "canary.pdf", b"%PDF-1.4 canary")
        draft = world.draft()
        payees = people.with_payees(world.office, people.office(), world.households, first=701)
        member = factory.households.members_of(world.households[0])[0]
        change = factory.households.record_change(
            world.office,
            world.households[1],
            factory.households.NewChange(
                "merged", clock.today(), "村委证明 12 号", parts=[(world.households[2], 10_000)]
            ),
        )
        order = procurement.order(world.manager, bill.order_id)
        shipment, _ = procurement.shipment(world.manager, open_shipment)
        slips = linkage.slips_of_lot(lot)
        household = factory.households.by_ids(world.households)
        pools = attribution.pools_of(world.households[0])
        voice = attribution.by_officer(world.office, world.households[0], factory.scan(world.office))
        dispute = attribution.raise_dispute(
            world.office, voice, about_kind="slip", about_id=slips[0].id, words="WORDS-CANARY"
        )
        crates = CrateBalance(id=new_id(), kind="basket", deposit_fen=3000, count=5)
        crates.supplier_id, crates.agency_id = world.manager.organisation, world.requester.organisation
        db.session.add(crates)
        db.session.flush()
        self.ids: dict[str, UUID] = {
            "balance_id": crates.id,
            "organisation_id": world.requester.organisation,
            "agency_id": world.requester.organisation,
            "supplier_id": world.manager.organisation,
            "product_id": world.product,
            "offer_id": world.offer,
            "agreement_id": world.agreement,
            "household_id": world.households[0],
            "plan_id": world.plan,
            "lot_id": lot,
            "slip_id": slips[0].id,
            "file_id": file.id,
            "requisition_id": draft,
            "order_id": order.id,
            "order_line_id": shipment.lines[0].order_line_id,
            "shipment_id": shipment.id,
            "shipment_line_id": shipment.lines[0].id,
            "bill_id": open_bill.id,
            "acceptance_id": bill.acceptance_id,
            **one_of_each(world),
            "transfer_id": transfer.id,
            "payment_id": card_payment(open_bill),
            "distribution_id": distribution.id,
            "payout_id": attribution.payouts_of(distribution.id)[0].id,
            "pool_id": pools[0].id,
            **posted(world, distribution.id),
            **money(world, bill),
            "dispute_id": dispute.id,
            "about_id": attribution.payouts_of(distribution.id)[1].id,
            "user_id": world.manager.user,
            "member_id": member.id,
            "payee_id": payees[0],
            "change_id": change.id,
            "paper_id": linkage.papers_of([lot])[lot][0].id,
            **mechanisms(world, file.id, pieces, surplus),
            **repeating(world),
            **after_delivery(world, lot),
            **papers(world, order.id),
        }
        self.words = {
            "number": [order.number, bill.number, shipment.number, slips[0].number],
            "code": ["430225000000"],
            "token": ["A" * attribution.TOKEN_LENGTH],  # opens the same form as a living one
        }
        private = {name: str(value) for name, value in self.ids.items() if name not in PUBLISHED | {"agency_id"}}
        of_households = [row.head_name for row in household.values()] + [row.code for row in household.values()]
        self.private = {
            **private,
            "household": of_households[0],
            "household code": of_households[-1],
            "order": order.number,
            "bill": open_bill.payment_code,
            "serial": "TX-CANARY",
            "card payment": "PAGE-CANARY",
            "card payment's number": "PI-CANARY",
            "dispute": dispute.number,
            "words": "WORDS-CANARY",
            "words of a return": "RETURN-CANARY",
            "note of a request": "SOURCING-CANARY",
            "term": "TERM-CANARY",
            "standing order": "STANDING-CANARY",
            "head": "HEAD-CANARY",
            "contact of an objection": "CONTACT-CANARY",
            "bank file": "DF-CANARY",
            "payer": "PAYER-CANARY",
            "bank row": "SERIAL-CANARY",
            "interest": "LX-CANARY",
            "slip": slips[0].number,
            "contact": "陈老师",
            "identity number": people.id_number(701),
            "account": people.account(701),
            "draft": procurement.requisition(world.requester, draft).number,
            "message": "MESSAGE-CANARY",
            "certificate": certificates.certificate(world.finance, self.ids["certificate_id"]).number,
        }


def money(world: World, bill: Bill) -> dict[str, UUID]:
    """Terms, a payer's credit, a row of a bank statement and interest claimed, of the county's own parties."""
    term = payments.propose_term(
        world.finance, supplier_id=world.manager.organisation, from_day=clock.today(), billing="month",
        terms="credit", clock_from="delivery", days=30, interest_ppm=500,
    )  # fmt: skip
    payments.receive(world.manager, bill.id, fen=100, paid_on=clock.today(), serial="SERIAL-CANARY")
    text = f"日期,流水号,收入,对方户名,附言\n{clock.today()},SERIAL-CANARY-2,1.00,PAYER-CANARY,"
    answer = payments.read_statement(world.clerk, "a.csv", text.encode(), account="1")
    claim = InterestClaim(
        number="LX-CANARY", bill_id=bill.id, from_day=clock.today(), until_day=clock.today(), interest_ppm=500, fen=1,
        claimed_at=clock.now(),
    )  # fmt: skip
    db.session.add(claim)
    db.session.flush()
    return {
        "term_id": term.id,
        "credit_id": payments.credits_listed(world.finance)[0].id,
        "statement_id": answer.statement.id,
        "row_id": payments.bank_rows(world.manager)[0][0].id,
        "claim_id": claim.id,
    }


def posted(world: World, distribution: UUID) -> dict[str, UUID]:
    """A public notice with an objection to it, and a bank file."""
    notice = notices.of_subject("distribution", distribution)[0]
    objection = notices.raise_objection(notice.id, line_no=1, words="WORDS-CANARY", contact="CONTACT-CANARY")
    file = BankFile(
        number="DF-CANARY", supplier_id=world.manager.organisation, template="generic-csv", lines=1, total_fen=1,
        made_at=clock.now(),
    )  # fmt: skip
    db.session.add(file)
    db.session.flush()
    return {"notice_id": notice.id, "objection_id": objection.id, "bank_file_id": file.id}


def after_delivery(world: World, lot: UUID) -> dict[str, UUID]:
    """A return asked for, a dispute about it, a review, and the lot recalled."""
    query = select(AcceptanceLine, OrderLine).join(OrderLine, OrderLine.id == AcceptanceLine.order_line_id)
    line, of = db.session.execute(query.limit(1)).one()
    asked = procurement.ask_return(world.receiver, line.id, quantity=1_000, reason="quality", words="RETURN-CANARY")
    about = {"about_kind": "return", "about_id": asked.id, "words": "RETURN-CANARY"}
    dispute = procurement.raise_dispute(world.receiver, asked.order_id, **about)
    other = factory.actor(world.requester.organisation, {"approver"})
    days = {"from_day": clock.today(), "until_day": clock.today()}
    people_ = {"principal_id": world.approver.user, "deputy_id": other.user}
    deputy = procurement.name_deputy(world.approver, **people_, **days)
    marks = {"quality": 5, "packing": 4, "punctuality": 3}
    day = clock.today()
    found = {
        "acceptance_line_id": line.id,
        "request_id": asked.id,
        "principal_id": world.approver.user,
        "deputy_id": deputy.id,
        "order_dispute_id": dispute.id,
        "review_id": procurement.review(world.receiver, of.id, **marks).id,
    }
    opened = {"hazard": "safety", "instruction": "return", "words": "农残超标", "act_by": day}
    return found | {"recall_id": procurement.open_recall(world.manager, lot, **opened).id}


def papers(world: World, order: UUID) -> dict[str, UUID]:
    """A message to the agency, a certificate of what it bought, and the job of a papers pack."""
    about = {"organisation_id": world.finance.organisation, "about": ("order", order), "number": "MESSAGE-CANARY"}
    notices.tell("order_confirmed", who="MESSAGE-CANARY", **about)
    message = db.session.scalars(select(Message).where(Message.number == "MESSAGE-CANARY")).one()
    certificate = certificates.issue(world.finance, order_id=order)
    job = papers_pack.start(world.finance, "order", order)
    return {"message_id": message.id, "certificate_id": certificate.id, "job_id": job.id}


def repeating(world: World) -> dict[str, UUID]:
    """A standing order with a term of its calendar, and a union's list of heads."""
    today = clock.today()
    term = standing.put_span(world.requester, "term", "TERM-CANARY", today, today)
    line = {"offer_id": world.offer, "quantity": 1_000}
    days = {"from_day": today, "until_day": today, "weekdays": "1"}
    weekly = standing.open_standing(world.requester, title="STANDING-CANARY", lines=[line], **days)
    goods = welfare.open_welfare(world.requester, title="慰问", festival="other", year=today.year, limit_fen=1)
    welfare.put_heads(world.requester, goods.id, [welfare.Head("HEAD-CANARY")])
    return {"span_id": term.id, "standing_id": weekly.id, "welfare_id": goods.id}


def card_payment(bill: Any) -> UUID:
    """A payment whose page is open at Stripe."""
    row = CardPayment(
        bill_id=bill.id, supplier_id=bill.supplier_id, agency_id=bill.agency_id, account="acct_county", fen=1,
        methods=["card"], state="open", url="https://checkout.stripe.com/PAGE-CANARY", stripe_id="PI-CANARY",
        asked_at=clock.now(), expires_at=clock.now(),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row.id


def mechanisms(world: World, file: UUID, pieces: UUID, surplus: UUID) -> dict[str, UUID]:
    """A piece slip, an advance and a surplus year of the county's supplier."""
    entry = linkage.Entry(world.households[0], quantity=1_000)
    given = {"fen": 5_000, "given_on": clock.today(), "method": "cash", "evidence": "借据 1"}
    return {
        "flow_id": linkage.record_flows(world.clerk, pieces, clock.today(), [entry], evidence="计件单 1")[0].id,
        "advance_id": linkage.give_advance(world.clerk, household_id=world.households[0], **given).id,
        "surplus_id": linkage.prepare_surplus(
            world.clerk,
            surplus,
            clock.today().year,
            resolution=linkage.Resolution("1 号", clock.today(), file),
            profit_fen=10_000,
            volume_basis_points=10_000,
            volumes={world.households[0]: 1},
        ).id,
    }
