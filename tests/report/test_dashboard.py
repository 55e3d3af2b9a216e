import re
import time
from html.parser import HTMLParser

import pytest

from autograder.core.verdict import Verdict
from autograder.report.dashboard import anonymous, bars, dashboard, equations, mistakes, report, troubles
from autograder.report.feedback import NoAddress
from autograder.report.similar import Alike
from tests.report.conftest import ASSIGNMENT, record, verdicts

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


class Elements(HTMLParser):
    """The elements of a page, and whether each that was opened was closed."""

    VOID = {"meta", "br", "img", "hr", "line", "link"}

    def __init__(self, page):
        super().__init__()
        self.found, self.open = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag


def page_of(course, groups=(), book=""):
    page = dashboard(course.graded, groups, course.folder / "reports", book)
    assert Elements(page).open == []
    return page


def wrong(function, mistake, seen, points=0.0):
    exercise = ASSIGNMENT.exercise(function)
    return Verdict(function, exercise.equation, False, points, exercise.points, mistake, seen, "A hint?")


def test_an_empty_class_is_told_what_to_do(course):
    page = page_of(course)
    assert f"autograder grade {ASSIGNMENT.name}" in page
    assert "<table" not in page


def test_a_class_of_one_has_a_page(course):
    page = page_of(course.add(record("ada")))
    assert "ada" in page
    assert "1 of 1" in page
    assert "30.0 of 30" in page


def test_mistakes_are_counted_those_first_that_most_made(course):
    for number in range(5):
        course.add(record(f"s{number}", verdicts(compute_dW2="missing-mean") if number < 3 else verdicts()))
    course.add(record("t", verdicts(compute_db2="summed-wrong-axis", backward_propagation="follows-from-earlier")))
    course.add(record("u", verdicts(compute_dA1="not-implemented")))
    found = mistakes(course.graded)
    assert [(each.mistake, each.function, each.count, each.judged) for each in found] == [
        ("missing-mean", "compute_dW2", 3, 7),
        ("summed-wrong-axis", "compute_db2", 1, 7),
    ]
    page = page_of(course)
    assert "3 of 7: missing-mean in compute_dW2" in page
    assert "Not written: compute_dA1 by 1." in page


def test_the_rate_of_an_equation_leaves_out_what_was_not_judged(course):
    unknown = Verdict("compute_dW2", "two_layer.dW2", None, 0.0, 2.0, None, "Could not be judged.")
    course.add(record("a")).add(record("b", verdicts(compute_dW2="missing-mean")))
    course.add(record("c", verdicts(compute_dW2=unknown)))
    found = {each.function: each for each in equations(course.graded, "https://example.org/")}
    assert (found["compute_dW2"].right, found["compute_dW2"].judged, found["compute_dW2"].percent) == (1, 2, 50.0)
    assert found["compute_dW2"].mistake == "missing-mean"
    assert found["compute_dW2"].link.startswith("https://example.org/layer-2-backwards.html#")


def test_every_mark_is_in_one_bar(course):
    for number, points in enumerate((0, 2.9, 3, 14.99, 15, 29.99, 30, 30)):
        course.add(record(f"s{number}", verdicts(), score=points))
    assert bars(course.graded) == [2, 1, 0, 0, 1, 1, 0, 0, 0, 1, 2]


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ("It raised NameError: name 'ada' is not defined in the line `ada = 1`.", "It raised NameError."),
        ("It raised AdaError: I am Ada in the line `raise AdaError`.", "It raised an exception of its own."),
        ("It returned AdaArray; an array is expected.", "It returned something else; an array is expected."),
        ("It returned None: is there a `return`?", "It returned None: is there a `return`?"),
        (
            '"dW1" is missing; there is a dict with the keys ada, bob.',
            '"dW1" is missing; there is a dict with other keys.',
        ),
        ("The shape (4, 7) is right; yours is 0.3.", "The shape (4, 7) is right; yours is 0.3."),
    ],
)  # fmt: skip
def test_an_example_quotes_nothing_that_a_student_wrote(seen, told):
    assert anonymous(seen) == told


