"""Role × permission, the one table. How far a permission reaches is the actor's scope (`core/actor.py`):
a supplier or agency its own organisation (an agency's superior reads its subtree), an office its division and below,
an auditor the trail and everything to read, the public what is published.

A permission is `noun.verb`; `read` ones open lists and pages, the others one verb of a service each.
"""

ROLES: dict[str, tuple[str, frozenset[str]]] = {
    # role: (kind of organisation, permissions)
    "supplier_manager": (
        "supplier",
        frozenset(
            [
                "product.edit",
                "offer.edit",
                "order.read",
                "order.confirm",
                "shipment.send",
                "lot.edit",
                "slip.record",
                "flow.record",
                "agreement.edit",
                "household.read",
                "household.edit",
                "payee.propose",
                "payee.approve",
                "payee.reveal",
                "bill.read",
                "transfer.confirm",
                "return.record",
                "invoice.record",
                "distribution.prepare",
                "distribution.approve",
                "payout.record",
                "statement.read",
                "link.issue",
                "dispute.read",
                "dispute.answer",
                "objection.read",
                "objection.answer",
                "report.read",
                "grant.read",
                "file.add",
            ]
        ),
    ),
    "supplier_clerk": (
        "supplier",
        frozenset(
            [
                "product.edit",
                "offer.edit",
                "order.read",
                "order.confirm",
                "shipment.send",
                "lot.edit",
                "slip.record",
                "flow.record",
                "household.read",
                "bill.read",
                "invoice.record",
                "distribution.prepare",
                "payout.record",
                "statement.read",
                "dispute.read",
                "objection.read",
                "report.read",
                "grant.read",
                "file.add",
            ]
        ),
    ),
    "requester": (
        "agency",
        frozenset(
            [
                "requisition.read",
                "requisition.edit",
                "order.read",
                "order.cancel",
                "plan.read",
                "bill.read",
                "report.read",
                "file.add",
            ]
        ),
    ),
    "approver": (
        "agency",
        frozenset(
            [
                "requisition.read",
                "requisition.approve",
                "order.read",
                "order.cancel",
                "plan.read",
                "bill.read",
                "report.read",
            ]
        ),
    ),
    "receiver": ("agency", frozenset(["order.read", "delivery.accept", "plan.read", "bill.read", "file.add"])),
    "finance": (
        "agency",
        frozenset(["order.read", "bill.read", "transfer.record", "plan.read", "report.read", "file.add"]),
    ),
    "office_clerk": (
        "office",
        frozenset(
            [
                "report.read",
                "order.read",
                "household.read",
                "household.edit",
                "household.change",
                "payee.propose",
                "payee.approve",
                "payee.reveal",
                "file.add",
                "statement.read",
                "link.issue",
                "payout.confirm",
                "dispute.read",
                "dispute.raise",
                "distribution.witness",
                "objection.read",
                "objection.record",
                "objection.decide",
                "plan.read",
                "grant.read",
                "finding.read",
                "bill.read",
                "lot.read",
                "period.read",
                "period.propose",
                "verify.read",
            ]
        ),
    ),
    "office_head": (
        "office",
        frozenset(
            [
                "report.read",
                "order.read",
                "household.read",
                "household.edit",
                "household.change",
                "payee.propose",
                "payee.approve",
                "payee.reveal",
                "file.add",
                "statement.read",
                "link.issue",
                "payout.confirm",
                "dispute.read",
                "dispute.raise",
                "dispute.decide",
                "distribution.witness",
                "objection.read",
                "objection.record",
                "objection.decide",
                "plan.read",
                "plan.approve",
                "grant.read",
                "grant.give",
                "grant.end",
                "finding.read",
                "finding.close",
                "bill.read",
                "lot.read",
                "period.read",
                "period.propose",
                "period.approve",
                "verify.read",
                "verify.run",
            ]
        ),
    ),
    "platform": (
        "platform",
        frozenset(
            [
                "organisation.edit",
                "user.edit",
                "region.load",
                "report.read",
                "order.read",
                "grant.read",
                "plan.read",
                "verify.read",
                "verify.run",
            ]
        ),
    ),
    "auditor": (
        "auditor",
        frozenset(
            [
                "audit.read",
                "report.read",
                "order.read",
                "household.read",
                "statement.read",
                "dispute.read",
                "objection.read",
                "plan.read",
                "grant.read",
                "finding.read",
                "bill.read",
                "lot.read",
                "requisition.read",
                "period.read",
                "verify.read",
                "verify.run",
            ]
        ),
    ),
}


def permissions_of(roles: frozenset[str]) -> frozenset[str]:
    return frozenset().union(*(ROLES[role][1] for role in roles if role in ROLES))
