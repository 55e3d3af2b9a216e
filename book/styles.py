"""One style sheet for the whole site: what the theme and the extensions bring, without the rules that no page can use.

Of the theme's icon font only the icons that are used are kept.
"""

import hashlib
import os
import posixpath
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import tinycss2
from tinycss2 import ast

BUNDLE = "_static/book.css"
ICONS = "icons.woff"
_SHEET = re.compile(r'<link (?=[^>]*rel="stylesheet")[^>]*href="(_static/[^"?]*)[^"]*"[^>]*>\s*')


def sheets_of(page: str) -> list[str]:
    """Return the style sheets that a page loads, in order."""
    return [name for name in _SHEET.findall(page) if name != BUNDLE]


def with_bundle(page: str, version: str) -> str:
    """Return a page that loads the one style sheet in place of all."""
    link = f'<link rel="stylesheet" href="{BUNDLE}?v={version}">\n'
    first = _SHEET.search(page)
    return page if first is None else page[: first.start()] + link + _SHEET.sub("", page[first.start() :])


def names_in(page: str) -> set[str]:
    """Return the classes and ids of a page."""
    return set(" ".join(re.findall(r'\s(?:class|id)="([^"]*)"', page)).split())


def words_in(script: str) -> set[str]:
    """Return all words of a script: any of them may become a class."""
    return set(re.findall(r"[\w-]+", script))


def read_sheet(path: Path, top: Path) -> str:
    """Return a style sheet with those it imports, its addresses made relative to a folder."""

    def imported(found: re.Match[str]) -> str:
        return read_sheet(path.parent / found[1], top)

    def address(found: re.Match[str]) -> str:
        folder = path.parent.relative_to(top).as_posix()
        return f"url({posixpath.normpath(posixpath.join(folder, found[1]))})"

    path = Path(os.path.normpath(path))
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"""url\(["']?(?!data:|#|[a-z]+:|//)([^"')]+)["']?\)""", address, text)
    return re.sub(r"""@import\s+["']([^"']+)["'];""", imported, text)


def _named(selector: Sequence[ast.Node]) -> Iterator[str]:
    """Yield the classes and ids that an element must have; what stands in brackets, as in :not(.a), is passed over."""
    for before, token in zip([None, *selector], selector, strict=False):
        if token.type == "hash" or (token.type == "ident" and before is not None and before == "."):
            yield token.value


def _selectors(prelude: Sequence[ast.Node]) -> list[list[ast.Node]]:
    parts: list[list[ast.Node]] = [[]]
    for token in prelude:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def trimmed(rules: Sequence[ast.Node], names: Collection[str]) -> Iterator[str]:
    """Yield the rules that can mean something on a page that has no other classes and ids than these."""
    for rule in rules:
        if rule.type == "qualified-rule":
            kept = [part for part in _selectors(rule.prelude) if all(name in names for name in _named(part))]
            if kept:
                yield f"{','.join(tinycss2.serialize(part).strip() for part in kept)}{{{_body(rule)}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            body = "".join(trimmed(inner, names))
            if body:
                yield f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{body}}}"
        elif rule.type == "at-rule" and rule.content is not None:
            yield f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{_body(rule)}}}"


def _body(rule: ast.Node) -> str:
    """Write the inside of a rule, without comments and runs of spaces."""
    content = [token for token in rule.content if token.type != "comment"]
    return "".join(" " if token.type == "whitespace" else token.serialize() for token in content).strip()


def with_few_icons(css: str, static: Path) -> str:
    """Return a style sheet whose icon font has nothing but the icons that are used; write that font.

    Parameters
    ----------
    css : the whole style sheet
    static : the folder of the sheet, and of the font
    """
    from fontTools import subset

    used = sorted({ord(sign) for sign in re.findall("[\ue000-\uf8ff]", css)})  # the range of Unicode for private use

    def face(found: re.Match[str]) -> str:
        source = re.search(r"url\(([^)]*fa-solid-900)\.woff2\)", found[0])
        if source is None:
            return "" if "/fontawesome/" in found[0] else found[0]
        options = subset.Options(flavor="woff", notdef_outline=True)
        font = subset.load_font(str(static / f"{source[1]}.ttf"), options)
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=used)
        subsetter.subset(font)
        subset.save_font(font, str(static / ICONS), options)
        return re.sub(r"src:[^;}]*", f'src:url({ICONS}) format("woff")', found[0])

    return re.sub(r"@font-face\s*\{[^}]*\}", face, css)


def bundle(site: Path, sheets: Sequence[str], names: Collection[str]) -> str:
    """Write the one style sheet if anything that it depends on has changed; return its version.

    Sphinx brings the sheets anew whenever it has written a page. If they are not there, nothing has changed.

    Parameters
    ----------
    site : the built site
    sheets : the style sheets to join, in order
    names : the classes and ids of all pages
    """
    target = site / BUNDLE
    static = target.parent
    if target.is_file() and not all((site / name).is_file() for name in sheets):
        return re.search(r"/\* (\w+) \*/", target.read_text(encoding="utf-8"))[1]
    words = set(names)
    for script in sorted({*static.rglob("*.js"), *site.glob("interactive/*.js"), *site.glob("live/p*.js")}):
        words |= words_in(script.read_text(encoding="utf-8"))
    whole = "".join(read_sheet(site / name, static) + "\n" for name in sheets)
    known = hashlib.sha256("\0".join([whole, *sorted(words)]).encode()).hexdigest()[:12]
    mark = f'@charset "utf-8";\n/* {known} */'
    if not target.is_file() or not target.read_text(encoding="utf-8").startswith(mark):
        rules = tinycss2.parse_stylesheet(whole, skip_comments=True, skip_whitespace=True)
        css = with_few_icons("\n".join(trimmed(rules, words)), static)
        target.write_text(f"{mark}\n{css}\n", encoding="utf-8")
    return known
