"""Mistakes as people make them in public are named as people name them, and what is no mistake is accepted."""

import linecache
import re

import pytest

from autograder.core.check import check

HELPERS = """
import numpy as np
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
def linear_backward(dZ, cache):
    A, W, b = cache
    return W.T @ dZ, dZ @ A.T / dZ.shape[1], dZ.mean(axis=1, keepdims=True)
def relu_backward(dA, Z):
    return dA * (Z > 0)
def sigmoid_backward(dA, Z):
    return dA * sigmoid(Z) * (1 - sigmoid(Z))
def linear_activation_backward(dA, cache, activation):
    (linear_cache, Z) = cache
    return linear_backward((relu_backward if activation == "relu" else sigmoid_backward)(dA, Z), linear_cache)
"""
BACKWARD = """
def backward_propagation(parameters, cache, X, Y):
    W2, A1, m = parameters["W2"], cache["A1"], X.shape[1]
    dZ2 = cache["A2"] - Y
    dW2 = dZ2 @ A1.T / m
    db2 = dZ2.sum(axis=1, keepdims=True) / m
    dZ1 = W2.T @ dZ2 * (1 - A1 ** 2)
    dW1 = dZ1 @ X.T / m
    db1 = dZ1.sum(axis=1, keepdims=True) / m
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
"""
LINEAR = """
def linear_backward(dZ, cache):
    A, W, b = cache
    m = A.shape[1]
    dW = dZ @ A.T / m
    db = dZ.sum(axis=1, keepdims=True) / m
    dA = W.T @ dZ
    return dA, dW, db
"""
ADAM = """
def adam_step(theta, grad, m, v, t, learning_rate, beta1, beta2, epsilon):
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad ** 2
    first = m / (1 - beta1 ** t)
    second = v / (1 - beta2 ** t)
    return theta - learning_rate * first / (np.sqrt(second) + epsilon), m, v
"""
MOMENTUM = """
def momentum_step(theta, grad, v, learning_rate, beta):
    v = beta * v + (1 - beta) * grad
    return theta - learning_rate * v, v
"""
UPDATE = """
def update_parameters(parameters, grads, learning_rate):
    new = {}
    for k in parameters:
        new[k] = parameters[k] - learning_rate * grads["d" + k]
    return new
"""
DEEP = """
def L_model_backward(AL, Y, caches):
    grads, L, m = {}, len(caches), Y.shape[1]
    dZ = AL - Y
    for k in range(L, 0, -1):
        (A, W, b), Z = caches[k - 1]
        last, first = k == L, k == 1
        grads[f"dW{k}"] = dZ @ A.T / m
        grads[f"db{k}"] = dZ.sum(axis=1, keepdims=True) / m
        if k > 1:
            dZ = W.T @ dZ * (caches[k - 2][1] > 0)
    return grads
"""
STEPS = """
def L_model_backward(AL, Y, caches):
    grads, L = {}, len(caches)
    dA = (1 - Y) / (1 - AL) - Y / AL
    dA, grads[f"dW{L}"], grads[f"db{L}"] = linear_activation_backward(dA, caches[L - 1], "sigmoid")
    for k in range(L - 1, 0, -1):
        dA, grads[f"dW{k}"], grads[f"db{k}"] = linear_activation_backward(dA, caches[k - 1], "relu")
    return grads
"""
SLOPES = """
def numerical_gradient(f, theta, epsilon=1e-5):
    g = np.zeros_like(theta)
    for k in np.ndindex(theta.shape):
        up, down = theta.copy(), theta.copy()
        up[k] += epsilon
        down[k] -= epsilon
        g[k] = (f(up) - f(down)) / (2 * epsilon)
    return g
"""
ROWS = """
def numerical_gradient(f, theta, epsilon=1e-5):
    g = np.zeros_like(theta)
    for k in range(len(theta)):
        kept = theta[k]
        theta[k] = kept + epsilon
        above = f(theta)
        theta[k] = kept - epsilon
        below = f(theta)
        theta[k] = kept
        g[k] = (above - below) / (2 * epsilon)
    return g
"""
CHECK = """
def gradient_check(f, theta, grad, tolerance=1e-7):
    g = np.zeros_like(theta)
    for k in np.ndindex(theta.shape):
        plus, minus = theta.copy(), theta.copy()
        plus[k] += 1e-7
        minus[k] -= 1e-7
        g[k] = (f(plus) - f(minus)) / 2e-7
    size = np.linalg.norm(g) + np.linalg.norm(grad)
    return bool(size == 0 or np.linalg.norm(g - grad) / size < tolerance)
"""
NEURON = """
def propagate(w, b, X, Y):
    m = X.shape[1]
    A = sigmoid(w @ X + b)
    cost = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
    dZ = A - Y
    dw = dZ @ X.T / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    return {"dw": dw, "db": db}, cost
"""
COST = """
def compute_cost(A2, Y):
    return -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / Y.shape[1]
"""
TANH = """
def tanh_backward(dA, Z):
    return dA * (1 - np.tanh(Z) ** 2)
"""
SIGMOID = """
def sigmoid_backward(dA, Z):
    s = 1 / (1 + np.exp(-Z))
    return dA * s * (1 - s)
"""
DZ1 = """
def compute_dZ1(dA1, Z1):
    A1 = np.tanh(Z1)
    return dA1 * (1 - A1 ** 2)
"""


