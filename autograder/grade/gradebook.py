"""nbgrader's gradebook: read the released cells, write the marks.

It is SQLite or PostgreSQL, as nbgrader's `db_url` says. The tables are nbgrader's own, reached with SQLAlchemy and
without nbgrader's objects, for which each mark is several queries and commits. One submission is one transaction: all
of its marks are there or none. What a person has entered (manual scores, extra credit, comments) is never touched.
"""

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from autograder.assignments import Assignment, ManualQuestion
from autograder.course_file import assignments_of
from autograder.grade.class_marks import cell_rows
from autograder.grade.course import Course, NoGradebook, database, readable, said_of
from autograder.grade.hidden import regions
from autograder.grade.lateness import interval, late_penalty, parsed_time
from autograder.grade.records import CannotWrite, Record
from autograder.grade.restore import Release, kernelspec_of
from autograder.protocol.notebook import Cell, NoNotebook, read

WAIT_SECONDS = 60.0

T = TypeVar("T")


class UnknownAssignment(NoGradebook):
    """The gradebook does not know an assignment."""


def _id() -> str:
    return uuid.uuid4().hex


class Gradebook:
    """The gradebook of a course, for one assignment."""

    def __init__(self, course: Course, assignment: str) -> None:
        """Open it.

        Raises
        ------
        NoGradebook
            If it is not there, or does not know the assignment.
        """
        self._course = course
        self._name = assignment
        again = f"run `nbgrader generate_assignment {assignment}` in {course.root}, or `make release`"
        found = database(course)
        if found is None:
            raise NoGradebook(f"There is no gradebook {sa.make_url(course.db_url).database} yet: {again}.")
        self._engine, self._tables = found
        with readable(self._engine.url), self._engine.connect() as connection:
            self._load(connection, again)

    def _load(self, connection: sa.Connection, again: str) -> None:
        t = self._tables
        row = connection.execute(
            sa.select(t["notebook"].c.id, t["notebook"].c.assignment_id, t["notebook"].c.kernelspec)
            .join(t["assignment"], t["assignment"].c.id == t["notebook"].c.assignment_id)
            .where(t["assignment"].c.name == self._name, t["notebook"].c.name == self._name)
        ).first()
        if row is None:
            raise UnknownAssignment(f"The gradebook does not know {self._name}: {again}.")
        self._notebook, self._assignment, spec = row
        self._duedate = connection.execute(
            sa.select(t["assignment"].c.duedate).where(t["assignment"].c.id == self._assignment)
        ).scalar()
        base, grades = t["base_cell"], t["grade_cells"]
        found = connection.execute(
            sa.select(base.c.id, base.c.name, base.c.type, grades.c.max_score, t["task_cells"].c.max_score)
            .outerjoin(grades, grades.c.id == base.c.id)
            .outerjoin(t["task_cells"], t["task_cells"].c.id == base.c.id)
            .where(base.c.notebook_id == self._notebook)
        ).all()
        self._graded = {name: id for id, name, kind, _, _ in found if kind in ("GradeCell", "TaskCell")}
        self._commented = {name: id for id, name, kind, _, _ in found if kind in ("SolutionCell", "TaskCell")}
        points = {name: a if a is not None else b for _, name, _, a, b in found if a is not None or b is not None}
        tasks = {name for _, name, kind, _, _ in found if kind == "TaskCell"}
        sources = connection.execute(
            sa.select(t["source_cell"]).where(t["source_cell"].c.notebook_id == self._notebook)
        ).mappings()
        cells = {}
        for each in sources:
            name = each["name"]
            flags = {
                "grade": name in self._graded and name not in tasks,
                "solution": name in self._commented and name not in tasks,
                "task": name in tasks,
                "locked": bool(each["locked"]),
            }
            noted = frozenset(flag for flag, holds in flags.items() if holds)
            source, checksum = each["source"] or "", each["checksum"]
            cells[name] = Cell(each["cell_type"], source, name, name, noted, points.get(name), checksum=checksum)
        self.handed_out = Release(self._in_order(cells), kernelspec_of(spec), regions(self._course.config))

    def _in_order(self, cells: Mapping[str, Cell]) -> dict[str, Cell]:
        """Return the cells in the order of the notebook in `source/`; the gradebook keeps none."""
        path = self._course.folder("source") / self._name / f"{self._name}.ipynb"
        try:
            found = read(path.read_bytes()).cells
        except (OSError, NoNotebook):
            found = ()
        order = {cell.grade_id: place for place, cell in reversed(list(enumerate(found)))}
        return dict(sorted(cells.items(), key=lambda item: order.get(item[0], len(order))))

    @property
    def places(self) -> frozenset[str]:
        """Ids of the cells that have a place for marks."""
        return frozenset(self._graded)

    def check_writable(self) -> None:
        """Check that marks can be written, before anything is graded.

        Raises
        ------
        CannotWrite
        """
        table = self._tables["notebook"]
        nobody = table.update().where(table.c.id == "").values(name=self._name)
        self._again(lambda connection: connection.execute(nobody), writes=True)

    def marks(self) -> dict[str, dict[str, float | None]]:
        """Return the automatic marks of everybody: by student, by cell."""
        t = self._tables
        wanted = cell_rows(t, t["grade"], "auto_score").where(t["submitted_notebook"].c.notebook_id == self._notebook)
        rows = self._again(lambda connection: connection.execute(wanted).all())
        found: dict[str, dict[str, float | None]] = {}
        for student, cell, score in rows:
            found.setdefault(student, {})[cell] = score
        return found

    def wanted(self, record: Record) -> dict[str, float | None]:
        """Return the automatic marks that follow from a record; None where a person grades."""
        marks: dict[str, float | None] = {name: points for name, points in record.marks.items() if name in self._graded}
        for name, given in self.handed_out.cells.items():
            if name in self._graded and name not in marks:
                person = given.has("solution") or given.has("task") or given.kind == "markdown"
                marks[name] = None if person and name not in record.unanswered else 0.0
        return marks

    def write(self, record: Record) -> None:
        """Write a record's marks, in one transaction; writing it twice is as writing it once.

        Raises
        ------
        CannotWrite
        """
        self._again(lambda connection: self._write(connection, record), writes=True)

    def _write(self, connection: sa.Connection, record: Record) -> None:
        t = self._tables
        students, handed_in = t["student"], t["submitted_assignment"]
        if connection.execute(sa.select(students.c.id).where(students.c.id == record.student)).first() is None:
            connection.execute(students.insert().values(id=record.student))
        row = connection.execute(
            sa.select(handed_in.c.id, handed_in.c.extension).where(
                handed_in.c.assignment_id == self._assignment, handed_in.c.student_id == record.student
            )
        ).first()
        when = parsed_time(record.timestamp)
        if row is None:
            submission, extension = _id(), None
            connection.execute(
                handed_in.insert().values(
                    id=submission, assignment_id=self._assignment, student_id=record.student, timestamp=when
                )
            )
        else:
            submission, extension = row
            if when:
                connection.execute(handed_in.update().where(handed_in.c.id == submission).values(timestamp=when))
        notebook = self._notebook_of(connection, submission)
        total = self._write_grades(connection, notebook, record)
        self._write_comments(connection, notebook, record)
        due = self._duedate + interval(extension) if self._duedate else None
        late = (when - due).total_seconds() if when and due and when > due else 0.0
        penalty = late_penalty(self._course.config, record.student, total, late) if late > 0 else None
        connection.execute(
            t["submitted_notebook"]
            .update()
            .where(t["submitted_notebook"].c.id == notebook)
            .values(late_submission_penalty=penalty)
        )

    def _notebook_of(self, connection: sa.Connection, submission: str) -> str:
        """Return the id of the submitted notebook; a submission has one row for each notebook of the assignment."""
        t = self._tables
        known = dict(
            connection.execute(
                sa.select(t["submitted_notebook"].c.notebook_id, t["submitted_notebook"].c.id).where(
                    t["submitted_notebook"].c.assignment_id == submission
                )
            ).all()
        )
        if self._notebook not in known:
            known[self._notebook] = _id()
            connection.execute(
                t["submitted_notebook"]
                .insert()
                .values(id=known[self._notebook], assignment_id=submission, notebook_id=self._notebook, flagged=False)
            )
        return str(known[self._notebook])

    def _write_grades(self, connection: sa.Connection, notebook: str, record: Record) -> float:
        """Write the automatic marks, and return the sum, with what a person has given in their place."""
        table, marks, total = self._tables["grade"], self.wanted(record), 0.0
        found = {
            cell: (id, manual, extra)
            for id, cell, manual, extra in connection.execute(
                sa.select(table.c.id, table.c.cell_id, table.c.manual_score, table.c.extra_credit).where(
                    table.c.notebook_id == notebook
                )
            )
        }
        fresh, changed = [], []
        for name, cell in self._graded.items():
            score = marks[name]
            id, manual, extra = found.get(cell, (None, None, None))
            total += (manual if manual is not None else score or 0.0) + (extra or 0.0)
            # As nbgrader has it: what a person has graded once is to be looked at again.
            row = {"auto_score": score, "needs_manual_grade": manual is not None or score is None}
            if id is None:
                fresh.append({"id": _id(), "notebook_id": notebook, "cell_id": cell, **row})
            else:
                changed.append({"of": id, **row})
        _put(connection, table, fresh, changed)
        return total

    def _write_comments(self, connection: sa.Connection, notebook: str, record: Record) -> None:
        table = self._tables["comment"]
        found = dict(
            connection.execute(sa.select(table.c.cell_id, table.c.id).where(table.c.notebook_id == notebook)).all()
        )
        fresh, changed = [], []
        for name, cell in self._commented.items():
            text = "No response." if name in record.unanswered else None
            if cell in found:
                changed.append({"of": found[cell], "auto_comment": text})
            else:
                fresh.append({"id": _id(), "notebook_id": notebook, "cell_id": cell, "auto_comment": text})
        _put(connection, table, fresh, changed)

    def _again(self, work: Callable[[sa.Connection], T], writes: bool = False) -> T:
        """Do something in a transaction, and again while somebody else holds the database."""
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
        """Close it."""
        self._engine.dispose()


