"""Check a function in the place where it was written: a notebook or a browser."""

import sys
import unittest.mock
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import CodeType
from typing import Any

from autograder.assignments import ASSIGNMENTS, Assignment, Exercise, assignment, from_table
from autograder.core import render
from autograder.core.declared import question_of
from autograder.core.hints import lower
from autograder.core.judge import judge
from autograder.core.layout import replaced
from autograder.core.module_guard import ModuleGuard
from autograder.core.questions import all_questions
from autograder.core.verdict import Verdict
from autograder.core.worked import Answer, worked
from autograder.guest.evaluate import call, evaluate
from autograder.guest.unattended import attended, unattended
from autograder.protocol.values import plain
from course_lib.names import suggestion


class _Choice:
    """The assignment that a notebook has said it is about, and whether `hint` gives its formulas."""

    assignment: Assignment | None = None
    last_hint: bool = True


class _Memory:
    """How often each mistake was made in each function, since the function was right or the assignment was chosen."""

    def __init__(self) -> None:
        self.made = Counter[tuple[str, str | None]]()

    def times(self, verdict: Verdict) -> int:
        """Return how often this mistake has been made by now; forget all of a function that is right."""
        if verdict.passed:
            self.made = Counter({made: n for made, n in self.made.items() if made[0] != verdict.function})
            return 0
        self.made[verdict.function, verdict.mistake] += 1
        return self.made[verdict.function, verdict.mistake]


all_questions()  # now, so that what they are made of is guarded too
_choice = _Choice()
_memory = _Memory()
_guard = ModuleGuard()


Run = Callable[..., Verdict]
"""From a function, its exercise and a seed, and whether `briefly`, to the verdict on it."""


class UnknownFunction(LookupError):
    """No assignment asks for a function of this name, or several do and it was not said which is meant."""


def set_assignment(name: str, exercises: Sequence[Sequence[Any]] = (), *, last_hint: bool = True) -> None:
    """Say once, in a notebook's first cell, which assignment its functions belong to.

    Parameters
    ----------
    name : such as "ps4_two_layer"
    exercises : what a lecturer has made of it, or of an assignment of his own: for each exercise its function, points,
        equation or None, question or "", and an equation of his own; a release of it writes them here
    last_hint : whether `hint` gives the formula in the end

    Raises
    ------
    KeyError
        If there is no such assignment.
    ValueError
        If the exercises are not such rows.

    >>> set_assignment("ps4_two_layer")
    """
    table = {"assignment": name, "title": name, "version": 1, "exercises": exercises, "written": [], "given": []}
    _choice.assignment = from_table(table) if exercises else assignment(name)
    _memory.made.clear()
    _choice.last_hint = last_hint


def gives_last_hint() -> bool:
    """Return whether the notebook's `hint` gives the formula in the end."""
    return _choice.last_hint


def checks_for(name: str) -> tuple[Exercise, ...]:
    """Return the exercises of an assignment, in order.

    Parameters
    ----------
    name : such as "ps4_two_layer"

    Returns
    -------
    its exercises, each with function, points and equation

    Raises
    ------
    KeyError
        If there is no such assignment.

    >>> checks_for("ps4_two_layer")[4].function
    'compute_dW2'
    """
    return assignment(name).exercises


def exercise_for(
    function_name: str, assignment_name: str | None = None, call: str = "check"
) -> tuple[Assignment, Exercise]:
    """Find the exercise that asks for a function, and its assignment; the call is what an error shows.

    Raises
    ------
    UnknownFunction
        If none does, or if several assignments do and none was chosen.
    KeyError
        If there is no such assignment.
    """
    chosen = assignment(assignment_name) if assignment_name else _choice.assignment
    candidates = [chosen] if chosen else list(ASSIGNMENTS.values())
    found = [(a, e) for a in candidates if (e := a.exercise(function_name))]
    if not found:
        known = [e.function for a in candidates for e in a.exercises]
        where = f"{chosen.name} does not ask" if chosen else "no assignment asks"
        raise UnknownFunction(f"{where} for a function named {function_name!r}; {suggestion(function_name, known)}")
    if len(found) > 1:
        raise UnknownFunction(
            f"{function_name} stands in {', '.join(a.name for a, _ in found)}; say which is meant: "
            f'{call}({function_name}, assignment="{found[0][0].name}"), or set_assignment("{found[0][0].name}") once.'
        )
    return found[0]


def questions(exercise: Exercise, seed: int, *, briefly: bool = False) -> list[dict[str, Any]]:
    """Return the arguments on which an exercise's function is called, one dict a call.

    Parameters
    ----------
    exercise : which function it is
    seed : of the cases
    briefly : whether it is called with others put right, and few steps of a training will do
    """
    return question_of(exercise, briefly=briefly).calls(seed)


def may_follow_from_earlier(verdict: Verdict) -> bool:
    """Return whether putting earlier functions right can change a verdict: it is wrong, and something was written."""
    return verdict.passed is False and verdict.mistake not in ("not-implemented", "missing")


def follows_from_earlier(verdict: Verdict, called: set[str]) -> Verdict:
    """Return the verdict on a function that is right as soon as the wrong ones that it calls are."""
    culprits = sorted(called)
    seen = (
        f"Wrong because {', '.join(culprits)} {'is' if len(culprits) == 1 else 'are'}; with that put right it is right."
    )
    return replace(verdict, mistake="follows-from-earlier", seen=seen, hint="", read="", picture=None)


