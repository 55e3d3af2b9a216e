"""What an exercise asks: the inputs that an answer is judged on, what is right there, and what often goes wrong.

A `Formula` is judged by its numbers, against two oracles; a `Property` by what its results can do or what holds of them
(a trained network, a partition into mini-batches).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import numpy as np

from autograder.core.layout import Layout, parts
from autograder.core.mistakes import Mistake
from autograder.protocol.values import Outcome
from course_lib.arrays import Array
from course_lib.equations import equation

Values = Mapping[str, Any]
Kind = Literal["plain", "square", "extreme", "kink"]


@dataclass(frozen=True)
class Case:
    """One set of inputs.

    Attributes
    ----------
    sizes : what the sizes are, for the message: n0, n1, n2 and m
    values : every named array, of which a question takes its arguments
    kind : "plain" for most; "square" has all sizes equal, so that nearly every wrong product has a value: it names
        mistakes, and never decides whether an answer is right; "extreme" has large inputs, where NaN or inf is an
        overflow; at a "kink" any subgradient counts. Mistakes are told apart by the plain and the square ones.
    """

    sizes: Mapping[str, int]
    values: Values
    kind: Kind = "plain"

    @property
    def decides(self) -> bool:
        """Whether an answer must be right here."""
        return self.kind != "square"

    @property
    def names(self) -> bool:
        """Whether the numbers here tell mistakes apart."""
        return self.kind in ("plain", "square")


@dataclass(frozen=True, kw_only=True)
class Formula:
    """A function whose results are held against right ones.

    Attributes
    ----------
    id : what `Exercise.asked` says; the equation's id where one equation is asked
    reference : the first oracle, called with the arguments by position
    second : the second oracle, which never uses the reference: from the values of a case to a result of the same layout
    draw : from a seed to the cases; the same seed gives the same cases
    arguments : names of the arguments in order; one that a case has no value for is left out, and takes its default
    layout : the tuples and dicts of the result, with a name for each part; from a case, where it depends on one
    mistakes : the library of what often goes wrong, most likely first
    reads : id of the equation whose chapter is to be read again
    bounds : at a kink, from the values to the least and the greatest answer that counts, each laid out as the result
    weights : what some parts count for, where it is not 1
    """

    id: str
    reference: Callable[..., Any]
    second: Callable[[Values], Any]
    draw: Callable[[int], Sequence[Case]]
    arguments: tuple[str, ...]
    layout: Layout | Callable[[Case], Layout] = ""
    mistakes: tuple[Mistake, ...] = ()
    reads: str = ""
    bounds: Callable[[Values], tuple[Any, Any]] | None = None
    weights: Mapping[str, float] = field(default_factory=dict)

    def given(self, case: Case) -> dict[str, Any]:
        """Return the arguments of a case by name, in order."""
        return {name: case.values[name] for name in self.arguments if name in case.values}

    def parts(self, case: Case, result: Any) -> dict[str, Any]:
        """Take a result of a case apart."""
        return parts(self.layout(case) if callable(self.layout) else self.layout, result)

    def calls(self, seed: int) -> list[dict[str, Any]]:
        """Return the arguments of every case."""
        return [self.given(case) for case in self.draw(seed)]


class Finding(NamedTuple):
    """What a property's inspection found: the id of a mistake, or None where all is right, and a sentence on it."""

    mistake: str | None
    seen: str = "Right."


@dataclass(frozen=True, kw_only=True)
class Property:
    """A function that is judged by what holds of its results.

    Attributes
    ----------
    id : what `Exercise.asked` says
    reference : a function that has the property
    calls : from a seed to the arguments of each call, by name and in order
    inspect : from the calls and the results, as plain values, and the seconds that each call took, to a Finding
    mistakes : functions that lack it, each with the id that it must be given
    reads : id of the equation whose chapter is to be read again, or ""
    """

    id: str
    reference: Callable[..., Any]
    calls: Callable[[int], list[dict[str, Any]]]
    inspect: Callable[[Sequence[Mapping[str, Any]], Sequence[Outcome]], Finding]
    mistakes: tuple[Mistake, ...] = ()
    reads: str = ""


Question = Formula | Property


def of_equation(
    id: str,
    second: Callable[[Values], Any],
    draw: Callable[[int], Sequence[Case]],
    mistakes: tuple[Mistake, ...] = (),
    *,
    layout: Layout | Callable[[Case], Layout] = "",
    asked: str = "",
    bounds: Callable[[Values], tuple[Array, Array]] | None = None,
    weights: Mapping[str, float] = MappingProxyType({}),
) -> Formula:
    """Return the question that asks for a registered equation.

    Parameters
    ----------
    id : of the equation
    second, draw, mistakes, layout, bounds, weights : as in `Formula`
    asked : id of the question, where another one asks for the same equation
    """
    subject = equation(id)
    return Formula(
        id=asked or id,
        reference=subject.function,
        second=second,
        draw=draw,
        arguments=tuple(subject.arguments),
        layout=layout,
        mistakes=mistakes,
        reads=id,
        bounds=bounds,
        weights=weights,
    )


def different_sizes(rng: np.random.Generator, *names: str, **fixed: int) -> dict[str, int]:
    """Draw sizes from 2 to 7 that differ pairwise, except those that are fixed, in the order of the names."""
    free = [name for name in names if name not in fixed]
    drawn = dict(zip(free, rng.choice(np.arange(2, 8), size=len(free), replace=False).tolist(), strict=True))
    return {name: fixed.get(name, drawn.get(name, 1)) for name in names}
