"""Training in place gives what the plain equations give, and allocates nothing on the way."""

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import deep
from course_lib.datasets import flower
from course_lib.gradient_checking import relative_error
from course_lib.initialization import he
from course_lib.training import train, update_parameters
from course_lib.workspace import CHUNK, Workspace

HIDDEN = ["sigmoid", "tanh", "relu", "leaky_relu", "identity"]
LAST = [("sigmoid", "bce"), ("softmax", "cross_entropy"), ("identity", "mse"), ("softmax", "mae"), ("tanh", "mse")]
SAME = {np.float64: 1e-15, np.float32: 5e-7}
"""The last bit, where another linear algebra library rounds a product otherwise when its result has a place."""


def draw(sizes, m, loss="bce", seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    parameters = {name: theta.astype(dtype) for name, theta in he(sizes, seed).items()}
    X = rng.standard_normal((sizes[0], m)).astype(dtype)
    Y = np.eye(sizes[-1])[:, rng.integers(0, sizes[-1], m)] if loss != "bce" else rng.integers(0, 2, (sizes[-1], m))
    return X, np.asarray(Y, dtype), parameters


def assert_same(found, expected, dtype):
    assert found.dtype == np.asarray(expected).dtype == dtype
    assert relative_error(found, expected) <= SAME[dtype]


def follow(sizes, m, activations, loss, seed=0, dtype=np.float64, steps=3):
    """Compare a few steps in place with the plain equations."""
    X, Y, parameters = draw(sizes, m, loss, seed, dtype)
    network = Workspace(parameters, activations, loss)
    network.check_batch(X, Y)
    network.load(X, Y)
    for _ in range(steps):
        AL, caches = deep.forward_propagation(X, parameters, activations)
        grads = deep.backward_propagation(AL, Y, caches, activations, loss)
        assert_same(network.forward(), AL, dtype)
        assert network.cost() == pytest.approx(
            float(deep.cost_of_network(X, Y, parameters, activations, loss)), rel=SAME[dtype]
        )
        found = network.backward()
        assert list(found) == list(grads)
        for name, gradient in grads.items():
            assert_same(found[name], gradient, dtype)
        network.update(0.3)
        for name, theta in update_parameters(parameters, grads, 0.3).items():
            assert_same(network.parameters[name], theta, dtype)
        # Each step is compared by itself: both go on from the same numbers.
        parameters = {name: theta.copy() for name, theta in network.parameters.items()}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("last", "loss"), LAST)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_step_in_place_is_the_step_of_the_plain_equations(hidden, last, loss, dtype):
    follow((12, 64, 32, 3), 100, (hidden, hidden, last), loss, dtype=dtype)


@settings(max_examples=60)
@given(
    sizes=st.lists(st.integers(1, 6), min_size=2, max_size=5),
    m=st.integers(1, 7),
    hidden=st.sampled_from(HIDDEN),
    last=st.sampled_from(LAST),
    seed=st.integers(0, 2**32 - 1),
)
def test_whatever_the_sizes(sizes, m, hidden, last, seed):
    follow(tuple(sizes), m, (hidden,) * (len(sizes) - 2) + last[:1], last[1], seed, steps=2)


def test_more_parameters_than_one_chunk():
    sizes = (150, 130, 10)
    assert sum(n * (n_prev + 1) for n_prev, n in pairwise(sizes)) > CHUNK
    follow(sizes, 20, ("relu", "softmax"), "cross_entropy")


def test_a_step_is_forward_backward_and_update():
    X, Y, parameters = draw((3, 5, 1), 8)
    whole, parts = Workspace(parameters), Workspace(parameters)
    for network in (whole, parts):
        network.load(X, Y)
    for _ in range(3):
        whole.step(0.2)
        parts.forward()
        parts.cost()
        parts.backward()
        parts.update(0.2)
    np.testing.assert_array_equal(whole.theta, parts.theta)


