"""Measure what the course claims about speed: `make bench`.

Times on one machine mean little on another, so only ratios are printed. The two sides of a ratio take turns, and the
median over the turns is reported.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib import two_layer
from course_lib.gradient_checking import complex_step
from course_lib.initialization import small_random
from course_lib.training import update_parameters

TURNS = 31


def ratio(slow: Callable[[], Any], fast: Callable[[], Any], repeat: int = 1) -> float:
    """Return how many times longer one takes than the other: the median over turns that both take."""

    def seconds(work: Callable[[], Any]) -> float:
        started = time.perf_counter()
        for _ in range(repeat):
            work()
        return time.perf_counter() - started

    seconds(slow), seconds(fast)
    return statistics.median(seconds(slow) / seconds(fast) for _ in range(TURNS))


def network(n0: int, n1: int, n2: int, m: int) -> tuple[Any, ...]:
    """Draw a network with data: X, Y, parameters, and the cache of a forward pass."""
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((n0, m)), rng.integers(0, 2, (n2, m)).astype(float)
    parameters = small_random(n0, n1, n2, seed=0)
    return X, Y, parameters, two_layer.forward_propagation(X, parameters)[1]


def loop_against_batch() -> float:
    """One example after the other against all columns at once (S0.11, S2.5): (12, 64, 3), m = 1000."""
    X, Y, parameters, cache = network(12, 64, 3, 1000)

    def loop() -> None:
        for j in range(X.shape[1]):
            column = {name: array[:, j : j + 1] for name, array in cache.items()}
            two_layer.backward_propagation(parameters, column, X[:, j : j + 1], Y[:, j : j + 1])

    return ratio(loop, lambda: two_layer.backward_propagation(parameters, cache, X, Y))


def perturbation_against_backward() -> float:
    """One forward pass for each parameter against one backward pass (S2.12): (12, 64, 3), 1027 parameters, m = 50."""
    X, Y, parameters, cache = network(12, 64, 3, 50)

    def cost(name: str) -> Callable[[Any], Any]:
        return lambda theta: two_layer.cost(two_layer.forward_propagation(X, {**parameters, name: theta})[0], Y)

    return ratio(
        lambda: [complex_step(cost(name), parameters[name]) for name in parameters],
        lambda: two_layer.backward_propagation(parameters, cache, X, Y),
    )


def backward_against_forward() -> float:
    """A backward pass against a forward pass (S2.12): (200, 300, 100), m = 1000."""
    X, Y, parameters, cache = network(200, 300, 100, 1000)
    return ratio(
        lambda: two_layer.backward_propagation(parameters, cache, X, Y),
        lambda: two_layer.forward_propagation(X, parameters),
    )


def step_against_floor() -> float:
    """A step of gradient descent against its matrix products alone: (2, 4, 1), m = 400."""
    X, Y, parameters, cache = network(2, 4, 1, 400)
    W1, W2, A1, dZ2, dZ1 = parameters["W1"], parameters["W2"], cache["A1"], cache["A2"] - Y, cache["Z1"]

    def step() -> None:
        _, cache = two_layer.forward_propagation(X, parameters)
        update_parameters(parameters, two_layer.backward_propagation(parameters, cache, X, Y), 1.2)

    return ratio(step, lambda: (W1 @ X, W2 @ A1, dZ2 @ A1.T, W2.T @ dZ2, dZ1 @ X.T), repeat=20)


def main() -> None:
    """Print one line for each ratio."""
    for measure in (loop_against_batch, perturbation_against_backward, backward_against_forward, step_against_floor):
        print(f"{measure():8.1f} times: {(measure.__doc__ or '').splitlines()[0]}")


if __name__ == "__main__":
    main()
