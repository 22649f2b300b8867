"""Filling a bulk order. The table is one form: every button posts all that was typed, keeps it, and does its one thing.

`do` is the button: save, submit, add, paste, pick:OFFER:QUANTITY, remove:ROW, set:ROW:QUANTITY, uncount:ROW, count:ROW,
agree:ROW:AGREED, unagree:ROW, plan (save, then to the delivery plan), overwrite (mine, over what somebody else kept meanwhile).
"""

import json
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from flask import Response, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields, validate
from werkzeug.datastructures import MultiDict

from ...catalogue import services as catalogue
from ...channels import services as channels
from ...core import clock
from ...core.errors import Refused
from ...core.fields import Day, Text
from ...core.quantity import format_quantity, parse
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...edge.messages import sentence
from ...identity import services as identity
from ...procurement import services as procurement
from ...procurement.rules import COUNTED_AS
from ...products import services as products
from ..public.catalogue import offers_in_brief
from . import blueprint, shown, typed
from .typed import Pasted, Typed

FILLABLE = ("draft", "rejected", "withdrawn", "expired")
HEAD = ("title", "deliver_on", "window", "address", "contact", "budget_line", "counted_as", "channel")
LABELS = {
    "title": _l("名称"),
    "deliver_on": _l("送达日期"),
    "window": _l("送达时段"),
    "address": _l("送到"),
    "contact": _l("收货联系人"),
    "budget_line": _l("预算科目"),
    "counted_as": _l("经费来源"),
    "parts": _l("送货计划"),
    "deliveries": _l("送货计划"),
    "agreed_id": _l("协议价"),
    "channel": _l("渠道"),
    "quantity": _l("数量"),
    "reason": _l("理由"),
    "paste": _l("粘贴"),
}


PURSES = {
    "canteen": _l("食堂经费"),
    "union": _l("工会经费"),
    "contractor": _l("承包食堂"),
    "employee": _l("职工个人"),
}


class HeadSchema(Schema):
    title = Text(80, 1, required=True)
    deliver_on = Day(load_default=None)
    window = Text(40, load_default="")
    address = Text(200, load_default="")
    contact = Text(40, load_default="")
    budget_line = Text(60, load_default="")
    counted_as = fields.String(load_default="canteen", validate=validate.OneOf(COUNTED_AS))
    channel = Text(20, 1, required=True)


@dataclass
class Work:
    """One posted table on its way: the lines as they become, and what is to be said."""

    lines: list[Typed]
    do: str = "save"
    entry: str = ""
    paste: str = ""
    pasted: list[Pasted] = field(default_factory=list)
    choices: list[dict[str, str]] = field(default_factory=list)
    choice_quantity: str = ""
    said: str = ""
    anchor: str = ""


def page(row: Any) -> Response:
    """The builder for an own bulk order that may still be changed; GET shows it, POST works on it."""
    form = Form(HeadSchema(), {name: getattr(row, name) or "" for name in HEAD})
    if not form.posted:
        return _shown(row, form, Work(typed.from_rows(procurement.requisition_lines(row.id))))
    work = Work(typed.from_form(request.form), request.form.get("do", "save"))
    with form.attempt():
        work = _apply(work)
        typed.check_texts(work.lines)
        _keep(row, form, work)
        if work.do == "submit":
            procurement.submit(actor(), row.id)
            return done(_("%(number)s 已提交，等审批。", number=row.number), "buyer.requisition", requisition_id=row.id)
        if not (work.pasted or work.choices or work.entry):
            target = url_for("buyer.requisition", requisition_id=row.id, _anchor=work.anchor or None)
            if work.do == "plan":
                target = url_for("buyer.delivery_plan", requisition_id=row.id)
            return redirect(target, 303)  # type: ignore[return-value]
    return _shown(procurement.requisition(actor(), row.id), form, work)


def _keep(row: Any, form: Form, work: Work) -> None:
    """Writes head and lines, if nobody else did since the page was shown. Raises Conflict('changed_meanwhile')."""
    seen = None if work.do == "overwrite" else request.form.get("version", type=int)
    procurement.put_head(actor(), row.id, seen, **form.data())
    procurement.put_lines(actor(), row.id, typed.values(work.lines))


def _apply(work: Work) -> Work:
    """What the button asks, done to the typed lines. An unknown button only saves."""
    verb, _colon, rest = work.do.partition(":")
    row, _colon, value = rest.partition(":")
    place = int(row) - 1 if row.isdecimal() and 0 < int(row) <= len(work.lines) else None
    entry = request.form.get("entry", "").strip()[:100]
    if verb == "add" or (verb == "save" and entry):  # Enter in the entry posts the form's first button
        _add(work, entry)
    elif verb == "paste":
        _paste(work, request.form.get("paste", "")[:40_000])
    elif verb == "pick":
        _pick(work, row, value)
    elif place is not None:
        _change(work, verb, place, value)
    return work


