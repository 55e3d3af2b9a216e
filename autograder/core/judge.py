"""Judge a student's answers: compare them with the right ones, and name the mistake.

`judge` takes the outcomes of a student's function on the drawn cases, however they came about: from a function in the
same process, from another process, or from a browser. It runs nothing of the student's.
"""

import contextlib
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from autograder.assignments import Exercise
from autograder.core import book_links
from autograder.core.compare import wrong_entries
from autograder.core.declared import question_of
from autograder.core.hints import HINTS
from autograder.core.known import Tried, layer_that_is_wrong, where_right
from autograder.core.layout import Absent, described
from autograder.core.measured import answer_on, picture_of
from autograder.core.naming import (
    Answer,
    Fault,
    in_shape_of,
    is_right,
    is_right_elsewhere,
    mistaken_answers,
    named_faults,
)
from autograder.core.oracles import OracleDisagreement, right_answers
from autograder.core.question import Formula, Mistake, Property, Question
from autograder.core.raised import advice, call_of, hard_coded, raised
from autograder.core.verdict import Part, Verdict
from autograder.protocol.values import Failure, Opaque, Outcome
from course_lib.arrays import Array
from course_lib.equations import EQUATIONS

NOT_IMPLEMENTED = "The cell is as it was handed out. Write the function, then run this cell again."


