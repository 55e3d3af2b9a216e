"""A disk that is full, a gradebook that cannot be written, a database that somebody holds: said, and taken up later.

Nothing is pretended: the disk is a small file system in memory, and the read-only gradebook lies on a mount that is.
Both are made in a namespace of the command's own, which an ordinary user may have too.
"""

import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell

from autograder.core.check import questions
from autograder.course_file import assignments_of
from autograder.grade.records import Records
from autograder.sandbox.cgroup import MemoryGroup
from autograder.sandbox.plan import MEBIBYTE
from tests.grading.classes import NAME, ROOT, Change, cell, course, full, hand_in, notebook, scores

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs mounts of Linux")


def in_own_mounts(script: str, seconds: float = 300) -> subprocess.CompletedProcess:
    """Run a shell script in a mount namespace of its own."""
    own = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
    words = ["unshare", *own, "--mount", "--propagation", "private", "sh", "-ec", script]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=seconds)
    if "unshare failed" in done.stderr or "permission denied" in done.stderr.lower():
        if os.environ.get("REQUIRE_ALL") == "1":
            pytest.fail(done.stderr)
        pytest.skip(f"no mounts here: {done.stderr}")
    return done


def grading(folder: Path) -> str:
    words = [sys.executable, "-m", "autograder.cli", "grade", NAME, "--unsandboxed", "--jobs", "1"]
    return shlex.join([*words, "--course-dir", str(folder)])


@pytest.fixture
def here(tmp_path):
    found = course(tmp_path)
    for student in ("ada", "bob", "eve"):
        hand_in(found, student)
    return found


@pytest.mark.parametrize(("kept_free", "said"), [(0, "the disk is full: make room"), (24, "make room|disk is full")])
def test_a_disk_that_is_full_is_said_and_the_run_is_taken_up_when_there_is_room(here, tmp_path, kept_free, said):
    small = tmp_path / "small-disk"
    shutil.copytree(here, tmp_path / "copy")
    small.mkdir()
    out = tmp_path / "said"
    script = f"""
        mount -t tmpfs -o size=2m,mode=755 tmpfs {small}
        cp -r {here}/. {small}
        dd if=/dev/zero of={small}/filler bs=1k count=100000 2>/dev/null || true
        truncate -s $(($(stat -c %s {small}/filler) - {kept_free} * 1024)) {small}/filler
        code=0; {grading(small)} >{out}.1 2>&1 || code=$?; echo $code >{out}.code
        ls -A {small}/.autograder/{NAME}/records 2>/dev/null | grep -v json && exit 7 || true
        rm {small}/filler
        {grading(small)} >{out}.2 2>&1
        cp -r {small}/. {tmp_path}/after
    """
    done = in_own_mounts(script)
    first = (tmp_path / "said.1").read_text()
    assert done.returncode == 0, done.stderr + first + (tmp_path / "said.2").read_text()
    assert (tmp_path / "said.code").read_text() == "2\n", first
    assert any(part in " ".join(first.split()) for part in said.split("|")), first
    assert "Traceback" not in first
    assert scores(tmp_path / "after") == {student: full() for student in ("ada", "bob", "eve")}


def test_a_gradebook_on_a_read_only_disk_is_said_before_anything_is_graded(here, tmp_path):
    out = tmp_path / "said"
    book = here / "gradebook.db"
    script = f"""
        mount --bind {book} {book}
        mount -o remount,bind,ro {book}
        code=0; {grading(here)} >{out}.1 2>&1 || code=$?; echo $code >{out}.code
        umount {book}
        {grading(here)} >{out}.2 2>&1
    """
    records = here / ".autograder" / NAME / "records"
    done = in_own_mounts(script.replace("umount", f"ls {records} >{out}.records 2>/dev/null || true; umount"))
    first = " ".join((tmp_path / "said.1").read_text().split())
    assert done.returncode == 0, done.stderr + first + (tmp_path / "said.2").read_text()
    assert (tmp_path / "said.code").read_text() == "2\n", first
    assert "cannot be written: attempt to write a readonly database; put that right and start again" in first
    assert (tmp_path / "said.records").read_text() == ""
    assert scores(here)["eve"] == full()


