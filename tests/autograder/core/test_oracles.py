"""The two oracles agree with each other, and a disagreement is the grader's fault, never the student's."""

import dataclasses

import numpy as np
import pytest

from autograder.core import check, judge
from autograder.core.module_guard import ModuleGuard
from autograder.core.oracles import OracleDisagreement, right_answer
from autograder.core.question import Formula
from autograder.core.questions import all_questions, question
from autograder.core.questions.two_layer import NETWORK, draw
from course_lib import two_layer

FORMULAS = [asked for asked in all_questions().values() if isinstance(asked, Formula)]


@pytest.mark.parametrize("asked", FORMULAS, ids=lambda asked: asked.id)
@pytest.mark.parametrize("seed", range(6))
def test_the_reference_and_the_second_oracle_agree(asked, seed):
    for case in asked.draw(seed):
        first, second = right_answer(asked, case)
        assert first
        for name, array in first.items():
            if case.kind != "kink":
                np.testing.assert_allclose(array, second[name], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("asked", FORMULAS, ids=lambda asked: asked.id)
def test_the_same_seed_draws_the_same_cases_and_another_one_others(asked):
    def numbers(seed):
        return [np.asarray(x).tobytes() for call in asked.calls(seed) for x in flat(list(call.values()))]

    def flat(item):
        if isinstance(item, dict):
            return flat(list(item.values()))
        if isinstance(item, list | tuple):
            return [leaf for inner in item for leaf in flat(inner)]
        return flat([vars(item)]) if hasattr(item, "__dataclass_fields__") else [item]

    assert numbers(1) == numbers(1) != numbers(2)


def test_a_wrong_reference_is_found_by_the_second_oracle():
    wrong = dataclasses.replace(question("two_layer.dW2"), reference=lambda dZ2, A1: dZ2 @ A1.T)
    with pytest.raises(OracleDisagreement, match=r"two_layer\.dW2"):
        right_answer(wrong, draw(0)[0])


def test_a_student_is_not_judged_when_the_oracles_disagree(judged, monkeypatch):
    wrong = dataclasses.replace(question("two_layer.db2"), reference=lambda dZ2: dZ2.sum(1, keepdims=True))
    monkeypatch.setattr(judge, "question_of", lambda exercise, briefly: wrong)
    monkeypatch.setattr(check, "_guard", ModuleGuard())
    verdict = judged("compute_db2", two_layer.db2)
    assert (verdict.passed, verdict.points) == (None, 0.0)
    assert "Could not be judged" in verdict.message


def test_sizes_differ_pairwise_and_meet_every_corner():
    for seed in range(50):
        *deciding, square = draw(seed)
        assert not square.decides
        assert len(set(square.sizes.values())) == 1
        assert any(case.sizes["m"] == 1 and case.sizes["n2"] > 1 for case in deciding)
        assert any(case.sizes["n2"] == 1 for case in deciding)
        for case in deciding:
            assert case.decides
            assert len(set(case.sizes.values())) == 4
            assert (case.values["X"] < 0).any()
            assert np.abs(case.values["X"]).max() >= 6
            np.testing.assert_array_equal(case.values["A1"], np.tanh(case.values["Z1"]))
            assert 0 < case.values["A2"].min() < case.values["A2"].max() < 1


def test_the_numerical_gradient_does_not_use_the_formula(monkeypatch):
    values = draw(0)[0].values
    monkeypatch.setattr(two_layer, "dW2", None)
    assert NETWORK.gradient("W2")(values).shape == values["W2"].shape
