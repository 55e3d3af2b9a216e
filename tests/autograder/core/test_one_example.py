"""The judge on ps3: one example through two layers, and the index proof."""

import numpy as np
import pytest

from autograder.core.mistakes import printed
from autograder.core.question import Formula
from autograder.core.questions import question
from autograder.core.questions.one_example import draw, draw_entries
from benchmarks.judge.variants.ps3_one_example import dz1_in_place, proof_by_loops
from course_lib import one_example
from tests.autograder.core.conftest import judged_as, of_family

QUESTIONS = of_family("one_example")


def judged(name, function, seed=0):
    return judged_as("ps3_one_example", name, function, seed)


def test_changing_an_input_and_another_shape_of_one_number_are_noted():
    assert judged("compute_dz1", dz1_in_place).notes == ("changed-its-input",)
    assert judged("dw_entry", lambda dz, a_prev, i, j: dz[i] * a_prev[j]).notes == ("shape-of-one-entry",)


WRITTEN_BY_STUDENTS = [
    ("compute_da2", lambda a2, y: y / a2 - (1 - y) / (1 - a2), "sign-flipped"),
    ("compute_da2", lambda a2, y: a2 - y, "one-step-too-far"),
    ("compute_da2", lambda a2, y: -y / a2 + 1 - y / 1 - a2, "wrong-bracket"),
    ("compute_da2", lambda a2, y: -y * np.log(a2) - (1 - y) * np.log(1 - a2), "function-for-its-derivative"),
    ("compute_da2", lambda a2, y: np.sum(one_example.da2(a2, y)), "summed-too-early"),
    ("compute_dz2", lambda a2, y: (a2 - y) * a2 * (1 - a2), "activation-derivative-twice"),
    ("compute_dz2", lambda a2, y: y - a2, "sign-flipped"),
    ("compute_dz2", lambda a2, y: (a2 - y).ravel(), "keepdims-dropped"),
    ("compute_dw2", lambda dz2, a1: dz2 @ a1, "raised"),
    ("compute_dw2", lambda dz2, a1: a1 @ dz2.T, "transposed"),
    ("compute_dw2", lambda dz2, a1: dz2.T @ a1, "transpose-missing"),
    ("compute_dw2", lambda dz2, a1: dz2 @ (1 - a1**2).T, "one-step-too-far"),
    ("compute_dw1", lambda dz1, x: dz1 @ x.T / len(x), "divided-by-wrong-size"),
    ("compute_dw1", lambda dz1, x: np.dot(x, dz1.T), "transposed"),
    ("compute_db2", lambda dz2: np.sum(dz2, axis=0, keepdims=True), "summed-wrong-axis"),
    ("compute_db1", lambda dz1: np.zeros((len(dz1), 0)), "wrong-shape"),
    ("compute_db1", lambda dz1: np.eye(len(dz1)), "factor-missing"),
    ("compute_da1", lambda w2, dz2: w2 @ dz2, "transpose-missing"),
    ("compute_da1", lambda w2, dz2: w2.T * dz2.T, "elementwise-for-matmul"),
    ("compute_dz1", lambda da1, z1: da1 @ (1 - np.tanh(z1) ** 2).T, "matmul-for-elementwise"),
    ("compute_dz1", lambda da1, z1: da1 * (1 - z1**2), "derivative-of-activation-taken-at-the-wrong-place"),
    ("compute_dz1", lambda da1, z1: da1, "activation-derivative-missing"),
    ("compute_dz1", lambda da1, z1: z1 * (1 - np.tanh(da1) ** 2), "arguments-swapped"),
    ("dw_entry", lambda dz, a_prev, i, j: dz[j, 0] * a_prev[i, 0], "wrong-index"),
    ("dw_entry", lambda dz, a_prev, i, j: dz[i - 1, 0] * a_prev[j - 1, 0], "counted-from-one"),
    ("dw_entry", lambda dz, a_prev, i, j: dz @ a_prev.T, "entry-not-picked"),
    ("dw_entry", lambda dz, a_prev, i, j: np.sum(dz) * a_prev[j, 0], "every-path-counted"),
    ("dw_entry", lambda dz, a_prev, i, j: None, "returned-nothing"),
    ("dw_entry", lambda dz, a_prev: dz[0, 0] * a_prev[0, 0], "raised"),
    ("proof_dw", lambda dz, a_prev: (1, 2, 3, 4), "wrong-type"),
    ("proof_dw", lambda dz, a_prev: None, "returned-nothing"),
    ("proof_dw", lambda dz, a_prev: {}, "missing-key"),
]


@pytest.mark.parametrize(
    ("name", "answer", "mistake"),
    WRITTEN_BY_STUDENTS,
    ids=[f"{n}-{m}-{i}" for i, (n, _, m) in enumerate(WRITTEN_BY_STUDENTS)],
)
def test_what_students_write_wrongly_is_named(name, answer, mistake):
    verdict = judged(name, answer)
    assert (verdict.passed, verdict.mistake, verdict.points) == (False, mistake, 0.0), verdict


