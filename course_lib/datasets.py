"""Data sets: points in the plane drawn by seed, and one real table that ships with the course.

`flower`, `xor`, `circles`, `moons` and `spirals` return points X (2, m) and their kinds Y (1, m), with half of the
points of each kind (up to one) and in no order. `digits` reads 1797 handwritten digits; `even_digits` and `digit_pair`
ask a yes-or-no question about them. `split` keeps examples back, `one_hot` turns classes into columns.
"""

from importlib import resources
from typing import NamedTuple

import numpy as np

from course_lib.arrays import Array


def flower(m: int, seed: int, noise: float = 0.2) -> tuple[Array, Array]:
    """Draw points of a flower with eight petals of two kinds, four of each: no line can separate them.

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


def xor(m: int, seed: int, noise: float = 0.2) -> tuple[Array, Array]:
    """Draw four clouds around the corners (±1, ±1); opposite corners are of one kind.

    Kind 0 has coordinates of equal sign, kind 1 of different sign: exclusive or, the smallest task no line can do.

    Parameters
    ----------
    m : number of points
    seed : seed of the generator
    noise : standard deviation of each coordinate around its corner

    Returns
    -------
    X : (2, m), the points
    Y : (1, m), their kinds, 0.0 or 1.0

    >>> X, Y = xor(4, seed=0, noise=0)
    >>> bool(np.all((X[:1] * X[1:] < 0) == Y))
    True
    """
    rng = np.random.default_rng(seed)
    kind = rng.permutation(np.arange(m) % 2)
    side = rng.choice([-1.0, 1.0], m)
    corners = np.stack([side, side * (1 - 2 * kind)])
    return corners + noise * rng.standard_normal((2, m)), kind[np.newaxis, :].astype(float)


def circles(m: int, seed: int, noise: float = 0.05) -> tuple[Array, Array]:
    """Draw a disc of radius 1, kind 0, inside a ring of radii 2 to 3, kind 1, both evenly filled.

    Two hidden units with a continuous increasing activation only bend the plane, and the image of the ring still goes
    around the image of the disc: no line separates them. A third unit gives the room that is missing.

    Parameters
    ----------
    m : number of points
    seed : seed of the generator
    noise : standard deviation of the radius around its value

    Returns
    -------
    X : (2, m), the points
    Y : (1, m), their kinds, 0.0 or 1.0

    Notes
    -----
    Source S2.4.

    >>> X, Y = circles(400, seed=0)
    >>> bool(np.all((np.hypot(*X) > 1.5) == Y[0]))
    True
    """
    rng = np.random.default_rng(seed)
    kind = rng.permutation(np.arange(m) % 2)
    inner, outer = 2.0 * kind, 1.0 + 2.0 * kind
    # Areas grow with the square of the radius, so the square is what is drawn evenly.
    radius = np.sqrt(inner**2 + (outer**2 - inner**2) * rng.random(m)) + noise * rng.standard_normal(m)
    angle = 2 * np.pi * rng.random(m)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)]), kind[np.newaxis, :].astype(float)


def moons(m: int, seed: int, noise: float = 0.1) -> tuple[Array, Array]:
    """Draw two half circles of radius 1 that reach into each other; a line gets most points right, but not all.

    Kind 0 lies on the upper half circle around (0, 0), kind 1 on the lower half circle around (1, 1/2).

    Parameters
    ----------
    m : number of points
    seed : seed of the generator
    noise : standard deviation of each coordinate around its half circle

    Returns
    -------
    X : (2, m), the points
    Y : (1, m), their kinds, 0.0 or 1.0

    >>> X, Y = moons(400, seed=0, noise=0)
    >>> bool(np.allclose(np.hypot(X[0] - Y[0], X[1] - Y[0] / 2), 1))
    True
    """
    rng = np.random.default_rng(seed)
    kind = rng.permutation(np.arange(m) % 2)
    angle = np.pi * (kind + rng.random(m))
    centres = np.stack([kind, kind / 2])
    circle = np.stack([np.cos(angle), np.sin(angle)])
    return centres + circle + noise * rng.standard_normal((2, m)), kind[np.newaxis, :].astype(float)


def spirals(m: int, seed: int, noise: float = 0.1, turns: float = 1.5) -> tuple[Array, Array]:
    """Draw two spiral arms that wind around each other; one is the other, turned by half a circle.

    In polar coordinates each point lies on θ = 2π turns (r - 1/2) / 3 + π kind, with r between 1/2 and 7/2.

    Parameters
    ----------
    m : number of points
    seed : seed of the generator
    noise : standard deviation of each coordinate around its arm
    turns : how often an arm goes round

    Returns
    -------
    X : (2, m), the points
    Y : (1, m), their kinds, 0.0 or 1.0

    >>> X, Y = spirals(400, seed=0, noise=0)
    >>> bool(np.all((np.hypot(*X) >= 0.5) & (np.hypot(*X) <= 3.5)))
    True
    """
    rng = np.random.default_rng(seed)
    kind = rng.permutation(np.arange(m) % 2)
    along = np.sqrt(rng.random(m))  # an arm's length grows with the square of the radius
    radius, angle = 0.5 + 3 * along, 2 * np.pi * turns * along + np.pi * kind
    arms = np.stack([radius * np.cos(angle), radius * np.sin(angle)])
    return arms + noise * rng.standard_normal((2, m)), kind[np.newaxis, :].astype(float)


def digits() -> tuple[Array, Array]:
    """Read 1797 handwritten digits, images of 8 x 8 pixels, from the table that ships with the course.

    A pixel counts the inked dots, 0 to 16, in a block of 4 x 4 of the scan; here it is divided by 16. Column j of X is
    one image, row by row from the top: `X[:, j].reshape(8, 8)`. Source and licence: `course_lib/data/digits.txt`.

    Returns
    -------
    X : (64, 1797), between 0 and 1
    labels : (1, 1797), integers 0 to 9

    >>> X, labels = digits()
    >>> X.shape, labels.shape
    ((64, 1797), (1, 1797))
    >>> labels[0, :5].tolist()
    [0, 1, 2, 3, 4]
    """
    with resources.files("course_lib").joinpath("data", "digits.csv").open(encoding="ascii") as table:
        rows = np.loadtxt(table, delimiter=",", dtype=np.int64)
    return rows[:, :-1].T / 16, rows[:, -1:].T.copy()


def even_digits() -> tuple[Array, Array]:
    """Return all digits and whether each is even: a question that needs hidden units to be answered well.

    Returns
    -------
    X : (64, 1797), the images as `digits` gives them
    Y : (1, 1797), 1.0 for 0, 2, 4, 6 and 8, else 0.0

    >>> X, Y = even_digits()
    >>> int(Y.sum())
    891
    """
    X, labels = digits()
    return X, (labels % 2 == 0).astype(float)


def digit_pair(zero: int = 3, one: int = 8) -> tuple[Array, Array]:
    """Return the images of two digits and which of the two each is: a question that logistic regression can answer.

    Parameters
    ----------
    zero : the digit with Y = 0.0
    one : the digit with Y = 1.0

    Returns
    -------
    X : (64, m), the images of these two digits as `digits` gives them
    Y : (1, m), 0.0 or 1.0

    Raises
    ------
    ValueError
        If the two are equal or one of them is no digit.

    >>> X, Y = digit_pair(3, 8)
    >>> X.shape, int(Y.sum())
    ((64, 357), 174)
    """
    if zero == one or not {zero, one} <= set(range(10)):
        raise ValueError(f"a pair is two different digits from 0 to 9, not {zero!r} and {one!r}")
    X, labels = digits()
    chosen = (labels[0] == zero) | (labels[0] == one)
    return X[:, chosen], (labels[:, chosen] == one).astype(float)


def one_hot(labels: Array, classes: int = 10) -> Array:
    """Write each class as a column of zeros with a one in the row of the class.

    Parameters
    ----------
    labels : (1, m), integers from 0 to classes - 1
    classes : number of rows

    Returns
    -------
    (classes, m), zeros and ones

    Raises
    ------
    ValueError
        If labels is not one row of integers in that range.

    >>> one_hot(np.array([[2, 0]]), classes=3)
    array([[0., 1.],
           [0., 0.],
           [1., 0.]])
    """
    if labels.ndim != 2 or labels.shape[0] != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"labels must be one row of integers, (1, m), not {labels.dtype} of shape {labels.shape}")
    if labels.size and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        raise ValueError(f"labels must lie between 0 and {classes - 1}, not {labels.min()} and {labels.max()}")
    return (np.arange(classes)[:, np.newaxis] == labels).astype(float)


class Split(NamedTuple):
    """Examples to train on, and examples held back to test on."""

    X_train: Array
    Y_train: Array
    X_test: Array
    Y_test: Array


def split(X: Array, Y: Array, seed: int, held_back: float = 0.25) -> Split:
    """Divide examples at random into a part to train on and a part that is held back.

    Every example goes into exactly one of the two. The parts are drawn from all examples alike, not from each kind, so
    that the shares of the kinds differ a little.

    Parameters
    ----------
    X : (n0, m), one column an example
    Y : (n2, m)
    seed : seed of the generator
    held_back : the share of examples held back, between 0 and 1; m times it is rounded to a whole number

    Returns
    -------
    Split(X_train, Y_train, X_test, Y_test)

    Raises
    ------
    ValueError
        If X or Y is not a matrix, their numbers of columns differ, or one of the two parts would be empty.

    >>> X, Y = flower(400, seed=0)
    >>> split(X, Y, seed=0).X_test.shape
    (2, 100)
    """
    if X.ndim != 2 or Y.ndim != 2 or X.shape[1] != Y.shape[1]:
        raise ValueError(f"X and Y must be matrices with one column an example, not {X.shape} and {Y.shape}")
    m = X.shape[1]
    size = round(held_back * m)
    if not 0 < size < m:
        raise ValueError(f"holding back {held_back:g} of {m} examples leaves one part empty")
    order = np.random.default_rng(seed).permutation(m)
    test, train = order[:size], order[size:]
    return Split(X[:, train], Y[:, train], X[:, test], Y[:, test])
