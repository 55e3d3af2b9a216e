"""The third time: a small example, worked to a wrong entry; and the numbers that know their arithmetic."""

import re
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from autograder.assignments import ASSIGNMENTS
from autograder.core.check import questions
from autograder.core.declared import declared
from autograder.core.examples import examples
from autograder.core.judge import judge
from autograder.core.mistakes import mistakes
from autograder.core.question import Formula
from autograder.core.questions import question
from autograder.core.traced import FUNCTIONS, Traced, number
from autograder.core.verdict import Part, Verdict
from autograder.core.worked import LONGEST, worked
from autograder.equations import ForwardPass
from autograder.guest.evaluate import call, evaluate
from benchmarks.judge.variants import all_variants
from tests.autograder.core.conftest import judged_as

FORMULAS = [
    pytest.param(exercise, id=f"{name}-{exercise.function}")
    for name, assignment in ASSIGNMENTS.items()
    for exercise in assignment.exercises
    if isinstance(question(exercise.asked), Formula)
]
WITHOUT = {"numerical_gradient"}
"""Exercises that have no example: a function comes in, and what it is made of is not shown."""
_WORKED = re.compile(r"`(?P<name>.+?)(?P<index>\[[\d, ]+\])? = (?:(?P<how>.+) = )?(?P<value>[-\d.e]+)`")


def right_entries(asked, case, index):
    """Return what an entry is in every part of the right answer."""
    parts = asked.parts(case, asked.reference(*asked.given(case).values())).values()
    k = tuple(map(int, re.findall(r"\d+", index or "")))
    return {number(float(np.asarray(part)[k])) for part in parts if np.ndim(part) == len(k) and valid(part, k)}


def valid(part, k):
    return all(i < n for i, n in zip(k, np.shape(part), strict=True))


@pytest.mark.parametrize("exercise", FORMULAS)
def test_the_third_level_is_a_small_example_worked_to_a_wrong_entry(exercise):
    asked, found, tried = question(exercise.asked), 0, 0
    for mistake in islice(mistakes(asked), 12):
        if mistake.of_values:
            continue
        verdict = judge(exercise, evaluate(mistake.function, questions(exercise, 0)))
        if verdict.passed or verdict.mistake == "raised":
            continue
        outcomes = []

        def answer(inputs, function=mistake.function, outcomes=outcomes):
            outcomes.append(call(function, inputs))
            return outcomes[-1]

        paragraphs, tried = worked(asked, verdict, answer), tried + 1
        if not paragraphs:
            continue
        found += 1
        match = _WORKED.search(paragraphs[-1])
        assert match, paragraphs
        cases = list(islice(examples(asked), len(outcomes)))
        assert all(len(text) < 6 * LONGEST for text in paragraphs)
        if match["how"]:
            assert len(match["how"]) <= LONGEST
            # Steps before are rounded to four digits, and so may the value be a little off.
            assert eval(match["how"], dict(FUNCTIONS)) == pytest.approx(float(match["value"]), rel=2e-2, abs=2e-3)
        yours = re.search(r"; yours is (\S+)\.$", paragraphs[-1])
        if yours:
            assert match["value"] in right_entries(asked, cases[-1], match["index"])
            assert yours[1] != match["value"]
        else:
            assert "Yours has the shape" in paragraphs[-1]
            assert any(match["value"] in right_entries(asked, case, match["index"]) for case in cases)
    assert (found == 0) == (exercise.function in WITHOUT)
    assert found >= 0.6 * tried or exercise.function in WITHOUT


def test_most_exercises_have_an_example():
    assert len(WITHOUT) <= 0.2 * len(FORMULAS)


@pytest.mark.parametrize("variant", all_variants(), ids=lambda variant: variant.id)
def test_nothing_is_wrong_with_a_right_answer_on_any_small_example(variant):
    asked = question(ASSIGNMENTS[variant.assignment].exercise(variant.function).asked)
    verdict = Verdict(variant.function, None, False, 0.0, 1.0, "wrong-values", "")
    assert worked(asked, verdict, lambda inputs: call(variant.answer, inputs)) == ()


def test_the_numbers_are_small_and_the_arithmetic_is_that_of_the_entry():
    exercise = ASSIGNMENTS["ps4_two_layer"].exercise("compute_dW2")
    asked, verdict = question(exercise.asked), judged_as("ps4_two_layer", "compute_dW2", lambda dZ2, A1: dZ2 @ A1.T)
    first, last = worked(asked, verdict, lambda inputs: call(lambda dZ2, A1: dZ2 @ A1.T, inputs))
    assert re.fullmatch(r"A small example: `dZ2 = \[\[.+\]\]`, `A1 = \[\[.+\]\]`\.", first)
    assert re.fullmatch(r"`dW2\[0, 0\] = \(.+\*.+ \+ .+\)/3 = (.+)`; yours is (.+)\.", last)


