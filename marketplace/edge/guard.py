"""Every route declares who may call it. An undeclared one is refused at start-up, not found out in use.

    @guard("order.read")       an actor with the permission
    @guard(signed_in=True)     any signed-in actor
    @guard(public=True)        everybody
    @guard("payee.reveal", fresh=True)  besides, the password given again within five minutes

The services check again: the guard answers early and makes the whole map readable.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, Response, current_app, request

from ..core.errors import Forbidden, FreshSignInNeeded, SignInNeeded
from ..identity.permissions import ROLES
from . import current

View = TypeVar("View", bound=Callable[..., Any])
READS = frozenset({"GET", "HEAD", "OPTIONS"})
_ATTRIBUTE = "declared_guard"


@dataclass(frozen=True)
class Guard:
    """`writes=False` is for a POST that changes nothing in the request's transaction (sign-in has its own short ones);
    `csrf=False` for callers that are no browsers (signed webhooks)."""

    permission: str | None = None
    public: bool = False
    signed_in: bool = False
    writes: bool = True
    csrf: bool = True
    fresh: bool = False  # numbers of a person in full: a session that was left open does not show them
    anonymous: bool = False  # a probe: nobody is asked who it is, so that it answers without a database


OPEN = Guard(public=True, writes=False, anonymous=True)


def guard(permission: str | None = None, **options: bool) -> Callable[[View], View]:
    """Declares a view's guard; put it directly above the function, below the route and schema decorators."""
    declared = Guard(permission, **options)
    if not (permission or declared.public or declared.signed_in):
        raise ValueError("a guard names a permission, signed_in=True or public=True")

    def declare(view: View) -> View:
        setattr(view, _ATTRIBUTE, declared)
        return view

    return declare


def declare(app: Flask, *endpoints: str, permission: str | None = None, **options: bool) -> None:
    """Declares the guard of views that a library made (the API's documentation)."""
    for endpoint in endpoints:
        guard(permission, **options)(app.view_functions[endpoint])


def of_view(view: Any, method: str) -> Guard | None:
    """What a view function, or a method of a class-based view, declares."""
    view_class = getattr(view, "view_class", None)
    if view_class is not None:
        handler = getattr(view_class, "get" if method == "HEAD" else method.lower(), None)
        return getattr(handler, _ATTRIBUTE, None) or getattr(view, _ATTRIBUTE, None)
    return getattr(view, _ATTRIBUTE, None)


def of_request() -> Guard | None:
    """The present request's guard; None where no route was found or the method has no handler."""
    if request.endpoint is None:
        return None
    if request.endpoint.rpartition(".")[2] == "static" or request.method == "OPTIONS":
        return OPEN
    return of_view(current_app.view_functions.get(request.endpoint), request.method)


def is_write() -> bool:
    """Whether the request's transaction writes: decided before anything reads the session."""
    declared = of_request()
    return declared is not None and declared.writes and request.method not in READS


def undeclared(app: Flask) -> list[str]:
    """'METHOD endpoint' of every route without a guard, or with a permission that no role has."""
    known = frozenset().union(*(permissions for _, permissions in ROLES.values()))
    found = set()
    for rule in app.url_map.iter_rules():
        if rule.endpoint.rpartition(".")[2] == "static":
            continue
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            declared = of_view(app.view_functions[rule.endpoint], method)
            if declared is None or (declared.permission and declared.permission not in known):
                found.add(f"{method} {rule.endpoint}")
    return sorted(found)


def check(app: Flask) -> None:
    """Called when every blueprint is registered. Raises RuntimeError naming routes without a guard."""
    if found := undeclared(app):
        raise RuntimeError("routes without a declared guard, or with an unknown permission: " + ", ".join(found))


def allow(declared: Guard, actor: Any) -> None:
    """Raises SignInNeeded, Forbidden or FreshSignInNeeded."""
    if declared.public:
        return
    if actor.user is None:
        raise SignInNeeded
    if declared.permission:
        actor.require(declared.permission)
    if declared.fresh and not current.is_fresh():
        raise FreshSignInNeeded


def unkept(response: Response) -> Response:
    """What a fresh sign-in was asked for is kept by no cache, nor beside the key of its request."""
    declared = of_request()
    if declared is not None and declared.fresh:
        response.cache_control.no_store = True
    return response


def init_app(app: Flask) -> None:
    @app.before_request
    def guard_route() -> None:
        declared = of_request()
        if request.endpoint is None or (declared is not None and declared.anonymous):
            return
        if declared is None:
            # A class-based view answers 405 to a method it does not have; anything else is denied.
            if hasattr(current_app.view_functions.get(request.endpoint), "view_class"):
                return
            raise Forbidden("undeclared")
        allow(declared, current.actor())
