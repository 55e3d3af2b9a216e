"""Call a function of the notebook, or look up a name of it, for a lecturer's own test that runs elsewhere.

Unlike a question of the course, a test may call anything with anything, and look at what became of the arguments.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.guest.evaluate import failure_of, silence, unchanged
from autograder.protocol.crossing import random_state, received, sent, set_random_state


def look_up(namespace: Mapping[str, Any], name: str) -> Any:
    """Return ("value", it), ("function",), ("module", its name), or None where there is no such name."""
    if name not in namespace:
        return None
    value = namespace[name]
    if isinstance(value, type(np)):
        return "module", str(value.__name__)
    return ("function",) if callable(value) else ("value", sent(value))


def call(namespace: Mapping[str, Any], name: str, arguments: list[Any], options: dict[str, Any], state: Any) -> Any:
    """Call a function; return ("returned", its value, the arguments if it changed any, the state) or a Failure.

    Parameters
    ----------
    namespace : of the notebook
    name : of the function
    arguments, options : as `crossing.sent` makes them
    state : of the random numbers, from where the test draws its own; None leaves them alone
    """
    given, before = (received([arguments, options], namespace) for _ in range(2))
    try:
        if state is not None:
            set_random_state(state)
        with silence():
            value = namespace[name](*given[0], **given[1])
        changed = None if _same(before, given) else sent(given, depth=6)
        return "returned", sent(value), changed, None if state is None else random_state()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return failure_of(error)


def _same(before: Any, after: Any) -> bool:
    try:
        return unchanged(before, after)
    except Exception:  # of an object of the student's, to which an argument was set
        return False