def _change(work: Work, verb: str, place: int, value: str) -> None:
    line = work.lines[place]
    work.anchor = f"l{place + 1}"
    if verb == "remove":
        del work.lines[place]
    elif verb == "set" and value.isdecimal() and len(value) < 14:
        work.lines[place] = replace(line, text=format_quantity(int(value)))
    elif verb in ("agree", "unagree"):
        work.lines[place] = replace(line, agreed_id=typed.id_of(value) if verb == "agree" else None)
    elif verb in ("count", "uncount"):
        work.lines[place] = replace(line, counts=verb == "count")


def _add(work: Work, text: str) -> None:
    """'ylht 600': the one offer that it means is added; where it may mean several they are shown to pick from."""
    if not text:
        raise Refused("required", field="entry")
    words, quantity = typed.split_entry(text)
    offers = typed.found_by(words)
    if not offers:
        raise Refused("offer_unknown", field="entry")
    if len(offers) > 1:
        work.entry, work.choices, work.choice_quantity = text, offers_in_brief([one.id for one in offers]), quantity
        return
    _pick(work, str(offers[0].id), quantity)


def _pick(work: Work, offer_id: str, quantity: str) -> None:
    try:
        offer = catalogue.by_ids([UUID(offer_id)]).get(UUID(offer_id))
    except ValueError:
        offer = None
    if offer is None:
        raise Refused("offer_unknown", field="entry")
    amount = parse(quantity, field="entry", unit=offer.order_unit) if quantity else offer.minimum
    work.lines = typed.put(work.lines, offer.id, amount)
    work.anchor = "entry"


def _paste(work: Work, text: str) -> None:
    """Adds the rows that were recognised; the others stay in the box, each with what was wrong."""
    rows = typed.read_pasted(text)
    if not rows:
        raise Refused("required", field="paste")
    for one in rows:
        if one.offer is not None:
            work.lines = typed.put(work.lines, one.offer.id, parse(one.text))
    work.pasted = rows
    work.paste = "\n".join(f"{one.code}\t{one.text}" for one in rows if one.problem)


def _shown(row: Any, form: Form, work: Work) -> Response:
    lines = shown.lines_of(row, work.lines, form.errors)
    conflict = any(error.code == "changed_meanwhile" for error in form.errors)
    if form.status < 400 and form.posted:
        form.typed = MultiDict({name: getattr(row, name) or "" for name in HEAD})
    return form.page(
        "buyer/builder.html",
        row=row,
        work=work,
        lines=lines,
        summary=shown.summary_of(row, lines),
        theirs=_theirs(row, work.lines) if conflict else None,
        channels=[(channel.code, channel.name) for channel in channels.all_channels()],
        decided=identity.user_names({row.decided_by}) if row.decided_by else {},
        purses=PURSES.items(),
        labels=LABELS,
        code_words_json=json.dumps({name: str(word) for name, word in CODE_WORDS.items()}, ensure_ascii=False),
        sentence=sentence,
    )


def _theirs(row: Any, mine: list[Typed]) -> list[tuple[str, str, str]]:
    """Where what is kept now differs from what was typed: (product, mine, theirs)."""
    kept = {line.offer_id: format_quantity(line.quantity) for line in procurement.requisition_lines(row.id)}
    here = {line.offer_id: line.text for line in mine}
    different = [key for key in {**here, **kept} if here.get(key) != kept.get(key)]
    offers = catalogue.by_ids(different) if different else {}
    names = products.by_ids({offer.product_id for offer in offers.values()}) if offers else {}
    return [
        (names[offers[key].product_id].name, here.get(key, "—"), kept.get(key, "—"))
        for key in different
        if key in offers
    ]


# What the live table says of a quantity, the server's words once more; {more} and the like are put in by the module.
CODE_WORDS = {
    "quantity_zero": _l("数量应大于零。"),
    "off_step": _l("数量按 {step} {unit}递增。"),
    "below_minimum": _l("低于起订量 {minimum} {unit}。"),
    "off_pack": _l("数量须是 {pack} {unit}的整数倍。"),
    "beyond_stock": _l("超过可供数量：现有 {available} {unit}。"),
    "not_a_quantity": _l("应是数量，例如 497.6"),
    "more": _l("再加 {more} 到 {price}，每{unit}省 {less}"),
    "repair": _l("改为 {quantity}"),
    "beyond": _l("超出填报 {fen}"),
    "unsaved": _l("有改动，还没有保存"),
}


@blueprint.post("/lines")
@guard("requisition.edit")
def add_line() -> Response:
    """From the product page: an offer's quantity into a draft, or into a new one."""
    offer = catalogue.by_code(request.form.get("code", "")[:24])
    quantity = parse(request.form.get("quantity", "")[:40], field="quantity", unit=offer.order_unit)
    wanted = request.form.get("requisition", type=UUID)
    row = (
        procurement.requisition(actor(), wanted) if wanted else procurement.open_requisition(actor(), title=new_title())
    )
    lines = typed.put(typed.from_rows(procurement.requisition_lines(row.id)), offer.id, quantity)
    procurement.put_lines(actor(), row.id, typed.values(lines))
    return done(_("已加入 %(number)s。", number=row.number), "buyer.requisition", requisition_id=row.id)


def new_title() -> str:
    today = clock.today()
    return _("%(month)s月%(day)s日采购", month=today.month, day=today.day)
