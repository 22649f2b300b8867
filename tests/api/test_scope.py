"""Nobody sees or touches what is outside their scope, by any route, list, search, export or error text (invariant 17).

The whole URL map, API and pages, as it is when the test runs. Strangers hold every role of their kind, because what one
role cannot do all of them together could; BANGFU_SOAK=1 also tries each role by itself.
"""

import os
import re
from collections.abc import Iterator
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.attribution import services as attribution
from marketplace.attribution.models import BankFile
from marketplace.core import clock, files
from marketplace.core.actor import SYSTEM
from marketplace.core.db import Base, db, new_id, transaction
from marketplace.identity import services as identity
from marketplace.identity.permissions import ROLES
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
from tests.api.callers import Caller, token_of
from tests.factories import people
from tests.factories import world as factory
from tests.factories.world import World
from tests.sourcing.asking import one_of_each

# What everybody may open, and what is said there is published.
PUBLISHED = {
    "product_id", "offer_id", "organisation_id", "supplier_id", "grant_id", "notice_id", "demand_id", "code", "channel", "category"
}  # fmt: skip
REFUSED = {301, 302, 303, 308, 400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 428}
KINDS = ("supplier", "agency", "office")
UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


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


@pytest.fixture
def county(app: Flask) -> County:
    with transaction():
        return County()


@pytest.fixture
def strangers(app: Flask, county: County) -> dict[str, Caller]:
    """The public, and callers from Beijing with the roles of their kind."""
    place = factory.BEIJING_COUNTY
    found = {"public": Caller(app)}
    with transaction():
        for kind in KINDS:
            home = identity.add_organisation(SYSTEM, kind, f"东城{kind}", place, level=3).id
            roles = {role for role, (of, _) in ROLES.items() if of == kind}
            teams = [roles, *([{role} for role in sorted(roles)] if os.environ.get("BANGFU_SOAK") == "1" else [])]
            for team in teams:
                actor = factory.actor(home, team)
                found["+".join(sorted(team))] = Caller(app, token_of(actor), actor)
    return found


def routes(app: Flask, county: County, *methods: str) -> Iterator[tuple[str, str, str, set[str]]]:
    """(method, rule, path, names of its arguments) of the whole map, each argument being one of the county's things."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.rpartition(".")[2] == "static" or rule.endpoint == "account.sign_out":
            continue
        names = sorted(rule.arguments)
        for values in product(*(candidates(rule, name, county) for name in names)):
            with app.test_request_context():
                built = rule.build(dict(zip(names, values, strict=True)))
            assert built is not None, rule
            for method in methods:
                if method in (rule.methods or ()):
                    yield method, rule.rule, built[1], set(names)


def candidates(rule: Any, name: str, county: County) -> list[Any]:
    converter = rule._converters[name]
    kind = type(converter).__name__
    if kind == "UUIDConverter":
        return [county.ids[name]] if name in county.ids else sorted(set(county.ids.values()))
    if kind == "AnyConverter":
        return re.findall(r"[\w-]+", converter.regex.removeprefix("(?:"))
    if kind == "IntegerConverter":
        return [clock.today().year]
    return [word[:12] if "{12}" in converter.regex else word for word in county.words.get(name, ["x"])]


def text_of(answer: Any) -> str:
    """An answer's body as text, a spreadsheet's or a picture's too."""
    return str(answer.get_data().decode(errors="replace"))


def leaks(county: County, text: str) -> list[str]:
    return [name for name, word in county.private.items() if word in text]


def test_a_stranger_opens_nothing_of_the_county(app: Flask, county: County, strangers: dict[str, Caller]) -> None:
    """Every GET route: refused, or an answer without a trace of the county's own affairs."""
    wrong = []
    for who, stranger in strangers.items():
        for method, rule, path, names in routes(app, county, "GET"):
            answer = stranger(method, path)
            if answer.status_code >= 500:
                wrong.append(f"{who} {rule}: {answer.status_code}")
            if answer.status_code == 200 and names - PUBLISHED and not names <= PUBLISHED | set(county.words):
                wrong.append(f"{who} {path} ({rule}): 200")
            led_to = answer.location or path  # the reader's own page of the id that was asked for
            if found := leaks(county, text_of(answer).replace(path, "").replace(led_to, "")):
                wrong.append(f"{who} {rule}: {answer.status_code} shows {found}")
            if set(UUIDS.findall(led_to)) - set(UUIDS.findall(path)):
                wrong.append(f"{who} {rule}: {answer.status_code} leads to {led_to}")
    assert not wrong, "\n".join(sorted(set(wrong)))


def test_filters_find_nothing_foreign(app: Flask, county: County, strangers: dict[str, Caller]) -> None:
    """Every list of the API, asked for each of the county's things that its query can name."""
    spec = Caller(app).get("openapi.json")
    wrong = []
    for path, item in spec["paths"].items():
        if "{" in path or "get" not in item:
            continue
        asked = {one["name"] for one in item["get"].get("parameters", [])}
        filters = {name: [str(value)] for name, value in county.ids.items() if name in asked}
        filters |= {name: words for name, words in county.words.items() if name in asked}
        filters |= {name: ["张三", "430225103201"] for name in asked & {"q", "division", "head_name"}}
        for who, stranger in strangers.items():
            for name, values in filters.items():
                for value in values:
                    answer = stranger("GET", path, query_string={name: value})
                    if found := leaks(county, text_of(answer).replace(value, "")):
                        wrong.append(f"{who} {path}?{name}: shows {found}")
                    if answer.status_code == 200 and not name_is_public(path) and answer.json.get("total"):
                        wrong.append(f"{who} {path}?{name}: total {answer.json['total']}")
    assert not wrong, "\n".join(wrong)


