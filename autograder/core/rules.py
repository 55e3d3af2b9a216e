"""The rules by which a right formula becomes a wrong one, and what their patterns mean.

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
from typing import NamedTuple

TABLE = """
missing-mean: a / S -> a
missing-mean: 1 / S * a -> a
missing-mean: np.mean(a, axis=b, keepdims=c) -> np.sum(a, axis=b, keepdims=c)
missing-mean: np.mean(a) -> np.sum(a)
transpose-missing: a.T -> a
factors-swapped: a @ b -> b @ a
factors-swapped: a @ b.T -> b @ a
factors-swapped: a.T @ b -> b @ a
factors-swapped: np.dot(a, b) -> np.dot(b, a)
elementwise-for-matmul: a @ b -> a * b
elementwise-for-matmul: a @ b.T -> a * b
elementwise-for-matmul: a.T @ b -> a * b
elementwise-for-matmul: a @ b -> a.T * b | a * b.T
elementwise-for-matmul: a.T @ b -> a.T * b.T
elementwise-for-matmul: a @ b.T -> np.sum(a * b) | np.sum(a * b, axis=1, keepdims=True)
summed-wrong-axis: a.T @ b -> np.sum(a * b, axis=1, keepdims=True)
sign-flipped: R -> -R
factor-of-two: R -> 2 * R | R / 2
transposed: R -> R.T
averaged-twice [mean]: R -> R / N
missing-mean [mean]: R -> R * N
averaged-too-early [no mean]: R -> R / N
not-summed: np.sum(a, axis=b, keepdims=c) -> a
not-summed: np.mean(a, axis=b, keepdims=c) -> a
not-summed: np.sum(a, axis=b) -> a
not-summed: np.sum(a) -> a
mean-over-wrong-axis: a.shape[1] -> len(a)
mean-over-wrong-axis: S -> len(y)
divided-by-wrong-size: S -> y.size
summed-wrong-axis: F(a, axis=1, keepdims=True) -> F(a, axis=0, keepdims=True) | F(a, axis=0) | F(a)
keepdims-dropped: F(a, axis=b, keepdims=True) -> F(a, axis=b)
summed-wrong-axis: np.sum(a) -> np.sum(a, axis=0) | np.sum(a, axis=1) | np.sum(a, axis=0, keepdims=True)
    | np.sum(a, axis=1, keepdims=True)
summed-wrong-axis: np.sum(a, axis=k) -> np.sum(a, axis=0) | np.sum(a, axis=1) | np.sum(a, axis=2) | np.sum(a)
sign-flipped: -a -> a
sign-flipped: a - b -> a + b | b - a
sign-flipped: a + b -> a - b
term-missing: a + b -> a | b
term-missing: a - b -> a | b | -b
factor-of-two: a - b * c -> a - 2 * b * c | a - b * c / 2
activation-derivative-missing: a * (1 - np.tanh(b) ** 2) -> a
activation-derivative-missing: a * (1 - x ** 2) -> a
activation-derivative-missing: x * (b > 0) -> x
one-branch-only: np.where(a, b, c) -> b | c
factor-missing: a * b -> a | b
factor-missing: a @ b -> a | b
wrong-operation: a / b -> a * b
factor-missing: a / b -> a | b
factor-missing: a ** k -> a
function-missing: F(a) ** k -> k
activation-for-its-derivative: 1 - np.tanh(a) ** 2 -> np.tanh(a)
derivative-of-activation-taken-at-the-wrong-place: 1 - np.tanh(a) ** 2 -> 1 - a ** 2 | tanh_prime(np.tanh(a))
    | a * (1 - a)
activation-for-its-derivative: sigmoid(a) * (1 - sigmoid(a)) -> sigmoid(a)
derivative-of-activation-taken-at-the-wrong-place: sigmoid(a) * (1 - sigmoid(a)) -> a * (1 - a) | a * (1 - sigmoid(a))
    | sigmoid(a) * (1 - a) | sigmoid_prime(sigmoid(a))
wrong-activation: sigmoid(a) * (1 - sigmoid(a)) -> tanh_prime(a) | relu_prime(a) | 1 - sigmoid(a) ** 2
wrong-activation: 1 - np.tanh(a) ** 2 -> sigmoid_prime(a) | relu_prime(a) | 1 - sigmoid(a) ** 2
    | np.tanh(a) * (1 - np.tanh(a))
