"""Numerical gradients, and the comparison of a formula's gradient with them."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from course_lib.arrays import Array


def central_difference(f: Callable[[Array], Any], theta: Array, epsilon: float = 1e-5) -> Array:
    """Return the gradient of a scalar function by central differences.

    ∂f/∂θ_k ≈ (f(θ + ε e_k) - f(θ - ε e_k)) / 2ε, with an error of the order ε² + rounding/ε

    Parameters
    ----------
    f : a function of θ, from an array of theta's shape to a number
    theta : array of any shape, left as it is
    epsilon : number, the step

    Returns
    -------
    array of theta's shape

    Notes
    -----
    Equation gradient_checking.central_difference; source S2.12: these are the two forward passes for each parameter
    that back-propagation saves.
    """
    gradient = np.empty(theta.shape)
    for k in np.ndindex(theta.shape):
        up, down = theta.astype(float), theta.astype(float)
        up[k] += epsilon
        down[k] -= epsilon
        gradient[k] = (f(up) - f(down)) / (2 * epsilon)
    return gradient


def complex_step(f: Callable[[Array], Any], theta: Array, h: float = 1e-30) -> Array:
    """Return the gradient of a scalar function by the complex step, exact to machine precision.

    ∂f/∂θ_k ≈ Im f(θ + i h e_k) / h: no difference is taken, so no digits cancel, however small h is

    Parameters
    ----------
    f : a function of θ, from an array of theta's shape to a number, made of operations that complex numbers have
        (`abs`, `max` and comparisons must branch on the real part)
    theta : array of any shape, left as it is
    h : step

    Returns
    -------
    array of theta's shape

    Notes
    -----
    It is exact where each operation that f is made of is differentiable. At a kink of one of them, such as a ReLU of
    exactly 0, it takes the slope of the branch that the operation takes there, and so does back-propagation. What comes
    out need not be a derivative, even where f has one: with ReLU(t) - ReLU(-t), which is t, the complex step gives the
    slope 2 at 0 and back-propagation 0. Do not check there.

    >>> from course_lib.activations import relu
    >>> complex_step(lambda t: (relu(t) - relu(-t))[0], np.zeros(1))
    array([2.])
    """
    gradient = np.empty(theta.shape)
    for k in np.ndindex(theta.shape):
        shifted = theta.astype(complex)
        shifted[k] += 1j * h
        gradient[k] = np.imag(f(shifted)) / h
    return gradient


def relative_error(a: Array, b: Array) -> float:
    """Return ‖a - b‖ / (‖a‖ + ‖b‖), and 0.0 where both are zero.

    Parameters
    ----------
    a, b : arrays of one shape

    Returns
    -------
    number between 0 and 1

    Notes
    -----
    Equation gradient_checking.relative_error. It is the course's own: none of S0 to S4 compares gradients.

    >>> relative_error(np.array([1.0, 2.0]), np.array([1.0, 2.0]))
    0.0
    """
    scale = float(np.linalg.norm(a) + np.linalg.norm(b))
    return float(np.linalg.norm(a - b)) / scale if scale else 0.0


class GradientCheck(NamedTuple):
    """The outcome of a gradient check: whether it passed, how far off, and the entry that is farthest off."""

    passed: bool
    error: float
    worst_entry: tuple[int, ...]


def check_gradient(
    f: Callable[[Array], Any],
    theta: Array,
    gradient: Array,
    tolerance: float = 1e-7,
    numerical: Callable[[Callable[[Array], Any], Array], Array] = complex_step,
) -> GradientCheck:
    """Compare a gradient with the numerical one, entry by entry.

    An entry is right when it differs by at most `tolerance` times its own size, or by less than rounding can tell:
    1e-10 of the largest entry, and for central differences also the rounding of f over the step, 5e-10 of f.
    So one small entry that is 0.05 % off does not hide behind large ones.

    Parameters
    ----------
    f : a function of θ, from an array of theta's shape to a number
    theta : array of any shape, the point
    gradient : array of theta's shape, the gradient to check
    tolerance : relative, for each entry
    numerical : `complex_step` or `central_difference`

    Returns
    -------
    GradientCheck(passed, error, worst_entry), error as `relative_error`

    Raises
    ------
    ValueError
        If the gradient has another shape than theta, or there is nothing to check.
    """
    if theta.size == 0:
        raise ValueError(f"theta has shape {theta.shape}: there is no entry to check")
    if gradient.shape != theta.shape:
        raise ValueError(f"the gradient has shape {gradient.shape}, but theta has shape {theta.shape}")
    rounding = 5e-10 * max(1.0, abs(float(f(theta)))) if numerical is central_difference else 0.0
    return compare_gradients(gradient, numerical(f, theta), tolerance, rounding)


def compare_gradients(gradient: Array, truth: Array, tolerance: float = 1e-7, rounding: float = 0.0) -> GradientCheck:
    """Compare a gradient with the true one, entry by entry, as `check_gradient` does.

    Parameters
    ----------
    gradient : array of any shape, the gradient to check
    truth : array of the same shape
    tolerance : relative, for each entry
    rounding : what the true one may be off itself, in each entry

    Returns
    -------
    GradientCheck(passed, error, worst_entry), error as `relative_error`

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if gradient.shape != truth.shape:
        raise ValueError(f"the gradient has shape {gradient.shape}, but the true one has shape {truth.shape}")
    difference = np.abs(gradient - truth)
    allowed = tolerance * (np.abs(gradient) + np.abs(truth)) / 2 + 1e-10 * np.max(np.abs(truth), initial=0.0)
    excess = np.where(np.isfinite(difference), difference - allowed - rounding, np.inf)
    worst = np.unravel_index(int(np.argmax(excess)), truth.shape)
    return GradientCheck(bool(np.all(excess <= 0)), relative_error(gradient, truth), tuple(int(k) for k in worst))
