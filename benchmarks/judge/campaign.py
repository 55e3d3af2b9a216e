"""Judge every mutant and every variant, the way `check` does in a notebook, and keep what the judge said.

Two workers share the campaign. A mutant that does not come to an end is ended by an alarm, and counts as refused: a
notebook would be stopped by its reader, and a grader stops it by its own limit.
"""

import contextlib
import io
import multiprocessing
import os
import re
import signal
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from autograder.assignments import ASSIGNMENTS, Exercise
from autograder.core.check import check, questions
from autograder.core.compare import same
from autograder.core.question import Formula, Property
from autograder.core.questions import question
from autograder.core.verdict import Verdict
from autograder.guest.evaluate import evaluate
from benchmarks.judge.mutants import Mutant, make
from benchmarks.judge.names import names_rightly, right_names
from benchmarks.judge.variants import Variant, namespace_of, variants_of
from exercises.generate import solve

TRAINING = ("nn_model", "train")
"""Functions that train a network, and take their own time for it."""
SECONDS = 3.0
SECONDS_OF_TRAINING = 20.0
CHUNK = 40
"""How many mutants of a function a worker takes at once."""
TOGETHER = re.compile(r"fits two mistakes together(?: in [^:]*)?: (\S+) and (\S+?)\.(?: |$)")


class TooLong(KeyboardInterrupt):
    """The alarm rang: nothing in the judge may take this for an answer."""


class Stage:
    """An assignment's notebook with its solutions: its cells run up to one of its answers."""

    def __init__(self, assignment: str) -> None:
        """Read the notebook."""
        self.assignment = ASSIGNMENTS[assignment]
        self.cells = [cell for cell in solve(self.assignment).cells if cell.cell_type == "code"]
        self.namespace: dict[str, Any] = {"__name__": "notebook"}
        self.sources = {
            cell.id.removeprefix("answer-"): cell.source for cell in self.cells if cell.id.startswith("answer-")
        }
        for cell in self.cells:
            locked = cell.metadata.get("nbgrader", {})
            if (
                cell.id.startswith("answer-")
                or (locked.get("locked") and not locked.get("grade"))
                or _defines(cell.source)
            ):
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(compile(cell.source, f"<{cell.id}>", "exec"), self.namespace)

    @contextlib.contextmanager
    def holding(self, function: str, written: Callable[..., Any]) -> Iterator[None]:
        """Put another function in the place of a solution."""
        solution = self.namespace[function]
        self.namespace[function] = written
        try:
            yield
        finally:
            self.namespace[function] = solution

    def written(self, source: str, function: str) -> Callable[..., Any]:
        """Return the function that a source defines, in this notebook."""
        solution = self.namespace[function]
        try:
            exec(compile(source, "<mutant>", "exec"), self.namespace)
            return self.namespace[function]
        finally:
            self.namespace[function] = solution


def _defines(source: str) -> bool:
    """Return whether a cell defines functions for later cells: a `def` at its left edge."""
    return any(line.startswith("def ") for line in source.splitlines()) and "once_written" not in source


@cache
def stage(assignment: str) -> Stage:
    """Return an assignment's notebook, made once a process."""
    return Stage(assignment)


def trains(exercise: Exercise) -> bool:
    """Return whether an exercise asks for a function that trains a network, which takes its own time."""
    return exercise.function in TRAINING


def mutants_of(assignment: str) -> list[Mutant]:
    """Make every mutant of an assignment's solutions."""
    on = stage(assignment)
    found = []
    for exercise in on.assignment.exercises:
        calls = questions(exercise, 0)
        calls = calls[:1] if trains(exercise) else calls
        namespace = dict(on.namespace)
        found += make(assignment, exercise.function, on.sources[exercise.function], namespace, _short(exercise, calls))
    return found


def _short(exercise: Exercise, calls: Sequence[Any]) -> list[dict[str, Any]]:
    """Return calls that train for a moment only: enough to see what each expression is."""
    short = {"num_iterations": 2, "num_epochs": 1}
    return [{name: short.get(name, value) for name, value in call.items()} for call in calls]


