"""Payouts, bank files and what the bank answers."""

import io
from typing import Any
from uuid import UUID

from flask import Response, send_file
from flask_babel import lazy_gettext as _
from flask_smorest.fields import Upload
from marshmallow import fields, validate

from ..attribution import services as attribution
from ..attribution.schemas import (
    BankFileSchema,
    BankLineSchema,
    BankReasonSchema,
    BankResultSchema,
    BankTemplateSchema,
    MakeBankFileSchema,
    MarkPaidSchema,
    PaidSchema,
    PayoutSchema,
    RetrySchema,
    TakeBackSchema,
)
from ..core import sheets
from ..core.errors import DomainError
from ..core.fields import Flag, Id, Place, Taken
from ..edge.current import actor
from ..edge.guard import guard
from .blueprint import Blueprint, View
from .paging import PageSchema, cut, list_of, page_of

blueprint = Blueprint("payouts", _("兑付与代发"))
STATES = ("to_pay", "held", "sent", "failed", "paid", "void")


class PayoutQuerySchema(PageSchema):
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))
    division = Place(load_default=None)
    distribution_id = Id(load_default=None)


class ResultFileSchema(Taken):
    file = Upload(required=True, metadata={"description": "XLSX or CSV, 8 MB at most"})


class ResultQuerySchema(Taken):
    good_only = Flag(load_default=False, metadata={"description": "Book the good rows although others are bad"})


def gives_sheet(view: View) -> View:
    for media_type in ("text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"):
        view = blueprint.response(200, {"type": "string", "format": "binary"}, content_type=media_type)(view)
    return view


@blueprint.get("/payouts", summary=_("兑付列表"))
@blueprint.asks(PayoutQuerySchema)
@blueprint.gives(list_of(PayoutSchema))
@guard("statement.read")
def listed(query: dict[str, Any]) -> Any:
    """Within scope, the newest list first."""
    rows, total = attribution.paged(actor(), **query)
    return page_of(rows, total, query)


@blueprint.get("/payouts/<uuid:payout_id>", summary=_("兑付"))
@blueprint.gives(PayoutSchema)
@guard("statement.read")
def one(payout_id: UUID) -> Any:
    return attribution.payout(actor(), payout_id)


@blueprint.post("/payouts/payments", summary=_("登记兑付"))
@blueprint.takes(MarkPaidSchema)
@blueprint.gives(PaidSchema)
@guard("payout.record")
def mark_paid(data: dict[str, Any]) -> Any:
    """Each payout once, all or none, after its notice has run. Cash needs the scan of the signed list."""
    return {"paid": attribution.mark_paid(actor(), data.pop("payout_ids"), **data)}


@blueprint.post("/payouts/retries", summary=_("失败改派重付"))
@blueprint.takes(RetrySchema)
@blueprint.gives(PaidSchema)
@guard("payout.record")
def retry(data: dict[str, Any]) -> Any:
    """Failed payouts are to be paid again, to the payee of today; `paid` counts them."""
    return {"paid": attribution.retry(actor(), data["payout_ids"], channel=data["channel"])}


@blueprint.post("/payouts/withdrawals", summary=_("收回待发"))
@blueprint.takes(TakeBackSchema)
@blueprint.gives(PaidSchema)
@guard("distribution.approve")
def take_back(data: dict[str, Any]) -> Any:
    """What is owed comes with the next distribution; `paid` counts them."""
    return {"paid": attribution.take_back(actor(), data["payout_ids"], reason=data["reason"])}


@blueprint.get("/bank-templates", summary=_("代发模板"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(BankTemplateSchema))
@guard("payout.record")
def templates(query: dict[str, Any]) -> Any:
    return cut(list(attribution.bank_templates().values()), query)


@blueprint.get("/bank-files", summary=_("代发文件列表"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(BankFileSchema))
@guard("statement.read")
def bank_files(query: dict[str, Any]) -> Any:
    rows, total = attribution.bank_files(actor(), page=query["page"], size=query["size"])
    return page_of(rows, total, query)


@blueprint.post("/bank-files", summary=_("生成代发文件"))
@blueprint.takes(MakeBankFileSchema)
@blueprint.gives(BankFileSchema, 201)
@guard("payout.record")
def make(data: dict[str, Any]) -> Any:
    """The payouts named, or all of a distribution that can be paid by transfer now. A payout is in one live file."""
    return attribution.make_bank_file(actor(), **data)


@blueprint.get("/bank-files/<uuid:bank_file_id>", summary=_("代发文件"))
@blueprint.gives(BankFileSchema)
@guard("statement.read")
def bank_file(bank_file_id: UUID) -> Any:
    return attribution.bank_file(actor(), bank_file_id)


@blueprint.get("/bank-files/<uuid:bank_file_id>/lines", summary=_("代发明细"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(BankLineSchema))
@guard("statement.read")
def bank_lines(query: dict[str, Any], bank_file_id: UUID) -> Any:
    row = attribution.bank_file(actor(), bank_file_id)
    return cut(attribution.bank_lines(row.id), query)


@blueprint.post("/bank-files/<uuid:bank_file_id>/content", summary=_("下载代发文件"))
@blueprint.takes(BankReasonSchema)
@gives_sheet
@guard("payee.reveal", fresh=True)
def content(data: dict[str, Any], bank_file_id: UUID) -> Response:
    """With the accounts in full, for the bank; the reason stands in the trail."""
    name, body, media_type = attribution.bank_file_content(actor(), bank_file_id, reason=data["reason"])
    return send_file(io.BytesIO(body), media_type, as_attachment=True, download_name=name)


@blueprint.post("/bank-files/<uuid:bank_file_id>/withdraw", summary=_("撤回代发文件"))
@blueprint.takes(BankReasonSchema)
@blueprint.gives(BankFileSchema)
@guard("distribution.approve")
def withdraw(data: dict[str, Any], bank_file_id: UUID) -> Any:
    """One that the bank has not worked: its payouts are to be paid again."""
    return attribution.withdraw_bank_file(actor(), bank_file_id, reason=data["reason"])


@blueprint.post("/bank-results", summary=_("读入代发结果"))
@blueprint.arguments(ResultFileSchema, location="files")
@blueprint.asks(ResultQuerySchema)
@blueprint.gives(BankResultSchema)
@guard("payout.record")
def read_result(uploads: dict[str, Any], query: dict[str, Any]) -> Any:
    """Row by row; the same content again books nothing. With bad rows nothing is booked unless `good_only`."""
    upload = uploads["file"]
    content = upload.stream.read(sheets.Limits().size + 1)
    answer = attribution.read_result(actor(), upload.filename or "file", content, good_only=query["good_only"])
    return answer_of(answer)


def answer_of(answer: Any) -> dict[str, Any]:
    names = ("rows", "paid", "failed", "unknown", "same", "imported", "read_before")
    return {name: getattr(answer, name) for name in names} | {"errors": [row_of(error) for error in answer.errors]}


def row_of(error: DomainError) -> dict[str, Any]:
    return {"row": error.row, "field": error.field, "code": error.code}
