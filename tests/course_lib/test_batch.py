"""Logistic regression on m examples: gradients, stability, and the batch against the loop."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import batch, loops
from course_lib.gradient_checking import central_difference, complex_step

sizes = st.tuples(st.integers(1, 7), st.integers(1, 7))
seeds = st.integers(0, 2**32 - 1)


def draw(n0, m, seed):
    rng = np.random.default_rng(seed)
    w, b = rng.uniform(-1, 1, (1, n0)) / n0, rng.uniform(-0.5, 0.5, (1, 1))
    return w, b, rng.uniform(-2, 2, (n0, m)), rng.integers(0, 2, (1, m)).astype(float)


def cost_of(w, b, X, Y):
    """Write the cost anew, from Z, for numbers near zero."""
    Z = w @ X + b
    return np.sum(np.log(1 + np.exp(Z)) - Y * Z) / X.shape[1]


@settings(max_examples=60)
@given(n=sizes, seed=seeds)
def test_the_gradients_of_w_and_b_are_those_of_the_cost(n, seed):
    w, b, X, Y = draw(*n, seed)
    grads, cost = batch.propagate(w, b, X, Y)
    assert list(grads) == ["dw", "db"]
    np.testing.assert_allclose(cost, cost_of(w, b, X, Y), rtol=1e-12)
    for gradient, function, at in (
        (grads["dw"], lambda theta: cost_of(theta, b, X, Y), w),
        (grads["db"], lambda theta: cost_of(w, theta, X, Y), b),
    ):
        assert gradient.shape == at.shape
        np.testing.assert_allclose(gradient, complex_step(function, at), rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(gradient, central_difference(function, at), rtol=1e-7, atol=2e-9)


@settings(max_examples=40)
@given(n=sizes, seed=seeds)
def test_dA_and_dZ_are_gradients_of_each_examples_own_loss(n, seed):
    w, b, X, Y = draw(*n, seed)
    Z = batch.Z(w, b, X)
    A = batch.A(Z)
    m = X.shape[1]
    np.testing.assert_allclose(batch.dA(A, Y), m * complex_step(lambda theta: batch.cost(theta, Y), A), rtol=1e-10)
    np.testing.assert_allclose(
        batch.dZ(A, Y), complex_step(lambda theta: np.sum(np.log(1 + np.exp(theta)) - Y * theta), Z), rtol=1e-10
    )


@settings(max_examples=40)
@given(n=sizes, seed=seeds)
def test_the_batch_is_the_loop_over_examples(n, seed):
    w, b, X, Y = draw(*n, seed)
    grads, cost = batch.propagate(w, b, X, Y)
    looped, looped_cost = loops.propagate(w, b, X, Y)
    np.testing.assert_allclose(looped_cost, cost, rtol=1e-12)
    for name, gradient in grads.items():
        np.testing.assert_allclose(looped[name], gradient, rtol=1e-12, atol=1e-15)


def test_a_bias_that_is_a_number_is_a_bias():
    w, b, X, Y = draw(3, 5, 0)
    grads, cost = batch.propagate(w, b, X, Y)
    again, again_cost = batch.propagate(w, b.item(), X, Y)
    assert again_cost == cost
    np.testing.assert_array_equal(again["dw"], grads["dw"])
    np.testing.assert_array_equal(batch.forward(w, b.item(), X), batch.forward(w, b, X))
    np.testing.assert_allclose(loops.propagate(w, b.item(), X, Y)[0]["db"], grads["db"], rtol=1e-12)


def test_a_thousand_away_from_zero_the_cost_is_exact():
    X, Y = np.array([[-1000.0, 1000.0, -1000.0, 1000.0]]), np.array([[0.0, 1.0, 1.0, 0.0]])
    grads, cost = batch.propagate(np.ones((1, 1)), 0.0, X, Y)
    assert cost == 500.0
    np.testing.assert_array_equal(grads["dw"], [[500.0]])
    np.testing.assert_array_equal(grads["db"], [[0.0]])


def test_the_cost_is_the_mean_of_the_losses():
    A, Y = np.array([[0.5, 0.25, 0.25]]), np.array([[1.0, 0.0, 1.0]])
    expected = (np.log(2) - np.log(0.75) + np.log(4)) / 3
    assert batch.cost(A, Y) == pytest.approx(expected, rel=1e-15)


def test_float32_stays_float32():
    w, b, X, Y = (array.astype(np.float32) for array in draw(3, 5, 0))
    grads, cost = batch.propagate(w, b, X, Y)
    assert {gradient.dtype for gradient in grads.values()} == {np.dtype(np.float32)}
    assert cost.dtype == batch.forward(w, b, X).dtype == np.float32
