"""The banks' templates: data in `data/bank_templates/`, one file each (its README tells the fields)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from ..core.errors import Refused
from ..core.money import yuan
from ..core.sheets import to_csv_bytes, to_xlsx

FIELDS = ("no", "reference", "account", "name", "id_number", "bank", "amount", "purpose", "village")
MEDIA = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv"}


@dataclass(frozen=True)
class Template:
    """`columns`: (field, heading) in the bank's order; `amount` yuan or fen."""

    code: str
    name: str
    format: str
    encoding: str
    amount: str
    head: bool
    columns: tuple[tuple[str, str], ...]

    @property
    def media_type(self) -> str:
        return MEDIA[self.format]

    def content(self, rows: Sequence[dict[str, Any]]) -> bytes:
        """The file for rows of FIELDS; `amount` in fen."""
        lines: list[list[Any]] = [[heading for _, heading in self.columns]] if self.head else []
        lines += [[self._value(field, row) for field, _ in self.columns] for row in rows]
        return to_xlsx(lines, "代发") if self.format == "xlsx" else to_csv_bytes(lines, self.encoding)

    def _value(self, field: str, row: dict[str, Any]) -> Any:
        value = row[field]
        return yuan(value) if field == "amount" and self.amount == "yuan" else value


def _read(code: str, raw: dict[str, Any]) -> Template:
    template = Template(
        code=code,
        name=raw["name"],
        format=raw["format"],
        encoding=raw["encoding"],
        amount=raw["amount"],
        head=raw["head"],
        columns=tuple((field, heading) for field, heading in raw["columns"]),
    )
    unknown = {field for field, _ in template.columns} - set(FIELDS)
    known = template.format in MEDIA and template.encoding in ("utf-8", "gbk") and template.amount in ("yuan", "fen")
    if unknown or not known or not {"reference", "account", "amount"} <= {field for field, _ in template.columns}:
        raise ValueError(f"bank template {code}: {sorted(unknown) or 'format, encoding, amount or columns'}")
    return template


@lru_cache(maxsize=1)
def templates() -> dict[str, Template]:
    """Code → template, by code. Raises ValueError for a file that is none."""
    folder = resources.files(__package__) / "data" / "bank_templates"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda file: file.name)
    return {
        file.name.removesuffix(".json"): _read(
            file.name.removesuffix(".json"), json.loads(file.read_text(encoding="utf-8"))
        )
        for file in files
    }


def template(code: str) -> Template:
    """Raises Refused('bank_template_unknown')."""
    found = templates().get(code)
    if found is None:
        raise Refused("bank_template_unknown", field="template", value=code[:30])
    return found
