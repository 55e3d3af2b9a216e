"""Questions on one layer: its linear part and its activation, forwards and backwards (ps5)."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import combinations, permutations
from typing import Any

import numpy as np

from autograder.core.layout import Layout
from autograder.core.mistakes import WEIGHTED_INPUT, Function, Mistake, after, bias_gradient, factors, weight_gradient
from autograder.core.question import Case, Question, Values, different_sizes, of_equation
from autograder.core.questions.backwards import known, telling, through
from course_lib import deep
from course_lib.activations import ACTIVATIONS, relu, relu_prime, sigmoid, sigmoid_prime, tanh, tanh_prime
from course_lib.arrays import Array
from course_lib.gradient_checking import complex_step
from course_lib.losses import bce_loss_from_z


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


def _cost_above(v: Values, A: Array) -> Any:
    """Return the cost as the layers above make it of a layer's activations."""
    return np.sum(bce_loss_from_z(v["above"] @ A + v["b_above"], v["Y"])) / v["Y"].shape[1]


def _relu_subgradients(v: Values) -> tuple[Array, Array]:
    """Return the least and the greatest dZ that count: where z = 0, all from no to full strength."""
    closed, open_ = v["dA"] * (v["Z"] > 0), v["dA"] * (v["Z"] >= 0)
    return np.minimum(closed, open_), np.maximum(closed, open_)


def dZ_by_complex_steps(v: Values) -> Any:
    """Return each example's loss gradient before the activation, by the complex step through what lies above."""
    g = ACTIVATIONS[v["activation"]].function
    return complex_step(lambda Z: _cost_above(v, g(Z)), v["Z"]) * v["Y"].shape[1]


def layer_by_complex_steps(v: Values) -> tuple[Array, Array, Array]:
    """Return dA_prev, dW and db, by the complex step through the layer and what lies above."""
    g = ACTIVATIONS[v["activation"]].function
    return (
        complex_step(lambda A: _cost_above(v, g(v["W"] @ A + v["b"])), v["A_prev"]) * v["Y"].shape[1],
        complex_step(lambda W: _cost_above(v, g(W @ v["A_prev"] + v["b"])), v["W"]),
        complex_step(lambda b: _cost_above(v, g(v["W"] @ v["A_prev"] + b)), v["b"]),
    )


def weighted_by_hand(W: Array, b: Array, A: Array) -> Array:
    """Return W A + b, entry by entry with plain numbers."""
    columns = [
        [math.fsum([*map(float.__mul__, row, column), c]) for row, c in zip(W.tolist(), b[:, 0], strict=True)]
        for column in A.T.tolist()
    ]
    return np.array(columns).T


def _in_other_order(right: Function, *path: int) -> tuple[Mistake, ...]:
    """Return the mistakes of a tuple in a wrong order; the path leads to it, inside of what is returned."""

    def ordered(value: Any, path: Sequence[int], order: Sequence[int]) -> Any:
        if path:
            at, *rest = path
            return tuple(ordered(item, rest, order) if k == at else item for k, item in enumerate(value))
        return tuple(value[k] for k in order)

    def wrong(order: Sequence[int]) -> Function:
        return lambda *arguments: ordered(right(*arguments), path, order)

    return tuple(Mistake("results-swapped", wrong(order)) for order in list(permutations(range(3)))[1:])


_SAMPLES = tuple(
    (rng.standard_normal(shape), rng.standard_normal(shape) + 0.2)
    for rng in [np.random.default_rng(0)]
    for shape in ((3, 3), (2, 4), (3, 1), (1, 2))
)
"""Samples of dA and Z."""


def _to_dZ(slope: Function, id: str, *own: Mistake) -> tuple[Mistake, ...]:
    """Return the mistakes of dZ = dA * g'(Z)."""

    def right(dA: Array, Z: Array) -> Any:
        return dA * slope(Z)

    scaled = (*factors(right, averaged=False), after("transposed", right, lambda r, m: r.T))
    return telling((*scaled, *through(slope, id, *own)), right, *_SAMPLES)


BACKWARD: Mapping[str, tuple[Mistake, ...]] = {
    "relu": _to_dZ(
        relu_prime,
        "activations.relu_prime",
        Mistake("derivative-of-activation-taken-at-the-wrong-place", lambda dA, Z: relu(dA)),
        Mistake("activation-for-its-derivative", lambda dA, Z: relu(Z)),
        Mistake("activation-derivative-missing", lambda dA, Z: np.where(Z > 0, dA, Z)),
        Mistake("activation-derivative-missing", lambda dA, Z: np.where(Z > 0, dA, 1)),
    ),
    "sigmoid": _to_dZ(
        sigmoid_prime,
        "activations.sigmoid_prime",
        Mistake("factor-missing", lambda dA, Z: dA * sigmoid(-Z)),
        Mistake("wrong-bracket", lambda dA, Z: dA * sigmoid(Z) * 1 - sigmoid(Z)),
        Mistake("activation-for-its-derivative", lambda dA, Z: sigmoid(Z)),
    ),
    "tanh": _to_dZ(
        tanh_prime,
        "activations.tanh_prime",
        Mistake("wrong-bracket", lambda dA, Z: dA * 1 - tanh(Z) ** 2),
        Mistake("activation-for-its-derivative", lambda dA, Z: tanh(Z)),
    ),
}

