"""Terminal output of a run: progress, the closing table, changes of marks."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from autograder.assignments import Assignment
from autograder.grade.class_marks import GradebookRow
from autograder.grade.records import OUTCOMES, Record
from autograder.grade.students import printable

COLOURS = {"graded": "green", "graded-with-trouble": "yellow"}


def one_line(text: str) -> str:
    """Return a student's text on one line, escaped for a table."""
    return escape(" ".join("".join(c if printable(c) else " " for c in text).split()))


def points(record: Record) -> str:
    """Return the points of a submission."""
    return "–" if record.score is None else f"{record.score:g}"


def what_was_wrong(record: Record, marks: GradebookRow) -> list[str]:
    """Return a line for each mistake and anomaly, for the points that wait for a person, and for what is late."""
    named: dict[str, list[str]] = {}
    judged = [] if record.is_another else record.verdicts
    for row in judged:
        if row["mistake"]:
            named.setdefault(row["mistake"], []).append(row["function"])
    lines = []
    for mistake, functions in named.items():
        everything = len(functions) == len(judged)
        lines.append(f"{mistake}: {'everything' if everything else ', '.join(functions)}")
    if failed := [id for id, got in record.extras.items() if got is not None and got < record.asked.get(id, 0.0)]:
        lines.append(f"not passed: {', '.join(failed)}")
    if (judged or record.extras) and not lines and None not in record.extras.values():
        lines.append("all right")
    if marks.waiting:
        before = f"{points(record)} of {record.max_score:g}, and " if record.max_score else ""
        lines.append(f"{before}{marks.waiting:g} points wait for a person")
    if marks.penalty:
        lines.append(f"late: {marks.penalty:g} points less")
    lines += [trouble["text"] for trouble in record.troubles]
    return [one_line(line) for line in [*lines, record.advice] if line]


def table(assignment: Assignment, records: Iterable[Record], rows: Mapping[str, GradebookRow]) -> Table:
    """Return the closing table.

    Parameters
    ----------
    assignment : what was asked
    records : of all submissions
    rows : what the gradebook has, by student
    """
    short = Column("student", no_wrap=True), Column("score", justify="right", no_wrap=True)
    outcome = Column("outcome", no_wrap=True)
    shown = Table(*short, outcome, "what was wrong", title=assignment.title, title_justify="left")
    for record in sorted(records, key=lambda record: record.student):
        colour = "red" if record.needs_a_person else COLOURS[record.outcome]
        shown.add_row(
            one_line(record.student),
            f"{points(record)} / {record.max_score:g}",
            f"[{colour}]{record.outcome}[/]",
            "\n".join(what_was_wrong(record, rows.get(record.student, GradebookRow()))),
        )
    return shown


def summary(records: Sequence[Record], fresh: int, seconds: float) -> str:
    """Return in a sentence how a run went."""
    counts = Counter(record.outcome for record in records)
    said = ", ".join(f"{counts[id]} {id}" for id in OUTCOMES if counts[id])
    rate = f", {fresh / seconds:.1f} a second" if fresh and seconds else ""
    return f"{len(records)} submissions: {said}. {fresh} graded now in {seconds:.1f} s{rate}."


def changes_table(found: Mapping[str, Mapping[str, tuple[Any, Any]]]) -> Table:
    """Return which marks would change."""
    names = (Column(heading, no_wrap=True) for heading in ("student", "cell"))
    marks = (Column(heading, justify="right") for heading in ("now", "then"))
    shown = Table(*names, *marks, title="Marks that would change", title_justify="left")
    for student, cells in sorted(found.items()):
        for cell, (old, new) in cells.items():
            shown.add_row(one_line(student), one_line(cell), *("–" if v is None else f"{v:g}" for v in (old, new)))
    return shown


def followed(console: Console, records: Iterator[Record], total: int) -> Iterator[Record]:
    """Yield the records, and show the progress: a bar on a terminal, a line for each record elsewhere."""
    if not console.is_terminal:
        for number, record in enumerate(records, start=1):
            line = f"{number}/{total} {one_line(record.student)}: {record.outcome}, {points(record)}"
            console.print(line, soft_wrap=True, highlight=False)
            yield record
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:.1f}/s"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[troubled]} to look at"),
    )
    started, troubled = time.monotonic(), 0
    # No thread of its own, for workers are forked meanwhile.
    with Progress(*columns, console=console, auto_refresh=False) as progress:
        task = progress.add_task("grading", total=total, rate=0.0, troubled=0)
        progress.refresh()
        for number, record in enumerate(records, start=1):
            troubled += record.needs_a_person
            rate = number / max(time.monotonic() - started, 1e-6)
            progress.update(task, advance=1, rate=rate, troubled=troubled)
            progress.refresh()
            yield record
