"""A household's members, who is paid for it, and what became of it: the same pages for offices and suppliers.

`hang(blueprint)` puts the views on an audience's blueprint; within them `.endpoint` is that audience's. An office sees its
division, a supplier the households linked to it. Numbers are shown by their last four; in full on a page of its own
(`numbers`), which asks for the password again and a reason.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, send_file

from ...core import files
from ...core.db import by_id
from ...core.errors import NotFound
from ...edge.current import actor
from ...edge.reached import linked, one_of  # noqa: F401
from ...households import services as households
from ...households.rules import masked
from .. import navigation
from . import words


def shown(name: str) -> str:
    """Names go to those who work with the household; others (an auditor) read them masked."""
    return name if actor().kind in ("supplier", "office") else masked(name)


def uploaded(name: str = "file") -> UUID | None:
    """Keeps the form's file, if one was chosen. Raises Refused: file_empty, file_too_large, file_type."""
    upload = request.files.get(name)
    if upload is None or not upload.filename:
        return None
    return files.keep(actor(), upload.filename, upload.read(files.MAX_BYTES + 1), field=name).id


def paper(file_id: UUID | None) -> Response:
    """What hangs on a row that the caller has seen within reach. Raises NotFound."""
    if file_id is None:
        raise NotFound("file")
    row = by_id(files.FileRow, file_id, what="file")
    response = send_file(files.open_kept(row), mimetype=row.media_type, download_name=row.name)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Security-Policy"] = "sandbox"
    return response


def around(household: Any) -> dict[str, Any]:
    """What every page of a household shows: same names occur, so the group, the number and the head's last four."""
    head = next(
        (row for row in households.members_of(household.id) if row.relation == "head" and not row.left_on), None
    )
    supplier = actor().kind == "supplier"
    return {
        "household": household,
        "head_last4": head.id_last4 if head else "",
        "words": words,
        "shown": shown,
        "nav": "supplier.agreements" if supplier else "office.households",
        "statement": "supplier.household" if supplier else "office.statement",
    }


def names(ids: Sequence[UUID | None]) -> dict[UUID, Any]:
    """Households by id, for names beside rows."""
    return households.by_ids([id_ for id_ in ids if id_])


def hang(blueprint: Blueprint) -> None:
    """Puts the shared views on an audience's blueprint."""
    from . import changes, family, numbers, payees

    for module in (family, payees, numbers):
        for rule, view, methods in module.ROUTES:
            blueprint.add_url_rule(rule, view.__name__, navigation.on_own_side(view), methods=methods)
    if blueprint.name == "office":
        for rule, view, methods in changes.ROUTES:
            blueprint.add_url_rule(rule, view.__name__, view, methods=methods)
