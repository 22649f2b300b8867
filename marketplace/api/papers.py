"""Papers packs of orders and bills, and certificates of assistance purchase."""

from typing import Any
from uuid import UUID

from flask import Response, current_app, request
from flask_babel import lazy_gettext as _
from marshmallow import fields, validate

from ..core import jobs
from ..core.errors import NotFound
from ..core.fields import Day, Fen, Id, Moment, Shown, Taken, Text, Whole
from ..edge import papers_words
from ..edge.current import actor
from ..edge.guard import guard
from ..reporting import certificates, papers_pack, papers_reads
from .blueprint import Blueprint
from .paging import PageSchema, list_of, page_of

blueprint = Blueprint("papers", _("报销资料与采购证明"))
PDF = {"schema": {"type": "string", "format": "binary"}, "content_type": "application/pdf"}


class DocumentSchema(Shown):
    kind = fields.String(metadata={"example": "acceptance"})
    words = fields.String(metadata={"description": "The kind, in the request's language"})
    number = fields.String()
    day = Day(allow_none=True)
    files = Whole(metadata={"description": "How many uploads hang on it"})


class LackingSchema(Shown):
    code = fields.String(metadata={"example": "no_invoice"})
    words = fields.String()
    number = fields.String()
    fen = Fen()


class PackSchema(Shown):
    number = fields.String()
    documents = fields.List(fields.Nested(DocumentSchema))
    missing = fields.List(fields.Nested(LackingSchema), metadata={"description": "Empty: complete"})
    long = fields.Boolean(metadata={"description": "A job should put it together"})


class MadeSchema(Shown):
    id = Id()
    state = fields.String(validate=validate.OneOf(["queued", "running", "done", "failed"]))
    done = Whole()
    total = Whole(allow_none=True)
    file_id = Id(allow_none=True, metadata={"description": "The pack, once done: /files/{file_id}/content"})


def shown(pack: papers_reads.Pack) -> dict[str, Any]:
    return {
        "number": pack.number,
        "documents": [
            {
                "kind": one.kind,
                "words": str(papers_words.KINDS[one.kind]),
                "number": one.number,
                "day": one.day,
                "files": len(one.files),
            }
            for one in pack.documents
        ],
        "missing": [
            {"code": one.code, "words": papers_words.lacking(one), "number": one.number, "fen": one.fen}
            for one in pack.missing
        ],
        "long": papers_pack.is_long(pack),
    }


def made_of(job: jobs.Job) -> dict[str, Any]:
    file_id = job.result.get("file") if job.state == "done" else None
    return {"id": job.id, "state": job.state, "done": job.done, "total": job.total, "file_id": file_id}


@blueprint.get("/orders/<uuid:order_id>/pack", summary=_("订单的报销资料"))
@blueprint.gives(PackSchema)
@guard("bill.read")
def of_order(order_id: UUID) -> Any:
    """What there is and what is missing. A supplier does not see the agency's request."""
    return shown(papers_reads.of_order(actor(), order_id))


@blueprint.get("/bills/<uuid:bill_id>/pack", summary=_("结算单的报销资料"))
@blueprint.gives(PackSchema)
@guard("bill.read")
def of_bill(bill_id: UUID) -> Any:
    """Of the deliveries that the bill is for."""
    return shown(papers_reads.of_bill(actor(), bill_id))


def _pdf(content: bytes) -> Response:
    return Response(content, mimetype="application/pdf")


@blueprint.get("/orders/<uuid:order_id>/pack/content", summary=_("订单的报销资料 PDF"))
@blueprint.response(200, **PDF)
@guard("bill.read")
def order_content(order_id: UUID) -> Response:
    """Cover, index, every document stamped; a long one is better made by a job."""
    return _pdf(papers_pack.build(actor(), papers_reads.of_order(actor(), order_id)))


@blueprint.get("/bills/<uuid:bill_id>/pack/content", summary=_("结算单的报销资料 PDF"))
@blueprint.response(200, **PDF)
@guard("bill.read")
def bill_content(bill_id: UUID) -> Response:
    return _pdf(papers_pack.build(actor(), papers_reads.of_bill(actor(), bill_id)))


@blueprint.post("/orders/<uuid:order_id>/pack", summary=_("整理订单的报销资料"))
@blueprint.gives(MadeSchema, 202)
@guard("bill.read")
def make_of_order(order_id: UUID) -> Any:
    """Starts the job; ask /packs/{job_id} how far it is."""
    return made_of(papers_pack.start(actor(), "order", order_id))


@blueprint.post("/bills/<uuid:bill_id>/pack", summary=_("整理结算单的报销资料"))
@blueprint.gives(MadeSchema, 202)
@guard("bill.read")
def make_of_bill(bill_id: UUID) -> Any:
    return made_of(papers_pack.start(actor(), "bill", bill_id))


@blueprint.get("/packs/<uuid:job_id>", summary=_("报销资料整理进度"))
@blueprint.gives(MadeSchema)
@guard("bill.read")
def made(job_id: UUID) -> Any:
    job = jobs.one(actor(), job_id)
    if job.kind != papers_pack.KIND:
        raise NotFound("job")
    return made_of(job)


