"""The rules by which a right formula becomes a wrong one: the rows of `rules.txt`, and their patterns.

A row is the id of a mistake, what is written, and what stands there instead. In a pattern `a`, `b`, `c` and `d` stand
for any expression, `x` for an array with a name, `k` for a number, `i` for an index, `S` for a size (alone: one that
something is divided by), `F` for any function, and `R` for all that is assigned or returned under one name. In a
replacement `y` is every array that has a name by then, `j` every index, and `N` the number of examples. A row with
`[mean]` is for lines that divide by a size, with `[sum]` for those that sum; `no` for the others. The order is that of
how often people do it: where two changes give the same numbers, the first one names the mistake.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

TABLE = files("autograder.core").joinpath("rules.txt").read_text(encoding="utf-8")


class Rule(NamedTuple):
    """A row of the table."""

    id: str
    condition: str
    pattern: ast.expr
    replacements: tuple[ast.expr, ...]


def expression(text: str) -> ast.expr:
    """Return the syntax tree of an expression."""
    return ast.parse(text.strip(), mode="eval").body


def _rows(table: str) -> Iterator[tuple[str, str]]:
    """Yield the text before and after the colon of each row; an indented line continues the last."""
    for row in filter(None, re.sub(r"\n +", " ", table).splitlines()):
        head, _, rest = row.partition(": ")
        yield head, rest


def beliefs_in(table: str) -> Iterator[tuple[str, str, str]]:
    """Yield the mistakes of a table of beliefs, one for each code: the id, the name of the line, and the code.

    Of a change of the text it is `old -> new`, also where the row has the old text once for several.
    """
    for head, codes in _rows(table):
        id, _, where = head.partition(" in ")
        old = ""
        for code in codes.split(" | "):
            before, arrow, _ = code.partition(" -> ")
            old = f"{before} -> " if arrow else old
            yield id, where, code if arrow else old + code


def changed(texts: Iterable[str], changes: str) -> str:
    """Return the first of several texts that has all old parts, with every `old -> new ; ...` applied."""
    pairs = [change.split(" -> ") for change in changes.split(" ; ")]
    text = next(text for text in texts if all(old in text for old, _ in pairs))
    for old, new in pairs:
        text = text.replace(old, new)
    return text


@cache
def rules() -> tuple[Rule, ...]:
    """Return the rows of the table."""
    return tuple(map(_rule, *zip(*_rows(TABLE), strict=True)))


def _rule(head: str, change: str) -> Rule:
    id, _, condition = head.partition(" ")
    pattern, _, replacements = change.partition(" -> ")
    return Rule(id, condition.strip("[]"), expression(pattern), tuple(map(expression, replacements.split(" | "))))
