"""The outputs that a guest reports, validated, cleaned and capped, in the form in which Jupyter stores them.

Nothing here is ever read for a mark.
"""

import base64
import binascii
import functools
import json
import os
import re
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MAX_CELL_BYTES = 6 * 2**20
MAX_CELL_OUTPUTS = 250
MAX_PIECES = 10_000
MAX_UPDATES = 1_000
MAX_LINES = 1_000
CUT = "\n[The rest of what this cell showed was cut.]\n"

_TEXTS = frozenset({"text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml"})
_PICTURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])?")
# Controls but for tab and newline, the marks that turn the direction of text, and halves of surrogate pairs.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class TooMuch(Exception):
    """An error of a guest: it sent more pieces than an honest one does."""


_BEFORE = r"(?:(?<![\w/~])|(?<=\\[nrt0])|(?<=\\x[0-9a-f]{2}))"
"""No longer path, and no word; but a line's end as a string shows it."""
_HOME = re.compile(r"/(?:private/)?(?:var/folders/[\w/+-]+|tmp)/guest-\w+")
_more: dict[str, str] = {}


def hide(place: str, name: str) -> None:
    """Replace a path of this machine by a name in every text from now on."""
    _more[place] = name
    _places.cache_clear()


@functools.cache
def _places() -> tuple[re.Pattern[str], Mapping[str, str]]:
    """Return a pattern for paths of this machine, and the names to replace them by."""
    called = {
        sysconfig.get_path("stdlib"): f"python{sys.version_info.major}.{sys.version_info.minor}",
        sysconfig.get_path("purelib"): "site-packages",
        str(Path(__file__).parents[2]): "course",
        sys.prefix: "python",
        sys.base_prefix: "python",
        os.environ.get("HOME", ""): "~",
    }
    called = {place: name for place, name in (called | _more).items() if place not in ("/", "/usr", "/tmp", "")}
    longest_first = sorted(called, key=len, reverse=True)
    return re.compile(rf"{_BEFORE}(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])"), called


def without_places(text: str) -> str:
    """Replace the paths of Python, its packages and the lecturer's files in a text by names."""
    if "/guest-" in text:
        text = _HOME.sub("~", text)  # of a process without a sandbox
    pattern, called = _places()
    if not any(place in text for place in called):  # a search is fast, and there seldom is one
        return text
    return pattern.sub(lambda found: called[found[0]], text)


def cleaned(text: str) -> str:
    """Return a text without escapes, control characters and places of this machine, lines as a terminal leaves them."""
    text = _ESCAPES.sub("", text).replace("\r\n", "\n")
    if "\r" in text:
        text = "\n".join(line.rpartition("\r")[2] for line in text.split("\n"))
    return without_places(_CONTROLS.sub("", text))


def _picture(kind: str, text: str) -> str | None:
    """Return the base64 of a picture; None for other data."""
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return base64.b64encode(data).decode("ascii") if data.startswith(_PICTURES[kind]) else None


def _bundle(data: Any) -> dict[str, str]:
    """Return the parts of a MIME bundle that may be kept."""
    kept = {}
    for kind, value in data.items() if isinstance(data, dict) else ():
        if not isinstance(value, str):
            continue
        if kind in _TEXTS:
            kept[kind] = cleaned(value)
        elif kind in _PICTURES and (picture := _picture(kind, value)) is not None:
            kept[kind] = picture
    return kept


def _is_size(value: Any) -> bool:
    return type(value) in (int, float) and 0 < value < 10_000


def _metadata(metadata: Any, data: Mapping[str, str]) -> dict[str, Any]:
    """Return the metadata about the size and place of a picture."""
    kept: dict[str, Any] = {}
    for kind, values in metadata.items() if isinstance(metadata, dict) else ():
        if kind == "needs_background" and values in ("light", "dark"):
            kept[kind] = values
        elif kind in _PICTURES and kind in data and isinstance(values, dict):
            sizes = {name: values[name] for name in ("width", "height") if _is_size(values.get(name))}
            kept |= {kind: sizes} if sizes else {}
    return kept


