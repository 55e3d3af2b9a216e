"""The plane: where a network decides, and what its hidden layer does to the points."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from course_lib.activations import activation as activation_named
from course_lib.arrays import Array, Parameters
from course_lib.plotting.style import ABOVE, INK, KINDS, PALETTE, add_legend, new_axes, new_grid


def _require_plane(X: Array) -> None:
    if X.ndim != 2 or X.shape[0] != 2:
        raise ValueError(f"a picture needs points with two coordinates, X of shape (2, m), not {X.shape}")


def _draw_points(ax: Axes, points: Array, Y: Array, size: float) -> None:
    for kind, (colour, marker) in enumerate(KINDS):
        ax.plot(*points[:, Y[0] == kind], marker, color=colour, markersize=size, label=f"y = {kind}")


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
    _require_plane(X)
    ax = ax or new_axes()
    low, high = X.min(axis=1) - 0.5, X.max(axis=1) + 0.5
    horizontal, vertical = np.meshgrid(np.linspace(low[0], high[0], 160), np.linspace(low[1], high[1], 160))
    output = predict(np.stack([horizontal.ravel(), vertical.ravel()])).reshape(horizontal.shape)
    colours = ListedColormap([colour for colour, _ in KINDS])
    ax.contourf(horizontal, vertical, output, levels=[-1, 0.5, 2], cmap=colours, alpha=0.22)
    ax.contour(horizontal, vertical, output, levels=[0.5], colors=[INK], linewidths=1.2)
    _draw_points(ax, X, Y, size=3.5)
    ax.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    add_legend(ax, **ABOVE)
    return ax


def _grid(low: Array, high: Array, points: int) -> Iterator[Array]:
    """Return nine upright and nine level lines across a rectangle, each as points (2, points)."""
    between = np.linspace(low, high, points).T
    for x, y in np.linspace(low, high, 9):
        yield np.stack([np.full(points, x), between[1]])
        yield np.stack([between[0], np.full(points, y)])


class _View(NamedTuple):
    """How the hidden units' space is looked at: a projection (2, n1), a line in it, and names for its two axes."""

    projection: Array
    normal: Array
    offset: float
    names: tuple[str, str]


def _view(W2: Array, b2: Array, A1: Array) -> _View:
    """Choose a view in which the points that the output takes for one half lie on one straight line."""
    if W2.shape[1] == 2:
        return _View(np.eye(2), W2[0], float(b2[0, 0]), ("hidden unit 1", "hidden unit 2"))
    length = float(np.linalg.norm(W2)) or 1.0
    across = W2 / length
    centred = A1 - A1.mean(axis=1, keepdims=True)
    inside = centred - across.T @ (across @ centred)
    # The separating plane seen edge-on; upwards, the direction inside it in which the points spread most.
    upwards = np.linalg.svd(inside)[0][:, :1].T
    upwards = upwards * np.sign(upwards[0, np.argmax(np.abs(upwards[0]))])
    names = ("along $W^{[2]}$", "across $W^{[2]}$")
    return _View(np.vstack([across, upwards]), np.array([1.0, 0.0]), float(b2[0, 0]) / length, names)


def warped_plane(
    parameters: Parameters, X: Array, Y: Array, activation: str = "tanh", axes: Sequence[Axes] | None = None
) -> Sequence[Axes]:
    """Draw what a hidden layer does to the plane: a grid and the points before it, and after each of its three steps.

    The steps are the linear map W1 X, the translation by b1 and the activation g. In the last picture the output unit
    decides along a straight line, W2 a + b2 = 0. Two hidden units are drawn as they are. Three or more are projected:
    to the right along W2, so that the separating plane is seen edge-on, and upwards along the direction in that plane
    in which the points spread most.

    Parameters
    ----------
    parameters : {"W1": (n1, 2), "b1": (n1, 1), "W2": (1, n1), "b2": (1, 1)}, with n1 at least 2
    X : (2, m), the points
    Y : (1, m), their kinds, 0 or 1
    activation : name of the hidden units' activation
    axes : where to draw, four axes; new ones if left out

    Returns
    -------
    the four axes

    Raises
    ------
    ValueError
        If X does not have two rows, W1 is not (n1, 2) with n1 at least 2, or W2 is not (1, n1).

    Notes
    -----
    Sources S2.3 and S2.14.
    """
    _require_plane(X)
    W1, b1, W2, b2 = (parameters[name] for name in ("W1", "b1", "W2", "b2"))
    n1 = W1.shape[0]
    if W1.shape != (n1, 2) or n1 < 2 or W2.shape != (1, n1):
        raise ValueError(
            "a picture of the hidden layer needs W1 of shape (n1, 2) with n1 at least 2 and W2 of shape (1, n1),"
            f" not {W1.shape} and {W2.shape}"
        )
    own = axes is None
    axes = axes or new_grid(2, 2, 4.6, 5.1)
    g = activation_named(activation).function
    view = _view(W2, b2, g(W1 @ X + b1))
    steps: list[tuple[str, tuple[str, str], Callable[[Array], Array]]] = [
        ("input $X$", ("$x_1$", "$x_2$"), lambda P: P),
        ("linear map $W^{[1]} X$", view.names, lambda P: view.projection @ (W1 @ P)),
        ("translation by $b^{[1]}$", view.names, lambda P: view.projection @ (W1 @ P + b1)),
        (f"activation {activation}", view.names, lambda P: view.projection @ g(W1 @ P + b1)),
    ]
    low, high = X.min(axis=1) - 0.3, X.max(axis=1) + 0.3
    for ax, (title, (horizontal, vertical), step) in zip(axes, steps, strict=True):
        for line in _grid(
            low, high, 50 if ax is axes[-1] else 2
        ):  # before the activation, straight lines stay straight
            ax.plot(*step(line), color=PALETTE["grey"], linewidth=0.7, alpha=0.7)
        _draw_points(ax, step(X), Y, size=2.4)
        ax.set(title=title, xlabel=horizontal, ylabel=vertical)
        ax.set_box_aspect(1)
        ax.locator_params(nbins=4)
    axes[0].set_aspect("equal", adjustable="datalim")
    _draw_separation(axes[-1], view)
    if own:
        handles, names = axes[-1].get_legend_handles_labels()
        figure: Any = axes[0].figure
        figure.legend(handles, names, loc="outside lower center", ncols=3, labelcolor=INK, frameon=False)
    else:
        add_legend(axes[-1])
    return axes


def _draw_separation(ax: Axes, view: _View) -> None:
    """Draw the straight line on which the output is one half, and keep the picture's limits."""
    length = float(np.linalg.norm(view.normal))
    if length:
        point = -view.offset * view.normal / length**2
        along = np.array([-view.normal[1], view.normal[0]]) / length
        ax.axline(tuple(point), tuple(point + along), color=INK, linewidth=1.2, label="output 1/2")
