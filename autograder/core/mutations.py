"""Mistakes as changes of a formula's code: one table of rules, and the matcher that reads it.

A wrong formula is nearly always the right one with one thing in it changed. A rule says what is written in the place
of what, and the id of that mistake; it applies wherever its pattern fits, in every way to write a formula and in every
line of a longer one.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import permutations
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

from autograder.core.rules import expression, rules
from course_lib import activations, losses

NAMESPACE: Mapping[str, Any] = {
    "np": np,
    **{f"{name}_prime": g.prime for name, g in activations.ACTIVATIONS.items()},
    **{name: g.function for name, g in activations.ACTIVATIONS.items()},
    **{name: getattr(losses, name) for name in ("bce_loss", "bce_prime", "mse_loss", "mae_loss", "softplus")},
}
"""What the code of a question, and a rule, may use beside the arguments."""

_ANY, _HOLES = frozenset("abcd"), frozenset("abcdxkiSFR")


Line = tuple[type[ast.AST], str, str]
"""What is assigned, or returned, under one name: which of the two, the name, and the code."""


class Mutant(NamedTuple):
    """A changed definition: the id of the mistake, the name of what it spoils, and the code."""

    id: str
    where: str
    code: CodeType


@cache
def _rules_by_root() -> Mapping[type[ast.AST] | str, tuple[int, ...]]:
    """Return the numbers of the rules by the kind of node, or the hole, that their pattern begins with."""
    found: dict[type[ast.AST] | str, list[int]] = {}
    for number, rule in enumerate(rules()):
        is_hole = isinstance(rule.pattern, ast.Name) and rule.pattern.id in _HOLES
        found.setdefault(rule.pattern.id if is_hole else type(rule.pattern), []).append(number)  # type: ignore[attr-defined]
    return {root: tuple(numbers) for root, numbers in found.items()}


def definition(name: str, parameters: Mapping[str, str], text: str) -> ast.Module:
    """Return the function that a code text stands for; an expression is what it returns.

    >>> print(ast.unparse(definition("dW2", {"dZ2": "", "A1": ""}, "dZ2 @ A1.T / dZ2.shape[1]")))
    def dW2(dZ2, A1):
        return dZ2 @ A1.T / dZ2.shape[1]
    """
    body = text if re.search(r"^\s*return ", text, re.MULTILINE) else f"return {text}"
    head = ", ".join(parameter + default for parameter, default in parameters.items())
    return ast.parse("\n    ".join([f"def {name}({head}):", *body.strip().splitlines()]))


def function_of(code: ast.Module | CodeType, uses: Mapping[str, Any] = NAMESPACE, name: str = "f") -> Any:
    """Return the function that a definition, as a tree or compiled, defines."""
    namespace = dict(uses)
    exec(compile(ast.fix_missing_locations(code), "<code>", "exec") if isinstance(code, ast.AST) else code, namespace)
    return namespace[name]


def mutants(sources: Sequence["Source"]) -> Iterator[Mutant]:
    """Yield every change of a definition by one rule, in the order of the rules.

    Parameters
    ----------
    sources : definitions of one function, in the ways to write it, the usual one first
    """
    taken = {line for source in sources for line in source.lines}
    for number, rule in enumerate(rules()):
        for source in sources:
            for node in source.starts.get(number, ()):
                found: dict[str, ast.expr] = {}
                if not source.matches(rule.pattern, node, found) or not source.allows(rule.condition, node):
                    continue
                for replacement in rule.replacements:
                    for new, id in source.written(rule.id, node, replacement, found):
                        yield from source.changed(node, new, id, taken)
    for source in sources:
        for node, other, id in source.reordered():
            yield from source.changed(node, other, id, taken)


class Source:
    """A definition, taken apart once: what each node is, and what can be written there."""

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
        named = [n.id for n in self.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        for node in self.nodes:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.first.setdefault(node.id, node.lineno)
        self.scalars = self.sizes | set(indices) | {n for n in named if n in ("l", "k", "i", "j")}
        self.keys = {name: list(known) for name, known in keys.items() if name in self.first}
        *_, self.last = (name for name, line in self.first.items() if line == 0)
        self.whole = {node for node in self.nodes if isinstance(node, ast.expr) and self._is_whole(node)}
        self.lines = {(type(self.parent[n]), self.where(n), ast.unparse(n)) for n in self.whole}
        self.starts: dict[int, list[ast.AST]] = {}
        for node in self.nodes:
            for number in self._numbers(node):
                self.starts.setdefault(number, []).append(node)

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

    def _numbers(self, node: ast.AST) -> Iterator[int]:
        table = _rules_by_root()
        if isinstance(node, ast.expr) and node not in self.in_index:
            yield from table.get(type(node), ())
            yield from (
                number
                for hole in ("a", "x", "k", "S", "R")
                if self._fills(hole if hole != "S" else "S at root", node)
                for number in table.get(hole, ())
            )
        elif self._fills("i", node):
            yield from table.get("i", ())

    def _fills(self, hole: str, node: ast.AST) -> bool:
        if hole == "R":
            return node in self.whole
        if hole == "S":
            return self._is_size(node)
        if hole == "S at root":
            return self._is_size(node) and self._divides(node)
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
        elif self._is_size(value) or (isinstance(value, ast.Attribute) and value.attr == "shape"):
            yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name))

    def _is_size(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Name):
            return node.id in self.sizes and isinstance(node.ctx, ast.Load)
        if isinstance(node, ast.Call):
            return isinstance(node.func, ast.Name) and node.func.id == "len"
        return isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr == "shape"

    def _divides(self, node: ast.AST) -> bool:
        """Return whether something is divided by a size, here or under its name."""
        parent = self.parent[node]
        if isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
            name = parent.targets[0].id
            return any(
                isinstance(n, ast.Name) and n.id == name and self._divides(n)
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
        if isinstance(node, ast.Tuple | ast.Dict | ast.DictComp | ast.List) or self._is_size(node):
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
        if not isinstance(node, ast.Name | ast.Subscript | ast.Call | ast.BinOp | ast.Attribute) or self._is_size(node):
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
        """Return whether a pattern fits a node, and note what its holes stand for."""
        if isinstance(pattern, ast.Name) and pattern.id in (holes or _HOLES):
            hole = pattern.id
            if not holes and hole not in _ANY and hole != "F" and not self._fills(hole, node):
                return False
            if hole in found:
                return ast.dump(found[hole]) == ast.dump(node)
            assert isinstance(node, ast.expr)
            found[hole] = node
            return True
        if holes and isinstance(node, ast.Name) and node.id in self.sizes and self._is_size(pattern):
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
        """Return all that is assigned, or returned, under a name; under none, what is returned."""
        kinds = ast.Assign | ast.AugAssign | ast.Dict if where else ast.Return
        return [
            node
            for node in self.nodes
            if isinstance(node, ast.expr)
            and isinstance(self.parent[node], kinds)
            and self.place[node][0] in ("value", "values")
            and (not where or self.where(node) == where)
        ]

    def occurrences(
        self, where: str, patterns: Iterable[ast.expr], holes: frozenset[str]
    ) -> list[tuple[ast.expr, dict[str, ast.expr]]]:
        """Return where in a line a formula stands, and what its arguments are there."""
        known = []
        for pattern in patterns:
            for line in self._of_name(where)[:1]:
                for node in ast.walk(line):
                    found: dict[str, ast.expr] = {}
                    if isinstance(node, ast.expr) and self.matches(pattern, node, found, holes):
                        known.append((node, found))
                        break
        return known

    def with_other(self, where: str, node: ast.expr, code: ast.expr, found: Mapping[str, ast.expr]) -> ast.expr:
        """Return a line's code with another formula in the place of one that occurs in it."""
        new: ast.expr = _filled(code, found)
        (line, *_) = self._of_name(where)
        if node is line:
            return new
        with self._put(node, new):
            return expression(ast.unparse(line))

    def with_line(self, where: str, code: ast.expr) -> CodeType | None:
        """Return the definition with another line under a name, the first one of that name; None if it has none."""
        for line in self._of_name(where):
            with self._put(line, _filled(code, {})):
                return self.compiled()
        return None

    def averages(self) -> bool:
        """Return whether anything is divided by a size."""
        return any(self.allows("mean", line) for line in self.whole)

    def allows(self, condition: str, node: ast.AST) -> bool:
        """Return whether a rule applies to a line: one with a mean or a sum in it, or without."""
        if not condition:
            return True
        while node not in self.whole:
            node = self.parent[node]
        if isinstance(node, ast.Name) and self.first[node.id]:
            return False  # a line of its own says that
        inner = list(ast.walk(node))
        if condition.endswith("mean"):
            has = any(isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div) and self._is_size(n.right) for n in inner)
            has = has or any(isinstance(n, ast.Attribute) and n.attr == "mean" for n in inner)
        else:
            has = any(
                isinstance(n, ast.MatMult)
                or (isinstance(n, ast.Attribute) and n.attr in ("sum", "mean", "trace", "dot"))
                for n in inner
            )
        return has != condition.startswith("no ")

    def written(
        self, id: str, node: ast.AST, replacement: ast.expr, found: Mapping[str, ast.expr]
    ) -> Iterator[tuple[ast.expr, str]]:
        """Yield what a replacement is with the holes filled, in every way, each with the id of that mistake."""
        names = {n.id for n in ast.walk(replacement) if isinstance(n, ast.Name)}
        fills: list[Mapping[str, ast.expr]] = [found]
        if "y" in names:
            fills = [{**found, "y": other} for other in self._arrays(node)]
        elif "j" in names:
            fills = [{**found, "j": other} for other in self.indices]
        elif "N" in names:
            fills = [{**found, "N": self._examples()}]
        for filled in fills:
            if id == "wrong-argument" and "y" in filled:
                name, other = ast.unparse(filled["x"]), ast.unparse(filled["y"])
                if name != other:
                    yield _filled(replacement, filled), _taken_for(name, other)
            else:
                yield _filled(replacement, filled), id

    def _examples(self) -> ast.expr:
        known = [name for name in self.sizes if name == "m"]
        return expression(known[0] if known else f"{self.last}.shape[-1]")

    def _arrays(self, node: ast.AST) -> Iterator[ast.expr]:
        line = getattr(node, "lineno", 0)
        for name, first in self.first.items():
            if first < line and name not in self.scalars:
                if name in self.keys:
                    yield from (expression(f"{name}[{key!r}]") for key in self.keys[name])
                else:
                    yield ast.Name(name, ast.Load())

    def reordered(self) -> Iterator[tuple[ast.AST, ast.AST, str]]:
        """Yield what is returned in another order, loops that end early, and branches in which others stand."""
        for node in self.nodes:
            if isinstance(node, ast.For):
                yield (
                    node,
                    ast.copy_location(ast.For(node.target, node.iter, [*node.body, ast.Break()], []), node),
                    "wrong-range",
                )
            elif isinstance(node, ast.Tuple) and isinstance(self.parent[node], ast.Return | ast.Tuple):
                if isinstance(node.ctx, ast.Load) and len(node.elts) <= 3:
                    for order in list(permutations(node.elts))[1:]:
                        yield node, ast.Tuple(list(order), ast.Load()), "results-swapped"
            elif isinstance(node, ast.Dict):
                for k in range(1, len(node.keys)):
                    keys = [*node.keys[: k - 1], node.keys[k], node.keys[k - 1], *node.keys[k + 1 :]]
                    yield node, ast.Dict(keys, node.values), "results-swapped"

    def where(self, node: ast.AST) -> str:
        """Return the name of what a change spoils: what is assigned there, or the key that it is returned under."""
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

    def changed(self, node: ast.AST, new: ast.AST, id: str, taken: set[Line]) -> Iterator[Mutant]:
        """Yield the definition with another node in the place of one, unless that has been seen."""
        where = self.where(node)
        with self._put(node, new):
            line = self._line(node, new, where)
            code = None if line in taken else self.compiled()
        if code:
            taken.add(line)
            yield Mutant(id, where, code)

    def _line(self, node: ast.AST, new: ast.AST, where: str) -> Line:
        """Return the line that a node is in, as it is with another in its place."""
        top, of = new, self.parent[node]
        while not isinstance(of, ast.stmt | ast.Dict):
            top, of = of, self.parent[of]
        return type(of), where, ast.unparse(top)

    def compiled(self) -> CodeType:
        """Return the definition as it is now, compiled."""
        return compile(self.tree, "<mutant>", "exec")

    @contextmanager
    def _put(self, node: ast.AST, new: ast.AST) -> Iterator[None]:
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


def _filled(node: Any, found: Mapping[str, ast.expr]) -> Any:
    """Return a copy of a replacement in which the holes are filled."""
    if isinstance(node, ast.Name):
        return found.get(node.id) or ast.Name(node.id, node.ctx)
    if isinstance(node, list):
        return [_filled(each, found) for each in node]
    if isinstance(node, ast.AST) and node._fields:
        return type(node)(*(_filled(getattr(node, name), found) for name in node._fields))
    return node


def _layer(name: str) -> str:
    """Return the number of an array's layer as its name has it; the input is layer 0."""
    return re.sub(r"\D", "", name) or ("0" if name in ("X", "x") else "")


def _taken_for(name: str, other: str) -> str:
    """Return the id of taking one array for another."""
    layers = {_layer(name), _layer(other)}
    return "wrong-layer" if len(layers) == 2 and "" not in layers else "wrong-argument"
