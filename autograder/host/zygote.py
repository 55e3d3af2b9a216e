"""A zygote, from the outside: a warm process that forks a guest for each submission in a few milliseconds."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from autograder.host.cgroup import MemoryGroup
from autograder.host.jail import ENVIRONMENT, MEBIBYTE, Limits, host_ids, plan
from autograder.host.process import START_SECONDS, Conversation, Ended, EndedByMemory, EndedByTime, NotStarted

_SCRIPT = Path(__file__).parents[1] / "guest" / "zygote.py"
_PACKET = 2**16
_OLDEST_KERNEL = (5, 14)  # since then the bound on processes counts those of one guest, not all of its user's


class ForkedGuest(Conversation):
    """A student's process in namespaces of its own, forked from a zygote."""

    def __init__(self, zygote: "Zygote", channel: socket.socket, status: socket.socket, handle: int) -> None:
        """Take our ends of its sockets, and a pidfd of the first process of its pid namespace."""
        self._zygote = zygote
        self._channel = channel
        self._status = status
        self._handle = handle
        self._kills = zygote.memory.kills()
        self._ended = False

    @property
    def process(self) -> int:
        """The machine's id of the first process of its pid namespace."""
        lines = Path(f"/proc/self/fdinfo/{self._handle}").read_text(encoding="ascii").splitlines()
        return int(next(line for line in lines if line.startswith("Pid:")).split()[1])

    def wait_until_ready(self) -> None:
        """Wait for its first word.

        Raises
        ------
        NotStarted
        """
        try:
            ready = self._answer(START_SECONDS, START_SECONDS)
        except Ended as ended:
            raise NotStarted(f"no process for the student's code came up: {ended}") from ended
        if ready != "ready":
            self.end()
            raise NotStarted("the process for the student's code did not say that it is ready")

    def _why_it_ended(self) -> Ended:
        self._status.settimeout(2.0)
        try:
            report = json.loads(self._status.recv(_PACKET) or b"{}")
        except (OSError, ValueError):
            report = {}
        limits = self._zygote.limits
        if "failed" in report:  # before any of the student's code has run
            return Ended(report["failed"])
        by_kernel = report.get("signal") == signal.SIGKILL and self._zygote.memory.kills() > self._kills
        if report.get("memory") or by_kernel:
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


class Zygote:
    """A warm process that holds nothing but the packages that a notebook may use, and forks guests.

    Made for one grading worker: guests are asked for one after the other, from the thread that started it. When that
    thread or its process goes, the kernel ends the zygote and all its guests.

    Attributes
    ----------
    limits : what a guest may use
    memory : the group that bounds its guests' memory; its `path` is None where this process may make none
    dying : handles of guests that have been killed, and may not be gone yet
    """

    def __init__(self, course: Mapping[str, str] | None = None, limits: Limits | None = None) -> None:
        """Take the files of the course that guests may import (`course_files`), and what a guest may use."""
        self.limits = limits or Limits()
        self.dying: list[int] = []
        self._course = dict(course or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._count = 0

    def start(self) -> None:
        """Start it.

        Raises
        ------
        NotStarted
            With what this machine refused.
        """
        if sys.platform != "linux":
            raise NotStarted("the sandbox needs Linux; elsewhere grade in a container or in WSL")
        release = os.uname().release
        if tuple(int(part) for part in release.split("-")[0].split(".")[:2]) < _OLDEST_KERNEL:
            raise NotStarted(f"the sandbox needs Linux 5.14 or later; this is {release}")
        self.memory = MemoryGroup(self.limits.memory_of_all + 256 * MEBIBYTE)  # the zygote itself is in it
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, tempfile.TemporaryFile() as file:
            file.write(json.dumps(plan(self.limits, self._course)).encode())
            file.seek(0)
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-B", str(_SCRIPT), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=file,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=ENVIRONMENT,
            )
        self.memory.add(self._process.pid)
        self._ids = host_ids(self._process.pid)
        try:
            self._hear("map")
            self._map_ids(self._process.pid)
            self._control.send(b"{}")
            self._hear("ready")
        except NotStarted:
            self.stop()
            raise
        except OSError as error:
            self.stop()
            raise NotStarted(f"no user namespace could be made for the students' code: {error.strerror}") from error

    def _hear(self, word: str) -> None:
        self._control.settimeout(START_SECONDS)
        try:
            message = json.loads(self._control.recv(_PACKET) or b"{}")
        except (OSError, ValueError):
            message = {}
        if word not in message:
            why = message.get("failed", "it ended, or did not answer")
            raise NotStarted(f"no sandbox could be made for the students' code: {why}")

    def _map_ids(self, process: int) -> None:
        """Say which of the machine's users the zygote's users are."""
        home = Path(f"/proc/{process}")
        more = f"\n1 {self._ids.start} {len(self._ids)}" if self._ids else ""
        if not self._ids:
            (home / "setgroups").write_text("deny")
        (home / "uid_map").write_text(f"0 {os.geteuid()} 1{more}")
        (home / "gid_map").write_text(f"0 {os.getegid()} 1{more}")

    def guest(self) -> ForkedGuest:
        """Fork a guest.

        Raises
        ------
        NotStarted
        """
        self._bury()
        channel, their_channel = socket.socketpair()
        status, their_status = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        descriptors: list[int] = []
        with their_channel, their_status, contextlib.suppress(OSError):
            self._control.settimeout(START_SECONDS)
            socket.send_fds(self._control, [b"{}"], [their_channel.fileno(), their_status.fileno()])
            _, descriptors, _, _ = socket.recv_fds(self._control, _PACKET, 1)
        if not descriptors:
            channel.close()
            status.close()
            raise NotStarted("the process that starts the students' processes has gone")
        guest = ForkedGuest(self, channel, status, descriptors[0])
        self._count += 1
        uid = 1 + self._count % len(self._ids) if self._ids else 0
        with contextlib.suppress(OSError):  # if it has gone already, the next line says why
            status.send(json.dumps({"uid": uid}).encode())
        guest.wait_until_ready()
        return guest

    def _bury(self) -> None:
        """Wait until the kernel has ended every process of the guests that were killed."""
        while self.dying:
            handle = self.dying.pop()
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            poll.poll(10_000)
            os.close(handle)

    def stop(self) -> None:
        """End it, and every guest that is left. May be called twice."""
        if self._process:
            self._control.close()
            self._process.kill()
            self._process.wait()
            self._process = None
            self._bury()
            self.memory.remove()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
