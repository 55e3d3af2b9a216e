"""Questions on the derivatives of losses by the output (ps5)."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from autograder.core.question import OPEN, Case, Values, different_sizes
from course_lib.arrays import Array


@lru_cache(maxsize=16)
def draw_outputs(seed: int) -> tuple[Case, ...]:
    """Draw outputs between 0 and 1 and labels: of two sizes, with m = 1, with n_L = 1, and square."""
    rng = np.random.default_rng([seed, 55])
    sizes = [different_sizes(rng, "n", "m", **fixed) for fixed in ({}, {}, {"m": 1}, {"n": 1})]
    cases = []
    for size in (*sizes, {"n": 3, "m": 3}):
        A = rng.uniform(*OPEN, (size["n"], size["m"]))
        Y = rng.integers(0, 2, A.shape).astype(float)
        Y.flat[0] = 1 - Y.flat[-1]
        cases.append(Case({"n_L": size["n"], "m": size["m"]}, {"A": A, "Y": Y}))
    return (*cases[:-1], replace(cases[-1], kind="square"))


@lru_cache(maxsize=16)
def draw_numbers(seed: int) -> tuple[Case, ...]:
    """Draw the same, then any outputs and targets, with both signs of error among them."""
    rng = np.random.default_rng([seed, 56])
    A = rng.uniform(-3, 3, (2, 5))
    error = rng.uniform(0.2, 5, A.shape) * np.where(np.arange(10).reshape(A.shape) % 2, -1, 1)
    return (*draw_outputs(seed), Case({"n_L": 2, "m": 5}, {"A": A, "Y": A - error}))


@lru_cache(maxsize=16)
def draw_hits(seed: int) -> tuple[Case, ...]:
    """Draw the same, then some outputs that are exactly right, where any subgradient counts."""
    *cases, last = draw_numbers(seed)
    hit = np.arange(10).reshape(2, 5) % 3 == 0
    Y = np.where(hit, last.values["A"], last.values["Y"])
    return (*cases, last, Case(last.sizes, {**last.values, "Y": Y}, "kink"))


def between(v: Values) -> tuple[Array, Array]:
    """Return the least and the greatest slope of |a - y| that counts: where both are equal, -1 and 1."""
    slope = np.sign(v["A"] - v["Y"])
    return np.where(slope == 0, -1.0, slope), np.where(slope == 0, 1.0, slope)
