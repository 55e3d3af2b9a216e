"""Worker processes that parse and render students' files, so that the report's own process need not.

Nothing of a student's is run. But a text can be made so that a parser takes for ever, or all memory: a worker is
bounded in both, sees no file and no network where the machine allows that, and one that does not come back is replaced.
What comes back is bytes.
"""

import contextlib
import ctypes
import functools
import json
import logging
import multiprocessing
import multiprocessing.connection
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.grade import pool
from autograder.sandbox.child import bound_memory, die_with_parent
from autograder.sandbox.clock import cores

_log = logging.getLogger(__name__)

SECONDS = 20.0
MEMORY = 3 * 2**30
MAX_BYTES = 256 * 2**20

_NEW_USER, _NEW_NET, _NEW_IPC, _NEW_MOUNTS = 0x10000000, 0x40000000, 0x08000000, 0x00020000

_METHOD = "fork" if sys.platform == "linux" else "spawn"

Work = Callable[[Mapping[str, Any], bytes], bytes]
"""Takes what is said about a file, and the file."""

Preload = Callable[[], object]


@dataclass(frozen=True)
class Task:
    """One file to work on, with its context for the worker (JSON types).

    Attributes
    ----------
    key : whose it is
    said : for the worker
    path : the file; None for an empty one
    """

    key: str
    said: Mapping[str, Any] = field(default_factory=dict)
    path: Path | None = None


def _shut_in(empty: str) -> None:
    """Bound this process's memory, and cut off its network and files where the machine allows that."""
    bound_memory(MEMORY)
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform == "linux" and ctypes.CDLL(None).unshare(_NEW_USER | _NEW_NET | _NEW_IPC | _NEW_MOUNTS) == 0:
        with contextlib.suppress(OSError):
            os.chroot(empty)
            os.chdir("/")
    die_with_parent()  # after the new rights, with which the kernel forgets an earlier wish


def _serve(connection: multiprocessing.connection.Connection, work: Work, preload: Preload, empty: str) -> None:
    """Worker loop: answer until nobody asks any more."""
    preload()
    _shut_in(empty)
    with contextlib.suppress(EOFError, OSError):
        while True:
            said, content = json.loads(connection.recv_bytes()), connection.recv_bytes()
            try:
                answer = b"+" + work(said, content)
            except Exception as error:  # noqa: BLE001  (whatever a parser says of a strange file; the parent is told)
                answer = b"-" + f"{type(error).__name__}: {error}"[:500].encode("utf-8", "replace")
            connection.send_bytes(answer)


class ReadingWorker(pool.Worker):
    """A worker that reads files; bytes alone come back from it."""

    def send(self, task: Task) -> None:
        """Send a file and its context."""
        content = b""
        if task.path is not None:
            with task.path.open("rb") as file:
                content = file.read(MAX_BYTES)
        self.connection.send_bytes(json.dumps(task.said).encode())
        self.connection.send_bytes(content)

    def receive(self) -> bytes:
        """Return its answer."""
        return self.connection.recv_bytes(MAX_BYTES)

    def end(self, at_once: bool = True) -> int | None:
        """Kill the worker; it holds nothing that needs an orderly end."""
        return super().end(at_once=True)


def answers(
    tasks: Iterable[Task], work: Work, preload: Preload, jobs: int = 0, seconds: float = SECONDS
) -> Iterator[tuple[Task, bytes | None]]:
    """Process files in several workers, and yield each answer as it comes.

    Parameters
    ----------
    tasks : the files
    work : done on each, in a worker; a function of a module
    preload : called before a worker is shut in, so that everything that `work` loads is loaded
    jobs : how many workers; 0 takes one for each core
    seconds : after which a worker is given up

    Yields
    ------
    a task, and the answer; None where `work` raised, or its process ended or did not come back
    """
    waiting = list(tasks)
    if not waiting:
        return
    if _METHOD == "fork":
        preload()
    with tempfile.TemporaryDirectory() as empty:
        serve = functools.partial(_serve, work=work, preload=preload, empty=empty)
        start = functools.partial(ReadingWorker, multiprocessing.get_context(_METHOD), serve, seconds)
        for task, answer in pool.answers(waiting, start, jobs or cores()):
            answer = b"" if isinstance(answer, pool.Lost) else answer
            if answer.startswith(b"-"):
                _log.warning("%s: %s", task.key, answer[1:].decode("utf-8", "replace"))
            yield task, answer[1:] if answer.startswith(b"+") else None
