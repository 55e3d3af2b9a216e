"""What is said when a mistake is made again: a lower hint, then an example; and where nothing is remembered."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from autograder.core import check as check_module
from autograder.core.check import check, set_assignment
from autograder.core.hints import HINTS, LOWER
from autograder.core.render import html, text
from autograder.guest.unattended import attended
from course_lib import two_layer


def compute_dW2(dZ2, A1):
    return dZ2 @ A1.T


class Notebook:
    """A kernel as `check` sees it: what it shows, and whether somebody answers."""

    def __init__(self):
        self.kernel = SimpleNamespace(_allow_stdin=True)
        self.shown = []

    def display(self, data, raw):
        self.shown.append(data["text/plain"])

    def checked(self, function=compute_dW2, **options):
        """Check a function; return what is shown in one line, and the verdict."""
        verdict = check(function, assignment="ps4_two_layer", **options)
        return " ".join(self.shown[-1].split()), verdict


@pytest.fixture
def notebook(monkeypatch):
    found = Notebook()
    monkeypatch.setattr(check_module, "_memory", check_module._Memory())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: found))
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=found.display))
    return found


def test_a_mistake_is_answered_by_its_hint_then_a_lower_one_then_an_example(notebook):
    (first, one), (second, two), (third, three), (fourth, four) = (notebook.checked() for _ in range(4))
    assert HINTS["missing-mean"] in first
    assert LOWER["missing-mean"] in second
    assert HINTS["missing-mean"] not in second
    assert "A small example: `dZ2 = [[" in third
    assert "/3 = " in third
    assert "; yours is " in third
    assert third == fourth
    assert one == two == three == four
    assert one.as_json() == four.as_json()
    assert str(four) == text(one)


def test_what_was_seen_and_what_to_read_stay(notebook):
    for _ in range(3):
        shown, verdict = notebook.checked()
        assert verdict.seen in shown
        assert verdict.read in shown


def test_another_mistake_starts_at_its_first_hint(notebook):
    def wrong(dZ2, A1):
        return -two_layer.dW2(dZ2, A1)

    wrong.__name__ = "compute_dW2"
    for _ in range(2):
        notebook.checked()
    assert HINTS["sign-flipped"] in notebook.checked(wrong)[0]
    assert "A small example" in notebook.checked()[0]
    assert LOWER["sign-flipped"] in notebook.checked(wrong)[0]


def test_the_same_mistake_in_another_exercise_starts_at_its_first_hint(notebook):
    def compute_dW1(dZ1, X):
        return dZ1 @ X.T

    for _ in range(2):
        notebook.checked()
    assert HINTS["missing-mean"] in notebook.checked(compute_dW1)[0]


def test_a_right_answer_and_a_chosen_assignment_forget(notebook, monkeypatch):
    def right(dZ2, A1):
        return two_layer.dW2(dZ2, A1)

    right.__name__ = "compute_dW2"
    monkeypatch.setattr(check_module._choice, "assignment", None)
    for forget in (lambda: notebook.checked(right), lambda: set_assignment("ps4_two_layer")):
        for _ in range(2):
            notebook.checked()
        forget()
        assert HINTS["missing-mean"] in notebook.checked()[0]


def test_nothing_is_remembered_where_nobody_answers(notebook, monkeypatch):
    notebook.kernel._allow_stdin = False
    for _ in range(3):
        assert HINTS["missing-mean"] in notebook.checked()[0]
    notebook.kernel._allow_stdin = True
    check(compute_dW2, assignment="ps4_two_layer", show=False)
    assert HINTS["missing-mean"] in notebook.checked()[0]
    notebook.kernel = None
    monkeypatch.delattr(sys, "ps1", raising=False)
    assert not attended()
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    assert attended()


def test_an_exception_keeps_the_advice_that_is_its_own(notebook):
    def wrong(dZ2, A1):
        return dZ2 @ A1

    wrong.__name__ = "compute_dW2"
    said = [notebook.checked(wrong) for _ in range(3)]
    assert {verdict.mistake for _, verdict in said} == {"transpose-missing"}
    assert LOWER["transpose-missing"] in said[1][0]

    def missing(dZ2, A1):
        return dZ_2  # noqa: F821

    missing.__name__ = "compute_dW2"
    assert len({notebook.checked(missing)[0] for _ in range(3)}) == 1


def test_what_is_said_in_the_place_of_a_hint_is_escaped_too():
    verdict = check(compute_dW2, assignment="ps4_two_layer", show=False)
    assert "&lt;b&gt;" in html(verdict, ("<b>",))
    assert verdict.hint not in html(verdict, ("<b>",))


def test_a_function_is_called_on_the_example_as_it_is_on_every_case(notebook):
    asked = []

    def nosy(dZ2, A1):
        asked.append(np.shape(dZ2))
        dZ2[:] = 0
        try:
            input("how many? ")
        except EOFError:
            return A1[:1] * 0
        return None

    nosy.__name__ = "compute_dW2"
    for _ in range(3):
        shown, _ = notebook.checked(nosy)
    assert (4, 3) in asked[-24:]
    assert "A small example" in shown


@pytest.mark.slow
@pytest.mark.parametrize(("answers", "examples"), [(True, 1), (False, 0)])
def test_a_real_kernel_remembers_where_its_cells_may_ask(answers, examples):
    from jupyter_client.manager import start_new_kernel

    code = "from autograder import check\ndef compute_dW2(dZ2, A1):\n    return dZ2 @ A1.T\n"
    manager, client = start_new_kernel()
    shown = []
    try:
        for cell in (code, *3 * ["check(compute_dW2);"]):
            client.execute_interactive(
                cell,
                allow_stdin=answers,
                timeout=120,
                output_hook=lambda message: shown.append(message["content"].get("data", {}).get("text/plain", "")),
                stdin_hook=lambda message: None,
            )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    said = [text for text in shown if "missing-mean" in text]
    assert len(said) == 3
    assert sum("A small example" in text for text in said) == examples
