"""The text source of each assignment becomes nbgrader's source and the students' release."""

import re
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from autograder.assignments import ASSIGNMENTS, Assignment, from_table
from course_lib.equations import equation
from exercises import generate as making
from exercises.generate import CONFIG, EXERCISES, SourceError, generate, solve, source_notebook
from exercises.statements import asked

BOOK = EXERCISES.parent / "book"
assignments = pytest.mark.parametrize("assignment", ASSIGNMENTS.values(), ids=ASSIGNMENTS)


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A course directory for all assignments: to make a gradebook takes seconds."""
    made = tmp_path_factory.mktemp("course")
    shutil.copy(CONFIG, made)
    return made


@pytest.fixture(scope="module", params=ASSIGNMENTS.values(), ids=list(ASSIGNMENTS))
def made(request, course) -> tuple[Assignment, NotebookNode, NotebookNode, Path]:
    """An assignment, its source, its release, and the course directory that holds them."""
    source, release = (nbformat.read(path, as_version=4) for path in generate(request.param, course))
    return request.param, source, release, course


def run(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, str, str, object]]:
    """Run the code cells in order; yield each with its stdout, its stderr, and its result or exception."""
    shell = InteractiveShell()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            with capture_output(display=False) as captured:
                done = shell.run_cell(cell.source)
            yield cell, captured.stdout, captured.stderr, done.error_in_exec or done.result


def opening(assignment: Assignment) -> str:
    return solve(assignment).cells[0].source


def exercise_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.id.startswith(("answer-", "check-"))]


def test_every_exercise_has_one_answer_and_one_check_in_order(made):
    assignment, source, release, _ = made
    wanted = [f"{kind}-{exercise.function}" for exercise in assignment.exercises for kind in ("answer", "check")]
    for notebook in (source, release):
        assert [cell.id for cell in exercise_cells(notebook)] == wanted


def test_cell_ids_are_grade_ids_and_unique(made):
    for notebook in made[1:3]:
        assert all(cell.metadata.nbgrader.grade_id == cell.id for cell in exercise_cells(notebook))
        assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


def test_answers_are_solutions_and_checks_are_locked_and_worth_their_points(made):
    assignment, *notebooks, _ = made
    for notebook in notebooks:
        cells = {cell.id: cell.metadata.nbgrader for cell in exercise_cells(notebook)}
        for exercise in assignment.exercises:
            answer, check = cells[f"answer-{exercise.function}"], cells[exercise.id]
            assert (answer.solution, answer.grade, answer.locked) == (True, False, False)
            assert (check.solution, check.grade, check.locked) == (False, True, True)
            assert check.points == exercise.points
            assert answer.schema_version == check.schema_version == 3


def test_written_answers_are_graded_by_a_person_and_the_totals_agree(made):
    assignment, *notebooks, course = made
    for notebook in notebooks:
        cells = {cell.id: cell for cell in notebook.cells if cell.id.startswith("written-")}
        assert list(cells) == [written.id for written in assignment.written]
        for written in assignment.written:
            flags = cells[written.id].metadata.nbgrader
            assert cells[written.id].cell_type == "markdown"
            assert (flags.grade, flags.solution, flags.locked, flags.points) == (True, True, False, written.points)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        kept = gradebook.find_assignment(assignment.name)
        assert kept.max_score == assignment.total_points
        assert kept.max_code_score == assignment.max_points


def test_the_metadata_name_the_assignment_and_no_version_of_python(made):
    assignment, *notebooks, _ = made
    for notebook in notebooks:
        assert from_table(notebook.metadata.backprop_course) == assignment
        assert notebook.metadata.backprop_course.release == assignment.release
        assert notebook.metadata.kernelspec.name == "python3"
        assert "version" not in notebook.metadata.language_info
        assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
        nbformat.validate(notebook)


def test_a_check_cell_ends_in_the_points_of_its_function(made):
    assignment, source, _, _ = made
    cells = {cell.id: cell.source for cell in source.cells}
    for exercise in assignment.exercises:
        assert cells[exercise.id] == f"check({exercise.function}).points"


def test_two_runs_give_the_same_bytes(made):
    assignment, _, _, course = made
    paths = [course / folder / assignment.name / f"{assignment.name}.ipynb" for folder in ("source", "release")]
    before = [path.read_bytes() for path in paths]
    assert list(generate(assignment, course)) == paths
    assert [path.read_bytes() for path in paths] == before


def test_the_release_holds_no_solution_and_raises_in_every_answer(made):
    _, source, release, _ = made
    for solved, given in zip(source.cells, release.cells, strict=True):
        assert "SOLUTION" not in given.source
        if given.id.startswith("answer-"):
            assert re.search(r"^    raise NotImplementedError\(\)$", given.source, re.MULTILINE)
            assert solved.source.split("### BEGIN")[0].rstrip() in given.source
        elif given.id.startswith("written-"):
            question, _, rubric = solved.source.partition("### BEGIN SOLUTION")
            # Else a numbered answer would go on counting where the list of questions ends.
            assert question.rstrip().splitlines()[-1] == "**Your answer**"
            assert given.source == f"{question.rstrip()}\n\nYOUR ANSWER HERE"
            assert rubric.strip()
        else:
            assert given.source == solved.source


def test_the_solution_gets_full_points_with_nothing_on_stderr(made):
    assignment, source, _, _ = made
    points = {}
    for cell, _, stderr, result in run(source):
        assert not isinstance(result, Exception), f"{cell.id} raised {result!r}"
        assert stderr == ""
        points[cell.id] = result
    assert {exercise.id: points[exercise.id] for exercise in assignment.exercises} == {
        exercise.id: exercise.points for exercise in assignment.exercises
    }


def test_the_untouched_release_gets_nothing_and_says_so_in_every_check(made):
    assignment, _, release, _ = made
    checks = {exercise.id for exercise in assignment.exercises}
    for cell, stdout, stderr, result in run(release):
        assert stderr == ""
        if cell.id in checks:
            assert ": not-implemented, 0 of " in stdout
            assert repr(result) == "0.0"
        else:
            assert not isinstance(result, Exception), f"{cell.id} raised {result!r}"


@assignments
def test_each_statement_says_what_is_wanted_and_where_it_is_derived_and_not_how(assignment, monkeypatch):
    monkeypatch.setenv("BOOK_URL", "https://example.org/course/")
    cells = solve(assignment).cells
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    shown = ""
    for cell in cells:
        if cell.cell_type == "markdown":
            shown += cell.source
            assert "{{" not in re.sub(r"\$.*?\$", "", cell.source, flags=re.DOTALL)
        elif cell.id.startswith("answer-"):
            exercise = assignment.exercise(cell.id.removeprefix("answer-"))
            assert asked(exercise) in shown
            assert re.search(
                r"\*\*Derived in:\*\* \[.+\]\(https://example.org/course/[\w-]+\.html#[\w-]+\)\.", asked(exercise)
            )
            if exercise.equation:
                assert not any(equation(exercise.equation).latex in text for text in texts)
            if exercise.equation and exercise.equation.startswith("errata."):
                assert f"published_{equation(exercise.equation).name}" in shown, "the printed form is the question"
            shown = ""


def test_a_statement_has_names_shapes_and_the_place_in_words_where_nobody_knows_the_address(monkeypatch):
    monkeypatch.delenv("BOOK_URL", raising=False)
    said = asked(ASSIGNMENTS["ps4_two_layer"].exercise("compute_dW2"))
    assert said == (
        "**Wanted:** `dW2` (n2, n1), the gradient of the cost by `W2`. **Given:** `dZ2` (n2, m), `A1` (n1, m).\n"
        "**Derived in:** *Layer 2, backwards*, at the equation `eq-two-layer-dw2`."
    )
    assert "`forward_propagation`" not in asked(ASSIGNMENTS["ps4_two_layer"].exercise("forward_propagation"))


@pytest.mark.parametrize(
    ("old", "new", "cell", "complaint"),
    [
        ("{{ asked: two_layer.dW2 }}", "{{ two_layer.dW2 }}", "text-compute_dW2", "equation two_layer.dW2 gives"),
        ("# The question of W2", "# `dZ1 @ X.T / m`, as for W2", "text-compute_dW1", "`dZ1 @ X.T / m` computes"),
        ("# You now have", r"# $dZ^{[2]} = A^{[2]} - Y$; you have", "text-backward_propagation", "holds the formula"),
        ("Return dZ1 (n1, m):", "Return dA1 * (1 - np.tanh(Z1) ** 2):", "answer-compute_dZ1", "for"),
        ('    print(f"cost before', '    A2 - Y\n    print(f"cost before', "try-compute_cost", "`A2 - Y` computes"),
    ],
)
def test_a_source_of_ours_that_gives_an_answer_away_is_refused_and_a_lecturers_is_not(
    old, new, cell, complaint, tmp_path, monkeypatch
):
    text = (EXERCISES / "ps4_two_layer.py").read_text()
    assert old in text
    (tmp_path / "ps4_two_layer.py").write_text(text.replace(old, new, 1))
    solve(ASSIGNMENTS["ps4_two_layer"], tmp_path)
    monkeypatch.setattr(making, "EXERCISES", tmp_path)
    with pytest.raises(SourceError, match=f"ps4_two_layer, cell {cell}: .*{re.escape(complaint)}"):
        solve(ASSIGNMENTS["ps4_two_layer"], tmp_path)


@assignments
def test_it_says_how_to_get_a_hint_and_brings_that_along(assignment):
    (function,) = re.findall(r"`hint\((\w+)\)`, in a cell of your own", " ".join(opening(assignment).split()))
    assert assignment.exercise(function)
    setup = next(cell.source for cell in solve(assignment).cells if cell.id == "setup")
    assert "from autograder import check, hint, once_written, set_assignment" in setup


@assignments
def test_it_opens_with_what_you_will_be_able_to_do_and_how_long_it_takes(assignment):
    assert "you can" in opening(assignment)
    shortest, longest = map(int, re.findall(r"(\d+) to (\d+) minutes", opening(assignment))[0])
    assert 40 <= shortest < longest <= 90


@assignments
def test_the_chapters_to_read_when_stuck_are_chapters_of_the_book(assignment):
    (advice,) = re.findall(
        r"If you are stuck, the book's chapters? (.*?) (?:derives?|has|have) ", " ".join(opening(assignment).split())
    )
    chapters = {path.read_text(encoding="utf-8").partition("# ")[2].partition("\n")[0] for path in BOOK.glob("*.md")}
    named = re.findall(r"\*(.+?)\*", advice)
    assert named
    assert set(named) <= chapters


@assignments
def test_the_last_thing_that_it_shows_is_a_picture(assignment):
    last = [cell for cell in solve(assignment).cells if cell.cell_type == "code"][-1]
    assert "inline(" in last.source or "pictures(" in last.source


@assignments
def test_the_check_is_followed_by_a_sentence_of_why_it_matters(assignment):
    cells = solve(assignment).cells
    for before, after in pairwise(cells):
        if before.id.startswith("check-"):
            assert after.cell_type == "markdown"
            assert not after.source.startswith("#")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('answer="compute_dW2"', 'answer="compute_db2"', "the answer cells must be"),
        ('check="compute_dW2"', 'locked="x"', "the check cells must be"),
        ("{{ two_layer.Z1 }}", "{{ two_layer.Z3 }}", "is not an equation of the registry"),
        ("{{ asked: two_layer.dW2 }}", "{{ asked: one_example.dw }}", "is not asked for by ps4_two_layer"),
    ],
)
def test_a_source_that_does_not_fit_its_assignment_is_refused_in_a_sentence(old, new, complaint):
    text = (EXERCISES / "ps4_two_layer.py").read_text()
    assert old in text
    with pytest.raises(SourceError, match=complaint):
        source_notebook(ASSIGNMENTS["ps4_two_layer"], text.replace(old, new, 1))


def test_what_is_missing_is_said_with_the_command_that_installs_it(monkeypatch):
    import sys

    setup = next(cell.source for cell in solve(ASSIGNMENTS["ps4_two_layer"]).cells if cell.id == "setup")
    monkeypatch.setitem(sys.modules, "autograder", None)
    with pytest.raises(
        ModuleNotFoundError, match=r"run in a cell of its own: %pip install backprop_course-[\d.]+-py3"
    ) as said:
        exec(setup, {})
    assert "in a terminal: python -m pip install" in str(said.value)
