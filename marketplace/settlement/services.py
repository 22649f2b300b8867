"""The room's verbs, gathered: accept a delivery, confirm a payment, reverse; and its reads."""

from .accepting import accept, deem, sign  # noqa: F401
from .bank_confirming import confirm_row, start_confirming  # noqa: F401
from .billing import confirm_order, rates_of, record_invoice, share_invoice, use_credit  # noqa: F401
from .order_disputes import raise_order_dispute  # noqa: F401
from .plan_reads import counted_of_plans, lines_of_plan, months_of_plan, numbers_of, unreviewed_of_plans  # noqa: F401
from .plans import (  # noqa: F401
    Consolidated,
    Figures,
    Outlook,
    consolidated,
    outlook,
    warn_of_the_year,
)
from .reads import (  # noqa: F401
    Volume,
    lines_by_ids,
    lines_of_year,
    of_lot,
    settled_of,
    sold_by,
    volume_of,
)
from .returning import finish_return  # noqa: F401
from .reversals import reverse, sale  # noqa: F401
from .settling import confirm_payment, refuse_payment  # noqa: F401
from .threeway import match_of, matches  # noqa: F401
