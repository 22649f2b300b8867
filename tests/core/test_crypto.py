"""Sealed columns, blind indexes, masks and keys: what opens where, and with which file the application starts."""

import base64
import json
import secrets
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask

from marketplace.core import crypto
from marketplace.core.db import new_id
from marketplace.core.errors import Conflict, DomainError, Unavailable
from marketplace.settings import SettingsError, from_environment
from tests.counts import count

CANARY = "990000197001010018"
ROW = UUID(int=7)


@pytest.fixture
def bare() -> Flask:
    """An application of keys alone: sealing reaches no database."""
    app = Flask(__name__)
    app.extensions["keys"] = crypto.Keys(crypto.new_ring())
    with app.app_context():
        yield app


def test_what_was_sealed_opens_in_its_place(bare: Flask) -> None:
    sealed = crypto.seal("member", "id_sealed", ROW, CANARY)
    assert crypto.unseal("member", "id_sealed", ROW, sealed) == CANARY
    assert CANARY.encode() not in sealed


def test_the_same_text_is_sealed_differently_each_time(bare: Flask) -> None:
    """Red when the nonce is fixed or derived from the text."""
    assert len({crypto.seal("member", "id_sealed", ROW, CANARY) for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("table", "column", "row"),
    [("payee", "id_sealed", ROW), ("member", "phone_sealed", ROW), ("member", "id_sealed", UUID(int=8))],
)
def test_a_value_moved_to_another_place_does_not_open(bare: Flask, table: str, column: str, row: UUID) -> None:
    """Red when table, column or row id is left out of the associated data."""
    sealed = crypto.seal("member", "id_sealed", ROW, CANARY)
    with pytest.raises(Conflict) as refused:
        crypto.unseal(table, column, row, sealed)
    assert refused.value.code == "sealed_unreadable"


def test_no_change_of_a_byte_opens_or_breaks(bare: Flask) -> None:
    """Whatever stands in the column, the answer is one of ours. Red when any byte is neither sealed nor authenticated."""
    sealed = crypto.seal("member", "id_sealed", ROW, CANARY)
    for place in range(len(sealed)):
        for change in (0x01, 0x80, 0xFF):
            broken = bytearray(sealed)
            broken[place] ^= change
            with pytest.raises(DomainError):
                crypto.unseal("member", "id_sealed", ROW, bytes(broken))
    for _ in range(count(2000)):
        with pytest.raises(DomainError):
            crypto.unseal("member", "id_sealed", ROW, secrets.token_bytes(secrets.randbelow(90)))
    for cut in range(len(sealed)):
        with pytest.raises(DomainError):
            crypto.unseal("member", "id_sealed", ROW, sealed[:cut])


def test_an_index_finds_the_same_number_however_it_was_typed(bare: Flask) -> None:
    same = ["6222 0212 3456 7890", "6222021234567890", "6222-0212-3456-7890", "６２２２０２１２３４５６７８９０"]
    assert len({crypto.blind_index("account", text) for text in same}) == 1
    assert crypto.blind_index("id_number", "1x") == crypto.blind_index("id_number", "1X")


def test_an_index_tells_kinds_and_installations_apart(bare: Flask) -> None:
    """Red when the kind or the key is left out: then equal digits of another kind, or a table of hashes, match."""
    here = crypto.blind_index("account", CANARY)
    assert here != crypto.blind_index("id_number", CANARY)
    bare.extensions["keys"] = crypto.Keys(crypto.new_ring())
    assert here != crypto.blind_index("account", CANARY)


def test_masks_show_what_forms_show() -> None:
    assert crypto.masked(crypto.last4(CANARY)) == "＊＊＊＊0018"
    assert crypto.masked("") == ""
    assert crypto.masked_phone("138 1234 5678") == "138＊＊＊＊5678"
    assert crypto.masked_phone("0731-2223333") == "073＊＊＊＊3333"
    assert crypto.masked_phone("2223333") == "＊＊＊＊33"


def test_an_old_key_opens_what_it_sealed_and_a_new_one_seals(bare: Flask) -> None:
    old = crypto.seal("member", "id_sealed", ROW, CANARY)
    keys = bare.extensions["keys"]
    keys.ring = crypto.rotated(keys.ring)
    new = crypto.seal("member", "id_sealed", ROW, CANARY)
    assert crypto.unseal("member", "id_sealed", ROW, old) == crypto.unseal("member", "id_sealed", ROW, new) == CANARY
    assert old.startswith(crypto.head_of("k1"))
    assert new.startswith(crypto.head_of("k2"))


def test_a_process_that_runs_finds_the_key_that_another_added(bare: Flask, tmp_path: Path) -> None:
    """Red when the ring is read at the start alone: after `flask keys rotate` pages would fail until a restart."""
    path = tmp_path / "keys.json"
    crypto.write(path, crypto.new_ring())
    here, there = (crypto.Keys(crypto.read(path), path) for _ in range(2))
    there.ring = crypto.rotated(there.ring)
    crypto.write(path, there.ring, replace=True)
    bare.extensions["keys"] = there
    sealed = crypto.seal("member", "id_sealed", ROW, CANARY)
    bare.extensions["keys"] = here
    assert crypto.unseal("member", "id_sealed", ROW, sealed) == CANARY


def test_a_key_that_is_gone_is_an_honest_outage(bare: Flask) -> None:
    sealed = crypto.seal("member", "id_sealed", ROW, CANARY)
    ring = crypto.rotated(bare.extensions["keys"].ring)
    bare.extensions["keys"] = crypto.Keys(crypto.Ring("k2", {"k2": ring.keys["k2"]}, ring.index))
    with pytest.raises(Unavailable) as refused:
        crypto.unseal("member", "id_sealed", ROW, sealed)
    assert refused.value.code == "key_unknown"


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """Red when the mode is not looked at."""
    path = tmp_path / "keys.json"
    crypto.write(path, crypto.new_ring())
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(crypto.KeysError, match="chmod 600"):
        crypto.read(path)


def test_a_key_file_is_never_overwritten_by_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    crypto.write(path, crypto.new_ring())
    before = path.read_text()
    with pytest.raises(FileExistsError):
        crypto.write(path, crypto.new_ring())
    assert path.read_text() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "change",
    [
        {"active": "k9"},
        {"keys": {"k1": base64.b64encode(b"short").decode()}},
        {"keys": {"k1": "not base64!"}},
        {"keys": []},
        {"index": "AAAA"},
        {"index": None},
    ],
)
def test_a_key_file_that_is_none_is_refused_without_its_keys(change: dict) -> None:
    text = json.dumps(json.loads(crypto.new_ring().as_json()) | change)
    with pytest.raises(crypto.KeysError) as refused:
        crypto.ring_of(text)
    assert not any(word in str(refused.value) for word in ("AAAA", "short", "base64!"))


