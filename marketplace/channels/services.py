"""The registry of channels."""

from sqlalchemy import select

from ..core.db import db
from ..core.errors import Refused
from .models import Channel

ONLINE = "online"  # the platform itself; every installation has it


def all_channels() -> list[Channel]:
    return list(db.session.scalars(select(Channel).order_by(Channel.code)))


def add(code: str, kind: str, name: str, division: str) -> None:
    db.session.merge(Channel(code=code, kind=kind, name=name, division=division))
    db.session.flush()


def require(code: str) -> str:
    """The code, if there is such a channel. Raises Refused('channel_unknown')."""
    if db.session.get(Channel, code) is None:
        raise Refused("channel_unknown", field="channel", value=code)
    return code
