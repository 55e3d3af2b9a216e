"""Initial parameters: shapes, spreads, and what happens to a network that starts at zero."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import deep
from course_lib.gradient_checking import relative_error
from course_lib.initialization import he, small, small_random, xavier, zeros

layers = st.lists(st.integers(1, 6), min_size=2, max_size=5)
seeds = st.integers(0, 2**32 - 1)
DRAWN = {"small": small, "xavier": xavier, "he": he}


@pytest.mark.parametrize("name", DRAWN)
@given(sizes=layers, seed=seeds)
def test_every_layer_has_its_weights_and_biases_of_zero(name, sizes, seed):
    parameters = DRAWN[name](sizes, seed)
    names = [f"{kind}{layer}" for layer in range(1, len(sizes)) for kind in "Wb"]
    assert list(parameters) == names
    for layer in range(1, len(sizes)):
        assert parameters[f"W{layer}"].shape == (sizes[layer], sizes[layer - 1])
        np.testing.assert_array_equal(parameters[f"b{layer}"], np.zeros((sizes[layer], 1)))


@pytest.mark.parametrize(
    ("name", "deviation"), [("small", 0.01), ("xavier", np.sqrt(2 / 500)), ("he", np.sqrt(2 / 300))]
)
def test_the_spread_of_the_weights(name, deviation):
    W = DRAWN[name]((300, 200), 0)["W1"]
    assert np.std(W) == pytest.approx(deviation, rel=0.02)
    assert abs(np.mean(W)) < deviation / 50


@pytest.mark.parametrize("name", DRAWN)
def test_the_seed_decides_and_no_two_units_start_alike(name):
    first, again, other = (DRAWN[name]((3, 5, 2), seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first["W1"], again["W1"])
    assert not np.array_equal(first["W1"], other["W1"])
    assert len(np.unique(first["W1"], axis=0)) == 5


def test_small_is_small_random_for_a_two_layer_network():
    expected = small_random(3, 4, 2, seed=5, scale=0.2)
    for name, theta in small((3, 4, 2), seed=5, scale=0.2).items():
        np.testing.assert_array_equal(theta, expected[name])


def gradients_at_zero(hidden):
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((3, 7)), np.array([[1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0]])
    activations = (hidden, "sigmoid")
    AL, caches = deep.forward_propagation(X, zeros((3, 4, 1)), activations)
    return deep.backward_propagation(AL, Y, caches, activations)


@pytest.mark.parametrize("hidden", ["tanh", "relu"])
def test_from_zero_only_the_last_bias_moves_with_tanh_and_relu(hidden):
    grads = gradients_at_zero(hidden)
    assert [name for name, gradient in grads.items() if np.any(gradient)] == ["db2"]


def test_from_zero_sigmoid_units_move_and_stay_identical():
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((3, 7)), rng.integers(0, 2, (1, 7)).astype(float)
    parameters = zeros((3, 4, 1))
    for _ in range(5):
        AL, caches = deep.forward_propagation(X, parameters, ("sigmoid", "sigmoid"))
        grads = deep.backward_propagation(AL, Y, caches, ("sigmoid", "sigmoid"))
        parameters = {name: theta - grads["d" + name] for name, theta in parameters.items()}
    assert np.all(parameters["W1"] != 0)
    np.testing.assert_allclose(parameters["W1"], np.tile(parameters["W1"][:1], (4, 1)), rtol=1e-12)


def spread_of_last_hidden_layer(draw, activation):
    sizes = (100,) * 12
    X = np.random.default_rng(1).standard_normal((100, 200))
    A, _ = deep.forward_propagation(X, draw(sizes, seed=0), (activation,) * 11)
    return np.sqrt(np.mean(A**2))


def test_he_keeps_the_size_of_relu_activations_through_many_layers_and_small_weights_do_not():
    assert 0.2 < spread_of_last_hidden_layer(he, "relu") < 5
    assert spread_of_last_hidden_layer(small, "relu") < 1e-10


def test_xavier_keeps_tanh_units_alive_through_many_layers():
    assert 0.1 < spread_of_last_hidden_layer(xavier, "tanh") < 1
    assert spread_of_last_hidden_layer(small, "tanh") < 1e-10


@pytest.mark.parametrize("sizes", [(), (3,), (3, 0), (3, -1, 2)])
def test_sizes_that_make_no_network_are_refused(sizes):
    with pytest.raises(ValueError, match="layer_dims must be at least two sizes of at least 1, not"):
        he(sizes, 0)


def test_the_collapse_of_two_linear_layers_is_one():
    from course_lib.linear_network import collapse_linear

    parameters = {name: theta + 0.1 for name, theta in small((3, 5, 2), seed=0, scale=1.0).items()}
    X = np.random.default_rng(0).standard_normal((3, 6))
    two, _ = deep.forward_propagation(X, parameters, ("identity", "identity"))
    W, b = collapse_linear(*parameters.values())
    assert W.shape == (2, 3)
    assert b.shape == (2, 1)
    assert relative_error(W @ X + b, two) < 1e-15
