"""Finding the offer: requests for quotation and posted demand, from writing to the award; joining others' demand."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from ...core import clock
from ...core.quantity import format_quantity
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...regions import services as regions
from ...sourcing import services as sourcing
from ...sourcing.rules import SHOWN_REQUEST
from ...sourcing.schemas import CancelRequestSchema, JoinSchema, NewAwardSchema, NewRequestSchema, RequestChangeSchema
from ..sourcing_shown import shown
from ..tables import Table
from . import blueprint
from .sourcing_form import asks_to_find, present, such_as, usual, writing

LABELS = {
    "kind": _l("方式"),
    "title": _l("名称"),
    "note": _l("说明"),
    "answer_on": _l("报价截止日"),
    "join_on": _l("参加截止日"),
    "until_day": _l("最后一天"),
    "address": _l("送到"),
    "contact": _l("收货联系人"),
    "county": _l("县"),
    "supplier_ids": _l("供应商"),
    "lines": _l("所需"),
    "category_code": _l("品类"),
    "name": _l("品名"),
    "spec": _l("规格要求"),
    "unit": lazy_pgettext("measure", "单位"),
    "quantity": _l("数量"),
    "from_day": _l("最早送达"),
    "reason": _l("理由"),
    "parts": _l("定标"),
}
NEEDS = {"lines": "name"}


@blueprint.get("/sourcing")
@guard("requisition.read")
def sourcing_requests() -> str:
    state = request.args.get("state", "")
    state = state if state in SHOWN_REQUEST else ""
    table = Table(per_page=50)
    rows, table.total = sourcing.requests(actor(), state=state or None, page=table.page, size=table.per_page)
    return render_template(
        "buyer/sourcing_requests.html",
        rows=rows,
        table=table,
        state=state,
        states=SHOWN_REQUEST,
        state_of=sourcing.request_state,
        counts=sourcing.requests_waiting(actor()),
        names=identity.named({row.agency_id for row in rows}),
    )


@blueprint.route("/sourcing/new", methods=["GET", "POST"])
@guard("requisition.edit")
def sourcing_new() -> Response:
    form = Form(NewRequestSchema(), usual() | such_as(request.args.get("like", "")), NEEDS)
    if form.posted and not asks_to_find():
        with form.attempt():
            row = sourcing.write(actor(), **form.data())
            return done(_("%(number)s 已存为草稿。", number=row.number), "buyer.sourcing_request", request_id=row.id)
    return writing(form, None, LABELS)


@blueprint.route("/sourcing/<uuid:request_id>/edit", methods=["GET", "POST"])
@guard("requisition.edit")
def sourcing_edit(request_id: UUID) -> Response:
    row = sourcing.request(actor(), request_id)
    form = Form(RequestChangeSchema(), present(row), NEEDS)
    if form.posted and not asks_to_find():
        with form.attempt():
            seen = request.form.get("version", type=int)
            sourcing.rewrite(actor(), request_id, seen, **form.data())
            return done(_("%(number)s 已保存。", number=row.number), "buyer.sourcing_request", request_id=request_id)
    return writing(form, sourcing.request(actor(), request_id), LABELS)


@blueprint.get("/sourcing/<uuid:request_id>")
@guard("requisition.read")
def sourcing_request(request_id: UUID) -> Response:
    return request_shown(request_id, Form(NewAwardSchema(), {}))


def request_shown(request_id: UUID, form: Form) -> Response:
    row = sourcing.request(actor(), request_id)
    compared = sourcing.compare(actor(), row)
    lead = row.agency_id == actor().organisation
    people = {row.created_by, row.awarded_by} - {None}
    return form.page(
        "buyer/sourcing_request.html",
        labels=LABELS,
        compared=compared,
        names=identity.named({one.supplier_id for one in compared.quotations} | set(sourcing.invited(row.id))),
        people=identity.user_names(people),
        lead=lead,
        writer=actor().user == row.created_by,
        may_award=lead and actor().may("requisition.approve") and sourcing.request_state(row) == "closed",
        county=regions.name_path(row.county) if row.county else "",
        frameworks={one.supplier_id: one for one in sourcing.frameworks_from(actor(), row.id)},
        **shown(row),
    )


@blueprint.post("/sourcing/<uuid:request_id>/open")
@guard("requisition.edit")
def sourcing_open(request_id: UUID) -> Response:
    form = Form()
    with form.attempt():
        row = sourcing.open_request(actor(), request_id, request.form.get("version", type=int))
        return done(_("%(number)s 已发出。", number=row.number), "buyer.sourcing_request", request_id=request_id)
    return request_shown(request_id, form)


@blueprint.route("/sourcing/<uuid:request_id>/cancel", methods=["GET", "POST"])
@guard("requisition.edit")
def sourcing_cancel(request_id: UUID) -> Response:
    form = Form(CancelRequestSchema(), {})
    if form.posted:
        with form.attempt():
            row = sourcing.cancel(actor(), request_id, **form.data())
            return done(_("%(number)s 已取消。", number=row.number), "buyer.sourcing_request", request_id=request_id)
    row = sourcing.request(actor(), request_id)
    return form.page("buyer/sourcing_cancel.html", row=row, labels=LABELS)


@blueprint.post("/sourcing/<uuid:request_id>/award")
@guard("requisition.approve")
def sourcing_award(request_id: UUID) -> Response:
    form = Form(NewAwardSchema(), {}, {"parts": "quantity"})
    with form.attempt():
        rows = sourcing.award(actor(), request_id, **form.data(), version=request.form.get("version", type=int))
        words = _("已定标 %(count)s 行，各单位的采购单草稿已建好。", count=len(rows))
        return done(words, "buyer.sourcing_request", request_id=request_id)
    return request_shown(request_id, form)


@blueprint.get("/sourcing/pools")
@guard("requisition.read")
def sourcing_pools() -> str:
    """Posted demand of other agencies that may still be joined, and what the agency has joined."""
    table = Table(per_page=50)
    rows, table.total = sourcing.posted(page=table.page, size=table.per_page)
    return render_template(
        "buyer/sourcing_pools.html",
        rows=rows,
        table=table,
        names=identity.named({row.agency_id for row in rows}),
        at=clock.now(),
    )


@blueprint.route("/sourcing/pools/<uuid:demand_id>", methods=["GET", "POST"])
@guard("requisition.edit")
def sourcing_join(demand_id: UUID) -> Response:
    row = sourcing.one_posted(demand_id)
    own = identity.own(actor())
    mine = {line: of[own.id] for line, of in sourcing.wants_of(demand_id).items() if own.id in of}
    form = Form(JoinSchema(), _joined(row, mine, own), {"lines": "quantity"})
    if form.posted:
        with form.attempt():
            sourcing.join(actor(), demand_id, **form.data())
            return done(_("已参加 %(number)s。", number=row.number), "buyer.sourcing_request", request_id=demand_id)
    return form.page(
        "buyer/sourcing_join.html", labels=LABELS, joined=bool(mine), lead=row.agency_id == own.id, **shown(row)
    )


def _joined(row: Any, mine: dict[UUID, int], own: Any) -> dict[str, Any]:
    party = next((one for one in sourcing.parties_of(row.id) if one.agency_id == own.id), None)
    values: dict[str, Any] = {"address": party.address if party else own.address}
    values["contact"] = party.contact if party else ""
    for place, line in enumerate(sourcing.request_lines(row.id)):
        values[f"lines.{place}.quantity"] = format_quantity(mine[line.id]) if line.id in mine else ""
    return values


@blueprint.post("/sourcing/pools/<uuid:demand_id>/leave")
@guard("requisition.edit")
def sourcing_leave(demand_id: UUID) -> Response:
    row = sourcing.leave(actor(), demand_id)
    return done(_("已退出 %(number)s。", number=row.number), "buyer.sourcing_pools")
