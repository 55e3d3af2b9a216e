"""Write a verdict for people."""

import textwrap

from autograder.core.verdict import Verdict

NOTES = {
    "changed-its-input": "It changes the arrays that it is given. That costs nothing here, and surprises a caller.",
    "defined-below-its-check": "It is defined below its check; run from top to bottom, the check cannot find it.",
    "shape-of-one-entry": "The single number came in another shape than asked. That costs nothing here.",
}


def text(verdict: Verdict, width: int = 88) -> str:
    """Return the verdict as lines of plain text."""
    points = f"{verdict.points:g} of {verdict.max_points:g} points"
    if verdict.passed:
        lines = [f"✓ {verdict.function} is right: {points}."]
        body = [] if verdict.seen == "Right." else [verdict.seen]
    else:
        sign, what = ("✗", verdict.mistake) if verdict.passed is False else ("?", "not judged")
        lines = [f"{sign} {verdict.function}: {what}, {points}."]
        body = [verdict.seen, verdict.hint, verdict.read]
    body += [f"Note: {NOTES.get(note, note)}" for note in verdict.notes]
    for paragraph in filter(None, body):
        lines += textwrap.wrap(paragraph, width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
    return "\n".join(lines)
