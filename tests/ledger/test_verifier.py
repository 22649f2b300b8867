"""The offline verifier names what is wrong in an export, and finds nothing wrong in a true one (invariant 3)."""

import hashlib
import json
import random
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from marketplace.core import keys
from marketplace.core.db import db, transaction
from marketplace.ledger import checkpoints, reading, rules, seals
from marketplace.ledger.models import Entry, Seal
from marketplace.ledger.services import balance, post_many
from tests.counts import count
from tests.factories.world import World
from tests.ledger.conftest import EACH, ROUNDS, VERIFIER, Books, faults, posting, run, verifier


def first_chain(folder: Path) -> Path:
    return sorted(folder.glob("chain-*.bin"))[0]


def records(path: Path) -> list[tuple[int, int, bytes, bytes]]:
    return list(verifier.records(path, "", verifier.Report()))


def rewrite(path: Path, rows: list[tuple[int, int, bytes, bytes]]) -> None:
    path.write_bytes(
        b"".join(verifier.RECORD.pack(seq, flag, hash_, len(body)) + body for seq, flag, hash_, body in rows)
    )


def hashed_anew(path: Path, rows: list[tuple[int, int, bytes, bytes]]) -> None:
    """The chain as a forger writes it who knows how it is made: every hash follows the one before."""
    before = verifier.genesis(path.stem.removeprefix("chain-"))
    done = []
    for seq, (_, flag, _, body) in enumerate(rows, 1):
        before = hashlib.sha256(before + body).digest()
        done.append((seq, flag, before, body))
    rewrite(path, done)


def edit(path: Path, change: Callable[[Any], None]) -> None:
    raw = json.loads(path.read_text())
    change(raw)
    path.write_text(json.dumps(raw))


def last_is(folder: Path, last: int) -> Callable[[Any], None]:
    def change(raw: Any) -> None:
        row = next(row for row in raw["chains"] if row["file"] == first_chain(folder).name)
        raw["totals"]["journals"] -= row["last"] - last
        row["last"] = last

    return change


def amount(body: bytes) -> bytes:
    """The journal with a fen more in its last entry."""
    return body[:-8] + struct.pack(">q", struct.unpack(">q", body[-8:])[0] + 1)


def test_a_true_export_holds_for_a_stranger(books: Books) -> None:
    with transaction():
        post_many([posting(1000)])
    folder = books.exported()
    answer = run(folder, "--key", books.pem(), "--checkpoint", books.kept(1), "--checkpoint", books.kept(4))
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "nothing is wrong" in answer.stdout
    journals = ROUNDS * EACH
    assert f"{journals} journals sealed, {journals} of them signed for; 1 not sealed yet" in answer.stdout


def test_it_recomputes_every_balance(books: Books) -> None:
    answer = run(books.exported(), "--balances")
    shown = {line.split("\t")[0]: int(line.split("\t")[4]) for line in answer.stdout.splitlines() if "\t" in line}
    refs = {
        ref for number in range(ROUNDS * EACH) for line in posting(number).lines for ref in (line.debit, line.credit)
    }
    with transaction(write=False):
        assert shown == {str(ref.id): balance(ref) for ref in refs}
    assert sum(shown.values()) == 0


def test_what_the_world_posts_is_exported_whole_and_a_planted_change_is_named(books: Books) -> None:
    """One fen of one entry of one settled line."""
    with transaction():
        _world()
    seals.seal()
    with transaction():
        checkpoints.sign(keys.load(books.key))
    assert faults(books.exported()) == []
    with transaction(write=False):
        entry = db.session.scalars(select(Entry).order_by(Entry.amount.desc()).limit(1)).one()
        seal = db.session.scalars(select(Seal).where(Seal.journal_id == entry.journal_id)).one()
        id_, no, chain, seq = entry.journal_id, entry.no, seal.chain, seal.seq
    with books.superuser() as execute:
        given = id_.hex if db.engine.dialect.name == "sqlite" else id_
        execute("UPDATE entry SET amount = amount + 1 WHERE journal_id = :id AND no = :no", id=given, no=no)
        found = faults(books.export())
    assert found[0] == f"chain {chain}, seal {seq}, journal {id_}: it is not what was sealed"
    assert all("is not what was sealed" in line or "checkpoint" in line for line in found), found


