"""Each form's main success and its main refusal, with what was typed kept."""

import io
from uuid import UUID

import pytest

from marketplace.attribution import services as attribution
from marketplace.catalogue import services as catalogue
from marketplace.core import clock
from marketplace.core.db import transaction
from marketplace.households import services as households
from marketplace.linkage import services as linkage
from marketplace.payments import services as payments
from marketplace.procurement import services as procurement
from tests.factories.world import give_payees

TODAY = clock.today().isoformat


def read(call):
    with transaction(write=False):
        return call()


def test_an_order_is_confirmed_or_declined_with_a_reason(app, world, ask):
    with transaction():
        first, second = world.approved()[0], world.approved()[0]
    ask(world.clerk, f"/supplier/orders/{first}/confirm", {}, status=303)
    assert read(lambda: procurement.order(world.manager, first).state) == "to_ship"
    assert "必须填写" in ask(world.clerk, f"/supplier/orders/{second}/decline", {}, status=422).text
    ask(world.clerk, f"/supplier/orders/{second}/decline", {"reason": "缺货"}, status=303)
    assert read(lambda: procurement.order(world.manager, second).state) == "declined"


def test_a_line_is_shipped_out_of_two_lots_and_never_beyond_what_is_open(app, world, ask):
    with transaction():
        order = world.approved(200_000)[0]
        procurement.confirm(world.manager, order)
        line = procurement.lines_of([order])[order][0].id
        lots = [world.extra["lot"], world.lot(400_000)]
    form = {
        "expected_on": TODAY(),
        "parts.0.source": f"{line}:{lots[0]}",
        "parts.0.quantity": "150",
        "parts.1.source": f"{line}:{lots[1]}",
        "parts.1.quantity": "60.5",
    }
    refused = ask(world.clerk, f"/supplier/orders/{order}/ship", form, status=422)
    assert "最多 200.000" in refused.text
    assert 'value="60.5"' in refused.text
    ask(world.clerk, f"/supplier/orders/{order}/ship", form | {"parts.1.quantity": "50"}, status=303)
    shipped = read(lambda: procurement.shipments_of([order])[order][0])
    assert [(part.lot_id, part.quantity) for part in shipped.lines] == [(lots[0], 150_000), (lots[1], 50_000)]


def test_a_chosen_lot_without_quantity_ships_nothing(app, world, ask):
    with transaction():
        order = world.approved(200_000)[0]
        procurement.confirm(world.manager, order)
        line = procurement.lines_of([order])[order][0].id
    form = {"expected_on": TODAY(), "parts.0.source": f"{line}:{world.extra['lot']}", "parts.0.quantity": ""}
    assert "至少要有一行" in ask(world.clerk, f"/supplier/orders/{order}/ship", form, status=422).text


def test_the_suggestion_for_shipping_leaves_out_lots_without_papers(app, world, ask):
    with transaction():
        bare = world.lot(500_000, papers=False)
        order = world.approved(200_000)[0]
        procurement.confirm(world.manager, order)
    page = ask(world.clerk, f"/supplier/orders/{order}/ship").text
    assert f':{world.extra["lot"]}" selected' in page
    assert f':{bare}" selected' not in page
    assert "缺承诺达标合格证" in page


def slip(world, **changes):
    form = {
        "agreement_id": world.agreement,
        "household_id": world.households[0],
        "day": TODAY(),
        "item": "黄桃",
        "unit": "千克",
        "gross": "120斤",
        "tare": "2",
        "price_fen": "6.80",
    }
    return form | changes


def test_a_slip_takes_jin_and_tells_what_is_payable(app, world, ask):
    answer = ask(world.clerk, "/supplier/slips/new", slip(world), status=303)
    assert "price=6.80" in answer.location
    row = read(lambda: linkage.open_slips(world.clerk)[0])
    assert (row.net, row.payable_fen) == (58_000, 39_440)


def test_a_slip_can_be_reckoned_without_scripts_before_it_is_recorded(app, world, ask):
    page = ask(world.clerk, "/supplier/slips/new", slip(world, preview="1")).text
    assert "¥394.40" in page
    assert read(lambda: linkage.open_slips(world.clerk)) == []


def test_a_slip_with_more_tare_than_gross_is_refused_and_kept(app, world, ask):
    page = ask(world.clerk, "/supplier/slips/new", slip(world, tare="61"), status=422).text
    assert "皮重不能大于毛重" in page
    assert "120斤" in page


def test_one_wrong_row_of_a_morning_records_none(app, world, ask):
    with transaction(write=False):
        code = households.by_ids([world.households[0]])[world.households[0]].code
    form = {"agreement_id": world.agreement, "day": TODAY(), "item": "黄桃", "unit": "千克", "price_fen": "7"}
    form |= {"slips.0.household": code, "slips.0.gross": "50", "slips.0.tare": "1.5"}
    wrong = form | {"slips.3.household": "没有这户", "slips.3.gross": "30"}
    page = ask(world.clerk, "/supplier/slips/table", wrong, status=422).text
    assert "第 4 行" in page
    assert read(lambda: linkage.open_slips(world.clerk)) == []
    ask(world.clerk, "/supplier/slips/table", form | {"slips.3.household": "张三1", "slips.3.gross": "30"}, status=303)
    assert [row.payable_fen for row in read(lambda: linkage.open_slips(world.clerk))] == [33_950, 21_000]


