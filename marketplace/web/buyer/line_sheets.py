"""A bulk order's lines out of a spreadsheet: read, shown row by row, and taken when every row is good or when asked to."""

import base64
from typing import Any
from uuid import UUID

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...core import sheets
from ...core.errors import Conflict, Refused
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...edge.messages import sentence
from ...procurement import services as procurement
from . import blueprint, builder

LABELS = {"file": _l("表格文件")}
MOST = sheets.MB  # the page carries it to the second step


@blueprint.route("/requisitions/<uuid:requisition_id>/sheet", methods=["GET", "POST"])
@guard("requisition.edit")
def line_sheet(requisition_id: UUID) -> Response:
    """A file with bad rows is shown with each of them; its good ones are taken by the second button."""
    row = procurement.requisition(actor(), requisition_id)
    if row.state not in builder.FILLABLE:
        raise Conflict("wrong_state", what="requisition", state=row.state, verb="edit")
    form, answer, content = Form(None), None, b""
    if form.posted:
        with form.attempt():
            content = _content()
            answer = procurement.take_sheet(
                actor(), requisition_id, content, good_only=request.form.get("do") == "good"
            )
            if answer.taken:
                words = _("已从表格填入 %(count)s 行。", count=answer.taken)
                return done(words, "buyer.line_sheet", requisition_id=requisition_id)
    return _page(row, form, answer, content)


def _content() -> bytes:
    upload = request.files.get("file")
    if upload is not None and upload.filename:
        content = upload.stream.read(MOST + 1)
        if len(content) > MOST:
            raise Refused("sheet_too_large", field="file", limit_mb=MOST // sheets.MB)
        return content
    try:
        return base64.b64decode(request.form.get("content", ""), validate=True)
    except ValueError:
        raise Refused("sheet_empty", field="file") from None


def _page(row: Any, form: Form, answer: Any, content: bytes) -> Response:
    if answer is not None:
        form.status = 422
    checked = [] if form.posted else procurement.check(row)
    return form.page(
        "buyer/line_sheet.html",
        row=row,
        answer=answer,
        checked=sorted(checked, key=lambda item: (not item.problems, item.no)),
        bad=sum(bool(item.problems) for item in checked),
        content=base64.b64encode(content).decode() if answer else "",
        sentence=sentence,
        labels=LABELS,
    )


@blueprint.get("/requisitions/sheet.xlsx")
@guard("requisition.edit")
def line_sheet_form() -> Response:
    """An empty sheet with the heads and an example."""
    rows = [[_("编码"), _("数量"), _("单位"), _("理由")], ["YL-HT-0312", 200, "千克", ""]]
    return Response(
        sheets.to_xlsx(rows, widths=(20, 12, 10, 40)),
        mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers={"Content-Disposition": 'attachment; filename="lines.xlsx"'},
    )
