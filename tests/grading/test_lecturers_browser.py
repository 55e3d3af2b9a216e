"""A lecturer opens hostile submissions, in everything that shows them, with Jupyter's session: nothing of theirs runs.

One course with every vector, graded by `autograder grade`; JupyterLab with formgrader, in Chromium. Every element that
a submission brings gets each event, and every link is clicked.
"""

import base64
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell

from tests.browser.conftest import OF_CHROMIUM, Eavesdropper, QuietServer
from tests.grading.classes import NAME, ROOT, cell, course, full, hand_in, notebook, run, scores
from tests.grading.test_plugin import nbgrader
from tests.grading.vectors import HOST, PNG, PRINTED, RAISED, SHOWN, TEXTS, filled

pytestmark = pytest.mark.browser

TOKEN = "of-the-lecturer"
LOUD = ("img-onerror", "script", "link-js", "details-toggle")
"""Without the sanitiser these are seen to run, so that the test is known to see it."""
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},  # else only cells in sight are drawn
    "apputils-extension/notification": {"checkForUpdates": False, "fetchNews": "false"},
}
MATHJAX = "window.MathJax = {Hub: {Config() {}, Queue() {}, Startup: {signal: {Interest(f) { f('End') }}}}}"
"""Stands for the one of a CDN, which is not reached from here; formgrader waits for it."""
MANY = 100
"""Every page that shows what a submission brought has at least so many elements; one that brought nothing has fewer."""
TRY_ALL = """selector => {
    const theirs = each => !each.closest('.panel-heading, .panel-footer')
    const all = [...document.querySelectorAll(`${selector} *`)].filter(theirs)
    const away = event => /^(https?|mailto):/.test(event.target.closest('a')?.href ?? '') && event.preventDefault()
    document.addEventListener('click', away, true)
    for (const each of all)
        for (const type of 'mouseover mouseenter pointerover focus toggle begin click error load'.split(' '))
            if (!['error', 'load'].includes(type) || each.tagName == 'IMG')
                each.dispatchEvent(new MouseEvent(type, {bubbles: true, cancelable: true}))
    return all.length
}"""


def textual(kind):
    """Return a change that puts every text into a cell of its kind."""

    def change(book):
        for id, text in TEXTS.items():
            book.cells.append(kind(filled(id, text), id=f"v-{id}"[:60]))
        attached = {"z.png": {"image/png": PNG, "image/svg+xml": "PHN2Zy8+"}, "z.svg": {"image/svg+xml": "PHN2Zy8+"}}
        shown = new_markdown_cell("![photo](attachment:z.png) ![y](attachment:z.svg) ![z](attachment:lost.png)")
        shown.source += '\n\n![beside](img/proof.png) <img src="evil.svg" onerror="RUN">'
        book.cells.append(shown)
        shown.attachments = attached
        book.cells.append(new_raw_cell(filled("raw-mimetype", "<img src=x onerror=RUN>")))
        book.cells[-1].metadata["raw_mimetype"] = "text/html"
        cell(book, "written-why").source = filled(
            f"why-{kind.__name__}", "Proof. <img src=x onerror=RUN> # check-compute_dW2"
        )
        book.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"x": "</script><script>RUN</script>"}}
        book.metadata["language_info"] = {"name": "x", "mimetype": "<img src=x onerror=RUN>", "pygments_lexer": "html"}
        book.metadata["title"] = filled("title", "</title><script>RUN</script>")

    return change


