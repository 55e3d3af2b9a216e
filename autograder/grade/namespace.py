"""The namespace in which a lecturer's own tests run, in a fork of the trusted process."""

import ast
import builtins
import contextlib
import io
import os
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.protocol.crossing import random_state, received, sent, set_random_state
from autograder.protocol.values import Failure, Opaque
from autograder.protocol.wire import WireError
from autograder.sandbox.outputs import cleaned

MAX_TEXT = 20_000
GONE = "Gone"
"""The failure with which a call is answered whose process has ended."""


class Gone(RuntimeError):
    """An error in a test: the student's process has ended."""


class NotBrought(TypeError):
    """An error in a test: a value that cannot cross between the test and the student's process."""


@dataclass(frozen=True)
class TestResult:
    """The result of a test cell.

    Attributes
    ----------
    outputs : as Jupyter would have stored them
    unjudged : what could not be brought to the test, or ""
    """

    __test__ = False

    outputs: list[dict[str, Any]]
    unjudged: str = ""


def _short(text: str) -> str:
    return cleaned(text)[:MAX_TEXT]


def _not_brought(value: Any) -> str:
    """Return what there is in a value that could not cross, or ""."""
    if isinstance(value, Opaque):
        return value.type_name
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return next(filter(None, map(_not_brought, inner)), "")


def _raised(failure: Failure) -> BaseException:
    """Return the exception that a student's function raised, as one of this process."""
    kind = getattr(builtins, failure.name, None)
    said = RuntimeError(f"{failure.name}: {failure.text}")
    try:
        return kind(failure.text) if isinstance(kind, type) and issubclass(kind, Exception) else said
    except Exception:  # noqa: BLE001  (one that wants other arguments)
        return said


def _updated(old: Any, new: Any) -> Any:
    """Return an argument as a call has left it: the same object, changed, where it can be changed."""
    if type(old) is not type(new):
        return new
    if isinstance(old, np.ndarray) and old.shape == new.shape and old.flags.writeable:
        old[...] = new
    elif isinstance(old, list):
        old[:] = [*map(_updated, old, new), *new[len(old) :]]
    elif isinstance(old, dict):
        fresh = {key: _updated(old.get(key), value) for key, value in new.items()}
        old.clear()
        old.update(fresh)
    elif isinstance(old, set):
        old.clear()
        old.update(new)
    elif isinstance(old, tuple) and len(old) == len(new):
        return tuple(map(_updated, old, new))
    else:
        return new
    return old


class _StandIn:
    """A function of the student's, which is called in the student's process."""

    def __init__(self, name: str, names: "TestNamespace") -> None:
        self.__name__ = self.__qualname__ = name
        self._names = names

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self._names.called(self.__name__, [*arguments], options)


class _NoShell:
    """Stands for IPython's shell: a line magic does nothing here."""

    def run_line_magic(self, *line: str) -> None:
        pass


