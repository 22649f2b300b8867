"""The one door to Typst: a template of `templates/pdf/` and plain data become a PDF, all in memory.

The data comes as JSON (`#let d = json(bytes(sys.inputs.data))`), so text with Typst's markup in it stays text. A
template reads nothing outside its folder (no system fonts either) and leaves no file behind. Pictures made on the way
(a QR code) are data too: SVG as text, `image(bytes(d.qr), format: "svg")`.
`templates/pdf/form.typ` holds what recurs: page, heading, table, fields for signatures.
"""

import importlib.resources
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst

from . import clock

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "pdf"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


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
