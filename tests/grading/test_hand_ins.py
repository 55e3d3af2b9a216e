"""Which notebook of a folder counts, whose assignment it is, and what lies beside it."""

import base64
import json
import re
import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.assignments import ASSIGNMENTS
from autograder.course_file import released
from autograder.grade.class_marks import GradebookRow
from autograder.grade.console import what_was_wrong
from autograder.grade.records import ANOTHER, Record, Records
from autograder.grade.run import Options
from autograder.grade.session import grade_class
from autograder.report.export import as_csv, as_json
from autograder.report.feedback import said_of
from autograder.report.marks import graded as graded_class
from exercises.generate import solve
from tests.grading.classes import NAME, RIGHT, cell, course, hand_in, notebook, path_of, run, scores
from tests.grading.test_grade import graded, here, stripped, troubles  # noqa: F401
from tests.grading.test_identity import WRITTEN, unanswered, without_names
from tests.grading.vectors import PNG

# --- several notebooks ------------------------------------------------------------------------------------------------

ONE_WRONG = {"compute_dW2": "def compute_dW2(dZ2, A1):\n    return dZ2"}
NOTHING = dict.fromkeys(RIGHT)


def shown_otherwise(book):
    book.cells[1].outputs = [nbformat.v4.new_output("stream", text="run\n")]
    book.cells[1].execution_count = 7


def scratch():
    return nbformat.v4.new_notebook(cells=[new_code_cell("x = 1"), new_markdown_cell("A note.")])


FOLDERS = {
    # files by name, given the course; then which one counts
    "copy_of_the_same": (lambda c: {f"{NAME}.ipynb": notebook(c), f"{NAME}-Copy1.ipynb": notebook(c)}, f"{NAME}.ipynb"),
    "checkpoint_shown_otherwise": (
        lambda c: {f"{NAME}.ipynb": notebook(c), f"{NAME}-checkpoint.ipynb": notebook(c, change=shown_otherwise)},
        f"{NAME}.ipynb"),
    "scratch_beside": (lambda c: {f"{NAME}.ipynb": notebook(c), "scratch.ipynb": scratch()}, f"{NAME}.ipynb"),
    "named_is_blank": (
        lambda c: {f"{NAME}.ipynb": notebook(c, NOTHING, unanswered()), "mine.ipynb": notebook(c)}, "mine.ipynb"),
    "copy_has_more": (
        lambda c: {f"{NAME}.ipynb": notebook(c, {"compute_db2": None}), f"{NAME} (1).ipynb": notebook(c)},
        f"{NAME} (1).ipynb"),
    "stub_rewritten": (
        lambda c: {
            f"{NAME}.ipynb": notebook(c, {"compute_db2": "def compute_db2(d):\n    raise NotImplementedError"}),
            "mine.ipynb": notebook(c, change=without_names)}, "mine.ipynb"),
    "answer_emptied": (
        lambda c: {f"{NAME}.ipynb": notebook(c, {"compute_db2": "# to do"}), "mine.ipynb": notebook(c)}, "mine.ipynb"),
    "none_has_the_name": (
        lambda c: {"a.ipynb": scratch(), "b.ipynb": notebook(c, change=without_names)}, "b.ipynb"),
    "another_has_the_name": (
        lambda c: {f"{NAME}.ipynb": solve(ASSIGNMENTS["ps2_activations"]), "mine.ipynb": notebook(c)}, "mine.ipynb"),
    "one_cannot_be_read": (lambda c: {f"{NAME}.ipynb": b"{", "mine.ipynb": notebook(c)}, "mine.ipynb"),
    "two_that_differ": (lambda c: {f"{NAME}.ipynb": notebook(c), "other.ipynb": notebook(c, ONE_WRONG)}, None),
    "two_of_nothing": (lambda c: {"a.ipynb": scratch(), "b.ipynb": b"{}", "c.ipynb": nbformat.v4.new_notebook()}, None),
    "two_blank": (
        lambda c: {"a.ipynb": notebook(c, NOTHING, unanswered()), "b.ipynb": notebook(c, NOTHING, unanswered())},
        "a.ipynb"),
    "eleven": (lambda c: {f"{n}.ipynb": scratch() for n in range(11)}, None),
}  # fmt: skip


