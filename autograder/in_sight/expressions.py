"""The expressions of a text of Python, each compiled by itself, with the lines before it put in."""

import ast
import copy
import io
import re
import textwrap
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np

from autograder.core.definition import NAMESPACE

LARGEST = 300
"""How many nodes an expression may have with all that is put into it."""
_BUILTINS = {
    each.__name__: each for each in (abs, dict, enumerate, float, int, len, list, max, min, range, sum, tuple, zip)
}
_OF_ARRAYS = {name for name in dir(np.ndarray) if name[0] != "_"} | {"items", "keys", "values"}
_SIDE_EFFECTS = re.compile(r"save|load|from|to_?file|mem|set|put|copyto|fill|sort$|dump|show|test|seterr|frombuffer")
_PACKING = ("array", "asarray", "copy", "astype", "items", "keys", "values")
_COMPUTING = ast.BinOp | ast.UnaryOp | ast.Compare | ast.BoolOp | ast.IfExp


@dataclass(frozen=True)
class Expression:
    """An expression that can be evaluated.

    Attributes
    ----------
    shown : as it stands in the text
    code : compiled; attributes and keys, such as `n.dZ2` and `cache["A2"]`, are the names at their end
    free : the names that it takes from outside
    target : the name that it is assigned to, the key, or the function that returns it; or ""
    computes : whether there is an operator in it or a call of numpy
    is_single : whether it is one operator between two names or numbers
    """

    shown: str
    code: CodeType
    free: tuple[str, ...]
    target: str
    computes: bool
    is_single: bool

    def value(self, known: Mapping[str, Any]) -> Any:
        """Evaluate it with what its names stand for."""
        with np.errstate(all="ignore"):
            return eval(self.code, dict(known))


@lru_cache(maxsize=4096)
def expressions(text: str) -> tuple[Expression, ...]:
    """Return every expression of a text that can be evaluated: of its code, its comments and its strings.

    An expression that names what an earlier line has assigned is there twice, the second time with that line put in.
    A text that is no Python is taken line by line.
    """
    found: dict[tuple[str, str], Expression] = {}
    for part in _parts(text):
        for node, target, known in _walk(part.body, {}, ""):
            for each in (node, _Put(known).visit(copy.deepcopy(node)) if known else node):
                made = _made(node, each, target)
                if made:
                    found.setdefault((ast.dump(each), target), made)
    return tuple(found.values())


