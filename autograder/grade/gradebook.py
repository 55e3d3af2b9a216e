"""nbgrader's gradebook: read the released cells, write the marks.

It is SQLite or PostgreSQL, as nbgrader's `db_url` says. The tables are nbgrader's own, reached with SQLAlchemy and
without nbgrader's objects, for which each mark is several queries and commits. One submission is one transaction: all
of its marks are there or none. What a person has entered (manual scores, extra credit, comments) is never touched.
"""

import functools
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from autograder.assignments import Assignment, ManualQuestion
from autograder.course_file import assignments_of
from autograder.grade.class_marks import CellMark, GradebookRow, cells_of, rows_in
from autograder.grade.course import Course, NoGradebook, database, readable, said_of
from autograder.grade.lateness import interval, late_penalty, parsed_time
from autograder.grade.records import CannotWrite, Record
from autograder.grade.release import Regions, Release, cells_in, kernelspec_of, locked_texts, regions
from autograder.protocol.notebook import FLAGS, Cell

WAIT_SECONDS = 60.0
LATE = "late penalty"
"""Stands among the marks of cells for what late work costs, where it costs something."""
FLAG_OF = {"GradeCell": "grade", "SolutionCell": "solution", "TaskCell": "task"}
"""By the type of a row of base_cell; a cell that is graded and a solution has two."""

T = TypeVar("T")


class UnknownAssignment(NoGradebook):
    """An error of a gradebook: it does not know the assignment."""


def _id() -> str:
    return uuid.uuid4().hex


