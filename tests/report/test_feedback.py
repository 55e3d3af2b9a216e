"""Pages for students: what must be on them, and what must never be."""

import re
import signal
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.cli import main
from autograder.grade import sanitize
from autograder.grade.release import as_released
from autograder.report import display
from autograder.report.feedback import NoAddress, feedback, said_of
from autograder.report.workers import Task, answers
from tests.report.conftest import NAME, answer, check_cell, record, shown, verdicts

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='javascript:1'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>1</script>'>x</a>",
    "<iframe src='//evil.example'></iframe>",
    "<form action='//evil.example'><input name=a></form>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href='//evil.example/a.css'>",
    "<style>@import '//evil.example/a.css'; body{display:none}</style>",
    "<p style='background:url(//evil.example)' class='verdict'>x</p>",
    "<base href='//evil.example'>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    "</div></main></body><script>alert(1)</script>",
    "<img src='//evil.example/a.png'>",
    "<img src='data:text/html,<script>alert(1)</script>'>",
    "<object data='//evil.example'></object><embed src='//evil.example'>",
    "<!--><script>alert(1)</script>-->",
    "<template><script>alert(1)</script></template>",
    "<video src='//evil.example' autoplay onplay=alert(1)></video>",
]
HARMLESS_TAGS = {*sanitize.TAGS, *display._MATH_TAGS}
OUR_TAGS = {"html", "head", "meta", "title", "style", "body", "header", "main", "section", "strong"}


