"""The book's second edition: a chapter's form, outputs, length and symbols. Each rule is tested to complain.

`NOT_YET` has the chapters that are of the first edition still; who brings one to the second takes its name out.
"""

import ast
import re
from collections.abc import Iterator

import pytest

from course_lib.equations import EQUATIONS
from tests.book.conftest import BOOK, HTML
from tests.book.reading import code_cells
from tests.book.symbols import OTHER_LETTERS, explained, missing, symbols
from tests.conftest import not_here
from tests.notebooks import golden

NOT_YET: set[str] = set()
"""The chapters that are not done yet: the one list for all rules."""

ABOUT_THE_NOTES = {"errata"}
"""The chapter whose subject the notes are."""

_CELL = re.compile(r"^```\{code-cell\} ipython3\n((?::[^\n]*\n)*)(.*?)^```$", re.MULTILINE | re.DOTALL)
_SOLUTION = re.compile(r"^(`{3,})\{solution\}.*?^\1$", re.MULTILINE | re.DOTALL)


# The form


def complaints_about_form(text: str) -> list[str]:
    """Complain unless a chapter begins with its aim, and says what was proved after the exercises that ask for it."""
    found = []
    blocks = re.split(r"\n{2,}", text[text.index("\n# ") :].strip())
    needs = next((k for k, block in enumerate(blocks) if block.startswith("**Needs**")), 0)
    if ":class: aim" not in blocks[needs + 1]:
        found.append("the aim (:class: aim) does not follow what the chapter needs and takes")
    boxes = [kind for kind in ("aim", "established") if text.count(f":class: {kind}\n") != 1]
    found += [f"there must be one box of the class {kind}" for kind in boxes]
    parts = ("\n## Exercises", "\n## Write it yourself", ":class: established\n", "\n## What the notes print")
    places = [text.find(part) for part in parts if part in text]
    if "\n## Exercises" not in text or places != sorted(places):
        found.append("the order is: Exercises, Write it yourself, What was proved, What the notes print")
    head = re.split(r"^## ", text, maxsplit=1, flags=re.MULTILINE)[0]
    picture = re.search(r":file: (images|interactive)/", head)
    for cell in _CELL.finditer(head):
        before = picture is None or cell.start() < picture.start()
        if "hide-input" in cell[1] and before and "plotting.inline(" not in cell[2]:
            found.append("the picture follows folded code; put it before")
    return found


def complaints_about_notes(text: str) -> list[str]:
    """Complain where a chapter interrupts its reader with the notes, or does not say which of the five it means."""
    body = text[text.index("\n# ") :].partition("\n## Exercises")[0]
    sentences = re.split(r"(?<=[.?!:])\s+|\n{2,}", _CELL.sub("", body)) + code_cells(body)
    named = re.compile(r"\bS[0-4]\b|\bE[1-9]\d?\b|#erratum-|\bnotes\b(?! that\b)|\b(?:the|published|lecture) note\b")
    mentions = [one for one in sentences if named.search(one)]
    found = [f"the body speaks of the notes {len(mentions)} times, 3 are allowed"] if len(mentions) > 3 else []
    vague = r"\b(?:an?(?:other)? note|one note|one of (?:the|these)(?: five)? notes|(?:two|three|some) of the notes)\b"
    return found + [f"say which: {one}" for one in re.findall(vague, " ".join(text.split()), re.IGNORECASE)]


def complaints_about_code(text: str) -> list[str]:
    """Complain of lines that a page would cut."""
    return [f"longer than 83: {line}" for cell in code_cells(text) for line in cell.splitlines() if len(line) > 83]


# The length


