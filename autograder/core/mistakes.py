"""Mistakes: the same formula with one thing wrong, and the kinds of them that several equations share.

A mistake is a function like the reference, so that it can be tested: its numbers differ from the right ones, and no two
mistakes of one equation agree. Where a wrong formula fits only square matrices it raises on the other cases, as the
student's does; the square case, on which all sizes are equal, tells such formulas apart. The libraries themselves stand
with their questions, in `autograder.core.questions`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.arrays import Array

Function = Callable[..., Any]


@dataclass(frozen=True)
class Mistake:
    """One way to get an equation wrong.

    Attributes
    ----------
    id : from the list of mistake ids
    function : takes the equation's arguments and returns the wrong answer
    erratum : the published mistake that this is, such as "E16", or ""
    where : in a composite function, the equation that is wrong, such as "dZ1"
    changes : for a mistake that changes a right answer afterwards (a factor, a transpose), that change of an array;
        such a mistake can come on top of another
    """

    id: str
    function: Function
    erratum: str = ""
    where: str = ""
    changes: Callable[[Array, int], Array] | None = None


def after(id: str, right: Function, change: Callable[[Array, int], Array], erratum: str = "") -> Mistake:
    """Make the mistake of changing a right answer; `change` gets the array and m."""

    def wrong(*arguments: Array) -> Array:
        return change(np.asarray(right(*arguments)), arguments[-1].shape[-1])

    return Mistake(id, wrong, erratum, changes=change)


def factors(right: Function, *, averaged: bool, erratum: str = "") -> tuple[Mistake, ...]:
    """Return the mistakes of a wrong factor in a gradient that is averaged over examples, or is not."""
    mean: tuple[Mistake, ...]
    if averaged:
        mean = (
            after("missing-mean", right, lambda r, m: r * m, erratum),
            after("averaged-twice", right, lambda r, m: r / m),
        )
    else:
        mean = (after("averaged-too-early", right, lambda r, m: r / m, erratum),)
    return (
        *mean,
        after("sign-flipped", right, lambda r, m: -r),
        after("factor-of-two", right, lambda r, m: 2 * r),
        after("factor-of-two", right, lambda r, m: r / 2),
    )


def weight_gradient(right: Function) -> tuple[Mistake, ...]:
    """Return the mistakes of dW(dZ, A) = 1/m dZ A^T."""

    def m(dZ: Array) -> int:
        return int(dZ.shape[1])

    return (
        *factors(right, averaged=True),
        after("transposed", right, lambda r, m: r.T),
        Mistake("mean-over-wrong-axis", lambda dZ, A: dZ @ A.T / len(dZ)),
        Mistake("mean-over-wrong-axis", lambda dZ, A: dZ @ A.T / len(A)),
        Mistake("divided-by-wrong-size", lambda dZ, A: dZ @ A.T / dZ.size),
        Mistake("divided-by-wrong-size", lambda dZ, A: dZ @ A.T / A.size),
        Mistake("transpose-missing", lambda dZ, A: dZ @ A / m(dZ)),
        Mistake("transpose-missing", lambda dZ, A: dZ.T @ A.T / m(dZ)),
        Mistake("factors-swapped", lambda dZ, A: A.T @ dZ / m(dZ), "E17"),
        Mistake("factors-swapped", lambda dZ, A: A @ dZ / m(dZ)),
        Mistake("elementwise-for-matmul", lambda dZ, A: dZ * A / m(dZ)),
        Mistake("elementwise-for-matmul", lambda dZ, A: dZ * A.T / m(dZ)),
        Mistake("elementwise-for-matmul", lambda dZ, A: np.sum(dZ * A) / m(dZ)),
        Mistake(
            "elementwise-for-matmul",
            lambda dZ, A: np.sum(dZ * A, axis=1, keepdims=True) / m(dZ),
        ),
    )


def bias_gradient(right: Function, erratum: str) -> tuple[Mistake, ...]:
    """Return the mistakes of db(dZ) = 1/m dZ 1."""
    return (
        *factors(right, averaged=True, erratum=erratum),
        after("transposed", right, lambda r, m: r.T),
        after("keepdims-dropped", right, lambda r, m: r.ravel()),
        Mistake("mean-over-wrong-axis", lambda dZ: np.sum(dZ, axis=1, keepdims=True) / len(dZ)),
        Mistake("divided-by-wrong-size", lambda dZ: np.sum(dZ, axis=1, keepdims=True) / dZ.size),
        Mistake("summed-wrong-axis", lambda dZ: np.sum(dZ, axis=0, keepdims=True) / dZ.shape[1], "E16"),
        Mistake("summed-wrong-axis", lambda dZ: np.sum(dZ, axis=0) / dZ.shape[1]),
        Mistake("summed-wrong-axis", lambda dZ: np.mean(dZ, axis=0, keepdims=True)),
        Mistake("summed-wrong-axis", lambda dZ: np.mean(dZ, axis=0)),
        Mistake("summed-wrong-axis", lambda dZ: np.sum(dZ) / dZ.shape[1]),
        Mistake("summed-wrong-axis", lambda dZ: np.mean(dZ)),
        Mistake("not-summed", lambda dZ: dZ, "E4"),
        Mistake("not-summed", lambda dZ: dZ / dZ.shape[1]),
    )


WEIGHTED_INPUT = (
    Mistake("term-missing", lambda W, b, A: W @ A),
    Mistake("sign-flipped", lambda W, b, A: W @ A - b),
    Mistake("transpose-missing", lambda W, b, A: W.T @ A + b),
    Mistake("factors-swapped", lambda W, b, A: A @ W + b),
    Mistake("elementwise-for-matmul", lambda W, b, A: W * A + b),
)
"""The mistakes of Z(W, b, A) = W A + b."""


def pairs(singles: tuple[Mistake, ...]) -> tuple[Mistake, ...]:
    """Return two mistakes at once: one in the formula, and a change of its answer on top."""
    return tuple(
        Mistake(f"{first.id}+{second.id}", _on_top(first.function, second.changes), where=first.where)
        for first in singles
        for second in singles
        if second.changes is not None and second is not first and second.id != first.id
    )


def _on_top(function: Function, change: Callable[[Array, int], Array]) -> Function:
    def wrong(*arguments: Array) -> Array:
        return change(np.asarray(function(*arguments)), arguments[-1].shape[-1])

    return wrong
