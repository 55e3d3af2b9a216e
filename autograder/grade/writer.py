"""Write results: the autograded notebook, the record, the marks, in the order that loses nothing.

Each step is whole or not at all, and a record holds what the last one needs, so that a run that was ended anywhere is
taken up again where it was, without grading anything twice.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.grade import sanitize
from autograder.grade.collect import TIMESTAMP, SubmissionFolder, Unreadable, take
from autograder.grade.course import Course
from autograder.grade.gradebook import Gradebook
from autograder.grade.grader import Job, Result, blank
from autograder.grade.records import TO_BE_GRADED_AGAIN, Record, Records, write_whole


@dataclass
class ClassState:
    """The state of a class before a run.

    Attributes
    ----------
    todo : who is to be graded
    repair : records whose marks are not in the gradebook as they should be
    done : records that stand
    outdated : of these, how many were judged by other checks, another seed or another release than now
    """

    todo: list[SubmissionFolder] = field(default_factory=list)
    repair: list[Record] = field(default_factory=list)
    done: list[Record] = field(default_factory=list)
    outdated: int = 0


@dataclass(frozen=True)
class Writer:
    """The writer of the results of one assignment.

    Attributes
    ----------
    records, gradebook, course : where they go
    job : what all are graded with
    """

    records: Records
    gradebook: Gradebook
    course: Course
    job: Job

    def path(self, student: str) -> Path:
        """Return a student's autograded notebook."""
        return self.course.folder("autograded") / student / self.job.assignment.name / self.job.file

    def write(self, result: Result) -> None:
        """Write a result: the notebook, the record, the gradebook.

        Raises
        ------
        CannotWrite
        """
        record = result.record
        if result.notebook:
            path = self.path(record.student)
            own = self.course.folder("source") / self.job.assignment.name  # the lecturer's, which stays
            for _ in sanitize.clear(path.parent, {path.name, *self.job.others}, own):
                pass  # what nbgrader copied there before
            write_whole(path, result.notebook, 0o644)
            stamp = path.with_name(TIMESTAMP)
            if record.timestamp:
                write_whole(stamp, f"{record.timestamp}\n".encode(), 0o644)
            else:
                stamp.unlink(missing_ok=True)
        self.records.write(record)
        if record.has_marks:
            self.gradebook.write(record)

    def look(self, places: Sequence[SubmissionFolder], force: bool) -> ClassState:
        """Sort the class into submissions that are due, records with missing marks, and records that stand."""
        state, marks = ClassState(), self.gradebook.marks()
        now = blank(SubmissionFolder("", Path()), self.job)
        for place in places:
            record = None if force else self.records.find(place.student)
            if record is None or not self._stands(record, place):
                state.todo.append(place)
                continue
            if record.has_marks and marks.get(place.student) != self.gradebook.wanted(record):
                state.repair.append(record)
            state.done.append(record)
            state.outdated += record.has_marks and (record.checks, record.seed) != (now.checks, now.seed)
        return state

    def _stands(self, record: Record, place: SubmissionFolder) -> bool:
        """Return whether a record is of the very file that lies there, and its autograded notebook is there."""
        if record.outcome in TO_BE_GRADED_AGAIN:
            return False
        try:
            file = take(place, self.job.file, self.job.others)
        except Unreadable as error:
            return record.outcome == "unreadable" and not record.sha256 and record.advice == str(error)
        if (record.timestamp, record.beside) != (file.timestamp, file.beside):
            return False
        if (record.sha256, record.notebook) not in [(each.sha256, each.name) for each in file.notebooks]:
            return False
        if record.outcome == "unreadable":
            return True
        return bool(self.autograded_as(record))

    def autograded_as(self, record: Record) -> bytes:
        """Return the autograded notebook that was written with a record; nothing where it is another one by now."""
        try:
            content = self.path(record.student).read_bytes()
        except OSError:
            return b""
        # Of what nbgrader wrote itself, by the plugin, there is no digest.
        return content if record.autograded in ("", hashlib.sha256(content).hexdigest()) else b""


def changes(old: dict[str, float | None], new: dict[str, float | None]) -> dict[str, tuple[Any, Any]]:
    """Return the marks that would change, by cell: the old and the new one."""
    return {name: (old.get(name), new.get(name)) for name in {**old, **new} if old.get(name) != new.get(name)}


def exit_code(records: Sequence[Record]) -> int:
    """Return 0 where all are graded, and 1 where a person has to look at some."""
    return int(any(record.needs_a_person for record in records))
