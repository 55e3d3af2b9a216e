"""A class on a Dask cluster: a scheduler and two workers on this machine, of which one is killed half way."""

import contextlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from autograder.grade import cluster, cluster_worker
from autograder.grade.batch import given_up
from autograder.grade.cluster import NoCluster, unpacked
from autograder.grade.cluster_worker import packed
from autograder.grade.collect import CarriedSubmission, SubmittedFile, take
from autograder.grade.grader import Result, blank
from autograder.grade.records import Records
from autograder.grade.run import Options, Run
from tests.conftest import not_here
from tests.grading.classes import NAME, ROOT, course, full, hand_in, notebook, run, scores

WRONG = {"compute_dW2": "def compute_dW2(dZ2, A1):\n    return dZ2 @ A1.T"}
EXITS = {"compute_dZ2": "def compute_dZ2(A2, Y):\n    import os\n    os._exit(3)"}
SLOW = {"compute_dZ2": "import time\ntime.sleep(0.15)\ndef compute_dZ2(A2, Y):\n    return A2 - Y"}
LINE = re.compile(r"^(\d+)/(\d+) (\w+): ", re.MULTILINE)


class Cluster:
    """A scheduler and its workers, each a process of its own bound to this machine."""

    def __init__(self, home: Path, environment: dict[str, str] | None = None, host: str = "127.0.0.1") -> None:
        self.home, self.host = home, host
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})}
        self.processes: list[subprocess.Popen] = []
        file = home / "scheduler.json"
        self.scheduler = self.start("scheduler", "--port", "0", "--scheduler-file", str(file))
        until(lambda: file.is_file() and file.read_text().rstrip().endswith("}"), self.log)
        self.address = json.loads(file.read_text())["address"]

    def start(self, kind: str, *words: str) -> subprocess.Popen:
        number = len(self.processes)
        with (self.home / f"{number}-{kind}.log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{kind}", *words, "--host", self.host, "--no-dashboard"],
                stdout=log,
                stderr=log,
                cwd=self.home,
                env=self.environment,
            )
        self.processes.append(process)
        return process

    def worker(self) -> subprocess.Popen:
        before = self.log().count("Register worker addr")
        words = ("--nthreads", "1", "--no-nanny", "--local-directory", str(self.home / "scratch"))
        process = self.start("worker", self.address, *words)
        until(lambda: self.log().count("Register worker addr") > before, self.log)
        return process

    def log(self) -> str:
        return "".join(path.read_text() for path in sorted(self.home.glob("*.log")))

    def end(self) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()


