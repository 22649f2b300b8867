#!/usr/bin/env python3
"""Verifies an exported ledger without the application that made it: `python verify_export.py EXPORT`.

Needs Python 3.11 and `cryptography` alone; the form of what it reads is in docs/ledger.md. It recomputes every hash of
every chain, holds the chains against the signed checkpoints (and against older ones that you kept: --checkpoint), looks
for missing and doubled journals, recomputes the accounts' ids and their balances, and names what is wrong, the first
bad entry first. It believes nothing in the export but what a key signed that you name (--key); without --key it says
which keys it took from the export, for you to compare.

Ends with 0 if all holds, 1 if anything is wrong, 2 if there is nothing to verify.
"""

import argparse
import gc
import json
import re
import struct
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha1, sha256
from operator import eq
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

EXPORT, CHECKPOINT, CHAIN = "bangfu-ledger-export/1", "bangfu-ledger-checkpoint/1", "bangfu-ledger-chain/1"
ACCOUNTS = UUID("6f1d7c52-8f0b-5d3a-9c41-2b7e4a90d1e6").bytes  # the name space of the accounts' ids
RECORD = struct.Struct(">QB32sI")  # seq, 0 for a journal's bytes and 1 for a sentence, hash, length of what follows
HEAD = struct.Struct(">16sqqqIIBBBB")  # id, at, period, concerned period, n, entries, lengths of four texts
ENTRY = struct.calcsize(">II16s16sq")  # no, n, debit, credit, fen
ONE_CHAIN = "all"  # on SQLite; elsewhere a chain is the prefix of its journals' regions
BLOCK = 1 << 22
SHOWN = 20
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PARTS = 256  # what is looked through for doubles at a time, of the whole
TOTALS = ("journals", "entries", "fen", "accounts", "checkpoints")
NAME = re.compile(r"all|[0-9A-Za-z]{1,6}")
# What the parts of a JSON that somebody made by hand may raise.
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, OverflowError, IndexError, struct.error)
Wanted = dict[int, list[tuple[str, bytes]]]


class Unusable(Exception):
    """There is nothing here that could be verified."""


@dataclass
class Report:
    """What is wrong, in the order in which it was found."""

    faults: list[str] = field(default_factory=list)
    count: int = 0

    def wrong(self, sentence: str) -> None:
        self.count += 1
        if len(self.faults) < SHOWN:
            self.faults.append(sentence)


@dataclass
class Books:
    """What all journals together must agree on: their accounts, and that none stands twice."""

    balances: dict[bytes, int] = field(default_factory=dict)
    accounts: dict[bytes, tuple[str, str, str, int | None]] = field(default_factory=dict)
    ids: list[Any] = field(default_factory=lambda: [array("q") for _ in range(PARTS)])
    sources: list[Any] = field(default_factory=lambda: [array("q") for _ in range(PARTS)])
    months: dict[bytes, int] = field(default_factory=dict)
    journals: int = 0
    entries: int = 0
    fen: int = 0


