"""Right answers to ps5, written in other ways than the solution."""

from collections import OrderedDict, namedtuple

import numpy as np

from course_lib import deep
from course_lib.activations import ACTIVATIONS, sigmoid
from course_lib.gradient_checking import central_difference

Layer = namedtuple("Layer", ["linear", "Z"])


def relu_in_place(dA, Z):
    dA[Z <= 0] = 0
    return dA


def relu_on_a_copy(dA, Z):
    dZ = np.array(dA, copy=True)
    dZ[Z < 0] = 0
    return dZ


def linear_forward_by_loops(A, W, b):
    Z = np.zeros((len(W), A.shape[1]))
    for j in range(A.shape[1]):
        for i in range(len(W)):
            Z[i, j] = sum(W[i, k] * A[k, j] for k in range(len(A))) + b[i, 0]
    return [Z, [A, W, b]]


def linear_backward_by_loops(dZ, cache):
    A_prev, W, b = cache
    dA_prev, dW, db = np.zeros_like(A_prev), np.zeros_like(W), np.zeros_like(b)
    m = dZ.shape[1]
    for j in range(m):
        column = dZ[:, j : j + 1]
        dA_prev[:, j : j + 1] = W.T @ column
        dW += column @ A_prev[:, j : j + 1].T / m
        db += column / m
    return dA_prev, dW, db


def linear_backward_by_dot(dZ, cache):
    A_prev, W, _ = cache
    return np.dot(W.T, dZ), np.dot(dZ, A_prev.T) / dZ.shape[1], np.mean(dZ, axis=1, keepdims=True)


def linear_backward_turned(dZ, cache):
    A_prev, W, _ = cache
    m = A_prev.shape[1]
    return (dZ.T @ W).T, (A_prev @ dZ.T).T / m, dZ @ np.full((m, 1), 1 / m)


def layer_backward_by_cases(dA, cache, activation):
    (A_prev, W, _), Z = cache
    if activation == "relu":
        dZ = np.where(Z > 0, dA, 0)
    elif activation == "sigmoid":
        dZ = dA * np.exp(-Z) / (1 + np.exp(-Z)) ** 2
    else:
        dZ = dA / np.cosh(Z) ** 2
    return W.T @ dZ, dZ @ A_prev.T / dZ.shape[1], dZ.mean(axis=1, keepdims=True)


def layer_backward_by_nudging(dA, cache, activation):
    (A_prev, W, b), _ = cache
    g = ACTIVATIONS[activation].function

    def losses(A_prev, W, b):
        return np.sum(dA * g(W @ A_prev + b))

    m = dA.shape[1]
    return (
        central_difference(lambda A: losses(A, W, b), A_prev),
        central_difference(lambda W: losses(A_prev, W, b) / m, W),
        central_difference(lambda b: losses(A_prev, W, b) / m, b),
    )


def network_forward_while(X, parameters):
    caches, A, layer = (), X, 1
    while f"W{layer}" in parameters:
        W, b = parameters[f"W{layer}"], parameters[f"b{layer}"]
        Z = np.dot(W, A) + b
        caches += (Layer((A, W, b), Z),)
        layer += 1
        A = Z * (Z > 0) if f"W{layer}" in parameters else sigmoid(Z)
    return A, caches


def network_forward_by_recursion(X, parameters):
    def from_layer(layer, A):
        W, b = parameters[f"W{layer}"], parameters[f"b{layer}"]
        Z = W @ A + b
        own = [[[A, W, b], Z]]
        if f"W{layer + 1}" not in parameters:
            return 1 / (1 + np.exp(-Z)), own
        output, above = from_layer(layer + 1, np.maximum(0, Z))
        return output, own + above

    return list(from_layer(1, X))


def network_backward_from_dAL(AL, Y, caches):
    dA = -np.divide(Y, AL) + np.divide(1 - Y, 1 - AL)
    grads, L = {}, len(caches)
    for layer in reversed(range(L)):
        activation = "sigmoid" if layer == L - 1 else "relu"
        dA, dW, db = deep.linear_activation_backward(dA, caches[layer], activation)
        grads[f"dA{layer}"], grads[f"dW{layer + 1}"], grads[f"db{layer + 1}"] = dA, dW, db
    return grads


def network_backward_by_recursion(AL, Y, caches):
    def below(dZ, layer):
        (A_prev, W, _), _ = caches[layer - 1]
        own = {f"dW{layer}": dZ @ A_prev.T / Y.shape[1], f"db{layer}": np.mean(dZ, axis=1)[:, None]}
        if layer == 1:
            return own
        return own | below((W.T @ dZ) * (caches[layer - 2][1] > 0), layer - 1)

    return OrderedDict(below(AL - Y, len(caches)))