def test_a_lot_is_made_of_chosen_slips_and_not_larger_than_they_are(app, world, ask):
    ask(world.clerk, "/supplier/slips/new", slip(world), status=303)
    chosen = read(lambda: linkage.open_slips(world.clerk)[0].id)
    form = {"product_id": world.product, "harvested_on": TODAY(), "size": "59", "slip_ids": [chosen]}
    page = ask(world.clerk, "/supplier/lots/new", form, status=422).text
    assert "超过过磅单的合计" in page
    assert f'value="{chosen}"' in page
    ask(world.clerk, "/supplier/lots/new", form | {"size": "55"}, status=303)
    assert read(lambda: linkage.open_slips(world.clerk)) == []


def test_slips_are_paid_in_full_with_evidence_and_once(app, world, ask):
    rows = read(lambda: linkage.unpaid_slips(world.manager.organisation))
    form = {"slip_ids": [rows[0].id, rows[1].id], "day": TODAY(), "method": "cash"}
    assert "必须填写" in ask(world.clerk, "/supplier/slips/pay", form, status=422).text
    ask(world.clerk, "/supplier/slips/pay", form | {"evidence": "花名册 1"}, status=303)
    ask(world.clerk, "/supplier/slips/pay", form | {"evidence": "花名册 1"}, status=422)
    assert len(read(lambda: linkage.unpaid_slips(world.manager.organisation))) == len(rows) - 2


def test_a_slip_is_paid_in_part(app, world, ask):
    row = read(lambda: linkage.unpaid_slips(world.manager.organisation)[0])
    form = {"fen": "100", "day": TODAY(), "method": "transfer", "evidence": "回单 1"}
    assert "超过应付额" in ask(world.clerk, f"/supplier/slips/{row.id}", form | {"fen": "1700.01"}, status=422).text
    ask(world.clerk, f"/supplier/slips/{row.id}", form, status=303)
    assert read(lambda: linkage.slip(world.clerk, row.id).paid_fen) == 10_000


def test_a_product_and_its_offer_are_added(app, world, ask):
    form = {
        "name": "黄桃干",
        "code": "YL-HT-0312",
        "category_code": "peach",
        "base_unit": "千克",
        "origin": "430225103000",
    }
    assert "已被使用" in ask(world.clerk, "/supplier/products/new", form, status=422).text
    location = ask(world.clerk, "/supplier/products/new", form | {"code": "YL-9"}, status=303).location
    offer = {
        "code": "YL-9-A",
        "pricing": "weighed",
        "order_unit": "箱",
        "content": "2.5",
        "minimum": "10",
        "tolerance_basis_points": "5",
        "season_from": "7-20",
        "season_to": "9月10日",
        "breaks.0.from_quantity": "5",
        "breaks.0.price_fen": "30",
    }
    page = ask(world.clerk, location, offer, status=422).text
    assert "第一档应从起订量" in page
    ask(world.clerk, location, offer | {"breaks.0.from_quantity": "10"}, status=303)
    row = read(lambda: catalogue.by_code("YL-9-A"))
    assert (row.content, row.minimum, row.tolerance_basis_points, row.season_to) == (2_500, 10_000, 500, 910)


def test_stock_that_changed_meanwhile_is_a_conflict(app, world, ask):
    form = {"stock": "500", "seen": "10000000"}
    ask(world.clerk, f"/supplier/offers/{world.offer}/stock", form, status=303)
    page = ask(world.clerk, f"/supplier/offers/{world.offer}/stock", form | {"stock": "900"}, status=409).text
    assert "别人刚改过" in page
    assert read(lambda: catalogue.one(world.offer).stock) == 500_000


def test_an_offer_edited_by_two_is_a_conflict_for_the_second(app, world, ask):
    form = {"order_unit": "千克", "content": "1", "minimum": "10", "version": "1"}
    form |= {"breaks.0.from_quantity": "10", "breaks.0.price_fen": "11"}
    ask(world.clerk, f"/supplier/offers/{world.offer}/edit", form, status=303)
    ask(world.clerk, f"/supplier/offers/{world.offer}/edit", form, status=409)


def test_an_offer_is_withdrawn_and_relisted(app, world, ask):
    ask(world.clerk, f"/supplier/offers/{world.offer}/withdraw", {}, status=303)
    assert read(lambda: catalogue.one(world.offer).state) == "withdrawn"
    ask(world.clerk, f"/supplier/offers/{world.offer}/relist", {}, status=303)


