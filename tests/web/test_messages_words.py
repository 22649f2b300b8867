"""Every message has words, and its words open something."""

import ast
from pathlib import Path

from marketplace.web.messages_words import KINDS, NEWS, TO_DO

ROOT = Path(__file__).resolve().parents[2] / "marketplace"
TELLERS = {"tell", "Telling"}


def told() -> dict[str, str]:
    """Kind → the file that tells it, for every call of `notices.tell` and `Telling` in the source; where a function
    hands its own argument on, the kinds that its callers give it."""
    found = {}
    for file in sorted(ROOT.rglob("*.py")):
        if file.name == "messages.py" and file.parent.name == "notices":
            continue
        tree = ast.parse(file.read_text())
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        for call in calls:
            name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            if not (name in TELLERS or getattr(call.func, "id", "") == "Telling"):
                continue
            where = f"{file.relative_to(ROOT)}:{call.lineno}"
            first = call.args[0] if call.args else next(one.value for one in call.keywords if one.arg == "kind")
            kinds = words(first) or [kind for given in handed_on(tree, calls, call, first) for kind in words(given)]
            assert kinds, f"{where}: a message's kind is a word in the source"
            found |= dict.fromkeys(kinds, where)
    return found


def words(node: ast.AST) -> list[str]:
    return [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]


def handed_on(tree: ast.AST, calls: list[ast.Call], call: ast.Call, argument: ast.expr) -> list[ast.expr]:
    """What the callers of the function around `call` give for its parameter of that name."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef) or call not in ast.walk(function):
            continue
        names = [one.arg for one in (*function.args.args, *function.args.kwonlyargs)]
        if not isinstance(argument, ast.Name) or argument.id not in names:
            continue
        place = names.index(argument.id)
        mine = [one for one in calls if getattr(one.func, "id", getattr(one.func, "attr", "")) == function.name]
        return [one.args[place] for one in mine if len(one.args) > place] + [
            given.value for one in mine for given in one.keywords if given.arg == argument.id
        ]
    return []


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
