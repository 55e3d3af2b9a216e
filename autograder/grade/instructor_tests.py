"""A lecturer's own test cells, run on the trusted side: the names of the notebook are stand-ins for the student's.

A call of a student's function goes to the student's process as plain arrays, numbers and texts, and so does its answer
come back. `np.allclose`, `assert` and whatever else a test uses are those of this process, out of the student's reach.
"""

import ast
import builtins
import contextlib
import io
import json
import os
import traceback
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograder.protocol.values import Failure, Opaque
from autograder.sandbox.apart import TrustedFork
from autograder.sandbox.launch import NotStarted
from autograder.sandbox.outputs import cleaned
from autograder.sandbox.process import KINDS, Ended, EndedByTime, Guest

HELPERS = """
def __sent(value):
    if isinstance(value, str):
        import numpy
        return {"__text": numpy.frombuffer(value.encode("utf-8", "replace"), numpy.uint8)}
    if isinstance(value, dict):
        return {name: __sent(item) for name, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(__sent(item) for item in value)
    return value
def __called(name, arguments, options):
    return __sent(globals()[name](*arguments, **options))
def __looked_up(name):
    value = globals().get(name, __called)
    if value is __called:
        raise NameError(name)
    return (callable(value), None if callable(value) else __sent(value))
"""
"""Put into the student's process; what it does with them is its own affair."""

MAX_TEXT = 20_000


class Gone(RuntimeError):
    """An error in a test: the student's process has ended."""


def _plain_numbers(value: Any) -> Any:
    """Convert 0-d arrays back to numbers, as the function returned them."""
    if isinstance(value, np.ndarray):
        return value if value.ndim else value.item()
    if isinstance(value, dict):
        if list(value) == ["__text"] and isinstance(value["__text"], np.ndarray):
            return value["__text"].tobytes().decode("utf-8", "replace")
        return {name: _plain_numbers(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_plain_numbers(item) for item in value)
    if isinstance(value, Opaque):
        raise TypeError(f"a value of the type {value.type_name} cannot be brought to a test; numbers and arrays can")
    return value


def _raised(failure: Failure) -> BaseException:
    """Return the exception that a student's function raised, as one of this process."""
    kind = getattr(builtins, failure.name, None)
    said = RuntimeError(f"{failure.name}: {failure.text}")
    try:
        return kind(failure.text) if isinstance(kind, type) and issubclass(kind, Exception) else said
    except Exception:  # noqa: BLE001  (one that wants other arguments)
        return said


class _Names(dict[str, Any]):
    """The namespace of a test: the lecturer's own names, and stand-ins for all others of the notebook."""

    def __init__(self, guest: Guest, seconds: float) -> None:
        super().__init__(__name__="__main__", __builtins__=builtins)
        self._guest = guest
        self._seconds = seconds
        self._charged_before = guest.charged
        self.ended: Ended | None = None

    def _asked(self, function: str, **arguments: Any) -> Any:
        if self.ended:
            raise Gone("the student's process has ended")
        left = self._seconds - (self._guest.charged - self._charged_before)
        try:
            if left <= 0:
                raise EndedByTime
            outcomes = self._guest.evaluate(function, [arguments], left)
        except Ended as ended:
            late = EndedByTime(f"its calls together took longer than {self._seconds:g} seconds")
            self.ended = late if isinstance(ended, EndedByTime) else ended
            raise Gone(str(self.ended)) from ended
        if outcomes is None:
            raise NameError(function)
        if outcomes[0].failure:
            raise _raised(outcomes[0].failure)
        return _plain_numbers(outcomes[0].value)

    def __missing__(self, name: str) -> Any:
        if hasattr(builtins, name) or name.startswith("__"):
            raise KeyError(name)
        try:
            is_callable, value = self._asked("__looked_up", name=name)
        except NameError:
            raise KeyError(name) from None
        return self.stand_in(name) if is_callable else value

    def stand_in(self, name: str) -> Callable[..., Any]:
        """Return a proxy that calls a function of the student's process."""

        def call(*arguments: Any, **options: Any) -> Any:
            return self._asked("__called", name=name, arguments=arguments, options=options)

        call.__name__ = call.__qualname__ = name
        return call


def _own_names(sources: Iterable[str]) -> ast.Module:
    """Return the imports and functions of the lecturer's locked cells."""
    kept: list[ast.stmt] = []
    for source in sources:
        with contextlib.suppress(SyntaxError, ValueError):
            body = ast.parse(source).body
            kept += [each for each in body if isinstance(each, ast.Import | ast.ImportFrom | ast.FunctionDef)]
    return ast.Module(kept, [])


def run_test(source: str, given: Iterable[str], guest: Guest, seconds: float) -> list[dict[str, Any]]:
    """Run a lecturer's test cell here.

    Parameters
    ----------
    source : of the cell, with its hidden tests
    given : sources of the lecturer's locked cells; what they import and define is the test's own
    guest : the student's process, in which the cells above and HELPERS have been run
    seconds : for all calls of the student's functions

    Returns
    -------
    the cell's outputs, as Jupyter would have stored them

    Raises
    ------
    Ended
        If the student's process ended.
    """
    names = _Names(guest, seconds)
    printed, outputs = io.StringIO(), list[dict[str, Any]]()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(_own_names(given), "<locked cells>", "exec"), names)
            tree, value = ast.parse(source), None
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, "<test>", "exec"), names)
            if isinstance(last, ast.Expr):
                value = eval(compile(ast.Expression(last.value), "<test>", "eval"), names)
        if value is not None:
            shown = {"text/plain": _short(repr(value))}
            outputs.append({"output_type": "execute_result", "data": shown, "metadata": {}})
    except Exception as error:  # noqa: BLE001  (a test fails in whatever way it likes)
        if isinstance(error, OSError) and isinstance(error.filename, str):  # without the folders of this machine
            error.filename = os.path.basename(error.filename)  # noqa: PTH119
        lines = [_short(line) for line in traceback.format_exception_only(error)]
        name, text = type(error).__name__, _short(str(error))
        outputs.append({"output_type": "error", "ename": name, "evalue": text, "traceback": lines})
    if names.ended:
        raise names.ended
    if printed.getvalue():
        outputs.insert(0, {"output_type": "stream", "name": "stdout", "text": _short(printed.getvalue())})
    return outputs


