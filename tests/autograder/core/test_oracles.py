"""The two oracles agree with each other, and a disagreement is the grader's fault, never the student's."""

import dataclasses

import numpy as np
import pytest

from autograder.core import judge, oracles
from autograder.core.cases import draw
from autograder.core.oracles import OracleDisagreement, right_answer
from course_lib import equations, two_layer
from course_lib.equations import EQUATIONS


@pytest.mark.parametrize("equation", EQUATIONS.values(), ids=lambda e: e.id)
@pytest.mark.parametrize("seed", range(12))
def test_the_reference_and_the_second_oracle_agree(equation, seed):
    for case in draw(seed):
        first, second = right_answer(equation, case)
        for name, array in first.items():
            np.testing.assert_allclose(array, second[name], rtol=1e-10, atol=1e-12)


def test_a_wrong_reference_is_found_by_the_second_oracle():
    wrong = dataclasses.replace(EQUATIONS["two_layer.dW2"], function=lambda dZ2, A1: dZ2 @ A1.T)
    with pytest.raises(OracleDisagreement, match=r"two_layer\.dW2"):
        right_answer(wrong, draw(0)[0])


def test_a_student_is_not_judged_when_the_oracles_disagree(judged, monkeypatch):
    wrong = dataclasses.replace(EQUATIONS["two_layer.db2"], function=lambda dZ2: dZ2.sum(1, keepdims=True))
    monkeypatch.setattr(equations, "EQUATIONS", {**EQUATIONS, "two_layer.db2": wrong})
    monkeypatch.setattr(judge, "_right_answers", judge._right_answers.__wrapped__)
    verdict = judged("compute_db2", two_layer.db2)
    assert (verdict.passed, verdict.points) == (None, 0.0)
    assert "Could not be judged" in verdict.message


def test_sizes_differ_pairwise_and_meet_every_corner():
    for seed in range(50):
        *deciding, diagnostic = draw(seed)
        assert diagnostic.diagnostic
        assert len(set(diagnostic.sizes.values())) == 1
        assert any(case.sizes["m"] == 1 and case.sizes["n2"] > 1 for case in deciding)
        assert any(case.sizes["n2"] == 1 for case in deciding)
        for case in deciding:
            assert len(set(case.sizes.values())) == 4
            assert (case.values["X"] < 0).any()
            assert np.abs(case.values["X"]).max() >= 6
            np.testing.assert_array_equal(case.values["A1"], np.tanh(case.values["Z1"]))
            assert 0 < case.values["A2"].min() < case.values["A2"].max() < 1


def test_other_seeds_draw_other_inputs():
    assert not np.array_equal(draw(0)[-1].values["X"], draw(1)[-1].values["X"])


def test_the_numerical_gradient_does_not_use_the_formula(monkeypatch):
    monkeypatch.setattr(two_layer, "dW2", None)
    gradient = oracles.numerical_gradient(EQUATIONS["two_layer.dW2"], draw(0)[0].values)
    assert gradient.shape == draw(0)[0].values["W2"].shape
