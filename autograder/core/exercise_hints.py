"""Hints on the exercises, one by one; the last is the formula."""

import sys
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from autograder.assignments import ASSIGNMENTS, Exercise
from autograder.core.check import exercise_for, gives_last_hint, name_of
from autograder.core.declared import question_of
from autograder.core.question import Formula
from autograder.core.render import display
from course_lib.equations import EQUATIONS

_given: dict[tuple[str, str], int] = {}
"""How many hints on a function, of an assignment, were given in this process."""


class Hints(NamedTuple):
    """The hints on an exercise.

    Attributes
    ----------
    worded : in the order in which they are given, in MyST
    formula : the LaTeX of the equation that is asked, or None
    last : the hint that tells it all, in MyST, or "" where there is none
    """

    worded: list[str]
    formula: str | None
    last: str


@cache
def table() -> Mapping[str, Mapping[str, list[str]]]:
    """Return the worded hints: by assignment and function."""
    return tomllib.loads(files("autograder.core").joinpath("exercise_hints.toml").read_text(encoding="utf-8"))


def hints_on(exercise: Exercise) -> Hints:
    """Return the hints on an exercise; an assignment of a lecturer's own has those of the package on the same question.

    What is no equation of the registry has the lines of its reference for a formula, or, where many programs are
    right, the last of its worded hints.
    """
    worded = [
        hint
        for assignment in ASSIGNMENTS.values()
        for each in assignment.exercises
        if each.asked == exercise.asked
        for hint in table().get(assignment.name, {}).get(each.function, [])
    ]
    equation = EQUATIONS.get(exercise.equation or "")
    if equation:
        return Hints(worded, equation.latex, f"The formula:\n\n$$\n{equation.latex}\n$$")
    asked = question_of(exercise)
    if isinstance(asked, Formula) and asked.code and not exercise.declared:
        lines, _, _ = asked.code[0].strip().partition("\nreturn ")
        return Hints(worded, None, f"Line by line:\n\n```python\n{lines}\n```")
    return Hints(worded[:-1], None, "".join(worded[-1:]))


def hint(function: Callable[..., Any] | str, *, assignment: str | None = None) -> None:
    """Show the next hint on a function; the last is the formula, if the lecturer has not withheld it.

    Parameters
    ----------
    function : the student's, written or not; or its name
    assignment : which assignment is meant, where two ask for a function of this name

    Raises
    ------
    UnknownFunction
        If no exercise asks for a function of this name, or it is not clear which.
    TypeError
        If it is neither a function nor a name.

    >>> hint("compute_dA1", assignment="ps4_two_layer")
    Hint 1 of 4 on compute_dA1: Each hidden unit reaches the loss through all outputs. Over which index is the sum?
    """
    if not callable(function) and not isinstance(function, str):
        kind = type(function).__name__
        raise TypeError(f"hint takes the function, as in hint(compute_dW2), or its name in quotes, not {kind}")
    name = function if isinstance(function, str) else name_of(function, sys._getframe(1).f_globals)
    of, exercise = exercise_for(name, assignment, "hint")
    worded, _, last = hints_on(exercise)
    steps = [*worded, last] if last and gives_last_hint() else worded
    if not steps:
        display(f"There are no hints on {name}.")
        return
    given = _given.get((of.name, name), 0)
    _given[of.name, name] = number = min(given + 1, len(steps))
    again = "That was the last one; here it is again.\n\n" if given == len(steps) else ""
    display(f"{again}Hint {number} of {len(steps)} on {name}: {steps[number - 1]}")
