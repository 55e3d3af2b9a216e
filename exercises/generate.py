"""Generate the notebooks of the assignments from their one text source each.

    python exercises/generate.py [ASSIGNMENT ...] [--course DIRECTORY]
    python exercises/generate.py --browser FILE     write the exercises for the pages of the book, as JSON

For each assignment: `source/<name>/<name>.ipynb`, with the solutions, from it `release/<name>/<name>.ipynb`, made by
nbgrader itself, and `dist/<name>.zip` for students. All are derived, never edited and never committed; two runs give
the same bytes. What a lecturer changes stands in `course.toml` (see `autograder/course_file.py`).

In the text source, `# %% answer="compute_dW2"` starts an answer cell, `# %% check="compute_dW2"` its check,
`# %% locked="setup"` a cell that students cannot change, and a line `{{ asked: two_layer.dW2 }}` in a text cell stands
for what is wanted there (`exercises/statements.py`). `# %% [markdown] written="written-proof_dw"` is an answer in words
that a person grades: below a line `---rubric---` stands what to look for, which students do not see.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from autograder.errors import say_why_not_loaded, saying_why

if __name__ == "__main__":
    say_why_not_loaded("generate")

import jupytext
import nbformat
from nbformat import NotebookNode
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from autograder.assignments import ASSIGNMENTS, Assignment
from autograder.core.declared import unknown_questions, verified
from autograder.course_file import assignments_of, is_on, packages_of, record_release, released, text_of
from autograder.grade.course import Course, config_of, database
from autograder.sandbox.plan import PUBLIC, modules_of_distribution

EXERCISES = Path(__file__).resolve().parent
sys.path.insert(0, str(EXERCISES.parent))  # so that `python exercises/generate.py` works as well

from exercises import distribute, for_browser, own_equations
from exercises.statements import SourceError, answers_in_sight, filled

CONFIG = EXERCISES / "nbgrader_config.py"
RUBRIC = "\n---rubric---\n"
SETUP = """\
try:
{imports}
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"This notebook needs {{error.name}}, which is not installed here. Put the wheel that you got with it into the "
        "notebook's folder (in Colab: among the files on the left), and run in a cell of its own: "
        "%pip install backprop_course-{version}-py3-none-any.whl "
        "(in a terminal: python -m pip install, and the same name; in a checkout of the course: python -m pip install "
        ".). Then restart the kernel and run this cell again."
    ) from None

