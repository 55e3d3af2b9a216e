"""Questions: the cases on which an answer is judged, two oracles, and mistakes.

A `Formula` is judged by its numbers, against two oracles; a `Property` by what its results can do or what holds of them
(a trained network, a partition into mini-batches).
"""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from autograder.core.definition import NAMESPACE, definition, function_of
from autograder.core.layout import Layout, parts
from autograder.protocol.values import Outcome
from course_lib.arrays import Array
from course_lib.equations import EQUATIONS

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


@dataclass(frozen=True)
class Mistake:
    """One way to get a function wrong.

    Attributes
    ----------
    id : from the list of mistake ids
    function : takes the same arguments and returns the wrong answer
    where : in a longer function, what is wrong in it, such as "dZ1"
    erratum : the published mistake that this is, such as "E16", or ""
    of_values : whether the function takes all values of a case, as one mapping, instead of the arguments
    rival : what else gives the very same numbers, as a clause, or ""
    """

    id: str
    function: Callable[..., Any]
    where: str = ""
    erratum: str = ""
    of_values: bool = False
    rival: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Formula:
    """A question whose results are compared with right ones.

    Attributes
    ----------
    id : what `Exercise.asked` says; the equation's id where one equation is asked
    reference : the first oracle, called with the arguments by position; None where the second alone decides
    second : the second oracle, which never uses the reference: from the values of a case to a result of the same layout
    draw : from a seed to the cases; the same seed gives the same cases
    arguments : names of the arguments in order; one that a case has no value for is left out, and takes its default
    code : the reference as Python, in the ways that people write it; an expression is what is returned
    also : mistakes that no rule makes, most likely first: a row is an id, and what stands in the place of the formula;
        `id in dZ1: ...` is what is assigned, or returned, under that name; `id: old -> new ; ...` is the code with
        other text in it; several are parted by `|`
    lines : by the names in the code, the ids of equations that stand there: their own mistakes are made there too, and
        are read about there; under "" it is the whole. What is no id is what a line is called in messages
    printed : by the number of an erratum, the formula as it is in print; `dZ1: ...` is one line of it
    layout : the tuples and dicts of the result, with a name for each part; from a case, where it depends on one
    reads : id of the equation whose chapter is to be read again
    bounds : at a kink, from the values to the least and the greatest answer that counts, each laid out as the result
    weights : what some parts count for, where it is not 1
    others : yields mistakes that are made in another way, after those of the code
    """

    id: str
    reference: Callable[..., Any] | None
    second: Callable[[Values], Any]
    draw: Callable[[int], Sequence[Case]]
    arguments: tuple[str, ...]
    code: tuple[str, ...] = ()
    also: str = ""
    lines: Mapping[str, str] = field(default_factory=dict)
    printed: Mapping[str, str] = field(default_factory=dict)
    layout: Layout | Callable[[Case], Layout] = ""
    reads: str = ""
    bounds: Callable[[Values], tuple[Any, Any]] | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    others: Callable[[], Iterable[Mistake]] = tuple
    brief: ClassVar[None] = None
    uses: ClassVar[Mapping[str, Any]] = NAMESPACE

    @property
    def parameters(self) -> Mapping[str, str]:
        """The arguments with their defaults, as code."""
        return _parameters(self.reference, self.arguments)

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
    """The result of inspecting a property: the id of a mistake, or None where all is right, and a sentence."""

    mistake: str | None
    seen: str = "Right."


