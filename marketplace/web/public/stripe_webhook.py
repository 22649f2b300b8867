"""What Stripe tells: verified on the raw body, kept in the inbox, answered at once; the worker does the rest.

No cookie, no CSRF token: the signature is the caller's authority. A forged or stale one changes nothing and reads nothing.
"""

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from ...core.errors import NotFound, Refused
from ...edge.guard import guard
from ...payments import gateway, inbox
from . import blueprint

MOST_BYTES = 512 * 1024


@blueprint.post("/stripe/webhook")
@guard(public=True, csrf=False)
def stripe_webhook() -> Response:
    if not gateway.is_on():
        raise NotFound("page")
    if (request.content_length or 0) > MOST_BYTES:  # without a length, the application's own limit cuts it off
        raise RequestEntityTooLarge
    try:
        event = gateway.current().event(request.get_data(cache=False), request.headers.get("Stripe-Signature"))
    except Refused:
        return Response("signature\n", 400, mimetype="text/plain")
    if event.live == gateway.current().live:  # an endpoint may be told of both kinds; the other kind's is not our money
        inbox.receive(event)
    return Response("", 200, mimetype="text/plain")
