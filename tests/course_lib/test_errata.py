"""Six published formulas: the right form is the numerical gradient, and the printed one is caught."""

import inspect
import re

import numpy as np
import pytest

from course_lib import deep, errata
from course_lib.gradient_checking import complex_step, relative_error

IDS = ("E1", "E3", "E8", "E9", "E16", "E17")
DIFFERENT = {"n0": 3, "n1": 4, "n2": 2, "m": 5}
ACTIVATIONS = ("sigmoid", "sigmoid")


def network(n0, n1, n2, m, seed=0):
    """Draw a two-layer network of sigmoids with data, and run it forwards and backwards."""
    rng = np.random.default_rng(seed)
    parameters = {
        "W1": rng.standard_normal((n1, n0)),
        "b1": rng.standard_normal((n1, 1)),
        "W2": rng.standard_normal((n2, n1)),
        "b2": rng.standard_normal((n2, 1)),
    }
    X, Y = rng.standard_normal((n0, m)), rng.integers(0, 2, (n2, m)).astype(float)
    A2, ((_, Z1), ((A1, _, _), _)) = deep.forward_propagation(X, parameters, ACTIVATIONS)
    return {"X": X, "Y": Y, "parameters": parameters, "Z1": Z1, "A1": A1, "A2": A2, "dZ2": A2 - Y}


def arguments(id, v):
    W2, A1, dZ2 = v["parameters"]["W2"], v["A1"], v["dZ2"]
    return {
        "E1": (W2, A1, v["A2"], v["Y"]),
        "E3": (W2, A1, v["A2"], v["Y"], v["X"]),
        "E8": (W2, dZ2, v["Z1"]),
        "E9": (dZ2,),
        "E16": (dZ2,),
        "E17": (A1, dZ2),
    }[id]


def gradient(id, v):
    """Return the gradient that a formula is to be, by the complex step through the network's cost.

    At A1 and Z1 it is the gradient of each example's own loss: m times that of the cost.
    """
    X, Y, parameters = v["X"], v["Y"], v["parameters"]
    m = X.shape[1]

    def cost_from_Z1(Z1):
        return cost_from_A1(deep.A(Z1, "sigmoid"))

    def cost_from_A1(A1):
        return deep.cost(deep.A(deep.Z(parameters["W2"], parameters["b2"], A1), "sigmoid"), Y)

    def cost_by(name):
        return lambda theta: deep.cost_of_network(X, Y, {**parameters, name: theta}, ACTIVATIONS)

    if id == "E1":
        return m * complex_step(cost_from_A1, v["A1"])
    if id == "E8":
        return m * complex_step(cost_from_Z1, v["Z1"])
    name = {"E3": "W1", "E9": "b2", "E16": "b2", "E17": "W2"}[id]
    return complex_step(cost_by(name), parameters[name])


def how_it_fails(id, v):
    """Say by what the printed form is caught: an exception, the shape, the numbers, or nothing."""
    truth = gradient(id, v)
    try:
        printed = getattr(errata, f"published_{id}")(*arguments(id, v))
    except ValueError:
        return "exception"
    if printed.shape != truth.shape:
        return "shape"
    return "numbers" if relative_error(printed, truth) > 1e-3 else "nothing"


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("sizes", [{}, {"m": 1}, {"n2": 1}, dict.fromkeys(DIFFERENT, 3)], ids=str)
@pytest.mark.parametrize("id", IDS)
def test_the_right_form_is_the_complex_step_gradient(id, sizes, seed):
    v = network(**{**DIFFERENT, **sizes}, seed=seed)
    found, truth = getattr(errata, id)(*arguments(id, v)), gradient(id, v)
    assert found.shape == truth.shape
    np.testing.assert_allclose(found, truth, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(
    ("id", "caught"),
    [
        ("E1", "exception"),
        ("E3", "exception"),
        ("E8", "exception"),
        ("E9", "numbers"),
        ("E16", "shape"),
        ("E17", "exception"),
    ],
)
def test_with_sizes_all_different_the_printed_form_is_caught(id, caught):
    assert how_it_fails(id, network(**DIFFERENT)) == caught


@pytest.mark.parametrize(
    ("id", "sizes", "caught"),
    [
        ("E1", {"n1": 2}, "numbers"),
        ("E1", {"n1": 1}, "numbers"),
        ("E3", {"n1": 2}, "shape"),
        ("E3", {"n1": 2, "m": 3}, "numbers"),
        ("E8", {"n1": 2}, "numbers"),
        ("E9", {"m": 1}, "nothing"),
        ("E16", {"n2": 1}, "shape"),
        ("E16", {"m": 1}, "shape"),
        ("E16", {"n2": 5}, "shape"),
        ("E16", {"n2": 1, "m": 1}, "nothing"),
        ("E17", {"n1": 2}, "shape"),
        ("E17", {"n1": 2, "m": 2}, "numbers"),
    ],
)
def test_with_equal_sizes_it_takes_another_check(id, sizes, caught):
    assert how_it_fails(id, network(**{**DIFFERENT, **sizes})) == caught


def test_the_gradient_of_E9_is_off_by_a_factor_of_m():
    v = network(**DIFFERENT)
    np.testing.assert_allclose(errata.published_E9(v["dZ2"]), 5 * errata.E9(v["dZ2"]), rtol=1e-15)


def test_an_update_with_the_printed_E16_broadcasts_without_a_word():
    v = network(**DIFFERENT)
    b2 = v["parameters"]["b2"]
    assert b2.shape == (2, 1)
    assert (b2 - 0.1 * errata.published_E16(v["dZ2"])).shape == (2, 5)


def test_each_erratum_has_two_functions_with_the_same_arguments():
    functions = {name for name, value in vars(errata).items() if re.fullmatch(r"(published_)?E\d+", name) and value}
    assert functions == {f"{prefix}{id}" for id in IDS for prefix in ("", "published_")}
    for id in IDS:
        right, printed = getattr(errata, id), getattr(errata, f"published_{id}")
        assert list(inspect.signature(right).parameters) == list(inspect.signature(printed).parameters)
