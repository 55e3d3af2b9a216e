"""Read the marks of a class from nbgrader's gradebook, with comments and late penalties."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from autograder.grade.course import Course, database, readable

Tables = Mapping[str, sa.Table]


@dataclass(frozen=True)
class CellMark:
    """The marks of one student for one graded cell.

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
        """The points that count."""
        return (self.manual if self.manual is not None else self.auto or 0.0) + self.extra

    @property
    def is_marked(self) -> bool:
        """Whether a machine or a person has given points; nbgrader makes rows that wait before it reads the file."""
        return self.auto is not None or self.manual is not None


@dataclass(frozen=True)
class Person:
    """A person's id, names and addresses in the gradebook."""

    id: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""

    @property
    def is_named(self) -> bool:
        """Whether there is more than the id."""
        return bool(self.first_name or self.last_name or self.email or self.lms_user_id)


@dataclass(frozen=True, kw_only=True)
class GradebookRow:
    """The rows of the gradebook for one student and one assignment.

    Attributes
    ----------
    cells : marks, by grade_id; empty where it has none
    comments : of people, or nbgrader's own, by the id of the cell
    penalty : for late work, by nbgrader's plugin
    extension : of the time until it is due, as the database has it
    person : who it is
    """

    cells: Mapping[str, CellMark] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)
    penalty: float = 0.0
    extension: Any = None
    person: Person = field(default_factory=Person)

    @property
    def waiting(self) -> float:
        """The points that a person has still to give."""
        return sum(cell.max_points for cell in self.cells.values() if cell.waits and cell.manual is None)


def cell_rows(t: Tables, table: sa.Table, *columns: str) -> sa.Select[Any]:
    """Select student, the cell's id and columns of a table that has a row for each cell of each submitted notebook."""
    submission, notebook, cell = t["submitted_assignment"], t["submitted_notebook"], t["base_cell"]
    wanted = (submission.c.student_id, cell.c.id, *(table.c[column] for column in columns))
    return (
        sa.select(*wanted)
        .join(notebook, notebook.c.id == table.c.notebook_id)
        .join(submission, submission.c.id == notebook.c.assignment_id)
        .join(cell, cell.c.id == table.c.cell_id)
    )


def read_class(course: Course, name: str) -> tuple[dict[str, GradebookRow], dict[str, float]]:
    """Return all students' rows, and what each cell is worth; nothing where there is no gradebook yet.

    Parameters
    ----------
    course : where it is
    name : of the assignment

    Raises
    ------
    NoGradebook
        If it cannot be read.
    """
    found = database(course)
    if found is None:
        return {}, {}
    engine, tables = found
    with readable(course.db_url), engine.connect() as connection:
        return rows_in(connection, tables, name)


def cells_of(t: Tables) -> sa.Select[Any]:
    """Select id, name, type and points of cells; one that is graded and a solution has two rows of one name."""
    cell, grades, tasks = t["base_cell"].c, t["grade_cells"].c, t["task_cells"].c
    return (
        sa.select(cell.id, cell.name, cell.type, sa.func.coalesce(grades.max_score, tasks.max_score))
        .outerjoin(t["grade_cells"], grades.id == cell.id)
        .outerjoin(t["task_cells"], tasks.id == cell.id)
    )


def rows_in(
    connection: sa.Connection, t: Tables, name: str, notebook: str = ""
) -> tuple[dict[str, GradebookRow], dict[str, float]]:
    """Return what `read_class` returns, of one notebook alone if it is named."""
    assignment = sa.select(t["assignment"].c.id).where(t["assignment"].c.name == name)
    asked = sa.select(t["notebook"].c.id, t["notebook"].c.name).where(t["notebook"].c.assignment_id.in_(assignment))
    notebooks = {row.id: row.name for row in connection.execute(asked) if notebook in ("", row.name)}
    of = t["base_cell"].c.notebook_id
    cells_here = connection.execute(cells_of(t).add_columns(of).where(of.in_(notebooks))).all()
    several = len(notebooks) > 1  # which may have cells of one name
    names = {id: f"{notebooks[where]}: {cell}" if several else cell for id, cell, *_, where in cells_here}
    most = {names[id]: float(points) for id, _, _, points, _ in cells_here if points is not None}
    submission, submitted = t["submitted_assignment"], t["submitted_notebook"]
    mine = submitted.c.notebook_id.in_(notebooks)
    late = sa.select(submission.c.student_id, submission.c.extension, submitted.c.late_submission_penalty)
    penalties: dict[str, float] = {}
    extensions: dict[str, Any] = {}
    rows: sa.Select[Any] = late.join(submitted, submitted.c.assignment_id == submission.c.id).where(mine)
    for student, extension, penalty in connection.execute(rows):
        penalties[student] = penalties.get(student, 0.0) + float(penalty or 0.0)
        extensions[student] = extension
    comments: dict[str, dict[str, str]] = {}
    rows = cell_rows(t, t["comment"], "auto_comment", "manual_comment").where(mine)
    for student, cell, auto, manual in connection.execute(rows):
        if said := manual if manual is not None else auto:
            comments.setdefault(student, {})[names[cell]] = _text(said)
    cells: dict[str, dict[str, CellMark]] = {}
    columns = "auto_score", "manual_score", "extra_credit", "needs_manual_grade"
    rows = cell_rows(t, t["grade"], *columns).where(mine)
    for student, cell, auto, manual, extra, waits in connection.execute(rows):
        cells.setdefault(student, {})[names[cell]] = CellMark(
            most.get(names[cell], 0.0), _number(auto), _number(manual), float(extra or 0.0), bool(waits)
        )
    people = t["student"].c
    everybody = {
        id: GradebookRow(
            cells=cells.get(id, {}),
            comments=comments.get(id, {}),
            penalty=penalties.get(id, 0.0),
            extension=extensions.get(id),
            person=Person(id, *(_text(text or "") for text in names)),
        )
        for id, *names in connection.execute(
            sa.select(people.id, people.first_name, people.last_name, people.email, people.lms_user_id)
        )
    }
    return everybody, most


def _number(value: Any) -> float | None:
    """Return a mark; raise ValueError for a value that is no number, as SQLite keeps values of any type."""
    return None if value is None else float(value)


def _text(value: Any) -> str:
    """Return a text, in the same way."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} stands where a text belongs")
    return value
