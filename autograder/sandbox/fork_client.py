"""The client of the fork server: a warm process (zygote) that forks a guest for each submission."""

import contextlib
import json
import os
import select
import signal
import socket
import tempfile
from collections.abc import Mapping, Sequence
from typing import Self

from autograder.sandbox.cgroup import MemoryGroup
from autograder.sandbox.forked_guest import ForkedGuest, process_of
from autograder.sandbox.launch import PACKET, NotStarted, SandboxProcess, hear, memory_group, send
from autograder.sandbox.plan import Limits, course_message
from autograder.sandbox.process import CellResult, Ended, Guest

USERS = 8
"""Users of the machine in which the guests of one process take turns, so that none is that of one still dying."""
_GONE = "the process that starts the students' processes has gone"


class _PreambleChannel(Guest):
    """A zygote's twin while it runs the cells with which every notebook begins."""

    def __init__(self, channel: socket.socket, process: int) -> None:
        self._channel = channel
        self._process = process

    @property
    def process(self) -> int:
        """The machine's id of the twin."""
        return self._process

    def end(self) -> None:
        """Hang up."""
        self._channel.close()


class Zygote:
    """A warm process that holds nothing but the packages that a notebook may use, and forks guests.

    It serves one grading worker: guests are asked for one after the other. Another worker takes a `twin` of it. When
    the thread or the process that started the zygote goes, the kernel ends it with its twins and all guests.

    Attributes
    ----------
    limits : what a guest may use
    memory : the group that bounds its guests' memory; its `path` is None where this process may make none
    dying : handles of guests that have been killed, and may not be gone yet
    """

    memory: MemoryGroup

    def __init__(
        self,
        course: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        sandbox: SandboxProcess | None = None,
        packages: tuple[str, ...] = (),
    ) -> None:
        """Configure the files of the course that guests may import (`course_files`), and the limits of a guest.

        A sandbox is taken over that was started earlier, with its limits and packages.
        """
        self.limits = sandbox.limits if sandbox else limits or Limits()
        self.dying: list[int] = []
        self._course = dict(course or {})
        self._sandbox = sandbox
        self._packages = packages
        self._control: socket.socket | None = None
        self._handle: int | None = None
        self._ids: range | None = None
        self._users = range(0)
        self._count = 0
        self._blocks = 1
        self._groups: list[MemoryGroup] = []
        self._opened: Zygote | None = None
        self._preamble: list[tuple[str, CellResult]] = []

    def start(self) -> None:
        """Start the zygote, and send it the files of the course.

        Raises
        ------
        NotStarted
            With what this machine refused.
        """
        sandbox = self._sandbox = self._sandbox or SandboxProcess(self.limits, self._packages)
        self.memory, self._ids = sandbox.memory, sandbox.ids
        self._users = self._next_users()
        try:
            sandbox.wait_mapped()
            with tempfile.TemporaryFile() as file:
                file.write(json.dumps(course_message(self._course)).encode())
                file.seek(0)
                send(sandbox.control, {}, file)
            hear(sandbox.control, "ready")
        except NotStarted:
            self.stop()
            raise
        except OSError as error:
            self.stop()
            raise NotStarted(_GONE) from error
        self._control = sandbox.control

    def _next_users(self) -> range:
        """Return a block of user ids, as seen inside, that no twin has."""
        first = self._blocks
        self._blocks += USERS
        return range(first, first + USERS)

    def guest(self) -> ForkedGuest:
        """Fork a guest, which has run the preamble, if there is one.

        Raises
        ------
        NotStarted
        """
        if self._opened is None:
            return self.fresh_guest()
        guest = self._opened.fresh_guest()
        guest.preamble, guest.fresh = list(self._preamble), self.fresh_guest
        return guest

    def fresh_guest(self) -> ForkedGuest:
        """Fork a guest that has run nothing.

        Raises
        ------
        NotStarted
        """
        self._reap()
        channel, their_channel = socket.socketpair()
        status, their_status = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with their_channel, their_status:
            handle = self._asked("guest", their_channel, their_status)
        if handle is None:
            channel.close()
            status.close()
            raise NotStarted(_GONE)
        guest = ForkedGuest(self, channel, status, handle)
        self._count += 1
        uid = self._users[self._count % USERS] if self._ids else 0
        with contextlib.suppress(OSError):  # if it has gone already, the next line says why
            status.send(json.dumps({"uid": uid}).encode())
        guest.wait_until_ready()
        return guest

    def _asked(self, what: str, *theirs: socket.socket) -> int | None:
        """Ask for a process; return a handle of it, or None if nobody answers."""
        descriptors: list[int] = []
        with contextlib.suppress(OSError):
            if self._control:
                send(self._control, {"asked": what}, *theirs)
                _, descriptors, _, _ = socket.recv_fds(self._control, PACKET, 1)
        return descriptors[0] if descriptors else None

    def _copy(self, users: range, group: MemoryGroup) -> "Zygote":
        """Return a zygote whose process is forked from this one."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            handle = self._asked("twin", theirs)
        if handle is None:
            ours.close()
            raise NotStarted(_GONE)
        made = Zygote(self._course, self.limits, packages=self._packages)
        made._control, made._handle, made._ids, made._users, made.memory = ours, handle, self._ids, users, group
        if group is not self.memory:
            group.add(process_of(handle))
        return made

    def twin(self) -> "Zygote":
        """Fork a zygote with the same preamble for another worker; it ends with this one.

        Raises
        ------
        NotStarted
        """
        if self._ids and self._blocks + 2 * USERS > len(self._ids):
            raise NotStarted("there are no more users of the machine to give to students' processes")
        group = memory_group(self.limits)
        self._groups.append(group)
        made = self._copy(self._next_users(), group)
        if self._opened:
            made._opened, made._preamble = self._opened._copy(self._next_users(), group), self._preamble
        return made

    def run_preamble(self, sources: Sequence[str], seconds: float) -> bool:
        """Run the cells with which every notebook begins, as they were handed out, once for all guests.

        A guest whose notebook begins with these very cells is forked from a process that has run them; any other is
        not. Nothing is done where they fail, take too long, or leave behind what a fork does not hand on.

        Parameters
        ----------
        sources : of the cells
        seconds : for each

        Returns
        -------
        whether guests begin there from now on
        """
        try:
            made = self._copy(self._next_users(), self.memory)
        except NotStarted:
            return False
        ours, theirs = socket.socketpair()
        cells, preamble = _PreambleChannel(ours, process_of(made._handle or 0)), list[tuple[str, CellResult]]()
        try:
            with theirs, cells:
                assert made._control
                send(made._control, {"asked": "preamble"}, theirs)
                theirs.close()
                cells.wait_until_ready()
                preamble = [(source, cells.run(source, seconds)) for source in sources]
            hear(made._control, "opened", seconds)
        except (NotStarted, Ended, OSError):
            preamble = []
        if not preamble or any(ran.failure for _, ran in preamble):
            made.stop()
            return False
        self._opened, self._preamble = made, preamble
        return True

    def _reap(self) -> None:
        """Reap killed guests: wait until every process of theirs has gone."""
        while self.dying:
            handle = self.dying.pop()
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            poll.poll(10_000)
            os.close(handle)

    def close_handles(self) -> None:
        """Close the handles of a twin that another process has taken over."""
        for zygote in filter(None, (self, self._opened)):
            if zygote._control:
                zygote._control.close()
                zygote._control = None
            if zygote._handle is not None:
                os.close(zygote._handle)
                zygote._handle = None

    def stop(self) -> None:
        """End the zygote and every guest that is left. May be called twice."""
        if self._opened:
            self._opened.stop()
            self._opened = None
        if self._handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        self.close_handles()
        if self._sandbox:
            self._sandbox.close()
            self._sandbox = None
        self._reap()
        for group in self._groups:
            group.remove()
        self._groups = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
