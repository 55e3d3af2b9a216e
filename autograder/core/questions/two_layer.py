"""Questions on the two-layer network with m examples (ps4)."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.core.layout import Layout
from autograder.core.mistakes import WEIGHTED_INPUT, Function, Mistake, after, bias_gradient, factors, weight_gradient
from autograder.core.model import NN_MODEL
from autograder.core.question import Case, Question, Values, different_sizes, of_equation
from course_lib import two_layer
from course_lib.activations import relu_prime, sigmoid, sigmoid_prime, tanh, tanh_prime
from course_lib.arrays import Array
from course_lib.equations import CACHE, GRADS, PARAMETERS, Equation, equation
from course_lib.gradient_checking import complex_step
from course_lib.losses import bce_loss


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
    """Draw the cases of a seed: two with all sizes different, one with m = 1, one with n2 = 1, and the square one.

    Parameters
    ----------
    seed : the same seed gives the same cases

    Returns
    -------
    five cases, the square one last
    """
    rng = np.random.default_rng([seed, 2024])
    names = ("n0", "n1", "n2", "m")
    drawn = [different_sizes(rng, *names, **fixed) for fixed in ({}, {}, {"m": 1}, {"n2": 1})]
    cases = [Case(size, two_layer_pass(**size, rng=rng)) for size in drawn]
    square = dict.fromkeys(names, 3)
    return (*cases, Case(square, two_layer_pass(**square, rng=rng), "square"))


_FORWARD: tuple[tuple[str, Callable[[Values], Array]], ...] = (
    ("Z1", lambda v: two_layer.Z1(v["W1"], v["b1"], v["X"])),
    ("A1", lambda v: two_layer.A1(v["Z1"])),
    ("Z2", lambda v: two_layer.Z2(v["W2"], v["b2"], v["A1"])),
    ("A2", lambda v: two_layer.A2(v["Z2"])),
)
_FIRST_STEP_AFTER = {"X": 0, "W1": 0, "b1": 0, "Z1": 1, "A1": 2, "W2": 2, "b2": 2, "Z2": 3, "A2": 4}


def cost_as_function_of(variable: str, values: Values) -> Callable[[Array], Any]:
    """Return the cost J as a function of one array of the network, the others held where they are."""

    def cost(theta: Array) -> Any:
        now = {**values, variable: theta}
        for name, step in _FORWARD[_FIRST_STEP_AFTER[variable] :]:
            now[name] = step(now)
        return two_layer.cost(now["A2"], now["Y"])

    return cost


def numerical_gradient(equation: Equation, values: Values) -> Array:
    """Return the gradient that an equation claims to compute, by the complex step through the whole network.

    Column j of a per-example gradient (`of="L"`) is ∂L_j; since example j has its own columns, that is m ∂J.
    """
    assert equation.variable is not None, equation.id
    gradient = complex_step(cost_as_function_of(equation.variable, values), values[equation.variable])
    return gradient * values["Y"].shape[1] if equation.of == "L" else gradient


def _entries(shape: tuple[int, ...], entry: Callable[[int, int], float]) -> Array:
    return np.array([[entry(i, j) for j in range(shape[1])] for i in range(shape[0])])


def _forward_by_hand(v: Values) -> dict[str, Array]:
    m = v["X"].shape[1]

    def weighted_input(W: Array, b: Array, A: Array) -> Array:
        return _entries(
            (len(W), m), lambda i, j: math.fsum(float(W[i, k]) * float(A[k, j]) for k in range(len(A))) + float(b[i, 0])
        )

    Z1 = weighted_input(v["W1"], v["b1"], v["X"])
    A1 = _entries(Z1.shape, lambda i, j: math.tanh(Z1[i, j]))
    Z2 = weighted_input(v["W2"], v["b2"], A1)
    A2 = _entries(Z2.shape, lambda i, j: 1 / (1 + math.exp(-Z2[i, j])))
    return {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}


def _cost_by_hand(v: Values) -> Array:
    losses = [-math.log(a if y else 1 - a) for a, y in zip(v["A2"].flat, v["Y"].flat, strict=True)]
    return np.array(math.fsum(losses) / v["Y"].shape[1])


def _update_by_hand(v: Values) -> dict[str, Array]:
    return {
        name: _entries(theta.shape, lambda i, j: theta[i, j] - v["learning_rate"] * v["grads"]["d" + name][i, j])  # noqa: B023
        for name, theta in v["parameters"].items()
    }


def _product_loss(A2: Array, Y: Array) -> Any:
    """Return the loss with matrix products between labels and logarithms: cross terms between outputs come in."""
    return -(Y @ np.log(A2).T) - (1 - Y) @ np.log(1 - A2).T


def _sum(losses: Array) -> Array:
    return losses


def _mean(losses: Array) -> Any:
    return losses / losses.shape[1]


def _summed_loss(axis: int, keepdims: bool, scale: Callable[[Array], Array]) -> Function:
    """Return the cost summed along one axis only, so that one number an example, or an output, is left."""

    def wrong(A2: Array, Y: Array) -> Array:
        return np.asarray(np.sum(scale(bce_loss(A2, Y)), axis=axis, keepdims=keepdims))

    return wrong


_DZ1 = two_layer.dZ1

_LIBRARY: dict[str, tuple[Mistake, ...]] = {
    "two_layer.Z1": WEIGHTED_INPUT,
    "two_layer.A1": (
        Mistake("wrong-activation", lambda Z1: sigmoid(Z1)),
        Mistake("wrong-activation", lambda Z1: np.maximum(Z1, 0)),
        Mistake("wrong-activation", lambda Z1: Z1),
    ),
    "two_layer.Z2": WEIGHTED_INPUT,
    "two_layer.A2": (
        Mistake("wrong-activation", lambda Z2: tanh(Z2)),
        Mistake("wrong-activation", lambda Z2: np.maximum(Z2, 0)),
        Mistake("wrong-activation", lambda Z2: Z2),
        Mistake("sign-flipped", lambda Z2: sigmoid(-Z2)),
    ),
    "two_layer.cost": (
        *factors(two_layer.cost, averaged=True, erratum="E22"),
        Mistake("divided-by-wrong-size", lambda A2, Y: two_layer.cost(A2, Y) / len(Y)),
        Mistake("mean-over-wrong-axis", lambda A2, Y: two_layer.cost(A2, Y) * Y.shape[1] / len(Y)),
        Mistake("term-missing", lambda A2, Y: -np.sum(Y * np.log(A2)) / Y.shape[1]),
        Mistake("term-missing", lambda A2, Y: -np.sum((1 - Y) * np.log(1 - A2)) / Y.shape[1]),
        Mistake("factors-swapped-in-loss", lambda A2, Y: two_layer.cost(1 - A2, Y)),
        Mistake("factors-swapped-in-loss", lambda A2, Y: -np.sum(A2 * np.log(Y + 1e-300)) / Y.shape[1]),
        Mistake("sign-flipped", lambda A2, Y: np.sum(-Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / Y.shape[1]),
        Mistake("wrong-bracket", lambda A2, Y: -np.sum(Y * np.log(A2) + 1 - Y * np.log(1 - A2)) / Y.shape[1]),
        Mistake("matmul-for-elementwise", lambda A2, Y: np.sum(_product_loss(A2, Y)) / Y.shape[1]),
        Mistake("matmul-for-elementwise", lambda A2, Y: _product_loss(A2, Y) / Y.shape[1]),
        Mistake("not-summed", lambda A2, Y: -Y * np.log(A2) - (1 - Y) * np.log(1 - A2)),
        Mistake("not-summed", lambda A2, Y: (-Y * np.log(A2) - (1 - Y) * np.log(1 - A2)) / Y.shape[1]),
        Mistake(
            "summed-wrong-axis",
            lambda A2, Y: np.mean(-Y * np.log(A2) - (1 - Y) * np.log(1 - A2), axis=1, keepdims=True),
        ),
        *(
            Mistake("summed-wrong-axis", _summed_loss(axis, keepdims, scale))
            for axis in (0, 1)
            for keepdims in (False, True)
            for scale in (_sum, _mean)
        ),
    ),
    "two_layer.dA2": (
        *factors(two_layer.dA2, averaged=False),
        after("transposed", two_layer.dA2, lambda r, m: r.T),
        Mistake("sign-flipped", lambda A2, Y: -Y / A2 - (1 - Y) / (1 - A2)),
        Mistake("sign-flipped", lambda A2, Y: Y / A2 + (1 - Y) / (1 - A2)),
        Mistake("term-missing", lambda A2, Y: -Y / A2),
        Mistake("term-missing", lambda A2, Y: (1 - Y) / (1 - A2)),
        Mistake("factors-swapped-in-loss", lambda A2, Y: -Y / (1 - A2) + (1 - Y) / A2),
        Mistake("wrong-bracket", lambda A2, Y: -Y / A2 + 1 - Y / (1 - A2)),
        Mistake("wrong-bracket", lambda A2, Y: (A2 - Y) / A2 * (1 - A2)),
        Mistake("wrong-bracket", lambda A2, Y: -Y / A2 + (1 - Y) / 1 - A2),
        Mistake("one-step-too-far", lambda A2, Y: A2 - Y),
    ),
    "two_layer.dZ2": (
        *factors(two_layer.dZ2, averaged=False),
        after("transposed", two_layer.dZ2, lambda r, m: r.T),
        Mistake("sign-flipped", lambda A2, Y: A2 + Y),
        Mistake("matmul-for-elementwise", lambda A2, Y: two_layer.dA2(A2, Y) @ (A2 * (1 - A2))),
        Mistake("matmul-for-elementwise", lambda A2, Y: two_layer.dA2(A2, Y) @ (A2 * (1 - A2)).T),
        Mistake("matmul-for-elementwise", lambda A2, Y: two_layer.dA2(A2, Y).T @ (A2 * (1 - A2))),
        Mistake("activation-derivative-missing", two_layer.dA2),
        Mistake("activation-derivative-twice", lambda A2, Y: (A2 - Y) * A2 * (1 - A2)),
        Mistake("wrong-activation", lambda A2, Y: two_layer.dA2(A2, Y) * (1 - A2**2)),
        Mistake("wrong-activation", lambda A2, Y: (A2 - Y) * (1 - A2**2)),
        Mistake(
            "derivative-of-activation-taken-at-the-wrong-place", lambda A2, Y: two_layer.dA2(A2, Y) * sigmoid_prime(A2)
        ),
        Mistake("factor-missing", lambda A2, Y: two_layer.dA2(A2, Y) * A2),
        Mistake("factor-missing", lambda A2, Y: two_layer.dA2(A2, Y) * (1 - A2)),
        Mistake("wrong-bracket", lambda A2, Y: two_layer.dA2(A2, Y) * A2 * 1 - A2),
    ),
    "two_layer.dW2": weight_gradient(two_layer.dW2),
    "two_layer.db2": bias_gradient(two_layer.db2, "E9"),
    "two_layer.dA1": (
        *factors(two_layer.dA1, averaged=False),
        after("transposed", two_layer.dA1, lambda r, m: r.T),
        Mistake("transpose-missing", lambda W2, dZ2: W2 @ dZ2),
        Mistake("transpose-missing", lambda W2, dZ2: W2.T @ dZ2.T),
        Mistake("factors-swapped", lambda W2, dZ2: dZ2 @ W2),
        Mistake("factors-swapped", lambda W2, dZ2: dZ2 @ W2.T),
        Mistake("elementwise-for-matmul", lambda W2, dZ2: W2 * dZ2),
        Mistake("elementwise-for-matmul", lambda W2, dZ2: W2.T * dZ2),
    ),
    "two_layer.dZ1": (
        *factors(_DZ1, averaged=False),
        after("transposed", _DZ1, lambda r, m: r.T),
        Mistake("activation-derivative-missing", lambda dA1, Z1: dA1),
        Mistake("activation-for-its-derivative", lambda dA1, Z1: dA1 * tanh(Z1)),
        Mistake("wrong-activation", lambda dA1, Z1: dA1 * sigmoid_prime(Z1)),
        Mistake("wrong-activation", lambda dA1, Z1: dA1 * relu_prime(Z1)),
        Mistake("wrong-activation", lambda dA1, Z1: dA1 * (tanh(Z1) * (1 - tanh(Z1)))),
        Mistake("derivative-of-activation-taken-at-the-wrong-place", lambda dA1, Z1: dA1 * (1 - Z1**2)),
        Mistake("derivative-of-activation-taken-at-the-wrong-place", lambda dA1, Z1: dA1 * tanh_prime(tanh(Z1))),
        Mistake("derivative-of-activation-taken-at-the-wrong-place", lambda dA1, Z1: dA1 * (Z1 * (1 - Z1))),
        Mistake("derivative-of-activation-taken-at-the-wrong-place", lambda dA1, Z1: dA1 * tanh_prime(dA1)),
        Mistake("derivative-of-activation-taken-at-the-wrong-place", lambda dA1, Z1: dA1 * (1 - dA1**2)),
        Mistake("arguments-swapped", lambda dA1, Z1: Z1 * tanh_prime(dA1)),
        Mistake("matmul-for-elementwise", lambda dA1, Z1: dA1 @ tanh_prime(Z1)),
        Mistake("matmul-for-elementwise", lambda dA1, Z1: dA1 @ tanh_prime(Z1).T),
        Mistake("matmul-for-elementwise", lambda dA1, Z1: dA1.T @ tanh_prime(Z1)),
        Mistake("matmul-for-elementwise", lambda dA1, Z1: tanh_prime(Z1) @ dA1),
        Mistake("matmul-for-elementwise", lambda dA1, Z1: tanh_prime(Z1) @ dA1.T),
        Mistake("matmul-for-elementwise", lambda dA1, Z1: tanh_prime(Z1).T @ dA1),
        Mistake("factor-missing", lambda dA1, Z1: tanh_prime(Z1)),
        Mistake("factor-missing", lambda dA1, Z1: dA1 * (1 - tanh(Z1))),
        Mistake("sign-flipped", lambda dA1, Z1: dA1 * (1 + tanh(Z1) ** 2)),
        Mistake("wrong-bracket", lambda dA1, Z1: dA1 * 1 - tanh(Z1) ** 2),
        Mistake("wrong-bracket", lambda dA1, Z1: dA1 * (1 - tanh(Z1)) ** 2),
    ),
    "two_layer.dW1": weight_gradient(two_layer.dW1),
    "two_layer.db1": bias_gradient(two_layer.db1, "E23"),
}


def _forward(**pieces: Function) -> Function:
    """Return forward propagation with some of its equations replaced, or with arrays of the wrong layer put in.

    The names ending in `_from` say which array an equation takes, of those that are there by then.
    """

    def forward(X: Array, parameters: Mapping[str, Array]) -> Any:
        made: dict[str, Array] = {"X": X}

        def taken(equation: str, right: str) -> Array:
            return pieces[f"{equation}_from"](made) if f"{equation}_from" in pieces else made[right]

        made["Z1"] = pieces.get("Z1", two_layer.Z1)(parameters["W1"], parameters["b1"], X)
        made["A1"] = pieces.get("A1", two_layer.A1)(taken("A1", "Z1"))
        made["Z2"] = pieces.get("Z2", two_layer.Z2)(parameters["W2"], parameters["b2"], taken("Z2", "A1"))
        made["A2"] = pieces.get("A2", two_layer.A2)(taken("A2", "Z2"))
        return made["A2"], {name: made[name] for name in ("Z1", "A1", "Z2", "A2")}

    return forward


def _forward_transposed(X: Array, parameters: Mapping[str, Array]) -> Any:
    A2, cache = two_layer.forward_propagation(X, parameters)
    return A2.T, cache


def _backward(**pieces: Function) -> Function:
    """Return backward propagation with some of its equations replaced, or with arrays of the wrong layer put in.

    The names ending in `_from` say which array an equation takes: `dW2_from=lambda p, c, X: X`.
    """

    def backward(parameters: Mapping[str, Array], cache: Mapping[str, Array], X: Array, Y: Array) -> dict[str, Array]:
        def taken(equation: str, right: Array) -> Array:
            return pieces[f"{equation}_from"](parameters, cache, X) if f"{equation}_from" in pieces else right

        dZ2 = pieces.get("dZ2", two_layer.dZ2)(taken("dZ2", cache["A2"]), Y)
        back = pieces.get("dZ2", two_layer.dZ2)(taken("back", cache["A2"]), Y)
        dA1 = pieces.get("dA1", two_layer.dA1)(taken("dA1", parameters["W2"]), back)
        dZ1 = pieces.get("dZ1", two_layer.dZ1)(dA1, taken("dZ1", cache["Z1"]))
        return {
            "dW1": pieces.get("dW1", two_layer.dW1)(dZ1, taken("dW1", X)),
            "db1": pieces.get("db1", two_layer.db1)(dZ2 if "swap_biases" in pieces else dZ1),
            "dW2": pieces.get("dW2", two_layer.dW2)(dZ2, taken("dW2", cache["A1"])),
            "db2": pieces.get("db2", two_layer.db2)(dZ1 if "swap_biases" in pieces else dZ2),
        }

    return backward


def _composed(assemble: Callable[..., Function], names: tuple[str, ...]) -> tuple[Mistake, ...]:
    """Return the mistakes of a composite function: each mistake of each of its equations, in its place."""
    return tuple(
        replace(mistake, function=assemble(**{name: mistake.function}), where=name, changes=None)
        for name in names
        for mistake in _LIBRARY[f"two_layer.{name}"]
    )


_WRONG_ARRAY = (
    Mistake("wrong-layer", _backward(back_from=lambda p, c, X: c["A1"]), "E1", "dA1"),
    Mistake("wrong-layer", _backward(dZ2_from=lambda p, c, X: c["A1"], back_from=lambda p, c, X: c["A1"]), where="dZ2"),
    Mistake("wrong-layer", _backward(dA1_from=lambda p, c, X: p["W1"]), where="dA1"),
    Mistake("wrong-layer", _backward(dW2_from=lambda p, c, X: X), where="dW2"),
    Mistake("wrong-layer", _backward(dW2_from=lambda p, c, X: c["A2"]), where="dW2"),
    Mistake("wrong-layer", _backward(dW1_from=lambda p, c, X: c["A1"]), where="dW1"),
    Mistake("wrong-layer", _backward(dZ1_from=lambda p, c, X: c["Z2"]), where="dZ1"),
    Mistake(
        "derivative-of-activation-taken-at-the-wrong-place",
        _backward(dZ1_from=lambda p, c, X: c["A1"]),
        where="dZ1",
    ),
    Mistake("wrong-layer", _backward(swap_biases=two_layer.db1), where="db1"),
    Mistake("factor-missing", _backward(dW1=lambda dZ1, X: dZ1), "E3", "dW1"),
)


def _updated(step: Callable[[Array, Array, float], Array]) -> Function:
    def update(parameters: Mapping[str, Array], grads: Mapping[str, Array], learning_rate: float) -> dict[str, Array]:
        return {name: step(theta, grads["d" + name], learning_rate) for name, theta in parameters.items()}

    return update


def _updated_from(taken: Mapping[str, str]) -> Function:
    """Return the update in which parameters take the gradients of others."""

    def update(parameters: Mapping[str, Array], grads: Mapping[str, Array], learning_rate: float) -> dict[str, Array]:
        return {name: theta - learning_rate * grads["d" + taken[name]] for name, theta in parameters.items()}

    return update


_LIBRARY["two_layer.forward_propagation"] = (
    Mistake("wrong-argument", _forward(Z2_from=lambda made: made["Z1"]), where="Z2"),
    Mistake("wrong-layer", _forward(Z2_from=lambda made: made["X"]), where="Z2"),
    Mistake("wrong-layer", _forward(A2_from=lambda made: made["Z1"]), where="A2"),
    Mistake("wrong-layer", _forward(A2_from=lambda made: made["A1"]), where="A2"),
    Mistake("wrong-layer", _forward(A1_from=lambda made: made["X"]), where="A1"),
    Mistake("transposed", _forward_transposed),
    *_composed(_forward, ("Z1", "A1", "Z2", "A2")),
)
_LIBRARY["two_layer.backward_propagation"] = (
    *_WRONG_ARRAY,
    *_composed(_backward, ("dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1")),
)
_LIBRARY["training.update_parameters"] = (
    Mistake("sign-flipped", _updated(lambda theta, d, rate: theta + rate * d)),
    Mistake("factor-missing", _updated(lambda theta, d, rate: theta - d)),
    Mistake("factor-missing", _updated(lambda theta, d, rate: theta - rate)),
    Mistake("term-missing", _updated(lambda theta, d, rate: -rate * d)),
    Mistake("term-missing", _updated(lambda theta, d, rate: theta)),
    Mistake("wrong-bracket", _updated(lambda theta, d, rate: (theta - rate) * d)),
    Mistake("sign-flipped", _updated(lambda theta, d, rate: rate * d - theta)),
    Mistake("factor-of-two", _updated(lambda theta, d, rate: theta - 2 * rate * d)),
    Mistake("factor-of-two", _updated(lambda theta, d, rate: theta - rate * d / 2)),
    Mistake("wrong-layer", _updated_from({"W1": "W1", "b1": "b2", "W2": "W2", "b2": "b1"})),
    Mistake("wrong-layer", _updated_from({"W1": "W2", "b1": "b1", "W2": "W1", "b2": "b2"})),
)


def _gradient(id: str) -> Callable[[Values], Array]:
    return lambda values: numerical_gradient(equation(id), values)


def _forward_as_returned(v: Values) -> tuple[Array, dict[str, Array]]:
    cache = _forward_by_hand(v)
    return cache["A2"], cache


_BY_HAND: Mapping[str, Callable[[Values], Any]] = {
    "two_layer.Z1": lambda v: _forward_by_hand(v)["Z1"],
    "two_layer.A1": lambda v: _forward_by_hand(v)["A1"],
    "two_layer.Z2": lambda v: _forward_by_hand(v)["Z2"],
    "two_layer.A2": lambda v: _forward_by_hand(v)["A2"],
    "two_layer.forward_propagation": _forward_as_returned,
    "two_layer.cost": _cost_by_hand,
    "two_layer.backward_propagation": lambda v: {d: _gradient(f"two_layer.{d}")(v) for d in GRADS},
    "training.update_parameters": _update_by_hand,
}
_LAYOUTS: Mapping[str, Layout] = {
    "two_layer.forward_propagation": ("A2", {name: f'cache["{name}"]' for name in CACHE}),
    "two_layer.backward_propagation": {name: name for name in GRADS},
    "training.update_parameters": {name: name for name in PARAMETERS},
}

QUESTIONS: tuple[Question, ...] = (
    *(
        of_equation(id, _BY_HAND.get(id, _gradient(id)), draw, mistakes, layout=_LAYOUTS.get(id, ""))
        for id, mistakes in _LIBRARY.items()
    ),
    NN_MODEL,
)
