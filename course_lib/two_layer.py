"""The two-layer network: tanh hidden units, sigmoid outputs, binary cross-entropy, m examples in columns.

Shapes: X (n0, m), W1 (n1, n0), b1 (n1, 1), W2 (n2, n1), b2 (n2, 1), Y (n2, m). The input is not counted as a layer.
The eight backward equations come first to last as they are derived: layer 2, then layer 1.
"""

import numpy as np

from course_lib.activations import sigmoid, tanh, tanh_prime
from course_lib.arrays import Array, Parameters
from course_lib.losses import bce_loss, bce_prime
from course_lib.validation import check_labels, check_matrix, check_parameters


def Z1(W1: Array, b1: Array, X: Array) -> Array:
    """Return the hidden layer's weighted input, Z1 = W1 X + b1 1^T.

    Parameters
    ----------
    W1 : (n1, n0)
    b1 : (n1, 1), added to every column
    X : (n0, m)

    Returns
    -------
    (n1, m)

    Raises
    ------
    ValueError
        If the shapes do not fit (by numpy).

    Notes
    -----
    Equation two_layer.Z1; sources S2.2, S2.5, S3.1.
    """
    return W1 @ X + b1


def A1(Z1: Array) -> Array:
    """Return the hidden activations, A1 = tanh(Z1).

    Parameters
    ----------
    Z1 : (n1, m)

    Returns
    -------
    (n1, m)

    Notes
    -----
    Equation two_layer.A1; sources S2.2, S2.5, S3.1; erratum E32.
    """
    return tanh(Z1)


def Z2(W2: Array, b2: Array, A1: Array) -> Array:
    """Return the output layer's weighted input, Z2 = W2 A1 + b2 1^T.

    Parameters
    ----------
    W2 : (n2, n1)
    b2 : (n2, 1), added to every column
    A1 : (n1, m)

    Returns
    -------
    (n2, m)

    Raises
    ------
    ValueError
        If the shapes do not fit (by numpy).

    Notes
    -----
    Equation two_layer.Z2; sources S2.2, S2.5, S3.1. The bias has n2 rows (erratum E10).
    """
    return W2 @ A1 + b2


def A2(Z2: Array) -> Array:
    """Return the network's output, A2 = σ(Z2).

    Parameters
    ----------
    Z2 : (n2, m)

    Returns
    -------
    (n2, m), between 0 and 1

    Notes
    -----
    Equation two_layer.A2; sources S2.2, S2.5, S3.1; erratum E7.
    """
    return sigmoid(Z2)


def cost(A2: Array, Y: Array) -> Array:
    """Return the cost: losses summed over output units, averaged over examples.

    J = 1/m Σ_j Σ_i L(a_ij, y_ij)

    Parameters
    ----------
    A2 : (n2, m), strictly between 0 and 1
    Y : (n2, m), labels 0 or 1

    Returns
    -------
    scalar

    Notes
    -----
    Equation two_layer.cost; sources S0.2, S0.3, S3.2; errata E21, E37, and E22: the 1/m must not get lost.
    """
    return np.sum(bce_loss(A2, Y)) / Y.shape[1]


def dA2(A2: Array, Y: Array) -> Array:
    """Return the loss gradient at the output, dA2 = -Y/A2 + (1-Y)/(1-A2).

    Parameters
    ----------
    A2 : (n2, m), strictly between 0 and 1
    Y : (n2, m), labels 0 or 1

    Returns
    -------
    (n2, m), column j is ∂L_j/∂a2 of example j

    Notes
    -----
    Equation two_layer.dA2; sources S0.3, S0.6.
    """
    return bce_prime(A2, Y)


def dZ2(A2: Array, Y: Array) -> Array:
    """Return the loss gradient before the sigmoid, dZ2 = A2 - Y.

    Parameters
    ----------
    A2 : (n2, m)
    Y : (n2, m), labels 0 or 1

    Returns
    -------
    (n2, m), column j is ∂L_j/∂z2 of example j: no 1/m (errata E20, E33)

    Notes
    -----
    Equation two_layer.dZ2; sources S0.5, S0.6, S2.10. It needs the sigmoid together with the cross-entropy.
    """
    return A2 - Y


def dW2(dZ2: Array, A1: Array) -> Array:
    """Return the cost gradient of the output weights, dW2 = 1/m dZ2 A1^T.

    Parameters
    ----------
    dZ2 : (n2, m)
    A1 : (n1, m)

    Returns
    -------
    (n2, n1), the gradient ∂J/∂W2

    Raises
    ------
    ValueError
        If dZ2 and A1 have different numbers of columns (by numpy).

    Notes
    -----
    Equation two_layer.dW2; sources S0.6, S1.2, S2.10, S4.4; errata E17, E31.
    """
    return dZ2 @ A1.T / dZ2.shape[1]


def db2(dZ2: Array) -> Array:
    """Return the cost gradient of the output biases, db2 = 1/m dZ2 1.

    Parameters
    ----------
    dZ2 : (n2, m)

    Returns
    -------
    (n2, 1), the gradient ∂J/∂b2

    Notes
    -----
    Equation two_layer.db2; sources S0.6, S1.6, S2.10, S4.4; errata E4, E9, E16, E42.
    """
    return np.sum(dZ2, axis=1, keepdims=True) / dZ2.shape[1]


