"""Disputes for offices: the village sees them, the township and those above it decide."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...attribution import services as attribution
from ...attribution.disputes import TOWNSHIP_PREFIX
from ...attribution.household_schemas import DecideSchema, TermsSchema
from ...core import clock
from ...core.actor import Actor
from ...core.errors import NotFound
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...households import services as households
from ...identity import services as identity
from ...regions import services as regions
from .. import mechanisms
from ..tables import Table
from . import asking, blueprint, shown_name
from .statements import kept

STATES = [
    ("", _l("全部")),
    ("open", _l("办理中")),
    ("due", _l("逾期或待更正")),
    ("raised", _l("待答复")),
    ("answered", _l("待裁定")),
    ("upheld", _l("成立")),
    ("rejected", _l("不成立")),
    ("withdrawn", _l("已撤回")),
]
LABELS = {
    "decision": _l("裁定"),
    "words": _l("理由"),
    "remedy": _l("要供应商怎么更正"),
    "answer_days": _l("供应商答复天数"),
    "decide_days": _l("裁定天数"),
    "from_day": _l("从哪天起"),
}


@blueprint.get("/disputes", endpoint="disputes")
@guard("dispute.read")
def disputes_() -> str:
    table = Table(per_page=50)
    state = request.args.get("state", "open")
    state = state if state in dict(STATES) else "open"
    rows, table.total = attribution.disputes(actor(), state=state, page=table.page, size=table.per_page)
    return render_template(
        "office/disputes.html",
        rows=rows,
        table=table,
        state=state,
        states=STATES,
        parties=identity.named({row.supplier_id for row in rows}),
        people=people(rows),
        url=lambda id_: url_for("office.dispute", dispute_id=id_),
        words=mechanisms,
        decides=decides(actor()),
    )


def people(rows: Any) -> dict[UUID, tuple[str, str]]:
    """Household → (its name as this reader may know it, its place)."""
    known = households.by_ids([row.household_id for row in rows])
    places = asking.short_places({row.present_division for row in known.values()})
    return {id_: (shown_name(row), f"{places[row.present_division]}{row.group_name}") for id_, row in known.items()}


def decides(who: Actor) -> bool:
    """Whether this office decides, or (a village) only sees."""
    return who.may("dispute.decide") and len(who.scope.division or "") <= TOWNSHIP_PREFIX


@blueprint.route("/disputes/<uuid:dispute_id>", methods=["GET", "POST"])
@guard("dispute.read")
def dispute(dispute_id: UUID) -> Response:
    """One dispute; the form decides it."""
    who = actor()
    row = attribution.dispute(who, dispute_id)
    form = Form(DecideSchema(), {"decision": "", "remedy": ""})
    if form.posted:
        with form.attempt():
            data = form.data()
            upheld = data["decision"] == "uphold"
            attribution.decide(who, dispute_id, upheld=upheld, words=data["words"], remedy=data["remedy"])
            return done(_("已裁定。"), "office.dispute", dispute_id=dispute_id)
        row = attribution.dispute(who, dispute_id)
    return form.page(
        "office/dispute.html",
        dispute=row,
        household=households.by_ids([row.household_id])[row.household_id],
        place=regions.name_path(row.division),
        parties=identity.named({row.supplier_id}),
        words=mechanisms,
        file_url=lambda id_: url_for("office.dispute_file", dispute_id=dispute_id, file_id=id_),
        decides=decides(who) and row.state in ("raised", "answered"),
        waits=row.state == "raised" and row.answer_due_on >= clock.today(),
        remedies=[(code, word, "") for code, word in mechanisms.REMEDIES.items()],
        labels=LABELS,
    )


@blueprint.get("/disputes/<uuid:dispute_id>/files/<uuid:file_id>")
@guard("dispute.read")
def dispute_file(dispute_id: UUID, file_id: UUID) -> Response:
    row = attribution.dispute(actor(), dispute_id)
    if file_id not in (row.file_id, row.answer_file_id):
        raise NotFound("file")
    return kept(file_id)


@blueprint.route("/disputes/terms", methods=["GET", "POST"])
@guard("dispute.decide")
def dispute_terms() -> Response:
    """How many days the place gives to answer and to decide."""
    who = actor()
    place = (who.scope.division or "").ljust(12, "0")
    answer_days, decide_days = attribution.terms_on(place, clock.today())
    given = {"answer_days": answer_days, "decide_days": decide_days, "from_day": clock.today().isoformat()}
    form = Form(TermsSchema(), given)
    if form.posted:
        with form.attempt():
            attribution.set_terms(who, **form.data())
            return done(_("已设定。"), "office.disputes")
    return form.page("office/dispute_terms.html", labels=LABELS, place=asking.place_name(who.scope.division or ""))
