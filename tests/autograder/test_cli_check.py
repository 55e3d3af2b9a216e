"""`autograder check NOTEBOOK`, as a student and as a script meet it."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell

from autograder.assignments import ASSIGNMENTS
from autograder.cli import main

PS4 = ASSIGNMENTS["ps4_two_layer"]


@pytest.fixture
def report_of(notebook_of):
    """Run `autograder check --json` on a notebook with these answers; return (exit code, report)."""

    def run(answers=None, *options, change=None, code=None):
        result = CliRunner().invoke(main, ["check", str(notebook_of(answers, change)), "--json", *options])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert result.stderr == ""
        report = json.loads(result.stdout)
        if code is not None:
            assert result.exit_code == code
        return report

    return run


def row(report, function):
    return next(check for check in report["checks"] if check["function"] == function)


def wrong(report):
    return {check["function"]: check["mistake"] for check in report["checks"] if not check["passed"]}


def test_a_right_notebook_gets_every_point_and_exit_code_0(report_of):
    report = report_of(code=0)
    assert {key: report[key] for key in ("schema", "assignment", "score", "max_score")} == {
        "schema": 1,
        "assignment": "ps4_two_layer",
        "score": 30.0,
        "max_score": 30.0,
    }
    assert report["notebook"].endswith("homework.ipynb")
    assert [check["id"] for check in report["checks"]] == [exercise.id for exercise in PS4.exercises]
    assert row(report, "compute_dW2") == {
        "id": "check-compute_dW2",
        "equation": "two_layer.dW2",
        "function": "compute_dW2",
        "passed": True,
        "points": 2.0,
        "max_points": 2.0,
        "mistake": None,
        "notes": [],
        "message": "Right.",
    }
    assert row(report, "nn_model")["equation"] is None


def test_one_mistake_is_named_and_what_calls_it_follows_from_it(report_of):
    report = report_of({"compute_dZ1": "def compute_dZ1(dA1, Z1):\n    return dA1"}, code=1)
    assert wrong(report) == {
        "compute_dZ1": "activation-derivative-missing",
        "backward_propagation": "follows-from-earlier",
        "nn_model": "follows-from-earlier",
    }
    partly = row(report, "backward_propagation")
    assert (partly["passed"], partly["points"]) == (False, 2.0)
    assert [(part["name"], part["passed"]) for part in partly["parts"]] == [
        ("dW1", False),
        ("db1", False),
        ("dW2", True),
        ("db2", True),
    ]


def test_an_untouched_stub_is_not_implemented(report_of):
    report = report_of(
        {e.function: f"def {e.function}(*a):\n    raise NotImplementedError" for e in PS4.exercises}, code=1
    )
    assert report["score"] == 0
    assert {check["mistake"] for check in report["checks"]} == {"not-implemented"}


def test_an_endless_loop_costs_only_its_own_check(report_of):
    report = report_of({"compute_dA2": "def compute_dA2(A2, Y):\n    while True: pass"}, "--timeout", "2", code=1)
    assert wrong(report) == {"compute_dA2": "timed-out"}


@pytest.mark.slow
def test_what_calls_an_endless_loop_follows_from_it(report_of):
    report = report_of({"compute_dW2": "def compute_dW2(dZ2, A1):\n    while True: pass"}, "--timeout", "4", code=1)
    assert wrong(report) == {
        "compute_dW2": "timed-out",
        "backward_propagation": "follows-from-earlier",
        "nn_model": "follows-from-earlier",
    }


def test_an_endless_loop_in_a_cell_spoils_only_what_the_cell_defines(report_of):
    source = "def compute_dA2(A2, Y):\n    return -Y / A2 + (1 - Y) / (1 - A2)\nwhile True: pass"
    report = report_of({"compute_dA2": source}, "--timeout", "2")
    assert wrong(report) == {"compute_dA2": "timed-out"}
    assert "Code cell" in row(report, "compute_dA2")["message"]


@pytest.mark.parametrize(
    ("source", "mistake"),
    [
        ("def compute_dA2(A2, Y):\n    import os\n    os._exit(0)", "crashed"),
        ("def compute_dA2(A2, Y):\n    import ctypes\n    ctypes.string_at(0)", "crashed"),
        ("def compute_dA2(A2, Y):\n    import sys\n    sys.exit()", "raised"),
        ("def compute_dA2(A2, Y):\n    return compute_dA2(A2, Y)", "raised"),
        ("def compute_dA2(A2, Y):\n    raise MemoryError", "out-of-memory"),
        ("def compute_dA2(A2, Y)\n    return 1", "raised"),
        ("def compute_dA2(A2, Y):\n    return np.zeros((5000, 5000))", "wrong-type"),
        ("import os\nos._exit(1)\ndef compute_dA2(A2, Y): pass", "crashed"),
        (None, "missing"),
        ("compute_dA2 = 3", "missing"),
    ],
)
def test_whatever_happens_to_one_function_the_others_are_judged(report_of, source, mistake):
    report = report_of({"compute_dA2": source}, "--timeout", "10", code=1)
    assert wrong(report) == {"compute_dA2": mistake}
    assert report["score"] == 29.0


def test_checks_whose_cells_are_gone_are_judged_all_the_same(report_of):
    def without_checks(notebook):
        notebook.cells = [cell for cell in notebook.cells if not cell.id.startswith("check-")]

    assert report_of(change=without_checks, code=0)["score"] == 30


def test_a_notebook_stripped_of_metadata_and_ids_is_known_by_its_functions(report_of):
    def strip(notebook):
        notebook.metadata = {}
        for number, cell in enumerate(notebook.cells):
            cell.metadata = {}
            cell.id = f"c{number}"

    assert report_of(change=strip, code=0)["score"] == 30


def test_a_notebook_is_known_by_its_cell_ids(report_of):
    def strip(notebook):
        notebook.metadata = {}
        notebook.cells = [cell for cell in notebook.cells if not cell.id.startswith("answer-")]

    report = report_of(change=strip, code=1)
    assert report["assignment"] == "ps4_two_layer"
    assert {check["mistake"] for check in report["checks"]} == {"missing"}


def test_magics_and_prints_are_run_as_in_a_notebook(report_of):
    answers = {
        "compute_dZ2": "%matplotlib inline\n!true\ndef compute_dZ2(A2, Y):\n    print('here')\n    return A2 - Y"
    }
    assert report_of(answers, code=0)["score"] == 30


@pytest.mark.slow
def test_a_student_cannot_award_points_from_inside(report_of):
    forged = "import autograder\nautograder.check = lambda f: 1\nprint('2.0')\ndef compute_dW2(dZ2, A1):\n    return 0"
    assert wrong(report_of({"compute_dW2": forged}))["compute_dW2"] == "wrong-shape"


@pytest.mark.slow
def test_another_seed_judges_on_other_inputs(report_of):
    answers = {"compute_dW2": "def compute_dW2(dZ2, A1):\n    return dZ2 @ A1.T"}
    first, second = report_of(answers), report_of(answers, "--seed", "7")
    assert row(first, "compute_dW2")["message"] != row(second, "compute_dW2")["message"]
    assert row(second, "compute_dW2")["mistake"] == "missing-mean"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"),
        ("", "it is empty"),
        ("<html></html>", "a web page"),
        ("[" * 100_000, "not JSON"),
        ("{}", "no list of cells"),
        ('{"cells": 3, "nbformat": 4, "nbformat_minor": 5}', "no list of cells"),
        ('{"cells": [3], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "cell 1 is not a cell"),
        ('{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "no assignment that is known"),
        (b"\xff\xfe\x00", "not text"),
    ],
)
def test_what_is_no_notebook_is_one_sentence_and_exit_code_2(tmp_path, content, says):
    path = tmp_path / "x.ipynb"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    result = CliRunner().invoke(main, ["check", str(path), "--json"])
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert says in result.stderr
    said = json.loads(result.stdout)
    assert said == {"schema": 1, "notebook": str(path), "error": result.stderr.strip().removeprefix("autograder: ")}


def test_an_unknown_assignment_is_one_sentence_and_exit_code_2(notebook_of):
    result = CliRunner().invoke(main, ["check", str(notebook_of()), "--json", "--assignment", "ps4_twolayer"])
    assert result.exit_code == 2
    assert "did you mean 'ps4_two_layer'" in json.loads(result.stdout)["error"]
    assert "did you mean 'ps4_two_layer'" in result.stderr


@pytest.mark.slow
def test_people_get_lines_and_a_sum(notebook_of):
    path = notebook_of({"compute_dW2": "def compute_dW2(dZ2, A1):\n    return dZ2 @ A1.T"})
    result = CliRunner().invoke(main, ["check", str(path)])
    assert result.exit_code == 1
    assert "✗ compute_dW2: missing-mean, 0 of 2 points." in result.stdout
    assert result.stdout.endswith("points.\n")


def test_a_grader_that_cannot_start_a_process_does_not_blame_the_student(report_of, monkeypatch):
    from autograder.sandbox import process

    monkeypatch.setattr(process, "START_SECONDS", 0.0)
    report = report_of(code=2)
    assert {check["passed"] for check in report["checks"]} == {None}
    assert all("Could not be judged" in check["message"] for check in report["checks"])


def test_the_notebook_is_not_changed(notebook_of):
    path = notebook_of()
    before = path.read_bytes()
    CliRunner().invoke(main, ["check", str(path), "--json"])
    assert path.read_bytes() == before


def test_every_command_and_option_is_documented():
    for command in main.commands.values():
        assert command.help
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{command.name} {parameter.name}"


@pytest.mark.slow  # two waits for the end of a limit that a loaded machine does not reach with right functions
def test_several_functions_that_never_return_cost_only_themselves_and_what_calls_them(report_of):
    endless = {name: f"def {name}(*a):\n    while True: pass" for name in ("compute_dW2", "compute_db1")}

    def with_scratch_cells(notebook):
        for name in endless:
            at = next(i for i, cell in enumerate(notebook.cells) if cell.id == f"check-{name}") + 1
            notebook.cells.insert(at, new_code_cell(f"try:\n    {name}(1)\nexcept RuntimeError:\n    pass"))

    report = report_of(endless, "--timeout", "4", change=with_scratch_cells, code=1)
    assert wrong(report) == {
        "compute_dW2": "timed-out",
        "compute_db1": "timed-out",
        "backward_propagation": "follows-from-earlier",
        "nn_model": "follows-from-earlier",
    }


@pytest.mark.slow
def test_what_calls_an_unwritten_function_follows_from_it(report_of):
    report = report_of({"compute_dW2": "def compute_dW2(dZ2, A1):\n    raise NotImplementedError"}, code=1)
    assert wrong(report) == {
        "compute_dW2": "not-implemented",
        "backward_propagation": "follows-from-earlier",
        "nn_model": "follows-from-earlier",
    }
    assert "because compute_dW2 is" in row(report, "backward_propagation")["message"]


@pytest.mark.slow
def test_an_answer_below_its_check_is_judged_with_a_note(report_of):
    def move(notebook):
        cell = next(cell for cell in notebook.cells if cell.id == "answer-compute_dW2")
        notebook.cells.remove(cell)
        notebook.cells.append(cell)

    report = report_of(change=move)
    assert row(report, "compute_dW2")["passed"] is True
    assert row(report, "compute_dW2")["notes"] == ["defined-below-its-check"]
    stub = {"compute_dW2": "def compute_dW2(*a):\n    raise NotImplementedError"}
    written = "def compute_dW2(dZ2, A1):\n    return dZ2 @ A1.T"
    report = report_of(stub, change=lambda notebook: notebook.cells.append(new_code_cell(written)))
    assert row(report, "compute_dW2")["mistake"] == "missing-mean"


def test_a_function_under_another_name_is_right(report_of):
    assert report_of({"compute_dW2": "compute_dW2 = lambda dZ2, A1: dZ2 @ A1.T / A1.shape[1]"}, code=0)["score"] == 30


@pytest.mark.slow
def test_a_text_that_cannot_be_encoded_or_printed_does_no_harm(notebook_of):
    source = "def compute_dW2(dZ2, A1):\n    raise ValueError('\\ud800 \\x1b[31m <script>')"
    for options in ([], ["--json"]):
        result = CliRunner().invoke(main, ["check", str(notebook_of({"compute_dW2": source})), *options])
        assert result.exit_code == 1
        assert isinstance(result.exception, SystemExit)
        assert "\x1b" not in result.stdout


@pytest.mark.parametrize(
    "options",
    [["--seed", "-1"], ["--timeout", "nan"], ["--timeout", "inf"], ["--timeout", "0"], ["--timeout", "1e300"]],
)
def test_an_option_that_makes_no_sense_is_refused_with_exit_code_2(notebook_of, options):
    result = CliRunner().invoke(main, ["check", str(notebook_of()), *options])
    assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"nbformat": 5}, "notebook format 5"),
        ({"nbformat": "4"}, "notebook format '4'"),
        ({"cells": [5]}, "cell 1 is not a cell"),
        ({"cells": [{"cell_type": "code", "source": 3}]}, "the text of cell 1 is not text"),
    ],
)
def test_a_malformed_notebook_is_refused_in_words(notebook_of, change, says):
    path = notebook_of()
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    result = CliRunner().invoke(main, ["check", str(path)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr


def test_what_a_notebook_lacks_and_nobody_needs_is_put_in(notebook_of):
    path = notebook_of()
    data = json.loads(path.read_text())
    data["metadata"] = None
    data["cells"] = [
        {"cell_type": cell["cell_type"], "id": cell["id"], "source": cell["source"]} for cell in data["cells"]
    ]
    path.write_text(json.dumps(data))
    assert CliRunner().invoke(main, ["check", str(path), "--json"]).exit_code == 0


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_goes_on_running_when_the_command_is_ended(notebook_of, tmp_path, sent):
    mark = tmp_path / "pid"
    source = f"import os\nopen({str(mark)!r}, 'w').write(str(os.getpid()))\nwhile True: pass"
    command = [sys.executable, "-m", "autograder.cli", "check", str(notebook_of({"compute_dW2": source}))]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: mark.exists() and mark.read_text())
    process.send_signal(sent)
    process.wait(timeout=10)
    wait_until(lambda: not Path(f"/proc/{mark.read_text()}").exists())


def wait_until(happens, seconds=20):
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_notebook_that_asks_for_hints_is_judged_and_told_nothing(report_of):
    asking = (
        "from autograder import hint\n\ndef compute_dA1(W2, dZ2):\n"
        "    assert hint(compute_dA1) is hint('compute_dA1', assignment='ps4_two_layer') is None\n"
        "    return W2.T @ dZ2\n"
    )
    report_of({"compute_dA1": asking}, code=0)
