"""Say first what is known: in which cases an answer is right, where it is wrong in others."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

_WORDS = ("no", "one", "two", "three", "four", "five")
COUNTS = re.compile(r"m|n\w*|rows|columns|t")
"""What counts from one: sizes, and the steps of an optimizer; no index."""
_LAYERED = re.compile(r"(d?[A-Z]|d?b)(\d+)")


class Tried:
    """One case as far as it is known: its sizes and numbers, its kind, and the parts that are wrong in it."""

    def __init__(self, sizes: Mapping[str, Any], kind: str, wrong: Sequence[str], axes: int, raised: bool) -> None:
        """Keep what is known.

        Parameters
        ----------
        sizes : by name, with whole numbers that are arguments, such as the step t
        kind : as in `Case`
        wrong : the names of the parts that are wrong
        axes : how many the array has that is asked for
        raised : whether there is no answer
        """
        self.sizes, self.kind, self.wrong, self.axes, self.raised = sizes, kind, tuple(wrong), axes, raised
        self.layers = sum(bool(re.fullmatch(r"n\d", name)) for name in sizes) - 1


def where_right(tried: Sequence[Tried], elsewhere: Callable[[], bool] | None = None) -> str:
    """Return in which cases an answer is right and in which wrong, in a sentence, or "" where no rule fits all.

    Parameters
    ----------
    tried : an answer, on its cases
    elsewhere : returns whether the mistake that it is leaves such cases right in other draws too. Of what has no name
        nothing is known but what was tried, and the sentence says so.
    """
    plain = [case for case in tried if case.kind == "plain"]
    if not any(case.wrong for case in plain):
        extreme = any(case.wrong for case in tried if case.kind == "extreme")
        return "Right but at an extreme." if extreme and plain else ""
    said = _pattern(tried)
    if said and elsewhere:
        return said if elsewhere() else ""
    return said and f"{said[:-1]}, as far as was tried."


def _pattern(tried: Sequence[Tried]) -> str:
    plain = [case for case in tried if case.kind == "plain"]
    if all(case.wrong for case in plain):
        square = [case for case in tried if case.kind == "square"]
        right = square and not any(case.wrong for case in square)
        return "Right where all sizes are equal; wrong where they differ." if right else ""
    return next(_splits(plain), "")


def _splits(plain: Sequence[Tried]) -> Iterator[str]:
    """Yield what parts the cases that are right from those that are wrong."""
    right = {not case.wrong: [c for c in plain if bool(c.wrong) == bool(case.wrong)] for case in plain}
    deepest = max(case.layers for case in right[True])
    if deepest > 0 and all(case.layers > deepest for case in right[False]):
        yield f"Right for {_counted(deepest, 'layer')}; wrong from {_WORDS[deepest + 1]} on."
    names = filter(COUNTS.fullmatch, set.intersection(*(set(case.sizes) for case in plain)))
    for name in sorted(names, key=lambda name: (name != "m", name)):
        two = "two examples" if name == "m" else f"{name} = 2"
        one = {truth: {case.sizes[name] == 1 for case in cases} for truth, cases in right.items()}
        if one == {True: {True}, False: {False}}:
            yield f"Right for {name} = 1; wrong from {two} on."
        elif one == {True: {False}, False: {True}}:
            yield f"Right from {two} on; wrong for {name} = 1."
    if max(case.axes for case in right[True]) < 2 <= min(case.axes for case in right[False]):
        yield "Right for an array of one axis; wrong from two axes on."


def _counted(n: int, what: str) -> str:
    return f"{_WORDS[n]} {what}{'s' if n > 1 else ''}"


def layer_that_is_wrong(tried: Sequence[Tried]) -> str:
    """Return which parts of which layer are wrong in networks of several depths, or "" where it is not one alone."""
    if len({case.layers for case in tried}) == 1:
        return ""
    stems: dict[str, None] = {}
    places: set[str] = set()
    for case in tried:
        if case.raised or not case.wrong or case.kind == "square":
            continue
        matches = [_LAYERED.fullmatch(name) for name in case.wrong]
        if not all(matches) or case.layers < 1:
            return ""
        stems |= dict.fromkeys(match[1] for match in matches if match)
        numbers = {int(match[2]) for match in matches if match}
        if case.layers > 1:
            places.add("last" if numbers == {case.layers} else "first" if numbers == {1} else "")
    if len(places) != 1 or "" in places:
        return ""
    return f"Wrong: {' and '.join(stems)} of the {places.pop()} layer; all else is right."
