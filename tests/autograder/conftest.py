"""Notebooks for the tests: the solution with some cells replaced."""

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.assignments import ASSIGNMENTS

SOLUTION = {
    "forward_propagation": """
def forward_propagation(X, parameters):
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = np.tanh(Z1)
    Z2 = parameters["W2"] @ A1 + parameters["b2"]
    A2 = 1 / (1 + np.exp(-Z2))
    return A2, {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}
""",
    "compute_cost": """
def compute_cost(A2, Y):
    return float(np.sum(-Y * np.log(A2) - (1 - Y) * np.log(1 - A2)) / Y.shape[1])
""",
    "compute_dA2": "def compute_dA2(A2, Y):\n    return -Y / A2 + (1 - Y) / (1 - A2)",
    "compute_dZ2": "def compute_dZ2(A2, Y):\n    return A2 - Y",
    "compute_dW2": "def compute_dW2(dZ2, A1):\n    return dZ2 @ A1.T / dZ2.shape[1]",
    "compute_db2": "def compute_db2(dZ2):\n    return np.mean(dZ2, axis=1, keepdims=True)",
    "compute_dA1": "def compute_dA1(W2, dZ2):\n    return W2.T @ dZ2",
    "compute_dZ1": "def compute_dZ1(dA1, Z1):\n    return dA1 * (1 - np.tanh(Z1) ** 2)",
    "compute_dW1": "def compute_dW1(dZ1, X):\n    return dZ1 @ X.T / dZ1.shape[1]",
    "compute_db1": "def compute_db1(dZ1):\n    return np.mean(dZ1, axis=1, keepdims=True)",
    "backward_propagation": """
def backward_propagation(parameters, cache, X, Y):
    dZ2 = compute_dZ2(cache["A2"], Y)
    dZ1 = compute_dZ1(compute_dA1(parameters["W2"], dZ2), cache["Z1"])
    return {
        "dW1": compute_dW1(dZ1, X), "db1": compute_db1(dZ1),
        "dW2": compute_dW2(dZ2, cache["A1"]), "db2": compute_db2(dZ2),
    }
""",
    "update_parameters": """
def update_parameters(parameters, grads, learning_rate):
    return {name: parameters[name] - learning_rate * grads["d" + name] for name in parameters}
""",
    "nn_model": """
def nn_model(X, Y, n_h, num_iterations, learning_rate, seed):
    rng = np.random.default_rng(seed)
    parameters = {"W1": 0.01 * rng.normal(size=(n_h, len(X))), "b1": np.zeros((n_h, 1)),
                  "W2": 0.01 * rng.normal(size=(len(Y), n_h)), "b2": np.zeros((len(Y), 1))}
    for _ in range(num_iterations):
        A2, cache = forward_propagation(X, parameters)
        parameters = update_parameters(parameters, backward_propagation(parameters, cache, X, Y), learning_rate)
    return parameters
""",
}
PS4 = ASSIGNMENTS["ps4_two_layer"]
assert list(SOLUTION) == [exercise.function for exercise in PS4.exercises]


@pytest.fixture
def notebook_of(tmp_path: Path) -> Callable[..., Path]:
    """Write a notebook of the assignment, with some answers replaced and some cells changed.

    `answers` maps functions to the source of their answer cells, None for a cell that is gone.
    """

    def write(
        answers: dict[str, str | None] | None = None, change: Callable[[nbformat.NotebookNode], None] | None = None
    ) -> Path:
        notebook = new_notebook(metadata={"backprop_course": {"assignment": "ps4_two_layer", "version": 1}})
        setup = "import numpy as np\nfrom autograder import check, set_assignment\nset_assignment('ps4_two_layer')"
        notebook.cells.append(new_code_cell(setup, id="setup"))
        for exercise in PS4.exercises:
            source = (answers or {}).get(exercise.function, SOLUTION[exercise.function])
            if source is not None:
                notebook.cells.append(new_code_cell(source, id=f"answer-{exercise.function}"))
            cell = new_code_cell(f"check({exercise.function}).points", id=exercise.id)
            cell.metadata["nbgrader"] = {"grade_id": exercise.id, "grade": True, "points": exercise.points}
            notebook.cells.append(cell)
        if change:
            change(notebook)
        path = tmp_path / "homework.ipynb"
        nbformat.write(notebook, path)
        return path

    return write
