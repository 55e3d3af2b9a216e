"""One student's feedback page, rendered by nbconvert's exporter from verdicts and the autograded notebook.

The parent process says what is known for certain (verdicts, points, comments); of the notebook come the texts and what
its cells showed, and nothing that a lecturer has hidden.
"""

import functools
import importlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any

import jinja2
import jinja2.debug  # else loaded at the first error, when a worker sees no file any more
from markupsafe import Markup
from nbconvert.exporters.templateexporter import TemplateExporter
from traitlets.config import Config

from autograder.grade.release import as_released
from autograder.protocol.notebook import Cell, read
from autograder.report import display

_v4: Any = importlib.import_module("nbformat.v4")

MAX_SHOWN = 2_000_000
"""Characters of outputs on a page, pictures not counted."""

LABELS = {"answer": "Your answer", "written": "Your answer", "test": "Test", "code": "", "text": "", "check": ""}


class FeedbackExporter(TemplateExporter):
    """The exporter of the page; it escapes everything that is not made by `display`."""

    file_extension = ".html"
    output_mimetype = "text/html"

    def __init__(self) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            config=Config({"Exporter": {"default_preprocessors": []}}),
            extra_loaders=[jinja2.PackageLoader("autograder.report", "templates")],
            template_file="feedback.html.j2",
        )

    @property
    def template_paths(self) -> list[str]:  # type: ignore[override]
        """The other folders of templates: none."""
        return []

    def _create_environment(self) -> jinja2.Environment:
        environment: jinja2.Environment = super()._create_environment()  # type: ignore[no-untyped-call]
        environment.autoescape = True
        environment.auto_reload = False  # a worker cannot see the template's file any more
        environment.trim_blocks = environment.lstrip_blocks = True
        environment.filters["trusted"] = Markup
        return environment


class _AsItIs(dict[str, Any]):
    """The context of a page; the exporter's deep copy of it is itself."""

    def __deepcopy__(self, memo: object) -> "_AsItIs":
        return self


@functools.cache
def _exporter() -> FeedbackExporter:
    return FeedbackExporter()


@dataclass
class PageCell:
    """A cell as the page shows it."""

    kind: str
    id: str = ""
    anchor: str = ""
    label: str = ""
    points: str = ""
    body: Markup | None = None
    outputs: list[Markup] = field(default_factory=list)
    comment: Markup | None = None


def _kind(cell: Cell, checks: Mapping[str, Any]) -> str:
    if cell.kind == "code":
        if cell.name in checks:
            return "check"
        if cell.has("solution"):
            return "answer"
        return "test" if cell.has("grade") else "code"
    return "written" if cell.has("solution") or cell.has("task") else "text"


def _said_by(test: Cell) -> Iterator[Markup]:
    """Yield the messages of a lecturer's own test, without its code."""
    for each in test.outputs:
        if each.get("output_type") == "error":
            text = str(each.get("evalue", "")).strip()
            yield display.preformatted(f"{each.get('ename', '')}: {text}" if text else str(each.get("ename", "")))


def _page_cell(cell: Cell, said: Mapping[str, Any], seen: set[str]) -> PageCell | None:
    if cell.name in seen:
        cell = replace(cell, id=None, grade_id=None)
    kind = _kind(cell, said["verdicts"])
    if cell.kind not in ("code", "markdown") or (kind == "text" and not cell.source.strip()):
        return None
    id = cell.name
    seen.add(id)
    known = said["cells"].get(id, {})
    shown = PageCell(kind, id, f"cell-{id}" if known or kind == "check" else "", LABELS[kind], known.get("points", ""))
    shown.comment = display.markdown(known["comment"]) if known.get("comment") else None
    if kind == "check":
        return shown
    open_part = as_released(cell.source, said["hidden"])
    shown.body = display.code(open_part) if cell.kind == "code" else display.markdown(open_part, cell.attachments)
    if kind == "test":
        shown.outputs = list(_said_by(cell)) if open_part == cell.source else []
    elif cell.kind == "code":
        shown.outputs = [made for each in cell.outputs if (made := display.output(each)) is not None]
    return shown


def _page(found: Iterable[Cell], said: Mapping[str, Any], broken: bool) -> str:
    seen: set[str] = set()
    cells: list[PageCell] = []
    room = MAX_SHOWN
    for cell in found:
        shown = _page_cell(cell, said, seen)
        if shown is None:
            continue
        for place, each in enumerate(shown.outputs):
            room -= len(each) if "<img" not in each else 0
            if room < 0:
                shown.outputs[place:] = [display.preformatted(display.CUT)]
                break
        cells.append(shown)
    anchors = {shown.anchor for shown in cells} - {""}
    loose = [id for id in said["verdicts"] if f"cell-{id}" not in anchors and said["failed"].get(id)]
    page = _AsItIs(said) | {"broken": broken, "cells": cells, "anchors": anchors, "loose": loose}
    empty = _v4.new_notebook()  # the cells are made already, and need no copy
    html, _ = _exporter().from_notebook_node(empty, resources={"page": _AsItIs(page)})
    return str(html)


def render(said: Mapping[str, Any], content: bytes) -> bytes:
    """Return the page.

    Parameters
    ----------
    said : what `feedback.said_of` says of a student
    content : the autograded notebook's file; nothing for a page without the notebook
    """
    return _page(read(content).cells if content else (), said, not content).encode("utf-8", "replace")


@functools.cache
def ready() -> None:
    """Load all modules that a page needs, by rendering one."""
    said: dict[str, Any] = dict.fromkeys(("title", "student", "mark"), "")
    said |= {"about": [], "rows": [], "verdicts": {}, "failed": {}, "cells": {}, "hidden": []}
    render(said, files("autograder.report").joinpath("templates", "first_page.json").read_bytes())
