"""Restore a submitted notebook: compare it with the release, and put back the cells that are not the student's.

As nbgrader does before it grades: locked cells get their text again, metadata and points are those of the gradebook,
outputs are cleared. What was found on the way is a list of troubles; none costs a mark.
"""

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.assignments import Assignment
from autograder.grade.records import SENTENCES
from autograder.protocol.notebook import Cell, NoNotebook, Notebook, read

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


Regions = Iterable[Sequence[str]]
"""The first and the last mark of each kind of region; a line is one that holds it, wherever in it."""


def regions(config: Any) -> tuple[tuple[str, str], ...]:
    """Return the marks as a course's configuration has them."""
    kinds = (config.ClearHiddenTests, "test", "HIDDEN TESTS"), (config.ClearMarkScheme, "mark_scheme", "MARK SCHEME")
    return tuple(
        (str(own.get(f"begin_{kind}_delimeter", f"BEGIN {said}")), str(own.get(f"end_{kind}_delimeter", f"END {said}")))
        for own, kind, said in kinds
    )


def as_released(source: str, marks: Regions) -> str:
    """Strip hidden regions from a cell's text; one without an end mark reaches to the end of the text."""
    for begin, end in marks:
        kept, hidden = [], False
        for line in source.splitlines(keepends=True):
            if begin in line:
                hidden = True
            elif end in line:
                hidden = False
            elif not hidden:
                kept.append(line)
        source = "".join(kept)
    return source


@dataclass(frozen=True)
class Release:
    """A released notebook.

    Attributes
    ----------
    cells : what the gradebook knows of each cell, by its name, in the notebook's order
    kernelspec : of its metadata
    hidden : the marks of what students did not get (`regions`)
    places : ids of the cells that have a place for marks in the gradebook
    """

    cells: Mapping[str, Cell]
    kernelspec: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[tuple[str, str], ...] = ()
    places: frozenset[str] = frozenset()


@dataclass
class Restored:
    """A notebook that is ready to be run and to be written.

    Attributes
    ----------
    notebook : with the cells of the release put right, without outputs; attachments are as they were handed in
    metadata : of the notebook
    troubles : what was found
    unanswered : names of the solution cells that are as they were handed out
    """

    notebook: Notebook
    metadata: dict[str, Any]
    troubles: list[Anomaly]
    unanswered: set[str]


def _same_but_for_space(one: str, other: str) -> bool:
    """Return whether two texts differ in white space only."""
    return one.split() == other.split()


MAX_ANOMALIES = 100
"""More say no more."""


class _Restoration:
    def __init__(self, release: Release, assignment: Assignment, of_this_release: bool) -> None:
        self.release = release
        self.checks = {exercise.id: exercise for exercise in assignment.exercises}
        self.of_this_release = of_this_release
        self.troubles: dict[Anomaly, None] = {}
        self.seen: dict[str, int] = {}
        self.stripped = 0

    def note(self, id: str, where: str = "") -> None:
        if len(self.troubles) < MAX_ANOMALIES:
            self.troubles[Anomaly(id, where[:80])] = None

    def name_of(self, cell: Cell) -> str | None:
        """Return the name of the released cell that this is, or None."""
        if cell.grade_id is not None:
            if cell.grade_id in self.release.cells or cell.grade_id in self.checks:
                return cell.grade_id
            self.note("unknown-id", _shown(cell.grade_id))
        names = [id for id in cell.names if id in self.release.cells or id in self.checks]
        if names:
            self.stripped += 1
        return names[0] if names else None

    def put_right(self, cell: Cell) -> Cell:
        """Restore one cell from the release."""
        name = self.name_of(cell)
        given = self.release.cells.get(name) if name else None
        kind = given.kind if given else cell.kind
        if kind not in ("code", "markdown"):
            kind = "raw"
        if given and name and cell.kind != kind:
            self.note("cell-type-changed", name)
        attached = cell.attachments if kind == "markdown" else ()
        fresh = Cell(kind, cell.source, secrets.token_hex(4), attachments=attached)
        if name is None:
            return fresh
        again = self.seen.get(name, 0)
        self.seen[name] = again + 1
        if again:
            self.note("duplicated-solution" if given and given.has("solution") else "duplicated-id", name)
            return replace(fresh, source=f"# A copy of {name}\n") if name in self.checks else fresh
        if given is None:
            return replace(fresh, id=name)
        if self.of_this_release and cell.flags is not None and _differ(cell, given):
            self.note("flags-changed", name)
        source = cell.source
        if given.locked:
            if self.of_this_release and not _same_but_for_space(source, as_released(given.source, self.release.hidden)):
                self.note("check-edited" if name in self.checks else "locked-cell-edited", name)
            if self.of_this_release or name in self.checks:
                source = given.source
        older = not self.of_this_release and name in self.checks
        points = self.checks[name].points if older else given.points
        return replace(given, kind=kind, source=source, points=points, attachments=attached)

    def put_back(self, cells: list[Cell]) -> list[Cell]:
        """Insert the locked cells and checks that are missing, each after the cell that it followed."""
        order = [*self.release.cells, *(id for id in self.checks if id not in self.release.cells)]
        for position, name in enumerate(order):
            if name in self.seen:
                continue
            given = self.release.cells.get(name)
            if given and not given.locked and name not in self.checks:
                self.note("answer-deleted", name)
                continue
            self.note("check-deleted" if name in self.checks else "locked-cell-deleted", name)
            fresh = given or Cell("code", f"check({self.checks[name].function}).points", name)
            before = set(order[:position])
            places = [place for place, cell in enumerate(cells) if cell.id in before]
            cells.insert(places[-1] + 1 if places else 0, fresh)
            self.seen[name] = 1
        return cells