def test_only_parts_that_were_found_wrong_are_shown():
    asked = question("deep.linear_backward")
    parts = (Part("dA_prev", True, 1.0, 1.0, None), Part("dW", True, 1.0, 1.0, None), Part("db", False, 0.0, 1.0, None))
    verdict = Verdict("linear_backward", None, False, 2.0, 3.0, "missing-mean", "", parts=parts)
    *_, last = worked(asked, verdict, lambda inputs: call(lambda dZ, cache: (dZ, dZ, 2 * dZ[:, :1]), inputs))
    assert last.startswith("`db[0, 0] = ")


def test_what_is_no_number_or_raises_has_no_example():
    asked = question("two_layer.dW2")
    verdict = Verdict("compute_dW2", None, False, 0.0, 1.0, "raised", "")
    for answer in (lambda *given: 1 / 0, lambda *given: None, lambda *given: "dW2", lambda *given: 1j * given[0]):
        assert worked(asked, verdict, lambda inputs, answer=answer: call(answer, inputs)) == ()


def test_the_formula_of_a_lecturers_own_equation_is_not_shown():
    own = replace(
        ForwardPass("A = np.tanh(W @ X)", W="n, k", X="k, m").gradient("A", by="W", given="dA, A, X"), name="own"
    )
    asked = declared(replace(own, formula="(dA * (1 - A**2)) @ X.T"))
    assert asked.reference
    verdict = Verdict("own", None, False, 0.0, 1.0, "sign-flipped", "")
    assert worked(asked, verdict, lambda inputs: call(lambda *given: -asked.reference(*given), inputs)) == ()


# Numbers that know their arithmetic, against numpy's.

ONE = {
    "transpose": lambda x: x.T,
    "minus": lambda x: -x,
    "square": lambda x: x**2,
    "tanh": np.tanh,
    "exp": lambda x: np.exp(np.tanh(x)),
    "log": lambda x: np.log(x * x + 1),
    "root": lambda x: np.sqrt(np.abs(x)),
    "sum": lambda x: np.sum(x, axis=0, keepdims=True) + 0 * x,
    "mean": lambda x: x - np.mean(x, axis=1, keepdims=True),
    "positive": lambda x: x * (x > 0),
    "where": lambda x: np.where(x > 0, x, 0.5 * x),
    "largest": lambda x: 1 - np.maximum(0, x),
    "power of two": lambda x: 2.0 ** np.tanh(x),
}
TWO = {
    "plus": lambda x, y: x + y,
    "minus": lambda x, y: x - y,
    "times": lambda x, y: x * y,
    "by": lambda x, y: x / (y * y + 1),
    "product": lambda x, y: x @ y,
    "dot": np.dot,
}
TREES = st.recursive(
    st.sampled_from("ab"),
    lambda inner: (
        st.tuples(st.sampled_from(sorted(ONE)), inner) | st.tuples(st.sampled_from(sorted(TWO)), inner, inner)
    ),
    max_leaves=5,
)
TENTHS = st.lists(st.integers(-30, 30), min_size=8, max_size=8)


def computed(tree, arrays):
    """Compute an expression, given as a tree, from arrays by name."""
    if isinstance(tree, str):
        return arrays[tree]
    name, *inner = tree
    return (ONE if len(inner) == 1 else TWO)[name](*(computed(each, arrays) for each in inner))


@settings(deadline=None)
@given(TREES, TENTHS)
def test_a_traced_number_has_numpys_value_and_a_text_that_has_it_too(tree, tenths):
    a, b = np.reshape(tenths, (2, 2, 2)) / 10
    with np.errstate(all="ignore"):
        expected = computed(tree, {"a": a, "b": b})
    assume(np.all(np.abs(expected) < 1e6))
    traced = computed(
        tree, {"a": np.vectorize(Traced, otypes=[object])(a), "b": np.vectorize(Traced, otypes=[object])(b)}
    )
    for entry, wanted in zip(np.ravel(traced), np.ravel(expected), strict=True):
        if isinstance(entry, Traced):
            assert entry.value == pytest.approx(wanted, rel=1e-9, abs=1e-9)
            assert eval(entry.text, dict(FUNCTIONS)) == pytest.approx(entry.value, rel=1e-9, abs=1e-9)
        else:
            assert entry == wanted


def test_a_traced_number_has_the_names_of_what_it_was_made_of():
    x, y = Traced(1.0, used=("x",)), Traced(-2.0, used=("y",))
    assert (x + y * 3).used == {"x", "y"}
    kept = (x + y).kept("step")
    assert (kept.text, kept.used, kept.how.text) == ("-1", {"step"}, "1 + -2")
    assert ((-y).text, (2 - -x).text, (y**2).text, (x - (y - x)).text) == ("-(-2)", "2 - -1", "(-2)**2", "1 - (-2 - 1)")
    assert y < x <= 1
    assert y != x
    assert abs(y).text == "abs(-2)"


def test_a_traced_number_refuses_what_is_no_number():
    for other in ("one", None, [1]):
        with pytest.raises(TypeError):
            Traced(1.0) + other
