"""The archives that students get: the notebook, a wheel that installs and checks it, and a README."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder.assignments import ASSIGNMENTS
from exercises import distribute
from exercises.generate import CONFIG, main, solve

NAMES = ("ps1_neuron", "ps3_one_example")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course directory with two releases and their archives."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copy(CONFIG, folder)
    assert main([*NAMES, "--course", str(folder)]) == 0
    return folder


@pytest.mark.slow
def test_an_archive_holds_the_release_the_wheel_and_a_short_readme(course):
    for name in NAMES:
        with zipfile.ZipFile(course / "dist" / f"{name}.zip") as archive:
            files = {Path(entry).name: archive.read(entry) for entry in archive.namelist()}
            assert all(entry.startswith(f"{name}/") for entry in archive.namelist())
        (wheel,) = (file for file in files if file.endswith(".whl"))
        assert set(files) == {"README.txt", f"{name}.ipynb", wheel}
        assert files[f"{name}.ipynb"] == (course / "release" / name / f"{name}.ipynb").read_bytes()
        readme = files["README.txt"].decode()
        assert wheel in readme
        assert len(readme.splitlines()) <= 12
        assert f"{ASSIGNMENTS[name].max_points:g} by the checks" in readme
    assert "by a person who reads your proofs, 24 in all" in readme


def test_the_same_release_gives_the_same_bytes(course):
    before = (course / "dist" / "ps1_neuron.zip").read_bytes()
    distribute.archives([ASSIGNMENTS["ps1_neuron"]], course)
    assert (course / "dist" / "ps1_neuron.zip").read_bytes() == before


def test_the_wheel_checks_a_notebook_away_from_the_checkout(course, tmp_path):
    with zipfile.ZipFile(course / "dist" / "ps1_neuron.zip") as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / "ps1_neuron"
    (wheel,) = folder.glob("*.whl")
    site = tmp_path / "site"
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        "--target",
        str(site),
        str(wheel),
    ]
    subprocess.run(command, check=True, capture_output=True)
    nbformat.write(solve(ASSIGNMENTS["ps1_neuron"]), folder / "ps1_neuron.ipynb")
    done = subprocess.run(
        [sys.executable, "-c", "from autograder.cli import main; main()", "check", "ps1_neuron.ipynb"],
        cwd=folder,
        env={"PYTHONPATH": str(site), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{ASSIGNMENTS['ps1_neuron'].max_points:g} of {ASSIGNMENTS['ps1_neuron'].max_points:g} points" in done.stdout


def test_a_package_that_cannot_be_built_is_said_in_the_builders_words(tmp_path, monkeypatch):
    monkeypatch.setattr(distribute, "ROOT", tmp_path)
    with pytest.raises(distribute.NoWheel, match="could not be built"):
        distribute.build_wheel(tmp_path)


def test_an_unknown_assignment_and_a_faulty_course_file_are_said(course, capsys):
    assert main(["ps9", "--course", str(course)]) == 2
    assert "There is no assignment ps9" in capsys.readouterr().err
    (course / "course.toml").write_text("[ps9]\n", encoding="utf-8")
    assert main(["--course", str(course)]) == 2
    assert "course.toml, [ps9]" in capsys.readouterr().err
    (course / "course.toml").unlink()
