"""An order's story as a timeline: what was done, by whom, and what comes next."""

from typing import Any
from uuid import UUID

from flask_babel import gettext as _

from ...core.quantity import format_quantity
from .. import kit

ENDED = ("declined", "lapsed", "cancelled", "rejected")


def people(row: Any, requisition: Any, shipments: list, acceptances: list, transfers: dict) -> set[UUID]:
    """Everybody whose name the story tells."""
    found = {row.requested_by, *(shipment.shipped_by for shipment in shipments)}
    found |= {acceptance.accepted_by for acceptance in acceptances}
    found |= {transfer.recorded_by for many in transfers.values() for transfer in many}
    if requisition:
        found |= {requisition.submitted_by, requisition.decided_by}
    return {person for person in found if person}


def steps(
    row: Any, requisition: Any, shipments: list, acceptances: list, bills: list, transfers: dict, names: dict[UUID, str]
) -> list[dict[str, str]]:
    """Steps for `parts.timeline`: done ones in their order, then what comes next."""

    def note(moment: Any, *people_: Any) -> str:
        who = _("、").join(names.get(one, one) if isinstance(one, UUID) else one for one in people_ if one)
        return kit.moment(moment) + (_("，") + who if who else "")

    told: list[tuple[Any, dict[str, str]]] = []
    if requisition and requisition.submitted_at:
        step = {"title": _("提交采购单"), "note": note(requisition.submitted_at, requisition.submitted_by)}
        told.append((requisition.submitted_at, step))
    approved = _("批准，订单 %(fen)s", fen=kit.money(row.total_fen))
    told.append(
        (row.approved_at, {"title": approved, "note": note(row.approved_at, requisition and requisition.decided_by)})
    )
    if row.confirmed_at:
        told.append((row.confirmed_at, {"title": _("供应商接单"), "note": note(row.confirmed_at)}))
    numbers = {shipment.id: shipment.no for shipment in shipments}
    for shipment in shipments:
        title = _("第 %(no)s 批发出", no=shipment.no)
        told.append((shipment.shipped_at, {"title": title, "note": note(shipment.shipped_at, shipment.carrier)}))
    for acceptance in acceptances:
        rejected = sum(line.rejected for line in acceptance.lines)
        title = _("第 %(no)s 批验收", no=numbers.get(acceptance.shipment_id, 1))
        title += _("，拒收 %(quantity)s", quantity=format_quantity(rejected)) if rejected else ""
        told.append(
            (acceptance.at, {"title": title, "note": note(acceptance.at, acceptance.accepted_by, acceptance.witness)})
        )
    for bill in bills:
        told += [(transfer.recorded_at, _paid(bill, transfer, note)) for transfer in transfers.get(bill.id, [])]
    done = [step for _moment, step in sorted(told, key=lambda one: one[0])]
    return done + _coming(row, shipments, acceptances, bills, transfers)


def _paid(bill: Any, transfer: Any, note: Any) -> dict[str, str]:
    if transfer.state == "refused":
        return {
            "title": _("供应商未收到 %(fen)s", fen=kit.money(transfer.fen)),
            "note": transfer.reason,
            "state": "bad",
        }
    title = _("付款 %(fen)s", fen=kit.money(transfer.fen))
    if transfer.state == "confirmed":
        title = _("付款 %(fen)s，已到账结清", fen=kit.money(transfer.fen))
    return {"title": title, "note": note(transfer.recorded_at, transfer.recorded_by)}


def _coming(row: Any, shipments: list, acceptances: list, bills: list, transfers: dict) -> list[dict[str, str]]:
    """What waits now, and what follows it."""
    if row.state in ENDED:
        words = {
            "declined": _("供应商未接单"),
            "lapsed": _("过期未接"),
            "cancelled": _("已取消"),
            "rejected": _("全部拒收"),
        }
        return [{"title": words[row.state], "note": row.closed_reason, "state": "bad"}]
    coming: list[dict[str, str]] = []
    accepted = {acceptance.shipment_id for acceptance in acceptances}
    if row.state == "to_confirm":
        coming.append({"title": _("等供应商接单"), "note": _("%(day)s前", day=kit.moment(row.confirm_by))})
    coming += [
        {"title": _("第 %(no)s 批等验收", no=one.no), "note": _("预计 %(day)s到", day=kit.day(one.expected_on))}
        for one in shipments
        if one.id not in accepted
    ]
    if any(line.open for line in row.lines):
        coming.append({"title": _("供应商发货"), "note": _("要求 %(day)s送达", day=kit.day(row.deliver_on))})
    for bill in bills:
        if bill.state == "to_pay":
            waits = any(transfer.state == "recorded" for transfer in transfers.get(bill.id, []))
            title = _("等供应商确认到账") if waits else _("付款 %(fen)s", fen=kit.money(bill.total_fen - bill.paid_fen))
            coming.append({"title": title, "note": _("%(day)s前", day=kit.day(bill.due_on))})
    if row.state != "settled":
        coming.append({"title": _("结清，分到农户"), "note": ""})
    return [{**step, "state": "next" if place else "now"} for place, step in enumerate(coming)]
