"""`session.py`, run by this Python: what the browser is told of a cell."""

import json

import numpy as np
import pytest

from autograder.core.hints import HINTS, LOWER

A = "ps4_two_layer"
RIGHT = "def compute_dW2(dZ2, A1):\n    return dZ2 @ A1.T / dZ2.shape[1]\n"
WRONG = "def compute_dW2(dZ2, A1):\n    return dZ2 @ A1.T\n"


@pytest.fixture
def check(session_module):
    def ask(text, function="compute_dW2", assignment=A, **answers):
        request = {"assignment": assignment, "function": function, "text": text, "answers": answers}
        return json.loads(session_module.main("check", json.dumps(request)))

    return ask


def test_every_solution_is_right_and_every_stub_is_not_implemented(check, exercises):
    for cell, row in exercises.items():
        assignment, function = cell.split("/")
        assert check(row["stub"], function, assignment)["verdict"]["mistake"] == "not-implemented", cell
        if row["seconds"] == 5:
            assert check(row["solution"], function, assignment)["verdict"]["passed"] is True, cell


def test_the_verdict_is_that_of_the_notebook(check):
    from autograder import check as in_notebook

    namespace = {}
    exec(WRONG, namespace)
    wanted = in_notebook(namespace["compute_dW2"], assignment=A, show=False).as_json()
    found = check(WRONG)["verdict"]
    assert {key: found[key] for key in wanted} == wanted
    assert found["read"] == {"title": "Layer 2, backwards", "page": "layer-2-backwards.html#step-3-the-weights"}
    assert found["known"] == "mistakes.html#mistake-missing-mean"


def test_a_mistake_that_was_made_before_is_answered_otherwise_and_judged_the_same(session_module):
    def said(**made):
        request = {"assignment": A, "function": "compute_dW2", "text": WRONG, "answers": {}, "made": made}
        return json.loads(session_module.main("check", json.dumps(request)))["verdict"]

    first, second, third = said(), said(**{"missing-mean": 1}), said(**{"missing-mean": 2})
    assert HINTS["missing-mean"] in first["paragraphs"]
    assert LOWER["missing-mean"] in second["paragraphs"]
    assert any(each.startswith("A small example: `dZ2 = [[") for each in third["paragraphs"])
    assert said(**{"sign-flipped": 2}) == first
    assert all(each | {"paragraphs": []} == first | {"paragraphs": []} for each in (second, third))


def test_a_wrong_array_is_sent_as_svg_beside_the_measured_one_and_a_right_one_is_not(check):
    wrong = check(WRONG)["verdict"]
    assert wrong["picture"].startswith('<svg class="verdict-picture" role="img" aria-label="Your answer beside')
    sentence = "With n0 = 4, n1 = 2, n2 = 3, m = 6 yours is 6 times the measured array everywhere, which is m."
    assert sentence in wrong["paragraphs"]
    assert (
        check(RIGHT)["verdict"]["picture"] == check("def compute_dW2(dZ2, A1):\n    1 / 0")["verdict"]["picture"] == ""
    )


def test_an_error_says_its_kind_its_line_and_its_text(check):
    assert check("x = (\n")["error"] == {"kind": "SyntaxError", "text": "'(' was never closed", "line": 1}
    assert check("\n\n1 / 0")["error"] == {"kind": "ZeroDivisionError", "text": "division by zero", "line": 3}
    left = check("import sys\nsys.exit(3)")
    assert (left["error"]["kind"], left["error"]["line"]) == ("SystemExit", 2)
    inside = check("def compute_dW2(dZ2, A1):\n    x = 1\n    return np.linalg.inv(dZ2[:, :1] @ A1[:, :1].T)\n")
    assert inside["verdict"]["mistake"] == "raised"
    assert inside["line"] == 3


def test_a_missing_function_is_named_with_the_line_that_it_begins_with(check):
    answer = check("def compute_dw2(dZ2, A1):\n    return 1\n")
    assert answer["verdict"] is None
    assert "no function compute_dW2" in answer["error"]["text"]
    assert "def compute_dW2(dZ2, A1):" in answer["error"]["text"]