def network_backward_by_the_activations(AL, Y, caches):
    dZ, grads = AL - Y, {}
    for layer in range(len(caches), 0, -1):
        A_prev, W, _ = caches[layer - 1][0]
        grads[f"dW{layer}"] = np.einsum("ij,kj->ik", dZ, A_prev) / dZ.shape[1]
        grads[f"db{layer}"] = dZ.sum(1, keepdims=True) / dZ.shape[1]
        dZ = (W.T @ dZ) * (A_prev > 0)
    return grads


def network_backward_in_place(AL, Y, caches):
    AL -= Y
    dZ, grads = AL, {}
    for layer in range(len(caches), 0, -1):
        grads[f"dW{layer}"], grads[f"db{layer}"] = deep.dW(dZ, caches[layer - 1][0][0]), deep.db(dZ)
        dZ = caches[layer - 1][0][1].T @ dZ
        if layer > 1:
            dZ *= caches[layer - 2][1] > 0
    return grads


def update_in_place(parameters, grads, learning_rate):
    for name in parameters:
        parameters[name] -= learning_rate * grads["d" + name]
    return parameters


def update_by_layers(parameters, grads, learning_rate):
    new = {}
    for layer in range(1, len(parameters) // 2 + 1):
        for kind in "Wb":
            new[f"{kind}{layer}"] = parameters[f"{kind}{layer}"] + grads[f"d{kind}{layer}"] * -learning_rate
    return new


def proof_db_by_loops(dZ):
    n, m = dZ.shape
    z_by_b, terms = np.zeros((n, n, m)), np.zeros((n, n, m))
    for i in range(n):
        for k in range(n):
            for j in range(m):
                z_by_b[i, k, j] = int(k == i)
                terms[i, k, j] = dZ[k, j] * z_by_b[i, k, j] / m
    over_units = np.array([[sum(terms[i, :, j]) for j in range(m)] for i in range(n)])
    return {
        "z_by_b": z_by_b,
        "terms": terms,
        "over_units": over_units,
        "over_examples": over_units.sum(axis=1).reshape(-1, 1),
        "by_ones": np.dot(dZ, np.ones((m, 1))) / m,
    }


def proof_db_by_einsum(dZ):
    n, m = dZ.shape
    T = np.repeat(np.eye(n, dtype=bool)[:, :, None], m, axis=2)
    terms = np.einsum("kj,ikj->ikj", dZ, T) / m
    return {
        "by_ones": dZ.mean(axis=1, keepdims=True),
        "over_examples": np.einsum("ikj->i", terms)[:, None],
        "over_units": dZ / m,
        "terms": terms,
        "z_by_b": T,
        "remark": [1, 2],
    }


def proof_dW1_by_sums(W2, dZ2, Z1, X, change_of_W1):
    m, slope = X.shape[1], 1 / np.cosh(Z1) ** 2
    to_Z1 = np.einsum("ik,kj->ij", change_of_W1, X)
    to_A1 = slope * to_Z1
    to_Z2 = (to_A1.T @ W2.T).T
    at_A1 = np.einsum("ik,ij->kj", W2, dZ2)
    at_Z1 = np.multiply(slope, at_A1)
    return {
        "change_of_Z1": to_Z1,
        "change_of_A1": to_A1,
        "change_of_Z2": to_Z2,
        "change_of_J": float(np.sum(dZ2 * to_Z2) / m),
        "beside_A1": at_A1,
        "beside_Z1": at_Z1,
        "moved": np.array([[np.vdot(at_Z1, to_Z1) / m]]),
        "gradient": np.mean([np.outer(at_Z1[:, j], X[:, j]) for j in range(m)], axis=0),
    }


def proof_dW1_in_other_words(W2, dZ2, Z1, X, change_of_W1):
    lines = proof_dW1_by_sums(W2, dZ2, Z1, X, change_of_W1)
    first_order = np.imag(np.tanh(Z1 + 1e-30j * lines["change_of_Z1"])) / 1e-30
    same = np.sum(lines["gradient"] * change_of_W1)
    return {
        **lines,
        "change_of_A1": first_order,
        "change_of_J": same,
        "moved": np.trace(dZ2 @ (W2 @ first_order).T) / X.shape[1],
    }


VARIANTS = [
    ("linear_forward", lambda A, W, b: (np.dot(W, A) + b, (A, W, b))),
    ("linear_forward", linear_forward_by_loops),
    ("linear_forward", lambda A, W, b: (np.einsum("ik,kj->ij", W, A) + b, (A.copy(), W, b))),
    ("linear_forward", lambda A, W, b: (np.hstack([W, b]) @ np.vstack([A, np.ones((1, A.shape[1]))]), [A, W, b])),
    ("linear_forward", lambda A, W, b: (np.matrix(W) * np.matrix(A) + b, (A, W, b))),
    ("linear_forward", lambda A, W, b: ((W @ A + b).astype(np.float32), (A, W, b))),
    ("relu_backward", lambda dA, Z: np.where(Z > 0, dA, 0)),
    ("relu_backward", lambda dA, Z: dA * (Z >= 0)),
    ("relu_backward", lambda dA, Z: dA * np.heaviside(Z, 0.5)),
    ("relu_backward", lambda dA, Z: dA * (np.sign(Z) + 1) / 2),
    ("relu_backward", lambda dA, Z: np.multiply(dA, np.int64(Z > 0))),
    ("relu_backward", relu_in_place),
    ("relu_backward", relu_on_a_copy),
    ("relu_backward", np.vectorize(lambda d, z: d if z > 0 else 0.0)),
    ("sigmoid_backward", lambda dA, Z: dA * np.exp(-Z) / (1 + np.exp(-Z)) ** 2),
    ("sigmoid_backward", lambda dA, Z: dA * sigmoid(Z) * sigmoid(-Z)),
    ("sigmoid_backward", lambda dA, Z: dA * (1 - np.tanh(Z / 2) ** 2) / 4),
    ("sigmoid_backward", lambda dA, Z: dA.astype(np.float32) * (sigmoid(Z) * sigmoid(-Z)).astype(np.float32)),
    ("tanh_backward", lambda dA, Z: dA / np.cosh(Z) ** 2),
    ("tanh_backward", lambda dA, Z: dA * 4 * sigmoid(2 * Z) * (1 - sigmoid(2 * Z))),
    ("tanh_backward", lambda dA, Z: dA - dA * np.tanh(Z) * np.tanh(Z)),
    ("tanh_backward", lambda dA, Z: dA * np.imag(np.tanh(Z + 1e-30j)) / 1e-30),
    ("linear_backward", linear_backward_by_loops),
    ("linear_backward", lambda dZ, cache: list(deep.linear_backward(dZ, cache))),
    ("linear_backward", linear_backward_by_dot),
    ("linear_backward", linear_backward_turned),
    ("linear_activation_backward", layer_backward_by_cases),
    ("linear_activation_backward", layer_backward_by_nudging),
    ("linear_activation_backward", lambda dA, cache, name: list(deep.linear_activation_backward(dA, cache, name))),
    ("L_model_forward", network_forward_while),
    ("L_model_forward", network_forward_by_recursion),
    ("L_model_forward", deep.forward_propagation),
    ("L_model_backward", network_backward_from_dAL),
    ("L_model_backward", network_backward_by_recursion),
    ("L_model_backward", network_backward_by_the_activations),
    ("L_model_backward", network_backward_in_place),
    ("mse_prime", lambda A, Y: -2 * (Y - A)),
    ("mse_prime", lambda A, Y: (A - Y) + (A - Y)),
    ("mse_prime", lambda A, Y: np.imag((A + 1e-30j - Y) ** 2) / 1e-30),
    ("mse_prime", lambda A, Y: np.float32(2) * (A.astype(np.float32) - Y.astype(np.float32))),
    ("mae_prime", lambda A, Y: np.where(A > Y, 1, -1)),
    ("mae_prime", lambda A, Y: (A > Y).astype(int) - (A < Y).astype(int)),
    ("mae_prime", lambda A, Y: np.where(A == Y, 0.5, np.sign(A - Y))),
    ("mae_prime", lambda A, Y: np.tanh(1e9 * (A - Y))),
    ("bce_prime", lambda A, Y: (A - Y) / (A * (1 - A))),
    ("bce_prime", lambda A, Y: np.where(Y.astype(bool), -1 / A, 1 / (1 - A))),
    ("bce_prime", lambda A, Y: -(Y / A - (1 - Y) / (1 - A))),
    ("update_parameters", update_in_place),
    ("update_parameters", update_by_layers),
    ("update_parameters", lambda p, g, rate, momentum=0.0: {k: p[k] - rate * g[f"d{k}"] for k in sorted(p)}),
    ("proof_db", proof_db_by_loops),
    ("proof_db", proof_db_by_einsum),
    ("proof_dW1", proof_dW1_by_sums),
    ("proof_dW1", proof_dW1_in_other_words),
]  # fmt: skip
