"""Questions on one neuron, one example and then many (ps1)."""

from functools import lru_cache
from typing import Any

import numpy as np

from autograder.core.numeric import (
    Network,
    cross_entropy,
    each_entry,
    mean_over_columns,
    sigmoid,
    weighted,
)
from autograder.core.question import OPEN, Case, Values, different_sizes, drawn, opened
from course_lib import activations, batch, one_example
from course_lib.arrays import Array


def numbers(rng: np.random.Generator, *shape: int) -> Array:
    """Draw numbers on both sides of zero and away from it, with a negative and a large one where there are several."""
    size = rng.uniform(0.2, 2.5, shape)
    drawn = np.asarray(np.where(rng.random(shape) < 0.5, -size, size))
    if drawn.size > 1:
        drawn.flat[0], drawn.flat[-1] = -rng.uniform(1.5, 2.5), rng.uniform(4, 5)
    return drawn


def any_shape(rng: np.random.Generator) -> list[Case]:
    """Draw z as two matrices, a flat array, and a negative and a positive number; and as a square matrix."""
    sizes = [different_sizes(rng, "n", "m"), different_sizes(rng, "n", "m"), {"n": int(rng.integers(3, 7))}]
    drawn = [Case(size, {"z": numbers(rng, *size.values())}) for size in sizes]
    # "the number" is all there is to say of a case without sizes.
    drawn += [Case({}, {"z": np.array(sign * abs(numbers(rng)))}) for sign in (-1, 1)]
    return [*drawn, Case({"n": 3, "m": 3}, {"z": numbers(rng, 3, 3)}, "square")]


@lru_cache(maxsize=16)
def draw_z(seed: int) -> tuple[Case, ...]:
    """Draw the cases of a function of z that takes any shape."""
    return tuple(any_shape(np.random.default_rng([seed, 101])))


@lru_cache(maxsize=16)
def draw_far_out(seed: int) -> tuple[Case, ...]:
    """Draw z, and two that lie far out, where an exponential overflows."""
    # In one array, so that an answer of 1e-200 for z = -1000 is near enough to 0.
    return (*draw_z(seed), Case({"z[0]": -1000, "z[1]": 1000}, {"z": np.array([-1000.0, 1000.0])}, "extreme"))


def neuron_pass(n0: int, m: int, rng: np.random.Generator) -> dict[str, Any]:
    """Draw a neuron with m examples, and run it forwards and backwards; outputs are `OPEN`.

    Every batch has a negative and a large entry in X, and both labels where m > 1.
    """
    X = rng.standard_normal((n0, m))
    X[0, 0], X[-1, -1] = -2.5, 6.0
    w, b = rng.uniform(0.3, 0.7, (1, n0)) * rng.choice([-1, 1], (1, n0)), rng.uniform(0.4, 1.2, (1, 1))
    Y = rng.integers(0, 2, (1, m)).astype(float)
    Y[0, 0] = 1 - Y[0, -1] if m > 1 else Y[0, 0]
    scale = opened(batch.Z(w, b, X))
    w, b = scale * w, scale * b
    Z = batch.Z(w, b, X)
    A = batch.A(Z)
    return {"w": w, "b": b, "X": X, "Y": Y, "Z": Z, "A": A, "dA": batch.dA(A, Y), "dZ": batch.dZ(A, Y)}


_BATCHES = drawn(102, neuron_pass, "n0 m", {}, {}, {}, {"m": 1})


def draw_batch(seed: int) -> tuple[Case, ...]:
    """Draw three batches with n0 != m, of which the second has a number for b, one with m = 1, and the square one."""
    first, second, *others = _BATCHES(seed)
    number = {**second.values, "b": float(second.values["b"][0, 0])}
    return (first, Case(second.sizes, number), *others)


@lru_cache(maxsize=16)
def draw_one(seed: int) -> tuple[Case, ...]:
    """Draw six single examples, three of each label."""
    rng = np.random.default_rng([seed, 103])
    cases = []
    for label in (0, 1) * 3:
        size = {"n0": int(rng.integers(2, 8))}
        v = neuron_pass(**size, m=1, rng=rng)
        a, y = v["A"], np.array([[float(label)]])
        values = {"w": v["w"], "b": v["b"], "x": v["X"], "y": y, "z": v["Z"], "a": a, "dz": one_example.dz(a, y)}
        cases.append(Case(size, values))
    return tuple(cases)


