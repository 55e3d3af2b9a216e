"""Show a wrong array beside the measured one, with their ratio: in a sentence, and as SVG.

The SVG takes its ink from the page around it, light or dark. One scale colours all of it, and nothing is said by colour
alone: each cell has its number, or, in an array too large for that, the sign of what its colour says.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from html import escape
from itertools import combinations, permutations
from typing import Any, NamedTuple, Self

import numpy as np

from autograder.core.compare import ROUNDING, same, wrong_entries
from autograder.core.known import COUNTS
from course_lib.arrays import Array

WITH_NUMBERS, MOST = 8, 16
"""Rows and columns up to which cells have numbers, and up to which they are drawn."""
LESS, MORE = "#3f7fc4", "#d2691e"
"""Below and above what is neutral: 0 in the arrays, 1 in their ratio."""
STRONGEST = 0.5
"""The opacity of the strongest colour, on which the ink of a page, light or dark, stands out by 4.5:1."""
ROOM = 270.0
"""Points up to which panels stand side by side: a phone shows as much."""
CELL, SMALL, LINE, GAP, LETTER = 17.0, 10.0, 12.0, 14.0, 5.2
"""Points: the height of a cell with and without its number, of a line, between panels; the width of a letter."""


class Pair(NamedTuple):
    """A wrong array and the measured one on one case, and the sizes of the case."""

    sizes: Mapping[str, int]
    yours: Array
    measured: Array


@dataclass(frozen=True)
class Panel:
    """An array as it is drawn: the texts of its numbers, "" where there is none, and its shape in words."""

    rows: tuple[tuple[str, ...], ...]
    shape: str


@dataclass(frozen=True)
class Picture:
    """A wrong array beside the measured one: texts alone, of which none is a student's.

    Attributes
    ----------
    part : which part of the answer it is, or ""
    sizes : of the case, in words
    page : of arrays with more than two axes, the place of the page that is drawn, or ""
    yours, measured, ratio : what is drawn; no ratio where the shapes differ
    says : what the ratio is, where it is the same everywhere, or what else the arrays have in common; or ""
    cases : places of the cases in which the part is wrong and has numbers
    factors : names of what the ratio is in each of them
    """

    part: str
    sizes: str
    page: str
    yours: Panel
    measured: Panel
    ratio: Panel | None
    says: str
    cases: tuple[int, ...] = ()
    factors: tuple[str, ...] = ()

    @classmethod
    def of(cls, part: str, pair: Pair, cases: Sequence[int] = (), factors: Sequence[str] = ()) -> Self:
        """Return the picture of a pair; of arrays with more than two axes, of the page with the first wrong entry."""
        sizes, *arrays = pair
        shown, page, alike = arrays, "", arrays[0].shape == arrays[1].shape
        if alike and arrays[0].ndim > 2 and len(wrong := np.argwhere(wrong_entries(*arrays))):
            place = tuple(int(i) for i in wrong[0][:-2])
            shown, page = [array[place] for array in arrays], str(list(place))
        pages = [each.reshape(math.prod(each.shape[:-1]), *(each.shape[-1:] or [1])) for each in shown]
        yours, measured = (
            Panel(_texts(each), _shape(array.shape, sizes)) for each, array in zip(pages, arrays, strict=True)
        )
        ratio = Panel(_texts(_ratio(*pages), ""), "") if alike else None
        said = ", ".join(f"{name} = {n}" for name, n in sizes.items())
        return cls(part, said, page, yours, measured, ratio, _said(pair, factors), tuple(cases), tuple(factors))

    def as_json(self) -> dict[str, Any]:
        """Return what is drawn, as JSON types."""
        return asdict(self) | {"cases": [], "factors": []}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Return the picture that `as_json` described.

        Raises
        ------
        ValueError, TypeError, LookupError
            If it is none.
        """
        part, sizes, page, says = (str(row[name]) for name in ("part", "sizes", "page", "says"))
        yours, measured = (_panel_of(row[name]) for name in ("yours", "measured"))
        return cls(part, sizes, page, yours, measured, _panel_of(row["ratio"]) if row["ratio"] else None, says)

    @property
    def sentence(self) -> str:
        """What it says, as a sentence of its own; or ""."""
        said = f"with {self.sizes} {self.says}." if self.sizes else f"{self.says}."
        return said[0].upper() + said[1:] if self.says else ""

    @property
    def label(self) -> str:
        """What it shows, in a sentence."""
        texts = [text for row in self.ratio.rows for text in row] if self.ratio else []
        said = self.says
        if not said and (numbers := [float(text) for text in texts if text]):
            low, high = (f"{end(numbers):.3g}" for end in (min, max))
            said = f"the ratio {f'is {low}' if low == high else f'goes from {low} to {high}'}"
            said += f"; {texts.count('')} of {len(texts)} entries have none" if "" in texts else ""
        if not self.ratio:
            shapes = f"its shape is {self.yours.shape}, and that of the measured one is {self.measured.shape}"
            said = f"{shapes}; {said}" if said else shapes
        sizes = f", with {self.sizes}" if self.sizes else ""
        return f"{f'{self.part}{self.page}' or 'Your answer'} beside the measured one{sizes}: {said or 'no ratio'}."

    def svg(self) -> str:
        """Return the picture as one SVG element."""
        of_part = f": {self.part}{self.page}" if self.part or self.page else ""
        titled = ((f"yours{of_part}", self.yours), (f"measured{of_part}", self.measured), ("ratio", self.ratio))
        drawn = [_Drawn(title, panel, self._largest) for title, panel in titled if panel]
        beside = sum(each.width + GAP for each in drawn) - GAP <= ROOM
        y = LINE if self.sizes else 0.0
        x = height = 0.0
        width = LETTER * len(self.sizes)
        body = f'<text x="0" y="{LINE - 3:g}">{escape(self.sizes)}</text>' if self.sizes else ""
        for each in drawn:
            body += each.at(x, y)
            width, height = max(width, x + each.width), max(height, y + each.height)
            x, y = (x + each.width + GAP, y) if beside else (x, y + each.height + GAP)
        style = f"width: 100%; max-width: {4 / 3 * width:.0f}px; height: auto"
        return (
            f'<svg class="verdict-picture" role="img" aria-label="{escape(self.label)}" '
            f'viewBox="0 0 {width:g} {height:g}" width="{4 / 3 * width:.0f}" xmlns="http://www.w3.org/2000/svg" '
            f'fill="currentColor" font-size="9" style="{style}">{body}</svg>'
        )

    @property
    def _largest(self) -> float:
        """The largest number of both arrays, regardless of sign: where the scale of the arrays ends."""
        numbers = [abs(float(text)) for panel in (self.yours, self.measured) for row in panel.rows for text in row]
        return max([number for number in numbers if number < np.inf], default=0.0) or 1.0


