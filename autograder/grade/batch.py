"""Grade a class: several workers, each with its own warm process."""

import contextlib
import functools
import gc
import multiprocessing
import multiprocessing.connection
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from autograder.core.judge import prepare
from autograder.grade import pool
from autograder.grade.collect import SubmissionFolder
from autograder.grade.grader import Job, Result, blank, bug, grade_submission, no_room
from autograder.grade.guests import GuestFactory
from autograder.sandbox.child import bound_memory, die_with_parent
from autograder.sandbox.clock import MOST_WALL
from autograder.sandbox.fork_client import Zygote
from autograder.sandbox.launch import NotStarted, SandboxProcess

GRACE_SECONDS = 60.0
MEMORY = 6 * 2**30
"""Bytes of address space of one worker, so that no submission takes all of the machine."""
TRIES = 2
AHEAD = 2
"""So many submissions a worker has at a time, so that it goes on while a result is written."""


def work(
    connection: multiprocessing.connection.Connection,
    job: Job,
    close: Sequence[int] = (),
    idle: float | None = None,
    zygote: Zygote | None = None,
) -> None:
    """Worker loop: grade each submission that comes in, until nobody asks any more.

    Parameters
    ----------
    connection : to the writer; first goes out a `WorkerReady`, then a `Result` for each submission that comes in
    job : what all are graded with
    close : descriptors that it must not keep
    idle : after so many seconds without work it ends as well
    zygote : a twin of one that is there already
    """
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for descriptor in close:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    factory = GuestFactory(job, zygote)
    try:
        factory.start()
        connection.send(WorkerReady())
    except NotStarted as error:
        connection.send(WorkerReady(str(error)))
    bound_memory(MEMORY)
    try:
        while connection.poll(idle) and (place := connection.recv()) is not None:
            connection.send(grade_submission(place, job, factory.guest))
    except (EOFError, OSError):
        pass
    finally:
        factory.stop()


@dataclass(frozen=True)
class WorkerReady:
    """A worker's first message: whether it can start students' processes, or why not."""

    why_not: str = ""


class GradingWorker(pool.Worker):
    """A worker that grades."""

    def __init__(self, job: Job, factory: GuestFactory, close: Sequence[int]) -> None:
        """Start the worker, with a twin of the factory's zygote."""
        zygote = factory.twin()
        serve = functools.partial(work, job=job, close=close, zygote=zygote)
        super().__init__(multiprocessing.get_context("fork"), serve, most_seconds(job))
        if zygote:
            zygote.close_handles()

    def receive(self) -> Any:
        """Return a result; None for its first message.

        Raises
        ------
        NotStarted
            If it can start no student's process.
        """
        said = self.connection.recv()
        if isinstance(said, WorkerReady):
            if said.why_not:
                raise NotStarted(_refused(said.why_not))
            return None
        return said


def most_seconds(job: Job) -> float:
    """Return how long a worker may take for one submission; its student is charged for less (`sandbox.clock`)."""
    return job.budget * MOST_WALL + GRACE_SECONDS


def given_up(place: SubmissionFolder, job: Job, code: int | None) -> Result:
    """Return the result of a submission at which every worker that tried was lost.

    Parameters
    ----------
    place : whose
    job : what it was graded with
    code : the worker's exit code, negative for a signal; None where it did not come back in time
    """
    if code in (None, -signal.SIGKILL):  # as the kernel does where memory is short
        what = "ended each time by the machine" if code else "not done in time"
        return Result(no_room(blank(place, job), f"the process that grades it was {what}"))
    return Result(bug(blank(place, job), f"the process that grades it ended each time, with code {code}"))


def grade_all(
    job: Job,
    todo: Sequence[SubmissionFolder],
    jobs: int,
    close: Sequence[int] = (),
    sandbox: SandboxProcess | None = None,
) -> Iterator[Result]:
    """Grade submissions by several workers, and yield the results as they come.

    A worker that dies is replaced, and its submission tried once more. One for which the machine had no room is tried
    again after all others, with no other at its side.

    Parameters
    ----------
    job : what all are graded with
    todo : whose
    jobs : how many workers
    close : descriptors that workers must not keep
    sandbox : one that is starting already

    Raises
    ------
    NotStarted
        If no sandbox can be made here.
    """
    factory = GuestFactory(job, sandbox=sandbox)

    def again(place: SubmissionFolder, answer: Result | pool.Lost, tries: int) -> bool:
        failed = not answer.late if isinstance(answer, pool.Lost) else answer.record.outcome == "ungraded"
        return failed and tries < TRIES

    try:
        if todo:
            if job.sandboxed:
                _ = factory.course_files  # parsed while there is one thread: CPython 3.11 parses in one at a time
            with ThreadPoolExecutor(1) as meanwhile:
                if len(todo) > jobs:  # else each worker computes what it needs
                    meanwhile.submit(_prepare, job)
                _ready(factory)
            gc.freeze()  # what workers share they need not look through
        start = functools.partial(GradingWorker, job, factory, close)
        for place, answer in pool.answers(todo, start, jobs, AHEAD, again):
            yield given_up(place, job, answer.code) if isinstance(answer, pool.Lost) else answer
    finally:
        factory.stop()
        gc.unfreeze()


def _prepare(job: Job) -> None:
    for exercise in job.assignment.exercises:
        prepare(exercise, job.seed)


def _ready(factory: GuestFactory) -> None:
    """Start a factory of guests.

    Raises
    ------
    NotStarted
        With what to do.
    """
    try:
        factory.start()
    except NotStarted as error:
        raise NotStarted(_refused(str(error))) from error


def _refused(why: str) -> str:
    return (
        f"{why}. Nothing was graded: `autograder doctor` says what is missing; "
        "--unsandboxed grades without, if you trust every submission"
    )
