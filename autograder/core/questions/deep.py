"""Questions on networks of any number of layers (ps5)."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from autograder.core.layout import Layout
from autograder.core.numeric import FUNCTIONS, derivative, each_entry, sigmoid, weighted
from autograder.core.question import Case, Values, different_sizes
from course_lib import deep
from course_lib.arrays import Array


def network_pass(dims: Sequence[int], m: int, rng: np.random.Generator) -> dict[str, Any]:
    """Draw a network with ReLU hidden layers and sigmoid outputs, and run it forwards and backwards.

    Outputs stay away from 0 and 1, and no hidden z lies near the corner; each hidden layer has some on either side.
    """
    while True:
        X = rng.standard_normal((dims[0], m))
        X[0, 0], X[-1, -1] = -2.5, 4.0
        parameters = {}
        for layer, (n_prev, n) in enumerate(pairwise(dims), 1):
            parameters[f"W{layer}"] = np.sqrt(1.5 / n_prev) * rng.standard_normal((n, n_prev))
            parameters[f"b{layer}"] = 0.3 * rng.standard_normal((n, 1))
        Y = rng.integers(0, 2, (dims[-1], m)).astype(float)
        AL, caches = deep.forward_propagation(X, parameters)
        grads = deep.backward_propagation(AL, Y, caches)
        *hidden, last = [Z for _, Z in caches]
        lively = all(np.abs(Z).min() > 0.01 and Z.min() < -0.1 and Z.max() > 0.1 for Z in hidden)
        if lively and np.abs(last).max() < 5 and all(np.abs(grad).max() > 1e-2 for grad in grads.values()):
            break
    rate = 0.3 + 0.5 * rng.random()
    return {"X": X, "Y": Y, "parameters": parameters, "AL": AL, "caches": caches, "grads": grads, "learning_rate": rate}


@lru_cache(maxsize=16)
def draw_networks(seed: int) -> tuple[Case, ...]:
    """Draw networks with 1 to 4 layers, one with m = 1 and one with a single output; and two square ones."""
    rng = np.random.default_rng([seed, 54])
    wanted: tuple[tuple[int, dict[str, int]], ...] = (
        (3, {}), (2, {}), (4, {}), (1, {}), (2, {"m": 1}), (3, {"n3": 1}),
    )  # fmt: skip
    drawn = [different_sizes(rng, *(f"n{k}" for k in range(L + 1)), "m", **fixed) for L, fixed in wanted]
    square = [{**{f"n{k}": 3 for k in range(L + 1)}, "m": 3} for L in (2, 3)]

    def values(sizes: Mapping[str, int]) -> Values:
        return network_pass([n for name, n in sizes.items() if name != "m"], sizes["m"], rng)

    return (*(Case(s, values(s)) for s in drawn), *(Case(s, values(s), "square") for s in square))


def _layers_of(case: Case) -> int:
    return len(case.values["caches"])


def grads_layout(case: Case) -> Layout:
    """Return the layout of the gradients of a network."""
    return {name: name for layer in range(1, _layers_of(case) + 1) for name in (f"dW{layer}", f"db{layer}")}


def parameters_layout(case: Case) -> Layout:
    """Return the layout of the parameters of a network."""
    return {name: name for name in case.values["parameters"]}


def forward_layout(case: Case) -> Layout:
    """Return the layout of the output and the caches, in names of the network: ((A0, W1, b1), Z1) for layer 1."""
    layers = range(1, _layers_of(case) + 1)
    return ("AL", tuple(((f"A{layer - 1}", f"W{layer}", f"b{layer}"), f"Z{layer}") for layer in layers))


def forward(v: Values) -> tuple[Array, list[Any]]:
    """Return the output and the caches of a network, entry by entry."""
    A, caches = v["X"], []
    last = len(v["parameters"]) // 2
    for layer in range(1, last + 1):
        W, b = v["parameters"][f"W{layer}"], v["parameters"][f"b{layer}"]
        Z = weighted(W, b, A)
        caches.append(((A, W, b), Z))
        A = each_entry(sigmoid if layer == last else lambda z: max(z, 0.0), Z)
    return A, caches


def _cost(X: Array, Y: Array, parameters: Mapping[str, Array]) -> Any:
    """Return the cost of a network, from its input on, also of complex parameters."""
    A, last = X, len(parameters) // 2
    for layer in range(1, last):
        A = FUNCTIONS["relu"](parameters[f"W{layer}"] @ A + parameters[f"b{layer}"])
    Z = parameters[f"W{last}"] @ A + parameters[f"b{last}"]
    return np.sum(FUNCTIONS["softplus"](Z) - Y * Z) / Y.shape[1]


def backward(v: Values) -> dict[str, Array]:
    """Return the gradients of a network by the complex step."""

    def gradient(name: str) -> Array:
        return derivative(lambda theta: _cost(v["X"], v["Y"], {**v["parameters"], name: theta}), v["parameters"][name])

    return {f"d{name}": gradient(name) for name in v["parameters"]}
