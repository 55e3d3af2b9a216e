"""Questions on one neuron, one example and then many (ps1)."""

import cmath
import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.core.layout import Layout
from autograder.core.mistakes import Function, Mistake, after, factors
from autograder.core.question import Case, Question, Values, different_sizes, of_equation
from course_lib import batch, one_example
from course_lib.activations import relu, sigmoid, sigmoid_prime, tanh, tanh_prime
from course_lib.arrays import Array
from course_lib.gradient_checking import complex_step
from course_lib.losses import bce_loss, bce_loss_from_z, bce_prime

TINY = 1e-30
"""The complex step of a single number."""


def entries(function: Callable[[Any], Any]) -> Callable[[Values], Array]:
    """Return the oracle that applies a function of one plain number to each entry of z."""

    def oracle(values: Values) -> Array:
        z = values["z"]
        return np.array([function(float(entry)) for entry in z.flat]).reshape(z.shape)

    return oracle


def slopes(function: Callable[[complex], complex]) -> Callable[[Values], Array]:
    """Return the oracle that takes a function's derivative at each entry of z by the complex step."""
    return entries(lambda z: function(complex(z, TINY)).imag / TINY)


def numbers(rng: np.random.Generator, *shape: int) -> Array:
    """Draw numbers on both sides of zero and away from it, with a negative and a large one where there are several."""
    size = rng.uniform(0.2, 2.5, shape)
    drawn = np.asarray(np.where(rng.random(shape) < 0.5, -size, size))
    if drawn.size > 1:
        drawn.flat[0], drawn.flat[-1] = -rng.uniform(1.5, 2.5), rng.uniform(4, 5)
    return drawn


def any_shape(rng: np.random.Generator) -> list[Case]:
    """Draw z as two matrices, a flat array, and a negative and a positive number; and as a square matrix."""
    sizes = [different_sizes(rng, "n", "m"), different_sizes(rng, "n", "m"), {"n": int(rng.integers(3, 7))}]
    drawn = [Case(size, {"z": numbers(rng, *size.values())}) for size in sizes]
    # "the number" is all there is to say of a case without sizes.
    drawn += [Case({}, {"z": np.array(sign * abs(numbers(rng)))}) for sign in (-1, 1)]
    return [*drawn, Case({"n": 3, "m": 3}, {"z": numbers(rng, 3, 3)}, "square")]


@lru_cache(maxsize=16)
def draw_z(seed: int) -> tuple[Case, ...]:
    """Draw the cases of a function of z that takes any shape."""
    return tuple(any_shape(np.random.default_rng([seed, 101])))


@lru_cache(maxsize=16)
def _draw_far_out(seed: int) -> tuple[Case, ...]:
    # In one array, so that an answer of 1e-200 for z = -1000 is near enough to 0.
    return (*draw_z(seed), Case({"z[0]": -1000, "z[1]": 1000}, {"z": np.array([-1000.0, 1000.0])}, "extreme"))


def neuron_pass(n0: int, m: int, rng: np.random.Generator) -> dict[str, Any]:
    """Draw a neuron with m examples, and run it forwards and backwards; outputs stay away from 0 and 1.

    Every batch has a negative and a large entry in X, and both labels where m > 1.
    """
    X = rng.standard_normal((n0, m))
    X[0, 0], X[-1, -1] = -2.5, 6.0
    w, b = rng.uniform(0.3, 0.7, (1, n0)) * rng.choice([-1, 1], (1, n0)), rng.uniform(0.4, 1.2, (1, 1))
    Y = rng.integers(0, 2, (1, m)).astype(float)
    Y[0, 0] = 1 - Y[0, -1] if m > 1 else Y[0, 0]
    Z = batch.Z(w, b, X)
    A = batch.A(Z)
    return {"w": w, "b": b, "X": X, "Y": Y, "Z": Z, "A": A, "dA": batch.dA(A, Y), "dZ": batch.dZ(A, Y)}


@lru_cache(maxsize=16)
def _draw_batch(seed: int) -> tuple[Case, ...]:
    """Draw three batches with n0 != m, of which the second has a number for b, one with m = 1, and the square one."""
    rng = np.random.default_rng([seed, 102])
    sizes = [different_sizes(rng, "n0", "m", **fixed) for fixed in ({}, {}, {}, {"m": 1})]
    cases = [Case(size, neuron_pass(**size, rng=rng)) for size in sizes]
    cases[1] = Case(sizes[1], {**cases[1].values, "b": float(cases[1].values["b"][0, 0])})
    return (*cases, Case({"n0": 3, "m": 3}, neuron_pass(3, 3, rng), "square"))


@lru_cache(maxsize=16)
def _draw_one(seed: int) -> tuple[Case, ...]:
    """Draw six single examples, three of each label."""
    rng = np.random.default_rng([seed, 103])
    cases = []
    for label in (0, 1) * 3:
        size = {"n0": int(rng.integers(2, 8))}
        v = neuron_pass(**size, m=1, rng=rng)
        a, y = v["A"], np.array([[float(label)]])
        values = {"w": v["w"], "b": v["b"], "x": v["X"], "y": y, "z": v["Z"], "a": a, "dz": one_example.dz(a, y)}
        cases.append(Case(size, values))
    return tuple(cases)


@lru_cache(maxsize=16)
def _draw_one_or_certain(seed: int) -> tuple[Case, ...]:
    """Draw single examples, and add two whose output is certain and wrong: exactly 0 or 1."""
    certain = [
        Case({"a": 1 - y, "y": y}, {"a": sigmoid(z), "y": np.array([[float(y)]]), "z": z}, "extreme")
        for y, z in ((1, np.array([[-1000.0]])), (0, np.array([[1000.0]])))
    ]
    return (*_draw_one(seed), *certain)