def dA1(W2: Array, dZ2: Array) -> Array:
    """Return the loss gradient at the hidden units, dA1 = W2^T dZ2.

    Parameters
    ----------
    W2 : (n2, n1)
    dZ2 : (n2, m)

    Returns
    -------
    (n1, m), column j is ∂L_j/∂a1 of example j

    Raises
    ------
    ValueError
        If W2 and dZ2 have different numbers of rows (by numpy).

    Notes
    -----
    Equation two_layer.dA1; sources S0.8, S1.4, S4.4; errata E1, E15.
    """
    return W2.T @ dZ2


def dZ1(dA1: Array, Z1: Array) -> Array:
    """Return the loss gradient before the tanh, dZ1 = dA1 * tanh'(Z1).

    Parameters
    ----------
    dA1 : (n1, m)
    Z1 : (n1, m)

    Returns
    -------
    (n1, m), column j is ∂L_j/∂z1 of example j

    Notes
    -----
    Equation two_layer.dZ1; sources S0.8, S1.3, S1.5, S2.10, S4.4; errata E2, E8.
    """
    return dA1 * tanh_prime(Z1)


def dW1(dZ1: Array, X: Array) -> Array:
    """Return the cost gradient of the hidden weights, dW1 = 1/m dZ1 X^T.

    Parameters
    ----------
    dZ1 : (n1, m)
    X : (n0, m)

    Returns
    -------
    (n1, n0), the gradient ∂J/∂W1

    Raises
    ------
    ValueError
        If dZ1 and X have different numbers of columns (by numpy).

    Notes
    -----
    Equation two_layer.dW1; sources S0.8, S1.2, S2.10, S4.4; errata E3, E24, E28, E30.
    """
    return dZ1 @ X.T / dZ1.shape[1]


def db1(dZ1: Array) -> Array:
    """Return the cost gradient of the hidden biases, db1 = 1/m dZ1 1.

    Parameters
    ----------
    dZ1 : (n1, m)

    Returns
    -------
    (n1, 1), the gradient ∂J/∂b1

    Notes
    -----
    Equation two_layer.db1; sources S0.8, S0.13, S1.6, S2.10, S4.4; errata E4, E5, E23, E34.
    """
    return np.sum(dZ1, axis=1, keepdims=True) / dZ1.shape[1]


def _check_input(X: Array, parameters: Parameters) -> None:
    """Check, once at the network's door, that the parameters are those of two layers and that X fits them."""
    sizes = check_parameters(parameters)
    if len(sizes) != 3:
        raise ValueError(f"parameters must be W1, b1, W2 and b2, not {', '.join(parameters)}")
    check_matrix("X", X, rows=sizes[0])


def forward_propagation(X: Array, parameters: Parameters) -> tuple[Array, dict[str, Array]]:
    """Run the network forwards.

    Parameters
    ----------
    X : (n0, m)
    parameters : {"W1": (n1, n0), "b1": (n1, 1), "W2": (n2, n1), "b2": (n2, 1)}

    Returns
    -------
    A2 : (n2, m)
    cache : {"Z1": (n1, m), "A1": (n1, m), "Z2": (n2, m), "A2": (n2, m)}

    Raises
    ------
    ValueError
        If a parameter is missing or has another name, or an array is empty, not finite or of a shape that does not fit.

    Notes
    -----
    Equation two_layer.forward_propagation; sources S2.2, S2.5, S3.1.
    """
    _check_input(X, parameters)
    hidden_input = Z1(parameters["W1"], parameters["b1"], X)
    hidden = A1(hidden_input)
    output_input = Z2(parameters["W2"], parameters["b2"], hidden)
    output = A2(output_input)
    return output, {"Z1": hidden_input, "A1": hidden, "Z2": output_input, "A2": output}


def backward_propagation(parameters: Parameters, cache: Parameters, X: Array, Y: Array) -> dict[str, Array]:
    """Run the network backwards: the gradient of the cost by every parameter.

    Parameters
    ----------
    parameters : {"W1": (n1, n0), "b1": (n1, 1), "W2": (n2, n1), "b2": (n2, 1)}
    cache : {"Z1": (n1, m), "A1": (n1, m), "Z2": (n2, m), "A2": (n2, m)}, from `forward_propagation`
    X : (n0, m)
    Y : (n2, m), labels 0 or 1

    Returns
    -------
    {"dW1": (n1, n0), "db1": (n1, 1), "dW2": (n2, n1), "db2": (n2, 1)}

    Raises
    ------
    ValueError
        If Y is not of the output's shape or holds anything but labels, or the other shapes do not fit (by numpy).

    Notes
    -----
    Equation two_layer.backward_propagation; sources S0.6, S0.8, S2.10, S3.4, S4.4; errata E1, E2, E3. δ is dZ.
    """
    outputs, examples = cache["A2"].shape
    check_labels(Y, outputs, examples, "bce")
    delta2 = dZ2(cache["A2"], Y)
    delta1 = dZ1(dA1(parameters["W2"], delta2), cache["Z1"])
    return {"dW1": dW1(delta1, X), "db1": db1(delta1), "dW2": dW2(delta2, cache["A1"]), "db2": db2(delta2)}
