"""The questions on one neuron: right by any route, wrong by its name, and nothing fools them."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.assignments import ASSIGNMENTS
from autograder.core.check import check
from autograder.core.mistakes import by_hand
from autograder.core.verdict import Verdict
from benchmarks.judge.variants.ps1_neuron import db_in_place, propagate
from course_lib import batch
from course_lib.activations import sigmoid
from course_lib.losses import bce_loss
from tests.autograder.core.conftest import judged_as, of_family

QUESTIONS = of_family("neuron")
PS1 = ASSIGNMENTS["ps1_neuron"]


def judged(name: str, function: Callable[..., Any], seed: int = 0) -> Verdict:
    return judged_as("ps1_neuron", name, function, seed)


WRITTEN_BY_STUDENTS = [
    ("sigmoid", lambda z: np.exp(z) / (1 + np.exp(z)), "overflow"),
    ("sigmoid", lambda z: 1 / (1 + np.exp(z)), "sign-flipped"),
    ("sigmoid", lambda z: 1 / 1 + np.exp(-z), "wrong-bracket"),
    ("sigmoid", lambda z: 1 / (1 + math.exp(-z)), "raised"),
    ("sigmoid_prime", lambda z: z * (1 - z), "derivative-of-activation-taken-at-the-wrong-place"),
    ("sigmoid_prime", lambda z: sigmoid(z) @ (1 - sigmoid(z)), "matmul-for-elementwise"),
    ("sigmoid_prime", sigmoid, "activation-for-its-derivative"),
    ("bce_loss", lambda a, y: np.mean(bce_loss(a, y)), "summed-too-early"),
    ("bce_loss", lambda a, y: y * np.log(a) + (1 - y) * np.log(1 - a), "sign-flipped"),
    ("bce_loss", lambda a, y: (a - y) ** 2, "wrong-loss"),
    ("bce_loss", lambda a, y: -y * np.log2(a) - (1 - y) * np.log2(1 - a), "wrong-logarithm"),
    ("compute_da", lambda a, y: a - y, "one-step-too-far"),
    ("compute_da", lambda a, y: (a - y) / a * (1 - a), "wrong-bracket"),
    ("compute_dz", lambda a, y: y - a, "sign-flipped"),
    ("compute_dz", lambda a, y: (-y / a + (1 - y) / (1 - a)) * a * (1 - a), "overflow"),
    ("compute_dz", lambda a, y: -y / a + (1 - y) / (1 - a), "activation-derivative-missing"),
    ("compute_dw", lambda dz, x: dz * x, "transposed"),
    ("compute_dw", lambda dz, x: dz @ x, "raised"),
    ("forward", lambda w, b, X: w @ X + b, "wrong-activation"),
    ("forward", lambda w, b, X: sigmoid(w @ X), "term-missing"),
    ("forward", lambda w, b, X: 1 / (1 + np.exp(-w @ X + b)), "sign-flipped"),
    ("forward", lambda w, b, X: sigmoid(X.T @ w.T + b), "transposed"),
    ("forward", lambda w, b, X: (sigmoid(w @ X + b) > 0.5).astype(int), "thresholded"),
    ("compute_cost", lambda A, Y: np.sum(bce_loss(A, Y)), "missing-mean"),
    ("compute_cost", bce_loss, "not-summed"),
    ("compute_dW", lambda dZ, X: dZ @ X.T, "missing-mean"),
    ("compute_dW", lambda dZ, X: X @ dZ.T / X.shape[1], "transposed"),
    ("compute_dW", lambda dZ, X: dZ * X / X.shape[1], "elementwise-for-matmul"),
    ("compute_dW", lambda dZ, X: dZ @ X.T / X.shape[0], "mean-over-wrong-axis"),
    ("compute_dW", lambda dZ, X: np.mean(dZ * X, axis=1), "rank-one-array"),
    ("compute_db", lambda dZ: np.sum(dZ, axis=1, keepdims=True), "missing-mean"),
    ("compute_db", lambda dZ: np.mean(dZ, axis=0, keepdims=True), "not-summed"),
    ("propagate", lambda w, b, X, Y: batch.propagate(w, b, X, Y)[0], "wrong-type"),
    ("propagate", lambda w, b, X, Y: None, "returned-nothing"),
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
    ("name", "answer", "erratum"),
    [
        ("compute_dz", lambda a, y: 1 / (1 + np.log(a / (1 - a))) - y, "E21"),
        ("compute_cost", lambda A, Y: np.sum(bce_loss(A, Y)), "E22"),
        ("compute_dW", lambda dZ, X: dZ * X, "E31"),
        ("compute_db", lambda dZ: dZ, "E4"),
        ("compute_db", lambda dZ: np.sum(dZ, axis=0, keepdims=True) / dZ.shape[1], "E16"),
    ],
)
def test_the_published_mistakes_are_linked(name, answer, erratum):
    assert f"erratum {erratum}" in judged(name, answer).message


def test_the_two_printed_gradients_of_logistic_regression_are_linked_where_they_are_put_together():
    def with_e40(w, b, X, Y):
        grads, cost = batch.propagate(w, b, X, Y)
        return {**grads, "dw": -1 / X.shape[1] * (Y + batch.forward(w, b, X)) @ X.T}, cost

    verdict = judged("propagate", with_e40)
    assert "erratum E40" in verdict.message
    assert [part.passed for part in verdict.parts] == [False, True, True]

    def with_e39(w, b, X, Y):
        m, e = X.shape[1], np.exp(w @ X + b).T
        inner = np.sum(e) / (np.ones((1, m)) + e)
        dw, db = (-Y @ X.T + inner @ X.T) / m, (-np.sum(Y) + inner @ np.ones((m, 1))) / m
        return {"dw": dw, "db": db}, batch.propagate(w, b, X, Y)[1]

    assert "erratum E39" in judged("propagate", with_e39).message


def test_an_overflow_says_at_which_input():
    message = judged("sigmoid", lambda z: np.exp(z) / (1 + np.exp(z))).message
    assert "With z[0] = -1000, z[1] = 1000 entry (1,) is not a finite number." in message
    message = judged("compute_dz", lambda a, y: (-y / a + (1 - y) / (1 - a)) * a * (1 - a)).message
    assert "With a = 0, y = 1 entry (0, 0) is not a finite number." in message


def test_a_wrong_function_that_overflows_goes_by_its_mistake_and_not_by_the_overflow():
    assert judged("sigmoid", lambda z: 1 - np.exp(z) / (1 + np.exp(z))).mistake == "sign-flipped"


def test_one_entry_in_another_shape_is_noted():
    assert judged("compute_db", np.mean).notes == ("shape-of-one-entry",)
    assert judged("compute_dz", lambda a, y: (a - y).item()).notes == ("shape-of-one-entry",)
    assert judged("compute_db", db_in_place).notes == ("changed-its-input",)


def test_propagate_gets_points_for_its_right_parts():
    def answer(w, b, X, Y):
        grads, cost = propagate(w, b, X, Y)
        return {**grads, "db": grads["db"] * X.shape[1]}, cost

    verdict = judged("propagate", answer)
    assert (verdict.passed, verdict.mistake) == (False, "missing-mean")
    assert verdict.points == pytest.approx(verdict.max_points * 2 / 3)
    assert 'Right: grads["dw"], cost. Wrong: grads["db"].' in verdict.message
    assert "in db" in verdict.message


def test_a_wrong_key_is_named():
    def answer(w, b, X, Y):
        grads, cost = propagate(w, b, X, Y)
        return {"dW": grads["dw"], "db": grads["db"]}, cost

    verdict = judged("propagate", answer)
    assert verdict.mistake == "missing-key"
    assert 'The key "dw" is missing' in verdict.message


def test_propagate_follows_from_the_pieces_that_it_calls():
    namespace: dict = {"np": np}
    exec(
        """
