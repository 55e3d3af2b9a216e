"""The flower: drawn by seed, balanced, and out of reach for a line."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.activations import sigmoid
from course_lib.datasets import flower


@given(m=st.integers(1, 60), seed=st.integers(0, 2**32 - 1))
def test_points_have_two_rows_labels_one_and_both_are_float64(m, seed):
    X, Y = flower(m, seed)
    assert X.shape == (2, m)
    assert Y.shape == (1, m)
    assert X.dtype == Y.dtype == np.float64
    assert np.all(np.isfinite(X))


@given(m=st.integers(1, 60), seed=st.integers(0, 2**32 - 1))
def test_both_kinds_are_equally_many_up_to_one(m, seed):
    _, Y = flower(m, seed)
    assert set(np.unique(Y)) <= {0.0, 1.0}
    assert int(Y.sum()) == m // 2


def test_the_same_seed_gives_the_same_points_and_another_seed_others():
    X, Y = flower(50, seed=3)
    again, labels = flower(50, seed=3)
    np.testing.assert_array_equal(X, again)
    np.testing.assert_array_equal(Y, labels)
    assert not np.array_equal(X, flower(50, seed=4)[0])


def test_the_seed_is_all_that_decides():
    np.random.seed(0)  # noqa: NPY002, the global generator is what must not matter
    X, _ = flower(20, seed=1)
    np.random.seed(1)  # noqa: NPY002
    np.testing.assert_array_equal(X, flower(20, seed=1)[0])


def test_kinds_come_in_no_order():
    _, Y = flower(400, seed=0)
    assert 100 < np.count_nonzero(np.diff(Y[0])) < 300


def test_without_noise_the_points_lie_on_the_curve():
    X, Y = flower(300, seed=0, noise=0.0)
    radius, angle = np.hypot(*X), np.arctan2(X[1], X[0])
    np.testing.assert_allclose(radius, np.abs(4 * np.sin(4 * angle)), atol=1e-12)
    assert 0 < Y.sum() < 300


def test_four_petals_are_of_each_kind():
    X, Y = flower(4000, seed=0, noise=0.0)
    petal = np.floor(np.mod(np.arctan2(X[1], X[0]), 2 * np.pi) / (np.pi / 4)).astype(int)
    shares = np.array([Y[0, petal == k].mean() for k in range(8)])
    np.testing.assert_array_equal(shares, [0, 1, 0, 1, 1, 0, 1, 0])


def features(X):
    return np.vstack([X, np.ones((1, X.shape[1]))])


def logistic_fit(X, Y):
    """Return the weights of least cross-entropy, by Newton's method."""
    F, w = features(X), np.zeros(3)
    for _ in range(30):
        a = sigmoid(w @ F)
        w -= np.linalg.solve(F * (a * (1 - a)) @ F.T, F @ (a - Y[0]))
    assert np.linalg.norm(F @ (sigmoid(w @ F) - Y[0])) < 1e-8
    return w


def least_squares_fit(X, Y):
    return np.linalg.lstsq(features(X).T, 2 * Y[0] - 1, rcond=None)[0]


@pytest.mark.parametrize("fit", [logistic_fit, least_squares_fit])
@pytest.mark.parametrize("seed", range(10))
def test_the_best_linear_fit_stays_under_65_percent(fit, seed):
    X, Y = flower(400, seed)
    w = fit(X, Y)
    assert np.mean((w @ features(X) > 0) == (Y[0] == 1)) < 0.65


def best_accuracy_of_any_line(X, Y):
    """Try lines in 180 directions at every offset."""
    best = 0.0
    for angle in np.linspace(0, np.pi, 180, endpoint=False):
        ones = Y[0][np.argsort(np.cos(angle) * X[0] + np.sin(angle) * X[1])]
        right = np.cumsum(np.concatenate([[ones.sum()], 1 - 2 * ones]))  # 0 below the line, 1 above, by offset
        best = max(best, right.max() / len(ones), 1 - right.min() / len(ones))
    return best


@pytest.mark.parametrize("seed", range(5))
def test_no_line_at_all_comes_near_what_a_network_is_asked_for(seed):
    assert best_accuracy_of_any_line(*flower(400, seed)) < 0.8


def test_the_search_over_lines_finds_a_line_where_there_is_one():
    X, _ = flower(200, seed=0)
    assert best_accuracy_of_any_line(X, (X[:1] > 0.3).astype(float)) == 1.0
