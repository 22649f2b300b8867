"""`flask ledger`: role, key, seal, checkpoint, export, verify; and what the probe and the figures say."""

import json
import re
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from psycopg import sql

from marketplace import worker
from marketplace.app import create_app
from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.ledger import checkpoints, reading, seals
from marketplace.ledger.chain_checks import checkpoints_are_signed_prefixes, seals_are_their_journals
from marketplace.ledger.services import post_many
from tests.conftest import Database, settings_for
from tests.ledger.conftest import Books, posting, run


def command(app: Flask, *words: object, env: dict[str, str] | None = None) -> tuple[int, str]:
    answer = app.test_cli_runner().invoke(args=["ledger", *map(str, words)], env=env)
    return answer.exit_code, answer.output


def posted(count: int = 3) -> None:
    with transaction():
        post_many([posting(number) for number in range(count)])


def test_from_key_to_verified_export(app: Flask, tmp_path: Path) -> None:
    """The way that docs/ledger.md shows."""
    posted()
    assert command(app, "checkpoint")[0] == 1  # no key, and none is invented
    code, said = command(app, "key")
    path = Path(app.config["SETTINGS"].ledger_key)
    assert code == 0
    assert "signs from now on" in said
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "published before" in command(app, "key")[1]
    assert command(app, "checkpoint") == (0, "nothing is sealed yet\n")
    assert command(app, "seal") == (0, "3 journals sealed\n")
    code, said = command(app, "checkpoint", "--out", tmp_path / "kept.json")
    assert (code, said.split(",")[0]) == (0, "checkpoint 1")
    assert "nothing was sealed since" in command(app, "checkpoint")[1]
    (tmp_path / "key.pem").write_text(command(app, "key")[1].partition("\n")[2])
    code, said = command(app, "export", tmp_path / "export")
    assert (code, said) == (0, "3 journals, 9 entries, 10 accounts, 1 checkpoints\n")
    assert command(app, "export", tmp_path / "export")[0] == 1  # it does not write over anything
    assert command(app, "export", tmp_path / "part", "--since", "7")[0] == 1
    answer = run(tmp_path / "export", "--key", tmp_path / "key.pem", "--checkpoint", tmp_path / "kept.json")
    assert answer.returncode == 0, answer.stdout


def test_a_key_that_others_may_read_does_not_sign(app: Flask) -> None:
    """Red when `keys.load` does not look at the file's mode."""
    posted()
    command(app, "key")
    Path(app.config["SETTINGS"].ledger_key).chmod(0o640)
    code, said = command(app, "checkpoint")
    assert code == 1
    assert "others may read it" in said


def test_a_new_key_takes_over_and_the_old_file_is_kept_under_its_name(app: Flask) -> None:
    posted()
    first = command(app, "key")[1].split()[2].strip(",")
    command(app, "seal")
    command(app, "checkpoint")
    second = command(app, "key", "--rotate")[1].split()[2].strip(",")
    posted_more = [posting(number) for number in range(10, 13)]
    with transaction():
        post_many(posted_more)
    command(app, "seal")
    assert command(app, "checkpoint")[0] == 0
    path = Path(app.config["SETTINGS"].ledger_key)
    assert (path.parent / f"ledger-{first[:16]}.pem").exists()
    with transaction(write=False):
        assert [key.id for key in checkpoints.public_keys()] == [first, second]
        assert [number for number, wrong in checkpoints.faults() if wrong] == []


def test_the_worker_seals_and_signs_and_a_demo_makes_its_key(app: Flask) -> None:
    posted()
    worker.seal_journals()
    worker.sign_checkpoint()
    with transaction(write=False):
        last = checkpoints.latest()
        assert last is not None
        assert checkpoints.heads_of(last) == seals.heads()


