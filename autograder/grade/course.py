"""An nbgrader course directory: its configuration, its folders, and the database of its gradebook."""

import contextlib
import functools
import sys
import tomllib
import traceback
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from jupyter_core.paths import jupyter_config_path
from sqlalchemy.exc import DBAPIError, SAWarning, SQLAlchemyError
from traitlets.config import Config
from traitlets.config.loader import JSONFileConfigLoader, PyFileConfigLoader

from autograder.errors import AutograderError
from autograder.grade.students import composed

CONFIG = "nbgrader_config.py"
STRUCTURE = "{nbgrader_step}/{student_id}/{assignment_id}"
COLUMNS: Mapping[str, str] = tomllib.loads(Path(__file__).with_name("nbgrader_tables.toml").read_text(encoding="utf-8"))
"""The tables of nbgrader's that are read or written here or by the reports, and their columns."""


class NoGradebook(AutograderError):
    """An error of a course: there is no gradebook that can be used; the message says what to do."""


@dataclass(frozen=True)
class Course:
    """An nbgrader course directory, as its configuration says.

    Attributes
    ----------
    root : the directory
    config : all of the configuration
    db_url : of the gradebook
    """

    root: Path
    config: Config
    db_url: str

    @classmethod
    def at(cls, root: Path) -> "Course":
        """Open a course directory: run its configuration file, and return its folders and database.

        Raises
        ------
        NoGradebook
            If there is none.
        """
        root = root.resolve()
        config = config_of(root)
        said = config.CourseDirectory
        structure = str(said.get("directory_structure", STRUCTURE))
        if structure.replace("\\", "/") != STRUCTURE:
            raise NoGradebook(
                f"{root / CONFIG} asks for the directory structure {structure}; known here is {STRUCTURE}."
            )
        if Path(str(said.get("root", root))).resolve() != root:
            raise NoGradebook(f"{root / CONFIG} says that the course is in {said.root}: name that by --course-dir.")
        db_url = said.get("db_url") or f"sqlite:///{root / 'gradebook.db'}"
        return cls(root, config, db_url)

    @classmethod
    def named(cls, root: Path | None) -> "Course":
        """Open a course; None stands for the nearest one, from the current directory upwards.

        Raises
        ------
        NoGradebook
            If there is none.
        """
        root = root or find_course(Path.cwd())
        if root is None:
            raise NoGradebook("Neither this folder nor one above it is an nbgrader course: name it by --course-dir.")
        return cls.at(root)

    @property
    def excluded(self) -> frozenset[str]:
        """The students whom the configuration leaves out, composed."""
        said = str(self.config.CourseDirectory.get("student_id_exclude", ""))
        return frozenset(composed(id.strip()) for id in said.split(",") if id.strip())

    def folder(self, step: str) -> Path:
        """Return the directory of a step, such as "submitted"."""
        name = str(self.config.CourseDirectory.get(f"{step}_directory", step))
        if "\0" in name or (self.root / name).resolve() == self.root:
            raise NoGradebook(
                f"{self.root / CONFIG}: CourseDirectory.{step}_directory is {name!r}, which is no folder."
            )
        return self.root / name


def config_of(root: Path) -> Config:
    """Return a course's configuration: that of its directory, over those of the user and the machine, as nbgrader does.

    The files are run, being the lecturer's own code.

    Raises
    ------
    NoGradebook
        If the course has none, or one cannot be run; the message says in which line, and why.
    """
    if not (root / CONFIG).is_file():
        raise NoGradebook(f"{root} is no nbgrader course directory, for it has no {CONFIG}: name it by --course-dir.")
    config = Config()
    for folder in (*map(Path, reversed(jupyter_config_path())), root):
        for path in (folder / CONFIG, (folder / CONFIG).with_suffix(".json")):
            if path.is_file():
                config.merge(_loaded(path))
    return config