@lru_cache(maxsize=16)
def _draw_losses(seed: int) -> tuple[Case, ...]:
    """Draw predictions and labels as a matrix, a row, a column and a flat array, and as a square matrix."""
    rng = np.random.default_rng([seed, 104])

    def values(*shape: int) -> Values:
        y = rng.integers(0, 2, shape).astype(float)
        y.flat[0] = 1 - y.flat[-1]
        return {"a": rng.uniform(0.05, 0.95, shape), "y": y}

    sizes = [different_sizes(rng, "n", "m", **fixed) for fixed in ({}, {"n": 1}, {"m": 1})]
    cases = [Case(size, values(*size.values())) for size in (*sizes, {"n": int(rng.integers(3, 7))})]
    return (*cases, Case({"n": 3, "m": 3}, values(3, 3), "square"))


def _sigmoid_by_hand(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))


def _losses_by_hand(a: Array, y: Array) -> list[float]:
    return [-math.log(p if label else 1 - p) for p, label in zip(a.flat, y.flat, strict=True)]


def _forward_by_hand(v: Values) -> Array:
    b = float(np.asarray(v["b"]).item())
    Z = [math.fsum([*(float(w) * float(x) for w, x in zip(v["w"][0], column, strict=True)), b]) for column in v["X"].T]
    return np.array([[_sigmoid_by_hand(z) for z in Z]])


def _gradients(v: Values) -> dict[str, Array]:
    """Return the gradients of the cost by w and b, by the complex step through the neuron and the stable loss."""

    def cost(w: Array, b: Array) -> Any:
        return np.sum(bce_loss_from_z(w @ v["X"] + b, v["Y"])) / v["Y"].shape[1]

    w, b = v["w"], np.reshape(v["b"], (1, 1))
    return {"dw": complex_step(lambda theta: cost(theta, b), w), "db": complex_step(lambda theta: cost(w, theta), b)}


def _propagate_by_hand(v: Values) -> tuple[dict[str, Array], Any]:
    A = _forward_by_hand(v)
    return _gradients(v), math.fsum(_losses_by_hand(A, v["Y"])) / A.size


_BY_HAND: Mapping[str, Callable[[Values], Any]] = {
    "activations.sigmoid": entries(_sigmoid_by_hand),
    "activations.sigmoid_prime": slopes(lambda z: 1 / (1 + cmath.exp(-z))),
    "losses.bce_loss": lambda v: np.reshape(_losses_by_hand(v["a"], v["y"]), v["a"].shape),
    "one_example.z": lambda v: [[math.fsum([*(v["w"][0] * v["x"][:, 0]).tolist(), v["b"].item()])]],
    "one_example.da": lambda v: complex_step(lambda a: bce_loss(a, v["y"]).item(), v["a"]),
    "one_example.dz": lambda v: complex_step(lambda z: bce_loss_from_z(z, v["y"]).item(), v["z"]),
    "one_example.dw": lambda v: complex_step(
        lambda w: bce_loss_from_z(w @ v["x"] + v["b"], v["y"]).item(),
        v["w"],
    ),
    "batch.forward": _forward_by_hand,
    "batch.cost": lambda v: math.fsum(_losses_by_hand(v["A"], v["Y"])) / v["A"].size,
    "batch.dW": lambda v: _gradients(v)["dw"],
    "batch.db": lambda v: _gradients(v)["db"],
    "batch.propagate": _propagate_by_hand,
}


def scaled(right: Function) -> tuple[Mistake, ...]:
    """Return the mistakes of a wrong sign or a stray 2, for arguments that are no batch."""
    return (
        Mistake("sign-flipped", lambda *arguments: -right(*arguments)),
        Mistake("factor-of-two", lambda *arguments: 2 * right(*arguments)),
        Mistake("factor-of-two", lambda *arguments: right(*arguments) / 2),
    )


_SIGMOID = (
    Mistake("sign-flipped", lambda z: sigmoid(-z)),
    Mistake("wrong-bracket", lambda z: 1 / 1 + np.exp(-z)),
    Mistake("sign-flipped", lambda z: 1 / (1 - np.exp(-z))),
    Mistake("sign-flipped", lambda z: 1 / (1 - np.exp(z))),
    Mistake("term-missing", lambda z: np.exp(z)),
    Mistake("term-missing", lambda z: np.exp(-z)),
    Mistake("function-missing", lambda z: 1 / (1 - z)),
    Mistake("function-missing", lambda z: 1 / (1 + z)),
    Mistake("derivative-for-the-function", sigmoid_prime),
    Mistake("wrong-activation", tanh),
    Mistake("wrong-activation", relu),
    Mistake("wrong-activation", lambda z: np.asarray(z)),
    Mistake("wrong-activation", lambda z: (z > 0) * 1.0),
    Mistake("wrong-operation", lambda z: 1 - (1 + np.exp(-z))),
    Mistake("wrong-operation", lambda z: 1 + (1 + np.exp(-z))),
    Mistake("wrong-number", lambda z: 1 / (2 + np.exp(-z))),
    Mistake("wrong-number", lambda z: 1 / (0.5 + np.exp(-z))),
    Mistake("zero-everywhere", lambda z: 0 / (1 + np.exp(-z))),
    Mistake("sign-flipped", lambda z: 1 / (np.exp(-z) - 1)),
    Mistake("transposed", lambda z: sigmoid(z).T),
    *scaled(sigmoid),
)


def _product(change: Callable[[Array], Array]) -> Function:
    """Return sigmoid' as a matrix product, of σ(z) with a changed 1 - σ(z)."""
    return lambda z: sigmoid(z) @ change(1 - sigmoid(z))