@pytest.fixture(scope="module")
def of_folders(tmp_path_factory):
    folder = course(tmp_path_factory.mktemp("folders"))
    for student, (made, _) in FOLDERS.items():
        for name, content in made(folder).items():
            path = path_of(folder, student).with_name(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else nbformat.writes(content).encode())
    assert grade_class(NAME, Options(folder, jobs=1, sandboxed=False)) == 1
    return folder


@pytest.mark.parametrize("student", FOLDERS)
def test_what_they_hold_decides_which_notebook_counts(of_folders, student):
    _, counts = FOLDERS[student]
    record = Records(of_folders, NAME).find(student)
    if counts is None:
        assert (record.outcome, record.score) == ("unreadable", None)
        assert "Leave the one that counts" in record.advice or "leave the one that counts" in record.advice
        assert student not in scores(of_folders)
    else:
        assert record.notebook == counts
        assert record.score == (0.0 if student == "two_blank" else 6.0)
        alone = {"copy_of_the_same", "two_blank"}
        assert ("other-notebooks" in troubles(record)) == (student not in alone)


def test_what_was_chosen_stands_until_something_in_the_folder_changes(of_folders, capsys):
    before = {record.student: record.graded_at for record in Records(of_folders, NAME).all()}
    path = path_of(of_folders, "copy_has_more").with_name(f"{NAME} (1).ipynb")
    path.unlink()
    grade_class(NAME, Options(of_folders, jobs=1, sandboxed=False))
    after = {record.student: record.graded_at for record in Records(of_folders, NAME).all()}
    assert {student for student in before if before[student] != after[student]} == {"copy_has_more"}
    assert Records(of_folders, NAME).find("copy_has_more").score == 3.0


# --- another assignment -----------------------------------------------------------------------------------------------


def other(name="ps2_activations", change=None):
    book = solve(ASSIGNMENTS[name])
    if change:
        change(book)
    return book


def claims(name, digits="0123456789ab"):
    return lambda book: book.metadata.update(backprop_course={"assignment": name, "release": digits})


def of_other_cells(book):
    """Keep another assignment's ids, in cells whose texts are this one's."""
    for each, id in zip(book.cells, (e.id for e in ASSIGNMENTS["ps2_activations"].exercises), strict=False):
        each.id = id


OTHERS = {
    "says_so": (lambda c: other(), True),
    "names_gone": (lambda c: other(change=without_names), True),
    "metadata_gone": (lambda c: other(change=stripped), True),
    "claims_to_be_this_one": (lambda c: other(change=claims(NAME)), True),
    "one_with_the_same_functions": (lambda c: other("ps4_two_layer"), True),
    "merely_claims": (lambda c: notebook(c, change=claims("ps1_neuron", next(iter(released(c))))), False),
    "has_ids_of_another": (lambda c: notebook(c, change=of_other_cells), False),
    "holds_another_too": (lambda c: notebook(c, change=lambda b: b.cells.extend(
        each for each in other().cells if each.id.startswith("answer-"))), False),
    "nothing": (lambda c: scratch(), False),
}  # fmt: skip


@pytest.fixture(scope="module")
def of_others(tmp_path_factory):
    folder = course(tmp_path_factory.mktemp("others"))
    for student, (made, _) in OTHERS.items():
        hand_in(folder, student, made(folder))
    assert grade_class(NAME, Options(folder, jobs=1, sandboxed=False)) == 1
    return folder


