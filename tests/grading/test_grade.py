"""Every submission gets its marks and an outcome, whatever was done to its file, which is held against the release."""

import errno
import json
import os
import shutil
import sys
import sysconfig

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.assignments import ASSIGNMENTS
from autograder.course_file import assignments_of, released
from autograder.grade.collect import Unreadable, places, take
from autograder.grade.course import Course
from autograder.grade.gradebook import Gradebook
from autograder.grade.grader import Job, grade_submission
from autograder.grade.records import OUTCOMES, Record, Records
from autograder.sandbox.process import GuestProcess
from tests.grading.classes import (
    COURSE,
    NAME,
    ROOT,
    TEXT,
    cell,
    course,
    full,
    hand_in,
    make,
    notebook,
    path_of,
    run,
    scores,
)
from tests.grading.vectors import PNG


@pytest.fixture
def here(tmp_path):
    return course(tmp_path)


def job_of(folder, **changed) -> Job:
    known = assignments_of(folder)
    book = Gradebook(Course.at(folder), NAME)
    given = {
        "assignment": known[NAME],
        "known": known,
        "releases": released(folder),
        "release": book.release,
        "seed": 7,
        "seconds": 10.0,
    }
    return Job(**{**given, **changed})


def graded(folder, student="ada", **changed) -> Record:
    """Grade one student in this process."""
    place = next(p for p in places(folder / "submitted", NAME) if p.student == student)
    return grade_submission(place, job_of(folder, **changed), GuestProcess).record


def troubles(record: Record) -> set[str]:
    return {trouble["id"] for trouble in record.troubles}


def test_a_right_notebook_is_graded_and_has_no_trouble(here):
    hand_in(here, "ada")
    record = graded(here)
    assert (record.outcome, record.score, record.max_score, record.troubles) == ("graded", 6.0, 6.0, [])
    assert record.marks == {"check-compute_dZ2": 1.0, "check-compute_dW2": 2.0, "check-compute_db2": 3.0}


TELLS_WHERE = """
import json, os, sys, traceback, warnings
print(os.__file__, np.__file__, sys.prefix, sys.base_prefix, os.path.expanduser("~/x"))
warnings.warn(os.__file__)
try:
    json.loads("x")
except ValueError:
    traceback.print_exc()
json.loads("x")
"""


@pytest.mark.parametrize("where", [(), ("--unsandboxed",)])
def test_no_place_of_the_lecturers_machine_is_on_a_page(here, zygote, where):
    tells = "def compute_dW2(dZ2, A1):\n    import os\n    raise ValueError(os.__file__)"
    book = notebook(here, {"compute_dW2": tells})
    book.cells.insert(book.cells.index(cell(book, "setup")) + 1, new_code_cell(TELLS_WHERE))
    hand_in(here, "ada", book)
    run(here, NAME, *where, code=0)
    run(here, NAME, command="feedback", code=0)
    pages = [here / "autograded" / "ada" / NAME / f"{NAME}.ipynb", here / "feedback" / "ada" / NAME / f"{NAME}.html"]
    places = {sys.base_prefix, sys.prefix, str(ROOT), os.environ["HOME"] + "/", sysconfig.get_path("stdlib")}
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "json/decoder.py" in text
        assert [place for place in places if place in text] == []
    assert not [place for place in places if place in json.dumps(Records(here, NAME).find("ada").verdicts)]


def test_a_failure_of_the_grader_says_how_to_report_it_and_keeps_where_it_happened(here, monkeypatch):
    from autograder.grade import grader

    hand_in(here, "ada")
    monkeypatch.setattr(grader, "restore", lambda *arguments, **options: 1 / 0)
    record = graded(here)
    assert (record.outcome, record.score) == ("grader-error", None)
    assert "ZeroDivisionError: division by zero" in record.advice
    assert "Report this bug to the course's maintainers" in record.advice
    assert "in judged" in record.traceback


