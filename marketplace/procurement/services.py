"""The room's verbs, gathered: requisitions, orders, shipments, acceptances."""

from .acceptances import Count, acceptance, record_acceptance, sign_acceptance  # noqa: F401
from .acceptances import of_orders as acceptances_of  # noqa: F401
from .approvals import approve, reject  # noqa: F401
from .chains import chain, set_chain, steps_of, waiting_steps  # noqa: F401
from .checking import CheckedLine, check, typed_line  # noqa: F401
from .checking import lines_of as requisition_lines  # noqa: F401
from .delivery_plans import Delivery, deliveries_of, plan_of, put_plan  # noqa: F401
from .delivery_plans import problems as plan_problems  # noqa: F401
from .deputies import end_deputy, name_deputy  # noqa: F401
from .deputies import listed as deputies  # noqa: F401
from .holds import expire_holds  # noqa: F401
from .imports import SheetAnswer, take_sheet  # noqa: F401
from .orders import (  # noqa: F401
    by_ids,
    by_number,
    cancel,
    confirm,
    counts,
    decline,
    lapse_overdue,
    lines_of,
    listed,
    mark_settled,
    of_requisition,
    order,
    own_by_ids,
    own_open,
    within,
)
from .requisitions import (  # noqa: F401
    drafts,
    open_requisition,
    put_head,
    put_lines,
    requisition,
    waiting,
)
from .requisitions import listed as requisitions  # noqa: F401
from .returns import Returned, grant_of, mark_returned, record_return, returns_of  # noqa: F401
from .shipments import Part, arriving, count_arriving, missing_papers, ship, shipment  # noqa: F401
from .shipments import of_lot as shipments_of_lot  # noqa: F401
from .shipments import of_orders as shipments_of  # noqa: F401
from .submitting import submit, submit_checked, withdraw  # noqa: F401