def _loaded(path: Path) -> Config:
    loader = PyFileConfigLoader if path.suffix == ".py" else JSONFileConfigLoader
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what it prints is no part of a table
            return loader(path.name, path=str(path.parent)).load_config()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a lecturer's program may raise anything
        frames = traceback.extract_tb(error.__traceback__)
        places = [(f.filename, f.lineno) for f in frames if Path(f.filename).is_relative_to(path.parent)]
        why = str(error)
        if isinstance(error, SyntaxError) and error.filename:
            places, why = [*places, (error.filename, error.lineno)], error.msg
        file, line = places[-1] if places else (path, None)
        where = f"{file}, line {line}" if line else str(file)
        raise NoGradebook(f"{where}: {type(error).__name__}: {why}; mend the file, and start again.") from error


def find_course(start: Path) -> Path | None:
    """Return the nearest nbgrader course directory, from one directory upwards."""
    return next((folder for folder in (start, *start.parents) if (folder / CONFIG).is_file()), None)


@contextlib.contextmanager
def readable(url: object) -> Iterator[None]:
    """Turn database errors into a sentence.

    Raises
    ------
    NoGradebook
    """
    try:
        yield
    except (SQLAlchemyError, ValueError, OSError) as error:
        raise NoGradebook(
            f"The gradebook {url} cannot be read: {said_of(error)}; put that right, or put back a copy of it."
        ) from error


def database(course: Course) -> tuple[sa.Engine, Mapping[str, sa.Table]] | None:
    """Connect to a course's gradebook, and return its engine and tables; None where there is none yet.

    An empty database of a server is one that nbgrader has yet to fill. No connection outlives its transaction, so that
    none is in a worker that is forked meanwhile.

    Raises
    ------
    NoGradebook
        If it cannot be read, or is of an older nbgrader.
    """
    config = course.root / CONFIG
    with readable(f"that {config} names by db_url"):
        url = sa.make_url(course.db_url)
    with readable(url):
        if url.get_backend_name() == "sqlite" and not (file := Path(url.database or "")).is_file():
            if file.exists():
                raise NoGradebook(f"{file} is no file, and the gradebook belongs there: move it away.")
            return None
        try:
            engine = sa.create_engine(url, poolclass=sa.NullPool)
        except ImportError as error:
            raise NoGradebook(
                f"{error.name} is not installed here, and {config} asks for {url}: install it, for PostgreSQL by "
                "pip install '.[cluster]' in a checkout of the course, or write another db_url."
            ) from error
        found = sa.MetaData()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # of keys that `nbgrader db upgrade` leaves without a name
            found.reflect(engine, only=lambda name, _: name in COLUMNS)
        if not found.tables and url.get_backend_name() != "sqlite" and not sa.inspect(engine).get_table_names():
            return None
    lacking = [
        f"{table}.{column}"
        for table, columns in COLUMNS.items()
        for column in columns.split()
        if table not in found.tables or column not in found.tables[table].c
    ]
    if not found.tables:
        raise NoGradebook(f"{url} is no gradebook of nbgrader: it has none of its tables; put back a copy of it.")
    if lacking:
        raise NoGradebook(
            f"The gradebook {url} is of an older nbgrader, for it has no {', '.join(lacking[:3])}: "
            f"run `nbgrader db upgrade` in {course.root}, and start again."
        )
    return engine, found.tables


def said_of(error: Exception) -> str:
    """Return the first line of a database error."""
    said = str(error.orig if isinstance(error, DBAPIError) else error).strip() or type(error).__name__
    return said.splitlines()[0][:300].rstrip(".")


@functools.cache
def load_nbformat() -> Any:
    """Import nbformat on first use: it takes a third of a second.

    It loads jsonschema, which would build a grammar of web addresses: another second, for nothing of ours. So this is
    called before anything is imported that loads nbformat by itself.
    """
    hidden = "rfc3987_syntax" not in sys.modules
    if hidden:
        sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    try:
        import nbformat
    finally:
        if hidden:
            del sys.modules["rfc3987_syntax"]
    return nbformat
