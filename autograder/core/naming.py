"""Find the mistake that gives the very numbers of an answer."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from autograder.core.compare import ROUNDING, same
from autograder.core.layout import Absent
from autograder.core.mistakes import Remembered, exchanged, mistakes, pairs, printed
from autograder.core.oracles import Parts, quick_answers
from autograder.core.question import Case, Formula, Mistake
from autograder.core.raised import HARD_CODED
from autograder.protocol.values import Failure, copied, plain
from course_lib.arrays import Array

Results = Remembered[Mapping[str, Any] | None]
"""The parts of an answer on each case, None where it raised; computed as far as somebody has looked."""


class Fault(NamedTuple):
    """The fault of one part of an answer: the id of a general mistake, a sentence, and what to ask.

    Of an exception it has the inputs of the call too.
    """

    mistake: str
    seen: str
    hint: str = ""
    inputs: Mapping[str, Any] | None = None


class Answer(NamedTuple):
    """The parts that are right on one case, by both oracles, and the parts that the student returned."""

    case: Case
    right: Parts
    again: Parts
    given: Mapping[str, Any]
    failure: Failure | None
    size: dict[str, float]

    def largest(self, name: str) -> float:
        """Return the largest entry of a part that was returned, regardless of sign."""
        if name not in self.size:
            self.size[name] = float(np.max(np.abs(self.given[name]), initial=0.0))
        return self.size[name]


def in_shape_of(value: Any, right: Array) -> Any:
    """Return an answer's array in the shape of the right one where both have one entry: 3.0, [3.0] and [[3.0]]."""
    if isinstance(value, np.ndarray) and value.size == right.size == 1:
        return value.reshape(right.shape)
    return value


def is_right(value: Any, right: Array) -> bool:
    """Return whether a part holds the right numbers, in the right shape."""
    return isinstance(value, np.ndarray) and same(in_shape_of(value, right), right)


def named_faults(
    asked: Formula, seed: int, answers: Sequence[Answer], faults: Mapping[str, Fault | None]
) -> dict[str, tuple[Fault, Mistake | None]]:
    """Find, for each part that is wrong, the mistake that gives the very same numbers: best one for all of them."""
    wrong = [name for name, fault in faults.items() if fault]
    lines = {name: name.removeprefix('cache["').removesuffix('"]') for name in faults}
    right = {line for name, line in lines.items() if name not in wrong} - {lines[name] for name in wrong}

    def explaining(parts: Sequence[str]) -> Mistake | None:
        for kind in ("one", "exchanged", "two") if _are_numbers(answers, parts) else ():
            for mistake, results in mistaken_answers(asked, seed, kind):
                if (not mistake.where or mistake.where not in right) and _explains(results, answers, parts):
                    return replace(mistake, erratum=_erratum(asked, seed, answers, parts))
        return None

    whole = None if _is_zero(answers, list(faults)) else explaining(list(faults))
    if whole and whole.where and whole.id != "arguments-swapped":
        whole = replace(whole, rival=_rival(asked, seed, answers, list(faults)))
    named: dict[str, tuple[Fault, Mistake | None]] = {}
    for name in wrong:
        fault = faults[name]
        assert fault
        if not whole and _is_zero(answers, [name]):
            named[name] = Fault("zero-everywhere", f"{fault.seen} It is zero in every case."), None
            continue
        mistake = whole or explaining([name])
        fault = fault._replace(mistake=mistake.id) if mistake else _fixed_size(fault, answers, name) or fault
        named[name] = fault, mistake
    return named


def _fixed_size(fault: Fault, answers: Sequence[Answer], name: str) -> Fault | None:
    """Return the fault of a mean that is divided by the same number in every case, however many examples there are."""
    divisors = []
    for answer in answers:
        value, right, m = answer.given.get(name), answer.right.get(name), answer.case.sizes.get("m", 0)
        if not isinstance(value, np.ndarray) or right is None or value.shape != right.shape or not np.all(value):
            return None
        divisors.append(m * right / value)
    all_of_them = np.concatenate([each.ravel() for each in divisors])
    size = round(abs(float(all_of_them[0].real))) if np.all(np.isfinite(all_of_them)) else 0
    if size < 2 or not same(all_of_them, np.full(all_of_them.shape, float(size))):
        return None
    known = any(size in answer.case.sizes.values() for answer in answers)
    seen = f"{fault.seen} In every case the sum is divided by {size}."
    return Fault("divided-by-wrong-size", seen, "" if known else HARD_CODED.format(size))


def _is_zero(answers: Sequence[Answer], wanted: Sequence[str]) -> bool:
    """Return whether parts have the right shape and hold nothing but zeros, which has too many causes."""
    deciding = [answer for answer in answers if answer.case.decides]
    if any(answer.failure for answer in deciding):
        return False
    return all(
        isinstance(a.given[name], np.ndarray)
        and in_shape_of(a.given[name], a.right[name]).shape == a.right[name].shape
        and not np.any(a.given[name])
        for a in deciding
        for name in wanted
        if name in a.right
    )


