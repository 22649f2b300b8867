"""Dated income with evidence is owed when it is recorded, once, and taken back only by a row of its own."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from marketplace.core import clock
from marketplace.core.db import db, new_id, transaction
from marketplace.ledger import services as ledger
from marketplace.linkage import services as linkage
from marketplace.linkage.accounts import expense
from marketplace.linkage.services import Entry
from tests.factories.world import start_agreement
from tests.linkage.helpers import refused, standing

TODAY = clock.today


@pytest.fixture
def pieces(world):
    """Bagging fruit, 0.35 yuan a piece."""
    with transaction():
        return start_agreement(world.manager, world.households, kind="piece_wage", rate_fen=35)


def record(world, agreement, *entries, day=None, evidence="计件单 1", **facts):
    return linkage.record_flows(world.clerk, agreement, day or TODAY(), entries, evidence=evidence, **facts)


def test_piece_work_is_owed_pieces_by_rate(world, pieces):
    household = world.households[0]
    with transaction():
        [row] = record(world, pieces, Entry(household, quantity=412_000, member="张三"))
    with transaction(write=False):
        assert (row.fen, row.unit, row.rate_fen, row.kind) == (14_420, "件", 35, "piece_wage")
        assert standing(world, household) == (14_420, 0)
        assert ledger.balance(expense("piece_wage", world.manager.organisation)) == -14_420
        [entry] = ledger.entries_of("flow", str(row.id))
        assert entry.fen == 14_420


@pytest.mark.parametrize(
    ("terms", "facts", "fen"),
    [
        ({"kind": "wage"}, {"fen": 12_000}, 12_000),
        ({"kind": "wage", "rate_fen": 12_000}, {"quantity": 1_500}, 18_000),
        ({"kind": "wage"}, {"quantity": 2_000, "rate_fen": 9_000}, 18_000),
        ({"kind": "rent", "rate_fen": 60_000}, {"quantity": 3_250}, 195_000),
        ({"kind": "fixed_dividend"}, {"fen": 100_000}, 100_000),
        ({"kind": "fixed_dividend", "rate_fen": 5_000}, {"quantity": 7_000}, 35_000),
    ],
)
def test_each_kind_of_flow_counts_its_own_way(world, terms, facts, fen):
    with transaction():
        agreement = start_agreement(world.manager, world.households, **terms)
        [row] = record(world, agreement, Entry(world.households[0], **facts))
        assert row.fen == fen


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"quantity": 0}, "quantity_zero"),
        ({}, "quantity_zero"),
        ({"quantity": 1_000, "rate_fen": 36}, "rate_differs"),
        ({"quantity": 1_000, "fen": 36}, "fen_differs"),
        ({"quantity": 1}, "fen_differs"),  # not a fen
    ],
)
def test_a_bad_row_is_refused_by_its_number_and_none_is_recorded(world, pieces, facts, code):
    good = Entry(world.households[0], quantity=1_000)
    assert refused(lambda: record(world, pieces, good, Entry(world.households[1], **facts))) == [(code, 2)]
    with transaction(write=False):
        assert linkage.flows(world.clerk) == ([], 0, 0)


def test_who_is_not_on_the_roster_and_what_has_no_voucher_are_refused(world, pieces):
    rows = Entry(uuid4(), quantity=1_000), Entry(world.households[0], quantity=1_000)
    assert refused(lambda: record(world, pieces, *rows, evidence=" ")) == [("not_on_roster", 1), ("evidence_needed", 2)]
    assert refused(lambda: record(world, pieces, day=TODAY() + timedelta(days=1))) == [("day_in_future", None)]
    assert refused(lambda: record(world, pieces)) == [("no_entries", None)]
    assert refused(lambda: record(world, world.agreement, Entry(world.households[0], fen=1))) == [("not_a_flow", None)]
    assert refused(
        lambda: record(world, pieces, Entry(world.households[0], quantity=1), day=TODAY() - timedelta(days=99))
    ) == [("agreement_not_in_force", None)]


def test_a_sale_tied_piece_wage_takes_no_piece_slips(world):
    with transaction():
        tied = start_agreement(world.manager, world.households, kind="piece_wage", rate_fen=35, sale_tied=True)
    assert refused(lambda: record(world, tied, Entry(world.households[0], quantity=1_000))) == [("not_a_flow", None)]


def test_a_voucher_stands_once_for_a_household_member_and_day(world, pieces):
    """Red when flows._recorded is not asked; the unique index `uq_flow_voucher` refuses even then."""
    household = world.households[0]
    sheet = Entry(household, quantity=1_000, member="张三"), Entry(household, quantity=2_000, member="李四")
    with transaction():
        record(world, pieces, *sheet)
    assert refused(lambda: record(world, pieces, *sheet)) == [("flow_exists", 1), ("flow_exists", 2)]
    assert refused(lambda: record(world, pieces, sheet[0], sheet[0], evidence="计件单 2")) == [("flow_exists", 2)]
    with transaction():
        record(world, pieces, *sheet, evidence="计件单 2")
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(
            text(
                "INSERT INTO flow SELECT :id, batch, kind, supplier_id, agreement_id, household_id, division, member, quantity,"
                " unit, rate_fen, fen, day, posted_on, period, evidence, file_id, corrects_id, distribution_id, recorded_at,"
                " recorded_by FROM flow WHERE evidence = '计件单 2' AND member = '张三'"
            ),
            {"id": new_id().hex},
        )


def test_a_wrong_entry_is_taken_back_once_by_a_row_of_its_own(world, pieces):
    household = world.households[0]
    with transaction():
        [row] = record(world, pieces, Entry(household, quantity=4_120_000))
        back = linkage.correct_flow(world.clerk, row.id, reason="多写一个零")
        assert (back.fen, back.corrects_id) == (-row.fen, row.id)
        assert standing(world, household) == (0, 0)
        [right] = record(world, pieces, Entry(household, quantity=412_000))
        assert right.evidence == "计件单 1（更正 1）"
        assert standing(world, household) == (14_420, 0)
    assert refused(lambda: linkage.correct_flow(world.clerk, row.id, reason="又")) == [("flow_corrected", None)]
    assert refused(lambda: linkage.correct_flow(world.clerk, back.id, reason="又")) == [("flow_is_correction", None)]
    assert refused(lambda: linkage.correct_flow(world.clerk, uuid4(), reason="又")) == [("not_found", None)]


def test_a_flow_never_changes(world, pieces):
    """Red when flow's guard is gone."""
    with transaction():
        record(world, pieces, Entry(world.households[0], quantity=1_000))
    for change in ("fen = fen + 1", "household_id = household_id", "day = day"):
        with pytest.raises(IntegrityError), transaction():
            db.session.execute(text(f"UPDATE flow SET {change}"))
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(text("DELETE FROM flow"))


def test_a_sheet_of_a_thousand_rows_costs_as_many_statements_as_one(world, pieces):
    from sqlalchemy import event

    def statements(rows):
        seen = []

        def count(conn, cursor, statement, *rest):
            seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", count)
        try:
            with transaction():
                record(
                    world,
                    pieces,
                    *(Entry(world.households[0], quantity=1_000, member=str(number)) for number in range(rows)),
                    evidence=f"计件单 {rows}",
                )
        finally:
            event.remove(db.engine, "before_cursor_execute", count)
        return len(seen)

    assert statements(300) <= statements(2) + 1
