"""A reader goes through the book, gets an exercise of a page wrong and then right, and hands all of it in.

At night, every exercise of every page; by day every third page, and the pages that are drawn.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from autograder.assignments import ASSIGNMENTS
from autograder.core.mistakes import mistakes
from autograder.core.questions import question
from tests.book.conftest import BOOK, ROOT, load_build_script
from tests.browser.answers import code_of, looked_up
from tests.browser.conftest import STARTS, Shown, Visit

pytestmark = pytest.mark.browser

PAGES = [
    name
    for name in load_build_script().pages()
    if re.search(r"^```\{exercise-cell\}", (BOOK / f"{name}.md").read_text(encoding="utf-8"), re.MULTILINE)
]
WALKED = PAGES[::3]
"""By day; what all pages share is tried on these, and each exercise's verdict in `test_verdicts`."""


@dataclass
class Page:
    """What a page said of each of its exercises, first of a mistake, then of the solution."""

    shown: dict[str, tuple[Shown, Shown]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def reader(chromium: Any, site_address: str, proxy: Any) -> Iterator[Visit]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(2 * STARTS)
    yield Visit(context, site_address, "index", proxy[1])
    context.close()


def mistake(row: dict[str, Any]) -> tuple[str, str]:
    """Return a wrong answer to an exercise, and the name of what is wrong."""
    wrong = next(iter(mistakes(question(row["question"]))))
    return looked_up(row["function"], *code_of(row["question"], 0)), wrong.id


def tried(here: Visit, exercises: dict[str, Any], most: int | None = None) -> Page:
    """Get the exercises of a page that is open, or so many of them, wrong and then right."""
    page = Page()
    for root in here.page.locator(".exercise-cell").all()[:most]:
        cell = here.cell(root.get_attribute("data-cell"))
        row = exercises[cell.name]
        page.shown[cell.name] = cell.check(mistake(row)[0]), cell.check(row["solution"])
    page.wrong, page.foreign = here.wrong, here.foreign
    return page


def assert_it_knows_its_solutions(page: Page, exercises: dict[str, Any]) -> None:
    assert page.shown
    for cell, (wrong, right) in page.shown.items():
        row = exercises[cell]
        assert (wrong.passed, wrong.mistake) == ("false", mistake(row)[1]), (cell, wrong)
        assert (right.passed, right.mistake) == ("true", None), (cell, right)
        points = f"{row['points']:g} of {row['points']:g} points"
        assert right.text.startswith(f"✓ {row['function']} is right: {points}."), (cell, right)
    assert page.wrong == []
    assert page.foreign == []


@pytest.fixture(scope="module")
def walk(reader: Visit, exercises: dict[str, Any]) -> dict[str, Page]:
    """Some pages with exercises, in the order of the book; the next one loads its Python while one is worked on."""

    def opened(name: str) -> Visit:
        visit = Visit(reader.context, reader.address, name, reader.eavesdropped)
        visit.page.locator(".exercise-field").first.focus()
        return visit

    walked = {}
    ahead = [opened(WALKED[0])]
    for name, following in zip(WALKED, [*WALKED[1:], None], strict=True):
        here = ahead.pop()
        ahead = [opened(following)] if following else []
        walked[name] = tried(here, exercises, 1)
        here.page.close()
    return walked


@pytest.mark.parametrize("name", WALKED)
def test_the_first_exercise_of_a_page_knows_its_solution_from_a_mistake(walk, exercises, name):
    assert_it_knows_its_solutions(walk[name], exercises)


@pytest.mark.nightly
@pytest.mark.parametrize("name", PAGES)
def test_every_exercise_of_a_page_knows_its_solution_from_a_mistake(visit, exercises, name):
    here = visit(name)
    here.page.set_default_timeout(2 * STARTS)
    assert_it_knows_its_solutions(tried(here, exercises), exercises)


def test_every_exercise_of_every_assignment_has_one_place_in_the_book(exercises):
    sources = [(BOOK / f"{name}.md").read_text(encoding="utf-8") for name in PAGES]
    placed = [asked for text in sources for asked in re.findall(r"^```\{exercise-cell\} (\S+)$", text, re.MULTILINE)]
    assert len(placed) == len(set(placed)) == len(exercises)


def test_in_the_end_the_page_of_progress_says_what_is_right(walk, reader, exercises):
    reader.open("progress")
    right = [cell for page in walk.values() for cell in page.shown]
    points = [sum(exercises[cell]["points"] for cell in cells) for cells in (right, exercises)]
    said = f"{len(right)} of {len(exercises)} exercises right, {points[0]:g} of {points[1]:g} points."
    assert reader.page.locator(".progress-whole").inner_text() == said
    assert reader.page.locator(".progress-row[data-state=right]").count() == len(right) == len(WALKED)


def test_every_assignment_that_is_downloaded_is_all_right_in_the_grader_too(walk, reader, exercises, tmp_path):
    reader.open("progress")
    reader.keep({cell: row["solution"] for cell, row in exercises.items()})
    paths = []
    for assignment in ASSIGNMENTS.values():
        with reader.page.expect_download() as download:
            reader.page.get_by_role("button", name=assignment.title, exact=True).click()
        paths.append(tmp_path / download.value.suggested_filename)
        download.value.save_as(paths[-1])

    def graded(path):
        command = [sys.executable, "-m", "autograder.cli", "check", str(path), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        return json.loads(done.stdout), done.returncode

    with ThreadPoolExecutor(2) as pool:
        for path, (report, code) in zip(paths, pool.map(graded, paths), strict=True):
            assert report["assignment"] == path.stem
            assert report["score"] == report["max_score"] == ASSIGNMENTS[path.stem].max_points, report
            assert code == 0
    assert reader.foreign == []
    assert reader.wrong == []
