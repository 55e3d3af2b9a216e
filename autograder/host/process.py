"""One student's process, from the outside."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder.guest import wire
from autograder.guest.evaluate import Failure, Outcome, plain

START_SECONDS = 60.0


class Ended(Exception):
    """The student's process is gone, and with it everything that it had computed."""


class EndedByTime(Ended):
    """It was ended because it took too long."""


def _served(function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    """Answer a call of the guest; what it sent may be anything, so every complaint becomes a Failure."""
    try:
        return plain(function(*arguments))
    except Exception as error:
        return Failure(type(error).__name__, str(error)[:300])


class NotStarted(Exception):
    """No process could be started for the student's code: the machine's fault, not the student's."""


class GuestProcess:
    """A fresh Python process that runs a notebook's cells and evaluates its functions.

    Its standard streams lead nowhere, its working directory is empty and its environment holds no secrets. It is a
    session of its own, so that ending it ends what it started there; what it moved into yet another session lives on.
    """

    def __init__(self) -> None:
        """Start the process.

        Raises
        ------
        NotStarted
            If it does not come up.
        """
        if os.name == "nt":
            raise NotStarted(
                "judging a notebook in a process of its own needs Linux or macOS; on Windows use WSL, "
                "or run the checks inside the notebook"
            )
        self._home = tempfile.TemporaryDirectory(prefix="guest-", ignore_cleanup_errors=True)
        ours, theirs = socket.socketpair()
        self._channel = ours
        home = self._home.name
        environment = {
            "HOME": home,
            "IPYTHONDIR": home,
            "LANG": "C.UTF-8",
            "MPLBACKEND": "Agg",
            "MPLCONFIGDIR": home,
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "PATH": os.defpath,
            "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        }
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "autograder.guest.child", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=home,
                env=environment,
                start_new_session=True,
            )
        try:
            ready = self._answer(START_SECONDS, START_SECONDS) == "ready"
        except Ended as error:
            raise NotStarted(f"no process for the student's code came up within {START_SECONDS:g} seconds") from error
        if not ready:
            self.end()
            raise NotStarted("the process for the student's code did not say that it is ready")

    def run(self, source: str, seconds: float) -> Failure | None:
        """Run one cell and return its exception, if it raised.

        Raises
        ------
        EndedByTime, Ended
        """
        answer = self._ask(("run", source), seconds)
        if answer is None or isinstance(answer, Failure):
            return answer
        raise self._broken()

    def block(self, functions: Sequence[str]) -> None:
        """Make functions raise at once that were ended before, so that what calls them does not hang again."""
        self._ask(("block", list(functions)), START_SECONDS)

    def evaluate(
        self,
        function: str,
        cases: Sequence[Mapping[str, Any]],
        seconds: float,
        answered_here: Mapping[str, Callable[..., Any]] | None = None,
    ) -> list[Outcome] | None:
        """Call a function of the notebook on every case; None where it has no such function.

        Parameters
        ----------
        function : its name in the notebook
        cases : the arguments of each call
        seconds : for all calls together
        answered_here : functions of the notebook whose calls are answered on this side meanwhile

        Raises
        ------
        EndedByTime, Ended
        """
        served = answered_here or {}
        request = ("evaluate", function, [dict(case) for case in cases], list(served))
        answer = self._ask(request, seconds, served)
        if isinstance(answer, Failure):  # its own answer was too large to be sent
            return [Outcome(None, answer) for _ in cases]
        if answer is None:
            return None
        if isinstance(answer, list) and len(answer) == len(cases) and all(isinstance(o, Outcome) for o in answer):
            return answer
        raise self._broken()

    def _ask(self, request: Any, seconds: float, served: Mapping[str, Callable[..., Any]] | None = None) -> Any:
        """Send a request and return the answer, serving the calls that the guest makes in between."""
        deadline = time.monotonic() + seconds
        self._send(request)
        while True:
            answer = self._answer(deadline - time.monotonic(), seconds)
            match answer:
                case ("call", str() as name, list() as arguments) if served and name in served:
                    self._send(_served(served[name], arguments))
                case _:
                    return answer

    def _send(self, message: Any) -> None:
        try:
            wire.send(self._channel, message)
        except OSError as error:
            self.end()
            raise Ended("the student's process has gone") from error

    def _answer(self, left: float, allowed: float) -> Any:
        try:
            return wire.receive(self._channel, left)
        except wire.TimedOut as error:
            self.end()
            raise EndedByTime(f"it took longer than {allowed:g} seconds") from error
        except wire.WireError as error:
            self.end()
            raise Ended("the student's process ended, or sent what is not an answer") from error

    def _broken(self) -> Ended:
        self.end()
        return Ended("the student's process sent what is not an answer")

    def end(self) -> None:
        """Kill the process and whatever it started in its session, and remove its directory. May be called twice."""
        self._channel.close()
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._home.cleanup()

    def __enter__(self) -> "GuestProcess":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
