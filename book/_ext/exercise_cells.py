"""The directive `{exercise-cell}`: a place in the page where the reader writes a function and has it checked.

    ```{exercise-cell} two_layer.dW2
    ```
    The rest of the derivation.

    ```{answer-ends}
    ```

names an equation, or an assignment and a function: `ps5_deep/proof_dW1`. What stands in the directive is shown above
the editor. The page has the function's stub, hints and solution, which can be read without JavaScript;
`book/live/page.js` makes an editor of it. The formula is folded away as the last of the hints, and what stands between
the exercise and `{answer-ends}` is folded until the reader's answer is right, or unfolded by hand. `{course-progress}`
lists the exercises of all pages.

Everything comes from the exercises that `exercises/generate.py --browser` writes before the pages are built.
"""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

EXERCISES = Path(__file__).parents[1] / "_build" / "exercises.json"


class Found(NamedTuple):
    """An exercise, and the assignment that asks for it."""

    assignment: dict[str, Any]
    exercise: dict[str, Any]

    @property
    def name(self) -> str:
        """What it is called in the page and in the browser's storage."""
        return f"{self.assignment['name']}/{self.exercise['function']}"

    @property
    def anchor(self) -> str:
        """Its id in the page."""
        return f"write-{self.assignment['name']}-{self.exercise['function']}"


@cache
def assignments(written: int) -> list[dict[str, Any]]:
    """Read the exercises, as they were written at a time."""
    rows: list[dict[str, Any]] = json.loads(EXERCISES.read_text(encoding="utf-8"))["assignments"]
    return rows


def all_exercises() -> list[Found]:
    """Return every exercise, in the order of the assignments."""
    if not EXERCISES.is_file():
        raise ExtensionError("the exercises of the pages are not written; build the book by: python book/build.py")
    rows = assignments(EXERCISES.stat().st_mtime_ns)
    return [Found(row, exercise) for row in rows for exercise in row["exercises"]]


def find(asked: str) -> Found:
    """Find an exercise by its equation, or by its assignment and function.

    Raises
    ------
    LookupError
        If there is none, or if it is not clear which.
    """
    everything = all_exercises()
    found = [each for each in everything if asked in (each.name, each.exercise["equation"])]
    if not found:
        raise LookupError(f"no exercise asks for {asked}; give an equation's id, or ASSIGNMENT/FUNCTION")
    if len(found) > 1:
        raise LookupError(f"{asked} is asked for in {', '.join(each.name for each in found)}; say which")
    return found[0]


class Element(nodes.General, nodes.Element):
    """An HTML element with a tag, attributes and children."""


def element(tag: str, *children: nodes.Node, **attributes: str) -> Element:
    """Return an element; `class_` and `data_cell` stand for `class` and `data-cell`."""
    made = Element("", tag=tag, html={name.strip("_").replace("_", "-"): each for name, each in attributes.items()})
    made += children
    return made


def open_element(self: HTML5Translator, node: Element) -> None:
    """Write an element's start."""
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in node["html"].items())
    self.body.append(f"<{node['tag']}{attributes}>")


def close_element(self: HTML5Translator, node: Element) -> None:
    """Write an element's end."""
    self.body.append(f"</{node['tag']}>\n")


def code(text: str) -> nodes.literal_block:
    """Return Python that is coloured."""
    return nodes.literal_block(text, text, language="python", classes=["exercise-python"])


def summary(text: str) -> Element:
    """Return what is seen of something folded."""
    return element("summary", nodes.Text(text))


class ExerciseCell(SphinxDirective):
    """`{exercise-cell}`: see above."""

    required_arguments = 1
    has_content = True

    def parsed(self, lines: Sequence[str]) -> list[nodes.Node]:
        """Parse lines of MyST."""
        container = nodes.container()
        self.state.nested_parse(
            StringList(list(lines), source=self.get_source_info()[0]), self.content_offset, container
        )
        return container.children

    def head(self, found: Found) -> Iterator[nodes.Node]:
        """Yield what stands above the editor: what to write, and what the page says of it."""
        exercise, assignment = found.exercise, found.assignment
        signature = exercise["stub"].partition("\n")[0].removeprefix("def ").rstrip(":")
        points = f"{exercise['points']:g} point{'s' * (exercise['points'] != 1)} in {assignment['name']}"
        title = nodes.paragraph("", "", nodes.literal(signature, signature), classes=["exercise-title"])
        title += nodes.inline(points, points, classes=["exercise-points"])
        yield title
        yield from self.parsed(self.content)

    def hints(self, found: Found) -> Iterator[nodes.Node]:
        """Yield the hints, each folded; the last is the formula, where there is one."""
        exercise = found.exercise
        formula, last = exercise["formula"], exercise["last_hint"]
        if formula:
            last = f"$\\displaystyle {' '.join(formula.split())}$ {{eq}}`{exercise['label']}`"
        hints = [*exercise["hints"], *filter(None, [last])]
        for number, hint in enumerate(hints, 1):
            is_formula = hint == last and bool(formula or "```" in last)
            folded = element("details", class_=f"exercise-hint{' exercise-formula' * is_formula}")
            folded += summary(f"Hint {number} of {len(hints)}{': the formula' * is_formula}")
            folded += self.parsed(hint.splitlines())
            yield folded

    def run(self) -> list[nodes.Node]:
        """Return the cell."""
        self.env.note_dependency(str(EXERCISES))
        self.env.note_dependency(__file__)
        try:
            found = find(self.arguments[0])
        except LookupError as error:
            logger.warning("exercise-cell: %s", error, location=self.get_location())
            return []
        exercise = found.exercise
        label = f"Exercise: write {exercise['function']}"
        cell = element(
            "div",
            class_="exercise-cell",
            id=found.anchor,
            role="group",
            aria_label=label,
            data_cell=found.name,
            data_seconds=f"{exercise['seconds']:g}",
        )
        cell += list(self.head(found))
        cell += element("div", code(exercise["stub"]), class_="exercise-stub")
        without = (
            "To write it here and have it checked, the page needs JavaScript. The assignment has it as a notebook."
        )
        cell += element("noscript", nodes.paragraph(without, without))
        cell += list(self.hints(found))
        cell += element("details", summary("Solution"), code(exercise["solution"]), class_="exercise-solution")
        placed = cells_of(self.env).setdefault(self.env.docname, [])
        if found.name in [name for names in cells_of(self.env).values() for name in names]:
            logger.warning("exercise-cell: %s has a place already", found.name, location=self.get_location())
        placed.append(found.name)
        return [cell]


