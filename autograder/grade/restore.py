"""Restore a submitted notebook: compare it with the release, and put back the cells that are not the student's.

As nbgrader does before it grades: locked cells get their text again, metadata and points are those of the gradebook,
outputs are cleared. But beside our own checks a cell that was edited stays: the notebook's `check` has judged with it.
What was found on the way is a list of troubles; none costs a mark.
"""

import re
import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from autograder.assignments import Assignment
from autograder.grade.identity import Identities, text_of, unchanged
from autograder.grade.records import SENTENCES
from autograder.grade.release import Release
from autograder.protocol.notebook import Cell, Notebook
from autograder.recognise import functions_defined_in

ANOMALIES = SENTENCES["anomalies"]
"""The closed set of troubles, and what to tell a person."""


@dataclass(frozen=True)
class Anomaly:
    """An oddity of a submission that a person may want to look at.

    Attributes
    ----------
    id : one of ANOMALIES
    where : the cell's id, a file's name, or ""
    """

    id: str
    where: str = ""

    @property
    def text(self) -> str:
        """The sentence for people."""
        return f"{ANOMALIES[self.id]}{f' ({self.where})' if self.where else ''}"

    def as_json(self) -> dict[str, str]:
        """Return the anomaly as JSON types."""
        return {"id": self.id, "where": self.where, "text": self.text}


@dataclass
class Restored:
    """A notebook that is ready to be run and to be written.

    Attributes
    ----------
    notebook : with the cells of the release put right, without outputs; attachments are as they were handed in
    metadata : of the notebook
    troubles : what was found
    unanswered : names of the solution cells that are as they were handed out
    answered : names of those in which something else stands, or whose functions are written elsewhere
    known : names of all cells of the release that are there
    pictures : paths and base64 of what lies beside the notebook
    """

    notebook: Notebook
    metadata: dict[str, Any]
    troubles: list[Anomaly]
    unanswered: set[str]
    answered: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    pictures: list[tuple[str, str]] = field(default_factory=list)


STUB = "raise NotImplementedError"
"""Stands in an answer that has not been written."""
_BEGINS = re.compile(r"^(?=(?:async[ \t]+)?def[ \t])", re.MULTILINE)
_NAMED = re.compile(r"^(?:async[ \t]+)?def[ \t]+(\w+)|^(\w+)[ \t]*=(?!=)", re.MULTILINE)
"""What a line at the left defines, or gives a value."""
MAX_ANOMALIES = 100
"""More say no more."""


