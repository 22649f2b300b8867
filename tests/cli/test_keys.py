"""`flask keys`: rotating adds a key, re-encrypting moves every value to it, whenever it is stopped and run again."""

import pytest
from flask import Flask
from sqlalchemy import select, update

from marketplace.cli import keys as command
from marketplace.core import crypto
from marketplace.core.db import db, transaction
from marketplace.households import services as households
from marketplace.households.models import Member, Payee
from tests.factories import people
from tests.factories.world import World


@pytest.fixture
def world(app: Flask, tmp_path) -> World:
    """With keys of its own, so that no other test loses those of its values."""
    path = tmp_path / "keys.json"
    crypto.write(path, crypto.new_ring())
    before = app.extensions["keys"]
    app.extensions["keys"] = crypto.Keys(crypto.read(path), path)
    with transaction():
        world = World.build()
        world.extra["payees"] = people.with_payees(world.office, people.office(), world.households)
    yield world
    app.extensions["keys"] = before


def run(app: Flask, *words: str) -> str:
    answer = app.test_cli_runner().invoke(args=["keys", *words], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.output


def heads() -> set[bytes]:
    with transaction(write=False):
        rows = [*db.session.execute(select(Member.id_sealed, Member.phone_sealed)),
                *db.session.execute(select(Payee.id_sealed, Payee.account_sealed))]  # fmt: skip
        return {bytes(value[:4]) for row in rows for value in row if value}


def opened(world: World) -> list:
    with transaction():
        return sorted(households.reveal_accounts(world.office, world.extra["payees"], "核对").values())


def test_rotating_and_sealing_anew_keeps_every_value(app: Flask, world: World) -> None:
    before = opened(world)
    assert heads() == {crypto.head_of("k1")}
    assert "k2 is active" in run(app, "rotate")
    assert heads() == {crypto.head_of("k1")}
    assert opened(world) == before
    assert "12 values sealed with k2" in run(app, "reencrypt")
    assert heads() == {crypto.head_of("k2")}
    assert opened(world) == before
    assert "0 values" in run(app, "reencrypt")
    assert [line.split()[:2] for line in run(app, "list").splitlines()] == [["k1", "0"], ["k2", "12"]]
    ring = crypto.keys().ring
    crypto.keys().ring = crypto.Ring("k2", {"k2": ring.keys["k2"]}, ring.index)
    crypto.keys().path = None
    assert opened(world) == before


def test_it_goes_on_where_it_was_stopped(app: Flask, world: World) -> None:
    """Red when progress is held anywhere but in the values."""
    run(app, "rotate")
    assert command.reseal("member", "id_sealed", limit=2) == 2
    assert len(heads()) == 2
    assert "10 values" in run(app, "reencrypt")


def test_a_change_between_reading_and_writing_is_not_undone(app: Flask, world: World, monkeypatch) -> None:
    """Red when the update does not name what it read."""
    run(app, "rotate")
    with transaction(write=False):
        id_ = db.session.scalars(select(Member.id)).first()
    real = crypto.unseal

    def meanwhile(table, column, row, sealed):
        found = real(table, column, row, sealed)
        if row == id_ and column == "phone_sealed":
            newer = crypto.seal(table, column, row, "13700000000")
            db.session.execute(update(Member).where(Member.id == id_).values(phone_sealed=newer))
        return found

    monkeypatch.setattr(crypto, "unseal", meanwhile)
    run(app, "reencrypt")
    monkeypatch.undo()
    with transaction():
        row = db.session.get_one(Member, id_)
        assert households.shown_phone(row) == "137＊＊＊＊0000"


def test_a_damaged_value_stops_it_with_nothing_lost(app: Flask, world: World) -> None:
    run(app, "rotate")
    with transaction():
        row = db.session.scalars(select(Member)).first()
        row.id_sealed = bytes(row.id_sealed[:-1]) + b"\0"
        damaged = row.id_sealed
        id_ = row.id
    answer = app.test_cli_runner().invoke(args=["keys", "reencrypt"], catch_exceptions=False)
    assert (answer.exit_code, answer.output.strip()) == (1, f"Error: member.id_sealed of {id_}: sealed_unreadable")
    with transaction(write=False):
        assert damaged in set(db.session.scalars(select(Member.id_sealed)))
