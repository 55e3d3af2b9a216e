"""A reader goes through the whole book, gets every exercise wrong and then right, and hands all of it in."""

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
from autograder.core.questions import question
from tests.book.conftest import BOOK, ROOT, load_build_script
from tests.browser.answers import looked_up
from tests.browser.conftest import STARTS, Shown, Visit

pytestmark = pytest.mark.browser

PAGES = [
    name
    for name in load_build_script().pages()
    if re.search(r"^```\{exercise-cell\}", (BOOK / f"{name}.md").read_text(encoding="utf-8"), re.MULTILINE)
]


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
    wrong = question(row["question"]).mistakes[0]
    what = f"question({row['question']!r}).mistakes[0].function"
    return looked_up(row["function"], "from autograder.core.questions import question", what), wrong.id


@pytest.fixture(scope="module")
def walk(reader: Visit, exercises: dict[str, Any]) -> dict[str, Page]:
    """Every page with exercises, in the order of the book; the next one loads its Python while one is worked on."""

    def opened(name: str) -> Visit:
        visit = Visit(reader.context, reader.address, name, reader.eavesdropped)
        visit.page.locator(".exercise-field").first.focus()
        return visit

    walked = {}
    ahead = [opened(PAGES[0])]
    for name, following in zip(PAGES, [*PAGES[1:], None], strict=True):
        here = ahead.pop()
        ahead = [opened(following)] if following else []
        page = walked[name] = Page()
        for root in here.page.locator(".exercise-cell").all():
            cell = here.cell(root.get_attribute("data-cell"))
            row = exercises[cell.name]
            page.shown[cell.name] = cell.check(mistake(row)[0]), cell.check(row["solution"])
        page.wrong, page.foreign = here.wrong, here.foreign
        here.page.close()
    return walked


@pytest.mark.parametrize("name", PAGES)
def test_every_exercise_of_a_page_knows_its_solution_from_a_mistake(walk, exercises, name):
    page = walk[name]
    assert page.shown
    for cell, (wrong, right) in page.shown.items():
        row = exercises[cell]
        assert (wrong.passed, wrong.mistake) == ("false", mistake(row)[1]), (cell, wrong)
        assert (right.passed, right.mistake) == ("true", None), (cell, right)
        points = f"{row['points']:g} of {row['points']:g} points"
        assert right.text.startswith(f"✓ {row['function']} is right: {points}."), (cell, right)
    assert page.wrong == []
    assert page.foreign == []


def test_every_exercise_of_every_assignment_has_one_place_in_the_book(exercises):
    sources = [(BOOK / f"{name}.md").read_text(encoding="utf-8") for name in PAGES]
    placed = [asked for text in sources for asked in re.findall(r"^```\{exercise-cell\} (\S+)$", text, re.MULTILINE)]
    assert len(placed) == len(set(placed)) == len(exercises)


def test_in_the_end_the_page_of_progress_says_that_all_is_right(walk, reader, exercises):
    reader.open("progress")
    points = sum(each["points"] for each in exercises.values())
    said = f"{len(exercises)} of {len(exercises)} exercises right, {points:g} of {points:g} points."
    assert reader.page.locator(".progress-whole").inner_text() == said
    assert not reader.page.locator(".progress-row:not([data-state=right])").count()


def test_every_assignment_that_is_downloaded_then_is_all_right_in_the_grader_too(walk, reader, tmp_path):
    reader.open("progress")
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
