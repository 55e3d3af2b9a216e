"""Grade one submission: from a student's folder to a record and an autograded notebook."""

import base64
import contextlib
import errno
import hashlib
import json
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from autograder.assignments import Assignment
from autograder.core.judge import refused
from autograder.grade.autograded import written
from autograder.grade.collect import SubmissionFolder, SubmittedFile, Unreadable, opened, take
from autograder.grade.identity import text_of
from autograder.grade.instructor_tests import InstructorTests, TestSources, points_of
from autograder.grade.records import ANOTHER, Record, checks_digits, reference_of, verdict_row, versions
from autograder.grade.release import Release
from autograder.grade.restore import Anomaly, Restored, restore
from autograder.grade.students import shown_name
from autograder.grade.submission import Guests, Submission
from autograder.grade.submission_result import SubmissionResult
from autograder.protocol.notebook import Notebook
from autograder.recognise import other_than, recognise
from autograder.sandbox.launch import NotStarted

REPORT = (
    "Report this bug to the course's maintainers: its record in .autograder/, which has the details, "
    "what `autograder doctor` says, and the notebook if you may pass it on. Then grade again."
)
AGAIN = "grade again, when less else is running or on a machine with more memory"
MAX_TRACE = 10_000


@dataclass(frozen=True)
class Job:
    """The configuration with which all submissions of a run are graded.

    Attributes
    ----------
    assignment : as it is asked now
    known : the assignments of the course, by name
    releases : every release that the course has made, by its digits
    release : what the gradebook knows of the notebook's cells
    seed : of the cases; secret
    seconds : for one cell, and for judging one function
    budget : seconds for one submission, with everything that is run again
    sandbox : what students' code runs in, "namespaces" or "none"
    preamble : the code cells with which every notebook begins (`release.shared_cells`): run once for all
    texts : the text cells as they were handed out (`release.shared_cells`)
    tests : a lecturer's own tests, and what they need
    notebook : the file's name
    others : names of the assignment's other notebooks
    packages : distributions that notebooks may import besides those that all may
    solution : the file of the lecturer's notebook with the answers, by which it is known what they can judge; or b""
    files : paths of the files that were handed out beside the notebook
    show_measured : whether what is written shows a wrong array beside the measured one
    """

    assignment: Assignment
    known: Mapping[str, Assignment]
    releases: Mapping[str, Assignment]
    release: Release
    seed: int
    seconds: float = 30.0
    budget: float = 240.0
    sandbox: str = "namespaces"
    preamble: tuple[str, ...] = ()
    texts: frozenset[tuple[str, str]] = frozenset()
    tests: TestSources = field(default_factory=TestSources)
    solution: bytes = b""
    notebook: str = ""
    others: frozenset[str] = frozenset()
    packages: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()
    show_measured: bool = True

    @property
    def file(self) -> str:
        """The right name of a submitted notebook."""
        return self.notebook or f"{self.assignment.name}.ipynb"

    @property
    def sandboxed(self) -> bool:
        """Whether students' code runs in the sandbox."""
        return self.sandbox != "none"


@dataclass(frozen=True)
class Result:
    """The result of grading one submission: its record, and the autograded notebook's file where there is one."""

    record: Record
    notebook: bytes = b""


def recognised(job: Job, notebook: Notebook) -> tuple[Assignment, str, list[Anomaly]]:
    """Recognise the assignment of a notebook; return it, the means of recognition, and anomalies.

    Only what the course has released is believed, never points that the notebook itself states.
    """
    name = job.assignment.name
    own = not job.assignment.exercises  # a lecturer's, which no release of ours has marked
    asked = {} if own else {name: job.assignment}
    by_cells = job.release.other_in(notebook)
    its_cells = own and any(id in job.release.cells for cell in notebook.cells for id in cell.names)
    other = by_cells or (None if its_cells else other_than(name, notebook, {**job.known, **asked}))
    if other:
        return job.assignment, "functions", [Anomaly(ANOTHER, f"{other}, handed in as {name}")]
    if own:
        return job.assignment, "metadata", []
    released = {digits: asked for digits, asked in job.releases.items() if asked.name == name}
    found = recognise(notebook, {name: job.assignment}, released)
    said = notebook.stated[0] if notebook.stated else name
    if found is None:
        return job.assignment, "functions", []
    troubles = []
    if said != name and said in job.known:
        troubles.append(Anomaly("other-assignment", said))
    if found.assignment.release != job.assignment.release:
        troubles.append(Anomaly("older-release", found.assignment.release))
    return found.assignment, found.by, troubles


