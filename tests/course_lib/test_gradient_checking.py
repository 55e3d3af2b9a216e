"""The gradient checker: it passes the right gradient, and fails one that is a little off in a single entry."""

import cmath
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import two_layer
from course_lib.example_network import ExampleNetwork
from course_lib.gradient_checking import central_difference, check_gradient, complex_step, relative_error

finite = st.floats(-1e6, 1e6).map(lambda x: x if abs(x) > 1e-6 else 0.0)
vectors = st.lists(finite, min_size=1, max_size=5).map(np.array)


def network(seed, sizes=(3, 4, 2, 5)):
    """Return the cost as a function of W1, a point, and the gradient by the formulas."""
    n0, n1, n2, m = sizes
    rng = np.random.default_rng(seed)
    parameters = {
        "W1": 0.6 * rng.standard_normal((n1, n0)),
        "b1": 0.5 * rng.standard_normal((n1, 1)),
        "W2": rng.standard_normal((n2, n1)),
        "b2": 0.5 * rng.standard_normal((n2, 1)),
    }
    X, Y = rng.standard_normal((n0, m)), rng.integers(0, 2, (n2, m)).astype(float)

    def cost(W1):
        A2, _ = two_layer.forward_propagation(X, {**parameters, "W1": W1})
        return two_layer.cost(A2, Y)

    _, cache = two_layer.forward_propagation(X, parameters)
    return cost, parameters["W1"], two_layer.backward_propagation(parameters, cache, X, Y)["dW1"]


def weighted_squares(weights):
    """Return Σ c θ²/2, whose gradient at ones is the weights themselves."""
    return lambda theta: np.sum(weights * theta**2) / 2


@pytest.mark.parametrize("seed", range(40))
def test_the_right_gradient_passes_by_the_complex_step(seed):
    assert check_gradient(*network(seed)).passed


@pytest.mark.parametrize("seed", range(40))
def test_the_right_gradient_passes_by_the_central_difference(seed):
    assert check_gradient(*network(seed), numerical=central_difference).passed


@pytest.mark.parametrize(
    ("seed", "sizes"), [(256, (3, 5, 5, 6)), (699, (6, 5, 6, 2)), (745, (5, 3, 2, 5)), (1066, (6, 3, 5, 4))]
)
def test_a_right_gradient_with_a_small_entry_passes_by_the_central_difference(seed, sizes):
    # The cost is 2 to 8 here, so its difference is known to about 1e-10, and an entry of 1e-4 only to 1e-6 of itself.
    checked = check_gradient(*network(seed, sizes), numerical=central_difference)
    assert checked.passed, f"entry {checked.worst_entry} of a right gradient is called wrong"


@pytest.mark.parametrize("numerical", [complex_step, central_difference])
@pytest.mark.parametrize("entry", [(0, 0), (2, 1), (3, 2)])
@pytest.mark.parametrize("factor", [1.0005, 0.9995])
def test_one_entry_that_is_5_in_10000_off_fails_and_is_named(numerical, entry, factor):
    cost, W1, gradient = network(seed=1)
    gradient[entry] *= factor
    checked = check_gradient(cost, W1, gradient, numerical=numerical)
    assert not checked.passed
    assert checked.worst_entry == entry
    assert checked.error > 0


@given(entry=st.integers(0, 11), seed=st.integers(0, 1000))
@settings(max_examples=40)
def test_whichever_entry_is_off_is_named(entry, seed):
    cost, W1, gradient = network(seed)
    gradient.flat[entry] *= 1.0005
    checked = check_gradient(cost, W1, gradient)
    assert not checked.passed
    assert checked.worst_entry == np.unravel_index(entry, W1.shape)


@pytest.mark.parametrize("numerical", [complex_step, central_difference])
def test_a_small_entry_does_not_hide_beside_large_ones(numerical):
    weights = np.array([1e3, -1e3, 1e-1, 5e2])
    theta = np.array([0.01, 0.02, 0.01, -0.01])
    gradient = weights * theta
    assert check_gradient(weighted_squares(weights), theta, gradient, numerical=numerical).passed
    gradient[2] *= 1.0005
    checked = check_gradient(weighted_squares(weights), theta, gradient, numerical=numerical)
    assert not checked.passed
    assert checked.worst_entry == (2,)
    # A norm over all entries would have let it through.
    assert checked.error < 1e-7


def test_an_entry_a_million_times_smaller_than_the_largest_is_still_checked():
    weights = np.array([1.0, 1e-6])
    gradient = weights * [1, 1.0005]
    assert check_gradient(weighted_squares(weights), np.ones(2), gradient).worst_entry == (1,)
    assert not check_gradient(weighted_squares(weights), np.ones(2), gradient).passed


def test_a_sign_a_factor_of_m_and_a_gradient_of_zero_fail():
    cost, W1, gradient = network(seed=0)
    for wrong in (-gradient, 5 * gradient, 0 * gradient):
        assert not check_gradient(cost, W1, wrong).passed


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_an_entry_that_is_no_number_fails_and_is_named(bad):
    cost, W1, gradient = network(seed=0)
    gradient[1, 2] = bad
    with np.errstate(invalid="ignore"):
        checked = check_gradient(cost, W1, gradient)
    assert not checked.passed
    assert checked.worst_entry == (1, 2)


def test_a_gradient_is_not_right_where_the_function_has_none():
    checked = check_gradient(lambda theta: math.nan * np.sum(theta), np.ones(2), np.zeros(2))
    assert not checked.passed


