"""Distributions: cut, compared with the run before, approved by another person; then their payouts."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...attribution import services as attribution
from ...core import clock
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...notices import services as notices
from ...regions import services as regions
from ..tables import Table
from . import blueprint, people
from .schemas import PrepareSchema

LABELS = {
    "cut_on": _l("截至"),
    "notice_days": _l("公示天数"),
    "payouts": _l("农户"),
    "paid_on": _l("付款日"),
    "method": _l("付款方式"),
    "evidence": _l("凭证号"),
    "file_id": _l("签字扫描件"),
    "file": _l("签字扫描件"),
    "approver": _l("审批人"),
    "template": _l("代发模板"),
    "reason": _l("理由"),
    "channel": _l("改派"),
}
CHANGES = {"new": _l("新增"), "gone": _l("退出"), "more": _l("增加"), "less": _l("减少"), "same": _l("不变")}


def village_names(codes: Iterable[str]) -> dict[str, str]:
    """Township and village: a supplier's county goes without saying."""
    return {
        code: "".join(place.name for place in path if place.level >= 4) or code
        for code, path in regions.paths_of(codes).items()
    }


@blueprint.route("/distributions", methods=["GET", "POST"])
@guard("distribution.prepare")
def distributions() -> Response:
    """The list; its form prepares the next one."""
    form = Form(PrepareSchema(), {"cut_on": clock.today().isoformat(), "notice_days": str(notices.DAYS)})
    if form.posted:
        with form.attempt():
            row = attribution.prepare(actor(), **form.data())
            words_ = _("%(number)s 已编制，请核对后交另一人审批。", number=row.number)
            if row.state == "preparing":
                words_ = _("%(number)s 正在编制，可以离开，稍后回来看。", number=row.number)
            return done(words_, "supplier.distribution", distribution_id=row.id)
    rows = attribution.listed(actor())
    ids = [row.id for row in rows]
    return form.page(
        "supplier/distributions.html",
        rows=rows,
        paid=attribution.paid_so_far(ids),
        notices=notices.of_subjects("distribution", ids),
        waiting=attribution.waiting_fen(actor().organisation, clock.today()),  # type: ignore[arg-type]
        draft=next((row for row in rows if row.state in ("preparing", "draft", "approving")), None),
        states=attribution.by_state(actor().organisation),  # type: ignore[arg-type]
        objections=notices.waiting(actor()),
        labels=LABELS,
    )


@blueprint.get("/distributions/<uuid:distribution_id>")
@guard("distribution.prepare")
def distribution(distribution_id: UUID) -> Response:
    from .payouts import paying

    row = attribution.distribution(actor(), distribution_id)
    if row.state == "approved":
        return paying(row, Form(values={"paid_on": clock.today().isoformat(), "method": "cash"}))
    return draft_page(row, Form())


def draft_page(row: Any, form: Form) -> Response:
    """A draft beside the run before; or how far its job is."""
    table = Table(per_page=100)
    only, village = request.args.get("only", ""), request.args.get("village", "")[:12]
    only = only if only in CHANGES else ""
    lines, table.total = attribution.preview(
        row, only=only, division=village or None, page=table.page, size=table.per_page
    )
    villages = attribution.by_village(row.id)
    return form.page(
        "supplier/distribution_draft.html",
        distribution=row,
        lines=lines,
        people=people.of([line.household_id for line in lines]),
        table=table,
        only=only,
        village=village,
        villages=villages,
        places=village_names({one.division for one in villages}),
        mechanisms=attribution.by_mechanism(row),
        changes=attribution.changes_of(row),
        change_words=CHANGES,
        progress=attribution.progress_of(row) if row.state in ("preparing", "approving") else None,
        users=identity.user_names({user for user in (row.prepared_by, row.approved_by) if user}),
        labels=LABELS,
    )


@blueprint.post("/distributions/<uuid:distribution_id>/approve")
@guard("distribution.approve")
def distribution_approve(distribution_id: UUID) -> Response:
    form = Form()
    with form.attempt():
        row = attribution.approve(actor(), distribution_id)
        words_ = _("%(number)s 已批准，名单按村公示 %(days)s 天，期满后发放。", number=row.number, days=row.notice_days)
        if row.state == "approving":
            words_ = _("%(number)s 已批准，正在记账和列名单，可以离开。", number=row.number)
        return done(words_, "supplier.distribution", distribution_id=distribution_id)
    return draft_page(attribution.distribution(actor(), distribution_id), form)


@blueprint.post("/distributions/<uuid:distribution_id>/adopt")
@guard("distribution.prepare")
def distribution_adopt(distribution_id: UUID) -> Response:
    row = attribution.adopt(actor(), distribution_id)
    return done(
        _("%(number)s 已由您核对认领，请另一人审批。", number=row.number),
        "supplier.distribution",
        distribution_id=distribution_id,
    )


@blueprint.post("/distributions/<uuid:distribution_id>/discard")
@guard("distribution.prepare")
def distribution_discard(distribution_id: UUID) -> Response:
    row = attribution.discard(actor(), distribution_id)
    return done(_("%(number)s 已作废，可以重新编制。", number=row.number), "supplier.distributions")
