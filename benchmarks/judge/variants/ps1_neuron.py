"""Right answers to ps1, written in other ways than the solution."""

import math
from collections import OrderedDict

import numpy as np

from course_lib import batch
from course_lib.activations import sigmoid
from course_lib.gradient_checking import central_difference
from course_lib.losses import bce_loss


def sigmoid_by_masks(z):
    out = np.empty_like(z)
    positive = z >= 0
    out[positive] = 1 / (1 + np.exp(-z[positive]))
    out[~positive] = np.exp(z[~positive]) / (1 + np.exp(z[~positive]))
    return out


def sigmoid_by_loops(z):
    out = np.zeros(z.shape)
    for index in np.ndindex(z.shape):
        out[index] = 1 / (1 + math.exp(-z[index])) if z[index] > -700 else 0.0
    return out


def loss_by_cases(a, y):
    losses = np.log(1 - a)
    losses[y == 1] = np.log(a)[y == 1]
    return np.negative(losses, out=losses)


def dw_by_loops(dz, x):
    dw = np.zeros((1, x.shape[0]))
    for k in range(x.shape[0]):
        dw[0, k] = dz[0, 0] * x[k, 0]
    return dw


def dW_by_loops(dZ, X):
    dW = np.zeros((1, len(X)))
    for j in range(X.shape[1]):
        for k in range(len(X)):
            dW[0, k] += dZ[0, j] * X[k, j]
    return dW / X.shape[1]


def dW_by_central_differences(dZ, X):
    return central_difference(lambda w: np.sum(dZ * (w @ X)) / X.shape[1], np.zeros((1, len(X))))


def db_in_place(dZ):
    dZ /= dZ.shape[1]
    return dZ.sum(axis=1, keepdims=True)


def noisy(dZ):
    import warnings

    print("a print costs nothing")
    warnings.warn("neither does a warning", stacklevel=1)
    np.log(np.zeros(1))
    return np.mean(dZ, axis=1, keepdims=True)


def propagate(w, b, X, Y):
    A = 1 / (1 + np.exp(-(np.dot(w, X) + b)))
    m = X.shape[1]
    cost = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
    return {"dw": np.dot(A - Y, X.T) / m, "db": np.sum(A - Y) / m}, np.squeeze(cost)


def propagate_with_more_keys(w, b, X, Y):
    grads, cost = batch.propagate(w, b, X, Y)
    return [OrderedDict(db=grads["db"], dw=grads["dw"], dZ=batch.forward(w, b, X) - Y), cost]


