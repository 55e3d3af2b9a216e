"""Right is right, however it is written."""

from collections import OrderedDict
from typing import NamedTuple

import numpy as np
import pytest

from autograder.assignments import ASSIGNMENTS
from autograder.core.question import Formula
from autograder.core.questions import question
from course_lib import activations, training, two_layer
from course_lib.gradient_checking import central_difference
from tests.autograder.core.conftest import judged_as


def dW_by_loops(dZ, A):
    dW = np.zeros((dZ.shape[0], A.shape[0]))
    for j in range(dZ.shape[1]):
        for i in range(dZ.shape[0]):
            for k in range(A.shape[0]):
                dW[i, k] += dZ[i, j] * A[k, j] / dZ.shape[1]
    return dW


def db_in_place(dZ):
    dZ /= dZ.shape[1]
    return dZ.sum(axis=1, keepdims=True)


def update_in_place(parameters, grads, learning_rate):
    for name in parameters:
        parameters[name] -= learning_rate * grads["d" + name]
    return parameters


def backward_with_more_keys(parameters, cache, X, Y):
    return {**two_layer.backward_propagation(parameters, cache, X, Y), "dZ2": cache["A2"] - Y}


class Forward(NamedTuple):
    A2: np.ndarray
    cache: dict


def forward_with_an_ordered_cache(X, parameters):
    A2, cache = two_layer.forward_propagation(X, parameters)
    return A2, OrderedDict(cache)


def dW_by_central_differences(dZ2, A1):
    W = np.zeros((len(dZ2), len(A1)))
    return central_difference(lambda W: np.sum(dZ2 * (W @ A1)) / dZ2.shape[1], W)


def noisy(dZ2):
    print("a print costs nothing")
    np.log(np.zeros(1))
    import warnings

    warnings.warn("neither does a warning", stacklevel=1)
    return two_layer.db2(dZ2)


VARIANTS = [
    ("compute_dW2", dW_by_loops),
    ("compute_dW2", lambda dZ2, A1: np.einsum("ij,kj->ik", dZ2, A1) / A1.shape[1]),
    ("compute_dW2", lambda dZ2, A1: np.dot(dZ2, A1.T) * (1 / dZ2.shape[1])),
    ("compute_dW2", lambda dZ2, A1: np.mean(dZ2[:, None, :] * A1[None, :, :], axis=2)),
    ("compute_dW2", lambda dZ2, A1: sum(np.outer(dZ2[:, j], A1[:, j]) for j in range(A1.shape[1])) / A1.shape[1]),
    ("compute_dW2", lambda dZ2, A1: np.matrix(dZ2) * np.matrix(A1).T / A1.shape[1]),
    ("compute_dW2", lambda dZ2, A1: (dZ2.astype(np.float32) @ A1.astype(np.float32).T) / np.float32(A1.shape[1])),
    ("compute_dW1", lambda dZ1, X, scale=1.0: scale * (X @ dZ1.T).T / X.shape[1]),
    ("compute_db2", lambda dZ2: np.mean(dZ2, axis=1, keepdims=True)),
    ("compute_db2", lambda dZ2: np.mean(dZ2, axis=1).reshape(-1, 1)),
    ("compute_db2", lambda dZ2: dZ2 @ np.ones((dZ2.shape[1], 1)) / dZ2.shape[1]),
    ("compute_db1", lambda dZ1: np.array([[sum(row) / len(row)] for row in dZ1])),
    ("compute_db2", db_in_place),
    ("compute_db2", noisy),
    ("compute_cost", lambda A2, Y: float(two_layer.cost(A2, Y))),
    ("compute_cost", lambda A2, Y: np.array([[two_layer.cost(A2, Y)]])),
    ("compute_cost", lambda A2, Y: -np.mean(np.sum(np.where(Y == 1, np.log(A2), np.log(1 - A2)), axis=0))),
    ("compute_dA2", lambda A2, Y: (A2 - Y) / (A2 * (1 - A2))),
    ("compute_dA2", lambda A2, Y: np.where(Y.astype(bool), -1 / A2, 1 / (1 - A2))),
    ("compute_dZ2", lambda A2, Y: two_layer.dA2(A2, Y) * A2 * (1 - A2)),
    ("compute_dZ1", lambda dA1, Z1: dA1 / np.cosh(Z1) ** 2),
    ("compute_dZ1", lambda dA1, Z1: np.multiply(dA1, 4 * activations.sigmoid_prime(2 * Z1))),
    ("compute_dA1", lambda W2, dZ2: (dZ2.T @ W2).T),
    ("forward_propagation", lambda X, parameters: list(two_layer.forward_propagation(X, parameters))),
    ("backward_propagation", backward_with_more_keys),
    ("update_parameters", update_in_place),
    ("forward_propagation", forward_with_an_ordered_cache),
    ("forward_propagation", lambda X, p: Forward(*two_layer.forward_propagation(X, p))),
    ("compute_dW2", dW_by_central_differences),
    ("nn_model", lambda X, Y, n_h, n, rate, seed: training.train_two_layer(X, Y, n_h, n, rate, seed).parameters),
]


@pytest.mark.parametrize(("name", "variant"), VARIANTS, ids=[f"{name}-{i}" for i, (name, _) in enumerate(VARIANTS)])
def test_a_right_answer_is_right_by_any_route(judged, name, variant):
    for seed in (0, 1):
        verdict = judged(name, variant, seed)
        assert verdict.passed, verdict
        assert verdict.points == verdict.max_points
        assert verdict.mistake is None


@pytest.mark.parametrize(
    ("assignment", "exercise"),
    [
        pytest.param(name, exercise, id=f"{name}-{exercise.function}")
        for name, assignment in ASSIGNMENTS.items()
        for exercise in assignment.exercises
    ],
)
def test_the_reference_gets_every_point_for_any_seed(assignment, exercise):
    asked = question(exercise.asked)
    for seed in range(6 if isinstance(asked, Formula) else 1):
        verdict = judged_as(assignment, exercise.function, asked.reference, seed)
        assert verdict.points == exercise.points, verdict


def test_changing_an_input_costs_nothing_and_is_noted(judged):
    assert judged("compute_db2", db_in_place).notes == ("changed-its-input",)
    assert judged("update_parameters", update_in_place).notes == ("changed-its-input",)


def test_one_entry_in_another_shape_is_accepted_and_noted(judged):
    assert judged("compute_cost", lambda A2, Y: np.array([[two_layer.cost(A2, Y)]])).notes == ("shape-of-one-entry",)
    assert judged("compute_cost", two_layer.cost).notes == ()


def test_a_function_that_uses_globals_of_its_notebook_is_right(judged):
    number_of_examples = lambda array: array.shape[1]  # noqa: E731
    assert judged("compute_db2", lambda dZ2: dZ2.sum(1, keepdims=True) / number_of_examples(dZ2)).passed
