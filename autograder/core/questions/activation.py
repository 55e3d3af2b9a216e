"""Questions on activation functions, and on a network without them (ps2)."""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from autograder.core.question import Case, Kind, Values, drawn
from autograder.core.questions.neuron import any_shape, draw_z
from course_lib.arrays import Array


def _at_zero(kind: Kind = "plain") -> Case:
    """Return the case z = 0: where a slope jumps any subgradient counts, and the function itself has one value."""
    return Case({"z": 0}, {"z": np.array(0.0)}, kind)


@lru_cache(maxsize=16)
def draw_with_zero(seed: int) -> tuple[Case, ...]:
    """Draw z, and z = 0."""
    return (*draw_z(seed), _at_zero())


@lru_cache(maxsize=16)
def draw_with_corner(seed: int) -> tuple[Case, ...]:
    """Draw z, and z = 0, where any subgradient counts."""
    return (*draw_z(seed), _at_zero("kink"))


def _with_slopes(cases: list[Case], rng: np.random.Generator) -> tuple[Case, ...]:
    """Give a slope between 0 and 1 to all cases but the first, which goes by the default."""
    first, *others = cases
    sloped = [Case(c.sizes, {**c.values, "slope": float(rng.uniform(0.05, 0.6))}, c.kind) for c in others]
    return (first, *sloped)


@lru_cache(maxsize=16)
def draw_sloped_with_zero(seed: int) -> tuple[Case, ...]:
    """Draw z with slopes for negative ones, and z = 0."""
    rng = np.random.default_rng([seed, 201])
    return _with_slopes([*any_shape(rng), _at_zero()], rng)


@lru_cache(maxsize=16)
def draw_sloped_with_corner(seed: int) -> tuple[Case, ...]:
    """Draw z with slopes for negative ones, and z = 0, where any subgradient counts."""
    rng = np.random.default_rng([seed, 202])
    return _with_slopes([*any_shape(rng), _at_zero("kink")], rng)


def _linear_layers(n0: int, n1: int, n2: int, rng: np.random.Generator) -> Values:
    shapes = {"W1": (n1, n0), "b1": (n1, 1), "W2": (n2, n1), "b2": (n2, 1)}
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


draw_linear_layers = drawn(203, _linear_layers, "n0 n1 n2", {}, {}, {"n2": 1}, {"n0": 1})


def leaky(v: Values) -> Callable[[float], float]:
    """Return the leaky ReLU of a number, with the slope of a case."""
    return lambda z: z if z > 0 else v.get("slope", 0.01) * z


def straight(function: Callable[[float], float]) -> Callable[[float], float]:
    """Return the slope of a function that is straight on either side of zero: from half of z to one and a half."""
    return lambda z: (function(1.5 * z) - function(0.5 * z)) / z


def two_layers_by_hand(v: Values) -> tuple[Array, Array]:
    """Return W and b, read off two layers at the columns of the identity and at zero."""

    def weighted(W: Array, x: list[float], b: Array) -> list[float]:
        rows = zip(W, b[:, 0], strict=True)
        return [math.fsum([*(float(w) * part for w, part in zip(row, x, strict=True)), float(c)]) for row, c in rows]

    def network(x: list[float]) -> Array:
        return np.array(weighted(v["W2"], weighted(v["W1"], x, v["b1"]), v["b2"]))

    n0 = v["W1"].shape[1]
    at_zero = network([0.0] * n0)
    columns = [network([float(k == unit) for k in range(n0)]) - at_zero for unit in range(n0)]
    return np.stack(columns, axis=1), at_zero[:, np.newaxis]


def subgradients(v: Values) -> tuple[Array, Array]:
    """Return the least and the greatest slope that counts: at zero, that of the left and that of the right."""
    z, left = v["z"], v.get("slope", 0.0)
    return np.where(z > 0, 1.0, left), np.where(z >= 0, 1.0, left)


def leaky_subgradients(v: Values) -> tuple[Array, Array]:
    """Return the least and the greatest slope of the leaky ReLU."""
    return subgradients({"slope": 0.01, **v})
