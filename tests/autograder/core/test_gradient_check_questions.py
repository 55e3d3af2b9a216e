"""ps6: measuring gradients, first parameters, and the six published formulas; right is right, wrong is named."""

import time

import numpy as np
import pytest

from autograder.core.check import check
from autograder.core.questions import question
from autograder.core.questions.errata import draw_networks
from autograder.core.questions.gradient_check import draw_claims, draw_functions
from benchmarks.judge.variants.ps6_gradient_check import (
    measured,
    one_generator,
    says_by_loop,
    slopes_flat,
    slopes_in_place,
    slopes_in_place_by_adding,
)
from course_lib import errata
from course_lib.gradient_checking import central_difference, complex_step, relative_error
from course_lib.initialization import he
from tests.autograder.core.conftest import judged_as


def judged(name, function, seed=0):
    return judged_as("ps6_gradient_check", name, function, seed)


def without_reshape(f, theta, epsilon=1e-5):
    flat = theta.ravel()
    steps = epsilon * np.eye(theta.size)
    return np.array([(f(flat + e) - f(flat - e)) / (2 * epsilon) for e in steps]).reshape(theta.shape)


def by_learned_order(answers):
    """Return a check that says what was learned by heart, call by call."""
    said = iter(answers)
    return lambda f, theta, grad, tolerance=1e-7: next(said)


def pearson(a, b):
    return np.corrcoef(a.ravel(), b.ravel())[0, 1]


WRONG = [
    ("numerical_gradient", without_reshape, "raised"),
    ("numerical_gradient", lambda f, theta, epsilon=1e-5: complex_step(f, theta), "epsilon-ignored"),
    ("numerical_gradient", lambda f, theta, epsilon=1e-5: slopes_flat(f, theta, 1e-5), "epsilon-ignored"),
    ("numerical_gradient", lambda f, theta, epsilon=1e-5: None, "returned-nothing"),
    ("numerical_gradient", lambda f, theta, epsilon=1e-5: list(slopes_flat(f, theta, epsilon)), "wrong-type"),
    ("numerical_gradient", lambda f, theta, epsilon=1e-5: slopes_flat(f, theta, epsilon) * (1 + 5e-4), "wrong-values"),
    (
        "numerical_gradient",
        lambda f, theta, epsilon=1e-5: np.gradient(theta.ravel()).reshape(theta.shape),
        "wrong-values",
    ),
    ("numerical_gradient", lambda f, theta, epsilon=1e-5: (f(theta + epsilon) - f(theta)) / epsilon, "wrong-shape"),
    ("numerical_gradient", lambda f, theta, epsilon: slopes_flat(f, theta, epsilon), "raised"),
    ("relative_error", lambda a, b: None, "returned-nothing"),
    ("relative_error", lambda a, b: "small", "wrong-type"),
    ("relative_error", lambda a, b: 100 * relative_error(a, b), "wrong-values"),
    ("relative_error", lambda a, b: relative_error(a, b) if np.any(a) else 0.0, "wrong-values"),
    ("relative_error", lambda a, b: relative_error(a, b) if np.any(b) else 0.0, "wrong-values"),
    ("relative_error", lambda a, b: 1 - pearson(a, b), "wrong-values"),
    ("relative_error", lambda a, b: np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b)), "zero-by-zero"),
    ("relative_error", lambda a, b: abs(a - b).max() / max(abs(a).max() + abs(b).max(), 1e-300), "wrong-norm"),
    ("gradient_check", lambda f, theta, grad, tolerance=1e-7: None, "returned-nothing"),
    ("gradient_check", lambda f, theta, grad, tolerance=1e-7: "True", "wrong-type"),
    ("gradient_check", measured(lambda a, b, tolerance: relative_error(a, b)), "wrong-type"),
    ("gradient_check", measured(lambda a, b, tolerance: np.abs(a - b) < tolerance), "wrong-type"),
    ("gradient_check", measured(lambda a, b, tolerance: a == b), "wrong-type"),
    (
        "gradient_check",
        measured(lambda a, b, tolerance: np.isclose(a, b, rtol=tolerance, atol=0)[0, 0]),
        "wrong-values",
    ),
    ("gradient_check", lambda f, theta, grad: True, "raised"),
    ("gradient_check", by_learned_order([True, False] * 40), "wrong-values"),
    ("initialize_parameters", lambda layer_dims, seed: None, "returned-nothing"),
    ("initialize_parameters", lambda layer_dims, seed: list(he(layer_dims, seed).values()), "wrong-type"),
    ("initialize_parameters", lambda layer_dims, seed: he(layer_dims[::-1], seed), "wrong-shape"),
    ("initialize_parameters", lambda layer_dims, seed: he(layer_dims[:2], seed), "missing-key"),
    ("initialize_parameters", lambda d, seed: {k: v.tolist() for k, v in he(d, seed).items()}, "wrong-type"),
    ("initialize_parameters", lambda d, seed: {k: v * np.nan for k, v in he(d, seed).items()}, "not-finite"),
    ("initialize_parameters", lambda d, seed: {k: v + 1j for k, v in he(d, seed).items()}, "wrong-type"),
    ("initialize_parameters", lambda d, seed: he(d, int(time.perf_counter_ns() % 2**31)), "not-reproducible"),
    ("initialize_parameters", one_generator(lambda rng, n, n_prev: rng.random((n, n_prev))), "not-centred"),
    (
        "initialize_parameters",
        one_generator(lambda rng, n, n_prev: rng.standard_normal((n, n_prev)) * 0.01),
        "wrong-scale",
    ),
    ("fixed_E1", errata.published_E1, "wrong-layer"),
    ("fixed_E1", lambda W2, A1, A2, Y: np.dot(W2.T, Y - A2), "sign-flipped"),
    ("fixed_E1", lambda W2, A1, A2, Y: W2.T @ (A2 - Y) / Y.shape[1], "averaged-too-early"),
    ("fixed_E3", errata.published_E3, "factor-missing"),
    ("fixed_E3", lambda W2, A1, A2, Y, X: (W2.T @ (A2 - Y)) * (A1 * (1 - A1)) @ X.T, "missing-mean"),
    ("fixed_E3", lambda W2, A1, A2, Y, X: np.dot(W2.T @ (A1 - Y) * A1 * (1 - A1), X.T) / X.shape[1], "wrong-layer"),
    ("fixed_E8", errata.published_E8, "transpose-missing"),
    ("fixed_E8", lambda W, delta, Z_prev: W.T @ delta * (1 - np.tanh(Z_prev) ** 2), "wrong-activation"),
    ("fixed_E9", errata.published_E9, "missing-mean"),
    ("fixed_E16", errata.published_E16, "summed-wrong-axis"),
    ("fixed_E16", lambda delta: np.mean(delta, axis=1), "keepdims-dropped"),
    ("fixed_E17", errata.published_E17, "factors-swapped"),
    ("fixed_E17", lambda A_prev, delta: A_prev @ delta.T / delta.shape[1], "transposed"),
    ("fixed_E17", lambda A_prev, delta: delta @ A_prev.T, "missing-mean"),
]