DA_PREV = (
    *known("two_layer.dA1"),
    Mistake("elementwise-for-matmul", lambda W, dZ: W.T * dZ.T),
    Mistake("summed-wrong-axis", lambda W, dZ: np.sum(W, axis=0, keepdims=True).T * np.sum(dZ, axis=0)),
    Mistake("factor-missing", lambda W, dZ: W.T),
    Mistake("factor-missing", lambda W, dZ: dZ),
)
DW = (
    *weight_gradient(deep.dW),
    Mistake("factor-missing", lambda dZ, A: dZ / dZ.shape[1]),
    Mistake("factor-missing", lambda dZ, A: A.T / dZ.shape[1]),
)
DB = bias_gradient(deep.db, "E9")


def _linear_backward(
    dA_prev: Function = deep.dA_prev, dW: Function = deep.dW, db: Function = deep.db
) -> Callable[[Array, Any], Any]:
    """Return the linear part, backwards, with some of its equations replaced."""

    def backward(dZ: Array, cache: Any) -> Any:
        A_prev, W, _ = cache
        return dA_prev(W, dZ), dW(dZ, A_prev), db(dZ)

    return backward


def wrong_means(assemble: Callable[..., Function]) -> tuple[Mistake, ...]:
    """Return the mistakes of a mean that is wrong in dW and in db alike, of a function that is assembled of several."""

    def divided(by: Callable[[Array], float]) -> Function:
        return assemble(dW=lambda dZ, A: dZ @ A.T / by(dZ), db=lambda dZ: np.sum(dZ, axis=1, keepdims=True) / by(dZ))

    return (
        Mistake("missing-mean", divided(lambda dZ: 1)),
        Mistake("averaged-twice", divided(lambda dZ: dZ.shape[1] ** 2)),
        Mistake("mean-over-wrong-axis", divided(len)),
        Mistake("divided-by-wrong-size", divided(lambda dZ: dZ.size)),
    )


def in_place(assemble: Callable[..., Function], name: str, mistakes: Sequence[Mistake]) -> tuple[Mistake, ...]:
    """Return the mistakes of one equation as mistakes of a function that is assembled of several."""
    return tuple(replace(m, function=assemble(**{name: m.function}), where=name, changes=None) for m in mistakes)


def _of_three(assemble: Callable[..., Function]) -> tuple[Mistake, ...]:
    return (
        *wrong_means(assemble),
        *in_place(assemble, "dA_prev", DA_PREV),
        *in_place(assemble, "dW", DW),
        *in_place(assemble, "db", DB),
    )


def _by_the_wrong_array(dZ: Array, cache: Any) -> Any:
    """Return the linear part, backwards, with A_prev where W belongs: the derivative by W for the one by A_prev."""
    _, dW, db = deep.linear_backward(dZ, cache)
    return cache[0] @ dZ, dW, db


_LINEAR_BACKWARD = (
    *_in_other_order(deep.linear_backward),
    Mistake("wrong-variable", _by_the_wrong_array, "E15", "dA_prev"),
    *_of_three(_linear_backward),
)

_LINEAR_FORWARD = (
    *_in_other_order(deep.linear_forward, 1),
    *(
        replace(m, function=lambda A, W, b, Z=m.function: (Z(W, b, A), (A, W, b)), where="Z")
        for m in (
            *WEIGHTED_INPUT,
            Mistake("sign-flipped", lambda W, b, A: -(W @ A) + b),
            Mistake("term-missing", lambda W, b, A: b * np.ones((1, A.shape[1]))),
            Mistake("factor-missing", lambda W, b, A: np.sum(W, axis=1, keepdims=True) + 0 * A[:1] + b),
            Mistake("transposed", lambda W, b, A: (W @ A + b).T),
            Mistake("divided-by-wrong-size", lambda W, b, A: W @ A / A.shape[1] + b),
            Mistake("wrong-bracket", lambda W, b, A: W @ (A + b)),
            Mistake("wrong-activation", lambda W, b, A: relu(W @ A + b)),
            Mistake("wrong-activation", lambda W, b, A: sigmoid(W @ A + b)),
            Mistake("wrong-activation", lambda W, b, A: tanh(W @ A + b)),
        )
    ),
    Mistake("wrong-cache", lambda A, W, b: (W @ A + b, (W @ A + b, W, b))),
)

Backward = Callable[[Array, Array], Any]


def _layer_backward(linear: Function = deep.linear_backward, **through: Backward) -> Function:
    """Return a layer, backwards, with the linear part or the way through some activation replaced."""

    def backward(dA: Array, cache: Any, activation: str) -> Any:
        linear_cache, Z = cache
        dZ = through[activation](dA, Z) if activation in through else deep.dZ(dA, Z, activation)
        return linear(dZ, linear_cache)

    return backward


def _mixed_up(taken: Mapping[str, str]) -> Function:
    """Return a layer, backwards, that takes one activation for another."""
    return lambda dA, cache, name: deep.linear_activation_backward(dA, cache, taken.get(name, name))