def _world() -> None:
    world = World.build(families=3)
    lot = world.lot()
    world.settled(lot, 200_000)
    world.settled(lot, 50_000)


Edit = Callable[[Callable[..., Any], dict[str, Any], random.Random], None]


def _on_entry(change: str) -> Edit:
    return lambda execute, at, chance: execute(
        f"UPDATE entry SET {change} WHERE journal_id = :id AND no = :no", id=at["id"], no=chance.randint(1, 3)
    )


def _on_journal(change: str) -> Edit:
    return lambda execute, at, _chance: execute(f"UPDATE journal SET {change} WHERE id = :id", id=at["id"])


def _remove(*tables: str) -> Edit:
    def change(execute: Callable[..., Any], at: dict[str, Any], _chance: random.Random) -> None:
        for table in tables:
            execute(f"DELETE FROM {table} WHERE {'id' if table == 'journal' else 'journal_id'} = :id", id=at["id"])

    return change


def _remove_one_entry(execute: Callable[..., Any], at: dict[str, Any], chance: random.Random) -> None:
    execute("DELETE FROM entry WHERE journal_id = :id AND no = :no", id=at["id"], no=chance.randint(1, 3))


def _add_an_entry(execute: Callable[..., Any], at: dict[str, Any], _chance: random.Random) -> None:
    execute(
        "INSERT INTO entry (journal_id, no, n, debit_id, credit_id, amount)"
        " SELECT journal_id, 4, 3, credit_id, debit_id, amount FROM entry WHERE journal_id = :id AND no = 1",
        id=at["id"],
    )


def _turn_an_entry(execute: Callable[..., Any], at: dict[str, Any], chance: random.Random) -> None:
    execute(
        "UPDATE entry SET debit_id = credit_id, credit_id = debit_id WHERE journal_id = :id AND no = :no",
        id=at["id"],
        no=chance.randint(1, 3),
    )


def _another_hash(execute: Callable[..., Any], at: dict[str, Any], chance: random.Random) -> None:
    execute("UPDATE seal SET hash = :hash WHERE journal_id = :id", id=at["id"], hash=chance.randbytes(32))


def _another_journal(execute: Callable[..., Any], at: dict[str, Any], _chance: random.Random) -> None:
    """The seal of another journal that is not sealed: a substitute."""
    execute("DELETE FROM seal WHERE journal_id = :id", id=at["unsealed"])
    execute("UPDATE seal SET journal_id = :other WHERE journal_id = :id", id=at["id"], other=at["unsealed"])


EDITS: dict[str, Edit] = {
    "amount": _on_entry("amount = amount + 1"),
    "amount nought": _on_entry("amount = 0"),
    "debit": _on_entry(
        "debit_id = (SELECT id FROM account WHERE id <> debit_id AND id <> credit_id ORDER BY id LIMIT 1)"
    ),
    "slots of an entry": _on_entry("n = 4"),
    "number": _on_entry("no = 9"),
    "turned": _turn_an_entry,
    "entry removed": _remove_one_entry,
    "entry added": _add_an_entry,
    "kind": _on_journal("kind = 'other'"),
    "source": _on_journal("source = 'another'"),
    "region": _on_journal("region = '430225000001'"),
    "day": _on_journal("day = '2026-11-28'"),
    "month": _on_journal("period = 202610"),
    "concerns": _on_journal("concerns_period = 202601"),
    "slots": _on_journal("n = 4"),
    "moment": _on_journal("at = '2020-01-01 00:00:00'"),
    "journal removed": _remove("journal"),
    "journal removed with its entries": _remove("entry", "journal", "posted_source"),
    "all of it removed": _remove("seal", "entry", "journal", "posted_source"),
    "seal removed": _remove("seal"),
    "hash": _another_hash,
    "substitute": _another_journal,
}


