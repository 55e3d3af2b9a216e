"""A notebook's file is taken apart in the student's own process; what comes out is flat, and is cut, not parsed."""

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.grade import collect
from autograder.grade.collect import SubmissionFolder, SubmittedFile, Unreadable, opened, places
from autograder.grade.grader import grade_submission
from autograder.grade.records import Records
from autograder.grade.students import refusal
from autograder.protocol import notebook as notebook_file
from autograder.protocol.notebook import Cell, NoNotebook, Notebook, flat, read, unflat
from autograder.sandbox.process import Ended, EndedByMemory, EndedByTime, GuestProcess
from tests.grading.classes import NAME, course, full, hand_in, notebook, path_of, scores
from tests.grading.test_grade import job_of

# --- what a file says -------------------------------------------------------------------------------------------------


def as_file(**parts) -> bytes:
    return json.dumps({"metadata": {}, "nbformat": 4, "nbformat_minor": 5, **parts}).encode()


def test_a_cell_is_its_text_its_names_and_what_nbgrader_noted():
    noted = {"grade_id": "check-f", "grade": True, "locked": True, "solution": False, "points": 2}
    cells = [
        {"cell_type": "code", "id": "a", "source": ["x = 1\n", "y = 2"], "metadata": {"nbgrader": noted}},
        {"cell_type": "markdown", "source": "é", "metadata": {}},
    ]
    about = {"kernelspec": {"name": "python3"}, "backprop_course": {"assignment": "small", "release": "12ab"}}
    pages = read(as_file(cells=cells, metadata=about))
    assert pages == Notebook(
        (
            Cell("code", "x = 1\ny = 2", "a", "check-f", frozenset({"grade", "locked"}), 2.0),
            Cell("markdown", "é"),
        ),
        "python3",
        ("small", "12ab"),
    )


def test_pictures_that_are_attached_to_a_text_travel_as_texts_of_one_row():
    attached = {
        "a b.png": {"image/png": ["iVBO\n", "Rw0="], "text/html": "<script>"},
        "c.svg": {"image/svg+xml": "PHN2Zy8+"},
        "d": [],
        "e\nf": {"image/png": "AAAA"},
        "g": {"image/gif": 7, "image/webp": "UklG"},
    }
    cells = [{"cell_type": kind, "source": "", "attachments": attached} for kind in ("markdown", "code", "raw")]
    pages = read(as_file(cells=[*cells, {"cell_type": "markdown", "attachments": 7}]))
    assert pages.cells[0].attachments == (("a b.png", "iVBORw0="), ("g", "UklG"))
    assert [cell.attachments for cell in pages.cells[1:]] == [(), (), ()]
    assert unflat(*flat(pages)) == pages


def test_pictures_travel_as_long_as_there_is_room_on_both_sides(monkeypatch):
    monkeypatch.setattr(notebook_file, "MAX_PICTURES", 10)
    pages = Notebook((Cell("markdown", "a", attachments=(("a", "AAAA"), ("b", "B" * 8), ("c", "CCCC"))),) * 2)
    sent = flat(pages)
    assert [cell.attachments for cell in unflat(*sent).cells] == [(("a", "AAAA"), ("c", "CCCC")), ()]
    monkeypatch.setattr(notebook_file, "MAX_PICTURES", 4)
    assert [cell.attachments for cell in unflat(*sent).cells] == [(("a", "AAAA"),), ()]


