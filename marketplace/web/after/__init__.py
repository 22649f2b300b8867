"""After delivery: returns, disputes, recalls and reviews, the same pages for buyers, suppliers and offices.

`hang(blueprint)` puts the views on an audience's blueprint; within them `.endpoint` is that audience's. Who may do what
is the service's to say; a page offers a form only where the actor may.
"""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, send_file

from ...core import clock, files
from ...core.db import by_id
from ...core.errors import Refused
from ...edge.current import actor
from ...identity import services as identity
from ...procurement import services as procurement
from .. import navigation
from . import words

EVERYBODY = ("buyer", "supplier", "office")


def nav() -> str:
    """The menu entry that all these pages belong to."""
    return f"{request.blueprint}.orders"


def around(*parties: UUID) -> dict[str, Any]:
    """What every page of these shows."""
    return {
        "nav": nav(),
        "after": words,
        "parties": identity.named(set(parties)),
        "today": clock.today(),
        "tabs": tabs(),
    }


def tabs() -> list[tuple[str, Any]]:
    """(endpoint, label) of the lists that the actor may open."""
    return [
        (endpoint, label)
        for endpoint, label, permission in (
            (".orders", words.ORDERS, "order.read"),
            (".returns", words.RETURNS, "order.read"),
            (".order_disputes", words.DISPUTES, "order_dispute.read"),
            (".recalls", words.RECALLS, "recall.read"),
            (".reviews", words.REVIEWS, "order.read"),
            (".acceptance_terms", words.ACCEPTANCE_TERMS, "order.read"),
        )
        if actor().may(permission)
    ]


def uploaded(name: str, most: int) -> list[UUID]:
    """Keeps the form's files. Raises Refused: file_empty, file_too_large, file_type, too_many_files."""
    chosen = [upload for upload in request.files.getlist(name) if upload.filename]
    if len(chosen) > most:
        raise Refused("too_many_files", field=name, limit=most)
    return [
        files.keep(actor(), upload.filename or "", upload.read(files.MAX_BYTES + 1), field=name).id for upload in chosen
    ]


def content(file_id: UUID) -> Response:
    """A file's content for a reader whose right to it was checked."""
    row = by_id(files.FileRow, file_id, what="file")
    response = send_file(files.open_kept(row), mimetype=row.media_type, download_name=row.name)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Security-Policy"] = "sandbox"
    return response


def of_order(order_id: UUID) -> dict[str, Any]:
    """What an order's page shows of what came after its acceptance; the caller has checked scope."""
    who = actor()
    acceptances = procurement.acceptances_of([order_id]).get(order_id, [])
    requests = procurement.return_requests(who, order_id=order_id, size=100)[0]
    lots = {line.lot_id for one in acceptances for line in one.lines}
    disputes = procurement.disputes(who, order_id=order_id, size=100)[0] if who.may("order_dispute.read") else []
    reviewed = {row.order_line_id: row for row in procurement.reviews(who, order_id=order_id, size=100)[0]}
    recalls = procurement.recalls(who)[0] if lots and who.may("recall.read") else []
    return {
        "lines": [line for one in acceptances for line in one.lines if line.accepted],
        "requests": requests,
        "asked": {row.acceptance_line_id for row in requests if row.state not in ("done", "refused", "withdrawn")},
        "disputes": disputes,
        "reviewed": reviewed,
        "recalls": [row for row in recalls if row.lot_id in lots and row.state == "open"],
        "words": words,
    }


def hang(blueprint: Blueprint) -> None:
    """Puts the views that an audience has on its blueprint."""
    from . import acceptance_terms, disputes, recalls, returns, reviews

    for module in (returns, disputes, recalls, reviews, acceptance_terms):
        for rule, view, methods, audiences in module.ROUTES:
            if blueprint.name in audiences:
                blueprint.add_url_rule(rule, view.__name__, navigation.on_own_side(view), methods=methods)
    blueprint.context_processor(lambda: {"after_order": of_order, "after_tabs": tabs})
