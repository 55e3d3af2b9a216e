"""Where in the book an equation is derived.

`chapters.json` is generated from the book's sources: for each equation's label the page, its title and the anchor.
"""

import json
from functools import cache
from importlib.resources import files
from typing import TypedDict

from course_lib.equations import Equation


class Chapter(TypedDict):
    """A place in the book: the page's file name without its ending, its title, and two anchors on it.

    `anchor` is that of the formula; `step` is where it is derived, and does not unfold what an exercise asks for.
    """

    page: str
    title: str
    anchor: str
    step: str


@cache
def _chapters() -> dict[str, Chapter]:
    chapters: dict[str, Chapter] = json.loads(files("autograder").joinpath("chapters.json").read_text(encoding="utf-8"))
    return chapters


def chapter_of(equation: Equation) -> Chapter | None:
    """Return where an equation is derived, or None if no chapter shows it."""
    return _chapters().get(equation.label)


def advice(equation: Equation) -> str:
    """Say which chapter to read."""
    place = chapter_of(equation)
    return f"Read: {place['title']} ({place['page']}.html#{place['step']})." if place else ""


def link(equation: Equation, base: str = "") -> str:
    """Return where an equation is derived, in markdown: a link, if it is known where the book is, or else in words."""
    place = chapter_of(equation)
    if not place:
        return ""
    if not base:
        return f"*{place['title']}*, at the equation `{equation.label}`"
    return f"[{place['title']}]({base.rstrip('/')}/{place['page']}.html#{place['step']})"
