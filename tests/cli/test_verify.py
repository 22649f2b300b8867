"""`flask verify`: every check, what it finds, and how a stopped run goes on."""

import pytest
from sqlalchemy import select, text, update

from marketplace.core import jobs
from marketplace.core.db import db, transaction
from marketplace.ledger.batches import Batch, Batched
from marketplace.reporting import verification
from marketplace.reporting.models import VerifyResult, VerifyRun
from marketplace.search import gather
from marketplace.settlement.models import SettledLine
from marketplace.settlement.ranges import Range, ranged
from marketplace.web.office.verification_words import WORDS
from marketplace.worker import JOBS
from tests.factories.world import World, start_agreement


@pytest.fixture
def world(app) -> World:
    with transaction():
        world = World.build(families=3)
        start_agreement(world.manager, world.households, kind="dividend", rate_basis_points=200, service_order=20)
        lot = world.lot()
        world.settled(lot, 200_000)
        world.settled(lot, 50_000)
        gather.rebuild()
    return world


def run(app, *args):
    return app.test_cli_runner().invoke(args=["verify", "--unsealed-minutes", "600", *args])


def results() -> dict[str, tuple[str, int]]:
    with transaction(write=False):
        last = db.session.scalars(select(VerifyRun).order_by(VerifyRun.id.desc()).limit(1)).one()
        rows = db.session.scalars(select(VerifyResult).where(VerifyResult.run_id == last.id))
        return {row.name: (row.state, row.faults) for row in rows}


def test_every_check_answers_and_finds_nothing_after_the_whole_path(app, world):
    answer = run(app)
    assert answer.exit_code == 0, answer.output
    assert set(results()) == {check.__name__ for check in verification.checks()}
    assert set(results().values()) == {("done", 0)}


def test_no_two_checks_share_a_name_and_each_has_words_and_says_what_holds(app):
    names = [check.__name__ for check in verification.checks()]
    assert len(names) == len(set(names))
    assert set(names) - set(WORDS) == set()
    assert [check.__name__ for check in verification.checks() if not check.__doc__] == []


def test_a_fault_is_named_kept_and_fails_the_command(app, world):
    with transaction():
        db.session.execute(text("UPDATE standing SET received_fen = received_fen + 1 WHERE received_fen < owed_fen"))
    answer = run(app, "--only", "standings")
    assert answer.exit_code == 1
    assert "3 WRONG" in answer.output
    assert results() == {
        "standings_are_the_owed_accounts": ("done", 3),
        "standings_are_what_rows_make": ("done", 3),
    }


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("UPDATE offer SET reserved = reserved + 1", "stock_reserved_is_what_lines_hold"),
        ("UPDATE pool SET total_fen = 1, sold = 100000000 WHERE kind = 'lot'", "lots_sold_out_posted_their_cost"),
        ("UPDATE standing SET owed_fen = owed_fen + 1", "standings_are_the_owed_accounts"),
        ("UPDATE standing SET owed_fen = owed_fen + 1", "standings_are_what_rows_make"),
        ("UPDATE quota_plan SET committed_fen = 0, ceiling_fen = 1, settled_fen = 1", None),
        ("UPDATE outbox_event SET done_at = NULL, at = '2020-01-01 00:00:00'", "the_outbox_moves"),
        ("UPDATE idempotency_key SET status = 500", None),
    ],
)
def test_a_spoiled_row_is_found_by_its_check(app, world, change, name):
    with transaction():
        db.session.execute(text(change))
        checks = {check.__name__: check for check in verification.checks()}
        assert name is None or checks[name]()
        db.session.rollback()


def test_a_stopped_run_goes_on_with_the_check_and_the_range_where_it_was(app, world, monkeypatch):
    """Red when `work` starts a check anew that was done, or forgets a batch's state."""
    seen: list[object] = []
    fail = {"now": True}

    def first() -> list[str]:
        """One that is done."""
        seen.append("first")
        return ["a fault"]

    @Batched
    def second(state):
        """One by batches."""
        for number in range((state or 0) + 1, 5):
            seen.append(number)
            yield Batch(number, 4, [f"fault {number}"], number)
            if number == 2 and fail["now"]:
                raise RuntimeError("killed")

    monkeypatch.setattr(verification, "checks", lambda: [first, second])
    monkeypatch.setattr(verification, "EVERY", 0.0)
    assert isinstance(run(app).exception, RuntimeError)
    assert results() == {"first": ("done", 1), "second": ("running", 2)}
    fail["now"] = False
    answer = run(app, "--resume")
    assert seen == ["first", 1, 2, 3, 4]
    assert results() == {"first": ("done", 1), "second": ("done", 4)}
    assert "5 faults" in answer.output
    with transaction(write=False):
        assert [row.faults for row in db.session.scalars(select(VerifyRun))] == [5]
    run(app, "--resume")
    with transaction(write=False):
        assert len(db.session.scalars(select(VerifyRun)).all()) == 2  # the first is finished: another begins


def test_a_check_by_ranges_sees_every_row_once(app, world):
    """Red when a range leaves out its upper key or begins with the last one's."""
    seen: list[object] = []

    @ranged(SettledLine.id, 1)
    def each(within: Range) -> list[str]:
        seen.extend(db.session.scalars(select(SettledLine.id).where(within.of(SettledLine.id))))
        return []

    with transaction(write=False):
        each()
        assert sorted(seen) == sorted(db.session.scalars(select(SettledLine.id)))
        batches = list(each.batches())
        assert batches[-1].done == batches[-1].total == 2
        seen.clear()
        list(each.batches(batches[0].state))
        assert len(seen) == 1


def test_an_office_starts_it_as_a_job_and_reads_the_answer_without_the_rows(app, world):
    with transaction():
        run_id = verification.begin(world.office).id
        assert verification.begin(world.office).id == run_id  # one at a time
        db.session.execute(update(VerifyRun).values(checks=VerifyRun.checks))
        db.session.execute(text("UPDATE offer SET reserved = reserved + 1"))
    assert jobs.work(JOBS)
    with transaction(write=False):
        assert verification.run(world.office, run_id).faults >= 1
        found = {row.name: row for row in verification.results(world.office, run_id)}
        assert found["stock_reserved_is_what_lines_hold"].faults == 1
        assert found["stock_reserved_is_what_lines_hold"].shown is None
        assert verification.warnings() == {"verify_faults": verification.run(world.office, run_id).faults}
