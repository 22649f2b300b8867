"""Certificates of assistance purchase (采购证明): issue, list, take back, print; and the public page that checks one."""

import io
from uuid import UUID

from flask import Blueprint, Response, current_app, render_template, request, send_file
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import Schema

from ..core import clock
from ..core.errors import DomainError, NotFound, TooMany
from ..core.fields import Day, Id, Taken, Text
from ..edge.current import actor
from ..edge.forms import Form, done
from ..edge.guard import guard
from ..reporting import certificates
from .tables import Table

blueprint = Blueprint("certificates", __name__)
LABELS = {
    "from_day": _l("从"),
    "until_day": _l("到"),
    "order_id": _l("订单"),
    "reason": _l("理由"),
    "code": _l("校验码"),
}


class IssueSchema(Taken):
    from_day = Day(load_default=None, allow_none=True)
    until_day = Day(load_default=None, allow_none=True)
    order_id = Id(load_default=None, allow_none=True)


class RevokeSchema(Taken):
    reason = Text(200, load_default="")


@blueprint.get("/")
@guard("certificate.read")
def listed() -> Response:
    today = clock.today()
    return _list(Form(IssueSchema(), {"from_day": today.replace(month=1, day=1), "until_day": today}))


@blueprint.post("/")
@guard("certificate.issue")
def issue() -> Response:
    form = Form(IssueSchema())
    with form.attempt():
        row = certificates.issue(actor(), **form.data())
        word = _("已开出 %(number)s。", number=row.number)
        return done(word, "certificates.one", certificate_id=row.id)
    return _list(form)


def _list(form: Form) -> Response:
    table = Table(per_page=25)
    rows, table.total = certificates.listed(actor(), page=table.page, size=table.per_page)
    return form.page("certificates/list.html", rows=rows, table=table, labels=LABELS)


@blueprint.get("/<uuid:certificate_id>")
@guard("certificate.read")
def one(certificate_id: UUID) -> Response:
    return _one(certificate_id, Form(RevokeSchema()))


@blueprint.post("/<uuid:certificate_id>/revoke")
@guard("certificate.revoke")
def revoke(certificate_id: UUID) -> Response:
    form = Form(RevokeSchema())
    with form.attempt():
        certificates.revoke(actor(), certificate_id, **form.data())
        return done(_("证明已撤销。"), "certificates.one", certificate_id=certificate_id)
    return _one(certificate_id, form)


def _one(certificate_id: UUID, form: Form) -> Response:
    row = certificates.certificate(actor(), certificate_id)
    return form.page(
        "certificates/one.html",
        row=row,
        shown=certificates.shown(row),
        code=certificates.code_of(row),
        url=certificates.url_of(row, current_app.config["SETTINGS"].public_url),
        labels=LABELS,
    )


@blueprint.get("/<uuid:certificate_id>/certificate.pdf")
@guard("certificate.read")
def paper(certificate_id: UUID) -> Response:
    row = certificates.certificate(actor(), certificate_id)
    content = certificates.paper(actor(), certificate_id, current_app.config["SETTINGS"].public_url)
    return send_file(io.BytesIO(content), "application/pdf", as_attachment=True, download_name=f"{row.number}.pdf")


@blueprint.get("/<number>")
@guard(public=True)
def check(number: str) -> Response | str | tuple[str, int]:
    """What the QR code opens: without a code a form that asks for it; a wrong one tells nothing."""
    code = request.args.get("code", "").strip()[:40]
    form = Form(Schema(), {"code": code})
    shown, error, status = None, None, 200
    if code:
        try:
            shown = certificates.look(number[:20], code, request.remote_addr or "")
        except (NotFound, TooMany) as refused:
            wrong = isinstance(refused, NotFound)
            error = DomainError("certificate_code_wrong", field="code") if wrong else refused
            form.errors, status = [error], 404 if wrong else 429
    page = render_template("certificates/check.html", number=number[:20].upper(), shown=shown, form=form, labels=LABELS)
    return page, status
