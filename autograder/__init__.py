"""The autograder: checks an equation that a student wrote, and names the mistake.

    from autograder import check, hint, set_assignment

    set_assignment("ps4_two_layer")
    check(compute_dW2)          # prints the verdict and returns it
    hint(compute_dW2)           # prints the next hint

The checking core (`autograder.core`) is pure Python and numpy. What needs notebooks, processes or nbgrader lives in
other modules, which the core never imports. Names are looked up when they are first used, so that a student's process,
which imports `autograder.guest` alone, holds no reference equation and no judge.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.core.check import check, checks_for, set_assignment
    from autograder.core.exercise_hints import hint
    from autograder.core.verdict import Verdict
    from autograder.equations import ForwardPass
    from autograder.guest.stand_in import once_written

__all__ = ["ForwardPass", "Verdict", "check", "checks_for", "hint", "once_written", "set_assignment"]

_HOMES = {
    "ForwardPass": "equations",
    "Verdict": "core.verdict",
    "check": "core.check",
    "checks_for": "core.check",
    "hint": "core.exercise_hints",
    "once_written": "guest.stand_in",
    "set_assignment": "core.check",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'autograder' has no attribute {name!r}")
    return getattr(import_module(f"autograder.{_HOMES[name]}"), name)
