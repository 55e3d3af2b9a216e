"""Measure grading and feedback against nbgrader: `make bench-grade`.

    python -m benchmarks.grade [--notebooks 60] [--with-training]
    python -m benchmarks.grade --class 300

Both grade the same notebooks, made from the sample class of ps4 down to `update_parameters`: its last exercise trains a
network, which costs both the same seconds of the student's own code and says nothing about a grader; --with-training
leaves it in. Ours runs with the sandbox and the gradebook on. Each command is measured from its start to its end, after
it has graded one notebook of another course, so that none pays for a first run. The last line:

    GRADE vs_nbgrader=<times> feedback_vs_nbgrader=<times> per_submission_ms=<x> sandbox=<kind>

With --class, ours alone grades so many, and what each of its processes holds in memory is looked at all the while. The
last line, in which the memory is that of all processes which outlive a submission, after a tenth and at the end:

    CLASS submissions=<n> seconds=<x> per_second=<x> memory_mb=<x> at_the_end_mb=<x> sandbox=<kind>
"""

import argparse
import contextlib
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
from autograder.sandbox.doctor import protection
from exercises.generate import EXERCISES, generate
from exercises.sample_class.make import samples, submission

ROOT = Path(__file__).parents[2]
NAME = "ps4_two_layer"
TRAINING = 'answer="nn_model"'
KINDS = ("grader", "worker", "zygote")
CONFIG = """
from pathlib import Path

c = get_config()
c.CourseDirectory.course_id = "backprop-course"
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.Execute.timeout = 30
c.Execute.extra_arguments = ["--IPKernelApp.log_level=40"]
"""
BYTECODE = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
"""What would have both graders compile their own modules at each start, as they do on nobody's machine."""


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


def surroundings() -> dict[str, str]:
    """Return the environment of all commands."""
    scripts = str(Path(sys.executable).parent)
    kept = {name: value for name, value in os.environ.items() if name not in BYTECODE}
    return {
        **kept,
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def seconds_of(folder: Path, *command: str) -> float:
    """Return how long a command takes in a course directory."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=surroundings(), capture_output=True, text=True)
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


def our_feedback(jobs: int) -> list[str]:
    """Return the command that writes our pages."""
    program = (
        "from pathlib import Path\nfrom autograder.report.feedback import feedback\n"
        "from autograder.report.marks import graded\n"
        f"assert len(list(feedback(graded({NAME!r}, Path('.')), jobs={jobs})))"
    )
    return [sys.executable, "-c", program]


def feedback(folder: Path, jobs: int) -> float:
    """Return how many times faster our feedback pages are than nbgrader's, of the same graded class."""
    ours = seconds_of(folder, *our_feedback(jobs))
    pages = len(list((folder / "feedback").glob("*/*/*.html")))
    print(f"our feedback pages   {ours:8.2f} s, {pages} pages", flush=True)
    shutil.rmtree(folder / "feedback")
    theirs = seconds_of(folder, "nbgrader", "generate_feedback", NAME, "--force")
    print(
        f"nbgrader feedback    {theirs:8.2f} s, {len(list((folder / 'feedback').glob('*/*/*.html')))} pages", flush=True
    )
    return theirs / ours


def our_grading(sandboxed: bool) -> list[str]:
    """Return the command that grades."""
    return [sys.executable, "-m", "autograder.cli", "grade", NAME, *([] if sandboxed else ["--unsandboxed"])]


def family(process: int) -> dict[int, tuple[str, float]]:
    """Return a process and all below it: by id, what it is and what it holds, in MB."""
    parents, found = {}, {}
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError, KeyError):
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
            words = status.with_name("cmdline").read_bytes()
            parents[int(status.parent.name)] = int(lines["PPid"]), float(lines["VmRSS"].split()[0]) / 1024, words
    waiting = [process]
    while waiting:
        one = waiting.pop()
        if one in parents:
            zygote, kind = b"zygote.py" in parents[one][2], "grader" if one == process else "worker"
            found[one] = ("zygote" if zygote else kind, parents[one][1])
        waiting += [child for child, (parent, _, _) in parents.items() if parent == one]
    return found


def watch(folder: Path, sandboxed: bool) -> tuple[float, list[tuple[int, dict[int, tuple[str, float]]]]]:
    """Grade a class, and look every half second how many are done and what each process holds."""
    started, seen = time.perf_counter(), list[tuple[int, dict[int, tuple[str, float]]]]()
    records = folder / ".autograder" / NAME / "records"
    command = our_grading(sandboxed)
    process = subprocess.Popen(
        command, cwd=folder, env=surroundings(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None:
        done = len(list(records.glob("*.json"))) if records.is_dir() else 0
        seen.append((done, family(process.pid)))
        time.sleep(0.5)
    if process.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return time.perf_counter() - started, seen


def grade_a_class(home: Path, count: int, training: bool) -> int:
    """Grade a class of any size, and print how fast it goes and what it holds."""
    found = protection()
    folder = make(home / "class", count, training)
    print(f"{count} notebooks of {ASSIGNMENTS[NAME].title}, {os.cpu_count()} cores", flush=True)
    seconds, seen = watch(folder, found.safe)
    under_way = [(done, those) for done, those in seen if count / 10 <= done < count]
    stay = set.intersection(*(set(those) for _, those in under_way))
    sums, printed = list[float](), 0
    for done, those in under_way:
        held = {kind: sum(mb for p in stay for k, mb in [those[p]] if k == kind) for kind in KINDS}
        sums.append(sum(held.values()))
        if done * 10 // count > printed:
            printed = done * 10 // count
            print(f"{done:6} graded: " + ", ".join(f"{kind} {mb:.0f} MB" for kind, mb in held.items()), flush=True)
    graded = scores(folder)
    print(f"{len(graded)} have marks in the gradebook, {len(set(graded.values()))} different sums")
    print(
        f"CLASS submissions={count} seconds={seconds:.1f} per_second={count / seconds:.1f} memory_mb={sums[0]:.0f} "
        f"at_the_end_mb={sums[-1]:.0f} sandbox={found.kind}"
    )
    return 0 if len(graded) == count else 1


def main() -> int:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description="Grading against nbgrader.")
    parser.add_argument("--notebooks", type=int, default=60)
    parser.add_argument("--class", type=int, default=0, dest="size", help="grade a class of this size by ours alone")
    parser.add_argument("--with-training", action="store_true", help="leave the exercise that trains a network in")
    options = parser.parse_args()
    count, found = options.notebooks, protection()
    if not found.safe:
        print(found.why)
    with tempfile.TemporaryDirectory(prefix="bench-grade-") as name:
        home = Path(name)
        if options.size:
            return grade_a_class(home, options.size, options.with_training)
        theirs, first = make(home / "nbgrader", count, options.with_training), make(home / "first", 1, False)
        ours = home / "ours"
        shutil.copytree(theirs, ours)
        for command in (our_grading(found.safe), our_feedback(1), ["nbgrader", "autograde", NAME, "--force"]):
            seconds_of(first, *command)
        seconds_of(first, "nbgrader", "generate_feedback", NAME, "--force")
        print(f"{count} notebooks of {ASSIGNMENTS[NAME].title}, {os.cpu_count()} cores")
        fast = seconds_of(ours, *our_grading(found.safe))
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
