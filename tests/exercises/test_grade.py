"""A lecturer's class is graded in a sandbox or not at all, and a problem is told in a sentence."""

import io
import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from rich.console import Console

from autograder.assignments import ASSIGNMENTS
from exercises import grade as grading
from exercises.generate import CONFIG
from exercises.grade import Outcome, jail, mistake_shown, read_checks, reason, table

PS4 = ASSIGNMENTS["ps4_two_layer"]


@pytest.fixture
def course(tmp_path):
    """A course directory in which one student has handed something in."""
    for folder in ("submitted/ada/ps4_two_layer", "source/ps4_two_layer", "release", "autograded"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(CONFIG, tmp_path)
    (tmp_path / "gradebook.db").touch()
    return tmp_path


def run(monkeypatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["grade", *arguments])
    return grading.main()


def test_without_a_sandbox_nothing_is_graded(course, monkeypatch, capsys):
    monkeypatch.setattr(grading, "jail", lambda course: None)
    monkeypatch.setattr(grading, "grade", lambda *_: pytest.fail("students' code ran without a sandbox"))
    assert run(monkeypatch, "--course", str(course)) == 2
    assert "--without-sandbox" in capsys.readouterr().out


def test_where_nobody_has_handed_in_the_place_for_notebooks_is_named(tmp_path, monkeypatch, capsys):
    assert run(monkeypatch, "--course", str(tmp_path)) == 2
    assert "submitted/STUDENT/ps4_two_layer/ps4_two_layer.ipynb" in capsys.readouterr().out


def test_when_grading_breaks_off_the_log_is_named(course, monkeypatch, capsys):
    monkeypatch.setattr(grading, "jail", lambda course: ["false"])
    assert run(monkeypatch, "--course", str(course)) == 2
    assert ".grade.log says why" in capsys.readouterr().out


def test_the_sandbox_is_read_only_but_for_the_results_and_has_no_network(course):
    command = jail(course)
    if command is None:
        if os.environ.get("REQUIRE_ALL") == "1":
            pytest.fail("bubblewrap does not work here")
        pytest.skip("bubblewrap does not work here")

    def inside(code: str) -> bool:
        return subprocess.run([*command, sys.executable, "-c", code], capture_output=True).returncode == 0

    assert inside(f"open({str(course / 'autograded' / 'x')!r}, 'w')")
    assert inside("open('/tmp/x', 'w')")
    for place in (course / "submitted" / "x", course / "source" / "x", course / CONFIG.name, CONFIG.parent / "x"):
        assert not inside(f"open({str(place)!r}, 'a')"), place
    assert inside(
        "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())"
    )
    assert not inside("import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)")
    assert inside(f"import os; assert not os.path.exists('/proc/{os.getpid()}')")


def test_the_mistake_is_read_from_what_a_check_printed_or_raised():
    def cell(*outputs):
        return new_code_cell("check(f).points", outputs=list(outputs))

    def stdout(text):
        return new_output("stream", name="stdout", text=text)

    assert mistake_shown(cell(stdout("✗ compute_dW2: missing-mean, 0 of 2 points.\n  The ..."))) == "missing-mean"
    assert mistake_shown(cell(stdout("✓ compute_dW2 is right: 2 of 2 points.\n"))) is None
    assert mistake_shown(cell(new_output("error", ename="CellTimeoutError", evalue="", traceback=[]))) == "timed-out"
    assert mistake_shown(cell(new_output("error", ename="NameError", evalue="", traceback=[]))) == "raised"


def test_a_check_that_is_gone_is_missing(tmp_path):
    nbformat.write(new_notebook(), tmp_path / "empty.ipynb")
    outcome = Outcome("ada", 0.0)
    read_checks(tmp_path / "empty.ipynb", PS4, outcome)
    assert outcome.mistakes == dict.fromkeys([exercise.id for exercise in PS4.exercises], "missing")


def test_the_reason_is_one_line_of_nbgraders_log():
    log = "[INFO] x\n    Traceback (most recent call last):\n    ValueError: two cells have one id\n[ERROR] y"
    assert reason({"log": log}) == "ValueError: two cells have one id"
    assert "did not say why" in reason({})


def test_the_table_says_who_got_what_and_why():
    outcomes = [
        Outcome("ada", 30.0, noted=["check-update_parameters"]),
        Outcome("bob", 27.0, {"check-compute_dW2": "missing-mean", "check-compute_dW1": "missing-mean"}),
        Outcome("eve", trouble="The file is not a notebook: it is not JSON."),
    ]
    shown = io.StringIO()
    Console(width=110, file=shown).print(table("A class", PS4, outcomes))
    text = shown.getvalue()
    assert "30 / 30" in text
    assert "with a note: update_parameters" in text
    assert "missing-mean: compute_dW2, compute_dW1" in text
    assert "– / 30" in text
