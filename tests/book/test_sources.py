"""The chapters' sources: labels as registered, links that lead somewhere, pictures that speak."""

import ast
import importlib
import json
import re
from collections import Counter

import pytest
import yaml

from autograder.assignments import ASSIGNMENTS
from autograder.grade.records import NEED_A_PERSON, OUTCOMES
from course_lib.equations import EQUATIONS
from tests.book.conftest import BOOK
from tests.book.reading import anchors_of, code_cells, links_of

ROWS = [f"S{note}.{row}" for note, rows in enumerate((14, 8, 15, 7, 6)) for row in range(1, rows + 1)]
"""The pieces of the five notes: fourteen of the first, and so on."""

NO_FORMULA = {"S2.15", "S4.6"}
"""A convention, and rules that a proof uses: no function of the package."""

ERRATA = [number for number in range(1, 50) if number != 6]
"""The errata by number; the sixth was none."""

WORDING = {7, 10, 13, 14, 19, 25, 27, 29, 30, 34, 37, 48, 49}
"""Errata that only reading finds."""

ROW = re.compile(r"^\[(S[\d.]+)\]\{#source-[\w-]+\} (.+)\n: ((?:.+\n)+)", re.MULTILINE)
"""A piece of the notes on the page of sources: what it is, and where the book has it."""

BY_LABEL = {equation.label: equation for equation in EQUATIONS.values()}


NUMBERED = [
    chapter["file"]
    for part in yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    if part.get("numbered")
    for chapter in part["chapters"]
]
"""The chapters of the argument, without the appendices."""


def test_no_label_is_used_that_is_not_registered(sources):
    for page, text in sources.items():
        used = set(re.findall(r"\beq-[\w-]+", text))
        assert used <= set(BY_LABEL), page


def test_no_formula_is_labelled_but_by_its_equation(sources):
    for page, text in sources.items():
        assert not re.search(r"^\$\$ *\([\w-]+\)$", text, re.MULTILINE), page
        assert "\\label{" not in text, page


def test_no_formula_is_numbered_by_latex_itself(sources):
    for page, text in sources.items():
        assert not re.findall(r"\\begin\{(?:align|equation|gather)\}|\\tag\{", text), page


def test_the_table_of_contents_has_every_page(build_script, book):
    pages = build_script.pages()
    assert len(set(pages)) == len(pages)
    assert {path.stem for path in book.glob("*.md")} - {"README"} == set(pages)


def test_chapters_json_leads_to_every_equation(build_script, sources):
    homes = json.loads(build_script.CHAPTERS.read_text(encoding="utf-8"))
    assert list(homes) == list(BY_LABEL)
    for label, home in homes.items():
        assert home["anchor"] == f"equation-{label}"
        assert f"{{equation}} {BY_LABEL[label].id}\n" in sources[home["page"]]
        assert f"# {home['title']}\n" in sources[home["page"]]


def test_every_picture_of_a_cell_has_alt_text(chapters):
    pictures = 0
    for page, text in chapters.items():
        for cell in code_cells(text):
            for call in ast.walk(ast.parse(cell)):
                if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("inline"):
                    alts = [keyword.value for keyword in call.keywords if keyword.arg == "alt"]
                    assert alts, page
                    assert len(ast.literal_eval(alts[0])) > 40, page
                    pictures += 1
    assert pictures >= 4


def test_every_drawn_picture_has_alt_text_and_follows_the_page_colours(book, sources):
    drawn = sorted((book / "images").glob("*.svg"))
    used = set(re.findall(r":file: (images/\S+)", "\n".join(sources.values())))
    assert {f"images/{path.name}" for path in drawn} == used
    for path in drawn:
        svg = path.read_text(encoding="utf-8")
        assert 'role="img"' in svg
        assert re.search(r'aria-label="[^"]{40,}"', svg), path.name
        assert not re.search(r"#[0-9a-fA-F]{3,6}\b|rgb\(|<style|<script|\bid=", svg), path.name


def test_links_among_chapters_resolve(book, sources):
    anchors = {page: anchors_of(text) for page, text in sources.items()}
    everywhere = set().union(*anchors.values())
    broken = []
    for page, text in sources.items():
        for target in links_of(text):
            file, _, anchor = target.partition("#")
            if (file and file.removesuffix(".md") not in sources) or (
                anchor and anchor not in (anchors[file.removesuffix(".md")] if file else everywhere)
            ):
                broken.append((page, target))
    assert broken == []


