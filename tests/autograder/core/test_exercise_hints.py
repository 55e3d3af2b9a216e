"""Hints on the exercises come one by one; the last is the formula, which none of the others gives away."""

import sys
from types import SimpleNamespace

import pytest

from autograder import hint, set_assignment
from autograder.assignments import ASSIGNMENTS, Exercise
from autograder.core import check, exercise_hints
from autograder.core.exercise_hints import hints_on, table
from autograder.in_sight.given_away import given_away, of_markdown
from course_lib.equations import EQUATIONS

EXERCISES = [exercise for assignment in ASSIGNMENTS.values() for exercise in assignment.exercises]


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(exercise_hints, "_given", {})
    monkeypatch.setattr(check, "_choice", check._Choice())


def compute_dW2(dZ2, A1):
    raise NotImplementedError


def test_hints_come_one_by_one_and_the_last_is_the_formula_and_stays(capsys):
    said = []
    for _ in range(4):
        hint(compute_dW2)
        said.append(capsys.readouterr().out)
    assert said[0].startswith("Hint 1 of 3 on compute_dW2: Example $j$ contributes")
    assert said[1].startswith("Hint 2 of 3 on compute_dW2: (n2, m) by (m, n1)")
    formula = f"Hint 3 of 3 on compute_dW2: The formula:\n\n$$\n{EQUATIONS['two_layer.dW2'].latex}\n$$\n"
    assert said[2:] == [formula, f"That was the last one; here it is again.\n\n{formula}"]


def test_each_function_has_a_count_of_its_own_and_a_name_will_do_before_it_is_defined(capsys):
    hint(compute_dW2)
    hint("compute_dA1")
    hint("compute_dA1")
    lines = [line[:25] for line in capsys.readouterr().out.splitlines()]
    assert lines == ["Hint 1 of 3 on compute_dW", "Hint 1 of 4 on compute_dA", "Hint 2 of 4 on compute_dA"]


def test_a_lecturer_can_withhold_the_last_hint(capsys):
    set_assignment("ps4_two_layer", last_hint=False)
    for _ in range(3):
        hint(compute_dW2)
    said = capsys.readouterr().out
    assert "Hint 2 of 2 on compute_dW2" in said
    assert "here it is again" in said
    assert "$$" not in said
    for _ in range(3):
        hint("nn_model")
    assert "You may call `forward_propagation`" not in capsys.readouterr().out


def test_an_unknown_function_one_of_several_and_what_is_none_are_said_clearly():
    with pytest.raises(check.UnknownFunction, match="named 'compute_dW9'; did you mean"):
        hint("compute_dW9")
    with pytest.raises(check.UnknownFunction, match=r'say which is meant: hint\(compute_cost, assignment="ps1_neuron"'):
        hint("compute_cost")
    with pytest.raises(TypeError, match=r"hint takes the function, as in hint\(compute_dW2\), or its name in quotes"):
        hint(3)


def test_an_assignment_of_a_lecturers_own_has_the_hints_on_the_same_questions(capsys):
    set_assignment("mine", exercises=[("my_dW2", 2.0, "two_layer.dW2", ""), ("train_it", 2.0, None, "train")])
    hint("my_dW2")
    assert capsys.readouterr().out.startswith("Hint 1 of 3 on my_dW2: Example $j$")
    assert hints_on(Exercise("train_it", 2.0, None, "train")).last.startswith("The gradient of the parameter `name`")


def test_in_a_kernel_a_hint_is_markdown(monkeypatch):
    shown = []
    ipython = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=1))
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    display = SimpleNamespace(display=lambda data, raw: shown.append(data))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    hint(compute_dW2)
    assert list(shown[0]) == ["text/plain", "text/markdown"]


@pytest.mark.parametrize("exercise", EXERCISES, ids=[each.asked for each in EXERCISES])
def test_only_the_last_hint_gives_the_answer(exercise):
    worded, formula, last = hints_on(exercise)
    assert len(worded) + bool(last) >= 2
    for each in worded:
        assert given_away(exercise, [], *of_markdown(each)) == []
    if formula:
        assert given_away(exercise, [], *of_markdown(last))


def test_every_hint_is_on_a_function_that_is_asked():
    for name, hints in table().items():
        assert list(hints) == [exercise.function for exercise in ASSIGNMENTS[name].exercises]
