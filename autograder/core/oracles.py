"""The right answers, by two independent oracles that must agree.

The first oracle is the reference formula. The second never uses it: for a gradient it differentiates the cost of the
whole network by the complex step; for anything else it goes entry by entry with plain Python numbers.
"""

from functools import lru_cache
from typing import Any

import numpy as np

from autograder.core.compare import same
from autograder.core.question import Case, Formula
from course_lib.arrays import Array

Parts = dict[str, Array]


class OracleDisagreement(Exception):
    """The two oracles do not agree: the grader is wrong, not the student."""


def _as_arrays(found: dict[str, Any]) -> Parts:
    return {name: np.asarray(part) for name, part in found.items()}


def right_answer(asked: Formula, case: Case) -> tuple[Parts, Parts]:
    """Return the right parts by both oracles; at a kink, the least and the greatest ones that count.

    Raises
    ------
    OracleDisagreement
        If they differ by more than the tolerance for answers, or the reference lies outside of the bounds.
    """
    if not asked.reference:
        only = _as_arrays(asked.parts(case, asked.second(case.values)))
        return only, only
    first = _as_arrays(asked.parts(case, asked.reference(*asked.given(case).values())))
    if case.kind == "kink" and asked.bounds:
        low, high = (_as_arrays(asked.parts(case, bound)) for bound in asked.bounds(case.values))
        for name, array in first.items():
            if not np.all((low[name] <= array) & (array <= high[name])):
                raise OracleDisagreement(f"{asked.id} {name}: the reference is no subgradient")
        return low, high
    second = _as_arrays(asked.parts(case, asked.second(case.values)))
    for name, array in first.items():
        if not same(array, second[name]):
            raise OracleDisagreement(f"{asked.id} {name}: the reference and the second oracle differ")
    return first, second


@lru_cache(maxsize=256)
def quick_answers(asked: Formula, seed: int) -> tuple[Parts, ...]:
    """Return the parts by one oracle alone, on every case of a seed that tells mistakes apart."""
    cases = [case for case in asked.draw(seed) if case.names]
    if not asked.reference:
        return tuple(_as_arrays(asked.parts(case, asked.second(case.values))) for case in cases)
    return tuple(_as_arrays(asked.parts(case, asked.reference(*asked.given(case).values()))) for case in cases)


@lru_cache(maxsize=256)
def right_answers(asked: Formula, seed: int) -> tuple[tuple[Parts, Parts], ...]:
    """Return the right parts on every case of a seed."""
    return tuple(right_answer(asked, case) for case in asked.draw(seed))
