"""Plain nbgrader gives the same marks by the plugin."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI

from exercises.generate import course_config
from tests.grading.classes import NAME, ROOT, cell, course, full, hand_in, notebook, path_of, run, scores
from tests.grading.test_sanitize import dangers, rendered
from tests.grading.vectors import TEXTS, filled

WRONG = {"compute_dW2": "def compute_dW2(dZ2, A1):\n    return dZ2 @ A1.T"}
FORGED = {"compute_dW2": "print('2.0')\n1000.0"}


@pytest.fixture
def here(tmp_path):
    return course(tmp_path)


def nbgrader(folder: Path, *arguments: str, code: int = 0) -> subprocess.CompletedProcess:
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [scripts / "nbgrader", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == code, done.stderr
    return done


@pytest.mark.slow
def test_plain_nbgrader_and_our_command_give_the_same_marks_and_notebooks(here, tmp_path):
    other = course(tmp_path / "other")
    for folder in (here, other):
        hand_in(folder, "ada")
        hand_in(folder, "bob", notebook(folder, WRONG))
        hand_in(folder, "eve", notebook(folder, FORGED))
        hand_in(folder, "mal", b"<html>")
    (other / ".autograder" / NAME).mkdir(parents=True)
    run(here, NAME, code=1)
    (other / ".autograder" / NAME / "seed.json").write_text((here / ".autograder" / NAME / "seed.json").read_text())
    nbgrader(other, "autograde", NAME, code=1)
    theirs = scores(other)
    assert set(theirs.pop("mal").values()) == {None}  # nbgrader's own row, before it looked into the file
    assert scores(here) == theirs == {"ada": full(), "bob": full(compute_dW2=0.0), "eve": full(compute_dW2=0.0)}
    for student in ("ada", "bob"):
        ours, theirs = (
            nbformat.read(folder / "autograded" / student / NAME / f"{NAME}.ipynb", as_version=4)
            for folder in (here, other)
        )
        assert [(c.source, c.get("outputs")) for c in ours.cells] == [
            (c.source, c.get("outputs")) for c in theirs.cells
        ]


@pytest.mark.slow
def test_what_nbgrader_writes_by_the_plugin_is_as_harmless_and_only_data_are_copied(here, tmp_path):
    def hostile(book):
        book.cells += [
            new_markdown_cell(filled(id, text), id=f"t-{number}") for number, (id, text) in enumerate(TEXTS.items())
        ]
        cell(book, "written-why").source = filled("why", "Proof. <img src=x onerror=RUN>")

    other = course(tmp_path / "other")
    for folder in (here, other):
        path = hand_in(folder, "mal", notebook(folder, change=hostile))
        for name in ("evil.html", "evil.svg", "points.csv"):
            path.with_name(name).write_text("<script>1</script>")
    run(here, NAME, code=0)
    done = nbgrader(other, "autograde", NAME)
    assert "evil.html stays in submitted/ only" in done.stderr
    assert scores(here) == scores(other) == {"mal": full()}
    ours, theirs = (
        nbformat.read(folder / "autograded" / "mal" / NAME / f"{NAME}.ipynb", as_version=4) for folder in (here, other)
    )
    assert [each.source for each in ours.cells] == [each.source for each in theirs.cells]
    assert not [each for each in ours.cells if each.cell_type == "markdown" and dangers(rendered(each.source))]
    assert {each.name for each in (other / "autograded" / "mal" / NAME).iterdir()} == {f"{NAME}.ipynb", "points.csv"}
    assert "onerror=console" in path_of(here, "mal").read_text()
    nbgrader(here, "generate_feedback", NAME)


@pytest.mark.slow
def test_everything_of_nbgrader_goes_on_after_our_command(here):
    hand_in(here, "ada")
    hand_in(here, "bob", notebook(here, WRONG))
    run(here, NAME, code=0)
    nbgrader(here, "generate_feedback", NAME)
    page = (here / "feedback" / "bob" / NAME / f"{NAME}.html").read_text()
    assert "missing-mean" in page
    nbgrader(here, "export")
    assert ",4.0,10.0" in (here / "grades.csv").read_text()
    api = NbGraderAPI(config=course_config(here))
    (row,) = [row for row in api.get_submissions(NAME) if row["student"] == "bob"]
    assert (row["autograded"], row["score"], row["needs_manual_grade"]) == (True, 4.0, True)
    (shown,) = api.get_student_notebook_submissions("bob", NAME)
    assert (shown["code_score"], shown["written_score"]) == (4.0, 0.0)
    with Gradebook(api.coursedir.db_url, api.coursedir.course_id) as book:
        assert book.average_assignment_score(NAME) == 5.0
    nbgrader(here, "autograde", NAME, "--force")  # what our command wrote can be graded over
    assert scores(here)["bob"] == full(compute_dW2=0.0)
    again = run(here, NAME, code=0)
    assert "2 are graded already" in again.stdout
