"""Activation functions: their values, their derivatives, and what happens far from zero."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.activations import (
    ACTIVATIONS,
    activation,
    identity,
    relu,
    relu_prime,
    sigmoid,
    sigmoid_prime,
    tanh,
)
from course_lib.gradient_checking import central_difference, complex_step

GRID = np.array([-20.0, -3.0, -0.7, -1e-3, 1e-3, 0.4, 2.0, 20.0])
NAMES = list(ACTIVATIONS)


def test_sigmoid_is_one_over_one_plus_e_to_the_minus_z():
    expected = [1 / (1 + math.exp(-z)) for z in GRID]
    np.testing.assert_allclose(sigmoid(GRID), expected, rtol=1e-14)


def test_sigmoid_keeps_its_digits_where_it_is_nearly_zero():
    np.testing.assert_allclose(sigmoid(np.array([-700.0])), [math.exp(-700)], rtol=1e-14)


def test_tanh_agrees_with_the_standard_library():
    np.testing.assert_allclose(tanh(GRID), [math.tanh(z) for z in GRID], rtol=1e-14)


def test_tanh_is_twice_the_sigmoid_of_2z_minus_one():
    np.testing.assert_allclose(tanh(GRID), 2 * sigmoid(2 * GRID) - 1, rtol=1e-12, atol=1e-15)


def test_relu_is_the_larger_of_zero_and_z():
    np.testing.assert_array_equal(relu(GRID), [max(0.0, z) for z in GRID])


def test_relu_of_a_negative_number_is_zero_without_a_minus_sign():
    assert not np.signbit(relu(np.array([-3.0, -1e-3]))).any()


def test_relu_of_infinity_is_infinity_and_of_minus_infinity_zero():
    np.testing.assert_array_equal(relu(np.array([-np.inf, np.inf])), [0.0, np.inf])


def test_identity_returns_what_it_is_given():
    np.testing.assert_array_equal(identity(GRID), GRID)


@given(z=st.floats(-700, 700))
def test_sigmoid_of_minus_z_is_one_minus_sigmoid_of_z(z):
    total = sigmoid(np.array([z])) + sigmoid(np.array([-z]))
    np.testing.assert_allclose(total, 1.0, rtol=1e-15)


@pytest.mark.parametrize("name", NAMES)
@given(z=st.lists(st.floats(0.01, 30) | st.floats(-30, -0.01), min_size=1, max_size=6))
def test_the_derivative_is_the_complex_step_derivative(name, z):
    function, prime = ACTIVATIONS[name]
    z = np.array(z)
    numerical = complex_step(lambda theta: np.sum(function(theta)), z)
    np.testing.assert_allclose(prime(z), numerical, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", NAMES)
@given(z=st.lists(st.floats(0.01, 5) | st.floats(-5, -0.01), min_size=1, max_size=6))
def test_the_derivative_is_the_central_difference_away_from_kinks(name, z):
    function, prime = ACTIVATIONS[name]
    z = np.array(z)
    numerical = central_difference(lambda theta: np.sum(function(theta)), z)
    np.testing.assert_allclose(prime(z), numerical, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "identity"])
def test_a_smooth_activation_has_its_derivative_at_zero_too(name):
    function, prime = ACTIVATIONS[name]
    z = np.zeros(1)
    np.testing.assert_allclose(prime(z), complex_step(lambda theta: np.sum(function(theta)), z), rtol=1e-15)


def test_relu_prime_at_the_kink_is_zero():
    np.testing.assert_array_equal(relu_prime(np.array([-1.0, -0.0, 0.0, 1.0])), [0.0, 0.0, 0.0, 1.0])


def test_sigmoid_prime_keeps_its_digits_far_from_zero():
    z = np.array([-600.0, -40.0, 40.0, 600.0])
    np.testing.assert_allclose(sigmoid_prime(z), np.exp(-np.abs(z)), rtol=1e-14)


@pytest.mark.parametrize(
    ("name", "values", "derivatives"),
    [
        ("sigmoid", [0.0, 1.0], [0.0, 0.0]),
        ("tanh", [-1.0, 1.0], [0.0, 0.0]),
        ("relu", [0.0, 1000.0], [0.0, 1.0]),
        ("identity", [-1000.0, 1000.0], [1.0, 1.0]),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_thousand_overflows_nowhere(name, values, derivatives, dtype):
    z = np.array([-1000.0, 1000.0], dtype=dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        np.testing.assert_array_equal(ACTIVATIONS[name].function(z), values)
        np.testing.assert_array_equal(ACTIVATIONS[name].prime(z), derivatives)


@pytest.mark.parametrize("name", NAMES)
def test_float32_stays_float32(name):
    z = GRID.astype(np.float32)
    assert ACTIVATIONS[name].function(z).dtype == np.float32
    assert ACTIVATIONS[name].prime(z).dtype == np.float32


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(), (1,), (3, 1), (2, 3), (2, 1, 4)])
def test_the_shape_stays(name, shape):
    z = np.full(shape, 0.5)
    assert np.shape(ACTIVATIONS[name].function(z)) == shape
    assert np.shape(ACTIVATIONS[name].prime(z)) == shape


@pytest.mark.parametrize("name", NAMES)
def test_the_input_is_left_as_it_is(name):
    z = GRID.copy()
    z.flags.writeable = False
    ACTIVATIONS[name].function(z)
    ACTIVATIONS[name].prime(z)
    np.testing.assert_array_equal(z, GRID)


def test_an_activation_is_found_by_name():
    assert activation("tanh") is ACTIVATIONS["tanh"]


def test_an_unknown_activation_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"unknown activation 'swish'; known are sigmoid, tanh, relu, identity"):
        activation("swish")
