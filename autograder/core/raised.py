"""Say what an exception was, in which line of the student's, with which inputs, and what to do instead."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.protocol.values import Failure, ScalarFunction

_MATMUL = re.compile(r"matmul: Input operand 1 .* \(size (\d+) is different from (\d+)\)")
_SHAPE = re.compile(r"\((\d+(?:, ?\d+)*),?\)")
LONGEST = 300

ADVICE: tuple[tuple[str, str, str], ...] = (
    ("ModuleNotFoundError|ImportError", "", "Leave this package out: it is not there where answers are checked. "
     "Which function of numpy does the same?"),
    ("TypeError", "only .* arrays can be converted", "The line hands a whole array to what takes one number, as `math` "
     "does. Which function of numpy does it to every entry?"),
    ("AttributeError", "module 'numpy' has no", "`numpy` has no function of this name. "
     "How do you spell the one that you mean?"),
    ("NameError|UnboundLocalError", "", "The name has no value yet in this line. Which line gives it one, and is that "
     "line reached each time?"),
    ("KeyError", "", "The key is not in this dict. Which keys does the docstring list?"),
    ("ValueError", "matmul|not aligned", "Write the two shapes side by side. Which array must be turned, or change "
     "places, so that the inner sizes match?"),
)  # fmt: skip
"""By the exception's name and text: what to ask instead of what `raised` asks of any."""
HARD_CODED = "No array that comes in has a side of {}. Is this number in your code, where a `shape` should be read?"


def raised(failure: Failure) -> str:
    """Return an exception in words: its name, its text, and the student's line that it came from."""
    text = _MATMUL.sub(r"the inner sizes of a matrix product differ: \2 columns times \1 rows", failure.text).strip()
    line = f" in the line `{failure.line}`" if failure.line else ""
    if failure.called:  # the line is in a function that the one asked for calls
        line = f"{line} of {failure.within}" if line else f" in {failure.within}"
        line += f", called in the line `{failure.called}`"
    return f"{failure.name}: {text or 'no text'}{line}"


def call_of(function: str, inputs: Mapping[str, Any]) -> str:
    """Return a call with the shape of every array that comes in; the seed is nobody's business.

    >>> call_of("f", {"dZ": np.zeros((2, 3)), "t": 2, "grads": {"dW": np.zeros(4)}})
    "f(dZ: (2, 3), t: 2, grads: {'dW': (4,)})"
    """
    given = ", ".join(f"{name}: {_form(value if name != 'seed' else 0.0)}" for name, value in inputs.items())
    return f"{function}({given})" if len(given) <= LONGEST else f"{function}({given[:LONGEST]}...)"


def _form(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return str(value.shape) if value.ndim else "a number"
    if isinstance(value, ScalarFunction):
        return "a function"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {_form(item)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple | list):
        open, close = "()" if isinstance(value, tuple) else "[]"
        return open + ", ".join(map(_form, value)) + close
    return "a number" if isinstance(value, float) else repr(value)


def advice(failure: Failure, inputs: Mapping[str, Any]) -> str:
    """Return what to ask after an exception, or "" where nothing is known of it but that it was raised.

    Parameters
    ----------
    failure : the exception
    inputs : what came in; {} where other sizes than those of the inputs may come up
    """
    sizes = [int(n) for shape in _SHAPE.findall(failure.text) for n in shape.split(",")]
    known = (hint for name, text, hint in ADVICE if re.fullmatch(name, failure.name) and re.search(text, failure.text))
    return hard_coded(sizes, inputs) or next(known, "")


def hard_coded(shape: Any, inputs: Mapping[str, Any]) -> str:
    """Return the hint on a size that no input has, or ""."""
    known = set(_sizes(list(inputs.values())))
    strange = next((n for n in shape if n > 1 and n not in known), None)
    return HARD_CODED.format(strange) if strange and inputs else ""


def _sizes(value: Any) -> Iterator[int]:
    """Yield every size of every array among inputs: of each axis, and of all of it; and whole numbers."""
    if isinstance(value, np.ndarray):
        yield from (*value.shape, value.size)
    elif isinstance(value, Mapping | tuple | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _sizes(item)
    elif isinstance(value, int):
        yield value
    elif isinstance(value, ScalarFunction):
        yield from _sizes(value.a)
