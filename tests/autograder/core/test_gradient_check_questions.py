"""ps6: measuring gradients, first parameters, and the six published formulas; right is right, wrong is named."""

import math
import random
import time

import numpy as np
import pytest

from autograder.core.check import check
from autograder.core.questions import question
from autograder.core.questions.gradient_check import draw_claims, draw_functions, draw_networks
from course_lib import errata
from course_lib.gradient_checking import central_difference, complex_step, relative_error
from course_lib.initialization import he
from tests.autograder.core.conftest import judged_as


def judged(name, function, seed=0):
    return judged_as("ps6_gradient_check", name, function, seed)


def slopes_flat(f, theta, epsilon=1e-5):
    steps = epsilon * np.eye(theta.size)
    found = [f(theta + s.reshape(theta.shape)) - f(theta - s.reshape(theta.shape)) for s in steps]
    return np.reshape(found, theta.shape) / 2 / epsilon


def slopes_by_nditer(f, theta, epsilon=1e-5):
    gradient = np.zeros_like(theta)
    entries = np.nditer(theta, flags=["multi_index"])
    while not entries.finished:
        k = entries.multi_index
        up, down = theta.copy(), theta.copy()
        up[k], down[k] = theta[k] + epsilon, theta[k] - epsilon
        gradient[k] = (f(up) - f(down)) / (2 * epsilon)
        entries.iternext()
    return gradient


def slopes_in_place(f, theta, epsilon=1e-5):
    gradient = np.zeros(theta.shape)
    for k in np.ndindex(theta.shape):
        before = theta[k]
        theta[k] = before + epsilon
        up = f(theta)
        theta[k] = before - epsilon
        gradient[k] = (up - f(theta)) / (2 * epsilon)
        theta[k] = before
    return gradient


def slopes_in_place_by_adding(f, theta, epsilon=1e-5):
    gradient = np.zeros(theta.shape)
    for k in np.ndindex(theta.shape):
        theta[k] += epsilon
        up = f(theta)
        theta[k] -= 2 * epsilon
        gradient[k] = (up - f(theta)) / (2 * epsilon)
        theta[k] += epsilon
    return gradient


def slopes_left_and_right(f, theta, epsilon=1e-5):
    gradient = np.zeros(theta.shape)
    for k in np.ndindex(theta.shape):
        e = np.zeros(theta.shape)
        e[k] = epsilon
        gradient[k] = ((f(theta + e) - f(theta)) / epsilon + (f(theta) - f(theta - e)) / epsilon) / 2
    return gradient


def slopes_of_flat_copies(f, theta, epsilon=1e-5):
    found = []
    for k in range(theta.size):
        up, down = np.array(theta), np.array(theta)
        up.flat[k] += epsilon
        down.flat[k] -= epsilon
        found.append((f(up) - f(down)) / (2 * epsilon))
    return np.array(found).reshape(theta.shape)


def error_by_root(a, b):
    def size(x):
        return math.sqrt(sum(float(entry) ** 2 for entry in np.ravel(x)))

    return size(a - b) / (size(a) + size(b)) if size(a) + size(b) else 0.0


def error_with_try(a, b):
    try:
        return float(np.linalg.norm(a - b)) / float(np.linalg.norm(a) + np.linalg.norm(b))
    except ZeroDivisionError:
        return 0.0


def says_by_loop(f, theta, grad, tolerance=1e-7):
    measured = central_difference(f, theta)
    for k in np.ndindex(theta.shape):
        size = abs(grad[k]) + abs(measured[k])
        if size and not abs(grad[k] - measured[k]) / size < tolerance:
            return False
    return True


def says_by_complex_step(f, theta, grad, tolerance=1e-7):
    return relative_error(grad, complex_step(f, theta)) <= tolerance


def one_generator(weights):
    def initialize(layer_dims, seed, **options):
        rng = np.random.default_rng(seed)
        parameters = {}
        for layer in range(1, len(layer_dims)):
            parameters[f"W{layer}"] = weights(rng, layer_dims[layer], layer_dims[layer - 1])
            parameters[f"b{layer}"] = np.zeros((layer_dims[layer], 1))
        return parameters

    return initialize


def old_generator(layer_dims, seed):
    np.random.seed(seed)  # noqa: NPY002
    parameters = {}
    for layer in range(1, len(layer_dims)):
        n, n_prev = layer_dims[layer], layer_dims[layer - 1]
        parameters["W" + str(layer)] = np.random.randn(n, n_prev) * np.sqrt(2.0 / n_prev)  # noqa: NPY002
        parameters["b" + str(layer)] = np.zeros((n, 1), dtype=int)
    return parameters