def test_at_kinks_neither_back_propagation_nor_the_complex_step_is_the_derivative_of_a_smooth_cost():
    net = ExampleNetwork(1, 1, 2, 1, m=1, activations=("tanh", "relu", "sigmoid")).at(
        X=[[0.0]],
        W1=[[1.0]],
        b1=[[0.0]],
        Y=[[1.0]],
        W2=[[1.0], [-1.0]],
        b2=[[0.0], [0.0]],
        W3=[[1.0, -1.0]],
        b3=[[0.0]],
    )
    cost = net.objective("b1")
    for b in (-0.3, 0.0, 0.3):  # ReLU(t) - ReLU(-t) is t, so nothing is left of the kinks
        assert cost(np.array([[b]])) == pytest.approx(math.log(1 + math.exp(-math.tanh(b))), rel=1e-14)
    assert central_difference(cost, net.b1).item() == pytest.approx(-0.5, abs=1e-9)
    assert net.db1.item() == 0.0
    assert complex_step(cost, net.b1).item() == pytest.approx(-1.0, rel=1e-14)
    for b in (-1e-3, 1e-3):
        beside = net.at(b1=[[b]])
        assert check_gradient(cost, beside.b1, beside.db1).passed


def test_a_gradient_of_zeros_passes_where_the_function_is_flat():
    checked = check_gradient(lambda theta: 0 * np.sum(theta), np.ones((2, 3)), np.zeros((2, 3)))
    assert checked.passed
    assert checked.error == 0.0


def test_a_scalar_is_checked_too():
    assert check_gradient(lambda theta: theta**2, np.array(3.0), np.array(6.0)).passed
    assert not check_gradient(lambda theta: theta**2, np.array(3.0), np.array(6.003)).passed


@pytest.mark.parametrize("shape", [(4,), (2, 2), (3, 4), (1, 4, 3), ()])
def test_a_gradient_of_another_shape_is_refused_with_both_shapes(shape):
    with pytest.raises(ValueError) as caught:
        check_gradient(lambda theta: np.sum(theta), np.ones((4, 3)), np.ones(shape))
    assert str(caught.value) == f"the gradient has shape {shape}, but theta has shape (4, 3)"


@pytest.mark.parametrize("numerical", [complex_step, central_difference])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 1, 2)])
def test_a_numerical_gradient_has_the_shape_of_theta_and_leaves_it_alone(numerical, shape):
    theta = np.full(shape, 2.0)
    theta.flags.writeable = False
    gradient = numerical(lambda t: np.sum(t**3), theta)
    assert gradient.shape == shape
    np.testing.assert_allclose(gradient, 12.0, rtol=1e-9)


@pytest.mark.parametrize("numerical", [complex_step, central_difference])
def test_a_point_of_integers_is_taken_as_real(numerical):
    np.testing.assert_allclose(numerical(lambda t: np.sum(t**2), np.array([1, 2, 3])), [2, 4, 6], rtol=1e-9)


def test_the_complex_step_is_exact_to_1e_15_where_the_central_difference_reaches_1e_10():
    theta = np.linspace(-1, 1, 9)

    def f(t):
        return np.sum(np.exp(t) * np.sin(t))

    exact = np.array([(cmath.exp(t) * (cmath.sin(t) + cmath.cos(t))).real for t in theta])
    assert relative_error(complex_step(f, theta), exact) < 1e-15
    assert 1e-13 < relative_error(central_difference(f, theta), exact) < 1e-9


def test_the_error_of_the_central_difference_falls_with_the_square_of_epsilon():
    theta = np.array([0.7])

    def error(epsilon):
        return abs(central_difference(lambda t: np.sum(np.exp(t)), theta, epsilon)[0] - math.exp(0.7))

    assert error(1e-2) / error(1e-3) == pytest.approx(100, rel=0.01)


def test_a_tiny_epsilon_makes_the_central_difference_worse_and_the_complex_step_no_worse():
    theta = np.array([0.7])

    def f(t):
        return np.sum(np.exp(t))

    assert abs(central_difference(f, theta, 1e-13)[0] - math.exp(0.7)) > 1e-6
    assert abs(complex_step(f, theta, 1e-200)[0] - math.exp(0.7)) < 1e-14


@given(a=vectors)
def test_the_relative_error_of_an_array_with_itself_is_zero(a):
    assert relative_error(a, a.copy()) == 0.0


def test_the_relative_error_of_zeros_is_zero():
    error = relative_error(np.zeros((2, 3)), np.zeros((2, 3)))
    assert error == 0.0
    assert type(error) is float


@given(a=vectors, seed=st.integers(0, 1000))
def test_the_relative_error_is_symmetric_and_between_zero_and_one(a, seed):
    b = np.random.default_rng(seed).standard_normal(a.shape)
    assert relative_error(a, b) == relative_error(b, a)
    assert 0.0 <= relative_error(a, b) <= 1.0 + 1e-15


def test_the_relative_error_by_hand():
    assert relative_error(np.array([[3.0, 4.0]]), np.array([[0.0, 0.0]])) == 1.0
    assert relative_error(np.array([3.0, 4.0]), np.array([-3.0, -4.0])) == 1.0
    assert relative_error(np.array([[1.0]]), np.array([[3.0]])) == 0.5


def test_numpy_orders_complex_numbers_by_the_real_part_and_then_by_the_imaginary_part():
    assert np.maximum(0, 1 - 2j) == 1 - 2j
    assert (np.maximum(0, 1e-30j), np.maximum(0, -1e-30j)) == (1e-30j, 0)
    zero = np.zeros(1)
    slopes = [complex_step(lambda t: np.sum(np.maximum(0, t)), zero, h).item() for h in (1e-30, -1e-30)]
    assert slopes == [1, 0]
