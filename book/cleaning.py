"""Mending a built page: what it need not load, and what the theme leaves undone for readers of every kind."""

import re
from collections.abc import Callable

UNNEEDED_SCRIPTS = r"fontawesome\.js|mathjax|design-tabs\.js"
"""Icons come as a font and formulas as text; no page has tabs."""

SEARCH_SCRIPTS = r"searchtools\.js|language_data\.js|searchindex\.js"
"""Only the page with the results searches."""

THEME_LATER = 'dataset.theme = localStorage.getItem("theme") || "auto";'
THEME_NOW = (
    "dataset.theme = { light: 'light', dark: 'dark' }[document.documentElement.dataset.mode] "
    "|| (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');"
)
"""The theme chooses light or dark when its script has come; until then a page would have no colours at all."""

CLEANED = "/* Changed by book/cleaning.py of the course. */\n"
"""How a theme's script begins that was changed."""

_FOREIGN = re.compile(
    r"""<(?:script|link|img|iframe|source|video|audio|embed|object)\b[^>]*?\b(?:src|href|data)=["'](?:https?:)?//[^"']*"""
)


def _without(head: str, addresses: str) -> str:
    """Drop the elements of a head that load one of these addresses."""
    return re.sub(rf"<(script|link)\b[^>]*({addresses})[^>]*>(</script>)?\s*", "", head, flags=re.IGNORECASE)


def _once(pattern: str) -> Callable[[str], str]:
    """Return what keeps the first match of a pattern in a text and drops the others."""

    def keep_first(text: str) -> str:
        first = re.search(pattern, text)
        return text if first is None else text[: first.end()] + re.sub(pattern, "", text[first.end() :])

    return keep_first


def clean_head(head: str, *, searches: bool = False) -> str:
    """Return a page's head without what it need not load; scripts that stay wait until the page is there.

    Parameters
    ----------
    head : what stands before `</head>`
    searches : whether the page shows what was found
    """
    head = _without(head, UNNEEDED_SCRIPTS if searches else f"{UNNEEDED_SCRIPTS}|{SEARCH_SCRIPTS}")
    head = re.sub(r'<link rel="preload" as="script"[^>]*>\s*', "", head)
    # What these lines set is used by nothing here, and they would need their script before the page is there.
    head = re.sub(r"<script>\s*(?:window\.MathJax|DOCUMENTATION_OPTIONS\.).*?</script>\s*", "", head, flags=re.DOTALL)
    head = head.replace(THEME_LATER, THEME_NOW)
    head = re.sub(r'(<html\b[^>]*) data-theme="auto"', r'\1 data-theme="light"', head)  # for those without JavaScript
    head = _once(r'<meta name="viewport"[^>]*>\s*')(head)
    head = re.sub(r'<meta name="docsearch:[^>]*>\s*', "", head)
    return re.sub(r"<script (?![^>]*\bdefer\b)([^>]*\bsrc=)", r"<script defer \1", head)


def clean_body(body: str) -> str:
    """Return a page's body with ids that come once, and with names that say what is seen."""
    body = re.sub(r'<section id="(exercise|solution)-content">', r'<section class="\1-content">', body)
    body = re.sub(r'<th class="head">\s*(?:<p>\s*</p>)?\s*</th>', '<td class="head"></td>', body)
    # For print the theme repeats the title and lists the contents before them.
    body = re.sub(r'<div id="jb-print-docs-body".*?(?=<div id="searchbox">)', "", body, flags=re.DOTALL)
    body = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    body = re.sub(r'(<button class="btn search-button-field[^>]*?) aria-label="[^"]*"', r"\1", body)
    return body.replace(
        '<div id="pst-primary-sidebar" class="',
        '<div id="pst-primary-sidebar" role="complementary" aria-label="Book" class="',
    )


def clean_page(text: str) -> str:
    """Return a page as it is published."""
    head, end, body = text.partition("</head>")
    return clean_head(head, searches='id="search-results"' in body) + end + clean_body(body)


def clean_theme_script(script: str) -> str:
    """Return the theme's script without its way of finding what scrolls, for which every page is laid out many times.

    `_static/layout.js` does it. A script that was cleaned before stays as it is.

    Raises
    ------
    ValueError
        If it is done in another way than this function knows.
    """
    if script.startswith(CLEANED):
        return script
    start = r',"complete"===document\.readyState\?(\w+)\(\):window\.addEventListener\("load",\1\)'
    cleaned, count = re.subn(start, "", script)
    if count != 1:
        raise ValueError("the theme's script has changed: see clean_theme_script in book/cleaning.py")
    return CLEANED + cleaned


def faults_of_page(text: str) -> list[str]:
    """Say what a page must not have: a formula that KaTeX could not render, no colours, requests to other hosts."""
    faults = ["a formula that KaTeX cannot render"] * ("katex-error" in text)
    faults += ["no colours before the theme's script has come"] * (' data-theme="auto"' in text or THEME_LATER in text)
    return faults + [f"asks another host: {found.group(0)}" for found in _FOREIGN.finditer(text)]
