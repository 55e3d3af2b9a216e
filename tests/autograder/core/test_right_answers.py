"""Right is right, however it is written."""

import numpy as np
import pytest

from autograder.assignments import ASSIGNMENTS
from autograder.core.question import Formula
from autograder.core.questions import question
from benchmarks.judge.variants import all_variants
from benchmarks.judge.variants.ps4_two_layer import db_in_place, update_in_place
from course_lib import two_layer
from tests.autograder.core.conftest import judged_as


@pytest.mark.parametrize("variant", all_variants(), ids=lambda variant: variant.id)
def test_a_right_answer_is_right_by_any_route(variant):
    for seed in (0,) if variant.function in ("nn_model", "train") else (0, 1, 2):
        verdict = judged_as(variant.assignment, variant.function, variant.answer, seed)
        assert verdict.passed, verdict
        assert verdict.points == verdict.max_points
        assert verdict.mistake is None


def test_there_are_many_ways_and_no_two_are_the_same():
    variants = all_variants()
    assert len(variants) >= 250
    assert {v.assignment for v in variants} == set(ASSIGNMENTS)
    texts = [(v.assignment, v.function, v.source) for v in variants if v.source]
    assert len(set(texts)) == len(texts) > 250
    answered = {(v.assignment, v.function) for v in variants}
    lacking = {(a.name, e.function) for a in ASSIGNMENTS.values() for e in a.exercises} ^ answered
    assert lacking == set(), "each function has right answers in benchmarks/judge/variants, and nothing else has"


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


@pytest.mark.parametrize("kind", ["longdouble", "clongdouble", ">f8", "<f8", ">f4", "<f4", ">c16", "<c8"])
def test_the_right_numbers_are_right_in_any_width_and_byte_order(judged, kind):
    assert judged("compute_dW2", lambda dZ2, A1: two_layer.dW2(dZ2, A1).astype(np.dtype(kind))).passed
    assert judged(
        "update_parameters",
        lambda parameters, grads, learning_rate: {
            name: (value - learning_rate * grads[f"d{name}"]).astype(np.dtype(kind))
            for name, value in parameters.items()
        },
    ).passed


@pytest.mark.parametrize("kind", ["i1", ">i2", "<i4", ">i8", "u1", ">u2", "<u4", ">u8", "?"])
def test_whole_numbers_of_any_width_and_byte_order_are_numbers(kind):
    step = lambda z: (z > 0).astype(np.dtype(kind))  # noqa: E731
    assert judged_as("ps2_activations", "relu_prime", step).passed


def test_a_whole_number_of_more_than_64_bits_is_a_number_too(judged):
    assert judged("compute_cost", lambda A2, Y: 10**30).mistake == "wrong-values"
    assert judged("compute_cost", lambda A2, Y: 10**400).mistake == "wrong-type"
