"""The journal's state for auditors and offices: its chains, what is not sealed yet, checkpoints and keys to take away."""

import json

from flask import Response, render_template

from ...core import keys
from ...edge.current import actor
from ...edge.guard import guard
from ...ledger import chain_checks, checkpoints, rules
from ...ledger import state as ledger
from ...regions import services as regions
from ..tables import Table
from . import blueprint


@blueprint.get("/ledger", endpoint="ledger")
@guard("verify.read")
def ledger_() -> str:
    table = Table(per_page=20)
    state = ledger.state(actor(), limit=table.limit, offset=table.offset)
    table.total = state.checkpoints_count
    codes = {chain.name: chain.name.ljust(12, "0") for chain in state.chains if chain.name != rules.ONE_CHAIN}
    return render_template(
        "office/ledger.html",
        state=state,
        table=table,
        late=state.window.age > chain_checks.UNSEALED_LIMIT,
        places=regions.name_paths(codes.values()),
        codes=codes,
    )


@blueprint.get("/ledger/checkpoints/<int:no>")
@guard("verify.read")
def checkpoint(no: int) -> Response:
    row = ledger.checkpoint(actor(), no)
    return _file(json.dumps(checkpoints.as_json(row), indent=1) + "\n", f"checkpoint-{no}.json", "application/json")


@blueprint.get("/ledger/keys/<key_id>")
@guard("verify.read")
def signing_key(key_id: str) -> Response:
    key = ledger.public_key(actor(), key_id)
    return _file(keys.pem_of(key.public), f"ledger-{key.id[:16]}.pem", "application/x-pem-file")


def _file(content: str, name: str, media_type: str) -> Response:
    answer = Response(content, content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
