"""The questions on activation functions and on linear layers: right by any route, wrong by its name, at corners too."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.assignments import ASSIGNMENTS
from autograder.core.verdict import Verdict
from course_lib import activations
from tests.autograder.core.conftest import judged_as, of_family

QUESTIONS = of_family("activation")
PS2 = ASSIGNMENTS["ps2_activations"]


def judged(name: str, function: Callable[..., Any], seed: int = 0) -> Verdict:
    return judged_as("ps2_activations", name, function, seed)


WRITTEN_BY_STUDENTS = [
    ("tanh_prime", np.tanh, "activation-for-its-derivative"),
    ("tanh_prime", lambda z: 1 - z**2, "derivative-of-activation-taken-at-the-wrong-place"),
    ("tanh_prime", lambda z: 1 - np.tanh(z), "factor-missing"),
    ("tanh_prime", lambda z: 1 - np.tanh(z) @ np.tanh(z), "matmul-for-elementwise"),
    ("tanh_prime", activations.sigmoid_prime, "wrong-activation"),
    ("tanh_prime", lambda z: 1 - math.tanh(z) ** 2, "raised"),
    ("relu", lambda z: max(0, z), "raised"),
    ("relu", lambda z: np.max(z), "not-elementwise"),
    ("relu", lambda z: (z > 0) * 1.0, "derivative-for-the-function"),
    ("relu", np.abs, "wrong-activation"),
    ("relu", lambda z: np.minimum(0, z), "branches-swapped"),
    ("relu_prime", lambda z: np.maximum(0, z), "activation-for-its-derivative"),
    ("relu_prime", lambda z: np.where(z > 0, 0, 1), "branches-swapped"),
    ("relu_prime", np.sign, "wrong-activation"),
    ("relu_prime", lambda z: 1 if z > 0 else 0, "raised"),
    ("relu_prime", lambda z: np.maximum(0, z) / z, "zero-by-zero"),
    ("leaky_relu", lambda z, slope=0.01: np.maximum(0.01 * z, z), "argument-not-used"),
    ("leaky_relu", lambda z, slope=0.1: np.maximum(slope * z, z), "wrong-default"),
    ("leaky_relu", lambda z: np.maximum(0.01 * z, z), "raised"),
    ("leaky_relu", lambda z, slope=0.01: np.where(z < 0, z, slope * z), "branches-swapped"),
    ("leaky_relu", lambda z, slope=0.01: np.maximum(0, z) + slope * z, "term-too-many"),
    ("leaky_relu", lambda z, slope=0.01: np.where(z > 0, z, slope), "factor-missing"),
    ("leaky_relu_prime", lambda z, slope=0.01: np.where(z > 0, 1, slope * z), "activation-for-its-derivative"),
    ("leaky_relu_prime", lambda z, slope=0.01: np.where(z > 0, 1, 0.01), "argument-not-used"),
    ("leaky_relu_prime", lambda z, slope=0.01: np.where(z > 0, 1, -slope), "sign-flipped"),
    ("leaky_relu_prime", lambda z, slope=0.01: (z > 0) * 1.0, "wrong-activation"),
    ("collapse_linear", lambda W1, b1, W2, b2: W2 @ W1, "wrong-type"),
    ("collapse_linear", lambda W1, b1, W2, b2: {"W": W2 @ W1, "b": W2 @ b1 + b2}, "wrong-type"),
    ("collapse_linear", lambda W1, b1, W2, b2: (W2 @ b1 + b2, W2 @ W1), "results-swapped"),
    ("collapse_linear", lambda W1, b1, W2, b2: (W1 @ W2, W2 @ b1 + b2), "factors-swapped"),
]


@pytest.mark.parametrize(
    ("name", "answer", "mistake"),
    WRITTEN_BY_STUDENTS,
    ids=[f"{name}-{mistake}-{i}" for i, (name, _, mistake) in enumerate(WRITTEN_BY_STUDENTS)],
)
def test_what_students_write_wrongly_is_named(name, answer, mistake):
    for seed in range(3):
        verdict = judged(name, answer, seed)
        assert (verdict.passed, verdict.mistake, verdict.points) == (False, mistake, 0.0), verdict


@pytest.mark.parametrize(
    ("b", "mistake"),
    [
        (lambda b1, W2, b2: W2 @ b1, "term-missing"),
        (lambda b1, W2, b2: b2, "term-missing"),
        (lambda b1, W2, b2: W2 @ b1 - b2, "sign-flipped"),
        (lambda b1, W2, b2: (W2 @ b1 + b2).ravel(), "rank-one-array"),
    ],
)
def test_a_wrong_bias_of_the_collapsed_layer_leaves_the_points_of_its_weights(b, mistake):
    verdict = judged("collapse_linear", lambda W1, b1, W2, b2: (W2 @ W1, b(b1, W2, b2)))
    assert (verdict.passed, verdict.mistake, verdict.points) == (False, mistake, verdict.max_points / 2)
    assert "Right: W. Wrong: b." in verdict.message


@given(at_zero=st.floats(0, 1), seed=st.integers(0, 5))
def test_any_subgradient_of_relu_counts_at_the_corner(at_zero, seed):
    assert judged("relu_prime", lambda z: np.where(z == 0, at_zero, z > 0), seed).passed


@given(part=st.floats(0, 1), seed=st.integers(0, 5))
def test_any_subgradient_of_leaky_relu_counts_at_the_corner(part, seed):
    def answer(z, slope=0.01):
        return np.where(z == 0, slope + part * (1 - slope), np.where(z > 0, 1, slope))

    assert judged("leaky_relu_prime", answer, seed).passed


@pytest.mark.parametrize("at_zero", [-0.001, 1.001, 2.0, -1.0, np.nan, np.inf])
def test_nothing_outside_of_the_subgradients_counts_at_the_corner(at_zero):
    def answer(z, slope=0.0):
        return np.where(z == 0, at_zero, np.where(z > 0, 1, slope))

    assert judged("relu_prime", answer).passed is False
    assert judged("leaky_relu_prime", lambda z, slope=0.01: answer(z, slope)).passed is False
    message = judged("relu_prime", lambda z: np.where(z == 0, at_zero, z > 0)).message
    assert "With z = 0 the number is" in message


def test_a_slope_below_that_of_the_left_is_no_subgradient_of_leaky_relu():
    answer = lambda z, slope=0.01: np.where(z > 0, 1, np.where(z < 0, slope, slope / 2))  # noqa: E731
    assert judged("leaky_relu_prime", answer).passed is False


def test_a_corner_does_not_excuse_a_wrong_slope_beside_it():
    assert judged("relu_prime", lambda z: np.where(np.abs(z) < 1, 0.5, z > 0)).passed is False


def test_the_default_slope_is_asked_for_and_other_slopes_as_well():
    leaky = next(asked for asked in QUESTIONS if asked.id == "activations.leaky_relu")
    for seed in range(5):
        calls = leaky.calls(seed)
        assert [set(call) for call in calls].count({"z"}) == 1
        assert len({call.get("slope") for call in calls}) == len(calls)
        assert all(0 < call.get("slope", 0.01) < 1 for call in calls)


def test_inputs_are_away_from_the_corner_except_where_it_is_asked():
    for asked in QUESTIONS[:-1]:
        for seed in range(20):
            for case in asked.draw(seed):
                z = case.values["z"]
                assert np.all(np.abs(z) > 0.1) or (z.ndim == 0 and z == 0)


@pytest.mark.parametrize("asked", QUESTIONS[:-1], ids=lambda asked: asked.id)
def test_nothing_but_the_right_numbers_counts(asked):
    name = next(exercise.function for exercise in PS2.exercises if exercise.asked == asked.id)

    def changed(change):
        return judged(name, lambda *arguments: change(np.array(asked.reference(*arguments), float))).passed

    assert changed(lambda r: r)
    assert not changed(lambda r: r * (1 + 5e-4))
    assert not changed(lambda r: r + 1e-3)
    assert not changed(lambda r: r + 1e-3j)
    assert not changed(lambda r: r.astype(np.float16))
    assert not changed(lambda r: r.astype(object))
    assert not changed(lambda r: r * np.nan)
    assert not changed(lambda r: np.stack([r, r]))
    assert not changed(lambda r: r.ravel())


def test_an_answer_that_is_right_for_matrices_or_for_positive_numbers_only_is_refused():
    assert judged("tanh_prime", lambda z: 1 - np.tanh(z) ** 2 if z.ndim == 2 else z).passed is False
    assert judged("relu", lambda z: z if np.all(z > 0) else np.zeros_like(z)).passed is False
