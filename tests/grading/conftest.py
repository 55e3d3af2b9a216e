"""Zygotes and guests for the tests, and a way to run tests as an ordinary user of the machine."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from autograder.sandbox.course_files import course_files
from autograder.sandbox.fork_client import Zygote
from autograder.sandbox.forked_guest import ForkedGuest
from autograder.sandbox.launch import NotStarted
from autograder.sandbox.plan import MEBIBYTE, Limits

ROOT = Path(__file__).parents[2]
NOBODY = 65534
SECRET = "the-seed-of-the-run-is-20261122"

SMALL = Limits(
    memory=256 * MEBIBYTE,
    memory_of_all=384 * MEBIBYTE,
    disk=8 * MEBIBYTE,
    file=4 * MEBIBYTE,
    processes=24,
    open_files=64,
    cpu_seconds=30,
)


def started(zygote: Zygote) -> Zygote:
    """Start a zygote; where this machine gives no sandbox there is nothing to test."""
    try:
        zygote.start()
    except NotStarted as error:
        if os.environ.get("REQUIRE_ALL") == "1":
            raise
        pytest.skip(str(error))
    return zygote


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """A zygote that allows some parts of the course, started by a process that has a secret in its environment."""
    os.environ["SECRET"] = SECRET
    course = course_files(ROOT / "course_lib", ["arrays", "datasets", "data", "gradient_checking", "plotting"])
    made = started(Zygote(course, SMALL))
    yield made
    made.stop()


@pytest.fixture
def guest(zygote: Zygote) -> Iterator[ForkedGuest]:
    made = zygote.guest()
    yield made
    made.end()


def run_as_nobody(command: Sequence[str], environment: dict[str, str], seconds: float) -> subprocess.CompletedProcess:
    """Run a command as a user without any right, from a process that is root.

    Where the interpreter lies in a directory that only root may enter, the command sees it through a mount of its own.
    """
    assert os.getuid() == 0
    inner = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]
    prefix = Path(sys.base_prefix)
    closed = next((p for p in reversed(prefix.parents) if p != Path("/") and not p.stat().st_mode & 0o001), None)
    if closed is not None:
        steps = [
            f"h=$(mktemp -d) && mount --bind {shlex.quote(str(prefix))} $h",
            f"mount -t tmpfs -o mode=755 tmpfs {shlex.quote(str(closed))}",
            f"mkdir -p {shlex.quote(str(prefix))} && mount --bind $h {shlex.quote(str(prefix))}",
            f"exec {shlex.join(inner)}",
        ]
        inner = ["unshare", "--mount", "--propagation", "private", "sh", "-c", " && ".join(steps)]
    return subprocess.run(inner, env=environment, capture_output=True, text=True, timeout=seconds, check=False, cwd="/")


@pytest.fixture
def needs_root() -> None:
    if os.getuid() != 0 or not shutil.which("setpriv") or not shutil.which("unshare"):
        if os.environ.get("REQUIRE_ALL") == "1" and os.getuid() == 0:
            pytest.fail("setpriv and unshare of util-linux are missing")
        pytest.skip("only root can become another user")
