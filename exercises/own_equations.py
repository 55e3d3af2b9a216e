"""The text of an assignment that asks equations of a lecturer's own: what each is, and a stub, from its declaration."""

import json
import re
import textwrap
from collections.abc import Iterator

from autograder.assignments import Assignment, Exercise
from autograder.core.declared import shapes
from autograder.equations import Declaration
from course_lib import activations, losses

HEAD = """\
# %% [markdown]
# # {title}
#
# Each function below is one gradient of a forward pass. The arrays that it needs are its arguments; the cost is any
# number that is computed from what comes out, and `dA` is the gradient of the cost by `A`, for every array `A`.
#
# Replace `raise NotImplementedError()` in an answer cell by your code, run it, then run the check below it.

# %% locked="setup"
import numpy as np

from autograder import check, set_assignment
{imports}
set_assignment("{name}")
"""
EXERCISE = '''\
# %% [markdown]
# ## `{function}`
#
# {{{{ {equation} }}}}

# %% answer="{function}"
def {function}({given}):
    """Return d{by}, of shape {shape}."""
    ### BEGIN SOLUTION
{solution}
    ### END SOLUTION

# %% check="{function}"
check({function})
'''


def displayed(declaration: Declaration) -> str:
    """Return an equation as markdown: the forward pass, the array that is asked for, and the shapes."""
    shape = shapes(declaration)
    inputs = ", ".join(f"`{name}` {shape[name]}" for name, _ in declaration.inputs)
    given = ", ".join(f"`{name}` {shape[name]}" for name in declaration.given)
    of, by = declaration.of, declaration.by
    return (
        f"Forward pass, from {inputs}:\n\n```python\n{declaration.forward}\n```\n\n"
        f"Wanted: `d{by}` {shape[by]}, the gradient of the cost through `{of}` {shape[of]} by `{by}`. Given: {given}."
    )


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def setup_of(assignment: Assignment, last_hint: bool = True) -> str:
    """Return the line that says which assignment it is, and what it asks, with the forward passes above it."""
    names: dict[str, str] = {}
    lines: list[str] = []
    rows: list[str] = []
    for exercise in assignment.exercises:
        row = [repr(part) for part in exercise.as_row()[:4]]
        if declaration := exercise.declared:
            options = [f"{name}={_quoted(shape)}" for name, shape in declaration.inputs]
            options += [f"draw={_quoted(dict(declaration.draw))}"] if declaration.draw else []
            options += [f"several={_quoted(', '.join(declaration.several))}"] if declaration.several else []
            code = textwrap.indent(declaration.forward, "    ")
            quotes = "'''" if '"""' in code else '"""'
            forward = f"ForwardPass(\n    {quotes}\n{code}\n    {quotes},\n    {', '.join(options)},\n)"
            if forward not in names:
                names[forward] = f"forward_pass_{len(names) + 1}"
                lines.append(f"{names[forward]} = {forward}\n")
            of, by, given = map(_quoted, (declaration.of, declaration.by, ", ".join(declaration.given)))
            row.append(f"{names[forward]}.gradient({of}, by={by}, given={given})")
        rows.append(f"        ({', '.join(row)}),\n")
    withheld = "" if last_hint else "    last_hint=False,\n"
    head = f'set_assignment(\n    "{assignment.name}",\n    exercises=[\n{"".join(rows)}    ],\n{withheld})'
    return "from autograder import ForwardPass\n\n" * bool(lines) + "".join(lines) + head


def _solution(declaration: Declaration) -> str:
    formula = declaration.formula
    if not formula:
        return 'raise NotImplementedError("equations.py has no formula for it")'
    return formula if "return " in formula else f"return {formula}"


def _imports(exercises: list[tuple[Exercise, Declaration]]) -> Iterator[str]:
    text = " ".join(part for _, d in exercises for part in (d.forward, d.formula))
    for module in (activations, losses):
        called = [name for name in sorted(vars(module)) if re.search(rf"(?<![\w.]){name}\(", text)]
        names = [name for name in called if callable(getattr(module, name))]
        if names:
            yield f"from {module.__name__} import {', '.join(names)}"


def source_of(assignment: Assignment) -> str | None:
    """Return the text source of an assignment all of whose exercises are declared; None where one is not."""
    declared = [(exercise, exercise.declared) for exercise in assignment.exercises if exercise.declared]
    if len(declared) < len(assignment.exercises) or assignment.written:
        return None
    imports = "".join(f"{line}\n" for line in _imports(declared))
    parts = [HEAD.format(title=assignment.title, name=assignment.name, imports=imports)]
    for exercise, declaration in declared:
        parts.append(
            EXERCISE.format(
                function=exercise.function,
                equation=declaration.name,
                given=", ".join(declaration.given),
                by=declaration.by,
                shape=shapes(declaration)[declaration.by],
                solution=textwrap.indent(_solution(declaration), "    "),
            )
        )
    return "\n".join(parts)
