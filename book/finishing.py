"""What a built site gets besides its pages: notebooks to download, scripts, a 404 page, a sitemap and a preview card.

Some addresses must be absolute: those of the sitemap, of the preview card, and of the way back from the 404 page, which
is shown at any address. They start with BOOK_URL, an environment variable that says where the site will be. Without it
no page names a host, the 404 page takes the top of its host for the first page, and the sitemap is for `make serve`.

Three of these are not left to Sphinx extensions, which were tried and give readers less:

- sphinxext-opengraph describes a page by its first words, with formulas as LaTeX, and not by the description that the
  page has; it names a relative address where BOOK_URL is not known, and gives the first page two addresses.
- sphinx-sitemap lists only the pages that the last build wrote anew, and the 404 page among them.
- sphinx-notfound-page makes a page of 10 kB that needs fifteen files of the theme; ours needs none.
"""

import functools
import html
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from course_lib.equations import EQUATIONS

URL = os.environ["BOOK_URL"].rstrip("/") + "/" if os.environ.get("BOOK_URL") else ""
TITLE = "Back-propagation, step by step"
CARD = "card.png"
NOT_FOUND = "404.html"

_NOT_FOUND_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="There is no page at this address.">
<meta name="robots" content="noindex">
<title>No such page — {title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1.1rem/1.6 system-ui, sans-serif; max-width: 34rem; margin: 15vh auto; padding: 0 1.5rem; }}
</style>
</head>
<body>
<main>
<h1>There is no page here.</h1>
<p>Perhaps a chapter has moved. Start from <a href="{url}">the first page</a>, or
<a href="{url}search.html">search the book</a>.</p>
</main>
</body>
</html>
"""


def copy_scripts(book: Path, site: Path) -> None:
    """Copy the scripts of the interactive pictures; each is loaded by the one page that shows its picture."""
    target = site / "interactive"
    target.mkdir(exist_ok=True)
    for script in sorted((book / "interactive").glob("*.js")):
        shutil.copy(script, target)


_LINK = re.compile(r"\[(?P<text>(?:[^\[\]]|\[[^\[\]]*\])*)\]\((?:(?P<page>[\w-]+)\.md)?(?:#(?P<anchor>[\w-]+))?\)")

_SPAN = re.compile(r"\[([^\[\]]*)\]\{#([\w-]+)\}")


@functools.cache
def titles(book: Path) -> dict[str, dict[str, tuple[str, str]]]:
    """Return what can be linked to, by page and anchor, "" for the top: the title there, and the id in the page."""
    from docutils.nodes import make_id
    from myst_parser.mdit_to_docutils.base import default_slugify

    found = {}
    for chapter in book.glob("*.md"):
        whole = chapter.read_text(encoding="utf-8")
        text = re.sub(r"^(`{3,}|:{3,}).*\n(?:.*\n)*?\1$", "", whole, flags=re.MULTILINE)
        headings = re.findall(r"^(?:\(([\w-]+)\)=\n+)?#{1,6} +(.+)$", text, re.MULTILINE)
        places = {label: ("", label) for label in re.findall(r"^:label: ([\w-]+)$", whole, re.MULTILINE)}
        places |= {label: (title, label) for title, label in _SPAN.findall(whole)}
        places |= {default_slugify(title): (title, make_id(title)) for _, title in headings}
        places |= {label: (title, label) for label, title in headings if label}
        found[chapter.stem] = places | {"": (headings[0][1], "")}
    return found


def linked(text: str, book: Path, page: str = "") -> str:
    """Return a text whose links to pages say where they lead, and lead there also from a notebook.

    They lead to the site; where it has no address yet, to the notebook that lies beside this one.

    Raises
    ------
    ValueError
        If there is no such place in the book.
    """

    def link(found: re.Match[str]) -> str:
        name, anchor = found["page"], found["anchor"] or ""
        homes = {
            home: places[anchor] for home, places in titles(book).items() if anchor in places and name in (home, None)
        }
        home, (title, id) = next(iter(homes.items()), ("", ("", "")))
        said = found["text"] or title
        if not said or not home:
            raise ValueError(f"a chapter links to {found[0]}, and there is no such place")
        if URL:
            return f"[{said}]({address_of(home)}{'#' if id else ''}{id})"
        return f"[{said}]({home}.ipynb)" if home != page and has_code(book / f"{home}.md") else said

    return _LINK.sub(link, _SPAN.sub(r"\1", text))


FENCE = re.compile(
    r"^(?P<fence>`{3,}|:{3,})\{(?P<kind>[\w-]+)\}(?P<title>.*)\n(?P<body>(?:.*\n)*?)(?P=fence)[ \t]*$", re.MULTILINE
)
"""A directive; those in its body have shorter fences."""

_CHOICE = re.compile(r"^(?P<item>- )\[(?P<kind>[\w-]+)\] *", re.MULTILINE)


def _marked(choice: re.Match[str]) -> str:
    """Say of what can be chosen in a question whether it is right, as a notebook without buttons does."""
    return f"{choice['item']}{'✓' if choice['kind'] == 'right' else '✗'} "


def plain_markdown(text: str, book: Path, page: str = "") -> str:
    """Return a chapter's text with what only the book understands written as plain markdown, for notebooks.

    Parameters
    ----------
    text : MyST
    book : the folder that `:file:` is relative to
    page : the chapter's name
    """
    references = {equation.label: f"`{equation.id}`" for equation in EQUATIONS.values()}

    def block(found: re.Match[str]) -> str:
        kind, title, body = found["kind"], found["title"].strip(), found["body"]
        options = dict(re.findall(r"^:(\w+): *(.*)$", body, re.MULTILINE))
        body = re.sub(r"\A(?::[\w-]+:.*\n)+\n?", "", body).strip("\n")
        if kind in ("math", "equation"):
            return f"$$\n{body if kind == 'math' else EQUATIONS[title].latex}\n$$"
        if kind == "raw":
            body = (book / options["file"]).read_text(encoding="utf-8") if "file" in options else body
            return re.sub(r"\n\s*\n", "\n", re.sub(r"<script.*?</script>", "", body, flags=re.DOTALL)).strip()
        if kind == "exercise-cell":
            where = "it is checked in this chapter's page, and in the notebook of its assignment."
            return "\n>\n> ".join(filter(None, [f"> **Write it:** `{title}`; {where}", body]))
        if kind == "answer-ends":
            return ""
        if kind == "question":
            title, body = "Question", _CHOICE.sub(_marked, body)
        if kind in ("exercise", "solution"):
            title = {"exercise": "Exercise", "solution": "Solution"}[kind] + (
                f": {title}" if title and not title.startswith("ex-") else ""
            )
        inner = FENCE.sub(block, body)  # blocks stand in blocks
        quoted = "\n".join(f"> {line}".rstrip() for line in inner.splitlines())
        return f"> **{title or kind.capitalize()}**\n>\n{quoted}"

    text = FENCE.sub(block, text)
    text = re.sub(r"^\(([\w-]+)\)=\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"\{eq\}`([\w-]+)`", lambda found: references.get(found[1], found[1]), text)
    return linked(re.sub(r"\{[\w:]+\}`([^`<]*?)(?: *<[^`]*>)?`", r"`\1`", text), book, page)


def chapter_notebook(chapter: Path, metadata: dict[str, object]) -> object:
    """Return a chapter as a notebook that runs wherever the course's package is installed."""
    import jupytext
    import nbformat

    notebook = jupytext.read(chapter, fmt="md:myst")
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = plain_markdown(cell.source, chapter.parent, chapter.stem)
        cell.metadata = nbformat.NotebookNode()
    note = (
        f"*A chapter of “{TITLE}”. Its cells need the course's package: in a terminal, "
        "`python -m pip install .` in the course's folder, or the wheel that came with an assignment.*"
    )
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell(note))
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    notebook.metadata = nbformat.from_dict(metadata)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.validate(notebook)
    return notebook


