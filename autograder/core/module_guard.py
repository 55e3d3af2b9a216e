"""Judge with the modules as they were when the judge was loaded, not as a notebook has patched them.

A notebook that replaces `np.allclose`, `time.sleep` or a function of the judge's own changes that for itself alone: its
functions run with its replacements, and everything around them without.
"""

import builtins
import math
import operator
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat
from typing import Any

import numpy as np

_MISSING = object()
_OURS = ("autograder.assignments", "autograder.core", "autograder.guest", "autograder.protocol", "course_lib")
Change = tuple[Any, str, Any]
"""A module or a class, one of its names, and what the notebook has put there."""


def _guarded() -> Iterator[Any]:
    yield from (builtins, math, random, time, np, np.linalg, np.random)
    for name, module in list(sys.modules.items()):
        if name.startswith(_OURS):
            yield module
            yield from (item for item in vars(module).values() if isinstance(item, type) and item.__module__ == name)


class ModuleGuard:
    """The contents of the guarded modules and classes, as they were when this was made."""

    def __init__(self) -> None:
        """Remember every name of every module and class."""
        # Lists beside the dicts: `restore` runs around every call of a student's function, and compares thousands.
        self._held = [
            (place, held, list(held), list(held.values())) for place in _guarded() for held in [dict(vars(place))]
        ]

    def restore(
        self, all: Any = all, map: Any = map, is_: Any = operator.is_, repeat: Any = repeat, setattr: Any = setattr
    ) -> list[Change]:
        """Put back replaced and removed names, leave added ones, and return the changes.

        What it needs for that it holds as its own defaults, since these names may be replaced too.
        """
        changes: list[Change] = []
        for place, held, names, values in self._held:
            now = place.__dict__
            if all(map(is_, map(now.get, names, repeat(_MISSING)), values)):
                continue
            for name, value in held.items():
                found = now.get(name, _MISSING)
                if found is not value and not name.startswith("__"):
                    changes.append((place, name, found))
                    setattr(place, name, value)
        return changes

    @staticmethod
    def put_back(changes: list[Change]) -> None:
        """Apply again the changes that `restore` undid."""
        for place, name, value in changes:
            if value is _MISSING:
                delattr(place, name)
            else:
                setattr(place, name, value)

    @contextmanager
    def restored(self) -> Iterator[Callable[[Callable[..., Any]], Callable[..., Any]]]:
        """Restore everything for a while; yields a context in which the notebook's changes hold again."""
        changes = self.restore()

        def as_in_the_notebook(function: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any, **options: Any) -> Any:
                nonlocal changes
                self.put_back(changes)
                try:
                    return function(*arguments, **options)
                finally:
                    changes = self.restore()

            return call

        try:
            yield as_in_the_notebook
        finally:
            self.put_back(changes)
