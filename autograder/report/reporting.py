"""What the commands `report`, `export` and `feedback` have in common: refusals, and what is said on the way."""

import contextlib
import sys
from collections.abc import Callable, Collection, Iterator
from typing import NoReturn

import click

from autograder.course_file import CourseFileError
from autograder.grade.gradebook import NoGradebook
from autograder.grade.records import CannotWrite
from autograder.report.feedback import NoAddress, feedback
from autograder.report.marks import Graded, NoAssignment, graded
from course_lib.names import suggestion

__all__ = ["graded", "refused_by", "write_feedback"]


@contextlib.contextmanager
def refused_by(stop: Callable[[str], NoReturn]) -> Iterator[None]:
    """Hand what cannot be done to somebody who says it and ends."""
    try:
        yield
    except (NoGradebook, NoAssignment, CourseFileError, CannotWrite, NoAddress) as error:
        stop(str(error))
    except OSError as error:
        stop(f"{error.filename or 'A file'} cannot be read or written: {error.strerror or error}.")


def write_feedback(graded: Graded, students: Collection[str], book: str, jobs: int) -> int:
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
    click.echo(f"{pages} pages in {graded.course.folder('feedback')}.")
    if without:
        click.echo(f"{without} of them are without the notebook, which could not be shown; its marks are there.")
    if nothing:
        click.echo(f"No page for {len(nothing)}, who have no autograded notebook: {', '.join(nothing)}.")
    return 1 if without or nothing or not pages else 0
