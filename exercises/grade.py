"""Grade a class with plain nbgrader: autograde, feedback, and a table of the marks.

    python -m exercises.grade [ASSIGNMENT] [--course DIRECTORY] [--without-sandbox]

Works on an nbgrader course directory, this folder if none is given: each `submitted/<student>/<assignment>/` is graded
on its own, two at a time, so that one bad file stops nobody. Marks go to nbgrader's gradebook, pages to `feedback/`.

Students' code runs in a bubblewrap sandbox in which the machine is read-only and has no network. The gradebook must be
writable in there, as plain nbgrader writes it from the same place: this keeps accidents in, not a determined attacker.
The exit code is 0 when everybody was graded, 1 when somebody could not be, and 2 when nothing was done.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from rich.console import Console
from rich.table import Table

from autograder.assignments import Assignment
from autograder.course_file import FILE, RELEASES, CourseFileError, assignments_of

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # so that `python exercises/grade.py` works as well

from exercises.generate import CONFIG, EXERCISES, course_config, generate

OUTCOMES = ".outcomes.json"
LOG = ".grade.log"
WORKERS = 2
VERDICT = re.compile(r"^✗ \w+: ([\w-]+), ", re.MULTILINE)
NOTE = re.compile(r"^  Note: ", re.MULTILINE)
NO_SANDBOX = "bubblewrap (bwrap) is missing here or may not make namespaces"


@dataclass
class Outcome:
    """What grading one student came to.

    Attributes
    ----------
    student : the id
    score : the sum in the gradebook, or None where nothing could be graded
    mistakes : the name of what is wrong, by check id
    noted : the checks that are right and have a remark
    trouble : why nothing could be graded, or ""
    feedback : the HTML page, relative to the course directory, or ""
    seconds : how long it took
    """

    student: str
    score: float | None = None
    mistakes: dict[str, str] = field(default_factory=dict)
    noted: list[str] = field(default_factory=list)
    trouble: str = ""
    feedback: str = ""
    seconds: float = 0.0


class GradingFailed(Exception):
    """No student could be graded; the message says why and where to look."""


def printed(cell: NotebookNode) -> str:
    """Return what an executed cell printed, and the text of the verdicts that it displayed."""
    texts = []
    for output in cell.outputs:
        if output.output_type == "stream":
            texts.append(output.text)
        elif output.output_type == "display_data":
            texts.append(output.data.get("text/plain", "") + "\n")
    return "".join(texts)


def mistake_shown(cell: NotebookNode) -> str | None:
    """Return the mistake that an executed check cell names, or None where it names none."""
    for output in cell.outputs:
        if output.output_type == "error":
            return "timed-out" if output.ename in ("CellTimeoutError", "KeyboardInterrupt") else "raised"
    found = VERDICT.search(printed(cell))
    return found[1] if found else None


def read_checks(notebook: Path, assignment: Assignment, outcome: Outcome) -> None:
    """Take the mistakes and remarks that an autograded notebook shows into an outcome."""
    cells = {cell.get("id"): cell for cell in nbformat.read(notebook, as_version=4).cells}
    for exercise in assignment.exercises:
        if exercise.id not in cells:
            outcome.mistakes[exercise.id] = "missing"
        elif mistake := mistake_shown(cells[exercise.id]):
            outcome.mistakes[exercise.id] = mistake
        elif NOTE.search(printed(cells[exercise.id])):
            outcome.noted.append(exercise.id)


def reason(graded: dict[str, Any]) -> str:
    """Return the line of nbgrader's log that says why a submission could not be graded."""
    log = f"{graded.get('log', '')}\n{graded.get('error', '')}"
    if "does not appear to be JSON" in log:
        return "The file is not a notebook: it is not JSON."
    lines = [line.strip() for line in log.splitlines() if re.match(r"\s*[\w.]*(Error|Exception)\b.*:", line)]
    return lines[0] if lines else "nbgrader could not grade it, and did not say why."


