"""Right answers to ps7, written in other ways than the solution."""

import random

import numpy as np

from course_lib.deep import backward_propagation, forward_propagation
from course_lib.initialization import he, xavier
from course_lib.optimizers import adam_step, gradient_descent_step, momentum_step, random_mini_batches


def descent_in_place(theta, grad, learning_rate):
    theta -= learning_rate * grad
    return theta


def descent_by_loop(theta, grad, learning_rate):
    new = theta.copy()
    for i in range(theta.shape[0]):
        for j in range(theta.shape[1]):
            new[i, j] = theta[i, j] - learning_rate * grad[i, j]
    return new


def momentum_in_place(theta, grad, v, learning_rate, beta):
    v *= beta
    v += (1 - beta) * grad
    theta -= learning_rate * v
    return [theta, v]


def momentum_as_a_move_to_the_gradient(theta, grad, v, learning_rate, beta):
    v = v + (1 - beta) * (grad - v)
    return theta - learning_rate * v, v


def adam_in_place(theta, grad, m, v, t, learning_rate, beta1, beta2, epsilon):
    m *= beta1
    m += (1 - beta1) * grad
    v *= beta2
    v += (1 - beta2) * grad * grad
    theta -= learning_rate * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + epsilon)
    return theta, m, v


def adam_with_one_rate(theta, grad, m, v, t, learning_rate, beta1, beta2, epsilon):
    """Fold both corrections into the rate and into epsilon."""
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * np.square(grad)
    rate = learning_rate * np.sqrt(1 - np.power(beta2, t)) / (1 - np.power(beta1, t))
    return theta - rate * m / (np.sqrt(v) + epsilon * np.sqrt(1 - beta2**t)), m, v


