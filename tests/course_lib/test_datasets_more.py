"""XOR, circles, moons and spirals as they are promised; the digits as they were published; fair splits."""

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import datasets
from course_lib.datasets import circles, digit_pair, digits, even_digits, moons, one_hot, spirals, split, xor
from course_lib.training import train_two_layer
from course_lib.two_layer import forward_propagation

ROOT = Path(__file__).parents[2]
DATA = ROOT / "course_lib" / "data"
DRAWN = [xor, circles, moons, spirals]
# Of the decompressed table, which anyone can compare with scikit-learn's.
SHA256 = "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8"


@pytest.mark.parametrize("draw", DRAWN)
@given(m=st.integers(1, 60), seed=st.integers(0, 2**32 - 1))
def test_points_have_two_rows_labels_one_and_both_are_float64(draw, m, seed):
    X, Y = draw(m, seed)
    assert X.shape == (2, m)
    assert Y.shape == (1, m)
    assert X.dtype == Y.dtype == np.float64
    assert np.all(np.isfinite(X))
    assert set(np.unique(Y)) <= {0.0, 1.0}
    assert int(Y.sum()) == m // 2


@pytest.mark.parametrize("draw", DRAWN)
def test_the_seed_is_all_that_decides(draw):
    np.random.seed(0)  # noqa: NPY002, the global generator is what must not matter
    X, Y = draw(50, seed=3)
    np.random.seed(1)  # noqa: NPY002
    again, labels = draw(50, seed=3)
    np.testing.assert_array_equal(X, again)
    np.testing.assert_array_equal(Y, labels)
    assert not np.array_equal(X, draw(50, seed=4)[0])


@pytest.mark.parametrize("draw", DRAWN)
def test_kinds_come_in_no_order(draw):
    _, Y = draw(400, seed=0)
    assert 100 < np.count_nonzero(np.diff(Y[0])) < 300


@pytest.mark.parametrize("draw", DRAWN)
def test_noise_can_be_turned_off_and_spreads_the_points_when_on(draw):
    X, _ = draw(200, seed=0, noise=0.0)
    noisy, _ = draw(200, seed=0, noise=0.3)
    assert 0.1 < np.sqrt(np.mean((noisy - X) ** 2)) < 0.5


def test_xor_has_a_cloud_at_each_corner_and_the_label_is_whether_the_signs_differ():
    X, Y = xor(400, seed=0, noise=0.0)
    assert {tuple(point) for point in X.T} == {(1, 1), (1, -1), (-1, 1), (-1, -1)}
    np.testing.assert_array_equal(Y[0], X[0] * X[1] < 0)
    counts = np.unique(X, axis=1, return_counts=True)[1]
    assert counts.min() > 70


def test_the_disc_and_the_ring_are_evenly_filled():
    X, Y = circles(8000, seed=0, noise=0.0)
    disc, ring = (np.hypot(*X)[Y[0] == kind] for kind in (0, 1))
    assert disc.max() <= 1
    assert ring.min() >= 2
    assert ring.max() <= 3
    # Even filling: a radius splits each area, and so the points, in half.
    assert abs(np.mean(disc < np.sqrt(1 / 2)) - 0.5) < 0.03
    assert abs(np.mean(ring < np.sqrt((4 + 9) / 2)) - 0.5) < 0.03
    assert np.all(np.abs(X.mean(axis=1)) < 0.1)


@pytest.mark.parametrize("seed", range(10))
def test_a_gap_stays_between_disc_and_ring(seed):
    X, Y = circles(1000, seed)
    np.testing.assert_array_equal(np.hypot(*X) > 1.5, Y[0] == 1)


def test_each_moon_is_half_a_circle():
    X, Y = moons(400, seed=0, noise=0.0)
    upper, lower = X[:, Y[0] == 0], X[:, Y[0] == 1] - [[1], [0.5]]
    np.testing.assert_allclose(np.hypot(*upper), 1)
    np.testing.assert_allclose(np.hypot(*lower), 1)
    assert upper[1].min() >= -1e-12
    assert lower[1].max() <= 1e-12


