"""The volume report, and the rows and households behind its figures."""

from typing import Any
from uuid import UUID

from flask import Response, make_response, render_template, request, url_for
from flask_babel import gettext as _

from ...core import clock
from ...core.errors import Refused
from ...edge.current import actor
from ...edge.guard import guard
from ...households.rules import masked
from ...identity import services as identity
from ...reporting import services as reporting
from ...reporting import sheets
from ..tables import Table
from . import asking, blueprint, words

EXPORTED = 50_000  # rows in one file


@blueprint.get("/volume")
@guard("report.read")
def volume() -> str | Response:
    question, by, shared = asking.asked(actor()), asking.by_of(), bool(request.args.get("shared"))
    report = reporting.volume(actor(), question, by, shared=shared, depth=2)
    if request.args.get("format") == "csv":
        heads = {name: str(word) for name, word in words.COLUMNS.items()}
        text = sheets.volume_sheet(report, str(words.DIMENSIONS[by]), heads, _("合计"))
        return attachment(text, f"volume-{by}")
    return render_template("office/volume.html", **shown(report, asking.options(actor(), question)))


def shown(report: reporting.Report, options: dict[str, Any]) -> dict[str, Any]:
    """What the report's page needs: also the public one's."""
    default = "name" if report.by == "month" else "-settled"
    table = Table(keys=asking.SORTS, default=default)
    lines = asking.lines(report, table.sort)
    return {
        "report": report,
        "by": report.by,
        "table": table,
        "lines": lines,
        "options": options,
        "months": asking.columns_chart(report),
        "bars": asking.bars_chart(report) if report.by != "month" else [],
        "place": asking.place_name(report.asked.origin),
        "above": asking.trail(actor(), report.asked.origin),
        "to_rows": asking.arguments(report.asked),
        "rows_url": asking.row_links(),
        "whole_words": asking.whole_words,
        "typed_month": asking.typed_month,
        "dimensions": words.DIMENSIONS,
        "columns": words.COLUMNS,
    }


@blueprint.get("/volume/rows")
@guard("report.read")
def volume_rows() -> str | Response:
    question, figure = asking.asked(actor()), request.args.get("figure", "settled")
    if figure not in reporting.FIGURES:
        raise Refused("not_a_figure", field="figure", value=figure[:20])
    table = Table(keys=("day", "fen"), default="-day", per_page=50)
    if request.args.get("format") == "csv":
        return _rows_sheet(question, figure, table.sort)
    opened = reporting.rows(actor(), question, figure, sort=table.sort, page=table.page, size=table.per_page)
    table.total = opened.total
    return render_template(
        "office/volume_rows.html",
        question=question,
        figure=figure,
        opened=opened,
        table=table,
        columns=words.COLUMNS,
        kinds=words.ROW_KINDS,
        chips=_chips(question),
        back=url_for("office.volume", **asking.arguments(question)),
        **_named(opened.rows),
    )


def _named(rows: list[reporting.Behind]) -> dict[str, Any]:
    """Organisations, households and places of the rows, a statement each."""
    parties = {row.supplier_id for row in rows} | {row.agency_id for row in rows if row.agency_id}
    ids: list[UUID] = [row.household_id for row in rows if row.household_id]
    return {
        "organisations": identity.named(parties),
        "households": reporting.named_households(ids),
        "places": asking.short_places({row.division for row in rows}),
        "masked": masked,
    }


def _rows_sheet(question: reporting.Asked, figure: str, sort: str) -> Response:
    rows = reporting.rows(actor(), question, figure, sort=sort, size=EXPORTED).rows
    named = identity.named({row.supplier_id for row in rows} | {row.agency_id for row in rows if row.agency_id})
    heads = [
        _("日期"),
        _("种类"),
        _("单号"),
        _("内容"),
        _("批次"),
        _("供应商"),
        _("采购单位"),
        _("区划"),
        _("金额（元）"),
    ]
    kinds = {kind: str(word) for kind, word in words.ROW_KINDS.items()}
    text = sheets.rows_sheet(rows, heads, kinds, {str(id_): row.name for id_, row in named.items()})
    return attachment(text, f"volume-{figure}")


@blueprint.get("/volume/households")
@guard("household.read")
def volume_households() -> str:
    question = asking.asked(actor())
    table = Table(per_page=50)
    found = reporting.households_reached(actor(), question, page=table.page, size=table.per_page)
    table.total = found.total - found.elsewhere
    return render_template(
        "office/volume_households.html",
        found=found,
        table=table,
        chips=_chips(question),
        places=asking.short_places({row.present_division for row in found.rows}),
        classes=words.HOUSEHOLD_CLASSES,
        back=url_for("office.volume", **asking.arguments(question)),
    )


def _chips(question: reporting.Asked) -> list[str]:
    """The question in words: months and filters."""
    first, last = asking.typed_month(question.first), asking.typed_month(question.last)
    found = [first if first == last else _("%(first)s 至 %(last)s", first=first, last=last)]
    for name, value in question.filters.items():
        called = reporting.names_of(name, [str(value)]).get(str(value), str(value))
        found.append(_("%(what)s：%(value)s", what=str(words.DIMENSIONS[name]), value=called))
    return found


def attachment(text: str, name: str) -> Response:
    """A CSV file with the day in its name."""
    response = make_response(text)
    response.mimetype = "text/csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{clock.today():%Y%m%d}.csv"'
    return response
