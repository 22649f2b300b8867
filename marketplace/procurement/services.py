"""The room's verbs, gathered: requisitions, orders, shipments, acceptances."""

from .acceptance_drafts import draft as acceptance_draft  # noqa: F401
from .acceptance_drafts import no_draft  # noqa: F401
from .acceptance_drafts import save_draft as save_acceptance_draft  # noqa: F401
from .acceptances import Count, acceptance, record_acceptance, record_deemed, sign_acceptance  # noqa: F401
from .acceptances import of_orders as acceptances_of  # noqa: F401
from .approvals import approve, reject  # noqa: F401
from .chains import chain, may_decide, set_chain, steps_of, to_decide, waiting_steps  # noqa: F401
from .checking import CheckedLine, check, typed_line  # noqa: F401
from .checking import lines_of as requisition_lines  # noqa: F401
from .confirmations import add_scan as add_confirmation_scan  # noqa: F401
from .confirmations import confirmation, open_scan, scans_of  # noqa: F401
from .confirmations import scan_file as confirmation_scan  # noqa: F401
from .crates import Crates  # noqa: F401
from .crates import balances as crate_balances  # noqa: F401
from .crates import movements as crate_movements  # noqa: F401
from .crates import of_shipments as crates_of  # noqa: F401
from .crates import take_back as take_crates_back  # noqa: F401
from .deemed import last_day as last_day_to_accept  # noqa: F401
from .deemed import overdue as overdue_shipments  # noqa: F401
from .deemed import remind as remind_of_acceptance  # noqa: F401
from .deemed import set_term as set_deeming_term  # noqa: F401
from .deemed import term_for as deeming_term_for  # noqa: F401
from .deemed import terms_seen as deeming_terms  # noqa: F401
from .delivery_plans import Delivery, deliveries_of, plan_of, put_plan  # noqa: F401
from .delivery_plans import problems as plan_problems  # noqa: F401
from .deputies import end_deputy, name_deputy  # noqa: F401
from .deputies import listed as deputies  # noqa: F401
from .disputes import (  # noqa: F401
    Remedy,
    answer_dispute,
    decide_dispute,
    decides,
    dispute,
    dispute_file,
    dispute_files,
    disputes,
    disputes_waiting,
    raise_dispute,
    withdraw_dispute,
)
from .evidence import Seen, add_photo, missing_papers  # noqa: F401
from .evidence import papers_of as papers_of_shipment  # noqa: F401
from .evidence import photo as delivery_photo  # noqa: F401
from .evidence import photos_of as delivery_photos  # noqa: F401
from .evidence import seen_of as seen_papers  # noqa: F401
from .holds import expire_holds  # noqa: F401
from .imports import SheetAnswer, take_sheet  # noqa: F401
from .orders import (  # noqa: F401
    by_ids,
    cancel,
    confirm,
    counts,
    decline,
    lapse_overdue,
    lines_of,
    listed,
    lock_orders,
    locked_all,
    mark_settled,
    of_requisition,
    order,
    own_open,
    within,
)
from .orders import locked as lock_order  # noqa: F401
from .past import past_of  # noqa: F401
from .recalls import (  # noqa: F401
    answer_recall,
    end_recall,
    open_recall,
    public_recalls,
    recall,
    recalls,
    recalls_waiting,
    recipients_of,
    seen_recipients,
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
from .return_requests import (  # noqa: F401
    accepted_line,
    finish,
    parts_of,
    photos_of,
    to_finish,
)
from .return_requests import answer as answer_return  # noqa: F401
from .return_requests import ask as ask_return  # noqa: F401
from .return_requests import photo as return_photo  # noqa: F401
from .return_requests import receive as receive_return  # noqa: F401
from .return_requests import request as return_request  # noqa: F401
from .return_requests import requests as return_requests  # noqa: F401
from .return_requests import send_back as send_return  # noqa: F401
from .return_requests import waiting as returns_waiting  # noqa: F401
from .return_requests import withdraw as withdraw_return  # noqa: F401
from .returns import (  # noqa: F401
    LEFT_OF,
    Left,
    Returned,
    grant_of,
    lock_acceptance_of,
    mark_credited,
    mark_returned,
    net_of_returns,
    record_return,
    returned_before_billing,
    returns_of,
)
from .reviews import (  # noqa: F401
    Rating,
    edit_review,
    editable_until,
    hide,
    line_to_review,
    ratings,
    reply,
    review,
    reviewed,
    reviews,
    shown_of,
)
from .shipments import (  # noqa: F401
    Part,
    amend_shipment,
    arriving,
    cancel_shipment,
    count_arriving,
    is_late,
    ship,
    shipment,
)
from .shipments import of_lot as shipments_of_lot  # noqa: F401
from .shipments import of_orders as shipments_of  # noqa: F401
from .submitting import submit, submit_checked, withdraw  # noqa: F401
from .substitutes import consent as consent_to_substitute  # noqa: F401
from .substitutes import of_orders as substitutes_of  # noqa: F401
from .substitutes import propose as propose_substitute  # noqa: F401
from .substitutes import refuse as refuse_substitute  # noqa: F401
from .substitutes import substitute  # noqa: F401
from .substitutes import withdraw as withdraw_substitute  # noqa: F401
from .weighings import Scale  # noqa: F401
from .weighings import entries_of as weighings_of  # noqa: F401
