"""Data sets drawn by seed, with numpy alone."""

import numpy as np

from course_lib.arrays import Array


def flower(m: int, seed: int, noise: float = 0.2) -> tuple[Array, Array]:
    """Draw points of a flower with eight petals of two kinds in turn: no line can separate them.

    In polar coordinates each point lies on r = 4 sin(4θ), plus normal noise; kind 0 has θ in [0, π), kind 1 in [π, 2π).

    Parameters
    ----------
    m : number of points
    seed : seed of the generator
    noise : standard deviation of the noise in radius and angle

    Returns
    -------
    X : (2, m), the points
    Y : (1, m), their kinds, 0.0 or 1.0

    >>> X, Y = flower(400, seed=0)
    >>> X.shape, Y.shape
    ((2, 400), (1, 400))
    """
    rng = np.random.default_rng(seed)
    kind = rng.permutation(np.arange(m) % 2)
    angle = np.pi * (kind + rng.random(m)) + noise * rng.standard_normal(m)
    radius = 4 * np.sin(4 * angle) + noise * rng.standard_normal(m)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)]), kind[np.newaxis, :].astype(float)
