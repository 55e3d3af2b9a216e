"""Questions on one neuron, one example and then many (ps1)."""

from functools import lru_cache
from typing import Any

import numpy as np

from autograder.core.numeric import (
    Network,
    cross_entropy,
    each_entry,
    entries,
    mean_over_columns,
    sigmoid,
    slopes,
    weighted,
)
from autograder.core.question import Case, Question, Values, ask, different_sizes, drawn
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
def _draw_far_out(seed: int) -> tuple[Case, ...]:
    # In one array, so that an answer of 1e-200 for z = -1000 is near enough to 0.
    return (*draw_z(seed), Case({"z[0]": -1000, "z[1]": 1000}, {"z": np.array([-1000.0, 1000.0])}, "extreme"))


def neuron_pass(n0: int, m: int, rng: np.random.Generator) -> dict[str, Any]:
    """Draw a neuron with m examples, and run it forwards and backwards; outputs stay away from 0 and 1.

    Every batch has a negative and a large entry in X, and both labels where m > 1.
    """
    X = rng.standard_normal((n0, m))
    X[0, 0], X[-1, -1] = -2.5, 6.0
    w, b = rng.uniform(0.3, 0.7, (1, n0)) * rng.choice([-1, 1], (1, n0)), rng.uniform(0.4, 1.2, (1, 1))
    Y = rng.integers(0, 2, (1, m)).astype(float)
    Y[0, 0] = 1 - Y[0, -1] if m > 1 else Y[0, 0]
    Z = batch.Z(w, b, X)
    A = batch.A(Z)
    return {"w": w, "b": b, "X": X, "Y": Y, "Z": Z, "A": A, "dA": batch.dA(A, Y), "dZ": batch.dZ(A, Y)}


_BATCHES = drawn(102, neuron_pass, "n0 m", {}, {}, {}, {"m": 1})


def _draw_batch(seed: int) -> tuple[Case, ...]:
    """Draw three batches with n0 != m, of which the second has a number for b, one with m = 1, and the square one."""
    first, second, *others = _BATCHES(seed)
    number = {**second.values, "b": float(second.values["b"][0, 0])}
    return (first, Case(second.sizes, number), *others)


@lru_cache(maxsize=16)
def _draw_one(seed: int) -> tuple[Case, ...]:
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
def _draw_one_or_certain(seed: int) -> tuple[Case, ...]:
    """Draw single examples, and add two whose output is certain and wrong: exactly 0 or 1."""
    certain = [
        Case({"a": 1 - y, "y": y}, {"a": activations.sigmoid(z), "y": np.array([[float(y)]]), "z": z}, "extreme")
        for y, z in ((1, np.array([[-1000.0]])), (0, np.array([[1000.0]])))
    ]
    return (*_draw_one(seed), *certain)


@lru_cache(maxsize=16)
def _draw_losses(seed: int) -> tuple[Case, ...]:
    """Draw predictions and labels as a matrix, a row, a column and a flat array, and as a square matrix."""
    rng = np.random.default_rng([seed, 104])

    def values(*shape: int) -> Values:
        y = rng.integers(0, 2, shape).astype(float)
        y.flat[0] = 1 - y.flat[-1]
        return {"a": rng.uniform(0.05, 0.95, shape), "y": y}

    sizes = [different_sizes(rng, "n", "m", **fixed) for fixed in ({}, {"n": 1}, {"m": 1})]
    cases = [Case(size, values(*size.values())) for size in (*sizes, {"n": int(rng.integers(3, 7))})]
    return (*cases, Case({"n": 3, "m": 3}, values(3, 3), "square"))


EXAMPLE = Network(z="w @ x + b", L="softplus(z) - y * z")
BATCH = Network("Y", Z="w @ X + b", J="np.sum(softplus(Z) - Y * Z) / Y.shape[1]")
LOSS = Network(L="-y * np.log(a) - (1 - y) * np.log(1 - a)")


def _forward(v: Values) -> Array:
    return each_entry(sigmoid, weighted(v["w"], v["b"], v["X"]))


def _propagate(v: Values) -> tuple[dict[str, Array], Any]:
    v = {**v, "b": np.reshape(v["b"], (1, 1))}
    grads = {f"d{name}": BATCH.gradient(name)(v) for name in ("w", "b")}
    return grads, mean_over_columns(each_entry(cross_entropy, _forward(v), v["Y"]))


PROPAGATE = """
m = X.shape[1]
A = 1 / (1 + np.exp(-(w @ X + b)))
cost = np.sum(-Y * np.log(A) - (1 - Y) * np.log(1 - A)) / m
dZ = A - Y
dW = dZ @ X.T / m
db = np.sum(dZ, axis=1, keepdims=True) / m
return {"dw": dW, "db": db}, cost
"""
AS_IN_E39 = """
m = X.shape[1]
A = 1 / (1 + np.exp(-(w @ X + b)))
cost = np.sum(-Y * np.log(A) - (1 - Y) * np.log(1 - A)) / m
e = np.exp(w @ X + b)
ratio = np.sum(e) / (np.ones_like(e) + e.T)
dW = (ratio @ X.T - Y @ X.T) / m
db = (np.sum(ratio, axis=1, keepdims=True) - np.sum(Y)) / m
return {"dw": dW, "db": db}, cost
"""
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


