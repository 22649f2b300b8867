"""Bank statements: read, looked at, confirmed as a batch; what surprises is decided row by row."""

from typing import Any
from uuid import UUID

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import Schema

from ...core import jobs, sheets
from ...core.errors import Refused
from ...core.fields import Flag, Text
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...edge.messages import sentence
from ...identity import services as identity
from ...payments import services as payments
from ...payments.bank_models import ROW_STATES
from ...payments.rules import left_fen
from ...payments.schemas import AssignSchema, PutBySchema
from ...payments.statement_templates import name_of
from ...settlement import bank_confirming
from ...settlement import services as settlement
from ..tables import Table
from . import blueprint

LABELS = {
    "account": _l("收款账户"),
    "file": _l("流水文件"),
    "good_only": _l("只读入没有问题的行"),
    "bill_id": _l("结算单"),
    "reason": _l("理由"),
}
OUTCOMES = {
    "exact": _l("金额相符"),
    "partial": _l("部分付款"),
    "over": _l("多付"),
    "double": _l("重复付款"),
    "known": _l("已确认过"),
    "differs": _l("与登记的金额不同"),
    "several": _l("有几张结算单相符"),
    "unmatched": _l("没有对上"),
}


class StatementSchema(Schema):
    account = Text(40, required=True)
    good_only = Flag(load_default=False)


@blueprint.get("/bank-statements")
@guard("bank_row.import")
def bank_statements() -> Response:
    """The files read, and what waits for a person."""
    return _list(Form(StatementSchema()), None)


@blueprint.post("/bank-statements")
@guard("bank_row.import")
def bank_statement_read() -> Response:
    """Bad rows are told with their row; the good ones are kept only when asked."""
    form, answer = Form(StatementSchema()), None
    with form.attempt():
        data = form.data()
        upload = request.files.get("file")
        if upload is None or not upload.filename:
            raise Refused("sheet_empty", field="file")
        answer = payments.read_statement(actor(), upload.filename, upload.read(sheets.Limits().size + 1), **data)
        if answer.statement and not answer.errors:
            words_ = _("已读入 %(rows)s 笔，其中 %(same)s 笔以前读过。", rows=answer.rows, same=answer.same)
            return done(words_, "supplier.bank_statement", statement_id=answer.statement.id)
    response = _list(form, answer)
    if answer is not None and answer.statement is None:
        response.status_code = 422
    return response


def _list(form: Form, answer: Any) -> Response:
    table = Table(per_page=25)
    rows, table.total = payments.statements(actor(), page=table.page, size=table.per_page)
    waiting, count = payments.bank_rows(actor(), state="queued", size=20)
    return form.page(
        "supplier/bank_statements.html",
        rows=rows,
        table=table,
        counts=payments.row_counts(actor(), [row.id for row in rows]),
        waiting=waiting,
        waiting_count=count,
        outcomes=OUTCOMES,
        answer=answer,
        sentence=sentence,
        name_of=name_of,
        labels=LABELS,
    )


@blueprint.get("/bank-statements/<uuid:statement_id>")
@guard("bank_row.import")
def bank_statement(statement_id: UUID) -> Response:
    return _page(statement_id, Form())


def _page(statement_id: UUID, form: Form) -> Response:
    row = payments.statement(actor(), statement_id)
    table = Table(per_page=50)
    state = request.args.get("state", "")
    state = state if state in ROW_STATES else ""
    found, table.total = payments.bank_rows(
        actor(), statement_id=row.id, state=state or None, page=table.page, size=table.per_page
    )
    running = [
        job
        for job in jobs.latest(actor().organisation, bank_confirming.KIND, 5)
        if job.payload.get("statement_id") == str(row.id)
    ]
    return form.page(
        "supplier/bank_statement.html",
        row=row,
        rows=found,
        bills=_bills(found),
        table=table,
        state=state,
        states=ROW_STATES,
        counts=payments.row_counts(actor(), [row.id]).get(row.id, {}),
        job=running[0] if running else None,
        outcomes=OUTCOMES,
        name_of=name_of,
        labels=LABELS,
    )


def _bills(rows: Any) -> dict[UUID, Any]:
    return payments.bills_by_ids({row.bill_id for row in rows if row.bill_id})


@blueprint.post("/bank-statements/<uuid:statement_id>/confirm")
@guard("bank_row.confirm")
def bank_statement_confirm(statement_id: UUID) -> Response:
    form = Form()
    with form.attempt():
        settlement.start_confirming(actor(), statement_id)
        return done(_("正在逐笔确认，可以离开本页。"), "supplier.bank_statement", statement_id=statement_id)
    return _page(statement_id, form)


@blueprint.get("/bank-rows/<uuid:row_id>")
@guard("bank_row.import")
def bank_row(row_id: UUID) -> Response:
    """One row: the bill it may pay, and what a person does with it."""
    return _row(row_id, Form())


def _row(row_id: UUID, form: Form) -> Response:
    row = payments.bank_row(actor(), row_id)
    open_ = payments.candidates(actor(), row) if row.state in ("queued", "proposed") else []
    names = identity.named({bill.agency_id for bill in open_})
    return form.page(
        "supplier/bank_row.html",
        row=row,
        bill=_bills([row]).get(row.bill_id) if row.bill_id else None,
        choices=[(str(bill.id), bill, names[bill.agency_id].name, left_fen(bill)) for bill in open_],
        outcomes=OUTCOMES,
        labels=LABELS,
    )


@blueprint.post("/bank-rows/<uuid:row_id>/assign")
@guard("bank_row.confirm")
def bank_row_assign(row_id: UUID) -> Response:
    """A person says which bill it pays, and that it came."""
    form = Form(AssignSchema())
    with form.attempt():
        payments.assign(actor(), row_id, **form.data())
        settlement.confirm_row(actor(), row_id)
        return done(_("已确认到账。"), "supplier.bank_row", row_id=row_id)
    return _row(row_id, form)


@blueprint.post("/bank-rows/<uuid:row_id>/put-by")
@guard("bank_row.confirm")
def bank_row_put_by(row_id: UUID) -> Response:
    form = Form(PutBySchema())
    with form.attempt():
        row = payments.put_by(actor(), row_id, **form.data())
        return done(_("已登记。"), "supplier.bank_row", row_id=row.id)
    return _row(row_id, form)
