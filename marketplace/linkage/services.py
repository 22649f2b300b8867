"""The room's verbs, gathered: agreements and rosters, deliveries, lots."""

from .agreements import (  # noqa: F401
    Terms,
    agreements_of_households,
    agreements_on,
    consented,
    consents_of,
    draft_agreement,
    end,
    in_force,
    linked_households,
    listed,
    own,
    put_roster,
    record_consents,
    roster_on,
    rosters_of,
    start,
    weights_of_roster,
)
from .deliveries import (  # noqa: F401
    Delivery,
    listed_slips,
    open_slips,
    pay_slips,
    payments_of_slip,
    record_slips,
    slip,
    slips_of_lot,
)
from .lots import (  # noqa: F401
    add_paper,
    by_ids,
    lot,
    lots_of,
    make_lot,
    own_lots,
    papers_of,
    take,
    weights_of_lot,
)
from .reads import (  # noqa: F401
    agreements_by_ids,
    count_households_of,
    households_of_products,
    households_of_suppliers,
    payments_of_household,
    slips_of_household,
    sources_of_household,
    unpaid_by_day,
    unpaid_households,
    unpaid_slips,
)