def anchors_given(text: str) -> list[str]:
    """Return the anchors that a page gives itself, in a line before a heading or beside words."""
    return re.findall(r"^\(([\w-]+)\)=$", text, re.MULTILINE) + re.findall(r"\{#([\w-]+)\}", text)


def part_at(text: str, anchor: str) -> str:
    """Return what is below an anchor, up to the next heading."""
    return re.split(r"^#{1,3} ", text.split(f"({anchor})=\n", 1)[1], flags=re.MULTILINE)[1]


def section_of(text: str, anchor: str) -> str:
    """Return the section that an anchor is in, with all its parts."""
    return next(part for part in re.split(r"^## ", text, flags=re.MULTILINE) if f"({anchor})=\n" in part)


def test_every_row_of_the_notes_has_one_place_in_the_map(sources):
    rows = [anchor for text in sources.values() for anchor in anchors_given(text) if anchor.startswith("source-")]
    assert Counter(rows) == dict.fromkeys((f"source-{row.lower().replace('.', '-')}" for row in ROWS), 1)
    assert set(rows) <= set(anchors_given(sources["sources"]))


def test_a_row_of_the_map_says_what_where_and_in_which_function_or_exercise(sources):
    exercises = {exercise.function for assignment in ASSIGNMENTS.values() for exercise in assignment.exercises}
    rows = ROW.findall(sources["sources"])
    assert [row for row, *_ in rows] == ROWS
    for row, what, where in rows:
        assert len(what.split()) > 2, row
        assert re.search(r"\]\([\w-]+\.md", where), row
        functions = re.findall(r"<(course_lib\.[\w.]+)>", where)
        for function in functions:
            module, _, name = function.rpartition(".")
            assert hasattr(importlib.import_module(module), name), (row, function)
        assert set(re.findall(r"(?<![:}])`(\w+)`", where)) <= exercises, row
        assert functions or row in NO_FORMULA, row


def test_what_the_registry_says_of_sources_is_in_the_map(sources):
    for equation in EQUATIONS.values():
        assert set(equation.sources) <= set(ROWS), equation.id
        assert {f"E{number}" for number in ERRATA} >= set(equation.errata), equation.id


def test_every_erratum_has_one_place_and_it_is_in_the_chapter_on_errata(sources):
    found = [anchor for text in sources.values() for anchor in anchors_given(text) if anchor.startswith("erratum-")]
    assert Counter(found) == dict.fromkeys((f"erratum-e{number}" for number in [*ERRATA, 6]), 1)
    assert set(found) <= set(anchors_given(sources["errata"]))


def test_the_list_of_errata_does_not_say_that_it_is_complete(sources):
    text = " ".join(sources["errata"].split())
    assert "that were found" in text
    assert not re.search(r"goes through all of them|[Ee]very misprint", text)
    linked = re.findall(r"\[(\d+)\]\(#erratum-e\1\)", text.partition("The errata by number:")[2])
    assert [int(number) for number in linked] == ERRATA


@pytest.mark.parametrize("number", sorted(set(ERRATA) - WORDING))
def test_an_erratum_that_is_a_formula_says_both_forms_and_is_run(sources, number):
    part = part_at(sources["errata"], f"erratum-e{number}")
    assert part.startswith(f"E{number}: ")
    assert re.search(r"\bS[0-4]\b", part)
    assert re.search(r"[Rr]ight\b|\bchoice\b", part)
    cells = "\n".join(code_cells(section_of(sources["errata"], f"erratum-e{number}")))
    assert re.search(rf"\bE{number}\b", cells), "no cell of its section has it"


@pytest.mark.parametrize("number", sorted(WORDING))
def test_a_slip_of_wording_has_its_right_form_in_the_table(sources, number):
    row = re.search(
        rf"^\| \[E{number}\]\{{#erratum-e{number}\}}, (S[0-4]) \| (.+) \| (.+) \|$", sources["errata"], re.MULTILINE
    )
    assert row, "not in the table"
    assert row[2] != row[3]


