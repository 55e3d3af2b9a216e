"""The clock of a student's processes: charge computing and waiting, not time stolen by the machine.

What else the machine does costs nobody anything: a process that could run and is not let has its time stand still.
"""

import contextlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from autograder.protocol.wire import TimedOut
from autograder.sandbox.launch import NotStarted

LOOK_SECONDS = 0.2
MOST_WALL = 10.0
"""So many times as long as a process may be charged for is waited for it."""


class TooSlow(NotStarted):
    """An error of the machine: it was too busy for a process to finish; nothing follows for the student."""


class Clock:
    """The patience with a student's process and its descendants (`wire.Patience`).

    Looks at the processes only where an answer takes long; up to the first look all time counts.

    Attributes
    ----------
    charged : seconds so far
    """

    def __init__(self, process: Callable[[], int], seconds: float, waiting_counts: bool = True) -> None:
        """Start the clock.

        Parameters
        ----------
        process : returns the machine's id of the first process
        seconds : that it may be charged for
        waiting_counts : whether the time counts in which it could compute and does not
        """
        self._waiting_counts = waiting_counts
        self._process = process
        self._seconds = seconds
        self._most = MOST_WALL * (1 if waiting_counts else 3) * seconds + LOOK_SECONDS
        self._started = self._looked = time.monotonic()
        self._listens_since: float | None = None
        self._listened = 0.0
        self._before: Used | None = None
        self._charged = 0.0

    @property
    def charged(self) -> float:
        """The seconds charged so far, with those since the last look."""
        return self._charged + min(time.monotonic() - self._looked, LOOK_SECONDS)

    def resume(self) -> None:
        """Resume the clock: do not charge the time since the last look."""
        self._looked, self._listens_since, self._listened = time.monotonic(), None, 0.0

    def left(self) -> float:
        """Return for how many seconds to wait before asking again.

        Raises
        ------
        wire.TimedOut
            If the processes have used up their time.
        TooSlow
            If they have not, and still have come to no end in many times as long.
        """
        now = time.monotonic()
        if self._listens_since is not None:
            self._listened += now - self._listens_since
        if now - self._looked >= LOOK_SECONDS:
            self._look(now)
        if self.charged >= self._seconds:
            raise TimedOut
        if now - self._started > self._most:
            raise TooSlow(f"in {now - self._started:.0f} seconds it could compute for {self._charged:.1f} only")
        self._listens_since = time.monotonic()
        return min(LOOK_SECONDS, self._seconds - self.charged)

    def _look(self, now: float) -> None:
        """Charge for the time since the last look: all that was computed, and all in which this side has listened.

        But not for the time in which a process could have run and was not let.
        """
        passed, listened, before = now - self._looked, self._listened, self._before
        self._looked, self._listened, self._before = now, 0.0, used_by(self._process())
        if before is None or self._before is None:
            self._charged += passed
            return
        computed = min(max(self._before.computed - before.computed, 0.0), passed)
        kept_back = self._before.reads or (self._before.queued is None and self._before.runs)
        if kept_back or not self._waiting_counts:
            self._charged += computed
        else:
            queued = max((self._before.queued or 0.0) - (before.queued or 0.0), 0.0)
            self._charged += max(computed, listened - queued)


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Used(NamedTuple):
    """The resources that processes have used so far.

    Attributes
    ----------
    computed : seconds of processor time
    queued : seconds in which they could have run and were not let; None where the machine does not tell
    runs : whether one of them could run now
    reads : whether one waits for a disk, as all do that have been swapped out
    """

    computed: float
    queued: float | None
    runs: bool
    reads: bool


def used_by(process: int) -> Used | None:
    """Return the resources used by a process and its descendants; None where the machine does not tell.

    Parameters
    ----------
    process : the machine's id of the first one; 0 where it has gone
    """
    if not process:
        return None
    import psutil  # type: ignore[import-untyped]  # only where something takes long

    found = list[Used]()
    try:
        first = psutil.Process(process)
        family = [first, *first.children(recursive=True)]
    except psutil.Error:
        return None
    for one in family:
        with contextlib.suppress(psutil.Error), one.oneshot():  # it may have just ended
            status = one.status() if sys.platform == "linux" else ""  # on macOS nearly all are said to run
            runs, reads = status == psutil.STATUS_RUNNING, status == psutil.STATUS_DISK_SLEEP
            found.append(Used(sum(one.cpu_times()[:4]), _queued(one.pid), runs, reads))
    if not found:
        return None
    waits = [each.queued for each in found if each.queued is not None]
    return Used(
        sum(each.computed for each in found),
        sum(waits) if waits else None,
        any(each.runs for each in found),
        any(each.reads for each in found),
    )


def _queued(process: int) -> float | None:
    """Return the seconds for which a process's threads have waited for a processor; None where unknown."""
    total = 0.0
    try:
        for thread in Path(f"/proc/{process}/task").iterdir():
            ran, waited, _ = (thread / "schedstat").read_text(encoding="ascii").split()
            if ran == "0":  # the kernel does not count
                return None
            total += int(waited) / 1e9
    except (OSError, ValueError):
        return None
    return total
