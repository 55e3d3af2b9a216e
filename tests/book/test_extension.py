"""The book's Sphinx extension: displayed equations, the entries of the equation index, formulas that KaTeX refuses."""

import atexit
import importlib.util
import os
import shutil
import subprocess
import sys

import pytest

from course_lib.equations import EQUATIONS, equation
from tests.book.conftest import BOOK
from tests.conftest import not_here


@pytest.fixture(scope="module")
def extension():
    spec = importlib.util.spec_from_file_location("course_book_under_test", BOOK / "_ext" / "course_book.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def built(folder, text):
    """Build one page with `{equation}` and nothing else of the book's; return the process and the page's nodes."""
    (folder / "conf.py").write_text(
        f"""
import sys

sys.path.insert(0, {str(BOOK / "_ext")!r})
from course_book import DisplayedEquation

extensions = ["myst_parser"]


def setup(app):
    app.add_directive("equation", DisplayedEquation)
""",
        encoding="utf-8",
    )
    (folder / "index.md").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-W", "-n", "-q", "-b", "pseudoxml", str(folder), str(folder / "built")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    page = folder / "built" / "index.pseudoxml"
    return done, page.read_text(encoding="utf-8") if page.is_file() else ""


def test_an_equation_is_displayed_by_its_id_with_its_label_and_a_number(tmp_path):
    done, page = built(tmp_path, "# A chapter\n\n```{equation} two_layer.dW2\n```\n\nSee {eq}`eq-two-layer-dw2`.\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert 'ids="equation-eq-two-layer-dw2"' in page
    assert 'label="eq-two-layer-dw2"' in page
    assert 'number="1"' in page
    assert equation("two_layer.dW2").latex in page
    assert 'refid="equation-eq-two-layer-dw2"' in page


@pytest.mark.parametrize(
    ("directive", "complaint"),
    [
        ("{equation} two_layer.dw2", "no equation 'two_layer.dw2'; did you mean 'two_layer.dW2'?"),
        ("{equation}", "1 argument(s) required, 0 supplied"),
    ],
)
def test_an_equation_that_is_not_registered_fails_the_build_with_file_and_line(tmp_path, directive, complaint):
    done, _ = built(tmp_path, f"# A chapter\n\n```{directive}\n```\n")
    assert done.returncode != 0
    assert f"{tmp_path / 'index.md'}:3:" in done.stderr
    assert complaint in done.stderr


def test_an_entry_has_everything_that_the_registry_and_the_assignments_know(extension):
    text = "\n".join(extension.entry(equation("two_layer.db2")))
    for fact in (
        "{eq}`eq-two-layer-db2`",
        equation("two_layer.db2").latex,
        "{py:func}`two_layer.db2(dZ2) <course_lib.two_layer.db2>`",
        "`dZ2` $(n_2,\\, m)$",
        ": $(n_2,\\, 1)$",
        "of the cost $J$",
        "`compute_db2` in `ps4_two_layer`, 2 points",
        "[S1.6](#source-s1-6)",
        "[E16](#erratum-e16)",
    ):
        assert fact in text


@pytest.mark.parametrize("id", EQUATIONS)
def test_every_equation_has_an_entry_without_empty_facts(extension, id):
    lines = extension.entry(equation(id))
    assert lines[0] == f"(index-{equation(id).label})="
    assert lines[1].startswith("## ")
    assert ": " not in lines
    assert "None" not in "\n".join(lines)


def test_a_dict_of_arrays_is_shown_name_by_name(extension):
    text = "\n".join(extension.entry(equation("training.update_parameters")))
    assert "`parameters`: `W1` $(n_1,\\, n_0)$, `b1` $(n_1,\\, 1)$" in text
    assert "`learning_rate` scalar" in text


@pytest.fixture
def renderer(extension, monkeypatch):
    """The extension with KaTeX ready, as Sphinx sets it up; the process is ended afterwards."""
    node = os.environ.get("BOOK_NODE") or shutil.which("node")
    if node is None or not extension.KATEX.is_dir():
        not_here("KaTeX is not installed; run: python book/build.py")
    katex = extension.katex
    monkeypatch.setattr(katex, "NODEJS_BINARY", node)
    monkeypatch.setattr(katex, "KATEX_DEFAULT_OPTIONS", {"throwOnError": True, "strict": "error"})
    monkeypatch.setattr(katex.KaTeXServer, "katex_path", str(extension.KATEX / "katex.min.js"))
    monkeypatch.setattr(katex.KaTeXServer, "katex_server", None)
    monkeypatch.setattr(katex.KaTeXServer, "start_server_process", staticmethod(extension._start_patiently))
    yield extension
    server = katex.KaTeXServer.katex_server
    atexit.unregister(katex.KaTeXServer.terminate)
    server.terminate()
    server.process.wait()


@pytest.mark.parametrize("latex", [r"\frac{1}", r"\nosuchcommand x", "x^2^3"])
def test_a_wrong_formula_becomes_a_warning_and_shows_as_one(renderer, latex, monkeypatch):
    warnings = []
    monkeypatch.setattr(renderer.logger, "warning", lambda message, *arguments: warnings.append(message % arguments))
    assert "katex-error" in renderer._render_or_warn(latex)
    assert len(warnings) == 1
    assert "KaTeX cannot render" in warnings[0]


def test_every_registered_formula_is_rendered(renderer, monkeypatch):
    monkeypatch.setattr(renderer.logger, "warning", lambda message, *arguments: pytest.fail(message % arguments))
    for one in EQUATIONS.values():
        assert 'class="katex' in renderer._render_or_warn(one.latex, {"displayMode": True})


def test_a_katex_process_that_cannot_start_is_not_left_behind(extension, tmp_path, monkeypatch):
    started = []

    def start(*arguments, **options):
        started.append(popen(*arguments, **options))
        return started[-1]

    popen = extension.subprocess.Popen
    monkeypatch.setattr(extension.subprocess, "Popen", start)
    monkeypatch.setattr(extension.katex.KaTeXServer, "build_command", lambda socket: ["sleep", "60"])
    with pytest.raises(extension.katex.KaTeXError):
        extension._start_patiently(tmp_path, 0.05)
    assert started[0].returncode is not None
