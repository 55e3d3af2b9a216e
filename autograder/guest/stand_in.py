"""Stubs for a student's notebook while it is graded: the package `autograder`, and withheld functions.

The verdict falls outside this process, so here `check` only has to be harmless.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NoReturn

NOT_HERE = "The verdict stands at the check that was handed out."


class NoPoints(float):
    """A number that a cell does not show as points."""

    __str__ = float.__repr__

    def __repr__(self) -> str:
        return NOT_HERE


class NoVerdict:
    """A verdict that says nothing; who asks it goes on, as after an answer that is right."""

    passed = True
    points = NoPoints()
    max_points = NoPoints()
    mistake = None
    message = ""
    notes = ()
    parts = ()

    def __repr__(self) -> str:
        return NOT_HERE


class NoForwardPass:
    """Accepts the arguments of `autograder.ForwardPass`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Take them."""

    def gradient(self, *arguments: Any, **options: Any) -> None:
        """Accept the arguments of a declaration."""


def check(*arguments: Any, **options: Any) -> NoVerdict:
    """Accept the arguments of `autograder.check`, and decide nothing."""
    return NoVerdict()


@contextmanager
def once_written() -> Iterator[None]:
    """Run a block; print a sentence, in the place of an error, where a function is not written yet, or wrong.

    A notebook that is run as a whole then goes on to the cells that do not need it.

    >>> with once_written():
    ...     raise NotImplementedError
    Write <module> first, then run this cell again.
    >>> with once_written():
    ...     [1, 2][5]
    This cell stopped: IndexError: list index out of range. The checks above say which function is wrong.
    """
    try:
        yield
    except NotImplementedError as error:
        trace = error.__traceback__
        while trace and trace.tb_next:
            trace = trace.tb_next
        name = trace.tb_frame.f_code.co_name if trace else "the function"
        print(f"Write {name} first, then run this cell again.")  # noqa: T201
    except Exception as error:
        text = str(error).strip().rstrip(".")
        said = f"{type(error).__name__}{': ' if text else ''}{text[:300]}"
        print(f"This cell stopped: {said}. The checks above say which function is wrong.")  # noqa: T201


class Withheld:
    """A function or table that can be imported and named, and not used."""

    def __init__(self, name: str) -> None:
        """Take its full name."""
        self.__name__ = name

    def _refuse(self, *arguments: Any, **options: Any) -> NoReturn:
        raise RuntimeError(f"{self.__name__} is withheld while a notebook is graded")

    __call__ = __getitem__ = __iter__ = __len__ = __contains__ = _refuse

    def __or__(self, other: Any) -> "Withheld":
        return self  # it may stand in an annotation, `str | Activation`

    __ror__ = __or__

    def __repr__(self) -> str:
        return f"<{self.__name__}, withheld>"


def attribute(module: str, name: str) -> Withheld:
    """Answer a module's `__getattr__`."""
    if name.startswith("__"):
        raise AttributeError(name)
    return Withheld(f"{module}.{name}")


def install() -> None:
    """Put the stand-in where `import autograder` finds it."""
    module = ModuleType("autograder", "The checks run elsewhere while a notebook is graded.")
    module.ForwardPass = NoForwardPass  # type: ignore[attr-defined]
    module.check = check  # type: ignore[attr-defined]
    module.Verdict = NoVerdict  # type: ignore[attr-defined]
    module.set_assignment = lambda *arguments, **options: None  # type: ignore[attr-defined]
    module.checks_for = lambda name: ()  # type: ignore[attr-defined]
    module.once_written = once_written  # type: ignore[attr-defined]
    sys.modules["autograder"] = module
