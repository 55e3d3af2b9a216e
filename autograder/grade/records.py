"""Records on disk: one for each submission, the secret seed, and the lock.

All of it lies in `.autograder/<assignment>/` of the course directory, which only its owner can read:

- `seed.json`: from which the inputs are drawn; made before the first mark, and kept. It is never where a student's
  process could see it. Whoever has it knows what is asked.
- `records/<student>.json`: one `Record`, written whole or not at all. A record is written before the marks go into the
  gradebook, and holds all that is needed to write them again.
- `lock`: held while somebody grades.

Records are the only thing that reports and exports read, beside the gradebook.
"""

import contextlib
import errno
import functools
import hashlib
import importlib.metadata
import json
import os
import platform
import secrets
import tempfile
import tomllib
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from autograder.core.picture import Picture
from autograder.core.verdict import Part, Verdict
from autograder.errors import AutograderError

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

FOLDER = ".autograder"
SCHEMA = 1
SENTENCES: Mapping[str, Mapping[str, str]] = tomllib.loads(
    Path(__file__).with_name("outcomes.toml").read_text(encoding="utf-8")
)
OUTCOMES = SENTENCES["outcomes"]
"""The closed set of outcome ids, and what each means."""

WITHOUT_MARKS = frozenset({"unreadable", "ungraded", "grader-error"})
TO_BE_GRADED_AGAIN = frozenset({"ungraded", "grader-error"})
NEED_A_PERSON = frozenset(OUTCOMES) - {"graded", "graded-with-trouble"}
ANOTHER = "another-assignment"
"""The anomaly of a notebook that was handed in as another assignment than it is: its marks are no marks yet."""


class CannotWrite(AutograderError):
    """An error that ends a run; the message says what to do. Results that were written stay valid."""


class Busy(AutograderError):
    """An error of a course: another process is grading this assignment."""


@dataclass
class Record:
    """The record of one graded submission; JSON types only.

    Attributes
    ----------
    student, assignment : the ids
    outcome : one of OUTCOMES
    score : the sum of the checks' points, or None where there are no marks
    max_score : what the checks could give
    release : the digits of what was asked
    notebook : the file's name
    sha256 : of the file that was handed in; "" where there is none
    beside : a digest of what lay beside it and was looked at (`SubmittedFile.beside`)
    asked : what each check promised, by its id; what it is worth stands in its verdict
    autograded : sha256 of the notebook that was written into `autograded/`; "" where nbgrader wrote it, by the plugin
    seed : reference to the seed: the first digits of a digest of it
    checks : digits that change when the code that judges does
    versions : of Python and packages
    sandbox : what the students' code ran in
    verdicts : as `Verdict.as_json` gives them, in the assignment's order, with "seen", "hint", "read", "parts",
        and "picture", which is of a public case, where there is one
    extras : points that a lecturer's own test cells gave, by grade_id; None where a person gives them
    unanswered : written answers that are as they were handed out
    troubles : each with "id", "where" and "text"
    advice : what a person should do, where the outcome asks for one
    traceback : of a grader-error, for whoever mends it
    timestamp : when it was handed in, as it says itself, or ""
    seconds : how long grading took
    graded_at : UTC
    """

    student: str
    assignment: str
    outcome: str
    score: float | None = None
    max_score: float = 0.0
    release: str = ""
    notebook: str = ""
    sha256: str = ""
    autograded: str = ""
    seed: str = ""
    checks: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    sandbox: str = ""
    verdicts: list[dict[str, Any]] = field(default_factory=list)
    extras: dict[str, float | None] = field(default_factory=dict)
    unanswered: list[str] = field(default_factory=list)
    troubles: list[dict[str, str]] = field(default_factory=list)
    advice: str = ""
    traceback: str = ""
    timestamp: str = ""
    seconds: float = 0.0
    graded_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="milliseconds"))
    schema: int = SCHEMA
    beside: str = ""
    asked: dict[str, float] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether its fields have the types that its readers rely on; may raise an error where they have not."""
        verdicts = [verdict_of(row) for row in self.verdicts]
        texts = [text for trouble in self.troubles for text in (trouble["id"], trouble["text"])]
        texts += [self.student, self.outcome, *(verdict.function for verdict in verdicts), *self.unanswered]
        points = (*self.extras.values(), *self.asked.values(), *(verdict.points for verdict in verdicts), self.score)
        numbers = [0.0 if number is None else number for number in points]
        return all(isinstance(text, str) for text in texts) and all(isinstance(n, int | float) for n in numbers)

    @property
    def has_marks(self) -> bool:
        """Whether there are marks that count."""
        return self.outcome not in WITHOUT_MARKS

    def counted(self, places: Container[str]) -> float | None:
        """Return the sum of the marks for which the gradebook has places; None where there are no marks."""
        if not self.has_marks:
            return None
        return round(sum(points or 0.0 for id, points in self.marks.items() if id in places), 6)

    @property
    def is_another(self) -> bool:
        """Whether it is the notebook of another assignment than it was handed in as."""
        return any(trouble["id"] == ANOTHER for trouble in self.troubles)

    @property
    def needs_a_person(self) -> bool:
        """Whether a person has to look at it before there is a mark that counts."""
        return self.outcome in NEED_A_PERSON or self.is_another or None in self.extras.values()

    @property
    def marks(self) -> dict[str, float | None]:
        """The points of each check cell, by its grade_id; None where a person gives them; nothing without marks."""
        if not self.has_marks:
            return {}
        return {row["id"]: row["points"] for row in self.verdicts} | self.extras


def verdict_row(verdict: Verdict) -> dict[str, Any]:
    """Return all of a verdict as JSON types."""
    row = verdict.as_json() | {"seen": verdict.seen, "hint": verdict.hint, "read": verdict.read}
    row |= {"picture": verdict.picture.as_json()} if verdict.picture else {}
    return row | {"parts": [vars(part) for part in verdict.parts]}


def verdict_of(row: dict[str, Any]) -> Verdict:
    """Return the verdict that a record's row describes."""
    known = {each.name: row[each.name] for each in fields(Verdict) if each.name != "picture"}
    picture = Picture.from_json(row["picture"]) if row.get("picture") else None
    parts = tuple(Part(**part) for part in row["parts"])
    return Verdict(**known | {"notes": tuple(row["notes"]), "parts": parts, "picture": picture})


