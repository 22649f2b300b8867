"""The room's verbs, gathered: requests, posted demand, quotations, awards, frameworks."""

from .addressees import suppliers_found  # noqa: F401
from .awards import award, awards_of, visible_awards  # noqa: F401
from .compare import Answer, Compared, Comparison, compare  # noqa: F401
from .demand import join, leave, one_posted, posted  # noqa: F401
from .framework_reads import drawn as drawn_under  # noqa: F401
from .framework_reads import framework  # noqa: F401
from .framework_reads import lines_of as framework_lines  # noqa: F401
from .framework_reads import listed as frameworks  # noqa: F401
from .framework_reads import parties_of as framework_parties  # noqa: F401
from .framework_reads import shown_state as framework_state  # noqa: F401
from .framework_reads import waiting as frameworks_to_sign  # noqa: F401
from .frameworks import amend, call_off, decline, end, propose, redraft, sign  # noqa: F401
from .frameworks import draft as draft_framework  # noqa: F401
from .frameworks import withdraw as withdraw_framework  # noqa: F401
from .from_awards import framework_from_award, frameworks_from  # noqa: F401
from .quotations import is_sealed, opened, own_of, quotation, send  # noqa: F401
from .quotations import lines_of as quotation_lines  # noqa: F401
from .quotations import listed as quotations  # noqa: F401
from .quotations import withdraw as withdraw_quotation  # noqa: F401
from .reads import (  # noqa: F401
    invited,
    parties_of,
    request,
    unanswered,
    wants_of,
)
from .reads import lines_of as request_lines  # noqa: F401
from .reads import listed as requests  # noqa: F401
from .reads import shown_state as request_state  # noqa: F401
from .reads import waiting as requests_waiting  # noqa: F401
from .requests import cancel, close_due, open_request, rewrite, write  # noqa: F401
