"""Grade the sample class with plain nbgrader, and say whether everybody got what they should.

    python -m exercises.sample_class.grade [DIRECTORY] [--update]

Builds the class, autogrades each student and makes the feedback, two students at a time, and prints a table. It runs in
a bubblewrap sandbox where there is one. The exit code is 0 when all marks are as expected.json says, and 1 when not;
with --update, expected.json is written instead.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from rich.console import Console
from rich.table import Table

from exercises.generate import course_config
from exercises.sample_class.make import ASSIGNMENT, DEFAULT, HERE, expected, make

ROOT = HERE.parents[1]
OUTCOMES = "outcomes.json"
LOG = "grade.log"
WORKERS = 2
VERDICT = re.compile(r"^✗ \w+: ([\w-]+), ", re.MULTILINE)


@dataclass
class Outcome:
    """What grading one student came to.

    Attributes
    ----------
    student : the id
    score : the sum in the gradebook, or None where nothing could be graded
    mistakes : the name of what is wrong, by check id
    trouble : why nothing could be graded, or ""
    feedback : the HTML page, relative to the course directory, or ""
    seconds : how long it took
    """

    student: str
    score: float | None = None
    mistakes: dict[str, str] = field(default_factory=dict)
    trouble: str = ""
    feedback: str = ""
    seconds: float = 0.0

    def marks(self) -> dict[str, Any]:
        """Return what expected.json says of a student."""
        return {"score": self.score, "mistakes": self.mistakes}


def mistake_shown(cell: NotebookNode) -> str | None:
    """Return the mistake that an executed check cell names, or None where it names none."""
    for output in cell.outputs:
        if output.output_type == "error":
            return "timed-out" if output.ename in ("CellTimeoutError", "KeyboardInterrupt") else "raised"
    printed = "".join(output.text for output in cell.outputs if output.output_type == "stream")
    found = VERDICT.search(printed)
    return found[1] if found else None


def mistakes_in(notebook: Path) -> dict[str, str]:
    """Return the mistakes that an autograded notebook names, by check id."""
    cells = {cell.id: cell for cell in nbformat.read(notebook, as_version=4).cells}
    shown = {exercise.id: mistake_shown(cells[exercise.id]) for exercise in ASSIGNMENT.exercises if exercise.id in cells}
    return {id: mistake for id, mistake in shown.items() if mistake}


def grade_student(directory: Path, student: str) -> Outcome:
    """Run `nbgrader autograde` and `nbgrader generate_feedback` for one student of a course directory."""
    started = time.monotonic()
    outcome = Outcome(student)
    config = course_config(directory)
    config.KernelManager.transport = "ipc"  # sockets in a private folder, not ports that others may connect to
    api = NbGraderAPI(config=config)
    graded = api.autograde(ASSIGNMENT.name, student)
    notebook = directory / "autograded" / student / ASSIGNMENT.name / f"{ASSIGNMENT.name}.ipynb"
    if graded["success"] and notebook.is_file():
        outcome.mistakes = mistakes_in(notebook)
        with Gradebook(api.coursedir.db_url, api.coursedir.course_id) as gradebook:
            try:
                outcome.score = float(gradebook.find_submission(ASSIGNMENT.name, student).score)
            except MissingEntry:
                outcome.trouble = "The gradebook has no row for this student."
        page = directory / "feedback" / student / ASSIGNMENT.name / f"{ASSIGNMENT.name}.html"
        if api.generate_feedback(ASSIGNMENT.name, student)["success"] and page.is_file():
            outcome.feedback = str(page.relative_to(directory))
        else:
            outcome.trouble = "The feedback page could not be made."
    else:
        outcome.trouble = _reason(graded)
    outcome.seconds = round(time.monotonic() - started, 1)
    return outcome


def _reason(graded: dict[str, Any]) -> str:
    """Return the line of nbgrader's log that says why a submission could not be graded."""
    log = f"{graded.get('log', '')}\n{graded.get('error', '')}"
    if "does not appear to be JSON" in log:
        return "The file is not a notebook: it is not JSON."
    lines = [line.strip() for line in log.splitlines() if re.match(r"\s*[\w.]*(Error|Exception)\b.*:", line)]
    return lines[0] if lines else "nbgrader could not grade it, and did not say why."


def grade_here(directory: Path) -> None:
    """Grade everybody in this process's own surroundings, and leave the outcomes beside the gradebook."""
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # two students share the cores
    os.environ["PYTHONPATH"] = str(ROOT)  # the checks of this checkout, installed or not
    students = sorted(path.name for path in (directory / "submitted").iterdir())
    # The one that waits for its time limit goes first, so that nobody waits for it.
    students.sort(key=lambda student: student != "endless_loop")
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        outcomes = list(pool.map(grade_student, [directory] * len(students), students))
    outcomes.sort(key=lambda outcome: outcome.student)
    (directory / OUTCOMES).write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=1))