def test_an_example_that_names_a_student_is_not_given_and_another_is(course):
    course.add(record("ada", verdicts(compute_dW2=wrong("compute_dW2", "odd", "This was Ada's own."))))
    course.add(record("bob", verdicts(compute_dW2=wrong("compute_dW2", "odd", "The shape is (1, 2)."))))
    (found,) = mistakes(course.graded)
    assert (found.count, found.example) == (2, "The shape is (1, 2).")


def test_hostile_names_and_texts_are_escaped_everywhere(course):
    judged = verdicts(compute_dW2=wrong("compute_dW2", HOSTILE, HOSTILE))
    odd = [{"id": "x", "where": HOSTILE, "text": HOSTILE}]
    course.add(record("ada", judged, troubles=odd, advice=HOSTILE, outcome="crashed"))
    path = course.folder / ".autograder" / ASSIGNMENT.name / "records" / "ada.json"
    path.write_text(path.read_text().replace('"ada"', '"\\"><script>alert(2)</script>"'))
    path.rename(path.with_name("odd.json"))
    page = page_of(course, [Alike((HOSTILE, "b"), (HOSTILE,), (HOSTILE,))])
    elements = Elements(page).found
    assert len([tag for tag, _ in elements if tag == "script"]) == 1
    assert not [tag for tag, _ in elements if tag in ("img", "iframe", "object", "link")]
    assert not [name for _, attributes in elements for name in attributes if name.startswith("on")]
    assert "alert(1)" in page


def test_the_page_asks_no_address_for_anything_and_allows_only_its_own_script(course):
    page = page_of(course.add(record("ada")), book="https://example.org/book")
    elements = Elements(page).found
    assert not [tag for tag, attributes in elements if attributes.get("src") or tag == "link"]
    (policy,) = [a["content"] for tag, a in elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert re.search(r"script-src 'sha256-[\w+/=]{44}'", policy)


def test_the_page_is_readable_by_its_owner_alone_and_links_to_pages_that_are_there(course):
    course.add(record("ada lovelace")).add(record("bob"))
    there = course.page("ada lovelace")
    there.parent.mkdir(parents=True)
    there.write_text("a page")
    path = report(course.graded, jobs=1)
    assert path == course.folder / "reports" / f"{ASSIGNMENT.name}.html"
    assert path.stat().st_mode & 0o077 == 0
    page = path.read_text()
    links = re.findall(r'href="([^"]*feedback[^"]*)"', page)
    assert links == ["../feedback/ada%20lovelace/ps4_two_layer/ps4_two_layer.html"]


def test_the_seed_is_nowhere_on_the_page(course):
    assert "5eed" not in page_of(course.add(record("ada")))


def test_an_address_that_is_none_is_refused(course):
    with pytest.raises(NoAddress, match="write https://"):
        dashboard(course.graded, (), course.folder, "javascript:alert(1)")


def test_what_is_odd_about_files_is_counted_without_the_place(course):
    text = "The check cell is gone; its function was judged all the same."
    for student, cell in (("a", "check-compute_dW2"), ("b", "check-compute_db2")):
        odd = [{"id": "check-deleted", "where": cell, "text": f"{text} ({cell})"}]
        course.add(record(student, troubles=odd, outcome="graded-with-trouble"))
    assert troubles(course.graded) == [(text, 2)]


def test_three_hundred_students_take_no_longer_than_a_breath(course):
    for number in range(300):
        course.add(record(f"student{number:03}", verdicts(compute_dW2="missing-mean") if number % 3 else verdicts()))
    started = time.perf_counter()
    page = page_of(course)
    assert time.perf_counter() - started < 8
    assert "200 of 300: missing-mean in compute_dW2" in page
    assert page.count('<td class="id">student') == 300
