"""A lecturer's own tests judge as plain nbgrader does, and out of the student's reach."""

import contextlib
import csv
import io
from pathlib import Path

import nbformat
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.apps import NbGraderAPI

from autograder.grade.instructor_tests import InstructorTests, TestSources, bound_by, points_of
from autograder.grade.run import Options, Run
from autograder.protocol import wire
from autograder.protocol.crossing import received, sent
from autograder.protocol.values import Opaque
from autograder.report.export import as_csv
from autograder.report.marks import graded
from autograder.sandbox.process import Ended, EndedByTime, GuestProcess
from exercises.generate import course_config
from tests.grading.classes import course, run, scores

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
import itertools, wave
def sorted_in_place(values, table, array):
    values.sort()
    table["sum"] = sum(values)
    array += 1
def drawn(n):
    return np.random.rand(n) + random.random()
def same(value, *more):
    return value
def apply(function, x):
    return function(x)
class Model:
    def predict(self, x):
        return x
import random
import time
def slow():
    time.sleep(0.3)
"""


@pytest.fixture
def guest():
    with GuestProcess() as found:
        found.run(STUDENT, 10)
        yield found


GIVEN = (
    ("import numpy as np\nimport not_installed_here", True),
    ("EPSILON = 1e-3\ndef helper(x):\n    return x + 1\nhelper(answer)", True),
    ("import os; not code", True),
    ("import math\nspoiled = 1", False),
)


@contextlib.contextmanager
def begun(*sources: str, **more):
    """The tests "0", "1", ... of a notebook."""
    named = {str(number): source for number, source in enumerate(sources)}
    found = InstructorTests(TestSources(**{"tests": named, "visible": named, "given": GIVEN, **more}))
    try:
        yield found
    finally:
        found.end()


def outputs(guest, *sources: str, seconds: float = 5):
    """Return what the last of some tests shows."""
    with begun(*sources) as found:
        for number in range(len(sources)):
            result = found.run(str(number), guest, seconds)
        return result.outputs


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
    with pytest.raises(kind, match=r"returned|together|longer"):
        outputs(guest, test, seconds=1.5)


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


@pytest.mark.parametrize(
    "tests",
    [
        ["x = f(3)\ndef reference(a):\n    return a * x", "assert reference(2) == 6"],
        ["import json as j", "assert j.dumps(f(1)) == '1'"],
        ["assert math.gcd(f(4), 6) == 2"],
        ["assert EPSILON == f(1e-3)"],
        ["assert list(itertools.repeat(f(1), 2)) == [1, 1]"],
        ["assert apply(f, 3) == 3 and apply(same, 'a') == 'a'"],
        [
            "values, table, array = [3, 1, 2], {'old': 1}, np.zeros(2)\nsorted_in_place(values, table, array)",
            "assert values == [1, 2, 3] and table == {'old': 1, 'sum': 6} and array.tolist() == [1, 1]",
        ],
        [
            "np.random.seed(3)\na, b = drawn(4), np.random.rand(2)",
            "np.random.seed(3)\nassert np.ptp(a - np.random.rand(4)) < 1e-12 and (b == np.random.rand(2)).all()",
        ],
        ["import random\nrandom.seed(1)\na = drawn(0), drawn(1)", "random.seed(1)\nassert drawn(0).shape == (0,)"],
        ["assert same({1: 'a', (2, 3): {4}}) == {1: 'a', (2, 3): {4}} and same({1, 2}) == {1, 2}"],
        ["assert same(2 + 1j) == 2 + 1j and same(10**30) == 10**30 and same(None) is None"],
        ["assert same(np.array(['ab', 'c'])).tolist() == ['ab', 'c'] and same(np.float32(1)).dtype == 'f4'"],
        ["assert type(same(True)) is bool and type(same((1, [2.0]))) is tuple"],
        ["%matplotlib inline\nassert f(1) == 1"],
        ["try:\n    g(1)\nexcept ValueError:\n    seen = 1", "assert seen"],
    ],
)
def test_a_test_has_what_plain_nbgrader_would_give_it(guest, tests):
    assert outputs(guest, *tests) == []


def test_what_a_test_has_named_a_student_cannot_change_but_what_is_asked_of_him(guest):
    asked = {"answer-cell": frozenset({"x"})}
    with begun("x = truth = 1", "assert truth == 1 and x == 1", "assert truth == 1 and x == 5", asked=asked) as found:
        assert found.run("0", guest, 5).outputs == []
        guest.run("x, truth = 5, 0", 5)
        assert found.run("1", guest, 5).outputs == []
        found.answered("another-cell")
        found.answered("answer-cell")
        assert found.run("2", guest, 5).outputs == []


def test_after_a_test_that_ended_the_names_of_those_before_it_are_there_again(guest):
    with begun("x = f(2)", "import os\nos._exit(1)", "assert x == 2") as found, GuestProcess() as another:
        another.run(STUDENT, 10)
        found.run("0", guest, 5)
        with pytest.raises(Ended):
            found.run("1", guest, 5)
        assert found.run("2", another, 5).outputs == []


def test_files_beside_the_notebook_can_be_imported_and_opened(guest):
    files = {"ours.py": b"def reference(x):\n    return x\n", "data/numbers.txt": b"1 2 3"}
    test = "from ours import reference\nassert np.loadtxt('data/numbers.txt').sum() == reference(f(6))"
    with begun(test, files=files) as found:
        assert found.run("0", guest, 5).outputs == []
    assert not Path("data").exists()


@pytest.mark.parametrize(
    ("test", "what"),
    [
        ("assert Model().predict(f(1)) == 1", "a value of the type Model"),
        ("assert same(lambda: 1) is not None", "an argument of the type function"),
        ("assert apply(np.sum, [1]) == 1", "an argument of the type"),
        ("assert wave.open", "the module wave"),
        ("assert same(np.zeros(3_000_000)).size", "array of 24000000 bytes"),
        ("assert same('x' * 2_000_000)", "more than fits into a message"),
        ("assert same([[[[[[[[1]]]]]]]])", "an argument of the type list"),
    ],
)
def test_what_cannot_be_brought_to_a_test_is_said_and_not_judged(guest, test, what):
    with begun(test, f"try:\n    {test}\nexcept TypeError:\n    pass") as found:
        result = found.run("0", guest, 5)
        assert what in result.unjudged
        assert result.outputs[-1]["ename"] == "NotBrought"
        assert found.run("1", guest, 5).unjudged == ""


def test_a_forged_answer_to_a_test_is_no_answer(guest):
    forged = "import autograder.guest.called as c\nc.call = lambda *a: {answer}\nc.look_up = lambda *a: {answer}"
    for answer in ("('returned', {'__kind': 'name', 'items': 'x'}, None, None)", "('value', ['x'])", "'x'", "[1] * 4"):
        guest.run(forged.replace("{answer}", answer), 5)
        with begun("f(1)") as found:
            assert found.run("0", guest, 5).outputs[-1]["output_type"] == "error"


any_value = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=3), inner, max_size=3)
        | st.dictionaries(st.integers() | st.tuples(st.integers(), st.text("ab")), inner, max_size=3)
        | st.sets(st.integers() | st.text("ab"), max_size=3)
    ),
    max_leaves=6,
)


@given(any_value)
@settings(max_examples=200)
def test_a_value_crosses_as_it_is(value):
    crossed = wire.unpack(*_cut(wire.pack(sent(value, depth=12))))
    assert received(crossed, {}) == value


def _cut(message: bytes) -> tuple[bytes, bytes]:
    length = int.from_bytes(message[:4], "little")
    return message[8 : 8 + length], message[8 + length :]


@given(npst.arrays(npst.boolean_dtypes() | npst.floating_dtypes(sizes=(32, 64)), npst.array_shapes(min_dims=0)))
@settings(max_examples=50)
def test_an_array_crosses_as_it_is(array):
    crossed = received(wire.unpack(*_cut(wire.pack(sent(array)))), {})
    np.testing.assert_array_equal(crossed, array)
    assert crossed.dtype.kind == array.dtype.kind


def test_an_object_becomes_the_name_of_its_type():
    assert sent(object()) == Opaque("object")
    assert sent([{"a": print}]) == [{"a": Opaque("builtin_function_or_method")}]


def test_the_names_that_a_cell_binds():
    assert bound_by("import a.b, c as d\nx, (y, *z) = 1, (2, 3)\ndef f(p):\n    q = 1\nfor i in x: pass") == {
        *("a", "d", "x", "y", "z", "f", "i")
    }
    assert bound_by("%magic") == frozenset()


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


def test_a_lecturers_own_assignment_is_graded_by_its_own_tests(tmp_path):
    here = plain_course(tmp_path)
    answers = {
        "right": "def square(x):\n    return x * x",
        "wrong": "def square(x):\n    return 4",
        "patched": "np.allclose = lambda *a: True\ndef square(x):\n    return x if np.ndim(x) else 4",
        "an_object": "class Yes:\n    __eq__ = lambda *a: True\ndef square(x):\n    return Yes()",
    }
    for student, answer in answers.items():
        book = nbformat.read(here / "release" / "plain" / "plain.ipynb", as_version=4)
        assert "HIDDEN" not in book.cells[2].source
        book.cells[1].source = answer
        path = here / "submitted" / student / "plain" / "plain.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(book, path)
    run(here, "plain", "--unsandboxed", code=1)
    marks = {student: marks["test-square"] for student, marks in scores(here).items()}
    assert marks == {"right": 5.0, "wrong": 0.0, "patched": 0.0, "an_object": None}


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


def lab(folder: Path, *cells, files=()) -> Path:
    """Return a course whose one assignment is a lecturer's own sheet; each cell is (id, source, points or None)."""
    made = course(folder)
    source = made / "source" / "lab" / "lab.ipynb"
    source.parent.mkdir(parents=True)
    book = new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}})
    for id, text, points in cells:
        noted = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False, "grade_id": id}
        if points is not None:
            noted |= {"grade": True, "locked": True, "points": points}
        elif "SOLUTION" in text:
            noted |= {"solution": True}
        else:
            noted = None
        book.cells.append(new_code_cell(text, id=id, metadata={"nbgrader": noted} if noted else {}))
    nbformat.write(book, source)
    for name, content in files:
        (source.parent / name).write_text(content)
    assert NbGraderAPI(config=course_config(made)).generate_assignment("lab")["success"]
    return made