def minutes(text: str) -> float:
    """Return how long a chapter takes: words, lines of formulas and of code that shows, and its exercises.

    200 words a minute; 20 seconds for each line of a displayed formula, which is a step to check; 4 for a line of code;
    two and a half minutes for an exercise, one and a half for a function that is written in the page. Solutions and
    folded code are not counted.
    """
    text = _SOLUTION.sub("", text[text.index("\n# ") :])
    code = [line for cell in _CELL.finditer(text) if "hide-input" not in cell[1] for line in cell[2].splitlines()]
    text = _CELL.sub("", text)
    displayed = re.findall(r"\$\$(.*?)\$\$", text, re.DOTALL)
    steps = sum(each.count(r"\\") + 1 for each in displayed) + len(re.findall(r"^```\{equation\}", text, re.MULTILINE))
    words = re.sub(r"\$[^$]*\$", " x ", re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL)).split()
    asked, written = (
        len(re.findall(rf"^`{{3,}}\{{{kind}\}}", text, re.MULTILINE)) for kind in ("exercise", "exercise-cell")
    )
    return len(words) / 200 + steps / 3 + sum(map(bool, map(str.strip, code))) / 15 + 2.5 * asked + 1.5 * written


def complaints_about_length(text: str) -> list[str]:
    """Complain of a chapter that takes over an hour, or that says another time than it takes."""
    found, takes = [], minutes(text)
    if takes > 60:
        found.append(f"it takes {takes:.0f} minutes; an hour is the most")
    said = re.search(r"\*\*Takes\*\*\s+about\s+(\d+)\s+minutes", text)
    if said is None or abs(int(said[1]) - takes) > 10:
        found.append(f"it says {said[1] if said else 'no number of'} minutes and takes {takes:.0f}")
    return found


# What is shown

_JUDGED = re.compile(r"\b(?:True|False)\b|\b(?:right|wrong|WRONG)\b(?! (?:for|of|in) \d)")


def complaints_about_outputs(blocks: list[golden.Block]) -> list[str]:
    """Complain of verdicts that are printed: they are tables, of `judging.examine` and `judging.compare`."""
    return [
        f"cell {block.number} prints {line.strip()!r}"
        for block in blocks
        for shown in block.outputs
        for line in shown.text.splitlines()
        if (shown.kind == "printed" and _JUDGED.search(line)) or line.strip() in ("True", "False")
    ]


def complaints_of(page: str, text: str) -> list[str]:
    """Return what keeps a chapter from the second edition."""
    found = [*complaints_about_form(text), *complaints_about_code(text), *complaints_about_length(text)]
    if page not in ABOUT_THE_NOTES:
        found += complaints_about_notes(text)
    return found + complaints_about_outputs(golden.read((golden.GOLDEN / f"{page}.txt").read_text(encoding="utf-8")))


def test_a_chapter_of_the_second_edition_keeps_its_rules(chapters):
    found = {page: complaints_of(page, text) for page, text in chapters.items() if page not in NOT_YET}
    assert {page: each for page, each in found.items() if each} == {}


def test_a_chapter_that_is_done_is_taken_out_of_the_list(chapters):
    assert set(chapters) >= NOT_YET
    assert [page for page in NOT_YET if not complaints_of(page, chapters[page])] == []


CHAPTER = """---
front: matter
---

# A title

**A question?** An answer.

**Needs** nothing. **Takes** about 20 minutes.

:::{admonition} What we want
:class: aim
Gradients.
:::

```{raw} html
:file: images/one.svg
```

```{code-cell} ipython3
:tags: [hide-input]
x = 1
```

## A section

S2 has it so. Others have not.

## Exercises

One note is vague on purpose in {exercise}.

## Write it yourself

In `ps1_neuron`.

:::{admonition} What was proved
:class: established
All.
:::

## What the notes print

S1 has [E8](#erratum-e8).
""".replace("One note is vague on purpose in {exercise}.", "\n\n".join(["```{exercise}\n:label: a\nDo.\n```"] * 6))
EXERCISES = CHAPTER[CHAPTER.index("## Exercises") : CHAPTER.index("## Write it yourself")]


def test_a_chapter_that_keeps_the_rules_is_not_complained_of():
    for complaints in (complaints_about_form, complaints_about_notes, complaints_about_code, complaints_about_length):
        assert complaints(CHAPTER) == []


