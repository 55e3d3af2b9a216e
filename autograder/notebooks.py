"""Read a notebook, and recognise which assignment it is and which cells hold its answers and checks."""

import contextlib
import functools
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import nbformat

from autograder.assignments import ASSIGNMENTS, Assignment, Exercise, from_table

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


class UnreadableNotebook(Exception):
    """The file is not a notebook that can be judged; the message says why, in one sentence."""


def _major_version(data: Any) -> int:
    """Return which nbformat a parsed file has."""
    if not isinstance(data, dict) or not isinstance(data.get("cells", data.get("worksheets")), list):
        raise UnreadableNotebook("is not a notebook: it holds no list of cells")
    major = data.setdefault("nbformat", 4)
    known = load_nbformat().versions
    if type(major) is not int or major not in known:
        raise UnreadableNotebook(f"is of notebook format {major!r}; known are {', '.join(map(str, known))}")
    data.setdefault("nbformat_minor", 5)
    return major


def _completed(data: dict[str, Any]) -> dict[str, Any]:
    """Put in what a notebook's cells must have and nobody needs; only a cell that is none is refused."""
    if not isinstance(data.get("metadata"), dict):
        data["metadata"] = load_nbformat().NotebookNode()
    for number, cell in enumerate(data.get("cells", []), start=1):
        if not isinstance(cell, dict) or not isinstance(cell.setdefault("cell_type", "raw"), str):
            raise UnreadableNotebook(f"is not a valid notebook: cell {number} is not a cell")
        if not isinstance(cell.get("metadata"), dict):
            cell["metadata"] = load_nbformat().NotebookNode()
        source = cell.setdefault("source", "")
        if not (isinstance(source, str) or (isinstance(source, list) and all(isinstance(s, str) for s in source))):
            raise UnreadableNotebook(f"is not a valid notebook: the text of cell {number} is not text")
    return data


def read(path: Path) -> "nbformat.NotebookNode":
    """Read a notebook of any nbformat version from 3 on; outputs and metadata need not be valid, they are not used.

    Raises
    ------
    UnreadableNotebook
        If the file is missing, too large, not JSON, or not a notebook.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableNotebook(f"{path} is larger than {MAX_BYTES // 2**20} MB")
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableNotebook(f"{path} cannot be read: {error.strerror or error}") from error
    return parse(content, str(path))


def parse(content: bytes, path: str) -> "nbformat.NotebookNode":
    """Read a notebook from the bytes of its file, as `read` does.

    Parameters
    ----------
    content : of the file
    path : how to call it in a message

    Raises
    ------
    UnreadableNotebook
    """
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UnreadableNotebook(f"{path} is not a notebook: it is not text") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableNotebook(f"{path} is not a notebook: it is not JSON") from error
    try:
        major = _major_version(data)
        of_its_version = load_nbformat().versions[major].to_notebook_json(_completed(data))
        notebook: nbformat.NotebookNode = load_nbformat().convert(of_its_version, to_version=4)
        _completed(notebook)
    except UnreadableNotebook as error:
        raise UnreadableNotebook(f"{path} {error}") from error
    except Exception as error:  # whatever a converter of old formats says of a malformed file
        raise UnreadableNotebook(f"{path} is not a valid notebook: {type(error).__name__}: {error}"[:300]) from error
    return notebook


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
