"""Judge a function that trains a network: by what the network can do with points it has never seen."""

from typing import Any

import numpy as np

from autograder.assignments import Exercise
from autograder.core.judge import NOT_IMPLEMENTED, is_stub, raised, refused
from autograder.core.layout import Absent, described, parts
from autograder.core.mistakes import HINTS
from autograder.core.verdict import Verdict
from autograder.guest.evaluate import Outcome
from course_lib.arrays import Array
from course_lib.datasets import flower
from course_lib.equations import PARAMETERS
from course_lib.two_layer import forward_propagation

POINTS = 400
HIDDEN_UNITS = 4
ITERATIONS = 5000
LEARNING_RATE = 1.2
ACCURACY = 0.85
SECONDS = 10.0
FLOWERS = (10_004, 10_012, 10_014, 10_016, 10_018)
"""Seeds of flowers on which the reference reached 0.88 or more from every one of 150 initial weights.

On many others one start in a hundred gets stuck near 0.65, and a right answer would sometimes be refused.
"""


def _flower(seed: int, *, held_back: bool) -> tuple[Array, Array]:
    """Draw the points to train on, or others to judge by."""
    return flower(POINTS, seed=FLOWERS[seed % len(FLOWERS)] + held_back)


def training_case(seed: int) -> dict[str, Any]:
    """Return the arguments of nn_model: 400 points of the flower, and how to train."""
    X, Y = _flower(seed, held_back=False)
    return {
        "X": X,
        "Y": Y,
        "n_h": HIDDEN_UNITS,
        "num_iterations": ITERATIONS,
        "learning_rate": LEARNING_RATE,
        "seed": seed,
    }


def judge_model(exercise: Exercise, outcome: Outcome, seed: int = 0) -> Verdict:
    """Judge trained parameters by their accuracy on 400 points that were held back.

    Parameters
    ----------
    exercise : which function it is, and its points
    outcome : what it returned for `training_case(seed)`
    seed : the seed of the points and of the initial weights

    Returns
    -------
    Verdict; right means an accuracy of at least 0.85 in at most 10 seconds
    """
    if outcome.failure:
        if is_stub(outcome, exercise):
            return refused(exercise, "not-implemented", NOT_IMPLEMENTED)
        return refused(exercise, "raised", f"It raised {raised(outcome.failure)}.")
    found = parts({name: name for name in PARAMETERS}, outcome.value)
    sizes = {"n0": 2, "n1": HIDDEN_UNITS, "n2": 1, "1": 1}
    for name, symbols in PARAMETERS.items():
        value, shape = found[name], tuple(sizes[size] for size in symbols)
        if isinstance(value, Absent):
            return refused(exercise, value.mistake, value.reason)
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf":
            return refused(
                exercise, "wrong-type", f"{name} is {described(value)}; an array of real numbers is expected."
            )
        if value.shape != shape:
            return refused(exercise, "wrong-shape", f"{name} has shape {value.shape}, and should have {shape}.")
        if not bool(np.all(np.isfinite(value))):
            return refused(exercise, "not-finite", f"{name} has entries that are not finite numbers.")
    X, Y = _flower(seed, held_back=True)
    A2, _ = forward_propagation(X, found)
    accuracy = float(np.mean((A2 > 0.5) == Y))
    seen = f"Accuracy on {POINTS} points it has never seen: {accuracy:.1%}; at least {ACCURACY:.0%} are asked."
    if accuracy >= ACCURACY:
        if outcome.seconds > SECONDS:
            return refused(exercise, "timed-out", f"{seen} It took longer than {SECONDS:g} seconds.")
        notes = ("changed-its-input",) if outcome.changed else ()
        return Verdict(exercise.function, None, True, exercise.points, exercise.points, None, seen, notes=notes)
    units = np.hstack([found["W1"], found["b1"]])
    mistake = "symmetry-not-broken" if np.allclose(units, units[0], rtol=1e-6) else "accuracy-too-low"
    return Verdict(exercise.function, None, False, 0.0, exercise.points, mistake, seen, HINTS[mistake])
