"""The same results with explicit loops: as the derivations have them, one example or one entry after the other.

Slow, and meant to be: what the loops say with indices, the equations of `two_layer`, `batch` and `deep` say with matrix
products, and the benchmarks measure what the difference costs.
"""

import numpy as np

from course_lib import one_example
from course_lib.activations import sigmoid, tanh
from course_lib.arrays import Array, Parameters


def Z_by_entries(W: Array, b: Array, A_prev: Array) -> Array:
    """Return a layer's weighted input entry by entry, z_ij = Σ_k w_ik a_kj + b_i.

    Parameters
    ----------
    W : (n, n_prev)
    b : (n, 1)
    A_prev : (n_prev, m)

    Returns
    -------
    (n, m)

    Notes
    -----
    Sources S2.2, S2.5.
    """
    (n, n_prev), m = W.shape, A_prev.shape[1]
    Z = np.empty((n, m), np.result_type(W, b, A_prev))
    for i in range(n):
        for j in range(m):
            Z[i, j] = sum(W[i, k] * A_prev[k, j] for k in range(n_prev)) + b[i, 0]
    return Z


def dW_by_entries(dZ: Array, A_prev: Array) -> Array:
    """Return the cost gradient of the weights entry by entry, dw_ik = 1/m Σ_j dz_ij a_kj.

    Parameters
    ----------
    dZ : (n, m)
    A_prev : (n_prev, m)

    Returns
    -------
    (n, n_prev)

    Notes
    -----
    Sources S1.1, S1.2.
    """
    (n, m), n_prev = dZ.shape, A_prev.shape[0]
    dW = np.empty((n, n_prev), np.result_type(dZ, A_prev))
    for i in range(n):
        for k in range(n_prev):
            dW[i, k] = sum(one_example.dw_entry(dZ[:, [j]], A_prev[:, [j]], i, k) for j in range(m)) / m
    return dW


def dA_prev_by_entries(W: Array, dZ: Array) -> Array:
    """Return the loss gradients one layer down entry by entry, da_kj = Σ_i w_ik dz_ij: all paths from unit k.

    Parameters
    ----------
    W : (n, n_prev)
    dZ : (n, m)

    Returns
    -------
    (n_prev, m)

    Notes
    -----
    Sources S1.3, S1.4.
    """
    (n, n_prev), m = W.shape, dZ.shape[1]
    dA_prev = np.empty((n_prev, m), np.result_type(W, dZ))
    for k in range(n_prev):
        for j in range(m):
            dA_prev[k, j] = sum(W[i, k] * dZ[i, j] for i in range(n))
    return dA_prev


def propagate(w: Array, b: Array | float, X: Array, Y: Array) -> tuple[dict[str, Array], float]:
    """Run the neuron forwards and backwards one example after the other, and average: `batch.propagate` as a loop.

    Parameters
    ----------
    w : (1, n0)
    b : (1, 1) or a number
    X : (n0, m)
    Y : (1, m), labels 0 or 1

    Returns
    -------
    grads : {"dw": (1, n0), "db": (1, 1)}
    cost : number

    Notes
    -----
    Sources S0.1, S0.2, S4.1.
    """
    m = X.shape[1]
    dw, db, cost = np.zeros_like(w), np.zeros_like(w, shape=(1, 1)), 0.0
    for j in range(m):
        x, y = X[:, [j]], Y[:, [j]]
        a = one_example.a(one_example.z(w, np.asarray(b), x))
        dz = one_example.dz(a, y)
        dw += one_example.dw(dz, x) / m
        db += one_example.db(dz) / m
        cost += one_example.loss(a, y)[0, 0] / m
    return {"dw": dw, "db": db}, cost


def gradients(X: Array, Y: Array, parameters: Parameters) -> dict[str, Array]:
    """Run the two-layer network forwards and backwards one example after the other, and average the gradients.

    Parameters
    ----------
    X : (n0, m)
    Y : (n2, m), labels 0 or 1
    parameters : {"W1": (n1, n0), "b1": (n1, 1), "W2": (n2, n1), "b2": (n2, 1)}

    Returns
    -------
    {"dW1": (n1, n0), "db1": (n1, 1), "dW2": (n2, n1), "db2": (n2, 1)}

    Notes
    -----
    Sources S0.1, S0.2, S0.5, S0.7, S2.10.
    """
    W1, b1, W2, b2 = (parameters[name] for name in ("W1", "b1", "W2", "b2"))
    m = X.shape[1]
    grads = {"d" + name: np.zeros_like(parameters[name]) for name in ("W1", "b1", "W2", "b2")}
    for j in range(m):
        x, y = X[:, [j]], Y[:, [j]]
        z1 = one_example.z(W1, b1, x)
        a1 = tanh(z1)
        a2 = sigmoid(one_example.z(W2, b2, a1))
        dz2 = one_example.dz2(a2, y)
        dz1 = one_example.dz1(one_example.da1(W2, dz2), z1)
        grads["dW1"] += one_example.dw1(dz1, x) / m
        grads["db1"] += one_example.db1(dz1) / m
        grads["dW2"] += one_example.dw2(dz2, a1) / m
        grads["db2"] += one_example.db2(dz2) / m
    return grads
