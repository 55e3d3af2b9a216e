"""One example: the neuron, and the two-layer network's backward equations, before anything is stacked into columns.

Lower case is one example: x (n0, 1) is a column, and every gradient here is one of that example's own loss L, so there
is no 1/m. The neuron is z, a, da, dz, dw, db; the network with tanh hidden units and sigmoid outputs has the eight
equations with an index.
"""

from course_lib.activations import sigmoid, tanh_prime
from course_lib.arrays import Array
from course_lib.losses import bce_loss, bce_prime


def z(w: Array, b: Array, x: Array) -> Array:
    """Return the neuron's weighted input, z = w x + b.

    Parameters
    ----------
    w : (1, n0)
    b : (1, 1)
    x : (n0, 1)

    Returns
    -------
    (1, 1)

    Notes
    -----
    Equation one_example.z; sources S2.1, S2.2, S4.1. Where w is a column this is w^T x + b (S2.15).
    """
    return w @ x + b


def a(z: Array) -> Array:
    """Return the neuron's activation, a = σ(z).

    Parameters
    ----------
    z : (1, 1)

    Returns
    -------
    (1, 1), between 0 and 1

    Notes
    -----
    Equation activations.sigmoid; sources S0.4, S2.2, S4.1; erratum E7.
    """
    return sigmoid(z)


def loss(a: Array, y: Array) -> Array:
    """Return the loss, L = -y log a - (1 - y) log(1 - a).

    Parameters
    ----------
    a : (n, 1), strictly between 0 and 1
    y : (n, 1), labels 0 or 1

    Returns
    -------
    (n, 1), one loss for each output unit

    Notes
    -----
    Equation losses.bce_loss; sources S0.3, S4.1.
    """
    return bce_loss(a, y)


def da(a: Array, y: Array) -> Array:
    """Return ∂L/∂a, da = -y/a + (1-y)/(1-a).

    Parameters
    ----------
    a : (1, 1), strictly between 0 and 1
    y : (1, 1), label 0 or 1

    Returns
    -------
    (1, 1)

    Notes
    -----
    Equation one_example.da; source S0.3.
    """
    return bce_prime(a, y)


def dz(a: Array, y: Array) -> Array:
    """Return ∂L/∂z, dz = a - y.

    Parameters
    ----------
    a : (1, 1)
    y : (1, 1), label 0 or 1

    Returns
    -------
    (1, 1)

    Notes
    -----
    Equation one_example.dz; sources S0.5, S4.1, S4.2; erratum E21. The fractions of da and of σ' cancel.
    """
    return a - y


def dw(dz: Array, x: Array) -> Array:
    """Return ∂L/∂w, dw = dz x^T.

    Parameters
    ----------
    dz : (1, 1)
    x : (n0, 1)

    Returns
    -------
    (1, n0)

    Notes
    -----
    Equation one_example.dw; sources S0.5, S4.1. Where w is a column, so is this: x (a - y).
    """
    return dz @ x.T


def db(dz: Array) -> Array:
    """Return ∂L/∂b, db = dz.

    Parameters
    ----------
    dz : (1, 1)

    Returns
    -------
    (1, 1)

    Notes
    -----
    Equation one_example.db2, of a single neuron; sources S0.5, S0.13, S4.1.
    """
    return dz


def da2(a2: Array, y: Array) -> Array:
    """Return ∂L/∂a2, da2 = -y/a2 + (1-y)/(1-a2).

    Parameters
    ----------
    a2 : (n2, 1), strictly between 0 and 1
    y : (n2, 1), labels 0 or 1

    Returns
    -------
    (n2, 1)

    Notes
    -----
    Equation one_example.da2; sources S0.3, S0.5.
    """
    return bce_prime(a2, y)


def dz2(a2: Array, y: Array) -> Array:
    """Return ∂L/∂z2, dz2 = a2 - y.

    Parameters
    ----------
    a2 : (n2, 1)
    y : (n2, 1), labels 0 or 1

    Returns
    -------
    (n2, 1)

    Notes
    -----
    Equation one_example.dz2; source S0.5; erratum E33.
    """
    return a2 - y


def dw2(dz2: Array, a1: Array) -> Array:
    """Return ∂L/∂w2, dw2 = dz2 a1^T: an outer product.

    Parameters
    ----------
    dz2 : (n2, 1)
    a1 : (n1, 1)

    Returns
    -------
    (n2, n1)

    Notes
    -----
    Equation one_example.dw2; sources S0.5, S1.1, S2.9.
    """
    return dz2 @ a1.T


def db2(dz2: Array) -> Array:
    """Return ∂L/∂b2, db2 = dz2.

    Parameters
    ----------
    dz2 : (n2, 1)

    Returns
    -------
    (n2, 1)

    Notes
    -----
    Equation one_example.db2; sources S0.5, S0.13, S2.9.
    """
    return dz2


def da1(w2: Array, dz2: Array) -> Array:
    """Return ∂L/∂a1, da1 = w2^T dz2.

    Parameters
    ----------
    w2 : (n2, n1)
    dz2 : (n2, 1)

    Returns
    -------
    (n1, 1)

    Notes
    -----
    Equation one_example.da1; sources S0.7, S2.9.
    """
    return w2.T @ dz2


def dz1(da1: Array, z1: Array) -> Array:
    """Return ∂L/∂z1, dz1 = da1 * tanh'(z1).

    Parameters
    ----------
    da1 : (n1, 1)
    z1 : (n1, 1)

    Returns
    -------
    (n1, 1)

    Notes
    -----
    Equation one_example.dz1; sources S0.7, S1.3, S2.9; erratum E8.
    """
    return da1 * tanh_prime(z1)


def dw1(dz1: Array, x: Array) -> Array:
    """Return ∂L/∂w1, dw1 = dz1 x^T: an outer product.

    Parameters
    ----------
    dz1 : (n1, 1)
    x : (n0, 1)

    Returns
    -------
    (n1, n0)

    Notes
    -----
    Equation one_example.dw1; sources S0.7, S0.12, S1.1, S2.9; errata E28, E30. The derivative of the vector z1 by the
    matrix w1 is an array with three indices, of which nearly all entries are zero; what is left is this product.
    """
    return dz1 @ x.T


def db1(dz1: Array) -> Array:
    """Return ∂L/∂b1, db1 = dz1.

    Parameters
    ----------
    dz1 : (n1, 1)

    Returns
    -------
    (n1, 1)

    Notes
    -----
    Equation one_example.db1; sources S0.7, S0.13, S2.9; errata E5, E34. The derivative of z1 by b1 is the identity.
    """
    return dz1


def dw_entry(dz: Array, a_prev: Array, i: int, j: int) -> Array:
    """Return ∂L/∂w_rs, one entry: dz_r a_s.

    Parameters
    ----------
    dz : (n, 1)
    a_prev : (n_prev, 1)
    i : integer, row of the weight, r counted from 0: the unit that it leads to
    j : integer, column of the weight, s counted from 0: the unit that it comes from

    Returns
    -------
    scalar

    Raises
    ------
    IndexError
        If there is no such row or column (by numpy).

    Notes
    -----
    Equation one_example.dw_entry; sources S1.1, S2.9. In the sum over all z_i and all a_k only i = r, k = s survive.
    """
    return dz[i, 0] * a_prev[j, 0]
