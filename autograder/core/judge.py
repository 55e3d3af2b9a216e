"""Hold a student's answers against what is right, and say what is wrong with them.

`judge` takes the outcomes of a student's function on the drawn cases, however they came about: from a function in the
same process, from another process, or from a browser. It runs nothing of the student's.
"""

import contextlib
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from autograder.assignments import Exercise
from autograder.core import book_links
from autograder.core.compare import ROUNDING, same, wrong_entries
from autograder.core.hints import HINTS
from autograder.core.layout import Absent, described
from autograder.core.mistakes import Remembered, mistakes, pairs, printed
from autograder.core.oracles import OracleDisagreement, Parts, right_answers
from autograder.core.question import Case, Formula, Mistake, Property
from autograder.core.questions import question
from autograder.core.verdict import Part, Verdict
from autograder.protocol.values import Failure, Opaque, Outcome, copied, plain
from course_lib.arrays import Array
from course_lib.equations import EQUATIONS

NOT_IMPLEMENTED = "The cell is as it was handed out. Write the function, then run this cell again."


Results = Remembered[Mapping[str, Any] | None]
"""The parts of an answer on each case, None where it raised; computed as far as somebody has looked."""


class Fault(NamedTuple):
    """What is wrong with one part of an answer, before a mistake of the library is looked for."""

    mistake: str
    seen: str


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


def judge(exercise: Exercise, outcomes: Sequence[Outcome], seed: int = 0) -> Verdict:
    """Judge one exercise.

    Parameters
    ----------
    exercise : which function it is, and its points
    outcomes : what the function returned on each call of its question, in order
    seed : the seed of the cases

    Returns
    -------
    Verdict, with `passed` None when the two oracles disagree
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():  # whatever the numbers are, they are the student's
        warnings.simplefilter("ignore")
        return _judged(exercise, outcomes, seed)


def _judged(exercise: Exercise, outcomes: Sequence[Outcome], seed: int) -> Verdict:
    asked = question(exercise.asked)
    wanted = len(asked.calls(seed))
    if len(outcomes) != wanted:
        raise ValueError(f"{exercise.function}: {len(outcomes)} outcomes for {wanted} cases")
    if all(is_stub(outcome, exercise) for outcome in outcomes):
        return refused(exercise, "not-implemented", NOT_IMPLEMENTED)
    if isinstance(asked, Property):
        return _judge_property(exercise, asked, outcomes, seed)
    return _judge_formula(exercise, asked, outcomes, seed)


def prepare(exercise: Exercise, seed: int) -> None:
    """Compute what judging an exercise takes, before there is an answer: one process does it for all that it forks.

    Pairs of mistakes are left out; they are seldom needed.
    """
    asked = question(exercise.asked)
    asked.calls(seed)
    with (
        contextlib.suppress(OracleDisagreement),
        np.errstate(all="ignore"),
        warnings.catch_warnings(),
    ):  # which each verdict will say
        warnings.simplefilter("ignore")
        if isinstance(asked, Formula):
            right_answers(asked, seed)
            for _, results in mistaken_answers(asked, seed, "one"):
                next(iter(results), None)


def _judge_property(exercise: Exercise, asked: Property, outcomes: Sequence[Outcome], seed: int) -> Verdict:
    failure = next((outcome.failure for outcome in outcomes if outcome.failure), None)
    if failure:
        fault = _fault_of_failure(failure, "")
        return refused(exercise, fault.mistake, _with_call(fault, exercise, tuple(asked.calls(seed)[0]), outcomes).seen)
    finding = asked.inspect(asked.calls(seed), outcomes)
    right = finding.mistake is None
    return Verdict(
        exercise.function,
        exercise.equation,
        right,
        exercise.points if right else 0.0,
        exercise.points,
        finding.mistake,
        finding.seen,
        HINTS.get(finding.mistake or "", ""),
        "" if right else _reading(asked.reads),
        _notes(outcomes),
    )


def _judge_formula(exercise: Exercise, asked: Formula, outcomes: Sequence[Outcome], seed: int) -> Verdict:
    try:
        right = right_answers(asked, seed)
    except OracleDisagreement as error:
        reason = f"Could not be judged: {error}."
        return Verdict(exercise.function, exercise.equation, None, 0.0, exercise.points, None, reason)
    answers = [
        Answer(case, first, again, {} if outcome.failure else asked.parts(case, outcome.value), outcome.failure, {})
        for case, (first, again), outcome in zip(asked.draw(seed), right, outcomes, strict=True)
    ]
    deciding = [answer for answer in answers if answer.case.decides]
    names = dict.fromkeys(name for answer in deciding for name in answer.right)
    faults = {name: _fault(name, deciding) for name in names}
    notes = _notes(outcomes)
    whole = sum(asked.weights.get(name, 1.0) for name in faults)
    shares = {name: exercise.points * asked.weights.get(name, 1.0) / whole for name in faults}
    points = round(sum((shares[name] for name, fault in faults.items() if fault is None), 0.0), 6)
    if not any(faults.values()):
        notes += ("shape-of-one-entry",) if _has_other_shape(deciding) else ()
        return Verdict(
            exercise.function, exercise.equation, True, exercise.points, exercise.points, None, "Right.", notes=notes
        )
    named = _name(asked, seed, [a for a in answers if a.case.names], faults)
    judged = tuple(
        Part(name, True, shares[name], shares[name], None)
        if fault is None
        else Part(name, False, 0.0, shares[name], named[name][0].mistake.partition("+")[0])
        for name, fault in faults.items()
    )
    fault, mistake = next(named[name] for name in faults if faults[name])
    fault = _with_call(fault, exercise, asked.arguments, outcomes)
    ids = fault.mistake.split("+")
    return Verdict(
        exercise.function,
        exercise.equation,
        False,
        points,
        exercise.points,
        ids[0],
        _seen(judged, fault, mistake),
        " ".join(HINTS[id] for id in ids if id in HINTS),
        _reading(_to_read(asked, mistake)),
        notes,
        judged if len(judged) > 1 else (),
    )


def _with_call(fault: Fault, exercise: Exercise, arguments: Sequence[str], outcomes: Sequence[Outcome]) -> Fault:
    """Say how a function is called, where no line of the student's was reached by any call."""
    if all(o.failure and o.failure.name == "TypeError" and not o.failure.line for o in outcomes):
        return fault._replace(seen=f"{fault.seen} It is called as {exercise.function}({', '.join(arguments)}).")
    return fault