def grade_submission(place: SubmissionFolder, job: Job, guests: Guests) -> Result:
    """Grade one submission; never raise for its content.

    Parameters
    ----------
    place : the student's folder
    job : what it is graded with
    guests : starts a student's process
    """
    started = time.monotonic()
    record = blank(place, job)
    try:
        file = take(place, job.file, job.others)
        record = replace(record, notebook=file.name, sha256=file.sha256, timestamp=file.timestamp, beside=file.beside)
        file = chosen(file, job, guests)
        record = replace(record, notebook=file.name, sha256=file.sha256)
        result = _graded(file, record, job, guests)
    except Unreadable as error:
        result = Result(replace(record, outcome="unreadable", advice=str(error)))
    except (NotStarted, MemoryError) as error:
        result = Result(no_room(record, error))
    except Exception as error:  # noqa: BLE001  (one submission must never end the batch)
        short = isinstance(error, OSError) and error.errno in SHORT_OF
        result = Result(no_room(record, error) if short else bug(record, error))
    result.record.seconds = round(time.monotonic() - started, 3)
    return result


SHORT_OF = frozenset({errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EDQUOT})
"""Errors of the operating system that say that the machine has no room, of whatever kind, left."""


def no_room(record: Record, why: BaseException | str) -> Record:
    """Return the record of a submission for which the machine lacked room or time; the next run grades it."""
    said = str(why) or f"this process met {type(why).__name__}"
    return replace(record, outcome="ungraded", advice=f"It waits: {said}. Nothing is lost: {AGAIN}.")


def bug(record: Record, why: BaseException | str) -> Record:
    """Return the record of a submission at which the grader failed, with advice how to report the bug."""
    said = f"{type(why).__name__}: {str(why)[:300]}" if isinstance(why, BaseException) else why
    lines = traceback.format_exception(why) if isinstance(why, BaseException) else []
    advice = f"The grader failed, not the student ({said}). {REPORT}"
    return replace(record, outcome="grader-error", advice=advice, traceback="".join(lines)[-MAX_TRACE:])


def blank(place: SubmissionFolder, job: Job) -> Record:
    """Return the record of a submission before it is read."""
    return Record(
        student=place.student,
        assignment=job.assignment.name,
        outcome="grader-error",
        max_score=job.assignment.max_points,
        release=job.assignment.release,
        seed=reference_of(job.seed),
        checks=checks_digits(),
        versions=versions(),
        sandbox=job.sandbox,
        advice="Grading it was broken off: grade again.",
    )


def chosen(file: SubmittedFile, job: Job, guests: Guests) -> SubmittedFile:
    """Return the notebook of a folder that is to be graded: the one of this assignment in which most is answered.

    Raises
    ------
    Unreadable
        If that is not one.
    NotStarted
    """
    found: dict[tuple[tuple[str, str], ...], tuple[SubmittedFile, bool, int]] = {}
    for each in file.notebooks if file.rivals else ():
        with contextlib.suppress(Unreadable), guests() as guest:
            notebook = opened(each, guest)
            assignment, by, troubles = recognised(job, notebook)
            restored = restore(notebook, job.release, assignment, of_this_release=True, recognised_by=by)
            mine = bool(restored.known) and not any(trouble.id == ANOTHER for trouble in troubles)
            texts = tuple((cell.kind, text_of(cell)) for cell in notebook.cells)
            found.setdefault(texts, (each, mine, len(restored.answered)))
    of_this = [(answered, each) for each, mine, answered in found.values() if mine]
    most = max((answered for answered, _ in of_this), default=0)
    best = [each for answered, each in of_this if answered == most] or [each for each, _, _ in found.values()]
    if len(best) > 1:
        raise Unreadable(
            f"There are several notebooks, and which one counts does not show in what they hold: "
            f"{', '.join(shown_name(each.name) for each in best)}. Leave the one that counts, and grade again."
        )
    return file.instead(best[0]) if best else file


def judged(file: SubmittedFile, job: Job, guests: Guests) -> tuple[Assignment, Restored, SubmissionResult]:
    """Read a notebook, restore it from its release, and judge it.

    Raises
    ------
    Unreadable
    NotStarted
    """
    with guests() as guest:
        notebook = opened(file, guest)
        assignment, by, troubles = recognised(job, notebook)
        of_this_release = assignment.release == job.assignment.release
        more = any(path not in job.files for path in file.papers)
        digits = notebook.stated[1] if notebook.stated else ""
        promised = digits not in job.releases or job.releases[digits].release == digits  # which is a hash of its points
        restored = restore(
            notebook,
            job.release,
            assignment,
            of_this_release=of_this_release,
            recognised_by=by,
            more=more,
            promised=promised,
        )
        restored.pictures = [(name, base64.b64encode(data).decode("ascii")) for name, data in file.pictures]
        del notebook
        if any(trouble.id == ANOTHER for trouble in troubles):
            restored.troubles, restored.unanswered = troubles, set()
            said = f"This is the notebook of {troubles[0].where}."
            nothing = SubmissionResult([refused(e, "missing", said) for e in assignment.exercises])
            return assignment, restored, worth(nothing, assignment, job.release)
        restored.troubles[:0] = troubles
        tests = InstructorTests(job.tests) if job.tests.tests else None
        files = {**file.files, **job.tests.files}
        submission = Submission(
            *(restored.notebook, assignment, job.seed, job.seconds, guests, job.budget, tests, guest, files),
            show_measured=job.show_measured,
        )
        return assignment, restored, worth(submission.judge(), assignment, job.release)


