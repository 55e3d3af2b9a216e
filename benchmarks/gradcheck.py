"""A full gradient check: every parameter of (12, 64, 32, 1), tanh and sigmoid, at m = 16, ours against PyTorch's.

Both compare the gradient by back-propagation with a numerical one: `torch.autograd.gradcheck` by central differences,
ours by the complex step. How exact a numerical gradient is, is measured against the formulas in long double.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.steps import Size, draw
from course_lib.deep import backward_propagation, forward_propagation
from course_lib.gradient_checking import relative_error
from course_lib.network_checking import check_network, numerical_gradients

SIZE = Size((12, 64, 32, 1), 16)


def ours() -> Callable[[], Any]:
    """Return our check."""
    X, Y, _, parameters = draw(SIZE, np.float64)

    def check() -> None:
        if not all(checked.passed for checked in check_network(X, Y, parameters, SIZE.activations).values()):
            raise AssertionError("the gradient check fails on right gradients")

    return check


def _pytorch_cost() -> tuple[Callable[..., Any], tuple[Any, ...]]:
    import torch

    X, Y, _, parameters = draw(SIZE, np.float64)
    inputs, labels = torch.from_numpy(X), torch.from_numpy(Y)

    def cost(*theta: Any) -> Any:
        A = inputs
        for layer in range(0, len(theta), 2):
            Z = theta[layer] @ A + theta[layer + 1]
            A = torch.tanh(Z)
        return torch.nn.functional.binary_cross_entropy_with_logits(Z, labels)

    return cost, tuple(torch.from_numpy(theta).requires_grad_() for theta in parameters.values())


def pytorch() -> Callable[[], Any]:
    """Return PyTorch's check, with one thread: on matrices this small two take it longer."""
    import torch

    cost, theta = _pytorch_cost()

    def check() -> bool:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return bool(torch.autograd.gradcheck(cost, theta))
        finally:
            torch.set_num_threads(threads)

    return check


def our_error() -> float:
    """Return the relative error of our numerical gradient."""
    X, Y, _, parameters = draw(SIZE, np.float64)
    found = numerical_gradients(X, Y, parameters, SIZE.activations)
    return relative_error(np.concatenate([gradient.ravel() for gradient in found.values()]), _exact())


def pytorch_error() -> float:
    """Return the relative error of the central differences that PyTorch's check takes."""
    from torch.autograd.gradcheck import _get_numerical_jacobian

    cost, theta = _pytorch_cost()
    found = _get_numerical_jacobian(cost, theta, eps=1e-6)
    return relative_error(np.concatenate([jacobian[0].numpy().ravel() for jacobian in found]), _exact())


def _exact() -> Any:
    X, Y, _, parameters = draw(SIZE, np.longdouble)
    AL, caches = forward_propagation(X, parameters, SIZE.activations)
    grads = backward_propagation(AL, Y, caches, SIZE.activations)
    return np.concatenate([gradient.ravel() for gradient in grads.values()])
