"""What a notebook may import while it is graded is enough for its own cells, and never the answer to what is asked."""

import pytest

from autograder.assignments import ASSIGNMENTS
from autograder.grade.allowed import allowed_files, allowed_parts
from autograder.grade.submission import Submission
from autograder.protocol.notebook import notebook_in
from autograder.sandbox.fork_client import Zygote
from autograder.sandbox.launch import NotStarted
from course_lib.equations import EQUATIONS
from exercises.generate import solve


def locked(notebook) -> list[str]:
    return [c.source for c in notebook.cells if c.metadata.get("nbgrader", {}).get("locked") and c.cell_type == "code"]


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_no_function_that_is_asked_for_is_offered(name):
    files = allowed_files(locked(solve(ASSIGNMENTS[name])), ASSIGNMENTS[name])
    by_hand = "\n".join(locked(solve(ASSIGNMENTS[name])))
    for exercise in ASSIGNMENTS[name].exercises:
        if exercise.equation:
            function = EQUATIONS[exercise.equation].function
            module = function.__module__.split(".")[1]
            text = files.get(f"course_lib/{module}.py", "")
            imported = function.__name__ in by_hand or f"import {module}" in by_hand or f"{module}, " in by_hand
            assert f"def {function.__name__}(" not in text or imported, exercise.function


def test_nothing_is_offered_where_nothing_is_imported():
    assert allowed_parts(["import numpy as np"], ASSIGNMENTS["ps1_neuron"]) == []
    assert allowed_files(["this is no python"], ASSIGNMENTS["ps1_neuron"]) == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_every_cell_of_the_solved_notebook_runs_in_the_sandbox_and_all_is_right(name):
    notebook = solve(ASSIGNMENTS[name])
    try:
        zygote = Zygote(allowed_files(locked(notebook), ASSIGNMENTS[name]))
        zygote.start()
    except NotStarted as error:
        pytest.skip(str(error))
    try:
        found = Submission(notebook_in(notebook), ASSIGNMENTS[name], 3, 120.0, zygote.guest).judge()
    finally:
        zygote.stop()
    errors = {
        place: output["evalue"]
        for place, outputs in found.shown.items()
        for output in outputs
        if output["output_type"] == "error"
    }
    assert errors == {}
    assert [verdict.function for verdict in found.verdicts if not verdict.passed] == []