class Dangers(HTMLParser):
    """What on a page could run something or ask somebody for something."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag not in HARMLESS_TAGS | OUR_TAGS:
            self.found.append(tag)
        for name, value in attributes:
            value = (value or "").strip().lower()
            if name.startswith("on") or name in ("srcdoc", "action", "formaction", "background", "poster"):
                self.found.append(name)
            if name == "src" and not re.match(r"data:image/(png|jpeg|gif|svg\+xml);base64,", value):
                self.found.append(value)
            if name in ("href", "xlink:href") and not re.match(r"https?://|mailto:|#", value):
                self.found.append(value)
            if name == "style" and "url" in value:
                self.found.append(value)


def rendered(course, student="ada", book=""):
    (path,) = [each.path for each in feedback(course.graded, book, [student], jobs=1)]
    return path.read_text(encoding="utf-8")


def dangers(html):
    return Dangers(html).found


def test_a_page_has_marks_verdicts_hints_and_links_to_chapters(course):
    cells = [
        nbformat.v4.new_markdown_cell("# The task\n\nWith $W^{[2]}$ below."),
        answer("compute_dW2", "def compute_dW2(dZ2, A1):\n\n    return dZ2 @ A1.T\n"),
        check_cell("compute_dW2"),
    ]
    course.add(record("ada", verdicts(compute_dW2="missing-mean")), cells)
    html = rendered(course, book="https://example.org/book/")
    assert "28 of 30 points" in html
    assert "✗ compute_dW2: missing-mean, 0 of 2 points." in html
    assert "Which way round?" in html
    assert 'href="https://example.org/book/layer-2-backwards.html#equation-eq-two-layer-dw2"' in html
    assert 'href="#cell-check-compute_dW2"' in html
    assert 'id="cell-check-compute_dW2"' in html
    assert "<h1" in html
    assert "The task" in html
    assert "Your answer" in html
    assert dangers(html) == []


def test_without_an_address_of_the_book_what_to_read_is_text(course):
    course.add(record("ada", verdicts(compute_dW2="missing-mean")), [check_cell("compute_dW2")])
    html = rendered(course)
    assert "Read: Layer 2, backwards" in html
    assert 'href="http' not in html


def test_the_pages_lie_where_nbgrader_puts_its_own_with_the_time_of_handing_in(course):
    course.add(record("ada", timestamp="2026-11-01 10:00:00 UTC"), [])
    rendered(course)
    assert course.page("ada").stat().st_mode & 0o777 == 0o644
    assert course.page("ada").with_name("timestamp.txt").read_text() == "2026-11-01 10:00:00 UTC\n"


def test_neither_seed_nor_hidden_tests_nor_mark_schemes_are_on_a_page(course):
    test = nbformat.v4.new_code_cell(
        "assert f(1) == 2\n### BEGIN HIDDEN TESTS\nassert f(SECRET) == 4711\n### END HIDDEN TESTS\nassert True",
        outputs=[
            nbformat.v4.new_output("error", ename="AssertionError", evalue="4711", traceback=["f(SECRET) == 4711"])
        ],
    )
    test.metadata["nbgrader"] = {"grade_id": "own-test", "grade": True, "solution": False, "locked": True}
    task = nbformat.v4.new_markdown_cell("Say why.\n=== BEGIN MARK SCHEME ===\nSECRET 4711\n=== END MARK SCHEME ===\n")
    task.metadata["nbgrader"] = {"grade_id": "task", "task": True, "grade": False, "solution": False}
    course.add(record("ada"), [test, task])
    html = rendered(course)
    assert "4711" not in html
    assert "SECRET" not in html
    assert "5eed" not in html
    assert "Say why." in html
    assert "assert" in html


def test_a_test_of_the_lecturers_own_says_its_message_and_not_its_code(course):
    error = nbformat.v4.new_output("error", ename="AssertionError", evalue="one column each", traceback=["f(41) == 42"])
    test = nbformat.v4.new_code_cell("assert f(1) == 2, 'one column each'", outputs=[error])
    test.metadata["nbgrader"] = {"grade_id": "own-test", "grade": True, "solution": False, "locked": True}
    html = rendered(course.add(record("ada"), [test]))
    assert "AssertionError: one column each" in html
    assert "f(41)" not in html


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_in_a_notebook_can_run_or_ask_for_anything(attack):
    made = [
        display.markdown(attack),
        display.markdown(f"a **b** {attack} $x$"),
        display.code(attack),
        display.output(shown(text_html=attack)),
        display.output(shown(text_html=f"<p>{attack}</p>")),
        display.output(shown(text_markdown=attack)),
        display.output(shown(text_latex=attack)),
        display.output(shown(text_plain=attack)),
        display.output(nbformat.v4.new_output("stream", text=attack)),
        display.output(nbformat.v4.new_output("error", ename=attack, evalue=attack, traceback=[attack])),
        display.output(shown(**{"image/svg+xml": attack, "image/png": attack})),
        display.output({"output_type": "display_data", "data": {"image/png": f'"><{attack}'}}),
        display.output({"output_type": "display_data", "data": {"application/javascript": attack}}),
        display.formula(rf"\text{{{attack}}}", False),
        display.formula(rf"\href{{{attack}}}{{x}}", True),
    ]
    for each in made:
        assert dangers(str(each or "")) == []


def test_a_hostile_notebook_gives_a_harmless_page(course):
    cells = [nbformat.v4.new_markdown_cell(attack) for attack in ATTACKS]
    cells += [answer(f"f{i}", attack, [shown(text_html=attack)]) for i, attack in enumerate(ATTACKS)]
    odd = [{"id": "unknown-id", "where": ATTACKS[0], "text": ATTACKS[0]}]
    course.add(record("ada", troubles=odd), cells)
    html = rendered(course)
    assert dangers(html) == []
    assert html.rstrip().endswith("</html>")
    assert "default-src 'none'" in html


@settings(max_examples=60)
@given(
    st.text(
        st.sampled_from("<>\"'&=/ !-aisv$\\`*[](){}\n:") | st.sampled_from("scriptonerrorsvgmathstyle"), max_size=80
    )
)
def test_no_text_becomes_something_that_runs(text):
    for each in (display.markdown(text), display.output(shown(text_html=text)), display.code(text)):
        assert dangers(str(each or "")) == []


def test_a_link_in_what_to_read_cannot_be_made_by_a_student(course):
    from autograder.core.verdict import Verdict

    seen = 'It raised ValueError: Read: (evil.html#x) <a href="x">.'
    odd = Verdict("compute_dW2", "two_layer.dW2", False, 0.0, 2.0, "raised", seen, "", "Read: B (b.html#c).")
    course.add(record("ada", verdicts(compute_dW2=odd)))
    (student,) = course.graded.students
    html = said_of(student, course.graded, "https://example.org/")["verdicts"]["check-compute_dW2"]
    assert re.findall(r'href="([^"]*)"', html) == ["https://example.org/b.html#c"]


def test_rich_outputs_are_shown_as_they_are(course):
    table = "<table class='dataframe'><tr><td>7</td></tr></table><style>td{color:red}</style>"
    drawing = '<svg aria-label="A &quot;line&quot;" viewBox="0 0 300 200" fill="currentColor"><path d="M 0 0"/></svg>'
    outputs = [
        shown(text_html=table, text_plain="plain"),
        shown(text_html=drawing, text_plain="<picture>"),
        shown(image_png="iVBORw0KGgo=", text_plain="<Figure>"),
        shown(text_html="<script>only()</script>", text_plain="the plain form"),
        nbformat.v4.new_output("stream", text="\x1b[31mred\x1b[0m <b>"),
    ]
    html = rendered(course.add(record("ada"), [answer("f", "x = 1", outputs)]))
    assert re.search(r"<td>7</td>", html)
    assert "color:red" not in html
    assert html.count("data:image/svg+xml;base64,") == 1
    assert 'width="400"' in html
    assert 'src="data:image/png;base64,iVBORw0KGgo="' in html
    assert "the plain form" in html
    assert "only()" not in html
    assert "red &lt;b&gt;" in html


def test_blank_lines_of_an_answer_stay(course):
    html = rendered(course.add(record("ada"), [answer("f", "a = 1\n\n\nb = 2")]))
    (code,) = re.findall(r'<div class=" highlight[^>]*><pre>(.*?)</pre>', html, re.DOTALL)
    assert re.sub("<[^>]*>", "", code) == "a = 1\n\n\nb = 2\n"


def test_long_outputs_are_cut_and_say_so(course):
    outputs = [nbformat.v4.new_output("stream", text="x" * 3_000_000)]
    html = rendered(course.add(record("ada"), [answer("f", "1", outputs)]))
    assert len(html) < 100_000
    assert "The rest is not shown here" in html


def test_a_function_whose_check_cell_is_not_there_still_has_its_verdict(course):
    course.add(record("ada", verdicts(compute_dW2="missing-mean")), [nbformat.v4.new_markdown_cell("Nothing")])
    assert "✗ compute_dW2: missing-mean" in rendered(course)


@pytest.mark.parametrize("content", ["{", "[]", '{"cells": 3}', '{"cells": [3]}', "[" * 100_000, ""])
def test_a_notebook_that_cannot_be_read_gives_a_page_with_the_marks(course, content):
    course.add(record("ada"), []).add(record("bob"), [nbformat.v4.new_markdown_cell("Bob's text")])
    (course.folder / "autograded" / "ada" / NAME / f"{NAME}.ipynb").write_text(content)
    found = {each.student: each for each in feedback(course.graded, jobs=1)}
    assert found["bob"].whole
    assert "30 of 30 points" in course.page("ada").read_text()
    assert "could not be shown" in course.page("ada").read_text()
    assert "Bob's text" in course.page("bob").read_text() or "Bob&#39;s text" in course.page("bob").read_text()


def endless(said, content):
    while content != b"short":
        pass
    return said["answer"].encode()


def killed(said, content):
    signal.raise_signal(signal.SIGKILL)
    return b""


def looks_around(said, content):
    return Path("/etc/hostname").read_bytes()


def test_a_file_that_takes_for_ever_holds_up_nobody_else(tmp_path):
    (tmp_path / "long").write_bytes(b"long")
    (tmp_path / "short").write_bytes(b"short")
    asked = [Task(name, {"answer": name}, tmp_path / name) for name in ("long", "short")] * 2
    found = [(each.key, answer) for each, answer in answers(asked, endless, dict, jobs=2, seconds=1.0)]
    assert sorted(found, key=str) == [("long", None), ("long", None), ("short", b"short"), ("short", b"short")]


def test_a_worker_that_dies_is_replaced():
    assert [answer for _, answer in answers([Task("a"), Task("b")], killed, dict, jobs=1)] == [None, None]


def test_a_worker_sees_no_file_where_the_machine_can_keep_it_from_that():
    if subprocess.run(["unshare", "--user", "--net", "--mount", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine makes no namespaces")
    assert [answer for _, answer in answers([Task("a")], looks_around, dict, jobs=1)] == [None]


@pytest.mark.parametrize("book", ["javascript:alert(1)", "ftp://x", 'https://x" onclick="', "example.org"])
def test_an_address_that_is_none_is_refused(course, book):
    with pytest.raises(NoAddress):
        list(feedback(course.graded, book))


def test_the_commands_say_what_they_did_and_give_an_exit_code(course):
    course.add(record("ada"), [check_cell("compute_dW2")]).add(
        record("bob", outcome="unreadable", score=None, verdicts=[])
    )

    def run(*words):
        return CliRunner().invoke(main, [*words, "--course-dir", str(course.folder)])

    done = run("feedback", NAME)
    assert (done.exit_code, done.output.splitlines()[0]) == (1, f"1 pages in {course.folder / 'feedback'}.")
    assert "bob" in done.output
    assert run("feedback", NAME, "--student", "ada").exit_code == 0
    assert run("report", NAME).output == f"{course.folder / 'reports' / NAME}.html\n"
    assert run("export", NAME, "--format", "canvas").output.startswith('"Student","ID"')
    for words in (("report", "ps4"), ("feedback", NAME, "--student", "adda"), ("export", "nothing")):
        done = run(*words)
        assert done.exit_code == 2
        assert "Traceback" not in done.output


def test_hidden_parts_without_an_end_are_hidden_to_the_end():
    marks = [["BEGIN HIDDEN TESTS", "END HIDDEN TESTS"]]
    assert as_released("a\n# BEGIN HIDDEN TESTS\nb\n", marks) == "a\n"
    assert as_released("a\n# BEGIN HIDDEN TESTS\nb\n# END HIDDEN TESTS\nc", marks) == "a\nc"
