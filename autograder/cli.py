"""The command line: each command a few lines over the rooms below, which it loads when it is called.

Exit codes: 0 all right, 1 something is wrong with the work, 2 it could not be done or judged: then one line on stderr
says why and what to do, and where JSON was asked for, an object with the same sentence stands on stdout.
"""

import contextlib
import json
import math
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from autograder.errors import AutograderError, say, sentence_of, speak_plainly

try:
    import click
except ImportError as missing:
    say("autograder", missing)
    sys.exit(2)

BY_OTHER_MEANS = {
    "cells": "the ids of its cells; its metadata do not say",
    "functions": "the functions that it defines; its metadata and cell ids do not say",
}


FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
FILE_TO_WRITE = click.Path(path_type=Path, dir_okay=False)
COUNT = click.IntRange(min=0)


def _a_number(context: click.Context, parameter: click.Parameter, value: float) -> float:
    """Refuse nan, which lies in every range."""
    if math.isnan(value):
        raise click.BadParameter("nan is not a number of seconds.")
    return value


def _seconds(*names: str, default: float, help: str) -> Callable[[Any], Any]:
    """Return an option that takes seconds, up to a day."""
    limits = click.FloatRange(min=0, min_open=True, max=86_400)
    return click.option(*names, default=default, show_default=True, type=limits, callback=_a_number, help=help)


ASSIGNMENT = click.argument("assignment")
COURSE = click.option(
    "--course-dir",
    "course",
    type=FOLDER,
    help="nbgrader's course directory; otherwise the nearest above this folder that has an nbgrader_config.py.",
)
BOOK = click.option(
    "--book-url", "book", default="", envvar="AUTOGRADER_BOOK_URL", help="Where the book is, for links into it."
)
WORKERS = click.option("--jobs", default=0, type=COUNT, help="How many workers; 0 takes one for each core.")
TIMEOUT = _seconds("--timeout", "seconds", default=30.0, help="Seconds for a cell, and for judging a function.")


def _end_tidily() -> None:
    """Turn the signals that end a process into exceptions, so that the student's process is ended before this one."""

    def stop(signal_number: int, frame: object) -> NoReturn:
        sys.exit(128 + signal_number)

    for wanted in {"SIGTERM", "SIGHUP"} & set(dir(signal)):
        signal.signal(getattr(signal, wanted), stop)


class _Stopped(click.ClickException):
    """A command could not go on."""

    def __init__(self, error: BaseException, ctx: click.Context) -> None:
        super().__init__(sentence_of(error))
        self.ctx = ctx


class _Command(click.Command):
    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn every exception into a sentence."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except (Exception, KeyboardInterrupt) as error:
            raise _Stopped(error, ctx) from error


class _Commands(click.Group):
    command_class = _Command

    def main(self, args: Sequence[str] | None = None, *rest: Any, **options: Any) -> NoReturn:
        """Run a command; print an error in one line, and as an object where JSON was asked for."""
        speak_plainly()
        words = list(sys.argv[1:] if args is None else args) or ["--help"]
        try:
            sys.exit(super().main(words, *rest, **{**options, "standalone_mode": False}))
        except click.Abort:
            say("autograder", KeyboardInterrupt())
        except (AutograderError, OSError) as error:  # of what click itself prints
            say("autograder", error)
        except click.ClickException as error:
            ctx = getattr(error, "ctx", None)
            usage = f" See `{ctx.command_path} --help`." if ctx and isinstance(error, click.UsageError) else ""
            cause = error.__cause__ if isinstance(error, _Stopped) else AutograderError(error.format_message() + usage)
            sentence = say("autograder", cause or error)
            asked = ctx.params if ctx else {}
            if "--json" in words or asked.get("kind") == "json":
                about = {key: str(asked[key]) for key in ("notebook", "assignment") if asked.get(key)}
                with contextlib.suppress(OSError, AutograderError):
                    click.echo(json.dumps({"schema": 1, **about, "error": sentence}, indent=2))
        sys.exit(2)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="backprop-course")
def main() -> None:
    """Check back-propagation assignments, and name the mistake."""


def _tell(text: object) -> None:
    """Print a line as the terminal can show it; by itself click takes a terminal of ASCII for one of UTF-8."""
    click.echo(text, file=sys.stdout)


