"""Each submission of the sample class gets the marks that expected.json says."""

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from rich.console import Console

from autograder import check, set_assignment
from exercises.generate import CONFIG, EXERCISES, generate
from exercises.sample_class.grade import differences, grade_class
from exercises.sample_class.make import ASSIGNMENT, expected, make, samples, submission

ENDLESS = "endless_loop"
SAMPLES = {sample.student: sample for sample in samples()}


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory):
    """The source and the release."""
    course = tmp_path_factory.mktemp("course")
    shutil.copy(CONFIG, course)
    return [nbformat.read(path, as_version=4) for path in generate(ASSIGNMENT, course)]


def test_every_sample_has_expected_marks_and_the_other_way_round():
    assert sorted(SAMPLES) == sorted(expected())
    assert len(SAMPLES) >= 12
    assert all(sample.fault for sample in SAMPLES.values())


def test_expected_scores_are_what_the_mistakes_leave():
    for student, row in expected().items():
        worst = sum(exercise.points for exercise in ASSIGNMENT.exercises if exercise.id in row["mistakes"])
        if row["score"] is not None:
            assert ASSIGNMENT.max_points - worst <= row["score"] <= ASSIGNMENT.max_points, student
            assert (row["score"] == ASSIGNMENT.max_points) == (row["mistakes"] == {}), student


@pytest.mark.parametrize("student", [name for name, each in SAMPLES.items() if not each.literal and name != ENDLESS])
def test_the_checking_core_gives_each_sample_its_marks(student, handed_out, capsys):
    set_assignment(ASSIGNMENT.name)
    names: dict = {}
    exec("import numpy as np", names)
    score, mistakes = 0.0, {}
    for cell in submission(SAMPLES[student], *handed_out).cells:
        if cell.id.startswith("answer-"):
            exec(cell.source, names)
        elif cell.id.startswith("check-"):
            verdict = check(names[cell.id.removeprefix("check-")])
            score += verdict.points
            if verdict.mistake:
                mistakes[cell.id] = verdict.mistake
    assert {"score": score, "mistakes": mistakes} == expected()[student]
    assert capsys.readouterr().err == ""


def test_a_submission_looks_like_a_students_and_keeps_the_releases_metadata(handed_out):
    source, release = handed_out
    for sample in SAMPLES.values():
        if not sample.literal:
            notebook = submission(sample, source, release)
            assert [cell.metadata for cell in notebook.cells] == [cell.metadata for cell in release.cells]
            assert all("SOLUTION" not in cell.source for cell in notebook.cells)
    assert submission(SAMPLES["unchanged_release"], source, release) == release


def test_the_class_is_never_built_over_something_else(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(FileExistsError, match="is not empty and is no sample class"):
        make(tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_a_difference_from_the_expected_marks_is_told():
    got = expected()
    assert differences(got) == []
    student = next(iter(got))
    got[student] = {"score": 7.0, "mistakes": {}}
    assert len(differences(got)) == 1
    assert student in differences(got)[0]


def only(course: Path, chosen: set[str]) -> None:
    for student in set(SAMPLES) - chosen:
        shutil.rmtree(course / "submitted" / student)


@pytest.mark.slow
def test_three_of_them_are_graded_end_to_end(tmp_path):
    course = make(tmp_path / "class")
    chosen = {"missing_mean_in_dW2", "unchanged_release", "not_json"}
    only(course, chosen)
    said = io.StringIO()
    assert grade_class(course, Console(file=said, width=120)) == {each: expected()[each] for each in chosen}
    assert "it is not JSON: ask for it again." in " ".join(said.getvalue().replace("│", "").split())
    page = course / "feedback" / "missing_mean_in_dW2" / ASSIGNMENT.name / f"{ASSIGNMENT.name}.html"
    assert "compute_dW2: missing-mean, 0 of 2 points." in page.read_text()
    assert not (course / "feedback" / "not_json").exists()


@pytest.mark.slow
def test_the_commands_of_nbgrader_work_in_the_course_directory(tmp_path):
    shutil.copy(CONFIG, tmp_path)
    scripts = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PYTHONPATH": str(EXERCISES.parent),
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
    }

    def nbgrader(*arguments: str) -> None:
        done = subprocess.run(
            [scripts / "nbgrader", *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr

    source, _ = generate(ASSIGNMENT, tmp_path)
    nbgrader("generate_assignment", ASSIGNMENT.name, "--force")
    release = tmp_path / "release" / ASSIGNMENT.name / source.name
    handed_in = tmp_path / "submitted" / "sign_flipped_in_dA2" / ASSIGNMENT.name / source.name
    handed_in.parent.mkdir(parents=True)
    read = [nbformat.read(path, as_version=4) for path in (source, release)]
    nbformat.write(submission(SAMPLES["sign_flipped_in_dA2"], *read), handed_in)
    nbgrader("autograde", ASSIGNMENT.name)
    nbgrader("generate_feedback", ASSIGNMENT.name)
    nbgrader("export")
    assert ",29.0,30.0" in (tmp_path / "grades.csv").read_text()
    page = tmp_path / "feedback" / "sign_flipped_in_dA2" / ASSIGNMENT.name / f"{ASSIGNMENT.name}.html"
    assert "sign-flipped" in page.read_text()


@pytest.mark.nightly  # `make course`, which a gate runs, grades the class too, and fails where marks are others
def test_the_whole_class_is_graded_as_expected(tmp_path):
    command = [sys.executable, "-m", "exercises.sample_class.grade", str(tmp_path / "class")]
    done = subprocess.run(command, cwd=EXERCISES.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = {path.parts[-3] for path in (tmp_path / "class" / "feedback").glob("*/*/*.html")}
    assert pages == set(SAMPLES) - {"not_json"}
