"""Write a verdict for people: as lines of text, as HTML for notebooks and pages, as JSON (`Verdict.as_json`).

A picture is in the HTML alone; what it says in words is in the text too.

What comes from a student (an exception's text, a key, a line of code) is escaped in HTML, so that nothing of it is ever
executed. The HTML takes its colours from the page around it, light or dark, and says nothing by colour alone.
"""

import sys
import textwrap
from collections.abc import Callable, Sequence
from html import escape

from autograder.core.verdict import Verdict

NOTES = {
    "changed-its-input": "It changes the arrays that it is given. That costs nothing here, and surprises a caller.",
    "defined-below-its-check": "It is defined below its check; run from top to bottom, the check cannot find it.",
    "shape-of-one-entry": "The single number came in another shape than asked. That costs nothing here.",
}
SIGNS = {True: "✓", False: "✗", None: "?"}
COLOURS = {True: "#2a9d5c", False: "#d1495b", None: "#8a8a8a"}
"""Of the bar at the side; each stands out by 3:1 against white and against black."""


def heading(verdict: Verdict) -> str:
    """Return the verdict in one line, without its sign."""
    points = f"{verdict.points:g} of {verdict.max_points:g} points"
    if verdict.passed:
        return f"{verdict.function} is right: {points}."
    what = verdict.mistake if verdict.passed is False else "not judged"
    return f"{verdict.function}: {what}, {points}."


def paragraphs(verdict: Verdict, again: Sequence[str] = ()) -> list[str]:
    """Return the paragraphs below the heading: observation, what the picture says, hint, chapter, and notes.

    Parameters
    ----------
    verdict : with or without a picture
    again : what is said in the place of the hint to whoever has made the mistake before
    """
    body = [] if verdict.passed and verdict.seen == "Right." else [verdict.seen]
    if not verdict.passed:
        body += [verdict.picture.sentence if verdict.picture else "", *(again or [verdict.hint]), verdict.read]
    return [text for text in (*body, *(f"Note: {NOTES.get(note, note)}" for note in verdict.notes)) if text]


def text(verdict: Verdict, again: Sequence[str] = (), width: int = 88) -> str:
    """Return the verdict as lines of plain text.

    >>> print(text(Verdict("f", None, True, 2.0, 2.0, None, "Right.")))
    ✓ f is right: 2 of 2 points.
    """
    lines = [f"{SIGNS[verdict.passed]} {heading(verdict)}"]
    for paragraph in paragraphs(verdict, again):
        lines += textwrap.wrap(paragraph, width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
    return "\n".join(lines)


def html(verdict: Verdict, again: Sequence[str] = (), drawing: Callable[[str], str] = str) -> str:
    """Return the verdict as one HTML element, for a notebook or a page, light or dark.

    Parameters
    ----------
    verdict, again : as for `paragraphs`
    drawing : from a picture's SVG to what stands there, where that cannot be SVG

    >>> html(Verdict("f", None, False, 0.0, 2.0, "raised", "It raised <b>."))
    '<div class="verdict" role="status" style="border-left: 4px solid #d1495b; padding: 0.2em 0 0.2em 0.9em; margin: \
0.4em 0; max-width: 46em"><div><strong>✗ f: raised, 0 of 2 points.</strong></div><div style="margin-top: 0.35em">\
It raised &lt;b&gt;.</div></div>'
    """
    bar = f"border-left: 4px solid {COLOURS[verdict.passed]}; padding: 0.2em 0 0.2em 0.9em; margin: 0.4em 0"
    body = "".join(f'<div style="margin-top: 0.35em">{escape(each)}</div>' for each in paragraphs(verdict, again))
    first = f"<div><strong>{SIGNS[verdict.passed]} {escape(heading(verdict))}</strong></div>"
    picture = f'<div style="margin-top: 0.6em">{drawing(verdict.picture.svg())}</div>' if verdict.picture else ""
    return f'<div class="verdict" role="status" style="{bar}; max-width: 46em">{first}{body}{picture}</div>'


def show(verdict: Verdict, again: Sequence[str] = ()) -> None:
    """Show a verdict: as HTML in a notebook, as text anywhere else."""
    display(text(verdict, again), html=html(verdict, again))


def display(text: str, html: str = "") -> None:
    """Show a text: in a notebook as HTML, or else as markdown; anywhere else as it is."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if getattr(shell, "kernel", None) is None:
        print(text)
    else:
        rich = {"text/html": html} if html else {"text/markdown": text}
        sys.modules["IPython.display"].display({"text/plain": text, **rich}, raw=True)
