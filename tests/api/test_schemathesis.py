"""The API against its own description: no 500, and no answer that is not described.

Each operation is called by somebody who holds its permission, half of the ids being real ones. BANGFU_SOAK=1 takes ten
minutes on each engine instead of some 25 seconds.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import schemathesis
from flask import Flask
from schemathesis.engine import events, from_schema
from werkzeug.serving import make_server

from marketplace.core import files
from marketplace.core.actor import SYSTEM
from marketplace.core.db import transaction
from marketplace.identity import services as identity
from marketplace.identity.permissions import permissions_of
from marketplace.procurement import services as procurement
from tests.api.callers import token_of
from tests.factories import world as factory
from tests.factories.world import World
from tests.sourcing.asking import one_of_each

SOAK = os.environ.get("BANGFU_SOAK") == "1"
SECONDS = 600 if SOAK else 40
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
REFUSALS = [400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 428]
TEAMS = {
    "supplier": {"supplier_manager", "supplier_clerk"},
    "agency": {"requester", "approver", "receiver", "finance"},
    "office": {"office_head", "office_clerk"},
    "platform": {"platform"},
    "auditor": {"auditor"},
}


def tokens(world: World) -> dict[str, str]:
    """One caller per kind of organisation, with all roles of it."""
    homes = {"supplier": world.manager, "agency": world.requester, "office": world.office}
    found = {kind: one.organisation for kind, one in homes.items()} | {
        kind: identity.add_organisation(SYSTEM, kind, kind, factory.HUNAN).id for kind in ("platform", "auditor")
    }
    return {kind: token_of(factory.actor(found[kind], roles)) for kind, roles in TEAMS.items()}


def real_ids(world: World) -> dict[str, str]:
    """Parameter or field → the id of a row that is there."""
    lot = world.lot()
    shipment = world.shipped(lot)
    bill = world.settled(lot, 100_000)
    _, owed = world.accepted(world.shipped(lot))
    draft = world.draft()
    [line] = procurement.shipment(world.receiver, shipment)[0].lines
    slip = factory.linkage.listed_slips(world.clerk)[0][0]
    file = files.keep(world.manager, "papers.pdf", b"%PDF-1.4")
    found = {
        "organisation_id": world.manager.organisation,
        "agency_id": world.requester.organisation,
        "product_id": world.product,
        "offer_id": world.offer,
        "agreement_id": world.agreement,
        "household_id": world.households[0],
        "plan_id": world.plan,
        "lot_id": lot,
        "slip_id": slip.id,
        "file_id": file.id,
        "requisition_id": draft,
        "order_id": bill.order_id,
        "order_line_id": line.order_line_id,
        "shipment_id": shipment,
        "shipment_line_id": line.id,
        "bill_id": owed.id,
        "acceptance_id": bill.acceptance_id,
        **one_of_each(world),
    }
    return {name: str(value) for name, value in found.items()}


def made_real(value: Any, known: dict[str, str]) -> Any:
    """Every other well-formed id that names something is that of a real row."""
    if isinstance(value, list):
        return [made_real(one, known) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: known[name] if name in known and _even(one) else made_real(one, known) for name, one in value.items()}


def _even(value: Any) -> bool:
    try:
        return UUID(value).int % 2 == 0
    except (ValueError, TypeError, AttributeError):
        return False


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The application on a port of its own: some checks repeat a request in ways that only a socket knows."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/v1/openapi.json"
    finally:
        server.shutdown()
        thread.join()


def schema_of(url: str, known: dict[str, str], held: dict[str, str]) -> Any:
    config = schemathesis.Config.from_dict(
        {
            "seed": 20261121,
            "max-time": SECONDS,
            "generation": {"max-examples": 200 if SOAK else 4, "database": "none", "deterministic": not SOAK},
            "checks": {
                "enabled": False,
                **{name: {"enabled": True} for name in CHECKS},
                "negative_data_rejection": {"enabled": True, "expected-statuses": REFUSALS},
                "missing_required_header": {"enabled": True, "expected-statuses": REFUSALS},
            },
            "phases": {"stateful": {"enabled": False}},
        }
    )
    schema = schemathesis.openapi.from_url(url, config=config)

    @schema.auth()
    class ByPermission:
        def get(self, _case: Any, context: Any) -> str:
            permission = context.operation.definition.raw.get("x-permission")
            kinds = (kind for kind, roles in TEAMS.items() if permission in permissions_of(frozenset(roles)))
            return held[next(kinds, "supplier")]

        def set(self, case: Any, data: str, _context: Any) -> None:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}

    @schema.hook("map_path_parameters")
    def real_path(_context: Any, path_parameters: Any) -> Any:
        return made_real(path_parameters, known)

    @schema.hook("map_body")
    def real_body(_context: Any, body: Any) -> Any:
        return made_real(body, known)

    return schema


def test_every_answer_is_described_and_none_is_a_500(app: Flask) -> None:
    with transaction():
        world = World.build()
        known, held = real_ids(world), tokens(world)
    with serving(app) as url:
        calls, wrong = tried(schema_of(url, known, held))
    assert calls > 300
    assert not wrong, "\n\n".join(f"== {name}\n{text}" for name, text in sorted(wrong.items()))


def tried(schema: Any) -> tuple[int, dict[str, str]]:
    """How many calls were made, and what was wrong with any: operation and check → the call and what it met."""
    wrong: dict[str, str] = {}
    calls = 0
    for event in from_schema(schema).execute():
        assert not isinstance(event, events.FatalError), event
        if isinstance(event, events.NonFatalError):
            wrong[event.label] = str(event.value)[:1000]
        if isinstance(event, events.ScenarioFinished):
            calls += len(event.recorder.interactions)
            for case_id, checks in event.recorder.checks.items():
                for check in checks:
                    if check.failure_info is not None:
                        case = event.recorder.cases[case_id].value
                        key = f"{event.recorder.label} {check.name}"
                        wrong.setdefault(key, f"{case.as_curl_command()[:600]}\n{check.failure_info.failure!s:.600}")
    return calls, wrong
