"""Payouts: nothing before the notice has run, each once, cash with a scan, bank files and what the bank says of them."""

import io
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from marketplace.attribution import services as attribution
from marketplace.attribution.models import BankFileLine
from marketplace.core import clock, sheets
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, Many, Refused
from marketplace.linkage import services as linkage
from marketplace.linkage import standing
from marketplace.notices import services as notices
from tests.attribution.test_distributions import dividends, move_pool
from tests.factories.world import World, scan

BANK = "generic-xlsx"


def codes(raised) -> list[tuple[str, int | None]]:
    error = raised.value
    return [(one.code, one.row) for one in (error.errors if isinstance(error, Many) else [error])]


def ready(families: int = 3, kind: str = "card") -> tuple[World, UUID, list]:
    """A distribution whose payouts are 1,600 fen each with three families."""
    world = dividends(families=families)
    id_ = world.distributed(kind=kind)
    return world, id_, attribution.payouts_of(id_)


def pay(world: World, payouts: list[UUID], **how: object) -> int:
    given = {"paid_on": clock.today(), "method": "cash", "file_id": scan(world.clerk)}
    return attribution.mark_paid(world.clerk, payouts, **(given | how))


def test_nothing_is_paid_before_its_notice_has_run(app):
    """Red when `mark_paid` does not ask the notices; the day the notice ends is still its."""
    with transaction():
        world, id_, payouts = ready()
        until = notices.of_subjects("distribution", [id_])[id_]
        assert until == clock.today() + timedelta(days=6)
        with pytest.raises(Many) as raised:
            pay(world, [payouts[0].id])
        assert codes(raised) == [("notice_running", 1)]
        with clock.fixed(clock.at(until)), pytest.raises(Many) as raised:
            attribution.make_bank_file(world.clerk, template=BANK, payout_ids=[payouts[0].id])
        assert codes(raised) == [("notice_running", 1)]
        with clock.fixed(clock.at(until + timedelta(days=1))):
            with pytest.raises(Many) as raised:  # nor with a day written back
                pay(world, [payouts[0].id], paid_on=until)
            assert codes(raised) == [("notice_running", 1)]
            assert pay(world, [payouts[0].id]) == 1


def test_an_objection_holds_its_household_until_the_township_has_decided(app):
    with transaction():
        world, id_, payouts = ready()
        [notice] = [one for one in notices.of_subject("distribution", id_) if one.households == 1]
        held = next(one for one in payouts if one.division == notice.division)
        other = next(one for one in payouts if one.division != notice.division)
        row = notices.raise_objection(notice.id, line_no=1, words="少算了两筐", contact="13800000000")
        with world.after_notice(id_):
            with pytest.raises(Many) as raised:
                pay(world, [other.id, held.id])
            assert codes(raised) == [("objection_open", 2)]
            assert pay(world, [other.id]) == 1
            notices.answer(world.manager, row.id, words="已核对过磅单")
            notices.decide(world.office, row.id, upheld=True, words="确有一张单未计")
            with pytest.raises(Many):
                pay(world, [held.id])
            notices.settle(world.office, row.id, words="已补记")
            assert pay(world, [held.id]) == 1


def test_a_payout_is_paid_once_and_says_what_it_is_if_not(app):
    with transaction():
        world, id_, payouts = ready()
        first, second, third = (one.id for one in payouts)
    with transaction(), world.after_notice(id_):
        assert pay(world, [first]) == 1
    with pytest.raises(Many) as raised, transaction(), world.after_notice(id_):
        pay(world, [first, second, second, uuid4()])
    assert codes(raised) == [("already_paid", 1), ("named_twice", 3), ("already_paid", 4)]
    with transaction(), world.after_notice(id_):
        attribution.make_bank_file(world.clerk, template=BANK, payout_ids=[third])
    with pytest.raises(Many) as raised, transaction(), world.after_notice(id_):
        pay(world, [third])
    assert codes(raised) == [("payout_in_bank_file", 1)]
    with transaction(write=False):
        states = [one.state for one in attribution.payouts_of(id_)]
        assert states == ["paid", "to_pay", "sent"]


