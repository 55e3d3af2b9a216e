"""Generate the notebooks of the assignments from their one text source each.

    python exercises/generate.py [ASSIGNMENT ...]

For each assignment: `source/<name>/<name>.ipynb`, with the solutions, and from it `release/<name>/<name>.ipynb`, made
by nbgrader itself. Both are derived, never edited and never committed; two runs give the same bytes.

In the text source, `# %% answer="compute_dW2"` starts an answer cell, `# %% check="compute_dW2"` its check,
`# %% locked="setup"` a cell that students cannot change, and a line `{{ two_layer.dW2 }}` in a text cell stands for the
equation of that id, with its label and shapes as the registry has them.
"""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbformat import NotebookNode
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config, PyFileConfigLoader

from autograder.assignments import ASSIGNMENTS, Assignment
from course_lib.equations import EQUATIONS, Shape, equation

EXERCISES = Path(__file__).resolve().parent
CONFIG = EXERCISES / "nbgrader_config.py"
PLACEHOLDER = re.compile(r"^\{\{ *([\w.]+) *\}\}$", re.MULTILINE)

# No version of Python, so that the files do not depend on who generates them.
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}


class SourceError(Exception):
    """A text source does not fit its assignment; the message says where."""


def _shape(shape: Shape) -> str:
    return f"({', '.join(shape)})" if shape else "a number"


def _shapes(shapes: Shape | Mapping[str, Any], name: str) -> str:
    if isinstance(shapes, Mapping):
        return ", ".join(_shapes(shape, part) for part, shape in shapes.items())
    return f"`{name}` {_shape(shapes)}"


def displayed(id: str) -> str:
    """Return an equation as markdown: the formula, then its label and the shape of everything in it."""
    if id not in EQUATIONS:
        raise SourceError(f"{{{{ {id} }}}} is no equation of the registry")
    shown = equation(id)
    given = ", ".join(_shapes(shape, name) for name, shape in shown.arguments.items())
    whose = {"J": "the cost", "L": "each example's own loss", None: ""}[shown.of]
    gradient = f", the gradient of {whose} by `{shown.variable}`" if shown.variable else ""
    return (
        f"$$\n{shown.latex}\n$$\n\n"
        f"<small>Equation `{shown.label}`: {given} → {_shapes(shown.result, shown.name)}{gradient}.</small>"
    )


def _nbgrader(grade_id: str, **flags: Any) -> dict[str, Any]:
    defaults = {"grade": False, "grade_id": grade_id, "locked": False, "schema_version": 3, "solution": False}
    return {**defaults, "task": False, **flags}


def _check_cells(assignment: Assignment, kind: str, found: list[str]) -> None:
    wanted = [exercise.function for exercise in assignment.exercises]
    if found != wanted:
        raise SourceError(
            f"{assignment.name}: the {kind} cells must be, once each and in this order, {', '.join(wanted)}; "
            f"found {', '.join(found) or 'none'}"
        )


def source_notebook(assignment: Assignment, text: Path) -> NotebookNode:
    """Return the notebook with solutions, with stable cell ids and nbgrader's metadata.

    A cell's id says what it is: `answer-f`, `check-f`, `text-f` before the check of f, and `try-f` after it.

    Raises
    ------
    SourceError
        If the text source does not have one answer and one check for every exercise of the assignment, in order.
    """
    cells = jupytext.read(text, fmt="py:percent").cells
    for kind in ("answer", "check"):
        _check_cells(assignment, kind, [cell.metadata[kind] for cell in cells if kind in cell.metadata])
    upcoming = [exercise.function for exercise in assignment.exercises] + ["end"]
    last, used = "start", set[str]()
    for cell in cells:
        marks, cell.metadata = cell.metadata, NotebookNode()
        if "answer" in marks:
            cell.id = f"answer-{marks['answer']}"
            cell.metadata["nbgrader"] = _nbgrader(cell.id, solution=True)
            if not re.search(r"^ +### BEGIN SOLUTION$.*^ +### END SOLUTION$", cell.source, re.MULTILINE | re.DOTALL):
                raise SourceError(f"{assignment.name}: cell {cell.id} has no solution region inside its function")
        elif "check" in marks:
            last = upcoming.pop(0)
            exercise = assignment.exercise(last)
            if exercise is None or marks["check"] != last or f"answer-{last}" not in used:
                raise SourceError(f"{assignment.name}: the check of {marks['check']} must follow its answer")
            cell.id = exercise.id
            cell.metadata["nbgrader"] = _nbgrader(cell.id, grade=True, locked=True, points=exercise.points)
        elif "locked" in marks:
            cell.id = str(marks["locked"])
            cell.metadata["nbgrader"] = _nbgrader(cell.id, locked=True)
        else:
            stem = f"try-{last}" if cell.cell_type == "code" else f"text-{upcoming[0]}"
            same = sum(1 for id in used if re.fullmatch(rf"{stem}(-\d+)?", id))
            cell.id = f"{stem}-{same + 1}" if same else stem
            cell.source = PLACEHOLDER.sub(lambda match: displayed(match[1]), cell.source)
        if cell.id in used:
            raise SourceError(f"{assignment.name}: two cells have the id {cell.id}")
        used.add(cell.id)
    course = {"assignment": assignment.name, "version": assignment.version}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={**NOTEBOOK_METADATA, "backprop_course": course})
    notebook.nbformat_minor = 5
    nbformat.validate(notebook)
    return notebook


def course_config(course: Path) -> Config:
    """Return nbgrader's configuration of a course directory, as the `nbgrader` command reads it there."""
    config = PyFileConfigLoader(CONFIG.name, path=str(course)).load_config()
    config.CourseDirectory.root = str(course)
    return config


def solve(assignment: Assignment) -> NotebookNode:
    """Return the solved notebook of an assignment, made from its text source."""
    return source_notebook(assignment, EXERCISES / f"{assignment.name}.py")


def generate(assignment: Assignment, course: Path = EXERCISES) -> tuple[Path, Path]:
    """Write the source and the release of an assignment into a course directory that has an nbgrader_config.py.

    Returns
    -------
    the paths of the source notebook and of the released one

    Raises
    ------
    SourceError
        If the text source does not fit the assignment, or nbgrader cannot make the release of it.
    """
    name = f"{assignment.name}.ipynb"
    source, release = (course / folder / assignment.name / name for folder in ("source", "release"))
    source.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(solve(assignment), source)
    # nbgrader starts `alembic` by name when it makes a gradebook; it lives beside this Python.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    outcome = NbGraderAPI(config=course_config(course)).generate_assignment(assignment.name, force=True)
    if not outcome["success"] or not release.is_file():
        raise SourceError(f"nbgrader could not make the release of {assignment.name}:\n{outcome.get('log', outcome)}")
    return source, release


def main(names: list[str]) -> int:
    """Generate the assignments of these names, or all of them; return the exit code."""
    unknown = [name for name in names if name not in ASSIGNMENTS]
    if unknown:
        print(f"There is no assignment {', '.join(unknown)}; known are {', '.join(ASSIGNMENTS)}.", file=sys.stderr)
        return 2
    try:
        for name in names or ASSIGNMENTS:
            for path in generate(ASSIGNMENTS[name]):
                print(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
    except SourceError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