def _are_numbers(answers: Sequence[Answer], wanted: Sequence[str]) -> bool:
    """Return whether parts have numbers that mistakes can be told by: in one case at least, and then in all of them."""
    given = [answer.given[name] for answer in answers if not answer.failure for name in wanted if name in answer.right]
    numbers = [isinstance(value, np.ndarray) for value in given]
    return any(numbers) and all(number or _is_missing(value) for number, value in zip(numbers, given, strict=True))


def _is_missing(value: Any) -> bool:
    """Return whether a part is not there since its key is not: a loop may have left it out."""
    return isinstance(value, Absent) and value.mistake == "missing-key"


KINDS: Mapping[str, Callable[[Formula], Iterable[Mistake]]] = {
    "one": mistakes,
    "exchanged": exchanged,
    "two": pairs,
    "printed": printed,
}
"""Where mistakes come from."""


@lru_cache(maxsize=512)
def mistaken_answers(asked: Formula, seed: int, kind: str) -> Remembered[tuple[Mistake, Results]]:
    """Return the results of every mistake of a kind on every case that names mistakes, computed on demand."""

    def computed() -> Iterator[tuple[Mistake, Results]]:
        for mistake in KINDS[kind](asked):
            yield mistake, Remembered(partial(results_of, asked, mistake, seed))

    return Remembered(computed)


def results_of(asked: Formula, mistake: Mistake, seed: int) -> Iterator[Mapping[str, Any] | None]:
    """Yield the parts of a mistake's answer on every case that names mistakes; None where it raised."""
    return (_result(asked, mistake, case) for case in asked.draw(seed) if case.names)


def _result(asked: Formula, mistake: Mistake, case: Case) -> Mapping[str, Any] | None:
    try:
        with np.errstate(all="ignore"):
            given = [case.values] if mistake.of_values else copied(asked.given(case)).values()
            value = plain(mistake.function(*given))
        return asked.parts(case, value)
    except (ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError):
        return None


FURTHER = range(1, 5)
"""The seeds of the draws that a mistake is tried on, before it is said where it is right."""


def is_right_elsewhere(asked: Formula, mistake: Mistake, wanted: Iterable[str], places: Iterable[int]) -> bool:
    """Return whether a mistake leaves parts right in further draws, in the cases at some places of each."""
    for seed in FURTHER:
        cases = [case for case in asked.draw(seed) if case.names]
        for k in places:
            given, right = _result(asked, mistake, cases[k]), quick_answers(asked, seed)[k]
            if given is None or not all(is_right(given[name], right[name]) for name in wanted if name in right):
                return False
    return True


def _erratum(asked: Formula, seed: int, answers: Sequence[Answer], parts: Sequence[str]) -> str:
    """Return the erratum that an answer is printed in, or "" where it is in no print."""
    known = mistaken_answers(asked, seed, "printed")
    return next((mistake.erratum for mistake, results in known if _explains(results, answers, parts)), "")


def _rival(asked: Formula, seed: int, answers: Sequence[Answer], parts: Sequence[str]) -> str:
    """Return which arguments, in the wrong order in the student's `def`, give the same numbers as another mistake."""
    known = mistaken_answers(asked, seed, "exchanged")
    fits = (mistake.where for mistake, results in known if _explains(results, answers, parts))
    return next(fits, "")


def _tells(mistaken: Array) -> bool:
    """Return whether wrong numbers tell a mistake: one NaN is like another, and so is one infinity."""
    numbers = mistaken[~np.isnan(mistaken)]
    return bool(np.any(np.isfinite(numbers)) or np.unique(numbers.real).size > 1)


def _explains(results: Results, answers: Sequence[Answer], wanted: Sequence[str]) -> bool:
    """Return whether a mistake gives the student's numbers on every case, raises where they raise, and is wrong."""
    tells = False
    for result, answer in zip(results, answers, strict=True):
        if result is None or answer.failure:
            if (result is None) != (answer.failure is not None):
                return False
            continue
        for name in wanted:
            if name not in answer.right:
                continue
            value, mistaken = answer.given[name], result[name]
            if _is_missing(value) and _is_missing(mistaken):
                continue
            if not isinstance(mistaken, np.ndarray) or not isinstance(value, np.ndarray):
                return False
            if _far_apart(value, mistaken, answer.largest(name)) or not same(in_shape_of(value, mistaken), mistaken):
                return False
            if not tells and not same(in_shape_of(mistaken, answer.right[name]), answer.right[name]):
                tells = _tells(mistaken)
    return tells


def _far_apart(value: Array, mistaken: Array, largest: float) -> bool:
    """Return whether the first entries alone tell two arrays apart: quicker than `same`, and never where that holds."""
    if not value.size or not mistaken.size or value.size != mistaken.size:
        return value.size != mistaken.size
    return bool(abs(value.item(0) - mistaken.item(0)) > 1e-3 * largest + ROUNDING)
