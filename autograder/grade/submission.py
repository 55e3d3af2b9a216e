"""Judge one notebook: run its cells in a process of its own, in order, and judge its functions from this one."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from autograder.assignments import Assignment, Exercise
from autograder.core.check import follows_from_earlier, may_follow_from_earlier, put_right, questions
from autograder.core.judge import judge, refused
from autograder.core.layout import replaced
from autograder.core.measured import PUBLIC_SEED, public_picture
from autograder.core.picture import Picture
from autograder.core.verdict import Verdict
from autograder.grade.instructor_tests import InstructorTests, bound_by
from autograder.grade.submission_result import SubmissionResult
from autograder.protocol.notebook import Cell, Notebook
from autograder.protocol.values import Failure, Outcome
from autograder.recognise import exercise_checked_by, functions_defined_in, is_check
from autograder.sandbox.apart import TrustedFork, calls
from autograder.sandbox.launch import NotStarted
from autograder.sandbox.outputs import CUT, cleaned, size_of
from autograder.sandbox.process import CallHandler, CellResult, Ended, Guest, GuestProcess

Guests = Callable[[], Guest]
"""Starts a student's process."""

MAX_SEEN = 1_000
MAX_SHOWN = 16 * 2**20
"""Characters of what all cells of a notebook show."""
LEAST_SECONDS = 0.05
PUT_RIGHT_SECONDS = 120.0
NO_TIME = "The time for the whole notebook was used up before it could be judged."
_MAGIC = re.compile(r"\s*(%%\w{1,20})")
KEEPS_NO_NAMES = (
    "Code cell {} defines it below {}, which took its lines and left no names behind: take that first line out."
)
CHARGED = {
    "timed-out": "Is there a loop that does not end?",
    "out-of-memory": "How large are the arrays that it makes?",
    "crashed": "",
}


class NoTimeLeft(Exception):
    """An error of a notebook: its time is used up."""


