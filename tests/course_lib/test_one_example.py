"""One example: every gradient against the complex step of its own loss, and the entry that survives of the sum."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import one_example
from course_lib.gradient_checking import central_difference, complex_step

sizes = st.tuples(*[st.integers(1, 6)] * 3) | st.permutations(range(1, 7)).map(lambda order: tuple(order[:3]))
seeds = st.integers(0, 2**32 - 1)


def draw(n0, n1, n2, seed):
    """Draw the network and one example, and run it by formulas of numpy alone."""
    rng = np.random.default_rng(seed)
    v = {
        "x": rng.uniform(-2, 2, (n0, 1)),
        "y": rng.integers(0, 2, (n2, 1)).astype(float),
        "w1": rng.uniform(-1, 1, (n1, n0)) / n0,
        "b1": rng.uniform(-0.5, 0.5, (n1, 1)),
        "w2": rng.uniform(-1, 1, (n2, n1)) / n1,
        "b2": rng.uniform(-0.5, 0.5, (n2, 1)),
    }
    v["z1"] = v["w1"] @ v["x"] + v["b1"]
    v["a1"] = np.tanh(v["z1"])
    v["z2"] = v["w2"] @ v["a1"] + v["b2"]
    v["a2"] = 1 / (1 + np.exp(-v["z2"]))
    v["dz2"] = v["a2"] - v["y"]
    v["da1"] = np.einsum("ki,kj->ij", v["w2"], v["dz2"])
    v["dz1"] = v["da1"] / np.cosh(v["z1"]) ** 2
    return v


def loss_from(variable, v):
    """Return L as a function of one array of the network, the others held where they are or following from it."""

    def loss(theta):
        now = {**v, variable: theta}
        if variable == "a2":
            return -np.sum(v["y"] * np.log(theta) + (1 - v["y"]) * np.log(1 - theta))
        if variable in ("w1", "b1"):
            now["z1"] = now["w1"] @ now["x"] + now["b1"]
        if variable in ("w1", "b1", "z1"):
            now["a1"] = np.tanh(now["z1"])
        if variable != "z2":
            now["z2"] = now["w2"] @ now["a1"] + now["b2"]
        return np.sum(np.log(1 + np.exp(now["z2"])) - v["y"] * now["z2"])

    return loss


ARGUMENTS = {
    "da2": ("a2", "y"),
    "dz2": ("a2", "y"),
    "dw2": ("dz2", "a1"),
    "db2": ("dz2",),
    "da1": ("w2", "dz2"),
    "dz1": ("da1", "z1"),
    "dw1": ("dz1", "x"),
    "db1": ("dz1",),
}


@pytest.mark.parametrize("name", ARGUMENTS)
@settings(max_examples=30, deadline=None)
@given(n=sizes, seed=seeds)
def test_a_gradient_of_the_network_is_that_of_the_loss(name, n, seed):
    v = draw(*n, seed)
    gradient = getattr(one_example, name)(*(v[argument] for argument in ARGUMENTS[name]))
    variable = name[1:]
    assert gradient.shape == v[variable].shape
    np.testing.assert_allclose(gradient, complex_step(loss_from(variable, v), v[variable]), rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(gradient, central_difference(loss_from(variable, v), v[variable]), rtol=1e-7, atol=2e-9)


@settings(max_examples=40, deadline=None)
@given(n0=st.integers(1, 6), seed=seeds)
def test_the_gradients_of_the_neuron_are_those_of_its_loss(n0, seed):
    v = draw(n0, 1, 1, seed)
    w, b, x, y = v["w1"], v["b1"], v["x"], v["y"]
    z = one_example.z(w, b, x)
    a = one_example.a(z)
    dz = one_example.dz(a, y)

    def loss_of(z):
        return np.sum(np.log(1 + np.exp(z)) - y * z)

    def loss_of_a(a):
        return np.sum(one_example.loss(a, y))

    checks = [
        (one_example.da(a, y), loss_of_a, a),
        (dz, loss_of, z),
        (one_example.dw(dz, x), lambda theta: loss_of(theta @ x + b), w),
        (one_example.db(dz), lambda theta: loss_of(w @ x + theta), b),
    ]
    for gradient, function, at in checks:
        assert gradient.shape == at.shape
        np.testing.assert_allclose(gradient, complex_step(function, at), rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(gradient, central_difference(function, at), rtol=1e-7, atol=2e-9)


def test_the_neuron_by_hand():
    w, b, x, y = np.array([[2.0, -1.0]]), np.array([[0.5]]), np.array([[1.0], [3.0]]), np.array([[1.0]])
    z = one_example.z(w, b, x)
    assert z.item() == -0.5
    a = one_example.a(z)
    assert a.item() == pytest.approx(1 / (1 + math.exp(0.5)), rel=1e-15)
    assert one_example.loss(a, y).item() == pytest.approx(math.log(1 + math.exp(0.5)), rel=1e-15)
    dz = one_example.dz(a, y)
    np.testing.assert_allclose(one_example.dw(dz, x), [[dz.item(), 3 * dz.item()]], rtol=1e-15)


@given(n=st.integers(1, 5), n_prev=st.integers(1, 5), seed=seeds)
def test_dw_entry_is_the_entry_of_the_outer_product(n, n_prev, seed):
    rng = np.random.default_rng(seed)
    dz, a_prev = rng.standard_normal((n, 1)), rng.standard_normal((n_prev, 1))
    whole = one_example.dw2(dz, a_prev)
    for i, j in np.ndindex(n, n_prev):
        entry = one_example.dw_entry(dz, a_prev, i, j)
        assert np.ndim(entry) == 0
        assert entry == whole[i, j]


def test_dw_entry_refuses_a_row_that_is_not_there():
    with pytest.raises(IndexError):
        one_example.dw_entry(np.ones((2, 1)), np.ones((3, 1)), 2, 0)


@pytest.mark.parametrize("z", [1000.0, -1000.0])
def test_far_from_zero_the_neuron_stays_finite(z):
    a = one_example.a(np.array([[z]]))
    assert one_example.dz(a, np.array([[1.0]])).item() == (0.0 if z > 0 else -1.0)


def test_float32_stays_float32():
    v = {name: array.astype(np.float32) for name, array in draw(3, 4, 2, 0).items()}
    for name, arguments in ARGUMENTS.items():
        assert getattr(one_example, name)(*(v[argument] for argument in arguments)).dtype == np.float32
    assert one_example.z(v["w1"], v["b1"], v["x"]).dtype == np.float32
