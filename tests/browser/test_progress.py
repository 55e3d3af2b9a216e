"""The page "Your progress": what it shows, and the reader's work on its way out and back."""

import json
import subprocess
import sys

import pytest

from tests.book.conftest import ROOT

pytestmark = pytest.mark.browser

A = "ps4_two_layer"
DZ2, DW2, DB2 = (f"{A}/compute_{name}" for name in ("dZ2", "dW2", "db2"))


def row(here, cell):
    return here.page.locator(f'.progress-row[data-cell="{cell}"]')


@pytest.fixture
def worked(visit, exercises):
    """A reader who has one answer right, one wrong and one changed."""
    here = visit("layer-2-backwards")
    here.keep({DZ2: exercises[DZ2]["solution"], DB2: exercises[DB2]["solution"]})
    here.keep({DW2: "def compute_dW2(dZ2, A1):\n    return dZ2 @ A1.T\n"})
    for cell in (DZ2, DW2, DB2):
        here.cell(cell).check()
    here.cell(DB2).write("# begun anew\n")
    here.open("progress")
    return here


def test_it_lists_every_exercise_once_below_its_chapter_and_leads_there(visit, exercises):
    here = visit("progress")
    cells = [each.get_attribute("data-cell") for each in here.page.locator(".progress-row").all()]
    assert sorted(cells) == sorted(exercises)
    row(here, DW2).locator("a").click()
    here.page.wait_for_url("**/layer-2-backwards.html#write-ps4_two_layer-compute_dW2")
    assert here.cell(DW2).root.is_visible()
    assert here.wrong == []


def test_it_says_what_is_right_what_is_not_and_what_was_changed(worked, exercises):
    assert row(worked, DZ2).get_attribute("data-state") == "right"
    assert row(worked, DW2).locator(".progress-state").inner_text() == "✗ not right yet: missing-mean"
    assert row(worked, DB2).get_attribute("data-state") == "changed"
    assert row(worked, f"{A}/compute_dA2").get_attribute("data-state") == "open"
    points = sum(each["points"] for each in exercises.values())
    said = f"1 of {len(exercises)} exercises right, 2 of {points:g} points."
    assert worked.page.locator(".progress-whole").inner_text() == said
    assert (
        worked.page.locator(".progress-page", has_text="Layer 2, backwards")
        .locator("h2")
        .inner_text()
        .endswith("1 of 4 right")
    )
    assert worked.wrong == []


def test_the_downloaded_notebook_is_graded_as_the_pages_have_said(worked, tmp_path):
    with worked.page.expect_download() as download:
        worked.page.get_by_role("button", name="Two layers, m examples").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.name == f"{A}.ipynb"
    command = [sys.executable, "-m", "autograder.cli", "check", str(path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    found = {each["function"]: each["mistake"] for each in _verdicts(done.stdout)}
    assert found["compute_dZ2"] is None
    assert found["compute_dW2"] == "missing-mean"
    assert found["compute_dA2"] == "not-implemented"
    assert len(found) == 13


def _verdicts(text):
    found = json.loads(text)
    return found["checks"] if isinstance(found, dict) else found


def test_what_is_exported_can_be_cleared_and_brought_back(worked, tmp_path):
    before = worked.kept
    with worked.page.expect_download() as download:
        worked.page.get_by_role("button", name="Export all").click()
    path = tmp_path / "mine.json"
    download.value.save_as(path)
    worked.page.get_by_role("button", name="Clear all").click()
    assert worked.kept == before
    worked.page.get_by_role("button", name="Clear them").click()
    assert worked.kept == {}
    assert row(worked, DZ2).get_attribute("data-state") == "open"
    worked.page.locator("input[type=file]").set_input_files(path)
    worked.page.get_by_text("Took 3 answers").wait_for()
    assert {cell: entry["text"] for cell, entry in worked.kept.items()} == {
        cell: entry["text"] for cell, entry in before.items()
    }
    assert row(worked, DZ2).get_attribute("data-state") == "right"


@pytest.mark.parametrize(
    "content",
    ["not json", "[]", '{"format": "another"}', '{"format": "backprop-course answers", "answers": null}'],
)
def test_another_file_changes_nothing_and_is_named(visit, tmp_path, content):
    here = visit("progress")
    path = tmp_path / "other.json"
    path.write_text(content)
    here.page.locator("input[type=file]").set_input_files(path)
    here.page.get_by_text("other.json is not a file that was exported here; nothing was changed.").wait_for()
    assert here.kept == {}


def test_an_imported_file_cannot_bring_html_or_anything_but_answers(visit, tmp_path):
    here = visit("progress")
    hostile = "<img src=x onerror=alert(1)>"
    entry = {"text": hostile, "tried": 1, "verdict": {"passed": False, "mistake": hostile, "points": "x"}, "more": 1}
    path = tmp_path / "mine.json"
    answers = {DW2: entry, "no/such": entry, f"{A}/compute_db2": {"text": 5}, "__proto__": entry}
    path.write_text(json.dumps({"format": "backprop-course answers", "version": 1, "answers": answers}))
    here.page.locator("input[type=file]").set_input_files(path)
    here.page.get_by_text("Took 1 answer from mine.json.").wait_for()
    assert list(here.kept) == [DW2]
    assert set(here.kept[DW2]) == {"text", "tried", "changed", "verdict"}
    assert here.page.locator("article img").count() == 0
    here.open("layer-2-backwards")
    assert here.cell(DW2).text == hostile
    assert here.wrong == []
