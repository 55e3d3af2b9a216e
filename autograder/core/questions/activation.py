"""Questions on activation functions, and on a network without them (ps2)."""

import cmath
import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.core.layout import Layout
from autograder.core.mistakes import Mistake
from autograder.core.question import Case, Kind, Question, Values, different_sizes, of_equation
from autograder.core.questions.neuron import any_shape, draw_z, entries, scaled, slopes
from course_lib import linear_network
from course_lib.activations import leaky_relu, leaky_relu_prime, relu, relu_prime, sigmoid, sigmoid_prime, tanh
from course_lib.activations import tanh_prime as tanh_slope
from course_lib.arrays import Array
from course_lib.losses import softplus


def _at_zero(kind: Kind = "plain") -> Case:
    """Return the case z = 0: where a slope jumps any subgradient counts, and the function itself has one value."""
    return Case({"z": 0}, {"z": np.array(0.0)}, kind)


@lru_cache(maxsize=16)
def _draw_with_zero(seed: int) -> tuple[Case, ...]:
    return (*draw_z(seed), _at_zero())


@lru_cache(maxsize=16)
def _draw_with_corner(seed: int) -> tuple[Case, ...]:
    return (*draw_z(seed), _at_zero("kink"))


def _with_slopes(cases: list[Case], rng: np.random.Generator) -> tuple[Case, ...]:
    """Give a slope between 0 and 1 to all cases but the first, which goes by the default."""
    first, *others = cases
    sloped = [Case(c.sizes, {**c.values, "slope": float(rng.uniform(0.05, 0.6))}, c.kind) for c in others]
    return (first, *sloped)


@lru_cache(maxsize=16)
def _draw_sloped_with_zero(seed: int) -> tuple[Case, ...]:
    rng = np.random.default_rng([seed, 201])
    return _with_slopes([*any_shape(rng), _at_zero()], rng)


@lru_cache(maxsize=16)
def _draw_sloped_with_corner(seed: int) -> tuple[Case, ...]:
    rng = np.random.default_rng([seed, 202])
    return _with_slopes([*any_shape(rng), _at_zero("kink")], rng)


@lru_cache(maxsize=16)
def _draw_two_linear_layers(seed: int) -> tuple[Case, ...]:
    """Draw two layers without activation: twice with different sizes, with one output, with one input, and square."""
    rng = np.random.default_rng([seed, 203])
    names = ("n0", "n1", "n2")
    sizes = [different_sizes(rng, *names, **fixed) for fixed in ({}, {}, {"n2": 1}, {"n0": 1})]

    def layers(n0: int, n1: int, n2: int) -> Values:
        shapes = {"W1": (n1, n0), "b1": (n1, 1), "W2": (n2, n1), "b2": (n2, 1)}
        return {name: rng.standard_normal(shape) for name, shape in shapes.items()}

    square = dict.fromkeys(names, 3)
    return (*(Case(size, layers(**size)) for size in sizes), Case(square, layers(**square), "square"))


def _leaky_by_hand(v: Values, z: float) -> float:
    return z if z > 0 else v.get("slope", 0.01) * z


def _straight(function: Callable[[float], float]) -> Callable[[float], float]:
    """Return the slope of a function that is straight on either side of zero: from half of z to one and a half."""
    return lambda z: (function(1.5 * z) - function(0.5 * z)) / z


def _two_layers_by_hand(v: Values) -> tuple[Array, Array]:
    """Return W and b as what two layers do to the columns of the identity, beyond what they do to zero."""

    def weighted(W: Array, x: list[float], b: Array) -> list[float]:
        rows = zip(W, b[:, 0], strict=True)
        return [math.fsum([*(float(w) * part for w, part in zip(row, x, strict=True)), float(c)]) for row, c in rows]

    def network(x: list[float]) -> Array:
        return np.array(weighted(v["W2"], weighted(v["W1"], x, v["b1"]), v["b2"]))

    n0 = v["W1"].shape[1]
    at_zero = network([0.0] * n0)
    columns = [network([float(k == unit) for k in range(n0)]) - at_zero for unit in range(n0)]
    return np.stack(columns, axis=1), at_zero[:, np.newaxis]


