"""Draw the inputs on which a function is judged.

All arrays of a case come from one real forward and backward pass, so A1 really is tanh(Z1), and an answer that is right
by another route is right. Sizes differ pairwise, so that a wrong product is refused, or has a wrong shape.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from course_lib import two_layer
from course_lib.equations import Equation

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """One set of inputs.

    Attributes
    ----------
    sizes : n0, n1, n2 and m
    values : every named array of the pass, of which an equation takes its arguments
    diagnostic : True for the case with all sizes equal, on which nearly every wrong product has a value: it names
        mistakes, and never decides whether an answer is right
    """

    sizes: Mapping[str, int]
    values: Values
    diagnostic: bool = False

    def arguments(self, equation: Equation) -> dict[str, Any]:
        """Return the equation's arguments in order."""
        return {name: self.values[name] for name in equation.arguments}


def two_layer_pass(n0: int, n1: int, n2: int, m: int, rng: np.random.Generator) -> dict[str, Any]:
    """Draw a two-layer network with data, and run it forwards and backwards.

    Every batch has a negative and a large entry in X. Outputs stay away from 0 and 1.
    """
    X = rng.standard_normal((n0, m))
    X[0, 0], X[-1, -1] = -2.5, 6.0
    parameters = {
        "W1": 0.6 * rng.standard_normal((n1, n0)),
        "b1": 0.5 * rng.standard_normal((n1, 1)),
        "W2": rng.standard_normal((n2, n1)),
        "b2": 0.5 * rng.standard_normal((n2, 1)),
    }
    Y = rng.integers(0, 2, (n2, m)).astype(float)
    Y[0, 0] = 1 - Y[-1, -1] if Y.size > 1 else Y[0, 0]
    A2, cache = two_layer.forward_propagation(X, parameters)
    dZ2 = two_layer.dZ2(A2, Y)
    dA1 = two_layer.dA1(parameters["W2"], dZ2)
    return {
        "X": X,
        "Y": Y,
        **parameters,
        **cache,
        "dA2": two_layer.dA2(A2, Y),
        "dZ2": dZ2,
        "dA1": dA1,
        "dZ1": two_layer.dZ1(dA1, cache["Z1"]),
        "parameters": parameters,
        "cache": cache,
        "grads": two_layer.backward_propagation(parameters, cache, X, Y),
        "learning_rate": 0.3 + 0.5 * rng.random(),
    }


@lru_cache(maxsize=16)
def draw(seed: int) -> tuple[Case, ...]:
    """Draw the cases of a seed: two with all sizes different, one with m = 1, one with n2 = 1, and the diagnostic one.

    Parameters
    ----------
    seed : the same seed gives the same cases

    Returns
    -------
    five cases, the diagnostic one last
    """
    rng = np.random.default_rng([seed, 2024])

    def sizes(**fixed: int) -> dict[str, int]:
        free = [name for name in ("n0", "n1", "n2", "m") if name not in fixed]
        drawn = rng.choice(np.arange(2, 8), size=len(free), replace=False)
        return {**dict(zip(free, (int(n) for n in drawn), strict=True)), **fixed}

    drawn = [sizes(), sizes(), sizes(m=1), sizes(n2=1)]
    cases = [Case(size, two_layer_pass(**size, rng=rng)) for size in drawn]
    square = {"n0": 3, "n1": 3, "n2": 3, "m": 3}
    return (*cases, Case(square, two_layer_pass(**square, rng=rng), diagnostic=True))
