"""A student's process that was forked from a zygote, from the outside."""

import contextlib
import functools
import json
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.sandbox.cgroup import kills_of_the_machine
from autograder.sandbox.launch import PACKET, START_SECONDS, NotStarted
from autograder.sandbox.plan import MEBIBYTE
from autograder.sandbox.process import CellResult, Ended, EndedByMemory, EndedByTime, Guest

if TYPE_CHECKING:
    from autograder.sandbox.fork_client import Zygote


def process_of(handle: int) -> int:
    """Return the machine's id of a process by its pidfd; 0 where it has gone."""
    lines = Path(f"/proc/self/fdinfo/{handle}").read_text(encoding="ascii").splitlines()
    return max(int(next(line for line in lines if line.startswith("Pid:")).split()[1]), 0)


class ForkedGuest(Guest):
    """A student's process in namespaces of its own, forked from a zygote.

    Attributes
    ----------
    preamble : cells that it has run before it was forked, and what came of each
    fresh : returns a guest that has run nothing, which takes its place where a notebook begins otherwise
    """

    def __init__(self, zygote: "Zygote", channel: socket.socket, status: socket.socket, handle: int) -> None:
        """Wrap our ends of its sockets, and a pidfd of the first process of its pid namespace."""
        self._zygote = zygote
        self._channel = channel
        self._status = status
        self._handle = handle
        self._before = self._memory_events()
        self._ended = False
        self.preamble: list[tuple[str, CellResult]] = []
        self.fresh = zygote.fresh_guest
        self._begun: list[tuple[str, CellResult]] = []
        self._begin: Callable[[], None] = lambda: None

    @property
    def process(self) -> int:
        """The machine's id of the first process of its pid namespace; 0 where it has gone."""
        return process_of(self._handle)

    def _memory_events(self) -> tuple[int, int, int]:
        """Count OOM kills in the group and on the machine, and how often the group was full."""
        memory = self._zygote.memory
        return memory.kills(), memory.reached(), kills_of_the_machine()

    def run(self, source: str, seconds: float) -> CellResult:
        """Run one cell.

        Raises
        ------
        Ended, NotStarted
        """
        if self.preamble and self.preamble[0][0] == source:
            first, *self.preamble = self.preamble
            self._begun.append(first)
            return first[1]
        self._leave_preamble()
        return super().run(source, seconds)

    def begin(self, files: Mapping[str, bytes | None], worth: Mapping[str, float], blocked: Sequence[str]) -> None:
        """Make ready for the cells of a notebook, also where another process takes the place of this one."""
        self._begin = functools.partial(super().begin, files, worth, blocked)
        self._begin()

    def _leave_preamble(self) -> None:
        """Replace the process by a fresh one if the notebook leaves the preamble before its end."""
        if self.preamble:
            self.preamble = []
            self.end()
            other = self.fresh()
            self._zygote, self._channel, self._status = other._zygote, other._channel, other._status
            self._handle, self._before, self._ended = other._handle, other._before, False
            self._begin()
            for source, _ in self._begun:
                super().run(source, START_SECONDS)

    def _why_it_ended(self) -> Ended | NotStarted:
        self._status.settimeout(2.0)
        try:
            report = json.loads(self._status.recv(PACKET) or b"{}")
        except (OSError, ValueError):
            report = {}
        limits = self._zygote.limits
        if "failed" in report:  # before any of the student's code has run
            return Ended(report["failed"])
        pairs = zip(self._memory_events(), self._before, strict=True)
        killed, full, killed_anywhere = (now > before for now, before in pairs)
        by_kernel = report.get("signal") == signal.SIGKILL or not report
        if by_kernel and killed_anywhere and not (killed and full):
            return NotStarted("the machine had no memory left, and the kernel ended the student's process")
        if report.get("memory") or (by_kernel and killed):
            most = limits.memory_of_all // MEBIBYTE
            return EndedByMemory(f"it and what it had started took more than {most} MiB of memory")
        if report.get("no_room"):
            return EndedByMemory(f"it took more than {limits.memory // MEBIBYTE} MiB of memory")
        if report.get("signal") == signal.SIGXCPU or report.get("cpu_seconds", 0) >= limits.cpu_seconds:
            return EndedByTime(f"it computed for longer than {limits.cpu_seconds} seconds")
        if report.get("signal"):
            known = {number.value: number.name for number in signal.Signals}
            name = known.get(report["signal"], f"signal {report['signal']}")
            return Ended(f"the student's process was ended by {name}")
        if report.get("code") is not None:
            return Ended(f"the student's process exited with code {report['code']}")
        return super()._why_it_ended()

    def end(self) -> None:
        """Kill the first process of its namespace, and with it all others. May be called twice."""
        if not self._ended:
            self._ended = True
            self._channel.close()
            self._status.close()
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            self._zygote.dying.append(self._handle)
