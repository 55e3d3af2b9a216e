"""What Python does in the reader's browser: it runs the text of a cell, and judges the function that is written there.

`check` and `run` take and return JSON types, so that a worker can send them on. Each runs a cell in a namespace of its
own. The judge is the course's own checking core, unchanged; nothing here decides what is right.
"""

import ast
import builtins
import contextlib
import io
import json
import linecache
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from traceback import extract_tb
from types import CodeType
from typing import Any

from autograder.core import render
from autograder.core.check import examine, exercise_for, questions
from autograder.core.hints import CAUSES
from autograder.core.module_guard import ModuleGuard
from autograder.core.verdict import Verdict
from autograder.protocol.values import clean, copied

TEXT = "<your text>"
"""What the reader's text is called in a traceback."""
LONGEST = 20_000
"""Characters of output that are shown."""
_READ = re.compile(r"^Read: (?P<title>.+) \((?P<page>[\w-]+\.html#[\w-]+)\)\.$")

Assignments = dict[str, dict[str, Any]]
_assignments: Assignments = {}
_guard = ModuleGuard()
"""The modules as they were: what one cell has put into numpy is gone for the next, as it is for the judge."""


def load(exercises: Mapping[str, Any]) -> None:
    """Take the exercises, as `exercises/generate.py --browser` writes them."""
    for row in exercises["assignments"]:
        _assignments[row["name"]] = {**row, "exercises": {each["function"]: each for each in row["exercises"]}}


class _Output(io.TextIOBase):
    """Keeps what is printed, up to a length."""

    def __init__(self) -> None:
        self.text, self.cut = "", False

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        room = LONGEST - len(self.text)
        self.text += text[:room]
        self.cut = self.cut or len(text) > room
        return len(text)

    def shown(self) -> str:
        """Return what was printed, and say so where not all of it is there."""
        return self.text + ("\n… and more, which is not shown." if self.cut else "")


@contextlib.contextmanager
def _captured() -> Iterator[_Output]:
    output = _Output()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        yield output


def _no_input(prompt: object = "") -> str:
    raise RuntimeError("there is no keyboard to read from here; give the value in the text")


def _namespace() -> dict[str, Any]:
    return {"__name__": "__main__", "__builtins__": {**vars(builtins), "input": _no_input}}


def _error(error: BaseException) -> dict[str, Any]:
    """Describe an exception for people: its name, what it says, and the line of the reader's text it came from."""
    lines = [frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename == TEXT]
    if isinstance(error, SyntaxError) and error.filename == TEXT:
        lines = [error.lineno]
    try:
        said = error.msg if isinstance(error, SyntaxError) else clean(str(error), 1000)
    except BaseException:
        said = "(its text could not be read)"
    return {"kind": clean(type(error).__name__, 80), "text": said, "line": lines[-1] if lines else None}


def _compiled(text: str) -> list[CodeType]:
    """Compile a cell: all of it, and by itself an expression that it ends with, whose value is shown."""
    linecache.cache[TEXT] = (len(text), None, text.splitlines(keepends=True), TEXT)  # so that a verdict quotes the line
    tree = ast.parse(text, TEXT)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    parts = [compile(tree, TEXT, "exec")]
    return [*parts, compile(ast.Expression(last.value), TEXT, "eval")] if last else parts


def _execute(text: str, namespace: dict[str, Any]) -> dict[str, Any] | None:
    """Run a cell; return the error that ended it, or None."""
    try:
        first, *last = _compiled(text)
        exec(first, namespace)
        value = eval(last[0], namespace) if last else None
        if value is not None:
            print(repr(value))
    except BaseException as error:
        return _error(error)
    return None


def _names(text: str) -> set[str]:
    """Return every name that stands in a text; none if it is no Python."""
    try:
        return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()


def _definitions(text: str) -> str:
    """Return what a text defines, without the rest of what it does: its imports, functions, classes and values."""
    kept = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
    return ast.unparse([node for node in ast.parse(text).body if isinstance(node, kept)])


def _needed(text: str, function: str, texts: Mapping[str, str]) -> list[str]:
    """Return the other functions of an assignment that a text names, and those that these name, in order."""
    found: set[str] = set()
    waiting = [text]
    while waiting:
        new = _names(waiting.pop()) & set(texts) - found - {function}
        found |= new
        waiting += [texts[name] for name in new]
    return [name for name in texts if name in found]


def _define(name: str, text: str, namespace: dict[str, Any]) -> bool:
    """Put an earlier answer of the reader's into a namespace; return whether it is there then."""
    try:
        exec(compile(_definitions(text), f"<{name}>", "exec"), namespace)
    except BaseException:
        return False
    return callable(namespace.get(name))


