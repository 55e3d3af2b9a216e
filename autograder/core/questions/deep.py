"""Questions on networks of any number of layers (ps5)."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise, permutations
from typing import Any

import numpy as np

from autograder.core.layout import Layout
from autograder.core.numeric import FUNCTIONS, derivative, each_entry, moved, sigmoid, weighted
from autograder.core.question import Case, Question, Values, ask, different_sizes
from autograder.core.questions.two_layer import UPDATE
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


def _grads_layout(case: Case) -> Layout:
    return {name: name for layer in range(1, _layers_of(case) + 1) for name in (f"dW{layer}", f"db{layer}")}


def _parameters_layout(case: Case) -> Layout:
    return {name: name for name in case.values["parameters"]}


def _forward_layout(case: Case) -> Layout:
    """Return the names of what the caches hold as the network knows it: layer 1 remembers ((A0, W1, b1), Z1)."""
    layers = range(1, _layers_of(case) + 1)
    return ("AL", tuple(((f"A{layer - 1}", f"W{layer}", f"b{layer}"), f"Z{layer}") for layer in layers))


def _forward(v: Values) -> tuple[Array, list[Any]]:
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


def _backward(v: Values) -> dict[str, Array]:
    def gradient(name: str) -> Array:
        return derivative(lambda theta: _cost(v["X"], v["Y"], {**v["parameters"], name: theta}), v["parameters"][name])

    return {f"d{name}": gradient(name) for name in v["parameters"]}


FORWARD = """
A, caches, L = X, [], len(parameters) // 2
for l in range(1, L + 1):
    A_prev, W, b = A, parameters[f"W{l}"], parameters[f"b{l}"]
    linear = W @ A_prev + b
    hidden = np.maximum(0, linear)
    output = 1 / (1 + np.exp(-linear))
    A = output if l == L else hidden
    caches.append(((A_prev, W, b), linear))
return A, caches
"""
BACKWARD = """
grads, L = {}, len(caches)
m = Y.shape[1]
dZ_output = AL - Y
dZ = dZ_output
for l in range(L, 0, -1):
    (A_prev, W, b), Z = caches[l - 1]
    grads[f"dW{l}"] = dZ @ A_prev.T / m
    grads[f"db{l}"] = np.sum(dZ, axis=1, keepdims=True) / m
    if l > 1:
        dA_prev = W.T @ dZ
        relu_backward = dA_prev * (caches[l - 2][1] > 0)
        dZ = relu_backward
return grads
"""
ALL_THE_WAY = """
grads, L = {}, len(caches)
m = Y.shape[1]
dZ_output = AL - Y
dA_prev = 0
for l in range(L, 0, -1):
    (A_prev, W, b), Z = caches[l - 1]
    relu_backward = dA_prev * (Z > 0)
    dZ = dZ_output if l == L else relu_backward
    grads[f"dW{l}"] = dZ @ A_prev.T / m
    grads[f"db{l}"] = np.sum(dZ, axis=1, keepdims=True) / m
    dA_prev = W.T @ dZ
return grads
"""


UPDATE_IN_A_LOOP = """
new, L = dict(parameters), len(parameters) // 2
for l in range(1, L + 1):
    new[f"W{l}"] = parameters[f"W{l}"] - learning_rate * grads[f"dW{l}"]
    new[f"b{l}"] = parameters[f"b{l}"] - learning_rate * grads[f"db{l}"]