def grade_student(course: Path, name: str, student: str, timeout: int | None = None) -> Outcome:
    """Run `nbgrader autograde` and `nbgrader generate_feedback` for one student of a course directory."""
    started = time.monotonic()
    outcome = Outcome(student)
    config = course_config(course)
    if timeout:
        config.Execute.timeout = timeout
    api = NbGraderAPI(config=config)
    graded = api.autograde(name, student)
    notebook = course / "autograded" / student / name / f"{name}.ipynb"
    if graded["success"] and notebook.is_file():
        read_checks(notebook, assignments_of(course)[name], outcome)
        with Gradebook(api.coursedir.db_url, api.coursedir.course_id) as gradebook:
            try:
                outcome.score = float(gradebook.find_submission(name, student).score)
            except MissingEntry:
                outcome.trouble = "The gradebook has no row for this student."
        page = course / "feedback" / student / name / f"{name}.html"
        if api.generate_feedback(name, student)["success"] and page.is_file():
            outcome.feedback = str(page.relative_to(course))
        else:
            outcome.trouble = "The feedback page could not be made."
    else:
        outcome.trouble = reason(graded)
    outcome.seconds = round(time.monotonic() - started, 1)
    return outcome


def submitters(course: Path, name: str) -> Iterator[str]:
    """Yield the students who have handed something in, by id."""
    yield from (path.parent.name for path in sorted((course / "submitted").glob(f"*/{name}")) if path.is_dir())


def grade_here(course: Path, name: str, timeout: int | None) -> None:
    """Grade everybody in this process's own surroundings, and leave the outcomes beside the gradebook."""
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # two students share the cores
    os.environ["PYTHONPATH"] = str(ROOT)  # the checks of this checkout, installed or not
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        students = submitters(course, name)
        outcomes = pool.map(grade_student, repeat(course), repeat(name), students, repeat(timeout))
        rows = [asdict(outcome) for outcome in outcomes]
    (course / OUTCOMES).write_text(json.dumps(rows, indent=1))


