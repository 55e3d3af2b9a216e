"""The second oracle: right answers without the reference and without a formula for a gradient.

A gradient is taken by the complex step through a forward pass: Im f(θ + ih) / h for a tiny h is the derivative to
machine precision, as long as f is made of functions that take complex numbers. What is no gradient is computed entry by
entry, with plain Python numbers and exact sums. Nothing here imports the reference.
"""

import ast
import math
from collections.abc import Callable, Container, Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Values = Mapping[str, Any]
TINY = 1e-30


def _softplus(z: Array) -> Any:
    """Return log(1 + e^z) without overflow, also of complex numbers."""
    small = np.where(np.real(z) > 0, -z, z)
    return np.where(np.real(z) > 0, z, 0) + np.log1p(np.exp(small))


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.where(np.real(z) > 0, z, 0),
    "magnitude": lambda z: np.where(np.real(z) > 0, z, -z),
    "softplus": _softplus,
}
"""What the code of a forward pass may use beside numpy: functions that take complex numbers."""


def derivative(f: Callable[[Any], Any], theta: Array) -> Array:
    """Return the derivative of a number by each entry of an array, by the complex step."""
    theta = np.asarray(theta, float)
    found = np.empty(theta.shape)
    for k in np.ndindex(theta.shape):
        moved = theta.astype(complex)
        moved[k] += 1j * TINY
        found[k] = np.imag(np.sum(f(moved))) / TINY
    return found


def central(f: Callable[[Any], Any], theta: Array, h: float = 1e-5) -> Array:
    """Return the derivative by central differences, for functions of real numbers; rounding counts as 0."""
    theta = np.asarray(theta, float)
    found = np.empty(theta.shape)
    for k in np.ndindex(theta.shape):
        step = np.zeros(theta.shape)
        step[k] = h
        above, below = float(np.sum(f(theta + step))), float(np.sum(f(theta - step)))
        found[k] = (above - below) / (2 * h) if abs(above - below) > 1e-14 * (abs(above) + 1) else 0.0
    return found


class Network:
    """A network, described by its forward pass in Python; gradients are taken of its last step."""

    def __init__(self, examples: str = "", /, helpers: str = "", **steps: str) -> None:
        """Describe it.

        Parameters
        ----------
        examples : the array whose columns are the examples, where the last step is the mean over them
        helpers : definitions of functions that the steps call
        steps : by the name of what they compute, the steps in order
        """
        self._examples = examples
        self.names: dict[str, Any] = {"np": np, **FUNCTIONS}
        exec(helpers, self.names)
        trees = {name: ast.parse(text, mode="eval") for name, text in steps.items()}
        self._steps = {name: compile(tree, f"<{name}>", "eval") for name, tree in trees.items()}
        *_, self._last = self._steps
        self._uses = {name: {n.id for n in ast.walk(t) if isinstance(n, ast.Name)} for name, t in trees.items()}

    def run(self, values: Values) -> dict[str, Any]:
        """Return the values with those of all steps."""
        now = {**self.names, **values}
        for name, code in self._steps.items():
            now[name] = eval(code, now)
        return {name: now[name] for name in (*values, *self._steps)}

    def moved_by(self, variable: str, held: Container[str] = ()) -> list[str]:
        """Return the steps, in order, that depend on an array; one that is held passes nothing on."""
        moved, found = {variable}, list[str]()
        for name, uses in self._uses.items():
            if name != variable and name not in held and moved & uses:
                moved.add(name)
                found.append(name)
        return found

    def forward(self, values: Values, variable: str, theta: Array, held: Container[str] = ()) -> Any:
        """Return the last step with one array replaced; steps that do not depend on it keep their values.

        Steps that are held stay too.
        """
        now = {**self.names, **values, variable: theta}
        for name in self.moved_by(variable, held):
            now[name] = eval(self._steps[name], now)
        return now[self._last]

    def gradient(
        self, variable: str, *, each: bool = False, held: Container[str] = (), by: Callable[..., Array] = derivative
    ) -> Callable[[Values], Array]:
        """Return the oracle of a gradient by one array; of each example's own loss, with columns of its own."""

        def oracle(values: Values) -> Array:
            found = by(lambda theta: self.forward(values, variable, theta, held), values[variable])
            return found * values[self._examples].shape[1] if each and self._examples else found

        return oracle


def slopes(f: Callable[[Any], Any]) -> Callable[[Values], Array]:
    """Return the oracle of a function's derivative at every entry of z."""
    return lambda v: derivative(f, v["z"])


def entries(f: Callable[[Any], Any]) -> Callable[[Values], Array]:
    """Return the oracle that applies a function of one plain number to each entry of z."""
    return lambda v: each_entry(f, v["z"])


def each_entry(f: Callable[..., Any], *arrays: Array) -> Array:
    """Apply a function of plain numbers to the entries of arrays of one shape."""
    shape = np.shape(arrays[0])
    rows = zip(*(np.asarray(array, float).ravel().tolist() for array in arrays), strict=True)
    return np.array([f(*row) for row in rows]).reshape(shape)


def weighted(W: Array, b: Any, A: Array) -> Array:
    """Return W A + b, every entry an exact sum."""
    b = np.broadcast_to(b, (len(W), 1))[:, 0].tolist()
    columns = [
        [math.fsum([*map(float.__mul__, row, column), c]) for row, c in zip(W.tolist(), b, strict=True)]
        for column in A.T.tolist()
    ]
    return np.array(columns).T


def sigmoid(z: float) -> float:
    """Return the logistic function of a number."""
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))


def cross_entropy(a: float, y: float) -> float:
    """Return the loss of a prediction of a label that is 0 or 1."""
    return -math.log(a if y else 1 - a)


def mean_over_columns(losses: Array) -> float:
    """Return the sum of all entries, exactly, by the number of columns."""
    return math.fsum(losses.ravel().tolist()) / int(losses.shape[1])


def moved(v: Values) -> dict[str, Array]:
    """Return parameters after a step of gradient descent."""
    return {
        name: each_entry(lambda t, d: math.fsum((t, -v["learning_rate"] * d)), theta, v["grads"][f"d{name}"])
        for name, theta in v["parameters"].items()
    }
