"""Recalls: opened by the supplier or an office, answered by every agency that got the lot, and ended."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...core import clock
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...linkage import services as linkage
from ...procurement import services as procurement
from ...procurement.after_schemas import AnswerRecallSchema, EndRecallSchema, NewRecallSchema
from ...products import services as products
from ..tables import Table
from . import EVERYBODY, around, words

STATES = [("", _l("全部")), ("open", _l("召回中")), ("ended", _l("召回结束"))]
LABELS = {
    "hazard": _l("问题"),
    "instruction": _l("怎么处理"),
    "words": _l("说明"),
    "act_by": _l("处理期限"),
    "held": _l("封存"),
    "returned": _l("退回"),
    "destroyed": _l("销毁"),
    "result": _l("结果"),
    "release": _l("批次处置"),
    "lot_id": _l("批次"),
}


@guard("recall.read")
def recalls() -> str:
    table = Table(per_page=50)
    state = request.args.get("state", "")
    state = state if state in dict(STATES) else ""
    rows, table.total = procurement.recalls(actor(), state=state, page=table.page, size=table.per_page)
    recipients = procurement.recipients_of([row.id for row in rows]) if actor().kind != "agency" else {}
    number = request.args.get("number", "").strip()
    found = linkage.lots_numbered(actor(), number) if number and actor().may("recall.open") else []
    return render_template(
        "after/recalls.html",
        rows=rows,
        recipients=recipients,
        products=products.by_ids({row.product_id for row in [*rows, *found]}),
        number=number,
        found=found,
        table=table,
        state=state,
        states=STATES,
        **around(*(row.supplier_id for row in [*rows, *found])),
    )


@guard("recall.open")
def open_recall(lot_id: UUID) -> Response:
    lot = linkage.lot(actor(), lot_id)
    week = clock.today() + timedelta(days=7)
    form = Form(NewRecallSchema(), {"instruction": "return", "hazard": "safety", "act_by": week.isoformat()})
    if form.posted:
        with form.attempt():
            row = procurement.open_recall(actor(), lot_id, **form.data())
            return done(_("已召回，收到这个批次的单位都已通知。"), ".recall", recall_id=row.id)
    return form.page(
        "after/recall_open.html",
        lot=lot,
        product=products.by_ids({lot.product_id})[lot.product_id],
        hazards=list(words.HAZARDS.items()),
        instructions=[(code, word, "") for code, word in words.INSTRUCTIONS.items()],
        labels=LABELS,
        **around(lot.supplier_id),
    )


@guard("recall.read")
def recall(recall_id: UUID) -> Response:
    return _page(recall_id, Form(None, {"held": "", "returned": "", "destroyed": ""}))


def _page(recall_id: UUID, form: Form) -> Response:
    who = actor()
    row = procurement.recall(who, recall_id)
    recipients = procurement.seen_recipients(who, row)
    mine = next((one for one in recipients if one.agency_id == who.organisation), None)
    return form.page(
        "after/recall.html",
        row=row,
        product=products.by_ids({row.product_id})[row.product_id],
        recipients=recipients,
        mine=mine if row.state == "open" and who.may("recall.answer") else None,
        ends=row.state == "open" and who.may("recall.open") and (who.kind != "supplier" or not row.by_office),
        labels=LABELS,
        **around(row.supplier_id, *(one.agency_id for one in recipients)),
    )


@guard("recall.answer")
def recall_answer(recall_id: UUID) -> Response:
    form = Form(AnswerRecallSchema())
    with form.attempt():
        procurement.answer_recall(actor(), recall_id, **form.data())
        return done(_("已回复。"), ".recall", recall_id=recall_id)
    return _page(recall_id, form)


@guard("recall.open")
def recall_end(recall_id: UUID) -> Response:
    form = Form(EndRecallSchema())
    with form.attempt():
        procurement.end_recall(actor(), recall_id, **form.data())
        return done(_("召回已结束。"), ".recall", recall_id=recall_id)
    return _page(recall_id, form)


OPENERS = ("supplier", "office")
ROUTES: list[tuple[str, Any, list[str], tuple[str, ...]]] = [
    ("/recalls", recalls, ["GET"], EVERYBODY),
    ("/lots/<uuid:lot_id>/recall", open_recall, ["GET", "POST"], OPENERS),
    ("/recalls/<uuid:recall_id>", recall, ["GET"], EVERYBODY),
    ("/recalls/<uuid:recall_id>/answer", recall_answer, ["POST"], ("buyer",)),
    ("/recalls/<uuid:recall_id>/end", recall_end, ["POST"], OPENERS),
]
