"""Judge one notebook: run its cells in a process of its own, in order, and judge its functions from this one."""

from dataclasses import replace
from typing import Any

import nbformat

from autograder.assignments import Assignment, Exercise
from autograder.core.check import decide, follows_from_earlier, may_follow_from_earlier, put_right, questions
from autograder.core.judge import refused
from autograder.core.verdict import Verdict
from autograder.host.process import Ended, EndedByTime, GuestProcess, NotStarted
from autograder.notebooks import code_cells, exercise_checked_by, functions_defined_in, source_of


class Submission:
    """A notebook that is being judged.

    When its process ends too early (an endless loop, a crash), a new one runs the cells again that had finished, and
    only what ended it is charged.
    """

    def __init__(self, notebook: nbformat.NotebookNode, assignment: Assignment, seed: int, seconds: float) -> None:
        """Take what to judge, the seed of the cases, and the time limit of a cell."""
        self._notebook = notebook
        self._assignment = assignment
        self._seed = seed
        self._seconds = seconds
        self._guest: GuestProcess | None = None
        self._finished: list[str] = []
        self._blocked: list[str] = []
        self._spoiled: dict[str, tuple[str, str]] = {}

    def judge(self) -> list[Verdict]:
        """Return one verdict for each exercise of the assignment, in its order."""
        verdicts: dict[str, Verdict] = {}
        try:
            for number, cell in enumerate(code_cells(self._notebook), start=1):
                exercise = exercise_checked_by(cell, self._assignment)
                if exercise is None:
                    self._run(cell, number)
                elif exercise.function not in verdicts:
                    verdicts[exercise.function] = self._judged(exercise)
            for exercise in self._assignment.exercises:
                at_check = verdicts.get(exercise.function)
                if at_check is None or at_check.mistake in ("missing", "not-implemented"):
                    verdicts[exercise.function] = self._judged_at_the_end(exercise, at_check)
            for exercise in self._assignment.exercises:
                verdicts[exercise.function] = self._with_earlier_put_right(exercise, verdicts)
        finally:
            if self._guest:
                self._guest.end()
        return [verdicts[exercise.function] for exercise in self._assignment.exercises]

    def _running_guest(self) -> GuestProcess:
        """Return the process, or a new one in which the finished cells have been run again.

        A cell that had finished and now ends the process is left out; it is charged to nobody.
        """
        while self._guest is None:
            guest, again = GuestProcess(), self._finished
            self._finished = []
            try:
                guest.block(self._blocked)
                while again:
                    source, *again = again
                    guest.run(source, self._seconds)
                    self._finished.append(source)
            except Ended:
                self._finished += again
            else:
                self._guest = guest
        return self._guest

    def _run(self, cell: Any, number: int) -> None:
        """Run a cell; what goes wrong is kept for the functions that it defines."""
        defined = functions_defined_in(cell)
        source = source_of(cell)
        try:
            failure = self._running_guest().run(source, self._seconds)
        except Ended as ended:
            self._guest = None
            id = "timed-out" if isinstance(ended, EndedByTime) else "crashed"
            self._spoiled |= dict.fromkeys(defined, (id, f"Code cell {number} was ended: {ended}."))
            return
        self._finished.append(source)
        if failure is None:
            self._spoiled = {name: why for name, why in self._spoiled.items() if name not in defined}
        else:
            seen = f"Code cell {number} raised {failure.name}: {failure.text or 'no text'}."
            asked = {e.function for e in self._assignment.exercises if f"def {e.function}" in source}
            self._spoiled |= dict.fromkeys(defined | asked, ("raised", seen))

    def _judged(self, exercise: Exercise) -> Verdict:
        asked = questions(exercise, self._seed)
        try:
            outcomes = self._running_guest().evaluate(exercise.function, asked, self._seconds)
        except Ended as ended:
            self._guest = None
            self._blocked.append(exercise.function)
            if isinstance(ended, EndedByTime):
                return refused(exercise, "timed-out", f"Ended: {ended}. Is there a loop that does not end?")
            return refused(exercise, "crashed", f"Calling it ended the process: {ended}.")
        if outcomes is None:
            id, seen = self._spoiled.get(
                exercise.function, ("missing", f"The notebook defines no function {exercise.function}.")
            )
            return refused(exercise, id, seen)
        return decide(exercise, outcomes, self._seed)

    def _judged_at_the_end(self, exercise: Exercise, at_check: Verdict | None) -> Verdict:
        """Judge a function whose check cell is gone, or stands above the cell that defines it."""
        verdict = self._judged(exercise)
        if at_check is None or verdict.mistake == at_check.mistake:
            return verdict
        return replace(verdict, notes=(*verdict.notes, "defined-below-its-check"))

    def _with_earlier_put_right(self, exercise: Exercise, verdicts: dict[str, Verdict]) -> Verdict:
        """Return the verdict, or that it follows from an earlier one: with the reference in its place all is right."""
        verdict = verdicts[exercise.function]
        wrong = (earlier for earlier in self._assignment.before(exercise) if not verdicts[earlier.function].passed)
        replacements, called = put_right(wrong)
        if not replacements or not may_follow_from_earlier(verdict):
            return verdict
        try:
            asked = questions(exercise, self._seed)
            outcomes = self._running_guest().evaluate(exercise.function, asked, self._seconds, replacements)
        except Ended:
            self._guest = None
            return verdict
        right = outcomes is not None and called and decide(exercise, outcomes, self._seed).passed
        return follows_from_earlier(verdict, called) if right else verdict


def judge_notebook(
    notebook: nbformat.NotebookNode, assignment: Assignment, seed: int = 0, seconds: float = 30.0
) -> list[Verdict]:
    """Judge every exercise of a notebook.

    Parameters
    ----------
    notebook : as `notebooks.read` returns it
    assignment : which one it is
    seed : of the cases
    seconds : time limit of a cell, and of judging one function

    Returns
    -------
    one verdict for each exercise, in order; `passed` is None where the student's process could not be started
    """
    try:
        return Submission(notebook, assignment, seed, seconds).judge()
    except NotStarted as error:
        reason = f"Could not be judged: {error}."
        return [Verdict(e.function, e.equation, None, 0.0, e.points, None, reason) for e in assignment.exercises]
