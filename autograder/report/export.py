"""Marks as a table for other programs.

The columns depend on what is asked, never on who has handed in. Late work costs what nbgrader's plugin has written into
the gradebook; nothing is computed here.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from autograder.grade.class_marks import CellMark
from autograder.grade.students import JOINERS, printable
from autograder.report.marks import GradedClass, Student

SCHEMA = 1
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
"""What a spreadsheet program may take for the start of a formula or a command; full-width signs count too."""


def neutral(text: str) -> str:
    """Quote a text with an apostrophe where a spreadsheet program would take it for a formula.

    >>> neutral("=1+1"), neutral("Ada")
    ("'=1+1", 'Ada')
    """
    bare = "".join(c for c in text if printable(c) or c in "\t\r\n")
    seen = bare.translate(dict.fromkeys(map(ord, JOINERS)))
    risky = seen.startswith(FORMULA_STARTS) or seen.lstrip().startswith(FORMULA_STARTS)
    return f"'{bare}" if risky else bare


def _text(value: Any) -> str:
    """Format a field; neutralise texts."""
    if value is None:
        return ""
    return f"{round(value, 6):g}" if isinstance(value, int | float) else neutral(str(value))


def _written(rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows([_text(v) for v in row] for row in rows)
    return text.getvalue()


def _parts(graded: GradedClass) -> list[tuple[str, float]]:
    """Return the columns of single exercises: their ids and maximum points."""
    asked = graded.assignment
    return [(e.id, e.points) for e in asked.exercises] + [(w.id, w.points) for w in asked.written]


def points_of(student: Student, id: str) -> float | None:
    """Return a student's points for one cell; None where it has no mark yet."""
    cell = student.cells.get(id)
    if cell is not None:
        return None if cell.waits and cell.manual is None else cell.points
    return student.record.marks.get(id) if student.record else None


def as_csv(graded: GradedClass) -> str:
    """Return one row for each student, in the order of their ids."""
    head = [
        *("assignment", "student_id", "last_name", "first_name", "email", "timestamp", "outcome", "needs_grading"),
        *("raw_score", "late_submission_penalty", "score", "max_score"),
        *(id for id, _ in _parts(graded)),
    ]
    rows: list[list[Any]] = [head]
    for student in graded.students:
        person, record = student.person, student.record
        rows.append(
            [
                *(graded.assignment.name, student.login, person.last_name, person.first_name, person.email),
                *(record.timestamp if record else "", student.outcome, "yes" if student.waits else "no"),
                *(student.raw, student.penalty, student.points, graded.max_points),
                *(points_of(student, id) for id, _ in _parts(graded)),
            ]
        )
    return _written(rows)


def as_canvas(graded: GradedClass) -> str:
    """Return the table that Canvas imports into its gradebook: students are found by their login.

    Who has no mark yet gets an empty field, which Canvas leaves as it is.
    """
    rows: list[list[Any]] = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", graded.assignment.title],
        ["Points Possible", "", "", "", "", graded.max_points],
    ]
    for student in graded.students:
        person = student.person
        name = ", ".join(part for part in (person.last_name, person.first_name) if part) or student.login
        rows.append([name, person.lms_user_id, "", student.login, "", None if student.waits else student.points])
    return _written(rows)


def _cell(cell: CellMark) -> dict[str, Any]:
    return {"auto": cell.auto, "manual": cell.manual, "extra": cell.extra, "max_points": cell.max_points}


def as_json(graded: GradedClass) -> str:
    """Return the graded class as one JSON object, without the inputs on which functions were judged."""
    students = []
    for student in graded.students:
        record = student.record
        students.append(
            {
                "student": student.login,
                "outcome": student.outcome,
                "needs_grading": student.waits,
                "points_waiting": student.waiting,
                "raw_score": student.raw,
                "late_submission_penalty": student.penalty,
                "score": student.points,
                "timestamp": record.timestamp if record else "",
                "sha256": record.sha256 if record else "",
                "troubles": student.troubles,
                "advice": record.advice if record else "",
                "checks": [verdict.as_json() for verdict in student.verdicts],
                "cells": {id: _cell(cell) for id, cell in sorted(student.cells.items()) if cell.max_points},
            }
        )
    asked = graded.assignment
    table = {
        "schema": SCHEMA,
        "assignment": asked.name,
        "title": asked.title,
        "release": asked.release,
        "max_score": graded.max_points,
        "columns": [{"id": id, "max_points": points} for id, points in _parts(graded)],
        "students": students,
    }
    return json.dumps(table, indent=1) + "\n"


FORMATS: Mapping[str, Callable[[GradedClass], str]] = {"csv": as_csv, "canvas": as_canvas, "json": as_json}