@pytest.mark.parametrize(
    ("name", "answer", "mistake"), WRONG, ids=[f"{name}-{mistake}-{i}" for i, (name, _, mistake) in enumerate(WRONG)]
)
def test_what_students_write_wrongly_is_named(name, answer, mistake):
    verdict = judged(name, answer)
    assert (verdict.passed, verdict.mistake, verdict.points) == (False, mistake, 0.0), verdict


@pytest.mark.parametrize(
    ("number", "mistake"),
    [
        ("E1", "wrong-layer"),
        ("E3", "factor-missing"),
        ("E8", "transpose-missing"),
        ("E9", "missing-mean"),
        ("E16", "summed-wrong-axis"),
        ("E17", "factors-swapped"),
    ],
)
def test_what_is_printed_is_named_with_its_erratum(number, mistake):
    verdict = judged(f"fixed_{number}", getattr(errata, f"published_{number}"))
    assert verdict.mistake == mistake
    assert f"A published note prints it this way (erratum {number})." in verdict.message


def test_a_theta_that_is_moved_and_put_back_costs_nothing_and_is_noted_where_it_is_not_quite_as_before():
    assert judged("numerical_gradient", slopes_in_place).notes == ()
    assert judged("numerical_gradient", slopes_in_place_by_adding).notes == ("changed-its-input",)


def test_a_function_that_is_called_with_another_shape_says_which_one_it_takes():
    seen = judged("numerical_gradient", without_reshape).seen
    assert "f takes an array of shape (4, 2), not (8,)" in seen


def test_functions_of_several_shapes_are_asked_for_with_steps_at_which_one_side_is_not_enough():
    cases = draw_functions(0)
    assert {case.values["theta"].ndim for case in cases} == {1, 2, 3}
    assert any("epsilon" not in case.values for case in cases), "the default step is asked for too"
    for case in cases:
        f, theta = case.values["f"], case.values["theta"]
        assert np.abs(complex_step(f, theta)).min() > 0.99, "rounding would be seen in small entries"


def test_a_check_that_compares_entry_by_entry_and_one_that_compares_sizes_agree_on_every_claim():
    for seed in range(30):
        for claim in draw_claims(seed).values():
            given = claim.arguments
            assert says_by_loop(*given.values()) == claim.right, claim.what
            whole = relative_error(given["grad"], central_difference(given["f"], given["theta"]))
            assert (whole < given.get("tolerance", 1e-7)) == claim.right, claim.what


def test_no_claim_lies_near_the_edge_of_its_tolerance():
    for seed in range(30):
        for claim in draw_claims(seed).values():
            given = claim.arguments
            error = relative_error(given["grad"], central_difference(given["f"], given["theta"]))
            tolerance = given.get("tolerance", 1e-7)
            assert not tolerance / 10 < error < 10 * tolerance, (claim.what, error)


