"""Grade a class: open the course, grade the submissions that are due, write the results, print the progress."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from autograder.assignments import Assignment
from autograder.course_file import assignments_of, released
from autograder.errors import AutograderError
from autograder.grade import cluster
from autograder.grade.batch import grade_all
from autograder.grade.collect import SubmissionFolder, places
from autograder.grade.console import changes_table, followed, needs_marks, summary, table
from autograder.grade.course import Course
from autograder.grade.gradebook import Gradebook, UnknownAssignment, assignments_and
from autograder.grade.grader import Job, Result
from autograder.grade.records import Record, Records
from autograder.grade.restore import shared_cells
from autograder.grade.writer import ClassState, Writer, changes, exit_code
from autograder.sandbox.clock import cores
from autograder.sandbox.launch import SandboxProcess
from autograder.sandbox.outputs import hide
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
    seed_file: Path | None = None
    seconds: float = 30.0
    budget: float = 240.0
    cluster: str = ""


def job_of(
    course: Course, gradebook: Gradebook, assignment: Assignment, known: Mapping[str, Assignment], options: Options
) -> Job:
    """Return the job of an assignment, without its seed.

    Parameters
    ----------
    course, gradebook : where they are
    assignment : as it is asked now
    known : the assignments of the course, by name
    options : what the caller chooses
    """
    name, release = assignment.name, gradebook.release
    preamble, texts = shared_cells(course.folder("release") / name / f"{name}.ipynb", release)
    return Job(
        assignment=assignment,
        known=known,
        releases=released(course.root),
        release=release,
        seed=0,
        seconds=options.seconds,
        budget=options.budget,
        sandbox="namespaces" if options.sandboxed else "none",
        preamble=preamble,
        texts=texts,
        files=frozenset(_handed_out(course.folder("release") / name)),
    )


def _handed_out(folder: Path) -> Iterator[str]:
    """Yield the paths of the files of a release."""
    for each in folder.rglob("*"):
        yield str(each.relative_to(folder))


class Run:
    """A run over one assignment of a course.

    Attributes
    ----------
    assignment : as it is asked now
    records, gradebook, writer : where results are
    job : what all are graded with
    state : who is to be graded
    sandbox : one that is starting already, if there is one; whoever made it closes it
    """

    def __init__(self, name: str, options: Options, sandbox: SandboxProcess | None = None) -> None:
        """Open the course and the gradebook, and list the submissions.

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
        keep_out_of(self.course.folder("submitted"))
        hide(str(self.course.root), "course")
        try:
            self.gradebook = Gradebook(self.course, name)
        except UnknownAssignment as error:
            known = assignments_of(self.course.root)
            if name not in known:
                raise CannotGrade(f"no assignment {name!r}; {suggestion(name, known)}") from error
            raise
        known = assignments_and(self.course, name, self.gradebook.release)
        self.assignment = known[name]
        self.records = Records(self.course.root, name)
        self.writer = Writer(
            self.records, self.gradebook, self.course.folder("autograded"), self.course.folder("source") / name
        )
        self.places: list[SubmissionFolder] = list(places(self.course.folder("submitted"), name))
        if not self.places:
            where = self.course.folder("submitted") / "STUDENT" / name / f"{name}.ipynb"
            raise CannotGrade(f"nobody has handed in {name} yet: put each notebook at {where}")
        self.job = job_of(self.course, self.gradebook, self.assignment, known, options)
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
            self.state = self.writer.look(self.places, self.job, self.options.force)
            yield self

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
                self.writer.write(result)
            yield result.record

    def results(self) -> Iterator[Result]:
        """Grade the submissions that are due, and yield the results without writing them."""
        if self.options.cluster:
            yield from cluster.grade_all(self.job, self.state.todo, self.options.cluster)
            return
        jobs, close = self.options.jobs or cores(), [] if self._lock is None else [self._lock]
        yield from grade_all(self.job, self.state.todo, jobs, close, self.sandbox)


def grade_class(
    assignment: str, options: Options, console: Console | None = None, sandbox: SandboxProcess | None = None
) -> int:
    """Grade a class, print the progress and the results, and return the exit code.

    Parameters
    ----------
    assignment : its name
    options : what the caller chooses
    console : where it is printed
    sandbox : one that is starting already; it stays the caller's to close

    Raises
    ------
    AutograderError
        When nothing could be done.
    """
    console = console or Console()
    run, started = Run(assignment, options, sandbox), time.monotonic()
    with run.opened():
        state = run.state
        if state.todo and not options.sandboxed:
            console.print("[red]Students' code runs without a sandbox, with all your rights.[/]", soft_wrap=True)
        if state.done:
            console.print(f"{len(state.done)} are graded already; --force grades them again.", highlight=False)
        if state.outdated:
            console.print(
                f"{state.outdated} of them were judged by other checks or another seed than now.", highlight=False
            )
        if options.dry_run:
            return _dry(run, console)
        fresh = list(followed(console, run.grade(), len(state.todo)))
        records = [*state.done, *fresh]
    console.print(table(run.assignment, records))
    seconds = time.monotonic() - started
    console.print(summary(records, len(fresh), seconds), highlight=False, soft_wrap=True)
    return exit_code(records)


def _dry(run: Run, console: Console) -> int:
    """Grade, write nothing, and show which marks would change."""
    before, found, records = run.gradebook.marks(), {}, []
    for record in followed(console, (result.record for result in run.results()), len(run.state.todo)):
        records.append(record)
        wanted = run.gradebook.wanted(record) if needs_marks(record) else {}
        if wanted and (changed := changes(before.get(record.student, {}), wanted)):
            found[record.student] = changed
    console.print(changes_table(found))
    console.print(
        f"{len(found)} of {len(records)} would get other marks. Nothing was written.", highlight=False, soft_wrap=True
    )
    return exit_code([*run.state.done, *records])
