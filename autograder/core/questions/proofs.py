"""Questions on the two proofs of ps5, line by line: why db is a sum, and the gradient by W1 without an index."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.core.mistakes import Function, Mistake
from autograder.core.question import Case, Formula, Question, Values, different_sizes
from autograder.core.questions.layer import (
    BACKWARD,
    DA_PREV,
    DB,
    DW,
    draw_linear,
    dZ_by_complex_steps,
    layer_by_complex_steps,
)
from autograder.core.questions.two_layer import cost_as_function_of, two_layer_pass
from course_lib import deep
from course_lib.activations import tanh, tanh_prime
from course_lib.arrays import Array
from course_lib.gradient_checking import complex_step


def _as_it_is(lines: dict[str, Any]) -> dict[str, Any]:
    return lines


# The proof that db is a sum


def _z_by_b(dZ: Array) -> Any:
    """Return ∂z_kj/∂b_i as [i, k, j]: 1 where k = i, and 0 elsewhere."""
    return np.eye(len(dZ))[:, :, np.newaxis] * np.ones(dZ.shape[1])


def _terms(dZ: Array, z_by_b: Array) -> Any:
    return dZ * z_by_b / dZ.shape[1]


def _over_units(terms: Array, dZ: Array) -> Any:
    return np.sum(terms, axis=1)


def _over_examples(over_units: Array, dZ: Array) -> Any:
    return np.sum(over_units, axis=1, keepdims=True)


def _proof_db(
    z_by_b: Function = _z_by_b,
    terms: Function = _terms,
    over_units: Function = _over_units,
    over_examples: Function = _over_examples,
    by_ones: Function = deep.db,
    shown: Function = _as_it_is,
) -> Function:
    """Return the lines of the proof with some of them replaced; what comes after a wrong line follows it."""

    def proof(dZ: Array) -> Any:
        first = z_by_b(dZ)
        second = terms(dZ, first)
        third = over_units(second, dZ)
        lines = {"z_by_b": first, "terms": second, "over_units": third, "over_examples": over_examples(third, dZ)}
        return shown({**lines, "by_ones": by_ones(dZ)})

    return proof


def _line_of_db(name: str, id: str, function: Function) -> Mistake:
    return Mistake(id, _proof_db(**{name: function}), where=name)


def _turned(*names: str, axes: tuple[int, ...]) -> Function:
    """Return what turns the axes of some lines, and leaves the others as they are."""
    return lambda lines: {**lines, **{name: np.transpose(lines[name], axes) for name in names}}


_PROOF_DB = (
    Mistake(
        "missing-mean", _proof_db(terms=lambda dZ, T: dZ * T, by_ones=lambda dZ: np.sum(dZ, axis=1, keepdims=True))
    ),
    _line_of_db("z_by_b", "every-path-counted", lambda dZ: np.ones((len(dZ), *dZ.shape))),
    _line_of_db("z_by_b", "sign-flipped", lambda dZ: -_z_by_b(dZ)),
    _line_of_db("z_by_b", "factor-of-two", lambda dZ: 2 * _z_by_b(dZ)),
    _line_of_db("z_by_b", "averaged-too-early", lambda dZ: _z_by_b(dZ) / dZ.shape[1]),
    _line_of_db("z_by_b", "wrong-variable", lambda dZ: dZ * _z_by_b(dZ)),
    Mistake(
        "index-missing", _proof_db(shown=lambda lines: {**lines, "z_by_b": lines["z_by_b"][:, :, 0]}), where="z_by_b"
    ),
    *(
        Mistake("axes-in-wrong-order", _proof_db(shown=_turned(*names, axes=axes)), where=names[0])
        for names in (("z_by_b", "terms"), ("z_by_b",), ("terms",))
        for axes in ((2, 0, 1), (0, 2, 1))
    ),
    _line_of_db("terms", "missing-mean", lambda dZ, T: dZ * T),
    _line_of_db("terms", "averaged-twice", lambda dZ, T: dZ * T / dZ.shape[1] ** 2),
    _line_of_db("terms", "mean-over-wrong-axis", lambda dZ, T: dZ * T / len(dZ)),
    _line_of_db("terms", "divided-by-wrong-size", lambda dZ, T: dZ * T / dZ.size),
    _line_of_db("terms", "factor-missing", lambda dZ, T: T / dZ.shape[1]),
    _line_of_db("terms", "every-path-counted", lambda dZ, T: dZ * np.ones_like(T) / dZ.shape[1]),
    _line_of_db("terms", "sign-flipped", lambda dZ, T: -_terms(dZ, T)),
    _line_of_db("terms", "factor-of-two", lambda dZ, T: 2 * _terms(dZ, T)),
    _line_of_db("terms", "factor-twice", lambda dZ, T: dZ * _terms(dZ, T)),
    Mistake("summed-too-early", _proof_db(shown=lambda lines: {**lines, "terms": lines["over_units"]}), where="terms"),
    _line_of_db("over_units", "summed-wrong-axis", lambda terms, dZ: np.sum(terms, axis=2)),
    _line_of_db("over_units", "divided-by-wrong-size", lambda terms, dZ: np.mean(terms, axis=1)),
    _line_of_db("over_units", "missing-mean", lambda terms, dZ: np.sum(terms, axis=1) * dZ.shape[1]),
    _line_of_db("over_units", "sign-flipped", lambda terms, dZ: -np.sum(terms, axis=1)),
    Mistake("not-summed", _proof_db(shown=lambda lines: {**lines, "over_units": lines["terms"]}), where="over_units"),
    Mistake("transposed", _proof_db(shown=_turned("over_units", axes=(1, 0))), where="over_units"),
    *(
        _line_of_db("over_examples", id, function)
        for id, function in (
            ("keepdims-dropped", lambda sums, dZ: np.sum(sums, axis=1)),
            ("averaged-twice", lambda sums, dZ: np.mean(sums, axis=1, keepdims=True)),
            ("missing-mean", lambda sums, dZ: np.sum(sums, axis=1, keepdims=True) * dZ.shape[1]),
            ("summed-wrong-axis", lambda sums, dZ: np.sum(sums, axis=0, keepdims=True)),
            ("summed-wrong-axis", lambda sums, dZ: np.sum(sums, axis=0)),
            ("summed-wrong-axis", lambda sums, dZ: np.sum(sums)),
            ("not-summed", lambda sums, dZ: sums),
            ("transposed", lambda sums, dZ: np.sum(sums, axis=1, keepdims=True).T),
            ("sign-flipped", lambda sums, dZ: -np.sum(sums, axis=1, keepdims=True)),
        )
    ),
    *(_line_of_db("by_ones", m.id, m.function) for m in DB),
    _line_of_db("by_ones", "summed-wrong-axis", lambda dZ: np.ones((1, len(dZ))) @ dZ / dZ.shape[1]),
    _line_of_db("by_ones", "summed-wrong-axis", lambda dZ: dZ.T @ np.ones((len(dZ), 1)) / dZ.shape[1]),
)


def _draw_dZ(seed: int) -> tuple[Case, ...]:
    return tuple(replace(case, sizes={"n": case.sizes["n"], "m": case.sizes["m"]}) for case in draw_linear(seed))


def _proof_db_by_complex_steps(v: Values) -> dict[str, Array]:
    def z(k: int, j: int) -> Callable[[Array], Any]:
        return lambda b: (v["W"] @ v["A_prev"] + b)[k, j]

    (n, m), dZ = v["Z"].shape, dZ_by_complex_steps(v)
    slopes = [[complex_step(z(k, j), v["b"])[:, 0] for j in range(m)] for k in range(n)]
    z_by_b = np.array([[[slopes[k][j][i] for j in range(m)] for k in range(n)] for i in range(n)])
    terms = np.array([[[dZ[k, j] * z_by_b[i, k, j] / m for j in range(m)] for k in range(n)] for i in range(n)])
    over_units = [[math.fsum(terms[i, k, j] for k in range(n)) for j in range(m)] for i in range(n)]
    _, _, db = layer_by_complex_steps(v)
    return {"z_by_b": z_by_b, "terms": terms, "over_units": np.array(over_units), "over_examples": db, "by_ones": db}


# The gradient by W1, by differentials and the trace


def _trace(M: Array, N: Array) -> Any:
    return np.trace(M.T @ N)


def _to_Z1(change: Array, X: Array) -> Any:
    return change @ X


def _to_A1(change: Array, Z1: Array) -> Any:
    return tanh_prime(Z1) * change


def _to_Z2(W2: Array, change: Array) -> Any:
    return W2 @ change


def _mean_trace(M: Array, N: Array) -> Any:
    return _trace(M, N) / M.shape[1]


def _proof_dW1(
    change_of_Z1: Function = _to_Z1,
    change_of_A1: Function = _to_A1,
    change_of_Z2: Function = _to_Z2,
    change_of_J: Function = _mean_trace,
    beside_A1: Function = deep.dA_prev,
    beside_Z1: Function = _to_A1,
    moved: Function = _mean_trace,
    gradient: Function = deep.dW,
) -> Function:
    """Return the lines of the derivation with some of them replaced; what comes after a wrong line follows it."""

    def proof(W2: Array, dZ2: Array, Z1: Array, X: Array, change_of_W1: Array) -> Any:
        to_Z1 = change_of_Z1(change_of_W1, X)
        to_A1 = change_of_A1(to_Z1, Z1)
        to_Z2 = change_of_Z2(W2, to_A1)
        at_A1 = beside_A1(W2, dZ2)
        at_Z1 = beside_Z1(at_A1, Z1)
        return {
            "change_of_Z1": to_Z1,
            "change_of_A1": to_A1,
            "change_of_Z2": to_Z2,
            "change_of_J": change_of_J(dZ2, to_Z2),
            "beside_A1": at_A1,
            "beside_Z1": at_Z1,
            "moved": moved(at_Z1, to_Z1),
            "gradient": gradient(at_Z1, X),
        }

    return proof


def _line_of_dW1(name: str, id: str, function: Function) -> Mistake:
    return Mistake(id, _proof_dW1(**{name: function}), where=name)


_THROUGH_TANH = tuple(m for m in BACKWARD["tanh"] if m.id != "summed-too-early")
_PRODUCT = (
    ("sign-flipped", lambda W, A: -W @ A),
    ("factor-of-two", lambda W, A: 2 * W @ A),
    ("averaged-too-early", lambda W, A: W @ A / A.shape[1]),
    ("transpose-missing", lambda W, A: W.T @ A),
    ("transpose-missing", lambda W, A: W @ A.T),
    ("factors-swapped", lambda W, A: A @ W),
    ("elementwise-for-matmul", lambda W, A: W * A),
    ("transposed", lambda W, A: (W @ A).T),
)
_TRACE: tuple[tuple[str, Function], ...] = (
    ("missing-mean", _trace),
    ("averaged-twice", lambda M, N: _trace(M, N) / M.shape[1] ** 2),
    ("mean-over-wrong-axis", lambda M, N: _trace(M, N) / len(M)),
    ("divided-by-wrong-size", lambda M, N: _trace(M, N) / M.size),
    ("sign-flipped", lambda M, N: -_mean_trace(M, N)),
    ("factor-of-two", lambda M, N: 2 * _mean_trace(M, N)),
    ("factor-of-two", lambda M, N: _mean_trace(M, N) / 2),
    ("transpose-missing", lambda M, N: np.trace(M @ N) / M.shape[1]),
    ("trace-missing", lambda M, N: M.T @ N / M.shape[1]),
    ("trace-missing", lambda M, N: np.sum(M.T @ N) / M.shape[1]),
    ("trace-missing", lambda M, N: np.sum(M @ N.T) / M.shape[1]),
    ("trace-missing", lambda M, N: np.diag(M.T @ N) / M.shape[1]),
    ("not-summed", lambda M, N: M * N / M.shape[1]),
)
_PROOF_DW1 = (
    Mistake(
        "missing-mean",
        _proof_dW1(change_of_J=_trace, moved=_trace, gradient=lambda dZ, X: dZ @ X.T),
    ),
    Mistake(
        "mean-over-wrong-axis",
        _proof_dW1(
            change_of_J=lambda M, N: _trace(M, N) / len(N),
            moved=lambda M, N: _trace(M, N) / len(N),
            gradient=lambda dZ, X: dZ @ X.T / len(X),
        ),
    ),
    *(_line_of_dW1("change_of_Z1", id, function) for id, function in _PRODUCT),
    _line_of_dW1("change_of_A1", "not-first-order", lambda change, Z1: tanh(Z1 + change) - tanh(Z1)),
    _line_of_dW1("change_of_A1", "not-first-order", lambda change, Z1: tanh(change)),
    _line_of_dW1("change_of_A1", "not-first-order", lambda change, Z1: tanh(Z1 + change)),
    *(_line_of_dW1("change_of_A1", m.id, m.function) for m in _THROUGH_TANH),
    *(_line_of_dW1("change_of_Z2", id, function) for id, function in _PRODUCT),
    *(_line_of_dW1("change_of_J", id, function) for id, function in _TRACE),
    *(_line_of_dW1("beside_A1", m.id, m.function) for m in DA_PREV),
    *(_line_of_dW1("beside_Z1", m.id, m.function) for m in _THROUGH_TANH),
    *(_line_of_dW1("moved", id, function) for id, function in _TRACE),
    *(_line_of_dW1("gradient", m.id, m.function) for m in DW),
)


@lru_cache(maxsize=16)
def _draw_changes(seed: int) -> tuple[Case, ...]:
    """Draw two-layer networks, as in ps4, and a small change of W1."""
    rng = np.random.default_rng([seed, 57])
    names = ("n0", "n1", "n2", "m")
    drawn = [different_sizes(rng, *names, **fixed) for fixed in ({}, {}, {"m": 1}, {"n2": 1})]
    cases = []
    for sizes in (*drawn, dict.fromkeys(names, 3)):
        values = two_layer_pass(**sizes, rng=rng)
        change = 0.1 * rng.standard_normal(values["W1"].shape)
        cases.append(Case(sizes, {**values, "change_of_W1": change}))
    return (*cases[:-1], replace(cases[-1], kind="square"))


def _proof_dW1_by_complex_steps(v: Values) -> dict[str, Any]:
    tiny, m = 1e-30, v["Y"].shape[1]

    def along(f: Callable[[Array], Any]) -> Any:
        """Return the derivative of f at W1 in the direction of the change."""
        return np.imag(f(v["W1"] + 1j * tiny * v["change_of_W1"])) / tiny

    def Z1(W1: Array) -> Any:
        return W1 @ v["X"] + v["b1"]

    change_of_J = along(cost_as_function_of("W1", v))
    return {
        "change_of_Z1": along(Z1),
        "change_of_A1": along(lambda W1: np.tanh(Z1(W1))),
        "change_of_Z2": along(lambda W1: v["W2"] @ np.tanh(Z1(W1)) + v["b2"]),
        "change_of_J": change_of_J,
        "beside_A1": complex_step(cost_as_function_of("A1", v), v["A1"]) * m,
        "beside_Z1": complex_step(cost_as_function_of("Z1", v), v["Z1"]) * m,
        "moved": change_of_J,
        "gradient": complex_step(cost_as_function_of("W1", v), v["W1"]),
    }


QUESTIONS: tuple[Question, ...] = (
    Formula(
        id="proof_db",
        reference=_proof_db(),
        second=_proof_db_by_complex_steps,
        draw=_draw_dZ,
        arguments=("dZ",),
        layout={name: name for name in ("z_by_b", "terms", "over_units", "over_examples", "by_ones")},
        mistakes=_PROOF_DB,
        reads="deep.db",
    ),
    Formula(
        id="proof_dW1",
        reference=_proof_dW1(),
        second=_proof_dW1_by_complex_steps,
        draw=_draw_changes,
        arguments=("W2", "dZ2", "Z1", "X", "change_of_W1"),
        layout={
            name: name
            for name in (
                *("change_of_Z1", "change_of_A1", "change_of_Z2", "change_of_J"),
                *("beside_A1", "beside_Z1", "moved", "gradient"),
            )
        },
        mistakes=_PROOF_DW1,
        reads="two_layer.dW1",
    ),
)
