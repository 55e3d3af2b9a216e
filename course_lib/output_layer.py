"""The output layer of an L-layer network: activation and cost, and the gradient with which the way back begins.

`deep` offers all of this under its own name. Shapes and conventions are those of `deep`.
"""

from collections.abc import Sequence

import numpy as np

from course_lib.activations import activation as find_activation
from course_lib.activations import softmax
from course_lib.arrays import Array
from course_lib.losses import bce_loss_from_z, cross_entropy_loss_from_z
from course_lib.losses import loss as find_loss
from course_lib.validation import check_activations, check_labels

LOSS_FROM_Z = {("sigmoid", "bce"): bce_loss_from_z, ("softmax", "cross_entropy"): cross_entropy_loss_from_z}
"""The activation and the loss that belong together: taken from Z the loss is stable, and dZ = A - Y."""


def A(Z: Array, activation: str) -> Array:
    """Return a layer's activations, A = g(Z).

    Parameters
    ----------
    Z : (n, m)
    activation : name of g

    Returns
    -------
    (n, m)

    Raises
    ------
    ValueError
        If the name is not known.

    Notes
    -----
    Part of equation deep.forward_propagation; sources S2.6, S3.1.
    """
    return softmax(Z) if activation == "softmax" else find_activation(activation).function(Z)


def cost(A: Array, Y: Array, loss: str = "bce") -> Array:
    """Return the cost: losses summed over output units, averaged over examples.

    J = 1/m Σ_j Σ_i L(a_ij, y_ij)

    Parameters
    ----------
    A : (n_L, m), the network's output
    Y : (n_L, m)
    loss : name of L

    Returns
    -------
    scalar

    Raises
    ------
    ValueError
        If the name is not known.

    Notes
    -----
    Equation two_layer.cost, with any loss; sources S0.2, S3.2, S3.7; errata E22, E35, E37.
    """
    return np.sum(find_loss(loss).function(A, Y)) / Y.shape[1]


def dA(A: Array, Y: Array, loss: str = "bce") -> Array:
    """Return the loss gradient at the output, dA = ∂L/∂a entry by entry.

    Parameters
    ----------
    A : (n_L, m), the network's output
    Y : (n_L, m)
    loss : name of L

    Returns
    -------
    (n_L, m)

    Raises
    ------
    ValueError
        If the name is not known.

    Notes
    -----
    Part of equation deep.backward_propagation; sources S0.3, S3.2, S3.4.
    """
    return find_loss(loss).prime(A, Y)


def dZ_softmax(dA: Array, A: Array) -> Array:
    """Return the loss gradient before a softmax, whose outputs depend on every z of their column.

    dz_i = a_i (da_i - Σ_k a_k da_k)

    Parameters
    ----------
    dA : (n, m)
    A : (n, m), the softmax of Z

    Returns
    -------
    (n, m)

    Notes
    -----
    With the cross-entropy of the classes, dA = -Y/A, it is A - Y.
    """
    return A * (dA - np.sum(A * dA, axis=0, keepdims=True))


def dZ_output(A: Array, Y: Array) -> Array:
    """Return the loss gradient at the last layer where activation and loss belong together, dZ = A - Y.

    Parameters
    ----------
    A : (n_L, m), the sigmoid of Z with the binary cross-entropy, or the softmax with the cross-entropy of the classes
    Y : (n_L, m)

    Returns
    -------
    (n_L, m)

    Notes
    -----
    Part of equation deep.backward_propagation; sources S0.6, S2.10, S3.4; errata E20, E33.
    """
    return A - Y


def usual_activations(layers: int) -> tuple[str, ...]:
    """Return ReLU for every hidden layer and the sigmoid for the last.

    >>> usual_activations(3)
    ('relu', 'relu', 'sigmoid')
    """
    return ("relu",) * (layers - 1) + ("sigmoid",)


def checked_activations(
    activations: Sequence[str] | None, layers: int, AL: Array, Y: Array, loss: str
) -> tuple[str, ...]:
    """Return the activations of a network, the usual ones for None, and check that the labels and the loss suit it.

    Parameters
    ----------
    activations : names, first to last layer, or None
    layers : number of layers L
    AL : (n_L, m), the output
    Y : (n_L, m)
    loss : name of the loss

    Returns
    -------
    one name for each layer

    Raises
    ------
    ValueError
        If the names, the loss or the labels do not fit.
    """
    chosen = usual_activations(layers) if activations is None else activations
    check_activations(chosen, layers, loss)
    check_labels(Y, AL.shape[0], AL.shape[1], loss)
    return tuple(chosen)
