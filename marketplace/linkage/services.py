"""The room's verbs, gathered: agreements and rosters, deliveries, advances, lots, flows, surplus."""

from .advances import (  # noqa: F401
    advances,
    give_advance,
    open_advances,
    own_advance,
    repay_advance,
    repayments_of,
)
from .agreements import (  # noqa: F401
    consented,
    consents_of,
    draft_agreement,
    end,
    listed,
    own,
    record_consents,
    start,
)
from .deliveries import (  # noqa: F401
    Delivery,
    listed_slips,
    open_slips,
    record_slips,
    slip,
    slips_by_ids,
    slips_of_lot,
    weighed_on,
)
from .farm_payments import close_covered, pay_slips, payable_now, payments_of_slip, set_offs_of_slip  # noqa: F401
from .flow_models import LotRevision  # noqa: F401
from .flows import (  # noqa: F401
    Entry,
    correct_flow,
    corrected,
    flow,
    flows,
    record_flows,
)
from .lots import (  # noqa: F401
    add_paper,
    block,
    blocked,
    by_ids,
    give_back,
    give_back_all,
    kept,
    lot,
    lots_numbered,
    lots_of,
    make_lot,
    most_saleable,
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
    unpaid_slips,
)
from .revisions import record_revision, revisions_of  # noqa: F401
from .rosters import (  # noqa: F401
    agreements_of_households,
    linked_households,
    put_roster,
    roster_on,
    rosters_of,
    weights_of_roster,
)
from .surplus import (  # noqa: F401
    Resolution,
    approve_surplus,
    discard_surplus,
    own_surplus,
    prepare_surplus,
    shares_of_surplus,
    surplus_years,
)
from .terms import Terms, agreements_on, in_force, settled_until, settling  # noqa: F401
