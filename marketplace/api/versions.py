"""Two editors: the second sees both versions instead of undoing the first.

An editable row's ETag is its version. A change needs `If-Match`: 428 without it; 412 when somebody else was first, with
the fields in question as they stand (`current`) and as they were sent (`yours`).
"""

from typing import Any

from flask import request

from ..core.errors import DomainError


class Needed(DomainError):
    """No If-Match."""

    status = 428


class Stale(DomainError):
    """Another version than the one seen; `members` stand in the problem document."""

    status = 412

    def __init__(self, members: dict[str, Any]) -> None:
        super().__init__("precondition_failed")
        self.members = members


def seen(row: Any, schema: type, *, needed: bool = True) -> int:
    """The row's version, if it is the one that If-Match names. `schema` shows the row. Raises Needed, Stale."""
    header = request.headers.get("If-Match", "")
    if not header:
        if needed:
            raise Needed("precondition_required", field="If-Match")
        return int(row.version)
    if not request.if_match.contains(str(row.version)):
        yours = request.get_json(silent=True)
        names = [name for name in yours if name in schema().fields] if isinstance(yours, dict) else []
        shown = schema(only=[*names, "version"]).dump(row)
        raise Stale({"current": shown, "yours": {name: yours[name] for name in names}})
    return int(row.version)


def optional(row: Any, schema: type) -> int | None:
    """As `seen`, where a verb may also go without having seen a version."""
    return seen(row, schema, needed=False) if request.headers.get("If-Match") else None
