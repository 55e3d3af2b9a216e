"""A cell is what it says: by its text, an answer by its function or place, and by its id where that says nothing."""

import copy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from autograder.course_file import assignments_of
from autograder.grade.records import Records
from autograder.grade.run import Options
from autograder.grade.session import grade_class
from autograder.grade.submission import judge_notebook
from autograder.protocol.notebook import read
from tests.grading.classes import NAME, RIGHT, TEXT, cell, course, full, hand_in, make, notebook, run, scores
from tests.grading.test_grade import graded, here, job_of, troubles  # noqa: F401
from tests.grading.vectors import PNG

WRITTEN = "written-why"


def without_names(book):
    """Drop ids and metadata, as editors do that keep text alone."""
    book.metadata = {}
    for each in book.cells:
        each.metadata = {}
        each.pop("id", None)  # one cell may stand in several notebooks
    book.nbformat_minor = 4


def with_new_names(book):
    without_names(book)
    for number, each in enumerate(book.cells):
        each.id = f"vscode-{number}"
    book.nbformat_minor = 5


def at(book, id):
    return book.cells.index(cell(book, id))


def as_handed_out(folder, id=WRITTEN):
    return cell(nbformat.read(folder / "release" / NAME / f"{NAME}.ipynb", as_version=4), id).source


def unanswered(change=None):
    """Return a change that takes the written answer away, and then does another one."""

    def changed(book):
        cell(book, WRITTEN).source = "Why?\n\nYOUR ANSWER HERE"
        if change:
            change(book)

    return changed


def beside(made, offset=1):
    return unanswered(lambda book: book.cells.insert(at(book, WRITTEN) + offset, made))


def retyped(book):
    """Delete the cell for the answer, and write one of one's own in its place."""
    book.cells[at(book, WRITTEN)] = new_markdown_cell("Because the mean is taken once.")


def in_two(book):
    why = cell(book, WRITTEN)
    book.cells.append(new_markdown_cell("Because.", metadata=copy.deepcopy(why.metadata)))
    why.source = "Why?"


def exchanged(one, other):
    """Return a change that gives two cells each other's id and metadata."""

    def change(book):
        first, second = cell(book, one), cell(book, other)
        (first.id, first.metadata), (second.id, second.metadata) = (
            (second.id, second.metadata),
            (first.id, first.metadata),
        )

    return change


def copied_above(id, to):
    """Return a change that copies a cell with its metadata, and puts another text into the copy."""

    def change(book):
        old = cell(book, id)
        new = copy.deepcopy(old)
        new.id, new.source = "copy", to
        book.cells.insert(at(book, id), new)

    return change


def merged(book):
    """Merge all answers into the first, and leave the others out."""
    answers = [cell(book, f"answer-{name}") for name in RIGHT]
    answers[0].source = "\n\n".join(each.source for each in answers)
    for each in answers[1:]:
        book.cells.remove(each)


def below_its_stub(book):
    """Leave the cell for an answer as it was, and write the function below it."""
    where = at(book, "answer-compute_dW2")
    answer = new_code_cell(book.cells[where].source)
    book.cells[where].source = "def compute_dW2(dZ2, A1):\n    # YOUR CODE HERE\n    raise NotImplementedError()"
    book.cells.insert(where + 1, answer)


def merged_with_its_check(book):
    where = at(book, "check-compute_dW2")
    cell(book, "answer-compute_dW2").source += "\n\n" + book.cells.pop(where).source


def over_its_check(book):
    """Write the answer into the check cell, and leave the cell for it empty."""
    cell(book, "check-compute_dW2").source = cell(book, "answer-compute_dW2").source
    cell(book, "answer-compute_dW2").source = ""


def checked_again(book):
    book.cells += [new_code_cell("check(compute_dW2).points"), new_code_cell("check( compute_dW2 )")]


def moved(book):
    book.cells.append(book.cells.pop(at(book, "check-compute_dZ2")))


def both(*changes):
    def change(book):
        for each in changes:
            each(book)

    return change