def _differ(cell: Cell, given: Cell) -> bool:
    """Return whether a cell's nbgrader metadata differ from the release."""
    return cell.flags != given.flags or (given.points is not None and cell.points != given.points)


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)


def restore(
    notebook: Notebook, release: Release, assignment: Assignment, *, of_this_release: bool, recognised_by: str
) -> Restored:
    """Restore a notebook from its release, and list the anomalies.

    Parameters
    ----------
    notebook : as it was handed in; it is not changed
    release : what the gradebook knows
    assignment : what was asked
    of_this_release : whether it was asked as it is now; locked cells of an older release keep their text
    recognised_by : "metadata", "cells" or "functions"
    """
    work = _Restoration(release, assignment, of_this_release)
    cells = [work.put_right(cell) for cell in notebook.cells]
    if work.stripped or recognised_by != "metadata":
        work.note("metadata-stripped")
    cells = work.put_back(cells)
    used: set[str] = set()
    for number, cell in enumerate(cells):
        if cell.id in used:
            cells[number] = replace(cell, id=f"cell-{number}")
        used.add(str(cells[number].id))
    unanswered = {
        cell.id
        for cell in cells
        if cell.id
        and (given := release.cells.get(cell.id))
        and given.has("solution")
        and _same_but_for_space(cell.source, as_released(given.source, release.hidden))
    }
    if notebook.kernel not in (None, release.kernelspec.get("name", "python3")):
        work.note("other-kernel", _shown(str(notebook.kernel)))
    language = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python", "pygments_lexer": "ipython3"}
    metadata = {
        "backprop_course": {"release": assignment.release, **assignment.as_table()},
        "kernelspec": dict(release.kernelspec) or {"name": "python3", "display_name": "Python 3"},
        "language_info": language,
    }
    return Restored(Notebook(tuple(cells)), metadata, list(work.troubles), unanswered)


def kernelspec_of(text: str | None) -> dict[str, str]:
    """Return the kernelspec that the gradebook keeps as text."""
    try:
        spec = json.loads(text or "{}")
    except ValueError:
        return {}
    return spec if isinstance(spec, dict) else {}


def cells_in(file: Path) -> tuple[Cell, ...]:
    """Return the cells of a notebook of the lecturer's; none where it cannot be read."""
    try:
        return read(file.read_bytes()).cells
    except (OSError, NoNotebook):
        return ()


def shared_cells(cells: Iterable[Cell], release: Release) -> tuple[tuple[str, ...], frozenset[tuple[str, str]]]:
    """Return the preamble and the text cells that all notebooks of a release share.

    Parameters
    ----------
    cells : of the notebook as it was handed out
    release : what the gradebook knows; it has the last word on locked cells

    Returns
    -------
    the code cells above the first that a student answers, and kind and source of all text cells
    """
    preamble, texts, begun = list[str](), set[tuple[str, str]](), False
    for cell in cells:
        begun = begun or any(cell.has(flag) for flag in ("solution", "grade", "task"))
        if cell.kind != "code":
            texts.add((cell.kind, cell.source))
        elif not begun:
            given = release.cells.get(cell.grade_id or "")
            preamble.append(given.source if given and given.locked else cell.source)
    return tuple(preamble), frozenset(texts)
