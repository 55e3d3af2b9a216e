"""Mistakes on the way back that one example, two layers and many layers share, made out of those of smaller questions.

A wrong slope of an activation function is a wrong dZ, so the library of the one gives most of the library of the other.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.core.compare import ROUNDING, same
from autograder.core.mistakes import Function, Mistake
from autograder.core.questions import activation, neuron, two_layer
from course_lib.arrays import Array

_KNOWN = {asked.id: asked.mistakes for asked in (*neuron.QUESTIONS, *activation.QUESTIONS, *two_layer.QUESTIONS)}


def known(id: str) -> tuple[Mistake, ...]:
    """Return the mistakes of a question on one neuron, an activation function or the two-layer network."""
    return _KNOWN[id]


class _Result:
    """What a function returned, or None; and its largest entry, which alone tells most results apart, and quickly."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.entries = [] if value is None else value.ravel().tolist()
        finite = bool(self.entries) and bool(np.all(np.isfinite(value)))
        self.largest = int(np.argmax(np.abs(value))) if finite else -1

    def is_(self, expected: "_Result") -> bool:
        """Tell whether both are nothing, or the same numbers."""
        if self.value is None or expected.value is None:
            return self.value is expected.value
        one, other, k = self.value, expected.value, expected.largest
        if one.size == other.size == 1:
            one = one.reshape(other.shape)
        if one.shape != other.shape:
            return False
        # More than `same` allows anywhere: what is further apart is not the same.
        if k >= 0 and abs(self.entries[k] - expected.entries[k]) > 1e-3 * abs(expected.entries[k]) + ROUNDING:
            return False
        return same(one, other)


def _result(function: Function, arguments: Sequence[Any]) -> _Result:
    try:
        with np.errstate(all="ignore"):
            return _Result(np.asarray(function(*arguments)))
    except (ValueError, IndexError):
        return _Result(None)


def telling(mistakes: Sequence[Mistake], right: Function, *samples: Sequence[Any]) -> tuple[Mistake, ...]:
    """Keep the mistakes that show on some sample of arguments, and of those with the same numbers the first.

    Parameters
    ----------
    mistakes : most likely first
    right : the function that they get wrong; it returns one array
    samples : arguments of it, of the shapes that the question draws

    Returns
    -------
    the mistakes that can be told from the right answer and from each other
    """
    expected = [_result(right, sample) for sample in samples]
    kept: list[tuple[Mistake, list[_Result]]] = []

    def agree(one: Sequence[_Result], other: Sequence[_Result]) -> bool:
        return all(a.is_(b) for a, b in zip(one, other, strict=True))

    nothing = _Result(None)
    for mistake in mistakes:
        found = [_result(mistake.function, sample) for sample in samples]
        shows = not agree([nothing if f.value is None else e for e, f in zip(expected, found, strict=True)], found)
        if shows and not any(agree(earlier, found) for _, earlier in kept):
            kept.append((mistake, found))
    return tuple(mistake for mistake, _ in kept)


_OF_THE_WHOLE = frozenset(["matmul-for-elementwise", "transposed", "not-elementwise", "summed-too-early", "overflow"])
"""Mistakes of a slope that say little about dZ: they mix or lose entries before dA comes in."""


def _with_slope(wrong_slope: Function) -> Function:
    return lambda dA, Z: dA * wrong_slope(Z)


def through(slope: Function, id: str, *own: Mistake) -> tuple[Mistake, ...]:
    """Return the mistakes of dZ = dA * g'(Z), without those of a mean over examples.

    Parameters
    ----------
    slope : g'
    id : of the question that asks for g'
    own : further ones that only this activation has, likelier than the rest
    """

    def right(dA: Array, Z: Array) -> Any:
        return dA * slope(Z)

    wrong_place = "derivative-of-activation-taken-at-the-wrong-place"
    return (
        Mistake("activation-derivative-missing", lambda dA, Z: dA),
        *own,
        Mistake("sign-flipped", lambda dA, Z: -right(dA, Z)),
        *(replace(m, function=_with_slope(m.function), changes=None) for m in known(id) if m.id not in _OF_THE_WHOLE),
        Mistake(wrong_place, lambda dA, Z: dA * slope(dA)),
        Mistake(wrong_place, lambda dA, Z: dA * (1 - dA**2)),
        Mistake(wrong_place, lambda dA, Z: dA * Z * (1 - Z)),
        Mistake("arguments-swapped", lambda dA, Z: Z * slope(dA)),
        Mistake("factor-missing", lambda dA, Z: slope(Z)),
        Mistake("factor-twice", lambda dA, Z: dA * slope(Z) ** 2),
        Mistake("factor-twice", lambda dA, Z: dA**2 * slope(Z)),
        Mistake("matmul-for-elementwise", lambda dA, Z: dA @ slope(Z), "E36"),
        Mistake("matmul-for-elementwise", lambda dA, Z: dA @ slope(Z).T),
        Mistake("matmul-for-elementwise", lambda dA, Z: dA.T @ slope(Z)),
        Mistake("matmul-for-elementwise", lambda dA, Z: slope(Z) @ dA),
        Mistake("matmul-for-elementwise", lambda dA, Z: slope(Z) @ dA.T),
        Mistake("matmul-for-elementwise", lambda dA, Z: slope(Z).T @ dA),
        Mistake("summed-too-early", lambda dA, Z: np.sum(right(dA, Z))),
        Mistake("summed-too-early", lambda dA, Z: np.sum(right(dA, Z), axis=0, keepdims=True)),
        Mistake("summed-too-early", lambda dA, Z: np.sum(right(dA, Z), axis=1, keepdims=True)),
        Mistake("summed-too-early", lambda dA, Z: np.mean(right(dA, Z))),
        Mistake("divided-by-wrong-size", lambda dA, Z: right(dA, Z) / len(Z)),
        Mistake("divided-by-wrong-size", lambda dA, Z: right(dA, Z) / Z.size),
    )
