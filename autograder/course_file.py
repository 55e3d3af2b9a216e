"""A lecturer's settings, `course.toml` in a course directory, and the record of releases.

    [course]
    packages = ["scipy", "pandas"]            # that notebooks may import besides numpy, matplotlib and IPython
    show_measured = false                     # graded work shows no wrong array beside the measured one
    last_hint = false                         # `hint` does not give the formula; may stand with one assignment too

    [ps4_two_layer]
    leave_out = ["nn_model"]                  # handed out written, and not asked
    points = {compute_dW2 = 3, backward_propagation = 6}
    version = 2
    packages = ["torch"]                      # for this one too

    [ps8_revision]                            # an assignment of your own; its text source is ps8_revision.py
    title = "Revision"
    exercises = [
        {function = "compute_dW2", points = 2, equation = "two_layer.dW2"},
        {function = "train", points = 5, question = "train"},
    ]
    written = [{id = "written-why", points = 2, title = "Why"}]

`equations.py` beside it declares equations that the package does not have (`autograder.equations`); an exercise asks
for one by its name: `{function = "batch_norm_dZ", points = 3}`.

`releases.json` beside it keeps, for every release ever made there, what it asked and for how many points: a submission
that was made against an older one is graded with what it was given.
"""

import json
import runpy
import tomllib
import traceback
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from autograder.assignments import ASSIGNMENTS, Assignment, Exercise, ManualQuestion, from_table
from autograder.equations import Declaration, declared_in
from autograder.errors import AutograderError
from course_lib.equations import EQUATIONS
from course_lib.names import suggestion

FILE = "course.toml"
FOR_ALL = "course"
"""The table with what is set for all assignments."""
FOR_ANY = ("packages", "show_measured", "last_hint")
"""What may be set for all assignments, and for one."""
RELEASES = "releases.json"
EQUATIONS_FILE = "equations.py"


class CourseFileError(AutograderError):
    """The course file, or the record of releases, cannot be used; the message says how to mend it."""


def assignments_of(course: Path) -> Mapping[str, Assignment]:
    """Return the assignments of a course: those of the package, changed as its file says, and its own.

    Parameters
    ----------
    course : the course directory; without a course.toml nothing is changed

    Raises
    ------
    CourseFileError
        If the file is not TOML, or asks for something that there is not.
    """
    path = course / FILE
    declared = declared_by(course)
    found = dict(ASSIGNMENTS)
    for name, table in _tables(path).items():
        where = f"{path}, [{name}]"
        if name == FOR_ALL:
            _known(table, FOR_ANY, where)
            continue
        known = ASSIGNMENTS.get(name)
        found[name] = _changed(known, table, where) if known else _own(name, table, where, declared)
    return MappingProxyType(found)


def _tables(path: Path) -> dict[str, dict[str, Any]]:
    try:
        tables = tomllib.loads(text_of(path) or "")
    except (ValueError, RecursionError) as error:
        raise CourseFileError(f"{path} cannot be read: {error}; mend it there, or take the file away") from error
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise CourseFileError(f"{path}: {name} is not a table; write [{name}] above what it holds")
    return tables


def packages_of(course: Path, assignment: str) -> tuple[str, ...]:
    """Return the distributions that notebooks of an assignment may import besides those that all may.

    Raises
    ------
    CourseFileError
        If the file cannot be read, or says something else there.
    """
    path = course / FILE
    tables, found = _tables(path), dict[str, None]()
    for table in (FOR_ALL, assignment):
        names = tables.get(table, {}).get("packages", [])
        if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
            raise CourseFileError(f'{path}, [{table}]: write packages = ["scipy", "pandas"]')
        found |= dict.fromkeys(names)
    return tuple(found)


def is_on(course: Path, assignment: str, setting: str) -> bool:
    """Return whether `show_measured` or `last_hint` is on for an assignment, as each is unless somebody writes false.

    Raises
    ------
    CourseFileError
        If the file cannot be read, or says something else there.
    """
    path, found = course / FILE, True
    tables = _tables(path)
    for table in (FOR_ALL, assignment):
        found = tables.get(table, {}).get(setting, found)
        if not isinstance(found, bool):
            raise CourseFileError(f"{path}, [{table}]: write {setting} = false, or true")
    return found


def declared_by(course: Path) -> dict[str, Declaration]:
    """Return the equations that a course declares, by name.

    Raises
    ------
    CourseFileError
        If its equations.py cannot be run, or a declaration in it is none.
    """
    path = course / EQUATIONS_FILE
    text = text_of(path)
    return _declared(path, text) if text else {}


@lru_cache(maxsize=4)
def _declared(path: Path, text: str) -> dict[str, Declaration]:
    """Run a file of declarations, once for each text that it has."""
    try:
        return declared_in(runpy.run_path(str(path)))
    except (Exception, SystemExit) as error:  # whatever a lecturer's code raises
        raise CourseFileError(f"{path}{_line_of(path, error)}: {str(error) or type(error).__name__}") from error