STRIPPED = {"metadata-stripped"}
WAITS, SILENT = None, 0.0
CLASS = {
    # student: (change, remarks, mark of the written answer)
    "names_gone": (without_names, STRIPPED, WAITS),
    "names_new": (with_new_names, STRIPPED, WAITS),
    "names_gone_and_spaced": (
        both(without_names, lambda b: [c.update(source=f"\n{c.source}  \n\n") for c in b.cells]), STRIPPED, WAITS),
    "names_gone_unanswered": (unanswered(without_names), STRIPPED, SILENT),
    "names_gone_retyped": (both(retyped, without_names), STRIPPED, WAITS),
    "names_gone_lambda": (
        both(lambda b: cell(b, "answer-compute_db2").update(source="compute_db2 = lambda d: d.mean(1, keepdims=True)"),
        without_names), STRIPPED, WAITS),
    "names_gone_merged": (both(merged, without_names), STRIPPED, WAITS),
    "checks_exchanged": (exchanged("check-compute_dZ2", "check-compute_dW2"), set(), WAITS),
    "answers_exchanged": (exchanged("answer-compute_dZ2", "answer-compute_dW2"), set(), WAITS),
    "setup_exchanged": (exchanged("setup", "check-compute_dW2"), set(), WAITS),
    "copied_check": (copied_above("check-compute_dW2", "np.ones(3)"), {"duplicated-id"}, WAITS),
    "copied_written": (copied_above(WRITTEN, "A note of mine."), {"duplicated-solution"}, WAITS),
    "written_in_two": (in_two, {"duplicated-solution"}, WAITS),
    "merged": (merged, set(), WAITS),
    "below_its_stub": (below_its_stub, set(), WAITS),
    "merged_with_its_check": (merged_with_its_check, {"check-deleted"}, WAITS),
    "over_its_check": (over_its_check, {"check-deleted"}, WAITS),
    "checked_again": (checked_again, set(), WAITS),
    "check_moved": (moved, set(), WAITS),
    "blank": (unanswered(), set(), SILENT),
    "blank_with_a_blank_cell": (beside(new_markdown_cell(" \n")), set(), SILENT),
    "written_below": (beside(new_markdown_cell("Because.")), {"answer-beside"}, WAITS),
    "written_above": (beside(new_markdown_cell("Because."), 0), {"answer-beside"}, WAITS),
    "written_as_code": (beside(new_code_cell("# Because.")), {"answer-beside"}, WAITS),
    "written_raw": (beside(new_raw_cell("Because.")), {"answer-beside"}, WAITS),
    "written_two_below": (
        both(beside(new_markdown_cell("Because.")), lambda b: b.cells.insert(-1, new_markdown_cell(""))),
        {"answer-beside"}, WAITS),
    "written_below_names_gone": (
        both(beside(new_markdown_cell("Because.")), without_names), STRIPPED | {"answer-beside"}, WAITS),
    "written_with_the_same_id": (
        unanswered(lambda b: b.cells.append(new_markdown_cell("Because.", metadata=dict(cell(b, WRITTEN).metadata)))),
        {"duplicated-solution"}, WAITS),
    "picture_alone": (
        unanswered(lambda b: cell(b, WRITTEN).update(attachments={"a.png": {"image/png": PNG}})), set(), WAITS),
    "retyped": (retyped, STRIPPED, WAITS),
    "deleted": (lambda b: b.cells.remove(cell(b, WRITTEN)), {"answer-deleted"}, WAITS),
}  # fmt: skip


@pytest.fixture(scope="module")
def of_a_class(tmp_path_factory):
    folder = course(tmp_path_factory.mktemp("identity"))
    for student, (change, _, _) in CLASS.items():
        hand_in(folder, student, notebook(folder, change=change))
    assert grade_class(NAME, Options(folder, jobs=1, sandboxed=False)) == 0
    run(folder, NAME, command="feedback", code=0)
    return folder


@pytest.mark.parametrize("student", CLASS)
def test_a_cell_is_what_it_says(of_a_class, student):
    _, remarks, written = CLASS[student]
    record = Records(of_a_class, NAME).find(student)
    assert troubles(record) == remarks
    assert scores(of_a_class)[student] == full() | {WRITTEN: written}
    assert record.unanswered == ([WRITTEN] if written == SILENT else [])
    assert [row["notes"] for row in record.verdicts] == [[], [], []]
    book = nbformat.read(of_a_class / "autograded" / student / NAME / f"{NAME}.ipynb", as_version=4)
    nbformat.validate(book)
    names = [each.metadata.get("nbgrader", {}).get("grade_id") for each in book.cells]
    for id in (*(f"check-{name}" for name in RIGHT), WRITTEN):  # formgrader's fields
        assert names.count(id) == 1, id
    shown = [each.data.get("text/plain") for c in book.cells if not names[book.cells.index(c)] and c.cell_type == "code"
             for each in c.outputs if "data" in each]  # fmt: skip
    assert "0.0" not in shown
    page = (of_a_class / "feedback" / student / NAME / f"{NAME}.html").read_text()
    assert "Checks without a cell" not in page
    assert ("No response." in page) == (written == SILENT)


