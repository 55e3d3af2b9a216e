"""Pictures, in one palette that reads on light and on dark pages.

A function draws into the axes it is given (or makes some) and returns them; nothing is shown or saved, and pyplot,
which keeps windows and a current figure, is never loaded. `inline` turns a figure into SVG for a page: its text and
lines take the page's own colour, so that one picture serves both modes.

The plane: `decision_boundary`, `warped_plane`. Curves: `cost_curve`, `cost_curves`, `gradient_sizes`,
`activation_curves`. The network: `network_diagram`. Gradient checking: `step_errors`, `error_map`. To draw something
else in the same style: `new_axes`, `new_grid`, `PALETTE`.
"""

from course_lib.plotting.checking import error_map, step_errors
from course_lib.plotting.curves import activation_curves, cost_curve, cost_curves, gradient_sizes
from course_lib.plotting.network import network_diagram
from course_lib.plotting.plane import decision_boundary, warped_plane
from course_lib.plotting.style import INK, PALETTE, new_axes, new_grid
from course_lib.plotting.svg import InlineSVG, inline

_INK = INK

__all__ = [
    "PALETTE",
    "InlineSVG",
    "activation_curves",
    "cost_curve",
    "cost_curves",
    "decision_boundary",
    "error_map",
    "gradient_sizes",
    "inline",
    "network_diagram",
    "new_axes",
    "new_grid",
    "step_errors",
    "warped_plane",
]
