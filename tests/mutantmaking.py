"""Small wrong changes of a program: the ways in which one function can be made wrong, one at a time.

What only people read is left alone: texts with a blank in them, docstrings, annotations, titles of rules.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_COMPARED = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_COUNTED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.Div: ast.Mult,
}  # fmt: skip
_CALLED = {
    "any": "all", "all": "any", "min": "max", "max": "min", "lower": "upper", "upper": "lower", "strip": "lstrip",
    "startswith": "endswith", "endswith": "startswith", "partition": "rpartition", "rpartition": "partition",
    "removeprefix": "removesuffix", "removesuffix": "removeprefix", "bisect_left": "bisect_right",
    "bisect_right": "bisect_left", "extend": "append",
}  # fmt: skip
_LONGEST = 70


@dataclass(slots=True)
class Mutant:
    """One wrong change. ``name`` says it in words that stay when lines move, ``way`` is the kind of change.

    ``outer`` is the qualified name of the function to replace, ``lines`` those of the statement that is changed.
    """

    path: Path
    outer: str
    name: str
    way: str
    lines: range
    tree: ast.Module
    edit: tuple[Any, str | int, Any]
    about: frozenset[str] = frozenset()
    """The requirements that the function cites, or all rules of its module where it is no rule."""

    def tree_with_it(self) -> ast.Module:
        """The module with the change in it; the tree of the others is left changed, so only one process may ask once."""
        holder, key, new = self.edit
        if isinstance(key, int):
            holder[key] = new
        else:
            setattr(holder, key, new)
        return ast.fix_missing_locations(self.tree)


def mutants(path: Path) -> list[Mutant]:
    """All mutants of the functions of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    made: list[Mutant] = []
    everything = frozenset().union(*(_cited(function) for _, function in _functions(tree)))
    for outer, function in _functions(tree):
        times: dict[str, int] = {}
        about = _cited(function) or everything
        for statement in _statements(function):
            for way, holder, key, new in _changes(statement):
                old = holder[key] if isinstance(key, int) else getattr(holder, key)
                gone = [each for each in old if each not in new] if isinstance(old, list) else old
                what = f"{path.stem}.{outer}: {_says(gone)} -> {'nothing' if gone is not old else _says(new)}"
                times[what] = times.get(what, 0) + 1
                name = what if times[what] == 1 else f"{what} #{times[what]}"
                where = _lines(old if isinstance(old, ast.stmt) else statement)
                made.append(Mutant(path, outer, name, way, where, tree, (holder, key, new), about))
    return made


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{each.name}", each) for each in node.body if isinstance(each, ast.FunctionDef))


def _cited(function: ast.FunctionDef) -> frozenset[str]:
    """The requirements that stand in the decorator of a rule."""
    calls = [each for each in function.decorator_list if isinstance(each, ast.Call)]
    return frozenset(arg.value for call in calls for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str))


def _statements(function: ast.FunctionDef) -> Iterator[ast.stmt]:
    """The statements of a function, those inside of others behind these."""
    todo: list[ast.AST] = [function]
    while todo:
        node = todo.pop(0)
        if isinstance(node, ast.stmt):
            yield node
        todo[:0] = [each for each in ast.iter_child_nodes(node) if isinstance(each, (ast.stmt, ast.ExceptHandler, ast.match_case))]


def _lines(statement: ast.stmt) -> range:
    """The lines that are run when the statement is, without those of statements in it."""
    inner = [each.lineno for each in ast.walk(statement) if isinstance(each, ast.stmt) and each is not statement]
    last = min(inner) - 1 if inner else statement.end_lineno or statement.lineno
    return range(statement.lineno, max(last, statement.lineno) + 1)


