"""Wrong is wrong, and named; and nothing fools the judge."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.assignments import ASSIGNMENTS
from autograder.core.check import check
from autograder.core.compare import same
from autograder.core.hints import HINTS
from autograder.core.mistakes import beliefs, by_hand, mistakes, pairs, printed
from autograder.core.naming import mistaken_answers
from autograder.core.question import Formula
from autograder.core.questions import question
from autograder.core.questions.two_layer import draw
from course_lib import two_layer
from tests.autograder.core.conftest import judged_as

ASKED = [(name, exercise) for name, assignment in ASSIGNMENTS.items() for exercise in assignment.exercises]
FORMULAS = [(name, exercise) for name, exercise in ASKED if isinstance(question(exercise.asked), Formula)]
BY_HAND = [
    pytest.param(name, exercise, mistake, id=f"{name}-{exercise.function}-{number}-{mistake.where}-{mistake.id}")
    for name, exercise in ASKED
    for asked in [question(exercise.asked)]
    for number, mistake in enumerate(by_hand(asked) if isinstance(asked, Formula) else mistakes(asked))
]


def each(asked):
    return pytest.mark.parametrize(("assignment", "exercise"), asked, ids=[f"{name}-{e.function}" for name, e in asked])


def assert_refused_and_named(assignment, exercise, mistake, seed):
    verdict = judged_as(assignment, exercise.function, mistake.function, seed)
    assert verdict.passed is False, f"{mistake.id} is indistinguishable from the right answer"
    assert verdict.mistake == mistake.id, verdict
    assert 0 <= verdict.points < verdict.max_points
    assert verdict.hint


@pytest.mark.parametrize(("assignment", "exercise", "mistake"), BY_HAND)
def test_each_mistake_that_is_written_by_hand_is_refused_and_named(assignment, exercise, mistake):
    assert_refused_and_named(assignment, exercise, mistake, 0)


@pytest.mark.nightly
@each(FORMULAS)
def test_each_mistake_is_refused_and_named_on_further_seeds(assignment, exercise):
    for seed in (1, 2):
        for mistake in by_hand(question(exercise.asked)):
            assert_refused_and_named(assignment, exercise, mistake, seed)


def agree(one, other):
    """Return whether two mistakes give the same numbers on every case, or raise there."""
    for first, second in zip(one, other, strict=True):
        if first is None or second is None:
            if first is not second:
                return False
        elif not all(
            isinstance(value, np.ndarray) and isinstance(second[name], np.ndarray) and same(value, second[name])
            for name, value in first.items()
        ):
            return False
    return True


@each(FORMULAS)
def test_no_mistake_is_written_by_hand_that_the_rules_name_so(assignment, exercise):
    asked = question(exercise.asked)
    known = list(mistaken_answers(asked, 0, "one"))
    own, made = known[: len(by_hand(asked))], known[len(beliefs(asked)) :]
    for mistake, numbers in own:
        assert mistake.id != next((m.id for m, others in made if agree(numbers, others)), ""), mistake


@each(FORMULAS)
def test_what_is_in_print_and_wrong_is_refused_and_linked(assignment, exercise):
    for mistake in printed(question(exercise.asked)):
        verdict = judged_as(assignment, exercise.function, mistake.function)
        assert verdict.passed is False
        assert "(erratum E" in verdict.message or verdict.mistake == "raised"


@each(ASKED)
def test_every_question_knows_mistakes_and_every_mistake_has_a_hint(assignment, exercise):
    known = {mistake.id for mistake in mistakes(question(exercise.asked))}
    assert known
    assert known <= set(HINTS)


@each(FORMULAS)
def test_what_a_rule_makes_is_right_or_no_mere_wrong_value(assignment, exercise):
    asked = question(exercise.asked)
    for mistake in list(mistakes(asked))[len(by_hand(asked)) :: 17]:
        verdict = judged_as(assignment, exercise.function, mistake.function)
        assert verdict.passed is not None
        assert verdict.passed or verdict.mistake != "wrong-values"


@pytest.mark.nightly
@each(FORMULAS)
def test_two_mistakes_at_once_are_named_by_ones_that_were_made(assignment, exercise):
    asked = question(exercise.asked)
    believed = {mistake.id for mistake in by_hand(asked)}
    for mistake in [pair for pair in pairs(asked) if pair.id.partition("+")[0] in believed][::7]:
        verdict = judged_as(assignment, exercise.function, mistake.function)
        assert verdict.passed is not None
        if verdict.passed is False and "two mistakes together" in verdict.seen:
            made = {*mistake.id.split("+"), "zero-everywhere"}  # which says what is seen, whatever was changed
            assert made & set(verdict.seen.rpartition(": ")[2].rstrip(".").split(" and "))


WRITTEN_BY_STUDENTS = [
    ("compute_dW2", lambda dZ2, A1: dZ2 @ A1.T, "missing-mean"),
    ("compute_dW2", lambda dZ2, A1: dZ2 @ A1.T / dZ2.shape[1] ** 2, "averaged-twice"),
    ("compute_dW2", lambda dZ2, A1: A1 @ dZ2.T / A1.shape[1], "transposed"),
    ("compute_dW2", lambda dZ2, A1: dZ2 @ A1 / A1.shape[1], "transpose-missing"),
    ("compute_dW2", lambda dZ2, A1: dZ2 * A1 / A1.shape[1], "elementwise-for-matmul"),
    ("compute_dW2", lambda dZ2, A1: -dZ2 @ A1.T / A1.shape[1], "sign-flipped"),
    ("compute_dW2", lambda dZ2, A1: dZ2 @ A1.T / dZ2.shape[0], "mean-over-wrong-axis"),
    ("compute_db2", lambda dZ2: dZ2, "not-summed"),
    ("compute_db2", lambda dZ2: np.sum(dZ2, axis=0, keepdims=True) / dZ2.shape[1], "summed-wrong-axis"),
    ("compute_db2", lambda dZ2: np.mean(dZ2, axis=1), "keepdims-dropped"),
    ("compute_db2", lambda dZ2: np.sum(dZ2, axis=1, keepdims=True), "missing-mean"),
    ("compute_dZ2", lambda A2, Y: Y - A2, "sign-flipped"),
    ("compute_dZ2", lambda A2, Y: (A2 - Y) / Y.shape[1], "averaged-too-early"),
    ("compute_dZ2", lambda A2, Y: 2 * (A2 - Y), "factor-of-two"),
    ("compute_dZ2", lambda A2, Y: (A2 - Y) * A2 * (1 - A2), "activation-derivative-twice"),
    ("compute_dA1", lambda W2, dZ2: W2 @ dZ2, "transpose-missing"),
    ("compute_dA1", lambda W2, dZ2: dZ2.T @ W2, "transposed"),
    ("compute_dZ1", lambda dA1, Z1: dA1, "activation-derivative-missing"),
    ("compute_dZ1", lambda dA1, Z1: dA1 * (1 - Z1**2), "derivative-of-activation-taken-at-the-wrong-place"),
    ("compute_dZ1", lambda dA1, Z1: dA1 @ (1 - np.tanh(Z1) ** 2), "matmul-for-elementwise"),
    ("compute_dZ1", lambda dA1, Z1: dA1 * 1 - np.tanh(Z1) ** 2, "wrong-bracket"),
    ("compute_cost", lambda A2, Y: np.mean(-Y * np.log(A2) - (1 - Y) * np.log(1 - A2)), "divided-by-wrong-size"),
    ("compute_cost", lambda A2, Y: np.sum(-Y * np.log(A2) - (1 - Y) * np.log(1 - A2)), "missing-mean"),
    ("compute_dW2", lambda dZ2, A1: None, "returned-nothing"),
    ("compute_dW2", lambda dZ2, A1: undefined_name, "raised"),  # noqa: F821
    ("compute_dW2", lambda dZ2, A1: (two_layer.dW2(dZ2, A1),), "wrong-type"),
    ("compute_dW2", lambda dZ2, A1: {}, "wrong-type"),
    ("compute_dW2", lambda dZ2, A1: "dW2", "wrong-type"),
    ("compute_dW2", lambda dZ2, A1: (x for x in dZ2), "wrong-type"),
    ("compute_dW2", lambda dZ2, A1: two_layer.dW2(dZ2, A1).astype(object), "wrong-dtype"),
    ("compute_dW2", lambda dZ2, A1: two_layer.dW2(dZ2, A1).astype(str), "wrong-dtype"),
    ("compute_dW2", lambda dZ2, A1: two_layer.dW2(dZ2, A1).astype(np.float16), "wrong-dtype"),
    ("compute_dW2", lambda dZ2, A1: two_layer.dW2(dZ2, A1) + 1e-3j, "wrong-dtype"),
    ("compute_dW2", lambda dZ2, A1: two_layer.dW2(dZ2, A1) * np.nan, "not-finite"),
    ("compute_dW2", lambda dZ2, A1: two_layer.dW2(dZ2, A1)[:1], "wrong-shape"),
    ("compute_dW2", lambda dZ2, A1: 0.5, "wrong-shape"),
    ("compute_dW2", lambda dZ2, A1: two_layer.dW2(dZ2, A1) + 0.01, "wrong-values"),
    ("compute_dW2", lambda: None, "raised"),
    ("compute_dW2", lambda dZ2, A1: exit(), "raised"),
    ("forward_propagation", lambda X, parameters: {}, "wrong-type"),
    ("backward_propagation", lambda parameters, cache, X, Y: {}, "missing-key"),
    ("nn_model", lambda *a: {}, "missing-key"),
    ("compute_cost", lambda A2, Y: [1.0], "wrong-type"),
    (
        "compute_cost",
        lambda A2, Y: -np.sum(np.dot(Y, np.log(A2).T) + np.dot(1 - Y, np.log(1 - A2).T)) / Y.shape[1],
        "matmul-for-elementwise",
    ),
    ("compute_cost", lambda A2, Y: np.sum(two_layer.bce_loss(A2, Y), axis=0, keepdims=True), "summed-wrong-axis"),
    ("compute_dZ2", lambda A2, Y: (A2 - Y).T, "transposed"),
    ("compute_dZ2", lambda A2, Y: A2 + Y, "sign-flipped"),
    ("compute_dA2", lambda A2, Y: (A2 - Y) / A2 * (1 - A2), "wrong-bracket"),
    ("compute_dZ1", lambda dA1, Z1: (1 - np.tanh(Z1) ** 2) @ dA1, "matmul-for-elementwise"),
    ("compute_dZ1", lambda dA1, Z1: (1 - np.tanh(Z1) ** 2) @ dA1.T, "matmul-for-elementwise"),
    ("compute_dW1", lambda dZ1, X: np.sum(dZ1 * X) / X.shape[1], "elementwise-for-matmul"),
    ("update_parameters", lambda p, g, rate: {k: p[k] - 2 * rate * g["d" + k] for k in p}, "factor-of-two"),
    ("nn_model", lambda *a: None, "returned-nothing"),
]


@pytest.mark.parametrize(
    ("name", "answer", "mistake"),
    WRITTEN_BY_STUDENTS,
    ids=[f"{n}-{m}-{i}" for i, (n, _, m) in enumerate(WRITTEN_BY_STUDENTS)],
)
def test_what_students_write_wrongly_is_named(judged, name, answer, mistake):
    verdict = judged(name, answer)
    assert (verdict.passed, verdict.mistake, verdict.points) == (False, mistake, 0.0), verdict


def test_a_composite_answer_gets_points_for_its_right_parts(judged):
    def backward(parameters, cache, X, Y):
        grads = two_layer.backward_propagation(parameters, cache, X, Y)
        return {**grads, "db1": np.sum(grads["db1"], axis=0, keepdims=True)}

    verdict = judged("backward_propagation", backward)
    assert (verdict.passed, verdict.points, verdict.max_points) == (False, 3.0, 4.0)
    assert [(part.name, part.passed) for part in verdict.parts] == [
        ("dW1", True),
        ("db1", False),
        ("dW2", True),
        ("db2", True),
    ]
    assert "Right: dW1, dW2, db2. Wrong: db1." in verdict.message
    assert verdict.as_json()["parts"][1]["points"] == 0.0


def test_a_composite_answer_says_in_which_equation_it_went_wrong(judged):
    def backward(parameters, cache, X, Y):
        dZ2 = cache["A2"] - Y
        dZ1 = parameters["W2"].T @ dZ2
        return {
            "dW1": dZ1 @ X.T / X.shape[1],
            "db1": dZ1.mean(1, keepdims=True),
            "dW2": two_layer.dW2(dZ2, cache["A1"]),
            "db2": two_layer.db2(dZ2),
        }

    verdict = judged("backward_propagation", backward)
    assert verdict.mistake == "activation-derivative-missing"
    assert "in dZ1" in verdict.message


def test_an_array_of_another_layer_is_named_where_it_was_taken(judged):
    def forward(X, parameters):
        Z1 = parameters["W1"] @ X + parameters["b1"]
        Z2 = parameters["W2"] @ Z1 + parameters["b2"]
        A2 = 1 / (1 + np.exp(-Z2))
        return A2, {"Z1": Z1, "A1": np.tanh(Z1), "Z2": Z2, "A2": A2}

    verdict = judged("forward_propagation", forward)
    assert (verdict.mistake, verdict.points) == ("wrong-argument", 2.0)
    assert "in Z2" in verdict.message

    def backward(parameters, cache, X, Y):
        right = two_layer.backward_propagation(parameters, cache, X, Y)
        return {**right, "db1": two_layer.db1(cache["A2"] - Y)}

    assert judged("backward_propagation", backward).mistake == "wrong-layer"


def test_a_call_with_other_arguments_says_how_it_is_called(judged):
    def compute_dW2(dZ2):
        return 1

    message = check(compute_dW2, assignment="ps4_two_layer", show=False).message
    assert "takes 1 positional argument but 2 were given" in message
    assert "It is called as compute_dW2(dZ2, A1)." in message
    assert "plain(" not in message


def test_the_published_mistakes_are_linked(judged):
    verdict = judged("compute_db2", lambda dZ2: np.sum(dZ2, axis=0, keepdims=True) / dZ2.shape[1])
    assert "erratum E16" in verdict.message
    a1_for_a2 = lambda p, c, X, Y: {  # noqa: E731
        **two_layer.backward_propagation(p, c, X, Y),
        "dW1": (p["W2"].T @ (c["A1"] - Y) * (1 - c["A1"] ** 2)) @ X.T / X.shape[1],
    }
    assert judged("backward_propagation", a1_for_a2).passed is False


def test_a_part_goes_by_one_mistake_also_where_two_were_made(judged):
    def update(parameters, grads, learning_rate):
        new = {name: theta - learning_rate * grads["d" + name] for name, theta in parameters.items()}
        return {**new, "b1": (parameters["b1"] + 2 * learning_rate * grads["db1"]).T}

    def forward(X, parameters):
        A2, cache = two_layer.forward_propagation(X, parameters)
        return A2, {**cache, "A1": -cache["A1"].T}

    for name, answer in (("update_parameters", update), ("forward_propagation", forward)):
        assert all("+" not in (part.mistake or "") for part in judged(name, answer).parts)


@pytest.mark.nightly
@pytest.mark.parametrize("exercise", ASSIGNMENTS["ps4_two_layer"].exercises, ids=lambda exercise: exercise.function)
def test_any_two_mistakes_go_by_one_name(judged, exercise):
    asked = question(exercise.asked)
    for mistake in list(pairs(asked))[::29] if isinstance(asked, Formula) else ():
        assert "+" not in (judged(exercise.function, mistake.function).mistake or "")


def test_what_follows_from_an_earlier_mistake_says_so():
    namespace: dict = {"np": np}
    exec(
        """