def test_the_order_of_the_claims_cannot_be_learned_by_heart():
    asked = question("gradient_check")
    orders = {tuple(call.claim.right for call in asked.calls(seed)) for seed in range(5)}
    assert len(orders) > 1
    learned = [call.claim.right for call in asked.calls(0)]
    assert judged("gradient_check", by_learned_order(learned), seed=0).passed
    assert judged("gradient_check", by_learned_order(learned), seed=1).passed is False


def test_a_gradient_check_that_calls_a_wrong_measurement_follows_from_it():
    namespace: dict = {"np": np}
    exec(
        """
def numerical_gradient(f, theta, epsilon=1e-5):
    g = np.zeros(theta.shape)
    for k in np.ndindex(theta.shape):
        up = theta.copy(); up[k] += epsilon
        g[k] = (f(up) - f(theta)) / epsilon
    return g
def relative_error(a, b):
    s = np.linalg.norm(a) + np.linalg.norm(b)
    return 0.0 if s == 0 else np.linalg.norm(a - b) / s
def gradient_check(f, theta, grad, tolerance=1e-7):
    return relative_error(grad, numerical_gradient(f, theta)) < tolerance
""",
        namespace,
    )
    names = {"assignment": "ps6_gradient_check", "show": False}
    assert check(namespace["numerical_gradient"], **names).mistake == "one-sided-difference"
    assert check(namespace["relative_error"], **names).passed
    assert check(namespace["gradient_check"], **names).mistake == "follows-from-earlier"


def test_a_norm_that_hides_nan_is_found_by_the_check_that_uses_it():
    def hides_nan(a, b):
        size = np.linalg.norm(a) + np.linalg.norm(b)
        return np.linalg.norm(a - b) / size if size > 0 else 0.0

    assert judged("relative_error", hides_nan).passed
    verdict = judged("gradient_check", measured(lambda a, b, tolerance: hides_nan(a, b) < tolerance))
    assert (verdict.mistake, "nan" in verdict.seen) == ("nan-accepted", True)


@pytest.mark.parametrize("share", [0.77, 0.79, 1.27, 1.32])
def test_weights_of_another_size_are_refused_for_many_seeds(share):
    for seed in range(5):
        answer = one_generator(lambda rng, n, n_prev: share * rng.normal(0, (2 / n_prev) ** 0.5, (n, n_prev)))
        assert judged("initialize_parameters", answer, seed).mistake == "wrong-scale"


def test_right_weights_are_accepted_for_many_seeds():
    for seed in range(60):
        for distribution in (
            lambda rng, shape: rng.normal(0, 1, shape),
            lambda rng, shape: rng.uniform(-1, 1, shape) * 3**0.5,
        ):
            answer = one_generator(lambda rng, n, n_prev, d=distribution: d(rng, (n, n_prev)) * (2 / n_prev) ** 0.5)
            verdict = judged("initialize_parameters", answer, seed)
            assert verdict.passed, verdict


def test_the_networks_of_the_errata_have_sizes_that_all_differ_and_a_square_one_that_decides_nothing():
    for seed in range(20):
        *deciding, square = draw_networks(seed)
        assert not square.decides
        assert all(len(set(case.sizes.values())) == 4 for case in deciding)
        assert any(case.sizes["m"] == 1 for case in deciding)
        for case in deciding:
            values = case.values
            np.testing.assert_allclose(values["A1"], 1 / (1 + np.exp(-values["Z1"])), rtol=1e-12)
            assert np.array_equal(values["delta"], values["A2"] - values["Y"])


def test_a_printed_formula_passes_the_shape_check_on_square_matrices_all_but_one():
    *_, square = draw_networks(0)
    shapes = {}
    for number in ("E1", "E3", "E8", "E9", "E16", "E17"):
        given = question(f"errata.{number}").given(square).values()
        printed, right = getattr(errata, f"published_{number}")(*given), getattr(errata, number)(*given)
        shapes[number] = printed.shape == right.shape
        assert printed.shape != right.shape or not np.allclose(printed, right)
    assert shapes == {"E1": True, "E3": True, "E8": True, "E9": True, "E16": False, "E17": True}


def test_no_message_shows_the_right_numbers_of_a_gradient():
    for case in draw_functions(0):
        message = judged("numerical_gradient", lambda f, theta, epsilon=1e-5: np.zeros(theta.shape)).message
        right = central_difference(case.values["f"], case.values["theta"], case.values.get("epsilon", 1e-5))
        assert not any(f"{value:.4g}" in message for value in right.flat)


def test_zero_by_zero_says_where_it_happens():
    def unguarded(a, b):
        return np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b))

    assert "With a = 0, b = 0 the number is not a finite number." in judged("relative_error", unguarded).seen
    by_one_size = judged("relative_error", lambda a, b: np.linalg.norm(a - b) / np.linalg.norm(b))
    assert by_one_size.mistake == "wrong-denominator"