@dataclass(eq=False)
class Submission:
    """A notebook that is being judged.

    When its process ends too early (an endless loop, a crash), a new one runs the cells again that had finished, and
    only what ended it is charged.

    Attributes
    ----------
    notebook : ready to be run
    assignment : what is asked
    seed : of the cases
    seconds : time limit of a cell, and of judging one function
    guests : starts a student's process
    budget : seconds for the functions, and as many for all cells that define none, with everything that is run again;
        charged as `sandbox.clock` does
    tests : a lecturer's own tests, which are run here, not in the student's process
    guest : a process that is there already and has run nothing yet
    files : what lies beside the notebook, as `collect.files_below` returns it
    show_measured : whether a verdict on wrong numbers has a picture, of a case of the public seed
    """

    notebook: Notebook
    assignment: Assignment
    seed: int
    seconds: float
    guests: Guests = GuestProcess
    budget: float = float("inf")
    tests: InstructorTests | None = None
    guest: Guest | None = None
    files: Mapping[str, bytes | None] = field(default_factory=dict)
    show_measured: bool = True
    _had: list[Guest] = field(default_factory=list, init=False)
    _charged_apart: float = field(default=0.0, init=False)
    _shown: int = field(default=0, init=False)
    _charged_scratch: float = field(default=0.0, init=False)
    _finished: list[tuple[str, bool]] = field(default_factory=list, init=False)
    _blocked: list[str] = field(default_factory=list, init=False)
    _spoiled: dict[str, tuple[str, str]] = field(default_factory=dict, init=False)
    _judged_as: SubmissionResult = field(default_factory=SubmissionResult, init=False)

    def __post_init__(self) -> None:
        """Take over the process that is there already."""
        names = "|".join(re.escape(exercise.function) for exercise in self.assignment.exercises) or "(?!)"
        self._answers = re.compile(rf"\b(?:{names})\s*=|def\s+(?:{names})\b")
        if self.guest:
            self._begin(self.guest)

    def _begin(self, guest: Guest) -> None:
        self._had.append(guest)
        guest.begin(self.files, {each.function: each.points for each in self.assignment.exercises}, self._blocked)

    def judge(self) -> SubmissionResult:
        """Run the notebook, and return the verdicts, in the order of the exercises, with the outputs of the cells.

        Raises
        ------
        NotStarted
            If no process could be started for the student's code.
        """
        verdicts: dict[str, Verdict] = {}
        number = 0
        try:
            for place, cell in enumerate(self.notebook.cells):
                if cell.kind != "code":
                    continue
                number += 1
                exercise = exercise_checked_by(cell, self.assignment)
                if self.tests and cell.id in self.tests.sources.tests:
                    self._run_here(self.tests, cell, place, number)
                    continue
                if exercise is None or not is_check(cell):
                    self._run(cell, place, number)
                if exercise and exercise.function not in verdicts:
                    verdicts[exercise.function] = self._judged(exercise)
            for exercise in self.assignment.exercises:
                at_check = verdicts.get(exercise.function)
                if at_check is None or at_check.mistake in ("missing", "not-implemented"):
                    verdicts[exercise.function] = self._judged_at_the_end(exercise, at_check)
            for exercise in self.assignment.exercises:
                verdicts[exercise.function] = self._with_earlier_put_right(exercise, verdicts)
            for exercise in self.assignment.exercises:
                if picture := verdicts[exercise.function].picture:
                    picture = self._public(exercise, picture)
                    verdicts[exercise.function] = replace(verdicts[exercise.function], picture=picture)
        finally:
            if self.guest:
                self.guest.end()
            if self.tests:
                self.tests.end()
        self._judged_as.verdicts = [_harmless(verdicts[exercise.function]) for exercise in self.assignment.exercises]
        return self._judged_as

    def _seconds_left(self, wanted: float = 0.0, scratch: bool = False) -> float:
        """Return for how long something may compute.

        Raises
        ------
        NoTimeLeft
            If its part of the budget is used up: what a reader tries out takes no time from the functions.
        """
        spent = self._charged_apart + sum(guest.charged for guest in self._had)
        spent += (self.tests.charged if self.tests else 0.0) - self._charged_scratch
        left = min(max(wanted, self.seconds), self.budget - (self._charged_scratch if scratch else spent))
        if left < LEAST_SECONDS:
            raise NoTimeLeft
        return left

    def _running_guest(self) -> Guest:
        """Return the student's process; start a new one and run the finished cells again where it has ended.

        A cell that had finished and now ends the process, or has no time left, is left out; it is charged to nobody.
        """
        while self.guest is None:
            self._seconds_left()
            guest, again = self.guests(), self._finished
            self._finished = []
            try:
                self._begin(guest)
                while again:
                    (source, scratch), *again = again
                    try:
                        self._ran(guest, source, scratch)
                    except NoTimeLeft:
                        if not scratch:
                            raise
                    else:
                        self._finished.append((source, scratch))
            except Ended as ended:
                self._finished += again
                self._judged_as.endings.append(ended.outcome)
            except NoTimeLeft:
                guest.end()
                raise
            else:
                self.guest = guest
        return self.guest

    def _ran(self, guest: Guest, source: str, scratch: bool) -> CellResult:
        """Run a cell in a process, and charge for it."""
        before = guest.charged
        try:
            return guest.run(source, self._seconds_left(scratch=scratch))
        finally:
            self._charged_scratch += guest.charged - before if scratch else 0.0

    def _run(self, cell: Cell, place: int, number: int) -> None:
        """Run a cell, and note its failure for the functions that it defines."""
        defined = functions_defined_in(cell)
        source = cell.source
        scratch = bool(self.assignment.exercises) and not self._answers.search(source)
        try:
            ran = self._ran(self._running_guest(), source, scratch)
        except NoTimeLeft:
            self._spoiled |= dict.fromkeys(defined, ("timed-out", NO_TIME))
            self._out_of_time()
            return
        except Ended as ended:
            self._note_end(ended)
            said = f"Code cell {number} was ended: {ended}."
            self._spoiled |= dict.fromkeys(defined, (ended.outcome, said))
            self._show(place, ended.outputs, _error(ended.outcome, said))
            return
        self._finished.append((source, scratch))
        self._show(place, ran.outputs)
        if self.tests:
            self.tests.answered(str(cell.id))
        if ran.failure is None:
            self._spoiled = {name: why for name, why in self._spoiled.items() if name not in defined}
            if magic := _MAGIC.match(source):
                self._spoiled |= dict.fromkeys(defined, ("missing", KEEPS_NO_NAMES.format(number, magic[1])))
        else:
            self._note_absent(ran.failure)
            seen = f"Code cell {number} raised {ran.failure.name}: {ran.failure.text or 'no text'}."
            asked = {e.function for e in self.assignment.exercises if f"def {e.function}" in source}
            self._spoiled |= dict.fromkeys(defined | asked, ("raised", seen))

    def _note_absent(self, *failures: Failure | None) -> None:
        """Note the packages that were used and are not there (`guest.absent`)."""
        names = (each.text.partition(" ")[0] for each in failures if each and each.name == "PackageNotThere")
        self._judged_as.absent.update(names)

    def _show(self, place: int, outputs: list[dict[str, Any]], *more: dict[str, Any]) -> None:
        """Keep a cell's outputs, up to the limit for the whole notebook."""
        size = size_of(outputs)
        if self._shown + size > MAX_SHOWN:
            outputs, size = [{"output_type": "stream", "name": "stderr", "text": CUT}], 0
        self._shown += size
        self._judged_as.shown[place] = [*outputs, *more]

    def _run_here(self, tests: InstructorTests, cell: Cell, place: int, number: int) -> None:
        """Run a lecturer's own test cell in the trusted process."""
        name = str(cell.id)
        try:
            found = tests.run(name, self._running_guest(), self._seconds_left())
        except NoTimeLeft:
            shown = [_error("timed-out", NO_TIME)]
            self._out_of_time()
        except Ended as ended:
            self._note_end(ended)
            shown = [_error(ended.outcome, f"The test in code cell {number} ended the student's process: {ended}.")]
        else:
            shown = found.outputs
            if found.unjudged:
                self._judged_as.unjudged[name] = found.unjudged
            if self._used_below(place, bound_by(tests.sources.visible[name])):
                self._run(replace(cell, source=tests.sources.visible[name]), place, number)
        self._judged_as.shown[place] = shown  # whole: it is what the test is worth

    def _used_below(self, place: int, names: frozenset[str]) -> bool:
        """Return whether a cell below says one of these names, which its process then has to have."""
        tests = self.tests.sources.tests if self.tests else {}
        below = (cell for cell in self.notebook.cells[place + 1 :] if cell.kind == "code" and cell.id not in tests)
        return any(names & set(re.findall(r"\w+", cell.source)) for cell in below)

    def _note_end(self, ended: Ended) -> None:
        self.guest = None
        self._judged_as.endings.append(ended.outcome)

    def _out_of_time(self) -> None:
        if "timed-out" not in self._judged_as.endings:
            self._judged_as.endings.append("timed-out")

    def _judged(self, exercise: Exercise) -> Verdict:
        asked = questions(exercise, self.seed)
        try:
            outcomes = self._running_guest().evaluate(exercise.function, asked, self._seconds_left())
            instead = self._running_guest().look(exercise.function) if outcomes is None else None
        except NoTimeLeft:
            self._out_of_time()
            id, seen = self._spoiled.get(exercise.function, ("timed-out", NO_TIME))
            return refused(exercise, id, seen)
        except Ended as ended:
            self._note_end(ended)
            self._blocked.append(exercise.function)
            said = "Ended" if ended.outcome == "timed-out" else "Calling it ended the process"
            return refused(exercise, ended.outcome, f"{said}: {ended}. {CHARGED[ended.outcome]}".rstrip())
        if outcomes is None:
            none = "missing", f"The notebook defines no function {exercise.function}."
            id, seen = self._spoiled.get(exercise.function, none)
            if instead:
                id, seen = "missing", replaced(exercise.function, instead.value)
            return refused(exercise, id, seen)
        self._note_absent(*(outcome.failure for outcome in outcomes))
        self._judged_as.answers[exercise.function] = outcomes
        return judge(exercise, outcomes, self.seed)

    def _judged_at_the_end(self, exercise: Exercise, at_check: Verdict | None) -> Verdict:
        """Judge a function after the last cell: its check cell is missing, or stands above its definition."""
        verdict = self._judged(exercise)
        if at_check is None or verdict.mistake == at_check.mistake:
            return verdict
        return replace(verdict, notes=(*verdict.notes, "defined-below-its-check"))

    def _with_earlier_put_right(self, exercise: Exercise, verdicts: dict[str, Verdict]) -> Verdict:
        """Judge a wrong function again with the reference for earlier wrong ones; excuse it if that makes it right."""
        verdict = verdicts[exercise.function]
        wrong = (earlier for earlier in self.assignment.before(exercise) if not verdicts[earlier.function].passed)
        references, _ = put_right(wrong)
        if not references or not may_follow_from_earlier(verdict):
            return verdict
        called: set[str] = set()

        def asked_of(apart: TrustedFork, name: str) -> CallHandler:
            def serve(arguments: Sequence[Any], options: Mapping[str, Any]) -> Any:
                called.add(name)
                return apart.ask((name, list(arguments), dict(options)))

            return serve

        try:
            asked = questions(exercise, self.seed, briefly=True)
            seconds = self._seconds_left(PUT_RIGHT_SECONDS)
            with TrustedFork(calls(references), seconds) as apart:
                try:
                    replacements = {name: asked_of(apart, name) for name in references}
                    outcomes = self._running_guest().evaluate(exercise.function, asked, seconds, replacements)
                finally:
                    self._charged_apart += apart.charged
        except NoTimeLeft:
            return verdict
        except Ended:
            self.guest = None
            return verdict
        # How long it takes says nothing of the student: every call of a function put right goes over the channel.
        untimed = [replace(outcome, seconds=0.0) for outcome in outcomes or ()]
        right = outcomes is not None and called and judge(exercise, untimed, self.seed, briefly=True).passed
        return follows_from_earlier(verdict, called) if right else verdict

    def _public(self, exercise: Exercise, picture: Picture) -> Picture | None:
        """Return a picture of a public case in its place; the marks stand by now."""
        guest = self.guest
        if not self.show_measured or self.seed == PUBLIC_SEED:
            return picture if self.show_measured else None

        def call(arguments: Mapping[str, Any]) -> Outcome | None:
            outcomes = guest.evaluate(exercise.function, [arguments], self._seconds_left()) if guest else None
            return outcomes[0] if outcomes else None

        try:
            return public_picture(exercise, picture, call) if guest else None
        except NoTimeLeft:
            return None
        except (Ended, NotStarted):
            self.guest = None
            return None


