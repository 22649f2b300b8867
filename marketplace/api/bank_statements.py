"""The supplier's bank statements: read, shown row by row, decided and confirmed."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from flask_smorest.fields import Upload
from marshmallow import Schema, fields, validate

from ..core import sheets
from ..core.fields import Flag, Shown, Text, Whole
from ..edge.current import actor
from ..edge.guard import guard
from ..payments import services as payments
from ..payments.bank_models import ROW_STATES
from ..payments.schemas import AssignSchema, BankRowSchema, BankStatementSchema, PutBySchema
from ..settlement import services as settlement
from .blueprint import Blueprint
from .paging import PageSchema, list_of, page_of
from .payouts import row_of

blueprint = Blueprint("bank_statements", _("银行流水"))


class StatementFileSchema(Schema):
    file = Upload(required=True)


class StatementQuerySchema(Schema):
    account = Text(40, 1, required=True, metadata={"description": "The receiving account as the supplier calls it"})
    good_only = Flag(load_default=False)


class RowsQuery(PageSchema):
    state = fields.String(load_default=None, validate=validate.OneOf(ROW_STATES))


class RowErrorSchema(Shown):
    row = Whole(allow_none=True)
    field = fields.String(allow_none=True)
    code = fields.String()


class StatementReadSchema(Shown):
    rows = Whole(metadata={"description": "Incoming payments of the file"})
    same = Whole(metadata={"description": "Of them, told before"})
    outcomes = fields.Dict(fields.String(), Whole())
    errors = fields.List(fields.Nested(RowErrorSchema))
    statement = fields.Nested(BankStatementSchema, allow_none=True, metadata={"description": "null: nothing was kept"})


class StartedSchema(Shown):
    job_id = fields.UUID()
    state = fields.String()


@blueprint.get("/bank-statements", summary=_("银行流水列表"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(BankStatementSchema))
@guard("bank_row.import")
def listed(query: dict[str, Any]) -> Any:
    rows, total = payments.statements(actor(), **query)
    return page_of(rows, total, query)


@blueprint.post("/bank-statements", summary=_("读入银行流水"))
@blueprint.arguments(StatementFileSchema, location="files")
@blueprint.asks(StatementQuerySchema)
@blueprint.gives(StatementReadSchema)
@guard("bank_row.import")
def read(uploads: dict[str, Any], query: dict[str, Any]) -> Any:
    """XLSX or CSV of a bank or the treasury. Each row once; nothing is paid before it is confirmed."""
    upload = uploads["file"]
    content = upload.stream.read(sheets.Limits().size + 1)
    answer = payments.read_statement(actor(), upload.filename or "file", content, **query)
    names = ("rows", "same", "outcomes", "statement")
    return {name: getattr(answer, name) for name in names} | {"errors": [row_of(error) for error in answer.errors]}


@blueprint.get("/bank-statements/<uuid:statement_id>", summary=_("银行流水文件"))
@blueprint.gives(BankStatementSchema)
@guard("bank_row.import")
def one(statement_id: UUID) -> Any:
    return payments.statement(actor(), statement_id)


@blueprint.get("/bank-statements/<uuid:statement_id>/rows", summary=_("一份流水的行"))
@blueprint.asks(RowsQuery)
@blueprint.gives(list_of(BankRowSchema))
@guard("bank_row.import")
def rows(query: dict[str, Any], statement_id: UUID) -> Any:
    of = payments.statement(actor(), statement_id)
    found, total = payments.bank_rows(actor(), statement_id=of.id, **query)
    return page_of(found, total, query)


@blueprint.post("/bank-statements/<uuid:statement_id>/confirm", summary=_("确认一份流水"))
@blueprint.gives(StartedSchema, 202)
@guard("bank_row.confirm")
def confirm(statement_id: UUID) -> Any:
    """Everything that is proposed is confirmed row by row, by a worker; what surprises waits for a person."""
    job = settlement.start_confirming(actor(), statement_id)
    return {"job_id": job.id, "state": job.state}


@blueprint.get("/bank-rows", summary=_("流水行列表"))
@blueprint.asks(RowsQuery)
@blueprint.gives(list_of(BankRowSchema))
@guard("bank_row.import")
def every_row(query: dict[str, Any]) -> Any:
    """Of all statements; `queued` are those that wait for a person."""
    found, total = payments.bank_rows(actor(), **query)
    return page_of(found, total, query)


@blueprint.post("/bank-rows/<uuid:row_id>/assign", summary=_("指定流水行的结算单"))
@blueprint.takes(AssignSchema)
@blueprint.gives(BankRowSchema)
@guard("bank_row.confirm")
def assign(data: dict[str, Any], row_id: UUID) -> Any:
    return payments.assign(actor(), row_id, data["bill_id"])


@blueprint.post("/bank-rows/<uuid:row_id>/put-by", summary=_("退回、搁置或重新处理"))
@blueprint.takes(PutBySchema)
@blueprint.gives(BankRowSchema)
@guard("bank_row.confirm")
def put_by(data: dict[str, Any], row_id: UUID) -> Any:
    return payments.put_by(actor(), row_id, data["verb"], data["reason"])


@blueprint.post("/bank-rows/<uuid:row_id>/confirm", summary=_("确认一行到账"))
@blueprint.gives(BankRowSchema)
@guard("bank_row.confirm")
def confirm_row(row_id: UUID) -> Any:
    """Its money pays its bill; one that is paid in full settles."""
    return settlement.confirm_row(actor(), row_id)
