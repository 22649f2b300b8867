"""Ed25519 signing keys: the private one is a file outside the database that its owner alone may read.

A key is named by the SHA-256 of its 32 public bytes, in hex.
"""

import os
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)


class SigningKeyError(Exception):
    """The key file is missing, there already, open to others, or no Ed25519 key. Its words never hold the key."""


def create(path: Path) -> Ed25519PrivateKey:
    """Makes a key and writes it, mode 0600. Raises SigningKeyError if something is there: a key is never overwritten."""
    key = Ed25519PrivateKey.generate()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise SigningKeyError(f"{path}: {error.strerror}") from None
    with os.fdopen(handle, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        os.fsync(file.fileno())
    return key


def load(path: Path) -> Ed25519PrivateKey:
    """Reads a key. Raises SigningKeyError."""
    try:
        if path.stat().st_mode & 0o077:
            raise SigningKeyError(f"{path}: others may read it; chmod 600 it")
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise SigningKeyError(f"{path}: {error.strerror}") from None
    except (ValueError, TypeError):
        raise SigningKeyError(f"{path}: not a PEM of a private key") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningKeyError(f"{path}: not an Ed25519 key")
    return key


def ready(path: Path, *, make: bool) -> Ed25519PrivateKey:
    """The key of a file, which a demo makes when it is missing. Raises SigningKeyError."""
    return create(path) if make and not path.exists() else load(path)


def public_of(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def id_of(public: bytes) -> str:
    return sha256(public).hexdigest()


def pem_of(public: bytes) -> str:
    key = Ed25519PublicKey.from_public_bytes(public)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def holds(public: bytes, signature: bytes, signed: bytes) -> bool:
    """Whether a signature is that key's over these bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True
