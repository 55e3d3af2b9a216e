"""The site as others may serve it: in a folder, with the policy as a header, and no heavier than it was."""

import gzip
import http.server
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.book.conftest import BOOK, module_of_book
from tests.browser.conftest import Visit

PAGE = "layer-2-backwards"
DW2 = "ps4_two_layer/compute_dW2"
GROWTH = 60_000
"""Bytes, as they are sent, by which exercises may make a page heavier before a reader goes into one."""


def policy(page: Path) -> dict[str, set[str]]:
    """Return what a page allows itself, by rule."""
    stated = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page.read_text("utf-8"))[1]
    return {rule.split()[0]: set(rule.split()[1:]) for rule in stated.split("; ")}


def header(site: Path) -> str:
    """Return the policy for all pages, as the lecturer's guide says: the search page's, and no frames."""
    rules = {**policy(site / "search.html"), "frame-ancestors": {"'none'"}}
    return "; ".join(f"{name} {' '.join(sorted(values))}" for name, values in rules.items())


def test_the_policy_of_the_search_page_allows_what_any_page_does(site):
    whole = policy(site / "search.html")
    for page in site.glob("*.html"):
        if "<script" not in page.read_text(encoding="utf-8"):
            continue  # the page for what is not there
        for rule, values in policy(page).items():
            assert values <= whole[rule], (page.name, rule)
    assert whole["default-src"] == {"'none'"}
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:"} & whole["script-src"]


def test_the_command_of_the_lecturers_guide_prints_the_header(site):
    guide = (BOOK / "lecturers.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^```shell\n(sed .*Content-Security-Policy.*)\n```$", guide, re.MULTILINE)
    done = subprocess.run(["sh", "-c", command], cwd=BOOK.parent, capture_output=True, text=True, check=True)
    (printed,) = done.stdout.splitlines()
    assert {rule.split()[0]: set(rule.split()[1:]) for rule in printed.split("; ")} == {
        rule.split()[0]: set(rule.split()[1:]) for rule in header(site).split("; ")
    }


@pytest.fixture(scope="module")
def strict_address(site: Path) -> Iterator[str]:
    """The site in a folder of a server that sends the policy as a header, with all else that is strict."""
    sent, pdf = header(site), module_of_book("pdf")

    class Strict(pdf.Quiet):
        def end_headers(self) -> None:
            self.send_header("Content-Security-Policy", sent)
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("X-Frame-Options", "DENY")
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
            self.send_header("Referrer-Policy", "no-referrer")
            super().end_headers()

    assert issubclass(Strict, http.server.SimpleHTTPRequestHandler)
    with pdf.served(site.parent, Strict) as address:
        yield f"{address}{site.name}/"


@pytest.mark.browser
def test_everything_works_in_a_folder_of_a_strict_server(chromium, proxy, strict_address):
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    here = Visit(context, strict_address, PAGE, proxy[1])
    cell = here.cell(DW2)
    assert cell.check(cell.solution).passed == "true"
    here.open("progress")
    assert here.page.locator(f'.progress-row[data-cell="{DW2}"]').get_attribute("data-state") == "right"
    with here.page.expect_download():
        here.page.get_by_role("button", name="Two layers, m examples").click()
    here.page.goto(f"{strict_address}search.html?q=keepdims")
    here.page.locator("#search-results p.search-summary:has-text('found')").wait_for()
    here.open("training")  # it has a picture to play with
    slider = here.page.get_by_role("slider").first
    slider.focus()
    here.page.keyboard.press("ArrowRight")
    assert here.wrong == []
    assert here.foreign == []
    context.close()


@pytest.mark.browser
def test_a_request_that_leaves_the_machine_would_be_heard_from_the_page_and_from_a_worker(visit):
    here = visit("index", bypass_csp=True)
    assert here.foreign == []
    here.page.evaluate("fetch('http://page.example/').catch(() => {})")
    here.page.evaluate(
        """() => new Promise(done => {
            const script = "fetch('http://worker.example/').catch(() => {}).then(() => postMessage(0))";
            new Worker(URL.createObjectURL(new Blob([script]))).onmessage = done;
        })"""
    )
    assert {"GET http://page.example/", "GET http://worker.example/"} <= set(here.eavesdropped)
    assert here.foreign


def without_cells(page: str) -> str:
    """Return a page without its exercises, or its list of them."""
    kept, at = [], 0
    for cell in re.finditer(r'<div class="(?:exercise-cell|course-progress)\b', page):
        kept.append(page[at : cell.start()])
        depth = 0
        for tag in re.compile(r"<(/?)div\b").finditer(page, cell.start()):
            depth += -1 if tag[1] else 1
            if not depth:
                at = tag.end()
                break
    return "".join([*kept, page[at:]])


def test_exercises_make_no_page_much_heavier(site):
    def sent(text: str) -> int:
        return len(gzip.compress(text.encode(), 6))

    style = (site / "_static" / "book.css").read_text(encoding="utf-8")
    rules = "\n".join(re.findall(r"[^{}]*\.(?:exercise|progress)-[^{}]*\{[^{}]*\}", style))
    scripts = {name: (site / "live" / f"{name}.js").read_text(encoding="utf-8") for name in ("page", "progress")}
    assert rules
    grown = {}
    for path in site.glob("*.html"):
        page = path.read_text(encoding="utf-8")
        own = "".join(script for name, script in scripts.items() if f"live/{name}.js" in page)
        if own:
            grown[path.name] = sent(page) - sent(without_cells(page)) + sent(rules) + sent(own)
            if 'class="exercise-cell' in page or "course-progress" in page:
                assert grown[path.name] > sent(rules) + sent(own) + 300, path.name
    heaviest = max(grown, key=grown.get)
    print(f"{heaviest} grows most, by {grown[heaviest] / 1000:.1f} kB")
    assert len(grown) > 15
    assert grown[heaviest] < GROWTH
