"""Training: gradient descent on all parameters at once."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from course_lib.arrays import Array, Parameters
from course_lib.initialization import he, small_random
from course_lib.workspace import Workspace


def update_parameters(parameters: Parameters, grads: Parameters, learning_rate: float) -> dict[str, Array]:
    """Take one step of gradient descent, θ := θ - α dθ, for every parameter θ.

    Parameters
    ----------
    parameters : {"W1": (n1, n0), "b1": (n1, 1), "W2": (n2, n1), "b2": (n2, 1)},
        or those of any other network; left as they are
    grads : {"dW1": (n1, n0), "db1": (n1, 1), "dW2": (n2, n1), "db2": (n2, 1)}, their gradients
    learning_rate : number α

    Returns
    -------
    {"W1": (n1, n0), "b1": (n1, 1), "W2": (n2, n1), "b2": (n2, 1)}, new parameters, keys and shapes as given

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
    """What a training run leaves: the last parameters, and the cost before each step (for `train`, by epoch)."""

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
    learning_rate : number α
    seed : seed of the initial weights

    Returns
    -------
    Training(parameters, costs), costs (num_iterations,)

    Raises
    ------
    ValueError
        If X or Y is not a matrix, or their numbers of columns differ, or they are not finite, or Y holds no labels.

    Notes
    -----
    Sources S2.11, S3.3, S3.6: forward, backward, update, again. In place, by a `Workspace`, with the results of
    `two_layer.forward_propagation`, `two_layer.backward_propagation` and `update_parameters`.
    """
    if X.ndim != 2 or Y.ndim != 2 or X.shape[1] != Y.shape[1] or X.shape[1] == 0:
        raise ValueError(f"X and Y must be matrices with one column an example, not {X.shape} and {Y.shape}")
    network = Workspace(small_random(X.shape[0], n_h, Y.shape[0], seed), ("tanh", "sigmoid"))
    network.check_batch(X, Y)
    network.load(X, Y)
    costs = np.empty(num_iterations)
    for iteration in range(num_iterations):
        network.forward()
        costs[iteration] = network.cost()
        network.backward()
        network.update(learning_rate)
    return Training(network.copy_parameters(), costs)


def train(
    X: Array,
    Y: Array,
    layer_dims: Sequence[int],
    num_epochs: int = 100,
    batch_size: int = 64,
    learning_rate: float = 0.1,
    seed: int = 0,
    activations: Sequence[str] | None = None,
    loss: str = "bce",
) -> Training:
    """Train an L-layer network by gradient descent on mini-batches, in place.

    Parameters
    ----------
    X : (n0, m)
    Y : (n_L, m)
    layer_dims : the sizes of all layers, (n0, n1, ..., n_L)
    num_epochs : how often every example is seen
    batch_size : number of examples in a step; the last step of an epoch may have fewer
    learning_rate : number α
    seed : seed of the initial weights and of the order of the examples
    activations : a name for each layer; ReLU and at last the sigmoid if left out
    loss : name of the loss

    Returns
    -------
    Training(parameters, costs), costs (num_epochs,): the mean cost of an epoch's batches, each before its step

    Raises
    ------
    ValueError
        If a shape does not fit, an array is empty or not finite, a name is unknown, or batch_size is less than 1.

    Notes
    -----
    Sources S3.3, S3.6, S3.7. The weights start as `initialization.he` draws them.
    """
    workspace = Workspace(he(layer_dims, seed), activations, loss)
    workspace.check_batch(X, Y)
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, not {batch_size}")
    rng, m = np.random.default_rng(seed), X.shape[1]
    costs = np.zeros(num_epochs)
    for epoch in range(num_epochs):
        order = rng.permutation(m)
        for start in range(0, m, batch_size):
            columns = order[start : start + batch_size]
            workspace.load(X, Y, columns)
            workspace.forward()
            costs[epoch] += workspace.cost() * len(columns) / m
            workspace.backward()
            workspace.update(learning_rate)
    return Training(workspace.copy_parameters(), costs)