def shows(book):
    """Let code show every output, and store it as if it had been shown before."""
    stored = []
    for kind, texts in SHOWN.items():
        for id, text in texts.items():
            data = {kind: filled(id, text)}
            stored.append(new_output("display_data", data if "json" not in kind else {kind: json.loads(data[kind])}))
            stored[-1]["metadata"] = {"isolated": True} if id == "script" else {}
    pieces = [stored[i : i + 100] for i in range(0, len(stored), 100)]  # a cell shows 250 at most
    for piece in pieces:
        bundles = json.dumps([dict(each.data) for each in piece])
        lines = ["import json", "from IPython.display import display", f"for each in json.loads({bundles!r}):"]
        book.cells.append(new_code_cell("\n".join([*lines, "    display(each, raw=True)"]), outputs=piece))
    said = [filled(id, text) for id, text in PRINTED.items()]
    book.cells.append(
        new_code_cell(f"print({said!r}[0])\nprint({said!r}[1])", outputs=[new_output("stream", text=said[0])])
    )
    raised = filled("raised", RAISED["error"])
    book.cells.append(new_code_cell(f"raise ValueError({raised!r})"))
    cell(book, "answer-compute_db2").source = f"def compute_db2(dZ2):\n    raise ValueError({raised!r})"


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    here = course(tmp_path_factory.mktemp("browser"))
    hand_in(here, "blank")
    beside = hand_in(here, "text", notebook(here, change=textual(new_markdown_cell))).with_name("img") / "proof.png"
    beside.parent.mkdir()
    beside.write_bytes(base64.b64decode(PNG))
    beside.parent.with_name("evil.svg").write_text("<svg onload='console.log(/RAN-beside/)'/>")
    hand_in(here, "raw", notebook(here, change=textual(new_raw_cell)))
    path = hand_in(here, "shown", notebook(here, change=shows))
    path.with_name("evil.html").write_text("<script>console.log(/RAN-file/)</script>")
    run(here, NAME)
    assert scores(here)["text"] == scores(here)["raw"] == full()
    assert scores(here)["shown"] == full(compute_db2=0.0)
    loud = notebook(
        here, change=lambda book: book.cells.extend(new_markdown_cell(filled(id, TEXTS[id])) for id in LOUD)
    )
    loud_path = here / "autograded" / "loud" / NAME / f"{NAME}.ipynb"
    hand_in(here, "loud")
    run(here, NAME)
    nbformat.write(loud, loud_path)
    nbgrader(here, "generate_feedback", NAME)
    shutil.move(here / "feedback", here / "theirs")
    run(here, NAME, command="feedback", code=0)
    return here


@pytest.fixture(scope="module")
def jupyter(graded, tmp_path_factory):
    """The address of JupyterLab in the course."""
    home = tmp_path_factory.mktemp("home")
    for name, setting in SETTINGS.items():
        path = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(setting))
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    scripts = Path(sys.executable).parent
    places = {"JUPYTERLAB_SETTINGS_DIR": home / "settings", "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces"}
    places |= {"JUPYTER_CONFIG_DIR": home / "config", "JUPYTER_DATA_DIR": home / "data", "PYTHONPATH": ROOT}
    places |= {"JUPYTER_RUNTIME_DIR": home / "runtime", "IPYTHONDIR": home / "ipython"}
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", f"--IdentityProvider.token={TOKEN}"]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            [scripts / "jupyter", "lab", *options, f"--ServerApp.root_dir={graded}"],
            cwd=graded,
            env={
                **os.environ,
                **{name: str(place) for name, place in places.items()},
                "PATH": f"{scripts}:{os.environ['PATH']}",
            },
            stdout=log,
            stderr=log,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(120):
                assert server.poll() is None, (home / "log").read_text()
                try:
                    urllib.request.urlopen(f"{address}/api", timeout=1).close()
                    break
                except (urllib.error.URLError, OSError):
                    time.sleep(0.5)
            yield address
        finally:
            server.terminate()
            server.wait(20)


class Browser:
    """Chromium, whose requests to other machines are heard, and what ran in it."""

    def __init__(self, browser, asked):
        self.browser, self.heard = browser, asked

    def visit(self, address, shown, selector, *, least, wait=0.5):
        """Open a page, try all that a submission brought, and return what ran, what was asked for, and the page."""
        context = self.browser.new_context(viewport={"width": 1300, "height": 1000})
        ran, asked, before = [], [], len(self.heard)
        context.on("console", lambda message: ran.extend(re.findall(r"RAN-[\w-]+", message.text)))
        context.on("request", lambda request: asked.append(request.url))
        context.route(re.compile("mathjax.*latest.js"), lambda route: route.fulfill(body=MATHJAX))
        page = context.new_page()
        page.on("dialog", lambda dialog: dialog.dismiss())
        page.goto(address, wait_until="load")
        page.locator(shown).first.wait_for(timeout=60_000, state="attached")
        self.wait_until_drawn(page, selector, least, wait)
        self.tried = page.evaluate(TRY_ALL, selector)
        page.wait_for_timeout(wait * 1000)
        asked += [each for each in self.heard[before:] if not OF_CHROMIUM.search(each)]
        return ran, [each for each in asked if not each.startswith("data:")], page

    @staticmethod
    def wait_until_drawn(page, selector, least, wait):
        """Wait for a page that is drawn piece by piece, until it has so many and in some time no more come."""
        before, until = -1, time.monotonic() + 60
        while time.monotonic() < until:
            drawn = page.locator(f"{selector} *").count()
            if drawn == before >= least:
                return
            before = drawn
            page.wait_for_timeout(wait * 1000)
        pytest.fail(f"{page.url} shows {before} elements and is not done")


