"""Disputes of an order: raised by a side, answered by the other, decided by the office over both."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...core import clock
from ...core.errors import Refused
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...payments import services as payments
from ...procurement import after_terms
from ...procurement import services as procurement
from ...procurement.after_rules import DISPUTE_OPEN, TERMS
from ...procurement.after_schemas import (
    AnswerDisputeFormSchema,
    DecideDisputeSchema,
    RaiseDisputeFormSchema,
    TermDaysSchema,
)
from ...procurement.disputes import MAX_FILES
from ...regions import services as regions
from ...settlement import services as settlement
from ..tables import Table
from . import EVERYBODY, around, content, uploaded, words

STATES = [
    ("", _l("全部")),
    ("open", _l("办理中")),
    ("due", _l("逾期")),
    ("raised", _l("待答复")),
    ("answered", _l("待裁定")),
    ("upheld", _l("成立")),
    ("dismissed", _l("不成立")),
    ("withdrawn", _l("已撤回")),
]
LABELS = {
    "about": _l("关于"),
    "words": _l("说明"),
    "files": _l("附件"),
    "decision": _l("裁定"),
    "remedy": _l("怎么办"),
    "line_id": _l("退哪一行"),
    "quantity": _l("退回数量"),
    "net": _l("退回净重"),
    "kind": _l("哪一种期限"),
    "days": _l("天数"),
    "from_day": _l("从哪天起"),
}


@guard("order_dispute.read")
def order_disputes() -> str:
    table = Table(per_page=50)
    state = request.args.get("state", "open" if actor().kind == "office" else "")
    state = state if state in dict(STATES) else ""
    rows, table.total = procurement.disputes(actor(), state=state, page=table.page, size=table.per_page)
    return render_template(
        "after/disputes.html",
        rows=rows,
        table=table,
        state=state,
        states=STATES,
        **around(*(row.supplier_id for row in rows), *(row.agency_id for row in rows)),
    )


@guard("order_dispute.raise")
def raise_dispute(order_id: UUID) -> Response:
    row = procurement.order(actor(), order_id)
    form = Form(RaiseDisputeFormSchema(), {"about": request.args.get("about", f"order {row.id}")})
    choices = _about(row)
    if form.posted:
        with form.attempt():
            data = form.data()
            if data["about"] not in dict(choices):
                raise Refused("not_a_choice", field="about")
            kind, id_ = data["about"].split(" ")
            made = settlement.raise_order_dispute(
                actor(),
                row.id,
                about_kind=kind,
                about_id=UUID(id_),
                words=data["words"],
                file_ids=uploaded("files", MAX_FILES),
            )
            return done(_("已提出，等对方答复。"), ".order_dispute", order_dispute_id=made.id)
    return form.page(
        "after/dispute_raise.html",
        order=row,
        about=choices,
        labels=LABELS,
        **around(row.supplier_id, row.agency_id),
    )


def _about(order: Any) -> list[tuple[str, str]]:
    """("<kind> <id>", words) of everything of an order that can be disputed."""
    id_ = order.id
    found = [("order", order.id, order.number)]
    found += [("shipment", one.id, one.number) for one in procurement.shipments_of([id_]).get(id_, [])]
    found += [("acceptance", one.id, one.number) for one in procurement.acceptances_of([id_]).get(id_, [])]
    if actor().may("bill.read"):
        found += [("bill", one.id, one.number) for one in payments.bills_of([id_]).get(id_, [])]
    found += [("return", one.id, one.number) for one in procurement.return_requests(actor(), order_id=id_)[0]]
    return [(f"{kind} {about_id}", f"{words.ABOUT[kind]} {number}") for kind, about_id, number in found]


@guard("order_dispute.read")
def order_dispute(order_dispute_id: UUID) -> Response:
    return _page(order_dispute_id, Form(None, {"decision": "", "remedy": ""}))


def _page(order_dispute_id: UUID, form: Form) -> Response:
    who = actor()
    row = procurement.dispute(who, order_dispute_id)
    acceptances = procurement.acceptances_of([row.order_id]).get(row.order_id, [])
    named = {line.id: line for line in procurement.lines_of([row.order_id]).get(row.order_id, [])}
    open_ = row.state in DISPUTE_OPEN
    return form.page(
        "after/dispute.html",
        row=row,
        order=procurement.order(who, row.order_id),
        files=procurement.dispute_files([row.id]).get(row.id, []),
        place=regions.name_path(row.decided_in.ljust(12, "0")),
        answers=row.state == "raised" and who.kind != row.side and who.may("order_dispute.answer"),
        withdraws=open_ and who.kind == row.side and who.may("order_dispute.raise"),
        decides=open_ and procurement.decides(who, row),
        waits=row.state == "raised" and row.answer_by >= clock.today(),
        lines=[
            (str(line.id), f"{one.number} {named[line.order_line_id].name}")
            for one in acceptances
            for line in one.lines
            if line.accepted > line.returned
        ],
        remedies=list(words.REMEDIES.items()),
        labels=LABELS,
        **around(row.supplier_id, row.agency_id),
    )


@guard("order_dispute.answer")
def order_dispute_answer(order_dispute_id: UUID) -> Response:
    form = Form(AnswerDisputeFormSchema())
    with form.attempt():
        said = form.data()["words"]
        procurement.answer_dispute(actor(), order_dispute_id, said, uploaded("files", MAX_FILES))
        return done(_("已答复。"), ".order_dispute", order_dispute_id=order_dispute_id)
    return _page(order_dispute_id, form)


@guard("order_dispute.raise")
def order_dispute_withdraw(order_dispute_id: UUID) -> Response:
    form = Form(None)
    with form.attempt():
        procurement.withdraw_dispute(actor(), order_dispute_id)
        return done(_("已撤回。"), ".order_dispute", order_dispute_id=order_dispute_id)
    return _page(order_dispute_id, form)


@guard("order_dispute.decide")
def order_dispute_decide(order_dispute_id: UUID) -> Response:
    form = Form(DecideDisputeSchema())
    with form.attempt():
        procurement.decide_dispute(actor(), order_dispute_id, **form.data())
        return done(_("已裁定。"), ".order_dispute", order_dispute_id=order_dispute_id)
    return _page(order_dispute_id, form)


@guard("order_dispute.read")
def order_dispute_file(order_dispute_id: UUID, file_id: UUID) -> Response:
    return content(procurement.dispute_file(actor(), order_dispute_id, file_id))


@guard("order_dispute.decide")
def after_days() -> Response:
    """How many days the place gives to returns, disputes and reviews."""
    who = actor()
    place = (who.scope.division or "").ljust(12, "0")
    form = Form(TermDaysSchema(), {"from_day": clock.today().isoformat()})
    if form.posted:
        with form.attempt():
            data = form.data()
            after_terms.set_days(who, data["kind"], data["days"], data["from_day"])
            return done(_("已设定。"), ".after_days")
    return form.page(
        "after/days.html",
        days={kind: after_terms.days(kind, place, clock.today()) for kind in TERMS},
        labels=LABELS,
        **around(),
    )


SIDES = ("buyer", "supplier")
ROUTES: list[tuple[str, Any, list[str], tuple[str, ...]]] = [
    ("/order-disputes", order_disputes, ["GET"], EVERYBODY),
    ("/order-disputes/days", after_days, ["GET", "POST"], ("office",)),
    ("/orders/<uuid:order_id>/dispute", raise_dispute, ["GET", "POST"], SIDES),
    ("/order-disputes/<uuid:order_dispute_id>", order_dispute, ["GET"], EVERYBODY),
    ("/order-disputes/<uuid:order_dispute_id>/answer", order_dispute_answer, ["POST"], SIDES),
    ("/order-disputes/<uuid:order_dispute_id>/withdraw", order_dispute_withdraw, ["POST"], SIDES),
    ("/order-disputes/<uuid:order_dispute_id>/decide", order_dispute_decide, ["POST"], ("office",)),
    ("/order-disputes/<uuid:order_dispute_id>/files/<uuid:file_id>", order_dispute_file, ["GET"], EVERYBODY),
]
