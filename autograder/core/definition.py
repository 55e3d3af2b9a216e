"""The syntax tree of a formula's code: the role of each node, matching of patterns, replacement of nodes."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import CodeType
from typing import Any

import numpy as np

from autograder.core.rules import expression
from course_lib import activations, losses

NAMESPACE: Mapping[str, Any] = {
    "np": np,
    **{f"{name}_prime": g.prime for name, g in activations.ACTIVATIONS.items()},
    **{name: g.function for name, g in activations.ACTIVATIONS.items()},
    **{name: getattr(losses, name) for name in ("bce_loss", "bce_prime", "mse_loss", "mae_loss", "softplus")},
}
"""What the code of a question, and a rule, may use beside the arguments."""

_ANY, HOLES = frozenset("abcd"), frozenset("abcdxkiSFR")


def definition(parameters: Mapping[str, str], text: str) -> ast.Module:
    """Parse a code text as a function f of the parameters; an expression is returned.

    >>> print(ast.unparse(definition({"dZ2": "", "A1": ""}, "dZ2 @ A1.T / dZ2.shape[1]")))
    def f(dZ2, A1):
        return dZ2 @ A1.T / dZ2.shape[1]
    """
    body = text if re.search(r"^\s*return ", text, re.MULTILINE) else f"return {text}"
    head = ", ".join(parameter + default for parameter, default in parameters.items())
    return ast.parse("\n    ".join([f"def f({head}):", *body.strip().splitlines()]))


def function_of(code: ast.Module | CodeType, uses: Mapping[str, Any] = NAMESPACE) -> Any:
    """Return the function of a definition, as a tree or compiled."""
    namespace = dict(uses)
    exec(compile(ast.fix_missing_locations(code), "<code>", "exec") if isinstance(code, ast.AST) else code, namespace)
    return namespace["f"]


class Definition:
    """The syntax tree of a definition, with the role of each node."""

    def __init__(self, tree: ast.Module, keys: Mapping[str, Sequence[str]]) -> None:
        """Take it apart; the keys are those of arguments that are dicts by name."""
        self.tree = tree
        (self.function,) = tree.body
        assert isinstance(self.function, ast.FunctionDef)
        self.parent: dict[ast.AST, ast.AST] = {}
        self.place: dict[ast.AST, tuple[str, int | None]] = {}
        self.in_index: set[ast.AST] = set()
        self.sizes: set[str] = set()
        self.first: dict[str, int] = dict.fromkeys((a.arg for a in self.function.args.args), 0)
        self.nodes = list(self._walk(self.function.body, self.function, "body", False))
        for node in self.nodes:
            if isinstance(node, ast.Assign):
                self.sizes |= set(self._sizes_in(node.targets[0], node.value))
        indices = [n.id for n in self.nodes if n in self.in_index and isinstance(n, ast.Name) and n.id != "np"]
        self.indices = [ast.Name(name, ast.Load()) for name in dict.fromkeys(indices)]
        for node in self.nodes:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.first.setdefault(node.id, node.lineno)
        loops = (node.target for node in self.nodes if isinstance(node, ast.For))
        self.scalars = {*self.sizes, *indices, *(target.id for target in loops if isinstance(target, ast.Name))}
        self.keys = {name: list(known) for name, known in keys.items() if name in self.first}
        *_, self.last = (name for name, line in self.first.items() if line == 0)
        self.whole = {node for node in self.nodes if isinstance(node, ast.expr) and self._is_whole(node)}

    def _walk(self, value: Any, parent: ast.AST, name: str, inside: bool) -> Iterator[ast.AST]:
        for k, node in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(node, ast.AST):
                self.parent[node], self.place[node] = parent, (name, k if isinstance(value, list) else None)
                if inside:
                    self.in_index.add(node)
                yield node
                for inner, child in ast.iter_fields(node):
                    yield from self._walk(
                        child, node, inner, inside or (isinstance(node, ast.Subscript) and inner == "slice")
                    )

    def fills(self, hole: str, node: ast.AST) -> bool:
        """Return whether a node can fill a hole of a rule."""
        if hole == "R":
            return node in self.whole
        if hole == "S":
            return self.is_size(node)
        if hole == "k":
            return self._is_number(node)
        if hole == "x":
            return self._is_leaf(node)
        if hole == "i":
            return node in self.in_index and self._is_index(node)
        return isinstance(node, ast.expr) and self._is_value(node)

    def _sizes_in(self, target: ast.expr, value: ast.expr) -> Iterator[str]:
        """Yield the names of sizes that an assignment gives."""
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, two in zip(target.elts, value.elts, strict=True):
                yield from self._sizes_in(one, two)
        elif isinstance(value, ast.BinOp):
            yield from self._sizes_in(target, value.left) if isinstance(value.op, ast.FloorDiv) else ()
        elif self.is_size(value) or (isinstance(value, ast.Attribute) and value.attr == "shape"):
            yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name))

    def is_size(self, node: ast.AST) -> bool:
        """Return whether a node is the size of an array, or the name of one."""
        if isinstance(node, ast.Name):
            return node.id in self.sizes and isinstance(node.ctx, ast.Load)
        if isinstance(node, ast.Call):
            return isinstance(node.func, ast.Name) and node.func.id == "len"
        return isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr == "shape"

    def divides(self, node: ast.AST) -> bool:
        """Return whether something is divided by a size, here or under its name."""
        parent = self.parent[node]
        if isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
            name = parent.targets[0].id
            return any(
                isinstance(n, ast.Name) and n.id == name and self.divides(n)
                for n in self.nodes
                if n not in parent.targets
            )
        return isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Div) and node is parent.right

    def _is_number(self, node: ast.AST) -> bool:
        return (
            isinstance(node, ast.Constant)
            and isinstance(node.value, int | float)
            and not isinstance(node.value, bool)
            and not isinstance(self.parent.get(node), ast.keyword)
        )

    def _is_leaf(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Name):
            return isinstance(node.ctx, ast.Load) and node.id in self.first and node.id not in self.scalars
        is_key = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)
        return is_key and isinstance(node.slice.value, str) and isinstance(node.ctx, ast.Load)  # type: ignore[attr-defined]

    def _is_index(self, node: ast.AST) -> bool:
        of = self.parent[node]
        if isinstance(of, ast.Tuple):
            of = self.parent[of]
        is_shape = isinstance(of, ast.Subscript) and isinstance(of.value, ast.Attribute) and of.value.attr == "shape"
        return (isinstance(node, ast.Name) and node.id != "np") or (
            isinstance(node, ast.Constant) and isinstance(node.value, int) and not is_shape
        )

    def _is_whole(self, node: ast.expr) -> bool:
        parent = self.parent[node]
        if isinstance(node, ast.Tuple | ast.Dict | ast.DictComp | ast.List) or self.is_size(node):
            return False
        if isinstance(parent, ast.Assign):
            return node is parent.value and isinstance(parent.targets[0], ast.Name | ast.Subscript)
        if isinstance(parent, ast.Tuple):
            return isinstance(self.parent[parent], ast.Return)
        return isinstance(parent, ast.Return) or (
            isinstance(parent, ast.Dict | ast.DictComp)
            and node in (*getattr(parent, "values", ()), getattr(parent, "value", 0))
        )

    def _is_value(self, node: ast.expr) -> bool:
        """Return whether an expression is a value in a formula: no function's name, no index, no size, no key."""
        if not isinstance(node, ast.Name | ast.Subscript | ast.Call | ast.BinOp | ast.Attribute) or self.is_size(node):
            return False
        if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load) or (
            isinstance(node, ast.Name) and node.id == "np"
        ):
            return False
        parent = self.parent[node]
        if isinstance(parent, ast.Call):
            return node in parent.args and ast.unparse(parent.func) not in ("len", "range", "np.zeros", "np.ones")
        return isinstance(parent, ast.BinOp | ast.Return | ast.Assign | ast.Dict | ast.DictComp | ast.Tuple)

    def matches(
        self, pattern: ast.AST, node: ast.AST, found: dict[str, ast.expr], holes: frozenset[str] = frozenset()
    ) -> bool:
        """Return whether a pattern fits a node; the nodes in its holes go into `found`."""
        if isinstance(pattern, ast.Name) and pattern.id in (holes or HOLES):
            hole = pattern.id
            if not holes and hole not in _ANY and hole != "F" and not self.fills(hole, node):
                return False
            if hole in found:
                return ast.dump(found[hole]) == ast.dump(node)
            assert isinstance(node, ast.expr)
            found[hole] = node
            return True
        if holes and isinstance(node, ast.Name) and node.id in self.sizes and self.is_size(pattern):
            return True  # a number of examples that has a name here
        if type(pattern) is not type(node):
            return False
        for name, value in ast.iter_fields(pattern):
            other = getattr(node, name)
            if name in ("ctx", "kind"):
                continue
            if isinstance(value, list):
                if len(value) != len(other):
                    return False
                if not all(self.matches(one, two, found, holes) for one, two in zip(value, other, strict=True)):
                    return False
            elif isinstance(value, ast.AST):
                if not self.matches(value, other, found, holes):
                    return False
            elif value != other:
                return False
        return True

    def _of_name(self, where: str) -> list[ast.expr]:
        """Return all expressions assigned or returned under a name; under none, those returned."""
        kinds = ast.Assign | ast.AugAssign | ast.Dict if where else ast.Return
        return [
            node
            for node in self.nodes
            if isinstance(node, ast.expr)
            and isinstance(self.parent[node], kinds)
            and self.place[node][0] in ("value", "values")
            and (not where or self.where(node) == where)
        ]

    def occurrence(
        self, where: str, patterns: Iterable[ast.expr], holes: frozenset[str]
    ) -> tuple[ast.expr, dict[str, ast.expr]] | None:
        """Find a formula, in one of several ways to write it, in a line; return its node and its arguments."""
        inside = [node for line in self._of_name(where)[:1] for node in ast.walk(line) if isinstance(node, ast.expr)]
        for pattern in patterns:
            for node in inside:
                found: dict[str, ast.expr] = {}
                if self.matches(pattern, node, found, holes):
                    return node, found
        return None

    def with_other(self, where: str, node: ast.expr, found: Mapping[str, ast.expr], code: ast.expr) -> ast.expr:
        """Return a line's code with another formula in the place of one that occurs in it."""
        new: ast.expr = filled(code, found)
        (line, *_) = self._of_name(where)
        if node is line:
            return new
        with self.put(node, new):
            return expression(ast.unparse(line))

    def with_line(self, where: str, code: ast.expr) -> CodeType | None:
        """Return the definition with another line under a name, the first one of that name; None if it has none."""
        for line in self._of_name(where):
            with self.put(line, filled(code, {})):
                return self.compiled()
        return None

    def where(self, node: ast.AST) -> str:
        """Return the name that a node is assigned to, or the key under which it is returned."""
        while node in self.parent:
            parent = self.parent[node]
            target: ast.AST | None = None
            if isinstance(parent, ast.Dict) and node in parent.values:
                target = parent.keys[parent.values.index(node)]
            elif isinstance(parent, ast.Assign | ast.AugAssign):
                target = parent.targets[0] if isinstance(parent, ast.Assign) else parent.target
            if target:
                if isinstance(target, ast.Subscript):
                    target = target.slice if isinstance(target.slice, ast.Constant | ast.JoinedStr) else target.value
                if isinstance(target, ast.JoinedStr):
                    target = target.values[0]
                return str(getattr(target, "id", "") or getattr(target, "value", ""))
            node = parent
        return ""

    def compiled(self) -> CodeType:
        """Return the definition as it is now, compiled."""
        return compile(self.tree, "<mutant>", "exec")

    @contextmanager
    def put(self, node: ast.AST, new: ast.AST) -> Iterator[None]:
        """Put another node in the place of one for a while."""
        name, k = self.place[node]
        of = self.parent[node]
        if new not in self.parent:
            ast.fix_missing_locations(ast.copy_location(new, node))
        try:
            _set(of, name, k, new)
            yield
        finally:
            _set(of, name, k, node)


def _set(of: ast.AST, name: str, k: int | None, node: ast.AST) -> None:
    if k is None:
        setattr(of, name, node)
    else:
        getattr(of, name)[k] = node


def filled(node: Any, found: Mapping[str, ast.expr]) -> Any:
    """Return a copy of a replacement in which the holes are filled."""
    if isinstance(node, ast.Name):
        return found.get(node.id) or ast.Name(node.id, node.ctx)
    if isinstance(node, list):
        return [filled(each, found) for each in node]
    if isinstance(node, ast.AST) and node._fields:
        return type(node)(*(filled(getattr(node, name), found) for name in node._fields))
    return node
