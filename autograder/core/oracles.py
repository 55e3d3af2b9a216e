"""What is right, found in two independent ways that must agree.

The first oracle is the reference formula. The second never uses it: for a gradient it differentiates the cost of the
whole network by the complex step; for anything else it goes entry by entry with plain Python numbers.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.core.cases import Case, Values
from autograder.core.compare import same
from autograder.core.layout import layout_of, parts
from course_lib import two_layer
from course_lib.arrays import Array
from course_lib.equations import EQUATIONS, Equation
from course_lib.gradient_checking import complex_step


class OracleDisagreement(Exception):
    """The two oracles do not agree: the grader is wrong, not the student."""


_FORWARD: tuple[tuple[str, Callable[[Values], Array]], ...] = (
    ("Z1", lambda v: two_layer.Z1(v["W1"], v["b1"], v["X"])),
    ("A1", lambda v: two_layer.A1(v["Z1"])),
    ("Z2", lambda v: two_layer.Z2(v["W2"], v["b2"], v["A1"])),
    ("A2", lambda v: two_layer.A2(v["Z2"])),
)
_FIRST_STEP_AFTER = {"X": 0, "W1": 0, "b1": 0, "Z1": 1, "A1": 2, "W2": 2, "b2": 2, "Z2": 3, "A2": 4}


def cost_as_function_of(variable: str, values: Values) -> Callable[[Array], Any]:
    """Return the cost J as a function of one array of the network, the others held where they are."""

    def cost(theta: Array) -> Any:
        now = {**values, variable: theta}
        for name, step in _FORWARD[_FIRST_STEP_AFTER[variable] :]:
            now[name] = step(now)
        return two_layer.cost(now["A2"], now["Y"])

    return cost


def numerical_gradient(equation: Equation, values: Values) -> Array:
    """Return the gradient that an equation claims to compute, by the complex step through the whole network.

    Column j of a per-example gradient (`of="L"`) is ∂L_j; since example j has its own columns, that is m ∂J.
    """
    assert equation.variable is not None, equation.id
    gradient = complex_step(cost_as_function_of(equation.variable, values), values[equation.variable])
    return gradient * values["Y"].shape[1] if equation.of == "L" else gradient


def _entries(shape: tuple[int, ...], entry: Callable[[int, int], float]) -> Array:
    return np.array([[entry(i, j) for j in range(shape[1])] for i in range(shape[0])])


def _forward_by_hand(v: Values) -> dict[str, Array]:
    m = v["X"].shape[1]

    def weighted_input(W: Array, b: Array, A: Array) -> Array:
        return _entries(
            (len(W), m), lambda i, j: math.fsum(float(W[i, k]) * float(A[k, j]) for k in range(len(A))) + float(b[i, 0])
        )

    Z1 = weighted_input(v["W1"], v["b1"], v["X"])
    A1 = _entries(Z1.shape, lambda i, j: math.tanh(Z1[i, j]))
    Z2 = weighted_input(v["W2"], v["b2"], A1)
    A2 = _entries(Z2.shape, lambda i, j: 1 / (1 + math.exp(-Z2[i, j])))
    return {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}


def _cost_by_hand(v: Values) -> Array:
    losses = [-math.log(a if y else 1 - a) for a, y in zip(v["A2"].flat, v["Y"].flat, strict=True)]
    return np.array(math.fsum(losses) / v["Y"].shape[1])


def _update_by_hand(v: Values) -> dict[str, Array]:
    return {
        name: _entries(theta.shape, lambda i, j: theta[i, j] - v["learning_rate"] * v["grads"]["d" + name][i, j])  # noqa: B023
        for name, theta in v["parameters"].items()
    }


def _forward_parts(v: Values) -> dict[str, Array]:
    cache = _forward_by_hand(v)
    return {"A2": cache["A2"], **{f'cache["{name}"]': array for name, array in cache.items()}}


_BY_HAND: dict[str, Callable[[Values], dict[str, Array]]] = {
    "two_layer.Z1": lambda v: {"": _forward_by_hand(v)["Z1"]},
    "two_layer.A1": lambda v: {"": _forward_by_hand(v)["A1"]},
    "two_layer.Z2": lambda v: {"": _forward_by_hand(v)["Z2"]},
    "two_layer.A2": lambda v: {"": _forward_by_hand(v)["A2"]},
    "two_layer.forward_propagation": _forward_parts,
    "two_layer.cost": lambda v: {"": _cost_by_hand(v)},
    "two_layer.backward_propagation": lambda v: {
        name: numerical_gradient(EQUATIONS[f"two_layer.{name}"], v) for name in ("dW1", "db1", "dW2", "db2")
    },
    "training.update_parameters": _update_by_hand,
}


def reference(equation: Equation, case: Case) -> dict[str, Array]:
    """Return the right parts by the reference formula."""
    value = equation.function(*case.arguments(equation).values())
    return {name: np.asarray(array) for name, array in parts(layout_of(equation.id), value).items()}


def second_opinion(equation: Equation, case: Case) -> dict[str, Array]:
    """Return the right parts without the reference formula."""
    if equation.id in _BY_HAND:
        return _BY_HAND[equation.id](case.values)
    return {"": numerical_gradient(equation, case.values)}


def right_answer(equation: Equation, case: Case) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the right parts by both oracles.

    Raises
    ------
    OracleDisagreement
        If they differ by more than the tolerance for answers.
    """
    first, second = reference(equation, case), second_opinion(equation, case)
    for name, array in first.items():
        if not same(array, second[name]):
            raise OracleDisagreement(f"{equation.id} {name}: the reference and the second oracle differ")
    return first, second