def test_every_random_edit_by_a_superuser_is_named_by_its_place(books: Books, engine: str) -> None:
    """Red when a column is left out of `rules.canonical`, or the verifier takes a hash as it stands."""
    with transaction():
        post_many([posting(1000)])
    with transaction(write=False):
        (unsealed,) = seals.unsealed()
        places = [
            (head.chain, row.seq, row.journal.id)
            for head in seals.heads()
            for batch in reading.sealed(head.chain)
            for row in batch
        ]
    assert faults(books.exported()) == []
    chance = random.Random(3)
    names = [*EDITS] * (100 // len(EDITS) + 1)
    named = 0
    for name in names[:100]:
        chain, seq, id_ = chance.choice(places)
        at = {"id": id_.hex, "unsealed": unsealed.hex} if engine == "sqlite" else {"id": id_, "unsealed": unsealed}
        with books.superuser() as execute:
            EDITS[name](execute, at, chance)
            found = faults(books.export())
        assert found, name
        first = found[0]
        place = re.match(r"chain (\w+), seal (\d+), journal ([0-9a-f-]+)", first)
        if name in ("all of it removed", "seal removed"):
            gone = f"chain {chain}, seal {seq + 1}, " if (chain, seq) not in ends(places) else f"chain {chain}: it ends"
            assert first.startswith(gone) or first.endswith(f"had {seq} seals; the export ends at {seq - 1}"), (
                name,
                first,
            )
        else:
            assert place is not None, (name, first)
            assert (place[1], int(place[2])) == (chain, seq), (name, first)
        named += 1
    assert named == 100


def ends(places: list[tuple[str, int, Any]]) -> set[tuple[str, int]]:
    return {(chain, max(seq for other, seq, _ in places if other == chain)) for chain, _, _ in places}


def test_history_hashed_anew_in_the_database_meets_the_checkpoints(books: Books, engine: str) -> None:
    """A superuser who changes an entry and makes every later seal follow: the signed heads remain."""
    with transaction(write=False):
        head = seals.heads()[0]
        rows = [row for batch in reading.sealed(head.chain) for row in batch]
    chance = random.Random(5)
    for _ in range(count(100)):
        at = chance.randrange(len(rows))
        with books.superuser() as execute:
            id_ = rows[at].journal.id
            execute(
                "UPDATE entry SET amount = amount + 1 WHERE journal_id = :id AND no = 2",
                id=id_.hex if engine == "sqlite" else id_,
            )
            before = rows[at - 1].hash if at else rules.genesis(head.chain)
            for batch in reading.sealed(head.chain, at):
                for row in batch:
                    before = rules.seal(before, row.journal.body)
                    execute(
                        "UPDATE seal SET hash = :hash WHERE chain = :c AND seq = :s",
                        hash=before,
                        c=head.chain,
                        s=row.seq,
                    )
            found = faults(books.export())
        span = re.search(r"written anew between seals (\d+) and (\d+)", found[0])
        assert span is not None, found
        assert int(span[1]) <= at + 1 <= int(span[2])


def test_an_export_that_is_hashed_anew_meets_the_checkpoints(books: Books) -> None:
    """Red when the verifier does not hold the chains against the checkpoints."""
    folder = books.exported()
    rows = records(first_chain(folder))
    rows[7] = (*rows[7][:3], amount(rows[7][3]))
    hashed_anew(first_chain(folder), rows)
    assert "checkpoint 1: chain" in faults(folder)[0]
    (folder / "checkpoints.jsonl").write_text("")  # so the forger takes them out …
    edit(folder / "manifest.json", lambda raw: raw["totals"].update(checkpoints=0, fen=raw["totals"]["fen"] + 1))
    kept = faults(folder, [books.kept(3)])  # … but not the one that an auditor kept
    assert "written anew between seals 1 and" in kept[0]


def test_a_truncated_export_is_told(books: Books) -> None:
    """Red when the end is not held against manifest and checkpoints."""
    folder = books.exported()
    path = first_chain(folder)
    whole, rows = path.read_bytes(), records(path)
    path.write_bytes(whole[:-10])
    assert any("cut off within a record" in line for line in faults(folder))
    rewrite(path, rows[:-3])
    found = faults(folder)
    assert any(f"it ends at seal {len(rows) - 3}; the manifest says {len(rows)}" in line for line in found)
    edit(folder / "manifest.json", last_is(folder, len(rows) - 3))
    assert any(f"had {len(rows)} seals; the export ends at {len(rows) - 3}" in line for line in faults(folder))
    path.unlink()
    assert "No such file" in faults(folder)[0]


def test_a_record_that_is_missing_doubled_or_moved_is_named(books: Books) -> None:
    folder = books.exported()
    path = first_chain(folder)
    rows = records(path)
    rewrite(path, rows[:4] + rows[5:])
    assert faults(folder)[0].startswith(f"chain {path.stem[6:]}, seal 6, ")
    rewrite(path, rows[:5] + rows[4:])
    assert "seal 5" in faults(folder)[0]
    assert "stands again or out of order" in faults(folder)[0]
    rewrite(path, [*rows[:4], rows[5], rows[4], *rows[6:]])
    assert "seal 6" in faults(folder)[0]


def test_two_journals_of_one_id_or_one_source_are_found(books: Books) -> None:
    """Red when `find_doubles` goes. Nothing is signed here: the chain alone would not tell."""
    folder = books.exported()
    path = first_chain(folder)
    rows = records(path)
    (folder / "checkpoints.jsonl").write_text("")
    hashed_anew(path, [*rows, rows[2]])
    found = "\n".join(faults(folder))
    assert "it has the id of" in found
    assert "it has the source of" in found


def test_an_account_that_is_not_what_its_id_says_is_named(books: Books) -> None:
    folder = books.exported()
    path = folder / "accounts.tsv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0].replace("\tsales\t", "\tpool\t").replace("\trest\t", "\tpool\t"), *lines[1:]]))
    if lines[0].split("\t")[1] == "pool":
        path.write_text("\n".join([lines[0].replace("\tpool\t", "\tsales\t"), *lines[1:]]))
    assert faults(folder)[0].startswith(f"account {lines[0].split(chr(9))[0]}: its id is not that of")
    path.write_text("\n".join(lines[1:]))
    assert any("which is not among the accounts" in line for line in faults(folder))
    fen = lines[0].rsplit("\t", 1)
    path.write_text("\n".join([f"{fen[0]}\t{int(fen[1]) + 1}", *lines[1:]]))
    assert [line for line in faults(folder) if "the database said" in line]


def test_a_checkpoint_whose_signature_is_broken_is_named(books: Books) -> None:
    """Red when `Keys.fault` does not verify."""
    folder = books.exported()
    path = folder / "checkpoints.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for change in (
        lambda row: row.update(signature=row["signature"][:-2] + "00"),
        lambda row: row.update(at="2026-01-01T00:00:00+00:00"),
        lambda row: row["heads"][0].__setitem__(1, row["heads"][0][1] - 1),
        lambda row: row.update(key="0" * 64),
        lambda row: row.pop("heads"),
        lambda row: row.update(signature="no hex"),
    ):
        spoiled = json.loads(json.dumps(rows))
        change(spoiled[2])
        path.write_text("".join(json.dumps(row) + "\n" for row in spoiled))
        assert re.match(r"checkpoint 3: |checkpoints: line 3 ", faults(folder)[0])
    path.write_text("".join(json.dumps(row) + "\n" for row in rows[:2] + rows[3:]))
    assert faults(folder)[0] == "checkpoint 4: it follows checkpoint 2"


