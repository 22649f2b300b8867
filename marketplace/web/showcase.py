"""A page with every part of the kit, for those who build pages; in demo mode only."""

from dataclasses import dataclass

from flask import Blueprint, render_template
from flask_babel import gettext as _

from ..core import clock
from ..core.errors import DomainError
from ..edge.guard import guard
from .states import KINDS, STATES
from .tables import Table

blueprint = Blueprint("showcase", __name__)
COLOURS = [
    ("green-800", "#1c4526", "10.9"), ("green-700", "#2f6b3a", "6.4"), ("green-300", "#a9c9ab", ""),
    ("green-200", "#cfe1d0", ""), ("green-100", "#e9f1e8", ""), ("warm-700", "#8a5200", "6.4"),
    ("warm-500", "#c77a12", "3.4"), ("warm-200", "#f0d3a4", ""), ("warm-100", "#fcf2e1", ""),
    ("red-700", "#a3242b", "7.4"), ("red-200", "#eec3c4", ""), ("red-100", "#fbecec", ""),
    ("blue-700", "#1f5a85", "7.3"), ("blue-200", "#bdd5e6", ""), ("blue-100", "#e8f1f8", ""),
    ("ink", "#1e2320", "16.0"), ("ink-2", "#454c47", "8.8"), ("ink-3", "#5c645e", "6.1"),
    ("edge", "#828a84", "3.5"), ("line", "#d5dad5", ""), ("line-2", "#e6eae6", ""),
    ("sunk", "#f1f3f0", ""), ("page", "#f8f9f7", ""), ("sheet", "#ffffff", ""),
]  # fmt: skip
SOLD = (812, 506, 431, 468, 590, 642, 288, 352, 374, 402, 455, 908)


@dataclass
class Sample:
    """Stands in for a refused form."""

    errors: tuple[DomainError, ...] = (DomainError("not_a_quantity", field="quantity", value="17O"),)

    def value(self, name: str, default: str = "") -> str:
        return {"quantity": "17O", "canteen": "own", "town": "b"}.get(name, default)

    def error(self, name: str) -> str | None:
        return _("170 不是 20 的整数倍，可填 160 或 180") if name == "quantity" else None

    def summary(self) -> list[tuple[str, int | None, str]]:
        return [("quantity", None, _("170 不是 20 的整数倍，可填 160 或 180"))]


@blueprint.get("/kit")
@guard(public=True)
def kit() -> str:
    table = Table(keys=("name", "quantity", "amount"), default="-amount", per_page=25, total=312)
    return render_template(
        "showcase.html",
        colours=COLOURS,
        kinds=KINDS,
        states=STATES,
        form=Sample(),
        table=table,
        months=_months(),
        towns=_towns(),
        moment_now=clock.now(),
    )


def _months() -> list[dict[str, str | int | None]]:
    rows: list[dict[str, str | int | None]] = []
    for number, wan in enumerate(SOLD):
        month = (number + 7) % 12 + 1
        rows.append(
            {
                "label": f"{month}月",
                "below": {0: "2025 年", 5: "2026 年"}.get(number),
                "sold": wan * 1_000_000,
                "due": wan * 560_000,
                "received": wan * (560_000 - 14_000 * number),
                "url": f"#m{month}",
            }
        )
    return rows


def _towns() -> list[dict[str, str | int]]:
    names = ("中村瑶族乡，炎陵", "霞阳镇，炎陵", "虎踞镇，茶陵", "火田镇，茶陵", "十都镇，炎陵")
    return [
        {"label": name, "sold": fen, "due": fen * 6 // 10, "received": fen * 55 // 100, "url": "#town"}
        for name, fen in zip(names, (947_000_000, 735_000_000, 585_000_000, 504_000_000, 492_000_000), strict=True)
    ]