def test_a_database_that_another_process_holds_for_long_is_said_and_the_run_is_taken_up(here):
    wait = "import autograder.grade.gradebook as g; g.WAIT_SECONDS = 1.0; import autograder.cli; autograder.cli.main()"
    command = [sys.executable, "-c", wait, "grade", NAME, "--unsandboxed", "--jobs", "1", "--course-dir", str(here)]
    holder = sqlite3.connect(here / "gradebook.db", isolation_level=None)
    holder.execute("begin exclusive")
    started = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    holder.execute("rollback")
    holder.close()
    assert done.returncode == 2
    assert "database is locked" in done.stderr
    assert "Traceback" not in done.stderr
    assert time.monotonic() - started < 90
    assert list(Records(here, NAME).all()) == []
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert scores(here)["ada"] == full()


# --- a small or busy machine is no wrong student ----------------------------------------------------------------------


def hungry(megabytes: int) -> Change:
    """Return how to add a cell of a student's own that holds so much memory for a while."""

    def change(notebook):
        source = f"held = np.ones({megabytes * 2**17})\nsum(float(x) for x in held[:2_000_000])"
        notebook.cells.insert(notebook.cells.index(cell(notebook, "setup")) + 1, new_code_cell(source))

    return change


def in_a_group(megabytes: int, *words: str) -> subprocess.CompletedProcess:
    """Run a command in a control group that has so much memory for all of it."""
    group = MemoryGroup(megabytes * MEBIBYTE)
    if group.path is None:
        pytest.skip(group.why)
    try:
        script = 'echo $$ >"$0"/cgroup.procs && exec "$@"'
        command = ["sh", "-c", script, str(group.path), *words]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    finally:
        group.remove()


def sandboxed(folder: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "autograder.cli", "grade", NAME, "--course-dir", str(folder), *more]


@pytest.mark.slow
@pytest.mark.parametrize(("room", "needed"), [(600, 350), (600, 0), (600, 800), (250, 300)])
def test_with_little_memory_a_right_notebook_is_right_or_waits(tmp_path, zygote, room, needed):
    here = course(tmp_path)
    for number in range(6):
        hand_in(here, f"s{number}", notebook(here, change=hungry(needed) if needed else None))
    done = in_a_group(room, *sandboxed(here, "--jobs", "2"))
    assert done.returncode in (0, 1, 2), done.stderr
    assert "Traceback" not in done.stderr
    records = list(Records(here, NAME).all())
    assert {record.outcome for record in records} <= {"graded", "ungraded"}, done.stdout
    for record in records:
        assert record.score == (6.0 if record.outcome == "graded" else None)
    assert "took more than" not in done.stdout
    if needed + 200 < room:
        assert [record.outcome for record in records] == ["graded"] * 6
    elif needed > room:
        assert all("no memory left" in record.advice for record in records)
    again = subprocess.run(sandboxed(here), cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert again.returncode == 0, again.stdout
    assert scores(here) == {f"s{number}": full() for number in range(6)}


@pytest.mark.slow
def test_what_takes_too_much_by_its_own_limit_is_told_so_in_a_small_group_too(tmp_path, zygote):
    here = course(tmp_path)
    source = "def compute_dW2(dZ2, A1):\n    held = [np.ones(2**17) for _ in range(10**6)]\n    return held"
    hand_in(here, "ada", notebook(here, {"compute_dW2": source}))
    assert in_a_group(4000, *sandboxed(here)).returncode == 0
    record = Records(here, NAME).find("ada")
    assert {row["mistake"] for row in record.verdicts} == {None, "out-of-memory"}
    assert record.score == 4.0


COMPUTING = """def compute_dW2(dZ2, A1):
    end = time.process_time() + 0.3
    while time.process_time() < end:
        pass
    return dZ2 @ A1.T / dZ2.shape[1]
"""


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize(
    ("copies", "where"),
    [(8, ()), (8, ("--unsandboxed",)), pytest.param(300, (), marks=[pytest.mark.nightly, pytest.mark.hours])],
)
def test_while_others_keep_all_cores_busy_right_notebooks_get_full_marks(tmp_path, zygote, copies, where):
    here = course(tmp_path)
    calls = len(questions(assignments_of(here)[NAME].exercise("compute_dW2"), 0))
    for number in range(copies):
        hand_in(here, f"s{number}", notebook(here, {"compute_dW2": f"import time\n{COMPUTING}"}))
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(4)]
    try:
        limit = str(0.3 * calls + 0.8)
        done = subprocess.run(sandboxed(here, "--timeout", limit, *where), cwd=ROOT, capture_output=True, text=True)
    finally:
        for each in busy:
            each.kill()
            each.wait()
    assert done.returncode == 0, done.stdout + done.stderr
    assert scores(here) == {f"s{number}": full() for number in range(copies)}