class _Restoration:
    def __init__(
        self,
        notebook: Notebook,
        release: Release,
        assignment: Assignment,
        of_this_release: bool,
        more: bool,
        promised: bool,
    ) -> None:
        self.release = release
        self.checks = {exercise.id: exercise for exercise in assignment.exercises}
        self.order = release.in_order(assignment)
        self.of_this_release = of_this_release
        self.troubles: dict[Anomaly, None] = {}
        self.given = {cell.name: cell for cell in release.handed_out(assignment)}
        self.cells = notebook.cells
        self.known = Identities(notebook.cells, list(self.given.values()))
        self.defined = {name for cell in notebook.cells if cell.kind == "code" for name in functions_defined_in(cell)}
        self.more = more
        self.promised = promised

    def note(self, id: str, where: str = "") -> None:
        if len(self.troubles) < MAX_ANOMALIES:
            self.troubles[Anomaly(id, where[:80])] = None

    @property
    def stripped(self) -> bool:
        """Whether a cell has lost what nbgrader noted of it."""
        noted = {cell.grade_id for cell in self.cells}
        return any(name in self.order and name not in noted for name in self.known.place)

    def put_right(self, place: int, cell: Cell) -> list[Cell]:
        """Restore one cell from the release; what was written into a check stands above it, as the student's own."""
        name = self.known.of[place]
        if cell.grade_id is not None and cell.grade_id not in self.order:
            self.note("unknown-id", _shown(cell.grade_id))
        name = name if name in self.order else None
        given = self.release.cells.get(name) if name else None
        first = name is not None and self.known.place[name] == place
        # Judged from outside, so that nothing is at risk, it is run as `check` in the student's notebook had it.
        as_left = given is not None and given.kind == "code" and bool(self.checks) and not given.is_test
        kind = given.kind if given and first and not as_left else cell.kind
        if kind not in ("code", "markdown"):
            kind = "raw"
        attached = cell.attachments if kind == "markdown" else ()
        fresh = Cell(kind, cell.source, secrets.token_hex(4), attachments=attached)
        if name is None or not first:
            return [self._own(cell, fresh, name)]
        if given and cell.kind != given.kind:
            self.note("cell-type-changed", name)
        if given is None:
            return [replace(fresh, id=name)]
        if self.of_this_release and cell.flags is not None and cell.grade_id == name and self._differ(cell, given):
            self.note("flags-changed", name)
        source = cell.source
        edited = given.locked and text_of(cell) != text_of(self.given[name])
        if given.locked:
            if self.of_this_release and edited:
                other = "locked-cell-edited" if as_left else "locked-cell-put-back"
                self.note("check-edited" if name in self.checks else other, name)
            if (self.of_this_release and not (as_left and edited)) or name in self.checks:
                source = given.source
        older = not self.of_this_release and name in self.checks
        points = self.checks[name].points if older else given.points
        restored = replace(given, kind=kind, source=source, points=points, attachments=attached)
        written = edited and name in self.checks and cell.kind == "code"
        return [fresh, restored] if written else [restored]

    def _differ(self, cell: Cell, given: Cell) -> bool:
        """Return whether a cell's nbgrader metadata differ from the release."""
        noted = self.promised and given.points is not None
        return cell.flags != given.flags or (noted and cell.points != given.points)

    def _own(self, cell: Cell, fresh: Cell, name: str | None) -> Cell:
        """Return a cell of the student's own, which may have the id or the text of one that stands elsewhere."""
        if name in cell.names and name in self.cells[self.known.place[str(name)]].names:
            self.note("duplicated-solution" if self.given[str(name)].has("solution") else "duplicated-id", str(name))
        # Its verdict stands where the check stands.
        copy = name in self.checks and text_of(cell) == text_of(self.given[str(name)])
        return replace(fresh, source=f"# A copy of {name}\n") if copy else fresh

    def put_back(self, cells: list[Cell]) -> list[Cell]:
        """Insert the cells that are missing and are locked or have marks, each after the cell that it followed."""
        for position, name in enumerate(self.order):
            if name in self.known.place:
                continue
            given = self.given[name]
            asked = functions_defined_in(given) if given.kind == "code" else set[str]()
            if given.has("solution") and not (asked and asked <= self.defined):
                self.note("answer-deleted", name)
            if not given.locked and name not in self.release.places:
                continue
            if given.locked:
                self.note("check-deleted" if name in self.checks else "locked-cell-deleted", name)
            function = self.checks[name].function if name in self.checks else ""
            before = set(self.order[:position])
            places = [
                place
                for place, cell in enumerate(cells)
                if cell.id in before or (function and function in functions_defined_in(cell))
            ]
            fresh = self.release.cells.get(name) or replace(given, grade_id=None, flags=None)
            cells.insert(places[-1] + 1 if places else 0, fresh if given.locked else given)
        return cells

    def answered(self) -> set[str]:
        """Return the names of the answers that were written, in their own cells or elsewhere."""
        given = {text_of(cell) for cell in self.given.values()}
        code = [cell.source for cell in self.cells if cell.kind == "code" and text_of(cell) not in given]
        pieces = (piece for source in code for piece in _BEGINS.split(source) if STUB not in piece)
        words = {name for piece in pieces for names in _NAMED.findall(piece) for name in names}
        found = set[str]()
        for name, cell in self.given.items():
            asked = functions_defined_in(cell) if cell.kind == "code" else set[str]()
            place = self.known.place.get(name)
            changed = place is not None and not unchanged(self.cells[place], cell)
            if cell.has("solution") and (asked & words if asked else changed):
                found.add(name)
        return found

    def unanswered(self) -> set[str]:
        """Return the names of the answers that are as they were handed out, with nothing beside them."""
        found = set[str]()
        for name, place in self.known.place.items():
            given = self.given[name]
            if name in self.order and given.has("solution") and unchanged(self.cells[place], given):
                found.add(name)
                if given.has("grade") and (self.more or any(self.known.beside(name))):
                    found.remove(name)
                    self.note("answer-beside", name)
        return found


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)


def restore(
    notebook: Notebook,
    release: Release,
    assignment: Assignment,
    *,
    of_this_release: bool,
    recognised_by: str,
    more: bool = False,
    promised: bool = True,
) -> Restored:
    """Restore a notebook from its release, and list the anomalies.

    Parameters
    ----------
    notebook : as it was handed in; it is not changed
    release : what the gradebook knows
    assignment : what was asked
    of_this_release : whether it was asked as it is now; locked cells of an older release keep their text
    recognised_by : "metadata", "cells" or "functions"
    more : whether files beside it may hold a written answer
    promised : whether it was handed out with the points that the release has now
    """
    work = _Restoration(notebook, release, assignment, of_this_release, more, promised)
    cells = [each for place, cell in enumerate(notebook.cells) for each in work.put_right(place, cell)]
    if work.stripped or recognised_by != "metadata":
        work.note("metadata-stripped")
    cells = work.put_back(cells)
    unanswered = work.unanswered()
    used: set[str] = set()
    for number, cell in enumerate(cells):
        if cell.id in used:
            cells[number] = replace(cell, id=f"cell-{number}")
        used.add(str(cells[number].id))
    if notebook.kernel not in (None, release.kernelspec.get("name", "python3")):
        work.note("other-kernel", _shown(str(notebook.kernel)))
    language = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python", "pygments_lexer": "ipython3"}
    metadata = {
        "backprop_course": {"release": assignment.release, **assignment.as_table()},
        "kernelspec": dict(release.kernelspec) or {"name": "python3", "display_name": "Python 3"},
        "language_info": language,
    }
    known = {name for name in work.known.place if name in work.order}
    return Restored(Notebook(tuple(cells)), metadata, list(work.troubles), unanswered, work.answered(), known)