class Factor(NamedTuple):
    """What a ratio may be: a number, times sizes to whole powers."""

    name: str
    number: float
    powers: Mapping[str, int]

    def of(self, sizes: Mapping[str, int]) -> float:
        """Return its value."""
        return self.number * math.prod(float(sizes[name]) ** power for name, power in self.powers.items())


PLAIN = (Factor("-1", -1.0, {}), Factor("2", 2.0, {}), Factor("1/2", 0.5, {}))


@lru_cache(maxsize=64)
def _factors(sizes: tuple[str, ...]) -> tuple[Factor, ...]:
    """Return what a ratio may be, the simplest first: sizes, their squares, products of two of them, and numbers."""
    found = [
        *((a, {a: 1}) for a in sizes),
        *((f"1/{a}", {a: -1}) for a in sizes),
        *((f"{a} squared", {a: 2}) for a in sizes),
        *((f"1/({a} squared)", {a: -2}) for a in sizes),
        *((f"{a} times {b}", {a: 1, b: 1}) for a, b in combinations(sizes, 2)),
        *((f"{a}/{b}", {a: 1, b: -1}) for a, b in permutations(sizes, 2)),
        *((f"1/({a} times {b})", {a: -1, b: -1}) for a, b in combinations(sizes, 2)),
    ]
    positive = [Factor(name, 1.0, powers) for name, powers in found]
    negative = [
        Factor(f"-({name})" if " " in name else f"-{name}", -number, powers) for name, number, powers in positive
    ]
    return (*positive, *PLAIN, *negative)


def common_factors(pairs: Sequence[Pair]) -> list[str]:
    """Return the names of what the ratio is in every pair, the simplest first."""
    first, *_ = pairs
    if any(pair.yours.shape != pair.measured.shape for pair in pairs) or (ratio := _constant(first)) is None:
        return []
    names = tuple(name for name, n in first.sizes.items() if COUNTS.fullmatch(name) and n > 0)
    near = [each for each in _factors(names) if abs(each.of(first.sizes) - ratio) <= 1e-3 * abs(ratio)]
    return [
        each.name
        for each in near
        if all(
            each.powers.keys() <= pair.sizes.keys() and same(pair.yours, each.of(pair.sizes) * pair.measured)
            for pair in pairs
        )
    ]


def _constant(pair: Pair) -> float | None:
    """Return the ratio of a pair of one shape where it is the same everywhere, and not 0."""
    if not np.any(_has_ratio(pair.measured)):
        return None
    at = np.unravel_index(np.argmax(np.abs(pair.measured)), pair.measured.shape)
    ratio = float(pair.yours[at] / pair.measured[at])
    return ratio if np.isfinite(ratio) and ratio and same(pair.yours, ratio * pair.measured) else None


def _has_ratio(measured: Array) -> Any:
    return np.abs(measured) > ROUNDING


def _ratio(yours: Array, measured: Array) -> Array:
    """Return the ratio of two arrays, NaN where the measured one is 0."""
    with np.errstate(all="ignore"):
        return np.where(_has_ratio(measured), yours / np.where(measured, measured, 1.0), np.nan)