def until(holds, said=lambda: "", seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, said()
        time.sleep(0.05)


@pytest.fixture
def dask():
    if not importlib.util.find_spec("distributed"):
        not_here("Dask is not installed: pip install --require-hashes -r requirements/cluster.lock")


@pytest.fixture
def two(tmp_path, dask):
    """A scheduler with two workers of one thread each."""
    home = tmp_path / "cluster"
    home.mkdir()
    made = Cluster(home)
    try:
        made.workers = [made.worker(), made.worker()]
        yield made
    finally:
        made.end()


def a_class(folder: Path, count: int, answers=SLOW) -> Path:
    here = course(folder)
    for number in range(count):
        hand_in(here, f"s{number:02}", notebook(here, {**answers, **(WRONG if number % 3 == 0 else {})}))
    return here


def expected(count: int) -> dict:
    return {f"s{number:02}": full(**({"compute_dW2": 0.0} if number % 3 == 0 else {})) for number in range(count)}


@contextlib.contextmanager
def grading(here: Path, address: str, log: Path):
    """Grade on a cluster, in a process of its own that writes what it says into a file."""
    words = [sys.executable, "-u", "-m", "autograder.cli", "grade", NAME, "--cluster", address, "--course-dir", here]
    with log.open("w") as file:
        process = subprocess.Popen(words, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, env=os.environ)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def lines(log: Path) -> list[str]:
    return [found[3] for found in LINE.finditer(log.read_text())]


def rows(here: Path) -> int:
    import sqlite3

    with contextlib.closing(sqlite3.connect(here / "gradebook.db")) as book:
        return book.execute("select count(*) from grade").fetchone()[0]


def children(process: subprocess.Popen) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(process.pid).children(recursive=True)
    return []


@pytest.mark.slow
def test_a_cluster_gives_the_marks_that_one_machine_gives(two, tmp_path):
    here = a_class(tmp_path, 9)
    hand_in(here, "exits", notebook(here, EXITS))
    hand_in(here, "empty", b"")
    hand_in(here, "none", b"{}")
    alone = tmp_path / "alone"
    shutil.copytree(here, alone)
    done = run(here, NAME, "--cluster", two.address, code=1)
    assert max(LINE.findall(done.stdout))[1] == "12"
    seed = here / ".autograder" / NAME / "seed.json"
    run(alone, NAME, "--jobs", "2", "--seed-file", str(seed), code=1)
    assert scores(here) == scores(alone)
    assert scores(here).items() >= expected(9).items()
    here_and_alone = [{r.student: r for r in Records(folder, NAME).all()} for folder in (here, alone)]
    changing = {"graded_at": "", "seconds": 0.0, "autograded": ""}
    ours, theirs = ({s: replace(r, **changing) for s, r in found.items()} for found in here_and_alone)
    assert ours == theirs
    assert {record.outcome for record in ours.values()} == {"graded", "crashed", "unreadable"}
    until(lambda: not any(children(worker) for worker in two.workers))


@pytest.mark.slow
def test_a_worker_that_is_killed_half_way_loses_nothing_and_doubles_nothing(two, tmp_path):
    here, log = a_class(tmp_path, 30), tmp_path / "log"
    with grading(here, two.address, log) as process:
        until(lambda: len(lines(log)) >= 8 and all(children(worker) for worker in two.workers), log.read_text)
        beside = children(two.workers[0])
        two.workers[0].kill()
        two.workers[0].wait()
        assert len(lines(log)) < 25, "it was killed too late to tell"
        assert process.wait(timeout=120) == 0, log.read_text()
    assert sorted(lines(log)) == sorted(expected(30))
    assert scores(here) == expected(30)
    assert rows(here) == 30 * len(full())
    assert len(list(Records(here, NAME).all())) == 30
    until(lambda: not any(each.is_running() for each in beside))


@pytest.mark.slow
def test_when_all_workers_are_gone_another_one_goes_on(two, tmp_path):
    here, log = a_class(tmp_path, 16), tmp_path / "log"
    with grading(here, two.address, log) as process:
        until(lambda: len(lines(log)) >= 4, log.read_text)
        for worker in two.workers:
            worker.kill()
        time.sleep(3)
        assert process.poll() is None
        two.worker()
        assert process.wait(timeout=120) == 0, log.read_text()
    assert sorted(lines(log)) == sorted(expected(16))
    assert scores(here) == expected(16)


@pytest.mark.slow
def test_a_grader_that_is_killed_is_taken_up_and_nothing_is_graded_twice(two, tmp_path):
    here, log = a_class(tmp_path, 20), tmp_path / "log"
    with grading(here, two.address, log) as process:
        until(lambda: len(lines(log)) >= 6, log.read_text)
        process.kill()
        process.wait()
    before = {record.student: (record.graded_at, record.seconds) for record in Records(here, NAME).all()}
    assert 6 <= len(before) < 20
    run(here, NAME, "--cluster", two.address, code=0)
    after = {record.student: (record.graded_at, record.seconds) for record in Records(here, NAME).all()}
    assert before.items() <= after.items()
    assert scores(here) == expected(20)


@pytest.mark.slow
def test_a_scheduler_that_goes_is_said_and_what_is_graded_stays(two, tmp_path):
    here, log = a_class(tmp_path, 20), tmp_path / "log"
    with grading(here, two.address, log) as process:
        until(lambda: len(lines(log)) >= 4, log.read_text)
        two.scheduler.kill()
        assert process.wait(timeout=120) == 2, log.read_text()
    said = log.read_text()
    assert f"autograder: The scheduler {two.address} does not answer any more" in said
    assert "Traceback" not in said
    graded = len(scores(here))
    assert 4 <= graded < 20
    run(here, NAME, code=0)
    assert scores(here) == expected(20)


@pytest.mark.slow
def test_a_cluster_is_reached_by_tls_with_dasks_own_settings(tmp_path, dask):
    if not shutil.which("openssl"):
        not_here("openssl is missing: apt install openssl")
    pem = tmp_path / "cluster.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-keyout", str(tmp_path / "key.pem"), "-out", str(pem)),
        ],
        check=True,
        capture_output=True,
    )
    pem.write_text(pem.read_text() + (tmp_path / "key.pem").read_text())
    prefix = "DASK_DISTRIBUTED__COMM__TLS__"
    keys = {f"{prefix}{part}__{kind}": str(pem) for part in ("SCHEDULER", "WORKER", "CLIENT") for kind in ("CERT",)}
    environment = {**keys, f"{prefix}CA_FILE": str(pem), "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "True"}
    here = a_class(tmp_path, 4)
    made = Cluster(tmp_path, environment, "tls://127.0.0.1")
    try:
        made.worker()
        assert made.address.startswith("tls://")
        refused = run(here, NAME, "--cluster", made.address, code=2).stderr
        assert refused.startswith("autograder: No scheduler answers")
        with pytest.MonkeyPatch.context() as patched:
            for name, value in environment.items():
                patched.setenv(name, value)
            run(here, NAME, "--cluster", made.address, code=0)
    finally:
        made.end()
    assert scores(here) == expected(4)


# Without a scheduler.


@pytest.fixture
def job_and_place(tmp_path):
    here = course(tmp_path)
    hand_in(here, "ada")
    opened = Run(NAME, Options(here, sandboxed=False))
    with opened.opened() as found:
        place = found.places[0]
        yield cluster.sendable(found.job), CarriedSubmission("ada", place.folder, file=take(place, f"{NAME}.ipynb"))


@pytest.fixture
def on_this_machine(monkeypatch):
    monkeypatch.setattr(cluster_worker, "_here", lambda: "tcp://here:1")
    yield
    for grader in list(cluster_worker._graders.values()):
        grader.end()
    cluster_worker._graders.clear()


def graders() -> list[cluster_worker.GradingProcess]:
    return list(cluster_worker._graders.values())


def test_a_task_grades_beside_the_worker_and_keeps_the_process_for_the_next_one(job_and_place, on_this_machine):
    job, place = job_and_place
    first = unpacked(cluster_worker.grade_here("run", job, place), place, job)
    assert (first.record.outcome, first.record.score) == ("graded", 6.0)
    assert first.notebook
    (beside,) = graders()
    cluster_worker.grade_here("run", job, place)
    assert graders() == [beside]
    cluster_worker.end_here("another run")
    assert beside.running
    cluster_worker.end_here("run")
    assert not beside.running
    assert graders() == []


def test_a_process_that_dies_beside_the_worker_is_replaced_and_costs_nobody_a_mark(job_and_place, on_this_machine):
    job, place = job_and_place
    cluster_worker.grade_here("run", job, place)
    os.kill(graders()[0]._process.pid, signal.SIGKILL)
    assert unpacked(cluster_worker.grade_here("run", job, place), place, job).record.score == 6.0


def test_a_submission_whose_process_does_not_come_back_waits(job_and_place, on_this_machine, monkeypatch):
    job, place = job_and_place
    monkeypatch.setattr(cluster_worker, "most_seconds", lambda job: 0.0)
    result = unpacked(cluster_worker.grade_here("run", job, place), place, job)
    assert (result.record.outcome, result.notebook) == ("ungraded", b"")
    assert not graders()[0].running


def test_a_process_without_work_ends_by_itself(job_and_place, monkeypatch):
    program = (
        "import sys; from autograder.grade import cluster_worker as w; w.IDLE_SECONDS = 0.2; w.serve(int(sys.argv[1]))"
    )
    real = subprocess.Popen
    monkeypatch.setattr(
        cluster_worker.subprocess, "Popen", lambda words, **how: real([sys.executable, "-c", program, words[-1]], **how)
    )
    grader = cluster_worker.GradingProcess(job_and_place[0])
    until(lambda: not grader.running)
    grader.end()


def test_a_machine_that_cannot_grade_is_named(job_and_place, on_this_machine, monkeypatch):
    def cannot(job):
        raise cluster_worker.UnfitMachine("no user namespaces here")

    job, place = job_and_place
    monkeypatch.setattr(cluster_worker, "GradingProcess", cannot)
    content = cluster_worker.grade_here("run", job, place)
    with pytest.raises(NoCluster, match=r"tcp://here:1 cannot grade: no user namespaces here\. .* and start again"):
        unpacked(content, place, job)


def test_a_worker_with_other_checks_is_refused(job_and_place, monkeypatch):
    job, place = job_and_place
    content = packed(given_up(place, job, 1), "tcp://there:1")
    assert unpacked(content, place, job).record.outcome == "grader-error"
    monkeypatch.setattr(cluster, "checks_digits", lambda: "0" * 12)
    with pytest.raises(NoCluster, match="tcp://there:1 judges by other checks than this machine"):
        unpacked(content, place, job)


@pytest.mark.parametrize(
    "changed",
    [
        {"student": "eve"},
        {"assignment": "other"},
        {"seed": "0" * 12},
        {"sha256": "0" * 64},
        {"outcome": "excellent"},
        {"schema": 99},
    ],
)
def test_an_answer_to_another_question_is_refused(job_and_place, changed):
    job, place = job_and_place
    right = replace(blank(place, job), outcome="graded", score=6.0, sha256=place.file.sha256)
    assert unpacked(packed(Result(right, b"{}"), "w"), place, job) == Result(right, b"{}")
    with pytest.raises(NoCluster, match="answered what it was not asked"):
        unpacked(packed(Result(replace(right, **changed), b"{}"), "w"), place, job)
    with pytest.raises(NoCluster, match="answered what it was not asked"):
        unpacked(packed(Result(right), "w"), place, job)


@pytest.mark.parametrize(
    "content", [b"", b"\xff" * 20, (2).to_bytes(8, "big") + b"{}", (4).to_bytes(8, "big") + b"null"]
)
def test_what_is_no_answer_is_refused(job_and_place, content):
    job, place = job_and_place
    with pytest.raises(NoCluster, match="A worker sent what is no result"):
        unpacked(content, place, job)


def test_a_record_of_another_release_is_refused(job_and_place):
    job, place = job_and_place
    head = json.dumps(
        {"worker": "w", "checks": cluster.checks_digits(), "why": "", "record": {"pupil": "ada"}}
    ).encode()
    with pytest.raises(NoCluster, match="The worker w sent no record"):
        unpacked(len(head).to_bytes(8, "big") + head, place, job)


def test_what_was_taken_is_not_taken_again(tmp_path):
    file = SubmittedFile("small.ipynb", b"{}")
    assert take(CarriedSubmission("ada", tmp_path / "nowhere", file=file), f"{NAME}.ipynb") is file


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:1", "127.0.0.1:1", "scheduler", "ftp://127.0.0.1:1", "tls://[::1]:1"]
)
def test_without_a_scheduler_it_is_said_in_a_sentence(job_and_place, dask, monkeypatch, address):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    job, place = job_and_place
    with pytest.raises(NoCluster, match=rf"No scheduler answers at {re.escape(address)} \(.+\): start one with"):
        list(cluster.grade_all(job, [place], address))


def test_that_there_is_no_scheduler_is_no_traceback(tmp_path, dask):
    here = course(tmp_path)
    hand_in(here, "ada")
    done = run(here, NAME, "--cluster", "scheduler", code=2)
    assert done.stderr.startswith("autograder: No scheduler answers at scheduler")
    assert "Traceback" not in done.stderr
    assert scores(here) == {}


def test_without_dask_it_is_said_what_to_install(job_and_place, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    job, place = job_and_place
    with pytest.raises(NoCluster, match=r"pip install '\.\[cluster\]'"):
        list(cluster.grade_all(job, [place], "tcp://127.0.0.1:1"))


def test_jobs_are_for_this_machine(tmp_path):
    done = run(course(tmp_path), NAME, "--cluster", "tcp://127.0.0.1:1", "--jobs", "2", code=2)
    assert "--jobs is for this machine" in done.stderr
