"""Processor time is what a mark is decided by: a machine that is busy with other things costs nobody anything."""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import pytest

from autograder.guest.evaluate import evaluate
from autograder.protocol import wire
from autograder.protocol.values import Failure
from autograder.sandbox import apart, clock, outputs
from autograder.sandbox.apart import TrustedFork, calls
from autograder.sandbox.clock import Clock, TooSlow
from autograder.sandbox.outputs import CUT, CellOutputs, size_of
from autograder.sandbox.process import Ended, EndedByMemory, EndedByTime, GuestProcess

COMPUTES = "import time\nend = time.process_time() + {}\nwhile time.process_time() < end: pass"


def wait(patience: Clock) -> None:
    while True:
        time.sleep(patience.left())


def run_out(patience: Clock) -> float:
    """Wait until patience is at its end; return how long that took."""
    started = time.monotonic()
    with pytest.raises(wire.TimedOut):
        wait(patience)
    return time.monotonic() - started


@pytest.fixture
def python() -> Iterator[list[subprocess.Popen]]:
    started: list[subprocess.Popen] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


def spawn(python: list[subprocess.Popen], source: str) -> subprocess.Popen:
    python.append(subprocess.Popen([sys.executable, "-c", source]))
    return python[-1]


@pytest.mark.alone
def test_time_in_which_a_process_computes_and_time_in_which_it_sleeps_both_count(python):
    for source in (COMPUTES.format(60), "import time; time.sleep(60)"):
        process = spawn(python, source)
        assert 0.9 < run_out(Clock(lambda process=process: process.pid, 1.0)) < 3.0


@pytest.mark.alone
def test_what_a_process_has_started_counts_as_its_own(python):
    process = spawn(
        python, f"import subprocess, sys; subprocess.run([sys.executable, '-c', '''{COMPUTES.format(60)}'''])"
    )
    time.sleep(0.5)
    before = clock.used_by(process.pid)
    until = time.monotonic() + 20  # on a machine that is busy
    while (after := clock.used_by(process.pid)).computed - before.computed <= 0.2:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert after.runs


@pytest.mark.alone
def test_a_process_that_is_not_let_run_is_not_charged(python):
    cores = os.sched_getaffinity(0)
    for _ in range(4):
        other = spawn(python, COMPUTES.format(120))
        os.sched_setaffinity(other.pid, {min(cores)})
    process = spawn(python, COMPUTES.format(60))
    os.sched_setaffinity(process.pid, {min(cores)})
    assert run_out(Clock(lambda: process.pid, 1.0)) > 2.5  # it had a fifth of one core


def test_a_machine_that_does_not_let_a_process_come_to_an_end_is_not_its_fault(monkeypatch):
    queue = itertools.count()
    monkeypatch.setattr(clock, "used_by", lambda process: clock.Used(1.0, float(next(queue)), True, False))
    monkeypatch.setattr(clock, "MOST_WALL", 1.0)
    patience = Clock(lambda: 1, 0.6)
    with pytest.raises(TooSlow, match="could compute for"):
        wait(patience)


def test_where_the_kernel_does_not_count_who_could_run_is_not_charged_for_waiting(monkeypatch):
    monkeypatch.setattr(clock, "MOST_WALL", 1.0)
    for kept_back in (clock.Used(1.0, None, True, False), clock.Used(1.0, 0.0, False, True)):
        monkeypatch.setattr(clock, "used_by", lambda process, used=kept_back: used)
        with pytest.raises(TooSlow):
            wait(Clock(lambda: 1, 0.6))


SHOWS = "import time\nfrom IPython.display import clear_output\nwhile True:\n    {}; time.sleep({})"


@pytest.mark.parametrize(
    "source",
    [
        SHOWS.format("clear_output()", 0.12),
        SHOWS.format("print('x', flush=True)", 0.15),
        SHOWS.format("print('x', flush=True)", 0.03),
        "import ctypes, time\nif ctypes.CDLL(None).syscall(58) == 0: time.sleep(10**6)\nelse: time.sleep(10**6)",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
        "import os\nos.read(os.pipe()[0], 1)",
        "import threading, time\nfor _ in range(2): threading.Thread(target=time.sleep, args=(9**6,)).start()\n"
        "time.sleep(9**6)",
        "import os, time\nfor _ in range(10):\n    if os.fork() == 0: time.sleep(10**6)\nos.wait()",
        "import signal, os, time\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\nwhile True:\n    if os.fork() == 0:\n"
        "        end = time.monotonic() + 0.06\n        while time.monotonic() < end: pass\n        os._exit(0)\n"
        "    time.sleep(0.05)",
        "import time\nwhile True:\n    end = time.monotonic() + 0.02\n"
        "    while time.monotonic() < end: pass\n    time.sleep(0.18)",
    ],
)
def test_however_a_cell_wastes_its_time_it_is_ended_near_its_limit(zygote, source):
    started = time.monotonic()
    with zygote.guest() as guest, pytest.raises(EndedByTime):
        guest.run(source, 1.5)
    assert time.monotonic() - started < 5


def test_where_nothing_is_known_of_a_process_all_time_counts():
    assert 0.4 < run_out(Clock(lambda: 2**22 + 1, 0.5)) < 1.5
    assert 0.4 < run_out(Clock(lambda: 0, 0.5)) < 1.5


def test_what_was_done_on_this_side_meanwhile_does_not_count(python):
    process = spawn(python, "import time; time.sleep(60)")
    patience = Clock(lambda: process.pid, 1.0)
    patience.left()
    time.sleep(1.2)
    patience.resume()
    assert patience.left() > 0
    assert patience.charged < 0.5


