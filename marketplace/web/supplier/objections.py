"""Objections to the supplier's public notices: read and answered; the township decides."""

from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...notices import services as notices
from ...notices.schemas import ObjectionAnswerSchema, shown_lines
from ..tables import Table
from . import blueprint
from .distributions import village_names

LABELS = {"words": _l("答复")}
STATES = ("open", "answered", "upheld", "dismissed", "settled")


@blueprint.get("/objections")
@guard("objection.read")
def objections() -> str:
    table, state = Table(per_page=50), request.args.get("state", "")
    state = state if state in STATES else ""
    rows, table.total = notices.register(actor(), state=state or None, page=table.page, size=table.per_page)
    return render_template(
        "supplier/objections.html",
        rows=rows,
        table=table,
        state=state,
        waiting=notices.waiting(actor()),
        places=village_names({notice.division for _, notice in rows}),
    )


@blueprint.route("/objections/<uuid:objection_id>", methods=["GET"])
@guard("objection.read")
def objection(objection_id: UUID) -> Response:
    return _page(objection_id, Form(ObjectionAnswerSchema()))


@blueprint.post("/objections/<uuid:objection_id>/answer")
@guard("objection.answer")
def objection_answer(objection_id: UUID) -> Response:
    form = Form(ObjectionAnswerSchema())
    with form.attempt():
        row = notices.answer(actor(), objection_id, **form.data())
        words = _("异议 %(number)s 已答复，等乡镇部门裁定。", number=row.number)
        return done(words, "supplier.objection", objection_id=objection_id)
    return _page(objection_id, form)


def _page(objection_id: UUID, form: Form) -> Response:
    row, notice = notices.objection(actor(), objection_id)
    return form.page(
        "supplier/objection.html",
        row=row,
        notice=notice,
        line=next((line for line in shown_lines(notice) if line["no"] == row.line_no), None),
        place=village_names([notice.division])[notice.division],
        labels=LABELS,
    )
