"""The untrusted process: runs a notebook's cells in order and evaluates its functions when asked.

Started as `python -m autograder.guest.child FD`, it speaks the wire protocol on the inherited socket FD. Requests are
- `("run", source)`, answered by a Failure or None;
- `("block", names)`: functions that were ended once, and raise at once after every cell from now on; answered by None;
- `("evaluate", function name, cases, names)`, answered by a list of Outcomes, or None where there is no such function.
  While it runs, each function in `names` is answered from outside: `("call", name, arguments)` goes out for each of its
  calls, and its value, or a Failure, comes back.
"""

import contextlib
import ctypes
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

from autograder.guest import stand_in, wire
from autograder.guest.evaluate import Failure, evaluate, failure_of, plain


def cell_runner() -> tuple[dict[str, Any], Callable[[str], Failure | None]]:
    """Return a namespace and what runs a cell in it: IPython's shell, for cells that hold magics, or plain exec."""
    try:
        from IPython.core.history import HistoryManager
        from IPython.core.interactiveshell import InteractiveShell
    except ImportError:
        namespace: dict[str, Any] = {"__name__": "__main__"}

        def run_plainly(source: str) -> Failure | None:
            try:
                exec(compile(source, "<cell>", "exec"), namespace)
            except BaseException as error:
                return failure_of(error)
            return None

        return namespace, run_plainly
    HistoryManager.enabled = False  # type: ignore[assignment]

    class Shell(InteractiveShell):
        def enable_gui(self, gui: str | None = None) -> None:
            """Take `%matplotlib inline` without a window system."""

    shell = Shell.instance(colors="nocolor", xmode="Minimal")

    def run(source: str) -> Failure | None:
        result = shell.run_cell(source, store_history=False)
        error = result.error_before_exec or result.error_in_exec
        return failure_of(error) if error else None

    return shell.user_ns, run


def ended(name: str) -> Callable[..., Any]:
    """Return what stands in for a function that was ended because it did not return."""

    def raises(*arguments: Any, **options: Any) -> Any:
        raise RuntimeError(f"{name} was ended before it returned")

    return raises


def asked_outside(channel: socket.socket, name: str) -> Callable[..., Any]:
    """Return what stands in for a function that the other side of the channel answers."""

    def ask(*arguments: Any) -> Any:
        wire.send(channel, ("call", name, [plain(argument) for argument in arguments]))
        answer = wire.receive(channel)
        if isinstance(answer, Failure):
            raise RuntimeError(f"{name}: {answer.text}")
        return answer

    return ask


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


def die_with_parent() -> None:
    """Ask Linux to kill this process when the one that started it has gone, whatever is running here."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1 is PR_SET_PDEATHSIG


def serve(channel: socket.socket) -> None:
    """Answer requests until the other side hangs up."""
    namespace, run = cell_runner()
    blocked: dict[str, Callable[..., Any]] = {}
    wire.send(channel, "ready")
    while True:
        match wire.receive(channel):
            case ("run", str() as source):
                answer: Any = run(source)
                namespace.update(blocked)
            case ("block", list() as names):
                blocked = {name: ended(name) for name in names}
                namespace.update(blocked)
                answer = None
            case ("evaluate", str() as name, list() as cases, list() as names):
                with replaced(namespace, {other: asked_outside(channel, other) for other in names}):
                    function = namespace.get(name)
                    answer = evaluate(function, cases) if callable(function) else None
            case _:
                return
        try:
            wire.send(channel, answer)
        except wire.WireError as error:
            wire.send(channel, Failure("WireError", str(error)))


if __name__ == "__main__":
    die_with_parent()
    stand_in.install()
    with contextlib.suppress(wire.Closed):
        serve(socket.socket(fileno=int(sys.argv[1])))
