"""Every message has words, and its words open something."""

import ast
from pathlib import Path

from marketplace.web.messages_words import KINDS, NEWS, TO_DO

ROOT = Path(__file__).resolve().parents[2] / "marketplace"
TELLERS = {"tell", "Telling"}


def told() -> dict[str, str]:
    """Kind → the file that tells it, for every call of `notices.tell` and `Telling` in the source."""
    found = {}
    for file in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            teller = name in TELLERS or getattr(node.func, "id", "") == "Telling"
            if teller and not (file.name == "messages.py" and file.parent.name == "notices"):
                kinds = [one for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant)]
                assert kinds, f"{file}:{node.lineno}: a message's kind is a word in the source"
                found |= {kind.value: f"{file.relative_to(ROOT)}:{node.lineno}" for kind in kinds}
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
