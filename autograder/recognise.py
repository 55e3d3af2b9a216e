"""Read a notebook of one's own, and recognise which assignment a notebook is and which cells are its checks."""

import contextlib
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from autograder.assignments import ASSIGNMENTS, Assignment, Exercise, from_table
from autograder.errors import AutograderError
from autograder.protocol.notebook import Cell, NoNotebook, Notebook, flat, notebook_in, parsed, unflat

MAX_BYTES = 50 * 2**20
_CHECK = re.compile(r"check\((\w+)\)\.points")
_DEFINITION = re.compile(r"^(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)


class UnreadableNotebook(AutograderError):
    """An error of a file: it is no notebook that can be judged; the message says why, in one sentence."""


def _opened(path: str, flags: int) -> int:
    """Open a file; nobody waits for a pipe into which nobody writes."""
    if not hasattr(os, "O_NONBLOCK"):
        return os.open(path, flags)
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)
    return descriptor


def read(path: Path) -> Notebook:
    """Read the user's own notebook, of any nbformat version, as a submission is read.

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
        data = parsed(content)
        found = unflat(*flat(notebook_in(data)))  # as it would come out of a sandbox
    except NoNotebook as error:
        raise UnreadableNotebook(f"{path} is not a notebook: {error}; save it again, and check that") from error
    return replace(found, table=data["metadata"]["backprop_course"]) if found.stated else found


def functions_defined_in(cell: Cell) -> set[str]:
    """Return the names of functions that a code cell defines at its top level, as its lines look: nothing is parsed."""
    return set(_DEFINITION.findall(cell.source))


def exercise_checked_by(cell: Cell, assignment: Assignment) -> Exercise | None:
    """Return the exercise of a check cell, which its text says, or else its id; None for any other cell."""
    said = _CHECK.fullmatch("".join(cell.source.split())) if cell.kind == "code" else None
    by_text = assignment.exercise(said[1]) if said else None
    return by_text or next((exercise for exercise in assignment.exercises if exercise.id in cell.names), None)


def is_check(cell: Cell) -> bool:
    """Return whether a cell holds a check, and nothing else that would have to be run."""
    return cell.kind == "code" and bool(_CHECK.fullmatch("".join(cell.source.split())))


_CHECKED = re.compile(r"\bcheck\([ \t]*(\w+)")


def share_of(notebook: Notebook, assignment: Assignment) -> float:
    """Return which share of an assignment's functions stands in a notebook: defined, checked, or by a cell's id."""
    code = [cell for cell in notebook.cells if cell.kind == "code"]
    found = {name for cell in code for name in (*functions_defined_in(cell), *_CHECKED.findall(cell.source))}
    found |= {id.removeprefix("check-") for cell in notebook.cells for id in cell.names if id.startswith("check-")}
    asked = [exercise.function for exercise in assignment.exercises]
    return sum(function in found for function in asked) / len(asked) if asked else 0.0


STATED = 0.5
"""What it counts that a notebook's metadata name an assignment; the functions of it that are there count 1 at most."""


def other_than(name: str, notebook: Notebook, known: Mapping[str, Assignment]) -> str | None:
    """Return the assignment that a notebook is, where that is another one than it was handed in as; else None.

    What it holds decides: most of another assignment's functions, and more than of this one's. What it says of itself
    counts for less, and where as much points to either, it is what it was handed in as.

    Parameters
    ----------
    name : what it was handed in as
    notebook : as it was read
    known : the assignments of the course, by name
    """

    def weight(each: str) -> float:
        return shares[each] + STATED * (notebook.stated is not None and notebook.stated[0] == each)

    shares = {each.name: share_of(notebook, each) for each in known.values()}
    shares.setdefault(name, 0.0)
    held = shares[name] * len(known[name].exercises) if name in known else 0.0
    best = max(shares, key=lambda each: (weight(each), each == name))
    more = shares[best] >= STATED and shares[best] * len(known[best].exercises) >= held if best in known else False
    return best if more and best != name and weight(best) > weight(name) else None


class Recognised(NamedTuple):
    """The assignment of a notebook, and the means of recognition: "metadata", "cells" or "functions"."""

    assignment: Assignment
    by: str


def recognise(
    notebook: Notebook,
    known: Mapping[str, Assignment] = ASSIGNMENTS,
    released: Mapping[str, Assignment] | None = None,
) -> Recognised | None:
    """Recognise the assignment of a notebook: by its metadata, if it holds that, then its cell ids, then its functions.

    Parameters
    ----------
    notebook : as `read` returns it
    known : the assignments of the course, by name
    released : what earlier releases asked, by the digits in the metadata; None believes what the metadata say was asked

    Returns
    -------
    the assignment as it was released, or None if nothing points to one, or as much points to another
    """
    found = _stated(notebook, known, released)
    if found:
        other = other_than(found.name, notebook, {found.name: found, **known})
        return Recognised(known[other], "functions") if other else Recognised(found, "metadata")
    ids = {id for cell in notebook.cells for id in cell.names}
    defined = {name for cell in notebook.cells if cell.kind == "code" for name in functions_defined_in(cell)}
    for by, asked, present in (
        ("cells", {a.name: {e.id for e in a.exercises} for a in known.values()}, ids),
        ("functions", {a.name: {e.function for e in a.exercises} for a in known.values()}, defined),
    ):
        scores = sorted(((len(names & present), name) for name, names in asked.items()), reverse=True)
        if scores[0][0] and (len(scores) == 1 or scores[0][0] > scores[1][0]):
            return Recognised(known[scores[0][1]], by)
    return None


def _stated(
    notebook: Notebook, known: Mapping[str, Assignment], released: Mapping[str, Assignment] | None
) -> Assignment | None:
    """Return the assignment named by a notebook's metadata, as released."""
    if notebook.stated is None:
        return None
    name, digits = notebook.stated
    now = known.get(name)
    if now and digits == now.release:
        return now
    if released is None:
        with contextlib.suppress(ValueError):
            return from_table({**notebook.table, "assignment": name})
    elif digits in released and released[digits].name == name:
        return released[digits]
    return now
