"""How a notice shows people: names masked, numbers by their end; which objections make whom wait; what becomes of a
mail. Pure."""

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from ..core.states import States

DAYS = 7  # RULES.md: lists are posted 7 days unless a programme says otherwise
WAITING = ("open", "answered", "upheld")  # until decided; what was upheld waits until it is put right


def masked(name: str) -> str:
    """张三 → 张*, 张老三 → 张*三, 欧阳老三 → 欧**三: who knows the person recognises it, nobody else."""
    name = name.strip()
    if len(name) < 2:
        return "*"
    if len(name) == 2:
        return f"{name[0]}*"
    return f"{name[0]}{'*' * (len(name) - 2)}{name[-1]}"


def tail(code: str) -> str:
    """The last four digits of a household's number."""
    return code[-4:]


def whole_list_waits(objections: Iterable[tuple[str, str, int | None]]) -> bool:
    """(state, hold, line) of a notice's objections: an undecided one against the whole list, or one upheld for it."""
    return any(
        (state in ("open", "answered") and line is None) or (state == "upheld" and hold == "list")
        for state, hold, line in objections
    )


def lines_that_wait(objections: Iterable[tuple[str, str, int | None]]) -> set[int]:
    return {line for state, _, line in objections if line is not None and state in WAITING}


# A mail's states. `claim` takes one again whose worker died between sending and saying so: it is sent at least once.
MAIL = States(
    "mail",
    {
        "claim": ({"queued", "sending"}, "sending"),
        "send": ({"sending"}, "sent"),
        "retry": ({"sending"}, "queued"),
        "give_up": ({"sending"}, "failed"),
        "drop": ({"queued", "sending"}, "dropped"),
    },
)
ATTEMPTS = 8
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}"
)


def is_address(text: str) -> bool:
    """Whether a text is one plain mail address: no display name, no spaces, no second one."""
    return len(text) <= 120 and _ADDRESS.fullmatch(text) is not None and ".." not in text


def wait_minutes(attempts: int) -> int:
    """How long a mail that failed waits for its next try: 2, 4, 8 minutes … 6 hours at most."""
    return min(360, 2**attempts)


def next_eight(local: datetime) -> date:
    """The day whose eight o'clock comes next after a wall-clock moment: when the daily mail goes out."""
    return local.date() if local.hour < 8 else local.date() + timedelta(days=1)
