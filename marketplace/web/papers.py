"""Papers pack (报销资料包) of an order or a bill, for both sides and the offices: checklist, download, and the job of a
long one. And a batch's scans, which hang on the orders that were filled from it."""

import io
from uuid import UUID

from flask import Blueprint, Response, send_file, url_for
from flask_babel import gettext as _

from ..core import files, jobs
from ..core.errors import NotFound
from ..edge import papers_words
from ..edge.current import actor
from ..edge.forms import Form, done
from ..edge.guard import guard
from ..reporting import papers_pack, papers_reads
from . import navigation

blueprint = Blueprint("papers", __name__)


@blueprint.get("/orders/<uuid:order_id>")
@guard("bill.read")
def order(order_id: UUID) -> Response:
    return _page("order", order_id)


@blueprint.get("/bills/<uuid:bill_id>")
@guard("bill.read")
def bill(bill_id: UUID) -> Response:
    return _page("bill", bill_id)


@blueprint.get("/orders/<uuid:order_id>/pack.pdf")
@guard("bill.read")
def order_pack(order_id: UUID) -> Response:
    return _download(papers_reads.of_order(actor(), order_id))


@blueprint.get("/bills/<uuid:bill_id>/pack.pdf")
@guard("bill.read")
def bill_pack(bill_id: UUID) -> Response:
    return _download(papers_reads.of_bill(actor(), bill_id))


@blueprint.post("/orders/<uuid:order_id>/make")
@guard("bill.read")
def order_make(order_id: UUID) -> Response:
    return _make("order", order_id)


@blueprint.post("/bills/<uuid:bill_id>/make")
@guard("bill.read")
def bill_make(bill_id: UUID) -> Response:
    return _make("bill", bill_id)


@blueprint.get("/made/<uuid:job_id>")
@guard("bill.read")
def made(job_id: UUID) -> Response:
    """What the job kept, for the organisation that asked for it."""
    job = jobs.one(actor(), job_id)
    if job.kind != papers_pack.KIND or job.state != "done":
        raise NotFound("file")
    return _file(files.kept(actor(), UUID(job.result["file"])))


@blueprint.get("/orders/<uuid:order_id>/scans/<uuid:paper_id>")
@guard("order.read")
def scan(order_id: UUID, paper_id: UUID) -> Response:
    return _file(papers_reads.batch_scan(actor(), order_id, paper_id))


def _file(row: files.FileRow) -> Response:
    return send_file(files.open_kept(row), row.media_type, as_attachment=True, download_name=row.name)


def _download(pack: papers_reads.Pack) -> Response:
    content = papers_pack.build(actor(), pack)
    return send_file(io.BytesIO(content), "application/pdf", as_attachment=True, download_name=f"{pack.number}.pdf")


def _make(of: str, id_: UUID) -> Response:
    form = Form()
    with form.attempt():
        papers_pack.start(actor(), of, id_)
        return done(_("正在整理，可以离开，稍后回来下载。"), f"papers.{of}", **{f"{of}_id": id_})
    return _page(of, id_, form)


def _page(of: str, id_: UUID, form: Form | None = None) -> Response:
    pack = papers_pack.OF[of](actor(), id_)
    values = {f"{of}_id": id_}
    back = f"{navigation.audience(actor())}.{of}"
    return (form or Form()).page(
        "papers/pack.html",
        pack=pack,
        of=of,
        kinds=papers_words.KINDS,
        lacking=[papers_words.lacking(one) for one in pack.missing],
        long=papers_pack.is_long(pack),
        job=papers_pack.latest(actor(), of, id_),
        back=url_for(back, **values) if navigation.exists(back) else None,
        download=url_for(f"papers.{of}_pack", **values),
        make=url_for(f"papers.{of}_make", **values),
    )
