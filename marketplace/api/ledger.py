"""The journal's state, its checkpoints and public keys: so that somebody else's program keeps them."""

from typing import Any

from flask_babel import lazy_gettext as _

from ..core import keys
from ..edge.current import actor
from ..edge.guard import guard
from ..ledger import checkpoints
from ..ledger import state as ledger
from ..ledger.schemas import CheckpointSchema, KeySchema, StateSchema
from .blueprint import Blueprint
from .paging import PageSchema, list_of, page_of

blueprint = Blueprint("ledger", _("账本"))


@blueprint.get("/ledger", summary=_("账本状态"))
@blueprint.gives(StateSchema)
@guard("verify.read")
def state() -> Any:
    """What is sealed, what is not yet, and where each chain ends."""
    found = ledger.state(actor(), limit=0)
    return {
        "sealed": found.sealed,
        "unsealed": found.window.count,
        "unsealed_seconds": int(found.window.age.total_seconds()),
        "guards_stand": not found.guards,
        "chains": found.chains,
    }


@blueprint.get("/ledger/checkpoints", summary=_("检查点列表"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(CheckpointSchema))
@guard("verify.read")
def listed(query: dict[str, Any]) -> Any:
    """Newest first. Keep one now and then: nothing before it can be changed unnoticed from then on."""
    rows, total = ledger.checkpoints_of(actor(), limit=query["size"], offset=(query["page"] - 1) * query["size"])
    return page_of([checkpoints.as_json(row) for row in rows], total, query)


@blueprint.get("/ledger/checkpoints/<int:no>", summary=_("一个检查点"))
@blueprint.gives(CheckpointSchema)
@guard("verify.read")
def one(no: int) -> Any:
    return checkpoints.as_json(ledger.checkpoint(actor(), no))


@blueprint.get("/ledger/keys", summary=_("签名公钥"))
@blueprint.gives(KeySchema(many=True))
@guard("verify.read")
def public_keys() -> Any:
    """From the first to the one that signs today."""
    return [
        {
            "id": key.id,
            "public": key.public.hex(),
            "pem": keys.pem_of(key.public),
            "valid_from": key.valid_from,
            "valid_to": key.valid_to,
        }
        for key in ledger.public_keys(actor())
    ]
