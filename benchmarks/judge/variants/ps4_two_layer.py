"""Right answers to ps4, written in other ways than the solution."""

import functools
import math
import warnings
from collections import OrderedDict, defaultdict
from typing import NamedTuple

import numpy as np

from course_lib import activations, training, two_layer
from course_lib.gradient_checking import central_difference, complex_step


class Forward(NamedTuple):
    A2: np.ndarray
    cache: dict


def sigmoid(z):
    return np.exp(-np.logaddexp(0, -z))


def forward_with_an_ordered_cache(X, parameters):
    A2, cache = two_layer.forward_propagation(X, parameters)
    return A2, OrderedDict(cache)


def forward_by_examples(X, parameters):
    W1, b1, W2, b2 = (parameters[name] for name in ("W1", "b1", "W2", "b2"))
    columns = []
    for x in X.T:
        z1 = W1.dot(x) + b1.ravel()
        a1 = np.tanh(z1)
        z2 = W2.dot(a1) + b2[:, 0]
        columns.append((z1, a1, z2, 1 / (1 + np.exp(-z2))))
    Z1, A1, Z2, A2 = (np.stack(part, axis=1) for part in zip(*columns, strict=True))
    return A2, {"A2": A2, "Z2": Z2, "A1": A1, "Z1": Z1}


def forward_by_loops(X, parameters):
    cache, A = {}, X
    for layer in (1, 2):
        W, b = parameters[f"W{layer}"], parameters[f"b{layer}"]
        Z = np.zeros((W.shape[0], X.shape[1]))
        for i in range(Z.shape[0]):
            for j in range(Z.shape[1]):
                Z[i, j] = b[i, 0] + sum(W[i, k] * A[k, j] for k in range(W.shape[1]))
        A = np.vectorize(math.tanh)(Z) if layer == 1 else np.vectorize(lambda z: 1 / (1 + math.exp(-z)))(Z)
        cache[f"Z{layer}"], cache[f"A{layer}"] = Z, A
    return A, cache


def forward_with_ones(X, parameters):
    m = X.shape[1]
    Z1 = np.hstack([parameters["b1"], parameters["W1"]]) @ np.vstack([np.ones(m), X])
    A1 = 2 * sigmoid(2 * Z1) - 1
    Z2 = np.hstack([parameters["b2"], parameters["W2"]]) @ np.vstack([np.ones(m), A1])
    return (1 + np.tanh(Z2 / 2)) / 2, {"X": X, "Z1": Z1, "A1": A1, "Z2": Z2, "A2": sigmoid(Z2)}


def forward_in_single_precision(X, parameters):
    single = {name: theta.astype(np.float32) for name, theta in parameters.items()}
    Z1 = np.dot(single["W1"], X.astype(np.float32)) + single["b1"]
    A1 = np.tanh(Z1)
    Z2 = np.dot(single["W2"], A1) + single["b2"]
    A2 = 1 / (1 + np.exp(-Z2))
    return [A2, {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}]


def forward_with_matrices(X, parameters):
    Z1 = np.matrix(parameters["W1"]) * np.matrix(X) + parameters["b1"]
    A1 = np.tanh(Z1)
    Z2 = np.matrix(parameters["W2"]) * A1 + parameters["b2"]
    A2 = 1 / (1 + np.exp(-Z2))
    return A2, dict(Z1=Z1, A1=A1, Z2=Z2, A2=A2)


def cost_by_loops(A2, Y):
    cost = 0
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            cost -= math.log(A2[i, j]) if Y[i, j] else math.log(1 - A2[i, j])
    return cost / Y.shape[1]


def cost_from_z(A2, Y):
    Z2 = np.log(A2 / (1 - A2))
    return np.sum(np.logaddexp(0, Z2) - Y * Z2) / Y.shape[1]


def cost_example_by_example(A2, Y):
    losses = []
    for a, y in zip(A2.T, Y.T, strict=True):
        losses.append(-(y @ np.log(a) + (1 - y) @ np.log(1 - a)))
    return np.mean(losses)