def test_cash_needs_the_scan_and_a_transfer_its_number(app):
    with transaction():
        world, id_, payouts = ready()
        with world.after_notice(id_):
            for how, code in (
                ({"file_id": None}, "scan_needed"),
                ({"method": "transfer", "file_id": None}, "evidence_needed"),
                ({"method": "cheque"}, "method_unknown"),
                ({"paid_on": clock.today() + timedelta(days=1)}, "day_in_future"),
            ):
                with pytest.raises(Refused) as raised:
                    pay(world, [payouts[0].id], **how)
                assert raised.value.code == code
            foreign = scan(world.requester)
            with pytest.raises(Exception, match="not_found"):
                pay(world, [payouts[0].id], file_id=foreign)


def test_a_payment_beyond_what_is_owed_is_refused_whatever_the_list_says(app):
    """The pool fell and a later list took it back, while this payout was at the bank. Red without the standing's guard."""
    with transaction():
        world, id_, _ = ready()
        unpaid = {slip.id: slip.payable_fen for slip in linkage.unpaid_slips(world.manager.organisation)}
        linkage.pay_slips(world.manager, unpaid, day=clock.today(), method="transfer", evidence="转账 1")
    with transaction(), world.after_notice(id_):
        file = attribution.make_bank_file(world.clerk, template=BANK, distribution_id=id_)
        move_pool(world, -900)
        row = attribution.prepare(world.clerk, clock.today())
        attribution.approve(world.manager, row.id)
        assert [one.state for one in attribution.payouts_of(id_)] == ["sent"] * 3
        content = result(file.id)
    with pytest.raises(Many) as raised, transaction(), world.after_notice(id_):
        attribution.read_result(world.clerk, "r.xlsx", content)
    assert {code for code, _ in codes(raised)} == {"paid_beyond_owed"}
    with transaction(write=False):
        held = standing.of_household(world.households[0])[world.manager.organisation]
        assert held.received_fen <= held.owed_fen


# --- bank files ---


def result(file_id: UUID, **changes: dict) -> bytes:
    """What the bank would give back; `changes`: line number as `n1` → cells that differ."""
    rows = [["代发结果"], ["代发编号", "户名", "账号", "金额", "处理结果", "失败原因"]]
    for line in attribution.bank_lines(file_id):
        cells = {
            "reference": line.reference,
            "account": f"99990000{line.account_last4}",
            "amount": f"{line.fen / 100:.2f}",
            "state": "成功",
            "reason": "",
        } | changes.get(f"n{line.no}", {})
        rows.append([cells["reference"], "某", cells["account"], cells["amount"], cells["state"], cells["reason"]])
    return sheets.to_xlsx(rows)


def test_a_payout_is_in_one_live_bank_file_at_a_time(app):
    """Red when the partial unique index or the state's condition is away."""
    with transaction():
        world, id_, payouts = ready()
        with world.after_notice(id_):
            file = attribution.make_bank_file(world.clerk, template=BANK, distribution_id=id_)
            assert (file.lines, file.total_fen) == (3, 4_800)
            with pytest.raises(Refused) as raised:
                attribution.make_bank_file(world.clerk, template=BANK, distribution_id=id_)
            assert raised.value.code == "nothing_to_send"
            with pytest.raises(Many) as many:
                attribution.make_bank_file(world.clerk, template=BANK, payout_ids=[payouts[0].id])
            assert codes(many) == [("payout_in_bank_file", 1)]
            line = attribution.bank_lines(file.id)[0]
            held = (line.payout_id, line.payee_id, line.account_last4, line.fen)
    with pytest.raises(IntegrityError), transaction():
        payout, payee, last4, fen = held
        db.session.add(
            BankFileLine(
                bank_file_id=file.id,
                no=99,
                reference="X",
                payout_id=payout,
                payee_id=payee,
                account_last4=last4,
                fen=fen,
            )
        )
        db.session.flush()


def test_a_withdrawn_file_frees_its_payouts_and_one_that_was_answered_stays(app):
    with transaction():
        world, id_, _ = ready()
        with world.after_notice(id_):
            file = attribution.make_bank_file(world.clerk, template=BANK, distribution_id=id_)
            attribution.withdraw_bank_file(world.manager, file.id, reason="账户余额不足，未提交")
            assert {one.state for one in attribution.payouts_of(id_)} == {"to_pay"}
            with pytest.raises(Conflict):
                attribution.bank_file_content(world.manager, file.id, reason="送银行")
            again = attribution.make_bank_file(world.clerk, template=BANK, distribution_id=id_)
            old = attribution.bank_lines(file.id)[0].reference
            answer = attribution.read_result(world.clerk, "r.xlsx", result(again.id, n1={"reference": old}))
            assert [(one.code, one.row) for one in answer.errors] == [("reference_withdrawn", 3)]
            assert not answer.imported
            attribution.read_result(world.clerk, "r.xlsx", result(again.id, n1={"state": "失败", "reason": "销户"}))
            with pytest.raises(Refused) as raised:
                attribution.withdraw_bank_file(world.manager, again.id, reason="x")
            assert raised.value.code == "bank_file_told"


