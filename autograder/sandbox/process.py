"""One student's process, from the outside."""

import contextlib
import os
import signal
import socket
import tempfile
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from autograder.protocol import notebook, wire
from autograder.protocol.crossing import received
from autograder.protocol.values import Failure, Opaque, Outcome, plain
from autograder.sandbox.child import start_python
from autograder.sandbox.clock import LOOK_SECONDS, Clock
from autograder.sandbox.launch import START_SECONDS, NotStarted
from autograder.sandbox.outputs import CellOutputs, TooMuch
from autograder.sandbox.plan import ENVIRONMENT_UNSANDBOXED

NO_ANSWER = "the student's process sent what is not an answer"


class Ended(Exception):
    """An error of a guest: the student's process has ended, and with it everything that it had computed.

    Attributes
    ----------
    outcome : "crashed", "timed-out" or "out-of-memory"
    outputs : what the running cell had shown until then
    """

    outcome = "crashed"

    def __init__(self, *arguments: Any) -> None:
        """Take a sentence for a person."""
        super().__init__(*arguments)
        self.outputs: list[dict[str, Any]] = []


class EndedByTime(Ended):
    """The end of a guest that took too long."""

    outcome = "timed-out"


class EndedByMemory(Ended):
    """The end of a guest that, with its descendants, took too much memory."""

    outcome = "out-of-memory"


KINDS: Mapping[str, type[Ended]] = {kind.outcome: kind for kind in (Ended, EndedByTime, EndedByMemory)}
"""By their outcome."""


@dataclass(frozen=True)
class CellResult:
    """The result of running one cell.

    Attributes
    ----------
    failure : its exception, or None
    outputs : what it showed, as Jupyter stores it (stream, display_data, execute_result, error); never read for marks
    """

    failure: Failure | None = None
    outputs: list[dict[str, Any]] = field(default_factory=list)


CallHandler = Callable[[Sequence[Any], Mapping[str, Any]], Any]
"""Answers a call of the guest's: from its arguments, by position and by name, plain values or a Failure."""