def test_outside_a_demo_no_key_is_invented(database: Database, app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """Red when the worker makes a key wherever it runs."""
    posted()
    seals.seal()
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(settings, demo=False)
    try:
        worker.sign_checkpoint()
    finally:
        app.config["SETTINGS"] = settings
    assert not settings.ledger_key.exists()
    assert "no checkpoint was signed" in caplog.text
    with transaction(write=False):
        assert checkpoints.latest() is None


def test_verify_tells_the_window_and_fails_when_nobody_seals(app: Flask) -> None:
    posted()
    assert "3 journals unsealed" in command(app, "verify")[1]
    with clock.fixed(clock.now() + timedelta(minutes=11)):
        said = command(app, "verify")[1]
        assert re.search(r"journals_are_sealed_in_time +1 WRONG", said)
        assert "journals_are_sealed_in_time" not in command(app, "verify", "--no-worker")[1]
        assert re.search(r"journals_are_sealed_in_time +ok", command(app, "verify", "--unsealed-minutes", "20")[1])


def test_verify_names_a_seal_that_is_not_its_journals(books: Books) -> None:
    """Red when `seals_are_their_journals` or `checkpoints_are_signed_prefixes` is taken out of CHECKS."""
    with transaction(write=False):
        assert seals_are_their_journals() == checkpoints_are_signed_prefixes() == []
        head = seals.heads()[0]
    with books.superuser() as execute:
        execute("UPDATE seal SET hash = :hash WHERE chain = :c AND seq = 5", hash=b"x" * 32, c=head.chain)
        assert f"chain {head.chain}, seal 5, journal" in seals_are_their_journals()[0]
        execute("DELETE FROM seal WHERE chain = :c AND seq = :s", c=head.chain, s=head.seq)
        last = checkpoints_are_signed_prefixes()
        assert last == [f"checkpoint 6: chain {head.chain} had {head.seq} seals and has fewer"]
        execute("UPDATE checkpoint SET signature = :s WHERE no = 2", s=b"x" * 64)
        assert "checkpoint 2: its signature is not its key's" in checkpoints_are_signed_prefixes()


def test_a_long_check_goes_on_where_it_was(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Red when `seals_are_their_journals` forgets the hash that the next batch follows."""
    monkeypatch.setattr(reading, "BATCH", 7)
    with transaction(write=False):
        whole = list(seals_are_their_journals.batches())
        assert whole[-1].done == whole[-1].total == sum(head.seq for head in seals.heads())
        for place in range(len(whole) - 1):
            state = json.loads(json.dumps(whole[place].state))
            rest = list(seals_are_their_journals.batches(state))
            assert [batch.done for batch in rest] == [batch.done for batch in whole[place + 1 :]]
            assert not any(batch.faults for batch in rest)


def test_figures_show_the_unsealed_window(app: Flask) -> None:
    posted()
    client = app.test_client()
    figures = client.get("/metrics").text
    assert "bangfu_ledger_unsealed_journals 3.0" in figures
    assert "bangfu_ledger_unsealed_oldest_seconds" in figures
    seals.seal()
    assert "bangfu_ledger_unsealed_journals 0.0" in client.get("/metrics").text


@pytest.mark.engine("postgresql")
def test_a_role_that_could_take_the_guards_away_is_not_ready(database: Database, app: Flask) -> None:
    """Red when `role` is taken out of the ready checks."""
    for url, ready in ((database.url, "ok"), (database.owner_url, "unavailable")):
        made = create_app(replace(settings_for(url, database.var), demo=True))
        made.config["SETTINGS"] = replace(made.config["SETTINGS"], demo=False)
        assert made.test_client().get("/readyz").json["parts"]["role"] == ready
        with made.app_context():
            db.engine.dispose()


@pytest.fixture
def owner(database: Database) -> Flask:
    return create_app(settings_for(database.owner_url, database.var))


@pytest.fixture
def made_role(database: Database):
    """A name for a role, dropped at the end: roles belong to the server, not to the test's database."""
    yield "bangfu_new"
    with psycopg.connect(database.owner_url.replace("+psycopg", ""), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'bangfu_new'").fetchone():
            connection.execute("DROP OWNED BY bangfu_new")
            connection.execute("DROP ROLE bangfu_new")


@pytest.mark.engine("postgresql")
def test_the_command_makes_a_role_that_uses_every_row_and_owns_nothing(
    database: Database, owner: Flask, made_role: str
) -> None:
    """Run twice: it renews what is there. Red when a grant or a REVOKE is taken out of `application_role_sql`."""
    for word in ("made", "renewed"):
        code, said = command(owner, "role", made_role, env={"BANGFU_ROLE_PASSWORD": "a long password of its own"})
        assert (code, said) == (0, f"role {made_role} {word}: it uses every row and owns nothing\n")
    url = re.sub(r"//\w+:", f"//{made_role}:", database.owner_url)
    client = create_app(settings_for(url, database.var))
    with client.app_context():
        posted()
        assert seals.seal() == 3
        assert "guards_stand" in command(client, "verify")[1]
        assert re.search(r"guards_stand +ok", command(client, "verify")[1])
        db.engine.dispose()
    plain = database.owner_url.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as connection:
        hashed = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [made_role]).fetchone()
        assert hashed is not None
        assert hashed[0].startswith("SCRAM-SHA-256$")
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        for statement in (
            "CREATE TEMP TABLE journal (id uuid)",
            "CREATE TABLE mine (id uuid)",
            "CREATE SCHEMA mine",
            "TRUNCATE journal CASCADE",
            "ALTER TABLE journal DISABLE TRIGGER ALL",
            "SET session_replication_role = replica",
        ):
            with pytest.raises(psycopg.Error, match=r"permission denied|must be owner"):
                connection.execute(statement)
    with owner.app_context():
        db.engine.dispose()


@pytest.mark.engine("postgresql")
def test_a_role_that_could_do_more_is_refused(database: Database, owner: Flask, made_role: str) -> None:
    """Red when `_make_role` does not look at what the role may do already."""
    assert "may do more than use rows" in command(owner, "role", "postgres")[1]
    with psycopg.connect(database.owner_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE").format(sql.Identifier(made_role)))
    assert command(owner, "role", made_role)[0] == 1
    assert command(owner, "role", 'x"; DROP TABLE journal; --')[0] == 1
    code, said = command(create_app(database.settings), "role", "another")
    assert (code, said.strip()[:29]) == (
        1,
        "Error: the database refused: ",
    )  # the application's own role makes no roles
    with owner.app_context():
        db.engine.dispose()


@pytest.mark.engine("sqlite")
def test_sqlite_has_no_roles(app: Flask) -> None:
    assert command(app, "role", "bangfu")[0] == 1
