"""Grade a class: do a run over each notebook of an assignment, and print what it did."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console

from autograder.grade.console import changes_table, followed, one_line, summary, table
from autograder.grade.gradebook import LATE
from autograder.grade.run import Options, Run, runs
from autograder.grade.writer import exit_code
from autograder.sandbox.launch import SandboxProcess


def grade_class(
    assignment: str, options: Options, console: Console | None = None, sandbox: SandboxProcess | None = None
) -> int:
    """Grade a class, print the progress and the results, and return the exit code.

    Parameters
    ----------
    assignment : its name
    options : what the caller chooses
    console : where it is printed
    sandbox : one that is starting already; it stays the caller's to close

    Raises
    ------
    AutograderError
        When nothing could be done.
    """
    console = console or Console(emoji=False)
    return max([_grade(run, console) for run in runs(assignment, options, sandbox)])


def _grade(run: Run, console: Console) -> int:
    """Grade one notebook of each student."""
    started, options = time.monotonic(), run.options
    with run.opened():
        state = run.state
        for line in _said_of_points(run):
            console.print(line, highlight=False, soft_wrap=True)
        if state.todo and not options.sandboxed:
            console.print("[red]Students' code runs without a sandbox, with all your rights.[/]", soft_wrap=True)
        if state.done:
            console.print(f"{len(state.done)} are graded already; --force grades them again.", highlight=False)
        if state.outdated:
            console.print(
                f"{state.outdated} of them were judged by other checks or another seed than now.", highlight=False
            )
        if run.excluded:
            console.print(f"Left out by student_id_exclude: {run.excluded}.", highlight=False)
        repaired = {record.student: run.would_change(record) for record in state.repair}
        if options.dry_run:
            return _dry(run, console, repaired)
        for line in _said_of_repairs(repaired):
            console.print(line, highlight=False, soft_wrap=True)
        fresh = list(followed(console, run.grade(), len(state.todo)))
        records, rows = [*state.done, *fresh], run.gradebook.rows()
    console.print(table(run.assignment, records, rows))
    seconds = time.monotonic() - started
    console.print(summary(records, len(fresh), seconds), highlight=False, soft_wrap=True)
    return exit_code(records)


def _said_of_points(run: Run) -> Iterator[str]:
    """Yield in sentences which points are other ones than were promised, and what becomes of them."""
    names = {each.id: each.function for each in run.assignment.exercises}
    new = ", ".join(f"{names.get(id, id)} {most:g}" for id, most in run.new_points.items())
    if run.options.new_points:
        yield f"New points: {new or 'none'}. They change what {len(run.revalued)} that are in can get."
        rows = sorted(run.gradebook.rows().items())
        cells = {student: (row.cells.get(id) for id in run.new_points) for student, row in rows}
        given = [student for student, found in cells.items() if any(each and each.manual is not None for each in found)]
        if given:
            yield f"What a person gave for these stays as it is; look at {', '.join(map(one_line, given))}."
    elif new or run.promised:
        what = (
            f"course.toml gives other points than are in force: {new}" if new else "Points are not as in older releases"
        )
        some = f"; {run.promised} submissions keep those that they were promised" if run.promised else ""
        yield f"{what}{some}. --new-points gives the new ones to all; with --dry-run it shows first who would get what."


def _said_of_repairs(repaired: Mapping[str, Mapping[str, tuple[Any, Any]]]) -> Iterator[str]:
    """Yield in sentences what is put right in the gradebook of what is graded already."""
    late = {student: found[LATE] for student, found in repaired.items() if LATE in found}
    if late:
        some = ", ".join(
            f"{one_line(each)} {was or 0:g} to {now or 0:g}" for each, (was, now) in list(late.items())[:20]
        )
        yield f"As due dates, extensions, settings and points are now, {len(late)} late penalties change: {some}."
    if others := [each for each, found in repaired.items() if found.keys() - {LATE}]:
        yield f"Marks of {len(others)} were not in the gradebook as recorded, and are put there."


def _dry(run: Run, console: Console, repaired: dict[str, dict[str, tuple[Any, Any]]]) -> int:
    """Grade, write nothing, and show which marks would change."""
    found = dict(repaired)
    for each in run.revalued if run.options.new_points else ():
        if changed := run.would_change(each.after):
            found[each.after.student] = changed | {"all checks": (each.before.score, each.after.score)}
    fresh = list(followed(console, (result.record for result in run.results()), len(run.state.todo)))
    for record in fresh:
        if record.has_marks and (changed := run.would_change(record)):
            found[record.student] = changed
    console.print(changes_table(found))
    records = [*run.state.done, *fresh]
    console.print(
        f"{len(found)} of {len(records)} would get other marks. Nothing was written.", highlight=False, soft_wrap=True
    )
    return exit_code(records)