_SIGMOID_PRIME = (
    Mistake("activation-for-its-derivative", sigmoid),
    Mistake("derivative-of-activation-taken-at-the-wrong-place", lambda z: z * (1 - z)),
    Mistake("derivative-of-activation-taken-at-the-wrong-place", lambda z: sigmoid_prime(sigmoid(z))),
    Mistake("derivative-of-activation-taken-at-the-wrong-place", lambda z: sigmoid(z) * (1 - z)),
    Mistake("derivative-of-activation-taken-at-the-wrong-place", lambda z: z * (1 - sigmoid(z))),
    Mistake("wrong-activation", tanh_prime),
    Mistake("wrong-activation", lambda z: 1 - sigmoid(z) ** 2),
    Mistake("wrong-activation", lambda z: (z > 0) * 1.0),
    Mistake("factor-missing", lambda z: 1 - sigmoid(z)),
    Mistake("term-missing", lambda z: sigmoid(z) ** 2),
    Mistake("term-missing", lambda z: -(sigmoid(z) ** 2)),
    Mistake("sign-flipped", lambda z: sigmoid(z) * (1 + sigmoid(z))),
    Mistake("zero-everywhere", lambda z: sigmoid(z) * 1 - sigmoid(z)),
    Mistake("sign-flipped", lambda z: np.exp(z) / (1 + np.exp(-z)) ** 2),
    Mistake("sign-flipped", lambda z: np.exp(-z) / (1 + np.exp(z)) ** 2),
    Mistake("sign-flipped", lambda z: np.exp(-z) / (1 - np.exp(-z)) ** 2),
    Mistake("sign-flipped", lambda z: sigmoid(-z) ** 2),
    Mistake("wrong-bracket", lambda z: np.exp(-z) / 1 + np.exp(-z) ** 2),
    Mistake("sign-flipped", lambda z: -sigmoid(z) * (1 + sigmoid(z))),
    Mistake("wrong-number", lambda z: sigmoid(z) * (2 - sigmoid(z))),
    Mistake("wrong-number", lambda z: sigmoid(z) * (0.5 - sigmoid(z))),
    Mistake("transposed", lambda z: sigmoid_prime(z).T),
    Mistake("transpose-missing", lambda z: sigmoid(z).T * (1 - sigmoid(z))),
    Mistake("transpose-missing", lambda z: sigmoid(z) * (1 - sigmoid(z)).T),
    Mistake("wrong-operation", lambda z: np.exp(-z) / ((1 + np.exp(-z)) * 2)),
    Mistake("wrong-operation", lambda z: np.exp(-z) * (1 + np.exp(-z)) ** 2),
    Mistake("wrong-operation", lambda z: sigmoid(z) + (1 - sigmoid(z))),
    Mistake("wrong-operation", lambda z: sigmoid(z) - (1 - sigmoid(z))),
    Mistake("wrong-operation", lambda z: sigmoid(z) / (1 - sigmoid(z))),
    Mistake("matmul-for-elementwise", _product(lambda a: a)),
    Mistake("matmul-for-elementwise", _product(lambda a: a.T)),
    Mistake("matmul-for-elementwise", lambda z: np.dot(sigmoid(z), 1 - sigmoid(z))),
    *scaled(sigmoid_prime),
)


def _loss(p: Function, q: Function) -> Function:
    """Return -y p(a) - (1 - y) q(a)."""
    return lambda a, y: -y * p(a) - (1 - y) * q(a)


