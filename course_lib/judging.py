"""Which formulas are right: each is tried, and what was found is a table, coloured on a page, plain in a terminal.

No formula for a gradient takes part when one is judged: it is held against the gradient that the complex step measures
through the forward pass. In a network whose sizes all differ, most wrong orders and transposes show in the shape.
"""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from course_lib.arrays import Array
from course_lib.example_network import ExampleNetwork
from course_lib.gradient_checking import compare_gradients, complex_step

_CELL = "padding: 0.3rem 0.8rem 0.3rem 0.5rem; text-align: left; vertical-align: top"


class Judgement(NamedTuple):
    """Whether something is right, and what is said of it in a few words."""

    right: bool
    words: str


class JudgementTable:
    """A table of judgements: a row for each formula, a column for each case in which it was tried.

    Parameters
    ----------
    corner : what the rows are tried as, such as "dW2"; it stands above their names
    columns : the heading of each column
    rows : the judgements of each formula by its name, one for each column; `code` in a name is set as code

    >>> JudgementTable("dW2", ["n1 = 4"], {"`dZ2 @ A1.T / m`": [Judgement(True, "right")]})
    dW2             n1 = 4
    dZ2 @ A1.T / m  right
    """

    def __init__(self, corner: str, columns: Sequence[str], rows: Mapping[str, Sequence[Judgement]]) -> None:
        self.corner = corner
        self.columns = tuple(columns)
        self.rows = {name: tuple(row) for name, row in rows.items()}

    @property
    def right(self) -> bool:
        """Whether all that was tried is right."""
        return all(judgement.right for row in self.rows.values() for judgement in row)

    def beside(self, *others: "JudgementTable") -> "JudgementTable":
        """Return this table with the columns of others beside its own.

        Parameters
        ----------
        others : tables with the same rows

        Returns
        -------
        table with all columns; where the corners differ they are its headings

        Raises
        ------
        ValueError
            If the rows are not the same.
        """
        tables = (self, *others)
        for other in others:
            if set(self.rows) != set(other.rows):
                raise ValueError(f"the tables have different rows: {', '.join(self.rows)}; {', '.join(other.rows)}")
        rows = {name: [each for table in tables for each in table.rows[name]] for name in self.rows}
        if len({table.corner for table in tables}) == 1:
            return JudgementTable(self.corner, [title for table in tables for title in table.columns], rows)
        if len({table.columns for table in tables}) == len(self.columns) == 1:
            return JudgementTable(self.columns[0], [table.corner for table in tables], rows)
        return JudgementTable("", [f"{table.corner}, {title}" for table in tables for title in table.columns], rows)

    def above(self, *others: "JudgementTable") -> "JudgementTable":
        """Return this table with the rows of others below its own.

        Parameters
        ----------
        others : tables with the same columns, and with other names for their rows

        Returns
        -------
        table with all rows

        Raises
        ------
        ValueError
            If the columns are not the same, or two rows have one name.
        """
        rows = dict(self.rows)
        for other in others:
            if other.columns != self.columns:
                raise ValueError(
                    f"the tables have different columns: {'; '.join(self.columns)} and {'; '.join(other.columns)}"
                )
            if rows.keys() & other.rows.keys():
                raise ValueError(f"two rows have the name {min(rows.keys() & other.rows.keys())}")
            rows |= other.rows
        same = all(other.corner == self.corner for other in others)
        return JudgementTable(self.corner if same else "", self.columns, rows)

    def __repr__(self) -> str:
        lines = [(self.corner, *self.columns)] if any(self.columns) else []
        lines += [(name.replace("`", ""), *(each.words for each in row)) for name, row in self.rows.items()]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)

    def _repr_html_(self) -> str:
        """Return the table for a page; each cell has a mark and words, so that nothing depends on its colour."""
        titles = "".join(f'<th scope="col" style="{_CELL}">{html.escape(title)}</th>' for title in self.columns)
        head = f'<thead><tr><td style="{_CELL}">{html.escape(self.corner)}</td>{titles}</tr></thead>\n'
        body = "".join(
            "<tr>"
            + (f'<th scope="row" style="{_CELL}; font-weight: 400">{_with_code(name)}</th>' if name else "<td></td>")
            + f"{''.join(map(_cell, row))}</tr>\n"
            for name, row in self.rows.items()
        )
        return (
            '<div class="judgements pst-scrollable-table-container" style="overflow-x: auto">\n'
            f"<table>\n{head if any(self.columns) else ''}<tbody>\n{body}</tbody>\n</table>\n</div>"
        )


def _with_code(name: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(name))


def _cell(judgement: Judgement) -> str:
    """Return a cell; its colours are those of the page, or, in a notebook, a tint behind the notebook's own ink."""
    kind, mark, tint = ("right", "✓", "29, 115, 88") if judgement.right else ("wrong", "✗", "179, 38, 30")
    colours = (
        f"color: var(--course-judged-{kind}, inherit); background: var(--course-judged-{kind}-tint, rgba({tint}, 0.18))"
    )
    return f'<td class="judged-{kind}" style="{_CELL}; {colours}">{mark} {html.escape(judgement.words)}</td>'


