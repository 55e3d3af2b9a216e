"""Grade a class: several workers, each with its own warm process, and one writer.

The writer takes results as they come, each in three steps: the autograded notebook, the record, the gradebook. Each
step is whole or not at all, and a record holds what the last one needs, so that a run that was ended anywhere is taken
up again where it was, without grading anything twice.
"""

import contextlib
import hashlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.grade.allowed import allowed_files
from autograder.grade.gradebook import Gradebook
from autograder.grade.grader import Job, Result, blank, grade
from autograder.grade.handed_in import TIMESTAMP, Place, Unreadable, take
from autograder.grade.records import NEED_A_PERSON, WITHOUT_MARKS, Record, Records, write_whole
from autograder.guest.child import die_with_parent
from autograder.host.process import Guest, GuestProcess, NotStarted
from autograder.host.zygote import Zygote

GRACE_SECONDS = 60.0
MEMORY = 6 * 2**30
TRIES = 2


class Kitchen:
    """Where a worker's guests come from: its own zygote, started anew when it has gone, or fresh processes."""

    def __init__(self, job: Job, sandboxed: bool) -> None:
        """Start nothing yet."""
        locked = [cell.source for cell in job.handed_out.cells.values() if cell.locked]
        self._course = allowed_files(locked, job.assignment)
        self._sandboxed = sandboxed
        self._zygote: Zygote | None = None

    def start(self) -> None:
        """Start the zygote, where there is to be one.

        Raises
        ------
        NotStarted
        """
        if self._sandboxed and self._zygote is None:
            zygote = Zygote(self._course)
            zygote.start()
            self._zygote = zygote

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


def _work(connection: multiprocessing.connection.Connection, job: Job, sandboxed: bool, close: Sequence[int]) -> None:
    """Be a worker: take places, and give results, until nobody asks any more."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for descriptor in close:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    kitchen = Kitchen(job, sandboxed)
    try:
        kitchen.start()
        connection.send(Ready())
    except NotStarted as error:
        connection.send(Ready(str(error)))
    _bound_memory()
    try:
        while (place := connection.recv()) is not None:
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

    def __init__(self, job: Job, sandboxed: bool, close: Sequence[int]) -> None:
        """Start it."""
        context = multiprocessing.get_context("fork")
        self.connection, theirs = context.Pipe()
        close = [*close, self.connection.fileno()]
        self.process = context.Process(target=_work, args=(theirs, job, sandboxed, close), daemon=True)
        self.process.start()
        theirs.close()
        self.place: Place | None = None
        self.deadline = 0.0

    def give(self, place: Place, seconds: float) -> None:
        """Let it grade a submission."""
        self.place, self.deadline = place, time.monotonic() + seconds
        self.connection.send(place)

    def end(self) -> None:
        """End it; its zygote and guests go with it."""
        with contextlib.suppress(OSError):
            self.connection.send(None)
        self.connection.close()
        self.process.join(0.5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def results(job: Job, todo: Sequence[Place], jobs: int, sandboxed: bool, close: Sequence[int] = ()) -> Iterator[Result]:
    """Grade submissions by several workers, and yield the results as they come.

    A worker that dies is replaced, and its submission tried once more; then it is a grader-error.

    Parameters
    ----------
    job : what all are graded with
    todo : whose
    jobs : how many workers
    sandboxed : whether students' code runs in the sandbox
    close : descriptors that workers must not keep

    Raises
    ------
    NotStarted
        If no sandbox can be made here.
    """
    waiting, tries = deque(todo), dict.fromkeys(todo, 0)
    allowed = job.budget + GRACE_SECONDS
    workers = [Worker(job, sandboxed, close) for _ in range(min(jobs, len(waiting)))]
    try:
        while waiting or any(worker.place for worker in workers):
            for worker in workers:
                if waiting and worker.place is None:
                    tries[waiting[0]] += 1
                    with contextlib.suppress(OSError):
                        worker.give(waiting.popleft(), allowed)
            ready = multiprocessing.connection.wait([worker.connection for worker in workers], timeout=1.0)
            for index, worker in enumerate(workers):
                place = worker.place
                late = time.monotonic() > worker.deadline
                if place is None or (worker.connection not in ready and not late):
                    continue
                try:
                    if worker.connection not in ready:
                        raise EOFError
                    said = worker.connection.recv()
                    if isinstance(said, Ready):
                        if said.why_not:
                            raise NotStarted(
                                f"{said.why_not}. Nothing was graded: `autograder doctor` says what is missing; "
                                "--unsandboxed grades without, if you trust every submission"
                            )
                        continue
                    worker.place = None
                    yield said
                except (EOFError, OSError):
                    worker.place = None
                    worker.process.kill()
                    worker.end()
                    workers[index] = Worker(job, sandboxed, close)
                    if tries[place] < TRIES and not late:
                        waiting.appendleft(place)
                    else:
                        advice = (
                            "The process that graded it ended, twice, or did not come back. Report it; grade again."
                        )
                        yield Result(replace(blank(place, job), outcome="grader-error", advice=advice))
    finally:
        for worker in workers:
            worker.end()


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

    def __init__(self, records: Records, gradebook: Gradebook, autograded: Path) -> None:
        """Take the records, the gradebook and the folder of autograded notebooks."""
        self._records = records
        self._gradebook = gradebook
        self._autograded = autograded

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
        if record.outcome == "grader-error":
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
