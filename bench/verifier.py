"""The offline verifier over an export of ten million entries, three to a journal, made here and signed as the real one.

`python -m bench.verifier [--entries N] [--chains N]`: makes the export under var/bench if it is not there, runs
`tools/verify_export.py` as a process of its own, and prints its time and memory. Nothing is asserted.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from marketplace.core import keys
from marketplace.core.db import new_id
from marketplace.ledger import export, rules
from marketplace.ledger.services import AccountRef

from . import machine

ROOT = Path(__file__).resolve().parent.parent
ENTRIES, EACH, CHAINS, ACCOUNTS = 10_000_000, 3, 4, 100_000
DAYS = [(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)).date() for day in range(360)]


def make(folder: Path, entries: int, chains: int) -> None:
    """An export as `ledger/export.py` writes it, from journals of chance."""
    folder.mkdir(parents=True)
    chance, key, at = random.Random(11), Ed25519PrivateKey.generate(), datetime(2026, 12, 31, tzinfo=UTC)
    refs = [AccountRef("pool", UUID(int=number), UUID(int=number % 97)) for number in range(1, ACCOUNTS + 1)]
    ids, balances = [ref.id.bytes for ref in refs], [0] * ACCOUNTS
    moved, written, heads, rows = 0, 0, [], []
    journals = entries // EACH
    for number in range(chains):
        chain, before, count = f"43022{number}", rules.genesis(f"43022{number}"), journals // chains
        with (folder / f"chain-{chain}.bin").open("wb", buffering=1 << 20) as file:
            for seq in range(1, count + 1):
                day = DAYS[chance.randrange(360)]
                lines = []
                for no in range(1, EACH + 1):
                    debit, fen = chance.randrange(ACCOUNTS), chance.randrange(1, 100_000)
                    credit = (debit + no) % ACCOUNTS
                    balances[debit] -= fen
                    balances[credit] += fen
                    moved += fen
                    lines.append((no, EACH, ids[debit], ids[credit], fen))
                journal = rules.JournalRow(
                    id=new_id().bytes,
                    kind="line",
                    source=new_id().hex,
                    region=f"{chain}000000",
                    day=day.isoformat(),
                    period=day.year * 100 + day.month,
                    concerns=None,
                    at=1_790_000_000_000_000 + seq,
                    n=EACH,
                )
                body = rules.canonical(journal, lines)
                before = rules.seal(before, body)
                file.write(export.record(seq, before, body))
        written += count
        heads.append(rules.Head(chain, count, before))
        rows.append({"chain": chain, "file": f"chain-{chain}.bin", "last": count})
    (folder / "unsealed.bin").touch()
    with (folder / "accounts.tsv").open("w", encoding="utf-8") as file:
        for ref, fen in zip(refs, balances, strict=True):
            file.write(f"{ref.id}\t{ref.kind}\t{ref.owner}\t{ref.party}\t{fen}\n")
    _sign(folder, key, at, heads)
    totals = {"journals": written, "entries": written * EACH, "fen": moved, "accounts": ACCOUNTS, "checkpoints": 1}
    manifest = {"format": export.FORMAT, "made_at": at.isoformat(), "since": None, "chains": rows, "totals": totals}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _sign(folder: Path, key: Ed25519PrivateKey, at: datetime, heads: list[rules.Head]) -> None:
    public = keys.public_of(key)
    id_ = keys.id_of(public)
    checkpoint = {
        "format": "bangfu-ledger-checkpoint/1",
        "no": 1,
        "at": at.isoformat(),
        "heads": [[head.chain, head.seq, head.hash.hex()] for head in heads],
        "key": id_,
        "signature": key.sign(rules.signed_bytes(1, at, id_, heads)).hex(),
    }
    (folder / "checkpoints.jsonl").write_text(json.dumps(checkpoint) + "\n")
    listed = [{"id": id_, "public": public.hex(), "valid_from": "2026-01-01T00:00:00+00:00", "valid_to": None}]
    (folder / "keys.json").write_text(json.dumps(listed))


def measure(entries: int = ENTRIES, chains: int = CHAINS) -> dict[str, Any]:
    folder = ROOT / "var" / "bench" / f"export-{entries}-{chains}"
    made = None
    if not (folder / "manifest.json").exists():
        began = time.perf_counter()
        make(folder, entries, chains)
        made = round(time.perf_counter() - began, 1)
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "tools" / "verify_export.py"), str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    return {
        "entries": entries,
        "chains": chains,
        "made_s": made,
        "export_mb": round(sum(file.stat().st_size for file in folder.iterdir()) / 1e6),
        "verified_s": round(time.perf_counter() - began, 1),
        "cpu_s": round(used.ru_utime + used.ru_stime, 1),
        "memory_mb": round(used.ru_maxrss / 1024),
        "code": os.waitstatus_to_exitcode(status),
        "said": said.splitlines()[-1],
    }


def lines(found: dict[str, Any]) -> list[list[str]]:
    return [["verifier", "value"], *([name.replace("_", " "), f"{value}"] for name, value in found.items())]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.verifier")
    parser.add_argument("--entries", type=int, default=ENTRIES)
    parser.add_argument("--chains", type=int, default=CHAINS)
    chosen = parser.parse_args()
    print(json.dumps({key: value for key, value in machine.named().items() if key in ("cpu", "cores", "load_average")}))
    print(json.dumps(measure(chosen.entries, chosen.chains), indent=1))


if __name__ == "__main__":
    main()
