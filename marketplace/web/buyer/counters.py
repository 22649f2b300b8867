"""The numbers beside the menu's entries: what waits for somebody with these permissions."""

from ...core.actor import Actor
from ...payments import services as payments
from ...procurement import services as procurement
from ...sourcing import services as sourcing
from ..navigation import counter


@counter("buyer")
def waiting(actor: Actor) -> dict[str, int]:
    """A few statements for each entry that the actor has something to do in."""
    counts: dict[str, int] = {}
    if actor.may("requisition.read"):
        if actor.may("requisition.approve"):
            counts["requisitions"] = len(procurement.to_decide(actor))
        else:
            states = procurement.waiting(actor)
            counts["requisitions"] = sum(states.get(state, 0) for state in ("draft", "rejected", "expired"))
    if actor.may("request.read") and actor.may("requisition.approve"):
        counts["sourcing"] = sourcing.requests_waiting(actor).get("closed", 0)
    if actor.may("delivery.accept"):
        counts["orders"] = procurement.count_arriving(actor)
    if actor.may("return.ask"):
        after = procurement.returns_waiting(actor) + procurement.disputes_waiting(actor)
        counts["orders"] = counts.get("orders", 0) + after + procurement.recalls_waiting(actor)
    if actor.may("transfer.record"):
        counts["bills"] = payments.count_to_pay(actor)
    return counts
