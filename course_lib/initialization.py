"""Initial parameters: small random weights, so that hidden units start out different."""

import numpy as np

from course_lib.arrays import Array


def small_random(n0: int, n1: int, n2: int, seed: int, scale: float = 0.01) -> dict[str, Array]:
    """Draw the parameters of a two-layer network: normal weights times `scale`, biases zero.

    Parameters
    ----------
    n0, n1, n2 : numbers of inputs, hidden units and outputs
    seed : seed of the generator; the same seed gives the same numbers
    scale : standard deviation of the weights

    Returns
    -------
    {"W1": (n1, n0), "b1": (n1, 1), "W2": (n2, n1), "b2": (n2, 1)}

    Notes
    -----
    Source S4.5: equal weights would keep the hidden units equal for ever, large ones would saturate them.
    """
    rng = np.random.default_rng(seed)
    return {
        "W1": scale * rng.standard_normal((n1, n0)),
        "b1": np.zeros((n1, 1)),
        "W2": scale * rng.standard_normal((n2, n1)),
        "b2": np.zeros((n2, 1)),
    }
