r"""Sanitise a student's text and outputs, before a browser opens them with a lecturer's session.

JupyterLab, formgrader and nbconvert render a notebook with different parsers of Markdown, HTML and TeX, and none of
them is asked here what it would make of a text. In the source of a text cell a space is put into each place where some
parser, in some context, could begin what runs or loads; so it holds in code spans, tables, block quotes and raw HTML,
the text stays readable, and doing it twice changes nothing:

    <img src=x onerror=f()>     < img src=x onerror=f()>     no tag, but for a few that have no attributes
    [x](javascript:f())         [x] (javascript:f())         no link, but for https:, mailto: and #
    ![x](https://host/x.png)    ! [x](https://host/x.png)    no picture, but for one that was handed in
    <img src="x.png">           ![](attachment:x.png)        one that lies beside the notebook is put into it
    &#106;ava, &colon;          & #106;ava, & colon;         no character of ASCII under another name
    \href{javascript:f()}{x}    \ href{javascript:f()}{x}    no TeX that makes links, styles or attributes

HTML that code has shown goes through nh3; drawings go into an `<img>`, in which nothing runs and nothing is fetched.
"""

import base64
import binascii
import filecmp
import functools
import itertools
import os
import posixpath
import re
import tomllib
import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping
from html import escape, unescape
from html.entities import html5
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import nh3

from autograder.sandbox.outputs import cleaned

# --- text -------------------------------------------------------------------------------------------------------------

_BARE = "b|br|code|del|em|hr|i|ins|kbd|mark|s|small|strong|sub|sup|u"
"""Tags that may stay in Markdown, without attributes: left open, they change no more than letters below their cell."""

_COMMANDS = (
    "href|url|style|class|cssId|data|htmlClass|htmlId|htmlStyle|htmlData|includegraphics|require|csname|mmlToken|bbox"
    "|unicode|setOptions"
)
_TEX = rf"\\(?={_COMMANDS})"
_ASCII = "|".join(name[:-1] for name, said in html5.items() if said < "\x7f" and said not in "<>&\"'")
_ADDRESS = r"(?i:https?://|mailto:|\#\w)"
_NAME = r"(?:[^\s()<>\[\]&\\]|\([^\s()<>\[\]&\\]{0,99}\)){1,199}"
_ENDINGS = "png|jpe?g|jfif|gif|webp|svg|bmp|tiff?|hei[cf]|pdf"
_FILE = rf"""(?![A-Za-z][A-Za-z0-9+.-]*+:|[/\#])[^\s()<>\[\]&\\"'`=?]{{1,150}}?\.(?i:{_ENDINGS})"""
"""A picture's relative path."""

_PLACES = re.compile(
    rf"""
    !\[(?P<alt>[^\[\]<>&\\\n$`]{{0,300}}+)\]\((?:
        attachment:(?P<name>{_NAME})
      | (?P<file>{_FILE})(?:[ \t]{{1,9}}"[^"<>&\\\n$`]{{0,200}}+")?
      | data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]++
    )\)
  | <(?i:img)[ \t\n](?:[^<>]{{0,200}}?[ \t\n"'])??(?i:src)=(?P<quote>["']?)
      (?:attachment:)?+(?P<img>{_FILE})(?P=quote)(?=[ \t\n/>])[^<>]{{0,200}}+>
  | <(?P<link>https?://[A-Za-z0-9_.,:;@?=%\#/+-]++)>
  | (?P<fence>```|~~~)(?=(?:[^\S\n]|\ufeff)*+(?i:mermaid))
  | !(?=\[)
  | <(?=[A-Za-z/!?])(?!/?(?ai:{_BARE})[ \t]*+/?>)
  | \](?=\((?!{_ADDRESS})|:(?![ \t]*+{_ADDRESS}))
  | &(?=\\*+\#|(?:{_ASCII})\\*+;)
  | {_TEX}
    """,
    re.VERBOSE,
)
_PICTURES = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
}


def tex(text: str) -> str:
    """Disarm TeX commands that make links, styles or attributes."""
    return re.sub(_TEX, r"\g<0> ", text)


