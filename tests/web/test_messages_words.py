"""Every message has words, and its words open something."""

from marketplace.web.messages_words import KINDS, NEWS, TO_DO
from tests import sources

TELLERS = {"tell", "Telling"}


def told() -> dict[str, str]:
    """Kind → the file that tells it, for every call of `notices.tell` and `Telling` in the source; where a function
    hands its own argument on, the kinds that its callers give it."""
    found: dict[str, str] = {}
    for file, tree, calls in sources.files():
        if "notices import" not in (source := (sources.ROOT / file).read_text()) and "notices.messages" not in source:
            continue
        for call in calls:
            if sources.name_of(call) not in TELLERS or file == "notices/messages.py":
                continue
            first = call.args[0] if call.args else next(one.value for one in call.keywords if one.arg == "kind")
            kinds = sources.given(tree, calls, call, first)
            assert kinds, f"{file}:{call.lineno}: a message's kind is a word in the source"
            found |= dict.fromkeys(kinds, f"{file}:{call.lineno}")
    return found


def test_every_message_that_is_told_has_words():
    """Red when a verb tells a kind that the table lacks (try: take a line out of TO_DO)."""
    assert {kind: where for kind, where in told().items() if kind not in KINDS} == {}


def test_a_kind_asks_or_tells():
    """A kind in both tables would stay open and be news at once."""
    assert TO_DO.keys() & NEWS.keys() == set()


def test_what_a_message_opens_is_a_page_that_takes_its_id(app):
    """Red when an endpoint is misspelt or its argument has another name."""
    arguments = {rule.endpoint: rule.arguments for rule in app.url_map.iter_rules()}
    wrong = {kind: (to, name) for kind, (_words, to, name) in KINDS.items() if arguments.get(to) != {name}}
    assert wrong == {}
