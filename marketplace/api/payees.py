"""Members of households and who is paid for them. Numbers are answered by their last four; in full to nobody but who
asks for one with a reason, in a session whose user has just given the password again: a token never is that."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _

from ..core import clock
from ..core.errors import NotFound
from ..edge.current import actor
from ..edge.guard import guard
from ..households import services as households
from ..households.rules import masked
from ..households.schemas import (
    LeaveSchema,
    MemberSchema,
    NewMemberSchema,
    NewPayeeSchema,
    PayeeSchema,
    RevealedMemberSchema,
    RevealedPayeeSchema,
    WhySchema,
)
from ..linkage import services as linkage
from .blueprint import Blueprint
from .files import require_own
from .households import linked, one_of
from .paging import PageSchema, cut, list_of, page_of

blueprint = Blueprint("payees", _("家庭成员与收款人"))
AGAIN = "The same key again: what was shown is not kept, so it is not shown twice"
MEMBER, PAYEE = tuple(MemberSchema().fields), tuple(PayeeSchema().fields)


def shown_member(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in MEMBER} | {"name": _name(row.name)}


def _name(name: str) -> str:
    return name if actor().kind in ("supplier", "office") else masked(name)


def shown_payees(rows: list[Any]) -> list[dict[str, Any]]:
    """With their states as of today; needs all of each household's."""
    states = households.standing_of(rows, clock.today())
    return [
        {name: getattr(row, name) for name in PAYEE} | {"name": _name(row.name), "state": states[row.id]}
        for row in rows
    ]


def _shown(row: Any) -> dict[str, Any]:
    return next(one for one in shown_payees(households.payees_of(row.household_id)) if one["id"] == row.id)


@blueprint.get("/households/<uuid:household_id>/members", summary=_("家庭成员"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(MemberSchema))
@guard("household.read")
def members(query: dict[str, Any], household_id: UUID) -> Any:
    """Present ones first, the head on top; those who left stay."""
    return cut([shown_member(row) for row in households.members_of(one_of(household_id).id)], query)


@blueprint.post("/households/<uuid:household_id>/members", summary=_("登记家庭成员"))
@blueprint.takes(NewMemberSchema)
@blueprint.gives(MemberSchema, 201)
@guard("household.edit")
def add_member(data: dict[str, Any], household_id: UUID) -> Any:
    """A person is a member of one household at a time."""
    return shown_member(households.add_member(actor(), one_of(household_id).id, linked=linked(), **data))


@blueprint.post("/members/<uuid:member_id>/leave", summary=_("成员离开本户"))
@blueprint.takes(LeaveSchema)
@blueprint.gives(MemberSchema)
@guard("household.edit")
def leave(data: dict[str, Any], member_id: UUID) -> Any:
    """From that day; who was paid through it is to be named anew."""
    return shown_member(households.leave(actor(), member_id, data["from_day"], linked()))


@blueprint.post("/members/<uuid:member_id>/reveal", summary=_("查看成员的完整号码"))
@blueprint.takes(WhySchema)
@blueprint.gives(RevealedMemberSchema)
@blueprint.alt_response(204, description=AGAIN)
@guard("payee.reveal", fresh=True)
def reveal_member(data: dict[str, Any], member_id: UUID) -> Any:
    """Told in the trail with its reason."""
    row, number, phone = households.reveal_member(actor(), member_id, data["reason"], linked=linked())
    return {"member_id": row.id, "id_number": number, "phone": phone}


@blueprint.get("/households/<uuid:household_id>/payees", summary=_("收款人"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(PayeeSchema))
@guard("household.read")
def payees(query: dict[str, Any], household_id: UUID) -> Any:
    """Newest first, those of the past too."""
    return cut(shown_payees(households.payees_of(one_of(household_id).id)), query)


@blueprint.get("/payees", summary=_("待办的收款变更"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(PayeeSchema))
@guard("household.read")
def waiting(query: dict[str, Any]) -> Any:
    """Within scope: what waits for a second person, or cools off and can still be stopped."""
    rows, total = households.payees_waiting(actor(), linked(), **query)
    return page_of(shown_payees(rows), total, query)


@blueprint.post("/households/<uuid:household_id>/payees", summary=_("提出收款人"))
@blueprint.takes(NewPayeeSchema)
@blueprint.gives(PayeeSchema, 201)
@guard("payee.propose")
def propose(data: dict[str, Any], household_id: UUID) -> Any:
    """A member, or a proxy named in writing. In force once another person approved it; a change after a cooling-off."""
    require_own(data["file_id"])
    family = one_of(household_id)
    if data["agreement_id"]:
        _require_agreement(data["agreement_id"], family.id)
    return _shown(households.propose_payee(actor(), family.id, linked=linked(), **data))


def _require_agreement(agreement_id: UUID, household_id: UUID) -> None:
    """An agreement that the household consented to; a supplier's own. Raises NotFound."""
    row = linkage.agreements_by_ids([agreement_id]).get(agreement_id)
    mine = row is not None and (actor().kind != "supplier" or row.supplier_id == actor().organisation)
    if not mine or household_id not in {consent.household_id for consent in linkage.consents_of(agreement_id)}:
        raise NotFound("agreement")


@blueprint.post("/payees/<uuid:payee_id>/approve", summary=_("批准收款人"))
@blueprint.gives(PayeeSchema)
@guard("payee.approve")
def approve(payee_id: UUID) -> Any:
    """By another person than proposed it; one of the two is an office's."""
    return _shown(households.approve_payee(actor(), payee_id, linked=linked()))


@blueprint.post("/payees/<uuid:payee_id>/stop", summary=_("停止收款人"))
@blueprint.takes(WhySchema)
@blueprint.gives(PayeeSchema)
@guard("payee.propose")
def stop(data: dict[str, Any], payee_id: UUID) -> Any:
    """Withdraws a proposal, stops a change that cools off, or ends one in force: its payouts are held then."""
    return _shown(households.stop_payee(actor(), payee_id, data["reason"], linked=linked()))


@blueprint.post("/payees/<uuid:payee_id>/reveal", summary=_("查看收款人的完整号码"))
@blueprint.takes(WhySchema)
@blueprint.gives(RevealedPayeeSchema)
@blueprint.alt_response(204, description=AGAIN)
@guard("payee.reveal", fresh=True)
def reveal(data: dict[str, Any], payee_id: UUID) -> Any:
    """Told in the trail with its reason."""
    row = households.payee(actor(), payee_id, linked())
    account, number = households.reveal_accounts(actor(), [row.id], data["reason"], linked=linked())[row.id]
    return {"payee_id": row.id, "account": account, "id_number": number}