@pytest.mark.parametrize(
    ("complaints", "old", "new", "said"),
    [
        (complaints_about_form, ":class: aim", ":class: note", "does not follow what the chapter needs"),
        (complaints_about_form, "**Needs**", "Words first.\n\n**Needs**", None),
        (complaints_about_form, ":::{admonition} What we", "First.\n\n:::{admonition} What we", "does not follow"),
        (complaints_about_form, ":class: established", ":class: note", "one box of the class established"),
        (complaints_about_form, EXERCISES, "", "the order is"),
        (complaints_about_form, "## A section", "## What the notes print\n\n## A section", "the order is"),
        (complaints_about_form, "```{raw} html\n:file: images/one.svg\n```", "", "the picture follows folded code"),
        (complaints_about_form, "x = 1", "plotting.inline(ax)", None),
        (complaints_about_notes, "S2 has it so.", "S2 is. E7 is. S1 is. S0 is.", "4 times, 3 are allowed"),
        (complaints_about_notes, "S2 has it so.", "S2, S1, S0 and E7 have. [E8](#erratum-e8) too. S3 has.", None),
        (complaints_about_notes, "S2 has it so.", "Another note has it so.", "say which: Another note"),
        (complaints_about_notes, "In `ps1_neuron`.", "As one of\nthe notes has.", "say which: one of the"),
        (complaints_about_notes, "In `ps1_neuron`.", "As one of the five notes has.", "say which: one of the five"),
        (complaints_about_code, "x = 1", f"x = {'1' * 79}", None),
        (complaints_about_code, "x = 1", f"x = {'1' * 80}", "longer than 83"),
        (complaints_about_length, "about 20", "about 40", "it says 40 minutes and takes 15"),
        (complaints_about_length, "about 20 minutes", "a while", "it says no number of minutes"),
        (complaints_about_length, "Others have not.", "word " * 9100, "an hour is the most"),
        (complaints_about_length, "Others have not.", "$$x$$\n\n" * 136, "an hour is the most"),
        (complaints_about_length, ":tags: [hide-input]\nx = 1", "x = 1\n" * 700, "an hour is the most"),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_complained_of(complaints, old, new, said):
    assert old in CHAPTER
    found = complaints(CHAPTER.replace(old, new))
    if said is not None:
        assert any(said in each for each in found), found
    else:
        assert found == []


@pytest.mark.parametrize(
    ("kind", "text", "faults"),
    [
        ("printed", "rises: True\n", 1),
        ("printed", "dW2: right\ndb2: wrong shape (2, 5)\n", 2),
        ("printed", "right for 88 of 100 points\n", 0),
        ("printed", "cost 0.5, brightness 3\n", 0),
        ("result", "True", 1),
        ("result", "dW2  3-4-2, m = 5\na    right", 0),
        ("displayed", "✓ compute_dW2: right, 2 of 2 points.", 0),
    ],
)
def test_a_printed_verdict_is_complained_of_and_a_table_is_not(kind, text, faults):
    assert len(complaints_about_outputs([golden.Block(1, "x", (golden.Shown(kind, text),))])) == faults


# Old addresses


def first_edition() -> Iterator[tuple[str, str]]:
    """Yield every address of the first edition: the page, and an id on it."""
    for line in (BOOK.parent / "tests" / "book" / "first_edition.txt").read_text(encoding="utf-8").splitlines():
        page, _, ids = line.partition(": ")
        yield from ((page, id) for id in ids.split())


def test_every_address_of_the_first_edition_still_leads_somewhere():
    if not (HTML / "index.html").exists():
        not_here("the book is not built; run: python book/build.py")
    pages = {
        path.stem: set(re.findall(r'\bid="([^"]*)"', path.read_text(encoding="utf-8"))) for path in HTML.glob("*.html")
    }
    lost = [f"{page}.html#{id}" for page, id in first_edition() if id not in pages.get(page, ())]
    assert lost == [], "give each a row in book/moved.toml, or its heading a label"


def test_the_addresses_of_the_first_edition_are_those_of_sections_and_equations():
    addresses = set(first_edition())
    assert {("layer-2-backwards", "equation-eq-two-layer-dw2"), ("layer-2-backwards", "where-1-m-belongs")} <= addresses
    assert len(addresses) > 700


# Symbols and names

WITHOUT_A_ROW: set[str] = set()
"""Symbols that the page on notation does not explain yet; `python -m tests.book.symbols` says where they stand."""


def test_every_symbol_of_the_book_has_a_row_on_the_page_of_notation(sources):
    pages = {page: text for page, text in sources.items() if page not in OTHER_LETTERS}
    assert set(missing(pages, sources["notation"])) == WITHOUT_A_ROW


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"dW^{[2]} = \tfrac{1}{m}\, dZ^{[2]} A^{[1]T}", ["dW", "m", "dZ", "A"]),
        (r"\underset{(n_2,\,m)}{dZ} \mathbf{1}", ["n", "m", "dZ", r"\mathbf{1}"]),
        (r"\sum_{j} dz_{rj}\, a_{sj}", ["j", "dz", "r", "j", "a", "s", "j"]),
        (r"\nabla_W J, G^{[l]}", [r"\nabla", "W", "J", "G", "l"]),
        (r"\overline{Z} + \overline{AB}", [r"\overline{Z}", r"\overline{A}", r"\overline{B}"]),
        (r"\mathrm{d}J, \hat y", [r"\mathrm{d}", "J", r"\hat{y}"]),
        (r"\operatorname{tr}(X) + \mathrm{tr}(X) \text{chain rule}", ["X", "X"]),
        (r"E[x] \log u, \kappa, g'(z), \frac{\partial L}{\partial w}", ["E[…]", *"xu", r"\kappa", *"gzLw"]),
        (r"d\theta, w^T, x^{(j)}, e^{-z}", [r"d\theta", "w", "x", "j", "e", "z"]),
    ],
)  # fmt: skip
def test_the_symbols_of_a_formula_are_found(tex, expected):
    assert list(symbols(tex)) == expected