@pytest.mark.parametrize("student", OTHERS)
def test_another_assignments_notebook_is_told_as_such_and_has_one_score_everywhere(of_others, student):
    record = Records(of_others, NAME).find(student)
    told = [t["text"] for t in record.troubles if t["id"] == "another-assignment"]
    assert bool(told) == OTHERS[student][1]
    in_class = graded_class(NAME, of_others)
    (found,) = [each for each in in_class.students if each.id == student]
    row = next(row for row in json.loads(as_json(in_class))["students"] if row["student"] == student)
    sums = sum(score or 0.0 for score in scores(of_others)[student].values())
    assert record.score == sums == found.raw == row["score"]
    mark = said_of(found, in_class)["mark"]
    if told:
        assert mark == "No mark yet: 10 points wait for a person"
        assert re.search(r"\(ps\w+, handed in as small\)", told[0])
        assert (record.score, record.outcome, record.needs_a_person) == (0.0, "graded-with-trouble", True)
        assert troubles(record) == {"another-assignment"}
        assert f'"{student}"' in as_csv(in_class)
        assert found.waits
    else:
        assert mark == f"{sums:g} of 6 points, and 4 wait for a person"
        assert record.score == (0.0 if student == "nothing" else 6.0)


# --- pictures ---------------------------------------------------------------------------------------------------------

BYTES = base64.b64decode(PNG)
PICTURES = {
    "beside": ("![proof](proof.png)", {"proof.png": BYTES}),
    "below": ("![proof](./img/my%20proof.PNG)", {"img/my proof.png": BYTES}),
    "titled": ('![proof](proof.png "My proof")', {"proof.png": BYTES}),
    "tag": ('Look: <img src="proof.png" width="400" onerror="f()">', {"proof.png": BYTES}),
    "tag_attached": ("<img alt='x' src='attachment:a.png'/>", {}),
    "decomposed": ("![p](Lo\u0308sung.png)", {"L\u00f6sung.png": BYTES}),
    "attached": ("![p](attachment:a.png)", {}),
}
MISSING = {
    "lost": ("![proof](proof.png)", {}),
    "above": ("![proof](../ada/small/proof.png)", {}),
    "no_picture": ("![proof](proof.png)", {"proof.png": b"<svg onload=f()>"}),
    "of_a_phone": ("![proof](proof.heic)", {"proof.heic": b"\0\0\0\x18ftypheic"}),
}


@pytest.fixture(scope="module")
def of_pictures(tmp_path_factory):
    folder = course(tmp_path_factory.mktemp("pictures"))
    for student, (text, files) in {**PICTURES, **MISSING}.items():

        def change(book, text=text):
            cell(book, WRITTEN).source = text
            cell(book, WRITTEN).attachments = {"a.png": {"image/png": PNG}}

        path = hand_in(folder, student, notebook(folder, change=change))
        for name, content in files.items():
            (path.parent / name).parent.mkdir(exist_ok=True)
            (path.parent / name).write_bytes(content)
    (path_of(folder, "lost").parent / "proof.png").symlink_to(folder / "submitted" / "beside" / NAME / "proof.png")
    assert grade_class(NAME, Options(folder, jobs=1, sandboxed=False)) == 0
    run(folder, NAME, command="feedback", code=0)
    return folder


@pytest.mark.parametrize("student", [*PICTURES, *MISSING])
def test_a_picture_that_was_handed_in_is_shown_and_another_one_is_said_to_be_missing(of_pictures, student):
    path = of_pictures / "autograded" / student / NAME / f"{NAME}.ipynb"
    why = cell(nbformat.read(path, as_version=4), WRITTEN)
    page = (of_pictures / "feedback" / student / NAME / f"{NAME}.html").read_text()
    there = student in PICTURES
    assert (f"data:image/png;base64,{PNG}" in page) == there
    assert ("is missing" in page) == (not there)
    assert [list(each.values()) for each in why.get("attachments", {}).values()] == ([[PNG]] if there else [])
    assert "onerror" not in why.source


