"""What the tests of the judge share: judging any function as the answer to an exercise."""

from collections.abc import Callable
from typing import Any

import pytest

from autograder.assignments import ASSIGNMENTS
from autograder.core.check import check
from autograder.core.verdict import Verdict

PS4 = ASSIGNMENTS["ps4_two_layer"]


@pytest.fixture
def judged() -> Callable[..., Verdict]:
    """Judge a function as the answer to an exercise of ps4, whatever its own name is."""

    def judge(name: str, function: Callable[..., Any], seed: int = 0) -> Verdict:
        def answer(*arguments: Any) -> Any:
            return function(*arguments)

        answer.__name__ = name
        return check(answer, assignment="ps4_two_layer", seed=seed, show=False)

    return judge
