"""Deciding a bulk order, step by step: the last approval splits it into one order per supplier; any step sends it back."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm.attributes import flag_modified

from ..catalogue import services as catalogue
from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import db, insert_rows
from ..core.errors import Refused
from ..findings import services as findings
from ..notices import services as notices
from ..notices.messages import Telling
from ..quota import services as quota
from . import chains, delivery_plans, holds, splitting
from .checking import CheckedLine
from .models import Order, OrderLine, Requisition
from .orders import of_requisition_now
from .requisitions import own
from .rules import REQUISITION
from .submitting import complete, tell_next


def approve(
    actor: Actor, requisition_id: UUID, version: int | None = None, *, step: int | None = None, reason: str = ""
) -> list[Order]:
    """The person of the step that waits approves it (`step`: the one that it saw waiting). After the last, its stock is
    firm, quota committed and one order per supplier made, in one transaction; returns the orders, none before.

    Raises Refused: approver_is_submitter, approver_twice, approval_out_of_order, approval_not_yours, total_risen,
    beyond_ceiling; Many: every line's problem; Conflict: wrong_state.
    """
    actor.require("requisition.approve")
    row = own(actor, requisition_id, version)
    state = REQUISITION.after("approve", row.state)
    here, following = chains.decide(actor, row, "approved", reason.strip(), step)
    audit.record(actor, "requisition.approve", "requisition", row.id, step=here.no, **_for(here.stood_for))
    notices.done_about("requisition", [row.id], "requisition_submitted")
    if following is not None:
        tell_next(row, following)
        flag_modified(row, "total_fen")  # another version: who saw the earlier step waiting looks again
        db.session.flush()
        return []
    checked, plan = complete(row)
    total = sum(item.money_fen for item in checked)
    if total > row.total_fen:  # its chain was chosen by that amount, and others have approved it
        raise Refused("total_risen", field="lines", was_fen=row.total_fen, now_fen=total)
    orders = _make_orders(actor, row, checked, plan)
    row.state, row.decided_by, row.decided_at, row.total_fen = state, actor.user, clock.now(), total
    db.session.flush()
    return orders


def _for(stood_for: UUID | None) -> dict[str, str]:
    return {"stood_for": str(stood_for)} if stood_for else {}


def _make_orders(
    actor: Actor, row: Requisition, checked: list[CheckedLine], plan: list[delivery_plans.Delivery]
) -> list[Order]:
    """Locks are taken in one order, everywhere: offers, agreed prices, the quota plan, the counter of numbers."""
    holds.firm(row, checked)
    catalogue.draw(
        {item.agreed.id: item.line.quantity for item in checked if item.agreed},
        rows={item.agreed.id: item.no for item in checked if item.agreed},
    )
    quota_plan = quota.plan_of(row.agency_id, clock.today().year)
    orders, lines = splitting.orders_of(row, checked, plan, quota_plan.id if quota_plan else None)
    if quota_plan:
        quota.commit(quota_plan.id, sum(line["committed_fen"] for line in lines))
    splitting.number(orders)
    insert_rows(Order, orders)
    insert_rows(OrderLine, lines)
    delivery_plans.freeze(plan, lines)
    _open_price_findings(row, checked)
    _tell(actor, row, orders)
    return of_requisition_now(row.id)


def _tell(actor: Actor, row: Requisition, orders: list[dict[str, Any]]) -> None:
    to_confirm = [
        Telling(
            "order_to_confirm",
            one["supplier_id"],
            ("order", one["id"]),
            number=one["number"],
            permission="order.confirm",
            act_by=clock.local(one["confirm_by"]).date(),
            facts={"total_fen": one["total_fen"], "who": actor.organisation_name},
        )
        for one in orders
    ]
    about = ("requisition", row.id)
    done = Telling("requisition_approved", row.agency_id, about, number=row.number, user_id=row.created_by)
    notices.tell_many([*to_confirm, done])


def _open_price_findings(row: Requisition, checked: list[CheckedLine]) -> None:
    findings.open_many(
        [
            {
                "kind": "above_reference",
                "object_kind": "requisition_line",
                "object_id": f"{row.id}:{item.no}",
                "division": row.division,
                "facts": {"number": row.number, "code": item.offer.code, "over": item.over_basis_points},
            }
            for item in checked
            if item.over_basis_points
        ]
    )


def reject(actor: Actor, requisition_id: UUID, reason: str, *, step: int | None = None) -> Requisition:
    """The person of the step that waits sends it back with a reason; what it held is free again.

    Raises Refused: reason_needed, and as `approve`.
    """
    actor.require("requisition.approve")
    row = own(actor, requisition_id)
    state = REQUISITION.after("reject", row.state)
    if not reason.strip():
        raise Refused("reason_needed", field="reason")
    here, _none = chains.decide(actor, row, "rejected", reason.strip(), step)
    holds.release(row)
    row.state, row.reason, row.decided_by, row.decided_at = state, reason.strip(), actor.user, clock.now()
    audit.record(actor, "requisition.reject", "requisition", row.id, step=here.no, **_for(here.stood_for))
    notices.done_about("requisition", [row.id], "requisition_submitted")
    notices.tell(
        "requisition_rejected",
        organisation_id=row.agency_id,
        about=("requisition", row.id),
        number=row.number,
        user_id=row.submitted_by,
    )
    db.session.flush()
    return row
