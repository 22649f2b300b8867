"""What became of a household, one question after the other: first what, then its facts; offices alone."""

from typing import Any
from uuid import UUID

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from ...core import clock
from ...core.errors import DomainError, Many, Refused
from ...core.fields import Day, Id, Place, Taken, Text
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...households import services as households
from ...households.schemas import WhySchema
from ...regions import services as regions
from ..supplier.fields import Percent
from . import around, one_of, paper, uploaded, words

LABELS = {
    "kind": _l("什么变动"),
    "from_day": _l("从哪天起"),
    "evidence": _l("依据"),
    "file": _l("证明的扫描件"),
    "village": _l("新住地"),
    "group_name": _l("组（社）"),
    "member_id": _l("谁去世"),
    "new_head_id": _l("新户主"),
    "code": _l("户号"),
    "head_name": _l("户主"),
    "percent": _l("比例"),
    "parts": _l("分给哪几户"),
    "reason": _l("理由"),
}
ROWS = 4


class PartSchema(Taken):
    """A household as papers have it, and its part."""

    code = Text(20, 1, required=True)
    head_name = Text(40, 1, required=True)
    percent = Percent(load_default=10_000)


class ChangeFormSchema(Taken):
    from_day = Day(required=True)
    evidence = Text(200, 1, required=True)
    village = Place(load_default=None)
    group_name = Text(20, load_default="")
    member_id = Id(load_default=None)
    new_head_id = Id(load_default=None)
    parts = fields.List(fields.Nested(PartSchema), load_default=list, validate=validate.Length(0, 20))


@guard("household.change")
def change_new(household_id: UUID) -> Response:
    household = one_of(household_id)
    kind = request.args.get("kind", "")
    if kind not in words.CHANGES:
        return Form().page("people/change_kind.html", **around(household), labels=LABELS)
    form = Form(ChangeFormSchema(), _present(household, kind), needs={"parts": "code"})
    if form.posted:
        with form.attempt():
            return _recorded(household, kind, form.data())
    members = [row for row in households.members_of(household_id) if row.left_on is None]
    return form.page(
        "people/change_new.html",
        **around(household),
        labels=LABELS,
        kind=kind,
        members=[
            (str(row.id), row.name, f"{words.relation(row.relation)}，{_('身份证尾号 %(last)s', last=row.id_last4)}")
            for row in members
        ],
        heads=[(str(row.id), row.name) for row in members if row.relation != "head"],
        villages=_villages() if kind == "moved" else [],
        rows=ROWS,
    )


def _present(household: Any, kind: str) -> dict[str, str]:
    values = {"from_day": clock.today().isoformat()}
    if kind == "split":  # a household often stays a part of its own split
        values |= {"parts.0.code": household.code, "parts.0.head_name": household.head_name}
    return values


def _recorded(household: Any, kind: str, data: dict[str, Any]) -> Response:
    rows = data.pop("parts") if kind in ("merged", "split") else data.pop("parts") and []
    found = households.recognise([(row["code"], row["head_name"]) for row in rows])
    unknown: list[DomainError] = [
        Refused("household_unknown", field="code", row=number) for number, id_ in enumerate(found, 1) if id_ is None
    ]
    if unknown:
        raise Many(unknown)
    parts = [(id_, row["percent"]) for id_, row in zip(found, rows, strict=True) if id_]
    try:
        row = households.record_change(
            actor(), household.id, households.NewChange(kind, parts=parts, file_id=uploaded(), **data)
        )
    except DomainError as refusal:
        raise _placed(refusal) from refusal
    word = _("已登记，等另一人批准后生效。") if row.state == "proposed" else _("已登记。")
    return done(word, ".people", household_id=household.id)


def _placed(refusal: DomainError) -> DomainError:
    """At the controls of this form: a household is its number here, basis points a percentage."""
    controls = {"household_id": "code", "basis_points": "percent", "parts": "parts.0.code"}
    for error in refusal.errors if isinstance(refusal, Many) else [refusal]:
        error.field = controls.get(error.field or "", error.field)
    return refusal


def _villages() -> list[tuple[str, str]]:
    """Every village of the office's county or finer division that holds households."""
    prefix = actor().scope.division
    if not prefix:
        return []
    places = regions.below(prefix[:6].ljust(12, "0"), 5, clock.today())
    codes = [place.code for place in places if place.has_households and place.ends is None]
    paths = regions.paths_of(codes)
    return [(code, "".join(place.name for place in paths[code] if place.level >= 3)) for code in codes]


@guard("household.change")
def change_approve(change_id: UUID) -> Response:
    home = households.change(actor(), change_id).household_id
    form = Form()
    with form.attempt():
        households.approve_change(actor(), change_id)
        return done(_("已批准，变动生效。"), ".people", household_id=home)
    return form.page("people/refused.html", **around(one_of(home)), labels=LABELS)


@guard("household.change")
def change_refuse(change_id: UUID) -> Response:
    row = households.change(actor(), change_id)
    form = Form(WhySchema())
    if form.posted:
        with form.attempt():
            households.refuse_change(actor(), change_id, form.data()["reason"])
            return done(_("已记为不批准。"), ".people", household_id=row.household_id)
    return form.page("people/change_refuse.html", **around(one_of(row.household_id)), change=row, labels=LABELS)


@guard("household.read")
def change_paper(change_id: UUID) -> Response:
    return paper(households.change(actor(), change_id).file_id)


ROUTES = [
    ("/households/<uuid:household_id>/changes/new", change_new, ["GET", "POST"]),
    ("/changes/<uuid:change_id>/approve", change_approve, ["POST"]),
    ("/changes/<uuid:change_id>/refuse", change_refuse, ["GET", "POST"]),
    ("/changes/<uuid:change_id>/paper", change_paper, ["GET"]),
]
