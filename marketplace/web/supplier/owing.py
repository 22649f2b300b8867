"""What the supplier owes its households: by household, mechanism and age, opening to the rows."""

from typing import Any

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...attribution import services as attribution
from ...core.money import yuan
from ...edge.current import actor
from ...edge.guard import guard
from .. import mechanisms, sheets
from ..tables import Table
from . import blueprint, people

ONLY = {"payable": _l("有应付未付的"), "overdue": _l("逾 30 天的"), "recoverable": _l("有待抵扣的"), "all": _l("全部")}


@blueprint.get("/owing", endpoint="owing")
@guard("statement.read")
def owing_() -> Response | str:
    supplier = actor().organisation
    table = Table(per_page=50)
    only = request.args.get("only", "payable")
    only = only if only in ONLY else "payable"
    csv = request.args.get("format") == "csv"
    rows, table.total = attribution.owing_by_household(
        supplier,  # type: ignore[arg-type]
        only=only,
        page=1 if csv else table.page,
        size=10_000 if csv else table.per_page,
    )
    known = people.of([row.key for row in rows])
    if csv:
        return _csv(rows, known)
    return render_template(
        "supplier/owing.html",
        owing=attribution.owing(supplier),  # type: ignore[arg-type]
        rows=rows,
        known=known,
        table=table,
        only=only,
        choices=list(ONLY.items()),
        mechanism=mechanisms.mechanism,
    )


def _csv(rows: list[Any], known: dict[Any, people.Person]) -> Response:
    heads = [_("户号"), _("户主"), _("乡镇"), _("村"), _("组"), _("应得（元）"), _("已得（元）"), _("应付未付（元）"), _("待抵扣（元）"), _("逾 30 天（元）"), _("逾 60 天（元）"), _("逾 90 天（元）")]  # fmt: skip
    return sheets.download(
        "owing",
        heads,
        (
            [one.code, one.name, one.township, one.village, one.group, *(yuan(fen) for fen in _fen(row))]
            for row in rows
            for one in [known[row.key]]
        ),
    )


def _fen(row: Any) -> tuple[int, ...]:
    money = row.owed_fen, row.received_fen, row.payable_fen, row.recoverable_fen
    return (*money, row.over_30_fen, row.over_60_fen, row.over_90_fen)
