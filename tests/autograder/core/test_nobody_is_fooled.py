"""Whatever a function returns, or does while it is called: the check ends soon, says no, and says why."""

import builtins
import collections
import random
import sys
import time
import types
import warnings

import numpy as np
import pytest

from autograder.assignments import ASSIGNMENTS
from autograder.core import compare, judge, oracles
from autograder.core.check import check, questions
from autograder.core.hints import HINTS
from autograder.core.question import Formula
from autograder.core.questions import question
from autograder.guest import evaluate

ASKED = [(assignment, exercise) for assignment in ASSIGNMENTS.values() for exercise in assignment.exercises]


def each(asked):
    """Run a test on each of some exercises."""
    ids = [f"{assignment.name}-{exercise.function}" for assignment, exercise in asked]
    return pytest.mark.parametrize(("assignment", "exercise"), asked, ids=ids)


EVERY_EXERCISE = each(ASKED)
EVERY_FORMULA = each([(a, e) for a, e in ASKED if isinstance(question(e.asked), Formula)])
TRAINING = ("nn_model", "train")
SECONDS = 5.0
"""The longest that a check of an answer that does nothing may take, on a machine that is busy."""
SAID_OF_ANYTHING = {
    *("returned-nothing", "wrong-type", "wrong-dtype", "wrong-shape", "wrong-values", "missing-key", "raised"),
    *("not-finite", "overflow", "out-of-memory"),
}


def judged(assignment, exercise, function, seed=0):
    """Check any function as the answer to an exercise, and see to it that it takes no time."""

    def answer(*arguments, **options):
        return function(*arguments, **options)

    answer.__name__ = exercise.function
    started = time.perf_counter()
    verdict = check(answer, assignment=assignment.name, seed=seed, show=False)
    assert time.perf_counter() - started < SECONDS, verdict
    return verdict


def assert_refused(verdict):
    """A refusal names what is wrong, says what was seen, and gives no point for it."""
    assert verdict.passed is False, verdict
    assert verdict.mistake in SAID_OF_ANYTHING or verdict.mistake in HINTS, verdict
    assert verdict.seen
    assert verdict.points < verdict.max_points
    assert str(verdict)
    assert verdict.as_json()["mistake"] == verdict.mistake


class Liar(np.ndarray):
    """An array that agrees with everything, and has whatever shape, size and type is asked for."""

    __array_priority__ = 1e9

    def __eq__(self, other):
        return np.ones(1, bool)

    __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __eq__
    __hash__ = None

    def __sub__(self, other):
        return np.zeros(1)

    __rsub__ = __add__ = __radd__ = __mul__ = __rmul__ = __abs__ = __sub__

    def __array_ufunc__(self, *arguments, **options):
        return np.zeros(1)

    def __array_function__(self, *arguments, **options):
        return np.ones(1, bool)

    def __array__(self, *arguments, **options):
        raise RuntimeError("no array")

    def __len__(self):
        return 1

    def __bool__(self):
        return True

    def tobytes(self, *arguments):
        raise RuntimeError("no bytes")

    @property
    def shape(self):
        raise RuntimeError("no shape")

    @property
    def nbytes(self):
        return -1

    @property
    def dtype(self):
        return np.dtype(float)

    @property
    def size(self):
        return 1


class SaysItIsAnArray:
    """No array, though it says so."""

    __class__ = np.ndarray
    shape, ndim, size, dtype, nbytes = (1, 1), 2, 1, np.dtype(float), 8

    def __array__(self, *arguments, **options):
        return np.zeros((1, 1))


class Undecided:
    """Whose class cannot be asked for."""

    @property
    def __class__(self):
        raise RuntimeError("no class")


class EveryKey(dict):
    """A dict that has every key."""

    def __contains__(self, key):
        return True

    def __getitem__(self, key):
        return np.zeros((1, 1))

    def keys(self):
        raise RuntimeError("no keys")


class EndlessTuple(tuple):
    """A tuple that never ends."""

    __slots__ = ()

    def __len__(self):
        return 3

    def __iter__(self):
        while True:
            yield np.zeros((1, 1))


class Unprintable(Exception):
    """An exception without a text."""

    def __str__(self):
        raise RuntimeError("no text")


def inside_itself():
    nested = []
    nested.append(nested)
    return nested


