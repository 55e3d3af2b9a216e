"""Read a notebook, and recognise which assignment it is and which cells hold its answers and checks."""

import contextlib
import functools
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from autograder.assignments import ASSIGNMENTS, Assignment, Exercise, from_table
from autograder.errors import AutograderError
from autograder.protocol import notebook as reading

MAX_BYTES = 50 * 2**20
_DEFINITION = re.compile(r"^(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)


@functools.cache
def load_nbformat() -> Any:
    """Load nbformat, where it is needed: it takes a third of a second.

    It loads jsonschema, which would build a grammar of web addresses: another second, for nothing of ours. So this is
    called before anything is imported that loads nbformat by itself.
    """
    hidden = "rfc3987_syntax" not in sys.modules
    if hidden:
        sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    try:
        import nbformat
    finally:
        if hidden:
            del sys.modules["rfc3987_syntax"]
    return nbformat


class UnreadableNotebook(AutograderError):
    """The file is not a notebook that can be judged; the message says why, in one sentence."""


class Node(dict[str, Any]):
    """A part of a notebook, whose entries are attributes too, as nbformat has it; loading that takes half a second."""

    def __getattr__(self, name: str) -> Any:
        """Return an entry."""
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an entry."""
        self[name] = value


def _opened(path: str, flags: int) -> int:
    """Open a file; nobody waits for a pipe into which nobody writes."""
    if not hasattr(os, "O_NONBLOCK"):
        return os.open(path, flags)
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)
    return descriptor


def read(path: Path) -> Node:
    """Read a notebook of any nbformat version, as it is read when it is handed in; here it is the reader's own.

    Raises
    ------
    UnreadableNotebook
        If the file is missing, too large, not JSON, or not a notebook.
    """
    try:
        with open(path, "rb", opener=_opened) as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableNotebook(f"{path} cannot be read: {error.strerror or error}") from error
    if len(content) > MAX_BYTES:
        raise UnreadableNotebook(f"{path} is larger than {MAX_BYTES // 2**20} MB: clear its outputs, and save it")
    try:
        data = reading.parsed(content)
        pages = reading.unflat(*reading.flat(reading.notebook_in(data)))  # as it would come out of a sandbox
    except reading.NoNotebook as error:
        raise UnreadableNotebook(f"{path} is not a notebook: {error}; save it again, and check that") from error
    return notebook_of(pages, data.get("metadata"))


def notebook_of(pages: reading.Notebook, about: Any = None) -> Node:
    """Return a notebook whose cells hold their text and what nbgrader noted, and nothing that they showed.

    Parameters
    ----------
    pages : what its file says
    about : its metadata, where all that it says of its assignment is believed
    """
    metadata: dict[str, Any] = {}
    if pages.kernel is not None:
        metadata["kernelspec"] = {"name": pages.kernel}
    if pages.stated is not None:
        stated = {"assignment": pages.stated[0], "release": pages.stated[1]}
        metadata["backprop_course"] = about["backprop_course"] if about else stated
    return Node(cells=[_cell(cell) for cell in pages.cells], metadata=metadata)


def _cell(cell: reading.Cell) -> Node:
    metadata: dict[str, Any] = {}
    if cell.flags is not None:
        flags = {flag: flag in cell.flags for flag in reading.FLAGS}
        metadata["nbgrader"] = {**flags, "grade_id": cell.grade_id, "points": cell.points}
    made = Node(cell_type=cell.kind, source=cell.source, metadata=metadata)
    if cell.id is not None:
        made["id"] = cell.id
    if cell.attachments:
        made["attachments"] = cell.attachments
    return made


def source_of(cell: Any) -> str:
    """Return a cell's source."""
    return str(cell.get("source", ""))


def code_cells(notebook: Any) -> Iterator[Any]:
    """Return the code cells in order."""
    return (cell for cell in notebook.cells if cell.cell_type == "code")


def ids_of(cell: Any) -> set[str]:
    """Return the names that a cell goes by: nbgrader's grade_id and its own id."""
    nbgrader = cell.metadata.get("nbgrader")
    given = (cell.get("id"), nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None)
    return {id for id in given if isinstance(id, str)}


def functions_defined_in(cell: Any) -> set[str]:
    """Return the names of functions that a code cell defines at its top level, as its lines look: nothing is parsed."""
    return set(_DEFINITION.findall(source_of(cell)))


def exercise_checked_by(cell: Any, assignment: Assignment) -> Exercise | None:
    """Return the exercise whose check cell this is."""
    ids = ids_of(cell)
    return next((exercise for exercise in assignment.exercises if exercise.id in ids), None)


class Recognised(NamedTuple):
    """Which assignment a notebook is, and by what: "metadata", "cells" or "functions"."""

    assignment: Assignment
    by: str


def recognise(
    notebook: Any,
    known: Mapping[str, Assignment] = ASSIGNMENTS,
    released: Mapping[str, Assignment] | None = None,
) -> Recognised | None:
    """Find out which assignment a notebook is: by its metadata, then its cell ids, then the functions it defines.

    Parameters
    ----------
    notebook : as `read` returns it
    known : the assignments of the course, by name
    released : what earlier releases asked, by the digits in the metadata; None believes what the metadata say was asked

    Returns
    -------
    the assignment as it was released, or None if nothing points to one, or as much points to another
    """
    stated = notebook.metadata.get("backprop_course", {})
    if isinstance(stated, dict):
        found = _stated(stated, known, released)
        if found:
            return Recognised(found, "metadata")
    ids = {id for cell in notebook.cells for id in ids_of(cell)}
    defined = {name for cell in code_cells(notebook) for name in functions_defined_in(cell)}
    for by, asked, present in (
        ("cells", {a.name: {e.id for e in a.exercises} for a in known.values()}, ids),
        ("functions", {a.name: {e.function for e in a.exercises} for a in known.values()}, defined),
    ):
        scores = sorted(((len(names & present), name) for name, names in asked.items()), reverse=True)
        if scores[0][0] and (len(scores) == 1 or scores[0][0] > scores[1][0]):
            return Recognised(known[scores[0][1]], by)
    return None


def _stated(
    stated: Mapping[str, Any], known: Mapping[str, Assignment], released: Mapping[str, Assignment] | None
) -> Assignment | None:
    """Return the assignment that a notebook's metadata name, as it was when the notebook was released."""
    name, digits = stated.get("assignment"), stated.get("release")
    if not isinstance(name, str):
        return None
    now = known.get(name)
    if now and digits == now.release:
        return now
    if released is None:
        with contextlib.suppress(ValueError):
            return from_table({**stated, "assignment": name})
    elif isinstance(digits, str) and digits in released and released[digits].name == name:
        return released[digits]
    return now