def has_code(chapter: Path) -> bool:
    """Say whether a page runs code, and so can be downloaded as a notebook."""
    return chapter.is_file() and bool(
        re.search(r"^`{3,}\{code-cell\}", chapter.read_text(encoding="utf-8"), re.MULTILINE)
    )


def write_notebooks(book: Path, site: Path, pages: Iterable[str]) -> None:
    """Write every chapter that has code as a notebook, if any chapter, whose titles it may name, is newer."""
    import nbformat

    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
    }
    (site / "notebooks").mkdir(exist_ok=True)
    newest = max((chapter.stat().st_mtime_ns for chapter in book.glob("*.md")), default=0)
    for name in pages:
        chapter, target = book / f"{name}.md", site / "notebooks" / f"{name}.ipynb"
        new = not target.exists() or target.stat().st_mtime_ns < newest
        if new and has_code(chapter):
            nbformat.write(chapter_notebook(chapter, metadata), target)


def add_download(text: str, name: str) -> str:
    """Return a chapter's page with a link to its notebook at the end."""
    link = (
        f'<p class="download-chapter"><a href="notebooks/{name}.ipynb" download>'
        "Download this chapter as a notebook</a></p>"
    )
    return text if link in text else text.replace("</article>", f"{link}\n</article>", 1)