def _says(node: Any) -> str:
    if isinstance(node, list):
        return ", ".join(_says(each) for each in node) or "nothing"
    if isinstance(node, str):
        return node
    text = " ".join(ast.unparse(node).split()) or type(node).__name__
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]}...{text[-_LONGEST // 2 :]}"


Change = tuple[str, Any, str | int, Any]


def _changes(statement: ast.stmt) -> Iterator[Change]:
    """All changes of a statement itself and of the expressions in it, as (way, holder, key, what stands there instead)."""
    yield from _of_statement(statement)
    for holder, key, node in _expressions(statement):
        for way, new in _of_expression(node):
            yield way, holder, key, new
        yield from _of_parts(node)


def _expressions(node: ast.AST) -> Iterator[tuple[Any, str | int, ast.AST]]:
    """Every expression below a node with its place, none of inner statements, annotations and texts for people."""
    if isinstance(node, ast.FunctionDef):
        return
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "decorator_list", "ctx", "returns"):
            continue
        for key, each in enumerate(value) if isinstance(value, list) else [(name, value)]:
            if not isinstance(each, ast.AST) or isinstance(each, (ast.stmt, ast.ExceptHandler, ast.match_case)):
                continue
            if isinstance(each, ast.JoinedStr) and any(isinstance(part, ast.Constant) and " " in part.value for part in each.values):
                continue
            if isinstance(node, ast.Expr) and isinstance(each, ast.Constant):
                continue
            yield (value if isinstance(value, list) else node), key, each
            yield from _expressions(each)


def _of_statement(node: ast.stmt) -> Iterator[Change]:
    if isinstance(node, (ast.If, ast.While)) and not isinstance(node.test, (ast.Compare, ast.BoolOp, ast.UnaryOp)):
        yield "condition", node, "test", ast.UnaryOp(ast.Not(), node.test)
    elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None and not _nothing(node.value):
        yield "value", node, "value", ast.Constant(None)
    elif isinstance(node, ast.Return) and node.value is not None and not _nothing(node.value):
        yield "return", node, "value", ast.Constant(None)
    elif isinstance(node, ast.AugAssign) and type(node.op) in _COUNTED:
        yield "operator", node, "op", _COUNTED[type(node.op)]()
    for name in ("body", "orelse"):
        held = getattr(node, name, ())
        for place, each in enumerate(held):
            if isinstance(each, ast.Expr) and not isinstance(each.value, ast.Constant):
                # "if False" keeps a generator a generator.
                yield "statement", held, place, ast.If(ast.Constant(False), [copy.deepcopy(each)], [])
            elif isinstance(each, (ast.Break, ast.Continue)):
                yield "loop", held, place, ast.Continue() if isinstance(each, ast.Break) else ast.Break()


def _nothing(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value


def _of_expression(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Compare):
        for place, op in enumerate(node.ops):
            new = copy.deepcopy(node)
            new.ops[place] = _COMPARED[type(op)]()
            yield "comparison", new
    elif isinstance(node, ast.BoolOp):
        yield "and-or", ast.BoolOp(ast.And() if isinstance(node.op, ast.Or) else ast.Or(), node.values)
        for place in range(len(node.values)):
            rest = node.values[:place] + node.values[place + 1 :]
            yield "operand", ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "condition", node.operand
    elif isinstance(node, ast.IfExp):
        yield "condition", ast.IfExp(node.test, node.orelse, node.body)
    elif isinstance(node, ast.BinOp) and type(node.op) in _COUNTED:
        yield "operator", ast.BinOp(node.left, _COUNTED[type(node.op)](), node.right)
    elif isinstance(node, ast.Constant):
        yield from (("constant", ast.Constant(new)) for new in _other(node.value))


def _other(value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, str) and " " not in value:
        yield f"XX{value}XX"


def _of_parts(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.comprehension):
        for place in range(len(node.ifs)):
            yield "filter", node, "ifs", node.ifs[:place] + node.ifs[place + 1 :]
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id in _CALLED:
            yield "call", node.func, "id", _CALLED[node.func.id]
        elif isinstance(node.func, ast.Attribute) and node.func.attr in _CALLED:
            yield "call", node.func, "attr", _CALLED[node.func.attr]
        for place, each in enumerate(node.args):
            if not isinstance(each, (ast.Constant, ast.JoinedStr, ast.GeneratorExp, ast.Starred)):
                yield "argument", node.args, place, ast.Constant(None)
        for place, keyword in enumerate(node.keywords):
            if keyword.arg is not None and not _nothing(keyword.value):
                yield "argument", node, "keywords", node.keywords[:place] + node.keywords[place + 1 :]