def judged(assignment, right, changes, seed=0):
    """Return the verdict on a right answer after changes of its text, `old -> new ; ...`."""
    code = right
    for change in filter(None, changes.split(" ; ")):
        old, new = change.split(" -> ")
        assert old in code, old
        code = code.replace(old, new)
    name = f"<{hash((code, seed))}>"
    linecache.cache[name] = (len(code), None, code.splitlines(True), name)
    space = {}
    exec(HELPERS, space)
    exec(compile(code, name, "exec"), space)
    return check(space[re.search(r"def (\w+)", right)[1]], assignment=assignment, seed=seed, show=False)


ANSWERS = {
    "ps1_neuron": [NEURON],
    "ps4_two_layer": [BACKWARD, UPDATE, COST, DZ1],
    "ps5_deep": [LINEAR, DEEP, STEPS, TANH, SIGMOID, UPDATE],
    "ps6_gradient_check": [SLOPES],
    "ps7_training": [ADAM, MOMENTUM],
}


def test_what_the_mistakes_are_made_of_is_right():
    for assignment, answers in ANSWERS.items():
        for right in answers:
            assert judged(assignment, right, "").passed, right


SIZES = "mean-over-wrong-axis divided-by-wrong-size"
ERRED = [
    # Seen in public.
    ("ps7_training", ADAM, "beta2 * v -> beta1 * v", "betas-swapped"),
    ("ps1_neuron", NEURON, "np.sum(dZ, axis=1, keepdims=True) -> dZ", "not-summed"),
    ("ps5_deep", SIGMOID, "1 / (1 + np.exp(-Z)) -> (1 / 1 + np.exp(-Z))", "wrong-bracket"),
    ("ps4_two_layer", BACKWARD, "W2.T -> dW2.T", "wrong-argument"),
    ("ps5_deep", LINEAR, "W.T -> dW.T", "wrong-argument"),
    ("ps4_two_layer", BACKWARD, "X.shape[1] -> Y.shape[0]", "mean-over-wrong-axis"),
    ("ps7_training", ADAM, "beta2 ** t -> beta2 ** 2", "wrong-power"),
    (
        "ps7_training",
        ADAM,
        "learning_rate * first / (np.sqrt(second) -> learning_rate * ((1 - beta2 ** t) ** 1/2)"
        " / (1 - beta1 ** 2) * m / (np.sqrt(v)",
        "wrong-bracket",
    ),
    (
        "ps4_two_layer",
        BACKWARD,
        "W2.T @ dZ2 * (1 - A1 ** 2) -> (W2.T @ dZ2) @ (1 - A1.T @ A1)",
        "matmul-for-elementwise",
    ),
    (
        "ps6_gradient_check",
        SLOPES,
        "(f(up) - f(down)) / (2 * epsilon) -> f(up) - f(down) / 2 * epsilon",
        "wrong-bracket",
    ),
    ("ps5_deep", TANH, "dA * (1 - np.tanh(Z) ** 2) -> 1 - np.tanh(dA) ** 2", "argument-not-used"),
    ("ps5_deep", LINEAR, "dZ.sum(axis=1, keepdims=True) / m -> dW.sum(axis=1, keepdims=True)", "wrong-argument"),
    ("ps6_gradient_check", CHECK, "minus[k] -= -> minus[k] = plus[k] -", "right-gradient-refused"),
    ("ps5_deep", UPDATE, 'grads["d" + k] -> parameters[k]', "wrong-argument"),
    ("ps6_gradient_check", ROWS, "", "step-not-undone"),
    ("ps5_deep", DEEP, "A.T / m -> A.T / (1 if last else m)", "missing-mean"),
    ("ps5_deep", STEPS, 'dA, grads[f"dW{k}"] -> _, grads[f"dW{k}"]', "wrong-layer"),
    # Others of their kinds.
    *(
        ("ps4_two_layer", BACKWARD, f"X.shape[1] -> {size}", SIZES)
        for size in ("len(X)", "len(cache['A2'])", "parameters['W2'].shape[1]")
    ),
    *(("ps1_neuron", NEURON, f"X.shape[1] -> {size}", SIZES) for size in ("len(X)", "w.shape[1]")),
    *(("ps5_deep", LINEAR, f"A.shape[1] -> {size}", SIZES) for size in ("W.shape[1]", "len(W)", "len(dZ)")),
    *(("ps5_deep", DEEP, f"Y.shape[1] -> {size}", SIZES) for size in ("len(Y)", "len(caches)", "len(caches[0][0][0])")),
    ("ps5_deep", DEEP, "A.T / m -> A.T / (m if last else 1)", "missing-mean"),
    ("ps5_deep", DEEP, "True) / m -> True) / (1 if last else m)", "missing-mean"),
    ("ps5_deep", DEEP, "dZ @ A.T -> (-1 if last else 1) * dZ @ A.T", "sign-flipped"),
    ("ps5_deep", DEEP, "W.T @ dZ -> grads[f'dW{k}'].T @ dZ", "wrong-argument"),
    (
        "ps4_two_layer",
        BACKWARD,
        "dZ2.sum(axis=1, keepdims=True) / m -> dW2.sum(axis=1, keepdims=True)",
        "wrong-argument",
    ),
    (
        "ps1_neuron",
        NEURON,
        "np.sum(dZ, axis=1, keepdims=True) / m -> np.sum(dw, axis=1, keepdims=True)",
        "wrong-argument",
    ),
    (
        "ps4_two_layer",
        UPDATE,
        "parameters[k] - learning_rate * grads -> grads['d' + k] - learning_rate * grads",
        "wrong-argument",
    ),
    ("ps4_two_layer", BACKWARD, "(1 - A1 ** 2) -> (1 - A1 ** 2) * A1", "factor-twice"),
    ("ps5_deep", TANH, "dA * -> dA * np.tanh(Z) *", "factor-twice"),
    ("ps7_training", MOMENTUM, "learning_rate * v -> learning_rate * learning_rate * v", "factor-twice"),
    ("ps4_two_layer", DZ1, "dA1 * (1 - A1 ** 2) -> dA1 * (1 - A1 @ A1.T)", "matmul-for-elementwise"),
    ("ps7_training", ADAM, "(1 - beta1) * grad -> (1 - beta2) * grad", "betas-swapped"),
    ("ps7_training", ADAM, "beta2 ** t -> beta1 ** t", "betas-swapped"),
    ("ps7_training", ADAM, "beta1 ** t -> beta1 ** (t + 1)", "step-miscounted"),
    ("ps7_training", ADAM, "np.sqrt(second) -> second ** 1/2", "wrong-bracket"),
    ("ps7_training", ADAM, "(1 - beta2) * grad ** 2 -> ((1 - beta2) * grad) ** 2", "wrong-bracket"),
    ("ps6_gradient_check", SLOPES, "(f(up) - f(down)) / (2 -> f(up) - f(down) / (2", "wrong-bracket"),
    ("ps7_training", MOMENTUM, "theta, grad, v, -> grad, theta, v,", "arguments-swapped"),
    ("ps7_training", MOMENTUM, "learning_rate, beta) -> beta, learning_rate)", "arguments-swapped"),
    ("ps7_training", ADAM, "grad, m, v, t -> grad, v, m, t", "arguments-swapped"),
]