wrong-activation: np.tanh(a) -> sigmoid(a) | relu(a) | a
wrong-activation: 1 / (1 + np.exp(-a)) -> np.tanh(a) | relu(a) | a | (a > 0) * 1.0
wrong-activation: sigmoid(a) -> np.tanh(a) | relu(a) | a | (a > 0) * 1.0
wrong-activation: np.maximum(0, a) -> np.tanh(a) | sigmoid(a) | a | leaky_relu(a) | np.abs(a)
derivative-for-the-function: np.tanh(a) -> tanh_prime(a)
derivative-for-the-function: 1 / (1 + np.exp(-a)) -> sigmoid_prime(a)
derivative-for-the-function: np.maximum(0, a) -> relu_prime(a)
matmul-for-elementwise: a * b -> a @ b | a @ b.T | a.T @ b | b @ a | b @ a.T | b.T @ a
wrong-bracket: (a + b) * c -> a + b * c
wrong-bracket: (a - b) * c -> a - b * c
wrong-bracket: a * (b - c) -> a * b - c
wrong-bracket: a * (b + c) -> a * b + c
wrong-bracket: a @ b + c -> a @ (b + c)
wrong-bracket: a @ (b - c) -> a @ b - c
wrong-bracket: (a - b) / c -> a - b / c
wrong-bracket: (a + b) / c -> a + b / c
wrong-bracket: a / (b * c) -> a / b * c
wrong-bracket: a / (b + c) -> a / b + c
wrong-bracket: a / (b - c) -> a / b - c
wrong-bracket: a - b ** k -> (a - b) ** k
wrong-bracket: a - b * c -> (a - b) * c
wrong-bracket: F(a + b) -> F(a) + b
wrong-bracket: F(a - b) -> F(a) - b
wrong-bracket: F(a) ** k -> F(a ** k)
fraction-upside-down: a / b -> b / a
branches-swapped: np.where(a, b, c) -> np.where(a, c, b)
branches-swapped: np.maximum(a, b) -> np.minimum(a, b)
corner-at-the-wrong-place: a > 0 -> a > 1 | a > -1
corner-at-the-wrong-place: np.maximum(0, a) -> np.maximum(1, a) | np.maximum(-1, a)
branches-swapped: a > b -> a < b
branches-swapped: a < b -> a > b
wrong-function: np.exp(a) -> np.log(a) | np.tanh(a)
wrong-logarithm: np.log(a) -> np.log2(a) | np.log10(a)
wrong-function: np.log(a) -> np.exp(a)
function-missing: np.exp(a) -> a
function-missing: np.log(a) -> a
root-missing: np.sqrt(a) -> a
wrong-function: np.sqrt(a) -> np.square(a)
wrong-function: np.tanh(a) -> np.sinh(a) | np.cosh(a) | np.exp(a)
wrong-function: np.sum(a, axis=b, keepdims=c) -> np.max(a, axis=b, keepdims=c)
wrong-function: np.sum(a) -> np.max(a)
wrong-function: np.sum(a, axis=b) -> np.max(a, axis=b)
wrong-function: np.sign(a) -> np.abs(a)
trace-missing: np.trace(a) -> a | np.sum(a) | np.diag(a)
divided-by-wrong-size: np.sum(a) -> np.mean(a)
divided-by-wrong-size: np.sum(a, axis=b) -> np.mean(a, axis=b)
divided-by-wrong-size: np.sum(a, axis=b, keepdims=c) -> np.mean(a, axis=b, keepdims=c)
summed-too-early [no sum]: R -> np.sum(R) | np.mean(R) | np.sum(R, axis=0, keepdims=True)
    | np.sum(R, axis=1, keepdims=True) | np.sum(R, axis=0) | np.sum(R, axis=1) | np.mean(R, axis=1, keepdims=True)
divided-by-wrong-size: R -> R / len(y) | R / y.size
keepdims-dropped: R -> R.ravel()
wrong-operation: a ** k -> k ** a | a * k
arguments-swapped: F(a, b) -> F(b, a)
sign-flipped: a -> -a
transpose-missing: x -> x.T
wrong-argument: x -> y
wrong-index: i -> j | i - 1 | i + 1
wrong-number: a ** k -> a ** (2 * k) | a ** (k + 1)
factor-twice: a * b -> a * b ** 2 | a ** 2 * b
wrong-operation: a + b -> a * b
wrong-operation: a - b -> a * b
wrong-operation: a * b -> a / b | b / a | a + b | a - b
wrong-operation: a @ b -> a + b | a - b
sign-flipped: k -> -k
wrong-number: k -> 2 * k | k / 2 | k + 1 | k - 1 | 1
zero-everywhere: k -> 0 * k
wrong-range: range(a, b, c) -> range(a - 1, b, c) | range(a + 1, b, c) | range(a, b - 1, c) | range(a, b + 1, c)
wrong-range: range(a) -> range(a - 1) | range(1, a)
wrong-number: np.zeros(a) -> np.ones(a)
wrong-number: np.ones(a) -> np.zeros(a)
wrong-range: range(a, b) -> range(a - 1, b) | range(a + 1, b) | range(a, b - 1) | range(a, b + 1)
"""


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