def compute_dZ1(dA1, Z1):
    return dA1
def compute_dZ2(A2, Y):
    return A2 - Y
def backward_propagation(parameters, cache, X, Y):
    dZ2 = compute_dZ2(cache["A2"], Y)
    dZ1 = compute_dZ1(parameters["W2"].T @ dZ2, cache["Z1"])
    m = X.shape[1]
    return {"dW1": dZ1 @ X.T / m, "db1": dZ1.sum(1, keepdims=True) / m,
            "dW2": dZ2 @ cache["A1"].T / m, "db2": dZ2.sum(1, keepdims=True) / m}
""",
        namespace,
    )
    wrong_piece = namespace["compute_dZ1"]
    verdict = check(namespace["backward_propagation"], assignment="ps4_two_layer", show=False)
    assert (verdict.passed, verdict.mistake, verdict.points) == (False, "follows-from-earlier", 2.0)
    assert "because compute_dZ1 is" in verdict.message
    assert namespace["compute_dZ1"] is wrong_piece, "the student's function is back in its place"


def test_an_own_mistake_is_not_blamed_on_an_earlier_one():
    namespace: dict = {"np": np}
    exec(
        """
def compute_dZ1(dA1, Z1):
    return dA1
def backward_propagation(parameters, cache, X, Y):
    dZ2 = cache["A2"] - Y
    dZ1 = compute_dZ1(parameters["W2"].T @ dZ2, cache["Z1"])
    return {"dW1": dZ1 @ X.T, "db1": dZ1, "dW2": dZ2 @ cache["A1"].T, "db2": dZ2}
