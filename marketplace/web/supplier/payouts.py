"""Payouts of a list or of all: paid in cash with the scan, by transfer, tried again, taken back."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response, request
from flask_babel import gettext as _

from ...attribution import services as attribution
from ...core import clock
from ...core.errors import Refused
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...households import services as households
from ...identity import services as identity
from ...notices import services as notices
from ..tables import Table
from . import blueprint, people
from .distributions import LABELS, village_names
from .files import uploaded
from .schemas import ChosenSchema, PaidSchema

STATES = ("to_pay", "held", "sent", "failed", "paid", "void")


def paying(row: Any, form: Form) -> Response:
    """An approved list: where its notices stand, its payouts, and what can be done with the ticked ones."""
    table, state = Table(per_page=100), _state()
    rows, table.total = attribution.paged(
        actor(), distribution_id=row.id, state=state or None, page=table.page, size=table.per_page
    )
    posted = notices.of_subject("distribution", row.id)
    return form.page(
        "supplier/distribution.html",
        distribution=row,
        notices=posted,
        places=village_names({notice.division for notice in posted}),
        objections=notices.objections_of([notice.id for notice in posted]),
        running=[notice for notice in posted if notice.until_day >= clock.today()],
        villages={one.division: one for one in attribution.by_village(row.id)},
        mechanisms=attribution.by_mechanism(row),
        templates=[(code, one.name) for code, one in attribution.bank_templates().items()],
        staff=identity.user_names({user for user in (row.prepared_by, row.approved_by) if user}),
        **_listed(rows, table, state, row.id),
    )


def _state() -> str:
    state = request.args.get("state", "")
    return state if state in STATES else ""


def _listed(rows: Sequence[Any], table: Table, state: str, distribution_id: UUID | None) -> dict[str, Any]:
    """What every list of payouts shows."""
    supplier: UUID = actor().organisation  # type: ignore[assignment]
    form = request.form.getlist("payouts") if request.method == "POST" else []
    return {
        "rows": rows,
        "table": table,
        "state": state,
        "people": people.of({row.household_id for row in rows}),
        "payees": households.payee_names({row.payee_id for row in rows if row.payee_id}),
        "blocked": attribution.blocked(supplier, [row.id for row in rows if row.state == "to_pay"], clock.today()),
        "counts": attribution.by_state(supplier, distribution_id),
        "in_files": attribution.files_of([row.id for row in rows]),
        "chosen": set(form),
        "labels": LABELS,
    }


@blueprint.get("/payouts")
@guard("payout.record")
def payouts() -> Response:
    """Every payout of the supplier, by state."""
    return _all(Form(values={"paid_on": clock.today().isoformat(), "method": "cash"}))


def _all(form: Form) -> Response:
    table, state = Table(per_page=100), _state()
    rows, table.total = attribution.paged(actor(), state=state or None, page=table.page, size=table.per_page)
    lists = {row.id: row for row in attribution.listed(actor())}
    return form.page("supplier/payouts.html", lists=lists, **_listed(rows, table, state, None))


def _again(distribution_id: UUID | None, form: Form) -> Response:
    if distribution_id is None:
        return _all(form)
    return paying(attribution.distribution(actor(), distribution_id), form)


def _back(words_: str, distribution_id: UUID | None) -> Response:
    if distribution_id is None:
        return done(words_, "supplier.payouts")
    return done(words_, "supplier.distribution", distribution_id=distribution_id)


def _chosen(data: dict[str, Any], distribution_id: UUID | None) -> list[UUID]:
    """The ticked payouts; of this list, if the page was a list's. Raises Refused('payouts_none')."""
    chosen: list[UUID] = data.pop("payouts")
    if distribution_id is not None and chosen:
        chosen = attribution.of_list(distribution_id, chosen)
    if not chosen:
        raise Refused("payouts_none", field="payouts")
    return chosen


@blueprint.post("/distributions/<uuid:distribution_id>/paid")
@guard("payout.record")
def distribution_paid(distribution_id: UUID) -> Response:
    """Marks the chosen payouts of this distribution paid, all with one evidence."""
    attribution.distribution(actor(), distribution_id)
    return _paid(distribution_id)


@blueprint.post("/payouts/paid")
@guard("payout.record")
def payouts_paid() -> Response:
    return _paid(None)


def _paid(distribution_id: UUID | None) -> Response:
    form = Form(PaidSchema())
    with form.attempt():
        data = form.data()
        chosen = _chosen(data, distribution_id)
        count = attribution.mark_paid(actor(), chosen, file_id=uploaded(), **data)
        return _back(_("已记 %(count)s 笔付款。", count=count), distribution_id)
    return _again(distribution_id, form)


@blueprint.post("/payouts/retry")
@guard("payout.record")
def payouts_retry() -> Response:
    """The ticked failed ones are to be paid again: to the payee of today, or in cash."""
    form = Form(ChosenSchema())
    with form.attempt():
        data = form.data()
        count = attribution.retry(actor(), _chosen(data, None), channel=data["channel"])
        return _back(_("%(count)s 笔改为待兑付。", count=count), None)
    return _all(form)


@blueprint.post("/payouts/take-back")
@guard("distribution.approve")
def payouts_take_back() -> Response:
    """The ticked ones come with the next distribution."""
    form = Form(ChosenSchema())
    with form.attempt():
        data = form.data()
        count = attribution.take_back(actor(), _chosen(data, None), reason=data["reason"])
        return _back(_("%(count)s 笔已收回，并入下一次分配。", count=count), None)
    return _all(form)