@pytest.mark.parametrize(("assignment", "right", "changes", "ids"), ERRED)
def test_a_mistake_is_named_as_people_name_it(assignment, right, changes, ids):
    verdict = judged(assignment, right, changes)
    assert verdict.passed is False
    assert verdict.mistake in ids.split(), verdict


def test_of_two_mistakes_with_the_same_numbers_neither_is_certain():
    told = judged("ps7_training", MOMENTUM, "grad, v, -> v, grad,").seen
    assert "one of two: shares-swapped in new, or the order of grad and v in your parameter list" in told


def test_a_layer_that_is_wrong_by_itself_is_said():
    assert "dW of the last layer" in judged("ps5_deep", DEEP, "A.T / m -> A.T / (1 if last else m)").seen
    assert "db of the hidden layers" in judged("ps5_deep", DEEP, "True) / m -> True) / (m if last else 1)").seen


LOGS = "np.log(A) -> np.log(A + {0}) ; np.log(1 - A) -> np.log(1 - A + {0})"
LOGS2 = "np.log(A2) -> np.log(A2 + {0}) ; np.log(1 - A2) -> np.log(1 - A2 + {0})"
SLOPE = """
def compute_dA2(A2, Y):
    return -Y / (A2 + 1e-6) + (1 - Y) / (1 - A2 + 1e-6)
"""


