"""The look that all pictures share: one palette, one ink, empty axes in the course's style."""

from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler

PALETTE = {"blue": "#2a6bee", "orange": "#c4771f", "green": "#15a267", "purple": "#a254b5", "grey": "#7e8495"}
"""Told apart by colour-blind readers, and at least 3:1 against white and against the dark page's background."""

INK = "#010203"
"""Stands for the page's text colour until `inline` replaces it."""

KINDS = ((PALETTE["blue"], "o"), (PALETTE["orange"], "^"))
"""Colour and marker of the points with y = 0 and of those with y = 1."""

ABOVE: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": 2, "borderaxespad": 0.2}
"""Where a legend hides no curve and takes no width."""

STYLE: Any = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.prop_cycle": cycler(color=list(PALETTE.values())),
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 10,
    "legend.frameon": False,
}


def new_axes(width: float = 4.6, height: float = 3.4) -> Axes:
    """Return empty axes in the course's style, belonging to no window.

    Parameters
    ----------
    width, height : size in inches

    Returns
    -------
    the axes
    """
    return new_grid(1, 1, width, height)[0]


def new_grid(rows: int, columns: int, width: float = 4.6, height: float = 4.6) -> list[Axes]:
    """Return empty axes in rows and columns of one figure, in the course's style.

    A picture that is wider than 4.6 inches has text too small to read on a phone: use more rows instead.

    Parameters
    ----------
    rows, columns : how many axes there are below and beside each other
    width, height : size of the figure in inches

    Returns
    -------
    the axes, row by row
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        return [figure.add_subplot(rows, columns, k + 1) for k in range(rows * columns)]


def series(k: int) -> dict[str, Any]:
    """Return colour, line style and marker of the k-th of several lines: twenty that differ in more than colour.

    Parameters
    ----------
    k : number of the line, from 0

    Returns
    -------
    the arguments for matplotlib's `plot`
    """
    colours, lines, markers = list(PALETTE.values()), ["-", "--", "-.", ":"], ["o", "^", "s", "D"]
    return {"color": colours[k % 5], "linestyle": lines[k % 4], "marker": markers[k % 4], "markersize": 5}


def add_legend(ax: Axes, **where: Any) -> None:
    """Add a legend in ink and without a frame, also to axes that are not of the course's style.

    Parameters
    ----------
    ax : the axes
    where : any arguments of matplotlib's `legend`
    """
    ax.legend(**{"labelcolor": INK, "frameon": False, **where})
