"""What people gave, and what late work costs, comes from nbgrader's own gradebook."""

import csv
import io
import json
import os
import sys
from datetime import datetime
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.grade.class_marks import CellMark, GradebookRow
from autograder.report.dashboard import rows as rows_of
from autograder.report.export import as_canvas, as_csv, as_json
from autograder.report.feedback import said_of
from autograder.report.marks import students_of
from tests.report.conftest import NAME, Course, record, verdicts

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # nbgrader's own way with its session


@pytest.fixture(scope="module")
def with_gradebook(tmp_path_factory):
    """A class with a written answer, a late student, a manual score, a comment and somebody who handed in nothing."""
    course = Course(tmp_path_factory.mktemp("course"))
    monkeypatch = pytest.MonkeyPatch()
    # nbgrader starts alembic by its name.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    course.add(record("ada", verdicts(compute_dW2="missing-mean"))).add(record("bob"))
    with Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}", "made-by-hand") as book:
        book.add_assignment(NAME)
        book.add_notebook(NAME, NAME)
        book.add_grade_cell("check-compute_dW2", NAME, NAME, max_score=2, cell_type="code")
        book.add_grade_cell("written-why", NAME, NAME, max_score=5, cell_type="markdown")
        book.add_solution_cell("written-why", NAME, NAME)
        for student, names in {"ada": ("=cmd()", "Ada"), "bob": ("Bobson", "Bob"), "eve": ("Evans", "Eve")}.items():
            book.add_student(student, last_name=names[0], first_name=names[1])
        for student, auto, manual in (("ada", 0.0, 4.0), ("bob", 2.0, None)):
            book.add_submission(NAME, student, timestamp=datetime(2026, 1, 1))
            notebook = book.find_submission_notebook(NAME, NAME, student)
            checked = book.find_grade("check-compute_dW2", NAME, NAME, student)
            checked.auto_score, checked.needs_manual_grade = auto, False
            written = book.find_grade("written-why", NAME, NAME, student)
            written.manual_score, written.needs_manual_grade = manual, manual is None
            if student == "ada":
                notebook.late_submission_penalty = 1.5
                written.extra_credit = 0.5
                book.find_comment("written-why", NAME, NAME, student).manual_comment = "See <b>me</b>"
        book.db.commit()
        book.db.close()
    monkeypatch.undo()
    return course


def test_manual_points_extra_points_and_the_penalty_count_as_nbgrader_counts_them(with_gradebook):
    graded = with_gradebook.graded
    students = {each.id: each for each in graded.students}
    assert graded.max_points == 7.0
    assert (students["ada"].raw, students["ada"].penalty, students["ada"].points) == (4.5, 1.5, 3.0)
    with Gradebook(f"sqlite:///{with_gradebook.folder / 'gradebook.db'}", "made-by-hand") as book:
        submission = book.find_submission(NAME, "ada")
        assert submission.score == students["ada"].raw
        assert submission.late_submission_penalty == students["ada"].penalty
        book.db.close()


def test_who_waits_for_a_person_has_no_points_in_canvas_yet(with_gradebook):
    rows = list(csv.reader(io.StringIO(as_canvas(with_gradebook.graded))))
    assert [row[-1] for row in rows[2:]] == ["3", "", ""]


def test_a_name_that_is_a_formula_is_neutralised(with_gradebook):
    rows = list(csv.reader(io.StringIO(as_csv(with_gradebook.graded))))
    assert rows[1][2:4] == ["'=cmd()", "Ada"]


def test_who_is_on_the_roster_and_handed_in_nothing_is_listed_without_marks(with_gradebook):
    eve = with_gradebook.graded.students[2]
    assert (eve.id, eve.outcome, eve.points) == ("eve", "not-graded", None)


def test_a_row_that_nbgrader_made_before_it_could_not_read_the_file_is_no_grade():
    waiting, given, zero = CellMark(3.0, waits=True), CellMark(3.0, manual=1.0), CellMark(3.0, auto=0.0)
    rows = {name: GradebookRow(cells={"a": cell}) for name, cell in zip("abc", (waiting, given, zero), strict=True)}
    assert [each.outcome for each in students_of([], rows)] == ["not-graded", "graded", "graded"]


def test_a_page_says_what_people_gave_and_what_late_work_costs(with_gradebook):
    graded = with_gradebook.graded
    said = said_of(graded.students[0], graded)
    assert said["mark"] == "3 of 7 points"
    assert any("costs 1.5 of the 4.5 points" in sentence for sentence in said["about"])
    assert said["cells"]["written-why"] == {"points": "4.5 of 5 points", "comment": "See <b>me</b>"}
    waiting = said_of(graded.students[1], graded)
    assert {row["said"] for row in waiting["rows"]} >= {"a person grades it"}


def test_a_cell_that_a_person_has_still_to_grade_is_no_zero(with_gradebook):
    rows = list(csv.DictReader(io.StringIO(as_csv(with_gradebook.graded))))
    assert [(row["student_id"], row["needs_grading"]) for row in rows] == [("ada", "no"), ("bob", "yes"), ("eve", "no")]


def test_points_that_wait_are_said_in_the_report_on_the_page_and_in_json(with_gradebook):
    graded = with_gradebook.graded
    assert [each.waiting for each in graded.students] == [0.0, 5.0, 0.0]
    assert [row.troubles for row in rows_of(graded, with_gradebook.folder)][1] == ["5 points wait for a person."]
    assert said_of(graded.students[1], graded)["mark"] == "2 of 2 points, and 5 wait for a person"
    found = json.loads(as_json(graded))["students"]
    assert [(each["needs_grading"], each["points_waiting"]) for each in found] == [
        (False, 0.0),
        (True, 5.0),
        (False, 0),
    ]


def test_a_gradebook_that_is_none_is_a_sentence(course):
    from autograder.grade.course import NoGradebook

    (course.folder / "gradebook.db").write_text("no database")
    with pytest.raises(NoGradebook, match="cannot be read"):
        course.graded  # noqa: B018