def judge(exercise: Exercise, outcomes: Sequence[Outcome], seed: int = 0, *, briefly: bool = False) -> Verdict:
    """Judge one exercise.

    Parameters
    ----------
    exercise : which function it is, and its points
    outcomes : what the function returned on each call of its question, in order
    seed : the seed of the cases
    briefly : whether the calls are those of `questions(..., briefly=True)`

    Returns
    -------
    Verdict, with `passed` None when the two oracles disagree
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():  # whatever the numbers are, they are the student's
        warnings.simplefilter("ignore")
        return _judged(exercise, question_of(exercise, briefly=briefly), outcomes, seed)


def _judged(exercise: Exercise, asked: Question, outcomes: Sequence[Outcome], seed: int) -> Verdict:
    wanted = len(asked.calls(seed))
    if len(outcomes) != wanted:
        raise ValueError(f"{exercise.function}: {len(outcomes)} outcomes for {wanted} cases")
    if all(is_stub(outcome, exercise) for outcome in outcomes):
        return refused(exercise, "not-implemented", NOT_IMPLEMENTED)
    if isinstance(asked, Property):
        return _judge_property(exercise, asked, outcomes, seed)
    return _judge_formula(exercise, asked, outcomes, seed)


def prepare(exercise: Exercise, seed: int) -> None:
    """Compute the cases, right answers and first mistakes of an exercise, once for all processes forked later.

    Pairs of mistakes are left out; they are seldom needed.
    """
    asked = question_of(exercise)
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
    failed = next((pair for pair in zip(asked.calls(seed), outcomes, strict=True) if pair[1].failure), None)
    if failed:
        inputs, outcome = failed
        assert outcome.failure
        where = f"With {asked.says.format(**inputs)} it" if asked.says else ""
        fault = _with_call(_fault_of_failure(outcome.failure, where, inputs), exercise, inputs, outcomes)
        hint = advice(outcome.failure, {}) or HINTS.get(fault.mistake, "")
        return replace(refused(exercise, fault.mistake, fault.seen), hint=hint, read=_reading(asked.reads))
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
    answers = [answer_on(asked, *each) for each in zip(asked.draw(seed), right, outcomes, strict=True)]
    deciding = [answer for answer in answers if answer.case.decides]
    names = dict.fromkeys(name for answer in deciding for name in answer.right)
    faults = {name: _fault(name, deciding, asked) for name in names}
    notes = _notes(outcomes)
    whole = sum(asked.weights.get(name, 1.0) for name in faults)
    shares = {name: exercise.points * asked.weights.get(name, 1.0) / whole for name in faults}
    points = round(sum((shares[name] for name, fault in faults.items() if fault is None), 0.0), 6)
    if not any(faults.values()):
        notes += ("shape-of-one-entry",) if _has_other_shape(deciding) else ()
        return Verdict(
            exercise.function, exercise.equation, True, exercise.points, exercise.points, None, "Right.", notes=notes
        )
    named = named_faults(asked, seed, [a for a in answers if a.case.names], faults)
    judged = tuple(
        Part(name, True, shares[name], shares[name], None)
        if fault is None
        else Part(name, False, 0.0, shares[name], named[name][0].mistake.partition("+")[0])
        for name, fault in faults.items()
    )
    first = next(name for name in faults if faults[name])
    fault, mistake = named[first]
    tried = [_tried(answer) for answer in answers]
    wrong = [first in case.wrong for case in tried]
    picture = picture_of(first, answers, wrong) if fault.inputs is None else None
    fault = _with_call(fault, exercise, asked.arguments, outcomes)
    ids = fault.mistake.split("+")
    return Verdict(
        exercise.function,
        exercise.equation,
        False,
        points,
        exercise.points,
        ids[0],
        _seen(judged, fault, mistake, _known(asked, named, answers, tried)),
        (not mistake and fault.hint) or " ".join(HINTS[id] for id in ids if id in HINTS),
        _reading(_to_read(asked, mistake)),
        notes,
        judged if len(judged) > 1 else (),
        picture,
    )


def _with_call(fault: Fault, exercise: Exercise, arguments: Iterable[str], outcomes: Sequence[Outcome]) -> Fault:
    """Say with what inputs a function raised, how it is called where no call reached it, or that it is a class."""
    if all(isinstance(o.value, Opaque) and o.value.type_name == exercise.function for o in outcomes):
        return fault._replace(
            seen=f"{exercise.function} is a class, of which a call makes an object: write a function."
        )
    if all(o.failure and o.failure.name == "TypeError" and not o.failure.function for o in outcomes):
        return fault._replace(seen=f"{fault.seen} It is called as {exercise.function}({', '.join(arguments)}).")
    if fault.inputs is not None:
        return fault._replace(seen=f"{fault.seen} The call was {call_of(exercise.function, fault.inputs)}.")
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


def _fault(name: str, deciding: Sequence[Answer], asked: Formula) -> Fault | None:
    """Return the fault of a part on the first case that has one, or None; cases with large inputs come last."""
    for answer in sorted(deciding, key=lambda answer: answer.case.kind == "extreme"):
        if name in answer.right:
            fault = _fault_of_case(name, answer, asked.given(answer.case))
            if fault:
                return fault
    return None


def _tried(answer: Answer) -> Tried:
    """Return what is known of an answer on one case."""
    wrong = [name for name in answer.right if _is_wrong(name, answer)]
    whole = {name: value for name, value in answer.case.values.items() if type(value) is int}
    axes = max(np.ndim(right) for right in answer.right.values())
    return Tried({**answer.case.sizes, **whole}, answer.case.kind, wrong, axes, answer.failure is not None)


def _is_wrong(name: str, answer: Answer) -> bool:
    """Return whether a part has a fault on one case; of plain numbers one oracle tells as well as both."""
    value = answer.given.get(name)
    plain = isinstance(value, np.ndarray) and value.dtype in (np.float64, np.float32)
    if plain and answer.case.names:
        return not is_right(value, answer.right[name])
    return _fault_of_case(name, answer, {}) is not None


def _fault_of_failure(failure: Failure, where: str, inputs: Mapping[str, Any]) -> Fault:
    id = "out-of-memory" if failure.name == "MemoryError" else "raised"
    return Fault(id, f"{where or 'It'} raised {raised(failure)}.", advice(failure, inputs), inputs)


def _fault_of_case(name: str, answer: Answer, inputs: Mapping[str, Any]) -> Fault | None:
    called = f"{name}: " if name else ""
    sizes = ", ".join(f"{size} = {n}" for size, n in answer.case.sizes.items())
    given = f"with {sizes}" if sizes else "in one case"
    Given = given.capitalize() if not sizes else f"With {sizes}"
    if answer.failure:
        return _fault_of_failure(answer.failure, f"{Given} it", inputs)
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
    value = in_shape_of(value, right)
    if value.shape != right.shape:
        seen = f"{called}{Given} the shape is {value.shape}, and should be {right.shape}."
        return Fault("wrong-shape", seen, hard_coded(value.shape, inputs))
    if (value.dtype.kind == "c" and bool(np.any(np.imag(value)))) or value.dtype == np.float16:
        return Fault("wrong-dtype", f"{called}Its dtype is {value.dtype}; float64 is expected.")
    if not bool(np.all(np.isfinite(value))):
        undefined = answer.case.kind == "kink" and bool(np.any(np.isnan(value)))
        id = "overflow" if answer.case.kind == "extreme" else "zero-by-zero" if undefined else "not-finite"
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


def _first(wrong: Array) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(wrong)[0]) if wrong.ndim else ()


def _entry(wrong: Array) -> str:
    return f"entry {_first(wrong)}" if wrong.ndim else "the number"


def _known(
    asked: Formula,
    named: Mapping[str, tuple[Fault, Mistake | None]],
    answers: Sequence[Answer],
    tried: Sequence[Tried],
) -> tuple[str, str]:
    """Return in which cases an answer is right, and which layer is wrong by itself, each in a sentence or ""."""
    first, *others = (mistake for _, mistake in named.values())
    one = first if first and all(other is first for other in others) else None
    telling = [case for case, answer in zip(tried, answers, strict=True) if answer.case.names]
    right = [k for k, case in enumerate(telling) if not case.wrong]
    places = [k for k in right if telling[k].kind == "plain"] or right
    elsewhere = partial(is_right_elsewhere, asked, one, tuple(named), places) if one else None
    return where_right(tried, elsewhere), layer_that_is_wrong(tried)


def _seen(judged: tuple[Part, ...], fault: Fault, mistake: Mistake | None, known: tuple[str, str]) -> str:
    sentences = [sentence for sentence in known if sentence]
    right = [part.name for part in judged if part.passed]
    if right and not known[1]:
        sentences.append(f"Right: {', '.join(right)}. Wrong: {', '.join(p.name for p in judged if not p.passed)}.")
    sentences.append(fault.seen)
    if mistake:
        ids = mistake.id.split("+")
        fits = "one mistake" if len(ids) == 1 else "two mistakes together"
        where = f" in {mistake.where}" if mistake.where else ""
        if mistake.rival:
            sentences.append(f"Every case fits one of two: {ids[0]}{where}, or {mistake.rival} in your parameter list.")
        else:
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
