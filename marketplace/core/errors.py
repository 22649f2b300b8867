"""Refusals as types: a stable code and the facts of the case. The edge turns them into words and a status.

A code's words, Chinese and English, stand in `marketplace/edge/messages.py`; a test finds codes without words.
"""

from collections.abc import Sequence
from typing import Any


class DomainError(Exception):
    """A refusal. `code` is stable; `facts` fill its sentence; `field` and `row` (from 1) say where."""

    status = 422

    def __init__(self, code: str, *, field: str | None = None, row: int | None = None, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.field, self.row, self.facts = code, field, row, facts


class Refused(DomainError):
    """What was asked is against a rule; nothing was changed."""


class Many(DomainError):
    """Several refusals at once, so that a form or a spreadsheet shows all of them."""

    def __init__(self, errors: Sequence[DomainError]) -> None:
        super().__init__("many")
        self.errors = list(errors)


class NotFound(DomainError):
    """Unknown, or outside the actor's scope: the two answer alike."""

    status = 404

    def __init__(self, what: str = "row") -> None:
        super().__init__("not_found", what=what)


class Forbidden(DomainError):
    """The actor's roles do not allow the verb."""

    status = 403

    def __init__(self, permission: str) -> None:
        super().__init__("forbidden", permission=permission)


class SignInNeeded(DomainError):
    status = 401

    def __init__(self) -> None:
        super().__init__("sign_in_needed")


class FreshSignInNeeded(DomainError):
    """The session is known, and the password was last given too long ago for what is asked."""

    status = 403

    def __init__(self) -> None:
        super().__init__("fresh_sign_in_needed")


class Conflict(DomainError):
    """Somebody else changed it first, or the same is under way."""

    status = 409


class TooMany(DomainError):
    """Throttled; `retry_after` seconds."""

    status = 429


class Unavailable(DomainError):
    """A part that we need is gone for now; the client may try again."""

    status = 503
