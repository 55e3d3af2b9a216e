"""Activation functions and their derivatives, and one table to look them up by name."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from course_lib.arrays import Array, is_below_zero, magnitude
from course_lib.names import suggestion


def sigmoid(z: Array) -> Array:
    """Return the logistic function, without overflow for any z.

    σ(z) = 1 / (1 + e^{-z}), and for z < 0 the same fraction with e^{z} on top, so that no exponent is positive.

    Parameters
    ----------
    z : array of any shape

    Returns
    -------
    array of the same shape, between 0 and 1

    Notes
    -----
    Equation activations.sigmoid; sources S0.4, S2.6. The exponent is -z, not -x (erratum E7).

    >>> float(sigmoid(np.array(0.0)))
    0.5
    """
    z = np.asarray(z)
    e = np.exp(-magnitude(z))
    return np.where(is_below_zero(z), e, 1) / (1 + e)


def sigmoid_prime(z: Array) -> Array:
    """Return σ'(z) = σ(z) (1 - σ(z)), where 1 - σ(z) = σ(-z) keeps its digits far from zero.

    Parameters
    ----------
    z : array of any shape

    Returns
    -------
    array of the same shape, at most 1/4

    Notes
    -----
    Equation activations.sigmoid_prime; sources S0.4, S2.7; erratum E29. It vanishes where |z| is large (erratum E11).

    >>> float(sigmoid_prime(np.array(0.0)))
    0.25
    """
    z = np.asarray(z)
    return sigmoid(z) * sigmoid(-z)


def tanh(z: Array) -> Array:
    """Return tanh(z) = 2σ(2z) - 1: the sigmoid, shifted and scaled (erratum E32).

    Parameters
    ----------
    z : array of any shape

    Returns
    -------
    array of the same shape, between -1 and 1

    Notes
    -----
    Source S2.6.
    """
    return np.tanh(z)


def tanh_prime(z: Array) -> Array:
    """Return tanh'(z) = 1 - tanh(z)².

    Parameters
    ----------
    z : array of any shape

    Returns
    -------
    array of the same shape, at most 1

    Notes
    -----
    Equation activations.tanh_prime; source S2.7. It vanishes where |z| is large (erratum E11).

    >>> float(tanh_prime(np.array(0.0)))
    1.0
    """
    return 1 - np.tanh(z) ** 2


def relu(z: Array) -> Array:
    """Return max(0, z).

    Parameters
    ----------
    z : array of any shape

    Returns
    -------
    array of the same shape

    Notes
    -----
    Equation activations.relu; source S2.6.
    """
    return np.where(is_below_zero(z), 0, z)


def relu_prime(z: Array) -> Array:
    """Return 1 where z > 0 and 0 elsewhere; at the kink, where any number in [0, 1] is a subgradient of ReLU itself, 0.

    Parameters
    ----------
    z : array of any shape

    Returns
    -------
    array of the same shape

    Notes
    -----
    Equation activations.relu_prime; source S2.7; the choice at 0 is erratum E12.
    """
    z = np.asarray(z)
    return (np.real(z) > 0).astype(z.real.dtype)


def leaky_relu(z: Array, slope: float = 0.01) -> Array:
    """Return z where z >= 0 and slope·z elsewhere.

    Parameters
    ----------
    z : array of any shape
    slope : number, how steep the function is left of zero

    Returns
    -------
    array of the same shape

    Notes
    -----
    Equation activations.leaky_relu; source S2.6.

    >>> leaky_relu(np.array([-2.0, 3.0])).tolist()
    [-0.02, 3.0]
    """
    return np.where(is_below_zero(z), slope * z, z)


def leaky_relu_prime(z: Array, slope: float = 0.01) -> Array:
    """Return 1 where z > 0 and `slope` elsewhere; at the kink any number between the two is a subgradient.

    Parameters
    ----------
    z : array of any shape
    slope : number, how steep the function is left of zero

    Returns
    -------
    array of the same shape

    Notes
    -----
    Equation activations.leaky_relu_prime; source S2.7; the choice at 0 is erratum E12.
    """
    z = np.asarray(z)
    return np.where(np.real(z) > 0, 1, slope).astype(z.real.dtype)


def identity(z: Array) -> Array:
    """Return z: a layer without an activation function.

    Parameters
    ----------
    z : array of any shape

    Returns
    -------
    the same array

    Notes
    -----
    Source S2.8.
    """
    return z


def identity_prime(z: Array) -> Array:
    """Return 1 for each entry: the derivative of z by itself.

    Parameters
    ----------
    z : array of any shape

    Returns
    -------
    ones, of the same shape

    Notes
    -----
    Source S2.8.
    """
    return np.ones_like(z)


def softmax(Z: Array) -> Array:
    """Return the softmax of each column, without overflow for any Z.

    a_i = e^{z_i} / Σ_k e^{z_k}, where the largest z of the column is taken off all of them first, which changes nothing

    Parameters
    ----------
    Z : (n, m), one column an example

    Returns
    -------
    (n, m), positive, each column adding up to 1

    Notes
    -----
    The sigmoid for more than two classes. One output depends on every z of its column, so it has no element-wise
    derivative and stands only in the last layer, with the cross-entropy of the classes: there dZ = A - Y again.

    >>> softmax(np.array([[0.0, 1000.0], [0.0, 0.0]])).tolist()
    [[0.5, 1.0], [0.5, 0.0]]
    """
    e = np.exp(Z - np.max(np.real(Z), axis=-2, keepdims=True))
    return e / np.sum(e, axis=-2, keepdims=True)


class Activation(NamedTuple):
    """An activation function with its derivative, both as functions of z."""

    function: Callable[[Array], Array]
    prime: Callable[[Array], Array]


ACTIVATIONS = {
    "sigmoid": Activation(sigmoid, sigmoid_prime),
    "tanh": Activation(tanh, tanh_prime),
    "relu": Activation(relu, relu_prime),
    "identity": Activation(identity, identity_prime),
    "leaky_relu": Activation(leaky_relu, leaky_relu_prime),
}


def activation(name: str) -> Activation:
    """Look an activation up by name.

    Parameters
    ----------
    name : one of the keys of `ACTIVATIONS`

    Returns
    -------
    Activation(function, prime)

    Raises
    ------
    ValueError
        If the name is not known; the message names the nearest one, or lists the known ones.
    """
    if name not in ACTIVATIONS:
        raise ValueError(f"unknown activation {name!r}; {suggestion(name, ACTIVATIONS)}")
    return ACTIVATIONS[name]
