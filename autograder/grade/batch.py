"""Grade a class: several workers, each with its own warm process, and one writer.

The writer takes results as they come, each in three steps: the autograded notebook, the record, the gradebook. Each
step is whole or not at all, and a record holds what the last one needs, so that a run that was ended anywhere is taken
up again where it was, without grading anything twice.
"""

import contextlib
import gc
import hashlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.core.judge import prepare
from autograder.grade import sanitize
from autograder.grade.allowed import allowed_files
from autograder.grade.collect import TIMESTAMP, Place, Unreadable, take
from autograder.grade.gradebook import Gradebook
from autograder.grade.grader import Job, Result, blank, bug, grade, no_room
from autograder.grade.records import (
    NEED_A_PERSON,
    TO_BE_GRADED_AGAIN,
    WITHOUT_MARKS,
    Record,
    Records,
    write_whole,
)
from autograder.guest.server import die_with_parent
from autograder.sandbox.clock import MOST_WALL
from autograder.sandbox.fork_client import Zygote
from autograder.sandbox.launch import Door, NotStarted
from autograder.sandbox.process import Guest, GuestProcess

GRACE_SECONDS = 60.0
MEMORY = 6 * 2**30
TRIES = 2
AHEAD = 2


class Kitchen:
    """Where a worker's guests come from: a zygote, started anew when it has gone, or fresh processes."""

    def __init__(self, job: Job, sandboxed: bool, zygote: Zygote | None = None, door: Door | None = None) -> None:
        """Take a zygote's twin, or the door to one, if there is one; start nothing yet."""
        self._job = job
        self._sandboxed = sandboxed
        self._zygote = zygote
        self._door = door

    def start(self) -> None:
        """Start the zygote, where there is to be one, and let it run the cells with which every notebook begins.

        Raises
        ------
        NotStarted
        """
        if not self._sandboxed:
            tempfile.gettempdir()  # without one, no process could be started for anybody
        elif self._zygote is None:
            locked = [cell.source for cell in self._job.handed_out.cells.values() if cell.locked]
            zygote, self._door = Zygote(allowed_files(locked, self._job.assignment), door=self._door), None
            zygote.start()
            if self._job.opening:
                zygote.open_with(self._job.opening, self._job.seconds)
            self._zygote = zygote

    def twin(self) -> Zygote | None:
        """Return a twin of the zygote for another worker; None where that one has to start its own."""
        with contextlib.suppress(NotStarted):
            return self._zygote.twin() if self._zygote else None
        return None

    def guest(self) -> Guest:
        """Return a new guest.

        Raises
        ------
        NotStarted
        """
        if not self._sandboxed:
            return GuestProcess()
        self.start()
        assert self._zygote
        try:
            return self._zygote.guest()
        except NotStarted:
            self.stop()
            self.start()
            return self._zygote.guest()

    def stop(self) -> None:
        """End the zygote."""
        if self._zygote:
            self._zygote.stop()
            self._zygote = None


def work(
    connection: multiprocessing.connection.Connection,
    job: Job,
    sandboxed: bool,
    close: Sequence[int] = (),
    idle: float | None = None,
    zygote: Zygote | None = None,
) -> None:
    """Be a worker: take places, and give results, until nobody asks any more.

    Parameters
    ----------
    connection : to the writer; first goes out a `Ready`, then a `Result` for each `Place` that comes in
    job : what all are graded with
    sandboxed : whether students' code runs in the sandbox
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
    kitchen = Kitchen(job, sandboxed, zygote)
    try:
        kitchen.start()
        connection.send(Ready())
    except NotStarted as error:
        connection.send(Ready(str(error)))
    _bound_memory()
    try:
        while connection.poll(idle) and (place := connection.recv()) is not None:
            connection.send(grade(place, job, kitchen.guest))
    except (EOFError, OSError):
        pass
    finally:
        kitchen.stop()


def _bound_memory() -> None:
    """Keep what is read of a submission from taking all of the machine."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))


@dataclass(frozen=True)
class Ready:
    """A worker's first word: whether it can start students' processes, or why not."""

    why_not: str = ""


