"""States and their allowed transitions as data: `States` refuses what its table does not hold."""

from .errors import Conflict


class States:
    """A table of transitions: verb → (states it may start from, state it ends in)."""

    def __init__(self, what: str, transitions: dict[str, tuple[frozenset[str] | set[str], str]]) -> None:
        self.what, self.transitions = what, transitions

    def after(self, verb: str, state: str) -> str:
        """The state that `verb` leads to from `state`. Raises Conflict('wrong_state')."""
        sources, target = self.transitions[verb]
        if state not in sources:
            raise Conflict("wrong_state", what=self.what, state=state, verb=verb)
        return target
