"""A small course for the tests of grading: three functions and a written answer, made once and copied."""

import functools
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import nbformat
import sqlalchemy as sa

from autograder.course_file import assignments_of
from exercises.generate import CONFIG, generate

ROOT = Path(__file__).parents[2]
NAME = "small"
COURSE = """
[small]
title = "Small"
exercises = [
    {function = "compute_dZ2", points = 1, equation = "two_layer.dZ2"},
    {function = "compute_dW2", points = 2, equation = "two_layer.dW2"},
    {function = "compute_db2", points = 3, equation = "two_layer.db2"},
]
written = [{id = "written-why", points = 4, title = "Why"}]
"""
TEXT = """# %% [markdown]
# # Small

# %% locked="setup"
import numpy as np

from autograder import check, set_assignment

set_assignment("small")

# %% answer="compute_dZ2"
def compute_dZ2(A2, Y):
    ### BEGIN SOLUTION
    return A2 - Y
    ### END SOLUTION

# %% check="compute_dZ2"
check(compute_dZ2).points

# %% answer="compute_dW2"
def compute_dW2(dZ2, A1):
    ### BEGIN SOLUTION
    return dZ2 @ A1.T / dZ2.shape[1]
    ### END SOLUTION

# %% check="compute_dW2"
check(compute_dW2).points

# %%
np.arange(3)

# %% answer="compute_db2"
def compute_db2(dZ2):
    ### BEGIN SOLUTION
    return np.sum(dZ2, axis=1, keepdims=True) / dZ2.shape[1]
    ### END SOLUTION

# %% check="compute_db2"
check(compute_db2).points

# %% [markdown] written="written-why"
# Why?
#
# ---rubric---
#
# Because.
"""
RIGHT = {
    "compute_dZ2": "def compute_dZ2(A2, Y):\n    return A2 - Y",
    "compute_dW2": "def compute_dW2(dZ2, A1):\n    return dZ2 @ A1.T / dZ2.shape[1]",
    "compute_db2": "def compute_db2(dZ2):\n    return np.mean(dZ2, axis=1, keepdims=True)",
}
POINTS = {"compute_dZ2": 1.0, "compute_dW2": 2.0, "compute_db2": 3.0}

Change = Callable[[nbformat.NotebookNode], None]


def make(folder: Path, text: str = TEXT, toml: str = COURSE) -> Path:
    """Make the course in a folder that is empty or not there."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(CONFIG, folder)
    (folder / "course.toml").write_text(toml, encoding="utf-8")
    (folder / f"{NAME}.py").write_text(text, encoding="utf-8")
    generate(assignments_of(folder)[NAME], folder)
    return folder


@functools.cache
def _made() -> tuple[tempfile.TemporaryDirectory[str], Path]:
    home = tempfile.TemporaryDirectory(prefix="small-course-")
    return home, make(Path(home.name) / "course")


def course(folder: Path) -> Path:
    """Return a copy of the small course, in which nobody has handed anything in."""
    target = folder / "course"
    shutil.copytree(_made()[1], target)
    return target


def notebook(course: Path, answers: dict[str, str | None] | None = None, change: Change | None = None):
    """Return the release, filled in: all right, but for `answers`; None leaves the cell as it was handed out."""
    found = nbformat.read(course / "release" / NAME / f"{NAME}.ipynb", as_version=4)
    for cell in found.cells:
        function = cell.id.removeprefix("answer-")
        if cell.id.startswith("answer-"):
            cell.source = (answers or {}).get(function, RIGHT[function]) or cell.source
        if cell.id == "written-why":
            cell.source = "Because the mean is taken once."
    if change:
        change(found)
    return found


def cell(of, id: str):
    """Return a cell by its id."""
    return next(each for each in of.cells if each.id == id)


def path_of(course: Path, student: str) -> Path:
    """Return where a student's notebook belongs."""
    return course / "submitted" / student / NAME / f"{NAME}.ipynb"


def hand_in(course: Path, student: str, content: nbformat.NotebookNode | bytes | None = None) -> Path:
    """Put a student's notebook, or any bytes, where they belong."""
    path = path_of(course, student)
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        nbformat.write(content or notebook(course), path)
    return path


def run(course: Path, *arguments: str, code: int | None = None, command: str = "grade") -> subprocess.CompletedProcess:
    """Run `autograder grade small` in a course."""
    words = [sys.executable, "-m", "autograder.cli", command, *arguments, "--course-dir", str(course)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300)
    if code is not None:
        assert done.returncode == code, done.stdout + done.stderr
    return done


def scores(course: Path) -> dict[str, dict[str, float | None]]:
    """Return what the gradebook holds: by student, by cell."""
    engine = sa.create_engine(f"sqlite:///{course / 'gradebook.db'}", poolclass=sa.NullPool)
    query = """
        select sa.student_id, b.name, g.auto_score from grade g
        join submitted_notebook sn on sn.id = g.notebook_id join submitted_assignment sa on sa.id = sn.assignment_id
        join base_cell b on b.id = g.cell_id
    """
    found: dict[str, dict[str, float | None]] = {}
    with engine.connect() as connection:
        for student, name, score in connection.execute(sa.text(query)):
            found.setdefault(student, {})[name] = score
    return found


def full(**changed: float) -> dict[str, float | None]:
    """Return the marks of one who has all right, but for some functions."""
    return {f"check-{name}": changed.get(name, points) for name, points in POINTS.items()} | {"written-why": None}
