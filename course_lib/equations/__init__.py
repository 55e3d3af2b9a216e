"""The registry: every equation of the course is one object with one name.

An equation is a labelled formula in a chapter, a function of this package, an exercise, a check and a row of the
equation index. Its LaTeX is here, in the module for its part of the book, in the order of the chapters. Its shapes,
the pieces of the notes S0 to S4 that it comes from, and the errata that concern it are read from the function's
docstring. Checks, exercises and pages refer to it by id.
"""

from collections.abc import Mapping
from types import MappingProxyType

from course_lib.equations.layers import LAYERS
from course_lib.equations.learning import LEARNING
from course_lib.equations.mended import MENDED
from course_lib.equations.model import (
    CACHE,
    GRADS,
    LAYER_CACHE,
    LAYER_GRADS,
    LAYER_PARAMETERS,
    LINEAR_CACHE,
    PARAMETERS,
    Equation,
    Shape,
)
from course_lib.equations.neuron import NEURON
from course_lib.equations.two_layers import TWO_LAYERS
from course_lib.names import suggestion

__all__ = [
    "CACHE",
    "EQUATIONS",
    "GRADS",
    "LAYER_CACHE",
    "LAYER_GRADS",
    "LAYER_PARAMETERS",
    "LINEAR_CACHE",
    "PARAMETERS",
    "Equation",
    "Shape",
    "equation",
]

_ALL: tuple[Equation, ...] = (*NEURON, *TWO_LAYERS, *LAYERS, *LEARNING, *MENDED)

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