def _at_the_activations(dA: Array, cache: Any, activation: str) -> Any:
    """Return a layer, backwards, with the slope taken at A = g(Z)."""
    linear_cache, Z = cache
    return deep.linear_backward(deep.dZ(dA, deep.A(Z, activation), activation), linear_cache)


def _at_the_layer_below(dA: Array, cache: Any, activation: str) -> Any:
    linear_cache, _ = cache
    return deep.linear_backward(deep.dZ(dA, linear_cache[0], activation), linear_cache)


_WRONG_PLACE = "derivative-of-activation-taken-at-the-wrong-place"
INSIDE = (
    *("averaged-too-early", "sign-flipped", "factor-of-two", "factor-missing", "activation-for-its-derivative"),
    *(_WRONG_PLACE, "branches-swapped", "term-missing"),
)
"""Mistakes of a way through an activation that are also looked for in a whole layer: the likely ones."""

_LAYER_BACKWARD = (
    Mistake("activation-derivative-missing", _mixed_up(dict.fromkeys(BACKWARD, "identity")), where="dZ"),
    *(Mistake("wrong-activation", _mixed_up(dict.fromkeys(BACKWARD, name)), where="dZ") for name in BACKWARD),
    *(Mistake("wrong-activation", _mixed_up({a: b}), where="dZ") for a, b in permutations(BACKWARD, 2)),
    *(Mistake("wrong-activation", _mixed_up({a: b, b: a}), where="dZ") for a, b in combinations(BACKWARD, 2)),
    Mistake(_WRONG_PLACE, _at_the_activations, where="dZ"),
    Mistake("wrong-layer", _at_the_layer_below, where="dZ"),
    *_in_other_order(deep.linear_activation_backward),
    *(
        replace(m, function=_layer_backward(linear=m.function))
        for m in (Mistake("wrong-variable", _by_the_wrong_array, "E15", "dA_prev"), *_of_three(_linear_backward))
    ),
    *(
        replace(m, function=_layer_backward(**{name: m.function}), where=f"{name}_backward", changes=None)
        for name, mistakes in BACKWARD.items()
        for m in mistakes
        if m.id in INSIDE
    ),
    *(
        Mistake("activation-derivative-missing", _mixed_up({name: "identity"}), where=f"{name}_backward")
        for name in BACKWARD
    ),
)

_DZ = (
    Mistake("activation-derivative-missing", lambda dA, Z, name: dA),
    *(
        Mistake("wrong-activation", lambda dA, Z, name, other=other: deep.dZ(dA, Z, other))
        for other in (*BACKWARD, "leaky_relu")
    ),
    *(
        Mistake(id, lambda dA, Z, name, change=change: change(deep.dZ(dA, Z, name)))
        for id, change in (
            ("sign-flipped", lambda dZ: -dZ),
            ("factor-of-two", lambda dZ: 2 * dZ),
            ("averaged-too-early", lambda dZ: dZ / dZ.shape[1]),
            ("transposed", lambda dZ: dZ.T),
        )
    ),
    Mistake(_WRONG_PLACE, lambda dA, Z, name: deep.dZ(dA, deep.A(Z, name), name)),
    Mistake("activation-for-its-derivative", lambda dA, Z, name: dA * deep.A(Z, name)),
    Mistake("factor-missing", lambda dA, Z, name: deep.dZ(np.ones_like(dA), Z, name)),
    Mistake("matmul-for-elementwise", lambda dA, Z, name: dA @ deep.dZ(np.ones_like(dA), Z, name), "E36"),
    Mistake("arguments-swapped", lambda dA, Z, name: deep.dZ(Z, dA, name)),
)

_THREE: Layout = ("dA_prev", "dW", "db")

QUESTIONS: tuple[Question, ...] = (
    of_equation("deep.dZ", dZ_by_complex_steps, _draw_any, _DZ),
    of_equation("deep.dA_prev", lambda v: layer_by_complex_steps(v)[0], draw_linear, DA_PREV),
    of_equation("deep.dW", lambda v: layer_by_complex_steps(v)[1], draw_linear, DW),
    of_equation("deep.db", lambda v: layer_by_complex_steps(v)[2], draw_linear, DB),
    of_equation(
        "deep.linear_forward",
        lambda v: (weighted_by_hand(v["W"], v["b"], v["A"]), (v["A"], v["W"], v["b"])),
        draw_linear,
        _LINEAR_FORWARD,
        layout=("Z", ("A in cache", "W in cache", "b in cache")),
    ),
    *(
        of_equation(
            f"deep.{name}_backward",
            dZ_by_complex_steps,
            _draw_through(name),
            mistakes,
            bounds=_relu_subgradients if name == "relu" else None,
        )
        for name, mistakes in BACKWARD.items()
    ),
    of_equation("deep.linear_backward", layer_by_complex_steps, draw_linear, _LINEAR_BACKWARD, layout=_THREE),
    of_equation("deep.linear_activation_backward", layer_by_complex_steps, draw_layer, _LAYER_BACKWARD, layout=_THREE),
)
