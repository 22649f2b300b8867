"""A papers pack: what it holds, what it says is missing, who may have it, and what becomes of uploads."""

import io
from datetime import timedelta

import pypdf
import pytest

from marketplace.core import clock, files, jobs
from marketplace.core.actor import SYSTEM
from marketplace.core.db import db, transaction
from marketplace.core.errors import NotFound, Refused
from marketplace.identity import services as identity
from marketplace.linkage.models import LotPaper
from marketplace.payments import services as payments
from marketplace.procurement import services as procurement
from marketplace.reporting import papers_pack, papers_reads, papers_sheets
from marketplace.reporting.papers_rules import (
    Accepted,
    Batch,
    Billed,
    Delivered,
    Facts,
    Missing,
    Returned,
    missing,
)
from marketplace.web.messages_words import KINDS  # noqa: F401  the worker's words load
from tests.core.test_pdf import note, picture, with_writer
from tests.factories.world import CHALING, YANLING, World
from tests.factories.world import actor as person

WHOLE = Facts(
    order="SO-1",
    confirmed=True,
    deliveries=[Delivered("SH-1", True)],
    acceptances=[Accepted("YS-1", True, True)],
    bills=[Billed("JS-1", asked_fen=100, paid_fen=100, invoiced_fen=100)],
    batches=[Batch("L-1", ("conformity",), frozenset({"conformity"}))],
    returns=[Returned("TH-1", 10, True)],
)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"confirmed": False}, [Missing("unconfirmed", "SO-1")]),
        ({"deliveries": []}, [Missing("not_delivered", "SO-1")]),
        ({"deliveries": [Delivered("SH-2", False)]}, [Missing("not_accepted", "SH-2")]),
        ({"acceptances": [Accepted("YS-1", False, False)]}, [Missing("not_signed", "YS-1"), Missing("not_billed", "YS-1")]),
        (
            {"batches": [Batch("L-1", ("quarantine", "conformity"), frozenset({"conformity"}))]},
            [Missing("no_paper", "L-1", paper="quarantine")],
        ),
        ({"bills": [Billed("JS-1", 100, 100, invoiced_fen=60)]}, [Missing("no_invoice", "JS-1", 40)]),
        ({"bills": [Billed("JS-1", 100, 100, prepaid=True)]}, []),
        (
            {"bills": [Billed("JS-1", 100, 30, 50, 100, without_scan=("FP-1",))]},
            [Missing("no_scan", "FP-1"), Missing("not_confirmed", "JS-1", 50), Missing("not_paid", "JS-1", 20)],
        ),
        (
            {"bills": [Billed("JS-1", 100, 30, 50, 100, processing_fen=70, refunding=(("pi_1", 5),))]},
            [Missing("not_confirmed", "JS-1", 50), Missing("card_processing", "JS-1", 20), Missing("refund_pending", "pi_1", 5)],
        ),
        ({"returns": [Returned("TH-1", 10, False), Returned("TH-2", 0, False)]}, [Missing("no_red_invoice", "TH-1", 10)]),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(changed, expected):
    """Red when a paper is taken for there that is not (take any line of `missing` out)."""
    values = {name: getattr(WHOLE, name) for name in WHOLE.__dataclass_fields__} | changed
    assert missing(Facts(**values)) == expected


def test_every_code_has_words_and_every_kind_a_title():
    """Red when a rule names a code that the pack cannot say."""
    from marketplace.edge.papers_words import KINDS as WORDS
    from marketplace.edge.papers_words import MISSING

    assert MISSING.keys() == papers_sheets.MISSING.keys()
    assert WORDS.keys() == papers_sheets.KINDS.keys()


@pytest.fixture
def settled(app):
    """A settled order with an invoice and its scan, and scans of the batch's paper."""
    with transaction():
        world = World.build()
        bill = world.settled(world.lot())
        scan = files.keep(world.manager, "发票.pdf", note("发票"))
        db.session.flush()
        payments.record_invoice(
            world.manager,
            bill.id,
            number="24430000001",
            issued_on=clock.today(),
            amount_fen=bill.total_fen,
            rate_basis_points=None,
            file_id=scan.id,
        )
        paper = db.session.scalars(db.select(LotPaper)).one()
        paper.file_id = files.keep(world.manager, "合格证.png", picture(60, 40)).id
        return world, bill.order_id, bill.id


def text_of(content: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]


def outline(content: bytes) -> list[tuple[str, int]]:
    made = pypdf.PdfReader(io.BytesIO(content))
    return [(item.title, made.get_destination_page_number(item)) for item in made.outline]


def test_a_settled_orders_pack_is_complete_and_its_index_names_the_pages(settled):
    """Red when a document is forgotten, or the index's page is another than the document's."""
    world, order, _bill = settled
    pack = papers_reads.of_order(world.finance, order)
    assert [one.kind for one in pack.documents] == [
        "request", "order", "delivery", "acceptance", "batch", "bill", "invoice", "payment",
    ]  # fmt: skip
    assert pack.missing == []
    content = papers_pack.build(world.finance, pack)
    pages = text_of(content)
    assert "资料齐全，共 8 份" in pages[0]
    for no, document in enumerate(pack.documents, 1):
        first = next(page for title, page in outline(content) if title.startswith(f"{no}. "))
        row = next(line for line in pages[0].splitlines() if line.startswith(f"{no} "))
        assert str(first + 1) in row.split()
        assert document.number in pages[first]
    stamps = [page["/Resources"].get("/XObject", {}) for page in pypdf.PdfReader(io.BytesIO(content)).pages]
    assert ["/BangfuStamp" in one for one in stamps] == [True] * len(pages)
    assert len(pages) == 1 + 8 + 2  # sheets, the invoice's scan, the paper's picture


