"""The benchmarks compare the same work, report what they measured, and importing the reference stays light."""

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import __main__ as bench
from benchmarks import gradcheck, ratios, steps
from benchmarks.timing import Side, quieter_half, take_turns
from course_lib import deep

ROOT = Path(__file__).parents[2]
SMALL = steps.Size((2, 4, 1), 50)
CLASSES = steps.Size((6, 5, 4, 3), 9)


def test_a_ratio_is_the_median_over_turns_of_what_both_took_in_the_same_turn():
    assert Side((1.0, 9.0, 6.0)).over(Side((2.0, 3.0, 3.0))) == 2.0
    assert Side((1.0, 9.0, 6.0)).median == 6.0


def test_the_noise_is_half_the_range_of_the_turns():
    assert Side((1.0, 2.0, 3.0, 4.0, 5.0)).spread == pytest.approx(2 / 3)


def test_the_turns_that_something_disturbed_are_left_out_for_all_sides():
    kept = quieter_half({"a": Side((1.0, 9.0, 1.1, 1.2)), "b": Side((20.0, 20.0, 20.0, 90.0))})
    assert kept == {"a": Side((1.0, 1.1)), "b": Side((20.0, 20.0))}


def test_every_side_is_timed_in_every_turn():
    calls = {"a": 0, "b": 0}

    def count(name):
        def work():
            calls[name] += 1

        return work

    taken = take_turns({name: count(name) for name in calls}, turns=4, seconds=0, pause=0)
    assert {name: len(side.turns) for name, side in taken.items()} == {"a": 2, "b": 2}
    assert calls["a"] == calls["b"] >= 8


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [SMALL, CLASSES], ids=str)
def test_the_step_that_is_timed_is_a_step_of_gradient_descent(size, dtype):
    X, Y, classes, parameters = steps.draw(size, dtype)
    assert X.dtype == Y.dtype == dtype
    np.testing.assert_array_equal(np.argmax(Y, axis=0) if size.large else Y[0], classes)
    AL, caches = deep.forward_propagation(X, parameters, size.activations)
    grads = deep.backward_propagation(AL, Y, caches, size.activations, size.loss)
    network = steps.workspace(size, dtype)
    network.step(steps.LEARNING_RATE)
    for name, theta in parameters.items():
        expected = theta - steps.LEARNING_RATE * grads["d" + name]
        np.testing.assert_allclose(network.parameters[name], expected, rtol=1e-5 if dtype == np.float32 else 1e-13)


def test_the_floor_has_every_matrix_product_of_a_step(monkeypatch):
    shapes = []

    def matmul(left, right, out):
        assert out.shape == (left.shape[0], right.shape[1])
        shapes.append((left.shape[0], left.shape[1], right.shape[1]))

    monkeypatch.setattr(np, "matmul", matmul)
    steps.floor(CLASSES, np.float64)()
    # Forward and dW in each of three layers, dA in all but the first.
    assert sorted(shapes) == sorted(
        [(5, 6, 9), (5, 9, 6), (4, 5, 9), (4, 9, 5), (5, 4, 9), (3, 4, 9), (3, 9, 4), (4, 3, 9)]
    )


def test_the_cost_beside_the_step_is_the_cost():
    X, Y, _, parameters = steps.draw(SMALL, np.float64)
    assert steps.ours_with_cost(SMALL, np.float64)() == float(
        deep.cost_of_network(X, Y, parameters, SMALL.activations, SMALL.loss)
    )


def peer(name):
    if os.environ.get("REQUIRE_ALL") == "1":
        return importlib.import_module(name)
    return pytest.importorskip(name, reason=f"{name} is not installed: pip install '.[crosscheck]'")


@pytest.mark.parametrize("size", [SMALL, CLASSES], ids=str)
def test_pytorch_takes_the_same_steps(size):
    peer("torch")
    ours, theirs = steps.ours_with_cost(size, np.float64), steps.pytorch(size, np.float64)
    for _ in range(3):
        assert ours() == pytest.approx(theirs().item(), rel=1e-12)


@pytest.mark.slow
def test_pytorch_passes_its_gradient_check_and_its_differences_are_less_exact():
    peer("torch")
    assert gradcheck.pytorch()()
    assert 1e-12 < gradcheck.pytorch_error() < 1e-6


@pytest.mark.parametrize("size", [SMALL, CLASSES], ids=str)
def test_scikit_learn_takes_a_step(size):
    peer("sklearn")
    steps.scikit_learn(size, np.float32)()


@pytest.mark.parametrize(
    ("claim", "size"),
    [
        (ratios.loop_against_batch, 50),
        (ratios.entries_against_product, 5),
        (ratios.perturbation_against_backward, 5),
        (ratios.stacked_perturbation_against_backward, 5),
        (ratios.backward_against_forward, 20),
        (ratios.step_against_floor, 50),
    ],
)
def test_a_claim_is_a_number_for_every_size(claim, size):
    assert claim in ratios.CLAIMS
    assert claim(size, turns=1) > 0


def test_a_batch_is_faster_than_a_loop_over_100_examples():
    assert ratios.loop_against_batch(100, turns=5) > 5


def test_back_propagation_is_faster_than_one_forward_pass_for_each_parameter():
    assert ratios.perturbation_against_backward(8, turns=5) > 20


def test_our_numerical_gradient_is_exact_to_the_last_digits():
    gradcheck.ours()()
    assert gradcheck.our_error() < 1e-15


def test_the_last_line_is_what_is_promised(monkeypatch, capsys):
    monkeypatch.setattr(steps, "SIZES", (SMALL, CLASSES))
    monkeypatch.setattr(gradcheck, "SIZE", steps.Size((3, 4, 1), 4))
    monkeypatch.setattr(bench, "CLAIMS", ())
    monkeypatch.setattr(bench, "present", lambda module: False)
    bench.main(["--quick"])
    printed = capsys.readouterr().out
    assert "PyTorch is not installed" in printed
    assert "scikit-learn is not installed" in printed
    number = r"\d+\.\d+"
    assert re.fullmatch(
        rf"BENCH torch=- floor_large={number} floor_small={number} gradcheck_speed=- gradcheck_error=\de-\d\d|"
        rf"BENCH torch=- floor_large={number} floor_small={number} gradcheck_speed=- gradcheck_error={number}e-\d\d",
        printed.splitlines()[-1],
    )


def loaded_after(statement):
    program = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


NUMERIC = sorted(
    f"course_lib.{path.stem}"
    for path in (ROOT / "course_lib").glob("*.py")
    if path.stem not in ("__init__", "plotting")
)
LIGHT = {
    *("numpy.typing", "numpy._typing._add_docstring"),
    *("difflib", "heapq", "_heapq", "dataclasses", "copy", "__future__"),
    *("html", "html.entities"),
    *("pathlib", "fnmatch", "ntpath", "errno", "urllib", "urllib.parse", "ipaddress"),
}
"""What the reference may load beside numpy: a little of the standard library, and numpy's names of types."""


@pytest.mark.parametrize("name", ["course_lib", *NUMERIC])
def test_importing_the_reference_loads_little_beside_numpy(name):
    # The data sets look for the table that ships with the package, and measured take a tenth more than numpy.
    also = ", importlib.resources" if name == "course_lib.datasets" else ""
    beside = loaded_after(f"import {name}") - loaded_after(f"import numpy{also}")
    assert {module for module in beside if not module.startswith("course_lib")} <= LIGHT


def test_the_name_of_the_package_alone_loads_not_even_numpy():
    assert "numpy" not in loaded_after("import course_lib")
