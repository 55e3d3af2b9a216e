"""Hold a student's answers against what is right, and say what is wrong with them.

`judge` takes the outcomes of a student's function on the drawn cases, however they came about: from a function in the
same process, from another process, or from a browser. It runs nothing of the student's.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from autograder.assignments import Exercise
from autograder.core import reading
from autograder.core.cases import Case, draw
from autograder.core.compare import same, wrong_entries
from autograder.core.layout import Absent, described, layout_of, names, parts
from autograder.core.mistakes import HINTS, Mistake, double_mistakes_of, mistakes_of
from autograder.core.oracles import OracleDisagreement, right_answer
from autograder.core.verdict import Part, Verdict
from autograder.guest.evaluate import Failure, Opaque, Outcome
from course_lib.arrays import Array
from course_lib.equations import Equation, equation

NOT_IMPLEMENTED = "The cell is as it was handed out. Write the function, then run this cell again."


Results = list[Mapping[str, Any] | None]
"""The parts of an answer on each case, None where it raised."""


class Fault(NamedTuple):
    """What is wrong with one part of an answer, before a mistake of the library is looked for."""

    mistake: str
    seen: str


class Answer(NamedTuple):
    """The parts that are right on one case, by both oracles, and the parts that the student returned."""

    case: Case
    right: Mapping[str, Array]
    again: Mapping[str, Array]
    given: Mapping[str, Any]
    failure: Failure | None


@lru_cache(maxsize=64)
def _right_answers(equation_id: str, seed: int) -> tuple[tuple[Mapping[str, Array], Mapping[str, Array]], ...]:
    return tuple(right_answer(equation(equation_id), case) for case in draw(seed))


def judge(exercise: Exercise, outcomes: Sequence[Outcome], seed: int = 0) -> Verdict:
    """Judge one exercise.

    Parameters
    ----------
    exercise : which function it is, and its points
    outcomes : what the function returned on each case of `draw(seed)`, in order
    seed : the seed of the cases

    Returns
    -------
    Verdict, with `passed` None when the two oracles disagree
    """
    assert exercise.equation is not None
    subject = equation(exercise.equation)
    cases = draw(seed)
    if len(outcomes) != len(cases):
        raise ValueError(f"{exercise.function}: {len(outcomes)} outcomes for {len(cases)} cases")
    if all(is_stub(outcome, exercise) for outcome in outcomes):
        return refused(exercise, "not-implemented", NOT_IMPLEMENTED)
    try:
        right = _right_answers(subject.id, seed)
    except OracleDisagreement as error:
        return Verdict(
            exercise.function, subject.id, None, 0.0, exercise.points, None, f"Could not be judged: {error}."
        )
    layout = layout_of(subject.id)
    answers = [
        Answer(case, first, again, {} if outcome.failure else parts(layout, outcome.value), outcome.failure)
        for case, (first, again), outcome in zip(cases, right, outcomes, strict=True)
    ]
    deciding = [answer for answer in answers if not answer.case.diagnostic]
    faults = {name: _fault(name, deciding) for name in names(layout)}
    notes = _notes(outcomes)
    share = exercise.points / len(faults)
    points = round(share * sum(fault is None for fault in faults.values()), 6)
    if not any(faults.values()):
        notes += ("shape-of-one-entry",) if _has_other_shape(deciding) else ()
        return Verdict(
            exercise.function, subject.id, True, exercise.points, exercise.points, None, "Right.", notes=notes
        )
    named = _name(_mistaken_answers(subject.id, seed), answers, faults)
    judged = tuple(
        Part(name, True, share, share, None)
        if fault is None
        else Part(name, False, 0.0, share, named[name][0].mistake.partition("+")[0])
        for name, fault in faults.items()
    )
    fault, mistake = next(named[name] for name in faults if faults[name])
    if all(o.failure and o.failure.name == "TypeError" and not o.failure.line for o in outcomes):
        call = f"{exercise.function}({', '.join(subject.arguments)})"  # no line of the student's was reached
        fault = fault._replace(seen=f"{fault.seen} It is called as {call}.")
    ids = fault.mistake.split("+")
    return Verdict(
        exercise.function,
        subject.id,
        False,
        points,
        exercise.points,
        ids[0],
        _seen(judged, fault, mistake),
        " ".join(HINTS[id] for id in ids if id in HINTS),
        reading.advice(_equation_to_read(subject, mistake)),
        notes,
        judged if len(judged) > 1 else (),
    )


def refused(exercise: Exercise, mistake: str, seen: str) -> Verdict:
    """Return the verdict on an answer that has nothing to judge: not written, missing, or ended before it returned."""
    return Verdict(exercise.function, exercise.equation, False, 0.0, exercise.points, mistake, seen)


def is_stub(outcome: Outcome, exercise: Exercise) -> bool:
    """Tell whether a function is as it was handed out: it raised NotImplementedError itself, not one that it calls."""
    failure = outcome.failure
    return failure is not None and failure.name == "NotImplementedError" and failure.function in ("", exercise.function)


def _notes(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    return ("changed-its-input",) if any(outcome.changed for outcome in outcomes) else ()


def _has_other_shape(deciding: Sequence[Answer]) -> bool:
    """Tell whether a part with one entry came in another shape, such as [[3.0]] for 3.0."""
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
    """Return what is wrong with a part on the first case where something is, or None."""
    for answer in deciding:
        fault = _fault_of_case(name, answer)
        if fault:
            return fault
    return None


def _fault_of_case(name: str, answer: Answer) -> Fault | None:
    called = f"{name}: " if name else ""
    sizes = ", ".join(f"{size} = {n}" for size, n in answer.case.sizes.items())
    if answer.failure:
        return Fault(
            "out-of-memory" if answer.failure.name == "MemoryError" else "raised",
            f"With {sizes} it raised {raised(answer.failure)}.",
        )
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
        return Fault("wrong-shape", f"{called}With {sizes} the shape is {value.shape}, and should be {right.shape}.")
    if (value.dtype.kind == "c" and bool(np.any(np.imag(value)))) or value.dtype == np.float16:
        return Fault("wrong-dtype", f"{called}Its dtype is {value.dtype}; float64 is expected.")
    if not bool(np.all(np.isfinite(value))):
        return Fault("not-finite", f"{called}With {sizes} entry {_first(~np.isfinite(value))} is not a finite number.")
    wrong = wrong_entries(value, right) | wrong_entries(value, answer.again[name])
    if bool(np.any(wrong)):
        index = _first(wrong)
        if not right.ndim:
            return Fault("wrong-values", f"{called}With {sizes} the number is wrong; yours is {value[()]:.6g}.")
        entry = f"entry {index} is the first that is wrong; yours is {value[index]:.6g}"
        return Fault("wrong-values", f"{called}The shape {value.shape} is right; with {sizes} {entry}.")
    return None


def raised(failure: Failure) -> str:
    """Return an exception in words: its name, its text, and the student's line that it came from."""
    line = f" in the line `{failure.line}`" if failure.line else ""
    return f"{failure.name}: {failure.text or 'no text'}{line}"