class Worker:
    """One worker, from the writer's side."""

    def __init__(self, job: Job, kitchen: Kitchen, sandboxed: bool, close: Sequence[int]) -> None:
        """Start it, with a twin of the zygote in the kitchen."""
        context = multiprocessing.get_context("fork")
        self.connection, theirs = context.Pipe()
        close, zygote = [*close, self.connection.fileno()], kitchen.twin()
        self.process = context.Process(target=work, args=(theirs, job, sandboxed, close, None, zygote), daemon=True)
        self.process.start()
        theirs.close()
        if zygote:
            zygote.let_go()
        self._seconds = most_seconds(job)
        self.places: deque[Place] = deque()
        self.deadline = float("inf")

    def give(self, place: Place) -> None:
        """Let it grade a submission, when it is done with the one that it has."""
        self.places.append(place)
        if len(self.places) == 1:
            self.deadline = time.monotonic() + self._seconds
        with contextlib.suppress(OSError):  # seen as an end of file later
            self.connection.send(place)

    def done(self) -> Place:
        """Note that it has given a result; return of which submission."""
        place = self.places.popleft()
        self.deadline = time.monotonic() + self._seconds if self.places else float("inf")
        return place

    def end(self, at_once: bool = False) -> int | None:
        """End it, and its zygote and guests with it; return its exit code, None where it did not end of itself."""
        with contextlib.suppress(OSError):
            self.connection.send(None)
        self.connection.close()
        self.process.join(0.0 if at_once else 0.5)
        code = self.process.exitcode
        if code is None:
            self.process.kill()
            self.process.join()
        return code


def most_seconds(job: Job) -> float:
    """Return how long a worker may take for one submission; its student is charged for less (`host.clock`)."""
    return job.budget * MOST_WALL + GRACE_SECONDS


