import ast

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.report.similar import alike, form_of, similar
from tests.report.conftest import answer, record, verdicts

ONE = '''
def forward_propagation(X, parameters):
    """Return A2 and the cache."""
    W1 = parameters["W1"]
    b1 = parameters["b1"]
    Z1 = W1 @ X + b1  # the weighted input
    A1 = np.tanh(Z1)
    Z2 = parameters["W2"] @ A1 + parameters["b2"]
    A2 = 1 / (1 + np.exp(-Z2))
    return A2, {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}
'''
RENAMED = """
def forward_propagation(data, p):
    bias = p["b1"]
    weights = p["W1"]
    hidden_in = weights @ data + bias
    hidden = np.tanh(hidden_in)
    out_in = p["W2"] @ hidden + p["b2"]
    out: object = 1.0 / (1.0 + np.exp(-out_in))
    pass
    return out, {"Z1": hidden_in, "A1": hidden, "Z2": out_in, "A2": out}
"""
OTHER = ONE.replace("W1 @ X + b1", "np.dot(W1, X) + b1")
SHORT = "def compute_dW2(dZ2, A1):\n    return dZ2 @ A1.T / dZ2.shape[1]\n"


def form(source):
    return form_of(ast.parse(source).body[0])


def test_names_numbers_comments_docstrings_and_order_make_no_difference():
    assert form(ONE) == form(RENAMED) is not None


@pytest.mark.parametrize(
    "other",
    [
        OTHER,
        ONE.replace("np.tanh", "np.sin"),
        ONE.replace("-Z2", "Z2"),
        ONE.replace("W1 @ X", "X @ W1"),
        ONE.replace('"A1": A1', '"A1": Z1'),
    ],
)
def test_another_computation_has_another_form(other):
    assert form(other) != form(ONE)


def test_statements_that_depend_on_each_other_keep_their_order():
    body = "\n    ".join(f"x{i} = np.tanh(y) + np.sin(y) * {i}" for i in range(8))
    one = f"def f(x0, y):\n    {body}\n    x0 = x0 + 1\n    z = x0 * 2\n    return z"
    other = f"def f(x0, y):\n    {body}\n    z = x0 * 2\n    x0 = x0 + 1\n    return z"
    assert form(one) != form(other)


def test_a_short_answer_has_no_form():
    assert form(SHORT) is None


@given(st.permutations(["a = np.sin(x) * 2", "b = np.cos(x) + 1", "c = np.tan(x)", "d = np.exp(x) - x"]))
def test_independent_statements_have_one_form_in_any_order(steps):
    tail = "\n    e = a * b + c / d\n    f = (a + b) * (c + d)\n    return a + b * c - d * e + f * a - b + c * d"
    source = "def f(x):\n    {}" + tail
    first = ["a = np.sin(x) * 2", "b = np.cos(x) + 1", "c = np.tan(x)", "d = np.exp(x) - x"]
    assert form(source.format("\n    ".join(steps))) == form(source.format("\n    ".join(first))) is not None


def test_groups_say_what_is_shared_and_what_of_it_is_wrong():
    students = {"a": {"f": "1", "g": "2"}, "b": {"f": "1", "g": "2"}, "c": {"f": "3", "g": "4"}}
    (found,) = alike(students, wrong=[("a", "g"), ("b", "g"), ("a", "f")])
    assert (found.students, found.functions, found.wrong) == (("a", "b"), ("f", "g"), ("g",))


def test_forms_of_the_release_and_of_a_good_part_of_the_class_are_left_out():
    students = {f"s{number}": {"f": "1" if number < 8 else str(number), "g": "2"} for number in range(20)}
    students["s18"]["h"] = students["s19"]["h"] = "stub"
    assert alike(students, known=[{"h": "stub"}]) == []


def test_nobody_is_like_nobody():
    assert alike({}) == alike({"a": {"f": "1"}}) == []


def test_a_class_is_read_and_what_does_not_parse_stops_nobody(course):
    for student, source in {"ada": ONE, "bob": RENAMED, "eve": OTHER, "odd": "def f(:\n", "deep": "(" * 9000}.items():
        course.add(record(student, verdicts()), [answer("forward_propagation", source)])
    (course.folder / "autograded" / "odd" / "ps4_two_layer" / "ps4_two_layer.ipynb").write_text("{")
    (found,) = similar(course.graded, jobs=1)
    assert (found.students, found.functions) == (("ada", "bob"), ("forward_propagation",))


def test_the_courses_own_solution_is_left_out(course):
    for student in ("ada", "bob"):
        course.add(record(student), [answer("forward_propagation", ONE)])
    path = course.folder / "source" / "ps4_two_layer" / "ps4_two_layer.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(nbformat.v4.new_notebook(cells=[answer("forward_propagation", RENAMED)]), path)
    assert similar(course.graded, jobs=1) == []