def dW_by_loops(dZ, A):
    dW = np.zeros((dZ.shape[0], A.shape[0]))
    for j in range(dZ.shape[1]):
        for i in range(dZ.shape[0]):
            for k in range(A.shape[0]):
                dW[i, k] += dZ[i, j] * A[k, j] / dZ.shape[1]
    return dW


def dW_by_central_differences(dZ2, A1):
    W = np.zeros((len(dZ2), len(A1)))
    return central_difference(lambda W: np.sum(dZ2 * (W @ A1)) / dZ2.shape[1], W)


def dW_in_place(dZ1, X):
    dZ1 *= 1 / X.shape[1]
    return dZ1.dot(X.T)


def db_in_place(dZ):
    dZ /= dZ.shape[1]
    return dZ.sum(axis=1, keepdims=True)


def db_column_by_column(dZ1):
    db = np.zeros((dZ1.shape[0], 1))
    for j in range(dZ1.shape[1]):
        db += dZ1[:, j : j + 1]
    return db / dZ1.shape[1]


def noisy(dZ2):
    print("a print costs nothing")
    np.log(np.zeros(1))
    warnings.warn("neither does a warning", stacklevel=1)
    return two_layer.db2(dZ2)


def dA1_by_columns(W2, dZ2):
    dA1 = np.empty((W2.shape[1], dZ2.shape[1]))
    for j, dz2 in enumerate(dZ2.T):
        dA1[:, j] = dz2 @ W2
    return dA1


def dA1_by_complex_steps(W2, dZ2):
    return complex_step(lambda A1: np.sum(dZ2 * (W2 @ A1)), np.zeros((W2.shape[1], dZ2.shape[1])))


def dZ1_by_entries(dA1, Z1):
    return np.array([[d / math.cosh(z) ** 2 for d, z in zip(*rows, strict=True)] for rows in zip(dA1, Z1, strict=True)])


def dZ1_in_place(dA1, Z1):
    np.tanh(Z1, out=Z1)
    dA1 -= dA1 * Z1**2
    return dA1


class TanhBackward:
    """An object that is called like a function."""

    def __call__(self, dA1, Z1):
        return dA1 * self.slope(Z1)

    def slope(self, Z):
        return 1 - np.tanh(Z) ** 2


def scaled_by(scale):
    """Return a closure."""

    def compute_dW2(dZ2, A1):
        return scale(A1) * dZ2 @ A1.T

    return compute_dW2


def backward_with_more_keys(parameters, cache, X, Y):
    return {**two_layer.backward_propagation(parameters, cache, X, Y), "dZ2": cache["A2"] - Y}


def backward_with_the_mean_first(parameters, cache, X, Y):
    delta2 = (cache["A2"] - Y) / Y.shape[1]
    delta1 = np.dot(parameters["W2"].T, delta2) * (1 - np.power(cache["A1"], 2))
    grads = defaultdict(list)
    grads["dW2"], grads["db2"] = np.dot(delta2, cache["A1"].T), np.sum(delta2, axis=1, keepdims=True)
    grads["dW1"], grads["db1"] = np.dot(delta1, X.T), np.sum(delta1, axis=1, keepdims=True)
    return grads


def backward_by_examples(parameters, cache, X, Y):
    grads = {"d" + name: np.zeros_like(theta) for name, theta in parameters.items()}
    m = X.shape[1]
    for j in range(m):
        dz2 = cache["A2"][:, [j]] - Y[:, [j]]
        dz1 = parameters["W2"].T @ dz2 * (1 - cache["A1"][:, [j]] ** 2)
        grads["dW2"] += dz2 @ cache["A1"][:, [j]].T / m
        grads["db2"] += dz2 / m
        grads["dW1"] += np.outer(dz1, X[:, j]) / m
        grads["db1"] += dz1 / m
    return grads


