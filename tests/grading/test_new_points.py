"""What a function is worth is one number everywhere; new points have a way in."""

import hashlib
import json
import re

import nbformat
import pytest

from autograder.course_file import released
from autograder.grade.records import Records
from autograder.grade.run import Options
from autograder.grade.session import grade_class
from autograder.report import dashboard
from autograder.report.export import as_canvas, as_csv, as_json
from autograder.report.feedback import feedback
from autograder.report.marks import graded as graded_class
from tests.grading.classes import COURSE, NAME, TEXT, cell, course, full, hand_in, make, notebook, scores
from tests.grading.test_nothing_lost import opened
from tests.grading.test_plugin import nbgrader

NEW = COURSE.replace('"compute_dW2", points = 2', '"compute_dW2", points = 5').replace(
    'id = "written-why", points = 4', 'id = "written-why", points = 6'
)
WRONG = {"compute_dW2": "def compute_dW2(dZ2, A1):\n    return dZ2 @ A1.T"}


def grade(folder, **options) -> int:
    return grade_class(NAME, Options(folder, jobs=1, sandboxed=False, **options))


@pytest.fixture
def here(tmp_path):
    found = course(tmp_path)
    hand_in(found, "ada")
    hand_in(found, "bob", notebook(found, WRONG))
    assert grade(found) == 0
    return found


def worths(folder, student) -> dict[str, set[float]]:
    """Return every number of points that anything says compute_dW2, the proof and the whole are worth."""
    id, found = "check-compute_dW2", {"check": set(), "written": set(), "all": set()}
    with opened(folder) as book:
        found["check"].add(book.find_grade(id, NAME, NAME, student).max_score)
        found["written"].add(book.find_grade("written-why", NAME, NAME, student).max_score)
        found["all"].add(book.find_submission(NAME, student).max_score)
    record = Records(folder, NAME).find(student)
    found["check"] |= {row["max_points"] for row in record.verdicts if row["id"] == id}
    found["all"].add(record.max_score + max(found["written"]))
    book = nbformat.read(folder / "autograded" / student / NAME / f"{NAME}.ipynb", as_version=4)
    said = cell(book, id).outputs[0].data["text/plain"]
    found["check"].add(float(re.search(r"of (\S+) points", said)[1]))
    found["check"].add(cell(book, id).metadata.nbgrader.points)
    in_class = graded_class(NAME, folder)
    exported = json.loads(as_json(in_class))
    (row,) = [row for row in exported["students"] if row["student"] == student]
    columns = {each["id"]: each["max_points"] for each in exported["columns"]}
    found["check"] |= {columns[id], row["cells"][id]["max_points"], row["checks"][1]["max_points"]}
    found["written"] |= {columns["written-why"], row["cells"]["written-why"]["max_points"]}
    found["all"] |= {exported["max_score"], float(as_canvas(in_class).splitlines()[1].split('"')[-2])}
    found["all"].add(float(re.search(r'"no|"yes', as_csv(in_class)) and in_class.max_points))
    (page,) = feedback(in_class, only=[student], jobs=1)
    text = page.path.read_text()
    found["check"].add(float(re.search(r"compute_dW2</a></td><td[^>]*>[^<]*</td><td[^>]*>\S+ of (\S+?)<", text)[1]))
    found["check"].add(float(re.search(r"compute_dW2(?: is right|: missing-mean)[:,] \S+ of (\S+) points", text)[1]))
    judged = re.search(r'class="mark"><strong>\S+ of (\S+) points(?:, and (\S+) wait)?', text)
    found["all"].add(float(judged[1]) + float(judged[2] or 0))
    shown = dashboard.dashboard(in_class, [], folder)
    found["all"].add(float(re.search(r"small, (\S+) points", shown)[1]))
    return found


def agree(folder, check, written, whole):
    for student in ("ada", "bob"):
        assert worths(folder, student) == {"check": {check}, "written": {written}, "all": {whole}}


def test_points_that_are_changed_in_the_file_are_said_and_change_nothing_by_themselves(here, capsys):
    agree(here, 2.0, 4.0, 10.0)
    before = {path: path.read_bytes() for path in (here / ".autograder").rglob("*.json")}
    (here / "course.toml").write_text(NEW)
    hand_in(here, "eve", notebook(here, change=lambda book: book.metadata.pop("backprop_course")))
    assert grade(here) == 0
    assert "course.toml gives other points than are in force: compute_dW2 5, written-why 6." in capsys.readouterr().out
    assert {path: path.read_bytes() for path in before} == before
    agree(here, 2.0, 4.0, 10.0)
    assert scores(here)["eve"] == full()
    assert "older-release" not in [trouble["id"] for trouble in Records(here, NAME).find("eve").troubles]


def test_new_points_are_shown_first_and_then_reach_everything(here, capsys):
    (here / "course.toml").write_text(NEW)
    before = {path: path.read_bytes() for path in sorted(here.rglob("*")) if path.is_file()}
    assert grade(here, new_points=True, dry_run=True) == 0
    said = capsys.readouterr().out
    assert re.search(r"ada\s+│ check-compute_dW2 │\s+2 │\s+5 │", said)
    assert re.search(r"all checks\s+│\s+6 │\s+9 │", said)
    assert "bob" not in said
    assert {path: path.read_bytes() for path in sorted(here.rglob("*")) if path.is_file()} == before
    when = {record.student: record.graded_at for record in Records(here, NAME).all()}
    assert grade(here, new_points=True) == 0
    assert (
        "New points: compute_dW2 5, written-why 6. They change what 2 that are in can get." in capsys.readouterr().out
    )
    agree(here, 5.0, 6.0, 15.0)
    assert scores(here) == {"ada": full(compute_dW2=5.0), "bob": full(compute_dW2=0.0)}
    assert {record.student: record.graded_at for record in Records(here, NAME).all()} == when
    assert grade(here) == 0
    assert "--new-points" not in capsys.readouterr().out