def test_two_names_that_are_the_same_when_they_are_plain_are_two_pictures():
    from autograder.grade import sanitize

    gif = base64.b64encode(b"GIF89a..").decode()
    beside = [("ä.png", PNG), ("ö.png", gif)]
    text, shown = sanitize.source("![a](ä.png) ![o](ö.png) ![a](ä.png)", (), beside)
    assert text == "![a](attachment:_.png) ![o](attachment:2-_.png) ![a](attachment:_.png)"
    assert [next(iter(each)) for each in shown.values()] == ["image/png", "image/gif"]
    again = sanitize.source(text, [(name, data) for name, kinds in shown.items() for data in kinds.values()])
    assert again == (text, shown)


def test_a_picture_that_came_later_is_graded_anew(of_pictures):
    folder = path_of(of_pictures, "lost").parent
    (folder / "proof.png").unlink()
    shutil.copy(path_of(of_pictures, "beside").with_name("proof.png"), folder)
    grade_class(NAME, Options(of_pictures, jobs=1, sandboxed=False))
    text = (of_pictures / "autograded" / "lost" / NAME / f"{NAME}.ipynb").read_text()
    assert PNG in text


# --- a lecturer's own sheets ------------------------------------------------------------------------------------------


def sheet(number, solved=True):
    """Return a notebook of plain nbgrader's; ids are the same in all of them, as people name them."""

    def noted(grade_id, **flags):
        return {
            "nbgrader": {**dict.fromkeys(("grade", "locked", "solution", "task"), False), "schema_version": 3, **flags}
            | {"grade_id": grade_id}
        }

    body = f"    ### BEGIN SOLUTION\n    return {number}\n    ### END SOLUTION" if solved else f"    return {number}"
    cells = [
        new_markdown_cell(f"# Sheet {number}"),
        new_code_cell(f"def f{number}():\n{body}", metadata=noted("q1", solution=True)),
        new_code_cell(f"assert f{number}() == {number}", metadata=noted("test1", grade=True, locked=True, points=2)),
    ]
    return nbformat.v4.new_notebook(cells=cells)


def test_a_lecturers_own_sheets_are_told_from_each_other_by_what_is_locked_in_them(tmp_path):
    from exercises.generate import nbgrader_in

    folder = course(tmp_path)
    for number in (1, 2):
        path = folder / "source" / f"hw{number}" / f"hw{number}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(sheet(number), path)
        assert nbgrader_in(folder).generate_assignment(f"hw{number}", force=True)["success"]
    for student, book in {"ada": sheet(2, False), "bob": sheet(1, False), "eve": notebook(folder)}.items():
        for name in ("hw2", NAME):
            path = folder / "submitted" / student / name / f"{name}.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(book, path)
    said = {}
    for name in ("hw2", NAME):
        assert grade_class(name, Options(folder, jobs=1, sandboxed=False)) == 1
        for record in Records(folder, name).all():
            said[record.student, name] = (record.score, *(t["where"] for t in record.troubles))
    assert said == {
        ("ada", "hw2"): (2.0,),
        ("bob", "hw2"): (0.0, "hw1, handed in as hw2"),
        ("eve", "hw2"): (0.0, "small, handed in as hw2"),
        ("ada", NAME): (0.0, "hw2, handed in as small"),
        ("bob", NAME): (0.0, "hw1, handed in as small"),
        ("eve", NAME): (6.0,),
    }


def test_of_another_assignments_notebook_no_function_is_called_wrong():
    trouble = {"id": ANOTHER, "where": "", "text": "It is another."}
    row = {"function": "f", "mistake": "missing"}
    record = Record("ada", NAME, "graded-with-trouble", 0.0, 3.0, verdicts=[row], troubles=[trouble])
    assert what_was_wrong(record, GradebookRow(penalty=2.0)) == ["late: 2 points less", "It is another."]
