"""Collect submissions: find the folders, and read the bytes of a notebook, without trusting any of it.

Nothing here follows a link below the folder of submissions, waits for a pipe, reads more than it must, or takes a file
apart: the student's own process does that.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autograder.grade.elsewhere import whereabouts
from autograder.grade.students import refusal, shown_name, spelled_alike
from autograder.protocol.notebook import NoNotebook, Notebook
from autograder.protocol.values import MAX_BYTES
from autograder.sandbox.outputs import cleaned
from autograder.sandbox.process import Ended, Guest

READ_SECONDS = 30.0
MAX_ENTRIES = 1_000
ALWAYS_THERE = frozenset({".ipynb_checkpoints", ".git", ".DS_Store", "__pycache__"})
TIMESTAMP = "timestamp.txt"


class Unreadable(Exception):
    """An error of a submission: nothing in it can be graded; the message says what a person should do."""


@dataclass(frozen=True)
class SubmissionFolder:
    """The folder of one student's submission.

    Attributes
    ----------
    student : the id, fit to be shown and to be a file's name
    folder : `submitted/<student>/<assignment>`
    problem : why nothing in it is touched, or ""
    """

    student: str
    folder: Path
    problem: str = ""


@dataclass(frozen=True)
class SubmittedFile:
    """The file of a notebook.

    Attributes
    ----------
    name : of the file
    content : its bytes
    timestamp : what `timestamp.txt` beside it says, or ""
    others : whether there were other notebooks beside it
    """

    name: str
    content: bytes
    timestamp: str = ""
    others: bool = False

    @property
    def sha256(self) -> str:
        """Of the file."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class CarriedSubmission(SubmissionFolder):
    """A student's work that has been taken already, and is graded where the folder is not."""

    file: SubmittedFile = field(kw_only=True)


def places(submitted: Path, assignment: str) -> Iterator[SubmissionFolder]:
    """Yield every student's folder that holds the assignment, in the order of the names.

    A folder whose name is no student's id is yielded with a problem, under a name made of its digest; so are, under
    their own, those whose names are one person's, whether or not the others hold the assignment.
    """
    if not submitted.is_dir():
        return
    with os.scandir(submitted) as entries:
        found = sorted((entry for entry in entries if entry.name not in ALWAYS_THERE), key=lambda entry: entry.name)
    alike = spelled_alike(entry.name for entry in found if not refusal(entry.name))
    for entry in found:
        folder = Path(entry.path) / assignment
        if not os.path.lexists(folder):
            continue
        if problem := refusal(entry.name):
            digest = hashlib.sha256(os.fsencode(entry.name)).hexdigest()[:12]
            yield SubmissionFolder(f"unnamed-{digest}", folder, problem)
        elif problem := alike.get(entry.name, ""):
            yield SubmissionFolder(entry.name, folder, problem)
        elif entry.is_symlink() or folder.is_symlink():
            problem = "The folder is a link to another place, and is not followed: put the work itself there."
            yield SubmissionFolder(entry.name, folder, problem)
        elif not folder.is_dir():
            yield SubmissionFolder(entry.name, folder, "There is a file where the folder of the assignment belongs.")
        else:
            yield SubmissionFolder(entry.name, folder)


def _content(directory: int, name: str, most: int) -> bytes:
    """Return the bytes of a regular file in an open directory."""
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable(f"{shown_name(name)} is not a file but a pipe or a device: ask for the notebook again.")
        if found.st_size > most:
            raise Unreadable(
                f"{shown_name(name)} is larger than {most // 2**20} MB: "
                "ask for it again with its outputs cleared (Kernel, Restart and clear outputs)."
            )
        return file.read(most + 1)[:most]


def take(place: SubmissionFolder, assignment: str) -> SubmittedFile:
    """Return the notebook in a student's folder: the one with the assignment's name, or the only one there is.

    Raises
    ------
    Unreadable
        If there is none, or it cannot be read.
    """
    if place.problem:
        raise Unreadable(place.problem)
    if isinstance(place, CarriedSubmission):
        return place.file
    try:
        directory = os.open(place.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise Unreadable(f"The folder cannot be opened: {error.strerror}.") from error
    try:
        names = os.listdir(directory)  # noqa: PTH208  (of the folder that is open, whatever stands in its place now)
        if len(names) > MAX_ENTRIES:
            raise Unreadable(f"There are {len(names)} files in the folder: leave the notebook there.")
        notebooks = sorted(name for name in names if name.endswith(".ipynb") and not name.startswith("."))
        wanted = f"{assignment}.ipynb"
        if wanted not in notebooks and len(notebooks) > 1:
            shown = ", ".join(shown_name(name) for name in notebooks[:5])
            raise Unreadable(
                f"There are several notebooks and none is {wanted}: {shown}. Rename the one that is to be graded."
            )
        if not notebooks:
            raise Unreadable(whereabouts(directory, wanted))
        name = wanted if wanted in notebooks else notebooks[0]
        content = _content(directory, name, MAX_BYTES)
        timestamp = ""
        if TIMESTAMP in names:
            timestamp = _content(directory, TIMESTAMP, 2**20)[:100].decode("utf-8", "replace").strip()
        return SubmittedFile(name, content, timestamp, len(notebooks) > 1)
    except IsADirectoryError as error:
        raise Unreadable(f"There is a folder where {assignment}.ipynb belongs.") from error
    except OSError as error:
        linked = error.errno in (40, 62)  # ELOOP on Linux and on macOS
        why = "is a link to another file, and is not followed" if linked else f"cannot be read: {error.strerror}"
        raise Unreadable(f"The notebook {why}: ask for the file itself.") from error
    finally:
        os.close(directory)


def files_below(folder: Path) -> dict[str, bytes]:
    """Return what lies beside a notebook, by relative path: regular files, but no notebooks and nothing hidden.

    What is more than a guest takes is left out.
    """
    found: dict[str, bytes] = {}
    room = MAX_BYTES
    for place, folders, names, directory in os.fwalk(folder, follow_symlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in ALWAYS_THERE)
        for name in sorted(names):
            path = (Path(place) / name).relative_to(folder).as_posix()
            if name.startswith(".") or name.endswith(".ipynb") or path == TIMESTAMP or len(found) >= MAX_ENTRIES:
                continue
            with contextlib.suppress(OSError, Unreadable):
                found[path] = _content(directory, name, room)
                room -= len(found[path])
    return found


def opened(file: SubmittedFile, guest: Guest, seconds: float = READ_SECONDS) -> Notebook:
    """Return the notebook that a file holds; its bytes are taken apart by the guest, not here.

    Parameters
    ----------
    file : as `take` returns it
    guest : a student's process in which nothing has been run yet
    seconds : for reading

    Returns
    -------
    its cells with their text and what nbgrader noted, and of its metadata the kernel and what it says it is

    Raises
    ------
    Unreadable
        If it is none; the message says what a person should do.
    """
    try:
        return guest.read(file.content, seconds)
    except NoNotebook as error:
        raise Unreadable(
            f"{shown_name(file.name)} is not a notebook: {cleaned(str(error))}: ask for it again."
        ) from error
    except Ended as ended:
        raise Unreadable(
            f"Reading it had to be ended: {ended}. Ask for it again with its outputs cleared, and look at it."
        ) from ended