def test_who_forges_the_key_as_well_is_told_by_the_key_that_you_trust(books: Books) -> None:
    """Red when --key does not shut the export's own keys out."""
    folder, other = books.exported(), Ed25519PrivateKey.generate()
    public = keys.public_of(other)
    rows = records(first_chain(folder))
    rows[7] = (*rows[7][:3], amount(rows[7][3]))
    hashed_anew(first_chain(folder), rows)
    heads = {}
    for path in folder.glob("chain-*.bin"):
        seq, _, hash_, _ = records(path)[-1]
        heads[path.stem.removeprefix("chain-")] = (seq, hash_)
    forged = verifier.Checkpoint(1, verifier.EPOCH, heads, keys.id_of(public), b"")
    raw = {
        "format": verifier.CHECKPOINT,
        "no": 1,
        "at": verifier.EPOCH.isoformat(),
        "heads": [[chain, seq, hash_.hex()] for chain, (seq, hash_) in heads.items()],
        "key": forged.key,
        "signature": other.sign(forged.signed()).hex(),
    }
    (folder / "checkpoints.jsonl").write_text(json.dumps(raw) + "\n")
    listed = [{"id": forged.key, "public": public.hex(), "valid_from": verifier.EPOCH.isoformat(), "valid_to": None}]
    (folder / "keys.json").write_text(json.dumps(listed))
    edit(folder / "manifest.json", lambda raw: raw["totals"].update(checkpoints=1))
    assert not any("checkpoint" in line for line in faults(folder))
    answer = run(folder, "--key", books.pem())
    assert answer.returncode == 1
    assert "which is not one that you named" in answer.stdout


