"""Slips: a formula as it is usually written, with one thing in it changed.

The libraries of mistakes hold what people believe wrongly. A slip needs no belief: a sign, a letter, a transpose, an
axis. Here all of them are made from the text of a formula, one change each; like every other mistake, a slip is named
only where its numbers agree with the answer's on every case.
"""

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.core.mistakes import Mistake
from autograder.core.question import Formula
from autograder.core.questions import question
from autograder.core.spellings import SPELLINGS
from course_lib.activations import sigmoid

NAMESPACE = {"np": np, "sigmoid": sigmoid}
"""What a spelling may use beside its arguments."""

_OTHER_OPERATORS: dict[type[ast.operator], tuple[tuple[type[ast.operator], str], ...]] = {
    ast.Add: ((ast.Sub, "sign-flipped"), (ast.Mult, "wrong-operation")),
    ast.Sub: ((ast.Add, "sign-flipped"), (ast.Mult, "wrong-operation")),
    ast.Mult: (
        (ast.MatMult, "matmul-for-elementwise"),
        (ast.Div, "wrong-operation"),
        (ast.Add, "wrong-operation"),
        (ast.Sub, "wrong-operation"),
    ),
    ast.Div: ((ast.Mult, "wrong-operation"),),
    ast.MatMult: ((ast.Mult, "elementwise-for-matmul"),),
    ast.Pow: ((ast.Mult, "wrong-operation"),),
}
_LEFT_OUT = {ast.Add: "term-missing", ast.Sub: "term-missing"}
_EXCHANGED = {
    ast.Sub: "sign-flipped",
    ast.Div: "fraction-upside-down",
    ast.MatMult: "factors-swapped",
    ast.Pow: "wrong-operation",
}
_OTHER_FUNCTIONS = {
    "exp": (("log", "wrong-function"), ("tanh", "wrong-function")),
    "log": (("exp", "wrong-function"), ("log10", "wrong-logarithm"), ("log2", "wrong-logarithm")),
    "tanh": (("sinh", "wrong-activation"), ("cosh", "wrong-activation"), ("exp", "wrong-activation")),
    "maximum": (("minimum", "branches-swapped"),),
    "sum": (("mean", "divided-by-wrong-size"), ("max", "wrong-function")),
    "sqrt": (("square", "wrong-function"), ("abs", "root-missing")),
    "zeros": (("ones", "wrong-number"),),
    "ones": (("zeros", "wrong-number"),),
    "sign": (("abs", "wrong-function"),),
    "trace": (("sum", "trace-missing"),),
}
_WITHOUT = {"sum": "not-summed", "sqrt": "root-missing", "tanh": "wrong-activation", "sigmoid": "wrong-activation"}
_COMPARED = {ast.Gt: ast.Lt, ast.Lt: ast.Gt, ast.GtE: ast.LtE, ast.LtE: ast.GtE}

Change = tuple[ast.AST, str]


@lru_cache(maxsize=256)
def slips(id: str) -> tuple[Mistake, ...]:
    """Return the slips of a question, as mistakes: those of its first spelling first."""
    asked = question(id)
    assert isinstance(asked, Formula), id
    keys = {name: list(value) for name, value in asked.calls(0)[0].items() if isinstance(value, dict)}
    found: list[Mistake] = []
    taken: set[str] = set()
    for text in SPELLINGS.get(id, ()):
        tree = ast.parse(definition(asked, text))
        maker = _Maker(tree, keys)
        taken.add(ast.unparse(tree))
        for node in list(ast.walk(tree)):
            for new, mistake in list(maker.changes(node)):
                with maker.changed(node, new):
                    written = ast.unparse(tree)
                    if written not in taken:
                        taken.add(written)
                        found.append(Mistake(mistake, function_of(ast.parse(written)), where=maker.where(node)))
    return tuple(found)


def definition(asked: Formula, text: str) -> str:
    """Return the function that a spelling stands for; an expression is what it returns.

    >>> print(definition(question("two_layer.dW2"), "dZ2 @ A1.T / dZ2.shape[1]"))
    def spelled(dZ2, A1):
        return dZ2 @ A1.T / dZ2.shape[1]
    """
    parameters = inspect.signature(asked.reference).parameters.values()
    defaults = {p.name: f"={p.default!r}" for p in parameters if p.default is not p.empty}
    names = [name + defaults.get(name, "") for name in asked.arguments]
    body = text if "return " in text else f"return {text}"
    return "\n    ".join([f"def spelled({', '.join(names)}):", *body.strip().splitlines()])


def function_of(tree: ast.Module) -> Callable[..., Any]:
    """Return the function that a definition defines."""
    namespace: dict[str, Any] = dict(NAMESPACE)
    exec(compile(tree, "<spelling>", "exec"), namespace)
    function: Callable[..., Any] = namespace["spelled"]
    return function


def _places(parent: ast.AST) -> Iterator[tuple[ast.AST, tuple[str, int | None]]]:
    """Return where in its parent each node stands: the field, and the number in a list."""
    for field, value in ast.iter_fields(parent):
        if isinstance(value, list):
            yield from ((child, (field, k)) for k, child in enumerate(value) if isinstance(child, ast.AST))
        elif isinstance(value, ast.AST):
            yield value, (field, None)