def test_the_six_published_formulas_are_run_as_they_are_registered(sources):
    cells = "\n".join(code_cells(sources["errata"]))
    for equation in EQUATIONS.values():
        if equation.id.startswith("errata."):
            assert f"errata.published_{equation.name}(" in cells
            assert f"errata.{equation.name}(" in cells


def test_an_erratum_that_another_page_names_leads_to_the_chapter_on_errata(sources):
    for page, text in sources.items():
        for name, target in re.findall(r"\[(E\d+)\]\(([^)]+)\)", text):
            assert target == f"#erratum-{name.lower()}", page


def test_the_lecturers_guide_speaks_of_every_assignment(sources):
    for name in ASSIGNMENTS:
        assert f"| `{name}` |" in sources["lecturers"]


def test_the_lecturers_guide_says_what_every_outcome_of_grading_means(sources):
    named = re.findall(r"^\| `([a-z-]+)` \| .+ \| .*\|$", sources["lecturers"], re.MULTILINE)
    outcomes = [name for name in named if name in OUTCOMES]
    assert sorted(outcomes) == sorted(OUTCOMES)
    assert set(outcomes[-6:]) == NEED_A_PERSON  # the page says that the last six do
    assert "Only the last six" in sources["lecturers"]


def test_cells_import_only_numpy_the_course_and_what_python_has(chapters):
    for page, text in chapters.items():
        for cell in code_cells(text):
            for node in ast.walk(ast.parse(cell)):
                names = [node.module] if isinstance(node, ast.ImportFrom) else []
                names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                for name in names:
                    assert name.partition(".")[0] in {"numpy", "time", "types", "course_lib", "autograder"}, (
                        page,
                        name,
                    )


def test_a_line_of_code_fits_the_page(chapters):
    for page, text in chapters.items():
        long = [line for cell in code_cells(text) for line in cell.splitlines() if len(line) > 90]
        assert long == [], page


def test_a_chapter_opens_with_its_question_and_says_what_was_proved(chapters):
    for page, text in chapters.items():
        opening = text[text.index("\n# ") :].split("\n\n")[1]
        assert re.match(r"\*\*[^*]*\?\*\*", opening), page
        assert text.count(":class: established") == 1, page


def test_a_chapter_has_a_picture_before_its_first_formula(chapters):
    for page, text in chapters.items():
        picture = re.search(r":file: (images|interactive)/|plotting\.inline\(", text)
        formula = re.search(r"^\$\$|^```\{(?:math|equation)\}", text, re.MULTILINE)
        assert picture, page
        assert formula is None or picture.start() < formula.start(), page


def test_a_chapter_says_what_it_needs_and_how_long_it_takes(chapters):
    for page, text in chapters.items():
        assert re.search(r"^\*\*Needs\*\* .*?\*\*Takes\*\*\s.*?\bminutes\b", text, re.MULTILINE | re.DOTALL), page


def test_the_first_page_says_how_long_all_chapters_take(chapters, sources):
    minutes = sum(int(re.search(r"\*\*Takes\*\*\s+about\s+(\d+)\s+minutes", text)[1]) for text in chapters.values())
    hours = re.search(r"about (\d+) hours", sources["index"])
    assert hours, "it does not say so"
    assert abs(60 * int(hours[1]) - minutes) <= 60, minutes / 60


def test_the_first_page_says_of_measuring_and_of_two_derivations_what_the_chapters_do(sources):
    text = " ".join(sources["index"].split())
    assert "imaginary step" in text
    assert "a little and looking" not in text
    shared = "share the forward pass, the slopes of functions of one number and the chain rule, and nothing else"
    assert shared in text
    assert shared in " ".join(sources["matrix-differentials"].split())
    assert "share nothing" not in text


def test_a_chapter_leads_to_the_one_before_and_the_one_after(chapters, sources):
    argument = [page for page in sources if page in chapters and page in NUMBERED]
    for before, page, after in zip([None, *argument], argument, [*argument[1:], None], strict=False):
        targets = {target.partition("#")[0] for target in links_of(chapters[page])}
        assert {f"{other}.md" for other in (before, after) if other} <= targets, page


