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
    assert answered == {(a.name, e.function) for a in ASSIGNMENTS.values() for e in a.exercises}


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
