"""Saving and loading parameters: numpy's npz files without pickle, so that a file holds numbers and nothing else."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.arrays import Array, Parameters


def save_parameters(path: str | Path, parameters: Parameters) -> None:
    """Write the parameters of a network into a file.

    Parameters
    ----------
    path : where to; a file that is there is replaced
    parameters : {"W1": (n1, n0), "b1": (n1, 1), ...}

    Raises
    ------
    ValueError
        If there is nothing to save, a name is not W or b with a number, or an array holds no floating-point numbers.
    """
    if not parameters:
        raise ValueError("there are no parameters to save")
    arrays: dict[str, Any] = {name: np.asarray(theta) for name, theta in parameters.items()}
    for name, theta in arrays.items():
        _check(name, theta)
    with Path(path).open("wb") as file:
        np.savez(file, **arrays)


def load_parameters(path: str | Path) -> dict[str, Array]:
    """Read the parameters that `save_parameters` wrote.

    Parameters
    ----------
    path : where from

    Returns
    -------
    {"W1": (n1, n0), "b1": (n1, 1), ...}, in the order in which they were saved

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file holds anything but parameters.
    """
    from zipfile import BadZipFile  # not at the top: numpy, too, loads it only when it reads such a file

    try:
        with Path(path).open("rb") as stored, np.load(stored, allow_pickle=False) as file:
            parameters = {name: file[name] for name in file.files}
    except (AttributeError, BadZipFile, EOFError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a file of parameters: {error}") from error
    for name, theta in parameters.items():
        _check(name, theta)
    return parameters


def _check(name: str, theta: Any) -> None:
    if not re.fullmatch(r"[Wb][0-9]+", name):
        raise ValueError(f"a parameter is called W or b with the number of its layer, not {name!r}")
    if not isinstance(theta, np.ndarray) or theta.dtype.kind != "f":
        raise ValueError(f"{name} must hold floating-point numbers, not {getattr(theta, 'dtype', 'text')}")
