"""Keep the text outputs of the book's chapters and of the solved notebooks as golden files, one readable file each.

    python -m tests.notebooks.golden build [all]       make build/notebooks/*.ipynb, with the outputs of tests/golden
    python -m tests.notebooks.golden update [NAME ...] execute them and write tests/golden anew

After `build`, `pytest -p tests.notebooks.without_html --nbval build/notebooks` runs every solved notebook and compares.
The chapters were run when the book was built, and `tests/notebooks/test_golden.py` compares what they showed then; with
`all`, nbval runs them as well. A golden file has one block a code cell that shows something: its number and first line,
then each output, indented by four spaces below its kind. Of verdicts and tables of judgements, which are shown as text
and as HTML, the text is kept. Pictures and other rich output are not; the cells that make them are run, and not
compared.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat
from jupyter_cache import get_cache
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from autograder.assignments import ASSIGNMENTS

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # also when pytest imports this file from its own folder

from exercises.generate import NOTEBOOK_METADATA, solve  # noqa: E402

BOOK = ROOT / "book"
GOLDEN = ROOT / "tests" / "golden"
NOTEBOOKS = ROOT / "build" / "notebooks"
BUILT = BOOK / "_build" / ".jupyter_cache"
"""What the chapters showed when the book was built; emptied by its build script when code that they run has changed."""
RICH = "not compared"
QUIET = ["--IPKernelApp.log_level=40"]  # else each kernel warns that its ports are open to this machine
UPDATE = "python -m tests.notebooks.golden update"


class GoldenError(Exception):
    """The golden files do not fit the notebooks, or a notebook does not run; the message says what to do."""


@dataclass(frozen=True)
class Shown:
    """One output of a cell.

    Attributes
    ----------
    kind : "printed", "result", "displayed", "raised", or "not compared" for anything that is not text
    text : the text, or what sort of output it is
    """

    kind: str
    text: str


@dataclass(frozen=True)
class Block:
    """What one code cell shows.

    Attributes
    ----------
    number : which code cell of the notebook, from 1
    line : the first line of its source, for readers and to notice that cells have moved
    outputs : in order
    """

    number: int
    line: str
    outputs: tuple[Shown, ...]


def chapters() -> Iterator[Path]:
    """Yield the chapters that have code cells, by name."""
    cell = re.compile(r"^`{3,}\{code-cell\}", re.MULTILINE)
    yield from (path for path in sorted(BOOK.glob("*.md")) if cell.search(path.read_text()))


def notebooks() -> dict[str, NotebookNode]:
    """Return every chapter with code and every solved notebook, without outputs, by name."""
    found = {path.stem: jupytext.read(path, fmt="md:myst") for path in chapters()}
    found |= {name: solve(assignment) for name, assignment in ASSIGNMENTS.items()}
    for notebook in found.values():
        notebook.metadata.update(NOTEBOOK_METADATA)
        notebook.nbformat_minor = 5
        for number, cell in enumerate(notebook.cells):
            cell.id = f"cell-{number}"
    return found


def as_built(name: str, notebook: NotebookNode) -> NotebookNode | None:
    """Return a chapter as the book's build ran it, with its outputs; None where it has not run these cells."""
    cells = [cell.source for cell in code_cells(notebook)]
    cache = get_cache(BUILT)
    for record in cache.list_cache_records():
        if Path(record.uri).stem == name:
            found = cache.get_cache_bundle(record.pk).nb
            if [cell.source for cell in code_cells(found)] == cells:
                return found
    return None


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the code cells in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def first_line(cell: NotebookNode) -> str:
    """Return the first line of a cell's source that is code, no option (`:tags:`) and no comment."""
    lines = [line.strip() for line in cell.source.splitlines()]
    return next((line for line in lines if line and not line.startswith(("#", ":"))), "")


def shown(output: NotebookNode) -> Shown:
    """Return an output of an executed cell as a golden file keeps it.

    Raises
    ------
    GoldenError
        If it went to stderr: a page of this course warns of nothing.
    """
    if output.output_type == "stream":
        if output.name != "stdout":
            raise GoldenError(f"something was written on stderr: {output.text.strip()}")
        return Shown("printed", output.text)
    if output.output_type == "error":
        return Shown("raised", f"{output.ename}: {output.evalue}")
    kinds = sorted(output.data)
    says_the_same = str(output.data.get("text/html", "")).startswith(
        ('<div class="verdict"', '<div class="judgements ')
    )
    if kinds != ["text/plain"] and not says_the_same:
        return Shown(RICH, ", ".join(kind for kind in kinds if kind != "text/plain"))
    return Shown("result" if output.output_type == "execute_result" else "displayed", output.data["text/plain"])


def node(output: Shown, count: int) -> NotebookNode:
    """Return a kept output as nbformat has it."""
    if output.kind == "printed":
        return nbformat.v4.new_output("stream", name="stdout", text=output.text)
    if output.kind == "raised":
        name, _, text = output.text.partition(": ")
        return nbformat.v4.new_output("error", ename=name, evalue=text, traceback=[])
    data = {"text/plain": output.text}
    if output.kind == "result":
        return nbformat.v4.new_output("execute_result", data, execution_count=count)
    return nbformat.v4.new_output("display_data", data)


def blocks_of(notebook: NotebookNode) -> list[Block]:
    """Return what an executed notebook shows, for the cells that show something."""
    found = []
    for number, cell in enumerate(code_cells(notebook), start=1):
        outputs: list[Shown] = []
        for output in map(shown, cell.outputs):
            if output.kind == "printed" and outputs and outputs[-1].kind == "printed":
                output = Shown("printed", outputs.pop().text + output.text)  # one stream that came in two pieces
            outputs.append(output)
        if outputs:
            found.append(Block(number, first_line(cell), tuple(outputs)))
    return found


