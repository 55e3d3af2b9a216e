"""What a lecturer changes in `course.toml`, and what older releases asked."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.assignments import ASSIGNMENTS, from_table
from autograder.core.check import check, set_assignment
from autograder.course_file import CourseFileError, assignments_of, is_on, record_release, released
from autograder.grade.submission import judge_notebook
from autograder.protocol.notebook import notebook_in
from autograder.recognise import recognise
from exercises.generate import CONFIG, EXERCISES, SourceError, generate, solve

PS4 = ASSIGNMENTS["ps4_two_layer"]
OWN = """
[ps8_revision]
title = "Revision"
exercises = [
    {function = "compute_dW2", points = 2, equation = "two_layer.dW2"},
    {function = "relu", points = 1.5, question = "activations.relu"},
]
written = [{id = "written-why", points = 3, title = "Why"}]
"""
OWN_SOURCE = """# %% [markdown]
# # Revision

# %% locked="setup"
import numpy as np

from autograder import check, set_assignment

set_assignment("ps8_revision")

# %% answer="compute_dW2"
def compute_dW2(dZ2, A1):
    ### BEGIN SOLUTION
    return dZ2 @ A1.T / dZ2.shape[1]
    ### END SOLUTION

# %% check="compute_dW2"
check(compute_dW2).points

# %% answer="relu"
def relu(z):
    ### BEGIN SOLUTION
    return np.maximum(z, 0)
    ### END SOLUTION

# %% check="relu"
check(relu).points

