"""Owed against received, by supplier, township, village and household, with what is overdue by age."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...attribution import services as attribution
from ...core.errors import NotFound
from ...core.money import yuan
from ...edge.current import actor
from ...edge.guard import guard
from ...households import services as households
from ...identity import services as identity
from ...regions import services as regions
from .. import sheets
from ..tables import Table, here
from . import asking, blueprint, shown_name

BY = {"supplier": _l("供应商"), "township": _l("乡镇"), "village": _l("村")}
AGE_HEADS = [_l("逾 30 天（元）"), _l("逾 60 天（元）"), _l("逾 90 天（元）")]


def prefix_asked() -> str:
    """The place of the URL within the office's own, as a prefix. Raises NotFound outside it."""
    scope = actor().scope
    if scope.division is None and not scope.everything:  # a supplier reads what it owes on its own page
        raise NotFound("page")
    top = scope.division or ""
    typed = request.args.get("place", "")
    if not typed:
        return top
    if len(typed) not in (2, 4, 6, 9, 12) or not typed.isdecimal() or not typed.startswith(top):
        raise NotFound("division")
    return typed


@blueprint.get("/owing", endpoint="owing")
@guard("statement.read")
def owing_() -> Response | str:
    """Owed, received, payable and overdue of the households that live here."""
    by = request.args.get("by", "supplier")
    by = by if by in BY else "supplier"
    prefix = prefix_asked()
    rows = attribution.owing_in_division(prefix, by)
    names = _names(by, [row.key for row in rows])
    if request.args.get("format") == "csv":
        heads = [
            BY[by],
            _("应得（元）"),
            _("已得（元）"),
            _("应付未付（元）"),
            _("待抵扣（元）"),
            *AGE_HEADS,
            _("户数"),
        ]
        return sheets.download("owing", heads, ([names[row.key], *_yuan(row), row.households] for row in rows))
    return render_template(
        "office/owing.html",
        rows=rows,
        names=names,
        by=by,
        ways=[(key, str(word), here(by=key)) for key, word in BY.items()],
        prefix=prefix,
        place=asking.place_name(prefix),
        up=[(one.name, here(place=one.prefix)) for one in _above(prefix)],
        opens=lambda key: _opens(by, key, prefix),
    )


def _above(prefix: str) -> list[Any]:
    top = actor().scope.division or ""
    if not prefix or len(prefix) <= len(top):
        return []
    code = prefix.ljust(12, "0")
    return [one for one in regions.paths_of([code])[code] if one.prefix.startswith(top) and one.prefix != prefix]


def _names(by: str, keys: list[Any]) -> dict[Any, str]:
    if by == "supplier":
        return {id_: row.name for id_, row in identity.named(set(keys)).items()}
    return {key: regions.name_path(key) for key in keys}


def _opens(by: str, key: Any, prefix: str) -> str:
    """A supplier opens to its households of the place, a place to what lies in it."""
    if by == "supplier":
        return url_for("office.owing_households", supplier_id=key, place=prefix or None)
    if by == "township":
        return url_for("office.owing", by="village", place=key[:9])
    return url_for("office.owing", by="supplier", place=key)


def _yuan(row: Any) -> list[str]:
    fen = (row.owed_fen, row.received_fen, row.payable_fen, row.recoverable_fen)
    return [yuan(value) for value in (*fen, row.over_30_fen, row.over_60_fen, row.over_90_fen)]


ONLY = {"payable": _l("有应付未付的"), "overdue": _l("逾 30 天的"), "recoverable": _l("有待抵扣的"), "all": _l("全部")}


@blueprint.get("/owing/<uuid:supplier_id>")
@guard("statement.read")
def owing_households(supplier_id: UUID) -> Response | str:
    """One supplier's households that live here: each opens to its statement."""
    who = actor()
    table = Table(per_page=50)
    only = request.args.get("only", "payable")
    only = only if only in ONLY else "payable"
    prefix = prefix_asked()
    here_ = households.ids_in(prefix) if prefix else None
    csv = request.args.get("format") == "csv"
    rows, table.total = attribution.owing_by_household(
        supplier_id, only=only, page=1 if csv else table.page, size=10_000 if csv else table.per_page, ids=here_
    )
    known = households.by_ids([row.key for row in rows])
    supplier = identity.named({supplier_id}).get(supplier_id)
    if supplier is None or (here_ is not None and not rows and not table.total and not _any(supplier_id, here_)):
        raise NotFound("organisation")
    places = asking.short_places({row.present_division for row in known.values()})
    if csv:
        heads = [_("户号"), _("户主"), _("村"), _("应得（元）"), _("已得（元）"), _("应付未付（元）"), _("待抵扣（元）"), *AGE_HEADS]  # fmt: skip
        return sheets.download(
            "owing-households",
            heads,
            (
                [one.code, shown_name(one), f"{places[one.present_division]}{one.group_name}", *_yuan(row)]
                for row in rows
                for one in [known[row.key]]
            ),
        )
    return render_template(
        "office/owing_households.html",
        rows=rows,
        known=known,
        places=places,
        supplier=supplier,
        table=table,
        only=only,
        choices=list(ONLY.items()),
        place=asking.place_name(prefix),
        prefix=prefix,
        may_open=who.may("statement.read"),
    )


def _any(supplier_id: UUID, ids: Any) -> bool:
    """Whether the supplier has anything to do with the households here: a foreign one answers as an unknown one."""
    return bool(attribution.owing_by_household(supplier_id, only="all", size=1, ids=ids)[1])
