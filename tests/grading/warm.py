"""A warm process that forks notebooks as a student runs them, and guests without a sandbox.

Starting a Python and loading numpy and IPython takes longer than all cells of a small notebook.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MOST = 2**20


class Warm:
    """The warm process, from outside."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "tests.grading.warm", str(theirs.fileno())]
            self._process = subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        self._channel = ours

    def _ask(self, request: Any, *descriptors: int) -> Any:
        """Send a request in a file, since a notebook may be long, and return the answer."""
        with open(os.memfd_create("request"), "w+b") as file:  # noqa: PTH123
            file.write(json.dumps(request).encode())
            file.flush()
            socket.send_fds(self._channel, [b"x"], [file.fileno(), *descriptors])
        answer = json.loads(self._channel.recv(MOST))
        assert "error" not in answer, answer["error"]
        return answer

    def marks_in_the_notebook(
        self, folder: Path, cells: list[str], exercises: list[Any], seed: int
    ) -> dict[str, float]:
        """Run the code cells of a notebook in its folder, with the real `check`; return the points of each function."""
        asked = {"cells": cells, "folder": str(folder), "exercises": exercises, "seed": seed}
        return self._ask({"notebook": asked})["points"]

    def start_python(self, arguments: Any, theirs: socket.socket, *, cwd: str, env: dict[str, str], **more: Any) -> Any:
        """Do what `sandbox.child.start_python` does for `guest.server`, by a fork."""
        return _Forked(self._ask({"guest": {"cwd": cwd, "env": env}}, theirs.fileno())["pid"])

    def end(self) -> None:
        self._channel.close()
        self._process.wait()


class _Forked:
    """What of `subprocess.Popen` a guest's client uses."""

    returncode = None

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def wait(self) -> None:
        """Return at once: the warm process lets it go."""


def _shell() -> Any:
    from IPython.core.interactiveshell import InteractiveShell

    class Shell(InteractiveShell):
        """A shell without a window system."""

        def enable_gui(self, gui: str | None = None) -> None:
            pass

    return Shell.instance(colors="nocolor")


def run_notebook(asked: dict[str, Any]) -> dict[str, float]:
    """Run a notebook as a student does, from top to bottom; return what its checks gave."""
    from autograder.core import check as checking

    os.chdir(asked["folder"])
    sys.path.insert(0, "")
    shell, names = _shell(), [row[0] for row in asked["exercises"]]
    checking.check.__kwdefaults__["seed"] = asked["seed"]
    at_checks: dict[str, Any] = {}
    for source in asked["cells"]:
        shown.clear()
        shell.run_cell(source, store_history=True)
        text = "".join(source.split())
        for verdict in shown:
            if text == f"check({verdict.function}).points":
                at_checks.setdefault(verdict.function, verdict)
    if checking._choice.assignment is None:
        checking.set_assignment("asked", asked["exercises"])
    for name in names:
        before = at_checks.get(name)
        if (before is None or before.mistake in ("missing", "not-implemented")) and callable(shell.user_ns.get(name)):
            with contextlib.suppress(TypeError, LookupError, KeyboardInterrupt):
                at_the_end = eval(f"check({name})", shell.user_ns, {"check": checking.check})
                if at_the_end.function == name:
                    at_checks[name] = at_the_end
    return {name: at_checks[name].points if name in at_checks else 0.0 for name in names}


shown: list[Any] = []


def _as_notebook(asked: dict[str, Any], write: int) -> None:
    try:
        answer: dict[str, Any] = {"points": run_notebook(asked)}
    except BaseException:
        answer = {"error": traceback.format_exc()}
    os.write(write, json.dumps(answer).encode())


def _as_guest(asked: dict[str, Any], channel: int) -> None:
    from autograder.guest import absent, server, stand_in
    from autograder.guest.cells import Cells
    from autograder.protocol import wire

    os.setsid()
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    sys.path.insert(0, asked["cwd"])
    stand_in.install()
    absent.install()
    with contextlib.suppress(wire.Closed):
        server.serve(socket.socket(fileno=channel), Cells())


@contextlib.contextmanager
def _forked() -> Iterator[int]:
    """Fork; the block is run by the child, which then ends, with 0, and by the parent with the child's id."""
    pid = os.fork()
    if pid:
        yield pid
        return
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        yield 0
    finally:
        os._exit(0)


def main() -> None:
    """Serve requests until the other side hangs up."""

    from autograder.core import render

    # Before the judge is loaded, which guards what it uses.
    render.show = lambda verdict, again=(): shown.append(verdict)  # type: ignore[assignment]

    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    channel = socket.socket(fileno=int(sys.argv[1]))
    while True:
        word, descriptors, _, _ = socket.recv_fds(channel, 1, 2)
        if not word:
            return
        with open(descriptors[0], "rb") as file:  # noqa: PTH123
            file.seek(0)
            ((kind, asked),) = json.loads(file.read()).items()
        given = descriptors[1:]
        with _forked() as pid:
            if pid == 0:
                if kind == "notebook":
                    _as_notebook(asked, channel.fileno())
                else:
                    channel.close()
                    _as_guest(asked, given[0])
            elif kind == "guest":
                os.close(given[0])
                channel.send(json.dumps({"pid": pid}).encode())


if __name__ == "__main__":
    main()
