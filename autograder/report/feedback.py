"""A feedback page for each student, where `nbgrader generate_feedback` puts its own.

A page holds the verdicts, hints and chapters, what a person has said, and the notebook. It never holds what was drawn
to judge it (a picture of what is wrong is of a public case), nor the texts of hidden tests. Late work costs what
nbgrader's plugin has written into the gradebook.
"""

import os
import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from autograder.core.render import SIGNS, html
from autograder.core.verdict import Verdict
from autograder.course_file import is_on
from autograder.errors import AutograderError
from autograder.grade.class_marks import CellMark
from autograder.grade.course import load_nbformat
from autograder.grade.records import CannotWrite, write_whole
from autograder.grade.release import regions
from autograder.grade.students import spelled_as
from autograder.report.marks import GradedClass, NoAssignment, Student
from autograder.report.workers import SECONDS, Task, answers
from course_lib.names import suggestion

SUMS = {True: "right", False: "wrong", None: "open"}
_READ = re.compile(r"\(([\w-]+\.html)(#[\w-]+)?\)")
_ADDRESS = re.compile(r"https?://[^\s\"'<>]+|(?:\.{0,2}/)[^\s\"'<>]*")


class NoAddress(AutograderError):
    """An error of the book's address: a page may not link to it; the message names the addresses that may be."""


@dataclass(frozen=True)
class FeedbackPage:
    """The result of writing one page.

    Attributes
    ----------
    student : whose
    path : where it is, or None where there is no autograded notebook
    whole : whether the notebook is on it
    """

    student: str
    path: Path | None = None
    whole: bool = True


def address(book: str) -> str:
    """Check the book's address, and return it with a slash at its end.

    Raises
    ------
    NoAddress
    """
    if book and not _ADDRESS.fullmatch(book):
        raise NoAddress(f"{book!r} is no address of the book: write https://... or a path that starts with / or ./")
    return f"{book.rstrip('/')}/" if book else ""


def page_of(folder: Path, student: str, assignment: str) -> Path:
    """Return the path of a student's page, below the folder of feedback."""
    return folder / student / assignment / f"{assignment}.html"


def link_to(folder: Path, start: Path, student: str, assignment: str) -> str:
    """Return the address of a student's page, from a page in another directory."""
    return quote(Path(os.path.relpath(page_of(folder, student, assignment), start)).as_posix())


def verdict_html(verdict: Verdict, book: str) -> str:
    """Return a verdict as HTML; link the chapter to read where the book's address is known."""
    whole = html(verdict)
    read = escape(verdict.read)
    if not book or not verdict.read or verdict.passed:
        return whole
    linked = _READ.sub(lambda found: f'(<a href="{escape(book)}{found[1]}{found[2] or ""}">{found[1]}</a>)', read)
    before, _, after = whole.rpartition(read)
    return f"{before}{linked}{after}"


def _of(points: float, most: float) -> str:
    return f"{round(points, 2):g} of {round(most, 2):g}"


def _row(verdict: Verdict, cell: CellMark | None) -> dict[str, str]:
    points = cell.points if cell else verdict.points
    said = "right" if verdict.passed else "not judged" if verdict.passed is None else verdict.mistake or "wrong"
    if cell and cell.manual is not None:
        said += ", points given by a person"
    return {
        "anchor": f"cell-check-{verdict.function}",
        "name": verdict.function,
        "kind": SUMS[verdict.passed],
        "said": f"{SIGNS[verdict.passed]} {said}",
        "points": _of(points, cell.max_points if cell and cell.max_points else verdict.max_points),
    }


def _other_row(id: str, name: str, cell: CellMark) -> dict[str, str]:
    waits = cell.waits and cell.manual is None
    return {
        "anchor": f"cell-{id}",
        "name": name,
        "kind": "open" if waits else "",
        "said": "a person grades it" if waits else "graded",
        "points": f"of {cell.max_points:g}" if waits else _of(cell.points, cell.max_points),
    }


