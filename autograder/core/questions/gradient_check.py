"""Questions on gradient checking: central differences, how far two arrays are apart, and a check of claims (ps6)."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from autograder.core.layout import described
from autograder.core.question import Case, Finding, Values
from autograder.protocol.values import Outcome, ScalarFunction
from course_lib.arrays import Array
from course_lib.gradient_checking import central_difference, relative_error

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


def central_difference_in_closed_form(v: Values) -> Array:
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


def relative_error_by_hand(v: Values) -> float:
    """Return the relative error of two arrays, by exact sums."""
    a, b = ([float(x) for x in v[name].flat] for name in "ab")
    size = math.hypot(*a) + math.hypot(*b)
    return math.dist(a, b) / size if size else 0.0


# A check that says yes or no.


class Claim(NamedTuple):
    """A claimed gradient: its description, whether a good check accepts it, and the arguments of the call."""

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
    ("tolerance-ignored", "loose", frozenset({"tight", "small half", "little"})),
    ("tolerance-ignored", "tight", frozenset()),
    ("absolute-error", "small half", frozenset({"large right", "small right", "little"})),
    ("absolute-error", "large right", frozenset({"small right"})),
    ("right-gradient-refused", "right", frozenset({"small right", "large right", "loose"})),
    ("tolerance-too-large", "little", frozenset({"half", "small half", "tight"})),
)
"""Mistakes by the claim that they judge wrongly, and those that may be judged wrongly with it; the first that fits."""


class ClaimCall(dict[str, Any]):
    """The arguments of a call, with the claim that they are made of."""

    def __init__(self, name: str, claim: Claim) -> None:
        """Keep a claim and its name."""
        super().__init__(claim.arguments)
        self.name = name
        self.claim = claim


def claim_calls(seed: int) -> list[dict[str, Any]]:
    """Return the claims in an order of their own for each seed, so that it cannot be learned by heart."""
    calls = [ClaimCall(name, claim) for name, claim in draw_claims(seed).items()]
    return [calls[k] for k in np.random.default_rng([seed, 605]).permutation(len(calls))]


def inspect_check(calls: Sequence[Mapping[str, Any]], outcomes: Sequence[Outcome]) -> Finding:
    """Compare the answers with those of a good check, and name the mistake by which of them are wrong."""
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


def gradient_check(f: Callable[[Array], float], theta: Array, grad: Array, tolerance: float = 1e-7) -> bool:
    """Return whether a gradient agrees with central differences."""
    return bool(relative_error(grad, central_difference(f, theta)) < tolerance)
