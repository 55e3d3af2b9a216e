"""`autograder explain`: show what a verdict or a test fell on, and judge the submission once more."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from rich.console import Console

from autograder.assignments import Assignment, Exercise
from autograder.core.check import questions
from autograder.core.declared import question_of
from autograder.core.question import Formula
from autograder.core.render import text
from autograder.core.verdict import Verdict
from autograder.grade.collect import SubmissionFolder, Unreadable, take
from autograder.grade.grader import judged, not_judged, own_tests
from autograder.grade.guests import GuestFactory
from autograder.grade.records import Record, reference_of, verdict_of
from autograder.grade.restore import Restored
from autograder.grade.run import CannotGrade, Options, Run, runs
from autograder.grade.students import spelled_as
from autograder.grade.submission_result import SubmissionResult
from autograder.protocol.values import Outcome
from course_lib.names import suggestion

SAME = "\nJudged again, it is the same."
PLAIN: Mapping[str, Any] = {"markup": False, "highlight": False, "soft_wrap": True}


def explain(student: str, check: str, assignment: str, options: Options, console: Console | None = None) -> int:
    """Print why a check has the points that it has, and judge it again.

    Of a function these are the inputs, the student's and the right answers on them, and the verdict; of a lecturer's
    own test what it showed. Where an assignment has several notebooks, a check is called as `autograder export` calls
    it, `notebook: check`, or by its name alone where only one of them has it.

    Raises
    ------
    AutograderError
        When nothing could be done.
    """
    console = console or Console(emoji=False)
    options.dry_run = True
    several = list(runs(assignment, options))
    known = [each.student for each in several[0].places]
    student = spelled_as(student, known)
    place = next((p for p in several[0].places if p.student == student), None)
    records = [(run, record) for run in several if (record := run.records.find(student))]
    if not records or place is None:
        why = f"`autograder grade {assignment}` makes it" if place else suggestion(student, known)
        raise CannotGrade(f"{student} has no record for {assignment}; {why}")
    run, record, name = _asked(records, check.removeprefix("check-"))
    with run.opened():
        if record.seed != (here := reference_of(run.job.seed)):
            raise CannotGrade(
                f"{student} was graded with the seed {record.seed}, and here is {here}: name its file by --seed-file"
            )
        shown = [f"sha256 {record.sha256}, checks {record.checks}, {record.versions}"]
        shown += (_of_a_test if name in record.extras else _of_a_function)(run, place, record, name)
    title = f"{run.notebook}: {name}" if run.notebook else name
    console.print(f"{student}, {assignment}, {title}: graded {record.graded_at}, seed {record.seed}", **PLAIN)
    for line in shown:
        console.print(line, **PLAIN)
    return int(shown[-1] != SAME)


def _asked(records: Sequence[tuple[Run, Record]], check: str) -> tuple[Run, Record, str]:
    """Return the run and the record in which a check is, and its function or the name of a lecturer's own test."""
    known = {
        f"{run.notebook}: {name}" if run.notebook else name: (run, record, name)
        for run, record in records
        for name in (*(row["function"] for row in record.verdicts), *record.extras)
    }
    fitting = [title for title, (_, _, name) in known.items() if check in (title, name)]
    if len(fitting) == 1:
        return known[fitting[0]]
    if fitting:
        raise CannotGrade(f"several notebooks have {check!r}: write {' or '.join(map(repr, fitting))}")
    cell, (_, first) = check.rpartition(": ")[2], records[0]
    why = " ".join(f"it is {record.outcome}: {record.advice}" for _, record in records if not record.has_marks)
    if not why:
        written = any(cell in run.job.release.places for run, _ in records)
        why = "a person grades it" if written else suggestion(check, known)
    raise CannotGrade(f"the record of {first.student} has no verdict on {check!r}; {why}")


def _judged_again(
    run: Run, place: SubmissionFolder, record: Record
) -> tuple[Assignment, Restored, SubmissionResult, Mapping[str, str]] | None:
    """Judge a submission again, and say which tests are not judged; None where the file is not the one of the record.

    Raises
    ------
    NotStarted
    """
    job, factory = run.job, GuestFactory(run.job)
    try:
        file = take(place, job.file, job.others)
        graded = next((each for each in file.notebooks if each.sha256 == record.sha256), None)
        if graded is None:
            return None
        assignment, restored, found = judged(file.instead(graded), job, factory.guest)
        unjudged = not_judged(own_tests(restored, found, job), restored, found, job, factory.guest)
        return assignment, restored, found, unjudged
    except Unreadable:
        return None
    finally:
        factory.stop()


def _of_a_function(run: Run, place: SubmissionFolder, record: Record, function: str) -> Iterator[str]:
    """Yield the lines that explain a verdict of the course."""
    exercise = run.job.releases.get(record.release, run.assignment).exercise(function)
    exercise = exercise or run.assignment.exercise(function)
    if exercise is None:
        raise CannotGrade(f"{run.assignment.name} does not ask for {function!r} any more")
    found, answers, again = _judged_again(run, place, record), list[Outcome](), None
    if found:
        assignment, _, result, _ = found
        exercise = assignment.exercise(function) or exercise
        answers = result.answers.get(function, [])
        again = next((verdict for verdict in result.verdicts if verdict.function == function), None)
    right = _right_answers(exercise, run.job.seed)
    for number, (arguments, wanted) in enumerate(zip(questions(exercise, run.job.seed), right, strict=True)):
        yield f"\ncall {number}"
        for name, value in arguments.items():
            yield f"  {name} = {_short_repr(value)}"
        if number < len(answers):
            failure = answers[number].failure
            given = f"{failure.name}: {failure.text}" if failure else _short_repr(answers[number].value)
            yield f"  returned {given}"
        if wanted:
            yield f"  right    {wanted}"
    recorded = _words(verdict_of(next(row for row in record.verdicts if row["function"] == function)))
    yield f"\nThe verdict, as recorded:\n{recorded}"
    yield from _compared(recorded, _words(again) if again else None)


def _words(verdict: Verdict) -> str:
    """Return a verdict without its picture, which is of another case, and which a course may do without."""
    return text(replace(verdict, picture=None))


def _of_a_test(run: Run, place: SubmissionFolder, record: Record, name: str) -> Iterator[str]:
    """Yield the lines that explain the points of a lecturer's own test."""
    most, found, again = run.job.release.worth.get(name, 0.0), _judged_again(run, place, record), None

    def said(points: float | None) -> str:
        return "a person gives its points" if points is None else f"{points:g} of {most:g} points"

    if found:
        _, restored, result, unjudged = found
        at = next((at for at, cell in enumerate(restored.notebook.cells) if cell.id == name), -1)
        for output in result.shown.get(at, []):
            lines = output.get("traceback") or [output.get("text") or output.get("data", {}).get("text/plain", "")]
            yield "\n".join(["\nWhat it showed:", *lines]).rstrip()
        if name in unjudged:
            yield f"\nIt is not judged: {unjudged[name]}."
        again = said(None if name in unjudged else own_tests(restored, result, run.job)[name][0])
    recorded = said(record.extras[name])
    yield f"\nThe points, as recorded: {recorded}."
    yield from _compared(recorded, again)


def _compared(recorded: str, again: str | None) -> Iterator[str]:
    """Yield in lines whether it is the same when it is judged again; None stands for another file."""
    if again is None:
        yield "\nThe file is another one now than was graded."
    elif again != recorded:
        yield f"\nJudged again, it is another one:\n{again}"
    else:
        yield SAME


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
