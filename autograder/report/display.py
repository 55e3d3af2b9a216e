"""A student's text and outputs as HTML that runs nothing and loads nothing.

The page's own Content-Security-Policy forbids scripts and foreign content once more.
"""

import functools
import importlib
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from autograder.grade import sanitize
from autograder.sandbox.outputs import cleaned

MAX_TEXT = 20_000
MAX_CODE = 100_000
CUT = "\n[The rest is not shown here; it is in your notebook.]"

importlib.import_module("pygments.lexers.special")  # else loaded when a worker sees no file any more

_BASE64 = re.compile(r"[A-Za-z0-9+/=]+")


def joined(value: Any) -> str:
    """Return a text that may be stored as a list of its lines."""
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


# --- formulas ---------------------------------------------------------------------------------------------------------

_MATH_TAGS = frozenset(sanitize.ALLOWED["mathml"]["tags"].split())
_MATH_ATTRIBUTES = frozenset(sanitize.ALLOWED["mathml"]["attributes"].split())
_NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
MAX_FORMULA = 5_000


def _converter() -> Callable[..., str] | None:
    """Return the converter from TeX to MathML; None where it is not installed."""
    try:
        return getattr(importlib.import_module("latex2mathml.converter"), "convert", None)
    except ImportError:
        return None


def _is_pure_mathml(element: ElementTree.Element) -> bool:
    """Strip foreign attributes from MathML; return whether all of its tags are MathML."""
    for each in element.iter():
        each.tag = each.tag.removeprefix(_NAMESPACE)
        if each.tag not in _MATH_TAGS:
            return False
        for name in list(each.attrib):
            if name not in _MATH_ATTRIBUTES:
                del each.attrib[name]
    return True


@functools.lru_cache(maxsize=1024)
def formula(tex: str, block: bool) -> Markup:
    """Convert a formula to MathML; return it as TeX where that fails."""
    plain = Markup('<code class="tex">{}</code>').format(tex.strip())
    convert = _converter()
    if convert is None or len(tex) > MAX_FORMULA:
        return plain
    try:
        element = ElementTree.fromstring(convert(tex, display="block" if block else "inline"))
    except Exception:  # noqa: BLE001  (whatever the converter says of TeX that it does not know)
        return plain
    return (
        Markup(ElementTree.tostring(element, encoding="unicode", method="html")) if _is_pure_mathml(element) else plain
    )


class _Renderer(IPythonRenderer):
    """A renderer that writes a token for each formula and attached picture; the sanitiser sees plain text there."""

    def __init__(self, pictures: Mapping[str, Markup]) -> None:
        super().__init__(escape=False, exclude_anchor_links=True)
        self.token = uuid.uuid4().hex
        self.pictures = pictures
        self.made: list[Markup] = []

    def _put(self, made: Markup) -> str:
        self.made.append(made)
        return f"{self.token}-{len(self.made) - 1}-"

    def _kept(self, tex: str, block: bool) -> str:
        return self._put(formula(tex, block))

    def image(self, text: str, url: str, title: str | None = None) -> str:
        picture = self.pictures.get(url.removeprefix("attachment:"))
        return self._put(picture) if picture else str(super().image(text, url, title))

    def block_math(self, body: str) -> str:
        return f"<p>{self._kept(body, True)}</p>"

    def inline_math(self, body: str) -> str:
        return self._kept(body, False)

    def latex_environment(self, name: str, body: str) -> str:
        return f"<p>{self._kept(f'{chr(92)}begin{{{name}}}{body}{chr(92)}end{{{name}}}', True)}</p>"

    def _embed_image_or_attachment(self, src: str) -> str:
        return src  # an attachment that is missing would raise; a file is never read


def _attached(attachments: Iterable[tuple[str, str]]) -> Iterator[tuple[str, Markup]]:
    for name, bundle in sanitize.pictures(attachments):
        for kind, data in bundle.items():
            if picture := _picture(kind, data, "A picture that is attached"):
                yield name, picture


@functools.lru_cache(maxsize=256)
def _markdown(source: str, pictures: tuple[tuple[str, Markup], ...]) -> Markup:
    renderer = _Renderer(dict(pictures))
    try:
        html = sanitize.html(MarkdownWithMath(renderer=renderer).render(source))
    except Exception:  # noqa: BLE001  (whatever a parser says of a text that is made to break it)
        html = ""
    if not html:
        return preformatted(source)
    return Markup(re.sub(rf"{renderer.token}-(\d+)-", lambda found: renderer.made[int(found[1])], html))


def markdown(source: str, attachments: Iterable[tuple[str, str]] = ()) -> Markup:
    """Return Markdown as HTML, with the pictures that are attached to its cell."""
    source = cleaned(source)
    return _markdown(source, tuple(_attached(attachments))) if len(source) <= MAX_TEXT else preformatted(source)


# --- code and outputs -------------------------------------------------------------------------------------------------

_highlight = functools.cache(Highlight2HTML)


@functools.lru_cache(maxsize=256)
def _code(source: str) -> Markup:
    try:
        return Markup(_highlight()(source))
    except Exception:  # noqa: BLE001  (whatever a lexer says of what is no Python)
        return preformatted(source)


def code(source: str) -> Markup:
    """Return Python code as highlighted HTML."""
    source = cleaned(source)
    return _code(source) if len(source) <= MAX_TEXT else preformatted(source, MAX_CODE)


def preformatted(text: str, most: int = MAX_TEXT) -> Markup:
    """Return a text as preformatted HTML, cut to a length."""
    text = cleaned(text)
    return Markup("<pre>{}</pre>").format(text if len(text) <= most else text[:most] + CUT)


_DARK = "<style>@media (prefers-color-scheme: dark) { svg:root { color: #e4e7eb !important } }</style>"
"""Let the course's own pictures follow light and dark."""


def _picture(kind: str, data: str, alt: str = "What the cell drew") -> Markup | None:
    if kind == "image/svg+xml":
        return Markup(sanitize.drawing(data, _DARK)) if len(data) <= sanitize.MAX_PICTURE else None
    data = "".join(data.split())
    return Markup('<img alt="{}" src="data:{};base64,{}">').format(alt, kind, data) if _BASE64.fullmatch(data) else None


def _bundle(data: Mapping[str, Any]) -> Markup | None:
    """Return the richest representation of a MIME bundle that can be shown."""
    if "text/html" in data:
        html = joined(data["text/html"])
        if (svg := sanitize.drawn(html)) and (drawing := _picture("image/svg+xml", svg)):
            return drawing
        if shown := sanitize.html(html):
            return Markup(shown)
    for kind in ("image/svg+xml", "image/png", "image/jpeg", "image/gif"):
        if kind in data and (picture := _picture(kind, joined(data[kind]))):
            return picture
    if "text/markdown" in data:
        return markdown(joined(data["text/markdown"]))
    for kind in ("text/latex", "text/plain"):
        if kind in data:
            return preformatted(joined(data[kind]))
    return None


def output(each: Mapping[str, Any]) -> Markup | None:
    """Return one output of a cell as HTML; None where there is nothing to show."""
    kind = each.get("output_type")
    if kind == "stream":
        return preformatted(joined(each.get("text", "")))
    if kind == "error":
        trace = joined([f"{line}\n" for line in each.get("traceback") or ()])
        said = f"{each.get('ename', '')}: {each.get('evalue', '')}"
        return preformatted(trace.rstrip() or said)
    data = each.get("data")
    return _bundle(data) if isinstance(data, Mapping) else None
