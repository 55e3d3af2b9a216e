"""Right answers to ps2, written in other ways than the solution."""

import math
from typing import Any, NamedTuple

import numpy as np

from course_lib import activations


def relu_in_place(z):
    z[z < 0] = 0
    return z


def relu_by_loops(z):
    out = np.array(z, copy=True)
    for index in np.ndindex(z.shape):
        if out[index] < 0:
            out[index] = 0
    return out


def relu_prime_by_masks(z):
    slope = np.zeros_like(z)
    slope[z > 0] = 1
    return slope


def leaky_by_masks(z, slope=0.01):
    out = z.copy()
    out[z < 0] *= slope
    return out


def leaky_prime_by_masks(z, slope=0.01):
    out = np.ones_like(z)
    out[z < 0] = slope
    return out


def noisy(z):
    import warnings

    print("a print costs nothing")
    warnings.warn("neither does a warning", stacklevel=1)
    np.log(np.zeros(1))
    return np.maximum(z, 0)


def collapse_side_by_side(W1, b1, W2, b2):
    both = W2 @ np.hstack([W1, b1])
    return both[:, :-1], both[:, -1:] + b2


class Layer(NamedTuple):
    W: Any
    b: Any


def collapse_by_loops(W1, b1, W2, b2):
    W, b = np.zeros((len(W2), W1.shape[1])), b2.copy()
    for i in range(len(W2)):
        for k in range(len(W1)):
            b[i, 0] += W2[i, k] * b1[k, 0]
            for j in range(W1.shape[1]):
                W[i, j] += W2[i, k] * W1[k, j]
    return W, b


def collapse_by_probing(W1, b1, W2, b2):
    b = W2 @ (W1 @ np.zeros((W1.shape[1], 1)) + b1) + b2
    return W2 @ (W1 @ np.eye(W1.shape[1]) + b1) + b2 - b, b


VARIANTS = [
    ("tanh_prime", lambda z: 1 / np.cosh(z) ** 2),
    ("tanh_prime", lambda z: (1 - np.tanh(z)) * (1 + np.tanh(z))),
    ("tanh_prime", lambda z: 1 - np.square(np.tanh(z))),
    ("tanh_prime", lambda z: 4 * activations.sigmoid_prime(2 * z)),
    ("tanh_prime", lambda z: (np.tanh(z + 1e-6) - np.tanh(z - 1e-6)) / 2e-6),
    ("tanh_prime", lambda z: 1 - ((np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))) ** 2),
    ("tanh_prime", lambda z: np.array([1 - math.tanh(x) ** 2 for x in z.ravel()]).reshape(z.shape)),
    ("tanh_prime", lambda z: 1 - np.tanh(z.astype(np.float32)) ** 2),
    ("relu", lambda z: np.maximum(z, 0)),
    ("relu", lambda z: z * (z > 0)),
    ("relu", lambda z: (np.abs(z) + z) / 2),
    ("relu", lambda z: np.where(z > 0, z, 0)),
    ("relu", lambda z: np.clip(z, 0, None)),
    ("relu", np.vectorize(lambda z: z if z > 0 else 0.0)),
    ("relu", relu_in_place),
    ("relu", relu_by_loops),
    ("relu", noisy),
    ("relu_prime", lambda z: z > 0),
    ("relu_prime", lambda z: z >= 0),
    ("relu_prime", lambda z: (z > 0).astype(int)),
    ("relu_prime", lambda z: np.heaviside(z, 0.5)),
    ("relu_prime", lambda z: (1 + np.sign(z)) / 2),
    ("relu_prime", lambda z: np.where(z <= 0, 0, 1)),
    ("relu_prime", lambda z: (np.maximum(z + 1e-5, 0) - np.maximum(z - 1e-5, 0)) / 2e-5),
    ("relu_prime", lambda z: np.maximum(np.sign(z), 0)),
    ("relu_prime", relu_prime_by_masks),
    ("leaky_relu", lambda z, slope=0.01: np.maximum(slope * z, z)),
    ("leaky_relu", lambda z, slope=0.01: np.maximum(0, z) + slope * np.minimum(0, z)),
    ("leaky_relu", lambda z, slope=0.01: z * np.where(z >= 0, 1, slope)),
    ("leaky_relu", lambda z, slope=0.01: np.where(z < 0, z * slope, z)),
    ("leaky_relu", lambda z, slope=0.01, scale=1: scale * np.maximum(slope * z, z)),
    ("leaky_relu", lambda z, alpha=0.01: np.maximum(alpha * z, z)),
    ("leaky_relu", leaky_by_masks),
    ("leaky_relu_prime", lambda z, slope=0.01: np.where(z >= 0, 1, slope)),
    ("leaky_relu_prime", lambda z, slope=0.01: (z > 0) + slope * (z <= 0)),
    ("leaky_relu_prime", lambda z, slope=0.01: slope + (1 - slope) * (z > 0)),
    ("leaky_relu_prime", lambda z, slope=0.01: np.where(z == 0, (1 + slope) / 2, np.where(z > 0, 1.0, slope))),
    ("leaky_relu_prime", lambda z, slope=0.01: np.maximum(z > 0, slope)),
    ("leaky_relu_prime", leaky_prime_by_masks),
    ("collapse_linear", lambda W1, b1, W2, b2: [np.dot(W2, W1), np.dot(W2, b1) + b2]),
    ("collapse_linear", lambda W1, b1, W2, b2: Layer((W1.T @ W2.T).T, b2 + (b1.T @ W2.T).T)),
    ("collapse_linear", lambda W1, b1, W2, b2: (np.einsum("ik,kj->ij", W2, W1), np.einsum("ik,kj->ij", W2, b1) + b2)),
    ("collapse_linear", lambda W1, b1, W2, b2: (np.matrix(W2) * W1, np.matrix(W2) * b1 + b2)),
    ("collapse_linear", collapse_side_by_side),
    ("collapse_linear", collapse_by_loops),
    ("collapse_linear", collapse_by_probing),
]
