"""The library of mistakes: for each equation, the same formula with one thing wrong.

A mistake is a function like the reference, so that it can be tested: its numbers differ from the right ones, and no two
mistakes of one equation agree. Where a wrong formula fits only square matrices it raises on the other cases, as the
student's does; the diagnostic case, on which all sizes are equal, tells such formulas apart.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from course_lib import two_layer
from course_lib.activations import relu_prime, sigmoid, sigmoid_prime, tanh, tanh_prime
from course_lib.arrays import Array
from course_lib.losses import bce_loss

Function = Callable[..., Any]


@dataclass(frozen=True)
class Mistake:
    """One way to get an equation wrong.

    Attributes
    ----------
    id : from the list of mistake ids
    function : takes the equation's arguments and returns the wrong answer
    erratum : the published mistake that this is, such as "E16", or ""
    where : in a composite function, the equation that is wrong, such as "dZ1"
    changes : for a mistake that changes a right answer afterwards (a factor, a transpose), that change of an array;
        such a mistake can come on top of another
    """

    id: str
    function: Function
    erratum: str = ""
    where: str = ""
    changes: Callable[[Array, int], Array] | None = None


HINTS: Mapping[str, str] = {
    "missing-mean": "The cost is the mean of m losses, and your formula adds up what each example contributes. "
    "What is still missing between a sum and a mean?",
    "averaged-twice": "A mean is taken once. Is one of the arrays that you start from averaged already, "
    "or do you divide in two places?",
    "averaged-too-early": "Column j of this array is the gradient of example j's own loss. "
    "Do the other m - 1 examples have a part in that loss?",
    "mean-over-wrong-axis": "A mean over examples divides by how many examples there are. "
    "Which axis counts examples, and which counts units?",
    "divided-by-wrong-size": "Losses are summed over output units and averaged over examples. "
    "By what number do you divide, and what does it count?",
    "summed-wrong-axis": "One column is one example, one row is one unit. "
    "Over which of them does the formula sum, and over which does yours?",
    "not-summed": "All examples have a part in this result. "
    "Which entries are added up, and which shape is left in the end?",
    "keepdims-dropped": "The numbers are right, and lie in a flat array. Which shape has the bias "
    "from which this gradient will be subtracted, and what would broadcasting do?",
    "transposed": "A gradient has the shape of what it is taken with respect to. "
    "Which shape is that, and which is yours?",
    "transpose-missing": "Write the shape under each factor. Which of them, if any, must be turned "
    "for the inner sizes to meet and the outer ones to give the shape you need?",
    "factors-swapped": "A matrix product depends on the order. Which factor gives the rows of the result, "
    "and which the columns?",
    "sign-flipped": "Compute one entry by hand. Which sign in your expression differs from the formula's?",
    "activation-derivative-missing": "Between z and a stands the activation function. "
    "Which factor does the chain rule ask for when you go through it?",
    "activation-derivative-twice": "Does the derivative of the sigmoid survive in A2 - Y, "
    "or has it been cancelled on the way there?",
    "activation-for-its-derivative": "The chain rule multiplies by how fast the activation changes. "
    "Is that the activation itself?",
    "wrong-activation": "Every layer has its own activation function. Which one does this layer use, "
    "and what is its derivative?",
    "derivative-of-activation-taken-at-the-wrong-place": "The derivative g'(z) is taken at z. "
    "When you write it with a = g(z), which of the two arrays belongs in your expression?",
    "matmul-for-elementwise": "Unit i of example j goes through its own activation, alone. "
    "Does a matrix product keep the entries apart?",
    "elementwise-for-matmul": "Something is summed here, over units or over examples. "
    "Does an element-wise product sum anything?",
    "wrong-layer": "Every array carries its layer's number. Is each one in your expression of the layer that you need?",
    "factor-of-two": "Where would a 2, or a half, come from? Go through the formula term by term.",
    "factor-missing": "Go through the formula factor by factor. Which one has no place in your expression?",
    "factors-swapped-in-loss": "Which prediction should cost much when y = 1: one near 0, or one near 1?",
    "term-missing": "Count the terms of the formula, and those of your expression. Which one is not there?",
    "wrong-bracket": "Compute one entry by hand, and let Python's order of operations do it too. "
    "Where do brackets belong?",
    "one-step-too-far": "On the way back, this comes before the activation function is passed. "
    "What does your expression differentiate by?",
    "symmetry-not-broken": "All your hidden units learned the same weights. "
    "What makes two of them different at the start?",
    "accuracy-too-low": "Plot the cost against the steps. Does it fall, and is it still falling at the end?",
}


def _after(id: str, right: Function, change: Callable[[Array, int], Array], erratum: str = "") -> Mistake:
    """Make the mistake of changing a right answer; `change` gets the array and m."""

    def wrong(*arguments: Array) -> Array:
        return change(np.asarray(right(*arguments)), arguments[-1].shape[-1])

    return Mistake(id, wrong, erratum, changes=change)


def _factors(right: Function, *, averaged: bool, erratum: str = "") -> tuple[Mistake, ...]:
    """Return the mistakes of a wrong factor in a gradient that is averaged over examples, or is not."""
    mean: tuple[Mistake, ...]
    if averaged:
        mean = (
            _after("missing-mean", right, lambda r, m: r * m, erratum),
            _after("averaged-twice", right, lambda r, m: r / m),
        )
    else:
        mean = (_after("averaged-too-early", right, lambda r, m: r / m, erratum),)
    return (
        *mean,
        _after("sign-flipped", right, lambda r, m: -r),
        _after("factor-of-two", right, lambda r, m: 2 * r),
        _after("factor-of-two", right, lambda r, m: r / 2),
    )


def _weight_gradient(right: Function) -> tuple[Mistake, ...]:
    """Return the mistakes of dW(dZ, A) = 1/m dZ A^T."""

    def m(dZ: Array) -> int:
        return int(dZ.shape[1])

    return (
        *_factors(right, averaged=True),
        _after("transposed", right, lambda r, m: r.T),
        Mistake("mean-over-wrong-axis", lambda dZ, A: dZ @ A.T / len(dZ)),
        Mistake("mean-over-wrong-axis", lambda dZ, A: dZ @ A.T / len(A)),
        Mistake("divided-by-wrong-size", lambda dZ, A: dZ @ A.T / dZ.size),
        Mistake("divided-by-wrong-size", lambda dZ, A: dZ @ A.T / A.size),
        Mistake("transpose-missing", lambda dZ, A: dZ @ A / m(dZ)),
        Mistake("transpose-missing", lambda dZ, A: dZ.T @ A.T / m(dZ)),
        Mistake("factors-swapped", lambda dZ, A: A.T @ dZ / m(dZ), "E17"),
        Mistake("factors-swapped", lambda dZ, A: A @ dZ / m(dZ)),
        Mistake("elementwise-for-matmul", lambda dZ, A: dZ * A / m(dZ)),
        Mistake("elementwise-for-matmul", lambda dZ, A: dZ * A.T / m(dZ)),
        Mistake("elementwise-for-matmul", lambda dZ, A: np.sum(dZ * A) / m(dZ)),
        Mistake(
            "elementwise-for-matmul",
            lambda dZ, A: np.sum(dZ * A, axis=1, keepdims=True) / m(dZ),
        ),
    )


def _bias_gradient(right: Function, erratum: str) -> tuple[Mistake, ...]:
    """Return the mistakes of db(dZ) = 1/m dZ 1."""
    return (
        *_factors(right, averaged=True, erratum=erratum),
        _after("transposed", right, lambda r, m: r.T),
        _after("keepdims-dropped", right, lambda r, m: r.ravel()),
        Mistake("mean-over-wrong-axis", lambda dZ: np.sum(dZ, axis=1, keepdims=True) / len(dZ)),
        Mistake("divided-by-wrong-size", lambda dZ: np.sum(dZ, axis=1, keepdims=True) / dZ.size),
        Mistake("summed-wrong-axis", lambda dZ: np.sum(dZ, axis=0, keepdims=True) / dZ.shape[1], "E16"),
        Mistake("summed-wrong-axis", lambda dZ: np.sum(dZ, axis=0) / dZ.shape[1]),
        Mistake("summed-wrong-axis", lambda dZ: np.mean(dZ, axis=0, keepdims=True)),
        Mistake("summed-wrong-axis", lambda dZ: np.mean(dZ, axis=0)),
        Mistake("summed-wrong-axis", lambda dZ: np.sum(dZ) / dZ.shape[1]),
        Mistake("summed-wrong-axis", lambda dZ: np.mean(dZ)),
        Mistake("not-summed", lambda dZ: dZ, "E4"),
        Mistake("not-summed", lambda dZ: dZ / dZ.shape[1]),
    )


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


_WEIGHTED_INPUT = (
    Mistake("term-missing", lambda W, b, A: W @ A),
    Mistake("sign-flipped", lambda W, b, A: W @ A - b),
    Mistake("transpose-missing", lambda W, b, A: W.T @ A + b),
    Mistake("factors-swapped", lambda W, b, A: A @ W + b),
    Mistake("elementwise-for-matmul", lambda W, b, A: W * A + b),
)
_DZ1 = two_layer.dZ1

_LIBRARY: dict[str, tuple[Mistake, ...]] = {
    "two_layer.Z1": _WEIGHTED_INPUT,
    "two_layer.A1": (
        Mistake("wrong-activation", lambda Z1: sigmoid(Z1)),
        Mistake("wrong-activation", lambda Z1: np.maximum(Z1, 0)),
        Mistake("wrong-activation", lambda Z1: Z1),
    ),
    "two_layer.Z2": _WEIGHTED_INPUT,
    "two_layer.A2": (
        Mistake("wrong-activation", lambda Z2: tanh(Z2)),
        Mistake("wrong-activation", lambda Z2: np.maximum(Z2, 0)),
        Mistake("wrong-activation", lambda Z2: Z2),
        Mistake("sign-flipped", lambda Z2: sigmoid(-Z2)),
    ),
    "two_layer.cost": (
        *_factors(two_layer.cost, averaged=True, erratum="E22"),
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
        *_factors(two_layer.dA2, averaged=False),
        _after("transposed", two_layer.dA2, lambda r, m: r.T),
        Mistake("sign-flipped", lambda A2, Y: -Y / A2 - (1 - Y) / (1 - A2)),
        Mistake("sign-flipped", lambda A2, Y: Y / A2 + (1 - Y) / (1 - A2)),
        Mistake("term-missing", lambda A2, Y: -Y / A2),
        Mistake("term-missing", lambda A2, Y: (1 - Y) / (1 - A2)),
        Mistake("factors-swapped-in-loss", lambda A2, Y: -Y / (1 - A2) + (1 - Y) / A2),
        Mistake("factors-swapped-in-loss", lambda A2, Y: -A2 / Y + (1 - A2) / (1 - Y)),
        Mistake("wrong-bracket", lambda A2, Y: -Y / A2 + 1 - Y / (1 - A2)),
        Mistake("wrong-bracket", lambda A2, Y: (A2 - Y) / A2 * (1 - A2)),
        Mistake("wrong-bracket", lambda A2, Y: -Y / A2 + (1 - Y) / 1 - A2),
        Mistake("one-step-too-far", lambda A2, Y: A2 - Y),
    ),
    "two_layer.dZ2": (
        *_factors(two_layer.dZ2, averaged=False),
        _after("transposed", two_layer.dZ2, lambda r, m: r.T),
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
    "two_layer.dW2": _weight_gradient(two_layer.dW2),
    "two_layer.db2": _bias_gradient(two_layer.db2, "E9"),
    "two_layer.dA1": (
        *_factors(two_layer.dA1, averaged=False),
        _after("transposed", two_layer.dA1, lambda r, m: r.T),
        Mistake("transpose-missing", lambda W2, dZ2: W2 @ dZ2),
        Mistake("transpose-missing", lambda W2, dZ2: W2.T @ dZ2.T),
        Mistake("factors-swapped", lambda W2, dZ2: dZ2 @ W2),
        Mistake("factors-swapped", lambda W2, dZ2: dZ2 @ W2.T),
        Mistake("elementwise-for-matmul", lambda W2, dZ2: W2 * dZ2),
        Mistake("elementwise-for-matmul", lambda W2, dZ2: W2.T * dZ2),
    ),
    "two_layer.dZ1": (
        *_factors(_DZ1, averaged=False),
        _after("transposed", _DZ1, lambda r, m: r.T),
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
    "two_layer.dW1": _weight_gradient(two_layer.dW1),
    "two_layer.db1": _bias_gradient(two_layer.db1, "E23"),
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
    Mistake("wrong-layer", _forward(Z2_from=lambda made: made["Z1"]), where="Z2"),
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


def mistakes_of(equation: str) -> tuple[Mistake, ...]:
    """Return the single mistakes of an equation, most likely first."""
    return _LIBRARY.get(equation, ())


@cache
def double_mistakes_of(equation: str) -> tuple[Mistake, ...]:
    """Return pairs of mistakes of an equation: one in the formula, and a change of its answer on top."""
    singles = mistakes_of(equation)
    doubles = []
    for first in singles:
        for second in singles:
            if second.changes is None or second is first or second.id == first.id:
                continue
            doubles.append(
                Mistake(f"{first.id}+{second.id}", _on_top(first.function, second.changes), first.erratum, first.where)
            )
    return tuple(doubles)


def _on_top(function: Function, change: Callable[[Array, int], Array]) -> Function:
    def wrong(*arguments: Array) -> Array:
        return change(np.asarray(function(*arguments)), arguments[-1].shape[-1])

    return wrong
