"""Questions on the two proofs of ps5, line by line: why db is a sum, and the gradient by W1 without an index."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.core.numeric import TINY, derivative
from autograder.core.question import Case, Question, Values, ask, drawn
from autograder.core.questions import layer, two_layer
from autograder.core.questions.neuron import returning, turned
from course_lib.arrays import Array

# The proof that db is a sum

PROOF_DB = """
m = dZ.shape[1]
z_by_b = np.eye(len(dZ))[:, :, np.newaxis] * np.ones(m)
terms = dZ * z_by_b / m
over_units = np.sum(terms, axis=1)
over_examples = np.sum(over_units, axis=1, keepdims=True)
by_ones = np.sum(dZ, axis=1, keepdims=True) / m
return {"z_by_b": z_by_b, "terms": terms, "over_units": over_units, "over_examples": over_examples, "by_ones": by_ones}
"""
PROOF_DB_IN_LOOPS = """
n, m = dZ.shape
z_by_b = np.zeros((n, n, m))
for i in range(n):
    z_by_b[i, i] = 1
terms = dZ * z_by_b / m
over_units = np.sum(terms, axis=1)
over_examples = np.sum(over_units, axis=1, keepdims=True)
by_ones = dZ @ np.ones((m, 1)) / m
return {"z_by_b": z_by_b, "terms": terms, "over_units": over_units, "over_examples": over_examples, "by_ones": by_ones}
"""


def _draw_dZ(seed: int) -> tuple[Case, ...]:
    return tuple(replace(case, sizes={"n": case.sizes["n"], "m": case.sizes["m"]}) for case in layer.draw_linear(seed))


def _proof_db_by_complex_steps(v: Values) -> dict[str, Array]:
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

PROOF_DW1 = """
m = X.shape[1]
slope = 1 - np.tanh(Z1) ** 2
change_of_Z1 = change_of_W1 @ X
change_of_A1 = change_of_Z1 * slope
change_of_Z2 = W2 @ change_of_A1
change_of_J = np.trace(dZ2.T @ change_of_Z2) / m
beside_A1 = W2.T @ dZ2
beside_Z1 = beside_A1 * slope
moved = np.trace(beside_Z1.T @ change_of_Z1) / m
gradient = beside_Z1 @ X.T / m
return {
    "change_of_Z1": change_of_Z1,
    "change_of_A1": change_of_A1,
    "change_of_Z2": change_of_Z2,
    "change_of_J": change_of_J,
    "beside_A1": beside_A1,
    "beside_Z1": beside_Z1,
    "moved": moved,
    "gradient": gradient,
}
"""
_DW1_LINES = "change_of_Z1 change_of_A1 change_of_Z2 change_of_J beside_A1 beside_Z1 moved gradient"
_IN_FULL = PROOF_DW1.replace("slope = 1 - np.tanh(Z1) ** 2\n", "").replace("* slope", "* (1 - np.tanh(Z1) ** 2)")


def _with_change(rng: np.random.Generator, **sizes: int) -> Values:
    """Draw a two-layer network, as in ps4, and a small change of W1."""
    values = two_layer.two_layer_pass(**sizes, rng=rng)
    return {**values, "change_of_W1": 0.1 * rng.standard_normal(values["W1"].shape)}


def _proof_dW1_by_complex_steps(v: Values) -> dict[str, Any]:
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


QUESTIONS: tuple[Question, ...] = (
    ask(
        "proof_db",
        _proof_db_by_complex_steps,
        _draw_dZ,
        PROOF_DB,
        PROOF_DB_IN_LOOPS,
        also="""
            missing-mean in m: 1
            every-path-counted in z_by_b: np.ones((len(dZ), *dZ.shape))
            wrong-variable in z_by_b: dZ * (np.eye(len(dZ))[:, :, np.newaxis] * np.ones(m))
            every-path-counted in terms: dZ * np.ones_like(z_by_b) / m
            averaged-twice in over_examples: np.mean(over_units, axis=1, keepdims=True)
            missing-mean in over_units: np.sum(terms, axis=1) * m
            missing-mean in over_examples: np.sum(over_units, axis=1, keepdims=True) * m
            summed-wrong-axis in by_ones: dZ.T @ np.ones((len(dZ), 1)) / m
        """,
        whole={
            "index-missing": (returning(PROOF_DB, z_by_b="z_by_b[:, :, 0]"),),
            "axes-in-wrong-order": turned(PROOF_DB, ("z_by_b", "terms"), "(2, 0, 1)", "(0, 2, 1)"),
            "summed-too-early": (returning(PROOF_DB, terms="over_units"),),
            "not-summed": (returning(PROOF_DB, over_units="terms"),),
        },
        lines={"by_ones": "deep.db"},
        arguments=("dZ",),
        layout={name: name for name in ("z_by_b", "terms", "over_units", "over_examples", "by_ones")},
        reads="deep.db",
    ),
    ask(
        "proof_dW1",
        _proof_dW1_by_complex_steps,
        drawn(57, _with_change, two_layer.NAMES, *two_layer.CORNERS),
        _IN_FULL,
        PROOF_DW1,
        also="""
            missing-mean in m: 1
            not-first-order in change_of_A1: np.tanh(Z1 + change_of_Z1) - np.tanh(Z1) | np.tanh(change_of_Z1)
                | np.tanh(Z1 + change_of_Z1)
        """,
        lines={
            "change_of_A1": "deep.tanh_backward",
            "beside_A1": "deep.dA_prev",
            "beside_Z1": "deep.tanh_backward",
            "gradient": "deep.dW",
        },
        arguments=("W2", "dZ2", "Z1", "X", "change_of_W1"),
        layout={name: name for name in _DW1_LINES.split()},
        reads="two_layer.dW1",
    ),
)