return new
"""


def _remembered(*caches: str) -> tuple[str, ...]:
    """Return the way forwards with other caches."""
    return tuple(FORWARD.replace("((A_prev, W, b), linear)", cache) for cache in caches)


def _from(code: str, *changes: tuple[str, str]) -> tuple[str, ...]:
    """Return a code with one thing in it changed, in several ways."""
    return tuple(code.replace(old, new) for old, new in changes)


QUESTIONS: tuple[Question, ...] = (
    ask(
        "deep.forward_propagation",
        _forward,
        draw_networks,
        FORWARD,
        also="""
            wrong-activation in output: np.exp(linear) / np.sum(np.exp(linear), axis=0, keepdims=True)
                | 1 / (1 + np.exp(-relu(linear)))
            thresholded in output: (linear > 0) * 1.0
        """,
        whole={
            "transposed": _from(FORWARD, ("return A,", "return A.T,")),
            "wrong-cache": _remembered(
                "((A_prev, W, b), A)",
                "((A, W, b), linear)",
                "((linear, W, b), linear)",
                "((linear, W, b), A)",
                "((A, W, b), A)",
            ),
            "results-swapped": (
                *_remembered(
                    *(f"(({', '.join(order)}), linear)" for order in list(permutations(("A_prev", "W", "b")))[1:])
                ),
                *_from(FORWARD, ("return A, caches", "return A, caches[::-1]")),
            ),
            "layer-left-out": _from(
                FORWARD,
                ("range(1, L + 1)", "range(1, L)"),
                ("range(1, L + 1)", "range(2, L + 1)"),
                ("range(1, L + 1)", "((1, L) if L > 1 else (1,))"),
                ("range(1, L + 1)", "()"),
            ),
            "wrong-layer": _from(FORWARD, ("W @ A_prev + b", "W @ X + b")),
            "wrong-activation": _from(FORWARD, ("output if l == L else hidden", "hidden if l == L else output")),
        },
        lines={"hidden": "hidden layers", "output": "the last layer"},
        layout=_forward_layout,
        weights={"AL": 16.0},  # as much as the caches of four layers together
    ),
    ask(
        "deep.backward_propagation",
        _backward,
        draw_networks,
        BACKWARD,
        ALL_THE_WAY,
        also="""
            missing-mean in m: 1
            wrong-activation in dZ_output: (AL - Y) * (caches[-1][1] > 0) | bce_prime(AL, Y) * (caches[-1][1] > 0)
                | bce_prime(AL, Y) * tanh_prime(caches[-1][1])
            wrong-loss in dZ_output: np.sign(AL - Y) * AL * (1 - AL)
            term-missing in dZ_output: -Y / AL * AL * (1 - AL) | (1 - Y) * AL
            sign-flipped in dZ_output: (-Y / AL - (1 - Y) / (1 - AL)) * AL * (1 - AL)
            divided-by-wrong-size in dZ_output: (AL - Y) / len(Y) | (AL - Y) / Y.size
        """,
        whole={
            "mean-over-wrong-axis": _from(BACKWARD, ("/ m", "/ len(dZ)")),
            "divided-by-wrong-size": _from(BACKWARD, ("/ m", "/ dZ.size")),
            "wrong-layer": _from(
                BACKWARD,
                ("{l}", "{L + 1 - l}"),
                ("dA_prev = W.T", "dA_prev = caches[l - 2][0][1].T"),
                ("(caches[l - 2][1] > 0)", "(Z > 0)"),
                ("(caches[l - 2][1] > 0)", "(caches[l - 2][0][0] > 0)"),
                ("dZ @ A_prev.T", "dZ @ (AL if l == L else caches[l][0][0]).T"),
            ),
        },
        lines={
            "dZ_output": "one_example.dz",
            "relu_backward": "deep.relu_backward",
            "dA_prev": "deep.dA_prev",
            "dW": "deep.dW",
            "db": "deep.db",
        },
        printed={"E8": "dA_prev: W @ dZ", "E20": "dZ_output: (AL - Y) / m"},
        layout=_grads_layout,
    ),
    ask(
        "training.update_parameters of L layers",
        moved,
        draw_networks,
        UPDATE,
        UPDATE_IN_A_LOOP,
        also="""
            wrong-bracket: {name: (theta - learning_rate) * grads["d" + name] for name, theta in parameters.items()}
        """,
        whole={
            "layer-left-out": _from(
                UPDATE_IN_A_LOOP,
                ("range(1, L + 1)", "range(1, L)"),
                ("range(1, L + 1)", "range(2, L + 1)"),
                ("range(1, L + 1)", "range(1, min(L, 2) + 1)"),
            ),
            "wrong-layer": (UPDATE_IN_A_LOOP.replace("dW{l}", "dW{L + 1 - l}").replace("db{l}", "db{L + 1 - l}"),),
        },
        layout=_parameters_layout,
    ),
)