def _layer(name: str) -> str:
    """Return the number of an array's layer as its name has it; the input is layer 0."""
    return re.sub(r"\D", "", name) or ("0" if name in ("X", "x") else "")


def _taken_for(name: str, other: str) -> str:
    layers = {_layer(name), _layer(other)}
    return "wrong-layer" if len(layers) == 2 and "" not in layers else "wrong-argument"


class _Maker:
    """Knows the tree of one spelling, and says what can be changed at a node."""

    def __init__(self, tree: ast.Module, keys: Mapping[str, list[str]]) -> None:
        """Note each node's parent, and the names that each line can use; the keys are those of dicts by name."""
        self.keys = keys
        self.parent = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
        self.place = {child: place for parent in ast.walk(tree) for child, place in _places(parent)}
        (function,) = tree.body
        assert isinstance(function, ast.FunctionDef)
        self.arguments = [argument.arg for argument in function.args.args]
        self.assigned: dict[str, int] = {}
        self.sizes: set[str] = set()
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.assigned.setdefault(node.id, node.lineno)
            if isinstance(node, ast.Assign) and re.search(r"\.shape|\blen\(", ast.unparse(node.value)):
                self.sizes |= {n.id for n in ast.walk(node.targets[0]) if isinstance(n, ast.Name)}

    @contextmanager
    def changed(self, node: ast.AST, new: ast.AST) -> Iterator[None]:
        """Put another node in the place of one for a while."""
        field, k = self.place[node]
        of = self.parent[node]
        if k is None:
            setattr(of, field, new)
        else:
            getattr(of, field)[k] = new
        try:
            yield
        finally:
            if k is None:
                setattr(of, field, node)
            else:
                getattr(of, field)[k] = node

    def where(self, node: ast.AST) -> str:
        """Return the name of what a change spoils: what is assigned there, or the key that it is returned under."""
        while node in self.parent:
            parent = self.parent[node]
            if isinstance(parent, ast.Dict) and node in parent.values:
                key = parent.keys[parent.values.index(node)]
                return str(key.value) if isinstance(key, ast.Constant) else ""
            if isinstance(parent, ast.Assign):
                return parent.targets[0].id if isinstance(parent.targets[0], ast.Name) else ""
            node = parent
        return ""

    def changes(self, node: ast.AST) -> Iterator[Change]:
        """Return what can be put in the place of a node, each with the id of that mistake."""
        if isinstance(node, ast.BinOp):
            yield from self._operation(node)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            yield node.operand, "sign-flipped"
        elif isinstance(node, ast.Attribute) and node.attr == "T":
            yield node.value, "transpose-missing"
        elif isinstance(node, ast.Constant):
            yield from self._constant(node)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield from self._name(node)
        elif isinstance(node, ast.Subscript):
            yield from self._subscript(node)
        elif isinstance(node, ast.Call):
            yield from self._call(node)
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARED:
            yield ast.Compare(node.left, [_COMPARED[type(node.ops[0])]()], node.comparators), "branches-swapped"
        elif isinstance(node, ast.For):
            yield ast.copy_location(ast.For(node.target, node.iter, [*node.body, ast.Break()], []), node), "wrong-range"
        elif isinstance(node, ast.Tuple) and isinstance(self.parent[node], ast.Return):
            for k in range(1, len(node.elts)):
                order = [*node.elts[: k - 1], node.elts[k], node.elts[k - 1], *node.elts[k + 1 :]]
                yield ast.Tuple(order, ast.Load()), "results-swapped"
        elif isinstance(node, ast.Dict):
            for k in range(1, len(node.keys)):
                keys = [*node.keys[: k - 1], node.keys[k], node.keys[k - 1], *node.keys[k + 1 :]]
                yield ast.Dict(keys, node.values), "results-swapped"
        if isinstance(node, ast.expr) and self._is_value(node):
            yield from self._turned(node)

    def _is_value(self, node: ast.expr) -> bool:
        """Tell whether an expression is a value in a formula: no function's name, no index, no size, no key."""
        if not isinstance(node, ast.Name | ast.Subscript | ast.Call | ast.BinOp | ast.Attribute):
            return False
        if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load) or ast.unparse(node) in (*self.sizes, "np"):
            return False
        parent = self.parent[node]
        if isinstance(parent, ast.Call):
            return node in parent.args and ast.unparse(parent.func) not in ("len", "range", "np.zeros", "np.ones")
        return isinstance(
            parent, ast.BinOp | ast.Return | ast.Assign | ast.Dict | ast.DictComp | ast.Tuple | ast.UnaryOp
        ) and not self._in_brackets(node)

    def _in_brackets(self, node: ast.AST) -> bool:
        while node in self.parent and not isinstance(node, ast.stmt):
            if isinstance(self.parent[node], ast.Subscript) and self.parent[node].slice is node:  # type: ignore[attr-defined]
                return True
            node = self.parent[node]
        return False

    def _turned(self, node: ast.expr) -> Iterator[Change]:
        parent = self.parent[node]
        whole = isinstance(parent, ast.Return | ast.Assign | ast.Dict | ast.DictComp | ast.Tuple)
        is_size = isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith(".shape")
        if is_size:
            return
        if not isinstance(parent, ast.UnaryOp):
            yield ast.UnaryOp(ast.USub(), node), "sign-flipped"
        if whole or isinstance(node, ast.Name | ast.Subscript):
            yield ast.Attribute(node, "T", ast.Load()), "transposed" if whole else "transpose-missing"

    def _operation(self, node: ast.BinOp) -> Iterator[Change]:
        kind, left, right = type(node.op), node.left, node.right
        if self._in_brackets(node):
            return
        if kind is ast.FloorDiv:
            return
        size = ast.unparse(right)
        is_mean = kind is ast.Div and (size in self.sizes or size.endswith(".shape[1]"))
        is_two = isinstance(left, ast.Constant) and left.value in (2, 0.5)
        yield left, "missing-mean" if is_mean else _LEFT_OUT.get(kind, "factor-missing")
        without_left = "function-missing" if kind is ast.Pow and isinstance(left, ast.Call) else "factor-missing"
        yield right, "factor-of-two" if is_two else _LEFT_OUT.get(kind, without_left)
        if kind in _EXCHANGED:
            yield ast.BinOp(right, node.op, left), _EXCHANGED[kind]
        for other, id in _OTHER_OPERATORS.get(kind, ()):
            yield ast.BinOp(left, other(), right), id

    def _constant(self, node: ast.Constant) -> Iterator[Change]:
        parent, value = self.parent[node], node.value
        if isinstance(parent, ast.keyword):
            if parent.arg == "axis":
                for axis in (0, 1, 2, None):
                    if axis != value:
                        yield ast.Constant(axis), "summed-wrong-axis"
            if parent.arg == "keepdims":
                yield ast.Constant(not value), "keepdims-dropped"
        elif self._in_brackets(node) and isinstance(value, int):
            of = self.parent[node]
            while not isinstance(of, ast.Subscript):
                of = self.parent[of]
            is_shape = ast.unparse(of.value).endswith(".shape")
            for other in (value - 1, value + 1):
                if not is_shape or other in (0, 1):
                    yield ast.Constant(other), "mean-over-wrong-axis" if is_shape else "wrong-index"
        elif isinstance(value, int | float) and not isinstance(value, bool):
            scales = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult | ast.Div)
            for changed in dict.fromkeys((2 * value, value / 2, value + 1, value - 1, 0, 1)):
                twice = scales and changed in (2 * value, value / 2)
                is_term = changed == 0 and isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub)
                if changed != value:
                    id = "term-missing" if is_term else "factor-of-two" if twice else "wrong-number"
                    yield ast.Constant(changed), id
            yield ast.Constant(-value), "sign-flipped"

    def _name(self, node: ast.Name) -> Iterator[Change]:
        line = node.lineno
        above = [name for name, first in self.assigned.items() if first < line]
        names = dict.fromkeys([*self.arguments, *above])
        if node.id in names and node.id not in self.sizes:
            for other in names:
                if other != node.id and other not in self.sizes:
                    yield ast.Name(other, ast.Load()), _taken_for(node.id, other)
        if self._in_brackets(node) and not isinstance(self.parent[node], ast.BinOp):
            for sign in (ast.Sub(), ast.Add()):
                yield ast.BinOp(node, sign, ast.Constant(1)), "wrong-index"

    def _subscript(self, node: ast.Subscript) -> Iterator[Change]:
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            for key in self.keys.get(ast.unparse(node.value), ()):
                if key != node.slice.value:
                    other = ast.Subscript(node.value, ast.Constant(key), ast.Load())
                    yield other, _taken_for(node.slice.value, key)

    def _call(self, node: ast.Call) -> Iterator[Change]:
        name = ast.unparse(node.func).removeprefix("np.")
        if isinstance(node.func, ast.Attribute):
            for other, id in _OTHER_FUNCTIONS.get(node.func.attr, ()):
                yield ast.Call(ast.Attribute(node.func.value, other, ast.Load()), node.args, node.keywords), id
        if name == "range":
            for k, bound in enumerate(node.args):
                for sign in (ast.Sub(), ast.Add()):
                    moved = ast.BinOp(bound, sign, ast.Constant(1))
                    yield ast.Call(node.func, [*node.args[:k], moved, *node.args[k + 1 :]], []), "wrong-range"
            return
        if len(node.args) == 1 and name not in ("len", "range", "zeros", "ones"):
            yield node.args[0], _WITHOUT.get(name, "function-missing")
        if name == "where":
            condition, yes, no = node.args
            yield ast.Call(node.func, [condition, no, yes], []), "branches-swapped"
            yield yes, "one-branch-only"
            yield no, "one-branch-only"
        elif len(node.args) == 2:
            yield ast.Call(node.func, node.args[::-1], node.keywords), "arguments-swapped"
