"""Layer 2 is written, layer 1 and all that comes after it is not."""

import numpy as np

STARTS_FROM = "release"


def forward_propagation(X, parameters):
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = np.tanh(Z1)
    Z2 = parameters["W2"] @ A1 + parameters["b2"]
    A2 = 1 / (1 + np.exp(-Z2))
    return A2, {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}


def compute_cost(A2, Y):
    return np.sum(-Y * np.log(A2) - (1 - Y) * np.log(1 - A2)) / Y.shape[1]


def compute_dA2(A2, Y):
    return -Y / A2 + (1 - Y) / (1 - A2)


def compute_dZ2(A2, Y):
    return A2 - Y


def compute_dW2(dZ2, A1):
    return dZ2 @ A1.T / dZ2.shape[1]


def compute_db2(dZ2):
    return np.sum(dZ2, axis=1, keepdims=True) / dZ2.shape[1]
