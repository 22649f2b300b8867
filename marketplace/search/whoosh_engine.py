"""The index as a folder of Whoosh: one writer (the worker), readers that refresh. Only its terms and rows are used.

A segment never changes, so what was read of it is kept; of a newer generation only new segments are read.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from whoosh import fields, formats, index
from whoosh.writing import CLEAR

from ..core.errors import Unavailable
from .documents import Document
from .snapshot import Row, Snapshot, bits_of, row_of
from .tokens import NAME, terms_of

TERMS = 4000  # remembered postings


def schema() -> fields.Schema:
    terms = fields.KEYWORD(scorable=False)
    terms.format = formats.Existence()  # neither frequency nor place is asked for
    return fields.Schema(id=fields.ID(unique=True), terms=terms, row=fields.STORED())


class WhooshEngine:
    """Raises Unavailable where the folder is gone or broken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not index.exists_in(str(folder)):
            folder.mkdir(parents=True, exist_ok=True)
            index.create_in(str(folder), schema())
        self._index = self._open()
        self._empty()

    def _empty(self) -> None:
        self.snapshot = Snapshot()
        self._generation = -1
        self._reader: Any = None
        self._bases: dict[str, tuple[int, int]] = {}  # segment → its first place and how many
        self._leaves: dict[str, Any] = {}
        self._terms: dict[tuple[str, str], int] = {}

    def _open(self) -> Any:
        try:
            return index.open_dir(str(self.folder))
        except (index.IndexError, OSError) as error:
            raise Unavailable("search_unavailable") from error

    def _latest(self) -> int:
        """The newest generation, from the names of the files alone."""
        try:
            return int(self._index.latest_generation())
        except OSError as error:
            raise Unavailable("search_unavailable") from error

    def _write(self, documents: Iterable[Document], removed: Iterable[UUID] = (), *, anew: bool = False) -> int:
        try:
            writer = self._open().writer(limitmb=64, timeout=10.0)
        except index.LockError as error:
            raise Unavailable("search_unavailable") from error
        count = 0
        try:
            for offer_id in removed:
                writer.delete_by_term("id", str(offer_id))
            add = writer.add_document if anew else writer.update_document
            for document in documents:
                add(id=str(document.offer_id), terms=terms_of(document), row=tuple(row_of(document)))
                count += 1
        except BaseException:
            writer.cancel()
            raise
        writer.commit(**({"mergetype": CLEAR} if anew else {}))
        return count

    def replace(self, documents: Iterable[Document]) -> int:
        """Adds or renews documents; returns how many. Seen by readers at once: it is no part of a transaction."""
        return self._write({document.offer_id: document for document in documents}.values())

    def remove(self, offer_ids: Sequence[UUID]) -> None:
        self._write((), offer_ids)

    def rebuild(self, documents: Iterable[Document]) -> int:
        """Makes the index anew; readers see the old one until it is done. A folder that is gone is made again."""
        if not index.exists_in(str(self.folder)):
            self.folder.mkdir(parents=True, exist_ok=True)
            index.create_in(str(self.folder), schema())
        return self._write(documents, anew=True)

    def count(self) -> int:
        return int(self._open().doc_count())

    def refresh(self) -> None:
        """Reads new segments and deletions, if the index has a newer generation than the one held."""
        latest = self._latest()
        if latest == self._generation:
            return
        reader = self._open().reader()
        segments = [(leaf.segment(), leaf) for leaf, _ in reader.leaf_readers()]
        leaves = {segment.segment_id(): leaf for segment, leaf in segments if segment}  # an empty index has none
        if self.snapshot.wasteful():
            self._empty()
        for segment, (base, size) in list(self._bases.items()):
            if segment not in leaves:
                self.snapshot.kill(((1 << size) - 1) << base)
                del self._bases[segment]
                self._terms = {key: bits for key, bits in self._terms.items() if key[0] != segment}
        for segment, leaf in leaves.items():
            self._take(segment, leaf)
        if self._reader is not None:
            self._reader.close()
        self._reader, self._leaves, self._generation = reader, leaves, latest

    def _take(self, segment: str, leaf: Any) -> None:
        size, deleted = leaf.doc_count_all(), set(leaf.segment().deleted_docs())
        if segment not in self._bases:
            self._bases[segment] = (self.snapshot.size, size)
            stored = (leaf.stored_fields(n)["row"] if n not in deleted else None for n in range(size))
            self.snapshot.append([Row(*row) if row else None for row in stored])
        elif deleted:
            self.snapshot.kill(bits_of(deleted, size) << self._bases[segment][0])

    def postings(self, term: str) -> tuple[int, int]:
        """The documents with a term in the name, and anywhere."""
        return self._bits(NAME + term), self._bits(term)

    def _bits(self, term: str) -> int:
        bits = 0
        for segment, leaf in self._leaves.items():
            key = (segment, term)
            if key not in self._terms:
                if len(self._terms) > TERMS:
                    self._terms.clear()
                self._terms[key] = self._of_segment(leaf, term)
            bits |= self._terms[key] << self._bases[segment][0]
        return bits

    @staticmethod
    def _of_segment(leaf: Any, term: str) -> int:
        if ("terms", term) not in leaf:
            return 0
        return bits_of(leaf.postings("terms", term).all_ids(), leaf.doc_count_all())