@functools.cache
def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that a mark depends on."""
    found = {"python": platform.python_version()}
    for package in ("backprop-course", "numpy", "matplotlib", "ipython"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


@functools.cache
def checks_digits() -> str:
    """Return a digest of all files that decide a mark: the judge, and the reference."""
    here = Path(__file__).parents[1]
    reference = here.parent / "course_lib"
    digest = hashlib.sha256()
    files = [here / "assignments.py", here / "guest" / "evaluate.py", here / "protocol" / "values.py"]
    files += [*here.joinpath("core").rglob("*.py"), *here.joinpath("core").glob("*.t*"), *reference.rglob("*.py")]
    for path in sorted(files, key=lambda path: path.relative_to(here.parent).as_posix()):
        digest.update(path.relative_to(here.parent).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn errors of writing a file into a sentence.

    Raises
    ------
    CannotWrite
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            why = "the disk is full: make room"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            why = "it must not be written here: give yourself the right to"
        else:
            why = f"{error.strerror or error}: put that right"
        raise CannotWrite(
            f"{path} could not be written, {why} and start again; what is graded stays graded."
        ) from error


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file atomically: whole or not at all.

    Raises
    ------
    CannotWrite
    """
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, fresh = tempfile.mkstemp(prefix=".", suffix=".new", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(descriptor, mode)
                os.fsync(descriptor)
            Path(fresh).replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                Path(fresh).unlink()
            raise


class Records:
    """The records of one assignment of a course."""

    def __init__(self, course: Path, assignment: str, notebook: str = "") -> None:
        """Name the folder of the records; the first write makes it.

        Parameters
        ----------
        course : its directory
        assignment : its name
        notebook : which of several notebooks, if it has several
        """
        self.assignment = assignment
        self._home = course
        self._folder = course / FOLDER / assignment / notebook

    def _prepared(self) -> None:
        with _writing(self._folder):
            made = self._home
            for name in (*self._folder.relative_to(made).parts, "records"):
                made /= name
                made.mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, student: str) -> Path:
        """Return where a student's record is."""
        return self._folder / "records" / f"{student}.json"

    def find(self, student: str) -> Record | None:
        """Return a student's record; None where there is no file, or no valid one.

        Raises
        ------
        OSError
            If the file must not be read: whoever has a record is not to be shown without one.
        """
        try:
            row = json.loads(self.path(student).read_text(encoding="utf-8"))
            record = Record(**row) if row.get("schema") == SCHEMA else None
            return record if record and record.is_whole else None
        except (FileNotFoundError, ValueError, TypeError, AttributeError, LookupError, RecursionError):
            return None

    def all(self) -> Iterator[Record]:
        """Yield every record, by student."""
        with contextlib.suppress(FileNotFoundError):
            for name in sorted(os.listdir(self._folder / "records")):  # noqa: PTH208  (a glob hides what must not be read)
                if name.endswith(".json") and (record := self.find(name.removesuffix(".json"))):
                    yield record

    def write(self, record: Record) -> None:
        """Write a record, over an earlier one.

        Raises
        ------
        CannotWrite
        """
        self._prepared()
        rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in vars(record).items())
        write_whole(self.path(record.student), f"{{\n{rows}\n}}\n".encode())

    def seed(self, given: Path | None = None, *, keep: bool = True) -> int:
        """Return the secret seed, made now if there is none yet.

        Parameters
        ----------
        given : a file with the seed of an earlier run, taken instead
        keep : whether one that is made or taken is stored

        Raises
        ------
        CannotWrite
            If it can neither be read nor stored.
        """
        path = self._folder / "seed.json"
        source = given or path
        if source.exists():
            try:
                seed = int(json.loads(source.read_text(encoding="utf-8"))["seed"], 16)
            except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
                raise CannotWrite(
                    f"{source} holds no seed that can be read: put back a copy of it, or take it away; "
                    "then a new one is made, and --force grades everybody again."
                ) from error
        else:
            seed = secrets.randbits(64)
        if keep and (given or not path.exists()):
            self._prepared()
            row = {"assignment": self.assignment, "seed": f"{seed:#x}", "reference": reference_of(seed)}
            write_whole(path, json.dumps(row, indent=1).encode())
        return seed

    @contextlib.contextmanager
    def locked(self) -> Iterator[Self]:
        """Hold the lock of the assignment; the system releases it when this process ends.

        Raises
        ------
        Busy
            If somebody holds it.
        CannotWrite
        """
        self._prepared()
        path = self._folder / "lock"
        with _writing(path):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.lock_descriptor = descriptor
        try:
            if fcntl:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError as error:
                    who = os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip() or "somebody"
                    raise Busy(f"{who} is grading {self.assignment} here already: wait until it has ended.") from error
            with contextlib.suppress(OSError):  # who holds it is told to others only; on a full disk it is not
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, f"Process {os.getpid()} on {platform.node()}".encode(), 0)
            yield self
        finally:
            os.close(descriptor)


def reference_of(seed: int) -> str:
    """Return the digest by which a record refers to a seed without revealing it."""
    return hashlib.sha256(f"backprop-course seed {seed:#x}".encode()).hexdigest()[:12]
