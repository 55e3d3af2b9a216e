"""From a figure to SVG that stands in a page and takes the page's colours."""

import html
import io
import re
from collections.abc import Sequence
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.plotting.style import INK, STYLE


class InlineSVG:
    """A picture that a notebook or a page shows as inline SVG."""

    def __init__(self, svg: str, alt: str) -> None:
        """Keep a picture and what it shows.

        Parameters
        ----------
        svg : the SVG element
        alt : what a reader who cannot see it should be told
        """
        self.svg = svg
        self.alt = alt

    def _repr_html_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<picture: {self.alt}>"


def _shorten(svg: str) -> str:
    """Drop what a page does not need: ids that nothing refers to, and digits after the second decimal."""
    wanted = set(re.findall(r'(?:href="|url\()#([^")]+)', svg))
    svg = re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in wanted else "", svg)
    # Only inside tags: a number in a text is what the reader sees.
    return re.sub(r"<[^>]*>", lambda tag: re.sub(r"(\d\.\d{2})\d+", r"\1", tag[0]), svg)


def inline(picture: Axes | Figure | Sequence[Axes], alt: str) -> InlineSVG:
    """Turn axes or a figure into inline SVG that follows the page's light or dark mode.

    Parameters
    ----------
    picture : what to show: axes, several axes of one figure, or the figure
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
    axes = picture[0] if isinstance(picture, Sequence) else picture
    figure: Any = axes if isinstance(axes, Figure) else axes.figure
    buffer = io.StringIO()
    # Ids inside the SVG are hashes of this salt, so that several pictures on a page do not share clip paths.
    with matplotlib.rc_context({**STYLE, "svg.fonttype": "none", "svg.hashsalt": alt}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = re.sub(r"<(metadata|style)\b.*?</\1>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = _shorten(svg).replace(INK, "currentColor")
    body = svg[svg.index(">") + 1 :]
    width, height = figure.get_size_inches()
    # matplotlib writes no fill for black, its default: such text takes the fill of the root, the page's colour.
    return InlineSVG(
        f'<svg class="picture" role="img" aria-label="{html.escape(alt)}" viewBox="0 0 {72 * width:g} {72 * height:g}"'
        ' xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" stroke-linejoin="round"'
        f' fill="currentColor" style="width: 100%; max-width: {96 * width:g}px; height: auto; color: inherit">{body}',
        alt,
    )