@pytest.mark.parametrize("template", ["generic-xlsx", "generic-csv", "rural-card-gbk"])
def test_the_file_is_as_the_banks_template_says_with_the_accounts_in_full(app, template):
    with transaction():
        world, id_, _ = ready()
        with world.after_notice(id_):
            file = attribution.make_bank_file(world.clerk, template=template, distribution_id=id_)
            name, content, _ = attribution.bank_file_content(world.manager, file.id, reason="报送代发银行")
        form = attribution.bank_templates()[template]
        rows = sheets.read(content)[0].rows
        if form.head:
            assert rows.pop(0) == [heading for _, heading in form.columns]
        first = dict(zip([field for field, _ in form.columns], rows[0], strict=True))
        line = attribution.bank_lines(file.id)[0]
        assert first["reference"] == line.reference
        assert len(first["account"]) > 12
        assert first["account"].endswith(line.account_last4)
        assert first["amount"] in (("16", "16.00") if form.amount == "yuan" else ("1600",))
        assert len(rows) == 3
        assert name.endswith(form.format)
        if form.encoding == "gbk":
            content.decode("gb18030")
            with pytest.raises(UnicodeDecodeError):
                content.decode("utf-8")
        dump = db.session.execute(text("SELECT facts FROM audit_event")).scalars().all()
        assert first["account"] not in str(dump)


def test_a_result_is_booked_row_by_row_and_the_failed_are_tried_again(app):
    with transaction():
        world, id_, _ = ready()
    with transaction(), world.after_notice(id_):
        file = attribution.make_bank_file(world.clerk, template=BANK, distribution_id=id_)
        content = result(file.id, n2={"state": "失败", "reason": "账户已销户"}, n3={"state": "处理中"})
        answer = attribution.read_result(world.clerk, "r.xlsx", content)
        assert (answer.paid, answer.failed, answer.unknown, answer.errors) == (1, 1, 1, [])
        paid, failed, unknown = attribution.payouts_of(id_)
        assert (paid.state, failed.state, unknown.state) == ("paid", "failed", "sent")
        assert failed.reason == "账户已销户"
        assert paid.evidence == attribution.bank_lines(file.id)[0].reference
        assert [one.state for one in attribution.bank_lines(file.id)] == ["paid", "failed", "unknown"]
        with pytest.raises(Many) as raised:
            pay(world, [failed.id])
        assert codes(raised) == [("payout_failed", 1)]
        assert attribution.retry(world.clerk, [failed.id], channel="cash") == 1
        assert pay(world, [failed.id]) == 1
        # the bank says later what became of the third
        later = attribution.read_result(
            world.clerk, "r2.xlsx", result(file.id, n2={"state": "失败", "reason": "账户已销户"})
        )
        assert (later.paid, later.same) == (1, 2)
    with transaction(write=False):
        assert {one.state for one in attribution.payouts_of(id_)} == {"paid"}


def test_the_same_result_twice_changes_nothing_and_says_so(app):
    with transaction():
        world, id_, _ = ready()
    with transaction(), world.after_notice(id_):
        file = attribution.make_bank_file(world.clerk, template=BANK, distribution_id=id_)
        content = result(file.id)
        assert attribution.read_result(world.clerk, "r.xlsx", content).paid == 3
        received = standing.of_household(world.households[0])[world.manager.organisation].received_fen
        again = attribution.read_result(world.clerk, "again.xlsx", content)
        assert (again.read_before, again.paid, again.imported) == (clock.today(), 0, False)
        other = attribution.read_result(world.clerk, "r.csv", sheets.to_csv_bytes(sheets.read(content)[0].rows))
        assert (other.same, other.paid) == (3, 0)
        assert standing.of_household(world.households[0])[world.manager.organisation].received_fen == received