def draw_card(path: Path) -> None:
    """Draw the picture that a link to the book is shown with elsewhere: 1200 by 630 pixels."""
    from matplotlib.figure import Figure

    from course_lib.datasets import flower
    from course_lib.plotting.style import KINDS

    figure = Figure(figsize=(12, 6.3), dpi=100, facecolor="#12151c")
    figure.text(0.06, 0.62, "Back-propagation,\nstep by step", color="white", fontsize=44, weight="bold", va="center")
    figure.text(
        0.06, 0.34, "Every formula derived, every step checked,\nevery mistake named.", color="#c9d2e3", fontsize=21
    )
    figure.text(
        0.06, 0.14, r"$dW^{[l]} = \frac{1}{m}\, dZ^{[l]}\,\left(A^{[l-1]}\right)^{T}$", color="#8fb4ff", fontsize=30
    )
    axes = figure.add_axes((0.62, 0.1, 0.36, 0.8))
    X, Y = flower(400, seed=1)
    for kind, (colour, marker) in enumerate(KINDS):
        chosen = Y[0] == kind
        axes.scatter(X[0, chosen], X[1, chosen], c=colour, marker=marker, s=36)
    axes.set_aspect("equal")
    axes.axis("off")
    figure.savefig(path, facecolor=figure.get_facecolor(), metadata={"Software": None})


def address_of(name: str, otherwise: str = "") -> str:
    """Return the address of a page; a site that does not know its own takes another."""
    return (URL or otherwise) + ("" if name == "index" else f"{name}.html")


def add_card(text: str, name: str) -> str:
    """Return a page with what a link to it is shown with elsewhere: title, description, picture and address."""
    title = re.search(r"<title>(.*?)</title>", text, re.DOTALL)
    described = re.search(
        r'<meta[^>]*name="description"[^>]*content="([^"]*)"|<meta content="([^"]*)" name="desc', text
    )
    description = next(filter(None, described.groups()), "") if described else ""
    shown = re.sub(r"\s+", " ", title[1]).strip() if title else TITLE
    rows = {
        "og:type": "website",
        "og:site_name": TITLE,
        "og:title": shown,
        "og:description": description or "A course that derives back-propagation step by step.",
        "og:image": URL + CARD,
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": f"{TITLE}: every formula derived, every step checked, every mistake named.",
    }
    tags = "".join(
        f'<meta property="{key}" content="{html.escape(html.unescape(value))}">\n' for key, value in rows.items()
    )
    tags += '<meta name="twitter:card" content="summary_large_image">\n'
    if URL:
        address = html.escape(address_of(name))
        tags += f'<meta property="og:url" content="{address}">\n<link rel="canonical" href="{address}">\n'
    return text if 'property="og:type"' in text else text.replace("</head>", f"{tags}</head>", 1)


def finish_page(text: str, name: str, book: Path) -> str:
    """Return a page with what is added to it: its preview card, and the link to its notebook."""
    return add_card(add_download(text, name) if has_code(book / f"{name}.md") else text, name)


def finish(book: Path, site: Path, pages: Sequence[str]) -> None:
    """Add everything that a built site needs besides its pages."""
    copy_scripts(book, site)
    write_notebooks(book, site, pages)
    if not (site / CARD).exists():
        draw_card(site / CARD)
    (site / NOT_FOUND).write_text(_NOT_FOUND_PAGE.format(title=TITLE, url=URL or "/"), encoding="utf-8")
    addresses = (address_of(name, "http://127.0.0.1:8000/") for name in pages)
    places = "".join(f"  <url><loc>{html.escape(address)}</loc></url>\n" for address in addresses)
    sitemap = "http://www.sitemaps.org/schemas/sitemap/0.9"
    (site / "sitemap.xml").write_text(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{sitemap}">\n{places}</urlset>\n', encoding="utf-8"
    )
    robots = "User-agent: *\nAllow: /\n" + (f"Sitemap: {URL}sitemap.xml\n" if URL else "")
    (site / "robots.txt").write_text(robots, encoding="utf-8")
    (site / ".nojekyll").touch()  # GitHub Pages leaves out folders that start with _ otherwise