def sigmoid(z): return 1 / (1 + np.exp(z))
def forward(w, b, X): return sigmoid(w @ X + b)
def compute_dW(dZ, X): return dZ @ X.T
def propagate(w, b, X, Y):
    A, m = forward(w, b, X), X.shape[1]
    cost = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
    return {"dw": compute_dW(A - Y, X), "db": np.sum(A - Y, axis=1, keepdims=True) / m}, cost
""",
        namespace,
    )
    verdict = check(namespace["forward"], assignment="ps1_neuron", show=False)
    assert (verdict.mistake, "because sigmoid is" in verdict.message) == ("follows-from-earlier", True)
    verdict = check(namespace["propagate"], assignment="ps1_neuron", show=False)
    assert verdict.mistake == "follows-from-earlier"


ONE_RESULT = [exercise for exercise in PS1.exercises if exercise.function != "propagate"]


@pytest.mark.parametrize("exercise", ONE_RESULT, ids=lambda exercise: exercise.function)
def test_nothing_but_the_right_numbers_counts(exercise):
    asked = next(asked for asked in QUESTIONS if asked.id == exercise.asked)

    def changed(change):
        return judged(exercise.function, lambda *a: change(np.array(asked.reference(*a), float))).passed

    assert changed(lambda r: r)
    assert not changed(lambda r: r * (1 + 5e-4))
    assert not changed(lambda r: r + 1e-3)
    assert not changed(lambda r: r + 1e-3j)
    assert not changed(lambda r: r.astype(np.float16))
    assert not changed(lambda r: r.astype(object))
    assert not changed(lambda r: r.astype(str))
    assert not changed(lambda r: r * np.nan)
    assert not changed(lambda r: np.stack([r, r]))
    assert not changed(lambda r: np.ma.masked_greater(r, -np.inf))


@pytest.mark.parametrize("name", ["compute_dW", "compute_db", "compute_cost", "forward"])
def test_an_answer_that_is_right_for_one_example_only_is_refused(name):
    right = next(asked.reference for asked in QUESTIONS if asked.id == PS1.exercise(name).asked)

    def one_example(*arguments):
        return right(*arguments) if arguments[-1].shape[-1] == 1 else 2 * right(*arguments)

    assert judged(name, one_example).passed is False


def test_a_message_never_shows_a_right_number():
    for exercise in PS1.exercises:
        asked = next(asked for asked in QUESTIONS if asked.id == exercise.asked)
        for mistake in by_hand(asked):
            message = judged(exercise.function, mistake.function).message
            for case in asked.draw(0):
                right = asked.parts(case, asked.reference(*asked.given(case).values()))
                numbers = [x for part in right.values() for x in np.ravel(part) if abs(x) > 1e-3 and abs(x) % 0.5]
                assert not any(f"{x:.6g}" in message.split() for x in numbers), message
