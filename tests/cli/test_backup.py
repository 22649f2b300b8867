"""A backup restores to a verified ledger with the old checkpoint as its prefix (invariant 18), or it is no backup."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask_migrate import downgrade
from sqlalchemy import text

from marketplace.app import create_app
from marketplace.cli import MIGRATIONS
from marketplace.cli.backups import folder, restoring
from marketplace.cli.backups.folder import BackupError
from marketplace.core import files
from marketplace.core.db import db, transaction
from marketplace.ledger import checkpoints, seals
from marketplace.search import gather
from tests.conftest import settings_for
from tests.counts import count
from tests.factories.world import World, start_agreement

PAPER = b"%PDF-1.7 scan"


@pytest.fixture
def world(app) -> World:
    with transaction():
        world = World.build(families=3)
        start_agreement(world.manager, world.households, kind="dividend", rate_basis_points=200, service_order=20)
        world.settled(world.lot(), 200_000)
        files.keep(world.manager, "scan.pdf", PAPER)
        gather.rebuild()
    seal()
    return world


def seal() -> None:
    while seals.seal(None):
        pass
    key = Ed25519PrivateKey.generate()
    with transaction():
        checkpoints.register(key)
        checkpoints.sign(key)


@pytest.fixture
def owner(database, world):
    """The database's owner: what makes and restores backups."""
    made = create_app(settings_for(database.owner_url, database.var))
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


def command(app, *args):
    with app.app_context():  # the command finds one that is pushed: here this one, not the test's own
        answer = app.test_cli_runner().invoke(args=list(args), catch_exceptions=False)
        db.session.remove()
        return answer


@pytest.fixture
def scratch(database, tmp_path):
    """An empty place of the same kind."""
    var = tmp_path / "scratch"
    if database.url.startswith("sqlite"):
        yield create_app(settings_for(f"sqlite:///{var / 'scratch.sqlite'}", var))
        return
    database.admin.execute("DROP DATABASE IF EXISTS scratch WITH (FORCE)")
    database.admin.execute("CREATE DATABASE scratch")
    app = create_app(settings_for(database._url("scratch"), var))
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    database.admin.execute("DROP DATABASE IF EXISTS scratch WITH (FORCE)")


def rows(app) -> dict[str, int]:
    with app.app_context(), transaction(write=False):
        names = ("journal", "entry", "settled_line", "slip", "standing", "household", "seal", "checkpoint")
        return {name: db.session.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in names}


def test_the_drill_ends_in_a_verified_ledger(owner):
    """Red when a table is left out, a seal is lost, or evidence is not copied."""
    answer = command(owner, "backup", "drill")
    assert answer.exit_code == 0, answer.output
    assert "0 faults" in answer.output
    assert "the ledger begins with what was backed up, and every file is there" in answer.output
    assert "drill: passed" in answer.output


def test_what_is_restored_is_what_was_there_and_goes_on(owner, scratch, tmp_path):
    answer = command(owner, "backup", str(tmp_path / "one"))
    assert answer.exit_code == 0, answer.output
    assert "keys" in answer.output
    before = rows(owner)
    answer = command(scratch, "restore", str(tmp_path / "one"))
    assert answer.exit_code == 0, answer.output
    assert rows(scratch) == before
    assert (Path(scratch.config["FILES"])).rglob("*")
    held = [path.read_bytes() for path in Path(scratch.config["FILES"]).rglob("*") if path.is_file()]
    assert held == [PAPER]
    with scratch.app_context(), pytest.raises(Exception, match=r"append-only"), transaction():
        db.session.execute(text("DELETE FROM journal"))


def test_an_old_checkpoint_that_is_no_prefix_is_told(owner, scratch, tmp_path):
    """Red when `prefix_faults` looks at the restored checkpoints alone."""
    command(owner, "backup", str(tmp_path / "one"))
    command(scratch, "restore", str(tmp_path / "one"))
    about = folder.read(tmp_path / "one")
    with scratch.app_context():
        assert restoring.prefix_faults(about) == []
        assert restoring.prefix_faults({**about, "heads": [["main", 1, "00"]]})
        changed = {**about["checkpoint"], "heads": [[chain, seq + 1, hash_] for chain, seq, hash_ in about["heads"]]}
        assert restoring.prefix_faults({**about, "checkpoint": changed})
        assert restoring.prefix_faults({**about, "checkpoint": {"no": 99, "heads": []}}) == ["checkpoint 99 is missing"]


def test_a_restore_goes_over_nothing_unless_told(owner, world, tmp_path):
    command(owner, "backup", str(tmp_path / "one"))
    answer = command(owner, "restore", str(tmp_path / "one"))
    assert answer.exit_code == 1
    assert "not empty" in answer.output
    before = rows(owner)
    with transaction():
        world.approved(20_000)
    answer = command(owner, "restore", str(tmp_path / "one"), "--over")
    assert answer.exit_code == 0, answer.output
    assert rows(owner) == before


