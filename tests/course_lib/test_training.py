"""Gradient descent: one step by hand, the cost on the way down, and what the trained network can do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.datasets import flower
from course_lib.initialization import small_random
from course_lib.training import train_two_layer, update_parameters
from course_lib.two_layer import backward_propagation, cost, forward_propagation


def test_a_step_by_hand():
    parameters = {"W1": np.array([[1.0, 2.0]]), "b1": np.array([[3.0]])}
    grads = {"dW1": np.array([[10.0, -20.0]]), "db1": np.array([[0.5]])}
    new = update_parameters(parameters, grads, 0.1)
    np.testing.assert_allclose(new["W1"], [[0.0, 4.0]], atol=1e-15)
    np.testing.assert_allclose(new["b1"], [[2.95]])
    assert list(new) == ["W1", "b1"]


@given(rate=st.floats(0, 10), seed=st.integers(0, 2**32 - 1))
def test_a_step_is_theta_minus_rate_times_gradient_entry_by_entry(rate, seed):
    rng = np.random.default_rng(seed)
    parameters = small_random(3, 4, 2, seed, scale=1.0)
    grads = {"d" + name: rng.standard_normal(theta.shape) for name, theta in parameters.items()}
    new = update_parameters(parameters, grads, rate)
    for name, theta in parameters.items():
        for k in np.ndindex(theta.shape):
            assert new[name][k] == float(theta[k]) - rate * float(grads["d" + name][k])


def test_a_step_leaves_parameters_and_gradients_as_they_are():
    parameters = small_random(3, 4, 2, seed=0)
    grads = {"d" + name: np.ones_like(theta) for name, theta in parameters.items()}
    for array in (*parameters.values(), *grads.values()):
        array.flags.writeable = False  # so that a change in place raises
    new = update_parameters(parameters, grads, 0.1)
    assert list(parameters) == ["W1", "b1", "W2", "b2"]
    assert list(grads) == ["dW1", "db1", "dW2", "db2"]
    assert not any(np.shares_memory(new[name], theta) for name, theta in parameters.items())


def test_a_step_of_rate_zero_gives_equal_parameters_that_are_new_arrays():
    parameters = small_random(3, 4, 2, seed=0)
    grads = {"d" + name: np.ones_like(theta) for name, theta in parameters.items()}
    for name, theta in update_parameters(parameters, grads, 0.0).items():
        np.testing.assert_array_equal(theta, parameters[name])
        assert theta is not parameters[name]


def test_a_parameter_without_a_gradient_is_a_key_error():
    with pytest.raises(KeyError, match="db1"):
        update_parameters({"W1": np.ones((1, 1)), "b1": np.ones((1, 1))}, {"dW1": np.ones((1, 1))}, 0.1)


def test_training_is_forward_backward_update_again():
    X, Y = flower(30, seed=1)
    parameters = small_random(2, 3, 1, seed=4)
    costs = []
    for _ in range(5):
        A2, cache = forward_propagation(X, parameters)
        costs.append(float(cost(A2, Y)))
        parameters = update_parameters(parameters, backward_propagation(parameters, cache, X, Y), 0.5)
    trained = train_two_layer(X, Y, n_h=3, num_iterations=5, learning_rate=0.5, seed=4)
    np.testing.assert_allclose(trained.costs, costs, rtol=1e-12)
    for name, theta in parameters.items():
        np.testing.assert_allclose(trained.parameters[name], theta, rtol=1e-12, atol=1e-15)


def test_the_cost_starts_at_log_two_for_each_output_and_falls():
    X, Y = flower(200, seed=0)
    costs = train_two_layer(X, np.vstack([Y, 1 - Y]), num_iterations=1500, learning_rate=0.5).costs
    assert costs.shape == (1500,)
    assert costs[0] == pytest.approx(2 * np.log(2), rel=1e-2)
    assert np.all(np.diff(costs[::100]) < 0)
    assert costs[-1] < 0.7 * costs[0]


def test_small_steps_lower_the_cost_every_time():
    X, Y = flower(100, seed=2)
    assert np.all(np.diff(train_two_layer(X, Y, num_iterations=300, learning_rate=0.05).costs) < 0)


def test_the_same_seed_gives_the_same_network_and_another_seed_another():
    X, Y = flower(50, seed=0)
    first, again, other = (train_two_layer(X, Y, num_iterations=20, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.parameters["W1"], again.parameters["W1"])
    np.testing.assert_array_equal(first.costs, again.costs)
    assert not np.array_equal(first.parameters["W1"], other.parameters["W1"])


def test_no_steps_leave_the_initial_parameters():
    X, Y = flower(10, seed=0)
    trained = train_two_layer(X, Y, n_h=3, num_iterations=0, seed=9)
    assert trained.costs.shape == (0,)
    for name, theta in small_random(2, 3, 1, seed=9).items():
        np.testing.assert_array_equal(trained.parameters[name], theta)


def test_saturated_outputs_keep_the_cost_finite():
    X = np.array([[-1000.0, 1000.0]])
    trained = train_two_layer(X, np.array([[0.0, 1.0]]), n_h=2, num_iterations=200, learning_rate=50.0, seed=1)
    assert np.all(np.isfinite(trained.costs))
    assert trained.costs[-1] < 1e-3


@pytest.mark.parametrize("seed", range(5))
def test_a_trained_network_tells_the_petals_of_new_points(seed):
    trained = train_two_layer(*flower(400, seed=2 * seed), seed=seed)
    X, Y = flower(400, seed=2 * seed + 1)
    A2, _ = forward_propagation(X, trained.parameters)
    assert np.mean((A2 > 0.5) == Y) >= 0.85


def test_the_data_are_left_as_they_are():
    X, Y = flower(20, seed=0)
    X.flags.writeable = Y.flags.writeable = False
    train_two_layer(X, Y, num_iterations=3)


@pytest.mark.parametrize(
    ("X", "Y"),
    [
        ((2, 5), (1, 4)),
        ((5, 2), (5, 1)),
        ((2, 5), (5,)),
        ((5,), (1, 5)),
        ((2, 5, 1), (1, 5)),
        ((2, 0), (1, 0)),
    ],
)
def test_data_whose_shapes_do_not_fit_are_refused_in_one_sentence_that_names_them(X, Y):
    with pytest.raises(ValueError) as caught:
        train_two_layer(np.zeros(X), np.zeros(Y), num_iterations=1)
    sentence = str(caught.value)
    assert "one column an example" in sentence
    assert f"{X} and {Y}" in sentence
    assert "\n" not in sentence
    assert ". " not in sentence
