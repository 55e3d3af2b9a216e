"""Losses: what one example costs, the derivatives, and one table to look them up by name.

Every loss is written for each output unit; an example's loss is the sum over its units.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from course_lib.arrays import Array, magnitude
from course_lib.names import suggestion


def softplus(z: Array) -> Array:
    """Return log(1 + e^z) without overflow, also for complex z near the real line.

    Parameters
    ----------
    z : array of any shape

    Returns
    -------
    array of the same shape
    """
    e = magnitude(z)
    return (z + e) / 2 + np.log1p(np.exp(-e))


def bce_loss(a: Array, y: Array) -> Array:
    """Return the binary cross-entropy of each prediction.

    L = -y log a - (1 - y) log(1 - a)

    Parameters
    ----------
    a : array of any shape, strictly between 0 and 1
    y : array of the same shape, labels 0 or 1

    Returns
    -------
    array of the same shape

    Notes
    -----
    Equation losses.bce_loss; sources S0.3, S3.2.
    """
    return -y * np.log(a) - (1 - y) * np.log(1 - a)


def bce_prime(a: Array, y: Array) -> Array:
    """Return ∂L/∂a of the binary cross-entropy.

    ∂L/∂a = -y / a + (1 - y) / (1 - a)

    Parameters
    ----------
    a : array of any shape, strictly between 0 and 1
    y : array of the same shape, labels 0 or 1

    Returns
    -------
    array of the same shape

    Notes
    -----
    Equation losses.bce_prime; sources S0.3, S3.2.
    """
    return -y / a + (1 - y) / (1 - a)


def bce_loss_from_z(z: Array, y: Array) -> Array:
    """Return the binary cross-entropy of sigmoid(z), exact for every z.

    L = log(1 + e^z) - y z

    Parameters
    ----------
    z : array of any shape
    y : array of the same shape, labels 0 or 1

    Returns
    -------
    array of the same shape

    Notes
    -----
    Source S4.2, in the stable form: as printed it is infinite for z > 709. S4's first differential drops the exp (E21).
    """
    return softplus(z) - y * z


def cross_entropy_loss(a: Array, y: Array) -> Array:
    """Return the cross-entropy of more than two classes, the part of each class.

    L = -Σ_i y_i log a_i; entry i of the result is -y_i log a_i

    Parameters
    ----------
    a : (n, m), probabilities of the classes, positive, each column adding up to 1
    y : (n, m), one 1 in each column

    Returns
    -------
    (n, m)

    Notes
    -----
    Source S3.2. With two classes it is the binary cross-entropy, once for the column and not once for each unit.
    """
    return -y * np.log(a)


def cross_entropy_prime(a: Array, y: Array) -> Array:
    """Return ∂L/∂a of the cross-entropy of more than two classes, -y / a.

    Parameters
    ----------
    a : (n, m), positive
    y : (n, m), one 1 in each column

    Returns
    -------
    (n, m)

    Notes
    -----
    Source S3.2.
    """
    return -y / a


def cross_entropy_loss_from_z(Z: Array, y: Array) -> Array:
    """Return the cross-entropy of softmax(Z), exact for every Z.

    L_i = y_i (log Σ_k e^{z_k} - z_i), where the largest z of the column is taken off first

    Parameters
    ----------
    Z : (n, m)
    y : (n, m), one 1 in each column

    Returns
    -------
    (n, m)

    Notes
    -----
    Source S3.2, in the stable form.
    """
    shifted = Z - np.max(np.real(Z), axis=-2, keepdims=True)
    return y * (np.log(np.sum(np.exp(shifted), axis=-2, keepdims=True)) - shifted)


def mse_loss(a: Array, y: Array) -> Array:
    """Return the squared error of each prediction, (a - y)², without a 1/2 in front.

    Parameters
    ----------
    a, y : arrays of one shape

    Returns
    -------
    array of the same shape

    Notes
    -----
    Source S3.2.
    """
    return (a - y) ** 2


def mse_prime(a: Array, y: Array) -> Array:
    """Return ∂L/∂a of the squared error, 2 (a - y).

    Parameters
    ----------
    a, y : arrays of one shape

    Returns
    -------
    array of the same shape

    Notes
    -----
    Equation losses.mse_prime; source S3.2: without the 1/2 in the loss there is a 2 in the derivative.
    """
    return 2 * (a - y)


def mae_loss(a: Array, y: Array) -> Array:
    """Return the absolute error of each prediction, |a - y|.

    Parameters
    ----------
    a, y : arrays of one shape

    Returns
    -------
    array of the same shape

    Notes
    -----
    Source S3.2.
    """
    return magnitude(a - y)


def mae_prime(a: Array, y: Array) -> Array:
    """Return ∂L/∂a of the absolute error: the sign of a - y, and 0 where they are equal.

    Parameters
    ----------
    a, y : arrays of one shape

    Returns
    -------
    array of the same shape

    Notes
    -----
    Equation losses.mae_prime; source S3.2; at the kink any number in [-1, 1] is a subgradient.
    """
    return np.sign(np.real(a - y))


class Loss(NamedTuple):
    """A loss with its derivative, both as functions of the prediction a and the label y."""

    function: Callable[[Array, Array], Array]
    prime: Callable[[Array, Array], Array]


LOSSES = {
    "bce": Loss(bce_loss, bce_prime),
    "cross_entropy": Loss(cross_entropy_loss, cross_entropy_prime),
    "mse": Loss(mse_loss, mse_prime),
    "mae": Loss(mae_loss, mae_prime),
}


def loss(name: str) -> Loss:
    """Look a loss up by name.

    Raises
    ------
    ValueError
        If the name is not known; the message names the nearest one, or lists the known ones.
    """
    if name not in LOSSES:
        raise ValueError(f"unknown loss {name!r}; {suggestion(name, LOSSES)}")
    return LOSSES[name]
