"""The order confirmation on every side's order page: the PDF to stamp, the stamped scans, and sending one back.

Offices see which scans there are; opening one is recorded in the order's story.
"""

import io
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, send_file
from flask_babel import gettext as _
from markupsafe import Markup

from ..core import files
from ..core.errors import Refused
from ..edge.current import actor
from ..edge.forms import Form, done
from ..edge.guard import guard
from ..identity import services as identity
from ..procurement import services as procurement


def hang(blueprint: Blueprint) -> None:
    """The same routes for the supplier's and the agency's pages, those to read for offices, and `order_paper(order)`
    for their templates."""

    @blueprint.get("/orders/<uuid:order_id>/confirmation.pdf")
    @guard("order.read")
    def confirmation(order_id: UUID) -> Response:
        name, content = procurement.confirmation(actor(), order_id)
        return send_file(io.BytesIO(content), "application/pdf", download_name=f"{name}.pdf")

    office = blueprint.name == "office"

    @blueprint.route("/orders/<uuid:order_id>/confirmation/<uuid:scan_id>", methods=["POST" if office else "GET"])
    @guard("order.read")
    def confirmation_scan(order_id: UUID, scan_id: UUID) -> Response:
        opened = procurement.open_scan if office else procurement.confirmation_scan
        row = opened(actor(), order_id, scan_id)
        response = send_file(files.open_kept(row), mimetype=row.media_type, download_name=row.name)
        response.headers["Cache-Control"] = "private, no-store"
        response.headers["Content-Security-Policy"] = "sandbox"
        return response

    if not office:
        _hang_adding(blueprint)

    @blueprint.app_template_global(f"{blueprint.name}_order_paper")
    def order_paper(order_id: UUID, lines: list[Any]) -> Markup:
        scans = procurement.scans_of(actor(), order_id)
        plan = procurement.deliveries_of([order_id]).get(order_id, [])
        words = render_template(
            "_order_paper.html",
            order_id=order_id,
            side=blueprint.name,
            plan=plan if len(plan) > 1 else [],
            line_of={line.id: line for line in lines},
            scans=scans,
            names=identity.user_names({scan.added_by for scan in scans if scan.added_by}),
        )
        return Markup(words)


def _hang_adding(blueprint: Blueprint) -> None:
    @blueprint.route("/orders/<uuid:order_id>/confirmation", methods=["GET", "POST"])
    @guard("confirmation.add")
    def add_confirmation(order_id: UUID) -> Response:
        row = procurement.order(actor(), order_id)
        form = Form()
        if form.posted:
            with form.attempt():
                upload = request.files.get("file")
                if upload is None or not upload.filename:
                    raise Refused("file_empty", field="file")
                kept = files.keep(actor(), upload.filename, upload.read(files.MAX_BYTES + 1))
                procurement.add_confirmation_scan(actor(), order_id, kept.id)
                return done(_("已传回盖章的确认书。"), f"{blueprint.name}.order", order_id=order_id)
        return form.page("confirmation.html", order=row, side=blueprint.name, labels={"file": _("扫描件")})