class Gradebook:
    """The gradebook of a course, for one notebook of an assignment."""

    def __init__(self, course: Course, assignment: str, notebook: str = "") -> None:
        """Connect to the gradebook, and read the release of the assignment.

        Parameters
        ----------
        course : where it is
        assignment : its name
        notebook : which of its notebooks; "" stands for the one that has its name

        Raises
        ------
        NoGradebook
            If it is not there, or does not know the assignment.
        """
        self._course = course
        self._name = assignment
        self._file = f"{notebook or assignment}.ipynb"
        again = f"run `nbgrader generate_assignment {assignment}` in {course.root}, or `make release`"
        found = database(course)
        if found is None:
            raise NoGradebook(f"There is no gradebook {sa.make_url(course.db_url).database} yet: {again}.")
        self._engine, self._tables = found
        with readable(self._engine.url), self._engine.connect() as connection:
            self._load(connection, again)

    def _load(self, connection: sa.Connection, again: str) -> None:
        t = self._tables
        notebook, assignment = t["notebook"].c, t["assignment"].c
        row = connection.execute(
            sa.select(notebook.id, notebook.assignment_id, notebook.kernelspec, assignment.duedate)
            .join(t["assignment"], assignment.id == notebook.assignment_id)
            .where(assignment.name == self._name, notebook.name == self._file.removesuffix(".ipynb"))
        ).first()
        if row is None:
            raise UnknownAssignment(f"The gradebook does not know {self._name}: {again}.")
        self._notebook, self._assignment, spec, self._duedate = row
        found = connection.execute(cells_of(t).where(t["base_cell"].c.notebook_id == self._notebook)).all()
        self._graded = {name: id for id, name, kind, _ in found if kind in ("GradeCell", "TaskCell")}
        self._commented = {name: id for id, name, kind, _ in found if kind in ("SolutionCell", "TaskCell")}
        points = {name: most for _, name, _, most in found if most is not None}
        flags = {(name, FLAG_OF.get(kind)) for _, name, kind, _ in found}
        sources = connection.execute(
            sa.select(t["source_cell"]).where(t["source_cell"].c.notebook_id == self._notebook)
        ).mappings()
        cells = {}
        for each in sources:
            name = each["name"]
            noted = frozenset(flag for flag in FLAGS if (name, flag) in flags or (flag == "locked" and each["locked"]))
            source, checksum = each["source"] or "", each["checksum"]
            cells[name] = Cell(each["cell_type"], source, name, name, noted, points.get(name), checksum=checksum)
        hidden, places = regions(self._course.config), frozenset(self._graded)
        whole = self._whole()
        order = {cell.grade_id: place for place, cell in reversed(list(enumerate(whole)))}
        cells = dict(sorted(cells.items(), key=lambda item: order.get(item[0], len(order))))
        self.release = Release(cells, kernelspec_of(spec), hidden, places, whole, self._others(connection, hidden))

    def _others(self, connection: sa.Connection, hidden: Regions) -> dict[str, frozenset[str]]:
        """Return the texts of the locked cells of all other assignments."""
        notebook, assignment, cell = (self._tables[name].c for name in ("notebook", "assignment", "source_cell"))
        rows = connection.execute(
            sa.select(assignment.name, cell.source)
            .join(self._tables["notebook"], notebook.assignment_id == assignment.id)
            .join(self._tables["source_cell"], cell.notebook_id == notebook.id)
            .where(assignment.name != self._name, cell.locked)
        )
        found: dict[str, list[Cell]] = {}
        for name, source in rows:
            found.setdefault(name, []).append(Cell("code", source or "", flags=frozenset({"locked"})))
        return {name: locked_texts(cells, hidden) for name, cells in found.items()}

    def _whole(self) -> tuple[Cell, ...]:
        """Return all cells of the notebook in order, which the gradebook does not keep; none where it is not there."""
        places = (self._course.folder(step) / self._name / self._file for step in ("release", "source"))
        return next(filter(None, map(cells_in, places)), ())

    def check_writable(self) -> None:
        """Check that marks can be written, before anything is graded.

        Raises
        ------
        CannotWrite
        """
        table = self._tables["notebook"]
        nobody = table.update().where(table.c.id == "").values(name=self._name)
        self._again(lambda connection: connection.execute(nobody), writes=True)

    def put_in_force(self, points: Mapping[str, float]) -> None:
        """Write what cells are worth.

        Raises
        ------
        CannotWrite
        """

        def write(connection: sa.Connection) -> None:
            for name, most in points.items():
                for table in (self._tables["grade_cells"], self._tables["task_cells"]):
                    connection.execute(table.update().where(table.c.id == self._graded[name]).values(max_score=most))

        self._again(write, writes=True)

    def rows(self) -> dict[str, GradebookRow]:
        """Return what the gradebook has of each student for this notebook."""
        name, notebook = self._name, self._file.removesuffix(".ipynb")
        return self._again(lambda connection: rows_in(connection, self._tables, name, notebook)[0])

    def marks(self) -> dict[str, dict[str, float | None]]:
        """Return the automatic marks of all students, and late penalties: by student, then by cell."""
        return {
            student: {name: cell.auto for name, cell in row.cells.items()}
            | ({LATE: row.penalty} if row.penalty else {})
            for student, row in self.rows().items()
        }

    @functools.cached_property
    def _rows_before(self) -> dict[str, GradebookRow]:
        return self.rows()

    def wanted(self, record: Record) -> dict[str, float | None]:
        """Return the automatic marks that follow from a record, None where a person grades, and the late penalty."""
        marks = self._marks(record)
        if self._duedate is None:
            return marks
        row = self._rows_before.get(record.student, GradebookRow())
        cells = (replace(row.cells.get(name, CellMark()), auto=score) for name, score in marks.items())
        penalty = self._penalty(record, cells, row.extension)
        return marks | ({LATE: penalty} if penalty else {})

    def _marks(self, record: Record) -> dict[str, float | None]:
        marks: dict[str, float | None] = {name: points for name, points in record.marks.items() if name in self._graded}
        for name, given in self.release.cells.items():
            if name in self._graded and name not in marks:
                person = given.has("solution") or given.has("task") or given.kind == "markdown"
                marks[name] = None if person and name not in record.unanswered else 0.0
        return marks

    def _penalty(self, record: Record, cells: Iterable[CellMark], extension: Any) -> float | None:
        """Return what being late costs, of all points."""
        when, due = parsed_time(record.timestamp), self._duedate
        if when is None or due is None or when <= due + interval(extension):
            return None
        seconds = (when - due - interval(extension)).total_seconds()
        return late_penalty(self._course.config, record.student, sum(cell.points for cell in cells), seconds)

    def write(self, record: Record) -> None:
        """Write a record's marks in one transaction; repeating it changes nothing.

        Raises
        ------
        CannotWrite
        """
        self._again(lambda connection: self._write(connection, record), writes=True)

    def _write(self, connection: sa.Connection, record: Record) -> None:
        handed_in, notebooks = self._tables["submitted_assignment"], self._tables["submitted_notebook"]
        when = parsed_time(record.timestamp)
        _row(connection, self._tables["student"], {"id": record.student}, {})
        key = {"assignment_id": self._assignment, "student_id": record.student}
        submission = _row(connection, handed_in, key, {"timestamp": when}, "extension")
        if when:
            connection.execute(handed_in.update().where(handed_in.c.id == submission["id"]).values(timestamp=when))
        key = {"assignment_id": submission["id"], "notebook_id": self._notebook}
        notebook = _row(connection, notebooks, key, {"flagged": False})["id"]
        cells = self._write_grades(connection, notebook, record)
        self._write_comments(connection, notebook, record)
        penalty = self._penalty(record, cells, submission.get("extension"))
        connection.execute(notebooks.update().where(notebooks.c.id == notebook).values(late_submission_penalty=penalty))

    def _write_grades(self, connection: sa.Connection, notebook: str, record: Record) -> list[CellMark]:
        """Write the automatic marks, and return them with what people have given."""
        table, marks, cells = self._tables["grade"], self._marks(record), list[CellMark]()
        found, rows = _rows_by_cell(connection, table, notebook, "manual_score", "extra_credit"), {}
        for name, cell in self._graded.items():
            _, manual, extra = found.get(cell, (None, None, None))
            cells.append(CellMark(auto=marks[name], manual=manual, extra=extra or 0.0))
            # As nbgrader has it: what a person has graded once is to be looked at again.
            waits = manual is not None or marks[name] is None or record.is_another
            rows[cell] = {"auto_score": marks[name], "needs_manual_grade": waits}
        _put(connection, table, notebook, rows, found)
        return cells

    def _write_comments(self, connection: sa.Connection, notebook: str, record: Record) -> None:
        table = self._tables["comment"]
        texts = {cell: "No response." if name in record.unanswered else None for name, cell in self._commented.items()}
        rows = {cell: {"auto_comment": text} for cell, text in texts.items()}
        _put(connection, table, notebook, rows, _rows_by_cell(connection, table, notebook))

    def _again(self, work: Callable[[sa.Connection], T], writes: bool = False) -> T:
        """Run a function in a transaction, and retry while the database is locked or lost."""
        until = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                with self._engine.begin() as connection:
                    return work(connection)
            except (TypeError, ValueError) as error:  # SQLite keeps a text where a number belongs
                raise self._failed(error, writes) from error
            except SQLAlchemyError as error:
                if not _passes(error) or time.monotonic() > until:
                    raise self._failed(error, writes) from error
                time.sleep(0.2)

    def _failed(self, error: Exception, writes: bool) -> CannotWrite:
        what = "written" if writes else "read"
        return CannotWrite(
            f"The gradebook {self._engine.url} cannot be {what}: {said_of(error)}; "
            "put that right and start again. What is graded stays graded."
        )

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