def pythons_random(layer_dims, seed):
    rng = random.Random(seed)
    parameters = {}
    for layer in range(1, len(layer_dims)):
        n, n_prev = layer_dims[layer], layer_dims[layer - 1]
        W = [[rng.gauss(0, math.sqrt(2 / n_prev)) for _ in range(n_prev)] for _ in range(n)]
        parameters[f"W{layer}"], parameters[f"b{layer}"] = np.array(W), np.zeros((n, 1))
    return parameters


def a_generator_for_each_layer(layer_dims, seed):
    parameters = {}
    for layer in range(len(layer_dims) - 1, 0, -1):
        rng = np.random.default_rng([seed, layer])
        shape = (layer_dims[layer], layer_dims[layer - 1])
        parameters[f"W{layer}"] = rng.normal(0, np.sqrt(2 / shape[1]), shape)
        parameters[f"b{layer}"] = np.zeros((shape[0], 1))
    return {**parameters, "L": len(layer_dims) - 1}


def dA1_by_loops(W2, A1, A2, Y):
    dA1 = np.zeros(A1.shape)
    for i in range(A1.shape[0]):
        for j in range(A1.shape[1]):
            dA1[i, j] = sum(W2[k, i] * (A2[k, j] - Y[k, j]) for k in range(len(W2)))
    return dA1


def dW1_by_examples(W2, A1, A2, Y, X):
    m = X.shape[1]
    dW1 = np.zeros((len(A1), len(X)))
    for j in range(m):
        da1 = W2.T @ (A2[:, [j]] - Y[:, [j]])
        dW1 += da1 * A1[:, [j]] * (1 - A1[:, [j]]) @ X[:, [j]].T / m
    return dW1


def dW1_unbracketed_as_numpy_reads_it(W2, A1, A2, Y, X):
    return W2.T @ (A2 - Y) * (A1 * (1 - A1)) @ X.T / X.shape[1]


def mean_in_place(dZ2):
    dZ2 /= dZ2.shape[1]
    return dZ2.sum(axis=1).reshape(-1, 1)