def test_a_notebook_of_the_third_format_is_read_too():
    cells = [{"cell_type": "code", "input": "x = 1"}, {"cell_type": "heading", "level": 2, "source": "Two"}]
    pages = read(as_file(nbformat=3, worksheets=[{"cells": cells}, "odd"]))
    assert [(cell.kind, cell.source) for cell in pages.cells] == [("code", "x = 1"), ("markdown", "## Two")]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xfe", "it is empty"),
        (b"\xff\xfe\x00", "it is not text"),
        (b"{", "it is not JSON"),
        (b"[" * 10**6, "it is not JSON"),
        (b"7", "it holds no list of cells"),
        (b'{"cells": {}}', "it holds no list of cells"),
        (as_file(cells=[], nbformat=5), "it is of notebook format 5"),
        (as_file(cells=[], nbformat=True), "it is of notebook format True"),
        (as_file(cells=[[]]), "cell 1 is not a cell"),
        (as_file(cells=[{}, {"source": [1]}]), "the text of cell 2 is not text"),
        (as_file(cells=[{}] * 2001), "it has more than 2000 cells"),
    ],
)
def test_what_is_no_notebook_says_why(content, why):
    with pytest.raises(NoNotebook, match=why):
        read(content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
NOTED = st.fixed_dictionaries(
    {}, optional={"grade_id": st.text() | JSON, "grade": JSON, "locked": JSON, "points": st.floats() | JSON}
)
CELLS = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw", "heading"]) | st.text(),
        "source": st.text() | st.lists(st.text(), max_size=3),
        "id": st.text() | JSON,
        "metadata": st.fixed_dictionaries({"nbgrader": NOTED | JSON}) | JSON,
        "level": JSON,
    },
)
FILES = st.fixed_dictionaries(
    {"cells": st.lists(CELLS | JSON, max_size=3)},
    optional={
        "metadata": st.fixed_dictionaries({"kernelspec": JSON, "backprop_course": JSON}) | JSON,
        "nbformat": JSON,
    },
)


@settings(database=None)
@given(FILES)
def test_whatever_a_file_holds_it_is_refused_or_comes_out_flat_as_it_went_in(data):
    try:
        pages = read(json.dumps(data).encode())
    except NoNotebook:
        return
    again = unflat(*flat(pages))
    halves = json.dumps([(cell.source, cell.id, cell.kind, cell.grade_id) for cell in pages.cells]).find("\\ud") >= 0
    assert again == pages or halves  # halves of characters become question marks
    assert len(again.cells) == len(pages.cells)


@pytest.mark.parametrize(
    ("lengths", "row"),
    [
        ([0, 0, 0, 5, 0, 0, 0, 0, 0], b"abc"),  # longer than what there is
        ([0, 0, 0, -3, 6, 0, 0, 0, 0], b"abc"),
        ([0, 0, 0, 2**62, 2**62, 2**62, 2**62, 0, 0], b""),  # the sum would run over
        ([0, 0, 0, 1], b"a"),  # no whole cell
        ([0], b""),
        ([0] * (3 + 6 * 2001), b""),
        ([[0, 0, 0]], b""),
    ],
)
def test_a_row_that_cannot_be_one_is_refused(lengths, row):
    with pytest.raises(NoNotebook, match="could not be read"):
        unflat(np.array(lengths), np.frombuffer(row, np.uint8))
    with pytest.raises(NoNotebook):
        unflat(np.array([0.0, 0.0, 0.0]), np.frombuffer(b"", np.uint8))
    with pytest.raises(NoNotebook):
        unflat("lengths", None)


# --- who takes it apart -----------------------------------------------------------------------------------------------


def test_the_grader_parses_nothing_of_a_submission(tmp_path, monkeypatch):
    """The functions that read a file are broken on this side; the guest has its own."""
    here = course(tmp_path)
    path = hand_in(here, "ada")
    file = SubmittedFile("small.ipynb", path.read_bytes())
    job = job_of(here)
    monkeypatch.setattr(notebook_file, "read", None)
    monkeypatch.setattr(collect, "read", None, raising=False)
    with GuestProcess() as guest:
        found = opened(file, guest)
    assert [cell.id for cell in found.cells] == [cell.id for cell in notebook(here).cells]
    assert grade_submission(next(places(here / "submitted", NAME)), job, GuestProcess).record.score == 6.0


@pytest.mark.parametrize(
    ("ended", "said"), [(EndedByMemory("it took more than 9 MiB"), "9 MiB"), (EndedByTime("it took long"), "took long")]
)
def test_a_file_that_ends_its_reader_is_unreadable_and_no_fault_of_the_grader(ended, said):
    class Guest:
        def read(self, content, seconds):
            raise ended

    with pytest.raises(Unreadable, match=f"Reading it had to be ended: .*{said}"):
        opened(SubmittedFile("small.ipynb", b"{}"), Guest())