def backward_by_nudging(parameters, cache, X, Y):
    def cost(name, theta):
        A2, _ = two_layer.forward_propagation(X, {**parameters, name: theta})
        return two_layer.cost(A2, Y)

    return {f"d{name}": central_difference(functools.partial(cost, name), theta) for name, theta in parameters.items()}


def backward_from_dA2(parameters, cache, X, Y):
    A1, A2 = cache["A1"], cache["A2"]
    dA2 = -np.divide(Y, A2) + np.divide(1 - Y, 1 - A2)
    dZ2 = dA2 * A2 * (1 - A2)
    dZ1 = (dZ2.T @ parameters["W2"]).T * (1 - np.tanh(cache["Z1"]) ** 2)
    return {
        "dW1": np.einsum("ij,kj->ik", dZ1, X) / X.shape[1],
        "db1": np.mean(dZ1, axis=1, keepdims=True),
        "dW2": np.einsum("ij,kj->ik", dZ2, A1) / X.shape[1],
        "db2": np.mean(dZ2, axis=1, keepdims=True),
    }


def update_in_place(parameters, grads, learning_rate):
    for name in parameters:
        parameters[name] -= learning_rate * grads["d" + name]
    return parameters


def update_one_by_one(parameters, grads, learning_rate):
    W1, b1, W2, b2 = parameters["W1"], parameters["b1"], parameters["W2"], parameters["b2"]
    W1 = W1 - learning_rate * grads["dW1"]
    b1 = b1 - learning_rate * grads["db1"]
    W2 = W2 - learning_rate * grads["dW2"]
    b2 = b2 - learning_rate * grads["db2"]
    return {"W1": W1, "b1": b1, "W2": W2, "b2": b2}


def update_of_a_copy(parameters, grads, learning_rate, decay=0.0):
    new = {name: theta.copy() for name, theta in parameters.items()}
    for name, theta in new.items():
        theta *= 1 - decay
        theta += np.negative(learning_rate) * grads[f"d{name}"]
    return new


def trained_from(start, momentum=0.0):
    """Return a model that starts elsewhere, and may keep moving."""

    def nn_model(X, Y, n_h, num_iterations, learning_rate, seed):
        rng = np.random.default_rng(seed)
        parameters = {
            "W1": start(rng, (n_h, X.shape[0])),
            "b1": np.zeros((n_h, 1)),
            "W2": start(rng, (Y.shape[0], n_h)),
            "b2": np.zeros((Y.shape[0], 1)),
        }
        speed = dict.fromkeys(parameters, 0.0)
        for _ in range(num_iterations):
            _, cache = two_layer.forward_propagation(X, parameters)
            grads = two_layer.backward_propagation(parameters, cache, X, Y)
            for name in parameters:
                speed[name] = momentum * speed[name] + (1 - momentum) * grads["d" + name]
                parameters[name] = parameters[name] - learning_rate * speed[name]
        return parameters

    return nn_model


def model_with_costs(X, Y, n_h, num_iterations, learning_rate, seed):
    result = training.train_two_layer(X, Y, n_h, num_iterations, learning_rate, seed)
    return {**result.parameters, "costs": np.zeros(3), "comment": "more keys cost nothing"}


