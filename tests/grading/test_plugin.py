"""Plain nbgrader gives the same marks by the plugin; a lecturer's own tests run out of the student's reach."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI

from autograder.grade.instructor_tests import outputs_of, points_of, prepared
from autograder.grade.session import Options, Run
from autograder.sandbox.apart import TrustedFork
from autograder.sandbox.process import Ended, EndedByTime, GuestProcess
from exercises.generate import course_config
from tests.grading.classes import NAME, ROOT, cell, course, full, hand_in, notebook, path_of, run, scores
from tests.grading.test_sanitize import dangers, rendered
from tests.grading.vectors import TEXTS, filled

WRONG = {"compute_dW2": "def compute_dW2(dZ2, A1):\n    return dZ2 @ A1.T"}
FORGED = {"compute_dW2": "print('2.0')\n1000.0"}


@pytest.fixture
def here(tmp_path):
    return course(tmp_path)


def nbgrader(folder: Path, *arguments: str, code: int = 0) -> subprocess.CompletedProcess:
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [scripts / "nbgrader", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == code, done.stderr
    return done


@pytest.mark.slow
def test_plain_nbgrader_and_our_command_give_the_same_marks_and_notebooks(here, tmp_path):
    other = course(tmp_path / "other")
    for folder in (here, other):
        hand_in(folder, "ada")
        hand_in(folder, "bob", notebook(folder, WRONG))
        hand_in(folder, "eve", notebook(folder, FORGED))
        hand_in(folder, "mal", b"<html>")
    (other / ".autograder" / NAME).mkdir(parents=True)
    run(here, NAME, code=1)
    (other / ".autograder" / NAME / "seed.json").write_text((here / ".autograder" / NAME / "seed.json").read_text())
    nbgrader(other, "autograde", NAME, code=1)
    theirs = scores(other)
    assert set(theirs.pop("mal").values()) == {None}  # nbgrader's own row, before it looked into the file
    assert scores(here) == theirs == {"ada": full(), "bob": full(compute_dW2=0.0), "eve": full(compute_dW2=0.0)}
    for student in ("ada", "bob"):
        ours, theirs = (
            nbformat.read(folder / "autograded" / student / NAME / f"{NAME}.ipynb", as_version=4)
            for folder in (here, other)
        )
        assert [(c.source, c.get("outputs")) for c in ours.cells] == [
            (c.source, c.get("outputs")) for c in theirs.cells
        ]


@pytest.mark.slow
def test_what_nbgrader_writes_by_the_plugin_is_as_harmless_and_only_data_are_copied(here, tmp_path):
    def hostile(book):
        book.cells += [
            new_markdown_cell(filled(id, text), id=f"t-{number}") for number, (id, text) in enumerate(TEXTS.items())
        ]
        cell(book, "written-why").source = filled("why", "Proof. <img src=x onerror=RUN>")

    other = course(tmp_path / "other")
    for folder in (here, other):
        path = hand_in(folder, "mal", notebook(folder, change=hostile))
        for name in ("evil.html", "evil.svg", "points.csv"):
            path.with_name(name).write_text("<script>1</script>")
    run(here, NAME, code=0)
    done = nbgrader(other, "autograde", NAME)
    assert "evil.html stays in submitted/ only" in done.stderr
    assert scores(here) == scores(other) == {"mal": full()}
    ours, theirs = (
        nbformat.read(folder / "autograded" / "mal" / NAME / f"{NAME}.ipynb", as_version=4) for folder in (here, other)
    )
    assert [each.source for each in ours.cells] == [each.source for each in theirs.cells]
    assert not [each for each in ours.cells if each.cell_type == "markdown" and dangers(rendered(each.source))]
    assert {each.name for each in (other / "autograded" / "mal" / NAME).iterdir()} == {f"{NAME}.ipynb", "points.csv"}
    assert "onerror=console" in path_of(here, "mal").read_text()
    nbgrader(here, "generate_feedback", NAME)


@pytest.mark.slow
def test_everything_of_nbgrader_goes_on_after_our_command(here):
    hand_in(here, "ada")
    hand_in(here, "bob", notebook(here, WRONG))
    run(here, NAME, code=0)
    nbgrader(here, "generate_feedback", NAME)
    page = (here / "feedback" / "bob" / NAME / f"{NAME}.html").read_text()
    assert "missing-mean" in page
    nbgrader(here, "export")
    assert ",4.0,10.0" in (here / "grades.csv").read_text()
    api = NbGraderAPI(config=course_config(here))
    (row,) = [row for row in api.get_submissions(NAME) if row["student"] == "bob"]
    assert (row["autograded"], row["score"], row["needs_manual_grade"]) == (True, 4.0, True)
    (shown,) = api.get_student_notebook_submissions("bob", NAME)
    assert (shown["code_score"], shown["written_score"]) == (4.0, 0.0)
    with Gradebook(api.coursedir.db_url, api.coursedir.course_id) as book:
        assert book.average_assignment_score(NAME) == 5.0
    nbgrader(here, "autograde", NAME, "--force")  # what our command wrote can be graded over
    assert scores(here)["bob"] == full(compute_dW2=0.0)
    again = run(here, NAME, code=0)
    assert "2 are graded already" in again.stdout


STUDENT = """
import numpy as np
np.allclose = lambda *a, **k: True
def f(x, factor=1):
    return factor * x