@pytest.mark.parametrize("seed", range(5))
def test_a_guard_in_a_logarithm_or_a_denominator_has_one_verdict_with_every_seed(seed):
    for assignment, right, guard in (("ps1_neuron", NEURON, LOGS), ("ps4_two_layer", COST, LOGS2)):
        assert judged(assignment, right, guard.format("1e-6"), seed).passed
        assert judged(assignment, right, guard.format("1e-5"), seed).passed is False
    assert judged("ps4_two_layer", SLOPE, "", seed).passed
    assert judged("ps4_two_layer", SLOPE, "1e-6 -> 1e-5", seed).passed is False


NEW_WEIGHTS_BACK = """
def nn_model(X, Y, n_h, num_iterations, learning_rate, seed):
    rng, m = np.random.RandomState(seed), X.shape[1]
    W1, b1, W2, b2 = rng.randn(n_h, len(X)) * 0.01, np.zeros((n_h, 1)), rng.randn(len(Y), n_h) * 0.01, np.zeros((1, 1))
    for step in range(num_iterations):
        A1 = np.tanh(W1 @ X + b1)
        d2 = sigmoid(W2 @ A1 + b2) - Y
        W2, b2 = W2 - learning_rate * d2 @ A1.T / m, b2 - learning_rate * d2.mean(axis=1, keepdims=True)
        d1 = W2.T @ d2 * (1 - A1 ** 2)
        W1, b1 = W1 - learning_rate * d1 @ X.T / m, b1 - learning_rate * d1.mean(axis=1, keepdims=True)
    return {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
"""


def test_what_trains_is_judged_by_its_accuracy_alone():
    assert judged("ps4_two_layer", NEW_WEIGHTS_BACK, "").passed