class Guest(contextlib.AbstractContextManager["Guest"]):
    """A student's process: it runs cells, evaluates functions, and decides nothing.

    Attributes
    ----------
    charged : seconds that it has computed, or only waited, over all that it was asked
    """

    _channel: socket.socket
    charged: float = 0.0

    @property
    @abstractmethod
    def process(self) -> int:
        """The machine's id of the first process; 0 where it has gone."""

    @abstractmethod
    def end(self) -> None:
        """End the process and all its descendants. May be called twice."""

    def _why_it_ended(self) -> Ended | NotStarted:
        """Return the reason for which the process hung up."""
        return Ended("the student's process ended, or sent what is not an answer")

    def wait_until_ready(self, too_late: str = "") -> None:
        """Wait for the first message of the process.

        Raises
        ------
        NotStarted
            With a sentence for what does not come up, if one is given.
        """
        try:
            ready = self._answer(wire.Deadline(START_SECONDS), START_SECONDS)
        except Ended as ended:
            raise NotStarted(too_late or f"no process for the student's code came up: {ended}") from ended
        if ready != "ready":
            self.end()
            raise NotStarted("the process for the student's code did not say that it is ready")

    def read(self, content: bytes, seconds: float) -> notebook.Notebook:
        """Parse a notebook's file in the guest; nothing is parsed here.

        Raises
        ------
        NoNotebook
            If it is none.
        Ended
        """
        match self._ask(("read", np.frombuffer(content, np.uint8)), seconds):
            case (str() as word, lengths, row) if word == "pages":
                return notebook.unflat(lengths, row)
            case Failure(name="NoNotebook", text=text):
                raise notebook.NoNotebook(text)
            case Failure():  # what it made of it was too large to be sent
                raise notebook.NoNotebook("it holds too much text")
        raise self._broken()

    def run(self, source: str, seconds: float) -> CellResult:
        """Run one cell.

        Raises
        ------
        Ended
            With the outputs until then; its kind says why.
        """
        shown = CellOutputs()
        try:
            text = np.frombuffer(source.encode("utf-8", "replace"), np.uint8)
            answer = self._ask(("run", text), seconds, shown=shown)
            if answer is None or isinstance(answer, Failure):
                return CellResult(answer, shown.outputs())
            raise self._broken()
        except Ended as ended:
            ended.outputs = shown.outputs()
            raise

    def begin(self, files: Mapping[str, bytes | None], worth: Mapping[str, float], blocked: Sequence[str]) -> None:
        """Make ready for the cells of a notebook.

        Parameters
        ----------
        files : what lies beside it, by relative paths; None stands for a file that could not be read
        worth : the points of each function, which `check` in the cells takes for given
        blocked : functions that were ended before: calls of them raise at once

        Raises
        ------
        Ended
        """
        for name, content in files.items():
            if content is None:
                continue
            self._ask(("put", name, np.frombuffer(content, np.uint8)), START_SECONDS)
        self._ask(("begin", dict(worth), list(blocked)), START_SECONDS)

    def evaluate(
        self,
        function: str,
        cases: Sequence[Mapping[str, Any]],
        seconds: float,
        answered_here: Mapping[str, CallHandler] | None = None,
    ) -> list[Outcome] | None:
        """Call a function of the notebook on every case; None where it has no such function.

        Parameters
        ----------
        function : its name in the notebook
        cases : the arguments of each call
        seconds : of processor time for all calls together; waiting counts too
        answered_here : functions of the notebook whose calls are answered on this side meanwhile

        Raises
        ------
        EndedByTime, Ended
        """
        self._leave_preamble()
        served, before = answered_here or {}, self.charged
        request = ("evaluate", function, [dict(case) for case in cases], list(served))
        answer = self._ask(request, seconds, served)
        if isinstance(answer, Failure):  # its own answer was too large to be sent
            return [Outcome(None, answer) for _ in cases]
        if answer is None:
            return None
        if isinstance(answer, list) and len(answer) == len(cases) and all(isinstance(o, Outcome) for o in answer):
            took = self.charged - before
            # Of what took long, this side has seen how long: nobody has to believe what the guest says.
            return [replace(o, seconds=took / len(cases)) for o in answer] if took > 2 * LOOK_SECONDS else answer
        raise self._broken()

    def ask_for_test(self, request: Sequence[Any], seconds: float) -> Any:
        """Return what the guest answers to a lecturer's own test (`guest.called`): plain values, or a Failure.

        Raises
        ------
        Ended
        """
        self._leave_preamble()
        return self._ask(tuple(request), seconds)

    def look(self, name: str) -> Outcome | None:
        """Return what stands under a name that is no function's; None where nothing does.

        Raises
        ------
        Ended
        """
        match self._ask(("look-up", name), START_SECONDS):
            case None:
                return None
            case (str() as word, value) if word == "value":
                with contextlib.suppress(ValueError, RecursionError):
                    return Outcome(plain(received(value, {})))
            case (str() as word, str()) if word == "module":
                return Outcome(Opaque(word))
        return Outcome(Opaque("object"))

    def _leave_preamble(self) -> None:
        """Undo cells that were run ahead of time; only a forked guest has any."""

    def _ask(
        self,
        request: Any,
        seconds: float,
        served: Mapping[str, CallHandler] | None = None,
        shown: CellOutputs | None = None,
    ) -> Any:
        """Send a request and return the answer; meanwhile serve the guest's calls and collect its outputs."""
        clock = Clock(lambda: self.process, seconds)
        try:
            self._send(request, clock, seconds)
            while True:
                answer = self._answer(clock, seconds)
                match answer:  # an array may stand wherever a text should: only texts are compared with texts
                    case (str() as word, np.ndarray() as piece) if word == "display":
                        began = time.process_time()
                        try:
                            (shown or CellOutputs()).take(piece.tobytes())
                        except TooMuch as error:
                            raise self._broken() from error
                        self.charged += time.process_time() - began
                    case (str() as word, str() as name, list() as arguments, dict() as options) if (
                        served and word == "call" and name in served
                    ):
                        answer = served[name](arguments, options)
                        clock.resume()
                        self._send(answer, clock, seconds)
                    case _:
                        return answer
        except (NotStarted, Ended):  # of what was asked in between, or because the machine was too slow
            self.end()
            raise
        finally:
            self.charged += clock.charged

    def _send(self, message: Any, patience: wire.Patience, allowed: float) -> None:
        with self._heard_to_the_end(allowed, "the student's process would have been sent what is too large"):
            wire.send(self._channel, message, patience)

    def _answer(self, patience: wire.Patience, allowed: float) -> Any:
        with self._heard_to_the_end(allowed, NO_ANSWER):
            return wire.receive(self._channel, patience)

    @contextlib.contextmanager
    def _heard_to_the_end(self, allowed: float, otherwise: str) -> Iterator[None]:
        """Turn errors of the channel into `Ended`."""
        try:
            yield
        except wire.TimedOut as error:
            self.end()
            raise EndedByTime(f"it took longer than {allowed:g} seconds") from error
        except wire.Closed as error:
            why = self._why_it_ended()
            self.end()
            raise why from error
        except wire.WireError as error:
            self.end()
            raise Ended(otherwise) from error

    def _broken(self) -> Ended:
        self.end()
        return Ended(NO_ANSWER)

    def __exit__(self, *error: object) -> None:
        self.end()


class GuestProcess(Guest):
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
            **ENVIRONMENT_UNSANDBOXED,
            **dict.fromkeys(("HOME", "IPYTHONDIR", "MPLCONFIGDIR"), home),
            "PATH": os.defpath,
            "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        }
        with theirs:
            server = ("-m", "autograder.guest.server")
            self._process = start_python(server, theirs, cwd=home, env=environment, start_new_session=True)
        self.wait_until_ready(f"no process for the student's code came up within {START_SECONDS:g} seconds")

    @property
    def process(self) -> int:
        """The machine's id of the process."""
        return self._process.pid

    def end(self) -> None:
        """Kill the process and its session, and remove its directory. May be called twice."""
        self._channel.close()
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._home.cleanup()