class CountySchema(Shown):
    code = fields.String()
    name = fields.String()
    fen = Fen()


class CertificateSchema(Shown):
    id = Id()
    number = fields.String(metadata={"example": "ZM-2025-000042"})
    agency_id = Id()
    agency_name = fields.String()
    order_id = Id(allow_none=True)
    from_day = Day()
    until_day = Day()
    total_fen = Fen()
    lines = Whole()
    counties = fields.List(fields.Nested(CountySchema))
    state = fields.String(validate=validate.OneOf(["standing", "replaced", "revoked"]))
    reason = fields.String()
    issued_at = Moment()
    ended_at = Moment(allow_none=True)


class CertificateOpenedSchema(CertificateSchema):
    code = fields.String(metadata={"description": "The check code that is printed on it"})
    url = fields.String(metadata={"description": "The public page that its QR code opens"})
    now_fen = Whole(-(10**15), metadata={"description": "What is settled of it now"})


class NewCertificateSchema(Taken):
    order_id = Id(load_default=None, allow_none=True, metadata={"description": "Of one order, or of a period"})
    from_day = Day(load_default=None, allow_none=True)
    until_day = Day(load_default=None, allow_none=True)


class RevocationSchema(Taken):
    reason = Text(200, 1, required=True)


class CheckQuery(Taken):
    code = Text(40, 1, required=True)


class CheckSchema(Shown):
    number = fields.String()
    agency_name = fields.String()
    from_day = Day()
    until_day = Day()
    state = fields.String(validate=validate.OneOf(["standing", "replaced", "revoked"]))
    stands = fields.Boolean(metadata={"description": "It stands, and says what is settled now"})
    total_fen = Fen()
    now_fen = Whole(-(10**15))
    counties = fields.List(fields.Nested(CountySchema))
    replaced_by = fields.String()


HEAD = [name for name in CertificateSchema().fields if name != "counties"]


def headed(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in HEAD} | {"counties": counties(row)}


def counties(row: Any) -> list[dict[str, Any]]:
    return [{"code": code, "name": name, "fen": fen} for code, name, fen in row.counties]


def opened(row: Any) -> dict[str, Any]:
    return headed(row) | {
        "code": certificates.code_of(row),
        "url": certificates.url_of(row, current_app.config["SETTINGS"].public_url),
        "now_fen": certificates.shown(row).now.total_fen,
    }


@blueprint.get("/certificates", summary=_("采购证明列表"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(CertificateSchema))
@guard("certificate.read")
def listed(query: dict[str, Any]) -> Any:
    """Within scope, newest first."""
    rows, total = certificates.listed(actor(), **query)
    return page_of([headed(row) for row in rows], total, query)


@blueprint.post("/certificates", summary=_("开采购证明"))
@blueprint.takes(NewCertificateSchema)
@blueprint.gives(CertificateOpenedSchema, 201)
@guard("certificate.issue")
def issue(data: dict[str, Any]) -> Any:
    """Of settled money by county; replaces the one of the same that stood."""
    return opened(certificates.issue(actor(), **data))


@blueprint.get("/certificates/<uuid:certificate_id>", summary=_("采购证明"))
@blueprint.gives(CertificateOpenedSchema)
@guard("certificate.read")
def one(certificate_id: UUID) -> Any:
    return opened(certificates.certificate(actor(), certificate_id))


@blueprint.get("/certificates/<uuid:certificate_id>/content", summary=_("采购证明 PDF"))
@blueprint.response(200, **PDF)
@guard("certificate.read")
def content(certificate_id: UUID) -> Response:
    """As it was issued, with its QR code."""
    return _pdf(certificates.paper(actor(), certificate_id, current_app.config["SETTINGS"].public_url))


@blueprint.post("/certificates/<uuid:certificate_id>/revoke", summary=_("撤销采购证明"))
@blueprint.takes(RevocationSchema)
@blueprint.gives(CertificateOpenedSchema)
@guard("certificate.revoke")
def revoke(data: dict[str, Any], certificate_id: UUID) -> Any:
    """By the agency's finance, or the office of its place."""
    return opened(certificates.revoke(actor(), certificate_id, data["reason"]))


@blueprint.get("/certificate-checks/<number>", summary=_("查验采购证明"))
@blueprint.asks(CheckQuery)
@blueprint.gives(CheckSchema)
@blueprint.alt_response(429, "TOO_MANY_REQUESTS")
@guard(public=True)
def check(query: dict[str, Any], number: str) -> Any:
    """What it says and whether it still stands; a wrong code answers as an unknown number."""
    found = certificates.look(number[:20], query["code"], request.remote_addr or "")
    names = ("number", "agency_name", "from_day", "until_day", "state", "total_fen")
    return {name: getattr(found.row, name) for name in names} | {
        "stands": found.stands,
        "now_fen": found.now.total_fen,
        "counties": counties(found.row),
        "replaced_by": found.replaced_by,
    }