def prepared(source: str, given: Iterable[str], guest: Guest, seconds: float) -> Callable[[Any], Any]:
    """Prepare a student's process for a test cell; return the function that runs it in a fork (`sandbox.apart`).

    Raises
    ------
    Ended
    """
    guest.run(HELPERS, seconds)

    def answer(message: Any) -> Any:
        try:
            outputs, kind, said = run_test(source, given, guest, seconds), "", ""
        except (Ended, NotStarted) as error:
            outputs, kind, said = [], getattr(error, "outcome", "not-started"), str(error)
        shown = json.dumps(outputs).encode("utf-8", "backslashreplace")
        return kind, said[:MAX_TEXT], guest.charged, np.frombuffer(shown, np.uint8)

    return answer


def outputs_of(apart: TrustedFork, guest: Guest) -> list[dict[str, Any]]:
    """Run a prepared test and return its outputs; charge the student's process for the calls of it.

    Raises
    ------
    Ended
        If it, or what it asked, took too much; the student's process has ended too.
    NotStarted
    """
    try:
        kind, said, guest.charged, shown = apart.ask(None)
        if kind in KINDS:
            raise KINDS[kind](said)
        if kind:
            raise NotStarted(said)
    except (Ended, NotStarted):
        guest.end()
        raise
    outputs: list[dict[str, Any]] = json.loads(shown.tobytes())
    return outputs


def _short(text: str) -> str:
    return cleaned(text)[:MAX_TEXT]


def points_of(outputs: Iterable[dict[str, Any]], most: float) -> float:
    """Return the points for a test cell's outputs, as nbgrader does: a number is partial credit, an error is none."""
    for output in outputs:
        if output["output_type"] == "error":
            return 0.0
        if output["output_type"] == "execute_result":
            try:
                points = float(output["data"]["text/plain"])
            except ValueError:
                return most
            return min(points, most) if points >= 0 else most
    return most
