"""How a notice shows people: names masked, numbers by their end; and which objections make whom wait. Pure."""

from collections.abc import Iterable

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
