"""Questions on the derivatives of losses by the output (ps5)."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from autograder.core.numeric import Network
from autograder.core.question import Case, Question, Values, ask, different_sizes
from autograder.core.questions.neuron import BY_OUTPUT, written
from course_lib.arrays import Array


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


def _between(v: Values) -> tuple[Array, Array]:
    """Return the least and the greatest slope of |a - y| that counts: where both are equal, -1 and 1."""
    slope = np.sign(v["A"] - v["Y"])
    return np.where(slope == 0, -1.0, slope), np.where(slope == 0, 1.0, slope)


QUESTIONS: tuple[Question, ...] = (
    ask(
        "losses.mse_prime",
        Network(L="np.sum((A - Y) ** 2)").gradient("A"),
        _draw_numbers,
        "2 * (A - Y)",
        arguments=("A", "Y"),
        also="""
            function-for-its-derivative: mse_loss(A, Y)
            factor-missing: np.full_like(A, 2.0)
            term-missing: -2 * Y
            wrong-loss: bce_prime(A, Y) | np.sign(A - Y)
            one-step-too-far: 2 * (A - Y) * A * (1 - A)
            matmul-for-elementwise: 2 * (A - Y) @ (A - Y).T
        """,
    ),
    ask(
        "losses.mae_prime",
        Network(L="np.sum(magnitude(A - Y))").gradient("A"),
        _draw_hits,
        "np.sign(A - Y)",
        "np.where(A > Y, 1.0, -1.0)",
        arguments=("A", "Y"),
        also="""
            function-for-its-derivative: mae_loss(A, Y)
            wrong-loss: A - Y | 2 * (A - Y) | bce_prime(A, Y)
            one-side-missing: (A > Y) * 1.0 | (A < Y) * -1.0 | np.ones_like(A)
            branches-swapped: (A < Y) * 1.0
            factor-twice: np.abs(A - Y) * (A - Y)
            one-step-too-far: np.sign(A - Y) * A * (1 - A)
        """,
        bounds=_between,
    ),
    ask(
        "losses.bce_prime",
        Network(L="np.sum(-Y * np.log(A) - (1 - Y) * np.log(1 - A))").gradient("A"),
        _draw_outputs,
        *written(BY_OUTPUT, a="A", y="Y"),
        arguments=("A", "Y"),
        lines={"": "one_example.da"},
    ),
)
