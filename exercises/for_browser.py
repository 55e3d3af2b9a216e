"""The exercises for the reader's browser, where each is written in the page that derives it.

For each assignment the JSON has what a notebook has: what its locked cells hand out, and each exercise's stub, solution
and hints. The release notebook is in it too, so that a reader's answers can be put into it and handed in.
"""

import ast
import builtins
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import nbformat
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from nbgrader import preprocessors as nbgrader
from traitlets.config import Config

from autograder.assignments import Assignment, Exercise
from autograder.core import exercise_hints
from autograder.errors import AutograderError
from course_lib.equations import EQUATIONS, equation

FORMAT = 1
SECONDS = 5
"""How long a cell may run before it is taken for an endless loop."""
LONGER = {"nn_model": 60, "train": 60}
"""Those that train a network: a browser's Python takes several times as long as another one."""
_ABSENT = ("course_lib.plotting",)
"""What the browser's Python does not have: it draws nothing."""
_RELEASE = (
    nbgrader.LockCells,
    nbgrader.ClearSolutions,
    nbgrader.ClearOutput,
    nbgrader.CheckCellMetadata,
    nbgrader.ComputeChecksums,
    nbgrader.ClearHiddenTests,
    nbgrader.ClearMarkScheme,
    nbgrader.ComputeChecksums,
)
"""What `nbgrader generate_assignment` does to a notebook, but for the gradebook, which is not needed here."""


class HintError(AutograderError):
    """The hints do not fit the exercises; the message says which."""


def released(solved: NotebookNode, config: Config) -> NotebookNode:
    """Return the notebook that students get, made from the solved one by nbgrader's own steps.

    Parameters
    ----------
    solved : as `generate.solve` returns it
    config : of the course directory
    """
    notebook = nbformat.reads(nbformat.writes(solved), as_version=4)
    resources: Mapping[str, Any] = {"metadata": {"path": ""}}
    step: type[Preprocessor]
    for step in _RELEASE:
        notebook, resources = step(config=config).preprocess(notebook, resources)
    return notebook


def _imports(node: ast.stmt) -> Iterator[tuple[str, ast.stmt]]:
    """Yield the names that an import brings, each with a statement of its own, but for what a browser has not."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name.split(".")[0] in ("numpy", "course_lib") and not alias.name.startswith(_ABSENT):
                yield alias.asname or alias.name.split(".")[0], ast.Import([alias])
    elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in ("numpy", "course_lib"):
        for alias in node.names:
            if not f"{node.module}.{alias.name}".startswith(_ABSENT):
                yield alias.asname or alias.name, ast.ImportFrom(node.module, [alias], node.level)


def _unbound(function: ast.FunctionDef) -> set[str]:
    """Return the names that a function takes from outside of it; a few more, where a name is inside of it too."""
    bound = {each.arg for each in ast.walk(function) if isinstance(each, ast.arg)} | {function.name}
    names = [each for each in ast.walk(function) if isinstance(each, ast.Name)]
    bound |= {each.id for each in names if isinstance(each.ctx, ast.Store)}
    bound |= {each.name for each in ast.walk(function) if isinstance(each, ast.FunctionDef)}
    return {each.id for each in names} - bound - set(dir(builtins))


def handed_out(cells: Iterable[str], asked: Iterable[str]) -> str:
    """Return what a notebook gives its functions to work with: imports, and the functions of its other cells.

    What cannot run in a browser is left out, and so is all that needs it.

    Parameters
    ----------
    cells : the code of the cells that are no answers, in order
    asked : the names of the functions that are
    """
    imports: list[ast.stmt] = []
    functions: list[ast.FunctionDef] = []
    known = set()
    top = [node for source in cells for node in ast.parse(source).body]
    for node in (inner for each in top for inner in (each.body if isinstance(each, ast.Try) else [each])):
        for name, statement in _imports(node):
            imports.append(statement)
            known.add(name)
        if isinstance(node, ast.FunctionDef) and node.name not in asked:
            functions.append(node)
    while left_out := [each for each in functions if _unbound(each) - known - {one.name for one in functions}]:
        functions = [each for each in functions if each not in left_out]
    lines = dict.fromkeys(ast.unparse(each) for each in imports)
    return "\n".join(lines) + "\n" + "".join(f"\n\n{ast.unparse(each)}\n" for each in functions)


def without_marks(source: str) -> str:
    """Return a solved answer without the lines that say where its solution begins and ends."""
    return "\n".join(line for line in source.splitlines() if not line.strip().startswith("### "))


def _row(exercise: Exercise, stub: str, solution: str) -> dict[str, Any]:
    hints = exercise_hints.hints_on(exercise)
    shown = equation(exercise.equation) if exercise.equation in EQUATIONS else None
    return {
        "function": exercise.function,
        "question": exercise.asked,
        "equation": exercise.equation,
        "label": shown.label if shown else None,
        "points": exercise.points,
        "seconds": LONGER.get(exercise.asked, SECONDS),
        "stub": stub,
        "solution": solution,
        "hints": hints.worded,
        "formula": hints.formula,
        "last_hint": hints.last,
    }


def for_browser(assignment: Assignment, solved: NotebookNode, config: Config) -> dict[str, Any]:
    """Return an assignment for the browser, as JSON types.

    Parameters
    ----------
    assignment : which one
    solved : its notebook, as `generate.solve` returns it
    config : of the course directory

    Raises
    ------
    HintError
        If there are hints for a function that the assignment does not ask for.
    """
    release = released(solved, config)
    answers = {f"answer-{exercise.function}" for exercise in assignment.exercises}
    stubs, solutions = ({c.id: c.source for c in book.cells if c.id in answers} for book in (release, solved))
    others = [c.source for c in solved.cells if c.cell_type == "code" and c.id not in answers]
    hinted = exercise_hints.table().get(assignment.name, {})
    unknown = [name for name in hinted if assignment.exercise(name) is None and name not in assignment.given]
    if unknown:
        raise HintError(f"exercise_hints.toml: {assignment.name} does not ask for {', '.join(unknown)}")
    rows = [
        _row(
            exercise,
            stubs[f"answer-{exercise.function}"],
            without_marks(solutions[f"answer-{exercise.function}"]),
        )
        for exercise in assignment.exercises
    ]
    return {
        "name": assignment.name,
        "title": assignment.title,
        "release": assignment.release,
        "setup": handed_out(others, [exercise.function for exercise in assignment.exercises]),
        "exercises": rows,
        "notebook": json.loads(nbformat.writes(release)),
    }