class answer_ends(nodes.General, nodes.Element):  # noqa: N801
    """Where what was asked above has been told."""


class AnswerEnds(SphinxDirective):
    """`{answer-ends}`: what stands between this and the exercise above, in the same section, is folded."""

    def run(self) -> list[nodes.Node]:
        """Leave a mark; what is between is known when the page is read."""
        mark = answer_ends()
        self.set_source_info(mark)
        return [mark]


def fold_answers(app: Sphinx, doctree: nodes.document) -> None:
    """Fold what follows an exercise, down to the mark where the answer ends, with the sections that end there."""
    for mark in list(doctree.findall(answer_ends)):
        last: nodes.Node = mark
        while last.parent is not None and not (cells := _cells_before(last)) and last.parent[-1] is last:
            last = last.parent
        if not cells:
            logger.warning("answer-ends: no exercise above it, or its section goes on", location=mark)
            continue
        parent, start, end = last.parent, cells[-1] + 1, last.parent.index(last)
        told = [node for node in parent[start : end + 1] if node is not mark]
        mark.parent.remove(mark)
        fold = element("details", summary("The rest of the derivation"), *told, class_="exercise-answer")
        fold["html"]["data-answers"] = parent[start - 1]["html"]["data-cell"]
        parent[start : start + len(told)] = [fold]


def _cells_before(node: nodes.Node) -> list[int]:
    """Return where the exercises stand above a node, in what holds both."""
    above = node.parent[: node.parent.index(node)]
    return [k for k, each in enumerate(above) if isinstance(each, Element) and "data-cell" in each["html"]]


def cells_of(env: BuildEnvironment) -> dict[str, list[str]]:
    """Return the exercises of each page, by its name."""
    if not hasattr(env, "exercise_cells"):
        env.exercise_cells = {}  # type: ignore[attr-defined]
    places: dict[str, list[str]] = env.exercise_cells  # type: ignore[attr-defined]
    return places


def forget(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Forget the exercises of a page that is read anew."""
    cells_of(env).pop(docname, None)


def merge(app: Sphinx, env: BuildEnvironment, docnames: Sequence[str], other: BuildEnvironment) -> None:
    """Take over what another process has read."""
    cells_of(env).update({name: cells for name, cells in cells_of(other).items() if name in docnames})


class progress(nodes.General, nodes.Element):  # noqa: N801
    """Where the list of all exercises goes."""


class CourseProgress(SphinxDirective):
    """`{course-progress}`: every exercise of the book, page by page, with what the reader has made of each."""

    def run(self) -> list[nodes.Node]:
        """Leave a place for the list, which is known when all pages are read."""
        self.env.note_dependency(__file__)
        self.env.metadata[self.env.docname]["course-progress"] = "yes"
        return [progress()]


def pages_with_progress(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return the pages to be written whenever any has changed."""
    return [name for name, data in env.metadata.items() if "course-progress" in data]


def fill_progress(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the list in."""
    for place in list(doctree.findall(progress)):
        place.replace_self(_progress_of(app, docname))


def _progress_of(app: Sphinx, docname: str) -> Element:
    env = app.env
    known = {each.name: each for each in all_exercises()}
    order = [name for name in env.toctree_includes.get(env.config.root_doc, []) if name in cells_of(env)]
    order += [name for name in cells_of(env) if name not in order]
    names = [each.assignment for each in known.values()]
    titles = {row["name"]: row["title"] for row in names}
    whole = element("div", class_="course-progress", data_assignments=json.dumps(titles))
    for page in order:
        title = env.titles[page].astext()
        part = element("section", class_="progress-page")
        address = app.builder.get_relative_uri(docname, page)
        part += element("h2", element("a", nodes.Text(title), href=address))
        rows = element("ul", class_="progress-list")
        for name in cells_of(env)[page]:
            found = known[name]
            function = element("code", nodes.Text(found.exercise["function"]), class_="literal")
            row = element("li", class_="progress-row", data_cell=name, data_points=f"{found.exercise['points']:g}")
            row += element("a", function, href=f"{address}#{found.anchor}")
            row += element("span", nodes.Text(found.assignment["name"]), class_="progress-from")
            rows += row
        part += rows
        whole += part
    return whole


def setup(app: Sphinx) -> dict[str, Any]:
    """Register everything with Sphinx."""
    app.add_node(Element, html=(open_element, close_element))
    app.add_node(progress)
    app.add_directive("exercise-cell", ExerciseCell)
    app.add_directive("answer-ends", AnswerEnds)
    app.add_directive("course-progress", CourseProgress)
    app.connect("doctree-read", fold_answers)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("env-updated", pages_with_progress)
    app.connect("doctree-resolved", fill_progress)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
