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

from autograder.grade.records import Records
from tests.grading.classes import NAME, ROOT, course, full, hand_in, scores

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
