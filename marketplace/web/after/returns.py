"""Returns: the buyer asks, the supplier answers; goods go back; the money follows."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...core.money import format_yuan
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...payments import services as payments
from ...procurement import services as procurement
from ...procurement.after_schemas import (
    AnswerReturnSchema,
    AskReturnFormSchema,
    FinishReturnSchema,
    ReceiveReturnSchema,
    SendBackSchema,
)
from ...procurement.return_requests import MAX_PHOTOS
from ...settlement import services as settlement
from ..tables import Table
from . import EVERYBODY, around, content, uploaded, words

STATES = [
    ("", _l("全部")),
    ("open", _l("办理中")),
    ("asked", _l("待答复")),
    ("agreed", _l("同意退货")),
    ("received", _l("已收回，待冲账")),
    ("done", _l("已办结")),
    ("refused", _l("不同意")),
]
LABELS = {
    "quantity": _l("退回数量"),
    "net": _l("退回净重"),
    "reason": _l("原因"),
    "words": _l("说明"),
    "photos": _l("照片"),
    "agreed": _l("答复"),
    "note": _l("怎么退回"),
    "restocked": _l("收回的货"),
    "red_invoice_number": _l("红字发票号码"),
    "issued_on": _l("红字发票开票日"),
    "refund_serial": _l("退款银行流水号"),
}


@guard("order.read")
def returns() -> str:
    table = Table(per_page=50)
    state = request.args.get("state", "")
    state = state if state in dict(STATES) else ""
    rows, table.total = procurement.return_requests(actor(), state=state, page=table.page, size=table.per_page)
    return render_template(
        "after/returns.html",
        rows=rows,
        lines=procurement.parts_of(rows),
        table=table,
        state=state,
        states=STATES,
        **around(*(row.supplier_id for row in rows), *(row.agency_id for row in rows)),
    )


@guard("return.ask")
def ask_return(acceptance_line_id: UUID) -> Response:
    form = Form(AskReturnFormSchema(), {"reason": "quality"})
    if form.posted:
        with form.attempt():
            photos = uploaded("photos", MAX_PHOTOS)
            row = procurement.ask_return(actor(), acceptance_line_id, photo_ids=photos, **form.data())
            return done(_("已提出，供应商会在期限内答复。"), ".return_request", request_id=row.id)
    line, of, order = procurement.accepted_line(actor(), acceptance_line_id)
    return form.page(
        "after/return_ask.html",
        line=line,
        of=of,
        order=order,
        reasons=list(words.REASONS.items()),
        labels=LABELS,
        **around(order.supplier_id),
    )


@guard("order.read")
def return_request(request_id: UUID) -> Response:
    return _page(request_id, Form(None, {"restocked": ""}))


def _page(request_id: UUID, form: Form) -> Response:
    row = procurement.return_request(actor(), request_id)
    line, of = procurement.parts_of([row])[row.acceptance_line_id]
    sales = {one.id for one in settlement.settled_of([row.order_id]).get(row.order_id, [])}
    bill = payments.bill_by_acceptance([line.acceptance_id]).get(line.acceptance_id)
    made = _made(row)
    return form.page(
        "after/return.html",
        row=row,
        line=line,
        of=of,
        order=procurement.order(actor(), row.order_id),
        bill=bill,
        made=made,
        red=payments.red_invoices_of([made.id]).get(made.id) if made else None,
        was_settled=line.id in sales,
        invoiced=bool(bill and payments.invoiced(bill.id)),
        photos=procurement.photos_of([row.id]).get(row.id, []),
        labels=LABELS,
        **around(row.supplier_id, row.agency_id),
    )


def _made(row: Any) -> Any:
    """The return that moved a request's money, once there is one."""
    back = procurement.returns_of([row.order_id]).get(row.order_id, [])
    return next((one for one in back if one.id == row.return_id), None)


def _act(request_id: UUID, schema: Any, act: Any) -> Response:
    """One verb of a request: the word of its effect, or the page with what is wrong."""
    form = Form(schema)
    with form.attempt():
        word = act(form.data() if schema else {})
        return done(word, ".return_request", request_id=request_id)
    return _page(request_id, form)


@guard("return.answer")
def return_answer(request_id: UUID) -> Response:
    def act(data: dict[str, Any]) -> str:
        row = procurement.answer_return(actor(), request_id, **data)
        return _("已同意退货。") if row.state == "agreed" else _("已答复不同意。采购人可以提出争议。")

    return _act(request_id, AnswerReturnSchema(), act)


@guard("return.ask")
def return_withdraw(request_id: UUID) -> Response:
    def act(_data: dict[str, Any]) -> str:
        procurement.withdraw_return(actor(), request_id)
        return _("已撤回。")

    return _act(request_id, None, act)


@guard("return.ask")
def return_send(request_id: UUID) -> Response:
    def act(data: dict[str, Any]) -> str:
        procurement.send_return(actor(), request_id, **data)
        return _("已登记退回，等供应商收货。")

    return _act(request_id, SendBackSchema(), act)


@guard("return.answer")
def return_receive(request_id: UUID) -> Response:
    def act(data: dict[str, Any]) -> str:
        procurement.receive_return(actor(), request_id, **data)
        return _("已登记，接着冲账。")

    return _act(request_id, ReceiveReturnSchema(), act)


@guard("return.record")
def return_finish(request_id: UUID) -> Response:
    def act(data: dict[str, Any]) -> str:
        row = settlement.finish_return(actor(), request_id, **data)
        return _("退货已办结，冲减 %(fen)s。", fen=format_yuan(_made(row).money_fen))

    return _act(request_id, FinishReturnSchema(), act)


@guard("order.read")
def return_photo(request_id: UUID, file_id: UUID) -> Response:
    return content(procurement.return_photo(actor(), request_id, file_id))


ROUTES: list[tuple[str, Any, list[str], tuple[str, ...]]] = [
    ("/returns", returns, ["GET"], EVERYBODY),
    ("/acceptance-lines/<uuid:acceptance_line_id>/return", ask_return, ["GET", "POST"], ("buyer",)),
    ("/returns/<uuid:request_id>", return_request, ["GET"], EVERYBODY),
    ("/returns/<uuid:request_id>/answer", return_answer, ["POST"], ("supplier",)),
    ("/returns/<uuid:request_id>/withdraw", return_withdraw, ["POST"], ("buyer",)),
    ("/returns/<uuid:request_id>/send-back", return_send, ["POST"], ("buyer",)),
    ("/returns/<uuid:request_id>/receive", return_receive, ["POST"], ("supplier",)),
    ("/returns/<uuid:request_id>/finish", return_finish, ["POST"], ("supplier",)),
    ("/returns/<uuid:request_id>/photos/<uuid:file_id>", return_photo, ["GET"], EVERYBODY),
]
