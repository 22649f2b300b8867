"""Weighing: one household in a few taps at the gate, or a morning's slips in a table."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from ...core import clock, quantity
from ...core.errors import DomainError, Many, NotFound, Refused
from ...core.money import format_yuan
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...linkage import rules
from ...linkage import services as linkage
from ...products import services as products
from ...products.rules import BASE_UNITS
from .. import kit
from . import blueprint, fields, people
from .people import Person
from .schemas import SlipSchema, SlipTableSchema

LABELS = {
    "agreement_id": _l("协议"),
    "household_id": _l("农户"),
    "household": _l("农户"),
    "day": _l("过磅日"),
    "item": _l("品名"),
    "unit": lazy_pgettext("measure", "单位"),
    "grade": _l("等级"),
    "pieces": _l("件数"),
    "gross": _l("毛重"),
    "tare": _l("皮重"),
    "price_fen": _l("单价"),
    "deduction_fen": _l("扣款"),
}
CARRIED = ("item", "unit", "grade", "price", "tare")  # what the next slip has from the last: baskets weigh alike
SHOWN = 60
ROWS, MOST_ROWS = 20, 200


def buying(day: date | None = None) -> list[Any]:
    """The supplier's produce agreements in force on a day: those that slips are recorded under."""
    day = day or clock.today()
    return [
        row
        for row in linkage.listed(actor())
        if row.kind == "produce"
        and row.state == "in_force"
        and row.starts_on <= day
        and (row.ends_on is None or row.ends_on >= day)
    ]


def _agreement(rows: list[Any]) -> Any:
    asked = request.values.get("agreement") or request.values.get("agreement_id")
    return next((row for row in rows if str(row.id) == asked), rows[0] if rows else None)


def _on_roster(agreement: Any) -> list[Person]:
    return list(people.of(linkage.roster_on(agreement.id, clock.today())).values()) if agreement else []


def _household(known: Sequence[Person]) -> Person | None:
    asked = request.values.get("household_id") or request.args.get("household")
    if not asked:
        return None
    found = next((one for one in known if str(one.id) == asked), None)
    if found is None:
        raise NotFound("household")
    return found


@blueprint.route("/slips/new", methods=["GET", "POST"])
@guard("slip.record")
def slip_new() -> Response:
    """Without a household: who is it? With one: the scale. The next slip keeps product, price, grade and tare.

    What is searched for and found once opens the scale at once.
    """
    rows = buying()
    agreement = _agreement(rows)
    known = _on_roster(agreement)
    chosen = _household(known) or _found_once(known)
    items = sorted({product.name for product in products.own(actor())})
    given = {name: request.args.get(name, "")[:60] for name in CARRIED}
    values = {
        "day": clock.today().isoformat(),
        "unit": given["unit"] or "千克",
        "item": given["item"] or (items[0] if items else ""),
        "grade": given["grade"],
        "price_fen": given["price"],
        "tare": given["tare"],
    }
    form = Form(SlipSchema(), values)
    reckoned = None
    if form.posted and chosen is not None:
        with form.attempt(), _one_row():
            data = form.data()
            delivery = _delivery(data, data["household_id"])
            if "preview" in request.form:
                reckoned = _reckoned(delivery)
            else:
                return _recorded(
                    linkage.record_slips(actor(), data["agreement_id"], data["day"], [delivery])[0], chosen
                )
    return form.page(
        "supplier/slip_new.html",
        agreements=rows,
        agreement=agreement,
        chosen=chosen,
        reckoned=reckoned,
        items=items,
        units=[(unit, kit.unit_word(unit)) for unit in BASE_UNITS],
        labels=LABELS,
        given={name: value for name, value in given.items() if value},
        advance_fen=linkage.open_advances(agreement.supplier_id).get(chosen.id, 0) if chosen else 0,
        today=linkage.weighed_on(actor(), clock.today()),
        last=_last(known) if chosen is None else None,
        **_picker(known),
    )


def _found_once(known: Sequence[Person]) -> Person | None:
    """The one household that the words searched for mean: its number, or a name that occurs once."""
    words = request.args.get("q", "").strip()[:40]
    if not words or request.method == "POST":
        return None
    return people.by_typed(known, words) or people.by_ending(known, words)


def _last(known: Sequence[Person]) -> tuple[Any, Person] | None:
    """The slip just recorded, shown again before the next, with its household."""
    try:
        found = linkage.slip(actor(), UUID(request.args.get("last", "")))
    except (ValueError, NotFound):
        return None
    if found.supplier_id != actor().organisation:
        return None
    return next(((found, one) for one in known if one.id == found.household_id), None)


def _picker(known: list[Person]) -> dict[str, Any]:
    """The roster narrowed by village, group and words; villages and groups as choices with their counts."""
    village, group = request.args.get("village", ""), request.args.get("group", "")
    words = request.args.get("q", "").strip()[:40]
    villages: dict[str, int] = {}
    for one in known:
        villages[one.village] = villages.get(one.village, 0) + 1
    matches = [one for one in known if not village or one.village == village]
    groups = sorted({one.group for one in matches}) if village else []
    matches = [one for one in matches if (not group or one.group == group) and one.answers_to(words)]
    return {
        "known": len(known),
        "villages": villages,
        "village": village,
        "groups": groups,
        "group": group,
        "q": words,
        "matches": matches[:SHOWN],
        "more": len(matches) - SHOWN,
    }