def test_one_spiral_is_the_other_turned_by_half_a_circle():
    X, Y = spirals(600, seed=0, noise=0.0)
    radius = np.hypot(*X)
    turned = np.arctan2(X[1], X[0]) - 2 * np.pi * 1.5 * (radius - 0.5) / 3 - np.pi * Y[0]
    np.testing.assert_allclose(np.exp(1j * turned), 1, atol=1e-9)
    assert radius.min() >= 0.5
    assert radius.max() <= 3.5


def test_spirals_wind_as_often_as_asked():
    X, Y = spirals(4000, seed=0, noise=0.0, turns=3)
    arm = X[:, Y[0] == 0]
    arm = arm[:, np.argsort(np.hypot(*arm))]
    turned = np.unwrap(np.arctan2(arm[1], arm[0]))
    assert abs((turned[-1] - turned[0]) / (2 * np.pi) - 3) < 0.1


def best_accuracy_of_any_line(X, Y):
    """Try lines in 180 directions at every offset."""
    best = 0.0
    for angle in np.linspace(0, np.pi, 180, endpoint=False):
        ones = Y[0][np.argsort(np.cos(angle) * X[0] + np.sin(angle) * X[1])]
        right = np.cumsum(np.concatenate([[ones.sum()], 1 - 2 * ones]))  # 0 below the line, 1 above, by offset
        best = max(best, right.max() / len(ones), 1 - right.min() / len(ones))
    return best


@pytest.mark.parametrize(
    ("draw", "least", "most"), [(xor, 0.7, 0.8), (circles, 0.65, 0.8), (moons, 0.85, 0.95), (spirals, 0.6, 0.75)]
)
@pytest.mark.parametrize("seed", range(5))
def test_no_line_separates_the_kinds(draw, least, most, seed):
    assert least < best_accuracy_of_any_line(*draw(400, seed)) < most


def test_the_search_over_lines_finds_a_line_where_there_is_one():
    X, _ = xor(200, seed=0)
    assert best_accuracy_of_any_line(X, (X[:1] > 0.3).astype(float)) == 1.0


def accuracy(parameters, X, Y):
    A2, _ = forward_propagation(X, parameters)
    return np.mean((A2 > 0.5) == (Y == 1))


@pytest.mark.parametrize(("draw", "hidden_units"), [(xor, 3), (moons, 6), (circles, 3)])
def test_a_small_network_separates_them(draw, hidden_units):
    X, Y = draw(200, seed=0)
    parameters, _ = train_two_layer(X, Y, hidden_units, 3000, 1.0, seed=0)
    assert accuracy(parameters, X, Y) >= 0.99


@pytest.mark.parametrize("seed", range(4))
def test_two_hidden_units_cannot_take_the_disc_out_of_the_ring_and_three_can(seed):
    X, Y = circles(200, seed)
    two, _ = train_two_layer(X, Y, 2, 3000, 1.0, seed=seed)
    three, _ = train_two_layer(X, Y, 3, 3000, 1.0, seed=seed)
    assert accuracy(two, X, Y) < 0.97
    assert accuracy(three, X, Y) == 1.0


def test_the_table_is_the_published_one_to_the_last_byte():
    table = (DATA / "digits.csv").read_bytes()
    assert hashlib.sha256(table).hexdigest() == SHA256


def test_the_table_holds_1797_rows_of_64_pixels_and_a_digit():
    rows = (DATA / "digits.csv").read_text(encoding="ascii").splitlines()
    assert len(rows) == 1797
    assert {row.count(",") for row in rows} == {64}
    assert all(re.fullmatch(r"\d+(,\d+)*", row) for row in rows)


