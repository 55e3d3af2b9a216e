"""The cross-entropy, from the prediction and from the weighted input, and the functions it is made of."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.activations import sigmoid, sigmoid_prime
from course_lib.arrays import is_below_zero, magnitude
from course_lib.gradient_checking import central_difference, complex_step
from course_lib.losses import bce_loss, bce_loss_from_z, bce_prime, softplus

labels = st.sampled_from([0.0, 1.0])


def test_a_prediction_of_one_half_costs_log_two():
    np.testing.assert_allclose(bce_loss(np.array([0.5, 0.5]), np.array([0.0, 1.0])), math.log(2), rtol=1e-15)


@given(a=st.floats(0.001, 0.999))
def test_the_loss_is_the_surprise_at_the_label(a):
    np.testing.assert_allclose(bce_loss(np.array([a, a]), np.array([1.0, 0.0])), [-math.log(a), -math.log(1 - a)])


@given(z=st.floats(-10, 10), y=labels)
def test_the_loss_from_z_is_the_loss_of_the_sigmoid_of_z(z, y):
    z, y = np.array([z]), np.array([y])
    np.testing.assert_allclose(bce_loss_from_z(z, y), bce_loss(sigmoid(z), y), rtol=1e-10)


@pytest.mark.parametrize(("z", "y", "loss"), [(1000, 1, 0), (1000, 0, 1000), (-1000, 1, 1000), (-1000, 0, 0)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_loss_from_z_is_exact_a_thousand_away_from_zero(z, y, loss, dtype):
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        value = bce_loss_from_z(np.array([z], dtype), np.array([y], dtype))
    np.testing.assert_array_equal(value, [loss])
    assert value.dtype == dtype


@given(z=st.floats(-1000, 1000), y=labels)
def test_the_gradient_of_the_loss_from_z_is_a_minus_y(z, y):
    gradient = complex_step(lambda theta: np.sum(bce_loss_from_z(theta, y)), np.array([z]))
    np.testing.assert_allclose(gradient, sigmoid(np.array([z])) - y, rtol=1e-12, atol=1e-15)


@given(a=st.floats(0.01, 0.99), y=labels)
def test_bce_prime_is_the_derivative_of_the_loss(a, y):
    a = np.array([a])

    def loss(theta):
        return np.sum(bce_loss(theta, y))

    np.testing.assert_allclose(bce_prime(a, y), complex_step(loss, a), rtol=1e-14)
    np.testing.assert_allclose(bce_prime(a, y), central_difference(loss, a, 1e-6), rtol=1e-7)


@given(z=st.floats(-10, 10), y=labels)
def test_the_chain_rule_through_the_sigmoid_leaves_a_minus_y(z, y):
    z = np.array([z])
    a = sigmoid(z)
    np.testing.assert_allclose(bce_prime(a, y) * sigmoid_prime(z), a - y, rtol=1e-10)


@given(z=st.floats(-30, 30))
def test_softplus_is_log_of_one_plus_e_to_the_z(z):
    np.testing.assert_allclose(softplus(np.array([z])), math.log1p(math.exp(z)), rtol=1e-13)


def test_softplus_a_thousand_away_from_zero_is_zero_and_z():
    np.testing.assert_array_equal(softplus(np.array([-1000.0, 1000.0])), [0.0, 1000.0])


def test_softplus_keeps_its_digits_where_it_is_nearly_zero():
    np.testing.assert_allclose(softplus(np.array([-600.0])), [math.exp(-600)], rtol=1e-13)


@given(z=st.floats(-30, 30))
def test_the_complex_step_of_softplus_is_the_sigmoid_also_at_zero(z):
    gradient = complex_step(lambda theta: np.sum(softplus(theta)), np.array([z, 0.0]))
    np.testing.assert_allclose(gradient, sigmoid(np.array([z, 0.0])), rtol=1e-13)


@pytest.mark.parametrize("function", [magnitude, softplus])
@given(z=st.floats(0.01, 5) | st.floats(-5, -0.01))
def test_the_complex_step_agrees_with_the_central_difference(function, z):
    def total(theta):
        return np.sum(function(theta))

    z = np.array([z])
    np.testing.assert_allclose(complex_step(total, z), central_difference(total, z), rtol=1e-7, atol=1e-9)


@given(z=st.floats(0.01, 1000) | st.floats(-1000, -0.01))
def test_magnitude_is_the_absolute_value_and_its_complex_step_the_sign(z):
    z = np.array([z])
    np.testing.assert_array_equal(magnitude(z), np.abs(z))
    np.testing.assert_array_equal(complex_step(lambda theta: np.sum(magnitude(theta)), z), np.sign(z))


def test_the_length_of_a_complex_number_would_have_given_a_wrong_complex_step():
    z = np.array([-2.0])
    assert complex_step(lambda theta: np.sum(np.abs(theta)), z) != np.sign(z)


def test_the_sign_of_a_complex_number_is_that_of_its_real_part():
    np.testing.assert_array_equal(is_below_zero(np.array([-1 + 5j, 1 - 5j, 0j])), [True, False, False])


@pytest.mark.parametrize("function", [bce_loss, bce_prime, bce_loss_from_z])
def test_float32_stays_float32(function):
    a, y = np.array([[0.2, 0.9]], np.float32), np.array([[0.0, 1.0]], np.float32)
    assert function(a, y).dtype == np.float32


@pytest.mark.parametrize("function", [bce_loss, bce_prime, bce_loss_from_z])
def test_shapes_stay_and_inputs_are_left_as_they_are(function):
    a, y = np.full((3, 2), 0.3), np.ones((3, 2))
    a.flags.writeable = y.flags.writeable = False
    assert function(a, y).shape == (3, 2)
