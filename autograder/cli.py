"""The command line: each command a few lines over the rooms below.

Exit codes: 0 all right, 1 something is wrong with the work, 2 it could not be done or judged.
"""

import json
import math
import signal
import sys
from pathlib import Path
from typing import NoReturn

import click

from autograder import assignments
from autograder.core.render import text
from autograder.grade.submission import judge_notebook
from autograder.notebooks import UnreadableNotebook, read, recognise


def _a_number(context: click.Context, parameter: click.Parameter, value: float) -> float:
    """Refuse nan, which lies in every range."""
    if math.isnan(value):
        raise click.BadParameter("nan is not a number of seconds.")
    return value


def _end_tidily(signal_number: int, frame: object) -> NoReturn:
    """Turn a signal into an exception, so that the student's process is ended before this one."""
    sys.exit(128 + signal_number)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="backprop-course")
def main() -> None:
    """Check back-propagation assignments, and name the mistake."""


@main.command()
@click.argument("notebook", type=click.Path(path_type=Path))
@click.option("--assignment", "name", help="Which assignment it is, if the notebook does not tell.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(min=0),
    help="Seed of the inputs on which functions are judged.",
)
@click.option(
    "--timeout",
    default=30.0,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True, max=86_400),
    callback=_a_number,
    help="Seconds for a cell, and for judging a function.",
)
def check(notebook: Path, name: str | None, as_json: bool, seed: int, timeout: float) -> None:
    """Run NOTEBOOK in a process of its own and judge each of its functions.

    The notebook is not changed. It is run without a sandbox: check your own work, not a stranger's.

    Exit code: 0 all right, 1 something is wrong with the work, 2 the notebook cannot be read or judged.
    """
    try:
        content = read(notebook)
        assignment = assignments.assignment(name) if name else recognise(content)
    except (UnreadableNotebook, KeyError) as error:
        _stop(str(error.args[0]))
    if assignment is None:
        known = ", ".join(assignments.ASSIGNMENTS)
        _stop(f"{notebook} is no assignment that is known here; say which it is with --assignment ({known}).")
    for wanted in {"SIGTERM", "SIGHUP"} & set(dir(signal)):
        signal.signal(getattr(signal, wanted), _end_tidily)
    verdicts = judge_notebook(content, assignment, seed, timeout)
    score = round(sum(verdict.points for verdict in verdicts), 6)
    if as_json:
        report = {
            "schema": 1,
            "assignment": assignment.name,
            "notebook": str(notebook),
            "score": score,
            "max_score": assignment.max_points,
            "checks": [verdict.as_json() for verdict in verdicts],
        }
        click.echo(json.dumps(report, indent=2))
    else:
        for verdict in verdicts:
            click.echo(text(verdict))
        click.echo(f"\n{assignment.title}: {score:g} of {assignment.max_points:g} points.")
    if any(verdict.passed is None for verdict in verdicts):
        sys.exit(2)
    sys.exit(0 if all(verdict.passed for verdict in verdicts) else 1)


def _stop(sentence: str) -> NoReturn:
    click.echo(f"autograder: {sentence}", err=True)
    sys.exit(2)


if __name__ == "__main__":
    main()
