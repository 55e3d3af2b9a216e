"""Reading an equation's shapes, sources and errata out of the docstring of its function."""

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from course_lib.equations.model import LAYER_CACHE, LAYER_GRADS, LAYER_PARAMETERS, LINEAR_CACHE, Equation, Shape

_SHARED: Mapping[str, Mapping[str, Shape]] = {
    "(A_prev, W, b)": LINEAR_CACHE,
    "((A_prev, W, b), Z)": LAYER_CACHE,
    "for each layer ((A_prev, W, b), Z)": LAYER_CACHE,
    '{"W1": (n1, n0), "b1": (n1, 1), ..., "bL": (n_L, 1)}': LAYER_PARAMETERS,
    '{"dW1": (n1, n0), "db1": (n1, 1), ..., "dbL": (n_L, 1)}': LAYER_GRADS,
}
"""What a docstring writes where a network may have any number of layers."""

_NO_ARRAY = ("name of g", "a function of θ", "the sizes of all layers")
"""What a docstring writes of an argument that is neither an array nor a number."""

_SHAPE = r"\((1|m|n\w*), (1|m|n\w*)\)"
_SECTION = r"^{}\n-+\n((?:.+\n?)+)"
_ITEM = re.compile(r"^(?:(\w[\w, ]*) : )?(\S.*)", re.MULTILINE)  # an indented line goes on with the item above


def registered(
    function: Callable[..., Any], latex: str, variable: str | None = None, of: str | None = None
) -> Equation:
    """Return the equation that a function computes; shapes, sources and errata are read from its docstring.

    Parameters
    ----------
    function : the reference, whose module and name are the equation's id
    latex : the displayed formula
    variable : what a gradient is taken with respect to
    of : what a gradient is the gradient of

    Returns
    -------
    Equation

    Raises
    ------
    ValueError
        If the docstring lacks a shape; the message names the function and the argument.
    """
    id = f"{function.__module__}.{function.__name__}".removeprefix("course_lib.")
    doc = inspect.cleandoc(function.__doc__ or "")
    arguments = {}
    for name, text in _items(id, doc, "Parameters"):
        shape = _shape(text)
        if shape is not None:
            arguments[name] = shape
        elif name not in _with_default(function):
            raise ValueError(f"{id}: its docstring gives no shape of {name}; write it after the colon, such as (n, m)")
    result: dict[str, Shape | Mapping[str, Shape]] = {}
    for name, text in _items(id, doc, "Returns"):
        shape = _shape(text)
        if shape is None or isinstance(shape, str):
            raise ValueError(f"{id}: its docstring gives no shape of what is returned; begin with it, such as (n, m)")
        if name and text.startswith("{") and isinstance(shape, Mapping):
            result |= {f'{name}["{key}"]': inner for key, inner in shape.items()}
        else:
            result[name] = shape
    rows, errata = _rows(r"\bS\d\.\d+", doc), _rows(r"\bE\d+", doc)
    return Equation(id, latex, function, arguments, result.get("", result), rows, errata, variable, of)


def _items(id: str, doc: str, section: str) -> list[tuple[str, str]]:
    """Return the names in a section of a docstring with what stands after each; "" is the name of what has none."""
    found = re.search(_SECTION.format(section), doc, re.MULTILINE)
    if found is None:
        raise ValueError(f"{id}: its docstring has no section {section}, where the shapes are read")
    return [(name, text) for names, text in _ITEM.findall(found[1]) for name in names.split(", ")]


def _with_default(function: Callable[..., Any]) -> set[str]:
    """Return the arguments that a call may leave out."""
    return {each.name for each in inspect.signature(function).parameters.values() if each.default is not each.empty}


def _shape(text: str) -> Shape | Mapping[str, Shape] | str | None:
    """Return the shape, or the shapes by key, or the word with which a text begins; None if it begins otherwise."""
    for written in _SHARED:
        if text.startswith(written):
            return _SHARED[written]
    if found := re.match(_SHAPE, text):
        return found.groups()
    if re.match(rf'\{{("\w+": {_SHAPE}(, )?)+\}}', text):
        return {key: tuple(sizes) for key, *sizes in re.findall(rf'"(\w+)": {_SHAPE}', text.partition("}")[0])}
    if re.match(r"arrays? of ", text):  # entry by entry
        return ("n", "m")
    if re.match(r"(?:scalar|integer|number)s?\b", text):
        return ()
    return next(filter(text.startswith, _NO_ARRAY), None)


def _rows(pattern: str, doc: str) -> tuple[str, ...]:
    """Return the rows of the sources, or of the errata, that a docstring names, in their order."""
    return tuple(sorted(set(re.findall(pattern, doc)), key=lambda row: [int(number) for number in row[1:].split(".")]))
