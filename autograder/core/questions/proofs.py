"""Questions on the two proofs of ps5, line by line: why db is a sum, and the gradient by W1 without an index."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.core.numeric import TINY, derivative
from autograder.core.question import Case, Values, drawn
from autograder.core.questions import layer, two_layer
from course_lib.arrays import Array

# The proof that db is a sum


def draw_dZ(seed: int) -> tuple[Case, ...]:
    """Draw layers as the proof of db sees them."""
    return tuple(replace(case, sizes={"n": case.sizes["n"], "m": case.sizes["m"]}) for case in layer.draw_linear(seed))


def proof_db_by_complex_steps(v: Values) -> dict[str, Array]:
    """Return every line of the proof that db is a sum, by the complex step."""

    def z(k: int, j: int) -> Callable[[Array], Any]:
        return lambda b: (v["W"] @ v["A_prev"] + b)[k, j]

    (n, m), dZ = v["Z"].shape, layer.NETWORK.gradient("Z", each=True)(v)
    slopes = [[derivative(z(k, j), v["b"])[:, 0] for j in range(m)] for k in range(n)]
    z_by_b = np.array([[[slopes[k][j][i] for j in range(m)] for k in range(n)] for i in range(n)])
    terms = np.array([[[dZ[k, j] * z_by_b[i, k, j] / m for j in range(m)] for k in range(n)] for i in range(n)])
    over_units = [[math.fsum(terms[i, k, j] for k in range(n)) for j in range(m)] for i in range(n)]
    db = layer.NETWORK.gradient("b")(v)
    return {"z_by_b": z_by_b, "terms": terms, "over_units": np.array(over_units), "over_examples": db, "by_ones": db}


# The gradient by W1, by differentials and the trace


def _with_change(rng: np.random.Generator, **sizes: int) -> Values:
    """Draw a two-layer network, as in ps4, and a small change of W1."""
    values = two_layer.two_layer_pass(**sizes, rng=rng)
    return {**values, "change_of_W1": 0.1 * rng.standard_normal(values["W1"].shape)}


draw_with_change = drawn(57, _with_change, two_layer.NAMES, *two_layer.CORNERS)


def proof_dW1_by_complex_steps(v: Values) -> dict[str, Any]:
    """Return every line of the proof by differentials, by the complex step."""
    network = two_layer.NETWORK

    def along(f: Callable[[Array], Any]) -> Any:
        """Return the derivative of f at W1 in the direction of the change."""
        return np.imag(f(v["W1"] + 1j * TINY * v["change_of_W1"])) / TINY

    def Z1(W1: Array) -> Any:
        return W1 @ v["X"] + v["b1"]

    change_of_J = along(lambda W1: network.forward(v, "W1", W1))
    return {
        "change_of_Z1": along(Z1),
        "change_of_A1": along(lambda W1: np.tanh(Z1(W1))),
        "change_of_Z2": along(lambda W1: v["W2"] @ np.tanh(Z1(W1)) + v["b2"]),
        "change_of_J": change_of_J,
        "beside_A1": network.gradient("A1", each=True)(v),
        "beside_Z1": network.gradient("Z1", each=True)(v),
        "moved": change_of_J,
        "gradient": network.gradient("W1")(v),
    }
