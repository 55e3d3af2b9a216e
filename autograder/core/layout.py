"""How an answer is taken apart: the parts that a function returns, by name."""

import builtins
from typing import Any

import numpy as np

from autograder.protocol.values import Opaque, ScalarFunction

Layout = str | tuple[Any, ...] | dict[str, Any]
"""A part's name where an array stands, inside the tuples and dicts of the contract; "" for an answer of one part."""


class Absent:
    """Stands in the place of a part that an answer does not have, with the reason and the mistake's id."""

    def __init__(self, mistake: str, reason: str) -> None:
        """Keep the id and the sentence."""
        self.mistake = mistake
        self.reason = reason


def described(value: Any) -> str:
    """Describe a plain value in two or three words."""
    if value is None:
        return "None"
    if isinstance(value, Opaque):
        return value.type_name
    if isinstance(value, ScalarFunction):
        return "the function that it was given"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, dict):
        return "a dict with " + (f"the keys {', '.join(sorted(value))[:120]}" if value else "no keys")
    return f"an array of shape {value.shape}"


def replaced(function: str, value: Any) -> str:
    """Say that a function's name stands for a plain value by now."""
    kind = "a number" if isinstance(value, np.ndarray) and not value.ndim else described(value)
    if isinstance(value, Opaque):  # the name of a type may be the student's own
        kind = f"a {value.type_name}" if value.type_name in {*vars(builtins), "module"} else "an object"
    return f"{function} is no function any more: its name stands for {kind} now. Give the result another name."


def parts(layout: Layout, value: Any) -> dict[str, Any]:
    """Take an answer apart.

    Parameters
    ----------
    layout : what the contract says
    value : the answer, as plain arrays in tuples, lists and dicts

    Returns
    -------
    the value of each part by name, `Absent` for a part that is not there
    """
    if isinstance(layout, str):
        return {layout: value}
    if value is None:
        lacking = Absent("returned-nothing", "It returned None: is there a `return`?")
        return dict.fromkeys(names(layout), lacking)
    if isinstance(layout, tuple):
        if not isinstance(value, tuple | list) or len(value) != len(layout):
            lacking = Absent(
                "wrong-type", f"It should return a tuple of {len(layout)}, and returned {described(value)}."
            )
            return dict.fromkeys(names(layout), lacking)
        found: dict[str, Any] = {}
        for inner, item in zip(layout, value, strict=True):
            found |= parts(inner, item)
        return found
    if not isinstance(value, dict):
        lacking = Absent(
            "wrong-type", f"A dict with the keys {', '.join(layout)} is expected, and there is {described(value)}."
        )
        return dict.fromkeys(names(layout), lacking)
    found = {}
    for key, inner in layout.items():
        if key in value:
            found |= parts(inner, value[key])
        else:
            lacking = Absent("missing-key", f'The key "{key}" is missing; there is {described(value)}.')
            found |= dict.fromkeys(names(inner), lacking)
    return found


def names(layout: Layout) -> list[str]:
    """Return the names of all parts in order."""
    if isinstance(layout, str):
        return [layout]
    inner = layout if isinstance(layout, tuple) else layout.values()
    return [name for item in inner for name in names(item)]
