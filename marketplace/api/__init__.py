"""The JSON API under /api/v1: what pages do, from the same services, with the same schemas.

`blueprint` how a view is written and documented; `versions` ETag and If-Match; `paging` lists; `document` the OpenAPI
description and the page that shows it. One module per noun. `init_app` registers all of it.
"""

from importlib import import_module

from flask import Flask

from . import document

PREFIX = "/api/v1"
NOUNS = (
    "me",
    "regions",
    "search",
    "products",
    "offers",
    "requisitions",
    "rfqs",
    "demands",
    "quotations",
    "frameworks",
    "chains",
    "standing_orders",
    "welfare",
    "orders",
    "story",
    "shipments",
    "substitutes",
    "bills",
    "terms",
    "bank_statements",
    "card_payments",
    "returns",
    "order_disputes",
    "recalls",
    "reviews",
    "files",
    "households",
    "statements",
    "disputes",
    "payees",
    "changes",
    "agreements",
    "slips",
    "advances",
    "lots",
    "flows",
    "surplus",
    "distributions",
    "payouts",
    "notices",
    "grants",
    "plans",
    "findings",
    "periods",
    "verification",
    "ledger",
    "reports",
    "registers",
    "messages",
    "papers",
)


def init_app(app: Flask) -> None:
    """After the edge, whose error handlers stay; before the guards are checked."""
    api = document.Api(app)
    for noun in NOUNS:
        blueprint = import_module(f"{__name__}.{noun}").blueprint
        api.register_blueprint(blueprint, url_prefix=PREFIX)
    document.finish(app, api)
