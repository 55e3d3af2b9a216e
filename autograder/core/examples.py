"""Inputs that are small enough to follow by hand: few rows and columns, and whole numbers or one decimal."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import cycle
from typing import Any

import numpy as np

from autograder.core.question import Case, Formula
from course_lib.arrays import Array

SIZES = ((3, 2, 4), (2, 2, 2), (2, 1, 2))
"""The number of examples, and then other sizes in turn: different; equal, where a wrong product has a value; few."""
FILLINGS = 2
TIED = frozenset({"two_layer.backward_propagation", "deep.linear_activation_backward", "deep.backward_propagation"})
"""Questions whose arguments hold what is computed from others: no numbers are made up for them, which would not fit."""
SEEDS, MOST = range(4), 8
"""Of how many seeds the smallest cases are taken for such a question, and how many."""
SIGNED = (-3, -2, -1.5, -1, -0.5, -0.4, -0.2, 0.2, 0.4, 0.5, 1, 1.5, 2, 3)
POSITIVE = (0.2, 0.4, 0.5, 1, 1.5, 2, 3)
SHARES = (0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9)
LABELS = ("y", "Y")


def examples(asked: Formula) -> Iterator[Case]:
    """Yield small examples, the plainest first."""
    if asked.id in TIED:
        drawn = [case for seed in SEEDS for case in asked.draw(seed) if case.names]
        yield from sorted(drawn, key=lambda case: (case.kind, sum(case.sizes.values())))[:MOST]
        return
    cases = [case for case in asked.draw(0) if case.kind == "plain" and _named(asked, case)]
    cases.sort(key=lambda case: (len(case.sizes) == 1, len(case.sizes)))
    for sizes in SIZES:
        for filling in range(FILLINGS):
            yield from (_filled(asked, case, sizes, filling) for case in cases)


def _named(asked: Formula, case: Case) -> dict[int, str]:
    """Return the names of a case's sizes by the sizes, or {} where these do not tell them apart."""
    sizes = [(n, name) for name, n in case.sizes.items() if name not in asked.arguments]
    return dict(sizes) if len(dict(sizes)) == len(sizes) and 1 not in dict(sizes) else {}


def _filled(asked: Formula, template: Case, sizes: Sequence[int], filling: int) -> Case:
    """Return a case with other sizes, and numbers in its arguments that can be computed with by hand."""
    rng = np.random.default_rng(filling)
    names, given = _named(asked, template), asked.given(template)
    own = {n for value in given.values() for n in _lengths(value)}
    used = [name for n, name in names.items() if n in own]
    others = cycle(sizes[1:])
    new = {name: sizes[0] if name in ("m", "columns") else next(others) for name in used}
    lengths = {n: new[name] for n, name in names.items() if name in new}

    def fill(name: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: fill(key, inner) for key, inner in value.items()}
        if isinstance(value, tuple | list):
            return type(value)(fill(name, inner) for inner in value)
        if isinstance(value, np.ndarray):
            return _numbers(name, value, tuple(lengths.get(n, n) for n in value.shape), rng)
        if isinstance(value, float):
            return float(rng.choice(SHARES if 0 < value < 1 else SIGNED))
        if isinstance(value, int):
            return int((name == "i") != filling % 2) if name in template.sizes else min(value, 3)
        return value

    values = {name: fill(name, value) for name, value in given.items()}
    return replace(template, sizes=new, values={**template.values, **values})


def _lengths(value: Any) -> Iterator[int]:
    if isinstance(value, np.ndarray):
        yield from value.shape
    elif isinstance(value, Mapping | tuple | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _lengths(inner)


def _numbers(name: str, like: Array, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Return numbers of the kind of an array's: labels, shares between 0 and 1, positive ones, or any."""
    size = int(np.prod(shape))
    if set(np.unique(like)) <= {0.0, 1.0} and (like.any() or name in LABELS):
        flat = rng.integers(0, 2, size).astype(float)
        flat[0] = 1 - flat[-1] if size > 1 else like.flat[0]
    else:
        pool = SHARES if like.min() > 0 and like.max() < 1 else POSITIVE if like.min() >= 0 else SIGNED
        flat = rng.choice(np.array(pool, float), size, replace=size > len(pool))
    return flat.reshape(shape)
