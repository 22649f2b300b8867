"""Bank statements: each row's money once, by payment code or by payer and amount; what surprises waits for a person."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from marketplace.core import clock, jobs, sheets
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, Refused
from marketplace.payments import bank_rules
from marketplace.payments import services as payments
from marketplace.payments.bank_models import BankRow
from marketplace.payments.models import Bill, PayerCredit, Transfer
from marketplace.settlement import bank_confirming
from marketplace.settlement import services as settlement
from tests.factories.world import World
from tests.faults.test_races import race
from tests.payments.test_money import record, settled_fen, wrong

HEAD = ["交易日期", "交易流水号", "收入金额", "支出金额", "对方户名", "附言"]
AGENCY = "茶陵县沿河中学"


def file(*rows: tuple, head: list | None = None) -> bytes:
    """A statement of (serial, yuan, payer, remark) of today, below a title."""
    today = clock.today().isoformat()
    body = [[today, serial, fen, "", payer, remark] for serial, fen, payer, remark in rows]
    return sheets.to_csv_bytes([["账户明细"], head or HEAD, *body])


def read(world: World, *rows: tuple, **how: object) -> object:
    return payments.read_statement(world.clerk, "流水.csv", file(*rows), account="基本户 0001", **how)


def rows_of(world: World) -> dict[str, BankRow]:
    return {row.serial: row for row in payments.bank_rows(world.manager, size=100)[0]}


def confirm_all(world: World, answer: object) -> None:
    for row in list(payments.bank_rows(world.manager, statement_id=answer.statement.id, state="proposed")[0]):
        settlement.confirm_row(world.manager, row.id)


@pytest.fixture
def world(app) -> World:
    with transaction():
        world = World.build(families=2)
        lot = world.lot()
        world.extra["bills"] = [world.accepted(world.shipped(lot, 100_000))[1].id for _ in range(3)]  # 120,000 fen each
    return world


def bill(world: World, place: int) -> Bill:
    return db.session.get_one(Bill, world.extra["bills"][place])


@pytest.mark.parametrize(("yuan", "outcome"), [("1200.00", "exact"), ("700.00", "partial"), ("1300.00", "over")])
def test_a_row_pays_the_bill_whose_code_it_carries(world: World, yuan: str, outcome: str):
    with transaction():
        code = bill(world, 0).payment_code
        answer = read(world, ("S1", yuan, "某财政局", f"货款 {code[:6]} {code[6:]}"))
        assert answer.outcomes == {outcome: 1}
        assert bill(world, 0).paid_fen == 0  # proposed only
        confirm_all(world, answer)
        assert rows_of(world)["S1"].state == "confirmed"
        assert bill(world, 0).state == ("partly_paid" if outcome == "partial" else "paid")
        assert settled_fen() == (0 if outcome == "partial" else 120_000)
        left = db.session.scalar(select(func.sum(PayerCredit.fen))) or 0
        assert left == (10_000 if outcome == "over" else 0)
        assert wrong() == {}


def test_a_file_read_twice_doubles_nothing(world: World):
    """Red when the rows' unique key or `_fresh` goes."""
    with transaction():
        code = bill(world, 0).payment_code
        rows = [("S1", "1200.00", AGENCY, code), ("S1", "1200.00", AGENCY, code), ("S2", "5.00", "他人", "")]
        first = read(world, *rows)
        assert (first.rows, first.same) == (3, 1)
        again = read(world, *rows)
        assert (again.rows, again.same, again.outcomes) == (3, 3, {})
        assert len(rows_of(world)) == 2


def test_two_payments_of_one_bill_in_a_file_are_a_double_for_a_person(world: World):
    with transaction():
        code = bill(world, 0).payment_code
        answer = read(world, ("S1", "1200.00", AGENCY, code), ("S2", "1200.00", AGENCY, code))
        assert answer.outcomes == {"exact": 1, "double": 1}
        confirm_all(world, answer)
        assert rows_of(world)["S2"].state == "queued"
        payments.assign(world.manager, rows_of(world)["S2"].id, bill(world, 0).id)
        settlement.confirm_row(world.manager, rows_of(world)["S2"].id)
        assert [(row.fen, row.state) for row in payments.credits_listed(world.finance)] == [(120_000, "to_refund")]
        assert settled_fen() == 120_000
        assert wrong() == {}


def test_payer_and_exact_amount_are_enough_where_one_bill_fits(world: World):
    with transaction():
        several = read(world, ("S1", "1200.00", AGENCY, ""))
        assert several.outcomes == {"several": 1}  # three bills ask for as much
        payments.receive(world.manager, bill(world, 0).id, fen=20_000, paid_on=clock.today(), serial="X")
        one = read(world, ("S2", "1000.00", f" {AGENCY} ", "货款"))
        assert one.outcomes == {"exact": 1}
        assert rows_of(world)["S2"].bill_id == bill(world, 0).id
        assert read(world, ("S3", "1000.00", "另一所中学", "")).outcomes == {"unmatched": 1}


