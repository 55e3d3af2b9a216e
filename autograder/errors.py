"""Errors that stop a command, in one sentence on any terminal; the exit code is then 2.

Whatever a person can put right is an `AutograderError`, or an `OSError`. Anything else is a fault of the grader, and
says so. With AUTOGRADER_DEBUG=1 in the environment the traceback follows.
"""

import codecs
import errno
import functools
import io
import os
import sys
import traceback
import unicodedata
from collections.abc import Callable
from typing import Any

OURS = ("autograder", "course_lib", "exercises")
CLUSTER = ("dask", "distributed", "psycopg")
STUDENTS = ("IPython", "click", "ipykernel", "matplotlib", "nbformat", "numpy")
PLAIN = dict(zip("✓✗–—−·×∂‖≈′’“”", "+x---**d|~''\"\"", strict=True)) | {"±": "+-", "→": "->", "√": "sqrt", "≤": "<="}
"""What stands for a sign on a terminal that does not have it; Greek letters go by their names."""


class AutograderError(Exception):
    """An error that a person can put right; the message says the reason, and what to do."""


def sentence_of(error: BaseException) -> str:
    """Return the reason why a command could not go on, and advice, in one line."""
    if isinstance(error, AutograderError):
        said = str(error)
    elif isinstance(error, ImportError) and error.name and error.name.partition(".")[0] not in OURS:
        said = not_installed(error)
    elif isinstance(error, FileNotFoundError) and not error.filename and error.strerror == os.strerror(errno.ENOENT):
        said = "The folder in which this was started has gone: change into another, and start again."
    elif isinstance(error, OSError):
        where = f"{error.filename} cannot be read or written: " if isinstance(error.filename, str) else ""
        said = f"{where}{error.strerror or error}; put that right and start again."
    elif isinstance(error, MemoryError):
        said = "There is not enough memory here: end other programs, or take another machine, and start again."
    elif isinstance(error, KeyboardInterrupt):
        said = "stopped."
    else:
        place = (traceback.extract_tb(error.__traceback__) or [traceback.FrameSummary("?", 0, "?")])[-1]
        said = (
            f"{type(error).__name__} in {os.path.basename(place.filename)}, line {place.lineno}: {error}. This is a "  # noqa: PTH119
            "fault of the grader, not of anybody's work: report it to who maintains the course, with what is said "
            "when AUTOGRADER_DEBUG=1 is set."
        )
    return " ".join(said.split())


def not_installed(error: ImportError) -> str:
    """Return a sentence on a missing or broken package, with the way to install it from files, never by a name."""
    package = str(error.name).partition(".")[0]
    extra = "[cluster]" if package in CLUSTER else "" if package in STUDENTS else "[grade]"
    why = "is not installed here" if isinstance(error, ModuleNotFoundError) else f"cannot be loaded here ({error})"
    return (
        f'{package} {why}: in a checkout of the course run pip install ".{extra}", or with the wheel of the course '
        f'pip install "WHEEL.whl{extra}", with its file name in the place of WHEEL.whl.'
    )


def say(name: str, error: BaseException) -> str:
    """Print the sentence of an error on stderr, and return it."""
    sentence = sentence_of(error)
    lines = traceback.format_exception(error) if os.environ.get("AUTOGRADER_DEBUG") == "1" else []
    if sys.stderr:
        sys.stderr.write("".join([f"{name}: {sentence}\n", *lines]))
        sys.stderr.flush()
    return sentence


def saying_why(name: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Decorate a function that returns an exit code: print the sentence of an exception, and return 2."""

    def wrap(main: Callable[..., int]) -> Callable[..., int]:
        @functools.wraps(main)
        def told(*arguments: Any) -> int:
            speak_plainly()
            try:
                code = main(*arguments)
                if sys.stdout:
                    sys.stdout.flush()
            except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  (it is said)
                say(name, error)
                return 2
            return code

        return told

    return wrap


def say_why_not_loaded(name: str) -> None:
    """Print a sentence and exit with 2 where a program fails while it loads its modules."""

    def hook(kind: type[BaseException], error: BaseException, trace: Any) -> None:
        say(name, error)
        sys.exit(2)

    sys.excepthook = hook


class _Stream(io.FileIO):
    """A standard stream that drops text nobody reads any more, and reports a failed write once."""

    def write(self, data: Any) -> int:
        """Write, or lead all that follows nowhere."""
        try:
            return super().write(data)
        except OSError as error:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            if not isinstance(error, BrokenPipeError) and self.fileno() == 1:
                raise AutograderError(
                    f"What there is to say cannot be written: {error.strerror}; make room, or lead it elsewhere."
                ) from error
            return len(memoryview(data).cast("B"))


def speak_plainly() -> None:
    """Replace characters that a terminal lacks by plain ones, and survive a reader that goes away."""
    codecs.register_error("plain", _plain)
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:  # a stream that is closed: what is opened now is none
        pass
    os.close(descriptor)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if not isinstance(stream, io.TextIOWrapper):
            continue
        if stream is getattr(sys, f"__{name}__") and not stream.isatty():
            stream.flush()
            raw = io.BufferedWriter(_Stream(stream.fileno(), "wb", closefd=False))
            told = io.TextIOWrapper(
                raw, stream.encoding, "plain", line_buffering=stream.line_buffering, write_through=stream.write_through
            )
            setattr(sys, name, told)
        else:
            stream.reconfigure(errors="plain")


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Return plain signs for characters that an encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_sign, error.object[error.start : error.end])), error.end


def _sign(character: str) -> str:
    name = unicodedata.name(character, "").split()
    if name[:1] == ["GREEK"] and "LETTER" in name:
        letter = name[name.index("LETTER") + 1].lower()
        return letter.title() if "CAPITAL" in name else letter
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return PLAIN.get(character, plain or "?")
