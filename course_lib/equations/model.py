"""What the registry knows of an equation, and the shapes that equations share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Shape = tuple[str, ...]
"""A shape in symbols: ("n2", "m") is a matrix with n2 rows and m columns, () a scalar.

"n0", "n1", "n2" and "n_L" are the sizes of the layers of a network, "n" and "n_prev" those of one layer and of the
layer below it, "m" is the number of examples. An entry by entry function takes any shape; it is registered as ("n",
"m").
"""

PARAMETERS: Mapping[str, Shape] = {"W1": ("n1", "n0"), "b1": ("n1", "1"), "W2": ("n2", "n1"), "b2": ("n2", "1")}
GRADS: Mapping[str, Shape] = {"d" + name: shape for name, shape in PARAMETERS.items()}
CACHE: Mapping[str, Shape] = {"Z1": ("n1", "m"), "A1": ("n1", "m"), "Z2": ("n2", "m"), "A2": ("n2", "m")}

LAYER_PARAMETERS: Mapping[str, Shape] = {"Wl": ("n", "n_prev"), "bl": ("n", "1")}
"""The parameters of L layers: l stands for the number of each layer, so the keys are W1, b1, ..., WL, bL."""

LAYER_GRADS: Mapping[str, Shape] = {"d" + name: shape for name, shape in LAYER_PARAMETERS.items()}

LINEAR_CACHE: Mapping[str, Shape] = {"A_prev": ("n_prev", "m"), "W": ("n", "n_prev"), "b": ("n", "1")}
"""What the linear part of a layer remembers, the tuple (A_prev, W, b)."""

LAYER_CACHE: Mapping[str, Shape] = {**LINEAR_CACHE, "Z": ("n", "m")}
"""What a layer remembers, the tuple ((A_prev, W, b), Z); the caches of a network are a list of these."""


@dataclass(frozen=True)
class Equation:
    """One equation of the course.

    Attributes
    ----------
    id : its name everywhere, `module.function`; unique ignoring case
    latex : the displayed formula
    function : the reference
    arguments : name and shape of each argument, in order; one that holds several arrays has a mapping of their names to
        shapes, and one that is no array has a word. Further arguments of the function, with defaults, are left out
    result : shape of what it returns; for several parts, a mapping of their names to shapes
    sources : rows of the source map, such as "S0.6"
    errata : published mistakes about this equation, such as "E16"
    variable : what a gradient is taken with respect to ("W2"), or None where the equation is no gradient
    of : what a gradient is the gradient of: "J", the cost, or "L", each example's own loss
    """

    id: str
    latex: str
    function: Callable[..., Any]
    arguments: Mapping[str, Shape | Mapping[str, Shape] | str]
    result: Shape | Mapping[str, Shape | Mapping[str, Shape]]
    sources: tuple[str, ...]
    errata: tuple[str, ...] = ()
    variable: str | None = None
    of: str | None = None

    @property
    def label(self) -> str:
        """The label of the displayed formula in the book, unique ignoring case: `eq-two-layer-dw2`."""
        return "eq-" + self.id.replace(".", "-").replace("_", "-").lower()

    @property
    def name(self) -> str:
        """The last part of the id: `dW2`."""
        return self.id.rpartition(".")[2]
