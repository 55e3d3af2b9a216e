"""What a notebook says of its equations: those that are given, those that are asked, and no answer to these.

In the text source a line `{{ two_layer.Z1 }}` stands for a formula that is given, and `{{ asked: two_layer.dW2 }}` for
what is wanted of a function: the result, the arguments, their shapes, and where the book derives it. A function without
an equation, `{{ asked: proof_db }}`, has the last of these alone.
"""

import os
import re
from collections.abc import Mapping
from typing import Any

from nbformat import NotebookNode

from autograder.assignments import ASSIGNMENTS, Assignment, Exercise
from autograder.core.book_links import link
from autograder.core.declared import question_of
from autograder.errors import AutograderError
from autograder.in_sight.given_away import given_away, of_markdown
from course_lib.equations import EQUATIONS, Equation, Shape
from exercises import own_equations

_PLACEHOLDER = re.compile(r"^\{\{ *(asked: *)?([\w.]+) *\}\}$", re.MULTILINE)
_LABEL = re.compile(r"Equation `(eq-[\w-]+)`")
_SOLUTION = re.compile(r"^ *### BEGIN SOLUTION$.*?^ *### END SOLUTION$", re.MULTILINE | re.DOTALL)
_WHOSE = {"J": "the cost", "L": "each example's own loss"}


class SourceError(AutograderError):
    """A text source does not fit its assignment; the message says where."""


def _shape(shape: Shape | str) -> str:
    return shape if isinstance(shape, str) else f"({', '.join(shape)})" if shape else "a number"


def _shapes(shapes: Shape | Mapping[str, Any] | str, name: str) -> str:
    if isinstance(shapes, Mapping):
        return ", ".join(_shapes(shape, part) for part, shape in shapes.items())
    return f"`{name}` {_shape(shapes)}"


def _gradient(shown: Equation) -> str:
    return f", the gradient of {_WHOSE[shown.of]} by `{shown.variable}`" if shown.variable and shown.of else ""


def displayed(shown: Equation) -> str:
    """Return an equation as markdown: the formula, then its label and the shape of everything in it."""
    given = ", ".join(_shapes(shape, name) for name, shape in shown.arguments.items())
    result = _shapes(shown.result, shown.name)
    return f"$$\n{shown.latex}\n$$\n\n<small>Equation `{shown.label}`: {given} → {result}{_gradient(shown)}.</small>"


def asked(exercise: Exercise) -> str:
    """Return what an exercise asks for, as markdown, without how it is computed; of dicts the stub has the shapes."""
    shown = EQUATIONS.get(exercise.equation or "")
    derived = shown or EQUATIONS.get(question_of(exercise).reads)
    where = f"**Derived in:** {link(derived, os.environ.get('BOOK_URL', ''))}." if derived else ""
    if not shown or exercise.asked != shown.id:
        return where
    name = exercise.function.removeprefix("compute_")
    name = f"d{shown.variable}" if shown.variable and not name.startswith("d") else name
    given = [f"`{n}`" if isinstance(shape, Mapping) else _shapes(shape, n) for n, shape in shown.arguments.items()]
    wanted = f"{_shapes(shown.result, name)}{_gradient(shown)}"
    return f"**Wanted:** {wanted}. **Given:** {', '.join(given)}.\n{where}".strip()


def filled(text: str, assignment: Assignment) -> str:
    """Return a text with what its placeholders stand for.

    Raises
    ------
    SourceError
        If one stands for no equation, or for none that the assignment asks for.
    """

    def stated(match: re.Match[str]) -> str:
        wanted, name = match.groups()
        exercise = next((each for each in exercises if name in (each.equation, each.function)), None)
        if exercise and exercise.declared:
            return own_equations.displayed(exercise.declared)
        if wanted and exercise:
            return asked(exercise)
        if wanted or name not in EQUATIONS:
            what = f"asked for by {assignment.name}" if wanted else "an equation of the registry"
            raise SourceError(f"{match[0]} is not {what}")
        return displayed(EQUATIONS[name])

    ours = ASSIGNMENTS.get(assignment.name, assignment)
    exercises = (*assignment.exercises, *ours.exercises)  # of what is left out the notebook tells, too
    return _PLACEHOLDER.sub(stated, text)


def answers_in_sight(assignment: Assignment, notebook: NotebookNode) -> list[str]:
    """Return what gives an answer away in a solved notebook, by cell: a sentence each."""
    labels = {shown.label: id for id, shown in EQUATIONS.items()}
    found = []
    for cell in notebook.cells:
        source = _SOLUTION.sub("", cell.source)
        equations, code, mathematics = list[str](), [source], list[str]()
        if cell.cell_type == "markdown":
            equations = [labels[label] for label in _LABEL.findall(source) if label in labels]
            code, mathematics = of_markdown(source)
        for exercise in assignment.exercises:
            complaints = given_away(exercise, equations, code, mathematics)
            found += [f"{assignment.name}, cell {cell.id}: {complaint}" for complaint in complaints]
    return found
