"""The loops over examples and entries give what the matrix products give."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import deep, loops, two_layer
from course_lib.initialization import small_random

sizes = st.tuples(*[st.integers(1, 5)] * 3)
seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=40)
@given(n=sizes, seed=seeds)
def test_a_layer_entry_by_entry_is_the_layer_by_matrix_products(n, seed):
    rows, columns, m = n
    rng = np.random.default_rng(seed)
    W, b = rng.standard_normal((rows, columns)), rng.standard_normal((rows, 1))
    A_prev, dZ = rng.standard_normal((columns, m)), rng.standard_normal((rows, m))
    np.testing.assert_allclose(loops.Z_by_entries(W, b, A_prev), deep.Z(W, b, A_prev), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(loops.dW_by_entries(dZ, A_prev), deep.dW(dZ, A_prev), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(loops.dA_prev_by_entries(W, dZ), deep.dA_prev(W, dZ), rtol=1e-12, atol=1e-13)


@settings(max_examples=30)
@given(n=st.tuples(*[st.integers(1, 5)] * 4), seed=seeds)
def test_the_two_layer_network_example_by_example_is_the_batch(n, seed):
    n0, n1, n2, m = n
    rng = np.random.default_rng(seed)
    parameters = small_random(n0, n1, n2, seed, scale=1.0)
    X, Y = rng.standard_normal((n0, m)), rng.integers(0, 2, (n2, m)).astype(float)
    _, cache = two_layer.forward_propagation(X, parameters)
    expected = two_layer.backward_propagation(parameters, cache, X, Y)
    found = loops.gradients(X, Y, parameters)
    assert list(found) == list(expected)
    for name, gradient in expected.items():
        np.testing.assert_allclose(found[name], gradient, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("function", [loops.Z_by_entries, loops.dW_by_entries, loops.dA_prev_by_entries])
def test_float32_stays_float32(function):
    square = np.ones((2, 2), np.float32)
    arguments = (square, np.ones((2, 1), np.float32), square) if function is loops.Z_by_entries else (square, square)
    assert function(*arguments).dtype == np.float32