def test_all_parameters_lie_in_one_array_and_the_given_ones_are_left():
    X, Y, parameters = draw((3, 5, 1), 8)
    for array in (X, Y, *parameters.values()):
        array.flags.writeable = False
    network = Workspace(parameters)
    network.load(X, Y)
    network.step(0.2)
    assert network.theta.size == sum(theta.size for theta in parameters.values())
    for name, theta in network.parameters.items():
        assert np.shares_memory(theta, network.theta)
        assert np.shares_memory(network.grads["d" + name], network.grad)
        assert not np.array_equal(theta, parameters[name])


def test_a_step_allocates_no_array():
    X, Y, parameters = draw((200, 100, 50, 10), 2000, "cross_entropy")
    network = Workspace(parameters, ("tanh", "relu", "softmax"), "cross_entropy")
    network.load(X, Y)
    network.step(0.1)
    tracemalloc.start()
    try:
        for _ in range(3):
            network.step(0.1)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The smallest matrix of the pass has 10 x 2000 numbers, 160,000 bytes; numpy's own buffer for casting has 64 kB.
    assert peak < 100_000


def test_some_columns_are_loaded_and_another_number_of_examples_has_places_of_its_own():
    X, Y, parameters = draw((3, 5, 1), 8)
    network, other = Workspace(parameters), Workspace(parameters)
    for columns in (np.array([6, 1, 3]), np.array([0, 7]), np.array([2, 4, 5])):
        network.load(X, Y, columns)
        other.load(X[:, columns], Y[:, columns])
        np.testing.assert_array_equal(network.forward(), other.forward())
        assert network.forward().shape == (1, len(columns))
        network.step(0.1)
        other.step(0.1)
    np.testing.assert_array_equal(network.theta, other.theta)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("last", "loss"), [("sigmoid", "bce"), ("softmax", "cross_entropy")])
def test_inputs_of_a_thousand_give_no_warning_and_finite_numbers(last, loss, dtype):
    X, Y, parameters = draw((3, 4, 2), 5, loss, 0, dtype)
    network = Workspace(parameters, ("tanh", last), loss)
    for name in ("W2", "b2"):
        network.parameters[name] *= 1000
    network.load(X * dtype(1000), Y)
    with np.errstate(all="raise", under="ignore"):
        output = network.forward()
        cost = network.cost()
        grads = network.backward()
    assert np.isfinite(cost)
    assert np.all((output >= 0) & (output <= 1))
    assert all(np.all(np.isfinite(gradient)) for gradient in grads.values())


def test_what_does_not_fit_is_refused():
    X, Y, parameters = draw((3, 5, 1), 8)
    with pytest.raises(ValueError, match="parameters must hold floating-point numbers, not int64"):
        Workspace({name: np.ones(theta.shape, np.int64) for name, theta in parameters.items()})
    with pytest.raises(ValueError, match=r"W1 must have the shape"):
        Workspace({**parameters, "W1": np.ones(3)})
    with pytest.raises(ValueError, match="unknown activation"):
        Workspace(parameters, ("gelu", "sigmoid"))
    network = Workspace(parameters)
    with pytest.raises(ValueError, match=r"X must have the shape \(3, m\), not \(2, 8\)"):
        network.check_batch(X[:2], Y)
    with pytest.raises(ValueError, match=r"Y must have the shape \(1, 8\), not \(1, 7\)"):
        network.check_batch(X, Y[:, :7])


@pytest.mark.parametrize(("last", "loss"), LAST)
def test_the_cost_is_that_of_the_last_forward_pass_whenever_it_is_asked(last, loss):
    X, Y, parameters = draw((3, 4, 2), 5, loss)
    network = Workspace(parameters, ("tanh", last), loss)
    network.load(X, Y)
    network.forward()
    cost = network.cost()
    grads = {name: gradient.copy() for name, gradient in network.backward().items()}
    assert network.cost() == network.cost() == cost
    network.forward()
    for name, gradient in network.backward().items():
        np.testing.assert_array_equal(gradient, grads[name])


