"""The room's verbs, gathered: posting, distributions and payouts, statements."""

from .distributions import (  # noqa: F401
    approve,
    discard,
    distribution,
    listed,
    mark_paid,
    paid_so_far,
    payouts_of,
    prepare,
    shares_of,
    waiting_fen,
)
from .posting import Fact, Outcome, post  # noqa: F401
from .reversals import Taken, reverse  # noqa: F401
from .statements import (  # noqa: F401
    LineShare,
    Owing,
    PoolShare,
    Statement,
    households_of_lines,
    households_reached,
    lines_by_pool,
    lines_of,
    owing,
    pool_of,
    pools_of,
    shares_of_pool,
    statement,
    unpaid_of_households,
)
