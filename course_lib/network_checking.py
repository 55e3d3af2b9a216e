"""The gradient check of a whole network: every parameter by the complex step, many at a time.

`gradient_checking.complex_step` runs the network once for each parameter and knows nothing of it. Here the passes are
stacked, and what a parameter cannot change is not computed again: a weight in row r of a layer changes row r of that
layer's Z and nothing below. No derivative takes part, so the check stays independent of the formulas.
"""

from collections.abc import Sequence

import numpy as np

from course_lib.arrays import Array, Parameters
from course_lib.deep import Z, backward_propagation, forward_propagation
from course_lib.gradient_checking import GradientCheck, compare_gradients
from course_lib.losses import loss as find_loss
from course_lib.output_layer import LOSS_FROM_Z, A, checked_activations

STEP = 1e-30
STACK = 2**16
"""So many complex numbers are worked on at a time, unless one row of weights needs more."""


def numerical_gradients(
    X: Array, Y: Array, parameters: Parameters, activations: Sequence[str] | None = None, loss: str = "bce"
) -> dict[str, Array]:
    """Return the gradient of the cost by every parameter, by the complex step.

    ∂J/∂θ_k = Im J(θ + i h e_k) / h

    Parameters
    ----------
    X : (n0, m)
    Y : (n_L, m)
    parameters : {"W1": (n1, n0), "b1": (n1, 1), ..., "bL": (n_L, 1)}
    activations : a name for each layer; ReLU and at last the sigmoid if left out
    loss : name of the loss

    Returns
    -------
    {"dW1": (n1, n0), "db1": (n1, 1), ..., "dbL": (n_L, 1)}

    Raises
    ------
    ValueError
        If a shape does not fit, an array is empty or not finite, or a name is unknown.

    Notes
    -----
    Sources S1.2, S1.6, S2.12: this is the one forward pass for each parameter that back-propagation saves.
    """
    # In single precision the step would vanish; the exact derivative is wanted in any case.
    parameters = {name: np.asarray(theta, float) for name, theta in parameters.items()}
    AL, caches = forward_propagation(np.asarray(X, float), parameters, activations)
    activations = checked_activations(activations, len(caches), AL, Y, loss)
    grads = {}
    for layer, ((A_prev, W, _), _) in enumerate(caches, 1):
        # What each weight of a row is multiplied by, and the 1 of its bias.
        changes = np.vstack([A_prev, np.ones((1, X.shape[1]))])
        above = caches[layer][1].shape[0] if layer < len(caches) else W.shape[0]
        rows = max(1, STACK // (len(changes) * above * X.shape[1]))
        found = [
            _derivatives(np.arange(start, min(start + rows, len(W))), changes, layer, Y, caches, activations, loss)
            for start in range(0, len(W), rows)
        ]
        gradient = np.concatenate(found)
        grads[f"dW{layer}"], grads[f"db{layer}"] = gradient[:, :-1], gradient[:, -1:]
    return grads


def _derivatives(
    rows: Array,
    changes: Array,
    layer: int,
    Y: Array,
    caches: Sequence[tuple[tuple[Array, Array, Array], Array]],
    activations: Sequence[str],
    loss: str,
) -> Array:
    """Return ∂J/∂w and ∂J/∂b, (rows, n_prev + 1), for some rows of a layer's weights."""
    weighted = caches[layer - 1][1]
    # Row r of Z for each weight in it: (rows, n_prev + 1, m).
    changed = weighted[rows, np.newaxis, :] + 1j * STEP * changes
    if layer < len(caches):
        # Z above is linear in the unit r that changes: it moves by column r of W, times the change.
        (_, W, _), weighted = caches[layer]
        difference = 1j * np.imag(A(changed, activations[layer - 1]))
        stack = weighted + W.T[rows, np.newaxis, :, np.newaxis] * difference[:, :, np.newaxis, :]
    else:
        stack = np.broadcast_to(weighted, (*changed.shape[:2], *weighted.shape)).astype(complex)
        stack[np.arange(len(rows)), :, rows, :] = changed
    for (_, W, b), _ in caches[layer + 1 :]:
        layer += 1
        stack = Z(W, b, A(stack, activations[layer - 1]))
    from_z = LOSS_FROM_Z.get((activations[-1], loss))
    losses = from_z(stack, Y) if from_z else find_loss(loss).function(A(stack, activations[-1]), Y)
    return np.sum(np.imag(losses), axis=(-2, -1)) / (STEP * Y.shape[1])


def check_network(
    X: Array,
    Y: Array,
    parameters: Parameters,
    activations: Sequence[str] | None = None,
    loss: str = "bce",
    grads: Parameters | None = None,
    tolerance: float = 1e-7,
) -> dict[str, GradientCheck]:
    """Compare every gradient of a network with the numerical one, entry by entry.

    Parameters
    ----------
    X : (n0, m)
    Y : (n_L, m)
    parameters : {"W1": (n1, n0), "b1": (n1, 1), ..., "bL": (n_L, 1)}
    activations : a name for each layer; ReLU and at last the sigmoid if left out
    loss : name of the loss
    grads : {"dW1": (n1, n0), "db1": (n1, 1), ...}, what to check; those of `deep.backward_propagation` if left out
    tolerance : relative, for each entry, as in `gradient_checking.check_gradient`

    Returns
    -------
    {"dW1": GradientCheck(passed, error, worst_entry), ...}

    Raises
    ------
    ValueError
        If a shape does not fit, an array is empty or not finite, or a name is unknown.
    """
    if grads is None:
        AL, caches = forward_propagation(X, parameters, activations)
        grads = backward_propagation(AL, Y, caches, activations, loss)
    truth = numerical_gradients(X, Y, parameters, activations, loss)
    return {name: compare_gradients(grads[name], truth[name], tolerance) for name in truth}
