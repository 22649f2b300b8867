"""The page of the journal's state: what is sealed, what is not, and checkpoints and keys that an auditor takes away."""

import json

import pytest

from marketplace.core import keys
from marketplace.core.actor import SYSTEM
from marketplace.core.db import transaction
from marketplace.identity import services as identity
from marketplace.ledger import checkpoints, seals
from tests.factories.world import ZHUZHOU, World, actor
from tests.ledger.conftest import run


@pytest.fixture
def world(app) -> World:
    """Smaller than the other pages' world: one settled order and an auditor."""
    with transaction():
        world = World.build()
        world.settled(world.lot())
        office = identity.add_organisation(SYSTEM, "auditor", "审计", ZHUZHOU, level=2)
        world.extra["auditor"] = actor(office.id, {"auditor"})
    return world


def test_an_auditor_sees_the_journals_state_and_takes_checkpoint_and_key_away(world, ask, tmp_path):
    auditor = world.extra["auditor"]
    page = ask(auditor, "/office/ledger").text
    assert "还没有检查点" in page
    assert "最早一笔已等" in page
    key = keys.create(tmp_path / "ledger.pem")
    seals.seal()
    with transaction():
        checkpoints.register(key)
        checkpoints.sign(key)
    page = ask(auditor, "/office/ledger").text
    assert "平时几秒内封存" in page
    assert "完好" in page
    id_ = keys.id_of(keys.public_of(key))
    assert id_[:16] in page
    answer = ask(auditor, "/office/ledger/checkpoints/1")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="checkpoint-1.json"'
    taken = json.loads(answer.text)
    with transaction(write=False):
        assert taken["heads"] == [[head.chain, head.seq, head.hash.hex()] for head in seals.heads()]
    assert ask(auditor, f"/office/ledger/keys/{id_}").text == keys.pem_of(keys.public_of(key))


def test_what_is_not_there_is_not_found_and_who_may_not_is_refused(world, ask):
    auditor = world.extra["auditor"]
    for url in ("checkpoints/0", "checkpoints/7", f"checkpoints/{2**64}", "keys/0", f"keys/{'0' * 64}"):
        ask(auditor, f"/office/ledger/{url}", status=404)
    for url in ("", "/checkpoints/1", "/keys/0"):
        ask(world.manager, f"/office/ledger{url}", status=403)


def test_a_checkpoint_taken_from_the_page_proves_an_export(world, ask, tmp_path, app):
    key = keys.create(tmp_path / "ledger.pem")
    seals.seal()
    with transaction():
        checkpoints.register(key)
        checkpoints.sign(key)
    auditor = world.extra["auditor"]
    (tmp_path / "kept.json").write_text(ask(auditor, "/office/ledger/checkpoints/1").text)
    (tmp_path / "key.pem").write_text(ask(auditor, f"/office/ledger/keys/{keys.id_of(keys.public_of(key))}").text)
    folder = tmp_path / "export"
    made = app.test_cli_runner().invoke(args=["ledger", "export", str(folder)])
    assert made.exit_code == 0, made.output
    answer = run(folder, "--key", tmp_path / "key.pem", "--checkpoint", tmp_path / "kept.json")
    assert (answer.returncode, answer.stderr) == (0, ""), answer.stdout


def test_an_auditors_program_fetches_state_checkpoints_and_keys(world, ask, tmp_path):
    """The same checkpoint, to the byte that was signed, as the page and the export give."""
    key = keys.create(tmp_path / "ledger.pem")
    seals.seal()
    with transaction():
        checkpoints.register(key)
        checkpoints.sign(key)
    auditor = world.extra["auditor"]
    state = ask(auditor, "/api/v1/ledger").json
    assert (state["unsealed"], state["chains"][0]["seq"] > 0) == (0, True)
    listed = ask(auditor, "/api/v1/ledger/checkpoints").json
    one = ask(auditor, "/api/v1/ledger/checkpoints/1").json
    assert (listed["total"], listed["items"]) == (1, [one])
    assert one == json.loads(ask(auditor, "/office/ledger/checkpoints/1").text)
    assert [row["pem"] for row in ask(auditor, "/api/v1/ledger/keys").json] == [keys.pem_of(keys.public_of(key))]
    for url in ("", "/checkpoints", "/checkpoints/1", "/keys"):
        ask(world.manager, f"/api/v1/ledger{url}", status=403)
    ask(auditor, f"/api/v1/ledger/checkpoints/{2**64}", status=404)