@pytest.mark.parametrize(
    "error", [MemoryError(), OSError(errno.ENOMEM, "no memory"), OSError(errno.EAGAIN, "no processes")]
)
def test_a_machine_that_is_short_of_something_makes_no_error_of_the_grader(here, monkeypatch, error):
    from autograder.grade import grader

    def refuse(*arguments, **options):
        raise error

    hand_in(here, "ada")
    monkeypatch.setattr(grader, "restore", refuse)
    assert graded(here).outcome == "ungraded"


def stripped(book):
    book.metadata.pop("backprop_course")
    for each in book.cells:
        each.metadata = {}


def emptied(book):
    stripped(book)
    for number, each in enumerate(book.cells):
        each.id = f"c{number}"


def flags(book):
    cell(book, "check-compute_dW2").metadata.nbgrader.points = 1000
    cell(book, "answer-compute_dW2").metadata.nbgrader.grade = True


def copied(book):
    place = book.cells.index(cell(book, "answer-compute_dW2"))
    wrong = new_code_cell("def compute_dW2(dZ2, A1):\n    return 0", metadata=book.cells[place].metadata)
    book.cells.insert(place, wrong)


def without(id):
    return lambda book: book.cells.remove(cell(book, id))


def edited(id, text):
    def change(book):
        cell(book, id).source = text

    return change


def same_id(book):
    book.cells.append(new_code_cell("1 + 1", metadata={"nbgrader": dict(cell(book, "setup").metadata.nbgrader)}))


def unknown_id(book):
    book.cells.append(
        new_code_cell("1", metadata={"nbgrader": {"grade_id": "check-everything", "grade": True, "points": 9}})
    )


def as_text(book):
    old = cell(book, "check-compute_dZ2")
    new = new_markdown_cell(old.source, metadata=old.metadata)
    new.id = old.id
    book.cells[book.cells.index(old)] = new


def other_kernel(book):
    book.metadata.kernelspec = {"name": "julia", "display_name": "Julia"}


def other_assignment(book):
    book.metadata.backprop_course = {"assignment": "ps4_two_layer", "release": "x"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (stripped, "metadata-stripped"),
        (emptied, "metadata-stripped"),
        (flags, "flags-changed"),
        (copied, "duplicated-solution"),
        (without("check-compute_dW2"), "check-deleted"),
        (edited("check-compute_dW2", "1000"), "check-edited"),
        (without("setup"), "locked-cell-deleted"),
        (edited("setup", "import numpy as np; raise SystemExit"), "locked-cell-edited"),
        (without("written-why"), "answer-deleted"),
        (same_id, "duplicated-id"),
        (unknown_id, "unknown-id"),
        (as_text, "cell-type-changed"),
        (other_kernel, "other-kernel"),
        (other_assignment, "other-assignment"),
    ],
)
def test_a_file_that_was_meddled_with_is_graded_with_the_trouble_noted(here, change, expected):
    hand_in(here, "ada", notebook(here, change=change))
    record = graded(here)
    assert record.outcome == "graded-with-trouble"
    assert expected in troubles(record)
    assert record.score == 6.0, record.verdicts