QUESTIONS: tuple[Question, ...] = (
    ask(
        "activations.sigmoid",
        entries(sigmoid),
        _draw_far_out,
        "1 / (1 + np.exp(-z))",
        "np.exp(z) / (1 + np.exp(z))",
        "e = np.exp(-np.abs(z))\nreturn np.where(z < 0, e, 1) / (1 + e)",
        also="""
            sign-flipped: 1 / (1 - np.exp(z))
            term-missing: np.exp(-z)
            function-missing: 1 / (1 + z)
            wrong-operation: 1 - (1 + np.exp(-z)) | 1 + 1 + np.exp(-z)
            zero-everywhere: 0 / (1 + np.exp(-z))
        """,
    ),
    ask(
        "activations.sigmoid_prime",
        slopes(lambda z: 1 / (1 + np.exp(-z))),
        draw_z,
        "a = sigmoid(z)\nreturn a * (1 - a)",
        "sigmoid(z) * (1 - sigmoid(z))",
        "np.exp(-z) / (1 + np.exp(-z)) ** 2",
        also="""
            activation-for-its-derivative: sigmoid(z)
            zero-everywhere: sigmoid(z) * 1 - sigmoid(z)
            wrong-bracket: np.exp(-z) / 1 + np.exp(-z) ** 2
            matmul-for-elementwise: np.dot(sigmoid(z), 1 - sigmoid(z))
        """,
    ),
    ask(
        "losses.bce_loss",
        lambda v: each_entry(cross_entropy, v["a"], v["y"]),
        _draw_losses,
        *written(LOSSES, a="a", y="y"),
        also="""
            factors-swapped-in-loss: -y * np.log(1 - a) - (1 - y) * np.log(a)
                | -a * np.log(y + 1e-300) - (1 - a) * np.log(1 - y + 1e-300)
            wrong-bracket: -y * np.log(a) - 1 - y * np.log(1 - a) | -y * np.log(a) + 1 - y * np.log(1 - a)
                | -y * np.log(a) - (1 - y) * np.log(1) - a
            wrong-logarithm: -y * np.log2(a) - (1 - y) * np.log2(1 - a) | -y * np.log10(a) - (1 - y) * np.log10(1 - a)
            term-missing: y * np.log(a) | -np.log(a) - (1 - y) * np.log(1 - a)
            function-missing: -y * a - (1 - y) * (1 - a)
            wrong-function: -y * np.exp(a) - (1 - y) * np.exp(1 - a)
            wrong-argument: -a * np.log(a) - (1 - a) * np.log(1 - a)
            zero-everywhere: y * np.log(a) * (1 - y) * np.log(1 - a)
            derivative-for-the-function: bce_prime(a, y)
            wrong-loss: (a - y) ** 2 | (a - y) ** 2 / 2 | np.abs(a - y) | a - y | ((a > 0.5) != y) * 1.0
            matmul-for-elementwise: -(y @ np.log(a).T) - (1 - y) @ np.log(1 - a).T
                | -(y.T @ np.log(a)) - (1 - y).T @ np.log(1 - a) | -(y @ np.log(a)) - (1 - y) @ np.log(1 - a)
        """,
    ),
    ask(
        "one_example.z",
        lambda v: weighted(v["w"], v["b"], v["x"]),
        _draw_one,
        "w @ x + b",
        also="""
            elementwise-for-matmul: w * x + b
            factor-missing: np.sum(x) + b | np.sum(w) + b
            wrong-function: sigmoid(w @ x + b)
        """,
    ),
    ask(
        "one_example.da",
        LOSS.gradient("a"),
        _draw_one,
        *written(BY_OUTPUT, a="a", y="y"),
        also="""
            term-missing: -1 / a + (1 - y) / (1 - a)
            factors-swapped-in-loss: -y / (1 - a) + (1 - y) / a
            factor-missing: -y / a + (1 - y) | (a - y) / a
            wrong-operation: -y * a + (1 - y) * (1 - a) | -y / a + (1 - a) / (1 - y) | -a / y + (1 - y) / (1 - a)
            zero-everywhere: -y / a * ((1 - y) / (1 - a))
            one-step-too-far: a - y
            function-for-its-derivative: bce_loss(a, y)
            wrong-loss: 2 * (a - y)
        """,
    ),
    ask(
        "one_example.dz",
        EXAMPLE.gradient("z"),
        _draw_one_or_certain,
        "a - y",
        also="""
            activation-derivative-missing: bce_prime(a, y)
            activation-derivative-twice: (a - y) * a * (1 - a)
            wrong-loss: 2 * (a - y) * a * (1 - a)
            wrong-activation: bce_prime(a, y) * (1 - a ** 2) | (a - y) * (1 - a ** 2)
            derivative-of-activation-taken-at-the-wrong-place: bce_prime(a, y) * sigmoid_prime(a)
            factor-missing: bce_prime(a, y) * a | bce_prime(a, y) * (1 - a) | a * (1 - a)
            wrong-bracket: bce_prime(a, y) * a * 1 - a
            wrong-operation: bce_prime(a, y) + a * (1 - a) | a / y
            zero-everywhere: a - a
            function-for-its-derivative: bce_loss(a, y)
            function-missing: 1 / (1 + np.log(a / (1 - a))) - y
        """,
        printed={"E21": "1 / (1 + np.log(a / (1 - a))) - y"},
    ),
    ask(
        "one_example.dw",
        EXAMPLE.gradient("w"),
        _draw_one,
        "dz @ x.T",
        "dz * x.T",
        also="""
            transposed: x @ dz
            factor-missing: x
            rank-one-array: (dz @ x.T).ravel()
            summed-too-early: np.sum(dz * x)
            divided-by-wrong-size: x @ dz / len(x)
        """,
    ),
    ask(
        "batch.forward",
        _forward,
        _draw_batch,
        "1 / (1 + np.exp(-(w @ X + b)))",
        "sigmoid(w @ X + b)",
        also="""
            wrong-bracket: sigmoid(w) @ X + b
            factors-swapped: sigmoid(X @ w.T + b)
            thresholded: (w @ X + b > 0) * 1.0
            divided-by-wrong-size: sigmoid(w @ X / len(X) + b) | sigmoid(w @ X / X.shape[1] + b)
            factor-missing: sigmoid(np.sum(X, axis=0, keepdims=True) + b)
            rank-one-array: sigmoid(w @ X + b).ravel()
        """,
    ),
    ask(
        "batch.cost",
        lambda v: mean_over_columns(each_entry(cross_entropy, v["A"], v["Y"])),
        _draw_batch,
        *written(COST, a="A", y="Y"),
        also="""
            not-summed: bce_loss(A, Y)
            summed-wrong-axis: np.sum(bce_loss(A, Y), axis=0)
            wrong-function: np.max(bce_loss(A, Y)) | np.mean(bce_prime(A, Y))
            sign-flipped: np.mean(bce_loss(A, -Y))
            matmul-for-elementwise: -(Y.T @ np.log(A)) - (1 - Y).T @ np.log(1 - A)
                | (-(Y.T @ np.log(A)) - (1 - Y).T @ np.log(1 - A)) / Y.shape[1]
        """,
        lines={"losses": "losses.bce_loss"},
        printed={"E22": "np.sum(bce_loss(A, Y))"},
    ),
    ask(
        "batch.dW",
        BATCH.gradient("w"),
        _draw_batch,
        *written(DW, dZ="dZ", A="X"),
        also="""
            transposed: X @ dZ.T / X.shape[1]
            not-summed: dZ * X
            rank-one-array: (dZ @ X.T / X.shape[1]).ravel()
            elementwise-for-matmul: np.sum(dZ * X) | np.mean(dZ * X)
            summed-wrong-axis: np.sum(dZ * X, axis=0, keepdims=True) / X.shape[1] | np.sum(dZ * X, axis=0) / X.shape[1]
            factor-missing: np.sum(X, axis=1, keepdims=True).T / X.shape[1]
                | np.sum(dZ, axis=1, keepdims=True) / X.shape[1] | dZ
        """,
        printed={"E31": "dZ * X"},
    ),
    ask(
        "batch.db",
        lambda v: BATCH.gradient("b")({**v, "b": np.reshape(v["b"], (1, 1))}),
        _draw_batch,
        *written(DB, dZ="dZ"),
        also="""
            wrong-function: np.max(dZ, axis=1, keepdims=True)
        """,
        printed={"E4": "dZ", "E16": "np.sum(dZ, axis=0, keepdims=True) / dZ.shape[1]"},
    ),
    ask(
        "batch.propagate",
        _propagate,
        _draw_batch,
        PROPAGATE,
        also="""
            one-step-too-far in dZ: w @ X + b - Y
            wrong-argument in dZ: A - (w @ X + b)
            sign-flipped in dW: -(Y + A) @ X.T / m
        """,
        lines={
            "A": "batch.forward",
            "cost": "losses.bce_loss",
            "dZ": "one_example.dz",
            "dW": "batch.dW",
            "db": "batch.db",
        },
        whole={"wrong-bracket": (AS_IN_E39,)},
        printed={"E39": AS_IN_E39, "E40": "dW: -(Y + A) @ X.T / m"},
        layout=({"dw": 'grads["dw"]', "db": 'grads["db"]'}, "cost"),
    ),
)