def answered(text: str) -> str:
    """A solution between nbgrader's marks."""
    return "\n".join(["### BEGIN SOLUTION", text, "### END SOLUTION"])


def write_answers(made: Path, student: str, answers: dict[str, str], solved: bool = False) -> None:
    """Hand in the lecturer's notebook with other answers, or what was handed out."""
    book = nbformat.read(made / ("source" if solved else "release") / "lab" / "lab.ipynb", as_version=4)
    for each in book.cells:
        each.source = answers.get(each.id, each.source)
    path = made / "submitted" / student / "lab" / "lab.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(book, path)


LAB = (
    ("start", "import numpy as np", None),
    ("softmax", answered("def softmax(Z):\n    E = np.exp(Z - Z.max(axis=0))\n    return E / E.sum(axis=0)"), None),
    ("t1", "expected = softmax(np.arange(6.0).reshape(2, 3))\nassert np.allclose(expected.sum(axis=0), 1)", 2),
    (
        "t2",
        "FACTOR = 3\n### BEGIN HIDDEN TESTS\nassert np.allclose(softmax(np.zeros((4, 2))), 0.25)\n### END HIDDEN TESTS",
        3,
    ),
    ("scale", answered("def scale(X):\n    return X * FACTOR"), None),
    ("t3", "from helpers import double\nassert scale(double(2)) == 12", 2),
    ("t4", "assert scale(FACTOR) == 9", 4),
    ("best", answered("best = 7"), None),
    ("t5", "assert best == 7\nbest = None", 1),
    ("model", answered("class Model:\n    size = 3"), None),
    ("t6", "assert Model().size == 3", 8),
    ("t7", "%%capture\nassert softmax(np.zeros((1, 1))) == 1", 16),
)
"""A sheet with what tests of one's own have; t6 cannot be judged here for anybody, and t7's magic not either."""


