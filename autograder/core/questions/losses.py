"""Questions on the derivatives of losses by the output (ps5)."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np

from autograder.core.mistakes import Function, Mistake, after, factors
from autograder.core.question import Case, Formula, Question, Values, different_sizes
from autograder.core.questions.backwards import known, telling
from course_lib.arrays import Array
from course_lib.gradient_checking import complex_step
from course_lib.losses import bce_loss, bce_prime, mae_loss, mae_prime, mse_loss, mse_prime


def _entry_by_entry(right: Function) -> tuple[Mistake, ...]:
    return (
        *factors(right, averaged=False),
        after("transposed", right, lambda r, m: r.T),
        Mistake("divided-by-wrong-size", lambda A, Y: right(A, Y) / len(Y)),
        Mistake("divided-by-wrong-size", lambda A, Y: right(A, Y) / Y.size),
        Mistake("summed-too-early", lambda A, Y: np.sum(right(A, Y))),
        Mistake("summed-too-early", lambda A, Y: np.mean(right(A, Y))),
        Mistake("summed-too-early", lambda A, Y: np.sum(right(A, Y), axis=0, keepdims=True)),
        Mistake("summed-too-early", lambda A, Y: np.sum(right(A, Y), axis=1, keepdims=True)),
        Mistake("summed-too-early", lambda A, Y: np.mean(right(A, Y), axis=1, keepdims=True)),
    )


_OUTPUTS = tuple(
    (rng.uniform(0.1, 0.9, shape), rng.integers(0, 2, shape).astype(float))
    for rng in [np.random.default_rng(1)]
    for shape in ((3, 3), (2, 4), (4, 2))
)
_NUMBERS = (*_OUTPUTS, tuple(np.random.default_rng(2).standard_normal((2, 2, 3))))
"""Samples of A and Y, between 0 and 1 and not."""

_LOSSES: Mapping[str, tuple[Function, Function, tuple[Mistake, ...]]] = {
    "mse_prime": (
        mse_prime,
        mse_loss,
        (
            Mistake("sign-flipped", lambda A, Y: 2 * (A + Y)),
            Mistake("sign-flipped", lambda A, Y: -2 * (A + Y)),
            Mistake("function-for-its-derivative", mse_loss),
            Mistake("factor-twice", lambda A, Y: 2 * (A - Y) ** 2),
            Mistake("factor-missing", lambda A, Y: np.full_like(A, 2.0)),
            Mistake("term-missing", lambda A, Y: 2 * A),
            Mistake("term-missing", lambda A, Y: 2 * Y),
            Mistake("term-missing", lambda A, Y: -2 * Y),
            Mistake("wrong-bracket", lambda A, Y: 2 * A - Y),
            Mistake("wrong-loss", bce_prime),
            Mistake("wrong-loss", mae_prime),
            Mistake("one-step-too-far", lambda A, Y: 2 * (A - Y) * A * (1 - A)),
            Mistake("matmul-for-elementwise", lambda A, Y: 2 * (A - Y) @ (A - Y).T),
        ),
    ),
    "mae_prime": (
        mae_prime,
        mae_loss,
        (
            Mistake("function-for-its-derivative", mae_loss),
            Mistake("wrong-loss", lambda A, Y: A - Y),
            Mistake("wrong-loss", mse_prime),
            Mistake("wrong-loss", bce_prime),
            Mistake("sign-flipped", lambda A, Y: np.sign(A + Y)),
            Mistake("sign-flipped", lambda A, Y: -np.sign(A + Y)),
            Mistake("one-side-missing", lambda A, Y: (A > Y) * 1.0),
            Mistake("one-side-missing", lambda A, Y: (A < Y) * -1.0),
            Mistake("one-side-missing", lambda A, Y: np.ones_like(A)),
            Mistake("branches-swapped", lambda A, Y: (A < Y) * 1.0),
            Mistake("term-missing", lambda A, Y: np.sign(A)),
            Mistake("term-missing", lambda A, Y: np.sign(Y)),
            Mistake("factor-twice", lambda A, Y: np.abs(A - Y) * (A - Y)),
            Mistake("one-step-too-far", lambda A, Y: np.sign(A - Y) * A * (1 - A)),
        ),
    ),
    "bce_prime": (bce_prime, bce_loss, known("one_example.da")),
}


@lru_cache(maxsize=16)
def _draw_outputs(seed: int) -> tuple[Case, ...]:
    """Draw outputs between 0 and 1 and labels: of two sizes, with m = 1, with n_L = 1, and square."""
    rng = np.random.default_rng([seed, 55])
    sizes = [different_sizes(rng, "n", "m", **fixed) for fixed in ({}, {}, {"m": 1}, {"n": 1})]
    cases = []
    for size in (*sizes, {"n": 3, "m": 3}):
        A = rng.uniform(0.04, 0.96, (size["n"], size["m"]))
        Y = rng.integers(0, 2, A.shape).astype(float)
        Y.flat[0] = 1 - Y.flat[-1]
        cases.append(Case({"n_L": size["n"], "m": size["m"]}, {"A": A, "Y": Y}))
    return (*cases[:-1], replace(cases[-1], kind="square"))


@lru_cache(maxsize=16)
def _draw_numbers(seed: int) -> tuple[Case, ...]:
    """Draw the same, then any outputs and targets, with both signs of error among them."""
    rng = np.random.default_rng([seed, 56])
    A = rng.uniform(-3, 3, (2, 5))
    error = rng.uniform(0.2, 5, A.shape) * np.where(np.arange(10).reshape(A.shape) % 2, -1, 1)
    return (*_draw_outputs(seed), Case({"n_L": 2, "m": 5}, {"A": A, "Y": A - error}))


@lru_cache(maxsize=16)
def _draw_hits(seed: int) -> tuple[Case, ...]:
    """Draw the same, then some outputs that are exactly right, where any subgradient counts."""
    *cases, last = _draw_numbers(seed)
    hit = np.arange(10).reshape(2, 5) % 3 == 0
    Y = np.where(hit, last.values["A"], last.values["Y"])
    return (*cases, last, Case(last.sizes, {**last.values, "Y": Y}, "kink"))


_DRAWS = {"mse_prime": _draw_numbers, "mae_prime": _draw_hits, "bce_prime": _draw_outputs}


def _between(v: Values) -> tuple[Array, Array]:
    """Return the least and the greatest slope of |a - y| that counts: where both are equal, -1 and 1."""
    slope = np.sign(v["A"] - v["Y"])
    return np.where(slope == 0, -1.0, slope), np.where(slope == 0, 1.0, slope)


def _loss_question(name: str) -> Formula:
    prime, loss, own = _LOSSES[name]

    def by_complex_steps(v: Values) -> Array:
        return complex_step(lambda A: np.sum(loss(A, v["Y"])), v["A"])

    return Formula(
        id=f"losses.{name}",
        reference=prime,
        second=by_complex_steps,
        draw=_DRAWS[name],
        arguments=("A", "Y"),
        mistakes=telling((*_entry_by_entry(prime), *own), prime, *(_OUTPUTS if name == "bce_prime" else _NUMBERS)),
        reads=f"losses.{name}",
        bounds=_between if name == "mae_prime" else None,
    )


QUESTIONS: tuple[Question, ...] = tuple(_loss_question(name) for name in _LOSSES)
