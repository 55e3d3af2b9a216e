"""Reading MyST: code cells, headings, links."""

import re


def code_cells(text: str) -> list[str]:
    """Return the code of each cell."""
    return re.findall(r"^```\{code-cell\} ipython3\n(?::[^\n]*\n)*(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def prose(text: str) -> str:
    """Return a page without its code."""
    text = re.sub(r"^```\{code-cell\}.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "", text)


def links_of(text: str) -> list[str]:
    """Return the targets of a page's links to other places of the book."""
    targets = re.findall(r"\]\(([^)\s]+)\)", prose(text))
    return [target for target in targets if target.startswith("#") or re.match(r"[\w-]+\.md", target)]


def slug(heading: str) -> str:
    """Return the anchor of a heading, as GitHub and MyST make it."""
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading.strip().lower()))


def anchors_of(text: str) -> set[str]:
    """Return the anchors of a page: of its headings, and those that are given."""
    headings = {slug(heading) for heading in re.findall(r"^#{1,3} (.+)$", prose(text), re.MULTILINE)}
    given = re.findall(r"\{#([\w-]+)\}", text) + re.findall(r"^\(([\w-]+)\)=$", text, re.MULTILINE)
    return headings | set(given) | set(re.findall(r"^:label: (\S+)$", text, re.MULTILINE))
