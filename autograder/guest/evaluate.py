"""Call a student's function on given inputs, and keep of its answer only plain arrays.

The same code serves the self-check in a notebook and the separate process of a grader. It decides nothing.
"""

import bdb
import contextlib
import io
import linecache
import os
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from autograder.guest.unattended import BREAKPOINT
from autograder.protocol.values import Failure, Outcome, ScalarFunction, clean, copied, plain

LIBRARIES = tuple({str(Path(each).parent) for each in (os.__file__, bdb.__file__, Path(np.__file__).parent)})
"""In whose files no line is a student's."""


def unchanged(before: Any, after: Any) -> bool:
    """Return whether a call left an argument unchanged, without running any code of the student's."""
    if isinstance(before, Mapping):
        same_keys = type(after) is dict and list(map(type, before)) == list(map(type, after))
        return same_keys and list(before) == list(after) and all(unchanged(before[key], after[key]) for key in before)
    if type(before) is not type(after):
        return False
    if isinstance(before, ScalarFunction):
        return unchanged(vars(before), vars(after))
    if isinstance(before, tuple | list):
        return len(before) == len(after) and all(unchanged(*pair) for pair in zip(before, after, strict=True))
    if isinstance(before, np.ndarray):
        same_form = before.shape == after.shape and before.dtype == after.dtype
        return bool(same_form and before.tobytes() == after.tobytes())
    return before is after or bool(before == after)


class _Discard(io.TextIOBase):
    """A stream that discards its text: a function's prints belong to no verdict, and must not fill memory."""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        return len(text)


def failure_of(error: BaseException) -> Failure:
    """Describe an exception by plain text, of bounded length, without running more of the student's code than str()."""
    try:
        text = BREAKPOINT if isinstance(error, bdb.BdbQuit) else clean(str(error), 300)
    except BaseException:
        text = "(its text could not be read)"
    # As tracebacks have it: where modules come compiled, as in a browser, that need not be the path of the file.
    here = Path(failure_of.__code__.co_filename).parents[1]
    others = (str(here.with_name("course_lib")), "<frozen", *LIBRARIES)
    frames = [
        (frame, number)
        for frame, number in traceback.walk_tb(error.__traceback__)
        if not frame.f_code.co_filename.startswith(str(here))
    ]
    own = [(frame, number) for frame, number in frames if not frame.f_code.co_filename.startswith(others)]
    lines = [_line(frame, number) for frame, number in (own[-1:] + own[:-1])[:2]]
    function, within = (clean(rows[-1][0].f_code.co_name, 80) if rows else "" for rows in (frames, own[1:]))
    return Failure(clean(type(error).__name__, 80), text, (lines or [""])[0], function, within, "".join(lines[1:]))


def _line(frame: FrameType, number: int) -> str:
    """Return a line of the code of a frame."""
    file = frame.f_code.co_filename
    linecache.checkcache(file)
    return clean(linecache.getline(file, number, frame.f_globals).strip(), 200)


def _stopwatch() -> Callable[[], float]:
    """Start a stopwatch; return a function that returns the seconds since then.

    Processor time, so that what else the machine does costs nobody anything; and never more than has passed, so that
    neither does a product that the machine's library divides among all its cores.
    """
    computed, passed = time.process_time(), time.perf_counter()
    return lambda: min(time.process_time() - computed, time.perf_counter() - passed)


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Drop what is printed and warned meanwhile."""
    with (
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        contextlib.redirect_stdout(_Discard()),
        contextlib.redirect_stderr(_Discard()),
    ):
        warnings.simplefilter("ignore")
        yield


def call(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Outcome:
    """Call the function once, with copies of the arguments by position, silently."""
    given = copied(arguments)
    elapsed = _stopwatch()
    try:
        with silence():
            value = plain(function(*given.values()))
    except KeyboardInterrupt:
        raise  # whoever sits before the notebook means the check
    except BaseException as error:
        return Outcome(None, failure_of(error), seconds=elapsed())
    seconds = elapsed()
    changed = tuple(name for name in arguments if not unchanged(arguments[name], given[name]))
    return Outcome(value, None, changed, seconds)


def evaluate(function: Callable[..., Any], cases: Sequence[Mapping[str, Any]]) -> list[Outcome]:
    """Call the function on the arguments of every case.

    Parameters
    ----------
    function : the student's
    cases : one mapping of argument names to arrays, dicts of arrays or numbers for each call

    Returns
    -------
    one Outcome a case, in order
    """
    return [call(function, arguments) for arguments in cases]
