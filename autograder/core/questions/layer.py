"""Questions on one layer: its linear part and its activation, forwards and backwards (ps5)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.core.numeric import Network
from autograder.core.question import Case, Values, different_sizes
from course_lib.activations import ACTIVATIONS, sigmoid
from course_lib.arrays import Array


def layer_pass(activation: str, sizes: Mapping[str, int], rng: np.random.Generator) -> dict[str, Any]:
    """Draw a layer with sigmoid outputs above it and data, and run it forwards and backwards.

    No z lies near the corner of the ReLU, and where the layer has several, some lie on either side of it. The outputs
    stay away from 0 and 1.
    """
    n_prev, n, m = sizes["n_prev"], sizes["n"], sizes["m"]
    while True:
        A_prev = rng.standard_normal((n_prev, m))
        A_prev[0, 0], A_prev[-1, -1] = -2.5, 6.0
        W, b = 0.6 * rng.standard_normal((n, n_prev)), 0.5 * rng.standard_normal((n, 1))
        above, b_above = rng.standard_normal((2, n)), 0.5 * rng.standard_normal((2, 1))
        Y = rng.integers(0, 2, (2, m)).astype(float)
        Z = W @ A_prev + b
        Z_above = above @ ACTIVATIONS[activation].function(Z) + b_above
        dA = above.T @ (sigmoid(Z_above) - Y)
        both_sides = Z.size < 3 or Z.min() < 0 < Z.max()
        if np.abs(Z).min() > 0.02 and both_sides and np.abs(Z_above).max() < 7 and np.abs(dA).min() > 1e-3:
            break
    values = {"A_prev": A_prev, "A": A_prev, "W": W, "b": b, "Z": Z, "above": above, "b_above": b_above, "Y": Y}
    dZ = dA * ACTIVATIONS[activation].prime(Z)
    return {**values, "dA": dA, "dZ": dZ, "cache": (A_prev, W, b), "activation": activation}


_LAYER = ("n_prev", "n", "m")


def _layers(seed: int, stream: int, activations: Sequence[str]) -> list[Case]:
    """Draw, for each activation in turn, a layer of different sizes; then m = 1, n = 1, and a square one for each."""
    rng = np.random.default_rng([seed, stream])
    fixed: list[dict[str, int]] = [{} for _ in activations]
    wanted = [*zip(activations, fixed, strict=True), (activations[0], {"m": 1}), (activations[-1], {"n": 1})]
    drawn = [(activation, different_sizes(rng, *_LAYER, **some)) for activation, some in wanted]
    square = dict.fromkeys(_LAYER, 3)
    return [
        *(Case(sizes, layer_pass(activation, sizes, rng)) for activation, sizes in drawn),
        *(Case(square, layer_pass(activation, square, rng), "square") for activation in dict.fromkeys(activations)),
    ]


@lru_cache(maxsize=16)
def draw_linear(seed: int) -> tuple[Case, ...]:
    """Draw layers as their linear part sees them."""
    return tuple(_layers(seed, 51, ("tanh", "tanh")))


@lru_cache(maxsize=16)
def draw_layer(seed: int) -> tuple[Case, ...]:
    """Draw whole layers, with each activation."""
    cases = _layers(seed, 52, ("relu", "sigmoid", "tanh"))
    return tuple(replace(c, values={**c.values, "cache": (c.values["cache"], c.values["Z"])}) for c in cases)


@lru_cache(maxsize=16)
def draw_any(seed: int) -> tuple[Case, ...]:
    """Draw the way through an activation, with each of them."""
    return tuple(
        replace(case, sizes={"n": case.sizes["n"], "m": case.sizes["m"]})
        for case in _layers(seed, 58, ("relu", "sigmoid", "tanh"))
    )


def draw_through(activation: str) -> Callable[[int], tuple[Case, ...]]:
    """Return a function from a seed to layers with this activation; ReLU gets zeros, where any subgradient counts."""

    @lru_cache(maxsize=16)
    def draw(seed: int) -> tuple[Case, ...]:
        cases = [
            replace(case, sizes={"n": case.sizes["n"], "m": case.sizes["m"]})
            for case in _layers(seed, 53, (activation, activation))
        ]
        if activation == "relu":
            values = cases[0].values
            cases.append(Case(cases[0].sizes, {**values, "Z": np.where(values["Z"] > 1, 0.0, values["Z"])}, "kink"))
        return tuple(cases)

    return draw


NETWORK = Network(
    "Y",
    Z="W @ A_prev + b",
    A_own="relu(Z) if activation == 'relu' else tanh(Z) if activation == 'tanh' else sigmoid(Z)",
    Z_above="above @ A_own + b_above",
    J="np.sum(softplus(Z_above) - Y * Z_above) / Y.shape[1]",
)


def relu_subgradients(v: Values) -> tuple[Array, Array]:
    """Return the least and the greatest dZ that count: where z = 0, all from no to full strength."""
    closed, open_ = v["dA"] * (v["Z"] > 0), v["dA"] * (v["Z"] >= 0)
    return np.minimum(closed, open_), np.maximum(closed, open_)


def layer_backward(v: Values) -> tuple[Array, Array, Array]:
    """Return dA_prev, dW and db, by the complex step through the layer and those above."""
    return NETWORK.gradient("A_prev", each=True)(v), NETWORK.gradient("W")(v), NETWORK.gradient("b")(v)
