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
from finishing import FENCE

from autograder.assignments import ASSIGNMENTS, Exercise
from autograder.in_sight.given_away import given_away, of_markdown

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
    at, fences = 0, list(FENCE.finditer(text))
    for found in [*fences, None]:
        start = found.start() if found else len(text)
        if not _folding(fences, at):
            code, mathematics = of_markdown(text[at:start])
            yield Piece(line + text.count("\n", 0, at), (), code, mathematics)
        if found:
            at = found.end()
            if not _folding(fences, start):
                yield from _directive(found, line + text.count("\n", 0, start))


def _folding(fences: Sequence[re.Match[str]], place: int) -> re.Match[str] | None:
    """Return the exercise whose answer folds a place away: the last above it, if an answer ends before the next."""
    marks = [each for each in fences if each["kind"] in ("exercise-cell", "answer-ends")]
    above = [each for each in marks if each.end() <= place]
    below = next((each for each in marks if each.start() >= place), None)
    folds = above and below and (above[-1]["kind"], below["kind"]) == ("exercise-cell", "answer-ends")
    return above[-1] if folds else None


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


def steps(text: str) -> dict[str, str]:
    """Return for each equation that a chapter displays the section where it is derived, or "" where it is in sight.

    That is the section of the exercise, or of the question, that folds it.
    """
    fences, found = list(FENCE.finditer(text)), {}
    shown = {id for piece in pieces(text) for id in piece.equations}
    for display in re.finditer(r"^```\{equation\} (\S+)$", text, re.MULTILINE):
        place = display.start()
        fold = _folding(fences, place) or next(each for each in fences if each.start() <= place < each.end())
        headings = re.findall(r"^#{2,} (.+)$", FENCE.sub("", text[: fold.start()]), re.MULTILINE)
        found[display[1]] = "" if display[1] in shown else make_id(headings[-1])
    return found


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
