"""The room's verbs and reads, gathered."""

from .amendments import (  # noqa: F401
    Change,
    amendments_of,
    decide_amendment,
    propose_amendment,
    withdraw_amendment,
)
from .counters import commit, release, settle  # noqa: F401
from .filing import Filing, approve, file, file_plan, save_draft, send_back  # noqa: F401
from .parameters import calendar_for, confirm_rule, count_reviewed_only, rule_for, rules_of, set_rule  # noqa: F401
from .plans import (  # noqa: F401
    contractors_of,
    covered_by,
    filer_of,
    last_target,
    listed,
    plan,
    plan_for,
    plan_of,
)
from .reminders import remind_to_file  # noqa: F401
from .successions import abolish, check_may_buy, successions, successors  # noqa: F401
