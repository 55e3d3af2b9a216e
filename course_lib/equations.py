"""The registry: every equation of the course is one object with one name.

An equation is a labelled formula in a chapter, a function of this package, an exercise, a check and a row of the
equation index. This module knows only its mathematics: the id, the label, the LaTeX, the function, the shapes, the rows
of the source notes it comes from, and the errata that concern it. Checks, exercises and pages refer to it by id.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from course_lib import training, two_layer
from course_lib.names import suggestion

Shape = tuple[str, ...]
"""A shape in symbols: ("n2", "m") is a matrix with n2 rows and m columns, () a scalar."""

PARAMETERS: Mapping[str, Shape] = {"W1": ("n1", "n0"), "b1": ("n1", "1"), "W2": ("n2", "n1"), "b2": ("n2", "1")}
GRADS: Mapping[str, Shape] = {"d" + name: shape for name, shape in PARAMETERS.items()}
CACHE: Mapping[str, Shape] = {"Z1": ("n1", "m"), "A1": ("n1", "m"), "Z2": ("n2", "m"), "A2": ("n2", "m")}


@dataclass(frozen=True)
class Equation:
    """One equation of the course.

    Attributes
    ----------
    id : its name everywhere, `module.function`; unique ignoring case
    latex : the displayed formula
    function : the reference
    arguments : name and shape of each argument, in order; a dict of named arrays has a mapping of shapes
    result : shape of what it returns; for several parts, a mapping of their names to shapes
    sources : rows of the source map, such as "S0.6"
    errata : published mistakes about this equation, such as "E16"
    variable : what a gradient is taken with respect to ("W2"), or None where the equation is no gradient
    of : what a gradient is the gradient of: "J", the cost, or "L", each example's own loss
    """

    id: str
    latex: str
    function: Callable[..., Any]
    arguments: Mapping[str, Shape | Mapping[str, Shape]]
    result: Shape | Mapping[str, Shape]
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


_ALL = (
    Equation(
        "two_layer.Z1",
        r"Z^{[1]} = W^{[1]} X + b^{[1]} \mathbf{1}^T",
        two_layer.Z1,
        {"W1": ("n1", "n0"), "b1": ("n1", "1"), "X": ("n0", "m")},
        ("n1", "m"),
        ("S2.2", "S2.5", "S3.1"),
    ),
    Equation(
        "two_layer.A1",
        r"A^{[1]} = \tanh\left(Z^{[1]}\right)",
        two_layer.A1,
        {"Z1": ("n1", "m")},
        ("n1", "m"),
        ("S2.2", "S2.5", "S3.1"),
        ("E32",),
    ),
    Equation(
        "two_layer.Z2",
        r"Z^{[2]} = W^{[2]} A^{[1]} + b^{[2]} \mathbf{1}^T",
        two_layer.Z2,
        {"W2": ("n2", "n1"), "b2": ("n2", "1"), "A1": ("n1", "m")},
        ("n2", "m"),
        ("S2.2", "S2.5", "S3.1"),
        ("E10",),
    ),
    Equation(
        "two_layer.A2",
        r"A^{[2]} = \sigma\left(Z^{[2]}\right)",
        two_layer.A2,
        {"Z2": ("n2", "m")},
        ("n2", "m"),
        ("S2.2", "S2.5", "S3.1"),
        ("E7",),
    ),
    Equation(
        "two_layer.forward_propagation",
        r"A^{[2]} = \sigma\left(W^{[2]} \tanh\left(W^{[1]} X + b^{[1]} \mathbf{1}^T\right)"
        r" + b^{[2]} \mathbf{1}^T\right)",
        two_layer.forward_propagation,
        {"X": ("n0", "m"), "parameters": PARAMETERS},
        {"A2": ("n2", "m"), **{f'cache["{name}"]': shape for name, shape in CACHE.items()}},
        ("S2.2", "S2.5", "S3.1"),
    ),
    Equation(
        "two_layer.cost",
        r"J = \frac{1}{m} \sum_{j=1}^{m} \sum_{i=1}^{n_2}"
        r" \left[-y_{ij} \log a^{[2]}_{ij} - (1 - y_{ij}) \log\left(1 - a^{[2]}_{ij}\right)\right]",
        two_layer.cost,
        {"A2": ("n2", "m"), "Y": ("n2", "m")},
        (),
        ("S0.2", "S0.3", "S3.2"),
        ("E21", "E22", "E37"),
    ),
    Equation(
        "two_layer.dA2",
        r"dA^{[2]} = -\frac{Y}{A^{[2]}} + \frac{1 - Y}{1 - A^{[2]}}",
        two_layer.dA2,
        {"A2": ("n2", "m"), "Y": ("n2", "m")},
        ("n2", "m"),
        ("S0.3", "S0.6"),
        variable="A2",
        of="L",
    ),
    Equation(
        "two_layer.dZ2",
        r"dZ^{[2]} = A^{[2]} - Y",
        two_layer.dZ2,
        {"A2": ("n2", "m"), "Y": ("n2", "m")},
        ("n2", "m"),
        ("S0.5", "S0.6", "S2.10"),
        ("E20", "E33"),
        variable="Z2",
        of="L",
    ),
    Equation(
        "two_layer.dW2",
        r"dW^{[2]} = \frac{1}{m}\, dZ^{[2]} \left(A^{[1]}\right)^T",
        two_layer.dW2,
        {"dZ2": ("n2", "m"), "A1": ("n1", "m")},
        ("n2", "n1"),
        ("S0.6", "S1.2", "S2.10", "S4.4"),
        ("E17", "E31"),
        variable="W2",
        of="J",
    ),
    Equation(
        "two_layer.db2",
        r"db^{[2]} = \frac{1}{m}\, dZ^{[2]} \mathbf{1}",
        two_layer.db2,
        {"dZ2": ("n2", "m")},
        ("n2", "1"),
        ("S0.6", "S1.6", "S2.10", "S4.4"),
        ("E4", "E9", "E16", "E42"),
        variable="b2",
        of="J",
    ),
    Equation(
        "two_layer.dA1",
        r"dA^{[1]} = \left(W^{[2]}\right)^T dZ^{[2]}",
        two_layer.dA1,
        {"W2": ("n2", "n1"), "dZ2": ("n2", "m")},
        ("n1", "m"),
        ("S0.8", "S1.4", "S4.4"),
        ("E1", "E15"),
        variable="A1",
        of="L",
    ),
    Equation(
        "two_layer.dZ1",
        r"dZ^{[1]} = dA^{[1]} \odot \tanh'\left(Z^{[1]}\right)",
        two_layer.dZ1,
        {"dA1": ("n1", "m"), "Z1": ("n1", "m")},
        ("n1", "m"),
        ("S0.8", "S1.3", "S1.5", "S2.10", "S4.4"),
        ("E2", "E8"),
        variable="Z1",
        of="L",
    ),
    Equation(
        "two_layer.dW1",
        r"dW^{[1]} = \frac{1}{m}\, dZ^{[1]} X^T",
        two_layer.dW1,
        {"dZ1": ("n1", "m"), "X": ("n0", "m")},
        ("n1", "n0"),
        ("S0.8", "S1.2", "S2.10", "S4.4"),
        ("E3", "E24", "E28", "E30"),
        variable="W1",
        of="J",
    ),
    Equation(
        "two_layer.db1",
        r"db^{[1]} = \frac{1}{m}\, dZ^{[1]} \mathbf{1}",
        two_layer.db1,
        {"dZ1": ("n1", "m")},
        ("n1", "1"),
        ("S0.8", "S0.13", "S1.6", "S2.10", "S4.4"),
        ("E4", "E5", "E23", "E34"),
        variable="b1",
        of="J",
    ),
    Equation(
        "two_layer.backward_propagation",
        r"dW^{[1]} = \frac{1}{m} \left[\left(\left(W^{[2]}\right)^T \left(A^{[2]} - Y\right)\right)"
        r" \odot \tanh'\left(Z^{[1]}\right)\right] X^T",
        two_layer.backward_propagation,
        {"parameters": PARAMETERS, "cache": CACHE, "X": ("n0", "m"), "Y": ("n2", "m")},
        GRADS,
        ("S0.6", "S0.8", "S2.10", "S3.4", "S4.4"),
        ("E1", "E2", "E3"),
    ),
    Equation(
        "training.update_parameters",
        r"\theta := \theta - \alpha\, d\theta \qquad \text{for each } \theta \in"
        r" \left\{W^{[1]}, b^{[1]}, W^{[2]}, b^{[2]}\right\}",
        training.update_parameters,
        {"parameters": PARAMETERS, "grads": GRADS, "learning_rate": ()},
        PARAMETERS,
        ("S1.7", "S2.11", "S3.3"),
    ),
)

EQUATIONS: Mapping[str, Equation] = MappingProxyType({equation.id: equation for equation in _ALL})


def equation(id: str) -> Equation:
    """Look an equation up by its id.

    Parameters
    ----------
    id : such as "two_layer.dW2"

    Returns
    -------
    Equation

    Raises
    ------
    KeyError
        If there is none; the message names the nearest one.
    """
    if id not in EQUATIONS:
        raise KeyError(f"no equation {id!r}; {suggestion(id, EQUATIONS)}")
    return EQUATIONS[id]
