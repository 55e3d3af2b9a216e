"""Losses: what one example costs."""

import numpy as np

from course_lib.arrays import Array, magnitude


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
    Source S0.3.
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
    Source S0.3.
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
