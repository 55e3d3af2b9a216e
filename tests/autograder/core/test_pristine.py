"""A notebook that replaces what the judge is made of fools only itself."""

import builtins
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.core import compare, judge
from autograder.core.check import check
from autograder.core.module_guard import ModuleGuard
from course_lib import two_layer


def wrong(dZ2, A1):
    return dZ2 @ A1.T


wrong.__name__ = "compute_dW2"


def always(value: Any) -> Callable[..., Any]:
    return lambda *arguments, **options: value


@pytest.mark.parametrize(
    ("place", "name", "value"),
    [
        (np, "allclose", always(True)),
        (np, "any", always(False)),
        (np, "all", always(True)),
        (np, "abs", always(np.zeros(1))),
        (np, "array", always(np.zeros(1))),
        (np.linalg, "norm", always(0.0)),
        (builtins, "isinstance", always(True)),
        (builtins, "bool", always(False)),
        (time, "perf_counter", always(0.0)),
        (compare, "same", always(True)),
        (compare, "wrong_entries", always(np.zeros(1, bool))),
        (judge, "wrong_entries", always(np.zeros(1, bool))),
        (judge, "_fault", always(None)),
        (judge, "judge", always(None)),
        (two_layer, "dW2", wrong),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_notebook_replaces_does_not_reach_the_judge(monkeypatch, place, name, value):
    with monkeypatch.context() as patched:
        patched.setattr(place, name, value)
        verdict = check(wrong, assignment="ps4_two_layer", show=False)
        assert vars(place)[name] is value, "the notebook keeps its own"
    assert (verdict.passed, verdict.mistake) == (False, "missing-mean")


def test_a_function_that_replaces_while_it_is_called_does_not_reach_the_judge_either(monkeypatch):
    monkeypatch.setattr(judge, "_fault", judge._fault)

    def compute_dW2(dZ2, A1):
        judge._fault = always(None)
        return dZ2 @ A1.T

    assert check(compute_dW2, assignment="ps4_two_layer", show=False).mistake == "missing-mean"
    assert judge._fault("", []) is None, "the notebook has what it put there"


def test_a_students_function_runs_with_what_the_notebook_replaced(monkeypatch):
    sums = []

    def counted(*arguments, **options):
        sums.append(1)
        return np.add.reduce(*arguments, **options)

    def compute_db2(dZ2):
        return np.sum(dZ2, axis=1, keepdims=True) / dZ2.shape[1]

    monkeypatch.setattr(np, "sum", counted)
    assert check(compute_db2, assignment="ps4_two_layer", show=False).passed
    assert len(sums) == 5, "once a case, and never by the judge"


def test_what_is_restored_is_said_and_can_be_undone(monkeypatch):
    guard = ModuleGuard()
    monkeypatch.setattr(time, "sleep", always(None))
    monkeypatch.delattr(np, "allclose")
    monkeypatch.setattr(np, "my_own", 1, raising=False)
    sleep = time.sleep
    changes = guard.restore()
    assert {name for _, name, _ in changes} == {"sleep", "allclose"}
    assert time.sleep is not sleep
    assert np.allclose(1, 1)
    assert np.my_own == 1
    guard.put_back(changes)
    assert time.sleep is sleep
    assert not hasattr(np, "allclose")
