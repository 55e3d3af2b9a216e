"""Values between a lecturer's own test and a student's function: what Python has beside arrays, in tagged dicts.

The channel takes numbers, texts, arrays, and lists, tuples and dicts of these. `sent` turns more than these into them
(numbers of NumPy's, complex numbers, sets, dicts with keys of any kind, arrays of texts), and `received` back. The
state of random numbers crosses too: who seeds on one side draws on the other.
"""

import random
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.protocol.values import MAX_DEPTH, MAX_ITEMS, Opaque, clean, plain

TAG = "__kind"
MAX_DIGITS = 79
Known = Callable[[Any], str | None]


def _nameless(value: Any) -> None:
    return None


def sent(value: Any, name_of: Known = _nameless, depth: int = MAX_DEPTH) -> Any:
    """Return a value as the channel takes it; anything else becomes Opaque.

    Parameters
    ----------
    value : whatever a function takes or returns; no method of its class runs
    name_of : returns the name under which the other side has a value, or None
    depth : so many containers in one another
    """

    def tagged(kind: str, items: Any) -> dict[str, Any]:
        return {TAG: kind, "items": [sent(item, name_of, depth - 1) for item in items]}

    kind = type(value)
    if value is None or kind in (bool, float) or (kind is int and abs(value) < 10**MAX_DIGITS):
        return value
    if kind is str:
        return value.encode("utf-8", "replace").decode("utf-8")
    if name := name_of(value):
        return {TAG: "name", "items": name}
    if kind is complex or isinstance(value, np.generic):
        return {TAG: "number", "items": plain(value)}
    if isinstance(value, np.ndarray) and value.dtype.kind == "U" and depth:
        return tagged("texts", [value.tolist()])
    if depth and kind in (dict, list, tuple, set, frozenset) and len(value) <= MAX_ITEMS:
        if kind is dict and all(type(key) is str and clean(key, 200) == key for key in value) and TAG not in value:
            return {key: sent(item, name_of, depth - 1) for key, item in value.items()}
        if kind is dict:
            return tagged("pairs", [[key, item] for key, item in value.items()])
        if kind in (list, tuple):
            return kind(sent(item, name_of, depth - 1) for item in value)
        return tagged("set" if kind is set else "frozenset", value)
    made = plain(value, 0)
    return made if isinstance(made, np.ndarray | Opaque) else Opaque(clean(kind.__name__, 80))


def received(value: Any, named: Mapping[str, Any]) -> Any:
    """Return a value as the other side had it.

    Parameters
    ----------
    value : as it came over the channel, whatever the other side made of it
    named : what the other side's names stand for

    Raises
    ------
    ValueError
        If it is none that `sent` makes.
    """
    if isinstance(value, list | tuple):
        return type(value)(received(item, named) for item in value)
    if not isinstance(value, dict):
        return value
    match value:
        case {"__kind": str() as kind, "items": items} if len(value) == 2:
            return _untagged(kind, items, named)
    return {key: received(item, named) for key, item in value.items()}


def _untagged(kind: str, items: Any, named: Mapping[str, Any]) -> Any:
    match kind, items:
        case "name", str() if items in named:
            return named[items]
        case "number", np.ndarray():
            return items[()]
        case "texts", [inner]:
            return np.array(received(inner, named))
        case "pairs" | "set" | "frozenset", list():
            make: Any = {"pairs": dict, "set": set, "frozenset": frozenset}[kind]
            try:
                return make(received(item, named) for item in items)
            except TypeError as error:
                raise ValueError(f"a {kind} cannot hold this") from error
    raise ValueError("it was sent as nothing that there is")


def random_state() -> Any:
    """Return the states of NumPy's legacy generator and of Python's."""
    (_, keys, *more), (version, own, gauss) = np.random.get_state(), random.getstate()  # noqa: NPY002  (tests seed it)
    return keys, list(more), version, np.array(own, np.uint32), gauss


def set_random_state(state: Any) -> None:
    """Set the states.

    Raises
    ------
    ValueError, TypeError
        If it is none.
    """
    keys, more, version, own, gauss = state
    np.random.set_state(("MT19937", keys, *more))  # noqa: NPY002
    random.setstate((version, tuple(map(int, own)), gauss))
