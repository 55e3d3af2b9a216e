"""Questions on one layer: its linear part and its activation, forwards and backwards (ps5)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.core.layout import Layout
from autograder.core.numeric import Network, weighted
from autograder.core.question import Case, Question, Values, ask, different_sizes
from autograder.core.questions.neuron import DB, DW, written
from autograder.core.questions.two_layer import TANH
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
def _draw_any(seed: int) -> tuple[Case, ...]:
    """Draw the way through an activation, with each of them."""
    return tuple(
        replace(case, sizes={"n": case.sizes["n"], "m": case.sizes["m"]})
        for case in _layers(seed, 58, ("relu", "sigmoid", "tanh"))
    )


def _draw_through(activation: str) -> Callable[[int], tuple[Case, ...]]:
    """Return what draws layers with this activation, and for ReLU some zeros where any subgradient counts."""

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


def _relu_subgradients(v: Values) -> tuple[Array, Array]:
    """Return the least and the greatest dZ that count: where z = 0, all from no to full strength."""
    closed, open_ = v["dA"] * (v["Z"] > 0), v["dA"] * (v["Z"] >= 0)
    return np.minimum(closed, open_), np.maximum(closed, open_)


def layer_backward(v: Values) -> tuple[Array, Array, Array]:
    """Return dA_prev, dW and db, by the complex step through the layer and what lies above."""
    return NETWORK.gradient("A_prev", each=True)(v), NETWORK.gradient("W")(v), NETWORK.gradient("b")(v)


LINEAR_BACKWARD = """
A_prev, W, b = cache
m = dZ.shape[1]
dA_prev = W.T @ dZ
dW = dZ @ A_prev.T / m
db = np.sum(dZ, axis=1, keepdims=True) / m
return dA_prev, dW, db
"""
LAYER_BACKWARD = """
(A_prev, W, b), Z = cache
m = dA.shape[1]
relu_backward = dA * (Z > 0)
tanh_backward = dA * (1 - np.tanh(Z) ** 2)
sigmoid_backward = dA * (sigmoid(Z) * (1 - sigmoid(Z)))
dZ = {"relu": relu_backward, "tanh": tanh_backward, "sigmoid": sigmoid_backward}[activation]
dA_prev = W.T @ dZ
dW = dZ @ A_prev.T / m
db = np.sum(dZ, axis=1, keepdims=True) / m
return dA_prev, dW, db
"""
THROUGH = """
relu = dA * (Z > 0)
tanh = dA * (1 - np.tanh(Z) ** 2)
logistic = dA * (sigmoid(Z) * (1 - sigmoid(Z)))
return {"relu": relu, "tanh": tanh, "sigmoid": logistic}[activation]
"""
SIGMOID = ("A = 1 / (1 + np.exp(-Z))\nreturn dA * A * (1 - A)", "A = sigmoid(Z)\nreturn dA * (A * (1 - A))")
RELU = ("dA * (Z > 0)", "np.where(Z > 0, dA, 0)")
WRONG_PLACE = "derivative-of-activation-taken-at-the-wrong-place"
_OF_SLOPE = f"""
    arguments-swapped: Z * {{prime}}(dA)
    {WRONG_PLACE}: dA * {{prime}}(dA) | dA * (1 - dA ** 2)
    activation-for-its-derivative: {{g}}(Z)
