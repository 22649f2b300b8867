"""Dated income: piece work, wages, rent, fixed dividends. Listed, entered as a table, taken back one by one."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...core import clock
from ...core.errors import DomainError, Many, NotFound, Refused
from ...core.money import format_yuan, yuan
from ...core.quantity import to_json
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...linkage import rules
from ...linkage import services as linkage
from ...linkage.services import Entry
from .. import sheets
from ..tables import Table
from . import blueprint, pasted, people, words
from .files import uploaded
from .flow_schemas import CorrectionSchema, FlowsSchema

LABELS = {
    "agreement_id": _l("协议"),
    "household": _l("农户"),
    "household_id": _l("农户"),
    "member": _l("务工人"),
    "quantity": _l("数量"),
    "rate_fen": _l("单价"),
    "fen": _l("金额"),
    "day": _l("日期"),
    "evidence": _l("凭证号"),
    "file": _l("单据扫描件"),
    "pasted": _l("粘贴的表格"),
    "table": _l("表格文件"),
    "reason": _l("更正原因"),
    "entries": _l("各行"),
}
# What a column may be headed in a sheet of the field.
HEADS = {
    "household": ("户号", "户主", "农户", "Household"),
    "member": ("务工人", "姓名", "成员", "Member"),
    "quantity": ("数量", "件数", "工日", "天数", "亩", "股", "Quantity"),
    "rate_fen": ("单价", "标准", "Rate"),
    "fen": ("金额", "应发", "合计", "Amount"),
    "evidence": ("凭证", "单号", "计件单", "Voucher"),
}


def recording(day: Any = None) -> list[Any]:
    """The supplier's agreements in force whose income is recorded as flows."""
    day = day or clock.today()
    return [
        row
        for row in linkage.listed(actor())
        if rules.is_flow(row.kind, row.sale_tied)
        and row.state == "in_force"
        and row.starts_on <= day
        and (row.ends_on is None or row.ends_on >= day)
    ]


@blueprint.get("/flows")
@guard("statement.read")
def flows() -> Response | str:
    table = Table(per_page=50)
    kind, batch = request.args.get("kind", ""), request.args.get("batch", "")[:24]
    kind = kind if kind in words.FLOWS else ""
    only_open = request.args.get("only") == "open"
    asked = {"kind": kind or None, "batch": batch, "only_open": only_open}
    if request.args.get("format") == "csv":
        return _csv(linkage.flows(actor(), **asked, size=10_000)[0])  # type: ignore[arg-type]
    rows, table.total, fen = linkage.flows(actor(), **asked, page=table.page, size=table.limit)  # type: ignore[arg-type]
    return render_template(
        "supplier/flows.html",
        rows=rows,
        table=table,
        fen=fen,
        kind=kind,
        batch=batch,
        only_open=only_open,
        may=bool(recording()),
        people=people.of({row.household_id for row in rows}),
        agreements=linkage.agreements_by_ids({row.agreement_id for row in rows}),
        corrected=linkage.corrected([row.id for row in rows]),
    )


def _csv(rows: list[Any]) -> Response:
    known = people.of({row.household_id for row in rows})
    heads = [
        _("批号"), _("日期"), _("联结方式"), _("户号"), _("户主"), _("村"), _("组"), _("务工人"), _("数量"), _("单位"), _("单价（元）"),
        _("金额（元）"), _("凭证号"),
    ]  # fmt: skip
    return sheets.download(
        "flows",
        heads,
        (
            [
                row.batch,
                row.day,
                words.FLOWS[row.kind],
                one.code,
                one.name,
                one.village,
                one.group,
                row.member,
                to_json(row.quantity) if row.quantity else "",
                row.unit,
                yuan(row.rate_fen) if row.rate_fen else "",
                yuan(row.fen),
                row.evidence,
            ]
            for row in rows
            for one in [known[row.household_id]]
        ),
    )


@blueprint.route("/flows/new", methods=["GET", "POST"])
@guard("flow.record")
def flow_new() -> Response:
    """A day's income as a table. A pasted or uploaded sheet fills the table first, so that it is seen before it counts."""
    rows = recording()
    asked = request.values.get("agreement_id") or request.args.get("agreement")
    agreement = next((row for row in rows if str(row.id) == asked), rows[0] if rows else None)
    known = list(people.of(linkage.roster_on(agreement.id, clock.today())).values()) if agreement else []
    form = Form(FlowsSchema(), {"day": clock.today().isoformat()})
    if pasted.asked():
        with form.attempt():
            form.typed = pasted.typed("flows", pasted.rows_of(HEADS), form.typed)
    elif form.posted:
        with form.attempt():
            data = form.data()
            entries = _entries(data["flows"], known)
            made = linkage.record_flows(
                actor(), data["agreement_id"], data["day"], entries, evidence=data["evidence"], file_id=uploaded()
            )
            fen = format_yuan(sum(row.fen for row in made))
            words_ = _("已登记 %(count)s 笔，合计 %(fen)s。", count=len(made), fen=fen)
            return done(words_, "supplier.flows", batch=made[0].batch)
    return form.page(
        "supplier/flow_new.html",
        agreements=rows,
        agreement=agreement,
        known=known,
        rows=pasted.rows_shown("flows", form.typed),
        labels=LABELS,
    )


def _entries(rows: list[dict[str, Any]], known: list[people.Person]) -> list[Entry]:
    """Raises Many of not_on_roster with rows, Refused('no_entries')."""
    if not rows:
        raise Refused("no_entries", field="flows")
    errors: list[DomainError] = []
    entries = []
    for row, typed in enumerate(rows, 1):
        found = people.by_typed(known, typed.pop("household"))
        if found is None:
            errors.append(Refused("not_on_roster", field="household", row=row))
        else:
            entries.append(Entry(found.id, **typed))
    if errors:
        raise Many(errors)
    return entries


@blueprint.route("/flows/<uuid:flow_id>", methods=["GET", "POST"])
@guard("flow.record")
def flow(flow_id: UUID) -> Response:
    """One entry; its form takes it back."""
    row = linkage.flow(actor(), flow_id)
    if row.supplier_id != actor().organisation:
        raise NotFound("flow")
    form = Form(CorrectionSchema(), {"reason": ""})
    if form.posted:
        with form.attempt():
            linkage.correct_flow(actor(), flow_id, **form.data())
            return done(_("已更正：这一笔作废，请重新登记正确的。"), "supplier.flows", batch=row.batch)
    return form.page(
        "supplier/flow.html",
        flow=row,
        taken_back=flow_id in linkage.corrected([flow_id]),
        household=people.of([row.household_id])[row.household_id],
        agreement=linkage.agreements_by_ids([row.agreement_id])[row.agreement_id],
        users=identity.user_names({row.recorded_by} if row.recorded_by else set()),
        labels=LABELS,
    )
