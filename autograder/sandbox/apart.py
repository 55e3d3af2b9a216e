"""Trusted code on untrusted data: run in a fork, within the student's limits.

What comes over the channel is plain numbers, but any numbers: a reference that is put in the place of a wrong function,
or a lecturer's own test, may take all the time and memory there is over them.
"""

import contextlib
import os
import signal
import socket
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import numpy as np

from autograder.protocol import wire
from autograder.protocol.values import Failure, plain
from autograder.sandbox.child import address_space, bound_memory, die_with_parent
from autograder.sandbox.clock import Clock
from autograder.sandbox.plan import MEBIBYTE, Limits
from autograder.sandbox.process import Ended, EndedByMemory, EndedByTime

OUT_OF_MEMORY = 137


class TrustedFork(contextlib.AbstractContextManager["TrustedFork"]):
    """A fork of this process that answers messages, started at the first one.

    Attributes
    ----------
    seconds : of processor time for all messages together
    charged : seconds that it has computed
    """

    def __init__(
        self,
        answer: Callable[[Any], Any],
        seconds: float,
        memory: int = Limits.memory,
        served: Callable[[Any], Any] | None = None,
    ) -> None:
        """Configure the fork; start nothing yet.

        Parameters
        ----------
        answer : returns the answer to a message, both plain values; called in the fork
        seconds : of processor time for all messages together
        memory : bytes that it may take beyond what this process has
        served : answers here what the fork asks by `ask_back` before it answers itself
        """
        self._answer = answer
        self._served = served
        self.seconds = seconds
        self._memory = memory
        self._pid = 0
        self._channel: socket.socket | None = None
        self.charged = 0.0

    def ask(self, message: Any) -> Any:
        """Send a message and return the answer.

        Raises
        ------
        Ended
            If it took too long or too much memory; its kind says which.
        """
        channel = self._channel = self._channel or self._started()
        clock = Clock(lambda: self._pid, self.seconds - self.charged, waiting_counts=False)
        try:
            wire.send(channel, message, clock)
            while True:
                word, answer = wire.receive(channel, clock)
                if word == "answer" or self._served is None:
                    return answer
                reply = self._served(answer)
                clock.resume()
                wire.send(channel, reply, clock)
        except wire.TimedOut as error:
            raise EndedByTime(f"with what it returned, it took longer than {self.seconds:g} seconds") from error
        except wire.WireError as error:
            if self.end() == OUT_OF_MEMORY:
                most = self._memory // MEBIBYTE
                raise EndedByMemory(f"with what it returned, it took more than {most} MiB of memory") from error
            raise Ended("what it returned ended the process that went on with it") from error
        finally:
            self.charged += clock.charged

    def _started(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        self._pid = os.fork()
        if self._pid == 0:
            self._serve(theirs, ours)
        theirs.close()
        return ours

    def _serve(self, channel: socket.socket, other: socket.socket) -> NoReturn:
        """Serve messages until the channel closes; exit without the clean-up of the parent."""
        code = 1
        self._channel = channel
        try:
            other.close()
            die_with_parent()
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            if taken := address_space():
                bound_memory(taken + self._memory)
            while True:
                answer = self._answer(wire.receive(channel))
                try:
                    wire.send(channel, ("answer", answer))
                except wire.WireError as error:  # it is too large
                    wire.send(channel, ("answer", Failure("WireError", str(error))))
        except MemoryError:
            code = OUT_OF_MEMORY
        finally:
            os._exit(code)

    def ask_back(self, message: Any) -> Any:
        """In the fork, ask the process that made it.

        Raises
        ------
        wire.WireError
            If the message is too large.
        """
        assert self._channel
        wire.send(self._channel, ("asked", message))
        return wire.receive(self._channel)

    def end(self) -> int | None:
        """End the fork, and return its exit code, None where it was killed. May be called twice."""
        if self._channel is None:
            return None
        self._channel.close()
        self._channel = None
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        _, status = os.waitpid(self._pid, 0)
        return os.WEXITSTATUS(status) if os.WIFEXITED(status) else None

    def __exit__(self, *error: object) -> None:
        self.end()


def calls(functions: Mapping[str, Callable[..., Any]]) -> Callable[[Any], Any]:
    """Return a handler of calls of functions: (name, arguments, options)."""

    def answer(message: Any) -> Any:
        name, arguments, options = message
        try:
            by_name = {option: _as_given(argument) for option, argument in options.items()}
            return plain(functions[name](*(_as_given(argument) for argument in arguments), **by_name))
        except Exception as error:  # what was sent may be anything, so the functions may complain of anything
            return Failure(type(error).__name__, str(error)[:300])

    return answer


def _as_given(argument: Any) -> Any:
    """Convert a 0-d array back to the number that was sent."""
    return argument.item() if isinstance(argument, np.ndarray) and not argument.ndim else argument
