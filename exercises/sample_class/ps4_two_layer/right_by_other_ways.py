"""All right, by other ways: loops over examples, einsum, mean, np.dot, another form of the same formula."""

import numpy as np


def compute_cost(A2, Y):
    total = 0.0
    for j in range(Y.shape[1]):
        for i in range(Y.shape[0]):
            total -= np.log(A2[i, j] if Y[i, j] == 1 else 1 - A2[i, j])
    return total / Y.shape[1]


def compute_dA2(A2, Y):
    return (A2 - Y) / (A2 * (1 - A2))


def compute_dZ2(A2, Y):
    return compute_dA2(A2, Y) * A2 * (1 - A2)


def compute_dW2(dZ2, A1):
    return np.einsum("ij,kj->ik", dZ2, A1) / dZ2.shape[1]


def compute_db2(dZ2):
    return np.mean(dZ2, axis=1, keepdims=True)


def compute_dA1(W2, dZ2):
    dA1 = np.zeros((W2.shape[1], dZ2.shape[1]))
    for j in range(dZ2.shape[1]):
        dA1[:, j] = W2.T.dot(dZ2[:, j])
    return dA1


def compute_dZ1(dA1, Z1):
    return np.multiply(dA1, 1 / np.cosh(Z1) ** 2)


def compute_dW1(dZ1, X):
    return np.mean([np.outer(dZ1[:, j], X[:, j]) for j in range(X.shape[1])], axis=0)


def compute_db1(dZ1):
    m = dZ1.shape[1]
    return np.dot(dZ1, np.ones((m, 1))) / m


def backward_propagation(parameters, cache, X, Y):
    m = X.shape[1]
    delta2 = (cache["A2"] - Y) / m
    delta1 = parameters["W2"].T @ delta2 * (1 - cache["A1"] ** 2)
    return {
        "dW1": delta1 @ X.T,
        "db1": delta1.sum(axis=1, keepdims=True),
        "dW2": delta2 @ cache["A1"].T,
        "db2": delta2.sum(axis=1, keepdims=True),
    }
