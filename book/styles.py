"""One style sheet for the whole site: what the theme and the extensions bring, without the rules that no page can use.

`styles.js` joins them with esbuild and trims them with PurgeCSS. Of the theme's icon font only the icons that are used
are kept.
"""

import hashlib
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

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


def bundle(site: Path, sheets: Sequence[str], node: str) -> str:
    """Write the one style sheet; return its version.

    Sphinx brings the sheets anew whenever it has written a page. If they are not there, nothing has changed.

    Parameters
    ----------
    site : the built site
    sheets : the style sheets to join, in order
    node : the command

    Raises
    ------
    ValueError
        If a sheet has a fault.
    """
    target = site / BUNDLE
    if all((site / name).is_file() for name in sheets):
        command = [node, str(Path(__file__).with_suffix(".js")), site.as_posix(), *sheets]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
        if done.returncode:
            raise ValueError(f"the style sheets cannot be joined:\n{done.stderr}".rstrip())
        target.write_text(with_few_icons(done.stdout, target.parent), encoding="utf-8")
    return hashlib.sha256(target.read_bytes()).hexdigest()[:12]
