"""The L-layer network: four equations that hold for every layer, and the passes that are made of them.

Shapes: X = A0 (n0, m), and for layer l = 1 ... L: W (n_l, n_{l-1}), b (n_l, 1), Z and A (n_l, m), Y (n_L, m). The
previous layer is the one below. dZ and dA are gradients of each example's own loss; dW and db are gradients of the
cost, the losses summed over outputs and averaged over examples. Each layer has an activation of its own, by name, and
the cost is any of `losses.LOSSES`.
"""

from collections.abc import Sequence

import numpy as np

from course_lib.activations import activation as find_activation
from course_lib.arrays import Array, Parameters
from course_lib.output_layer import LOSS_FROM_Z, checked_activations, cost, dA, dZ_softmax, usual_activations
from course_lib.output_layer import A as A
from course_lib.output_layer import dZ_output as dZ_output
from course_lib.validation import check_activations, check_matrix, check_parameters

LinearCache = tuple[Array, Array, Array]
Cache = tuple[LinearCache, Array]
"""What a layer remembers for the way back: ((A_prev, W, b), Z)."""


def Z(W: Array, b: Array, A_prev: Array) -> Array:
    """Return a layer's weighted input, Z = W A_prev + b 1^T.

    Parameters
    ----------
    W : (n, n_prev)
    b : (n, 1), added to every column
    A_prev : (n_prev, m)

    Returns
    -------
    (n, m)

    Raises
    ------
    ValueError
        If the shapes do not fit (by numpy).

    Notes
    -----
    Part of equation deep.linear_forward; sources S2.5, S3.1; errata E10, E14.
    """
    return W @ A_prev + b


def dZ(dA: Array, Z: Array, activation: str) -> Array:
    """Return the loss gradient before the activation, dZ = dA * g'(Z).

    Parameters
    ----------
    dA : (n, m)
    Z : (n, m)
    activation : name of g

    Returns
    -------
    (n, m)

    Raises
    ------
    ValueError
        If the name is not known.

    Notes
    -----
    Equation deep.dZ; sources S0.9, S1.5, S2.9, S3.5; errata E8, E36.
    """
    return dA * find_activation(activation).prime(Z)


def relu_backward(dA: Array, Z: Array) -> Array:
    """Return the loss gradient before a ReLU, dZ = dA * ReLU'(Z).

    Parameters
    ----------
    dA : (n, m)
    Z : (n, m)

    Returns
    -------
    (n, m)

    Notes
    -----
    Equation deep.relu_backward; sources S2.7, S3.5; the choice at 0 is erratum E12.
    """
    return dZ(dA, Z, "relu")


def sigmoid_backward(dA: Array, Z: Array) -> Array:
    """Return the loss gradient before a sigmoid, dZ = dA * σ(Z) * (1 - σ(Z)).

    Parameters
    ----------
    dA : (n, m)
    Z : (n, m)

    Returns
    -------
    (n, m)

    Notes
    -----
    Equation deep.sigmoid_backward; sources S2.7, S3.5.
    """
    return dZ(dA, Z, "sigmoid")


def tanh_backward(dA: Array, Z: Array) -> Array:
    """Return the loss gradient before a tanh, dZ = dA * (1 - tanh(Z)²).

    Parameters
    ----------
    dA : (n, m)
    Z : (n, m)

    Returns
    -------
    (n, m)

    Notes
    -----
    Equation deep.tanh_backward; sources S2.7, S3.5.
    """
    return dZ(dA, Z, "tanh")


def dW(dZ: Array, A_prev: Array) -> Array:
    """Return the cost gradient of a layer's weights, dW = 1/m dZ A_prev^T.

    Parameters
    ----------
    dZ : (n, m)
    A_prev : (n_prev, m)

    Returns
    -------
    (n, n_prev)

    Raises
    ------
    ValueError
        If dZ and A_prev have different numbers of columns (by numpy).

    Notes
    -----
    Equation deep.dW; sources S0.9, S1.2, S2.9, S3.5; errata E17, E19, E47.
    """
    return dZ @ A_prev.T / dZ.shape[1]


def db(dZ: Array) -> Array:
    """Return the cost gradient of a layer's biases, db = 1/m dZ 1.

    Parameters
    ----------
    dZ : (n, m)

    Returns
    -------
    (n, 1)

    Notes
    -----
    Equation deep.db; sources S0.9, S1.6, S2.9, S3.5; errata E4, E16, E18, E25.
    """
    return np.sum(dZ, axis=1, keepdims=True) / dZ.shape[1]


def dA_prev(W: Array, dZ: Array) -> Array:
    """Return the loss gradient at the layer below, dA_prev = W^T dZ.

    Parameters
    ----------
    W : (n, n_prev)
    dZ : (n, m)

    Returns
    -------
    (n_prev, m)

    Raises
    ------
    ValueError
        If W and dZ have different numbers of rows (by numpy).

    Notes
    -----
    Equation deep.dA_prev; sources S0.9, S1.4, S2.9, S3.5; errata E8, E15.
    """
    return W.T @ dZ


def linear_forward(A: Array, W: Array, b: Array) -> tuple[Array, LinearCache]:
    """Run the linear part of a layer forwards.

    Parameters
    ----------
    A : (n_prev, m), the activations of the layer below
    W : (n, n_prev)
    b : (n, 1)

    Returns
    -------
    Z : (n, m)
    cache : (A_prev, W, b), of which A_prev is the A given

    Raises
    ------
    ValueError
        If the shapes do not fit (by numpy).

    Notes
    -----
    Equation deep.linear_forward; sources S2.5, S3.1; erratum E14.
    """
    return Z(W, b, A), (A, W, b)


