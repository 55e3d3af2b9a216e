"""The judge on ps5: one layer, any number of them, other losses, and two proofs."""

import numpy as np
import pytest

from autograder.core.mistakes import printed
from autograder.core.questions import question
from autograder.core.questions.deep import draw_networks
from benchmarks.judge.variants.ps5_deep import (
    network_backward_in_place,
    proof_db_by_loops,
    proof_dW1_by_sums,
    relu_in_place,
    update_in_place,
)
from course_lib import deep
from course_lib.activations import sigmoid
from course_lib.losses import bce_prime
from tests.autograder.core.conftest import judged_as, of_family


def judged(name, function, seed=0):
    return judged_as("ps5_deep", name, function, seed)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("relu_backward", relu_in_place),
        ("L_model_backward", network_backward_in_place),
        ("update_parameters", update_in_place),
    ],
)
def test_changing_an_input_costs_nothing_and_is_noted(name, answer):
    assert judged(name, answer).notes == ("changed-its-input",)


def averaged_too_early(AL, Y, caches):
    return network_with((AL - Y) / Y.shape[1], caches)


def network_with(dZ, caches, through=lambda dA, Z: dA * (Z > 0), back=lambda W, dZ: W.T @ dZ, db=deep.db):
    grads = {}
    for layer in range(len(caches), 0, -1):
        (A_prev, W, _), _ = caches[layer - 1]
        grads[f"dW{layer}"], grads[f"db{layer}"] = deep.dW(dZ, A_prev), db(dZ)
        if layer > 1:
            dZ = through(back(W, dZ), caches[layer - 2][1])
    return grads


def summed_over_axis_0(AL, Y, caches):
    return network_with(AL - Y, caches, db=lambda dZ: np.sum(dZ, axis=0, keepdims=True) / dZ.shape[1])


