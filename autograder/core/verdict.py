"""The judge's decision on one function."""

from dataclasses import dataclass
from typing import Any

from autograder.core.picture import Picture


@dataclass(frozen=True)
class Part:
    """One of several things that a function returns, such as "dW1" of a gradient dict."""

    name: str
    passed: bool
    points: float
    max_points: float
    mistake: str | None


@dataclass(frozen=True)
class Verdict:
    """The judgement of one function.

    Attributes
    ----------
    function : its name
    equation : id in the registry, or None
    passed : True, False, or None when it could not be judged
    points, max_points : what it got, and what there was to get
    mistake : id of the mistake, or None
    seen : what the judge saw, in a sentence
    hint : the question to ask oneself, or ""
    read : what to read again, or ""
    notes : ids of remarks that cost nothing, such as "changed-its-input"
    parts : for a function that returns several things, the judgement of each
    picture : of a wrong array beside the right one, for people alone: no part of the message or of the JSON; or None

    >>> Verdict("f", None, True, 2.0, 2.0, None, "Right.").message
    'Right.'
    """

    function: str
    equation: str | None
    passed: bool | None
    points: float
    max_points: float
    mistake: str | None
    seen: str
    hint: str = ""
    read: str = ""
    notes: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    picture: Picture | None = None

    @property
    def message(self) -> str:
        """All that there is to say, as one text."""
        return " ".join(text for text in (self.seen, self.hint, self.read) if text)

    def as_json(self) -> dict[str, Any]:
        """Return the verdict as JSON types; `parts` only where the answer is partly right."""
        row: dict[str, Any] = {
            "id": f"check-{self.function}",
            "equation": self.equation,
            "function": self.function,
            "passed": self.passed,
            "points": self.points,
            "max_points": self.max_points,
            "mistake": self.mistake,
            "notes": list(self.notes),
            "message": self.message,
        }
        if 0 < self.points < self.max_points and self.parts:
            row["parts"] = [vars(part) for part in self.parts]
        return row

    def __str__(self) -> str:
        from autograder.core.render import text

        return text(self)

    def __repr__(self) -> str:
        right = {True: "right", False: self.mistake or "wrong", None: "not judged"}[self.passed]
        return f"<Verdict {self.function}: {right}, {self.points:g} of {self.max_points:g} points>"
