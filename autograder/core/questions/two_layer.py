"""Questions on the two-layer network with m examples (ps4)."""

import math
from typing import Any

import numpy as np

from autograder.core.layout import Layout
from autograder.core.numeric import (
    Network,
    cross_entropy,
    each_entry,
    mean_over_columns,
    moved,
    sigmoid,
    weighted,
)
from autograder.core.question import Question, Values, ask, drawn
from autograder.core.questions.model import NN_MODEL
from autograder.core.questions.neuron import BY_OUTPUT, COST, DB, DW, written
from course_lib import two_layer
from course_lib.arrays import Array
from course_lib.equations import CACHE, GRADS, PARAMETERS


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
BACKWARD_AT_Z = BACKWARD.replace('cache["A1"] ** 2', 'np.tanh(cache["Z1"]) ** 2')
UPDATE = '{name: theta - learning_rate * grads["d" + name] for name, theta in parameters.items()}'
TANH = ("{dA} * (1 - np.tanh({Z}) ** 2)", "{dA} * (1 - np.power(np.tanh({Z}), 2))")
"""The way back through the hyperbolic tangent."""


def _forward(v: Values) -> tuple[Array, dict[str, Array]]:
    Z1 = weighted(v["W1"], v["b1"], v["X"])
    A1 = each_entry(math.tanh, Z1)
    Z2 = weighted(v["W2"], v["b2"], A1)
    A2 = each_entry(sigmoid, Z2)
    return A2, {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}


def _by_output(variable: str, id: str, *code: str, **more: Any) -> Question:
    return ask(f"two_layer.d{variable}", NETWORK.gradient(variable, each=True), draw, *code, lines={"": id}, **more)


def _weights(layer: int, A: str) -> tuple[Question, Question]:
    dW, db, dZ = f"dW{layer}", f"db{layer}", f"dZ{layer}"
    return (
        ask(f"two_layer.{dW}", NETWORK.gradient(f"W{layer}"), draw, *written(DW, dZ=dZ, A=A), lines={"": "deep.dW"}),
        ask(
            f"two_layer.{db}",
            NETWORK.gradient(f"b{layer}"),
            draw,
            *written(DB, dZ=dZ),
            lines={"": "deep.db"},
            printed={"E23": f"np.sum({dZ}, axis=1, keepdims=True)"} if layer == 1 else {},
        ),
    )


_NAMES: Layout = ("A2", {name: f'cache["{name}"]' for name in CACHE})

QUESTIONS: tuple[Question, ...] = (
    ask("two_layer.Z1", lambda v: _forward(v)[1]["Z1"], draw, "W1 @ X + b1"),
    ask("two_layer.A1", lambda v: _forward(v)[1]["A1"], draw, "np.tanh(Z1)"),
    ask("two_layer.Z2", lambda v: _forward(v)[1]["Z2"], draw, "W2 @ A1 + b2"),
    ask("two_layer.A2", lambda v: _forward(v)[1]["A2"], draw, "1 / (1 + np.exp(-Z2))"),
    ask("two_layer.forward_propagation", _forward, draw, FORWARD, layout=_NAMES),
    ask(
        "two_layer.cost",
        lambda v: mean_over_columns(each_entry(cross_entropy, v["A2"], v["Y"])),
        draw,
        *written(COST, a="A2", y="Y"),
        lines={"losses": "losses.bce_loss"},
        also="""
            not-summed: bce_loss(A2, Y)
            summed-wrong-axis: np.sum(bce_loss(A2, Y), axis=0) | np.sum(bce_loss(A2, Y), axis=1)
                | np.sum(bce_loss(A2, Y), axis=0, keepdims=True) | np.sum(bce_loss(A2, Y), axis=1, keepdims=True)
            factors-swapped-in-loss: -np.sum(A2 * np.log(Y + 1e-300)) / Y.shape[1]
            matmul-for-elementwise: np.sum(-(Y @ np.log(A2).T) - (1 - Y) @ np.log(1 - A2).T) / Y.shape[1]
                | (-(Y @ np.log(A2).T) - (1 - Y) @ np.log(1 - A2).T) / Y.shape[1]
        """,
        printed={"E22": "np.sum(bce_loss(A2, Y))"},
    ),
    _by_output("A2", "one_example.da", *written(BY_OUTPUT, a="A2", y="Y")),
    _by_output(
        "Z2",
        "one_example.dz",
        "A2 - Y",
        also="""
            matmul-for-elementwise: bce_prime(A2, Y) @ (A2 * (1 - A2)) | bce_prime(A2, Y) @ (A2 * (1 - A2)).T
                | bce_prime(A2, Y).T @ (A2 * (1 - A2))
        """,
    ),
    *_weights(2, "A1"),
    _by_output("A1", "deep.dA_prev", "W2.T @ dZ2"),
    _by_output("Z1", "deep.tanh_backward", *written(TANH, dA="dA1", Z="Z1")),
    *_weights(1, "X"),
    ask(
        "two_layer.backward_propagation",
        lambda v: {d: NETWORK.gradient(d[1:])(v) for d in GRADS},
        draw,
        BACKWARD,
        BACKWARD_AT_Z,
        also="""
            wrong-layer in dA1: parameters["W2"].T @ (cache["A1"] - Y)
            factor-missing in dW1: dZ1
        """,
        lines={name: f"two_layer.{name}" for name in ("dZ2", "dA1", "dZ1", *GRADS)},
        printed={"E1": 'dA1: parameters["W2"].T @ (cache["A1"] - Y)', "E3": "dW1: dZ1"},
        layout={name: name for name in GRADS},
    ),
    ask(
        "training.update_parameters",
        moved,
        draw,
        UPDATE,
        layout={name: name for name in PARAMETERS},
    ),
    NN_MODEL,
)