VARIANTS = [
    ("sigmoid", lambda z: 1 / (1 + np.exp(-z))),
    ("sigmoid", lambda z: 1.0 / (1.0 + np.e ** (-z))),
    ("sigmoid", lambda z: 0.5 * (1 + np.tanh(z / 2))),
    ("sigmoid", lambda z: np.exp(-np.logaddexp(0, -z))),
    ("sigmoid", lambda z: np.where(z > 0, 1 / (1 + np.exp(-z)), np.exp(np.minimum(z, 0)) / (1 + np.exp(z)))),
    ("sigmoid", lambda z: 1 / (1 + np.exp(-np.clip(z, -500, 500)))),
    ("sigmoid", lambda z: 1 / (1 + np.exp(-z.astype(np.float32)))),
    ("sigmoid", sigmoid_by_masks),
    ("sigmoid", sigmoid_by_loops),
    ("sigmoid", np.vectorize(lambda z: 1 / (1 + np.exp(-z)))),
    ("sigmoid_prime", lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2),
    ("sigmoid_prime", lambda z: sigmoid(z) - sigmoid(z) ** 2),
    ("sigmoid_prime", lambda z: 1 / (2 + np.exp(z) + np.exp(-z))),
    ("sigmoid_prime", lambda z: (sigmoid(z + 1e-6) - sigmoid(z - 1e-6)) / 2e-6),
    ("sigmoid_prime", lambda z, scale=1: scale * np.multiply(sigmoid(z), sigmoid(-z))),
    ("bce_loss", lambda a, y: -(y * np.log(a) + (1 - y) * np.log(1 - a))),
    ("bce_loss", lambda a, y: -np.log(np.where(y == 1, a, 1 - a))),
    ("bce_loss", lambda a, y: -np.log(np.where(y.astype(bool), a, 1 - a))),
    ("bce_loss", lambda a, y: -np.log(a**y * (1 - a) ** (1 - y))),
    ("bce_loss", lambda a, y: -y * np.log(a + 1e-15) - (1 - y) * np.log1p(-a)),
    ("bce_loss", lambda a, y: np.logaddexp(0, np.log(a / (1 - a))) - y * np.log(a / (1 - a))),
    ("bce_loss", loss_by_cases),
    ("compute_da", lambda a, y: (a - y) / (a * (1 - a))),
    ("compute_da", lambda a, y: -(y / a) + (1 - y) / (1 - a)),
    ("compute_da", lambda a, y: (1 - y) / (1 - a) - np.divide(y, a)),
    ("compute_da", lambda a, y: np.where(y == 1, -1 / a, 1 / (1 - a))),
    ("compute_da", lambda a, y: -1 / a[0, 0] if y[0, 0] == 1 else 1 / (1 - a[0, 0])),
    ("compute_dz", lambda a, y: -(y - a)),
    ("compute_dz", lambda a, y: float(a[0, 0]) - int(y[0, 0])),
    ("compute_dz", lambda a, y: np.subtract(a, y, out=a)),
    ("compute_dz", lambda a, y: -y * (1 - a) + (1 - y) * a),
    ("compute_dz", lambda a, y: np.clip(a, 1e-15, 1 - 1e-15) - y),
    ("compute_dw", lambda dz, x: dz * x.T),
    ("compute_dw", lambda dz, x: np.outer(dz, x)),
    ("compute_dw", lambda dz, x: (x @ dz).T),
    ("compute_dw", lambda dz, x: np.einsum("ij,kj->ik", dz, x)),
    ("compute_dw", lambda dz, x: np.matrix(dz) * np.matrix(x).T),
    ("compute_dw", lambda dz, x: (dz[0] * x).reshape(1, -1)),
    ("compute_dw", dw_by_loops),
    ("forward", lambda w, b, X: 1 / (1 + np.exp(-np.dot(w, X) - b))),
    ("forward", lambda w, b, X: sigmoid((X.T @ w.T).T + b)),
    ("forward", lambda w, b, X: sigmoid(np.einsum("ik,kj->ij", w, X) + b)),
    ("forward", lambda w, b, X: np.array([[sigmoid(np.sum(w[0] * x) + np.squeeze(b)) for x in X.T]])),
    ("forward", lambda w, b, X: sigmoid(np.hstack([w, np.reshape(b, (1, 1))]) @ np.vstack([X, np.ones(X.shape[1])]))),
    ("compute_cost", lambda A, Y: np.mean(bce_loss(A, Y))),
    ("compute_cost", lambda A, Y: np.mean(bce_loss(A, Y), axis=1, keepdims=True)),
    ("compute_cost", lambda A, Y: -(Y @ np.log(A).T + (1 - Y) @ np.log(1 - A).T) / A.size),
    (
        "compute_cost",
        lambda A, Y: sum(-math.log(a if y else 1 - a) for a, y in zip(A[0], Y[0], strict=True)) / A.size,
    ),
    ("compute_dW", lambda dZ, X: np.mean(dZ * X, axis=1).reshape(1, -1)),
    ("compute_dW", lambda dZ, X: np.mean(dZ * X, axis=1, keepdims=True).T),
    ("compute_dW", lambda dZ, X: 1 / dZ.shape[1] * np.dot(dZ, X.T)),
    ("compute_dW", lambda dZ, X: (X @ dZ.T).T / dZ.size),
    ("compute_dW", lambda dZ, X: dZ.astype(np.float32) @ X.T.astype(np.float32) / np.float32(X.shape[1])),
    ("compute_dW", dW_by_loops),
    ("compute_dW", dW_by_central_differences),
    ("compute_db", lambda dZ: np.mean(dZ)),
    ("compute_db", lambda dZ: np.sum(dZ) / dZ.shape[1]),
    ("compute_db", lambda dZ: np.mean(dZ, axis=1)),
    ("compute_db", lambda dZ: dZ @ np.full((dZ.shape[1], 1), 1 / dZ.shape[1])),
    ("compute_db", lambda dZ: float(sum(dZ[0]) / len(dZ[0]))),
    ("compute_db", db_in_place),
    ("compute_db", noisy),
    ("propagate", propagate),
    ("propagate", propagate_with_more_keys),
]