""",
        namespace,
    )
    verdict = check(namespace["backward_propagation"], assignment="ps4_two_layer", show=False)
    assert verdict.mistake != "follows-from-earlier"


@given(
    seed=st.integers(0, 20),
    row=st.integers(0, 10),
    column=st.integers(0, 10),
    off=st.sampled_from([5e-4, -5e-4, 1e-3]),
)
def test_an_entry_that_is_half_a_thousandth_off_is_refused(seed, row, column, off):
    def compute_dW2(dZ2, A1):
        dW2 = two_layer.dW2(dZ2, A1)
        dW2[row % dW2.shape[0], column % dW2.shape[1]] *= 1 + off
        return dW2

    assert check(compute_dW2, assignment="ps4_two_layer", seed=seed, show=False).passed is False


@given(seed=st.integers(0, 20), noise=st.floats(-1e-10, 1e-10), dtype=st.sampled_from([np.float64, np.float32]))
def test_an_answer_that_is_right_to_rounding_is_accepted(seed, noise, dtype):
    def compute_dW1(dZ1, X):
        return two_layer.dW1(dZ1.astype(dtype), X.astype(dtype)) * dtype(1 + noise)

    assert check(compute_dW1, assignment="ps4_two_layer", seed=seed, show=False).passed


@pytest.mark.parametrize("sizes", [{"m": 1}, {"n2": 1}])
def test_an_answer_that_is_right_only_for_one_size_is_refused(judged, sizes):
    def only_there(dZ2, A1):
        right = dZ2.shape[1] == 1 if "m" in sizes else dZ2.shape[0] == 1
        return two_layer.dW2(dZ2, A1) if right else np.zeros((len(dZ2), len(A1)))

    assert judged("compute_dW2", only_there).passed is False


def test_messages_never_show_the_right_numbers(judged):
    verdict = judged("compute_dW2", lambda dZ2, A1: dZ2 @ A1.T)
    for case in draw(0):
        right = two_layer.dW2(case.values["dZ2"], case.values["A1"])
        assert not any(f"{value:.4g}" in verdict.message for value in right.flat if abs(value) > 1e-3)