def linear_backward(dZ: Array, cache: LinearCache) -> tuple[Array, Array, Array]:
    """Run the linear part of a layer backwards.

    Parameters
    ----------
    dZ : (n, m)
    cache : (A_prev, W, b), from `linear_forward`

    Returns
    -------
    dA_prev : (n_prev, m)
    dW : (n, n_prev)
    db : (n, 1)

    Raises
    ------
    ValueError
        If the shapes do not fit (by numpy).

    Notes
    -----
    Equation deep.linear_backward; sources S0.9, S3.5.
    """
    A_prev, W, _ = cache
    return dA_prev(W, dZ), dW(dZ, A_prev), db(dZ)


def linear_activation_backward(dA: Array, cache: Cache, activation: str) -> tuple[Array, Array, Array]:
    """Run a layer backwards, through its activation and then through its linear part.

    Parameters
    ----------
    dA : (n, m)
    cache : ((A_prev, W, b), Z)
    activation : name of g

    Returns
    -------
    dA_prev : (n_prev, m)
    dW : (n, n_prev)
    db : (n, 1)

    Raises
    ------
    ValueError
        If the name is not known, or the shapes do not fit (by numpy).

    Notes
    -----
    Equation deep.linear_activation_backward; sources S0.9, S3.5.
    """
    linear_cache, weighted_input = cache
    return linear_backward(dZ(dA, weighted_input, activation), linear_cache)


def forward_propagation(
    X: Array, parameters: Parameters, activations: Sequence[str] | None = None
) -> tuple[Array, list[Cache]]:
    """Run the network forwards.

    Parameters
    ----------
    X : (n0, m)
    parameters : {"W1": (n1, n0), "b1": (n1, 1), ..., "bL": (n_L, 1)}
    activations : a name for each layer; ReLU and at last the sigmoid if left out

    Returns
    -------
    AL : (n_L, m)
    caches : for each layer ((A_prev, W, b), Z)

    Raises
    ------
    ValueError
        If a shape does not fit, an array is empty or not finite, or an activation is unknown.

    Notes
    -----
    Equation deep.forward_propagation; sources S2.2, S3.1.
    """
    sizes = check_parameters(parameters)
    activations = usual_activations(len(sizes) - 1) if activations is None else activations
    check_activations(activations, len(sizes) - 1)
    check_matrix("X", X, rows=sizes[0])
    caches = []
    for layer, activation in enumerate(activations, 1):
        weighted_input, linear_cache = linear_forward(X, parameters[f"W{layer}"], parameters[f"b{layer}"])
        caches.append((linear_cache, weighted_input))
        X = A(weighted_input, activation)
    return X, caches


def backward_propagation(
    AL: Array, Y: Array, caches: Sequence[Cache], activations: Sequence[str] | None = None, loss: str = "bce"
) -> dict[str, Array]:
    """Run the network backwards: the gradient of the cost by every parameter.

    Parameters
    ----------
    AL : (n_L, m), from `forward_propagation`
    Y : (n_L, m)
    caches : for each layer ((A_prev, W, b), Z), from `forward_propagation`
    activations : a name for each layer; ReLU and at last the sigmoid if left out
    loss : name of the loss

    Returns
    -------
    {"dW1": (n1, n0), "db1": (n1, 1), ..., "dbL": (n_L, 1)}

    Raises
    ------
    ValueError
        If Y does not have the shape of AL or does not suit the loss, or a name is unknown.

    Notes
    -----
    Equation deep.backward_propagation; sources S0.9, S1.3, S3.4, S3.5; errata E8, E19.
    """
    activations = checked_activations(activations, len(caches), AL, Y, loss)
    if (activations[-1], loss) in LOSS_FROM_Z:
        delta = dZ_output(AL, Y)
    elif activations[-1] == "softmax":
        delta = dZ_softmax(dA(AL, Y, loss), AL)
    else:
        delta = dZ(dA(AL, Y, loss), caches[-1][1], activations[-1])
    grads = {}
    for layer in range(len(caches), 0, -1):
        A_prev, W, _ = caches[layer - 1][0]
        grads[f"dW{layer}"], grads[f"db{layer}"] = dW(delta, A_prev), db(delta)
        if layer > 1:
            delta = dZ(dA_prev(W, delta), caches[layer - 2][1], activations[layer - 2])
    return {name: grads[name] for layer in range(1, len(caches) + 1) for name in (f"dW{layer}", f"db{layer}")}


def cost_of_network(
    X: Array, Y: Array, parameters: Parameters, activations: Sequence[str] | None = None, loss: str = "bce"
) -> Array:
    """Run the network forwards and return its cost, in the stable form where there is one.

    Parameters
    ----------
    X : (n0, m)
    Y : (n_L, m)
    parameters : {"W1": (n1, n0), "b1": (n1, 1), ..., "bL": (n_L, 1)}
    activations : a name for each layer; ReLU and at last the sigmoid if left out
    loss : name of the loss

    Returns
    -------
    scalar

    Raises
    ------
    ValueError
        If a shape does not fit, an array is empty or not finite, or a name is unknown.

    Notes
    -----
    Sources S3.2, S4.2.
    """
    AL, caches = forward_propagation(X, parameters, activations)
    activations = checked_activations(activations, len(caches), AL, Y, loss)
    from_z = LOSS_FROM_Z.get((activations[-1], loss))
    return np.sum(from_z(caches[-1][1], Y)) / Y.shape[1] if from_z else cost(AL, Y, loss)
