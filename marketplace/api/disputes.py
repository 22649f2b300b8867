"""Disputes: an officer raises one for a household, the supplier answers and corrects, the township decides."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_babel import lazy_gettext as _
from marshmallow import fields, validate

from ..attribution import services as attribution
from ..attribution.household_schemas import (
    AnswerWithFileSchema,
    ConfirmedSchema,
    ConfirmForSchema,
    CorrectSchema,
    DecideSchema,
    DisputeForSchema,
    DisputeSchema,
    TermsSchema,
)
from ..core import clock
from ..core.errors import NotFound, Refused
from ..core.fields import Id, Place, Shown, Whole
from ..edge.current import actor
from ..edge.guard import guard
from ..reporting import corrections
from .blueprint import Blueprint
from .files import attached, gives_content
from .households import one_of
from .paging import PageSchema, list_of, page_of

blueprint = Blueprint("disputes", _("异议"))


class DisputesQuery(PageSchema):
    state = fields.String(
        load_default="",
        validate=validate.OneOf(["", "open", "due", "raised", "answered", "upheld", "rejected", "withdrawn"]),
        metadata={"description": "open: waits for somebody; due: past a deadline, or upheld and not put right"},
    )
    household_id = Id(load_default=None)


class TermShownSchema(Shown):
    prefix = fields.String()
    answer_days = Whole()
    decide_days = Whole()


class TermQuery(PageSchema):
    division = Place(required=True)

    class Meta:
        exclude = ("page", "size")


@blueprint.get("/disputes", summary=_("异议列表"))
@blueprint.asks(DisputesQuery)
@blueprint.gives(list_of(DisputeSchema))
@guard("dispute.read")
def listed(query: dict[str, Any]) -> Any:
    """Within scope, those that wait first."""
    rows, total = attribution.disputes(actor(), **query)
    return page_of(rows, total, query)


@blueprint.get("/disputes/terms", summary=_("异议的办理期限"))
@blueprint.asks(TermQuery)
@blueprint.gives(TermShownSchema)
@guard("dispute.read")
def terms(query: dict[str, Any]) -> Any:
    """Days to answer and to decide in a division today."""
    answer_days, decide_days = attribution.terms_on(query["division"], clock.today())
    return {"prefix": query["division"], "answer_days": answer_days, "decide_days": decide_days}


@blueprint.post("/disputes/terms", summary=_("设异议期限"))
@blueprint.takes(TermsSchema)
@blueprint.gives(TermShownSchema, 201)
@guard("dispute.decide")
def set_terms(data: dict[str, Any]) -> Any:
    """An office's own days for its division, for disputes raised from a day on."""
    return attribution.set_terms(actor(), **data)


@blueprint.get("/disputes/<uuid:dispute_id>", summary=_("异议"))
@blueprint.gives(DisputeSchema)
@guard("dispute.read")
def one(dispute_id: UUID) -> Any:
    return attribution.dispute(actor(), dispute_id)


@blueprint.get("/disputes/<uuid:dispute_id>/files/<uuid:file_id>", summary=_("异议的照片或附件"))
@gives_content
@guard("dispute.read")
def file(dispute_id: UUID, file_id: UUID) -> Response:
    row = attribution.dispute(actor(), dispute_id)
    if file_id not in (row.file_id, row.answer_file_id):
        raise NotFound("file")
    return attached(file_id)


@blueprint.post("/households/<uuid:household_id>/disputes", summary=_("代农户提异议"))
@blueprint.takes(DisputeForSchema)
@blueprint.gives(DisputeSchema, 201)
@guard("dispute.raise")
def raise_for(data: dict[str, Any], household_id: UUID) -> Any:
    """The officer's, with the household's signature as a file of the office's own."""
    voice = attribution.by_officer(actor(), one_of(household_id).id, data.pop("file_id"))
    return attribution.raise_dispute(actor(), voice, **data)


@blueprint.post("/households/<uuid:household_id>/confirmations", summary=_("代农户确认收款"))
@blueprint.takes(ConfirmForSchema)
@blueprint.gives(ConfirmedSchema, 201)
@guard("payout.confirm")
def confirm_for(data: dict[str, Any], household_id: UUID) -> Any:
    """The officer's, with the household's signature as a file of the office's own; what was confirmed stays so."""
    voice = attribution.by_officer(actor(), one_of(household_id).id, data["file_id"])
    return {"confirmed": attribution.confirm(actor(), voice, data["payout_ids"])}


@blueprint.post("/disputes/<uuid:dispute_id>/answer", summary=_("答复异议"))
@blueprint.takes(AnswerWithFileSchema)
@blueprint.gives(DisputeSchema)
@guard("dispute.answer")
def answer(data: dict[str, Any], dispute_id: UUID) -> Any:
    return attribution.answer(actor(), dispute_id, data["words"], data["file_id"])


@blueprint.post("/disputes/<uuid:dispute_id>/decide", summary=_("裁定异议"))
@blueprint.takes(DecideSchema)
@blueprint.gives(DisputeSchema)
@guard("dispute.decide")
def decide(data: dict[str, Any], dispute_id: UUID) -> Any:
    """By the township or an office above it; `remedy` is what an upheld one asks of the supplier."""
    upheld = data["decision"] == "uphold"
    return attribution.decide(actor(), dispute_id, upheld=upheld, words=data["words"], remedy=data["remedy"])


@blueprint.post("/disputes/<uuid:dispute_id>/correct", summary=_("登记更正"))
@blueprint.takes(CorrectSchema)
@blueprint.gives(DisputeSchema)
@guard("dispute.answer")
def correct(data: dict[str, Any], dispute_id: UUID) -> Any:
    """The supplier names the row that put it right."""
    row = attribution.dispute(actor(), dispute_id)
    if data["source_id"] and data["source_id"] not in {one.id for one in corrections.sources(actor(), row)}:
        raise Refused("not_a_choice", field="source_id")
    return attribution.correct(actor(), dispute_id, **data)
