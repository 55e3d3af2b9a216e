"""The assignments: the functions that each asks for, in order, and their points."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from autograder.equations import Declaration, from_row
from course_lib.names import suggestion


@dataclass(frozen=True)
class Exercise:
    """One function that a student writes; one answer cell and one check cell.

    Attributes
    ----------
    function : its name in the notebook
    points : for all of it; the parts of a composite answer share them, equally where its question does not weigh them
    equation : id in the registry, or None where no single equation is asked
    question : the judge's question; the equation's id, or the function's name, where left out
    declared : an equation of the lecturer's own
    """

    function: str
    points: float
    equation: str | None
    question: str = ""
    declared: Declaration | None = None

    @property
    def id(self) -> str:
        """The id of its check cell, as nbformat cell id and as nbgrader grade_id."""
        return f"check-{self.function}"

    def as_row(self) -> list[Any]:
        """Return the row of a release's table, as JSON types, with the public part of a declaration."""
        own = [self.declared.as_row()] if self.declared else []
        return [self.function, float(self.points), self.equation, self.question, *own]

    @property
    def asked(self) -> str:
        """The id of the judge's question: `question`, else the equation's id, else the function's name."""
        return self.question or self.equation or self.function


@dataclass(frozen=True)
class ManualQuestion:
    """An answer in words and formulas, which a person grades.

    Attributes
    ----------
    id : of its cell, as nbformat cell id and as nbgrader grade_id: `written-` and what it is about
    points : at most
    title : for people
    """

    id: str
    points: float
    title: str


@dataclass(frozen=True)
class Assignment:
    """A notebook of exercises.

    Attributes
    ----------
    name : its folder and file name
    title : for people
    version : goes up when the functions or their points change
    exercises : in the order of the notebook
    written : what a person grades, in the order of the notebook
    given : functions that are not asked but handed out written, because a lecturer left them out
    """

    name: str
    title: str
    version: int
    exercises: tuple[Exercise, ...]
    written: tuple[ManualQuestion, ...] = ()
    given: tuple[str, ...] = ()

    @property
    def max_points(self) -> float:
        """The sum of the exercises' points, which are graded by machine."""
        return sum(exercise.points for exercise in self.exercises)

    @property
    def total_points(self) -> float:
        """The sum of all points, those that a person gives among them."""
        return self.max_points + sum(written.points for written in self.written)

    @property
    def release(self) -> str:
        """Twelve hexadecimal digits, a hash of the functions that are asked and their points."""
        return hashlib.sha256(json.dumps(self.as_table()).encode()).hexdigest()[:12]

    def as_table(self) -> dict[str, Any]:
        """Return the functions that are asked and their points, as JSON types."""
        return {
            "assignment": self.name,
            "title": self.title,
            "version": self.version,
            "exercises": [exercise.as_row() for exercise in self.exercises],
            "written": [[w.id, float(w.points), w.title] for w in self.written],
            "given": list(self.given),
        }

    def exercise(self, function: str) -> Exercise | None:
        """Return the exercise that asks for this function, if there is one."""
        return next((exercise for exercise in self.exercises if exercise.function == function), None)

    def worth(self, points: Mapping[str, float]) -> "Assignment":
        """Return the assignment with other points, by the ids of the cells; where there are none it keeps its own."""
        return replace(
            self,
            exercises=tuple(replace(each, points=points.get(each.id, each.points)) for each in self.exercises),
            written=tuple(replace(each, points=points.get(each.id, each.points)) for each in self.written),
        )

    def before(self, exercise: Exercise) -> tuple[Exercise, ...]:
        """Return the exercises that come before one."""
        return self.exercises[: self.exercises.index(exercise)]


def from_table(table: Mapping[str, Any]) -> Assignment:
    """Return the assignment that `Assignment.as_table` describes.

    Raises
    ------
    ValueError
        If the table is not one.
    """
    try:
        exercises = tuple(
            Exercise(
                str(function),
                float(points),
                None if equation is None else str(equation),
                str(question),
                replace(from_row(*own), name=str(equation)) if own else None,
            )
            for function, points, equation, question, *own in table["exercises"]
        )
        written = tuple(ManualQuestion(str(id), float(points), str(title)) for id, points, title in table["written"])
        name, title, version, given = (table[key] for key in ("assignment", "title", "version", "given"))
        points = [exercise.points for exercise in exercises] + [each.points for each in written]
        if not all(0 <= each < 1e6 for each in points):  # nan is not
            raise ValueError("points are a number from 0 on")
        return Assignment(str(name), str(title), int(version), exercises, written, tuple(map(str, given)))
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise ValueError(f"not a table of an assignment: {error!r}") from error


