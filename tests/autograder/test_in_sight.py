"""What gives an answer away is complained of: an equation, code, LaTeX; what does not is not."""

import re

import pytest

from autograder.assignments import ASSIGNMENTS
from autograder.core.declared import question_of
from autograder.in_sight.expressions import expressions
from autograder.in_sight.given_away import given_away, normalised, of_markdown
from course_lib.equations import EQUATIONS

EXERCISES = [exercise for assignment in ASSIGNMENTS.values() for exercise in assignment.exercises]
LOOPS = {"nn_model", "L_model_forward", "L_model_backward", "numerical_gradient", "gradient_check"} | {
    *("initialize_parameters", "random_mini_batches", "train")
}
"""Their code is a sequence of steps: it is known by its equation, if there is one, and not by an expression."""
COPIES = {"one_example.db2": "db2 = dz2", "one_example.db1": "db1 = dz1"}
FORWARD = (
    "Z1 = W1 @ X + b1\nA1 = np.tanh(Z1)\nprint(A1 - Z1, A1.T, 2 * A1)\n"
    "cost = compute_cost(A2, Y)\ngrads = backward_propagation(parameters, cache, X, Y)"
)


def exercise(function, assignment=None):
    found = [
        e for a in ASSIGNMENTS.values() for e in a.exercises if e.function == function and assignment in (None, a.name)
    ]
    return found[-1]


def named(assignment_exercises):
    return {"argvalues": assignment_exercises, "ids": [each.asked for each in assignment_exercises]}


with_equation = pytest.mark.parametrize("asked", **named([each for each in EXERCISES if each.equation]))
with_code = pytest.mark.parametrize("asked", **named([each for each in EXERCISES if each.function not in LOOPS]))


@with_equation
def test_the_equation_that_is_asked_gives_itself_away_by_its_id_and_by_its_latex(asked):
    assert given_away(asked, [asked.equation], [])
    latex = EQUATIONS[asked.equation].latex
    assert given_away(asked, [], [], [latex])
    other = latex.replace(r"\frac", r"\tfrac").replace(" ", "  ").replace(r"\left", "").replace(r"\right", "")
    assert given_away(asked, [], [], [other.replace("^T", r"^{\top}") + r" \quad \text{for all of them}"])


@with_code
def test_the_code_that_is_asked_gives_itself_away_under_other_names_too(asked):
    question = question_of(asked)
    code = COPIES.get(asked.asked, question.code[0])
    assert given_away(asked, [], [code])
    assert given_away(asked, [], [f"def f():\n    answer = 1\n    {code.strip().replace(chr(10), chr(10) + '    ')}"])
    if asked.asked not in COPIES:
        names = list(question.parameters)[: 3 if len(question.parameters) != 2 else 1]
        assert given_away(asked, [], [re.sub(rf"\b({'|'.join(names)})\b", r"other_\1", code)])


@pytest.mark.parametrize("asked", **named(EXERCISES))
def test_inputs_and_forward_formulas_and_what_is_only_called_give_nothing_away(asked):
    given = ", ".join(question_of(asked).parameters)
    assert given_away(asked, ["losses.mse_loss"], [FORWARD, given, f"{asked.function}({given})"], ["a = b + c"]) == []


@pytest.mark.parametrize(
    "code",
    [
        "dZ2 @ A1.T / m",
        "n.dZ2 @ n.A1.T / n.m",
        'grads["dZ2"] @ cache["A1"].T / m',
        "1 / m * np.dot(delta, activations.T)",
        "m = Y.shape[1]\nerror = A2 - Y\nstep = 0.1 * (error @ A1.T / m)",
        "np.mean([np.outer(d, a) for d, a in zip(dZ2.T, A1.T)], axis=0)",
        "lambda left, right: left @ right.T / left.shape[1]",
        'print("by hand: dZ2 @ A1.T / m")\nprint("`dZ2 @ A1.T / m` is right")',
        "x = 1  # dZ2 @ A1.T / m",
        'def f(dZ2, A1):\n    """Return dZ2 @ A1.T / m, of W2\'s shape - as it must be."""',
        "%timeit f(x)\ndZ2 @ A1.T / m",
        "check(two_layer.dW2(dZ2, A1), dZ2 @ A1.T / m)",
    ],
)
def test_code_is_known_by_its_numbers(code):
    (complaint,) = given_away(exercise("compute_dW2"), [], [code])
    assert "computes what compute_dW2 asks for." in complaint


@pytest.mark.parametrize(
    "code",
    [
        "two_layer.dW2(n.dZ2, n.A1)",
        "dZ2 @ A1.T",
        "dZ2.T @ A1 / m",
        "dW2",
        "dW2.copy()",
        "np.asarray(n.dW2)",
        "W2 - 0.1 * dW2",
        "relative_error(dW2, slope_of(cost, W2))",
        "np.save('dW2', dW2)",
        "dZ2 @ (",
    ],
)
def test_what_has_other_numbers_or_is_only_a_name_gives_nothing_away(code):
    assert given_away(exercise("compute_dW2"), [], [code]) == []


def test_a_difference_of_any_two_things_is_no_answer_unless_it_is_named_so():
    asked = exercise("compute_dZ2")
    assert given_away(asked, [], ["above - below"]) == []
    assert given_away(asked, [], ["A2 - Y"])
    assert given_away(asked, [], ["dZ2 = above - below"])


def test_the_parts_of_an_answer_give_it_away_together_alone():
    asked = exercise("linear_backward")
    lines = ["dA_prev = W.T @ dZ", "dW = dZ @ A_prev.T / m", "db = dZ.mean(axis=1, keepdims=True)"]
    assert all(given_away(asked, [], [line]) == [] for line in lines)
    assert given_away(asked, [], ["\n".join(lines)])
    assert given_away(asked, ["deep.dW"], []) == []
    assert given_away(exercise("compute_dW2"), ["deep.dW", "two_layer.dW1"], []) == [
        "The equation deep.dW gives what compute_dW2 asks for.",
        "The equation two_layer.dW1 gives what compute_dW2 asks for.",
    ]


def test_an_equation_with_the_same_numbers_by_another_name_counts_and_an_unknown_one_does_not():
    assert given_away(exercise("compute_dZ2"), ["one_example.dz"], [])
    assert given_away(exercise("compute_db1", "ps3_one_example"), ["one_example.dz1", "my.own"], []) == []


def test_markdown_is_taken_apart_into_code_and_mathematics():
    text = "See $a$, `b + 1` and $$\nc\n$$.\n\n```python\nd = 1 # $5\n```\n\n```{math}\ne\n```\n"
    assert of_markdown(text) == (["d = 1 # $5\n", "b + 1"], ["e\n", "a", "\nc\n"])


def test_latex_is_compared_without_what_can_be_written_in_several_ways():
    one = r"\tfrac{1}{m}\, dZ^{[2]} \left(A^{[1]}\right)^T"
    assert normalised(one) == normalised(r"\frac{1}{m} dZ^{[2]} (A^{[1]})^{\top}")
    assert normalised(one) != normalised(r"dZ^{[2]} A^{[1]}")


def test_nothing_is_run_that_writes_or_is_not_known(tmp_path):
    shown = [each.shown for each in expressions(f"open('{tmp_path}/x', 'w')\nnp.savetxt('y', a)\na.sort()\nb + 1")]
    assert [each for each in shown if "(" in each] == []
