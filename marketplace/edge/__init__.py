"""Between HTTP and the rooms: who asks, what it may, one transaction, errors as statuses; shared by pages and API.

`current` the actor; `guard` each route's declared permission; `transactions` one per request; `idempotency` one effect
per key; `problems` and `messages` errors as statuses and words; `forms` typed input that is kept; `headers`, `observe`,
`health` security headers, logs and metrics, probes. `init_app` fixes their order.
"""

from flask import Flask

from . import current, guard, headers, health, observe, problems, transactions


def init_app(app: Flask) -> None:
    """Wires the edge. The order is the order of each request: id, kind of transaction, session's age, CSRF, guard."""
    observe.init_app(app)
    transactions.init_app(app)
    current.init_app(app)
    headers.init_app(app)
    guard.init_app(app)
    health.init_app(app)
    problems.init_app(app)