@main.command()
@click.argument("notebook", type=click.Path(path_type=Path))
@click.option("--assignment", "name", help="Which assignment it is, if the notebook does not tell.")
@click.option(
    "--course-dir", type=FOLDER, help="A course directory whose course.toml and releases.json say what is asked."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option(
    "--seed", default=0, show_default=True, type=COUNT, help="Seed of the inputs on which functions are judged."
)
@TIMEOUT
def check(notebook: Path, name: str | None, course_dir: Path | None, as_json: bool, seed: int, seconds: float) -> None:
    """Run NOTEBOOK in a process of its own and judge each of its functions.

    The notebook is not changed. It is run without a sandbox: check your own work, not a stranger's.

    Exit code: 0 all right, 1 something is wrong with the work, 2 the notebook cannot be read or judged.
    """
    from autograder.assignments import ASSIGNMENTS
    from autograder.core.declared import unknown_questions
    from autograder.core.render import text
    from autograder.course_file import assignments_of, released
    from autograder.grade.collect import files_below
    from autograder.grade.submission import judge_notebook
    from autograder.recognise import Recognised, read, recognise
    from course_lib.names import suggestion

    known = assignments_of(course_dir) if course_dir else ASSIGNMENTS
    content = read(notebook)
    if name and name not in known:
        raise AutograderError(f"no assignment {name!r}; {suggestion(name, known)}")
    recognised = recognise(content, known, released(course_dir) if course_dir else None)
    if name and (recognised is None or recognised.assignment.name != name):
        recognised = Recognised(known[name], "option")
    if recognised is None:
        raise AutograderError(
            f"{notebook} is no assignment that is known here; say which it is with --assignment ({', '.join(known)})."
        )
    assignment = recognised.assignment
    if unknown := unknown_questions(assignment):
        raise AutograderError(
            f"{notebook} asks for {', '.join(unknown)[:200]}, which is not known here: install the wheel that came "
            f"with it, or say which assignment it is with --assignment ({', '.join(known)})."
        )
    _end_tidily()
    verdicts = judge_notebook(content, assignment, seed, seconds, files_below(notebook.parent))
    score = round(sum(verdict.points for verdict in verdicts), 6)
    if as_json:
        report = {
            "schema": 1,
            "assignment": assignment.name,
            "notebook": str(notebook),
            "score": score,
            "max_score": assignment.max_points,
            "checks": [verdict.as_json() for verdict in verdicts],
            "version": assignment.version,
            "recognised_by": recognised.by,
            "written": [vars(written) for written in assignment.written],
        }
        _tell(json.dumps(report, indent=2))
    else:
        if recognised.by in BY_OTHER_MEANS:
            _tell(f"Recognised as {assignment.name} by {BY_OTHER_MEANS[recognised.by]}.\n")
        for verdict in verdicts:
            _tell(text(verdict))
        _tell(f"\n{assignment.title}: {score:g} of {assignment.max_points:g} points.")
        for written in assignment.written:
            _tell(f"A person grades: {written.title}, {written.points:g} points.")
    passed = [verdict.passed for verdict in verdicts]
    sys.exit(2 if None in passed else 0 if all(passed) else 1)


@main.command()
@ASSIGNMENT
@COURSE
@click.option("--jobs", default=0, type=COUNT, help="Workers; one for each core, if not given.")
@click.option("--unsandboxed", is_flag=True, help="Run students' code with all your rights, without a sandbox.")
@click.option("--force", is_flag=True, help="Grade again what is graded already.")
@click.option("--dry-run", is_flag=True, help="Write nothing; show which marks would change.")
@click.option("--new-points", is_flag=True, help="Give what is in, and what comes, the points of course.toml.")
@click.option("--seed-file", type=FILE, help="Take the seed of an earlier run from this file.")
@TIMEOUT
@_seconds("--budget", default=240.0, help="Seconds for a whole submission, with all that has to be run again.")
@click.option(
    "--cluster", default="", metavar="ADDRESS", help="Let the workers of this Dask scheduler grade: tcp://HOST:8786."
)
def grade(assignment: str, unsandboxed: bool, jobs: int, cluster: str, **rest: Any) -> None:
    """Grade every submission of ASSIGNMENT in an nbgrader course directory.

    Marks go into nbgrader's gradebook and notebooks into autograded/, as `nbgrader autograde` would have it. What is
    graded already is not graded again, so a run that was ended is taken up by starting it again.

    Exit code: 0 all are graded, 1 a person has to look at some, 2 grading could not be done.
    """
    if cluster and jobs:
        raise AutograderError(
            "--jobs is for this machine; how many a worker of a cluster grades at once, `dask worker` is told."
        )
    _end_tidily()
    try:
        with contextlib.nullcontext() if unsandboxed or cluster else _sandbox() as sandbox:
            from autograder.grade.run import Options
            from autograder.grade.session import grade_class

            options = Options(sandboxed=not unsandboxed, jobs=jobs, cluster=cluster, **rest)
            sys.exit(grade_class(assignment, options, sandbox=sandbox))
    except KeyboardInterrupt as error:
        raise AutograderError("stopped; what is graded stays graded, and starting again goes on from there.") from error


def _sandbox() -> contextlib.AbstractContextManager[Any]:
    """Let a sandbox warm up while the rest is loaded; where there can be none, grading says so itself."""
    from autograder.sandbox.launch import NotStarted, SandboxProcess
    from autograder.sandbox.plan import Limits

    try:
        return contextlib.closing(SandboxProcess(Limits()))
    except NotStarted:
        return contextlib.nullcontext()


@main.command()
@click.argument("student")
@click.argument("check_id", metavar="CHECK")
@click.option("--assignment", "name", required=True, help="Of which assignment.")
@COURSE
@click.option("--unsandboxed", is_flag=True, help="Run the student's code with all your rights, without a sandbox.")
@click.option(
    "--seed-file",
    type=FILE,
    help="Where the seed is with which the student was graded, if it is not the one kept here.",
)
def explain(student: str, check_id: str, name: str, unsandboxed: bool, **rest: Any) -> None:
    """Show the inputs on which a STUDENT's function was judged, what it returned, and the verdict.

    CHECK is a check's id or its function, check-compute_dW2 or compute_dW2; or the name of a lecturer's own test, of
    which it shows the output. For lecturers only: it shows what is asked, and what is right.

    Exit code: 0 the verdict is as recorded, 1 it is another one now, 2 it could not be shown.
    """
    from autograder.grade.explain import explain as explain_verdict
    from autograder.grade.run import Options

    options = Options(sandboxed=not unsandboxed, **rest)
    sys.exit(explain_verdict(student, check_id, name, options))


@main.command()
@click.option(
    "--course-dir",
    type=FOLDER,
    help="Look at this course directory too: its course.toml, and the equations that its equations.py declares.",
)
def doctor(course_dir: Path | None) -> None:
    """Say what protection this machine gives against what students' code may do, and why something is missing.

    Exit code: 0 there is a sandbox, 1 there is none, 2 it could not be found out, or the course is not in order.
    """
    from autograder.sandbox.doctor import protection, report_lines

    if course_dir:
        from autograder.core.declared import verified
        from autograder.course_file import assignments_of, declared_by

        _tell(f"{course_dir}: {len(assignments_of(course_dir))} assignments.")
        for declaration in declared_by(course_dir).values():
            _tell(f"  {verified(declaration)}")
    found = protection()
    _tell("\n".join(report_lines(found)))
    sys.exit(0 if found.safe else 1)


@main.command()
@ASSIGNMENT
@COURSE
@click.option("--output", type=FILE_TO_WRITE, help="Else reports/ASSIGNMENT.html.")
@BOOK
@WORKERS
def report(assignment: str, course: Path | None, output: Path | None, book: str, jobs: int) -> None:
    """Write one page about how the class did in ASSIGNMENT, for the lecturer.

    Exit code: 0 it is written, 2 it could not be.
    """
    from autograder.report import dashboard
    from autograder.report.marks import graded

    _tell(dashboard.report(graded(assignment, course), output, book, jobs))


@main.command()
@ASSIGNMENT
@COURSE
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "canvas", "json"]),
    default="csv",
    show_default=True,
    help="A plain table, one for Canvas, or all that is known.",
)
@click.option("--output", type=FILE_TO_WRITE, help="Else it is printed.")
def export(assignment: str, course: Path | None, kind: str, output: Path | None) -> None:
    """Give the marks of ASSIGNMENT as a table for other programs.

    Exit code: 0 done, 2 it could not be.
    """
    from autograder.grade.records import write_whole
    from autograder.report.export import FORMATS
    from autograder.report.marks import graded

    table = FORMATS[kind](graded(assignment, course)).encode("utf-8", "replace")
    if output:
        write_whole(output, table)
    else:
        click.echo(table, nl=False)


@main.command()
@ASSIGNMENT
@COURSE
@click.option("--student", "students", multiple=True, help="Only for this one; may be given again.")
@BOOK
@WORKERS
def feedback(assignment: str, course: Path | None, students: tuple[str, ...], book: str, jobs: int) -> None:
    """Write a page for each student of ASSIGNMENT, where `nbgrader generate_feedback` puts its own.

    Exit code: 0 all are written, 1 somebody has none or one without the notebook, 2 nothing could be done.
    """
    from autograder.report.feedback import write_feedback
    from autograder.report.marks import graded

    sys.exit(write_feedback(graded(assignment, course), students, book, jobs))


if __name__ == "__main__":
    main()
