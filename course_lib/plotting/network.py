"""The network as a diagram: units in layers, arrows between them, and the shape of every matrix."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from course_lib.plotting.style import INK, PALETTE, new_axes

_RADIUS = 8.0  # of a unit, in points


def _places(units: int) -> list[float | None]:
    """Return the heights at which units are drawn; None is the gap that stands for those left out."""
    if units <= 5:
        return [(units - 1) / 2 - k for k in range(units)]
    return [2.0, 1.0, None, -1.0, -2.0]


def network_diagram(
    sizes: Sequence[int], activations: Sequence[str] | None = None, gradients: bool = False, ax: Axes | None = None
) -> Axes:
    """Draw a network as layers of units with arrows between them, and write the shape of every matrix.

    Of a layer with more than five units the first two and the last two are drawn, and dots between.

    Parameters
    ----------
    sizes : numbers of units n0, n1, ..., nL; the input first, which is not counted as a layer
    activations : names of the activations of layers 1 to L; not written if left out
    gradients : whether to add the way back, with the shapes of the gradients
    ax : where to draw; new axes if left out

    Returns
    -------
    the axes

    Raises
    ------
    ValueError
        If there are fewer than two sizes, one is below 1, or there is not one activation for each layer.

    Notes
    -----
    Sources S2.2 and S3.6.
    """
    last = len(sizes) - 1
    if last < 1 or min(sizes) < 1:
        raise ValueError(f"a diagram needs the sizes of two layers or more, each at least 1, not {list(sizes)}")
    if activations is not None and len(activations) != last:
        raise ValueError(f"{last} layers need as many activations, not {len(activations)}")
    ax = ax or new_axes(max(4.6, 0.95 * len(sizes)), 4.0 if gradients else 3.4)
    columns = [_places(units) for units in sizes]
    for layer in range(last):
        for y in filter(lambda y: y is not None, columns[layer]):
            for target in filter(lambda y: y is not None, columns[layer + 1]):
                _arrow(ax, (layer, y), (layer + 1, target), PALETTE["grey"], 0.8)
    for layer, (units, column) in enumerate(zip(sizes, columns, strict=True)):
        colour = PALETTE["grey" if layer == 0 else "orange" if layer == last else "blue"]
        drawn = [y for y in column if y is not None]
        ax.plot([layer] * len(drawn), drawn, "o", color=colour, markersize=2 * _RADIUS)
        if len(drawn) < len(column):
            ax.plot([layer] * 3, [-0.2, 0, 0.2], ".", color=INK, markersize=3)
        name = "X" if layer == 0 else f"A^{{[{layer}]}}"
        _write(ax, layer, -2.75, f"${name}$\n({units}, m)")
        _write(ax, layer, 4.0, "input" if layer == 0 else f"layer {layer}")
        if activations is not None and layer > 0:
            _write(ax, layer, 3.55, activations[layer - 1])
    for layer in range(1, last + 1):
        shapes = f"({sizes[layer]}, {sizes[layer - 1]})", f"({sizes[layer]}, 1)"
        _write(ax, layer - 0.5, 2.75, f"$W^{{[{layer}]}}$ {shapes[0]}\n$b^{{[{layer}]}}$ {shapes[1]}")
        if gradients:
            _arrow(ax, (layer - 0.12, -3.6), (layer - 0.88, -3.6), PALETTE["orange"], 1.4)
            _write(ax, layer - 0.5, -4.25, f"$dW^{{[{layer}]}}$ {shapes[0]}\n$db^{{[{layer}]}}$ {shapes[1]}")
    ax.set(xlim=(-0.4, last + 0.4), ylim=(-4.8 if gradients else -3.2, 4.3))
    ax.set_axis_off()
    return ax


def _arrow(
    ax: Axes, start: tuple[float, float | None], end: tuple[float, float | None], colour: str, width: float
) -> None:
    shape = {"arrowstyle": "-|>", "color": colour, "linewidth": width, "mutation_scale": 7.0}
    ax.annotate("", end, start, arrowprops={**shape, "shrinkA": _RADIUS, "shrinkB": _RADIUS})


def _write(ax: Axes, x: float, y: float, text: str) -> None:
    ax.text(x, y, text, color=INK, ha="center", va="center", linespacing=1.3)
