"""`autograder explain`: show on which inputs a verdict fell, and judge the submission once more."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from rich.console import Console

from autograder.assignments import Exercise
from autograder.core.check import questions
from autograder.core.declared import question_of
from autograder.core.question import Formula
from autograder.core.render import text
from autograder.core.verdict import Verdict
from autograder.grade.collect import SubmissionFolder, Unreadable, take
from autograder.grade.grader import judged
from autograder.grade.guests import GuestFactory
from autograder.grade.records import Record, reference_of, verdict_of
from autograder.grade.run import CannotGrade, Options, Run
from autograder.grade.students import spelled_as
from autograder.protocol.values import Outcome
from course_lib.names import suggestion


def explain(student: str, check: str, assignment: str, options: Options, console: Console | None = None) -> int:
    """Print the inputs of a check, the student's and the right answers on them, and the verdict.

    Raises
    ------
    AutograderError
        When nothing could be done.
    """
    console = console or Console(emoji=False)
    options.dry_run = True
    run = Run(assignment, options)
    known = [each.student for each in run.places]
    student = spelled_as(student, known)
    record, place = run.records.find(student), next((p for p in run.places if p.student == student), None)
    if record is None or place is None:
        why = f"`autograder grade {assignment}` makes it" if place else suggestion(student, known)
        raise CannotGrade(f"{student} has no record for {assignment}; {why}")
    function = check.removeprefix("check-")
    row = next((row for row in record.verdicts if row["function"] == function), None)
    if row is None:
        known = [row["function"] for row in record.verdicts]
        why = suggestion(function, known) if known else f"it is {record.outcome}: {record.advice}"
        raise CannotGrade(f"the record of {student} has no verdict on {function!r}; {why}")
    with run.opened():
        if record.seed != (here := reference_of(run.job.seed)):
            raise CannotGrade(
                f"{student} was graded with the seed {record.seed}, and here is {here}: name its file by --seed-file"
            )
        again, answers, exercise = _judged_again(run, place, record, function)
    recorded = verdict_of(row)
    for line in _explanation(record, recorded, again, answers, exercise, run.job.seed):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return int(again is None or text(again) != text(recorded))


def _judged_again(
    run: Run, place: SubmissionFolder, record: Record, function: str
) -> tuple[Verdict | None, list[Outcome], Exercise]:
    """Judge a submission again; the verdict is None where the file is not the one that was graded."""
    asked = run.job.releases.get(record.release, run.assignment).exercise(function)
    asked = asked or run.assignment.exercise(function)
    if asked is None:
        raise CannotGrade(f"{run.assignment.name} does not ask for {function!r} any more")
    try:
        file = take(place, run.assignment.name)
        graded = next((each for each in file.notebooks if each.sha256 == record.sha256), None)
        if graded is None:
            return None, [], asked
        file = file.instead(graded)
        factory = GuestFactory(run.job)
        with contextlib.ExitStack() as stack:
            stack.callback(factory.stop)
            assignment, _, found = judged(file, run.job, factory.guest)
    except Unreadable:
        return None, [], asked
    exercise = assignment.exercise(function) or asked
    verdict = next((v for v in found.verdicts if v.function == function), None)
    return verdict, found.answers.get(function, []), exercise


def _short_repr(value: Any) -> str:
    with np.printoptions(precision=6, threshold=60, linewidth=100):
        if isinstance(value, dict):
            return "{" + ", ".join(f"{name!r}: {_short_repr(item)}" for name, item in value.items()) + "}"
        if isinstance(value, tuple | list):
            return "(" + ", ".join(map(_short_repr, value)) + ")"
        return f"{value.shape} {value}" if isinstance(value, np.ndarray) else repr(value)


def _right_answers(exercise: Exercise, seed: int) -> Iterator[str]:
    asked = question_of(exercise)
    if not isinstance(asked, Formula):
        yield from ("" for _ in asked.calls(seed))
    else:
        for case in asked.draw(seed):
            by_formula = asked.reference and asked.reference(*asked.given(case).values())
            yield _short_repr(asked.second(case.values) if by_formula is None else by_formula)


def _explanation(
    record: Record, recorded: Verdict, again: Verdict | None, answers: list[Outcome], exercise: Exercise, seed: int
) -> Iterator[str]:
    """Yield the lines that explain a verdict."""
    yield f"{record.student}, {record.assignment}, {exercise.id}: graded {record.graded_at}, seed {reference_of(seed)}"
    yield f"sha256 {record.sha256}, checks {record.checks}, {record.versions}"
    right = _right_answers(exercise, seed)
    for number, (arguments, wanted) in enumerate(zip(questions(exercise, seed), right, strict=True)):
        yield f"\ncall {number}"
        for name, value in arguments.items():
            yield f"  {name} = {_short_repr(value)}"
        if number < len(answers):
            failure = answers[number].failure
            given = f"{failure.name}: {failure.text}" if failure else _short_repr(answers[number].value)
            yield f"  returned {given}"
        if wanted:
            yield f"  right    {wanted}"
    yield "\nThe verdict, as recorded:"
    yield text(recorded)
    if again is None:
        yield "\nThe file is another one now than was graded."
    elif text(again) != text(recorded):
        yield "\nJudged again, it is another one:"
        yield text(again)
    else:
        yield "\nJudged again, it is the same."
