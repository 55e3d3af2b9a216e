"""Questions on the two-layer network with one example (ps3)."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.core.numeric import Network, derivative
from autograder.core.question import Case, Values, drawn
from autograder.core.questions.two_layer import two_layer_pass
from course_lib.arrays import Array


def one_example_pass(rng: np.random.Generator, **sizes: int) -> dict[str, Any]:
    """Draw a two-layer network with one example, and run it forwards and backwards.

    The arrays go by their names in a batch, of m = 1, and by those of one example, `W1` and `w1`. No unit is saturated,
    so that a single entry of a gradient keeps its digits.
    """
    batch = two_layer_pass(**sizes, m=1, rng=rng)
    while np.abs(batch["Z1"]).max() > 4 or np.abs(batch["Z2"]).max() > 5:
        batch = two_layer_pass(**sizes, m=1, rng=rng)
    arrays = {name: value for name, value in batch.items() if isinstance(value, np.ndarray)}
    return {**arrays, **{name.lower(): value for name, value in arrays.items()}}


draw = drawn(3, one_example_pass, "n0 n1 n2", {}, {}, {"n2": 1}, {"n1": 1})

_LAYERS = (("dz2", "a1", "W2", "b2", "Z2"), ("dz1", "x", "W1", "b1", "Z1"))


@lru_cache(maxsize=16)
def draw_layers(seed: int) -> tuple[Case, ...]:
    """Draw one layer at a time, both of each network, as the proof sees them."""
    return tuple(
        Case(
            {"n": len(network.values[dz]), "n_prev": len(network.values[a])},
            {**network.values, "dz": network.values[dz], "a_prev": network.values[a], "names": (W, b, Z)},
            network.kind,
        )
        for network in draw(seed)
        for dz, a, W, b, Z in _LAYERS
    )


@lru_cache(maxsize=16)
def draw_entries(seed: int) -> tuple[Case, ...]:
    """Draw one weight of each layer, in a row and a column with different numbers where there are two."""
    rng = np.random.default_rng([seed, 31])
    cases = []
    for layer in draw_layers(seed):
        n, n_prev = layer.sizes["n"], layer.sizes["n_prev"]
        row, column = int(rng.integers(n)), int(rng.integers(n_prev))
        if row == column:
            row, column = (row, (column + 1) % n_prev) if n_prev > 1 else ((row + 1) % n, column)
        at = {"i": row, "j": column}
        cases.append(Case({**layer.sizes, **at}, {**layer.values, **at}, layer.kind))
    return tuple(cases)


NETWORK = Network(
    z1="w1 @ x + b1",
    a1="np.tanh(z1)",
    z2="w2 @ a1 + b2",
    a2="sigmoid(z2)",
    L="-y * np.log(a2) - (1 - y) * np.log(1 - a2)",
)


def entry(v: Values) -> Any:
    """Return one entry of a gradient by weights."""
    return NETWORK.gradient(v["names"][0].lower())(v)[v["i"], v["j"]]


def proof_by_complex_steps(v: Values) -> dict[str, Array]:
    """Return every line of the index proof, by the complex step."""
    W, b, Z = v["names"]

    def z(k: int) -> Callable[[Array], Any]:
        return lambda weights: (weights @ v["a_prev"] + v[b])[k, 0]

    z_by_w = np.array([derivative(z(k), v[W]) for k in range(len(v[b]))])
    dz, dw = NETWORK.gradient(Z.lower())(v), NETWORK.gradient(W.lower())(v)
    terms = np.array([dz[k, 0] * row for k, row in enumerate(z_by_w)])
    return {"z_by_w": z_by_w, "terms": terms, "summed": dw, "outer": dw}
