"""PDF from a template and data: text stays text, nothing outside the folder is read, nothing is left behind."""

import tempfile
from pathlib import Path

import pytest
import typst

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
