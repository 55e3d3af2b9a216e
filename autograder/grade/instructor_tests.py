"""A lecturer's own test cells, run on the trusted side: the names of the notebook are stand-ins for the student's.

All tests of a notebook run in one fork of this process, so that a test has the names of those before it, and what the
course gives out: its imports, the functions of its locked cells, and the files beside the notebook. A call of a
student's function goes to the student's process as plain values, and so does its answer come back. `np.allclose`,
`assert` and whatever else a test uses are those of this side, out of the student's reach.
"""

import contextlib
import json
import os
import symtable
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from autograder.grade.namespace import GONE, TestNamespace, TestResult
from autograder.grade.release import Release, as_released, cells_in
from autograder.protocol.values import Failure
from autograder.sandbox.apart import TrustedFork
from autograder.sandbox.launch import NotStarted
from autograder.sandbox.process import Ended, EndedByTime, Guest

FORGET_SECONDS = 10.0


@dataclass(frozen=True)
class TestSources:
    """What the tests of a notebook are run with.

    Attributes
    ----------
    tests : the lecturer's test cells, with what is hidden, by their names
    visible : the same as students have them
    given : the lecturer's other cells of code, and whether each is locked; what they import is the test's own, and
        what locked ones define
    asked : names that an answer is to bind, by the name of its cell: afterwards a test has the student's
    files : texts and data beside the notebook, by their names
    """

    __test__ = False

    tests: Mapping[str, str] = field(default_factory=dict)
    visible: Mapping[str, str] = field(default_factory=dict)
    given: tuple[tuple[str, bool], ...] = ()
    asked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


def sources_of(
    release: Release,
    checks: frozenset[str],
    solution: Path,
    files: Mapping[str, bytes],
) -> TestSources:
    """Return what a lecturer's own tests are run with.

    Parameters
    ----------
    release : what the gradebook knows, which has the last word on locked cells, and the file
    checks : names of the check cells, which are no tests of the lecturer's
    solution : the notebook with the lecturer's answers; where there is none, what was handed out says what to bind
    files : beside the lecturer's notebook
    """
    tests = {name: cell.source for name, cell in release.cells.items() if cell.is_test and name not in checks}
    if not tests:
        return TestSources(files=files)
    given = []
    for cell in release.whole:
        if cell.kind == "code" and not any(cell.has(flag) for flag in ("solution", "grade", "task")):
            known = release.cells.get(cell.grade_id or "")
            given.append((known.source, True) if known and known.locked else (cell.source, False))
    answers = [cell for cell in (*release.whole, *cells_in(solution)) if cell.kind == "code" and cell.has("solution")]
    return TestSources(
        tests,
        {name: as_released(source, release.hidden) for name, source in tests.items()},
        tuple(given),
        {cell.name: bound_by(cell.source) for cell in answers},
        files,
    )


def bound_by(source: str) -> frozenset[str]:
    """Return the names that a cell of the lecturer's binds at its top level; none if it is not plain Python."""
    try:
        symbols = symtable.symtable(source, "<cell>", "exec").get_symbols()
    except (SyntaxError, ValueError):
        return frozenset()
    return frozenset(each.get_name() for each in symbols if each.is_assigned() or each.is_imported())


class InstructorTests:
    """The tests of one notebook while it is judged.

    Attributes
    ----------
    sources : what they are run with
    charged : seconds that they have computed, without the student's functions
    """

    def __init__(self, sources: TestSources) -> None:
        """Configure the fork; the first test starts it."""
        self.sources = sources
        self.charged = 0.0
        self._done: list[tuple[str, Any]] = []
        self._apart: TrustedFork | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._names: TestNamespace | None = None  # in the fork
        self._guest: Guest | None = None
        self._until = 0.0
        self._ended: Ended | NotStarted | None = None

    def run(self, name: str, guest: Guest, seconds: float) -> TestResult:
        """Run a test.

        Parameters
        ----------
        name : of its cell
        guest : the student's process, in which the cells above have been run
        seconds : for all calls of the student's functions, and for what goes on with what they return

        Raises
        ------
        Ended
            If the test, or what it asked, took too much; the student's process has ended too.
        NotStarted
        """
        self._guest, self._until, self._ended = guest, guest.charged + seconds, None
        try:
            if self._apart is None:
                self._start()
                for earlier in self._done:
                    self._ask(earlier, seconds)
            outputs, unjudged = self._ask(("test", self.sources.tests[name]), seconds)
        except (Ended, NotStarted):
            guest.end()
            self.end()
            raise
        if self._ended:
            guest.end()
            raise self._ended
        self._done.append(("test", self.sources.tests[name]))
        return TestResult(json.loads(outputs.tobytes()), unjudged)

    def answered(self, name: str) -> None:
        """From now on, of the names that the answer in a cell is to bind, take the student's."""
        names = self.sources.asked.get(name)
        if names and self._done:
            message = ("forget", sorted(names))
            self._done.append(message)
            if self._apart:
                with contextlib.suppress(Ended, NotStarted):
                    self._ask(message, FORGET_SECONDS)

    def end(self) -> None:
        """End the fork, and remove its folder; a later test starts another. May be called twice."""
        if self._apart:
            self._apart.end()
            self._apart = None
        if self._folder:
            self._folder.cleanup()
            self._folder = None

    def _start(self) -> None:
        self._apart = TrustedFork(self._answer, FORGET_SECONDS, served=self._serve)
        if self.sources.files:
            self._folder = tempfile.TemporaryDirectory(prefix="tests-", ignore_cleanup_errors=True)
            put_files(Path(self._folder.name), self.sources.files)

    def _ask(self, message: Any, seconds: float) -> Any:
        assert self._apart
        self._apart.seconds, self._apart.charged = seconds, 0.0
        try:
            return self._apart.ask(message)
        finally:
            self.charged += self._apart.charged

    def _serve(self, request: Any) -> Any:
        """Ask the student's process what the fork asks."""
        assert self._guest
        try:
            if self._ended:
                raise self._ended
            left = self._until - self._guest.charged
            if left <= 0:
                raise EndedByTime("its calls together took longer than there was time for")
            return self._guest.ask_for_test(request, left)
        except (Ended, NotStarted) as error:
            self._ended = error
            return Failure(GONE, "the student's process has ended")

    def _answer(self, message: Any) -> Any:
        """In the fork, run a test or forget names."""
        if self._names is None:
            self._names = self._begun()
        word, what = message
        if word == "forget":
            for name in what:
                self._names.pop(name, None)
            return None
        found = self._names.run(what)
        shown = json.dumps(found.outputs).encode("utf-8", "backslashreplace")
        return np.frombuffer(shown, np.uint8), found.unjudged

    def _begun(self) -> TestNamespace:
        assert self._apart
        if self._folder:
            os.chdir(self._folder.name)
            sys.path.insert(0, self._folder.name)
        names = TestNamespace(self._apart.ask_back)
        names.begin(self.sources.given)
        return names


def put_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files below a folder, by their relative paths there."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def points_of(outputs: Iterable[dict[str, Any]], most: float) -> float:
    """Return the points for a test cell's outputs, as nbgrader does: a number is partial credit, an error is none."""
    for output in outputs:
        if output["output_type"] == "error":
            return 0.0
        if output["output_type"] == "execute_result":
            try:
                points = float(output["data"]["text/plain"])
            except ValueError:
                return most
            return min(points, most) if points >= 0 else most
    return most
