"""Questions on the two-layer network with one example (ps3)."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.core.mistakes import Function, Mistake, after
from autograder.core.question import Case, Formula, Question, Values, different_sizes, of_equation
from autograder.core.questions.backwards import known, telling, through
from autograder.core.questions.two_layer import cost_as_function_of, two_layer_pass
from course_lib import one_example
from course_lib.activations import tanh_prime
from course_lib.arrays import Array
from course_lib.equations import equation
from course_lib.gradient_checking import complex_step


def one_example_pass(sizes: Mapping[str, int], rng: np.random.Generator) -> dict[str, Any]:
    """Draw a two-layer network with one example, and run it forwards and backwards.

    The arrays go by their names in a batch, of m = 1, and by those of one example, `W1` and `w1`. No unit is saturated,
    so that a single entry of a gradient keeps its digits.
    """
    batch = two_layer_pass(**sizes, m=1, rng=rng)
    while np.abs(batch["Z1"]).max() > 4 or np.abs(batch["Z2"]).max() > 5:
        batch = two_layer_pass(**sizes, m=1, rng=rng)
    arrays = {name: value for name, value in batch.items() if isinstance(value, np.ndarray)}
    return {**arrays, **{name.lower(): value for name, value in arrays.items()}}


@lru_cache(maxsize=16)
def draw(seed: int) -> tuple[Case, ...]:
    """Draw the cases of a seed: two with all sizes different, one with n2 = 1, one with n1 = 1, and the square one."""
    rng = np.random.default_rng([seed, 3])
    names = ("n0", "n1", "n2")
    drawn = [different_sizes(rng, *names, **fixed) for fixed in ({}, {}, {"n2": 1}, {"n1": 1})]
    square = dict.fromkeys(names, 3)
    cases = [Case(sizes, one_example_pass(sizes, rng)) for sizes in drawn]
    return (*cases, Case(square, one_example_pass(square, rng), "square"))


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


def _of_loss(name: str, values: Values) -> Array:
    """Return the gradient of the loss by one array of the network, by the complex step through all of it."""
    batch = name if name.startswith("b") else name.upper()
    return complex_step(cost_as_function_of(batch, values), values[batch])


def _gradient(name: str) -> Callable[[Values], Array]:
    return lambda values: _of_loss(name, values)


def _scaled(right: Function) -> tuple[Mistake, ...]:
    """Return the mistakes of a wrong factor, and of a result that is turned."""
    return (
        after("sign-flipped", right, lambda r, m: -r),
        after("factor-of-two", right, lambda r, m: 2 * r),
        after("factor-of-two", right, lambda r, m: r / 2),
        after("transposed", right, lambda r, m: r.T),
    )


def _gathered(right: Function) -> tuple[Mistake, ...]:
    """Return the mistakes of a gradient whose entries belong to units of their own, and are averaged or added up."""
    return (
        Mistake("divided-by-wrong-size", lambda *given: right(*given) / len(given[-1])),
        Mistake("summed-too-early", lambda *given: np.sum(right(*given))),
        Mistake("summed-too-early", lambda *given: np.mean(right(*given))),
        Mistake("keepdims-dropped", lambda *given: np.ravel(right(*given))),
    )


def _outer(right: Function) -> tuple[Mistake, ...]:
    """Return the mistakes of dw(dz, a) = dz a^T."""
    return (
        *_scaled(right),
        Mistake("divided-by-wrong-size", lambda dz, a: dz @ a.T / len(dz)),
        Mistake("divided-by-wrong-size", lambda dz, a: dz @ a.T / len(a)),
        Mistake("divided-by-wrong-size", lambda dz, a: dz @ a.T / (len(dz) * len(a))),
        Mistake("transpose-missing", lambda dz, a: dz.T @ a),
        Mistake("elementwise-for-matmul", lambda dz, a: dz * a),
        Mistake("elementwise-for-matmul", lambda dz, a: np.sum(dz * a)),
        Mistake("factor-missing", lambda dz, a: dz),
        Mistake("factor-missing", lambda dz, a: a.T),
        Mistake("factor-missing", lambda dz, a: np.ones_like(dz) @ a.T),
        Mistake("factor-missing", lambda dz, a: dz @ np.ones_like(a).T),
        Mistake("every-path-counted", lambda dz, a: np.sum(dz) * np.ones_like(dz) @ a.T),
        Mistake("every-path-counted", lambda dz, a: np.sum(dz) * a.T),
        Mistake("one-step-too-far", lambda dz, a: dz @ (1 - a**2).T),
        Mistake("one-step-too-far", lambda dz, a: dz @ (a * (1 - a)).T),
    )


def _unchanged(right: Function) -> tuple[Mistake, ...]:
    """Return the mistakes of db(dz) = dz."""
    return (
        *_scaled(right),
        after("keepdims-dropped", right, lambda r, m: r.ravel()),
        Mistake("divided-by-wrong-size", lambda dz: dz / len(dz)),
        Mistake("summed-wrong-axis", lambda dz: np.sum(dz, axis=0, keepdims=True), "E16"),
        Mistake("summed-wrong-axis", lambda dz: np.mean(dz)),
        Mistake("factor-missing", lambda dz: np.ones_like(dz)),
        Mistake("factor-missing", lambda dz: np.eye(len(dz))),
        Mistake("factor-twice", lambda dz: dz**2),
        Mistake("one-step-too-far", lambda dz: dz * (1 - dz**2)),
    )


_da2, _dz2, _da1, _dz1 = one_example.da2, one_example.dz2, one_example.da1, one_example.dz1

_COLUMNS = (
    (np.array([[0.7], [-0.4], [1.3]]), np.array([[-1.1], [0.6], [0.3]])),
    (np.array([[0.5]]), np.array([[-0.9]])),
)
_PREDICTIONS = (
    (np.array([[0.7], [0.2], [0.4]]), np.array([[1.0], [0.0], [1.0]])),
    (np.array([[0.6]]), np.array([[0.0]])),
)
"""Samples of what dz1, and da2 and dz2, take."""

_LIBRARY: dict[str, tuple[Mistake, ...]] = {
    "one_example.da2": telling((*_scaled(_da2), *_gathered(_da2), *known("one_example.da")), _da2, *_PREDICTIONS),
    "one_example.dz2": telling((*_scaled(_dz2), *_gathered(_dz2), *known("one_example.dz")), _dz2, *_PREDICTIONS),
    "one_example.dw2": _outer(one_example.dw2),
    "one_example.db2": _unchanged(one_example.db2),
    "one_example.da1": (
        *_scaled(_da1),
        *_gathered(_da1),
        Mistake("divided-by-wrong-size", lambda w2, dz2: w2.T @ dz2 / w2.shape[1]),
        Mistake("transpose-missing", lambda w2, dz2: w2 @ dz2, "E8"),
        Mistake("factors-swapped", lambda w2, dz2: dz2 @ w2),
        Mistake("factors-swapped", lambda w2, dz2: dz2 @ w2.T),
        Mistake("elementwise-for-matmul", lambda w2, dz2: w2 * dz2),
        Mistake("elementwise-for-matmul", lambda w2, dz2: w2.T * dz2),
        Mistake("elementwise-for-matmul", lambda w2, dz2: w2.T * dz2.T),
        Mistake("summed-wrong-axis", lambda w2, dz2: np.sum(w2 * dz2, axis=1, keepdims=True)),
        Mistake("factor-missing", lambda w2, dz2: np.sum(w2, axis=0, keepdims=True).T),
        Mistake("factor-missing", lambda w2, dz2: np.ones_like(w2).T @ dz2),
        Mistake("factor-missing", lambda w2, dz2: w2.T),
        Mistake("factor-missing", lambda w2, dz2: dz2),
    ),
    "one_example.dz1": telling(
        (*_scaled(_dz1), *through(tanh_prime, "activations.tanh_prime")[:-2], *_gathered(_dz1)), _dz1, *_COLUMNS
    ),
    "one_example.dw1": _outer(one_example.dw1),
    "one_example.db1": _unchanged(one_example.db1),
}

_ENTRY = (
    Mistake("sign-flipped", lambda dz, a, i, j: -dz[i, 0] * a[j, 0]),
    Mistake("factor-of-two", lambda dz, a, i, j: 2 * dz[i, 0] * a[j, 0]),
    Mistake("factor-of-two", lambda dz, a, i, j: dz[i, 0] * a[j, 0] / 2),
    Mistake("wrong-index", lambda dz, a, i, j: dz[j, 0] * a[i, 0]),
    Mistake("wrong-index", lambda dz, a, i, j: dz[i, 0] * a[i, 0]),
    Mistake("wrong-index", lambda dz, a, i, j: dz[j, 0] * a[j, 0]),
    Mistake("wrong-index", lambda dz, a, i, j: dz[i, 0] * a[0, 0]),
    Mistake("wrong-index", lambda dz, a, i, j: dz[0, 0] * a[j, 0]),
    Mistake("counted-from-one", lambda dz, a, i, j: dz[i - 1, 0] * a[j - 1, 0]),
    Mistake("counted-from-one", lambda dz, a, i, j: dz[i + 1, 0] * a[j + 1, 0]),
    Mistake("entry-not-picked", lambda dz, a, i, j: dz @ a.T),
    Mistake("entry-not-picked", lambda dz, a, i, j: (dz @ a.T)[i]),
    Mistake("entry-not-picked", lambda dz, a, i, j: (dz @ a.T)[:, j]),
    Mistake("entry-not-picked", lambda dz, a, i, j: dz[i] * a),
    Mistake("entry-not-picked", lambda dz, a, i, j: dz[i] * a.T),
    Mistake("entry-not-picked", lambda dz, a, i, j: dz * a[j]),
    Mistake("entry-not-picked", lambda dz, a, i, j: np.sum(dz @ a.T)),
    Mistake("factor-missing", lambda dz, a, i, j: dz[i, 0]),
    Mistake("factor-missing", lambda dz, a, i, j: a[j, 0]),
    Mistake("every-path-counted", lambda dz, a, i, j: np.sum(dz) * a[j, 0]),
    Mistake("every-path-counted", lambda dz, a, i, j: dz[i, 0] * np.sum(a)),
    Mistake("divided-by-wrong-size", lambda dz, a, i, j: dz[i, 0] * a[j, 0] / len(dz)),
    Mistake("divided-by-wrong-size", lambda dz, a, i, j: dz[i, 0] * a[j, 0] / len(a)),
    Mistake("one-step-too-far", lambda dz, a, i, j: dz[i, 0] * (1 - a[j, 0] ** 2)),
)


def _entry(v: Values) -> Any:
    return _of_loss(v["names"][0], v)[v["i"], v["j"]]


def _z_by_w(dz: Array, a_prev: Array) -> Any:
    """Return ∂z_k/∂w_ij: a_j where k = i, and 0 elsewhere."""
    return np.einsum("ki,j->kij", np.eye(len(dz)), a_prev[:, 0])


def _terms(dz: Array, a_prev: Array, z_by_w: Array) -> Any:
    return dz[:, :, np.newaxis] * z_by_w


def _summed(terms: Array) -> Any:
    return np.sum(terms, axis=0)


def _as_it_is(lines: dict[str, Any]) -> dict[str, Any]:
    return lines


def _proof(
    z_by_w: Function = _z_by_w,
    terms: Function = _terms,
    summed: Function = _summed,
    outer: Function = one_example.dw1,
    shown: Function = _as_it_is,
) -> Function:
    """Return the lines of the index proof with some of them replaced; what comes after a wrong line follows it.

    `shown` changes what is returned, and nothing else.
    """

    def proof(dz: Array, a_prev: Array) -> Any:
        first = z_by_w(dz, a_prev)
        second = terms(dz, a_prev, first)
        return shown({"z_by_w": first, "terms": second, "summed": summed(second), "outer": outer(dz, a_prev)})

    return proof


def _in_other_order(*axes: int, of: tuple[str, ...]) -> Function:
    """Return what turns the axes of some lines, and leaves the others as they are."""

    def turned(lines: dict[str, Any]) -> dict[str, Any]:
        return {**lines, **{name: np.transpose(lines[name], axes) for name in of}}

    return turned


def _line(name: str, id: str, function: Function) -> Mistake:
    return Mistake(id, _proof(**{name: function}), where=name)


_PROOF = (
    _line("z_by_w", "every-path-counted", lambda dz, a: np.ones((len(dz), len(dz), 1)) * a[:, 0]),
    _line("z_by_w", "factor-missing", lambda dz, a: _z_by_w(dz, np.ones_like(a))),
    _line("z_by_w", "sign-flipped", lambda dz, a: -_z_by_w(dz, a)),
    _line("z_by_w", "factor-of-two", lambda dz, a: 2 * _z_by_w(dz, a)),
    *(
        Mistake("axes-in-wrong-order", _proof(shown=_in_other_order(*axes, of=of)), where=of[0])
        for of in (("z_by_w", "terms"), ("z_by_w",), ("terms",))
        for axes in ((1, 2, 0), (2, 0, 1))
    ),
    Mistake("index-missing", _proof(shown=lambda lines: {**lines, "z_by_w": _summed(lines["z_by_w"])}), where="z_by_w"),
    _line("terms", "factor-missing", lambda dz, a, T: T),
    _line("terms", "factor-missing", lambda dz, a, T: _terms(dz, a, _z_by_w(dz, np.ones_like(a)))),
    _line("terms", "factor-twice", lambda dz, a, T: _terms(dz, a, T) * a[:, 0]),
    _line("terms", "factor-twice", lambda dz, a, T: _terms(dz, a, _terms(dz, a, T))),
    _line("terms", "sign-flipped", lambda dz, a, T: -_terms(dz, a, T)),
    _line("terms", "factor-of-two", lambda dz, a, T: 2 * _terms(dz, a, T)),
    _line("terms", "every-path-counted", lambda dz, a, T: np.ones((len(dz), 1)) * (dz @ a.T)[:, np.newaxis]),
    _line("terms", "every-path-counted", lambda dz, a, T: np.sum(dz) * T),
    Mistake("summed-too-early", _proof(shown=lambda lines: {**lines, "terms": lines["summed"]}), where="terms"),
    _line("summed", "summed-wrong-axis", lambda terms: np.sum(terms, axis=2)),
    _line("summed", "summed-wrong-axis", np.sum),
    _line("summed", "divided-by-wrong-size", lambda terms: np.mean(terms, axis=0)),
    _line("summed", "sign-flipped", lambda terms: -_summed(terms)),
    _line("summed", "factor-of-two", lambda terms: 2 * _summed(terms)),
    _line("summed", "transposed", lambda terms: _summed(terms).T),
    _line("summed", "not-summed", _as_it_is),
    *(_line("outer", mistake.id, mistake.function) for mistake in _outer(one_example.dw1)),
)


def _proof_by_complex_steps(v: Values) -> dict[str, Array]:
    W, b, Z = v["names"]

    def z(k: int) -> Callable[[Array], Any]:
        return lambda weights: (weights @ v["a_prev"] + v[b])[k, 0]

    z_by_w = np.array([complex_step(z(k), v[W]) for k in range(len(v[b]))])
    dz, dw = _of_loss(Z, v), _of_loss(W, v)
    terms = np.array([dz[k, 0] * row for k, row in enumerate(z_by_w)])
    return {"z_by_w": z_by_w, "terms": terms, "summed": dw, "outer": dw}


QUESTIONS: tuple[Question, ...] = (
    *(of_equation(id, _gradient(str(equation(id).variable)), draw, mistakes) for id, mistakes in _LIBRARY.items()),
    of_equation("one_example.dw_entry", _entry, draw_entries, _ENTRY),
    Formula(
        id="proof_dw",
        reference=_proof(),
        second=_proof_by_complex_steps,
        draw=draw_layers,
        arguments=("dz", "a_prev"),
        layout={name: name for name in ("z_by_w", "terms", "summed", "outer")},
        mistakes=_PROOF,
        reads="one_example.dw_entry",
    ),
)