{rest}"""

# No version of Python, so that the files do not depend on who generates them.
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}


def _nbgrader(grade_id: str, **flags: Any) -> dict[str, Any]:
    defaults = {"grade": False, "grade_id": grade_id, "locked": False, "schema_version": 3, "solution": False}
    return {**defaults, "task": False, **flags}


def _check_cells(assignment: Assignment, kind: str, wanted: list[str], found: list[str]) -> None:
    if found != wanted:
        raise SourceError(
            f"{assignment.name}: the {kind} cells must be, once each and in this order, {', '.join(wanted) or 'none'}; "
            f"found {', '.join(found) or 'none'}"
        )


def _as_given(cell: NotebookNode, assignment: Assignment) -> NotebookNode:
    """Return the answer of a function that a lecturer left out as a locked cell, written; any other cell as it is."""
    function = cell.metadata.get("answer")
    if function not in assignment.given:
        return cell
    source = re.sub(r"^ +### (BEGIN|END) SOLUTION\n?", "", cell.source, flags=re.MULTILINE)
    return nbformat.v4.new_code_cell(source, metadata={"locked": f"given-{function}"})


def _set_assignment(assignment: Assignment, last_hint: bool) -> str:
    """Return the line that says which assignment it is; what is not as the package has it, the line says."""
    if assignment == ASSIGNMENTS.get(assignment.name):
        return f'set_assignment("{assignment.name}"{"" if last_hint else ", last_hint=False"})'
    return own_equations.setup_of(assignment, last_hint)


def _setup(source: str, assignment: Assignment, last_hint: bool) -> str:
    """Return the first code cell: its imports say what to install if something is missing, then the rest."""
    imports, line, rest = source.partition(f'set_assignment("{assignment.name}")')
    if not line:
        raise SourceError(f'{assignment.name}: its setup cell has no line set_assignment("{assignment.name}")')
    return SETUP.format(
        imports=textwrap.indent(imports.strip(), "    "),
        version=version("backprop-course"),
        rest=_set_assignment(assignment, last_hint) + rest,
    )


def may_import(packages: Iterable[str] = ()) -> str:
    """Return the sentence that says what a notebook may import."""
    names = [*PUBLIC, *(module for package in packages for module in modules_of_distribution(package) or (package,))]
    return (
        f"**You may import** {', '.join(names)} and what Python itself brings; nothing else is there when your "
        "notebook is graded."
    )


def source_notebook(
    assignment: Assignment, text: str, packages: Iterable[str] = (), *, last_hint: bool = True
) -> NotebookNode:
    """Return the notebook with solutions, with stable cell ids and nbgrader's metadata.

    Its first text says what it may import, `packages` among it; without `last_hint` its setup withholds the formulas
    from `hint`. A cell's id says what it is: `answer-f`, `check-f`,
    `text-f` before the check of f, and `try-f` after it.

    Raises
    ------
    SourceError
        If the text source does not have one answer and one check for every exercise of the assignment, and each
        written answer, in order; or if the judge does not know an exercise.
    DeclarationError
        If an equation of the lecturer's own is not declared as it must be.
    """
    if unknown := unknown_questions(assignment):
        raise SourceError(f"{assignment.name}: the judge has no question {', '.join(unknown)}")
    for exercise in assignment.exercises:
        if exercise.declared:
            verified(exercise.declared)
    cells = [_as_given(cell, assignment) for cell in jupytext.reads(text, fmt="py:percent").cells]
    cells = [cell for cell in cells if cell.metadata.get("check") not in assignment.given]
    if cells and cells[0].cell_type == "markdown":
        cells[0].source += f"\n\n{may_import(packages)}"
    functions = [exercise.function for exercise in assignment.exercises]
    points = {written.id: written.points for written in assignment.written}
    for kind, wanted in {"answer": functions, "check": functions, "written": list(points)}.items():
        _check_cells(assignment, kind, wanted, [cell.metadata[kind] for cell in cells if kind in cell.metadata])
    upcoming = [*functions, "end"]
    last, used = "start", set[str]()
    for cell in cells:
        marks, cell.metadata = cell.metadata, NotebookNode()
        if "answer" in marks:
            cell.id = f"answer-{marks['answer']}"
            cell.metadata["nbgrader"] = _nbgrader(cell.id, solution=True)
            if not re.search(r"^ +### BEGIN SOLUTION$.*^ +### END SOLUTION$", cell.source, re.MULTILINE | re.DOTALL):
                raise SourceError(f"{assignment.name}: cell {cell.id} has no solution region inside its function")
        elif "check" in marks:
            last = upcoming.pop(0)
            checked = assignment.exercise(last)
            if checked is None or marks["check"] != last or f"answer-{last}" not in used:
                raise SourceError(f"{assignment.name}: the check of {marks['check']} must follow its answer")
            cell.id = checked.id
            cell.metadata["nbgrader"] = _nbgrader(cell.id, grade=True, locked=True, points=checked.points)
        elif "written" in marks:
            cell.id = str(marks["written"])
            cell.metadata["nbgrader"] = _nbgrader(cell.id, grade=True, solution=True, points=points[cell.id])
            question, _, rubric = cell.source.partition(RUBRIC)
            if not rubric.strip():
                raise SourceError(f"{assignment.name}: cell {cell.id} has no rubric below a line ---rubric---")
            # nbgrader puts the place for the answer where the solution region is, and keeps the region for graders.
            cell.source = f"{question.rstrip()}\n\n### BEGIN SOLUTION\n\n{rubric.strip()}\n\n### END SOLUTION"
        elif "locked" in marks:
            cell.id = str(marks["locked"])
            if cell.id == "setup":
                cell.source = _setup(cell.source, assignment, last_hint)
            cell.metadata["nbgrader"] = _nbgrader(cell.id, locked=True)
        else:
            stem = f"try-{last}" if cell.cell_type == "code" else f"text-{upcoming[0]}"
            same = sum(1 for id in used if re.fullmatch(rf"{stem}(-\d+)?", id))
            cell.id = f"{stem}-{same + 1}" if same else stem
            cell.source = filled(cell.source, assignment)
        if cell.id in used:
            raise SourceError(f"{assignment.name}: two cells have the id {cell.id}")
        used.add(cell.id)
    course = {"release": assignment.release, **assignment.as_table()}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={**NOTEBOOK_METADATA, "backprop_course": course})
    notebook.nbformat_minor = 5
    nbformat.validate(notebook)
    return notebook


def course_config(course: Path) -> Config:
    """Return nbgrader's configuration of a course directory, as the `nbgrader` command reads it there."""
    config = config_of(course)
    config.CourseDirectory.root = str(course)
    return config


def nbgrader_in(course: Path) -> NbGraderAPI:
    """Return nbgrader, with the configuration of a course directory.

    Raises
    ------
    NoGradebook
        If the configuration cannot be run, or the gradebook not be read.
    SourceError
        If nbgrader does not take it.
    """
    config = course_config(course)
    database(Course.at(course))
    try:
        return NbGraderAPI(config=config)
    except Exception as error:  # of whatever a lecturer has set
        raise SourceError(
            f"nbgrader does not take what {course / CONFIG.name} says ({type(error).__name__}: {error}): mend it."
        ) from error


def text_source(assignment: Assignment, course: Path = EXERCISES) -> Path:
    """Return where the text source of an assignment is: in the course directory, or here."""
    own = course / f"{assignment.name}.py"
    return own if own.is_file() else EXERCISES / own.name