def _parts(text: str) -> Iterator[ast.Module]:
    whole = _parsed(textwrap.dedent(text))
    if not whole:
        yield from filter(None, map(_parsed, map(str.strip, text.splitlines())))
        return
    yield whole
    strings = [n.value for n in ast.walk(whole) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    for line in (line for each in [*strings, *_comments(text)] for line in each.splitlines()):
        yield from _in_words(line)


_OPERATOR = re.compile(r"@|\*|/| [+-] |\bnp\.|=")


def _in_words(line: str) -> Iterator[ast.Module]:
    """Yield the longest pieces of a line of prose that are code."""
    words, start = line.replace("`", " ").split(), 0
    if not _OPERATOR.search(line):
        return
    while start < len(words):
        for end in range(len(words), start, -1):
            piece = " ".join(words[start:end]).rstrip(".,:;")
            if _OPERATOR.search(piece) and (part := _parsed(piece)):
                yield part
                start = end - 1
                break
        start += 1


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _comments(text: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(textwrap.dedent(text)).readline)
    try:
        return [token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT]
    except (tokenize.TokenError, SyntaxError):
        return []


Walked = Iterator[tuple[ast.expr, str, dict[str, ast.expr]]]


def _walk(body: list[ast.stmt], known: dict[str, ast.expr], function: str) -> Walked:
    """Yield each expression, the name that it gets, and what is assigned before it."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef):
            inside = {argument.arg for argument in ast.walk(statement) if isinstance(argument, ast.arg)}
            outside = {name: value for name, value in known.items() if name not in inside}
            yield from _walk(statement.body, outside, statement.name)
            continue
        for name, value in ast.iter_fields(statement):
            blocks = isinstance(value, list) and value and isinstance(value[0], ast.stmt)
            if blocks:
                yield from _walk(value, known, function)
            for each in value if isinstance(value, list) and not blocks else [value]:
                if isinstance(each, ast.ExceptHandler):
                    yield from _walk(each.body, known, function)
                elif isinstance(each, ast.AST) and name != "targets":
                    yield from _of(each, _target(statement, function), dict(known))
        _assign(statement, known)


def _of(node: ast.AST, target: str, known: dict[str, ast.expr]) -> Walked:
    """Yield the expressions in a node, the largest first."""
    if isinstance(node, ast.expr):
        yield node, target, known
    keys = [ast.unparse(key).strip("'\"") if key else "" for key in getattr(node, "keys", [])]
    values = getattr(node, "values", []) if keys else []
    for child in ast.iter_child_nodes(node):
        yield from _of(child, keys[values.index(child)] if child in values else "", known)


def _target(statement: ast.stmt, function: str) -> str:
    if isinstance(statement, ast.Return):
        return function
    target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
    return target.id if isinstance(target, ast.Name) and not isinstance(statement, ast.For) else ""


def _assign(statement: ast.stmt, known: dict[str, ast.expr]) -> None:
    put = _Put(dict(known))
    if isinstance(statement, ast.Assign):
        value = put.visit(copy.deepcopy(statement.value))
        for target in statement.targets:
            if isinstance(target, ast.Name):
                known[target.id] = value
            elif isinstance(target, ast.Tuple):
                for k, part in enumerate(target.elts):
                    if isinstance(part, ast.Name):
                        item = ast.Subscript(value, ast.Constant(k), ast.Load())
                        same = isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts)
                        known[part.id] = value.elts[k] if same else item
    elif isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        name = statement.target.id
        old = known.get(name, ast.Name(name, ast.Load()))
        known[name] = ast.BinOp(old, statement.op, put.visit(copy.deepcopy(statement.value)))


class _Put(ast.NodeTransformer):
    """Put what is assigned in the place of a name, unless that can be no part of an expression to evaluate."""

    def __init__(self, known: Mapping[str, ast.expr]) -> None:
        self.known = known

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = self.known.get(node.id)
        return copy.deepcopy(value) if value is not None and isinstance(node.ctx, ast.Load) else node


class _BlackBox(Exception):
    """An expression calls what is not known."""


class _Plain(ast.NodeTransformer):
    """Replace attributes and keys by the names at their end."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if _root(node) in ("np", "numpy"):
            if _SIDE_EFFECTS.match(node.attr):
                raise _BlackBox
            return ast.parse(ast.unparse(node).replace("numpy.", "np.", 1), mode="eval").body
        if node.attr in _OF_ARRAYS:
            return ast.Attribute(self.visit(node.value), node.attr, node.ctx)
        return ast.Name(node.attr, ast.Load())

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return ast.Name(node.slice.value, ast.Load())
        self.generic_visit(node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        function = self.visit(node.func)
        of_arrays = isinstance(function, ast.Attribute) and not _SIDE_EFFECTS.match(function.attr)
        if not of_arrays and not (isinstance(function, ast.Name) and function.id in {**NAMESPACE, **_BUILTINS}):
            raise _BlackBox
        arguments = [self.visit(argument) for argument in node.args]
        return ast.Call(function, arguments, [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords])


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _made(node: ast.expr, put: ast.expr, target: str) -> Expression | None:
    if isinstance(node, ast.Constant | ast.Lambda | ast.Starred | ast.JoinedStr | ast.FormattedValue):
        return None
    if sum(1 for _ in ast.walk(put)) > LARGEST:
        return None
    try:
        plain = _Plain().visit(copy.deepcopy(put))
        code = compile(ast.fix_missing_locations(ast.Expression(plain)), "<in sight>", "eval")
    except (_BlackBox, SyntaxError, TypeError, ValueError):
        return None
    names = [each for each in ast.walk(plain) if isinstance(each, ast.Name)]
    own = {each.id for each in names if isinstance(each.ctx, ast.Store)} | {
        each.arg for each in ast.walk(plain) if isinstance(each, ast.arg)
    }
    free = dict.fromkeys(each.id for each in names if each.id not in own and each.id not in {"np", *_BUILTINS})
    computes = any(isinstance(each, _COMPUTING) or _is_of_arrays(each) for each in ast.walk(plain))
    return Expression(ast.unparse(node), code, tuple(free), target, computes, _is_single(plain))


def _is_of_arrays(node: ast.AST) -> bool:
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    return is_call and node.func.attr not in _PACKING  # type: ignore[attr-defined]


def _is_single(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and all(
        isinstance(each, ast.Name | ast.Constant) for each in (node.left, node.right)
    )
