"""A pool of worker processes, for grading as for reports: tasks go out, answers come back, the lost are replaced."""

import contextlib
import multiprocessing.connection
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Lost:
    """The answer in the place of a lost worker's: its exit code, or None, and whether it was too late."""

    code: int | None
    late: bool


class Worker:
    """One worker process, from the side of its parent.

    Attributes
    ----------
    connection : to it
    tasks : numbers of the tasks that it has, the one under way first
    deadline : when it must have answered
    """

    def __init__(self, context: BaseContext, serve: Callable[..., None], seconds: float) -> None:
        """Start a process that serves one end of a connection.

        Parameters
        ----------
        context : how processes are started
        serve : what runs in it, with its end of the connection
        seconds : for one task
        """
        self.connection, theirs = context.Pipe()
        self.process: Any = context.Process(  # type: ignore[attr-defined]
            target=_serve, args=(serve, theirs, self.connection), daemon=True
        )
        self.process.start()
        theirs.close()
        self._seconds = seconds
        self.tasks: deque[int] = deque()
        self.deadline = float("inf")

    def give(self, number: int, task: Any) -> None:
        """Queue a task behind those that the worker has."""
        self.tasks.append(number)
        if len(self.tasks) == 1:
            self.deadline = time.monotonic() + self._seconds
        with contextlib.suppress(ConnectionError):  # seen as an end of file later
            self.send(task)

    def send(self, task: Any) -> None:
        """Encode a task and send it to the worker."""
        self.connection.send(task)

    def receive(self) -> Any:
        """Return the worker's next answer; None for a message that is no answer.

        Raises
        ------
        EOFError, OSError
            If it has ended.
        """
        return self.connection.recv()

    def done(self) -> int:
        """Note that the task under way is done, and return its number."""
        number = self.tasks.popleft()
        self.deadline = time.monotonic() + self._seconds if self.tasks else float("inf")
        return number

    def end(self, at_once: bool = False) -> int | None:
        """End the worker and its children; return its exit code, None if it had to be killed."""
        if not at_once:
            with contextlib.suppress(OSError):
                self.connection.send(None)
        self.connection.close()
        self.process.join(0.0 if at_once else 0.5)
        code: int | None = self.process.exitcode
        if code is None:
            self.process.kill()
            self.process.join()
        return code


def _serve(serve: Callable[..., None], connection: Connection, other: Connection) -> None:
    other.close()
    serve(connection)


def answers(
    tasks: Sequence[T],
    start: Callable[[], Worker],
    jobs: int,
    ahead: int = 1,
    again: Callable[[T, Any, int], bool] = lambda task, answer, tries: False,
) -> Iterator[tuple[T, Any]]:
    """Run tasks in several workers, and yield each with its answer, in the order of completion.

    Parameters
    ----------
    tasks : in order
    start : starts a worker
    jobs : how many workers at most
    ahead : how many tasks a worker may have at a time
    again : whether a task is tried once more, from its answer and how often it was tried: after a loss at once, after
        an answer when all others are done, with no other at its side

    Yields
    ------
    a task and its answer, which is `Lost` where its worker did not give one
    """
    waiting, tries, alone = deque(range(len(tasks))), Counter[int](), set[int]()
    workers: list[Worker] = []

    def fill() -> None:
        for already in range(ahead):
            for worker in workers:
                has_its_turn = waiting and (waiting[0] not in alone or not any(each.tasks for each in workers))
                if has_its_turn and len(worker.tasks) <= already:
                    number = waiting.popleft()
                    worker.give(number, tasks[number])

    try:
        workers += [start() for _ in range(min(jobs, len(waiting)))]
        fill()
        while any(worker.tasks for worker in workers):
            ready = multiprocessing.connection.wait([worker.connection for worker in workers], timeout=0.5)
            for index, worker in enumerate(workers):
                late = time.monotonic() > worker.deadline
                if not worker.tasks or (worker.connection not in ready and not late):
                    continue
                try:
                    if worker.connection not in ready:
                        raise EOFError
                    answer = worker.receive()
                    if answer is None:
                        continue
                    number = worker.done()
                    tries[number] += 1
                    if once_more := again(tasks[number], answer, tries[number]):
                        alone.add(number)
                        waiting.append(number)
                except (EOFError, OSError):
                    number, *later = worker.tasks
                    answer = Lost(worker.end(at_once=late), late)
                    tries[number] += 1
                    once_more = again(tasks[number], answer, tries[number])
                    waiting.extendleft(reversed([number, *later] if once_more else later))
                    workers[index] = start()
                fill()
                if not once_more:
                    yield tasks[number], answer
    finally:
        for worker in workers:
            worker.end()
