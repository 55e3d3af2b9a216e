"""What is known of a class after grading: the records of the grader, joined with nbgrader's gradebook.

Records say what the machine judged; the gradebook says what counts in the end, with what people gave and what late work
costs by nbgrader's plugin. The gradebook is only read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from autograder.assignments import Assignment
from autograder.core.verdict import Verdict
from autograder.course_file import assignments_of
from autograder.errors import AutograderError
from autograder.grade.gradebook import Course, NoGradebook, database, find_course, readable
from autograder.grade.records import Record, Records, verdict_of
from course_lib.names import suggestion

NOT_GRADED = "not-graded"
"""The outcome of somebody whom the gradebook knows and of whom there is no record."""


class NoAssignment(AutograderError, LookupError):
    """The course has no such assignment, or the assignment no such student; the message names the nearest one."""


@dataclass(frozen=True)
class CellMark:
    """What one graded cell gives a student, as the gradebook has it.

    Attributes
    ----------
    max_points : at most
    auto : what a machine gave, or None
    manual : what a person gave in its place, or None
    extra : what a person gave on top
    waits : whether a person has still to look at it
    """

    max_points: float = 0.0
    auto: float | None = None
    manual: float | None = None
    extra: float = 0.0
    waits: bool = False

    @property
    def points(self) -> float:
        """What counts."""
        return (self.manual if self.manual is not None else self.auto or 0.0) + self.extra


@dataclass(frozen=True)
class Person:
    """Who somebody is, as the gradebook knows."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""


@dataclass(frozen=True)
class Student:
    """One student of the class.

    Attributes
    ----------
    id : the student's id
    record : what grading came to; None where there is none
    verdicts : of the checks, in order
    cells : what the gradebook holds, by grade_id; empty where it has no row
    comments : of people, or nbgrader's own, by the id of the cell
    penalty : for late work, by nbgrader's plugin
    person : as the gradebook knows
    """

    id: str
    record: Record | None = None
    verdicts: tuple[Verdict, ...] = ()
    cells: Mapping[str, CellMark] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)
    penalty: float = 0.0
    person: Person = Person()

    @property
    def outcome(self) -> str:
        """The record's outcome id."""
        return self.record.outcome if self.record else NOT_GRADED

    @property
    def raw(self) -> float | None:
        """All points before what late work costs; None where there are no marks."""
        if self.cells:
            return sum(cell.points for cell in self.cells.values())
        return self.record.score if self.record else None

    @property
    def points(self) -> float | None:
        """All points, as nbgrader counts them: never below 0."""
        return None if self.raw is None else max(0.0, self.raw - self.penalty)

    @property
    def waits(self) -> bool:
        """Whether a person has still to grade a part of it."""
        return any(cell.waits for cell in self.cells.values())


@dataclass(frozen=True)
class GradedClass:
    """A class after grading.

    Attributes
    ----------
    course : its directory
    assignment : what was asked
    max_points : of the whole, with what people grade
    students : by id
    """

    course: Course
    assignment: Assignment
    max_points: float
    students: tuple[Student, ...]

    @property
    def folder(self) -> Path:
        """Where the course is."""
        return self.course.root


def graded(name: str, course: Path | None = None) -> GradedClass:
    """Read what is known of a class.

    Parameters
    ----------
    name : of the assignment
    course : the nbgrader course directory; None looks for it from the current one upwards

    Raises
    ------
    NoGradebook
        If there is no course, or its gradebook cannot be read.
    NoAssignment
        If the course has no such assignment.
    CourseFileError
        If course.toml cannot be read.
    """
    root = course or find_course(Path.cwd())
    if root is None:
        raise NoGradebook("Neither this folder nor one above it is an nbgrader course: name it by --course-dir.")
    found = Course.at(root)
    known = assignments_of(found.root)
    if name not in known:
        raise NoAssignment(f"no assignment {name!r}; {suggestion(name, known)}")
    assignment = known[name]
    rows, most = _gradebook(found, name)
    return GradedClass(
        found, assignment, assignment.total_points if most is None else most, joined(Records(root, name).all(), rows)
    )


