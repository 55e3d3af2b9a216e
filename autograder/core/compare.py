"""When two arrays are the same answer."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from course_lib.arrays import Array


class Tolerance(NamedTuple):
    """An entry may differ by `relative` times its own size plus `scale` times the largest entry."""

    relative: float
    scale: float


TOLERANCES: Mapping[str, Tolerance] = MappingProxyType(
    {
        "float64": Tolerance(1e-5, 1e-8),
        "float32": Tolerance(1e-4, 1e-5),
    }
)
"""By the dtype of the answer; integers, booleans and complex numbers go by float64.

Rounding in these small sums stays under 1e-12 of the largest entry in float64 and under 1e-6 in float32. An answer by
central differences, right by another route, is off by up to 1e-9 of it. An answer that is 0.05 % off is 5e-4 off, five
times the widest relative tolerance.
"""


ROUNDING = 1e-14
"""What any answer may be off: where all that is right is 0, rounding is all that there is. Cases are of the order 1."""


def same(answer: Array, expected: Array) -> bool:
    """Return whether an answer of the right shape has the right numbers.

    Parameters
    ----------
    answer, expected : arrays; different shapes are different answers

    Returns
    -------
    bool
    """
    if answer.shape != expected.shape:
        return False
    if not np.isfinite(np.max(np.abs(expected), initial=0.0)):
        return bool(np.array_equal(answer, expected, equal_nan=True))
    return not wrong_entries(answer, expected).any()


def wrong_entries(answer: Array, expected: Array) -> Any:
    """Return which entries are wrong, for arrays of one shape and finite expected ones; NaN and inf are wrong."""
    tolerance = TOLERANCES["float32" if answer.dtype == np.float32 else "float64"]
    with np.errstate(all="ignore"):
        sizes = np.abs(expected)
        allowed = tolerance.relative * sizes + (tolerance.scale * np.max(sizes, initial=0.0) + ROUNDING)
        numbers = answer if answer.dtype == np.float64 else answer.astype(complex)
        return ~(np.abs(numbers - expected) <= allowed)
