"""A package that is not there costs nothing unless it is used, and then says so; a lecturer may let more in."""

import pytest
from nbformat.v4 import new_code_cell

from autograder.course_file import CourseFileError, packages_of
from autograder.grade.records import Records
from autograder.sandbox.plan import modules_of_distribution
from tests.grading.classes import NAME, RIGHT, course, full, hand_in, notebook, run, scores

DW2, DB2 = RIGHT["compute_dW2"], RIGHT["compute_db2"]
SAID = "sympy is not there while a notebook is graded; there are IPython, matplotlib, numpy, yaml"
ONE_WRONG = full(compute_dW2=0.0)
STUDENTS = {
    # Each: what stands in the answer to compute_dW2, in a cell of its own above it, and the marks.
    "imports_what_it_does_not_use": (f"import sympy as sp\nimport torch.nn.functional as F\n{DW2}", "", full()),
    "imports_from_it": (f"from scipy.special import expit, xlogy\nfrom tqdm import *\n{DW2}", "", full()),
    "names_it_in_an_annotation": (
        f"import pandas as pd\ndef own(x: pd.Series | None):\n    return isinstance(x, pd.DataFrame)\nown(1)\n{DW2}",
        "",
        full(),
    ),
    "has_a_way_out": (
        f"try:\n    import numba\nexcept ImportError:\n    numba = None\nassert numba is None\n{DW2}",
        "",
        full(),
    ),
    "has_another_way_out": (
        f"import contextlib\nwith contextlib.suppress(ImportError):\n    import numba\n    raise OSError\n{DW2}",
        "",
        full(),
    ),
    "uses_it": (
        "import sympy\ndef compute_dW2(dZ2, A1):\n    return sympy.Matrix(dZ2) * sympy.Matrix(A1.T) / dZ2.shape[1]",
        "",
        ONE_WRONG,
    ),
    "uses_it_above_its_function": (f"import sympy\nx = sympy.Symbol('x')\n{DW2}", "", ONE_WRONG),
    "decorates_with_it": (f"import sympy\n@sympy.cacheit\n{DW2}", "", ONE_WRONG),
    "calculates_with_it": (f"from sympy import pi\ntau = 2 * pi\n{DW2}", "", ONE_WRONG),
    "inherits_from_it": (f"from sympy import Matrix\nclass Mine(Matrix):\n    pass\n{DW2}", "", ONE_WRONG),
    "uses_it_elsewhere": (DW2, "import sympy\nsympy.init_printing()", full()),
    "uses_what_the_course_lets_in": (f"import yaml\nassert yaml.safe_load('[1]') == [1]\n{DW2}", "", full()),
    "writes_a_module": (f"from mine import half\nassert half == 0.5\n{DW2}", "%%writefile mine.py\nhalf = 0.5", full()),
    "writes_a_module_that_imports": (
        f"from mine import half\nassert half == 1\n{DW2}",
        "%%writefile mine.py\nimport scipy\nhalf = 1",
        full(),
    ),
    "draws_in_a_window": (f"%matplotlib qt\n{DW2}", "%matplotlib widget", full()),
    "opens_what_it_wrote": (
        f"assert np.load('x.npy').sum() == 3\n{DW2}",
        "import numpy as np\nnp.save('x.npy', np.ones(3))",
        full(),
    ),
}
BESIDE = {
    # Each: files beside the notebook, and what stands in the answer to compute_dW2.
    "brings_a_module": ({"mine.py": "half = 0.5"}, f"from mine import half\nassert half == 0.5\n{DW2}"),
    "brings_data_in_a_folder": ({"data/x.csv": "1,2"}, f"assert open('data/x.csv').read() == '1,2'\n{DW2}"),
    "has_the_lecturers": ({}, f"from ours import word\nassert word == 'ours'\n{DW2}"),
    "changed_the_lecturers": ({"ours.py": "word = 'mine'"}, f"from ours import word\nassert word == 'ours'\n{DW2}"),
    "brings_what_is_named_as_a_package": ({"numpy.py": "1 / 0", "random.py": "1 / 0"}, f"import random\n{DW2}"),
}
TROUBLED = {name for name in STUDENTS if name.startswith(("uses_it", "decorates", "calculates", "inherits"))}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    here = course(tmp_path_factory.mktemp("packages"))
    with (here / "course.toml").open("a") as file:
        file.write('\n[course]\npackages = ["PyYAML"]\n')
    for student, (answer, above, _) in STUDENTS.items():

        def change(book, above=above):
            if above:
                book.cells.insert(1, new_code_cell(above))

        hand_in(here, student, notebook(here, {"compute_dW2": answer}, change))
    (here / "source" / NAME / "ours.py").write_text("word = 'ours'")
    for student, (files, answer) in BESIDE.items():
        folder = hand_in(here, student, notebook(here, {"compute_dW2": answer})).parent
        for name, text in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
    run(here, NAME)
    return here


@pytest.mark.slow
@pytest.mark.parametrize("student", BESIDE)
def test_files_beside_a_notebook_can_be_opened_and_imported(graded, student):
    assert scores(graded)[student] == full()


@pytest.mark.slow
@pytest.mark.parametrize("student", STUDENTS)
def test_an_import_costs_nothing_unless_it_is_used(graded, student):
    assert scores(graded)[student] == STUDENTS[student][2]
    record = Records(graded, NAME).find(student)
    (dW2,) = (row for row in record.verdicts if row["function"] == "compute_dW2")
    troubles = {(each["id"], each["where"]) for each in record.troubles}
    if student in TROUBLED:
        assert ("package-not-there", "sympy") in troubles
    else:
        assert troubles == set()
    assert (SAID in dW2["message"]) == (STUDENTS[student][2] == ONE_WRONG)


@pytest.mark.parametrize("table", ["course", NAME])
def test_what_notebooks_may_import_is_said_in_the_course_file(tmp_path, table):
    (tmp_path / "course.toml").write_text(f'[{table}]\npackages = ["scipy", "pandas"]')
    assert packages_of(tmp_path, NAME) == ("scipy", "pandas")
    assert packages_of(tmp_path, "another") == (("scipy", "pandas") if table == "course" else ())
    assert packages_of(tmp_path / "nowhere", NAME) == ()
    for wrong in ('"scipy"', "[1]", '[""]', "3"):
        (tmp_path / "course.toml").write_text(f"[{table}]\npackages = {wrong}")
        with pytest.raises(CourseFileError, match=r"write packages = "):
            packages_of(tmp_path, NAME)


def test_a_package_that_is_not_installed_is_said_before_anything_is_graded(tmp_path):
    here = course(tmp_path)
    hand_in(here, "ada")
    with (here / "course.toml").open("a") as file:
        file.write('\n[course]\npackages = ["no-such-package"]\n')
    done = run(here, NAME, code=2)
    assert "lets notebooks import no-such-package, which is not installed here: pip install no-such" in done.stderr


def test_the_modules_of_a_distribution():
    assert modules_of_distribution("PyYAML") == ("yaml",)
    assert "numpy" in modules_of_distribution("numpy")
    assert modules_of_distribution("no-such-package") == ()