@dataclass(frozen=True, kw_only=True, eq=False)
class Property:
    """A question whose results are inspected, since they cannot be compared.

    Attributes
    ----------
    id : what `Exercise.asked` says
    reference : a function that has the property
    calls : from a seed to the arguments of each call, by name and in order
    inspect : from the calls and the results, as plain values, and the seconds that each call took, to a Finding
    brief : the same by fewer steps, for a function that is called once more with others put right; or None
    code, also : a function that has it, and mistakes, as a formula's
    uses : what the code may use
    reads : id of the equation whose chapter is to be read again, or ""
    says : which call it is, as a format of its arguments, for the message on an exception
    """

    id: str
    reference: Callable[..., Any]
    calls: Callable[[int], list[dict[str, Any]]]
    inspect: Callable[[Sequence[Mapping[str, Any]], Sequence[Outcome]], Finding]
    code: tuple[str, ...]
    also: str
    uses: Mapping[str, Any]
    reads: str = ""
    says: str = ""
    brief: "Property | None" = None
    lines: ClassVar[Mapping[str, str]] = {}
    printed: ClassVar[Mapping[str, str]] = {}

    @property
    def parameters(self) -> Mapping[str, str]:
        """The arguments with their defaults, as code."""
        return _parameters(self.reference, tuple(self.calls(0)[0]))


def _parameters(function: Callable[..., Any] | None, names: Sequence[str]) -> Mapping[str, str]:
    known = inspect.signature(function).parameters if function else {}
    defaults = {name: known[name].default if name in known else inspect.Parameter.empty for name in names}
    return {name: "" if value is inspect.Parameter.empty else f"={value!r}" for name, value in defaults.items()}


Question = Formula | Property


def ask(
    id: str, second: Callable[[Values], Any], draw: Callable[[int], Sequence[Case]], *code: str, **more: Any
) -> Formula:
    """Declare a question on an equation of the registry, or on a function that is only its code.

    Parameters
    ----------
    id : of the equation; of another question on it as the part after a space
    second, draw, code : as in `Formula`
    more : the other attributes of a `Formula`; `arguments`, where it is no equation
    """
    subject = EQUATIONS.get(id.partition(" ")[0])
    if subject:
        more = {"arguments": tuple(subject.arguments), "reads": subject.id, "reference": subject.function, **more}
    else:
        given = dict.fromkeys(more["arguments"], "")
        more = {"reference": function_of(definition(given, code[0])) if code else None, **more}
    return Formula(id=id, second=second, draw=draw, code=code, **more)


def different_sizes(rng: np.random.Generator, *names: str, **fixed: int) -> dict[str, int]:
    """Draw sizes from 2 to 7 that differ pairwise, except those that are fixed, in the order of the names."""
    free = [name for name in names if name not in fixed]
    drawn = dict(zip(free, rng.choice(np.arange(2, 8), size=len(free), replace=False).tolist(), strict=True))
    return {name: fixed.get(name, drawn.get(name, 1)) for name in names}


OPEN = (0.13, 0.87)
"""Between these lies every output that is drawn beside a label: a guard of 1e-6 in a logarithm or a denominator is
within the tolerance with every seed then, and one of 1e-5 is not.
"""


def opened(Z: Array) -> float:
    """Return what the last layer's parameters are multiplied by, so that the outputs are as far from 0 and 1."""
    return min(1.0, float(np.log(OPEN[1] / OPEN[0]) / np.max(np.abs(Z))))


Draw = Callable[[int], tuple[Case, ...]]


def drawn(stream: int, make: Callable[..., Values], names: str, *fixed: Mapping[str, int]) -> Draw:
    """Return a function from a seed to cases, the same ones for the same seed.

    Parameters
    ----------
    stream : a number of its own, so that no two questions draw the same numbers
    make : from sizes by name, and `rng`, to the arrays of a case
    names : of the sizes; they differ pairwise, but for those that are fixed
    fixed : for each case the sizes that are fixed, such as {"m": 1}; at last comes one with all sizes equal
    """

    @lru_cache(maxsize=16)
    def draw(seed: int) -> tuple[Case, ...]:
        rng = np.random.default_rng([seed, stream])
        sizes = [different_sizes(rng, *names.split(), **some) for some in fixed]
        cases = [Case(size, make(**size, rng=rng)) for size in sizes]
        square = dict.fromkeys(names.split(), 3)
        return (*cases, Case(square, make(**square, rng=rng), "square"))

    return draw