@lru_cache(maxsize=16)
def draw_one_or_certain(seed: int) -> tuple[Case, ...]:
    """Draw single examples, and add two whose output is certain and wrong: exactly 0 or 1."""
    certain = [
        Case({"a": 1 - y, "y": y}, {"a": activations.sigmoid(z), "y": np.array([[float(y)]]), "z": z}, "extreme")
        for y, z in ((1, np.array([[-1000.0]])), (0, np.array([[1000.0]])))
    ]
    return (*draw_one(seed), *certain)


@lru_cache(maxsize=16)
def draw_losses(seed: int) -> tuple[Case, ...]:
    """Draw predictions and labels as a matrix, a row, a column and a flat array, and as a square matrix."""
    rng = np.random.default_rng([seed, 104])

    def values(*shape: int) -> Values:
        y = rng.integers(0, 2, shape).astype(float)
        y.flat[0] = 1 - y.flat[-1]
        return {"a": rng.uniform(*OPEN, shape), "y": y}

    sizes = [different_sizes(rng, "n", "m", **fixed) for fixed in ({}, {"n": 1}, {"m": 1})]
    cases = [Case(size, values(*size.values())) for size in (*sizes, {"n": int(rng.integers(3, 7))})]
    return (*cases, Case({"n": 3, "m": 3}, values(3, 3), "square"))


EXAMPLE = Network(z="w @ x + b", L="softplus(z) - y * z")
BATCH = Network("Y", Z="w @ X + b", J="np.sum(softplus(Z) - Y * Z) / Y.shape[1]")
LOSS = Network(L="-y * np.log(a) - (1 - y) * np.log(1 - a)")


def forward(v: Values) -> Array:
    """Return the output of a neuron, entry by entry."""
    return each_entry(sigmoid, weighted(v["w"], v["b"], v["X"]))


def propagate(v: Values) -> tuple[dict[str, Array], Any]:
    """Return the gradients and the cost of a neuron, without the reference."""
    v = {**v, "b": np.reshape(v["b"], (1, 1))}
    grads = {f"d{name}": BATCH.gradient(name)(v) for name in ("w", "b")}
    return grads, mean_over_columns(each_entry(cross_entropy, forward(v), v["Y"]))


"""As erratum E39 is printed: a sum above, and a row and a column added below."""
LOSSES = ("-{y} * np.log({a}) - (1 - {y}) * np.log(1 - {a})", "-({y} * np.log({a}) + (1 - {y}) * np.log(1 - {a}))")
COST = (
    f"losses = {LOSSES[0]}\nreturn np.sum(losses) / {{y}}.shape[1]",
    f"m = {{y}}.shape[1]\nlosses = {LOSSES[1]}\nreturn 1 / m * np.sum(losses)",
)
BY_OUTPUT = (
    "-{y} / {a} + (1 - {y}) / (1 - {a})",
    "({a} - {y}) / ({a} * (1 - {a}))",
    "-({y} / {a} - (1 - {y}) / (1 - {a}))",
)
DW = ("{dZ} @ {A}.T / {dZ}.shape[1]", "1 / {A}.shape[1] * np.dot({dZ}, {A}.T)")
DB = (
    "np.sum({dZ}, axis=1, keepdims=True) / {dZ}.shape[1]",
    "1 / {dZ}.shape[1] * np.sum({dZ}, axis=1, keepdims=True)",
    "np.mean({dZ}, axis=1, keepdims=True)",
)


def written(texts: tuple[str, ...], **names: str) -> tuple[str, ...]:
    """Return the ways to write a formula, with the names of its arguments put in."""
    return tuple(text.format(**names) for text in texts)


def returning(code: str, **lines: str) -> str:
    """Return a code with some of its lines changed where they are returned, and nowhere else."""
    for name, text in lines.items():
        code = code.replace(f'"{name}": {name}', f'"{name}": {text}')
    return code


def turned(code: str, names: tuple[str, str], *orders: str) -> tuple[str, ...]:
    """Return a code with the axes of two lines, or of one, in another order where they are returned."""
    first, second = names
    found = []
    for order in orders:
        one, two = ({name: f"np.transpose({name}, {order})"} for name in (first, second))
        found += [returning(code, **one, **two), returning(code, **one), returning(code, **two)]
    return tuple(found)