def test_what_the_agency_recorded_is_confirmed_by_its_row_and_what_the_supplier_confirmed_is_known(world: World):
    with transaction():
        waiting = record(world, bill(world, 0), 120_000, "TX-0")
        settlement.confirm_payment(world.manager, record(world, bill(world, 1), 120_000, "TX-1").id)
        answer = read(
            world,
            ("TX-0", "1200.00", AGENCY, bill(world, 0).payment_code),
            ("B-1", "1200.00", AGENCY, bill(world, 1).payment_code),
        )
        assert answer.outcomes == {"exact": 1, "known": 1}
        confirm_all(world, answer)
        assert db.session.get_one(Transfer, waiting.id).state == "confirmed"
        assert db.session.scalar(select(func.count(Transfer.id))) == 2
        assert db.session.scalar(select(func.count(PayerCredit.id))) == 0
        assert settled_fen() == 240_000
        assert wrong() == {}


def test_another_amount_than_recorded_waits_for_a_person_and_then_the_bank_is_right(world: World):
    with transaction():
        claim = record(world, bill(world, 0), 120_000, "TX-0")
        answer = read(world, ("S1", "700.00", AGENCY, bill(world, 0).payment_code))
        assert answer.outcomes == {"differs": 1}
        row = rows_of(world)["S1"]
        payments.assign(world.manager, row.id, bill(world, 0).id)
        settlement.confirm_row(world.manager, row.id)
        assert db.session.get_one(Transfer, claim.id).state == "refused"
        assert (bill(world, 0).paid_fen, bill(world, 0).recorded_fen) == (70_000, 0)
        assert wrong() == {}


def test_a_proposal_that_is_no_longer_so_waits_for_a_person(world: World):
    """Red when `confirm_row` pays what was proposed without judging again."""
    with transaction():
        answer = read(world, ("S1", "1200.00", AGENCY, bill(world, 0).payment_code))
        payments.receive(world.manager, bill(world, 0).id, fen=120_000, paid_on=clock.today(), serial="card")
        confirm_all(world, answer)
        row = rows_of(world)["S1"]
        assert (row.state, row.outcome) == ("queued", "double")
        assert db.session.scalar(select(func.count(PayerCredit.id))) == 0


def test_a_row_goes_back_or_aside_with_a_reason_and_pays_nothing(world: World):
    with transaction():
        read(world, ("S1", "3.00", "他人", ""), ("S2", "4.00", "他人", ""))
        rows = rows_of(world)
        with pytest.raises(Refused):
            payments.put_by(world.manager, rows["S1"].id, "return", " ")
        assert payments.put_by(world.manager, rows["S1"].id, "return", "错汇").state == "returned"
        assert payments.put_by(world.manager, rows["S2"].id, "set_aside", "利息").state == "other"
        assert payments.put_by(world.manager, rows["S2"].id, "take_up", "").state == "queued"
        with pytest.raises(Conflict):
            settlement.confirm_row(world.manager, rows["S1"].id)


def test_bad_rows_are_told_and_only_asked_are_the_good_ones_kept(world: World):
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()
    today = clock.today().isoformat()
    body = [
        [today, "S1", "12.00", "", AGENCY, ""],
        [today, "", "12.00", "", AGENCY, ""],
        ["18 Aug", "S3", "12.00", "", AGENCY, ""],
        [today, "S4", "twelve", "", AGENCY, ""],
        [tomorrow, "S5", "12.00", "", AGENCY, ""],
        [today, "S6", "", "99.00", "电费", ""],
        [today, "S7", "0.00", "", AGENCY, ""],
        ["", "", "48.00", "", "", "合计"],
    ]
    content = sheets.to_xlsx([HEAD, *body])
    with transaction():
        answer = payments.read_statement(world.clerk, "a.xlsx", content, account="1")
        assert [(error.row, error.code) for error in answer.errors] == [
            (3, "statement_serial"),
            (4, "statement_day"),
            (5, "statement_amount"),
            (6, "statement_day_future"),
            (8, "statement_amount"),
        ]
        assert answer.statement is None
        assert rows_of(world) == {}
        answer = payments.read_statement(world.clerk, "a.xlsx", content, account="1", good_only=True)
        assert (answer.statement.rows, answer.statement.refused) == (1, 5)