def _line_of(path: Path, error: BaseException) -> str:
    """Return the last line of a file that an error passed through."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    own = [error.lineno] if isinstance(error, SyntaxError) else []
    return f", line {[*lines, *own][-1]}" if lines or own else ""


def text_of(path: Path) -> str | None:
    """Return the text of a file, which may begin with the mark that some editors write; None where there is none.

    Raises
    ------
    CourseFileError
        If it cannot be read, or is not in UTF-8.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CourseFileError(f"{path} cannot be read: {error.strerror or error}; put that right") from error
    encoding = json.detect_encoding(content)
    if not encoding.startswith("utf-8"):
        raise CourseFileError(f"{path} cannot be read: it is in {encoding.upper()}; save it as UTF-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CourseFileError(f"{path} cannot be read: line {line} is not in UTF-8; save it as UTF-8") from error


def _known(table: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in keys:
            raise CourseFileError(f"{where}: there is nothing to set named {key!r}; {suggestion(key, keys)}")


def _points(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
        raise CourseFileError(f"{where}: points are a number above 0, not {value!r}")
    return float(value)


def _version(table: Mapping[str, Any], otherwise: int, where: str) -> int:
    version = table.get("version", otherwise)
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise CourseFileError(f"{where}: a version is a whole number from 1 on, not {version!r}")
    return version


def _changed(assignment: Assignment, table: Mapping[str, Any], where: str) -> Assignment:
    _known(table, ("leave_out", "points", "title", "version", *FOR_ANY), where)
    left_out, points = table.get("leave_out", []), table.get("points", {})
    if not isinstance(left_out, list) or not isinstance(points, dict):
        raise CourseFileError(f'{where}: write leave_out = ["a_function"] and points = {{a_function = 2}}')
    asked = [exercise.function for exercise in assignment.exercises] + [written.id for written in assignment.written]
    for name in (*left_out, *points):
        if name not in asked:
            raise CourseFileError(
                f"{where}: {assignment.name} does not ask for {name!r}; {suggestion(str(name), asked)}"
            )
    worth = {name: _points(value, where) for name, value in points.items()}
    exercises = tuple(
        replace(exercise, points=worth.get(exercise.function, exercise.points))
        for exercise in assignment.exercises
        if exercise.function not in left_out
    )
    if not exercises:
        raise CourseFileError(f"{where}: nothing is left to ask")
    return replace(
        assignment,
        title=str(table.get("title", assignment.title)),
        version=_version(table, assignment.version, where),
        exercises=exercises,
        written=tuple(replace(w, points=worth.get(w.id, w.points)) for w in assignment.written if w.id not in left_out),
        given=tuple(name for name in left_out if assignment.exercise(name)),
    )


def _own(name: str, table: Mapping[str, Any], where: str, declared: Mapping[str, Declaration]) -> Assignment:
    if "exercises" not in table:
        raise CourseFileError(f"{where}: {suggestion(name, ASSIGNMENTS)}; one of your own needs exercises")
    _known(table, ("title", "version", "exercises", "written", *FOR_ANY), where)
    try:
        exercises = []
        for row in table["exercises"]:
            _known(row, ("function", "points", "equation", "question"), where)
            points = _points(row["points"], where)
            exercises.append(Exercise(row["function"], points, row.get("equation"), row.get("question", "")))
        written = [
            ManualQuestion(row["id"], _points(row["points"], where), row["title"]) for row in table.get("written", [])
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise CourseFileError(
            f'{where}: an exercise is {{function = "f", points = 2, equation = "two_layer.dW2"}}; not so: {error!r}'
        ) from error
    names = [str(exercise.function) for exercise in exercises]
    if not names or len(set(names)) < len(names):
        raise CourseFileError(f"{where}: exercises must be there, each function once")
    words = [text for e in exercises for text in (e.function, e.equation or "", e.question)]
    if not all(isinstance(text, str) for text in (*words, *(text for w in written for text in (w.id, w.title)))):
        raise CourseFileError(f"{where}: functions, equations, questions, ids and titles are texts in quotes")
    for id in (exercise.equation for exercise in exercises if exercise.equation):
        if id not in EQUATIONS and id not in declared:
            raise CourseFileError(f"{where}: no equation {id!r}; {suggestion(id, [*declared, *EQUATIONS])}")
    for k, exercise in enumerate(exercises):
        if exercise.asked in declared:
            exercises[k] = replace(exercise, equation=exercise.asked, question="", declared=declared[exercise.asked])
    title = str(table.get("title", name))
    return Assignment(name, title, _version(table, 1, where), tuple(exercises), tuple(written))


def released(course: Path) -> dict[str, Assignment]:
    """Return every release that the course has made, by its digits.

    A record holds what students got; formulas of the course's own equations are added from its equations.py.

    Raises
    ------
    CourseFileError
        If the record cannot be read.
    """
    path = course / RELEASES
    text = text_of(path)
    try:
        found = {digits: from_table(table) for digits, table in json.loads("{}" if text is None else text).items()}
    except (ValueError, AttributeError, RecursionError) as error:
        raise CourseFileError(
            f"{path} cannot be read: {error}; put back a copy of it, for it is written by each release"
        ) from error
    declared = declared_by(course)
    return {digits: _with_formulas(asked, declared) for digits, asked in found.items()}


def _with_formulas(assignment: Assignment, declared: Mapping[str, Declaration]) -> Assignment:
    by_public_part = {declaration.public(): declaration for declaration in declared.values()}
    exercises = (
        replace(e, declared=by_public_part.get(e.declared, e.declared)) if e.declared else e
        for e in assignment.exercises
    )
    return replace(assignment, exercises=tuple(exercises))


def record_release(course: Path, assignment: Assignment) -> None:
    """Record the exercises and points of a release, so that its submissions are graded with them later."""
    _record(course, released(course) | {assignment.release: assignment})


def record_points(course: Path, name: str, points: Mapping[str, float]) -> None:
    """Record that all releases of an assignment are worth other points, by the ids of their cells."""
    found = released(course)
    _record(course, {digits: each.worth(points) if each.name == name else each for digits, each in found.items()})


def _record(course: Path, found: Mapping[str, Assignment]) -> None:
    rows = {digits: each.as_table() for digits, each in sorted(found.items(), key=lambda item: (item[1].name, item[0]))}
    path = course / RELEASES
    fresh = path.with_suffix(".new")
    try:
        fresh.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise CourseFileError(f"{path} cannot be written: {error.strerror or error}; put that right") from error
