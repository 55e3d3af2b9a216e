"""The questions on activation functions and on linear layers: right by any route, wrong by its name, at corners too."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.assignments import ASSIGNMENTS
from autograder.core.questions.activation import QUESTIONS
from autograder.core.verdict import Verdict
from course_lib import activations
from course_lib.linear_network import collapse_linear
from tests.autograder.core.conftest import judged_as

PS2 = ASSIGNMENTS["ps2_activations"]


def judged(name: str, function: Callable[..., Any], seed: int = 0) -> Verdict:
    return judged_as("ps2_activations", name, function, seed)


def relu_in_place(z):
    z[z < 0] = 0
    return z


def relu_by_loops(z):
    out = np.array(z, copy=True)
    for index in np.ndindex(z.shape):
        if out[index] < 0:
            out[index] = 0
    return out


def relu_prime_by_masks(z):
    slope = np.zeros_like(z)
    slope[z > 0] = 1
    return slope


def leaky_by_masks(z, slope=0.01):
    out = z.copy()
    out[z < 0] *= slope
    return out


def leaky_prime_by_masks(z, slope=0.01):
    out = np.ones_like(z)
    out[z < 0] = slope
    return out


def noisy(z):
    import warnings

    print("a print costs nothing")
    warnings.warn("neither does a warning", stacklevel=1)
    np.log(np.zeros(1))
    return np.maximum(z, 0)


def collapse_side_by_side(W1, b1, W2, b2):
    both = W2 @ np.hstack([W1, b1])
    return both[:, :-1], both[:, -1:] + b2


class Layer(NamedTuple):
    W: Any
    b: Any


def collapse_by_loops(W1, b1, W2, b2):
    W, b = np.zeros((len(W2), W1.shape[1])), b2.copy()
    for i in range(len(W2)):
        for k in range(len(W1)):
            b[i, 0] += W2[i, k] * b1[k, 0]
            for j in range(W1.shape[1]):
                W[i, j] += W2[i, k] * W1[k, j]
    return W, b


def collapse_by_probing(W1, b1, W2, b2):
    b = W2 @ (W1 @ np.zeros((W1.shape[1], 1)) + b1) + b2
    return W2 @ (W1 @ np.eye(W1.shape[1]) + b1) + b2 - b, b


VARIANTS = [
    ("tanh_prime", lambda z: 1 / np.cosh(z) ** 2),
    ("tanh_prime", lambda z: (1 - np.tanh(z)) * (1 + np.tanh(z))),
    ("tanh_prime", lambda z: 1 - np.square(np.tanh(z))),
    ("tanh_prime", lambda z: 4 * activations.sigmoid_prime(2 * z)),
    ("tanh_prime", lambda z: (np.tanh(z + 1e-6) - np.tanh(z - 1e-6)) / 2e-6),
    ("tanh_prime", lambda z: 1 - ((np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))) ** 2),
    ("tanh_prime", lambda z: np.array([1 - math.tanh(x) ** 2 for x in z.ravel()]).reshape(z.shape)),
    ("tanh_prime", lambda z: 1 - np.tanh(z.astype(np.float32)) ** 2),
    ("relu", lambda z: np.maximum(z, 0)),
    ("relu", lambda z: z * (z > 0)),
    ("relu", lambda z: (np.abs(z) + z) / 2),
    ("relu", lambda z: np.where(z > 0, z, 0)),
    ("relu", lambda z: np.clip(z, 0, None)),
    ("relu", np.vectorize(lambda z: z if z > 0 else 0.0)),
    ("relu", relu_in_place),
    ("relu", relu_by_loops),
    ("relu", noisy),
    ("relu_prime", lambda z: z > 0),
    ("relu_prime", lambda z: z >= 0),
    ("relu_prime", lambda z: (z > 0).astype(int)),
    ("relu_prime", lambda z: np.heaviside(z, 0.5)),
    ("relu_prime", lambda z: (1 + np.sign(z)) / 2),
    ("relu_prime", lambda z: np.where(z <= 0, 0, 1)),
    ("relu_prime", lambda z: (np.maximum(z + 1e-5, 0) - np.maximum(z - 1e-5, 0)) / 2e-5),
    ("relu_prime", lambda z: np.maximum(np.sign(z), 0)),
    ("relu_prime", relu_prime_by_masks),
    ("leaky_relu", lambda z, slope=0.01: np.maximum(slope * z, z)),
    ("leaky_relu", lambda z, slope=0.01: np.maximum(0, z) + slope * np.minimum(0, z)),
    ("leaky_relu", lambda z, slope=0.01: z * np.where(z >= 0, 1, slope)),
    ("leaky_relu", lambda z, slope=0.01: np.where(z < 0, z * slope, z)),
    ("leaky_relu", lambda z, slope=0.01, scale=1: scale * np.maximum(slope * z, z)),
    ("leaky_relu", lambda z, alpha=0.01: np.maximum(alpha * z, z)),
    ("leaky_relu", leaky_by_masks),
    ("leaky_relu_prime", lambda z, slope=0.01: np.where(z >= 0, 1, slope)),
    ("leaky_relu_prime", lambda z, slope=0.01: (z > 0) + slope * (z <= 0)),
    ("leaky_relu_prime", lambda z, slope=0.01: slope + (1 - slope) * (z > 0)),
    ("leaky_relu_prime", lambda z, slope=0.01: np.where(z == 0, (1 + slope) / 2, np.where(z > 0, 1.0, slope))),
    ("leaky_relu_prime", lambda z, slope=0.01: np.maximum(z > 0, slope)),
    ("leaky_relu_prime", leaky_prime_by_masks),
    ("collapse_linear", lambda W1, b1, W2, b2: [np.dot(W2, W1), np.dot(W2, b1) + b2]),
    ("collapse_linear", lambda W1, b1, W2, b2: Layer((W1.T @ W2.T).T, b2 + (b1.T @ W2.T).T)),
    ("collapse_linear", lambda W1, b1, W2, b2: (np.einsum("ik,kj->ij", W2, W1), np.einsum("ik,kj->ij", W2, b1) + b2)),
    ("collapse_linear", lambda W1, b1, W2, b2: (np.matrix(W2) * W1, np.matrix(W2) * b1 + b2)),
    ("collapse_linear", collapse_side_by_side),
    ("collapse_linear", collapse_by_loops),
    ("collapse_linear", collapse_by_probing),
]


@pytest.mark.parametrize(("name", "variant"), VARIANTS, ids=[f"{name}-{i}" for i, (name, _) in enumerate(VARIANTS)])
def test_a_right_answer_is_right_by_any_route(name, variant):
    for seed in range(4):
        verdict = judged(name, variant, seed)
        assert verdict.passed, verdict
        assert verdict.points == verdict.max_points


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
    ("relu", lambda z: np.minimum(0, z), "wrong-operation"),
    ("relu_prime", lambda z: np.maximum(0, z), "activation-for-its-derivative"),
    ("relu_prime", lambda z: np.where(z > 0, 0, 1), "branches-swapped"),
    ("relu_prime", np.sign, "wrong-activation"),
    ("relu_prime", lambda z: 1 if z > 0 else 0, "raised"),
    ("relu_prime", lambda z: np.maximum(0, z) / z, "not-finite"),
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


WRONG_VALUES = [
    *("text", {}, (), [], [[1.0]], object(), None, 0.0, 1, True, np.nan, np.inf, 1j, b"", range(3)),
    *(np.zeros(0), np.zeros((2, 3, 4)), np.array(["0.5"]), np.array([[None]])),
    np.ma.masked_all((1, 3)),
    lambda: 0,
]


@pytest.mark.parametrize("exercise", PS2.exercises, ids=lambda exercise: exercise.function)
def test_no_odd_value_fools_a_check(exercise):
    for value in WRONG_VALUES:
        verdict = judged(exercise.function, lambda *arguments, value=value: value)
        assert (verdict.passed, verdict.points) == (False, 0.0), value
        verdict = judged(exercise.function, lambda *arguments, value=value: (value, value))
        assert (verdict.passed, verdict.points) == (False, 0.0), value
    assert judged(exercise.function, lambda *arguments: (x for x in arguments)).passed is False
    assert judged(exercise.function, lambda *arguments: arguments[0]).passed is False
    assert judged(exercise.function, lambda *arguments: arguments).passed is False


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


def test_numbers_remembered_from_one_seed_are_wrong_for_another():
    remembered = {}

    def remembers(W1, b1, W2, b2):
        return remembered.setdefault((W1.shape, W2.shape), collapse_linear(W1, b1, W2, b2))

    assert judged("collapse_linear", remembers).passed
    again = lambda W1, b1, W2, b2: remembered.get((W1.shape, W2.shape), (0, 0))  # noqa: E731
    assert judged("collapse_linear", again, seed=1).passed is False
