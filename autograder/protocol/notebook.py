"""The one class of a cell, and the one reader of a notebook's file.

A submission is read in the process that will run it, so that no other has to take it apart.

JSON can be deep, huge, or made so that a parser goes wrong. Here it is taken apart inside the student's own process,
before a line of it is run, and what goes over the channel is flat: for each cell the same few texts, in one row of
bytes with their lengths. The other side cuts that row, and parses nothing.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MAX_CELLS = 2_000
FORMATS = (1, 2, 3, 4)
FLAGS = ("grade", "solution", "locked", "task")
MAX_PICTURES = 12 * 2**20
"""Characters of base64 in one notebook."""
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_FIELDS = 7
_PAGE = re.compile(r"\s*<(!doctype|html|head|body|script)\b", re.IGNORECASE)
_MERGE = re.compile(r"^(<{7}|>{7}) ", re.MULTILINE)


class NoNotebook(Exception):
    """An error of a file: it is no notebook; the message says why."""


@dataclass(frozen=True)
class Cell:
    """A cell, as it stands in a file or as the gradebook has it.

    Attributes
    ----------
    kind : "code", "markdown", "raw", or whatever the file says
    source : its text
    id : of the cell, or None
    grade_id : what nbgrader calls it, or None
    flags : which of FLAGS nbgrader has noted, or None where it has noted nothing
    points : as nbgrader has noted them, or None where they are no number
    attachments : names and base64 of what is said to be pictures attached to it; nobody has looked at them yet
    checksum : nbgrader's, of a cell that was released
    outputs : of a code cell; they stay where the file was read
    """

    kind: str
    source: str
    id: str | None = None
    grade_id: str | None = None
    flags: frozenset[str] | None = None
    points: float | None = None
    attachments: tuple[tuple[str, str], ...] = ()
    checksum: str | None = None
    outputs: tuple[dict[str, Any], ...] = field(default=(), compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Its names: nbgrader's, then its own id."""
        return tuple(name for name in (self.grade_id, self.id) if name is not None)

    @property
    def name(self) -> str:
        """The first of its names, or ""."""
        return self.names[0] if self.names else ""

    def has(self, flag: str) -> bool:
        """Return whether nbgrader has noted a flag."""
        return flag in (self.flags or ())

    @property
    def locked(self) -> bool:
        """Whether students may not change it."""
        return self.has("locked")

    @property
    def is_test(self) -> bool:
        """Whether it is a locked code cell that gives points: a check of ours, or a lecturer's own test."""
        return self.has("grade") and self.locked and not self.has("solution") and self.kind == "code"

    def as_json(self) -> dict[str, Any]:
        """Return the cell as nbformat stores it."""
        made: dict[str, Any] = {"cell_type": self.kind, "id": self.id, "metadata": {}, "source": self.source}
        if self.flags is not None:
            noted: dict[str, Any] = {flag: self.has(flag) for flag in FLAGS}
            noted |= {"cell_type": self.kind, "checksum": self.checksum, "grade_id": self.grade_id, "schema_version": 3}
            made["metadata"]["nbgrader"] = noted | ({"points": self.points} if {"grade", "task"} & self.flags else {})
        return made | ({"execution_count": None, "outputs": list(self.outputs)} if self.kind == "code" else {})


@dataclass(frozen=True)
class Notebook:
    """A notebook's content.

    Attributes
    ----------
    cells : in order
    kernel : the name of its kernel, or None
    stated : the name and the release of the assignment that it says it is, or None where it does not say it
    table : all that it says of its assignment; only where the file is the reader's own
    """

    cells: tuple[Cell, ...]
    kernel: str | None = None
    stated: tuple[str, str] | None = None
    table: Mapping[str, Any] = field(default_factory=dict, compare=False)


def _text(value: Any) -> str | None:
    """Return a text; None for any other value."""
    return value if isinstance(value, str) else None