def g(x):
    raise ValueError("no")
def name():
    return "ada"
answer = 42
import time
def slow():
    time.sleep(0.3)
"""


@pytest.fixture
def guest():
    with GuestProcess() as found:
        found.run(STUDENT, 10)
        yield found


def outputs(guest, source: str):
    given = ["import numpy as np", "def helper(x):\n    return x + 1", "import os; not code"]
    with TrustedFork(prepared(source, given, guest, 5), 5) as apart:
        return outputs_of(apart, guest)


@pytest.mark.parametrize(
    "test",
    [
        "assert np.allclose(f(np.arange(3.0)), np.arange(3.0))",
        "assert f(2) == 2 and isinstance(f(2), int)",
        "assert np.array_equal(f(np.ones(2), factor=3), [3, 3])",
        "assert answer == 42",
        "assert name() == 'ada'",
        "assert helper(f(1)) == 2",
        "def inner():\n    return f(5)\nassert inner() == 5",
        "try:\n    g(1)\nexcept ValueError as error:\n    assert str(error) == 'no'\nelse:\n    assert False",
        "from numpy.testing import assert_allclose\nassert_allclose(f(np.eye(2)), np.eye(2))",
    ],
)
def test_a_plain_assert_runs_here_against_the_students_functions(guest, test):
    assert outputs(guest, test) == []
    assert points_of(outputs(guest, test), 3.0) == 3.0


@pytest.mark.parametrize(
    ("test", "error"),
    [
        ("assert np.allclose(f(np.ones(2)), 2 * np.ones(2))", "AssertionError"),
        ("nothing", "NameError"),
        ("missing(1)", "NameError"),
        ("g(1)", "ValueError"),
        ("this is no python", "SyntaxError"),
    ],
)
def test_what_a_student_patches_has_no_say_and_a_failed_test_gives_nothing(guest, test, error):
    found = outputs(guest, test)
    assert found[-1]["ename"] == error
    assert points_of(found, 3.0) == 0.0


def test_a_test_that_ends_in_a_number_gives_partial_credit(guest):
    assert points_of(outputs(guest, "print('hello')\n1.5"), 3.0) == 1.5
    assert points_of(outputs(guest, "7.0"), 3.0) == 3.0


def test_a_function_that_ends_its_process_is_told_whatever_the_test_catches(guest):
    guest.run("import os\ndef end(): os._exit(1)", 5)
    with pytest.raises(Ended):
        outputs(guest, "try:\n    end()\nexcept Exception:\n    pass")


@pytest.mark.parametrize(
    ("test", "kind"),
    [
        ("for _ in range(f(10**15)):\n    pass", EndedByTime),
        ("for _ in range(99):\n    np.linalg.eigvals(np.random.rand(f(900), f(900)))", EndedByTime),
        ("import os\nos._exit(f(3))", Ended),
        ("for _ in range(99):\n    slow()", EndedByTime),
    ],
)
def test_what_a_test_does_with_a_students_numbers_is_within_the_students_limits(guest, test, kind):
    said = "returned|together"
    with TrustedFork(prepared(test, ["import numpy as np"], guest, 1.5), 1.5) as apart, pytest.raises(kind, match=said):
        outputs_of(apart, guest)


def test_a_file_that_a_test_does_not_find_is_named_without_its_folders(guest):
    found = outputs(guest, "open('/srv/courses/ml/secret.npz' if f(1) else '')")
    assert found[-1]["evalue"] == "[Errno 2] No such file or directory: 'secret.npz'"
    assert "/srv" not in str(found)


def test_what_a_test_makes_of_a_students_numbers_and_has_no_room_for_is_an_error_of_the_test(guest):
    found = outputs(guest, "np.ones((f(40_000), f(40_000)))")
    assert found[-1]["ename"].endswith("MemoryError")


def test_a_student_is_charged_for_what_a_test_asks_of_him(guest):
    guest.run(
        "import time\ndef slow():\n    end = time.perf_counter() + 0.5\n    while time.perf_counter() < end: pass", 5
    )
    before = guest.charged
    assert outputs(guest, "slow()") == []
    assert guest.charged - before > 0.3


def plain_course(
    folder: Path, begin: str = "### BEGIN HIDDEN TESTS", end: str = "### END HIDDEN TESTS", config: str = ""
) -> Path:
    """Return a course whose one assignment has plain asserts and hidden tests, and nothing of ours."""
    made = course(folder)
    with (made / "nbgrader_config.py").open("a") as file:
        file.write(config)

    def cell(source, id, **flags):
        noted = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False, "grade_id": id}
        return new_code_cell(source, id=id, metadata={"nbgrader": {**noted, **flags}})

    book = new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        cells=[
            cell("import numpy as np", "start", locked=True),
            cell(
                "def square(x):\n    ### BEGIN SOLUTION\n    return x**2\n    ### END SOLUTION", "square", solution=True
            ),
            cell(
                f"assert square(2) == 4\n{begin}\nassert np.allclose(square(np.arange(3)), [0, 1, 4])\n{end}",
                "test-square",
                grade=True,
                locked=True,
                points=5,
            ),
        ],
    )
    source = made / "source" / "plain" / "plain.ipynb"
    source.parent.mkdir(parents=True)
    nbformat.write(book, source)
    assert NbGraderAPI(config=course_config(made)).generate_assignment("plain")["success"]
    return made


@pytest.mark.parametrize(
    ("answer", "points"),
    [
        ("def square(x):\n    return x * x", 5.0),
        ("def square(x):\n    return 4", 0.0),
        (
            "import numpy as np\nnp.allclose = lambda *a: True\ndef square(x):\n    return 4 if np.ndim(x) == 0 else x",
            0.0,
        ),
        ("class Yes:\n    __eq__ = lambda *a: True\ndef square(x):\n    return Yes()", 0.0),
    ],
)
def test_a_lecturers_own_assignment_is_graded_by_its_own_tests(tmp_path, answer, points):
    here = plain_course(tmp_path)
    book = nbformat.read(here / "release" / "plain" / "plain.ipynb", as_version=4)
    assert "HIDDEN" not in book.cells[2].source
    book.cells[1].source = answer
    path = here / "submitted" / "ada" / "plain" / "plain.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(book, path)
    done = run(here, "plain", "--unsandboxed", code=0)
    assert scores(here)["ada"] == {"test-square": points}
    assert "graded, " in done.stdout


def test_what_a_student_shows_takes_no_room_from_what_a_test_says(tmp_path, monkeypatch):
    here = plain_course(tmp_path)
    book = nbformat.read(here / "release" / "plain" / "plain.ipynb", as_version=4)
    book.cells[1].source = "def square(x):\n    return 5"
    path = here / "submitted" / "ada" / "plain" / "plain.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(book, path)
    monkeypatch.setattr("autograder.grade.submission.MAX_SHOWN", -1)
    with Run("plain", Options(here, jobs=1, sandboxed=False)).opened() as opened:
        assert [record.extras for record in opened.grade()] == [{"test-square": 0.0}]


OWN_MARKS = """
c.ClearHiddenTests.begin_test_delimeter = "SECRET ON"
c.ClearHiddenTests.end_test_delimeter = "SECRET OFF"
"""


@pytest.mark.parametrize(
    ("begin", "end", "config"),
    [
        ("# BEGIN HIDDEN TESTS", "# END HIDDEN TESTS", ""),
        ("x = 1  ## BEGIN HIDDEN TESTS below", "## END HIDDEN TESTS", ""),
        ("# SECRET ON", "pass  # SECRET OFF", OWN_MARKS),
    ],
)
def test_hidden_tests_are_known_by_the_courses_own_marks_wherever_in_a_line(tmp_path, begin, end, config):
    here = plain_course(tmp_path, begin, end, config)
    book = nbformat.read(here / "release" / "plain" / "plain.ipynb", as_version=4)
    assert "allclose" not in book.cells[2].source
    book.cells[1].source = "def square(x):\n    return x * x"
    path = here / "submitted" / "ada" / "plain" / "plain.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(book, path)
    done = run(here, "plain", "--unsandboxed", code=0)
    assert scores(here)["ada"] == {"test-square": 5.0}
    assert "graded, " in done.stdout
    assert "graded-with-trouble" not in done.stdout


def test_numbers_stay_numbers_on_their_way():
    from autograder.grade.instructor_tests import _plain_numbers

    assert _plain_numbers({"a": (np.array(1.5), [np.array(True)])}) == {"a": (1.5, [True])}
    assert path_of(Path("c"), "ada") == Path("c/submitted/ada/small/small.ipynb")
