"""The cells of an autograded notebook, read without nbformat, which takes longer than all that is done with them."""

import json
from dataclasses import dataclass, field
from typing import Any


class NotAutograded(ValueError):
    """The file is no notebook as grading writes it."""


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes
    ----------
    kind : "code", "markdown" or "raw"
    name : nbgrader's grade_id, or the cell's id, or ""
    source : its text
    noted : what nbgrader notes about it
    outputs : of a code cell
    attachments : of a text cell
    """

    kind: str
    name: str
    source: str
    noted: dict[str, Any] = field(default_factory=dict)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    attachments: dict[str, Any] = field(default_factory=dict)


def joined(value: Any) -> str:
    """Return a text that may be stored as a list of its lines."""
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def cells_of(content: bytes) -> list[Cell]:
    """Return the cells of a notebook's file.

    Raises
    ------
    NotAutograded
    """
    try:
        cells = json.loads(content)["cells"]
        return [_cell(cell) for cell in cells]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise NotAutograded(f"not a notebook as grading writes it: {type(error).__name__}") from error


def _cell(cell: dict[str, Any]) -> Cell:
    metadata = cell.get("metadata")
    noted = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    noted = noted if isinstance(noted, dict) else {}
    named = (noted.get("grade_id"), cell.get("id"))
    outputs, attachments = cell.get("outputs"), cell.get("attachments")
    return Cell(
        str(cell.get("cell_type")),
        next((name for name in named if isinstance(name, str)), ""),
        joined(cell.get("source", "")),
        noted,
        [each for each in outputs if isinstance(each, dict)] if isinstance(outputs, list) else [],
        attachments if isinstance(attachments, dict) else {},
    )
