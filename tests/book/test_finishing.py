"""What a built site has besides its pages: notebooks, scripts, a 404 page, a sitemap, a preview card, a PDF."""

import re
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

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


def words_of(notebook) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def links_in(words: str):
    """Yield the text and the address of each link of a notebook, as Jupyter would show them."""
    for block in MarkdownIt().use(dollarmath_plugin).parse(words):
        address, text = "", ""
        for each in block.children or ():
            if each.type == "link_open":
                address, text = each.attrs["href"], ""
            elif each.type == "link_close":
                yield text.strip(), address
            text += each.content


@pytest.mark.parametrize(
    ("myst", "here", "there"),
    [
        (
            "[](a-neuron.md)",
            "[A neuron is a hyperplane](a-neuron.ipynb)",
            "[A neuron is a hyperplane](URL/a-neuron.html)",
        ),
        ("[so](a-neuron.md)", "[so](a-neuron.ipynb)", "[so](URL/a-neuron.html)"),
        ("[](notation.md)", "Notation and shapes", "[Notation and shapes](URL/notation.html)"),
        (
            "[$W^{[1]}$, too](layer-2-backwards.md#where-1m-belongs)",
            "[$W^{[1]}$, too](layer-2-backwards.ipynb)",
            "[$W^{[1]}$, too](URL/layer-2-backwards.html#where-1-m-belongs)",
        ),
        (
            "[](matrix-calculus.md#the-trace)",
            "[The trace](matrix-calculus.ipynb)",
            "[The trace](URL/matrix-calculus.html#the-trace)",
        ),
        (
            "[](vectorizing.md#rows-or-columns)",
            "Rows or columns",
            "[Rows or columns](URL/vectorizing.html#rows-or-columns)",
        ),
        ("[E7](#erratum-e7)", "[E7](errata.ipynb)", "[E7](URL/errata.html#erratum-e7)"),
        ("[E7]{#erratum-e7}", "E7", "E7"),
        ("[there](https://x.example/a.md)", "[there](https://x.example/a.md)", "[there](https://x.example/a.md)"),
        ("$a^{[l]}(x)$", "$a^{[l]}(x)$", "$a^{[l]}(x)$"),
    ],
)
def test_a_link_of_a_notebook_says_and_is_where_it_leads(finishing, monkeypatch, myst, here, there):
    for url, expected in (("", here), ("https://course.example/", there.replace("URL", "https://course.example"))):
        monkeypatch.setattr(finishing, "URL", url)
        assert finishing.plain_markdown(myst, BOOK, "vectorizing") == expected


@pytest.mark.parametrize(
    "myst", ["[](nowhere.md)", "[](a-neuron.md#nowhere)", "[text](#nowhere)", "[](#ex-a-neuron-1)"]
)
def test_a_link_that_leads_nowhere_stops_the_build(finishing, myst):
    with pytest.raises(ValueError, match="there is no such place"):
        finishing.plain_markdown(myst, BOOK)


def test_every_link_of_every_notebook_has_a_text_and_a_place_on_the_site(finishing, site, chapters, monkeypatch):
    monkeypatch.setattr(finishing, "URL", "https://course.example/")
    ids = {
        page.stem: set(re.findall(r'\bid="([^"]+)"', page.read_text(encoding="utf-8"))) for page in site.glob("*.html")
    }
    seen = 0
    for name, source in chapters.items():
        for text, address in links_in(finishing.plain_markdown(source.partition("\n---\n")[2], BOOK, name)):
            page, _, anchor = address.removeprefix("https://course.example/").partition("#")
            assert text, (name, address)
            if page != address:
                assert not anchor or anchor in ids[page.removesuffix(".html")], (name, address)
                seen += 1
    assert seen > 200


def test_every_chapter_downloads_as_a_notebook_without_directives(site, chapters):
    for name in chapters:
        notebook = nbformat.read(site / "notebooks" / f"{name}.ipynb", as_version=4)
        nbformat.validate(notebook)
        assert notebook.metadata.kernelspec.name == "python3"
        assert any(cell.cell_type == "code" for cell in notebook.cells)
        words = words_of(notebook)
        assert not re.search(r"^(`{3,}|:{3,})\{|\{eq\}|^\([\w-]+\)=$|\]\{#", words, re.MULTILINE), name
        for text, address in links_in(words):
            assert text, (name, address)
            assert address.startswith("https://") or (site / "notebooks" / address).is_file(), (name, address)
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