def test_bad_rows_are_told_and_the_good_ones_booked_only_when_asked(app):
    with transaction():
        world, id_, _ = ready(families=6)
    with transaction(), world.after_notice(id_):
        file = attribution.make_bank_file(world.clerk, template=BANK, distribution_id=id_)
        first = attribution.bank_lines(file.id)[0].reference
        content = result(
            file.id,
            n2={"reference": "DF209900000100001"},
            n3={"amount": "16.01"},
            n4={"account": "6222000000009999"},
            n5={"state": "也许"},
            n6={"reference": first},
        )
        wanted = [
            ("reference_unknown", 4),
            ("result_amount_differs", 5),
            ("result_account_differs", 6),
            ("result_state_unknown", 7),
            ("named_twice", 8),
        ]
        answer = attribution.read_result(world.clerk, "r.xlsx", content)
        assert [(one.code, one.row) for one in answer.errors] == wanted
        assert (answer.paid, answer.imported) == (1, False)
        assert {one.state for one in attribution.payouts_of(id_)} == {"sent"}
        answer = attribution.read_result(world.clerk, "r.xlsx", content, good_only=True)
        assert (answer.paid, answer.imported, len(answer.errors)) == (1, True, 5)
        assert [one.state for one in attribution.payouts_of(id_)].count("paid") == 1


def test_another_suppliers_reference_is_unknown(app):
    with transaction():
        world, id_, _ = ready()
    with transaction(), world.after_notice(id_):
        file = attribution.make_bank_file(world.clerk, template=BANK, distribution_id=id_)
        content = result(file.id)
        from dataclasses import replace

        stranger = replace(world.clerk, organisation=world.requester.organisation)
        answer = attribution.read_result(stranger, "r.xlsx", content)
        assert {one.code for one in answer.errors} == {"reference_unknown"}


def test_a_file_without_its_columns_says_which(app):
    with transaction():
        world = World.build()
        with pytest.raises(Refused) as raised:
            attribution.read_result(world.clerk, "r.csv", "姓名,金额\n张三,1\n".encode())
        assert raised.value.code == "result_columns"
        assert raised.value.facts["columns"] == "代发编号、账号、处理结果"


def test_cash_payees_are_not_sent_to_the_bank(app):
    with transaction():
        world, id_, payouts = ready(kind="cash")
        with world.after_notice(id_):
            with pytest.raises(Many) as raised:
                attribution.make_bank_file(world.clerk, template=BANK, payout_ids=[payouts[0].id])
            assert codes(raised) == [("cash_payee", 1)]
            with pytest.raises(Refused) as refused:
                attribution.make_bank_file(world.clerk, template="none", distribution_id=id_)
            assert refused.value.code == "bank_template_unknown"


def test_owed_received_and_overdue_by_age(app):
    with transaction():
        world, _, _ = ready()
        supplier = world.manager.organisation
        slips = sum(slip.payable_fen for slip in linkage.unpaid_slips(supplier))
        now = attribution.owing(supplier)
        assert (now.total_fen, now.slips_fen, now.pools_fen, now.up_to_30_fen) == (
            slips + 4_800,
            slips,
            4_800,
            slips + 4_800,
        )
        assert sum(now.by_mechanism.values()) == now.total_fen
        paid_first = linkage.unpaid_slips(supplier)[0]
        linkage.pay_slips(world.manager, {paid_first.id: 1_000}, day=clock.today(), method="transfer", evidence="转账")
        with clock.fixed(clock.at(clock.today() + timedelta(days=70))):
            late = attribution.owing(supplier)
            assert (late.up_to_30_fen, late.up_to_60_fen, late.older_fen) == (0, 0, slips + 4_800 - 1_000)
            rows, total = attribution.owing_by_household(supplier, only="overdue")
            assert total == 3
            assert sum(row.over_60_fen for row in rows) == late.older_fen
            assert {row.over_90_fen for row in rows} == {0}
            [row] = attribution.owing_in_division("430225")
            assert (row.key, row.payable_fen, row.over_60_fen, row.households) == (
                supplier,
                late.total_fen,
                late.older_fen,
                3,
            )
            villages = attribution.owing_in_division("430225103", by="village")
            assert sum(one.payable_fen for one in villages) == late.total_fen
            assert {one.key for one in attribution.owing_in_division("43", by="township")} == {"430225103000"}
            assert attribution.owing_in_division("11") == []


def test_an_own_scan_is_a_pdf_or_a_picture(app):
    from marketplace.core import files

    with transaction():
        world = World.build()
        with pytest.raises(Refused):
            files.keep(world.clerk, "a.xlsx", io.BytesIO(b"PK").getvalue())