def test_verdicts_stand_in_the_order_of_the_notebook(of_a_class):
    for student in ("names_gone", "names_new", "merged", "merged_with_its_check", "over_its_check"):
        page = (of_a_class / "feedback" / student / NAME / f"{NAME}.html").read_text()
        wanted = [f'id="cell-check-{name}"' for name in RIGHT]
        assert sorted(wanted, key=page.index) == wanted
        assert page.index(wanted[0]) > page.index("set_assignment")


def test_what_stood_in_the_place_of_the_written_answer_has_its_field(of_a_class):
    for student in ("names_gone", "names_gone_retyped", "retyped"):
        book = nbformat.read(of_a_class / "autograded" / student / NAME / f"{NAME}.ipynb", as_version=4)
        assert [c.source for c in book.cells if c.metadata.get("nbgrader", {}).get("grade_id") == WRITTEN] == [
            "Because the mean is taken once."
        ]


def test_a_person_grades_once(of_a_class):
    from tests.grading.test_nothing_lost import opened

    with opened(of_a_class) as book:
        for student in ("names_gone", "written_below", "deleted"):
            grade = book.find_grade(WRITTEN, NAME, NAME, student)
            assert grade.needs_manual_grade
            grade.manual_score, grade.needs_manual_grade = 3.0, False
        book.db.commit()
    assert grade_class(NAME, Options(of_a_class, jobs=1, sandboxed=False)) == 0
    with opened(of_a_class) as book:
        assert not book.find_grade(WRITTEN, NAME, NAME, "names_gone").needs_manual_grade


STUBS = TEXT.replace("# Why?\n", "Write here.\n") + "\n# %% [markdown]\n# ## More\n"


def test_of_cells_with_one_text_the_next_in_order_is_meant(tmp_path):
    """Cells for answers of a lecturer's own often have the same text."""
    written = '# %% [markdown] written="written-{}"\n# Write here.\n#\n# ---rubric---\n#\n# So.\n\n'
    text = TEXT.partition("# %% [markdown] written")[0]
    text += "# %% [markdown]\n# One.\n\n".join(["", written.format("a"), written.format("b"), written.format("c")])
    toml = "[small]\ntitle = 'Small'\nexercises = [{function = 'compute_dZ2', points = 1, equation = 'two_layer.dZ2'}, "
    toml += "{function = 'compute_dW2', points = 2, equation = 'two_layer.dW2'}, "
    toml += "{function = 'compute_db2', points = 3, equation = 'two_layer.db2'}]\nwritten = ["
    toml += ", ".join(f"{{id = 'written-{x}', points = 1, title = '{x}'}}" for x in "abc") + "]\n"
    folder = make(tmp_path / "stubs", text, toml)

    def second(book):
        cell(book, "written-b").source = "Because."
        without_names(book)

    hand_in(folder, "ada", notebook(folder, change=second))
    record = graded(folder)
    assert record.unanswered == ["written-a", "written-c"]


def test_an_answer_beside_the_notebook_is_looked_at(here):  # noqa: F811
    path = hand_in(here, "ada", notebook(here, change=unanswered()))
    hand_in(here, "bob", notebook(here, change=unanswered())).with_name("data.csv").write_text("1,2")
    path.with_name("proof.pdf").write_bytes(b"%PDF-1.5")
    record = graded(here)
    assert (record.unanswered, troubles(record)) == ([], {"answer-beside"})
    assert graded(here, "bob").unanswered == [WRITTEN]


def test_a_release_is_known_as_it_was_handed_out(here):  # noqa: F811
    release = job_of(here).release
    assert [each.id for each in release.whole] == [c.id for c in notebook(here).cells]


def test_the_command_for_one_notebook_knows_checks_by_their_text_too(here):  # noqa: F811
    """A function that is written again below its check is judged at the check, with ids and without."""

    def again(book):
        book.cells.append(new_code_cell("def compute_dW2(dZ2, A1):\n    return 0"))

    for change in (again, both(again, without_names)):
        verdicts = judge_notebook(
            read(nbformat.writes(notebook(here, change=change)).encode()), assignments_of(here)[NAME]
        )
        assert [verdict.points for verdict in verdicts] == [1.0, 2.0, 3.0]
