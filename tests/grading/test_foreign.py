"""A course that exists already goes on: assignments that are not ours, as nbgrader's own quickstart makes them."""

import csv
import io
import json
import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.grade.class_marks import read_class
from autograder.grade.course import Course, NoGradebook
from autograder.grade.records import Records
from autograder.report.export import as_csv, as_json
from autograder.report.marks import graded
from exercises.generate import CONFIG
from tests.grading.classes import run
from tests.grading.test_plugin import nbgrader

pytestmark = pytest.mark.slow
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The course of `nbgrader quickstart`, with our configuration, and three students' work in it."""
    folder = tmp_path_factory.mktemp("foreign")
    nbgrader(folder, "quickstart", "course")
    here = folder / "course"
    shutil.copy(CONFIG, here)
    nbgrader(here, "generate_assignment", "ps1")
    shutil.copytree(here / "source" / "ps1", here / "submitted" / "right" / "ps1")
    shutil.copytree(here / "release" / "ps1", here / "submitted" / "blank" / "ps1")
    shutil.copytree(here / "source" / "ps1", here / "submitted" / "hostile" / "ps1")
    path = here / "submitted" / "hostile" / "ps1" / "problem1.ipynb"
    book = nbformat.read(path, as_version=4)
    book.cells.append(new_markdown_cell(HOSTILE))
    book.cells.append(
        new_code_cell(f"from IPython.display import HTML, display\ndisplay(HTML({HOSTILE!r} + '<b>b</b>'))")
    )
    nbformat.write(book, path)
    return here


def marks(here):
    rows, _ = read_class(Course.at(here), "ps1")
    return {student: {name: mark.auto for name, mark in row.cells.items()} for student, row in rows.items()}


def of(cells):
    """The marks without the names of the notebooks."""
    return {name.partition(": ")[2]: mark for name, mark in cells.items()}


AUTO = {
    "correct_squares": 1,
    "squares_invalid_input": 1,
    "correct_sum_of_squares": 0.5,
    "sum_of_squares_uses_squares": 0.5,
}
WRITTEN = ("sum_of_squares_equation", "sum_of_squares_application", "cell-938593c4a215c6cc", "part-a", "part-b")


def test_plain_nbgrader_goes_on_without_a_sandbox_and_what_it_writes_is_harmless(made, tmp_path):
    here = tmp_path / "course"
    shutil.copytree(made, here)
    done = nbgrader(here, "autograde", "ps1")
    assert done.stderr.count("without a sandbox") == 1
    found = marks(here)
    for student in ("right", "hostile"):
        assert of(found[student]) == AUTO | dict.fromkeys(WRITTEN)
    assert {name: of(found["blank"])[name] for name in AUTO} == dict.fromkeys(AUTO, 0)
    text = (here / "autograded" / "hostile" / "ps1" / "problem1.ipynb").read_text()
    assert "<b>b</b>" in text
    assert "<img>" in text
    assert "<img src" not in text.replace("&lt;img", "").replace("'<img src", "")
    nbgrader(here, "generate_feedback", "ps1")
    assert (here / "feedback" / "right" / "ps1" / "problem2.html").is_file()