_BY_HAND: Mapping[str, Callable[[Values], Any]] = {
    "activations.tanh_prime": slopes(cmath.tanh),
    "activations.relu": entries(lambda z: max(0.0, z)),
    "activations.relu_prime": entries(_straight(lambda z: max(0.0, z))),
    "activations.leaky_relu": lambda v: entries(lambda z: _leaky_by_hand(v, z))(v),
    "activations.leaky_relu_prime": lambda v: entries(_straight(lambda z: _leaky_by_hand(v, z)))(v),
    "linear_network.collapse_linear": _two_layers_by_hand,
}


def _subgradients(v: Values) -> tuple[Array, Array]:
    """Return the least and the greatest slope that counts: at zero, that of the left and that of the right."""
    z, left = v["z"], v.get("slope", 0.0)
    return np.where(z > 0, 1.0, left), np.where(z >= 0, 1.0, left)


def _leaky_subgradients(v: Values) -> tuple[Array, Array]:
    return _subgradients({"slope": 0.01, **v})


_TANH_PRIME = (
    Mistake("activation-for-its-derivative", tanh),
    Mistake("sign-flipped", lambda z: 1 + tanh(z) ** 2),
    Mistake("factor-missing", lambda z: 1 - tanh(z)),
    Mistake("sign-flipped", lambda z: 1 + tanh(z)),
    Mistake("term-missing", lambda z: tanh(z) ** 2),
    Mistake("term-missing", lambda z: -(tanh(z) ** 2)),
    Mistake("wrong-bracket", lambda z: (1 - tanh(z)) ** 2),
    Mistake("wrong-bracket", lambda z: 1 - tanh(z**2)),
    Mistake("derivative-of-activation-taken-at-the-wrong-place", lambda z: 1 - z**2),
    Mistake("derivative-of-activation-taken-at-the-wrong-place", lambda z: tanh_slope(tanh(z))),
    Mistake("wrong-activation", sigmoid_prime),
    Mistake("wrong-activation", lambda z: tanh(z) * (1 - tanh(z))),
    Mistake("wrong-activation", lambda z: 1 - sigmoid(z) ** 2),
    Mistake("wrong-activation", relu_prime),
    Mistake("factor-missing", lambda z: sigmoid_prime(2 * z)),
    Mistake("wrong-function", lambda z: 1 - np.sinh(z) ** 2),
    Mistake("factor-missing", lambda z: 1 / np.cosh(z)),
    Mistake("wrong-operation", lambda z: np.cosh(z) ** 2),
    Mistake("wrong-operation", lambda z: 1 - 2 * tanh(z)),
    Mistake("wrong-operation", lambda z: 1 / tanh(z) ** 2),
    Mistake("wrong-number", lambda z: 1 - tanh(z) ** 3),
    Mistake("wrong-number", lambda z: 1 - tanh(z) ** 4),
    Mistake("zero-everywhere", lambda z: 1 - tanh(z) ** 0),
    Mistake("wrong-number", lambda z: 2 - tanh(z) ** 2),
    Mistake("wrong-number", lambda z: 0.5 - tanh(z) ** 2),
    Mistake("sign-flipped", lambda z: -1 - tanh(z) ** 2),
    Mistake("sign-flipped", lambda z: 1 - tanh(z) ** -2.0),
    Mistake("wrong-operation", lambda z: 1 - 2 ** tanh(z)),
    Mistake("wrong-function", lambda z: 1 - np.exp(z) ** 2),
    Mistake("wrong-function", lambda z: 1 - np.cosh(z) ** 2),
    Mistake("transposed", lambda z: tanh_slope(z).T),
    Mistake("matmul-for-elementwise", lambda z: 1 - tanh(z) @ tanh(z)),
    Mistake("matmul-for-elementwise", lambda z: 1 - tanh(z) @ tanh(z).T),
    Mistake("matmul-for-elementwise", lambda z: 1 - np.dot(tanh(z), tanh(z))),
    *scaled(tanh_slope),
)
_RELU = (
    Mistake("branches-swapped", lambda z: np.minimum(0, z)),
    Mistake("derivative-for-the-function", relu_prime),
    Mistake("not-elementwise", lambda z: np.max(z)),
    Mistake("not-elementwise", lambda z: np.maximum(0, np.max(z))),
    Mistake("not-elementwise", lambda z: np.sum(relu(z))),
    Mistake("not-elementwise", lambda z: z[z > 0]),
    Mistake("wrong-activation", leaky_relu),
    Mistake("wrong-activation", np.abs),
    Mistake("wrong-activation", lambda z: z),
    Mistake("wrong-activation", softplus),
    Mistake("wrong-activation", sigmoid),
    Mistake("wrong-activation", tanh),
    Mistake("wrong-activation", lambda z: np.clip(z, 0, 1)),
    Mistake("branches-swapped", lambda z: relu(-z)),
    Mistake("corner-at-the-wrong-place", lambda z: np.maximum(1, z)),
    Mistake("corner-at-the-wrong-place", lambda z: np.maximum(-1, z)),
    Mistake("corner-at-the-wrong-place", lambda z: np.where(z > 1, z, 0)),
    Mistake("corner-at-the-wrong-place", lambda z: relu(z - 1)),
    Mistake("wrong-operation", lambda z: z + (z > 0)),
    Mistake("wrong-operation", lambda z: z - (z > 0)),
    Mistake("transposed", lambda z: relu(z).T),
    *scaled(relu),
)
_RELU_PRIME = (
    Mistake("activation-for-its-derivative", relu),
    Mistake("branches-swapped", lambda z: (z < 0) * 1.0),
    Mistake("not-elementwise", lambda z: np.max(relu_prime(z))),
    Mistake("not-elementwise", lambda z: np.sum(relu_prime(z))),
    Mistake("not-elementwise", lambda z: np.mean(relu_prime(z))),
    Mistake("wrong-activation", leaky_relu_prime),
    Mistake("wrong-activation", np.sign),
    Mistake("wrong-activation", np.ones_like),
    Mistake("wrong-activation", sigmoid_prime),
    Mistake("wrong-activation", sigmoid),
    Mistake("wrong-activation", tanh_slope),
    Mistake("zero-everywhere", np.zeros_like),
    Mistake("corner-at-the-wrong-place", lambda z: (z > 1) * 1.0),
    Mistake("corner-at-the-wrong-place", lambda z: (z > -1) * 1.0),
    Mistake("activation-for-its-derivative", lambda z: np.where(z > 0, 1, z)),
    Mistake("activation-for-its-derivative", lambda z: z),
    Mistake("transposed", lambda z: relu_prime(z).T),
    *scaled(relu_prime),
)