class TestNamespace(dict[str, Any]):
    """The lecturer's own names, and stand-ins for all others of the notebook.

    Attributes
    ----------
    not_brought : what could not be brought to the test that runs, or ""
    """

    __test__ = False

    def __init__(self, ask: Callable[[Any], Any]) -> None:
        """Make an empty one.

        Parameters
        ----------
        ask : returns the answer of the student's process to a request (`guest.called`)
        """
        super().__init__(__name__="__main__", __builtins__=builtins, get_ipython=_NoShell)
        self._ask_student = ask
        self._drawn: Any = None
        self._seeded = False
        self.not_brought = ""

    def _refused(self, what: str) -> NotBrought:
        self.not_brought = what
        return NotBrought(f"{what} cannot be brought between a test and the student's process")

    def _asked(self, *request: Any) -> Any:
        try:
            answer = self._ask_student(request)
        except WireError as error:
            raise self._refused("more than fits into a message") from error
        if isinstance(answer, Failure):
            if answer.name == WireError.__name__:
                raise self._refused("more than fits into a message")
            raise Gone(answer.text) if answer.name == GONE else _raised(answer)
        return answer

    def __missing__(self, name: str) -> Any:
        if hasattr(builtins, name) or name.startswith("__"):
            raise KeyError(name)
        match self._asked("look-up", name):
            case None:
                raise KeyError(name)
            case ("function",):
                return _StandIn(name, self)
            case ("module", str() as module):
                if module in sys.modules:
                    return sys.modules[module]
                raise self._refused(f"the module {module}")
            case ("value", value):
                return self._received(value)
        raise self._refused("what is no answer")

    def _received(self, value: Any) -> Any:
        if what := _not_brought(value):
            raise self._refused(f"a value of the type {what}")
        try:
            return received(value, {})
        except (ValueError, RecursionError) as error:
            raise self._refused("what is no answer") from error

    def _sent(self, value: Any) -> Any:
        made = sent(value, lambda each: each.__name__ if type(each) is _StandIn else None, depth=6)
        if what := _not_brought(made):
            raise self._refused(f"an argument of the type {what}")
        return made

    def called(self, name: str, arguments: list[Any], options: dict[str, Any]) -> Any:
        """Call a function of the student's; what it changes in its arguments is changed in these."""
        drawn = random_state()
        self._seeded = self._seeded or not _same_state(drawn, self._drawn)
        request = "call", name, self._sent(arguments), self._sent(options), drawn if self._seeded else None
        match self._asked(*request):
            case ("returned", value, changed, state):
                if changed is not None:
                    _updated([arguments, options], self._received(changed))
                if self._seeded:
                    with contextlib.suppress(ValueError, TypeError):
                        set_random_state(state)
                self._drawn = random_state()
                return self._received(value)
        raise self._refused("what is no answer")

    def begin(self, given: Iterable[tuple[str, bool]]) -> None:
        """Take the imports of the lecturer's cells, and what locked ones define."""
        self._drawn = random_state()
        for source, locked in given:
            with contextlib.suppress(SyntaxError, ValueError):
                for each in ast.parse(source).body:
                    kinds = (ast.Import, ast.ImportFrom, *((ast.FunctionDef, ast.ClassDef) if locked else ()))
                    if isinstance(each, kinds) or (locked and _is_constant(each)):
                        # Of a package that is not here, or a name of the student's; a test may do without.
                        with contextlib.suppress(
                            ImportError, NameError, AttributeError, TypeError, ValueError, OSError
                        ):
                            exec(compile(ast.Module([each], []), "<given>", "exec"), self)

    def run(self, source: str) -> TestResult:
        """Run a test cell."""
        self.not_brought = ""
        printed, outputs, unjudged = io.StringIO(), list[dict[str, Any]](), ""
        try:
            with contextlib.redirect_stdout(printed):
                value = self._value_of(source)
            if value is not None:
                shown = {"text/plain": _short(repr(value))}
                outputs.append({"output_type": "execute_result", "data": shown, "metadata": {}})
        except Exception as error:  # noqa: BLE001  (a test fails in whatever way it likes)
            if isinstance(error, OSError) and isinstance(error.filename, str):  # without the folders of this machine
                error.filename = os.path.basename(error.filename)  # noqa: PTH119
            lines = [_short(line) for line in traceback.format_exception_only(error)]
            name, text = type(error).__name__, _short(str(error))
            outputs.append({"output_type": "error", "ename": name, "evalue": text, "traceback": lines})
            unjudged = self.not_brought
        if printed.getvalue():
            outputs.insert(0, {"output_type": "stream", "name": "stdout", "text": _short(printed.getvalue())})
        return TestResult(outputs, _short(unjudged))

    def _value_of(self, source: str) -> Any:
        """Run a cell, and return the value of its last expression."""
        from IPython.core.inputtransformer2 import TransformerManager

        tree = ast.parse(TransformerManager().transform_cell(source))
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "<test>", "exec"), self)
        return eval(compile(ast.Expression(last.value), "<test>", "eval"), self) if isinstance(last, ast.Expr) else None


def _is_constant(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Assign):
        with contextlib.suppress(ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            ast.literal_eval(statement.value)
            return True
    return False


def _same_state(one: Any, other: Any) -> bool:
    return all(np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b for a, b in zip(one, other, strict=True))
