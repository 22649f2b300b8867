"""Each form's main success and its main refusal, with what was typed kept."""

import re
from datetime import timedelta
from uuid import UUID

from marketplace.accreditation import services as accreditation
from marketplace.core import clock
from marketplace.core.actor import SYSTEM
from marketplace.core.db import transaction
from marketplace.identity import services as identity
from marketplace.identity import sign_in
from marketplace.products import services as products
from marketplace.quota import services as quota
from tests.factories.world import CHALING, TOWNSHIP, VILLAGES


def test_an_office_adds_a_household_of_its_villages(world, ask):
    form = {"head_name": "李四妹", "village": VILLAGES[0], "group_name": "二组", "size": "5", "class": "marginal"}
    made = ask(world.office, "/office/households/new", form, status=303)
    page = ask(world.office, made.location).text
    assert "李四妹" in page
    refused = ask(world.office, "/office/households/new", {**form, "size": "99"}, status=422).text
    assert 'value="李四妹"' in refused
    assert 'aria-invalid="true"' in refused
    ask(world.extra["beside"], "/office/households/new", form, status=404)


def test_a_grant_is_given_suspended_resumed_and_revoked(world, ask):
    with transaction():
        product = products.add_product(
            world.manager, code="YL-HT-0999", name="黄桃干", category_code="peach", base_unit="千克", origin=TOWNSHIP
        )
    url = f"/office/grants/new?supplier={world.extra['supplier']}"
    form = {
        "product_id": str(product.id),
        "programme": "832",
        "valid_from": clock.today().isoformat(),
        "valid_to": (clock.today() + timedelta(days=300)).isoformat(),
        "committed_value_fen": "500,000.00",
    }
    refused = ask(world.office, url, {**form, "valid_to": "2020-01-01"}, status=422).text
    assert "2020-01-01" in refused
    grant = ask(world.office, url, form, status=303).location
    assert "¥500,000.00" in ask(world.office, grant).text
    assert "理由" in ask(world.office, grant, {"verb": "suspend", "reason": ""}, status=422).text
    ask(world.office, grant, {"verb": "suspend", "reason": "抽检不合格"}, status=303)
    assert "抽检不合格" in ask(world.office, grant).text
    ask(world.office, grant, {"verb": "resume"}, status=303)
    ask(world.office, grant, {"verb": "revoke", "reason": "换包装"}, status=303)
    ask(world.office, grant, {"verb": "resume"}, status=409)
    ask(world.extra["county"], grant, {"verb": "resume"}, status=403)
    with transaction(write=False):
        verdict = accreditation.eligible([product.id], clock.today(), "832")[product.id]
        assert verdict.reason == "grant_revoked"


def test_a_plan_is_filed_once_a_year(world, ask):
    agency, year = world.requester.organisation, clock.today().year + 1
    form = {
        "agency_id": str(agency),
        "year": str(year),
        "base_fen": "120,000",
        "target_fen": "12,000.00",
        "ceiling_fen": "",
    }
    refused = ask(world.office, "/office/plans/new", {**form, "ceiling_fen": "10.00"}, status=422).text
    assert 'value="12,000.00"' in refused
    made = ask(world.office, "/office/plans/new", form, status=303)
    assert "¥12,000.00" in ask(world.office, made.location).text
    ask(world.office, "/office/plans/new", form, status=422)
    ask(world.extra["county"], "/office/plans/new", form, status=403)
    with transaction(write=False):
        assert quota.plan_of(agency, year).target_fen == 1_200_000


def test_the_platform_registers_an_organisation_and_its_user_whose_password_shows_once(app, world, ask):
    platform = world.extra["platform"]
    form = {"kind": "office", "name": "茶陵县帮扶专班", "division": CHALING}
    page = ask(platform, "/office/organisations/new", form, status=303).location
    ask(platform, "/office/organisations/new", form, status=422)
    user = {"sign_in_name": "tanxiaoyan", "display_name": "谭小燕", "roles": "office_clerk"}
    refused = ask(platform, page, {**user, "roles": "supplier_clerk"}, status=422).text
    assert 'value="tanxiaoyan"' in refused
    answer = ask(platform, page, user)
    secret = re.search(r'id="secret">([^<]+)<', answer.text)[1]
    assert answer.cache_control.no_store
    assert secret not in ask(platform, page).text
    with app.test_request_context():
        assert sign_in.sign_in("tanxiaoyan", secret, "127.0.0.1").scope.division == CHALING[:6]
    with transaction(write=False):
        organisation = UUID(page.rsplit("/", 1)[1])
        assert [row.sign_in_name for row in identity.users_of(SYSTEM, organisation)] == ["tanxiaoyan"]
