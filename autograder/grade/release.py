"""A release: what the gradebook knows of the cells that were handed out, and the notebook in which they stand."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.assignments import Assignment
from autograder.grade.identity import text_of
from autograder.protocol.notebook import Cell, NoNotebook, Notebook, read

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
    whole : all cells in order, those among them of which the gradebook knows nothing; none where no file has them
    others : of each other assignment that was released, the texts of its locked cells (`locked_texts`)
    """

    cells: Mapping[str, Cell]
    kernelspec: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[tuple[str, str], ...] = ()
    places: frozenset[str] = frozenset()
    whole: tuple[Cell, ...] = ()
    others: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def worth(self) -> dict[str, float]:
        """The points of each cell that has a place for marks, which are in force."""
        return {name: cell.points for name in self.places if (cell := self.cells.get(name)) and cell.points is not None}

    @property
    def most(self) -> float:
        """The sum of the points that a machine gives."""
        return sum(points for name, points in self.worth.items() if self.cells[name].is_test)

    def other_in(self, notebook: Notebook) -> str | None:
        """Return the assignment that a notebook is by its locked cells, which nobody changes; None for this one."""

        def share(texts: frozenset[str]) -> float:
            return len(texts & there) / len(texts) if texts else 0.0

        there = {text_of(cell) for cell in notebook.cells}
        best = max(self.others, key=lambda name: share(self.others[name]), default="")
        found = share(self.others.get(best, frozenset()))
        return best if found >= 0.5 > share(locked_texts(self.cells.values(), self.hidden)) else None

    def handed_out(self, assignment: Assignment) -> list[Cell]:
        """Return the cells as students got them, in order, each under its own name, with the checks of a release."""
        found: dict[str, Cell] = {}
        for number, cell in enumerate(self.whole):
            known = self.cells.get(cell.name)
            name = cell.name if known else f" {number}"  # no id of a submission
            found.setdefault(name, replace(known or cell, id=name, grade_id=name, attachments=cell.attachments))
        for name in self.in_order(assignment):
            found.setdefault(name, self.cells.get(name) or check_cell(name))
        return [replace(cell, source=as_released(cell.source, self.hidden)) for cell in found.values()]

    def in_order(self, assignment: Assignment) -> list[str]:
        """Return the names of the cells that the gradebook knows, and of checks that it does not know."""
        return [*self.cells, *(each.id for each in assignment.exercises if each.id not in self.cells)]


def locked_texts(cells: Iterable[Cell], hidden: Regions) -> frozenset[str]:
    """Return the texts of locked cells, as they were handed out."""
    found = (text_of(replace(cell, source=as_released(cell.source, hidden))) for cell in cells if cell.locked)
    return frozenset(filter(None, found))


def check_cell(id: str) -> Cell:
    """Return the check cell of an exercise that only an older release asks for."""
    return Cell("code", f"check({id.removeprefix('check-')}).points", id, id, frozenset({"grade", "locked"}))


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


def shared_cells(release: Release) -> tuple[tuple[str, ...], frozenset[tuple[str, str]]]:
    """Return the preamble and the text cells that all notebooks of a release share.

    Parameters
    ----------
    release : what the gradebook knows, which has the last word on locked cells, and the file

    Returns
    -------
    the code cells above the first that a student answers, and kind and source of all text cells
    """
    preamble, texts, begun = list[str](), set[tuple[str, str]](), False
    for cell in release.whole:
        begun = begun or any(cell.has(flag) for flag in ("solution", "grade", "task"))
        if cell.kind != "code":
            texts.add((cell.kind, cell.source))
        elif not begun:
            given = release.cells.get(cell.grade_id or "")
            preamble.append(given.source if given and given.locked else cell.source)
    return tuple(preamble), frozenset(texts)
