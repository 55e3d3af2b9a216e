"""The assignments: which functions each asks for, in order, and what they are worth."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from course_lib.names import suggestion


@dataclass(frozen=True)
class Exercise:
    """One function that a student writes; one answer cell and one check cell.

    Attributes
    ----------
    function : its name in the notebook
    points : for all of it; parts of a composite answer share them equally
    equation : id in the registry, or None where no single equation is asked
    """

    function: str
    points: float
    equation: str | None

    @property
    def id(self) -> str:
        """The id of its check cell, as nbformat cell id and as nbgrader grade_id."""
        return f"check-{self.function}"


@dataclass(frozen=True)
class Assignment:
    """A notebook of exercises.

    Attributes
    ----------
    name : its folder and file name
    title : for people
    version : goes up when the functions or their points change
    exercises : in the order of the notebook
    """

    name: str
    title: str
    version: int
    exercises: tuple[Exercise, ...]

    @property
    def max_points(self) -> float:
        """The sum of the exercises' points."""
        return sum(exercise.points for exercise in self.exercises)

    def exercise(self, function: str) -> Exercise | None:
        """Return the exercise that asks for this function, if there is one."""
        return next((exercise for exercise in self.exercises if exercise.function == function), None)

    def before(self, exercise: Exercise) -> tuple[Exercise, ...]:
        """Return the exercises that come before one."""
        return self.exercises[: self.exercises.index(exercise)]


ASSIGNMENTS: Mapping[str, Assignment] = MappingProxyType(
    {
        "ps4_two_layer": Assignment(
            name="ps4_two_layer",
            title="Two layers, m examples",
            version=1,
            exercises=(
                Exercise("forward_propagation", 5.0, "two_layer.forward_propagation"),
                Exercise("compute_cost", 2.0, "two_layer.cost"),
                Exercise("compute_dA2", 1.0, "two_layer.dA2"),
                Exercise("compute_dZ2", 2.0, "two_layer.dZ2"),
                Exercise("compute_dW2", 2.0, "two_layer.dW2"),
                Exercise("compute_db2", 2.0, "two_layer.db2"),
                Exercise("compute_dA1", 2.0, "two_layer.dA1"),
                Exercise("compute_dZ1", 2.0, "two_layer.dZ1"),
                Exercise("compute_dW1", 2.0, "two_layer.dW1"),
                Exercise("compute_db1", 2.0, "two_layer.db1"),
                Exercise("backward_propagation", 4.0, "two_layer.backward_propagation"),
                Exercise("update_parameters", 2.0, "training.update_parameters"),
                Exercise("nn_model", 2.0, None),
            ),
        ),
    }
)

PIECES: Mapping[str, str] = MappingProxyType(
    {f"two_layer.{name}": "two_layer.forward_propagation" for name in ("Z1", "A1", "Z2", "A2")}
)
"""Equations that are asked as parts of a composite one, whose answer holds them by name."""


def assignment(name: str) -> Assignment:
    """Look an assignment up by its name.

    Raises
    ------
    KeyError
        If there is none; the message lists the known ones, or names the nearest.
    """
    if name not in ASSIGNMENTS:
        raise KeyError(f"no assignment {name!r}; {suggestion(str(name), ASSIGNMENTS)}")
    return ASSIGNMENTS[name]