_WRONG_LOSSES = (
    Mistake("wrong-loss", lambda a, y: (a - y) ** 2),
    Mistake("wrong-loss", lambda a, y: (a - y) ** 2 / 2),
    Mistake("wrong-loss", lambda a, y: np.abs(a - y)),
    Mistake("wrong-loss", lambda a, y: a - y),
    Mistake("wrong-loss", lambda a, y: ((a > 0.5) != y) * 1.0),
)
_BCE_MISTAKES = (
    Mistake("sign-flipped", lambda a, y: -y * np.log(a) + (1 - y) * np.log(1 - a)),
    Mistake("sign-flipped", lambda a, y: y * np.log(a) - (1 - y) * np.log(1 - a)),
    Mistake("sign-flipped", lambda a, y: -y * np.log(a) - (1 - y) * np.log(1 + a)),
    Mistake("sign-flipped", lambda a, y: -y * np.log(a) - (1 + y) * np.log(1 - a)),
    Mistake("term-missing", lambda a, y: -y * np.log(a)),
    Mistake("term-missing", lambda a, y: -(1 - y) * np.log(1 - a)),
    Mistake("term-missing", lambda a, y: y * np.log(a)),
    Mistake("term-missing", lambda a, y: (1 - y) * np.log(1 - a)),
    Mistake("term-missing", lambda a, y: -y * np.log(a) - np.log(1 - a)),
    Mistake("term-missing", lambda a, y: -np.log(a) - (1 - y) * np.log(1 - a)),
    Mistake("term-missing", _loss(np.log, np.log)),
    Mistake("term-missing", lambda a, y: -y * np.log(a) - y * np.log(1 - a)),
    Mistake("factor-missing", lambda a, y: -y * np.log(a) - (1 - y)),
    Mistake("factor-missing", lambda a, y: -y - (1 - y) * np.log(1 - a)),
    Mistake("factors-swapped-in-loss", _loss(lambda a: np.log(1 - a), np.log)),
    Mistake("wrong-argument", lambda a, y: -a * np.log(a) - (1 - y) * np.log(1 - a)),
    Mistake("wrong-argument", lambda a, y: -y * np.log(a) - (1 - a) * np.log(1 - a)),
    Mistake("wrong-argument", lambda a, y: -a * np.log(a) - (1 - a) * np.log(1 - a)),
    Mistake("factors-swapped-in-loss", lambda a, y: -a * np.log(y + 1e-300) - (1 - a) * np.log(1 - y + 1e-300)),
    Mistake("wrong-bracket", lambda a, y: -(y * np.log(a) + 1 - y * np.log(1 - a))),
    Mistake("wrong-bracket", lambda a, y: -y * np.log(a) - 1 - y * np.log(1 - a)),
    Mistake("wrong-bracket", lambda a, y: -y * np.log(a) + 1 - y * np.log(1 - a)),
    Mistake("wrong-bracket", lambda a, y: -y * np.log(a) - (1 - y) * np.log(1) - a),
    Mistake("wrong-logarithm", _loss(np.log2, lambda a: np.log2(1 - a))),
    Mistake("wrong-logarithm", _loss(np.log10, lambda a: np.log10(1 - a))),
    Mistake("function-missing", _loss(lambda a: a, lambda a: 1 - a)),
    Mistake("function-missing", _loss(lambda a: a, lambda a: np.log(1 - a))),
    Mistake("function-missing", _loss(np.log, lambda a: 1 - a)),
    Mistake("factor-missing", lambda a, y: np.log(a) - (1 - y) * np.log(1 - a)),
    Mistake("wrong-logarithm", _loss(np.log10, lambda a: np.log(1 - a))),
    Mistake("wrong-logarithm", _loss(np.log, lambda a: np.log10(1 - a))),
    Mistake("wrong-logarithm", _loss(np.log2, lambda a: np.log(1 - a))),
    Mistake("wrong-logarithm", _loss(np.log, lambda a: np.log2(1 - a))),
    Mistake("wrong-function", _loss(np.exp, lambda a: np.log(1 - a))),
    Mistake("wrong-function", _loss(np.log, lambda a: np.exp(1 - a))),
    Mistake("wrong-function", _loss(np.exp, lambda a: np.exp(1 - a))),
    Mistake("term-missing", lambda a, y: -y * np.log(a) + y * np.log(1 - a)),
    Mistake("sign-flipped", lambda a, y: -y * np.log(a) + (1 + y) * np.log(1 - a)),
    Mistake("wrong-number", lambda a, y: -y * np.log(a) - (2 - y) * np.log(1 - a)),
    Mistake("wrong-number", lambda a, y: -y * np.log(a) - (0.5 - y) * np.log(1 - a)),
    Mistake("wrong-number", _loss(np.log, lambda a: np.log(2 - a))),
    Mistake("zero-everywhere", lambda a, y: y * np.log(a) * (1 - y) * np.log(1 - a)),
    Mistake("wrong-operation", lambda a, y: -y + np.log(a) - (1 - y) * np.log(1 - a)),
    Mistake("wrong-operation", lambda a, y: -y - np.log(a) - (1 - y) * np.log(1 - a)),
    Mistake("wrong-operation", lambda a, y: -y / np.log(a) - (1 - y) * np.log(1 - a)),
    Mistake("wrong-operation", lambda a, y: -y * np.log(a) - (1 - y) / np.log(1 - a)),
    Mistake("wrong-operation", lambda a, y: -y * np.log(a) - (1 - y + np.log(1 - a))),
    Mistake("wrong-operation", lambda a, y: -y * np.log(a) - ((1 - y) - np.log(1 - a))),
    *_WRONG_LOSSES,
)
_BCE_LOSS = (
    *factors(bce_loss, averaged=False),
    *_BCE_MISTAKES,
    Mistake("derivative-for-the-function", bce_prime),
    Mistake("summed-too-early", lambda a, y: np.sum(bce_loss(a, y))),
    Mistake("summed-too-early", lambda a, y: np.mean(bce_loss(a, y))),
    Mistake("summed-too-early", lambda a, y: np.sum(bce_loss(a, y), axis=0)),
    Mistake("summed-too-early", lambda a, y: np.sum(bce_loss(a, y), axis=1)),
    Mistake("matmul-for-elementwise", lambda a, y: -(y @ np.log(a).T) - (1 - y) @ np.log(1 - a).T),
    Mistake("matmul-for-elementwise", lambda a, y: -y @ np.log(a) - (1 - y) * np.log(1 - a)),
    Mistake("matmul-for-elementwise", lambda a, y: -y * np.log(a) - (1 - y) @ np.log(1 - a)),
    Mistake("transpose-missing", lambda a, y: -y.T * np.log(a) - (1 - y) * np.log(1 - a)),
    Mistake("transpose-missing", lambda a, y: -y * np.log(a.T) - (1 - y) * np.log(1 - a)),
    Mistake("transpose-missing", lambda a, y: -y * np.log(a) - (1 - y.T) * np.log(1 - a)),
    Mistake("transpose-missing", lambda a, y: -y * np.log(a) - (1 - y) * np.log(1 - a.T)),
    Mistake("matmul-for-elementwise", lambda a, y: -(y.T @ np.log(a)) - (1 - y).T @ np.log(1 - a)),
    Mistake("matmul-for-elementwise", lambda a, y: -(y @ np.log(a)) - (1 - y) @ np.log(1 - a)),
    Mistake("transposed", lambda a, y: bce_loss(a, y).T),
)