def _first(wrong: Array) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(wrong)[0]) if wrong.ndim else ()


def _name(
    known: Sequence[tuple[Mistake, Results]], answers: Sequence[Answer], faults: Mapping[str, Fault | None]
) -> dict[str, tuple[Fault, Mistake | None]]:
    """Find, for each part that is wrong, the mistake of the library that gives the very same numbers."""
    wrong = [name for name, fault in faults.items() if fault]
    right = {part for name in faults if name not in wrong for part in (name, name.removeprefix('cache["')[:-2])}
    library = [(m, results) for m, results in known if not m.where or m.where not in right]
    whole = next((m for m, results in library if _explains(results, answers, list(faults))), None)
    named: dict[str, tuple[Fault, Mistake | None]] = {}
    for name in wrong:
        fault = faults[name]
        assert fault
        mistake = whole or next((m for m, results in library if _explains(results, answers, [name])), None)
        named[name] = (fault._replace(mistake=mistake.id) if mistake else fault, mistake)
    return named


@lru_cache(maxsize=64)
def _mistaken_answers(equation_id: str, seed: int) -> list[tuple[Mistake, Results]]:
    """Compute what every mistake returns on every case, None where it raises; single mistakes before pairs."""
    subject, layout = equation(equation_id), layout_of(equation_id)
    computed = []
    for mistake in (*mistakes_of(equation_id), *double_mistakes_of(equation_id)):
        results: Results = []
        for case in draw(seed):
            try:
                with np.errstate(all="ignore"):
                    value = mistake.function(*case.arguments(subject).values())
                results.append({name: np.asarray(part) for name, part in parts(layout, value).items()})
            except (ValueError, IndexError):
                results.append(None)
        computed.append((mistake, results))
    return computed


def _explains(results: Results, answers: Sequence[Answer], wanted: Sequence[str]) -> bool:
    """Tell whether a mistake gives the student's numbers on every case, raises where they raise, and is wrong."""
    differs = False
    for result, answer in zip(results, answers, strict=True):
        if result is None or answer.failure:
            if (result is None) != (answer.failure is not None):
                return False
            continue
        for name in wanted:
            value = _array(answer.given[name], result[name])
            if not isinstance(value, np.ndarray) or not same(value, result[name]):
                return False
            differs = differs or not same(result[name], answer.right[name])
    return differs


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


def _equation_to_read(subject: Equation, mistake: Mistake | None) -> Equation:
    if mistake and mistake.where:
        return equation(f"{subject.id.partition('.')[0]}.{mistake.where}")
    return subject
