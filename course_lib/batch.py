"""The neuron with m examples in columns: logistic regression, forwards and backwards.

Shapes: X (n0, m), w (1, n0), b (1, 1) or a number, Y (1, m). dA and dZ are gradients of each example's own loss; dW and
db are gradients of the cost, the mean of the losses, and so have the 1/m.
"""

import numpy as np

from course_lib.activations import sigmoid
from course_lib.arrays import Array
from course_lib.losses import bce_loss, bce_loss_from_z, bce_prime


def Z(w: Array, b: Array | float, X: Array) -> Array:
    """Return the weighted inputs of all examples, Z = w X + b 1^T.

    Parameters
    ----------
    w : (1, n0)
    b : (1, 1) or a number, added to every column
    X : (n0, m)

    Returns
    -------
    (1, m)

    Raises
    ------
    ValueError
        If the shapes do not fit (by numpy).

    Notes
    -----
    Part of equation batch.forward; sources S2.5, S4.3; erratum E38.
    """
    return w @ X + b


def A(Z: Array) -> Array:
    """Return the activations, A = σ(Z).

    Parameters
    ----------
    Z : (1, m)

    Returns
    -------
    (1, m), between 0 and 1

    Notes
    -----
    Part of equation batch.forward; sources S2.5, S4.3.
    """
    return sigmoid(Z)


def forward(w: Array, b: Array | float, X: Array) -> Array:
    """Return the neuron's output for all examples, A = σ(w X + b 1^T).

    Parameters
    ----------
    w : (1, n0)
    b : (1, 1) or a number
    X : (n0, m)

    Returns
    -------
    (1, m), between 0 and 1

    Raises
    ------
    ValueError
        If the shapes do not fit (by numpy).

    Notes
    -----
    Equation batch.forward; sources S2.5, S4.3; erratum E38.
    """
    return A(Z(w, b, X))


def cost(A: Array, Y: Array) -> Array:
    """Return the cost, the mean of the losses.

    J = 1/m Σ_j L(a_j, y_j)

    Parameters
    ----------
    A : (1, m), strictly between 0 and 1
    Y : (1, m), labels 0 or 1

    Returns
    -------
    scalar

    Notes
    -----
    Equation batch.cost; sources S0.2, S0.3, S3.7, S4.3; erratum E22.
    """
    return np.sum(bce_loss(A, Y)) / Y.shape[1]


def dA(A: Array, Y: Array) -> Array:
    """Return the loss gradients at the output, dA = -Y/A + (1-Y)/(1-A).

    Parameters
    ----------
    A : (1, m), strictly between 0 and 1
    Y : (1, m), labels 0 or 1

    Returns
    -------
    (1, m), column j is ∂L_j/∂a_j

    Notes
    -----
    Part of equation batch.propagate; sources S0.1, S0.3.
    """
    return bce_prime(A, Y)


def dZ(A: Array, Y: Array) -> Array:
    """Return the loss gradients before the sigmoid, dZ = A - Y.

    Parameters
    ----------
    A : (1, m)
    Y : (1, m), labels 0 or 1

    Returns
    -------
    (1, m), column j is ∂L_j/∂z_j: no 1/m

    Notes
    -----
    Part of equation batch.propagate; sources S0.14, S1.8, S4.3; erratum E39.
    """
    return A - Y


def dW(dZ: Array, X: Array) -> Array:
    """Return the cost gradient of the weights, dW = 1/m dZ X^T.

    Parameters
    ----------
    dZ : (1, m)
    X : (n0, m)

    Returns
    -------
    (1, n0), the gradient ∂J/∂w

    Raises
    ------
    ValueError
        If dZ and X have different numbers of columns (by numpy).

    Notes
    -----
    Equation batch.dW; sources S0.1, S0.2, S0.10, S4.3; errata E31, E40.
    """
    return dZ @ X.T / dZ.shape[1]


def db(dZ: Array) -> Array:
    """Return the cost gradient of the bias, db = 1/m dZ 1.

    Parameters
    ----------
    dZ : (1, m)

    Returns
    -------
    (1, 1), the gradient ∂J/∂b

    Notes
    -----
    Equation batch.db; sources S0.2, S0.10, S4.3; erratum E4.
    """
    return np.sum(dZ, axis=1, keepdims=True) / dZ.shape[1]


def propagate(w: Array, b: Array | float, X: Array, Y: Array) -> tuple[dict[str, Array], float]:
    """Run the neuron forwards and backwards.

    Parameters
    ----------
    w : (1, n0)
    b : (1, 1) or a number
    X : (n0, m)
    Y : (1, m), labels 0 or 1

    Returns
    -------
    grads : {"dw": (1, n0), "db": (1, 1)}, gradients of the cost
    cost : number, taken from Z in the stable form, so finite also where σ(Z) is 0 or 1

    Raises
    ------
    ValueError
        If the shapes do not fit (by numpy).

    Notes
    -----
    Equation batch.propagate; sources S0.2, S0.14, S1.8, S4.2, S4.3; erratum E39.
    """
    inputs = Z(w, b, X)
    errors = dZ(A(inputs), Y)
    return {"dw": dW(errors, X), "db": db(errors)}, np.sum(bce_loss_from_z(inputs, Y)) / Y.shape[1]