_Z = (
    Mistake("term-missing", lambda w, b, x: w @ x),
    Mistake("term-missing", lambda w, b, x: b),
    Mistake("sign-flipped", lambda w, b, x: w @ x - b),
    Mistake("sign-flipped", lambda w, b, x: b - w @ x),
    Mistake("wrong-bracket", lambda w, b, x: w @ (x + b)),
    Mistake("elementwise-for-matmul", lambda w, b, x: w.T * x + b),
    Mistake("elementwise-for-matmul", lambda w, b, x: w * x + b),
    Mistake("factor-missing", lambda w, b, x: np.sum(x) + b),
    Mistake("factor-missing", lambda w, b, x: np.sum(w) + b),
    Mistake("wrong-operation", lambda w, b, x: (w @ x) * b),
    Mistake("wrong-function", lambda w, b, x: sigmoid(w @ x + b)),
    Mistake("divided-by-wrong-size", lambda w, b, x: w @ x / len(x) + b),
    *scaled(one_example.z),
)
_DA = (
    *scaled(bce_prime),
    Mistake("sign-flipped", lambda a, y: -y / a - (1 - y) / (1 - a)),
    Mistake("sign-flipped", lambda a, y: y / a + (1 - y) / (1 - a)),
    Mistake("sign-flipped", lambda a, y: -y / a + (1 - y) / (1 + a)),
    Mistake("sign-flipped", lambda a, y: -y / a + (1 + y) / (1 - a)),
    Mistake("term-missing", lambda a, y: -y / a),
    Mistake("term-missing", lambda a, y: (1 - y) / (1 - a)),
    Mistake("term-missing", lambda a, y: -y / a + 1 / (1 - a)),
    Mistake("term-missing", lambda a, y: -1 / a + (1 - y) / (1 - a)),
    Mistake("term-missing", lambda a, y: -y / a + (1 - y) / a),
    Mistake("term-missing", lambda a, y: -y / a + y / (1 - a)),
    Mistake("term-missing", lambda a, y: 1 / (1 - a)),
    Mistake("term-missing", lambda a, y: y / (a * (1 - a))),
    Mistake("term-missing", lambda a, y: (a - y) / a**2),
    Mistake("sign-flipped", lambda a, y: (a + y) / (a * (1 - a))),
    Mistake("sign-flipped", lambda a, y: (a - y) / (a * (1 + a))),
    Mistake("sign-flipped", lambda a, y: -(a + y) / (a * (1 - a))),
    Mistake("factor-missing", lambda a, y: -y / a + (1 - y)),
    Mistake("factor-missing", lambda a, y: -y + (1 - y) / (1 - a)),
    Mistake("factor-missing", lambda a, y: (a - y) / a),
    Mistake("factor-missing", lambda a, y: (a - y) / (1 - a)),
    Mistake("factors-swapped-in-loss", lambda a, y: -y / (1 - a) + (1 - y) / a),
    Mistake("wrong-bracket", lambda a, y: -y / a + 1 - y / (1 - a)),
    Mistake("wrong-bracket", lambda a, y: (a - y) / a * (1 - a)),
    Mistake("wrong-bracket", lambda a, y: -y / a + (1 - y) / 1 - a),
    Mistake("wrong-operation", lambda a, y: -y * a + (1 - y) / (1 - a)),
    Mistake("wrong-operation", lambda a, y: -y / a + (1 - y) * (1 - a)),
    Mistake("wrong-operation", lambda a, y: -y * a + (1 - y) * (1 - a)),
    Mistake("zero-everywhere", lambda a, y: -y / a * ((1 - y) / (1 - a))),
    Mistake("wrong-operation", lambda a, y: (a - y) * (a * (1 - a))),
    Mistake("wrong-operation", lambda a, y: -y / a + (1 - a) / (1 - y)),
    Mistake("wrong-operation", lambda a, y: -a / y + (1 - y) / (1 - a)),
    Mistake("wrong-argument", lambda a, y: -y / a + (1 - y) / (1 - y)),
    Mistake("factor-missing", lambda a, y: a + (1 - y) / (1 - a)),
    Mistake("factor-missing", lambda a, y: -y / a + (1 - a)),
    Mistake("term-missing", lambda a, y: -y / a - y / (1 - a)),
    Mistake("sign-flipped", lambda a, y: -y / a - (1 + y) / (1 - a)),
    Mistake("sign-flipped", lambda a, y: -y / a - (1 - y) / (1 + a)),
    Mistake("wrong-number", lambda a, y: -y / a + (2 - y) / (1 - a)),
    Mistake("wrong-number", lambda a, y: -y / a + (0.5 - y) / (1 - a)),
    Mistake("wrong-number", lambda a, y: -y / a + (1 - y) / (2 - a)),
    Mistake("wrong-number", lambda a, y: -y / a + (1 - y) / (0.5 - a)),
    Mistake("term-missing", lambda a, y: -y / a - (1 - y) / a),
    Mistake("one-step-too-far", lambda a, y: a - y),
    Mistake("function-for-its-derivative", bce_loss),
    Mistake("wrong-loss", lambda a, y: 2 * (a - y)),
)
_DZ = (
    *scaled(one_example.dz),
    Mistake("sign-flipped", lambda a, y: a + y),
    Mistake("term-missing", lambda a, y: a),
    Mistake("term-missing", lambda a, y: -y),
    Mistake("term-missing", lambda a, y: y),
    Mistake("sign-flipped", lambda a, y: -a - y),
    Mistake("activation-derivative-missing", bce_prime),
    Mistake("activation-derivative-twice", lambda a, y: (a - y) * a * (1 - a)),
    Mistake("wrong-loss", lambda a, y: 2 * (a - y) * a * (1 - a)),
    Mistake("wrong-activation", lambda a, y: bce_prime(a, y) * (1 - a**2)),
    Mistake("wrong-activation", lambda a, y: (a - y) * (1 - a**2)),
    Mistake("derivative-of-activation-taken-at-the-wrong-place", lambda a, y: bce_prime(a, y) * sigmoid_prime(a)),
    Mistake("factor-missing", lambda a, y: bce_prime(a, y) * a),
    Mistake("factor-missing", lambda a, y: bce_prime(a, y) * (1 - a)),
    Mistake("factor-missing", lambda a, y: a * (1 - a)),
    Mistake("wrong-bracket", lambda a, y: bce_prime(a, y) * a * 1 - a),
    Mistake("wrong-operation", lambda a, y: bce_prime(a, y) + a * (1 - a)),
    Mistake("zero-everywhere", lambda a, y: a - a),
    Mistake("wrong-operation", lambda a, y: a * y),
    Mistake("wrong-operation", lambda a, y: a / y),
    Mistake("function-missing", lambda a, y: 1 / (1 + np.log(a / (1 - a))) - y, "E21"),
    Mistake("function-for-its-derivative", bce_loss),
)
_DW = (
    *scaled(one_example.dw),
    Mistake("transposed", lambda dz, x: x @ dz),
    Mistake("factor-missing", lambda dz, x: x.T),
    Mistake("factor-missing", lambda dz, x: x),
    Mistake("factor-missing", lambda dz, x: dz),
    Mistake("rank-one-array", lambda dz, x: (dz @ x.T).ravel()),
    Mistake("summed-too-early", lambda dz, x: np.sum(dz * x)),
    Mistake("summed-too-early", lambda dz, x: np.mean(dz * x)),
    Mistake("divided-by-wrong-size", lambda dz, x: dz @ x.T / len(x)),
    Mistake("divided-by-wrong-size", lambda dz, x: x @ dz / len(x)),
    Mistake("wrong-argument", lambda dz, x: x @ x.T),
    Mistake("wrong-argument", lambda dz, x: dz @ dz.T),
    Mistake("wrong-operation", lambda dz, x: dz + x.T),
    Mistake("wrong-operation", lambda dz, x: dz - x.T),
    Mistake("wrong-operation", lambda dz, x: x.T - dz),
    Mistake("wrong-operation", lambda dz, x: dz / x.T),
    Mistake("wrong-operation", lambda dz, x: x.T / dz),
)


