"""The question on the first parameters of a network (ps6): judged by shapes, scale, symmetry and seeds."""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from autograder.core.layout import parts
from autograder.core.question import Finding
from autograder.core.questions.model import wrong_parameters
from autograder.protocol.values import Outcome
from course_lib.arrays import Array

_SIZES = ((40, 60, 25, 1), (40, 60, 25, 1), (40, 60, 25, 1), (150, 20, 90, 30, 2), (6, 4))
"""The networks that are asked for, the first twice with one seed and once with another."""


def initialization_calls(seed: int) -> list[dict[str, Any]]:
    """Return the arguments of every call: networks, and seeds that repeat and differ."""
    seeds = (seed, seed, seed + 1, seed + 2, seed + 3)
    return [{"layer_dims": list(sizes), "seed": each} for sizes, each in zip(_SIZES, seeds, strict=True)]


def _shapes(sizes: Sequence[int]) -> dict[str, tuple[int, int]]:
    """Return the shape of each parameter of a network."""
    shapes = {}
    for layer, (n_prev, n) in enumerate(pairwise(sizes), 1):
        shapes[f"W{layer}"], shapes[f"b{layer}"] = (n, n_prev), (n, 1)
    return shapes


def _has_equal_rows(W: Array) -> bool:
    return len(np.unique(W, axis=0)) < len(W)


def _start_from(x: Array, y: Array) -> bool:
    """Return whether two layers are made of the same random numbers, one after the other, up to a factor."""
    length = min(x.size, y.size)
    x, y = x.ravel()[:length], y.ravel()[:length]
    return length > 10 and float(abs(np.corrcoef(x, y)[0, 1])) > 0.9


def inspect_initialization(calls: Sequence[Mapping[str, Any]], outcomes: Sequence[Outcome]) -> Finding:
    """Ask whether shapes, biases, symmetry, scale and seeds are as they should be."""
    networks = []
    for call, outcome in zip(calls, outcomes, strict=True):
        sizes = call["layer_dims"]
        shapes = _shapes(sizes)
        found = parts({name: name for name in shapes}, outcome.value)
        if _is_transposed(found, shapes):
            return Finding("axes-in-wrong-order", f"With layer_dims = {sizes}, W1 has shape {found['W1'].shape}.")
        wrong = wrong_parameters(found, shapes)
        if wrong:
            return wrong._replace(seen=f"With layer_dims = {sizes}: {wrong.seen}")
        networks.append((sizes, found))
    first, again, other = (found for _, found in networks[:3])
    if any(not np.array_equal(first[name], again[name]) for name in first):
        return Finding("not-reproducible", "Called twice with the same seed, it gives different numbers.")
    for sizes, found in networks:
        finding = _inspect_network(sizes, found)
        if finding:
            return finding._replace(seen=f"With layer_dims = {sizes}: {finding.seen}")
    if all(np.array_equal(first[name], other[name]) for name in first):
        return Finding("seed-ignored", "With another seed it gives the same numbers.")
    return scale(networks) or Finding(None)


def _is_transposed(found: Mapping[str, Any], shapes: Mapping[str, tuple[int, int]]) -> bool:
    weights = [(found[name], shape) for name, shape in shapes.items() if name.startswith("W")]
    return all(isinstance(W, np.ndarray) and W.shape == shape[::-1] for W, shape in weights)


def _inspect_network(sizes: Sequence[int], found: Mapping[str, Array]) -> Finding | None:
    layers = range(1, len(sizes))
    for layer in layers:
        W = found[f"W{layer}"]
        if not np.any(W):
            return Finding("symmetry-not-broken", f"W{layer} is zero.")
        if _has_equal_rows(W):
            return Finding("symmetry-not-broken", f"W{layer} has rows that are equal: units that start out alike.")
        if sizes[layer - 1] > 1 and np.array_equal(W, np.broadcast_to(W[:, :1], W.shape)):
            return Finding("symmetry-not-broken", f"All weights of a unit in W{layer} are equal.")
    for layer in layers:
        if np.any(found[f"b{layer}"]):
            return Finding("biases-not-zero", f"b{layer} is not zero.")
    for one, two in combinations(layers, 2):
        if _start_from(found[f"W{one}"], found[f"W{two}"]):
            seen = f"W{one} and W{two} are made of the same random numbers."
            return Finding("layers-alike", seen)
    return None


_SCALES: tuple[tuple[str, Callable[[int, int], float]], ...] = (
    ("factor-of-two", lambda n_prev, n: math.sqrt(1 / n_prev)),
    ("factor-of-two", lambda n_prev, n: math.sqrt(4 / n_prev)),
    ("layer-sizes-swapped", lambda n_prev, n: math.sqrt(2 / n)),
    ("variance-for-deviation", lambda n_prev, n: 2 / n_prev),
    ("fraction-upside-down", lambda n_prev, n: math.sqrt(n_prev / 2)),
)
"""Standard deviations that are often taken for √(2 / n_prev)."""


def scale(networks: Sequence[tuple[Sequence[int], Mapping[str, Array]]]) -> Finding | None:
    """Ask whether the standard deviation of the weights is right, in layers with enough of them to tell.

    Of 1,000 weights it is known to 2 %; √(2 / n_prev) is accepted from 0.8 to 1.25 times, so that any distribution will
    do, also a normal one that is cut off. A mistake is named only where the deviation is its own, within 7 %.
    """
    seen = [
        (f"W{layer} with n_prev = {n_prev}", n_prev, n, found[f"W{layer}"])
        for sizes, found in networks[2:]
        for layer, (n_prev, n) in enumerate(pairwise(sizes), 1)
        if n_prev * n >= 1000
    ]
    for name, _, _, W in seen:
        if abs(float(np.mean(W))) > 0.25 * float(np.std(W)):
            return Finding("not-centred", f"The weights of {name} have the mean {np.mean(W):.2g}, and not 0.")

    def fits(deviation: Callable[[int, int], float], factor: float = 1.07) -> bool:
        return all(1 / factor < float(np.std(W)) / deviation(n_prev, n) < factor for _, n_prev, n, W in seen)

    if fits(lambda n_prev, n: math.sqrt(2 / n_prev), 1.2):
        return None
    name, _, _, W = max(seen, key=lambda row: abs(math.log(float(np.std(row[3])) / math.sqrt(2 / row[1]))))
    sentence = f"The weights of {name} have the standard deviation {np.std(W):.2g}."
    return Finding(next((id for id, deviation in _SCALES if fits(deviation)), "wrong-scale"), sentence)
