"""Both pages in Chromium: nothing foreign, nothing runs that is not ours, nothing scrolls sideways."""

from pathlib import Path

import nbformat
import numpy as np
import pytest

from autograder.core.check import check
from autograder.report.dashboard import report
from autograder.report.feedback import feedback
from tests.report.conftest import NAME, answer, check_cell, record, shown, verdicts
from tests.report.test_feedback import ATTACKS

pytestmark = pytest.mark.browser
LONG = "a" * 120


def _forgot(dA1, Z1):
    return 7 * dA1 * (1 - np.tanh(Z1) ** 2)


_forgot.__name__ = "compute_dZ1"


@pytest.fixture
def visit(browser):
    """Open a page; return it, and every request and dialog that should not have been."""
    contexts = []

    def open_page(path: Path, look: str, width: int, script: bool = True):
        contexts.append(
            browser.new_context(color_scheme=look, viewport={"width": width, "height": 800}, java_script_enabled=script)
        )
        page, bad = contexts[-1].new_page(), []
        page.on("request", lambda r: None if r.url.startswith(("file:", "data:")) else bad.append(r.url))
        page.on("dialog", lambda d: (bad.append(d.message), d.dismiss()))
        page.on("pageerror", lambda error: bad.append(str(error)))
        page.goto(path.as_uri())
        page.wait_for_timeout(150)
        return page, bad

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def pages(course):
    outputs = [shown(text_html=attack) for attack in ATTACKS]
    hostile_svg = "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(2)</script></svg>"
    outputs += [shown(text_html=hostile_svg), nbformat.v4.new_output("stream", text=LONG * 5)]
    cells = [nbformat.v4.new_markdown_cell(f"{attack}\n\n$${'a + ' * 60}b$$") for attack in ATTACKS]
    cells += [answer("compute_dW2", f"{LONG} = 1", outputs), check_cell("compute_dW2")]
    wrong = verdicts(compute_dW2="missing-mean", compute_dZ1=check(_forgot, assignment=NAME, show=False))
    course.add(record(LONG, wrong, advice=LONG, outcome="crashed"), cells)
    course.add(record("bob")).add(record("amy", score=12.0))
    (page,) = [each.path for each in feedback(course.graded, only=[LONG], jobs=1)]
    return {"feedback": page, "report": report(course.graded, jobs=1)}


@pytest.mark.parametrize("name", ["feedback", "report"])
@pytest.mark.parametrize(("look", "width"), [("light", 1100), ("dark", 1100), ("light", 375)])
def test_a_page_is_quiet_and_fits(visit, pages, name, look, width):
    page, bad = visit(pages[name], look, width)
    assert bad == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    light = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert light == (look == "light")


@pytest.mark.parametrize("look", ["light", "dark"])
def test_a_wrong_array_is_drawn_in_the_ink_of_the_page(visit, pages, look):
    page, _ = visit(pages["feedback"], look, 375)
    picture = page.get_by_role("img", name="yours is 7 times the measured array everywhere.")
    assert picture.bounding_box()["width"] <= 375
    ink = picture.locator("text").first.evaluate("each => getComputedStyle(each).fill")
    assert ink == page.evaluate("getComputedStyle(document.body).color")


def test_the_table_of_students_sorts_by_points(visit, pages):
    page, _ = visit(pages["report"], "light", 1100)
    table = page.locator("table.sortable").last
    ids = table.locator("td.id").all_inner_texts
    assert ids() == [LONG, "amy", "bob"]
    button = table.get_by_role("button", name="Points")
    button.click()
    assert ids() == ["amy", LONG, "bob"]
    button.click()
    assert ids() == ["bob", LONG, "amy"]


def test_the_report_is_whole_without_its_script(visit, pages):
    page, bad = visit(pages["report"], "light", 1100, script=False)
    assert bad == []
    assert page.locator("table.sortable").last.locator("tbody tr").count() == 3
