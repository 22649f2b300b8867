"""The room's verbs, gathered: posting, distributions and payouts, statements."""

from .distributions import approve, discard, distribution, listed, mark_paid, payouts_of, prepare, shares_of  # noqa: F401
from .posting import Fact, Outcome, post  # noqa: F401
from .statements import (  # noqa: F401
    LineShare,
    Owing,
    PoolShare,
    Statement,
    households_of_lines,
    lines_of,
    owing,
    pools_of,
    statement,
)
