"""What the course claims about speed, each claim a ratio of two sides that take turns: for the chapters to plot.

Every function takes sizes, so that a chapter can draw a curve: `[loop_against_batch(m) for m in (1, 10, 100, 1000)]`.
"""

from typing import Any

import numpy as np

from benchmarks.steps import Size, floor, ours
from benchmarks.timing import take_turns
from course_lib import deep, loops, two_layer
from course_lib.gradient_checking import complex_step
from course_lib.initialization import small_random
from course_lib.network_checking import numerical_gradients


def network(n0: int, n1: int, n2: int, m: int) -> tuple[Any, ...]:
    """Draw a network with data: X, Y, parameters, and the cache of a forward pass."""
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((n0, m)), rng.integers(0, 2, (n2, m)).astype(float)
    parameters = small_random(n0, n1, n2, seed=0)
    return X, Y, parameters, two_layer.forward_propagation(X, parameters)[1]


def _ratio(slow: Any, fast: Any, turns: int) -> float:
    sides = take_turns({"slow": slow, "fast": fast}, turns, seconds=0.01, pause=0.02, budget=15)
    return sides["slow"].over(sides["fast"])


def loop_against_batch(m: int = 1000, turns: int = 15) -> float:
    """One example after the other against all columns at once (S0.11, S2.5): (12, 64, 3)."""
    X, Y, parameters, _ = network(12, 64, 3, m)

    def batch() -> None:
        _, cache = two_layer.forward_propagation(X, parameters)
        two_layer.backward_propagation(parameters, cache, X, Y)

    return _ratio(lambda: loops.gradients(X, Y, parameters), batch, turns)


def entries_against_product(n: int = 30, turns: int = 15) -> float:
    """Three loops over the entries against one matrix product (S0.11, S2.5): dW of an (n, n) layer, m = n."""
    rng = np.random.default_rng(0)
    dZ, A_prev = rng.standard_normal((2, n, n))
    return _ratio(lambda: loops.dW_by_entries(dZ, A_prev), lambda: deep.dW(dZ, A_prev), turns)


def perturbation_against_backward(n1: int = 64, turns: int = 15) -> float:
    """One forward pass for each parameter against one backward pass (S2.12): (12, n1, 3), m = 50."""
    X, Y, parameters, cache = network(12, n1, 3, 50)

    def cost(name: str) -> Any:
        return lambda theta: two_layer.cost(two_layer.forward_propagation(X, {**parameters, name: theta})[0], Y)

    return _ratio(
        lambda: [complex_step(cost(name), parameters[name]) for name in parameters],
        lambda: two_layer.backward_propagation(parameters, cache, X, Y),
        turns,
    )


def stacked_perturbation_against_backward(n1: int = 64, turns: int = 15) -> float:
    """The same with the passes stacked, and nothing computed again that does not change: (12, n1, 3), m = 50."""
    X, Y, parameters, cache = network(12, n1, 3, 50)
    return _ratio(
        lambda: numerical_gradients(X, Y, parameters, ("tanh", "sigmoid")),
        lambda: two_layer.backward_propagation(parameters, cache, X, Y),
        turns,
    )


def backward_against_forward(n: int = 300, turns: int = 15) -> float:
    """A backward pass against a forward pass (S2.12): (n, n, n), m = 1000."""
    X, Y, parameters, cache = network(n, n, n, 1000)
    return _ratio(
        lambda: two_layer.backward_propagation(parameters, cache, X, Y),
        lambda: two_layer.forward_propagation(X, parameters),
        turns,
    )


def step_against_floor(m: int = 400, turns: int = 15) -> float:
    """A step of gradient descent in place against its matrix products alone: (2, 4, 1)."""
    size = Size((2, 4, 1), m)
    return _ratio(ours(size, np.float64), floor(size, np.float64), turns)


CLAIMS = (
    loop_against_batch,
    entries_against_product,
    perturbation_against_backward,
    stacked_perturbation_against_backward,
    backward_against_forward,
    step_against_floor,
)
