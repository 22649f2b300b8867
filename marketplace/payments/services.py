"""The room's verbs, gathered: terms, bills, transfers, prepayments and payers' credits, invoices, credit notes."""

from .bills import (  # noqa: F401
    TO_PAY,
    Delivered,
    Due,
    acceptances_paid_by,
    bill,
    bill_by_acceptance,
    bill_months,
    bills_by_ids,
    bills_of,
    count_to_pay,
    due,
    listed,
    lock_bills,
    lock_bills_of,
    make_month_bill,
    paid_by,
    parts_of,
    unbilled,
    within,
)
from .clock import Discipline, claim, claim_interest, claims_of, close_claim, discipline, interest_of  # noqa: F401
from .credits import credit, invoiced, lock_part, lower_part, refuse_if_paying  # noqa: F401
from .invoices import (  # noqa: F401
    invoices_of,
    left_to_invoice,
    record_invoice,
    record_red_invoice,
    red_invoices_of,
    share_invoice,
    to_invoice,
)
from .matching import (  # noqa: F401
    assign,
    candidates,
    put_by,
    statement,
    statements,
)
from .matching import counts as row_counts  # noqa: F401
from .matching import row as bank_row  # noqa: F401
from .matching import rows as bank_rows  # noqa: F401
from .prepayments import (  # noqa: F401
    ask,
    bill_acceptance,
    credits_listed,
    open_prepayments,
    payer_credit,
    refund_credit,
    use_credit,
    uses_of,
)
from .prepayments import end as end_prepayment  # noqa: F401
from .statements import read_statement  # noqa: F401
from .terms import Terms, answer_term, propose_term, term, terms_listed, terms_on  # noqa: F401
from .transfers import (  # noqa: F401
    answer_transfer,
    receive,
    record_transfer,
    to_confirm,
    transfer,
    transfers_of,
)