def _tried(value: Any, truth: Array, judge: Callable[[Array, Array], Judgement], *arguments: Any) -> Judgement:
    """Return what is found of a value, or of a function that returns it: numpy and the shapes have the first word."""
    try:
        value = np.asarray(value(*arguments) if callable(value) else value)
    except ValueError:
        return Judgement(False, "numpy refuses it")
    if value.shape != truth.shape:
        return Judgement(False, f"wrong shape {value.shape}")
    return judge(value, truth) if np.all(np.isfinite(value)) else Judgement(False, "not all numbers are finite")


def _as_gradient(value: Array, truth: Array) -> Judgement:
    check = compare_gradients(value, truth)
    return Judgement(check.passed, "right" if check.passed else f"wrong values, {check.error:.2g} off")


def examine(
    name: str, formulas: Callable[[Any], Any] | Mapping[str, Callable[[Any], Any]], *networks: ExampleNetwork
) -> JudgementTable:
    """Try formulas for the gradient by one matrix on networks, against the measured gradient.

    Parameters
    ----------
    name : the matrix, such as "W2", "b1", "Z2", "A1" or "X"; without a number, "W", "b", "Z", "A", "A_prev" or
        "Z_prev", the formulas are tried on every layer that has it
    formulas : each by what the table calls it, or a single one; a function of the network, and for a name without a
        number of the layer (`ExampleNetwork.layer`), that returns the gradient
    networks : where to try; a network of the sizes 3, 4, 2 with m = 5 if left out

    Returns
    -------
    table with a column for each network, or for each layer of each

    Raises
    ------
    ValueError
        If a network has no such matrix.

    >>> examine("W2", {"1/m once": lambda n: n.dZ2 @ n.A1.T / n.m, "nowhere": lambda n: n.dZ2 @ n.A1.T})
    dW2       3-4-2, m = 5
    1/m once  right
    nowhere   wrong values, 0.67 off
    """
    named = formulas if isinstance(formulas, Mapping) else {f"d{name}": formulas}
    columns: list[str] = []
    rows: dict[str, list[Judgement]] = {title: [] for title in named}
    for network in networks or (ExampleNetwork(),):
        for title, matrix, place in _places(name, network):
            columns.append(title if title and len(networks) < 2 else f"{network}{title and f', {title}'}")
            truth = complex_step(network.objective(matrix), getattr(network, matrix))
            for row, formula in named.items():
                rows[row].append(_tried(formula, truth, _as_gradient, place))
    return JudgementTable(f"d{name}" if named is formulas else "", columns, rows)


def _places(name: str, network: ExampleNetwork) -> list[tuple[str, str, Any]]:
    """Return where formulas for a matrix are tried: heading, the matrix's full name, and what the formulas get."""
    if name == "X" or name[-1].isdigit():
        return [("", name, network)]
    kind, _, below = name.partition("_")
    layers = [layer for layer in network.layers if hasattr(layer, name)]
    if not layers or kind not in ("W", "b", "Z", "A"):
        raise ValueError(f"a layer has no {name} to take a gradient by; it has W, b, Z, A, A_prev and Z_prev")
    return [(f"layer {each.number}", f"{kind}{each.number - bool(below)}", each) for each in layers]


def compare(values: Any, reference: Any, title: str = "", digits: int = 12) -> JudgementTable:
    """Compare arrays with a reference: equal to so many digits of its largest entry, or where and how much not.

    Parameters
    ----------
    values : each by what the table calls it, or a single array or number; one that numpy might refuse as a function
        without arguments that returns it
    reference : array or number that all are compared with, or one for each by the same names
    title : heading of the column; of a single array the name
    digits : how many are to be equal

    Returns
    -------
    table with a column

    >>> compare({"a": [1.0, 2.0], "b": [1.0, 2.5], "c": [1.0]}, [1.0, 2.0])
    a  equal to 12 digits
    b  differs by 0.5 at (1,)
    c  wrong shape (1,)
    """

    def judge(value: Array, truth: Array) -> Judgement:
        if not truth.size:
            return Judgement(False, "there is nothing to compare")
        difference = np.abs(1.0 * value - truth)
        worst = tuple(int(k) for k in np.unravel_index(int(np.argmax(difference)), truth.shape))
        if np.max(difference) <= 10.0**-digits * (np.max(np.abs(truth)) or 1.0):
            return Judgement(True, f"equal to {digits} digits")
        return Judgement(False, f"differs by {difference[worst]:.1g}{f' at {worst}' if worst else ''}")

    many = isinstance(values, Mapping)
    named = values if many else {title: values}
    rows = {}
    for name, value in named.items():
        truth = np.asarray(reference[name] if isinstance(reference, Mapping) else reference)
        rows[name] = [_tried(value, truth, judge)]
    return JudgementTable("", [title if many else ""], rows)
