"""What the documents say is true: the verdict they show, the commands they name, the files they point to."""

import re
import subprocess
from pathlib import Path

import pytest

from autograder import check

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(path for path in ROOT.glob("*.md"))
README = (ROOT / "README.md").read_text(encoding="utf-8")


def compute_dW2(dZ2, A1):
    return dZ2 @ A1.T


def test_the_readme_shows_the_verdict_that_is_printed():
    shown = re.search(r"```text\n(.*?)```", README, re.DOTALL)
    assert shown[1].strip() == str(check(compute_dW2, assignment="ps4_two_layer", show=False))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_a_document_links_to_is_there(path):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), f"{path.name} links to {target}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_chore_that_a_document_names_is_in_the_makefile(path):
    chores = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for words in re.findall(r"`make ([a-z -]+)`|^make ([a-z-]+)", path.read_text(encoding="utf-8"), re.MULTILINE):
        for chore in " ".join(words).split():
            assert chore in chores, f"{path.name} names make {chore}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_path_that_a_document_names_in_code_is_there(path):
    for name in re.findall(
        r"`((?:course_lib|autograder|book|tests|benchmarks|requirements|\.ci)/[\w./-]*)`", path.read_text()
    ):
        if "_build" not in name:
            assert (ROOT / name).exists(), f"{path.name} names {name}"


def test_nothing_installs_this_project_by_its_name_from_an_index():
    """Nobody owns the name there: whoever took it would be run wherever a document or a message says so."""
    by_name = re.compile(
        r"(?:pip3?|pipx|uv|conda)[^\n]*\b(?:install|add|run)\b[^\n]*[\s'\"]backprop-course(?![\w-])|backprop-course\["
    )
    assert by_name.search('pip install -q "backprop-course[grade]"')
    assert by_name.search("python -m pip install backprop-course")
    assert not by_name.search("pip install backprop-course-0.1.0.whl")
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    if not tracked:
        pytest.skip("this copy of the project is no git checkout")
    own = {"pyproject.toml", "requirements/lock.py", "tests/test_documents.py"}  # where it names its own extras
    texts = {file: (ROOT / file).read_bytes().decode("utf-8", "replace") for file in set(tracked) - own}
    assert [file for file, text in texts.items() if by_name.search(text)] == []
