"""Initial parameters: small random weights, so that hidden units start out different."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from course_lib.arrays import Array


def small_random(n0: int, n1: int, n2: int, seed: int, scale: float = 0.01) -> dict[str, Array]:
    """Draw the parameters of a two-layer network: normal weights times `scale`, biases zero.

    Parameters
    ----------
    n0, n1, n2 : numbers of inputs, hidden units and outputs
    seed : integer, seed of the generator; the same seed gives the same numbers
    scale : standard deviation of the weights

    Returns
    -------
    {"W1": (n1, n0), "b1": (n1, 1), "W2": (n2, n1), "b2": (n2, 1)}

    Notes
    -----
    Source S4.5: equal weights would keep the hidden units equal for ever, large ones would saturate them.
    """
    return small((n0, n1, n2), seed, scale)


def zeros(layer_dims: Sequence[int]) -> dict[str, Array]:
    """Return parameters that are all zero: what not to start from.

    Parameters
    ----------
    layer_dims : the sizes of all layers, (n0, n1, ..., n_L)

    Returns
    -------
    {"W1": (n1, n0), "b1": (n1, 1), ..., "bL": (n_L, 1)}

    Raises
    ------
    ValueError
        If there are fewer than two sizes, or one is less than 1.

    Notes
    -----
    Source S2.13: with tanh or ReLU hidden units only the last bias moves, with sigmoid ones all units stay identical.
    """
    return _scaled(layer_dims, lambda n_prev, n: 0.0, seed=0)


def small(layer_dims: Sequence[int], seed: int, scale: float = 0.01) -> dict[str, Array]:
    """Draw the parameters of a network: normal weights times `scale`, biases zero.

    Parameters
    ----------
    layer_dims : the sizes of all layers, (n0, n1, ..., n_L)
    seed : integer, seed of the generator
    scale : standard deviation of the weights

    Returns
    -------
    {"W1": (n1, n0), "b1": (n1, 1), ..., "bL": (n_L, 1)}

    Raises
    ------
    ValueError
        If there are fewer than two sizes, or one is less than 1.

    Notes
    -----
    Source S4.5; errata E26, E27. `small_random` is this for a two-layer network.
    """
    return _scaled(layer_dims, lambda n_prev, n: scale, seed)


def xavier(layer_dims: Sequence[int], seed: int) -> dict[str, Array]:
    """Draw weights with variance 2 / (n_prev + n), biases zero: for tanh and sigmoid layers.

    Parameters
    ----------
    layer_dims : the sizes of all layers, (n0, n1, ..., n_L)
    seed : integer, seed of the generator

    Returns
    -------
    {"W1": (n1, n0), "b1": (n1, 1), ..., "bL": (n_L, 1)}

    Raises
    ------
    ValueError
        If there are fewer than two sizes, or one is less than 1.

    Notes
    -----
    Source S4.5. The middle between keeping the size of activations on the way up, 1 / n_prev, and of gradients on the
    way back, 1 / n.
    """
    return _scaled(layer_dims, lambda n_prev, n: np.sqrt(2 / (n_prev + n)), seed)


def he(layer_dims: Sequence[int], seed: int) -> dict[str, Array]:
    """Draw weights with variance 2 / n_prev, biases zero: for ReLU layers, which set half of their inputs to zero.

    Parameters
    ----------
    layer_dims : the sizes of all layers, (n0, n1, ..., n_L)
    seed : integer, seed of the generator

    Returns
    -------
    {"W1": (n1, n0), "b1": (n1, 1), ..., "bL": (n_L, 1)}

    Raises
    ------
    ValueError
        If there are fewer than two sizes, or one is less than 1.

    Notes
    -----
    Equation initialization.he; sources S2.13, S4.5; errata E26, E27.
    """
    return _scaled(layer_dims, lambda n_prev, n: np.sqrt(2 / n_prev), seed)


def _scaled(layer_dims: Sequence[int], scale: Callable[[int, int], float], seed: int) -> dict[str, Array]:
    """Draw normal weights, times what `scale` makes of the sizes of the layer below and the layer."""
    if len(layer_dims) < 2 or min(layer_dims) < 1:
        raise ValueError(f"layer_dims must be at least two sizes of at least 1, not {tuple(layer_dims)}")
    rng = np.random.default_rng(seed)
    parameters: dict[str, Array] = {}
    for layer, (n_prev, n) in enumerate(pairwise(layer_dims), 1):
        parameters[f"W{layer}"] = scale(n_prev, n) * rng.standard_normal((n, n_prev))
        parameters[f"b{layer}"] = np.zeros((n, 1))
    return parameters