# %% [markdown] written="written-why"
# Why?
#
# ---rubric---
#
# Because.
"""


def as_read(notebook):
    """Return a notebook as `autograder check` reads it."""
    return replace(notebook_in(notebook), table=notebook.metadata.get("backprop_course", {}))


def course(folder: Path, text: str) -> Path:
    (folder / "course.toml").write_text(text, encoding="utf-8")
    return folder


def test_without_a_file_nothing_is_changed(tmp_path):
    assert assignments_of(tmp_path) == ASSIGNMENTS


def test_points_are_changed_and_functions_left_out(tmp_path):
    changed = assignments_of(
        course(
            tmp_path,
            '[ps4_two_layer]\nleave_out = ["nn_model"]\npoints = {compute_dW2 = 3.5}\nversion = 2\ntitle = "Mine"\n'
            '[ps3_one_example]\nleave_out = ["written-proof_dw"]\n',
        )
    )
    ps4 = changed["ps4_two_layer"]
    assert ps4.exercise("compute_dW2").points == 3.5
    assert ps4.exercise("nn_model") is None
    assert (ps4.given, ps4.version, ps4.title) == (("nn_model",), 2, "Mine")
    assert ps4.max_points == PS4.max_points - 2 + 1.5
    assert changed["ps3_one_example"].written == ()
    assert changed["ps1_neuron"] == ASSIGNMENTS["ps1_neuron"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[ps4_two_layer", "cannot be read"),
        ("ps4_two_layer = 3", "is not a table"),
        ("[ps4_twolayer]\nversion = 2", "did you mean 'ps4_two_layer'"),
        ('[ps4_two_layer]\nleave_out = ["compute_dw2"]', "did you mean 'compute_dW2'"),
        ('[ps4_two_layer]\nleave_out = "nn_model"', "write leave_out"),
        ("[ps4_two_layer]\npoints = {compute_dW2 = 0}", "points are a number above 0"),
        ("[ps4_two_layer]\npoints = {compute_dW2 = true}", "points are a number above 0"),
        ("[ps4_two_layer]\npoint = 3", "did you mean 'points'"),
        ("[ps4_two_layer]\nversion = 0", "whole number from 1 on"),
        ('[ps8]\ntitle = "x"\nexercises = [{function = "f"}]', "points"),
        ("[ps8]\nexercises = []", "must be there"),
        ('[ps8]\nexercises = [{function = "f", points = 1}, {function = "f", points = 1}]', "each function once"),
    ],
)
def test_a_fault_of_the_file_is_said_with_its_place(tmp_path, text, complaint):
    with pytest.raises(CourseFileError, match=complaint) as raised:
        assignments_of(course(tmp_path, text))
    assert "course.toml" in str(raised.value)


def test_the_last_hint_is_withheld_by_the_setup_cell_and_the_release_is_the_same(tmp_path):
    def setup(name):
        cells = solve(assignments_of(tmp_path)[name], tmp_path).cells
        return next(cell.source for cell in cells if cell.id == "setup")

    course(tmp_path, "[ps4_two_layer]\nlast_hint = false\n[ps3_one_example]\npoints = {compute_dw2 = 3}\n")
    assert 'set_assignment("ps4_two_layer", last_hint=False)' in setup("ps4_two_layer")
    assert assignments_of(tmp_path)["ps4_two_layer"].release == PS4.release
    assert "last_hint" not in setup("ps2_activations") + setup("ps3_one_example")
    course(
        tmp_path, "[course]\nlast_hint = false\n[ps2_activations]\nlast_hint = true\n[ps3_one_example]\nversion = 2\n"
    )
    assert 'set_assignment("ps4_two_layer", last_hint=False)' in setup("ps4_two_layer")
    assert "    ],\n    last_hint=False,\n)" in setup("ps3_one_example")
    assert "last_hint" not in setup("ps2_activations")
    with pytest.raises(CourseFileError, match="write last_hint = false, or true"):
        is_on(course(tmp_path, '[course]\nlast_hint = "no"'), "ps4_two_layer", "last_hint")


def test_what_is_left_out_is_handed_out_written(tmp_path):
    changed = assignments_of(course(tmp_path, '[ps4_two_layer]\nleave_out = ["compute_dZ1", "nn_model"]'))
    notebook = solve(changed["ps4_two_layer"])
    cells = {cell.id: cell for cell in notebook.cells}
    assert "check-compute_dZ1" not in cells
    assert "answer-compute_dZ1" not in cells
    given = cells["given-compute_dZ1"]
    assert "SOLUTION" not in given.source
    assert "np.tanh(Z1)" in given.source
    assert given.metadata.nbgrader.locked
    assert not given.metadata.nbgrader.solution
    assert "compute_dZ1" not in cells["setup"].source
    assert "'compute_dW2', 2.0" in cells["setup"].source
    verdicts = judge_notebook(as_read(notebook), recognise(as_read(notebook), changed).assignment)
    assert all(verdict.passed for verdict in verdicts)
    assert len(verdicts) == len(PS4.exercises) - 2


@pytest.mark.filterwarnings("ignore:Object of type <Submitted")  # nbgrader's own
def test_leaving_out_more_after_grading_is_refused_in_a_sentence_and_loses_nothing(tmp_path):
    shutil.copy(CONFIG, tmp_path)
    name = "ps4_two_layer"
    before = {path: path.read_bytes() for path in generate(ASSIGNMENTS[name], tmp_path)}
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        gradebook.add_student("ada")
        gradebook.add_submission(name, "ada")
    known = assignments_of(course(tmp_path, f"[{name}]\npoints = {{compute_dW2 = 5}}\n"))
    generate(known[name], tmp_path)
    assert generate(ASSIGNMENTS[name], tmp_path)
    known = assignments_of(course(tmp_path, f'[{name}]\nleave_out = ["compute_dA1"]\n'))
    with pytest.raises(SourceError, match="gradebook holds submissions of ps4_two_layer already") as raised:
        generate(known[name], tmp_path)
    assert "\n" not in str(raised.value)
    assert {path: path.read_bytes() for path in before} == before


def test_an_own_assignment_is_made_and_judged(tmp_path):
    changed = assignments_of(course(tmp_path, OWN))
    (tmp_path / "ps8_revision.py").write_text(OWN_SOURCE, encoding="utf-8")
    notebook = solve(changed["ps8_revision"], tmp_path)
    found = recognise(as_read(notebook), changed)
    assert (found.assignment, found.by) == (changed["ps8_revision"], "metadata")
    assert [verdict.points for verdict in judge_notebook(as_read(notebook), found.assignment)] == [2.0, 1.5]
    written = notebook.cells[-1]
    assert written.metadata.nbgrader.points == 3
    assert written.source.startswith("Why?\n\n### BEGIN SOLUTION")


def test_an_own_assignment_without_a_source_or_a_question_is_refused(tmp_path):
    changed = assignments_of(course(tmp_path, OWN.replace("activations.relu", "activations.relo")))
    with pytest.raises(SourceError, match="is missing"):
        solve(changed["ps8_revision"], tmp_path)
    (tmp_path / "ps8_revision.py").write_text(OWN_SOURCE, encoding="utf-8")
    with pytest.raises(SourceError, match=r"no question activations\.relo"):
        solve(changed["ps8_revision"], tmp_path)


def test_a_notebook_says_for_itself_what_its_checks_are_worth():
    rows = [("compute_dZ2", 7.0, "two_layer.dZ2", "")]

    def compute_dZ2(A2, Y):
        return A2 - Y

    try:
        set_assignment("mine", exercises=rows)
        assert check(compute_dZ2, show=False).points == 7.0
        with pytest.raises(ValueError, match="not a table"):
            set_assignment("mine", exercises=[("compute_dZ2",)])
    finally:
        set_assignment("ps4_two_layer")


def test_the_digits_of_a_release_change_with_what_is_asked_and_nothing_else():
    assert from_table(PS4.as_table()) == PS4
    assert from_table(json.loads(json.dumps(PS4.as_table()))).release == PS4.release
    assert len({assignment.release for assignment in ASSIGNMENTS.values()}) == len(ASSIGNMENTS)


def test_a_submission_of_an_older_release_is_graded_with_what_it_was_given(tmp_path):
    old = assignments_of(course(tmp_path, "[ps4_two_layer]\npoints = {compute_dW2 = 9}"))["ps4_two_layer"]
    record_release(tmp_path, old)
    notebook = solve(old)
    now = assignments_of(course(tmp_path, "[ps4_two_layer]\nversion = 2"))
    record_release(tmp_path, now["ps4_two_layer"])
    assert recognise(as_read(notebook), now, released(tmp_path)).assignment == old
    assert len(released(tmp_path)) == 2


def test_a_grader_does_not_believe_what_the_metadata_say_of_points(tmp_path):
    record_release(tmp_path, PS4)
    notebook = solve(PS4)
    notebook.metadata.backprop_course.exercises[0][1] = 1000.0
    notebook.metadata.backprop_course.release = "0" * 12
    assert recognise(as_read(notebook), ASSIGNMENTS, released(tmp_path)).assignment == PS4
    assert recognise(as_read(notebook)).assignment.max_points == PS4.max_points + 995


def test_a_record_of_releases_that_is_damaged_is_said(tmp_path):
    (tmp_path / "releases.json").write_text("[1, 2]", encoding="utf-8")
    with pytest.raises(CourseFileError, match=r"releases\.json cannot be read"):
        released(tmp_path)


@pytest.mark.parametrize("assignment", ASSIGNMENTS.values(), ids=lambda assignment: assignment.name)
def test_a_notebook_without_metadata_is_recognised_by_its_cells_and_then_by_its_functions(assignment):
    notebook = solve(assignment)
    notebook.metadata = nbformat.NotebookNode()
    assert recognise(as_read(notebook)) == (assignment, "cells")
    for number, cell in enumerate(notebook.cells):
        cell.metadata, cell.id = nbformat.NotebookNode(), f"c{number}"
    assert recognise(as_read(notebook)) == (assignment, "functions")


def test_the_command_says_by_what_it_recognised_a_notebook_and_what_a_person_grades(tmp_path):
    notebook = solve(ASSIGNMENTS["ps3_one_example"])
    notebook.metadata = nbformat.NotebookNode()
    for number, cell in enumerate(notebook.cells):
        cell.metadata, cell.id = nbformat.NotebookNode(), f"c{number}"
    nbformat.write(notebook, tmp_path / "renamed.ipynb")
    command = [sys.executable, "-m", "autograder.cli", "check", str(tmp_path / "renamed.ipynb")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=EXERCISES.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Recognised as ps3_one_example by the functions that it defines" in done.stdout
    assert "A person grades: The index proof of dw, 3 points." in done.stdout
    report = json.loads(
        subprocess.run([*command, "--json"], capture_output=True, text=True, cwd=EXERCISES.parent).stdout
    )
    assert report["recognised_by"] == "functions"
    assert report["written"] == [{"id": "written-proof_dw", "points": 3.0, "title": "The index proof of dw"}]
