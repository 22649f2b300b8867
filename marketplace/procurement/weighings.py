"""The scale at the door: an entry per crate, gross less tare; a line's net weight is their sum."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from ..core.db import db
from ..core.errors import Refused
from .delivery_models import Weighing

MOST = 200  # crates of one line


@dataclass(frozen=True)
class Scale:
    """One crate, thousandths of the base unit."""

    gross: int
    tare: int = 0


def net_of(entries: Sequence[Scale], typed: int | None, row: int) -> int | None:
    """The sum of a line's entries, or the net that was typed where there are none.

    Raises Refused: crate_tare_above_gross, net_differs (both given, and not the same), too_many_crates.
    """
    if not entries:
        return typed
    if len(entries) > MOST:
        raise Refused("too_many_crates", field="scale", row=row, most=MOST)
    for no, entry in enumerate(entries, 1):
        if entry.tare < 0 or entry.gross <= entry.tare:
            raise Refused("crate_tare_above_gross", field="scale", row=row, no=no)
    net = sum(entry.gross - entry.tare for entry in entries)
    if typed is not None and typed != net:
        raise Refused("net_differs", field="net", row=row, sum_qty=net)
    return net


def rows_of(line_id: UUID, entries: Iterable[Scale]) -> list[dict]:
    return [
        {"acceptance_line_id": line_id, "no": no, "gross": each.gross, "tare": each.tare, "net": each.gross - each.tare}
        for no, each in enumerate(entries, 1)
    ]


def entries_of(line_ids: Iterable[UUID]) -> dict[UUID, list[Weighing]]:
    """Scale entries by acceptance line, in the order of weighing; the caller has checked scope."""
    found: dict[UUID, list[Weighing]] = {}
    query = select(Weighing).where(Weighing.acceptance_line_id.in_(set(line_ids)))
    for row in db.session.scalars(query.order_by(Weighing.acceptance_line_id, Weighing.no)):
        found.setdefault(row.acceptance_line_id, []).append(row)
    return found
