"""Saved parameters come back bit by bit; a file that holds anything else is refused, and nothing in it is run."""

import pickle
import zipfile

import numpy as np
import pytest

from course_lib.initialization import he
from course_lib.parameter_files import load_parameters, save_parameters


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_saved_parameters_come_back_as_they_were(tmp_path, dtype):
    parameters = {name: theta.astype(dtype) for name, theta in he((3, 5, 4, 2), 0).items()}
    path = tmp_path / "network"
    save_parameters(path, parameters)
    assert path.is_file()  # under this very name
    loaded = load_parameters(str(path))
    assert list(loaded) == list(parameters)
    for name, theta in parameters.items():
        assert loaded[name].dtype == dtype
        np.testing.assert_array_equal(loaded[name], theta)


def test_a_file_that_is_there_is_replaced(tmp_path):
    for seed in (0, 1):
        save_parameters(tmp_path / "network.npz", he((2, 1), seed))
    np.testing.assert_array_equal(load_parameters(tmp_path / "network.npz")["W1"], he((2, 1), 1)["W1"])


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({}, "there are no parameters to save"),
        ({"file": np.ones(1)}, "a parameter is called W or b with the number of its layer, not 'file'"),
        ({"W1": np.array([None])}, "W1 must hold floating-point numbers, not object"),
        ({"W1": np.array(["a"])}, "W1 must hold floating-point numbers, not <U1"),
    ],
)
def test_what_is_no_parameter_is_not_saved(tmp_path, parameters, sentence):
    with pytest.raises(ValueError, match=sentence):
        save_parameters(tmp_path / "network.npz", parameters)
    assert not (tmp_path / "network.npz").exists()


class Boom:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was run",))


def foreign_files(path):
    with path.open("wb") as file:
        np.savez(file, W1=np.array([Boom()], dtype=object))
    yield
    path.write_bytes(pickle.dumps(Boom()))
    yield
    path.write_bytes(b"")
    yield
    path.write_text("no numbers here", encoding="utf-8")
    yield
    path.write_bytes(b"PK\x03\x04 not a zip")
    yield
    with path.open("wb") as file:
        np.save(file, np.ones(3))
    yield
    with path.open("wb") as file:
        np.savez(file, W1=np.ones(3, "datetime64[s]"))
    yield
    with path.open("wb") as file:
        np.savez(file, W1=np.zeros(3, [("x", float)]))
    yield
    with path.open("wb") as file:
        np.savez(file, weights=np.ones(3))
    yield
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("W1", "no array")
    yield


def test_a_file_that_holds_anything_else_is_refused_and_not_run(tmp_path):
    path = tmp_path / "network.npz"
    for _ in foreign_files(path):
        with pytest.raises(ValueError):
            load_parameters(path)


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_parameters(tmp_path / "network.npz")
