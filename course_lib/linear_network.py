"""A network without activation functions: however many layers it has, it is one layer."""

from course_lib.arrays import Array


def collapse_linear(W1: Array, b1: Array, W2: Array, b2: Array) -> tuple[Array, Array]:
    """Return the one layer that is equal to two layers without activation functions.

    W2 (W1 x + b1) + b2 = W x + b with W = W2 W1 and b = W2 b1 + b2

    Parameters
    ----------
    W1 : (n1, n0)
    b1 : (n1, 1)
    W2 : (n2, n1)
    b2 : (n2, 1)

    Returns
    -------
    W : (n2, n0)
    b : (n2, 1)

    Raises
    ------
    ValueError
        If the shapes do not fit (by numpy).

    Notes
    -----
    Equation linear_network.collapse_linear; source S2.8.
    """
    return W2 @ W1, W2 @ b1 + b2
