"""A course that exists already goes on: assignments that are not ours, as nbgrader's own quickstart makes them."""

import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.grade.class_marks import read_class
from autograder.grade.course import Course, NoGradebook
from exercises.generate import CONFIG
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
        assert found[student] == AUTO | dict.fromkeys(WRITTEN)
    assert {name: found["blank"][name] for name in AUTO} == dict.fromkeys(AUTO, 0)
    text = (here / "autograded" / "hostile" / "ps1" / "problem1.ipynb").read_text()
    assert "<b>b</b>" in text
    assert (
        "onerror" not in text.replace("&lt;img src=x onerror", "").replace("< img src=x onerror", "")
        or "<img" not in text
    )
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
