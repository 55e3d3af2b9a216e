"""Build the sample class as a complete nbgrader course directory, outside the lecturer's own.

    python -m exercises.sample_class.make [DIRECTORY]

A submission is described by a small file in `ps4_two_layer/`, named by its fault, with the functions that differ from
the solution. A file with STARTS_FROM = "release" holds the only functions that are written; a .ipynb file is handed in
as it is.
"""

import ast
import json
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.assignments import ASSIGNMENTS, Assignment
from exercises.generate import CONFIG, generate

HERE = Path(__file__).resolve().parent
ASSIGNMENT = ASSIGNMENTS["ps4_two_layer"]
SAMPLES = HERE / ASSIGNMENT.name
EXPECTED = HERE / "expected.json"
DEFAULT = HERE.parents[1] / "build" / "sample-class"


@dataclass(frozen=True)
class Sample:
    """One student of the sample class.

    Attributes
    ----------
    student : a made-up id, which names the fault
    fault : one sentence
    functions : the source of each function that differs
    from_release : whether all other functions are unwritten, instead of right
    literal : a file to hand in as it is, or None
    """

    student: str
    fault: str
    functions: Mapping[str, str]
    from_release: bool = False
    literal: Path | None = None


def _read(path: Path) -> Sample:
    text = path.read_text()
    tree = ast.parse(text)
    functions = {
        node.name: ast.get_source_segment(text, node) or "" for node in tree.body if isinstance(node, ast.FunctionDef)
    }
    unknown = set(functions) - {exercise.function for exercise in ASSIGNMENT.exercises}
    if unknown:
        raise ValueError(f"{path.name} defines {', '.join(sorted(unknown))}, which {ASSIGNMENT.name} does not ask")
    return Sample(path.stem, ast.get_docstring(tree) or "", functions, "STARTS_FROM" in text)


def samples() -> list[Sample]:
    """Return every student of the sample class, by id."""
    found = [_read(path) for path in SAMPLES.glob("*.py")]
    found += [Sample(path.stem, "Not a notebook at all.", {}, literal=path) for path in SAMPLES.glob("*.ipynb")]
    return sorted(found, key=lambda sample: sample.student)


def expected() -> dict[str, dict[str, Any]]:
    """Return the score and the mistakes that each student should get, by student."""
    return json.loads(EXPECTED.read_text())


def without_marks(solution: str) -> str:
    """Return a solved cell as a student writes it: without the two comments that mark the solution."""
    return re.sub(r"^ *### (BEGIN|END) SOLUTION\n?", "", solution, flags=re.MULTILINE).rstrip()


def submission(sample: Sample, source: NotebookNode, release: NotebookNode) -> NotebookNode:
    """Return the notebook that a student of the sample class hands in: the release with the answers filled in."""
    solved = {cell.id: cell.source for cell in source.cells}
    notebook = nbformat.from_dict(release)
    for cell in notebook.cells:
        function = cell.id.removeprefix("answer-")
        if function in sample.functions:
            cell.source = sample.functions[function]
        elif cell.id.startswith("answer-") and not sample.from_release:
            cell.source = without_marks(solved[cell.id])
    return notebook


def make(directory: Path, assignment: Assignment = ASSIGNMENT) -> Path:
    """Write the course directory anew: configuration, source, release, and everybody's submission; return it."""
    if directory.exists() and any(directory.iterdir()) and not (directory / CONFIG.name).is_file():
        raise FileExistsError(f"{directory} is not empty and is no sample class; give another directory")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    shutil.copy(CONFIG, directory)
    source, release = (nbformat.read(path, as_version=4) for path in generate(assignment, directory))
    for sample in samples():
        path = directory / "submitted" / sample.student / assignment.name / f"{assignment.name}.ipynb"
        path.parent.mkdir(parents=True)
        if sample.literal:
            shutil.copy(sample.literal, path)
        else:
            nbformat.write(submission(sample, source, release), path)
    return directory


if __name__ == "__main__":
    made = make(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else DEFAULT)
    print(f"{len(samples())} submissions in {made / 'submitted'}")