def _harmless(verdict: Verdict) -> Verdict:
    """Return a verdict with its text, which may quote the student's process, cleaned and cut."""
    return replace(verdict, seen=cleaned(verdict.seen)[:MAX_SEEN])


def _error(name: str, text: str) -> dict[str, Any]:
    return {"output_type": "error", "ename": name, "evalue": text, "traceback": [f"{name}: {text}"]}


def judge_notebook(
    notebook: Notebook,
    assignment: Assignment,
    seed: int = 0,
    seconds: float = 30.0,
    files: Mapping[str, bytes | None] | None = None,
) -> Sequence[Verdict]:
    """Judge every exercise of a notebook, in a process without a sandbox.

    Parameters
    ----------
    notebook : as `recognise.read` returns it
    assignment : which one it is
    seed : of the cases
    seconds : time limit of a cell, and of judging one function
    files : what lies beside it, as `collect.files_below` returns it

    Returns
    -------
    one verdict for each exercise, in order; `passed` is None where the student's process could not be started
    """
    try:
        return Submission(notebook, assignment, seed, seconds, files=files or {}).judge().verdicts
    except NotStarted as error:
        reason = f"Could not be judged: {error}."
        return [Verdict(e.function, e.equation, None, 0.0, e.points, None, reason) for e in assignment.exercises]
