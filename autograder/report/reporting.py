"""The common part of the commands `report`, `export` and `feedback`, with their messages."""

import sys
from collections.abc import Collection

import click

from autograder.report.feedback import feedback
from autograder.report.marks import GradedClass, NoAssignment, graded
from course_lib.names import suggestion

__all__ = ["graded", "write_feedback"]


def write_feedback(graded: GradedClass, students: Collection[str], book: str, jobs: int) -> int:
    """Write pages, say how many, and return the exit code."""
    known = [each.id for each in graded.students]
    for student in students:
        if student not in known:
            raise NoAssignment(
                f"there is no student {student!r} in {graded.assignment.name}; {suggestion(student, known)}"
            )
    pages = without = 0
    nothing: list[str] = []
    total = len(students or [each for each in graded.students if each.record])
    with click.progressbar(length=total, label="Feedback", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        for written in feedback(graded, book, students, jobs):
            bar.update(1)
            pages += written.path is not None
            without += not written.whole
            if written.path is None:
                nothing.append(written.student)
    said = [f"{pages} pages in {graded.course.folder('feedback')}."]
    if without:
        said.append(f"{without} of them are without the notebook, which could not be shown; its marks are there.")
    if nothing:
        said.append(f"No page for {len(nothing)}, who have no autograded notebook: {', '.join(nothing)}.")
    click.echo("\n".join(said), file=sys.stdout)
    return 1 if without or nothing or not pages else 0
