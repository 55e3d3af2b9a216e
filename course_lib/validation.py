"""What the networks ask of their input, once, at the door: each complaint is one sentence that names the argument."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from course_lib.activations import activation
from course_lib.arrays import Parameters
from course_lib.losses import loss as find_loss

NEEDS = {"bce": "sigmoid", "cross_entropy": "softmax"}
"""The last activation that a loss needs: its outputs are probabilities, and the two together are stable."""


def check_matrix(name: str, value: Any, rows: int | None = None, columns: int | None = None) -> None:
    """Check that an argument is a matrix of finite numbers with at least one row and column, of a given shape.

    Parameters
    ----------
    name : what the argument is called
    value : the argument
    rows, columns : how many it must have; None where any number will do

    Raises
    ------
    ValueError
        If it is not.
    """
    expected = f"({'n' if rows is None else rows}, {'m' if columns is None else columns})"
    if not isinstance(value, np.ndarray):
        raise ValueError(f"{name} must be an array of shape {expected}, not a {type(value).__name__}")
    if value.dtype.kind not in "biufc":
        raise ValueError(f"{name} must hold numbers, not {value.dtype}")
    if value.ndim != 2 or rows not in (None, value.shape[0]) or columns not in (None, value.shape[1]):
        raise ValueError(f"{name} must have the shape {expected}, not {value.shape}")
    if value.size == 0:
        raise ValueError(f"{name} is empty: its shape is {value.shape}, and at least one row and one column are needed")
    if not np.all(np.isfinite(value)):
        where = tuple(int(k) for k in np.argwhere(~np.isfinite(value))[0])
        raise ValueError(f"{name} must be finite, but entry {where} of its shape {value.shape} is {value[where]}")


def check_parameters(parameters: Parameters) -> tuple[int, ...]:
    """Check that the parameters are those of a network, W1, b1, ..., WL, bL, whose layers fit together.

    Parameters
    ----------
    parameters : {"W1": (n1, n0), "b1": (n1, 1), ...}

    Returns
    -------
    the sizes (n0, n1, ..., nL)

    Raises
    ------
    ValueError
        If a name is missing or unknown, or a shape does not fit.
    """
    layers = max(len(parameters) // 2, 1)
    expected = {f"{kind}{layer}" for layer in range(1, layers + 1) for kind in "Wb"}
    if set(parameters) != expected:
        raise ValueError(
            f"parameters must be called W1, b1, W2, b2 and so on, not {', '.join(parameters) or 'nothing'}"
        )
    check_matrix("W1", parameters["W1"])
    sizes = [parameters["W1"].shape[1]]
    for layer in range(1, layers + 1):
        W, b = f"W{layer}", f"b{layer}"
        check_matrix(W, parameters[W], columns=sizes[-1])
        sizes.append(parameters[W].shape[0])
        check_matrix(b, parameters[b], sizes[-1], 1)
    return tuple(sizes)


def check_activations(activations: Sequence[str], layers: int, loss: str | None = None) -> None:
    """Check that there is one known activation for each layer, and that the last one suits the loss.

    Parameters
    ----------
    activations : names, first to last layer
    layers : number of layers L
    loss : name of the loss, if there is one

    Raises
    ------
    ValueError
        If not.
    """
    if isinstance(activations, str) or len(activations) != layers:
        raise ValueError(f"activations must be {layers} names, one for each layer, not {activations!r}")
    for layer, name in enumerate(activations, 1):
        if name == "softmax" and layer < layers:
            raise ValueError(f"softmax can stand in the last layer only, layer {layers}, not in layer {layer}")
        if name != "softmax":
            activation(name)
    if loss is not None:
        find_loss(loss)
        if activations[-1] != NEEDS.get(loss, activations[-1]):
            raise ValueError(f"the loss {loss!r} needs {NEEDS[loss]} in the last layer, not {activations[-1]}")


def check_labels(Y: Any, outputs: int, examples: int, loss: str) -> None:
    """Check that the labels have the shape of the network's output, and are labels where the loss needs them.

    Parameters
    ----------
    Y : (n_L, m)
    outputs : n_L
    examples : m
    loss : name of the loss

    Raises
    ------
    ValueError
        If not.
    """
    check_matrix("Y", Y, outputs, examples)
    if loss in NEEDS and not np.all((Y >= 0) & (Y <= 1)):
        raise ValueError(f"Y of shape {Y.shape} must hold labels between 0 and 1 for the loss {loss!r}")
    if loss == "cross_entropy" and not np.allclose(np.sum(Y, axis=0), 1, rtol=0, atol=1e-6):
        raise ValueError(f"each column of Y of shape {Y.shape} must add up to 1 for the loss 'cross_entropy'")