def worth(found: SubmissionResult, assignment: Assignment, release: Release) -> SubmissionResult:
    """Return a result whose verdicts say what functions are worth now, whatever an older release promised for them."""
    pairs = zip(assignment.exercises, found.verdicts, strict=True)
    verdicts = [replace(verdict, max_points=release.worth.get(e.id, verdict.max_points)) for e, verdict in pairs]
    return replace(found, verdicts=verdicts)


def own_tests(restored: Restored, found: SubmissionResult, job: Job) -> dict[str, tuple[float, float]]:
    """Return the points that a lecturer's own tests gave, and could give, by the names of their cells."""
    most = {name: job.release.cells[name].points or 0.0 for name in job.tests.tests}
    return {
        name: (points_of(found.shown[place], most[name]) if place in found.shown else 0.0, most[name])
        for place, name in ((place, str(cell.id)) for place, cell in enumerate(restored.notebook.cells))
        if name in most
    }


_known_failures: dict[tuple[bytes, str], frozenset[str]] = {}


def failed_by_the_solution(job: Job, guests: Guests) -> frozenset[str]:
    """Return the lecturer's own tests that the lecturer's own answers do not pass here, whatever that is due to."""
    key = job.solution, json.dumps(dict(job.tests.tests))
    if key not in _known_failures:
        failed: frozenset[str] = frozenset()
        with contextlib.suppress(Unreadable):
            _, restored, found = judged(SubmittedFile(job.file, job.solution), job, guests)
            failed = frozenset(
                name for name, (points, most) in own_tests(restored, found, job).items() if points < most
            )
        _known_failures[key] = failed
    return _known_failures[key]


def not_judged(
    points: Mapping[str, tuple[float, float]], restored: Restored, found: SubmissionResult, job: Job, guests: Guests
) -> dict[str, str]:
    """Return the tests that could not be run on what was handed in, and why: what they fail for says nothing of it."""
    failed = [name for name, (got, _) in points.items() if not got]
    if not failed or restored.unanswered >= {name for name, cell in job.release.cells.items() if cell.has("solution")}:
        return {}
    known = failed_by_the_solution(job, guests) if job.solution and not found.unjudged.keys() >= set(failed) else set()
    return {
        name: found.unjudged.get(name, "your own answers do not pass it here")
        for name in failed
        if name in found.unjudged or name in known
    }


def _graded(file: SubmittedFile, record: Record, job: Job, guests: Guests) -> Result:
    assignment, restored, found = judged(file, job, guests)
    troubles = list(restored.troubles)
    if file.name != job.file:
        troubles.append(Anomaly("renamed-notebook", file.name[:80]))
    if file.rivals:
        troubles.append(Anomaly("other-notebooks"))
    if file.timestamp:
        with contextlib.suppress(ImportError):
            from autograder.grade.lateness import parsed_time

            if parsed_time(file.timestamp) is None:
                troubles.append(Anomaly("unreadable-timestamp"))
    troubles += [Anomaly("package-not-there", name) for name in sorted(found.absent)]
    missing = (exercise.id for exercise in assignment.exercises if exercise.id not in job.release.places)
    troubles += [Anomaly("not-in-gradebook", id) for id in missing]
    unknown = [verdict for verdict in found.verdicts if verdict.passed is None]
    if unknown:
        return Result(bug(record, unknown[0].seen))
    tests = own_tests(restored, found, job)
    unjudged = not_judged(tests, restored, found, job, guests)
    troubles += [Anomaly("test-not-judged", f"{name}: {why}") for name, why in unjudged.items()]
    outcome = found.outcome
    if outcome == "graded" and troubles:
        outcome = "graded-with-trouble"
    verdicts = {exercise.id: verdict for exercise, verdict in zip(assignment.exercises, found.verdicts, strict=True)}
    content = written(restored, verdicts, found.shown, job.release, job.texts)
    extras = {name: None if name in unjudged else points for name, (points, _) in tests.items()}
    record = replace(
        record,
        outcome=outcome,
        max_score=job.release.most,
        extras=extras,
        release=assignment.release,
        autograded=hashlib.sha256(content).hexdigest(),
        verdicts=[verdict_row(verdict) for verdict in found.verdicts],
        asked={exercise.id: exercise.points for exercise in assignment.exercises}
        | {name: most for name, (_, most) in tests.items()},
        unanswered=sorted(restored.unanswered),
        troubles=[trouble.as_json() for trouble in troubles],
        advice="",
    )
    record = replace(record, score=record.counted(job.release.places))
    return Result(record, content)
