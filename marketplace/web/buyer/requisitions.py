"""Bulk orders: the list, opening one, showing one, withdrawing it, and the approver's decision."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields, validate

from ...channels import services as channels
from ...core.errors import Refused
from ...core.fields import Text, Whole
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...edge.messages import sentence
from ...identity import services as identity
from ...procurement import services as procurement
from .. import kit
from ..navigation import ROLE_WORDS
from ..tables import Table
from . import blueprint, builder, shown, typed

STATES = ("draft", "submitted", "approved", "rejected", "withdrawn", "expired")
LABELS = {"decision": _l("决定"), "reason": _l("理由"), "lines": _l("订单行")}


class DecisionSchema(Schema):
    decision = fields.String(required=True, validate=validate.OneOf(["approve", "reject"]))
    reason = Text(300, load_default="")
    version = Whole(1, load_default=None)
    step = Whole(1, load_default=None)


@blueprint.get("/requisitions")
@guard("requisition.read")
def requisitions() -> str:
    state = request.args.get("state", "")
    state = state if state in STATES else ""
    table = Table(per_page=50)
    rows, table.total = procurement.requisitions(actor(), state=state or None, page=table.page, size=table.per_page)
    people = {row.created_by for row in rows} | {row.decided_by for row in rows}
    return render_template(
        "buyer/requisitions.html",
        rows=rows,
        table=table,
        state=state,
        states=STATES,
        counts=procurement.waiting(actor()),
        names=identity.user_names({person for person in people if person}),
    )


@blueprint.post("/requisitions")
@guard("requisition.edit")
def open_requisition() -> Response:
    """A new draft, or with `like` one with the lines of an earlier bulk order."""
    like = request.form.get("like", type=UUID)
    earlier = procurement.requisition(actor(), like) if like else None
    head = (
        {name: getattr(earlier, name) for name in ("window", "address", "contact", "budget_line", "counted_as")}
        if earlier
        else {}
    )
    title = earlier.title if earlier else builder.new_title()
    row = procurement.open_requisition(actor(), title=title, **head)
    if earlier:
        lines = typed.from_rows(procurement.requisition_lines(earlier.id))
        procurement.put_lines(actor(), row.id, typed.values(lines))
    return done(_("已建 %(number)s。", number=row.number), "buyer.requisition", requisition_id=row.id)


@blueprint.route("/requisitions/<uuid:requisition_id>", methods=["GET", "POST"])
@guard("requisition.read")
def requisition(requisition_id: UUID) -> Response:
    """The builder while it may be changed by who fills it, else the page that is read and decided."""
    row = procurement.requisition(actor(), requisition_id)
    mine = row.agency_id == actor().organisation and actor().may("requisition.edit")
    if mine and row.state in builder.FILLABLE:
        return builder.page(row)
    if request.method == "POST":
        actor().require("requisition.edit")
        raise Refused("wrong_state", what="requisition")
    return _page(row, Form(DecisionSchema(), {"decision": ""}))


@blueprint.post("/requisitions/<uuid:requisition_id>/decide")
@guard("requisition.approve")
def decide(requisition_id: UUID) -> Response:
    form = Form(DecisionSchema())
    with form.attempt():
        decision = form.data()
        if decision["decision"] == "reject":
            row = procurement.reject(actor(), requisition_id, decision["reason"], step=decision["step"])
            return done(_("%(number)s 未批准，已退回。", number=row.number), "buyer.requisitions")
        given = {"step": decision["step"], "reason": decision["reason"]}
        orders = procurement.approve(actor(), requisition_id, decision["version"], **given)
        words = _("已批准，拆成 %(count)s 张订单。", count=len(orders)) if orders else _("已批准，转下一步审批。")
        return done(words, "buyer.requisition", requisition_id=requisition_id)
    return _page(procurement.requisition(actor(), requisition_id), form)


@blueprint.post("/requisitions/<uuid:requisition_id>/withdraw")
@guard("requisition.edit")
def withdraw(requisition_id: UUID) -> Response:
    row = procurement.withdraw(actor(), requisition_id)
    return done(_("%(number)s 已撤回。", number=row.number), "buyer.requisition", requisition_id=requisition_id)


def _page(row: Any, form: Form) -> Response:
    lines = shown.lines_of(row, typed.from_rows(procurement.requisition_lines(row.id)), form.errors)
    if row.state != "submitted":  # what was decided is not judged by today's prices and stock
        for line in lines:
            line.words, line.repairs, line.tone = [], [], ""
    orders = procurement.of_requisition(actor(), row.id) if row.state == "approved" else []
    steps = procurement.steps_of(row.id)
    people = {row.created_by, row.submitted_by, row.decided_by} - {None}
    people |= {person for step in steps for person in (step.decided_by, step.stood_for, step.user_id) if person}
    names = identity.user_names(people)
    waiting = next((step for step in steps if step.attempt == row.attempt and not step.verdict), None)
    return form.page(
        "buyer/requisition.html",
        row=row,
        lines=lines,
        summary=shown.summary_of(row, lines),
        orders=orders,
        suppliers=identity.named({order.supplier_id for order in orders}),
        names=names,
        steps=_steps(row, steps, names),
        plan=procurement.plan_of(row),
        purse=builder.PURSES[row.counted_as],
        waiting=waiting,
        last_step=waiting is not None and waiting.no == max(step.no for step in steps if step.attempt == row.attempt),
        not_mine=_not_mine(row, steps) if waiting and row.state == "submitted" else "",
        channel={channel.code: channel.name for channel in channels.all_channels()}.get(row.channel, row.channel),
        may_decide=actor().may("requisition.approve")
        and row.state == "submitted"
        and row.agency_id == actor().organisation,
        labels=LABELS | builder.LABELS,
    )


def _steps(row: Any, steps: list[Any], names: dict[UUID, str]) -> list[dict[str, Any]]:
    """The steps of every attempt for `parts.timeline`: who decided when, who is waited for."""
    shown_steps = []
    now = row.state == "submitted"
    for step in steps:
        title = _("%(no)s. %(title)s", no=step.no, title=step.title or _("审批"))
        if step.verdict:
            who = names.get(step.decided_by, "")
            if step.stood_for:
                who = _("%(name)s代%(other)s", name=who, other=names.get(step.stood_for, ""))
            note = _("，").join(part for part in (who, kit.moment(step.at), step.reason) if part)
            shown_steps.append({"title": title, "note": note, "state": "done" if step.verdict == "approved" else "bad"})
        elif step.attempt == row.attempt and now:
            who = names.get(step.user_id, "") if step.user_id else str(ROLE_WORDS[step.role])
            waits = not any(one["state"] == "now" for one in shown_steps)
            shown_steps.append({"title": title, "note": who, "state": "now" if waits else "next"})
    return shown_steps


def _not_mine(row: Any, steps: list[Any]) -> str:
    """Why the actor cannot decide the step that waits, or nothing."""
    if not actor().may("requisition.approve"):
        return ""
    try:
        procurement.may_decide(actor(), row, [step for step in steps if step.attempt == row.attempt])
    except Refused as refusal:
        return sentence(refusal)
    return ""
