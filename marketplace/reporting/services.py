"""The room's reads, gathered: the volume report, the rows behind it, public results, the audit trail."""

from .public import PUBLIC_DIMENSIONS, results  # noqa: F401
from .rows import (  # noqa: F401
    FIGURES,
    Behind,
    LineOrder,
    Opened,
    Reached,
    households_reached,
    named_households,
    orders_behind,
    rows,
)
from .sources import DIMENSIONS, Asked  # noqa: F401
from .trail import Wanted, trail, verbs  # noqa: F401
from .volume import Figures, Report, Row, names_of, volume  # noqa: F401
