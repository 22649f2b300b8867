"""PDF from a template and data: text stays text, nothing outside the folder is read, nothing is left behind."""

import io
import struct
import tempfile
import zlib
from pathlib import Path

import pypdf
import pytest
import typst
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, RectangleObject

from marketplace.core import pdf

pytestmark = pytest.mark.unit

MARKUP = '#import "x" *粗* $x^2$ <label> @reference `code` \\ //comment /* #read("/etc/passwd")'


def note(*paragraphs: str) -> bytes:
    return pdf.render("note", {"title": "公示", "paragraphs": list(paragraphs), "below": ["霞阳镇"]})


def test_a_template_and_data_become_a_pdf() -> None:
    assert note("炎陵黄桃").startswith(b"%PDF-1.7")


def test_text_with_markup_stays_text() -> None:
    assert note(MARKUP).startswith(b"%PDF-")


def test_a_template_reads_nothing_outside_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "inside" / "thief.typ").write_text('#read("../secret.txt")')
    monkeypatch.setattr(pdf, "TEMPLATES", tmp_path / "inside")
    with pytest.raises(typst.TypstError):
        pdf.render("thief", {})


@pytest.mark.parametrize("name", ["missing", "../base", "note.typ", ""])
def test_only_a_template_by_its_name_is_rendered(name: str) -> None:
    with pytest.raises(ValueError):
        pdf.render(name, {})


def test_no_file_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = set(pdf.TEMPLATES.rglob("*"))
    note("炎陵黄桃")
    assert list(tmp_path.iterdir()) == []
    assert set(pdf.TEMPLATES.rglob("*")) == before


def picture(width: int, height: int) -> bytes:
    """A grey PNG of that size."""
    rows = zlib.compress(b"".join(b"\0" + b"\x80" * width for _ in range(min(height, 50))))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def with_writer(change) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(note("正文")))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_documents_are_joined_in_order_with_outline_and_stamps() -> None:
    """Red when a stamp is drawn on another's page, or the outline points elsewhere."""
    parts = [pdf.Part(note(f"第{number}份"), f"文件{number}", f"No. {number}") for number in (1, 2)]
    made = pypdf.PdfReader(io.BytesIO(pdf.joined([pdf.Part(note("封面"), "封面"), *parts], "报销资料包")))
    assert [made.get_destination_page_number(item) for item in made.outline] == [0, 1, 2]
    forms = ["/BangfuStamp" in page["/Resources"].get("/XObject", {}) for page in made.pages]
    assert forms == [False, True, True]


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_a_turned_page_is_stamped_where_it_is_looked_at(turned: int) -> None:
    content = with_writer(lambda writer: writer.pages[0].rotate(turned))
    made = pypdf.PdfReader(io.BytesIO(pdf.joined([pdf.Part(content, "x", "No. 1")], "x"))).pages[0]
    assert made.get("/Rotate", 0) == turned
    assert b"/BangfuStamp Do" in made.get_contents().get_data()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"%PDF-1.7\nrubbish", "broken"),
        (b"%PDF-1.7\n" + b"\0" * 2000, "broken"),
        (with_writer(lambda writer: writer.encrypt("secret")), "locked"),
        (with_writer(lambda writer: [writer.add_blank_page(100, 100) for _ in range(300)]), "too_long"),
    ],
    ids=["rubbish", "zeros", "locked", "endless"],
)
def test_what_cannot_be_read_says_why(content: bytes, reason: str) -> None:
    """Red when pypdf's own exception comes through, or a limit is not asked for."""
    with pytest.raises(pdf.Unreadable) as refused:
        pdf.pages_of(content)
    assert refused.value.reason == reason


def test_a_locked_one_that_opens_without_a_password_is_read() -> None:
    assert pdf.pages_of(with_writer(lambda writer: writer.encrypt("", "owner"))) == 1


def test_a_picture_becomes_a_page_and_a_bomb_is_refused_before_it_is_opened() -> None:
    """Red when the head's pixels are not asked (a 40,000 × 40,000 PNG takes 6 GB)."""
    assert pdf.pages_of(pdf.of_picture(picture(40, 30))) == 1
    for content, reason in (
        (picture(40_000, 40_000), "too_many_pixels"),
        (b"\x89PNG\r\n\x1a\n", "broken"),
        (b"\xff\xd8\xff\xe0", "broken"),
        (picture(40, 30)[:-30], "broken"),
    ):
        with pytest.raises(pdf.Unreadable) as refused:
            pdf.of_picture(content)
        assert refused.value.reason == reason


def test_what_acts_is_taken_from_a_page_and_a_seal_stays() -> None:
    """Red when annotations are copied as they are: a link or a script of an upload would reach who opens the pack."""

    def add(writer: pypdf.PdfWriter) -> None:
        def note_(subtype: str, **more: object) -> DictionaryObject:
            held = {"/Type": NameObject("/Annot"), "/Subtype": NameObject(subtype)}
            held |= {"/Rect": RectangleObject((0, 0, 9, 9)), "/A": DictionaryObject(), **more}
            return DictionaryObject({NameObject(name): value for name, value in held.items()})

        annotations = ArrayObject([note_("/Link"), note_("/Stamp", **{"/AP": DictionaryObject()})])
        writer.pages[0][NameObject("/Annots")] = annotations
        writer.pages[0][NameObject("/AA")] = DictionaryObject()

    made = pypdf.PdfReader(io.BytesIO(pdf.joined([pdf.Part(with_writer(add), "x", "No. 1")], "x"))).pages[0]
    assert [note_.get_object()["/Subtype"] for note_ in made["/Annots"]] == ["/Stamp"]
    assert "/A" not in made["/Annots"][0].get_object()
    assert "/AA" not in made
