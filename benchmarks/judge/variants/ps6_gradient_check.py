"""Right answers to ps6, written in other ways than the solution."""

import math
import random

import numpy as np

from course_lib.gradient_checking import central_difference, complex_step, relative_error
from course_lib.initialization import he


def slopes_flat(f, theta, epsilon=1e-5):
    steps = epsilon * np.eye(theta.size)
    found = [f(theta + s.reshape(theta.shape)) - f(theta - s.reshape(theta.shape)) for s in steps]
    return np.reshape(found, theta.shape) / 2 / epsilon


def slopes_by_nditer(f, theta, epsilon=1e-5):
    gradient = np.zeros_like(theta)
    entries = np.nditer(theta, flags=["multi_index"])
    while not entries.finished:
        k = entries.multi_index
        up, down = theta.copy(), theta.copy()
        up[k], down[k] = theta[k] + epsilon, theta[k] - epsilon
        gradient[k] = (f(up) - f(down)) / (2 * epsilon)
        entries.iternext()
    return gradient


def slopes_in_place(f, theta, epsilon=1e-5):
    gradient = np.zeros(theta.shape)
    for k in np.ndindex(theta.shape):
        before = theta[k]
        theta[k] = before + epsilon
        up = f(theta)
        theta[k] = before - epsilon
        gradient[k] = (up - f(theta)) / (2 * epsilon)
        theta[k] = before
    return gradient


def slopes_in_place_by_adding(f, theta, epsilon=1e-5):
    gradient = np.zeros(theta.shape)
    for k in np.ndindex(theta.shape):
        theta[k] += epsilon
        up = f(theta)
        theta[k] -= 2 * epsilon
        gradient[k] = (up - f(theta)) / (2 * epsilon)
        theta[k] += epsilon
    return gradient


def slopes_left_and_right(f, theta, epsilon=1e-5):
    gradient = np.zeros(theta.shape)
    for k in np.ndindex(theta.shape):
        e = np.zeros(theta.shape)
        e[k] = epsilon
        gradient[k] = ((f(theta + e) - f(theta)) / epsilon + (f(theta) - f(theta - e)) / epsilon) / 2
    return gradient


def slopes_of_flat_copies(f, theta, epsilon=1e-5):
    found = []
    for k in range(theta.size):
        up, down = np.array(theta), np.array(theta)
        up.flat[k] += epsilon
        down.flat[k] -= epsilon
        found.append((f(up) - f(down)) / (2 * epsilon))
    return np.array(found).reshape(theta.shape)


def error_by_root(a, b):
    def size(x):
        return math.sqrt(sum(float(entry) ** 2 for entry in np.ravel(x)))

    return size(a - b) / (size(a) + size(b)) if size(a) + size(b) else 0.0


def error_with_try(a, b):
    try:
        return float(np.linalg.norm(a - b)) / float(np.linalg.norm(a) + np.linalg.norm(b))
    except ZeroDivisionError:
        return 0.0


def says_by_loop(f, theta, grad, tolerance=1e-7):
    measured = central_difference(f, theta)
    for k in np.ndindex(theta.shape):
        size = abs(grad[k]) + abs(measured[k])
        if size and not abs(grad[k] - measured[k]) / size < tolerance:
            return False
    return True


def says_by_complex_step(f, theta, grad, tolerance=1e-7):
    return relative_error(grad, complex_step(f, theta)) <= tolerance


def one_generator(weights):
    def initialize(layer_dims, seed, **options):
        rng = np.random.default_rng(seed)
        parameters = {}
        for layer in range(1, len(layer_dims)):
            parameters[f"W{layer}"] = weights(rng, layer_dims[layer], layer_dims[layer - 1])
            parameters[f"b{layer}"] = np.zeros((layer_dims[layer], 1))
        return parameters

    return initialize