def _prepare(assignment: Mapping[str, Any], function: str, text: str, answers: Mapping[str, str]) -> tuple[Any, ...]:
    """Return a namespace with what a notebook would have before this cell, and whose functions stand in there.

    Of the reader's own answers those that the text needs; where there is none, or it does not run, the book's.
    """
    namespace = _namespace()
    exec(assignment["setup"], namespace)
    rows = assignment["exercises"]
    own = {name: answers[name] for name in rows if answers.get(name, rows[name]["stub"]).strip() != rows[name]["stub"]}
    unwritten: list[str] = []
    broken: list[str] = []
    for name in _needed(text, function, {name: own.get(name, row["solution"]) for name, row in rows.items()}):
        if name not in own:
            unwritten.append(name)
        elif _define(name, own[name], namespace):
            continue
        else:
            broken.append(name)
        exec(compile(rows[name]["solution"], f"<{name}>", "exec"), namespace)
    return namespace, unwritten, broken


@cache
def _described() -> frozenset[str]:
    """Return the mistakes that have a section on the book's page of mistakes."""
    return frozenset(CAUSES)


def _verdict(verdict: Verdict, again: Sequence[str]) -> dict[str, Any]:
    """Return a verdict as JSON types, with the words, the link and the picture that a page shows."""
    said = render.paragraphs(verdict, again)
    read = _READ.match(verdict.read)
    if read:
        said.remove(verdict.read)
    return {
        **verdict.as_json(),
        "sign": render.SIGNS[verdict.passed],
        "heading": render.heading(verdict),
        "paragraphs": said,
        "read": read.groupdict() if read else None,
        "picture": verdict.picture.svg() if verdict.picture else "",
        "known": f"mistakes.html#mistake-{verdict.mistake}" if verdict.mistake in _described() else None,
    }


def _line_that_raises(function: Any, calls: Iterable[Mapping[str, Any]]) -> int | None:
    """Return the line of the reader's text at which a function fails on the first call that fails."""
    with _captured():
        for arguments in calls:
            try:
                function(*copied(arguments).values())
            except BaseException as error:
                return _error(error)["line"]
    return None


def check(request: Mapping[str, Any]) -> dict[str, Any]:
    """Run a cell and judge the function that it must define.

    Parameters
    ----------
    request : "assignment", "function", the cell's "text", the reader's other "answers" in the assignment by name, and
        how often each mistake was "made" in the cell before

    Returns
    -------
    "output" (what was printed), "error" (what ended the cell, or None), "verdict" (or None, if there is no function),
    "line" (to be marked, or None), and "unwritten" and "broken": the functions that the book stands in for
    """
    _guard.restore()
    assignment = _assignments[request["assignment"]]
    name, text = request["function"], request["text"]
    namespace, unwritten, broken = _prepare(assignment, name, text, request.get("answers", {}))
    before = namespace.get(name)
    made = request.get("made", {})

    def times(verdict: Verdict) -> int:
        return int(made.get(verdict.mistake, 0)) + 1

    verdict, again = None, ()
    with _captured() as output:
        error = _execute(text, namespace)
        function = namespace.get(name)
        line = error["line"] if error else None
        if callable(function) and function is not before:
            try:
                verdict, again = examine(function, namespace, times, assignment["name"])
            except KeyboardInterrupt as interrupt:  # nobody presses a key here: the reader's text raises it
                error = _error(interrupt)
                line = error["line"]
            if verdict and verdict.mistake == "raised" and line is None:
                line = _line_that_raises(function, questions(exercise_for(name, assignment["name"])[1], 0))
        elif error is None:
            start = assignment["exercises"][name]["stub"].partition("\n")[0]
            said = f"there is no function {name} in your text; it begins with the line {start}"
            error = {"kind": "NameError", "text": said, "line": None}
    return {
        "output": output.shown(),
        "error": error,
        "verdict": _verdict(verdict, again) if verdict else None,
        "line": line,
        "unwritten": unwritten,
        "broken": broken,
    }


def run(request: Mapping[str, Any]) -> dict[str, Any]:
    """Run a cell after the cells that come before it on its page, which are run silently.

    Parameters
    ----------
    request : the cell's "text", and the texts of the cells "before" it

    Returns
    -------
    "output", "error" and "line", as `check` does
    """
    _guard.restore()
    namespace = _namespace()
    with _captured():
        for earlier in request.get("before", []):
            _execute(earlier, namespace)
    with _captured() as output:
        error = _execute(request["text"], namespace)
    return {"output": output.shown(), "error": error, "line": error["line"] if error else None}


def main(kind: str, request: str) -> str:
    """Answer a request of the page, as the worker calls it: JSON in, JSON out."""
    return json.dumps({"check": check, "run": run}[kind](json.loads(request)))


def load_text(exercises: str) -> None:
    """Take the exercises as JSON text."""
    load(json.loads(exercises))
