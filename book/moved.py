"""Sections that have moved to another page: the page where they were keeps their ids, and leads on.

`moved.toml` has a table for each page, with a row for each id that was there:

    [training]
    momentum = "faster-descent"                  # the page where it is now, under the same id,
    "why-momentum" = "faster-descent#momentum"   # or under another one

The element that is left holds a link; it shows only to who comes by the old address, and `_static/layout.js` goes on
from there at once.
"""

import html
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from bs4 import BeautifulSoup, Tag

BOOK = Path(__file__).resolve().parent
_LEFT = re.compile(r'<div class="moved-on">.*?</div>\n', re.DOTALL)


def read(path: Path = BOOK / "moved.toml") -> dict[str, dict[str, str]]:
    """Return where each id of each page is now."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _words(element: Tag) -> str:
    """Return the words of a title, without what only a screen or only a screen reader gets of it twice."""
    copy = BeautifulSoup(str(element), "html.parser")
    for part in copy.select(".headerlink, .katex-mathml"):
        part.decompose()
    return " ".join(copy.get_text().split())


def name_of(page: BeautifulSoup, id: str) -> str | None:
    """Return what a place of a page is called: its equation, its box or its section; None where there is none.

    Parameters
    ----------
    page : a built page
    id : of an element
    """
    element = page.find(id=id)
    if not isinstance(element, Tag):
        return None
    number = element.select_one(".eqno")
    if number is not None and element.name != "section":
        return f"Equation {_words(number)}"
    titles = "h1, h2, h3, h4, .admonition-title, .exercise-title"
    while isinstance(element, Tag):
        title = element.select_one(titles)
        if title is not None:
            return _words(title)
        element = element.parent
    return id


def leave(site: Path, rows: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Leave an element on each page for each section that has moved; return what is wrong with the rows.

    Parameters
    ----------
    site : the built site
    rows : as `read` returns them
    """
    homes = {target.partition("#")[0] for ids in rows.values() for target in ids.values()}
    texts = {
        path.stem: path.read_text(encoding="utf-8") for path in site.glob("*.html") if path.stem in {*rows, *homes}
    }
    faults = [f"moved.toml: there is no page {name}" for name in sorted({*rows, *homes} - set(texts))]
    texts = {name: _LEFT.sub("", text) for name, text in texts.items()}  # of the build before
    pages = {name: BeautifulSoup(texts[name], "html.parser") for name in homes & set(texts)}
    for name in set(rows) & set(texts):
        left = ""
        for id, target in rows[name].items():
            home, _, new = target.partition("#")
            new = new or id
            if re.search(rf'\bid="{re.escape(id)}"', texts[name]):
                faults.append(f"moved.toml: {name}.html has an element {id} still; take its row out")
            called = name_of(pages[home], new) if home in pages else None
            if called:
                title = _words(pages[home].h1) if pages[home].h1 else home
                link = f'<a href="{home}.html#{html.escape(new)}">{html.escape(title)}</a>'
                left += f'<p class="moved" id="{html.escape(id)}">{html.escape(called)} is now in {link}.</p>'
            elif home in pages:
                faults.append(f"moved.toml: {home}.html has no element {new}, where {id} of {name}.html should be")
        kept = f'<div class="moved-on">{left}</div>\n' if left else ""
        text = texts[name].replace("</article>", f"{kept}</article>", 1)
        (site / f"{name}.html").write_text(text, encoding="utf-8")
    return sorted(faults)
