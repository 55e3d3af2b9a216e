"""The types that the equations share."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Parameters = Mapping[str, Array]


def is_below_zero(z: Array) -> Any:
    """Return where the real part of z is negative: a comparison that complex numbers have too.

    Parameters
    ----------
    z : array of any shape, real or complex

    Returns
    -------
    array of the same shape, True or False
    """
    return np.real(z) < 0


def magnitude(z: Array) -> Array:
    """Return |z| for real z, extended so that its complex step is the derivative sign(z).

    `np.abs` of a complex number is its length, which has no complex derivative; this one branches on the real part.

    Parameters
    ----------
    z : array of any shape, real or complex

    Returns
    -------
    array of the same shape
    """
    return np.where(is_below_zero(z), -z, z)
