"""The room's verbs, gathered: agreements and rosters, deliveries, lots."""

from .agreements import (  # noqa: F401
    Terms,
    agreements_on,
    draft_agreement,
    end,
    in_force,
    linked_households,
    listed,
    own,
    put_roster,
    record_consents,
    roster_on,
    start,
    weights_of_roster,
)
from .deliveries import Delivery, open_slips, pay_slips, record_slips, slip, slips_of_lot  # noqa: F401
from .lots import (  # noqa: F401
    add_paper,
    by_ids,
    lot,
    lots_of,
    make_lot,
    own_lots,
    papers_of,
    put_back,
    take,
    weights_of_lot,
)
from .reads import (  # noqa: F401
    agreements_by_ids,
    payments_of_household,
    slips_of_household,
    sources_of_household,
    unpaid_by_day,
    unpaid_households,
    unpaid_slips,
)
