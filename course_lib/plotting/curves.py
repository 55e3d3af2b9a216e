"""Curves: the cost of training runs, the sizes of gradients, activation functions and their derivatives."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from course_lib.activations import ACTIVATIONS, Activation
from course_lib.activations import activation as activation_named
from course_lib.arrays import Array, Parameters
from course_lib.plotting.style import ABOVE, INK, PALETTE, add_legend, new_axes, new_grid, series


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
    look = {**series(len(ax.lines)), "marker": None}
    ax.plot(np.arange(len(costs)), costs, **look, label=label)
    ax.set(xlabel="gradient descent steps", ylabel="cost J")
    return ax


def cost_curves(runs: Mapping[str, Array], ax: Axes | None = None, logarithmic: bool = False) -> Axes:
    """Draw the costs of several training runs, each with its name.

    Parameters
    ----------
    runs : names, and the costs (steps,) of each run
    ax : where to draw; new axes if left out
    logarithmic : whether the axis of the cost is logarithmic

    Returns
    -------
    the axes

    Raises
    ------
    ValueError
        If there are no runs.
    """
    if not runs:
        raise ValueError("there are no runs to draw")
    ax = ax or new_axes()
    for name, costs in runs.items():
        cost_curve(costs, ax, name)
    if logarithmic:
        ax.set_yscale("log")
    add_legend(ax, **ABOVE)
    return ax


def gradient_sizes(runs: Mapping[str, Parameters], ax: Axes | None = None) -> Axes:
    """Draw how large the gradient of each layer's weights is: the root mean square of its entries.

    A gradient that is zero has no place on the logarithmic axis; its marker stands at the foot of the picture, at 0.

    Parameters
    ----------
    runs : names, and the gradients {"dW1": (n1, n0), "dW2": (n2, n1), ...} of each; other gradients are left out
    ax : where to draw; new axes if left out

    Returns
    -------
    the axes

    Raises
    ------
    ValueError
        If there are no runs, or one has no gradient of weights.
    """
    if not runs:
        raise ValueError("there are no runs to draw")
    ax = ax or new_axes()
    zeros: list[tuple[int, int]] = []
    last = 1
    for k, (name, grads) in enumerate(runs.items()):
        layers = sorted(int(found[1]) for key in grads if (found := re.fullmatch(r"dW(\d+)", key)))
        if not layers:
            raise ValueError(f"{name!r} needs gradients dW1, dW2, ..., and has {', '.join(grads) or 'none'}")
        sizes = np.array([np.sqrt(np.mean(np.square(grads[f"dW{layer}"]))) for layer in layers])
        zeros += [(k, layer) for layer, size in zip(layers, sizes, strict=True) if size == 0]
        last = max(last, *layers)
        ax.plot(layers, np.where(sizes == 0, np.nan, sizes), **series(k), label=name)
    ax.set(xlabel="layer", ylabel="root mean square of $dW$", yscale="log", xlim=(0.7, last + 0.3))
    ax.set_xticks(range(1, last + 1))
    if zeros:
        foot = ax.get_xaxis_transform()
        ax.margins(y=0.15)
        ax.text(-0.02, 0.03, "0", transform=ax.transAxes, color=INK, ha="right", va="center")
        for k, layer in zeros:
            ax.plot([layer], [0.03], **series(k), transform=foot)
    add_legend(ax, **ABOVE)
    return ax


def activation_curves(names: Sequence[str] | None = None, axes: Sequence[Axes] | None = None) -> Sequence[Axes]:
    """Draw activation functions and their derivatives, one picture each.

    Where the derivative jumps, the function has a kink: it is marked on the function, and the derivative is drawn in
    two pieces, with a full dot at the value that the course takes there and an empty one at the other.

    Parameters
    ----------
    names : names of activations; all that the course knows if left out
    axes : where to draw, as many axes as names; new ones if left out

    Returns
    -------
    the axes

    Raises
    ------
    ValueError
        If a name is not known, or there are not as many axes as names.

    Notes
    -----
    Sources S2.6 and S2.7.
    """
    names = list(ACTIVATIONS) if names is None else list(names)
    chosen = [activation_named(name) for name in names]
    if axes is None:
        rows = -(-len(names) // 2)
        axes = new_grid(rows, 2, 4.6, 0.5 + 2.0 * rows)
        for spare in axes[len(names) :]:
            spare.remove()
        axes = axes[: len(names)]
    if len(axes) != len(names):
        raise ValueError(f"{len(names)} activations need as many axes, not {len(axes)}")
    for ax, name, g in zip(axes, names, chosen, strict=True):
        _draw_activation(ax, g)
        ax.set(title=name, xlabel="$z$", ylabel="g and g′", xlim=(-3.2, 3.2), ylim=(-1.3, 2.3))
    add_legend(axes[0], loc="upper left", borderaxespad=0.0, handlelength=1.6)
    return axes


def _draw_activation(ax: Axes, g: Activation) -> None:
    z = np.linspace(-3.2, 3.2, 321)
    left, at, right = (g.prime(np.array([z])).item() for z in (-1e-9, 0.0, 1e-9))
    kink = abs(right - left) > 1e-3
    prime = np.where(np.isclose(z, 0), np.nan, g.prime(z)) if kink else g.prime(z)
    ax.axhline(0, color=PALETTE["grey"], linewidth=0.7)
    ax.axvline(0, color=PALETTE["grey"], linewidth=0.7)
    ax.plot(z, g.function(z), color=PALETTE["blue"], label="g(z)")
    ax.plot(z, prime, color=PALETTE["orange"], linestyle="--", label="g′(z)")
    if kink:
        other = right if abs(right - at) > abs(left - at) else left
        dot: dict[str, Any] = {"marker": "o", "color": PALETTE["orange"], "markersize": 5, "linestyle": "none"}
        ax.plot([0], [at], **dot)
        ax.plot([0], [other], **dot, fillstyle="none")
        line = {"arrowstyle": "-", "color": INK, "linewidth": 0.8}
        ax.annotate("kink", (0, g.function(np.zeros(1)).item()), (0.7, -0.9), color=INK, arrowprops=line)
