"""The first process of a sandbox: it makes namespaces and warms up as a zygote, in parallel to its host.

Loads nothing but the standard library, so that it can be started before anything else is loaded.
"""

import json
import os
import socket
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from autograder.errors import AutograderError
from autograder.sandbox.cgroup import MemoryGroup
from autograder.sandbox.child import start_python
from autograder.sandbox.plan import ENVIRONMENT, MEBIBYTE, Limits, host_ids, plan

START_SECONDS = 60.0
PACKET = 2**16
_SCRIPT = Path(__file__).parents[1] / "guest" / "fork_server.py"
_OLDEST_KERNEL = (5, 14)  # since then the bound on processes counts those of one guest, not all of its user's


class NotStarted(AutograderError):
    """An error of the machine, not the student's: no process could be started for the student's code."""


def send(control: socket.socket, message: Mapping[str, Any], *files: IO[bytes] | socket.socket) -> None:
    """Send a message with files to a zygote."""
    control.settimeout(START_SECONDS)
    socket.send_fds(control, [json.dumps(message).encode()], [each.fileno() for each in files])


def hear(control: socket.socket, word: str, seconds: float = START_SECONDS) -> None:
    """Wait for a message of a zygote that has a given key.

    Raises
    ------
    NotStarted
        With what it says instead.
    """
    control.settimeout(seconds)
    try:
        message = json.loads(control.recv(PACKET) or b"{}")
    except (OSError, ValueError):
        message = {}
    if word not in message:
        why = message.get("failed", "it ended, or did not answer")
        raise NotStarted(f"no sandbox could be made for the students' code: {why}")


def memory_group(limits: Limits) -> MemoryGroup:
    """Return a memory group for a zygote and its guests."""
    return MemoryGroup(limits.memory_of_all + 256 * MEBIBYTE)


class SandboxProcess:
    """Handle to a sandbox process that is still starting.

    The kernel ends it when the thread that made it goes.

    Attributes
    ----------
    limits : what a guest may use
    process : it
    control : what it is spoken to over
    memory : the group that it is in
    ids : the machine's users that its guests may be; None where this process may not give any
    """

    def __init__(self, limits: Limits, packages: tuple[str, ...] = ()) -> None:
        """Start the process, and map its user ids in a thread.

        Parameters
        ----------
        limits : what a guest may use
        packages : distributions that a notebook may import besides (`plan`)

        Raises
        ------
        NotStarted
            Where there can be none.
        """
        if sys.platform != "linux":
            raise NotStarted("the sandbox needs Linux; elsewhere grade in a container or in WSL")
        release = os.uname().release
        if tuple(int(part) for part in release.split("-")[0].split(".")[:2]) < _OLDEST_KERNEL:
            raise NotStarted(f"the sandbox needs Linux 5.14 or later; this is {release}")
        self.limits = limits
        self.memory = memory_group(limits)
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, tempfile.TemporaryFile() as file:
            file.write(json.dumps(plan(limits, packages)).encode())
            file.seek(0)
            script = ("-I", "-S", "-B", str(_SCRIPT))
            self.process = start_python(script, theirs, stdin=file, cwd="/", env=ENVIRONMENT)
        self.memory.add(self.process.pid)
        self.ids = host_ids(self.process.pid)
        self._refused: NotStarted | None = None
        # It asks who its users are while this thread may be loading modules.
        self._thread = threading.Thread(target=self._give_users, daemon=True)
        self._thread.start()

    def _give_users(self) -> None:
        try:
            hear(self.control, "map")
            self._map_ids()
            send(self.control, {})
        except NotStarted as error:
            self._refused = error
        except OSError as error:
            self._refused = NotStarted(f"no user namespace could be made for the students' code: {error.strerror}")

    def _map_ids(self) -> None:
        """Write the id maps of the zygote's user namespace."""
        home = Path(f"/proc/{self.process.pid}")
        more = f"\n1 {self.ids.start} {len(self.ids)}" if self.ids else ""
        if not self.ids:
            (home / "setgroups").write_text("deny")
        (home / "uid_map").write_text(f"0 {os.geteuid()} 1{more}")
        (home / "gid_map").write_text(f"0 {os.getegid()} 1{more}")

    def wait_mapped(self) -> None:
        """Wait until its user ids are mapped.

        Raises
        ------
        NotStarted
            With what this machine refused.
        """
        self._thread.join()
        if self._refused:
            raise self._refused

    def close(self) -> None:
        """End the process and all its descendants. May be called twice."""
        self.process.kill()
        self.process.wait()
        self._thread.join()  # which hears at once that nobody is there
        self.control.close()
        self.memory.remove()
