"""The worker's side of a Dask cluster: a task grades one submission, in a process beside the Dask worker.

Each thread of a Dask worker has a process beside it that grades, with a zygote and a sandbox of its own, the same as on
one machine (`batch.work`). The Dask worker itself never looks into a notebook.
"""

import contextlib
import json
import os
import pickle
import socket
import subprocess
import sys
import threading
from dataclasses import asdict
from multiprocessing.connection import Connection
from typing import Any

from autograder.grade.batch import TRIES, WorkerReady, given_up, most_seconds, work
from autograder.grade.collect import CarriedSubmission
from autograder.grade.grader import Job, Result
from autograder.grade.records import checks_digits
from autograder.sandbox.child import start_python

START_SECONDS = 120.0
IDLE_SECONDS = 120.0
"""After so long without work a grading process ends by itself: then whoever gave it work has gone."""


class UnfitMachine(Exception):
    """An error of one machine of the cluster: it cannot grade; the message says why."""


class GradingProcess:
    """A process beside a Dask worker that grades one submission after the other.

    The Dask worker itself never looks into a notebook, and a student's process is two processes away from it.
    """

    def __init__(self, job: Job) -> None:
        """Start the process; the kernel ends it and its guests with the starting thread, or with the Dask worker.

        Raises
        ------
        Unfit
        """
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = start_python(("-P", "-m", __name__), theirs, stdout=None, stderr=None)
        self._connection = Connection(ours.detach())
        try:
            self._connection.send(job)
            said = (
                self._connection.recv() if self._connection.poll(START_SECONDS) else WorkerReady("it did not come up")
            )
        except (EOFError, OSError):
            said = WorkerReady("the process that grades ended at once; its machine's log says why")
        if said.why_not:
            self.end()
            raise UnfitMachine(said.why_not)

    @property
    def running(self) -> bool:
        """Whether the process is still running."""
        return self._process.poll() is None

    def grade(self, place: CarriedSubmission, seconds: float) -> Result:
        """Grade a submission.

        Raises
        ------
        EOFError, OSError
            If it ended meanwhile.
        TimeoutError
        """
        self._connection.send(place)
        if not self._connection.poll(seconds):
            raise TimeoutError
        said: Result = self._connection.recv()
        return said

    def end(self) -> int | None:
        """End the process with its zygote and guests; return its exit code, None if it had to be killed.

        May be called twice.
        """
        self._connection.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.5)
        code = self._process.returncode
        self._process.kill()
        self._process.wait()
        return code


_graders: dict[tuple[str, int], GradingProcess] = {}
"""By run and thread. The kernel ends a grader with the thread that started it, so each thread has its own."""


def _grader(run: str, job: Job) -> GradingProcess:
    mine = (run, threading.get_ident())
    for key in [key for key, grader in list(_graders.items()) if not grader.running]:
        if gone := _graders.pop(key, None):
            gone.end()
    if mine not in _graders:
        _graders[mine] = GradingProcess(job)
    return _graders[mine]


def _here() -> str:
    from distributed import get_worker

    return str(get_worker().address)


def grade_here(run: str, job: Job, place: CarriedSubmission) -> bytes:
    """Dask task: grade one submission on this machine and return the packed result; never raise for its content.

    Parameters
    ----------
    run : which run this is
    job : what all are graded with
    place : the submission
    """
    code = None
    for _ in range(TRIES):
        try:
            grader = _grader(run, job)
        except UnfitMachine as error:
            return packed(None, _here(), why=str(error))
        try:
            return packed(grader.grade(place, most_seconds(job)), _here())
        except TimeoutError:
            grader.end()
            break
        except (EOFError, OSError):
            code = grader.end()
    return packed(given_up(place, job, code), _here())


def end_here(run: str) -> None:
    """End the processes of a run on this machine."""
    for key in [key for key in list(_graders) if key[0] == run]:
        if grader := _graders.pop(key, None):
            grader.end()


def job_here(job: bytes) -> Job:
    """Dask task: unpickle the job, which each worker gets once."""
    found: Job = pickle.loads(job)  # made by the lecturer's own process, as the tasks themselves
    return found


def serve(descriptor: int) -> None:
    """Worker loop of the process beside a Dask worker."""
    connection: Connection[Any, Any] = Connection(descriptor)
    with contextlib.suppress(EOFError, OSError):
        work(connection, connection.recv(), idle=IDLE_SECONDS)


def packed(result: Result | None, worker: str, why: str = "") -> bytes:
    """Return a result as bytes: the length of a JSON object, the object, the notebook.

    Parameters
    ----------
    result : None where this machine cannot grade
    worker : the address of the Dask worker
    why : it cannot
    """
    row = {"worker": worker, "checks": checks_digits(), "why": why, "record": asdict(result.record) if result else None}
    head = json.dumps(row).encode()
    return len(head).to_bytes(8, "big") + head + (result.notebook if result else b"")


if __name__ == "__main__":
    # By its own name, so that what is sent is of the module that the others know.
    from autograder.grade import cluster_worker

    os.environ.setdefault("OMP_NUM_THREADS", "1")
    cluster_worker.serve(int(sys.argv[1]))