VALUES = {
    "nothing": None,
    "an empty dict": {},
    "an empty tuple": (),
    "an empty list": [],
    "a list of lists": [[1.0]],
    "a truth": True,
    "a string": "dW2",
    "bytes": b"dW2",
    "an ellipsis": ...,
    "NotImplemented": NotImplemented,
    "an object": object(),
    "a type": np.ndarray,
    "a module": np,
    "a function": len,
    "a set": {1.0},
    "a range": range(3),
    "a slice": slice(3),
    "a number that is too large": 10**400,
    "an imaginary number": 2j,
    "a NaN": float("nan"),
    "an infinity": float("inf"),
    "an odd number": 3.25,
    "an empty array": np.zeros((0, 0)),
    "an array of objects": np.array([[None, "x"]], dtype=object),
    "an array of strings": np.array([["0.5", "1.5"]]),
    "an array of dates": np.array(["2026-11-22"], dtype="datetime64[D]"),
    "an array of records": np.zeros(3, dtype=[("W", float), ("b", float)]),
    "a masked array": np.ma.masked_array(np.ones((2, 3)), mask=np.eye(2, 3, dtype=bool)),
    "all masked": np.ma.masked,
    "a huge array": np.broadcast_to(0.0, (10**6, 10**6)),
    "three axes": np.zeros((2, 3, 4)),
    "eight axes": np.zeros((1,) * 8),
    "a lying array": np.zeros((2, 3)).view(Liar),
    "what says it is an array": SaysItIsAnArray(),
    "what has no class": Undecided(),
    "a dict with every key": EveryKey(),
    "a dict with keys that are no strings": {1: np.ones(1), None: 2},
    "a dict of dicts": collections.defaultdict(dict),
    "a tuple without an end": EndlessTuple((1, 2, 3)),
    "a list inside of itself": inside_itself(),
    "a list of ten thousand": [0.0] * 10_000,
    "a namespace": types.SimpleNamespace(dW2=1),
    "an exception": ValueError("x"),
}


@EVERY_EXERCISE
def test_a_value_that_is_no_answer_is_refused(assignment, exercise):
    for name, value in VALUES.items():
        verdict = judged(assignment, exercise, lambda *arguments, value=value: value)
        assert verdict.passed is False, name
        assert_refused(verdict)


@EVERY_EXERCISE
def test_a_generator_is_refused(assignment, exercise):
    def endless(*arguments):
        while True:
            yield np.zeros((1, 1))

    assert_refused(judged(assignment, exercise, endless))
    assert_refused(judged(assignment, exercise, lambda *arguments: iter([])))
    assert_refused(judged(assignment, exercise, lambda *arguments: map(np.ones, arguments)))


