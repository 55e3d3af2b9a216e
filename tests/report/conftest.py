"""Classes made by hand: records, notebooks and, where it matters, a gradebook of nbgrader's."""

from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.assignments import ASSIGNMENTS
from autograder.core.verdict import Verdict
from autograder.grade.records import Record, Records, verdict_row
from autograder.report.marks import GradedClass, graded

NAME = "ps4_two_layer"
ASSIGNMENT = ASSIGNMENTS[NAME]
CONFIG = """
from pathlib import Path
c = get_config()
c.CourseDirectory.course_id = "made-by-hand"
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
"""


def verdicts(**wrong: str | Verdict) -> list[Verdict]:
    """Return a verdict for each exercise: right, but for those that are named, with their mistake."""
    found = []
    for exercise in ASSIGNMENT.exercises:
        said = wrong.get(exercise.function)
        if isinstance(said, Verdict):
            found.append(said)
        elif said:
            seen, hint = "The shape is (4, 7), and should be (7, 4).", "Which way round?"
            found.append(
                Verdict(exercise.function, exercise.equation, False, 0.0, exercise.points, said, seen, hint, READ)
            )
        else:
            found.append(
                Verdict(exercise.function, exercise.equation, True, exercise.points, exercise.points, None, "Right.")
            )
    return found


READ = "Read: Layer 2, backwards (layer-2-backwards.html#equation-eq-two-layer-dw2)."


def record(student: str, judged: list[Verdict] | None = None, **more: Any) -> Record:
    judged = verdicts() if judged is None else judged
    return Record(
        student,
        NAME,
        **{
            "outcome": "graded",
            "score": sum(verdict.points for verdict in judged),
            "max_score": ASSIGNMENT.max_points,
            "sha256": "ab" * 32,
            "seed": "5eed5eed5eed",
            "verdicts": [verdict_row(verdict) for verdict in judged],
            **more,
        },
    )


class Course:
    """A course directory that fills up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "nbgrader_config.py").write_text(CONFIG)

    def add(self, each: Record, cells: list[Any] | None = None) -> "Course":
        Records(self.folder, NAME).write(each)
        if cells is not None:
            self.put("autograded", each.student, cells)
        return self

    def put(self, step: str, student: str, cells: list[Any]) -> Path:
        path = self.folder / step / student / NAME / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        return path

    def page(self, student: str) -> Path:
        return self.folder / "feedback" / student / NAME / f"{NAME}.html"

    @property
    def graded(self) -> GradedClass:
        return graded(NAME, self.folder)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(tmp_path)


def answer(function: str, source: str, outputs: list[Any] = ()) -> Any:
    cell = nbformat.v4.new_code_cell(source, outputs=list(outputs))
    cell.metadata["nbgrader"] = {"grade_id": f"answer-{function}", "solution": True, "grade": False, "locked": False}
    return cell


def check_cell(function: str) -> Any:
    cell = nbformat.v4.new_code_cell(f"check({function}).points")
    cell.metadata["nbgrader"] = {"grade_id": f"check-{function}", "solution": False, "grade": True, "locked": True}
    return cell


def shown(**data: str) -> Any:
    return nbformat.v4.new_output("display_data", {kind.replace("_", "/", 1): text for kind, text in data.items()})
