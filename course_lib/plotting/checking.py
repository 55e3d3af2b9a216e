"""Gradient checking: how the error depends on the step, and where a wrong gradient is wrong."""

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from course_lib.arrays import Array
from course_lib.gradient_checking import central_difference, complex_step, relative_error
from course_lib.plotting.style import INK, PALETTE, add_legend, new_axes

_SMALLEST = 1e-17  # keeps an error of exactly zero on a logarithmic axis


def step_errors(
    f: Callable[[Array], Any], theta: Array, gradient: Array, steps: Array | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the distance between a gradient and the numerical ones, for steps from large to tiny.

    For a right gradient the central difference draws a V, the error of the formula to the right and rounding to the
    left, and the complex step falls to machine precision and stays there. For a wrong one both stay high.

    Parameters
    ----------
    f : scalar function of an array of theta's shape, made of operations that complex numbers have
    theta : array of any shape, the point
    gradient : array of theta's shape, the gradient to compare with
    steps : the steps, ε and h; 1e-15 to 1e-1 if left out
    ax : where to draw; new axes if left out

    Returns
    -------
    the axes

    Raises
    ------
    ValueError
        If the gradient has another shape than theta.
    """
    if gradient.shape != theta.shape:
        raise ValueError(f"the gradient has shape {gradient.shape}, but theta has shape {theta.shape}")
    ax = ax or new_axes()
    steps = np.logspace(-15, -1, 43) if steps is None else steps
    for numerical, name, colour, line in (
        (central_difference, "central difference", "orange", "-"),
        (complex_step, "complex step", "blue", "--"),
    ):
        errors = [max(relative_error(numerical(f, theta, float(step)), gradient), _SMALLEST) for step in steps]
        ax.loglog(steps, errors, line, color=PALETTE[colour], label=name)
    ax.set(xlabel="step ε or h", ylabel="relative error of the gradient")
    add_legend(ax)
    return ax


def error_map(gradient: Array, truth: Array, ax: Axes | None = None) -> Axes:
    """Draw a gradient's error entry by entry, as squares that are the fuller the farther off an entry is.

    The error of an entry is |g - t| / (|g| + |t|): 0 where both are zero, 1 where the sign is wrong or g is not finite.
    The colour is empty at 1e-8 and full at 1, on a logarithmic scale. Up to eight rows and columns, the errors are
    written out.

    Parameters
    ----------
    gradient : matrix, the gradient to look at
    truth : matrix of the same shape, the right one
    ax : where to draw; new axes if left out

    Returns
    -------
    the axes

    Raises
    ------
    ValueError
        If the two are not matrices of one shape.
    """
    if gradient.ndim != 2 or gradient.shape != truth.shape:
        raise ValueError(f"the two gradients must be matrices of one shape, not {gradient.shape} and {truth.shape}")
    ax = ax or new_axes()
    size = np.abs(gradient) + np.abs(truth)
    with np.errstate(invalid="ignore"):
        error = np.nan_to_num(np.abs(gradient - truth) / np.where(size == 0, 1, size), nan=1.0)
    rows, columns = error.shape
    colours = np.empty((rows, columns, 4))
    colours[..., :3] = to_rgb(PALETTE["orange"])
    colours[..., 3] = _fullness(error)
    ax.pcolormesh(np.arange(columns + 1) - 0.5, np.arange(rows + 1) - 0.5, colours, edgecolors=PALETTE["grey"])
    if rows <= 8 and columns <= 8:
        for (row, column), value in np.ndenumerate(error):
            ax.text(column, row, f"{value:.1g}", color=INK, ha="center", va="center", fontsize=9)
    for example, name in ((1e-6, "10⁻⁶"), (1e-4, "10⁻⁴"), (1e-2, "10⁻²"), (1.0, "1")):
        alpha = float(_fullness(np.array(example)))
        ax.plot([], [], "s", color=PALETTE["orange"], alpha=alpha, markersize=9, label=name)
    ax.set(xlabel="column", ylabel="row", xticks=range(columns), yticks=range(rows), ylim=(rows - 0.5, -0.5))
    add_legend(ax, loc="upper left", bbox_to_anchor=(1, 1), title="error")
    return ax


def _fullness(error: Array) -> Array:
    """Return opacities: at most 0.6, so that a number in ink can be read on the colour in both modes."""
    return 0.6 * np.clip(1 + np.log10(np.maximum(error, 1e-8)) / 8, 0, 1)
