"""The questions of the judge, a module for each family of equations."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from autograder.core.question import Question
from course_lib.names import suggestion

FAMILIES = (
    *("neuron", "activation", "one_example", "two_layer", "layer", "deep", "losses", "proofs"),
    *("gradient_check", "initialization", "errata", "training", "batches"),
)


@cache
def all_questions() -> Mapping[str, Question]:
    """Return every question by its id."""
    found: dict[str, Question] = {}
    for family in FAMILIES:
        for asked in import_module(f"autograder.core.questions.{family}").QUESTIONS:
            assert asked.id not in found, asked.id
            found[asked.id] = asked
    return MappingProxyType(found)


def question(id: str) -> Question:
    """Look a question up by its id, as `Exercise.asked` gives it.

    Raises
    ------
    KeyError
        If there is none; the message names the nearest one.
    """
    known = all_questions()
    if id not in known:
        raise KeyError(f"no question {id!r}; {suggestion(id, known)}")
    return known[id]
