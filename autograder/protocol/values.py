"""The values that cross between a student's function and the judge: plain arrays and outcomes of calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_BYTES = 16 * 2**20
MAX_ITEMS = 1000
MAX_DEPTH = 4
_DOUBLE = {"f": "f8", "c": "c16"}


@dataclass(frozen=True)
class Opaque:
    """A value that is not numbers, reduced to the name of its type."""

    type_name: str


@dataclass(frozen=True)
class Failure:
    """An exception.

    Attributes
    ----------
    name, text : what it is called, and what it says
    line : the last line of the student's own code that it came through
    function : the function that it came from, the student's or any
    within, called : where that line stands in another function than the one that was called: which, and the line of the
        called one that led there
    """

    name: str
    text: str
    line: str = ""
    function: str = ""
    within: str = ""
    called: str = ""


@dataclass(frozen=True)
class Outcome:
    """The outcome of one call.

    Attributes
    ----------
    value : plain arrays in tuples, lists and dicts, None, or Opaque; None when it failed
    failure : the exception, or None
    changed : names of the arguments that the function changed
    seconds : of processor time that it took
    """

    value: Any
    failure: Failure | None = None
    changed: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class ScalarFunction:
    """A smooth scalar function, given to a student's function as an argument: plain numbers, so that it can be sent.

    f(θ) = Σ (a θ + b θ² + c sin θ) + (Σ d θ)², with a, b, c, d and θ of one shape.

    >>> one = np.ones(2)
    >>> ScalarFunction(one, one, 0 * one, 0 * one)(np.array([1.0, 2.0]))
    8.0
    """

    a: Any
    b: Any
    c: Any
    d: Any

    def __call__(self, theta: Any) -> Any:
        """Return f(θ); complex for complex θ."""
        theta = np.asarray(theta)
        if theta.shape != self.a.shape:
            raise ValueError(f"f takes an array of shape {self.a.shape}, not {theta.shape}")
        value = np.sum(self.a * theta + self.b * theta**2 + self.c * np.sin(theta)) + np.sum(self.d * theta) ** 2
        return value.item()


def clean(text: str, length: int) -> str:
    """Return a student's text with nothing in it that cannot be printed or encoded, cut to a length."""
    return "".join(c if c.isprintable() else " " for c in text[:length])


def plain(value: Any, depth: int = MAX_DEPTH) -> Any:
    """Copy a value into base arrays inside tuples, lists and dicts with string keys; anything else becomes Opaque.

    Scalars become 0-d arrays. Subclasses of ndarray lose their class, so that none of their methods runs later. Numbers
    of other widths and byte orders than the channel knows become those that it knows.
    """
    kind = type(value)
    if value is None or kind is ScalarFunction:
        return value
    if kind in (bool, int, float, complex):
        try:
            value = np.array(value)
            if value.dtype == object:  # a whole number of more than 64 bits
                value = np.array(float(value[()]))
        except OverflowError:
            return Opaque("int too large for 64 bits")
    if isinstance(value, np.generic):
        value = np.array(value)
    if isinstance(value, np.ndarray):
        masked = isinstance(value, np.ma.MaskedArray) and np.ma.getmaskarray(value).any()
        value = np.ndarray.view(value, np.ndarray)  # the base class's own method: a subclass may lie about its size
        if masked:
            return Opaque("masked array")
        if value.dtype.kind not in "biufc":
            return Opaque(clean(f"array of dtype {value.dtype}", 80))
        if value.nbytes > MAX_BYTES:
            return Opaque(f"array of {value.nbytes} bytes")
        return np.array(value, dtype=_native(value.dtype), copy=True, subok=False, order="C")
    # The methods of the base classes, so that none of a subclass's runs.
    if isinstance(value, dict) and depth and dict.__len__(value) <= MAX_ITEMS:
        if all(type(key) is str for key in dict.keys(value)):
            return {clean(key, 200): plain(item, depth - 1) for key, item in dict.items(value)}
        return Opaque("dict with keys that are not strings")
    if isinstance(value, tuple) and depth and tuple.__len__(value) <= MAX_ITEMS:
        return tuple(plain(item, depth - 1) for item in tuple.__iter__(value))
    if isinstance(value, list) and depth and list.__len__(value) <= MAX_ITEMS:
        return [plain(item, depth - 1) for item in list.__iter__(value)]
    return Opaque(clean(kind.__name__, 80))


def _native(dtype: Any) -> Any:
    """Return the dtype, of the machine's byte order and at most double precision, that holds an array's numbers."""
    if dtype.kind in "fc" and dtype.itemsize > np.dtype(_DOUBLE[dtype.kind]).itemsize:
        return np.dtype(_DOUBLE[dtype.kind])
    return dtype.newbyteorder("=")


def copied(value: Any) -> Any:
    """Copy an argument: an array, or dicts, tuples and lists of arrays."""
    if isinstance(value, Mapping):
        return {name: copied(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(copied(item) for item in value)
    if isinstance(value, ScalarFunction):
        return ScalarFunction(*map(copied, vars(value).values()))
    return np.array(value, copy=True) if isinstance(value, np.ndarray) else value