def only_where(condition, right, otherwise):
    return lambda *given: right(*given) if condition(*given) else otherwise(*given)


def zeros(right):
    return lambda *given: np.zeros_like(right(*given))


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("compute_da2", lambda a2, y: len(a2) == 1),
        ("compute_dz2", lambda a2, y: len(a2) > 1),
        ("compute_dw2", lambda dz2, a1: len(dz2) == len(a1)),
        ("compute_dw2", lambda dz2, a1: len(dz2) == 1 or len(a1) == 1),
        ("compute_da1", lambda w2, dz2: w2.shape[0] == w2.shape[1] or 1 in w2.shape),
        ("compute_dz1", lambda da1, z1: np.all(np.abs(z1) < 1)),
        ("dw_entry", lambda dz, a_prev, i, j: i == j),
        ("dw_entry", lambda dz, a_prev, i, j: j == len(a_prev) - 1),
    ],
)
def test_an_answer_that_is_right_only_for_some_inputs_is_refused(name, condition):
    exercise = next(each for each in QUESTIONS if each.id.endswith(name.removeprefix("compute_")))
    for seed in range(4):
        assert judged(name, only_where(condition, exercise.reference, zeros(exercise.reference)), seed).passed is False


def test_each_line_of_the_proof_has_its_share():
    def with_wrong(*lines):
        return lambda dz, a: {k: v * (2.5 if k in lines else 1) for k, v in proof_by_loops(dz, a).items()}

    assert judged("proof_dw", with_wrong("z_by_w")).points == 3.0
    assert judged("proof_dw", with_wrong("terms", "outer")).points == 2.0
    verdict = judged("proof_dw", with_wrong("summed"))
    assert [(part.name, part.passed) for part in verdict.parts] == [
        ("z_by_w", True),
        ("terms", True),
        ("summed", False),
        ("outer", True),
    ]
    assert "Right: z_by_w, terms, outer. Wrong: summed." in verdict.message


def test_the_final_formula_alone_proves_little():
    def only_the_result(dz, a_prev):
        outer = dz @ a_prev.T
        return {"z_by_w": outer, "terms": outer, "summed": outer, "outer": outer}

    verdict = judged("proof_dw", only_the_result)
    assert (verdict.passed, verdict.points) == (False, 2.0)


def test_a_line_that_follows_from_a_wrong_one_is_named_by_the_first():
    def without_delta(dz, a_prev):
        z_by_w = np.ones((len(dz), len(dz), 1)) * a_prev[:, 0]
        terms = dz[:, :, np.newaxis] * z_by_w
        return {"z_by_w": z_by_w, "terms": terms, "summed": terms.sum(axis=0), "outer": dz @ a_prev.T}

    verdict = judged("proof_dw", without_delta)
    assert (verdict.mistake, verdict.points) == ("every-path-counted", 1.0)
    assert "Every case fits one mistake in z_by_w" in verdict.message


def test_sizes_differ_pairwise_and_nothing_is_saturated():
    for seed in range(30):
        *deciding, square = draw(seed)
        assert not square.decides
        assert {1} <= {case.sizes["n2"] for case in deciding} | {case.sizes["n1"] for case in deciding}
        for case in deciding:
            assert len(set(case.sizes.values())) == 3
            assert case.values["x"].shape == (case.sizes["n0"], 1)
            assert np.abs(case.values["z1"]).max() <= 4
            np.testing.assert_array_equal(case.values["a1"], np.tanh(case.values["z1"]))


def test_most_entries_asked_for_lie_off_the_diagonal():
    for seed in range(30):
        at = [(case.values["i"], case.values["j"], case) for case in draw_entries(seed)]
        assert all(i < case.sizes["n"] and j < case.sizes["n_prev"] for i, j, case in at)
        assert all(i != j or case.sizes["n"] == case.sizes["n_prev"] == 1 for i, j, case in at)


def test_the_library_knows_the_published_mistakes_of_one_example():
    errata = {mistake.erratum for asked in QUESTIONS for mistake in printed(asked)}
    assert {"E8", "E16"} <= errata


def test_messages_never_show_the_right_numbers():
    for name, wrong in (
        ("compute_dw1", lambda dz1, x: 3.5 * dz1 @ x.T),
        ("dw_entry", lambda dz, a, i, j: 3.5 * dz[i, 0] * a[j, 0]),
    ):
        verdict = judged(name, wrong)
        asked = question({"compute_dw1": "one_example.dw1", "dw_entry": "one_example.dw_entry"}[name])
        assert isinstance(asked, Formula)
        for given in asked.calls(0):
            right = np.ravel(asked.reference(*given.values()))
            assert not any(f"{value:.4g}" in verdict.message for value in right if abs(value) > 1e-3)
