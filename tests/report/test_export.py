import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.cli import main
from autograder.report.export import FORMATS, as_canvas, as_csv, as_json, neutral
from tests.report.conftest import ASSIGNMENT, NAME, record, verdicts

HEAD = [
    *("assignment", "student_id", "last_name", "first_name", "email", "timestamp", "outcome", "needs_grading"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
]


def test_the_command_knows_every_format():
    (chosen,) = (each for each in main.commands["export"].params if each.name == "kind")
    assert list(chosen.type.choices) == list(FORMATS)


def rows_of(text):
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "|calc", "＝1", "\x00=1"]
)
def test_a_formula_is_neutralised(text):
    assert neutral(text).startswith("'")


@pytest.mark.parametrize("text", ["Ada", "a-b", "a=b", "x@y.org", "O'Hara", ""])
def test_an_ordinary_text_stays_as_it_is(text):
    assert neutral(text) == text


@given(st.text())
def test_no_field_ever_starts_a_formula_and_the_table_can_be_read_back(text):
    safe = neutral(text)
    assert not safe.lstrip().startswith(("=", "+", "-", "@"))
    assert not safe.startswith(("\t", "\r", "\n"))
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow([safe, "next"])
    assert rows_of(line.getvalue()) == [[safe, "next"]]


def test_columns_are_the_same_for_an_empty_class_and_for_any_other(course):
    head = HEAD + [exercise.id for exercise in ASSIGNMENT.exercises]
    assert rows_of(as_csv(course.graded)) == [head]
    course.add(record("ada")).add(record("bob", outcome="unreadable", score=None, verdicts=[]))
    rows = rows_of(as_csv(course.graded))
    assert rows[0] == head
    assert [row[1] for row in rows[1:]] == ["ada", "bob"]
    assert {len(row) for row in rows} == {len(head)}


def test_points_of_each_check_and_their_sum_are_in_the_row(course):
    course.add(record("ada", verdicts(compute_dW2="missing-mean")))
    row = dict(zip(*rows_of(as_csv(course.graded)), strict=True))
    assert row["score"] == row["raw_score"] == "28"
    assert row["max_score"] == "30"
    assert row["check-compute_dW2"] == "0"
    assert row["check-compute_db2"] == "2"


def test_who_has_no_mark_has_empty_fields_and_not_zeros(course):
    course.add(record("bob", outcome="unreadable", score=None, verdicts=[]))
    row = dict(zip(*rows_of(as_csv(course.graded)), strict=True))
    assert (row["score"], row["check-compute_dW2"], row["outcome"]) == ("", "", "unreadable")
    assert rows_of(as_canvas(course.graded))[2] == ["bob", "", "", "bob", "", ""]


def test_the_table_for_canvas_has_its_columns_and_the_points_possible(course):
    course.add(record("ada"))
    assert rows_of(as_canvas(course.graded)) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", ASSIGNMENT.title],
        ["Points Possible", "", "", "", "", "30"],
        ["ada", "", "", "ada", "", "30"],
    ]


def test_json_has_the_verdicts_and_neither_seed_nor_versions(course):
    course.add(record("ada", verdicts(compute_dW2="missing-mean"), versions={"numpy": "9.9.9"}))
    text = as_json(course.graded)
    table = json.loads(text)
    assert (table["schema"], table["assignment"], table["max_score"]) == (1, NAME, 30.0)
    (ada,) = table["students"]
    assert {check["id"]: check["mistake"] for check in ada["checks"]}["check-compute_dW2"] == "missing-mean"
    assert "5eed" not in text
    assert "9.9.9" not in text


@pytest.mark.parametrize("kind", FORMATS)
def test_a_table_does_not_depend_on_the_order_of_grading(kind, course, tmp_path):
    for student in ("eve", "ada", "bob"):
        course.add(record(student))
    first = FORMATS[kind](course.graded)
    for student in ("bob", "eve", "ada"):
        course.add(record(student))
    assert FORMATS[kind](course.graded) == first
