"""Households of the place, a new one, and each one's statement (收入明白账)."""

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...core import clock
from ...core.actor import Actor
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...households import services as households
from ...households.schemas import NewHouseholdSchema
from ...regions import services as regions
from ...reporting import rules
from ..tables import Table
from . import asking, blueprint, words

LABELS = {
    "head_name": _l("户主"),
    "village": _l("村"),
    "group_name": _l("组（社）"),
    "size": _l("人口"),
    "class": _l("类别"),
}


@blueprint.get("/households", endpoint="households")
@guard("household.read")
def households_() -> str:
    table = Table(per_page=50)
    village, class_ = request.args.get("village", ""), request.args.get("class", "")
    typed = request.args.get("q", "").strip()[:40]
    rows, table.total = households.listed(
        actor(),
        division=village.ljust(12, "0") if _is_place(village) else None,
        class_=class_ if class_ in words.HOUSEHOLD_CLASSES else None,
        words=typed,
        page=table.page,
        size=table.per_page,
    )
    return render_template(
        "office/households.html",
        rows=rows,
        table=table,
        typed=typed,
        village=village,
        class_=class_,
        classes=words.HOUSEHOLD_CLASSES,
        places=asking.short_places({row.present_division for row in rows}),
        options=_places_below(actor(), village),
    )


def _is_place(code: str) -> bool:
    return len(code) in rules.PREFIXES and code.isdigit()


def _places_below(actor: Actor, chosen: str) -> list[tuple[str, str]]:
    """From the office's division down to the chosen one, and the chosen one's parts."""
    top = actor.scope.division or ""
    code = (chosen if _is_place(chosen) and chosen.startswith(top) else top).ljust(12, "0")
    path = [place for place in regions.paths_of([code])[code] if place.prefix.startswith(top)]
    found = [("", _("全部"))]
    found += [(place.prefix, "　" * step + place.name) for step, place in enumerate(path) if place.prefix != top]
    below = regions.children(code if path else None, clock.today())
    return found + [(place.prefix, "　" * len(path) + place.name) for place in below if place.has_households]


@blueprint.route("/households/new", methods=["GET", "POST"])
@guard("household.edit")
def household_new() -> Response:
    form = Form(NewHouseholdSchema(), {"village": request.args.get("village", ""), "size": "", "class": "none"})
    if form.posted:
        with form.attempt():
            row = households.add(actor(), **form.data())
            return done(_("已添加农户 %(code)s。", code=row.code), "office.statement", household_id=row.id)
    return form.page(
        "office/household_new.html",
        labels=LABELS,
        classes=[(code, str(word), "") for code, word in words.HOUSEHOLD_CLASSES.items()],
        villages=_villages(actor()),
    )


def _villages(actor: Actor) -> list[tuple[str, str]]:
    """Every village of the office's division that holds households, under its township's name."""
    if not actor.scope.division:
        return []
    found = regions.below(actor.scope.division.ljust(12, "0"), 5, clock.today())
    codes = [place.code for place in found if place.has_households and place.ends is None]
    paths = regions.paths_of(codes)
    return [(code, "".join(place.name for place in paths[code] if place.level >= 3)) for code in codes]
