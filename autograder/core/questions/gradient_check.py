"""Questions on gradient checking, initialization and the published mistakes (ps6)."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import combinations, pairwise
from typing import Any, NamedTuple

import numpy as np

from autograder.core.layout import described, parts
from autograder.core.mistakes import Function, Mistake, after, bias_gradient, factors, weight_gradient
from autograder.core.model import wrong_parameters
from autograder.core.question import (
    Case,
    Finding,
    Property,
    Question,
    Values,
    different_sizes,
    of_equation,
)
from autograder.protocol.values import Outcome, ScalarFunction
from course_lib import errata
from course_lib.activations import relu_prime, sigmoid, sigmoid_prime, tanh_prime
from course_lib.arrays import Array
from course_lib.equations import equation
from course_lib.gradient_checking import central_difference, complex_step, relative_error
from course_lib.initialization import he
from course_lib.losses import bce_loss_from_z, bce_prime

# The measurement: central differences, and how far two arrays are apart.


def _scalar_function(shape: tuple[int, ...], rng: np.random.Generator) -> tuple[ScalarFunction, Array, Array]:
    """Draw a smooth function, a point, and its gradient there, whose entries have sizes between 1 and 3.

    With smaller ones the rounding of f, divided by a step of 1e-5, would be seen in the ninth digit.
    """
    theta = rng.uniform(-1.5, 1.5, shape)
    b, c, d = (rng.uniform(0.4, 1.2, shape) * rng.choice([-1.0, 1.0], shape) for _ in range(3))
    gradient = rng.uniform(1, 3, shape) * rng.choice([-1.0, 1.0], shape)
    a = gradient - 2 * b * theta - c * np.cos(theta) - 2 * np.sum(d * theta) * d
    return ScalarFunction(a, b, c, d), theta, gradient


def _axes(shape: tuple[int, ...]) -> dict[str, int]:
    names = {1: ("n",), 2: ("rows", "columns"), 3: ("pages", "rows", "columns")}
    return dict(zip(names[len(shape)], shape, strict=True))


@lru_cache(maxsize=16)
def draw_functions(seed: int) -> tuple[Case, ...]:
    """Draw functions of arrays of several shapes, with large steps, at which formulas differ, and with the default."""
    rng = np.random.default_rng([seed, 601])
    cases = []
    for shape, epsilon in (((3,), 0.1), ((4, 2), 0.3), ((2, 1), 0.01), ((2, 3, 2), 0.2), ((2, 3), None)):
        f, theta, _ = _scalar_function(shape, rng)
        values = {"f": f, "theta": theta} | ({} if epsilon is None else {"epsilon": epsilon})
        cases.append(Case(_axes(shape), values))
    return tuple(cases)


def _central_difference_in_closed_form(v: Values) -> Array:
    """Return the central difference of a `ScalarFunction`: of its sine in closed form, of the rest it is exact."""
    f, epsilon = v["f"], v.get("epsilon", 1e-5)
    summed = math.fsum(float(d) * float(t) for d, t in zip(f.d.flat, v["theta"].flat, strict=True))
    flat = [
        float(a)
        + 2 * float(b) * float(t)
        + float(c) * math.cos(t) * math.sin(epsilon) / epsilon
        + 2 * float(d) * summed
        for a, b, c, d, t in zip(f.a.flat, f.b.flat, f.c.flat, f.d.flat, v["theta"].flat, strict=True)
    ]
    return np.array(flat).reshape(v["theta"].shape)


Quotient = Callable[[float, float, float, float], float]
"""What is made of f above, f at theta, f below, and the step."""


def _differences(quotient: Quotient, step: float | None = None) -> Function:
    """Return the measurement with another quotient, or with a step of its own."""

    def wrong(f: Callable[[Array], float], theta: Array, epsilon: float = 1e-5) -> Array:
        h = step or epsilon
        gradient = np.empty(theta.shape)
        for k in np.ndindex(theta.shape):
            moved = np.zeros(theta.shape)
            moved[k] = h
            gradient[k] = quotient(f(theta + moved), f(theta), f(theta - moved), h)
        return gradient

    return wrong


def _central(up: float, here: float, down: float, h: float) -> float:
    return (up - down) / (2 * h)


def _changed(change: Callable[[Array], Any]) -> Function:
    """Return the right measurement with a change afterwards."""
    return lambda f, theta, epsilon=1e-5: change(central_difference(f, theta, epsilon))


def _all_at_once(fill: bool) -> Function:
    def wrong(f: Callable[[Array], float], theta: Array, epsilon: float = 1e-5) -> Any:
        slope = (f(theta + epsilon) - f(theta - epsilon)) / (2 * epsilon)
        return np.full(theta.shape, slope) if fill else slope

    return wrong


def _rows_at_once(f: Callable[[Array], float], theta: Array, epsilon: float = 1e-5) -> Array:
    gradient = np.empty(theta.shape)
    for k in range(len(theta)):
        up, down = theta.copy(), theta.copy()
        up[k] += epsilon
        down[k] -= epsilon
        gradient[k] = (f(up) - f(down)) / (2 * epsilon)
    return gradient


def _not_undone(undone: float) -> Function:
    """Return the measurement that moves theta itself, and puts only a part of the way back."""

    def wrong(f: Callable[[Array], float], theta: Array, epsilon: float = 1e-5) -> Array:
        moving, gradient = theta.copy(), np.empty(theta.shape)
        for k in np.ndindex(theta.shape):
            moving[k] += epsilon
            up = f(moving)
            moving[k] -= 2 * epsilon
            gradient[k] = (up - f(moving)) / (2 * epsilon)
            moving[k] += undone * epsilon
        return gradient

    return wrong


def _up_not_undone(f: Callable[[Array], float], theta: Array, epsilon: float = 1e-5) -> Array:
    """Move up and then down by one step only, so that the second value is taken where theta was."""
    moving, gradient = theta.copy(), np.empty(theta.shape)
    for k in np.ndindex(theta.shape):
        moving[k] += epsilon
        up = f(moving)
        moving[k] -= epsilon
        gradient[k] = (up - f(moving)) / (2 * epsilon)
    return gradient


CENTRAL_DIFFERENCE = of_equation(
    "gradient_checking.central_difference",
    _central_difference_in_closed_form,
    draw_functions,
    (
        Mistake("one-sided-difference", _differences(lambda up, here, down, h: (up - here) / h)),
        Mistake("one-sided-difference", _differences(lambda up, here, down, h: (here - down) / h)),
        Mistake("one-sided-difference", _differences(lambda up, here, down, h: (up - here) / (2 * h))),
        Mistake("one-sided-difference", _differences(lambda up, here, down, h: (here - down) / (2 * h))),
        Mistake("factor-of-two", _differences(lambda up, here, down, h: (up - down) / h)),
        Mistake("factor-of-two", _differences(lambda up, here, down, h: (up - down) / (4 * h))),
        Mistake("factor-of-two", _differences(lambda up, here, down, h: 2 * (up - down) / h)),
        Mistake("wrong-bracket", _differences(lambda up, here, down, h: (up - down) / 2 * h)),
        Mistake("wrong-bracket", _differences(lambda up, here, down, h: up - down / (2 * h))),
        Mistake("factor-missing", _differences(lambda up, here, down, h: (up - down) / 2)),
        Mistake("factor-missing", _differences(lambda up, here, down, h: up - down)),
        Mistake("sign-flipped", _differences(lambda up, here, down, h: (down - up) / (2 * h))),
        Mistake("sign-flipped", _differences(lambda up, here, down, h: (up + down) / (2 * h))),
        Mistake("epsilon-ignored", _differences(_central, 1e-5)),
        Mistake("epsilon-ignored", _differences(_central, 1e-3)),
        Mistake("all-entries-at-once", _all_at_once(fill=False)),
        Mistake("all-entries-at-once", _all_at_once(fill=True)),
        Mistake("all-entries-at-once", _rows_at_once),
        Mistake("step-not-undone", _not_undone(0)),
        Mistake("step-not-undone", _not_undone(2)),
        Mistake("zero-everywhere", _differences(lambda up, here, down, h: 0.0)),
        Mistake("transposed", _changed(np.transpose)),
        Mistake("flattened", _changed(np.ravel)),
        Mistake("flattened", _changed(lambda gradient: gradient.reshape(-1, 1))),
    ),
)


@lru_cache(maxsize=16)
def draw_pairs(seed: int) -> tuple[Case, ...]:
    """Draw pairs of arrays that are near and far, large and small, and pairs in which one or both are zero."""
    rng = np.random.default_rng([seed, 602])

    def pair(shape: tuple[int, ...], size: float, distance: float) -> tuple[Array, Array]:
        a = size * rng.uniform(0.5, 2, shape) * rng.choice([-1.0, 1.0], shape)
        return a, a + size * distance * rng.uniform(0.5, 1, shape) * rng.choice([-1.0, 1.0], shape)

    drawn = [((3,), *pair((3,), 1, 0.3)), ((4, 2), *pair((4, 2), 1e3, 0.8)), ((2, 3, 2), *pair((2, 3, 2), 1e-3, 0.5))]
    cases = [Case(_axes(shape), {"a": a, "b": b}) for shape, a, b in drawn]
    a, zero = rng.uniform(0.5, 2, (2, 3)), np.zeros((2, 3))
    # Where a sum or an array is zero a wrong ratio is no number: these cases decide, and name no mistake.
    special = (
        ({"rows": 2, "columns": 3}, a, -a),
        ({"b": 0}, a, zero),
        ({"a": 0, "b": 0}, zero, zero),
        ({"a": 0}, zero, a),
    )
    return (*cases, *(Case(sizes, {"a": a, "b": b}, "kink") for sizes, a, b in special))


def _relative_error_by_hand(v: Values) -> float:
    a, b = ([float(x) for x in v[name].flat] for name in "ab")
    size = math.hypot(*a) + math.hypot(*b)
    return math.dist(a, b) / size if size else 0.0


_norm = np.linalg.norm


def _ratios(id: str, *ratios: Function) -> tuple[Mistake, ...]:
    return tuple(Mistake(id, ratio) for ratio in ratios)


def _divided(a: Array, b: Array) -> Any:
    return _norm(a - b) / (_norm(a) + _norm(b))


def _spectral(x: Array) -> Any:
    return _norm(x, 2)  # of a matrix the largest singular value; it refuses more than two axes


RELATIVE_ERROR = of_equation(
    "gradient_checking.relative_error",
    _relative_error_by_hand,
    draw_pairs,
    (
        *_ratios("factor-of-two", lambda a, b: 2 * _divided(a, b), lambda a, b: _divided(a, b) / 2),
        *_ratios("absolute-error", lambda a, b: _norm(a - b)),
        *_ratios("sign-flipped", lambda a, b: _norm(a + b) / (_norm(a) + _norm(b)), lambda a, b: -_divided(a, b)),
        *_ratios(
            "wrong-denominator",
            lambda a, b: _norm(a - b) / np.maximum(_norm(a), _norm(b)),
            lambda a, b: _norm(a - b) / _norm(a),
            lambda a, b: _norm(a - b) / _norm(b),
            lambda a, b: _norm(a - b) / _norm(a + b),
            lambda a, b: _norm(a - b) / (_norm(a) * _norm(b)),
            lambda a, b: _norm(a - b) / (_norm(a) - _norm(b)),
            lambda a, b: _norm(a - b) / np.sqrt(_norm(a) ** 2 + _norm(b) ** 2),
        ),
        *_ratios("wrong-bracket", lambda a, b: _norm(a - b) / _norm(a) + _norm(b)),
        *_ratios("difference-of-sizes", lambda a, b: np.abs(_norm(a) - _norm(b)) / (_norm(a) + _norm(b))),
        *_ratios("root-missing", lambda a, b: np.sum((a - b) ** 2) / (np.sum(a**2) + np.sum(b**2))),
        *_ratios(
            "wrong-norm",
            lambda a, b: np.sum(np.abs(a - b)) / (np.sum(np.abs(a)) + np.sum(np.abs(b))),
            lambda a, b: np.max(np.abs(a - b)) / (np.max(np.abs(a)) + np.max(np.abs(b))),
            lambda a, b: _spectral(a - b) / (_spectral(a) + _spectral(b)),
            lambda a, b: np.sum(a - b) / (np.sum(a) + np.sum(b)),
        ),
        *_ratios(
            "entry-by-entry",
            lambda a, b: np.abs(a - b) / (np.abs(a) + np.abs(b)),
            lambda a, b: np.max(np.abs(a - b) / (np.abs(a) + np.abs(b))),
            lambda a, b: np.mean(np.abs(a - b) / (np.abs(a) + np.abs(b))),
            lambda a, b: np.sum(np.abs(a - b) / (np.abs(a) + np.abs(b))),
            lambda a, b: _norm(np.abs(a - b) / (np.abs(a) + np.abs(b))),
        ),
    ),
)

# A check that says yes or no.


class Claim(NamedTuple):
    """A gradient that somebody claims: what it is, whether a good check accepts it, and the arguments of the call."""

    what: str
    right: bool
    arguments: dict[str, Any]


@lru_cache(maxsize=16)
def draw_claims(seed: int) -> dict[str, Claim]:
    """Draw functions, points and gradients that are right or wrong, none of them near the edge of the tolerance."""
    rng = np.random.default_rng([seed, 603])

    def claim(
        what: str, right: bool, change: Callable[[Array], Any], scale: float = 1.0, tolerance: float | None = None
    ) -> Claim:
        f, theta, grad = _scalar_function((3, 2), rng)
        f = ScalarFunction(scale * f.a, scale * f.b, scale * f.c, math.sqrt(scale) * f.d)
        given = {"f": f, "theta": theta, "grad": change(scale * grad)}
        return Claim(what, right, given if tolerance is None else {**given, "tolerance": tolerance})

    def untouched(grad: Array) -> Array:
        return grad

    def off(share: float) -> Callable[[Array], Any]:
        return lambda grad: (1 + share) * grad

    def exchanged(grad: Array) -> Any:
        return grad + np.array([[0.1, -0.1], [0.0, 0.0], [0.0, 0.0]])

    def one_entry_zero(grad: Array) -> Any:
        return np.where(np.arange(6).reshape(3, 2) == 4, 0.0, grad)

    def one_entry_nan(grad: Array) -> Any:
        return np.where(np.arange(6).reshape(3, 2) == 4, np.nan, grad)

    zero = np.zeros((3, 2))
    flat = {"f": ScalarFunction(zero, zero, zero, zero), "theta": rng.uniform(-1, 1, (3, 2)), "grad": zero}
    return {
        "right": claim("a right gradient", True, untouched),
        "half": claim("a gradient that is 0.05 % off", False, off(5e-4)),
        "negative": claim("a gradient with the wrong sign", False, lambda grad: -grad),
        "entry": claim("a gradient with a zero in one entry that should not be there", False, one_entry_zero),
        "cancel": claim("a gradient that is too large in one entry and too small in another", False, exchanged),
        "small right": claim("a right gradient of size 0.000001", True, untouched, 1e-6),
        "small half": claim("a gradient of size 0.000001 that is 0.05 % off", False, off(5e-4), 1e-6),
        "large right": claim("a right gradient of size 1,000,000", True, untouched, 1e6),
        "flat": Claim("the right gradient of a constant, which is zero,", True, flat),
        "nan": claim("a gradient with nan in it", False, one_entry_nan),
        "little": claim("a gradient that is 0.001 % off", False, off(1e-5)),
        "loose": claim("a gradient that is 0.05 % off, with a tolerance of 0.01,", True, off(5e-4), tolerance=1e-2),
        "tight": claim("a gradient that is 0.05 % off, with a tolerance of 0.00001,", False, off(5e-4), tolerance=1e-5),
    }


_PATTERNS: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("nan-accepted", "nan", frozenset()),
    ("zero-by-zero", "flat", frozenset()),
    ("differences-cancel", "cancel", frozenset({"negative", "half", "small half", "little", "tight"})),
    ("tolerance-ignored", "loose", frozenset({"tight"})),
    ("tolerance-ignored", "tight", frozenset()),
    ("absolute-error", "small half", frozenset({"large right", "small right"})),
    ("absolute-error", "large right", frozenset({"small right"})),
    ("right-gradient-refused", "right", frozenset({"small right", "large right"})),
    ("tolerance-too-large", "little", frozenset({"half", "small half", "tight"})),
)
"""Mistakes by the claim that they judge wrongly, and those that may be judged wrongly with it; the first that fits."""


class ClaimCall(dict[str, Any]):
    """The arguments of a call, which know what is claimed."""

    def __init__(self, name: str, claim: Claim) -> None:
        """Keep a claim and its name."""
        super().__init__(claim.arguments)
        self.name = name
        self.claim = claim


def _claim_calls(seed: int) -> list[dict[str, Any]]:
    """Return the claims in an order of their own for each seed, so that it cannot be learned by heart."""
    calls = [ClaimCall(name, claim) for name, claim in draw_claims(seed).items()]
    return [calls[k] for k in np.random.default_rng([seed, 605]).permutation(len(calls))]


def _inspect_check(calls: Sequence[Mapping[str, Any]], outcomes: Sequence[Outcome]) -> Finding:
    """Hold the answers against what a good check says, and name the mistake by which of them are wrong."""
    answers: dict[str, bool] = {}
    for call, outcome in zip(calls, outcomes, strict=True):
        assert isinstance(call, ClaimCall)
        value = outcome.value
        if value is None:
            return Finding("returned-nothing", "It returned None: is there a `return`?")
        if not isinstance(value, np.ndarray) or value.size != 1 or value.dtype.kind not in "biu":
            number = isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind == "f"
            given = f"the number {value.item():.6g}" if number else described(value)
            return Finding("wrong-type", f"For {call.claim.what} it returned {given}; True or False is expected.")
        answers[call.name] = bool(value.item())
    claims = {call.name: call.claim for call in calls if isinstance(call, ClaimCall)}
    wrong = {name for name, claim in claims.items() if answers[name] != claim.right}
    if not wrong:
        return Finding(None)
    first = next(name for name in draw_claims(0) if name in wrong)
    seen = f"For {claims[first].what} it says {answers[first]}."
    if wrong >= claims.keys() - {"nan"}:
        return Finding("comparison-reversed", f"{seen} Its answers are the wrong way round.")
    if len(set(answers.values())) == 1:
        return Finding("always-true" if answers[first] else "always-false", f"{seen} It says so to everything.")
    fits = (id for id, claim, others in _PATTERNS if claim in wrong and wrong <= {claim, *others})
    return Finding(next(fits, "wrong-values"), seen)


def _gradient_check(f: Callable[[Array], float], theta: Array, grad: Array, tolerance: float = 1e-7) -> bool:
    return bool(relative_error(grad, central_difference(f, theta)) < tolerance)


def _checked_by(says: Callable[[Array, Array, float], Any]) -> Function:
    """Return a gradient check that compares in another way: the claim, the measurement, the tolerance."""
    return lambda f, theta, grad, tolerance=1e-7: says(grad, central_difference(f, theta), tolerance)


def _ahead(f: Callable[[Array], float], theta: Array, grad: Array, tolerance: float = 1e-7) -> bool:
    ahead = _differences(lambda up, here, down, h: (up - here) / h)
    return bool(relative_error(grad, ahead(f, theta)) < tolerance)


def _norms_divided(a: Array, b: Array) -> Any:
    return np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b))


GRADIENT_CHECK = Property(
    id="gradient_check",
    reference=_gradient_check,
    calls=_claim_calls,
    inspect=_inspect_check,
    mistakes=(
        Mistake("always-true", _checked_by(lambda a, b, tolerance: True)),
        Mistake("always-false", _checked_by(lambda a, b, tolerance: False)),
        Mistake("always-false", _checked_by(lambda a, b, tolerance: bool(np.all(a == b) and np.any(a)))),
        Mistake("comparison-reversed", _checked_by(lambda a, b, tolerance: not relative_error(a, b) < tolerance)),
        Mistake("comparison-reversed", _checked_by(lambda a, b, tolerance: relative_error(a, b) > tolerance)),
        Mistake("absolute-error", _checked_by(lambda a, b, tolerance: bool(np.linalg.norm(a - b) < tolerance))),
        Mistake("absolute-error", _checked_by(lambda a, b, tolerance: np.allclose(a, b, rtol=tolerance))),
        Mistake("tolerance-ignored", _checked_by(lambda a, b, tolerance: bool(relative_error(a, b) < 1e-7))),
        Mistake("tolerance-too-large", _checked_by(lambda a, b, tolerance: bool(relative_error(a, b) < 1e-2))),
        Mistake("nan-accepted", _checked_by(lambda a, b, tolerance: not relative_error(a, b) > tolerance)),
        Mistake("zero-by-zero", _checked_by(lambda a, b, tolerance: bool(_norms_divided(a, b) < tolerance))),
        Mistake("right-gradient-refused", _ahead),
        Mistake(
            "differences-cancel",
            _checked_by(lambda a, b, tolerance: bool(abs(np.sum(a - b)) <= tolerance * np.sum(np.abs(a) + np.abs(b)))),
        ),
    ),
    reads="gradient_checking.relative_error",
)

# The first parameters.

_SIZES = ((40, 60, 25, 1), (40, 60, 25, 1), (40, 60, 25, 1), (150, 20, 90, 30, 2), (6, 4))
"""The networks that are asked for, the first twice with one seed and once with another."""


def _initialization_calls(seed: int) -> list[dict[str, Any]]:
    seeds = (seed, seed, seed + 1, seed + 2, seed + 3)
    return [{"layer_dims": list(sizes), "seed": each} for sizes, each in zip(_SIZES, seeds, strict=True)]


def _shapes(sizes: Sequence[int]) -> dict[str, tuple[int, int]]:
    """Return the shape of each parameter of a network."""
    shapes = {}
    for layer, (n_prev, n) in enumerate(pairwise(sizes), 1):
        shapes[f"W{layer}"], shapes[f"b{layer}"] = (n, n_prev), (n, 1)
    return shapes


def _has_equal_rows(W: Array) -> bool:
    return len(np.unique(W, axis=0)) < len(W)


def _start_from(x: Array, y: Array) -> bool:
    """Tell whether two layers are made of the same random numbers, one after the other, up to a factor."""
    length = min(x.size, y.size)
    x, y = x.ravel()[:length], y.ravel()[:length]
    return length > 10 and float(abs(np.corrcoef(x, y)[0, 1])) > 0.9


def _inspect_initialization(calls: Sequence[Mapping[str, Any]], outcomes: Sequence[Outcome]) -> Finding:
    """Ask whether shapes, biases, symmetry, scale and seeds are as they should be."""
    networks = []
    for call, outcome in zip(calls, outcomes, strict=True):
        sizes = call["layer_dims"]
        shapes = _shapes(sizes)
        found = parts({name: name for name in shapes}, outcome.value)
        if _is_transposed(found, shapes):
            return Finding("axes-in-wrong-order", f"With layer_dims = {sizes}, W1 has shape {found['W1'].shape}.")
        wrong = wrong_parameters(found, shapes)
        if wrong:
            return wrong._replace(seen=f"With layer_dims = {sizes}: {wrong.seen}")
        networks.append((sizes, found))
    first, again, other = (found for _, found in networks[:3])
    if any(not np.array_equal(first[name], again[name]) for name in first):
        return Finding("not-reproducible", "Called twice with the same seed, it gives different numbers.")
    for sizes, found in networks:
        finding = _inspect_network(sizes, found)
        if finding:
            return finding._replace(seen=f"With layer_dims = {sizes}: {finding.seen}")
    if all(np.array_equal(first[name], other[name]) for name in first):
        return Finding("seed-ignored", "With another seed it gives the same numbers.")
    return _scale(networks) or Finding(None)


def _is_transposed(found: Mapping[str, Any], shapes: Mapping[str, tuple[int, int]]) -> bool:
    weights = [(found[name], shape) for name, shape in shapes.items() if name.startswith("W")]
    return all(isinstance(W, np.ndarray) and W.shape == shape[::-1] for W, shape in weights)


def _inspect_network(sizes: Sequence[int], found: Mapping[str, Array]) -> Finding | None:
    layers = range(1, len(sizes))
    for layer in layers:
        W = found[f"W{layer}"]
        if not np.any(W):
            return Finding("symmetry-not-broken", f"W{layer} is zero.")
        if _has_equal_rows(W):
            return Finding("symmetry-not-broken", f"W{layer} has rows that are equal: units that start out alike.")
        if sizes[layer - 1] > 1 and np.array_equal(W, np.broadcast_to(W[:, :1], W.shape)):
            return Finding("symmetry-not-broken", f"All weights of a unit in W{layer} are equal.")
    for layer in layers:
        if np.any(found[f"b{layer}"]):
            return Finding("biases-not-zero", f"b{layer} is not zero.")
    for one, two in combinations(layers, 2):
        if _start_from(found[f"W{one}"], found[f"W{two}"]):
            seen = f"W{one} and W{two} are made of the same random numbers."
            return Finding("layers-alike", seen)
    return None


_SCALES: tuple[tuple[str, Callable[[int, int], float]], ...] = (
    ("factor-of-two", lambda n_prev, n: math.sqrt(1 / n_prev)),
    ("factor-of-two", lambda n_prev, n: math.sqrt(4 / n_prev)),
    ("layer-sizes-swapped", lambda n_prev, n: math.sqrt(2 / n)),
    ("variance-for-deviation", lambda n_prev, n: 2 / n_prev),
    ("fraction-upside-down", lambda n_prev, n: math.sqrt(n_prev / 2)),
)
"""Standard deviations that are often taken for √(2 / n_prev)."""


def _scale(networks: Sequence[tuple[Sequence[int], Mapping[str, Array]]]) -> Finding | None:
    """Ask whether the standard deviation of the weights is right, in layers with enough of them to tell.

    Of 1,000 weights it is known to 2 %; √(2 / n_prev) is accepted from 0.8 to 1.25 times, so that any distribution will
    do, also a normal one that is cut off. A mistake is named only where the deviation is its own, within 7 %.
    """
    seen = [
        (f"W{layer} with n_prev = {n_prev}", n_prev, n, found[f"W{layer}"])
        for sizes, found in networks[2:]
        for layer, (n_prev, n) in enumerate(pairwise(sizes), 1)
        if n_prev * n >= 1000
    ]
    for name, _, _, W in seen:
        if abs(float(np.mean(W))) > 0.25 * float(np.std(W)):
            return Finding("not-centred", f"The weights of {name} have the mean {np.mean(W):.2g}, and not 0.")

    def fits(deviation: Callable[[int, int], float], factor: float = 1.07) -> bool:
        return all(1 / factor < float(np.std(W)) / deviation(n_prev, n) < factor for _, n_prev, n, W in seen)

    if fits(lambda n_prev, n: math.sqrt(2 / n_prev), 1.2):
        return None
    name, _, _, W = max(seen, key=lambda row: abs(math.log(float(np.std(row[3])) / math.sqrt(2 / row[1]))))
    sentence = f"The weights of {name} have the standard deviation {np.std(W):.2g}."
    return Finding(next((id for id, deviation in _SCALES if fits(deviation)), "wrong-scale"), sentence)


def _normal(rng: np.random.Generator, n: int, n_prev: int, seed: int) -> Array:
    return rng.standard_normal((n, n_prev))


def _zero(rng: np.random.Generator, n: int) -> Array:
    return np.zeros((n, 1))


def _he_deviation(n_prev: int, n: int) -> float:
    return math.sqrt(2 / n_prev)


def _drawn(
    deviation: Callable[[int, int], float] = _he_deviation,
    weights: Callable[[np.random.Generator, int, int, int], Array] = _normal,
    biases: Callable[[np.random.Generator, int], Array] = _zero,
) -> Function:
    """Return an initialization with another scale, or with weights or biases that are made in another way."""

    def wrong(layer_dims: Sequence[int], seed: int) -> dict[str, Array]:
        rng = np.random.default_rng(seed)
        parameters: dict[str, Array] = {}
        for layer, (n_prev, n) in enumerate(pairwise(layer_dims), 1):
            parameters[f"W{layer}"] = deviation(n_prev, n) * weights(rng, n, n_prev, seed)
            parameters[f"b{layer}"] = biases(rng, n)
        return parameters

    return wrong


def _unseeded(layer_dims: Sequence[int], seed: int) -> dict[str, Array]:
    return he(layer_dims, int(np.random.default_rng().integers(2**32)))


def _turned_afterwards(names: str) -> Function:
    def wrong(layer_dims: Sequence[int], seed: int) -> dict[str, Array]:
        return {name: theta.T if name[0] in names else theta for name, theta in he(layer_dims, seed).items()}

    return wrong


HE = Property(
    id="initialization.he",
    reference=he,
    calls=_initialization_calls,
    inspect=_inspect_initialization,
    mistakes=(
        Mistake("symmetry-not-broken", _drawn(weights=lambda rng, n, n_prev, seed: np.zeros((n, n_prev)))),
        Mistake("symmetry-not-broken", _drawn(weights=lambda rng, n, n_prev, seed: np.ones((n, n_prev)))),
        Mistake(
            "symmetry-not-broken",
            _drawn(weights=lambda rng, n, n_prev, seed: np.tile(rng.standard_normal((1, n_prev)), (n, 1))),
        ),
        Mistake(
            "symmetry-not-broken",
            _drawn(weights=lambda rng, n, n_prev, seed: np.tile(rng.standard_normal((n, 1)), (1, n_prev))),
        ),
        Mistake("wrong-scale", _drawn(lambda n_prev, n: 0.01)),
        Mistake("wrong-scale", _drawn(lambda n_prev, n: 1.0)),
        Mistake("wrong-scale", _drawn(lambda n_prev, n: math.sqrt(2 / (n_prev + n)))),
        Mistake("wrong-scale", _drawn(lambda n_prev, n: math.sqrt(2) / n_prev)),
        Mistake("factor-of-two", _drawn(lambda n_prev, n: math.sqrt(1 / n_prev))),
        Mistake("layer-sizes-swapped", _drawn(lambda n_prev, n: math.sqrt(2 / n))),
        Mistake("variance-for-deviation", _drawn(lambda n_prev, n: 2 / n_prev)),
        Mistake("fraction-upside-down", _drawn(lambda n_prev, n: math.sqrt(n_prev / 2))),
        Mistake("not-centred", _drawn(weights=lambda rng, n, n_prev, seed: rng.random((n, n_prev)))),
        Mistake("not-centred", _drawn(weights=lambda rng, n, n_prev, seed: abs(rng.standard_normal((n, n_prev))))),
        Mistake(
            "layers-alike",
            _drawn(
                weights=lambda rng, n, n_prev, seed: np.random.default_rng(seed).standard_normal((n, n_prev)),
            ),
        ),
        Mistake("biases-not-zero", _drawn(biases=lambda rng, n: rng.standard_normal((n, 1)))),
        Mistake("biases-not-zero", _drawn(biases=lambda rng, n: np.ones((n, 1)))),
        Mistake("seed-ignored", lambda layer_dims, seed: he(layer_dims, 0)),
        Mistake("not-reproducible", _unseeded),
        Mistake("axes-in-wrong-order", _turned_afterwards("W")),
        Mistake("axes-in-wrong-order", _turned_afterwards("Wb")),
    ),
    reads="initialization.he",
)

# Six formulas from print, on a two-layer network with the sigmoid in both layers.


def sigmoid_pass(n0: int, n1: int, n2: int, m: int, rng: np.random.Generator) -> dict[str, Any]:
    """Draw a two-layer network with the sigmoid in its hidden layer, and run it both ways.

    Every batch has a negative and a large entry in X. W, delta, Z_prev and A_prev are layer 2's, of which layer 1 is
    the layer below.
    """
    X = rng.standard_normal((n0, m))
    X[0, 0], X[-1, -1] = -2.5, 4.0
    W1, b1 = 0.7 * rng.standard_normal((n1, n0)), 0.5 * rng.standard_normal((n1, 1))
    W2, b2 = 1.5 * rng.standard_normal((n2, n1)), 0.5 * rng.standard_normal((n2, 1))
    Y = rng.integers(0, 2, (n2, m)).astype(float)
    Y[0, 0] = 1 - Y[-1, -1] if Y.size > 1 else Y[0, 0]
    Z1 = W1 @ X + b1
    A1 = sigmoid(Z1)
    A2 = sigmoid(W2 @ A1 + b2)
    network = {"X": X, "Y": Y, "W1": W1, "b1": b1, "Z1": Z1, "A1": A1, "W2": W2, "b2": b2, "A2": A2, "dZ2": A2 - Y}
    return {**network, "W": W2, "delta": A2 - Y, "Z_prev": Z1, "A_prev": A1}


@lru_cache(maxsize=16)
def draw_networks(seed: int) -> tuple[Case, ...]:
    """Draw the cases of a seed: two with all sizes different, one with m = 1, one with n2 = 1, and the square one."""
    rng = np.random.default_rng([seed, 604])
    names = ("n0", "n1", "n2", "m")
    drawn = [different_sizes(rng, *names, **fixed) for fixed in ({}, {}, {"m": 1}, {"n2": 1})]
    cases = [Case(size, sigmoid_pass(**size, rng=rng)) for size in drawn]
    square = dict.fromkeys(names, 3)
    return (*cases, Case(square, sigmoid_pass(**square, rng=rng), "square"))


_SAME_ARRAY = {"W": "W2", "b": "b2", "Z_prev": "Z1"}


def _numerical_gradient(id: str) -> Callable[[Values], Array]:
    """Return the gradient that an equation claims to compute, by the complex step through the whole network."""
    subject = equation(id)
    assert subject.variable is not None
    variable = _SAME_ARRAY.get(subject.variable, subject.variable)

    def gradient(values: Values) -> Array:
        def cost(theta: Array) -> Any:
            v = {**values, variable: theta}
            Z1 = v["W1"] @ v["X"] + v["b1"] if variable == "W1" else v["Z1"]
            A1 = v["A1"] if variable == "A1" else sigmoid(Z1)
            return np.sum(bce_loss_from_z(v["W2"] @ A1 + v["b2"], v["Y"])) / v["Y"].shape[1]

        found = complex_step(cost, values[variable])
        return found * values["Y"].shape[1] if subject.of == "L" else found

    return gradient


def _dA1(first: Callable[[Array], Array], second: Callable[[Array, Array, Array], Array]) -> Function:
    """Return W2 as `first` makes it, times the error as `second` makes it of A1, A2 and Y."""
    return lambda W2, A1, A2, Y: first(W2) @ second(A1, A2, Y)


def _turned(x: Array) -> Array:
    return x.T


_E1 = (
    Mistake("wrong-layer", errata.published_E1, "E1"),
    *factors(errata.E1, averaged=False),
    after("transposed", errata.E1, lambda r, m: r.T),
    Mistake("transpose-missing", lambda W2, A1, A2, Y: W2 @ (A2 - Y)),
    Mistake("transpose-missing", lambda W2, A1, A2, Y: W2.T @ (A2 - Y).T),
    Mistake("factors-swapped", lambda W2, A1, A2, Y: (A2 - Y) @ W2),
    Mistake("factors-swapped", lambda W2, A1, A2, Y: (A2 - Y) @ W2.T),
    Mistake("elementwise-for-matmul", lambda W2, A1, A2, Y: W2.T * (A2 - Y)),
    Mistake("elementwise-for-matmul", lambda W2, A1, A2, Y: W2 * (A2 - Y)),
    Mistake("sign-flipped", _dA1(_turned, lambda A1, A2, Y: A2 + Y)),
    Mistake("term-missing", _dA1(_turned, lambda A1, A2, Y: A2)),
    Mistake("term-missing", _dA1(_turned, lambda A1, A2, Y: Y)),
    Mistake("wrong-layer", _dA1(_turned, lambda A1, A2, Y: A2 - A1)),
    Mistake("wrong-layer", _dA1(_turned, lambda A1, A2, Y: A1)),
    Mistake("wrong-bracket", lambda W2, A1, A2, Y: W2.T @ A2 - Y),
    Mistake("factor-missing", lambda W2, A1, A2, Y: A2 - Y),
    Mistake("activation-derivative-missing", _dA1(_turned, lambda A1, A2, Y: bce_prime(A2, Y))),
    Mistake("activation-derivative-twice", _dA1(_turned, lambda A1, A2, Y: (A2 - Y) * A2 * (1 - A2))),
    Mistake("one-step-too-far", lambda W2, A1, A2, Y: (W2.T @ (A2 - Y)) * (A1 * (1 - A1))),
)


def _dW1(
    back: Callable[[Array, Array, Array, Array], Array] = errata.E1,
    slope: Callable[[Array], Array] = lambda A1: A1 * (1 - A1),
    error: Callable[[Array, Array, Array], Array] = lambda A1, A2, Y: A2,
) -> Function:
    """Return the right dW1 with another way back, another slope, or another array in the place of A2."""

    def wrong(W2: Array, A1: Array, A2: Array, Y: Array, X: Array) -> Any:
        return (back(W2, A1, error(A1, A2, Y), Y) * slope(A1)) @ X.T / X.shape[1]

    return wrong


def _dZ1(W2: Array, A1: Array, A2: Array, Y: Array) -> Any:
    return (W2.T @ (A2 - Y)) * (A1 * (1 - A1))


_E3 = (
    Mistake("factor-missing", errata.published_E3, "E3"),
    *factors(errata.E3, averaged=True),
    after("transposed", errata.E3, lambda r, m: r.T),
    Mistake("factor-missing", lambda W2, A1, A2, Y, X: _dZ1(W2, A1, A2, Y)),
    Mistake("factor-missing", lambda W2, A1, A2, Y, X: _dZ1(W2, A1, A2, Y) / X.shape[1]),
    Mistake("wrong-layer", _dW1(error=lambda A1, A2, Y: A1), "E1"),
    Mistake(
        "wrong-layer", lambda W2, A1, A2, Y, X: X.shape[1] * _dW1(error=lambda A1, A2, Y: A1)(W2, A1, A2, Y, X), "E1"
    ),
    Mistake("wrong-layer", lambda W2, A1, A2, Y, X: (W2.T @ (A2 - Y)) * (A2 * (1 - A2)) @ X.T / X.shape[1]),
    Mistake("wrong-layer", lambda W2, A1, A2, Y, X: _dZ1(W2, A1, A2, Y) @ A1.T / X.shape[1]),
    Mistake("wrong-layer", lambda W2, A1, A2, Y, X: (A2 - Y) @ A1.T / X.shape[1]),
    Mistake("wrong-layer", lambda W2, A1, A2, Y, X: (A2 - Y) @ X.T / X.shape[1]),
    Mistake("activation-derivative-missing", _dW1(slope=np.ones_like)),
    Mistake("activation-derivative-missing", _dW1(back=lambda W2, A1, A2, Y: W2.T @ bce_prime(A2, Y))),
    Mistake("activation-derivative-twice", _dW1(back=lambda W2, A1, A2, Y: W2.T @ ((A2 - Y) * A2 * (1 - A2)))),
    Mistake("activation-for-its-derivative", _dW1(slope=lambda A1: A1)),
    Mistake("factor-missing", _dW1(slope=lambda A1: 1 - A1)),
    Mistake("wrong-activation", _dW1(slope=lambda A1: 1 - A1**2)),
    Mistake("derivative-of-activation-taken-at-the-wrong-place", _dW1(slope=sigmoid_prime)),
    Mistake("sign-flipped", _dW1(slope=lambda A1: A1 * (1 + A1))),
    Mistake("sign-flipped", _dW1(back=lambda W2, A1, A2, Y: W2.T @ (A2 + Y))),
    Mistake("term-missing", _dW1(back=lambda W2, A1, A2, Y: W2.T @ A2)),
    Mistake("transpose-missing", _dW1(back=lambda W2, A1, A2, Y: W2 @ (A2 - Y))),
    Mistake("transpose-missing", lambda W2, A1, A2, Y, X: _dZ1(W2, A1, A2, Y) @ X / X.shape[1]),
    Mistake("factors-swapped", lambda W2, A1, A2, Y, X: X.T @ _dZ1(W2, A1, A2, Y) / X.shape[1], "E17"),
    Mistake("factors-swapped", lambda W2, A1, A2, Y, X: X @ _dZ1(W2, A1, A2, Y) / X.shape[1]),
    Mistake("elementwise-for-matmul", lambda W2, A1, A2, Y, X: _dZ1(W2, A1, A2, Y) * X / X.shape[1]),
    Mistake("wrong-bracket", lambda W2, A1, A2, Y, X: W2.T @ ((A2 - Y) * (A1 * (1 - A1))) @ X.T / X.shape[1]),
    Mistake("wrong-bracket", lambda W2, A1, A2, Y, X: W2.T @ (A2 - Y) * ((A1 * (1 - A1)) @ X.T) / X.shape[1]),
    Mistake("wrong-bracket", lambda W2, A1, A2, Y, X: W2.T @ (A2 - Y) * A1 * 1 - A1 @ X.T / X.shape[1]),
    Mistake("matmul-for-elementwise", lambda W2, A1, A2, Y, X: W2.T @ (A2 - Y) @ (A1 * (1 - A1)) @ X.T / X.shape[1]),
    Mistake("mean-over-wrong-axis", lambda W2, A1, A2, Y, X: _dZ1(W2, A1, A2, Y) @ X.T / len(X)),
    Mistake("mean-over-wrong-axis", lambda W2, A1, A2, Y, X: _dZ1(W2, A1, A2, Y) @ X.T / len(A1)),
    Mistake("mean-over-wrong-axis", lambda W2, A1, A2, Y, X: _dZ1(W2, A1, A2, Y) @ X.T / len(Y)),
    Mistake("divided-by-wrong-size", lambda W2, A1, A2, Y, X: _dZ1(W2, A1, A2, Y) @ X.T / X.size),
    Mistake("divided-by-wrong-size", lambda W2, A1, A2, Y, X: _dZ1(W2, A1, A2, Y) @ X.T / Y.size),
)


def _delta(slope: Callable[[Array], Array]) -> Function:
    """Return delta one layer below with another slope."""
    return lambda W, delta, Z_prev: (W.T @ delta) * slope(Z_prev)


_E8 = (
    Mistake("transpose-missing", errata.published_E8, "E8"),
    *factors(errata.E8, averaged=False),
    after("transposed", errata.E8, lambda r, m: r.T),
    Mistake("transpose-missing", lambda W, delta, Z_prev: (W.T @ delta.T) * sigmoid_prime(Z_prev)),
    Mistake("factors-swapped", lambda W, delta, Z_prev: (delta @ W) * sigmoid_prime(Z_prev)),
    Mistake("factors-swapped", lambda W, delta, Z_prev: (delta @ W.T) * sigmoid_prime(Z_prev)),
    Mistake("factors-swapped", lambda W, delta, Z_prev: (delta.T @ W) * sigmoid_prime(Z_prev)),
    Mistake("elementwise-for-matmul", lambda W, delta, Z_prev: W.T * delta * sigmoid_prime(Z_prev)),
    Mistake("activation-derivative-missing", _delta(np.ones_like)),
    Mistake("activation-for-its-derivative", _delta(sigmoid)),
    Mistake("factor-missing", _delta(lambda Z: 1 - sigmoid(Z))),
    Mistake("factor-missing", lambda W, delta, Z_prev: delta * sigmoid_prime(Z_prev)),
    Mistake("factor-missing", lambda W, delta, Z_prev: sigmoid_prime(Z_prev)),
    Mistake("wrong-activation", _delta(tanh_prime)),
    Mistake("wrong-activation", _delta(relu_prime)),
    Mistake("wrong-activation", _delta(lambda Z: 1 - sigmoid(Z) ** 2)),
    Mistake("derivative-of-activation-taken-at-the-wrong-place", _delta(lambda Z: Z * (1 - Z))),
    Mistake("derivative-of-activation-taken-at-the-wrong-place", _delta(lambda Z: sigmoid_prime(sigmoid(Z)))),
    Mistake("sign-flipped", _delta(lambda Z: sigmoid(Z) * (1 + sigmoid(Z)))),
    Mistake("wrong-bracket", lambda W, delta, Z_prev: W.T @ (delta * sigmoid_prime(Z_prev))),
    Mistake("wrong-bracket", lambda W, delta, Z_prev: (W.T @ delta) * sigmoid(Z_prev) * 1 - sigmoid(Z_prev)),
    Mistake("matmul-for-elementwise", lambda W, delta, Z_prev: W.T @ delta @ sigmoid_prime(Z_prev)),
    Mistake("matmul-for-elementwise", lambda W, delta, Z_prev: W.T @ delta @ sigmoid_prime(Z_prev).T),
)


def _arguments_exchanged(mistake: Mistake) -> Mistake:
    return replace(mistake, function=lambda A_prev, delta: mistake.function(delta, A_prev))


def _dW(delta: Array, A_prev: Array) -> Array:
    return errata.E17(A_prev, delta)


_ERRATA: Mapping[str, tuple[Mistake, ...]] = {
    "errata.E1": _E1,
    "errata.E3": _E3,
    "errata.E8": _E8,
    "errata.E9": bias_gradient(errata.E9, "E9"),
    "errata.E16": (Mistake("summed-wrong-axis", errata.published_E16, "E16"), *bias_gradient(errata.E16, "E9")),
    "errata.E17": (
        Mistake("factors-swapped", errata.published_E17, "E17"),
        *(_arguments_exchanged(mistake) for mistake in weight_gradient(_dW)),
    ),
}

QUESTIONS: tuple[Question, ...] = (
    CENTRAL_DIFFERENCE,
    RELATIVE_ERROR,
    GRADIENT_CHECK,
    HE,
    *(of_equation(id, _numerical_gradient(id), draw_networks, mistakes) for id, mistakes in _ERRATA.items()),
)
