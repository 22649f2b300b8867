"""Papers pack (报销资料包): cover and index, our own sheets and what was uploaded, in one PDF with stamped pages.

A pack says that it is complete or lists what is missing. An upload that cannot be read becomes a page that says so.
Many documents are put together by the job `papers_pack`, which keeps the pack as a file of who asked.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import select

from ..core import clock, files, jobs, pdf
from ..core.actor import Actor
from ..core.db import db, transaction
from ..core.errors import Refused
from ..core.files import FileRow
from ..core.jobs import Job, Progress
from ..core.money import format_yuan
from ..core.pdf import Part
from ..identity import services as identity
from . import papers_sheets as sheets
from .papers_reads import Document, Pack, of_bill, of_order
from .papers_rules import AT_ONCE, MOST_DOCUMENTS, MOST_MB

KIND = "papers_pack"
OF: dict[str, Callable[[Actor, UUID], Pack]] = {"order": of_order, "bill": of_bill}
UNREADABLE = {
    "broken": "上传的文件已损坏，没有并入。",
    "locked": "上传的文件有密码，没有并入。",
    "too_long": f"上传的文件超过 {pdf.MAX_PAGES} 页，没有并入。",
    "too_many_pixels": "上传的图片像素太多，没有并入。",
    "gone": "上传的文件读不到，没有并入。",
}


def is_long(pack: Pack) -> bool:
    """Whether a job should put it together."""
    return len(pack.documents) > AT_ONCE or pack.bytes_ > MOST_MB * 1024 * 1024 // 4


def check(pack: Pack) -> None:
    """Raises Refused('pack_too_large')."""
    if len(pack.documents) > MOST_DOCUMENTS or pack.bytes_ > MOST_MB * 1024 * 1024:
        raise Refused("pack_too_large", most=MOST_DOCUMENTS, limit_mb=MOST_MB)


def build(actor: Actor, pack: Pack) -> bytes:
    """The PDF. Raises Refused('pack_too_large')."""
    check(pack)
    return _join(actor, pack, _own(pack), _files(pack))


def _own(pack: Pack) -> list[bytes]:
    """Our own sheets: what is left to ask of the database."""
    return [one.form() if one.form else pdf.render("paper", one.sheet) for one in pack.documents]


def _join(
    actor: Actor, pack: Pack, own: list[bytes], rows: dict[UUID, FileRow], progress: Progress | None = None
) -> bytes:
    """Asks the database nothing: a job does it outside any transaction."""
    parts: list[Part] = []
    places: list[int] = []
    pages = 0
    for no, (document, sheet) in enumerate(zip(pack.documents, own, strict=True), 1):
        places.append(pages)
        title = f"{sheets.KINDS[document.kind]} {document.number}"
        for content in (sheet, *(_upload(document, rows.get(file)) for file in document.files)):
            parts.append(Part(content, f"{no}. {title}", f"No. {no}  {title}"))
            pages += pdf.pages_of(content)
        if progress:
            progress(no, len(pack.documents))
    index = _index(actor, pack, places, 0)
    index = _index(actor, pack, places, pdf.pages_of(index))
    return pdf.joined([Part(index, "封面和目录", "封面和目录"), *parts], f"报销资料包 {pack.number}")


def _files(pack: Pack) -> dict[UUID, FileRow]:
    wanted = {file for document in pack.documents for file in document.files}
    rows = {row.id: row for row in db.session.scalars(select(FileRow).where(FileRow.id.in_(wanted)))}
    for row in rows.values():
        db.session.expunge(row)
    return rows


def _upload(document: Document, row: FileRow | None) -> bytes:
    try:
        if row is None:
            raise pdf.Unreadable("gone")
        try:
            with files.open_kept(row) as file:
                content = file.read()
        except OSError:
            raise pdf.Unreadable("gone") from None
        if row.media_type != "application/pdf":
            return pdf.of_picture(content)
        pdf.pages_of(content)
        return content
    except pdf.Unreadable as why:
        name = row.name if row else ""
        data = sheets.sheet(document.kind, document.number, [("文件", name)], notes=[UNREADABLE[why.reason]])
        return pdf.render("paper", data)


def _index(actor: Actor, pack: Pack, places: list[int], before: int) -> bytes:
    rows = [
        [str(no), sheets.KINDS[one.kind], one.number, sheets.day(one.day), str(before + place + 1), one.note]
        for no, (one, place) in enumerate(zip(pack.documents, places, strict=True), 1)
    ]
    return pdf.render(
        "pack_index",
        {
            "below": pack.number,
            "facts": [["采购人", pack.agency], ["供应商", pack.supplier], ["金额", format_yuan(pack.fen)]],
            "rows": rows,
            "missing": missing_words(pack),
            "made": f"{actor.organisation_name} {actor.name}　{clock.local(clock.now()):%Y-%m-%d %H:%M} 生成",
        },
    )


def missing_words(pack: Pack) -> list[str]:
    """What is missing, as the pack says it."""
    return [
        sheets.MISSING[one.code].format(
            number=one.number, fen=format_yuan(one.fen), paper=sheets.PAPERS.get(one.paper, one.paper)
        )
        for one in pack.missing
    ]


def start(actor: Actor, of: str, id_: UUID) -> Job:
    """Queues the job for an order's or a bill's pack. Raises NotFound, Refused('pack_too_large')."""
    check(OF[of](actor, id_))
    return jobs.start(actor, KIND, of=of, id=str(id_), user=str(actor.user))


def latest(actor: Actor, of: str, id_: UUID) -> Job | None:
    """The organisation's newest job for that pack."""
    found = jobs.latest(actor.organisation, KIND, 50)
    return next((job for job in found if job.payload["of"] == of and job.payload["id"] == str(id_)), None)


def work(job: Job, progress: Progress) -> dict[str, Any]:
    """The job `papers_pack`: reads, makes, keeps; repeating it makes the pack of that moment."""
    with transaction(write=False):
        actor = identity.actor_by_id(UUID(job.payload["user"]))
        pack = OF[job.payload["of"]](actor, UUID(job.payload["id"]))
        check(pack)
        own, rows = _own(pack), _files(pack)
    content = _join(actor, pack, own, rows, progress)
    with transaction():
        row = files.keep(actor, f"papers-{pack.number}.pdf", content, most=2 * MOST_MB * 1024 * 1024)
        file = str(row.id)
    return {"file": file, "documents": len(pack.documents), "missing": len(pack.missing)}
