"""The operations of both passes are counted exactly, and a backward pass takes less than 3.5 forward passes."""

from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest

from course_lib import deep
from course_lib.operation_counts import backward_operations, count, counted, forward_operations, values


def small_networks(layers, widest):
    """Return the sizes of every network of 1 to so many layers whose layers have 1 to so many units."""
    return [sizes for L in range(1, layers + 1) for sizes in product(range(1, widest + 1), repeat=L + 1)]


def passes(sizes, m):
    """Run a network of tanh both ways with numbers that count; return its gradients, and what each way took."""
    rng = np.random.default_rng(3)
    A, layers = [counted(rng.standard_normal((sizes[0], m)))], []
    for n_prev, n in pairwise(sizes):
        layers.append((counted(rng.standard_normal((n, n_prev))), counted(rng.standard_normal((n, 1)))))
    Y = counted(rng.integers(0, 2, (sizes[-1], m)).astype(float))

    def forwards():
        for W, b in layers:
            A.append(np.tanh(deep.Z(W, b, A[-1])))

    def backwards():
        dZ, gradients = A[-1] - Y, []
        for layer in range(len(layers), 0, -1):
            A_prev = A[layer - 1]
            gradients += [deep.dW(dZ, A_prev), deep.db(dZ)]
            if layer > 1:
                dZ = deep.dA_prev(layers[layer - 1][0], dZ) * (1 - A_prev * A_prev)
        return gradients

    _, ahead = count(forwards)
    gradients, back = count(backwards)
    return gradients, ahead, back


def work(done):
    return sum(number for kind, number in done.items() if kind != "function")


@pytest.mark.parametrize("m", [1, 2, 3])
def test_the_formulas_count_every_operation_of_every_small_network(m):
    for sizes in small_networks(layers=3, widest=3):
        _, ahead, back = passes(sizes, m)
        assert (work(ahead), ahead["function"]) == (forward_operations(sizes, m), m * sum(sizes[1:])), sizes
        assert (work(back), back.get("function", 0)) == (backward_operations(sizes, m), 0), sizes


def test_a_backward_pass_takes_less_than_three_and_a_half_forward_passes_in_every_small_network():
    for sizes in small_networks(layers=5, widest=4):
        F, B = forward_operations(sizes, 1), backward_operations(sizes, 1)
        P = sum(n * (n_prev + 1) for n_prev, n in pairwise(sizes))
        assert B < 3.5 * F, sizes
        assert (P + 1) * F > P / 4.5 * (F + B), sizes
        assert all(backward_operations(sizes, m) * F == B * forward_operations(sizes, m) for m in (2, 7)), sizes


def test_no_smaller_factor_would_do():
    for L in (1, 2, 10, 1000):  # a chain of single units
        F, B = forward_operations((1,) * (L + 1), 1), backward_operations((1,) * (L + 1), 1)
        assert Fraction(B, F) == Fraction(7, 2) - Fraction(3, 2 * L)


def test_twice_is_exceeded_by_narrow_networks_and_approached_by_wide_ones():
    ratios = {
        sizes: backward_operations(sizes, 1) / forward_operations(sizes, 1)
        for sizes in ((1, 1, 1, 1, 1), (1, 5, 1), (3, 1, 1, 1), (3, 5, 4, 2), (1000,) * 11)
    }
    assert [round(ratio, 3) for ratio in ratios.values()] == [3.125, 2.35, 2.2, 2.012, 1.901]


def test_numbers_that_count_are_numbers():
    gradients, _, _ = passes((3, 4, 2), 5)
    rng = np.random.default_rng(0)
    M = rng.standard_normal((2, 3))
    assert np.array_equal(values(counted(M)), M)
    product, done = count(lambda: 2 - counted(M) / counted(M))
    assert np.array_equal(values(product), np.ones((2, 3)))
    assert done == {"divide": 6, "add": 6}
    assert [gradient.shape for gradient in gradients] == [(2, 4), (2, 1), (4, 3), (4, 1)]
    assert count(lambda: None) == (None, {})
