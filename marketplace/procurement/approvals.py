"""Deciding a bulk order, step by step: the last approval splits it into one order per supplier; any step sends it back."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import make_transient_to_detached
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
    turn = chains.turn(actor, row, step)
    if turn.following is None:
        orders, total = _last_step(actor, row)
        row.decided_by, row.decided_at, row.total_fen, row.hold_until = actor.user, clock.now(), total, None
    else:
        orders, state = [], row.state
        notices.done_about("requisition", [row.id], "requisition_submitted")
        tell_next(row, turn.following, row.total_fen, row.hold_until)
        flag_modified(row, "total_fen")  # another version: who saw the earlier step waiting looks again
    row.state = state
    facts = turn.decide(actor, "approved", reason.strip())
    audit.record(actor, "requisition.approve", "requisition", row.id, orders=len(orders), **facts)
    db.session.flush()
    return orders


def _last_step(actor: Actor, row: Requisition) -> tuple[list[Order], int]:
    """Everything is looked at once more, then orders are made. The rows of the session are written at the end, once."""
    quota.check_may_buy(row.agency_id, clock.today())
    checked, plan = complete(row)
    total = sum(item.money_fen for item in checked)
    if total > row.total_fen:  # its chain was chosen by that amount, and others have approved it
        raise Refused("total_risen", field="lines", was_fen=row.total_fen, now_fen=total)
    orders = _make_orders(actor, row, checked, plan)
    notices.done_about("requisition", [row.id], "requisition_submitted")
    return orders, total


def _make_orders(
    actor: Actor, row: Requisition, checked: list[CheckedLine], plan: list[delivery_plans.Delivery]
) -> list[Order]:
    """Locks are taken in one order, everywhere: offers, agreed prices, the quota plan, the counter of numbers."""
    holds.firm(row, checked)
    catalogue.draw(
        {item.agreed.id: item.line.quantity for item in checked if item.agreed},
        rows={item.agreed.id: item.no for item in checked if item.agreed},
    )
    quota_plan = quota.plan_for(row.agency_id, clock.today().year, row.counted_as)
    orders, lines = splitting.orders_of(row, checked, plan, quota_plan.id if quota_plan else None)
    if quota_plan:
        quota.commit(quota_plan.id, sum(line["committed_fen"] for line in lines))
    splitting.number(orders)
    insert_rows(Order, orders, same=splitting.SHARED)
    insert_rows(OrderLine, lines, same=splitting.NOTHING_YET)
    delivery_plans.freeze(plan, lines)
    _open_price_findings(row, checked)
    _tell(actor, row, orders)
    return [_as_read(one) for one in orders]


def _as_read(values: dict[str, Any]) -> Order:
    """The order of these values as if it were read: what was just written is not asked for."""
    order = Order(confirmed_at=None, **values)
    make_transient_to_detached(order)
    db.session.add(order)
    return order


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
    turn = chains.turn(actor, row, step)
    holds.release(row)
    row.state, row.reason, row.decided_by, row.decided_at = state, reason.strip(), actor.user, clock.now()
    facts = turn.decide(actor, "rejected", reason.strip())
    audit.record(actor, "requisition.reject", "requisition", row.id, **facts)
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