def test_an_older_checkpoint_that_is_no_prefix_is_told(books: Books, tmp_path: Path) -> None:
    """Red when --checkpoint is not held against the chains."""
    kept, folder = books.kept(2), books.exported()
    rows = records(first_chain(folder))
    rows[1] = (*rows[1][:3], amount(rows[1][3]))
    hashed_anew(first_chain(folder), rows)
    assert any(str(kept) in line and "written anew" in line for line in faults(folder, [kept]))
    edit(kept, lambda raw: raw["heads"][0].__setitem__(2, "00" * 32))
    assert faults(books.exported(), [kept]) == [f"{kept}: its signature is broken"]


def test_a_rotated_key_still_proves_what_it_signed(books: Books) -> None:
    """Red when a key's validity is not kept: the old key must not sign after the new one, nor the new one before."""
    old = books.pem().rename(books.tmp / "old.pem")
    books.key.rename(books.tmp / "old-key.pem")
    keys.create(books.key)
    with transaction():
        checkpoints.register(keys.load(books.key))
    books.grow(5000)
    with transaction(), pytest.raises(keys.SigningKeyError, match="not the one that signs today"):
        checkpoints.sign(keys.load(books.tmp / "old-key.pem"))
    folder = books.exported()
    assert faults(folder, [books.kept(1)], [old, books.pem()]) == []
    assert all("not one that you named" in line for line in faults(folder, [], [books.pem()]))
    with transaction(write=False):
        assert [number for number, wrong in checkpoints.faults() if wrong] == []
    path = folder / "keys.json"
    edit(path, lambda raw: raw[0].update(valid_to="2026-01-01T00:00:00+00:00"))
    assert faults(folder)[0] == "checkpoint 1: its key did not sign at that time"


def test_a_part_since_a_checkpoint_starts_where_that_one_ended(books: Books) -> None:
    folder = books.exported(since=4)
    assert run(folder, "--key", books.pem(), "--checkpoint", books.kept(5)).returncode == 0
    assert sum(len(records(path)) for path in folder.glob("chain-*.bin")) == (ROUNDS - 4) * EACH
    path = first_chain(folder)
    rows = records(path)
    rewrite(path, [(*rows[0][:3], amount(rows[0][3])), *rows[1:]])
    assert "it is not what was sealed" in faults(folder)[0]
    edit(folder / "manifest.json", lambda raw: raw["since"]["heads"][0].__setitem__(2, "00" * 32))
    assert faults(folder)[0].endswith("from which the export starts: its signature is broken")