def written(blocks: list[Block]) -> str:
    """Return the text of a golden file."""
    lines = []
    for block in blocks:
        lines.append(f"[{block.number}] {block.line}")
        for output in block.outputs:
            lines.append(f"  {output.kind}")
            # Only what is printed may end without a line's end, which is kept as a last line of its own.
            lines += [f"    {line}" if line else "" for line in _lines(output)]
        lines.append("")
    return "\n".join(lines)


def _lines(output: Shown) -> list[str]:
    """Return the lines to write; where the last one printed has no line's end, a backslash follows it."""
    if output.kind != "printed":
        return output.text.split("\n")
    return output.text[:-1].split("\n") if output.text.endswith("\n") else [*output.text.split("\n"), "\\"]


def read(text: str) -> list[Block]:
    """Return the blocks of a golden file; the inverse of `written`."""
    blocks: list[Block] = []
    for piece in re.split(r"^(?=\[\d+\] )", text, flags=re.MULTILINE)[1:]:
        header, _, body = piece.partition("\n")
        number, _, line = header[1:].partition("] ")
        outputs = []
        for part in re.split(r"^  (?=\S)", body.removesuffix("\n"), flags=re.MULTILINE)[1:]:
            kind, *lines = part.removesuffix("\n").split("\n")
            content = "\n".join(each.removeprefix("    ") for each in lines)
            if kind == "printed":
                content = content.removesuffix("\n\\") if content.endswith("\n\\") else content + "\n"
            outputs.append(Shown(kind, content))
        blocks.append(Block(int(number), line, tuple(outputs)))
    return blocks


def join(name: str, notebook: NotebookNode, blocks: list[Block]) -> None:
    """Put kept outputs into a notebook, and tag the cells whose output is not compared.

    Raises
    ------
    GoldenError
        If a block belongs to a cell that is not there, or has another first line now.
    """
    cells = dict(enumerate(code_cells(notebook), start=1))
    for number, cell in cells.items():
        cell.execution_count = number  # nbval compares only cells that have been run, also where they show nothing
    for block in blocks:
        cell = cells.get(block.number)
        if cell is None or first_line(cell) != block.line:
            raise GoldenError(
                f"tests/golden/{name}.txt is of an older {name}: its cell {block.number}, {block.line!r}, has moved or "
                f"changed. Run `{UPDATE} {name}` and read the diff."
            )
        if any(output.kind == RICH for output in block.outputs):
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "nbval-ignore-output"]
        else:
            cell.outputs = [node(output, block.number) for output in block.outputs]


def build(directory: Path = NOTEBOOKS, *, of_chapters: bool = False) -> list[Path]:
    """Write every solved notebook, or every chapter too, with its kept outputs into a directory; return the paths.

    Raises
    ------
    GoldenError
        If a golden file is missing, is of an older notebook, or belongs to none.
    """
    found = notebooks()
    directory.mkdir(parents=True, exist_ok=True)
    for old in directory.glob("*.ipynb"):
        old.unlink()
    left_over = {path.stem for path in GOLDEN.glob("*.txt")} - set(found)
    if left_over:
        raise GoldenError(f"tests/golden has files of no notebook: {', '.join(sorted(left_over))}; delete them.")
    paths = []
    for name, notebook in found.items():
        if not of_chapters and name not in ASSIGNMENTS:
            continue
        golden = GOLDEN / f"{name}.txt"
        if not golden.is_file():
            raise GoldenError(f"{golden.relative_to(ROOT)} is missing. Run `{UPDATE} {name}`.")
        join(name, notebook, read(golden.read_text()))
        paths.append(directory / f"{name}.ipynb")
        nbformat.write(notebook, paths[-1])
    return paths


def update(names: list[str]) -> list[str]:
    """Execute the notebooks of these names, or all, and write their golden files; return the names that changed.

    Raises
    ------
    GoldenError
        If a notebook is unknown, does not run, or writes on stderr.
    """
    found = notebooks()
    unknown = [name for name in names if name not in found]
    if unknown:
        raise GoldenError(f"there is no notebook {', '.join(unknown)}; known are {', '.join(found)}.")
    NOTEBOOKS.mkdir(parents=True, exist_ok=True)
    GOLDEN.mkdir(parents=True, exist_ok=True)
    changed = []
    for name in names or found:
        place = {"metadata": {"path": str(NOTEBOOKS)}}  # where nbval runs them too
        try:
            NotebookClient(found[name], timeout=120, extra_arguments=QUIET, resources=place).execute()
            text = written(blocks_of(found[name]))
        except (CellExecutionError, GoldenError) as error:
            raise GoldenError(f"{name} does not run cleanly: {error}") from error
        golden = GOLDEN / f"{name}.txt"
        if not golden.is_file() or golden.read_text() != text:
            golden.write_text(text)
            changed.append(name)
    if not names:
        for golden in GOLDEN.glob("*.txt"):
            if golden.stem not in found:
                golden.unlink()
                changed.append(golden.stem)
    return changed


def main(arguments: list[str]) -> int:
    """Run the command; return the exit code."""
    match arguments:
        case ["build", *which] if which in ([], ["all"]):

            def work() -> list[Path]:
                return build(of_chapters=bool(which))

        case ["update", *names]:

            def work() -> list[str]:
                return update(names)

        case _:
            print(__doc__, file=sys.stderr)
            return 2
    try:
        results = work()
    except GoldenError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments[0] == "build":
        print(f"{len(results)} notebooks in {NOTEBOOKS.relative_to(ROOT)}")
    else:
        print(f"changed: {', '.join(results)}" if results else "nothing changed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