def _delivery(data: dict[str, Any], household_id: UUID) -> linkage.Delivery:
    """Raises Many of the weights that are no quantities; 斤, 公斤 and 吨 are converted where the unit is 千克."""
    read: dict[str, int] = {}
    errors: list[DomainError] = []
    for name in ("gross", "tare"):
        try:
            read[name] = quantity.parse(data[name], field=name, unit=data["unit"])
        except DomainError as refusal:
            errors.append(refusal)
    if errors:
        raise Many(errors)
    return linkage.Delivery(
        household_id=household_id,
        item=data["item"],
        unit=data["unit"],
        price_fen=data["price_fen"] or 0,
        deduction_fen=data["deduction_fen"],
        grade=data["grade"],
        pieces=data["pieces"],
        **read,
    )


def _reckoned(delivery: linkage.Delivery) -> tuple[int, int]:
    net = rules.check_weights(delivery.gross, delivery.tare, delivery.unit)
    return net, rules.payable(net, delivery.price_fen, delivery.deduction_fen)


@contextmanager
def _one_row() -> Iterator[None]:
    """A form for one slip: a refusal's row says nothing."""
    try:
        yield
    except Many as many:
        for one in many.errors:
            one.row = None
        raise


def _recorded(slip: Any, chosen: Person) -> Response:
    words = _(
        "%(number)s 已记：%(name)s，净重 %(net)s，应付 %(fen)s。",
        number=slip.number,
        name=chosen.name,
        net=kit.quantity(slip.net, slip.unit),
        fen=format_yuan(slip.payable_fen),
    )
    if slip.deduction_fen:
        words += _("抵预支款 %(fen)s。", fen=format_yuan(slip.deduction_fen))
    kept = {"item": slip.item, "unit": slip.unit, "grade": slip.grade, "price": fields.yuan(slip.price_fen)}
    kept |= {"tare": fields.decimal(slip.tare) if slip.tare else "", "last": str(slip.id)}
    place = {name: request.args[name] for name in ("village", "group") if request.args.get(name)}
    kept = {name: value for name, value in kept.items() if value}
    return done(words, "supplier.slip_new", agreement=slip.agreement_id, **kept, **place)


@blueprint.route("/slips/table", methods=["GET", "POST"])
@guard("slip.record")
def slip_table() -> Response:
    agreements = buying()
    agreement = _agreement(agreements)
    known = _on_roster(agreement)
    items = sorted({product.name for product in products.own(actor())})
    values = {"day": clock.today().isoformat(), "unit": "千克", "item": items[0] if items else ""}
    form = Form(SlipTableSchema(), values)
    if form.posted:
        with form.attempt():
            data = form.data()
            slips = linkage.record_slips(actor(), data["agreement_id"], data["day"], _checked(data, known))
            fen = sum(slip.payable_fen for slip in slips)
            words = _("已记 %(count)s 张过磅单，应付合计 %(fen)s。", count=len(slips), fen=format_yuan(fen))
            return done(words, "supplier.slips", only="open", done=1)
    rows = min(max(request.args.get("rows", ROWS, type=int), 1), MOST_ROWS)
    return form.page(
        "supplier/slip_table.html",
        agreements=agreements,
        agreement=agreement,
        known=known,
        items=items,
        units=[(unit, kit.unit_word(unit)) for unit in BASE_UNITS],
        rows=max(rows, *(number + 1 for number in _typed_rows()), 1),
        labels=LABELS,
    )


def _typed_rows() -> list[int]:
    parts = [name.split(".") for name in request.form if name.startswith("slips.")]
    return [int(part[1]) for part in parts if len(part) == 3 and part[1].isdecimal() and int(part[1]) < MOST_ROWS] or [
        0
    ]


def _checked(data: dict[str, Any], known: Sequence[Person]) -> list[linkage.Delivery]:
    """The rows as deliveries. Raises Many naming every row that cannot be read, Refused('no_lines')."""
    errors: list[DomainError] = []
    deliveries = []
    for row, typed in enumerate(data["slips"], 1):
        found = people.by_typed(known, typed["household"])
        if found is None:
            errors.append(Refused("not_on_roster", field="household", row=row))
            continue
        try:
            price = typed["price_fen"] or data["price_fen"]
            shared = {"item": data["item"], "unit": data["unit"], "price_fen": price}
            delivery = _delivery(typed | shared, found.id)
            if not price:
                raise Refused("price_needed", field="price_fen")
            _reckoned(delivery)
            deliveries.append(delivery)
        except DomainError as refusal:
            parts = refusal.errors if isinstance(refusal, Many) else [refusal]
            for one in parts:
                one.row = row
            errors += parts
    if errors:
        raise Many(errors)
    if not deliveries:
        raise Refused("no_lines", field="slips")
    return deliveries