def test_a_backup_never_goes_over_another(owner, tmp_path):
    command(owner, "backup", str(tmp_path / "one"))
    answer = command(owner, "backup", str(tmp_path / "one"))
    assert answer.exit_code == 1
    assert "is there already" in answer.output


@pytest.mark.parametrize(
    "spoil",
    [
        lambda place: (place / "manifest.json").unlink(),
        lambda place: (place / "manifest.json").write_text("{"),
        lambda place: (place / "manifest.json").write_text("[]"),
        lambda place: next(path for path in place.rglob("*") if path.suffix in (".gz", ".sqlite")).unlink(),
        lambda place: (place / "more.txt").write_text("more"),
        lambda place: next(path for path in (place / "files").rglob("*") if path.is_file()).write_bytes(b"%PDF-other"),
    ],
)
def test_a_backup_that_is_not_whole_is_not_restored(owner, scratch, tmp_path, spoil):
    """Red when a part's hash, or the list of parts, is not compared."""
    command(owner, "backup", str(tmp_path / "one"))
    spoil(tmp_path / "one")
    answer = command(scratch, "restore", str(tmp_path / "one"))
    assert answer.exit_code == 1
    assert "Error" in answer.output
    with scratch.app_context():
        assert restoring._engine().is_empty()


def test_another_engine_or_a_newer_program_is_refused(owner, scratch, tmp_path):
    command(owner, "backup", str(tmp_path / "one"))
    manifest = tmp_path / "one" / "manifest.json"
    about = json.loads(manifest.read_text())
    for change in ({"engine": "other"}, {"revision": "9999"}, {"format": 7}):
        manifest.write_text(json.dumps(about | change))
        assert command(scratch, "restore", str(tmp_path / "one")).exit_code == 1


def test_an_older_backup_is_migrated(owner, scratch, tmp_path):
    """Restored at the revision it was made at, then brought forward."""
    with owner.app_context():
        downgrade(revision="0009")
        db.session.remove()
        head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert command(owner, "backup", str(tmp_path / "one")).exit_code == 0
    assert folder.read(tmp_path / "one")["revision"] == "0009"
    answer = command(scratch, "restore", str(tmp_path / "one"))
    assert answer.exit_code == 0, answer.output
    with scratch.app_context(), transaction(write=False):
        assert db.session.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == head != "0009"


def test_damaged_evidence_stops_the_backup(owner, tmp_path):
    path = next(path for path in Path(owner.config["FILES"]).rglob("*") if path.is_file())
    path.write_bytes(b"%PDF-other")
    answer = command(owner, "backup", str(tmp_path / "one"))
    assert answer.exit_code == 1
    assert not (tmp_path / "one").exists()
    assert list(tmp_path.glob("one*")) == []


def test_a_backup_killed_at_any_moment_leaves_a_whole_one_or_none(owner, database, tmp_path):
    """Red when the folder gets its name, or the manifest is written, before everything else is on the disk."""
    settings = owner.config["SETTINGS"]
    env = {**os.environ, "BANGFU_DEMO": "1", "BANGFU_VAR": str(database.var)}
    env["DATABASE_URL"] = settings.database_url.replace("+psycopg", "")
    whole = 0
    for trial in range(count(60)):
        target = tmp_path / f"trial-{trial}"
        process = subprocess.Popen(
            [sys.executable, "-c", _KILLED.format(points=trial), str(target)],
            env=env,
            cwd=Path(__file__).resolve().parent.parent.parent,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        process.wait(timeout=120)
        if target.exists():
            whole += 1
            assert folder.read(target)["heads"]
        else:
            assert process.returncode == -signal.SIGKILL
            for part in tmp_path.glob(f"trial-{trial}.part-*"):
                with pytest.raises(BackupError):
                    folder.read(part) if not (part / "manifest.json").exists() else _refused_name(part)
    assert whole < count(60)


def _refused_name(part: Path) -> None:
    """A part with a manifest is whole; it only lacks its name."""
    folder.read(part)
    raise BackupError("whole")


# Kills itself at the n-th file that the backup opens, renames or syncs.
_KILLED = """
import os, signal, sys
from marketplace.app import create_app
from marketplace.cli.backups import folder, restoring
left = [{points} % 12]
def stop(real):
    def wrapped(*args, **more):
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        return real(*args, **more)
    return wrapped
app = create_app()
with app.app_context():
    folder.digest = stop(folder.digest)
    folder.os.rename = stop(folder.os.rename)
    folder._sync = stop(folder._sync)
    from pathlib import Path
    restoring.back_up(Path(sys.argv[1]), lambda words: None)
"""