def jail(course: Path) -> list[str] | None:
    """Return the start of a command line that runs the rest in bubblewrap, or None where that does not work.

    The machine is read-only and so is what was handed in and out; only the rest of the course directory can be written.
    There is a /tmp, a process table and a loopback of its own, and no other network.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return None
    command = [bwrap, "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
    for needed in sorted({ROOT, Path(sys.prefix), Path(sys.base_prefix)}):
        if needed.is_relative_to("/tmp"):  # the private /tmp has hidden it
            command += ["--ro-bind", str(needed), str(needed)]
    command += ["--bind", str(course), str(course)]
    kept = [course / part for part in ("source", "release", "dist", "submitted", CONFIG.name, FILE, RELEASES)]
    kept += course.glob("*.py") if course == EXERCISES else []
    for path in filter(Path.exists, kept):
        command += ["--ro-bind", str(path), str(path)]
    command += ["--setenv", "HOME", "/tmp", "--chdir", str(ROOT), "--die-with-parent", "--new-session"]
    command += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    works = subprocess.run([*command, sys.executable, "-c", ""], capture_output=True).returncode == 0
    return command if works else None


def grade(course: Path, name: str, jailed: list[str] | None, timeout: int | None = None) -> list[Outcome]:
    """Grade everybody who handed an assignment in, behind a jail if there is one; return the outcomes, by student.

    Raises
    ------
    GradingFailed
        If grading as a whole broke off.
    """
    command = [*(jailed or []), sys.executable, "-m", "exercises.grade", name, "--inner", "--course", str(course)]
    command += ["--timeout", str(timeout)] if timeout else []
    (course / OUTCOMES).unlink(missing_ok=True)
    with (course / LOG).open("w") as log:  # nbgrader, its database and the kernels all talk on stderr
        done = subprocess.run(command, cwd=ROOT, stderr=log)
    if done.returncode or not (course / OUTCOMES).is_file():
        raise GradingFailed(f"Grading broke off; {course / LOG} says why.")
    return [Outcome(**row) for row in json.loads((course / OUTCOMES).read_text())]


def table(title: str, assignment: Assignment, outcomes: list[Outcome]) -> Table:
    """Return the marks as a table for the terminal."""
    shown = Table(title=title, title_justify="left")
    shown.add_column("student", no_wrap=True)
    shown.add_column("score", justify="right", no_wrap=True)
    shown.add_column("what the checks say")
    for outcome in outcomes:
        score = "–" if outcome.score is None else f"{outcome.score:g}"
        named: dict[str, list[str]] = {}
        for check, mistake in outcome.mistakes.items():
            named.setdefault(mistake, []).append(check.removeprefix("check-"))
        said = [
            f"[yellow]{mistake}[/]: "
            + ("everything" if len(functions) == len(assignment.exercises) else ", ".join(functions))
            for mistake, functions in named.items()
        ]
        if not said and not outcome.trouble:
            said.append("[green]all right[/]")
        said += [f"with a note: {check.removeprefix('check-')}" for check in outcome.noted]
        if outcome.trouble:
            said.append(f"[red]{outcome.trouble}[/]")
        shown.add_row(outcome.student, f"{score} / {assignment.max_points:g}", "\n".join(said))
    return shown


def report(console: Console, title: str, course: Path, assignment: Assignment, outcomes: list[Outcome]) -> None:
    """Print the table of the marks, and where the gradebook and the feedback are."""
    console.print(table(title, assignment, outcomes))
    for what, where in (("gradebook", "gradebook.db"), ("feedback", "feedback")):
        console.print(f"{what:10} {course / where}", highlight=False, soft_wrap=True)


def main() -> int:
    """Grade a class and report; return the exit code."""
    parser = argparse.ArgumentParser(description="Grade a class with plain nbgrader.")
    parser.add_argument("assignment", nargs="?", default="ps4_two_layer")
    parser.add_argument("--course", type=Path, default=EXERCISES, help="nbgrader's course directory")
    parser.add_argument("--timeout", type=int, help="seconds for one cell, instead of what nbgrader_config.py says")
    parser.add_argument("--without-sandbox", action="store_true", help="run students' code with all your own rights")
    parser.add_argument("--inner", action="store_true", help=argparse.SUPPRESS)  # the half that runs in the sandbox
    options = parser.parse_args()
    console, course = Console(), options.course.resolve()
    try:
        known = assignments_of(course)
    except CourseFileError as error:
        console.print(str(error), soft_wrap=True)
        return 2
    if options.assignment not in known:
        console.print(f"There is no assignment {options.assignment}; known are {', '.join(known)}.", soft_wrap=True)
        return 2
    assignment = known[options.assignment]
    if options.inner:
        grade_here(course, assignment.name, options.timeout)
        return 0
    if not any(submitters(course, assignment.name)):
        where = course / "submitted" / "STUDENT" / assignment.name / f"{assignment.name}.ipynb"
        console.print(f"Nobody has handed in {assignment.name} yet: put each notebook at {where}.", soft_wrap=True)
        return 2
    if not (course / "gradebook.db").is_file() or not (course / "source" / assignment.name).is_dir():
        generate(assignment, course)
    jailed = None if options.without_sandbox else jail(course)
    if jailed is None and not options.without_sandbox:
        console.print(
            f"{NO_SANDBOX}, so nothing was graded: students' code would run with all your rights. "
            "Install it (Debian: apt install bubblewrap), or, if you trust every submission, add --without-sandbox."
        )
        return 2
    try:
        outcomes = grade(course, assignment.name, jailed, options.timeout)
    except GradingFailed as error:
        console.print(str(error), soft_wrap=True)
        return 2
    report(console, assignment.title, course, assignment, outcomes)
    return 1 if any(outcome.trouble for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