def test_an_answer_is_charged_by_what_this_side_has_seen_whatever_the_guest_says_of_it():
    source = """
import time
time.process_time = lambda: 0.0
def f(x):
    end = time.perf_counter() + 1
    while time.perf_counter() < end: pass
    return x
"""
    with GuestProcess() as guest:
        guest.run(source, 20)
        (outcome,) = guest.evaluate("f", [{"x": 1.0}], 20)
        assert 0.5 < outcome.seconds < 3
        assert guest.charged >= outcome.seconds


def test_a_function_that_sleeps_is_charged_for_it_and_ended():
    with GuestProcess() as guest:
        guest.run("import time\ndef f(x):\n    time.sleep(60)", 20)
        with pytest.raises(EndedByTime):
            guest.evaluate("f", [{"x": 1.0}], 1.0)


def test_a_function_is_timed_by_the_processor_and_never_by_more_than_has_passed():
    def sleeps(x):
        time.sleep(0.3)

    (outcome,) = evaluate(sleeps, [{"x": 1}])
    assert outcome.seconds < 0.2


# --- trusted code on numbers that are not -----------------------------------------------------------------------------


def test_a_fork_answers_calls_and_leaves_nothing_behind():
    with TrustedFork(calls({"double": lambda x, plus=0: 2 * x + plus}), 10) as forked:
        assert forked.ask(("double", [np.float64(2.0)], {})) == 4.0
        np.testing.assert_array_equal(forked.ask(("double", [np.ones(3)], {"plus": 1})), [3.0, 3.0, 3.0])
        failure = forked.ask(("double", [{}], {}))
        assert isinstance(failure, Failure)
        assert failure.name == "TypeError"
        child = forked._pid
        os.kill(child, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def endless(message):
    while True:
        pass


def kept(message):
    held = []
    while True:
        held.append(np.ones(2**20))


@pytest.mark.alone
@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (endless, EndedByTime, "longer than 0.5 seconds"),
        (kept, EndedByMemory, "more than 64 MiB"),
        (lambda message: os._exit(3), Ended, "ended the process"),
        (lambda message: os.kill(os.getpid(), 9), Ended, "ended the process"),
    ],
)
def test_a_fork_that_takes_too_much_is_ended_and_says_why(answer, kind, said):
    with TrustedFork(answer, 0.5, memory=64 * 2**20) as forked, pytest.raises(kind, match=said):
        forked.ask(None)


def test_an_answer_of_a_fork_that_is_too_large_is_a_failure():
    with TrustedFork(lambda message: np.zeros(wire.MAX_BYTES // 4), 10) as forked:
        assert "too large" in forked.ask(None).text


def test_memory_that_a_reference_lacks_is_a_failure_of_that_call_alone():
    with TrustedFork(calls({"outer": lambda x: np.multiply.outer(x, x)}), 10, memory=64 * 2**20) as forked:
        assert forked.ask(("outer", [np.ones(10_000)], {})).name.endswith("MemoryError")
        assert forked.ask(("outer", [np.ones(2)], {})).shape == (2, 2)


def test_a_fork_waits_as_long_as_it_takes_but_computes_within_its_limit(monkeypatch):
    monkeypatch.setattr(clock, "LOOK_SECONDS", 0.05)
    with apart.TrustedFork(lambda message: time.sleep(0.6), 0.3) as forked:
        assert forked.ask(None) is None


# --- what it costs to take in what is shown ---------------------------------------------------------------------------


def test_what_a_guest_shows_is_bounded_in_lines_updates_and_size():
    shown = CellOutputs()
    shown.take(json.dumps([{"output_type": "error", "ename": "", "evalue": "", "traceback": [""] * 10**6}]).encode())
    (error,) = shown.outputs()
    assert len(error["traceback"]) == 1_000
    assert size_of(error) > 4_000
    shown, started = CellOutputs(), time.process_time()
    first = [{"output_type": "display_data", "data": {"text/plain": "x"}, "display_id": "a"}] * 249
    update = [{"output_type": "update_display_data", "data": {}, "display_id": "a"}] * 60_000
    shown.take(json.dumps(first + update).encode())
    assert shown.outputs()[-1]["text"] == CUT
    assert time.process_time() - started < 5


def test_taking_in_what_a_guest_shows_is_charged():
    source = "from IPython.display import display\nfor _ in range(99): display({'text/plain': 'x' * 20_000}, raw=True)"
    with GuestProcess() as guest:
        guest.run("pass", 20)
        before = guest.charged
        guest.run(source, 20)
        assert guest.charged > before


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/ada/x", "~/x"),
        ("'a\\n/home/ada/x'", "'a\\n~/x'"),
        ("\\x00/home/ada", "\\x00~"),
        ("/srv/home/ada", "/srv/home/ada"),
        ("~/home/ada", "~/home/ada"),
        ("/home/adam", "/home/adam"),
        ("/courses/ml/release/x.csv", "course/release/x.csv"),
        ("/tmp/guest-be3jx2x7/x", "~/x"),
    ],
)
def test_places_of_this_machine_are_told_by_other_names(monkeypatch, text, shown):
    monkeypatch.setenv("HOME", "/home/ada")
    outputs.hide("/courses/ml", "course")
    try:
        assert outputs.cleaned(text) == shown
        assert outputs.cleaned(shown) == shown
    finally:
        del outputs._more["/courses/ml"]
        outputs._places.cache_clear()
