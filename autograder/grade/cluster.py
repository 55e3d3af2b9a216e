"""Grade a class on more than one machine: submissions go to a Dask cluster, and results come back to one writer.

What is handed in is taken on this side, with all care (`collect.take`), so that the machines need no file system in
common: a task holds the bytes of one notebook, and its answer is the bytes of a record and of an autograded notebook
(`cluster_worker.packed`), which are held against what was asked before anything is written.

A submission whose worker is lost goes to another one; Dask sees to that. Nothing is written but by the caller.
"""

import contextlib
import json
import logging
import pickle
import queue
import time
import uuid
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from autograder.errors import AutograderError
from autograder.grade.batch import given_up
from autograder.grade.cluster_worker import end_here, grade_here, job_here
from autograder.grade.collect import CarriedSubmission, SubmissionFolder, Unreadable, take
from autograder.grade.grader import Job, Result, blank
from autograder.grade.records import OUTCOMES, TO_BE_GRADED_AGAIN, Record, checks_digits

CONNECT_SECONDS = 10.0
WAIT_SECONDS = 60.0
"""How long a run waits for a first worker, or for another one when all are gone."""
LOOK_SECONDS = 2.0
AHEAD = 3
"""So many submissions are under way for each thread of the cluster, so that none waits for this side."""


class NoCluster(AutograderError):
    """An error of the cluster: it cannot grade, or cannot be reached; the message says what to do."""


def sendable(job: Job) -> Job:
    """Return the same job as one that can be pickled."""
    return replace(job, known=dict(job.known), releases=dict(job.releases))


def unpacked(content: bytes, place: CarriedSubmission, job: Job) -> Result:
    """Unpack a worker's result, and check that it answers the request.

    Raises
    ------
    NoCluster
        If that worker cannot grade, judges by other checks than this machine, or says what is no answer.
    """
    try:
        length = int.from_bytes(content[:8], "big")
        row = json.loads(content[8 : 8 + length])
        worker, checks, why, fields = (row[name] for name in ("worker", "checks", "why", "record"))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NoCluster(
            f"A worker sent what is no result ({error}): see that all machines have this release."
        ) from error
    if why:
        raise NoCluster(
            f"The worker {worker} cannot grade: {why}. `autograder doctor` there says what is missing; end that worker "
            "or mend its machine, and start again. What is graded stays graded"
        )
    if checks != checks_digits():
        raise NoCluster(
            f"The worker {worker} judges by other checks than this machine ({checks}, here {checks_digits()}): "
            "install the same release of backprop-course there, start it again, and grade again."
        )
    notebook = content[8 + length :]
    expected = blank(place, job)
    try:
        record = Record(**fields)
        asked = (expected.student, expected.assignment, expected.seed, expected.schema, place.file.beside)
        said = (record.student, record.assignment, record.seed, record.schema, record.beside)
        its_own = record.sha256 in [each.sha256 for each in place.file.notebooks]
        fits = record.outcome in OUTCOMES and record.has_marks == bool(notebook)
    except TypeError as error:
        raise NoCluster(f"The worker {worker} sent no record ({error}): see that it has this release.") from error
    if not fits or ((said != asked or not its_own) and record.outcome not in TO_BE_GRADED_AGAIN):
        raise NoCluster(f"The worker {worker} answered what it was not asked: end it, and start again.")
    return Result(replace(record, student=expected.student, assignment=expected.assignment), notebook)


def grade_all(job: Job, todo: Sequence[SubmissionFolder], address: str) -> Iterator[Result]:
    """Grade submissions on a cluster, and yield the results as they come, each once.

    Parameters
    ----------
    job : what all are graded with
    todo : whose
    address : of the scheduler, such as tcp://10.0.0.5:8786

    Raises
    ------
    NoCluster
    """
    if todo:
        with _connected(address) as client:
            yield from _ClusterRun(client, job, todo).results()