def test_what_no_journal_holds_is_told_and_not_fallen_over(books: Books, engine: str) -> None:
    """SQLite keeps any value in any column; a row that cannot be read must not stop the export."""
    if engine == "postgresql":
        changes = ["amount = 9223372036854775807", "n = 99999999999"]
    else:
        changes = ["amount = 'much'", "amount = 1.5", "debit_id = 'nobody'", "n = 99999999999"]
    with transaction(write=False):
        head = seals.heads()[0]
        row = next(iter(next(reading.sealed(head.chain))))
    given = row.journal.id.hex if engine == "sqlite" else row.journal.id
    for change in changes:
        with books.superuser() as execute:
            execute(f"UPDATE entry SET {change} WHERE journal_id = :id AND no = 1", id=given)
            found = faults(books.export())
        assert found[0].startswith(f"chain {head.chain}, seal 1, journal {row.journal.id}: "), (change, found)


def test_rubbish_is_refused_in_a_sentence(books: Books, tmp_path: Path) -> None:
    """Whatever byte is changed: no traceback, and a changed chain never passes."""
    folder = books.exported()
    chance = random.Random(8)
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        for _ in range(count(400)):
            if not whole:
                break
            at = chance.randrange(len(whole))
            path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << chance.randrange(8))]) + whole[at + 1 :])
            try:
                found = faults(folder)
            except verifier.Unusable:
                found = ["unusable"]
            assert found or path.suffix != ".bin", (path.name, at)
        path.write_bytes(whole)
    assert faults(folder) == []
    for words in ([tmp_path / "nowhere"], [folder, "--key", folder / "keys.json"], [folder, "--checkpoint", VERIFIER]):
        answer = run(*words)
        assert answer.returncode == 2
        assert answer.stderr.strip()
        assert "Traceback" not in answer.stderr


BY_HAND: list[tuple[str, Callable[[Any], None]]] = [
    ("manifest.json", lambda raw: raw["chains"][0].update(last=1e999)),
    ("manifest.json", lambda raw: raw["chains"][0].update(chain="\ud800")),
    ("manifest.json", lambda raw: raw["chains"][0].update(file="../../etc/passwd")),
    ("manifest.json", lambda raw: raw["chains"].append(raw["chains"][0])),
    ("manifest.json", lambda raw: raw.update(chains=None)),
    ("manifest.json", lambda raw: raw.update(since=[5])),
    ("manifest.json", lambda raw: raw.update(since={"heads": 5})),
    ("manifest.json", lambda raw: raw.update(totals={})),
    ("manifest.json", lambda raw: raw["chains"].pop()),
    ("keys.json", lambda raw: raw[0].update(valid_from="2027-01-01T00:00:00")),
    ("keys.json", lambda raw: raw[0].update(valid_from=None)),
    ("keys.json", lambda raw: raw[0].update(public="00")),
    ("keys.json", lambda raw: raw.clear()),
]


def refused(folder: Path) -> bool:
    """In a sentence, whichever; anything else that is raised fails the test."""
    try:
        return bool(faults(folder))
    except verifier.Unusable:
        return True


def test_what_somebody_made_by_hand_is_refused_in_a_sentence(books: Books) -> None:
    """Red when UNREADABLE or NAME is narrowed."""
    folder = books.exported()
    for file, change in BY_HAND:
        path = folder / file
        whole = path.read_text()
        edit(path, change)
        assert refused(folder), path.read_text()
        path.write_text(whole)
    for text in ("5", "[]", "null", "{}", "[" * 100_000, "\ud800"):
        for file in ("keys.json", "manifest.json"):
            path = folder / file
            whole = path.read_text()
            path.write_bytes(text.encode("utf-8", "surrogatepass"))
            assert refused(folder), (file, text[:20])
            path.write_text(whole)
    assert faults(folder) == []


def test_with_a_key_of_yours_something_must_be_signed(books: Books) -> None:
    """Red when an export without any checkpoint passes although a key was named."""
    folder = books.exported()
    (folder / "checkpoints.jsonl").write_text("")
    edit(folder / "manifest.json", lambda raw: raw["totals"].update(checkpoints=0))
    assert run(folder).returncode == 0
    answer = run(folder, "--key", books.pem())
    assert answer.returncode == 1
    assert "nothing proves these chains" in answer.stdout
