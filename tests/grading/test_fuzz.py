"""Whatever comes out of a student's process or file, the trusted side gives a verdict, or says what is wrong with it.

The search over the wire, in both directions, and the one over files each go on for FUZZ_SECONDS: a minute in
`make test-all`, an hour in `make test-nightly`.
"""

import contextlib
import functools
import json
import os
import resource
import struct
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from autograder.assignments import ASSIGNMENTS
from autograder.core.check import questions
from autograder.core.judge import judge
from autograder.core.questions import question
from autograder.core.render import html, text
from autograder.grade.autograded import written
from autograder.grade.collect import SubmittedFile, Unreadable, opened
from autograder.grade.grader import Job, recognised
from autograder.grade.lateness import parsed_time
from autograder.grade.records import verdict_of, verdict_row
from autograder.grade.release import Release
from autograder.grade.restore import restore
from autograder.guest.evaluate import evaluate
from autograder.protocol import notebook as notebook_file
from autograder.protocol import wire
from autograder.protocol.notebook import Cell
from autograder.protocol.values import Failure, Opaque, Outcome, ScalarFunction, plain
from autograder.sandbox.apart import calls
from autograder.sandbox.outputs import CellOutputs, TooMuch

SECONDS = float(os.environ.get("FUZZ_SECONDS", "60"))
EXERCISES = [exercise for assignment in ASSIGNMENTS.values() for exercise in assignment.exercises]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning"),  # that what was drawn is long
]


def searched(*properties: Callable[[], None], share: float = 1 / 3) -> None:
    """Try properties in turn, with new examples each time, until their share of the time is up."""
    until = time.monotonic() + SECONDS * share
    some = settings(max_examples=100, database=None, suppress_health_check=list(HealthCheck))
    tried = [some(each) for each in properties]
    while time.monotonic() < until:
        for each in tried:
            each()


# --- what may stand in a message --------------------------------------------------------------------------------------

texts = st.text(max_size=12) | st.sampled_from(
    ["nan", "inf", "display", "call", "pages", "\ud800", "\x1b[31m", "x" * 500]
)
numbers = (
    st.integers(-(10**70), 10**70)
    | st.floats()
    | st.sampled_from([0, -1, 2**31, 2**63, 2**64, 10**300, 10**400, True, None, float("nan"), float("inf"), -0.0])
)
dtypes = st.sampled_from(
    ["|b1", "|i1", "<i4", "<i8", "|u1", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16", ">f8", "|O", "<M8[s]"]
)
sizes = st.integers(0, 5) | st.sampled_from([-1, 2**24, 2**62, 10**30, True, 1.0, "1"])
leaves = (
    st.builds(lambda value: ["v", value], numbers | texts)
    | st.builds(lambda *node: ["a", *node], dtypes, st.lists(sizes, max_size=4), st.integers(-1, 64))
    | st.builds(lambda name: ["o", name], texts | numbers)
    | st.builds(lambda *node: ["f", *node], texts, texts, texts, texts | numbers)
)
nodes = st.recursive(
    leaves,
    lambda inner: (
        st.builds(lambda kind, items: [kind, items], st.sampled_from("tlsrx"), st.lists(inner, max_size=3))
        | st.builds(lambda items: ["d", items], st.lists(st.tuples(texts | numbers, inner), max_size=3))
        | st.builds(lambda items: ["s", *items], st.lists(inner, min_size=3, max_size=5))
        | st.builds(lambda *node: ["r", *node], inner, inner, st.lists(texts | numbers, max_size=2), numbers)
    ),
    max_leaves=8,
)
mutations = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 255), st.sampled_from("rid")), min_size=1, max_size=6
)


def mutated(content: bytes, changes: list[tuple[int, int, str]]) -> bytes:
    """Return bytes with some replaced, inserted or deleted."""
    changed = bytearray(content)
    for place, byte, how in changes:
        at = place % (len(changed) + 1)
        changed[at : at + (how != "i")] = b"" if how == "d" else bytes([byte])
    return bytes(changed)


def cut(message: bytes) -> tuple[bytes, bytes]:
    (length, _) = struct.unpack("<II", message[:8])
    return message[8 : 8 + length], message[8 + length :]