@pytest.fixture(scope="module")
def graded_lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    made = lab(folder, *LAB, files=[("helpers.py", "def double(x):\n    return 2 * x\n")])
    write_answers(made, "right", {}, solved=True)
    write_answers(
        made,
        "cheat",
        {
            "softmax": "def softmax(Z):\n    return np.empty((0, Z.shape[1]))",
            "scale": "FACTOR, expected = 0, 1\nnp.allclose = lambda *a: True\ndef scale(X):\n    return 0 * X",
            "best": "best = 7.5",
            "model": "Model = None",
        },
    )
    write_answers(made, "blank", {})
    return made, run(made, "lab", code=1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("student", "expected"),
    [
        ("right", {"t1": 2.0, "t2": 3.0, "t3": 2.0, "t4": 4.0, "t5": 1.0, "t6": None, "t7": None}),
        # np.allclose of nothing is true, as plain nbgrader finds too.
        ("cheat", {"t1": 0.0, "t2": 3.0, "t3": 0.0, "t4": 0.0, "t5": 0.0, "t6": None, "t7": None}),
        ("blank", {"t1": 0.0, "t2": 0.0, "t3": 0.0, "t4": 0.0, "t5": 0.0, "t6": 0.0, "t7": 0.0}),
    ],
)
def test_a_sheet_of_ones_own_is_judged_as_plain_nbgrader_judges_it(graded_lab, student, expected):
    made, done = graded_lab
    assert scores(made)[student] == expected
    assert "A test of yours could not be run" in done.stdout


@pytest.mark.slow
def test_the_table_names_the_tests_that_were_not_passed_and_the_export_has_a_column_for_each(graded_lab):
    made, done = graded_lab
    said = " ".join(done.stdout.replace("│", " ").split())
    assert "not passed: t1, t2, t3, t4, t5, t6, t7" in said
    assert "not passed: t1, t3, t4, t5 " in said
    rows = {row["student_id"]: row for row in csv.DictReader(io.StringIO(as_csv(graded("lab", made))))}
    assert [rows["right"][f"t{number}"] for number in range(1, 8)] == ["2", "3", "2", "4", "1", "", ""]
    assert [rows["cheat"][f"t{number}"] for number in range(1, 8)] == ["0", "3", "0", "0", "0", "", ""]
