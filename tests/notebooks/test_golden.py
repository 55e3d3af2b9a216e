"""Golden outputs are kept readably, joined to their cells, and compared by nbval."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.conftest import not_here
from tests.notebooks.golden import (
    BUILT,
    GOLDEN,
    NOTEBOOK_METADATA,
    ROOT,
    GoldenError,
    as_built,
    blocks_of,
    build,
    chapters,
    code_cells,
    join,
    notebooks,
    read,
    shown,
    written,
)

SOURCE = ["import math", "# a comment\nprint('two')\nprint('lines\\n')\nmath.sqrt(2)", "print('no end', end='')"]


def sample(run: bool) -> nbformat.NotebookNode:
    """A small notebook, with or without its outputs."""
    notebook = new_notebook(
        cells=[new_code_cell(source, id=f"cell-{n}") for n, source in enumerate(SOURCE)], metadata=NOTEBOOK_METADATA
    )
    if run:
        result = new_output("execute_result", {"text/plain": "1.4142135623730951"}, execution_count=2)
        pieces = [new_output("stream", name="stdout", text=text) for text in ("two\n", "lines\n\n")]
        notebook.cells[1].outputs = [*pieces, result]
        notebook.cells[2].outputs = [new_output("stream", name="stdout", text="no end")]
    return notebook


def nbval(notebook: nbformat.NotebookNode, folder: Path) -> subprocess.CompletedProcess[str]:
    nbformat.write(notebook, folder / "sample.ipynb")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--nbval"]
    return subprocess.run([*command, "sample.ipynb"], cwd=folder, capture_output=True, text=True)


def test_a_golden_file_reads_as_it_was_written():
    blocks = blocks_of(sample(run=True))
    assert read(written(blocks)) == blocks
    assert written(read(written(blocks))) == written(blocks)


def test_a_golden_file_is_one_block_a_cell():
    assert written(blocks_of(sample(run=True))) == (
        "[2] print('two')\n  printed\n    two\n    lines\n\n  result\n    1.4142135623730951\n\n"
        "[3] print('no end', end='')\n  printed\n    no end\n    \\\n"
    )


@pytest.mark.slow
def test_nbval_passes_with_the_golden_outputs_and_fails_when_a_number_is_changed(tmp_path):
    text = written(blocks_of(sample(run=True)))
    right, wrong = sample(run=False), sample(run=False)
    join("sample", right, read(text))
    join("sample", wrong, read(text.replace("1.4142135623730951", "1.4142135623730950")))
    passed = nbval(right, tmp_path)
    assert passed.returncode == 0, passed.stdout
    failed = nbval(wrong, tmp_path)
    assert failed.returncode == 1
    assert "1.4142135623730950" in failed.stdout


@pytest.mark.slow
def test_an_output_that_has_no_golden_block_fails(tmp_path):
    notebook = sample(run=False)
    join("sample", notebook, [])
    assert nbval(notebook, tmp_path).returncode == 1


def test_a_cell_that_has_moved_is_told_with_the_command_to_run():
    notebook = sample(run=False)
    notebook.cells.insert(0, new_code_cell("x = 1"))
    with pytest.raises(GoldenError, match="golden update sample"):
        join("sample", notebook, blocks_of(sample(run=True)))


def test_pictures_are_run_but_not_compared():
    notebook = sample(run=True)
    notebook.cells[0].outputs = [new_output("display_data", {"text/plain": "<picture>", "text/html": "<svg/>"})]
    blocks = blocks_of(notebook)
    assert "<svg" not in written(blocks)
    again = sample(run=False)
    join("sample", again, blocks)
    assert [cell.metadata.get("tags", []) for cell in code_cells(again)] == [["nbval-ignore-output"], [], []]


def test_what_is_written_on_stderr_is_refused():
    with pytest.raises(GoldenError, match="on stderr: careful"):
        shown(new_output("stream", name="stderr", text="careful\n"))


def test_every_chapter_with_code_and_every_solved_notebook_has_a_golden_file_that_fits(tmp_path):
    paths = build(tmp_path, of_chapters=True)
    assert sorted(path.stem for path in paths) == sorted(path.stem for path in GOLDEN.glob("*.txt"))
    assert ROOT.joinpath("exercises/ps4_two_layer.py").is_file()
    for path in paths:
        nbformat.validate(nbformat.read(path, as_version=4))


@pytest.fixture(scope="module")
def sources():
    return notebooks()


@pytest.mark.parametrize("name", [path.stem for path in chapters()])
def test_a_chapter_showed_what_its_golden_file_has_when_the_book_was_built(sources, name):
    ran = as_built(name, sources[name]) if BUILT.is_dir() else None
    if ran is None:
        not_here(f"{name} as it is now has not run; run: python book/build.py")
    assert written(blocks_of(ran)) == (GOLDEN / f"{name}.txt").read_text()
