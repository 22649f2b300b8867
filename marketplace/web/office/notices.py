"""Public notices of the office's division, the objections to them, and distributions that wait for its officer's word."""

from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...attribution import services as attribution
from ...core import clock
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...notices import services as notices
from ...notices.schemas import ObjectionAnswerSchema, ObjectionDecisionSchema, ObjectSchema, shown_lines
from ..supplier.words import mechanism_of_list
from ..tables import Table
from . import asking, blueprint

LABELS = {
    "words": _l("理由"),
    "upheld": _l("裁定"),
    "whole_list": _l("暂缓范围"),
    "line_no": _l("序号"),
    "name": _l("姓名"),
    "contact": _l("联系方式"),
    "approver": _l("见证人"),
}
STATES = ("open", "answered", "upheld", "dismissed", "settled")


@blueprint.get("/objections")
@guard("objection.read")
def objections() -> str:
    """Objections and what waits for a witness, and the notices that run."""
    table, state = Table(per_page=50), request.args.get("state", "")
    state = state if state in STATES else ""
    rows, table.total = notices.register(actor(), state=state or None, page=table.page, size=table.per_page)
    prefix = actor().scope.division
    running, count = notices.listed(division=prefix, running=True, size=30) if prefix else ([], 0)
    witness = attribution.to_witness(actor()) if actor().may("distribution.witness") else []
    suppliers = {row.supplier_id for row in [*running, *witness]} | {notice.supplier_id for _, notice in rows}
    return render_template(
        "office/objections.html",
        rows=rows,
        table=table,
        state=state,
        waiting=notices.waiting(actor()),
        running=running,
        running_count=count,
        witness=witness,
        suppliers=identity.named(suppliers),
        places=asking.short_places({notice.division for _, notice in rows} | {row.division for row in running}),
    )


@blueprint.get("/objections/<uuid:objection_id>")
@guard("objection.read")
def objection(objection_id: UUID) -> Response:
    return _page(objection_id, Form(ObjectionDecisionSchema()))


def _page(objection_id: UUID, form: Form, contact: str | None = None) -> Response:
    row, notice = notices.objection(actor(), objection_id)
    return form.page(
        "office/objection.html",
        row=row,
        notice=notice,
        line=next((line for line in shown_lines(notice) if line["no"] == row.line_no), None),
        place=asking.short_places([notice.division])[notice.division],
        supplier=identity.named({notice.supplier_id})[notice.supplier_id],
        contact=contact,
        labels=LABELS,
    )


@blueprint.post("/objections/<uuid:objection_id>/decision")
@guard("objection.decide")
def objection_decide(objection_id: UUID) -> Response:
    form = Form(ObjectionDecisionSchema())
    with form.attempt():
        row = notices.decide(actor(), objection_id, **form.data())
        return done(_("异议 %(number)s 已裁定。", number=row.number), "office.objection", objection_id=objection_id)
    return _page(objection_id, form)


@blueprint.post("/objections/<uuid:objection_id>/settlement")
@guard("objection.decide")
def objection_settle(objection_id: UUID) -> Response:
    form = Form(ObjectionAnswerSchema())
    with form.attempt():
        row = notices.settle(actor(), objection_id, **form.data())
        words = _("异议 %(number)s 已整改，恢复发放。", number=row.number)
        return done(words, "office.objection", objection_id=objection_id)
    return _page(objection_id, form)


@blueprint.post("/objections/<uuid:objection_id>")
@guard("objection.decide", fresh=True)
def objection_contact(objection_id: UUID) -> Response:
    """How to reach who objected; that it was read stands in the trail."""
    return _page(objection_id, Form(ObjectionDecisionSchema()), notices.contact_of(actor(), objection_id))


@blueprint.route("/notices/<uuid:notice_id>/object", methods=["GET", "POST"])
@guard("objection.record")
def objection_new(notice_id: UUID) -> Response:
    """The village's officer writes down what somebody came to say."""
    form = Form(ObjectSchema())
    if form.posted:
        with form.attempt():
            row = notices.record_objection(actor(), notice_id, **form.data())
            words = _("异议 %(number)s 已登记，等供应商答复。", number=row.number)
            return done(words, "office.objection", objection_id=row.id)
    row = notices.notice(actor(), notice_id)
    return form.page(
        "office/objection_new.html",
        notice=row,
        lines=shown_lines(row),
        place=asking.short_places([row.division])[row.division],
        runs=row.until_day >= clock.today(),
        labels=LABELS,
    )


@blueprint.get("/witness/<uuid:distribution_id>")
@guard("distribution.witness")
def witness(distribution_id: UUID) -> Response:
    """A one-person supplier's draft, for the officer who is its second person."""
    return _witness_page(distribution_id, Form())


def _witness_page(distribution_id: UUID, form: Form) -> Response:
    row = attribution.witnessed(actor(), distribution_id)
    villages = attribution.by_village(row.id)
    return form.page(
        "office/witness.html",
        distribution=row,
        supplier=identity.named({row.supplier_id})[row.supplier_id],
        villages=villages,
        places=asking.short_places({one.division for one in villages}),
        mechanisms=attribution.by_mechanism(row),
        mechanism_words=mechanism_of_list,
        changes=attribution.changes_of(row),
        users=identity.user_names({user for user in (row.prepared_by, row.approved_by) if user}),
        labels=LABELS,
    )


@blueprint.post("/witness/<uuid:distribution_id>")
@guard("distribution.witness")
def witness_approve(distribution_id: UUID) -> Response:
    form = Form()
    with form.attempt():
        row = attribution.approve(actor(), distribution_id)
        return done(_("%(number)s 已见证批准。", number=row.number), "office.objections")
    return _witness_page(distribution_id, form)
