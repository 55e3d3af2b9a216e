"""Collect submissions: find the folders, and read the bytes of a notebook, without trusting any of it.

Nothing here follows a link below the folder of submissions, waits for a pipe, reads more than it must, or takes a file
apart: the student's own process does that.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.grade.elsewhere import folders_below, whereabouts
from autograder.grade.students import refusal, shown_name, spelled_alike
from autograder.protocol.notebook import NoNotebook, Notebook
from autograder.protocol.values import MAX_BYTES
from autograder.sandbox.outputs import cleaned
from autograder.sandbox.process import Ended, Guest

READ_SECONDS = 30.0
MAX_ENTRIES = 1_000
ALWAYS_THERE = frozenset({".ipynb_checkpoints", ".git", ".DS_Store", "__pycache__"})
TIMESTAMP = "timestamp.txt"

MAX_NOTEBOOKS = 10
MAX_FILES = 16 * 2**20
"""Bytes of all files beside a notebook."""
MAX_FOLDERS = 50
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
PAPERS = (*PICTURES, *".pdf .heic .heif .svg .bmp .tif .tiff .md .txt .rtf .doc .docx .odt .tex".split())  # noqa: SIM905
"""How the names of files end that may hold an answer in words."""


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
    rivals : other notebooks beside it that are no copies of it; what they hold decides which one is graded
    files : what lies beside it, as `files_below` returns it
    """

    name: str
    content: bytes
    timestamp: str = ""
    rivals: tuple["SubmittedFile", ...] = ()
    files: Mapping[str, bytes | None] = field(default_factory=dict)

    @property
    def pictures(self) -> Iterator[tuple[str, bytes]]:
        """The pictures beside it, by their paths."""
        return ((path, data) for path, data in self.files.items() if data and path.lower().endswith(PICTURES))

    @property
    def papers(self) -> list[str]:
        """Paths of all files beside it that may hold an answer in words."""
        return [path for path in self.files if path.lower().endswith(PAPERS)]

    @property
    def sha256(self) -> str:
        """Of the file."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def beside(self) -> str:
        """A digest of what lies beside the file and is looked at; "" where nothing does."""
        digest = hashlib.sha256()
        for name, content in (*((each.name, each.content) for each in self.rivals), *self.files.items()):
            digest.update(f"{name} {len(content or b'')} ".encode("utf-8", "replace") + (content or b""))
        return digest.hexdigest() if self.rivals or self.files else ""

    @property
    def notebooks(self) -> tuple["SubmittedFile", ...]:
        """All notebooks of the folder, in the order of their names after the one with the right name."""
        return (self, *self.rivals)

    def instead(self, chosen: "SubmittedFile") -> "SubmittedFile":
        """Return one of the notebooks with all that lies beside it."""
        return replace(self, name=chosen.name, content=chosen.content)


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


def _different(directory: int, names: Sequence[str]) -> list[SubmittedFile]:
    """Read the notebooks of a folder, without copies of each other; of several those that can be read.

    Raises
    ------
    Unreadable, OSError
        Of the first, where none can be read.
    """
    found: dict[bytes, SubmittedFile] = {}
    why: Exception | None = None
    for name in names:
        try:
            content = _content(directory, name, MAX_BYTES)
            found.setdefault(content, SubmittedFile(name, content))
        except (Unreadable, OSError) as error:
            why = why or error
    if not found and why:
        raise why
    return list(found.values())


def files_below(top: Path | int) -> dict[str, bytes | None]:
    """Return what lies in and below a folder, by relative path: no notebooks, nothing hidden, and no link is followed.

    Parameters
    ----------
    top : the folder, or a descriptor of one that is open

    Returns
    -------
    the bytes of each file; None of one for which there was no room, or that cannot be read
    """
    found: dict[str, bytes | None] = {}
    room = MAX_FILES
    for seen, (where, names, directory) in enumerate(folders_below(top)):
        if seen > MAX_FOLDERS or len(names) > MAX_ENTRIES:
            break
        for name in names:
            path = (where / name).as_posix()
            if name.startswith(".") or name.endswith(".ipynb") or path == TIMESTAMP:
                continue
            found[path] = None
            with contextlib.suppress(OSError, Unreadable):
                content = found[path] = _content(directory, name, room)
                room -= len(content)
    return found


def take(place: SubmissionFolder, wanted: str, others: Container[str] = ()) -> SubmittedFile:
    """Return the notebook in a student's folder, with what lies beside it: the one with the right name first.

    Parameters
    ----------
    place : the folder
    wanted : the file's right name
    others : names of the assignment's other notebooks

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
        notebooks = [n for n in names if n.endswith(".ipynb") and not n.startswith(".") and n not in others]
        if not notebooks:
            raise Unreadable(whereabouts(directory, wanted))
        if len(notebooks) > MAX_NOTEBOOKS:
            raise Unreadable(f"There are {len(notebooks)} notebooks in the folder: leave the one that counts.")
        first, *rivals = _different(directory, sorted(notebooks, key=lambda name: (name != wanted, name)))
        timestamp = ""
        if TIMESTAMP in names:
            timestamp = _content(directory, TIMESTAMP, 2**20)[:100].decode("utf-8", "replace").strip()
        return replace(first, timestamp=timestamp, rivals=tuple(rivals), files=files_below(directory))
    except IsADirectoryError as error:
        raise Unreadable(f"There is a folder where {wanted} belongs.") from error
    except OSError as error:
        linked = error.errno in (40, 62)  # ELOOP on Linux and on macOS
        why = "is a link to another file, and is not followed" if linked else f"cannot be read: {error.strerror}"
        raise Unreadable(f"The notebook {why}: ask for the file itself.") from error
    finally:
        os.close(directory)


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
