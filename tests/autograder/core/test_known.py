"""What is known is said first, an exception says what to do, and every hint is short and plain."""

import re

import numpy as np
import pytest

from autograder.core.hints import HINTS, LOWER, lower
from autograder.core.known import Tried, where_right
from autograder.core.raised import ADVICE, HARD_CODED, call_of
from tests.autograder.core.conftest import judged_as
from tests.autograder.core.test_as_people_err import (
    ADAM,
    BACKWARD,
    DEEP,
    LINEAR,
    MOMENTUM,
    NEURON,
    ROWS,
    STEPS,
    judged,
)

SIGMOID = """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
"""
BATCHES = """
def random_mini_batches(X, Y, batch_size, seed):
    rng = np.random.RandomState(seed)
    order = rng.permutation(X.shape[1])
    X, Y, found = X[:, order], Y[:, order], []
    for k in range(X.shape[1] // batch_size):
        found.append((X[:, k * batch_size : (k + 1) * batch_size], Y[:, k * batch_size : (k + 1) * batch_size]))
    rest = (k + 1) * batch_size
    return [*found, (X[:, rest:], Y[:, rest:])] if rest < X.shape[1] else found
"""
HE = """
def initialize_parameters(layer_dims, seed):
    rng, found = np.random.RandomState(seed), {}
    for k in range(1, len(layer_dims)):
        W = rng.randn(layer_dims[k], layer_dims[k - 1]) * np.sqrt(2 / layer_dims[k - 1])
        assert W == (layer_dims[k], layer_dims[k - 1])
        found[f"W{k}"], found[f"b{k}"] = W, np.zeros((layer_dims[k], 1))
    return found
"""


@pytest.mark.parametrize(
    ("assignment", "right", "changes", "known"),
    [
        ("ps4_two_layer", BACKWARD, "dZ1 @ X.T / m -> dZ1 @ X.T", "Right for m = 1; wrong from two examples on. "),
        ("ps5_deep", STEPS, 'dA, grads[f"dW{k}"] -> _, grads[f"dW{k}"]', "Right for two layers; wrong from three on. "),
        ("ps5_deep", DEEP, "W.T @ dZ -> 2 * W.T @ dZ", "Right for one layer; wrong from two on. "),
        ("ps4_two_layer", BACKWARD, "X.shape[1] -> len(X)", "Right where all sizes are equal; wrong where they"),
        ("ps7_training", MOMENTUM, "return theta - learning_rate * v -> return theta - learning_rate * grad", ""),
        ("ps7_training", ADAM, "beta2 ** t -> beta2", "Right for t = 1; wrong from t = 2 on. "),
        ("ps6_gradient_check", ROWS, "", "Right for an array of one axis; wrong from two axes on. "),
        ("ps1_neuron", NEURON, "cost = - -> cost = 2 - ", ""),
        ("ps1_neuron", SIGMOID, "1 / (1 + np.exp(-z)) -> np.exp(z) / (1 + np.exp(z))",
         "Right but at an extreme. "),
    ],
)  # fmt: skip
def test_where_an_answer_is_right_is_said_first(assignment, right, changes, known):
    verdict = judged(assignment, right, changes)
    assert verdict.passed is False
    if known:
        assert verdict.message.startswith(known)
    else:
        assert not verdict.message.startswith("Right for")


def test_where_no_rule_fits_all_cases_nothing_is_said():
    def tried(m, *wrong):
        return Tried({"n0": 3, "n1": m, "m": m}, "plain", wrong, 2, False)

    assert where_right([tried(1), tried(2, "W"), tried(3, "W")]).startswith("Right for m = 1;")
    assert (
        where_right([tried(1, "W"), tried(2), tried(3)])
        == "Right from two examples on; wrong for m = 1, as far as was tried."
    )
    assert where_right([tried(1), tried(2, "W"), tried(3)]) == ""
    assert where_right([tried(2), tried(3, "W")]) == ""
    assert where_right([tried(2, "W"), tried(3, "W")]) == ""


def test_an_exception_has_the_students_line_its_function_and_the_inputs():
    told = judged("ps5_deep", LINEAR, "dZ.sum(axis=1 -> np.sum(dZ, axis=5").message
    assert "in the line `db = np.sum(dZ, axis=5, keepdims=True) / m`." in told
    assert re.search(
        r"The call was linear_backward\(dZ: \(\d, \d\), cache: \(\(\d, \d\), \(\d, \d\), \(\d, 1\)\)\)", told
    )
    assert "Which value or shape in it is not what you thought?" in told


def test_a_line_in_another_function_comes_with_the_line_that_called_it():
    told = judged(
        "ps5_deep", STEPS, "linear_activation_backward(dA, caches[k -> linear_activation_backward(3, caches[k"
    ).seen
    assert "raised" not in told
    told = judged("ps5_deep", STEPS, "caches[L - 1], -> caches[L - 1][0],").seen
    assert re.search(
        r" in \w+, called in the line `dA, grads.* = linear_activation_backward\(dA, caches\[L - 1\]\[0\],", told
    )
    assert "The call was L_model_backward(AL: " in told