def _rich(output: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data and metadata of a displayed output, validated."""
    kept = _bundle(output["data"])
    return {"data": kept, "metadata": _metadata(output.get("metadata"), kept)}


def size_of(value: Any) -> int:
    """Return the approximate length of a JSON structure."""
    if isinstance(value, dict | list):
        return sum(4 + size_of(item) for item in (value.values() if isinstance(value, dict) else value))
    return len(value) if isinstance(value, str) else 0


class CellOutputs:
    """The outputs of one cell, as they come in."""

    def __init__(self) -> None:
        """Start with none."""
        self._outputs: list[dict[str, Any]] = []
        self._ids: list[str | None] = []
        self._bytes = 0
        self._pieces = self._updates = 0
        self._cut = False
        self._clear_before_next = False

    def take(self, piece: bytes) -> None:
        """Add one piece from the guest: a JSON list of outputs.

        Raises
        ------
        TooMuch
        """
        self._pieces += 1
        if self._pieces > MAX_PIECES:
            raise TooMuch
        self._bytes += len(piece)
        if self._cut or self._bytes > MAX_CELL_BYTES:
            self._cut = True
            return
        try:
            outputs = json.loads(piece)
        except (ValueError, RecursionError):
            return
        for output in outputs if isinstance(outputs, list) else ():
            if isinstance(output, dict):
                self._take(output)

    def _take(self, output: dict[str, Any]) -> None:
        match output:
            case {"output_type": "stream", "name": "stdout" | "stderr" as name, "text": str() as text}:
                if self._clear_before_next:
                    self._clear()
                last = self._outputs[-1] if self._outputs else {}
                if last.get("output_type") == "stream" and last["name"] == name:
                    last["text"] += text  # cleaned at the end: an escape may be cut by the border of two pieces
                else:
                    self._add({"output_type": "stream", "name": name, "text": text})
            case {"output_type": "display_data", "data": _}:
                self._add({"output_type": "display_data", **_rich(output)}, output.get("display_id"))
            case {"output_type": "execute_result", "data": _, "execution_count": int() as count}:
                counted = {"execution_count": min(max(int(count), 0), 10**6)}
                self._add({"output_type": "execute_result", **_rich(output), **counted})
            case {"output_type": "update_display_data"} if self._updates >= MAX_UPDATES:
                self._cut = True
            case {"output_type": "update_display_data", "data": _, "display_id": str() as id}:
                self._updates += 1
                shown = _rich(output)
                for known, old in zip(self._ids, self._outputs, strict=True):
                    if known == id:
                        old |= shown
            case {
                "output_type": "error",
                "ename": str() as name,
                "evalue": str() as text,
                "traceback": list() as lines,
            }:
                lines = [cleaned(line) for line in lines[:MAX_LINES] if isinstance(line, str)]
                error = {"output_type": "error", "ename": cleaned(name)[:200], "evalue": cleaned(text)}
                self._add({**error, "traceback": lines})
            case {"output_type": "clear", "wait": wait}:
                if wait:
                    self._clear_before_next = True
                else:
                    self._clear()
            case {"output_type": "cut"}:
                self._cut = True

    def _clear(self) -> None:
        self._outputs, self._ids, self._clear_before_next = [], [], False

    def _add(self, output: dict[str, Any], id: Any = None) -> None:
        if self._clear_before_next:
            self._clear()
        if len(self._outputs) >= MAX_CELL_OUTPUTS:
            self._cut = True
        elif output.get("data") != {}:
            self._outputs.append(output)
            self._ids.append(id if isinstance(id, str) else None)

    def outputs(self) -> list[dict[str, Any]]:
        """Return the cell's outputs."""
        finished = [
            {**output, "text": cleaned(output["text"])} if output["output_type"] == "stream" else output
            for output in self._outputs
        ]
        finished = [output for output in finished if output.get("text") != ""]
        if self._cut:
            finished.append({"output_type": "stream", "name": "stderr", "text": CUT})
        return finished
