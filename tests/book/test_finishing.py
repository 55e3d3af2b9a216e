"""What a built site has besides its pages: notebooks, scripts, a 404 page, a sitemap, a preview card, a PDF."""

import re
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest
from bs4 import BeautifulSoup

from tests.book.conftest import BOOK, module_of_book
from tests.conftest import not_here


@pytest.fixture(scope="module")
def finishing():
    return module_of_book("finishing")


@pytest.mark.parametrize(
    ("myst", "markdown"),
    [
        ("```{math}\nx = y\n```", "$$\nx = y\n$$"),
        ("```{equation} one_example.dz2\n```", "$$\ndz^{[2]} = a^{[2]} - y\n$$"),
        ("(a-label)=\n## Title", "## Title"),
        ("See {eq}`eq-batch-dw` and {doc}`training`.", "See `batch.dW` and `training`."),
        ("{py:func}`dW <course_lib.batch.dW>`", "`dW`"),
        (":::{admonition} Why?\n:class: tip question\nBecause.\n\nSo.\n:::", "> **Why?**\n>\n> Because.\n>\n> So."),
        ("```{exercise}\n:label: ex-a-1\nProve it.\n```", "> **Exercise**\n>\n> Prove it."),
        ("```{solution} ex-a-1\n:class: dropdown\nDone.\n```", "> **Solution**\n>\n> Done."),
        ("```python\nx = 1\n```", "```python\nx = 1\n```"),
        (
            "````{exercise}\n:label: ex-a\nSee\n```{math}\nx\n```\n````",
            "> **Exercise**\n>\n> See\n> $$\n> x\n> $$",
        ),
    ],
)
def test_what_only_the_book_understands_becomes_plain_markdown(finishing, myst, markdown):
    assert finishing.plain_markdown(myst, BOOK) == markdown


def test_every_chapter_downloads_as_a_notebook_without_directives(site, chapters):
    for name in chapters:
        notebook = nbformat.read(site / "notebooks" / f"{name}.ipynb", as_version=4)
        nbformat.validate(notebook)
        assert notebook.metadata.kernelspec.name == "python3"
        assert any(cell.cell_type == "code" for cell in notebook.cells)
        words = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        assert not re.search(r"^(`{3,}|:{3,})\{|\{eq\}|^\([\w-]+\)=$", words, re.MULTILINE), name
        assert f'href="notebooks/{name}.ipynb" download' in (site / f"{name}.html").read_text(encoding="utf-8")


def test_a_link_to_any_page_is_shown_with_a_title_a_description_and_a_picture(site, sources):
    for name in sources:
        text = (site / f"{name}.html").read_text(encoding="utf-8")
        tags = dict(re.findall(r'<meta property="(og:[\w:]+)" content="([^"]*)">', text))
        assert {"og:title", "og:description", "og:image", "og:image:alt"} <= set(tags), name
        assert all(tags.values()), name
        assert text.count('property="og:title"') == 1
    header = (site / "card.png").read_bytes()[16:24]
    assert (int.from_bytes(header[:4], "big"), int.from_bytes(header[4:], "big")) == (1200, 630)


def test_the_sitemap_lists_every_page_and_the_404_page_leads_back(site, sources):
    places = [element.text for element in ElementTree.parse(site / "sitemap.xml").iter() if element.tag.endswith("loc")]
    assert len(places) == len(sources)
    assert all(place.startswith("http") for place in places)
    assert (site / "robots.txt").read_text(encoding="utf-8").startswith("User-agent: *\nAllow: /\n")
    assert "There is no page here" in (site / "404.html").read_text(encoding="utf-8")


def test_a_site_that_knows_its_address_says_it_wherever_one_must_be_absolute(finishing, tmp_path, monkeypatch):
    monkeypatch.setattr(finishing, "URL", "https://course.example/back/")
    monkeypatch.setattr(finishing, "draw_card", lambda path: None)
    finishing.finish(BOOK, tmp_path, ["index"])
    assert "Sitemap: https://course.example/back/sitemap.xml" in (tmp_path / "robots.txt").read_text(encoding="utf-8")
    assert "<loc>https://course.example/back/</loc>" in (tmp_path / "sitemap.xml").read_text(encoding="utf-8")
    assert 'href="https://course.example/back/search.html"' in (tmp_path / "404.html").read_text(encoding="utf-8")
    page = finishing.add_card("<head><title>One</title></head>", "one")
    assert '<link rel="canonical" href="https://course.example/back/one.html">' in page
    assert '<meta property="og:image" content="https://course.example/back/card.png">' in page


def test_the_scripts_of_the_pictures_are_there_and_small_and_on_no_other_page(site, sources, book):
    scripts = sorted(path.name for path in (book / "interactive").glob("*.js"))
    assert len(scripts) >= 4
    assert sorted(path.name for path in (site / "interactive").iterdir()) == scripts
    for script in scripts:
        assert (site / "interactive" / script).stat().st_size < 12_000
        users = [n for n in sources if f"interactive/{script}" in (site / f"{n}.html").read_text(encoding="utf-8")]
        assert len(users) == 1, script


def headings(path) -> list[tuple[int, str]]:
    """Return the headings of a page, each with its level, as they are read."""
    article = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").article
    for unseen in article.select(".headerlink, .katex-mathml"):
        unseen.decompose()
    return [(int(each.name[1]), " ".join(each.get_text().split())) for each in article.select("h1, h2, h3, h4")]


def entries(outline, level: int = 1):
    """Yield the titles of a PDF's outline, each with its level."""
    for item in outline:
        if isinstance(item, list):
            yield from entries(item, level + 1)
        else:
            yield level, item.title


@pytest.mark.browser
def test_a_chapter_prints_cleanly_and_the_parts_are_joined_with_an_outline(site, tmp_path):
    pdf = module_of_book("pdf")
    from pypdf import PdfReader

    def print_book(names, target):
        # In a thread of its own: it starts playwright, and the tests of pages may have one that is open in this one.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(pdf.print_book, names, target, site).result()

    names = ["a-neuron", "many-examples"]
    try:
        print_book(names, tmp_path / "book.pdf")
    except pdf.CannotPrintError as error:
        not_here(str(error))
    printed = PdfReader(tmp_path / "book.pdf")
    expected = [heading for name in names for heading in headings(site / f"{name}.html")]
    assert list(entries(printed.outline)) == expected
    assert [title for level, title in expected if level == 1] == [
        "1. A neuron is a hyperplane",
        "4. One neuron, many examples",
    ]
    texts = [page.extract_text() for page in printed.pages]
    assert all(len(text.strip()) > 5 or page.images for text, page in zip(texts, printed.pages, strict=True))
    words = " ".join(texts)
    assert "What was proved" in words
    assert "Skip to main content" not in words
    with pytest.raises(pdf.CannotPrintError, match="no page nowhere"):
        print_book(["nowhere"], tmp_path / "none.pdf")
    assert not (tmp_path / "none.pdf").exists()