@dataclass(frozen=True)
class Checkpoint:
    no: int
    at: datetime
    heads: dict[str, tuple[int, bytes]]
    key: str
    signature: bytes

    def signed(self) -> bytes:
        parts = [
            prefixed(CHECKPOINT.encode()),
            struct.pack(">Qq", self.no, (self.at - EPOCH) // timedelta(microseconds=1)),
        ]
        parts += [prefixed(self.key.encode()), struct.pack(">I", len(self.heads))]
        for chain, (seq, hash_) in sorted(self.heads.items()):
            parts += [prefixed(chain.encode()), struct.pack(">Q", seq), prefixed(hash_)]
        return b"".join(parts)


def prefixed(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def genesis(chain: str) -> bytes:
    return sha256(prefixed(CHAIN.encode()) + prefixed(chain.encode())).digest()


def checkpoint_of(raw: Any) -> Checkpoint:
    """Raises ValueError."""
    try:
        heads = {str(chain): (int(seq), bytes.fromhex(hash_)) for chain, seq, hash_ in raw["heads"]}
        at = moment(raw["at"])
        found = Checkpoint(int(raw["no"]), at, heads, str(raw["key"]), bytes.fromhex(raw["signature"]))
        if len(heads) != len(raw["heads"]) or raw["format"] != CHECKPOINT:
            raise ValueError
        found.signed()
        return found
    except UNREADABLE:
        raise ValueError("not a checkpoint") from None


def load_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise Unusable(f"{path}: not JSON") from None


class Keys:
    """Public keys by id, with the time in which each signs; `trusted` says whether you named them."""

    def __init__(self, folder: Path, pems: list[Path], report: Report) -> None:
        self.keys: dict[str, tuple[Ed25519PublicKey, datetime | None, datetime | None]] = {}
        self.trusted = bool(pems)
        named = {key_id(key): key for key in map(load_pem, pems)}
        listed = load_json(folder / "keys.json")
        rows: list[Any] = listed if isinstance(listed, list) else [None]
        for raw in rows:
            try:
                id_, public = str(raw["id"]), bytes.fromhex(raw["public"])
                key = Ed25519PublicKey.from_public_bytes(public)
                starts = moment(raw["valid_from"])
                ends = moment(raw["valid_to"]) if raw["valid_to"] else None
            except UNREADABLE:
                report.wrong("keys.json: a key cannot be read")
                continue
            if id_ != sha256(public).hexdigest():
                report.wrong(f"key {id_[:16]}: its id is not its hash")
            elif not pems or id_ in named:
                self.keys[id_] = (key, starts, ends)
        for id_, key in named.items():
            self.keys.setdefault(id_, (key, None, None))

    def fault(self, checkpoint: Checkpoint) -> str | None:
        key, starts, ends = self.keys.get(checkpoint.key, (None, None, None))
        if key is None:
            return (
                f"signed by key {checkpoint.key[:16]}, which is not {'one that you named' if self.trusted else 'known'}"
            )
        if (starts and checkpoint.at < starts) or (ends and checkpoint.at > ends):
            return "its key did not sign at that time"
        try:
            key.verify(checkpoint.signature, checkpoint.signed())
        except InvalidSignature:
            return "its signature is broken"
        return None


def load_pem(path: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise Unusable(f"{path}: not a PEM of a public key") from None
    if not isinstance(key, Ed25519PublicKey):
        raise Unusable(f"{path}: not an Ed25519 key")
    return key


def key_id(key: Ed25519PublicKey) -> str:
    return sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


def read_accounts(path: Path, books: Books, report: Report) -> None:
    """Lines of id, kind, owner, party and balance. An id is uuid5 of its meaning: nobody else's account has it."""
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                try:
                    id_, kind, owner, party, balance = line.rstrip("\n").split("\t")
                    raw, fen = UUID(id_).bytes, int(balance) if balance else None
                except ValueError:
                    report.wrong(f"accounts: line {number} cannot be read")
                    continue
                digest = bytearray(sha1(ACCOUNTS + f"{kind}:{owner}:{party}".encode()).digest()[:16])
                digest[6], digest[8] = digest[6] & 0x0F | 0x50, digest[8] & 0x3F | 0x80
                if digest != raw:
                    report.wrong(f"account {id_}: its id is not that of {kind}, {owner}, {party}")
                if raw in books.balances:
                    report.wrong(f"account {id_}: it stands twice")
                books.balances[raw] = 0
                books.accounts[raw] = (kind, owner, party, fen)
    except (OSError, UnicodeDecodeError) as error:
        report.wrong(f"accounts: {error}")


def records(path: Path, name: str, report: Report) -> Iterator[tuple[int, int, bytes, bytes]]:
    """(seq, flag, hash, content) of a file, block by block."""
    size = RECORD.size
    unpack = RECORD.unpack_from
    rest, at = b"", 0
    try:
        with path.open("rb") as file:
            while True:
                block = file.read(BLOCK)
                if not block:
                    break
                rest, at = rest[at:] + block, 0
                end = len(rest)
                while at + size <= end:
                    seq, flag, hash_, length = unpack(rest, at)
                    stop = at + size + length
                    if stop > end:
                        break
                    yield seq, flag, hash_, rest[at + size : stop]
                    at = stop
    except OSError as error:
        report.wrong(f"{name}: {error.strerror}")
    if at < len(rest):
        report.wrong(f"{name}: the file is cut off within a record")


def verify_chain(path: Path, chain: str, start: tuple[int, bytes], wanted: Wanted, books: Books, report: Report) -> int:
    """Goes through a chain from `start` (seq, hash); `wanted`: at which seq which checkpoint saw which hash.

    Returns the number of the last seal. The hash as it is written is what the next one is held against, so that each
    changed journal is named by itself.
    """
    seq, before = start
    confirmed = seq  # the last seal that a checkpoint confirms
    prefix = b"" if chain == ONE_CHAIN else chain.encode()
    for number, flag, hash_, content in records(path, f"chain {chain}", report):
        if number != seq + 1:
            what = "stands again or out of order" if number <= seq else f"follows seal {seq}: those between are missing"
            report.wrong(f"{place(prefix, number, content)}: it {what}")
        seq = number
        found = sha256(before + content).digest()
        if flag:
            report.wrong(f"{place(prefix, seq, content)}: {told(content)}")
        else:
            if found != hash_:
                report.wrong(f"{place(prefix, seq, content)}: it is not what was sealed")
            read_journal(content, prefix, seq, books, report)
        before = hash_
        if seq in wanted:
            for name, head in wanted[seq]:
                if found == head:
                    confirmed = seq
                else:
                    report.wrong(f"{name}: chain {chain} was written anew between seals {confirmed + 1} and {seq}")
    return seq


def told(content: bytes) -> str:
    return content[16:].decode("utf-8", "replace")[:200]


@lru_cache(maxsize=256)
def slots_of(count: int) -> tuple[struct.Struct, tuple[int, ...], tuple[int, ...]]:
    """For a journal of so many entries: how all of them are read at once, their numbers, and their n."""
    return struct.Struct(">" + "II16s16sq" * count), tuple(range(1, count + 1)), (count,) * count


def read_journal(content: bytes, chain: bytes, seq: int, books: Books, report: Report) -> None:
    """Holds a journal against itself and adds it to the books; this is where the time goes."""
    try:
        id_, _at, period, _concerns, n, count, kind, source, region, day = HEAD.unpack_from(content)
        texts = HEAD.size + kind + source
        first = texts + region + day
        if count > len(content) or len(content) != first + count * ENTRY:
            raise struct.error
    except struct.error:
        return report.wrong(f"{place(chain, seq, content)}: it cannot be read")
    entries, numbers, slots = slots_of(count)
    values = entries.unpack_from(content, first)
    debits, credits, fens = values[2::5], values[3::5], values[4::5]
    wrong = ""
    if count != n or not count:
        wrong = f"it has {count} entries instead of {n}"
    elif values[0::5] != numbers or values[1::5] != slots:
        wrong = "its entries are not numbered from 1 to n"
    elif min(fens) <= 0 or any(map(eq, debits, credits)):
        wrong = "an entry moves nothing"
    if not content.startswith(chain, texts):
        wrong = "it belongs to another chain"
    months, date = books.months, content[texts + region : first]
    if months.get(date) != period:
        months[date] = month_of(date)
        if months[date] != period:
            wrong = f"its period {period} is not the month of its day"
    key = hash(id_)
    books.ids[key & 255].append(key)
    key = hash(content[HEAD.size : texts])
    books.sources[key & 255].append(key)
    balances = books.balances
    try:
        for debit, credit, fen in zip(debits, credits, fens, strict=True):
            balances[debit] -= fen
            balances[credit] += fen
    except KeyError as unknown:
        wrong = f"an entry names account {UUID(bytes=unknown.args[0])}, which is not among the accounts"
    books.journals += 1
    books.entries += count
    books.fen += sum(fens)
    if wrong:
        report.wrong(f"{place(chain, seq, content)}: {wrong}")


def place(chain: bytes, seq: int, content: bytes) -> str:
    id_ = UUID(bytes=content[:16]) if len(content) >= 16 else "?"
    return f"chain {chain.decode() or 'all'}, seal {seq}, journal {id_}" if seq else f"unsealed, journal {id_}"


def month_of(day: bytes) -> int:
    try:
        return int(day[:4]) * 100 + int(day[5:7]) if len(day) == 10 else 0
    except ValueError:
        return 0


def find_doubles(folder: Path, files: list[str], books: Books, report: Report) -> None:
    """No two journals share an id, no two a source. What looks double is read once more to be sure, and named."""
    suspects: list[set[int]] = []
    for parts in (books.ids, books.sources):
        found: set[int] = set()
        for part in parts:
            if len(set(part)) != len(part):
                seen: set[int] = set()
                found |= {key for key in part if key in seen or seen.add(key)}  # type: ignore[func-returns-value]
        suspects.append(found)
    if not any(suspects):
        return
    first: dict[bytes, str] = {}
    for name in files:
        for seq, flag, _hash, content in records(folder / name, name, Report()):
            if flag or len(content) < HEAD.size:
                continue
            head = HEAD.unpack_from(content)
            texts = content[HEAD.size : HEAD.size + head[6] + head[7]]
            for what, key, among in (("id", head[0], suspects[0]), ("source", texts, suspects[1])):
                if hash(key) in among:
                    here = f"{name}, seal {seq}, journal {UUID(bytes=head[0])}"
                    there = first.setdefault(what.encode() + key, here)
                    if there != here:
                        report.wrong(f"{here}: it has the {what} of {there}")


def verify_checkpoints(
    folder: Path, keys: Keys, olders: list[Path], report: Report
) -> tuple[list[tuple[str, Checkpoint]], int]:
    """The checkpoints whose signatures hold, by name (the export's own, then those that you kept), and how many the
    export has."""
    good: list[tuple[str, Checkpoint]] = []
    before: Checkpoint | None = None
    try:
        lines = (folder / "checkpoints.jsonl").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"checkpoints.jsonl: {error}") from None
    for number, line in enumerate(lines, 1):
        try:
            one = checkpoint_of(json.loads(line))
        except (ValueError, RecursionError):
            report.wrong(f"checkpoints: line {number} cannot be read")
            continue
        fault = keys.fault(one)
        if before and one.no != before.no + 1:
            fault = fault or f"it follows checkpoint {before.no}"
        if before and any(one.heads.get(chain, (0,))[0] < seq for chain, (seq, _) in before.heads.items()):
            fault = fault or f"a chain is shorter than in checkpoint {before.no}"
        if fault:
            report.wrong(f"checkpoint {one.no}: {fault}")
        else:
            good.append((f"checkpoint {one.no}", one))
        before = one
    for path in olders:
        try:
            one = checkpoint_of(load_json(path))
        except ValueError:
            raise Unusable(f"{path}: not a checkpoint") from None
        fault = keys.fault(one)
        if fault:
            report.wrong(f"{path}: {fault}")
        else:
            good.append((str(path), one))
    return good, len(lines)


@dataclass(frozen=True)
class Manifest:
    """What the export says of itself: its chains (name, file, last seal), where they start, and what to find in all."""

    chains: list[tuple[str, str, int]]
    since: Checkpoint | None
    totals: dict[str, int]

    @classmethod
    def of(cls, raw: Any) -> "Manifest":
        """Raises Unusable."""
        try:
            if raw["format"] != EXPORT:
                raise ValueError
            chains = [(str(row["chain"]), str(row["file"]), int(row["last"])) for row in raw["chains"]]
            since = checkpoint_of(raw["since"]) if raw["since"] else None
            totals = {name: int(raw["totals"][name]) for name in TOTALS}
        except UNREADABLE:
            raise Unusable(f"the manifest is not of the form {EXPORT}") from None
        for number, (chain, file, _) in enumerate(chains):
            if (
                not NAME.fullmatch(chain)
                or file != f"chain-{chain}.bin"
                or (chain, file) in [c[:2] for c in chains[:number]]
            ):
                raise Unusable(f"the manifest names a chain {chain!r} of a file {file!r}")
        return cls(chains, since, totals)

    def start(self, chain: str) -> tuple[int, bytes]:
        """The seal and hash that a chain's first record follows."""
        return (self.since.heads if self.since else {}).get(chain) or (0, genesis(chain))


def wanted_of(
    chain: str, start: tuple[int, bytes], checkpoints: list[tuple[str, Checkpoint]], report: Report
) -> Wanted:
    """Seal → the checkpoints that saw it, with the hash that they saw."""
    wanted: Wanted = {}
    for name, one in checkpoints:
        seq, hash_ = one.heads.get(chain, start)
        if seq > start[0]:
            wanted.setdefault(seq, []).append((name, hash_))
        elif seq == start[0] and hash_ != start[1]:
            report.wrong(f"{name}: chain {chain} was written anew at or before seal {seq}")
    return wanted


def verify(folder: Path, olders: list[Path], pems: list[Path], report: Report) -> Books:
    """Everything, first to last. Raises Unusable."""
    manifest = Manifest.of(load_json(folder / "manifest.json"))
    keys = Keys(folder, pems, report)
    if manifest.since and (fault := keys.fault(manifest.since)):
        report.wrong(f"checkpoint {manifest.since.no}, from which the export starts: {fault}")
    checkpoints, held = verify_checkpoints(folder, keys, olders, report)
    books = Books()
    read_accounts(folder / "accounts.tsv", books, report)
    signed = 0
    for chain, file, last in manifest.chains:
        start = manifest.start(chain)
        wanted = wanted_of(chain, start, checkpoints, report)
        seq = verify_chain(folder / file, chain, start, wanted, books, report)
        if seq != last:
            report.wrong(f"chain {chain}: it ends at seal {seq}; the manifest says {last}")
        for beyond in sorted(seen for seen in wanted if seen > seq):
            report.wrong(f"{wanted[beyond][0][0]}: chain {chain} had {beyond} seals; the export ends at {seq}")
        signed += max((seen for seen in wanted if seen <= seq), default=start[0]) - start[0]
    for name, one in checkpoints:
        for chain in sorted(set(one.heads) - {chain for chain, _, _ in manifest.chains}):
            report.wrong(f"{name}: chain {chain} is not in the export")
    sealed = books.journals
    for _, flag, _, content in records(folder / "unsealed.bin", "unsealed", report):
        if flag:
            report.wrong(f"{place(b'', 0, content)}: {told(content)}")
        else:
            read_journal(content, b"", 0, books, report)
    find_doubles(folder, [*(file for _, file, _ in manifest.chains), "unsealed.bin"], books, report)
    compare(manifest, books, held, report)
    print(f"{sealed:,} journals sealed, {signed:,} of them signed for; {books.journals - sealed:,} not sealed yet")
    print(f"{books.entries:,} entries, {books.fen / 100:,.2f} yuan moved, {len(books.accounts):,} accounts")
    if not checkpoints and keys.trusted and sealed:
        report.wrong("no checkpoint is signed by a key that you named: nothing proves these chains")
    elif not checkpoints:
        print("no checkpoint holds: an export that was hashed anew could not be told from a true one")
    for id_ in keys.keys if not keys.trusted else ():
        print(f"key {id_}: taken from the export itself; compare it with the one you were given, or name it with --key")
    return books


def compare(manifest: Manifest, books: Books, checkpoints: int, report: Report) -> None:
    """What was found against what the export and its database say."""
    found = {
        "journals": books.journals,
        "entries": books.entries,
        "fen": books.fen,
        "accounts": len(books.accounts),
        "checkpoints": checkpoints,
    }
    for name, number in found.items():
        if number != manifest.totals[name]:
            report.wrong(f"{number:,} {name} are here; the manifest says {manifest.totals[name]:,}")
    for id_, (kind, owner, party, fen) in books.accounts.items():
        if fen is not None and fen != books.balances[id_]:
            report.wrong(
                f"account {UUID(bytes=id_)} ({kind}, {owner}, {party}): its entries make {books.balances[id_]} fen,"
                f" the database said {fen}"
            )


def main() -> int:
    parser = argparse.ArgumentParser(description="Verifies an exported ledger without the application that made it.")
    parser.add_argument("export", type=Path, help="the folder that `flask ledger export` made")
    parser.add_argument(
        "--checkpoint", type=Path, action="append", default=[], help="one that you kept; it must be a prefix"
    )
    parser.add_argument("--key", type=Path, action="append", default=[], help="PEM of a public key that you trust")
    parser.add_argument("--balances", action="store_true", help="print every account's recomputed balance, in fen")
    chosen = parser.parse_args()
    gc.disable()  # nothing here makes cycles, and looking for them in vain costs a tenth
    report = Report()
    try:
        books = verify(chosen.export, chosen.checkpoint, chosen.key, report)
    except Unusable as reason:
        print(reason, file=sys.stderr)
        return 2
    if chosen.balances:
        for id_, (kind, owner, party, _) in sorted(books.accounts.items()):
            print(UUID(bytes=id_), kind, owner, party, books.balances[id_], sep="\t")
    if not report.count:
        print("nothing is wrong")
        return 0
    print(f"{report.count:,} faults; the first:")
    for fault in report.faults:
        print(f"  {fault}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
