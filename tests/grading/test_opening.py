"""The cells with which every notebook begins are run once, and no notebook can tell; one may begin otherwise."""

import contextlib
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest

from autograder.grade.collect import places
from autograder.grade.grader import grade_submission
from autograder.grade.guests import GuestFactory
from autograder.grade.release import Release, cells_in, shared_cells
from autograder.sandbox.fork_client import Zygote
from autograder.sandbox.launch import NotStarted
from autograder.sandbox.process import Ended
from tests.grading.classes import NAME, cell, course, hand_in, notebook
from tests.grading.conftest import SMALL, started
from tests.grading.test_grade import job_of

OPENING = [
    "import numpy as np\nimport random\nX = np.arange(6.0).reshape(2, 3)",
    "print('rows', len(X))\nX.sum()",
    "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([0, 1])\nplt.title('$z^{[1]}$')\nplt.show()",
]


@pytest.fixture(scope="module")
def opened():
    made = started(Zygote(limits=SMALL))
    assert made.run_preamble(OPENING, 60)
    yield made
    made.stop()


@contextlib.contextmanager
def fresh():
    made = started(Zygote(limits=SMALL))
    try:
        yield made
    finally:
        made.stop()


def printed(guest, source):
    ran = guest.run(source, 20)
    assert ran.failure is None, ran.failure
    return "".join(output["text"] for output in ran.outputs if output["output_type"] == "stream")


def kinds(ran):
    return [output["output_type"] for output in ran.outputs]


def test_a_notebook_that_begins_as_handed_out_has_all_that_its_first_cells_left_and_showed(opened):
    with opened.guest() as guest:
        assert [kinds(guest.run(source, 20)) for source in OPENING] == [
            [],
            ["stream", "execute_result"],
            ["display_data"],
        ]
        assert printed(guest, "print(X.shape, len(In), Out[2])") == "(2, 3) 5 15.0\n"
        guest.run("def rows(x):\n    return len(x) + len(X)", 20)
        (outcome,) = guest.evaluate("rows", [{"x": np.ones(4)}], 20)
        assert outcome.value == 6


def test_it_goes_on_drawing_with_letters_that_no_picture_had_yet(opened):
    with opened.guest() as guest:
        for source in OPENING:
            guest.run(source, 20)
        ran = guest.run("plt.plot([1, 2])\nplt.title('Ünew $\\\\Omega \\\\aleph$ ßq')\nplt.show()", 20)
        assert (ran.failure, kinds(ran)) == (None, ["display_data"])


@pytest.mark.parametrize("same", range(len(OPENING)))
def test_one_that_begins_otherwise_has_nothing_of_the_rest(opened, same):
    with opened.guest() as guest:
        for source in OPENING[:same]:
            guest.run(source, 20)
        names = printed(guest, "print([name for name in ('np', 'X', 'plt') if name in globals()], len(In))")
        assert names == {0: "[] 2\n", 1: "['np', 'X'] 3\n", 2: "['np', 'X'] 4\n"}[same]
        assert kinds(guest.run(OPENING[0], 20)) == []


def test_a_question_before_the_end_of_the_opening_finds_only_what_was_run(opened):
    with opened.guest() as guest:
        assert guest.evaluate("X", [{}], 20) is None
        assert "X" not in printed(guest, "print(sorted(globals()))")


def test_what_was_ended_once_stays_blocked_in_one_that_begins_otherwise(opened):
    with opened.guest() as guest:
        guest.begin({}, {}, ["endless"])
        guest.run("def endless():\n    while True: pass", 20)
        failure = guest.run("endless()", 20).failure
        assert (failure.name, failure.text) == ("RuntimeError", "endless was ended before it returned")


def test_two_guests_from_one_opening_do_not_see_each_other(opened):
    with opened.guest() as first, opened.guest() as second:
        for guest in (first, second):
            for source in OPENING:
                guest.run(source, 20)
        first.run("X[:] = -1", 20)
        assert printed(second, "print(X.sum())") == "15.0\n"


def test_an_end_in_a_guest_of_the_opening_is_told_and_costs_the_next_nothing(opened):
    with opened.guest() as guest:
        for source in OPENING:
            guest.run(source, 20)
        with pytest.raises(Ended):
            guest.run("import os; os._exit(1)", 20)
    with opened.guest() as guest:
        for source in OPENING:
            guest.run(source, 20)
        assert printed(guest, "print(1)") == "1\n"


def draws(zygote, sources):
    found = []
    for _ in range(2):
        with zygote.guest() as guest:
            for source in sources:
                guest.run(source, 20)
            found.append(printed(guest, "print(np.random.rand(), random.random())"))
    return found


def test_random_numbers_that_the_opening_started_go_on_as_in_a_kernel_and_others_differ():
    seeded = [OPENING[0], "np.random.seed(5)\nrandom.seed(6)\nnp.random.rand()"]
    with fresh() as zygote:
        assert zygote.run_preamble(seeded, 60)
        one, other = draws(zygote, seeded)
        assert one == other
        np.random.seed(5)  # noqa: NPY002
        assert float(one.split()[0]) == [np.random.rand() for _ in range(2)][1]  # noqa: NPY002
    with fresh() as zygote:
        assert zygote.run_preamble(OPENING[:1], 60)
        one, other = draws(zygote, OPENING[:1])
        assert one != other


