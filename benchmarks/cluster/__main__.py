"""Measure grading by the workers of a cluster, all of them on this machine, and the one writer.

    python -m benchmarks.cluster [--notebooks 60] [--rounds 2] [--db-url postgresql+psycopg://...]

The same notebooks as `make bench-grade` are graded with the sandbox and the gradebook on: here by one process and by
two, then by a Dask scheduler with one worker and with two, each of one thread. A rate is taken from the first result to
the last, and the best of the rounds counts. Then the writer alone writes the same results into a gradebook of SQLite,
and into a new database on the server of `--db-url`, whose user may make one. The last line:

    CLUSTER two_vs_one=<times> two_vs_here=<times> per_submission_ms=<one worker> written_per_second=<SQLite>
"""

import argparse
import contextlib
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from autograder.course_file import assignments_of
from autograder.grade.course import Course
from autograder.grade.gradebook import Gradebook
from autograder.grade.grader import Result
from autograder.grade.records import Records
from autograder.grade.writer import Writer
from benchmarks.grade.__main__ import NAME, ROOT, make, scores
from exercises.generate import generate

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
WRITTEN = 300


@contextlib.contextmanager
def cluster(workers: int, home: Path) -> Iterator[str]:
    """Start a scheduler and its workers, and yield its address."""
    file = home / f"scheduler-{workers}.json"
    log = (home / f"cluster-{workers}.log").open("w")
    processes = []

    def start(kind: str, *words: str) -> None:
        command = [
            sys.executable,
            "-m",
            f"distributed.cli.dask_{kind}",
            *words,
            "--host",
            "127.0.0.1",
            "--no-dashboard",
        ]
        processes.append(subprocess.Popen(command, cwd=home, env=ENVIRONMENT, stdout=log, stderr=log))

    try:
        start("scheduler", "--port", "0", "--scheduler-file", str(file))
        while not file.is_file():
            time.sleep(0.1)
        for _ in range(workers):
            start("worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-nanny")
        while Path(log.name).read_text().count("Register worker addr") < workers:
            time.sleep(0.1)
        found = next(line for line in Path(log.name).read_text().splitlines() if "Scheduler at:" in line)
        yield found.split()[-1]
    finally:
        for process in processes:
            process.kill()
            process.wait()
        log.close()


def rate(folder: Path, count: int, *words: str) -> tuple[float, float]:
    """Return how many submissions a second a run grades, from its first result to its last, and its seconds in all."""
    command = [sys.executable, "-u", "-m", "autograder.cli", "grade", NAME, "--course-dir", str(folder), *words]
    began, times = time.perf_counter(), []
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        said = []
        for line in run.stdout or ():
            said.append(line)
            if f"/{count} " in line:
                times.append(time.perf_counter())
    if run.returncode not in (0, 1) or len(times) != count:
        sys.exit("".join(said[-20:]))
    return (count - 1) / (times[-1] - times[0]), time.perf_counter() - began


def results(folder: Path) -> list[Result]:
    """Return what was written into a graded course."""
    store = folder / "autograded"
    return [
        Result(record, (store / record.student / NAME / f"{NAME}.ipynb").read_bytes())
        for record in Records(folder, NAME).all()
    ]


def written_per_second(folder: Path, found: list[Result]) -> float:
    """Return how many results a second the writer writes: notebook, record, gradebook."""
    writer = Writer(
        Records(folder, NAME), Gradebook(Course.at(folder), NAME), folder / "autograded", folder / "source" / NAME
    )
    began = time.perf_counter()
    for number, result in zip(range(WRITTEN), itertools.cycle(found)):
        writer.write(replace(result, record=replace(result.record, student=f"w{number:04}")))
    return WRITTEN / (time.perf_counter() - began)


def in_a_new_database(folder: Path, url: str) -> None:
    """Put the gradebook of a course into a new database of a server."""
    name = f"benchmark_{uuid.uuid4().hex[:12]}"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text(f"create database {name}"))
    said = engine.url.set(database=name).render_as_string(hide_password=False)
    with (folder / "nbgrader_config.py").open("a") as config:
        config.write(f'\nc.CourseDirectory.db_url = "{said}"\n')
    generate(assignments_of(folder)[NAME], folder)


def main() -> int:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description="Grading on a cluster against grading on one machine.")
    parser.add_argument("--notebooks", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--db-url", help="of a PostgreSQL server, to write into a database of its own there")
    options = parser.parse_args()
    count = options.notebooks
    with tempfile.TemporaryDirectory(prefix="bench-cluster-") as made:
        home = Path(made)
        course = make(home / "course", count, training=False)
        print(f"{count} notebooks, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
        best: dict[str, float] = {}
        marks = []
        with cluster(1, home) as one, cluster(2, home) as two:
            ways = {
                "here, one process": ("--jobs", "1"),
                "here, two processes": ("--jobs", "2"),
                "a cluster, one worker": ("--cluster", one),
                "a cluster, two workers": ("--cluster", two),
            }
            for turn in range(options.rounds):
                for number, (way, words) in enumerate(ways.items()):
                    folder = home / f"run-{turn}-{number}"
                    shutil.copytree(course, folder)
                    each, seconds = rate(folder, count, *words)
                    best[way] = max(best.get(way, 0.0), each)
                    marks.append(scores(folder))
                    print(
                        f"{way:24} {each:6.1f} a second, {seconds:6.1f} s in all, load {os.getloadavg()[0]:.1f}",
                        flush=True,
                    )
        same = all(each == marks[0] for each in marks)
        print("the marks are the same each time" if same else "the marks differ")
        found = results(home / "run-0-0")
        writes = {"SQLite": written_per_second(shutil.copytree(course, home / "sqlite"), found)}
        if options.db_url:
            in_a_new_database(shutil.copytree(course, home / "postgresql"), options.db_url)
            writes["PostgreSQL"] = written_per_second(home / "postgresql", found)
        for kind, each in writes.items():
            print(f"{f'the writer, {kind}':24} {each:6.1f} a second")
        for way, each in best.items():
            print(f"best: {way:24} {each:6.1f} a second")
        first, second = best["a cluster, one worker"], best["a cluster, two workers"]
        print(
            f"CLUSTER two_vs_one={second / first:.2f} two_vs_here={second / best['here, two processes']:.2f} "
            f"per_submission_ms={1000 / first:.1f} written_per_second={writes['SQLite']:.0f}"
        )
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
