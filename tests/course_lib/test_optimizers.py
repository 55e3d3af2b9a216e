"""Optimizers by hand, against their definitions, and mini-batches as a partition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.optimizers import (
    adam_step,
    add_weight_decay,
    gradient_descent_step,
    momentum_step,
    random_mini_batches,
)

seeds = st.integers(0, 2**32 - 1)


def test_gradient_descent_by_hand():
    np.testing.assert_allclose(gradient_descent_step(np.array([1.0, 2.0]), np.array([10.0, -20.0]), 0.1), [0.0, 4.0])


def test_momentum_by_hand():
    theta, v = momentum_step(np.array([1.0]), np.array([2.0]), np.zeros(1), 0.5, 0.9)
    np.testing.assert_allclose((v[0], theta[0]), (0.2, 0.9))
    theta, v = momentum_step(theta, np.array([2.0]), v, 0.5, 0.9)
    np.testing.assert_allclose((v[0], theta[0]), (0.38, 0.71))


def test_momentum_without_memory_is_gradient_descent():
    theta, grad = np.array([1.0, -3.0]), np.array([0.5, 0.25])
    new, v = momentum_step(theta, grad, np.ones(2), 0.1, 0.0)
    np.testing.assert_array_equal(new, gradient_descent_step(theta, grad, 0.1))
    np.testing.assert_array_equal(v, grad)


def test_the_first_step_of_adam_has_the_length_of_the_rate_whatever_the_gradient():
    grad = np.array([1e-3, -5.0, 2e4])
    theta, _, _ = adam_step(np.zeros(3), grad, np.zeros(3), np.zeros(3), 1, 0.01)
    np.testing.assert_allclose(theta, -0.01 * np.sign(grad), rtol=1e-4)


@given(seed=seeds, steps=st.integers(1, 6))
def test_adam_is_its_definition_written_as_sums(seed, steps):
    rng = np.random.default_rng(seed)
    grads = rng.standard_normal((steps, 3))
    theta, m, v = np.ones(3), np.zeros(3), np.zeros(3)
    expected = np.ones(3)
    for t in range(1, steps + 1):
        theta, m, v = adam_step(theta, grads[t - 1], m, v, t, 0.1, 0.8, 0.9, 1e-6)
        mean = sum(0.2 * 0.8 ** (t - k) * grads[k - 1] for k in range(1, t + 1)) / (1 - 0.8**t)
        square = sum(0.1 * 0.9 ** (t - k) * grads[k - 1] ** 2 for k in range(1, t + 1)) / (1 - 0.9**t)
        expected = expected - 0.1 * mean / (np.sqrt(square) + 1e-6)
    np.testing.assert_allclose(theta, expected, rtol=1e-10, atol=1e-12)


def test_adam_counts_from_one():
    with pytest.raises(ValueError, match="t counts the steps from 1, and cannot be 0"):
        adam_step(np.ones(1), np.ones(1), np.zeros(1), np.zeros(1), 0)


def test_weight_decay_adds_the_gradient_of_half_the_square():
    np.testing.assert_allclose(add_weight_decay(np.array([1.0, 2.0]), np.array([10.0, -10.0]), 0.1), [2.0, 1.0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_steps_leave_their_arguments_and_keep_the_dtype(dtype):
    arrays = [np.full(2, k, dtype) for k in (1, 2, 3, 4)]
    for array in arrays:
        array.flags.writeable = False
    theta, grad, m, v = arrays
    results = [
        gradient_descent_step(theta, grad, 0.1),
        *momentum_step(theta, grad, v, 0.1, 0.9),
        *adam_step(theta, grad, m, v, 3),
        add_weight_decay(grad, theta, 0.1),
    ]
    assert {result.dtype for result in results} == {np.dtype(dtype)}


@given(m=st.integers(1, 40), batch_size=st.integers(1, 45), seed=seeds)
def test_mini_batches_are_a_partition_with_labels_beside_their_examples(m, batch_size, seed):
    X = np.stack([np.arange(m), -np.arange(m)]).astype(float)
    Y = 10 * X[:1]
    parts = random_mini_batches(X, Y, batch_size, seed)
    assert [x.shape[1] for x, _ in parts[:-1]] == [batch_size] * (len(parts) - 1)
    assert 1 <= parts[-1][0].shape[1] <= batch_size
    assert sorted(np.concatenate([x[0] for x, _ in parts])) == list(range(m))
    for x, y in parts:
        np.testing.assert_array_equal(y, 10 * x[:1])
        np.testing.assert_array_equal(x[1], -x[0])


def test_mini_batches_are_shuffled_and_the_seed_decides():
    X = np.arange(50.0)[np.newaxis]
    first, again, other = (random_mini_batches(X, X, 50, seed)[0][0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first, X)


def test_mini_batches_refuse_what_they_cannot_deal_out():
    with pytest.raises(ValueError, match="one column an example, not 3 and 4 columns"):
        random_mini_batches(np.ones((1, 3)), np.ones((1, 4)), 2, 0)
    with pytest.raises(ValueError, match="batch_size must be at least 1, not 0"):
        random_mini_batches(np.ones((1, 3)), np.ones((1, 3)), 0, 0)