def test_source_and_licence_stand_beside_the_table():
    text = (DATA / "digits.txt").read_text(encoding="utf-8")
    for needed in ("CC BY 4.0", "Alpaydin", "Kaynak", "10.24432/C50P49", "scikit-learn", SHA256):
        assert needed in text


def test_digits_have_the_shapes_range_and_counts_of_the_published_set():
    X, labels = digits()
    assert (X.shape, X.dtype) == ((64, 1797), np.float64)
    assert (labels.shape, labels.dtype) == ((1, 1797), np.int64)
    assert (X.min(), X.max()) == (0.0, 1.0)
    np.testing.assert_array_equal(X * 16, np.round(X * 16))
    np.testing.assert_array_equal(np.bincount(labels[0]), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])


def test_a_column_is_an_image_row_by_row():
    X, labels = digits()
    zero, one = X[:, 0].reshape(8, 8), X[:, 1].reshape(8, 8)
    assert labels[0, :2].tolist() == [0, 1]
    assert zero[3:5, 3:5].sum() < one[3:5, 3:5].sum(), "a zero is empty in the middle, a one is not"
    np.testing.assert_array_equal(zero[0] * 16, [0, 0, 5, 13, 9, 1, 0, 0])


def test_whoever_changes_the_digits_changes_only_a_copy():
    X, labels = digits()
    X[:], labels[:] = 7, 7
    assert digits()[0].max() == 1
    assert digits()[1].max() == 9


def test_digits_need_numpy_alone_and_no_working_directory(tmp_path):
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from course_lib.datasets import digits\n"
        "print(digits()[0].shape, sorted({'matplotlib', 'sklearn', 'pandas', 'scipy'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("(64, 1797) []\n", "")


def test_the_wheel_holds_the_table_and_its_licence(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as files:
        assert hashlib.sha256(files.read("course_lib/data/digits.csv")).hexdigest() == SHA256
        assert b"CC BY 4.0" in files.read("course_lib/data/digits.txt")


def test_even_digits_are_those_that_two_divides():
    X, Y = even_digits()
    _, labels = digits()
    assert X.shape == (64, 1797)
    assert Y.dtype == np.float64
    assert set(labels[Y == 1]) == {0, 2, 4, 6, 8}
    assert set(labels[Y == 0]) == {1, 3, 5, 7, 9}


def test_a_pair_holds_every_image_of_its_two_digits_and_no_other():
    X, Y = digit_pair(4, 9)
    all_images, labels = digits()
    np.testing.assert_array_equal(X[:, Y[0] == 0], all_images[:, labels[0] == 4])
    np.testing.assert_array_equal(X[:, Y[0] == 1], all_images[:, labels[0] == 9])
    assert X.shape[1] == Y.shape[1] == 181 + 180


@pytest.mark.parametrize(("zero", "one"), [(3, 3), (10, 1), (1, -1), (1, 2.5)])
def test_a_pair_that_is_none_is_refused(zero, one):
    with pytest.raises(ValueError, match="two different digits from 0 to 9"):
        digit_pair(zero, one)


def best_linear_accuracy(data):
    """Return what a linear function, fitted by least squares with a little weight decay, gets right when held back."""

    def with_one(X):
        return np.vstack([X, np.ones((1, X.shape[1]))])

    F = with_one(data.X_train)
    w = np.linalg.solve(F @ F.T + 1e-3 * np.eye(65), F @ (2 * data.Y_train[0] - 1))
    return np.mean((w @ with_one(data.X_test) > 0) == (data.Y_test[0] == 1))


@pytest.mark.parametrize("seed", range(3))
def test_a_line_tells_most_even_digits_and_eight_hidden_units_nearly_all(seed):
    data = split(*even_digits(), seed=seed)
    parameters, costs = train_two_layer(data.X_train, data.Y_train, 8, 600, 2.0, seed=seed)
    assert costs[-1] < 0.1 * costs[0]
    assert accuracy(parameters, data.X_train, data.Y_train) > 0.98
    assert accuracy(parameters, data.X_test, data.Y_test) > 0.95
    assert 0.8 < best_linear_accuracy(data) < 0.94


@pytest.mark.parametrize("seed", range(3))
def test_a_line_tells_threes_from_eights(seed):
    assert best_linear_accuracy(split(*digit_pair(3, 8), seed=seed)) > 0.95


@given(m=st.integers(2, 60), seed=st.integers(0, 2**32 - 1), held_back=st.floats(0.05, 0.95))
def test_a_split_is_disjoint_and_complete_and_keeps_examples_with_their_labels(m, seed, held_back):
    X, Y = np.stack([np.arange(m), -np.arange(m)]), 10.0 * np.arange(m)[np.newaxis, :]
    if not 0 < round(held_back * m) < m:
        with pytest.raises(ValueError, match=f"of {m} examples leaves one part empty"):
            split(X, Y, seed, held_back)
        return
    parts = split(X, Y, seed, held_back)
    assert parts.X_test.shape == (2, round(held_back * m))
    assert sorted([*parts.X_train[0], *parts.X_test[0]]) == list(range(m))
    np.testing.assert_array_equal(parts.Y_train, 10 * parts.X_train[:1])
    np.testing.assert_array_equal(parts.Y_test, 10 * parts.X_test[:1])


def test_a_split_depends_on_its_seed_and_on_nothing_else():
    X, Y = even_digits()
    first, again, other = split(X, Y, seed=1), split(X, Y, seed=1), split(X, Y, seed=2)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first.X_test, other.X_test)


