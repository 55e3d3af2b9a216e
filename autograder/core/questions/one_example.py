"""Questions on the two-layer network with one example (ps3)."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.core.numeric import Network, derivative
from autograder.core.question import Case, Question, Values, ask, drawn
from autograder.core.questions.neuron import BY_OUTPUT, returning, turned, written
from autograder.core.questions.two_layer import TANH, two_layer_pass
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
    """Draw one layer at a time, out of each network the two: what the proof is about."""
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
_SPREAD = "keepdims-dropped: np.ravel({r})"
_OUTER = """
    transpose-missing: dz.T @ a
    divided-by-wrong-size: dz @ a.T / (len(dz) * len(a))
    factor-missing: np.ones_like(dz) @ a.T | dz @ np.ones_like(a).T
    every-path-counted: np.sum(dz) * np.ones_like(dz) @ a.T | np.sum(dz) * a.T
    one-step-too-far: dz @ (1 - a ** 2).T | dz @ (a * (1 - a)).T
"""
_UNCHANGED = """
    keepdims-dropped: dz.ravel()
    summed-wrong-axis: np.sum(dz, axis=0, keepdims=True) | np.mean(dz)
    factor-missing: np.ones_like(dz) | np.eye(len(dz))
    factor-twice: dz ** 2
    one-step-too-far: dz * (1 - dz ** 2)
"""


def _named(table: str, **names: str) -> str:
    """Return a table with the names of the arguments in it."""
    for name, other in names.items():
        table = re.sub(rf"\b{name}\b", other, table)
    return table


def _entry(v: Values) -> Any:
    return NETWORK.gradient(v["names"][0].lower())(v)[v["i"], v["j"]]


def _proof_by_complex_steps(v: Values) -> dict[str, Array]:
    W, b, Z = v["names"]

    def z(k: int) -> Callable[[Array], Any]:
        return lambda weights: (weights @ v["a_prev"] + v[b])[k, 0]

    z_by_w = np.array([derivative(z(k), v[W]) for k in range(len(v[b]))])
    dz, dw = NETWORK.gradient(Z.lower())(v), NETWORK.gradient(W.lower())(v)
    terms = np.array([dz[k, 0] * row for k, row in enumerate(z_by_w)])
    return {"z_by_w": z_by_w, "terms": terms, "summed": dw, "outer": dw}


PROOF = """
n, n_prev = len(dz), len(a_prev)
z_by_w = np.zeros((n, n, n_prev))
for k in range(n):
    z_by_w[k, k] = a_prev[:, 0]
terms = dz[:, :, np.newaxis] * z_by_w
summed = np.sum(terms, axis=0)
outer = dz @ a_prev.T
return {"z_by_w": z_by_w, "terms": terms, "summed": summed, "outer": outer}
"""
PROOF_AT_ONCE = """
z_by_w = np.eye(len(dz))[:, :, np.newaxis] * a_prev[:, 0]
terms = dz[:, :, np.newaxis] * z_by_w
summed = np.sum(terms, axis=0)
outer = dz @ a_prev.T
return {"z_by_w": z_by_w, "terms": terms, "summed": summed, "outer": outer}
"""

QUESTIONS: tuple[Question, ...] = (
    ask(
        "one_example.da2",
        NETWORK.gradient("a2"),
        draw,
        *written(BY_OUTPUT, a="a2", y="y"),
        also=_SPREAD.format(r="((a2 - y) / (a2 * (1 - a2)))"),
        lines={"": "one_example.da"},
    ),
    ask(
        "one_example.dz2",
        NETWORK.gradient("z2"),
        draw,
        "a2 - y",
        also=_SPREAD.format(r="(a2 - y)"),
        lines={"": "one_example.dz"},
    ),
    ask("one_example.dw2", NETWORK.gradient("w2"), draw, "dz2 @ a1.T", also=_named(_OUTER, dz="dz2", a="a1")),
    ask(
        "one_example.db2",
        NETWORK.gradient("b2"),
        draw,
        "dz2",
        also=_named(_UNCHANGED, dz="dz2"),
        printed={"E16": "np.sum(dz2, axis=0, keepdims=True)"},
    ),
    ask(
        "one_example.da1",
        NETWORK.gradient("a1"),
        draw,
        "w2.T @ dz2",
        also="""
            summed-too-early: np.sum(w2.T @ dz2) | np.mean(w2.T @ dz2)
            divided-by-wrong-size: w2.T @ dz2 / w2.shape[1]
            factor-missing: np.sum(w2, axis=0, keepdims=True).T | np.ones_like(w2).T @ dz2
        """,
        printed={"E8": "w2 @ dz2"},
    ),
    ask(
        "one_example.dz1",
        NETWORK.gradient("z1"),
        draw,
        *written(TANH, dA="da1", Z="z1"),
        also=_SPREAD.format(r="(da1 * (1 - np.tanh(z1) ** 2))"),
        lines={"": "deep.tanh_backward"},
    ),
    ask("one_example.dw1", NETWORK.gradient("w1"), draw, "dz1 @ x.T", also=_named(_OUTER, dz="dz1", a="x")),
    ask(
        "one_example.db1",
        NETWORK.gradient("b1"),
        draw,
        "dz1",
        also=_named(_UNCHANGED, dz="dz1"),
        printed={"E16": "np.sum(dz1, axis=0, keepdims=True)"},
    ),
    ask(
        "one_example.dw_entry",
        _entry,
        draw_entries,
        "dz[i, 0] * a_prev[j, 0]",
        also="""
            wrong-index: dz[j, 0] * a_prev[i, 0] | dz[i, 0] * a_prev[0, 0] | dz[0, 0] * a_prev[j, 0]
            counted-from-one: dz[i - 1, 0] * a_prev[j - 1, 0] | dz[i + 1, 0] * a_prev[j + 1, 0]
            entry-not-picked: dz @ a_prev.T | (dz @ a_prev.T)[i] | (dz @ a_prev.T)[:, j] | dz[i] * a_prev
                | dz[i] * a_prev.T | dz * a_prev[j] | np.sum(dz @ a_prev.T)
            every-path-counted: np.sum(dz) * a_prev[j, 0] | dz[i, 0] * np.sum(a_prev)
            one-step-too-far: dz[i, 0] * (1 - a_prev[j, 0] ** 2)
        """,
    ),
    ask(
        "proof_dw",
        _proof_by_complex_steps,
        draw_layers,
        PROOF_AT_ONCE,
        PROOF,
        also="""
            every-path-counted in z_by_w: np.ones((len(dz), len(dz), 1)) * a_prev[:, 0]
            factor-missing in z_by_w: np.eye(len(dz))[:, :, np.newaxis] * np.ones_like(a_prev)[:, 0]
            factor-missing in terms: dz[:, :, np.newaxis] * np.eye(len(dz))[:, :, np.newaxis] * np.ones(len(a_prev))
            every-path-counted in terms: np.ones((len(dz), 1)) * (dz @ a_prev.T)[:, np.newaxis] | np.sum(dz) * z_by_w
        """,
        whole={
            "axes-in-wrong-order": turned(PROOF_AT_ONCE, ("z_by_w", "terms"), "(1, 2, 0)", "(2, 0, 1)"),
            "index-missing": (returning(PROOF_AT_ONCE, z_by_w="np.sum(z_by_w, axis=0)"),),
            "summed-too-early": (returning(PROOF_AT_ONCE, terms="summed"),),
        },
        lines={"outer": "one_example.dw1"},
        arguments=("dz", "a_prev"),
        layout={name: name for name in ("z_by_w", "terms", "summed", "outer")},
        reads="one_example.dw_entry",
    ),
)