def solve(assignment: Assignment, course: Path = EXERCISES) -> NotebookNode:
    """Return the solved notebook of an assignment, made from its text source.

    Raises
    ------
    SourceError
        If there is no text source, or it does not fit the assignment; if one of the package's own gives an answer away.
    """
    path = text_source(assignment, course)
    text = text_of(path) if path.is_file() else own_equations.source_of(assignment)
    if text is None:
        raise SourceError(f"{assignment.name}: its text source {course / path.name} is missing")
    packages, last_hint = packages_of(course, assignment.name), is_on(course, assignment.name, "last_hint")
    notebook = source_notebook(assignment, text, packages, last_hint=last_hint)
    # A lecturer may show what he likes, and hands out written what he leaves out.
    ours = path.parent == EXERCISES and assignment == ASSIGNMENTS.get(assignment.name)
    if ours and (given := answers_in_sight(assignment, notebook)):
        raise SourceError(" ".join(given))
    return notebook


def generate(assignment: Assignment, course: Path = EXERCISES) -> tuple[Path, Path]:
    """Write the source and the release of an assignment into a course directory that has an nbgrader_config.py.

    Returns
    -------
    the paths of the source notebook and of the released one

    Raises
    ------
    SourceError
        If the text source does not fit the assignment, or nbgrader cannot make the release of it.
    NoGradebook
        If the configuration cannot be run.
    """
    released(course)  # before anything is made: what cannot be recorded is not released
    name = f"{assignment.name}.ipynb"
    source, release = (course / folder / assignment.name / name for folder in ("source", "release"))
    solved = solve(assignment, course)
    with _restored_on_failure(source.parent, release.parent):
        source.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(solved, source)
        # nbgrader starts `alembic` by name when it makes a gradebook; it lives beside this Python.
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        outcome = nbgrader_in(course).generate_assignment(assignment.name, force=True)
        if not outcome["success"] or not release.is_file():
            raise SourceError(_why_not_released(assignment.name, str(outcome.get("log", outcome))))
    record_release(course, assignment)
    return source, release


@contextlib.contextmanager
def _restored_on_failure(*folders: Path) -> Iterator[None]:
    """Put folders back as they were if what is done to them fails: nbgrader removes a release before it makes one."""
    with tempfile.TemporaryDirectory() as name:
        kept = [Path(name, str(number)) for number in range(len(folders))]
        for folder, copy in zip(folders, kept, strict=True):
            if folder.is_dir():
                shutil.copytree(folder, copy)
        try:
            yield
        except BaseException:
            for folder, copy in zip(folders, kept, strict=True):
                shutil.rmtree(folder, ignore_errors=True)
                if copy.is_dir():
                    shutil.copytree(copy, folder)
            raise


def _why_not_released(name: str, log: str) -> str:
    if "Cannot add or remove cells" in log:
        return (
            f"the gradebook holds submissions of {name} already, and nbgrader takes no function out of an assignment "
            "that has been graded, and puts none in: undo that in course.toml, where points may still change, or give "
            "the new one a name of its own. The release is as it was."
        )
    raised = re.findall(r"^\s*((?:\w+\.)*\w+(?:Error|Exception): .+)$", log, re.MULTILINE)
    return f"nbgrader could not make the release of {name}: {raised[-1] if raised else log}"[:1000]


def write_for_browser(assignments: Iterable[Assignment], course: Path, file: Path) -> None:
    """Write the exercises for the browser; a file that says the same already is left alone.

    Raises
    ------
    SourceError
        If a text source does not fit its assignment.
    for_browser.HintError
        If there are hints for a function that is not asked for.
    """
    config = course_config(course)
    rows = [for_browser.for_browser(each, solve(each, course), config) for each in assignments]
    text = json.dumps({"format": for_browser.FORMAT, "assignments": rows}, ensure_ascii=False, indent=1) + "\n"
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


@saying_why("generate")
def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Generate the notebooks of the assignments, and what students get.")
    parser.add_argument("names", nargs="*", metavar="ASSIGNMENT", help="all of them, if none is named")
    parser.add_argument("--course", type=Path, default=EXERCISES, help="another nbgrader course directory than this")
    parser.add_argument("--no-dist", action="store_true", help="make no archives for students")
    parser.add_argument("--browser", type=Path, metavar="FILE", help="write them for the pages of the book, as JSON")
    options = parser.parse_args(arguments)
    course = options.course.resolve()
    known = assignments_of(course)
    unknown = [name for name in options.names if name not in known]
    if unknown:
        raise SourceError(f"There is no assignment {', '.join(unknown)}; known are {', '.join(known)}.")
    chosen = [known[name] for name in options.names or known]
    if options.browser:
        write_for_browser(chosen, course, options.browser)
        return 0
    made = [path for assignment in chosen for path in generate(assignment, course)]
    if not options.no_dist:
        made += distribute.archives(chosen, course)
    for path in made:
        print(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
