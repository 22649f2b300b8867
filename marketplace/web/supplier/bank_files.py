"""Bank files: made for a list, downloaded with the accounts in full, and the bank's answer read in."""

import io
from typing import Any
from uuid import UUID

from flask import Response, request, send_file
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...attribution import services as attribution
from ...core import clock, sheets
from ...core.errors import Refused
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...edge.messages import sentence
from ...households import services as households
from ...identity import services as identity
from ..tables import Table
from . import blueprint
from .payouts import paying
from .schemas import BankFileSchema, ReasonSchema, ResultSchema

LABELS = {
    "template": _l("代发模板"),
    "reason": _l("理由"),
    "file": _l("结果文件"),
    "paid_on": _l("银行入账日"),
    "payouts": _l("农户"),
}


@blueprint.get("/bank-files", endpoint="bank_files")
@guard("payout.record")
def bank_files_() -> Response:
    """The files, and the bank's answers."""
    return _page(Form(ResultSchema(), {"paid_on": clock.today().isoformat()}), None)


def _page(form: Form, answer: Any) -> Response:
    table = Table(per_page=50)
    rows, table.total = attribution.bank_files(actor(), page=table.page, size=table.per_page)
    results = attribution.results(actor())
    return form.page(
        "supplier/bank_files.html",
        rows=rows,
        table=table,
        told=attribution.told_of([row.id for row in rows]),
        results=results,
        templates=attribution.bank_templates(),
        users=identity.user_names(
            {row.made_by for row in rows if row.made_by} | {r.read_by for r in results if r.read_by}
        ),
        answer=answer,
        sentence=sentence,
        labels=LABELS,
    )


@blueprint.post("/bank-files")
@guard("payout.record")
def bank_file_make() -> Response:
    """Everything of one list that can be paid by transfer now."""
    form = Form(BankFileSchema())
    with form.attempt():
        row = attribution.make_bank_file(actor(), **form.data())
        words_ = _("%(number)s 已生成，共 %(count)s 笔。", number=row.number, count=row.lines)
        return done(words_, "supplier.bank_file", bank_file_id=row.id)
    try:
        distribution_id = UUID(request.form.get("distribution_id", ""))
    except ValueError:
        return _page(form, None)
    return paying(attribution.distribution(actor(), distribution_id), form)


@blueprint.get("/bank-files/<uuid:bank_file_id>")
@guard("payout.record")
def bank_file(bank_file_id: UUID) -> Response:
    return _file_page(bank_file_id, Form())


def _file_page(bank_file_id: UUID, form: Form) -> Response:
    row = attribution.bank_file(actor(), bank_file_id)
    lines = attribution.bank_lines(row.id)
    return form.page(
        "supplier/bank_file.html",
        file=row,
        lines=lines,
        told=attribution.told_of([row.id]).get(row.id, {}),
        payees=households.payee_names({line.payee_id for line in lines}),
        bank_template=attribution.bank_templates().get(row.template),
        users=identity.user_names({row.made_by} if row.made_by else set()),
        labels=LABELS,
    )


@blueprint.post("/bank-files/<uuid:bank_file_id>")
@guard("payee.reveal", fresh=True)
def bank_file_content(bank_file_id: UUID) -> Response:
    form = Form(ReasonSchema())
    with form.attempt():
        name, content, media_type = attribution.bank_file_content(actor(), bank_file_id, **form.data())
        response = send_file(io.BytesIO(content), media_type, as_attachment=True, download_name=name)
        response.headers["Cache-Control"] = "private, no-store"
        return response
    return _file_page(bank_file_id, form)


@blueprint.post("/bank-files/<uuid:bank_file_id>/withdraw")
@guard("distribution.approve")
def bank_file_withdraw(bank_file_id: UUID) -> Response:
    form = Form(ReasonSchema())
    with form.attempt():
        row = attribution.withdraw_bank_file(actor(), bank_file_id, **form.data())
        return done(_("%(number)s 已撤回，款项回到待兑付。", number=row.number), "supplier.bank_files")
    return _file_page(bank_file_id, form)


@blueprint.post("/bank-results")
@guard("payout.record")
def bank_result() -> Response:
    """Row by row: what is wrong is told, and the good rows are booked only when asked."""
    form, answer = Form(ResultSchema(), {"paid_on": clock.today().isoformat()}), None
    with form.attempt():
        data = form.data()
        upload = request.files.get("file")
        if upload is None or not upload.filename:
            raise Refused("sheet_empty", field="file")
        content = upload.read(sheets.Limits().size + 1)
        answer = attribution.read_result(actor(), upload.filename, content, **data)
        if answer.imported and not answer.errors:
            words_ = _(
                "已读入：成功 %(paid)s 笔，失败 %(failed)s 笔，处理中 %(unknown)s 笔。",
                paid=answer.paid,
                failed=answer.failed,
                unknown=answer.unknown,
            )
            return done(words_, "supplier.bank_files")
    response = _page(form, answer)
    if answer is not None and not answer.imported and not answer.read_before:
        response.status_code = 422
    return response
