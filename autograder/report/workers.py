"""Processes that read what students wrote, so that reports need not: parsing and rendering happen there.

Nothing of a student's is run. But a text can be made so that a parser takes for ever, or all memory: a worker is
bounded in both, sees no file and no network where the machine allows that, and one that does not come back is replaced.
What comes back is bytes.
"""

import contextlib
import ctypes
import json
import logging
import multiprocessing
import multiprocessing.connection
import os
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.guest.server import die_with_parent
from autograder.sandbox.clock import cores

_log = logging.getLogger(__name__)

SECONDS = 20.0
MEMORY = 3 * 2**30
MAX_BYTES = 256 * 2**20

_NEW_USER, _NEW_NET, _NEW_IPC, _NEW_MOUNTS = 0x10000000, 0x40000000, 0x08000000, 0x00020000

_METHOD = "fork" if sys.platform == "linux" else "spawn"

Work = Callable[[Mapping[str, Any], bytes], bytes]
"""Takes what is said about a file, and the file."""

Ready = Callable[[], object]


@dataclass(frozen=True)
class Asked:
    """One file to work on, and what to say about it (JSON types).

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
    """Bound the memory of this process, and take the network and every file from it where the machine allows that."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform == "linux" and ctypes.CDLL(None).unshare(_NEW_USER | _NEW_NET | _NEW_IPC | _NEW_MOUNTS) == 0:
        with contextlib.suppress(OSError):
            os.chroot(empty)
            os.chdir("/")
    die_with_parent()  # after the new rights, with which the kernel forgets an earlier wish


def _serve(connection: multiprocessing.connection.Connection, work: Work, ready: Ready, empty: str) -> None:
    """Be a worker, until nobody asks any more."""
    ready()
    _shut_in(empty)
    with contextlib.suppress(EOFError, OSError):
        while True:
            said, content = json.loads(connection.recv_bytes()), connection.recv_bytes()
            try:
                answer = b"+" + work(said, content)
            except Exception as error:  # noqa: BLE001  (whatever a parser says of a strange file; the parent is told)
                answer = b"-" + f"{type(error).__name__}: {error}"[:500].encode("utf-8", "replace")
            connection.send_bytes(answer)


class _Worker:
    def __init__(self, work: Work, ready: Ready, empty: str) -> None:
        context = multiprocessing.get_context(_METHOD)
        self.connection, theirs = context.Pipe()
        self.process: Any = context.Process(  # type: ignore[attr-defined]
            target=_serve, args=(theirs, work, ready, empty), daemon=True
        )
        self.process.start()
        theirs.close()
        self.asked: Asked | None = None
        self.deadline = 0.0

    def give(self, asked: Asked, seconds: float) -> None:
        content = b""
        if asked.path is not None:
            with asked.path.open("rb") as file:
                content = file.read(MAX_BYTES)
        self.asked, self.deadline = asked, time.monotonic() + seconds
        self.connection.send_bytes(json.dumps(asked.said).encode())
        self.connection.send_bytes(content)

    def end(self) -> None:
        self.connection.close()
        self.process.kill()
        self.process.join()


def _end(workers: Iterable[_Worker]) -> None:
    for worker in workers:
        worker.end()


def answers(
    asked: Iterable[Asked], work: Work, ready: Ready, jobs: int = 0, seconds: float = SECONDS
) -> Iterator[tuple[Asked, bytes | None]]:
    """Work on files in several processes, and yield what comes back, as it comes.

    Parameters
    ----------
    asked : the files
    work : done on each, in a worker; a function of a module
    ready : called before a worker is shut in, so that everything that `work` loads is loaded
    jobs : how many workers; 0 takes one for each core
    seconds : after which a worker is given up

    Yields
    ------
    what was asked, and the answer; None where `work` raised, or its process ended or did not come back
    """
    waiting = deque(asked)
    if not waiting:
        return
    if _METHOD == "fork":
        ready()
    with tempfile.TemporaryDirectory() as empty, contextlib.ExitStack() as stack:
        workers = [_Worker(work, ready, empty) for _ in range(min(jobs or cores(), len(waiting)))]
        stack.callback(_end, workers)
        while waiting or any(worker.asked for worker in workers):
            for worker in workers:
                if waiting and worker.asked is None:
                    with contextlib.suppress(BrokenPipeError, ConnectionError):  # seen as an end of file below
                        worker.give(waiting.popleft(), seconds)
            ready_now = multiprocessing.connection.wait([worker.connection for worker in workers], timeout=0.5)
            for index, worker in enumerate(workers):
                done = worker.asked
                if done is None or (worker.connection not in ready_now and time.monotonic() < worker.deadline):
                    continue
                answer = None
                if worker.connection in ready_now:
                    with contextlib.suppress(EOFError, OSError):
                        answer = worker.connection.recv_bytes(MAX_BYTES)
                if answer and answer.startswith(b"-"):
                    _log.warning("%s: %s", done.key, answer[1:].decode("utf-8", "replace"))
                if answer is None:
                    worker.end()
                    workers[index] = _Worker(work, ready, empty)
                worker.asked = None
                yield done, answer[1:] if answer and answer.startswith(b"+") else None
