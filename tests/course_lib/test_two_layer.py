"""The two-layer network: every gradient against two numerical ones, the batch against a loop, the forward pass by hand.

The cost that is differentiated here is written anew, so that no formula under test takes part in its own test.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import two_layer
from course_lib.equations import CACHE, EQUATIONS, GRADS, PARAMETERS
from course_lib.gradient_checking import central_difference, complex_step
from course_lib.initialization import small_random
from course_lib.training import update_parameters

TWO_LAYERS = [each for each in EQUATIONS.values() if each.id.startswith(("two_layer.", "training."))]
GRADIENTS = [equation for equation in TWO_LAYERS if equation.variable]
SIZES = ("n0", "n1", "n2", "m")

seeds = st.integers(0, 2**32 - 1)
any_sizes = st.tuples(*[st.integers(1, 6)] * 4)
different_sizes = st.permutations(range(1, 7)).map(lambda order: tuple(order[:4]))
one_of_them_is_1 = st.tuples(st.integers(0, 3), st.permutations(range(2, 7))).map(
    lambda drawn: tuple(1 if k == drawn[0] else drawn[1][k] for k in range(4))
)
shapes = any_sizes | different_sizes | one_of_them_is_1


def draw(sizes, seed):
    """Draw a network with data and run it by formulas of numpy alone; no unit comes near saturation."""
    n0, n1, n2, m = sizes
    rng = np.random.default_rng(seed)
    v = {
        "X": rng.uniform(-2, 2, (n0, m)),
        "Y": rng.integers(0, 2, (n2, m)).astype(float),
        "W1": rng.uniform(-1, 1, (n1, n0)) / n0,
        "b1": rng.uniform(-0.5, 0.5, (n1, 1)),
        "W2": rng.uniform(-1, 1, (n2, n1)) / n1,
        "b2": rng.uniform(-0.5, 0.5, (n2, 1)),
    }
    v["Z1"] = v["W1"] @ v["X"] + v["b1"]
    v["A1"] = np.tanh(v["Z1"])
    v["Z2"] = v["W2"] @ v["A1"] + v["b2"]
    v["A2"] = 1 / (1 + np.exp(-v["Z2"]))
    v["dA2"] = (v["A2"] - v["Y"]) / (v["A2"] * (1 - v["A2"]))
    v["dZ2"] = v["A2"] - v["Y"]
    v["dA1"] = np.einsum("ki,kj->ij", v["W2"], v["dZ2"])
    v["dZ1"] = v["dA1"] / np.cosh(v["Z1"]) ** 2
    for array in v.values():
        array.flags.writeable = False
    v["parameters"] = {name: v[name] for name in PARAMETERS}
    v["cache"] = {name: v[name] for name in CACHE}
    return v


def cost_from(variable, v):
    """Return J as a function of one array of the network, the others held where they are or following from it."""

    def cost(theta):
        now = {**v, variable: theta}
        if variable == "A2":
            return -np.sum(v["Y"] * np.log(theta) + (1 - v["Y"]) * np.log(1 - theta)) / v["Y"].shape[1]
        if variable in ("W1", "b1"):
            now["Z1"] = now["W1"] @ now["X"] + now["b1"]
        if variable in ("W1", "b1", "Z1"):
            now["A1"] = np.tanh(now["Z1"])
        if variable != "Z2":
            now["Z2"] = now["W2"] @ now["A1"] + now["b2"]
        return np.sum(np.log(1 + np.exp(now["Z2"])) - v["Y"] * now["Z2"]) / v["Y"].shape[1]

    return cost


def gradient_of(equation, v):
    return equation.function(*(v[name] for name in equation.arguments))


def times(equation, v):
    """Return by what ∂J is to be multiplied: column j of a loss gradient is ∂L_j, which is m ∂J."""
    return v["Y"].shape[1] if equation.of == "L" else 1


def arrays_in(result):
    """Return the arrays of a result: one array, a dict of them, or a tuple of both."""
    if isinstance(result, tuple):
        return [array for part in result for array in arrays_in(part)]
    return list(result.values()) if isinstance(result, dict) else [result]


def test_the_registry_has_all_eight_gradients_of_the_two_layers():
    assert [equation.name for equation in GRADIENTS] == ["dA2", "dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1"]


@pytest.mark.parametrize("equation", GRADIENTS, ids=lambda equation: equation.id)
@settings(max_examples=40, deadline=None)
@given(sizes=shapes, seed=seeds)
def test_a_gradient_is_the_complex_step_gradient_of_the_cost(equation, sizes, seed):
    v = draw(sizes, seed)
    numerical = times(equation, v) * complex_step(cost_from(equation.variable, v), v[equation.variable])
    # The absolute term is the rounding of a sum that cancels: a few units in the last place of its terms.
    np.testing.assert_allclose(gradient_of(equation, v), numerical, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("equation", GRADIENTS, ids=lambda equation: equation.id)
@settings(max_examples=25, deadline=None)
@given(sizes=shapes, seed=seeds)
def test_a_gradient_is_the_central_difference_of_the_cost(equation, sizes, seed):
    v = draw(sizes, seed)
    numerical = times(equation, v) * central_difference(cost_from(equation.variable, v), v[equation.variable])
    # The absolute term is what the difference itself loses: ε² f'''/6 + rounding/ε, times m.
    np.testing.assert_allclose(gradient_of(equation, v), numerical, rtol=1e-7, atol=5e-9)


@pytest.mark.parametrize("equation", GRADIENTS, ids=lambda equation: equation.id)
@pytest.mark.parametrize("size", SIZES)
def test_a_gradient_is_right_where_one_size_is_1(equation, size):
    sizes = [1 if name == size else n for name, n in zip(SIZES, (3, 4, 2, 5), strict=True)]
    v = draw(sizes, seed=7)
    numerical = times(equation, v) * complex_step(cost_from(equation.variable, v), v[equation.variable])
    np.testing.assert_allclose(gradient_of(equation, v), numerical, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("equation", GRADIENTS, ids=lambda equation: equation.id)
def test_a_gradient_has_the_shape_of_its_variable(equation):
    v = draw((3, 4, 2, 5), seed=0)
    assert gradient_of(equation, v).shape == v[equation.variable].shape


def test_a_gradient_that_is_5_in_10000_off_would_be_noticed():
    v = draw((3, 4, 2, 5), seed=0)
    wrong = two_layer.dW2(v["dZ2"], v["A1"])
    wrong[1, 2] *= 1.0005
    numerical = complex_step(cost_from("W2", v), v["W2"])
    assert not np.allclose(wrong, numerical, rtol=1e-10, atol=1e-14)
    assert not np.allclose(wrong, numerical, rtol=1e-7, atol=5e-9)


@settings(max_examples=40, deadline=None)
@given(sizes=shapes, seed=seeds)
def test_back_propagation_returns_the_complex_step_gradient_of_every_parameter(sizes, seed):
    v = draw(sizes, seed)
    grads = two_layer.backward_propagation(v["parameters"], v["cache"], v["X"], v["Y"])
    assert list(grads) == list(GRADS)
    for name in PARAMETERS:
        numerical = complex_step(cost_from(name, v), v[name])
        np.testing.assert_allclose(grads["d" + name], numerical, rtol=1e-10, atol=1e-14)


@settings(max_examples=40, deadline=None)
@given(sizes=shapes, seed=seeds)
def test_the_batch_is_the_loop_over_its_examples(sizes, seed):
    v = draw(sizes, seed)
    m = sizes[3]
    A2, cache = two_layer.forward_propagation(v["X"], v["parameters"])
    grads = two_layer.backward_propagation(v["parameters"], cache, v["X"], v["Y"])
    gathered = {name: np.zeros(array.shape) for name, array in grads.items()}
    costs = 0.0
    for j in range(m):
        x, y = v["X"][:, [j]], v["Y"][:, [j]]
        a2, one = two_layer.forward_propagation(x, v["parameters"])
        for name, array in one.items():
            np.testing.assert_allclose(cache[name][:, [j]], array, rtol=1e-12, atol=1e-15)
        costs += two_layer.cost(a2, y) / m
        for name, array in two_layer.backward_propagation(v["parameters"], one, x, y).items():
            gathered[name] += array / m
    np.testing.assert_allclose(two_layer.cost(A2, v["Y"]), costs, rtol=1e-12)
    for name, array in grads.items():
        np.testing.assert_allclose(array, gathered[name], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", ["dA2", "dZ2", "dA1", "dZ1"])
@settings(max_examples=20, deadline=None)
@given(sizes=shapes, seed=seeds)
def test_column_j_of_a_loss_gradient_belongs_to_example_j_alone(name, sizes, seed):
    v = draw(sizes, seed)
    equation = EQUATIONS[f"two_layer.{name}"]
    whole = gradient_of(equation, v)
    for j in range(sizes[3]):
        alone = {n: v[n][:, [j]] if equation.arguments[n][-1] == "m" else v[n] for n in equation.arguments}
        np.testing.assert_allclose(whole[:, [j]], equation.function(**alone), rtol=1e-12, atol=1e-15)


@settings(max_examples=40, deadline=None)
@given(sizes=shapes, seed=seeds)
def test_the_forward_pass_is_what_plain_loops_give_entry_by_entry(sizes, seed):
    v = draw(sizes, seed)
    n0, n1, n2, m = sizes
    A2, cache = two_layer.forward_propagation(v["X"], v["parameters"])
    assert list(cache) == list(CACHE)
    for j in range(m):
        hidden = []
        for i in range(n1):
            z = float(v["b1"][i, 0])
            for k in range(n0):
                z += float(v["W1"][i, k]) * float(v["X"][k, j])
            hidden.append(math.tanh(z))
            assert cache["Z1"][i, j] == pytest.approx(z, rel=1e-12, abs=1e-14)
            assert cache["A1"][i, j] == pytest.approx(hidden[i], rel=1e-12, abs=1e-14)
        for i in range(n2):
            z = float(v["b2"][i, 0])
            for k in range(n1):
                z += float(v["W2"][i, k]) * hidden[k]
            assert cache["Z2"][i, j] == pytest.approx(z, rel=1e-12, abs=1e-14)
            assert A2[i, j] == cache["A2"][i, j] == pytest.approx(1 / (1 + math.exp(-z)), rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(sizes=shapes, seed=seeds)
def test_the_cost_sums_over_outputs_and_averages_over_examples(sizes, seed):
    v = draw(sizes, seed)
    _, _, n2, m = sizes
    total = 0.0
    for j in range(m):
        for i in range(n2):
            total -= math.log(v["A2"][i, j] if v["Y"][i, j] else 1 - v["A2"][i, j])
    value = two_layer.cost(v["A2"], v["Y"])
    assert np.shape(value) == ()
    assert float(value) == pytest.approx(total / m, rel=1e-12)


@pytest.mark.parametrize("equation", TWO_LAYERS, ids=lambda equation: equation.id)
def test_no_equation_changes_its_inputs(equation):
    v = draw((3, 4, 2, 5), seed=1)
    v["grads"] = two_layer.backward_propagation(v["parameters"], v["cache"], v["X"], v["Y"])
    v["learning_rate"] = 0.5
    for array in v["grads"].values():
        array.flags.writeable = False
    before = {name: dict(value) if isinstance(value, dict) else value for name, value in v.items()}
    equation.function(*(v[name] for name in equation.arguments))  # a write to an array would raise
    for name, value in before.items():
        if isinstance(value, dict):
            assert list(v[name]) == list(value)
            assert all(v[name][key] is array for key, array in value.items())


@pytest.mark.parametrize("equation", TWO_LAYERS, ids=lambda equation: equation.id)
def test_arrays_of_float32_stay_float32(equation):
    v = {name: value.astype(np.float32) for name, value in draw((3, 4, 2, 5), 1).items() if not isinstance(value, dict)}
    v["parameters"] = {name: v[name] for name in PARAMETERS}
    v["cache"] = {name: v[name] for name in CACHE}
    v["grads"] = {"d" + name: v[name] for name in PARAMETERS}
    v["learning_rate"] = 0.5
    result = equation.function(*(v[name] for name in equation.arguments))
    # A scalar is left out: before numpy 2 a scalar divided by an integer becomes float64.
    assert {array.dtype for array in arrays_in(result) if np.ndim(array)} <= {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("function", "one", "other"),
    [
        (two_layer.dW2, (2, 5), (4, 6)),
        (two_layer.dW1, (4, 5), (3, 6)),
        (two_layer.dA1, (2, 4), (3, 5)),
    ],
)
def test_arrays_that_do_not_fit_are_refused(function, one, other):
    with pytest.raises(ValueError):
        function(np.ones(one), np.ones(other))


@pytest.mark.parametrize("layer", [two_layer.Z1, two_layer.Z2])
def test_weights_that_do_not_fit_the_layer_below_are_refused(layer):
    with pytest.raises(ValueError):
        layer(np.ones((4, 3)), np.ones((4, 1)), np.ones((2, 5)))


def test_a_step_against_the_gradient_lowers_the_cost():
    v = draw((3, 4, 2, 5), seed=3)
    grads = two_layer.backward_propagation(v["parameters"], v["cache"], v["X"], v["Y"])
    A2, _ = two_layer.forward_propagation(v["X"], update_parameters(v["parameters"], grads, 0.1))
    assert two_layer.cost(A2, v["Y"]) < two_layer.cost(v["A2"], v["Y"])


@given(sizes=any_sizes, seed=seeds)
def test_initial_parameters_have_the_shapes_of_the_registry_and_no_bias(sizes, seed):
    lengths = dict(zip(SIZES, sizes, strict=True), **{"1": 1})
    parameters = small_random(*sizes[:3], seed=seed)
    assert {name: array.shape for name, array in parameters.items()} == {
        name: tuple(lengths[symbol] for symbol in shape) for name, shape in PARAMETERS.items()
    }
    assert not parameters["b1"].any()
    assert not parameters["b2"].any()


def test_initial_weights_are_small_normal_different_and_the_same_for_the_same_seed():
    parameters = small_random(40, 50, 30, seed=5)
    for name in ("W1", "W2"):
        assert np.std(parameters[name]) == pytest.approx(0.01, rel=0.1)
        assert abs(np.mean(parameters[name])) < 0.002
        assert len(np.unique(parameters[name], axis=0)) == len(parameters[name])
        np.testing.assert_array_equal(parameters[name], small_random(40, 50, 30, seed=5)[name])
        assert not np.array_equal(parameters[name], small_random(40, 50, 30, seed=6)[name])
        np.testing.assert_allclose(small_random(40, 50, 30, seed=5, scale=1.0)[name], 100 * parameters[name])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"b1": np.zeros(4)}, r"b1 must have the shape \(4, 1\), not \(4,\)"),
        ({"W2": np.zeros((1, 3))}, r"W2 must have the shape \(n, 4\), not \(1, 3\)"),
        ({"W3": np.zeros((1, 1)), "b3": np.zeros((1, 1))}, "parameters must be W1, b1, W2 and b2"),
        ({"X": np.zeros((2, 5))}, r"X must have the shape \(3, m\), not \(2, 5\)"),
        ({"X": np.zeros((3, 0))}, "X is empty"),
        ({"X": np.full((3, 5), np.nan)}, r"X must be finite, but entry \(0, 0\)"),
        ({"Y": np.zeros(5)}, r"Y must have the shape \(1, 5\), not \(5,\)"),
        ({"Y": np.full((1, 5), 2.0)}, "labels between 0 and 1"),
    ],
)
def test_the_network_says_in_one_sentence_what_does_not_fit(change, says):
    given = {"W1": np.ones((4, 3)), "b1": np.ones((4, 1)), "W2": np.ones((1, 4)), "b2": np.ones((1, 1))}
    X, Y = change.pop("X", np.ones((3, 5))), change.pop("Y", np.ones((1, 5)))
    parameters = {**given, **change}
    with pytest.raises(ValueError, match=says):
        two_layer.backward_propagation(parameters, two_layer.forward_propagation(X, parameters)[1], X, Y)
