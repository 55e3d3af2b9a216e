"""Training: gradient descent on all parameters at once."""

from typing import NamedTuple

import numpy as np

from course_lib.arrays import Array, Parameters
from course_lib.initialization import small_random
from course_lib.losses import bce_loss_from_z
from course_lib.two_layer import backward_propagation, forward_propagation


def update_parameters(parameters: Parameters, grads: Parameters, learning_rate: float) -> dict[str, Array]:
    """Take one step of gradient descent, θ := θ - α dθ, for every parameter θ.

    Parameters
    ----------
    parameters : {"W1": (n1, n0), "b1": (n1, 1), ...}, left as they are
    grads : {"dW1": (n1, n0), "db1": (n1, 1), ...}
    learning_rate : α

    Returns
    -------
    new parameters, keys and shapes as given

    Raises
    ------
    KeyError
        If a parameter has no gradient.

    Notes
    -----
    Equation training.update_parameters; sources S1.7, S2.11, S3.3.
    """
    return {name: theta - learning_rate * grads["d" + name] for name, theta in parameters.items()}


class Training(NamedTuple):
    """What a training run leaves: the last parameters, and the cost before each step."""

    parameters: dict[str, Array]
    costs: Array


def train_two_layer(
    X: Array, Y: Array, n_h: int = 4, num_iterations: int = 5000, learning_rate: float = 1.2, seed: int = 0
) -> Training:
    """Train a two-layer network by gradient descent on the whole batch.

    Parameters
    ----------
    X : (n0, m)
    Y : (n2, m), labels 0 or 1
    n_h : number of hidden units
    num_iterations : number of steps
    learning_rate : α
    seed : seed of the initial weights

    Returns
    -------
    Training(parameters, costs), costs (num_iterations,)

    Raises
    ------
    ValueError
        If X or Y is not a matrix, or their numbers of columns differ.

    Notes
    -----
    Sources S2.11, S3.3, S3.6: forward, backward, update, again.
    """
    if X.ndim != 2 or Y.ndim != 2 or X.shape[1] != Y.shape[1] or X.shape[1] == 0:
        raise ValueError(f"X and Y must be matrices with one column an example, not {X.shape} and {Y.shape}")
    parameters = small_random(X.shape[0], n_h, Y.shape[0], seed)
    costs = np.empty(num_iterations)
    for iteration in range(num_iterations):
        _, cache = forward_propagation(X, parameters)
        costs[iteration] = np.sum(bce_loss_from_z(cache["Z2"], Y)) / Y.shape[1]
        grads = backward_propagation(parameters, cache, X, Y)
        parameters = update_parameters(parameters, grads, learning_rate)
    return Training(parameters, costs)