@pytest.mark.slow
def test_a_photo_of_a_proof_is_in_the_autograded_notebook_and_the_lecturers_texts_are_as_they_were(tmp_path):
    odd = '<div style="color: red">\n\n[data](points.csv) ![figure](figure.png)\n\n</div>'
    here = make(tmp_path / "odd", TEXT.replace("# # Small", "# # Small\n#\n# " + odd.replace("\n", "\n# ")))

    def photographed(book):
        why = cell(book, "written-why")
        why.source = "![photo](attachment:my%20proof.png) ![lost](attachment:lost.png) <img src=x onerror=f()>"
        why.attachments = {"my proof.png": {"image/png": PNG}, "not-shown.png": {"image/png": PNG}}
        book.cells.append(new_markdown_cell(odd))

    path = hand_in(here, "ada", notebook(here, change=photographed))
    before = path.read_bytes()
    run(here, NAME, code=0)
    book = nbformat.read(here / "autograded" / "ada" / NAME / f"{NAME}.ipynb", as_version=4)
    nbformat.validate(book)
    assert odd in book.cells[0].source
    assert book.cells[-1].source.startswith("< div style=")  # of the student's own
    why = cell(book, "written-why")
    assert why.attachments == {"my_proof.png": {"image/png": PNG}}
    assert why.source.startswith("![photo](attachment:my_proof.png) *The picture lost.png is missing")
    assert why.source.endswith("< img src=x onerror=f()>")
    assert path.read_bytes() == before
    run(here, NAME, command="feedback", code=0)
    assert f"data:image/png;base64,{PNG}" in (here / "feedback" / "ada" / NAME / f"{NAME}.html").read_text()


def test_a_renamed_notebook_is_graded_when_it_is_the_only_one(here):
    path = hand_in(here, "ada")
    path.rename(path.with_name("small (1) final.ipynb"))
    record = graded(here)
    assert (record.outcome, troubles(record), record.score) == ("graded-with-trouble", {"renamed-notebook"}, 6.0)


def test_points_that_a_notebook_states_are_never_believed(here):
    def rich(book):
        table = assignments_of(here)[NAME].as_table()
        table["exercises"] = [[name, 1000.0, equation, asked] for name, _, equation, asked in table["exercises"]]
        book.metadata.backprop_course = {**table, "release": "0123456789ab"}

    hand_in(here, "ada", notebook(here, change=rich))
    assert graded(here).score == 6.0


def test_a_submission_of_an_older_release_is_graded_with_what_was_asked_then(here):
    old = notebook(here)
    make(here, TEXT, COURSE.replace('"compute_dW2", points = 2', '"compute_dW2", points = 5'))
    hand_in(here, "ada", old)
    hand_in(here, "bob")
    then, now = graded(here), graded(here, "bob")
    assert (then.score, troubles(then), now.score) == (6.0, {"older-release"}, 9.0)


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (b"", "it is empty"),
        (b"   \n", "it is empty"),
        (b"<!DOCTYPE html>\n<html><body>Log in</body></html>", "a web page"),
        (b'{"cells": [\n<<<<<<< HEAD\n 1\n=======\n 2\n>>>>>>> theirs\n]}', "merge"),
        (b"PK\x03\x04 and so on", "zip archive"),
        (b"\xff\xfe\x00", "it is not text"),
        (b"print('hello')", "it is not JSON"),
        (b"[1, 2]", "is not a notebook"),
        (b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "it is not JSON"),
        (b'{"cells": [' + b"{}," * 3_000 + b'{}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "cells"),
        (b'{"cells": [1], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "cell 1 is not a cell"),
    ],
)
def test_what_is_no_notebook_is_unreadable_and_says_what_to_do(here, content, advice):
    hand_in(here, "ada", content)
    record = graded(here)
    assert (record.outcome, record.score, record.marks) == ("unreadable", None, {})
    assert advice in record.advice


def test_a_file_that_is_too_large_is_not_read(here, monkeypatch):
    monkeypatch.setattr("autograder.grade.collect.MAX_BYTES", 1000)
    hand_in(here, "ada")
    record = graded(here)
    assert (record.outcome, record.sha256) == ("unreadable", "")
    assert "larger than" in record.advice


def test_links_pipes_and_folders_in_the_place_of_a_notebook_are_not_followed(here):
    path = hand_in(here, "ada")
    secret = here / "gradebook.db"
    for student, make_it in {
        "link": lambda p: p.symlink_to(secret),
        "pipe": lambda p: os.mkfifo(p),
        "folder": lambda p: p.mkdir(),
    }.items():
        target = path_of(here, student)
        target.parent.mkdir(parents=True)
        make_it(target)
    (here / "submitted" / "linked").symlink_to(path.parents[1])
    (here / "submitted" / "half" / "x").mkdir(parents=True)
    (here / "submitted" / "half" / NAME).symlink_to(path.parent)
    (here / "submitted" / "none" / NAME).mkdir(parents=True)
    for student in ("link", "pipe", "folder", "linked", "half", "none"):
        record = graded(here, student)
        assert (record.outcome, record.marks) == ("unreadable", {}), student
        assert record.advice