BOMBS = {
    "many_lists.ipynb": b'{"cells": [' + b"[]," * 5_000_000 + b"1]}",
    "deep_nesting.ipynb": b'{"cells": ' + b"[" * 8_000_000,
    "deep_objects.ipynb": b'{"a":' * 2_000_000,
    "long_number.ipynb": b'{"cells": [' + b"9" * 10_000_000 + b"]}",
    "one_endless_text.ipynb": b'{"cells": [{"source": "' + b"\\ud800" * 2_500_000 + b'"}], "nbformat": 4}',
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_made_to_blow_up_is_ended_in_the_sandbox(zygote, tmp_path, name):
    here = course(tmp_path)
    hand_in(here, "ada", BOMBS[name])
    record = grade_submission(next(places(here / "submitted", NAME)), job_of(here), zygote.guest).record
    assert record.outcome in ("unreadable", "graded-with-trouble")
    assert (record.score or 0.0) == 0.0
    with zygote.guest() as guest:
        assert guest.run("print('here')", 20).outputs[0]["text"] == "here\n"


def test_a_guest_that_answers_with_arrays_where_words_belong_is_ended_as_one_that_broke_the_protocol(zygote):
    forge = """
        import contextlib, os
        import numpy as np
        from autograder.protocol import wire
        message = wire.pack((np.ones(3), np.ones(3)))
        for number in range(3, 64):
            with contextlib.suppress(OSError):
                os.write(number, message)
    """
    with zygote.guest() as guest, pytest.raises(Ended):
        guest.run(textwrap.dedent(forge), 20)


# --- where it lies ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["..", ".", "", "../x", "a/b", "..x", "/etc", "x\0y", "x\ny"])
def test_a_name_that_leads_elsewhere_is_no_students(name):
    assert refusal(name)


def test_a_place_with_a_problem_is_never_opened(tmp_path):
    with pytest.raises(Unreadable, match="renamed"):
        collect.take(SubmissionFolder("x", tmp_path, "It has to be renamed."), NAME)


def test_no_folder_of_a_submission_is_worked_in_or_imported_from(tmp_path):
    here = course(tmp_path)
    look = "import os, sys\nhere = os.getcwd()\nprint(os.path.basename(here), here, "
    look += "[p for p in sys.path if 'submitted' in p or not p])"
    hand_in(here, "ada", notebook(here, {"compute_dZ2": f"{look}\ndef compute_dZ2(A2, Y):\n    return A2 - Y"}))
    folder = path_of(here, "ada").parent
    trap = "import pathlib\npathlib.Path({!r}).touch()\nraise SystemExit('imported from a submission')\n"
    for module in ("numpy", "json", "autograder", "dateutil", "nbgrader", "sqlalchemy", "sitecustomize"):
        (folder / f"{module}.py").write_text(trap.format(str(tmp_path / "trapped")))
    (folder / "timestamp.txt").write_text("2026-11-01 11:00:00 UTC\n")
    command = [str(Path(sys.executable).with_name("autograder")), "grade", NAME, "--unsandboxed", "--jobs", "1"]
    environment = {**os.environ, "PYTHONPATH": ""}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "trapped").exists()
    assert scores(here)["ada"] == full()
    assert Records(here, NAME).find("ada").timestamp
    shown = (here / "autograded" / "ada" / NAME / f"{NAME}.ipynb").read_text()
    assert str(folder) not in shown
    assert re.search(r"guest-\w+ ~(/guest-\w+)? \[", shown)  # the private directory that it ran in, or home above it


def test_a_command_started_in_a_submission_leaves_it(tmp_path, monkeypatch):
    from autograder.grade.run import keep_out_of

    folder = tmp_path / "submitted" / "ada"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", ["", str(folder), "/usr/lib", str(tmp_path)])
    keep_out_of(tmp_path / "submitted")
    assert sys.path == ["/usr/lib", str(tmp_path)]
    assert Path.cwd() == tmp_path
