"""Nobody sits before a notebook while it is judged: what would wait for an answer raises, and says so.

Who runs a notebook as a whole (nbconvert, nbval, nbgrader) tells its kernel that nobody answers; `attended` asks it.

Whatever asks, asks at last by one of these: `input`, `getpass` and every debugger read a line of `sys.stdin`, or call
the `input` that a notebook's kernel has put in its place.
"""

import bdb
import builtins
import contextlib
import io
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

NOBODY = "nobody answers input() while a notebook is judged; write the value itself"
BREAKPOINT = "a breakpoint was left"


def _ask(*arguments: Any, **options: Any) -> NoReturn:
    raise EOFError(NOBODY)


def _stop(*arguments: Any, **options: Any) -> NoReturn:
    raise bdb.BdbQuit(BREAKPOINT)


class Nobody(io.TextIOBase):
    """A standard input at which nobody sits."""

    read = readline = readlines = _ask

    def readable(self) -> bool:
        """Return True."""
        return True


def attended() -> bool:
    """Return whether a person sits before this process: at a prompt, or at a notebook whose cells may ask something."""
    ipython = sys.modules.get("IPython")
    kernel = getattr(ipython.get_ipython() if ipython else None, "kernel", None)
    return hasattr(sys, "ps1") if kernel is None else bool(getattr(kernel, "_allow_stdin", False))


def leave() -> None:
    """Leave this process alone for good."""
    sys.stdin = Nobody()
    sys.breakpointhook = _stop


@contextlib.contextmanager
def unattended() -> Iterator[None]:
    """Leave a process in which somebody does sit alone for a while."""
    before = builtins.input, sys.stdin, sys.breakpointhook
    builtins.input = _ask
    leave()
    try:
        yield
    finally:
        builtins.input, sys.stdin, sys.breakpointhook = before