def name_is_public(path: str) -> bool:
    return path.rpartition("/")[2] in ("search", "regions", "channels", "categories", "notices")


def test_a_foreign_id_answers_as_an_unknown_one(app: Flask, county: County, strangers: dict[str, Caller]) -> None:
    """Byte for byte, the request's own id aside: an answer is no oracle for what exists."""
    wrong = []
    for who, stranger in strangers.items():
        for method, rule, path, names in routes(app, county, "GET", "POST", "PATCH", "PUT", "DELETE"):
            if not names or names <= PUBLISHED | set(county.words) or not rule.startswith("/api/"):
                continue
            unknown = path
            for value in county.ids.values():
                unknown = unknown.replace(str(value), str(new_id()))
            body = None if method == "GET" else bodies(app, county).get((method, openapi(rule)))
            kept, lost = (stranger(method, one, body, headers={"If-Match": '"1"'}) for one in (path, unknown))
            if (kept.status_code, said(kept)) != (lost.status_code, said(lost)):
                wrong.append(f"{who} {method} {rule}: {said(kept)} but {said(lost)}")
    assert not wrong, "\n".join(wrong)


def said(answer: Any) -> str:
    return re.sub(r'"instance":"[^"]*"', "", text_of(answer))


def test_a_stranger_changes_nothing_of_the_county(app: Flask, county: County, strangers: dict[str, Caller]) -> None:
    """Every route that writes, with a body that its own people could send."""
    before = rows()
    wrong = []
    for who, stranger in strangers.items():
        for method, rule, path, names in routes(app, county, "POST", "PATCH", "PUT", "DELETE"):
            api = rule.startswith("/api/")
            body = bodies(app, county).get((method, openapi(rule))) if api else None
            answer = stranger(method, path, body, headers={"If-Match": '"1"'}, **({} if api else {"data": {"a": "b"}}))
            if names - set(county.words) and answer.status_code not in REFUSED:
                wrong.append(f"{who} {method} {rule}: {answer.status_code}")
            if found := leaks(county, text_of(answer).replace(path, "")):
                wrong.append(f"{who} {method} {rule}: {answer.status_code} shows {found}")
    now, own = rows(), {str(one.actor.user) for one in strangers.values() if one.actor}
    lost = {
        table: {row for row in kept - now[table] if not any(id_ in row for id_ in own)}
        for table, kept in before.items()
    }
    assert not wrong, "\n".join(sorted(set(wrong)))
    assert {table for table, gone in lost.items() if gone} <= {"number_counter"}


def rows() -> dict[str, set[str]]:
    with transaction(write=False):
        return {
            table.name: {str(tuple(row)) for row in db.session.execute(table.select())}
            for table in Base.metadata.sorted_tables
        }


def openapi(rule: str) -> str:
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule)


_bodies: dict[str, dict[tuple[str, str], Any]] = {}


def bodies(app: Flask, county: County) -> dict[tuple[str, str], Any]:
    """(method, path) → a body that the description allows, naming the county's things."""
    key = str(county.ids["order_id"])
    if key not in _bodies:
        spec = Caller(app).get("openapi.json")
        _bodies[key] = {
            (method.upper(), path): example(
                spec, operation["requestBody"]["content"]["application/json"]["schema"], county
            )
            for path, item in spec["paths"].items()
            for method, operation in item.items()
            if method != "parameters" and "application/json" in operation.get("requestBody", {}).get("content", {})
        }
    return _bodies[key]


def example(spec: Any, schema: Any, county: County, name: str = "") -> Any:
    """The smallest value that a schema allows; ids are the county's."""
    if "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    types = schema.get("type", "object")
    kind = types if isinstance(types, str) else types[0]
    if "enum" in schema:
        return next(value for value in schema["enum"] if value)
    if kind == "object":
        needed = schema.get("required", [])
        return {
            key: example(spec, part, county, key) for key, part in schema.get("properties", {}).items() if key in needed
        }
    if kind == "array":
        return [example(spec, schema["items"], county, name.removesuffix("s"))]
    if schema.get("format") == "uuid":
        return str(county.ids[name])
    if schema.get("format") == "date":
        return clock.today().isoformat()
    if kind in ("integer", "number"):
        return max(1, schema.get("minimum", 1))
    if kind == "boolean":
        return True
    return (
        {"pattern": schema.get("example")}["pattern"]
        if "pattern" in schema
        else "X" * max(1, schema.get("minLength", 1))
    )


def test_each_side_keeps_its_own_from_the_other(app: Flask, county: County) -> None:
    """A supplier never sees bulk orders and plans; an agency never sees households, slips, agreements, distributions."""
    world = county.world
    with transaction():
        team = {kind: {role for role, (of, _) in ROLES.items() if of == kind} for kind in KINDS}
        supplier = factory.actor(world.manager.organisation, team["supplier"])
        agency = factory.actor(world.requester.organisation, team["agency"])
        callers = {kind: Caller(app, token_of(actor)) for kind, actor in (("supplier", supplier), ("agency", agency))}
    hidden = {
        "supplier": ("plan_id", "draft"),
        "agency": (
            "household_id",
            "household",
            "household code",
            "slip_id",
            "slip",
            "agreement_id",
            "distribution_id",
            "payout_id",
            "dispute_id",
            "dispute",
            "words",
        ),
    }
    wrong = []
    for kind, one in callers.items():
        for method, rule, path, _ in routes(app, county, "GET"):
            answer = one(method, path)
            found = [name for name in leaks(county, text_of(answer).replace(path, "")) if name in hidden[kind]]
            if found:
                wrong.append(f"{kind} {rule}: {answer.status_code} shows {found}")
    assert not wrong, "\n".join(sorted(set(wrong)))
