"""Thousands of answers, judged by this Python and by the browser's: each gets one verdict, and the one it should."""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

import pytest

from autograder.assignments import ASSIGNMENTS
from tests.book.conftest import BOOK
from tests.browser.answers import KINDS, answers, compared, differs_by_numpy, judged_here, right_answers_module, start

pytestmark = pytest.mark.browser

AT_ONCE = 100
PATIENCE = 120
"""Seconds that one answer may take, on any machine."""

CAPTURE = """
window.workers = [];
window.Worker = class extends Worker {
    constructor(...given) {
        super(...given);
        window.workers.push(this);
    }
};
"""
"""Keeps the workers that a page starts, to ask them directly."""

BOOT = """() => new Promise((done, failed) => {
    document.querySelector(".exercise-field").focus();
    window.workers.at(-1).addEventListener("message", ({ data }) => {
        if (data.type === "ready") done();
        if (data.type === "unloadable") failed(new Error(data.message));
    });
})"""
"""Has a page start Python, as a reader does who goes into a cell."""

ASK = """([requests, patience]) => new Promise((done, failed) => {
    const worker = window.workers.at(-1);
    const found = [];
    let timer = null;
    const wait = () => {
        clearTimeout(timer);
        timer = setTimeout(() => failed(new Error(`no answer to request ${found.length}`)), 1000 * patience);
    };
    const listen = ({ data }) => {
        if (!String(data.id).startsWith("test-") || data.type === "started") return;
        found.push(data.type === "result" ? data.result : { ended: data.message });
        wait();
        if (found.length < requests.length) return;
        clearTimeout(timer);
        worker.removeEventListener("message", listen);
        done(found);
    };
    worker.addEventListener("message", listen);
    requests.forEach(([type, request], k) => worker.postMessage({ id: `test-${k}`, type, request }));
    wait();
})"""
"""Sends a worker many requests at once, and returns its answers in order."""

ASKED = [
    pytest.param(assignment, kind, marks=[pytest.mark.nightly] * (kind == "rules"))
    for assignment in ASSIGNMENTS
    for kind in KINDS
]
"""Every change that a rule makes is judged by this machine in other tests; in the browser too, at night."""


@pytest.fixture(scope="module")
def worker(chromium: Any, site_address: str) -> Iterator[Any]:
    """A page whose Python is there, and stays for all tests."""
    context = chromium.new_context()
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    page.add_init_script(CAPTURE)
    page.goto(f"{site_address}layer-2-backwards.html")
    page.locator(".exercise-field").first.wait_for(state="attached")
    page.evaluate(BOOT)
    for assignment in ASSIGNMENTS:
        (there,) = ask(page, [right_answers_module(assignment)])
        assert there["output"] == "'there'\n", there
    yield page
    context.close()


def ask(page: Any, requests: Sequence[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return the answers of a page's worker, in order."""
    found = []
    for k in range(0, len(requests), AT_ONCE):
        found += page.evaluate(ASK, [[list(each) for each in requests[k : k + AT_ONCE]], PATIENCE])
    return found


@pytest.fixture(scope="module")
def here(request: pytest.FixtureRequest, session_module: Any) -> Iterator[dict[tuple[str, str], Future[list[Any]]]]:
    """What this machine's Python says, in a process beside the browser's."""
    rows = [item.callspec.params for item in request.session.items if "kind" in getattr(item, "fixturenames", ())]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, initializer=start, initargs=(str(BOOK / "live"),)) as pool:
        wanted = [(row["assignment"], row["kind"]) for row in rows]
        yield {(assignment, kind): pool.submit(judged_here, kind, assignment) for assignment, kind in wanted}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize(("assignment", "kind"), ASKED)
def test_the_browser_and_this_machine_say_the_same(worker, here, assignment, kind):
    asked = answers(kind, assignment)
    there = [compared(each) for each in ask(worker, [answer.request for answer in asked])]
    different = {
        answer: {key: (one[key], other[key]) for key in one if one[key] != other[key]}
        for answer, one, other in zip(asked, here[assignment, kind].result(), there, strict=True)
        if one != other
    }
    unexplained = {answer.id: each for answer, each in different.items() if not differs_by_numpy(answer)}
    assert unexplained == {}, "here first, the browser second"
    assert not [answer.id for answer, each in different.items() if "passed" in each]
    for answer, one in zip(asked, there, strict=True):
        if answer.expected:
            given = "right" if one["passed"] is True else one["mistake"]
            assert given == answer.expected, (answer.id, one)
    assert len(asked) >= len(ASSIGNMENTS[assignment].exercises)


def test_what_differs_between_two_pythons_would_be_seen(worker, session_module):
    text = "import sys\ndef compute_dW2(dZ2, A1):\n    return dZ2 @ A1.T if 'emscripten' in sys.platform else None\n"
    request = {"assignment": "ps4_two_layer", "function": "compute_dW2", "text": text}
    (there,) = ask(worker, [("check", request)])
    assert compared(there)["mistake"] == "missing-mean"
    assert compared(session_module.check(request))["mistake"] == "returned-nothing"


def test_both_quote_the_line_of_the_readers_text_and_none_of_the_judges(worker, session_module):
    line = "return weighted(dZ2, 0.0, None)"  # which raises inside of the judge
    text = f"from autograder.core.numeric import weighted\n\n\ndef compute_dW2(dZ2, A1):\n    {line}\n"
    request = {"assignment": "ps4_two_layer", "function": "compute_dW2", "text": text}
    (there,) = ask(worker, [("check", request)])
    for message in (each["verdict"]["message"] for each in (there, session_module.check(request))):
        assert " raised " in message
        assert f"in the line `{line}`" in message
