"""The untrusted process: runs a notebook's cells in order and evaluates its functions when asked.

Started as `python -m autograder.guest.server FD`, it speaks the wire protocol on the inherited socket FD. Requests are
- `("run", source)`, its text an array of UTF-8, answered by a Failure or None. Before the answer, what the cell shows
  goes out in pieces: `("display", bytes)`, the bytes a JSON list of outputs in an array;
- `("read", bytes)`: a notebook's file, as an array; answered by `("pages", ...)` with what `notebook.flat` makes of it,
  or by a Failure;
- `("put", relative path, bytes)`: a file beside the notebook; answered by None or a Failure;
- `("begin", points, names)`: what each function is worth, for `check` in the cells; and functions that were ended once,
  and raise at once after every cell from now on; answered by None;
- `("look-up", name)` and `("call", name, arguments, options, state)`, for a lecturer's own test, as `guest.called` has
  them;
- `("evaluate", function name, cases, names)`, answered by a list of Outcomes, or None where there is no such function.
  While it runs, each function in `names` is answered from outside: `("call", name, arguments, options)` goes out for
  each of its calls, and its value, or a Failure, comes back.
"""

import contextlib
import ctypes
import importlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from autograder.guest import absent, called, stand_in
from autograder.guest.cells import Cells
from autograder.guest.display import Outputs
from autograder.guest.evaluate import evaluate, failure_of
from autograder.protocol import notebook, wire
from autograder.protocol.values import Failure, plain


def ended(name: str) -> Callable[..., Any]:
    """Return a stub for a function that was ended because it did not return."""

    def raises(*arguments: Any, **options: Any) -> Any:
        raise RuntimeError(f"{name} was ended before it returned")

    return raises


def asked_outside(channel: socket.socket, name: str) -> Callable[..., Any]:
    """Return a stub for a function that the other side of the channel answers."""

    def sent(argument: Any) -> Any:
        return argument if type(argument) is str else plain(argument)

    def ask(*arguments: Any, **options: Any) -> Any:
        by_name = {option: sent(argument) for option, argument in options.items()}
        wire.send(channel, ("call", name, [sent(argument) for argument in arguments], by_name))
        answer = wire.receive(channel)
        if isinstance(answer, Failure):
            raise RuntimeError(f"{name}: {answer.text}")
        return answer

    return ask


def put(name: str, content: bytes) -> Failure | None:
    """Write a file below the working directory, from where it can be opened and imported."""
    try:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content)
    except OSError as error:
        return failure_of(error)
    importlib.invalidate_caches()
    return None


@contextlib.contextmanager
def replaced(namespace: dict[str, Any], functions: dict[str, Callable[..., Any]]) -> Iterator[None]:
    """Put functions into a namespace for a while."""
    before = {name: namespace[name] for name in functions if name in namespace}
    namespace.update(functions)
    try:
        yield
    finally:
        for name in functions:
            namespace.pop(name, None)
        namespace.update(before)


def serve(channel: socket.socket, cells: Cells) -> None:
    """Answer requests until the other side hangs up."""
    owner = os.getpid()
    namespace = cells.namespace
    blocked: dict[str, Callable[..., Any]] = {}
    cells.show_on(Outputs(lambda piece: wire.send(channel, ("display", np.frombuffer(piece, np.uint8)))))
    wire.send(channel, "ready")
    while True:
        match wire.receive(channel):
            case ("run", np.ndarray() as source):
                answer: Any = cells.run(source.tobytes().decode("utf-8", "replace"))
                namespace.update(blocked)
            case ("read", np.ndarray() as content):
                try:
                    answer = ("pages", *notebook.flat(notebook.read(content.tobytes())))
                except notebook.NoNotebook as error:
                    answer = Failure("NoNotebook", str(error))
            case ("begin", dict() as worth, list() as names):
                stand_in.worth.update(worth)
                blocked = {name: ended(name) for name in names}
                namespace.update(blocked)
                answer = None
            case ("put", str() as name, np.ndarray() as content):
                answer = put(name, content.tobytes())
            case ("look-up", str() as name):
                answer = called.look_up(namespace, name)
            case ("call", str() as name, list() as arguments, dict() as options, state):
                answer = called.call(namespace, name, arguments, options, state)
            case ("evaluate", str() as name, list() as cases, list() as names):
                with replaced(namespace, {other: asked_outside(channel, other) for other in names}):
                    function = namespace.get(name)
                    answer = evaluate(function, cases) if callable(function) else None
            case _:
                return
        if os.getpid() != owner:  # a copy that the notebook made of the process: only one may speak
            os._exit(0)
        try:
            wire.send(channel, answer)
        except wire.WireError as error:
            wire.send(channel, Failure("WireError", str(error)))


if __name__ == "__main__":
    with contextlib.suppress(OSError, AttributeError):  # where this is not Linux
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: end with the parent
    stand_in.install()
    absent.install()
    with contextlib.suppress(wire.Closed):
        serve(socket.socket(fileno=int(sys.argv[1])), Cells())
