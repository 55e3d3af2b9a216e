"""Mistakes as changes of a formula's code: one table of rules, and the matcher that reads it.

A wrong formula is nearly always the right one with one thing in it changed. A rule says what is written in the place
of what, and the id of that mistake; it applies wherever its pattern fits, in every way to write a formula and in every
line of a longer one.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import permutations
from types import CodeType
from typing import NamedTuple

from autograder.core.definition import HOLES, Definition, filled
from autograder.core.rules import expression, rules

Written = tuple[type[ast.AST], str, str]
"""What is assigned, or returned, under one name: which of the two, the name, and the code."""


class Mutant(NamedTuple):
    """A changed definition: the id of the mistake, the name of the line that it spoils, and the code."""

    id: str
    where: str
    code: CodeType


@cache
def _rules_by_root() -> Mapping[type[ast.AST] | str, tuple[int, ...]]:
    """Return the numbers of the rules by the kind of node, or the hole, that their pattern begins with."""
    found: dict[type[ast.AST] | str, list[int]] = {}
    for number, rule in enumerate(rules()):
        is_hole = isinstance(rule.pattern, ast.Name) and rule.pattern.id in HOLES
        found.setdefault(rule.pattern.id if is_hole else type(rule.pattern), []).append(number)  # type: ignore[attr-defined]
    return {root: tuple(numbers) for root, numbers in found.items()}


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


class Source(Definition):
    """A definition, and the places where rules apply in it."""

    def __init__(self, tree: ast.Module, keys: Mapping[str, Sequence[str]]) -> None:
        """Find where which rules may begin."""
        super().__init__(tree, keys)
        self.lines = {(type(self.parent[n]), self.where(n), ast.unparse(n)) for n in self.whole}
        self.starts: dict[int, list[ast.AST]] = {}
        for node in self.nodes:
            for number in self._numbers(node):
                self.starts.setdefault(number, []).append(node)

    def _numbers(self, node: ast.AST) -> Iterator[int]:
        table = _rules_by_root()
        if isinstance(node, ast.expr) and node not in self.in_index:
            yield from table.get(type(node), ())
            yield from (
                number
                for hole in ("a", "x", "k", "S", "R")
                if self.fills(hole, node) and (hole != "S" or self.divides(node))
                for number in table.get(hole, ())
            )
        elif self.fills("i", node):
            yield from table.get("i", ())

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
            has = any(isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div) and self.is_size(n.right) for n in inner)
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
        """Yield a replacement with its holes filled, in every way, with the id of each mistake."""
        names = {n.id for n in ast.walk(replacement) if isinstance(n, ast.Name)}
        fills: list[Mapping[str, ast.expr]] = [found]
        if "y" in names:
            fills = [{**found, "y": other} for other in self._arrays(node)]
        elif "j" in names:
            fills = [{**found, "j": other} for other in self.indices]
        elif "N" in names:
            fills = [{**found, "N": self._examples()}]
        for fill in fills:
            if id == "wrong-argument" and "y" in fill:
                name, other = ast.unparse(fill["x"]), ast.unparse(fill["y"])
                if name != other:
                    yield filled(replacement, fill), _taken_for(name, other)
            else:
                yield filled(replacement, fill), id

    def _examples(self) -> ast.expr:
        return expression("m" if "m" in self.sizes else f"{self.last}.shape[-1]")

    def _arrays(self, node: ast.AST) -> Iterator[ast.expr]:
        line = getattr(node, "lineno", 0)
        for name, first in self.first.items():
            if first < line and name not in self.scalars:
                if name in self.keys:
                    yield from (expression(f"{name}[{key!r}]") for key in self.keys[name])
                else:
                    yield ast.Name(name, ast.Load())

    def reordered(self) -> Iterator[tuple[ast.AST, ast.AST, str]]:
        """Yield results in another order, and loops that end early."""
        for node in self.nodes:
            if isinstance(node, ast.For):
                yield node, ast.For(node.target, node.iter, [*node.body, ast.Break()], []), "wrong-range"
            elif isinstance(node, ast.Tuple) and isinstance(self.parent[node], ast.Return | ast.Tuple):
                if isinstance(node.ctx, ast.Load) and len(node.elts) <= 3:
                    for order in list(permutations(node.elts))[1:]:
                        yield node, ast.Tuple(list(order), ast.Load()), "results-swapped"
            elif isinstance(node, ast.Dict):
                for k in range(1, len(node.keys)):
                    keys = [*node.keys[: k - 1], node.keys[k], node.keys[k - 1], *node.keys[k + 1 :]]
                    yield node, ast.Dict(keys, node.values), "results-swapped"

    def changed(self, node: ast.AST, new: ast.AST, id: str, taken: set[Written]) -> Iterator[Mutant]:
        """Yield the definition with another node in the place of one, unless that has been seen."""
        where = self.where(node)
        with self.put(node, new):
            line = self._line(node, new, where)
            code = None if line in taken else self.compiled()
        if code:
            taken.add(line)
            yield Mutant(id, where, code)

    def _line(self, node: ast.AST, new: ast.AST, where: str) -> Written:
        """Return the line that a node is in, as it is with another in its place."""
        top, of = new, self.parent[node]
        while not isinstance(of, ast.stmt | ast.Dict):
            top, of = of, self.parent[of]
        return type(of), where, ast.unparse(top)


def _layer(name: str) -> str:
    """Return the number of an array's layer as its name has it, W2, dZ1 or change_of_A1; the input is layer 0."""
    numbered = re.search(r"(?:\b|_)d?[A-Za-z]_?(\d+)\b", name)
    return numbered[1] if numbered else "0" if name in ("X", "x") else ""


def _taken_for(name: str, other: str) -> str:
    """Return the id of taking one array, or share, for another."""
    if name.startswith("beta") and other.startswith("beta"):
        return "betas-swapped"
    layers = {_layer(name), _layer(other)}
    return "wrong-layer" if len(layers) == 2 and "" not in layers else "wrong-argument"
