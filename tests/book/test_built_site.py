"""The built site, read as files: formulas, links, anchors, and nothing from another host."""

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

from course_lib.equations import EQUATIONS

LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href", "embed": "src"}


@cache
def page_at(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@cache
def ids_at(path: Path) -> frozenset[str]:
    return frozenset(element["id"] for element in page_at(path).select("[id]"))


@pytest.fixture(scope="module")
def pages(site) -> dict[str, BeautifulSoup]:
    """Every page of the site, by its path."""
    return {path.relative_to(site).as_posix(): page_at(path) for path in sorted(site.rglob("*.html"))}


def test_every_page_of_the_contents_is_built(pages, sources):
    assert {f"{name}.html" for name in sources} <= set(pages)


def test_no_formula_failed_and_none_needs_javascript(pages, chapters):
    for name, page in pages.items():
        assert not page.select(".katex-error"), name
        assert not [script for script in page.find_all("script") if "mathjax" in str(script).lower()], name
    for name in chapters:
        formulas = pages[f"{name}.html"].select("main .math")
        assert len(formulas) > 20
        assert all(formula.select_one(".katex-html") and formula.select_one("math") for formula in formulas)


def test_every_registered_equation_has_its_anchor_and_a_number(pages, build_script):
    for label, home in build_script.chapters().items():
        formula = pages[f"{home['page']}.html"].find(id=home["anchor"])
        assert formula is not None, label
        step = pages[f"{home['page']}.html"].find(id=home["step"])
        assert step is not None, label
        assert step is formula or not step.find_parent("details"), "a wrong answer would be led to the right one"
        assert re.match(r"\(\d+\.\d+\)", formula.select_one(".eqno").get_text()), label


def test_numbers_of_equations_are_all_different(pages, build_script):
    homes = {home["page"] for home in build_script.chapters().values()}
    numbers = [n.get_text() for page in homes for n in pages[f"{page}.html"].select(".eqno")]
    assert len(numbers) == len(set(numbers)) == len(EQUATIONS)


def test_the_equation_index_leads_to_every_equation(pages, build_script):
    targets = {link["href"] for link in pages["equations.html"].select("main a[href]")}
    for label, home in build_script.chapters().items():
        assert f"{home['page']}.html#{home['anchor']}" in targets, label


def test_nothing_is_loaded_from_another_host(site, pages):
    for name, page in pages.items():
        for tag, attribute in LOADS.items():
            for element in page.find_all(tag):
                address = urlsplit(element.get(attribute, ""))
                assert not address.netloc, (name, element)
    for style in site.rglob("*.css"):
        assert not re.search(r"""(?:url\(|@import)\s*["']?(?:https?:)?//""", style.read_text(encoding="utf-8")), style


def test_every_link_and_every_loaded_file_is_there(site, pages):
    broken = []
    for name, page in pages.items():
        wanted = [(e, e.get(LOADS[e.name])) for e in page.find_all(list(LOADS))]
        wanted += [(e, e.get("href")) for e in page.find_all("a")]
        for _, address in wanted:
            parts = urlsplit(address or "")
            if not address or parts.scheme or parts.netloc:
                continue
            path = unquote(parts.path)  # one that starts at the top of the host means the site's top
            target = (
                (site if path.startswith("/") else (site / name).parent) / path.lstrip("/") if path else site / name
            )
            target = target / "index.html" if path.endswith("/") else target
            if not target.is_file() or (
                parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in ids_at(target.resolve())
            ):
                broken.append((name, address))
    assert broken == []


def test_ids_are_unique_on_a_page(pages, sources):
    for name in sources:
        ids = [element["id"] for element in pages[f"{name}.html"].select("main [id]")]
        twice = {id for id in ids if ids.count(id) > 1}
        assert twice == set(), name


def test_every_picture_says_what_it_shows(pages, sources):
    pictures = [svg for name in sources for svg in pages[f"{name}.html"].select("main svg")]
    pictures = [svg for svg in pictures if svg.find_parent(class_="katex") is None]
    assert len(pictures) >= 10
    for svg in pictures:
        assert svg.get("aria-hidden") or len(svg.get("aria-label", "")) > 40


def test_every_page_has_a_description_a_title_and_an_icon(pages, sources):
    for name in sources:
        page = pages[f"{name}.html"]
        assert page.find("meta", attrs={"name": "description"})["content"], name
        assert page.title.get_text(strip=True), name
        assert page.find("link", rel="icon"), name
        assert len(page.select("article h1")) == 1, name


def test_no_cell_of_the_book_failed_or_warned(pages, chapters):
    for name in chapters:
        assert not pages[f"{name}.html"].select(".output.traceback, .output.stderr"), name


def test_of_the_icons_only_a_small_font_is_left_and_the_style_sheet_names_it(site):
    assert not list(site.rglob("fontawesome.js*")) + list(site.rglob("fa-*.woff2"))
    assert 500 < (site / "_static" / "icons.woff").stat().st_size < 20_000
    assert "url(icons.woff)" in (site / "_static" / "book.css").read_text(encoding="utf-8")


def test_katex_comes_with_its_licence_and_one_format_of_fonts(site):
    assert (site / "_static" / "katex" / "LICENSE").is_file()
    assert {font.suffix for font in (site / "_static" / "katex" / "fonts").iterdir()} == {".woff2"}
