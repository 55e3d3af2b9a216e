"""Sections that moved to another page: the old address keeps a link, a browser goes on, and a wrong row is refused."""

import pytest

from tests.book.conftest import BOOK, HTML, module_of_book
from tests.conftest import not_here

OLD = '<html><body><article><section id="training"><h1>Training</h1></section>\n</article></body></html>'
NEW = """<html><body><article><section id="faster-descent"><h1>Faster descent<a class="headerlink" href="#x">#</a></h1>
<section id="momentum"><span id="why-momentum"></span><h2>Momentum <span class="katex"><span
class="katex-mathml">beta</span><span class="katex-html">β</span></span></h2>
<div class="math" id="equation-eq-v"><span class="eqno">(18.1)<a class="headerlink" href="#x">#</a></span></div>
</section>
<div class="exercise admonition" id="ex-v"><p class="admonition-title">Exercise 7</p></div></section>
</article></body></html>"""


@pytest.fixture(scope="module")
def moved():
    return module_of_book("moved")


@pytest.fixture
def site(tmp_path):
    (tmp_path / "training.html").write_text(OLD)
    (tmp_path / "faster-descent.html").write_text(NEW)
    return tmp_path


ROWS = {
    "training": {
        "momentum": "faster-descent",
        "old-name": "faster-descent#why-momentum",
        "equation-eq-v": "faster-descent",
        "ex-v": "faster-descent",
    }
}


def test_the_old_page_says_where_each_section_is_now(moved, site):
    assert moved.leave(site, ROWS) == []
    left = (site / "training.html").read_text()
    for id, words, target in (
        ("momentum", "Momentum β is", "momentum"),
        ("old-name", "Momentum β is", "why-momentum"),
        ("equation-eq-v", "Equation (18.1) is", "equation-eq-v"),
        ("ex-v", "Exercise 7 is", "ex-v"),
    ):
        link = f'<a href="faster-descent.html#{target}">Faster descent</a>'
        assert f'<p class="moved" id="{id}">{words} now in {link}.</p>' in left
    assert (site / "faster-descent.html").read_text() == NEW


def test_a_second_build_leaves_the_same_and_a_row_that_is_gone_leaves_nothing(moved, site):
    moved.leave(site, ROWS)
    once = (site / "training.html").read_text()
    assert moved.leave(site, ROWS) == []
    assert (site / "training.html").read_text() == once
    moved.leave(site, {"training": {}})
    assert "moved" not in (site / "training.html").read_text()


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ({"training": {"training": "faster-descent#momentum"}}, "training.html has an element training still"),
        ({"training": {"adam": "faster-descent"}}, "faster-descent.html has no element adam, where adam of training"),
        ({"training": {"adam": "nowhere"}}, "there is no page nowhere"),
        ({"nowhere": {"adam": "faster-descent#momentum"}}, "there is no page nowhere"),
    ],
)
def test_a_row_that_leads_nowhere_or_hides_a_section_is_refused(moved, site, rows, fault):
    assert [one for one in moved.leave(site, rows) if fault in one]


def test_a_row_does_not_lead_to_another_row(moved, site):
    moved.leave(site, ROWS)
    chain = ROWS | {"faster-descent": {"adam": "training#old-name"}}
    assert any("training.html has no element old-name" in fault for fault in moved.leave(site, chain))


def test_the_rows_of_the_book_are_tables_of_ids(moved):
    rows = moved.read()
    assert all(isinstance(target, str) for ids in rows.values() for target in ids.values())
    assert all((BOOK / f"{page}.md").is_file() for page in rows)


def test_every_row_is_left_in_the_built_site(moved):
    if not (HTML / "index.html").exists():
        not_here("the book is not built; run: python book/build.py")
    for page, ids in moved.read().items():
        text = (HTML / f"{page}.html").read_text()
        assert all(f'<p class="moved" id="{id}">' in text for id in ids), page


@pytest.mark.browser
@pytest.mark.parametrize("script", [True, False])
def test_who_comes_by_the_old_address_is_led_on_or_sees_the_link(moved, site, browser, script):
    moved.leave(site, ROWS)
    old = site / "training.html"
    styled = f"<style>{(BOOK / '_static' / 'course.css').read_text()}</style>"
    scripted = f"<script>{(BOOK / '_static' / 'layout.js').read_text()}</script>"
    old.write_text(styled + old.read_text().replace("<article>", '<article class="bd-article">') + scripted)
    context = browser.new_context(java_script_enabled=script)
    page = context.new_page()
    page.goto(f"{old.as_uri()}#momentum")
    if script:
        page.wait_for_url("**/faster-descent.html#momentum")
        page.goto(old.as_uri())
        page.evaluate("location.hash = 'ex-v'")
        page.wait_for_url("**/faster-descent.html#ex-v")
    else:
        assert page.locator("#momentum a").is_visible()
        assert not page.locator("#ex-v a").is_visible()
        page.locator("#momentum a").click()
        assert page.url.endswith("faster-descent.html#momentum")
    context.close()
