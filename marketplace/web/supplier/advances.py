"""Advances to households: the list, a new one, one with what came back of it."""

from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...core import clock
from ...core.errors import Refused
from ...core.money import format_yuan
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...linkage import services as linkage
from ..tables import Table
from . import blueprint, fields, people
from .files import uploaded
from .flow_schemas import AdvanceSchema, RepaymentSchema

LABELS = {
    "household": _l("农户"),
    "fen": _l("金额"),
    "given_on": _l("付款日"),
    "day": _l("日期"),
    "method": _l("付款方式"),
    "evidence": _l("签收单号"),
    "file": _l("签收单扫描件"),
}


@blueprint.get("/advances")
@guard("flow.record")
def advances() -> str:
    table = Table(per_page=50)
    only_open = request.args.get("only") != "all"
    rows, table.total = linkage.advances(actor(), only_open=only_open, page=table.page, size=table.limit)
    open_ = linkage.open_advances(actor().organisation)  # type: ignore[arg-type]
    return render_template(
        "supplier/advances.html",
        rows=rows,
        table=table,
        only_open=only_open,
        open_fen=sum(open_.values()),
        households=len(open_),
        people=people.of({row.household_id for row in rows}),
    )


@blueprint.route("/advances/new", methods=["GET", "POST"])
@guard("flow.record")
def advance_new() -> Response:
    known = list(people.of(linkage.linked_households(actor().organisation)).values())  # type: ignore[arg-type]
    form = Form(AdvanceSchema(), {"given_on": clock.today().isoformat(), "method": "cash"})
    if form.posted:
        with form.attempt():
            data = form.data()
            found = people.by_typed(known, data.pop("household"))
            if found is None:
                raise Refused("household_unknown", field="household")
            row = linkage.give_advance(actor(), household_id=found.id, **data, file_id=uploaded())
            words = _(
                "已记 %(number)s：%(name)s %(fen)s。", number=row.number, name=found.name, fen=format_yuan(row.fen)
            )
            return done(words, "supplier.advance", advance_id=row.id)
    return form.page("supplier/advance_form.html", known=known, labels=LABELS)


@blueprint.route("/advances/<uuid:advance_id>", methods=["GET", "POST"])
@guard("flow.record")
def advance(advance_id: UUID) -> Response:
    """One advance and what came back; its form records money brought back."""
    row = linkage.own_advance(actor(), advance_id)
    form = Form(RepaymentSchema(), {"fen": fields.yuan(row.fen - row.repaid_fen), "day": clock.today().isoformat()})
    if form.posted:
        with form.attempt():
            data = form.data()
            linkage.repay_advance(actor(), advance_id, **data)
            words = _("已记归还 %(fen)s。", fen=format_yuan(data["fen"]))
            return done(words, "supplier.advance", advance_id=advance_id)
        row = linkage.own_advance(actor(), advance_id)
    repayments = linkage.repayments_of(advance_id)
    return form.page(
        "supplier/advance.html",
        advance=row,
        household=people.of([row.household_id])[row.household_id],
        repayments=repayments,
        slips=linkage.slips_by_ids({one.slip_id for one in repayments if one.slip_id}),
        labels=LABELS,
    )
