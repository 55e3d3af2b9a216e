"""Questions on activation functions, and on a network without them (ps2)."""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from autograder.core.numeric import entries, slopes
from autograder.core.question import Case, Kind, Question, Values, ask, drawn
from autograder.core.questions.neuron import any_shape, draw_z
from course_lib.arrays import Array


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


def _linear_layers(n0: int, n1: int, n2: int, rng: np.random.Generator) -> Values:
    shapes = {"W1": (n1, n0), "b1": (n1, 1), "W2": (n2, n1), "b2": (n2, 1)}
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


def _leaky(v: Values) -> Callable[[float], float]:
    return lambda z: z if z > 0 else v.get("slope", 0.01) * z


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


def _subgradients(v: Values) -> tuple[Array, Array]:
    """Return the least and the greatest slope that counts: at zero, that of the left and that of the right."""
    z, left = v["z"], v.get("slope", 0.0)
    return np.where(z > 0, 1.0, left), np.where(z >= 0, 1.0, left)


def _leaky_subgradients(v: Values) -> tuple[Array, Array]:
    return _subgradients({"slope": 0.01, **v})


COLLAPSE = "W = W2 @ W1\nb = W2 @ b1 + b2\nreturn W, b"
_OTHER_DEFAULTS = """
    argument-not-used: {f}(z) | {f}(z, 0.1) | {f}(z, 0.2)
    not-elementwise: np.max({f}(z, slope))
"""


def _with_default(f: str) -> dict[str, tuple[str, ...]]:
    """Return the mistake of taking another slope where none is given."""
    return {
        "wrong-default": tuple(f"return {f}(z, {d} if slope == 0.01 else slope)" for d in (0.1, 0.2, 0.001, 0.0, 1.0))
    }


QUESTIONS: tuple[Question, ...] = (
    ask(
        "activations.tanh_prime",
        slopes(np.tanh),
        draw_z,
        "1 - np.tanh(z) ** 2",
        "a = np.tanh(z)\nreturn 1 - a * a",
        "1 / np.cosh(z) ** 2",
        also="""
            sign-flipped: 1 + np.tanh(z)
            factor-missing: sigmoid_prime(2 * z)
            wrong-operation: 1 / np.tanh(z) ** 2
            zero-everywhere: 1 - np.tanh(z) ** 0
            matmul-for-elementwise: 1 - np.dot(np.tanh(z), np.tanh(z))
        """,
    ),
    ask(
        "activations.relu",
        entries(lambda z: max(0.0, z)),
        _draw_with_zero,
        "np.maximum(0, z)",
        "z * (z > 0)",
        also="""
            derivative-for-the-function: relu_prime(z)
            not-elementwise: np.max(z) | np.maximum(0, np.max(z)) | np.sum(relu(z)) | z[z > 0]
            wrong-activation: z | softplus(z) | np.clip(z, 0, 1)
            branches-swapped: relu(-z)
            corner-at-the-wrong-place: relu(z - 1)
        """,
    ),
    ask(
        "activations.relu_prime",
        entries(_straight(lambda z: max(0.0, z))),
        _draw_with_corner,
        "np.where(z > 0, 1.0, 0.0)",
        "1.0 * (z > 0)",
        also="""
            activation-for-its-derivative: relu(z) | np.where(z > 0, 1, z) | z
            not-elementwise: np.max(relu_prime(z)) | np.sum(relu_prime(z)) | np.mean(relu_prime(z))
            wrong-activation: leaky_relu_prime(z) | np.sign(z) | np.ones_like(z) | sigmoid_prime(z) | sigmoid(z)
            zero-everywhere: np.zeros_like(z)
        """,
        bounds=_subgradients,
    ),
    ask(
        "activations.leaky_relu",
        lambda v: entries(_leaky(v))(v),
        _draw_sloped_with_zero,
        "np.where(z > 0, z, slope * z)",
        "np.maximum(slope * z, z)",
        also=f"""{_OTHER_DEFAULTS.format(f="leaky_relu")}
            wrong-activation: relu(z) | z | np.abs(z)
            derivative-for-the-function: leaky_relu_prime(z, slope)
            branches-swapped: leaky_relu(-z, slope)
            term-too-many: relu(z) + slope * z | z + slope * z
            term-missing: slope * np.minimum(0, z)
        """,
        whole=_with_default("leaky_relu"),
    ),
    ask(
        "activations.leaky_relu_prime",
        lambda v: entries(_straight(_leaky(v)))(v),
        _draw_sloped_with_corner,
        "np.where(z > 0, 1.0, slope)",
        also=f"""{_OTHER_DEFAULTS.format(f="leaky_relu_prime")}
            wrong-activation: relu_prime(z) | np.ones_like(z) | np.sign(z)
            activation-for-its-derivative: leaky_relu(z, slope) | np.where(z > 0, 1, slope * z)
                | np.where(z > 0, z, slope) | np.maximum(slope, z)
            term-too-many: np.where(z > 0, 1 + slope, slope)
            wrong-operation: np.where(z > 0, 1, 1 - slope) | np.where(z > 0, 1 - slope, slope)
            one-branch-only: slope + 0 * z
        """,
        whole=_with_default("leaky_relu_prime"),
        bounds=_leaky_subgradients,
    ),
    ask(
        "linear_network.collapse_linear",
        _two_layers_by_hand,
        drawn(203, _linear_layers, "n0 n1 n2", {}, {}, {"n2": 1}, {"n0": 1}),
        COLLAPSE,
        also="""
            transpose-missing in W: W1 @ W2.T | W1.T @ W2
            transpose-missing in b: b1.T @ W2.T + b2
            term-missing in b: b1 | np.zeros_like(b2)
            wrong-layer in b: W2 @ b2 + b1 | W1 @ b2 + b1
            term-too-many in b: W2 @ W1 @ b1 + b2
            wrong-operation in b: (W2 @ b1) / b2
            rank-one-array in b: (W2 @ b1 + b2).ravel()
        """,
        whole={"wrong-layer": ("return W1 @ W2, W1 @ b2 + b1",)},
        layout=("W", "b"),
    ),
)
