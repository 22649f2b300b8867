"""Personal data at rest: sealed columns, blind indexes, masks, and the keys, which are never in the database.

A sealed value is AES-256-GCM with table, column and row id as associated data: it opens in its own place alone, so one
that was copied to another row or column does not open. A blind index is HMAC-SHA-256 of the normalised text under a
key of its own: it finds equal values and tells nothing else. `python -m marketplace.core.crypto PATH` makes a key file.

    row.id_sealed = seal("member", "id_sealed", row.id, "43022519900101123X")
    row.id_index = blind_index("id_number", "43022519900101123X")
"""

import base64
import hmac
import json
import os
import secrets
import sys
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app
from sqlalchemy import Table

from .errors import Conflict, Unavailable

_FORM = 1  # of sealed values: form, length of the key's id, the key's id, nonce, ciphertext with tag
_NONCE, _TAG, _KEY = 12, 16, 32

# Table → its sealed columns: what `flask keys reencrypt` walks.
SEALED: dict[str, tuple[str, ...]] = {}


class KeysError(Exception):
    """The key file is missing, open to others, or not what it should be; the application does not start with it."""


@dataclass(frozen=True)
class Ring:
    """Keys by id; new values are sealed with the `active` one. `index` is the blind indexes' key and never rotates."""

    active: str
    keys: dict[str, bytes] = field(repr=False)
    index: bytes = field(repr=False)

    def as_json(self) -> str:
        keys = {id_: base64.b64encode(key).decode() for id_, key in self.keys.items()}
        return json.dumps({"active": self.active, "keys": keys, "index": base64.b64encode(self.index).decode()})


def new_ring() -> Ring:
    return Ring("k1", {"k1": secrets.token_bytes(_KEY)}, secrets.token_bytes(_KEY))


def rotated(ring: Ring) -> Ring:
    """The ring with one more key, which is the active one; the old ones still open what they sealed."""
    number = 1 + max(int(id_[1:]) for id_ in ring.keys if id_[1:].isdecimal()) if ring.keys else 1
    return Ring(f"k{number}", {**ring.keys, f"k{number}": secrets.token_bytes(_KEY)}, ring.index)


def ring_of(text: str) -> Ring:
    """Reads {"active": id, "keys": {id: base64}, "index": base64}. Raises KeysError, never with a key in its words."""
    try:
        raw = json.loads(text)
        keys = {str(id_): base64.b64decode(key, validate=True) for id_, key in raw["keys"].items()}
        ring = Ring(str(raw["active"]), keys, base64.b64decode(raw["index"], validate=True))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise KeysError("keys: not the JSON of a key file") from None
    if ring.active not in keys:
        raise KeysError("keys: the active key is not among the keys")
    if any(len(key) != _KEY for key in (*keys.values(), ring.index)) or ring.index in keys.values():
        raise KeysError(f"keys: each key has {_KEY} bytes, and the index has one of its own")
    if any(not (id_.isascii() and 0 < len(id_) < 32) for id_ in keys):
        raise KeysError("keys: an id is a short ASCII word")
    return ring


