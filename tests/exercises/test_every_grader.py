"""Every assignment, handed in solved and untouched, by every way of grading: full marks and none."""

import copy
import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI

from autograder.assignments import ASSIGNMENTS, Assignment
from exercises.generate import CONFIG, course_config, generate

# nbgrader's own use of its database warns.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]
WORDS = "Because the chain rule sums over every path, and only one of them is not zero."


def handed_in(release: NotebookNode, source: NotebookNode) -> NotebookNode:
    """Return the release as a student hands it in who has found every answer of the source."""
    solved = {cell.id: cell.source for cell in source.cells if cell.id.startswith("answer-")}
    for cell in release.cells:
        cell.source = solved.get(cell.id, cell.source)
        if cell.id.startswith("written-"):
            cell.source = cell.source.replace("YOUR ANSWER HERE", WORDS)
    return release


OF_ALL = [
    pytest.param(each, id=name, marks=() if name == "ps4_two_layer" else pytest.mark.nightly)
    for name, each in ASSIGNMENTS.items()
]


@pytest.fixture(scope="module", params=OF_ALL)
def course(request, tmp_path_factory) -> tuple[Assignment, Path]:
    """A course directory with one assignment, handed in by "solved" and by "untouched"."""
    assignment, folder = request.param, tmp_path_factory.mktemp("course")
    shutil.copy(CONFIG, folder)
    source, release = (nbformat.read(path, as_version=4) for path in generate(assignment, folder))
    for student, notebook in (("untouched", release), ("solved", handed_in(copy.deepcopy(release), source))):
        target = folder / "submitted" / student / assignment.name / f"{assignment.name}.ipynb"
        target.parent.mkdir(parents=True)
        nbformat.write(notebook, target)
    return assignment, folder


def test_plain_nbgrader_gives_the_solution_every_point_and_the_release_none(course):
    assignment, folder = course
    api = NbGraderAPI(config=course_config(folder))
    for student, points in (("solved", assignment.max_points), ("untouched", 0.0)):
        done = api.autograde(assignment.name, student)
        assert done["success"], done
        with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
            submission = gradebook.find_submission(assignment.name, student)
            assert submission.score == points, student
            assert submission.max_score == assignment.total_points
            assert submission.needs_manual_grade == bool(assignment.written and student == "solved")


def test_the_command_gives_the_solution_every_point_and_the_release_none(course):
    assignment, folder = course
    for student, points, code in (("solved", assignment.max_points, 0), ("untouched", 0.0, 1)):
        notebook = folder / "submitted" / student / assignment.name / f"{assignment.name}.ipynb"
        command = [sys.executable, "-m", "autograder.cli", "check", str(notebook), "--json", "--seed", "7"]
        done = subprocess.run(command, capture_output=True, text=True)
        report = json.loads(done.stdout)
        assert (done.returncode, report["score"]) == (code, points), report
        assert report["recognised_by"] == "metadata"
        assert {check["mistake"] for check in report["checks"]} == ({None} if points else {"not-implemented"})
