"""Questions on six formulas from print (ps6), on a two-layer network with the sigmoid in both layers."""

from typing import Any

import numpy as np

from autograder.core.numeric import Network
from autograder.core.question import drawn
from autograder.core.questions.two_layer import CORNERS, NAMES
from course_lib.activations import sigmoid


def sigmoid_pass(n0: int, n1: int, n2: int, m: int, rng: np.random.Generator) -> dict[str, Any]:
    """Draw a two-layer network with the sigmoid in its hidden layer, and run it both ways.

    Every batch has a negative and a large entry in X. W, delta, Z_prev and A_prev are layer 2's, of which layer 1 is
    the layer below.
    """
    X = rng.standard_normal((n0, m))
    X[0, 0], X[-1, -1] = -2.5, 4.0
    W1, b1 = 0.7 * rng.standard_normal((n1, n0)), 0.5 * rng.standard_normal((n1, 1))
    W2, b2 = 1.5 * rng.standard_normal((n2, n1)), 0.5 * rng.standard_normal((n2, 1))
    Y = rng.integers(0, 2, (n2, m)).astype(float)
    Y[0, 0] = 1 - Y[-1, -1] if Y.size > 1 else Y[0, 0]
    Z1 = W1 @ X + b1
    A1 = sigmoid(Z1)
    A2 = sigmoid(W2 @ A1 + b2)
    network = {"X": X, "Y": Y, "W1": W1, "b1": b1, "Z1": Z1, "A1": A1, "W2": W2, "b2": b2, "A2": A2, "dZ2": A2 - Y}
    return {**network, "W": W2, "delta": A2 - Y, "Z_prev": Z1, "A_prev": A1}


draw_networks = drawn(604, sigmoid_pass, NAMES, *CORNERS)
NETWORK = Network(
    "Y", Z1="W1 @ X + b1", A1="sigmoid(Z1)", Z2="W2 @ A1 + b2", J="np.sum(softplus(Z2) - Y * Z2) / Y.shape[1]"
)