def source(
    text: str, attachments: Iterable[tuple[str, str]] = (), beside: Iterable[tuple[str, str]] = ()
) -> tuple[str, dict[str, dict[str, str]]]:
    """Sanitise the source of a text cell or a LaTeX output; return it, and the pictures that it shows, to be attached.

    Parameters
    ----------
    text : as it was written
    attachments : names and base64 of what is attached to the cell
    beside : paths and base64 of the pictures that lie beside the notebook
    """
    there = {_same(name): (name, data) for name, data in (*beside, *attachments)}
    shown, plain = dict[str, dict[str, str]](), dict[str, str]()

    def put(found: re.Match[str]) -> str:
        # A backslash or an address before it would take the exclamation mark, and leave a link.
        gap = " " if found.string[found.start() - 1 : found.start()].strip() else ""
        match found.lastgroup:
            case "name" | "file" | "img" as group:
                name = _same(unquote(found[group]))
                for _, picture in pictures([there[name]] if name in there and name not in plain else []):
                    plain[name] = next(free for free in _plain_names(there[name][0]) if free not in shown)
                    shown[plain[name]] = picture
                if name not in plain:
                    return (
                        f"*The picture {_plain(unquote(found[group]))} is missing: it is neither in the notebook nor "
                        "beside it, or no PNG, JPEG, GIF or WebP.*"
                    )
                return f"{gap}![{found['alt'] or ''}](attachment:{plain[name]})"
            case "alt":  # its data are in the text
                return gap + found[0]
            case "link":
                return f"< {found['link']} >"
            case "fence":  # else Mermaid draws it, which loads pictures and styles
                return f"{found[0]}text "
        return f"{found[0]} "

    return _PLACES.sub(put, cleaned(text.replace("\r\n", "\n").replace("\r", "\n"))), shown


def _same(name: str) -> str:
    """Return what a file's name has in common with all names that systems take for the same."""
    return unicodedata.normalize("NFC", posixpath.normpath(name)).casefold()


def _plain(name: str) -> str:
    """Return a file's name with plain characters alone."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", unicodedata.normalize("NFC", name))[:100]


def _plain_names(name: str) -> Iterator[str]:
    """Yield plain names for a file; the later ones are for names that are the same when they are plain."""
    yield _plain(name)
    yield from (f"{number}-{_plain(name)}" for number in itertools.count(2))


def pictures(attachments: Iterable[tuple[str, str]]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the attachments that are pictures by their first bytes, as nbformat stores them."""
    for name, text in attachments:
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            continue
        for kind, start in _PICTURES.items():
            if start.match(data):
                yield name, {kind: base64.b64encode(data).decode("ascii")}


# --- HTML and drawings ------------------------------------------------------------------------------------------------

MAX_HTML = 200_000
MAX_TAGS = 5_000
"""More take html5ever a time that grows with their square, if they are nested."""
MAX_PICTURE = 4_000_000

ALLOWED: Mapping[str, Any] = tomllib.loads(Path(__file__).with_name("allowed_html.toml").read_text(encoding="utf-8"))
TAGS = frozenset(ALLOWED["html"]["tags"].split())
_VALUES = {
    "href": re.compile(_ADDRESS),
    "src": re.compile(r"data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]*\Z"),
    "width": re.compile(r"\d{1,4}\Z", re.ASCII),
    "height": re.compile(r"\d{1,4}\Z", re.ASCII),
    "class": re.compile(r"ours\Z"),
}


def _may_stay(_tag: str, name: str, value: str) -> str | None:
    return value if name not in _VALUES or _VALUES[name].match(value) else None


@functools.cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=TAGS,
        clean_content_tags=set(ALLOWED["html"]["dropped_with_content"].split()),
        attributes={tag: set(names.split()) for tag, names in ALLOWED["html"]["attributes"].items()},
        attribute_filter=_may_stay,
        url_schemes={"http", "https", "mailto", "data"},
    )


def html(text: str) -> str:
    """Sanitise HTML: no scripts, styles, forms, frames or foreign pictures.

    Nothing is left of what is too much, or shows nothing.
    """
    if len(text) > MAX_HTML or text.count("<") > MAX_TAGS:
        return ""
    # It writes out what was written by numbers, and takes a first mark of byte order for none of the text.
    shown = tex(cleaned(_cleaner().clean(cleaned(text)))).lstrip("\ufeff")
    return shown if "<img" in shown or re.sub(r"<[^>]*>", "", shown).strip() else ""


