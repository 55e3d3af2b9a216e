"""Grade the sample class with plain nbgrader, and say whether everybody got what they should.

    python -m exercises.sample_class.grade [DIRECTORY] [--update]

The exit code is 0 when all marks are as expected.json says, and 1 when not; with --update, expected.json is written
instead.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from exercises.grade import NO_SANDBOX, GradingFailed, Outcome, grade, jail, report
from exercises.sample_class.make import ASSIGNMENT, DEFAULT, EXPECTED, expected, make

TIMEOUT = 12  # a check gives training ten seconds; here, nothing that ends takes one


def marks(outcomes: list[Outcome]) -> dict[str, dict[str, Any]]:
    """Return what expected.json says of each student."""
    return {outcome.student: {"score": outcome.score, "mistakes": outcome.mistakes} for outcome in outcomes}


def differences(outcomes: list[Outcome]) -> list[str]:
    """Return one sentence for each student whose marks are not as expected.json says."""
    wanted, got = expected(), marks(outcomes)
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
    options = parser.parse_args()
    directory = options.directory.resolve()
    console, started = Console(), time.monotonic()
    jailed = None
    try:
        make(directory)
        jailed = jail(directory)
        outcomes = grade(directory, ASSIGNMENT.name, jailed, TIMEOUT)
    except (FileExistsError, GradingFailed) as error:
        console.print(str(error), soft_wrap=True)
        return 1
    report(console, f"Sample class, {ASSIGNMENT.name}", directory, ASSIGNMENT, outcomes)
    if jailed is None:
        console.print(
            f"[yellow]{NO_SANDBOX}, so this class, which ships with the course, ran without a sandbox. "
            "Never grade real students so.[/]"
        )
    if options.update:
        EXPECTED.write_text(json.dumps(marks(outcomes), indent=2) + "\n")
        return 0
    wrong = differences(outcomes)
    for sentence in wrong:
        console.print(f"[red]{sentence}[/]", highlight=False, soft_wrap=True)
    seconds = time.monotonic() - started
    verdict = f"{len(wrong)} of them got other marks than expected" if wrong else "all marks are as expected"
    console.print(f"{len(outcomes)} submissions in {seconds:.0f} s: {verdict}.", highlight=False)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
