"""What a chapter shows before it asks: nothing in sight above an exercise may give its answer away.

Folded away are what stands between an exercise and its `{answer-ends}`, the answer of a `{question}`, a `{solution}`,
and the code of cells that are tagged so. All else is in sight: displayed equations, formulas, code in cells and in
lines.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from docutils.nodes import make_id

from autograder.assignments import ASSIGNMENTS, Exercise
from autograder.in_sight.given_away import given_away, of_markdown

_FENCE = re.compile(
    r"^(?P<fence>`{3,}|:{3,})\{(?P<kind>[\w-]+)\}(?P<title>[^\n]*)\n(?P<body>.*?)^(?P=fence)[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
_CHOICE = re.compile(r"^- \[[\w-]+\] (.*(?:\n  .*)*)", re.MULTILINE)
_HIDDEN = re.compile(r"^:tags:.*(?:hide-input|hide-cell|remove-)", re.MULTILINE)


class Piece(NamedTuple):
    """A part of a chapter: its line, and what is in sight there, or which exercise stands there."""

    line: int
    equations: Sequence[str] = ()
    code: Sequence[str] = ()
    mathematics: Sequence[str] = ()
    asks: str = ""


def pieces(text: str, line: int = 1) -> Iterator[Piece]:
    """Yield what a text shows, in order; what an exercise's answer folds away is left out."""
    at = 0
    ends = [found.start() for found in _FENCE.finditer(text) if found["kind"] == "answer-ends"]
    cells = [found.end() for found in _FENCE.finditer(text) if found["kind"] == "exercise-cell"]
    folds = [(max(cell for cell in cells if cell < end), end) for end in ends if cells and cells[0] < end]
    for found in [*_FENCE.finditer(text), None]:
        start = found.start() if found else len(text)
        folded = any(first <= at < last for first, last in folds)
        if not folded:
            code, mathematics = of_markdown(text[at:start])
            yield Piece(line + text.count("\n", 0, at), (), code, mathematics)
        if found is None:
            return
        at = found.end()
        if not any(first <= start < last for first, last in folds):
            yield from _directive(found, line + text.count("\n", 0, start))


def _directive(found: re.Match[str], line: int) -> Iterator[Piece]:
    kind, title, body = found["kind"], found["title"].strip(), found["body"]
    if kind == "equation":
        yield Piece(line, equations=[title])
    elif kind == "math":
        yield Piece(line, mathematics=[body])
    elif kind == "code-cell":
        if not _HIDDEN.search(body):
            yield Piece(line, code=[re.sub(r"\A(?::[\w-]+:.*\n)+", "", body)])
    elif kind == "question":
        asked, _, _ = body.partition("\n- [")
        shown = "\n\n".join([asked, *(choice.partition("\n\n")[0] for choice in _CHOICE.findall(body))])
        yield from pieces(shown, line)
    elif kind == "exercise-cell":
        yield from pieces(body, line + 1)
        yield Piece(line, asks=title)
    elif kind not in ("solution", "raw"):
        yield from pieces(f"{title}\n{body}", line)


def step_of(id: str, text: str) -> str:
    """Return the id of the section in which a folded equation is derived, or "" where the equation is in sight.

    That is the section of the exercise, or of the question, that folds it.
    """
    place = text.index(f"```{{equation}} {id}\n")
    if any(id in piece.equations for piece in pieces(text)):
        return ""
    asks = [found for found in _FENCE.finditer(text, 0, place) if found["kind"] == "exercise-cell"]
    around = [found for found in _FENCE.finditer(text) if found.start() < place < found.end()]
    start = [*around, *reversed(asks)][0].start()
    headings = re.findall(r"^#{2,} (.+)$", _FENCE.sub("", text[:start]), re.MULTILINE)
    return make_id(headings[-1])


def exercise(asked: str) -> Exercise:
    """Return the exercise that a page asks for, as `{exercise-cell}` names it."""
    rows = [(assignment.name, each) for assignment in ASSIGNMENTS.values() for each in assignment.exercises]
    return next(each for name, each in rows if asked in (f"{name}/{each.function}", each.equation))


def complaints(text: str) -> list[str]:
    """Complain of all that stands in sight above an exercise of a chapter and gives it away."""
    found, above = [], []
    for piece in pieces(text):
        if not piece.asks:
            above.append(piece)
            continue
        asked = exercise(piece.asks)
        for each in above:
            found += [f"line {each.line}: {one}" for one in given_away(asked, *each[1:4])]
    return found


def complaints_of(pages: Mapping[str, Path]) -> list[str]:
    """Complain of what chapters give away, by their names and paths."""
    return [f"{name}.md, {one}" for name, path in pages.items() for one in complaints(path.read_text(encoding="utf-8"))]