def said_of(student: Student, graded: GradedClass, book: str = "") -> dict[str, Any]:
    """Return the content of a student's page beside the notebook, as JSON types.

    Parameters
    ----------
    student : whose page it is
    graded : the class
    book : where the book is, as `address` gives it
    """
    cells = student.cells
    checks = {f"check-{verdict.function}": verdict for verdict in student.verdicts}
    if not is_on(graded.course.root, graded.assignment.name, "show_measured"):
        checks = {id: replace(verdict, picture=None) for id, verdict in checks.items()}
    titles = {written.id: written.title for written in graded.assignment.written}
    rows = [_row(verdict, cells.get(id)) for id, verdict in checks.items()]
    rows += [
        _other_row(id, titles.get(id, id), cell)
        for id, cell in sorted(cells.items())
        if id not in checks and cell.max_points
    ]
    most = sum(cell.max_points for cell in cells.values()) or (student.record.max_score if student.record else 0.0)
    judged = most - student.waiting
    mark = "No mark yet" if student.points is None or not judged else f"{_of(student.points, judged)} points"
    if student.points is not None and student.waiting:
        mark += (
            f", and {student.waiting:g} wait for a person"
            if judged
            else f": {student.waiting:g} points wait for a person"
        )
    about = []
    if student.waits:
        about.append("A part of it has still to be graded by a person; the points can grow.")
    if student.penalty:
        about.append(f"It came late, which costs {student.penalty:g} of the {student.raw:g} points.")
    about += [str(trouble.get("text", "")) for trouble in student.troubles]
    shown = {}
    for id, cell in cells.items():
        waits = cell.waits and cell.manual is None
        points = "" if not cell.max_points or waits else f"{_of(cell.points, cell.max_points)} points"
        shown[id] = {"points": points, "comment": ""}
    for id, said in student.comments.items():
        shown.setdefault(id, {"points": ""})["comment"] = said
    return {
        "title": graded.assignment.title,
        "student": student.id,
        "mark": mark,
        "about": about,
        "rows": rows,
        "cells": shown,
        "verdicts": {id: verdict_html(verdict, book) for id, verdict in checks.items()},
        "failed": {id: not verdict.passed for id, verdict in checks.items()},
        "hidden": regions(graded.course.config),
    }


def feedback(
    graded: GradedClass, book: str = "", only: Collection[str] = (), jobs: int = 0, seconds: float = SECONDS
) -> Iterator[FeedbackPage]:
    """Write the pages of a class, and yield each when it is written.

    A notebook that cannot be shown, or not in time, gives a page without it.

    Parameters
    ----------
    graded : the class
    book : where the book is; nothing leaves out the links
    only : ids of the students whose pages are wanted; all if there are none
    jobs : how many workers; 0 takes one for each core
    seconds : after which a notebook is given up

    Raises
    ------
    NoAddress
    CannotWrite
    """
    load_nbformat()
    from autograder.report.page import ready, render  # loads nbconvert, which takes a second

    book = address(book)
    autograded = graded.course.folder("autograded")
    if autograded.exists() and not autograded.is_dir():
        raise CannotWrite(f"{autograded} is a file, where the folder of autograded notebooks belongs: move it away.")
    asked = []
    for student in graded.students:
        if only and student.id not in only:
            continue
        if path := graded.notebook("autograded", student.id):
            asked.append(Task(student.id, said_of(student, graded, book), path))
        elif student.record:
            yield FeedbackPage(student.id)
    broken = list[Task]()
    for tasks, whole in ((asked, True), (broken, False)):
        for each, page in answers(tasks, render, ready, jobs, seconds):
            if page is not None:
                yield FeedbackPage(each.key, _write(graded, each.key, page), whole)
            elif whole:
                broken.append(Task(each.key, each.said))
            else:
                raise RuntimeError(f"the page of {each.key} could not be made without its notebook either")


def _write(graded: GradedClass, student: str, page: bytes) -> Path:
    """Write a page, and beside it the timestamp that `nbgrader release_feedback` asks for."""
    path = page_of(graded.course.folder("feedback"), student, graded.assignment.name)
    write_whole(path, page, 0o644)
    record = next((each.record for each in graded.students if each.id == student), None)
    if record and record.timestamp:
        write_whole(path.with_name("timestamp.txt"), f"{record.timestamp}\n".encode(), 0o644)
    return path


def write_feedback(graded: GradedClass, students: Collection[str], book: str, jobs: int) -> int:
    """Write the pages of a class, print their number, and return the exit code."""
    if len(graded.notebooks) > 1:
        name = graded.assignment.name
        raise NoAssignment(f"{name} has several notebooks, whose pages are made by `nbgrader generate_feedback {name}`")
    known = [each.id for each in graded.students]
    students = [spelled_as(student, known) for student in students]
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
