"""What a function is worth: what nbgrader's gradebook says is in force, for everybody and everywhere.

A release writes the points of course.toml there. A submission of an older release was promised other points, and is
given those, of what is in force. `autograder grade --new-points` puts points that course.toml gives now in force, and
gives what is in the share of them that it had.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from autograder.assignments import Assignment
from autograder.grade.autograded import as_file, verdict_outputs
from autograder.grade.grader import Result
from autograder.grade.records import Record, verdict_of
from autograder.grade.release import Release
from autograder.grade.writer import Writer

OLDER = "older-release"


def differing(assignment: Assignment, release: Release) -> dict[str, float]:
    """Return the points that course.toml gives and that are not in force, by the cell's id."""
    asked = {exercise.id: exercise.points for exercise in assignment.exercises}
    asked |= {written.id: written.points for written in assignment.written}
    return {id: points for id, points in asked.items() if release.worth.get(id, points) != points}


def put_in_force(release: Release, points: Mapping[str, float]) -> Release:
    """Return a release whose cells are worth other points."""
    cells = {name: replace(cell, points=points.get(name, cell.points)) for name, cell in release.cells.items()}
    return replace(release, cells=cells)


def revalued(record: Record, release: Release, anew: bool) -> Record:
    """Return a record with the points that are in force.

    Parameters
    ----------
    record : as it was written
    release : what the gradebook knows
    anew : whether the submission gets the share of them that it had of what it was promised; else it keeps its points
    """
    worth, asked = release.worth, dict(record.asked)

    def points(id: str, had: float) -> float:
        return round(had / asked[id] * worth[id], 6) if anew and asked[id] and id in worth else had

    rows: list[dict[str, Any]] = []
    for row in record.verdicts:
        id = row["id"]
        asked.setdefault(id, row["max_points"])
        parts = [
            {**part, "points": points(id, part["points"]), "max_points": points(id, part["max_points"])}
            for part in row["parts"]
        ]
        most = worth.get(id, row["max_points"])
        rows.append({**row, "points": points(id, row["points"]), "max_points": most, "parts": parts})
    extras = dict(record.extras)
    for id, had in extras.items() if anew else ():  # a number that is no whole mark is the test's own
        if had is not None:
            extras[id] = worth.get(id, had) if had == asked.get(id) else min(had, worth.get(id, had))
    if anew:
        asked = {id: worth.get(id, promised) for id, promised in asked.items()}
    made = replace(record, verdicts=rows, extras=extras, asked=asked, max_score=release.most)
    return replace(made, score=made.counted(release.places))


def as_of_now(record: Record, asked: Mapping[str, Assignment], now: Assignment) -> Record:
    """Return a record without the remark that it is of an older release, where by now that asked the same."""
    then = asked.get(record.release)
    if then is None or then.release != now.release:
        return record
    left = [trouble for trouble in record.troubles if trouble["id"] != OLDER]
    outcome = "graded" if record.outcome == "graded-with-trouble" and not left else record.outcome
    return replace(record, troubles=left, outcome=outcome, release=now.release)


@dataclass(frozen=True)
class Revalued:
    """A submission whose points are others now: its record before and after."""

    before: Record
    after: Record

    def write(self, writer: Writer) -> None:
        """Write the record, the marks, and the verdicts into the autograded notebook, if that is as it was written.

        Raises
        ------
        CannotWrite
        """
        made = with_verdicts(writer.autograded_as(self.before), self.after)
        digest = hashlib.sha256(made).hexdigest() if made else self.before.autograded
        writer.write(Result(replace(self.after, autograded=digest), made))


def with_verdicts(content: bytes, record: Record) -> bytes:
    """Return an autograded notebook with the verdicts of a record at the checks; nothing where it is no notebook."""
    rows = {row["id"]: row for row in record.verdicts}
    try:
        book = json.loads(content)
        cells = [cell for cell in book["cells"] if cell.get("id") in rows]
        for cell in cells:
            row = rows[cell["id"]]
            cell["outputs"] = verdict_outputs(verdict_of(row), cell["execution_count"])
            if "nbgrader" in cell["metadata"]:
                cell["metadata"]["nbgrader"]["points"] = row["max_points"]
    except (ValueError, LookupError, TypeError, AttributeError):
        return b""
    return as_file(book)
