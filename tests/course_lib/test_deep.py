"""The L-layer network: every gradient against numerical ones, whatever the activations and the cost; and the door."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import deep, two_layer
from course_lib.equations import EQUATIONS
from course_lib.example_network import ExampleNetwork
from course_lib.gradient_checking import central_difference, complex_step, relative_error
from course_lib.network_checking import check_network, numerical_gradients

HIDDEN = ["sigmoid", "tanh", "relu", "leaky_relu", "identity"]
LAST = [("sigmoid", "bce"), ("softmax", "cross_entropy")] + [
    (last, loss) for last in ("identity", "tanh", "sigmoid", "softmax") for loss in ("mse", "mae")
]
seeds = st.integers(0, 2**32 - 1)
any_layers = st.lists(st.integers(1, 5), min_size=2, max_size=5)
different_layers = st.permutations(range(1, 7)).map(lambda order: order[:4])


@st.composite
def networks(draw):
    """Draw sizes that may be 1 or all differ, activations, a cost, and a seed."""
    sizes = draw(any_layers | different_layers)
    m = draw(st.integers(1, 7).filter(lambda m: m == 1 or m not in sizes))
    last, loss = draw(st.sampled_from(LAST))
    hidden = draw(st.lists(st.sampled_from(HIDDEN), min_size=len(sizes) - 2, max_size=len(sizes) - 2))
    return tuple(sizes), m, (*hidden, last), loss, draw(seeds)


def draw_network(sizes, m, loss, seed, dtype=float):
    rng = np.random.default_rng(seed)
    parameters = {}
    for layer, (n_prev, n) in enumerate(pairwise(sizes), 1):
        parameters[f"W{layer}"] = (rng.standard_normal((n, n_prev)) / np.sqrt(n_prev)).astype(dtype)
        parameters[f"b{layer}"] = rng.uniform(-0.5, 0.5, (n, 1)).astype(dtype)
    X = rng.uniform(-2, 2, (sizes[0], m)).astype(dtype)
    if loss == "bce":
        Y = rng.integers(0, 2, (sizes[-1], m))
    elif loss == "cross_entropy":
        Y = np.eye(sizes[-1])[:, rng.integers(0, sizes[-1], m)]
    else:
        Y = rng.uniform(-2, 2, (sizes[-1], m))
    return X, np.asarray(Y, dtype), parameters


def gradients(X, Y, parameters, activations, loss):
    AL, caches = deep.forward_propagation(X, parameters, activations)
    return deep.backward_propagation(AL, Y, caches, activations, loss)


def distance_from_kinks(X, Y, parameters, activations, loss):
    AL, caches = deep.forward_propagation(X, parameters, activations)
    kinks = [np.min(np.abs(Z)) for (_, Z), name in zip(caches, activations, strict=True) if "relu" in name]
    return min([*kinks, np.min(np.abs(AL - Y)) if loss == "mae" else np.inf], default=np.inf)


@settings(max_examples=150, deadline=None)
@given(network=networks())
def test_the_gradient_of_every_parameter_is_the_complex_step_gradient(network):
    sizes, m, activations, loss, seed = network
    X, Y, parameters = draw_network(sizes, m, loss, seed)
    for name, gradient in gradients(X, Y, parameters, activations, loss).items():

        def cost(theta, name=name[1:]):
            return deep.cost_of_network(X, Y, {**parameters, name: theta}, activations, loss)

        numerical = complex_step(cost, parameters[name[1:]])
        assert gradient.shape == numerical.shape
        # Where terms cancel, the absolute term is their rounding.
        np.testing.assert_allclose(gradient, numerical, rtol=1e-10, atol=1e-14)


@settings(max_examples=60, deadline=None)
@given(network=networks())
def test_the_gradient_of_every_parameter_is_the_central_difference(network):
    sizes, m, activations, loss, seed = network
    X, Y, parameters = draw_network(sizes, m, loss, seed)
    if distance_from_kinks(X, Y, parameters, activations, loss) < 1e-3:
        return  # a difference across a kink is no derivative
    for name, gradient in gradients(X, Y, parameters, activations, loss).items():

        def cost(theta, name=name[1:]):
            return deep.cost_of_network(X, Y, {**parameters, name: theta}, activations, loss)

        numerical = central_difference(cost, parameters[name[1:]])
        np.testing.assert_allclose(gradient, numerical, rtol=1e-7, atol=2e-8)


@settings(max_examples=80, deadline=None)
@given(network=networks())
def test_the_stacked_numerical_gradient_is_the_one_entry_after_the_other(network):
    sizes, m, activations, loss, seed = network
    X, Y, parameters = draw_network(sizes, m, loss, seed)
    stacked = numerical_gradients(X, Y, parameters, activations, loss)
    assert list(stacked) == ["d" + name for name in parameters]
    for name, theta in parameters.items():
        plain = complex_step(
            lambda theta, name=name: deep.cost_of_network(X, Y, {**parameters, name: theta}, activations, loss), theta
        )
        np.testing.assert_allclose(stacked["d" + name], plain, rtol=1e-11, atol=1e-15)


def test_the_check_of_a_network_names_the_parameter_and_the_entry_that_is_5_in_10000_off():
    X, Y, parameters = draw_network((3, 5, 4, 2), 6, "bce", 0)
    activations = ("tanh", "relu", "sigmoid")
    grads = gradients(X, Y, parameters, activations, "bce")
    assert all(checked.passed for checked in check_network(X, Y, parameters, activations).values())
    grads["dW2"][3, 1] *= 1.0005
    checked = check_network(X, Y, parameters, activations, "bce", grads)
    assert [name for name, result in checked.items() if not result.passed] == ["dW2"]
    assert checked["dW2"].worst_entry == (3, 1)


def test_a_check_of_a_single_precision_network_is_exact_too():
    X, Y, parameters = draw_network((3, 4, 1), 5, "bce", 0, np.float32)
    found = numerical_gradients(X, Y, parameters)
    for name, gradient in gradients(
        *(np.asarray(a, float) for a in (X, Y)), to_double(parameters), None, "bce"
    ).items():
        assert relative_error(found[name], gradient) < 1e-14


def to_double(parameters):
    return {name: theta.astype(float) for name, theta in parameters.items()}


@settings(max_examples=30, deadline=None)
@given(n=st.tuples(*[st.integers(1, 6)] * 3), m=st.integers(1, 6), seed=seeds)
def test_with_two_layers_it_is_the_two_layer_network(n, m, seed):
    X, Y, parameters = draw_network(n, m, "bce", seed)
    A2, cache = two_layer.forward_propagation(X, parameters)
    expected = two_layer.backward_propagation(parameters, cache, X, Y)
    AL, _ = deep.forward_propagation(X, parameters, ("tanh", "sigmoid"))
    np.testing.assert_array_equal(AL, A2)
    for name, gradient in gradients(X, Y, parameters, ("tanh", "sigmoid"), "bce").items():
        np.testing.assert_array_equal(gradient, expected[name])


def test_the_layer_functions_are_the_four_equations():
    rng = np.random.default_rng(0)
    A_prev, W, b = rng.standard_normal((4, 5)), rng.standard_normal((3, 4)), rng.standard_normal((3, 1))
    Z, cache = deep.linear_forward(A_prev, W, b)
    np.testing.assert_array_equal(Z, deep.Z(W, b, A_prev))
    assert all(a is b for a, b in zip(cache, (A_prev, W, b), strict=True))
    dA = rng.standard_normal((3, 5))
    dZ = deep.dZ(dA, Z, "relu")
    for found in (deep.linear_backward(dZ, cache), deep.linear_activation_backward(dA, (cache, Z), "relu")):
        expected = (deep.dA_prev(W, dZ), deep.dW(dZ, A_prev), deep.db(dZ))
        for gradient, wanted in zip(found, expected, strict=True):
            np.testing.assert_array_equal(gradient, wanted)


@pytest.mark.parametrize(
    ("backward", "activation"),
    [(deep.relu_backward, "relu"), (deep.sigmoid_backward, "sigmoid"), (deep.tanh_backward, "tanh")],
)
def test_a_layer_goes_backwards_through_its_activation_as_the_complex_step_says(backward, activation):
    rng = np.random.default_rng(0)
    dA, Z = rng.standard_normal((3, 5)), rng.standard_normal((3, 5))
    numerical = complex_step(lambda Z: np.sum(dA * deep.A(Z, activation)), Z)
    np.testing.assert_allclose(backward(dA, Z), numerical, rtol=1e-13, atol=1e-16)
    np.testing.assert_array_equal(backward(dA, Z), deep.dZ(dA, Z, activation))


@pytest.mark.parametrize(("last", "loss"), LAST)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("hidden", HIDDEN)
def test_inputs_of_a_thousand_give_finite_costs_and_gradients_without_a_warning(hidden, last, loss, dtype):
    X, Y, parameters = draw_network((3, 4, 2), 5, loss, 0, dtype)
    X = X * dtype(1000)
    activations = (hidden, last)
    with np.errstate(all="raise", under="ignore"):
        cost = deep.cost_of_network(X, Y, parameters, activations, loss)
        grads = gradients(X, Y, parameters, activations, loss)
    assert np.isfinite(cost)
    assert cost.dtype == dtype
    for gradient in grads.values():
        assert np.all(np.isfinite(gradient))
        assert gradient.dtype == dtype


def test_relu_and_sigmoid_are_the_usual_activations():
    X, Y, parameters = draw_network((3, 4, 2), 5, "bce", 0)
    usual = deep.usual_activations(2)
    assert usual == ("relu", "sigmoid")
    for name, gradient in gradients(X, Y, parameters, usual, "bce").items():
        np.testing.assert_array_equal(gradient, gradients(X, Y, parameters, None, "bce")[name])
    assert deep.cost_of_network(X, Y, parameters) == deep.cost_of_network(X, Y, parameters, usual)


# The door


def complaint(X=None, Y=None, parameters=None, activations=("tanh", "sigmoid"), loss="bce"):
    """Return the sentence with which a network is refused, after one change."""
    good_X, good_Y, good = draw_network((3, 4, 2), 5, "bce", 0)
    changed = {**good, **(parameters or {})}
    with pytest.raises(ValueError) as caught:
        deep.cost_of_network(
            good_X if X is None else X,
            good_Y if Y is None else Y,
            {name: theta for name, theta in changed.items() if theta is not None},
            activations,
            loss,
        )
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert not sentence.endswith(".") or "known are" in sentence
    return sentence


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"X": np.ones((4, 5))}, "X must have the shape (3, m), not (4, 5)"),
        ({"X": np.ones(3)}, "X must have the shape (3, m), not (3,)"),
        ({"X": np.ones((3, 0))}, "X is empty: its shape is (3, 0)"),
        ({"X": [[1.0]]}, "X must be an array of shape (3, m), not a list"),
        ({"X": np.full((3, 5), "a")}, "X must hold numbers, not <U1"),
        ({"X": np.ones((3, 5), object)}, "X must hold numbers, not object"),
        ({"X": np.ones((3, 5), "datetime64[s]")}, "X must hold numbers, not datetime64[s]"),
        ({"X": np.where(np.eye(3, 5) > 0, np.nan, 1)}, "X must be finite, but entry (0, 0) of its shape (3, 5) is nan"),
        ({"Y": np.ones((2, 4))}, "Y must have the shape (2, 5), not (2, 4)"),
        ({"Y": np.full((2, 5), np.inf)}, "Y must be finite, but entry (0, 0)"),
        ({"Y": np.full((2, 5), 2.0)}, "Y of shape (2, 5) must hold labels between 0 and 1 for the loss 'bce'"),
        ({"parameters": {"W2": np.ones((2, 3))}}, "W2 must have the shape (n, 4), not (2, 3)"),
        ({"parameters": {"b1": np.ones((4, 5))}}, "b1 must have the shape (4, 1), not (4, 5)"),
        ({"parameters": {"b1": np.ones(4)}}, "b1 must have the shape (4, 1), not (4,)"),
        ({"parameters": {"b2": None}}, "parameters must be called W1, b1, W2, b2 and so on, not W1, b1, W2"),
        ({"parameters": {"b1": None, "W1": None, "W2": None, "b2": None}}, "not nothing"),
        ({"activations": ("tanh",)}, "activations must be 2 names, one for each layer, not ('tanh',)"),
        ({"activations": "tanh"}, "activations must be 2 names, one for each layer, not 'tanh'"),
        ({"activations": ("tnah", "sigmoid")}, "unknown activation 'tnah'; did you mean 'tanh'?"),
        ({"activations": ("softmax", "sigmoid")}, "softmax can stand in the last layer only, layer 2, not in layer 1"),
        ({"loss": "mes"}, "unknown loss 'mes'; did you mean 'mse'?"),
        ({"activations": ("tanh", "tanh")}, "the loss 'bce' needs sigmoid in the last layer, not tanh"),
        ({"loss": "cross_entropy"}, "the loss 'cross_entropy' needs softmax in the last layer, not sigmoid"),
        (
            {"activations": ("tanh", "softmax"), "loss": "cross_entropy", "Y": np.ones((2, 5))},
            "each column of Y of shape (2, 5) must add up to 1 for the loss 'cross_entropy'",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence_that_names_it(change, expected):
    assert expected in complaint(**change)


def test_integers_are_numbers_too():
    X, Y, parameters = draw_network((3, 4, 2), 5, "bce", 0)
    X = np.rint(X)
    expected = deep.cost_of_network(X, Y, parameters)
    assert deep.cost_of_network(X.astype(int), Y.astype(bool).astype(int), parameters) == expected


def test_the_equation_of_the_way_back_says_with_which_outputs_it_begins():
    assert "with its cross-entropy" in EQUATIONS["deep.backward_propagation"].latex.split(r"\\")[0]
    network = ExampleNetwork(activations=("tanh", "sigmoid"), loss="mse")
    assert relative_error(network.dZ2, network.A2 - network.Y) > 0.1
