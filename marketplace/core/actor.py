"""Who acts and how far: plain values that every service takes. `identity` makes them, nobody else decides."""

from dataclasses import dataclass, field
from uuid import UUID

from .errors import Forbidden, NotFound


@dataclass(frozen=True)
class Scope:
    """What an actor may see. Each part widens it; a scope with no part sees only what is published.

    `division` is a prefix (2, 4, 6, 9 or 12 digits): an office sees its own division and all below.
    """

    everything: bool = False
    supplier: UUID | None = None
    agencies: frozenset[UUID] = frozenset()
    division: str | None = None


@dataclass(frozen=True)
class Actor:
    """A user with its organisation, roles and permissions, or the public (`user` is None), or the system."""

    kind: str  # public, supplier, agency, office, platform, system
    user: UUID | None = None
    organisation: UUID | None = None
    name: str = ""
    organisation_name: str = ""
    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    scope: Scope = field(default_factory=Scope)

    def may(self, permission: str) -> bool:
        return permission in self.permissions or self.kind == "system"

    def require(self, permission: str) -> None:
        """Raises Forbidden."""
        if not self.may(permission):
            raise Forbidden(permission)

    def require_own(self, organisation: UUID | None, what: str = "row") -> None:
        """Writes touch one's own organisation only. Raises NotFound: a foreign id answers as an unknown one."""
        if self.kind != "system" and (organisation is None or organisation != self.organisation):
            raise NotFound(what)

    def require_lies_in(self, division: str, what: str = "row") -> None:
        """An office acts in its own division and below. Raises NotFound."""
        if self.kind == "system" or self.scope.everything:
            return
        if self.scope.division is None or not division.startswith(self.scope.division):
            raise NotFound(what)


PUBLIC = Actor(kind="public")
SYSTEM = Actor(kind="system", name="system", scope=Scope(everything=True))