@pytest.mark.parametrize(
    "source",
    [
        "raise ValueError('no')",
        "open('kept', 'w').write('x')",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()",
        "file = open('/dev/zero', 'rb')",
        "while True: pass",
        "import os; os._exit(1)",
    ],
)
def test_an_opening_that_a_fork_would_not_hand_on_is_not_used(source):
    with fresh() as zygote:
        assert not zygote.run_preamble([OPENING[0], source], 2)
        with zygote.guest() as guest:
            assert guest.preamble == []
            assert printed(guest, "print('X' in globals())") == "False\n"


def test_twins_serve_other_workers_with_the_same_opening_and_other_users(opened):
    twin = opened.twin()
    with opened.guest() as one, twin.guest() as other:
        for guest in (one, other):
            assert [kinds(guest.run(source, 20)) for source in OPENING][2] == ["display_data"]
            assert printed(guest, "print(X.sum())") == "15.0\n"
        users = [Path(f"/proc/{guest.process}").stat().st_uid for guest in (one, other)]
        assert os.getuid() != 0 or len({*users, os.getuid()}) == 3
        assert twin.memory.path != opened.memory.path or twin.memory.path is None
    with twin.guest() as guest:
        guest.run("import os; os.kill(1, 9)", 20)
    twin.stop()
    with opened.guest() as guest:
        assert printed(guest, "print(1)") == "1\n"


def test_a_zygote_that_is_stopped_takes_its_twins_with_it():
    zygote = started(Zygote(limits=SMALL))
    zygote.run_preamble(OPENING[:1], 60)
    twin = zygote.twin()
    guest = twin.guest()
    process, group = guest.process, twin.memory.path
    zygote.stop()
    deadline = time.monotonic() + 5
    while Path(f"/proc/{process}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{process}").exists()
    with pytest.raises(NotStarted, match="has gone"):
        twin.guest()
    guest.end()
    twin.stop()
    assert group is None or not group.exists()


def test_there_are_no_more_twins_than_users_and_the_next_worker_starts_its_own(opened, monkeypatch):
    if os.getuid():
        pytest.skip("only root gives users")
    monkeypatch.setattr(opened, "_blocks", 256)
    with pytest.raises(NotStarted, match="no more users"):
        opened.twin()


def test_a_twin_that_was_killed_is_replaced_by_a_zygote_of_the_workers_own(tmp_path):
    here = course(tmp_path)
    kitchen = GuestFactory(job_of(here))
    try:
        kitchen.start()
    except NotStarted as error:
        pytest.skip(str(error))
    worker = GuestFactory(job_of(here), kitchen.twin())
    worker.guest().end()
    signal.pidfd_send_signal(worker.zygote._handle, signal.SIGKILL)
    time.sleep(0.2)
    with worker.guest() as guest:
        assert printed(guest, "print(1)") == "1\n"
    worker.stop()
    kitchen.stop()


# --- in a course ------------------------------------------------------------------------------------------------------


def test_the_opening_is_what_stands_above_the_first_answer(tmp_path):
    here = course(tmp_path)
    job = job_of(here)
    release = here / "release" / NAME / f"{NAME}.ipynb"
    handed_out = nbformat.read(release, as_version=4)
    preamble, texts = shared_cells(job.release)
    assert preamble == (cell(handed_out, "setup").source,)
    assert any(kind == "markdown" and text.startswith("# Small\n") for kind, text in texts)
    assert shared_cells(Release({})) == ((), frozenset())
    release.write_text("[]")
    assert cells_in(release) == cells_in(tmp_path / "nothing.ipynb") == ()


@pytest.mark.parametrize("begins_otherwise", [False, True])
def test_a_graded_notebook_is_the_same_with_an_opening_and_without(tmp_path, begins_otherwise):
    here = course(tmp_path)

    def change(book):
        if begins_otherwise:
            book.cells.insert(0, nbformat.v4.new_code_cell("before = 1\nbefore", id="mine"))

    hand_in(here, "ada", notebook(here, {"compute_dW2": "def compute_dW2(dZ2, A1):\n    return dZ2"}, change))
    job = job_of(here)
    job = replace(job, preamble=shared_cells(job.release)[0])
    assert job.preamble
    (place,), found = places(here / "submitted", NAME), []
    for each in (job, replace(job, preamble=())):
        kitchen = GuestFactory(each)
        try:
            found.append(grade_submission(place, each, kitchen.guest))
        finally:
            kitchen.stop()
    with_it, without = found
    if with_it.record.outcome == "ungraded":
        pytest.skip(with_it.record.advice)
    assert (with_it.record.score, with_it.record.verdicts) == (without.record.score, without.record.verdicts)
    ours, theirs = (nbformat.reads(result.notebook.decode(), as_version=4) for result in found)
    assert [(c.source, c.get("outputs")) for c in ours.cells] == [(c.source, c.get("outputs")) for c in theirs.cells]