def test_calls_in_the_wrong_order_are_refused():
    X, Y, parameters = draw((3, 5, 1), 8)
    network = Workspace(parameters)
    for call in (network.forward, network.cost, lambda: network.step(0.1)):
        with pytest.raises(ValueError, match="load examples first"):
            call()
    network.load(X, Y)
    with pytest.raises(ValueError, match="run forward before backward"):
        network.backward()
    network.forward()
    network.backward()
    with pytest.raises(ValueError, match="run forward before backward"):
        network.backward()
    network.forward()
    network.load(X, Y)
    with pytest.raises(ValueError, match="run forward before backward"):
        network.backward()


def test_the_copied_parameters_stay_when_the_network_goes_on():
    X, Y, parameters = draw((3, 5, 1), 8)
    network = Workspace(parameters)
    copied = network.copy_parameters()
    network.load(X, Y)
    network.step(0.1)
    for name, theta in parameters.items():
        np.testing.assert_array_equal(copied[name], theta)
        assert not np.shares_memory(copied[name], network.theta)


# train


def plain_train(X, Y, layer_dims, num_epochs, batch_size, learning_rate, seed):
    """Train by the plain equations."""
    parameters = he(layer_dims, seed)
    rng = np.random.default_rng(seed)
    costs = []
    for _ in range(num_epochs):
        order = rng.permutation(X.shape[1])
        cost = 0.0
        for start in range(0, X.shape[1], batch_size):
            columns = order[start : start + batch_size]
            X_b, Y_b = X[:, columns], Y[:, columns]
            AL, caches = deep.forward_propagation(X_b, parameters)
            cost += float(deep.cost_of_network(X_b, Y_b, parameters)) * len(columns) / X.shape[1]
            parameters = update_parameters(parameters, deep.backward_propagation(AL, Y_b, caches), learning_rate)
        costs.append(cost)
    return parameters, costs


@pytest.mark.parametrize("batch_size", [1, 7, 16, 50, 80])
def test_train_is_mini_batch_gradient_descent(batch_size):
    X, Y = flower(50, seed=0)
    parameters, costs = plain_train(X, Y, (2, 6, 4, 1), 3, batch_size, 0.1, 5)
    trained = train(X, Y, (2, 6, 4, 1), 3, batch_size, 0.1, 5)
    np.testing.assert_allclose(trained.costs, costs, rtol=1e-11)
    for name, theta in parameters.items():
        np.testing.assert_allclose(trained.parameters[name], theta, rtol=1e-9, atol=1e-12)


def test_train_tells_the_petals_of_new_points():
    trained = train(*flower(400, seed=0), (2, 20, 7, 5, 1), num_epochs=150, batch_size=32, seed=1)
    X, Y = flower(400, seed=1)
    AL, _ = deep.forward_propagation(X, trained.parameters)
    assert np.mean((AL > 0.5) == Y) > 0.85
    assert trained.costs[-1] < 0.5 * trained.costs[0]


def test_train_with_more_than_two_classes():
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 3, 150)
    X = np.array([[0, 3, 0], [0, 0, 3]])[:, kinds] + 0.5 * rng.standard_normal((2, 150))
    Y = np.eye(3)[:, kinds]
    activations = ("tanh", "softmax")
    trained = train(X, Y, (2, 5, 3), 60, 20, 0.3, 0, activations, "cross_entropy")
    AL, _ = deep.forward_propagation(X, trained.parameters, activations)
    assert np.mean(np.argmax(AL, axis=0) == kinds) > 0.97


def test_train_refuses_what_does_not_fit():
    X, Y = flower(20, seed=0)
    with pytest.raises(ValueError, match="batch_size must be at least 1, not 0"):
        train(X, Y, (2, 3, 1), batch_size=0)
    with pytest.raises(ValueError, match=r"X must have the shape \(3, m\), not \(2, 20\)"):
        train(X, Y, (3, 3, 1))
    with pytest.raises(ValueError, match="X must be finite"):
        train(X * np.nan, Y, (2, 3, 1))
    with pytest.raises(ValueError, match="X is empty"):
        train(X[:, :0], Y[:, :0], (2, 3, 1))
