"""How many operations the passes of a network take: two formulas, and numbers that count what is done to them."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from course_lib.arrays import Array


def forward_operations(sizes: Sequence[int], m: int) -> int:
    """Return how many multiplications and additions a forward pass takes, F = 2m Σ n_l n_(l-1).

    Parameters
    ----------
    sizes : n0, n1, ..., nL
    m : number of examples

    Returns
    -------
    number, without the evaluations of activation functions

    >>> forward_operations((3, 4, 2), m=5)
    200
    """
    return 2 * m * sum(n * n_prev for n_prev, n in pairwise(sizes))


def backward_operations(sizes: Sequence[int], m: int) -> int:
    """Return how many operations a backward pass takes, B = 2F - 2m n_1 n_0 + m (3S + 2 n_L).

    S is the number of hidden units. B < 3.5 F, whatever the sizes.

    Parameters
    ----------
    sizes : n0, n1, ..., nL
    m : number of examples

    Returns
    -------
    number, for slopes that are taken from A and dZ[L] = A[L] - Y, without dA[0]

    >>> backward_operations((3, 4, 2), m=5)
    360
    """
    hidden = sum(sizes[1:-1])
    return 2 * forward_operations(sizes, m) - 2 * m * sizes[1] * sizes[0] + m * (3 * hidden + 2 * sizes[-1])


class Counted:
    """A number that counts the operations of which it is a part; arrays of such numbers go through numpy.

    >>> A = counted(np.ones((2, 3)))
    >>> _, done = count(lambda: A @ A.T)
    >>> done
    {'multiply': 12, 'add': 8}
    """

    done: dict[str, int] = {}

    def __init__(self, value: float) -> None:
        self.value = value

    def _do(self, name: str, value: float) -> "Counted":
        Counted.done[name] = Counted.done.get(name, 0) + 1
        return Counted(value)

    def __add__(self, other: Any) -> "Counted":
        return self._do("add", self.value + getattr(other, "value", other))

    __radd__ = __add__  # `sum` begins with 0

    def __sub__(self, other: Any) -> "Counted":
        return self._do("add", self.value - getattr(other, "value", other))

    def __rsub__(self, other: Any) -> "Counted":
        return self._do("add", other - self.value)

    def __mul__(self, other: Any) -> "Counted":
        return self._do("multiply", self.value * getattr(other, "value", other))

    def __truediv__(self, other: Any) -> "Counted":
        return self._do("divide", self.value / getattr(other, "value", other))

    def tanh(self) -> "Counted":
        """Return tanh of the number, one evaluation of a function; `np.tanh` calls it."""
        return self._do("function", float(np.tanh(self.value)))


def counted(M: Array) -> Array:
    """Return an array of numbers that count.

    Parameters
    ----------
    M : array of any shape

    Returns
    -------
    array of objects, of the same shape
    """
    return np.array([Counted(value) for value in M.flat], dtype=object).reshape(M.shape)


def values(M: Array) -> Array:
    """Return the plain numbers of an array of numbers that count.

    Parameters
    ----------
    M : array of `Counted`, of any shape

    Returns
    -------
    array of the same shape
    """
    return np.array([entry.value for entry in M.flat]).reshape(M.shape)


def count(work: Callable[[], Any]) -> tuple[Any, dict[str, int]]:
    """Do a piece of work, and count its operations.

    Parameters
    ----------
    work : function without arguments

    Returns
    -------
    result : what the work returns
    done : number of operations by kind: multiply, add (and subtract), divide, function
    """
    Counted.done = {}
    result = work()
    return result, dict(Counted.done)
