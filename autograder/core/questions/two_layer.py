"""Questions on the two-layer network with m examples (ps4)."""

import math
from typing import Any

import numpy as np

from autograder.core.numeric import (
    Network,
    each_entry,
    sigmoid,
    weighted,
)
from autograder.core.question import Values, drawn, opened
from course_lib import two_layer
from course_lib.arrays import Array


def two_layer_pass(n0: int, n1: int, n2: int, m: int, rng: np.random.Generator) -> dict[str, Any]:
    """Draw a two-layer network with data, and run it forwards and backwards.

    Every batch has a negative and a large entry in X. Outputs are `OPEN`.
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
    _, cache = two_layer.forward_propagation(X, parameters)
    scale = opened(cache["Z2"])
    parameters |= {name: scale * parameters[name] for name in ("W2", "b2")}
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


NAMES = "n0 n1 n2 m"
CORNERS: tuple[dict[str, int], ...] = ({}, {}, {"m": 1}, {"n2": 1})
"""The sizes of a two-layer network, and its cases: two with all sizes different, one example, one output."""
draw = drawn(2024, two_layer_pass, NAMES, *CORNERS)

NETWORK = Network(
    "Y",
    Z1="W1 @ X + b1",
    A1="np.tanh(Z1)",
    Z2="W2 @ A1 + b2",
    A2="sigmoid(Z2)",
    J="np.sum(-Y * np.log(A2) - (1 - Y) * np.log(1 - A2)) / Y.shape[1]",
)
FORWARD = """
Z1 = parameters["W1"] @ X + parameters["b1"]
A1 = np.tanh(Z1)
Z2 = parameters["W2"] @ A1 + parameters["b2"]
A2 = 1 / (1 + np.exp(-Z2))
return A2, {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}
"""
BACKWARD = """
m = X.shape[1]
dZ2 = cache["A2"] - Y
dA1 = parameters["W2"].T @ dZ2
dZ1 = dA1 * (1 - cache["A1"] ** 2)
return {
    "dW1": dZ1 @ X.T / m,
    "db1": np.sum(dZ1, axis=1, keepdims=True) / m,
    "dW2": dZ2 @ cache["A1"].T / m,
    "db2": np.sum(dZ2, axis=1, keepdims=True) / m,
}
"""
UPDATE = '{name: theta - learning_rate * grads["d" + name] for name, theta in parameters.items()}'
TANH = ("{dA} * (1 - np.tanh({Z}) ** 2)", "{dA} * (1 - np.power(np.tanh({Z}), 2))")
"""The way back through the hyperbolic tangent."""


def forward(v: Values) -> tuple[Array, dict[str, Array]]:
    """Return the output and the cache of a network, entry by entry."""
    Z1 = weighted(v["W1"], v["b1"], v["X"])
    A1 = each_entry(math.tanh, Z1)
    Z2 = weighted(v["W2"], v["b2"], A1)
    A2 = each_entry(sigmoid, Z2)
    return A2, {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}