def old_generator(layer_dims, seed):
    np.random.seed(seed)
    parameters = {}
    for layer in range(1, len(layer_dims)):
        n, n_prev = layer_dims[layer], layer_dims[layer - 1]
        parameters["W" + str(layer)] = np.random.randn(n, n_prev) * np.sqrt(2.0 / n_prev)
        parameters["b" + str(layer)] = np.zeros((n, 1), dtype=int)
    return parameters


def pythons_random(layer_dims, seed):
    rng = random.Random(seed)
    parameters = {}
    for layer in range(1, len(layer_dims)):
        n, n_prev = layer_dims[layer], layer_dims[layer - 1]
        W = [[rng.gauss(0, math.sqrt(2 / n_prev)) for _ in range(n_prev)] for _ in range(n)]
        parameters[f"W{layer}"], parameters[f"b{layer}"] = np.array(W), np.zeros((n, 1))
    return parameters


def a_generator_for_each_layer(layer_dims, seed):
    parameters = {}
    for layer in range(len(layer_dims) - 1, 0, -1):
        rng = np.random.default_rng([seed, layer])
        shape = (layer_dims[layer], layer_dims[layer - 1])
        parameters[f"W{layer}"] = rng.normal(0, np.sqrt(2 / shape[1]), shape)
        parameters[f"b{layer}"] = np.zeros((shape[0], 1))
    return {**parameters, "L": len(layer_dims) - 1}


def dA1_by_loops(W2, A1, A2, Y):
    dA1 = np.zeros(A1.shape)
    for i in range(A1.shape[0]):
        for j in range(A1.shape[1]):
            dA1[i, j] = sum(W2[k, i] * (A2[k, j] - Y[k, j]) for k in range(len(W2)))
    return dA1


def dW1_by_examples(W2, A1, A2, Y, X):
    m = X.shape[1]
    dW1 = np.zeros((len(A1), len(X)))
    for j in range(m):
        da1 = W2.T @ (A2[:, [j]] - Y[:, [j]])
        dW1 += da1 * A1[:, [j]] * (1 - A1[:, [j]]) @ X[:, [j]].T / m
    return dW1


def dW1_unbracketed_as_numpy_reads_it(W2, A1, A2, Y, X):
    return W2.T @ (A2 - Y) * (A1 * (1 - A1)) @ X.T / X.shape[1]


def mean_in_place(dZ2):
    dZ2 /= dZ2.shape[1]
    return dZ2.sum(axis=1).reshape(-1, 1)


