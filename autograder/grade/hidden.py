"""Hidden tests and mark schemes: the regions that nbgrader strips from a release."""

from collections.abc import Iterable, Sequence
from typing import Any

Regions = Iterable[Sequence[str]]
"""The first and the last mark of each kind of region; a line is one that holds it, wherever in it."""


def regions(config: Any) -> tuple[tuple[str, str], ...]:
    """Return the marks as a course's configuration has them."""
    kinds = (config.ClearHiddenTests, "test", "HIDDEN TESTS"), (config.ClearMarkScheme, "mark_scheme", "MARK SCHEME")
    return tuple(
        (str(own.get(f"begin_{kind}_delimeter", f"BEGIN {said}")), str(own.get(f"end_{kind}_delimeter", f"END {said}")))
        for own, kind, said in kinds
    )


def as_released(source: str, marks: Regions) -> str:
    """Return a cell's text as students got it; where a last mark is missing, all below the first is hidden."""
    for begin, end in marks:
        kept, hidden = [], False
        for line in source.splitlines(keepends=True):
            if begin in line:
                hidden = True
            elif end in line:
                hidden = False
            elif not hidden:
                kept.append(line)
        source = "".join(kept)
    return source
