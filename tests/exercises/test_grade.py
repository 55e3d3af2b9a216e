"""A lecturer's class is graded in a sandbox or not at all, and a problem is told in a sentence."""

import shutil
import sys

import pytest

from autograder.sandbox.fork_client import Zygote
from autograder.sandbox.launch import NotStarted
from exercises import grade as grading
from exercises.generate import CONFIG


@pytest.fixture
def course(tmp_path):
    """A course directory in which one student has handed something in."""
    (tmp_path / "submitted" / "ada" / "ps4_two_layer").mkdir(parents=True)
    shutil.copy(CONFIG, tmp_path)
    return tmp_path


def run(monkeypatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["grade", *arguments])
    return grading.main()


def test_without_a_sandbox_nothing_is_graded(course, monkeypatch, capsys):
    def refuse(self):
        raise NotStarted("no user namespaces here")

    monkeypatch.setattr(Zygote, "start", refuse)
    assert run(monkeypatch, "--course", str(course)) == 2
    said = capsys.readouterr().err
    assert "no user namespaces here" in said
    assert not (course / "autograded").exists()


@pytest.mark.slow
def test_where_nobody_has_handed_in_the_place_for_notebooks_is_named(course, monkeypatch, capsys):
    shutil.rmtree(course / "submitted")
    assert run(monkeypatch, "--course", str(course)) == 2
    assert "submitted/STUDENT/ps4_two_layer/ps4_two_layer.ipynb" in capsys.readouterr().err


def test_a_name_that_is_no_assignment_is_said_so(course, monkeypatch, capsys):
    assert run(monkeypatch, "--course", str(course), "ps4_twolayer") == 2
    assert "ps4_twolayer" in capsys.readouterr().err