VARIANTS = [
    ("numerical_gradient", slopes_flat),
    ("numerical_gradient", slopes_by_nditer),
    ("numerical_gradient", slopes_in_place),
    ("numerical_gradient", slopes_in_place_by_adding),
    ("numerical_gradient", slopes_left_and_right),
    ("numerical_gradient", slopes_of_flat_copies),
    ("numerical_gradient", lambda f, theta, epsilon=1e-5: slopes_flat(f, theta.copy(), epsilon).astype(np.float32)),
    ("relative_error", error_by_root),
    ("relative_error", error_with_try),
    ("relative_error", lambda a, b: np.nan_to_num(np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b)))),
    (
        "relative_error",
        lambda a, b: np.linalg.norm((a - b).ravel()) / max(np.linalg.norm(a) + np.linalg.norm(b), 1e-300),
    ),
    ("relative_error", lambda a, b: np.linalg.norm(b - a) / (np.linalg.norm(b) + np.linalg.norm(a) + 1e-16)),
    ("relative_error", lambda a, b: np.array([[relative_error(a, b)]])),
    ("relative_error", lambda a, b: np.float32(relative_error(a, b))),
    (
        "relative_error",  # means in the place of sums: the factor cancels
        lambda a, b: (
            np.sqrt(np.mean((a - b) ** 2)) / (np.sqrt(np.mean(a**2)) + np.sqrt(np.mean(b**2)))
            if np.any(a) or np.any(b)
            else 0
        ),
    ),
    ("gradient_check", says_by_loop),
    ("gradient_check", says_by_complex_step),
    ("gradient_check", lambda f, t, g, tolerance=1e-7: relative_error(central_difference(f, t, 1e-6), g) < tolerance),
    ("gradient_check", lambda f, t, g, tolerance=1e-7: np.array([relative_error(slopes_flat(f, t), g) < tolerance])),
    ("gradient_check", lambda f, t, g, tolerance=1e-7: int(relative_error(slopes_flat(f, t), g) < tolerance)),
    (
        "gradient_check",
        lambda f, t, g, tolerance=1e-7: np.allclose(central_difference(f, t), g, rtol=tolerance, atol=0),
    ),
    ("initialize_parameters", one_generator(lambda rng, n, n_prev: rng.normal(0, (2 / n_prev) ** 0.5, (n, n_prev)))),
    (
        "initialize_parameters",
        one_generator(lambda rng, n, n_prev: rng.normal(0, 1, (n_prev, n)).T * (2 / n_prev) ** 0.5),
    ),
    (
        "initialize_parameters",
        one_generator(lambda rng, n, n_prev: rng.uniform(-1, 1, (n, n_prev)) * np.sqrt(6 / n_prev)),
    ),
    (
        "initialize_parameters",
        one_generator(lambda rng, n, n_prev: np.clip(rng.standard_normal((n, n_prev)), -2, 2) * np.sqrt(2 / n_prev)),
    ),
    (
        "initialize_parameters",
        one_generator(
            lambda rng, n, n_prev: rng.standard_normal((n, n_prev)).astype(np.float32) * np.float32((2 / n_prev) ** 0.5)
        ),
    ),
    ("initialize_parameters", old_generator),
    ("initialize_parameters", pythons_random),
    ("initialize_parameters", a_generator_for_each_layer),
    ("initialize_parameters", lambda layer_dims, seed: he(tuple(layer_dims), [seed, 7])),
    ("fixed_E1", dA1_by_loops),
    ("fixed_E1", lambda W2, A1, A2, Y: ((A2 - Y).T @ W2).T),
    ("fixed_E1", lambda W2, A1, A2, Y: np.einsum("ki,kj->ij", W2, A2 - Y)),
    ("fixed_E1", lambda W2, A1, A2, Y: W2.T.dot(np.where(Y.astype(bool), A2 - 1, A2))),
    ("fixed_E3", dW1_by_examples),
    ("fixed_E3", dW1_unbracketed_as_numpy_reads_it),
    ("fixed_E3", lambda W2, A1, A2, Y, X: np.multiply(W2.T @ (A2 - Y), A1 - A1**2) @ X.T * (1 / X.shape[1])),
    ("fixed_E8", lambda W, delta, Z_prev: np.dot(W.T, delta) * np.exp(-Z_prev) / (1 + np.exp(-Z_prev)) ** 2),
    ("fixed_E8", lambda W, delta, Z_prev: (delta.T @ W).T / (2 + 2 * np.cosh(Z_prev))),
    ("fixed_E9", lambda dZ2: np.mean(dZ2, axis=1, keepdims=True)),
    ("fixed_E9", mean_in_place),
    ("fixed_E16", lambda delta: delta @ np.ones((delta.shape[1], 1)) / delta.shape[1]),
    ("fixed_E16", lambda delta: np.array([[sum(row) / len(row)] for row in delta])),
    ("fixed_E17", lambda A_prev, delta: (A_prev @ delta.T).T / delta.shape[1]),
    ("fixed_E17", lambda A_prev, delta: np.mean(delta[:, None] * A_prev[None], axis=2)),
    ("fixed_E17", lambda A_prev, delta: np.einsum("im,jm->ij", delta, A_prev) / A_prev.shape[1]),
]


def measured(compare):
    return lambda f, theta, grad, tolerance=1e-7: compare(grad, central_difference(f, theta), tolerance)
