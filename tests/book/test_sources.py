"""The chapters' sources: formulas and labels as registered, links that lead somewhere, pictures that speak."""

import ast
import json
import re
from collections import Counter

import pytest
import yaml

from autograder.assignments import ASSIGNMENTS
from course_lib.equations import EQUATIONS
from tests.book.reading import anchors_of, code_cells, labelled_formulas, links_of

BY_LABEL = {equation.label: equation for equation in EQUATIONS.values()}


def test_every_registered_equation_is_displayed_exactly_once(sources):
    displayed = Counter(label for text in sources.values() for label, _ in labelled_formulas(text))
    assert displayed == dict.fromkeys(BY_LABEL, 1)


def test_a_displayed_formula_is_the_registered_one(sources):
    for text in sources.values():
        for label, latex in labelled_formulas(text):
            assert "".join(latex.split()) == "".join(BY_LABEL[label].latex.split()), label


def test_no_label_is_used_that_is_not_registered(sources):
    for page, text in sources.items():
        used = set(re.findall(r"\beq-[\w-]+", text))
        assert used <= set(BY_LABEL), page


def test_no_formula_is_labelled_in_another_way(sources):
    for page, text in sources.items():
        assert len(re.findall(r"^:label: eq-", text, re.MULTILINE)) == len(labelled_formulas(text)), page
        assert not re.search(r"^\$\$\s*\(", text, re.MULTILINE), page
        assert "\\label{" not in text, page


def test_no_formula_is_numbered_by_latex_itself(sources):
    for page, text in sources.items():
        assert not re.findall(r"\\begin\{(?:align|equation|gather)\}|\\tag\{", text), page


def test_a_label_in_prose_is_seen():
    assert labelled_formulas("```{math}\n:label: eq-a-b\nx = 1\n```\n") == [("eq-a-b", "x = 1")]


def test_the_table_of_contents_has_every_page(build_script, book):
    pages = build_script.pages()
    assert len(set(pages)) == len(pages)
    assert {path.stem for path in book.glob("*.md")} - {"README"} == set(pages)


def test_chapters_json_is_up_to_date(build_script):
    build_script.check_chapters()


def test_chapters_json_leads_to_every_equation(build_script, sources):
    homes = json.loads(build_script.CHAPTERS.read_text(encoding="utf-8"))
    assert list(homes) == list(BY_LABEL)
    for label, home in homes.items():
        assert home["anchor"] == f"equation-{label}"
        assert f":label: {label}\n" in sources[home["page"]]
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


@pytest.mark.parametrize(("kind", "field"), [("source", "sources"), ("erratum", "errata")])
def test_every_row_that_the_registry_names_is_on_the_sources_page(sources, kind, field):
    rows = Counter(re.findall(rf"\{{#({kind}-[a-z0-9-]+)\}}", sources["sources"]))
    assert set(rows.values()) == {1}
    needed = {f"{kind}-{row.lower().replace('.', '-')}" for e in EQUATIONS.values() for row in getattr(e, field)}
    assert needed <= set(rows)


def test_an_anchor_of_a_row_is_named_by_its_row(sources):
    for text, kind, id in re.findall(r"\[([SE][\d.]+)\]\{#(source|erratum)-([a-z0-9-]+)\}", sources["sources"]):
        assert id == text.lower().replace(".", "-")
        assert kind == ("source" if text.startswith("S") else "erratum")


def test_cells_import_only_numpy_and_the_course(chapters):
    for page, text in chapters.items():
        for cell in code_cells(text):
            for node in ast.walk(ast.parse(cell)):
                names = [node.module] if isinstance(node, ast.ImportFrom) else []
                names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                for name in names:
                    assert name.partition(".")[0] in {"numpy", "types", "course_lib", "autograder"}, (page, name)


def test_a_line_of_code_fits_the_page(chapters):
    for page, text in chapters.items():
        long = [line for cell in code_cells(text) for line in cell.splitlines() if len(line) > 90]
        assert long == [], page


def test_a_chapter_opens_with_its_question_and_ends_with_what_was_proved(chapters):
    for page, text in chapters.items():
        opening = text[text.index("\n# ") :].split("\n\n")[1]
        assert re.match(r"\*\*[^*]*\?\*\*", opening), page
        assert text.count(":class: established") == 1, page
        assert text.index(":class: established") < text.index("\n## Exercises"), page


def test_a_chapter_has_a_picture_before_its_first_formula(chapters):
    for page, text in chapters.items():
        assert min(text.find(mark) for mark in (":file: images/", "plotting.inline(") if mark in text) < text.find(
            "\n$$"
        ), page


def test_a_chapter_has_exercises_with_folded_solutions(chapters):
    for page, text in chapters.items():
        exercises = re.findall(r"```\{exercise\}\n:label: (\S+)", text)
        solutions = re.findall(r"```\{solution\} (\S+)\n:class: dropdown", text)
        assert 2 <= len(exercises) <= 4, page
        assert exercises == solutions, page


def test_every_function_of_the_assignments_is_prepared_by_a_chapter(chapters):
    everything = "\n".join(chapters.values())
    for assignment in ASSIGNMENTS.values():
        for exercise in assignment.exercises:
            assert f"`{exercise.function}`" in everything, exercise.function


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
