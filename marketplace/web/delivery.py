"""What both sides' delivery pages share: an acceptance with its evidence, crates on deposit, pictures, PDFs."""

import io
from typing import Any
from uuid import UUID

from flask import Response, render_template, send_file
from flask_babel import lazy_gettext as _l

from ..core import files
from ..core.actor import Actor
from ..core.errors import NotFound
from ..edge.current import actor
from ..edge.messages import PAPERS
from ..identity import services as identity
from ..linkage import services as linkage
from ..procurement import services as procurement
from ..procurement.delivery_schemas import shown_celsius

REASONS = {
    "bruised": _l("压伤"),
    "rotten": _l("腐烂"),
    "off_spec": _l("规格不符"),
    "temperature": _l("超温"),
    "papers": _l("单据不齐"),
    "quick_test": _l("快检不合格"),
    "short": _l("短少"),
    "late": _l("迟到"),
}
CRATES = {"basket": _l("周转筐"), "crate": _l("周转箱"), "foam_box": _l("泡沫箱"), "pallet": _l("托盘")}
SENSORY = {"": "—", "good": _l("正常"), "off": _l("异常")}
TESTS = {"": "—", "pass": _l("合格"), "fail": _l("不合格")}


def celsius(tenths: int | None) -> str:
    return "—" if tenths is None else shown_celsius(tenths).replace("-", "−") + " ℃"


def line_id(text: str) -> UUID | None:
    """The line that a picture is of, None: of the whole delivery. Raises NotFound for rubbish."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise NotFound("shipment_line") from None


def picture(photo_id: UUID) -> Response:
    row = procurement.delivery_photo(actor(), photo_id)
    response = send_file(files.open_kept(row), mimetype=row.media_type, download_name="photo")
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.headers["Content-Security-Policy"] = "sandbox"
    return response


def pdf(name: str, content: bytes) -> Response:
    return send_file(io.BytesIO(content), "application/pdf", download_name=f"{name}.pdf")


def acceptance_facts(who: Actor, acceptance_id: UUID) -> dict[str, Any]:
    """An acceptance as a page shows it. Raises NotFound."""
    row, order = procurement.acceptance(who, acceptance_id)
    shipment, _order = procurement.shipment(who, row.shipment_id)
    ids = [line.id for line in row.lines]
    signed = {row.accepted_by, row.second_by} - {None}
    return {
        "row": row,
        "order": order,
        "shipment": shipment,
        "lines": {line.id: line for line in procurement.lines_of([order.id])[order.id]},
        "lots": linkage.by_ids(line.lot_id for line in row.lines),
        "scales": procurement.weighings_of(ids),
        "seen": procurement.seen_papers(ids),
        "photos": procurement.delivery_photos(shipment.id),
        "crates": procurement.crates_of([shipment.id]).get(shipment.id, []),
        "crate_words": CRATES,
        "sensory": SENSORY,
        "tests": TESTS,
        "paper_words": PAPERS,
        "celsius": celsius,
        "names": identity.user_names(signed),  # type: ignore[arg-type]
        "sides": identity.named({order.agency_id, order.supplier_id}),
    }


def crates_page(side: str, other: UUID | None, **more: Any) -> str:
    """Balances and movements with the other side, or with all of them. Raises NotFound where there was never a crate."""
    of = (lambda row: row.supplier_id) if side == "buyer" else (lambda row: row.agency_id)
    held = [row for row in procurement.crate_balances(actor()) if other in (None, of(row))]
    moved = [row for row in procurement.crate_movements(actor()) if other in (None, of(row))]
    if other is not None and not held and not moved:
        raise NotFound("organisation")
    return render_template(
        f"{side}/crates.html",
        held=[row for row in held if row.count],
        moved=moved,
        names=identity.named({of(row) for row in [*held, *moved]}),
        of=of,
        crate_words=CRATES,
        **more,
    )