def _row(connection: sa.Connection, table: sa.Table, key: dict[str, Any], more: dict[str, Any], *also: str) -> Any:
    """Return the id and other columns of the row with a key; insert one, with more values, where there is none."""
    columns = [table.c[name] for name in ("id", *also)]
    asked = sa.select(*columns).where(*(table.c[name] == value for name, value in key.items()))
    found = connection.execute(asked).mappings().first()
    if found:
        return found
    made = {"id": _id(), **key, **more}
    connection.execute(table.insert().values(made))
    return made


def _rows_by_cell(
    connection: sa.Connection, table: sa.Table, notebook: str, *columns: str
) -> dict[str, tuple[Any, ...]]:
    """Return the id and other columns of each row of a submitted notebook, by its cell."""
    asked = sa.select(table.c.cell_id, table.c.id, *(table.c[name] for name in columns))
    return {cell: tuple(rest) for cell, *rest in connection.execute(asked.where(table.c.notebook_id == notebook))}


def _put(
    connection: sa.Connection,
    table: sa.Table,
    notebook: str,
    rows: Mapping[str, dict[str, Any]],
    found: Mapping[str, tuple[Any, ...]],
) -> None:
    """Write a row for each cell: change the one that was found, or insert one."""
    fresh = [
        {"id": _id(), "notebook_id": notebook, "cell_id": cell, **row}
        for cell, row in rows.items()
        if cell not in found
    ]
    changed = [{"of": found[cell][0], **row} for cell, row in rows.items() if cell in found]
    if fresh:
        connection.execute(table.insert(), fresh)
    if changed:
        columns: dict[str, Any] = {column: sa.bindparam(column) for column in changed[0] if column != "of"}
        connection.execute(table.update().where(table.c.id == sa.bindparam("of")).values(columns), changed)


def _passes(error: SQLAlchemyError) -> bool:
    """Return whether a failed transaction may be retried: others wrote the same rows, or hold the database.

    PostgreSQL says so by the first two digits of its codes: 08 and none at all is a lost connection, 40 a conflict, 55
    somebody's lock, 57 a restart. Who finds that somebody else has made a row meanwhile, changes it the next time.
    """
    raised = getattr(error, "orig", None)
    if isinstance(error, IntegrityError):
        return "unique" in str(raised).lower()
    code = getattr(raised, "sqlstate", "") or "08" if hasattr(raised, "sqlstate") else ""
    return isinstance(error, OperationalError) and ("locked" in str(raised) or code[:2] in ("08", "40", "55", "57"))


def notebooks_of(course: Course, assignment: str) -> list[str]:
    """Return the names of an assignment's notebooks, as the gradebook has them; none for the one that has its name.

    Raises
    ------
    NoGradebook
    """
    found = database(course)
    if found is None:
        return []
    engine, t = found
    names = sa.select(t["notebook"].c.name).join(t["assignment"]).where(t["assignment"].c.name == assignment)
    with readable(engine.url), engine.connect() as connection:
        several = sorted(connection.execute(names).scalars())
    return [] if several == [assignment] else several


def assignments_and(course: Course, name: str, release: Release) -> Mapping[str, Assignment]:
    """Return the assignments of a course; make the one of this name from the gradebook if it is only there.

    Raises
    ------
    CourseFileError
    """
    known = assignments_of(course.root)
    if name in known:
        return known
    written = tuple(
        ManualQuestion(cell.name, cell.points or 0.0, cell.name)
        for cell in release.cells.values()
        if cell.has("grade") and not cell.is_test
    )
    return {**known, name: Assignment(name, name, 1, (), written)}