def name_of(function: Callable[..., Any], namespace: Mapping[str, Any]) -> str:
    """Return a function's name, or, where that is no exercise's (a lambda, a partial), the one its caller gave it."""
    own = getattr(function, "__name__", type(function).__name__)
    asked = [exercise.function for each in ASSIGNMENTS.values() for exercise in each.exercises]
    given = [name for name in dict.fromkeys(asked) if namespace.get(name, _choice) is function]
    return own if own in asked or len(given) != 1 else given[0]


def put_right(wrong: Iterable[Exercise]) -> tuple[dict[str, Callable[..., Any]], set[str]]:
    """Return the references for wrong functions, and a set into which the name of each that is called goes."""
    called: set[str] = set()

    def recording(name: str, reference: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            called.add(name)
            return reference(*arguments, **options)

        return call

    right = {e.function: question_of(e).reference for e in wrong}
    return {name: recording(name, reference) for name, reference in right.items() if reference}, called


def _mentioned(function: Any, namespace: Mapping[str, Any]) -> set[str]:
    """Return the names that stand in a function, and in those of its notebook's functions that it names."""
    found: set[str] = set()
    code = [getattr(function, "__code__", None)]
    while code:
        one = code.pop()
        if not isinstance(one, CodeType):
            continue
        new = set(one.co_names) - found
        found |= new
        code += one.co_consts
        code += [getattr(namespace.get(name), "__code__", None) for name in new]
    return found


def _blame_earlier(
    function: Callable[..., Any], of: Assignment, exercise: Exercise, verdict: Verdict, seed: int, run: Run
) -> Verdict:
    """Judge a wrong function once more, with the reference in the place of the wrong ones that it may call."""
    namespace = getattr(function, "__globals__", {})
    mentioned = _mentioned(function, namespace)
    any_name = mentioned & {"globals", "vars", "eval", "exec"}

    def is_wrong(earlier: Exercise) -> bool:
        written = namespace.get(earlier.function)
        if not callable(written) or not (any_name or earlier.function in mentioned):
            return False
        return not run(written, earlier, seed).passed

    replacements, called = put_right(filter(is_wrong, of.before(exercise)))
    if not replacements:
        return verdict
    with unittest.mock.patch.dict(namespace, replacements):
        again = run(function, exercise, seed, briefly=True)
    return follows_from_earlier(verdict, called) if again.passed and called else verdict


def _said_again(times: int, verdict: Verdict, exercise: Exercise, answer: Answer) -> tuple[str, ...]:
    """Return what is said in the place of a hint: nothing at first, then a lower one, then a small example, worked."""
    if times < 2 or not verdict.hint:
        return ()
    return (worked(question_of(exercise), verdict, answer) if times > 2 else ()) or (lower(verdict.hint),)


def examine(
    function: Callable[..., Any],
    namespace: Mapping[str, Any],
    times: Callable[[Verdict], int],
    assignment: str | None = None,
    seed: int = 0,
) -> tuple[Verdict, tuple[str, ...]]:
    """Judge a function as `check` does; return the verdict, and what to say in the place of its hint, if anything.

    Parameters
    ----------
    function : the student's
    namespace : of the notebook
    times : from a verdict to how often its mistake has been made, this time included
    assignment, seed : as in `check`
    """
    with _guard.restored() as as_in_the_notebook:
        name = name_of(function, namespace)
        if not callable(function) and namespace.get(name, _choice) is function:
            raise TypeError(replaced(name, plain(function)))
        if not callable(function):
            kind = type(function).__name__
            raise TypeError(f"check takes the function itself, as in check(compute_dW2), not {kind}")
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise ValueError(f"a seed is a whole number from 0 on, not {seed!r}")

        def alone(written: Callable[..., Any]) -> Callable[..., Any]:
            def answer(*arguments: Any) -> Any:
                with unattended():
                    return written(*arguments)

            return as_in_the_notebook(answer)

        def run(written: Callable[..., Any], of_exercise: Exercise, seed: int, *, briefly: bool = False) -> Verdict:
            outcomes = evaluate(alone(written), questions(of_exercise, seed, briefly=briefly))
            return judge(of_exercise, outcomes, seed, briefly=briefly)

        of, exercise = exercise_for(name, assignment)
        verdict = run(function, exercise, seed)
        if may_follow_from_earlier(verdict):
            verdict = _blame_earlier(function, of, exercise, verdict, seed, run)
        return verdict, _said_again(times(verdict), verdict, exercise, lambda given: call(alone(function), given))


def check(function: Callable[..., Any], *, assignment: str | None = None, seed: int = 0, show: bool = True) -> Verdict:
    """Check a function that answers an exercise, show the verdict, and return it.

    Who makes a mistake again is shown a lower hint, and the third time a small example; the verdict is the same.
    While a notebook is graded, verdicts fall elsewhere: `check` then takes every answer for right, and shows no points.

    Parameters
    ----------
    function : the student's; its name says which exercise it answers
    assignment : which assignment is meant, where two ask for a function of this name
    seed : other seeds draw other inputs
    show : whether to show the verdict: as HTML in a notebook, as text elsewhere

    Returns
    -------
    Verdict

    Raises
    ------
    UnknownFunction
        If no exercise asks for a function of this name, or it is not clear which.
    TypeError
        If it is not a function.

    >>> def compute_dZ2(A2, Y):
    ...     return A2 - Y
    >>> check(compute_dZ2, assignment="ps4_two_layer").points
    ✓ compute_dZ2 is right: 2 of 2 points.
    2.0
    """
    namespace = sys._getframe(1).f_globals
    times = _memory.times if show and attended() else lambda verdict: 1
    verdict, again = examine(function, namespace, times, assignment, seed)
    if show:
        with _guard.restored():
            render.show(verdict, again)
    return verdict