def joined(records: Iterable[Record], rows: Mapping[str, Student] | None = None) -> tuple[Student, ...]:
    """Return a student for each record and for each row of the gradebook, by id."""
    rows = rows or {}
    known = {record.student: record for record in records}
    students = []
    for id in sorted(known.keys() | rows.keys()):
        row, record = rows.get(id, Student(id)), known.get(id)
        verdicts = tuple(verdict_of(each) for each in record.verdicts) if record else ()
        students.append(replace(row, record=record, verdicts=verdicts))
    return tuple(students)


def _gradebook(course: Course, name: str) -> tuple[dict[str, Student], float | None]:
    """Return the gradebook's rows of everybody, and what there is to get; nothing and None where it has none."""
    found = database(course)
    if found is None:
        return {}, None
    engine, tables = found
    with readable(course.db_url), engine.connect() as connection:
        return _read(connection, tables, name)


def _read(connection: sa.Connection, t: Mapping[str, sa.Table], name: str) -> tuple[dict[str, Student], float | None]:
    mine = t["assignment"].c.name == name
    asked = (
        sa.select(t["base_cell"].c.name, t["grade_cells"].c.max_score, t["task_cells"].c.max_score)
        .join(t["notebook"], t["notebook"].c.id == t["base_cell"].c.notebook_id)
        .join(t["assignment"], t["assignment"].c.id == t["notebook"].c.assignment_id)
        .outerjoin(t["grade_cells"], t["grade_cells"].c.id == t["base_cell"].c.id)
        .outerjoin(t["task_cells"], t["task_cells"].c.id == t["base_cell"].c.id)
        .where(mine)
    )
    # A cell that is graded and a solution has two rows of one name.
    most: dict[str, float] = {}
    for cell, of_check, of_task in connection.execute(asked):
        score = of_check if of_check is not None else of_task
        if score is not None:
            most[cell] = float(score)
    handed_in, notebook = t["submitted_assignment"], t["submitted_notebook"]
    submitted = notebook.join(handed_in, handed_in.c.id == notebook.c.assignment_id).join(
        t["assignment"], t["assignment"].c.id == handed_in.c.assignment_id
    )

    def of_cells(table: sa.Table, *columns: str) -> Iterable[Any]:
        """Return student, cell and columns of each row of a table that has one for each cell of each notebook."""
        cell = t["base_cell"]
        wanted = (handed_in.c.student_id, cell.c.name, *(table.c[column] for column in columns))
        joined = submitted.join(table, table.c.notebook_id == notebook.c.id).join(cell, cell.c.id == table.c.cell_id)
        return connection.execute(sa.select(*wanted).select_from(joined).where(mine))

    penalties: dict[str, float] = {}
    for student, penalty in connection.execute(
        sa.select(handed_in.c.student_id, notebook.c.late_submission_penalty).select_from(submitted).where(mine)
    ):
        penalties[student] = penalties.get(student, 0.0) + float(penalty or 0.0)
    comments: dict[str, dict[str, str]] = {}
    for student, cell, auto, manual in of_cells(t["comment"], "auto_comment", "manual_comment"):
        if said := manual if manual is not None else auto:
            comments.setdefault(student, {})[cell] = _text(said)
    cells: dict[str, dict[str, CellMark]] = {}
    wanted = ("auto_score", "manual_score", "extra_credit", "needs_manual_grade")
    for student, cell, auto, manual, extra, waits in of_cells(t["grade"], *wanted):
        cells.setdefault(student, {})[cell] = CellMark(
            most.get(cell, 0.0), _number(auto), _number(manual), float(extra or 0.0), bool(waits)
        )
    people = t["student"].c
    everybody = {
        id: Student(
            id,
            cells=cells.get(id, {}),
            comments=comments.get(id, {}),
            penalty=penalties.get(id, 0.0),
            person=Person(*(_text(text or "") for text in names)),
        )
        for id, *names in connection.execute(
            sa.select(people.id, people.first_name, people.last_name, people.email, people.lms_user_id)
        )
    }
    return everybody, sum(most.values()) if most else None


def _number(value: Any) -> float | None:
    """Return a mark; SQLite keeps whatever was written into it, and what is no number raises a ValueError."""
    return None if value is None else float(value)


def _text(value: Any) -> str:
    """Return a text, in the same way."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} stands where a text belongs")
    return value
