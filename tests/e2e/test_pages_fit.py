"""Every audience's main pages on a phone 390 px wide: nothing wider than the screen, every control has a name that a
screen reader says, the language is told, and a main form's button is as high as a thumb needs."""

import pytest

from marketplace.attribution import services as attribution
from marketplace.core import clock
from marketplace.core.db import transaction
from marketplace.notices import services as notices
from marketplace.procurement import services as procurement
from tests.factories import county
from tests.sourcing.asking import one_of_each

FIT = """() => {
  const root = document.documentElement, wrong = [];
  const seen = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest(".visually-hidden");
  const told = (element) => element.outerHTML.slice(0, 90);
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.querySelectorAll("main *")].find((element) =>
      element.getBoundingClientRect().right > root.clientWidth + 0.5 && !element.closest(".bf-scroll, .bf-nav, svg"));
    wrong.push(`${root.scrollWidth} px wide: ${wide ? told(wide) : "outside main"}`);
  }
  for (const control of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    const name = control.getAttribute("aria-label") ?? control.getAttribute("aria-labelledby") ?? control.title;
    if (!name && ![...control.labels].some((label) => label.textContent.trim())) wrong.push(`no label: ${told(control)}`);
  }
  for (const button of document.querySelectorAll("main form[method=post] button")) {
    const small = button.matches(".btn-sm, .btn-close, .bf-plain");
    const { height } = button.getBoundingClientRect();
    if (seen(button) && !small && height < 43.5) wrong.push(`${height} px high: ${told(button)}`);
    if (!button.textContent.trim() && !button.getAttribute("aria-label")) wrong.push(`no words: ${told(button)}`);
  }
  for (const picture of document.querySelectorAll("img:not([alt])")) wrong.push(`no alt: ${told(picture)}`);
  if (document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
  return { language: root.lang, wrong };
}"""


def work_waiting(world) -> dict[str, str]:
    """An order of each stage, a draft, a distribution; the ids that the paths below name."""
    lot = world.extra["lot"]
    with transaction():
        bill = world.settled(lot, 200_000)
        cut = attribution.prepare(world.clerk, clock.today())
        attribution.approve(world.manager, cut.id)
        shipment = world.shipped(lot, 50_000)
        world.settled(lot, 40_000)
        _acceptance, due = world.accepted(world.shipped(lot, 60_000), accepted=55_000)
        fresh = world.approved(70_000)[0]
        confirmed = world.approved(80_000)[0]
        procurement.confirm(world.manager, confirmed)
        submitted = world.draft()
        procurement.submit(world.requester, submitted)
        ids = {
            "draft": world.draft(),
            "submitted": submitted,
            "order": bill.order_id,
            "fresh": fresh,
            "confirmed": confirmed,
            "shipment": shipment,
            "due": due.id,
            "lot": lot,
            "cut": cut.id,
            **posted(world, cut.id),
            "product": world.product,
            "offer": world.offer,
            "agreement": world.agreement,
            "household": world.households[0],
            "supplier": world.manager.organisation,
            "plan": world.plan,
        }
    return {name: str(value) for name, value in ids.items()}


def posted(world, cut) -> dict:
    """The cut's notice with an objection, and a draft beside it."""
    notice = notices.of_subject("distribution", cut)[0]
    objection = notices.raise_objection(notice.id, line_no=1, words="少算了一筐", contact="13800000000")
    next_cut = attribution.prepare(world.clerk, clock.today())
    return {"notice": notice.id, "objection": objection.id, "next_cut": next_cut.id}


PAGES = {
    None: "/ /catalogue /catalogue?q=桃 /products/YL-HT-0312 /suppliers /suppliers/{supplier} /results /disclosure "
    "/compare?compare=YL-HT-0312 /account/sign-in /nowhere /notices /notices/{notice}",
    "requester": "/buyer/ /buyer/requisitions /buyer/requisitions/{draft} /buyer/orders /buyer/orders/{order} "
    "/buyer/plan /products/YL-HT-0312 /results /account/",
    "approver": "/buyer/requisitions/{submitted} /buyer/orders/{confirmed}",
    "receiver": "/buyer/ /buyer/shipments/{shipment}/accept",
    "finance": "/buyer/bills /buyer/bills/{due}",
    "clerk": "/supplier/ /supplier/slips /supplier/slips/new /supplier/slips/new?household={household} "
    "/supplier/slips/table /supplier/slips/pay /supplier/lots /supplier/lots/new /supplier/lots/{lot} "
    "/supplier/products /supplier/products/{product} /supplier/products/new /supplier/products/{product}/offers/new "
    "/supplier/offers/{offer}/stock /supplier/orders /supplier/orders/{fresh} /supplier/orders/{confirmed}/ship "
    "/supplier/bills /supplier/bills/{due} /supplier/distributions /supplier/distributions/{cut} "
    "/supplier/distributions/{next_cut} /supplier/distributions/{cut}/list /supplier/payouts /supplier/bank-files "
    "/supplier/objections /supplier/objections/{objection} /supplier/households/{household} /results",
    "manager": "/supplier/ /supplier/agreements /supplier/agreements/new /supplier/agreements/{agreement} "
    "/supplier/agreements/{agreement}/consents /supplier/agreements/{agreement}/roster /supplier/households",
    "office": "/office/ /office/volume /office/volume/rows?figure=settled /office/volume/households /office/suppliers "
    "/office/suppliers/{supplier} /office/grants /office/grants/new?supplier={supplier} /office/plans "
    "/office/plans/{plan} /office/plans/new /office/households /office/households/new /office/households/{household} "
    "/office/orders /office/orders/{order} /office/findings /office/objections /office/objections/{objection} "
    "/office/notices/{notice}/object",
}


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_main_page_fits_a_phone_and_names_its_controls(site, people, language):
    site.language = language
    ids = work_waiting(site.world)
    people.expects.add(404)
    assert not_fitting(people, PAGES, ids, language) == []