WRITTEN_BY_STUDENTS = [
    ("linear_forward", lambda A, W, b: (W @ A, (A, W, b)), "term-missing"),
    ("linear_forward", lambda A, W, b: (W @ A + b, (W, A, b)), "results-swapped"),
    ("linear_forward", lambda A, W, b: W @ A + b, "wrong-type"),
    ("linear_forward", lambda A, W, b: (W @ A + b, {"A": A, "W": W, "b": b}), "wrong-type"),
    ("relu_backward", lambda dA, Z: np.maximum(0, Z), "activation-for-its-derivative"),
    ("relu_backward", lambda dA, Z: dA * np.maximum(0, Z), "activation-for-its-derivative"),
    ("relu_backward", lambda dA, Z: np.maximum(0, dA), "derivative-of-activation-taken-at-the-wrong-place"),
    ("relu_backward", lambda dA, Z: dA * (Z < 0), "branches-swapped"),
    ("relu_backward", lambda dA, Z: (Z > 0) * 1.0, "factor-missing"),
    ("relu_backward", lambda dA, Z: dA @ (Z > 0), "matmul-for-elementwise"),
    ("relu_backward", lambda dA, Z: np.where(Z > 0, dA, 0) / Z.shape[1], "averaged-too-early"),
    ("sigmoid_backward", lambda dA, Z: dA * Z * (1 - Z), "derivative-of-activation-taken-at-the-wrong-place"),
    ("sigmoid_backward", lambda dA, Z: dA * sigmoid(Z), "activation-for-its-derivative"),
    ("sigmoid_backward", lambda dA, Z: dA * sigmoid(Z) * (1 + sigmoid(Z)), "sign-flipped"),
    ("sigmoid_backward", lambda dA, Z: dA * (1 - sigmoid(Z) ** 2), "wrong-activation"),
    ("tanh_backward", lambda dA, Z: dA * (1 - Z**2), "derivative-of-activation-taken-at-the-wrong-place"),
    ("tanh_backward", lambda dA, Z: dA * sigmoid(Z) * (1 - sigmoid(Z)), "wrong-activation"),
    ("tanh_backward", lambda dA, Z: Z * (1 - np.tanh(dA) ** 2), "arguments-swapped"),
    ("linear_backward", lambda dZ, c: (c[1].T @ dZ, dZ @ c[0].T, np.sum(dZ, axis=1, keepdims=True)), "missing-mean"),
    ("linear_backward", lambda dZ, c: deep.linear_backward(dZ, c)[::-1], "results-swapped"),
    ("linear_backward", lambda dZ, c: (c[0] @ dZ, deep.dW(dZ, c[0]), deep.db(dZ)), "wrong-variable"),
    ("linear_activation_backward", lambda dA, c, g: deep.linear_activation_backward(dA, c, "relu"), "wrong-activation"),
    ("linear_activation_backward", lambda dA, c, g: deep.linear_backward(dA, c[0]), "activation-derivative-missing"),
    ("linear_activation_backward", lambda dA, c, g: None, "returned-nothing"),
    ("L_model_forward", lambda X, p: deep.forward_propagation(X, p)[0], "wrong-type"),
    ("L_model_forward", lambda X, p: deep.forward_propagation(X, p, ("relu",) * (len(p) // 2)), "wrong-activation"),
    ("L_model_forward", lambda X, p: deep.forward_propagation(X, p, ("tanh",) * (len(p) // 2 - 1) + ("sigmoid",)),
     "wrong-activation"),
    ("L_model_backward", averaged_too_early, "averaged-too-early"),
    ("L_model_backward", lambda AL, Y, caches: network_with(Y - AL, caches), "sign-flipped"),
    ("L_model_backward", lambda AL, Y, caches: network_with(bce_prime(AL, Y), caches), "activation-derivative-missing"),
    ("L_model_backward", lambda AL, Y, caches: {}, "missing-key"),
    ("L_model_backward", lambda AL, Y: {}, "raised"),
    ("mse_prime", lambda A, Y: A - Y, "factor-of-two"),
    ("mse_prime", lambda A, Y: (A - Y) ** 2, "function-for-its-derivative"),
    ("mse_prime", lambda A, Y: 2 * (A - Y) / Y.shape[1], "averaged-too-early"),
    ("mse_prime", lambda A, Y: np.mean(2 * (A - Y)), "summed-too-early"),
    ("mae_prime", lambda A, Y: np.abs(A - Y), "function-for-its-derivative"),
    ("mae_prime", lambda A, Y: (A > Y) * 1.0, "one-side-missing"),
    ("mae_prime", lambda A, Y: np.sign(Y - A), "sign-flipped"),
    ("mae_prime", lambda A, Y: (A - Y) / np.abs(A - Y), "zero-by-zero"),
    ("bce_prime", lambda A, Y: A - Y, "one-step-too-far"),
    ("bce_prime", lambda A, Y: -Y / A - (1 - Y) / (1 - A), "sign-flipped"),
    ("update_parameters", lambda p, g, rate: {k: p[k] + rate * g["d" + k] for k in p}, "sign-flipped"),
    ("update_parameters", lambda p, g, rate: {k: p[k] - g["d" + k] for k in p}, "factor-missing"),
    ("proof_db", lambda dZ: [1, 2, 3, 4, 5], "wrong-type"),
    ("proof_dW1", lambda *given: None, "returned-nothing"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "answer", "mistake"),
    WRITTEN_BY_STUDENTS,
    ids=[f"{n}-{m}-{i}" for i, (n, _, m) in enumerate(WRITTEN_BY_STUDENTS)],
)
def test_what_students_write_wrongly_is_named(name, answer, mistake):
    verdict = judged(name, answer)
    assert (verdict.passed, verdict.mistake) == (False, mistake), verdict
    assert verdict.points < verdict.max_points


def test_the_published_mistakes_are_linked():
    errata = {mistake.erratum for asked in (*of_family("deep"), *of_family("layer")) for mistake in printed(asked)}
    assert {"E4", "E8", "E9", "E15", "E16", "E17", "E20", "E36"} <= errata
    assert "erratum E20" in judged("L_model_backward", averaged_too_early).message
    assert "erratum E16" in judged("L_model_backward", summed_over_axis_0).message
    square = judged("L_model_backward", lambda AL, Y, c: network_with(AL - Y, c, back=lambda W, dZ: W @ dZ))
    assert (square.mistake, "erratum E8" in square.message) == ("transpose-missing", True)


def test_parts_of_a_network_share_the_points():
    verdict = judged("L_model_backward", summed_over_axis_0)
    assert [part.name for part in verdict.parts if not part.passed] == ["db1", "db2", "db3", "db4"]
    assert verdict.points == pytest.approx(verdict.max_points / 2)
    assert "Right: dW1, dW2, dW3, dW4." in verdict.message


def test_a_wrong_activation_of_the_last_layer_spoils_only_the_output():
    def forward(X, parameters):
        _, caches = deep.forward_propagation(X, parameters)
        return np.maximum(caches[-1][1], 0), caches

    verdict = judged("L_model_forward", forward)
    assert [part.name for part in verdict.parts if not part.passed] == ["AL"]
    assert (verdict.mistake, "in the last layer" in verdict.message) == ("wrong-activation", True)


def test_what_follows_from_an_earlier_mistake_says_so():
    from autograder.core.check import check

    namespace: dict = {"np": np}
    exec(
        """
def relu_backward(dA, Z):
    return dA
def sigmoid_backward(dA, Z):
    A = 1 / (1 + np.exp(-Z))
    return dA * A * (1 - A)
def tanh_backward(dA, Z):
    return dA * (1 - np.tanh(Z) ** 2)
def linear_backward(dZ, cache):
    A_prev, W, b = cache
    return W.T @ dZ, dZ @ A_prev.T / dZ.shape[1], dZ.mean(axis=1, keepdims=True)
def linear_activation_backward(dA, cache, activation):
    return linear_backward(globals()[activation + "_backward"](dA, cache[1]), cache[0])
""",
        namespace,
    )
    verdict = check(namespace["linear_activation_backward"], assignment="ps5_deep", show=False)
    assert (verdict.mistake, verdict.points) == ("follows-from-earlier", 0.0)
    assert "because relu_backward is" in verdict.message


def only_where(condition, right):
    def answer(*given):
        if condition(*given):
            return right(*given)
        return blank(right(*given))

    return answer


def blank(value):
    if isinstance(value, dict):
        return {name: blank(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return tuple(blank(item) for item in value)
    return np.zeros_like(value)


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("linear_forward", lambda A, W, b: A.shape[1] == 1),
        ("relu_backward", lambda dA, Z: Z.shape[0] == Z.shape[1]),
        ("relu_backward", lambda dA, Z: Z.shape[1] == 1),
        ("sigmoid_backward", lambda dA, Z: Z.shape[0] == 1),
        ("tanh_backward", lambda dA, Z: np.all(Z > 0)),
        ("linear_backward", lambda dZ, cache: dZ.shape[1] == 1),
        ("linear_backward", lambda dZ, cache: len(set(cache[1].shape)) == 1),
        ("linear_activation_backward", lambda dA, cache, activation: activation != "tanh"),
        ("linear_activation_backward", lambda dA, cache, activation: activation != "sigmoid"),
        ("L_model_forward", lambda X, parameters: len(parameters) == 4),
        ("L_model_forward", lambda X, parameters: len(parameters) > 2),
        ("L_model_forward", lambda X, parameters: len(parameters) < 8),
        ("L_model_backward", lambda AL, Y, caches: len(caches) == 2),
        ("L_model_backward", lambda AL, Y, caches: len(caches) > 1),
        ("L_model_backward", lambda AL, Y, caches: len(Y) == 1),
        ("L_model_backward", lambda AL, Y, caches: Y.shape[1] == 1),
        ("L_model_backward", lambda AL, Y, caches: Y.shape[1] > 1),
        ("mse_prime", lambda A, Y: np.all(A >= 0)),
        ("mae_prime", lambda A, Y: set(np.unique(Y)) <= {0, 1}),
        ("update_parameters", lambda parameters, grads, rate: len(parameters) == 4),
        ("proof_db", lambda dZ: dZ.shape[1] == 1),
        ("proof_dW1", lambda W2, dZ2, Z1, X, change: len(W2) == 1),
    ],
)
def test_an_answer_that_is_right_only_for_some_inputs_is_refused(name, condition):
    from autograder.assignments import ASSIGNMENTS

    right = question(ASSIGNMENTS["ps5_deep"].exercise(name).asked).reference
    assert judged(name, only_where(lambda *given: True, right)).passed
    for seed in range(3):
        assert judged(name, only_where(condition, right), seed).passed is False


def test_a_network_that_keeps_state_or_hands_back_its_input_is_judged_by_its_numbers():
    calls = []

    def every_other_time(AL, Y, caches):
        calls.append(1)
        grads = deep.backward_propagation(AL, Y, caches)
        return grads if len(calls) % 2 else blank(grads)

    assert judged("L_model_backward", every_other_time).passed is False
    assert judged("relu_backward", lambda dA, Z: dA).passed is False
    assert judged("linear_backward", lambda dZ, cache: cache).passed is False


def test_gradients_of_fewer_layers_or_of_one_more_do_not_pass():
    def without_the_last(AL, Y, caches):
        grads = deep.backward_propagation(AL, Y, caches)
        return {name: grad for name, grad in grads.items() if not name.endswith(str(len(caches)))}

    def counted_from_zero(AL, Y, caches):
        grads = deep.backward_propagation(AL, Y, caches)
        return {f"{name[:2]}{int(name[2:]) - 1}": grad for name, grad in grads.items()}

    assert judged("L_model_backward", without_the_last).mistake == "missing-key"
    assert judged("L_model_backward", counted_from_zero).passed is False


def test_at_a_corner_any_subgradient_counts_and_nothing_else():
    for slope in (0.0, 0.3, 1.0):
        assert judged("relu_backward", lambda dA, Z, s=slope: dA * np.where(Z == 0, s, Z > 0)).passed
    for slope in (-0.5, 1.5):
        assert judged("relu_backward", lambda dA, Z, s=slope: dA * np.where(Z == 0, s, Z > 0)).passed is False
    for slope in (-1.0, 0.0, 1.0):
        assert judged("mae_prime", lambda A, Y, s=slope: np.where(A == Y, s, np.sign(A - Y))).passed
    assert judged("mae_prime", lambda A, Y: np.where(A == Y, 3.0, np.sign(A - Y))).passed is False


def test_each_line_of_a_proof_has_its_share():
    def spoiled(lines, *names):
        return {name: line * (2.5 if name in names else 1) for name, line in lines.items()}

    one = judged("proof_db", lambda dZ: spoiled(proof_db_by_loops(dZ), "terms"))
    assert one.points == pytest.approx(one.max_points * 4 / 5)
    two = judged("proof_dW1", lambda *given: spoiled(proof_dW1_by_sums(*given), "beside_A1", "moved"))
    assert two.points == pytest.approx(two.max_points * 6 / 8)
    assert [part.name for part in two.parts if not part.passed] == ["beside_A1", "moved"]


def test_the_final_formula_alone_proves_little():
    def only_the_result(dZ):
        db = dZ.mean(axis=1, keepdims=True)
        return {"z_by_b": db, "terms": db, "over_units": db, "over_examples": db, "by_ones": db}

    verdict = judged("proof_db", only_the_result)
    assert verdict.points == pytest.approx(verdict.max_points * 2 / 5)


def test_the_exact_change_is_not_the_one_to_first_order():
    def exact(W2, dZ2, Z1, X, change_of_W1):
        lines = proof_dW1_by_sums(W2, dZ2, Z1, X, change_of_W1)
        return {**lines, "change_of_A1": np.tanh(Z1 + lines["change_of_Z1"]) - np.tanh(Z1)}

    verdict = judged("proof_dW1", exact)
    assert (verdict.mistake, [part.name for part in verdict.parts if not part.passed]) == (
        "not-first-order",
        ["change_of_A1"],
    )


def test_networks_of_every_depth_are_drawn_away_from_the_corner():
    for seed in range(15):
        cases = draw_networks(seed)
        deciding = [case for case in cases if case.decides]
        assert {len(case.values["caches"]) for case in deciding} == {1, 2, 3, 4}
        assert any(case.values["Y"].shape[1] == 1 for case in deciding)
        assert any(len(case.values["Y"]) == 1 for case in deciding)
        assert any(len(case.values["Y"]) > 1 for case in deciding)
        for case in deciding:
            assert len(set(case.sizes.values())) == len(case.sizes)
            for _, Z in case.values["caches"][:-1]:
                assert np.abs(Z).min() > 0.01
                assert Z.min() < 0 < Z.max()


def test_messages_never_show_the_right_numbers():
    def too_large(AL, Y, caches):
        return {name: 3.5 * grad for name, grad in deep.backward_propagation(AL, Y, caches).items()}

    verdict = judged("L_model_backward", too_large)
    assert verdict.mistake == "wrong-values"
    for given in question("deep.backward_propagation").calls(0):
        for right in deep.backward_propagation(*given.values()).values():
            assert not any(f"{value:.6g}" in verdict.message for value in right.flat if abs(value) > 1e-3)