def everywhere(change, value):
    """Change every array inside of an answer."""
    if isinstance(value, dict):
        return {key: everywhere(change, item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(everywhere(change, item) for item in value)
    return change(np.asarray(value)) if isinstance(value, np.ndarray | float | int | np.generic) else value


def short(exercise, function):
    """Let a function that trains do so for a moment only."""
    if exercise.function == "nn_model":
        return lambda X, Y, n_h, num_iterations, *more: function(X, Y, n_h, 1, *more)
    if exercise.function == "train":
        return lambda X, Y, layer_dims, num_epochs, *more: function(X, Y, layer_dims, 0, *more)
    return function


CHANGES = {
    "nothing": lambda right: None,
    "zeros": lambda right: np.zeros_like(right, dtype=float),
    "ones": lambda right: np.ones_like(right, dtype=float) * 1.01,
    "random": lambda right: np.random.default_rng(1).normal(size=right.shape),
    "NaN": lambda right: np.full(right.shape, np.nan),
    "infinity": lambda right: np.full(right.shape, np.inf),
    "an axis more": lambda right: right[None, ..., None] if right.size > 1 else np.zeros((1, 1, 2)),
    "another size": lambda right: np.vstack([np.atleast_2d(right)] * 2),
    "objects": lambda right: right.astype(object),
    "strings": lambda right: right.astype(str),
    "lies": lambda right: np.zeros_like(right, dtype=float).view(Liar),
    "half precision": lambda right: right.astype(np.float16) + np.float16(0.01),
}


@EVERY_EXERCISE
def test_an_answer_with_the_right_form_and_other_numbers_is_refused(assignment, exercise):
    right = short(exercise, question(exercise.asked).reference)
    for change in CHANGES.values():
        assert_refused(judged(assignment, exercise, lambda *given, change=change: everywhere(change, right(*given))))


@EVERY_EXERCISE
def test_an_answer_that_is_one_of_its_arguments_is_refused(assignment, exercise):
    if exercise.asked in ("one_example.db1", "one_example.db2"):
        return  # there the answer is the argument
    for number in range(len(questions(exercise, 0)[0])):
        assert_refused(judged(assignment, exercise, lambda *given, number=number: given[min(number, len(given) - 1)]))


@each([(a, e) for a, e in ASKED if e.function not in TRAINING])
def test_an_answer_that_is_right_in_the_first_call_only_is_refused(assignment, exercise):
    asked, calls = question(exercise.asked), []

    def forgets(*given):
        calls.append(1)
        return asked.reference(*given) if len(calls) == 1 else None

    assert_refused(judged(assignment, exercise, forgets))


@EVERY_FORMULA
def test_an_answer_that_drifts_from_call_to_call_is_refused(assignment, exercise):
    asked, calls = question(exercise.asked), []

    def drifts(*given):
        calls.append(1)
        return everywhere(lambda right: right * (1 + 0.001 * len(calls)) + 0.001 * len(calls), asked.reference(*given))

    assert_refused(judged(assignment, exercise, drifts))


@EVERY_FORMULA
def test_numbers_that_were_remembered_are_refused_on_another_seed(assignment, exercise):
    asked = question(exercise.asked)
    remembered = [asked.reference(*call.values()) for call in questions(exercise, 0)]
    calls = []

    def recites(*given):
        calls.append(1)
        return remembered[(len(calls) - 1) % len(remembered)]

    assert_refused(judged(assignment, exercise, recites, seed=1))


@pytest.mark.parametrize("function", TRAINING)
def test_parameters_that_were_learned_on_one_seed_are_refused_on_the_others(function):
    ((assignment, exercise),) = [(a, e) for a, e in ASKED if e.function == function]
    learned = question(exercise.asked).reference(*questions(exercise, 0)[0].values())
    assert judged(assignment, exercise, lambda *given: learned, seed=0).passed
    for seed in range(1, 8):
        assert_refused(judged(assignment, exercise, lambda *given: learned, seed=seed))


ONLY_WHERE = {
    "m is 1": lambda sizes: sizes.get("m") == 1,
    "all sizes are equal": lambda sizes: len(set(sizes.values())) <= 1,
    "there are two layers": lambda sizes: sizes.get("L", 2) == 2,
    "there is one output": lambda sizes: any(sizes.get(name) == 1 for name in ("n2", "nL", "n")),
}


@EVERY_FORMULA
def test_an_answer_that_is_right_for_some_sizes_only_is_refused(assignment, exercise):
    asked = question(exercise.asked)
    sizes = [case.sizes for case in asked.draw(0)]
    for is_there in ONLY_WHERE.values():
        there = [is_there(size) for size in sizes]
        if all(there):
            continue  # the function takes no others
        turns = iter(there)

        def only_there(*given, turns=turns):
            right = asked.reference(*given)
            return right if next(turns) else everywhere(lambda array: array + 0.01 * (1 + np.abs(array)), right)

        assert_refused(judged(assignment, exercise, only_there))


class Stop(BaseException):
    """An exception that is no Exception."""


def recurse(*arguments):
    return recurse(*arguments)


def prints_a_million_lines(*arguments):
    for _ in range(1_000_000 // 10):
        print("x\n" * 10)


def raises(error):
    def function(*arguments):
        raise error

    return function


DEEDS = {
    "raises": raises(ValueError("x" * 10_000)),
    "raises without a text": raises(Unprintable()),
    "raises what is no Exception": raises(Stop()),
    "ends a generator": raises(GeneratorExit()),
    "leaves": lambda *arguments: sys.exit(0),
    "leaves with a number": lambda *arguments: sys.exit(100.0),
    "stops an iteration": raises(StopIteration(1.0)),
    "asserts": raises(AssertionError()),
    "runs out of memory": raises(MemoryError()),
    "calls itself": recurse,
    "takes no arguments": lambda: 1.0,
    "makes warnings errors": lambda *arguments: warnings.simplefilter("error") or np.log(np.zeros(1)) * 0,
    "makes numpy raise": lambda *arguments: np.seterr(all="raise") and None,
}


@EVERY_EXERCISE
def test_a_function_that_ends_in_another_way_is_refused(assignment, exercise):
    before = np.geterr()
    for deed in DEEDS.values():
        assert_refused(judged(assignment, exercise, deed))
    assert np.geterr() == before


def test_a_million_printed_lines_are_not_kept(capsys):
    exercise = ASSIGNMENTS["ps4_two_layer"].exercise("compute_dW2")
    assert_refused(judged(ASSIGNMENTS["ps4_two_layer"], exercise, prints_a_million_lines))
    assert capsys.readouterr().out == ""


def test_an_interrupt_of_the_reader_is_not_an_answer():
    exercise = ASSIGNMENTS["ps4_two_layer"].exercise("compute_dW2")
    with pytest.raises(KeyboardInterrupt):
        judged(ASSIGNMENTS["ps4_two_layer"], exercise, raises(KeyboardInterrupt()))
    assert judged(ASSIGNMENTS["ps4_two_layer"], exercise, question(exercise.asked).reference).passed


YES = lambda *arguments, **options: True  # noqa: E731
NO_ENTRY = lambda *arguments, **options: np.zeros(1, bool)  # noqa: E731
PATCHES = {
    "np.allclose": (np, "allclose", YES),
    "np.array_equal": (np, "array_equal", YES),
    "np.any": (np, "any", lambda *arguments, **options: False),
    "np.all": (np, "all", YES),
    "np.abs": (np, "abs", lambda *arguments, **options: np.zeros(1)),
    "np.isfinite": (np, "isfinite", lambda array: np.ones(np.shape(array), bool)),
    "np.asarray": (np, "asarray", lambda *arguments, **options: np.zeros(1)),
    "np.errstate": (np, "errstate", None),
    "np.testing": (np, "testing", None),
    "np.linalg.norm": (np.linalg, "norm", lambda *arguments, **options: 0.0),
    "np.random.default_rng": (np.random, "default_rng", None),
    "time.perf_counter": (time, "perf_counter", lambda: 0.0),
    "random.random": (random, "random", lambda: 0.5),
    "isinstance": (builtins, "isinstance", YES),
    "all": (builtins, "all", YES),
    "any": (builtins, "any", lambda *arguments: False),
    "zip": (builtins, "zip", lambda *arguments, **options: []),
    "abs": (builtins, "abs", lambda number: 0),
    "bool": (builtins, "bool", lambda value: False),
    "compare.same": (compare, "same", YES),
    "compare.wrong_entries": (compare, "wrong_entries", NO_ENTRY),
    "judge.wrong_entries": (judge, "wrong_entries", NO_ENTRY),
    "judge._fault": (judge, "_fault", lambda *arguments: None),
    "judge._judge_formula": (judge, "_judge_formula", None),
    "judge.judge": (judge, "judge", None),
    "oracles.right_answer": (oracles, "right_answer", None),
    "evaluate.plain": (evaluate, "plain", None),
    "evaluate.Outcome": (evaluate, "Outcome", None),
}


@pytest.mark.parametrize("patch", PATCHES)
@each(ASKED[::9])
def test_what_a_function_replaces_while_it_runs_does_not_help_it(monkeypatch, assignment, exercise, patch):
    place, name, value = PATCHES[patch]
    monkeypatch.setattr(place, name, getattr(place, name))  # to be put back after the test
    right = short(exercise, question(exercise.asked).reference)
    zeros = iter([everywhere(lambda array: np.zeros(array.shape), right(*c.values())) for c in questions(exercise, 0)])

    def function(*arguments):
        setattr(place, name, value)
        return next(zeros)

    verdict = judged(assignment, exercise, function)
    monkeypatch.undo()
    assert_refused(verdict)


def test_what_a_function_puts_into_its_arguments_does_not_reach_the_judge():
    ps4 = ASSIGNMENTS["ps4_two_layer"]

    def update_parameters(parameters, grads, learning_rate):
        for name in list(parameters):
            parameters[name] = np.zeros((2, 2)).view(Liar)
        grads[3] = Undecided()
        grads["dW1"] = Undecided()
        return {}

    verdict = judged(ps4, ps4.exercise("update_parameters"), update_parameters)
    assert_refused(verdict)
    assert verdict.notes == ("changed-its-input",)


def test_a_function_that_empties_what_it_is_given_changes_its_own_copies_only():
    ps6 = ASSIGNMENTS["ps6_gradient_check"]

    def numerical_gradient(f, theta, epsilon=1e-5):
        for coefficients in vars(f).values():
            coefficients[...] = 0
        return np.zeros(theta.shape)

    exercise = ps6.exercise("numerical_gradient")
    assert_refused(judged(ps6, exercise, numerical_gradient, seed=7))
    assert judged(ps6, exercise, question(exercise.asked).reference, seed=7).passed


def test_a_judge_whose_tolerances_are_changed_in_place_does_not_notice():
    ps4 = ASSIGNMENTS["ps4_two_layer"]

    def compute_dW2(dZ2, A1):
        compare.TOLERANCES["float64"] = compare.Tolerance(1e9, 1e9)
        return np.zeros((len(dZ2), len(A1)))

    assert_refused(judged(ps4, ps4.exercise("compute_dW2"), compute_dW2))
    assert compare.TOLERANCES["float64"].relative < 1


@each([(a, e) for a, e in ASKED if e.function not in TRAINING])
def test_the_reference_is_still_right_after_all_that(assignment, exercise):
    assert judged(assignment, exercise, question(exercise.asked).reference).passed
