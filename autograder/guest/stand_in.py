"""What a student's notebook finds under the name `autograder` while it is being graded: everything, and nothing in it.

The verdict falls outside this process, so here `check` only has to be harmless.
"""

import sys
from types import ModuleType
from typing import Any


class NoVerdict:
    """Answers every question about a verdict with nothing."""

    passed = None
    points = 0.0
    max_points = 0.0
    mistake = None
    message = ""
    notes = ()
    parts = ()


def check(*arguments: Any, **options: Any) -> NoVerdict:
    """Take what `autograder.check` takes, and decide nothing."""
    return NoVerdict()


def install() -> None:
    """Put the stand-in where `import autograder` finds it."""
    module = ModuleType("autograder", "The checks run elsewhere while a notebook is graded.")
    module.check = check  # type: ignore[attr-defined]
    module.Verdict = NoVerdict  # type: ignore[attr-defined]
    module.set_assignment = lambda name: None  # type: ignore[attr-defined]
    module.checks_for = lambda name: ()  # type: ignore[attr-defined]
    sys.modules["autograder"] = module
