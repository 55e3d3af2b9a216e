"""The same verdicts under plain `nbgrader autograde` and formgrader's button: a preprocessor in the place of Execute.

In nbgrader_config.py:

    c.HTMLExporter.exclude_anchor_links = True
    c.Autograde.sanitize_preprocessors = ["nbgrader.preprocessors.ClearOutput"]
    c.Autograde.autograde_preprocessors = [
        "autograder.grade.plugin.Judge",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
    ]

The student's notebook runs in the sandbox, and the verdicts fall outside, with the seed and the records of
`autograder grade`. What a submission cannot be graded for is an error of nbgrader's log, and leaves no mark. nbgrader
copies other files of a submission to `autograded/`, from where formgrader serves them: only data stay there.

An assignment that the course file does not know is executed as plain nbgrader does, which has no sandbox; what is
written is made harmless all the same.
"""

import atexit
import contextlib
import json
import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
from nbgrader import utils  # type: ignore[import-untyped]
from nbgrader.preprocessors import (  # type: ignore[import-untyped]
    CheckCellMetadata,
    DeduplicateIds,
    Execute,
    IgnorePattern,
    LimitOutput,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
)
from traitlets import Bool, Float

from autograder.course_file import assignments_of
from autograder.grade import sanitize
from autograder.grade.collect import SubmissionFolder, places
from autograder.grade.course import Course, find_course
from autograder.grade.gradebook import Gradebook, assignments_and
from autograder.grade.grader import Job, grade_submission
from autograder.grade.guests import GuestFactory
from autograder.grade.records import Records
from autograder.grade.run import Options, job_of
from autograder.grade.students import shown_name
from autograder.protocol.notebook import attachments_of
from autograder.sandbox.outputs import CUT, CellOutputs, TooMuch, hide

PLAIN = (DeduplicateIds, OverwriteKernelspec, OverwriteCells, CheckCellMetadata, Execute, IgnorePattern, LimitOutput)
"""What nbgrader does with a submission, but for what the configuration above leaves to it."""
_told: set[str] = set()
_warm = threading.local()  # a zygote lives as long as the thread that started it


class NotGraded(Exception):
    """An error of a submission: it could not be graded; the message says what to do."""


def _factory(job: Job) -> GuestFactory:
    """Return this thread's factory of guests; make a new one for another assignment."""
    key = (job.assignment.release, job.sandbox, tuple(cell.source for cell in job.release.cells.values()))
    if getattr(_warm, "key", None) != key:
        if getattr(_warm, "factory", None):
            _warm.factory.stop()
        _warm.factory, _warm.key = GuestFactory(job), key
        atexit.register(_warm.factory.stop)
    factory: GuestFactory = _warm.factory
    return factory


class Judge(NbGraderPreprocessor):  # type: ignore[misc]
    """A preprocessor that runs a submission in the sandbox and judges it from outside, in the place of Execute."""

    sandbox = Bool(True, help="Whether students' code runs in the sandbox; without, it has all your rights.").tag(
        config=True
    )
    timeout = Float(30.0, help="Seconds for a cell, and for judging one function.").tag(config=True)
    budget = Float(240.0, help="Seconds for a whole submission.").tag(config=True)

    def preprocess(self, nb: nbformat.NotebookNode, resources: Any) -> tuple[nbformat.NotebookNode, Any]:
        """Return the autograded notebook.

        Raises
        ------
        NotGraded
            If there can be no marks.
        """
        about = resources["nbgrader"]
        student, name = str(about["student"]), str(about["assignment"])
        root = find_course(Path.cwd())  # nbgrader works from the course directory
        if root is None:
            raise NotGraded(f"{Path.cwd()} is no nbgrader course directory.")
        if name not in assignments_of(root):
            return self._executed(nb, resources)
        course = replace(Course.at(root), db_url=str(about["db_url"]))
        place = SubmissionFolder(student, course.folder("submitted") / student / name)
        listed = places(course.folder("submitted"), name)
        place = next((each for each in listed if each.folder == place.folder), place)
        hide(str(course.root), "course")
        if about["notebook"] != name:
            raise NotGraded(f"{about['notebook']}.ipynb is not the notebook {name}.ipynb of the assignment.")
        autograded, own = course.folder("autograded") / student / name, course.folder("source") / name
        for each in sanitize.clear(autograded, [f"{name}.ipynb"], own):
            self.log.warning("%s: %s stays in submitted/ only: a browser might run it.", student, shown_name(each))
        gradebook, records = Gradebook(course, name), Records(course.root, name)
        known = assignments_and(course, name, gradebook.release)
        options = Options(sandboxed=self.sandbox, seconds=self.timeout, budget=self.budget)
        job = replace(job_of(course, gradebook, known[name], known, options), seed=records.seed())
        result = grade_submission(place, job, _factory(job).guest)
        # nbgrader writes the notebook itself, so its digest is not known here.
        records.write(replace(result.record, autograded=""))
        if not result.record.has_marks:
            raise NotGraded(f"{place.student}: {result.record.outcome}. {result.record.advice}")
        for trouble in result.record.troubles:
            self.log.warning("%s: %s", student, trouble["text"])
        self.log.info("%s: %s, %g points", student, result.record.outcome, result.record.score or 0.0)
        return nbformat.reads(result.notebook.decode("utf-8"), as_version=4), resources

    def _executed(self, nb: nbformat.NotebookNode, resources: Any) -> tuple[nbformat.NotebookNode, Any]:
        """Execute a notebook of which this course knows nothing as plain nbgrader does, and make it harmless."""
        name = str(resources["nbgrader"]["assignment"])
        if name not in _told:
            _told.add(name)
            self.log.warning(
                "%s is none of the assignments that autograder judges: its notebooks are executed as plain nbgrader "
                "does, without a sandbox, with all your rights. `autograder grade %s` runs them in one.",
                name,
                name,
            )
        for each in PLAIN:
            nb, resources = each(parent=self.parent).preprocess(nb, resources)
        harmless = sanitize.OutputSanitizer()
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = [nbformat.from_dict(each) for each in harmless.of(_shown(cell.outputs))]
            elif not utils.is_locked(cell):
                cell.source, pictures = sanitize.source(cell.source, attachments_of(cell))
                cell.pop("attachments", None)
                if pictures:
                    cell.attachments = nbformat.from_dict(pictures)
        return nb, resources


def _shown(outputs: Iterable[Any]) -> list[dict[str, Any]]:
    """Return a cell's outputs as those of a guest are stored; what is too much is cut, but no error."""
    shown = CellOutputs()
    with contextlib.suppress(TooMuch):
        for each in outputs:
            shown.take(json.dumps([each]).encode())
    kept = shown.outputs()
    failed = [each for each in outputs if each["output_type"] == "error"]
    if failed and not any(each["output_type"] == "error" for each in kept):
        kept.append({"output_type": "error", "ename": "Error", "evalue": CUT, "traceback": [CUT]})
    return kept