VARIANTS = [
    ("forward_propagation", lambda X, parameters: list(two_layer.forward_propagation(X, parameters))),
    ("forward_propagation", lambda X, p: Forward(*two_layer.forward_propagation(X, p))),
    ("forward_propagation", forward_with_an_ordered_cache),
    ("forward_propagation", forward_by_examples),
    ("forward_propagation", forward_by_loops),
    ("forward_propagation", forward_with_ones),
    ("forward_propagation", forward_in_single_precision),
    ("forward_propagation", forward_with_matrices),
    ("compute_cost", lambda A2, Y: float(two_layer.cost(A2, Y))),
    ("compute_cost", lambda A2, Y: np.array([[two_layer.cost(A2, Y)]])),
    ("compute_cost", lambda A2, Y: np.array([two_layer.cost(A2, Y)])),
    ("compute_cost", lambda A2, Y: -np.mean(np.sum(np.where(Y == 1, np.log(A2), np.log(1 - A2)), axis=0))),
    ("compute_cost", lambda A2, Y: -np.log(np.abs(1 - Y.astype(int) - A2)).sum() / len(Y.T)),
    ("compute_cost", lambda A2, Y: -(np.vdot(Y, np.log(A2)) + np.vdot(1 - Y, np.log(1 - A2))) / Y.shape[1]),
    ("compute_cost", lambda A2, Y: -np.trace(Y @ np.log(A2).T + (1 - Y) @ np.log1p(-A2).T) / Y.shape[1]),
    ("compute_cost", lambda A2, Y: -np.log(np.prod(np.where(Y, A2, 1 - A2))) / Y.shape[1]),
    ("compute_cost", lambda A2, Y: np.squeeze(np.sum(-Y * np.log(A2) - (1 - Y) * np.log(1 - A2)) / Y.shape[1])),
    ("compute_cost", cost_by_loops),
    ("compute_cost", cost_from_z),
    ("compute_cost", cost_example_by_example),
    ("compute_dA2", lambda A2, Y: (A2 - Y) / (A2 * (1 - A2))),
    ("compute_dA2", lambda A2, Y: np.where(Y.astype(bool), -1 / A2, 1 / (1 - A2))),
    ("compute_dA2", lambda A2, Y: -(np.divide(Y, A2) - np.divide(1 - Y, 1 - A2))),
    ("compute_dA2", lambda A2, Y: 1 / (1 - Y.astype(int) - A2)),
    ("compute_dA2", lambda A2, Y: (Y - A2) / (A2**2 - A2)),
    ("compute_dA2", lambda A2, Y: (A2 - Y) * (1 / A2 + 1 / (1 - A2))),
    ("compute_dA2", np.vectorize(lambda a, y: -1 / a if y else 1 / (1 - a))),
    ("compute_dZ2", lambda A2, Y: two_layer.dA2(A2, Y) * A2 * (1 - A2)),
    ("compute_dZ2", lambda A2, Y: np.add(A2, -Y)),
    ("compute_dZ2", lambda A2, Y: A2 - Y.astype(bool)),
    ("compute_dZ2", lambda A2, Y: np.where(Y == 1, A2 - 1, A2)),
    ("compute_dZ2", lambda A2, Y: np.subtract(A2, Y, out=A2)),
    ("compute_dZ2", functools.partial(np.subtract, dtype=np.float32)),
    ("compute_dZ2", lambda A2, Y: np.matrix(A2) - Y),
    ("compute_dW2", dW_by_loops),
    ("compute_dW2", lambda dZ2, A1: np.einsum("ij,kj->ik", dZ2, A1) / A1.shape[1]),
    ("compute_dW2", lambda dZ2, A1: np.dot(dZ2, A1.T) * (1 / dZ2.shape[1])),
    ("compute_dW2", lambda dZ2, A1: np.mean(dZ2[:, None, :] * A1[None, :, :], axis=2)),
    ("compute_dW2", lambda dZ2, A1: sum(np.outer(dZ2[:, j], A1[:, j]) for j in range(A1.shape[1])) / A1.shape[1]),
    ("compute_dW2", lambda dZ2, A1: np.matrix(dZ2) * np.matrix(A1).T / A1.shape[1]),
    ("compute_dW2", lambda dZ2, A1: (dZ2.astype(np.float32) @ A1.astype(np.float32).T) / np.float32(A1.shape[1])),
    ("compute_dW2", lambda dZ2, A1: np.tensordot(dZ2, A1, axes=([1], [1])) / np.size(A1, 1)),
    ("compute_dW2", scaled_by(lambda A: 1 / A.shape[1])),
    ("compute_dW2", functools.partial(lambda power, dZ2, A1: A1.shape[1] ** power * dZ2 @ A1.T, -1)),
    ("compute_dW2", dW_by_central_differences),
    ("compute_db2", lambda dZ2: np.mean(dZ2, axis=1, keepdims=True)),
    ("compute_db2", lambda dZ2: np.mean(dZ2, axis=1).reshape(-1, 1)),
    ("compute_db2", lambda dZ2: dZ2 @ np.ones((dZ2.shape[1], 1)) / dZ2.shape[1]),
    ("compute_db2", lambda dZ2: np.average(dZ2, axis=-1)[:, np.newaxis]),
    ("compute_db2", lambda dZ2: np.add.reduce(dZ2, axis=1, keepdims=True) / dZ2.shape[1]),
    ("compute_db2", lambda dZ2: np.ma.array(dZ2).mean(axis=1, keepdims=True)),
    ("compute_db2", db_in_place),
    ("compute_db2", noisy),
    ("compute_dA1", lambda W2, dZ2: (dZ2.T @ W2).T),
    ("compute_dA1", lambda W2, dZ2: np.einsum("ki,kj->ij", W2, dZ2)),
    ("compute_dA1", lambda W2, dZ2: np.tensordot(W2, dZ2, axes=(0, 0))),
    ("compute_dA1", lambda W2, dZ2: np.matmul(np.transpose(W2), dZ2)),
    ("compute_dA1", lambda W2, dZ2: np.sum(W2[:, :, None] * dZ2[:, None, :], axis=0)),
    ("compute_dA1", dA1_by_columns),
    ("compute_dA1", dA1_by_complex_steps),
    ("compute_dZ1", lambda dA1, Z1: dA1 / np.cosh(Z1) ** 2),
    ("compute_dZ1", lambda dA1, Z1: np.multiply(dA1, 4 * activations.sigmoid_prime(2 * Z1))),
    ("compute_dZ1", lambda dA1, Z1: dA1 * (1 - np.tanh(Z1)) * (1 + np.tanh(Z1))),
    ("compute_dZ1", lambda dA1, Z1: dA1 * np.imag(np.tanh(Z1 + 1e-20j)) / 1e-20),
    ("compute_dZ1", dZ1_by_entries),
    ("compute_dZ1", dZ1_in_place),
    ("compute_dZ1", TanhBackward()),
    ("compute_dW1", lambda dZ1, X, scale=1.0: scale * (X @ dZ1.T).T / X.shape[1]),
    ("compute_dW1", lambda dZ1, X: np.mean([np.outer(d, x) for d, x in zip(dZ1.T, X.T, strict=True)], axis=0)),
    ("compute_dW1", lambda dZ1, X: np.linalg.multi_dot([dZ1, np.eye(X.shape[1]) / X.shape[1], X.T])),
    ("compute_dW1", dW_in_place),
    ("compute_db1", lambda dZ1: np.array([[sum(row) / len(row)] for row in dZ1])),
    ("compute_db1", lambda dZ1: np.einsum("ij->i", dZ1).reshape((dZ1.shape[0], 1)) / dZ1.shape[1]),
    ("compute_db1", lambda dZ1: np.apply_along_axis(np.mean, 1, dZ1)[:, None]),
    ("compute_db1", db_column_by_column),
    ("backward_propagation", backward_with_more_keys),
    ("backward_propagation", backward_with_the_mean_first),
    ("backward_propagation", backward_by_examples),
    ("backward_propagation", backward_by_nudging),
    ("backward_propagation", backward_from_dA2),
    ("update_parameters", update_in_place),
    ("update_parameters", update_one_by_one),
    ("update_parameters", update_of_a_copy),
    ("update_parameters", lambda p, g, rate: {k: (p[k] - rate * g["d" + k]).astype(np.float32) for k in sorted(p)}),
    ("nn_model", lambda X, Y, n_h, n, rate, seed: training.train_two_layer(X, Y, n_h, n, rate, seed).parameters),
    ("nn_model", trained_from(lambda rng, shape: rng.normal(0, np.sqrt(1 / shape[1]), shape))),
    ("nn_model", trained_from(lambda rng, shape: rng.uniform(-0.5, 0.5, shape), momentum=0.9)),
    ("nn_model", model_with_costs),
]
