"""The exercises in the pages, in Chromium: what a reader sees, what is kept, and what never happens."""

import gzip
import re

import pytest

from tests.browser.conftest import STARTS, Visit

pytestmark = pytest.mark.browser

PAGE = "layer-2-backwards"
DA2, DZ2, DW2, DB2 = (f"ps4_two_layer/compute_{name}" for name in ("dA2", "dZ2", "dW2", "db2"))
COLD = 6.0
WARM = 0.1
"""Seconds to the first verdict, and to the next, of a reader whose machine does nothing else."""
BUSY = 6
"""How many times as long it may take on a machine that does much else; what it took is printed."""


@pytest.fixture(scope="module")
def in_use(chromium, site_address, proxy):
    """A page in which Python runs, for all who need nothing fresh."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield Visit(context, site_address, PAGE, proxy[1])
    context.close()


@pytest.fixture
def used(in_use):
    """The page that others have used; each says which of its exercises it takes."""
    in_use.page.evaluate("localStorage.clear()")
    in_use.wrong.clear()
    return in_use


def test_the_solution_is_right_and_a_missing_mean_is_named(used):
    here = used
    cell = here.cell(DW2)
    right = cell.check(cell.solution)
    assert right.passed == "true"
    assert right.text.startswith("✓ compute_dW2 is right: 2 of 2 points.")
    wrong = cell.check(cell.solution.replace(" / dZ2.shape[1]", ""))
    assert (wrong.passed, wrong.mistake) == ("false", "missing-mean")
    assert "What is still missing between a sum and a mean?" in wrong.text
    links = cell.root.locator(".exercise-verdict a")
    assert [link.get_attribute("href") for link in links.all()] == [
        "layer-2-backwards.html#step-3-the-weights",
        "mistakes.html#mistake-missing-mean",
    ]
    assert here.wrong == []


def test_an_untouched_cell_is_not_implemented_and_a_screen_reader_hears_so(used):
    cell = used.cell(DA2)
    assert cell.root.locator(".exercise-field").get_attribute("aria-label") == "Your text for compute_dA2"
    assert cell.root.locator(".exercise-status").get_attribute("role") == "status"
    shown = cell.check()
    assert (shown.passed, shown.mistake) == ("false", "not-implemented")
    editor = cell.root.locator(".cm-content")
    assert editor.get_attribute("role") == "textbox"
    assert editor.get_attribute("aria-label") == "Your text for compute_dA2"


def test_an_endless_loop_is_stopped_and_the_next_run_works(used):
    cell = used.cell(DW2)
    stopped = cell.check(f"{cell.stub.partition('    #')[0]}    while True:\n        pass\n")
    assert stopped.passed is None
    assert "Stopped after 5 seconds" in stopped.text
    assert "while True" in cell.text
    assert cell.check(cell.solution).passed == "true"


def test_a_reader_can_stop_what_runs(used):
    cell = used.cell(DW2)
    cell.check()
    cell.write("while True:\n    pass\n")
    cell.root.locator(".exercise-check").click()
    cell.wait("running")
    cell.root.locator(".exercise-stop").click()
    cell.wait()
    assert cell.shown().text == "Stopped. Your text is as it was."
    assert cell.check(cell.solution).passed == "true"


def test_memory_is_bounded_and_endless_recursion_ends(used):
    cell = used.cell(DW2)
    full = cell.check("import numpy as np\nkept = []\nwhile True:\n    kept.append(np.ones(2_000_000))\n")
    assert "MemoryError" in full.text or "Python could not go on" in full.text
    head = cell.stub.partition("\n")[0]
    deep = cell.check(f"{head}\n    return compute_dW2(dZ2, A1)\n")
    assert "RecursionError" in deep.text or "Python could not go on" in deep.text
    assert cell.check(cell.solution).passed == "true"


def test_reloading_keeps_the_text_and_says_what_was_right(visit):
    here = visit(PAGE)
    cell = here.cell(DW2)
    cell.check(cell.solution)
    here.page.reload()
    here.wait()
    assert cell.text == cell.solution
    assert cell.root.locator(".exercise-mark").inner_text() == "✓"
    assert here.kept[DW2]["verdict"] == {"passed": True, "mistake": None, "points": 2, "max_points": 2}
    cell.write("something else")
    assert not cell.root.locator(".exercise-mark").is_visible()
    assert here.kept[DW2]["text"] == "something else"


def test_a_mistake_that_is_made_again_gets_another_answer_also_after_a_reload(visit):
    here = visit(PAGE)
    cell = here.cell(DW2)
    wrong = cell.solution.replace(" / dZ2.shape[1]", "")
    assert "What is still missing between a sum and a mean?" in cell.check(wrong).text
    assert "Copy every example, so that each comes twice." in cell.check().text
    here.page.reload()
    here.wait()
    third = cell.check()
    assert re.search(r"A small example: dZ2 = \[\[.*dW2\[0, 0\] = \(.* = .*; yours is ", third.text, re.DOTALL)
    assert third.mistake == "missing-mean"
    here.page.set_viewport_size({"width": 390, "height": 800})
    assert cell.root.locator(".exercise-verdict").evaluate("box => box.scrollWidth <= box.clientWidth")
    assert here.kept[DW2]["made"] == {"missing-mean": 3}
    cell.check(cell.solution)
    assert here.kept[DW2]["made"] == {}
    assert "What is still missing between a sum and a mean?" in cell.check(wrong).text


def test_a_cell_that_was_only_looked_at_is_not_kept(visit):
    here = visit(PAGE)
    here.cell(DW2).root.locator(".exercise-field").focus()
    here.cell(DW2).root.locator(".cm-content").wait_for()
    assert here.kept == {}


HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def test_what_a_reader_writes_never_becomes_html(visit):
    here = visit(PAGE)
    cell = here.cell(DW2)
    head = cell.stub.partition("\n")[0]
    texts = [
        f'print("{HOSTILE}")\n{cell.solution}',
        f'{head}\n    raise ValueError("{HOSTILE}")\n',
        f'{head}\n    return {{"{HOSTILE}": 1}}\n',
        f'raise type("{HOSTILE}", (Exception,), {{}})("{HOSTILE}")',
        HOSTILE,
    ]
    for text in texts:
        shown = cell.check(text)
        assert "onerror" in shown.text or shown.text.startswith("SyntaxError"), text
        assert cell.root.locator(".exercise-status :is(img, script)").count() == 0
    here.page.reload()
    here.wait()
    assert cell.text == HOSTILE
    assert here.page.locator("article img[src=x]").count() == 0
    assert not [one for one in here.wrong if one.startswith("dialog")]


def test_nothing_is_loaded_before_it_is_asked_for_and_nothing_leaves_the_site(visit, site):
    here = visit(PAGE)
    here.page.wait_for_timeout(300)
    own = [url.removeprefix(here.address) for url in here.asked if "/live/" in url]
    assert [url.partition("?")[0] for url in own] == ["live/page.js"]
    assert len(gzip.compress((site / "live" / "page.js").read_bytes())) < 10_000
    cell = here.cell(DW2)
    cell.check(cell.solution)
    loaded = {re.sub(r"-[0-9a-f]{12}", "", url.removeprefix(here.address)) for url in here.asked if "/live/" in url}
    assert {"live/editor.js", "live/worker.js", "live/python/pyodide.asm.wasm", "live/course.pack"} <= loaded
    assert here.foreign == []
    assert here.wrong == []


def test_code_in_a_cell_cannot_reach_another_host(used):
    here = used
    cell = here.cell(DW2)
    head = cell.stub.partition("\n")[0]
    for text in (
        "import js\njs.fetch('http://host.example/')",
        "import urllib.request\nurllib.request.urlopen('http://host.example/')",
        "from pyodide.http import open_url\nopen_url('http://host.example/')",
        "import js\njs.Object.constructor('return import(\"http://host.example/\")')()",
        "from pyodide.code import run_js\nrun_js('import(\"http://host.example/\")')",
    ):
        assert "Error" in cell.check(f"{text}\n{head}\n    return 1\n").text, text
    assert here.foreign == []


def test_each_cell_has_a_namespace_of_its_own_and_gets_the_readers_earlier_answers(visit):
    here = visit("layer-1-backwards")
    cell = here.cell("ps4_two_layer/backward_propagation")
    alone = cell.check(cell.solution)
    assert alone.passed == "true"
    assert "are the book's here, until you have written your own." in alone.text
    update = here.cell("ps4_two_layer/update_parameters")
    update.check("theta = 3\n" + update.solution)
    leaked = here.cell("ps4_two_layer/compute_db1").check("print(theta)")
    assert "NameError" in leaked.text
    here.keep({DW2: "def compute_dW2(dZ2, A1):\n    return dZ2 @ A1.T\n", cell.name: cell.solution})
    follows = cell.check()
    assert (follows.passed, follows.mistake) == ("false", "follows-from-earlier")
    assert "Wrong because compute_dW2 is" in follows.text
    here.page.evaluate("localStorage.clear()")
    here.keep({DW2: "def compute_dW2(dZ2, A1:\n", cell.name: cell.solution})
    broken = cell.check()
    assert broken.passed == "true"
    assert "compute_dW2 does not run as you left it: the book's stands in for it." in broken.text


def test_an_error_is_marked_at_its_line_until_the_line_is_changed(used):
    cell = used.cell(DW2)
    head = cell.stub.partition("\n")[0]
    for text, line in ((f"{head}\n    return (dZ2\n", 2), (f"{head}\n    x = 1\n    return y\n", 3), ("1\n1 / 0\n", 2)):
        shown = cell.check(text)
        marked = cell.root.locator(".cm-line.wrong-line")
        assert marked.count() == 1, shown
        assert marked.inner_text() == text.split("\n")[line - 1]
        assert cell.root.locator(".wrong-number").inner_text() == str(line)
    cell.root.locator(".cm-line.wrong-line").click()
    cell.page.keyboard.type(" ")
    assert cell.root.locator(".wrong-line").count() == 0


def test_what_is_printed_is_shown_and_capped(used):
    cell = used.cell(DW2)
    cell.check(f"{cell.solution}\nprint('hello')\n1 + 1\n")
    assert cell.root.locator(".exercise-output").inner_text().split() == ["hello", "2"]
    cell.check("for k in range(100_000):\n    print('line', k)\n")
    printed = cell.root.locator(".exercise-output").inner_text()
    assert len(printed) < 21_000
    assert "which is not shown" in printed


def test_hints_come_in_steps_and_the_solution_after_a_try(used):
    cell = used.cell(DB2)
    hints, solution = cell.root.locator("details.exercise-hint"), cell.root.locator(".exercise-solution")
    ask = cell.root.locator(".exercise-ask")
    assert not solution.is_visible()
    for count in range(hints.count()):
        assert [hint.is_visible() for hint in hints.all()] == [k < count for k in range(hints.count())]
        ask.click()
    assert hints.count() >= 2
    assert hints.last.locator("p").is_visible()
    assert ask.is_disabled()
    cell.check()
    assert solution.is_visible()
    assert not solution.locator("pre").is_visible()
    solution.locator("summary").click()
    assert solution.locator("pre").is_visible()


def test_reset_brings_back_the_stub_and_can_be_taken_back(visit):
    here = visit(PAGE)
    cell = here.cell(DW2)
    cell.check(cell.solution)
    cell.root.locator(".exercise-reset").click()
    assert cell.text == cell.stub
    cell.root.locator(".exercise-back").click()
    assert cell.text == cell.solution
    assert here.kept[DW2]["verdict"]["passed"]
    cell.root.locator(".exercise-reset").click()
    here.page.reload()
    here.wait()
    assert cell.text == cell.stub


def test_the_keyboard_does_everything(used):
    here = used
    cell, keyboard = here.cell(DZ2), here.page.keyboard
    cell.root.locator(".exercise-field").focus()
    cell.root.locator(".cm-content:focus").wait_for()
    keyboard.press("Control+Enter")
    cell.wait()
    assert cell.shown().mistake == "not-implemented"
    keyboard.press("Control+End")
    keyboard.press("Enter")
    keyboard.press("Tab")
    assert cell.text.endswith("\n        ") or cell.text.endswith("\n    ")
    keyboard.press("Escape")
    keyboard.press("Tab")
    assert here.page.evaluate("document.activeElement.className") == "exercise-check"
    keyboard.press("Enter")
    cell.wait()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_cell_in_use_has_nothing_that_axe_finds_and_fits_a_phone(visit, book, scheme):
    here = visit(PAGE, color_scheme=scheme)
    cell = here.cell(DW2)
    cell.check(cell.solution.replace(" / dZ2.shape[1]", "  # a comment that is much too long for the width of a phone"))
    cell.root.locator(".exercise-ask").click()
    cell.root.locator(".exercise-solution summary").click()
    here.page.evaluate((book / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found = here.page.evaluate(
        "axe.run('.exercise-cell', {exclude: ['.katex-html'], resultTypes: ['violations']})"
        ".then(result => result.violations.map(one => one.id + ': ' + one.nodes.map(n => n.html.slice(0, 120))))"
    )
    assert found == []
    here.page.set_viewport_size({"width": 375, "height": 800})
    assert here.page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_without_javascript_a_cell_shows_its_stub_and_its_solution(visit):
    here = visit(PAGE, java_script_enabled=False)
    cell = here.cell(DW2)
    assert cell.root.locator(".exercise-stub pre").is_visible()
    assert "needs JavaScript" in cell.root.locator("noscript").text_content()
    cell.root.locator(".exercise-solution summary").click()
    assert "dZ2 @ A1.T" in cell.root.locator(".exercise-solution pre").inner_text()


def test_when_python_cannot_be_loaded_the_cell_says_so_and_the_next_check_tries_again(visit):
    here = visit(PAGE)
    here.context.route("**/pyodide.asm.wasm", lambda route: route.abort())
    cell = here.cell(DW2)
    shown = cell.check(cell.solution)
    assert "Python could not be loaded" in shown.text
    here.context.unroute("**/pyodide.asm.wasm")
    assert cell.check().passed == "true"


def test_a_script_that_is_put_into_a_page_does_not_run(visit):
    here = visit(PAGE)
    here.page.evaluate(
        """() => {
            document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.ran = 1">');
            const script = document.createElement('script');
            script.textContent = 'window.ran = 1';
            document.body.append(script);
        }"""
    )
    here.page.wait_for_timeout(200)
    assert here.page.evaluate("window.ran === undefined")
    assert any("Content Security Policy" in one for one in here.wrong)


TIMED = """name => new Promise(done => {
    const cell = document.querySelector(`[data-cell="${name}"]`);
    const started = performance.now();
    const look = new MutationObserver(() => {
        if (cell.dataset.state !== "done") return;
        look.disconnect();
        done((performance.now() - started) / 1000);
    });
    look.observe(cell, {attributes: true});
    cell.querySelector(".exercise-check").click();
})"""


@pytest.mark.alone
def test_the_first_verdict_comes_soon_and_the_next_at_once(visit):
    cold, warm = [], []
    for _ in range(3):
        here = visit(PAGE)
        here.keep({DW2: here.cell(DW2).solution})
        here.page.set_default_timeout(2 * STARTS)
        cold.append(here.page.evaluate(TIMED, DW2))
        warm += [here.page.evaluate(TIMED, DW2) for _ in range(5)]
        if min(cold) < COLD and min(warm) < WARM:
            break  # the machine may have been busy before
    print(f"first verdict {min(cold):.2f} s, next {min(warm):.3f} s")
    assert min(cold) < BUSY * COLD
    assert min(warm) < BUSY * WARM


def test_a_live_cell_runs_what_a_reader_has_made_of_it_after_the_cells_before_it(used):
    here = used
    cell = here.page.locator(".cell.tag_live").last
    printed = cell.locator(".cell_output").text_content()
    assert "summed-wrong-axis" in printed
    cell.locator(".live-edit").click()
    cell.locator(".cm-content").focus()
    here.page.keyboard.press("Control+Enter")
    cell.locator(".exercise-output").wait_for(timeout=2 * STARTS)
    assert "✗ compute_db2: summed-wrong-axis" in cell.locator(".exercise-output").inner_text()
    here.page.keyboard.press("Control+a")
    here.page.keyboard.insert_text('print(net.m, net.dW2.shape, "<b>")\nnothing')
    here.page.keyboard.press("Control+Enter")
    cell.locator(".exercise-error").wait_for()
    assert cell.locator(".exercise-output").inner_text().strip() == "5 (2, 4) <b>"
    assert cell.locator(".exercise-error").inner_text() == "NameError in line 2: name 'nothing' is not defined"
    assert cell.locator(".wrong-number").inner_text() == "2"
    assert not cell.locator(".cell_output").is_visible()
    cell.locator(".exercise-reset").click()
    assert cell.locator(".cell_output").is_visible()
    assert cell.locator(".cell_output").text_content() == printed
    assert cell.locator(".cm-content").count() == 0
    assert here.wrong == []


def test_a_picture_says_that_it_is_drawn_in_the_notebook(used):
    here = used
    cell = here.page.locator(".cell.tag_live").first
    cell.locator(".live-edit").click()
    cell.locator(".cm-content").focus()
    here.page.keyboard.press("Control+a")
    here.page.keyboard.insert_text("from course_lib.plotting import inline\ninline(None)")
    here.page.keyboard.press("Control+Enter")
    cell.locator(".exercise-error").wait_for(timeout=2 * STARTS)
    assert "download the chapter as a notebook to run this cell" in cell.locator(".exercise-error").inner_text()
