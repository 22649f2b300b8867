"""What households say is wrong: the supplier answers, and puts right what was upheld."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...attribution import services as attribution
from ...attribution.household_schemas import AnswerSchema, CorrectSchema
from ...core import files
from ...core.db import by_id
from ...core.errors import NotFound, Refused
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...reporting import corrections
from .. import kit, mechanisms
from ..tables import Table
from . import blueprint, people
from .files import uploaded

STATES = [
    ("", _l("全部")),
    ("open", _l("办理中")),
    ("due", _l("逾期或待更正")),
    ("raised", _l("待答复")),
    ("upheld", _l("成立")),
    ("rejected", _l("不成立")),
]
LABELS = {
    "words": _l("答复"),
    "file": _l("附件"),
    "kind": _l("怎么更正的"),
    "source_id": _l("哪一笔"),
    "note": _l("说明"),
}


@blueprint.get("/disputes", endpoint="disputes")
@guard("dispute.read")
def disputes_() -> str:
    table = Table(per_page=50)
    state = request.args.get("state", "")
    state = state if state in dict(STATES) else ""
    rows, table.total = attribution.disputes(actor(), state=state, page=table.page, size=table.per_page)
    known = people.of({row.household_id for row in rows})
    return render_template(
        "supplier/disputes.html",
        rows=rows,
        table=table,
        state=state,
        states=STATES,
        parties=identity.named({row.supplier_id for row in rows}),
        people={id_: (one.name, one.place) for id_, one in known.items()},
        url=lambda id_: url_for("supplier.dispute", dispute_id=id_),
        words=mechanisms,
    )


@blueprint.get("/disputes/<uuid:dispute_id>")
@guard("dispute.read")
def dispute(dispute_id: UUID) -> Response:
    return _page(dispute_id, Form(None, {}))


def _page(dispute_id: UUID, form: Form) -> Response:
    row = attribution.dispute(actor(), dispute_id)
    return form.page(
        "supplier/dispute.html",
        dispute=row,
        one=people.of([row.household_id])[row.household_id],
        parties=identity.named({row.supplier_id}),
        words=mechanisms,
        file_url=lambda id_: url_for("supplier.dispute_file", dispute_id=dispute_id, file_id=id_),
        sources=_sources(row) if row.state == "upheld" and row.corrected_at is None else [],
        labels=LABELS,
    )


@blueprint.post("/disputes/<uuid:dispute_id>/answer")
@guard("dispute.answer")
def dispute_answer(dispute_id: UUID) -> Response:
    form = Form(AnswerSchema())
    with form.attempt():
        attribution.answer(actor(), dispute_id, form.data()["words"], uploaded())
        return done(_("已答复。"), "supplier.dispute", dispute_id=dispute_id)
    return _page(dispute_id, form)


@blueprint.post("/disputes/<uuid:dispute_id>/correct")
@guard("dispute.answer")
def dispute_correct(dispute_id: UUID) -> Response:
    """Names the row that put it right."""
    form = Form(CorrectSchema())
    with form.attempt():
        data = form.data()
        row = attribution.dispute(actor(), dispute_id)
        if data["source_id"] and str(data["source_id"]) not in dict(_sources(row)):
            raise Refused("not_a_choice", field="source_id")
        attribution.correct(actor(), dispute_id, **data)
        return done(_("已登记更正。"), "supplier.dispute", dispute_id=dispute_id)
    return _page(dispute_id, form)


def _sources(row: Any) -> list[tuple[str, str]]:
    """(id, words) of what can have put it right."""
    words = {"reversal": _("冲回")}
    return [
        (
            str(one.id),
            " ".join((words.get(one.kind) or mechanisms.mechanism(one.kind), kit.day(one.day), kit.money(one.fen))),
        )
        for one in corrections.sources(actor(), row)
    ]


@blueprint.get("/disputes/<uuid:dispute_id>/files/<uuid:file_id>")
@guard("dispute.read")
def dispute_file(dispute_id: UUID, file_id: UUID) -> Response:
    row = attribution.dispute(actor(), dispute_id)
    if file_id not in (row.file_id, row.answer_file_id):
        raise NotFound("file")
    kept = by_id(files.FileRow, file_id, what="file")
    response = send_file(files.open_kept(kept), mimetype=kept.media_type, download_name=kept.name)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Security-Policy"] = "sandbox"
    return response
