"""What tests read in the source itself: the words that a call is given."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1] / "marketplace"


def files() -> Iterator[tuple[str, ast.AST, list[ast.Call]]]:
    """(path, tree, its calls) of every module."""
    for file in sorted(ROOT.rglob("*.py")):
        tree = ast.parse(file.read_text())
        yield str(file.relative_to(ROOT)), tree, [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def words(node: ast.AST) -> list[str]:
    """The text constants of an expression, those of an f-string left out: they are parts of a word."""
    if isinstance(node, ast.JoinedStr):
        return []
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.IfExp):
        return words(node.body) + words(node.orelse)
    if isinstance(node, ast.BoolOp):
        return [word for part in node.values for word in words(part)]
    return []


def given(tree: ast.AST, calls: list[ast.Call], call: ast.Call, node: ast.expr) -> list[str]:
    """The words that `node`, an argument of `call`, may be: its own; else those that the callers of the function around
    it hand on; an f-string with one such argument is filled with them."""
    if isinstance(node, ast.JoinedStr):
        filled = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
        parts = given(tree, calls, call, filled[0]) if len(filled) == 1 else []
        texts = [part.value if isinstance(part, ast.Constant) else "\0" for part in node.values]
        return ["".join(map(str, texts)).replace("\0", part) for part in parts]
    return words(node) or _assigned(tree, call, node) or _handed_on(tree, calls, call, node)


def _around(tree: ast.AST, call: ast.Call) -> list[ast.FunctionDef]:
    return [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and call in ast.walk(one)]


def _assigned(tree: ast.AST, call: ast.Call, node: ast.expr) -> list[str]:
    """What a local name was given."""
    found = []
    for function in _around(tree, call):
        for one in ast.walk(function):
            if isinstance(one, ast.Assign) and isinstance(node, ast.Name):
                for target in one.targets:
                    if isinstance(target, ast.Name) and target.id == node.id:
                        found += words(one.value)
                    elif isinstance(target, ast.Tuple) and isinstance(one.value, ast.Tuple):
                        pairs = zip(target.elts, one.value.elts, strict=False)
                        found += [w for to, of in pairs if getattr(to, "id", "") == node.id for w in words(of)]
    return found


def _handed_on(tree: ast.AST, calls: list[ast.Call], call: ast.Call, node: ast.expr) -> list[str]:
    if not isinstance(node, ast.Name):
        return []
    found: list[str] = []
    for function in _around(tree, call):
        names = [one.arg for one in (*function.args.args, *function.args.kwonlyargs)]
        if node.id not in names:
            continue
        place = names.index(node.id)
        for one in calls:
            if name_of(one) == function.name:
                arguments = [one.args[place]] if len(one.args) > place else []
                arguments += [keyword.value for keyword in one.keywords if keyword.arg == node.id]
                found += [word for argument in arguments for word in given(tree, calls, one, argument)]
    return found
