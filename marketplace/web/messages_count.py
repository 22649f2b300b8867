"""How many messages wait to be read: the number in every page's header."""

from flask import g

from ..core.actor import Actor
from ..notices import inbox


def unread(who: Actor) -> int:
    """One statement a request; none on an error page, which must not lean on the database."""
    if who.user is None or g.get("failed"):
        return 0
    if "unread" not in g:
        g.unread = inbox.unread(who)
    return int(g.unread)