def refused(exercise: Exercise, mistake: str, seen: str) -> Verdict:
    """Return the verdict on an answer that has nothing to judge: not written, missing, or ended before it returned."""
    return Verdict(exercise.function, exercise.equation, False, 0.0, exercise.points, mistake, seen)


def is_stub(outcome: Outcome, exercise: Exercise) -> bool:
    """Return whether a function is as it was handed out: it raised NotImplementedError itself."""
    failure = outcome.failure
    return failure is not None and failure.name == "NotImplementedError" and failure.function in ("", exercise.function)


def _notes(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    return ("changed-its-input",) if any(outcome.changed for outcome in outcomes) else ()


def _has_other_shape(deciding: Sequence[Answer]) -> bool:
    """Return whether a part with one entry came in another shape, such as [[3.0]] for 3.0."""
    return any(
        answer.given[name].shape != right.shape
        for answer in deciding
        for name, right in answer.right.items()
        if right.size == 1
    )


def _array(value: Any, right: Array) -> Any:
    """Return an answer's array in the shape of the right one where both have one entry: 3.0, [3.0] and [[3.0]]."""
    if isinstance(value, np.ndarray) and value.size == right.size == 1:
        return value.reshape(right.shape)
    return value


def _fault(name: str, deciding: Sequence[Answer]) -> Fault | None:
    """Return what is wrong with a part on the first case where something is, or None; cases with large inputs last."""
    for answer in sorted(deciding, key=lambda answer: answer.case.kind == "extreme"):
        if name in answer.right:
            fault = _fault_of_case(name, answer)
            if fault:
                return fault
    return None


def _fault_of_failure(failure: Failure, where: str) -> Fault:
    id = "out-of-memory" if failure.name == "MemoryError" else "raised"
    return Fault(id, f"{where or 'It'} raised {raised(failure)}.")


def _fault_of_case(name: str, answer: Answer) -> Fault | None:
    called = f"{name}: " if name else ""
    sizes = ", ".join(f"{size} = {n}" for size, n in answer.case.sizes.items())
    given = f"with {sizes}" if sizes else "in one case"
    Given = given.capitalize() if not sizes else f"With {sizes}"
    if answer.failure:
        return _fault_of_failure(answer.failure, f"{Given} it")
    value, right = answer.given[name], answer.right[name]
    if isinstance(value, Absent):
        return Fault(value.mistake, called + value.reason)
    if value is None:
        return Fault("returned-nothing", f"{called}It returned None: is there a `return`?")
    if isinstance(value, Opaque) and value.type_name.startswith("array of dtype"):
        return Fault("wrong-dtype", f"{called}It returned an {value.type_name}; plain numbers are expected.")
    if not isinstance(value, np.ndarray):
        expected = "an array" if right.ndim else "a number"
        return Fault("wrong-type", f"{called}It returned {described(value)}; {expected} is expected.")
    value = _array(value, right)
    if value.shape != right.shape:
        return Fault("wrong-shape", f"{called}{Given} the shape is {value.shape}, and should be {right.shape}.")
    if (value.dtype.kind == "c" and bool(np.any(np.imag(value)))) or value.dtype == np.float16:
        return Fault("wrong-dtype", f"{called}Its dtype is {value.dtype}; float64 is expected.")
    if not bool(np.all(np.isfinite(value))):
        id = "overflow" if answer.case.kind == "extreme" else "not-finite"
        what = _entry(~np.isfinite(value))
        return Fault(id, f"{called}{Given} {what} is not a finite number.")
    off_one, off_other = wrong_entries(value, right), wrong_entries(value, answer.again[name])
    if answer.case.kind == "kink":
        wrong = off_one & off_other & ~((right <= value) & (value <= answer.again[name]))
    else:
        wrong = off_one | off_other
    if bool(np.any(wrong)):
        choice = bool(np.any(right != answer.again[name])) and answer.case.kind == "kink"
        kink = " At a kink any slope between those of its two sides counts." if choice else ""
        if not right.ndim:
            return Fault("wrong-values", f"{called}{Given} the number is wrong; yours is {value[()]:.6g}.{kink}")
        entry = f"{_entry(wrong)} is the first that is wrong; yours is {value[_first(wrong)]:.6g}"
        return Fault("wrong-values", f"{called}The shape {value.shape} is right; {given} {entry}.{kink}")
    return None


_MATMUL = re.compile(r"matmul: Input operand 1 .* \(size (\d+) is different from (\d+)\)")


def raised(failure: Failure) -> str:
    """Return an exception in words: its name, its text, and the student's line that it came from."""
    line = f" in the line `{failure.line}`" if failure.line else ""
    text = _MATMUL.sub(r"the inner sizes of a matrix product differ: \2 columns times \1 rows", failure.text)
    return f"{failure.name}: {text or 'no text'}{line}"


def _first(wrong: Array) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(wrong)[0]) if wrong.ndim else ()


