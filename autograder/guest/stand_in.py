"""Stubs for a student's notebook while it is graded: the package `autograder`, and withheld functions.

The verdict falls outside this process, so here `check` only has to be harmless.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NoReturn

NOT_HERE = "The verdict stands at the check that was handed out."


class NoPoints(float):
    """All points of a function, and what is computed of them: a number that a cell does not show."""

    def __repr__(self) -> str:
        return NOT_HERE

    __str__ = __repr__

    def __format__(self, form: str) -> str:
        return NOT_HERE


def _kept(name: str) -> Callable[..., Any]:
    def operation(*numbers: Any) -> Any:
        found = getattr(float, name)(*numbers)
        return NoPoints(found) if type(found) is float else found

    return operation


for _name in "add radd sub rsub mul rmul truediv rtruediv neg round".split():  # noqa: SIM905
    setattr(NoPoints, f"__{_name}__", _kept(f"__{_name}__"))


class NoVerdict:
    """A verdict that says nothing; who asks it goes on, as after an answer that is right."""

    equation = mistake = picture = None
    passed = True
    seen = hint = read = message = ""
    notes = parts = ()

    def __init__(self, function: str = "", points: float = 0.0) -> None:
        """Take the function's name, and what it is worth."""
        self.function = function
        self.points = self.max_points = NoPoints(points)

    def as_json(self) -> dict[str, Any]:
        """Return what there is, under the names that a verdict has."""
        names = "equation function passed points max_points mistake message".split()  # noqa: SIM905
        return {"id": f"check-{self.function}", **{name: getattr(self, name) for name in names}, "notes": []}

    def __repr__(self) -> str:
        return NOT_HERE


worth: dict[str, float] = {}
"""What each function that the notebook asks is worth."""


class NoForwardPass:
    """Accepts the arguments of `autograder.ForwardPass`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Take them."""

    def gradient(self, *arguments: Any, **options: Any) -> None:
        """Accept the arguments of a declaration."""


def check(function: Any = None, **options: Any) -> NoVerdict:
    """Accept the arguments of `autograder.check`, and decide nothing."""
    names = sys._getframe(1).f_globals
    own = getattr(function, "__name__", "")
    name = own if own in worth else next((name for name in worth if names.get(name) is function), own)
    return NoVerdict(name, worth.get(name, 0.0))


def hint(function: Any = None, **options: Any) -> None:
    """Accept the arguments of `autograder.hint`, and tell nothing."""


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
    module.hint = hint  # type: ignore[attr-defined]
    module.Verdict = NoVerdict  # type: ignore[attr-defined]
    module.set_assignment = lambda *arguments, **options: None  # type: ignore[attr-defined]
    module.checks_for = lambda name: ()  # type: ignore[attr-defined]
    module.once_written = once_written  # type: ignore[attr-defined]
    sys.modules["autograder"] = module