def read(path: Path) -> Ring:
    """The ring of a key file that nobody but its owner can read. Raises KeysError."""
    try:
        with path.open(encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise KeysError(f"{path}: must be readable by its owner alone (chmod 600)")
            return ring_of(file.read())
    except OSError as error:
        raise KeysError(f"{path}: {error.strerror}") from None


def write(path: Path, ring: Ring, *, replace: bool = False) -> None:
    """Puts the ring into a file of mode 0600, whole or not at all. Raises FileExistsError unless `replace`."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(ring.as_json())
            file.flush()
            os.fsync(file.fileno())
        if replace:
            os.replace(part, path)
        else:
            os.link(part, path)  # fails where another process was first
    finally:
        part.unlink(missing_ok=True)


class Keys:
    """The application's ring, and the file it came from: a key that another process added is found there."""

    def __init__(self, ring: Ring, path: Path | None = None) -> None:
        self.ring, self.path = ring, path

    def key(self, id_: str) -> bytes:
        """Raises Unavailable('key_unknown')."""
        if id_ not in self.ring.keys:
            self.reread()
        if id_ not in self.ring.keys:
            raise Unavailable("key_unknown")
        return self.ring.keys[id_]

    def reread(self) -> None:
        if self.path is not None and self.path.exists():
            self.ring = read(self.path)


def keys_for(text: str = "", path: Path | None = None, *, make: bool = False) -> Keys:
    """The keys of an installation: those of `text`, else of the file, which a demo makes for itself. Raises KeysError."""
    if text:
        return Keys(ring_of(text))
    if path is None:
        raise KeysError("keys: BANGFU_KEYS_FILE names no file")
    if make and not path.exists():
        with suppress(FileExistsError):  # another process of the demo made it meanwhile
            write(path, new_ring())
    return Keys(read(path), path)


def keys() -> Keys:
    """The running application's."""
    found: Keys = current_app.extensions["keys"]
    return found


def sealed_columns(table: Any, *columns: str) -> None:
    """Declares a table's sealed columns, beside its model."""
    held: Table = table
    if unknown := set(columns) - set(held.columns.keys()):
        raise ValueError(f"{held.name} has no column {sorted(unknown)}")
    SEALED[held.name] = columns


def _place(table: str, column: str, row_id: UUID, head: bytes) -> bytes:
    return b"\0".join((b"bangfu", table.encode(), column.encode(), row_id.bytes, head))


def head_of(key_id: str) -> bytes:
    """How every value sealed with that key begins."""
    return bytes((_FORM, len(key_id))) + key_id.encode()


def seal(table: str, column: str, row_id: UUID, text: str) -> bytes:
    """The text sealed for that place with the active key."""
    ring = keys().ring
    head, nonce = head_of(ring.active), secrets.token_bytes(_NONCE)
    sealed = AESGCM(ring.keys[ring.active]).encrypt(nonce, text.encode(), _place(table, column, row_id, head))
    return head + nonce + sealed


def unseal(table: str, column: str, row_id: UUID, sealed: bytes) -> str:
    """The text. Raises Conflict('sealed_unreadable') for what was changed or moved, Unavailable('key_unknown')."""
    sealed = bytes(sealed)
    length = sealed[1] if len(sealed) > 1 and sealed[0] == _FORM else 0
    head, rest = sealed[: 2 + length], sealed[2 + length :]
    if not length or len(rest) < _NONCE + _TAG or not head[2:].isascii():
        raise Conflict("sealed_unreadable")
    key = keys().key(head[2:].decode("ascii"))
    try:
        return AESGCM(key).decrypt(rest[:_NONCE], rest[_NONCE:], _place(table, column, row_id, head)).decode()
    except (InvalidTag, UnicodeDecodeError):
        raise Conflict("sealed_unreadable") from None


def normalised(text: str) -> str:
    """As it is compared: half-width, without spaces and hyphens, capitals."""
    return "".join(char for char in unicodedata.normalize("NFKC", text) if char.isalnum()).upper()


def blind_index(kind: str, text: str) -> bytes:
    """32 bytes that are equal where the normalised texts of a kind ('id_number', 'account') are equal."""
    return hmac.new(keys().ring.index, b"\0".join((kind.encode(), normalised(text).encode())), sha256).digest()


def last4(text: str) -> str:
    """What forms show of an identity or account number."""
    return normalised(text)[-4:]


def masked(last: str) -> str:
    """A number of which only the last four are shown: ＊＊＊＊1234; nothing for none."""
    return f"＊＊＊＊{last}" if last else ""


def masked_phone(text: str) -> str:
    """13812345678 → 138＊＊＊＊5678; a shorter one shows its last two."""
    digits = normalised(text)
    return f"{digits[:3]}＊＊＊＊{digits[-4:]}" if len(digits) >= 11 else f"＊＊＊＊{digits[-2:]}"


def _main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m marketplace.core.crypto PATH")
    try:
        write(Path(sys.argv[1]), new_ring())
    except FileExistsError:
        raise SystemExit(f"{sys.argv[1]} exists; `flask keys rotate` adds a key") from None


if __name__ == "__main__":
    _main()