def test_an_exception_in_one_of_several_calls_says_in_which():
    batches = judged("ps7_training", BATCHES, "").message
    assert "With m = 6 and batch_size = 9 it raised UnboundLocalError" in batches
    assert "batch_size: 9, seed: a number)" in batches
    assert "With layer_dims = [40, 60, 25, 1] it raised ValueError" in judged("ps6_gradient_check", HE, "").seen


@pytest.mark.parametrize(
    ("assignment", "right", "changes", "question"),
    [
        ("ps1_neuron", SIGMOID, "return 1 / (1 + np.exp(-z)) -> import math; return 1 / (1 + math.exp(-z))",
         "Which function of numpy does it to every entry?"),
        ("ps1_neuron", SIGMOID, "return 1 / (1 + np.exp(-z)) -> import torch_of_mine; return torch_of_mine.sigmoid(z)",
         "Which function of numpy does the same?"),
        ("ps5_deep", LINEAR, "dZ.sum(axis=1, keepdims=True) / m -> (dZ.sum(axis=1) / m).reshape(9, 1)",
         HARD_CODED.format(9)),
        ("ps5_deep", LINEAR, "dZ.sum(axis=1, keepdims=True) / m -> np.zeros((9, 1))", HARD_CODED.format(9)),
        ("ps4_two_layer", BACKWARD, "dZ1 @ X.T / m -> X @ X @ dZ1", "Which array must be turned"),
        ("ps4_two_layer", BACKWARD, 'cache["A1"] -> cache["a1"]', "Which keys does the docstring list?"),
        ("ps4_two_layer", BACKWARD, "dZ1 @ X.T -> dZ_1 @ X.T", "Which line gives it one"),
        ("ps4_two_layer", BACKWARD, "dZ2.sum( -> np.summ(dZ2, ", "How do you spell the one that you mean?"),
    ],
)  # fmt: skip
def test_what_was_raised_says_what_to_do_instead(assignment, right, changes, question):
    verdict = judged(assignment, right, changes)
    assert verdict.mistake in ("raised", "wrong-shape")
    assert question in verdict.hint


@pytest.mark.parametrize(
    ("answer", "id"),
    [
        (lambda dZ2, A1: None, "returned-nothing"),
        (lambda dZ2, A1: [1, 2], "wrong-type"),
        (lambda dZ2, A1: np.zeros((1, 1)), "wrong-shape"),
        (lambda dZ2, A1: np.ones((len(dZ2), len(A1))), "wrong-values"),
        (lambda dZ2, A1: dZ2[99], "raised"),
    ],
)
def test_what_has_no_name_has_a_hint_too(answer, id):
    verdict = judged_as("ps4_two_layer", "compute_dW2", answer)
    assert verdict.mistake == id
    assert verdict.hint == HINTS[id]


def test_a_call_is_short_and_never_says_the_seed():
    assert call_of("f", {"seed": 12345}) == "f(seed: a number)"
    assert len(call_of("f", {"caches": [np.zeros((2, 3))] * 99})) < 330


def syllables(word):
    """Return how many syllables a word has, about; one for code and formulas."""
    word = word.strip(".,?!:;()").removesuffix("'s").lower()
    if not re.fullmatch(r"[a-z]{2,}", word):
        return 1
    groups = len(re.findall(r"[aeiouy]+", word))
    return max(1, groups - bool(re.search(r"[^aeiouyl]e$|[^aeiouytd]ed$", word)))


def reading_grade(text):
    """Return the grade by Flesch and Kincaid."""
    words = re.sub(r"`[^`]*`", "code", text).split()
    sentences = len(re.findall(r"[.?!](?:\s|$)", text))
    return 0.39 * len(words) / sentences + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def test_the_reading_grade_is_that_of_known_texts():
    assert reading_grade("The cat sat on the mat. It is a cat.") < 1
    assert (
        reading_grade("The unsatisfactory differentiation necessitates considerable reconsideration immediately.") > 20
    )


SAID = {
    **HINTS,
    **{f"{id}, lower": hint for id, hint in LOWER.items()},
    **{text or name: hint for name, text, hint in ADVICE},
    "hard-coded": HARD_CODED.format(3),
}


@pytest.mark.parametrize("of", SAID)
def test_a_hint_is_short_plain_and_one_question(of):
    hint = SAID[of]
    assert len(hint.split()) <= 40
    assert reading_grade(hint) <= 9
    assert hint.count("?") == 1


def test_every_mistake_has_a_lower_hint_which_says_something_else():
    assert set(LOWER) == set(HINTS)
    assert len({*LOWER.values(), *HINTS.values()}) == 2 * len(HINTS)
    assert all(lower(HINTS[id]) == LOWER[id] for id in HINTS)
    two = ("sign-flipped", "missing-mean")
    assert lower(" ".join(HINTS[id] for id in two)) == " ".join(LOWER[id] for id in two)
    assert lower(HARD_CODED.format(9)) == HARD_CODED.format(9)