def _bent(right: Callable[[Array, float], Any], left: Callable[[Array, float], Any]) -> Callable[..., Any]:
    """Return a function with two branches, `right` where z > 0."""
    return lambda z, slope=0.01: np.where(z > 0, right(z, slope), left(z, slope))


def _with_default(right: Callable[[Array, float], Any], default: float) -> Callable[..., Any]:
    """Return a function that takes another slope where none is given."""
    return lambda z, slope=default: right(z, slope)


_LEAKY_RELU = (
    Mistake("argument-not-used", lambda z, slope=0.01: leaky_relu(z)),
    Mistake("argument-not-used", lambda z, slope=0.01: leaky_relu(z, 0.1)),
    Mistake("argument-not-used", lambda z, slope=0.01: leaky_relu(z, 0.2)),
    *(Mistake("wrong-default", _with_default(leaky_relu, default)) for default in (0.1, 0.2, 0.001, 0.0, 1.0)),
    Mistake("wrong-activation", lambda z, slope=0.01: relu(z)),
    Mistake("derivative-for-the-function", leaky_relu_prime),
    Mistake("branches-swapped", _bent(lambda z, slope: slope * z, lambda z, slope: z)),
    Mistake("branches-swapped", lambda z, slope=0.01: leaky_relu(-z, slope)),
    Mistake("factor-missing", _bent(lambda z, slope: z, lambda z, slope: slope + 0 * z)),
    Mistake("factor-missing", lambda z, slope=0.01: np.maximum(slope, z)),
    Mistake("sign-flipped", _bent(lambda z, slope: z, lambda z, slope: -slope * z)),
    Mistake("sign-flipped", _bent(lambda z, slope: -z, lambda z, slope: slope * z)),
    Mistake("term-too-many", lambda z, slope=0.01: relu(z) + slope * z),
    Mistake("term-too-many", lambda z, slope=0.01: z + slope * z),
    Mistake("one-branch-only", lambda z, slope=0.01: slope * z),
    Mistake("term-missing", lambda z, slope=0.01: slope * np.minimum(0, z)),
    Mistake("wrong-activation", lambda z, slope=0.01: z),
    Mistake("wrong-activation", lambda z, slope=0.01: np.abs(z)),
    Mistake("not-elementwise", lambda z, slope=0.01: np.max(leaky_relu(z, slope))),
    Mistake("transposed", lambda z, slope=0.01: leaky_relu(z, slope).T),
    Mistake("wrong-argument", _bent(lambda z, slope: slope + 0 * z, lambda z, slope: slope * z)),
    Mistake("wrong-argument", _bent(lambda z, slope: z, lambda z, slope: z * z)),
    Mistake("corner-at-the-wrong-place", lambda z, slope=0.01: np.where(z > 1, z, slope * z)),
    Mistake("corner-at-the-wrong-place", lambda z, slope=0.01: np.where(z > -1, z, slope * z)),
    Mistake("wrong-operation", _bent(lambda z, slope: z, lambda z, slope: slope + z)),
    Mistake("wrong-operation", _bent(lambda z, slope: z, lambda z, slope: z - slope)),
    Mistake("wrong-operation", _bent(lambda z, slope: z, lambda z, slope: slope - z)),
    Mistake("wrong-operation", _bent(lambda z, slope: z, lambda z, slope: slope / z)),
    Mistake("wrong-operation", _bent(lambda z, slope: z, lambda z, slope: z / slope)),
    Mistake("wrong-operation", lambda z, slope=0.01: np.maximum(slope + z, z)),
    *scaled(leaky_relu),
)
_LEAKY_RELU_PRIME = (
    Mistake("argument-not-used", lambda z, slope=0.01: leaky_relu_prime(z)),
    Mistake("argument-not-used", lambda z, slope=0.01: leaky_relu_prime(z, 0.1)),
    Mistake("argument-not-used", lambda z, slope=0.01: leaky_relu_prime(z, 0.2)),
    *(Mistake("wrong-default", _with_default(leaky_relu_prime, default)) for default in (0.1, 0.2, 0.001, 0.0, 1.0)),
    Mistake("wrong-activation", lambda z, slope=0.01: relu_prime(z)),
    Mistake("activation-for-its-derivative", leaky_relu),
    Mistake("activation-for-its-derivative", _bent(lambda z, slope: 1 + 0 * z, lambda z, slope: slope * z)),
    Mistake("activation-for-its-derivative", _bent(lambda z, slope: z, lambda z, slope: slope + 0 * z)),
    Mistake("activation-for-its-derivative", lambda z, slope=0.01: np.maximum(slope, z)),
    Mistake("branches-swapped", _bent(lambda z, slope: slope + 0 * z, lambda z, slope: 1 + 0 * z)),
    Mistake("sign-flipped", _bent(lambda z, slope: 1 + 0 * z, lambda z, slope: -slope + 0 * z)),
    Mistake("sign-flipped", _bent(lambda z, slope: -1 + 0 * z, lambda z, slope: slope + 0 * z)),
    Mistake("term-too-many", _bent(lambda z, slope: 1 + slope + 0 * z, lambda z, slope: slope + 0 * z)),
    Mistake("wrong-operation", _bent(lambda z, slope: 1 + 0 * z, lambda z, slope: 1 - slope + 0 * z)),
    Mistake("wrong-operation", _bent(lambda z, slope: 1 - slope + 0 * z, lambda z, slope: slope + 0 * z)),
    Mistake("wrong-activation", lambda z, slope=0.01: np.ones_like(z)),
    Mistake("wrong-activation", lambda z, slope=0.01: np.sign(z)),
    Mistake("one-branch-only", lambda z, slope=0.01: slope + 0 * z),
    Mistake("wrong-number", _bent(lambda z, slope: 0 * z, lambda z, slope: slope + 0 * z)),
    Mistake("not-elementwise", lambda z, slope=0.01: np.max(leaky_relu_prime(z, slope))),
    Mistake("transposed", lambda z, slope=0.01: leaky_relu_prime(z, slope).T),
    Mistake("wrong-number", _bent(lambda z, slope: 2 + 0 * z, lambda z, slope: slope + 0 * z)),
    Mistake("wrong-number", _bent(lambda z, slope: 0.5 + 0 * z, lambda z, slope: slope + 0 * z)),
    Mistake("wrong-argument", _bent(lambda z, slope: 1 + 0 * z, lambda z, slope: z)),
    Mistake("corner-at-the-wrong-place", lambda z, slope=0.01: np.where(z > 1, 1, slope)),
    Mistake("corner-at-the-wrong-place", lambda z, slope=0.01: np.where(z > -1, 1, slope)),
    *scaled(leaky_relu_prime),
)