def test_a_bills_pack_holds_what_the_bill_is_for(settled):
    world, order, bill = settled
    of_order, of_bill = papers_reads.of_order(world.finance, order), papers_reads.of_bill(world.finance, bill)
    assert [one.number for one in of_bill.documents] == [one.number for one in of_order.documents]
    assert of_bill.missing == []


def test_an_order_that_just_began_says_what_is_missing(app):
    with transaction():
        world = World.build()
        order = world.approved()[0]
    pack = papers_reads.of_order(world.requester, order)
    assert [one.code for one in pack.missing] == ["unconfirmed"]
    assert "资料不齐，还缺 1 项" in text_of(papers_pack.build(world.requester, pack))[0]


def test_the_supplier_gets_its_side_without_the_agencys_request(settled):
    """Red when `_read` shows a supplier who asked for what and who approved it."""
    world, order, _bill = settled
    kinds = [one.kind for one in papers_reads.of_order(world.manager, order).documents]
    assert kinds[0] == "order"
    assert "request" not in kinds


def test_a_foreign_pack_is_not_found(settled):
    """Red when a pack is read without the order's scope."""
    world, order, bill = settled
    with transaction():
        strangers = [
            person(identity.add_organisation(SYSTEM, kind, f"别的{kind}", place, **more).id, {role})
            for kind, place, role, more in (
                ("supplier", YANLING, "supplier_manager", {"supplier_kind": "enterprise"}),
                ("agency", CHALING, "finance", {"agency_kind": "budget_unit"}),
            )
        ]
    paper = db.session.scalars(db.select(LotPaper.id)).one()
    for stranger in strangers:
        for read, id_ in ((papers_reads.of_order, order), (papers_reads.of_bill, bill)):
            with pytest.raises(NotFound):
                read(stranger, id_)
        with pytest.raises(NotFound):
            papers_reads.batch_scan(stranger, order, paper)
    assert papers_reads.batch_scan(world.receiver, order, paper).name == "合格证.png"


def test_a_scan_of_a_batch_that_was_not_shipped_to_the_agency_is_not_found(settled):
    """Red when `batch_scan` asks for the order alone: any batch's paper could be read through an order of one's own."""
    world, order, _bill = settled
    with transaction():
        other = world.lot(100_000)
        paper = db.session.scalars(db.select(LotPaper).where(LotPaper.lot_id == other)).one()
        paper.file_id = files.keep(world.manager, "x.png", picture(10, 10)).id
    with pytest.raises(NotFound):
        papers_reads.batch_scan(world.receiver, order, paper.id)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7 rubbish", "已损坏"),
        (with_writer(lambda writer: writer.encrypt("secret")), "有密码"),
        (picture(40_000, 40_000), "像素太多"),
        (b"\xff\xd8\xff\xe0", "已损坏"),
    ],
    ids=["broken", "locked", "bomb", "picture"],
)
def test_an_upload_that_cannot_be_read_becomes_a_page_that_says_so(settled, content, words):
    """Red when an upload stops the pack, or is left out in silence."""
    world, order, _bill = settled
    with transaction():
        paper = db.session.scalars(db.select(LotPaper)).one()
        paper.file_id = files.keep(world.manager, "坏的", content).id
    pages = text_of(papers_pack.build(world.finance, papers_reads.of_order(world.finance, order)))
    assert any(words in page for page in pages)


def test_a_file_that_is_gone_from_the_disk_is_said_too(settled):
    world, order, _bill = settled
    with transaction():
        row = files.keep(world.manager, "走了.pdf", note("走了"))
        db.session.scalars(db.select(LotPaper)).one().file_id = row.id
    files._path(row.sha256).unlink()
    pages = text_of(papers_pack.build(world.finance, papers_reads.of_order(world.finance, order)))
    assert any("读不到" in page for page in pages)


def test_a_job_makes_the_pack_and_keeps_it_for_who_asked(settled):
    world, order, _bill = settled
    with transaction():
        papers_pack.start(world.finance, "order", order)
    assert jobs.work({papers_pack.KIND: papers_pack.work})
    job = papers_pack.latest(world.receiver, "order", order)
    assert (job.state, job.result["missing"]) == ("done", 0)
    row = files.kept(world.finance, papers_pack.UUID(job.result["file"]))
    with files.open_kept(row) as file:
        assert len(pypdf.PdfReader(file).pages) == 11
    assert papers_pack.latest(world.manager, "order", order) is None


def test_too_much_is_refused_before_it_is_read(settled, monkeypatch):
    world, order, _bill = settled
    monkeypatch.setattr(papers_pack, "MOST_DOCUMENTS", 3)
    with pytest.raises(Refused) as refused, transaction():
        papers_pack.start(world.finance, "order", order)
    assert refused.value.code == "pack_too_large"


def test_statements_do_not_grow_with_the_deliveries(app):
    """Red when a document asks the database by itself."""
    from tests.procurement.test_statements import counted

    with transaction():
        world = World.build()
        lot = world.lot()
        order = world.approved(600_000)[0]
        world.accepted(world.shipped(lot, 50_000, order))
    db.session.expunge_all()
    with counted() as few:
        papers_reads.of_order(world.finance, order)
    with transaction():
        for _more in range(5):
            world.accepted(world.shipped(lot, 50_000, order))
    db.session.expunge_all()
    with counted() as many:
        papers_reads.of_order(world.finance, order)
    assert len(many) <= len(few) + 1
    assert procurement.order(world.finance, order).approved_at < clock.now() + timedelta(days=1)
