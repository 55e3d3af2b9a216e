"""Show an answer that is wrong beside the measured one: on which case, and, in graded work, on a public one."""

import contextlib
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.assignments import Exercise
from autograder.core.declared import question_of
from autograder.core.naming import Answer, in_shape_of, is_right
from autograder.core.oracles import OracleDisagreement, Parts, right_answers
from autograder.core.picture import Pair, Picture, common_factors
from autograder.core.question import Case, Formula
from autograder.protocol.values import Outcome
from course_lib.arrays import Array

PUBLIC_SEED = 0
"""Of the cases that everybody may see: `check` in a notebook draws them."""


def answer_on(asked: Formula, case: Case, right: tuple[Parts, Parts], outcome: Outcome) -> Answer:
    """Return what a function returned on a case, beside what is right there."""
    return Answer(case, *right, {} if outcome.failure else asked.parts(case, outcome.value), outcome.failure, {})


def _pair(name: str, answer: Answer) -> Pair | None:
    """Return a wrong part of an answer beside the measured one, where the case is plain and the part has numbers."""
    value = answer.given.get(name)
    if answer.case.kind != "plain" or name not in answer.right or not isinstance(value, np.ndarray):
        return None
    if value.dtype == np.float16 or np.any(np.imag(value)) or not np.any(np.isfinite(value)):
        return None
    return Pair(answer.case.sizes, in_shape_of(np.real(value), answer.right[name]), answer.again[name])


def _tells_best(case: Case, right: Array) -> tuple[bool, bool, int]:
    """Return what cases are sorted by, to show the first: a number, or a size of 1, hides more; few entries less."""
    return right.size == 1, 1 in case.sizes.values(), right.size


def picture_of(name: str, answers: Sequence[Answer], wrong: Sequence[bool]) -> Picture | None:
    """Return the picture of a part on the smallest case that tells, of those where it is wrong, or None."""
    pairs = {place: pair for place, answer in enumerate(answers) if wrong[place] and (pair := _pair(name, answer))}
    if not pairs:
        return None
    best = min(pairs, key=lambda place: _tells_best(answers[place].case, answers[place].right[name]))
    return Picture.of(name, pairs[best], tuple(pairs), common_factors([*pairs.values()]))


def public_picture(
    exercise: Exercise, picture: Picture, call: Callable[[dict[str, Any]], Outcome | None]
) -> Picture | None:
    """Return the picture of the same mistake on a case of the public seed; None where it does not show there.

    Parameters
    ----------
    exercise : which function it is
    picture : of a case that nobody may see
    call : from the arguments of the one case to what the function returns on it, None where it cannot be called
    """
    asked, name = question_of(exercise), picture.part
    assert isinstance(asked, Formula)
    with contextlib.suppress(OracleDisagreement), np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = [*zip(asked.draw(PUBLIC_SEED), right_answers(asked, PUBLIC_SEED), strict=True)]
        there = [row for place, row in enumerate(rows) if place in picture.cases and name in row[1][0]]
        if not there:
            return None
        case, right = min(there, key=lambda row: _tells_best(row[0], row[1][0][name]))
        outcome = call(asked.given(case))
        answer = answer_on(asked, case, right, outcome) if outcome else None
        pair = _pair(name, answer) if answer else None
        if pair is None or is_right(pair.yours, right[0][name]):
            return None
        here = common_factors([pair])
        return Picture.of(name, pair, factors=[factor for factor in picture.factors if factor in here])
    return None
