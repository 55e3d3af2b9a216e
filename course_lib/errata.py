"""Six formulas that S0, S2 and S3 of the five published notes print wrong: each as it should be, and as it is printed.

`E1` is the right form of erratum E1, `published_E1` what is printed, and so on. With sizes that all differ, every
printed form raises, has another shape than the gradient, or has other numbers. δ is dZ: the gradient of each example's
own loss, without 1/m.
"""

import numpy as np

from course_lib.activations import sigmoid_prime
from course_lib.arrays import Array


def E1(W2: Array, A1: Array, A2: Array, Y: Array) -> Array:
    """Return the loss gradient at the hidden activations, dA1 = W2^T (A2 - Y).

    Parameters
    ----------
    W2 : (n2, n1)
    A1 : (n1, m), not needed: it is given because the printed form takes it
    A2 : (n2, m)
    Y : (n2, m)

    Returns
    -------
    (n1, m)

    Raises
    ------
    ValueError
        If the shapes do not fit (by numpy).

    Notes
    -----
    Equation errata.E1; source S0.8; erratum E1.
    """
    return W2.T @ (A2 - Y)


def published_E1(W2: Array, A1: Array, A2: Array, Y: Array) -> Array:
    """Return what S0 prints for dA1: W2^T (A1 - Y), where the output A2 should be.

    Parameters
    ----------
    W2 : (n2, n1)
    A1 : (n1, m)
    A2 : (n2, m), not used
    Y : (n2, m)

    Returns
    -------
    (n1, m) where n1 = n2 or n1 = 1, and then with wrong numbers

    Raises
    ------
    ValueError
        If n1 and n2 differ and neither is 1 (by numpy).

    Notes
    -----
    Source S0.8; erratum E1.
    """
    return W2.T @ (A1 - Y)


def E3(W2: Array, A1: Array, A2: Array, Y: Array, X: Array) -> Array:
    """Return the cost gradient of W1, the hidden layer being sigmoid.

    dW1 = 1/m ((W2^T (A2 - Y)) * (A1 * (1 - A1))) X^T

    Parameters
    ----------
    W2 : (n2, n1)
    A1 : (n1, m), the sigmoid of Z1
    A2 : (n2, m)
    Y : (n2, m)
    X : (n0, m)

    Returns
    -------
    (n1, n0)

    Raises
    ------
    ValueError
        If the shapes do not fit (by numpy).

    Notes
    -----
    Equation errata.E3; source S0.8; erratum E3.
    """
    return ((W2.T @ (A2 - Y)) * (A1 * (1 - A1))) @ X.T / X.shape[1]


def published_E3(W2: Array, A1: Array, A2: Array, Y: Array, X: Array) -> Array:
    """Return what S0 prints for dW1: W2^T (A1 - Y) * (A1 * (1 - A1)), with A1 for A2, no X^T and no 1/m.

    Parameters
    ----------
    W2 : (n2, n1)
    A1 : (n1, m)
    A2 : (n2, m), not used
    Y : (n2, m)
    X : (n0, m), not used

    Returns
    -------
    (n1, m) where n1 = n2 or n1 = 1: the shape of dZ1, not of W1

    Raises
    ------
    ValueError
        If n1 and n2 differ and neither is 1 (by numpy).

    Notes
    -----
    Source S0.8; erratum E3.
    """
    return W2.T @ (A1 - Y) * (A1 * (1 - A1))


def E8(W: Array, delta: Array, Z_prev: Array) -> Array:
    """Return δ one layer further down, (W^T δ) * σ'(Z_prev).

    Parameters
    ----------
    W : (n, n_prev)
    delta : (n, m)
    Z_prev : (n_prev, m)

    Returns
    -------
    (n_prev, m)

    Raises
    ------
    ValueError
        If the shapes do not fit (by numpy).

    Notes
    -----
    Equation errata.E8; source S2.9; erratum E8.
    """
    return (W.T @ delta) * sigmoid_prime(Z_prev)


def published_E8(W: Array, delta: Array, Z_prev: Array) -> Array:
    """Return what one slide of S2 prints for δ one layer further down: W δ * σ'(Z_prev), without the transpose.

    Parameters
    ----------
    W : (n, n_prev)
    delta : (n, m)
    Z_prev : (n_prev, m)

    Returns
    -------
    (n_prev, m) where W is square, and then with wrong numbers

    Raises
    ------
    ValueError
        If n and n_prev differ (by numpy).

    Notes
    -----
    Source S2.9; erratum E8.
    """
    return W @ delta * sigmoid_prime(Z_prev)


def E9(dZ2: Array) -> Array:
    """Return the cost gradient of b2, 1/m times the sum over the examples.

    Parameters
    ----------
    dZ2 : (n2, m)

    Returns
    -------
    (n2, 1)

    Notes
    -----
    Equation errata.E9; source S2.10; erratum E9.
    """
    return np.sum(dZ2, axis=1, keepdims=True) / dZ2.shape[1]


def published_E9(dZ2: Array) -> Array:
    """Return what one slide of S2 prints in numpy for db2: the sum, which has lost its 1/m.

    Parameters
    ----------
    dZ2 : (n2, m)

    Returns
    -------
    (n2, 1), m times too large

    Notes
    -----
    Source S2.10; erratum E9.
    """
    return np.sum(dZ2, axis=1, keepdims=True)


def E16(delta: Array) -> Array:
    """Return the cost gradient of b: the mean over the examples, which are columns, so along axis 1.

    Parameters
    ----------
    delta : (n, m)

    Returns
    -------
    (n, 1)

    Notes
    -----
    Equation errata.E16; source S3.5; erratum E16.
    """
    return np.sum(delta, axis=1, keepdims=True) / delta.shape[1]


def published_E16(delta: Array) -> Array:
    """Return what S3 prints for db: 1/m times the sum along axis 0, which is over the units.

    Parameters
    ----------
    delta : (n, m)

    Returns
    -------
    (1, m), where b is (n, 1); an update broadcasts without a word

    Notes
    -----
    Source S3.5; erratum E16.
    """
    return np.sum(delta, axis=0, keepdims=True) / delta.shape[1]


def E17(A_prev: Array, delta: Array) -> Array:
    """Return the cost gradient of W, 1/m δ A_prev^T.

    Parameters
    ----------
    A_prev : (n_prev, m)
    delta : (n, m)

    Returns
    -------
    (n, n_prev)

    Raises
    ------
    ValueError
        If A_prev and delta have different numbers of columns (by numpy).

    Notes
    -----
    Equation errata.E17; source S3.5; erratum E17.
    """
    return delta @ A_prev.T / delta.shape[1]


def published_E17(A_prev: Array, delta: Array) -> Array:
    """Return what S3 prints for dW: 1/m A_prev^T δ, the factors in the wrong order.

    Parameters
    ----------
    A_prev : (n_prev, m)
    delta : (n, m)

    Returns
    -------
    (m, m) where n = n_prev, and so the shape of W only where m is that number too, and then with wrong numbers

    Raises
    ------
    ValueError
        If n and n_prev differ (by numpy).

    Notes
    -----
    Source S3.5; erratum E17.
    """
    return A_prev.T @ delta / delta.shape[1]