def test_a_row_of_money_that_left_or_of_no_day_is_none(world: World):
    """Red when a day's last digit may be left over: 311 January was the thirty-first."""
    days = ["2026-01-311", "2026111", "202601311", "2026-02-30", "0001-01-01", "9999-12-31", "46000"]
    good = ["2026-8-5", "2026年8月5日", "20260805", "20260805123000", "2026/08/05 09:01"]
    rows = [[day, f"D{no}", "1.00", "", AGENCY, ""] for no, day in enumerate([*days, *good])]
    rows += [["2026-08-05", "N1", "-100.00", "", AGENCY, ""], ["2026-08-05", "N2", "1,5", "", AGENCY, ""]]
    with transaction(), clock.fixed(clock.at(date(2026, 11, 22), 9)):
        answer = payments.read_statement(world.clerk, "a.xlsx", sheets.to_xlsx([HEAD, *rows]), account="1")
        told = [(error.row, error.code) for error in answer.errors]
        wrong_days = [(no + 2, "statement_day_future" if no == 5 else "statement_day") for no in range(len(days))]
        assert told == [*wrong_days, (14, "statement_amount"), (15, "statement_amount")]
        assert answer.rows == len(good)


def test_a_file_without_the_columns_says_which(world: World):
    with transaction(), pytest.raises(Refused) as refusal:
        payments.read_statement(world.clerk, "a.csv", file(head=["日期", "摘要"]), account="1")
    assert refusal.value.code == "statement_columns"
    assert refusal.value.facts["missing"] == "流水号、收入金额"


@pytest.mark.parametrize(
    ("head", "row", "template"),
    [
        (
            ["支付日期", "支付凭证号", "预算单位", "支付金额", "付款人全称", "用途"],
            ["20260110", "GK1", AGENCY, "1,200.00", "茶陵县财政局", "食材"],
            "treasury",
        ),
        (
            ["交易时间", "流水号", "借贷标志", "交易金额（元）", "对方户名", "摘要"],
            ["2026年1月10日", "B1", "贷", "1200", AGENCY, ""],
            "bank-one-amount",
        ),
    ],
)
def test_a_treasury_and_a_bank_of_other_columns_are_read_by_their_templates(world: World, head, row, template):
    with transaction():
        for place in (1, 2):
            payments.receive(world.manager, bill(world, place).id, fen=120_000, paid_on=clock.today(), serial="X")
        answer = payments.read_statement(world.clerk, "a.csv", sheets.to_csv_bytes([head, row]), account="1")
        assert (answer.statement.template, answer.outcomes) == (template, {"exact": 1})


def test_codes_are_found_however_they_are_written_and_never_with_a_wrong_digit():
    from marketplace.payments.rules import check_digit

    code = f"BF260000017{check_digit('260000017')}"
    assert bank_rules.codes_in(f"付 ｂｆ 26-0000017 {code[-1]} 款") == [code]
    assert bank_rules.codes_in(code[:-1] + str((int(code[-1]) + 1) % 10)) == []


def test_a_batch_is_confirmed_by_a_job_that_goes_on_where_it_was(app, world: World):
    with transaction():
        codes = [bill(world, place).payment_code for place in range(3)]
        answer = read(world, *((f"S{place}", "1200.00", AGENCY, code) for place, code in enumerate(codes)))
        statement = answer.statement.id
    with transaction():
        confirm_first = payments.bank_rows(world.manager, statement_id=statement, state="proposed")[0][0].id
        settlement.confirm_row(world.manager, confirm_first)  # as a job that was killed after it
    with transaction():
        job = settlement.start_confirming(world.manager, statement).id
    assert jobs.work({bank_confirming.KIND: bank_confirming.work})
    with transaction(write=False):
        assert db.session.get_one(jobs.Job, job).result == {
            "number": answer.statement.number,
            "confirmed": 2,
            "queued": 0,
        }
        assert settled_fen() == 360_000
        assert wrong() == {}
    with transaction(), pytest.raises(Conflict):
        settlement.start_confirming(world.manager, statement)


def test_a_file_read_and_confirmed_by_several_at_once_pays_once(app, world: World):
    """Red when the unique key of bank_row goes, or `confirm_row` does not lock its row."""
    with transaction(write=False):
        code = bill(world, 0).payment_code
    race(app, [lambda: read(world, ("S1", "1200.00", AGENCY, code)) for _ in range(4)])
    with transaction(write=False):
        [row] = rows_of(world).values()
        id_ = row.id
    race(app, [lambda: settlement.confirm_row(world.manager, id_) for _ in range(4)])
    with transaction(write=False):
        assert bill(world, 0).paid_fen == 120_000
        assert settled_fen() == 120_000
        assert wrong() == {}
