"""The pages that are made from the judge: complete, true, and linked."""

import re

import pytest
from bs4 import BeautifulSoup

from autograder.assignments import ASSIGNMENTS
from autograder.core.hints import CAUSES, HINTS
from autograder.core.question import Formula
from autograder.core.questions import all_questions, question
from course_lib.equations import EQUATIONS
from tests.book.conftest import module_of_book


@pytest.fixture(scope="module")
def judge_pages():
    return module_of_book("judge_pages", "_ext")


@pytest.fixture(scope="module")
def page(site):
    return lambda name: BeautifulSoup((site / f"{name}.html").read_text(encoding="utf-8"), "html.parser")


def test_every_mistake_has_a_cause_and_a_question(judge_pages):
    assert set(judge_pages.made()) <= set(CAUSES) == set(HINTS)


def test_a_cause_is_a_sentence_of_its_own():
    sentences = list(CAUSES.values())
    assert len(set(sentences)) == len(sentences)
    assert all(sentence[0].isupper() or sentence[0] in "$`" for sentence in sentences)
    assert all(sentence.endswith(".") for sentence in sentences)


def test_the_page_of_mistakes_has_a_section_for_each_with_symptom_and_question(judge_pages, page):
    main = page("mistakes").main
    for id, makers in judge_pages.made().items():
        target = main.find(id=f"mistake-{id}")
        assert target is not None, id
        section = target if target.name == "section" else target.find_parent("section")
        terms = [term.get_text(strip=True) for term in section.find_all("dt")]
        assert terms[:3] == ["Symptom", "Question", "Seen in"], id
        assert terms[3] == "Called"
        assert id in [code.get_text() for code in section.select("dd code")]
        assert makers[0][0].function in section.get_text()
    assert len(main.select("svg.picture")) >= 30
    assert main.select("a[href*='#erratum-e16']")


def test_a_mistake_that_cannot_be_drawn_says_why_or_is_no_gradient(judge_pages):
    makers = judge_pages.made()
    assert "```{raw} html" in list(judge_pages.picture("missing-mean", makers["missing-mean"]))
    assert list(judge_pages.picture("not-a-partition", makers["not-a-partition"])) == []


def test_the_page_of_checks_lists_every_equation_with_an_error_that_is_rounding(page):
    rows = {
        row.find("code").get_text(): [cell.get_text(strip=True) for cell in row.find_all("td")]
        for row in page("checked").select("main table tbody tr")
    }
    assert set(rows) == set(EQUATIONS)
    for id, (_, number, method, inputs, error) in rows.items():
        assert re.fullmatch(r"\(\d+\.\d+\)", number), id
        assert int(inputs) >= (60 if isinstance(all_questions()[id], Formula) else 1), id
        if isinstance(all_questions()[id], Formula):
            assert float(error) < 1e-9, id
            assert ("complex step" in method) or EQUATIONS[id].variable is None, id


def test_the_method_is_seen_and_not_claimed(judge_pages):
    assert "complex step" in judge_pages.method(question("two_layer.dW2"))
    assert "plain Python numbers" in judge_pages.method(question("two_layer.Z1"))


def test_the_largest_error_sees_a_wrong_reference(judge_pages, monkeypatch):
    right = judge_pages.right_answers(question("two_layer.dW2"), 0)
    off = tuple(({"": first[""] * 1.0005}, second) for first, second in right)
    monkeypatch.setattr(judge_pages, "right_answers", lambda *which: off)
    monkeypatch.setattr(judge_pages, "SEEDS", range(1))
    assert judge_pages.largest_error(question("two_layer.dW2")) > 1e-4


def test_the_lecturers_table_has_every_function_and_the_totals_of_the_autograder(page):
    tables = page("lecturers").select("main table")
    rows = {
        row.find("code").get_text(): row for table in tables for row in table.select("tbody tr") if row.find("code")
    }
    for name, assignment in ASSIGNMENTS.items():
        cells = rows[name].find_all("td")
        asked = cells[1].get_text()
        assert all(f"{exercise.function} {exercise.points:g}" in asked for exercise in assignment.exercises)
        assert [float(cell.get_text()) for cell in cells[2:]] == [
            assignment.max_points,
            assignment.total_points - assignment.max_points,
            assignment.total_points,
        ]