def _of_z(g: Function) -> Function:
    """Return the neuron with another activation."""
    return lambda w, b, X: g(batch.Z(w, b, X))


_FORWARD = (
    Mistake("wrong-activation", lambda w, b, X: batch.Z(w, b, X)),
    Mistake("wrong-activation", _of_z(tanh)),
    Mistake("wrong-activation", _of_z(relu)),
    Mistake("sign-flipped", lambda w, b, X: sigmoid(-batch.Z(w, b, X))),
    Mistake("sign-flipped", lambda w, b, X: sigmoid(w @ X - b)),
    Mistake("sign-flipped", lambda w, b, X: sigmoid(b - w @ X)),
    Mistake("sign-flipped", lambda w, b, X: 1 / (1 - np.exp(-batch.Z(w, b, X)))),
    Mistake("term-missing", lambda w, b, X: sigmoid(w @ X)),
    Mistake("transposed", lambda w, b, X: batch.forward(w, b, X).T),
    Mistake("wrong-bracket", lambda w, b, X: sigmoid(w @ (X + b))),
    Mistake("wrong-bracket", lambda w, b, X: sigmoid(w @ X) + b),
    Mistake("wrong-bracket", lambda w, b, X: sigmoid(w) @ X + b),
    Mistake("wrong-bracket", lambda w, b, X: 1 / 1 + np.exp(-batch.Z(w, b, X))),
    Mistake("elementwise-for-matmul", lambda w, b, X: sigmoid(w.T * X + b)),
    Mistake("elementwise-for-matmul", lambda w, b, X: sigmoid(w * X + b)),
    Mistake("factors-swapped", lambda w, b, X: sigmoid(X @ w.T + b)),
    Mistake("transpose-missing", lambda w, b, X: sigmoid(w @ X.T + b)),
    Mistake("derivative-for-the-function", _of_z(sigmoid_prime)),
    Mistake("thresholded", lambda w, b, X: (batch.Z(w, b, X) > 0) * 1.0),
    Mistake("divided-by-wrong-size", lambda w, b, X: sigmoid(w @ X / len(X) + b)),
    Mistake("divided-by-wrong-size", lambda w, b, X: sigmoid(w @ X / X.shape[1] + b)),
    Mistake("wrong-operation", lambda w, b, X: sigmoid((w @ X) * b)),
    Mistake("wrong-operation", lambda w, b, X: sigmoid((w @ X) / b)),
    Mistake("sign-flipped", lambda w, b, X: -batch.forward(w, b, X)),
    Mistake("factor-missing", lambda w, b, X: sigmoid(np.sum(X, axis=0, keepdims=True) + b)),
    Mistake("factor-missing", lambda w, b, X: sigmoid(X + b)),
    Mistake("factor-missing", lambda w, b, X: sigmoid(w + b)),
    Mistake("wrong-argument", lambda w, b, X: sigmoid(w @ X + X)),
    Mistake("wrong-argument", lambda w, b, X: sigmoid(w @ X + w)),
    Mistake("term-missing", lambda w, b, X: sigmoid(np.asarray(b))),
    Mistake("wrong-number", lambda w, b, X: 1 / (2 + np.exp(-batch.Z(w, b, X)))),
    Mistake("factor-of-two", lambda w, b, X: 2 * batch.forward(w, b, X)),
    Mistake("factor-of-two", lambda w, b, X: batch.forward(w, b, X) / 2),
)
# In propagate the one of these is right in the end, by broadcasting, and the other always raises.
_FORWARD_ALONE = (
    Mistake("rank-one-array", lambda w, b, X: batch.forward(w, b, X).ravel()),
    Mistake("factors-swapped", lambda w, b, X: sigmoid(X @ w + b)),
)


def _mean(loss: Function) -> Function:
    return lambda A, Y: np.sum(loss(A, Y)) / Y.shape[1]


