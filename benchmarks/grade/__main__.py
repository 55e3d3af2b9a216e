"""Measure grading and feedback against nbgrader: `make bench-grade`.

    python -m benchmarks.grade [--notebooks 60] [--with-training]

Both grade the same notebooks, made from the sample class of ps4 down to `update_parameters`: its last exercise trains a
network, which costs both the same seconds of the student's own code and says nothing about a grader; --with-training
leaves it in. Ours runs with the sandbox and the gradebook on, from the start of the command to its end. The last line:

    GRADE vs_nbgrader=<times> feedback_vs_nbgrader=<times> per_submission_ms=<x> sandbox=<kind>
"""

import argparse
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from autograder.assignments import ASSIGNMENTS
from autograder.course_file import assignments_of
from autograder.host.sandbox import protection
from exercises.generate import EXERCISES, generate
from exercises.sample_class.make import samples, submission

ROOT = Path(__file__).parents[2]
NAME = "ps4_two_layer"
TRAINING = 'answer="nn_model"'
CONFIG = """
from pathlib import Path

c = get_config()
c.CourseDirectory.course_id = "backprop-course"
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.Execute.timeout = 30
c.Execute.extra_arguments = ["--IPKernelApp.log_level=40"]
"""


def without_training(text: str) -> str:
    """Return the text source of ps4 without its last exercise, and what comes with it."""
    cells = text.split("# %%")
    end = next(number for number, cell in enumerate(cells) if TRAINING in cell)
    while not cells[end - 1].startswith((" check=", " answer=", "\n")):
        end -= 1
    return "# %%".join(cells[:end])


def make(folder: Path, count: int, training: bool) -> Path:
    """Make a course in which `count` students have handed something in."""
    folder.mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(CONFIG)
    if not training:
        (folder / "course.toml").write_text(f'[{NAME}]\nleave_out = ["nn_model"]\n')
        (folder / f"{NAME}.py").write_text(without_training((EXERCISES / f"{NAME}.py").read_text()))
    source, release = (nbformat.read(p, as_version=4) for p in generate(assignments_of(folder)[NAME], folder))
    chosen = [each for each in samples() if not each.literal and (training or "nn_model" not in each.functions)]
    chosen = [each for each in chosen if each.student != "endless_loop"]
    for number in range(count):
        path = folder / "submitted" / f"s{number:04}" / NAME / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(submission(chosen[number % len(chosen)], source, release), path)
    return folder


def seconds_of(folder: Path, *command: str) -> float:
    """Return how long a command takes in a course directory."""
    scripts = str(Path(sys.executable).parent)
    environment = {
        **os.environ,
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return seconds


def scores(folder: Path) -> dict[str, float]:
    """Return everybody's sum in the gradebook."""
    with sqlite3.connect(folder / "gradebook.db") as book:
        return dict(
            book.execute(
                "select sa.student_id, round(sum(g.auto_score), 4) from grade g join submitted_notebook sn on "
                "sn.id = g.notebook_id join submitted_assignment sa on sa.id = sn.assignment_id group by sa.student_id"
            )
        )


def feedback(folder: Path, jobs: int) -> float:
    """Return how many times faster our feedback pages are than nbgrader's, of the same graded class."""
    program = (
        "from pathlib import Path\nfrom autograder.report.feedback import feedback\n"
        "from autograder.report.marks import graded\n"
        f"assert len(list(feedback(graded({NAME!r}, Path('.')), jobs={jobs})))"
    )
    ours = seconds_of(folder, sys.executable, "-c", program)
    pages = len(list((folder / "feedback").glob("*/*/*.html")))
    print(f"our feedback pages   {ours:8.2f} s, {pages} pages", flush=True)
    shutil.rmtree(folder / "feedback")
    theirs = seconds_of(folder, "nbgrader", "generate_feedback", NAME, "--force")
    print(
        f"nbgrader feedback    {theirs:8.2f} s, {len(list((folder / 'feedback').glob('*/*/*.html')))} pages", flush=True
    )
    return theirs / ours


def main() -> int:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description="Grading against nbgrader.")
    parser.add_argument("--notebooks", type=int, default=60)
    parser.add_argument("--with-training", action="store_true", help="leave the exercise that trains a network in")
    options = parser.parse_args()
    count, found = options.notebooks, protection()
    if not found.safe:
        print(found.why)
    with tempfile.TemporaryDirectory(prefix="bench-grade-") as home:
        theirs = make(Path(home) / "nbgrader", count, options.with_training)
        ours = Path(home) / "ours"
        shutil.copytree(theirs, ours)
        print(f"{count} notebooks of {ASSIGNMENTS[NAME].title}, {os.cpu_count()} cores")
        command = [sys.executable, "-m", "autograder.cli", "grade", NAME, *([] if found.safe else ["--unsandboxed"])]
        fast = seconds_of(ours, *command)
        print(f"autograder grade     {fast:8.2f} s  {1000 * fast / count:8.1f} ms each", flush=True)
        slow = seconds_of(theirs, "nbgrader", "autograde", NAME)
        print(f"nbgrader autograde   {slow:8.2f} s  {1000 * slow / count:8.1f} ms each", flush=True)
        same = scores(ours) == scores(theirs)
        differing = sorted(set(scores(ours).items()) ^ set(scores(theirs).items()))
        print("the marks are the same" if same else f"the marks differ: {differing}")
        pages = feedback(ours, 0)
        each = 1000 * fast / count
        print(
            f"GRADE vs_nbgrader={slow / fast:.1f} feedback_vs_nbgrader={pages:.1f} "
            f"per_submission_ms={each:.1f} sandbox={found.kind}"
        )
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
