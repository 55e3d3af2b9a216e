"""Numbers that know the arithmetic that they came from, as entries of numpy's arrays of objects."""

import math
import operator
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

_SUM, _PRODUCT, _MINUS, _POWER, _ATOM = range(5)
"""How tightly the outermost operation of a text binds."""


def number(value: float) -> str:
    """Return a number with four digits at most.

    >>> number(-1 / 3), number(2.0)
    ('-0.3333', '2')
    """
    return f"{value + 0.0:.4g}"


class Traced:
    """A number, the text of the arithmetic that gave it, and the names of the arrays whose entries it was made of.

    >>> x = np.array([[Traced(0.5), Traced(-2)]])
    >>> entry = ((x @ x.T) / 3)[0, 0]
    >>> f"{entry.text} = {number(entry.value)}"
    '(0.5*0.5 + -2*-2)/3 = 1.417'
    """

    __slots__ = ("binds", "how", "text", "used", "value")

    def __init__(self, value: float, text: str = "", binds: int = _ATOM, used: Collection[Any] = ()) -> None:
        """Take a value, and the text that has it; without one it is a number that is given."""
        self.value, self.used = value, frozenset(used)
        self.text = text or number(self.value)
        self.binds = binds if text or not self.text.startswith("-") else _MINUS
        self.how = self

    def kept(self, name: Any) -> "Traced":
        """Return it as a number that is given, an entry of a named array; `how` is where it came from."""
        found = Traced(self.value, used=(name,))
        found.how = self.how
        return found

    def _within(self, binds: int) -> str:
        return self.text if self.binds >= binds else f"({self.text})"

    def _with(self, other: Any, sign: str, value: Callable[[float, float], float], *binds: int) -> "Traced":
        return Traced(
            value(self.value, other.value),
            f"{self._within(binds[0])}{sign}{other._within(binds[1])}",
            binds[2],
            self.used | other.used,
        )

    def __neg__(self) -> "Traced":
        text = self._within(_PRODUCT)
        text = f"-({self.text})" if text.startswith("-") else f"-{text}"
        return Traced(-self.value, text, min(_MINUS, max(self.binds, _PRODUCT)), self.used)

    def __pos__(self) -> "Traced":
        return self

    def __abs__(self) -> "Traced":
        return self._of("abs", abs)

    def _of(self, name: str, function: Callable[[float], float]) -> "Traced":
        return Traced(function(self.value), f"{name}({self.text})", used=self.used)


def _operand(value: Any) -> Any:
    if isinstance(value, Traced):
        return value
    return Traced(float(value)) if isinstance(value, int | float | np.bool_ | np.floating) else NotImplemented


def _define(name: str, sign: str, operation: Callable[[float, float], float], *binds: int) -> None:
    def forwards(self: Traced, other: Any) -> Any:
        other = _operand(other)
        return other if other is NotImplemented else self._with(other, sign, operation, *binds)

    def backwards(self: Traced, other: Any) -> Any:
        other = _operand(other)
        return other if other is NotImplemented else other._with(self, sign, operation, *binds)

    setattr(Traced, f"__{name}__", forwards)
    setattr(Traced, f"__r{name}__", backwards)


_define("add", " + ", operator.add, _SUM, _SUM, _SUM)
_define("sub", " - ", operator.sub, _SUM, _PRODUCT, _SUM)
_define("mul", "*", operator.mul, _PRODUCT, _MINUS, _PRODUCT)
_define("truediv", "/", operator.truediv, _PRODUCT, _MINUS, _PRODUCT)
_define("pow", "**", operator.pow, _ATOM, _ATOM, _POWER)


def _define_comparison(compare: Callable[[float, float], bool]) -> None:
    def compared(self: Traced, other: Any) -> Any:
        other = _operand(other)
        return other if other is NotImplemented else compare(self.value, other.value)

    setattr(Traced, f"__{compare.__name__}__", compared)


for _compare in (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne):
    _define_comparison(_compare)


def _logistic(z: float) -> float:
    return 1 / (1 + math.exp(-z))


FUNCTIONS = {"sigmoid": _logistic} | {name: getattr(math, name) for name in ("tanh", "exp", "log", "sqrt", "cosh")}
"""What a text may call, beside `abs`."""


def _define_function(name: str, function: Callable[[float], float]) -> None:
    setattr(Traced, name, lambda self: self._of(name, function))


for _name, _function in FUNCTIONS.items():
    _define_function(_name, _function)  # numpy calls a method of an entry by the name of its function
