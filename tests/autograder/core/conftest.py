"""What the tests of the judge share: judging any function as the answer to an exercise."""

import tomllib
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest

from autograder.assignments import ASSIGNMENTS
from autograder.core.check import check
from autograder.core.question import Question
from autograder.core.questions import question
from autograder.core.verdict import Verdict


def of_family(name: str) -> tuple[Question, ...]:
    """Return the questions of a table."""
    table = (files("autograder.core.questions") / f"{name}.toml").read_text(encoding="utf-8")
    return tuple(map(question, tomllib.loads(table)))


def judged_as(assignment: str, name: str, function: Callable[..., Any], seed: int = 0) -> Verdict:
    """Judge a function as the answer to an exercise, whatever its own name is."""
    exercise = ASSIGNMENTS[assignment].exercise(name)
    assert exercise, name

    def answer(*arguments: Any) -> Any:
        return function(*arguments)

    answer.__name__ = name
    return check(answer, assignment=assignment, seed=seed, show=False)


@pytest.fixture
def judged() -> Callable[..., Verdict]:
    """Judge a function as the answer to an exercise of ps4."""
    return lambda name, function, seed=0: judged_as("ps4_two_layer", name, function, seed)
