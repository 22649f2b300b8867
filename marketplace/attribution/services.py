"""The room's verbs, gathered: posting, distributions and payouts, statements."""

from .bank_files import bank_file, bank_files, bank_lines, files_of, told_of  # noqa: F401
from .bank_files import content as bank_file_content  # noqa: F401
from .bank_files import make as make_bank_file  # noqa: F401
from .bank_files import withdraw as withdraw_bank_file  # noqa: F401
from .bank_templates import templates as bank_templates  # noqa: F401
from .confirmations import HOUSEHOLD, Voice, by_link, by_officer, confirm, confirmed, unconfirmed  # noqa: F401
from .dispute_reads import dispute, disputes, disputes_of, open_findings, waiting  # noqa: F401
from .disputes import answer, correct, decide, raise_dispute, set_terms, terms_on, withdraw_dispute  # noqa: F401
from .distributions import (  # noqa: F401
    CHANGES,
    Preview,
    VillageTotal,
    adopt,
    approve,
    by_mechanism,
    by_village,
    changes_of,
    discard,
    distribution,
    listed,
    paid_so_far,
    prepare,
    preview,
    progress_of,
    propose_month_end,
    shares_of,
    suppliers_waiting,
    to_witness,
    waiting_fen,
    witnessed,
)
from .filling import fill_job  # noqa: F401
from .late_costs import revise_lot  # noqa: F401
from .links import OPEN_FOR, TOKEN_LENGTH, enter, issue, issue_many, links_of, live, revoke  # noqa: F401
from .listing import list_job  # noqa: F401
from .overviews import Overview, overview  # noqa: F401
from .owing import (  # noqa: F401
    Owed,
    Owing,
    owing,
    owing_by_household,
    owing_in_division,
    unpaid_of_households,
)
from .payouts import (  # noqa: F401
    blocked,
    by_state,
    mark_paid,
    of_list,
    open_ids,
    paged,
    payout,
    payouts_of,
    release,
    retry,
    suppliers_with_held,
    take_back,
)
from .pool_lines import (  # noqa: F401
    LineShare,
    households_of_line,
    line_in_pool,
    lines_of,
    lines_of_cut,
    pool_of,
    shares_of_pool,
)
from .posting import Fact, Outcome, post  # noqa: F401
from .reached import households_reached  # noqa: F401
from .results import Answer, read_result, refuse_bad, results  # noqa: F401
from .reversals import Taken, reverse  # noqa: F401
from .statements import (  # noqa: F401
    CutShare,
    PoolShare,
    Statement,
    Sums,
    pools_of,
    statement,
)