def test_an_index_key_that_also_seals_is_refused() -> None:
    ring = crypto.new_ring()
    with pytest.raises(crypto.KeysError):
        crypto.ring_of(crypto.Ring("k1", ring.keys, ring.keys["k1"]).as_json())


def test_nothing_starts_without_keys_outside_the_demo() -> None:
    """Red when the settings do not ask for a key file."""
    whole = {
        "DATABASE_URL": "postgresql:///x",
        "SECRET_KEY": "s" * 40,
        "PASSWORD_SALT": "p" * 40,
        "PUBLIC_URL": "https://example.org",
    }
    with pytest.raises(SettingsError, match="BANGFU_KEYS_FILE is not set"):
        from_environment(whole)
    assert from_environment(whole | {"BANGFU_KEYS_FILE": "/etc/bangfu/keys.json"}).keys_file == Path(
        "/etc/bangfu/keys.json"
    )
    secret = crypto.new_ring().as_json()
    assert secret not in repr(from_environment(whole | {"BANGFU_KEYS": secret}))


def test_a_ring_never_shows_its_keys() -> None:
    ring = crypto.new_ring()
    assert str(ring.keys["k1"]) not in repr(ring)
    assert str(ring.index) not in repr(ring)


def test_a_demo_makes_its_keys_once(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "keys.json"
    first = crypto.keys_for(path=path, make=True)
    assert crypto.keys_for(path=path, make=True).ring == first.ring
    with pytest.raises(crypto.KeysError):
        crypto.keys_for(path=tmp_path / "none.json")
    with pytest.raises(crypto.KeysError):
        crypto.keys_for()


def test_ids_of_rows_differ(bare: Flask) -> None:
    """Two rows with one number look alike nowhere but in the index."""
    one, two = new_id(), new_id()
    assert crypto.seal("member", "id_sealed", one, CANARY) != crypto.seal("member", "id_sealed", two, CANARY)