def _collapsed(
    W: Callable[[Array, Array], Any] = lambda W1, W2: W2 @ W1,
    b: Callable[[Array, Array, Array, Array], Any] = lambda W1, b1, W2, b2: W2 @ b1 + b2,
) -> Callable[..., Any]:
    """Return collapse_linear with another formula for W or b."""
    return lambda W1, b1, W2, b2: (W(W1, W2), b(W1, b1, W2, b2))


_COLLAPSE = (
    Mistake("wrong-layer", lambda W1, b1, W2, b2: linear_network.collapse_linear(W2, b2, W1, b1)),
    Mistake("results-swapped", lambda W1, b1, W2, b2: linear_network.collapse_linear(W1, b1, W2, b2)[::-1]),
    Mistake("factors-swapped", _collapsed(W=lambda W1, W2: W1 @ W2)),
    Mistake("transposed", _collapsed(W=lambda W1, W2: (W2 @ W1).T)),
    Mistake("transpose-missing", _collapsed(W=lambda W1, W2: W2.T @ W1)),
    Mistake("transpose-missing", _collapsed(W=lambda W1, W2: W2 @ W1.T)),
    Mistake("transpose-missing", _collapsed(W=lambda W1, W2: W1 @ W2.T)),
    Mistake("transpose-missing", _collapsed(W=lambda W1, W2: W1.T @ W2)),
    Mistake("elementwise-for-matmul", _collapsed(W=lambda W1, W2: W2 * W1)),
    Mistake("elementwise-for-matmul", _collapsed(W=lambda W1, W2: W2.T * W1)),
    Mistake("wrong-operation", _collapsed(W=lambda W1, W2: W2 + W1)),
    Mistake("wrong-operation", _collapsed(W=lambda W1, W2: W2 - W1)),
    Mistake("factor-missing", _collapsed(W=lambda W1, W2: W1)),
    Mistake("factor-missing", _collapsed(W=lambda W1, W2: W2)),
    Mistake("sign-flipped", _collapsed(W=lambda W1, W2: -W2 @ W1)),
    Mistake("factor-of-two", _collapsed(W=lambda W1, W2: 2 * W2 @ W1)),
    Mistake("term-missing", _collapsed(b=lambda W1, b1, W2, b2: W2 @ b1)),
    Mistake("term-missing", _collapsed(b=lambda W1, b1, W2, b2: b2)),
    Mistake("term-missing", _collapsed(b=lambda W1, b1, W2, b2: b1)),
    Mistake("term-missing", _collapsed(b=lambda W1, b1, W2, b2: np.zeros_like(b2))),
    Mistake("factor-missing", _collapsed(b=lambda W1, b1, W2, b2: b1 + b2)),
    Mistake("sign-flipped", _collapsed(b=lambda W1, b1, W2, b2: W2 @ b1 - b2)),
    Mistake("sign-flipped", _collapsed(b=lambda W1, b1, W2, b2: b2 - W2 @ b1)),
    Mistake("wrong-bracket", _collapsed(b=lambda W1, b1, W2, b2: W2 @ (b1 + b2))),
    Mistake("wrong-layer", _collapsed(b=lambda W1, b1, W2, b2: W1 @ b1 + b2)),
    Mistake("wrong-layer", _collapsed(b=lambda W1, b1, W2, b2: W2 @ b2 + b1)),
    Mistake("wrong-layer", _collapsed(b=lambda W1, b1, W2, b2: W1 @ b2 + b1)),
    Mistake("wrong-layer", _collapsed(b=lambda W1, b1, W2, b2: W2 @ b1 + b1)),
    Mistake("wrong-layer", _collapsed(b=lambda W1, b1, W2, b2: W2 @ b2 + b2)),
    Mistake("term-too-many", _collapsed(b=lambda W1, b1, W2, b2: W2 @ W1 @ b1 + b2)),
    Mistake("factors-swapped", _collapsed(b=lambda W1, b1, W2, b2: b1 @ W2 + b2)),
    Mistake("transpose-missing", _collapsed(b=lambda W1, b1, W2, b2: W2.T @ b1 + b2)),
    Mistake("transpose-missing", _collapsed(b=lambda W1, b1, W2, b2: b1.T @ W2.T + b2)),
    Mistake("transposed", _collapsed(b=lambda W1, b1, W2, b2: (W2 @ b1 + b2).T)),
    Mistake("elementwise-for-matmul", _collapsed(b=lambda W1, b1, W2, b2: W2 * b1 + b2)),
    Mistake("elementwise-for-matmul", _collapsed(b=lambda W1, b1, W2, b2: W2.T * b1 + b2)),
    Mistake("wrong-operation", _collapsed(b=lambda W1, b1, W2, b2: (W2 @ b1) * b2)),
    Mistake("wrong-operation", _collapsed(b=lambda W1, b1, W2, b2: (W2 @ b1) / b2)),
    Mistake("sign-flipped", _collapsed(b=lambda W1, b1, W2, b2: -(W2 @ b1 + b2))),
    Mistake("factor-missing", _collapsed(b=lambda W1, b1, W2, b2: W2 + b2)),
    Mistake("wrong-argument", _collapsed(W=lambda W1, W2: W2 @ W2)),
    Mistake("wrong-argument", _collapsed(W=lambda W1, W2: W1 @ W1)),
    Mistake("wrong-argument", _collapsed(b=lambda W1, b1, W2, b2: W2 @ W1 + b2)),
    Mistake("wrong-argument", _collapsed(b=lambda W1, b1, W2, b2: W2 @ b1 + W2)),
    Mistake("wrong-argument", _collapsed(b=lambda W1, b1, W2, b2: W2 @ b1 + W1)),
    Mistake("transpose-missing", _collapsed(b=lambda W1, b1, W2, b2: W2 @ b1 + b2.T)),
    Mistake("rank-one-array", _collapsed(b=lambda W1, b1, W2, b2: (W2 @ b1 + b2).ravel())),
    Mistake("factor-of-two", _collapsed(b=lambda W1, b1, W2, b2: 2 * (W2 @ b1 + b2))),
)

_LAYOUTS: Mapping[str, Layout] = {"linear_network.collapse_linear": ("W", "b")}

QUESTIONS: tuple[Question, ...] = tuple(
    of_equation(id, _BY_HAND[id], draw, mistakes, layout=_LAYOUTS.get(id, ""), bounds=bounds)
    for id, draw, mistakes, bounds in (
        ("activations.tanh_prime", draw_z, _TANH_PRIME, None),
        ("activations.relu", _draw_with_zero, _RELU, None),
        ("activations.relu_prime", _draw_with_corner, _RELU_PRIME, _subgradients),
        ("activations.leaky_relu", _draw_sloped_with_zero, _LEAKY_RELU, None),
        ("activations.leaky_relu_prime", _draw_sloped_with_corner, _LEAKY_RELU_PRIME, _leaky_subgradients),
        ("linear_network.collapse_linear", _draw_two_linear_layers, _COLLAPSE, None),
    )
)