def test_who_comes_later_with_the_old_notebook_gets_the_new_points_too(here, capsys):
    (here / "course.toml").write_text(NEW)
    assert grade(here, new_points=True) == 0
    hand_in(here, "eve")
    assert grade(here) == grade(here, force=True) == 0
    assert scores(here)["eve"] == scores(here)["ada"] == full(compute_dW2=5.0)
    assert Records(here, NAME).find("eve").troubles == []
    make(here, TEXT, NEW)
    hand_in(here, "fay", notebook(here))
    assert grade(here) == 0
    assert scores(here)["fay"] == full(compute_dW2=5.0)
    agree(here, 5.0, 6.0, 15.0)
    assert {asked.exercise("compute_dW2").points for asked in released(here).values()} == {5.0}
    assert "promised" not in capsys.readouterr().out


def test_a_release_with_other_points_leaves_those_of_older_ones_and_says_of_how_many(here, capsys):
    old = notebook(here)
    make(here, TEXT, NEW)
    hand_in(here, "old", old)
    hand_in(here, "new")
    capsys.readouterr()
    assert grade(here) == 0
    assert "2 submissions keep those that they were promised" in capsys.readouterr().out
    agree(here, 5.0, 6.0, 15.0)
    marks = scores(here)
    assert (marks["ada"], marks["old"], marks["new"]) == (full(), full(), full(compute_dW2=5.0))
    assert Records(here, NAME).find("old").score == 6.0
    assert grade(here, new_points=True) == 0
    assert scores(here)["ada"] == scores(here)["old"] == full(compute_dW2=5.0)
    assert [Records(here, NAME).find(student).outcome for student in ("ada", "old", "new")] == ["graded"] * 3
    agree(here, 5.0, 6.0, 15.0)


def test_what_a_person_gave_stays_and_is_named(here, capsys):
    with opened(here) as book:
        book.find_grade("check-compute_dW2", NAME, NAME, "bob").manual_score = 1.5
        book.find_grade("written-why", NAME, NAME, "ada").manual_score = 4.0
        book.db.commit()
    (here / "course.toml").write_text(NEW)
    grade(here, new_points=True)
    assert "look at ada, bob." in capsys.readouterr().out
    with opened(here) as book:
        assert book.find_grade("check-compute_dW2", NAME, NAME, "bob").manual_score == 1.5
        assert book.find_submission(NAME, "ada").score == 9.0 + 4.0


def test_parts_keep_their_share(tmp_path):
    from autograder.core.verdict import Part, Verdict
    from autograder.grade.points import revalued
    from autograder.grade.records import Record, verdict_row
    from autograder.grade.release import Release
    from autograder.protocol.notebook import Cell

    parts = (Part("dW1", True, 1.0, 1.0, None), Part("db1", False, 0.0, 2.0, "x"))
    row = verdict_row(Verdict("f", None, False, 1.0, 3.0, "x", "Wrong.", parts=parts))
    test = frozenset({"grade", "locked"})
    cells = {
        "check-f": Cell("code", "", "check-f", "check-f", test, 6.0),
        "own": Cell("code", "", "own", "own", test, 4.0),
    }
    release = Release(cells, places=frozenset(cells))
    record = Record("a", "b", "graded", verdicts=[row], extras={"own": 2.0}, asked={"check-f": 3.0, "own": 2.0})
    after = revalued(record, release, anew=True)
    assert (after.score, after.max_score, after.extras) == (6.0, 10.0, {"own": 4.0})
    assert [(part["points"], part["max_points"]) for part in after.verdicts[0]["parts"]] == [(2.0, 2.0), (0.0, 4.0)]
    kept = revalued(record, release, anew=False)
    assert (kept.score, kept.verdicts[0]["points"], kept.verdicts[0]["max_points"]) == (3.0, 1.0, 6.0)
    assert revalued(kept, release, anew=True) == after
    assert revalued(after, release, anew=True) == after


def test_the_notebook_that_nbgrader_wrote_says_the_new_points_too_and_is_otherwise_as_it_was(here):
    nbgrader(here, "autograde", NAME, "--student=ada", "--force")
    path = here / "autograded" / "ada" / NAME / f"{NAME}.ipynb"
    before = nbformat.read(path, as_version=4)
    (here / "course.toml").write_text(NEW)
    assert grade(here, new_points=True) == 0
    agree(here, 5.0, 6.0, 15.0)
    after = nbformat.read(path, as_version=4)
    assert cell(after, "check-compute_dW2").id == "check-compute_dW2"
    for book in (before, after):
        book.cells.remove(cell(book, "check-compute_dW2"))
    assert after == before
    digest = Records(here, NAME).find("ada").autograded
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("content", [b"", b"no notebook", b"[]", b'{"cells": 3}', b'{"cells": [{"id": "check-f"}]}'])
def test_what_is_no_autograded_notebook_stays_as_it_is(content):
    from autograder.core.verdict import Verdict
    from autograder.grade.points import with_verdicts
    from autograder.grade.records import Record, verdict_row

    verdict = verdict_row(Verdict("f", None, True, 1.0, 1.0, None, "Right."))
    assert with_verdicts(content, Record("ada", "small", "graded", verdicts=[verdict])) == b""
