"""A class after grading: the grader's records, joined with nbgrader's gradebook.

Records say what the machine judged; the gradebook says what counts in the end, with what people gave and what late work
costs by nbgrader's plugin.
"""

import contextlib
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.assignments import Assignment, ManualQuestion
from autograder.core.verdict import Verdict
from autograder.course_file import assignments_of
from autograder.errors import AutograderError
from autograder.grade.class_marks import CellMark, GradebookRow, Person, read_class
from autograder.grade.course import Course, NoGradebook
from autograder.grade.gradebook import Gradebook, assignments_and, notebooks_of
from autograder.grade.records import OUTCOMES, Record, Records, verdict_of
from autograder.grade.students import composed
from course_lib.names import suggestion

NOT_GRADED = "not-graded"
"""The outcome of somebody whom the gradebook knows, without marks, and of whom there is no record."""


class NoAssignment(AutograderError, LookupError):
    """An error of a name: there is no such assignment or student; the message names the nearest one."""


@dataclass(frozen=True)
class Student(GradebookRow):
    """One student of the class, with the marks and comments of the gradebook.

    Attributes
    ----------
    id : the name of the student's folder
    record : what grading came to; None where there is none
    verdicts : of the checks, in order
    """

    id: str
    record: Record | None = None
    verdicts: tuple[Verdict, ...] = ()

    @property
    def login(self) -> str:
        """The id as the gradebook's list of students spells it."""
        return self.person.id or self.id

    @property
    def troubles(self) -> list[dict[str, str]]:
        """The record's anomalies of the file."""
        return self.record.troubles if self.record else []

    @property
    def outcome(self) -> str:
        """The record's outcome id; marks without a record are of plain nbgrader."""
        if self.record:
            return self.record.outcome
        return "graded" if any(cell.is_marked for cell in self.cells.values()) else NOT_GRADED

    @property
    def raw(self) -> float | None:
        """The sum of points before the penalty for late work; None where there are no marks."""
        if self.cells:
            return sum(cell.points for cell in self.cells.values())
        return self.record.score if self.record else None

    @property
    def points(self) -> float | None:
        """The sum of points less the penalty, as nbgrader counts it: never below 0."""
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
    notebooks : names of its notebooks; if there are several, a student's records are joined to one
    """

    course: Course
    assignment: Assignment
    max_points: float
    students: tuple[Student, ...]
    notebooks: tuple[str, ...]

    def notebook(self, step: str, student: str = "") -> Path | None:
        """Return the notebook in the folder of a step, a student's or the course's own; None where there is none."""
        path = self.course.folder(step) / student / self.assignment.name / f"{self.notebooks[0]}.ipynb"
        return path if path.is_file() else None


def graded(name: str, course: Path | None = None) -> GradedClass:
    """Read the records and marks of a class.

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
    found = Course.named(course)
    known = assignments_of(found.root)
    notebooks: list[str] = []
    if name not in known:
        with contextlib.suppress(NoGradebook):  # one that is the lecturer's own stands in the gradebook alone
            notebooks = notebooks_of(found, name)
            known = assignments_and(found, name, Gradebook(found, name, *notebooks[:1]).release)
    if name not in known:
        raise NoAssignment(f"no assignment {name!r}; {suggestion(name, known)}")
    assignment = known[name]
    rows, worth = read_class(found, name)
    assignment = assignment.worth(worth)
    written = () if notebooks else assignment.written  # of several, those of one are known, by their short names
    named = {exercise.id for exercise in assignment.exercises} | {each.id for each in written}
    others = (ManualQuestion(id, most, id) for id, most in worth.items() if id not in named and most)
    assignment = replace(assignment, written=(*written, *others))
    submitted = found.folder("submitted")
    folders = {each.name for each in submitted.iterdir()} if submitted.is_dir() else set[str]()
    records = {each: Records(found.root, name, each) for each in notebooks or [""]}
    return GradedClass(
        found,
        assignment,
        sum(worth.values()) if worth else assignment.total_points,
        students_of(joined(records) if len(records) > 1 else next(iter(records.values())).all(), rows, folders),
        tuple(notebooks) or (name,),
    )


def joined(notebooks: Mapping[str, Records]) -> Iterator[Record]:
    """Yield one record for each student, from those of all notebooks of an assignment, by their names.

    Its outcome is the one that asks for most, and its cells are called as `read_class` calls them.
    """
    found = {name: {record.student: record for record in records.all()} for name, records in notebooks.items()}
    for student in sorted(set[str]().union(*found.values())):
        some = next(of[student] for of in found.values() if student in of)
        lacking = Record(student, some.assignment, "ungraded", advice="It has not been graded: grade again.")
        parts = {name: of.get(student, lacking) for name, of in found.items()}
        worst = max(parts.values(), key=lambda record: (not record.has_marks, [*OUTCOMES].index(record.outcome)))
        yield Record(
            student,
            some.assignment,
            worst.outcome,
            score=sum(record.score or 0.0 for record in parts.values()) if worst.has_marks else None,
            max_score=sum(record.max_score for record in parts.values()),
            extras={f"{name}: {id}": points for name, record in parts.items() for id, points in record.extras.items()},
            troubles=[_of(name, trouble) for name, record in parts.items() for trouble in record.troubles],
            advice=" ".join(f"{name}: {record.advice}" for name, record in parts.items() if record.advice),
            timestamp=some.timestamp,
        )


def _of(notebook: str, trouble: Mapping[str, str]) -> dict[str, str]:
    """Return an anomaly that says in which notebook it is."""
    place = trouble.get("where", "")
    where = f"{notebook}: {place}" if place else notebook
    return {**trouble, "where": where, "text": f"{trouble['text'].removesuffix(f' ({place})')} ({where})"}


def _worth(verdict: Verdict, cell: CellMark | None) -> Verdict:
    """Return a verdict with the points that are in force."""
    return replace(verdict, max_points=cell.max_points) if cell and cell.max_points else verdict


def students_of(
    records: Iterable[Record], rows: Mapping[str, GradebookRow] | None = None, folders: Container[str] = ()
) -> tuple[Student, ...]:
    """Return a student for each record and for each row of the gradebook, by id.

    Where an id is there in several spellings that Unicode takes for the same, that is one student: the id is spelled as
    the folder of submissions has it, and the person is the one on the gradebook's list of students.

    Parameters
    ----------
    records, rows : what there is of them
    folders : the names of the folders of submissions, as they are now
    """
    rows, known = rows or {}, {record.student: record for record in records}
    people = defaultdict[str, list[str]](list)
    for id in sorted(known.keys() | rows.keys()):
        people[composed(id)].append(id)
    students = []
    for spellings in people.values():
        handed_in = [id for id in spellings if id in known or rows[id].cells]
        persons = [rows[id].person for id in spellings if id in rows]
        person = max(persons, key=lambda each: (each.is_named, each.id not in handed_in), default=Person())
        for id in [id for id in handed_in if id in folders] or handed_in or spellings[:1]:
            record, row = known.get(id), replace(rows.get(id, GradebookRow()), person=person)
            verdicts = (
                [_worth(verdict_of(each), row.cells.get(each["id"])) for each in record.verdicts] if record else []
            )
            students.append(Student(id, record, tuple(verdicts), **vars(row)))
    return tuple(sorted(students, key=lambda student: student.id))
