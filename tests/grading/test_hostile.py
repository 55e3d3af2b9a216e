"""A hostile class: each attack gets the mark that its answers are worth, and reaches nobody else.

A file of `hostile/` is one student. It is put into the cell of the answer whose function it defines, or else into a
cell of its own above all answers; the other answers are right, or as they were handed out, as its BASE says.
"""

import ast
import json
import os
import sqlite3
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell

from autograder.grade.records import Records
from autograder.sandbox.doctor import protection
from tests.grading.classes import NAME, RIGHT, cell, course, full, hand_in, notebook, run, scores

FORGES = """
SCORE, OUTCOME, BASE = 4.0, "crashed|graded", "right"


def compute_dW2(dZ2, A1):
    import gc, socket, struct, time

    header, payload = b'["l",[' + b",".join([{outcome!r}] * 6) + b"]]", bytes({size})
    for each in gc.get_objects():
        if isinstance(each, socket.socket) and each.fileno() >= 0:
            each.sendall(struct.pack("<II", len(header), len(payload)) + header + payload)
    time.sleep(1)
"""
"""Answers for its process, and six times the same."""
VIEWS = b",".join([b'["a","<f8",[100000],0]'] * 3000)
FORGERIES = {
    "seconds_of_400_digits": (b'["r",["v",null],["v",null],[],1' + b"0" * 400 + b"]", 0),
    "seconds_that_are_no_number": (b'["r",["v",null],["v",null],[],NaN]', 0),
    "plain_values_for_arrays": (b'["r",["t",[["v","nan"],["v",7],["v",true]]],["v",null],[],0]', 0),
    "an_array_without_entries": (b'["r",["a","<f8",[0,16777216,16777216,16777216],0],["v",null],[],0]', 0),
    "many_views_of_one_array": (b'["r",["l",[' + VIEWS + b']],["v",null],[],0]', 800_000),
}
ATTACKS = {path.stem: path.read_text() for path in sorted(Path(__file__).with_name("hostile").glob("*.py"))} | {
    f"forges_{name}": FORGES.format(outcome=outcome, size=size) for name, (outcome, size) in FORGERIES.items()
}

pytestmark = pytest.mark.slow


def about(name: str) -> dict:
    """Return what an attack says of itself: SCORE, OUTCOME (one of several), BASE."""
    for statement in ast.parse(ATTACKS[name]).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple):
            names = [target.id for target in statement.targets[0].elts]
            return dict(zip(names, ast.literal_eval(statement.value), strict=True))
    raise ValueError(name)


def attack(folder: Path, name: str):
    """Return the notebook of an attack."""
    source = ATTACKS[name]
    defined = {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)} & set(RIGHT)
    right = about(name)["BASE"] == "right"
    book = notebook(folder, {} if right else dict.fromkeys(RIGHT))
    for function in sorted(defined):
        cell(book, f"answer-{function}").source = source
    if name == "shows_more_than_a_notebook_holds":
        book.cells[1:1] = [new_code_cell(source) for _ in range(12)]
    if name == "one_cell_of_fifteen_megabytes":
        source += "#" * (15 * 2**20)
    if not defined:
        book.cells.insert(book.cells.index(cell(book, "setup")) + 1, new_code_cell(source))
    return book


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    if not protection().safe:
        if os.environ.get("REQUIRE_ALL") == "1":
            pytest.fail("there is no sandbox here")
        pytest.skip("there is no sandbox here")
    folder = course(tmp_path_factory.mktemp("hostile"))
    for name in ATTACKS:
        hand_in(folder, name, attack(folder, name))
    for student in ("0_first", "zz_last"):
        hand_in(folder, student)
    os.environ["A_SECRET_TOKEN"] = "canary"
    try:
        done = run(folder, NAME, "--timeout", "4", "--budget", "40", "--jobs", "2", code=1)
    finally:
        del os.environ["A_SECRET_TOKEN"]
    return folder, done


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_gets_the_mark_that_its_answers_are_worth(graded, name):
    folder, _ = graded
    record, expected = Records(folder, NAME).find(name), about(name)
    assert record is not None
    said = json.dumps([(row["mistake"], row["points"], row["seen"]) for row in record.verdicts])
    assert record.score == expected["SCORE"], said
    assert record.outcome in expected["OUTCOME"].split("|"), said
    assert sum(score or 0.0 for score in scores(folder)[name].values()) == expected["SCORE"]
    assert "\x1b" not in json.dumps(record.troubles) + said


def test_nobody_else_is_touched(graded):
    folder, done = graded
    assert scores(folder)["0_first"] == scores(folder)["zz_last"] == full()
    assert len(scores(folder)) == len(ATTACKS) + 2
    assert "\x1b" not in done.stdout + done.stderr
    assert not Path("/tmp/pwned").exists()
    with sqlite3.connect(folder / "gradebook.db") as book:
        assert book.execute("pragma integrity_check").fetchone() == ("ok",)


def test_nothing_that_a_student_wrote_is_a_script_or_an_escape_in_a_verdict(graded):
    folder, _ = graded
    path = folder / "autograded" / "escape_codes_and_scripts" / NAME / f"{NAME}.ipynb"
    book = json.loads(path.read_text())
    assert "\x1b" not in path.read_text()
    assert "\\u001b" not in json.dumps([each.get("outputs") for each in book["cells"]])
    shown = next(each for each in book["cells"] if each["id"] == "check-compute_db2")["outputs"][0]["data"]
    assert "<script>" not in "".join(shown["text/html"])
    assert "&lt;script&gt;" in "".join(shown["text/html"])


def test_what_is_written_is_no_larger_than_a_notebook_may_be(graded):
    folder, _ = graded
    for path in (folder / "autograded").rglob("*.ipynb"):
        assert path.stat().st_size < 40 * 2**20, path
