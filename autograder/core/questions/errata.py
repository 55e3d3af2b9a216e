"""Questions on six formulas from print (ps6), on a two-layer network with the sigmoid in both layers."""

from typing import Any

import numpy as np

from autograder.core.numeric import Network
from autograder.core.question import Question, ask, drawn
from autograder.core.questions.neuron import DB, DW, written
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
_SLOPE = "(A1 * (1 - A1))"

QUESTIONS: tuple[Question, ...] = (
    ask(
        "errata.E1",
        NETWORK.gradient("A1", each=True),
        draw_networks,
        "W2.T @ (A2 - Y)",
        also="""
            wrong-layer: W2.T @ (A2 - A1) | W2.T @ A1
            activation-derivative-missing: W2.T @ bce_prime(A2, Y)
            activation-derivative-twice: W2.T @ ((A2 - Y) * A2 * (1 - A2))
            one-step-too-far: (W2.T @ (A2 - Y)) * (A1 * (1 - A1))
            transpose-missing: W2.T @ (A2 - Y).T
        """,
        printed={"E1": "W2.T @ (A1 - Y)"},
    ),
    ask(
        "errata.E3",
        NETWORK.gradient("W1"),
        draw_networks,
        "dZ1 = (W2.T @ (A2 - Y)) * (A1 * (1 - A1))\nreturn dZ1 @ X.T / X.shape[1]",
        also=f"""
            factor-missing: W2.T @ (A1 - Y) * {_SLOPE} | (W2.T @ (A2 - Y)) * {_SLOPE}
            wrong-layer: (W2.T @ (A2 - Y)) * (A2 * (1 - A2)) @ X.T / X.shape[1]
                | (A2 - Y) @ A1.T / X.shape[1]
                | (A2 - Y) @ X.T / X.shape[1] | (W2.T @ (A1 - Y)) * {_SLOPE} @ X.T
            activation-derivative-missing in dZ1: W2.T @ (A2 - Y) | (W2.T @ bce_prime(A2, Y)) * {_SLOPE}
            activation-derivative-twice in dZ1: (W2.T @ ((A2 - Y) * A2 * (1 - A2))) * {_SLOPE}
            activation-for-its-derivative in dZ1: (W2.T @ (A2 - Y)) * A1
            wrong-activation in dZ1: (W2.T @ (A2 - Y)) * (1 - A1 ** 2)
            derivative-of-activation-taken-at-the-wrong-place in dZ1: (W2.T @ (A2 - Y)) * sigmoid_prime(A1)
            wrong-bracket: W2.T @ ((A2 - Y) * {_SLOPE}) @ X.T / X.shape[1]
                | W2.T @ (A2 - Y) * ({_SLOPE} @ X.T) / X.shape[1] | W2.T @ (A2 - Y) * A1 * 1 - A1 @ X.T / X.shape[1]
        """,
        printed={
            "E1": f"(W2.T @ (A1 - Y)) * {_SLOPE} @ X.T / X.shape[1]",
            "E3": f"W2.T @ (A1 - Y) * {_SLOPE}",
            "E17": f"X.T @ ((W2.T @ (A2 - Y)) * {_SLOPE}) / X.shape[1]",
        },
    ),
    ask(
        "errata.E8",
        NETWORK.gradient("Z1", each=True),
        draw_networks,
        "(W.T @ delta) * (sigmoid(Z_prev) * (1 - sigmoid(Z_prev)))",
        "A_prev = 1 / (1 + np.exp(-Z_prev))\nreturn (W.T @ delta) * (A_prev * (1 - A_prev))",
        also="""
            factors-swapped: (delta.T @ W) * sigmoid_prime(Z_prev)
            activation-derivative-missing: W.T @ delta
            activation-for-its-derivative: (W.T @ delta) * sigmoid(Z_prev)
            wrong-bracket: W.T @ (delta * sigmoid_prime(Z_prev)) | (W.T @ delta) * sigmoid(Z_prev) * 1 - sigmoid(Z_prev)
        """,
        printed={"E8": "(W @ delta) * sigmoid_prime(Z_prev)"},
    ),
    ask("errata.E9", NETWORK.gradient("b2"), draw_networks, *written(DB, dZ="dZ2"), lines={"": "deep.db"}),
    ask("errata.E16", NETWORK.gradient("b2"), draw_networks, *written(DB, dZ="delta"), lines={"": "deep.db"}),
    ask(
        "errata.E17", NETWORK.gradient("W2"), draw_networks, *written(DW, dZ="delta", A="A_prev"), lines={"": "deep.dW"}
    ),
)
