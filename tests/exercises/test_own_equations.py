"""A lecturer's own equations: the worked example of the guide, and declarations that are refused."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from autograder import ForwardPass
from autograder.assignments import Exercise, from_table
from autograder.cli import main as autograder
from autograder.core import declared as own
from autograder.core.judge import judge
from autograder.course_file import CourseFileError, assignments_of, declared_by, released
from autograder.equations import Declaration, DeclarationError, declared_in
from autograder.guest.evaluate import evaluate
from exercises import generate
from tests.grading.test_cluster import Cluster, dask, two  # noqa: F401

ROOT = Path(__file__).parents[2]
NAME = "ps8_normalization"


def blocks(language: str) -> list[str]:
    """Return the code blocks of the guide's section on equations of one's own."""
    text = (ROOT / "book" / "lecturers.md").read_text(encoding="utf-8")
    section = text.partition("(equations-of-your-own)=")[2].partition("\n## Publish")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


ANSWERS = {
    "batch_norm_dbeta": "dA.sum(axis=1, keepdims=True)",
    "batch_norm_dgamma": "np.einsum('ij,ij->i', dA, Zhat)[:, None]",
    "batch_norm_dZ": """(gamma / sigma) * (
        dA - dA.mean(1, keepdims=True) - Zhat * (dA * Zhat).mean(1, keepdims=True)
    )""",
    "attention_dV": "P.T @ dA",
    "attention_dP": "dA @ V.T",
    "attention_dS": "P * (dP - (dP * P).sum(axis=1, keepdims=True))",
    "attention_dQ": "dS @ K / np.sqrt(K.shape[1])",
    "attention_dK": "dS.T @ Q / np.sqrt(Q.shape[1])",
}
WRONG = {
    "batch_norm_dgamma": ("dA * Zhat", "not-summed"),
    "batch_norm_dZ": ("gamma * dA / sigma", "term-missing"),
    "attention_dK": ("dS.T @ Q", "factor-missing"),
    "attention_dQ": ("2 * dS @ K / np.sqrt(K.shape[1])", "factor-of-two"),
}


@pytest.fixture
def course(tmp_path: Path) -> Path:
    (tmp_path / "equations.py").write_text("\n".join(blocks("python")), encoding="utf-8")
    (tmp_path / "course.toml").write_text("\n".join(blocks("toml")), encoding="utf-8")
    (tmp_path / "nbgrader_config.py").write_text((ROOT / "exercises" / "nbgrader_config.py").read_text())
    return tmp_path


def submit(course: Path, student: str, answers: dict[str, str]) -> Path:
    notebook = json.loads((course / "release" / NAME / f"{NAME}.ipynb").read_text())
    for cell in notebook["cells"]:
        if cell["id"].startswith("answer-"):
            stub = "".join(cell["source"])
            function = cell["id"].removeprefix("answer-")
            cell["source"] = stub.replace("raise NotImplementedError()", f"return {answers[function]}")
    path = course / "submitted" / student / NAME / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(notebook))
    return path


def test_the_guides_example_is_short():
    normalization, attention = blocks("python")
    assert len(normalization.strip().splitlines()) <= 25
    assert len(attention.strip().splitlines()) <= 25


def release(course: Path) -> None:
    command = [sys.executable, str(ROOT / "exercises" / "generate.py"), NAME, "--course", str(course)]
    subprocess.run(command, check=True, capture_output=True)


def graded(course: Path, *options: str) -> None:
    grading = [str(Path(sys.executable).with_name("autograder")), "grade", NAME, "--course-dir", str(course), *options]
    outcome = subprocess.run(grading, capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stderr
    assert re.search(r"ada\s+│\s+19 / 19", outcome.stdout), outcome.stdout
    assert re.search(r"bob\s+│\s+9 / 19", outcome.stdout), outcome.stdout


@pytest.mark.slow
def test_the_guides_example_is_declared_released_solved_and_graded(course: Path, two: Cluster):  # noqa: F811
    release(course)
    with zipfile.ZipFile(course / "dist" / f"{NAME}.zip") as archive:
        handed_out = [archive.read(name) for name in archive.namelist() if not name.endswith(".whl")]
    for content in [file.read_bytes() for file in (course / "release" / NAME).rglob("*")] + handed_out:
        assert b"along" not in content, "students get the forward pass, and not the formula"
    right = submit(course, "ada", ANSWERS)
    wrong = submit(course, "bob", {**ANSWERS, **{name: code for name, (code, _) in WRONG.items()}})

    for options in ([], ["--course-dir", str(course)]):
        outcome = CliRunner().invoke(autograder, ["check", str(right), *options, "--json"])
        assert (outcome.exit_code, json.loads(outcome.output)["score"]) == (0, 19.0)
    outcome = CliRunner().invoke(autograder, ["check", str(wrong), "--course-dir", str(course), "--json"])
    found = {check["function"]: check["mistake"] for check in json.loads(outcome.output)["checks"]}
    assert {name: found[name] for name in ("batch_norm_dgamma", "batch_norm_dZ", "attention_dQ")} == {
        name: WRONG[name][1] for name in ("batch_norm_dgamma", "batch_norm_dZ", "attention_dQ")
    }
    assert all(found[name] is None for name in ANSWERS if name not in WRONG)

    graded(course)
    graded(course, "--force", "--cluster", two.address)
    for command in (["report", NAME], ["feedback", NAME], ["explain", "bob", "batch_norm_dZ", "--assignment", NAME]):
        outcome = CliRunner().invoke(autograder, [*command, "--course-dir", str(course)])
        assert outcome.exit_code == 0, outcome.output
    assert "along" not in (course / "autograded" / "bob" / NAME / f"{NAME}.ipynb").read_text()
    (digits,) = released(course)
    assert next(iter(released(course).values())) == assignments_of(course)[NAME], digits


def verdict(declaration: Declaration, code: str):
    parameters = ", ".join(declaration.given)
    namespace = {"np": np}
    exec(f"def f({parameters}):\n    return {code}", namespace)
    exercise = Exercise("f", 1.0, declaration.name, "", declaration)
    return judge(exercise, evaluate(namespace["f"], own.question_of(exercise).calls(0)), 0)


@pytest.mark.parametrize("public", [False, True], ids=["with its formula", "by the forward pass alone"])
def test_right_answers_pass_and_mistakes_do_not(course: Path, public: bool):
    for name, declaration in declared_by(course).items():
        declaration = declaration.public() if public else declaration
        assert verdict(declaration, ANSWERS[name]).passed, name
        for factor in ("2 *", "-", "1.001 *"):
            assert verdict(declaration, f"{factor} ({ANSWERS[name]})").passed is False, (name, factor)
    for name, (code, id) in WRONG.items():
        found = verdict(declared_by(course)[name], code)
        assert found.passed is False
        if declared_by(course)[name].formula:
            assert found.mistake == id


def test_a_path_that_was_left_out_is_named_by_the_forward_pass_alone(course: Path):
    found = verdict(declared_by(course)["batch_norm_dZ"].public(), "gamma * dA / sigma")
    assert found.mistake == "term-missing"
    assert "the path through mu and sigma" in found.seen


def test_what_the_complex_step_cannot_take_is_judged_by_central_differences():
    magnitude = ForwardPass("A = np.abs(Z)", Z="n, m").gradient("A", by="Z", given="dA, Z", formula="dA * np.sign(Z)")
    rectified = ForwardPass("A = Z.astype(float) * (Z > 0)", Z="n, m").gradient("A", by="Z", given="dA, Z")
    (magnitude, rectified) = declared_in({"magnitude": magnitude, "rectified": rectified}).values()
    assert "central differences" in own.verified(magnitude)
    assert "central differences" in own.verified(rectified)
    assert verdict(rectified, "dA * (Z > 0)").passed
    assert verdict(rectified, "dA * (Z < 0)").passed is False
    assert verdict(magnitude, "dA").passed is False


def one_step(x, W):
    h = x
    for _ in range(2):
        h = np.tanh(W @ h)
    return h


def test_a_forward_pass_can_be_a_function():
    recurrent = ForwardPass(one_step, x="n, m", W="n, n").gradient("h", by="W", given="dh, x, W")
    (recurrent,) = declared_in({"recurrent": recurrent}).values()
    assert "the complex step" in own.verified(recurrent)
    right = (
        "(lambda h: (lambda d2: d2 @ h.T + (W.T @ d2 * (1 - h**2)) @ x.T)(dh * (1 - np.tanh(W @ h) ** 2)))"
        "(np.tanh(W @ x))"
    )
    assert verdict(recurrent, right).passed
    assert verdict(recurrent, right.replace("d2 @ h.T + ", "")).passed is False


def test_a_cost_of_labels_can_be_declared_whole():
    logistic = ForwardPass(
        "J = np.sum(np.log(1 + np.exp(-(2 * Y - 1) * (w @ X)))) / X.shape[1]",
        draw={"Y": "rng.integers(0, 2, shape) * 1.0"},
        w="1, n",
        X="n, m",
        Y="1, m",
    ).gradient("J", by="w", given="w, X, Y", formula="(1 / (1 + np.exp(-w @ X)) - Y) @ X.T / X.shape[1]")
    (logistic,) = declared_in({"logistic": logistic}).values()
    own.verified(logistic)
    assert verdict(logistic, "(1 / (1 + np.exp(-w @ X)) - Y) @ X.T").mistake == "missing-mean"
    assert verdict(logistic.public(), "(1 / (1 + np.exp(-w @ X)) - Y) @ X.T").mistake == "missing-mean"


def test_a_declaration_travels_as_plain_text(course: Path):
    asked = assignments_of(course)[NAME]
    table = json.loads(json.dumps(asked.as_table()))
    there = from_table(table)
    assert there.release == asked.release
    for exercise, other in zip(asked.exercises, there.exercises, strict=True):
        assert exercise.declared
        assert exercise.declared.public() == other.declared


WRONG_DECLARATIONS = {
    "shapes do not fit": (
        'ForwardPass("Z = W @ X", W="n, k", X="n, m").gradient("Z", by="W", given="dZ, X")',
        r"with n = \d, k = \d, m = \d, the forward pass cannot be computed: ValueError",
    ),
    "not finite": (
        'ForwardPass("Z = np.log(X)", X="n, m").gradient("Z", by="X", given="dZ, X")',
        r"with n = \d, m = \d, Z is not made of finite numbers",
    ),
    "not finite for one example": (
        'ForwardPass("v = np.sum((X - np.mean(X, 1, keepdims=True)) ** 2, 1) / (X.shape[1] - 1)", X="n, m")'
        '.gradient("v", by="X", given="dv, X")',
        r"with n = \d, m = 1, v is not made of finite numbers",
    ),
    "not the gradient": (
        'ForwardPass("Z = W @ X", W="n, k", X="k, m").gradient("Z", by="W", given="dZ, X", formula="dZ @ X.T / 2")',
        r"with .*, its formula is not the gradient: entry \(0, 0\) is -?\d.*, and should be -?\d",
    ),
    "another shape": (
        'ForwardPass("Z = W @ X", W="n, k", X="k, m").gradient("Z", by="W", given="dZ, X", formula="X @ dZ.T")',
        r"its formula has the shape \(\d, \d\), and the gradient \(\d, \d\)",
    ),
    "a formula that fails": (
        'ForwardPass("Z = W @ X", W="n, k", X="k, m").gradient("Z", by="W", given="dZ, X", formula="dZ @ Y")',
        r"its formula cannot be computed: NameError: name 'Y' is not defined",
    ),
    "no formula": (
        'ForwardPass("Z = W @ X", W="n, k", X="k, m").gradient("Z", by="W", given="dZ, X", formula="dZ @")',
        r"its formula is no Python",
    ),
    "too little is given": (
        'ForwardPass("Z = W @ X", W="n, k", X="k, m").gradient("Z", by="W", given="dZ")',
        r"dZ do not tell what the gradient by W is; give the function more",
    ),
    "does not depend on it": (
        'ForwardPass("Z = W @ X + 0 * b", W="n, k", X="k, m", b="n, 1").gradient("Z", by="b", given="dZ")',
        r"Z does not depend on b",
    ),
    "a jump": (
        'ForwardPass("Z = np.round(X * 1e7)", X="n, m").gradient("Z", by="X", given="dZ, X")',
        r"has no gradient: it jumps or bends",
    ),
    "no such array": (
        'ForwardPass("Z = W @ X", W="n, k", X="k, m").gradient("Z", by="V", given="dZ, X")',
        r"V is no input and no step of the forward pass",
    ),
    "nothing given": (
        'ForwardPass("Z = W @ X", W="n, k", X="k, m").gradient("Z", by="W", given="")',
        r"at least one",
    ),
    "of an input": (
        'ForwardPass("Z = W @ X", W="n, k", X="k, m").gradient("X", by="W", given="dX")',
        r"the gradient is of a step, and X is an input",
    ),
    "not Python": ('ForwardPass("Z = W @", W="n, k")', r"line 1 of the forward pass is no Python"),
    "a loop in a text": (
        'ForwardPass("for i in range(3):\\n    Z = W", W="n, k")',
        r"a forward pass has functions, then lines like",
    ),
    "a step twice": ('ForwardPass("Z = W\\nZ = 2 * Z", W="n, k")', r"two steps of the forward pass are called Z"),
    "a shape of numbers": ('ForwardPass("Z = W", W=(2, 3))', r"a shape is symbols and numbers in a text"),
    "a lambda": ('ForwardPass(lambda W: W, W="n, k")', r"is written with `def`"),
    "no size of it": ('ForwardPass("Z = W", several="m", W="n, k")', r"m is no input and no size"),
    "its own error": ("1 / 0", r"equations.py, line 3: division by zero"),
}


@pytest.mark.parametrize("fault", WRONG_DECLARATIONS)
def test_a_wrong_declaration_is_refused_in_a_sentence_by_the_doctor_and_by_a_release(course: Path, fault: str):
    code, sentence = WRONG_DECLARATIONS[fault]
    (course / "equations.py").write_text(f"from autograder import ForwardPass\n\nmine = {code}\n")
    (course / "course.toml").write_text('[ps8]\nexercises = [{function = "mine", points = 1}]\n')
    outcome = CliRunner().invoke(autograder, ["doctor", "--course-dir", str(course)])
    assert outcome.exit_code == 2
    assert re.search(sentence, outcome.stderr), outcome.stderr
    assert len(outcome.stderr.strip().splitlines()) == 1, outcome.stderr
    with pytest.raises((CourseFileError, DeclarationError), match=sentence):
        generate.generate(assignments_of(course)["ps8"], course)
    assert not (course / "release").exists()


def test_an_equation_that_nobody_declares_is_unknown(course: Path):
    (course / "course.toml").write_text(
        '[ps8]\nexercises = [{function = "f", points = 1, equation = "batch_norm_dX"}]\n'
    )
    with pytest.raises(CourseFileError, match=r"no equation 'batch_norm_dX'; .*batch_norm_dZ"):
        assignments_of(course)


def test_one_case_has_one_example_unless_there_are_always_several():
    def sizes(several: str) -> list[dict[str, int]]:
        asked = ForwardPass("Z = W @ X", several=several, W="n, k", X="k, m").gradient("Z", by="W", given="dZ, X")
        (asked,) = declared_in({"mine": asked}).values()
        return [dict(case.sizes) for case in own.declared(asked).draw(3) if case.decides]

    assert [size["m"] for size in sizes("")][-1] == 1
    assert all(size["m"] > 1 for size in sizes("m"))
    assert all(len(set(size.values())) == 3 for size in sizes("")), "sizes differ pairwise"


def test_numbers_and_costs_without_sizes_can_be_declared():
    asked = ForwardPass("J = (a * x - 1) ** 2", a="", x="").gradient("J", by="a", given="a, x", formula="2*(a*x - 1)*x")
    (asked,) = declared_in({"mine": asked}).values()
    own.verified(asked)
    assert verdict(asked, "2 * x * (a * x - 1)").passed
    assert verdict(asked, "2 * (a * x - 1)").mistake == "factor-missing"