def _said(pair: Pair, factors: Sequence[str]) -> str:
    """Say what the ratio is everywhere, and which size it equals; or what else the arrays have in common."""
    _, yours, measured = pair
    if yours.shape != measured.shape:
        if yours.ndim == 2 and same(yours.T, measured):
            return "yours is the transpose of the measured array"
        other = yours.size == measured.size and same(yours.reshape(measured.shape), measured)
        return "yours has the numbers of the measured array in another shape" if other else ""
    ratio = _constant(pair)
    if ratio is None or not (factors or np.count_nonzero(_has_ratio(measured)) > 1):
        return ""
    everywhere = "array everywhere" if measured.size > 1 else "number"
    which = next((f", which is {name}" for name in factors[:1] if name not in [each.name for each in PLAIN]), "")
    return f"yours is {ratio:.6g} times the measured {everywhere}{which}"


def _texts(page: Array, nothing: str = "nan") -> tuple[tuple[str, ...], ...]:
    """Return the numbers of an array's beginning as texts."""
    rows = page[:MOST, :MOST].tolist()
    return tuple(tuple(f"{x + 0.0:.3g}" if x == x else nothing for x in map(float, row)) for row in rows)  # no -0


def _panel_of(row: Mapping[str, Any]) -> Panel:
    rows = (tuple(f"{float(text):.3g}" if text else "" for text in each) for each in row["rows"])
    return Panel(tuple(rows), str(row["shape"]))


def _shape(shape: tuple[int, ...], sizes: Mapping[str, int]) -> str:
    """Return a shape as numpy writes it, and by the names of the sizes where each says which it is.

    >>> _shape((3, 1), {"n2": 3, "m": 6}), _shape((), {})
    ('(3, 1), n2 x 1', 'a number')
    """
    counts = {name: size for name, size in sizes.items() if COUNTS.fullmatch(name)}
    names = [[name for name, size in counts.items() if size == n > 1] for n in shape]
    said = " x ".join(found[0] if found else str(n) for n, found in zip(shape, names, strict=True))
    named = any(names) and all(len(found) == (n > 1) for n, found in zip(shape, names, strict=True))
    cut = f", cut at {MOST}" if max(shape, default=0) > MOST else ""
    return f"{shape}{f', {said}' if named else ''}{cut}" if shape else "a number"


class _Drawn:
    """A panel as SVG, at any place."""

    def __init__(self, title: str, panel: Panel, largest: float) -> None:
        """Measure a panel.

        Parameters
        ----------
        title, panel : what is drawn
        largest : the number at which the colour of an array is strongest
        """
        self.heads, self.rows, self.largest = (title, panel.shape), panel.rows, largest
        self.columns = len(self.rows[0]) if self.rows else 0
        self.numbers = max(len(self.rows), self.columns) <= WITH_NUMBERS
        letters = max((len(text) for row in self.rows for text in row), default=0)
        self.cell = (max(24.0, 6 + LETTER * letters), CELL) if self.numbers else (SMALL, SMALL)
        self.width = max(self.columns * self.cell[0], LETTER * max(map(len, self.heads))) + 1
        self.height = 2 * LINE + 3 + len(self.rows) * self.cell[1] + 1

    def at(self, x: float, y: float) -> str:
        """Return the SVG with its upper left corner at a place."""
        width, height = self.cell
        top = y + 2 * LINE + 3
        heads = (
            f'<text x="{x:g}" y="{y + LINE * k - 3:g}" font-weight="{weight}">{escape(head)}</text>'
            for k, (head, weight) in enumerate(zip(self.heads, (700, 400), strict=True), 1)
        )
        cells = [
            (x + 0.5 + k * width, top + 0.5 + i * height, text)
            for i, row in enumerate(self.rows)
            for k, text in enumerate(row)
        ]
        boxes = (
            f'<rect x="{a:g}" y="{b:g}" width="{width:g}" height="{height:g}" {self._fill(text)}/>'
            for a, b, text in cells
        )
        signs = ((a + width / 2, b + height / 2 + 3, self._sign(text)) for a, b, text in cells)
        texts = (f'<text x="{a:g}" y="{b:g}">{sign}</text>' for a, b, sign in signs)
        return (
            f'<g>{"".join(heads)}</g><g stroke="currentColor" stroke-opacity="0.3">{"".join(boxes)}</g>'
            f'<g text-anchor="middle">{"".join(texts)}</g>'
        )

    def _strength(self, text: str) -> float:
        """Return where a number lies on the scale, from -1 to 1: with a ratio, 1 is in the middle, and r beside 1/r."""
        number = float(text or "nan")
        if np.isnan(number):
            return 0.0
        if self.heads[0] != "ratio":
            return float(np.clip(number / self.largest, -1, 1))
        return float(np.clip((number - 1) / (abs(number) + 1), -1, 1)) if np.isfinite(number) else np.sign(number)

    def _fill(self, text: str) -> str:
        strength = round(STRONGEST * self._strength(text), 2)
        colour = LESS if strength < 0 else MORE
        return f'fill="{colour}" fill-opacity="{abs(strength):g}"' if strength else 'fill="none"'

    def _sign(self, text: str) -> str:
        """Return the text of a cell."""
        if self.numbers:
            return text or "–"
        strength = self._strength(text)
        return "+" if strength > 0 else "-" if strength < 0 else ""
