"""Signed checkpoints: where every chain ended. Whoever keeps one can tell later whether anything before it was changed.

The private key is a file of the machine that signs (`core/keys.py`); here stand its public half, from when it signs,
and what it signed. A key signs until the next one's `valid_from`; old checkpoints stay good under old keys.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, insert, select, text

from ..core import clock, keys
from ..core.db import db, is_sqlite
from . import rules, seals
from .models import Checkpoint, SigningKey
from .rules import Head

LOCK = 1612006  # PostgreSQL's advisory lock of whoever adds a checkpoint or a key
FORMAT = "bangfu-ledger-checkpoint/1"


@dataclass(frozen=True)
class PublicKey:
    """`valid_to` is when the next key took over; None for the one that signs today."""

    id: str
    public: bytes
    valid_from: datetime
    valid_to: datetime | None

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "public": self.public.hex(),
            "valid_from": self.valid_from.astimezone(UTC).isoformat(),
            "valid_to": self.valid_to.astimezone(UTC).isoformat() if self.valid_to else None,
        }


def register(key: Ed25519PrivateKey) -> bool:
    """Publishes a key's public half: it signs from now on. False if it is known already."""
    _lock()
    public = keys.public_of(key)
    id_ = keys.id_of(public)
    if db.session.get(SigningKey, id_) is not None:
        return False
    db.session.add(SigningKey(id=id_, public=public, valid_from=clock.now()))
    db.session.flush()
    return True


def public_keys() -> list[PublicKey]:
    rows = db.session.scalars(select(SigningKey).order_by(SigningKey.valid_from)).all()
    ends: list[datetime | None] = [row.valid_from for row in rows[1:]]
    return [
        PublicKey(row.id, bytes(row.public), row.valid_from, end) for row, end in zip(rows, [*ends, None], strict=False)
    ]


def sign(key: Ed25519PrivateKey) -> Checkpoint | None:
    """Adds a checkpoint of where the chains end now; None if they end where the last one says.

    Raises SigningKeyError if the key is not the one that signs today (`flask ledger key` publishes it).
    """
    _lock()
    current = next(reversed(public_keys()), None)
    id_ = keys.id_of(keys.public_of(key))
    if current is None or current.id != id_:
        raise keys.SigningKeyError(f"key {id_[:16]} is not the one that signs today; see flask ledger key")
    last, heads, at = latest(), seals.heads(), clock.now()
    if not heads or (last is not None and heads_of(last) == heads):
        return None
    no = last.no + 1 if last else 1
    row = {
        "no": no,
        "at": at,
        "heads": [[head.chain, head.seq, head.hash.hex()] for head in heads],
        "key_id": id_,
        "signature": key.sign(rules.signed_bytes(no, at, id_, heads)),
    }
    db.session.execute(insert(Checkpoint), [row])
    return db.session.get_one(Checkpoint, no)


def _lock() -> None:
    if not is_sqlite():
        db.session.execute(select(func.pg_advisory_xact_lock(LOCK)))


def latest() -> Checkpoint | None:
    return db.session.scalars(select(Checkpoint).order_by(Checkpoint.no.desc()).limit(1)).first()


def one(no: int) -> Checkpoint | None:
    return db.session.get(Checkpoint, no)


def newest(limit: int, offset: int = 0) -> Sequence[Checkpoint]:
    return db.session.scalars(select(Checkpoint).order_by(Checkpoint.no.desc()).limit(limit).offset(offset)).all()


def count() -> int:
    return db.session.scalar(select(func.count()).select_from(Checkpoint)) or 0


def heads_of(checkpoint: Checkpoint) -> list[Head]:
    """Raises ValueError or TypeError for heads that nobody signed so."""
    return [Head(str(chain), int(seq), bytes.fromhex(hash_)) for chain, seq, hash_ in checkpoint.heads]


def as_json(checkpoint: Checkpoint) -> dict[str, Any]:
    """What is handed out and exported; `tools/verify_export.py --checkpoint` reads it."""
    return {
        "format": FORMAT,
        "no": checkpoint.no,
        "at": checkpoint.at.astimezone(UTC).isoformat(),
        "heads": checkpoint.heads,
        "key": checkpoint.key_id,
        "signature": bytes(checkpoint.signature).hex(),
    }


def faults() -> Iterator[tuple[int, list[str]]]:
    """Checkpoint by checkpoint, what is wrong with it: its signature, its key's time, its place, the seals it names."""
    known = {key.id: key for key in public_keys()}
    before: Checkpoint | None = None
    numbers = db.session.scalars(select(Checkpoint.no).order_by(Checkpoint.no)).all()
    for no in numbers:
        row = db.session.get_one(Checkpoint, no)
        wrong = _signature_faults(row, known.get(row.key_id))
        if no != (before.no + 1 if before else 1):
            wrong.append(f"checkpoint {no}: the one before it is missing")
        if not wrong:
            wrong += _prefix_faults(row, before)
        yield no, wrong
        if before is not None:
            db.session.expunge(before)
        before = row


def _signature_faults(row: Checkpoint, key: PublicKey | None) -> list[str]:
    if key is None or keys.id_of(key.public) != key.id:
        return [f"checkpoint {row.no}: its key is not known"]
    if row.at < key.valid_from or (key.valid_to and row.at > key.valid_to):
        return [f"checkpoint {row.no}: its key did not sign at that time"]
    try:
        signed = rules.signed_bytes(row.no, row.at, row.key_id, heads_of(row))
    except (ValueError, TypeError):
        return [f"checkpoint {row.no}: its heads cannot be read"]
    if not keys.holds(key.public, bytes(row.signature), signed):
        return [f"checkpoint {row.no}: its signature is not its key's"]
    return []


def _prefix_faults(row: Checkpoint, before: Checkpoint | None) -> list[str]:
    """The seals that it names stand as it says, and no chain became shorter or went away."""
    heads = heads_of(row)
    wrong = []
    for head in heads:
        held = db.session.execute(
            text("SELECT hash FROM seal WHERE chain = :chain AND seq = :seq"), {"chain": head.chain, "seq": head.seq}
        ).scalar()
        if held is None:
            wrong.append(f"checkpoint {row.no}: chain {head.chain} had {head.seq} seals and has fewer")
        elif bytes(held) != head.hash:
            wrong.append(f"checkpoint {row.no}: chain {head.chain} was changed at or before seal {head.seq}")
    now = {head.chain: head.seq for head in heads}
    for head in heads_of(before) if before else []:
        if now.get(head.chain, 0) < head.seq:
            wrong.append(f"checkpoint {row.no}: chain {head.chain} is shorter than in the one before")
    return wrong
