"""The rules write what their rows say, everywhere and only there; and leave the code as it was."""

import ast
from itertools import islice

import numpy as np
import pytest

from autograder.core.definition import definition, function_of
from autograder.core.mistakes import Remembered, beliefs, by_hand, mistakes, sources
from autograder.core.mutations import Source, mutants
from autograder.core.question import Formula
from autograder.core.questions import all_questions, question
from autograder.core.rules import rules
from tests.autograder.core.conftest import judged_as

FORMULAS = [asked for asked in all_questions().values() if isinstance(asked, Formula)]


def written(text, *arguments):
    """Return what the rules make of a code: the lines, by the id of the mistake."""
    source = Source(definition(dict.fromkeys(arguments, ""), text), {})
    before, found = ast.unparse(source.tree), {}
    for mutant in mutants([source]):
        found.setdefault(mutant.id, []).append(mutant)
    assert ast.unparse(source.tree) == before
    return found


@pytest.mark.parametrize(
    ("text", "arguments", "id", "wrong"),
    [
        ("dZ @ A.T / dZ.shape[1]", ("dZ", "A"), "missing-mean", lambda dZ, A: dZ @ A.T),
        ("dZ @ A.T / dZ.shape[1]", ("dZ", "A"), "mean-over-wrong-axis", lambda dZ, A: dZ @ A.T / len(A)),
        ("m = dZ.shape[1]\nreturn dZ @ A.T / m", ("dZ", "A"), "mean-over-wrong-axis", lambda dZ, A: dZ @ A.T / len(A)),
        ("dZ @ A.T / dZ.shape[1]", ("dZ", "A"), "divided-by-wrong-size", lambda dZ, A: dZ @ A.T / dZ.size),
        ("W.T @ dZ", ("W", "dZ"), "averaged-too-early", lambda W, dZ: W.T @ dZ / dZ.shape[1]),
        ("np.sum(a, axis=1, keepdims=True)", ("a",), "summed-wrong-axis", lambda a: np.sum(a, axis=0)),
        ("dA * (1 - np.tanh(Z) ** 2)", ("dA", "Z"), "activation-derivative-missing", lambda dA, Z: dA),
        ("a * (b - c)", ("a", "b", "c"), "wrong-bracket", lambda a, b, c: a * b - c),
        ("a[i, 0] * b[j, 0]", ("a", "b", "i", "j"), "wrong-index", lambda a, b, i, j: a[j, 0] * b[j, 0]),
    ],
)
def test_a_rule_writes_what_its_row_says(text, arguments, id, wrong):
    rng = np.random.default_rng(0)
    given = [1 if name == "i" else 2 if name == "j" else rng.uniform(1, 2, (4, 4)) for name in arguments]
    made = [function_of(mutant.code) for mutant in written(text, *arguments)[id]]
    results = []
    for function in made:
        with np.errstate(all="ignore"):
            results.append(function(*given))
    expected = wrong(*given)
    assert any(np.shape(result) == np.shape(expected) and np.allclose(result, expected) for result in results)


def test_a_size_that_divides_nothing_is_no_mean():
    assert "mean-over-wrong-axis" not in written("n = len(a)\nreturn np.zeros(n) + a", "a")


def test_every_row_has_a_pattern_that_stands_somewhere_or_is_for_others_own_equations():
    unused = [rule.id for k, rule in enumerate(rules()) if not any(k in s.starts for q in FORMULAS for s in sources(q))]
    assert len(unused) < len(rules()) / 8, unused


@pytest.mark.parametrize("asked", FORMULAS, ids=lambda asked: asked.id)
def test_each_way_to_write_a_formula_is_right(asked):
    for text in asked.code:
        function = function_of(definition(asked.parameters, text))
        for case in (case for seed in range(3) for case in asked.draw(seed) if case.names):
            right = asked.parts(case, asked.reference(*asked.given(case).values()))
            own = asked.parts(case, function(*asked.given(case).values()))
            for name, part in right.items():
                np.testing.assert_allclose(own[name], part, rtol=1e-9, atol=1e-12)


def test_a_longer_function_has_the_mistakes_of_its_lines_in_their_places():
    asked = question("two_layer.backward_propagation")
    inherited = beliefs(asked)[len(by_hand(asked)) :]
    assert {(m.id, m.where) for m in inherited} >= {("activation-derivative-twice", "dZ2"), ("wrong-loss", "dZ2")}


def test_the_mean_over_the_units_is_called_by_its_name():
    verdict = judged_as(
        "ps5_deep",
        "linear_backward",
        lambda dZ, cache: (
            cache[1].T @ dZ,
            dZ @ cache[0].T / cache[0].shape[0],
            np.sum(dZ, axis=1, keepdims=True) / cache[0].shape[0],
        ),
    )
    assert verdict.mistake == "mean-over-wrong-axis"


def test_what_is_remembered_survives_an_interrupt():
    calls = []

    def numbers():
        for k in range(5):
            calls.append(k)
            if calls.count(2) == 1 and k == 2:
                raise KeyboardInterrupt
            yield k

    remembered = Remembered(numbers)
    with pytest.raises(KeyboardInterrupt):
        list(remembered)
    assert list(remembered) == [0, 1, 2, 3, 4]
    assert list(remembered) == [0, 1, 2, 3, 4]
    assert len(calls) == 8


def test_mistakes_are_made_as_far_as_somebody_looks():
    asked = question("two_layer.dW2")
    assert list(islice(mistakes(asked), 3)) == list(islice(mistakes(asked), 3))
