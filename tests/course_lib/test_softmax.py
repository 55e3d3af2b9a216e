"""Softmax and its cross-entropy, leaky ReLU, squared and absolute error: values, derivatives, and far from zero."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.activations import leaky_relu, leaky_relu_prime, sigmoid, softmax
from course_lib.deep import dZ_output, dZ_softmax
from course_lib.gradient_checking import central_difference, complex_step
from course_lib.losses import (
    LOSSES,
    cross_entropy_loss,
    cross_entropy_loss_from_z,
    cross_entropy_prime,
    loss,
    mae_loss,
    mae_prime,
    mse_loss,
    mse_prime,
)

sizes = st.tuples(st.integers(1, 6), st.integers(1, 6))
seeds = st.integers(0, 2**32 - 1)


def draw(n, m, seed):
    rng = np.random.default_rng(seed)
    return rng.uniform(-3, 3, (n, m)), np.eye(n)[:, rng.integers(0, n, m)]


def test_softmax_by_hand():
    a = softmax(np.log(np.array([[1.0, 5.0], [2.0, 5.0], [5.0, 10.0]])))
    np.testing.assert_allclose(a, [[0.125, 0.25], [0.25, 0.25], [0.625, 0.5]], rtol=1e-15)


@given(n=sizes, seed=seeds)
def test_each_column_of_a_softmax_adds_up_to_one(n, seed):
    Z, _ = draw(*n, seed)
    np.testing.assert_allclose(softmax(Z).sum(axis=0), 1, rtol=1e-15)


@given(z=st.floats(-30, 30))
def test_with_two_classes_the_softmax_is_a_sigmoid(z):
    np.testing.assert_allclose(softmax(np.array([[z], [0.0]]))[0], sigmoid(np.array([z])), rtol=1e-13)


@given(n=sizes, seed=seeds)
def test_softmax_with_its_cross_entropy_leaves_a_minus_y(n, seed):
    Z, Y = draw(*n, seed)
    gradient = dZ_output(softmax(Z), Y)

    def cost(theta):
        return np.sum(cross_entropy_loss_from_z(theta, Y))

    np.testing.assert_allclose(gradient, complex_step(cost, Z), rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(gradient, central_difference(cost, Z), rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(dZ_softmax(cross_entropy_prime(softmax(Z), Y), softmax(Z)), gradient, atol=1e-14)


@given(n=sizes, seed=seeds)
def test_the_gradient_through_a_softmax_is_that_of_any_function_of_it(n, seed):
    Z, _ = draw(*n, seed)
    weights = np.random.default_rng(seed).standard_normal(Z.shape)
    gradient = dZ_softmax(weights, softmax(Z))
    # A constant added to Z changes nothing: sums that cancel need an absolute term.
    np.testing.assert_allclose(
        gradient, complex_step(lambda theta: np.sum(weights * softmax(theta)), Z), rtol=1e-10, atol=1e-14
    )


@given(n=sizes, seed=seeds)
def test_the_cross_entropy_from_z_is_that_of_the_softmax(n, seed):
    Z, Y = draw(*n, seed)
    np.testing.assert_allclose(
        cross_entropy_loss_from_z(Z, Y), cross_entropy_loss(softmax(Z), Y), rtol=1e-12, atol=1e-14
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_thousand_overflows_nowhere(dtype):
    Z = np.array([[1000.0, -1000.0], [-1000.0, 1000.0], [0.0, 999.0]], dtype)
    Y = np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        a, losses = softmax(Z), cross_entropy_loss_from_z(Z, Y)
    np.testing.assert_allclose(losses[1], [2000, math.log(1 + math.exp(-1))], rtol=1e-6)
    np.testing.assert_array_equal(a[:, 0], [1, 0, 0])
    assert a.dtype == losses.dtype == dtype


def test_stacks_of_columns_are_taken_one_by_one():
    Z = np.random.default_rng(0).standard_normal((4, 3, 2))
    np.testing.assert_array_equal(softmax(Z)[2], softmax(Z[2]))
    Y = np.eye(3)[:, [0, 2]]
    np.testing.assert_array_equal(cross_entropy_loss_from_z(Z, Y)[1], cross_entropy_loss_from_z(Z[1], Y))


def test_leaky_relu_and_its_derivative_by_hand():
    z = np.array([-2.0, 0.0, 3.0])
    np.testing.assert_allclose(leaky_relu(z), [-0.02, 0.0, 3.0])
    np.testing.assert_allclose(leaky_relu(z, 0.3), [-0.6, 0.0, 3.0])
    np.testing.assert_allclose(leaky_relu_prime(z), [0.01, 0.01, 1.0])
    np.testing.assert_allclose(leaky_relu_prime(z, slope=0.3), [0.3, 0.3, 1.0])


@given(a=st.floats(-5, 5), y=st.floats(-5, 5).filter(lambda y: abs(y) > 0.01), slope=st.sampled_from([0.0, 0.01, 0.3]))
def test_derivatives_away_from_the_kinks(a, y, slope):
    a, y = np.array([a]), np.array([y])
    np.testing.assert_allclose(mse_prime(a, y), complex_step(lambda t: np.sum(mse_loss(t, y)), a), rtol=1e-12)
    np.testing.assert_allclose(
        leaky_relu_prime(y, slope), complex_step(lambda t: np.sum(leaky_relu(t, slope)), y), rtol=1e-12
    )
    if abs(a - y) > 1e-3:
        for numerical in (complex_step, central_difference):
            np.testing.assert_allclose(mae_prime(a, y), numerical(lambda t: np.sum(mae_loss(t, y)), a), rtol=1e-7)


def test_squared_and_absolute_error_by_hand():
    a, y = np.array([3.0, 1.0, 2.0]), np.array([1.0, 2.0, 2.0])
    np.testing.assert_array_equal(mse_loss(a, y), [4, 1, 0])
    np.testing.assert_array_equal(mse_prime(a, y), [4, -2, 0])
    np.testing.assert_array_equal(mae_loss(a, y), [2, 1, 0])
    np.testing.assert_array_equal(mae_prime(a, y), [1, -1, 0])


@pytest.mark.parametrize("name", LOSSES)
def test_float32_stays_float32(name):
    a, y = np.full((2, 1), 0.5, np.float32), np.array([[1.0], [0.0]], np.float32)
    assert loss(name) is LOSSES[name]
    assert LOSSES[name].function(a, y).dtype == LOSSES[name].prime(a, y).dtype == np.float32


def test_an_unknown_loss_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"unknown loss 'huber'; known are bce, cross_entropy, mse, mae"):
        loss("huber")
    with pytest.raises(ValueError, match=r"did you mean 'mse'\?"):
        loss("MSE")