def _entry(wrong: Array) -> str:
    return f"entry {_first(wrong)}" if wrong.ndim else "the number"


def _name(
    asked: Formula, seed: int, answers: Sequence[Answer], faults: Mapping[str, Fault | None]
) -> dict[str, tuple[Fault, Mistake | None]]:
    """Find, for each part that is wrong, the mistake that gives the very same numbers: best one for all of them."""
    wrong = [name for name, fault in faults.items() if fault]
    lines = {name: name.removeprefix('cache["').removesuffix('"]') for name in faults}
    right = {line for name, line in lines.items() if name not in wrong} - {lines[name] for name in wrong}

    def explaining(parts: Sequence[str]) -> Mistake | None:
        for kind in ("one", "two") if _are_numbers(answers, parts) else ():
            for mistake, results in mistaken_answers(asked, seed, kind):
                if (not mistake.where or mistake.where not in right) and _explains(results, answers, parts):
                    return replace(mistake, erratum=_erratum(asked, seed, answers, parts))
        return None

    whole = None if _is_zero(answers, list(faults)) else explaining(list(faults))
    named: dict[str, tuple[Fault, Mistake | None]] = {}
    for name in wrong:
        fault = faults[name]
        assert fault
        if not whole and _is_zero(answers, [name]):
            named[name] = Fault("zero-everywhere", f"{fault.seen} It is zero in every case."), None
            continue
        mistake = whole or explaining([name])
        named[name] = (fault._replace(mistake=mistake.id) if mistake else fault, mistake)
    return named


