"""What everybody may read: the installation's volume with small cells hidden."""

from ..core.actor import SYSTEM
from .sources import Asked
from .volume import Report, volume

PUBLIC_DIMENSIONS = ("origin", "category", "month")


def results(asked: Asked, by: str) -> Report:
    """A shared report of whole dimensions. Filters other than origin and months would let people subtract their way."""
    return volume(SYSTEM, Asked(asked.first, asked.last, asked.origin), by, shared=True, depth=1)
