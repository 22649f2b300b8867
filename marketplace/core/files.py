"""Evidence and papers: files in a folder under their content's hash, a row each. Type, size and owner are checked.

Four calls (`keep`, `kept`, `open_kept`, `FileRow`) so that a bucket can stand where the folder does.
"""

import hashlib
import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import IO
from uuid import UUID

from flask import current_app
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from . import clock
from .actor import Actor
from .db import Base, by_id, db, new_id
from .errors import Refused

MAX_BYTES = 8 * 1024 * 1024
# What a paper may be, by its first bytes: a scan, a photograph or a PDF.
SIGNATURES = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


class FileRow(Base):
    __tablename__ = "file"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(60))
    size: Mapped[int]
    organisation_id: Mapped[UUID | None] = mapped_column(index=True)
    added_at: Mapped[datetime]


def keep(actor: Actor, name: str, content: bytes, field: str = "file", *, most: int = MAX_BYTES) -> FileRow:
    """Stores a file and adds its row; `most` bytes, where we made it. Raises Refused: file_empty, file_too_large, file_type."""
    if not content:
        raise Refused("file_empty", field=field)
    if len(content) > most:
        raise Refused("file_too_large", field=field, limit_mb=most // 1024 // 1024)
    media_type = next((kind for start, kind in SIGNATURES.items() if content.startswith(start)), None)
    if media_type is None:
        raise Refused("file_type", field=field)
    digest = hashlib.sha256(content).hexdigest()
    path = _path(digest)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as part:
            part.write(content)
            part.flush()
            os.fsync(part.fileno())
        os.replace(part.name, path)
    row = FileRow(
        id=new_id(),
        sha256=digest,
        name=plain_name(name),
        media_type=media_type,
        size=len(content),
        organisation_id=actor.organisation,
        added_at=clock.now(),
    )
    db.session.add(row)
    return row


def plain_name(name: str) -> str:
    """A file's name as headers, lists and columns take it: without folders, and without what is not printed."""
    last = Path(name.replace("\\", "/")).name
    return "".join(char for char in last if char.isprintable())[:200] or "file"


def kept(actor: Actor, file_id: UUID) -> FileRow:
    """A file of the actor's own organisation. Raises NotFound."""
    return by_id(FileRow, file_id, FileRow.organisation_id == actor.organisation, "file")


def open_kept(row: FileRow) -> IO[bytes]:
    return _path(row.sha256).open("rb")


def folder(name: str) -> Path:
    """A folder beside the files for what can be made anew, the search index. It need not exist yet."""
    return Path(current_app.config["FILES"]).parent / name


def _path(digest: str) -> Path:
    return Path(current_app.config["FILES"]) / digest[:2] / digest
