"""What a student's processes are charged for: the time in which they compute, and the time in which they only wait.

What else the machine does costs nobody anything: a process that could run and is not let has its time stand still.
"""

import os
import sys
import time
from collections.abc import Callable

from autograder.guest.wire import TimedOut
from autograder.host.door import NotStarted

LOOK_SECONDS = 0.2
MOST_WALL = 10.0
"""So many times as long as a process may be charged for is waited for it."""
_IDLE = 0.05
RUNNING = ("running", "disk-sleep") if sys.platform == "linux" else ()
"""What a process is that could compute if it were let; macOS calls all of them so."""


class TooSlow(NotStarted):
    """The machine was so busy that what a process was asked did not come to an end; nothing is said of the student."""


class Clock:
    """Patience with a student's process and all that it has started (`wire.Patience`).

    Looks at the processes only where an answer takes long; up to the first look all time counts.

    Attributes
    ----------
    charged : seconds so far
    """

    def __init__(self, process: Callable[[], int], seconds: float, waiting_counts: bool = True) -> None:
        """Start it.

        Parameters
        ----------
        process : returns the machine's id of the first process
        seconds : that it may be charged for
        waiting_counts : whether the time counts in which it could compute and does not
        """
        self._waiting_counts = waiting_counts
        self._process = process
        self._seconds = seconds
        self._started = self._looked = time.monotonic()
        self._waits_until = float("inf")
        self._computed: float | None = None
        self._charged = 0.0

    @property
    def charged(self) -> float:
        """Seconds so far; what came since the last look counts."""
        return self._charged + min(time.monotonic() - self._looked, LOOK_SECONDS)

    def resume(self) -> None:
        """Go on from now: what has passed since the last look was not the process's time."""
        self._looked, self._waits_until = time.monotonic(), float("inf")

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
        waited = now >= self._waits_until  # in vain, since the last call
        if now - self._looked >= LOOK_SECONDS:
            self._look(now, waited)
        if self.charged >= self._seconds:
            raise TimedOut
        if now - self._started > MOST_WALL * self._seconds + LOOK_SECONDS:
            raise TooSlow(f"in {now - self._started:.0f} seconds it could compute for {self._charged:.1f} only")
        wait = min(LOOK_SECONDS, self._seconds - self.charged)
        self._waits_until = now + wait
        return wait

    def _look(self, now: float, waited: bool) -> None:
        passed, before = now - self._looked, self._computed
        self._looked = now
        self._computed, running = processor_time(self._process())
        if self._computed is None or before is None:
            self._charged += passed
            return
        computed = max(self._computed - before, 0.0)
        idle = self._waiting_counts and waited and not running and computed < _IDLE * passed
        self._charged += passed if idle else min(computed, passed)


def cores() -> int:
    """Return on how many cores this process may run."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor_time(process: int) -> tuple[float | None, bool]:
    """Return the processor time of a process and of all that it has started, and whether one of them could run now.

    Parameters
    ----------
    process : the machine's id of the first one; 0 where it has gone

    Returns
    -------
    seconds, None where the machine does not tell; and a bool
    """
    if not process:
        return None, False
    import psutil  # type: ignore[import-untyped]  # only where something takes long

    total, running = None, False
    try:
        first = psutil.Process(process)
        family = [first, *first.children(recursive=True)]
    except psutil.Error:
        return None, False
    for one in family:
        try:
            with one.oneshot():
                total = (total or 0.0) + sum(one.cpu_times()[:4])
                running = running or one.status() in RUNNING
        except psutil.Error:  # it has just ended
            continue
    return total, running
