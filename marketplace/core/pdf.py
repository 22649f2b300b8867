"""The one door to Typst and pypdf: a template and plain data become a PDF; PDFs and pictures of others become one.

A template of `templates/pdf/` and plain data become a PDF, all in memory.

The data comes as JSON (`#let d = json(bytes(sys.inputs.data))`), so text with Typst's markup in it stays text. A
template reads nothing outside its folder (no system fonts either) and leaves no file behind. Pictures made on the way
(a QR code) are data too: SVG as text, `image(bytes(d.qr), format: "svg")`.
`templates/pdf/form.typ` holds what recurs: page, heading, table, fields for signatures.

`joined` puts documents behind each other and stamps each page. What others uploaded is not trusted: a broken, locked or
endless PDF and a picture of too many pixels raise Unreadable; of a page's annotations only what is drawn stays (a seal),
never what acts (a link, a script).
"""

import importlib.resources
import io
import json
import re
import struct
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pypdf
import typst
from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, NameObject, RectangleObject

from . import clock

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "pdf"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
MAX_PAGES, MAX_PIXELS = 300, 50_000_000  # of one document


def render(template: str, data: dict[str, Any]) -> bytes:
    """The PDF of `templates/pdf/<template>.typ` with `data`: JSON's values; money and days as the reader shall see them.

    Raises ValueError for a name that is none of the templates.
    """
    file = TEMPLATES / f"{template}.typ"
    if not _NAME.fullmatch(template) or not file.is_file():
        raise ValueError(f"no PDF template {template!r}")
    compiler = typst.Compiler(
        root=TEMPLATES,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        # A folder that does not exist: templates take no packages, from the network or from the user's home.
        package_path=TEMPLATES / "packages",
        package_cache_path=TEMPLATES / "packages",
    )
    content = compiler.compile(input=file, format="pdf", timestamp=int(clock.now().timestamp()))
    if not isinstance(content, bytes):
        raise TypeError("typst answered with something that is no PDF")
    return content


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    """Noto Sans CJK out of its wheel, read once per process."""
    folder = importlib.resources.files("manimgx_fonts_cjk")
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)])


class Unreadable(ValueError):
    """Another's document cannot be taken in; `reason`: broken, locked, too_long, too_many_pixels."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Part:
    """A PDF of a joined one: its outline's title, and what is stamped on its pages; "" stamps nothing."""

    content: bytes
    title: str
    stamp: str = ""


def pages_of(content: bytes) -> int:
    """How many pages a PDF has, every one of them looked at. Raises Unreadable."""
    return len(_pages(content))


def _pages(content: bytes) -> list[pypdf.PageObject]:
    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("locked")
        count = reader.get_num_pages()
        if not count:
            raise Unreadable("broken")
        if count > MAX_PAGES:
            raise Unreadable("too_long")
        pages = list(reader.pages)
        for page in pages:
            page.get_contents()
            if page.mediabox.width <= 0 or page.mediabox.height <= 0:
                raise Unreadable("broken")
    except Unreadable:
        raise
    except RecursionError:
        raise Unreadable("broken") from None
    except Exception as failure:  # pypdf raises whatever a broken file makes it
        raise Unreadable("broken") from failure
    return pages


def of_picture(content: bytes) -> bytes:
    """A PNG or JPEG on a page of A4, upright. Raises Unreadable."""
    width, height = _pixels(content)
    if width * height > MAX_PIXELS:
        raise Unreadable("too_many_pixels")
    suffix = "png" if content.startswith(b"\x89PNG") else "jpg"
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"picture.{suffix}").write_bytes(content)
        source = (
            f'#set page(paper: "a4", margin: 12mm, flipped: {"true" if width > height else "false"})\n'
            f'#align(center + horizon, image("picture.{suffix}", width: 100%, height: 100%, fit: "contain"))'
        )
        (Path(folder) / "main.typ").write_text(source)
        try:
            compiler = typst.Compiler(root=folder, font_paths=_fonts(), ignore_system_fonts=True)
            made = compiler.compile(input=Path(folder) / "main.typ", format="pdf")
        except Exception as failure:
            raise Unreadable("broken") from failure
    if not isinstance(made, bytes):
        raise Unreadable("broken")
    return made


def _pixels(content: bytes) -> tuple[int, int]:
    """Width and height as a PNG's or JPEG's head says them. Raises Unreadable."""
    try:
        if content.startswith(b"\x89PNG\r\n\x1a\n"):
            width, height = struct.unpack(">II", content[16:24])
            return int(width), int(height)
        place = 2
        while content[place] == 0xFF:
            marker, (length,) = content[place + 1], struct.unpack(">H", content[place + 2 : place + 4])
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                height, width = struct.unpack(">HH", content[place + 5 : place + 9])
                return int(width), int(height)
            place += 2 + length
    except (struct.error, IndexError):
        pass
    raise Unreadable("broken")


