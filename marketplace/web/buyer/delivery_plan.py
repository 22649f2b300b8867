"""The delivery plan of a bulk order: a table of lines by deliveries. Every button keeps what was typed.

`do`: save, add (one more delivery), remove:NO, even (each line parted evenly over the deliveries, in whole packs), drop
(no plan any more).
"""

from typing import Any
from uuid import UUID

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import Schema, ValidationError

from ...core import fields
from ...core.errors import DomainError, Many, Refused
from ...core.fields import Day, Text
from ...core.quantity import format_quantity, parse
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...edge.messages import sentence
from ...edge.problems import of_validation
from ...procurement import services as procurement
from ...procurement.delivery_plans import MAX_DELIVERIES
from . import blueprint

HEAD = ("address", "contact", "deliver_on", "window")
LABELS = {
    "address": _l("送到"),
    "contact": _l("收货联系人"),
    "deliver_on": _l("送达日期"),
    "window": _l("送达时段"),
    "quantity": _l("数量"),
    "deliveries": _l("送货计划"),
    "parts": _l("分配"),
}


class PlaceSchema(Schema):
    address = Text(200, 1, required=True)
    contact = Text(40, 1, required=True)
    deliver_on = Day(required=True)
    window = Text(40, load_default="")


@blueprint.route("/requisitions/<uuid:requisition_id>/plan", methods=["GET", "POST"])
@guard("requisition.edit")
def delivery_plan(requisition_id: UUID) -> Response:
    row = procurement.requisition(actor(), requisition_id)
    checked = procurement.check(row)
    plan = procurement.plan_of(row)
    form = Form(None, _values(row, plan, checked))
    count = min(request.form.get("count", type=int) or 1, MAX_DELIVERIES) if form.posted else max(1, len(plan))
    if form.posted:
        with form.attempt():
            done_ = _work(row, form, count, checked)
            if done_ is not None:
                return done_
    faults = procurement.plan_problems(plan, checked) if not form.posted else []
    return form.page(
        "buyer/delivery_plan.html",
        row=row,
        checked=checked,
        count=count,
        faults=[(fault, sentence(fault)) for fault in faults],
        labels=LABELS,
    )


def _work(row: Any, form: Form, count: int, checked: list[Any]) -> Response | None:
    verb, _colon, rest = request.form.get("do", "save").partition(":")
    places = [] if verb == "drop" else [_place(form, no) for no in range(1, count + 1)]
    parts = _parts(form, count, checked) if places else []
    if verb == "add" and count < MAX_DELIVERIES:
        places.append({**places[-1]})
        parts.append({})
    elif verb == "remove" and rest.isdecimal() and 0 < int(rest) <= len(places):
        del places[int(rest) - 1], parts[int(rest) - 1]
    elif verb == "even":
        parts = _even(checked, len(places))
    deliveries = [
        place | {"parts": [{"offer_id": offer, "quantity": quantity} for offer, quantity in part.items()]}
        for place, part in zip(places, parts, strict=True)
    ]
    procurement.put_plan(actor(), row.id, deliveries, request.form.get("version", type=int))
    if verb == "drop":
        return done(_("已不分送，都送到采购单上的地址。"), "buyer.requisition", requisition_id=row.id)
    if verb == "save" and not procurement.plan_problems(procurement.plan_of(row), checked):
        return done(_("送货计划已保存。"), "buyer.requisition", requisition_id=row.id)
    return done(_("已保存。"), "buyer.delivery_plan", requisition_id=row.id)


def _place(form: Form, no: int) -> dict[str, Any]:
    """One delivery's head as typed. Raises Many at its own controls."""
    typed = {name: text for name in HEAD if (text := form.value(f"{name}.{no}").strip())}
    try:
        with fields.reading(fields.FORM):
            loaded: dict[str, Any] = PlaceSchema().load(typed)
    except ValidationError as wrong:
        refusal = of_validation(wrong.messages)
        for error in refusal.errors:
            error.field = f"{error.field}.{no}"
        raise refusal from wrong
    return loaded


def _parts(form: Form, count: int, checked: list[Any]) -> list[dict[UUID, int]]:
    """Delivery → offer → thousandths, of the cells that hold a quantity. Raises Many: every cell that is none."""
    found: list[dict[UUID, int]] = []
    errors: list[DomainError] = []
    for no in range(1, count + 1):
        parts: dict[UUID, int] = {}
        for item in checked:
            text = form.value(f"part.{no}.{item.no}").strip()[:40]
            try:
                quantity = parse(text, field=f"part.{no}.{item.no}", unit=item.offer.order_unit) if text else 0
            except Refused as refusal:
                errors.append(refusal)
                continue
            if quantity:
                parts[item.offer.id] = quantity
        found.append(parts)
    if errors:
        raise Many(errors)
    return found


def _even(checked: list[Any], count: int) -> list[dict[UUID, int]]:
    """Each line over the deliveries in whole packs, what is left over to the first ones."""
    found: list[dict[UUID, int]] = [{} for _place in range(count)]
    for item in checked:
        packs, rest = divmod(item.line.quantity, item.offer.pack)
        each, more = divmod(packs, count)
        for place in range(count):
            quantity = (each + (place < more)) * item.offer.pack + (rest if place == 0 else 0)
            if quantity:
                found[place][item.offer.id] = quantity
    return found


def _values(row: Any, plan: list[Any], checked: list[Any]) -> dict[str, Any]:
    if not plan:
        return {f"{name}.1": getattr(row, name) or "" for name in HEAD} | {
            f"part.1.{item.no}": format_quantity(item.line.quantity) for item in checked
        }
    values: dict[str, Any] = {}
    for one in plan:
        values |= {f"{name}.{one.no}": getattr(one, name) for name in HEAD}
        for item in checked:
            if item.offer.id in one.parts:
                values[f"part.{one.no}.{item.no}"] = format_quantity(one.parts[item.offer.id])
    return values
