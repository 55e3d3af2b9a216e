"""What judging one notebook came to."""

from dataclasses import dataclass, field
from typing import Any

from autograder.core.verdict import Verdict
from autograder.protocol.values import Outcome


@dataclass
class SubmissionResult:
    """The result of judging one notebook.

    Attributes
    ----------
    verdicts : one for each exercise, in order
    endings : the outcome of each process that ended too early: "timed-out", "out-of-memory", "crashed"
    shown : what each code cell showed, by its place in the notebook
    answers : what each function returned on the cases, by its name
    unjudged : of a lecturer's own tests that failed, what could not be brought to them, by the name of the cell
    absent : packages that it used, and that are not there
    """

    verdicts: list[Verdict] = field(default_factory=list)
    endings: list[str] = field(default_factory=list)
    shown: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    answers: dict[str, list[Outcome]] = field(default_factory=dict)
    unjudged: dict[str, str] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)

    @property
    def outcome(self) -> str:
        """The outcome id of the whole: "graded", or how its process ended first."""
        return self.endings[0] if self.endings else "graded"