def test_a_symbol_without_a_row_is_found_with_its_page():
    notation = "| symbol | what |\n|---|---|\n| $W^{[l]}$, $m$  `W1` | weights |\n\n## The five notes\n\n| $Q$ | x |\n"
    assert explained(notation) == {"W", "l", "m"}
    pages = {"one": "It is $W m$, in code `Q`.\n\n$$\nQ_l\n$$\n", "two": "$Q \\kappa$"}
    assert missing(pages, notation) == {"Q": "one", r"\kappa": "two"}


def complaints_about_names(docstrings: dict[str, str]) -> list[str]:
    """Complain of equations that a docstring names, or says that it is a part of, and that the index has not."""
    found = []
    for name, text in docstrings.items():
        named = re.findall(r"\b(?i:equations?) ([a-z_]+\.\w+(?:(?:, | and )[a-z_]+\.\w+)*)", text)
        ids = [id for one in named for id in re.split(r", | and ", one)]
        found += [f"{name} names {id}, which is not registered" for id in ids if id not in EQUATIONS]
    return found


def test_every_equation_that_a_docstring_names_is_in_the_index():
    docstrings = {}
    for path in sorted((BOOK.parent / "course_lib").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
                name = getattr(node, "name", "")
                docstrings[f"{path.stem}.{name}"] = ast.get_docstring(node) or ""
    assert complaints_about_names(docstrings) == []


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("Equation two_layer.dW2; source S1.2.", 0),
        ("Equation two_layer.dW9; source S1.2.", 1),
        ("Part of equations batch.forward and batch.nothing.", 1),
        ("Part of equation deep.A, batch.Z.", 2),
    ],
)
def test_an_equation_that_is_not_there_is_complained_of(text, faults):
    assert len(complaints_about_names({"x": text})) == faults