def test_a_split_of_the_digits_holds_back_a_quarter_with_every_digit_in_both_parts():
    parts = split(*digits(), seed=0)
    assert (parts.X_train.shape, parts.X_test.shape) == ((64, 1348), (64, 449))
    assert len(np.unique(parts.Y_train)) == len(np.unique(parts.Y_test)) == 10


def test_a_split_leaves_its_input_as_it_was_and_shares_nothing_with_it():
    X, Y = xor(40, seed=0)
    before = X.copy()
    parts = split(X, Y, seed=0)
    for part in parts:
        part[:] = 9
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("shapes", [((2, 5), (1, 4)), ((5,), (1, 5)), ((2, 5), (5,))])
def test_a_split_of_what_does_not_fit_names_both_shapes(shapes):
    with pytest.raises(ValueError) as caught:
        split(np.zeros(shapes[0]), np.zeros(shapes[1]), seed=0)
    assert f"not {shapes[0]} and {shapes[1]}" in str(caught.value)


@pytest.mark.parametrize("held_back", [0.0, 1.0, -0.5, 1.5, 0.01])
def test_a_split_with_an_empty_part_is_refused(held_back):
    with pytest.raises(ValueError, match="leaves one part empty"):
        split(np.zeros((2, 10)), np.zeros((1, 10)), seed=0, held_back=held_back)


def test_one_hot_columns_hold_a_one_in_the_row_of_the_class():
    _, labels = digits()
    Y = one_hot(labels)
    assert Y.shape == (10, 1797)
    np.testing.assert_array_equal(Y.sum(axis=0), 1)
    np.testing.assert_array_equal(Y.argmax(axis=0), labels[0])


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (np.array([1, 2]), r"one row of integers, \(1, m\), not int64 of shape \(2,\)"),
        (np.array([[1.0, 2.0]]), "one row of integers"),
        (np.array([[1, 10]]), "between 0 and 9, not 1 and 10"),
        (np.array([[-1, 3]]), "between 0 and 9, not -1 and 3"),
    ],
)
def test_labels_that_are_no_classes_are_refused(labels, said):
    with pytest.raises(ValueError, match=said):
        one_hot(labels)


def test_every_data_set_is_documented_with_its_shapes():
    for name in ("xor", "circles", "moons", "spirals", "digits", "even_digits", "digit_pair", "one_hot", "split"):
        text = getattr(datasets, name).__doc__
        assert "Returns" in text
        assert ">>>" in text
