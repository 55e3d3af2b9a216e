"""Pictures: a decision boundary and a cost curve, in one palette that reads on light and on dark pages.

A function draws into the axes it is given (or makes some) and returns them; nothing is shown or saved.
`inline` turns a figure into SVG for a page: its text and lines take the page's own colour, so that one picture serves
both modes.
"""

import html
import io
import re
from collections.abc import Callable
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from course_lib.arrays import Array

PALETTE = {"blue": "#3b7dd8", "orange": "#d0781f", "green": "#2a9d78", "purple": "#a05fc0", "grey": "#8a8f98"}
"""Told apart by colour-blind readers, and at least 3:1 against white and against the dark page's background."""

_INK = "#010203"  # stands for the page's text colour until `inline` replaces it


def new_axes(width: float = 4.6, height: float = 3.4) -> Axes:
    """Return empty axes of a size in inches, in the course's style, belonging to no window."""
    style: Any = {
        "axes.edgecolor": _INK,
        "axes.labelcolor": _INK,
        "text.color": _INK,
        "xtick.color": _INK,
        "ytick.color": _INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "font.size": 10,
        "legend.frameon": False,
    }
    with matplotlib.rc_context(style):
        return Figure(figsize=(width, height), layout="constrained").add_subplot()


def decision_boundary(predict: Callable[[Array], Array], X: Array, Y: Array, ax: Axes | None = None) -> Axes:
    """Draw points of two kinds, and the two regions in which `predict` says more, or less, than one half.

    Parameters
    ----------
    predict : maps points (2, k) to outputs (1, k) between 0 and 1
    X : (2, m), the points
    Y : (1, m), their kinds, 0 or 1
    ax : where to draw; new axes if left out

    Returns
    -------
    the axes

    Raises
    ------
    ValueError
        If X does not have two rows.
    """
    if X.ndim != 2 or X.shape[0] != 2:
        raise ValueError(f"a picture needs points with two coordinates, X of shape (2, m), not {X.shape}")
    ax = ax or new_axes()
    low, high = X.min(axis=1) - 0.5, X.max(axis=1) + 0.5
    horizontal, vertical = np.meshgrid(np.linspace(low[0], high[0], 160), np.linspace(low[1], high[1], 160))
    output = predict(np.stack([horizontal.ravel(), vertical.ravel()])).reshape(horizontal.shape)
    colours = [PALETTE["blue"], PALETTE["orange"]]
    ax.contourf(horizontal, vertical, output, levels=[-1, 0.5, 2], cmap=ListedColormap(colours), alpha=0.22)
    ax.contour(horizontal, vertical, output, levels=[0.5], colors=[_INK], linewidths=1.2)
    for kind, (colour, marker) in enumerate(zip(colours, ("o", "^"), strict=True)):
        points = X[:, Y[0] == kind]
        ax.plot(*points, marker, color=colour, markersize=3.5, label=f"y = {kind}")
    ax.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, labelcolor=_INK)
    return ax


def cost_curve(costs: Array, ax: Axes | None = None, label: str | None = None) -> Axes:
    """Draw the cost against the number of steps taken.

    Parameters
    ----------
    costs : (steps,)
    ax : where to draw; new axes if left out
    label : name of the curve in a legend

    Returns
    -------
    the axes
    """
    ax = ax or new_axes()
    ax.plot(np.arange(len(costs)), costs, color=PALETTE["blue"] if not ax.lines else None, label=label)
    ax.set(xlabel="gradient descent steps", ylabel="cost J")
    return ax


class InlineSVG:
    """A picture that a notebook or a page shows as inline SVG."""

    def __init__(self, svg: str, alt: str) -> None:
        """Keep the SVG element and the text that says what it shows."""
        self.svg = svg
        self.alt = alt

    def _repr_html_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<picture: {self.alt}>"


def inline(picture: Axes | Figure, alt: str) -> InlineSVG:
    """Turn axes or a figure into inline SVG that follows the page's light or dark mode.

    Parameters
    ----------
    picture : what to show
    alt : what a reader who cannot see it should be told; required

    Returns
    -------
    an object that notebooks and the book display

    Raises
    ------
    ValueError
        If alt is empty.
    """
    if not alt.strip():
        raise ValueError("a picture needs alt text that says what it shows")
    figure: Any = picture if isinstance(picture, Figure) else picture.figure
    buffer = io.StringIO()
    # Ids inside the SVG are hashes of this salt, so that several pictures on a page do not share clip paths.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": alt}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = re.sub(r"<(metadata|style)\b.*?</\1>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r' id="[a-zA-Z0-9.]+_\d+"', "", svg)  # the names of groups, the same in every picture of a page
    # Two decimals place a point well enough; the numbers that a reader sees stand outside of tags.
    svg = re.sub(r"<[^>]*>", lambda tag: re.sub(r"(\d+\.\d{2})\d+", r"\1", tag[0]), svg)
    svg = svg.replace(_INK, "currentColor")
    body = svg[svg.index(">") + 1 :]
    width, height = figure.get_size_inches()
    return InlineSVG(
        f'<svg class="picture" role="img" aria-label="{html.escape(alt)}" viewBox="0 0 {72 * width:g} {72 * height:g}"'
        ' xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" stroke-linejoin="round"'
        f' style="width: 100%; max-width: {96 * width:g}px; height: auto; color: inherit">{body}',
        alt,
    )
