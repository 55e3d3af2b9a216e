"""What can go wrong while a reader works: impatience, two cells at once, a browser that keeps nothing, forged words."""

import time

import pytest

pytestmark = pytest.mark.browser

PAGE = "layer-2-backwards"
A = "ps4_two_layer"
DZ2, DW2 = f"{A}/compute_dZ2", f"{A}/compute_dW2"


def test_a_cell_waits_for_another_that_never_ends_and_a_reader_can_stop_what_still_loads(visit):
    here = visit(PAGE)
    endless, cell = here.cell(DZ2), here.cell(DW2)
    endless.write("while True:\n    pass\n")
    cell.write(cell.solution)
    endless.root.locator(".exercise-check").click()
    if endless.root.get_attribute("data-state") == "loading":
        endless.root.locator(".exercise-stop").click()
        endless.wait()
        assert endless.shown().text == "Stopped. Your text is as it was."
        endless.root.locator(".exercise-check").click()
    cell.root.locator(".exercise-check").click()
    endless.wait()
    assert "Stopped after 5 seconds" in endless.shown().text
    cell.wait()
    assert cell.shown().passed == "true"
    assert here.wrong == []


def test_what_is_typed_before_the_editor_is_there_stays(visit):
    here = visit(PAGE)
    here.context.route("**/live/editor-*.js", lambda route: (time.sleep(1), route.continue_()))
    cell = here.cell(DW2)
    cell.root.locator(".exercise-field").fill("x = 1  # typed early")
    cell.root.locator(".cm-content").wait_for()
    assert cell.text == "x = 1  # typed early"
    assert here.kept[DW2]["text"] == cell.text


def test_without_its_editor_a_cell_is_a_plain_field_that_works(visit):
    here = visit(PAGE)
    here.context.route("**/live/editor-*.js", lambda route: route.abort())
    cell = here.cell(DW2)
    cell.root.locator(".exercise-field").fill(cell.solution)
    assert cell.check().passed == "true"


def test_a_browser_that_keeps_nothing_says_so_and_checks_all_the_same(visit):
    here = visit(PAGE)
    here.page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('full'); };")
    here.open(PAGE)
    cell = here.cell(DW2)
    cell.write(cell.solution)
    assert "keeps nothing" in cell.root.locator(".exercise-status").inner_text()
    assert cell.check().passed == "true"
    assert here.kept == {}


FORGED = """
import session
evil = '<img src=x onerror="alert(1)">'
session._verdict = lambda *verdict: {
    "passed": evil, "mistake": evil, "points": evil, "max_points": evil, "sign": evil, "heading": evil,
    "paragraphs": [evil, 5, None], "read": {"title": evil, "page": "javascript:alert(2)//a.html#b"},
    "known": "https://host.example/a.html#b",
}
session._error = lambda error: {"kind": evil, "text": {"a": evil}, "line": evil}
"""


def test_forged_answers_of_python_become_no_html_and_no_link_out_of_the_book(visit):
    here = visit(PAGE)
    cell = here.cell(DW2)
    shown = cell.check(FORGED + cell.solution)
    assert "onerror" in shown.text
    assert cell.root.locator(".exercise-status :is(img, script, iframe)").count() == 0
    links = cell.root.locator(".exercise-status a")
    assert not [each.get_attribute("href") for each in links.all()]
    here.open("progress")
    assert here.page.locator("article img").count() == 0
    assert here.wrong == []
    assert here.foreign == []


def test_a_library_that_one_cell_has_broken_is_whole_again_for_the_next(visit):
    here = visit(PAGE)
    broken, cell = here.cell(DZ2), here.cell(DW2)
    broken.check("import numpy as np\nnp.zeros_like = None\nlen = None\n")
    assert cell.check(f"import numpy as np\nnp.zeros_like(np.ones(len([2])))\n{cell.solution}").passed == "true"
