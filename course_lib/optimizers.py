"""Optimizers: what a step makes of a gradient, and the batches that the gradient is taken from.

Each step works on one array, or on all parameters of a network laid end to end in one array, and returns new arrays.
"""

import numpy as np

from course_lib.arrays import Array


def gradient_descent_step(theta: Array, grad: Array, learning_rate: float) -> Array:
    """Take one step of gradient descent, θ := θ - α dθ.

    Parameters
    ----------
    theta : array of any shape, left as it is
    grad : array of theta's shape
    learning_rate : number α

    Returns
    -------
    array of theta's shape

    Notes
    -----
    Equation optimizers.gradient_descent_step; sources S1.7, S2.11, S3.3.
    """
    return theta - learning_rate * grad


def momentum_step(theta: Array, grad: Array, v: Array, learning_rate: float, beta: float) -> tuple[Array, Array]:
    """Take one step along a running mean of the gradients.

    v := β v + (1 - β) dθ, then θ := θ - α v

    Parameters
    ----------
    theta : array of any shape, left as it is
    grad : array of theta's shape
    v : array of theta's shape, zero before the first step
    learning_rate : number α
    beta : number, share of the mean that is kept, 0 <= β < 1

    Returns
    -------
    theta : array of the same shape
    v : array of the same shape

    Notes
    -----
    Equation optimizers.momentum_step; source S3.3.
    """
    v = beta * v + (1 - beta) * grad
    return theta - learning_rate * v, v


def adam_step(
    theta: Array,
    grad: Array,
    m: Array,
    v: Array,
    t: int,
    learning_rate: float = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> tuple[Array, Array, Array]:
    """Take one step of Adam: a running mean of the gradients over the root of a running mean of their squares.

    m := β1 m + (1 - β1) dθ, v := β2 v + (1 - β2) dθ², then θ := θ - α m/(1 - β1^t) / (√(v/(1 - β2^t)) + ε)

    Parameters
    ----------
    theta : array of any shape, left as it is
    grad : array of theta's shape
    m, v : arrays of theta's shape, zero before the first step
    t : integer, the number of this step, from 1
    learning_rate : number α
    beta1, beta2 : numbers, shares of the means that are kept
    epsilon : number, keeps the quotient finite; it stands outside the root

    Returns
    -------
    theta, m, v : arrays of the same shape

    Raises
    ------
    ValueError
        If t is less than 1.

    Notes
    -----
    Equation optimizers.adam_step; source S3.3. Both means start at zero and are too small at first; the divisions by
    1 - β^t make up for it.
    """
    if t < 1:
        raise ValueError(f"t counts the steps from 1, and cannot be {t}")
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    return theta - learning_rate * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + epsilon), m, v


def add_weight_decay(grad: Array, theta: Array, decay: float) -> Array:
    """Return the gradient of the cost plus λ/2 ‖θ‖²: dθ + λ θ.

    Parameters
    ----------
    grad, theta : arrays of one shape
    decay : λ

    Returns
    -------
    array of the same shape

    Notes
    -----
    Every step then shrinks θ a little; biases are usually left out.
    """
    return grad + decay * theta


def random_mini_batches(X: Array, Y: Array, batch_size: int, seed: int) -> list[tuple[Array, Array]]:
    """Deal the examples out into batches, in random order, each example once.

    Parameters
    ----------
    X : (n0, m)
    Y : (n_L, m)
    batch_size : number of examples in a batch; the last batch may have fewer
    seed : seed of the shuffle

    Returns
    -------
    list of (X_b, Y_b), columns that belong together staying together

    Raises
    ------
    ValueError
        If the numbers of columns differ, or the batch size is less than 1.

    Notes
    -----
    Sources S3.3, S3.7.
    """
    if X.shape[1] != Y.shape[1]:
        raise ValueError(f"X and Y must have one column an example, not {X.shape[1]} and {Y.shape[1]} columns")
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, not {batch_size}")
    order = np.random.default_rng(seed).permutation(X.shape[1])
    parts = (order[start : start + batch_size] for start in range(0, len(order), batch_size))
    return [(X[:, part], Y[:, part]) for part in parts]
