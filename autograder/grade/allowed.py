"""The course modules that a notebook may import while it is graded: those that its locked cells import.

A sandbox holds these and what they need, so that a student's code draws and loads data as it did at home. A function
that the assignment asks for is withheld even there, unless a locked cell imports it by name.
"""

import ast
from collections.abc import Iterable
from pathlib import Path

from autograder.assignments import Assignment
from autograder.sandbox.course_files import course_files, imported, some_names_of
from course_lib.equations import EQUATIONS

PACKAGE = Path(__file__).resolve().parents[2] / "course_lib"

Needed = tuple[str, str]
"""A module of the reference, and a name in it; "" is all of it."""


def _imported(source: str) -> list[Needed]:
    """Return the modules and names that a source imports from the reference."""
    try:
        return [(module.split(".")[1], name) for module, name in imported(PACKAGE.name, source)]
    except (SyntaxError, ValueError, RecursionError):
        return []


def _asked(assignment: Assignment) -> set[Needed]:
    """Return the functions of the reference that answer an assignment."""
    asked = filter(None, (EQUATIONS.get(e.equation or "") for e in assignment.exercises))
    return {(function.__module__.split(".")[1], function.__name__) for function in (each.function for each in asked)}


def _with_equations() -> set[str]:
    return {each.function.__module__.split(".")[1] for each in EQUATIONS.values()}


def _gives_away(module: str, name: str, asked: set[Needed]) -> bool:
    """Return whether a name of a module is asked for, or holds one that is."""
    text = (PACKAGE / f"{module}.py").read_text(encoding="utf-8")
    defined = {n.name for n in ast.parse(some_names_of(text, [name])).body if isinstance(n, ast.FunctionDef)}
    return any((module, other) in asked for other in {name, *defined})


def allowed_parts(sources: Iterable[str], assignment: Assignment) -> list[str]:
    """Return the allowed parts of the reference, as `sandbox.course_files.course_files` takes them.

    Parameters
    ----------
    sources : of the cells that were handed out locked
    assignment : what is asked
    """
    asked, equations = _asked(assignment), _with_equations()
    waiting = [(needed, True) for source in sources for needed in _imported(source)]
    whole: set[str] = {"data"} if waiting else set()
    names: dict[str, set[str]] = {}
    while waiting:
        (module, name), by_hand = waiting.pop()
        file = PACKAGE / f"{module}.py"
        if module in whole or name in names.get(module, ()) or not (file.is_file() or (PACKAGE / module).is_dir()):
            continue
        if not file.is_file():
            whole.add(module)
            texts = [path.read_text(encoding="utf-8") for path in (PACKAGE / module).rglob("*.py")]
        elif not name or module not in equations:
            whole.add(module)
            texts = [file.read_text(encoding="utf-8")]
        elif by_hand or not _gives_away(module, name, asked):
            names.setdefault(module, set()).add(name)
            texts = [some_names_of(file.read_text(encoding="utf-8"), [name])]
        else:
            continue
        waiting += [(needed, False) for text in texts for needed in _imported(text)]
    some = [f"{module}:{','.join(sorted(found))}" for module, found in sorted(names.items()) if module not in whole]
    return sorted(whole) + some


def allowed_files(sources: Iterable[str], assignment: Assignment) -> dict[str, str]:
    """Return the texts of the files of the reference that students' code finds, by relative path."""
    parts = allowed_parts(sources, assignment)
    return course_files(PACKAGE, parts) if parts else {}