_COST = (
    *factors(batch.cost, averaged=True, erratum="E22"),
    Mistake("not-summed", bce_loss),
    Mistake("not-summed", lambda A, Y: bce_loss(A, Y) / Y.shape[1]),
    Mistake("summed-wrong-axis", lambda A, Y: np.sum(bce_loss(A, Y), axis=0)),
    Mistake("summed-wrong-axis", lambda A, Y: np.sum(bce_loss(A, Y), axis=0) / Y.shape[1]),
    *(Mistake(mistake.id, _mean(mistake.function)) for mistake in _BCE_MISTAKES),
    Mistake("wrong-operation", lambda A, Y: np.sum(bce_loss(A, Y)) * Y.shape[1]),
    Mistake("wrong-operation", lambda A, Y: Y.shape[1] / np.sum(bce_loss(A, Y))),
    Mistake("factor-missing", lambda A, Y: Y.shape[1]),
    Mistake("wrong-function", lambda A, Y: np.max(bce_loss(A, Y))),
    Mistake("wrong-function", lambda A, Y: np.max(bce_loss(A, Y)) / Y.shape[1]),
    Mistake("wrong-function", lambda A, Y: np.mean(bce_prime(A, Y))),
    Mistake("sign-flipped", lambda A, Y: np.mean(bce_loss(A, -Y))),
    Mistake("matmul-for-elementwise", lambda A, Y: _mean(_outer)(A, Y)),
    Mistake("matmul-for-elementwise", lambda A, Y: _outer(A, Y) / Y.shape[1]),
    Mistake("matmul-for-elementwise", lambda A, Y: _outer(A, Y)),
)


def _outer(A: Array, Y: Array) -> Any:
    """Return the loss with outer products: every label meets every prediction."""
    return -(Y.T @ np.log(A)) - (1 - Y).T @ np.log(1 - A)


_DW_BATCH = (
    *factors(batch.dW, averaged=True),
    after("transposed", batch.dW, lambda r, m: r.T),
    after("rank-one-array", batch.dW, lambda r, m: r.ravel()),
    Mistake("mean-over-wrong-axis", lambda dZ, X: dZ @ X.T / len(X)),
    Mistake("divided-by-wrong-size", lambda dZ, X: dZ @ X.T / X.size),
    Mistake("transpose-missing", lambda dZ, X: dZ @ X / X.shape[1]),
    Mistake("not-summed", lambda dZ, X: dZ * X, "E31"),
    Mistake("elementwise-for-matmul", lambda dZ, X: dZ * X / X.shape[1]),
    Mistake("elementwise-for-matmul", lambda dZ, X: dZ * X.T / X.shape[1]),
    Mistake("elementwise-for-matmul", lambda dZ, X: np.sum(dZ * X) / X.shape[1]),
    Mistake("elementwise-for-matmul", lambda dZ, X: np.sum(dZ * X)),
    Mistake("elementwise-for-matmul", lambda dZ, X: np.mean(dZ * X)),
    Mistake("summed-wrong-axis", lambda dZ, X: np.sum(dZ * X, axis=0, keepdims=True) / X.shape[1]),
    Mistake("summed-wrong-axis", lambda dZ, X: np.sum(dZ * X, axis=0) / X.shape[1]),
    Mistake("factor-missing", lambda dZ, X: np.sum(X, axis=1, keepdims=True).T / X.shape[1]),
    Mistake("factor-missing", lambda dZ, X: np.sum(dZ, axis=1, keepdims=True) / X.shape[1]),
    Mistake("factor-missing", lambda dZ, X: dZ),
    Mistake("factor-missing", lambda dZ, X: dZ / X.shape[1]),
    Mistake("factor-missing", lambda dZ, X: X.T / X.shape[1]),
    Mistake("factor-missing", lambda dZ, X: X.shape[1]),
    Mistake("wrong-argument", lambda dZ, X: dZ @ dZ.T / X.shape[1]),
    Mistake("wrong-argument", lambda dZ, X: X @ X.T / X.shape[1]),
    Mistake("wrong-operation", lambda dZ, X: X.shape[1] / (dZ @ X.T)),
    Mistake("wrong-operation", lambda dZ, X: dZ @ X.T * X.shape[1]),
    Mistake("wrong-operation", lambda dZ, X: dZ @ X.T - X.shape[1]),
    Mistake("wrong-operation", lambda dZ, X: dZ @ X.T + X.shape[1]),
)
_DB_BATCH = (
    *factors(batch.db, averaged=True),
    Mistake("not-summed", lambda dZ: dZ, "E4"),
    Mistake("summed-wrong-axis", lambda dZ: np.sum(dZ, axis=0, keepdims=True) / dZ.shape[1], "E16"),
    Mistake("summed-wrong-axis", lambda dZ: np.sum(dZ, axis=0) / dZ.shape[1]),
    Mistake("summed-wrong-axis", lambda dZ: np.sum(dZ, axis=0)),
    Mistake("wrong-operation", lambda dZ: np.sum(dZ, axis=1, keepdims=True) * dZ.shape[1]),
    Mistake("wrong-operation", lambda dZ: dZ.shape[1] / np.sum(dZ, axis=1, keepdims=True)),
    Mistake("wrong-function", lambda dZ: np.max(dZ, axis=1, keepdims=True)),
    Mistake("wrong-function", lambda dZ: np.max(dZ, axis=1, keepdims=True) / dZ.shape[1]),
    Mistake("factor-missing", lambda dZ: dZ.shape[1]),
    Mistake("transpose-missing", lambda dZ: np.sum(dZ.T, axis=1, keepdims=True) / dZ.shape[1]),
    Mistake("wrong-operation", lambda dZ: np.sum(dZ, axis=1, keepdims=True) - dZ.shape[1]),
    Mistake("wrong-operation", lambda dZ: np.sum(dZ, axis=1, keepdims=True) + dZ.shape[1]),
)
# Only what the error itself can be: after it, every example is for itself.
_DZ_BATCH = (
    *factors(batch.dZ, averaged=False),
    Mistake("activation-derivative-missing", bce_prime),
    *(mistake for mistake in _DZ if mistake.id in ("activation-derivative-twice", "wrong-loss", "term-missing")),
    Mistake("sign-flipped", lambda A, Y: A + Y),
    Mistake("wrong-operation", lambda A, Y: A * Y),
    Mistake("wrong-argument", lambda A, Y: A - A),
)