def sandboxed(directory: Path, command: list[str]) -> list[str] | None:
    """Put bubblewrap before a command: the machine is read-only but for the directory, and has no network.

    Returns
    -------
    the longer command, or None where bubblewrap is missing or may not make namespaces here
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return None
    jail = [bwrap, "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
    for needed in sorted({ROOT, Path(sys.prefix), Path(sys.base_prefix)}):
        if needed.is_relative_to("/tmp"):  # the private /tmp has hidden it
            jail += ["--ro-bind", str(needed), str(needed)]
    jail += ["--bind", str(directory), str(directory), "--setenv", "HOME", "/tmp", "--chdir", str(ROOT)]
    jail += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--die-with-parent", "--new-session"]
    works = subprocess.run([*jail, sys.executable, "-c", ""], capture_output=True).returncode == 0
    return [*jail, *command] if works else None


def grade(directory: Path) -> tuple[list[Outcome], bool]:
    """Grade the class of a course directory; return the outcomes, and whether it ran in a sandbox."""
    command = [sys.executable, "-m", "exercises.sample_class.grade", "--here", str(directory)]
    jailed = sandboxed(directory, command)
    with (directory / LOG).open("w") as log:  # nbgrader, its database and the kernels all talk on stderr
        done = subprocess.run(jailed or command, cwd=ROOT, stderr=log)
    if done.returncode:
        raise RuntimeError(f"grading the sample class failed; {directory / LOG} says why")
    return [Outcome(**row) for row in json.loads((directory / OUTCOMES).read_text())], jailed is not None


def table(outcomes: list[Outcome]) -> Table:
    """Return the marks as a table for the terminal."""
    shown = Table(title=f"Sample class, {ASSIGNMENT.name}", title_justify="left")
    shown.add_column("student", no_wrap=True)
    shown.add_column("score", justify="right", no_wrap=True)
    shown.add_column("what the checks say")
    for outcome in outcomes:
        score = "–" if outcome.score is None else f"{outcome.score:g}"
        named: dict[str, list[str]] = {}
        for check, mistake in outcome.mistakes.items():
            named.setdefault(mistake, []).append(check.removeprefix("check-"))
        everything = [list(outcome.mistakes)] == [[exercise.id for exercise in ASSIGNMENT.exercises]]
        said = [
            f"[yellow]{mistake}[/]: {'everything' if everything and len(named) == 1 else ', '.join(functions)}"
            for mistake, functions in named.items()
        ]
        if outcome.trouble:
            said.append(f"[red]{outcome.trouble}[/]")
        shown.add_row(outcome.student, f"{score} / {ASSIGNMENT.max_points:g}", "\n".join(said) or "[green]all right[/]")
    return shown


def differences(outcomes: list[Outcome]) -> list[str]:
    """Return one sentence for each student whose marks are not as expected.json says."""
    wanted, got = expected(), {outcome.student: outcome.marks() for outcome in outcomes}
    return [
        f"{student}: expected {wanted.get(student)}, got {got.get(student)}"
        for student in sorted(wanted.keys() | got.keys())
        if wanted.get(student) != got.get(student)
    ]


def main() -> int:
    """Build, grade and report; return the exit code."""
    parser = argparse.ArgumentParser(description="Grade the sample class with plain nbgrader.")
    parser.add_argument("directory", nargs="?", type=Path, default=DEFAULT, help="where the class is built, anew")
    parser.add_argument("--update", action="store_true", help="write the marks into expected.json")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # the inner half, in the sandbox
    options = parser.parse_args()
    directory = options.directory.resolve()
    if options.here:
        grade_here(directory)
        return 0
    console, started = Console(), time.monotonic()
    make(directory)
    outcomes, jailed = grade(directory)
    console.print(table(outcomes))
    if not jailed:
        console.print(
            "[yellow]bubblewrap does not work here, so this class, which ships with the course, ran without a sandbox. "
            "Never grade real students so.[/]"
        )
    console.print(f"{len(outcomes)} submissions in {time.monotonic() - started:.0f} s", highlight=False)
    console.print(f"gradebook  {directory / 'gradebook.db'}", highlight=False, soft_wrap=True)
    console.print(f"feedback   {directory / 'feedback'}", highlight=False, soft_wrap=True)
    if options.update:
        marks = {outcome.student: outcome.marks() for outcome in outcomes}
        (HERE / "expected.json").write_text(json.dumps(marks, indent=2) + "\n")
        return 0
    wrong = differences(outcomes)
    for sentence in wrong:
        console.print(f"[red]{sentence}[/]", highlight=False, soft_wrap=True)
    console.print("All marks are as expected." if not wrong else f"{len(wrong)} students got other marks than expected.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
