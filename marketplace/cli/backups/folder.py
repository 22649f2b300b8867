"""The backup's folder: written under another name and renamed when it is whole, checked before anything is restored."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
FORMAT = 1
_PART = 1 << 20


class BackupError(Exception):
    """Why there is no backup, or why this one is not restored."""


@contextmanager
def new(target: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `target` at the end; killed before that, it stays `<target>.part-<pid>`.

    Raises BackupError if something is at `target`.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BackupError(f"{target} is there already; a backup never goes over another")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part-{os.getpid()}")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        yield part
        if not (part / MANIFEST).exists():
            raise BackupError("a backup ends with its manifest")
        if target.exists():
            target.rmdir()
        os.rename(part, target)
        _sync(target.parent)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def write_manifest(part: Path, about: dict[str, Any]) -> None:
    """Hashes everything in the folder and writes the manifest, each on the disk before the next."""
    parts = {}
    for path in sorted(path for path in part.rglob("*") if path.is_file()):
        parts[path.relative_to(part).as_posix()] = {"bytes": path.stat().st_size, "sha256": digest(path, sync=True)}
    text = json.dumps({"format": FORMAT, **about, "parts": parts}, indent=1, ensure_ascii=False)
    with (part / MANIFEST).open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    _sync(part)


def digest(path: Path, *, sync: bool = False) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_PART):
            found.update(block)
        if sync:
            os.fsync(file.fileno())
    return found.hexdigest()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read(source: Path) -> dict[str, Any]:
    """The manifest of a backup whose every part is there and is what it was. Raises BackupError."""
    try:
        about: dict[str, Any] = json.loads((source / MANIFEST).read_text(encoding="utf-8"))
        parts: dict[str, dict[str, Any]] = about["parts"]
        known = about["format"] == FORMAT
    except FileNotFoundError:
        raise BackupError(f"{source} has no {MANIFEST}: it is no backup, or one that was not finished") from None
    except (ValueError, KeyError, TypeError):
        raise BackupError(f"{source / MANIFEST} cannot be read") from None
    if not known:
        raise BackupError(f"{source} is of another format")
    held = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()} - {MANIFEST}
    for name in sorted(held ^ parts.keys()):
        raise BackupError(f"{name} is {'missing from the backup' if name in parts else 'not named by the manifest'}")
    for name, part in sorted(parts.items()):
        if digest(source / name) != part["sha256"]:
            raise BackupError(f"{name} is not what was backed up")
    return about


def copy_files(source: Path, target: Path) -> tuple[int, int]:
    """Copies evidence by its hash, what is there already left alone; returns how many and their bytes.

    Raises BackupError for a file that is not what its name says.
    """
    count = size = 0
    for path in sorted(path for path in source.glob("*/*") if path.is_file() and len(path.name) == 64):
        goal = target / path.parent.name / path.name
        if not goal.exists():
            goal.parent.mkdir(parents=True, exist_ok=True)
            fresh = goal.with_name(goal.name + ".new")
            shutil.copyfile(path, fresh)
            if digest(fresh, sync=True) != path.name:
                fresh.unlink()
                raise BackupError(f"the evidence {path} is not what it was")
            os.replace(fresh, goal)
        count, size = count + 1, size + goal.stat().st_size
    return count, size
