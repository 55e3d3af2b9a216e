"""Which symbols the book's formulas use, and which of them the page on notation has no row for.

    python -m tests.book.symbols        list what is missing, with where it stands first; exit code 1 if anything is

A symbol is a letter with what changes its meaning: a font (`\\mathbf{1}`), an accent (`\\overline{Z}`), a d before it
(`dZ`), or square brackets (`E[…]`). Layers, examples, powers, primes and indices do not make another one; a letter that
is an index is a symbol too.
"""

import re
import sys
from collections.abc import Iterator, Mapping

from course_lib.equations import EQUATIONS
from tests.book.conftest import BOOK, load_build_script

FONTS = {"mathbf", "mathrm", "mathcal", "mathbb", "boldsymbol", "overline", "bar", "hat", "tilde", "vec"}
WORDS = {"text", "textbf", "textit", "operatorname", "begin", "end", "label", "tag", "color", "hspace", "mbox"}
GREEK = re.compile(
    "alpha|beta|gamma|delta|epsilon|varepsilon|zeta|eta|theta|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|phi|varphi|chi|psi"
    "|omega|Gamma|Delta|Theta|Lambda|Sigma|Phi|Psi|Omega|nabla|ell"
)
"""The sign of a partial derivative is an operation, and no symbol of something."""
_TOKEN = re.compile(r"\\([a-zA-Z]+)\*?|\\.|[a-zA-Z]|[{}_^\[\]]|'|\S")


def formulas(text: str) -> Iterator[str]:
    """Yield the TeX of a page's formulas: inline, displayed, and those that are registered."""
    text = re.sub(r"^```\{code-cell\}.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    for id in re.findall(r"^```\{equation\} (\S+)$", text, re.MULTILINE):
        yield EQUATIONS[id].latex
    yield from re.findall(r"^```\{math\}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    text = re.sub(r"`[^`\n]*`", "", text)
    yield from (found[0] or found[1] for found in re.findall(r"\$\$(.+?)\$\$|\$([^$]+?)\$", text, re.DOTALL))


def _group(tokens: list[str], start: int) -> int:
    """Return where the group that begins at a token ends: a token alone, or what stands in braces."""
    if start >= len(tokens) or tokens[start] != "{":
        return start + 1
    depth, end = 1, start + 1
    while end < len(tokens) and depth:
        depth += {"{": 1, "}": -1}.get(tokens[end], 0)
        end += 1
    return end


def symbols(tex: str) -> Iterator[str]:
    """Yield the symbols of a formula, in order, each as often as it stands there."""
    yield from _symbols([found[0] for found in _TOKEN.finditer(tex)])


def _symbols(tokens: list[str], index: bool = False) -> Iterator[str]:
    k = 0
    while k < len(tokens):
        token, name = tokens[k], tokens[k].removeprefix("\\")
        k += 1
        if token.startswith("\\") and name in WORDS:
            k = _group(tokens, k)
        elif token.startswith("\\") and name in FONTS:
            end = _group(tokens, k)
            inner = [each for each in tokens[k:end] if each not in "{}"]
            if len(inner) > 1 and name == "mathrm":
                pass  # a word: tr, diag
            elif name in ("overline", "bar", "hat") and len(inner) > 1:
                yield from (f"\\{name}{{{each}}}" for each in _symbols(inner) if each.isupper())
            else:
                yield f"\\{name}{{{''.join(inner)}}}"
            k = end
        elif token == "_":
            end = _group(tokens, k)
            yield from _symbols(tokens[k:end], True)
            k = end
        elif token == "^":
            end = _group(tokens, k)
            yield from _symbols([each for each in tokens[k:end] if each != "T"], True)  # the transpose
            k = end
        elif token.startswith("\\"):
            if GREEK.fullmatch(name):
                yield token
        elif token == "d" and not index and k < len(tokens) and re.fullmatch(r"[a-zA-Z]|\\[a-z]+", tokens[k]):
            following = tokens[k]
            if following.isalpha() or GREEK.fullmatch(following[1:]):
                yield f"d{following}"
                k += 1
        elif token.isalpha():
            square = not index and k < len(tokens) and tokens[k] == "["
            yield f"{token}{'[…]' if square else ''}"


def used(pages: Mapping[str, str]) -> dict[str, str]:
    """Return the symbols of all pages, each with the page that has it first."""
    found: dict[str, str] = {}
    for page, text in pages.items():
        for tex in formulas(text):
            for symbol in symbols(tex):
                found.setdefault(symbol, page)
    return found


def explained(notation: str) -> set[str]:
    """Return the symbols that the first column of a table on the page of notation has."""
    table = notation.partition("## The five notes")[0]
    rows = re.findall(r"^\| ([^|]*(?:\\\|[^|]*)*) \|", table, re.MULTILINE)
    return {symbol for row in rows for tex in formulas(row) for symbol in symbols(tex)}


def missing(pages: Mapping[str, str], notation: str) -> dict[str, str]:
    """Return the symbols that have no row, each with the page that has it first."""
    rows = explained(notation)
    return {symbol: page for symbol, page in used(pages).items() if symbol not in rows}


def main() -> int:
    """List what is missing; return the exit code."""
    names = load_build_script().pages()
    pages = {name: (BOOK / f"{name}.md").read_text(encoding="utf-8") for name in names if name not in OTHER_LETTERS}
    found = missing(pages, (BOOK / "notation.md").read_text(encoding="utf-8"))
    for symbol, page in sorted(found.items()):
        print(f"{symbol:16} {page}")
    return 1 if found else 0


OTHER_LETTERS = ("notation", "errata", "sources", "api")
"""Pages that show letters of others, the notes'."""


if __name__ == "__main__":
    sys.exit(main())