@pytest.fixture(scope="module")
def browser(launched):
    asked = []
    listening = type("Listening", (Eavesdropper,), {"asked": asked})
    with QuietServer(("127.0.0.1", 0), listening) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Browser(launched(f"--proxy-server=http://127.0.0.1:{server.server_port}"), asked)
        server.shutdown()


def address_of(jupyter, graded, student, where):
    """Return the address under which something shows a student's work."""
    if where == "formgrader":
        query = (
            "select sn.id from submitted_notebook sn join submitted_assignment sa on sa.id = sn.assignment_id "
            "where sa.student_id = ?"
        )
        with sqlite3.connect(graded / "gradebook.db") as book:
            ((id,),) = book.execute(query, [student]).fetchall()
        return f"{jupyter}/formgrader/submissions/{id}/?token={TOKEN}"
    if where in ("theirs", "feedback"):
        return (graded / where / student / NAME / f"{NAME}.html").as_uri()
    return f"{jupyter}/lab/tree/{where}/{student}/{NAME}/{NAME}.ipynb?reset&token={TOKEN}"


LAB = (
    ".jp-Notebook .jp-Cell:last-child .jp-Cell-inputWrapper",
    ".jp-Notebook :is(.jp-RenderedHTMLCommon, .jp-OutputArea)",
)
SHOWN_BY = {
    "formgrader": ("#notebook-container", "#notebook-container"),
    "theirs": ("#notebook-container", "#notebook-container"),
    "feedback": ("main", ".frame"),
    "autograded": LAB,
    "submitted": LAB,
}
"""What to wait for, and below what to try all, in formgrader, nbgrader's feedback, ours, and twice JupyterLab."""
VISITS = [
    (student, where)
    for student in ("text", "raw", "shown")
    for where in SHOWN_BY
    if student != "raw" or SHOWN_BY[where] != LAB
]


def opened(browser, jupyter, graded, student, where):
    wait, least = 2 if SHOWN_BY[where] == LAB else 0.3, 0 if student == "blank" else MANY
    return browser.visit(address_of(jupyter, graded, student, where), *SHOWN_BY[where], least=least, wait=wait)


def kinds(asked):
    """Return what was asked for, without what differs from one visit to the next, and what JupyterLab has of its own.

    It looks up whether the files of a traceback are there.
    """
    found = {re.sub(r"[0-9a-f-]{12,}|[?#].*|/(blank|text|raw|shown|loud)/", "*", each) for each in asked}
    return {each for each in found if not re.search("/static/lab/|/kernelspecs/|/api/resolvePath|^attachment:", each)}


@pytest.fixture(scope="module")
def of_a_blank_submission(browser, jupyter, graded):
    asked = {}
    for where in SHOWN_BY:
        ran, heard, page = opened(browser, jupyter, graded, "blank", where)
        assert ran == []
        asked[where] = kinds(heard)
        page.context.close()
    return asked


@pytest.mark.parametrize(("student", "where"), VISITS)
def test_nothing_runs_and_nothing_is_asked_for(browser, jupyter, graded, of_a_blank_submission, student, where):
    ran, asked, page = opened(browser, jupyter, graded, student, where)
    assert ran == []
    assert browser.tried >= MANY
    if where != "submitted":  # there JupyterLab alone decides, and lets pictures through
        assert not [each for each in asked if HOST in each or "canary" in each]
        assert kinds(asked) - of_a_blank_submission[where] == set()
    if where == "formgrader":  # which finds its fields by them
        assert page.evaluate(
            "['check-compute_dW2', 'written-why', 'statusmessage'].map(id => $(`[id='${id}']`).length)"
        ) == [
            1,
            1,
            1,
        ]
    page.context.close()


def test_without_the_sanitiser_scripts_are_seen_to_run(browser, jupyter, graded):
    ran, _, page = opened(browser, jupyter, graded, "loud", "formgrader")
    assert set(ran) == {f"RAN-{id}" for id in LOUD}
    page.context.close()


def test_a_photo_that_is_attached_is_shown_and_what_lies_beside_a_notebook_is_not_served(browser, jupyter, graded):
    _, _, page = opened(browser, jupyter, graded, "text", "formgrader")
    for each in ("photo", "beside"):
        assert page.locator(f"img[alt={each}]").evaluate("image => image.naturalWidth") == 1
    assert page.get_by_text("The picture evil.svg is missing").count() == 1
    assert page.get_by_text("The picture lost.png is missing").count() == 1
    assert page.goto(page.url.partition("?")[0] + "evil.html").status == 404
    page.context.close()