@dataclass(frozen=True)
class Judged:
    """What the judge said of one function.

    Attributes
    ----------
    id : of the mutant, or the name of the variant
    passed, mistake : as in the verdict
    ids : every mistake that the verdict names: its own, those of its parts, and both of two together
    always_raised : whether the function raised on every call
    milliseconds : what the judge took, without the time that was spent inside the function
    message : the verdict's
    named : whether the name is right, wrong (False), or none (None)
    """

    id: str
    passed: bool | None
    mistake: str | None
    ids: tuple[str, ...]
    always_raised: bool
    milliseconds: float
    message: str
    named: bool | None = None


class Clocked:
    """A function that knows how long it was running."""

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        """Take the name by which the judge knows what it answers."""
        self.function, self.seconds = function, 0.0
        self.__name__ = name
        self.__globals__, self.__code__ = getattr(function, "__globals__", {}), getattr(function, "__code__", None)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Call the function, and add what it took."""
        started = time.perf_counter()
        try:
            return self.function(*arguments, **options)
        finally:
            self.seconds += time.perf_counter() - started


def _ring(number: int, frame: Any) -> None:
    raise TooLong


@contextlib.contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise TooLong when the time is over."""
    before = signal.signal(signal.SIGALRM, _ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def judged(id: str, assignment: str, function: str, written: Callable[..., Any], seed: int = 0) -> Judged:
    """Judge one function."""
    on = stage(assignment)
    exercise = on.assignment.exercise(function)
    assert exercise is not None, function
    clocked = Clocked(written, function)
    limit = SECONDS_OF_TRAINING if trains(exercise) else SECONDS
    started = time.perf_counter()
    try:
        with alarm(limit), on.holding(function, written):
            verdict = check(clocked, assignment=assignment, seed=seed, show=False)
    except TooLong:
        return Judged(id, False, "timed-out", ("timed-out",), False, 0.0, f"Ended after {limit:g} seconds.")
    took = time.perf_counter() - started - clocked.seconds
    raised = verdict.mistake == "raised" and _always_raises(written, exercise, seed)
    return Judged(id, verdict.passed, verdict.mistake, _ids(verdict), raised, 1e3 * took, verdict.message)


def _always_raises(written: Callable[..., Any], exercise: Exercise, seed: int) -> bool:
    with alarm(SECONDS):
        asked = question(exercise.asked)
        return isinstance(asked, Property) or all(o.failure for o in evaluate(written, asked.calls(seed)))


def _ids(verdict: Verdict) -> tuple[str, ...]:
    together = TOGETHER.search(verdict.seen)
    named = [verdict.mistake, *(together.groups() if together else ()), *(part.mistake for part in verdict.parts)]
    return tuple(dict.fromkeys(id for id in named if id))


class Chunk(NamedTuple):
    """Some mutants of one function, and all of them."""

    some: Sequence[Mutant]
    others: Sequence[Mutant]


def _judge_mutants(chunk: Chunk) -> list[Judged]:
    """Judge mutants of one function, and say which names are right."""
    outcomes = cache(_outcomes)
    found = []
    for mutant in chunk.some:
        with np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
            written = stage(mutant.assignment).written(mutant.source, mutant.function)
            one = judged(mutant.id, mutant.assignment, mutant.function, written)
        named = _named(one, mutant, chunk.others, outcomes) if one.passed is False else None
        found.append(replace(one, named=named))
    return found


def _named(one: Judged, mutant: Mutant, others: Sequence[Mutant], outcomes: Callable[[Mutant], Any]) -> bool | None:
    """Return whether a mutant goes by a right name, which may be that of another change that gives the same numbers.

    The other change may be one of the same solution, or of the same formula written in another way.
    """
    right = right_names(mutant)
    for some in (lambda: (), lambda: others, lambda: other_ways(mutant.assignment, mutant.function)):
        for other in some():
            more = right_names(other) & set(one.ids) - right
            if more and other is not mutant and _alike(outcomes(mutant), outcomes(other)):
                right |= more
        named = names_rightly(one.ids, right, one.always_raised)
        if named is not False:
            return named
    return False


@cache
def other_ways(assignment: str, function: str) -> tuple[Mutant, ...]:
    """Return the mutants of a function's variants that are one expression: other ways to write the same formula."""
    exercise = stage(assignment).assignment.exercise(function)
    assert exercise is not None
    found: list[Mutant] = []
    for variant in variants_of(assignment) if isinstance(question(exercise.asked), Formula) else ():
        if variant.function == function and variant.source.count("\n") == 1:
            namespace = {**stage(assignment).namespace, **namespace_of(assignment)}
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found += make(assignment, function, variant.source, namespace, questions(exercise, 0))
    return tuple(found)


def _outcomes(mutant: Mutant) -> Any:
    """Return what a mutant gives on every case, None where it raises."""
    exercise = stage(mutant.assignment).assignment.exercise(mutant.function)
    assert exercise is not None
    if isinstance(question(exercise.asked), Property):
        return object()
    namespace = {**namespace_of(mutant.assignment), **stage(mutant.assignment).namespace}
    exec(compile(mutant.source, "<mutant>", "exec"), namespace)
    with alarm(SECONDS):
        return [None if o.failure else o.value for o in evaluate(namespace[mutant.function], questions(exercise, 0))]


def _alike(one: Any, other: Any) -> bool:
    """Return whether two results hold the same numbers."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(_alike(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(_alike(*pair) for pair in zip(one, other, strict=True))
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return (one.size == other.size == 1 and same(one.ravel(), other.ravel())) or same(one, other)
    return one is other


def _chunks(mutants: Sequence[Mutant]) -> list[Chunk]:
    """Split by function, so that a worker draws a function's cases once; what trains goes first, one by one."""
    by_function: dict[tuple[str, str], list[Mutant]] = {}
    for mutant in mutants:
        by_function.setdefault((mutant.assignment, mutant.function), []).append(mutant)
    slow, quick = [], []
    for (_, function), all_of_it in by_function.items():
        size, chunks = (1, slow) if function in TRAINING else (CHUNK, quick)
        chunks += [Chunk(all_of_it[k : k + size], all_of_it) for k in range(0, len(all_of_it), size)]
    return [*slow, *quick]


def judge_mutants(mutants: Sequence[Mutant]) -> dict[str, Judged]:
    """Judge mutants on every core, and return what was found by id."""
    return {found.id: found for some in on_every_core(_judge_mutants, _chunks(mutants)) for found in some}


def on_every_core(work: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
    """Do work on each item, in as many processes as there are cores; results come in any order."""
    count = min(len(os.sched_getaffinity(0)), len(items))
    if count < 2:
        yield from map(work, items)
        return
    # By fork: what the notebooks hold is ready there, and is no argument to send.
    with multiprocessing.get_context("fork").Pool(count) as pool:
        yield from pool.imap_unordered(work, items)


def _judge_variant(id: str) -> Judged:
    """Judge a right answer on two seeds; the second is told only where the first is right."""
    variant = next(variant for variant in variants_of(id.partition("/")[0]) if variant.id == id)
    exercise = stage(variant.assignment).assignment.exercise(variant.function)
    seeds = (0,) if exercise and trains(exercise) else (0, 1)
    for seed in seeds:
        with np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
            found = judged(variant.id, variant.assignment, variant.function, variant.answer, seed)
        if not found.passed:
            break
    return found


def judge_variants(variants: Sequence[Variant]) -> dict[str, Judged]:
    """Judge right answers on every core, and return what was found by id."""
    slow_first = sorted(variants, key=lambda variant: variant.function not in TRAINING)
    return {found.id: found for found in on_every_core(_judge_variant, [variant.id for variant in slow_first])}


def first_checks(assignment: str) -> dict[str, float]:
    """Return how many milliseconds the first check of each solution of an assignment takes in this process."""
    on = stage(assignment)
    found = {}
    for exercise in on.assignment.exercises:
        one = judged(exercise.function, assignment, exercise.function, on.namespace[exercise.function])
        assert one.passed, one
        found[exercise.function] = one.milliseconds
    return found


def first_checks_in_a_fresh_process(assignment: str) -> dict[str, float]:
    """Return the same of a process that has checked nothing yet, and has imported the judge and the notebook."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(first_checks, (assignment,))