@contextlib.contextmanager
def _connected(address: str) -> Iterator[Any]:
    """Hold a connection to a scheduler.

    Raises
    ------
    NoCluster
    """
    import asyncio

    try:
        from distributed import Client, Security
        from distributed.comm import connect
    except ImportError as error:
        raise NoCluster(
            "Dask is not installed here: in a checkout of the course, run pip install '.[cluster]'."
        ) from error
    for name in ("distributed", "distributed.client", "distributed.core", "distributed.batched"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what it says is said here in a sentence

    async def knock() -> None:
        """Find out whether a scheduler is there; a `Client` that does not find one takes long to give up."""
        said = await connect(address, timeout=CONNECT_SECONDS, **Security().get_connection_args("client"))
        await said.close()

    try:
        asyncio.run(knock())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that versions differ: `checks` decides whether they matter
            client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False, name="autograder")
    except Exception as error:  # who answers at a wrong port may say anything
        raise NoCluster(
            f"No scheduler answers at {address} ({str(error)[:200] or type(error).__name__}): start one with "
            "`dask scheduler`, see that its port can be reached from here, and name it as it says itself, "
            "tcp://HOST:8786 or tls://HOST:8786."
        ) from error
    try:
        yield client
    finally:
        client.close(timeout=5)


class _ClusterRun:
    """The submissions of a run that a cluster is to grade."""

    def __init__(self, client: Any, job: Job, todo: Sequence[SubmissionFolder]) -> None:
        """Prepare a run over a connection to the scheduler; send nothing yet."""
        self._client = client
        self._run = uuid.uuid4().hex
        self._job = job
        self._waiting = deque(todo)
        self._underway: dict[str, tuple[Any, CarriedSubmission]] = {}
        self._done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._threads = 0
        self._looked = -LOOK_SECONDS
        self._alone_since = 0.0

    def results(self) -> Iterator[Result]:
        """Yield them as they come.

        Raises
        ------
        NoCluster
        """
        job = self._client.submit(job_here, pickle.dumps(sendable(self._job)), key=f"job-{self._run}", pure=False)
        try:
            while self._waiting or self._underway:
                self._look()
                yield from self._send(job)
                with contextlib.suppress(queue.Empty):
                    future = self._done.get(timeout=LOOK_SECONDS)
                    _, place = self._underway.pop(future.key)
                    yield self._result(future, place)
                    future.release()
        finally:
            with contextlib.suppress(OSError, RuntimeError):  # the connection may be what failed
                self._client.sync(self._client.run, end_here, self._run, on_error="ignore", callback_timeout=5)

    def _look(self) -> None:
        """Find out from time to time how many threads there are to grade, and whether there are any."""
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        try:
            self._threads = sum(self._client.nthreads().values())
        except (OSError, RuntimeError) as error:
            raise self._lost("does not answer any more: start it again") from error
        self._alone_since = 0.0 if self._threads else self._alone_since or now
        if self._alone_since and now - self._alone_since > WAIT_SECONDS:
            raise self._lost("has no workers: start some with `dask worker`")

    def _send(self, job: Any) -> Iterator[Result]:
        """Send as many as the cluster can take, and yield the results of those that cannot be sent."""
        while self._waiting and len(self._underway) < max(1, AHEAD * self._threads):
            place = self._waiting.popleft()
            try:
                carried = CarriedSubmission(place.student, place.folder, file=take(place, self._job.assignment.name))
            except Unreadable as error:
                yield Result(replace(blank(place, self._job), outcome="unreadable", advice=str(error)))
                continue
            key = f"grade-{self._run}-{uuid.uuid4().hex}"
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that a notebook is large
                future = self._client.submit(grade_here, self._run, job, carried, key=key, pure=False, retries=0)
            self._underway[key] = future, carried
            future.add_done_callback(self._done.put)

    def _result(self, future: Any, place: CarriedSubmission) -> Result:
        try:
            return unpacked(future.result(), place, self._job)
        except NoCluster:
            raise
        except Exception as error:
            name = type(error).__name__
            if name == "KilledWorker":
                return given_up(place, self._job, None)
            if future.status in ("cancelled", "lost") or isinstance(error, OSError):
                raise self._lost("does not answer any more: start it again") from error
            raise NoCluster(
                f"A worker could not run the grader ({name}: {str(error)[:200]}): install the same release, "
                "with its extra `cluster`, on every machine of the cluster, and start again."
            ) from error

    def _lost(self, what: str) -> NoCluster:
        return NoCluster(
            f"The scheduler {self._client.scheduler.address} {what}, and grade again. What is graded stays graded."
        )