def _is_zero(answers: Sequence[Answer], wanted: Sequence[str]) -> bool:
    """Return whether parts have the right shape and hold nothing but zeros, which has too many causes."""
    deciding = [answer for answer in answers if answer.case.decides]
    if any(answer.failure for answer in deciding):
        return False
    return all(
        isinstance(a.given[name], np.ndarray)
        and _array(a.given[name], a.right[name]).shape == a.right[name].shape
        and not np.any(a.given[name])
        for a in deciding
        for name in wanted
        if name in a.right
    )


def _are_numbers(answers: Sequence[Answer], wanted: Sequence[str]) -> bool:
    """Return whether parts have numbers that mistakes can be told by: in one case at least, and then in all of them."""
    given = [answer.given[name] for answer in answers if not answer.failure for name in wanted if name in answer.right]
    return bool(given) and all(isinstance(value, np.ndarray) for value in given)


KINDS: Mapping[str, Callable[[Formula], Iterable[Mistake]]] = {"one": mistakes, "two": pairs, "printed": printed}
"""Where mistakes come from."""


@lru_cache(maxsize=512)
def mistaken_answers(asked: Formula, seed: int, kind: str) -> Remembered[tuple[Mistake, Results]]:
    """Return what every mistake of a kind returns on every case that tells mistakes apart, computed as it is needed."""
    cases = [case for case in asked.draw(seed) if case.names]

    def results(mistake: Mistake) -> Iterator[Mapping[str, Any] | None]:
        for case in cases:
            try:
                yield asked.parts(case, plain(mistake.function(*copied(asked.given(case)).values())))
            except (ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError):
                yield None

    def computed() -> Iterator[tuple[Mistake, Results]]:
        for mistake in KINDS[kind](asked):
            yield mistake, Remembered(partial(results, mistake))

    return Remembered(computed)


def _erratum(asked: Formula, seed: int, answers: Sequence[Answer], parts: Sequence[str]) -> str:
    """Return the erratum that an answer is printed in, or "" where it is in no print."""
    known = mistaken_answers(asked, seed, "printed")
    return next((mistake.erratum for mistake, results in known if _explains(results, answers, parts)), "")


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
            if not isinstance(mistaken, np.ndarray) or not isinstance(value, np.ndarray):
                return False
            if _far_apart(value, mistaken, answer.largest(name)) or not same(_array(value, mistaken), mistaken):
                return False
            if not same(_array(mistaken, answer.right[name]), answer.right[name]):
                tells = tells or bool(np.any(np.isfinite(mistaken)))  # one NaN is like another
    return tells


def _far_apart(value: Array, mistaken: Array, largest: float) -> bool:
    """Return whether the first entries alone tell two arrays apart: quicker than `same`, and never where that holds."""
    if not value.size or not mistaken.size or value.size != mistaken.size:
        return value.size != mistaken.size
    return bool(abs(value.item(0) - mistaken.item(0)) > 1e-3 * largest + ROUNDING)


def _seen(judged: tuple[Part, ...], fault: Fault, mistake: Mistake | None) -> str:
    sentences = []
    right = [part.name for part in judged if part.passed]
    if right:
        sentences.append(f"Right: {', '.join(right)}. Wrong: {', '.join(p.name for p in judged if not p.passed)}.")
    sentences.append(fault.seen)
    if mistake:
        ids = mistake.id.split("+")
        fits = "one mistake" if len(ids) == 1 else "two mistakes together"
        where = f" in {mistake.where}" if mistake.where else ""
        sentences.append(f"Every case fits {fits}{where}: {' and '.join(ids)}.")
        if mistake.erratum:
            sentences.append(f"A published note prints it this way (erratum {mistake.erratum}).")
    return " ".join(sentences)


def _to_read(asked: Formula, mistake: Mistake | None) -> str:
    """Return the id of the equation to read about: the one inside of a composite function that is wrong, or its own."""
    where = mistake.where if mistake else ""
    inside = asked.lines.get(where, f"{asked.reads.partition('.')[0]}.{where}")
    return inside if where and inside in EQUATIONS else asked.reads


def _reading(id: str) -> str:
    return book_links.advice(EQUATIONS[id]) if id in EQUATIONS else ""