def test_an_agreement_goes_from_draft_to_force_through_consent_and_roster(app, world, ask):
    with transaction(write=False):
        known = households.by_ids(world.households)
    draft = {"kind": "premium", "starts_on": TODAY(), "weights": "share"}
    assert "标准超出" in ask(world.manager, "/supplier/agreements/new", draft, status=422).text
    url = ask(world.manager, "/supplier/agreements/new", draft | {"rate_fen": "0.25"}, status=303).location
    sheet = {"day": TODAY(), "method": "signature", "witness": "甲", "second_witness": "乙"}
    for number, row in enumerate(known.values()):
        sheet |= {f"consents.{number}.code": row.code, f"consents.{number}.head_name": row.head_name}
    wrong = ask(world.manager, f"{url}/consents", sheet | {"consents.1.head_name": "别人"}, status=422).text
    assert "第 2 行" in wrong
    assert "两位不同" in ask(world.manager, f"{url}/consents", sheet | {"second_witness": "甲"}, status=422).text
    ask(world.manager, f"{url}/consents", sheet, status=303)
    roster = {"from_day": TODAY()}
    for number, id_ in enumerate(known):
        weight = "1.5" if number < 2 else ""
        roster |= {f"weights.{number}.household_id": id_, f"weights.{number}.weight": weight}
    ask(world.manager, f"{url}/start", {}, status=422)
    ask(world.manager, f"{url}/roster", roster, status=303)
    ask(world.manager, f"{url}/start", {}, status=303)
    assert "生效" in ask(world.manager, url).text
    agreement = url.rsplit("/", 1)[1]
    weights = read(lambda: linkage.roster_on(UUID(agreement), clock.today()))
    assert list(weights.values()) == [1_500, 1_500]


@pytest.mark.parametrize("url", ["agreements/new", "transfers/{transfer}/refuse"])
def test_a_clerk_neither_drafts_agreements_nor_answers_transfers(app, world, ask, url):
    with transaction():
        _, bill = world.accepted(world.shipped(world.extra["lot"]))
        transfer = payments.record_transfer(
            world.finance, bill.id, fen=bill.total_fen, paid_on=clock.today(), bank_serial="TX"
        )
    ask(world.clerk, f"/supplier/{url.format(transfer=transfer.id)}", status=403)


def test_a_transfer_is_refused_with_a_reason_or_confirmed_and_settles(app, world, ask):
    with transaction():
        _, bill = world.accepted(world.shipped(world.extra["lot"]))
        first = payments.record_transfer(
            world.finance, bill.id, fen=bill.total_fen, paid_on=clock.today(), bank_serial="TX"
        )
    ask(world.manager, f"/supplier/transfers/{first.id}/refuse", {}, status=422)
    ask(world.manager, f"/supplier/transfers/{first.id}/refuse", {"reason": "未到账"}, status=303)
    with transaction():
        second = payments.record_transfer(
            world.finance, bill.id, fen=bill.total_fen, paid_on=clock.today(), bank_serial="TX2"
        )
    ask(world.manager, f"/supplier/transfers/{second.id}/confirm", {}, status=303)
    assert read(lambda: procurement.order(world.manager, bill.order_id).state) == "settled"


def test_an_invoice_never_exceeds_its_bill(app, world, ask):
    with transaction():
        _, bill = world.accepted(world.shipped(world.extra["lot"]))
    form = {"number": "FP-1", "issued_on": TODAY(), "amount_fen": "2400.01"}
    assert "尚可开 ¥2,400.00" in ask(world.clerk, f"/supplier/bills/{bill.id}", form, status=422).text
    ask(world.clerk, f"/supplier/bills/{bill.id}", form | {"amount_fen": "2400"}, status=303)
    assert read(lambda: payments.invoices_of([bill.id])[bill.id][0].invoice.rate_basis_points) is None


def test_a_distribution_needs_two_persons_and_each_payout_is_paid_once(app, world, ask):
    with transaction():
        world.settled(world.extra["lot"], 200_000)
    url = ask(world.manager, "/supplier/distributions", {"cut_on": TODAY()}, status=303).location
    assert "另一人审批" in ask(world.manager, f"{url}/approve", {}, status=422).text
    ask(world.manager, f"{url}/discard", {}, status=303)
    url = ask(world.clerk, "/supplier/distributions", {"cut_on": TODAY()}, status=303).location
    ask(world.manager, f"{url}/approve", {}, status=303)
    with transaction():
        give_payees(world)
        id_ = attribution.listed(world.manager)[0].id
        attribution.release(world.manager.organisation)
        payout = attribution.payouts_of(id_)[0]

    def paid(**changes: object) -> dict:
        scan = (io.BytesIO(b"%PDF-1.7 signed"), "signed.pdf")
        return {
            "payouts": [payout.id],
            "paid_on": clock.today().isoformat(),
            "method": "cash",
            "evidence": "花名册 2",
            "file": scan,
        } | changes

    assert "公示期未满" in ask(world.clerk, f"{url}/paid", paid(), status=422).text
    with world.after_notice(id_):
        assert "至少选一户" in ask(world.clerk, f"{url}/paid", paid(payouts=[]), status=422).text
        no_scan = {name: value for name, value in paid().items() if name != "file"}
        assert "扫描件" in ask(world.clerk, f"{url}/paid", no_scan, status=422).text
        ask(world.clerk, f"{url}/paid", paid(), status=303)
        assert "已经兑付" in ask(world.clerk, f"{url}/paid", paid(), status=422).text