def _put(
    connection: sa.Connection, table: sa.Table, fresh: list[dict[str, Any]], changed: list[dict[str, Any]]
) -> None:
    """Insert rows, and change others: each is a row of columns, with its id under "of"."""
    if fresh:
        connection.execute(table.insert(), fresh)
    if changed:
        columns: dict[str, Any] = {column: sa.bindparam(column) for column in changed[0] if column != "of"}
        connection.execute(table.update().where(table.c.id == sa.bindparam("of")).values(columns), changed)


def _passes(error: SQLAlchemyError) -> bool:
    """Return whether a transaction failed for something that passes: others write the same rows, or hold the database.

    PostgreSQL says so by the first two digits of its codes: 08 and none at all is a lost connection, 40 a conflict, 55
    somebody's lock, 57 a restart. Who finds that somebody else has made a row meanwhile, changes it the next time.
    """
    raised = getattr(error, "orig", None)
    if isinstance(error, IntegrityError):
        return "unique" in str(raised).lower()
    code = getattr(raised, "sqlstate", "") or "08" if hasattr(raised, "sqlstate") else ""
    return isinstance(error, OperationalError) and ("locked" in str(raised) or code[:2] in ("08", "40", "55", "57"))


def assignments_and(course: Course, name: str, handed_out: Release) -> Mapping[str, Assignment]:
    """Return the assignments of a course; one with a lecturer's own tests alone is made from the gradebook.

    Raises
    ------
    CourseFileError
    """
    known = assignments_of(course.root)
    if name in known:
        return known
    written = tuple(
        ManualQuestion(cell.name, cell.points or 0.0, cell.name)
        for cell in handed_out.cells.values()
        if cell.has("grade") and not cell.is_test
    )
    return {**known, name: Assignment(name, name, 1, (), written)}
