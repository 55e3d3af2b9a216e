"""Mistakes that were written without a look at the rules keep their names, and what is said of them holds."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.core.check import exercise_for
from autograder.core.declared import question_of
from autograder.core.known import Tried, where_right
from autograder.core.mistakes import mistakes
from autograder.core.naming import is_right, is_right_elsewhere, results_of
from autograder.core.oracles import quick_answers
from autograder.core.question import Formula
from autograder.core.questions import all_questions
from autograder.core.rules import beliefs_in, changed
from tests.autograder.core.test_as_people_err import judged

BLIND = tomllib.loads(Path(__file__).with_name("blind.toml").read_text(encoding="utf-8"))
HELPERS = """
from course_lib.activations import sigmoid
from course_lib.gradient_checking import central_difference as numerical_gradient, relative_error
from course_lib.losses import bce_loss
"""


def written(function, parameters, code):
    """Return a function's text: of an expression, or the text itself."""
    return code if code.startswith("def ") else f"def {function}({parameters}):\n    return {code}\n"


@pytest.mark.parametrize("name", BLIND)
def test_what_was_written_blind_keeps_its_name(name):
    assignment, _, function = name.split()[0].partition(".")
    table = BLIND[name]
    asked = question_of(exercise_for(function, assignment)[1])
    parameters = ", ".join(f"{argument}{default}" for argument, default in asked.parameters.items())
    for id, _, code in beliefs_in(table["wrong"]):
        text = changed([table["right"]], code) if "right" in table else written(function, parameters, code)
        verdict = judged(assignment, HELPERS + text, "")
        assert (verdict.passed, verdict.mistake) == (False, id), (code, verdict)


FORMULAS = [asked for asked in all_questions().values() if isinstance(asked, Formula)]


def tried(asked, mistake, seed):
    """Return how a mistake does on a seed."""
    cases = [case for case in asked.draw(seed) if case.names]
    for case, right, found in zip(cases, quick_answers(asked, seed), results_of(asked, mistake, seed), strict=True):
        wrong = [name for name in right if not (found and is_right(found[name], right[name]))]
        whole = {name: value for name, value in case.values.items() if type(value) is int}
        axes = max(value.ndim for value in right.values())
        yield Tried({**case.sizes, **whole}, case.kind, wrong, axes, found is None)


@given(st.sampled_from(FORMULAS), st.integers(0, 10**6), st.integers(5, 10**6), st.data())
@settings(max_examples=60, deadline=None)
def test_where_a_named_mistake_is_right_it_is_right_with_every_seed(asked, seed, other, data):
    known = list(mistakes(asked))
    mistake = data.draw(st.sampled_from(known)) if known else None
    if not mistake:
        return
    first = list(tried(asked, mistake, seed))
    right = [k for k, case in enumerate(first) if not case.wrong]
    places = [k for k in right if first[k].kind == "plain"] or right
    parts = list(quick_answers(asked, seed)[0])
    for case in quick_answers(asked, seed):
        parts += [name for name in case if name not in parts]
    if any(case.wrong for case in first) and where_right(
        first, lambda: is_right_elsewhere(asked, mistake, parts, places)
    ):
        again = list(tried(asked, mistake, other))
        assert not any(again[k].wrong for k in places)
        assert any(case.wrong for case in again)