def test_a_configuration_of_the_user_and_the_machine_counts_as_for_nbgrader(made, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    (tmp_path / "nbgrader_config.json").write_text('{"CourseDirectory": {"student_id_exclude": "blank, nobody"}}')
    assert Course.at(made).excluded == {"blank", "nobody"}
    (tmp_path / "nbgrader_config.py").write_text("c.CourseDirectory.submitted_directory = 'elsewhere'")
    assert Course.at(made).folder("submitted") == made / "elsewhere"
    (tmp_path / "nbgrader_config.py").write_text("1 / 0")
    with pytest.raises(NoGradebook, match=r"nbgrader_config.py, line 1: ZeroDivisionError"):
        Course.at(made)


@pytest.fixture(scope="module")
def ours(made, tmp_path_factory):
    """The same, graded by `autograder grade`, with one more, who lacks a notebook."""
    here = tmp_path_factory.mktemp("ours") / "course"
    shutil.copytree(made, here)
    shutil.copytree(here / "submitted" / "right", here / "submitted" / "lacks")
    (here / "submitted" / "lacks" / "ps1" / "problem2.ipynb").unlink()
    done = run(here, "ps1", code=1)
    return here, done


def test_an_assignment_of_several_notebooks_is_run_in_the_sandbox_and_judged_outside(ours):
    here, done = ours
    found = marks(here)
    # It deletes a function of the student's and looks who misses it, which cannot be brought to a test.
    right = AUTO | {"sum_of_squares_uses_squares": None} | dict.fromkeys(WRITTEN)
    assert of(found["right"]) == of(found["hostile"]) == right
    assert {name: of(found["blank"])[name] for name in AUTO} == dict.fromkeys(AUTO, 0)
    assert "answers do not pass it here" in " ".join(done.stdout.replace("│", " ").split())
    assert "problem2.ipynb" in Records(here, "ps1", "problem2").find("lacks").advice
    assert of(found["lacks"])["correct_squares"] == 1
    assert (here / "autograded" / "right" / "ps1" / "problem1.ipynb").is_file()
    assert (here / "autograded" / "right" / "ps1" / "problem2.ipynb").is_file()
    text = (here / "autograded" / "hostile" / "ps1" / "problem1.ipynb").read_text()
    assert "<img><b>b</b>" in text
    assert "<img src" not in text.replace("display(HTML('<img src", "")


def test_its_marks_are_reported_and_its_pages_are_nbgraders(ours):
    here, _ = ours
    in_class = graded("ps1", here)
    assert in_class.max_points == 13
    header, *rows = as_csv(in_class).splitlines()
    assert '"problem1: correct_squares"' in header
    assert '"problem2: part-a"' in header
    assert len(rows) == 4
    run(here, "ps1", command="report", code=0)
    said = run(here, "ps1", command="feedback", code=2).stderr
    assert "has several notebooks, whose pages are made by `nbgrader generate_feedback ps1`" in said
    nbgrader(here, "generate_feedback", "ps1")


def test_the_export_says_what_became_of_each_notebook_of_everybody(ours):
    here, _ = ours
    rows = {row["student_id"]: row for row in csv.DictReader(io.StringIO(as_csv(graded("ps1", here))))}
    assert {student: row["outcome"] for student, row in rows.items()} == {
        "blank": "graded",
        "hostile": "graded-with-trouble",
        "lacks": "unreadable",
        "right": "graded-with-trouble",
    }
    assert rows["right"]["raw_score"] == "2.5"
    found = {each["student"]: each for each in json.loads(as_json(graded("ps1", here)))["students"]}
    assert found["lacks"]["advice"].startswith("problem2: There is no notebook in the folder")
    (trouble,) = found["right"]["troubles"]
    assert trouble["where"].startswith("problem1: sum_of_squares_uses_squares: ")
    page = here / "reports" / "ps1.html"
    run(here, "ps1", command="report", code=0)
    assert "<dt>handed in</dt><dd>4</dd>" in page.read_text().replace("\n", "")


def test_one_whose_notebooks_are_not_all_graded_is_to_be_graded(ours, tmp_path):
    here = shutil.copytree(ours[0], tmp_path / "course")
    Records(here, "ps1", "problem2").path("right").unlink()
    (found,) = (each for each in graded("ps1", here).students if each.id == "right")
    assert (found.outcome, found.record.score) == ("ungraded", None)
    assert "problem2: It has not been graded: grade again." in found.record.advice


def test_marks_that_plain_nbgrader_gave_are_marks_and_who_has_none_is_not_graded(made, tmp_path):
    here = shutil.copytree(made, tmp_path / "course")
    nbgrader(here, "autograde", "ps1", "--student=right")
    nbgrader(here, "db", "student", "add", "nobody")
    found = {each.id: each.outcome for each in graded("ps1", here).students}
    assert found == {"right": "graded", "nobody": "not-graded"}


def test_a_test_of_ones_own_is_explained_by_the_name_that_the_export_has(ours):
    here, _ = ours

    def told(student, check, code):
        return run(here, student, check, "--assignment", "ps1", command="explain", code=code)

    said = told("right", "problem1: correct_squares", 0).stdout
    assert "right, ps1, problem1: correct_squares" in said
    assert "The points, as recorded: 1 of 1 points." in said
    assert "Judged again, it is the same." in said
    said = told("blank", "correct_squares", 0).stdout
    assert "0 of 1 points" in said
    assert "NotImplementedError" in said
    said = told("right", "sum_of_squares_uses_squares", 0).stdout
    assert "It is not judged: your own answers do not pass it here." in said
    assert "as recorded: a person gives its points." in said
    assert "did you mean" in told("right", "correct_square", 2).stderr
    assert "a person grades it" in told("right", "part-a", 2).stderr
    assert "There is no notebook" in told("lacks", "part-b", 2).stderr


def test_it_is_taken_up_where_it_was(ours):
    here, _ = ours
    assert run(here, "ps1", code=1).stdout.count("4 are graded already") == 2
