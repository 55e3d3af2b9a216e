"""A run over an assignment: open the course, list the submissions that are due, grade them, write the results."""

import contextlib
import functools
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.assignments import Assignment
from autograder.course_file import FILE, assignments_of, is_on, packages_of, record_points, released
from autograder.errors import AutograderError
from autograder.grade import cluster, points
from autograder.grade.batch import grade_all
from autograder.grade.collect import files_below, places
from autograder.grade.course import Course
from autograder.grade.gradebook import Gradebook, UnknownAssignment, assignments_and, notebooks_of
from autograder.grade.grader import Job, Result
from autograder.grade.instructor_tests import sources_of
from autograder.grade.records import Record, Records
from autograder.grade.release import shared_cells
from autograder.grade.students import composed
from autograder.grade.writer import ClassState, Writer, changes
from autograder.sandbox.clock import cores
from autograder.sandbox.launch import SandboxProcess
from autograder.sandbox.outputs import hide
from autograder.sandbox.plan import modules_of_distribution
from course_lib.names import suggestion


class CannotGrade(AutograderError):
    """An error that keeps a run from grading anything; the message says what to do."""


def keep_out_of(submitted: Path) -> None:
    """Leave the folder of submissions, and remove it from the import path."""
    with contextlib.suppress(FileNotFoundError):  # the folder that the command was started in has gone
        inside = submitted.resolve()
        sys.path[:] = [place for place in sys.path if not Path(place or ".").resolve().is_relative_to(inside)]
        if Path.cwd().is_relative_to(inside):
            os.chdir(inside.parent)


@dataclass
class Options:
    """The options of a run.

    Attributes
    ----------
    course : the nbgrader course directory; None looks for it from the current one upwards
    jobs : workers; 0 takes one for each core
    sandboxed : whether students' code runs in the sandbox; without one, it runs with the rights of the caller
    force : grade again what stands
    dry_run : write nothing
    new_points : put the points of course.toml in force
    seed_file : the seed of an earlier run
    seconds : for one cell, and for judging one function
    budget : seconds for one submission
    cluster : address of a Dask scheduler whose workers grade; "" grades on this machine
    """

    course: Path | None = None
    jobs: int = 0
    sandboxed: bool = True
    force: bool = False
    dry_run: bool = False
    new_points: bool = False
    seed_file: Path | None = None
    seconds: float = 30.0
    budget: float = 240.0
    cluster: str = ""


def job_of(
    course: Course,
    gradebook: Gradebook,
    assignment: Assignment,
    known: Mapping[str, Assignment],
    options: Options,
    notebooks: Sequence[str] = (),
) -> Job:
    """Return the job of an assignment, without its seed.

    Parameters
    ----------
    course, gradebook : where they are
    assignment : as it is asked now
    known : the assignments of the course, by name
    options : what the caller chooses
    notebooks : names of its notebooks, if there are several; the first is meant
    """
    name, release = assignment.name, gradebook.release
    file, *others = (f"{each}.ipynb" for each in notebooks or (name,))
    assignment = assignment.worth(release.worth)
    solved = course.folder("source") / name / file
    preamble, texts = shared_cells(release)
    releases = released(course.root)
    asked = (assignment, *(each for each in releases.values() if each.name == name))
    checks = frozenset(exercise.id for each in asked for exercise in each.exercises)
    files = {path: data for path, data in files_below(solved.parent).items() if data is not None}
    tests = sources_of(release, checks, solved, files)
    return Job(
        assignment=assignment,
        known={**known, name: assignment},
        releases=releases,
        release=release,
        seed=0,
        seconds=options.seconds,
        budget=options.budget,
        sandbox="namespaces" if options.sandboxed else "none",
        preamble=() if files else preamble,  # which might open one, and is run where there is none
        texts=texts,
        tests=tests,
        solution=solved.read_bytes() if tests.tests and solved.is_file() else b"",
        packages=installed(course.root, name),
        notebook=file,
        others=frozenset(others),
        files=frozenset(files_below(course.folder("release") / name)),
        show_measured=is_on(course.root, name, "show_measured"),
    )


def installed(root: Path, name: str) -> tuple[str, ...]:
    """Return the packages that notebooks of an assignment may import besides.

    Raises
    ------
    CannotGrade
        If one is not installed here.
    """
    packages = packages_of(root, name)
    for package in packages:
        if not modules_of_distribution(package):
            raise CannotGrade(
                f"{root / FILE} lets notebooks import {package}, which is not installed here: "
                f"pip install {package}, beside the grader"
            )
    return packages