def given_up(place: Place, job: Job, code: int | None) -> Result:
    """Return the result of a submission whose worker was lost each time.

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


def results(
    job: Job,
    todo: Sequence[Place],
    jobs: int,
    sandboxed: bool,
    close: Sequence[int] = (),
    door: Door | None = None,
) -> Iterator[Result]:
    """Grade submissions by several workers, and yield the results as they come.

    A worker that dies is replaced, and its submission tried once more. One for which the machine had no room is tried
    again after all others, with no other at its side.

    Parameters
    ----------
    job : what all are graded with
    todo : whose
    jobs : how many workers
    sandboxed : whether students' code runs in the sandbox
    close : descriptors that workers must not keep
    door : to a zygote that warms up already

    Raises
    ------
    NotStarted
        If no sandbox can be made here.
    """
    waiting, tries, alone = deque(todo), dict.fromkeys(todo, 0), set[Place]()
    kitchen, workers = Kitchen(job, sandboxed, door=door), list[Worker]()

    def fill() -> None:
        """Give each worker its next submission, and one to go on with while its result is written."""
        for ahead in range(AHEAD):
            for worker in workers:
                has_its_turn = waiting and (waiting[0] not in alone or not any(each.places for each in workers))
                if has_its_turn and len(worker.places) <= ahead:
                    worker.give(waiting.popleft())

    try:
        if todo:
            with ThreadPoolExecutor(1) as meanwhile:
                if len(todo) > jobs:  # else each worker computes what it needs
                    meanwhile.submit(_prepare, job)
                _ready(kitchen)
            gc.freeze()  # what workers share they need not look through
        workers += [Worker(job, kitchen, sandboxed, close) for _ in range(min(jobs, len(waiting)))]
        fill()
        while any(worker.places for worker in workers):
            ready = multiprocessing.connection.wait([worker.connection for worker in workers], timeout=1.0)
            for index, worker in enumerate(workers):
                late = time.monotonic() > worker.deadline
                if not worker.places or (worker.connection not in ready and not late):
                    continue
                try:
                    if worker.connection not in ready:
                        raise EOFError
                    said = worker.connection.recv()
                    if isinstance(said, Ready):
                        if said.why_not:
                            raise NotStarted(_refused(said.why_not))
                        continue
                    place = worker.done()
                    tries[place] += 1
                    again = said.record.outcome == "ungraded" and tries[place] < TRIES
                    if again:
                        alone.add(place)
                        waiting.append(place)
                    fill()
                    if not again:
                        yield said
                except (EOFError, OSError):
                    place, *later = worker.places
                    tries[place] += 1
                    again = tries[place] < TRIES and not late
                    waiting.extendleft(reversed([place, *later] if again else later))
                    code = worker.end(at_once=late)
                    workers[index] = Worker(job, kitchen, sandboxed, close)
                    fill()
                    if not again:
                        yield given_up(place, job, code)
    finally:
        for worker in workers:
            worker.end()
        kitchen.stop()
        gc.unfreeze()


def _prepare(job: Job) -> None:
    for exercise in job.assignment.exercises:
        prepare(exercise, job.seed)


def _ready(kitchen: Kitchen) -> None:
    """Start a kitchen.

    Raises
    ------
    NotStarted
        With what to do.
    """
    try:
        kitchen.start()
    except NotStarted as error:
        raise NotStarted(_refused(str(error))) from error


def _refused(why: str) -> str:
    return (
        f"{why}. Nothing was graded: `autograder doctor` says what is missing; "
        "--unsandboxed grades without, if you trust every submission"
    )


@dataclass
class Class:
    """The state of a class before a run.

    Attributes
    ----------
    todo : who is to be graded
    repair : records whose marks are not in the gradebook as they should be
    done : records that stand
    outdated : of these, how many were judged by other checks, another seed or another release than now
    """

    todo: list[Place] = field(default_factory=list)
    repair: list[Record] = field(default_factory=list)
    done: list[Record] = field(default_factory=list)
    outdated: int = 0


class Writer:
    """Where results are written, in the order that loses nothing."""

    def __init__(self, records: Records, gradebook: Gradebook, autograded: Path, source: Path) -> None:
        """Take the records, the gradebook, the folder of autograded notebooks, and that of the lecturer's own files."""
        self._records = records
        self._gradebook = gradebook
        self._autograded = autograded
        self._source = source

    def folder(self, student: str) -> Path:
        """Return where a student's autograded notebook lies."""
        return self._autograded / student / self._records.assignment

    def path(self, student: str) -> Path:
        """Return a student's autograded notebook."""
        return self.folder(student) / f"{self._records.assignment}.ipynb"

    def write(self, result: Result) -> None:
        """Write a result: the notebook, the record, the gradebook.

        Raises
        ------
        CannotWrite
        """
        record = result.record
        if result.notebook:
            path = self.path(record.student)
            for _ in sanitize.clear(path.parent, path.name, self._source):
                pass  # what nbgrader copied there before
            write_whole(path, result.notebook, 0o644)
            stamp = path.with_name(TIMESTAMP)
            if record.timestamp:
                write_whole(stamp, f"{record.timestamp}\n".encode(), 0o644)
            else:
                stamp.unlink(missing_ok=True)
        self._records.write(record)
        if record.outcome not in WITHOUT_MARKS:
            self._gradebook.write(record)

    def repair(self, record: Record) -> None:
        """Write the marks of a record again."""
        self._gradebook.write(record)

    def look(self, places: Sequence[Place], job: Job, force: bool) -> Class:
        """Find out who is to be graded, and whose marks did not reach the gradebook."""
        state, marks = Class(), self._gradebook.marks()
        now = blank(Place("", Path()), job)
        for place in places:
            record = None if force else self._records.find(place.student)
            if record is None or not self._stands(record, place):
                state.todo.append(place)
                continue
            in_force = record.outcome not in WITHOUT_MARKS
            if in_force and marks.get(place.student) != self._gradebook.wanted(record):
                state.repair.append(record)
            state.done.append(record)
            state.outdated += in_force and (record.checks, record.seed) != (now.checks, now.seed)
        return state

    def _stands(self, record: Record, place: Place) -> bool:
        """Tell whether a record is of the very file that lies there, and its autograded notebook is there."""
        if record.outcome in TO_BE_GRADED_AGAIN:
            return False
        try:
            file = take(place, self._records.assignment)
        except Unreadable as error:
            return record.outcome == "unreadable" and not record.sha256 and record.advice == str(error)
        if (record.sha256, record.notebook, record.timestamp) != (file.sha256, file.name, file.timestamp):
            return False
        if record.outcome == "unreadable":
            return True
        try:
            content = self.path(place.student).read_bytes()
        except OSError:
            return False
        # "" is what nbgrader wrote itself, by the plugin.
        return record.autograded in ("", hashlib.sha256(content).hexdigest())


def changes(old: dict[str, float | None], new: dict[str, float | None]) -> dict[str, tuple[Any, Any]]:
    """Return which marks would change: by cell, from what to what."""
    return {name: (old.get(name), new.get(name)) for name in {**old, **new} if old.get(name) != new.get(name)}


def exit_code(records: Sequence[Record]) -> int:
    """Return 0 where all are graded, and 1 where a person has to look at some."""
    return int(any(record.outcome in NEED_A_PERSON for record in records))
