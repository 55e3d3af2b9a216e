"""The mistakes of a question: beliefs written by hand, and mutants by the rules."""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import combinations, islice
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from autograder.core.definition import definition, function_of
from autograder.core.mutations import Source, mutants
from autograder.core.question import Formula, Mistake, Property, Question
from autograder.core.questions import all_questions
from autograder.core.rules import beliefs_in, changed, expression
from course_lib.arrays import Array

T = TypeVar("T")


class Remembered(Generic[T]):
    """A lazy sequence: the items of an iterator, computed on demand and kept."""

    def __init__(self, start: Callable[[], Iterator[T]]) -> None:
        """Keep the factory of the iterator, which is started anew after an interrupt."""
        self._start, self._known = start, list[T]()
        self._source: Iterator[T] | None = None

    def __iter__(self) -> Iterator[T]:
        """Go through all of it, from the beginning."""
        k = 0
        while k < len(self._known) or self._has_more():
            yield self._known[k]
            k += 1

    def _has_more(self) -> bool:
        if self._source is None:
            self._source = islice(self._start(), len(self._known), None)
        try:
            self._known.append(next(self._source))
        except StopIteration:
            return False
        except BaseException:
            self._source = None
            raise
        return True


class Line(NamedTuple):
    """A wrong line: the id of the mistake, the erratum, the name of the line, and its code.

    The code of a whole function is text.
    """

    id: str
    erratum: str
    where: str
    code: ast.expr | str


@cache
def mistakes(asked: Question) -> Remembered[Mistake]:
    """Return the mistakes of a question, most likely first: those that people believe, then those by the rules.

    No rule is applied to a property.
    """
    return Remembered(lambda: _mistakes(asked))


def _mistakes(asked: Question) -> Iterator[Mistake]:
    yield from beliefs(asked)
    if isinstance(asked, Property):
        return
    for mutant in mutants(sources(asked)):
        yield Mistake(mutant.id, function_of(mutant.code), shown(asked, mutant.where))
    yield from asked.others()


def by_id(asked: Question) -> Mapping[str, Mistake]:
    """Return the first mistake of each id."""
    found: dict[str, Mistake] = {}
    for mistake in mistakes(asked):
        found.setdefault(mistake.id, mistake)
    return found


@cache
def sources(asked: Question) -> tuple[Source, ...]:
    """Return the ways to write a formula, taken apart."""
    keys = {name: list(value) for name, value in asked.calls(0)[0].items() if isinstance(value, dict)}
    return tuple(Source(definition(asked.parameters, text), keys) for text in asked.code)


@cache
def by_hand(asked: Question) -> tuple[Mistake, ...]:
    """Return the mistakes that are written by hand with a formula."""
    return tuple(_made(asked, line) for line in _own(asked) if not line.erratum)


@cache
def beliefs(asked: Question) -> tuple[Mistake, ...]:
    """Return the mistakes that are written by hand, with the formula or with an equation that stands in a line."""
    return tuple(_made(asked, line) for line in lines(asked) if not line.erratum)


@cache
def printed(asked: Question) -> tuple[Mistake, ...]:
    """Return the formulas that are in print and wrong."""
    return tuple(_made(asked, line) for line in lines(asked) if line.erratum)


def shown(asked: Question, where: str) -> str:
    """Return how the name of a line is said."""
    said = asked.lines.get(where, where)
    return where if "." in said else said


@cache
def lines(asked: Question) -> tuple[Line, ...]:
    """Return the wrong lines of a formula's code that are written by hand."""
    return (*_own(asked), *_of_equations(asked))


def _own(asked: Question) -> Iterator[Line]:
    for id, where, code in beliefs_in(asked.also):
        yield Line(id, "", where, changed(asked.code, code) if " -> " in code else expression(code))
    for erratum, text in asked.printed.items():
        where, _, code = text.partition(": ") if re.match(r"\w+: ", text) else ("", "", text)
        yield Line("", erratum, where, changed(asked.code, code) if " -> " in code else expression(code))


def _of_equations(asked: Question) -> Iterator[Line]:
    for where, id in asked.lines.items():
        inner = all_questions().get(id)
        if not isinstance(inner, Formula):
            continue
        patterns = [expression(text) for text in inner.code if is_expression(text)]
        for source in sources(asked):
            if place := source.occurrence(where, patterns, frozenset(inner.arguments)):
                for line in lines(inner):
                    if not line.where and isinstance(line.code, ast.expr):
                        yield line._replace(where=where, code=source.with_other(where, *place, line.code))
                break


def is_expression(text: str) -> bool:
    """Return whether a code text is one expression."""
    return "return " not in text


def _made(asked: Question, line: Line) -> Mistake:
    """Return the formula with another line in it, in the first way to write it that has one of that name."""
    if isinstance(line.code, str):
        return Mistake(line.id, function_of(definition(asked.parameters, line.code), asked.uses), "", line.erratum)
    for source in sources(asked):
        if code := source.with_line(line.where, line.code):
            return Mistake(line.id, function_of(code, asked.uses), shown(asked, line.where), line.erratum)
    raise ValueError(f"{asked.id}: no line of its code is {line.where!r}")


@cache
def exchanged(asked: Formula) -> tuple[Mistake, ...]:
    """Return the right formula, called with two of its arguments exchanged: so they stand in the student's `def`."""
    if not asked.reference:
        return ()
    return tuple(
        Mistake("arguments-swapped", _with_exchanged(asked.reference, one, two), f"the order of {a} and {b}")
        for (one, a), (two, b) in combinations(enumerate(asked.arguments), 2)
    )


def _with_exchanged(function: Callable[..., Any], one: int, two: int) -> Callable[..., Any]:
    def wrong(*arguments: Any) -> Any:
        order = list(arguments)
        order[one], order[two] = order[two], order[one]
        return function(*order)

    return wrong


CHANGES: Mapping[str, tuple[tuple[str, Callable[[Array, int], Any]], ...]] = {
    "mean": (("missing-mean", lambda r, m: r * m), ("averaged-twice", lambda r, m: r / m)),
    "no mean": (("averaged-too-early", lambda r, m: r / m),),
    "": (
        ("sign-flipped", lambda r, m: -r),
        ("factor-of-two", lambda r, m: 2 * r),
        ("factor-of-two", lambda r, m: r / 2),
        ("transposed", lambda r, m: r.T),
    ),
}
"""What can come on top of another mistake: a change of the whole answer, of formulas with a mean over m or without."""


@cache
def pairs(asked: Formula) -> Remembered[Mistake]:
    """Return two mistakes at once: one in the formula, and a change of its answer on top."""
    return Remembered(lambda: _pairs(asked))


def _pairs(asked: Formula) -> Iterator[Mistake]:
    if asked.layout or not asked.code:
        return
    averages = any(source.averages() for source in sources(asked))
    changes = (*CHANGES["mean" if averages else "no mean"], *CHANGES[""])
    for first in mistakes(asked):
        for id, change in changes:
            if id != first.id and not first.of_values:
                yield replace(first, id=f"{first.id}+{id}", function=_on_top(first.function, change))


def _on_top(function: Callable[..., Any], change: Callable[[Array, int], Any]) -> Callable[..., Any]:
    def wrong(*arguments: Any) -> Any:
        return change(np.asarray(function(*arguments)), arguments[-1].shape[-1])

    return wrong