RIGHT = [
    ("numerical_gradient", slopes_flat),
    ("numerical_gradient", slopes_by_nditer),
    ("numerical_gradient", slopes_in_place),
    ("numerical_gradient", slopes_in_place_by_adding),
    ("numerical_gradient", slopes_left_and_right),
    ("numerical_gradient", slopes_of_flat_copies),
    ("numerical_gradient", lambda f, theta, epsilon=1e-5: slopes_flat(f, theta.copy(), epsilon).astype(np.float32)),
    ("relative_error", error_by_root),
    ("relative_error", error_with_try),
    ("relative_error", lambda a, b: np.nan_to_num(np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b)))),
    (
        "relative_error",
        lambda a, b: np.linalg.norm((a - b).ravel()) / max(np.linalg.norm(a) + np.linalg.norm(b), 1e-300),
    ),
    ("relative_error", lambda a, b: np.linalg.norm(b - a) / (np.linalg.norm(b) + np.linalg.norm(a) + 1e-16)),
    ("relative_error", lambda a, b: np.array([[relative_error(a, b)]])),
    ("relative_error", lambda a, b: np.float32(relative_error(a, b))),
    (
        "relative_error",  # means in the place of sums: the factor cancels
        lambda a, b: (
            np.sqrt(np.mean((a - b) ** 2)) / (np.sqrt(np.mean(a**2)) + np.sqrt(np.mean(b**2)))
            if np.any(a) or np.any(b)
            else 0
        ),
    ),
    ("gradient_check", says_by_loop),
    ("gradient_check", says_by_complex_step),
    ("gradient_check", lambda f, t, g, tolerance=1e-7: relative_error(central_difference(f, t, 1e-6), g) < tolerance),
    ("gradient_check", lambda f, t, g, tolerance=1e-7: np.array([relative_error(slopes_flat(f, t), g) < tolerance])),
    ("gradient_check", lambda f, t, g, tolerance=1e-7: int(relative_error(slopes_flat(f, t), g) < tolerance)),
    (
        "gradient_check",
        lambda f, t, g, tolerance=1e-7: np.allclose(central_difference(f, t), g, rtol=tolerance, atol=0),
    ),
    ("initialize_parameters", one_generator(lambda rng, n, n_prev: rng.normal(0, (2 / n_prev) ** 0.5, (n, n_prev)))),
    (
        "initialize_parameters",
        one_generator(lambda rng, n, n_prev: rng.normal(0, 1, (n_prev, n)).T * (2 / n_prev) ** 0.5),
    ),
    (
        "initialize_parameters",
        one_generator(lambda rng, n, n_prev: rng.uniform(-1, 1, (n, n_prev)) * np.sqrt(6 / n_prev)),
    ),
    (
        "initialize_parameters",
        one_generator(lambda rng, n, n_prev: np.clip(rng.standard_normal((n, n_prev)), -2, 2) * np.sqrt(2 / n_prev)),
    ),
    (
        "initialize_parameters",
        one_generator(
            lambda rng, n, n_prev: rng.standard_normal((n, n_prev)).astype(np.float32) * np.float32((2 / n_prev) ** 0.5)
        ),
    ),
    ("initialize_parameters", old_generator),
    ("initialize_parameters", pythons_random),
    ("initialize_parameters", a_generator_for_each_layer),
    ("initialize_parameters", lambda layer_dims, seed: he(tuple(layer_dims), [seed, 7])),
    ("fixed_E1", dA1_by_loops),
    ("fixed_E1", lambda W2, A1, A2, Y: ((A2 - Y).T @ W2).T),
    ("fixed_E1", lambda W2, A1, A2, Y: np.einsum("ki,kj->ij", W2, A2 - Y)),
    ("fixed_E1", lambda W2, A1, A2, Y: W2.T.dot(np.where(Y.astype(bool), A2 - 1, A2))),
    ("fixed_E3", dW1_by_examples),
    ("fixed_E3", dW1_unbracketed_as_numpy_reads_it),
    ("fixed_E3", lambda W2, A1, A2, Y, X: np.multiply(W2.T @ (A2 - Y), A1 - A1**2) @ X.T * (1 / X.shape[1])),
    ("fixed_E8", lambda W, delta, Z_prev: np.dot(W.T, delta) * np.exp(-Z_prev) / (1 + np.exp(-Z_prev)) ** 2),
    ("fixed_E8", lambda W, delta, Z_prev: (delta.T @ W).T / (2 + 2 * np.cosh(Z_prev))),
    ("fixed_E9", lambda dZ2: np.mean(dZ2, axis=1, keepdims=True)),
    ("fixed_E9", mean_in_place),
    ("fixed_E16", lambda delta: delta @ np.ones((delta.shape[1], 1)) / delta.shape[1]),
    ("fixed_E16", lambda delta: np.array([[sum(row) / len(row)] for row in delta])),
    ("fixed_E17", lambda A_prev, delta: (A_prev @ delta.T).T / delta.shape[1]),
    ("fixed_E17", lambda A_prev, delta: np.mean(delta[:, None] * A_prev[None], axis=2)),
    ("fixed_E17", lambda A_prev, delta: np.einsum("im,jm->ij", delta, A_prev) / A_prev.shape[1]),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT, ids=[f"{name}-{i}" for i, (name, _) in enumerate(RIGHT)])
def test_a_right_answer_is_right_by_any_route(name, answer):
    for seed in (0, 1, 2):
        verdict = judged(name, answer, seed)
        assert verdict.passed, verdict
        assert verdict.points == verdict.max_points


def without_reshape(f, theta, epsilon=1e-5):
    flat = theta.ravel()
    steps = epsilon * np.eye(theta.size)
    return np.array([(f(flat + e) - f(flat - e)) / (2 * epsilon) for e in steps]).reshape(theta.shape)


def by_learned_order(answers):
    """Return a check that says what was learned by heart, call by call."""
    said = iter(answers)
    return lambda f, theta, grad, tolerance=1e-7: next(said)


def measured(compare):
    return lambda f, theta, grad, tolerance=1e-7: compare(grad, central_difference(f, theta), tolerance)


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
    ("relative_error", lambda a, b: 1 - pearson(a, b), "wrong-values"),
    ("relative_error", lambda a, b: np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b)), "not-finite"),
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


@pytest.mark.parametrize("number", ["E1", "E3", "E8", "E9", "E16", "E17"])
def test_what_is_printed_comes_first_in_the_library_and_names_its_erratum(number):
    first = question(f"errata.{number}").mistakes[0]
    assert first.erratum == number
    printed = getattr(errata, f"published_{number}")
    verdict = judged(f"fixed_{number}", printed)
    assert verdict.mistake == first.id
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
