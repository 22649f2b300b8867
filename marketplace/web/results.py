"""What everybody may read of the results (帮扶成效): small cells hidden, nothing to subtract them from."""

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ..core import clock
from ..core.errors import Refused
from ..edge.guard import guard
from ..reporting import rules, sheets
from ..reporting import services as reporting
from .office import asking, words
from .office.volume import attachment

blueprint = Blueprint("results", __name__)
YEARS = 3
DIMENSIONS = {"origin": _l("按产地"), "category": _l("按品类"), "month": _l("按月份")}


@guard(public=True)
def results() -> Response:
    """A year's figures by one of three whole dimensions; by origin down to the township."""
    today = clock.today()
    year = request.args.get("year", today.year, type=int)
    by = request.args.get("by", "origin")
    if by not in reporting.PUBLIC_DIMENSIONS or not today.year - YEARS < year <= today.year:
        raise Refused("not_a_choice", field="by")
    last = clock.period(today) if year == today.year else year * 100 + 12
    origin = _origin()
    question = reporting.Asked(year * 100 + 1, last, origin)
    report = reporting.results(question, by)
    if request.args.get("format") == "csv":
        heads = {name: str(word) for name, word in words.COLUMNS.items()}
        text = sheets.volume_sheet(report, str(words.DIMENSIONS[by]), heads, _("合计"))
        return attachment(text, f"results-{year}-{by}")
    return make_response(
        render_template(
            "public/results.html",
            report=report,
            by=by,
            year=year,
            years=[today.year - back for back in range(YEARS)],
            place=asking.place_name(origin),
            up=_above(origin),
            months=[{**month, "url": None} for month in asking.columns_chart(report)],
            dimensions=DIMENSIONS,
            columns=words.COLUMNS,
            whole_words=asking.whole_words,
        )
    )


def _origin() -> str:
    """A county within the installation's division, or the division itself: never as fine as a village."""
    home, typed = asking.home_prefix(), request.args.get("origin", "")
    if typed and (len(typed) not in rules.PREFIXES or len(typed) > 6 or not typed.startswith(home)):
        raise Refused("not_a_choice", field="origin")
    return typed or home


def _above(origin: str) -> str | None:
    home = asking.home_prefix()
    return None if origin == home else home


# The page hangs among the public ones, whose menu names it.
blueprint.record(lambda state: state.app.add_url_rule("/results", endpoint="public.results", view_func=results))
