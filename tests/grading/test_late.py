"""Due dates, extensions and penalties hold, and what changed of them later is applied, and said."""

import pytest
from nbgrader.api import Gradebook as TheirGradebook

from autograder.grade.course import Course
from autograder.grade.gradebook import Gradebook
from autograder.grade.run import Options, Run
from autograder.grade.session import grade_class
from tests.grading.classes import NAME, course, hand_in, notebook

WRONG = {"compute_db2": "def compute_db2(dZ2):\n    return dZ2"}
CONFIG = '\nc.LateSubmissionPlugin.penalty_method = "zero"\n'


def grade(folder, **options) -> int:
    return grade_class(NAME, Options(folder, jobs=1, sandboxed=False, **options))


def due(folder, day: int, **extension: int) -> None:
    """Set the due date, and an extension for ada."""
    with TheirGradebook(Course.at(folder).db_url) as book:
        book.update_or_create_assignment(NAME, duedate=f"2024-03-0{day} 12:00:00")
        if extension:
            book.grant_extension(NAME, "ada", **extension)


def penalties(folder) -> dict[str, float]:
    with TheirGradebook(Course.at(folder).db_url) as book:
        found = {each.student.id: each.late_submission_penalty for each in book.assignment_submissions(NAME)}
        return {student: penalty for student, penalty in found.items() if penalty}


@pytest.fixture
def here(tmp_path):
    found = course(tmp_path)
    with (found / "nbgrader_config.py").open("a") as file:
        file.write(CONFIG)
    for student, answers, day in (("ada", {}, 2), ("bob", WRONG, 2), ("eve", {}, 1)):
        path = hand_in(found, student, notebook(found, answers))
        (path.parent / "timestamp.txt").write_text(f"2024-03-0{day} 11:00:00 UTC")
    due(found, 1)
    assert grade(found) == 0
    assert penalties(found) == {"ada": 6.0, "bob": 3.0}
    return found


def test_a_due_date_that_is_moved_is_shown_by_a_dry_run_then_applied_and_then_nothing_is_left(here, capsys):
    due(here, 3)
    capsys.readouterr()
    assert grade(here, dry_run=True) == 0
    said = capsys.readouterr().out
    assert [line.split() for line in said.splitlines() if "late penalty" in line] == [
        ["│", "ada", "│", "late", "penalty", "│", "6", "│", "–", "│"],
        ["│", "bob", "│", "late", "penalty", "│", "3", "│", "–", "│"],
    ]
    assert "2 of 3 would get other marks. Nothing was written." in said
    assert penalties(here) == {"ada": 6.0, "bob": 3.0}
    assert grade(here) == 0
    assert "2 late penalties change: ada 6 to 0, bob 3 to 0." in capsys.readouterr().out
    assert penalties(here) == {}
    assert grade(here) == 0
    assert "late" not in capsys.readouterr().out


def test_an_extension_holds_for_the_one_who_has_it_and_with_force_too(here, capsys):
    due(here, 1, days=2)
    capsys.readouterr()
    assert grade(here, force=True, dry_run=True) == 0
    assert "1 of 3 would get other marks" in capsys.readouterr().out
    assert grade(here) == 0
    assert penalties(here) == {"bob": 3.0}
    assert grade(here, force=True) == 0
    assert penalties(here) == {"bob": 3.0}


def test_a_due_date_that_is_set_later_and_points_of_a_person_count(here, capsys):
    with TheirGradebook(Course.at(here).db_url) as book:
        book.find_grade("written-why", NAME, NAME, "ada").manual_score = 2.5
        book.db.commit()
    assert grade(here) == 0
    assert penalties(here) == {"ada": 8.5, "bob": 3.0}
    assert "ada 6 to 8.5" in capsys.readouterr().out


def test_another_method_of_penalties_is_applied_to_what_is_in(here, capsys):
    with (here / "nbgrader_config.py").open("a") as file:
        file.write('\nc.LateSubmissionPlugin.penalty_method = "none"\n')
    assert grade(here) == 0
    assert penalties(here) == {}


def test_whom_the_configuration_excludes_is_not_graded_and_it_is_said(here, capsys):
    with (here / "nbgrader_config.py").open("a") as file:
        file.write('\nc.CourseDirectory.student_id_exclude = "bob, nobody"\n')
    with Run(NAME, Options(here, jobs=1, sandboxed=False, force=True)).opened() as run:
        assert [each.student for each in run.state.todo] == ["ada", "eve"]
    assert grade(here) == 0
    assert "Left out by student_id_exclude: 1." in capsys.readouterr().out


def test_the_penalty_stands_among_the_marks(here):
    book = Gradebook(Course.at(here), NAME)
    assert book.marks()["ada"]["late penalty"] == 6.0
    assert "late penalty" not in book.marks()["eve"]