def not_fitting(people, pages, ids, language) -> list[str]:
    """What a phone cannot show, or a control has no name for, by person and page."""
    wrong = []
    for name, paths in pages.items():
        person = people(name, phone=True)
        for path in paths.format(**ids).split():
            found = person.open(path).evaluate(FIT)
            assert found["language"].startswith(language), path
            wrong += [f"{name} {path}: {words}" for words in found["wrong"]]
    return wrong


def buying(world) -> dict[str, str]:
    """Of each thing that is asked for, repeated, delivered, given back, paid or papered, one; ids by what paths say."""
    lot = world.extra["lot"]
    with transaction():
        bill = world.settled(lot, 100_000)
        shipment = world.shipped(lot, 50_000)
        acceptance, due = world.accepted(world.shipped(lot, 60_000))
        confirmed = world.approved(80_000)[0]
        procurement.confirm(world.manager, confirmed)
        sourcing = one_of_each(world)
        back = county.after_delivery(world, lot)
        ids = {
            **{name.removesuffix("_id"): id_ for name, id_ in (sourcing | county.repeating(world)).items()},
            **{name.removesuffix("_id"): id_ for name, id_ in county.money(world, bill).items()},
            **{name.removesuffix("_id"): id_ for name, id_ in county.papers(world, bill.order_id).items()},
            "back": back["request_id"],
            "back_line": back["acceptance_line_id"],
            "dispute": back["order_dispute_id"],
            "recall": back["recall_id"],
            "draft": world.draft(),
            "order": bill.order_id,
            "order_line": procurement.lines_of([bill.order_id])[bill.order_id][0].id,
            "confirmed": confirmed,
            "shipment": shipment,
            "acceptance": acceptance.id,
            "bill": bill.id,
            "due": due.id,
            "lot": lot,
            "supplier": world.manager.organisation,
            "plan": world.plan,
        }
    return {name: str(value) for name, value in ids.items()}


BUYING = {
    None: "/demands /demands/{demand} /recalls",
    "requester": "/buyer/sourcing /buyer/sourcing/new /buyer/sourcing/new?like=YL-HT-0312 /buyer/sourcing/{request} "
    "/buyer/sourcing/{request}/cancel /buyer/sourcing/pools /buyer/frameworks /buyer/frameworks/new "
    "/buyer/frameworks/new?supplier={supplier} /buyer/frameworks/{framework} /buyer/calendar /buyer/standing "
    "/buyer/standing/new /buyer/standing/{standing} /buyer/welfare /buyer/welfare/new /buyer/welfare/{welfare} "
    "/buyer/plan/file /buyer/plans/{plan}/amend /buyer/requisitions/{draft}/plan /buyer/requisitions/{draft}/sheet "
    "/buyer/acceptance-terms /buyer/orders/{order}/confirmation /messages/ /messages/mail /account/",
    "approver": "/buyer/approval /buyer/frameworks/{framework}/end",
    "receiver": "/buyer/acceptances/{acceptance} /buyer/acceptance-lines/{back_line}/return /buyer/returns "
    "/buyer/returns/{back} /buyer/order-disputes /buyer/order-disputes/{dispute} /buyer/orders/{order}/dispute "
    "/buyer/recalls /buyer/recalls/{recall} /buyer/reviews "
    "/buyer/order-lines/{order_line}/review /buyer/crates",
    "finance": "/buyer/bills/{due} /buyer/payment-terms /buyer/payer-credits /buyer/payer-credits/{credit} "
    "/papers/orders/{order} /papers/bills/{bill} /certificates/ /certificates/{certificate} /messages/{message}",
    "clerk": "/supplier/shipments/{shipment} /supplier/acceptances/{acceptance} /supplier/crates /supplier/returns "
    "/supplier/returns/{back} /supplier/order-disputes /supplier/order-disputes/{dispute} "
    "/supplier/recalls /supplier/recalls/{recall} /supplier/reviews /supplier/orders/{confirmed}/substitutes "
    "/supplier/acceptance-terms /supplier/payment-terms /supplier/payer-credits /supplier/bank-statements "
    "/supplier/bank-statements/{statement} /messages/",
    "manager": "/supplier/sourcing /supplier/sourcing/{request} /supplier/sourcing/frameworks "
    "/supplier/sourcing/frameworks/{framework} /supplier/card-account /supplier/lots/{lot}/recall "
    "/supplier/bank-rows/{row} /supplier/interest-claims/{claim}",
    "office": "/office/returns /office/returns/{back} /office/order-disputes /office/order-disputes/{dispute} "
    "/office/order-disputes/days /office/recalls /office/recalls/{recall} /office/reviews /office/acceptance-terms "
    "/office/plans/progress /office/plans/rules /office/plans/successions /office/bills /office/orders/{order}",
}


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_of_buying_fits_a_phone_and_names_its_controls(site, people, language):
    site.language = language
    ids = buying(site.world)
    assert not_fitting(people, BUYING, ids, language) == []