def test_a_chapter_answers_questions_in_the_words_of_a_learner(chapters):
    titles = [
        title for text in chapters.values() for title in re.findall(r"\{admonition\} (.*)\n:class: tip question", text)
    ]
    for page in NUMBERED:
        assert "\n:class: tip question\n" in chapters[page], page
    for asked in ("1/m only in dW", "db a sum", "the transpose come from", "* or @", "start at zero", "epsilon"):
        assert any(asked.lower() in title.lower() for title in titles), asked


_ASKS = re.compile(r"^`{3,}\{(question|exercise-cell)\}", re.MULTILINE)


def test_a_chapter_asks_in_its_first_third_and_at_most_once_in_300_words(chapters):
    for page in NUMBERED:
        text = chapters[page]
        first = _ASKS.search(text)
        assert first, page
        assert first.start() < len(text) / 3, page
        questions = re.findall(r"^```\{question\}", text, re.MULTILINE)
        words = len(re.sub(r"^```\{code-cell\}.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL).split())
        assert len(questions) <= words / 300, page


def test_the_right_choice_is_neither_always_the_first_nor_always_the_longest(chapters):
    places, longest, asked = Counter(), 0, 0
    for text in chapters.values():
        for body in re.findall(r"^```\{question\}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            choices = re.findall(r"^- \[([\w-]+)\] (.*(?:\n  \S.*)*)", body, re.MULTILINE)
            right = next(k for k, (kind, _) in enumerate(choices) if kind == "right")
            places[right] += 1
            longest += len(choices[right][1]) == max(len(words) for _, words in choices)
            asked += 1
    assert asked >= 50
    assert max(places.values()) <= 0.45 * asked, places
    assert longest <= 0.45 * asked, longest


def test_interactive_pictures_work_by_keyboard_and_say_what_they_show(book, sources):
    used = re.findall(r":file: interactive/([\w-]+)\.html", "\n".join(sources.values()))
    assert sorted(used) == sorted(path.stem for path in (book / "interactive").glob("*.html"))
    assert len(used) >= 4
    for name in used:
        text = (book / "interactive" / f"{name}.html").read_text(encoding="utf-8")
        assert f'<script src="interactive/{name}.js" defer></script>' in text
        assert (book / "interactive" / f"{name}.js").is_file()
        assert re.search(r'<svg[^>]*role="img"[^>]*aria-label="[^"]{40,}"', text), name
        controls = re.findall(r'<(?:input type="range"|select)[^>]*\bid="([\w-]+)"', text)
        assert controls, name
        for control in controls:
            assert f'<label for="{control}"' in text, control
        assert "://" not in text.replace('xmlns="http://www.w3.org/2000/svg"', ""), name


def test_a_chapter_has_exercises_with_folded_solutions(chapters):
    for page, text in chapters.items():
        exercises = re.findall(r"```\{exercise\}\n:label: (\S+)", text)
        solutions = re.findall(r"```\{solution\} (\S+)\n:class: dropdown", text)
        assert len(exercises) >= 5, page
        assert exercises == solutions, page


def test_every_function_of_the_assignments_is_prepared_by_a_chapter(chapters):
    everything = "\n".join(chapters.values())
    asked = re.findall(r"^`{3,}\{exercise-cell\} (\S+)$", everything, re.MULTILINE)
    for assignment in ASSIGNMENTS.values():
        for exercise in assignment.exercises:
            names = {exercise.equation, f"{assignment.name}/{exercise.function}"}
            assert f"`{exercise.function}`" in everything or names & set(asked), exercise.function


def test_every_page_describes_itself_to_search_engines(sources):
    for page, text in sources.items():
        front = yaml.safe_load(text.split("---\n")[1])
        description = front["myst"]["html_meta"]["description"]
        assert 60 <= len(description) <= 170, page


def test_a_failing_cell_or_a_line_on_stderr_fails_the_build(book):
    execute = yaml.safe_load((book / "_config.yml").read_text(encoding="utf-8"))["execute"]
    assert execute["allow_errors"] is False
    assert execute["stderr_output"] == "error"


def test_katex_is_locked_by_hash_and_by_no_address(book):
    wanted = json.loads((book / "package.json").read_text(encoding="utf-8"))["dependencies"]
    packages = json.loads((book / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert packages[""]["dependencies"] == wanted
    for name, package in packages.items():
        if name:
            assert package["integrity"].startswith("sha512-"), name
            assert "resolved" not in package, name
    assert packages["node_modules/katex"]["version"] == wanted["katex"]