def _below(value: Any, name: str) -> Any:
    """Return a dict's value under a name; None for any other value."""
    return value.get(name) if isinstance(value, dict) else None


def _cells_in(data: Any) -> Iterator[Any]:
    """Yield the cells of a parsed file of any format; up to the third they lie on worksheets."""
    if not isinstance(data, dict) or not isinstance(data.get("cells", data.get("worksheets")), list):
        raise NoNotebook("it holds no list of cells")
    major = data.get("nbformat", 4)
    if type(major) is not int or major not in FORMATS:
        raise NoNotebook(f"it is of notebook format {repr(major)[:20]}; known are {', '.join(map(str, FORMATS))}")
    if isinstance(data.get("cells"), list):
        yield from data["cells"]
    else:
        for sheet in data["worksheets"]:
            cells = _below(sheet, "cells")
            yield from cells if isinstance(cells, list) else ()


def attachments_of(cell: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield names and base64 of what is said to be pictures attached to a cell."""
    attached = cell.get("attachments")
    for name, bundle in attached.items() if isinstance(attached, dict) else ():
        for data in (_below(bundle, kind) for kind in PICTURES):
            if data and isinstance(data, str | list) and "\n" not in name:
                yield name, "".join("".join(map(str, data)).split())


def _flags(noted: Mapping[str, Any]) -> frozenset[str]:
    """Return what nbgrader has noted; as it has it, a graded cell is locked unless it is an answer, which never is."""
    found = {flag for flag in FLAGS if noted.get(flag)}
    if "solution" in found:
        return frozenset(found - {"locked"})
    return frozenset(found | {"locked"} if "grade" in found else found)


def _cell(cell: Any, number: int) -> Cell:
    if not isinstance(cell, dict) or not isinstance(kind := cell.get("cell_type", "raw"), str):
        raise NoNotebook(f"cell {number} is not a cell")
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise NoNotebook(f"the text of cell {number} is not text")
    if kind == "heading":  # of the third format
        level = cell.get("level")
        kind, source = "markdown", f"{'#' * (level if type(level) is int and 1 <= level <= 6 else 1)} {source}"
    noted = _below(cell.get("metadata"), "nbgrader")
    points, outputs = _below(noted, "points"), cell.get("outputs") if kind == "code" else None
    return Cell(
        kind,
        source,
        _text(cell.get("id")),
        _text(_below(noted, "grade_id")),
        _flags(noted) if isinstance(noted, dict) else None,
        float(points) if type(points) in (int, float) and abs(points) < 1e9 else None,
        tuple(attachments_of(cell)) if kind == "markdown" else (),
        outputs=tuple(each for each in outputs if isinstance(each, dict)) if isinstance(outputs, list) else (),
    )


def parsed(content: bytes) -> Any:
    """Parse the JSON of a file in any encoding of Unicode, with or without a byte order mark.

    Raises
    ------
    NoNotebook
        Which says what else the file is, where that can be seen.
    """
    if content.startswith(b"PK\x03\x04"):
        raise NoNotebook("it is a zip archive that is named as a notebook; unpack it")
    try:
        text = content.decode(json.detect_encoding(content))
    except UnicodeDecodeError as error:
        raise NoNotebook(f"it is not text in {error.encoding.upper()}, for byte {error.start} is not") from error
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        if not text.strip("\ufeff\0 \t\r\n"):
            raise NoNotebook("it is empty") from error
        if _PAGE.match(text):
            raise NoNotebook("it is a web page that was saved as a notebook (File, Download, .ipynb)") from error
        if _MERGE.search(text):
            raise NoNotebook("it holds the marks of a merge that was not finished (<<<<<<<, >>>>>>>)") from error
        raise NoNotebook("it is not JSON") from error


def read(content: bytes) -> Notebook:
    """Parse a notebook's file.

    Raises
    ------
    NoNotebook
    """
    return notebook_in(parsed(content))


def notebook_in(data: Any) -> Notebook:
    """Return the notebook in parsed JSON.

    Raises
    ------
    NoNotebook
    """
    cells: list[Cell] = []
    for number, cell in enumerate(_cells_in(data), start=1):
        if number > MAX_CELLS:
            raise NoNotebook(f"it has more than {MAX_CELLS} cells")
        cells.append(_cell(cell, number))
    about = _below(data, "metadata")
    stated = _below(about, "backprop_course")
    name, release = _text(_below(stated, "assignment")), _text(_below(stated, "release"))
    kernel = _text(_below(_below(about, "kernelspec"), "name"))
    return Notebook(tuple(cells), kernel, None if name is None else (name, release or ""))


def flat(pages: Notebook) -> tuple[Any, Any]:
    """Encode a notebook flat, for the channel: the lengths of all texts, and their bytes."""
    room = [MAX_PICTURES]
    rows = [
        (
            cell.kind,
            cell.source,
            _maybe(cell.id),
            _maybe(cell.grade_id),
            _maybe(None if cell.flags is None else " ".join(sorted(cell.flags))),
            "" if cell.points is None else repr(cell.points),
            "\n".join(f"{data} {name}" for name, data in _within(cell.attachments, room)),
        )
        for cell in pages.cells
    ]
    name, release = pages.stated or (None, None)
    texts = [_maybe(pages.kernel), _maybe(name), _maybe(release), *(text for row in rows for text in row)]
    encoded = [text.encode("utf-8", "replace") for text in texts]  # JSON can hold halves of characters
    return np.array([len(each) for each in encoded]), np.frombuffer(b"".join(encoded), np.uint8)


def _within(attachments: Iterable[tuple[str, str]], room: list[int]) -> Iterator[tuple[str, str]]:
    """Yield attachments while there is room for them, and take it."""
    for name, data in attachments:
        if len(data) <= room[0]:
            room[0] -= len(data)
            yield name, data


def unflat(lengths: Any, row: Any) -> Notebook:
    """Decode a flat notebook.

    Raises
    ------
    NoNotebook
        If that cannot be it.
    """
    arrays = isinstance(lengths, np.ndarray) and isinstance(row, np.ndarray)
    if not arrays or lengths.dtype != np.int64 or lengths.ndim != 1 or row.dtype != np.uint8 or row.ndim != 1:
        raise NoNotebook("it could not be read")
    count, left = divmod(len(lengths) - 3, _FIELDS)
    within = bool(np.all(lengths >= 0)) and bool(np.all(lengths <= row.size)) and int(lengths.sum()) == row.size
    if left or count < 0 or count > MAX_CELLS or not within:
        raise NoNotebook("it could not be read")
    data, at, texts = row.tobytes(), 0, []
    for length in lengths.tolist():
        texts.append(data[at : at + length].decode("utf-8", "replace"))
        at += length
    kernel, name, release = (_sure(text) for text in texts[:3])
    room = [MAX_PICTURES]
    cells = tuple(_of_row(texts[start : start + _FIELDS], room) for start in range(3, len(texts), _FIELDS))
    return Notebook(cells, kernel, None if name is None else (name, release or ""))


def _maybe(text: str | None) -> str:
    return "" if text is None else f"={text}"


def _sure(text: str) -> str | None:
    return text[1:] if text else None


def _of_row(texts: list[str], room: list[int]) -> Cell:
    kind, source, id, grade_id, flags, points, attached = texts
    noted, lines = _sure(flags), attached.split("\n") if attached else []
    try:
        number = float(points) if 0 < len(points) < 40 else None
    except ValueError:
        number = None
    return Cell(
        kind,
        source,
        _sure(id),
        _sure(grade_id),
        None if noted is None else frozenset(noted.split()) & set(FLAGS),
        number,
        tuple(_within(((name, data) for data, _, name in (line.partition(" ") for line in lines)), room)),
    )