def test_a_function_is_judged_though_a_line_below_it_fails(check):
    answer = check(RIGHT + "oh no\n")
    assert answer["error"]["kind"] == "SyntaxError"
    answer = check(RIGHT + "oh\n")
    assert answer["verdict"]["passed"] is True
    assert answer["line"] == 3


def test_prints_and_the_last_value_are_shown_and_what_the_function_prints_is_not(check):
    text = (
        "def compute_dW2(dZ2, A1):\n    print('inside')\n    return dZ2 @ A1.T / dZ2.shape[1]\nprint('outside')\n1 + 1"
    )
    assert check(text)["output"] == "outside\n2\n"
    assert "not shown" in check("print('x' * 30_000)")["output"][-60:]


def test_earlier_answers_are_the_readers_where_they_run_and_the_books_elsewhere(check, exercises):
    composite = exercises[f"{A}/backward_propagation"]["solution"]
    alone = check(composite, "backward_propagation")
    assert alone["verdict"]["passed"] is True
    assert "compute_dW2" in alone["unwritten"]
    mine = check(composite, "backward_propagation", compute_dW2=WRONG, compute_dA1="def (")
    assert mine["verdict"]["mistake"] == "follows-from-earlier"
    assert mine["broken"] == ["compute_dA1"]
    assert "compute_dW2" not in mine["unwritten"]


def test_an_earlier_answer_is_only_defined_and_does_nothing_else(check, exercises):
    composite = exercises[f"{A}/backward_propagation"]["solution"]
    text = f"{RIGHT}print('earlier')\nraise ValueError\n"
    answer = check(composite, "backward_propagation", compute_dW2=text)
    assert answer["verdict"]["passed"] is True
    assert answer["output"] == ""


def test_what_a_text_replaces_in_numpy_is_gone_for_the_judge(check):
    text = f"import numpy as np\nkept = np.abs\nnp.abs = None\n{WRONG}"
    try:
        assert check(text)["verdict"]["mistake"] == "missing-mean"
    finally:
        from autograder.core import check as module

        module._guard.restore()
    assert np.abs(-1) == 1


def test_a_name_bound_to_a_lambda_is_judged_as_well(check):
    assert check("compute_dW2 = lambda dZ2, A1: dZ2 @ A1.T / A1.shape[1]")["verdict"]["passed"] is True


def test_run_gives_what_a_cell_prints_after_the_cells_before_it(session_module):
    answer = session_module.run({"before": ["x = 2", "print(x)", "1 / 0"], "text": "y = x * 3\ny"})
    assert answer == {"output": "6\n", "error": None, "line": None}


def test_input_is_refused_in_a_sentence(check):
    assert "no keyboard" in check("input('?')")["error"]["text"]


def test_whatever_a_function_raises_is_a_verdict_or_an_error_with_its_line(check):
    head = "def compute_dW2(dZ2, A1):\n    "
    interrupted = check(f"{head}raise KeyboardInterrupt")
    assert interrupted["verdict"] is None
    assert (interrupted["error"]["kind"], interrupted["line"]) == ("KeyboardInterrupt", 2)
    left = check(f"{head}raise SystemExit")
    assert (left["verdict"]["mistake"], left["line"]) == ("raised", 2)
    unreadable = "class Own(Exception):\n    def __str__(self):\n        return 1 / 0\n"
    assert check(f"{unreadable}{head}raise Own")["verdict"]["mistake"] == "raised"
    assert check(f"{unreadable}raise Own")["error"]["text"] == "(its text could not be read)"


def test_what_one_cell_replaces_in_numpy_is_gone_for_the_next(check, session_module):
    check("import numpy as np\nnp.zeros_like = None")
    assert check(f"np.zeros_like(1)\n{RIGHT}")["error"] is None
    check("import numpy as np\nnp.zeros_like = None")
    assert session_module.run({"text": "import numpy as np\nint(np.zeros_like(1))"})["output"] == "0\n"