arrays = npst.arrays(
    npst.boolean_dtypes() | npst.integer_dtypes() | npst.floating_dtypes() | npst.complex_number_dtypes(),
    npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
returned = st.recursive(
    arrays | st.none() | st.builds(Opaque, st.text(max_size=90)) | numbers.map(plain),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(
            texts | st.sampled_from(["dW1", "db1", "W1", "b1", "Z1", "A1", "dw", "db"]), inner, max_size=5
        )
    ),
    max_leaves=12,
)
failures = st.builds(Failure, st.sampled_from(["ValueError", "MemoryError", "NotImplementedError", ""]), *[texts] * 5)
outcomes = st.builds(
    Outcome, returned.map(plain), st.none(), st.lists(texts, max_size=2).map(tuple), st.floats(0, 1e6)
) | st.builds(lambda failure: Outcome(None, failure), failures)


@contextlib.contextmanager
def little_memory(more: int = 2**29):
    """Let this process take no more than so much beyond what it has."""
    taken = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (taken + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@functools.cache
def right_answers(exercise):
    return evaluate(question(exercise.asked).reference, questions(exercise, 0))


def outcomes_like(outcome):
    """Draw outcomes with the form of a right one, and other things in places of it."""

    def like(value):
        if isinstance(value, dict):
            return st.fixed_dictionaries({name: like(item) for name, item in value.items()}) | returned
        if isinstance(value, tuple | list):
            return st.tuples(*map(like, value)).map(type(value)) | returned
        if not isinstance(value, np.ndarray):
            return st.just(value)
        kinds = st.sampled_from(["?", "i1", "i8", "u8", "f2", "f4", "f8", "c8", "c16"])
        same_shape = kinds.flatmap(lambda kind: npst.arrays(np.dtype(kind), value.shape))
        return st.just(value) | same_shape | returned | st.builds(ScalarFunction, *[st.just(value)] * 4)

    return like(outcome.value).map(lambda value: replace(outcome, value=plain(value)))


def judged(exercise, answers):
    """Judge, and do with the verdict what grading does with it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        verdict = judge(exercise, answers, 0)
    assert verdict.passed in (True, False)
    assert 0 <= verdict.points <= exercise.points
    row = json.loads(json.dumps(verdict_row(verdict)))
    assert text(verdict_of(row)) == text(verdict)
    html(verdict)
    return verdict


@given(nodes, st.binary(max_size=64))
def any_structure(node, payload):
    with contextlib.suppress(wire.WireError):
        wire.unpack(json.dumps(node).encode("utf-8", "backslashreplace"), payload)


@given(st.binary(max_size=200), st.binary(max_size=64))
def any_bytes(header, payload):
    with contextlib.suppress(wire.WireError):
        wire.unpack(header, payload)


@given(st.lists(outcomes, max_size=3), mutations)
def nearly_an_answer(answer, changes):
    header, payload = cut(wire.pack(answer))
    with contextlib.suppress(wire.WireError):
        wire.unpack(mutated(header, changes), payload)


@given(returned, st.integers(0, len(EXERCISES) - 1))
def what_a_function_returns(value, number):
    answers = evaluate(lambda *arguments: value, questions(EXERCISES[number], 0))
    judged(EXERCISES[number], wire.unpack(*cut(wire.pack(answers))))


@given(st.data(), st.integers(0, len(EXERCISES) - 1))
def answers_of_any_form(data, number):
    exercise = EXERCISES[number]
    right = right_answers(exercise)
    answers = [data.draw(outcomes | outcomes_like(one)) if data.draw(st.booleans()) else one for one in right]
    judged(exercise, wire.unpack(*cut(wire.pack(answers))))


@given(
    st.sampled_from(["np.add", "round", "no"]),
    st.lists(returned, max_size=3),
    st.dictionaries(texts, returned, max_size=2),
)
def calls_of_what_is_served(name, arguments, options):
    answer = calls({"np.add": np.add, "round": round})((name, arguments, options))
    assert isinstance(answer, Failure) or wire.pack(answer)


@given(arrays | st.none() | texts, arrays | st.none() | texts)
def pages_of_any_form(lengths, row):
    with contextlib.suppress(notebook_file.NoNotebook):
        notebook_file.unflat(lengths, row)


json_values = st.recursive(
    numbers.filter(lambda value: not isinstance(value, complex)) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)
pieces = st.fixed_dictionaries(
    {"output_type": st.sampled_from(["stream", "display_data", "execute_result", "error", "clear", "cut"])},
    optional={
        "name": st.sampled_from(["stdout", "stderr", 1]),
        "text": texts | json_values,
        "data": st.dictionaries(
            st.sampled_from(["text/plain", "text/html", "image/png", "x"]), json_values, max_size=3
        ),
        "metadata": json_values,
        "execution_count": numbers,
        "display_id": texts | numbers,
        "ename": texts,
        "evalue": texts,
        "traceback": st.lists(texts | numbers, max_size=3),
        "wait": json_values,
    },
)


@given(st.lists(st.lists(pieces | json_values, max_size=3) | json_values, max_size=4), mutations, st.booleans())
def what_is_shown(many, changes, whole):
    shown = CellOutputs()
    for each in many:
        piece = json.dumps(each).encode("utf-8", "backslashreplace")
        with contextlib.suppress(TooMuch):
            shown.take(piece if whole else mutated(piece, changes))
    json.dumps(shown.outputs()).encode()


def test_what_a_guest_sends_is_plain_values_or_is_refused():
    with little_memory():
        searched(any_structure, any_bytes, nearly_an_answer, pages_of_any_form, what_is_shown, calls_of_what_is_served)


def test_every_answer_that_can_come_gets_a_verdict():
    searched(what_a_function_returns, answers_of_any_form)


# --- what a student's function may return, and what it is asked with --------------------------------------------------

odd_values = st.sampled_from(
    [
        lambda: np.float128(1) if hasattr(np, "float128") else 1.0,
        lambda: np.ma.masked_array([1.0, 2.0], [True, False]),
        lambda: np.array([{}, []], dtype=object),
        lambda: np.rec.array([(1, 2.0)]),
        lambda: np.array("text"),
        lambda: np.matrix([[1.0]]),
        lambda: 10**400,
        lambda: {1: 2},
        lambda: (x for x in []),
        lambda: float("nan"),
        lambda: type("Sub", (list,), {"__iter__": lambda self: 1 / 0, "__len__": lambda self: -1})([1.0]),
        lambda: type("Sub", (np.ndarray,), {"shape": (-1,), "nbytes": 0, "dtype": "x"})((2,)),
        lambda: np.empty((0, 3, 0)),
        lambda: np.broadcast_to(1.0, (3, 10**9)),
        lambda: np.float64("inf"),
        lambda: True,
        lambda: b"bytes",
        lambda: print,
        lambda: 1 / 0,
    ]
)


@given(
    st.lists(odd_values, min_size=1, max_size=3),
    st.sampled_from([list, tuple, lambda many: many[0], lambda many: {"a": many}]),
)
def what_python_can_return(makers, packed):
    (outcome,) = evaluate(lambda: packed([make() for make in makers]), [{}])
    (arrived,) = wire.unpack(*cut(wire.pack([outcome])))
    assert (arrived.failure is None) == (outcome.failure is None)


@given(arrays.map(lambda array: array.astype(array.dtype.newbyteorder(), copy=False)))
def numbers_of_any_width_and_order(array):
    (outcome,) = evaluate(lambda: array, [{}])
    (arrived,) = wire.unpack(*cut(wire.pack([outcome])))
    np.testing.assert_array_equal(arrived.value, array)


arguments = st.dictionaries(
    st.from_regex(r"[A-Za-z]\w{0,3}", fullmatch=True),
    arrays.map(plain) | st.text() | st.floats() | st.booleans(),
    max_size=4,
)


@given(arguments)
def what_is_asked(given_to_it):
    """The other direction: what this side sends comes out as it was."""
    arrived = wire.unpack(*cut(wire.pack(("evaluate", "f", [given_to_it], []))))
    assert arrived[:2] == ("evaluate", "f")
    for name, value in given_to_it.items():
        got = arrived[2][0][name]
        np.testing.assert_array_equal(got, value)


def test_what_goes_in_and_what_python_returns_crosses_the_channel():
    searched(what_python_can_return, numbers_of_any_width_and_order, what_is_asked)


# --- files of notebooks -----------------------------------------------------------------------------------------------


class Reader:
    """Takes a file apart as a guest does, without a process."""

    def read(self, content: bytes, seconds: float) -> notebook_file.Notebook:
        answer = wire.unpack(*cut(wire.pack(("pages", *notebook_file.flat(notebook_file.read(content))))))
        return notebook_file.unflat(answer[1], answer[2])


ASSIGNMENT = ASSIGNMENTS["ps4_two_layer"]
IDS = [id for exercise in ASSIGNMENT.exercises[:3] for id in (exercise.id, exercise.id.replace("check", "answer"))]
CHECK, ANSWER = frozenset({"locked", "grade"}), frozenset({"solution"})
CELLS = {id: Cell("code", f"# {id}", id, id, CHECK if id.startswith("check") else ANSWER, 1.0) for id in IDS} | {
    "proof": Cell("markdown", "Prove it.", "proof", "proof", frozenset({"grade", "solution"}), 2.0)
}
JOB = Job(ASSIGNMENT, ASSIGNMENTS, {}, Release(CELLS, places=frozenset(CELLS)), 0)

ids = st.sampled_from([*CELLS, "own"]) | texts | numbers
noted = st.fixed_dictionaries(
    {},
    optional={
        "grade_id": ids,
        "grade": numbers,
        "solution": numbers,
        "locked": numbers,
        "task": numbers,
        "points": numbers | texts,
        "schema_version": numbers,
    },
)
sources = (
    st.text(max_size=60)
    | st.lists(st.text(max_size=20), max_size=3)
    | st.just("def compute_dZ2(A2, Y):\n    return A2 - Y")
)
cells = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown", "raw", "heading", "x", 1]), "source": sources | json_values},
    optional={
        "id": ids,
        "metadata": st.fixed_dictionaries({}, optional={"nbgrader": noted | json_values}) | json_values,
        "outputs": json_values,
        "attachments": json_values,
        "input": sources,
        "level": numbers,
    },
)
files = st.fixed_dictionaries(
    {"cells": st.lists(cells | json_values, max_size=6), "nbformat": st.sampled_from([4, 3, 2, 1, 5, "4", None])},
    optional={
        "metadata": st.fixed_dictionaries(
            {},
            optional={"backprop_course": json_values, "kernelspec": st.dictionaries(st.just("name"), texts | numbers)},
        )
        | json_values,
        "worksheets": st.lists(st.fixed_dictionaries({"cells": st.lists(cells, max_size=3)}), max_size=2) | json_values,
        "nbformat_minor": numbers,
    },
)


def graded_without_running(content: bytes) -> None:
    """Do with a file all that grading does, but run and judge."""
    try:
        notebook = opened(SubmittedFile("x.ipynb", content), Reader())
    except Unreadable as error:
        said = str(error)
        assert said.isprintable()
        return
    assignment, by, _ = recognised(JOB, notebook)
    restored = restore(notebook, JOB.release, assignment, of_this_release=True, recognised_by=by)
    verdicts = {e.id: judge(e, evaluate(lambda *a: None, questions(e, 0))) for e in assignment.exercises}
    whole = written(restored, verdicts, {}, JOB.release, JOB.texts)
    nbformat.validate(nbformat.reads(whole.decode(), as_version=4))
    json.dumps([trouble.as_json() for trouble in restored.troubles]).encode()


@given(files)
def notebooks(data):
    graded_without_running(json.dumps(data).encode("utf-8", "backslashreplace"))


@given(files, mutations)
def nearly_notebooks(data, changes):
    graded_without_running(mutated(json.dumps(data).encode("utf-8", "backslashreplace"), changes))


pieces_of_time = (
    "2026 11 29 12:00 Jan 1e9 9999999999 UTC +99 -2500 EST5EDT T Z am .. / /etc/localtime , \ud800 inf 0:0-24"
)
times = (
    st.text(max_size=40)
    | st.from_regex(r"[0-9:/.,TZ+\-eE ]{1,30}", fullmatch=True)
    | st.lists(st.sampled_from(pieces_of_time.split()), max_size=6).map(" ".join)
)


@given(times)
def timestamps(text):
    when = parsed_time(text)
    assert when is None or when.tzinfo is None


def test_every_file_is_a_notebook_or_is_refused_in_a_sentence():
    searched(notebooks, nearly_notebooks, timestamps, share=1)