_SVG = re.compile(r"\s*<svg\b([^>]*)>")
_ALT = re.compile(r'\baria-label="([^"]*)"')
_SIZE = re.compile(r'\bviewBox="0 0 (\d{1,6}(?:\.\d{1,6})?) \d')
_DRAWING = re.compile(r'<img [^<>]*src="data:image/svg\+xml;base64,([A-Za-z0-9+/=]*)">')
_LIGHT = "<style>svg:root { background: #fff }</style>"


def drawing(svg: str, style: str = _LIGHT) -> str:
    """Return SVG as an `<img>`: in one nothing runs or is fetched.

    Parameters
    ----------
    svg : as code has shown it
    style : for the course's own pictures, which take their colour from the page around them
    """
    found, more = _SVG.match(svg), ' alt="What the cell drew"'
    if found:
        alt, size = _ALT.search(found[1]), _SIZE.search(found[1])
        more = f' alt="{escape(unescape(alt[1]))}"' if alt else more
        more += f' width="{round(float(size[1]) * 4 / 3)}"' if size and float(size[1]) < 2000 else ""
        own = "currentColor" in svg
        more += ' class="ours"' if own else ""
        opened = found[0].rstrip()
        if "xmlns=" not in found[1]:
            opened = opened.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
        svg = f"{opened}{style if own and not opened.endswith('/>') else ''}{svg[found.end() :]}"
    data = base64.b64encode(svg.encode("utf-8", "replace")).decode("ascii")
    return f'<img style="border: 0"{more} src="data:image/svg+xml;base64,{data}">'  # formgrader frames pictures in red


def drawn(text: str) -> str | None:
    """Return the SVG of HTML that is nothing else, inline or as `drawing` writes it; else None."""
    if _SVG.match(text) and text.rstrip().endswith("</svg>"):
        return text
    if found := _DRAWING.fullmatch(text):
        return base64.b64decode(found[1]).decode("utf-8", "replace").replace(_LIGHT, "", 1)
    return None


# --- outputs ----------------------------------------------------------------------------------------------------------

MAX_CLEANED = 2_000_000
"""Characters of HTML in one notebook."""
NOTHING = "[What the cell showed cannot be shown here.]"


class OutputSanitizer:
    """The outputs of a notebook, made harmless."""

    def __init__(self) -> None:
        """Start with room for as much HTML as a notebook may show."""
        self._room = MAX_CLEANED

    def of(self, outputs: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the outputs of one cell, as `sandbox.outputs` has stored them."""
        return [
            {**each, "data": self._bundle(each["data"]) or {"text/plain": NOTHING}} if "data" in each else {**each}
            for each in outputs
        ]

    def _bundle(self, data: Mapping[str, str]) -> dict[str, str]:
        kept = {kind: data[kind] for kind in ("text/plain", "image/png", "image/jpeg") if kind in data}
        kept |= {kind: source(data[kind])[0] for kind in ("text/markdown", "text/latex") if kind in data}
        if shown := self._html(data.get("text/html", "")) or self._svg(data.get("image/svg+xml", "")):
            kept["text/html"] = shown
        return kept

    def _html(self, text: str) -> str:
        if svg := drawn(text):
            return self._svg(svg)
        self._room -= len(text)
        return html(text) if self._room >= 0 else ""

    def _svg(self, text: str) -> str:
        return drawing(text) if 0 < len(text) <= MAX_PICTURE else ""


# --- files ------------------------------------------------------------------------------------------------------------

HARMLESS = frozenset({*".csv .dat .gif .jpeg .jpg .json .npy .npz .png .py .tsv .txt .webp".split()})  # noqa: SIM905
"""What a browser shows as data, whoever serves it."""


def clear(folder: Path, notebooks: Container[str], given: Path) -> Iterator[str]:
    """Remove files that a browser might run from a folder of autograded work, and yield their names.

    Parameters
    ----------
    folder : of one student; formgrader serves what lies in it with the lecturer's session
    notebooks : names of the autograded notebooks
    given : the folder of the lecturer's own files, which stay
    """
    for place, folders, names in os.walk(folder):
        for each in (*names, *(name for name in folders if (Path(place) / name).is_symlink())):
            path = Path(place) / each
            inside = path.relative_to(folder)
            own = given / inside
            if str(inside) in notebooks or (path.suffix.lower() in HARMLESS and not path.is_symlink()):
                continue
            if not own.is_file() or not filecmp.cmp(path, own, shallow=False):
                path.unlink()
                yield str(inside)
