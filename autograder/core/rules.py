"""The rules by which a right formula becomes a wrong one: the rows of `rules.txt`, and what their patterns mean.

A row is the id of a mistake, what is written, and what stands there instead. In a pattern `a`, `b`, `c` and `d` stand
for any expression, `x` for an array with a name, `k` for a number, `i` for an index, `S` for a size, `F` for any
function, and `R` for all that is assigned or returned under one name. In a replacement `y` is every array that has a
name by then, `j` every index, and `N` the number of examples. A row with `[mean]` is for lines that divide by a size,
with `[sum]` for those that sum; `no` for the others. The order is that of how often people do it: where two changes
give the same numbers, the first one names the mistake.
"""

import ast
import re
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


def rows(table: str) -> list[tuple[str, str, str]]:
    """Return the rows of a table of mistakes, one for each code: the id, the name of the line, and the code."""
    found = []
    for row in filter(None, map(str.strip, re.sub(r"\n\s*\|", " |", table).splitlines())):
        head, _, codes = row.partition(": ")
        id, _, where = head.partition(" in ")
        found += [(id, where, code) for code in codes.split(" | ")]
    return found


@cache
def rules() -> tuple[Rule, ...]:
    """Return the rows of the table."""
    rows = []
    for row in re.sub(r"\n\s*\|", " |", TABLE).strip().splitlines():
        head, _, change = row.partition(": ")
        id, _, condition = head.partition(" ")
        pattern, _, replacements = change.partition(" -> ")
        written = tuple(map(expression, replacements.split(" | ")))
        rows.append(Rule(id, condition.strip("[]"), expression(pattern), written))
    return tuple(rows)