@pytest.mark.parametrize(
    ("files", "advice"),
    [
        (["small.ipynb.txt"], "but small.ipynb.txt, which may be it: rename the one that is to small.ipynb"),
        (["small.IPYNB"], "but small.IPYNB, which may be it: rename"),
        (["small.json", "notes.pdf"], "but small.json, which may be it: rename"),
        (["small.ipynb (1)", "small (2).ipynb.bin"], "but small (2).ipynb.bin and small.ipynb (1), which may be it"),
        (["small"], "but small, which may be it: rename"),
        (["Small.ipynb.zip"], "but Small.ipynb.zip: unpack it, put the notebook itself there"),
        (["small.tar.gz", "small.pdf"], "but small.tar.gz: unpack it"),
        (["small/small.ipynb"], "but small/small.ipynb below it: move the one that counts up into the folder"),
        (["a/b/x.IPYNB", "a/c/y.ipynb", "x.zip"], "but a/b/x.IPYNB and a/c/y.ipynb below it: move"),
        (["small/small.ipynb.txt"], "but small/small.ipynb.txt, which may be it"),
        (["small.py"], "but small.py, which is none: ask for small.ipynb"),
        (["small.html", "timestamp.txt"], "but small.html, which is none: ask for small.ipynb"),
        (
            [".ipynb_checkpoints/small.ipynb", "__MACOSX/small.ipynb", "._small.ipynb", "a.csv"],
            "folder: ask for small.i",
        ),
        ([], "There is no notebook in the folder: ask for small.ipynb."),
        (["a\x1b[31m.ipynb.txt"], "but a?[31m.ipynb.txt, which may be it"),
    ],
)
def test_a_notebook_that_is_somewhere_else_is_named(tmp_path, files, advice):
    folder = tmp_path / "submitted" / "ada" / "small"
    for path in (folder / "small.d", *(folder / name for name in files)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (folder / "small.d").unlink()
    (folder / "link").symlink_to(ROOT)
    with pytest.raises(Unreadable) as raised:
        take(next(places(tmp_path / "submitted", "small")), "small.ipynb")
    assert advice in str(raised.value)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("name", ["\x1b[31mred", ".hidden", "<img src=x>", "a\nb", "tab\t"])
def test_a_folder_whose_name_is_no_id_is_refused_under_a_harmless_name(here, name):
    hand_in(here, "ada")
    (here / "submitted" / name).mkdir()
    shutil.copytree(path_of(here, "ada").parent, here / "submitted" / name / NAME)
    odd = [place for place in places(here / "submitted", NAME) if place.student != "ada"]
    assert [place.student.startswith("unnamed-") for place in odd] == [True]
    record = graded(here, odd[0].student)
    assert record.outcome == "unreadable"
    assert record.advice.isprintable()


def test_checks_that_passed_before_a_crash_keep_their_points(here):
    answers = {"compute_dW2": "def compute_dW2(dZ2, A1):\n    import os\n    os._exit(3)"}
    hand_in(here, "ada", notebook(here, answers))
    record = graded(here)
    assert (record.outcome, record.score) == ("crashed", 4.0)
    assert [row["mistake"] for row in record.verdicts] == [None, "crashed", None]


def test_one_budget_bounds_a_whole_submission(here):
    slow = "import time\ndef compute_dZ2(A2, Y):\n    time.sleep(60)"
    hand_in(here, "ada", notebook(here, {"compute_dZ2": slow, "compute_dW2": "import time; time.sleep(60)"}))
    record = graded(here, budget=4.0, seconds=3.0)
    assert record.outcome == "timed-out"
    assert record.seconds < 30
    assert record.score in (0.0, 3.0)


def test_a_machine_that_starts_no_process_gives_no_mark_and_the_submission_waits(here, monkeypatch):
    from autograder.sandbox.launch import NotStarted

    def refuse():
        raise NotStarted("no processes left")

    hand_in(here, "ada")
    place = next(places(here / "submitted", NAME))
    record = grade_submission(place, job_of(here), refuse).record
    assert (record.outcome, record.score, record.marks) == ("ungraded", None, {})
    assert "grade again" in record.advice


def test_what_says_that_it_is_another_assignment_is_known_by_its_cells(here):
    def claims(book):
        book.metadata["backprop_course"] = {"assignment": "ps1_neuron", "release": "abc"}

    hand_in(here, "ada", notebook(here, change=claims))
    record = graded(here, releases={"abc": ASSIGNMENTS["ps1_neuron"], **released(here)})
    assert record.score == 6.0


def test_outcomes_are_a_closed_set():
    assert list(OUTCOMES) == [
        *("graded", "graded-with-trouble", "unreadable", "timed-out", "out-of-memory", "crashed"),
        *("ungraded", "grader-error"),
    ]


def test_the_command_writes_marks_notebooks_and_records(here):
    hand_in(here, "ada")
    hand_in(here, "bob", notebook(here, {"compute_dW2": "def compute_dW2(dZ2, A1):\n    return dZ2 @ A1.T"}))
    hand_in(here, "eve", b"<html>")
    done = run(here, NAME, "--jobs", "2", "--unsandboxed", code=1)
    assert scores(here) == {"ada": full(), "bob": full(compute_dW2=0.0)}
    assert "missing-mean: compute_dW2" in done.stdout
    assert "3 submissions: 2 graded, 1 unreadable" in done.stdout
    book = nbformat.read(here / "autograded" / "bob" / NAME / f"{NAME}.ipynb", as_version=4)
    nbformat.validate(book)
    shown = cell(book, "check-compute_dW2").outputs
    assert "✗ compute_dW2: missing-mean, 0 of 2 points." in shown[0].data["text/plain"]
    assert shown[1].data == {"text/plain": "0.0"}
    assert next(c for c in book.cells if c.source == "np.arange(3)").outputs[0].data["text/plain"] == "array([0, 1, 2])"
    record = json.loads((here / ".autograder" / NAME / "records" / "bob.json").read_text())
    assert (record["outcome"], record["score"], record["sandbox"]) == ("graded", 4.0, "none")
    assert oct((here / ".autograder" / NAME / "seed.json").stat().st_mode)[-3:] == "600"
    assert oct((here / ".autograder").stat().st_mode)[-3:] == "700"


def test_an_unanswered_written_cell_gets_no_points_and_an_answered_one_waits_for_a_person(here):
    def unanswered(book):
        cell(book, "written-why").source = cell(
            nbformat.read(here / "release" / NAME / f"{NAME}.ipynb", as_version=4), "written-why"
        ).source

    hand_in(here, "ada")
    hand_in(here, "bob", notebook(here, change=unanswered))
    run(here, NAME, "--unsandboxed", "--jobs", "1", code=0)
    assert scores(here)["ada"]["written-why"] is None
    assert scores(here)["bob"]["written-why"] == 0.0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("smal",), "did you mean 'small'"),
        (("ps4_two_layer",), "does not know ps4_two_layer"),
        ((NAME,), "nobody has handed in small yet"),
    ],
)
def test_what_cannot_be_graded_is_said_in_a_sentence(here, arguments, said):
    done = run(here, *arguments, code=2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_is_no_course_is_said_so(tmp_path):
    assert "is no nbgrader course directory" in run(tmp_path, NAME, code=2).stderr