class Run:
    """A run over one assignment of a course.

    Attributes
    ----------
    assignment : as it is asked now
    notebook : which of several notebooks, or ""
    records, gradebook : where results are
    job : what all are graded with
    new_points : the points of course.toml that are not in force, by the cell's id
    revalued : who gets other points, or whose points are of another number now
    promised : how many that are in were promised other points than are in force
    state : who is to be graded
    sandbox : one that is starting already, if there is one; whoever made it closes it
    """

    def __init__(
        self, name: str, options: Options, sandbox: SandboxProcess | None = None, notebooks: Sequence[str] = ()
    ) -> None:
        """Open the course and the gradebook, and list the submissions.

        Parameters
        ----------
        name : of the assignment
        options : what the caller chooses
        sandbox : one that is starting already
        notebooks : names of its notebooks, if there are several; the first is meant

        Raises
        ------
        CannotGrade, NoGradebook
        CourseFileError
            If course.toml or releases.json cannot be read.
        CannotWrite, Busy
        """
        self.course = Course.named(options.course)
        if options.seed_file:
            options.seed_file = options.seed_file.absolute()
        self.options = options
        self.sandbox = sandbox
        self.notebook = next(iter(notebooks), "")
        keep_out_of(self.course.folder("submitted"))
        hide(str(self.course.root), "course")
        try:
            self.gradebook = Gradebook(self.course, name, self.notebook)
        except UnknownAssignment as error:
            known = assignments_of(self.course.root)
            if name not in known:
                raise CannotGrade(f"no assignment {name!r}; {suggestion(name, known)}") from error
            raise
        known = assignments_and(self.course, name, self.gradebook.release)
        self.new_points = points.differing(known[name], self.gradebook.release)
        if options.new_points:
            self.gradebook.release = points.put_in_force(self.gradebook.release, self.new_points)
        self.records = Records(self.course.root, name, self.notebook)
        found = list(places(self.course.folder("submitted"), name))
        excluded = self.course.excluded
        self.places = [each for each in found if composed(each.student) not in excluded]
        self.excluded = len(found) - len(self.places)
        if not self.places:
            where = self.course.folder("submitted") / "STUDENT" / name / f"{name}.ipynb"
            raise CannotGrade(f"nobody has handed in {name} yet: put each notebook at {where}")
        self.job = job_of(self.course, self.gradebook, known[name], known, options, notebooks)
        if options.new_points:
            worth = self.gradebook.release.worth
            releases = {d: each.worth(worth) if each.name == name else each for d, each in self.job.releases.items()}
            self.job = replace(self.job, releases=releases)
        self.assignment = self.job.assignment
        if self.notebook:
            self.assignment = replace(self.assignment, title=f"{self.assignment.title}, {self.notebook}")
        self.revalued: list[points.Revalued] = []
        self.promised = 0
        self.state = ClassState()
        self._lock: int | None = None

    @contextlib.contextmanager
    def opened(self) -> Iterator["Run"]:
        """Hold the lock, read the seed, and list the submissions that are due; a dry run locks and writes nothing.

        Raises
        ------
        Busy, CannotWrite
        """
        keep = not self.options.dry_run
        with self.records.locked() if keep else contextlib.nullcontext(), contextlib.closing(self.gradebook):
            if keep:
                self._lock = self.records.lock_descriptor
                self.gradebook.check_writable()
            self.job = replace(self.job, seed=self.records.seed(self.options.seed_file, keep=keep))
            self._writer = Writer(self.records, self.gradebook, self.course, self.job)
            self.revalued = list(self._revalued())
            if keep:
                self._put_in_force()
            self.state = self._writer.look(self.places, self.options.force)
            yield self

    def _revalued(self) -> Iterator[points.Revalued]:
        """Yield the submissions that are in whose records do not have the points that are in force."""
        anew, job = self.options.new_points, self.job
        for record in self.records.all():
            if record.has_marks:
                other = points.revalued(record, job.release, anew)
                other = points.as_of_now(other, job.releases, job.assignment) if anew else other
                self.promised += record.asked != {
                    id: job.release.worth.get(id, most) for id, most in record.asked.items()
                }
                if replace(other, asked=record.asked) != record:
                    yield points.Revalued(record, other)

    def _put_in_force(self) -> None:
        """Write the new points, if that was asked for, and the records and marks that follow from those in force."""
        if self.options.new_points and self.new_points:
            self.gradebook.put_in_force(self.new_points)
        if self.options.new_points:
            record_points(self.course.root, self.assignment.name, self.job.release.worth)
        for each in self.revalued:
            each.write(self._writer)

    def grade(self) -> Iterator[Record]:
        """Grade the submissions that are due, write the results, and yield each record; repaired records come first.

        Raises
        ------
        CannotWrite
        """
        for record in self.state.repair:
            if not self.options.dry_run:
                self.gradebook.write(record)
        for result in self.results():
            if not self.options.dry_run:
                self._writer.write(result)
            yield result.record

    def would_change(self, record: Record) -> dict[str, tuple[Any, Any]]:
        """Return the marks in the gradebook that are not those of a record: as they are, and as they should be."""
        return changes(self._marks_before.get(record.student, {}), self.gradebook.wanted(record))

    @functools.cached_property
    def _marks_before(self) -> dict[str, dict[str, float | None]]:
        return self.gradebook.marks()

    def results(self) -> Iterator[Result]:
        """Grade the submissions that are due, and yield the results without writing them."""
        if self.options.cluster:
            yield from cluster.grade_all(self.job, self.state.todo, self.options.cluster)
            return
        jobs, close = self.options.jobs or cores(), [] if self._lock is None else [self._lock]
        yield from grade_all(self.job, self.state.todo, jobs, close, self.sandbox)


def runs(name: str, options: Options, sandbox: SandboxProcess | None = None) -> Iterator[Run]:
    """Open a run over each notebook of an assignment, one after the other.

    Parameters
    ----------
    name : of the assignment
    options : what the caller chooses
    sandbox : one that is starting already; it stays the caller's to close

    Raises
    ------
    AutograderError
        When nothing can be done.
    """
    course = Course.named(options.course)
    options.course = course.root  # a run leaves the folder of submissions
    notebooks = [] if name in assignments_of(course.root) else notebooks_of(course, name)
    if not notebooks:
        yield Run(name, options, sandbox)
    for each in notebooks:
        yield Run(name, options, notebooks=[each, *(other for other in notebooks if other != each)])