def joined(parts: Sequence[Part], title: str) -> bytes:
    """One PDF of several, in order, with an outline. Every part must be readable (`pages_of`)."""
    writer = pypdf.PdfWriter()
    found = [_pages(part.content) for part in parts]
    whole = sum(map(len, found))
    places: list[tuple[Any, str]] = []
    for part, pages in zip(parts, found, strict=True):
        first = len(places)
        for page in pages:
            _quiet(page)
            stamp = f"{part.stamp}    {len(places) + 1} / {whole}" if part.stamp else ""
            places.append((writer.add_page(page), stamp))
        writer.add_outline_item(title=part.title, page_number=first)
    _stamp(writer, places)
    writer.add_metadata({"/Title": title})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


_DRAWN = ("/Widget", "/Stamp", "/FreeText", "/Ink", "/Square", "/Circle", "/Line", "/Highlight")


def _quiet(page: pypdf.PageObject) -> None:
    """Takes from a page what acts when it is opened or clicked; what is drawn on it (a seal) stays."""
    kept = ArrayObject()
    for reference in page.get("/Annots", None) or ():
        held = reference.get_object()
        if isinstance(held, DictionaryObject) and held.get("/Subtype") in _DRAWN and "/AP" in held:
            names = ("/Type", "/Subtype", "/Rect", "/AP", "/AS", "/F")
            kept.append(DictionaryObject({NameObject(name): held[name] for name in names if name in held}))
    for name in ("/Annots", "/AA", "/Metadata", "/PieceInfo", "/Thumb", "/B", "/Tabs"):
        if name in page:
            del page[name]
    if kept:
        page[NameObject("/Annots")] = kept


def _stamp(writer: pypdf.PdfWriter, places: Sequence[tuple[Any, str]]) -> None:
    """Draws each page's stamp over it, in its upper right corner as it is looked at, as a form of its own: what stands
    on the page already is not read."""
    stamped = [(page, words) for page, words in places if words]
    if not stamped:
        return
    overlays = _pages_of_own(render("pack_stamp", {"stamps": [words for _, words in stamped]}))
    for (page, _words), overlay in zip(stamped, overlays, strict=True):
        box, turned = page.cropbox, int(page.get("/Rotate", 0) or 0) % 360
        width, height = float(overlay.mediabox.width), float(overlay.mediabox.height)
        form = DecodedStreamObject()
        contents = overlay.get_contents()
        form.set_data(contents.get_data() if contents is not None else b"")
        form.update(
            {
                NameObject("/Type"): NameObject("/XObject"),
                NameObject("/Subtype"): NameObject("/Form"),
                NameObject("/BBox"): RectangleObject((0, 0, width, height)),
                NameObject("/Resources"): overlay["/Resources"].clone(writer),
            }
        )
        left, bottom, right, top = (float(side) for side in (box.left, box.bottom, box.right, box.top))
        matrix = {
            90: f"0 1 -1 0 {left + height} {top - width}",
            180: f"-1 0 0 -1 {left + width} {bottom + height}",
            270: f"0 -1 1 0 {right - height} {bottom + width}",
        }.get(turned, f"1 0 0 1 {right - width} {top - height}")
        _draw(writer, page, writer._add_object(form), matrix)


def _draw(writer: pypdf.PdfWriter, page: Any, form: Any, matrix: str) -> None:
    resources = DictionaryObject(page.get("/Resources", DictionaryObject()).get_object())
    forms = DictionaryObject(resources.get("/XObject", DictionaryObject()).get_object())
    forms[NameObject("/BangfuStamp")] = form
    resources[NameObject("/XObject")] = forms
    page[NameObject("/Resources")] = resources
    before, after = DecodedStreamObject(), DecodedStreamObject()
    before.set_data(b"q\n")
    after.set_data(f"\nQ q {matrix} cm /BangfuStamp Do Q\n".encode())
    held = page.get("/Contents")
    now = held.get_object() if held is not None else None
    middle = list(now) if isinstance(now, ArrayObject) else [] if held is None else [page.raw_get("/Contents")]
    page[NameObject("/Contents")] = ArrayObject([writer._add_object(before), *middle, writer._add_object(after)])


def _pages_of_own(content: bytes) -> list[pypdf.PageObject]:
    return list(pypdf.PdfReader(io.BytesIO(content)).pages)