_PIECES: Mapping[str, Function] = {
    "forward": batch.forward,
    "cost": batch.cost,
    "dZ": batch.dZ,
    "dW": batch.dW,
    "db": batch.db,
}
_PIECE_LIBRARIES = {"forward": _FORWARD, "cost": _COST, "dZ": _DZ_BATCH, "dW": _DW_BATCH, "db": _DB_BATCH}


def _propagated(**wrong: Function) -> Function:
    """Return propagate with some of its equations replaced."""
    piece = {**_PIECES, **wrong}

    def propagate(w: Array, b: Any, X: Array, Y: Array) -> Any:
        A = piece["forward"](w, b, X)
        dZ, cost = piece["dZ"](A, Y), piece["cost"](A, Y)
        # A cost that is no number tells no mistake from another.
        return {"dw": piece["dW"](dZ, X), "db": piece["db"](dZ)}, cost if np.all(np.isfinite(cost)) else None

    return propagate


def _from_error(error: Function, *, of_w: bool = True, of_b: bool = True) -> Function:
    """Return propagate with another array for dZ in dw, in db, or in both: a function of A, Y, b, X and Z."""

    def propagate(w: Array, b: Any, X: Array, Y: Array) -> Any:
        grads, cost = batch.propagate(w, b, X, Y)
        Z = batch.Z(w, b, X)
        dZ = error(batch.A(Z), Y, b, X, Z)
        dw, db = batch.dW(dZ, X) if of_w else grads["dw"], batch.db(dZ) if of_b else grads["db"]
        return {"dw": dw, "db": db}, cost

    return propagate


def _with_input(taken: Function) -> Function:
    """Return propagate with another array for X in dw: a function of A, Y and dZ."""

    def propagate(w: Array, b: Any, X: Array, Y: Array) -> Any:
        grads, cost = batch.propagate(w, b, X, Y)
        A = batch.forward(w, b, X)
        return {**grads, "dw": batch.dW(A - Y, taken(A, Y, A - Y))}, cost

    return propagate


def _with_swapped_keys(w: Array, b: Any, X: Array, Y: Array) -> Any:
    """Return the gradients, each under the key of the other."""
    grads, cost = batch.propagate(w, b, X, Y)
    return {"dw": grads["db"], "db": grads["dw"]}, cost


def _as_in_E39(w: Array, b: Any, X: Array, Y: Array) -> Any:
    """Return the gradients with 1^T exp/(1^T + exp) as printed: a sum above, and a row and a column added below."""
    e = np.exp(batch.Z(w, b, X))
    ratio = np.sum(e) / (np.ones_like(e) + e.T)
    dw, db = (ratio @ X.T - Y @ X.T) / X.shape[1], (np.sum(ratio, axis=1, keepdims=True) - np.sum(Y)) / X.shape[1]
    return {"dw": dw, "db": db}, batch.propagate(w, b, X, Y)[1]


_PROPAGATE = (
    *(
        Mistake(mistake.id, _propagated(**{name: mistake.function}), mistake.erratum, name)
        for name, library in _PIECE_LIBRARIES.items()
        for mistake in library
    ),
    Mistake("results-swapped", _with_swapped_keys),
    Mistake("sign-flipped", _from_error(lambda A, Y, b, X, Z: -(Y + A), of_b=False), "E40", "dW"),
    Mistake("wrong-bracket", _as_in_E39, "E39"),
    Mistake("one-step-too-far", _from_error(lambda A, Y, b, X, Z: Z - Y), where="dZ"),
    Mistake("wrong-argument", lambda w, b, X, Y: batch.propagate(w, Y, X, Y), where="forward"),
    *(
        Mistake("wrong-argument", _from_error(taken, of_w=part == "dW", of_b=part == "db"), where=part)
        for part in ("dW", "db")
        for taken in (lambda A, Y, b, X, Z: A, lambda A, Y, b, X, Z: Y, lambda A, Y, b, X, Z: X)
    ),
    *(
        Mistake("wrong-argument", _from_error(error), where="dZ")
        for error in (
            lambda A, Y, b, X, Z: A - b,
            lambda A, Y, b, X, Z: b - Y,
            lambda A, Y, b, X, Z: A - X,
            lambda A, Y, b, X, Z: X - Y,
            lambda A, Y, b, X, Z: A - Z,
        )
    ),
    *(Mistake("wrong-argument", _with_input(taken), where="dW") for taken in (lambda A, Y, dZ: A, lambda A, Y, dZ: Y)),
)


_LIBRARY: Mapping[str, tuple[Mistake, ...]] = {
    "activations.sigmoid": _SIGMOID,
    "activations.sigmoid_prime": _SIGMOID_PRIME,
    "losses.bce_loss": _BCE_LOSS,
    "one_example.z": _Z,
    "one_example.da": _DA,
    "one_example.dz": _DZ,
    "one_example.dw": _DW,
    "batch.forward": (*_FORWARD, *_FORWARD_ALONE),
    "batch.cost": _COST,
    "batch.dW": _DW_BATCH,
    "batch.db": _DB_BATCH,
    "batch.propagate": _PROPAGATE,
}
_DRAWN: Mapping[str, Callable[[int], tuple[Case, ...]]] = {
    "activations.sigmoid": _draw_far_out,
    "activations.sigmoid_prime": draw_z,
    "losses.bce_loss": _draw_losses,
    "one_example.z": _draw_one,
    "one_example.da": _draw_one,
    "one_example.dz": _draw_one_or_certain,
    "one_example.dw": _draw_one,
}
_LAYOUTS: Mapping[str, Layout] = {
    "batch.propagate": ({"dw": 'grads["dw"]', "db": 'grads["db"]'}, "cost"),
}

QUESTIONS: tuple[Question, ...] = tuple(
    of_equation(id, _BY_HAND[id], _DRAWN.get(id, _draw_batch), mistakes, layout=_LAYOUTS.get(id, ""))
    for id, mistakes in _LIBRARY.items()
)