ASSIGNMENTS: Mapping[str, Assignment] = MappingProxyType(
    {
        "ps1_neuron": Assignment(
            name="ps1_neuron",
            title="One neuron",
            version=1,
            exercises=(
                Exercise("sigmoid", 2.0, "activations.sigmoid"),
                Exercise("sigmoid_prime", 2.0, "activations.sigmoid_prime"),
                Exercise("bce_loss", 2.0, "losses.bce_loss"),
                Exercise("compute_da", 2.0, "one_example.da"),
                Exercise("compute_dz", 2.0, "one_example.dz"),
                Exercise("compute_dw", 2.0, "one_example.dw"),
                Exercise("forward", 3.0, "batch.forward"),
                Exercise("compute_cost", 2.0, "batch.cost"),
                Exercise("compute_dW", 3.0, "batch.dW"),
                Exercise("compute_db", 2.0, "batch.db"),
                Exercise("propagate", 3.0, "batch.propagate"),
            ),
        ),
        "ps2_activations": Assignment(
            name="ps2_activations",
            title="Activation functions",
            version=1,
            exercises=(
                Exercise("tanh_prime", 2.0, "activations.tanh_prime"),
                Exercise("relu", 1.0, "activations.relu"),
                Exercise("relu_prime", 2.0, "activations.relu_prime"),
                Exercise("leaky_relu", 1.0, "activations.leaky_relu"),
                Exercise("leaky_relu_prime", 2.0, "activations.leaky_relu_prime"),
                Exercise("collapse_linear", 4.0, "linear_network.collapse_linear"),
            ),
        ),
        "ps3_one_example": Assignment(
            name="ps3_one_example",
            title="Two layers, one example",
            version=1,
            exercises=(
                Exercise("compute_da2", 2.0, "one_example.da2"),
                Exercise("compute_dz2", 2.0, "one_example.dz2"),
                Exercise("compute_dw2", 2.0, "one_example.dw2"),
                Exercise("compute_db2", 1.0, "one_example.db2"),
                Exercise("compute_da1", 2.0, "one_example.da1"),
                Exercise("compute_dz1", 2.0, "one_example.dz1"),
                Exercise("compute_dw1", 2.0, "one_example.dw1"),
                Exercise("compute_db1", 1.0, "one_example.db1"),
                Exercise("dw_entry", 3.0, "one_example.dw_entry"),
                Exercise("proof_dw", 4.0, None, question="proof_dw"),
            ),
            written=(ManualQuestion("written-proof_dw", 3.0, "The index proof of dw"),),
        ),
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
        "ps5_deep": Assignment(
            name="ps5_deep",
            title="Any number of layers",
            version=1,
            exercises=(
                Exercise("linear_forward", 2.0, "deep.linear_forward"),
                Exercise("relu_backward", 2.0, "deep.relu_backward"),
                Exercise("sigmoid_backward", 2.0, "deep.sigmoid_backward"),
                Exercise("tanh_backward", 2.0, "deep.tanh_backward"),
                Exercise("linear_backward", 3.0, "deep.linear_backward"),
                Exercise("linear_activation_backward", 3.0, "deep.linear_activation_backward"),
                Exercise("L_model_forward", 4.0, "deep.forward_propagation"),
                Exercise("L_model_backward", 6.0, "deep.backward_propagation"),
                Exercise("mse_prime", 1.0, "losses.mse_prime"),
                Exercise("mae_prime", 1.0, "losses.mae_prime"),
                Exercise("bce_prime", 1.0, "losses.bce_prime"),
                Exercise(
                    "update_parameters",
                    2.0,
                    "training.update_parameters",
                    question="training.update_parameters of L layers",
                ),
                Exercise("proof_db", 4.0, None, question="proof_db"),
                Exercise("proof_dW1", 6.0, None, question="proof_dW1"),
            ),
            written=(
                ManualQuestion("written-proof_db", 3.0, "Why db is a sum"),
                ManualQuestion("written-proof_dW1", 4.0, "dW1 by differentials and the trace"),
            ),
        ),
        "ps6_gradient_check": Assignment(
            name="ps6_gradient_check",
            title="Trust, but verify",
            version=1,
            exercises=(
                Exercise("numerical_gradient", 4.0, "gradient_checking.central_difference"),
                Exercise("relative_error", 2.0, "gradient_checking.relative_error"),
                Exercise("gradient_check", 3.0, None),
                Exercise("initialize_parameters", 4.0, "initialization.he"),
                Exercise("fixed_E1", 2.0, "errata.E1"),
                Exercise("fixed_E3", 2.0, "errata.E3"),
                Exercise("fixed_E8", 2.0, "errata.E8"),
                Exercise("fixed_E9", 2.0, "errata.E9"),
                Exercise("fixed_E16", 2.0, "errata.E16"),
                Exercise("fixed_E17", 2.0, "errata.E17"),
            ),
        ),
        "ps7_training": Assignment(
            name="ps7_training",
            title="Training",
            version=1,
            exercises=(
                Exercise("gradient_descent_step", 1.0, "optimizers.gradient_descent_step"),
                Exercise("momentum_step", 3.0, "optimizers.momentum_step"),
                Exercise("adam_step", 6.0, "optimizers.adam_step"),
                Exercise("random_mini_batches", 4.0, None),
                Exercise("train", 8.0, None),
            ),
        ),
    }
)

PIECES: Mapping[str, str] = MappingProxyType(
    {
        **{f"two_layer.{name}": "two_layer.forward_propagation" for name in ("Z1", "A1", "Z2", "A2")},
        **{f"deep.{name}": "deep.linear_backward" for name in ("dA_prev", "dW", "db")},
        "deep.dZ": "deep.linear_activation_backward",
        "one_example.z": "batch.forward",
    }
)
"""Equations that no exercise asks by themselves, and the one in whose exercise each is asked.

The answer to that one holds it by name, or it is a step on the way there: then `STEPS` says how.
"""

STEPS: Mapping[str, str] = MappingProxyType(
    {
        "deep.dZ": "the layer's gradients are taken from dZ, which is not returned",
        "one_example.z": "each column of w X + b, before the sigmoid, is the z of one example",
    }
)
"""Pieces that an answer does not hold: why it cannot be right without them."""


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
