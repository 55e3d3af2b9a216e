"""Grade the sample class, and say whether everybody got what they should.

    python -m exercises.sample_class.grade [DIRECTORY] [--update]

The exit code is 0 when all marks are as expected.json says, and 1 when not; with --update, expected.json is written
instead.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from autograder.errors import AutograderError
from autograder.grade.records import Record, Records
from autograder.grade.run import Options
from autograder.sandbox.launch import NotStarted
from exercises.grade import grade
from exercises.sample_class.make import ASSIGNMENT, DEFAULT, EXPECTED, expected, make

TIMEOUT = 5  # of processor time; here, nothing that ends takes one second


def marks(records: Iterable[Record]) -> dict[str, dict[str, Any]]:
    """Return what expected.json says of each student."""
    return {
        record.student: {
            "score": record.score,
            "mistakes": {row["id"]: row["mistake"] for row in record.verdicts if row["mistake"]},
        }
        for record in records
    }


def differences(got: dict[str, dict[str, Any]]) -> list[str]:
    """Return one sentence for each student whose marks are not as expected.json says."""
    wanted = expected()
    return [
        f"{student}: expected {wanted.get(student)}, got {got.get(student)}"
        for student in sorted(wanted.keys() | got.keys())
        if wanted.get(student) != got.get(student)
    ]


def grade_class(directory: Path, console: Console) -> dict[str, dict[str, Any]]:
    """Grade the class in a directory, in the sandbox if there is one, and return its marks.

    Raises
    ------
    AutograderError
    """
    # The class is no secret: with a seed of its own each time, half-wrong training would pass on some days.
    seed_file = directory / "seed.json"
    seed_file.write_text(json.dumps({"seed": "0x0"}), encoding="utf-8")
    options = Options(directory, seconds=TIMEOUT, seed_file=seed_file)
    try:
        grade(directory, ASSIGNMENT.name, console, options)
    except NotStarted as error:
        console.print(
            f"[yellow]{error}. This class ships with the course, so it runs without a sandbox. "
            "Never grade real students so.[/]",
            soft_wrap=True,
        )
        grade(directory, ASSIGNMENT.name, console, replace(options, sandboxed=False))
    return marks(Records(directory, ASSIGNMENT.name).all())


def main() -> int:
    """Build, grade and report; return the exit code."""
    parser = argparse.ArgumentParser(description="Grade the sample class.")
    parser.add_argument("directory", nargs="?", type=Path, default=DEFAULT, help="where the class is built, anew")
    parser.add_argument("--update", action="store_true", help="write the marks into expected.json")
    options = parser.parse_args()
    directory = options.directory.resolve()
    console, started = Console(), time.monotonic()
    try:
        make(directory)
        got = grade_class(directory, console)
    except (FileExistsError, AutograderError) as error:
        console.print(str(error), soft_wrap=True, markup=False)
        return 1
    if options.update:
        EXPECTED.write_text(json.dumps(got, indent=2) + "\n")
        return 0
    wrong = differences(got)
    for sentence in wrong:
        console.print(f"[red]{sentence}[/]", highlight=False, soft_wrap=True)
    seconds = time.monotonic() - started
    verdict = f"{len(wrong)} of them got other marks than expected" if wrong else "all marks are as expected"
    console.print(f"{len(got)} submissions in {seconds:.0f} s: {verdict}.", highlight=False)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