"""


def _of_slope(g: str) -> str:
    """Return the mistakes of any way back through an activation."""
    return _OF_SLOPE.format(prime=f"{g}_prime", g=g)


_AT = LAYER_BACKWARD.replace("{", "{{").replace("}", "}}").replace("Z = cache", "Z = cache\nZ = {Z}")
_WRONG_ACTIVATIONS = LAYER_BACKWARD.replace("activation]", "{taken}]")


def _mixed_up() -> tuple[str, ...]:
    """Return the ways to take activations for others: one for all, another for ReLU, and two for each other."""
    names = ("relu", "sigmoid", "tanh")
    all_one = [f'"{name}"' for name in names]
    one = [f'{{**dict(zip({names}, {names})), "relu": "{b}"}}[activation]' for b in ("sigmoid", "tanh")]
    two = [
        f'{{**dict(zip({names}, {names})), "{a}": "{b}", "{b}": "{a}"}}[activation]'
        for a, b in (("relu", "sigmoid"), ("relu", "tanh"), ("sigmoid", "tanh"))
    ]
    return tuple(_WRONG_ACTIVATIONS.replace("{taken}", taken) for taken in (*all_one, *one, *two))


_THREE: Layout = ("dA_prev", "dW", "db")
_LINES = {"dA_prev": "deep.dA_prev", "dW": "deep.dW", "db": "deep.db"}

QUESTIONS: tuple[Question, ...] = (
    ask("deep.dZ", NETWORK.gradient("Z", each=True), _draw_any, THROUGH),
    ask(
        "deep.dA_prev",
        NETWORK.gradient("A_prev", each=True),
        draw_linear,
        "W.T @ dZ",
        also="""
            summed-wrong-axis: np.sum(W, axis=0, keepdims=True).T * np.sum(dZ, axis=0)
        """,
    ),
    ask(
        "deep.dW",
        NETWORK.gradient("W"),
        draw_linear,
        *written(DW, dZ="dZ", A="A_prev"),
        printed={"E17": "A_prev.T @ dZ / dZ.shape[1]"},
    ),
    ask(
        "deep.db",
        NETWORK.gradient("b"),
        draw_linear,
        *written(DB, dZ="dZ"),
        printed={
            "E4": "dZ",
            "E9": "np.sum(dZ, axis=1, keepdims=True)",
            "E16": "np.sum(dZ, axis=0, keepdims=True) / dZ.shape[1]",
        },
    ),
    ask(
        "deep.linear_forward",
        lambda v: (weighted(v["W"], v["b"], v["A"]), (v["A"], v["W"], v["b"])),
        draw_linear,
        "Z = W @ A + b\nreturn Z, (A, W, b)",
        also="""
            term-missing in Z: b * np.ones((1, A.shape[1]))
            factor-missing in Z: np.sum(W, axis=1, keepdims=True) + 0 * A[:1] + b
            wrong-activation in Z: relu(W @ A + b) | sigmoid(W @ A + b) | np.tanh(W @ A + b)
            divided-by-wrong-size in Z: W @ A / A.shape[1] + b
        """,
        whole={"wrong-cache": ("Z = W @ A + b\nreturn Z, (Z, W, b)",)},
        layout=("Z", ("A in cache", "W in cache", "b in cache")),
    ),
    ask(
        "deep.relu_backward",
        NETWORK.gradient("Z", each=True),
        _draw_through("relu"),
        *RELU,
        also=_of_slope("relu")
        + """
            derivative-of-activation-taken-at-the-wrong-place: dA * Z * (1 - Z)
            activation-for-its-derivative: dA * relu(Z)
            activation-derivative-missing: np.where(Z > 0, dA, Z) | np.where(Z > 0, dA, 1)
            derivative-of-activation-taken-at-the-wrong-place: relu(dA)
            wrong-activation: dA * leaky_relu_prime(Z) | dA * np.sign(Z) | dA * sigmoid_prime(Z) | dA * sigmoid(Z)
                | dA * tanh_prime(Z)
        """,
        printed={"E36": "dA @ relu_prime(Z)"},
        bounds=_relu_subgradients,
    ),
    ask(
        "deep.sigmoid_backward",
        NETWORK.gradient("Z", each=True),
        _draw_through("sigmoid"),
        "dA * (sigmoid(Z) * (1 - sigmoid(Z)))",
        *SIGMOID,
        also=_of_slope("sigmoid") + "activation-for-its-derivative: dA * sigmoid(Z)",
        lines={"": "activations.sigmoid_prime"},
        printed={"E36": "dA @ sigmoid_prime(Z)"},
    ),
    ask(
        "deep.tanh_backward",
        NETWORK.gradient("Z", each=True),
        _draw_through("tanh"),
        *written(TANH, dA="dA", Z="Z"),
        also="activation-derivative-missing: dA" + _of_slope("tanh"),
        lines={"": "activations.tanh_prime"},
        printed={"E36": "dA @ tanh_prime(Z)"},
    ),
    ask(
        "deep.linear_backward",
        layer_backward,
        draw_linear,
        LINEAR_BACKWARD,
        also="""
            missing-mean in m: 1
            averaged-twice in m: dZ.shape[1] ** 2
            wrong-variable in dA_prev: A_prev @ dZ
        """,
        lines=_LINES,
        printed={"E15": "dA_prev: A_prev @ dZ"},
        layout=_THREE,
    ),
    ask(
        "deep.linear_activation_backward",
        layer_backward,
        draw_layer,
        LAYER_BACKWARD,
        also="""
            activation-derivative-missing in dZ: dA
            missing-mean in m: 1
            averaged-twice in m: dA.shape[1] ** 2
            wrong-variable in dA_prev: A_prev @ dZ
        """,
        whole={
            "wrong-activation": _mixed_up(),
            WRONG_PLACE: (_AT.format(Z='{"relu": relu(Z), "tanh": np.tanh(Z), "sigmoid": sigmoid(Z)}[activation]'),),
            "wrong-layer": (_AT.format(Z="A_prev"),),
        },
        lines={**_LINES, **{f"{g}_backward": f"deep.{g}_backward" for g in ("relu", "tanh", "sigmoid")}},
        printed={"E15": "dA_prev: A_prev @ dZ"},
        layout=_THREE,
    ),
)
