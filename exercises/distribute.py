"""What students get: `dist/<assignment>.zip` with the notebook, the wheel to install, and a README of ten lines."""

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from autograder.assignments import Assignment
from autograder.errors import AutograderError

ROOT = Path(__file__).resolve().parents[1]
README = """\
{title}: assignment {name} of Back-propagation, step by step

1. You need Python 3.11 or later. Open a terminal in this folder, and install the course's package and JupyterLab
   (leave jupyterlab out if you use VS Code or another editor for notebooks):
       python -m pip install {wheel} jupyterlab
2. Open the notebook: python -m jupyterlab {name}.ipynb
   In Colab, upload the notebook and the wheel, and run in a first cell: %pip install {wheel}
3. Work from top to bottom; the check below each function tells at once whether it is right. While your notebook is
   graded, `check` in cells of your own takes every answer for right, and shows no points.
4. In the end restart the kernel, run all cells, save, and hand in {name}.ipynb under the same name.
   On the command line `autograder check {name}.ipynb` shows the verdict on the whole notebook.
Points: {points}.
"""


class NoWheel(AutograderError):
    """The package could not be built; the message holds the builder's own words."""


def build_wheel(folder: Path) -> Path:
    """Build the wheel of this package into a folder and return its path.

    Raises
    ------
    NoWheel
        If it cannot be built.
    """
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    done = subprocess.run([*command, str(ROOT)], capture_output=True, text=True)
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or not wheels:
        raise NoWheel(f"The wheel for students could not be built:\n{done.stdout}{done.stderr}".rstrip())
    return wheels[0]


def readme(assignment: Assignment, wheel: str) -> str:
    """Return the README of an archive."""
    points = f"{assignment.max_points:g} by the checks"
    by_hand = assignment.total_points - assignment.max_points
    if by_hand:
        points += f" and {by_hand:g} by a person who reads your proofs, {assignment.total_points:g} in all"
    return README.format(title=assignment.title, name=assignment.name, wheel=wheel, points=points)


def archives(assignments: Sequence[Assignment], course: Path) -> list[Path]:
    """Write the archive of each assignment, whose release must be there, into `dist/` of the course directory.

    Returns
    -------
    the paths; the same release and package give the same bytes

    Raises
    ------
    NoWheel
        If the package cannot be built.
    """
    made = []
    (course / "dist").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        wheel = build_wheel(Path(folder))
        for assignment in assignments:
            name = assignment.name
            notebook = course / "release" / name / f"{name}.ipynb"
            contents = {
                "README.txt": readme(assignment, wheel.name).encode(),
                notebook.name: notebook.read_bytes(),
                wheel.name: wheel.read_bytes(),
            }
            path = course / "dist" / f"{name}.zip"
            with zipfile.ZipFile(path, "w") as archive:
                for entry, data in contents.items():
                    # A fixed time, so that the bytes do not depend on when it was made.
                    info = zipfile.ZipInfo(f"{name}/{entry}", (2026, 1, 1, 0, 0, 0))
                    info.compress_type = zipfile.ZIP_DEFLATED
                    archive.writestr(info, data)
            made.append(path)
    return made
