"""A trusted process's own children: how they are started, and bounds on their lifetime and their memory."""

import contextlib
import ctypes
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def die_with_parent() -> None:
    """Ask Linux to kill this process when its parent has gone."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1 is PR_SET_PDEATHSIG


def address_space() -> int:
    """Return the bytes of address space that this process has now; 0 where the machine does not tell."""
    with contextlib.suppress(ImportError, OSError):
        import resource

        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    return 0


def bound_memory(most: int) -> None:
    """Bound the address space of this process, where the machine can."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        ceiling = resource.getrlimit(resource.RLIMIT_AS)[1]
        bound = most if ceiling == resource.RLIM_INFINITY else min(most, ceiling)
        resource.setrlimit(resource.RLIMIT_AS, (bound, ceiling))


def start_python(arguments: Sequence[str], theirs: socket.socket, **more: Any) -> subprocess.Popen[bytes]:
    """Start a Python that inherits a socket, whose number is its last argument, and by default no standard stream.

    Parameters
    ----------
    arguments : the options and the program
    theirs : the socket
    more : what else `subprocess.Popen` is to do
    """
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    command = [sys.executable, *arguments, str(theirs.fileno())]
    return subprocess.Popen(command, pass_fds=[theirs.fileno()], **{**streams, **more})