def adam_entry_by_entry(theta, grad, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    results = [np.empty(theta.shape) for _ in range(3)]
    for k in np.ndindex(theta.shape):
        a = beta1 * m[k] + (1 - beta1) * grad[k]
        b = beta2 * v[k] + (1 - beta2) * abs(grad[k]) ** 2
        a_hat, b_hat = a / (1 - beta1**t), b / (1 - beta2**t)
        for result, number in zip(
            results, (theta[k] - learning_rate * a_hat / (b_hat**0.5 + epsilon), a, b), strict=True
        ):
            result[k] = number
    return tuple(results)


def batches_by_comprehension(X, Y, batch_size, seed):
    order = np.random.default_rng(seed).permutation(X.shape[1])
    blocks = [order[k : k + batch_size] for k in range(0, X.shape[1], batch_size)]
    return [(X[:, block], Y[:, block]) for block in blocks]


def batches_as_courses_write_them(X, Y, mini_batch_size, seed):
    np.random.seed(seed)
    m = X.shape[1]
    permutation = list(np.random.permutation(m))
    X, Y = X[:, permutation], Y[:, permutation].reshape((Y.shape[0], m))
    batches = []
    whole = m // mini_batch_size
    for k in range(whole):
        start = k * mini_batch_size
        batches.append((X[:, start : start + mini_batch_size], Y[:, start : start + mini_batch_size]))
    if m % mini_batch_size:
        batches.append((X[:, whole * mini_batch_size :], Y[:, whole * mini_batch_size :]))
    return batches


def batches_by_splitting(X, Y, batch_size, seed):
    order = np.random.default_rng(seed).permutation(X.shape[1])
    blocks = np.split(order, range(batch_size, len(order), batch_size))
    return tuple((X[:, block], Y[:, block]) for block in blocks)


def batches_by_pythons_random(X, Y, batch_size, seed):
    order = list(range(X.shape[1]))
    random.Random(seed).shuffle(order)
    batches = []
    while order:
        block, order = order[:batch_size], order[batch_size:]
        batches.append([X[:, block].astype(np.float32), Y[:, block]])
    return batches


def batches_of_both_together(X, Y, batch_size, seed):
    both = np.vstack([X, Y])
    both = np.random.default_rng(seed).permutation(both, axis=1)
    starts = range(0, both.shape[1], batch_size)
    return [(both[: len(X), k : k + batch_size], both[len(X) :, k : k + batch_size]) for k in starts]


def batches_shuffled_in_place(X, Y, batch_size, seed):
    np.random.default_rng(seed).shuffle(X, axis=1)
    np.random.default_rng(seed).shuffle(Y, axis=1)
    return [(X[:, k : k + batch_size], Y[:, k : k + batch_size]) for k in range(0, X.shape[1], batch_size)]


def batches_by_sorted_keys(X, Y, batch_size, seed):
    order = np.argsort(np.random.default_rng(seed).random(X.shape[1]))
    return list(
        zip(*(np.split(A[:, order], range(batch_size, len(order), batch_size), axis=1) for A in (X, Y)), strict=True)
    )


def batches_sorted_inside(X, Y, batch_size, seed):
    order = np.random.default_rng(seed).permutation(X.shape[1])
    blocks = [np.sort(order[k : k + batch_size]) for k in range(0, len(order), batch_size)]
    return [(X[:, block], Y[:, block]) for block in blocks]


def trained_by(step, start=he, batches=random_mini_batches):
    """Return training with any step that takes and returns (theta, memory)."""

    def train(X, Y, layer_dims, num_epochs, batch_size, learning_rate, seed):
        parameters, memory, t = dict(start(layer_dims, seed)), {}, 0
        for epoch in range(num_epochs):
            for X_b, Y_b in batches(X, Y, batch_size, 1000 * seed + epoch):
                t += 1
                AL, caches = forward_propagation(X_b, parameters)
                grads = backward_propagation(AL, Y_b, caches)
                for name, theta in parameters.items():
                    parameters[name], memory[name] = step(theta, grads["d" + name], memory.get(name), t, learning_rate)
        return parameters

    return train


def plain(theta, grad, memory, t, rate):
    return gradient_descent_step(theta, grad, rate), None


def with_momentum(theta, grad, v, t, rate):
    return momentum_step(theta, grad, np.zeros_like(theta) if v is None else v, rate, 0.9)


def with_adam(theta, grad, memory, t, rate):
    m, v = memory or (np.zeros_like(theta), np.zeros_like(theta))
    theta, m, v = adam_step(theta, grad, m, v, t, 0.01 * rate)
    return theta, (m, v)


def in_order(X, Y, batch_size, seed):
    return [(X[:, k : k + batch_size], Y[:, k : k + batch_size]) for k in range(0, X.shape[1], batch_size)]


VARIANTS = [
    ("gradient_descent_step", descent_in_place),
    ("gradient_descent_step", descent_by_loop),
    ("gradient_descent_step", lambda theta, grad, rate: np.subtract(theta, np.multiply(rate, grad))),
    ("gradient_descent_step", lambda theta, grad, rate: -(rate * grad - theta)),
    ("gradient_descent_step", lambda theta, grad, rate: (theta - rate * grad).astype(np.float32)),
    ("gradient_descent_step", lambda theta, grad, rate: np.matrix(theta) - rate * np.matrix(grad)),
    ("momentum_step", momentum_in_place),
    ("momentum_step", momentum_as_a_move_to_the_gradient),
    (
        "momentum_step",
        lambda theta, grad, v, rate, beta: (
            theta - rate * (beta * v + grad - beta * grad),
            np.average([v, grad], axis=0, weights=[beta, 1 - beta]),
        ),
    ),
    ("momentum_step", lambda *arguments: momentum_step(*arguments)),
    ("adam_step", adam_in_place),
    ("adam_step", adam_with_one_rate),
    ("adam_step", adam_entry_by_entry),
    ("adam_step", lambda theta, grad, m, v, *rest: list(adam_step(theta, grad, m, v, *rest))),
    ("random_mini_batches", batches_by_comprehension),
    ("random_mini_batches", batches_as_courses_write_them),
    ("random_mini_batches", batches_by_splitting),
    ("random_mini_batches", batches_by_pythons_random),
    ("random_mini_batches", batches_of_both_together),
    ("random_mini_batches", batches_shuffled_in_place),
    ("random_mini_batches", batches_by_sorted_keys),
    ("random_mini_batches", batches_sorted_inside),
    ("train", trained_by(plain)),
    ("train", trained_by(with_momentum)),
    ("train", trained_by(with_adam)),
    ("train", trained_by(plain, start=xavier)),
    ("train", trained_by(plain, batches=in_order)),
    ("train", lambda *given: {**trained_by(plain)(*given), "costs": []}),
    ("train", lambda *given: {k: p.astype(np.float32) for k, p in trained_by(plain)(*given).items()}),
]


def batches(change):
    return lambda X, Y, batch_size, seed: change(random_mini_batches(X, Y, batch_size, seed))
